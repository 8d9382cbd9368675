#include "plan_cache.h"

#include <algorithm>

namespace varve::session {

PlanCache::Entry* PlanCache::find(std::string_view key) {
  auto it = entries_.find(key);
  if (it == entries_.end()) return nullptr;
  it->second.last_used = ++clock_;
  return &it->second;
}

PlanCache::Entry* PlanCache::find_like(std::string_view sql, std::vector<parser::Literal>& literals) {
  for (size_t i = 0; i < patterns_.size(); ++i) {
    Entry* entry = patterns_[i];
    if (!entry->pattern->match(sql, literals)) continue;
    auto found = patterns_.begin() + static_cast<ptrdiff_t>(i);
    std::rotate(patterns_.begin(), found, found + 1);
    entry->last_used = ++clock_;
    return entry;
  }
  return nullptr;
}

void PlanCache::set_pattern(Entry& entry, std::string_view sql, std::span<const parser::Literal> literals) {
  forget_pattern(entry);
  entry.pattern = parser::LiteralTemplate::of(sql, literals);
  if (!entry.pattern) return;
  if (patterns_.size() == kMaxPatterns) forget_pattern(*patterns_.back());
  patterns_.insert(patterns_.begin(), &entry);
}

void PlanCache::forget_pattern(Entry& entry) {
  if (!entry.pattern) return;
  std::erase(patterns_, &entry);
  entry.pattern.reset();
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
    erase(oldest->second);
  }
  auto it = entries_.try_emplace(std::string(key)).first;
  forget_pattern(it->second);
  it->second = {std::move(statement), ++clock_, it->first, {}};
  return it->second;
}

void PlanCache::erase(Entry& entry) {
  forget_pattern(entry);
  entries_.erase(entries_.find(entry.key));
}

void PlanCache::clear() {
  patterns_.clear();
  entries_.clear();
  sightings_.fill(0);
}

}  // namespace varve::session
