// Streams of strings, and what the vectors of one chunk share: a dictionary and a symbol table.
//
// NULLs are strings whose data() is null: they come out as something.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "columnar/zone_map.h"
#include "fsst.h"
#include "int_codec.h"
#include "memory/arena.h"
#include "types/string_ref.h"

namespace varve::columnar {

using types::StringRef;

// --- encoding

class BytesEncoder {
 public:
  // The whole column: decides what its vectors will share. The strings must outlive the encoder.
  explicit BytesEncoder(std::span<const std::string_view> column);

  // The shared block, without padding to 64; empty if there is nothing to share.
  Bytes shared_block() const;
  // Rows [first, first + count) as one stream. kInvalid if they are too large for a vector.
  Status encode(size_t first, size_t count, Bytes& out) const;

 private:
  void choose_symbols();
  void choose_dictionary();
  void append_strings(std::span<const std::string_view> strings, Bytes& out) const;

  std::span<const std::string_view> column_;
  size_t total_bytes_ = 0;
  SymbolTable symbols_;
  std::optional<FsstEncoder> fsst_;        // absent: the table does not pay
  std::vector<std::string_view> entries_;  // the shared dictionary, sorted; empty: it does not pay
  std::vector<uint16_t> codes_;            // of each row, if there is one; a NULL's is the row's before it
};

// One vector's strings that share nothing, as one of kPlain … kZstd.
void encode_strings(std::span<const std::string_view> strings, Bytes& out);

// --- decoding

// The shared block, decoded. Entries point into memory_ or into the block. Immutable after parse: many
// threads may read.
struct SharedStrings {
  SymbolTable symbols;
  std::vector<StringRef> entries;
  Arena memory;

  static Status parse(ByteSpan block, SharedStrings* shared);
};

// kPlain, kFsst, kLz4, kZstd; checked; points into the stream.
struct StringsStream {
  Codec codec = Codec::kPlain;
  uint16_t count = 0;
  IntStream lengths;
  ByteSpan payload;
  uint32_t decoded_bytes = 0;
};

struct BytesStream {
  Codec codec = Codec::kPlain;
  uint16_t count = 0;
  StringsStream strings;  // of the rows, or a dictionary's
  IntStream codes;        // of the dictionaries
};

Status parse_bytes(PartReader& in, BytesStream* stream);

// References point into the stream, the shared strings or the arena. `out` has room for kVectorRows.
// `codes`: null, or room as well; gets the rows' places in the dictionary, which the stream must have.
Status decode_bytes(const BytesStream& stream, const SharedStrings& shared, Arena& arena, StringRef* out,
                    uint16_t* codes = nullptr);
Status decode_bytes(const BytesStream& stream, const SharedStrings& shared, std::span<const uint16_t> rows,
                    Arena& arena, StringRef* out, uint16_t* codes = nullptr);
// Entries of the stream's dictionary; 0: it has none.
uint32_t code_count(const BytesStream& stream, const SharedStrings& shared);

// As filter_ints(), in memcmp order.
Status filter_bytes(const BytesStream& stream, const SharedStrings& shared, Comparison op,
                    const StringRef& constant, uint64_t* bitmap);

// Clears the bits that are set and sets those of [0, count) that are not.
void invert_bits(uint64_t* bitmap, uint32_t count);

}  // namespace varve::columnar
