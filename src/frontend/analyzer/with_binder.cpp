// WITH: common table expressions, recursive ones with SEARCH and CYCLE among them.
#include <algorithm>

#include "analyzer/expression_walk.h"
#include "binder.h"
#include "parser/parser.h"

namespace varve::analyzer {

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

bool defines(const parser::WithClause* with, std::string_view name) {
  return with != nullptr && std::any_of(with->ctes.begin(), with->ctes.end(),
                                        [&](const auto* item) { return item->name == name; });
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
      if (defines(s->with, name)) return false;  // another one of that name
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
    auto refuse = [this](const char* what, const parser::Node* where) {
      SqlError error(sqlstate::kFeatureNotSupported,
                     fmt::format("{} in a recursive query is not implemented", what));
      if (where != nullptr) error.at(position(where->location));
      throw error;
    };
    if (!select.order_by.empty()) refuse("ORDER BY", select.order_by[0]->expression);
    if (select.limit_offset != nullptr) refuse("OFFSET", select.limit_offset);
    if (select.limit_count != nullptr) refuse("LIMIT", select.limit_count);
    refuse("FOR UPDATE/SHARE", nullptr);
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
