// What the process knows of hypertables' chunks, so that a row usually finds its own without a query. Private
// to the module.
//
// An entry is good for one epoch of the catalog: a chunk comes and goes with a relation, so with a new epoch.
// A transaction that has changed the catalog itself keeps what it finds to itself.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/strong_id.h"
#include "functions/eval_context.h"
#include "hypertable/hypertable.h"

namespace varve::hypertable {

// The integers in a text, whatever is between them.
std::vector<int64_t> numbers_of(std::string_view text);

struct Chunk {
  Oid relation;  // that stands for it; kInvalidOid when there is none
  TimeRange range;
  std::vector<TimeRange> slices;  // of the dimensions behind the first

  bool contains(int64_t time, std::span<const int64_t> places) const;
};

// Thread-safe.
class KnownChunks {
 public:
  const Chunk* find(int64_t time, std::span<const int64_t> places);
  const Chunk* add(Chunk chunk);

 private:
  std::mutex mutex_;
  std::multimap<int64_t, std::unique_ptr<Chunk>> by_start_;  // chunks are never taken out
};

// Finds chunks for one user of one hypertable: a statement, a call.
class ChunkFinder {
 public:
  ChunkFinder(int32_t hypertable, functions::SessionServices& session)
      : hypertable_(hypertable), session_(session) {}

  // Looks at the catalog's state again: before each statement.
  void renew();
  // Null: there is no such chunk. Valid until renew().
  const Chunk* find(int64_t time, std::span<const int64_t> places);
  // As find(), but makes it if it has to be made; once, whoever else does.
  const Chunk& require(int64_t time, std::span<const int64_t> places);

 private:
  const Chunk* query(int64_t time, std::span<const int64_t> places);
  const Chunk* read(const std::string& sql);

  const int32_t hypertable_;
  functions::SessionServices& session_;
  std::shared_ptr<KnownChunks> known_;
  bool locked_ = false;  // nobody else makes chunks of the hypertable until this transaction ends
};

}  // namespace varve::hypertable
