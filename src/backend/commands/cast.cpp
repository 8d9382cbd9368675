// CREATE CAST and DROP CAST.
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "catalog/user_type.h"
#include "common/sql_error.h"
#include "drop.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "names.h"
#include "operator.h"
#include "privileges.h"
#include "routine.h"

namespace varve::commands {

namespace {

SqlError invalid_cast(std::string what) {
  return SqlError(sqlstate::kInvalidObjectDefinition, std::move(what));
}

struct CastFunction {
  Oid oid, result;
  std::vector<Oid> args;
  bool returns_set = false;
  char kind = 'f';
};

std::string name_of(CommandContext& context, Oid type) { return catalog::type_text(context.catalog, type); }

bool coerces_binary(CommandContext& context, Oid from, Oid to) {
  if (from == to) return true;
  from = catalog::base_type(context.catalog, from, -1).type;
  if (from == to) return true;
  const functions::Cast* cast = functions::find_cast(from, to);
  return cast != nullptr && cast->function == kInvalidOid &&
         cast->context == functions::CastContext::kImplicit;
}

CastFunction find_cast_function(CommandContext& context, const parser::RoutineRef& ref) {
  std::vector<Oid> args;
  for (const parser::TypeName* type : ref.arg_types) args.push_back(find_type(context, *type));
  bool built_in = ref.names.size() == 1 || ref.names[ref.names.size() - 2] == "pg_catalog";
  for (const functions::Function* f : functions::functions_named(ref.names.back())) {
    if (!built_in || ref.args_unspecified) break;
    if (!std::equal(f->args.begin(), f->args.end(), args.begin(), args.end())) continue;
    char kind = f->kind == functions::FunctionKind::kAggregate ? 'a' : 'f';
    return {f->oid, f->result, args, f->kind == functions::FunctionKind::kSetReturning, kind};
  }
  catalog::RoutinePtr r = find_routine(context, ref, parser::ObjectType::kFunction);
  return {r->oid, r->result, r->args, r->returns_set, r->kind};
}

void check_function(CommandContext& context, const CastFunction& f, Oid source, Oid target) {
  if (f.args.empty() || f.args.size() > 3)
    throw invalid_cast("cast function must take one to three arguments");
  if (!coerces_binary(context, source, f.args[0]))
    throw invalid_cast("argument of cast function must match or be binary-coercible from source data type");
  if (f.args.size() > 1 && f.args[1] != type_oid::kInt4)
    throw invalid_cast("second argument of cast function must be type integer");
  if (f.args.size() > 2 && f.args[2] != type_oid::kBool)
    throw invalid_cast("third argument of cast function must be type boolean");
  if (!coerces_binary(context, f.result, target))
    throw invalid_cast(
        "return data type of cast function must match or be binary-coercible to target data type");
  if (f.kind != 'f') throw invalid_cast("cast function must be a normal function");
  if (f.returns_set) throw invalid_cast("cast function must not return a set");
}

// One side of a cast. `info` is of the type under a domain.
struct CastType {
  Oid oid;
  const functions::TypeInfo* info;
  bool is_domain;
};

CastType cast_type(CommandContext& context, const parser::TypeName& name, std::string_view role) {
  CastType type{find_type(context, name), nullptr, false};
  catalog::UserTypePtr user = catalog::user_type(context.catalog, type.oid);
  type.is_domain = user != nullptr && user->kind == 'd';
  type.info = functions::type_by_oid(catalog::base_type(context.catalog, type.oid, -1).type);
  if (type.info->kind == 'p') {
    throw SqlError(sqlstate::kWrongObjectType,
                   fmt::format("{} data type {} is a pseudo-type", role, name_of(context, type.oid)));
  }
  return type;
}

// A value of a domain is converted as one of the type under it, whatever casts there are.
void warn_of_domains(CommandContext& context, const CastType& source, const CastType& target) {
  if (!source.is_domain && !target.is_domain) return;
  context.services.notice("WARNING", sqlstate::kWrongObjectType,
                          fmt::format("cast will be ignored because the {} data type is a domain",
                                      source.is_domain ? "source" : "target"));
}

void check_binary(CommandContext& context, const CastType& from, const CastType& to) {
  const functions::TypeInfo &source = *from.info, &target = *to.info;
  if (!context.is_superuser) {
    throw SqlError(sqlstate::kInsufficientPrivilege, "must be superuser to create a cast WITHOUT FUNCTION");
  }
  auto incompatible = [] {
    return invalid_cast("source and target data types are not physically compatible");
  };
  if (source.length != target.length || source.by_value != target.by_value ||
      source.alignment != target.alignment)
    throw incompatible();
  auto either = [&](auto&& is) { return is(source) || is(target); };
  if (either([](const auto& t) { return t.kind == 'c'; }))
    throw invalid_cast("composite data types are not binary-compatible");
  if (either([](const auto& t) { return t.kind == 'e'; }))
    throw invalid_cast("enum data types are not binary-compatible");
  if (either([](const auto& t) { return t.category == 'A'; }))
    throw invalid_cast("array data types are not binary-compatible");
  if (from.is_domain || to.is_domain)
    throw invalid_cast("domain data types must not be marked binary-compatible");
  if (source.physical != target.physical) throw incompatible();
}

Oid type_owner(CommandContext& context, Oid type) {
  Oid owner;
  const KeyMatch match[] = {{"oid", Value::of_oid(type.value())}};
  context.catalog.for_each(system_table("pg_type"), match,
                           [&](const Row& row) { owner = row.oid("typowner"); });
  return owner;
}

void require_type_owner(CommandContext& context, Oid source, Oid target) {
  if (has_privileges_of(context, type_owner(context, source)) ||
      has_privileges_of(context, type_owner(context, target)))
    return;
  throw SqlError(sqlstate::kInsufficientPrivilege,
                 fmt::format("must be owner of type {} or type {}", functions::format_type(source, -1),
                             functions::format_type(target, -1)));
}

Oid cast_oid(CommandContext& context, Oid source, Oid target) {
  Oid found;
  const KeyMatch match[] = {{"castsource", Value::of_oid(source.value())},
                            {"casttarget", Value::of_oid(target.value())}};
  context.catalog.for_each(system_table("pg_cast"), match, [&](const Row& row) { found = row.oid("oid"); });
  return found;
}

}  // namespace

std::string create_cast(CommandContext& context, const parser::CreateCastStmt& stmt) {
  CastType source = cast_type(context, *stmt.source, "source");
  CastType target = cast_type(context, *stmt.target, "target");
  require_type_owner(context, source.oid, target.oid);
  require_type_usage(context, source.oid);
  require_type_usage(context, target.oid);
  warn_of_domains(context, source, target);
  Oid function;
  char method = stmt.inout ? 'i' : 'b';
  if (stmt.function != nullptr) {
    CastFunction f = find_cast_function(context, *stmt.function);
    check_function(context, f, source.oid, target.oid);
    if (f.args.size() < 2 && source.oid == target.oid)
      throw invalid_cast("source data type and target data type are the same");
    function = f.oid;
    method = 'f';
  } else {
    if (!stmt.inout) check_binary(context, source, target);
    if (source.oid == target.oid) throw invalid_cast("source data type and target data type are the same");
  }
  if (cast_oid(context, source.oid, target.oid) != kInvalidOid) {
    throw SqlError(sqlstate::kDuplicateObject,
                   fmt::format("cast from type {} to type {} already exists", name_of(context, source.oid),
                               name_of(context, target.oid)));
  }
  char letter = stmt.context == parser::CastContext::kImplicit     ? 'i'
                : stmt.context == parser::CastContext::kAssignment ? 'a'
                                                                   : 'e';
  Oid oid = catalog::Database::new_oid();
  RowDraft row(system_table("pg_cast"));
  row.oid("oid", oid).oid("castsource", source.oid).oid("casttarget", target.oid).oid("castfunc", function);
  row.text("castcontext", std::string(1, letter)).text("castmethod", std::string(1, method));
  context.catalog.insert(row);
  ObjectAddress self{kCastClass, oid};
  add_dependency(context, self, {kTypeClass, source.oid}, 'n');
  add_dependency(context, self, {kTypeClass, target.oid}, 'n');
  if (function != kInvalidOid) add_dependency(context, self, {kProcClass, function}, 'n');
  bool built_in = source.oid.value() < catalog::kFirstNormalOid &&
                  target.oid.value() < catalog::kFirstNormalOid &&
                  function.value() < catalog::kFirstNormalOid;
  // Casts are found by their dependencies (catalog/operators.cpp); this one would have none.
  if (built_in) throw_not_supported("a cast between built-in types without a function in SQL");
  add_to_extension(context, self);
  return "CREATE CAST";
}

ObjectAddress find_cast(CommandContext& context, const parser::ListNode& types) {
  Oid source = find_type(context, *parser::as<parser::TypeName>(types.items[0]));
  Oid target = find_type(context, *parser::as<parser::TypeName>(types.items[1]));
  Oid oid = cast_oid(context, source, target);
  if (oid == kInvalidOid) {
    throw SqlError(sqlstate::kUndefinedObject,
                   fmt::format("cast from type {} to type {} does not exist", name_of(context, source),
                               name_of(context, target)));
  }
  require_type_owner(context, source, target);
  return {kCastClass, oid};
}

void drop_casts(CommandContext& context, const parser::DropStmt& stmt) {
  std::vector<ObjectAddress> objects;
  for (const parser::Node* node : stmt.objects) {
    try {
      objects.push_back(find_cast(context, *parser::as<parser::ListNode>(node)));
    } catch (const SqlError& e) {
      if (!stmt.missing_ok || e.state() != sqlstate::kUndefinedObject) throw;
      auto written = [&](size_t i) {
        const auto& types = *parser::as<parser::ListNode>(node);
        return fmt::format("{}", fmt::join(parser::as<parser::TypeName>(types.items[i])->names, "."));
      };
      context.services.notice(
          "NOTICE", sqlstate::kSuccessfulCompletion,
          fmt::format("cast from type {} to type {} does not exist, skipping", written(0), written(1)));
    }
  }
  if (!objects.empty()) drop_objects(context, objects, stmt.behavior);
}

std::string describe_cast(CommandContext& context, Oid oid) {
  std::string text;
  const KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
  context.catalog.for_each(system_table("pg_cast"), match, [&](const Row& row) {
    text = fmt::format("cast from {} to {}", name_of(context, row.oid("castsource")),
                       name_of(context, row.oid("casttarget")));
  });
  return text;
}

}  // namespace varve::commands
