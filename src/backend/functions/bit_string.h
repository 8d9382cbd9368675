// bit and varbit in memory: u32 bit count, then the bits, highest first, the last byte zero-padded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/bytes.h"

namespace varve::functions {

inline uint32_t bit_count(std::string_view v) { return load_raw<uint32_t>(v.data()); }
inline std::string_view bit_bytes(std::string_view v) { return v.substr(4); }
inline bool bit_at(std::string_view v, uint32_t i) {
  return (static_cast<uint8_t>(v[4 + i / 8]) >> (7 - i % 8) & 1) != 0;
}
inline void append_bit_header(std::string& out, uint32_t bits) {
  out.append(reinterpret_cast<const char*>(&bits), 4);
}

// Clears the padding bits of the last byte.
inline void clear_padding(std::string& out, uint32_t bits) {
  if (bits % 8 != 0) out.back() = static_cast<char>(out.back() & (0xFF << (8 - bits % 8)));
}

// Cut or zero-extended at the right.
inline void resize_bits(std::string& out, std::string_view v, uint32_t bits) {
  size_t start = out.size();
  append_bit_header(out, bits);
  size_t bytes = (bits + 7) / 8;
  out.append(bit_bytes(v).substr(0, bytes));
  out.resize(start + 4 + bytes, '\0');
  if (bits < bit_count(v)) clear_padding(out, bits);
}

// The low `bits` bits of v, sign-extended at the left when there are more than v has.
inline void bits_of_integer(std::string& out, int64_t v, int /*width*/, int32_t bits) {
  if (bits <= 0) bits = 1;
  append_bit_header(out, static_cast<uint32_t>(bits));
  size_t start = out.size();
  out.resize(start + (static_cast<size_t>(bits) + 7) / 8, '\0');
  for (int32_t i = 0; i < bits; ++i) {
    int32_t from_right = bits - 1 - i;
    bool set = from_right >= 64 ? v < 0 : (static_cast<uint64_t>(v) >> from_right & 1) != 0;
    if (set) out[start + static_cast<size_t>(i) / 8] |= static_cast<char>(0x80 >> i % 8);
  }
}

inline uint64_t integer_of_bits(std::string_view v) {
  uint64_t r = 0;
  for (uint32_t i = 0; i < bit_count(v); ++i) r = r << 1 | static_cast<uint64_t>(bit_at(v, i));
  return r;
}

}  // namespace varve::functions
