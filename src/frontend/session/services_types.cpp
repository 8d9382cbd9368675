// What functions ask of enums and domains: labels, order, names.
#include <fmt/format.h>

#include "catalog/user_type.h"
#include "catalog_functions.h"
#include "common/sql_error.h"
#include "functions/array.h"
#include "functions/registry.h"
#include "parser/parser.h"
#include "session.h"

namespace varve::session {

using catalog::EnumLabel;
using catalog::UserTypePtr;
using types::Value;

class TypeFunctions {
 public:
  static UserTypePtr enum_type(Session& s, const Value& oid) {
    UserTypePtr type = s.enum_type(Oid{oid.oid()});
    if (type == nullptr || type->kind != 'e')
      throw SqlError(sqlstate::kInternalError, "an enum's type is not there");
    return type;
  }
  static Value enum_in(Session& s, std::span<const Value> args, Arena&) {
    UserTypePtr type = enum_type(s, args[0]);
    for (const EnumLabel& l : type->labels) {
      if (l.label == args[1].view()) return Value::of_float32(l.order);
    }
    throw SqlError(
        sqlstate::kInvalidTextRepresentation,
        fmt::format("invalid input value for enum {}: \"{}\"", user_type_name(s, type->oid), args[1].view()));
  }
  static Value enum_out(Session& s, std::span<const Value> args, Arena& arena) {
    UserTypePtr type = enum_type(s, args[0]);
    for (const EnumLabel& l : type->labels) {
      if (l.order == args[1].float32) return Value::of_string(arena.copy(l.label));
    }
    throw SqlError(sqlstate::kInvalidBinaryRepresentation,
                   fmt::format("invalid internal value for enum: {}", args[1].float32));
  }
  template <bool kLast>
  static Value enum_end(Session& s, std::span<const Value> args, Arena&) {
    UserTypePtr type = enum_type(s, args[0]);
    if (type->labels.empty()) {
      throw SqlError(sqlstate::kObjectNotInPrerequisiteState,
                     fmt::format("enum {} contains no values", user_type_name(s, type->oid)));
    }
    return Value::of_float32(kLast ? type->labels.back().order : type->labels.front().order);
  }
  static Value enum_range(Session& s, std::span<const Value> args, Arena& arena) {
    UserTypePtr type = enum_type(s, args[0]);
    std::vector<Value> values;
    for (const EnumLabel& l : type->labels) {
      if (!args[1].null && l.order < args[1].float32) continue;
      if (!args[2].null && l.order > args[2].float32) continue;
      values.push_back(Value::of_float32(l.order));
    }
    std::string bytes;
    functions::append_array_bytes(bytes, type->oid, values, {});
    return Value::of_string(arena.copy(bytes));
  }
};

CatalogFunction* find_type_function(std::string_view name) {
  using F = TypeFunctions;
  static const std::unordered_map<std::string_view, CatalogFunction*> table = {
      {"enum_in", F::enum_in},          {"enum_out", F::enum_out},     {"enum_first", F::enum_end<false>},
      {"enum_last", F::enum_end<true>}, {"enum_range", F::enum_range},
  };
  auto it = table.find(name);
  return it == table.end() ? nullptr : it->second;
}

// Labels are asked for with every value read or written: kept while the catalog stays as it is.
UserTypePtr Session::enum_type(Oid oid) {
  uint64_t changes = catalog().changed() ? catalog_changes_ + 1 : 0;
  KnownEnum& known = enums_[oid];
  uint64_t epoch = database_->epoch();
  if (known.type != nullptr && known.epoch == epoch && known.changes == changes) return known.type;
  known = {epoch, changes, catalog::user_type(catalog(), oid)};
  return known.type;
}

std::string user_type_name(Session& session, Oid oid) { return session.name_of_user_type(oid); }

std::string Session::name_of_user_type(Oid oid) {
  std::string name, schema_name;
  Oid schema, element;
  bool is_array = false;
  const catalog::KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
  catalog().for_each(catalog::system_table("pg_type"), match, [&](const catalog::Row& row) {
    name = row.text("typname");
    schema = row.oid("typnamespace");
    element = row.oid("typelem");
    is_array = row.letter("typcategory") == 'A';
  });
  if (name.empty()) return {};
  if (is_array && element != kInvalidOid) return name_of_user_type(element) + "[]";
  bool visible = schema == catalog::kPgCatalogSchema;
  for (Oid in_path : search_path_oids()) {
    bool here = false;
    const catalog::KeyMatch same[] = {{"typname", Value::of_string(std::string_view(name))},
                                      {"typnamespace", Value::of_oid(in_path.value())}};
    catalog().for_each(catalog::system_table("pg_type"), same, [&](const catalog::Row&) { here = true; });
    if (!here) continue;
    visible = visible || in_path == schema;
    break;
  }
  std::string text = parser::quote_identifier(name);
  return visible ? text : parser::quote_identifier(catalog().schema_name(schema)) + "." + text;
}

}  // namespace varve::session
