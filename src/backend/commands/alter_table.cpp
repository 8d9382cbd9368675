#include "alter_table.h"

#include <algorithm>
#include <fmt/format.h>

#include "alter_inherited.h"
#include "analyzer/expression_walk.h"
#include "common/sql_error.h"
#include "composite_type.h"
#include "constraints.h"
#include "create_table.h"
#include "drop.h"
#include "extended_statistics.h"
#include "extension.h"
#include "foreign_key.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "index.h"
#include "operator.h"
#include "ownership.h"
#include "parser/parser.h"
#include "partition.h"
#include "policy.h"
#include "privileges.h"
#include "rewrite_table.h"
#include "routine.h"
#include "sequence.h"
#include "table_expression.h"
#include "trigger.h"
#include "type.h"
#include "typed_table.h"
#include "view.h"
#include "view_text.h"

namespace varve::commands {

using catalog::RelationKind;
using parser::AlterTableAction;
using parser::AlterTableCmd;
using parser::ObjectType;

std::string_view object_tag(ObjectType type) {
  switch (type) {
    case ObjectType::kIndex:
      return "INDEX";
    case ObjectType::kSequence:
      return "SEQUENCE";
    case ObjectType::kView:
      return "VIEW";
    case ObjectType::kMaterializedView:
      return "MATERIALIZED VIEW";
    case ObjectType::kSchema:
      return "SCHEMA";
    case ObjectType::kDatabase:
      return "DATABASE";
    case ObjectType::kRole:
      return "ROLE";
    case ObjectType::kFunction:
      return "FUNCTION";
    case ObjectType::kProcedure:
      return "PROCEDURE";
    case ObjectType::kRoutine:
      return "ROUTINE";
    default:
      return "TABLE";
  }
}

namespace {

// The table's picture, its column given by the command.
struct Target {
  RelationPtr table;
  ColumnNumber column = 0;
};

// --- columns

void add_column(CommandContext& context, Oid oid, const AlterTableCmd& cmd) {
  RelationPtr old = context.catalog.relation(oid);
  const auto& source = *parser::as<parser::ColumnDef>(cmd.definition);
  if (old->find_column(source.name) != 0) {
    std::string message =
        fmt::format("column \"{}\" of relation \"{}\" already exists", source.name, old->name);
    if (!cmd.missing_ok) throw SqlError(sqlstate::kDuplicateColumn, message);
    return context.services.notice("NOTICE", sqlstate::kDuplicateColumn, message + ", skipping");
  }
  std::vector<ColumnConstraint> constraints;
  NewTable shape;
  shape.columns.push_back(read_column(context, old->name, source, &constraints));
  require_type_usage(context, shape.columns[0].attribute.type);
  check_columns(context, shape);
  if (old->columns.size() >= 1600)
    throw SqlError(sqlstate::kTooManyColumns, "tables can have at most 1600 columns");
  ColumnDefinition& column = shape.columns[0];
  auto number = static_cast<ColumnNumber>(old->columns.size() + 1);
  AttributeRow attribute = column.attribute;
  bool must_not_be_null = attribute.not_null;
  attribute.not_null = false;
  if (attribute.identity != 0) attribute.has_default = false;
  insert_attribute_row(context, oid, number, attribute);
  depend_on_type(context, column_address(oid, number), attribute.type);
  change_class_row(context, oid, [&](RowDraft& draft) { draft.int2("relnatts", number); });
  store_column_default(context, oid, number, column);

  RelationPtr table = context.catalog.relation(oid);
  const std::string& sql = table->column(number).default_sql;
  if (!sql.empty()) {
    std::string_view text = context.arena.copy(sql);
    CommandContext inner{
        context.catalog,     context.txn,  context.eval,         context.services, text,
        context.search_path, context.role, context.is_superuser, context.arena,    context.relations};
    std::string ignored;
    bool generated = attribute.generated != 0;
    const catalog::Column& added = table->column(number);
    analyzer::Expr* e =
        bind_default(inner, parser::parse_expression(text, context.arena), added.type, added.typmod,
                     attribute.name, generated ? &old : nullptr,
                     generated ? "column generation expressions" : "DEFAULT expressions", &ignored);
    if (!generated && !analyzer::is_volatile(e)) {
      // One value for all rows that are there: they need not be touched.
      RowExpressions evaluation(context, *old, {e});
      std::vector<Value> nothing;
      for (ColumnNumber c : live_columns(*old)) {
        nothing.push_back(Value::null_of(old->layout->column(static_cast<size_t>(c - 1)).type));
      }
      evaluation.load(nothing);
      Value value = evaluation.value(0);
      if (!value.null) {
        std::string printed;
        functions::append_value(added.type, value, printed, context.eval);
        change_attribute_row(context, oid, number, [&](RowDraft& draft) {
          draft.boolean("atthasmissing", true)
              .set("attmissingval", Value::of_string(std::string_view(printed)));
        });
      }
    } else {
      const ColumnRewrite rewrite[] = {{number, e}};
      rewrite_table(context, old, rewrite);
    }
  }
  if (must_not_be_null) {
    const ColumnNumber columns[] = {number};
    set_not_null(context, oid, columns);
  }
  if (Oid domain = context.catalog.relation(oid)->column(number).domain; domain != kInvalidOid) {
    // What the rows that are there get must be one of the domain's values.
    std::vector<Value> row;
    std::string type = catalog::type_text(*catalog::user_type(context.catalog, domain));
    context.services.query_row(
        fmt::format("SELECT {}::{} FROM ONLY {} LIMIT 1", parser::quote_identifier(attribute.name), type,
                    qualified_name(context, table->schema, table->name)),
        context.arena, &row);
  }
  add_constraints(context, oid, constraints);
}

void drop_column(CommandContext& context, Oid oid, const AlterTableCmd& cmd) {
  RelationPtr table = context.catalog.relation(oid);
  ColumnNumber number = table->find_column(cmd.name);
  if (number == 0) {
    std::string message =
        fmt::format("column \"{}\" of relation \"{}\" does not exist", cmd.name, table->name);
    if (!cmd.missing_ok) throw SqlError(sqlstate::kUndefinedColumn, message);
    return context.services.notice(message + ", skipping");
  }
  drop_objects(context, {column_address(oid, number)}, cmd.behavior);
}

void set_column_default(CommandContext& context, Oid oid, const AlterTableCmd& cmd) {
  RelationPtr table = context.catalog.relation(oid);
  ColumnNumber number = require_column(context, *table, cmd.name);
  const catalog::Column& column = table->column(number);
  if (column.identity != 0) {
    SqlError error(
        sqlstate::kSyntaxError,
        fmt::format("column \"{}\" of relation \"{}\" is an identity column", cmd.name, table->name));
    if (cmd.definition == nullptr) error.hint("Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead.");
    throw error;
  }
  if (column.generated != 0) {
    SqlError error(
        sqlstate::kSyntaxError,
        fmt::format("column \"{}\" of relation \"{}\" is a generated column", cmd.name, table->name));
    if (cmd.definition == nullptr)
      error.hint("Use ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION instead.");
    throw error;
  }
  std::string sql;
  const analyzer::Expr* bound = nullptr;
  if (cmd.definition != nullptr) {
    try {
      bound = bind_default(context, cmd.definition, column.type, column.typmod, column.name, nullptr,
                           "DEFAULT expressions", &sql);
    } catch (SqlError& error) {
      error.fields().position = 0;  // PostgreSQL binds it when the statement's text is out of sight
      throw;
    }
    const auto* constant = parser::is<parser::ConstExpr>(cmd.definition)
                               ? parser::as<parser::ConstExpr>(cmd.definition)
                               : nullptr;
    if (constant != nullptr && constant->type == parser::ConstKind::kNull) sql.clear();
  }
  Oid row = set_default_row(context, oid, number, sql);
  if (row != kInvalidOid) depend_on_named_objects(context, {kDefaultClass, row}, *bound);
  change_attribute_row(context, oid, number,
                       [&](RowDraft& draft) { draft.boolean("atthasdef", !sql.empty()); });
}

void drop_not_null(CommandContext& context, Oid oid, const AlterTableCmd& cmd) {
  RelationPtr table = context.catalog.relation(oid);
  ColumnNumber number = require_column(context, *table, cmd.name);
  if (table->column(number).identity != 0) {
    throw SqlError(
        sqlstate::kSyntaxError,
        fmt::format("column \"{}\" of relation \"{}\" is an identity column", cmd.name, table->name));
  }
  if (const catalog::Index* key = table->primary_key()) {
    for (const catalog::IndexColumn& c : key->keys) {
      if (c.column == number) {
        throw SqlError(sqlstate::kInvalidTableDefinition,
                       fmt::format("column \"{}\" is in a primary key", cmd.name));
      }
    }
  }
  change_attribute_row(context, oid, number, [](RowDraft& draft) { draft.boolean("attnotnull", false); });
}

void add_identity(CommandContext& context, Oid oid, const AlterTableCmd& cmd) {
  RelationPtr table = context.catalog.relation(oid);
  ColumnNumber number = require_column(context, *table, cmd.name);
  const catalog::Column& old = table->column(number);
  const auto& constraint = *parser::as<parser::Constraint>(cmd.definition);
  auto refuse = [&](std::string_view what) {
    throw SqlError(sqlstate::kObjectNotInPrerequisiteState,
                   fmt::format("column \"{}\" of relation \"{}\" {}", cmd.name, table->name, what));
  };
  if (!old.not_null) refuse("must be declared NOT NULL before identity can be added");
  if (old.identity != 0) refuse("is already an identity column");
  if (old.has_default) refuse("already has a default value");
  ColumnDefinition column;
  column.attribute.name = old.name;
  column.attribute.type = old.type;
  column.attribute.identity = constraint.identity_always ? 'a' : 'd';
  column.sequence_options = constraint.options;
  if (old.type != type_oid::kInt2 && old.type != type_oid::kInt4 && old.type != type_oid::kInt8) {
    throw SqlError(sqlstate::kInvalidParameterValue,
                   "identity column type must be smallint, integer, or bigint");
  }
  store_column_default(context, oid, number, column);
  change_attribute_row(context, oid, number, [&](RowDraft& draft) {
    draft.text("attidentity", std::string(1, column.attribute.identity));
  });
}

void set_identity(CommandContext& context, Oid oid, const AlterTableCmd& cmd) {
  RelationPtr table = context.catalog.relation(oid);
  ColumnNumber number = require_column(context, *table, cmd.name);
  if (table->column(number).identity == 0) {
    throw SqlError(
        sqlstate::kObjectNotInPrerequisiteState,
        fmt::format("column \"{}\" of relation \"{}\" is not an identity column", cmd.name, table->name));
  }
  std::vector<parser::Option*> sequence_options;
  for (parser::Option* option : cmd.options) {
    if (option->name == "generated") {
      std::string kind = option_text(*option);
      change_attribute_row(context, oid, number, [&](RowDraft& draft) {
        draft.text("attidentity", kind == "a" || kind == "always" ? "a" : "d");
      });
    } else {
      sequence_options.push_back(option);
    }
  }
  if (sequence_options.empty()) return;
  for (Oid sequence : owned_sequences(context, oid, number, "i")) {
    apply_sequence_options(context, sequence, sequence_options, 'i');
  }
}

void drop_identity(CommandContext& context, Oid oid, const AlterTableCmd& cmd) {
  RelationPtr table = context.catalog.relation(oid);
  ColumnNumber number = require_column(context, *table, cmd.name);
  if (table->column(number).identity == 0) {
    std::string message =
        fmt::format("column \"{}\" of relation \"{}\" is not an identity column", cmd.name, table->name);
    if (!cmd.missing_ok) throw SqlError(sqlstate::kObjectNotInPrerequisiteState, message);
    return context.services.notice(message + ", skipping");
  }
  std::vector<Oid> sequences = owned_sequences(context, oid, number, "i");
  set_default_row(context, oid, number, "");
  change_attribute_row(context, oid, number, [](RowDraft& draft) { draft.text("attidentity", ""); });
  for (Oid sequence : sequences) {
    own_sequence(context, sequence, kInvalidOid, 0, 'a');
    drop_objects(context, {relation_address(sequence)}, parser::DropBehavior::kRestrict);
  }
}

void drop_expression(CommandContext& context, Oid oid, const AlterTableCmd& cmd) {
  RelationPtr table = context.catalog.relation(oid);
  ColumnNumber number = require_column(context, *table, cmd.name);
  if (table->column(number).generated == 0) {
    std::string message = fmt::format("column \"{}\" of relation \"{}\" is not a stored generated column",
                                      cmd.name, table->name);
    if (!cmd.missing_ok) throw SqlError(sqlstate::kObjectNotInPrerequisiteState, message);
    return context.services.notice(message + ", skipping");
  }
  set_default_row(context, oid, number, "");
  remove_dependencies_of(context, column_address(oid, number));
  change_attribute_row(context, oid, number,
                       [](RowDraft& draft) { draft.text("attgenerated", "").boolean("atthasdef", false); });
}

// --- ALTER COLUMN … TYPE

// Indexes and constraints that name the column keep their text; what they are made of is bound anew.
void refuse_type_dependents(CommandContext& context, const Relation& table, ColumnNumber number,
                            std::string_view name) {
  for (const catalog::Column& c : table.columns) {
    if (c.dropped || c.generated == 0) continue;
    std::string_view text = context.arena.copy(c.default_sql);
    analyzer::AnalyzerContext inner = context.analyzer_context();
    inner.sql = text;
    RelationPtr self = context.catalog.relation(table.oid);
    analyzer::Expr* e = analyzer::analyze_table_expression(
        inner, parser::parse_expression(text, context.arena), &self, "column generation expressions");
    std::vector<ColumnNumber> read = columns_of(e);
    if (std::find(read.begin(), read.end(), number) == read.end()) continue;
    throw SqlError(sqlstate::kFeatureNotSupported, "cannot alter type of a column used by a generated column")
        .detail(fmt::format("Column \"{}\" is used by generated column \"{}\".", name, c.name));
  }
  const KeyMatch match[] = {{"refclassid", Value::of_oid(kClassClass.value())},
                            {"refobjid", Value::of_oid(table.oid.value())}};
  // Rules of which it is known what columns they read.
  std::vector<Oid> by_column;
  context.catalog.for_each(system_table("pg_depend"), match, [&](const Row& row) {
    if (row.oid("classid") == kRewriteClass && row.int4("refobjsubid") != 0)
      by_column.push_back(row.oid("objid"));
  });
  context.catalog.for_each(system_table("pg_depend"), match, [&](const Row& row) {
    int32_t sub = row.int4("refobjsubid");
    bool known = std::find(by_column.begin(), by_column.end(), row.oid("objid")) != by_column.end();
    if (row.oid("classid") == kPolicyClass && sub == number) {
      throw SqlError(sqlstate::kFeatureNotSupported,
                     "cannot alter type of a column used in a policy definition")
          .detail(fmt::format("{} depends on column \"{}\"",
                              describe(context, {kPolicyClass, row.oid("objid")}), name));
    }
    if (row.oid("classid") != kRewriteClass || (sub == 0 ? known : sub != number)) return;
    throw SqlError(sqlstate::kFeatureNotSupported, "cannot alter type of a column used by a view or rule")
        .detail(fmt::format("{} depends on column \"{}\"",
                            describe(context, {kRewriteClass, row.oid("objid")}), name));
  });
}

bool same_storage(const analyzer::Expr& e) {
  // The column itself under another name of its type: varchar(10) to varchar(20) checks nothing that is not
  // so.
  return e.kind == analyzer::ExprKind::kColumn ||
         (e.kind == analyzer::ExprKind::kRelabel && same_storage(*e.as<analyzer::CastExpr>().arg));
}

void set_index_collations(CommandContext& context, Oid index, std::span<const Oid> collations) {
  std::string text;
  for (Oid c : collations) text += fmt::format("{}{}", text.empty() ? "" : " ", c.value());
  change_index_row(context, index, [&](RowDraft& draft) { draft.text("indcollation", text); });
}

void alter_column_type(CommandContext& context, Oid oid, const AlterTableCmd& cmd) {
  RelationPtr old = context.catalog.relation(oid);
  ColumnNumber number = require_column(context, *old, cmd.name);
  const catalog::Column& column = old->column(number);
  refuse_type_dependents(context, *old, number, cmd.name);
  const auto& definition = *parser::as<parser::ColumnDef>(cmd.definition);
  analyzer::AnalyzerContext inner = context.analyzer_context();
  analyzer::TypeReference type = analyzer::resolve_type_name(inner, *definition.type);
  require_type_usage(context, type.type);
  catalog::BaseType base = catalog::base_type(context.catalog, type.type, type.typmod);
  const functions::TypeInfo* info = functions::type_by_oid(base.type);
  if (info != nullptr && info->kind == 'p') {
    throw SqlError(sqlstate::kInvalidTableDefinition,
                   fmt::format("column \"{}\" has pseudo-type {}", cmd.name, info->sql_name));
  }
  analyzer::Expr* transform = nullptr;
  try {
    const parser::Node* source = definition.using_expression;
    parser::ColumnRef self;
    std::string_view names[] = {cmd.name};
    self.names = names;
    if (source == nullptr) source = &self;
    transform = analyzer::analyze_table_expression(inner, source, &old, "transform expressions");
    transform = analyzer::coerce_for_assignment(inner, transform, type.type, type.typmod, cmd.name);
  } catch (const SqlError& e) {
    if (e.state() != sqlstate::kDatatypeMismatch) throw;
    std::string target = functions::format_type(type.type, type.typmod);
    bool with_using = definition.using_expression != nullptr;
    throw SqlError(
        sqlstate::kDatatypeMismatch,
        with_using
            ? fmt::format("result of USING clause for column \"{}\" cannot be cast automatically to type {}",
                          cmd.name, target)
            : fmt::format("column \"{}\" cannot be cast automatically to type {}", cmd.name, target))
        .hint(with_using ? std::string("You might need to add an explicit cast.")
                         : fmt::format("You might need to specify \"USING {}::{}\".",
                                       parser::quote_identifier(cmd.name), target));
  }
  if (info != nullptr && column.identity != 0 && type.type != type_oid::kInt2 &&
      type.type != type_oid::kInt4 && type.type != type_oid::kInt8) {
    throw SqlError(sqlstate::kInvalidParameterValue,
                   "identity column type must be smallint, integer, or bigint");
  }
  std::string default_sql = column.default_sql;
  parser::CollateExpr clause;  // messages of this command point nowhere
  if (definition.collation != nullptr) clause = *definition.collation, clause.location = -1;
  Oid collation = column_collation(context, type.type, definition.collation != nullptr ? &clause : nullptr);
  change_attribute_row(context, oid, number, [&](RowDraft& draft) {
    draft.oid("atttypid", type.type).int4("atttypmod", type.typmod).oid("attcollation", collation);
    if (info == nullptr) return;
    draft.int2("attlen", info->length)
        .boolean("attbyval", info->by_value)
        .text("attalign", std::string(1, info->alignment));
    draft.text("attstorage", info->length != -1 ? "p" : type.type == type_oid::kNumeric ? "m" : "x");
  });
  if (!default_sql.empty() && column.identity == 0) {
    // The default must fit the new type as well.
    std::string_view text = context.arena.copy(default_sql);
    CommandContext sub{
        context.catalog,     context.txn,  context.eval,         context.services, text,
        context.search_path, context.role, context.is_superuser, context.arena,    context.relations};
    std::string canonical;
    try {
      bind_default(sub, parser::parse_expression(text, context.arena), base.type, base.typmod, cmd.name,
                   nullptr, "DEFAULT expressions", &canonical);
    } catch (const SqlError& e) {
      if (e.state() != sqlstate::kDatatypeMismatch) throw;
      throw SqlError(sqlstate::kDatatypeMismatch,
                     fmt::format("default for column \"{}\" cannot be cast automatically to type {}",
                                 cmd.name, functions::format_type(type.type, type.typmod)));
    }
    if (!canonical.starts_with("nextval(") && column.generated == 0)
      set_default_row(context, oid, number, canonical);
  }
  // Key columns of the column's indexes have its type.
  for (const catalog::Index& index : old->indexes) {
    std::vector<Oid> collations;
    for (const catalog::IndexColumn& key : index.keys) collations.push_back(key.collation_oid);
    bool is_key = false;
    for (size_t i = 0; i < index.keys.size(); ++i) {
      if (index.keys[i].column != number) continue;
      require_class_accepts(index, index.keys[i], base.type);
      Oid own = index.keys[i].collation_oid == column.collation ? collation : index.keys[i].collation_oid;
      if (collation == kInvalidOid || own == kInvalidOid) own = collation;
      change_attribute_row(context, index.oid, static_cast<ColumnNumber>(i + 1), [&](RowDraft& draft) {
        draft.oid("atttypid", type.type).int4("atttypmod", type.typmod).oid("attcollation", own);
      });
      collations[i] = own;
      is_key = true;
    }
    if (is_key) set_index_collations(context, index.oid, collations);
  }
  if (same_storage(*transform) && old->layout->column(static_cast<size_t>(number - 1)).type ==
                                      (info != nullptr ? info->physical : types::PhysicalType::kString)) {
    rebuild_indexes(context, oid);
  } else {
    const ColumnRewrite rewrite[] = {{number, transform}};
    rewrite_table(context, old, rewrite);
  }
  const KeyMatch old_type[] = {{"classid", Value::of_oid(kClassClass.value())},
                               {"objid", Value::of_oid(oid.value())},
                               {"objsubid", Value::of_int32(number)},
                               {"refclassid", Value::of_oid(kTypeClass.value())}};
  context.catalog.remove_where(system_table("pg_depend"), old_type);
  depend_on_type(context, column_address(oid, number), type.type);
  renew_foreign_keys(context, oid, number);
  forget_found_statistics(context, oid, number);
}

// --- constraints

void add_constraint(CommandContext& context, Oid oid, const AlterTableCmd& cmd) {
  const ColumnConstraint constraint[] = {{*parser::as<parser::Constraint>(cmd.definition), {}}};
  add_constraints(context, oid, constraint);
}

void set_storage(CommandContext& context, Oid oid, const AlterTableCmd& cmd) {
  RelationPtr table = context.catalog.relation(oid);
  ColumnNumber number = require_column(context, *table, cmd.name);
  std::string word(parser::as<parser::ConstExpr>(cmd.definition)->text);
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  std::string_view letter = word == "plain"      ? "p"
                            : word == "external" ? "e"
                            : word == "extended" ? "x"
                            : word == "main"     ? "m"
                                                 : "";
  if (letter.empty())
    throw SqlError(sqlstate::kInvalidParameterValue, fmt::format("invalid storage type \"{}\"", word));
  const functions::TypeInfo* info = functions::type_by_oid(table->column(number).type);
  if (letter != "p" && (info == nullptr || info->length != -1)) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   fmt::format("column data type {} can only have storage PLAIN",
                               functions::format_type(table->column(number).type, -1)));
  }
  change_attribute_row(context, oid, number, [&](RowDraft& draft) { draft.text("attstorage", letter); });
}

// What is there already stays, unless the command names it.
void set_options(CommandContext& context, Oid oid, const AlterTableCmd& cmd) {
  RelationPtr table = context.catalog.relation(oid);
  auto is_named = [&](std::string_view option) {
    std::string_view name = option.substr(0, option.find('='));
    return std::any_of(cmd.options.begin(), cmd.options.end(), [&](const parser::Option* o) {
      return name ==
             (o->name_space.empty() ? std::string(o->name) : fmt::format("{}.{}", o->name_space, o->name));
    });
  };
  std::vector<std::string> items;
  for (std::string_view rest = table->options; !rest.empty();) {
    size_t end = std::min(rest.find('\n'), rest.size());
    if (std::string_view option = rest.substr(0, end); !is_named(option)) items.emplace_back(option);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (cmd.action == AlterTableAction::kSetRelOptions && table->kind == RelationKind::kView) {
    for (const parser::Option* option : cmd.options) items.push_back(view_option(*option));
  } else if (cmd.action == AlterTableAction::kSetRelOptions) {
    for (std::string& item :
         storage_option_items(cmd.options, table->kind == RelationKind::kIndex, table->access_method))
      items.push_back(std::move(item));
  }
  change_class_row(context, oid, [&](RowDraft& draft) {
    if (items.empty())
      draft.null("reloptions");
    else
      draft.text("reloptions", text_array(items));
  });
}

// Every row is written anew, into storage of the other kind.
void set_access_method(CommandContext& context, Oid oid, std::string_view name) {
  RelationPtr table = context.catalog.relation(oid);
  if (table->kind == RelationKind::kPartitioned) {
    throw SqlError(sqlstate::kWrongObjectType, "cannot change access method of a partitioned table");
  }
  const Oid method = table_access_method(context, name);
  if (method == table->access_method) return;
  change_class_row(context, oid, [&](RowDraft& draft) { draft.oid("relam", method); });
  rewrite_table(context, table, {});
}

void change_relation_owner(CommandContext& context, const Relation& relation, Oid owner) {
  if (!context.is_superuser && owner != relation.owner) {
    std::vector<Oid> roles = context.catalog.roles_of(context.role);
    if (std::find(roles.begin(), roles.end(), owner) == roles.end()) {
      throw SqlError(sqlstate::kInsufficientPrivilege,
                     fmt::format("must be member of role \"{}\"", role_name(context, owner)));
    }
  }
  change_owner(context, "pg_class", relation.oid, owner);
  for (const catalog::Index& index : relation.indexes) change_owner(context, "pg_class", index.oid, owner);
  if (relation.is_table()) {
    for (Oid sequence : owned_sequences(context, relation.oid, 0, "ai"))
      change_owner(context, "pg_class", sequence, owner);
  }
  if (relation.row_type != kInvalidOid) change_owner(context, "pg_type", relation.row_type, owner);
}

void validate_constraint(CommandContext& context, Oid oid, const AlterTableCmd& cmd) {
  RelationPtr table = context.catalog.relation(oid);
  for (const catalog::CheckConstraint& check : table->checks) {
    if (check.name != cmd.name) continue;
    RowExpressions evaluation(context, *table,
                              {bind_stored(context, check.expression_sql, table, "check constraints")});
    scan_table(context, *table, {}, [&](Tid, std::span<const Value> row) {
      evaluation.load(row);
      Value value = evaluation.value(0);
      if (value.null || value.boolean != 0) return;
      throw SqlError(sqlstate::kCheckViolation,
                     fmt::format("check constraint \"{}\" of relation \"{}\" is violated by some row",
                                 check.name, table->name))
          .schema(table->schema_name)
          .table(table->name)
          .constraint(check.name);
    });
    const KeyMatch match[] = {{"oid", Value::of_oid(check.oid.value())}};
    context.catalog.for_each(system_table("pg_constraint"), match, [&](const Row& row) {
      RowDraft draft(system_table("pg_constraint"), row);
      draft.boolean("convalidated", true);
      context.catalog.update(row, draft);
      return false;
    });
    return;
  }
  for (const catalog::ForeignKey& key : table->foreign_keys) {
    if (key.name != cmd.name) continue;
    if (key.validated) return;
    context.services.lock_relation(key.referenced, txn::LockMode::kRowShare);
    check_foreign_key_rows(context, key);
    const KeyMatch match[] = {{"oid", Value::of_oid(key.oid.value())}};
    context.catalog.for_each(system_table("pg_constraint"), match, [&](const Row& row) {
      RowDraft draft(system_table("pg_constraint"), row);
      draft.boolean("convalidated", true);
      context.catalog.update(row, draft);
      return false;
    });
    return;
  }
  if (constraint_name_exists(context, oid, cmd.name)) {
    throw SqlError(
        sqlstate::kWrongObjectType,
        fmt::format("constraint \"{}\" of relation \"{}\" is not a foreign key or check constraint", cmd.name,
                    table->name));
  }
  throw SqlError(sqlstate::kUndefinedObject,
                 fmt::format("constraint \"{}\" of relation \"{}\" does not exist", cmd.name, table->name));
}

}  // namespace

void run_alter_command(CommandContext& context, Oid oid, const AlterTableCmd& cmd) {
  RelationPtr table = context.catalog.relation(oid);
  bool is_table = table->is_table();
  auto need_table = [&] {
    if (is_table) return;
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is not a table", table->name));
  };
  switch (cmd.action) {
    case AlterTableAction::kChangeOwner: {
      Oid owner = require_role(context, *cmd.new_owner);
      return change_relation_owner(context, *table, owner);
    }
    case AlterTableAction::kSetRelOptions:
    case AlterTableAction::kResetRelOptions:
      return set_options(context, oid, cmd);
    case AlterTableAction::kColumnDefault:
      return set_column_default(context, oid, cmd);
    default:
      need_table();
  }
  switch (cmd.action) {
    case AlterTableAction::kAddColumn:
      return add_column(context, oid, cmd);
    case AlterTableAction::kDropColumn:
      return drop_column(context, oid, cmd);
    case AlterTableAction::kSetNotNull: {
      const ColumnNumber columns[] = {require_column(context, *table, cmd.name)};
      return set_not_null(context, oid, columns);
    }
    case AlterTableAction::kDropNotNull:
      return drop_not_null(context, oid, cmd);
    case AlterTableAction::kAlterColumnType:
      return alter_column_type(context, oid, cmd);
    case AlterTableAction::kSetAccessMethod:
      return set_access_method(context, oid, cmd.name);
    case AlterTableAction::kAddConstraint:
      return add_constraint(context, oid, cmd);
    case AlterTableAction::kDropConstraint:
      return drop_constraint(context, oid, cmd.name, cmd.behavior, cmd.missing_ok);
    case AlterTableAction::kAlterConstraint:
      return alter_constraint(context, oid, *parser::as<parser::Constraint>(cmd.definition));
    case AlterTableAction::kValidateConstraint:
      return validate_constraint(context, oid, cmd);
    case AlterTableAction::kAddIdentity:
      return add_identity(context, oid, cmd);
    case AlterTableAction::kSetIdentity:
      return set_identity(context, oid, cmd);
    case AlterTableAction::kDropIdentity:
      return drop_identity(context, oid, cmd);
    case AlterTableAction::kDropExpression:
      return drop_expression(context, oid, cmd);
    case AlterTableAction::kSetStorage:
      return set_storage(context, oid, cmd);
    case AlterTableAction::kSetStatistics: {
      int16_t number = cmd.name.empty() ? static_cast<int16_t>(cmd.column_number)
                                        : require_column(context, *table, cmd.name);
      parser::Option option;
      option.name = "statistics";
      option.value = cmd.definition;
      auto target = static_cast<int32_t>(std::min<int64_t>(option_integer(option), 10000));
      return change_attribute_row(context, oid, number,
                                  [&](RowDraft& draft) { draft.int4("attstattarget", target); });
    }
    case AlterTableAction::kReplicaIdentity: {
      static constexpr std::string_view kLetters[] = {"n", "f", "d", "i"};
      if (cmd.replica_identity == parser::ReplicaIdentity::kIndex) break;
      return change_class_row(context, oid, [&](RowDraft& draft) {
        draft.text("relreplident", kLetters[static_cast<size_t>(cmd.replica_identity)]);
      });
    }
    case AlterTableAction::kEnableTrigger:
    case AlterTableAction::kEnableAlwaysTrigger:
    case AlterTableAction::kEnableReplicaTrigger:
    case AlterTableAction::kDisableTrigger:
    case AlterTableAction::kEnableTriggerAll:
    case AlterTableAction::kDisableTriggerAll:
    case AlterTableAction::kEnableTriggerUser:
    case AlterTableAction::kDisableTriggerUser:
      return enable_trigger(context, context.catalog.relation(oid), cmd);
    case AlterTableAction::kSetLogged:
    case AlterTableAction::kSetUnlogged:
      return change_class_row(context, oid, [&](RowDraft& draft) {
        draft.text("relpersistence", cmd.action == AlterTableAction::kSetLogged ? "p" : "u");
      });
    default:
      if (change_row_security(context, oid, cmd.action)) return;
      if (cmd.action == AlterTableAction::kAddOf || cmd.action == AlterTableAction::kDropOf)
        return alter_table_type(context, *context.catalog.relation(oid), cmd);
      break;
  }
  throw_not_supported("this form of ALTER TABLE");
}

namespace {

bool kind_fits(ObjectType type, RelationKind kind) {
  switch (type) {
    case ObjectType::kIndex:
      return kind == RelationKind::kIndex || kind == RelationKind::kPartitionedIndex;
    case ObjectType::kSequence:
      return kind == RelationKind::kSequence;
    case ObjectType::kView:
      return kind == RelationKind::kView;
    case ObjectType::kMaterializedView:
      return kind == RelationKind::kMaterializedView;
    default:
      return true;
  }
}

}  // namespace

RelationPtr altered_relation(CommandContext& context, const parser::RangeVar& name, ObjectType type,
                             bool missing_ok, txn::LockMode lock) {
  RelationPtr relation = find_relation(context, name, lock, missing_ok);
  if (relation == nullptr) {
    context.services.notice(fmt::format("relation \"{}\" does not exist, skipping", name.name));
    return nullptr;
  }
  if (!kind_fits(type, relation->kind)) {
    std::string word(object_tag(type));
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c == ' ' ? c : char(c + 32); });
    throw SqlError(sqlstate::kWrongObjectType,
                   fmt::format("\"{}\" is not {} {}", relation->name, word == "index" ? "an" : "a", word));
  }
  require_owner(context, *relation);
  return relation;
}

namespace {

// The weakest lock that every action of the command can do with.
txn::LockMode alter_lock(const parser::AlterTableStmt& stmt) {
  txn::LockMode lock = txn::LockMode::kShareUpdateExclusive;
  for (const AlterTableCmd* cmd : stmt.commands) {
    txn::LockMode needed = txn::LockMode::kAccessExclusive;
    if (cmd->action == AlterTableAction::kValidateConstraint ||
        cmd->action == AlterTableAction::kAttachPartition)
      needed = txn::LockMode::kShareUpdateExclusive;
    if (cmd->action == AlterTableAction::kAddConstraint &&
        parser::as<parser::Constraint>(cmd->definition)->type == parser::ConstraintKind::kForeignKey) {
      needed = txn::LockMode::kShareRowExclusive;
    }
    lock = std::max(lock, needed);
  }
  return lock;
}

}  // namespace

std::string alter_table(CommandContext& context, const parser::AlterTableStmt& stmt) {
  std::string tag = fmt::format("ALTER {}", object_tag(stmt.object_type));
  if (stmt.object_type == ObjectType::kType) return alter_composite_type(context, stmt);
  if (stmt.object_type == ObjectType::kForeignTable) throw_not_supported("ALTER FOREIGN TABLE");
  RelationPtr relation =
      altered_relation(context, *stmt.relation, stmt.object_type, stmt.missing_ok, alter_lock(stmt));
  if (relation == nullptr) return tag;
  refuse_pending_events(context, "ALTER TABLE", *relation);
  // Columns go first, so that constraints of the same statement may name the new ones; foreign keys last.
  auto rank = [](const AlterTableCmd& cmd) {
    AlterTableAction a = cmd.action;
    bool foreign =
        a == AlterTableAction::kAddConstraint &&
        parser::as<parser::Constraint>(cmd.definition)->type == parser::ConstraintKind::kForeignKey;
    return foreign                                                                        ? 5
           : a == AlterTableAction::kDropColumn || a == AlterTableAction::kDropConstraint ? 0
           : a == AlterTableAction::kAlterColumnType                                      ? 1
           : a == AlterTableAction::kAddColumn                                            ? 2
           : a == AlterTableAction::kAddConstraint                                        ? 4
                                                                                          : 3;
  };
  for (int pass = 0; pass <= 5; ++pass) {
    for (const AlterTableCmd* cmd : stmt.commands) {
      if (rank(*cmd) != pass) continue;
      refuse_typed(*relation, *cmd);
      if (cmd->action == AlterTableAction::kAttachPartition && stmt.object_type == ObjectType::kIndex) {
        attach_index(context, relation, *parser::as<parser::RangeVar>(cmd->definition));
      } else {
        alter_with_children(context, relation->oid, *cmd, stmt.relation->inherit);
      }
    }
  }
  return tag;
}

// --- names

}  // namespace varve::commands
