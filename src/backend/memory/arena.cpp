#include "memory/arena.h"

#include <algorithm>
#include <cstdlib>

#include "memory/memory_budget.h"

namespace varve {
namespace {

// Takes the newest block off the chain.
template <class Block>
void drop_block(Block*& newest, size_t& held_bytes) {
  Block* block = std::exchange(newest, newest->previous);
  held_bytes -= block->size;
  memory_budget::give_back(block->size);
  std::free(block);
}

}  // namespace

Arena::~Arena() {
  while (block_ != nullptr) drop_block(block_, held_bytes_);
}

Arena::Arena(Arena&& other) noexcept
    : block_(std::exchange(other.block_, nullptr)),
      next_(std::exchange(other.next_, nullptr)),
      end_(std::exchange(other.end_, nullptr)),
      held_bytes_(std::exchange(other.held_bytes_, 0)) {}

Arena& Arena::operator=(Arena&& other) noexcept {
  std::swap(block_, other.block_);
  std::swap(next_, other.next_);
  std::swap(end_, other.end_);
  std::swap(held_bytes_, other.held_bytes_);
  return *this;
}

void* Arena::allocate_slow(size_t bytes, size_t alignment) {
  size_t size = block_ == nullptr ? kFirstBlockBytes : std::min(block_->size * 2, kMaxBlockBytes);
  size = std::max(size, bytes + alignment + sizeof(Block));
  memory_budget::take(size);
  auto* block = static_cast<Block*>(std::malloc(size));
  if (block == nullptr) {
    memory_budget::give_back(size);
    throw std::bad_alloc();
  }
  block->previous = block_;
  block->size = size;
  block_ = block;
  held_bytes_ += size;
  next_ = first_byte(block);
  end_ = reinterpret_cast<char*>(block) + size;
  return allocate(bytes, alignment);
}

void Arena::reset_used() {
  while (block_->previous != nullptr) drop_block(block_, held_bytes_);
  if (block_->size > kMaxBlockBytes) {  // made for one long value: not worth keeping
    drop_block(block_, held_bytes_);
    next_ = end_ = nullptr;
    return;
  }
  next_ = first_byte(block_);
  end_ = reinterpret_cast<char*>(block_) + block_->size;
}

}  // namespace varve
