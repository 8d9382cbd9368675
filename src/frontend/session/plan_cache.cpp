#include "plan_cache.h"

#include <algorithm>

namespace varve::session {

PlanCache::Entry* PlanCache::find(std::string_view key) {
  auto it = entries_.find(key);
  if (it == entries_.end()) return nullptr;
  it->second.last_used = ++clock_;
  return &it->second;
}

bool PlanCache::seen_before(std::string_view key) {
  uint64_t hash = Hash()(key);
  if (std::find(sightings_.begin(), sightings_.end(), hash) != sightings_.end()) return true;
  sightings_[next_sighting_++ % sightings_.size()] = hash;
  return false;
}

PlanCache::Entry& PlanCache::add(std::string_view key, StatementPtr statement) {
  if (entries_.size() >= kMaxEntries) {
    auto oldest = std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
      return a.second.last_used < b.second.last_used;
    });
    entries_.erase(oldest);
  }
  Entry& entry = entries_[std::string(key)];
  entry = {std::move(statement), ++clock_};
  return entry;
}

void PlanCache::erase(std::string_view key) {
  auto it = entries_.find(key);
  if (it != entries_.end()) entries_.erase(it);
}

void PlanCache::clear() {
  entries_.clear();
  sightings_.fill(0);
}

}  // namespace varve::session
