// The look-up behind a foreign key: is there a row with this key in the referenced table? A point look-up in
// its unique index, without a plan.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "access/heap.h"
#include "access/key_codec.h"
#include "catalog/relation.h"
#include "executor/constraint_triggers.h"

namespace varve::executor {

// How a value of the referencing column becomes one of the referenced column's type.
class KeyConversion {
 public:
  KeyConversion(Oid from, Oid to);
  // False: no value of the other type is equal to it.
  bool apply(const types::Value& value, types::Value* out, functions::EvalContext& context) const;
  // Values of both types are kept alike, so that it works in both directions.
  bool is_simple() const { return kind_ == Kind::kSame || kind_ == Kind::kInteger || kind_ == Kind::kFloat; }

 private:
  enum class Kind : uint8_t { kSame, kInteger, kFloat, kTrimmed, kDate, kText };
  Kind kind_;
  Oid from_, to_;
  types::PhysicalType physical_;
};

// Key columns of an index over plain columns, as one row version has them.
void append_row_key(std::string& out, const catalog::Relation& relation, const catalog::Index& index,
                    std::span<const access::KeyColumn> columns, const access::RowVersion& row, Arena& memory);

// Sees everything committed and all of this transaction's changes.
txn::Snapshot newest_snapshot(txn::Transaction& txn);

class ReferencedKey {
 public:
  // `types`: of the values that find() will get, one a column of the key.
  ReferencedKey(const catalog::ForeignKey& key, std::vector<Oid> types);

  // Locks the referenced table and takes its picture, unless both have been done for this catalog. False: the
  // table or its index is not there any more.
  bool prepare(ConstraintHost& host);
  // Makes key() of the values, which stand in the order of the foreign key's columns. False: no value of the
  // referenced columns' types is equal to them.
  bool encode(ConstraintHost& host, std::span<const types::Value> values);
  const std::string& key() const { return key_; }
  // The table's row with this key, locked FOR KEY SHARE. 40001 under REPEATABLE READ when somebody has
  // changed it.
  bool find(ConstraintHost& host);
  const catalog::Relation& table() const { return *table_; }

 private:
  // A table that holds rows: the referenced one, or one of its partitions.
  struct Holder {
    catalog::RelationPtr table;
    const catalog::Index* index = nullptr;
    std::vector<access::KeyColumn> columns;
    std::vector<size_t> order;  // by key column of the index: place in the foreign key
    std::vector<KeyConversion> conversions;
  };
  // How a level of a partitioned table finds the partition of a key.
  struct Level {
    catalog::RelationPtr table;
    Oid index;
    std::vector<size_t> order;  // by key column of the partitioning: place in the foreign key
    std::vector<KeyConversion> conversions;
  };
  bool make_holder(const catalog::RelationPtr& table, Oid index, Holder* out) const;
  // The one that a row with these values is in; null: none.
  Holder* route(ConstraintHost& host, std::span<const types::Value> values, functions::EvalContext& context);
  Level& level(const catalog::RelationPtr& table, Oid index);
  // Places in the foreign key of a table's columns that have the names of those that it refers to.
  std::vector<catalog::ColumnNumber> columns_in(const catalog::Relation& table) const;
  bool lock_row(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid);

  const catalog::ForeignKey& foreign_key_;
  std::vector<Oid> types_;
  catalog::RelationPtr table_;
  uint64_t epoch_ = 0;
  std::unordered_map<Oid, Holder> holders_;
  std::unordered_map<Oid, Level> levels_;
  Holder* holder_ = nullptr;  // where key() would be
  std::vector<Tid> tids_;
  std::string key_, row_key_;
  access::RowBuffer buffer_;
  Arena memory_;
};

}  // namespace varve::executor
