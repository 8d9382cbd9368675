#include "access/row_layout.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <fmt/format.h>

#include "common/bytes.h"
#include "common/check.h"
#include "common/sql_error.h"
#include "memory/arena.h"

namespace varve::access {

using types::Interval;
using types::Numeric;
using types::PhysicalType;
using types::StringRef;
using types::Uuid;
using types::Value;

namespace {

constexpr uint32_t kEndMask = 0x3FFF;
constexpr uint32_t kFormShift = 14;
static_assert(kMaxRowBytes <= kEndMask);

bool is_variable(PhysicalType type) {
  return type == PhysicalType::kString || type == PhysicalType::kNumeric;
}

bool null_bit(const uint8_t* row, size_t i) { return (row[i / 8] >> i % 8 & 1) != 0; }

Value value_at(PhysicalType type, const uint8_t* p) {
  Value v;
  v.type = type;
  v.null = false;
  std::memcpy(v.words, p, types::physical_width(type));
  return v;
}

[[noreturn]] void throw_too_big(size_t bytes) {
  throw SqlError(sqlstate::kProgramLimitExceeded,
                 fmt::format("row is too big: size {}, maximum size {}", bytes, kMaxRowBytes));
}

void check_value_size(size_t bytes) {
  if (bytes <= kMaxValueBytes) return;
  throw SqlError(sqlstate::kInternalError, fmt::format("invalid memory alloc request size {}", bytes));
}

wal::Bytes as_bytes(std::string_view s) { return {reinterpret_cast<const uint8_t*>(s.data()), s.size()}; }

// Of a value in another form, before it is read.
size_t raw_length(const StoredValue& stored) { return load_raw<uint32_t>(stored.bytes.data()); }

// Shortens the longest of the pieces that are at most `from`, until the row is within `limit` or there is
// nothing left to gain.
size_t shrink(std::span<StoredValue> pieces, size_t total, StoredForm from, size_t limit,
              LargeValueWriter& large) {
  // Shorter ones gain nothing: an OverflowPointer takes half of this.
  constexpr size_t kWorthwhile = 64;
  for (std::vector<bool> tried(pieces.size()); total > limit;) {
    size_t longest = pieces.size();
    for (size_t i = 0; i < pieces.size(); ++i) {
      bool candidate = !tried[i] && pieces[i].form <= from && pieces[i].bytes.size() >= kWorthwhile;
      if (candidate && (longest == pieces.size() || pieces[i].bytes.size() > pieces[longest].bytes.size()))
        longest = i;
    }
    if (longest == pieces.size()) break;
    tried[longest] = true;
    StoredValue& p = pieces[longest];
    total -= p.bytes.size();
    p.form = large.shrink(p.form, from, &p.bytes);
    total += p.bytes.size();
  }
  return total;
}

}  // namespace

RowLayout::RowLayout(std::span<const ColumnSpec> columns) : columns_(columns.begin(), columns.end()) {
  Place next{};
  for (const ColumnSpec& c : columns_) {
    next.type = c.type;
    next.variable = is_variable(c.type);
    next.width = next.variable ? 0 : static_cast<uint8_t>(types::physical_width(c.type));
    places_.push_back(next);
    next.fixed_before = static_cast<uint16_t>(next.fixed_before + next.width);
    if (next.variable) ++next.variable_before;
  }
  places_.push_back(next);
}

uint16_t RowLayout::encode(std::span<const Value> values, std::string* out, LargeValueWriter* large,
                           std::span<const StoredValue> kept) const {
  size_t n = columns_.size();
  VARVE_CHECK(values.size() == n && (kept.empty() || kept.size() == n));
  size_t start = variable_offset(n);
  out->assign(start, '\0');
  auto* row = reinterpret_cast<uint8_t*>(out->data());
  size_t fixed = bitmap_bytes(n), ends = ends_offset(n);
  bool oversized = !kept.empty();
  for (size_t i = 0; i < n; ++i) {
    const Place& p = places_[i];
    const Value& v = values[i];
    if (v.null) row[i / 8] = static_cast<uint8_t>(row[i / 8] | 1U << i % 8);
    if (!p.variable) {
      if (!v.null) std::memcpy(row + fixed + p.fixed_before, v.words, p.width);
      continue;
    }
    if (oversized) continue;
    if (!v.null) {
      if (p.type == PhysicalType::kString) {
        oversized = v.string.size() > kMaxRowBytes;
        if (!oversized) out->append(v.string.data(), v.string.size());
      } else {
        types::append_numeric_row(*out, v.numeric);
      }
      row = reinterpret_cast<uint8_t*>(out->data());
    }
    oversized = oversized || out->size() > kMaxRowBytes;
    store_raw(row + ends + size_t{2} * p.variable_before, static_cast<uint16_t>(out->size() - start));
  }
  if (!oversized && out->size() <= (large == nullptr ? kMaxRowBytes : kCompressRowsOver)) return 0;
  return encode_oversized(values, out, large, kept);
}

// encode() has done all but the variable values, which come from here: the row is long, or some of it is
// there already.
uint16_t RowLayout::encode_oversized(std::span<const Value> values, std::string* out, LargeValueWriter* large,
                                     std::span<const StoredValue> kept) const {
  size_t n = columns_.size(), start = variable_offset(n), ends = ends_offset(n);
  std::vector<StoredValue> pieces;
  std::deque<std::string> numerics;
  size_t total = start;
  for (size_t i = 0; i < n; ++i) {
    if (!places_[i].variable) continue;
    StoredValue piece;
    if (!values[i].null) {
      if (!kept.empty() && kept[i].form != StoredForm::kPlain) {
        piece = kept[i];
      } else if (places_[i].type == PhysicalType::kString) {
        check_value_size(values[i].string.size());
        piece.bytes = {reinterpret_cast<const uint8_t*>(values[i].string.data()), values[i].string.size()};
      } else {
        types::append_numeric_row(numerics.emplace_back(), values[i].numeric);
        piece.bytes = as_bytes(numerics.back());
      }
    }
    total += piece.bytes.size();
    pieces.push_back(piece);
  }
  if (large != nullptr) {
    total = shrink(pieces, total, StoredForm::kPlain, kCompressRowsOver, *large);
    total = shrink(pieces, total, StoredForm::kCompressed, kShortenRowsOver, *large);
  }
  if (total > kMaxRowBytes) throw_too_big(total);
  out->resize(start);
  uint16_t flags = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].form != StoredForm::kPlain) flags = kRowHasLarge;
    out->append(reinterpret_cast<const char*>(pieces[i].bytes.data()), pieces[i].bytes.size());
    store_raw(
        out->data() + ends + 2 * i,
        static_cast<uint16_t>((out->size() - start) | static_cast<size_t>(pieces[i].form) << kFormShift));
  }
  return flags;
}

StoredValue RowLayout::stored_value(wal::Bytes row, size_t attributes, size_t column) const {
  uint32_t v = places_[column].variable_before;
  const uint8_t* ends = row.data() + ends_offset(attributes);
  uint32_t begin = v == 0 ? 0 : load_raw<uint16_t>(ends + 2 * (v - 1)) & kEndMask;
  uint32_t word = load_raw<uint16_t>(ends + 2 * v);
  const uint8_t* data = row.data() + variable_offset(attributes);
  return {static_cast<StoredForm>(word >> kFormShift), {data + begin, (word & kEndMask) - begin}};
}

size_t RowLayout::large_bytes(const RowVersion& row, size_t column) const {
  if ((row.flags & kRowHasLarge) == 0 || column >= row.attributes || !places_[column].variable) return 0;
  StoredValue s = stored_value({row.bytes, row.length}, row.attributes, column);
  return s.form == StoredForm::kPlain ? 0 : raw_length(s);
}

Value RowLayout::decode_stored(PhysicalType type, const StoredValue& stored, const RowVersion& row,
                               Arena& arena) const {
  StringRef bytes(reinterpret_cast<const char*>(stored.bytes.data()), stored.bytes.size());
  if (stored.form != StoredForm::kPlain) {
    VARVE_CHECK(row.large != nullptr);
    bytes = row.large->read(stored.form, stored.bytes, arena);
  }
  if (type == PhysicalType::kString) return Value::of_string(bytes);
  return Value::of_numeric(types::read_numeric_row(bytes.view(), arena));
}

Value RowLayout::get(const RowVersion& row, size_t column, Arena& arena) const {
  if (column >= row.attributes) return columns_[column].missing;
  const Place& p = places_[column];
  if (null_bit(row.bytes, column)) return Value::null_of(p.type);
  if (!p.variable) return value_at(p.type, row.bytes + bitmap_bytes(row.attributes) + p.fixed_before);
  return decode_stored(p.type, stored_value({row.bytes, row.length}, row.attributes, column), row, arena);
}

namespace {

// Fills validity words from a test of each row; true if one failed.
template <class F>
bool fill(std::span<const RowVersion> rows, uint64_t* validity, F&& value_of_row) {
  bool nulls = false;
  for (size_t at = 0; at < rows.size(); at += 64) {
    size_t n = std::min<size_t>(64, rows.size() - at);
    uint64_t word = 0;
    for (size_t i = 0; i < n; ++i) word |= uint64_t{value_of_row(rows[at + i], at + i)} << i;
    validity[at / 64] = word;
    nulls = nulls || word != (n == 64 ? ~uint64_t{0} : (uint64_t{1} << n) - 1);
  }
  return nulls;
}

// The v-th variable value between the ends' array and the bytes they refer to.
inline StoredValue value_between(const uint8_t* ends, const uint8_t* data, uint32_t v) {
  uint32_t begin = v == 0 ? 0 : load_raw<uint16_t>(ends + 2 * (v - 1)) & kEndMask;
  uint32_t word = load_raw<uint16_t>(ends + 2 * v);
  return {static_cast<StoredForm>(word >> kFormShift), {data + begin, (word & kEndMask) - begin}};
}

template <class T>
T missing_as(const Value& v) {
  T t{};
  if (!v.null) std::memcpy(static_cast<void*>(&t), v.words, sizeof(T));
  return t;
}

}  // namespace

template <class T>
bool RowLayout::decode_fixed(std::span<const RowVersion> rows, size_t column, T* out,
                             uint64_t* validity) const {
  const Value& missing = columns_[column].missing;
  const T missing_value = missing_as<T>(missing);
  const size_t fixed = places_[column].fixed_before;
  size_t attributes = SIZE_MAX, offset = 0;  // the last row's; nearly always also the next's
  return fill(rows, validity, [&](const RowVersion& row, size_t i) {
    if (row.attributes != attributes) {
      attributes = row.attributes;
      offset = bitmap_bytes(attributes) + fixed;
    }
    if (attributes <= column) {
      out[i] = missing_value;
      return !missing.null;
    }
    // A NULL's bytes are zeros in the row too.
    std::memcpy(static_cast<void*>(&out[i]), row.bytes + offset, sizeof(T));
    return !null_bit(row.bytes, column);
  });
}

bool RowLayout::decode_strings(std::span<const RowVersion> rows, size_t column, StringRef* out,
                               uint64_t* validity, Arena& arena) const {
  const Value& missing = columns_[column].missing;
  const StringRef missing_value = missing_as<StringRef>(missing);
  const uint32_t v = places_[column].variable_before;
  size_t attributes = SIZE_MAX, ends = 0, data = 0;
  return fill(rows, validity, [&](const RowVersion& row, size_t i) {
    if (row.attributes != attributes) {
      attributes = row.attributes;
      if (attributes > column) ends = ends_offset(attributes), data = variable_offset(attributes);
    }
    if (attributes <= column) {
      out[i] = missing_value;
      return !missing.null;
    }
    StoredValue s = value_between(row.bytes + ends, row.bytes + data, v);
    if (s.form == StoredForm::kPlain) [[likely]] {
      out[i] = StringRef(reinterpret_cast<const char*>(s.bytes.data()), s.bytes.size());
    } else {
      out[i] = decode_stored(PhysicalType::kString, s, row, arena).string;
    }
    return !null_bit(row.bytes, column);
  });
}

bool RowLayout::decode_numerics(std::span<const RowVersion> rows, size_t column, Numeric* out,
                                uint64_t* validity, Arena& arena) const {
  const Value& missing = columns_[column].missing;
  const Numeric missing_value = missing_as<Numeric>(missing);
  const uint32_t v = places_[column].variable_before;
  size_t attributes = SIZE_MAX, ends = 0, data = 0;
  return fill(rows, validity, [&](const RowVersion& row, size_t i) {
    if (row.attributes != attributes) {
      attributes = row.attributes;
      if (attributes > column) ends = ends_offset(attributes), data = variable_offset(attributes);
    }
    if (attributes <= column) {
      out[i] = missing_value;
      return !missing.null;
    }
    if (null_bit(row.bytes, column)) {
      out[i] = Numeric();
      return false;
    }
    StoredValue s = value_between(row.bytes + ends, row.bytes + data, v);
    // Most are a scale and up to eight bytes of significand: read as the end of a word, which the row's front
    // pads.
    size_t digits = s.bytes.size() - 1;
    if (s.form == StoredForm::kPlain && digits - 1 < 8 && s.bytes[0] <= Numeric::kMaxInlineScale &&
        s.bytes.data() + s.bytes.size() - row.bytes >= 8) [[likely]] {
      auto word = load_raw<int64_t>(s.bytes.data() + s.bytes.size() - 8);
      out[i] = Numeric(static_cast<types::int128>(word >> (8 - digits) * 8), s.bytes[0]);
      return true;
    }
    out[i] = decode_stored(PhysicalType::kNumeric, s, row, arena).numeric;
    return true;
  });
}

bool RowLayout::decode_column(std::span<const RowVersion> rows, size_t column, void* out, uint64_t* validity,
                              Arena& arena) const {
  switch (columns_[column].type) {
    case PhysicalType::kBool:
      return decode_fixed(rows, column, static_cast<uint8_t*>(out), validity);
    case PhysicalType::kInt16:
      return decode_fixed(rows, column, static_cast<int16_t*>(out), validity);
    case PhysicalType::kInt32:
      return decode_fixed(rows, column, static_cast<int32_t*>(out), validity);
    case PhysicalType::kInt64:
      return decode_fixed(rows, column, static_cast<int64_t*>(out), validity);
    case PhysicalType::kFloat32:
      return decode_fixed(rows, column, static_cast<float*>(out), validity);
    case PhysicalType::kFloat64:
      return decode_fixed(rows, column, static_cast<double*>(out), validity);
    case PhysicalType::kInterval:
      return decode_fixed(rows, column, static_cast<Interval*>(out), validity);
    case PhysicalType::kUuid:
      return decode_fixed(rows, column, static_cast<Uuid*>(out), validity);
    case PhysicalType::kString:
      return decode_strings(rows, column, static_cast<StringRef*>(out), validity, arena);
    case PhysicalType::kNumeric:
      return decode_numerics(rows, column, static_cast<Numeric*>(out), validity, arena);
  }
  __builtin_unreachable();
}

}  // namespace varve::access
