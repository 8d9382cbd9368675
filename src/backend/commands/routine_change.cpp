// Finding functions and procedures by name, ALTER and DROP.
#include <algorithm>
#include <fmt/format.h>

#include "catalog/user_type.h"
#include "catalog_rows.h"
#include "common/sql_error.h"
#include "drop.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "names.h"
#include "parser/parser.h"
#include "routine.h"
#include "routine_options.h"

namespace varve::commands {

using catalog::Routine;
using catalog::RoutinePtr;
using parser::ObjectType;

namespace {

std::string types_text(CommandContext& context, std::span<const Oid> types, std::string_view separator) {
  std::string text;
  for (Oid type : types)
    text +=
        (text.empty() ? std::string() : std::string(separator)) + catalog::type_text(context.catalog, type);
  return text;
}

std::string_view routine_word(ObjectType type) {
  return type == ObjectType::kProcedure   ? "procedure"
         : type == ObjectType::kRoutine   ? "routine"
         : type == ObjectType::kAggregate ? "aggregate"
                                          : "function";
}

bool is_visible(CommandContext& context, const Routine& r) {
  if (r.schema == catalog::kPgCatalogSchema) return true;
  for (Oid schema : context.search_path) {
    if (schema == context.catalog.temporary_schema()) continue;
    if (schema == r.schema) return true;
    for (const RoutinePtr& other : context.catalog.routines_named(r.name)) {
      if (other->schema == schema && other->args == r.args) return false;
    }
  }
  return false;
}

// Those of the name in the first schema of the path that has one.
std::vector<RoutinePtr> routines_of_name(CommandContext& context, parser::NameList names) {
  std::vector<RoutinePtr> out;
  std::vector<RoutinePtr> all = context.catalog.routines_named(names.back());
  if (names.size() > 1) {
    Oid schema = context.catalog.find_schema(names[names.size() - 2]);
    for (const RoutinePtr& r : all) {
      if (r->schema == schema) out.push_back(r);
    }
    return out;
  }
  std::vector<Oid> path(context.search_path.begin(), context.search_path.end());
  if (std::find(path.begin(), path.end(), catalog::kPgCatalogSchema) == path.end())
    path.insert(path.begin(), catalog::kPgCatalogSchema);
  for (Oid schema : path) {
    if (schema == context.catalog.temporary_schema()) continue;  // only when it is named
    for (const RoutinePtr& r : all) {
      bool hidden =
          std::any_of(out.begin(), out.end(), [&](const RoutinePtr& o) { return o->args == r->args; });
      if (r->schema == schema && !hidden) out.push_back(r);
    }
  }
  return out;
}

bool kind_fits(const Routine& r, ObjectType type) {
  if (type == ObjectType::kRoutine) return true;
  if (r.kind == 'a') return type == ObjectType::kAggregate;
  return r.kind == (type == ObjectType::kProcedure ? 'p' : type == ObjectType::kAggregate ? 'a' : 'f');
}

std::vector<Oid> all_types_of(const Routine& r) { return r.all_args.empty() ? r.args : r.all_args; }

void require_routine_owner(CommandContext& context, const Routine& r) {
  require_owner_of(context, r.owner, r.kind == 'p' ? "procedure" : "function", r.name);
}

void refuse_duplicate(CommandContext& context, const Routine& r, std::string_view name, Oid schema) {
  for (const RoutinePtr& other : context.catalog.routines_named(name)) {
    if (other->schema == schema && other->args == r.args && other->oid != r.oid) {
      throw SqlError(sqlstate::kDuplicateFunction,
                     fmt::format("function {}({}) already exists in schema \"{}\"", name,
                                 types_text(context, r.args, ", "), context.catalog.schema_name(schema)));
    }
  }
}

}  // namespace

std::string routine_signature(CommandContext& context, const Routine& r) {
  return fmt::format("{}({})", r.name, types_text(context, r.args, ", "));
}

std::string routine_description(CommandContext& context, Oid oid) {
  RoutinePtr r = context.catalog.routine(oid);
  if (r == nullptr) return std::to_string(oid.value());
  std::string name = is_visible(context, *r) ? parser::quote_identifier(r->name)
                                             : qualified_name(context, r->schema, r->name);
  return fmt::format("{}({})", name, types_text(context, r->args, ","));
}

RoutinePtr find_routine(CommandContext& context, const parser::RoutineRef& ref, ObjectType type,
                        bool missing_ok) {
  std::string_view word = routine_word(type);
  if (ref.names.size() > 1 && context.catalog.find_schema(ref.names[ref.names.size() - 2]) == kInvalidOid) {
    if (missing_ok) return nullptr;
    throw SqlError(sqlstate::kInvalidSchemaName,
                   fmt::format("schema \"{}\" does not exist", ref.names[ref.names.size() - 2]));
  }
  std::vector<RoutinePtr> all = routines_of_name(context, ref.names);
  std::string name = dotted(ref.names);
  if (ref.args_unspecified) {
    std::erase_if(all, [&](const RoutinePtr& r) { return !kind_fits(*r, type); });
    if (all.size() == 1) return all[0];
    if (all.size() > 1) {
      throw SqlError(sqlstate::kAmbiguousFunction, fmt::format("{} name \"{}\" is not unique", word, name))
          .hint(fmt::format("Specify the argument list to select the {} unambiguously.", word));
    }
    bool builtin = ref.names.size() == 1 && !functions::functions_named(ref.names.back()).empty();
    if (builtin) {
      throw SqlError(
          sqlstate::kDependentObjectsStillExist,
          fmt::format("cannot change {} {} because it is required by the database system", word, name));
    }
    if (missing_ok) return nullptr;
    throw SqlError(sqlstate::kUndefinedFunction, fmt::format("could not find a {} named \"{}\"", word, name));
  }
  std::vector<Oid> inputs, every;
  for (const parser::FunctionParameter* p : ref.parameters) {
    Oid t = find_type(context, *p->type);
    every.push_back(t);
    if (p->mode != parser::ParameterMode::kOut && p->mode != parser::ParameterMode::kTable)
      inputs.push_back(t);
  }
  RoutinePtr found;
  for (const RoutinePtr& r : all) {
    bool same = r->args == inputs || (r->kind == 'p' && all_types_of(*r) == every);
    if (same && (found == nullptr || r->args == inputs)) found = r;
  }
  if (found == nullptr) {
    if (missing_ok) return nullptr;
    for (const functions::Function* f : functions::functions_named(ref.names.back())) {
      if (!std::equal(f->args.begin(), f->args.end(), inputs.begin(), inputs.end())) continue;
      throw SqlError(sqlstate::kDependentObjectsStillExist,
                     fmt::format("cannot drop function {}({}) because it is required by the database system",
                                 name, types_text(context, inputs, ",")));
    }
    throw SqlError(sqlstate::kUndefinedFunction,
                   fmt::format("{} {}({}) does not exist", word, name, types_text(context, inputs, ", ")));
  }
  if (found->kind == 'a' && type == ObjectType::kFunction) {
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is an aggregate function", name))
        .hint("Use DROP AGGREGATE to drop aggregate functions.");
  }
  if (!kind_fits(*found, type)) {
    throw SqlError(sqlstate::kWrongObjectType,
                   fmt::format("{}({}) is not a {}", name, types_text(context, inputs, ", "), word));
  }
  return found;
}

RoutinePtr find_trigger_function(CommandContext& context, parser::NameList names) {
  for (const RoutinePtr& r : routines_of_name(context, names)) {
    if (r->args.empty()) return r;
  }
  throw SqlError(sqlstate::kUndefinedFunction, fmt::format("function {}() does not exist", dotted(names)));
}

void drop_routines(CommandContext& context, const parser::DropStmt& stmt) {
  std::vector<ObjectAddress> objects;
  for (const parser::Node* node : stmt.objects) {
    const auto& ref = *parser::as<parser::RoutineRef>(node);
    RoutinePtr r;
    try {
      r = find_routine(context, ref, stmt.object_type, stmt.missing_ok);
    } catch (const SqlError& error) {
      if (!stmt.missing_ok || error.state() != sqlstate::kUndefinedObject) throw;
      context.services.notice(error.fields().message + ", skipping");
      continue;
    }
    if (r == nullptr) {
      if (ref.names.size() > 1 &&
          context.catalog.find_schema(ref.names[ref.names.size() - 2]) == kInvalidOid) {
        context.services.notice(
            "NOTICE", sqlstate::kSuccessfulCompletion,
            fmt::format("schema \"{}\" does not exist, skipping", ref.names[ref.names.size() - 2]));
        continue;
      }
      std::string types;
      for (const parser::TypeName* t : ref.arg_types) {
        types += (types.empty() ? "" : ",") + dotted(t->names);
        for (size_t i = 0; i < t->array_bounds.size(); ++i) types += "[]";
      }
      context.services.notice(fmt::format("{} {}({}) does not exist, skipping",
                                          routine_word(stmt.object_type), dotted(ref.names), types));
      continue;
    }
    require_routine_owner(context, *r);
    objects.push_back({kProcClass, r->oid});
  }
  if (!objects.empty()) drop_objects(context, objects, stmt.behavior);
}

std::string alter_routine(CommandContext& context, const parser::AlterFunctionStmt& stmt) {
  RoutinePtr old = find_routine(context, *stmt.function, stmt.object_type);
  require_routine_owner(context, *old);
  RoutineOptions options = read_routine_options(context, stmt.options, old->kind == 'p', false);
  Routine r = *old;
  options.apply(context, r);
  if (options.rows) {
    if (!r.returns_set) {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     "ROWS is not applicable when function does not return a set");
    }
    r.rows = *options.rows;
  }
  change_row(context, "pg_proc", r.oid, [&](RowDraft& row) {
    row.text("provolatile", std::string(1, r.volatility))
        .boolean("proisstrict", r.strict)
        .boolean("prosecdef", r.security_definer);
    row.boolean("proleakproof", r.leakproof).text("proparallel", std::string(1, r.parallel));
    row.float4("procost", r.cost).float4("prorows", r.rows);
    if (r.config.empty())
      row.null("proconfig");
    else
      row.text("proconfig", text_array(r.config));
  });
  return stmt.object_type == ObjectType::kProcedure ? "ALTER PROCEDURE"
         : stmt.object_type == ObjectType::kRoutine ? "ALTER ROUTINE"
                                                    : "ALTER FUNCTION";
}

void rename_routine(CommandContext& context, const parser::RenameStmt& stmt) {
  RoutinePtr r = find_routine(context, *parser::as<parser::RoutineRef>(stmt.object), stmt.object_type);
  require_routine_owner(context, *r);
  refuse_duplicate(context, *r, stmt.new_name, r->schema);
  change_row(context, "pg_proc", r->oid, [&](RowDraft& row) { row.text("proname", stmt.new_name); });
}

void set_routine_owner(CommandContext& context, const parser::AlterOwnerStmt& stmt, Oid owner) {
  RoutinePtr r = find_routine(context, *parser::as<parser::RoutineRef>(stmt.object), stmt.object_type);
  require_routine_owner(context, *r);
  change_row(context, "pg_proc", r->oid, [&](RowDraft& row) { row.oid("proowner", owner); });
}

void set_routine_schema(CommandContext& context, const parser::AlterObjectSchemaStmt& stmt) {
  RoutinePtr r = find_routine(context, *parser::as<parser::RoutineRef>(stmt.object), stmt.object_type);
  require_routine_owner(context, *r);
  Oid schema = require_schema(context, stmt.new_schema);
  if (schema == r->schema) return;
  refuse_duplicate(context, *r, r->name, schema);
  change_row(context, "pg_proc", r->oid, [&](RowDraft& row) { row.oid("pronamespace", schema); });
  const KeyMatch match[] = {{"classid", Value::of_oid(kProcClass.value())},
                            {"objid", Value::of_oid(r->oid.value())}};
  context.catalog.for_each(system_table("pg_depend"), match, [&](const Row& row) {
    if (row.oid("refclassid") != kNamespaceClass) return;
    RowDraft draft(system_table("pg_depend"), row);
    draft.oid("refobjid", schema);
    context.catalog.update(row, draft);
  });
}

}  // namespace varve::commands
