// Strings shortened by a table of up to 255 frequent pieces of 1 … 8 bytes: each becomes one byte, 255 says
// that the next byte is itself. Every string is coded alone, so any of them can be read without its
// neighbours.
//
// Source: Boncz, Neumann & Leis, "FSST: Fast Random Access String Compression", VLDB 2020; the table's making
// is theirs, the format (columnar/format.h) is not their library's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "columnar/format.h"
#include "common/status.h"
#include "stream.h"

namespace varve::columnar {

inline constexpr unsigned kMaxSymbols = 255;
inline constexpr uint8_t kEscape = 255;

class SymbolTable {
 public:
  SymbolTable();

  // Reads what serialize() wrote; all of `bytes` must be it.
  static Status parse(ByteSpan bytes, SymbolTable* table);
  void serialize(Bytes& out) const;

  unsigned count() const { return count_; }
  void add(std::string_view symbol);
  uint64_t word(unsigned code) const { return words_[code]; }
  unsigned length(unsigned code) const { return lengths_[code]; }

  // Writes what the codes stand for. `out` has room for `size` + kDecodeSlack bytes; kCorruption if what
  // comes out is not `size` bytes, or a code is unknown.
  static constexpr size_t kDecodeSlack = 32;
  Status decode(ByteSpan codes, uint8_t* out, size_t size) const;
  // The same with the size unknown: at most `room` bytes (and kDecodeSlack beyond them are overwritten).
  // Returns the number of bytes, or SIZE_MAX if the codes are damaged or need more room.
  size_t decode_some(ByteSpan codes, uint8_t* out, size_t room) const;

 private:
  // The first eight bytes, little-endian, zero-padded. Unknown codes have length 0.
  std::array<uint64_t, 256> words_{};
  std::array<uint8_t, 256> lengths_{};
  unsigned count_ = 0;
};

// Not thread-safe: has a buffer.
class FsstEncoder {
 public:
  explicit FsstEncoder(const SymbolTable& table);
  ~FsstEncoder();
  FsstEncoder(FsstEncoder&&) noexcept;
  FsstEncoder& operator=(FsstEncoder&&) noexcept;

  // Appends the codes of one string; never more than twice its bytes.
  void encode(std::string_view s, Bytes& out) const;

 private:
  struct Matcher;
  std::unique_ptr<Matcher> matcher_;
};

// The best table for strings like these. Reads about 16 KB of them.
SymbolTable build_symbol_table(std::span<const std::string_view> strings);

}  // namespace varve::columnar
