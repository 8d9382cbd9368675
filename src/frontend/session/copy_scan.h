// Finding the bytes that end fields, and those that need a closer look, 64 bytes at a time. Private to the
// module.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace varve::session {

// One bit a byte, the first byte's the lowest.
struct ByteMasks {
  uint64_t ends;  // delimiter or newline
  uint64_t odd;   // carriage return, or the byte that makes a field mean something else: backslash or quote
};

#if defined(__SSE2__)
inline ByteMasks scan_bytes(const char* p, char delimiter, char special) {
  const __m128i d = _mm_set1_epi8(delimiter), s = _mm_set1_epi8(special), n = _mm_set1_epi8('\n'),
                r = _mm_set1_epi8('\r');
  ByteMasks masks{0, 0};
  for (unsigned i = 0; i < 4; ++i) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * i));
    const __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(bytes, d), _mm_cmpeq_epi8(bytes, n));
    const __m128i odd = _mm_or_si128(_mm_cmpeq_epi8(bytes, s), _mm_cmpeq_epi8(bytes, r));
    masks.ends |= uint64_t{static_cast<uint32_t>(_mm_movemask_epi8(ends))} << (16 * i);
    masks.odd |= uint64_t{static_cast<uint32_t>(_mm_movemask_epi8(odd))} << (16 * i);
  }
  return masks;
}
#elif defined(__aarch64__)
// A bit for each byte of four vectors that are all ones or all zeros a byte.
inline uint64_t mask_of(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d) {
  const uint8x16_t bits = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t low = vpaddq_u8(vandq_u8(a, bits), vandq_u8(b, bits));
  const uint8x16_t high = vpaddq_u8(vandq_u8(c, bits), vandq_u8(d, bits));
  const uint8x16_t sums = vpaddq_u8(low, high);
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)), 0);
}
inline ByteMasks scan_bytes(const char* p, char delimiter, char special) {
  const uint8x16_t d = vdupq_n_u8(static_cast<uint8_t>(delimiter)),
                   s = vdupq_n_u8(static_cast<uint8_t>(special)), n = vdupq_n_u8('\n'), r = vdupq_n_u8('\r');
  uint8x16_t ends[4], odd[4];
  for (unsigned i = 0; i < 4; ++i) {
    const uint8x16_t bytes = vld1q_u8(reinterpret_cast<const uint8_t*>(p + 16 * i));
    ends[i] = vorrq_u8(vceqq_u8(bytes, d), vceqq_u8(bytes, n));
    odd[i] = vorrq_u8(vceqq_u8(bytes, s), vceqq_u8(bytes, r));
  }
  return {mask_of(ends[0], ends[1], ends[2], ends[3]), mask_of(odd[0], odd[1], odd[2], odd[3])};
}
#else
inline ByteMasks scan_bytes(const char* p, char delimiter, char special) {
  ByteMasks masks{0, 0};
  for (unsigned i = 0; i < 64; ++i) {
    masks.ends |= uint64_t{p[i] == delimiter || p[i] == '\n'} << i;
    masks.odd |= uint64_t{p[i] == special || p[i] == '\r'} << i;
  }
  return masks;
}
#endif

// Walks from the end of one field to that of the next.
class FieldEnds {
 public:
  static constexpr size_t kBlock = 64;

  FieldEnds(std::string_view text, char delimiter, char special)
      : text_(text), delimiter_(delimiter), special_(special) {
    load(0);
  }

  // Offset of the next delimiter or newline, or size() if there is none. `*odd`: there are odd bytes between
  // it and the one before.
  size_t next(bool* odd) {
    while (masks_.ends == 0) {
      odd_before_ |= masks_.odd != 0;
      if (text_.size() - block_ <= kBlock) return text_.size();
      load(block_ + kBlock);
    }
    const auto at = static_cast<unsigned>(std::countr_zero(masks_.ends));
    const uint64_t below = (uint64_t{1} << at) - 1;
    *odd = odd_before_ || (masks_.odd & below) != 0;
    odd_before_ = false;
    masks_.odd &= ~below;
    masks_.ends &= masks_.ends - 1;
    return block_ + at;
  }

  // Goes on at `offset`, the beginning of a field.
  void seek(size_t offset) {
    odd_before_ = false;
    if (offset >= text_.size()) {
      block_ = text_.size();
      masks_ = {0, 0};
      return;
    }
    if (offset < block_ || offset - block_ >= kBlock) load(offset / kBlock * kBlock);
    const uint64_t from = ~uint64_t{0} << (offset - block_);
    masks_.ends &= from;
    masks_.odd &= from;
  }

 private:
  void load(size_t block) {
    block_ = block;
    if (text_.size() - block >= kBlock) {
      masks_ = scan_bytes(text_.data() + block, delimiter_, special_);
      return;
    }
    const size_t size = text_.size() - block;
    char bytes[kBlock] = {};
    std::memcpy(bytes, text_.data() + block, size);
    masks_ = scan_bytes(bytes, delimiter_, special_);
    const uint64_t inside = (uint64_t{1} << size) - 1;  // a delimiter may be any byte
    masks_.ends &= inside;
    masks_.odd &= inside;
  }

  std::string_view text_;
  char delimiter_, special_;
  size_t block_ = 0;
  ByteMasks masks_{0, 0};
  bool odd_before_ = false;
};

}  // namespace varve::session
