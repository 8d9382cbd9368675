// Functions that ask the session: their names are the whole of what is known here. Each calls
// SessionServices::call(name, arguments); the table below is the list of what that must answer.
#include <algorithm>
#include <vector>

#include "kernel.h"

namespace varve::functions {

namespace {

template <size_t N>
struct Name {
  char text[N];
  constexpr Name(const char (&s)[N]) { std::copy_n(s, N, text); }
  // Of a signature too.
  constexpr std::string_view function() const {
    const std::string_view all(text, N - 1);
    return all.substr(0, all.find('('));
  }
};

template <Name kName>
void service_kernel(KernelCall& call) {
  std::vector<Value> args(call.args.size());
  for_each_row(call.rows, [&](uint32_t row) {
    for (size_t i = 0; i < args.size(); ++i) args[i] = call.args[i]->value(row);
    call.result.set_value(row, call.context.session->call(kName.function(), args, *call.context.memory));
  });
}

#define VARVE_SERVICE(name) \
  { name, &service_kernel<name> }

const Binding kBindings[] = {
    // settings and sequences
    VARVE_SERVICE("current_setting"),
    VARVE_SERVICE("set_config"),
    VARVE_SERVICE("nextval"),
    VARVE_SERVICE("currval"),
    VARVE_SERVICE("lastval"),
    VARVE_SERVICE("setval"),
    VARVE_SERVICE("pg_sequence_last_value"),
    VARVE_SERVICE("pg_get_serial_sequence"),
    // the session
    VARVE_SERVICE("current_schema"),
    VARVE_SERVICE("current_schemas"),
    VARVE_SERVICE("current_query"),
    VARVE_SERVICE("inet_client_addr"),
    VARVE_SERVICE("inet_client_port"),
    VARVE_SERVICE("inet_server_addr"),
    VARVE_SERVICE("inet_server_port"),
    VARVE_SERVICE("pg_my_temp_schema"),
    VARVE_SERVICE("pg_is_other_temp_schema"),
    VARVE_SERVICE("pg_trigger_depth"),
    VARVE_SERVICE("pg_notify"),
    VARVE_SERVICE("row_security_active"),
    VARVE_SERVICE("pg_export_snapshot"),
    VARVE_SERVICE("get_current_ts_config"),
    // definitions
    VARVE_SERVICE("format_type"),
    VARVE_SERVICE("pg_get_constraintdef"),
    VARVE_SERVICE("pg_get_expr"),
    VARVE_SERVICE("pg_get_function_arg_default"),
    VARVE_SERVICE("pg_get_function_arguments"),
    VARVE_SERVICE("pg_get_function_identity_arguments"),
    VARVE_SERVICE("pg_get_function_result"),
    VARVE_SERVICE("pg_get_function_sqlbody"),
    VARVE_SERVICE("pg_get_functiondef"),
    VARVE_SERVICE("pg_get_indexdef"),
    VARVE_SERVICE("pg_get_partition_constraintdef"),
    VARVE_SERVICE("pg_get_partkeydef"),
    VARVE_SERVICE("pg_partition_root"),
    VARVE_SERVICE("pg_get_replica_identity_index"),
    VARVE_SERVICE("pg_get_ruledef"),
    VARVE_SERVICE("pg_get_statisticsobjdef"),
    VARVE_SERVICE("pg_get_statisticsobjdef_columns"),
    VARVE_SERVICE("pg_get_statisticsobjdef_expressions"),
    VARVE_SERVICE("pg_get_triggerdef"),
    VARVE_SERVICE("pg_get_userbyid"),
    VARVE_SERVICE("pg_get_viewdef"),
    VARVE_SERVICE("pg_relation_is_updatable"),
    VARVE_SERVICE("pg_column_is_updatable"),
    VARVE_SERVICE("pg_describe_object"),
    VARVE_SERVICE("pg_index_column_has_property"),
    VARVE_SERVICE("pg_index_has_property"),
    VARVE_SERVICE("pg_indexam_has_property"),
    VARVE_SERVICE("col_description"),
    VARVE_SERVICE("obj_description"),
    VARVE_SERVICE("shobj_description"),
    VARVE_SERVICE("to_regclass"),
    VARVE_SERVICE("to_regcollation"),
    VARVE_SERVICE("to_regnamespace"),
    VARVE_SERVICE("to_regoper"),
    VARVE_SERVICE("to_regoperator"),
    VARVE_SERVICE("to_regproc"),
    VARVE_SERVICE("to_regprocedure"),
    VARVE_SERVICE("to_regrole"),
    VARVE_SERVICE("to_regtype"),
    // visibility
    VARVE_SERVICE("pg_collation_is_visible"),
    VARVE_SERVICE("pg_conversion_is_visible"),
    VARVE_SERVICE("pg_function_is_visible"),
    VARVE_SERVICE("pg_opclass_is_visible"),
    VARVE_SERVICE("pg_operator_is_visible"),
    VARVE_SERVICE("pg_opfamily_is_visible"),
    VARVE_SERVICE("pg_statistics_obj_is_visible"),
    VARVE_SERVICE("pg_table_is_visible"),
    VARVE_SERVICE("pg_ts_config_is_visible"),
    VARVE_SERVICE("pg_ts_dict_is_visible"),
    VARVE_SERVICE("pg_ts_parser_is_visible"),
    VARVE_SERVICE("pg_ts_template_is_visible"),
    VARVE_SERVICE("pg_type_is_visible"),
    VARVE_SERVICE("pg_relation_is_publishable"),
    // privileges
    VARVE_SERVICE("has_any_column_privilege"),
    VARVE_SERVICE("has_column_privilege"),
    VARVE_SERVICE("has_database_privilege"),
    VARVE_SERVICE("has_foreign_data_wrapper_privilege"),
    VARVE_SERVICE("has_function_privilege"),
    VARVE_SERVICE("has_language_privilege"),
    VARVE_SERVICE("has_parameter_privilege"),
    VARVE_SERVICE("has_schema_privilege"),
    VARVE_SERVICE("has_sequence_privilege"),
    VARVE_SERVICE("has_server_privilege"),
    VARVE_SERVICE("has_table_privilege"),
    VARVE_SERVICE("has_tablespace_privilege"),
    VARVE_SERVICE("has_type_privilege"),
    VARVE_SERVICE("pg_has_role"),
    VARVE_SERVICE("acldefault"),
    // storage
    VARVE_SERVICE("varve_settle"),
    VARVE_SERVICE("pg_extension_config_dump"),
    // sizes and files
    VARVE_SERVICE("pg_database_size"),
    VARVE_SERVICE("pg_indexes_size"),
    VARVE_SERVICE("pg_relation_size"),
    VARVE_SERVICE("pg_table_size"),
    VARVE_SERVICE("pg_tablespace_size"),
    VARVE_SERVICE("pg_total_relation_size"),
    VARVE_SERVICE("pg_relation_filenode"),
    VARVE_SERVICE("pg_relation_filepath"),
    VARVE_SERVICE("pg_tablespace_location"),
    VARVE_SERVICE("pg_collation_actual_version"),
    // locks
    VARVE_SERVICE("pg_advisory_lock"),
    VARVE_SERVICE("pg_advisory_lock_shared"),
    VARVE_SERVICE("pg_advisory_unlock"),
    VARVE_SERVICE("pg_advisory_unlock_all"),
    VARVE_SERVICE("pg_advisory_unlock_shared"),
    VARVE_SERVICE("pg_advisory_xact_lock"),
    VARVE_SERVICE("pg_advisory_xact_lock_shared"),
    VARVE_SERVICE("pg_try_advisory_lock"),
    VARVE_SERVICE("pg_try_advisory_lock_shared"),
    VARVE_SERVICE("pg_try_advisory_xact_lock"),
    VARVE_SERVICE("pg_try_advisory_xact_lock_shared"),
    VARVE_SERVICE("pg_blocking_pids"),
    VARVE_SERVICE("pg_safe_snapshot_blocking_pids"),
    VARVE_SERVICE("pg_isolation_test_session_is_blocked"),
    // transactions and the log
    VARVE_SERVICE("txid_current"),
    VARVE_SERVICE("txid_current_if_assigned"),
    VARVE_SERVICE("pg_current_xact_id"),
    VARVE_SERVICE("pg_current_xact_id_if_assigned"),
    VARVE_SERVICE("pg_xact_status"),
    VARVE_SERVICE("txid_status"),
    VARVE_SERVICE("pg_current_snapshot"),
    VARVE_SERVICE("txid_current_snapshot"),
    VARVE_SERVICE("age(xid)"),
    VARVE_SERVICE("mxid_age"),
    VARVE_SERVICE("pg_notification_queue_usage"),
    VARVE_SERVICE("pg_current_wal_lsn"),
    VARVE_SERVICE("pg_current_wal_insert_lsn"),
    VARVE_SERVICE("pg_current_wal_flush_lsn"),
    VARVE_SERVICE("pg_last_wal_receive_lsn"),
    VARVE_SERVICE("pg_last_wal_replay_lsn"),
    VARVE_SERVICE("pg_last_xact_replay_timestamp"),
    VARVE_SERVICE("pg_switch_wal"),
    VARVE_SERVICE("pg_is_in_recovery"),
    VARVE_SERVICE("pg_is_wal_replay_paused"),
    // the server
    VARVE_SERVICE("pg_sleep"),
    VARVE_SERVICE("pg_cancel_backend"),
    VARVE_SERVICE("pg_terminate_backend"),
    VARVE_SERVICE("pg_reload_conf"),
    VARVE_SERVICE("pg_conf_load_time"),
    VARVE_SERVICE("pg_postmaster_start_time"),
    VARVE_SERVICE("pg_stat_get_live_tuples"),
    VARVE_SERVICE("pg_stat_get_dead_tuples"),
    VARVE_SERVICE("pg_stat_get_numscans"),
    VARVE_SERVICE("pg_stat_get_tuples_returned"),
    VARVE_SERVICE("pg_stat_get_tuples_fetched"),
    VARVE_SERVICE("pg_stat_get_tuples_inserted"),
    VARVE_SERVICE("pg_stat_get_tuples_updated"),
    VARVE_SERVICE("pg_stat_get_tuples_deleted"),
    VARVE_SERVICE("pg_stat_get_tuples_hot_updated"),
    VARVE_SERVICE("pg_stat_reset"),
    // backends, tables and rights, as src/frontend/session/services_information.cpp has them
    VARVE_SERVICE("pg_sleep_for"),
    VARVE_SERVICE("pg_sleep_until"),
    VARVE_SERVICE("pg_stat_get_analyze_count"),
    VARVE_SERVICE("pg_stat_get_autoanalyze_count"),
    VARVE_SERVICE("pg_stat_get_last_analyze_time"),
    VARVE_SERVICE("pg_stat_get_last_autoanalyze_time"),
    VARVE_SERVICE("pg_stat_get_mod_since_analyze"),
    VARVE_SERVICE("pg_stat_get_ins_since_vacuum"),
    VARVE_SERVICE("pg_stat_get_vacuum_count"),
    VARVE_SERVICE("pg_stat_get_autovacuum_count"),
    VARVE_SERVICE("pg_stat_get_last_vacuum_time"),
    VARVE_SERVICE("pg_stat_get_last_autovacuum_time"),
    VARVE_SERVICE("pg_stat_get_backend_pid"),
    VARVE_SERVICE("pg_stat_get_backend_activity"),
    VARVE_SERVICE("pg_stat_get_backend_activity_start"),
    VARVE_SERVICE("pg_stat_get_backend_client_addr"),
    VARVE_SERVICE("pg_stat_get_backend_client_port"),
    VARVE_SERVICE("pg_stat_get_backend_start"),
    VARVE_SERVICE("pg_stat_get_backend_xact_start"),
    VARVE_SERVICE("pg_stat_get_backend_dbid"),
    VARVE_SERVICE("pg_stat_get_backend_userid"),
    VARVE_SERVICE("pg_stat_get_backend_wait_event"),
    VARVE_SERVICE("pg_stat_get_backend_wait_event_type"),
    VARVE_SERVICE("pg_stat_get_db_numbackends"),
    VARVE_SERVICE("pg_stat_get_db_sessions_abandoned"),
    VARVE_SERVICE("pg_stat_get_db_sessions_fatal"),
    VARVE_SERVICE("pg_stat_get_db_sessions_killed"),
    VARVE_SERVICE("pg_stat_get_db_checksum_failures"),
    VARVE_SERVICE("pg_stat_get_db_checksum_last_failure"),
    VARVE_SERVICE("pg_stat_get_db_xact_commit"),
    VARVE_SERVICE("pg_stat_get_db_xact_rollback"),
    VARVE_SERVICE("pg_stat_get_db_blocks_fetched"),
    VARVE_SERVICE("pg_stat_get_db_blocks_hit"),
    VARVE_SERVICE("pg_stat_get_db_tuples_returned"),
    VARVE_SERVICE("pg_stat_get_db_tuples_fetched"),
    VARVE_SERVICE("pg_stat_get_db_tuples_inserted"),
    VARVE_SERVICE("pg_stat_get_db_tuples_updated"),
    VARVE_SERVICE("pg_stat_get_db_tuples_deleted"),
    VARVE_SERVICE("pg_stat_get_db_conflict_all"),
    VARVE_SERVICE("pg_stat_get_db_conflict_bufferpin"),
    VARVE_SERVICE("pg_stat_get_db_conflict_lock"),
    VARVE_SERVICE("pg_stat_get_db_conflict_snapshot"),
    VARVE_SERVICE("pg_stat_get_db_conflict_startup_deadlock"),
    VARVE_SERVICE("pg_stat_get_db_conflict_tablespace"),
    VARVE_SERVICE("pg_stat_get_db_temp_files"),
    VARVE_SERVICE("pg_stat_get_db_temp_bytes"),
    VARVE_SERVICE("pg_stat_get_db_deadlocks"),
    VARVE_SERVICE("pg_stat_get_db_blk_read_time"),
    VARVE_SERVICE("pg_stat_get_db_blk_write_time"),
    VARVE_SERVICE("pg_stat_get_db_session_time"),
    VARVE_SERVICE("pg_stat_get_db_active_time"),
    VARVE_SERVICE("pg_stat_get_db_idle_in_transaction_time"),
    VARVE_SERVICE("pg_stat_get_db_sessions"),
    VARVE_SERVICE("pg_stat_get_db_stat_reset_time"),
    VARVE_SERVICE("pg_stat_get_bgwriter_timed_checkpoints"),
    VARVE_SERVICE("pg_stat_get_bgwriter_requested_checkpoints"),
    VARVE_SERVICE("pg_stat_get_checkpoint_write_time"),
    VARVE_SERVICE("pg_stat_get_checkpoint_sync_time"),
    VARVE_SERVICE("pg_stat_get_bgwriter_buf_written_checkpoints"),
    VARVE_SERVICE("pg_stat_get_bgwriter_buf_written_clean"),
    VARVE_SERVICE("pg_stat_get_bgwriter_maxwritten_clean"),
    VARVE_SERVICE("pg_stat_get_buf_written_backend"),
    VARVE_SERVICE("pg_stat_get_buf_fsync_backend"),
    VARVE_SERVICE("pg_stat_get_buf_alloc"),
    VARVE_SERVICE("pg_stat_get_bgwriter_stat_reset_time"),
    VARVE_SERVICE("pg_stat_reset_single_table_counters"),
    VARVE_SERVICE("makeaclitem"),
    VARVE_SERVICE("aclcontains"),
    VARVE_SERVICE("aclitemeq"),
    VARVE_SERVICE("aclinsert"),
    VARVE_SERVICE("aclremove"),
    // the session's random sequence
    VARVE_SERVICE("random"),
    VARVE_SERVICE("setseed"),
};

// The rest of what is known about the session, and about nothing but the call.
const Binding kSession[] = {
    {"current_user()",
     fn([](Env& env) -> StringRef { return env.keep(env.context.session->current_user_name()); })},
    {"session_user()",
     fn([](Env& env) -> StringRef { return env.keep(env.context.session->session_user_name()); })},
    {"current_database()",
     fn([](Env& env) -> StringRef { return env.keep(env.context.session->current_database()); })},
    {"pg_backend_pid()",
     fn([](Env& env) -> int32_t { return static_cast<int32_t>(env.context.session->backend_pid()); })},
    {"now()", fn([](Env& env) -> int64_t { return env.format().now_us; })},
    {"transaction_timestamp()", fn([](Env& env) -> int64_t { return env.format().now_us; })},
    {"statement_timestamp()",
     fn([](Env& env) -> int64_t { return env.context.session->statement_start_us(); })},
    {"clock_timestamp()", fn([](Env& env) -> int64_t { return env.context.session->clock_us(); })},
    {"version()", fn([](Env& env) -> StringRef {
#if defined(__aarch64__)
       constexpr std::string_view kMachine = "aarch64";
#else
       constexpr std::string_view kMachine = "x86_64";
#endif
       env.buffer = "PostgreSQL 15.0 (Varve 0.1.0) on ";
       env.buffer += kMachine;
       env.buffer += "-linux-gnu, 64-bit";
       return env.keep();
     })},
    {"getdatabaseencoding()", fn([]() -> StringRef { return StringRef("UTF8", 4); })},
    {"pg_client_encoding()", fn([]() -> StringRef { return StringRef("UTF8", 4); })},
};

}  // namespace

Bindings system_bindings() { return kBindings; }
Bindings session_bindings() { return kSession; }

}  // namespace varve::functions
