#include "invalidation.h"

#include <fmt/format.h>
#include <map>
#include <mutex>

#include "bindings.h"
#include "functions/eval_context.h"
#include "txn/lock_manager.h"

namespace varve::hypertable {

using types::Value;

void TouchedTimes::extend(int64_t t) {
  auto below = [&](const Range& r) { return t < r.low ? uint64_t(r.low) - uint64_t(t) : 0; };
  auto above = [&](const Range& r) { return t > r.high ? uint64_t(t) - uint64_t(r.high) : 0; };
  Range* nearest = nullptr;
  uint64_t distance = 0;
  for (Range& r : ranges_) {
    const uint64_t d = std::max(below(r), above(r));
    if (nearest == nullptr || d < distance) {
      nearest = &r;
      distance = d;
    }
  }
  if (nearest == nullptr || (distance > uint64_t(reach_) && ranges_.size() < kMaxRanges)) {
    nearest = &ranges_.emplace_back(Range{t, t});
  } else {
    nearest->low = std::min(nearest->low, t);
    nearest->high = std::max(nearest->high, t);
  }
  low_ = nearest->low;
  high_ = nearest->high;
}

namespace {

// The thresholds that the process knows, by database and hypertable.
class Thresholds {
 public:
  bool find(uint32_t database, Oid hypertable, int64_t* threshold) {
    std::lock_guard lock(mutex_);
    auto it = known_.find({database, hypertable.value()});
    if (it == known_.end()) return false;
    *threshold = it->second;
    return true;
  }
  // To at least that; returns what it is.
  int64_t raise(uint32_t database, Oid hypertable, int64_t threshold) {
    std::lock_guard lock(mutex_);
    auto [it, fresh] = known_.try_emplace({database, hypertable.value()}, threshold);
    it->second = std::max(it->second, threshold);
    return it->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<uint32_t, uint32_t>, int64_t> known_;
};

Thresholds& thresholds() {
  static Thresholds all;
  return all;
}

int64_t threshold_of(functions::SessionServices& session, uint32_t database, Oid hypertable) {
  int64_t threshold = kNoStart;
  if (thresholds().find(database, hypertable, &threshold)) return threshold;
  Arena arena;
  std::vector<Value> row;
  const Value args[] = {Value::of_string(arena.copy(fmt::format(
      "SELECT t.watermark FROM _timescaledb_catalog.continuous_aggs_invalidation_threshold t JOIN "
      "_timescaledb_catalog.hypertable h ON h.id = t.hypertable_id WHERE h.relid = "
      "{}::pg_catalog.oid::pg_catalog.regclass",
      hypertable.value())))};
  session.rows("varve_query_row", args, arena, row);
  // What is not there yet may come without anybody's saying so: from a dump.
  return row.empty() ? kNoStart : thresholds().raise(database, hypertable, row[0].int64);
}

class Invalidations final : public executor::CommitAction {
 public:
  static constexpr char kKind = 0;

  TouchedTimes& of(Oid hypertable, int64_t reach) {
    return touched_.try_emplace(hypertable.value(), reach).first->second;
  }

  void before_commit(functions::SessionServices& session, txn::Transaction&, uint32_t database) override {
    Arena arena;
    for (const auto& [relation, times] : touched_) {
      if (times.ranges().empty()) continue;
      lock_invalidations(session, Oid{relation}, txn::LockMode::kRowExclusive, arena);
      const int64_t threshold = threshold_of(session, database, Oid{relation});
      for (const TouchedTimes::Range& range : times.ranges()) {
        if (range.low >= threshold) continue;
        const Value args[] = {Value::of_string(arena.copy(fmt::format(
            "SELECT _timescaledb_functions.note_invalidation({}::pg_catalog.oid::pg_catalog.regclass, "
            "'{}'::pg_catalog.int8, '{}'::pg_catalog.int8)",
            relation, range.low, std::min(range.high, threshold - 1))))};
        session.call("varve_run_sql", args, arena);
      }
    }
  }

 private:
  std::map<uint32_t, TouchedTimes> touched_;
};

}  // namespace

TouchedTimes* touched_times(executor::CommitActions* actions, Oid hypertable, int64_t reach) {
  if (actions == nullptr) return nullptr;
  executor::CommitAction* action = actions->find(&Invalidations::kKind);
  if (action == nullptr) action = &actions->add(&Invalidations::kKind, std::make_unique<Invalidations>());
  return &static_cast<Invalidations*>(action)->of(hypertable, reach);
}

void raise_threshold(uint32_t database, Oid hypertable, int64_t threshold) {
  thresholds().raise(database, hypertable, threshold);
}

void lock_invalidations(functions::SessionServices& session, Oid hypertable, txn::LockMode mode,
                        Arena& arena) {
  constexpr uint32_t kRelationClass = 1259;
  const Value args[] = {Value::of_oid(kRelationClass), Value::of_oid(hypertable.value()),
                        Value::of_int32(static_cast<int32_t>(mode))};
  session.call("varve_lock_object", args, arena);
}

}  // namespace varve::hypertable
