#include "session/residents.h"

namespace varve::session {

std::unique_ptr<Residents::Stay> Residents::try_enter(Oid database, int32_t pid) {
  std::lock_guard lock(mutex_);
  Place& place = places_[database];
  if (place.reserved) return nullptr;
  place.pids.insert(pid);
  return std::make_unique<Stay>(*this, database, pid);
}

void Residents::leave(Oid database, int32_t pid) {
  std::lock_guard lock(mutex_);
  auto& pids = places_[database].pids;
  if (auto it = pids.find(pid); it != pids.end()) pids.erase(it);
}

void Residents::reserve(Oid database) {
  std::lock_guard lock(mutex_);
  places_[database].reserved = true;
}

void Residents::release(Oid database) {
  std::lock_guard lock(mutex_);
  places_[database].reserved = false;
}

std::vector<int32_t> Residents::others(Oid database, int32_t pid) const {
  std::lock_guard lock(mutex_);
  std::vector<int32_t> found;
  auto it = places_.find(database);
  if (it == places_.end()) return found;
  for (int32_t p : it->second.pids) {
    if (p != pid) found.push_back(p);
  }
  return found;
}

uint32_t Residents::claim_temporary_number(Oid database) {
  std::lock_guard lock(mutex_);
  auto& numbers = places_[database].temporary_numbers;
  uint32_t number = 1;
  while (numbers.contains(number)) ++number;
  numbers.insert(number);
  return number;
}

void Residents::release_temporary_number(Oid database, uint32_t number) {
  std::lock_guard lock(mutex_);
  places_[database].temporary_numbers.erase(number);
}

bool Residents::first_visit(Oid database, std::unique_lock<std::mutex>* done) {
  std::unique_lock lock(visit_mutex_);
  if (!visited_.insert(database).second) return false;
  *done = std::move(lock);
  return true;
}

}  // namespace varve::session
