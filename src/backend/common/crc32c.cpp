#include "common/crc32c.h"

#include <array>

#include "common/bytes.h"

#if defined(__SSE4_2__)
#include <nmmintrin.h>
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace varve {
namespace {

constexpr std::array<uint32_t, 256> make_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0x82F63B78U & (0U - (crc & 1)));
    table[i] = crc;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kTable = make_table();

}  // namespace

uint32_t crc32c_portable(uint32_t seed, const void* data, size_t size) {
  uint32_t crc = ~seed;
  const auto* p = static_cast<const uint8_t*>(data);
  for (size_t i = 0; i < size; ++i) crc = kTable[(crc ^ p[i]) & 0xFF] ^ crc >> 8;
  return ~crc;
}

uint32_t crc32c(uint32_t seed, const void* data, size_t size) {
#if defined(__SSE4_2__)
  uint64_t crc = static_cast<uint32_t>(~seed);
  const auto* p = static_cast<const uint8_t*>(data);
  for (; size >= 8; size -= 8, p += 8) crc = _mm_crc32_u64(crc, load_raw<uint64_t>(p));
  for (; size > 0; --size, ++p) crc = _mm_crc32_u8(static_cast<uint32_t>(crc), *p);
  return ~static_cast<uint32_t>(crc);
#elif defined(__ARM_FEATURE_CRC32)
  uint32_t crc = ~seed;
  const auto* p = static_cast<const uint8_t*>(data);
  for (; size >= 8; size -= 8, p += 8) crc = __crc32cd(crc, load_raw<uint64_t>(p));
  for (; size > 0; --size, ++p) crc = __crc32cb(crc, *p);
  return ~crc;
#else
  return crc32c_portable(seed, data, size);
#endif
}

}  // namespace varve
