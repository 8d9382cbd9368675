// System functions that ask the running server: one table of names. What is missing here is refused by name.
#include <charconv>
#include <chrono>
#include <fmt/format.h>
#include <signal.h>
#include <thread>
#include <unistd.h>

#include "access/segment.h"
#include "access/sequence.h"
#include "catalog/user_type.h"
#include "catalog_functions.h"
#include "commands/acl.h"
#include "commands/command_context.h"
#include "commands/extension_table.h"
#include "commands/settle.h"
#include "common/sql_error.h"
#include "cursor.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "net/server.h"
#include "parser/parser.h"
#include "session.h"
#include "sync/parking_spot.h"
#include "wal/log_manager.h"

namespace varve::session {

using types::Value;

namespace {

constexpr sync::WaitEvent kPgSleep{sync::WaitClass::kTimeout, "PgSleep"};

std::string qualified(const catalog::Relation& relation, bool visible) {
  std::string name = parser::quote_identifier(relation.name);
  return visible ? name : parser::quote_identifier(relation.schema_name) + "." + name;
}

// "a"."b" or a.b as parts, downcased unless quoted.
std::vector<std::string> split_name(std::string_view text) {
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '"') {
      if (quoted && i + 1 < text.size() && text[i + 1] == '"')
        parts.back() += text[++i];
      else
        quoted = !quoted;
    } else if (c == '.' && !quoted) {
      parts.emplace_back();
    } else {
      parts.back() += quoted || c < 'A' || c > 'Z' ? c : static_cast<char>(c + 32);
    }
  }
  return parts;
}

}  // namespace

// The functions, with the session's inside at hand.
class SystemFunctions {
 public:
  using Function = Value (*)(Session&, std::span<const Value> args, Arena& arena);
  static const std::unordered_map<std::string_view, Function>& table();

  static catalog::RelationPtr relation(Session& s, const Value& oid) {
    return s.catalog().relation(Oid{oid.oid()});
  }

  static bool is_visible(Session& s, const catalog::Relation& relation) {
    for (Oid schema : path(s)) {
      Oid found = s.catalog().find_relation_oid(schema, relation.name);
      if (found != kInvalidOid) return found == relation.oid;
    }
    return false;
  }
  static std::vector<Oid> path(Session& s) {
    std::vector<Oid> path = s.search_path_oids();
    if (std::find(path.begin(), path.end(), catalog::kPgCatalogSchema) == path.end()) {
      path.insert(path.begin() + (!path.empty() && path[0] == s.temporary_schema(false) ? 1 : 0),
                  catalog::kPgCatalogSchema);
    }
    return path;
  }

  // --- sequences
  static access::SequenceOptions sequence_options(Session& s, Oid oid) {
    access::SequenceOptions options;
    const catalog::KeyMatch match[] = {{"seqrelid", Value::of_oid(oid.value())}};
    s.catalog().for_each(catalog::system_table("pg_sequence"), match, [&](const catalog::Row& row) {
      options.increment = row["seqincrement"].int64;
      options.min = row["seqmin"].int64;
      options.max = row["seqmax"].int64;
      options.cycle = row.boolean("seqcycle");
      options.cache = row["seqcache"].int64;
    });
    return options;
  }
  static catalog::RelationPtr sequence(Session& s, const Value& oid) {
    catalog::RelationPtr relation = SystemFunctions::relation(s, oid);
    if (relation == nullptr)
      throw SqlError(sqlstate::kUndefinedTable,
                     fmt::format("relation with OID {} does not exist", oid.oid()));
    if (relation->kind != catalog::RelationKind::kSequence) {
      throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is not a sequence", relation->name));
    }
    return relation;
  }
  // Any of `letters` suffices.
  static void require_sequence(Session& s, const catalog::Relation& seq, std::string_view letters) {
    if (s.is_superuser_) return;
    commands::RoleRights rights(s.catalog(), s.role_);
    for (char c : letters) {
      if (rights.table_allows(seq, c)) return;
    }
    if (identity_of_insertable(s, seq, rights)) return;
    throw SqlError(sqlstate::kInsufficientPrivilege,
                   fmt::format("permission denied for sequence {}", seq.name));
  }
  // Whoever may insert into a table may draw numbers for its identity column.
  static bool identity_of_insertable(Session& s, const catalog::Relation& seq,
                                     const commands::RoleRights& rights) {
    bool allowed = false;
    const catalog::KeyMatch match[] = {{"classid", Value::of_oid(1259)},
                                       {"objid", Value::of_oid(seq.oid.value())}};
    s.catalog().for_each(catalog::system_table("pg_depend"), match, [&](const catalog::Row& row) {
      if (row.letter("deptype") != 'i' || row.oid("refclassid").value() != 1259) return;
      catalog::RelationPtr table = s.catalog().relation(row.oid("refobjid"));
      if (table == nullptr) return;
      for (size_t i = 1; i <= table->columns.size() && !allowed; ++i) {
        allowed = rights.column_allows(*table, static_cast<int16_t>(i), 'a');
      }
    });
    return allowed;
  }
  static void gate(Session& s, Lsn durable) {
    if (s.gate_ < durable) s.gate_ = durable;
  }
  static Value nextval(Session& s, std::span<const Value> args, Arena&) {
    catalog::RelationPtr seq = sequence(s, args[0]);
    require_sequence(s, *seq, "Uw");
    if (s.read_only_)
      throw SqlError(sqlstate::kReadOnlySqlTransaction,
                     "cannot execute nextval() in a read-only transaction");
    access::SequenceOptions options = sequence_options(s, seq->oid);
    options.cache = 1;
    Lsn durable;
    auto range = access::sequence_next(s.instance_.engine().pool(), seq->segment, options, &durable);
    if (!range.ok() && range.status().code() == StatusCode::kNotFound) {
      throw SqlError(sqlstate::kSequenceGeneratorLimitExceeded,
                     fmt::format("nextval: reached {} value of sequence \"{}\" ({})",
                                 options.increment > 0 ? "maximum" : "minimum", seq->name,
                                 options.increment > 0 ? options.max : options.min));
    }
    check_ok(range.status());
    gate(s, durable);
    s.sequence_values_[seq->oid] = range->first;
    s.last_sequence_ = seq->oid;
    return Value::of_int64(range->first);
  }
  static Value currval(Session& s, std::span<const Value> args, Arena&) {
    catalog::RelationPtr seq = sequence(s, args[0]);
    require_sequence(s, *seq, "rU");
    auto it = s.sequence_values_.find(seq->oid);
    if (it == s.sequence_values_.end()) {
      throw SqlError(sqlstate::kObjectNotInPrerequisiteState,
                     fmt::format("currval of sequence \"{}\" is not yet defined in this session", seq->name));
    }
    return Value::of_int64(it->second);
  }
  static Value lastval(Session& s, std::span<const Value>, Arena&) {
    catalog::RelationPtr sequence = s.last_sequence_ ? s.catalog().relation(*s.last_sequence_) : nullptr;
    if (sequence == nullptr)
      throw SqlError(sqlstate::kObjectNotInPrerequisiteState, "lastval is not yet defined in this session");
    require_sequence(s, *sequence, "rU");
    return Value::of_int64(s.sequence_values_[*s.last_sequence_]);
  }
  static Value setval(Session& s, std::span<const Value> args, Arena&) {
    catalog::RelationPtr seq = sequence(s, args[0]);
    require_sequence(s, *seq, "w");
    access::SequenceOptions options = sequence_options(s, seq->oid);
    int64_t value = args[1].int64;
    bool called = args.size() < 3 || args[2].boolean != 0;
    if (value < options.min || value > options.max) {
      throw SqlError(sqlstate::kNumericValueOutOfRange,
                     fmt::format("setval: value {} is out of bounds for sequence \"{}\" ({}..{})", value,
                                 seq->name, options.min, options.max));
    }
    Lsn durable;
    check_ok(access::sequence_set(s.instance_.engine().pool(), seq->segment, value, called, &durable));
    gate(s, durable);
    if (called) {
      s.sequence_values_[seq->oid] = value;
      s.last_sequence_ = seq->oid;
    }
    return Value::of_int64(value);
  }

  // --- settings
  static Value current_setting(Session& s, std::span<const Value> args, Arena& arena) {
    std::string_view name = args[0].view();
    if (!s.settings_.has(name)) {
      if (args.size() > 1 && args[1].boolean != 0) return null_text();
      throw SqlError(sqlstate::kUndefinedObject,
                     fmt::format("unrecognized configuration parameter \"{}\"", name));
    }
    return text_value(s.setting(name), arena);
  }
  static Value set_config(Session& s, std::span<const Value> args, Arena& arena) {
    if (args[0].view() == "role") {
      s.set_role(args[1].null ? std::string_view("none") : args[1].view(), args[2].boolean != 0);
      return text_value(s.setting("role"), arena);
    }
    if (args[0].view() == "session_authorization") {
      s.set_session_authorization(args[1].null ? std::string_view(s.login_user_) : args[1].view(),
                                  args[2].boolean != 0);
      return text_value(s.setting("session_authorization"), arena);
    }
    if (is_transaction_setting(args[0].view())) {
      s.set_transaction_setting(args[0].view(), args[1].null ? std::string_view() : args[1].view());
      return text_value(s.setting(args[0].view()), arena);
    }
    s.settings_.set(args[0].view(), args[1].null ? std::string_view() : args[1].view(), args[2].boolean != 0,
                    s.is_superuser_);
    return text_value(s.setting(args[0].view()), arena);
  }

  // --- visibility and privileges
  static Value table_is_visible(Session& s, std::span<const Value> args, Arena&) {
    catalog::RelationPtr r = relation(s, args[0]);
    return r == nullptr ? Value::null_of(types::PhysicalType::kBool) : Value::of_bool(is_visible(s, *r));
  }
  static Value yes(Session&, std::span<const Value>, Arena&) { return Value::of_bool(true); }
  static Value no(Session&, std::span<const Value>, Arena&) { return Value::of_bool(false); }

  // --- names and definitions
  static Value get_userbyid(Session& s, std::span<const Value> args, Arena& arena) {
    auto role = s.catalog().role(Oid{args[0].oid()});
    return text_value(role ? role->name : fmt::format("unknown (OID={})", args[0].oid()), arena);
  }
  static Value description(Session& s, std::span<const Value> args, std::string_view catalog_name,
                           int32_t sub, Arena& arena) {
    Value found = null_text();
    const catalog::SystemTable* table = nullptr;
    for (const catalog::SystemTable& t : catalog::system_tables()) {
      if (t.name == catalog_name) table = &t;
    }
    const catalog::KeyMatch match[] = {{"objoid", Value::of_oid(args[0].oid())}};
    s.catalog().for_each(catalog::system_table("pg_description"), match, [&](const catalog::Row& row) {
      if (row.int4("objsubid") == sub && (table == nullptr || row.oid("classoid") == table->oid))
        found = text_value(row.text("description"), arena);
    });
    return found;
  }
  static Value obj_description(Session& s, std::span<const Value> args, Arena& arena) {
    return description(s, args, args.size() > 1 ? args[1].view() : std::string_view(), 0, arena);
  }
  static Value col_description(Session& s, std::span<const Value> args, Arena& arena) {
    return description(s, args, "pg_class", args[1].int32, arena);
  }
  static Value shobj_description(Session& s, std::span<const Value> args, Arena& arena) {
    Value found = null_text();
    const catalog::KeyMatch match[] = {{"objoid", Value::of_oid(args[0].oid())}};
    s.catalog().for_each(catalog::system_table("pg_shdescription"), match, [&](const catalog::Row& row) {
      found = text_value(row.text("description"), arena);
    });
    return found;
  }
  static Value get_serial_sequence(Session& s, std::span<const Value> args, Arena& arena) {
    Oid oid{s.parse_reg(type_oid::kRegclass, args[0].view())};
    catalog::RelationPtr table = s.catalog().relation(oid);
    catalog::ColumnNumber column = table->find_column(args[1].view());
    if (column == 0) {
      throw SqlError(
          sqlstate::kUndefinedColumn,
          fmt::format("column \"{}\" of relation \"{}\" does not exist", args[1].view(), table->name));
    }
    Value found = null_text();
    const catalog::KeyMatch match[] = {{"refobjid", Value::of_oid(oid.value())}};
    s.catalog().for_each(catalog::system_table("pg_depend"), match, [&](const catalog::Row& row) {
      char kind = row.letter("deptype");
      if (row.int4("refobjsubid") != column || (kind != 'a' && kind != 'i')) return;
      catalog::RelationPtr seq = s.catalog().relation(row.oid("objid"));
      if (seq != nullptr && seq->kind == catalog::RelationKind::kSequence)
        found = text_value(qualified(*seq, false), arena);
    });
    return found;
  }

  // --- schemas
  static Value current_schema(Session& s, std::span<const Value>, Arena& arena) {
    bool temporary_first = false;
    std::vector<Oid> path = s.search_path_oids(&temporary_first);
    if (temporary_first) path.erase(path.begin());
    return path.empty() ? null_text() : text_value(s.catalog().schema_name(path[0]), arena);
  }
  static Value current_schemas(Session& s, std::span<const Value> args, Arena& arena) {
    std::string text = "{";
    bool temporary_first = false;
    std::vector<Oid> named = s.search_path_oids(&temporary_first);
    if (temporary_first) named.erase(named.begin());
    for (Oid schema : args[0].boolean != 0 ? path(s) : named) {
      if (text.size() > 1) text += ',';
      text += s.catalog().schema_name(schema);
    }
    functions::EvalContext eval = s.eval_context(arena);
    return functions::parse_value(type_oid::kNameArray, -1, text + "}", eval);
  }

  // --- sizes
  static uint64_t segment_bytes(Session& s, PageId segment) {
    if (segment == kInvalidPageId) return 0;
    auto pages = access::segment_page_count(s.instance_.engine().pool(), segment);
    return pages.ok() ? *pages * 8192 : 0;
  }
  static uint64_t bytes_with_companions(Session& s, PageId segment) {
    uint64_t bytes = segment_bytes(s, segment);
    for (size_t i = 0; i < access::kCompanions; ++i) {
      auto companion =
          access::companion_segment(s.instance_.engine().pool(), segment, static_cast<access::Companion>(i));
      if (companion.ok() && *companion != kInvalidPageId) bytes += bytes_with_companions(s, *companion);
    }
    return bytes;
  }
  static uint64_t heap_bytes(Session& s, const catalog::Relation& r) { return segment_bytes(s, r.segment); }
  // With the values out of line, and of a columnar table its segments.
  static uint64_t table_bytes(Session& s, const catalog::Relation& r) {
    if (r.segment == kInvalidPageId) return 0;
    return bytes_with_companions(s, r.segment);
  }
  static uint64_t index_bytes(Session& s, const catalog::Relation& r) {
    uint64_t bytes = 0;
    for (const catalog::Index& index : r.indexes) {
      if (index.segment == kInvalidPageId) continue;
      auto pages = access::segment_page_count(s.instance_.engine().pool(), index.segment);
      if (pages.ok()) bytes += *pages * 8192;
    }
    return bytes;
  }
  // For native functions of extensions; not in pg_proc. SQL with the current role's rights: rows affected.
  static Value run_sql(Session& s, std::span<const Value> args, Arena&) {
    s.pl_.hold_active_snapshot();
    return Value::of_int64(static_cast<int64_t>(s.run_sql(args[0].view())));
  }
  // The same with the rights of another role.
  static Value run_sql_as(Session& s, std::span<const Value> args, Arena&) {
    struct Role {
      explicit Role(Session& s) : session(s), before(s.role_) {}
      ~Role() { session.set_role(before); }
      Session& session;
      Oid before;
    } role(s);
    s.set_role(Oid{args[0].oid()});
    s.pl_.hold_active_snapshot();
    return Value::of_int64(static_cast<int64_t>(s.run_sql(args[1].view())));
  }
  // (class, object, txn::LockMode): to the end of the transaction.
  static Value lock_object(Session& s, std::span<const Value> args, Arena&) {
    s.ensure_transaction();
    const txn::LockTag tag{txn::LockTagKind::kObject, s.database_->oid().value(), args[1].oid(),
                           args[0].oid()};
    check_ok(s.txn_->manager().locks().acquire(*s.txn_, tag, static_cast<txn::LockMode>(args[2].int32),
                                               txn::WaitPolicy::kWait, s.txn_->lock_timeout_us));
    return Value::of_bool(true);
  }
  // The client is in a transaction block, so that nothing can be committed on the way.
  static Value in_block(Session& s, std::span<const Value>, Arena&) {
    return Value::of_bool(s.block_ == Session::Block::kExplicit || s.several_statements_);
  }
  // (table, column, low, high, DELETE statement): the rows of a columnar table in a range, whole segments at
  // once and the others by the statement; no trigger sees them go.
  static Value remove_range(Session& s, std::span<const Value> args, Arena& arena) {
    functions::EvalContext eval = s.eval_context(arena);
    std::deque<catalog::RelationPtr> relations;
    commands::CommandContext context{s.catalog(), *s.txn_,         eval,  s,         {},   {},
                                     s.role_,     s.is_superuser_, arena, relations, false};
    s.pl_.hold_active_snapshot();
    uint64_t rows =
        commands::remove_segments(context, Oid{args[0].oid()}, args[1].view(), args[2].int64, args[3].int64);
    return Value::of_int64(static_cast<int64_t>(rows + s.run_unwatched(args[4].view())));
  }
  static Value extension_config_dump(Session& s, std::span<const Value> args, Arena& arena) {
    functions::EvalContext eval = s.eval_context(arena);
    std::deque<catalog::RelationPtr> relations;
    commands::CommandContext context{s.catalog(), *s.txn_,         eval,  s,         {},   {},
                                     s.role_,     s.is_superuser_, arena, relations, false};
    commands::add_extension_table(context, Oid{args[0].oid()}, args[1].view());
    return Value::of_string(std::string_view());
  }
  // Rows of a columnar table into segments, as VACUUM does it.
  static Value settle(Session& s, std::span<const Value> args, Arena& arena) {
    if (s.read_only_)
      throw SqlError(sqlstate::kReadOnlySqlTransaction,
                     "cannot execute varve_settle() in a read-only transaction");
    std::deque<catalog::RelationPtr> relations;
    functions::EvalContext eval = s.eval_context(arena);
    commands::CommandContext context{s.catalog(), *s.txn_,         eval,  s,         {},   {},
                                     s.role_,     s.is_superuser_, arena, relations, false};
    return Value::of_int64(static_cast<int64_t>(commands::settle_table(context, Oid{args[0].oid()}, 1)));
  }
  static Value relation_size(Session& s, std::span<const Value> args, Arena&) {
    if (args.size() > 1 && args[1].view() != "main") return Value::of_int64(0);
    catalog::RelationPtr r = relation(s, args[0]);
    if (r == nullptr) return Value::null_of(types::PhysicalType::kInt64);
    if (r->kind == catalog::RelationKind::kIndex) {
      auto pages = access::segment_page_count(s.instance_.engine().pool(), r->segment);
      return Value::of_int64(pages.ok() ? static_cast<int64_t>(*pages * 8192) : 0);
    }
    return Value::of_int64(static_cast<int64_t>(heap_bytes(s, *r)));
  }
  static Value table_size(Session& s, std::span<const Value> args, Arena&) {
    catalog::RelationPtr r = relation(s, args[0]);
    if (r == nullptr) return Value::null_of(types::PhysicalType::kInt64);
    return Value::of_int64(static_cast<int64_t>(table_bytes(s, *r)));
  }
  static Value indexes_size(Session& s, std::span<const Value> args, Arena&) {
    catalog::RelationPtr r = relation(s, args[0]);
    return r == nullptr ? Value::null_of(types::PhysicalType::kInt64)
                        : Value::of_int64(static_cast<int64_t>(index_bytes(s, *r)));
  }
  static Value total_relation_size(Session& s, std::span<const Value> args, Arena&) {
    catalog::RelationPtr r = relation(s, args[0]);
    if (r == nullptr) return Value::null_of(types::PhysicalType::kInt64);
    return Value::of_int64(static_cast<int64_t>(table_bytes(s, *r) + index_bytes(s, *r)));
  }

  // --- the server
  static Value sleep(Session& s, std::span<const Value> args, Arena&) {
    double seconds = args[0].float64;
    sync::ParkingSpot spot;
    auto until = std::chrono::steady_clock::now() +
                 std::chrono::microseconds(static_cast<int64_t>(std::max(0.0, seconds) * 1e6));
    while (std::chrono::steady_clock::now() < until) {
      auto left =
          std::chrono::duration_cast<std::chrono::microseconds>(until - std::chrono::steady_clock::now())
              .count();
      Status status = spot.wait(kPgSleep, &s.client_.cancel_token(), left);
      if (status.code() == StatusCode::kCancelled) s.client_.cancel_token().throw_if_pending();
    }
    return Value::of_string(std::string_view());
  }
  static Value cancel_backend(Session& s, std::span<const Value> args, Arena&) {
    return Value::of_bool(s.signal_backend(args[0].int32, false));
  }
  static Value terminate_backend(Session& s, std::span<const Value> args, Arena&) {
    return Value::of_bool(s.signal_backend(args[0].int32, true));
  }
  static Value reload_conf(Session& s, std::span<const Value>, Arena&) {
    if (!s.is_superuser_)
      throw SqlError(sqlstate::kInsufficientPrivilege, "permission denied for function pg_reload_conf");
    return Value::of_bool(kill(getpid(), SIGHUP) == 0);
  }
  static Value start_time(Session& s, std::span<const Value>, Arena&) {
    return Value::of_int64(s.instance_.start_time_us());
  }
  // --- advisory locks
  static txn::LockTag advisory_tag(Session& s, std::span<const Value> args) {
    uint64_t a =
        args.size() == 2 ? static_cast<uint32_t>(args[0].int32) : static_cast<uint64_t>(args[0].int64);
    uint64_t b = args.size() == 2 ? uint64_t{1} << 32 | static_cast<uint32_t>(args[1].int32) : 0;
    return {txn::LockTagKind::kAdvisory, s.database_->oid().value(), a, b};
  }
  template <bool kSession, bool kShared, bool kTry>
  static Value advisory(Session& s, std::span<const Value> args, Arena&) {
    s.ensure_transaction();
    txn::LockManager& locks = s.txn_->manager().locks();
    txn::LockMode mode = kShared ? txn::LockMode::kShare : txn::LockMode::kExclusive;
    txn::WaitPolicy policy = kTry ? txn::WaitPolicy::kNoWait : txn::WaitPolicy::kWait;
    Status status =
        kSession ? locks.acquire_session(s.backend_pid(), *s.txn_, advisory_tag(s, args), mode, policy,
                                         s.txn_->lock_timeout_us)
                 : locks.acquire(*s.txn_, advisory_tag(s, args), mode, policy, s.txn_->lock_timeout_us);
    if (kTry) {
      if (status.code() == StatusCode::kBusy) return Value::of_bool(false);
      check_ok(status);
      return Value::of_bool(true);
    }
    check_ok(status);
    return Value::of_string(std::string_view());
  }
  template <bool kShared>
  static Value advisory_unlock(Session& s, std::span<const Value> args, Arena&) {
    s.ensure_transaction();
    bool released = s.txn_->manager().locks().release_session(
        s.backend_pid(), advisory_tag(s, args), kShared ? txn::LockMode::kShare : txn::LockMode::kExclusive);
    if (!released) {
      s.notice(
          "WARNING", sqlstate::kWarning,
          kShared ? "you don't own a lock of type ShareLock" : "you don't own a lock of type ExclusiveLock",
          {}, {});
    }
    return Value::of_bool(released);
  }
  static Value advisory_unlock_all(Session& s, std::span<const Value>, Arena&) {
    s.instance_.engine().txns().locks().release_all_session(s.backend_pid());
    return Value::of_string(std::string_view());
  }
};

const std::unordered_map<std::string_view, SystemFunctions::Function>& SystemFunctions::table() {
  static const std::unordered_map<std::string_view, Function> kTable = {
      {"nextval", nextval},
      {"currval", currval},
      {"lastval", lastval},
      {"setval", setval},
      {"current_setting", current_setting},
      {"set_config", set_config},
      {"pg_table_is_visible", table_is_visible},
      {"pg_type_is_visible", yes},
      {"pg_function_is_visible", yes},
      {"pg_operator_is_visible", yes},
      {"pg_opclass_is_visible", yes},
      {"pg_opfamily_is_visible", yes},
      {"pg_collation_is_visible", yes},
      {"pg_conversion_is_visible", yes},
      {"pg_ts_config_is_visible", yes},
      {"pg_ts_dict_is_visible", yes},
      {"pg_ts_parser_is_visible", yes},
      {"pg_ts_template_is_visible", yes},
      {"pg_relation_is_publishable", no},
      {"pg_is_in_recovery", no},
      {"pg_get_userbyid", get_userbyid},
      {"pg_get_serial_sequence", get_serial_sequence},
      {"obj_description", obj_description},
      {"col_description", col_description},
      {"shobj_description", shobj_description},
      {"current_schema", current_schema},
      {"current_schemas", current_schemas},
      {"varve_settle", settle},
      {"varve_run_sql", run_sql},
      {"varve_run_sql_as", run_sql_as},
      {"varve_lock_object", lock_object},
      {"varve_in_block", in_block},
      {"varve_remove_range", remove_range},
      {"pg_extension_config_dump", extension_config_dump},
      {"pg_relation_size", relation_size},
      {"pg_table_size", table_size},
      {"pg_indexes_size", indexes_size},
      {"pg_total_relation_size", total_relation_size},
      {"pg_sleep", sleep},
      {"pg_cancel_backend", cancel_backend},
      {"pg_terminate_backend", terminate_backend},
      {"pg_reload_conf", reload_conf},
      {"pg_postmaster_start_time", start_time},
      {"pg_advisory_lock", advisory<true, false, false>},
      {"pg_advisory_lock_shared", advisory<true, true, false>},
      {"pg_try_advisory_lock", advisory<true, false, true>},
      {"pg_try_advisory_lock_shared", advisory<true, true, true>},
      {"pg_advisory_xact_lock", advisory<false, false, false>},
      {"pg_advisory_xact_lock_shared", advisory<false, true, false>},
      {"pg_try_advisory_xact_lock", advisory<false, false, true>},
      {"pg_try_advisory_xact_lock_shared", advisory<false, true, true>},
      {"pg_advisory_unlock", advisory_unlock<false>},
      {"pg_advisory_unlock_shared", advisory_unlock<true>},
      {"pg_advisory_unlock_all", advisory_unlock_all},
  };
  return kTable;
}

Value Session::describe_object(std::span<const Value> args, Arena& arena) {
  std::deque<catalog::RelationPtr> relations;
  std::vector<Oid> path = search_path_oids();
  functions::EvalContext eval = eval_context(arena);
  commands::CommandContext context{catalog(), *txn_, eval,          *this, current_sql_,
                                   path,      role_, is_superuser_, arena, relations};
  std::string text =
      commands::describe_object(context, Oid{args[0].oid()}, Oid{args[1].oid()}, args[2].int32);
  return text.empty() ? Value::null_of(types::PhysicalType::kString) : Value::of_string(arena.copy(text));
}

Value Session::call(std::string_view function, std::span<const Value> args, Arena& arena) {
  if (function.starts_with("pg_get_function") || function == "pg_get_triggerdef" ||
      function == "pg_function_is_visible") {
    Value text;
    if (routine_text(*this, function, args, arena, &text)) return text;
  }
  if (CatalogFunction* known = find_catalog_function(function)) return known(*this, args, arena);
  if (CatalogFunction* known = find_definition_function(function)) return known(*this, args, arena);
  if (CatalogFunction* known = find_type_function(function)) return known(*this, args, arena);
  if (CatalogFunction* known = find_environment_function(function)) return known(*this, args, arena);
  if (CatalogFunction* known = find_information_function(function)) return known(*this, args, arena);
  if (CatalogFunction* known = find_transaction_function(function)) return known(*this, args, arena);
  if (CatalogFunction* known = find_activity_function(function)) return known(*this, args, arena);
  if (CatalogFunction* known = find_statistics_function(function)) return known(*this, args, arena);
  if (function == "pg_describe_object") return describe_object(args, arena);
  if (function == "cursor_row") return Cursors(*this).row_place(args[0].view(), Oid{args[1].oid()});
  auto it = SystemFunctions::table().find(function);
  if (it == SystemFunctions::table().end()) throw_not_supported(fmt::format("function {}", function));
  return it->second(*this, args, arena);
}

// --- reg* types

// "f" (regproc) or "f(int, text)" (regprocedure). 0 when there is none.
Oid Session::find_routine(Oid type, std::string_view text) {
  size_t open = text.find('(');
  std::vector<std::string> parts = split_name(text.substr(0, open));
  std::vector<Oid> wanted;
  if (type == type_oid::kRegprocedure) {
    if (open == std::string_view::npos || text.back() != ')')
      throw SqlError(sqlstate::kInvalidTextRepresentation, "expected a left parenthesis");
    std::string_view list = text.substr(open + 1, text.size() - open - 2);
    while (!list.empty()) {
      size_t comma = list.find(',');
      wanted.push_back(Oid{parse_reg(type_oid::kRegtype, list.substr(0, comma))});
      list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
      while (!list.empty() && list.front() == ' ') list.remove_prefix(1);
    }
  }
  std::vector<Oid> path = search_path_oids();
  if (parts.size() > 1) path = {catalog().find_schema(parts[parts.size() - 2])};
  Oid found;
  size_t matches = 0;
  for (const catalog::RoutinePtr& r : catalog().routines_named(parts.back())) {
    if (std::find(path.begin(), path.end(), r->schema) == path.end()) continue;
    if (type == type_oid::kRegprocedure && r->args != wanted) continue;
    found = r->oid;
    ++matches;
  }
  if (parts.size() == 1 || parts[parts.size() - 2] == "pg_catalog") {
    for (const functions::Function* f : functions::functions_named(parts.back())) {
      if (type == type_oid::kRegprocedure && !std::ranges::equal(f->args, wanted)) continue;
      found = f->oid;
      ++matches;
    }
    if (matches == 0 && type == type_oid::kRegproc) return functions::internal_function_oid(parts.back());
  }
  if (matches > 1)
    throw SqlError(sqlstate::kAmbiguousFunction, fmt::format("more than one function named \"{}\"", text));
  return found;
}

uint32_t Session::parse_reg(Oid type, std::string_view text) {
  uint32_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  if (text == "-") return 0;
  std::vector<std::string> parts = split_name(text);
  const std::string& name = parts.back();
  switch (type.value()) {
    case type_oid::kRegclass.value(): {
      if (parts.size() > 3)
        throw SqlError(
            sqlstate::kSyntaxError,
            fmt::format("improper relation name (too many dotted names): {}", fmt::join(parts, ".")));
      if (parts.size() == 3 && parts[0] != database_name_)
        throw SqlError(
            sqlstate::kFeatureNotSupported,
            fmt::format("cross-database references are not implemented: \"{}\"", fmt::join(parts, ".")));
      if (parts.size() > 1) {
        const std::string& schema_name = parts[parts.size() - 2];
        Oid schema = catalog().find_schema(schema_name);
        Oid found = schema == kInvalidOid ? kInvalidOid : catalog().find_relation_oid(schema, name);
        if (found == kInvalidOid)
          throw SqlError(sqlstate::kUndefinedTable,
                         fmt::format("relation \"{}.{}\" does not exist", schema_name, name));
        return found.value();
      }
      for (Oid schema : SystemFunctions::path(*this)) {
        Oid found = catalog().find_relation_oid(schema, name);
        if (found != kInvalidOid) return found.value();
      }
      throw SqlError(sqlstate::kUndefinedTable, fmt::format("relation \"{}\" does not exist", name));
    }
    case type_oid::kRegtype.value(): {
      Arena arena;
      std::deque<catalog::RelationPtr> relations;
      functions::EvalContext eval = eval_context(arena);
      std::vector<Oid> path = search_path_oids();
      analyzer::AnalyzerContext context{catalog(), arena, relations, eval, text, path};
      return analyzer::resolve_type_name(context, *parser::parse_type_name(text, arena)).type.value();
    }
    case type_oid::kRegnamespace.value(): {
      Oid found = catalog().find_schema(name);
      if (found == kInvalidOid)
        throw SqlError(sqlstate::kInvalidSchemaName, fmt::format("schema \"{}\" does not exist", name));
      return found.value();
    }
    case type_oid::kRegrole.value(): {
      auto role = catalog().find_role(name);
      if (!role) throw SqlError(sqlstate::kUndefinedObject, fmt::format("role \"{}\" does not exist", name));
      return role->oid.value();
    }
    case type_oid::kRegprocedure.value():
    case type_oid::kRegproc.value(): {
      Oid routine = find_routine(type, text);
      if (routine != kInvalidOid) return routine.value();
      throw SqlError(sqlstate::kUndefinedFunction, fmt::format("function \"{}\" does not exist", text));
    }
    default:
      if (std::optional<uint32_t> found = parse_object_name(*this, type, parts, text)) return *found;
      throw_not_supported(fmt::format("input of type {} by name", functions::format_type(type, -1)));
  }
}

void Session::append_reg(Oid type, uint32_t oid, std::string& out) {
  if (oid == 0) {
    bool of_operator = type == type_oid::kRegoper || type == type_oid::kRegoperator;
    out += of_operator ? '0' : '-';
    return;
  }
  switch (type.value()) {
    case type_oid::kRegclass.value():
      if (catalog::RelationPtr r = catalog().relation(Oid{oid})) {
        out += qualified(*r, SystemFunctions::is_visible(*this, *r));
        return;
      }
      break;
    case type_oid::kRegtype.value():
      if (functions::type_by_oid(Oid{oid}) == nullptr ||
          oid >= catalog::kFirstNormalOid) {  // row types of system tables too
        std::string name = name_of_user_type(Oid{oid});
        out += name.empty() ? std::to_string(oid) : name;
        return;
      }
      if (functions::type_by_oid(Oid{oid}) != nullptr) {
        // Without a modifier these two have names that their length would hide.
        if (Oid{oid} == type_oid::kBpchar)
          out += "character";
        else if (Oid{oid} == type_oid::kBit)
          out += "bit";
        else
          out += functions::format_type(Oid{oid}, -1);
        return;
      }
      break;
    case type_oid::kRegnamespace.value(): {
      std::string name = catalog().schema_name(Oid{oid});
      if (!name.empty()) {
        out += parser::quote_identifier(name);
        return;
      }
      break;
    }
    case type_oid::kRegrole.value():
      if (auto role = catalog().role(Oid{oid})) {
        out += parser::quote_identifier(role->name);
        return;
      }
      break;
    case type_oid::kRegproc.value():
    case type_oid::kRegprocedure.value():
      if (const functions::Function* f = functions::function_by_oid(Oid{oid})) {
        out += f->name;
        if (type == type_oid::kRegprocedure) {
          out += '(';
          for (size_t i = 0; i < f->args.size(); ++i)
            out += (i == 0 ? "" : ",") + functions::format_type(f->args[i], -1);
          out += ')';
        }
        return;
      }
      if (catalog::RoutinePtr r = catalog().routine(Oid{oid})) {
        std::vector<Oid> path = search_path_oids();
        if (type == type_oid::kRegprocedure) {
          out += catalog::procedure_text(catalog(), *r, path);
          return;
        }
        // A name that several functions have is only theirs with its schema.
        if (catalog().routines_named(r->name).size() > 1 ||
            std::find(path.begin(), path.end(), r->schema) == path.end())
          out += parser::quote_identifier(r->schema_name) + ".";
        out += parser::quote_identifier(r->name);
        return;
      }
      if (std::string_view internal = functions::internal_function_name(Oid{oid}); !internal.empty()) {
        out += internal;
        return;
      }
      break;
    case type_oid::kRegcollation.value(): {
      std::string name;
      const catalog::KeyMatch match[] = {{"oid", Value::of_oid(oid)}};
      catalog().for_each(catalog::system_table("pg_collation"), match,
                         [&](const catalog::Row& row) { name = row.text("collname"); });
      if (!name.empty()) {
        out += parser::quote_identifier(name);
        return;
      }
      break;
    }
    default:
      if (append_object_name(type, oid, out) || append_user_operator(*this, type, oid, out)) return;
      break;
  }
  out += std::to_string(oid);
}

}  // namespace varve::session
