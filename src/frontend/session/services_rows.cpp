// System functions that return sets: settings, locks, sessions, cursors, privileges … as rows.
#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>

#include "access/sequence.h"
#include "catalog/partition.h"
#include "catalog_functions.h"
#include "commands/acl.h"
#include "commands/settle.h"
#include "common/sql_error.h"
#include "functions/extension.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "net/server.h"
#include "parser/ast.h"
#include "parser/parser.h"
#include "partition_links.h"
#include "services_statistics.h"
#include "session.h"
#include "sync/wait_event.h"
#include "txn/serializable.h"
#include "types/time_zone.h"

namespace varve::session {

using types::Value;

namespace {

// Rows under construction: values are added column after column.
class Rows {
 public:
  Rows(std::vector<Value>& out, Arena& arena) : out_(out), arena_(arena) {}
  Rows& text(std::string_view v) { return add(Value::of_string(arena_.copy(v))); }
  Rows& text_or_null(std::string_view v) { return v.empty() ? null() : text(v); }
  Rows& boolean(bool v) { return add(Value::of_bool(v)); }
  Rows& int2(int16_t v) { return add(Value::of_int16(v)); }
  Rows& int4(int32_t v) { return add(Value::of_int32(v)); }
  Rows& int8(int64_t v) { return add(Value::of_int64(v)); }
  Rows& oid(Oid v) { return add(Value::of_oid(v.value())); }
  Rows& null(int times = 1) {
    for (int i = 0; i < times; ++i) out_.push_back(Value::null_of(types::PhysicalType::kInt32));
    return *this;
  }
  Rows& add(const Value& v) {
    out_.push_back(v);
    return *this;
  }

 private:
  std::vector<Value>& out_;
  Arena& arena_;
};

std::string_view context_name(SettingContext context) {
  switch (context) {
    case SettingContext::kInternal:
      return "internal";
    case SettingContext::kServerStart:
      return "postmaster";
    case SettingContext::kReload:
      return "sighup";
    case SettingContext::kSuperuser:
      return "superuser";
    case SettingContext::kUser:
      break;
  }
  return "user";
}
std::string_view type_name(SettingType type) {
  switch (type) {
    case SettingType::kBool:
      return "bool";
    case SettingType::kInteger:
      return "integer";
    case SettingType::kReal:
      return "real";
    case SettingType::kEnum:
      return "enum";
    case SettingType::kString:
      break;
  }
  return "string";
}

std::string_view lock_type(txn::LockTagKind kind) {
  switch (kind) {
    case txn::LockTagKind::kRelation:
      return "relation";
    case txn::LockTagKind::kRow:
      return "tuple";
    case txn::LockTagKind::kTransaction:
      return "transactionid";
    case txn::LockTagKind::kAdvisory:
      return "advisory";
    case txn::LockTagKind::kObject:
    case txn::LockTagKind::kDatabase:
      break;
  }
  return "object";
}

std::string_view keyword_class(parser::KeywordCategory category) {
  switch (category) {
    case parser::KeywordCategory::kColumnName:
      return "unreserved (cannot be function or type name)";
    case parser::KeywordCategory::kTypeFunctionName:
      return "reserved (can be function or type name)";
    case parser::KeywordCategory::kReserved:
      return "reserved";
    case parser::KeywordCategory::kUnreserved:
      break;
  }
  return "unreserved";
}

}  // namespace

class RowFunctions {
 public:
  using Function = void (*)(Session&, std::span<const Value> args, Arena& arena, std::vector<Value>& out);
  static const std::unordered_map<std::string_view, Function>& table();

  static void log_statistics(Session& s, std::span<const Value>, Arena& arena, std::vector<Value>& out) {
    log_statistics_row(s, arena, out);
  }
  static void archiver(Session& s, std::span<const Value>, Arena&, std::vector<Value>& out) {
    archiver_row(s, out);
  }

  static void settings(Session& s, std::span<const Value>, Arena& arena, std::vector<Value>& out) {
    Rows rows(out, arena);
    functions::EvalContext eval = s.eval_context(arena);
    std::map<std::string, std::string> server = s.instance_.settings();
    for (const SettingInfo& info : all_settings()) {
      const std::string& value = s.settings_.get(info.name);
      auto configured = server.find(std::string(info.name));
      const std::string reset =
          configured == server.end() ? std::string(info.default_value) : configured->second;
      bool is_number = info.type == SettingType::kInteger || info.type == SettingType::kReal;
      rows.text(info.name)
          .text(value)
          .text_or_null(info.unit)
          .text(info.category)
          .text(info.description)
          .null();
      rows.text(context_name(info.context)).text(type_name(info.type));
      rows.text(value != reset ? "session" : configured == server.end() ? "default" : "configuration file");
      if (is_number)
        rows.text(fmt::format("{}", info.min)).text(fmt::format("{}", info.max));
      else
        rows.null(2);
      if (info.type == SettingType::kEnum) {
        rows.add(functions::parse_value(type_oid::kTextArray, -1, fmt::format("{{{}}}", info.values), eval));
      } else {
        rows.null();
      }
      rows.text(info.default_value).text(reset).null(2).boolean(false);
    }
  }

  static void locks(Session& s, std::span<const Value>, Arena& arena, std::vector<Value>& out) {
    Rows rows(out, arena);
    for (const auto& lock : s.instance_.engine().txns().locks().snapshot()) {
      bool relation = lock.tag.kind == txn::LockTagKind::kRelation,
           advisory = lock.tag.kind == txn::LockTagKind::kAdvisory;
      rows.text(lock_type(lock.tag.kind));
      if (lock.tag.kind == txn::LockTagKind::kTransaction)
        rows.null();
      else
        rows.oid(Oid{lock.tag.database});
      if (relation)
        rows.oid(Oid{static_cast<uint32_t>(lock.tag.a)});
      else
        rows.null();
      rows.null(3);  // rows of the heap have no page numbers that anybody could use
      if (lock.tag.kind == txn::LockTagKind::kTransaction)
        rows.int4(static_cast<int32_t>(lock.tag.a));
      else
        rows.null();
      if (advisory) {
        // A 64-bit key is shown as two halves, objsubid 1; a pair of keys as they are, objsubid 2.
        bool pair = (lock.tag.b >> 32) != 0;
        rows.oid(Oid{static_cast<uint32_t>(pair ? lock.tag.a : lock.tag.a >> 32)});
        rows.oid(Oid{static_cast<uint32_t>(pair ? lock.tag.b : lock.tag.a)}).int2(pair ? 2 : 1);
      } else if (lock.tag.kind == txn::LockTagKind::kObject) {
        rows.oid(Oid{static_cast<uint32_t>(lock.tag.b)}).oid(Oid{static_cast<uint32_t>(lock.tag.a)}).int2(0);
      } else {
        rows.null(3);
      }
      rows.text(fmt::format("{}/{}", lock.pid, lock.xid.value()))
          .int4(static_cast<int32_t>(lock.pid))
          .text(lock.mode);
      rows.boolean(lock.granted).boolean(false).null();
    }
    for (const auto& mark : s.instance_.engine().txns().serializable().snapshot()) {
      const bool whole = mark.page == kInvalidPageId;
      rows.text(whole ? "relation" : mark.slot == 0 ? "page" : "tuple");
      rows.oid(Oid{mark.relation.database}).oid(mark.relation.oid);
      if (whole)
        rows.null();
      else
        rows.int4(static_cast<int32_t>(mark.page.value()));
      if (mark.slot == 0)
        rows.null();
      else
        rows.int2(static_cast<int16_t>(mark.slot - 1));  // as in ctid
      rows.null(5);
      if (mark.pid == 0)  // known in summary only
        rows.text("-1/0").null();
      else
        rows.text(fmt::format("{}/0", mark.pid)).int4(static_cast<int32_t>(mark.pid));
      rows.text("SIReadLock").boolean(true).boolean(false).null();
    }
  }

  static void prepared(Session& s, std::span<const Value>, Arena& arena, std::vector<Value>& out) {
    Rows rows(out, arena);
    functions::EvalContext eval = s.eval_context(arena);
    for (const auto& [name, statement] : s.statements_) {
      std::string types = "{";
      for (Oid type : statement->param_types)
        types += fmt::format("{}{}", types.size() > 1 ? "," : "", type.value());
      rows.text(name).text(statement->sql).int8(statement->prepared_us);
      rows.add(functions::parse_value(type_oid::kRegtypeArray, -1, types + "}", eval));
      rows.boolean(statement->from_sql).null(2);
    }
  }

  static void cursors(Session& s, std::span<const Value>, Arena& arena, std::vector<Value>& out) {
    Rows rows(out, arena);
    for (const auto& [name, portal] : s.portals_) {
      rows.text(name)
          .text(portal->statement->sql)
          .boolean((portal->cursor_options & parser::kCursorHold) != 0);
      rows.boolean((portal->cursor_options & parser::kCursorBinary) != 0);
      rows.boolean((portal->cursor_options & parser::kCursorNoScroll) == 0).null();
    }
  }

  static void backend_ids(Session& s, std::span<const Value>, Arena& arena, std::vector<Value>& out) {
    if (s.instance_.server == nullptr) return;
    auto n = static_cast<int32_t>(s.instance_.server->connections().size());
    for (int32_t i = 1; i <= n; ++i) Rows(out, arena).int4(i);
  }

  static void sequence_parameters(Session& s, std::span<const Value> args, Arena& arena,
                                  std::vector<Value>& out) {
    if (args[0].null) return;
    catalog::RelationPtr r = s.catalog().relation(Oid{args[0].oid()});
    if (r == nullptr) {
      throw SqlError(sqlstate::kInternalError,
                     fmt::format("could not open relation with OID {}", args[0].oid()));
    }
    commands::RoleRights rights(s.catalog(), s.role_);
    if (!rights.table_allows(*r, 'r') && !rights.table_allows(*r, 'w') && !rights.table_allows(*r, 'U')) {
      throw SqlError(sqlstate::kInsufficientPrivilege,
                     fmt::format("permission denied for sequence {}", r->name));
    }
    const catalog::KeyMatch match[] = {{"seqrelid", Value::of_oid(args[0].oid())}};
    s.catalog().for_each(catalog::system_table("pg_sequence"), match, [&](const catalog::Row& row) {
      Rows rows(out, arena);
      for (const char* column : {"seqstart", "seqmin", "seqmax", "seqincrement"})
        rows.int8(row[column].int64);
      rows.boolean(row.boolean("seqcycle")).int8(row["seqcache"].int64).oid(row.oid("seqtypid"));
    });
  }

  static void sequence_state(Session& s, std::span<const Value> args, Arena& arena, std::vector<Value>& out) {
    catalog::RelationPtr r = s.catalog().relation(Oid{args[0].oid()});
    if (r == nullptr) return;
    if (!commands::RoleRights(s.catalog(), s.role_).table_allows(*r, 'r')) {
      throw SqlError(sqlstate::kInsufficientPrivilege,
                     fmt::format("permission denied for sequence {}", r->name));
    }
    auto state = access::sequence_read(s.instance_.engine().pool(), r->segment);
    check_ok(state.status());
    // Numbers are logged one by one: there are none that a crash would lose.
    Rows(out, arena).int8(state->last_value).int8(0).boolean(state->is_called);
  }

  static void nothing(Session&, std::span<const Value>, Arena&, std::vector<Value>&) {}

  static void zones(Session& s, std::span<const Value>, Arena& arena, std::vector<Value>& out) {
    Rows rows(out, arena);
    for (const std::string& name : types::TimeZone::names()) {
      const types::TimeZone* zone = types::TimeZone::find(name);
      if (zone == nullptr) continue;
      types::ZoneOffset offset = zone->at_utc(s.settings_.format().now_us);
      types::Interval utc_offset{};
      utc_offset.us = int64_t{offset.seconds_east} * 1'000'000;
      rows.text(name).text(offset.abbreviation).add(Value::of_interval(utc_offset)).boolean(offset.is_dst);
    }
  }

  static void extensions(Session&, std::span<const Value>, Arena& arena, std::vector<Value>& out) {
    Rows rows(out, arena);
    for (const functions::Extension* e : functions::all_extensions())
      rows.text(e->name).text(e->default_version).text_or_null(e->comment);
  }

  static void extension_versions(Session& s, std::span<const Value>, Arena& arena, std::vector<Value>& out) {
    Rows rows(out, arena);
    functions::EvalContext eval = s.eval_context(arena);
    for (const functions::Extension* e : functions::all_extensions()) {
      rows.text(e->name).text(e->default_version).boolean(e->superuser).boolean(e->trusted);
      rows.boolean(e->relocatable).text_or_null(e->schema);
      std::string required;
      for (std::string_view name : e->required) required += (required.empty() ? "" : ",") + std::string(name);
      if (required.empty())
        rows.null();
      else
        rows.add(functions::parse_value(type_oid::kNameArray, -1, fmt::format("{{{}}}", required), eval));
      rows.text_or_null(e->comment);
    }
  }

  static void keywords(Session&, std::span<const Value>, Arena& arena, std::vector<Value>& out) {
    Rows rows(out, arena);
    for (const parser::KeywordInfo& k : parser::keywords()) {
      rows.text(k.word).add(quoted_char("UCTR"[static_cast<size_t>(k.category)])).boolean(k.bare_label);
      rows.text(keyword_class(k.category)).text(k.bare_label ? "can be bare label" : "requires AS");
    }
  }

  static void options(Session& s, std::span<const Value> args, Arena& arena, std::vector<Value>& out) {
    Rows rows(out, arena);
    functions::EvalContext eval = s.eval_context(arena);
    for (const std::string& option : array_items(type_oid::kTextArray, args[0], eval)) {
      size_t equals = option.find('=');
      rows.text(std::string_view(option).substr(0, equals));
      if (equals == std::string::npos)
        rows.null();
      else
        rows.text(std::string_view(option).substr(equals + 1));
    }
  }

  static void acl_explode(Session& s, std::span<const Value> args, Arena& arena, std::vector<Value>& out) {
    Rows rows(out, arena);
    functions::EvalContext eval = s.eval_context(arena);
    std::string text;
    functions::append_value(type_oid::kAclitemArray, args[0], text, eval);
    auto role_oid = [&](const std::string& name) {
      auto role = name.empty() ? std::nullopt : s.catalog().find_role(name);
      return role ? role->oid : kInvalidOid;
    };
    for (const commands::AclItem& item : commands::parse_acl(text)) {
      for (size_t i = 0; i < item.privileges.size(); ++i) {
        if (item.privileges[i] == '*') continue;
        bool grantable = i + 1 < item.privileges.size() && item.privileges[i + 1] == '*';
        rows.oid(role_oid(item.grantor)).oid(role_oid(item.grantee));
        rows.text(commands::privilege_name(item.privileges[i])).boolean(grantable);
      }
    }
  }

  static void channels(Session& s, std::span<const Value>, Arena& arena, std::vector<Value>& out) {
    Rows rows(out, arena);
    for (const std::string& name :
         s.instance_.notifications().channels(static_cast<int32_t>(s.backend_pid())))
      rows.text(name);
  }

  static void partition_tree(Session& s, std::span<const Value> args, Arena& arena, std::vector<Value>& out) {
    Rows rows(out, arena);
    catalog::RelationPtr root = s.catalog().relation(Oid{args[0].oid()});
    if (!in_partition_tree(root.get())) return;
    struct Node {
      Oid oid, parent;
      int32_t depth;
    };
    std::vector<Node> level{{root->oid, partition_parent(s.catalog(), root->oid), 0}};
    for (size_t i = 0; i < level.size(); ++i) {
      Node node = level[i];
      catalog::RelationPtr r = s.catalog().relation(node.oid);
      rows.oid(node.oid);
      if (node.parent == kInvalidOid)
        rows.null();
      else
        rows.oid(node.parent);
      bool parted = r->is_partitioned() || r->kind == catalog::RelationKind::kPartitionedIndex;
      rows.boolean(!parted).int4(node.depth);
      if (!parted) continue;
      for (Oid child : partition_children(s.catalog(), node.oid))
        level.push_back({child, node.oid, node.depth + 1});
    }
  }

  static void partition_ancestors(Session& s, std::span<const Value> args, Arena& arena,
                                  std::vector<Value>& out) {
    Rows rows(out, arena);
    catalog::RelationPtr r = s.catalog().relation(Oid{args[0].oid()});
    if (!in_partition_tree(r.get())) return;
    for (Oid oid = r->oid; oid != kInvalidOid; oid = partition_parent(s.catalog(), oid)) rows.oid(oid);
  }

  // For native functions of extensions; not in pg_proc. The first row of a query, with nobody's rights looked
  // at and everything committed seen; nothing when it has none.
  static void query_row(Session& s, std::span<const Value> args, Arena& arena, std::vector<Value>& out) {
    s.pl_.hold_active_snapshot();
    if (!s.query_row(args[0].view(), arena, &out)) out.clear();
  }
  // The database, the catalog's epoch, and whether this transaction has changed the catalog.
  static void catalog_state(Session& s, std::span<const Value>, Arena& arena, std::vector<Value>& out) {
    Rows rows(out, arena);
    rows.oid(s.catalog().database().oid());
    rows.int8(static_cast<int64_t>(s.catalog().database().epoch()));
    rows.boolean(s.catalog().changed());
  }
  // Of a columnar table: (table, column, low, high, low, high, …) → rows and bytes that have settled and that
  // have not, four a range.
  static void range_sizes(Session& s, std::span<const Value> args, Arena& arena, std::vector<Value>& out) {
    functions::EvalContext eval = s.eval_context(arena);
    std::deque<catalog::RelationPtr> relations;
    commands::CommandContext context{s.catalog(), *s.txn_,         eval,  s,         {},   {},
                                     s.role_,     s.is_superuser_, arena, relations, false};
    s.pl_.hold_active_snapshot();
    std::vector<commands::RangeSize> ranges;
    for (size_t i = 2; i + 1 < args.size(); i += 2) {
      commands::RangeSize range;
      range.low = args[i].int64;
      range.high = args[i + 1].int64;
      ranges.push_back(range);
    }
    commands::measure_ranges(context, Oid{args[0].oid()}, args[1].view(), ranges);
    Rows rows(out, arena);
    for (const commands::RangeSize& r : ranges) {
      for (uint64_t n : {r.settled_rows, r.settled_bytes, r.fresh_rows, r.fresh_bytes})
        rows.int8(static_cast<int64_t>(n));
    }
  }

 private:
  static Value quoted_char(char c) { return Value::of_string(std::string_view(&c, 1)); }

  static std::vector<std::string> array_items(Oid type, const Value& array, functions::EvalContext& eval) {
    std::string text;
    functions::append_value(type, array, text, eval);
    std::vector<std::string> items;
    bool quoted = false;
    std::string item;
    for (size_t i = 1; i + 1 < text.size(); ++i) {
      char c = text[i];
      if (c == '"') {
        quoted = !quoted;
      } else if (c == '\\') {
        item += text[++i];
      } else if (c == ',' && !quoted) {
        items.push_back(std::move(item));
        item.clear();
      } else {
        item += c;
      }
    }
    if (text.size() > 2) items.push_back(std::move(item));
    return items;
  }
};

const std::unordered_map<std::string_view, RowFunctions::Function>& RowFunctions::table() {
  static const std::unordered_map<std::string_view, Function> kTable = {
      {"pg_show_all_settings", settings},
      {"pg_lock_status", locks},
      {"pg_stat_get_activity", append_activity},
      {"pg_stat_get_progress_info", append_progress},
      {"pg_prepared_statement", prepared},
      {"pg_cursor", cursors},
      {"pg_timezone_names", zones},
      {"pg_get_keywords", keywords},
      {"pg_options_to_table", options},
      {"aclexplode", acl_explode},
      {"pg_listening_channels", channels},
      {"pg_sequence_state", sequence_state},
      {"pg_sequence_parameters", sequence_parameters},
      {"pg_stat_get_backend_idset", backend_ids},
      {"pg_available_extensions", extensions},
      {"pg_available_extension_versions", extension_versions},
      // Two-phase commit, and publications do not exist, so there are none.
      {"pg_prepared_xact", nothing},
      {"pg_get_publication_tables", nothing},
      {"pg_partition_tree", partition_tree},
      {"varve_query_row", query_row},
      {"varve_catalog_state", catalog_state},
      {"varve_range_sizes", range_sizes},
      {"pg_partition_ancestors", partition_ancestors},
      {"pg_stat_get_wal", log_statistics},
      {"pg_stat_get_archiver", archiver},
  };
  return kTable;
}

void Session::rows(std::string_view function, std::span<const Value> args, Arena& arena,
                   std::vector<Value>& out) {
  auto it = RowFunctions::table().find(function);
  if (it == RowFunctions::table().end()) throw_not_supported(fmt::format("function {}", function));
  it->second(*this, args, arena, out);
}

}  // namespace varve::session
