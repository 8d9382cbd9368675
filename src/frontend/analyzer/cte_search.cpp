// SEARCH and CYCLE of a recursive WITH query: columns that the recursion carries along.
//
//   SEARCH BREADTH FIRST   seq = ROW(0, c…), then ROW(depth + 1, c…)
//   SEARCH DEPTH FIRST     seq = ARRAY[ROW(c…)], then seq || ROW(c…)
//   CYCLE                  path likewise; mark says whether the row is on the path it was reached by, and
//   what is marked
//                          is not followed
#include <algorithm>

#include "analyzer/expression_walk.h"
#include "binder.h"

namespace varve::analyzer {

using functions::CastContext;
using types::Value;

namespace {

// The places of the named columns among the query's own.
std::vector<size_t> named_columns(const Cte& cte, size_t own, parser::NameList names) {
  std::vector<size_t> places;
  for (std::string_view name : names) {
    for (size_t i = 0; i < own; ++i) {
      if (cte.columns[i].name == name) places.push_back(i);
    }
  }
  return places;
}

}  // namespace

void Binder::declare_search_and_cycle(const parser::CommonTableExpr& definition, Cte* cte) {
  std::vector<RangeColumn> columns(cte->columns.begin(), cte->columns.end());
  size_t own = columns.size();
  auto fail = [&](SqlState state, std::string text, int32_t location) {
    return SqlError(state, std::move(text)).at(position(location));
  };
  auto has = [&](std::string_view name) {
    return std::any_of(columns.begin(), columns.begin() + static_cast<ptrdiff_t>(own),
                       [&](const RangeColumn& c) { return c.name == name; });
  };
  auto check_list = [&](parser::NameList names, std::string_view what, int32_t location) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (!has(names[i]))
        throw fail(sqlstate::kSyntaxError,
                   fmt::format("{} column \"{}\" not in WITH query column list", what, names[i]), location);
      if (std::find(names.begin(), names.begin() + static_cast<ptrdiff_t>(i), names[i]) !=
          names.begin() + static_cast<ptrdiff_t>(i)) {
        throw fail(sqlstate::kDuplicateColumn,
                   fmt::format("{} column \"{}\" specified more than once", what, names[i]), location);
      }
    }
  };
  auto check_new = [&](std::string_view name, std::string_view what, int32_t location) {
    if (has(name))
      throw fail(sqlstate::kSyntaxError,
                 fmt::format("{} column name \"{}\" already used in WITH query column list", what, name),
                 location);
  };
  const auto& select = *parser::as<parser::SelectStmt>(definition.query);
  if (select.left->set_operation != parser::SetOperation::kNone) {
    throw fail(sqlstate::kFeatureNotSupported,
               "with a SEARCH or CYCLE clause, the left side of the UNION must be a SELECT", -1);
  }
  if (select.right->set_operation != parser::SetOperation::kNone) {
    throw fail(sqlstate::kFeatureNotSupported,
               "with a SEARCH or CYCLE clause, the right side of the UNION must be a SELECT", -1);
  }
  if (const parser::CteSearchClause* search = definition.search) {
    check_list(search->columns, "search", search->location);
    check_new(search->sequence_column, "search sequence", search->location);
    columns.push_back({search->sequence_column,
                       search->breadth_first ? type_oid::kRecord : type_oid::kRecordArray, -1, kInvalidOid});
  }
  if (const parser::CteCycleClause* cycle = definition.cycle) {
    check_list(cycle->columns, "cycle", cycle->location);
    check_new(cycle->mark_column, "cycle mark", cycle->location);
    check_new(cycle->path_column, "cycle path", cycle->location);
    if (cycle->mark_column == cycle->path_column) {
      throw fail(sqlstate::kSyntaxError, "cycle mark column name and cycle path column name are the same",
                 cycle->location);
    }
    if (definition.search != nullptr && definition.search->sequence_column == cycle->mark_column) {
      throw fail(sqlstate::kSyntaxError,
                 "search sequence column name and cycle mark column name are the same",
                 definition.search->location);
    }
    if (definition.search != nullptr && definition.search->sequence_column == cycle->path_column) {
      throw fail(sqlstate::kSyntaxError,
                 "search sequence column name and cycle path column name are the same",
                 definition.search->location);
    }
    std::vector<Expr*> marks = cycle_marks(*cycle);
    columns.push_back({cycle->mark_column, marks[0]->type, -1, marks[0]->collation});
    columns.push_back({cycle->path_column, type_oid::kRecordArray, -1, kInvalidOid});
  }
  cte->columns = arena_.copy(columns);
}

// The values that say "a cycle" and "none".
std::vector<Expr*> Binder::cycle_marks(const parser::CteCycleClause& cycle) {
  Scope scope;
  std::vector<Expr*> marks{
      cycle.mark_value == nullptr ? make_bool(true) : bind_expr(scope, cycle.mark_value),
      cycle.mark_default == nullptr ? make_bool(false) : bind_expr(scope, cycle.mark_default)};
  Oid type = select_common_type(marks, "CYCLE");
  for (Expr*& mark : marks) mark = coerce_to_common(mark, type, "CYCLE/SET/TO");
  return marks;
}

void Binder::add_search_and_cycle(const parser::CommonTableExpr& definition, const Cte& cte, Query& start,
                                  Query& step) {
  uint32_t work = UINT32_MAX;
  for (uint32_t i = 0; i < step.ranges.size(); ++i) {
    if (step.ranges[i]->work_table) work = i;
  }
  if (work == UINT32_MAX) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   fmt::format("with a SEARCH or CYCLE clause, the recursive reference to WITH query \"{}\" "
                               "must be at the top level of its right-hand SELECT",
                               cte.name));
  }
  for (Query* part : {&start, &step}) {
    if (part->distinct || !part->distinct_on.empty() || part->has_set_returning || part->limit != nullptr) {
      throw_not_supported("SEARCH and CYCLE over DISTINCT, LIMIT or set-returning functions");
    }
  }
  size_t own =
      cte.columns.size() - (definition.search != nullptr ? 1 : 0) - (definition.cycle != nullptr ? 2 : 0);
  size_t next = own;
  std::vector<Target> first(start.targets.begin(), start.targets.end()),
      then(step.targets.begin(), step.targets.end());
  auto row_of = [&](const std::vector<Target>& targets, parser::NameList names, Expr* front) {
    std::vector<const Target*> visible;
    for (const Target& t : targets) {
      if (!t.junk) visible.push_back(&t);
    }
    std::vector<ScopeColumn> fields;
    if (front != nullptr) fields.push_back({"*DEPTH*", front});
    for (size_t place : named_columns(cte, own, names))
      fields.push_back({cte.columns[place].name, visible[place]->expr});
    return make_row(fields, type_oid::kRecord, -1);
  };
  auto carried = [&](size_t column) {
    return make_column(*step.ranges[work], work, static_cast<int16_t>(column + 1));
  };
  auto array_of = [&](Expr* row) {
    auto* array = make<ListExpr>(ExprKind::kArray, type_oid::kRecordArray);
    array->args = list({row});
    return array;
  };
  auto add = [&](std::vector<Target>* targets, std::string_view name, Expr* e) {
    Target t;
    t.expr = e;
    t.name = name;
    // Before what is only computed for sorting.
    auto at = std::find_if(targets->begin(), targets->end(), [](const Target& x) { return x.junk; });
    targets->insert(at, t);
  };
  std::vector<Target> first_plain = first, then_plain = then;
  if (const parser::CteSearchClause* search = definition.search) {
    Expr *begin, *onward;
    if (search->breadth_first) {
      begin = row_of(first_plain, search->columns, make_const(type_oid::kInt8, Value::of_int64(0)));
      RangeColumn depth{"*DEPTH*", type_oid::kInt8, -1, kInvalidOid};
      Expr* deeper = make_operator("+", make_field(carried(next), 0, depth, -1),
                                   make_const(type_oid::kInt8, Value::of_int64(1)), -1);
      onward = row_of(then_plain, search->columns, deeper);
    } else {
      begin = array_of(row_of(first_plain, search->columns, nullptr));
      onward =
          call_by_name("array_append", {carried(next), row_of(then_plain, search->columns, nullptr)}, -1);
    }
    add(&first, search->sequence_column, begin);
    add(&then, search->sequence_column, onward);
    ++next;
  }
  if (const parser::CteCycleClause* cycle = definition.cycle) {
    std::vector<Expr*> marks = cycle_marks(*cycle);
    Expr* row = row_of(then_plain, cycle->columns, nullptr);
    Expr* path = carried(next + 1);
    const functions::Operator* equal = functions::equality_operator(type_oid::kRecord);
    auto* on_path = make<ArrayOpExpr>(ExprKind::kArrayOp, type_oid::kBool);
    on_path->op = equal;
    on_path->function = functions::function_by_oid(equal->function);
    on_path->arg = row;
    on_path->array = path;
    Expr* pair[] = {row, row};
    on_path->site = make_site(*on_path->function, pair, type_oid::kBool, kInvalidOid);
    auto* mark = make<CaseExpr>(ExprKind::kCase, marks[0]->type);
    mark->conditions = list({on_path});
    mark->results = list({marks[0]});
    mark->otherwise = marks[1];
    mark->collation = marks[0]->collation;
    add(&first, cycle->mark_column, marks[1]);
    add(&first, cycle->path_column, array_of(row_of(first_plain, cycle->columns, nullptr)));
    add(&then, cycle->mark_column, mark);
    add(&then, cycle->path_column, call_by_name("array_append", {path, row}, -1));
    std::vector<Expr*> conditions{make_operator("<>", carried(next), marks[0], -1)};
    if (step.where != nullptr) conditions.push_back(step.where);
    step.where = make_and(conditions);
  }
  start.targets = arena_.copy(first);
  step.targets = arena_.copy(then);
}

}  // namespace varve::analyzer
