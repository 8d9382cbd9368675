#include "referenced_key.h"

#include <algorithm>
#include <limits>

#include "access/btree.h"
#include "access/column_store.h"
#include "access/row_layout.h"
#include "buffer/buffer_pool.h"
#include "catalog/partition.h"
#include "common/sql_error.h"
#include "executor/expression_program.h"
#include "executor/index_keys.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "key_ops.h"
#include "table_reader.h"
#include "wal/log_manager.h"

namespace varve::executor {

using types::PhysicalType;
using types::Value;

namespace {

bool is_float(Oid type) { return type == type_oid::kFloat4 || type == type_oid::kFloat8; }

Value through_text(Oid from, Oid to, const Value& value, functions::EvalContext& context) {
  std::string text;
  functions::append_value(from, value, text, context);
  return functions::parse_value(to, -1, context.memory->copy(text), context);
}

}  // namespace

KeyConversion::KeyConversion(Oid from, Oid to)
    : kind_(Kind::kText), from_(from), to_(to), physical_(functions::physical_type_of(to)) {
  if (from == to)
    kind_ = Kind::kSame;
  else if (is_integer_type(from) && is_integer_type(to))
    kind_ = Kind::kInteger;
  else if (is_float(from) && is_float(to))
    kind_ = Kind::kFloat;
  else if (to == type_oid::kDate)
    kind_ = Kind::kDate;
  else if (from == type_oid::kBpchar && physical_ == PhysicalType::kString)
    kind_ = Kind::kTrimmed;
  else if (functions::physical_type_of(from) == PhysicalType::kString && physical_ == PhysicalType::kString)
    kind_ = Kind::kSame;
}

bool KeyConversion::apply(const Value& value, Value* out, functions::EvalContext& context) const {
  switch (kind_) {
    case Kind::kSame:
      *out = value;
      return true;
    case Kind::kInteger: {
      int64_t n = access::axis_value(value);
      if (physical_ == PhysicalType::kInt64) {
        *out = Value::of_int64(n);
      } else if (physical_ == PhysicalType::kInt32) {
        if (n < std::numeric_limits<int32_t>::min() || n > std::numeric_limits<int32_t>::max()) return false;
        *out = Value::of_int32(static_cast<int32_t>(n));
      } else {
        if (n < std::numeric_limits<int16_t>::min() || n > std::numeric_limits<int16_t>::max()) return false;
        *out = Value::of_int16(static_cast<int16_t>(n));
      }
      return true;
    }
    case Kind::kFloat:
      if (physical_ == PhysicalType::kFloat64) {
        *out = Value::of_float64(static_cast<double>(value.float32));
        return true;
      } else {
        auto narrow = static_cast<float>(value.float64);
        *out = Value::of_float32(narrow);
        // NaN is equal to itself here.
        return static_cast<double>(narrow) == value.float64 || value.float64 != value.float64;
      }
    case Kind::kTrimmed: {
      std::string_view text = value.view();
      text = text.substr(0, text.find_last_not_of(' ') + 1);
      *out = Value::of_string(context.memory->copy(text));
      return true;
    }
    case Kind::kDate: {  // the first moment of a day is equal to it
      *out = through_text(from_, to_, value, context);
      return types::values_identical(through_text(to_, from_, *out, context), value);
    }
    case Kind::kText:
      *out = through_text(from_, to_, value, context);
      return true;
  }
  return false;
}

void append_row_key(std::string& out, const catalog::Relation& relation, const catalog::Index& index,
                    std::span<const access::KeyColumn> columns, const access::RowVersion& row,
                    Arena& memory) {
  for (size_t k = 0; k < columns.size(); ++k) {
    auto column = static_cast<size_t>(index.keys[k].column - 1);
    append_index_column(out, index.keys[k].type, columns[k], relation.layout->get(row, column, memory));
  }
}

txn::Snapshot newest_snapshot(txn::Transaction& txn) {
  txn.ensure_snapshot();
  Csn now{txn.manager().pool().log().reserved_lsn().value()};
  return {now, txn.xid(), txn::UndoPtr{UINT64_MAX}};
}

ReferencedKey::ReferencedKey(const catalog::ForeignKey& key, std::vector<Oid> types)
    : foreign_key_(key), types_(std::move(types)) {}

bool ReferencedKey::prepare(ConstraintHost& host) {
  host.lock_table(foreign_key_.referenced, txn::LockMode::kRowShare);
  catalog::Catalog& catalog = host.catalog();
  uint64_t epoch = catalog.database().epoch();
  if (table_ != nullptr && epoch_ == epoch && !catalog.changed()) return true;
  table_ = catalog.relation(foreign_key_.referenced);
  holder_ = nullptr;
  holders_.clear();
  levels_.clear();
  // A transaction's own picture of the catalog has no epoch.
  epoch_ = catalog.changed() ? 0 : epoch;
  if (table_ == nullptr) return false;
  if (table_->is_partitioned()) return true;
  holder_ = &holders_[table_->oid];
  return make_holder(table_, foreign_key_.referenced_index, holder_);
}

std::vector<catalog::ColumnNumber> ReferencedKey::columns_in(const catalog::Relation& table) const {
  std::vector<catalog::ColumnNumber> columns;
  for (catalog::ColumnNumber c : foreign_key_.referenced_columns)
    columns.push_back(table.oid == table_->oid ? c : table.find_column(table_->column(c).name));
  return columns;
}

bool ReferencedKey::make_holder(const catalog::RelationPtr& table, Oid index, Holder* out) const {
  out->table = table;
  for (const catalog::Index& i : table->indexes) {
    if (i.oid == index) out->index = &i;
  }
  if (out->index == nullptr) return false;
  out->columns = index_key_columns(*table, *out->index);
  std::vector<catalog::ColumnNumber> referenced = columns_in(*table);
  for (const catalog::IndexColumn& key : out->index->keys) {
    auto place =
        static_cast<size_t>(std::find(referenced.begin(), referenced.end(), key.column) - referenced.begin());
    if (place == referenced.size()) return false;
    out->order.push_back(place);
    out->conversions.emplace_back(types_[place], key.type);
  }
  return true;
}

ReferencedKey::Level& ReferencedKey::level(const catalog::RelationPtr& table, Oid index) {
  auto [it, fresh] = levels_.try_emplace(table->oid);
  if (!fresh) return it->second;
  Level& level = it->second;
  level.table = table;
  level.index = index;
  std::vector<catalog::ColumnNumber> referenced = columns_in(*table);
  // A unique key of a partitioned table holds all columns of its partition key, which has no expressions
  // then.
  for (const catalog::PartitionKeyColumn& key : table->partitioning->keys) {
    auto place = std::find(referenced.begin(), referenced.end(), key.column);
    if (place == referenced.end())
      throw SqlError(sqlstate::kInternalError, "a foreign key does not name the partition key");
    level.order.push_back(static_cast<size_t>(place - referenced.begin()));
    level.conversions.emplace_back(types_[level.order.back()], key.type);
  }
  return level;
}

ReferencedKey::Holder* ReferencedKey::route(ConstraintHost& host, std::span<const Value> values,
                                            functions::EvalContext& context) {
  catalog::RelationPtr table = table_;
  Oid index = foreign_key_.referenced_index;
  while (table->is_partitioned()) {
    Level& at = level(table, index);
    std::vector<Value> key(at.order.size());
    for (size_t i = 0; i < key.size(); ++i) {
      if (!at.conversions[i].apply(values[at.order[i]], &key[i], context)) return nullptr;
    }
    const catalog::Partitioning& p = *table->partitioning;
    int partition = p.find(key);
    if (partition < 0) return nullptr;
    Oid child = p.partitions[static_cast<size_t>(partition)].oid;
    if (auto known = holders_.find(child); known != holders_.end()) return &known->second;
    catalog::RelationPtr below = host.catalog().relation(child);
    if (below == nullptr) return nullptr;
    auto part = std::find_if(below->indexes.begin(), below->indexes.end(),
                             [&](const catalog::Index& i) { return i.parent == index; });
    if (part == below->indexes.end()) return nullptr;
    index = part->oid;
    table = std::move(below);
  }
  Holder holder;
  if (!make_holder(table, index, &holder)) return nullptr;
  return &holders_.emplace(table->oid, std::move(holder)).first->second;
}

bool ReferencedKey::encode(ConstraintHost& host, std::span<const Value> values) {
  memory_.reset();
  functions::EvalContext context = host.eval(memory_);
  key_.clear();
  if (table_->is_partitioned()) holder_ = route(host, values, context);
  if (holder_ == nullptr) return false;
  for (size_t k = 0; k < holder_->columns.size(); ++k) {
    Value converted;
    if (!holder_->conversions[k].apply(values[holder_->order[k]], &converted, context)) return false;
    append_index_column(key_, holder_->index->keys[k].type, holder_->columns[k], converted);
  }
  return true;
}

// The snapshot comes before the look at the index: of a row that goes while another takes its key, it sees
// the one or the index shows the other.
bool ReferencedKey::find(ConstraintHost& host) {
  txn::Transaction& txn = host.transaction();
  txn::Snapshot snapshot = newest_snapshot(txn);
  if (txn.isolation() != txn::Isolation::kReadCommitted) snapshot.csn = txn.statement_snapshot().csn;
  tids_.clear();
  check_ok(holder_->index->tree->lookup(access::key_bytes(key_), &tids_));
  for (size_t i = 0; i < tids_.size(); ++i) {
    if (lock_row(txn, snapshot, tids_[i])) return true;
  }
  return false;
}

// First the version that is visible: a row that never had this key as we see it must not be locked or waited
// for.
bool ReferencedKey::lock_row(txn::Transaction& txn, const txn::Snapshot& snapshot, Tid tid) {
  auto has_key = [&](const access::RowVersion& row) {
    row_key_.clear();
    append_row_key(row_key_, *holder_->table, *holder_->index, holder_->columns, row, memory_);
    return row_key_ == key_;
  };
  access::RowVersion row;
  Result<bool> found = holder_->table->heap->fetch(snapshot, tid, buffer_, &row);
  check_ok(found.status());
  if (!*found || !has_key(row)) return false;
  auto outcome = holder_->table->heap->lock(txn, snapshot, tid, txn::RowLock::kKeyShare,
                                            txn::WaitPolicy::kWait, txn.lock_timeout_us, buffer_, &row);
  if (outcome.status().code() == StatusCode::kWriteConflict) {
    throw SqlError(sqlstate::kTRSerializationFailure, "could not serialize access due to concurrent update");
  }
  check_ok(outcome.status());
  switch (*outcome) {
    case access::LockOutcome::kLocked:
      return true;
    case access::LockOutcome::kLockedUpdated:
      return has_key(row);
    default:
      return false;
  }
}

}  // namespace varve::executor
