// Index keys of many new rows, entered in the keys' order: a descent for each leaf instead of each row.
// Private to the module.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "memory/arena.h"

namespace varve::executor {

// The keys of one index for rows that may have no Tid yet, in the order in which the rows came.
class WaitingKeys {
 public:
  struct Key {
    const char* bytes;  // null: the index leaves the row out
    uint32_t size;
    bool exempt;  // has a NULL: equal keys are no conflict

    int compare(const Key& other) const;
  };

  void add(std::string_view key, bool exempt) {
    keys_.push_back({memory_.copy(key).data(), static_cast<uint32_t>(key.size()), exempt});
  }
  void add_left_out() { keys_.push_back({nullptr, 0, false}); }
  size_t size() const { return keys_.size(); }
  const Key& operator[](size_t row) const { return keys_[row]; }
  void clear() {
    keys_.clear();
    memory_.reset();
  }
  // Rows with a key, in its order; of equal ones the first that came first.
  std::vector<uint32_t> in_order() const;

 private:
  std::vector<Key> keys_;
  Arena memory_;
};

// A conflict ends the statement, but it is the first row in conflict that is reported, by the first index
// that it meets.
struct FirstConflict {
  uint32_t row;
  size_t index;
};

}  // namespace varve::executor
