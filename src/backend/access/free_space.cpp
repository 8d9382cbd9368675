#include "free_space.h"

#include <algorithm>

#include "common/hash.h"

namespace varve::access {
namespace {

struct Key {
  const buffer::BufferPool* pool;
  uint64_t segment;
  bool operator==(const Key&) const = default;
};
struct KeyHash {
  size_t operator()(const Key& k) const {
    return hash_combine(reinterpret_cast<uintptr_t>(k.pool), k.segment);
  }
};
struct Registry {
  std::mutex mutex;
  std::unordered_map<Key, std::weak_ptr<FreeSpace>, KeyHash> maps;
};
Registry& registry() {
  static Registry instance;
  return instance;
}

}  // namespace

void FreeSpace::note(PageId page, size_t free_bytes) {
  size_t cls = std::min(free_bytes / kClassBytes, kClasses - 1);
  if (cls == 0) return;
  std::lock_guard guard(mutex_);
  auto [it, fresh] = known_.try_emplace(page, cls);
  if (!fresh) {
    if (it->second == cls) return;
    it->second = cls;  // the entry in the old class is stale now
  }
  classes_[cls].push_back(page);
}

PageId FreeSpace::take(size_t bytes) {
  std::lock_guard guard(mutex_);
  // Class c holds pages with at least c * 256 bytes.
  for (size_t cls = (bytes + kClassBytes - 1) / kClassBytes; cls < kClasses; ++cls) {
    auto& pages = classes_[cls];
    while (!pages.empty()) {
      PageId page = pages.back();
      pages.pop_back();
      auto it = known_.find(page);
      if (it == known_.end() || it->second != cls) continue;
      known_.erase(it);
      return page;
    }
  }
  return kInvalidPageId;
}

std::shared_ptr<FreeSpace> free_space_of(buffer::BufferPool& pool, PageId segment) {
  std::lock_guard guard(registry().mutex);
  auto& entry = registry().maps[Key{&pool, segment.value()}];
  std::shared_ptr<FreeSpace> map = entry.lock();
  if (map == nullptr) {
    // The custom deleter keeps the registry from filling with expired entries.
    map = std::shared_ptr<FreeSpace>(new FreeSpace, [key = Key{&pool, segment.value()}](FreeSpace* gone) {
      {
        std::lock_guard inner(registry().mutex);
        auto it = registry().maps.find(key);
        if (it != registry().maps.end() && it->second.expired()) registry().maps.erase(it);
      }
      delete gone;
    });
    entry = map;
  }
  return map;
}

void forget_free_space(buffer::BufferPool& pool, PageId segment) {
  std::lock_guard guard(registry().mutex);
  registry().maps.erase(Key{&pool, segment.value()});
}

std::shared_ptr<FreeSpace> find_free_space(buffer::BufferPool& pool, PageId segment) {
  std::lock_guard guard(registry().mutex);
  auto it = registry().maps.find(Key{&pool, segment.value()});
  return it == registry().maps.end() ? nullptr : it->second.lock();
}

}  // namespace varve::access
