// CREATE DOMAIN and ALTER DOMAIN. What a domain asks of values is tested by the analyzer's casts and by the
// writing of rows; here it is made, and asked of the rows that are there.
#include <algorithm>
#include <fmt/format.h>

#include "catalog_rows.h"
#include "common/sql_error.h"
#include "drop.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/parser.h"
#include "privileges.h"
#include "table_expression.h"
#include "type.h"

namespace varve::commands {

using catalog::DomainCheck;
using catalog::UserType;
using catalog::UserTypePtr;
using parser::AlterDomainAction;
using parser::Constraint;
using parser::ConstraintKind;

namespace {

// In the text of a condition the value is VALUE, which is no identifier to print.
constexpr std::string_view kPrintedValue = "varve_domain_value";

RelationPtr value_row(CommandContext& context, Oid base, int32_t typmod, Oid collation,
                      std::string_view name) {
  auto row = std::make_shared<Relation>();
  catalog::Column column;
  catalog::BaseType type = catalog::base_type(context.catalog, base, typmod);
  column.name = name;
  column.type = type.type;
  column.typmod = type.typmod;
  column.collation = collation;
  row->columns.push_back(std::move(column));
  context.relations.push_back(row);
  return row;
}

std::string bind_check(CommandContext& context, const parser::Node* expression, Oid base, int32_t typmod,
                       Oid collation) {
  std::string ignored;
  RelationPtr row = value_row(context, base, typmod, collation, "value");
  analyzer::Expr* condition = bind_condition(context, expression, row, "check constraints", &ignored);
  RelationPtr printed = value_row(context, base, typmod, collation, kPrintedValue);
  std::string sql = analyzer::deparse_expression(*condition, printed.get(), context.eval);
  for (size_t at = 0; (at = sql.find(kPrintedValue, at)) != std::string::npos;)
    sql.replace(at, kPrintedValue.size(), "VALUE");
  return sql;
}

bool check_exists(const UserType& type, std::string_view name) {
  return std::any_of(type.checks.begin(), type.checks.end(),
                     [&](const DomainCheck& c) { return c.name == name; });
}

void insert_check(CommandContext& context, Oid domain, std::string_view domain_name, Oid schema,
                  const Constraint& constraint, std::string sql, std::vector<std::string>* taken) {
  std::string name(constraint.name);
  if (name.empty()) name = choose_constraint_name(context, domain_name, "", "check", schema, *taken);
  taken->push_back(name);
  ConstraintRow row;
  row.oid = catalog::Database::new_oid();
  row.name = name;
  row.schema = schema;
  row.kind = 'c';
  row.domain = domain;
  row.expression = std::move(sql);
  row.validated = !constraint.not_valid;
  insert_constraint_row(context, row);
  add_dependency(context, {kConstraintClass, row.oid}, {kTypeClass, domain}, 'a');
}

[[noreturn]] void refuse_constraint(CommandContext& context, const Constraint& c) {
  std::string message;
  SqlState state = sqlstate::kSyntaxError;
  switch (c.type) {
    case ConstraintKind::kUnique:
      message = "unique constraints not possible for domains";
      break;
    case ConstraintKind::kPrimaryKey:
      message = "primary key constraints not possible for domains";
      break;
    case ConstraintKind::kExclusion:
      message = "exclusion constraints not possible for domains";
      break;
    case ConstraintKind::kForeignKey:
      message = "foreign key constraints not possible for domains";
      break;
    case ConstraintKind::kAttrDeferrable:
    case ConstraintKind::kAttrNotDeferrable:
    case ConstraintKind::kAttrDeferred:
    case ConstraintKind::kAttrImmediate:
      message = "specifying constraint deferrability not supported for domains";
      state = sqlstate::kFeatureNotSupported;
      break;
    case ConstraintKind::kGenerated:
      message = "specifying GENERATED not supported for domains";
      state = sqlstate::kFeatureNotSupported;
      break;
    default:
      message = "this constraint is not possible for domains";
      break;
  }
  (void)context;
  throw SqlError(state, message);
}

struct DomainShape {
  bool not_null = false, saw_null = false;
  const parser::Node* default_expression = nullptr;
  std::vector<const Constraint*> checks;
};

DomainShape read_constraints(CommandContext& context, const parser::CreateDomainStmt& stmt) {
  DomainShape shape;
  for (const Constraint* c : stmt.constraints) {
    switch (c->type) {
      case ConstraintKind::kNotNull:
      case ConstraintKind::kNull: {
        bool not_null = c->type == ConstraintKind::kNotNull;
        if (not_null ? shape.saw_null : shape.not_null) {
          throw SqlError(sqlstate::kSyntaxError, "conflicting NULL/NOT NULL constraints");
        }
        (not_null ? shape.not_null : shape.saw_null) = true;
        break;
      }
      case ConstraintKind::kDefault:
        if (shape.default_expression != nullptr)
          throw SqlError(sqlstate::kSyntaxError, "multiple default expressions");
        shape.default_expression = c->expression;
        break;
      case ConstraintKind::kCheck:
        if (c->no_inherit) {
          throw SqlError(sqlstate::kInvalidObjectDefinition,
                         "check constraints for domains cannot be marked NO INHERIT");
        }
        shape.checks.push_back(c);
        break;
      default:
        refuse_constraint(context, *c);
    }
  }
  return shape;
}

std::string default_text(CommandContext& context, const parser::Node* expression, Oid base, int32_t typmod,
                         std::string_view name) {
  if (expression == nullptr) return {};
  if (parser::is<parser::ConstExpr>(expression) &&
      parser::as<parser::ConstExpr>(expression)->type == parser::ConstKind::kNull) {
    return {};
  }
  catalog::BaseType type = catalog::base_type(context.catalog, base, typmod);
  std::string sql;
  bind_default(context, expression, type.type, type.typmod, name, nullptr, "DEFAULT expressions", &sql);
  return sql;
}

void set_default(RowDraft& draft, const std::string& sql) {
  if (sql.empty())
    draft.null("typdefault").null("typdefaultbin");
  else
    draft.text("typdefault", sql).text("typdefaultbin", sql);
}

// Tables' columns of the domain, or of domains over it: f(table, column).
template <class F>
void for_each_column(CommandContext& context, Oid domain, F&& f) {
  std::vector<std::pair<Oid, ColumnNumber>> columns;
  context.catalog.for_each(system_table("pg_attribute"), {}, [&](const Row& row) {
    if (row.oid("atttypid") == domain && !row.boolean("attisdropped"))
      columns.emplace_back(row.oid("attrelid"), row.int2("attnum"));
  });
  for (const auto& [table, column] : columns) {
    RelationPtr relation = context.catalog.relation(table);
    if (relation == nullptr || relation->kind != catalog::RelationKind::kTable) continue;
    context.services.lock_relation(table, txn::LockMode::kShare);
    f(*relation, relation->column(column).name);
  }
  std::vector<Oid> over;
  context.catalog.for_each(system_table("pg_type"), {}, [&](const Row& row) {
    if (row.letter("typtype") == 'd' && row.oid("typbasetype") == domain) over.push_back(row.oid("oid"));
  });
  for (Oid next : over) for_each_column(context, next, f);
}

void check_columns_not_null(CommandContext& context, Oid domain) {
  for_each_column(context, domain, [&](const Relation& table, const std::string& column) {
    std::vector<Value> row;
    std::string sql =
        fmt::format("SELECT 1 FROM ONLY {} WHERE {} IS NULL LIMIT 1",
                    qualified_name(context, table.schema, table.name), parser::quote_identifier(column));
    if (!context.services.query_row(sql, context.arena, &row)) return;
    throw SqlError(sqlstate::kNotNullViolation,
                   fmt::format("column \"{}\" of table \"{}\" contains null values", column, table.name))
        .schema(table.schema_name)
        .table(table.name)
        .column(column);
  });
}

void check_columns(CommandContext& context, Oid domain, const std::string& condition) {
  for_each_column(context, domain, [&](const Relation& table, const std::string& column) {
    std::vector<Value> row;
    std::string sql = fmt::format("SELECT 1 FROM (SELECT {} AS value FROM ONLY {}) v WHERE NOT ({}) LIMIT 1",
                                  parser::quote_identifier(column),
                                  qualified_name(context, table.schema, table.name), condition);
    if (!context.services.query_row(sql, context.arena, &row)) return;
    throw SqlError(
        sqlstate::kCheckViolation,
        fmt::format("column \"{}\" of table \"{}\" contains values that violate the new constraint", column,
                    table.name))
        .schema(table.schema_name)
        .table(table.name)
        .column(column);
  });
}

UserTypePtr require_domain(CommandContext& context, parser::NameList names) {
  UserTypePtr type = find_type(context, names);
  if (type->kind != 'd')
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("{} is not a domain", type->name));
  require_owner_of(context, type->owner, "type", type->name);
  return type;
}

const DomainCheck* find_check(const UserType& type, std::string_view name) {
  for (const DomainCheck& c : type.checks) {
    if (c.name == name) return &c;
  }
  return nullptr;
}

void add_check(CommandContext& context, const UserType& type, const Constraint& constraint) {
  if (constraint.type != ConstraintKind::kCheck) refuse_constraint(context, constraint);
  if (!constraint.name.empty() && check_exists(type, constraint.name)) {
    throw SqlError(
        sqlstate::kDuplicateObject,
        fmt::format("constraint \"{}\" for domain \"{}\" already exists", constraint.name, type.name));
  }
  std::string sql = bind_check(context, constraint.expression, type.base, type.typmod, type.collation);
  if (!constraint.not_valid) check_columns(context, type.oid, sql);
  std::vector<std::string> taken;
  insert_check(context, type.oid, type.name, type.schema, constraint, std::move(sql), &taken);
}

void drop_check(CommandContext& context, const UserType& type, const parser::AlterDomainStmt& stmt) {
  const DomainCheck* check = find_check(type, stmt.constraint);
  if (check != nullptr) return drop_objects(context, {{kConstraintClass, check->oid}}, stmt.behavior);
  std::string message =
      fmt::format("constraint \"{}\" of domain \"{}\" does not exist", stmt.constraint, type.name);
  if (!stmt.missing_ok) throw SqlError(sqlstate::kUndefinedObject, message);
  context.services.notice(message + ", skipping");
}

}  // namespace

namespace {

void make_domain(CommandContext& context, const parser::CreateDomainStmt& stmt) {
  NewType name = name_new_type(context, stmt.names);
  analyzer::AnalyzerContext inner = context.analyzer_context();
  analyzer::TypeReference base = analyzer::resolve_type_name(inner, *stmt.type);
  const functions::TypeInfo* info =
      functions::type_by_oid(catalog::base_type(context.catalog, base.type, base.typmod).type);
  if (info == nullptr || info->kind == 'p') {
    throw SqlError(sqlstate::kDatatypeMismatch, fmt::format("\"{}\" is not a valid base type for a domain",
                                                            info == nullptr ? "" : info->sql_name));
  }
  require_type_usage(context, base.type);
  Oid collation = column_collation(context, base.type, stmt.collation);
  DomainShape shape = read_constraints(context, stmt);
  std::string default_sql =
      default_text(context, shape.default_expression, base.type, base.typmod, name.name);
  std::vector<std::string> checks;
  for (const Constraint* c : shape.checks) {
    checks.push_back(bind_check(context, c->expression, base.type, base.typmod, collation));
  }
  context.txn.assign_xid();
  Oid oid = catalog::Database::new_oid();
  Oid array = insert_array_type(context, name, oid, info->alignment, collation);
  Oid like = info->oid;
  RowDraft row(system_table("pg_type"));
  const KeyMatch match[] = {{"oid", Value::of_oid(like.value())}};
  context.catalog.for_each(system_table("pg_type"), match, [&](const Row& of_base) {
    row = RowDraft(system_table("pg_type"), of_base);
    return false;
  });
  row.oid("oid", oid)
      .text("typname", name.name)
      .oid("typnamespace", name.schema)
      .oid("typowner", context.role);
  row.text("typtype", "d")
      .boolean("typispreferred", false)
      .oid("typarray", array)
      .oid("typrelid", kInvalidOid);
  row.oid("typelem", kInvalidOid).text("typinput", "domain_in").text("typreceive", "domain_recv");
  row.oid("typbasetype", base.type).int4("typtypmod", base.typmod).boolean("typnotnull", shape.not_null);
  row.oid("typcollation", collation).null("typacl");
  set_default(row, default_sql);
  context.catalog.insert(row);
  add_dependency(context, {kTypeClass, oid}, {kNamespaceClass, name.schema}, 'n');
  depend_on_type(context, {kTypeClass, oid}, base.type);
  std::vector<std::string> taken;
  for (size_t i = 0; i < checks.size(); ++i) {
    if (std::find(taken.begin(), taken.end(), shape.checks[i]->name) != taken.end()) {
      throw SqlError(sqlstate::kDuplicateObject,
                     fmt::format("constraint \"{}\" for domain \"{}\" already exists", shape.checks[i]->name,
                                 name.name));
    }
    insert_check(context, oid, name.name, name.schema, *shape.checks[i], checks[i], &taken);
  }
}

void change_domain(CommandContext& context, const parser::AlterDomainStmt& stmt) {
  UserTypePtr type = require_domain(context, stmt.names);
  // Pictures of tables hold what the domain says: every change of it is one of the catalog, which makes them
  // anew.
  switch (stmt.action) {
    case AlterDomainAction::kDefault: {
      std::string sql = default_text(context, stmt.definition, type->base, type->typmod, type->name);
      change_row(context, "pg_type", type->oid, [&](RowDraft& draft) { set_default(draft, sql); });
      break;
    }
    case AlterDomainAction::kSetNotNull:
      if (!type->not_null) check_columns_not_null(context, type->oid);
      change_row(context, "pg_type", type->oid, [](RowDraft& draft) { draft.boolean("typnotnull", true); });
      break;
    case AlterDomainAction::kDropNotNull:
      change_row(context, "pg_type", type->oid, [](RowDraft& draft) { draft.boolean("typnotnull", false); });
      break;
    case AlterDomainAction::kAddConstraint:
      add_check(context, *type, *parser::as<Constraint>(stmt.definition));
      break;
    case AlterDomainAction::kDropConstraint:
      drop_check(context, *type, stmt);
      break;
    case AlterDomainAction::kValidateConstraint: {
      const DomainCheck* check = find_check(*type, stmt.constraint);
      if (check == nullptr) {
        throw SqlError(
            sqlstate::kUndefinedObject,
            fmt::format("constraint \"{}\" of domain \"{}\" does not exist", stmt.constraint, type->name));
      }
      check_columns(context, type->oid, check->expression_sql);
      change_row(context, "pg_constraint", check->oid,
                 [](RowDraft& draft) { draft.boolean("convalidated", true); });
      break;
    }
  }
}

// PostgreSQL's messages of these commands point nowhere.
template <class F>
void without_position(F&& f) {
  try {
    f();
  } catch (SqlError& error) {
    error.at(0);
    throw;
  }
}

}  // namespace

std::string create_domain(CommandContext& context, const parser::CreateDomainStmt& stmt) {
  without_position([&] { make_domain(context, stmt); });
  return "CREATE DOMAIN";
}

std::string alter_domain(CommandContext& context, const parser::AlterDomainStmt& stmt) {
  without_position([&] { change_domain(context, stmt); });
  return "ALTER DOMAIN";
}

void rename_domain_constraint(CommandContext& context, const parser::RenameStmt& stmt) {
  UserTypePtr type = require_domain(context, parser::as<parser::QualifiedName>(stmt.object)->names);
  const DomainCheck* check = find_check(*type, stmt.name);
  if (check == nullptr) {
    throw SqlError(sqlstate::kUndefinedObject,
                   fmt::format("constraint \"{}\" for domain {} does not exist", stmt.name, type->name));
  }
  if (check_exists(*type, stmt.new_name)) {
    throw SqlError(sqlstate::kDuplicateObject,
                   fmt::format("constraint \"{}\" for domain {} already exists", stmt.new_name, type->name));
  }
  change_row(context, "pg_constraint", check->oid,
             [&](RowDraft& draft) { draft.text("conname", stmt.new_name); });
}

}  // namespace varve::commands
