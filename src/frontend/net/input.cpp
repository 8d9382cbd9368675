#include "input.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace varve::net {

Input::~Input() { std::free(buffer_); }

void Input::consume(size_t bytes) {
  head_ += bytes;
  if (head_ == tail_) head_ = tail_ = 0;
}

void Input::reserve(size_t capacity) {
  auto* bigger = static_cast<char*>(std::realloc(buffer_, capacity));
  if (bigger == nullptr) throw std::bad_alloc();
  buffer_ = bigger;
  capacity_ = capacity;
}

char* Input::space(size_t wanted, size_t* available) {
  if (head_ > 0 && (tail_ == capacity_ || head_ + wanted > capacity_)) {
    std::memmove(buffer_, buffer_ + head_, size());
    tail_ -= head_;
    head_ = 0;
  }
  // What follows a long message, such as a Bind, mostly comes along with it.
  constexpr size_t kBehind = 1 << 10;
  if (tail_ == capacity_)
    reserve(std::clamp(wanted + kBehind, kFirstBytes, std::max(kFirstBytes, capacity_ * 2)));
  *available = capacity_ - tail_;
  if (*available == 0) {  // `wanted` was too low a guess
    reserve(capacity_ * 2);
    *available = capacity_ - tail_;
  }
  return buffer_ + tail_;
}

void Input::append(std::string_view bytes) {
  while (!bytes.empty()) {
    size_t available = 0;
    char* to = space(size() + bytes.size(), &available);
    size_t n = std::min(available, bytes.size());
    std::memcpy(to, bytes.data(), n);
    added(n);
    bytes.remove_prefix(n);
  }
}

void Input::lend_buffer(char* buffer, size_t capacity) {
  buffer_ = buffer;
  capacity_ = capacity;
  head_ = tail_ = 0;
}

char* Input::take_buffer(size_t* capacity) {
  char* buffer = buffer_;
  *capacity = capacity_;
  buffer_ = nullptr;
  capacity_ = head_ = tail_ = 0;
  return buffer;
}

}  // namespace varve::net
