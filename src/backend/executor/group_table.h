// Hash table of distinct keys, each with some bytes of state: groups of an aggregate, sets of rows.
//
// Linear probing over 8-byte slots (16 bits of hash, 48 of pointer); rows lie in arenas and never move. Works
// a chunk at a time: find slots, append the new rows, compare the rest column by column, and again for those
// that differ.
#pragma once

#include <vector>

#include "executor/execution_context.h"
#include "row_format.h"

namespace varve::executor {

class GroupTable {
 public:
  GroupTable(ExecutionContext& context, std::vector<KeyType> keys, uint32_t state_bytes);

  // groups[i] = the group of row selection[i]. Unknown ones are added (fresh() lists them: their state is not
  // initialised), or with `add` false null.
  void find(std::span<const Vector* const> keys, const Selection& rows, uint8_t** groups, bool add);
  std::span<uint8_t* const> fresh() const { return fresh_; }
  // The row that each fresh group came from, in no particular order.
  std::span<const uint16_t> fresh_rows() const { return {fresh_rows_.data(), fresh_.size()}; }

  // Makes room for so many groups in all.
  void reserve(size_t groups);
  // Takes up groups of other tables of the same shape, where they lie. same[i]: the group that has the keys
  // already, which is left as it is; null: groups[i] is this table's now as well.
  void adopt(std::span<uint8_t* const> groups, uint8_t** same);
  // The groups are another's from now on; their memory stays this table's.
  void give_away() {
    rows_.clear();
    ended_ = 0;
  }
  // For whoever looks nothing up any more: drops groups [from, to), or puts one in another's place.
  void erase(size_t from, size_t to) {
    rows_.erase(rows_.begin() + static_cast<ptrdiff_t>(from), rows_.begin() + static_cast<ptrdiff_t>(to));
  }
  void replace(size_t at, uint8_t* group) { rows_[at] = group; }

  std::span<uint8_t* const> groups() const { return rows_; }
  const RowFormat& format() const { return format_; }
  uint32_t state_offset() const { return format_.trailer_offset(); }
  // How many of the groups, from the first on, have lost their states.
  size_t ended() const { return ended_; }
  void set_ended(size_t groups) { ended_ = groups; }
  static uint64_t hash_of(const uint8_t* group) { return load_raw<uint64_t>(group); }
  std::span<const uint64_t> hashes() const { return hashes_; }  // of the last find(), by position
  size_t memory_bytes() const {
    return memory_.held_bytes() + heap_.held_bytes() + (slots_.capacity() + rows_.capacity()) * 8;
  }
  void clear();

 private:
  using Slots = std::vector<uint64_t, memory_budget::Allocator<uint64_t>>;
  static constexpr uint64_t kPointerMask = (1ULL << 48) - 1;
  void grow(size_t more);
  uint8_t* new_row(uint64_t hash);

  std::vector<KeyType> keys_;
  RowFormat format_;
  Arena memory_, heap_;
  Slots slots_;
  std::vector<uint8_t*, memory_budget::Allocator<uint8_t*>> rows_;
  size_t ended_ = 0;
  std::vector<uint8_t*> fresh_;
  uint8_t* free_ = nullptr;
  size_t free_rows_ = 0;

  // Scratch of find(), one entry a position.
  std::vector<uint64_t> hashes_;
  std::vector<size_t> at_;
  std::vector<uint16_t> open_, candidates_, rejected_, fresh_rows_;
};

}  // namespace varve::executor
