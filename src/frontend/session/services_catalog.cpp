// System functions about objects of the catalog: see catalog_functions.h.
#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>

#include "access/segment.h"
#include "access/sequence.h"
#include "catalog/acl_column.h"
#include "catalog/information_schema.h"
#include "catalog_functions.h"
#include "commands/acl.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/parser.h"
#include "session.h"
#include "wal/log_manager.h"

namespace varve::session {

using types::PhysicalType;
using types::Value;

namespace {

// What is asked of an object: letters of which one suffices, and those wanted with grant option.
struct Wanted {
  char letter;
  bool grantable;
};

// "SELECT, INSERT WITH GRANT OPTION" as letters.
std::vector<Wanted> parse_privileges(std::string_view text) {
  constexpr std::string_view kOption = " with grant option";
  std::vector<Wanted> wanted;
  while (true) {
    size_t comma = text.find(',');
    std::string_view word = text.substr(0, comma);
    while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
    while (!word.empty() && word.back() == ' ') word.remove_suffix(1);
    std::string_view name = word;
    bool grantable =
        word.size() > kOption.size() &&
        std::equal(kOption.begin(), kOption.end(), word.end() - static_cast<ptrdiff_t>(kOption.size()),
                   [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); });
    if (grantable) name.remove_suffix(kOption.size());
    char letter = commands::privilege_of_name(name);
    if (letter == 0) {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     fmt::format("unrecognized privilege type: \"{}\"", word));
    }
    wanted.push_back({letter, grantable});
    if (comma == std::string_view::npos) return wanted;
    text.remove_prefix(comma + 1);
  }
}

// An object with an owner and a list of rights.
struct Secured {
  Oid owner;
  std::string acl;
  char letter;
};

}  // namespace

class CatalogFunctions {
 public:
  // --- types and functions
  static Value format_type(Session& s, std::span<const Value> args, Arena& arena) {
    if (args[0].null) return null_text();
    Oid type{args[0].oid()};
    if (type == kInvalidOid) return text_value("-", arena);
    if (functions::type_by_oid(type) == nullptr || catalog::may_be_user_type(type)) {
      std::string name = user_type_name(s, type);
      bool modified = !args[1].null && args[1].int32 >= 0 && !name.empty();
      return text_value(name.empty() ? "???"
                        : modified   ? fmt::format("{}({})", name, args[1].int32)
                                     : name,
                        arena);
    }
    if (functions::type_by_oid(type) == nullptr) return text_value("???", arena);
    // Without a modifier these two have names that their length would hide.
    if (args[1].null && type == type_oid::kBpchar) return text_value("character", arena);
    if (args[1].null && type == type_oid::kBit) return text_value("bit", arena);
    return text_value(functions::format_type(type, args[1].null ? -1 : args[1].int32), arena);
  }
  static std::string argument_types(const functions::Function& f) {
    std::string text;
    for (size_t i = 0; i < f.args.size(); ++i) {
      if (i > 0) text += ", ";
      if (f.variadic != kInvalidOid && i + 1 == f.args.size()) text += "VARIADIC ";
      text += functions::format_type(f.args[i], -1);
    }
    return text;
  }
  static Value function_arguments(Session&, std::span<const Value> args, Arena& arena) {
    const functions::Function* f = functions::function_by_oid(Oid{args[0].oid()});
    return f == nullptr ? null_text() : text_value(argument_types(*f), arena);
  }
  static Value function_result(Session&, std::span<const Value> args, Arena& arena) {
    const functions::Function* f = functions::function_by_oid(Oid{args[0].oid()});
    if (f == nullptr) return null_text();
    std::string text = functions::format_type(f->result, -1);
    if (f->kind != functions::FunctionKind::kSetReturning) return text_value(text, arena);
    if (f->table == nullptr || f->table->column_types.empty()) return text_value("SETOF " + text, arena);
    return text_value("SETOF record", arena);
  }

  // --- definitions of objects there are none of: rules of users, triggers, partitions, functions
  static Value none(Session&, std::span<const Value>, Arena&) { return null_text(); }

  // --- privileges
  // Arguments: [role,] object, privileges.
  struct Question {
    Oid role;
    const Value* object;
    std::string_view privileges;
  };
  static Oid role_of(Session& s, const Value& v) {
    if (v.type != PhysicalType::kString) return Oid{v.oid()};
    if (v.view() == "public") return kInvalidOid;
    auto role = s.catalog().find_role(v.view());
    if (!role)
      throw SqlError(sqlstate::kUndefinedObject, fmt::format("role \"{}\" does not exist", v.view()));
    return role->oid;
  }
  static Question question(Session& s, std::span<const Value> args) {
    if (args.size() == 2) return {s.role_, &args[0], args[1].view()};
    return {role_of(s, args[0]), &args[1], args[2].view()};
  }
  static bool is_superuser(Session& s, Oid role) {
    auto r = s.catalog().role(role);
    return r && r->superuser;
  }
  static bool allows(Session& s, Oid role, const Secured& object, const std::vector<Wanted>& wanted) {
    commands::RoleRights rights(s.catalog(), role);
    return std::any_of(wanted.begin(), wanted.end(), [&](const Wanted& w) {
      return rights.allows(object.acl, object.letter, object.owner, w.letter, w.grantable);
    });
  }
  static catalog::RelationPtr relation(Session& s, const Value& v) {
    Oid oid{v.type == PhysicalType::kString ? s.parse_reg(type_oid::kRegclass, v.view()) : v.oid()};
    return s.catalog().relation(oid);
  }
  static Value table_privilege(Session& s, std::span<const Value> args, Arena&) {
    Question q = question(s, args);
    std::vector<Wanted> wanted = parse_privileges(q.privileges);
    catalog::RelationPtr r = relation(s, *q.object);
    if (r == nullptr) return Value::null_of(PhysicalType::kBool);
    commands::RoleRights rights(s.catalog(), q.role);
    return Value::of_bool(std::any_of(wanted.begin(), wanted.end(), [&](const Wanted& w) {
      return rights.table_allows(*r, w.letter, w.grantable);
    }));
  }
  static bool column_allows(const commands::RoleRights& rights, const catalog::Relation& r, int16_t column,
                            const std::vector<Wanted>& wanted) {
    return std::any_of(wanted.begin(), wanted.end(), [&](const Wanted& w) {
      return rights.column_allows(r, column, w.letter, w.grantable);
    });
  }
  static Value column_privilege(Session& s, std::span<const Value> args, Arena&) {
    Oid role = args.size() == 4 ? role_of(s, args[0]) : s.role_;
    args = args.last(3);
    std::vector<Wanted> wanted = parse_privileges(args[2].view());
    catalog::RelationPtr r = relation(s, args[0]);
    if (r == nullptr) return Value::null_of(PhysicalType::kBool);
    int16_t column = args[1].type == PhysicalType::kString
                         ? static_cast<int16_t>(r->find_column(args[1].view()))
                         : args[1].int16;
    if (column == 0 && args[1].type == PhysicalType::kString) {
      throw SqlError(sqlstate::kUndefinedColumn,
                     fmt::format("column \"{}\" of relation \"{}\" does not exist", args[1].view(), r->name));
    }
    const bool is_system = column < 0;
    if (!is_system &&
        (column == 0 || static_cast<size_t>(column) > r->columns.size() || r->column(column).dropped))
      return Value::null_of(PhysicalType::kBool);
    return Value::of_bool(column_allows(commands::RoleRights(s.catalog(), role), *r, column, wanted));
  }
  static Value any_column_privilege(Session& s, std::span<const Value> args, Arena&) {
    Question q = question(s, args);
    std::vector<Wanted> wanted = parse_privileges(q.privileges);
    catalog::RelationPtr r = relation(s, *q.object);
    if (r == nullptr) return Value::null_of(PhysicalType::kBool);
    commands::RoleRights rights(s.catalog(), q.role);
    bool allowed = rights.is_superuser();
    for (size_t i = 1; i <= r->columns.size() && !allowed; ++i) {
      allowed = !r->columns[i - 1].dropped && column_allows(rights, *r, static_cast<int16_t>(i), wanted);
    }
    return Value::of_bool(allowed);
  }
  // Objects of one system table, found by oid or name.
  static Value object_privilege(Session& s, std::span<const Value> args, std::string_view table,
                                std::string_view prefix, char letter, std::string_view what) {
    Question q = question(s, args);
    std::vector<Wanted> wanted = parse_privileges(q.privileges);
    bool by_name = q.object->type == PhysicalType::kString;
    std::string name = fmt::format("{}name", prefix), owner = fmt::format("{}owner", prefix),
                acl = fmt::format("{}acl", prefix);
    if (prefix == "dat") owner = "datdba";
    std::optional<bool> answer;
    s.catalog().for_each(catalog::system_table(table), {}, [&](const catalog::Row& row) {
      if (by_name ? row.text(name) != q.object->view() : row.oid("oid") != Oid{q.object->oid()}) return true;
      Secured object{row.oid(owner), catalog::acl_column(row, acl), letter};
      // Everybody may use the built-in schemas.
      if (letter == 'n' && object.acl.empty() && row.oid("oid").value() < catalog::kFirstNormalOid)
        object.acl = "{=U/}";
      answer = allows(s, q.role, object, wanted);
      return false;
    });
    if (answer) return Value::of_bool(*answer);
    if (by_name)
      throw SqlError(sqlstate::kUndefinedObject,
                     fmt::format("{} \"{}\" does not exist", what, q.object->view()));
    return Value::null_of(PhysicalType::kBool);
  }
  static Value schema_privilege(Session& s, std::span<const Value> args, Arena&) {
    Question q = question(s, args);
    if (q.object->type != PhysicalType::kString) {
      if (s.catalog().schema_name(Oid{q.object->oid()}).empty()) return Value::null_of(PhysicalType::kBool);
      std::vector<Wanted> wanted = parse_privileges(q.privileges);
      commands::RoleRights rights(s.catalog(), q.role);
      return Value::of_bool(std::any_of(wanted.begin(), wanted.end(), [&](const Wanted& w) {
        return rights.schema_allows(Oid{q.object->oid()}, w.letter);
      }));
    }
    return object_privilege(s, args, "pg_namespace", "nsp", 'n', "schema");
  }
  static Value database_privilege(Session& s, std::span<const Value> args, Arena&) {
    return object_privilege(s, args, "pg_database", "dat", 'd', "database");
  }
  static Value language_privilege(Session& s, std::span<const Value> args, Arena&) {
    return object_privilege(s, args, "pg_language", "lan", 'l', "language");
  }
  static Value tablespace_privilege(Session& s, std::span<const Value> args, Arena&) {
    return object_privilege(s, args, "pg_tablespace", "spc", 't', "tablespace");
  }
  // Built-in functions are everybody's.
  static Value function_privilege(Session& s, std::span<const Value> args, Arena&) {
    Question q = question(s, args);
    std::vector<Wanted> wanted = parse_privileges(q.privileges);
    Oid routine =
        q.object->type == PhysicalType::kString
            ? s.find_routine(q.object->view().find('(') == std::string_view::npos ? type_oid::kRegproc
                                                                                  : type_oid::kRegprocedure,
                             q.object->view())
            : Oid{q.object->oid()};
    if (catalog::RoutinePtr r = s.catalog().routine(routine)) {
      return Value::of_bool(allows(s, q.role, {r->owner, r->acl, 'f'}, wanted));
    }
    if (q.object->type == PhysicalType::kString)
      s.parse_reg(type_oid::kRegproc, q.object->view());
    else if (functions::function_by_oid(Oid{q.object->oid()}) == nullptr)
      return Value::null_of(PhysicalType::kBool);
    return Value::of_bool(true);
  }
  static Value type_privilege(Session& s, std::span<const Value> args, Arena&) {
    Question q = question(s, args);
    std::vector<Wanted> wanted = parse_privileges(q.privileges);
    Oid type{q.object->type == PhysicalType::kString ? s.parse_reg(type_oid::kRegtype, q.object->view())
                                                     : q.object->oid()};
    bool exists = false;
    const catalog::KeyMatch match[] = {{"oid", Value::of_oid(type.value())}};
    s.catalog().for_each(catalog::system_table("pg_type"), match,
                         [&](const catalog::Row&) { exists = true; });
    if (!exists) return Value::null_of(PhysicalType::kBool);
    commands::RoleRights rights(s.catalog(), q.role);
    return Value::of_bool(std::any_of(wanted.begin(), wanted.end(), [&](const Wanted& w) {
      return rights.type_allows(type, w.letter, w.grantable);
    }));
  }
  // MEMBER: belongs to it, in however many steps; USAGE: has its rights without SET ROLE.
  static Value has_role(Session& s, std::span<const Value> args, Arena&) {
    Oid member = args.size() == 3 ? role_of(s, args[0]) : s.role_;
    Oid role = role_of(s, args[args.size() - 2]);
    std::string kind(args.back().view());
    std::transform(kind.begin(), kind.end(), kind.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
    if (kind != "USAGE" && kind != "MEMBER" && !kind.ends_with("WITH ADMIN OPTION") &&
        !kind.ends_with("WITH GRANT OPTION")) {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     fmt::format("unrecognized privilege type: \"{}\"", args.back().view()));
    }
    if (is_superuser(s, member)) return Value::of_bool(true);
    if (kind == "USAGE") return Value::of_bool(commands::RoleRights(s.catalog(), member).has_rights_of(role));
    std::vector<Oid> roles = s.catalog().roles_of(member);
    if (kind == "MEMBER") return Value::of_bool(std::find(roles.begin(), roles.end(), role) != roles.end());
    bool admin = false;
    const catalog::KeyMatch match[] = {{"roleid", Value::of_oid(role.value())}};
    s.catalog().for_each(catalog::system_table("pg_auth_members"), match, [&](const catalog::Row& row) {
      admin |= row.boolean("admin_option") &&
               std::find(roles.begin(), roles.end(), row.oid("member")) != roles.end();
    });
    return Value::of_bool(admin);
  }
  static Value acl_default(Session& s, std::span<const Value> args, Arena& arena) {
    char letter = args[0].view().empty() ? 0 : args[0].view()[0];
    if (letter == 's') letter = 'S';
    auto owner = s.catalog().role(Oid{args[1].oid()});
    auto items = letter == 'c' ? std::vector<commands::AclItem>()
                               : commands::default_acl(letter, owner ? owner->name : "");
    functions::EvalContext eval = s.eval_context(arena);
    return functions::parse_value(type_oid::kAclitemArray, -1, commands::acl_text(items), eval);
  }

  // --- sizes and places
  static Value database_size(Session& s, std::span<const Value> args, Arena&) {
    auto info = args[0].type == PhysicalType::kString ? s.catalog().find_database(args[0].view())
                                                      : s.catalog().database_info(Oid{args[0].oid()});
    if (!info) {
      if (args[0].type != PhysicalType::kString) return Value::null_of(PhysicalType::kInt64);
      throw SqlError(sqlstate::kUndefinedDatabase,
                     fmt::format("database \"{}\" does not exist", args[0].view()));
    }
    if (info->oid == s.database_->oid()) return Value::of_int64(bytes_of(s, s.catalog()));
    std::shared_ptr<catalog::Database> other = s.instance_.database(info->oid);
    catalog::Catalog inside(*other, *s.txn_);
    return Value::of_int64(bytes_of(s, inside));
  }
  static int64_t bytes_of(Session& s, catalog::Catalog& catalog) {
    int64_t bytes = 0;
    catalog.for_each(catalog::system_table("pg_class"), {}, [&](const catalog::Row& row) {
      catalog::RelationPtr r = catalog.relation(row.oid("oid"));
      if (r == nullptr || r->segment == kInvalidPageId) return;
      auto pages = access::segment_page_count(s.instance_.engine().pool(), r->segment);
      if (pages.ok()) bytes += static_cast<int64_t>(*pages) * 8192;
    });
    return bytes;
  }
  // Everything lies in pg_default, but for the shared system tables.
  static Value tablespace_size(Session& s, std::span<const Value> args, Arena&) {
    bool global =
        args[0].type == PhysicalType::kString ? args[0].view() == "pg_global" : args[0].oid() == 1664;
    int64_t bytes = 0;
    if (global) {
      s.catalog().for_each(catalog::system_table("pg_class"), {}, [&](const catalog::Row& row) {
        if (!row.boolean("relisshared")) return;
        catalog::RelationPtr r = s.catalog().relation(row.oid("oid"));
        if (r == nullptr || r->segment == kInvalidPageId) return;
        auto pages = access::segment_page_count(s.instance_.engine().pool(), r->segment);
        if (pages.ok()) bytes += static_cast<int64_t>(*pages) * 8192;
      });
      return Value::of_int64(bytes);
    }
    std::vector<Oid> databases;
    s.catalog().for_each(catalog::system_table("pg_database"), {},
                         [&](const catalog::Row& row) { databases.push_back(row.oid("oid")); });
    for (Oid oid : databases) {
      if (oid == s.database_->oid()) {
        bytes += bytes_of(s, s.catalog());
        continue;
      }
      std::shared_ptr<catalog::Database> other = s.instance_.database(oid);
      catalog::Catalog inside(*other, *s.txn_);
      bytes += bytes_of(s, inside);
    }
    return Value::of_int64(bytes);
  }
  // All data lies in the data directory.
  static Value tablespace_location(Session&, std::span<const Value>, Arena&) {
    return Value::of_string(std::string_view());
  }
  static Value log_position(Session& s, std::span<const Value>, Arena&) {
    return Value::of_int64(static_cast<int64_t>(s.instance_.engine().log().reserved_lsn().value()));
  }
  static Value sequence_last_value(Session& s, std::span<const Value> args, Arena&) {
    catalog::RelationPtr r = s.catalog().relation(Oid{args[0].oid()});
    if (r == nullptr || r->kind != catalog::RelationKind::kSequence)
      return Value::null_of(PhysicalType::kInt64);
    auto state = access::sequence_read(s.instance_.engine().pool(), r->segment);
    check_ok(state.status());
    return state->is_called ? Value::of_int64(state->last_value) : Value::null_of(PhysicalType::kInt64);
  }

  // --- names that may not exist
  static Value to_regclass(Session& s, std::span<const Value> args, Arena&) {
    return to_reg(s, args, type_oid::kRegclass);
  }
  static Value to_regtype(Session& s, std::span<const Value> args, Arena&) {
    return to_reg(s, args, type_oid::kRegtype);
  }
  static Value to_regnamespace(Session& s, std::span<const Value> args, Arena&) {
    return to_reg(s, args, type_oid::kRegnamespace);
  }
  static Value to_regrole(Session& s, std::span<const Value> args, Arena&) {
    return to_reg(s, args, type_oid::kRegrole);
  }
  static Value to_regproc(Session& s, std::span<const Value> args, Arena&) {
    return to_reg(s, args, type_oid::kRegproc);
  }
  static Value to_regprocedure(Session& s, std::span<const Value> args, Arena&) {
    return to_reg(s, args, type_oid::kRegprocedure);
  }
  static Value to_regoper(Session& s, std::span<const Value> args, Arena&) {
    return to_reg(s, args, type_oid::kRegoper);
  }
  static Value to_regoperator(Session& s, std::span<const Value> args, Arena&) {
    return to_reg(s, args, type_oid::kRegoperator);
  }
  static Value to_regcollation(Session& s, std::span<const Value> args, Arena&) {
    return to_reg(s, args, type_oid::kRegcollation);
  }
  static Value to_reg(Session& s, std::span<const Value> args, Oid type) {
    try {
      return Value::of_oid(s.parse_reg(type, args[0].view()));
    } catch (const SqlError& e) {
      for (SqlState missing :
           {sqlstate::kUndefinedTable, sqlstate::kUndefinedObject, sqlstate::kInvalidSchemaName,
            sqlstate::kUndefinedFunction, sqlstate::kAmbiguousFunction}) {
        if (e.state() == missing) return Value::null_of(PhysicalType::kInt32);
      }
      throw;
    }
  }

  static Value trigger_depth(Session& s, std::span<const Value>, Arena&) {
    return Value::of_int32(s.pl_.trigger_depth() + s.key_depth_);  // keys act by triggers at PostgreSQL
  }
  static Value my_temp_schema(Session& s, std::span<const Value>, Arena&) {
    return Value::of_oid(s.temporary_schema(false).value());
  }
  static Value is_other_temp_schema(Session& s, std::span<const Value> args, Arena&) {
    Oid schema{args[0].oid()};
    return Value::of_bool(schema != s.temporary_schema(false) &&
                          s.catalog().schema_name(schema).starts_with("pg_temp_"));
  }
};

CatalogFunction* find_catalog_function(std::string_view name) {
  using F = CatalogFunctions;
  static const std::unordered_map<std::string_view, CatalogFunction*> kTable = {
      {"format_type", F::format_type},
      {"pg_get_function_arguments", F::function_arguments},
      {"pg_get_function_identity_arguments", F::function_arguments},
      {"pg_get_function_result", F::function_result},
      {"pg_get_function_sqlbody", F::none},
      {"pg_get_function_arg_default", F::none},
      {"pg_get_triggerdef", F::none},
      {"has_table_privilege", F::table_privilege},
      {"has_sequence_privilege", F::table_privilege},
      {"has_column_privilege", F::column_privilege},
      {"has_any_column_privilege", F::any_column_privilege},
      {"has_schema_privilege", F::schema_privilege},
      {"has_database_privilege", F::database_privilege},
      {"has_language_privilege", F::language_privilege},
      {"has_tablespace_privilege", F::tablespace_privilege},
      {"has_function_privilege", F::function_privilege},
      {"has_type_privilege", F::type_privilege},
      {"pg_has_role", F::has_role},
      {"acldefault", F::acl_default},
      {"pg_database_size", F::database_size},
      {"pg_tablespace_size", F::tablespace_size},
      {"pg_tablespace_location", F::tablespace_location},
      {"pg_current_wal_lsn", F::log_position},
      {"pg_current_wal_insert_lsn", F::log_position},
      {"pg_sequence_last_value", F::sequence_last_value},
      {"to_regclass", F::to_regclass},
      {"to_regtype", F::to_regtype},
      {"to_regnamespace", F::to_regnamespace},
      {"to_regrole", F::to_regrole},
      {"to_regoper", F::to_regoper},
      {"to_regoperator", F::to_regoperator},
      {"to_regcollation", F::to_regcollation},
      {"to_regproc", F::to_regproc},
      {"to_regprocedure", F::to_regprocedure},
      {"pg_my_temp_schema", F::my_temp_schema},
      {"pg_trigger_depth", F::trigger_depth},
      {"pg_is_other_temp_schema", F::is_other_temp_schema},
  };
  auto it = kTable.find(name);
  return it == kTable.end() ? nullptr : it->second;
}

}  // namespace varve::session
