// Many rows at once, column by column: what COPY and INSERT … SELECT write.
#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "access/row_layout.h"
#include "common/bytes.h"
#include "common/check.h"
#include "memory/arena.h"
#include "vector/vector.h"

namespace varve::access {

using types::PhysicalType;
using types::StringRef;
using vector::Selection;
using vector::Vector;

namespace {

// The variable bytes of one column, a piece a row. Numerics are written into `buffer` first.
struct Pieces {
  const Vector* column;
  std::string buffer;
  std::vector<uint32_t> ends;  // of numerics in the buffer

  explicit Pieces(const Vector& v) : column(&v) {}

  void prepare(const Selection& rows) {
    if (column->type() != PhysicalType::kNumeric) return;
    for (uint32_t i = 0; i < rows.count; ++i) {
      if (!column->is_null(rows[i])) types::append_numeric_row(buffer, column->at<types::Numeric>(rows[i]));
      ends.push_back(static_cast<uint32_t>(buffer.size()));
    }
  }

  // Of the i-th selected row.
  std::string_view piece(uint32_t i, uint32_t row) const {
    if (column->type() == PhysicalType::kNumeric) {
      uint32_t begin = i == 0 ? 0 : ends[i - 1];
      return std::string_view(buffer).substr(begin, ends[i] - begin);
    }
    return column->is_null(row) ? std::string_view() : column->at<StringRef>(row).view();
  }
};

template <size_t kWidth>
void put_fixed(const Vector& v, const Selection& rows, size_t offset, std::span<uint8_t* const> out) {
  for (uint32_t i = 0; i < rows.count; ++i) {
    uint32_t row = rows[i];
    if (!v.is_null(row)) std::memcpy(out[i] + offset, v.raw() + kWidth * v.index(row), kWidth);
  }
}

}  // namespace

bool RowLayout::encode_rows(std::span<const Vector* const> columns, const Selection& rows, Arena& memory,
                            std::vector<wal::Bytes>* out) const {
  const size_t n = columns_.size(), start = variable_offset(n), fixed = bitmap_bytes(n),
               ends = ends_offset(n);
  VARVE_CHECK(columns.size() == n && rows.count <= vector::kChunkRows);
  std::vector<Pieces> pieces;
  for (size_t c = 0; c < n; ++c) {
    if (places_[c].variable) pieces.emplace_back(*columns[c]).prepare(rows);
  }
  std::array<size_t, vector::kChunkRows> sizes;
  std::array<uint8_t*, vector::kChunkRows> begin;
  size_t total = 0;
  for (uint32_t i = 0; i < rows.count; ++i) {
    sizes[i] = start;
    for (const Pieces& p : pieces) sizes[i] += p.piece(i, rows[i]).size();
    if (sizes[i] > kCompressRowsOver) return false;
    total += sizes[i];
  }
  auto* place = static_cast<uint8_t*>(memory.allocate(total, 1));
  for (uint32_t i = 0; i < rows.count; ++i) {
    begin[i] = place;
    std::memset(place, 0, start);
    place += sizes[i];
    out->emplace_back(begin[i], sizes[i]);
  }
  const std::span<uint8_t* const> starts(begin.data(), rows.count);
  for (size_t c = 0; c < n; ++c) {
    const Vector& v = *columns[c];
    const Place& p = places_[c];
    if (v.has_nulls()) {
      for (uint32_t i = 0; i < rows.count; ++i) {
        if (v.is_null(rows[i])) begin[i][c / 8] = static_cast<uint8_t>(begin[i][c / 8] | 1U << c % 8);
      }
    }
    switch (p.width) {
      case 0:
        break;  // variable
      case 1:
        put_fixed<1>(v, rows, fixed + p.fixed_before, starts);
        break;
      case 2:
        put_fixed<2>(v, rows, fixed + p.fixed_before, starts);
        break;
      case 4:
        put_fixed<4>(v, rows, fixed + p.fixed_before, starts);
        break;
      case 8:
        put_fixed<8>(v, rows, fixed + p.fixed_before, starts);
        break;
      case 16:
        put_fixed<16>(v, rows, fixed + p.fixed_before, starts);
        break;
      default:
        VARVE_CHECK(false);
    }
  }
  for (uint32_t i = 0; i < rows.count; ++i) {
    size_t at = 0;
    for (size_t k = 0; k < pieces.size(); ++k) {
      std::string_view piece = pieces[k].piece(i, rows[i]);
      if (!piece.empty()) std::memcpy(begin[i] + start + at, piece.data(), piece.size());
      at += piece.size();
      store_raw(begin[i] + ends + 2 * k, static_cast<uint16_t>(at));
    }
  }
  return true;
}

}  // namespace varve::access
