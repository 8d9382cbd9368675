// Several sort keys of a row as one number that orders like them, by how the values of all rows lie: an
// integer takes the bits of greatest - least, a string loses what all begin with. (Key normalisation with
// range compression; Graefe, "Implementing Sorting in Database Systems", 2006, describes the first half.)
//
//   high bits                                                                        low bits
//   | first key: NULL or value - least | second key | ... | the highest bits of a key that does not fit |
//
// Use: see() all rows, combine() what several threads have seen, fix(), then pack(). Not thread-safe.
#pragma once

#include <span>
#include <vector>

#include "row_format.h"
#include "sort_key.h"

namespace varve::executor {

struct SortEntry {
  uint64_t prefix;
  uint8_t* row;
};

class KeyPacking {
 public:
  // Both outlive it.
  KeyPacking(const RowFormat& format, std::span<const SortColumn> keys);

  void see(std::span<const SortEntry> rows);
  void combine(const KeyPacking& other);
  void fix();
  // Of how many keys, the first ones, equal numbers mean equal values.
  size_t exact_keys() const { return exact_keys_; }
  // Sets the prefixes; of rows that have been seen only.
  void pack(std::span<SortEntry> rows) const;

 private:
  struct Key {
    const SortColumn* column;
    KeyOrder order;
    bool any = false, nulls = false;
    uint64_t least = ~0ULL, greatest = 0;        // numbers; of strings once it is fixed
    types::StringRef least_text, greatest_text;  // the rows' own
    uint32_t longest_bytes = 0;
    uint32_t common_bytes = 0;    // what all strings begin with
    uint32_t bits = 0, drop = 0;  // in the number; low bits that had no room
  };
  template <class F>
  void with_numbers(const Key& key, F&& f) const;
  void see(Key& key, std::span<const SortEntry> rows) const;
  void pack(const Key& key, std::span<SortEntry> rows) const;
  types::StringRef text_of(const Key& key, const uint8_t* row) const;

  const RowFormat* format_;
  std::vector<Key> keys_;
  size_t exact_keys_ = 0;
};

}  // namespace varve::executor
