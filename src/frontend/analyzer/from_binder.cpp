// FROM: tables, views, subqueries, functions, joins and CTEs become ranges, and their columns names in scope.
#include <algorithm>

#include "analyzer/expression_walk.h"
#include "analyzer/own_database.h"
#include "binder.h"
#include "catalog/extended_statistics.h"
#include "json_records.h"
#include "parser/parser.h"
#include "sequence_row.h"

namespace varve::analyzer {

using catalog::RelationKind;
using types::Value;

namespace {

// Schemas in the order they are searched: pg_catalog first unless the path names it.
std::vector<Oid> effective_path(const AnalyzerContext& context) {
  std::vector<Oid> path(context.search_path.begin(), context.search_path.end());
  if (std::find(path.begin(), path.end(), catalog::kPgCatalogSchema) == path.end()) {
    const bool temporary_first = !path.empty() && path[0] == context.catalog.temporary_schema();
    path.insert(path.begin() + (temporary_first ? 1 : 0), catalog::kPgCatalogSchema);
  }
  return path;
}

[[noreturn]] void relation_missing(std::string_view schema, std::string_view name, int position) {
  std::string full = schema.empty() ? std::string(name) : fmt::format("{}.{}", schema, name);
  throw SqlError(sqlstate::kUndefinedTable, fmt::format("relation \"{}\" does not exist", full)).at(position);
}

void require_schema_usage(AnalyzerContext& context, Oid schema, std::string_view name, int position) {
  if (!context.checks_schemas || context.eval.session == nullptr) return;
  const Value args[] = {Value::of_oid(schema.value()), Value::of_string("USAGE")};
  Value allowed = context.eval.session->call("has_schema_privilege", args, context.arena);
  if (allowed.null || allowed.boolean != 0) return;
  throw SqlError(sqlstate::kInsufficientPrivilege, fmt::format("permission denied for schema {}", name))
      .at(position);
}

}  // namespace

catalog::RelationPtr lookup_relation(AnalyzerContext& context, std::string_view schema, std::string_view name,
                                     txn::LockMode lock, bool missing_ok, int position) {
  // A name may come to mean something else while its lock is waited for: look again until it does not.
  for (Oid locked = kInvalidOid;;) {
    Oid oid = kInvalidOid;
    if (!schema.empty()) {
      Oid schema_oid = context.catalog.find_schema(schema);
      if (schema_oid == kInvalidOid) {
        if (missing_ok) return nullptr;
        throw SqlError(sqlstate::kUndefinedTable,
                       fmt::format("relation \"{}.{}\" does not exist", schema, name))
            .at(position);
      }
      require_schema_usage(context, schema_oid, schema, position);
      oid = context.catalog.find_relation_oid(schema_oid, name);
    } else {
      for (Oid s : effective_path(context)) {
        oid = context.catalog.find_relation_oid(s, name);
        if (oid != kInvalidOid) break;
      }
    }
    if (oid == kInvalidOid) {
      if (missing_ok) return nullptr;
      relation_missing(schema, name, position);
    }
    if (context.locker == nullptr || oid == locked) {
      catalog::RelationPtr relation = context.catalog.relation(oid);
      if (relation != nullptr && relation->persistence == 't' &&
          relation->schema != context.catalog.temporary_schema()) {
        throw SqlError(sqlstate::kFeatureNotSupported, "cannot access temporary tables of other sessions")
            .at(position);
      }
      if (relation != nullptr) return relation;
      if (missing_ok) return nullptr;
      relation_missing(schema, name, position);
    }
    context.locker->lock(oid, lock);
    locked = oid;
  }
}

uint32_t Binder::add_range(Scope& scope, Range* range, std::string_view schema,
                           std::span<const std::string_view> aliases) {
  auto index = static_cast<uint32_t>(scope.ranges.size());
  scope.ranges.push_back(range);
  scope.nullable.resize(scope.ranges.size(), false);
  for (size_t i = scope.first_named; i < scope.items.size(); ++i) {
    const ScopeItem& item = scope.items[i];
    if (!range->alias.empty() && item.name_visible && item.name == range->alias &&
        (schema.empty() || item.schema == schema || item.schema.empty())) {
      throw SqlError(sqlstate::kDuplicateAlias,
                     fmt::format("table name \"{}\" specified more than once", range->alias));
    }
  }
  size_t visible = 0;
  for (const RangeColumn& c : range->columns) visible += !c.name.empty();
  if (aliases.size() > visible) {
    throw SqlError(sqlstate::kInvalidColumnReference,
                   fmt::format("table \"{}\" has {} columns available but {} columns specified", range->alias,
                               visible, aliases.size()));
  }
  size_t next_alias = 0;
  range->has_column_aliases = !aliases.empty();
  for (RangeColumn& c : range->columns) {
    if (!c.name.empty() && next_alias < aliases.size()) c.name = aliases[next_alias++];
  }
  ScopeItem item;
  item.schema = schema;
  item.name = range->alias;
  item.range = index;
  if (range->relation != nullptr) item.table = (*range->relation)->oid;
  for (size_t i = 0; i < range->columns.size(); ++i) {
    if (range->columns[i].name.empty()) continue;
    item.columns.push_back({range->columns[i].name, make_column(*range, index, static_cast<int16_t>(i + 1))});
  }
  scope.items.push_back(std::move(item));
  return index;
}

ColumnExpr* Binder::make_column(const Range& range, uint32_t index, int16_t column) {
  const RangeColumn& c = range.columns[static_cast<size_t>(column - 1)];
  auto* e = make<ColumnExpr>(ExprKind::kColumn, c.type);
  e->typmod = c.typmod;
  e->collation = c.collation;
  e->domain = c.domain;
  e->range = index;
  e->column = column;
  return e;
}

uint32_t Binder::add_relation(Scope& scope, const catalog::RelationPtr& relation, std::string_view alias,
                              std::span<const std::string_view> column_aliases, txn::LockMode mode) {
  context_.relations.push_back(catalog::readable_at(relation, context_.snapshot));
  auto* range = arena_.make<Range>();
  range->kind = RangeKind::kRelation;
  range->relation = &context_.relations.back();
  range->has_alias = !alias.empty();
  range->alias = alias.empty() ? arena_.copy(relation->name) : alias;
  auto* columns = arena_.make_array<RangeColumn>(relation->columns.size());
  for (size_t i = 0; i < relation->columns.size(); ++i) {
    const catalog::Column& c = relation->columns[i];
    columns[i] = {c.dropped ? std::string_view() : arena_.copy(c.name), c.type, c.typmod, c.collation,
                  c.domain};
  }
  range->columns = {columns, relation->columns.size()};
  // Not while such an expression is itself being bound.
  if (mode != txn::LockMode::kNone) {
    range->index_expressions = bind_index_expressions(*range->relation);
    std::vector<ExprList> of_statistics;
    for (const auto& statistics : relation->extended_statistics) {
      std::vector<Expr*> expressions;
      for (const std::string& sql : statistics->expressions_sql)
        expressions.push_back(bind_sql_expression(sql, range->relation, Clause::kStatistics));
      of_statistics.push_back(list(expressions));
    }
    range->statistics_expressions = arena_.copy(of_statistics);
  }
  return add_range(scope, range, alias.empty() ? arena_.copy(relation->schema_name) : std::string_view(),
                   column_aliases);
}

namespace {

FromItem* range_item(Arena& arena, uint32_t range) {
  auto* item = arena.make<FromItem>();
  item->kind = FromKind::kRange;
  item->range = range;
  return item;
}

std::span<const std::string_view> alias_columns(const parser::Alias* alias) {
  return alias == nullptr ? std::span<const std::string_view>()
                          : std::span<const std::string_view>(alias->columns);
}

}  // namespace

void Binder::bind_from(Scope& scope, std::span<parser::Node* const> from, std::vector<FromItem*>* items) {
  for (const parser::Node* node : from) items->push_back(bind_from_item(scope, node, scope.items.size()));
}

FromItem* Binder::bind_from_item(Scope& scope, const parser::Node* node, size_t first_item) {
  switch (node->kind) {
    case parser::NodeKind::kRangeVar:
      return bind_range_variable(scope, *parser::as<parser::RangeVar>(node));
    case parser::NodeKind::kRangeSubselect:
      return bind_subquery(scope, *parser::as<parser::RangeSubselect>(node));
    case parser::NodeKind::kRangeFunction:
      return bind_range_function(scope, *parser::as<parser::RangeFunction>(node));
    case parser::NodeKind::kRangeTableFunc: {
      const auto& item = *parser::as<parser::RangeTableFunc>(node);
      Range* range = xml_table_range(scope, item);
      return range_item(arena_, add_range(scope, range, {}, alias_columns(item.alias)));
    }
    case parser::NodeKind::kJoinExpr:
      return bind_join(scope, *parser::as<parser::JoinExpr>(node), first_item);
    case parser::NodeKind::kRangeTableSample:
      return bind_table_sample(scope, *parser::as<parser::RangeTableSample>(node));
    default:
      throw_not_supported(parser::kind_name(node->kind), position(node->location));
  }
}

// t TABLESAMPLE method (percent) REPEATABLE (seed)
FromItem* Binder::bind_table_sample(Scope& scope, const parser::RangeTableSample& sample) {
  FromItem* item = bind_range_variable(scope, *parser::as<parser::RangeVar>(sample.relation));
  Range& range = *scope.ranges[item->range];
  if (range.kind != RangeKind::kRelation) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   "TABLESAMPLE clause can only be applied to tables and materialized views")
        .at(position(sample.relation->location));
  }
  std::string_view method = sample.method.back();
  if (method != "bernoulli" && method != "system") {
    throw SqlError(sqlstate::kUndefinedObject, fmt::format("tablesample method {} does not exist", method))
        .at(position(sample.location));
  }
  if (sample.args.size() != 1) {
    throw SqlError(
        sqlstate::kInvalidTablesampleArgument,
        fmt::format("tablesample method {} requires 1 argument, not {}", method, sample.args.size()))
        .at(position(sample.location));
  }
  Scope inner;  // the arguments see no tables
  auto argument = [&](const parser::Node* node, Oid through, std::string_view construct) {
    Expr* e = coerce_to_specific(bind_clause(inner, node, Clause::kFromFunction), through, construct);
    return try_coerce(e, type_oid::kFloat8, -1, functions::CastContext::kImplicit);
  };
  range.sample_by_page = method == "system";
  range.sample_percent = argument(sample.args[0], type_oid::kFloat4, "TABLESAMPLE");
  if (sample.repeatable != nullptr)
    range.sample_seed = argument(sample.repeatable, type_oid::kFloat8, "REPEATABLE");
  return item;
}

FromItem* Binder::bind_range_variable(Scope& scope, const parser::RangeVar& item) {
  if (item.schema.empty()) {
    uint32_t levels = 0;
    for (Scope* s = &scope; s != nullptr; s = s->parent, ++levels) {
      for (size_t i = s->named_ctes.size(); i-- > 0;) {
        if (s->named_ctes[i].name == item.name) {
          return bind_cte_reference(scope, item, s->named_ctes[i].cte, s->named_ctes[i].index, levels);
        }
      }
    }
  }
  if (item.schema.empty() && context_.local_tables != nullptr) {
    if (const functions::Function* f = context_.local_tables->find(item.name))
      return bind_local_table(scope, item, *f);
  }
  catalog::RelationPtr relation;
  try {
    require_own_database(context_, item, position(item.location));
    relation = lookup_relation(context_, item.schema, item.name, txn::LockMode::kAccessShare, false,
                               position(item.location));
  } catch (SqlError& error) {
    for (Scope* s = &scope; s != nullptr && item.schema.empty() && error.state() == sqlstate::kUndefinedTable;
         s = s->parent) {
      if (std::find(s->future_ctes.begin(), s->future_ctes.end(), item.name) == s->future_ctes.end())
        continue;
      error
          .detail(fmt::format(
              "There is a WITH item named \"{}\", but it cannot be referenced from this part of the query.",
              item.name))
          .hint("Use WITH RECURSIVE, or re-order the WITH items to remove forward references.");
      break;
    }
    throw;
  }
  if (context_.sources != nullptr) context_.sources->push_back(relation->oid);
  switch (relation->kind) {
    case RelationKind::kTable:
    case RelationKind::kPartitioned:
      break;
    case RelationKind::kMaterializedView:
      if (relation->heap == nullptr) {
        throw SqlError(sqlstate::kObjectNotInPrerequisiteState,
                       fmt::format("materialized view \"{}\" has not been populated", relation->name))
            .hint("Use the REFRESH MATERIALIZED VIEW command.");
      }
      break;
    case RelationKind::kView:
      return bind_view(scope, relation, item);
    case RelationKind::kSequence:
      return bind_sequence(scope, *relation, item);
    case RelationKind::kForeign:
      throw_not_supported(fmt::format("reading relation \"{}\" of this kind", relation->name),
                          position(item.location));
    default:
      throw SqlError(sqlstate::kWrongObjectType, fmt::format("cannot open relation \"{}\"", relation->name))
          .at(position(item.location));
  }
  std::string_view alias = item.alias == nullptr ? std::string_view() : item.alias->name;
  uint32_t range =
      add_relation(scope, relation, alias, alias_columns(item.alias), txn::LockMode::kAccessShare);
  add_family(*scope.ranges[range], item.inherit, false, txn::LockMode::kAccessShare);
  secure_range(scope, range, catalog::Policy::kSelect);
  return range_item(arena_, range);
}

FromItem* Binder::bind_local_table(Scope& scope, const parser::RangeVar& item, const functions::Function& f) {
  auto* site = arena_.make<functions::CallSite>();
  site->result_type = f.result;
  site->routine = &f;
  auto* range = arena_.make<Range>();
  range->kind = RangeKind::kFunction;
  range->alias = item.alias == nullptr ? item.name : item.alias->name;
  range->function = &f;
  range->site = site;
  std::vector<RangeColumn> columns;
  for (size_t i = 0; i < f.table->column_types.size(); ++i) {
    const functions::TypeInfo* info = functions::type_by_oid(f.table->column_types[i]);
    columns.push_back({f.table->column_names[i], f.table->column_types[i], -1,
                       info != nullptr && info->collatable ? catalog::kDefaultCollation : kInvalidOid});
  }
  range->columns = arena_.copy(columns);
  return range_item(arena_, add_range(scope, range, {}, alias_columns(item.alias)));
}

FromItem* Binder::bind_sequence(Scope& scope, const catalog::Relation& sequence,
                                const parser::RangeVar& item) {
  const functions::Function& f = sequence_row_function();
  Expr* oid = make_const(type_oid::kOid, Value::of_oid(sequence.oid.value()));
  auto* range = arena_.make<Range>();
  range->kind = RangeKind::kFunction;
  range->alias = item.alias == nullptr ? item.name : item.alias->name;
  range->function = &f;
  range->args = list({oid});
  range->site = make_site(f, range->args, f.result, kInvalidOid);
  std::vector<RangeColumn> columns;
  for (size_t i = 0; i < f.table->column_types.size(); ++i) {
    columns.push_back({f.table->column_names[i], f.table->column_types[i], -1, kInvalidOid});
  }
  range->columns = arena_.copy(columns);
  return range_item(arena_, add_range(scope, range, {}, alias_columns(item.alias)));
}

AnalyzerContext::OpenView Binder::open_view(const catalog::Relation& view) {
  for (const AnalyzerContext::OpenView* v = context_.open_views; v != nullptr; v = v->outer) {
    if (v->view != view.oid) continue;
    throw SqlError(sqlstate::kInvalidObjectDefinition,
                   fmt::format("infinite recursion detected in rules for relation \"{}\"", view.name));
  }
  return {view.oid, context_.open_views};
}

// For reading a view's definition, which was made with every name qualified. System views name what they mean
// in pg_catalog alone, whatever the session's path.
AnalyzerContext Binder::view_context(const catalog::Relation& view, std::string_view sql,
                                     const AnalyzerContext::OpenView& open) {
  bool is_system = view.oid.value() < catalog::kFirstNormalOid;
  AnalyzerContext inner{context_.catalog, arena_, context_.relations,
                        context_.eval,    sql,    is_system ? std::span<const Oid>() : context_.search_path};
  inner.locker = context_.locker;
  inner.open_views = &open;
  inner.security = context_.security;
  inner.acts_as = view.has_option("security_invoker") ? kInvalidOid : view.owner;
  return inner;
}

FromItem* Binder::bind_view(Scope& scope, const catalog::RelationPtr& view, const parser::RangeVar& item) {
  // A view is its query, which sees no scope of this statement.
  std::string_view sql = arena_.copy(view->view_sql);
  parser::ParsedScript script = parser::parse(sql, arena_);
  AnalyzerContext::OpenView open = open_view(*view);
  AnalyzerContext inner = view_context(*view, sql, open);
  Binder binder(inner);
  Query* query = binder.bind_select(*parser::as<parser::SelectStmt>(script.statements[0].statement), nullptr);
  auto* range = arena_.make<Range>();
  range->kind = RangeKind::kSubquery;
  range->barrier = view->has_option("security_barrier");
  if (range->barrier && context_.security != nullptr) context_.security->used = true;
  range->query = query;
  context_.relations.push_back(view);
  range->view = &context_.relations.back();
  range->has_alias = item.alias != nullptr;
  range->alias = item.alias == nullptr ? arena_.copy(view->name) : item.alias->name;
  range->columns = output_columns(*query, {}, view->name);
  for (size_t i = 0; i < range->columns.size() && i < view->columns.size(); ++i) {
    range->columns[i].name = arena_.copy(view->columns[i].name);
    if (view->schema == catalog::kInformationSchema) {
      range->columns[i].domain = view->columns[i].domain;
      range->columns[i].collation = view->columns[i].collation;
    }
  }
  std::string_view schema = item.alias == nullptr ? arena_.copy(view->schema_name) : std::string_view();
  return range_item(arena_, add_range(scope, range, schema, alias_columns(item.alias)));
}

FromItem* Binder::bind_cte_reference(Scope& scope, const parser::RangeVar& item, Cte* cte, uint32_t index,
                                     uint32_t levels) {
  if (cte->query != nullptr && cte->query->command != CommandType::kSelect && cte->query->returning.empty()) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   fmt::format("WITH query \"{}\" does not have a RETURNING clause", cte->name))
        .at(position(item.location));
  }
  bool recursive_reference = cte->query == nullptr;
  if (recursive_reference) {
    const std::string_view within = cte->is_starting ? "within its non-recursive term"
                                    : expression_depth_ > cte->expression_depth ? "within a subquery"
                                    : !recursion_context_.empty()               ? recursion_context_
                                    : cte->is_read                              ? "more than once"
                                                                                : "";
    if (!within.empty()) {
      throw SqlError(sqlstate::kInvalidRecursion,
                     fmt::format("recursive reference to query \"{}\" must not appear {}", cte->name, within))
          .at(position(item.location));
    }
    cte->is_read = true;
  }
  auto* range = arena_.make<Range>();
  range->kind = RangeKind::kCte;
  range->has_alias = item.alias != nullptr;
  range->alias = item.alias == nullptr ? item.name : item.alias->name;
  range->cte = index;
  range->cte_levels_up = levels;
  range->work_table = recursive_reference;
  range->location = item.location;
  range->columns = arena_.copy(std::span<const RangeColumn>(cte->columns));
  cte->references += !range->work_table;
  return range_item(arena_, add_range(scope, range, {}, alias_columns(item.alias)));
}

std::span<RangeColumn> Binder::output_columns(const Query& query, parser::NameList aliases,
                                              std::string_view name, int32_t location) {
  std::vector<RangeColumn> columns;
  std::span<const Target> targets = query.command == CommandType::kSelect ? query.targets : query.returning;
  for (const Target& t : targets) {
    if (!t.junk) columns.push_back({t.name, t.expr->type, t.expr->typmod, t.expr->collation, t.expr->domain});
  }
  if (aliases.size() > columns.size()) {
    throw SqlError(sqlstate::kInvalidColumnReference,
                   fmt::format("WITH query \"{}\" has {} columns available but {} columns specified", name,
                               columns.size(), aliases.size()))
        .at(position(location));
  }
  for (size_t i = 0; i < aliases.size(); ++i) columns[i].name = aliases[i];
  return arena_.copy(columns);
}

FromItem* Binder::bind_subquery(Scope& scope, const parser::RangeSubselect& item) {
  bool hidden = scope.hide_items;
  Clause clause = scope.clause;
  scope.hide_items = !item.lateral;
  scope.clause = Clause::kFromSubquery;
  Query* query = bind_select(*parser::as<parser::SelectStmt>(item.query), &scope);
  scope.hide_items = hidden;
  scope.clause = clause;
  auto* range = arena_.make<Range>();
  range->kind = RangeKind::kSubquery;
  range->query = query;
  range->lateral = range->written_lateral = item.lateral;
  range->has_alias = item.alias != nullptr;
  range->alias = item.alias == nullptr ? std::string_view() : item.alias->name;
  range->columns = output_columns(*query, {}, {});
  return range_item(arena_, add_range(scope, range, {}, alias_columns(item.alias)));
}

bool makes_json_records(const functions::Function& f) {
  return (f.name.starts_with("json_") || f.name.starts_with("jsonb_")) &&
         (f.name.ends_with("_to_record") || f.name.ends_with("_to_recordset") ||
          f.name.ends_with("_populate_recordset"));
}

// json_to_record(…) AS t(a int, …), json_populate_recordset(NULL::t, …): the columns are the call's own.
Expr* Binder::json_records(const functions::Function& f, const functions::CallSite& site, ExprList args,
                           Expr* bound, parser::List<parser::ColumnDef> definitions, int position_of_call) {
  std::vector<Oid> types;
  std::vector<std::string_view> names;
  const functions::TypeInfo* row =
      f.name.ends_with("_populate_recordset") ? functions::type_by_oid(args[0]->type) : nullptr;
  if (row != nullptr && row->kind == 'c') {
    if (!definitions.empty()) {
      throw SqlError(sqlstate::kSyntaxError,
                     "a column definition list is redundant for a function returning a named composite type")
          .at(position(definitions[0]->location));
    }
    for (const functions::CompositeField& field : row->fields) {
      types.push_back(field.type);
      names.push_back(field.name);
    }
  } else if (row != nullptr && row->oid != type_oid::kRecord) {
    throw SqlError(sqlstate::kDatatypeMismatch,
                   fmt::format("first argument of {} must be a row type", f.name));
  } else if (definitions.empty() && (position_of_call < 0 || row != nullptr)) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   fmt::format("could not determine row type for result of {}", f.name))
        .hint(
            "Provide a non-null record argument, or call the function in the FROM clause using a column "
            "definition list.");
  } else if (definitions.empty()) {
    throw SqlError(sqlstate::kSyntaxError,
                   "a column definition list is required for functions returning \"record\"")
        .at(position_of_call);
  }
  for (const parser::ColumnDef* d : definitions) {
    TypeReference type = resolve_type(*d->type);
    if (type.typmod >= 0) throw_not_supported("a column definition list with lengths", position(d->location));
    types.push_back(type.type);
    names.push_back(d->name);
  }
  const functions::TableFunctionImpl& records = *functions::functions_named("json_to_recordset")[0]->table;
  auto* table = arena_.make<functions::TableFunctionImpl>(records);
  table->column_types = arena_.copy(types);
  table->column_names = arena_.copy(names);
  auto* own = arena_.make<functions::Function>(f);
  own->kind = functions::FunctionKind::kSetReturning;
  own->strict = false;
  own->table = table;
  auto* own_site = arena_.make<functions::CallSite>(site);
  own_site->routine = own;
  auto* srf = make<SetReturningExpr>(ExprKind::kSetReturning, bound->type, bound->location);
  srf->function = own;
  srf->site = own_site;
  srf->args = args;
  return srf;
}

// A function that SQL made and that returns a row (or, with a column definition list, any record) is read as
// a table.
Expr* Binder::table_function(Expr* bound, const parser::Node* call_node,
                             parser::List<parser::ColumnDef> definitions) {
  const functions::Function* f = nullptr;
  const functions::CallSite* site = nullptr;
  ExprList args;
  if (bound->kind == ExprKind::kFunction) {
    const auto& call = bound->as<FunctionExpr>();
    f = call.function, site = call.site, args = call.args;
  } else if (bound->kind == ExprKind::kSetReturning) {
    const auto& call = bound->as<SetReturningExpr>();
    f = call.function, site = call.site, args = call.args;
  }
  const bool plain_record = f != nullptr && f->name.ends_with("_populate_record") && !definitions.empty() &&
                            args[0]->type == type_oid::kRecord;
  if (f != nullptr && f->routine == nullptr && (makes_json_records(*f) || plain_record)) {
    return json_records(*f, *site, args, bound, definitions, position(call_node->location));
  }
  bool routine = f != nullptr && f->routine != nullptr;
  bool record = routine && bound->type == type_oid::kRecord && f->routine->column_types.empty();
  if (!definitions.empty() && !record) {
    if (!routine) throw_not_supported("column definition lists", position(call_node->location));
    std::string_view why = f->routine->column_types.empty()
                               ? "a column definition list is only allowed for functions returning \"record\""
                               : "a column definition list is redundant for a function with OUT parameters";
    throw SqlError(sqlstate::kSyntaxError, std::string(why)).at(position(definitions[0]->location));
  }
  if (record && definitions.empty()) {
    throw SqlError(sqlstate::kSyntaxError,
                   "a column definition list is required for functions returning \"record\"")
        .at(position(call_node->location));
  }
  if (!routine || (f->routine->column_types.empty() && !record)) return bound;
  if (record) {
    std::vector<Oid> types;
    std::vector<std::string_view> names;
    for (const parser::ColumnDef* d : definitions) {
      types.push_back(resolve_type(*d->type).type);
      names.push_back(d->name);
    }
    auto* info = arena_.make<functions::RoutineInfo>(*f->routine);
    info->column_types = arena_.copy(types);
    info->column_names = arena_.copy(names);
    auto* copy = arena_.make<functions::Function>(*f);
    copy->routine = info;
    copy->table = routine_table(info);
    f = copy;
  }
  if (bound->kind == ExprKind::kSetReturning && !record) return bound;
  f = as_table_function(*f);
  auto* own_site = arena_.make<functions::CallSite>(*site);
  own_site->routine = f;
  auto* srf = make<SetReturningExpr>(ExprKind::kSetReturning, bound->type, bound->location);
  srf->function = f;
  srf->site = own_site;
  srf->args = args;
  return srf;
}

// The call's range, with one column a result column; not yet among the scope's.
Range* Binder::function_range(Scope& scope, const parser::Node* call, bool with_ordinality,
                              std::string_view alias, parser::List<parser::ColumnDef> definitions) {
  bool outer_srf = scope.has_set_returning;
  Expr* bound = bind_clause(scope, call, Clause::kFromFunction);
  any_of(bound, [&](const Expr& x) {
    if (x.kind != ExprKind::kSetReturning || &x == bound) return false;
    throw SqlError(sqlstate::kFeatureNotSupported, "set-returning functions must appear at top level of FROM")
        .at(position(x.location));
  });
  bound = table_function(bound, call, definitions);
  scope.has_set_returning = outer_srf;
  auto* range = arena_.make<Range>();
  range->kind = RangeKind::kFunction;
  range->with_ordinality = with_ordinality;
  range->location = call->location;
  range->lateral = any_of(
      bound, [](const Expr& e) { return e.kind == ExprKind::kColumn && e.as<ColumnExpr>().levels_up == 0; });
  std::string_view name =
      parser::is<parser::FuncCall>(call) ? parser::as<parser::FuncCall>(call)->names.back() : "expression";
  if (bound->kind == ExprKind::kFunction) name = bound->as<FunctionExpr>().function->name;
  range->alias = alias.empty() ? name : alias;
  std::vector<RangeColumn> columns;
  if (bound->kind == ExprKind::kSetReturning && bound->as<SetReturningExpr>().function->routine != nullptr) {
    name = bound->as<SetReturningExpr>().function->name;
    if (alias.empty()) range->alias = name;
  }
  if (bound->kind == ExprKind::kSetReturning) {
    auto& srf = bound->as<SetReturningExpr>();
    range->function = srf.function;
    range->site = srf.site;
    range->args = srf.args;
    const auto& table = *srf.function->table;
    for (size_t i = 0; i < table.column_types.size(); ++i) {
      const functions::TypeInfo* info = functions::type_by_oid(table.column_types[i]);
      columns.push_back({table.column_names[i], table.column_types[i], -1,
                         info != nullptr && info->collatable ? catalog::kDefaultCollation : kInvalidOid});
    }
  } else if (is_row_type(bound->type) && bound->kind != ExprKind::kRow) {
    // A function of one row: its columns.
    std::vector<Expr*> fields;
    for (const ScopeColumn& c : expand_row(scope, bound, call->location)) {
      columns.push_back({c.name, c.expr->type, c.expr->typmod, c.expr->collation});
      fields.push_back(c.expr);
    }
    range->args = list(fields);
  } else {
    range->args = list({bound});
  }
  // A function of one column names it after the alias.
  if (columns.empty()) columns.push_back({range->alias, bound->type, bound->typmod, bound->collation});
  if (with_ordinality) columns.push_back({"ordinality", type_oid::kInt8, -1, kInvalidOid});
  range->columns = arena_.copy(columns);
  return range;
}

FromItem* Binder::bind_range_function(Scope& scope, const parser::RangeFunction& item) {
  std::string_view alias = item.alias == nullptr ? std::string_view() : item.alias->name;
  std::vector<const parser::Node*> calls;
  for (const parser::RangeFunctionItem& f : item.functions) {
    const parser::FuncCall* call =
        parser::is<parser::FuncCall>(f.call) ? parser::as<parser::FuncCall>(f.call) : nullptr;
    if (call == nullptr || call->names.back() != "unnest" || call->args.size() < 2 || call->variadic) {
      calls.push_back(f.call);
      continue;
    }
    // unnest(a, b) is ROWS FROM (unnest(a), unnest(b)).
    for (parser::Node*& arg : call->args) {
      auto* one = arena_.make<parser::FuncCall>(*call);
      one->args = parser::NodeList(&arg, 1);
      calls.push_back(one);
    }
  }
  if (calls.size() > 1) return bind_rows_from(scope, calls, item);
  auto definitions =
      item.column_definitions.empty() ? item.functions[0].column_definitions : item.column_definitions;
  Range* range = function_range(scope, calls[0], item.with_ordinality, alias, definitions);
  range->written_lateral = item.lateral;
  range->has_alias = item.alias != nullptr;
  return range_item(arena_, add_range(scope, range, {}, alias_columns(item.alias)));
}

// ROWS FROM (f, g, …): the functions side by side, joined by the number of the row.
FromItem* Binder::bind_rows_from(Scope& scope, const std::vector<const parser::Node*>& calls,
                                 const parser::RangeFunction& item) {
  auto* query = arena_.make<Query>();
  Scope inner;
  inner.parent = &scope;
  FromItem* joined = nullptr;
  Expr* number = nullptr;
  std::vector<Target> targets;
  std::string_view first_name;
  for (size_t place = 0; place < calls.size(); ++place) {
    const parser::Node* call = calls[place];
    bool written = place < item.functions.size() && item.functions[place].call == call;
    Range* range = function_range(
        inner, call, true, {},
        written ? item.functions[place].column_definitions : parser::List<parser::ColumnDef>());
    range->lateral = false;
    if (first_name.empty()) first_name = range->alias;
    auto index = static_cast<uint32_t>(inner.ranges.size());
    inner.ranges.push_back(range);
    for (size_t i = 0; i + 1 < range->columns.size(); ++i) {
      Target t;
      t.expr = make_column(*range, index, static_cast<int16_t>(i + 1));
      t.name = range->columns[i].name;
      targets.push_back(t);
    }
    Expr* ordinal = make_column(*range, index, static_cast<int16_t>(range->columns.size()));
    FromItem* leaf = range_item(arena_, index);
    if (joined == nullptr) {
      joined = leaf;
      number = ordinal;
      continue;
    }
    auto* join = arena_.make<FromItem>();
    join->kind = FromKind::kJoin;
    join->join = JoinKind::kFull;
    join->left = joined;
    join->right = leaf;
    join->condition = make_operator("=", number, ordinal, item.location);
    joined = join;
    auto* either = make<CoalesceExpr>(ExprKind::kCoalesce, type_oid::kInt8);
    either->args = list({number, ordinal});
    number = either;
  }
  Target t;
  t.expr = number;
  t.name = "ordinality";
  t.junk = !item.with_ordinality;
  targets.push_back(t);
  TargetKey key;
  key.target = static_cast<uint32_t>(targets.size() - 1);
  query->order_by = arena_.copy(std::vector<TargetKey>{key});
  query->from = arena_.copy(std::vector<FromItem*>{joined});
  finish_query(inner, *query, targets);
  auto* range = arena_.make<Range>();
  range->kind = RangeKind::kSubquery;
  range->query = query;
  range->lateral = range->written_lateral = true;
  range->has_alias = true;
  range->alias = item.alias == nullptr ? first_name : item.alias->name;
  range->columns = output_columns(*query, {}, {});
  return range_item(arena_, add_range(scope, range, {}, alias_columns(item.alias)));
}

// --- joins

namespace {

// The one column of this name on one side of a join.
ScopeColumn* side_column(Scope& scope, size_t first, size_t last, std::string_view name,
                         std::string_view side, int position) {
  ScopeColumn* found = nullptr;
  for (size_t i = first; i < last; ++i) {
    if (!scope.items[i].columns_visible) continue;
    for (ScopeColumn& c : scope.items[i].columns) {
      if (c.name != name) continue;
      if (found != nullptr) {
        throw SqlError(
            sqlstate::kAmbiguousColumn,
            fmt::format("common column name \"{}\" appears more than once in {} table", name, side))
            .at(position);
      }
      found = &c;
    }
  }
  return found;
}

}  // namespace

FromItem* Binder::bind_join(Scope& scope, const parser::JoinExpr& join, size_t first_item) {
  auto* item = arena_.make<FromItem>();
  item->kind = FromKind::kJoin;
  item->join = join.type == parser::JoinType::kInner  ? JoinKind::kInner
               : join.type == parser::JoinType::kLeft ? JoinKind::kLeft
               : join.type == parser::JoinType::kFull ? JoinKind::kFull
                                                      : JoinKind::kRight;
  size_t first_left_range = scope.ranges.size();
  const size_t first_named = scope.first_named;
  if (join.alias != nullptr) scope.first_named = scope.items.size();
  item->left = bind_from_item(scope, join.left, first_item);
  size_t first_right = scope.items.size(), first_right_range = scope.ranges.size();
  // LATERAL on the right of RIGHT and FULL joins cannot look at the left side.
  bool forbid = join.type == parser::JoinType::kRight || join.type == parser::JoinType::kFull;
  for (size_t i = first_item; forbid && i < first_right; ++i) {
    scope.items[i].lateral_only = true;
    scope.items[i].lateral_ok = false;
  }
  item->right = bind_from_item(scope, join.right, first_right);
  for (size_t i = first_item; forbid && i < first_right; ++i) {
    scope.items[i].lateral_only = false;
    scope.items[i].lateral_ok = true;
  }
  bool left_nullable = join.type == parser::JoinType::kRight || join.type == parser::JoinType::kFull;
  bool right_nullable = join.type == parser::JoinType::kLeft || join.type == parser::JoinType::kFull;
  for (size_t r = first_left_range; r < scope.ranges.size(); ++r) {
    if (r < first_right_range ? left_nullable : right_nullable) scope.nullable[r] = true;
  }
  std::vector<Expr*> conditions;
  if (join.natural || !join.using_columns.empty()) {
    item->using_columns = merge_columns(scope, join, first_item, first_right, &conditions);
  } else if (join.on != nullptr) {
    // Only the two sides are in sight.
    std::vector<ScopeItem> others(scope.items.begin(),
                                  scope.items.begin() + static_cast<ptrdiff_t>(first_item));
    scope.items.erase(scope.items.begin(), scope.items.begin() + static_cast<ptrdiff_t>(first_item));
    Expr* condition = bind_condition(scope, join.on, Clause::kJoinOn);
    scope.items.insert(scope.items.begin(), others.begin(), others.end());
    conditions.push_back(condition);
  }
  item->condition = make_and(conditions);
  if (join.alias != nullptr) {
    item->alias = join.alias->name;
    ScopeItem named;
    named.name = join.alias->name;
    size_t next_alias = 0;
    for (size_t i = first_item; i < scope.items.size(); ++i) {
      if (scope.items[i].columns_visible) {
        for (const ScopeColumn& c : scope.items[i].columns) {
          named.columns.push_back(c);
          if (next_alias < join.alias->columns.size())
            named.columns.back().name = join.alias->columns[next_alias++];
        }
      }
      scope.items[i].columns_visible = scope.items[i].name_visible = false;
    }
    scope.first_named = first_named;
    if (join.alias->columns.size() > named.columns.size()) {
      throw SqlError(sqlstate::kInvalidColumnReference,
                     fmt::format("join expression \"{}\" has {} columns available but {} columns specified",
                                 named.name, named.columns.size(), join.alias->columns.size()));
    }
    for (size_t i = first_named; i < scope.items.size(); ++i) {
      if (!scope.items[i].name_visible || scope.items[i].name != named.name) continue;
      throw SqlError(sqlstate::kDuplicateAlias,
                     fmt::format("table name \"{}\" specified more than once", named.name));
    }
    scope.items.push_back(std::move(named));
  }
  return item;
}

std::span<const std::string_view> Binder::merge_columns(Scope& scope, const parser::JoinExpr& join,
                                                        size_t first_left, size_t first_right,
                                                        std::vector<Expr*>* conditions) {
  constexpr int at = 0;  // these errors have no position
  std::vector<std::string_view> names(join.using_columns.begin(), join.using_columns.end());
  if (join.natural) {
    for (size_t i = first_left; i < first_right; ++i) {
      if (!scope.items[i].columns_visible) continue;
      for (const ScopeColumn& c : scope.items[i].columns) {
        if (side_column(scope, first_right, scope.items.size(), c.name, "right", at) != nullptr)
          names.push_back(c.name);
      }
    }
  }
  ScopeItem merged;
  merged.name_visible = false;
  for (std::string_view name : names) {
    ScopeColumn* left = side_column(scope, first_left, first_right, name, "left", at);
    ScopeColumn* right = side_column(scope, first_right, scope.items.size(), name, "right", at);
    if (left == nullptr || right == nullptr) {
      throw SqlError(sqlstate::kUndefinedColumn,
                     fmt::format("column \"{}\" specified in USING clause does not exist in {} table", name,
                                 left == nullptr ? "left" : "right"))
          .at(at);
    }
    conditions->push_back(make_operator("=", left->expr, right->expr, join.location));
    std::vector<Expr*> both{left->expr, right->expr};
    Oid common = select_common_type(both, "JOIN/USING");
    Expr* l = coerce_to_common(left->expr, common, "JOIN/USING");
    Expr* r = coerce_to_common(right->expr, common, "JOIN/USING");
    Expr* value = join.type == parser::JoinType::kRight ? r : l;
    if (join.type == parser::JoinType::kFull) {
      auto* coalesce = make<CoalesceExpr>(ExprKind::kCoalesce, common);
      coalesce->args = list({l, r});
      derive_collation(coalesce, coalesce->args);
      value = coalesce;
    }
    merged.columns.push_back({name, value});
  }
  if (join.using_alias != nullptr) {
    // The alias names the merged columns only.
    ScopeItem named;
    named.name = join.using_alias->name;
    named.columns = merged.columns;
    named.columns_visible = false;
    for (const ScopeItem& other : scope.items) {
      if (other.name_visible && other.name == named.name) {
        throw SqlError(sqlstate::kDuplicateAlias,
                       fmt::format("table name \"{}\" specified more than once", named.name));
      }
    }
    scope.items.push_back(std::move(named));
  }
  auto is_merged = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (size_t i = first_left; i < scope.items.size(); ++i) {
    if (!scope.items[i].columns_visible) continue;
    for (const ScopeColumn& c : scope.items[i].columns) {
      if (!is_merged(c.name)) merged.columns.push_back(c);
    }
    scope.items[i].columns_visible = false;
  }
  scope.items.push_back(std::move(merged));
  return arena_.copy(names);
}

// --- WITH

void Binder::bind_with(Scope& scope, const parser::WithClause& with) {
  for (const parser::CommonTableExpr* definition : with.ctes) scope.future_ctes.push_back(definition->name);
  for (const parser::CommonTableExpr* definition : with.ctes) {
    for (const NamedCte& other : scope.named_ctes) {
      if (other.name == definition->name) {
        throw SqlError(sqlstate::kDuplicateAlias,
                       fmt::format("WITH query name \"{}\" specified more than once", definition->name))
            .at(position(definition->location));
      }
    }
    bind_cte(scope, *definition, with.recursive);
    scope.future_ctes.erase(scope.future_ctes.begin());
  }
}

namespace {

bool mentions(const parser::Node* node, std::string_view name);

bool mentions_in_from(std::span<parser::Node* const> from, std::string_view name) {
  return std::any_of(from.begin(), from.end(), [&](const parser::Node* n) { return mentions(n, name); });
}

// Does a FROM item of the query (at any depth of FROM) name the CTE? Enough to tell recursion: PostgreSQL
// allows the recursive reference only there.
bool mentions(const parser::Node* node, std::string_view name) {
  if (node == nullptr) return false;
  switch (node->kind) {
    case parser::NodeKind::kRangeVar: {
      const auto* v = parser::as<parser::RangeVar>(node);
      return v->schema.empty() && v->name == name;
    }
    case parser::NodeKind::kJoinExpr:
      return mentions(parser::as<parser::JoinExpr>(node)->left, name) ||
             mentions(parser::as<parser::JoinExpr>(node)->right, name);
    case parser::NodeKind::kRangeSubselect:
      return mentions(parser::as<parser::RangeSubselect>(node)->query, name);
    case parser::NodeKind::kSelectStmt: {
      const auto* s = parser::as<parser::SelectStmt>(node);
      return mentions_in_from(s->from, name) || mentions(s->left, name) || mentions(s->right, name);
    }
    default:
      return false;
  }
}

}  // namespace

Query* Binder::bind_cte_query(Scope& scope, const parser::CommonTableExpr& definition) {
  using parser::NodeKind;
  const parser::Node* query = definition.query;
  if (parser::is<parser::SelectStmt>(query))
    return bind_select(*parser::as<parser::SelectStmt>(query), &scope);
  if (scope.parent != nullptr) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   "WITH clause containing a data-modifying statement must be at the top level")
        .at(position(definition.location));
  }
  Scope* outer = with_scope_;
  Query* bound = nullptr;
  switch (query->kind) {
    case NodeKind::kInsertStmt:
      bound = bind_insert(*parser::as<parser::InsertStmt>(query), &scope);
      break;
    case NodeKind::kUpdateStmt:
      bound = bind_update(*parser::as<parser::UpdateStmt>(query), &scope);
      break;
    case NodeKind::kDeleteStmt:
      bound = bind_delete(*parser::as<parser::DeleteStmt>(query), &scope);
      break;
    default:
      throw SqlError(sqlstate::kFeatureNotSupported, "MERGE not supported in WITH query")
          .at(position(definition.location));
  }
  with_scope_ = outer;
  return bound;
}

void Binder::bind_cte(Scope& scope, const parser::CommonTableExpr& definition, bool recursive) {
  auto* cte = arena_.make<Cte>();
  cte->name = definition.name;
  cte->materialize = definition.materialize == parser::CteMaterialize::kAlways;
  cte->written_materialized = cte->materialize;
  cte->never_materialize = definition.materialize == parser::CteMaterialize::kNever;
  cte->has_column_aliases = !definition.columns.empty();
  auto index = static_cast<uint32_t>(scope.ctes.size());
  if (recursive && mentions(definition.query, definition.name)) {
    scope.ctes.push_back(cte);
    scope.named_ctes.push_back({definition.name, index, cte});
    bind_recursive_cte(scope, definition, cte);
    return;
  }
  if (definition.search != nullptr || definition.cycle != nullptr) {
    throw SqlError(sqlstate::kSyntaxError, "WITH query is not recursive").at(position(definition.location));
  }
  bool hidden = scope.hide_items;
  scope.hide_items = true;
  Query* query = bind_cte_query(scope, definition);
  scope.hide_items = hidden;
  cte->query = query;
  cte->columns = output_columns(*query, definition.columns, definition.name, definition.location);
  index = static_cast<uint32_t>(scope.ctes.size());
  scope.ctes.push_back(cte);
  scope.named_ctes.push_back({definition.name, index, cte});
}

void Binder::bind_recursive_cte(Scope& scope, const parser::CommonTableExpr& definition, Cte* cte) {
  const auto& select = *parser::as<parser::SelectStmt>(definition.query);
  auto fail = [&](std::string text) {
    return SqlError(sqlstate::kInvalidRecursion, std::move(text)).at(position(definition.location));
  };
  if (select.set_operation != parser::SetOperation::kUnion) {
    throw fail(fmt::format(
        "recursive query \"{}\" does not have the form non-recursive-term UNION [ALL] recursive-term",
        cte->name));
  }
  if (mentions(select.left, cte->name)) {
    throw fail(fmt::format(
        "recursive reference to query \"{}\" must not appear within its non-recursive term", cte->name));
  }
  if (!select.order_by.empty() || select.limit_count != nullptr || select.limit_offset != nullptr ||
      !select.locking.empty()) {
    throw_not_supported(!select.order_by.empty()         ? "ORDER BY in a recursive query is not implemented"
                        : select.limit_offset != nullptr ? "OFFSET in a recursive query is not implemented"
                                                         : "LIMIT in a recursive query is not implemented",
                        position(definition.location));
  }
  cte->recursive = true;
  cte->expression_depth = expression_depth_;
  // The union is a query over two subqueries; the start decides the columns.
  auto* query = arena_.make<Query>();
  Scope inner;
  inner.parent = &scope;
  inner.hide_items = true;
  bool hidden = scope.hide_items;
  scope.hide_items = true;
  if (select.with != nullptr) {
    ++expression_depth_;
    bind_with(inner, *select.with);
    --expression_depth_;
  }
  cte->is_starting = true;
  Query* start = bind_select(*select.left, &inner);
  cte->is_starting = false;
  for (Target& t : start->targets) t.expr = resolve_unknown(t.expr);
  cte->columns = output_columns(*start, definition.columns, definition.name, definition.location);
  if (definition.search != nullptr || definition.cycle != nullptr) declare_search_and_cycle(definition, cte);
  const std::string_view outer_context = std::exchange(recursion_context_, {});
  Query* step = bind_select(*select.right, &inner, true);
  recursion_context_ = outer_context;
  scope.hide_items = hidden;
  auto within_outer = [&](auto&& self, const FromItem* item, bool nullable) -> const Range* {
    if (item == nullptr) return nullptr;
    if (item->kind == FromKind::kRange)
      return nullable && step->ranges[item->range]->work_table ? step->ranges[item->range] : nullptr;
    bool left = item->join == JoinKind::kRight || item->join == JoinKind::kFull;
    bool right = item->join == JoinKind::kLeft || item->join == JoinKind::kFull;
    const Range* found = self(self, item->left, nullable || left);
    return found != nullptr ? found : self(self, item->right, nullable || right);
  };
  for (const FromItem* item : step->from) {
    if (const Range* r = within_outer(within_outer, item, false)) {
      throw SqlError(
          sqlstate::kInvalidRecursion,
          fmt::format("recursive reference to query \"{}\" must not appear within an outer join", cte->name))
          .at(position(r->location));
    }
  }
  if (step->has_aggregates) {
    int32_t where = -1;
    for (const Target& t : step->targets) {
      any_of(t.expr, [&](const Expr& e) {
        if (e.kind == ExprKind::kAggregate && where < 0) where = e.location;
        return false;
      });
    }
    throw SqlError(sqlstate::kInvalidRecursion,
                   "aggregate functions are not allowed in a recursive query's recursive term")
        .at(position(where));
  }
  std::vector<Oid> types;
  size_t columns = 0;
  for (const Target& t : start->targets) {
    if (!t.junk) types.push_back(t.expr->type);
  }
  for (const Target& t : step->targets) columns += !t.junk;
  if (columns != types.size())
    throw SqlError(sqlstate::kSyntaxError, "each UNION query must have the same number of columns");
  size_t at = 0;
  for (Target& t : step->targets) {
    if (t.junk) continue;
    t.expr = t.expr->type == type_oid::kUnknown ? coerce_to_common(t.expr, types[at], "UNION") : t.expr;
    if (t.expr->type != types[at]) {
      throw SqlError(
          sqlstate::kDatatypeMismatch,
          fmt::format(
              "recursive query \"{}\" column {} has type {} in non-recursive term but type {} overall",
              cte->name, at + 1, type_text(types[at]), type_text(t.expr->type)))
          .hint("Cast the output of the non-recursive term to the correct type.")
          .at(position(t.expr->location));
    }
    ++at;
  }
  if (definition.search != nullptr || definition.cycle != nullptr) {
    add_search_and_cycle(definition, *cte, *start, *step);
    for (size_t i = types.size(); i < cte->columns.size(); ++i) types.push_back(cte->columns[i].type);
  }
  std::vector<Target> targets;
  for (Query* part : {start, step}) {
    auto* range = arena_.make<Range>();
    range->kind = RangeKind::kSubquery;
    range->query = part;
    range->columns = output_columns(*part, {}, {});
    range->alias = part == start ? "*SELECT* 1" : "*SELECT* 2";
    add_range(inner, range, {}, {});
  }
  for (size_t i = 0; i < types.size(); ++i) {
    Target t;
    t.expr = make_column(*inner.ranges[0], 0, static_cast<int16_t>(i + 1));
    t.name = cte->columns[i].name;
    targets.push_back(t);
  }
  query->set_op = arena_.make<SetOp>();
  query->set_op->op = SetOpKind::kUnion;
  query->set_op->all = select.set_all;
  for (uint32_t i = 0; i < 2; ++i) {
    auto* leaf = arena_.make<SetOp>();
    leaf->leaf = true;
    leaf->range = i;
    (i == 0 ? query->set_op->left : query->set_op->right) = leaf;
  }
  finish_query(inner, *query, targets);
  cte->query = query;
}

}  // namespace varve::analyzer
