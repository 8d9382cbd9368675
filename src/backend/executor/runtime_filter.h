// What a hash join knows of its keys after building its table, told to the scan below its probe side: rows
// whose key is not among them need not go further.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "key_ops.h"
#include "planner/plan.h"

namespace varve::executor {

// Blocked Bloom filter (Putze et al. 2007): four bits in one word a key.
class KeyFilter {
 public:
  KeyFilter(const KeyType& type, size_t keys);
  void add(uint64_t hash) { words_[hash >> shift_] |= bits(hash); }
  bool may_contain(uint64_t hash) const {
    uint64_t b = bits(hash);
    return (words_[hash >> shift_] & b) == b;
  }
  const KeyType& type() const { return type_; }
  // The keys themselves where they are few and plain: a scan of partitions reads only those they lie in.
  static constexpr size_t kFewKeys = 512;
  void keep_values() { has_values_ = true; }
  void keep_value(const types::Value& value) { values_.push_back(types::copy_value(value, memory_)); }
  const std::vector<types::Value>* values() const { return has_values_ ? &values_ : nullptr; }
  // Of numbers and times that compare as integers: between which they lie. Null: not known, or there are
  // none.
  void keep_bounds(const Vector& keys, const Selection& rows);
  // After all keys' bounds are known, if they lie close enough to each other: keep_keys() is to be called for
  // all of them then, and which keys there are is known exactly. Of kinds that have bounds.
  bool make_exact(size_t keys);
  void keep_keys(const Vector& keys, const Selection& rows);
  bool is_exact() const { return !present_.empty(); }
  // Of an exact filter: the rows whose key is there into `out`; returns how many.
  uint32_t select(const Vector& keys, const Selection& rows, uint16_t* out) const;
  const types::Value* least() const { return has_bounds_ ? &least_ : nullptr; }
  const types::Value* greatest() const { return has_bounds_ ? &greatest_ : nullptr; }

 private:
  static uint64_t bits(uint64_t hash) {
    return uint64_t{1} << (hash & 63) | uint64_t{1} << (hash >> 6 & 63) | uint64_t{1} << (hash >> 12 & 63) |
           uint64_t{1} << (hash >> 18 & 63);
  }
  KeyType type_;
  uint32_t shift_;
  std::vector<uint64_t> words_;
  std::vector<uint64_t> present_;  // by key - least; one more, of no key, behind the greatest
  uint64_t span_ = 0;              // keys that could be
  bool has_values_ = false, has_bounds_ = false;
  types::Value least_, greatest_;
  std::vector<types::Value> values_;
  Arena memory_;
};

// The filters of a run, by scan. Written by the session's thread before the scan is opened, then only read.
class RuntimeFilters {
 public:
  struct Target {
    uint32_t scan = UINT32_MAX;  // plan id
    uint32_t column = 0;         // of its output
  };
  struct Entry {
    uint32_t owner;  // plan id of the join
    uint32_t column;
    std::shared_ptr<const KeyFilter> filter;
  };
  void set(uint32_t owner, const Target& target, std::shared_ptr<const KeyFilter> filter);
  void drop(uint32_t owner, const Target& target);
  const std::vector<Entry>* of_scan(uint32_t scan) const {
    auto it = entries_.find(scan);
    return it == entries_.end() || it->second.empty() ? nullptr : &it->second;
  }

 private:
  std::unordered_map<uint32_t, std::vector<Entry>> entries_;
};

// The scan that column `column` of the plan's output comes from unchanged, when a row that is left out there
// for its value is only missing from the output. No scan: none.
RuntimeFilters::Target trace_to_scan(const planner::Plan& plan, uint32_t column);

}  // namespace varve::executor
