// The receive buffer of a connection: bytes read and not yet consumed. Borrowed from the heap while the
// session is active, given back when it is idle and empty.
#pragma once

#include <cstddef>
#include <string_view>

namespace varve::net {

class Input {
 public:
  static constexpr size_t kFirstBytes = 8 << 10;

  Input() = default;
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  std::string_view data() const { return {buffer_ + head_, tail_ - head_}; }
  size_t size() const { return tail_ - head_; }
  bool empty() const { return head_ == tail_; }
  void consume(size_t bytes);

  // Room to read into; at least one byte. Grows towards `wanted` (the size of the message being received) as
  // bytes arrive, never ahead of them by more than as much again: a length field alone allocates nothing.
  char* space(size_t wanted, size_t* available);
  void added(size_t bytes) { tail_ += bytes; }
  void append(std::string_view bytes);

  // The buffer is lent by the worker while the session is active. take_buffer() only when empty.
  void lend_buffer(char* buffer, size_t capacity);
  char* take_buffer(size_t* capacity);
  size_t held_bytes() const { return capacity_; }

 private:
  void reserve(size_t capacity);

  char* buffer_ = nullptr;
  size_t capacity_ = 0;
  size_t head_ = 0;
  size_t tail_ = 0;
};

}  // namespace varve::net
