#include "buffer/page.h"

#include <cstring>
#include <lz4.h>

#include "buffer/page_image.h"
#include "common/bytes.h"
#include "common/crc32c.h"
#include "common/hash.h"

namespace varve::buffer {

uint32_t page_checksum(PageId id, const Page& page) {
  return crc32c(static_cast<uint32_t>(hash_int(id.value() + 1)), page.bytes() + 4, kPageBytes - 4);
}

bool page_is_zero(const Page& page) {
  const uint8_t* p = page.bytes();
  // Comparing the page with itself, shifted by a word, lets memcmp do the work.
  return load_raw<uint64_t>(p) == 0 && std::memcmp(p, p + 8, kPageBytes - 8) == 0;
}

wal::Bytes make_page_image(const Page& page, uint8_t* out, uint8_t* flags) {
  int size = LZ4_compress_default(reinterpret_cast<const char*>(page.bytes()), reinterpret_cast<char*>(out),
                                  kPageBytes, kPageBytes - 1);
  if (size > 0) {
    *flags = wal::kBlockFullImage | wal::kBlockLz4;
    return {out, static_cast<size_t>(size)};
  }
  std::memcpy(out, page.bytes(), kPageBytes);
  *flags = wal::kBlockFullImage;
  return {out, kPageBytes};
}

bool restore_page_image(uint8_t flags, wal::Bytes payload, Page* page) {
  if ((flags & wal::kBlockLz4) == 0) {
    if (payload.size() != kPageBytes) return false;
    std::memcpy(page->bytes(), payload.data(), kPageBytes);
    return true;
  }
  return LZ4_decompress_safe(reinterpret_cast<const char*>(payload.data()),
                             reinterpret_cast<char*>(page->bytes()), static_cast<int>(payload.size()),
                             kPageBytes) == static_cast<int>(kPageBytes);
}

}  // namespace varve::buffer
