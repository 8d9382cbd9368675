// Functions in FROM: sets, ROWS FROM, column definition lists, records out of JSON.
#include <algorithm>

#include "analyzer/expression_walk.h"
#include "binder.h"
#include "json_records.h"
#include "parser/parser.h"
#include "range_item.h"

namespace varve::analyzer {

using types::Value;

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
    if (!routine) throw_not_supported("a column definition list", position(call_node->location));
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

}  // namespace varve::analyzer
