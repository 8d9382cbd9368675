#include "state_table.h"

#include <sys/mman.h>

#include "common/check.h"
#include "fence.h"

namespace varve::txn {

uint32_t thread_stripe() {
  static std::atomic<uint32_t> next{0};
  thread_local uint32_t mine = next.fetch_add(1, std::memory_order_relaxed);
  return mine;
}

StateTable::StateTable(uint64_t first_xid) : next_xid_(first_xid), released_page_(first_xid >> kPageShift) {
  // Zero pages from the system, touched only where xids are: most of the directory costs address space alone.
  void* memory = mmap(nullptr, kDirectoryEntries * sizeof(directory_[0]), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  VARVE_CHECK(memory != MAP_FAILED);
  directory_ = static_cast<std::atomic<Page*>*>(memory);
  ensure_page(first_xid);
}

StateTable::~StateTable() {
  for (uint64_t page = released_page_; page <= next_xid() >> kPageShift; ++page) {
    delete directory_[page & kDirectoryMask].load(std::memory_order_relaxed);
  }
  for (Page* page : spare_) delete page;
  munmap(directory_, kDirectoryEntries * sizeof(directory_[0]));
}

uint64_t StateTable::allocate_xid() {
  uint64_t xid = next_xid_.fetch_add(1, std::memory_order_acq_rel);
  if (directory_[(xid >> kPageShift) & kDirectoryMask].load(std::memory_order_acquire) == nullptr) {
    ensure_page(xid);
  }
  return xid;
}

void StateTable::ensure_page(uint64_t xid) {
  std::lock_guard lock(mutex_);
  auto& entry = directory_[(xid >> kPageShift) & kDirectoryMask];
  if (entry.load(std::memory_order_relaxed) != nullptr) return;
  VARVE_CHECK((xid >> kPageShift) - released_page_ < kDirectoryEntries);
  Page* page;
  if (spare_.empty()) {
    page = new Page{};
  } else {
    page = spare_.back();
    spare_.pop_back();
  }
  entry.store(page, std::memory_order_release);
}

void StateTable::release_below(uint64_t horizon) {
  std::lock_guard lock(mutex_);
  for (; released_page_ < horizon >> kPageShift; ++released_page_) {
    auto& entry = directory_[released_page_ & kDirectoryMask];
    Page* page = entry.load(std::memory_order_relaxed);
    if (page == nullptr) continue;
    entry.store(nullptr, std::memory_order_release);
    for (auto& word : page->words) word.store(kWordRunning, std::memory_order_release);
    spare_.push_back(page);
  }
}

}  // namespace varve::txn
