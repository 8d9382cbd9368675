// What is known of a relation: an immutable picture loaded from pg_class and its companions, shared by
// everyone who plans or runs a statement on it. A change makes a new picture (catalog/catalog.h); old ones
// live while used.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/strong_id.h"
#include "functions/inverted_keys.h"
#include "types/collation.h"
#include "types/value.h"

namespace varve::access {
class Btree;
class Heap;
class RowLayout;
}  // namespace varve::access

namespace varve::catalog {

using ColumnNumber = int16_t;  // 1-based; system columns are negative as in PostgreSQL

inline constexpr ColumnNumber kCtidColumn = -1;
inline constexpr ColumnNumber kXminColumn = -2;
inline constexpr ColumnNumber kXmaxColumn = -4;
inline constexpr ColumnNumber kTableOidColumn = -6;

struct Column {
  std::string name;
  Oid type;  // of a column of a domain's type: the type under the domain
  int32_t typmod = -1;
  Oid domain;  // 0: none
  Oid collation;
  bool not_null = false;
  bool dropped = false;
  bool has_default = false;
  char identity = 0;        // 'a' always, 'd' by default, 0
  char generated = 0;       // 's' stored, 0
  std::string default_sql;  // expression in canonical SQL
  // ADD COLUMN … DEFAULT: what rows written before have. Null value: NULL.
  types::Value missing;
  std::string missing_bytes;  // keeps `missing` alive
};

struct IndexColumn {
  ColumnNumber column = 0;     // 0: an expression
  std::string expression_sql;  // canonical SQL when column is 0
  Oid type;                    // of the key
  Oid collation_oid;
  const types::Collation* collation = nullptr;
  bool descending = false;
  bool nulls_first = false;
  functions::InvertedClass inverted = functions::InvertedClass::kNone;  // of an inverted index
  Oid opclass;                                                          // of a B-tree; 0: not written down
};

// Operator classes that compare text by its bytes, whatever its collation.
constexpr bool is_pattern_class(Oid opclass) { return opclass.value() >= 4217 && opclass.value() <= 4219; }

inline constexpr Oid kBtreeMethod{403}, kInvertedMethod{2742};  // rows of pg_am: btree, gin

struct Index {
  Oid oid;
  std::string name;
  // pg_class.relam. An inverted index is a B-tree over (key column, part of its value), a row in it as often
  // as its values have parts: docs/decisions/inverted-indexes.md.
  Oid method = kBtreeMethod;
  bool inverted() const { return method == kInvertedMethod; }
  std::vector<IndexColumn> keys;
  std::vector<ColumnNumber> included;
  bool unique = false;
  bool primary = false;
  bool nulls_not_distinct = false;
  bool valid = true;
  // The commit that made it, or made it anew. It has the keys of the rows as they were then: a snapshot from
  // before must not look for rows in it. 0: older than every snapshot.
  Csn made;
  bool too_new = false;  // in a picture for an older snapshot
  bool serves_reads() const { return valid && !too_new; }
  // Has its rows once each, in the order of the keys' values.
  bool is_ordered() const { return !inverted(); }
  bool immediate = true;  // false: of a deferrable constraint
  bool initially_deferred = false;
  std::string predicate_sql;
  Oid constraint;  // pg_constraint row it implements, or 0
  Oid parent;      // the partitioned index that this one is a part of, or 0
  PageId segment;  // 0 of a partitioned table's index, which has no storage
  std::shared_ptr<access::Btree> tree;

  // A unique key over all rows and plain columns: a foreign key may refer to it.
  bool can_be_referenced() const {
    if (!unique || !predicate_sql.empty()) return false;
    for (const IndexColumn& key : keys) {
      if (key.column == 0) return false;
    }
    return true;
  }
};

struct CheckConstraint {
  Oid oid;
  std::string name;
  std::string expression_sql;
  bool no_inherit = false;
  bool validated = true;
};

struct ForeignKey {
  Oid oid;
  std::string name;
  Oid table;       // referencing
  Oid referenced;  // referenced
  std::vector<ColumnNumber> columns, referenced_columns;
  char on_update = 'a', on_delete = 'a';  // a r c n d, as in pg_constraint
  char match = 's';
  bool deferrable = false, initially_deferred = false;
  bool validated = true;
  std::vector<ColumnNumber> delete_set_columns;  // ON DELETE SET NULL (…); empty: all of `columns`
  Oid referenced_index;
  Oid parent;  // the partitioned table's key that this one is a part of, or 0
};

// A row of pg_trigger. `type`: bits as in pg_trigger.tgtype.
struct Trigger {
  static constexpr int16_t kRow = 1, kBefore = 2, kInsert = 4, kDelete = 8, kUpdate = 16, kTruncate = 32,
                           kInstead = 64;
  Oid oid;
  std::string name;
  Oid function;
  int16_t type = 0;
  char enabled = 'O';  // O origin, D disabled, R replica, A always
  bool internal = false;
  Oid constraint;  // pg_constraint row of a constraint trigger
  Oid constraint_relation;
  bool deferrable = false, initially_deferred = false;
  std::vector<ColumnNumber> columns;  // UPDATE OF
  std::vector<std::string> args;
  std::string when_sql;
  std::string old_table, new_table;  // transition tables
  Oid parent;                        // the partitioned table's trigger that this one is a copy of, or 0

  bool is_row() const { return (type & kRow) != 0; }
  bool is_before() const { return (type & kBefore) != 0; }
  bool is_instead() const { return (type & kInstead) != 0; }
  // `replica`: session_replication_role is "replica".
  bool fires(bool replica) const { return enabled == 'A' || enabled == (replica ? 'R' : 'O'); }
};

// A row of pg_policy. Expressions are kept as SQL; empty: none given.
struct Policy {
  static constexpr char kAll = '*', kSelect = 'r', kInsert = 'a', kUpdate = 'w', kDelete = 'd';
  Oid oid;
  std::string name;
  char command = kAll;
  bool permissive = true;
  std::vector<Oid> roles;  // 0: PUBLIC
  std::string using_sql, check_sql;
};

enum class RelationKind : char {
  kTable = 'r',
  kIndex = 'i',
  kSequence = 'S',
  kView = 'v',
  kMaterializedView = 'm',
  kComposite = 'c',
  kPartitioned = 'p',
  kPartitionedIndex = 'I',
  kForeign = 'f',
  kToast = 't',
};

// Numbers for the planner; -1: never analyzed.
struct ColumnStatistics {
  float null_fraction = 0;
  float distinct = 0;  // > 0: number; < 0: minus the fraction of rows, as in pg_statistic
  int32_t average_width = 0;
  float correlation = 0;
  std::vector<types::Value> common_values;
  std::vector<float> common_frequencies;
  std::vector<types::Value> histogram;
};

struct Partitioning;
struct ExtendedStatistics;

struct Relation {
  Oid oid;
  std::string name;
  Oid schema;
  std::string schema_name;
  RelationKind kind = RelationKind::kTable;
  Oid owner;
  Oid row_type;
  Oid of_type;             // of a typed table, the composite type; 0: none
  char persistence = 'p';  // p permanent, u unlogged, t temporary
  bool is_system = false;
  std::vector<Column> columns;  // [number - 1]; dropped ones keep their place
  std::vector<Index> indexes;
  std::vector<CheckConstraint> checks;
  std::vector<ForeignKey> foreign_keys;   // this table refers
  std::vector<ForeignKey> referenced_by;  // others refer to this table
  std::vector<Trigger> triggers;          // in order of their names: the order of firing
  std::vector<Policy> policies;           // in order of their names
  bool row_security = false, force_row_security = false;
  std::string view_sql;  // of views
  // Inheritance (pg_inherits). A partition has one parent.
  std::shared_ptr<const Partitioning> partitioning;  // of a partitioned table (catalog/partition.h)
  bool is_partition = false;
  std::string partition_bound;  // pg_class.relpartbound
  std::vector<Oid> parents;     // in order of inhseqno
  std::vector<Oid>
      children;       // of a table that others inherit from, ascending; partitions are in `partitioning`
  PageId segment;     // 0: no storage (yet)
  Oid access_method;  // pg_class.relam
  std::shared_ptr<access::Heap> heap;
  std::shared_ptr<const access::RowLayout> layout;
  double tuples = -1;  // pg_class.reltuples
  double pages = 0;
  std::vector<std::shared_ptr<const ColumnStatistics>> statistics;  // [number - 1], null entries: none
  std::vector<std::shared_ptr<const ExtendedStatistics>>
      extended_statistics;  // ascending by oid (catalog/extended_statistics.h)
  std::string acl;          // pg_class.relacl as text, empty: default
  std::string options;      // pg_class.reloptions, "name=value" a line

  const Column& column(ColumnNumber n) const { return columns[static_cast<size_t>(n - 1)]; }
  // 0 when there is none of this name.
  ColumnNumber find_column(std::string_view name) const;
  const Index* primary_key() const;
  bool is_partitioned() const { return kind == RelationKind::kPartitioned; }
  // A boolean one of `options`.
  bool has_option(std::string_view option) const;
  // An ordinary table or a partitioned one.
  bool is_table() const { return kind == RelationKind::kTable || kind == RelationKind::kPartitioned; }
};

using RelationPtr = std::shared_ptr<const Relation>;
// The picture for reading under a snapshot of this number.
RelationPtr readable_at(const RelationPtr& relation, Csn snapshot);

}  // namespace varve::catalog
