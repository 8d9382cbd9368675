// What a Database keeps in memory. Private to the module.
#pragma once

#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "catalog/catalog.h"

namespace varve::catalog {

struct Database::Cache {
  struct Entry {
    uint64_t epoch;
    RelationPtr relation;  // null: does not exist
  };
  std::unordered_map<Oid, PageId> system_segments;  // never changes
  std::shared_mutex mutex;                          // guards what follows
  std::unordered_map<Oid, Entry> by_oid;
  std::unordered_map<std::string, std::pair<uint64_t, Oid>> by_name;  // "<schema oid>.<name>"
  std::unordered_map<std::string, std::pair<uint64_t, std::vector<RoutinePtr>>> routines_by_name;
  std::unordered_map<Oid, std::pair<uint64_t, RoutinePtr>> routines_by_oid;
  std::unordered_map<uint64_t, std::weak_ptr<access::Heap>> heaps;
  // Of tables whose rows move: who knows where to must not be forgotten while anybody may ask.
  std::unordered_map<uint64_t, std::shared_ptr<access::Heap>> kept_heaps;
  std::unordered_map<uint64_t, std::weak_ptr<access::Btree>> btrees;
};

}  // namespace varve::catalog
