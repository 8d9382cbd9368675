// FROM: tables, views, subqueries and joins become ranges, and their columns names in scope. Functions in
// FROM: function_range_binder.cpp; CTEs: with_binder.cpp.
#include <algorithm>

#include "analyzer/expression_walk.h"
#include "analyzer/own_database.h"
#include "binder.h"
#include "catalog/extended_statistics.h"
#include "parser/parser.h"
#include "range_item.h"
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

}  // namespace varve::analyzer
