#include "settle_sort.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <numeric>
#include <string>
#include <string_view>
#include <unordered_map>

#include "access/key_codec.h"
#include "common/bytes.h"
#include "types/value.h"

namespace varve::columnar_table {

using access::SettleOrder;
using types::PhysicalType;

namespace {

// One key column of all rows as numbers, the least of which is 0.
struct Codes {
  std::vector<uint64_t> of;
  uint64_t greatest = 0;
};

template <class T>
T value_at(const SortColumn& column, uint32_t row) {
  return load_raw<T>(column.values + size_t{row} * sizeof(T));
}

bool is_valid(const SortColumn& column, uint32_t row) {
  return (column.valid[row / 64] >> row % 64 & 1) != 0;
}

uint64_t sign_flipped(int64_t v) {
  return static_cast<uint64_t>(v) ^ uint64_t { 1 } << 63;
}

// As access/key_codec.h: -0 is 0, every NaN the one above infinity.
uint64_t float_code(double v) {
  if (v == 0) v = 0;
  if (v != v) return UINT64_MAX;
  const auto bits = std::bit_cast<uint64_t>(v);
  return (bits >> 63) != 0 ? ~bits : bits | uint64_t{1} << 63;
}

// The places of the different strings among each other. More than that many: false.
bool rank_strings(const SortColumn& column, uint32_t rows, std::vector<uint64_t>* codes) {
  constexpr size_t kMaxDistinct = 1 << 16;
  std::unordered_map<std::string_view, uint32_t> numbers;
  std::vector<std::string_view> distinct;
  const types::StringRef* last = nullptr;
  const auto* values = reinterpret_cast<const types::StringRef*>(column.values);
  for (uint32_t i = 0; i < rows; ++i) {
    // Neighbours are often alike.
    if (last != nullptr && *last == values[i]) {
      (*codes)[i] = (*codes)[i - 1];
      continue;
    }
    last = &values[i];
    auto [it, added] = numbers.try_emplace(values[i].view(), static_cast<uint32_t>(distinct.size()));
    if (added) {
      if (distinct.size() == kMaxDistinct) return false;
      distinct.push_back(it->first);
    }
    (*codes)[i] = it->second;
  }
  std::vector<uint32_t> order(distinct.size()), ranks(distinct.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return distinct[a] < distinct[b]; });
  for (uint32_t i = 0; i < order.size(); ++i) ranks[order[i]] = i;
  for (uint64_t& code : *codes) code = ranks[code];
  return true;
}

// False: the column has no such numbers, or NULLs.
bool make_codes(const SortColumn& column, uint32_t rows, bool descending, Codes* codes) {
  for (uint32_t i = 0; i < rows; ++i) {
    if (!is_valid(column, i)) return false;
  }
  codes->of.resize(rows);
  auto fill = [&](auto&& code) {
    for (uint32_t i = 0; i < rows; ++i) codes->of[i] = code(i);
  };
  switch (column.type) {
    case PhysicalType::kBool:
      fill([&](uint32_t i) { return value_at<uint8_t>(column, i); });
      break;
    case PhysicalType::kInt16:
      fill([&](uint32_t i) { return sign_flipped(value_at<int16_t>(column, i)); });
      break;
    case PhysicalType::kInt32:
      fill([&](uint32_t i) { return sign_flipped(value_at<int32_t>(column, i)); });
      break;
    case PhysicalType::kInt64:
      fill([&](uint32_t i) { return sign_flipped(value_at<int64_t>(column, i)); });
      break;
    case PhysicalType::kFloat32:
      fill([&](uint32_t i) { return float_code(static_cast<double>(value_at<float>(column, i))); });
      break;
    case PhysicalType::kFloat64:
      fill([&](uint32_t i) { return float_code(value_at<double>(column, i)); });
      break;
    case PhysicalType::kString:
      if (!rank_strings(column, rows, &codes->of)) return false;
      break;
    default:
      return false;
  }
  const auto [least, greatest] = std::minmax_element(codes->of.begin(), codes->of.end());
  const uint64_t low = *least, high = *greatest;
  for (uint64_t& code : codes->of) code = descending ? high - code : code - low;
  codes->greatest = high - low;
  return true;
}

types::Value boxed(const SortColumn& column, uint32_t row) {
  types::Value v = types::Value::null_of(column.type);
  if (!is_valid(column, row)) return v;
  v.null = false;
  const size_t width = types::physical_width(column.type);
  std::memcpy(v.words, column.values + row * width, width);
  return v;
}

// Any columns: by the bytes of index keys.
std::vector<uint32_t> places_by_keys(std::span<const SortColumn> columns, uint32_t rows,
                                     std::span<const SettleOrder> order) {
  std::vector<std::string> keys(rows);
  for (uint32_t i = 0; i < rows; ++i) {
    for (size_t k = 0; k < order.size(); ++k) {
      access::KeyColumn key;
      key.type = columns[k].type;
      key.descending = order[k].descending;
      access::append_key_column(keys[i], key, boxed(columns[k], i));
    }
  }
  if (std::is_sorted(keys.begin(), keys.end())) return {};
  std::vector<uint32_t> places(rows);
  std::iota(places.begin(), places.end(), 0U);
  std::stable_sort(places.begin(), places.end(), [&](uint32_t a, uint32_t b) { return keys[a] < keys[b]; });
  return places;
}

// Least significant digits first; only `bits` of a word are looked at.
void radix_sort(std::vector<uint64_t>& words, unsigned from_bit, unsigned to_bit) {
  constexpr unsigned kDigitBits = 11;
  std::vector<uint64_t> other(words.size());
  for (unsigned shift = from_bit; shift < to_bit; shift += kDigitBits) {
    std::array<uint32_t, (1 << kDigitBits) + 1> starts{};
    const uint64_t mask = (uint64_t{1} << std::min(kDigitBits, to_bit - shift)) - 1;
    for (uint64_t w : words) ++starts[(w >> shift & mask) + 1];
    std::partial_sum(starts.begin(), starts.end(), starts.begin());
    for (uint64_t w : words) other[starts[w >> shift & mask]++] = w;
    words.swap(other);
  }
}

}  // namespace

std::vector<uint32_t> sorted_places(std::span<const SortColumn> columns, uint32_t rows,
                                    std::span<const SettleOrder> order) {
  if (order.empty() || rows < 2) return {};
  std::vector<Codes> codes(order.size());
  unsigned bits = 0;
  for (size_t k = 0; k < order.size(); ++k) {
    if (!make_codes(columns[k], rows, order[k].descending, &codes[k]))
      return places_by_keys(columns, rows, order);
    bits += static_cast<unsigned>(std::bit_width(codes[k].greatest));
  }
  std::vector<uint32_t> places(rows);
  const auto place_bits = static_cast<unsigned>(std::bit_width(rows - 1));
  if (bits + place_bits <= 64) {
    std::vector<uint64_t> words(rows);
    bool sorted = true;
    for (uint32_t i = 0; i < rows; ++i) {
      uint64_t word = 0;
      for (const Codes& c : codes) word = word << std::bit_width(c.greatest) | c.of[i];
      words[i] = word << place_bits | i;
      sorted &= i == 0 || words[i - 1] < words[i];
    }
    if (sorted) return {};
    radix_sort(words, place_bits, place_bits + bits);
    for (uint32_t i = 0; i < rows; ++i)
      places[i] = static_cast<uint32_t>(words[i] & ((uint64_t{1} << place_bits) - 1));
    return places;
  }
  std::iota(places.begin(), places.end(), 0U);
  auto before = [&](uint32_t a, uint32_t b) {
    for (const Codes& c : codes) {
      if (c.of[a] != c.of[b]) return c.of[a] < c.of[b];
    }
    return false;
  };
  if (std::is_sorted(places.begin(), places.end(), before)) return {};
  std::stable_sort(places.begin(), places.end(), before);
  return places;
}

}  // namespace varve::columnar_table
