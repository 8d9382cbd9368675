// FROM: tables, views, subqueries, functions, joins and CTEs become ranges, and their columns names in scope.
#include <algorithm>

#include "analyzer/expression_walk.h"
#include "binder.h"
#include "parser/parser.h"

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
        throw SqlError(sqlstate::kUndefinedTable, fmt::format("relation \"{}.{}\" does not exist", schema, name)).at(position);
      }
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
      if (relation != nullptr && relation->persistence == 't' && relation->schema != context.catalog.temporary_schema()) {
        throw SqlError(sqlstate::kFeatureNotSupported, "cannot access temporary tables of other sessions").at(position);
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
  for (const ScopeItem& item : scope.items) {
    if (!range->alias.empty() && item.name_visible && item.name == range->alias && (schema.empty() || item.schema == schema || item.schema.empty())) {
      throw SqlError(sqlstate::kDuplicateAlias, fmt::format("table name \"{}\" specified more than once", range->alias));
    }
  }
  size_t visible = 0;
  for (const RangeColumn& c : range->columns) visible += !c.name.empty();
  if (aliases.size() > visible) {
    throw SqlError(sqlstate::kInvalidColumnReference, fmt::format("table \"{}\" has {} columns available but {} columns specified",
                                                                  range->alias, visible, aliases.size()));
  }
  size_t next_alias = 0;
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
  e->range = index;
  e->column = column;
  return e;
}

uint32_t Binder::add_relation(Scope& scope, const catalog::RelationPtr& relation, std::string_view alias,
                              std::span<const std::string_view> column_aliases, txn::LockMode) {
  context_.relations.push_back(relation);
  auto* range = arena_.make<Range>();
  range->kind = RangeKind::kRelation;
  range->relation = &context_.relations.back();
  range->alias = alias.empty() ? arena_.copy(relation->name) : alias;
  auto* columns = arena_.make_array<RangeColumn>(relation->columns.size());
  for (size_t i = 0; i < relation->columns.size(); ++i) {
    const catalog::Column& c = relation->columns[i];
    columns[i] = {c.dropped ? std::string_view() : arena_.copy(c.name), c.type, c.typmod, c.collation};
  }
  range->columns = {columns, relation->columns.size()};
  return add_range(scope, range, alias.empty() ? arena_.copy(relation->schema_name) : std::string_view(), column_aliases);
}

namespace {

FromItem* range_item(Arena& arena, uint32_t range) {
  auto* item = arena.make<FromItem>();
  item->kind = FromKind::kRange;
  item->range = range;
  return item;
}

std::span<const std::string_view> alias_columns(const parser::Alias* alias) {
  return alias == nullptr ? std::span<const std::string_view>() : std::span<const std::string_view>(alias->columns);
}

}  // namespace

void Binder::bind_from(Scope& scope, std::span<parser::Node* const> from, std::vector<FromItem*>* items) {
  for (const parser::Node* node : from) items->push_back(bind_from_item(scope, node, scope.items.size()));
}

FromItem* Binder::bind_from_item(Scope& scope, const parser::Node* node, size_t first_item) {
  try {
    switch (node->kind) {
      case parser::NodeKind::kRangeVar: return bind_range_variable(scope, *parser::as<parser::RangeVar>(node));
      case parser::NodeKind::kRangeSubselect: return bind_subquery(scope, *parser::as<parser::RangeSubselect>(node));
      case parser::NodeKind::kRangeFunction: return bind_range_function(scope, *parser::as<parser::RangeFunction>(node));
      case parser::NodeKind::kJoinExpr: return bind_join(scope, *parser::as<parser::JoinExpr>(node), first_item);
      default: throw_not_supported(parser::kind_name(node->kind), position(node->location));
    }
  } catch (SqlError& error) {
    if (error.state() == sqlstate::kInvalidColumnReference && error.fields().position == 0) error.at(position(node->location));
    throw;
  }
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
  catalog::RelationPtr relation = lookup_relation(context_, item.schema, item.name, txn::LockMode::kAccessShare, false,
                                                  position(item.location));
  switch (relation->kind) {
    case RelationKind::kTable:
    case RelationKind::kMaterializedView: break;
    case RelationKind::kView: return bind_view(scope, relation, item);
    case RelationKind::kSequence:
    case RelationKind::kPartitioned:
    case RelationKind::kForeign:
      throw_not_supported(fmt::format("reading relation \"{}\" of this kind", relation->name), position(item.location));
    default:
      throw SqlError(sqlstate::kWrongObjectType, fmt::format("cannot open relation \"{}\"", relation->name))
          .at(position(item.location));
  }
  std::string_view alias = item.alias == nullptr ? std::string_view() : item.alias->name;
  return range_item(arena_, add_relation(scope, relation, alias, alias_columns(item.alias), txn::LockMode::kAccessShare));
}

FromItem* Binder::bind_view(Scope& scope, const catalog::RelationPtr& view, const parser::RangeVar& item) {
  // A view is its query. Its text was made with every name qualified, so no scope of this statement is seen.
  std::string_view sql = arena_.copy(view->view_sql);
  parser::ParsedScript script = parser::parse(sql, arena_);
  // System views name what they mean in pg_catalog alone, whatever the session's path.
  bool is_system = view->oid.value() < catalog::kFirstNormalOid;
  AnalyzerContext inner{context_.catalog, arena_, context_.relations, context_.eval, sql,
                        is_system ? std::span<const Oid>() : context_.search_path};
  inner.locker = context_.locker;
  Binder binder(inner);
  Query* query = binder.bind_select(*parser::as<parser::SelectStmt>(script.statements[0].statement), nullptr);
  auto* range = arena_.make<Range>();
  range->kind = RangeKind::kSubquery;
  range->query = query;
  range->alias = item.alias == nullptr ? arena_.copy(view->name) : item.alias->name;
  range->columns = output_columns(*query, {}, view->name);
  for (size_t i = 0; i < range->columns.size() && i < view->columns.size(); ++i) {
    range->columns[i].name = arena_.copy(view->columns[i].name);
  }
  std::string_view schema = item.alias == nullptr ? arena_.copy(view->schema_name) : std::string_view();
  return range_item(arena_, add_range(scope, range, schema, alias_columns(item.alias)));
}

FromItem* Binder::bind_cte_reference(Scope& scope, const parser::RangeVar& item, Cte* cte, uint32_t index, uint32_t levels) {
  auto* range = arena_.make<Range>();
  range->kind = RangeKind::kCte;
  range->alias = item.alias == nullptr ? item.name : item.alias->name;
  range->cte = index;
  range->cte_levels_up = levels;
  range->work_table = cte->query == nullptr;  // still being bound: the recursive reference
  range->columns = arena_.copy(std::span<const RangeColumn>(cte->columns));
  cte->references += !range->work_table;
  return range_item(arena_, add_range(scope, range, {}, alias_columns(item.alias)));
}

std::span<RangeColumn> Binder::output_columns(const Query& query, parser::NameList aliases, std::string_view name) {
  std::vector<RangeColumn> columns;
  std::span<const Target> targets = query.command == CommandType::kSelect ? query.targets : query.returning;
  for (const Target& t : targets) {
    if (!t.junk) columns.push_back({t.name, t.expr->type, t.expr->typmod, t.expr->collation});
  }
  if (aliases.size() > columns.size()) {
    throw SqlError(sqlstate::kInvalidColumnReference, fmt::format("WITH query \"{}\" has {} columns available but {} columns specified",
                                                                  name, columns.size(), aliases.size()));
  }
  for (size_t i = 0; i < aliases.size(); ++i) columns[i].name = aliases[i];
  return arena_.copy(columns);
}

FromItem* Binder::bind_subquery(Scope& scope, const parser::RangeSubselect& item) {
  bool hidden = scope.hide_items;
  scope.hide_items = !item.lateral;
  Query* query = bind_select(*parser::as<parser::SelectStmt>(item.query), &scope);
  scope.hide_items = hidden;
  auto* range = arena_.make<Range>();
  range->kind = RangeKind::kSubquery;
  range->query = query;
  range->lateral = item.lateral;
  range->alias = item.alias == nullptr ? std::string_view() : item.alias->name;
  range->columns = output_columns(*query, {}, {});
  return range_item(arena_, add_range(scope, range, {}, alias_columns(item.alias)));
}

FromItem* Binder::bind_range_function(Scope& scope, const parser::RangeFunction& item) {
  if (item.rows_from || item.functions.size() != 1) throw_not_supported("ROWS FROM", position(item.location));
  if (!item.column_definitions.empty() || !item.functions[0].column_definitions.empty()) {
    throw_not_supported("column definition lists", position(item.location));
  }
  const parser::Node* call = item.functions[0].call;
  Expr* bound = bind_clause(scope, call, Clause::kFromFunction);
  scope.has_set_returning = false;
  auto* range = arena_.make<Range>();
  range->kind = RangeKind::kFunction;
  range->with_ordinality = item.with_ordinality;
  range->lateral = any_of(bound, [](const Expr& e) { return e.kind == ExprKind::kColumn && e.as<ColumnExpr>().levels_up == 0; });
  std::string_view name = parser::is<parser::FuncCall>(call) ? parser::as<parser::FuncCall>(call)->names.back() : "expression";
  if (bound->kind == ExprKind::kFunction) name = bound->as<FunctionExpr>().function->name;
  range->alias = item.alias == nullptr ? name : item.alias->name;
  std::vector<RangeColumn> columns;
  if (bound->kind == ExprKind::kSetReturning) {
    auto& srf = bound->as<SetReturningExpr>();
    range->function = srf.function;
    range->site = srf.site;
    range->args = srf.args;
    const auto& table = *srf.function->table;
    for (size_t i = 0; i < table.column_types.size(); ++i) {
      columns.push_back({table.column_names[i], table.column_types[i], -1, catalog::kDefaultCollation});
    }
  } else {
    range->args = list({bound});
  }
  // A function of one column names it after the alias.
  if (columns.empty()) columns.push_back({range->alias, bound->type, bound->typmod, bound->collation});
  if (item.with_ordinality) columns.push_back({"ordinality", type_oid::kInt8, -1, kInvalidOid});
  range->columns = arena_.copy(columns);
  return range_item(arena_, add_range(scope, range, {}, alias_columns(item.alias)));
}

// --- joins

namespace {

// The one column of this name on one side of a join.
ScopeColumn* side_column(Scope& scope, size_t first, size_t last, std::string_view name, std::string_view side, int position) {
  ScopeColumn* found = nullptr;
  for (size_t i = first; i < last; ++i) {
    if (!scope.items[i].columns_visible) continue;
    for (ScopeColumn& c : scope.items[i].columns) {
      if (c.name != name) continue;
      if (found != nullptr) {
        throw SqlError(sqlstate::kAmbiguousColumn, fmt::format("common column name \"{}\" appears more than once in {} table", name, side)).at(position);
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
  item->left = bind_from_item(scope, join.left, first_item);
  size_t first_right = scope.items.size();
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
  std::vector<Expr*> conditions;
  if (join.natural || !join.using_columns.empty()) {
    merge_columns(scope, join, first_item, first_right, &conditions);
  } else if (join.on != nullptr) {
    // Only the two sides are in sight.
    std::vector<ScopeItem> others(scope.items.begin(), scope.items.begin() + static_cast<ptrdiff_t>(first_item));
    scope.items.erase(scope.items.begin(), scope.items.begin() + static_cast<ptrdiff_t>(first_item));
    Expr* condition = bind_condition(scope, join.on, Clause::kJoinOn);
    scope.items.insert(scope.items.begin(), others.begin(), others.end());
    conditions.push_back(condition);
  }
  item->condition = make_and(conditions);
  if (join.alias != nullptr) {
    ScopeItem named;
    named.name = join.alias->name;
    size_t next_alias = 0;
    for (size_t i = first_item; i < scope.items.size(); ++i) {
      if (scope.items[i].columns_visible) {
        for (const ScopeColumn& c : scope.items[i].columns) {
          named.columns.push_back(c);
          if (next_alias < join.alias->columns.size()) named.columns.back().name = join.alias->columns[next_alias++];
        }
      }
      scope.items[i].columns_visible = scope.items[i].name_visible = false;
    }
    scope.items.push_back(std::move(named));
  }
  return item;
}

void Binder::merge_columns(Scope& scope, const parser::JoinExpr& join, size_t first_left, size_t first_right,
                           std::vector<Expr*>* conditions) {
  int at = position(join.location);
  std::vector<std::string_view> names(join.using_columns.begin(), join.using_columns.end());
  if (join.natural) {
    for (size_t i = first_left; i < first_right; ++i) {
      if (!scope.items[i].columns_visible) continue;
      for (const ScopeColumn& c : scope.items[i].columns) {
        if (side_column(scope, first_right, scope.items.size(), c.name, "right", at) != nullptr) names.push_back(c.name);
      }
    }
  }
  ScopeItem merged;
  merged.name_visible = false;
  if (join.using_alias != nullptr) throw_not_supported("an alias for JOIN USING", at);
  for (std::string_view name : names) {
    ScopeColumn* left = side_column(scope, first_left, first_right, name, "left", at);
    ScopeColumn* right = side_column(scope, first_right, scope.items.size(), name, "right", at);
    if (left == nullptr || right == nullptr) {
      throw SqlError(sqlstate::kUndefinedColumn, fmt::format("column \"{}\" specified in USING clause does not exist in {} table",
                                                             name, left == nullptr ? "left" : "right")).at(at);
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
      coalesce->collation = common_collation(coalesce->args);
      value = coalesce;
    }
    merged.columns.push_back({name, value});
  }
  auto is_merged = [&](std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  for (size_t i = first_left; i < scope.items.size(); ++i) {
    if (!scope.items[i].columns_visible) continue;
    for (const ScopeColumn& c : scope.items[i].columns) {
      if (!is_merged(c.name)) merged.columns.push_back(c);
    }
    scope.items[i].columns_visible = false;
  }
  scope.items.push_back(std::move(merged));
}

// --- WITH

void Binder::bind_with(Scope& scope, const parser::WithClause& with) {
  for (const parser::CommonTableExpr* definition : with.ctes) {
    for (const NamedCte& other : scope.named_ctes) {
      if (other.name == definition->name) {
        throw SqlError(sqlstate::kDuplicateAlias, fmt::format("WITH query name \"{}\" specified more than once", definition->name))
            .at(position(definition->location));
      }
    }
    bind_cte(scope, *definition, with.recursive);
  }
}

namespace {

bool mentions(const parser::Node* node, std::string_view name);

bool mentions_in_from(std::span<parser::Node* const> from, std::string_view name) {
  return std::any_of(from.begin(), from.end(), [&](const parser::Node* n) { return mentions(n, name); });
}

// Does a FROM item of the query (at any depth of FROM) name the CTE? Enough to tell recursion: PostgreSQL allows the
// recursive reference only there.
bool mentions(const parser::Node* node, std::string_view name) {
  if (node == nullptr) return false;
  switch (node->kind) {
    case parser::NodeKind::kRangeVar: {
      const auto* v = parser::as<parser::RangeVar>(node);
      return v->schema.empty() && v->name == name;
    }
    case parser::NodeKind::kJoinExpr:
      return mentions(parser::as<parser::JoinExpr>(node)->left, name) || mentions(parser::as<parser::JoinExpr>(node)->right, name);
    case parser::NodeKind::kRangeSubselect: return mentions(parser::as<parser::RangeSubselect>(node)->query, name);
    case parser::NodeKind::kSelectStmt: {
      const auto* s = parser::as<parser::SelectStmt>(node);
      return mentions_in_from(s->from, name) || mentions(s->left, name) || mentions(s->right, name);
    }
    default: return false;
  }
}

}  // namespace

void Binder::bind_cte(Scope& scope, const parser::CommonTableExpr& definition, bool recursive) {
  if (!parser::is<parser::SelectStmt>(definition.query)) {
    throw_not_supported("data-modifying statements in WITH", position(definition.location));
  }
  if (definition.search != nullptr || definition.cycle != nullptr) {
    throw_not_supported("SEARCH and CYCLE clauses", position(definition.location));
  }
  auto* cte = arena_.make<Cte>();
  cte->name = definition.name;
  cte->materialize = definition.materialize == parser::CteMaterialize::kAlways;
  cte->never_materialize = definition.materialize == parser::CteMaterialize::kNever;
  auto index = static_cast<uint32_t>(scope.ctes.size());
  scope.ctes.push_back(cte);
  if (recursive && mentions(definition.query, definition.name)) {
    scope.named_ctes.push_back({definition.name, index, cte});
    bind_recursive_cte(scope, definition, cte);
    return;
  }
  bool hidden = scope.hide_items;
  scope.hide_items = true;
  cte->query = bind_select(*parser::as<parser::SelectStmt>(definition.query), &scope);
  scope.hide_items = hidden;
  cte->columns = output_columns(*cte->query, definition.columns, definition.name);
  scope.named_ctes.push_back({definition.name, index, cte});
}

void Binder::bind_recursive_cte(Scope& scope, const parser::CommonTableExpr& definition, Cte* cte) {
  const auto& select = *parser::as<parser::SelectStmt>(definition.query);
  auto fail = [&](std::string text) { return SqlError(sqlstate::kInvalidRecursion, std::move(text)).at(position(definition.location)); };
  if (select.set_operation != parser::SetOperation::kUnion) {
    throw fail(fmt::format("recursive query \"{}\" does not have the form non-recursive-term UNION [ALL] recursive-term", cte->name));
  }
  if (mentions(select.left, cte->name)) {
    throw fail(fmt::format("recursive reference to query \"{}\" must not appear within its non-recursive term", cte->name));
  }
  if (!select.order_by.empty() || select.limit_count != nullptr || select.limit_offset != nullptr || !select.locking.empty()) {
    throw_not_supported(!select.order_by.empty()          ? "ORDER BY in a recursive query is not implemented"
                        : select.limit_offset != nullptr ? "OFFSET in a recursive query is not implemented"
                                                          : "LIMIT in a recursive query is not implemented",
                        position(definition.location));
  }
  cte->recursive = true;
  // The union is a query over two subqueries; the start decides the columns.
  auto* query = arena_.make<Query>();
  Scope inner;
  inner.parent = &scope;
  inner.hide_items = true;
  bool hidden = scope.hide_items;
  scope.hide_items = true;
  if (select.with != nullptr) bind_with(inner, *select.with);
  Query* start = bind_select(*select.left, &inner);
  for (Target& t : start->targets) t.expr = resolve_unknown(t.expr);
  cte->columns = output_columns(*start, definition.columns, definition.name);
  Query* step = bind_select(*select.right, &inner);
  scope.hide_items = hidden;
  auto references = std::count_if(step->ranges.begin(), step->ranges.end(), [](const Range* r) { return r->work_table; });
  if (references > 1) throw fail(fmt::format("recursive reference to query \"{}\" must not appear more than once", cte->name));
  auto within_outer = [&](auto&& self, const FromItem* item, bool nullable) -> bool {
    if (item == nullptr) return false;
    if (item->kind == FromKind::kRange) return nullable && step->ranges[item->range]->work_table;
    bool left = item->join == JoinKind::kRight || item->join == JoinKind::kFull;
    bool right = item->join == JoinKind::kLeft || item->join == JoinKind::kFull;
    return self(self, item->left, nullable || left) || self(self, item->right, nullable || right);
  };
  for (const FromItem* item : step->from) {
    if (within_outer(within_outer, item, false)) {
      throw fail(fmt::format("recursive reference to query \"{}\" must not appear within an outer join", cte->name));
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
    throw SqlError(sqlstate::kInvalidRecursion, "aggregate functions are not allowed in a recursive query's recursive term")
        .at(position(where));
  }
  std::vector<Oid> types;
  size_t columns = 0;
  for (const Target& t : start->targets) {
    if (!t.junk) types.push_back(t.expr->type);
  }
  for (const Target& t : step->targets) columns += !t.junk;
  if (columns != types.size()) throw SqlError(sqlstate::kSyntaxError, "each UNION query must have the same number of columns");
  size_t at = 0;
  for (Target& t : step->targets) {
    if (t.junk) continue;
    t.expr = t.expr->type == type_oid::kUnknown ? coerce_to_common(t.expr, types[at], "UNION") : t.expr;
    if (t.expr->type != types[at]) {
      throw SqlError(sqlstate::kDatatypeMismatch,
                     fmt::format("recursive query \"{}\" column {} has type {} in non-recursive term but type {} overall",
                                 cte->name, at + 1, type_text(types[at]), type_text(t.expr->type)))
          .hint("Cast the output of the non-recursive term to the correct type.")
          .at(position(t.expr->location));
    }
    ++at;
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
