#include <algorithm>
#include <cstring>
#include <string>

#include "column_value.h"
#include "float_codec.h"
#include "types/numeric.h"
#include "types/string_ref.h"

namespace varve::columnar {
namespace {

// Calls see(i) for the rows that are not NULL.
template <class See>
void for_each_valid(uint32_t count, const uint64_t* validity, See&& see) {
  for (uint32_t i = 0; i < count; ++i) {
    if (is_valid(validity, i)) see(i);
  }
}

template <class T>
DiskBounds plain_bounds(const T& min, const T& max) {
  DiskBounds b{};
  b.flags = DiskBounds::kPresent;
  b.min_bytes = b.max_bytes = sizeof(T);
  store_raw(b.min, min);
  store_raw(b.max, max);
  return b;
}

DiskBounds prefix_bounds(std::string_view min, std::string_view max) {
  DiskBounds b{};
  b.flags = DiskBounds::kPresent;
  b.min_bytes = static_cast<uint8_t>(std::min(min.size(), sizeof(b.min)));
  b.max_bytes = static_cast<uint8_t>(std::min(max.size(), sizeof(b.max)));
  if (min.size() > sizeof(b.min)) b.flags |= DiskBounds::kMinTruncated;
  if (max.size() > sizeof(b.max)) b.flags |= DiskBounds::kMaxTruncated;
  std::memcpy(b.min, min.data(), b.min_bytes);
  std::memcpy(b.max, max.data(), b.max_bytes);
  return b;
}

DiskBounds int_bounds(ValueType type, const uint8_t* values, uint32_t count, const uint64_t* validity) {
  int64_t min = INT64_MAX, max = INT64_MIN;
  for_each_valid(count, validity, [&](uint32_t i) {
    int64_t v = load_int(type, values, i);
    min = std::min(min, v);
    max = std::max(max, v);
  });
  return min > max ? DiskBounds{} : plain_bounds(min, max);
}

// Indexes of the least and the greatest row by less(i, j); false if there is none.
template <class Less>
bool extremes(uint32_t count, const uint64_t* validity, Less&& less, uint32_t* min, uint32_t* max) {
  bool any = false;
  for_each_valid(count, validity, [&](uint32_t i) {
    if (!any || less(i, *min)) *min = i;
    if (!any || less(*max, i)) *max = i;
    any = true;
  });
  return any;
}

template <class F>
DiskBounds float_bounds(const uint8_t* values, uint32_t count, const uint64_t* validity) {
  auto at = [=](uint32_t i) { return load_raw<F>(values + sizeof(F) * i); };
  uint32_t min = 0, max = 0;
  bool any = extremes(
      count, validity, [&](uint32_t a, uint32_t b) { return compare_floats(at(a), at(b)) < 0; }, &min, &max);
  return any ? plain_bounds(static_cast<double>(at(min)), static_cast<double>(at(max))) : DiskBounds{};
}

DiskBounds numeric_bounds(const uint8_t* values, uint32_t count, const uint64_t* validity) {
  auto at = [=](uint32_t i) { return load_raw<types::Numeric>(values + 16 * i); };
  uint32_t min = 0, max = 0;
  bool any = extremes(
      count, validity, [&](uint32_t a, uint32_t b) { return types::compare(at(a), at(b)) < 0; }, &min, &max);
  if (!any) return {};
  std::string low, high;
  types::append_numeric_key(low, at(min));
  types::append_numeric_key(high, at(max));
  return prefix_bounds(low, high);
}

DiskBounds uuid_bounds(const uint8_t* values, uint32_t count, const uint64_t* validity) {
  auto at = [=](uint32_t i) { return std::string_view(reinterpret_cast<const char*>(values) + 16 * i, 16); };
  uint32_t min = 0, max = 0;
  bool any = extremes(
      count, validity, [&](uint32_t a, uint32_t b) { return at(a) < at(b); }, &min, &max);
  return any ? prefix_bounds(at(min), at(max)) : DiskBounds{};
}

DiskBounds string_bounds(const uint8_t* values, uint32_t count, const uint64_t* validity) {
  auto at = [=](uint32_t i) { return load_raw<types::StringRef>(values + 16 * i); };
  uint32_t min = 0, max = 0;
  bool any = extremes(
      count, validity, [&](uint32_t a, uint32_t b) { return at(a).compare(at(b)) < 0; }, &min, &max);
  if (!any) return {};
  types::StringRef low = at(min), high = at(max);
  return prefix_bounds(low.view(), high.view());
}

// Order of prefixes, the shorter first; of equal ones the truncated stands for something longer.
int compare_prefixes(const uint8_t* a, uint8_t a_bytes, bool a_truncated, const uint8_t* b, uint8_t b_bytes,
                     bool b_truncated) {
  int c = std::memcmp(a, b, std::min(a_bytes, b_bytes));
  if (c != 0) return c;
  if (a_bytes != b_bytes) return a_bytes < b_bytes ? -1 : 1;
  return static_cast<int>(a_truncated) - static_cast<int>(b_truncated);
}

}  // namespace

DiskBounds bounds_of(ValueType type, const uint8_t* values, uint32_t count, const uint64_t* validity) {
  switch (type) {
    case ValueType::kFloat32:
      return float_bounds<float>(values, count, validity);
    case ValueType::kFloat64:
      return float_bounds<double>(values, count, validity);
    case ValueType::kNumeric:
      return numeric_bounds(values, count, validity);
    case ValueType::kUuid:
      return uuid_bounds(values, count, validity);
    case ValueType::kFixed16:
      return {};
    case ValueType::kBytes:
      return string_bounds(values, count, validity);
    default:
      return int_bounds(type, values, count, validity);
  }
}

DiskBounds merge_bounds(ValueType type, const DiskBounds& a, const DiskBounds& b) {
  if ((a.flags & DiskBounds::kPresent) == 0) return b;
  if ((b.flags & DiskBounds::kPresent) == 0) return a;
  if (is_integer(type)) {
    return plain_bounds(std::min(load_raw<int64_t>(a.min), load_raw<int64_t>(b.min)),
                        std::max(load_raw<int64_t>(a.max), load_raw<int64_t>(b.max)));
  }
  if (type == ValueType::kFloat32 || type == ValueType::kFloat64) {
    auto a_min = load_raw<double>(a.min), b_min = load_raw<double>(b.min);
    auto a_max = load_raw<double>(a.max), b_max = load_raw<double>(b.max);
    return plain_bounds(compare_floats(b_min, a_min) < 0 ? b_min : a_min,
                        compare_floats(b_max, a_max) > 0 ? b_max : a_max);
  }
  constexpr uint8_t kMin = DiskBounds::kMinTruncated, kMax = DiskBounds::kMaxTruncated;
  DiskBounds out = a;
  if (compare_prefixes(b.min, b.min_bytes, (b.flags & kMin) != 0, a.min, a.min_bytes, (a.flags & kMin) != 0) <
      0) {
    out.min_bytes = b.min_bytes;
    std::memcpy(out.min, b.min, sizeof(out.min));
    out.flags = static_cast<uint8_t>((out.flags & ~kMin) | (b.flags & kMin));
  }
  if (compare_prefixes(b.max, b.max_bytes, (b.flags & kMax) != 0, a.max, a.max_bytes, (a.flags & kMax) != 0) >
      0) {
    out.max_bytes = b.max_bytes;
    std::memcpy(out.max, b.max, sizeof(out.max));
    out.flags = static_cast<uint8_t>((out.flags & ~kMax) | (b.flags & kMax));
  }
  return out;
}

}  // namespace varve::columnar
