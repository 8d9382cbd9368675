// The time in UUIDs of version 7: 48 bits of Unix milliseconds, the version, 12 bits of the millisecond's
// 4096ths.
#pragma once

#include "types/text_codec.h"

namespace varve::types {

inline bool is_uuid_v7(const Uuid& u) { return u.bytes[6] >> 4 == 7; }

inline int64_t uuid_unix_ms(const Uuid& u) {
  int64_t ms = 0;
  for (int i = 0; i < 6; ++i) ms = ms << 8 | u.bytes[i];
  return ms;
}

// In the order of the UUIDs.
inline int64_t uuid_unix_us(const Uuid& u) {
  return uuid_unix_ms(u) * 1000 + ((int64_t{u.bytes[6]} & 15) << 8 | u.bytes[7]) * 1000 / 4096;
}

// The least one of version 7 whose time is not earlier. 0 <= unix_us < 2^48 * 1000.
inline Uuid uuid_from(int64_t unix_us) {
  Uuid u{};
  int64_t ms = unix_us / 1000;
  for (int i = 5; i >= 0; --i, ms >>= 8) u.bytes[i] = static_cast<uint8_t>(ms);
  // The smallest count of 4096ths that reads back as the microsecond.
  const int64_t part = (unix_us % 1000 * 4096 + 999) / 1000;
  u.bytes[6] = static_cast<uint8_t>(0x70 | part >> 8);
  u.bytes[7] = static_cast<uint8_t>(part);
  u.bytes[8] = 0x80;
  return u;
}

}  // namespace varve::types
