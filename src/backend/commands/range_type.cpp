// CREATE TYPE … AS RANGE: the range, its multirange, arrays of both, and the functions that make them.
#include <algorithm>
#include <fmt/format.h>

#include "analyzer/analyzer.h"
#include "catalog/routine.h"
#include "catalog_rows.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "operator.h"
#include "routine.h"
#include "support_function.h"
#include "txn/txn_manager.h"
#include "type.h"

namespace varve::commands {

namespace {

constexpr Oid kBtreeMethod{403};
constexpr Oid kOperatorClassClass{2616}, kCollationClass{3456};

struct RangeDefinition {
  Oid subtype;
  parser::NameList operator_class, collation, canonical, difference, multirange;
};

// What pg_range says of the type.
struct RangeRow {
  Oid subtype, operator_class, collation, difference;
};

RangeDefinition read_definition(CommandContext& context, const parser::CreateRangeStmt& stmt) {
  RangeDefinition out;
  std::vector<std::string_view> seen;
  for (const parser::Option* o : stmt.options) {
    if (std::find(seen.begin(), seen.end(), o->name) != seen.end())
      throw SqlError(sqlstate::kSyntaxError, "conflicting or redundant options")
          .at(position(context, o->location));
    seen.push_back(o->name);
    if (o->name == "subtype")
      out.subtype = find_type(context, *parser::as<parser::TypeName>(o->value));
    else if (o->name == "subtype_opclass")
      out.operator_class = function_name(*o);
    else if (o->name == "collation")
      out.collation = function_name(*o);
    else if (o->name == "canonical")
      out.canonical = function_name(*o);
    else if (o->name == "subtype_diff")
      out.difference = function_name(*o);
    else if (o->name == "multirange_type_name")
      out.multirange = function_name(*o);
    else
      throw SqlError(sqlstate::kSyntaxError, fmt::format("type attribute \"{}\" not recognized", o->name));
  }
  if (out.subtype == kInvalidOid)
    throw SqlError(sqlstate::kSyntaxError, "type attribute \"subtype\" is required");
  return out;
}

const functions::TypeInfo& base_info(CommandContext& context, Oid type) {
  return *functions::type_by_oid(catalog::base_type(context.catalog, type, -1).type);
}

// What an operator class must be declared for to take the type.
Oid class_input(const functions::TypeInfo& type) {
  if (type.oid == type_oid::kVarchar) return type_oid::kText;
  if (type.oid == type_oid::kCidr) return type_oid::kInet;
  if (type.kind == 'e') return type_oid::kAnyenum;
  if (type.kind == 'c') return type_oid::kRecord;
  if (type.kind == 'r') return type_oid::kAnyrange;
  if (type.kind == 'm') return type_oid::kAnymultirange;
  return type.category == 'A' && type.length == -1 ? type_oid::kAnyarray : type.oid;
}

Oid default_class(CommandContext& context, Oid subtype) {
  const functions::TypeInfo& info = base_info(context, subtype);
  Oid found, input = class_input(info);
  if (functions::compare_function(info.oid) != nullptr && functions::less_operator(info.oid) != nullptr) {
    const KeyMatch match[] = {{"opcmethod", Value::of_oid(kBtreeMethod.value())}};
    context.catalog.for_each(system_table("pg_opclass"), match, [&](const Row& row) {
      if (row.oid("opcintype") == input && row.boolean("opcdefault")) found = row.oid("oid");
    });
  }
  if (found != kInvalidOid) return found;
  throw SqlError(sqlstate::kUndefinedObject,
                 fmt::format("data type {} has no default operator class for access method \"btree\"",
                             catalog::type_text(context.catalog, subtype)))
      .hint(
          "You must specify an operator class for the range type or define a default operator class for the "
          "subtype.");
}

Oid named_class(CommandContext& context, parser::NameList names, Oid subtype) {
  if (names.size() > 1) (void)require_schema(context, names[names.size() - 2]);
  Oid found, input;
  const KeyMatch match[] = {{"opcmethod", Value::of_oid(kBtreeMethod.value())},
                            {"opcname", Value::of_string(names.back())}};
  context.catalog.for_each(system_table("pg_opclass"), match, [&](const Row& row) {
    found = row.oid("oid");
    input = row.oid("opcintype");
  });
  if (found == kInvalidOid) {
    throw SqlError(
        sqlstate::kUndefinedObject,
        fmt::format("operator class \"{}\" does not exist for access method \"btree\"", names.back()));
  }
  if (input != class_input(base_info(context, subtype))) {
    throw SqlError(sqlstate::kDatatypeMismatch,
                   fmt::format("operator class \"{}\" does not accept data type {}", names.back(),
                               catalog::type_text(context.catalog, subtype)));
  }
  if (found != default_class(context, subtype))
    throw_not_supported("a range ordered by another operator class than its subtype's default");
  return found;
}

Oid range_collation(CommandContext& context, const RangeDefinition& definition) {
  if (!base_info(context, definition.subtype).collatable) {
    if (definition.collation.empty()) return kInvalidOid;
    throw SqlError(sqlstate::kWrongObjectType,
                   "range collation specified but subtype does not support collation");
  }
  Oid collation = definition.collation.empty() ? column_collation(context, definition.subtype, nullptr)
                                               : require_collation(context, definition.collation, -1);
  const KeyMatch match[] = {{"oid", Value::of_oid(collation.value())}};
  context.catalog.for_each(system_table("pg_collation"), match, [](const Row& row) {
    if (row.letter("collprovider") == 'i') throw_not_supported("a range ordered by an ICU collation");
  });
  return collation;
}

Oid difference_function(CommandContext& context, const RangeDefinition& definition) {
  if (definition.difference.empty()) return kInvalidOid;
  SupportFunction f =
      support_function(context, definition.difference, {definition.subtype, definition.subtype});
  auto refuse = [&](std::string_view what) {
    std::string type = catalog::type_text(context.catalog, definition.subtype);
    return SqlError(sqlstate::kInvalidObjectDefinition,
                    fmt::format("range subtype diff function {}({}, {}) must {}",
                                definition.difference.back(), type, type, what));
  };
  if (f.result != type_oid::kFloat8) throw refuse("return type double precision");
  bool immutable = f.routine != nullptr
                       ? f.routine->volatility == 'i'
                       : functions::function_by_oid(f.oid)->volatility == functions::Volatility::kImmutable;
  if (!immutable) throw refuse("be immutable");
  return f.oid;
}

// "textrange" gives "textmultirange", another name gets "_multirange" at its end.
std::string multirange_name(const std::string& range) {
  size_t at = range.find("range");
  std::string name = at != std::string::npos ? range.substr(0, at) + "multi" + range.substr(at)
                                             : range.substr(0, kMaxNameBytes - 11) + "_multirange";
  return name.substr(0, kMaxNameBytes);
}

NewType name_multirange(CommandContext& context, const RangeDefinition& definition, const NewType& range) {
  if (!definition.multirange.empty()) return name_new_type(context, definition.multirange);
  std::string name = multirange_name(range.name), schema = context.catalog.schema_name(range.schema);
  std::string_view parts[] = {schema, name};
  try {
    return name_new_type(context, parts);
  } catch (SqlError& error) {
    throw error.detail(fmt::format("Failed while creating a multirange type for type \"{}\".", range.name))
        .hint(
            "You can manually specify a multirange type name using the \"multirange_type_name\" attribute.");
  }
}

void insert_type(CommandContext& context, const NewType& name, Oid oid, Oid array, bool multi,
                 char alignment) {
  std::string functions = multi ? "multirange_" : "range_";
  RowDraft row(system_table("pg_type"));
  row.oid("oid", oid).text("typname", name.name).oid("typnamespace", name.schema);
  row.oid("typowner", context.role).int2("typlen", -1).text("typtype", multi ? "m" : "r");
  row.text("typcategory", "R").boolean("typisdefined", true).text("typdelim", ",").oid("typarray", array);
  row.text("typinput", functions + "in").text("typoutput", functions + "out");
  row.text("typreceive", functions + "recv").text("typsend", functions + "send");
  row.text("typanalyze", functions + "typanalyze").text("typalign", std::string(1, alignment));
  row.text("typstorage", "x").int4("typtypmod", -1);
  context.catalog.insert(row);
  add_dependency(context, {kTypeClass, oid}, {kNamespaceClass, name.schema}, 'n');
}

void insert_range_row(CommandContext& context, Oid range, Oid multirange, const RangeRow& r) {
  RowDraft row(system_table("pg_range"));
  row.oid("rngtypid", range).oid("rngsubtype", r.subtype).oid("rngmultitypid", multirange);
  row.oid("rngcollation", r.collation).oid("rngsubopc", r.operator_class);
  row.oid("rngcanonical", kInvalidOid).oid("rngsubdiff", r.difference);
  context.catalog.insert(row);
  ObjectAddress self{kTypeClass, range};
  add_dependency(context, self, {kTypeClass, r.subtype}, 'n');
  add_dependency(context, self, {kOperatorClassClass, r.operator_class}, 'n');
  if (r.collation != kInvalidOid && r.collation != catalog::kDefaultCollation)
    add_dependency(context, self, {kCollationClass, r.collation}, 'n');
  if (r.difference != kInvalidOid) add_dependency(context, self, {kProcClass, r.difference}, 'n');
}

// One of the functions called as the type; it goes with the type.
Oid insert_constructor(CommandContext& context, std::string_view name, Oid schema, Oid result,
                       std::string_view source, const std::vector<Oid>& args, Oid variadic = kInvalidOid) {
  Oid oid = catalog::Database::new_oid();
  RowDraft row(system_table("pg_proc"));
  row.oid("oid", oid).text("proname", name).oid("pronamespace", schema).oid("proowner", context.role);
  row.oid("prolang", catalog::kInternalLanguage).float4("procost", 1).text("prokind", "f");
  row.text("provolatile", "i").text("proparallel", "s").oid("prorettype", result);
  row.boolean("proisstrict", source.starts_with("multi")).int2("pronargs", static_cast<int16_t>(args.size()));
  std::string types;
  for (Oid type : args) types += fmt::format("{}{}", types.empty() ? "" : " ", type.value());
  row.text("proargtypes", types).text("prosrc", source);
  if (variadic != kInvalidOid) {
    row.oid("provariadic", variadic).text("proargmodes", "{v}");
    row.text("proallargtypes", fmt::format("{{{}}}", args[0].value()));
  }
  context.catalog.insert(row);
  add_dependency(context, {kProcClass, oid}, {kNamespaceClass, schema}, 'n');
  add_dependency(context, {kProcClass, oid}, {kTypeClass, result}, 'i');
  return oid;
}

void insert_cast(CommandContext& context, Oid range, Oid multirange, Oid function) {
  Oid oid = catalog::Database::new_oid();
  RowDraft row(system_table("pg_cast"));
  row.oid("oid", oid).oid("castsource", range).oid("casttarget", multirange).oid("castfunc", function);
  row.text("castcontext", "e").text("castmethod", "f");
  context.catalog.insert(row);
  for (const ObjectAddress& on : {ObjectAddress{kProcClass, function}, ObjectAddress{kTypeClass, range},
                                  ObjectAddress{kTypeClass, multirange}})
    add_dependency(context, {kCastClass, oid}, on, 'i');
}

}  // namespace

std::string create_range(CommandContext& context, const parser::CreateRangeStmt& stmt) {
  NewType name = name_new_type(context, stmt.names);
  RangeDefinition definition = read_definition(context, stmt);
  const functions::TypeInfo& subtype = base_info(context, definition.subtype);
  if (subtype.kind == 'p')
    throw SqlError(sqlstate::kDatatypeMismatch, fmt::format("range subtype cannot be {}", subtype.sql_name));
  RangeRow row;
  row.subtype = definition.subtype;
  row.operator_class = definition.operator_class.empty()
                           ? default_class(context, definition.subtype)
                           : named_class(context, definition.operator_class, definition.subtype);
  row.collation = range_collation(context, definition);
  if (!definition.canonical.empty()) {
    throw SqlError(sqlstate::kInvalidObjectDefinition,
                   "cannot specify a canonical function without a pre-created shell type")
        .hint(
            "Create the type as a shell type, then create its canonicalization function, then do a full "
            "CREATE TYPE.");
  }
  row.difference = difference_function(context, definition);
  NewType multi = name_multirange(context, definition, name);
  context.txn.assign_xid();
  char alignment = subtype.alignment == 'd' ? 'd' : 'i';
  // Arrays first: what depends on the type is listed in the order of oids.
  Oid range = catalog::Database::new_oid();
  Oid array = insert_array_type(context, name, range, alignment);
  Oid multirange = catalog::Database::new_oid();
  insert_type(context, name, range, array, false, alignment);
  insert_type(context, multi, multirange, insert_array_type(context, multi, multirange, alignment), true,
              alignment);
  add_dependency(context, {kTypeClass, multirange}, {kTypeClass, range}, 'i');
  insert_range_row(context, range, multirange, row);
  Oid of = definition.subtype;
  insert_constructor(context, name.name, name.schema, range, "range_constructor2", {of, of});
  insert_constructor(context, name.name, name.schema, range, "range_constructor3", {of, of, type_oid::kText});
  insert_constructor(context, multi.name, name.schema, multirange, "multirange_constructor0", {});
  Oid one =
      insert_constructor(context, multi.name, name.schema, multirange, "multirange_constructor1", {range});
  insert_constructor(context, multi.name, name.schema, multirange, "multirange_constructor2", {array}, range);
  insert_cast(context, range, multirange, one);
  (void)catalog::user_type(context.catalog, range);  // from here on the engine knows it
  return "CREATE TYPE";
}

}  // namespace varve::commands
