// What the server says of its tables, indexes and rights through functions: statistics, properties, aclitems.
#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>

#include "catalog/table_activity.h"
#include "catalog_functions.h"
#include "commands/acl.h"
#include "common/ascii.h"
#include "common/sql_error.h"
#include "functions/array.h"
#include "functions/registry.h"
#include "functions/text_search.h"
#include "functions/type_oids.h"
#include "row_security.h"
#include "session.h"

namespace varve::session {

using catalog::Activity;
using types::PhysicalType;
using types::Value;

namespace {

Value null_bool() { return Value::null_of(PhysicalType::kBool); }

// "grantee=rights/grantor": what aclitems are compared by.
struct AclItem {
  std::string_view grantee, rights, grantor;
};
AclItem split_acl(std::string_view text) {
  size_t equals = text.find('='), slash = std::min(text.find('/', equals), text.size());
  return {text.substr(0, equals), text.substr(equals + 1, slash - equals - 1),
          text.substr(std::min(slash + 1, text.size()))};
}
// Letters with their grant options: "r*w" has r, r* and w.
bool has_rights(std::string_view held, std::string_view wanted) {
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == '*') continue;
    size_t at = held.find(wanted[i]);
    if (at == std::string_view::npos) return false;
    bool option = i + 1 < wanted.size() && wanted[i + 1] == '*';
    if (option && (at + 1 >= held.size() || held[at + 1] != '*')) return false;
  }
  return true;
}
bool same_item(std::string_view a, std::string_view b) {
  AclItem x = split_acl(a), y = split_acl(b);
  return x.grantee == y.grantee && x.grantor == y.grantor && has_rights(x.rights, y.rights) &&
         has_rights(y.rights, x.rights);
}

}  // namespace

class InformationFunctions {
 public:
  // --- the session
  static Value current_config(Session& s, std::span<const Value>, Arena&) {
    return Value::of_oid(functions::text_config_oid(s.settings_.get("default_text_search_config")).value());
  }
  // What a function has to say to the client; SQL has no function of this name.
  static Value raise_notice(Session& s, std::span<const Value> args, Arena&) {
    s.notice("NOTICE", SqlState(), std::string(args[0].view()), {}, {});
    return {};
  }
  static Value sleep_for(Session& s, std::span<const Value> args, Arena& arena) {
    const types::Interval& v = args[0].interval;
    int64_t days = int64_t{v.months} * 30 + v.days;
    return sleep(s, static_cast<double>(v.us) / 1e6 + static_cast<double>(days) * 86400, arena);
  }
  static Value sleep_until(Session& s, std::span<const Value> args, Arena& arena) {
    return sleep(s, static_cast<double>(args[0].int64 - s.clock_us()) / 1e6, arena);
  }
  static Value sleep(Session& s, double seconds, Arena& arena) {
    const Value wait[] = {Value::of_float64(seconds)};
    return s.call("pg_sleep", wait, arena);
  }

  // --- counters of tables and indexes
  static bool is_index(Session& s, const Value& oid) {
    catalog::RelationPtr r = s.catalog().relation(Oid{oid.oid()});
    return r != nullptr && r->kind == catalog::RelationKind::kIndex;
  }
  static int64_t total(Session& s, const Value& oid, Activity what) {
    const auto* activity = catalog::find_table_activity(s.database_->oid().value(), Oid{oid.oid()});
    return activity == nullptr ? 0 : static_cast<int64_t>(activity->total(what));
  }
  template <Activity kWhat>
  static Value counter(Session& s, std::span<const Value> args, Arena&) {
    return Value::of_int64(total(s, args[0], kWhat));
  }
  template <Activity kOfTable, Activity kOfIndex>
  static Value scans(Session& s, std::span<const Value> args, Arena&) {
    return Value::of_int64(total(s, args[0], is_index(s, args[0]) ? kOfIndex : kOfTable));
  }
  static Value zero(Session&, std::span<const Value>, Arena&) { return Value::of_int64(0); }
  static Value never(Session&, std::span<const Value>, Arena&) {
    return Value::null_of(PhysicalType::kInt64);
  }
  // As ANALYZE counted them, and what has come and gone since the server started where it has not.
  static Value live_tuples(Session& s, std::span<const Value> args, Arena&) {
    double known = -1;
    const catalog::KeyMatch match[] = {{"oid", Value::of_oid(args[0].oid())}};
    s.catalog().for_each(catalog::system_table("pg_class"), match,
                         [&](const catalog::Row& row) { known = row["reltuples"].float32; });
    if (known >= 0) return Value::of_int64(static_cast<int64_t>(known));
    int64_t rows = total(s, args[0], Activity::kInserted) - total(s, args[0], Activity::kDeleted);
    return Value::of_int64(std::max<int64_t>(rows, 0));
  }
  static Value changes(Session& s, std::span<const Value> args, Arena&) {
    const auto* activity = catalog::find_table_activity(s.database_->oid().value(), Oid{args[0].oid()});
    return Value::of_int64(activity == nullptr ? 0 : static_cast<int64_t>(activity->changes()));
  }
  template <bool kAutomatic>
  static Value analyze_count(Session& s, std::span<const Value> args, Arena&) {
    const auto* activity = catalog::find_table_activity(s.database_->oid().value(), Oid{args[0].oid()});
    return Value::of_int64(activity == nullptr ? 0
                                               : static_cast<int64_t>(activity->analyze_count(kAutomatic)));
  }
  template <bool kAutomatic>
  static Value analyze_time(Session& s, std::span<const Value> args, Arena&) {
    const auto* activity = catalog::find_table_activity(s.database_->oid().value(), Oid{args[0].oid()});
    int64_t at = activity == nullptr ? 0 : activity->last_analyze_us(kAutomatic);
    return at == 0 ? Value::null_of(PhysicalType::kInt64) : Value::of_int64(at);
  }

  // --- indexes: all are B-trees
  static Value method_property(Session&, std::span<const Value> args, Arena&) {
    if (args[0].oid() != 403) return null_bool();
    std::string name = ascii_lower(args[1].view());
    bool known = name == "can_order" || name == "can_unique" || name == "can_multi_col" ||
                 name == "can_exclude" || name == "can_include";
    return known ? Value::of_bool(true) : null_bool();
  }
  static Value index_property(Session& s, std::span<const Value> args, Arena&) {
    if (!is_index(s, args[0])) return null_bool();
    std::string name = ascii_lower(args[1].view());
    bool known =
        name == "clusterable" || name == "index_scan" || name == "bitmap_scan" || name == "backward_scan";
    return known ? Value::of_bool(true) : null_bool();
  }
  static Value column_property(Session& s, std::span<const Value> args, Arena&) {
    Value result = null_bool();
    const catalog::KeyMatch match[] = {{"indexrelid", Value::of_oid(args[0].oid())}};
    int32_t column = args[1].int32;
    std::string name = ascii_lower(args[2].view());
    s.catalog().for_each(catalog::system_table("pg_index"), match, [&](const catalog::Row& row) {
      if (column < 1 || column > row.int4("indnatts")) return;
      bool is_key = column <= row.int4("indnkeyatts");
      Arena arena;
      int options = 0;
      if (is_key) {
        Value list = row["indoption"];
        options = functions::ArrayView(list.view()).at(static_cast<uint32_t>(column) - 1, arena).int16;
      }
      bool descending = (options & 1) != 0, nulls_first = (options & 2) != 0;
      if (name == "returnable") {
        result = Value::of_bool(true);
        return;
      }
      const std::pair<std::string_view, bool> properties[] = {
          {"asc", !descending},         {"desc", descending},  {"nulls_first", nulls_first},
          {"nulls_last", !nulls_first}, {"orderable", true},   {"distance_orderable", false},
          {"search_array", true},       {"search_nulls", true}};
      for (const auto& [known, value] : properties) {
        if (name != known) continue;
        bool of_order = known == "asc" || known == "desc" || known == "nulls_first" || known == "nulls_last";
        if (is_key)
          result = Value::of_bool(value);
        else if (!of_order)
          result = Value::of_bool(false);
      }
    });
    return result;
  }
  // The index that tells the rows apart: the primary key's, unless the table is told otherwise.
  static Value identity_index(Session& s, std::span<const Value> args, Arena&) {
    uint32_t primary = 0, chosen = 0;
    const catalog::KeyMatch match[] = {{"indrelid", Value::of_oid(args[0].oid())}};
    s.catalog().for_each(catalog::system_table("pg_index"), match, [&](const catalog::Row& row) {
      if (row.boolean("indisprimary")) primary = row.oid("indexrelid").value();
      if (row.boolean("indisreplident")) chosen = row.oid("indexrelid").value();
    });
    uint32_t found = chosen != 0 ? chosen : primary;
    return found == 0 ? Value::null_of(PhysicalType::kInt32) : Value::of_oid(found);
  }

  // --- rights
  static Value make_acl(Session& s, std::span<const Value> args, Arena& arena) {
    auto name = [&](const Value& oid) {
      if (oid.oid() == 0) return std::string();
      auto role = s.catalog().role(Oid{oid.oid()});
      return role ? role->name : std::to_string(oid.oid());
    };
    std::string item = name(args[0]) + "=";
    std::string_view word = args[2].view();
    char letter = commands::privilege_of_name(word);
    if (letter == 0)
      throw SqlError(sqlstate::kInvalidParameterValue,
                     fmt::format("unrecognized privilege type: \"{}\"", word));
    item += letter;
    if (args[3].boolean != 0) item += '*';
    return text_value(item + "/" + name(args[1]), arena);
  }
  static Value acl_contains(Session&, std::span<const Value> args, Arena&) {
    AclItem wanted = split_acl(args[1].view());
    functions::ArrayView list(args[0].view());
    Arena arena;
    for (uint32_t i = 0; i < list.count(); ++i) {
      if (list.is_null(i)) continue;
      Value v = list.at(i, arena);
      AclItem held = split_acl(v.view());
      if (held.grantee == wanted.grantee && held.grantor == wanted.grantor &&
          has_rights(held.rights, wanted.rights))
        return Value::of_bool(true);
    }
    return Value::of_bool(false);
  }
  static Value acl_equal(Session&, std::span<const Value> args, Arena&) {
    return Value::of_bool(same_item(args[0].view(), args[1].view()));
  }
  [[noreturn]] static Value acl_insert(Session&, std::span<const Value>, Arena&) {
    throw SqlError(sqlstate::kFeatureNotSupported, "aclinsert is no longer supported");
  }
  [[noreturn]] static Value acl_remove(Session&, std::span<const Value>, Arena&) {
    throw SqlError(sqlstate::kFeatureNotSupported, "aclremove is no longer supported");
  }
  // There are neither servers nor wrappers.
  template <bool kServer>
  static Value foreign_privilege(Session&, std::span<const Value> args, Arena&) {
    const Value& object = args[args.size() - 2];
    if (object.type != PhysicalType::kString) return null_bool();
    throw SqlError(
        sqlstate::kUndefinedObject,
        fmt::format("{} \"{}\" does not exist", kServer ? "server" : "foreign-data wrapper", object.view()));
  }
  static Value row_security(Session& s, std::span<const Value> args, Arena&) {
    Oid table{args[0].type == PhysicalType::kString ? s.parse_reg(type_oid::kRegclass, args[0].view())
                                                    : args[0].oid()};
    catalog::RelationPtr relation = s.catalog().relation(table);
    return Value::of_bool(relation != nullptr &&
                          SessionRowSecurity(s.catalog(), s.role_, true).is_active(*relation, s.role_));
  }
};

CatalogFunction* find_information_function(std::string_view name) {
  using F = InformationFunctions;
  static const std::unordered_map<std::string_view, CatalogFunction*> table = {
      {"get_current_ts_config", F::current_config},
      {"raise_notice", F::raise_notice},
      {"pg_sleep_for", F::sleep_for},
      {"pg_sleep_until", F::sleep_until},
      {"pg_stat_get_numscans", F::scans<Activity::kSeqScans, Activity::kIndexScans>},
      {"pg_stat_get_tuples_returned", F::scans<Activity::kSeqRows, Activity::kIndexRows>},
      {"pg_stat_get_tuples_fetched", F::counter<Activity::kIndexRows>},
      {"pg_stat_get_tuples_inserted", F::counter<Activity::kInserted>},
      {"pg_stat_get_tuples_updated", F::counter<Activity::kUpdated>},
      {"pg_stat_get_tuples_deleted", F::counter<Activity::kDeleted>},
      {"pg_stat_get_tuples_hot_updated", F::zero},
      {"pg_stat_get_live_tuples", F::live_tuples},
      {"pg_stat_get_mod_since_analyze", F::changes},
      {"pg_stat_get_ins_since_vacuum", F::counter<Activity::kInserted>},  // nothing is ever vacuumed away
      {"pg_stat_get_dead_tuples", F::zero},  // space is reclaimed as transactions end
      {"pg_stat_get_analyze_count", F::analyze_count<false>},
      {"pg_stat_get_autoanalyze_count", F::analyze_count<true>},
      {"pg_stat_get_last_analyze_time", F::analyze_time<false>},
      {"pg_stat_get_last_autoanalyze_time", F::analyze_time<true>},
      {"pg_stat_get_vacuum_count", F::zero},
      {"pg_stat_get_autovacuum_count", F::zero},
      {"pg_stat_get_last_vacuum_time", F::never},
      {"pg_stat_get_last_autovacuum_time", F::never},
      {"pg_indexam_has_property", F::method_property},
      {"pg_index_has_property", F::index_property},
      {"pg_index_column_has_property", F::column_property},
      {"pg_get_replica_identity_index", F::identity_index},
      {"makeaclitem", F::make_acl},
      {"aclcontains", F::acl_contains},
      {"aclitemeq", F::acl_equal},
      {"aclinsert", F::acl_insert},
      {"aclremove", F::acl_remove},
      {"has_server_privilege", F::foreign_privilege<true>},
      {"has_foreign_data_wrapper_privilege", F::foreign_privilege<false>},
      {"row_security_active", F::row_security},
  };
  auto it = table.find(name);
  return it == table.end() ? nullptr : it->second;
}

}  // namespace varve::session
