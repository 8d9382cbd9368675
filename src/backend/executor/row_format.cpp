#include "row_format.h"

namespace varve::executor {

using types::Numeric;
using types::PhysicalType;
using types::StringRef;

namespace {

struct TwoWords {
  uint64_t words[2];
};

uint32_t align(uint32_t n, uint32_t to) { return (n + to - 1) / to * to; }

template <class T>
void scatter_values(const Vector& v, const Selection& s, uint8_t* const* rows, uint32_t offset) {
  const T* data = v.data<T>();
  if (v.is_constant()) {
    for (uint32_t i = 0; i < s.count; ++i) store_raw(rows[i] + offset, data[0]);
  } else if (s.is_dense()) {
    for (uint32_t i = 0; i < s.count; ++i) store_raw(rows[i] + offset, data[i]);
  } else {
    for (uint32_t i = 0; i < s.count; ++i) store_raw(rows[i] + offset, data[s.rows[i]]);
  }
}

// `all_there`: no row pointer is null.
template <class T>
void gather_values(const uint8_t* const* rows, uint32_t count, T* out, uint32_t offset, bool all_there) {
  if (all_there) {
    for (uint32_t i = 0; i < count; ++i) out[i] = load_raw<T>(rows[i] + offset);
    return;
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (rows[i] != nullptr) out[i] = load_raw<T>(rows[i] + offset);
  }
}

void gather_values(PhysicalType type, const uint8_t* const* rows, uint32_t count, Vector& out, uint32_t at,
                   uint32_t offset, bool all_there) {
  switch (types::physical_width(type)) {
    case 1:
      return gather_values(rows, count, out.data<uint8_t>() + at, offset, all_there);
    case 2:
      return gather_values(rows, count, out.data<uint16_t>() + at, offset, all_there);
    case 4:
      return gather_values(rows, count, out.data<uint32_t>() + at, offset, all_there);
    case 8:
      return gather_values(rows, count, out.data<uint64_t>() + at, offset, all_there);
    default:
      return gather_values(rows, count, out.data<TwoWords>() + at, offset, all_there);
  }
}

StringRef own(const StringRef& s, Arena& heap) {
  return s.is_inline() ? s : StringRef(heap.copy(std::string_view(s.data(), s.size())));
}

template <class Equal>
uint32_t match_rows(const RowFormat& format, uint32_t column, const Vector& v, const Selection& selection,
                    const uint8_t* const* rows, uint16_t* candidates, uint32_t count, uint16_t* rejected,
                    uint32_t* rejected_count, Equal&& equal) {
  uint32_t kept = 0;
  uint32_t lost = rejected != nullptr ? *rejected_count : 0;
  size_t width = types::physical_width(v.type());
  for (uint32_t c = 0; c < count; ++c) {
    uint16_t i = candidates[c];
    uint32_t row = selection[i];
    bool left_null = format.is_null(rows[i], column), right_null = v.is_null(row);
    bool same = left_null || right_null
                    ? left_null && right_null
                    : equal(rows[i] + format.offset(column), v.raw() + width * v.index(row));
    if (same)
      candidates[kept++] = i;
    else if (rejected != nullptr)
      rejected[lost++] = i;
  }
  if (rejected != nullptr) *rejected_count = lost;
  return kept;
}

}  // namespace

RowFormat::RowFormat(std::span<const PhysicalType> types, uint32_t header_bytes, uint32_t trailer_bytes)
    : types_(types.begin(), types.end()), header_(header_bytes) {
  uint32_t at = header_bytes + static_cast<uint32_t>((types.size() + 7) / 8);
  for (PhysicalType t : types_) {
    offsets_.push_back(at);
    at += static_cast<uint32_t>(types::physical_width(t));
    has_references_ |= t == PhysicalType::kString || t == PhysicalType::kNumeric;
  }
  trailer_offset_ = trailer_bytes != 0 ? align(at, 16) : at;
  width_ = align(trailer_offset_ + trailer_bytes, trailer_bytes != 0 ? 16 : 8);
}

void RowFormat::scatter(uint32_t column, const Vector& v, const Selection& s, uint8_t* const* rows,
                        Arena& heap) const {
  uint32_t offset = offsets_[column];
  switch (types_[column]) {
    case PhysicalType::kString:
      for (uint32_t i = 0; i < s.count; ++i) {
        uint32_t row = s[i];
        if (!v.is_null(row)) store_raw(rows[i] + offset, own(v.at<StringRef>(row), heap));
      }
      break;
    case PhysicalType::kNumeric:
      for (uint32_t i = 0; i < s.count; ++i) {
        uint32_t row = s[i];
        if (v.is_null(row)) continue;
        const Numeric& n = v.at<Numeric>(row);
        store_raw(rows[i] + offset, n.kind() == Numeric::Kind::kBig ? types::copy(n, heap) : n);
      }
      break;
    default:
      switch (types::physical_width(types_[column])) {
        case 1:
          scatter_values<uint8_t>(v, s, rows, offset);
          break;
        case 2:
          scatter_values<uint16_t>(v, s, rows, offset);
          break;
        case 4:
          scatter_values<uint32_t>(v, s, rows, offset);
          break;
        case 8:
          scatter_values<uint64_t>(v, s, rows, offset);
          break;
        default:
          scatter_values<TwoWords>(v, s, rows, offset);
          break;
      }
  }
  if (v.has_nulls()) {
    for (uint32_t i = 0; i < s.count; ++i) {
      if (v.is_null(s[i])) rows[i][header_ + (column >> 3)] |= static_cast<uint8_t>(1U << (column & 7));
    }
  }
}

void RowFormat::gather_present(uint32_t column, const uint8_t* const* rows, uint32_t count,
                               Vector& out) const {
  gather_values(types_[column], rows, count, out, 0, offsets_[column], true);
}

void RowFormat::gather(uint32_t column, const uint8_t* const* rows, uint32_t count, Vector& out,
                       uint32_t at) const {
  gather_values(types_[column], rows, count, out, at, offsets_[column], false);
  uint32_t byte = header_ + (column >> 3);
  uint8_t bit = static_cast<uint8_t>(1U << (column & 7));
  for (uint32_t i = 0; i < count; ++i) {
    if (rows[i] == nullptr || (rows[i][byte] & bit) != 0)
      out.set_null(at + i);
    else
      out.set_valid(at + i);
  }
}

uint32_t RowFormat::match(uint32_t column, const KeyType& key, const Vector& v, const Selection& selection,
                          const uint8_t* const* rows, uint16_t* candidates, uint32_t count,
                          uint16_t* rejected, uint32_t* rejected_count) const {
  auto run = [&](auto&& equal) {
    return match_rows(*this, column, v, selection, rows, candidates, count, rejected, rejected_count, equal);
  };
  if (key.bitwise) {
    switch (types_[column]) {
      case PhysicalType::kInt32:
        return run(
            [](const void* a, const void* b) { return load_raw<uint32_t>(a) == load_raw<uint32_t>(b); });
      case PhysicalType::kInt64:
        return run(
            [](const void* a, const void* b) { return load_raw<uint64_t>(a) == load_raw<uint64_t>(b); });
      case PhysicalType::kString:
        return run(
            [](const void* a, const void* b) { return load_raw<StringRef>(a) == load_raw<StringRef>(b); });
      default:
        return run([&](const void* a, const void* b) { return equal_values(key, a, b); });
    }
  }
  return run([&](const void* a, const void* b) {
    const size_t width = types::physical_width(key.physical);
    if (std::memcmp(a, b, width) == 0) return true;  // the same bits are the same value
    alignas(16) uint8_t left[16];                    // comparison functions want aligned values
    std::memcpy(left, a, width);
    return key.compare(left, b, key.collation) == 0;
  });
}

bool RowFormat::same(uint32_t column, const KeyType& key, const uint8_t* a, const uint8_t* b) const {
  const bool a_null = is_null(a, column), b_null = is_null(b, column);
  if (a_null || b_null) return a_null && b_null;
  const size_t width = types::physical_width(types_[column]);
  alignas(16) uint8_t left[16], right[16];  // comparison functions want aligned values
  std::memcpy(left, value(a, column), width);
  std::memcpy(right, value(b, column), width);
  return std::memcmp(left, right, width) == 0 || equal_values(key, left, right);
}

uint8_t* RowFormat::copy(const uint8_t* row, Arena& rows, Arena& heap) const {
  auto* to = static_cast<uint8_t*>(rows.allocate(width_, 16));
  std::memcpy(to, row, width_);
  if (!has_references_) return to;
  for (uint32_t c = 0; c < types_.size(); ++c) {
    if (is_null(row, c)) continue;
    if (types_[c] == PhysicalType::kString)
      store_raw(to + offsets_[c], own(load_raw<StringRef>(row + offsets_[c]), heap));
    if (types_[c] == PhysicalType::kNumeric) {
      auto n = load_raw<Numeric>(row + offsets_[c]);
      if (n.kind() == Numeric::Kind::kBig) store_raw(to + offsets_[c], types::copy(n, heap));
    }
  }
  return to;
}

}  // namespace varve::executor
