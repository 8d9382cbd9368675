#include "runtime_filter.h"

#include <algorithm>
#include <bit>

#include "functions/type_oids.h"

namespace varve::executor {

using planner::JoinType;
using planner::PlanKind;

KeyFilter::KeyFilter(const KeyType& type, size_t keys) : type_(type) {
  // About 16 bits a key: one in some hundred that are not there passes.
  size_t words = std::bit_ceil(std::max<size_t>(keys / 4, 64));
  shift_ = 64 - static_cast<uint32_t>(std::countr_zero(words));
  words_.resize(words);
}

namespace {

template <class T>
void widen(const Vector& keys, const Selection& rows, bool* found, T* least, T* greatest) {
  vector::for_each_row(rows, [&](uint32_t row) {
    if (keys.is_null(row)) return;
    const T key = keys.at<T>(row);
    *least = *found ? std::min(*least, key) : key;
    *greatest = *found ? std::max(*greatest, key) : key;
    *found = true;
  });
}

}  // namespace

void KeyFilter::keep_bounds(const Vector& keys, const Selection& rows) {
  switch (type_.type.value()) {
    case type_oid::kInt2.value():
    case type_oid::kInt4.value():
    case type_oid::kInt8.value():
    case type_oid::kDate.value():
    case type_oid::kTimestamp.value():
    case type_oid::kTimestamptz.value():
      break;
    default:
      return;
  }
  if (!has_bounds_) least_.type = greatest_.type = type_.physical;
  least_.null = greatest_.null = false;
  switch (type_.physical) {
    case types::PhysicalType::kInt16:
      return widen(keys, rows, &has_bounds_, &least_.int16, &greatest_.int16);
    case types::PhysicalType::kInt32:
      return widen(keys, rows, &has_bounds_, &least_.int32, &greatest_.int32);
    case types::PhysicalType::kInt64:
      return widen(keys, rows, &has_bounds_, &least_.int64, &greatest_.int64);
    default:
      return;
  }
}

namespace {

int64_t as_integer(const types::Value& v) {
  return v.type == types::PhysicalType::kInt16   ? v.int16
         : v.type == types::PhysicalType::kInt32 ? v.int32
                                                 : v.int64;
}

// Calls f with the values of a vector of integers. False: it has others.
template <class F>
bool with_integers(const Vector& v, F&& f) {
  switch (v.type()) {
    case types::PhysicalType::kInt16:
      f(v.data<int16_t>());
      return true;
    case types::PhysicalType::kInt32:
      f(v.data<int32_t>());
      return true;
    case types::PhysicalType::kInt64:
      f(v.data<int64_t>());
      return true;
    default:
      return false;
  }
}

}  // namespace

bool KeyFilter::make_exact(size_t keys) {
  constexpr uint64_t kSmall = uint64_t{1} << 20, kMostBits = uint64_t{1} << 27, kBitsOfKey = 32;
  if (!has_bounds_) return false;
  const uint64_t last =
      static_cast<uint64_t>(as_integer(greatest_)) - static_cast<uint64_t>(as_integer(least_));
  if (last >= std::min(kMostBits, std::max<uint64_t>(kSmall, keys * kBitsOfKey))) return false;
  span_ = last + 1;
  present_.assign(span_ / 64 + 1, 0);
  return true;
}

void KeyFilter::keep_keys(const Vector& keys, const Selection& rows) {
  const auto least = static_cast<uint64_t>(as_integer(least_));
  with_integers(keys, [&](const auto* values) {
    vector::for_each_row(rows, [&](uint32_t row) {
      if (keys.is_null(row)) return;
      const uint64_t place = static_cast<uint64_t>(static_cast<int64_t>(values[keys.index(row)])) - least;
      present_[place >> 6] |= uint64_t{1} << (place & 63);
    });
  });
}

uint32_t KeyFilter::select(const Vector& keys, const Selection& rows, uint16_t* out) const {
  const auto least = static_cast<uint64_t>(as_integer(least_));
  const uint64_t* present = present_.data();
  const bool nulls = keys.has_nulls();
  uint32_t n = 0;
  with_integers(keys, [&](const auto* values) {
    vector::for_each_row(rows, [&](uint32_t row) {
      const uint64_t place =
          std::min(static_cast<uint64_t>(static_cast<int64_t>(values[keys.index(row)])) - least, span_);
      uint64_t is_there = present[place >> 6] >> (place & 63) & 1;
      if (nulls && keys.is_null(row)) is_there = 0;
      out[n] = static_cast<uint16_t>(row);
      n += static_cast<uint32_t>(is_there);
    });
  });
  return n;
}

void RuntimeFilters::set(uint32_t owner, const Target& target, std::shared_ptr<const KeyFilter> filter) {
  drop(owner, target);
  entries_[target.scan].push_back({owner, target.column, std::move(filter)});
}

void RuntimeFilters::drop(uint32_t owner, const Target& target) {
  auto it = entries_.find(target.scan);
  if (it == entries_.end()) return;
  std::erase_if(it->second, [&](const Entry& e) { return e.owner == owner && e.column == target.column; });
}

namespace {

// The child's column that an expression passes on; UINT32_MAX: it computes something.
uint32_t passed_on(const analyzer::Expr& e) {
  return e.kind == analyzer::ExprKind::kInput ? e.as<analyzer::InputExpr>().index : UINT32_MAX;
}

RuntimeFilters::Target trace_join(const planner::JoinPlan& join, uint32_t column) {
  auto left = static_cast<uint32_t>(join.children[0]->output.size());
  bool from_left = column < left;
  switch (join.join) {
    case JoinType::kInner:
      break;
    case JoinType::kLeft:
    case JoinType::kSemi:
    case JoinType::kAnti:
      if (!from_left) return {};
      break;
    default:
      return {};
  }
  if (from_left) return trace_to_scan(*join.children[0], column);
  // A side that is run again for every row sees other filters each time.
  if (join.kind == PlanKind::kNestedLoop || join.kind == PlanKind::kIndexJoin) return {};
  return trace_to_scan(*join.children[1], column - left);
}

}  // namespace

RuntimeFilters::Target trace_to_scan(const planner::Plan& plan, uint32_t column) {
  switch (plan.kind) {
    case PlanKind::kSeqScan: {
      const auto& scan = plan.as<planner::ScanPlan>();
      if (column >= scan.columns.size() || scan.columns[column] <= 0) return {};
      return {plan.id, column};
    }
    case PlanKind::kFilter:
    case PlanKind::kMaterialize:
      return trace_to_scan(*plan.children[0], column);
    case PlanKind::kSort:
      if (plan.as<planner::SortPlan>().limit != nullptr) return {};
      return trace_to_scan(*plan.children[0], column);
    case PlanKind::kProject: {
      uint32_t from = passed_on(*plan.as<planner::ProjectPlan>().exprs[column]);
      return from == UINT32_MAX ? RuntimeFilters::Target{} : trace_to_scan(*plan.children[0], from);
    }
    case PlanKind::kAggregate: {
      const auto& aggregate = plan.as<planner::AggregatePlan>();
      if (!aggregate.grouping_sets.empty() || column >= aggregate.groups.size()) return {};
      uint32_t from = passed_on(*aggregate.groups[column]);
      return from == UINT32_MAX ? RuntimeFilters::Target{} : trace_to_scan(*plan.children[0], from);
    }
    case PlanKind::kHashJoin:
    case PlanKind::kIndexJoin:
    case PlanKind::kNestedLoop:
      return trace_join(plan.as<planner::JoinPlan>(), column);
    default:
      return {};
  }
}

}  // namespace varve::executor
