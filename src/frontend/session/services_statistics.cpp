// What the server has done: the functions under pg_stat_database, pg_stat_bgwriter, pg_stat_wal and their
// kind.
#include "services_statistics.h"

#include <unordered_map>

#include "catalog/database_activity.h"
#include "catalog/table_activity.h"
#include "catalog_functions.h"
#include "common/sql_error.h"
#include "session.h"

namespace varve::session {

using catalog::Activity;
using catalog::Work;
using types::PhysicalType;
using types::Value;

namespace {

Value count_value(uint64_t n) { return Value::of_int64(static_cast<int64_t>(n)); }
Value milliseconds(uint64_t us) { return Value::of_float64(static_cast<double>(us) / 1000); }

uint64_t activity_of(Oid database, Activity what) {
  uint64_t sum = 0;
  catalog::for_each_activity(
      database.value(), [&](Oid, const catalog::TableActivity& activity) { sum += activity.total(what); });
  return sum;
}

}  // namespace

class StatisticsFunctions {
 public:
  // --- of a database
  static uint64_t work(const Value& database, Work what) {
    return catalog::database_activity(Oid{database.oid()},
                                      catalog::coarse_monotonic_us())[static_cast<size_t>(what)];
  }
  template <Work kWhat>
  static Value database_count(Session&, std::span<const Value> args, Arena&) {
    return count_value(work(args[0], kWhat));
  }
  template <Work kWhat>
  static Value database_time(Session&, std::span<const Value> args, Arena&) {
    return milliseconds(work(args[0], kWhat));
  }
  static Value database_blocks(Session&, std::span<const Value> args, Arena&) {
    return count_value(work(args[0], Work::kBlocksRead) + work(args[0], Work::kBlocksHit));
  }
  template <Activity kWhat>
  static Value database_rows(Session&, std::span<const Value> args, Arena&) {
    return count_value(activity_of(Oid{args[0].oid()}, kWhat));
  }
  static Value database_rows_read(Session&, std::span<const Value> args, Arena&) {
    const Oid database{args[0].oid()};
    return count_value(activity_of(database, Activity::kSeqRows) +
                       activity_of(database, Activity::kIndexRows));
  }
  static Value database_reset(Session&, std::span<const Value> args, Arena&) {
    const int64_t at = catalog::database_reset_us(Oid{args[0].oid()});
    return at == 0 ? Value::null_of(PhysicalType::kInt64) : Value::of_int64(at);
  }
  // There is no standby that queries could get in the way of, a page with a wrong checksum is an error and
  // not counted, reads and writes are not timed (track_io_timing is off).
  static Value zero(Session&, std::span<const Value>, Arena&) { return Value::of_int64(0); }
  static Value never(Session&, std::span<const Value>, Arena&) {
    return Value::null_of(PhysicalType::kInt64);
  }
  static Value no_time(Session&, std::span<const Value>, Arena&) { return Value::of_float64(0); }

  // --- of the server
  static Value started(Session& s, std::span<const Value>, Arena&) {
    return Value::of_int64(s.instance_.start_time_us());
  }
  template <uint64_t recovery::CheckpointStatistics::*kField>
  static Value checkpoints(Session& s, std::span<const Value>, Arena&) {
    return count_value(s.instance_.engine().checkpoint_statistics().*kField);
  }
  template <uint64_t recovery::CheckpointStatistics::*kField>
  static Value checkpoint_time(Session& s, std::span<const Value>, Arena&) {
    return milliseconds(s.instance_.engine().checkpoint_statistics().*kField);
  }
  template <uint64_t buffer::PoolStatistics::*kField>
  static Value pool(Session& s, std::span<const Value>, Arena&) {
    return count_value(s.instance_.engine().pool().statistics().*kField);
  }
  // What is left of all pages written.
  static Value written_by_sessions(Session& s, std::span<const Value>, Arena&) {
    const buffer::PoolStatistics pool = s.instance_.engine().pool().statistics();
    const uint64_t others = pool.background_writes + s.instance_.engine().checkpoint_statistics().buffers;
    return count_value(pool.writes > others ? pool.writes - others : 0);
  }

  // --- starting again
  static void require_superuser(Session& s, std::string_view function) {
    if (s.is_superuser_) return;
    throw SqlError(sqlstate::kInsufficientPrivilege,
                   "permission denied for function " + std::string(function));
  }
  static Value reset(Session& s, std::span<const Value>, Arena&) {
    require_superuser(s, "pg_stat_reset");
    const Oid database = s.database_->oid();
    catalog::for_each_activity(database.value(), [](Oid, catalog::TableActivity& a) { a.reset(); });
    catalog::reset_database_activity(database, catalog::coarse_monotonic_us(), current_time_us());
    return {};
  }
  static Value reset_table(Session& s, std::span<const Value> args, Arena&) {
    require_superuser(s, "pg_stat_reset_single_table_counters");
    const Oid database = s.database_->oid();
    catalog::for_each_activity(database.value(), [&](Oid relation, catalog::TableActivity& a) {
      if (relation.value() == args[0].oid()) a.reset();
    });
    return {};
  }
};

CatalogFunction* find_statistics_function(std::string_view name) {
  using F = StatisticsFunctions;
  using Checkpoints = recovery::CheckpointStatistics;
  using Pool = buffer::PoolStatistics;
  static const std::unordered_map<std::string_view, CatalogFunction*> kTable = {
      {"pg_stat_get_db_xact_commit", F::database_count<Work::kCommits>},
      {"pg_stat_get_db_xact_rollback", F::database_count<Work::kRollbacks>},
      {"pg_stat_get_db_blocks_fetched", F::database_blocks},
      {"pg_stat_get_db_blocks_hit", F::database_count<Work::kBlocksHit>},
      {"pg_stat_get_db_tuples_returned", F::database_rows_read},
      {"pg_stat_get_db_tuples_fetched", F::database_rows<Activity::kIndexRows>},
      {"pg_stat_get_db_tuples_inserted", F::database_rows<Activity::kInserted>},
      {"pg_stat_get_db_tuples_updated", F::database_rows<Activity::kUpdated>},
      {"pg_stat_get_db_tuples_deleted", F::database_rows<Activity::kDeleted>},
      {"pg_stat_get_db_conflict_all", F::zero},
      {"pg_stat_get_db_conflict_bufferpin", F::zero},
      {"pg_stat_get_db_conflict_lock", F::zero},
      {"pg_stat_get_db_conflict_snapshot", F::zero},
      {"pg_stat_get_db_conflict_startup_deadlock", F::zero},
      {"pg_stat_get_db_conflict_tablespace", F::zero},
      {"pg_stat_get_db_temp_files", F::database_count<Work::kTempFiles>},
      {"pg_stat_get_db_temp_bytes", F::database_count<Work::kTempBytes>},
      {"pg_stat_get_db_deadlocks", F::database_count<Work::kDeadlocks>},
      {"pg_stat_get_db_blk_read_time", F::no_time},
      {"pg_stat_get_db_blk_write_time", F::no_time},
      {"pg_stat_get_db_session_time", F::database_time<Work::kSessionUs>},
      {"pg_stat_get_db_active_time", F::database_time<Work::kActiveUs>},
      {"pg_stat_get_db_idle_in_transaction_time", F::database_time<Work::kIdleInTransactionUs>},
      {"pg_stat_get_db_sessions", F::database_count<Work::kSessions>},
      {"pg_stat_get_db_sessions_abandoned", F::database_count<Work::kAbandoned>},
      {"pg_stat_get_db_sessions_fatal", F::database_count<Work::kFatal>},
      {"pg_stat_get_db_sessions_killed", F::database_count<Work::kKilled>},
      {"pg_stat_get_db_checksum_failures", F::zero},
      {"pg_stat_get_db_checksum_last_failure", F::never},
      {"pg_stat_get_db_stat_reset_time", F::database_reset},
      {"pg_stat_get_bgwriter_timed_checkpoints", F::checkpoints<&Checkpoints::timed>},
      {"pg_stat_get_bgwriter_requested_checkpoints", F::checkpoints<&Checkpoints::requested>},
      {"pg_stat_get_checkpoint_write_time", F::checkpoint_time<&Checkpoints::write_us>},
      {"pg_stat_get_checkpoint_sync_time", F::checkpoint_time<&Checkpoints::sync_us>},
      {"pg_stat_get_bgwriter_buf_written_checkpoints", F::checkpoints<&Checkpoints::buffers>},
      {"pg_stat_get_bgwriter_buf_written_clean", F::pool<&Pool::background_writes>},
      {"pg_stat_get_bgwriter_maxwritten_clean", F::zero},  // its rounds have no limit to stop at
      {"pg_stat_get_buf_written_backend", F::written_by_sessions},
      {"pg_stat_get_buf_fsync_backend", F::zero},  // checkpoints alone sync the data files
      {"pg_stat_get_buf_alloc", F::pool<&Pool::allocations>},
      {"pg_stat_get_bgwriter_stat_reset_time", F::started},
      {"pg_stat_reset", F::reset},
      {"pg_stat_reset_single_table_counters", F::reset_table},
  };
  auto it = kTable.find(name);
  return it == kTable.end() ? nullptr : it->second;
}

void log_statistics_row(Session& session, Arena& arena, std::vector<Value>& out) {
  const wal::LogStatistics log = session.engine().log().statistics();
  for (uint64_t n : {log.records, log.images}) out.push_back(count_value(n));
  out.push_back(Value::of_numeric(types::numeric_from_int128(static_cast<__int128>(log.bytes), 0, arena)));
  for (uint64_t n : {log.full, log.writes, log.syncs}) out.push_back(count_value(n));
  for (int i = 0; i < 2; ++i) out.push_back(Value::of_float64(0));  // track_wal_io_timing is off
  out.push_back(Value::of_int64(session.server_start_us()));
}

// Nothing is archived.
void archiver_row(Session& session, std::vector<Value>& out) {
  for (int i = 0; i < 2; ++i) {
    out.push_back(Value::of_int64(0));
    out.push_back(Value::null_of(PhysicalType::kString));
    out.push_back(Value::null_of(PhysicalType::kInt64));
  }
  out.push_back(Value::of_int64(session.server_start_us()));
}

}  // namespace varve::session
