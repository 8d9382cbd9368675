// Bump allocator: everything dies together. One per transaction, query, plan or chunk.
//
// Objects put into an arena are never destroyed, so they must not own memory outside of it.
// Not thread-safe: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace varve {

class Arena {
 public:
  static constexpr size_t kFirstBlockBytes = 4096;
  static constexpr size_t kMaxBlockBytes = 1 << 20;

  Arena() = default;
  ~Arena();
  Arena(Arena&& other) noexcept;
  Arena& operator=(Arena&& other) noexcept;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* allocate(size_t bytes, size_t alignment = 8) {
    auto at = (reinterpret_cast<uintptr_t>(next_) + alignment - 1) & ~(alignment - 1);
    if (next_ != nullptr && at + bytes <= reinterpret_cast<uintptr_t>(end_)) {
      next_ = reinterpret_cast<char*>(at + bytes);
      return reinterpret_cast<void*>(at);
    }
    return allocate_slow(bytes, alignment);
  }

  template <class T, class... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>, "an arena never runs destructors");
    return new (allocate(sizeof(T), alignof(T))) T{std::forward<Args>(args)...};
  }

  // Uninitialised array of trivial T.
  template <class T>
  T* make_array(size_t n) {
    static_assert(std::is_trivially_destructible_v<T>);
    return static_cast<T*>(allocate(n * sizeof(T), alignof(T)));
  }

  std::string_view copy(std::string_view s) {
    if (s.empty()) return {};
    char* p = static_cast<char*>(allocate(s.size(), 1));
    std::memcpy(p, s.data(), s.size());
    return {p, s.size()};
  }

  template <class T>
  std::span<T> copy(std::span<const T> items) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (items.empty()) return {};
    T* p = make_array<T>(items.size());
    std::memcpy(static_cast<void*>(p), items.data(), items.size_bytes());
    return {p, items.size()};
  }
  template <class T>
  std::span<T> copy(const std::vector<T>& items) {
    return copy(std::span<const T>(items));
  }

  // Forgets everything; keeps the first block, unless it is a huge one, for the next use.
  void reset() {
    if (block_ != nullptr && (next_ != first_byte(block_) || block_->previous != nullptr)) reset_used();
  }
  // Bytes held from the system, used or not.
  size_t held_bytes() const { return held_bytes_; }

 private:
  struct Block {
    Block* previous;
    size_t size;
  };
  static char* first_byte(Block* block) { return reinterpret_cast<char*>(block + 1); }
  void* allocate_slow(size_t bytes, size_t alignment);
  void reset_used();

  Block* block_ = nullptr;
  char* next_ = nullptr;
  char* end_ = nullptr;
  size_t held_bytes_ = 0;
};

}  // namespace varve
