// How one range is read: sequential scan, index scan, subquery, function, CTE; and index joins.
#include <algorithm>

#include "analyzer/expression_walk.h"
#include "common/sql_error.h"
#include "functions/array.h"
#include "functions/type_oids.h"
#include "query_planner.h"
#include "rewrite.h"

namespace varve::planner {

using analyzer::CastExpr;
using analyzer::ConstExpr;
using analyzer::FunctionExpr;
using analyzer::InListExpr;
using analyzer::RangeKind;
using catalog::ColumnNumber;

namespace {

Oid system_column_type(ColumnNumber number) {
  if (number == catalog::kTableOidColumn) return type_oid::kOid;
  return number == catalog::kCtidColumn ? type_oid::kTid : type_oid::kXid;
}

}  // namespace

std::vector<ColumnNumber> QueryPlanner::needed_columns(uint32_t range) {
  std::vector<ColumnNumber> columns;
  const std::vector<bool>& used = used_columns_[range];
  for (size_t i = 0; i < used.size(); ++i) {
    if (used[i]) columns.push_back(static_cast<ColumnNumber>(i + 1));
  }
  if (needs_ctid_[range]) columns.push_back(catalog::kCtidColumn);
  auto system = system_columns_.find(range);
  if (system != system_columns_.end())
    columns.insert(columns.end(), system->second.begin(), system->second.end());
  return columns;
}

std::vector<Expr*> QueryPlanner::scan_layout(uint32_t range, const std::vector<ColumnNumber>& columns) {
  std::vector<Expr*> layout;
  const Range& r = *query_.ranges[range];
  for (ColumnNumber number : columns) {
    auto* c = arena_.make<ColumnExpr>();
    c->kind = ExprKind::kColumn;
    c->range = range;
    c->column = number;
    c->type = system_column_type(number);
    if (number > 0) {
      const analyzer::RangeColumn& column = r.columns[static_cast<size_t>(number - 1)];
      c->type = column.type;
      c->typmod = column.typmod;
      c->collation = column.collation;
    }
    layout.push_back(c);
  }
  return layout;
}

std::span<OutputColumn> QueryPlanner::scan_output(const Range& range,
                                                  const std::vector<ColumnNumber>& columns) {
  std::vector<OutputColumn> output;
  for (ColumnNumber number : columns) {
    OutputColumn c{};
    if (number > 0) c.name = range.columns[static_cast<size_t>(number - 1)].name;
    c.type = number > 0 ? range.columns[static_cast<size_t>(number - 1)].type : system_column_type(number);
    c.typmod = number > 0 ? range.columns[static_cast<size_t>(number - 1)].typmod : -1;
    const functions::TypeInfo* info = functions::type_by_oid(c.type);
    c.physical = number == catalog::kCtidColumn ? types::PhysicalType::kInt64
                 : info == nullptr              ? types::PhysicalType::kString
                                                : info->physical;
    output.push_back(c);
  }
  return arena_.copy(output);
}

Node QueryPlanner::plan_range(uint32_t range, std::vector<Expr*> conjuncts) {
  const Range& r = *query_.ranges[range];
  if (r.kind == RangeKind::kRelation) return plan_relation(range, std::move(conjuncts));
  Node node;
  switch (r.kind) {
    case RangeKind::kSubquery:
      push_down_conditions(state_, query_, range, conjuncts);
      node = plan_subquery_range(range);
      break;
    case RangeKind::kFunction: {
      std::vector<OuterReference> none;
      node = plan_lateral_range(range, &none);
      break;
    }
    case RangeKind::kValues: {
      auto* plan = state_.make<ValuesPlan>(PlanKind::kValues);
      std::vector<ExprList> rows;
      Node nothing;
      for (const ExprList& row : r.rows) {
        std::vector<Expr*> folded;
        for (Expr* e : row) folded.push_back(fold(e));
        rows.push_back(resolve_all(folded, nothing));
      }
      plan->alias = r.alias;
      plan->rows_exprs = arena_.copy(rows);
      plan->rows = static_cast<double>(rows.size());
      plan->total_cost = plan->rows * state_.settings.cpu_tuple_cost;
      node.plan = plan;
      break;
    }
    case RangeKind::kCte: {
      QueryPlanner* owner = this;
      for (uint32_t i = 0; i < r.cte_levels_up; ++i) owner = owner->parent_;
      analyzer::Cte& cte = *owner->query_.ctes[r.cte];
      uint32_t number = owner->cte_numbers_[r.cte];
      note_outer_references(*cte.query, r.cte_levels_up);
      if (number == UINT32_MAX) {  // used once: a subquery that stands where it is named
        if (r.cte_levels_up == 0 && !cte.never_materialize && cte.references == 1) {
          query_.ranges[range]->kind = RangeKind::kSubquery;
          query_.ranges[range]->query = cte.query;
          push_down_conditions(state_, query_, range, conjuncts);
        }
        QueryPlanner inner(state_, *cte.query, r.cte_levels_up == 0 ? this : owner, true);
        node = inner.plan();
        break;
      }
      if (cte.recursive && !r.work_table && state_.statement.ctes[number] == nullptr) {
        node = owner->plan_recursive_cte(cte, number);
        state_.statement.ctes[number] = node.plan;
        break;
      }
      auto* plan = state_.make<CteScanPlan>(r.work_table ? PlanKind::kWorkTableScan : PlanKind::kCteScan);
      plan->cte = number;
      plan->alias = r.alias;
      Plan* source = state_.statement.ctes[number];
      plan->rows = source == nullptr ? 100 : source->rows;
      plan->total_cost = plan->rows * state_.settings.cpu_tuple_cost;
      node.plan = plan;
      break;
    }
    case RangeKind::kRelation:
      break;
  }
  std::vector<ColumnNumber> all;
  for (size_t i = 0; i < r.columns.size(); ++i) all.push_back(static_cast<ColumnNumber>(i + 1));
  node.layout = scan_layout(range, all);
  if (node.plan->output.empty()) node.plan->output = scan_output(r, all);
  node.ranges = RangeSet{1} << range;
  node.order.clear();
  return filter(std::move(node), conjuncts);
}

Node QueryPlanner::plan_subquery_range(uint32_t range) {
  QueryPlanner inner(state_, *query_.ranges[range]->query, this, true);
  Node node = inner.plan();
  if (!inner.outer_references().empty())
    throw SqlError(sqlstate::kInternalError, "a LATERAL item was planned as an independent one");
  return node;
}

Node QueryPlanner::plan_lateral_range(uint32_t range, std::vector<OuterReference>* references) {
  const Range& r = *query_.ranges[range];
  Node node;
  if (r.kind == RangeKind::kSubquery) {
    QueryPlanner inner(state_, *r.query, this, true);
    node = inner.plan();
    *references = inner.outer_references();
  } else {
    // Arguments become parameters of the nested loop.
    std::vector<Expr*> args;
    for (Expr* arg : r.args) {
      args.push_back(analyzer::rewrite(fold(arg), arena_, [&](Expr* x) -> Expr* {
        if (x->kind != ExprKind::kColumn || x->as<ColumnExpr>().levels_up != 0) return nullptr;
        auto* param = arena_.make<analyzer::ExecParamExpr>();
        static_cast<Expr&>(*param) = *x;
        param->kind = ExprKind::kExecParam;
        auto it = std::find_if(references->begin(), references->end(), [&](const OuterReference& o) {
          return analyzer::same_expression(o.value, x);
        });
        if (it == references->end()) {
          references->push_back({state_.new_slot(), x});
          it = references->end() - 1;
        }
        param->index = it->slot;
        return param;
      }));
    }
    Node nothing;
    if (r.function == nullptr) {
      auto* plan = state_.make<ResultPlan>(PlanKind::kResult);
      if (r.with_ordinality) {
        auto* first = arena_.make<analyzer::ConstExpr>();
        first->kind = ExprKind::kConst;
        first->type = type_oid::kInt8;
        first->value = types::Value::of_int64(1);
        args.push_back(first);
      }
      plan->exprs = resolve_all(args, nothing);
      node.plan = plan;
    } else {
      auto* plan = state_.make<FunctionScanPlan>(PlanKind::kFunctionScan);
      plan->alias = r.alias;
      plan->function = r.function;
      plan->site = r.site;
      plan->args = resolve_all(args, nothing);
      plan->with_ordinality = r.with_ordinality;
      plan->rows = 1000;
      plan->total_cost = 10;
      node.plan = plan;
    }
  }
  std::vector<ColumnNumber> all;
  for (size_t i = 0; i < r.columns.size(); ++i) all.push_back(static_cast<ColumnNumber>(i + 1));
  node.layout = scan_layout(range, all);
  if (node.plan->output.empty()) node.plan->output = scan_output(r, all);
  node.ranges = RangeSet{1} << range;
  return node;
}

// --- tables

namespace {

const Expr* strip_relabel(const Expr* e) {
  while (e->kind == ExprKind::kRelabel && e->as<CastExpr>().arg->collation == e->collation)
    e = e->as<CastExpr>().arg;
  return e;
}

bool is_column(const Expr* e, uint32_t range, int16_t column) {
  e = strip_relabel(e);
  return e->kind == ExprKind::kColumn && e->as<ColumnExpr>().levels_up == 0 &&
         e->as<ColumnExpr>().range == range && e->as<ColumnExpr>().column == column;
}

bool is_integer(Oid type) {
  return type == type_oid::kInt2 || type == type_oid::kInt4 || type == type_oid::kInt8;
}

std::string_view mirrored(std::string_view op) {
  if (op == "<") return ">";
  if (op == "<=") return ">=";
  if (op == ">") return "<";
  if (op == ">=") return "<=";
  return op;
}

}  // namespace

namespace {

// Values of the one are keys of the other as they are: text against a varchar or name key has the same bytes.
bool same_key(Oid type, Oid key) {
  if (type == key) return true;
  const functions::TypeInfo *from = functions::type_by_oid(type), *to = functions::type_by_oid(key);
  return from != nullptr && to != nullptr && from->physical == types::PhysicalType::kString &&
         to->physical == types::PhysicalType::kString && from->category == 'S' && to->category == 'S' &&
         key != type_oid::kBpchar && type != type_oid::kBpchar;
}

}  // namespace

Expr* QueryPlanner::key_value(const catalog::IndexColumn& key, Expr* value) {
  if (value->type == key.type) return value;
  const functions::TypeInfo* from = functions::type_by_oid(value->type);
  const functions::TypeInfo* to = functions::type_by_oid(key.type);
  if (from == nullptr || to == nullptr) return nullptr;
  // text against a varchar or name key: the same bytes.
  if (from->physical == types::PhysicalType::kString && to->physical == types::PhysicalType::kString) {
    return from->category == 'S' && to->category == 'S' && key.type != type_oid::kBpchar &&
                   value->type != type_oid::kBpchar
               ? value
               : nullptr;
  }
  if (!is_integer(value->type) || !is_integer(key.type)) return nullptr;
  if (to->length < from->length) {
    // A wider value: only a constant that fits the key can be looked up.
    if (value->kind != ExprKind::kConst || value->as<ConstExpr>().value.null) return nullptr;
    const types::Value& v = value->as<ConstExpr>().value;
    int64_t n = value->type == type_oid::kInt8 ? v.int64 : v.int32;
    if (key.type == type_oid::kInt4 ? n != static_cast<int32_t>(n) : n != static_cast<int16_t>(n))
      return nullptr;
  }
  const functions::Cast* cast = functions::find_cast(value->type, key.type);
  if (cast == nullptr || cast->function == kInvalidOid) return nullptr;
  auto* call = arena_.make<FunctionExpr>();
  call->kind = ExprKind::kFunction;
  call->type = key.type;
  call->function = functions::function_by_oid(cast->function);
  call->args = arena_.copy(std::vector<Expr*>{value});
  auto* site = arena_.make<functions::CallSite>();
  site->arg_types = call->function->args;
  site->result_type = key.type;
  call->site = site;
  return fold(call);
}

// The table's indexes that may be read under these conditions: a partial one only where they imply its
// predicate.
std::vector<QueryPlanner::RangeIndex> QueryPlanner::usable_indexes(uint32_t range,
                                                                   const std::vector<Expr*>& conjuncts) {
  const Range& r = *query_.ranges[range];
  std::vector<RangeIndex> found;
  for (const catalog::Index& index : (*r.relation)->indexes) {
    if (!index.serves_reads() || (index.tree == nullptr && r.family == nullptr)) continue;
    RangeIndex usable{&index, nullptr, {}};
    for (const analyzer::IndexExpressions& e : r.index_expressions) {
      if (e.index == &index) usable.bound = &e;
    }
    bool plain = std::all_of(index.keys.begin(), index.keys.end(),
                             [](const catalog::IndexColumn& k) { return k.column != 0; });
    if (usable.bound == nullptr && (!plain || !index.predicate_sql.empty())) continue;
    if (usable.bound != nullptr) {
      if (usable.bound->predicate != nullptr) {
        std::vector<Expr*> predicate;
        split_conjuncts(fold(at_range(usable.bound->predicate, range)), &predicate);
        bool implied = std::all_of(predicate.begin(), predicate.end(),
                                   [&](const Expr* p) { return is_implied(p, conjuncts); });
        if (!implied) continue;
        usable.predicate = std::move(predicate);
      }
      for (Expr* key : usable.bound->keys)
        usable.keys.push_back(key == nullptr ? nullptr : fold(at_range(key, range)));
    }
    found.push_back(std::move(usable));
  }
  return found;
}

// An expression bound over the table alone, as it reads in this query.
Expr* QueryPlanner::at_range(Expr* e, uint32_t range) {
  return analyzer::rewrite(e, arena_, [&](Expr* x) -> Expr* {
    if (x->kind != ExprKind::kColumn) return nullptr;
    auto* c = arena_.make<ColumnExpr>(x->as<ColumnExpr>());
    c->range = range;
    return c;
  });
}

namespace {

struct Bound {
  const Expr* column;
  std::string_view op;
  const ConstExpr* value;
};

// column op constant of the column's type.
bool as_bound(const Expr* e, Bound* out) {
  if (e->kind != ExprKind::kFunction || e->as<FunctionExpr>().op == nullptr ||
      e->as<FunctionExpr>().args.size() != 2)
    return false;
  const auto& f = e->as<FunctionExpr>();
  bool left = f.args[1]->kind == ExprKind::kConst;
  const Expr *column = f.args[left ? 0 : 1], *value = f.args[left ? 1 : 0];
  if (value->kind != ExprKind::kConst || value->as<ConstExpr>().value.null || column->type != value->type)
    return false;
  if (f.site->collation != nullptr && !f.site->collation->is_c()) return false;
  *out = {column, left ? f.op->name : mirrored(f.op->name), &value->as<ConstExpr>()};
  return true;
}

// Does x `op` a imply x `wanted` b?
bool bound_implies(const Bound& given, const Bound& wanted) {
  functions::CompareFunction compare = functions::compare_function(given.value->type);
  if (compare == nullptr || given.value->type != wanted.value->type) return false;
  int c = compare(given.value->value.bytes(), wanted.value->value.bytes(), nullptr);
  bool below = given.op == "<" || given.op == "<=", above = given.op == ">" || given.op == ">=",
       equal = given.op == "=";
  if (wanted.op == "<") return (equal && c < 0) || (given.op == "<" && c <= 0) || (given.op == "<=" && c < 0);
  if (wanted.op == "<=") return (equal || below) && c <= 0;
  if (wanted.op == ">") return (equal && c > 0) || (given.op == ">" && c >= 0) || (given.op == ">=" && c > 0);
  if (wanted.op == ">=") return (equal || above) && c >= 0;
  if (wanted.op == "<>")
    return (equal && c != 0) || (given.op == "<" && c <= 0) || (given.op == "<=" && c < 0) ||
           (given.op == ">" && c >= 0) || (given.op == ">=" && c > 0);
  return false;
}

}  // namespace

bool QueryPlanner::is_implied(const Expr* predicate, const std::vector<Expr*>& conjuncts) const {
  Bound wanted;
  bool compares = as_bound(predicate, &wanted);
  for (const Expr* c : conjuncts) {
    if (analyzer::same_expression(c, predicate)) return true;
    Bound given;
    if (compares && as_bound(c, &given) && analyzer::same_expression(given.column, wanted.column) &&
        bound_implies(given, wanted))
      return true;
    if (predicate->kind != ExprKind::kNullTest || !predicate->as<analyzer::NullTestExpr>().is_not_null)
      continue;
    // x IS NOT NULL follows from any strict comparison of x.
    const Expr* x = predicate->as<analyzer::NullTestExpr>().arg;
    if (c->kind == ExprKind::kInList && !c->as<InListExpr>().items.empty() &&
        analyzer::same_expression(c->as<InListExpr>().arg, x))
      return true;
    if (c->kind != ExprKind::kFunction || !c->as<FunctionExpr>().function->strict) continue;
    const auto& args = c->as<FunctionExpr>().args;
    if (std::any_of(args.begin(), args.end(), [&](const Expr* a) { return analyzer::same_expression(a, x); }))
      return true;
  }
  return predicate->kind == ExprKind::kConst && !predicate->as<ConstExpr>().value.null &&
         predicate->as<ConstExpr>().value.boolean != 0;
}

// What the executor needs to make the index's keys from a row.
const BoundIndex* QueryPlanner::bound_index(uint32_t range, const RangeIndex& index) {
  if (index.bound == nullptr) return nullptr;
  const catalog::Relation& relation = **query_.ranges[range]->relation;
  std::vector<ColumnNumber> live;
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    if (!relation.columns[i].dropped) live.push_back(static_cast<ColumnNumber>(i + 1));
  }
  Node row;
  row.layout = scan_layout(range, live);
  auto* bound = arena_.make<BoundIndex>();
  bound->index = index.index;
  std::vector<Expr*> keys;
  for (Expr* key : index.keys) keys.push_back(key == nullptr ? nullptr : resolve(key, row));
  bound->keys = arena_.copy(keys);
  if (!index.predicate.empty()) bound->predicate = resolve(conjunction(index.predicate), row);
  return bound;
}

// Is it the key, the column or the expression?
bool QueryPlanner::is_index_key(uint32_t range, const RangeIndex& index, size_t number, const Expr* e) const {
  const catalog::IndexColumn& key = index.index->keys[number];
  if (key.column > 0) return is_column(e, range, key.column);
  return analyzer::same_expression(strip_relabel(e), strip_relabel(index.keys[number]));
}

QueryPlanner::IndexMatch QueryPlanner::match_index(uint32_t range, const RangeIndex& candidate,
                                                   const std::vector<Expr*>& conjuncts, RangeSet available) {
  const catalog::Index& index = *candidate.index;
  IndexMatch match;
  match.index = candidate;
  size_t number = 0;
  auto is_key = [&](const Expr* e) { return is_index_key(range, candidate, number, e); };
  auto usable = [&](const Expr* value) {
    RangeSet needs = ranges_of(value);
    return (needs & ~available) == 0 && !analyzer::is_volatile(value) && !has_sublink(value);
  };
  for (; number < index.keys.size(); ++number) {
    const catalog::IndexColumn& key = index.keys[number];
    Expr* equal = nullptr;
    Expr* equal_conjunct = nullptr;
    for (Expr* c : conjuncts) {
      if (c->kind == ExprKind::kInList && match.any_of.empty()) {
        const auto& in = c->as<InListExpr>();
        if (in.negated || !is_key(in.arg) || in.site->collation != key.collation) continue;
        std::vector<Expr*> values;
        for (Expr* item : in.items) {
          Expr* v = usable(item) ? key_value(key, item) : nullptr;
          if (v != nullptr) values.push_back(v);
        }
        if (values.size() != in.items.size()) continue;
        match.any_of = std::move(values);
        match.used.push_back(c);
        match.selectivity *= selectivity(c);
        return match;
      }
      if (c->kind == ExprKind::kArrayOp) {
        const auto& any = c->as<analyzer::ArrayOpExpr>();
        const functions::TypeInfo* array = functions::type_by_oid(any.array->type);
        if (any.all || any.op == nullptr || any.op->name != "=" || !is_key(any.arg) ||
            any.site->collation != key.collation || array == nullptr ||
            !same_key(array->element_type, key.type) || !usable(any.array))
          continue;
        match.array_any = any.array;
        match.used.push_back(c);
        match.selectivity *= selectivity(c);
        return match;
      }
      if (c->kind != ExprKind::kFunction || c->as<FunctionExpr>().op == nullptr ||
          c->as<FunctionExpr>().args.size() != 2)
        continue;
      const auto& f = c->as<FunctionExpr>();
      if (f.site->collation != key.collation) continue;
      bool left = is_key(f.args[0]);
      if (!left && !is_key(f.args[1])) continue;
      Expr* value = left ? f.args[1] : f.args[0];
      if (f.op->name != "=" || !usable(value)) continue;
      equal = key_value(key, value);
      equal_conjunct = c;
      if (equal != nullptr) break;
    }
    if (equal != nullptr) {
      match.equal.push_back(equal);
      match.used.push_back(equal_conjunct);
      match.selectivity *=
          equal->kind == ExprKind::kConst
              ? selectivity(equal_conjunct)
              : key_selectivity(range, key,
                                number < candidate.keys.size() ? candidate.keys[number] : nullptr);
      continue;
    }
    // A range on this key, and no further.
    for (Expr* c : conjuncts) {
      if (c->kind != ExprKind::kFunction || c->as<FunctionExpr>().op == nullptr ||
          c->as<FunctionExpr>().args.size() != 2)
        continue;
      const auto& f = c->as<FunctionExpr>();
      if (f.site->collation != key.collation) continue;
      bool left = is_key(f.args[0]);
      if (!left && !is_key(f.args[1])) continue;
      Expr* value = left ? f.args[1] : f.args[0];
      if (!usable(value)) continue;
      std::string_view op = left ? f.op->name : mirrored(f.op->name);
      Expr* bound = op == "<" || op == "<=" || op == ">" || op == ">=" ? key_value(key, value) : nullptr;
      if (bound == nullptr) continue;
      bool is_lower = op[0] == '>';
      if (is_lower ? match.lower != nullptr : match.upper != nullptr) continue;
      (is_lower ? match.lower : match.upper) = bound;
      (is_lower ? match.lower_inclusive : match.upper_inclusive) = op.size() == 2;
      match.used.push_back(c);
      match.selectivity *= selectivity(c);
    }
    break;
  }
  match.unique = index.unique && index.immediate && match.equal.size() == index.keys.size();
  const analyzer::Family* family = query_.ranges[range]->family;
  if (family != nullptr && family->tables.empty()) match.unique = false;
  return match;
}

namespace {

// How many elements, as far as it can be known.
double array_length(const Expr& array) {
  constexpr double kUnknown = 10;
  if (array.kind == ExprKind::kArray) return static_cast<double>(array.as<analyzer::ListExpr>().args.size());
  if (array.kind != ExprKind::kConst || array.as<ConstExpr>().value.null) return kUnknown;
  return std::max(1.0, static_cast<double>(functions::ArrayView(array.as<ConstExpr>().value.view()).count()));
}

}  // namespace

Node QueryPlanner::scan_node(uint32_t range, ScanPlan* plan) {
  const Range& r = *query_.ranges[range];
  std::vector<ColumnNumber> columns = needed_columns(range);
  plan->relation = r.relation;
  plan->alias = r.alias;
  plan->columns = arena_.copy(columns);
  plan->output = scan_output(r, columns);
  Node node;
  node.ranges = RangeSet{1} << range;
  node.layout = scan_layout(range, columns);
  return node;
}

Node QueryPlanner::index_scan(uint32_t range, const IndexMatch& match, const std::vector<Expr*>& conjuncts,
                              bool backward) {
  const Range& r = *query_.ranges[range];
  const catalog::Relation& relation = **r.relation;
  auto* plan = state_.make<IndexScanPlan>(PlanKind::kIndexScan);
  Node node = scan_node(range, plan);
  plan->index = match.index.index;
  plan->bound = bound_index(range, match.index);
  if (r.family != nullptr && !set_members(range, plan, match.index.index)) return {};
  Node nothing;
  plan->equal = resolve_all(match.equal, nothing);
  plan->any_of = resolve_all(match.any_of, nothing);
  if (match.array_any != nullptr) plan->array_any = resolve(match.array_any, nothing);
  IndexBound lower, upper;
  if (match.lower != nullptr) lower = {resolve(match.lower, nothing), match.lower_inclusive};
  if (match.upper != nullptr) upper = {resolve(match.upper, nothing), match.upper_inclusive};
  plan->lower = lower;
  plan->upper = upper;
  plan->backward = backward;
  plan->unique_match = match.unique;
  std::vector<Expr*> rest;
  for (Expr* c : conjuncts) {
    if (std::find(match.used.begin(), match.used.end(), c) == match.used.end()) rest.push_back(c);
  }
  if (!rest.empty()) plan->filter = resolve(conjunction(rest), node);
  double rows = relation_rows(relation), pages = relation_pages(relation);
  const bool known_together = !relation.extended_statistics.empty();
  const double selected = known_together ? conjunction_selectivity(match.used) : match.selectivity;
  double found = match.unique ? 1 : std::max(1.0, rows * selected);
  plan->rows = std::max(1.0, found * conjunction_selectivity(rest));
  if (known_together && !match.unique) plan->rows = std::max(1.0, rows * conjunction_selectivity(conjuncts));
  const PlannerSettings& s = state_.settings;
  auto lookups = static_cast<double>(std::max<size_t>(1, match.any_of.size()));
  if (match.array_any != nullptr) lookups = array_length(*match.array_any);
  plan->total_cost =
      s.cpu_index_lookup_cost * lookups +
      found * (s.cpu_index_fetch_cost + s.cpu_operator_cost * static_cast<double>(rest.size())) +
      std::min(found, pages) * (found < 50 ? 0.01 : s.random_page_cost * 0.1);
  if (plan->filter != nullptr) plan->total_cost += subplan_cost(plan->filter, found);
  node.plan = plan;
  bool in_order = match.any_of.empty() && match.array_any == nullptr &&
                  (r.family == nullptr || plan->members.size() == 1 || members_in_order(range, match));
  for (size_t k = match.equal.size(); k < match.index.index->keys.size() && in_order; ++k) {
    const catalog::IndexColumn& key = match.index.index->keys[k];
    auto it = std::find_if(node.layout.begin(), node.layout.end(),
                           [&](const Expr* e) { return e->as<ColumnExpr>().column == key.column; });
    if (key.column <= 0 || it == node.layout.end()) break;
    node.order.push_back({static_cast<uint32_t>(it - node.layout.begin()), key.descending != backward,
                          key.nulls_first != backward});
  }
  return node;
}

Node QueryPlanner::plan_table(uint32_t range, std::vector<Expr*> conjuncts) {
  const Range& r = *query_.ranges[range];
  const catalog::Relation& relation = **r.relation;
  const PlannerSettings& s = state_.settings;
  if (r.family != nullptr) {
    choose_members(range, conjuncts);
    if (family_choices_[range].members.empty()) return plan_no_members(range);
  }
  double rows = relation_rows(relation);
  auto* scan = state_.make<ScanPlan>(PlanKind::kSeqScan);
  Node best = scan_node(range, scan);
  if (r.sample_percent != nullptr) {
    Node nothing;
    scan->sample_by_page = r.sample_by_page;
    scan->sample_percent = resolve(fold(r.sample_percent), nothing);
    if (r.sample_seed != nullptr) scan->sample_seed = resolve(fold(r.sample_seed), nothing);
  }
  if (!conjuncts.empty()) scan->filter = resolve(conjunction(conjuncts), best);
  scan->rows = std::max(1.0, rows * conjunction_selectivity(conjuncts));
  scan->total_cost = relation_pages(relation) * s.seq_page_cost * 0.25 + rows * s.cpu_tuple_cost +
                     rows * s.cpu_operator_cost * static_cast<double>(conjuncts.size());
  if (rows > 20000 && s.parallel_workers > 1)
    scan->total_cost /= std::min(4.0, static_cast<double>(s.parallel_workers));
  if (scan->filter != nullptr) scan->total_cost += subplan_cost(scan->filter, rows);
  if (!s.enable_seq_scan) scan->total_cost += 1e8;
  scan->parallel_safe = !analyzer::calls_routine(scan->filter);
  if (r.family != nullptr) set_members(range, scan, nullptr);
  best.plan = scan;
  if (!s.enable_index_scan || r.sample_percent != nullptr) return best;
  bool single = query_.from.size() == 1 && query_.from[0]->kind == analyzer::FromKind::kRange;
  for (const RangeIndex& index : usable_indexes(range, conjuncts)) {
    if (index.index->inverted()) {
      Node node = inverted_scan(range, index, conjuncts);
      if (node.plan != nullptr && node.plan->total_cost < best.plan->total_cost) best = std::move(node);
      continue;
    }
    IndexMatch match = match_index(range, index, conjuncts, 0);
    bool bounded = !match.equal.empty() || !match.any_of.empty() || match.array_any != nullptr ||
                   match.lower != nullptr || match.upper != nullptr;
    if (bounded) {
      Node node = index_scan(range, match, conjuncts, false);
      if (node.plan == nullptr) continue;  // not every member has it
      // A whole unique key beats any scan of a small table too: the table may grow under a cached plan.
      bool is_point = match.unique && best.plan->kind == PlanKind::kSeqScan;
      if (is_point || node.plan->total_cost < best.plan->total_cost) best = std::move(node);
    }
    if (single && s.enable_sort_avoidance && !match.unique)
      best = consider_order(std::move(best), range, match, conjuncts);
  }
  return best;
}

// ORDER BY … LIMIT over one table: an index that delivers the order may stop early.
Node QueryPlanner::consider_order(Node best, uint32_t range, const IndexMatch& match,
                                  const std::vector<Expr*>& conjuncts) {
  if (query_.ranges[range]->family != nullptr && family_choices_[range].members.size() != 1 &&
      !members_in_order(range, match))
    return best;
  if (query_.order_by.empty() || query_.has_aggregates || query_.has_group_clause || query_.has_windows ||
      query_.distinct || !query_.distinct_on.empty() || query_.has_set_returning || query_.limit == nullptr ||
      !match.any_of.empty() || match.array_any != nullptr) {
    return best;
  }
  int direction = 0;  // 1 forward, -1 backward
  size_t k = match.equal.size();
  for (const analyzer::TargetKey& key : query_.order_by) {
    if (k >= match.index.index->keys.size()) return best;
    const catalog::IndexColumn& column = match.index.index->keys[k++];
    const Expr* target = query_.targets[key.target].expr;
    bool same = column.column > 0 ? is_column(target, range, column.column)
                                  : analyzer::same_expression(strip_relabel(target),
                                                              strip_relabel(match.index.keys[k - 1]));
    if (!same || key.collation != column.collation) return best;
    bool forward = key.descending == column.descending && key.nulls_first == column.nulls_first;
    bool backward = key.descending != column.descending && key.nulls_first != column.nulls_first;
    int d = forward ? 1 : backward ? -1 : 0;
    if (d == 0 || (direction != 0 && d != direction)) return best;
    direction = d;
  }
  Node ordered = index_scan(range, match, conjuncts, direction < 0);
  if (ordered.plan == nullptr) return best;
  double wanted = 100;
  Expr* limit = fold(query_.limit);
  if (limit->kind == ExprKind::kConst && !limit->as<ConstExpr>().value.null)
    wanted = static_cast<double>(limit->as<ConstExpr>().value.int64) + 1;
  double share = std::min(1.0, wanted / std::max(1.0, ordered.plan->rows));
  if (ordered.plan->total_cost * share < best.plan->total_cost) {
    ordered.plan->total_cost *= share;
    return ordered;
  }
  return best;
}

double QueryPlanner::key_selectivity(uint32_t range, const catalog::IndexColumn& key,
                                     const Expr* expression) {
  if (expression != nullptr)
    return 1 / distinct_values(expression, relation_rows(**query_.ranges[range]->relation));
  ColumnExpr column;
  column.kind = ExprKind::kColumn;
  column.type = key.type;
  column.range = range;
  column.column = key.column;
  return 1 / distinct_values(&column, relation_rows(**query_.ranges[range]->relation));
}

bool QueryPlanner::best_join_index(RangeSet left, uint32_t range, const std::vector<Expr*>& conditions,
                                   const std::vector<Expr*>& filters, IndexMatch* match_out, double* rows) {
  const Range& r = *query_.ranges[range];
  if (!state_.settings.enable_index_join || r.kind != RangeKind::kRelation || r.sample_percent != nullptr)
    return false;
  if (r.family != nullptr && (!family_choices_.contains(range) || family_choices_[range].members.empty()))
    return false;
  for (const Expr* c : conditions) {
    if (has_sublink(c)) return false;
  }
  if (!may_look_up(range, conditions) || !may_look_up(range, filters)) return false;
  const catalog::Relation& relation = **r.relation;
  IndexMatch best;
  std::vector<Expr*> own = security_of(range);
  own.insert(own.end(), filters.begin(), filters.end());
  std::vector<Expr*> all = conditions;
  all.insert(all.end(), own.begin(), own.end());
  for (const RangeIndex& index : usable_indexes(range, own)) {
    if (!index.index->is_ordered()) continue;
    IndexMatch match = match_index(range, index, all, left);
    // At least one key must come from the left side.
    bool joined = std::any_of(
        match.used.begin(), match.used.begin() + static_cast<ptrdiff_t>(match.equal.size()),
        [&](Expr* c) { return std::find(conditions.begin(), conditions.end(), c) != conditions.end(); });
    if (!joined) continue;
    if (r.family != nullptr && members_looked_in(range, match) <= 0) continue;
    if (best.index.index == nullptr || match.unique > best.unique ||
        (match.unique == best.unique && match.selectivity < best.selectivity))
      best = match;
  }
  if (best.index.index == nullptr) return false;
  // What is looked up is usually there; keys of several columns are seldom independent.
  *rows = best.unique ? 1.0 : std::max(1.0, relation_rows(relation) * best.selectivity);
  // Opening the members' indexes for each row costs about as much as rows do.
  if (r.family != nullptr && match_out == nullptr) *rows += 2 * members_looked_in(range, best);
  if (match_out != nullptr) *match_out = std::move(best);
  return true;
}

Node QueryPlanner::index_join(const Node& left, uint32_t right_range, JoinType type,
                              const std::vector<Expr*>& conditions, const std::vector<Expr*>& filters) {
  std::vector<Expr*> right_filter = security_of(right_range);
  right_filter.insert(right_filter.end(), filters.begin(), filters.end());
  IndexMatch best;
  double per_row = 1;
  if (!best_join_index(left.ranges, right_range, conditions, filters, &best, &per_row)) {
    throw SqlError(sqlstate::kInternalError, "the index of a join has gone");
  }
  if (query_.ranges[right_range]->family != nullptr)
    return member_index_join(left, right_range, type, conditions, right_filter, best, per_row);
  IndexMatch bare = best;
  size_t keys = best.equal.size();
  bare.equal.clear();
  bare.any_of.clear();
  bare.array_any = nullptr;
  bare.lower = bare.upper = nullptr;
  bare.used.clear();
  // What the lookup answers; everything else is tested on the inner row or on the pair.
  std::vector<Expr*> answered(best.used.begin(), best.used.begin() + static_cast<ptrdiff_t>(keys));
  auto is_answered = [&](Expr* c) {
    return std::find(answered.begin(), answered.end(), c) != answered.end();
  };
  std::vector<Expr*> inner_filter, pair_conditions;
  for (Expr* c : right_filter) {
    if (!is_answered(c)) inner_filter.push_back(c);
  }
  for (Expr* c : conditions) {
    if (!is_answered(c)) pair_conditions.push_back(c);
  }
  Node inner = index_scan(right_range, bare, inner_filter, false);
  auto* plan = state_.make<IndexJoinPlan>(PlanKind::kIndexJoin);
  plan->join = type;
  plan->inner = &inner.plan->as<IndexScanPlan>();
  plan->children = arena_.copy(std::vector<Plan*>{left.plan});
  plan->keys = resolve_all(best.equal, left);
  Node node;
  node.ranges = left.ranges | RangeSet{1} << right_range;
  node.layout = left.layout;
  node.layout.insert(node.layout.end(), inner.layout.begin(), inner.layout.end());
  if (!pair_conditions.empty()) plan->condition = resolve(conjunction(pair_conditions), node);
  std::vector<OutputColumn> output(left.plan->output.begin(), left.plan->output.end());
  output.insert(output.end(), inner.plan->output.begin(), inner.plan->output.end());
  plan->output = arena_.copy(output);
  double matches = left.plan->rows * per_row;
  for (const Expr* c : inner_filter) matches *= selectivity(c);
  for (const Expr* c : pair_conditions) matches *= selectivity(c);
  plan->rows = std::max(1.0, matches);
  const PlannerSettings& s = state_.settings;
  plan->total_cost =
      left.plan->total_cost + left.plan->rows * (s.cpu_index_lookup_cost + per_row * s.cpu_index_fetch_cost);
  return finish_lookup_join(type, left, std::move(node), plan);
}

// What a join that looks rows up for each row of the left side has besides its own plan, costs and output.
Node QueryPlanner::finish_lookup_join(JoinType type, const Node& left, Node node, Plan* plan) {
  if (type == JoinType::kLeft) plan->rows = std::max(plan->rows, left.plan->rows);
  plan->startup_cost = left.plan->startup_cost;
  if (type == JoinType::kSemi || type == JoinType::kAnti) {
    plan->rows = type == JoinType::kSemi ? std::min(plan->rows, left.plan->rows)
                                         : std::max(1.0, left.plan->rows * 0.5);
    node.layout = left.layout;
    node.ranges = left.ranges;
    plan->output = left.plan->output;
  }
  // The lookups come in the left side's order.
  node.order = left.order;
  node.plan = plan;
  return node;
}

}  // namespace varve::planner
