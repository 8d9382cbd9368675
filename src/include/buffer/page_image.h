// Full images of pages in log records: LZ4 when that makes them smaller.
#pragma once

#include <cstdint>

#include "buffer/page.h"
#include "wal/log_record.h"

namespace varve::buffer {

// Writes the image into `out` (kPageBytes long). Returns its bytes; `*flags` receives the block's flags.
wal::Bytes make_page_image(const Page& page, uint8_t* out, uint8_t* flags);
// False if the payload is no such image.
bool restore_page_image(uint8_t flags, wal::Bytes payload, Page* page);

}  // namespace varve::buffer
