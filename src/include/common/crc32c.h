// CRC32C (Castagnoli), by the CPU's instruction where there is one. Checksums of pages and log records.
#pragma once

#include <cstddef>
#include <cstdint>

namespace varve {

// Continues `seed` over `size` bytes. crc32c(crc32c(s, a), b) == crc32c(s, ab).
uint32_t crc32c(uint32_t seed, const void* data, size_t size);

// The table-driven version, for machines without the instruction and for testing the other one.
uint32_t crc32c_portable(uint32_t seed, const void* data, size_t size);

}  // namespace varve
