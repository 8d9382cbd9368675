#include "common/hash.h"

#include "common/bytes.h"

namespace varve {

uint64_t hash_bytes(const void* data, size_t size, uint64_t seed) {
  const auto* p = static_cast<const uint8_t*>(data);
  uint64_t h = seed ^ size * 0x9E3779B97F4A7C15ULL;
  for (; size >= 8; size -= 8, p += 8) h = hash_int(h ^ load_raw<uint64_t>(p)) * 0x9DDFEA08EB382D69ULL;
  // The last bytes as a number, without a call of memcpy for their varying count.
  uint64_t tail = 0;
  if (size >= 4) {
    tail = load_raw<uint32_t>(p) | uint64_t{load_raw<uint32_t>(p + size - 4)} << (size - 4) * 8;
  } else if (size > 0) {
    tail = p[0] | uint64_t{p[size >> 1]} << (size >> 1) * 8 | uint64_t{p[size - 1]} << (size - 1) * 8;
  }
  return hash_int(h ^ tail);
}

}  // namespace varve
