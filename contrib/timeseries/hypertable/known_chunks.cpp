#include "known_chunks.h"

#include <charconv>
#include <fmt/format.h>
#include <unordered_map>

#include "common/sql_error.h"
#include "memory/arena.h"

namespace varve::hypertable {

using types::Value;

std::vector<int64_t> numbers_of(std::string_view text) {
  std::vector<int64_t> numbers;
  const char* p = text.data();
  const char* end = p + text.size();
  while (p < end) {
    int64_t n = 0;
    auto [next, error] = std::from_chars(p, end, n);
    if (error == std::errc()) numbers.push_back(n);
    p = error == std::errc() ? next : p + 1;
  }
  return numbers;
}

bool Chunk::contains(int64_t time, std::span<const int64_t> places) const {
  if (!range.contains(time)) return false;
  for (size_t i = 0; i < places.size() && i < slices.size(); ++i) {
    if (!slices[i].contains(places[i])) return false;
  }
  return true;
}

const Chunk* KnownChunks::find(int64_t time, std::span<const int64_t> places) {
  std::lock_guard lock(mutex_);
  // Ranges of different starts do not overlap, so all candidates have the last start that is not later.
  auto end = by_start_.upper_bound(time);
  if (end == by_start_.begin()) return nullptr;
  const int64_t start = std::prev(end)->first;
  for (auto at = by_start_.lower_bound(start); at != end; ++at) {
    if (at->second->contains(time, places)) return at->second.get();
  }
  return nullptr;
}

const Chunk* KnownChunks::add(Chunk chunk) {
  std::lock_guard lock(mutex_);
  const int64_t start = chunk.range.start;
  return by_start_.emplace(start, std::make_unique<Chunk>(std::move(chunk)))->second.get();
}

namespace {

// The chunks that the process knows by database and hypertable.
class Shared {
 public:
  std::shared_ptr<KnownChunks> at(uint32_t database, int32_t hypertable, int64_t epoch) {
    std::lock_guard lock(mutex_);
    Entry& entry = entries_[uint64_t{database} << 32 | static_cast<uint32_t>(hypertable)];
    if (entry.known == nullptr || entry.epoch < epoch) entry = {epoch, std::make_shared<KnownChunks>()};
    // Somebody has seen a later epoch: what this one finds is its own.
    return entry.epoch == epoch ? entry.known : std::make_shared<KnownChunks>();
  }

 private:
  struct Entry {
    int64_t epoch = 0;
    std::shared_ptr<KnownChunks> known;
  };
  std::mutex mutex_;
  std::unordered_map<uint64_t, Entry> entries_;
};

Shared& shared() {
  static Shared all;
  return all;
}

}  // namespace

void ChunkFinder::renew() {
  Arena arena;
  std::vector<Value> state;
  session_.rows("varve_catalog_state", {}, arena, state);
  const bool changed = state.at(2).boolean != 0;
  locked_ = false;
  known_ = changed ? std::make_shared<KnownChunks>()
                   : shared().at(state.at(0).oid(), hypertable_, state.at(1).int64);
}

namespace {

// What is read of a chunk `c`, and what comes of it.
constexpr std::string_view kColumns =
    "c.range_start, c.range_end, pg_catalog.to_regclass(pg_catalog.quote_ident(c.schema_name) || '.' || "
    "pg_catalog.quote_ident(c.table_name))::pg_catalog.oid, c.slice_starts::pg_catalog.text, "
    "c.slice_ends::pg_catalog.text";

}  // namespace

const Chunk* ChunkFinder::read(const std::string& sql) {
  Arena arena;
  std::vector<Value> row;
  const Value args[] = {Value::of_string(arena.copy(std::string_view(sql)))};
  session_.rows("varve_query_row", args, arena, row);
  if (row.empty()) return nullptr;
  Chunk chunk;
  chunk.range = {row[0].int64, row[1].int64};
  chunk.relation = row[2].null ? kInvalidOid : Oid{row[2].oid()};
  const std::vector<int64_t> starts = numbers_of(row[3].view()), ends = numbers_of(row[4].view());
  for (size_t i = 0; i < starts.size() && i < ends.size(); ++i) chunk.slices.push_back({starts[i], ends[i]});
  return known_->add(std::move(chunk));
}

// Not through a function: it would see by the snapshot of the statement that is running.
const Chunk* ChunkFinder::query(int64_t time, std::span<const int64_t> places) {
  std::string sql = fmt::format(
      "SELECT {3} FROM _timescaledb_catalog.chunk c WHERE c.hypertable_id = {0} AND c.range_start = "
      "(SELECT e.range_start FROM _timescaledb_catalog.chunk e "
      "WHERE e.hypertable_id = {0} AND e.range_start <= '{1}'::pg_catalog.int8 "
      "ORDER BY e.range_start DESC LIMIT 1) "
      "AND (c.range_end > '{1}'::pg_catalog.int8 OR c.range_end = {2})",
      hypertable_, time, kNoEnd, kColumns);
  for (size_t i = 0; i < places.size(); ++i) {
    sql += fmt::format(
        " AND c.slice_starts[{0}] <= '{1}'::pg_catalog.int8 AND (c.slice_ends[{0}] > '{1}'::pg_catalog.int8 "
        "OR "
        "c.slice_ends[{0}] = {2})",
        i + 1, places[i], kNoEnd);
  }
  return read(sql);
}

const Chunk* ChunkFinder::find(int64_t time, std::span<const int64_t> places) {
  if (known_ == nullptr) renew();
  if (const Chunk* chunk = known_->find(time, places)) return chunk;
  return query(time, places);
}

const Chunk& ChunkFinder::require(int64_t time, std::span<const int64_t> places) {
  if (const Chunk* chunk = find(time, places)) return *chunk;
  if (!locked_) {
    // Whoever makes a chunk holds the lock to the end of its transaction; then it is seen.
    Arena arena;
    const std::string sql = fmt::format("SELECT _timescaledb_functions.lock_hypertable({})", hypertable_);
    const Value args[] = {Value::of_string(arena.copy(std::string_view(sql)))};
    session_.call("varve_run_sql", args, arena);
    if (const Chunk* chunk = query(time, places)) return *chunk;
    // What is known so far is everybody's; new chunks are this transaction's.
    known_ = std::make_shared<KnownChunks>();
    locked_ = true;
  }
  const Chunk* made =
      read(fmt::format("SELECT {} FROM _timescaledb_functions.create_chunk_at({}, '{}'::pg_catalog.int8, "
                       "'{{{}}}'::pg_catalog.int8[]) c",
                       kColumns, hypertable_, time, fmt::join(places, ",")));
  if (made != nullptr && made->contains(time, places)) return *made;
  throw SqlError(sqlstate::kInternalError,
                 fmt::format("the chunk of hypertable {} at {} has not been made", hypertable_, time));
}

}  // namespace varve::hypertable
