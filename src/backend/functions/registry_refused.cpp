// Functions that PostgreSQL has and that mean nothing here, or nothing yet: they are known, so that a call
// says that it is not supported (0A000) instead of that there is no such function. What yields no rows
// because there is nothing of its kind is here too.
#include <algorithm>

#include "kernel.h"
#include "value_rows.h"

namespace varve::functions {

namespace {

template <size_t N>
struct Name {
  char text[N];
  constexpr Name(const char (&s)[N]) { std::copy_n(s, N, text); }
  // Of a signature too.
  std::string function() const {
    std::string_view all(text, N - 1);
    return "function " + std::string(all.substr(0, all.find('(')));
  }
};

template <Name kName>
void refuse(KernelCall&) {
  throw_not_supported(kName.function());
}
template <Name kName>
void* refuse_rows(EvalContext&, const CallSite&, std::span<const Value>, Arena&) {
  throw_not_supported(kName.function());
}
template <Name kName>
constexpr TableFunctionImpl kRefusedRows{refuse_rows<kName>, next_value_rows};

void* open_nothing(EvalContext&, const CallSite&, std::span<const Value>, Arena& memory) {
  return RowBuilder(memory).finish();
}
constexpr TableFunctionImpl kNoRows{open_nothing, next_value_rows};

void text_trigger(KernelCall&) {
  throw SqlError(sqlstate::kInternalError, "tsvector_update_trigger: not fired by trigger manager");
}
void unique_trigger(KernelCall&) {
  throw SqlError(SqlState{"39P01"}, "function \"unique_key_recheck\" was not called by trigger manager");
}

#define VARVE_REFUSED(name) \
  { name, &refuse<name> }
#define VARVE_REFUSED_ROWS(signature) \
  { signature, &kRefusedRows<signature> }

const Binding kBindings[] = {
    // large objects
    VARVE_REFUSED("lo_close"),
    VARVE_REFUSED("lo_creat"),
    VARVE_REFUSED("lo_create"),
    VARVE_REFUSED("lo_export"),
    VARVE_REFUSED("lo_from_bytea"),
    VARVE_REFUSED("lo_get"),
    VARVE_REFUSED("lo_import"),
    VARVE_REFUSED("lo_lseek"),
    VARVE_REFUSED("lo_lseek64"),
    VARVE_REFUSED("lo_open"),
    VARVE_REFUSED("lo_put"),
    VARVE_REFUSED("lo_tell"),
    VARVE_REFUSED("lo_tell64"),
    VARVE_REFUSED("lo_truncate"),
    VARVE_REFUSED("lo_truncate64"),
    VARVE_REFUSED("lo_unlink"),
    VARVE_REFUSED("loread"),
    VARVE_REFUSED("lowrite"),
    // the data directory and the server's files
    VARVE_REFUSED("pg_current_logfile"),
    VARVE_REFUSED("pg_read_binary_file"),
    VARVE_REFUSED("pg_read_file"),
    VARVE_REFUSED("pg_read_file_old"),
    VARVE_REFUSED("pg_rotate_logfile"),
    VARVE_REFUSED("pg_rotate_logfile_old"),
    VARVE_REFUSED("pg_filenode_relation"),
    VARVE_REFUSED("pg_walfile_name"),
    VARVE_REFUSED_ROWS("pg_walfile_name_offset(pg_lsn)"),
    VARVE_REFUSED_ROWS("pg_ls_archive_statusdir()"),
    VARVE_REFUSED_ROWS("pg_ls_dir(text)"),
    VARVE_REFUSED_ROWS("pg_ls_dir(text,bool,bool)"),
    VARVE_REFUSED_ROWS("pg_ls_logdir()"),
    VARVE_REFUSED_ROWS("pg_ls_logicalmapdir()"),
    VARVE_REFUSED_ROWS("pg_ls_logicalsnapdir()"),
    VARVE_REFUSED_ROWS("pg_ls_replslotdir(text)"),
    VARVE_REFUSED_ROWS("pg_ls_tmpdir()"),
    VARVE_REFUSED_ROWS("pg_ls_tmpdir(oid)"),
    VARVE_REFUSED_ROWS("pg_ls_waldir()"),
    VARVE_REFUSED_ROWS("pg_stat_file(text)"),
    VARVE_REFUSED_ROWS("pg_stat_file(text,bool)"),
    VARVE_REFUSED_ROWS("pg_config()"),
    VARVE_REFUSED_ROWS("pg_control_checkpoint()"),
    VARVE_REFUSED_ROWS("pg_control_init()"),
    VARVE_REFUSED_ROWS("pg_control_recovery()"),
    VARVE_REFUSED_ROWS("pg_control_system()"),
    VARVE_REFUSED_ROWS("pg_hba_file_rules()"),
    VARVE_REFUSED_ROWS("pg_ident_file_mappings()"),
    VARVE_REFUSED_ROWS("pg_show_all_file_settings()"),
    VARVE_REFUSED_ROWS("pg_tablespace_databases(oid)"),
    // backups and replication
    VARVE_REFUSED("pg_backup_start"),
    VARVE_REFUSED_ROWS("pg_backup_stop(bool)"),
    VARVE_REFUSED("pg_create_restore_point"),
    VARVE_REFUSED("pg_drop_replication_slot"),
    VARVE_REFUSED("pg_get_wal_replay_pause_state"),
    VARVE_REFUSED("pg_promote"),
    VARVE_REFUSED("pg_wal_replay_pause"),
    VARVE_REFUSED("pg_wal_replay_resume"),
    VARVE_REFUSED_ROWS("pg_copy_logical_replication_slot(name,name)"),
    VARVE_REFUSED_ROWS("pg_copy_logical_replication_slot(name,name,bool)"),
    VARVE_REFUSED_ROWS("pg_copy_logical_replication_slot(name,name,bool,name)"),
    VARVE_REFUSED_ROWS("pg_copy_physical_replication_slot(name,name)"),
    VARVE_REFUSED_ROWS("pg_copy_physical_replication_slot(name,name,bool)"),
    VARVE_REFUSED_ROWS("pg_create_logical_replication_slot(name,name,bool,bool)"),
    VARVE_REFUSED_ROWS("pg_create_physical_replication_slot(name,bool,bool)"),
    {"pg_get_replication_slots()", &kNoRows},
    {"pg_show_replication_origin_status()", &kNoRows},
    {"pg_stat_get_subscription(oid)", &kNoRows},
    {"pg_stat_get_wal_senders()", &kNoRows},
    {"pg_stat_get_replication_slot(text)", &kNoRows},
    {"pg_stat_get_subscription_stats(oid)", &kNoRows},
    {"pg_stat_get_wal_receiver()", &kNoRows},
    {"pg_stat_get_slru()", &kNoRows},  // there are no such caches
    // transactions: when and in which order they ended is not kept
    VARVE_REFUSED("pg_xact_commit_timestamp"),
    VARVE_REFUSED_ROWS("pg_last_committed_xact()"),
    VARVE_REFUSED_ROWS("pg_get_multixact_members(xid)"),
    // counters that are not kept
    VARVE_REFUSED("pg_stat_get_blocks_fetched"),
    VARVE_REFUSED("pg_stat_get_blocks_hit"),
    VARVE_REFUSED("pg_stat_get_function_calls"),
    VARVE_REFUSED("pg_stat_get_function_self_time"),
    VARVE_REFUSED("pg_stat_get_function_total_time"),
    VARVE_REFUSED("pg_stat_get_xact_blocks_fetched"),
    VARVE_REFUSED("pg_stat_get_xact_blocks_hit"),
    VARVE_REFUSED("pg_stat_get_xact_function_calls"),
    VARVE_REFUSED("pg_stat_get_xact_function_self_time"),
    VARVE_REFUSED("pg_stat_get_xact_function_total_time"),
    VARVE_REFUSED("pg_stat_get_xact_numscans"),
    VARVE_REFUSED("pg_stat_get_xact_tuples_deleted"),
    VARVE_REFUSED("pg_stat_get_xact_tuples_fetched"),
    VARVE_REFUSED("pg_stat_get_xact_tuples_hot_updated"),
    VARVE_REFUSED("pg_stat_get_xact_tuples_inserted"),
    VARVE_REFUSED("pg_stat_get_xact_tuples_returned"),
    VARVE_REFUSED("pg_stat_get_xact_tuples_updated"),
    VARVE_REFUSED("pg_stat_have_stats"),
    VARVE_REFUSED("pg_stat_reset_replication_slot"),
    VARVE_REFUSED("pg_stat_reset_shared"),
    VARVE_REFUSED("pg_stat_reset_single_function_counters"),
    VARVE_REFUSED("pg_stat_reset_slru"),
    VARVE_REFUSED("pg_stat_reset_subscription_stats"),
    VARVE_REFUSED_ROWS("pg_stat_get_recovery_prefetch()"),
    VARVE_REFUSED_ROWS("pg_get_backend_memory_contexts()"),
    VARVE_REFUSED_ROWS("pg_get_shmem_allocations()"),
    VARVE_REFUSED_ROWS("pg_get_wal_resource_managers()"),
    VARVE_REFUSED("pg_log_backend_memory_contexts"),
    // the catalog
    VARVE_REFUSED("amvalidate"),
    VARVE_REFUSED("currtid2"),
    VARVE_REFUSED("fmgr_c_validator"),
    VARVE_REFUSED("fmgr_internal_validator"),
    VARVE_REFUSED("fmgr_sql_validator"),
    VARVE_REFUSED("pg_collation_for"),
    VARVE_REFUSED("pg_database_collation_actual_version"),
    VARVE_REFUSED_ROWS("pg_extension_update_paths(name)"),
    VARVE_REFUSED("pg_import_system_collations"),
    VARVE_REFUSED("pg_nextoid"),
    VARVE_REFUSED("pg_settings_get_flags"),
    VARVE_REFUSED("pg_stop_making_pinned_objects"),
    VARVE_REFUSED("postgresql_fdw_validator"),
    VARVE_REFUSED_ROWS("pg_get_catalog_foreign_keys()"),
    VARVE_REFUSED_ROWS("pg_get_object_address(text,_text,_text)"),
    VARVE_REFUSED_ROWS("pg_identify_object(oid,oid,int4)"),
    VARVE_REFUSED_ROWS("pg_identify_object_as_address(oid,oid,int4)"),
    // tables as XML
    VARVE_REFUSED("cursor_to_xml"),
    VARVE_REFUSED("cursor_to_xmlschema"),
    VARVE_REFUSED("database_to_xml"),
    VARVE_REFUSED("database_to_xml_and_xmlschema"),
    VARVE_REFUSED("database_to_xmlschema"),
    VARVE_REFUSED("query_to_xml"),
    VARVE_REFUSED("query_to_xml_and_xmlschema"),
    VARVE_REFUSED("query_to_xmlschema"),
    VARVE_REFUSED("schema_to_xml"),
    VARVE_REFUSED("schema_to_xml_and_xmlschema"),
    VARVE_REFUSED("schema_to_xmlschema"),
    VARVE_REFUSED("table_to_xml"),
    VARVE_REFUSED("table_to_xml_and_xmlschema"),
    VARVE_REFUSED("table_to_xmlschema"),
    // text search
    VARVE_REFUSED("ts_rewrite"),
    VARVE_REFUSED_ROWS("ts_stat(text)"),
    VARVE_REFUSED_ROWS("ts_stat(text,text)"),
    // trigger functions
    {"tsvector_update_trigger()", text_trigger},
    {"tsvector_update_trigger_column()", text_trigger},
    {"unique_key_recheck()", unique_trigger},
};

}  // namespace

Bindings refused_bindings() { return kBindings; }

}  // namespace varve::functions
