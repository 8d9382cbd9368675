#include "session/residents.h"

#include "sync/cancel_token.h"

namespace varve::session {

std::unique_ptr<Residents::Stay> Residents::enter(Oid database, const Resident& resident) {
  std::lock_guard lock(mutex_);
  if (reserved_.contains(database)) return nullptr;
  return std::make_unique<Stay>(*this, residents_.emplace(database, resident));
}

std::unique_ptr<Residents::Stay> Residents::try_enter(Oid database, int32_t pid) {
  return enter(database, {pid, kInvalidOid, nullptr});
}

std::unique_ptr<Residents::Stay> Residents::try_enter(Oid database, sync::CancelToken* cancel) {
  return enter(database, {0, kInvalidOid, cancel});
}

void Residents::leave(std::multimap<Oid, Resident>::iterator entry) {
  std::lock_guard lock(mutex_);
  residents_.erase(entry);
}

void Residents::Stay::set_role(Oid role) {
  std::lock_guard lock(residents_.mutex_);
  entry_->second.role = role;
}

void Residents::reserve(Oid database) {
  std::lock_guard lock(mutex_);
  reserved_.insert(database);
  for (auto [it, end] = residents_.equal_range(database); it != end; ++it) {
    if (it->second.cancel != nullptr) it->second.cancel->request(sync::CancelReason::kUser);
  }
}

void Residents::release(Oid database) {
  std::lock_guard lock(mutex_);
  reserved_.erase(database);
}

std::vector<Resident> Residents::others(Oid database, int32_t pid) const {
  std::lock_guard lock(mutex_);
  std::vector<Resident> found;
  for (auto [it, end] = residents_.equal_range(database); it != end; ++it) {
    if (it->second.pid != pid) found.push_back(it->second);
  }
  return found;
}

std::optional<Resident> Residents::session(int32_t pid) const {
  std::lock_guard lock(mutex_);
  for (const auto& [database, resident] : residents_) {
    if (resident.cancel == nullptr && resident.pid == pid) return resident;
  }
  return std::nullopt;
}

uint32_t Residents::claim_temporary_number(Oid database) {
  std::lock_guard lock(mutex_);
  std::set<uint32_t>& numbers = temporary_numbers_[database];
  uint32_t number = 1;
  while (numbers.contains(number)) ++number;
  numbers.insert(number);
  return number;
}

void Residents::release_temporary_number(Oid database, uint32_t number) {
  std::lock_guard lock(mutex_);
  temporary_numbers_[database].erase(number);
}

Residents::Cleaning Residents::cleaning(Oid database) {
  std::lock_guard lock(mutex_);
  auto [it, first] = cleaning_.emplace(database, Cleaning::kRunning);
  return first ? Cleaning::kYours : it->second;
}

void Residents::set_clean(Oid database) {
  std::lock_guard lock(mutex_);
  cleaning_[database] = Cleaning::kDone;
}

}  // namespace varve::session
