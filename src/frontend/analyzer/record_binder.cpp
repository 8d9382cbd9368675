// Row values and the parts of containers: ROW(…), whole rows, (r).f, a[i], a[l:u], and assignments to such
// parts.
#include <algorithm>

#include "analyzer/expression_walk.h"
#include "binder.h"
#include "catalog/user_type.h"
#include "container_functions.h"
#include "domain_binder.h"
#include "functions/fixed_array.h"

namespace varve::analyzer {

using functions::CastContext;
using types::Value;

bool is_row_type(Oid type) {
  if (type == type_oid::kRecord) return true;
  const functions::TypeInfo* info = functions::type_by_oid(type);
  return info != nullptr && info->kind == 'c';
}

// --- making rows

ListExpr* Binder::make_row(const std::vector<ScopeColumn>& fields, Oid type, int32_t location) {
  auto* row = make<ListExpr>(ExprKind::kRow, type, location);
  std::vector<Expr*> args;
  std::vector<std::string_view> names;
  for (const ScopeColumn& f : fields) {
    args.push_back(f.expr);
    names.push_back(f.name);
  }
  row->args = list(args);
  row->names = arena_.copy(names);
  return row;
}

void Binder::refresh_row_type(Oid type) {
  context_.catalog.load_type(type);
  const functions::TypeInfo* info = functions::type_by_oid(type);
  if (info != nullptr && info->kind == 'c') context_.catalog.relation(info->relation);
}

// The row of a FROM item. What an outer join may leave out is NULL as a whole, not a row of NULLs.
Expr* Binder::whole_row(Scope& scope, const ScopeItem& item, int32_t location) {
  std::vector<ScopeColumn> fields;
  for (const ScopeColumn& c : item.columns) fields.push_back({c.name, copy_node(*c.expr, arena_)});
  Oid type = type_oid::kRecord;
  const Range* range = item.range < scope.ranges.size() ? scope.ranges[item.range] : nullptr;
  if (range != nullptr && range->relation != nullptr && (*range->relation)->row_type != kInvalidOid) {
    type = (*range->relation)->row_type;
    refresh_row_type(type);
  }
  // A function of one value is that value.
  if (range != nullptr && range->kind == RangeKind::kFunction && fields.size() == 1 &&
      !range->with_ordinality) {
    fields[0].expr->location = location;
    return fields[0].expr;
  }
  Expr* row = make_row(fields, type, location);
  if (range == nullptr || item.range >= scope.nullable.size() || !scope.nullable[item.range]) return row;
  Expr* absent = nullptr;
  auto is_null = [&](Expr* e) {
    auto* test = make<NullTestExpr>(ExprKind::kNullTest, type_oid::kBool, location);
    test->arg = e;
    return test;
  };
  if (range->relation != nullptr) {
    auto* ctid = make<ColumnExpr>(ExprKind::kColumn, type_oid::kTid, location);
    ctid->range = item.range;
    ctid->column = catalog::kCtidColumn;
    absent = is_null(ctid);
  } else {
    std::vector<Expr*> tests;
    for (const ScopeColumn& f : fields) tests.push_back(is_null(f.expr));
    absent = make_and(tests);
  }
  if (absent == nullptr) return row;
  auto* choice = make<CaseExpr>(ExprKind::kCase, type, location);
  choice->conditions = list({absent});
  choice->results = list({make_null(type)});
  choice->otherwise = row;
  return choice;
}

namespace {

// The ROW(…) inside of what whole_row() made; null if the expression is something else.
const ListExpr* row_constructor(const Expr* e) {
  if (e->kind == ExprKind::kRow) return &e->as<ListExpr>();
  if (e->kind == ExprKind::kCase && e->as<CaseExpr>().otherwise->kind == ExprKind::kRow) {
    const auto& c = e->as<CaseExpr>();
    if (c.results.size() == 1 && c.results[0]->kind == ExprKind::kConst) return &c.otherwise->as<ListExpr>();
  }
  return nullptr;
}

const Target* visible_target(const Query& query, int16_t column) {
  int16_t at = 0;
  std::span<const Target> targets = query.command == CommandType::kSelect ? query.targets : query.returning;
  for (const Target& t : targets) {
    if (!t.junk && ++at == column) return &t;
  }
  return nullptr;
}

// What a column of row type was made by, as far as that can be seen: an expression of `*ranges`.
const Expr* column_source(const ColumnExpr& column, std::span<Range* const>* ranges) {
  if (column.column <= 0 || column.range >= ranges->size()) return nullptr;
  const Range& range = *(*ranges)[column.range];
  if (range.kind == RangeKind::kSubquery) {
    const Target* t = visible_target(*range.query, column.column);
    if (t == nullptr) return nullptr;
    if (range.query->set_op != nullptr || range.query->command != CommandType::kSelect) {
      *ranges = range.query->ranges;
      return t->expr;
    }
    *ranges = range.query->ranges;
    return t->expr;
  }
  if (range.kind == RangeKind::kValues && !range.rows.empty())
    return range.rows[0][static_cast<size_t>(column.column - 1)];
  if (range.kind == RangeKind::kFunction && range.function == nullptr && range.args.size() == 1)
    return range.args[0];
  return nullptr;
}

}  // namespace

namespace {

struct ResultColumns {
  std::span<const Oid> types;
  std::span<const std::string_view> names;
};

// Of a call with OUT parameters or of a set of rows; empty otherwise.
ResultColumns result_columns(const Expr& e) {
  const functions::Function* f = e.kind == ExprKind::kFunction       ? e.as<FunctionExpr>().function
                                 : e.kind == ExprKind::kSetReturning ? e.as<SetReturningExpr>().function
                                                                     : nullptr;
  if (f == nullptr) return {};
  if (f->routine != nullptr) return {f->routine->column_types, f->routine->column_names};
  if (f->table != nullptr) return {f->table->column_types, f->table->column_names};
  return {};
}

}  // namespace

std::vector<RangeColumn> Binder::row_fields(const Expr* e, Scope* scope) {
  std::vector<RangeColumn> fields;
  if (const functions::TypeInfo* info = functions::type_by_oid(e->type);
      info != nullptr && info->kind == 'c') {
    for (const functions::CompositeField& f : info->fields)
      fields.push_back({f.name, f.type, f.typmod, f.collation, f.domain});
    return fields;
  }
  std::span<Range* const> ranges;
  for (int depth = 0; e != nullptr && depth < 32; ++depth) {
    if (ResultColumns result = result_columns(*e); !result.types.empty()) {
      for (size_t i = 0; i < result.types.size(); ++i) {
        const functions::TypeInfo* info = functions::type_by_oid(result.types[i]);
        bool collatable = info != nullptr && info->collatable;
        fields.push_back(
            {result.names[i], result.types[i], -1, collatable ? catalog::kDefaultCollation : kInvalidOid});
      }
      return fields;
    }
    if (const ListExpr* row = row_constructor(e)) {
      for (size_t i = 0; i < row->args.size(); ++i) {
        std::string_view name =
            i < row->names.size() ? row->names[i] : std::string_view(arena_.copy(fmt::format("f{}", i + 1)));
        fields.push_back({name, row->args[i]->type, row->args[i]->typmod, row->args[i]->collation});
      }
      return fields;
    }
    if (e->kind == ExprKind::kColumn) {
      const auto& column = e->as<ColumnExpr>();
      if (ranges.empty()) {
        Scope* level = scope;
        for (uint32_t i = 0; i < column.levels_up && level != nullptr; ++i) level = level->parent;
        if (level == nullptr) return fields;
        ranges = level->ranges;
        if (column.column > 0 && column.range < ranges.size() &&
            ranges[column.range]->kind == RangeKind::kCte) {
          const Range& range = *ranges[column.range];
          for (uint32_t i = 0; i < range.cte_levels_up && level != nullptr; ++i) level = level->parent;
          if (level == nullptr || level->ctes[range.cte]->query == nullptr) return fields;
          const Query& query = *level->ctes[range.cte]->query;
          const Target* t = visible_target(query, column.column);
          e = t == nullptr ? nullptr : t->expr;
          ranges = query.ranges;
          continue;
        }
      }
      e = column_source(column, &ranges);
      continue;
    }
    if (e->kind == ExprKind::kSubquery && e->as<SubqueryExpr>().subquery == SubqueryKind::kScalar) {
      const Query& query = *e->as<SubqueryExpr>().query;
      const Target* t = visible_target(query, 1);
      e = t == nullptr ? nullptr : t->expr;
      ranges = query.ranges;
      continue;
    }
    return fields;
  }
  return fields;
}

Expr* Binder::make_field(Expr* row, uint32_t index, const RangeColumn& field, int32_t location) {
  if (const ListExpr* known = row_constructor(row); known != nullptr && !is_volatile(row)) {
    Expr* e = copy_node(*known->args[index], arena_);
    e->location = location;
    return e;
  }
  std::vector<Expr*> args{row, make_const(type_oid::kInt4, Value::of_int32(static_cast<int32_t>(index)))};
  auto* call = make<FunctionExpr>(ExprKind::kFunction, field.type, location);
  call->function = &record_field_function();
  call->args = list(args);
  call->site = make_site(*call->function, args, field.type, kInvalidOid);
  call->typmod = field.typmod;
  call->collation = field.collation;
  call->domain = field.domain;
  return call;
}

Expr* Binder::select_field(Scope& scope, Expr* row, std::string_view name, int32_t location) {
  refresh_row_type(row->type);
  if (!is_row_type(row->type)) {
    throw SqlError(sqlstate::kWrongObjectType,
                   fmt::format("column notation .{} applied to type {}, which is not a composite type", name,
                               type_text(row->type)))
        .at(position(location));
  }
  std::vector<RangeColumn> fields = row_fields(row, &scope);
  for (uint32_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == name) return make_field(row, i, fields[i], location);
  }
  // (r).f: a function of the row.
  CallArguments call;
  call.name = name;
  call.args = {row};
  call.names = {std::string_view()};
  call.location = location;
  try {
    Expr* called = call_function(call);
    if (called->as<FunctionExpr>().function->kind == functions::FunctionKind::kScalar) return called;
  } catch (const SqlError& e) {
    if (e.state() != sqlstate::kUndefinedFunction && e.state() != sqlstate::kAmbiguousFunction) throw;
  }
  bool named = row->type != type_oid::kRecord;
  if (const ListExpr* known = row_constructor(row);
      named && known != nullptr && !known->args.empty() && known->args[0]->kind == ExprKind::kColumn) {
    // The row of a table in FROM: as if its column had been named.
    const auto& first = known->args[0]->as<ColumnExpr>();
    const Scope* level = &scope;
    for (uint32_t i = 0; i < first.levels_up && level != nullptr; ++i) level = level->parent;
    if (level != nullptr && first.range < level->ranges.size()) {
      throw SqlError(sqlstate::kUndefinedColumn,
                     fmt::format("column {}.{} does not exist", level->ranges[first.range]->alias, name))
          .at(position(location));
    }
  }
  throw SqlError(sqlstate::kUndefinedColumn,
                 named ? fmt::format("column \"{}\" not found in data type {}", name, type_text(row->type))
                       : fmt::format("could not identify column \"{}\" in record data type", name))
      .at(position(location));
}

// (r).*
std::vector<ScopeColumn> Binder::expand_row(Scope& scope, Expr* row, int32_t location) {
  refresh_row_type(row->type);
  if (!is_row_type(row->type)) {
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("type {} is not composite", type_text(row->type)));
  }
  std::vector<RangeColumn> fields = row_fields(row, &scope);
  if (fields.empty()) {
    throw SqlError(sqlstate::kFeatureNotSupported, "record type has not been registered")
        .at(position(location));
  }
  std::vector<ScopeColumn> columns;
  for (uint32_t i = 0; i < fields.size(); ++i)
    columns.push_back({fields[i].name, make_field(row, i, fields[i], location)});
  return columns;
}

// ROW(…) becomes a value of a composite type field by field. Null: there is no such cast.
Expr* Binder::coerce_row(ListExpr& row, Oid to, CastContext context, int32_t location) {
  refresh_row_type(to);
  const functions::TypeInfo* info = functions::type_by_oid(to);
  auto fail = [&](std::string detail) {
    return SqlError(sqlstate::kCannotCoerce,
                    fmt::format("cannot cast type {} to {}", type_text(row.type), type_text(to)))
        .detail(std::move(detail))
        .at(position(location));
  };
  std::vector<ScopeColumn> fields;
  for (size_t i = 0; i < info->fields.size(); ++i) {
    const functions::CompositeField& f = info->fields[i];
    if (i >= row.args.size()) throw fail("Input has too few columns.");
    Expr* field = try_coerce(row.args[i], f.target(), f.domain != kInvalidOid ? -1 : f.typmod, context);
    if (field == nullptr) {
      throw fail(fmt::format("Cannot cast type {} to {} in column {}.", type_text(row.args[i]->type),
                             type_text(f.type), i + 1))
          .at(position(context == CastContext::kExplicit ? location : row.args[i]->location));
    }
    fields.push_back({f.name, field});
  }
  if (row.args.size() > info->fields.size()) throw fail("Input has too many columns.");
  return make_row(fields, to, row.location);
}

// --- subscripts

namespace {

Oid element_type(Oid container) {
  const functions::TypeInfo* info = functions::type_by_oid(container);
  return info == nullptr ? kInvalidOid : info->element_type;
}

}  // namespace

Subscripts Binder::bind_subscripts(Scope& scope, Oid container, std::span<parser::Node* const> steps,
                                   int32_t location) {
  if (element_type(container) == kInvalidOid) {
    throw SqlError(sqlstate::kDatatypeMismatch,
                   fmt::format("cannot subscript type {} because it does not support subscripting",
                               type_text(container)))
        .at(position(location));
  }
  if (steps.size() > kMaxArrayDimensions) {
    throw SqlError(sqlstate::kProgramLimitExceeded,
                   fmt::format("number of array dimensions ({}) exceeds the maximum allowed ({})",
                               steps.size(), kMaxArrayDimensions));
  }
  auto bound = [&](const parser::Node* node) {
    Expr* e = bind_expr(scope, node);
    Expr* coerced = try_coerce(e, type_oid::kInt4, -1, CastContext::kAssignment);
    if (coerced == nullptr) {
      throw SqlError(sqlstate::kDatatypeMismatch, "array subscript must have type integer")
          .at(position(node->location));
    }
    return coerced;
  };
  Subscripts result;
  result.dimensions = steps.size();
  result.slice = std::any_of(steps.begin(), steps.end(), [](const parser::Node* s) {
    return parser::as<parser::SubscriptStep>(s)->is_slice;
  });
  int32_t flags = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    const auto& s = *parser::as<parser::SubscriptStep>(steps[i]);
    if (!result.slice) {
      result.bounds.push_back(bound(s.upper));
      continue;
    }
    Expr* nothing = make_const(type_oid::kInt4, Value::of_int32(1));
    bool has_lower = !s.is_slice || s.lower != nullptr, has_upper = s.upper != nullptr;
    flags |= (has_lower ? 1 : 0) << (2 * i) | (has_upper ? 1 : 0) << (2 * i + 1);
    result.bounds.push_back(s.is_slice && s.lower != nullptr ? bound(s.lower) : nothing);
    result.bounds.push_back(has_upper ? bound(s.upper) : nothing);
  }
  if (result.slice)
    result.bounds.insert(result.bounds.begin(), make_const(type_oid::kInt4, Value::of_int32(flags)));
  return result;
}

Expr* Binder::make_subscript(Expr* container, const Subscripts& subscripts, int32_t location) {
  std::vector<Expr*> args{container};
  args.insert(args.end(), subscripts.bounds.begin(), subscripts.bounds.end());
  Oid type = subscripts.slice ? container->type : element_type(container->type);
  auto* call = make<FunctionExpr>(ExprKind::kFunction, type, location);
  bool fixed = functions::is_fixed_array(container->type);
  if (fixed && subscripts.slice)
    throw SqlError(sqlstate::kFeatureNotSupported, "slices of fixed-length arrays not implemented");
  if (fixed && subscripts.dimensions != 1)
    return make_const(type, Value::null_of(functions::physical_type_of(type)));
  call->function = subscripts.slice ? &array_slice_function(subscripts.dimensions)
                   : fixed          ? &functions::fixed_element_function()
                                    : &array_subscript_function(subscripts.dimensions);
  call->args = list(args);
  call->site = make_site(*call->function, args, type, kInvalidOid);
  call->typmod = container->typmod;
  if (container->domain != kInvalidOid) {
    call->domain = subscripts.slice ? container->domain
                                    : catalog::element_user_type(context_.catalog, container->domain);
  }
  const functions::TypeInfo* info = functions::type_by_oid(type);
  if (info != nullptr && (info->collatable || subscripts.slice)) {
    call->collation = container->collation != kInvalidOid ? container->collation : catalog::kDefaultCollation;
  }
  return call;
}

namespace {

// How many steps from `at` on are subscripts.
size_t subscript_run(std::span<parser::Node* const> steps, size_t at) {
  size_t n = 0;
  while (at + n < steps.size() && parser::is<parser::SubscriptStep>(steps[at + n])) ++n;
  return n;
}

}  // namespace

std::vector<ScopeColumn> Binder::bind_row_star(Scope& scope, const parser::IndirectionExpr& e) {
  parser::IndirectionExpr inner = e;
  inner.steps = e.steps.first(e.steps.size() - 1);
  return expand_row(scope, inner.steps.empty() ? bind_expr(scope, e.arg) : bind_indirection(scope, inner),
                    e.location);
}

// j['a'][0] is the value on that path.
Expr* Binder::bind_json_subscripts(Scope& scope, Expr* json, std::span<parser::Node* const> steps,
                                   int32_t location) {
  std::vector<Expr*> args{json};
  for (Expr* key : json_path(scope, steps, location, nullptr)) args.push_back(key);
  return call_by_name("jsonb_extract_path", std::move(args), location);
}

// The subscripts as text. `number_first`: whether the first one is a number; may be null.
std::vector<Expr*> Binder::json_path(Scope& scope, std::span<parser::Node* const> steps, int32_t location,
                                     bool* number_first) {
  std::vector<Expr*> args;
  for (const parser::Node* step : steps) {
    const auto& s = *parser::as<parser::SubscriptStep>(step);
    if (s.is_slice) {
      const parser::Node* bound = s.upper != nullptr ? s.upper : s.lower;
      throw SqlError(sqlstate::kDatatypeMismatch, "jsonb subscript does not support slices")
          .at(position(bound != nullptr ? bound->location : location));
    }
    Expr* subscript = resolve_unknown(bind_expr(scope, s.upper));
    bool number = can_coerce(subscript->type, type_oid::kInt4, CastContext::kImplicit);
    bool text = can_coerce(subscript->type, type_oid::kText, CastContext::kImplicit);
    if (number == text) {
      throw SqlError(sqlstate::kDatatypeMismatch,
                     fmt::format("subscript type {} is not supported", type_text(subscript->type)))
          .hint(number ? "jsonb subscript must be coercible to only one type, integer or text."
                       : "jsonb subscript must be coercible to either integer or text.")
          .at(position(s.upper->location));
    }
    if (number) subscript = try_coerce(subscript, type_oid::kInt4, -1, CastContext::kImplicit);
    if (number_first != nullptr && args.empty()) *number_first = number;
    args.push_back(try_coerce(subscript, type_oid::kText, -1, CastContext::kExplicit));
  }
  return args;
}

namespace {

// $1.f of a function's row parameter, whose fields are variables of their own; null: it is not that.
Expr* parameter_field(Binder& b, const parser::IndirectionExpr& e) {
  if (b.context().variables == nullptr || !parser::is<parser::ParamRef>(e.arg) ||
      !parser::is<parser::FieldStep>(e.steps[0])) {
    return nullptr;
  }
  std::string number = fmt::format("${}", parser::as<parser::ParamRef>(e.arg)->number);
  std::string_view names[] = {number, parser::as<parser::FieldStep>(e.steps[0])->name};
  Variables::Variable found;
  return b.context().variables->find(names, &found) ? b.make_variable(found, e.location) : nullptr;
}

}  // namespace

Expr* Binder::bind_indirection(Scope& scope, const parser::IndirectionExpr& e) {
  Expr* result = parameter_field(*this, e);
  size_t first = result != nullptr ? 1 : 0;
  if (result == nullptr) result = resolve_unknown(bind_expr(scope, e.arg));
  for (size_t i = first; i < e.steps.size();) {
    const parser::Node* step = e.steps[i];
    if (size_t n = subscript_run(e.steps, i); n > 0 && result->type == type_oid::kJsonb) {
      result = bind_json_subscripts(scope, result, e.steps.subspan(i, n), e.location);
      i += n;
      continue;
    }
    if (size_t n = subscript_run(e.steps, i); n > 0) {
      Subscripts subscripts = bind_subscripts(scope, result->type, e.steps.subspan(i, n), result->location);
      result = make_subscript(result, subscripts, e.location);
      i += n;
      continue;
    }
    if (parser::is<parser::StarStep>(step)) {
      throw SqlError(sqlstate::kSyntaxError, "row expansion via \"*\" is not supported here")
          .at(position(e.location));
    }
    result = select_field(scope, result, parser::as<parser::FieldStep>(step)->name, e.location);
    ++i;
  }
  return result;
}

// --- assignment to a part of a column

std::pair<Oid, int32_t> Binder::part_type(const catalog::Column& column, std::span<parser::Node* const> steps,
                                          int32_t location) {
  Oid type = column.type;
  int32_t typmod = column.typmod;
  std::string_view owner = column.name;  // what messages name
  for (size_t i = 0; i < steps.size();) {
    if (size_t n = subscript_run(steps, i); n > 0) {
      if (type == type_oid::kJsonb) {
        i += n;
        continue;
      }
      if (element_type(type) == kInvalidOid) {
        throw SqlError(
            sqlstate::kDatatypeMismatch,
            fmt::format("cannot subscript type {} because it does not support subscripting", type_text(type)))
            .at(position(location));
      }
      bool slice = std::any_of(
          steps.begin() + static_cast<ptrdiff_t>(i), steps.begin() + static_cast<ptrdiff_t>(i + n),
          [](const parser::Node* s) { return parser::as<parser::SubscriptStep>(s)->is_slice; });
      if (!slice) type = element_type(type);
      i += n;
      continue;
    }
    if (!parser::is<parser::FieldStep>(steps[i])) {
      throw SqlError(sqlstate::kFeatureNotSupported, "row expansion via \"*\" is not supported here")
          .at(position(location));
    }
    std::string_view name = parser::as<parser::FieldStep>(steps[i])->name;
    const functions::CompositeField* field = composite_field(type, name, owner, location);
    type = field->type;
    typmod = field->typmod;
    owner = name;
    ++i;
  }
  return {type, typmod};
}

const functions::CompositeField* Binder::composite_field(Oid type, std::string_view name,
                                                         std::string_view column, int32_t location) {
  refresh_row_type(type);
  const functions::TypeInfo* info = functions::type_by_oid(type);
  if (info == nullptr || info->kind != 'c') {
    throw SqlError(
        sqlstate::kDatatypeMismatch,
        fmt::format(
            "cannot assign to field \"{}\" of column \"{}\" because its type {} is not a composite type",
            name, column, type_text(type)))
        .at(position(location));
  }
  for (const functions::CompositeField& f : info->fields) {
    if (f.name == name) return &f;
  }
  throw SqlError(
      sqlstate::kUndefinedColumn,
      fmt::format(
          "cannot assign to field \"{}\" of column \"{}\" because there is no such column in data type {}",
          name, column, type_text(type)))
      .at(position(location));
}

// `current` with the part that the steps lead to replaced by `value`, which has the part's type already.
Expr* Binder::assign_part(Scope& scope, Expr* current, std::string_view column,
                          std::span<parser::Node* const> steps, Expr* value, int32_t location) {
  if (steps.empty()) return value;
  auto call = [&](const functions::Function& function, std::vector<Expr*> args) {
    auto* e = make<FunctionExpr>(ExprKind::kFunction, current->type, location);
    e->function = &function;
    e->args = list(args);
    e->site = make_site(function, args, current->type, kInvalidOid);
    e->typmod = current->typmod;
    e->collation = current->collation;
    return e;
  };
  if (size_t n = subscript_run(steps, 0); n > 0 && current->type == type_oid::kJsonb) {
    bool number = false;
    std::vector<Expr*> path = json_path(scope, steps.first(n), location, &number);
    std::vector<Expr*> args{current, value, make_bool(number)};
    args.insert(args.end(), path.begin(), path.end());
    return call(json_assign_function(), args);
  }
  if (size_t n = subscript_run(steps, 0); n > 0) {
    Subscripts subscripts = bind_subscripts(scope, current->type, steps.first(n), location);
    Expr* part = n == steps.size() ? value
                                   : assign_part(scope, make_subscript(current, subscripts, location), column,
                                                 steps.subspan(n), value, location);
    std::vector<Expr*> args{current, part};
    args.insert(args.end(), subscripts.bounds.begin(), subscripts.bounds.end());
    if (functions::is_fixed_array(current->type) && !subscripts.slice) {
      if (n != 1) throw SqlError(sqlstate::kArraySubscriptError, "wrong number of array subscripts");
      return call(functions::fixed_assign_function(), args);
    }
    return call(subscripts.slice ? array_assign_slice_function(n) : array_assign_function(n), args);
  }
  std::string_view name = parser::as<parser::FieldStep>(steps[0])->name;
  const functions::CompositeField* field = composite_field(current->type, name, column, location);
  auto index = static_cast<uint32_t>(field - functions::type_by_oid(current->type)->fields.data());
  RangeColumn shape{field->name, field->type, field->typmod, field->collation};
  Expr* part = steps.size() == 1 ? value
                                 : assign_part(scope, make_field(current, index, shape, location), column,
                                               steps.subspan(1), value, location);
  if (field->domain != kInvalidOid)
    part = DomainBinder(*this).coerce(part, field->domain, CastContext::kAssignment, location);
  return call(record_assign_function(),
              {current, make_const(type_oid::kInt4, Value::of_int32(static_cast<int32_t>(index))), part});
}

Expr* Binder::coerce_for_part(Expr* e, Oid type, int32_t typmod, std::string_view column,
                              std::span<parser::Node* const> steps, int32_t location) {
  if (steps.empty()) return coerce_for_assignment(e, type, typmod, column);
  Oid from = e->type;
  Expr* coerced = try_coerce(e, type, typmod, CastContext::kAssignment);
  if (coerced != nullptr) return coerced;
  bool field = parser::is<parser::FieldStep>(steps.back());
  std::string message =
      field ? fmt::format("subfield \"{}\" is of type {} but expression is of type {}",
                          parser::as<parser::FieldStep>(steps.back())->name, type_text(type), type_text(from))
            : fmt::format("subscripted assignment to \"{}\" requires type {} but expression is of type {}",
                          column, type_text(type), type_text(from));
  throw SqlError(sqlstate::kDatatypeMismatch, message)
      .hint("You will need to rewrite or cast the expression.")
      .at(position(location));
}

namespace {

// The words of a PL/pgSQL variable's name at the beginning of an assignment: variable, block.variable,
// record.field, block.record.field.
std::vector<std::string_view> leading_names(const parser::TargetEntry& target) {
  std::vector<std::string_view> names{target.name};
  for (const parser::Node* step : target.indirection) {
    if (names.size() == 3 || !parser::is<parser::FieldStep>(step)) break;
    names.push_back(parser::as<parser::FieldStep>(step)->name);
  }
  return names;
}

}  // namespace

void Binder::assign_variable_part(Query& query, const parser::SelectStmt& source) {
  const parser::TargetEntry& target = *source.assigns_to;
  if (query.targets.size() != 1) {
    throw SqlError(sqlstate::kSyntaxError,
                   fmt::format("assignment source returned {} column{}", query.targets.size(),
                               query.targets.size() == 1 ? "" : "s"));
  }
  std::vector<std::string_view> names = leading_names(target);
  Variables::Variable found;
  while (!context_.variables->find(names, &found)) {
    names.pop_back();
    VARVE_CHECK(!names.empty());  // the function knows the variable
  }
  Expr* variable = make_variable(found, target.location);
  std::span<parser::Node* const> steps = target.indirection.subspan(names.size() - 1);
  catalog::Column whole;
  whole.name = target.name;
  whole.type = variable->type;
  whole.typmod = variable->typmod;
  auto [type, typmod] = part_type(whole, steps, target.location);
  Scope scope;
  scope.clause = Clause::kUpdateSource;
  Expr* value = query.targets[0].expr;
  const parser::Node* written = source.targets.empty() ? nullptr : source.targets[0]->value;
  bool literal = parser::is<parser::ConstExpr>(written) &&
                 parser::as<parser::ConstExpr>(written)->type == parser::ConstKind::kString;
  if (literal) value = bind_expr(scope, written);  // read as the part's type, not as text
  value = coerce_plpgsql(context_, value, type, typmod);
  query.targets[0].expr = assign_part(scope, variable, target.name, steps, value, target.location);
}

// --- comparison

// op over two rows given field by field. = and <> are pairwise, the ordering ones lexicographic.
Expr* Binder::compare_rows(std::string_view name, const std::vector<Expr*>& l, const std::vector<Expr*>& r,
                           int32_t location) {
  if (l.size() != r.size()) {
    throw SqlError(sqlstate::kSyntaxError, "unequal number of entries in row expressions")
        .at(position(location));
  }
  if (l.empty())
    throw SqlError(sqlstate::kFeatureNotSupported, "cannot compare rows of zero length")
        .at(position(location));
  if (l.size() == 1) return make_operator(name, l[0], r[0], location);
  if (name == "=" || name == "<>") {
    std::vector<Expr*> pairs;
    for (size_t i = 0; i < l.size(); ++i) pairs.push_back(make_operator(name, l[i], r[i], location));
    auto* all = make<BoolExpr>(name == "=" ? ExprKind::kAnd : ExprKind::kOr, type_oid::kBool, location);
    all->args = list(pairs);
    return all;
  }
  // An error about a pair names the operator as written, and the first pair that lacks it.
  for (size_t i = 0; i < l.size(); ++i) make_operator(name, l[i], r[i], location);
  if (name != "<" && name != "<=" && name != ">" && name != ">=") {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   fmt::format("could not determine interpretation of row comparison operator {}", name))
        .hint("Row comparison operators must be associated with btree operator families.")
        .at(position(location));
  }
  // a < x OR (a = x AND (b < y OR …)); only the last pair uses the operator as written.
  std::string strict(1, name[0]);
  Expr* result = nullptr;
  for (size_t i = l.size(); i-- > 0;) {
    if (result == nullptr) {
      result = make_operator(name, l[i], r[i], location);
      continue;
    }
    auto* both = make<BoolExpr>(ExprKind::kAnd, type_oid::kBool, location);
    both->args = list({make_operator("=", l[i], r[i], location), result});
    auto* either = make<BoolExpr>(ExprKind::kOr, type_oid::kBool, location);
    either->args = list({make_operator(strict, l[i], r[i], location), both});
    result = either;
  }
  return result;
}

// A sub-select of several columns as one row value.
SubqueryExpr* Binder::row_subquery(Scope& scope, const parser::SubLink& link) {
  Scope middle;  // of the query that makes the row
  middle.parent = &scope;
  Query* query = bind_expression_query(*parser::as<parser::SelectStmt>(link.query), middle);
  auto* outer = arena_.make<Query>();
  auto* range = arena_.make<Range>();
  range->kind = RangeKind::kSubquery;
  range->query = query;
  range->columns = output_columns(*query, {}, {});
  std::vector<ScopeColumn> fields;
  for (size_t i = 0; i < range->columns.size(); ++i) {
    fields.push_back({range->columns[i].name, make_column(*range, 0, static_cast<int16_t>(i + 1))});
  }
  Target t;
  t.expr = make_row(fields, type_oid::kRecord, link.location);
  t.name = "row";
  outer->from = arena_.copy(std::vector<FromItem*>{arena_.make<FromItem>()});
  outer->ranges = arena_.copy(std::vector<Range*>{range});
  outer->targets = arena_.copy(std::vector<Target>{t});
  outer->is_correlated = middle.correlated;
  auto* result = make<SubqueryExpr>(ExprKind::kSubquery, type_oid::kRecord, link.location);
  result->query = outer;
  result->subquery = SubqueryKind::kScalar;
  return result;
}

// (a, b) op (SELECT x, y): the sub-select runs once; its row is the CASE's input.
Expr* Binder::compare_with_subquery(Scope& scope, std::string_view op, const std::vector<Expr*>& left,
                                    const parser::SubLink& link, int32_t location) {
  SubqueryExpr* row = row_subquery(scope, link);
  std::vector<RangeColumn> fields = row_fields(row, &scope);
  if (left.size() < fields.size())
    throw SqlError(sqlstate::kSyntaxError, "subquery has too many columns").at(position(location));
  if (left.size() > fields.size())
    throw SqlError(sqlstate::kSyntaxError, "subquery has too few columns").at(position(location));
  auto* choice = make<CaseExpr>(ExprKind::kCase, type_oid::kBool, location);
  choice->arg = row;
  auto* input = make<CaseInputExpr>(ExprKind::kCaseInput, type_oid::kRecord, location);
  std::vector<Expr*> right;
  for (uint32_t i = 0; i < fields.size(); ++i) right.push_back(make_field(input, i, fields[i], location));
  Expr* holds = compare_rows(op, left, right, location);
  choice->conditions = list({holds, make_not(holds)});
  choice->results = list({make_bool(true), make_bool(false)});
  choice->otherwise = make_null(type_oid::kBool);
  return choice;
}

}  // namespace varve::analyzer
