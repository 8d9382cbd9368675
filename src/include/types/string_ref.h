// A 16-byte reference to bytes ("German string"): most comparisons end in the first eight bytes.
//
//   size_ u32 | prefix 4 bytes | size_ <= 12: 8 more bytes, zero-padded | size_ > 12: pointer to all bytes
//
// Does not own: long bytes live elsewhere and must outlive it. Zero padding of short strings is part of the
// contract, equality compares two words.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "common/bytes.h"
#include "common/hash.h"

namespace varve::types {

class StringRef {
 public:
  static constexpr uint32_t kInlineBytes = 12;

  StringRef() : words_{0, 0} {}
  // Copies up to 12 bytes; longer bytes stay where they are. At most 4 GiB.
  StringRef(const char* data, size_t size) : words_{0, 0} {
    auto* self = reinterpret_cast<char*>(words_);
    store_raw(self, static_cast<uint32_t>(size));
    if (size <= kInlineBytes) {
      if (size != 0) std::memcpy(self + 4, data, size);
    } else {
      std::memcpy(self + 4, data, 4);
      store_raw(self + 8, data);
    }
  }
  explicit StringRef(std::string_view s) : StringRef(s.data(), s.size()) {}

  uint32_t size() const { return static_cast<uint32_t>(words_[0]); }
  bool empty() const { return size() == 0; }
  bool is_inline() const { return size() <= kInlineBytes; }
  // Points into this object when inline: valid as long as the object stays where it is.
  const char* data() const {
    return is_inline() ? reinterpret_cast<const char*>(words_) + 4 : reinterpret_cast<const char*>(words_[1]);
  }
  std::string_view view() const& { return {data(), size()}; }
  std::string_view view() const&& = delete;  // would dangle when inline

  bool operator==(const StringRef& o) const {
    if (words_[0] != o.words_[0]) return false;  // size and prefix
    if (words_[1] == o.words_[1]) return true;
    return !is_inline() && std::memcmp(data(), o.data(), size()) == 0;
  }
  // memcmp order; a prefix sorts before what it begins.
  int compare(const StringRef& o) const {
    uint32_t a = prefix_key(), b = o.prefix_key();
    if (a != b) return a < b ? -1 : 1;
    uint32_t n = std::min(size(), o.size());
    int c = n <= 4 ? 0 : std::memcmp(data() + 4, o.data() + 4, n - 4);
    if (c != 0) return c;
    return size() < o.size() ? -1 : size() > o.size() ? 1 : 0;
  }
  std::strong_ordering operator<=>(const StringRef& o) const { return compare(o) <=> 0; }
  uint64_t hash() const { return hash_bytes(data(), size()); }

 private:
  // The first four bytes as a number that orders like them.
  uint32_t prefix_key() const { return byte_swap(static_cast<uint32_t>(words_[0] >> 32)); }

  uint64_t words_[2];
};

static_assert(sizeof(StringRef) == 16 && std::is_trivially_copyable_v<StringRef>);

}  // namespace varve::types
