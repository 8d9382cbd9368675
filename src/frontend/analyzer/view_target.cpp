// INSERT, UPDATE and DELETE through views: what the view's columns and conditions are in terms of its table.
#include <algorithm>

#include "analyzer/expression_walk.h"
#include "binder.h"
#include "parser/parser.h"

namespace varve::analyzer {

using catalog::RelationKind;

namespace {

// Why no row of the view is a row of one table; empty if each is.
std::string_view not_updatable(const parser::SelectStmt& s) {
  if (s.set_operation != parser::SetOperation::kNone)
    return "Views containing UNION, INTERSECT, or EXCEPT are not automatically updatable.";
  if (s.distinct || !s.distinct_on.empty())
    return "Views containing DISTINCT are not automatically updatable.";
  if (!s.group_by.empty()) return "Views containing GROUP BY are not automatically updatable.";
  if (s.having != nullptr) return "Views containing HAVING are not automatically updatable.";
  if (s.with != nullptr) return "Views containing WITH are not automatically updatable.";
  if (s.limit_count != nullptr || s.limit_offset != nullptr)
    return "Views containing LIMIT or OFFSET are not automatically updatable.";
  return {};
}

std::string_view not_single_table(const parser::SelectStmt& s) {
  if (s.from.size() == 1 && parser::is<parser::RangeTableSample>(s.from[0]))
    return "Views containing TABLESAMPLE are not automatically updatable.";
  if (s.from.size() != 1 || !parser::is<parser::RangeVar>(s.from[0])) {
    return "Views that do not select from a single table or view are not automatically updatable.";
  }
  return {};
}

[[noreturn]] void refuse(const catalog::Relation& view, std::string_view verb, std::string_view reason) {
  struct Words {
    std::string_view verb, message, doing;
  };
  static constexpr Words kWords[] = {{"INSERT", "cannot insert into", "inserting into"},
                                     {"UPDATE", "cannot update", "updating"},
                                     {"DELETE", "cannot delete from", "deleting from"}};
  const Words* words =
      std::find_if(std::begin(kWords), std::end(kWords), [&](const Words& w) { return w.verb == verb; });
  throw SqlError(sqlstate::kObjectNotInPrerequisiteState,
                 fmt::format("{} view \"{}\"", words->message, view.name))
      .detail(std::string(reason))
      .hint(fmt::format("To enable {} the view, provide an INSTEAD OF {} trigger or an unconditional ON {} "
                        "DO INSTEAD rule.",
                        words->doing, verb, verb));
}

// The letter of WITH CHECK OPTION: 'l'ocal, 'c'ascaded, or 0.
char check_option(const catalog::Relation& view) {
  if (view.options.find("check_option=cascaded") != std::string::npos) return 'c';
  return view.options.find("check_option=local") != std::string::npos ? 'l' : 0;
}

bool has_instead_trigger(const catalog::Relation& view, std::string_view verb) {
  using catalog::Trigger;
  int16_t event = verb == "INSERT"   ? Trigger::kInsert
                  : verb == "UPDATE" ? Trigger::kUpdate
                  : verb == "DELETE" ? Trigger::kDelete
                                     : int16_t{0};
  return std::any_of(view.triggers.begin(), view.triggers.end(),
                     [&](const Trigger& t) { return t.is_instead() && (t.type & event) != 0; });
}

}  // namespace

void Binder::add_instead_target(Scope& scope, const catalog::RelationPtr& view, const parser::RangeVar& name,
                                std::string_view verb) {
  if (verb != "INSERT") {
    bind_view(scope, view, name);
    return;
  }
  std::string_view alias = name.alias == nullptr ? std::string_view() : name.alias->name;
  std::span<const std::string_view> columns;
  if (name.alias != nullptr) columns = name.alias->columns;
  add_relation(scope, view, alias, columns, txn::LockMode::kRowExclusive);
  scope.items.back().table = kInvalidOid;  // a view has no system columns
}

void Binder::name_view_columns(const ModifyTarget& target, ScopeItem& item, uint32_t range) {
  std::vector<ScopeColumn> columns;
  for (size_t i = 0; i < target.columns.size(); ++i) {
    Expr* e = rewrite(target.columns[i].expr, arena_, [&](Expr* x) -> Expr* {
      if (x->kind != ExprKind::kColumn || x->as<ColumnExpr>().levels_up != 0 || range == 0) return nullptr;
      auto* c = arena_.make<ColumnExpr>(x->as<ColumnExpr>());
      c->range = range;
      return c;
    });
    columns.push_back({arena_.copy(target.named->columns[i].name), e});
  }
  item.columns = std::move(columns);
  item.table = kInvalidOid;  // a view has no system columns
}

// Fills `target` from the view's definition. `base`: the scope whose range 0 becomes the table.
void Binder::describe_view_target(const catalog::RelationPtr& view, std::string_view verb, bool cascaded,
                                  Scope& base, ModifyTarget* target) {
  std::string_view sql = arena_.copy(view->view_sql);
  parser::ParsedScript script = parser::parse(sql, arena_);
  const auto& select = *parser::as<parser::SelectStmt>(script.statements[0].statement);
  if (std::string_view reason = not_updatable(select); !reason.empty()) refuse(*view, verb, reason);
  AnalyzerContext::OpenView open = open_view(*view);
  AnalyzerContext inner = view_context(*view, sql, open);
  Binder binder(inner);
  if (select.from.size() != 1) {
    // What the select list returns is complained of first.
    Query* query = binder.bind_select(select, nullptr);
    if (query->has_aggregates)
      refuse(*view, verb, "Views that return aggregate functions are not automatically updatable.");
    if (query->has_windows)
      refuse(*view, verb, "Views that return window functions are not automatically updatable.");
    if (query->has_set_returning)
      refuse(*view, verb, "Views that return set-returning functions are not automatically updatable.");
  }
  if (std::string_view reason = not_single_table(select); !reason.empty()) refuse(*view, verb, reason);
  const auto& source = *parser::as<parser::RangeVar>(select.from[0]);
  catalog::RelationPtr from =
      lookup_relation(inner, source.schema, source.name, txn::LockMode::kRowExclusive, false, 0);
  char option = check_option(*view);
  bool checked = option != 0 || cascaded;
  Scope scope;  // as the view's own query sees its table
  ModifyTarget below;
  if (from->kind == RelationKind::kView && has_instead_trigger(*from, verb)) {
    below.relation = below.named = from;
    below.acts_as = inner.acts_as;
    target->instead = true;
    binder.add_instead_target(base, from, source, verb);
    scope.items = base.items;
    scope.ranges = base.ranges;
  } else if (from->kind == RelationKind::kView) {
    binder.describe_view_target(from, verb, cascaded || option == 'c', base, &below);
    ScopeItem item;
    item.name = source.alias == nullptr ? arena_.copy(from->name) : source.alias->name;
    if (source.alias == nullptr) item.schema = arena_.copy(from->schema_name);
    item.range = 0;
    binder.name_view_columns(below, item, 0);
    scope.items.push_back(std::move(item));
    scope.ranges = base.ranges;
    target->instead = below.instead;
  } else if (from->is_table()) {
    below.relation = below.named = from;
    uint32_t range = binder.add_relation(base, from, {}, {}, txn::LockMode::kRowExclusive);
    binder.add_target_family(*base.ranges[range], source.inherit, verb);
    scope.items = base.items;
    scope.ranges = base.ranges;
    if (source.alias != nullptr) {
      scope.items[0].name = source.alias->name;
      scope.items[0].schema = {};
      for (size_t i = 0; i < source.alias->columns.size() && i < scope.items[0].columns.size(); ++i) {
        scope.items[0].columns[i].name = source.alias->columns[i];
      }
    }
  } else {
    refuse(*view, verb,
           "Views that do not select from a single table or view are not automatically updatable.");
  }
  std::vector<Target> targets = binder.bind_targets(scope, select.targets, Clause::kSelect);
  if (scope.has_aggregates)
    refuse(*view, verb, "Views that return aggregate functions are not automatically updatable.");
  if (scope.has_windows)
    refuse(*view, verb, "Views that return window functions are not automatically updatable.");
  if (scope.has_set_returning)
    refuse(*view, verb, "Views that return set-returning functions are not automatically updatable.");
  target->relation = below.relation;
  target->acts_as = from->kind == RelationKind::kView ? below.acts_as : inner.acts_as;
  target->named = view;
  target->quals = below.quals;
  target->conditions = below.conditions;
  target->checks = below.checks;
  std::vector<catalog::ColumnNumber> used;
  for (Target& t : targets) {
    ViewColumn c;
    c.expr = resolve_unknown(t.expr);
    if (c.expr->kind != ExprKind::kColumn) {
      c.reason = c.expr->kind == ExprKind::kRow
                     ? "View columns that return whole-row references are not updatable."
                     : "View columns that are not columns of their base relation are not updatable.";
    } else if (c.expr->as<ColumnExpr>().column < 0) {
      c.reason = "View columns that refer to system columns are not updatable.";
    } else if (std::find(used.begin(), used.end(), c.expr->as<ColumnExpr>().column) != used.end()) {
      c.base = c.expr->as<ColumnExpr>().column;
    } else {
      c.base = c.expr->as<ColumnExpr>().column;
      used.push_back(c.base);
    }
    target->columns.push_back(c);
  }
  std::vector<catalog::ColumnNumber> base_columns;
  for (const ViewColumn& c : target->columns) base_columns.push_back(c.base);
  context_.relations.push_back(view);
  target->views = {{&context_.relations.back(), context_.acts_as,
                    arena_.copy(std::span<const catalog::ColumnNumber>(base_columns))}};
  target->views.insert(target->views.end(), below.views.begin(), below.views.end());
  if (used.empty() && verb != "DELETE")
    refuse(*view, verb, "Views that have no updatable columns are not automatically updatable.");
  if (select.where == nullptr) return;
  Expr* where = binder.bind_condition(scope, select.where, Clause::kWhere);
  target->conditions.push_back({where, inner.acts_as});
  if (view->has_option("security_barrier")) {
    Range& range = *base.ranges[0];
    std::vector<Expr*> security(range.security.begin(), range.security.end());
    security.push_back(where);
    range.security = arena_.copy(security);
    if (context_.security != nullptr) context_.security->used = true;
  } else {
    target->quals.push_back(where);
  }
  if (checked && verb != "DELETE") target->checks.push_back({where, arena_.copy(view->name)});
}

int Binder::view_events(const catalog::RelationPtr& view, bool with_triggers, catalog::ColumnNumber column) {
  static constexpr std::pair<std::string_view, int> kVerbs[] = {{"UPDATE", 4}, {"INSERT", 8}, {"DELETE", 16}};
  int events = 0;
  for (const auto& [verb, bit] : kVerbs) {
    if (with_triggers && has_instead_trigger(*view, verb)) {
      events |= bit;
      continue;
    }
    try {
      Scope base;
      ModifyTarget target;
      describe_view_target(view, verb, false, base, &target);
      bool takes =
          column == 0 || verb == "DELETE" || target.columns[static_cast<size_t>(column - 1)].base != 0;
      if (takes && (with_triggers || !target.instead)) events |= bit;
    } catch (const SqlError& e) {
      if (e.state() != sqlstate::kObjectNotInPrerequisiteState && e.state() != sqlstate::kFeatureNotSupported)
        throw;
    }
  }
  return events;
}

void Binder::set_rights(const ModifyTarget& target, Query& query) {
  query.written_views = arena_.copy(std::span<const WrittenView>(target.views));
  query.view_conditions = arena_.copy(std::span<const ViewCondition>(target.conditions));
  query.target_acts_as = target.acts_as;
}

ModifyTarget Binder::bind_view_target(Scope& scope, const catalog::RelationPtr& view,
                                      const parser::RangeVar& name, std::string_view verb) {
  ModifyTarget target;
  if (has_instead_trigger(*view, verb)) {
    target.relation = target.named = view;
    target.instead = true;
    add_instead_target(scope, view, name, verb);
    return target;
  }
  std::string_view alias = name.alias == nullptr ? std::string_view() : name.alias->name;
  Scope base;
  describe_view_target(view, verb, false, base, &target);
  scope.ranges = base.ranges;
  scope.items = std::move(base.items);
  ScopeItem& item = scope.items[0];
  item.name = alias.empty() ? arena_.copy(view->name) : alias;
  item.schema = alias.empty() ? arena_.copy(view->schema_name) : std::string_view();
  name_view_columns(target, item, 0);
  return target;
}

}  // namespace varve::analyzer
