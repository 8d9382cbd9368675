// System functions that return sets: the session has the rows, the shapes are here. Each calls
// SessionServices::rows(name, arguments); the table below is the list of what that must answer.
#include <algorithm>
#include <vector>

#include "functions/type_oids.h"
#include "kernel.h"
#include "value_rows.h"

namespace varve::functions {

namespace {

namespace t = type_oid;
constexpr Oid kNodeTree{194};

template <size_t N>
struct Name {
  char text[N];
  constexpr Name(const char (&s)[N]) { std::copy_n(s, N, text); }
};

template <Name kName>
void* open_rows(EvalContext& context, const CallSite&, std::span<const Value> args, Arena& memory) {
  if (context.session == nullptr)
    throw_not_supported(std::string("function ") + kName.text + " without a session");
  std::vector<Value> values;
  context.session->rows(kName.text, args, memory, values);
  return RowBuilder::finish(values, memory);
}

// --- shapes
constexpr std::string_view kSettingNames[] = {
    "name",     "setting",   "unit",       "category",   "short_desc",     "extra_desc",
    "context",  "vartype",   "source",     "min_val",    "max_val",        "enumvals",
    "boot_val", "reset_val", "sourcefile", "sourceline", "pending_restart"};
constexpr Oid kSettingTypes[] = {t::kText, t::kText, t::kText, t::kText, t::kText, t::kText,
                                 t::kText, t::kText, t::kText, t::kText, t::kText, t::kTextArray,
                                 t::kText, t::kText, t::kText, t::kInt4, t::kBool};

constexpr std::string_view kLockNames[] = {"locktype", "database",   "relation",           "page",
                                           "tuple",    "virtualxid", "transactionid",      "classid",
                                           "objid",    "objsubid",   "virtualtransaction", "pid",
                                           "mode",     "granted",    "fastpath",           "waitstart"};
constexpr Oid kLockTypes[] = {t::kText, t::kOid,  t::kOid,  t::kInt4,       t::kInt2, t::kText,
                              t::kXid,  t::kOid,  t::kOid,  t::kInt2,       t::kText, t::kInt4,
                              t::kText, t::kBool, t::kBool, t::kTimestamptz};

constexpr std::string_view kActivityNames[] = {"datid",
                                               "pid",
                                               "usesysid",
                                               "application_name",
                                               "state",
                                               "query",
                                               "wait_event_type",
                                               "wait_event",
                                               "xact_start",
                                               "query_start",
                                               "backend_start",
                                               "state_change",
                                               "client_addr",
                                               "client_hostname",
                                               "client_port",
                                               "backend_xid",
                                               "backend_xmin",
                                               "backend_type",
                                               "ssl",
                                               "sslversion",
                                               "sslcipher",
                                               "sslbits",
                                               "ssl_client_dn",
                                               "ssl_client_serial",
                                               "ssl_issuer_dn",
                                               "gss_auth",
                                               "gss_princ",
                                               "gss_enc",
                                               "leader_pid",
                                               "query_id"};
constexpr Oid kActivityTypes[] = {
    t::kOid,  t::kInt4, t::kOid,         t::kText,        t::kText,        t::kText,
    t::kText, t::kText, t::kTimestamptz, t::kTimestamptz, t::kTimestamptz, t::kTimestamptz,
    t::kInet, t::kText, t::kInt4,        t::kXid,         t::kXid,         t::kText,
    t::kBool, t::kText, t::kText,        t::kInt4,        t::kText,        t::kNumeric,
    t::kText, t::kBool, t::kText,        t::kBool,        t::kInt4,        t::kInt8};

constexpr std::string_view kPreparedNames[] = {"name",     "statement",     "prepare_time", "parameter_types",
                                               "from_sql", "generic_plans", "custom_plans"};
constexpr Oid kPreparedTypes[] = {t::kText, t::kText, t::kTimestamptz, t::kRegtypeArray,
                                  t::kBool, t::kInt8, t::kInt8};

constexpr std::string_view kCursorNames[] = {"name",      "statement",     "is_holdable",
                                             "is_binary", "is_scrollable", "creation_time"};
constexpr Oid kCursorTypes[] = {t::kText, t::kText, t::kBool, t::kBool, t::kBool, t::kTimestamptz};

constexpr std::string_view kPreparedXactNames[] = {"transaction", "gid", "prepared", "ownerid", "dbid"};
constexpr Oid kPreparedXactTypes[] = {t::kXid, t::kText, t::kTimestamptz, t::kOid, t::kOid};

constexpr std::string_view kZoneNames[] = {"name", "abbrev", "utc_offset", "is_dst"};
constexpr Oid kZoneTypes[] = {t::kText, t::kText, t::kInterval, t::kBool};

constexpr std::string_view kKeywordNames[] = {"word", "catcode", "barelabel", "catdesc", "baredesc"};
constexpr Oid kKeywordTypes[] = {t::kText, t::kQuotedChar, t::kBool, t::kText, t::kText};

constexpr std::string_view kOptionNames[] = {"option_name", "option_value"};
constexpr Oid kOptionTypes[] = {t::kText, t::kText};

constexpr std::string_view kAclNames[] = {"grantor", "grantee", "privilege_type", "is_grantable"};
constexpr Oid kAclTypes[] = {t::kOid, t::kOid, t::kText, t::kBool};

constexpr std::string_view kTreeNames[] = {"relid", "parentrelid", "isleaf", "level"};
constexpr Oid kTreeTypes[] = {t::kRegclass, t::kRegclass, t::kBool, t::kInt4};

constexpr std::string_view kAncestorNames[] = {"relid"};
constexpr Oid kAncestorTypes[] = {t::kRegclass};

constexpr std::string_view kPublicationNames[] = {"relid", "attrs", "qual"};
constexpr Oid kPublicationTypes[] = {t::kOid, t::kInt2vector, kNodeTree};

constexpr std::string_view kExtensionNames[] = {"name", "default_version", "comment"};
constexpr Oid kExtensionTypes[] = {t::kName, t::kText, t::kText};
constexpr std::string_view kVersionNames[] = {"name",        "version", "superuser", "trusted",
                                              "relocatable", "schema",  "requires",  "comment"};
constexpr Oid kVersionTypes[] = {t::kName, t::kText, t::kBool,      t::kBool,
                                 t::kBool, t::kName, t::kNameArray, t::kText};

#define VARVE_ROWS(symbol, name, prefix) \
  constexpr TableFunctionImpl symbol { open_rows<name>, next_value_rows, prefix##Types, prefix##Names }
#define VARVE_VALUES(symbol, name) \
  constexpr TableFunctionImpl symbol { open_rows<name>, next_value_rows }

VARVE_ROWS(kShowAllSettings, "pg_show_all_settings", kSetting);
VARVE_ROWS(kLockStatus, "pg_lock_status", kLock);
VARVE_ROWS(kActivity, "pg_stat_get_activity", kActivity);
VARVE_ROWS(kPreparedStatement, "pg_prepared_statement", kPrepared);
VARVE_ROWS(kCursor, "pg_cursor", kCursor);
VARVE_ROWS(kPreparedXact, "pg_prepared_xact", kPreparedXact);
VARVE_ROWS(kTimezoneNames, "pg_timezone_names", kZone);
VARVE_ROWS(kExtensions, "pg_available_extensions", kExtension);
VARVE_ROWS(kExtensionVersions, "pg_available_extension_versions", kVersion);
VARVE_ROWS(kKeywords, "pg_get_keywords", kKeyword);
VARVE_ROWS(kOptionsToTable, "pg_options_to_table", kOption);
VARVE_ROWS(kAclExplode, "aclexplode", kAcl);
VARVE_ROWS(kPartitionTree, "pg_partition_tree", kTree);
VARVE_ROWS(kPublicationTables, "pg_get_publication_tables", kPublication);
VARVE_VALUES(kListeningChannels, "pg_listening_channels");
VARVE_ROWS(kPartitionAncestors, "pg_partition_ancestors", kAncestor);

VARVE_VALUES(kLogStatistics, "pg_stat_get_wal");
VARVE_VALUES(kArchiver, "pg_stat_get_archiver");
VARVE_VALUES(kProgress, "pg_stat_get_progress_info");
VARVE_VALUES(kBackendIds, "pg_stat_get_backend_idset");
VARVE_VALUES(kSequenceParameters, "pg_sequence_parameters");

const Binding kBindings[] = {
    {"pg_stat_get_backend_idset()", &kBackendIds},
    {"pg_stat_get_wal()", &kLogStatistics},
    {"pg_stat_get_archiver()", &kArchiver},
    {"pg_stat_get_progress_info(text)", &kProgress},
    {"pg_sequence_parameters(oid)", &kSequenceParameters},
    {"pg_show_all_settings()", &kShowAllSettings},
    {"pg_lock_status()", &kLockStatus},
    {"pg_stat_get_activity(int4)", &kActivity},
    {"pg_prepared_statement()", &kPreparedStatement},
    {"pg_cursor()", &kCursor},
    {"pg_prepared_xact()", &kPreparedXact},
    {"pg_timezone_names()", &kTimezoneNames},
    {"pg_available_extensions()", &kExtensions},
    {"pg_available_extension_versions()", &kExtensionVersions},
    {"pg_get_keywords()", &kKeywords},
    {"pg_options_to_table(_text)", &kOptionsToTable},
    {"aclexplode(_aclitem)", &kAclExplode},
    {"pg_partition_tree(regclass)", &kPartitionTree},
    {"pg_partition_ancestors(regclass)", &kPartitionAncestors},
    {"pg_get_publication_tables(text)", &kPublicationTables},
    {"pg_listening_channels()", &kListeningChannels},
};

}  // namespace

void SessionServices::rows(std::string_view function, std::span<const Value>, Arena&, std::vector<Value>&) {
  throw_not_supported("function " + std::string(function));
}

Bindings system_rows_bindings() { return kBindings; }

}  // namespace varve::functions
