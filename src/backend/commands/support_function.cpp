#include "support_function.h"

#include <algorithm>
#include <fmt/format.h>

#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "privileges.h"

namespace varve::commands {

using catalog::RoutinePtr;

bool is_polymorphic_type(Oid type) {
  return type == type_oid::kAnyelement || type == type_oid::kAnyarray || type == type_oid::kAnynonarray ||
         type == type_oid::kAnyenum || type == type_oid::kAnyrange || type == type_oid::kAnymultirange ||
         type == type_oid::kAnycompatible || type == type_oid::kAnycompatiblearray ||
         type == type_oid::kAnycompatiblenonarray || type == type_oid::kAnycompatiblerange ||
         type == type_oid::kAnycompatiblemultirange;
}

namespace {

bool is_compatible_family(Oid type) {
  return type == type_oid::kAnycompatible || type == type_oid::kAnycompatiblearray ||
         type == type_oid::kAnycompatiblenonarray || type == type_oid::kAnycompatiblerange ||
         type == type_oid::kAnycompatiblemultirange;
}
bool is_range_kind(Oid type) {
  return type == type_oid::kAnyrange || type == type_oid::kAnymultirange ||
         type == type_oid::kAnycompatiblerange || type == type_oid::kAnycompatiblemultirange;
}

}  // namespace

std::string undetermined_type(Oid result, std::span<const Oid> args) {
  if (!is_polymorphic_type(result)) return {};
  const bool compatible = is_compatible_family(result), range = is_range_kind(result);
  for (Oid arg : args) {
    bool family = is_polymorphic_type(arg) && is_compatible_family(arg) == compatible;
    if (family && (!range || is_range_kind(arg))) return {};
  }
  std::string_view wanted =
      range ? (compatible ? "anycompatiblerange or anycompatiblemultirange" : "anyrange or anymultirange")
      : compatible ? "anycompatible, anycompatiblearray, anycompatiblenonarray, anycompatiblerange, or "
                     "anycompatiblemultirange"
                   : "anyelement, anyarray, anynonarray, anyenum, anyrange, or anymultirange";
  return fmt::format("A result of type {} requires at least one input of type {}.",
                     functions::format_type(result, -1), wanted);
}

namespace {

bool takes(std::span<const Oid> declared, const std::vector<Oid>& args) {
  if (declared.size() != args.size()) return false;
  Oid element;
  for (size_t i = 0; i < args.size(); ++i) {
    if (declared[i] == args[i] || declared[i] == type_oid::kAny) continue;
    if (is_polymorphic_type(args[i])) return false;
    const functions::TypeInfo* info = functions::type_by_oid(args[i]);
    bool array = declared[i] == type_oid::kAnyarray || declared[i] == type_oid::kAnycompatiblearray;
    if (!is_polymorphic_type(declared[i]) ||
        (array && (info == nullptr || info->element_type == kInvalidOid)))
      return false;
    Oid own = array ? info->element_type : args[i];
    if (element != kInvalidOid && element != own) return false;
    element = own;
  }
  return true;
}

// What the function returns when it is called with these.
Oid actual_result(Oid result, std::span<const Oid> declared, const std::vector<Oid>& args) {
  if (!is_polymorphic_type(result)) return result;
  bool array = result == type_oid::kAnyarray || result == type_oid::kAnycompatiblearray;
  for (size_t i = 0; i < args.size(); ++i) {
    if (declared[i] == result) return args[i];
    const functions::TypeInfo* info = functions::type_by_oid(args[i]);
    bool from_array = declared[i] == type_oid::kAnyarray || declared[i] == type_oid::kAnycompatiblearray;
    if (!is_polymorphic_type(declared[i]) || info == nullptr || from_array == array) continue;
    return from_array ? info->element_type : info->array_type;
  }
  return result;
}

// A function that would do if its arguments were converted on the way: they are not.
void refuse_coercion(CommandContext& context, parser::NameList names, Oid schema,
                     const std::vector<Oid>& args) {
  auto converts = [&](std::span<const Oid> declared) {
    if (declared.size() != args.size()) return false;
    for (size_t i = 0; i < args.size(); ++i) {
      const functions::Cast* cast = functions::find_cast(args[i], declared[i]);
      bool fits =
          declared[i] == args[i] || (cast != nullptr && cast->context == functions::CastContext::kImplicit);
      if (!fits) return false;
    }
    return true;
  };
  auto refuse = [&](std::span<const Oid> declared) {
    std::string types;
    for (Oid type : declared) types += (types.empty() ? "" : ", ") + functions::format_type(type, -1);
    throw SqlError(sqlstate::kDatatypeMismatch,
                   fmt::format("function {}({}) requires run-time type coercion", names.back(), types));
  };
  for (const functions::Function* f : functions::functions_named(names.back())) {
    if (schema == kInvalidOid && f->kind == functions::FunctionKind::kScalar && converts(f->args))
      refuse(f->args);
  }
  for (const RoutinePtr& r : context.catalog.routines_named(names.back())) {
    bool in_path = schema != kInvalidOid ? r->schema == schema
                                         : std::find(context.search_path.begin(), context.search_path.end(),
                                                     r->schema) != context.search_path.end();
    if (in_path && r->kind == 'f' && converts(r->args)) refuse(r->args);
  }
}

SupportFunction find_support(CommandContext& context, parser::NameList names, const std::vector<Oid>& args,
                             bool for_aggregate) {
  std::string_view schema_name = names.size() > 1 ? names[names.size() - 2] : std::string_view();
  Oid schema = schema_name.empty() ? kInvalidOid : context.catalog.find_schema(schema_name);
  for (bool exact : {true, false}) {
    auto fits = [&](std::span<const Oid> declared) {
      return exact ? std::equal(declared.begin(), declared.end(), args.begin(), args.end())
                   : takes(declared, args);
    };
    for (const functions::Function* f : functions::functions_named(names.back())) {
      if (!schema_name.empty() && schema_name != "pg_catalog") break;
      if (f->kind == functions::FunctionKind::kScalar && fits(f->args))
        return {f->oid, exact ? f->result : actual_result(f->result, f->args, args), f->strict, nullptr};
    }
    for (const RoutinePtr& r : context.catalog.routines_named(names.back())) {
      bool in_path = schema != kInvalidOid ? r->schema == schema
                                           : std::find(context.search_path.begin(), context.search_path.end(),
                                                       r->schema) != context.search_path.end();
      if (in_path && r->kind == 'f' && fits(r->args))
        return {r->oid, exact ? r->result : actual_result(r->result, r->args, args), r->strict, r};
    }
  }
  if (for_aggregate) refuse_coercion(context, names, schema, args);
  std::string types;
  for (Oid type : args) types += (types.empty() ? "" : ", ") + functions::format_type(type, -1);
  std::string name(names.back());
  if (!schema_name.empty()) name = fmt::format("{}.{}", schema_name, name);
  throw SqlError(sqlstate::kUndefinedFunction, fmt::format("function {}({}) does not exist", name, types));
}

}  // namespace

SupportFunction support_function(CommandContext& context, parser::NameList names,
                                 const std::vector<Oid>& args) {
  return find_support(context, names, args, false);
}

SupportFunction aggregate_support_function(CommandContext& context, parser::NameList names,
                                           const std::vector<Oid>& args) {
  SupportFunction found = find_support(context, names, args, true);
  if (found.routine != nullptr) require_execute(context, *found.routine, found.routine->name);
  return found;
}

parser::NameList function_name(const parser::Option& option) {
  if (parser::is<parser::TypeName>(option.value)) return parser::as<parser::TypeName>(option.value)->names;
  if (parser::is<parser::QualifiedName>(option.value))
    return parser::as<parser::QualifiedName>(option.value)->names;
  throw SqlError(sqlstate::kSyntaxError, fmt::format("{} requires a parameter", option.name));
}

}  // namespace varve::commands
