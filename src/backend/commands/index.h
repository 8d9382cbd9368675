// Making and building indexes: B-trees, and inverted ones (USING gin).
#pragma once

#include <optional>

#include "analyzer/expression.h"
#include "names.h"

namespace varve::commands {

struct IndexKeySpec {
  ColumnNumber column = 0;  // 0: expression
  std::string name;         // of the index's own column
  std::string expression_sql;
  analyzer::Expr* expression = nullptr;  // over the table's columns
  Oid type;
  int32_t typmod = -1;
  Oid collation;
  bool descending = false, nulls_first = false;
  functions::InvertedClass inverted = functions::InvertedClass::kNone;  // of an inverted index
  Oid opclass;                                                          // of a B-tree; 0: the type's default
};

struct IndexSpec {
  std::string name;
  Oid method = catalog::kBtreeMethod;
  std::vector<IndexKeySpec> keys;
  std::vector<ColumnNumber> included;
  bool unique = false, primary = false, nulls_not_distinct = false;
  bool is_constraint = false;
  bool concurrently = false;  // the caller's lock lets others write meanwhile
  bool immediate = true;      // false: of a deferrable constraint
  bool initially_deferred = false;
  bool valid = true;          // false: of a partitioned table (ONLY), while partitions lack their parts of it
  bool empty = false;         // not built: the caller does
  bool in_name_only = false;  // no entries, nobody reads or fills it: what it promises the table does itself
  std::string predicate_sql;
  std::vector<ColumnNumber> predicate_columns;
  std::string options;
};

// Writes the rows and builds the index over what the table holds. The table is locked by the caller.
Oid create_index_relation(CommandContext& context, Oid table, const IndexSpec& spec);
// The same with the constraint that the index may stand for, and on a partitioned table with its part on each
// partition: one that is there already and fits, or a new one.
struct MadeIndex {
  Oid index, constraint;
};
MadeIndex make_index(CommandContext& context, Oid table, const IndexSpec& spec, const MadeIndex& parent = {},
                     bool recurse = true);
// The part of a partitioned table's index that belongs to one partition (partition_index.cpp).
void ensure_partition_index(CommandContext& context, const RelationPtr& parent, const IndexSpec& spec,
                            const MadeIndex& index, Oid partition);
void link_partition_index(CommandContext& context, Oid part, const MadeIndex& whole);
void unlink_partition_index(CommandContext& context, Oid part);
bool fits_partition_index(const Relation& parent, const catalog::Index& whole, const Relation& partition,
                          const catalog::Index& part);
// Fills the (empty) tree of an index from its table. 23505 when a unique index cannot be.
// Fills a new index. `concurrently`: others may be writing the table; at the end they are kept from it, and
// what they have changed is brought in.
void build_index(CommandContext& context, const RelationPtr& table, const catalog::Index& index,
                 bool concurrently = false);
// Gives an index a new, empty segment in the place of its old one; build_index() fills it.
void replace_index_segment(CommandContext& context, Oid index, PageId old_segment);
// New segments for all indexes of the table, filled from its rows.
void rebuild_indexes(CommandContext& context, Oid table);

// ALTER TYPE of a key column: its operator class must take the new type (index_class.cpp).
void require_class_accepts(const catalog::Index& index, const catalog::IndexColumn& key, Oid type);
// Of a key of a new inverted index: the class that is named, or its type's default.
functions::InvertedClass choose_inverted_class(parser::NameList name, Oid type);

IndexKeySpec plain_key(CommandContext& context, const Relation& table, ColumnNumber column);
// What an index was made from, for making its like; the same for another table with columns of these names.
IndexSpec spec_of(CommandContext& context, const RelationPtr& table, const catalog::Index& index);
IndexSpec moved_spec(CommandContext& context, const Relation& from, const RelationPtr& to,
                     const IndexSpec& spec);
std::string storage_options(parser::List<parser::Option> options, bool index,
                            Oid access_method = kInvalidOid);
// The same as "name=value", one an option.
std::vector<std::string> storage_option_items(parser::List<parser::Option> options, bool index,
                                              Oid access_method);

std::string create_index(CommandContext& context, const parser::CreateIndexStmt& stmt);
std::string reindex(CommandContext& context, const parser::ReindexStmt& stmt);
bool is_concurrent(const parser::ReindexStmt& stmt);
// Beside readers and writers, in transactions of their own (index_concurrently.cpp).
void reindex_concurrently(CommandContext& context, std::span<const Oid> tables, Oid only_index);
void drop_index_concurrently(CommandContext& context, const catalog::Relation& index);

}  // namespace varve::commands
