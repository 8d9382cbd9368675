// Private to the parser.
#pragma once

#include <span>
#include <vector>

#include "memory/arena.h"

namespace varve::parser {

// A list while it grows; the first few items without touching the heap.
template <class T>
class ListBuilder {
 public:
  void add(T item) {
    if (size_ < kInline) {
      inline_[size_++] = item;
      return;
    }
    if (more_.empty()) more_.assign(inline_, inline_ + kInline);
    more_.push_back(item);
    ++size_;
  }
  size_t size() const { return size_; }
  std::span<T> finish(Arena& arena) const {
    return arena.copy(size_ <= kInline ? std::span<const T>(inline_, size_) : std::span<const T>(more_));
  }

 private:
  static constexpr size_t kInline = 6;
  T inline_[kInline];
  size_t size_ = 0;
  std::vector<T> more_;
};

}  // namespace varve::parser
