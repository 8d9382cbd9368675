// Who is in which database: so that a database is not dropped or copied while somebody works in it, and
// temporary schemas are given to one session at a time. Thread-safe; nothing here waits.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "common/strong_id.h"

namespace varve::sync {
class CancelToken;
}

namespace varve::session {

struct Resident {
  int32_t pid;                          // 0: not a session but work in the background
  Oid role;                             // who logged in; kInvalidOid until that is known
  sync::CancelToken* cancel = nullptr;  // of work in the background
};

class Residents {
 public:
  // A stay in a database; ends with the object.
  class Stay {
   public:
    Stay(Residents& residents, std::multimap<Oid, Resident>::iterator entry)
        : residents_(residents), entry_(entry) {}
    ~Stay() { residents_.leave(entry_); }
    Stay(const Stay&) = delete;
    Stay& operator=(const Stay&) = delete;
    void set_role(Oid role);

   private:
    Residents& residents_;
    std::multimap<Oid, Resident>::iterator entry_;
  };

  // A session enters. Null while the database is reserved: try again later.
  std::unique_ptr<Stay> try_enter(Oid database, int32_t pid);
  // The same of work in the background: `cancel` is asked (CancelReason::kUser) to end it when somebody wants
  // the database for himself, and must outlive the stay.
  std::unique_ptr<Stay> try_enter(Oid database, sync::CancelToken* cancel);
  // Nobody enters until release(). One reservation at a time: the caller holds the database's lock.
  void reserve(Oid database);
  void release(Oid database);
  // All but the session `pid`.
  std::vector<Resident> others(Oid database, int32_t pid) const;
  std::optional<Resident> session(int32_t pid) const;

  // The number N of a free schema pg_temp_N.
  uint32_t claim_temporary_number(Oid database);
  void release_temporary_number(Oid database, uint32_t number);

  // Whether what an earlier process left in temporary schemas has been dropped.
  enum class Cleaning : uint8_t {
    kYours,    // the caller shall do it, and tell by set_clean()
    kRunning,  // somebody is doing it: try again later
    kDone,
  };
  Cleaning cleaning(Oid database);
  void set_clean(Oid database);

 private:
  friend class Stay;
  std::unique_ptr<Stay> enter(Oid database, const Resident& resident);
  void leave(std::multimap<Oid, Resident>::iterator entry);

  mutable std::mutex mutex_;
  std::multimap<Oid, Resident> residents_;  // by database
  std::set<Oid> reserved_;
  std::map<Oid, std::set<uint32_t>> temporary_numbers_;
  std::map<Oid, Cleaning> cleaning_;
};

}  // namespace varve::session
