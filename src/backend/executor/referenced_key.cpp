#include "referenced_key.h"

#include <algorithm>
#include <limits>

#include "access/btree.h"
#include "access/row_layout.h"
#include "buffer/buffer_pool.h"
#include "common/sql_error.h"
#include "executor/index_keys.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "table_reader.h"
#include "wal/log_manager.h"

namespace varve::executor {

using types::PhysicalType;
using types::Value;

namespace {

PhysicalType physical_of(Oid type) {
  const functions::TypeInfo* info = functions::type_by_oid(type);
  return info == nullptr ? PhysicalType::kString : info->physical;
}

bool is_integer(Oid type) {
  return type == type_oid::kInt2 || type == type_oid::kInt4 || type == type_oid::kInt8;
}
bool is_float(Oid type) { return type == type_oid::kFloat4 || type == type_oid::kFloat8; }

int64_t integer_of(const Value& v) {
  if (v.type == PhysicalType::kInt16) return v.int16;
  return v.type == PhysicalType::kInt32 ? v.int32 : v.int64;
}

}  // namespace

KeyConversion::KeyConversion(Oid from, Oid to)
    : kind_(Kind::kText), from_(from), to_(to), physical_(physical_of(to)) {
  if (from == to)
    kind_ = Kind::kSame;
  else if (is_integer(from) && is_integer(to))
    kind_ = Kind::kInteger;
  else if (is_float(from) && is_float(to))
    kind_ = Kind::kFloat;
  else if (from == type_oid::kBpchar && physical_ == PhysicalType::kString)
    kind_ = Kind::kTrimmed;
  else if (physical_of(from) == PhysicalType::kString && physical_ == PhysicalType::kString)
    kind_ = Kind::kSame;
}

bool KeyConversion::apply(const Value& value, Value* out, functions::EvalContext& context) const {
  switch (kind_) {
    case Kind::kSame:
      *out = value;
      return true;
    case Kind::kInteger: {
      int64_t n = integer_of(value);
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
    case Kind::kText: {
      std::string text;
      functions::append_value(from_, value, text, context);
      *out = functions::parse_value(to_, -1, context.memory->copy(text), context);
      return true;
    }
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
  index_ = nullptr;
  // A transaction's own picture of the catalog has no epoch.
  epoch_ = catalog.changed() ? 0 : epoch;
  if (table_ == nullptr) return false;
  for (const catalog::Index& index : table_->indexes) {
    if (index.oid == foreign_key_.referenced_index) index_ = &index;
  }
  if (index_ == nullptr) return false;
  columns_ = index_key_columns(*table_, *index_);
  order_.clear();
  conversions_.clear();
  for (const catalog::IndexColumn& key : index_->keys) {
    const auto& referenced = foreign_key_.referenced_columns;
    auto place =
        static_cast<size_t>(std::find(referenced.begin(), referenced.end(), key.column) - referenced.begin());
    if (place == referenced.size()) return false;
    order_.push_back(place);
    conversions_.emplace_back(types_[place], key.type);
  }
  return true;
}

bool ReferencedKey::encode(ConstraintHost& host, std::span<const Value> values) {
  memory_.reset();
  functions::EvalContext context = host.eval(memory_);
  key_.clear();
  for (size_t k = 0; k < columns_.size(); ++k) {
    Value converted;
    if (!conversions_[k].apply(values[order_[k]], &converted, context)) return false;
    append_index_column(key_, index_->keys[k].type, columns_[k], converted);
  }
  return true;
}

bool ReferencedKey::find(ConstraintHost& host) {
  tids_.clear();
  check_ok(index_->tree->lookup(access::key_bytes(key_), &tids_));
  for (size_t i = 0; i < tids_.size(); ++i) {
    if (lock_row(host, tids_[i])) return true;
  }
  return false;
}

// First the version that is visible: a row that never had this key as we see it must not be locked or waited
// for.
bool ReferencedKey::lock_row(ConstraintHost& host, Tid tid) {
  txn::Transaction& txn = host.transaction();
  txn::Snapshot snapshot = newest_snapshot(txn);
  if (txn.isolation() != txn::Isolation::kReadCommitted) snapshot.csn = txn.statement_snapshot().csn;
  auto has_key = [&](const access::RowVersion& row) {
    row_key_.clear();
    append_row_key(row_key_, *table_, *index_, columns_, row, memory_);
    return row_key_ == key_;
  };
  access::RowVersion row;
  Result<bool> found = table_->heap->fetch(snapshot, tid, buffer_, &row);
  check_ok(found.status());
  if (!*found || !has_key(row)) return false;
  auto outcome = table_->heap->lock(txn, snapshot, tid, txn::RowLock::kKeyShare, txn::WaitPolicy::kWait,
                                    txn.lock_timeout_us, buffer_, &row);
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
