#include "join_keys.h"

#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "operator.h"

namespace varve::executor {

using types::PhysicalType;

namespace {
bool is_integer(PhysicalType t) {
  return t == PhysicalType::kInt16 || t == PhysicalType::kInt32 || t == PhysicalType::kInt64;
}
}  // namespace

JoinKeys::JoinKeys(analyzer::ExprList exprs, analyzer::ExprList other, std::span<bool> null_safe,
                   ExecutionContext& context, Arena& memory)
    : exprs_(compile_all(exprs, context, memory)), vectors_(exprs.size()) {
  for (size_t k = 0; k < exprs.size(); ++k) {
    PhysicalType mine = functions::physical_type_of(exprs[k]->type),
                 theirs = functions::physical_type_of(other[k]->type);
    if (mine == theirs) {
      types_.push_back(make_key_type(exprs[k]->type, nullptr, KeyUse::kHash));
      widened_.emplace_back();
    } else if (is_integer(mine) && is_integer(theirs)) {
      types_.push_back(make_key_type(type_oid::kInt8, nullptr, KeyUse::kHash));
      widened_.emplace_back(PhysicalType::kInt64, *context.build_memory, context.chunk_rows());
    } else {
      throw_not_supported("a hash join of keys of different types");
    }
    null_safe_.push_back(!null_safe.empty() && null_safe[k]);
  }
}

const Vector* JoinKeys::widen(size_t k, const Vector& v, const Selection& rows) {
  Vector& out = widened_[k];
  if (out.raw() == nullptr || v.type() == PhysicalType::kInt64) return &v;
  out.reset();
  int64_t* to = out.data<int64_t>();
  if (v.type() == PhysicalType::kInt16) {
    for_each_row(rows, [&](uint32_t row) { to[row] = v.at<int16_t>(row); });
  } else {
    for_each_row(rows, [&](uint32_t row) { to[row] = v.at<int32_t>(row); });
  }
  if (v.has_nulls()) {
    for_each_row(rows, [&](uint32_t row) {
      if (v.is_null(row)) out.set_null(row);
    });
  }
  return &out;
}

void JoinKeys::evaluate(const Chunk& in, const Selection& rows) {
  for (size_t k = 0; k < exprs_.size(); ++k) {
    Vector* v = nullptr;
    exprs_[k].evaluate(in, rows, v);
    vectors_[k] = widen(k, *v, rows);
  }
}

void JoinKeys::hash(const Selection& rows, uint64_t* hashes) const {
  for (size_t k = 0; k < vectors_.size(); ++k) hash_vector(types_[k], *vectors_[k], rows, hashes, k > 0);
}

}  // namespace varve::executor
