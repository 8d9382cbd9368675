// Who is in which database: so that a database is not dropped or copied while somebody works in it, and
// temporary schemas are given to one session at a time. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "common/strong_id.h"

namespace varve::session {

class Residents {
 public:
  // A session's stay in a database; ends with the object.
  class Stay {
   public:
    Stay(Residents& residents, Oid database, int32_t pid)
        : residents_(residents), database_(database), pid_(pid) {}
    ~Stay() { residents_.leave(database_, pid_); }
    Stay(const Stay&) = delete;
    Stay& operator=(const Stay&) = delete;

   private:
    Residents& residents_;
    Oid database_;
    int32_t pid_;
  };

  // Null while the database is reserved: try again later.
  std::unique_ptr<Stay> try_enter(Oid database, int32_t pid);
  // Nobody enters until release(). One reservation at a time: the caller holds the database's lock.
  void reserve(Oid database);
  void release(Oid database);
  std::vector<int32_t> others(Oid database, int32_t pid) const;

  // The number N of a free schema pg_temp_N.
  uint32_t claim_temporary_number(Oid database);
  void release_temporary_number(Oid database, uint32_t number);
  // True once for each database: the caller drops what an earlier process left in temporary schemas. Others
  // wait in here until `done` is destroyed.
  bool first_visit(Oid database, std::unique_lock<std::mutex>* done);

 private:
  friend class Stay;
  void leave(Oid database, int32_t pid);

  struct Place {
    std::multiset<int32_t> pids;
    bool reserved = false;
    std::set<uint32_t> temporary_numbers;
  };
  mutable std::mutex mutex_;
  std::map<Oid, Place> places_;
  std::mutex visit_mutex_;
  std::set<Oid> visited_;  // guarded by visit_mutex_
};

}  // namespace varve::session
