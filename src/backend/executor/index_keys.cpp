#include "executor/index_keys.h"

#include <algorithm>
#include <fmt/format.h>

#include "access/btree.h"
#include "catalog/partition.h"
#include "common/sql_error.h"
#include "table_reader.h"

namespace varve::executor {

using types::Value;

access::KeyColumn index_key_column(const catalog::IndexColumn& column) {
  access::KeyColumn key = catalog::ordered_key_column(column.type, column.collation);
  key.descending = column.descending;
  key.nulls_first = column.nulls_first;
  return key;
}

void append_index_column(std::string& out, Oid type, const access::KeyColumn& column, const Value& value) {
  catalog::append_ordered_value(out, type, column, value);
}

std::vector<access::KeyColumn> index_key_columns(const catalog::Relation&, const catalog::Index& index) {
  std::vector<access::KeyColumn> out;
  for (const catalog::IndexColumn& c : index.keys) out.push_back(index_key_column(c));
  return out;
}

IndexKeyBuilder::IndexKeyBuilder(const catalog::Relation& relation, const catalog::Index& index,
                                 const planner::BoundIndex* bound, ExecutionContext& context)
    : index_(index), columns_(index_key_columns(relation, index)), values_(index.keys.size()) {
  std::vector<catalog::ColumnNumber> live = live_columns(relation);
  bool needs_row = false;
  for (size_t k = 0; k < index.keys.size(); ++k) {
    int ordinal = -1;
    for (size_t i = 0; i < live.size(); ++i) {
      if (live[i] == index.keys[k].column) ordinal = static_cast<int>(i);
    }
    ordinals_.push_back(ordinal);
    expressions_.emplace_back();
    if (ordinal >= 0) continue;
    if (bound == nullptr || bound->keys[k] == nullptr)
      throw_not_supported("an index on an unbound expression");
    expressions_.back() = std::make_unique<ExpressionEvaluator>(*bound->keys[k], context, *memory_);
    needs_row = true;
  }
  if (!index.predicate_sql.empty()) {
    if (bound == nullptr || bound->predicate == nullptr)
      throw_not_supported("an index with an unbound predicate");
    predicate_ = std::make_unique<ExpressionEvaluator>(*bound->predicate, context, *memory_);
    needs_row = true;
  }
  if (needs_row) {
    row_ = Chunk(static_cast<uint32_t>(live.size()), vectors_);
    for (uint32_t i = 0; i < live.size(); ++i) {
      row_.column(i) = Vector(column_physical_type(relation, live[i]), vectors_, 1);
    }
  }
}

void IndexKeyBuilder::load(std::span<const Value> row) {
  memory_->reset();
  row_.reset();
  for (uint32_t i = 0; i < row.size(); ++i) row_.column(i).set_value(0, row[i]);
  row_.set_dense(1);
}

std::span<const std::string> IndexKeyBuilder::build(std::span<const Value> row) {
  count_ = 0;
  if (row_.column_count() != 0) load(row);
  if (predicate_ != nullptr) {
    uint16_t selected = 0;
    if (predicate_->select(row_, {nullptr, 1}, &selected) == 0) return {};
  }
  exempt_ = false;
  for (size_t k = 0; k < ordinals_.size(); ++k) {
    if (ordinals_[k] >= 0) {
      values_[k] = row[static_cast<size_t>(ordinals_[k])];
    } else {
      Vector* v = nullptr;
      expressions_[k]->evaluate(row_, {nullptr, 1}, v);
      values_[k] = v->value(0);
    }
    exempt_ |= values_[k].null && !index_.nulls_not_distinct;
  }
  index_.inverted() ? build_inverted() : build_ordered();
  return std::span(keys_).first(count_);
}

void IndexKeyBuilder::build_ordered() {
  if (keys_.empty()) keys_.emplace_back();
  std::string& key = keys_[0];
  key.clear();
  for (size_t k = 0; k < values_.size(); ++k)
    append_index_column(key, index_.keys[k].type, columns_[k], values_[k]);
  if (key.size() > access::kMaxKeyBytes) throw_too_long(key.size());
  count_ = 1;
}

void IndexKeyBuilder::build_inverted() {
  for (size_t k = 0; k < values_.size(); ++k) {
    functions::inverted_keys(index_.keys[k].inverted, values_[k], catalog::append_inverted_element, &parts_);
    if (keys_.size() < count_ + parts_.size()) keys_.resize(count_ + parts_.size());
    for (const std::string& part : parts_) set_inverted_key(&keys_[count_++], k, part);
  }
}

void set_inverted_key(std::string* key, size_t column, std::string_view part) {
  key->assign(1, static_cast<char>(column));
  key->append(part);
}

void keys_without(std::span<const std::string> keys, std::span<const std::string> others,
                  std::vector<std::string_view>* out) {
  out->clear();
  auto other = others.begin();
  for (const std::string& key : keys) {
    while (other != others.end() && *other < key) ++other;
    if (other == others.end() || *other != key) out->push_back(key);
  }
}

// In PostgreSQL's words and, where it refuses the key too, its numbers: those of its index tuple.
void IndexKeyBuilder::throw_too_long(size_t key_bytes) const {
  constexpr size_t kPageLimit = 8191, kBtreeLimit = 2704;
  size_t bytes = 8;
  for (const Value& v : values_) {
    if (v.null) continue;
    bool string = v.type == types::PhysicalType::kString;
    bytes += !string ? types::physical_width(v.type) : v.string.size() + (v.string.size() > 126 ? 4 : 1);
  }
  bytes = (bytes + 7) & ~size_t{7};
  if (bytes > kPageLimit) {
    throw SqlError(sqlstate::kProgramLimitExceeded,
                   fmt::format("index row requires {} bytes, maximum size is {}", bytes, kPageLimit));
  }
  bool own = bytes <= kBtreeLimit;
  throw SqlError(sqlstate::kProgramLimitExceeded,
                 fmt::format("index row size {} exceeds btree version 4 maximum {} for index \"{}\"",
                             own ? key_bytes : bytes, own ? access::kMaxKeyBytes : kBtreeLimit, index_.name))
      .hint(
          "Values larger than 1/3 of a buffer page cannot be indexed.\n"
          "Consider a function index of an MD5 hash of the value, or use full text indexing.");
}

bool IndexKeyBuilder::reads(size_t ordinal) const {
  if (row_.column_count() != 0) return true;
  return std::find(ordinals_.begin(), ordinals_.end(), static_cast<int>(ordinal)) != ordinals_.end();
}

bool IndexKeyBuilder::unchanged(std::span<const Value> old_row, std::span<const Value> new_row) const {
  if (row_.column_count() != 0) {  // an expression or predicate may read any column
    for (size_t i = 0; i < old_row.size(); ++i) {
      if (!types::values_identical(old_row[i], new_row[i])) return false;
    }
    return true;
  }
  for (int ordinal : ordinals_) {
    auto i = static_cast<size_t>(ordinal);
    if (!types::values_identical(old_row[i], new_row[i])) return false;
  }
  return true;
}

}  // namespace varve::executor
