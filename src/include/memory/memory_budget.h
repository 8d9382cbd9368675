// What queries hold together, counted by arenas and by the tables of operators, and a limit to it.
//
// Nobody notices the limit from afar. As it comes near, operators get less than their work_mem and spill
// (share_of); at the limit, a thread that runs a query gets 53200 in the place of a large block. Small blocks
// are always given: a transaction can end whatever else is held. Thread-safe; a thread counts for itself and
// adds what it has counted every kBatchBytes, so the count is that much off for each thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

namespace varve::memory_budget {

inline constexpr size_t kBatchBytes = 64 << 10;
// Blocks below this are not refused.
inline constexpr size_t kLargeBytes = 64 << 10;

void set_limit(uint64_t bytes);  // 0: none
uint64_t limit_bytes();
uint64_t used_bytes();

// Of what an operator may use (its work_mem), what it may use now; no less than `least`.
size_t share_of(size_t wanted, size_t least);

// Counts a block that is about to be made. Throws SqlError 53200, and counts nothing, where it is large, goes
// beyond the limit, and the thread is Enforced.
void take(size_t bytes);
void give_back(size_t bytes) noexcept;
// Counts without a question: of what is not a query's and has a limit of its own.
void count(size_t bytes) noexcept;

// The thread runs a query while one of these lives: its work may be given up.
class Enforced {
 public:
  Enforced();
  ~Enforced();
  Enforced(const Enforced&) = delete;
  Enforced& operator=(const Enforced&) = delete;

 private:
  const bool before_;
};

// For vectors that grow with a query's rows.
template <class T>
struct Allocator {
  using value_type = T;
  Allocator() = default;
  template <class U>
  Allocator(const Allocator<U>&) {}  // NOLINT(google-explicit-constructor)
  T* allocate(size_t n) {
    T* p = static_cast<T*>(::operator new(n * sizeof(T)));
    try {
      take(n * sizeof(T));
    } catch (...) {
      ::operator delete(p);
      throw;
    }
    return p;
  }
  void deallocate(T* p, size_t n) noexcept {
    give_back(n * sizeof(T));
    ::operator delete(p);
  }
  template <class U>
  bool operator==(const Allocator<U>&) const {
    return true;
  }
};

}  // namespace varve::memory_budget
