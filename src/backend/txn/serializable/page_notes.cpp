#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "serializable_manager.h"
#include "txn/serializable_pages.h"

namespace varve::txn {

namespace {

// A process has one page space; tests have several, one after the other or at once.
struct Registry {
  std::shared_mutex mutex;
  std::vector<std::pair<const buffer::BufferPool*, SerializableManagerImpl*>> managers;
};
Registry& registry() {
  static Registry r;
  return r;
}

template <class F>
void with_manager(const buffer::BufferPool& pool, F&& f) {
  Registry& r = registry();
  std::shared_lock lock(r.mutex);
  for (auto& [of, manager] : r.managers) {
    if (of == &pool) return f(*manager);
  }
}

}  // namespace

SerializableManagerImpl::SerializableManagerImpl(const CommitNumbers& numbers, const buffer::BufferPool& pool)
    : graph_(numbers), marks_(graph_) {
  Registry& r = registry();
  std::unique_lock lock(r.mutex);
  r.managers.emplace_back(&pool, this);
}

SerializableManagerImpl::~SerializableManagerImpl() {
  Registry& r = registry();
  std::unique_lock lock(r.mutex);
  std::erase_if(r.managers, [this](const auto& entry) { return entry.second == this; });
}

void note_page_split(const buffer::BufferPool& pool, PageId segment, PageId from, PageId to) {
  with_manager(pool, [&](SerializableManager& m) { m.page_split(segment, from, to); });
}
void note_page_moved(const buffer::BufferPool& pool, PageId segment, PageId from, PageId to) {
  with_manager(pool, [&](SerializableManager& m) { m.page_moved(segment, from, to); });
}
void note_storage_dropped(const buffer::BufferPool& pool, PageId segment) {
  with_manager(pool, [&](SerializableManager& m) { m.storage_dropped(segment); });
}

}  // namespace varve::txn
