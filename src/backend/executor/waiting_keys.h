// Index keys of many new rows, entered in the keys' order: a descent for each leaf instead of each row.
// Private to the module.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "memory/arena.h"

namespace varve::executor {

// The keys of one index for rows that may have no Tid yet, in the order in which the rows came: any number a
// row.
class WaitingKeys {
 public:
  struct Key {
    const char* bytes;
    uint32_t size;
    uint32_t row;
    bool exempt;  // has a NULL: equal keys are no conflict

    int compare(const Key& other) const;
  };

  // The keys that follow are the next row's.
  void begin_row() { ++rows_; }
  void add(std::string_view key, bool exempt) {
    keys_.push_back({memory_.copy(key).data(), static_cast<uint32_t>(key.size()), rows_ - 1, exempt});
  }
  uint32_t rows() const { return rows_; }
  std::span<const Key> keys() const { return keys_; }
  void clear() {
    keys_.clear();
    rows_ = 0;
    memory_.reset();
  }
  // Numbers of the keys in their order; of equal ones the first that came first.
  std::vector<uint32_t> in_order() const;

 private:
  std::vector<Key> keys_;
  uint32_t rows_ = 0;
  Arena memory_;
};

// A conflict ends the statement, but it is the first row in conflict that is reported, by the first index
// that it meets.
struct FirstConflict {
  uint32_t row;
  size_t index;
};

}  // namespace varve::executor
