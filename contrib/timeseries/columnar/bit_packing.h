// Packing of small unsigned integers, 128 to a block: the layout packed(b) of columnar/format.h.
//
// Kernels are written with 16-byte compiler vectors, one instantiation a bit width: SSE and NEON registers
// hold one row of lanes. Thread-safe: no state.
#pragma once

#include <cstddef>
#include <cstdint>

namespace varve::columnar {

inline constexpr uint32_t kPackBlock = 128;
inline constexpr unsigned kMaxBits = 64;

constexpr unsigned lane_bytes(unsigned bits) { return bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8; }
constexpr uint32_t pack_blocks(uint32_t count) { return (count + kPackBlock - 1) / kPackBlock; }
constexpr size_t packed_bytes(uint32_t count, unsigned bits) {
  return static_cast<size_t>(pack_blocks(count)) * 16 * bits;
}
constexpr unsigned bits_of(uint64_t v) { return v == 0 ? 0 : 64 - static_cast<unsigned>(__builtin_clzll(v)); }
constexpr uint64_t low_mask(unsigned bits) { return bits >= 64 ? ~0ULL : (1ULL << bits) - 1; }

// Writes packed_bytes(count, bits) bytes. The values must fit.
void pack(const uint64_t* values, uint32_t count, unsigned bits, uint8_t* out);

// Unpacks one block: 16 * bits bytes into 128 lanes of lane_bytes(bits) bytes. Any alignment of `in`.
void unpack_block(const uint8_t* in, unsigned bits, void* lanes);

// Unpacks whole blocks and adds `base` modulo the width of T: writes pack_blocks(count) * 128 values.
template <class T>  // uint8_t, uint16_t, uint32_t, uint64_t
void unpack_add(const uint8_t* in, uint32_t count, unsigned bits, T base, T* out);

// Value `i` alone.
uint64_t unpack_one(const uint8_t* in, uint32_t i, unsigned bits);

// Sets bit i of the bitmap where low <= value i <= high; clears it elsewhere. Writes pack_blocks(count) * 2
// words, bits behind `count` are unspecified. Compares within the lanes, nothing is widened.
void filter_packed(const uint8_t* in, uint32_t count, unsigned bits, uint64_t low, uint64_t high,
                   uint64_t* bitmap);

}  // namespace varve::columnar
