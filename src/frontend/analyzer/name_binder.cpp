// Names in expressions: columns of this query and of those around it, whole rows, variables and parameters;
// and what is said of a name that is not found.
#include <algorithm>

#include "analyzer/expression_walk.h"
#include "analyzer/own_database.h"
#include "edit_distance.h"
#include "expression_binder.h"
#include "oid_of_part.h"
#include "parser/parser.h"

namespace varve::analyzer {

namespace {

struct Found {
  Expr* expr = nullptr;
  int count = 0;
};

Found find_unqualified(const Scope& scope, std::string_view name) {
  Found found;
  for (const ScopeItem& item : scope.items) {
    if (!item.columns_visible || scope.hide_items) continue;
    for (const ScopeColumn& c : item.columns) {
      if (c.name != name) continue;
      if (item.lateral_only && !item.lateral_ok) continue;
      found.expr = c.expr;
      ++found.count;
    }
  }
  return found;
}

const ScopeItem* find_item(const Scope& scope, std::string_view schema, std::string_view name) {
  for (const ScopeItem& item : scope.items) {
    if (scope.hide_items) continue;
    if (item.name_visible && item.name == name && (schema.empty() || item.schema == schema)) return &item;
  }
  return nullptr;
}

// The expression as seen from `levels` queries further in.
Expr* raise_levels(Expr* e, uint32_t levels, Arena& arena) {
  if (levels == 0) return e;
  return rewrite(e, arena, [&](Expr* x) -> Expr* {
    if (x->kind != ExprKind::kColumn) return nullptr;
    auto* c = arena.make<ColumnExpr>(x->as<ColumnExpr>());
    c->levels_up += levels;
    return c;
  });
}

void mark_correlated(Scope& scope, uint32_t levels) {
  Scope* s = &scope;
  for (uint32_t i = levels; i > 0 && s != nullptr; --i, s = s->parent) {
    s->correlated = true;
    s->max_levels_up = std::max(s->max_levels_up, i);
  }
}

struct SystemColumnName {
  std::string_view name;
  int16_t number;
  Oid type;
};
constexpr SystemColumnName kSystemColumns[] = {{"ctid", catalog::kCtidColumn, type_oid::kTid},
                                               {"tableoid", catalog::kTableOidColumn, type_oid::kOid},
                                               {"xmin", catalog::kXminColumn, type_oid::kXid},
                                               {"xmax", catalog::kXmaxColumn, type_oid::kXid}};

}  // namespace
Expr* ExpressionBinder::system_column(const ScopeItem& item, std::string_view name) {
  if (item.range == UINT32_MAX || item.table == kInvalidOid) return nullptr;
  for (const SystemColumnName& s : kSystemColumns) {
    if (s.name != name) continue;
    if (s.number == catalog::kTableOidColumn) {
      if (Expr* part = oid_of_part(b_, item)) return part;
    }
    auto* c = make<ColumnExpr>(ExprKind::kColumn, s.type, -1);
    c->range = item.range;
    c->column = s.number;
    return c;
  }
  return nullptr;
}

Expr* ExpressionBinder::column(const parser::ColumnRef& ref) {
  require_own_database(b_.context(), ref, b_.position(ref.location));
  if (ref.star) {
    if (!ref.names.empty()) {
      if (Expr* row = whole_row(ref.names.size() > 1 ? ref.names[ref.names.size() - 2] : std::string_view(),
                                ref.names.back(), ref.location))
        return row;
      if (Expr* row = variable(ref)) return row;
      std::vector<Variables::Field> fields;
      std::vector<ScopeColumn> row;
      if (b_.context().variables != nullptr) b_.context().variables->expand(ref.names, &fields);
      for (const auto& f : fields) row.push_back({f.name, b_.make_variable(f.variable, ref.location)});
      if (!row.empty()) return b_.make_row(row, type_oid::kRecord, ref.location);
      throw missing_from_entry(ref.names.back(), ref.location);
    }
    throw error(sqlstate::kSyntaxError, "row expansion via \"*\" is not supported here", ref.location);
  }
  std::string_view name = ref.names.back();
  std::string_view qualifier = ref.names.size() > 1 ? ref.names[ref.names.size() - 2] : std::string_view();
  std::string_view schema = ref.names.size() > 2 ? ref.names[ref.names.size() - 3] : std::string_view();
  uint32_t levels = 0;
  Variables* variables = b_.context().variables;
  if (variables != nullptr && variables->conflict() == Variables::Conflict::kFirst) {
    if (Expr* e = variable(ref)) return e;
  }
  for (Scope* s = &scope_; s != nullptr; s = s->parent, ++levels) {
    Expr* found = nullptr;
    if (qualifier.empty()) {
      Found f = find_unqualified(*s, name);
      if (f.count > 1) {
        throw error(sqlstate::kAmbiguousColumn, fmt::format("column reference \"{}\" is ambiguous", name),
                    ref.location);
      }
      found = f.expr;
      for (const ScopeItem& item : s->items) {
        if (found != nullptr || s->hide_items) break;
        if (item.columns_visible) found = system_column(item, name);
      }
    } else if (const ScopeItem* item = find_item(*s, schema, qualifier)) {
      if (item->is_target && !item->lateral_ok) throw missing_from_entry(qualifier, ref.location);
      if (item->lateral_only && !item->lateral_ok) {
        throw error(sqlstate::kInvalidColumnReference,
                    fmt::format("invalid reference to FROM-clause entry for table \"{}\"", qualifier),
                    ref.location)
            .detail("The combining JOIN type must be INNER or LEFT for a LATERAL reference.");
      }
      int matches = 0;
      for (const ScopeColumn& c : item->columns) {
        if (c.name != name) continue;
        found = c.expr;
        ++matches;
      }
      if (matches > 1) {
        throw error(sqlstate::kAmbiguousColumn, fmt::format("column reference \"{}\" is ambiguous", name),
                    ref.location);
      }
      if (found == nullptr) found = system_column(*item, name);
      if (found == nullptr) {
        if (Expr* e = variable(ref)) return e;
        if (Expr* e = b_.call_on_row(scope_, ref)) return e;
        SqlError missing = error(sqlstate::kUndefinedColumn,
                                 fmt::format("column {}.{} does not exist", qualifier, name), ref.location);
        add_column_hint(missing, qualifier, name);
        throw missing;
      }
    }
    if (found != nullptr) {
      if (variables != nullptr && variables->conflict() == Variables::Conflict::kEither &&
          variable(ref) != nullptr) {
        throw error(sqlstate::kAmbiguousColumn,
                    fmt::format("column reference \"{}\" is ambiguous", fmt::join(ref.names, ".")),
                    ref.location)
            .detail("It could refer to either a PL/pgSQL variable or a table column.");
      }
      mark_correlated(scope_, levels);
      Expr* e = copy_node(*raise_levels(found, levels, b_.arena()), b_.arena());
      e->location = ref.location;
      return e;
    }
  }
  if (qualifier.empty()) {
    if (Expr* row = whole_row({}, name, ref.location)) return row;
  }
  if (Expr* e = variable(ref)) return e;
  column_not_found(ref);
}

Expr* Binder::make_variable(const Variables::Variable& v, int32_t location) {
  auto* p = make<ParamExpr>(ExprKind::kParam, v.type, location);
  p->index = v.param;
  p->typmod = v.typmod;
  p->collation = v.collation;
  const functions::TypeInfo* info = functions::type_by_oid(v.type);
  if (p->collation == kInvalidOid && info != nullptr && info->collatable)
    p->collation = catalog::kDefaultCollation;
  return p;
}

// What the name is to the function around the statement; null if nothing.
Expr* ExpressionBinder::variable(const parser::ColumnRef& ref) {
  Variables* variables = b_.context().variables;
  if (variables == nullptr) return nullptr;
  Variables::Variable v;
  bool found = false;
  try {
    found = variables->find(ref.names, &v);
  } catch (SqlError& e) {
    // What is wrong with a record is found when it is read: that has a context, but no place in the text.
    bool of_record = e.fields().message.starts_with("record \"");
    if (e.fields().position == 0 && !of_record) e.at(b_.position(ref.location));
    throw;
  }
  return found ? b_.make_variable(v, ref.location) : nullptr;
}

// The row of the FROM item of this name; null if there is none.
Expr* ExpressionBinder::whole_row(std::string_view schema, std::string_view name, int32_t location) {
  uint32_t levels = 0;
  for (Scope* s = &scope_; s != nullptr; s = s->parent, ++levels) {
    const ScopeItem* item = find_item(*s, schema, name);
    if (item == nullptr || (item->lateral_only && !item->lateral_ok)) continue;
    mark_correlated(scope_, levels);
    Expr* row = raise_levels(b_.whole_row(*s, *item, location), levels, b_.arena());
    row->location = location;
    return row;
  }
  return nullptr;
}

// GROUPING belongs to the query whose columns it names.
void ExpressionBinder::check_grouping_level(const GroupingExpr& e) {
  uint32_t level = grouping_level(e);
  if (level == 0) return;
  const Scope* owner = &scope_;
  for (; level > 0 && owner != nullptr; --level) owner = owner->parent;
  if (owner == nullptr) return;
  switch (owner->clause) {
    case Clause::kSelect:
    case Clause::kHaving:
    case Clause::kOrderBy:
    case Clause::kDistinctOn:
    case Clause::kWindowPartition:
    case Clause::kWindowOrder:
    case Clause::kOther:
      return;
    default:
      throw error(sqlstate::kGroupingError,
                  fmt::format("grouping operations are not allowed in {}", clause_text(owner->clause)),
                  e.location);
  }
}

SqlError ExpressionBinder::not_visible_here(std::string_view name, int32_t location) {
  return error(sqlstate::kUndefinedTable,
               fmt::format("invalid reference to FROM-clause entry for table \"{}\"", name), location)
      .hint(fmt::format(
          "There is an entry for table \"{}\", but it cannot be referenced from this part of the query.",
          name));
}

SqlError ExpressionBinder::missing_from_entry(std::string_view name, int32_t location) {
  for (Scope* s = &scope_; s != nullptr; s = s->parent) {
    for (const ScopeItem& item : s->items) {
      if (item.name == name && item.name_visible) {
        return not_visible_here(name, location);
      }
    }
    // Hidden by an alias of the join around it, or on the other side of one.
    bool exists = std::any_of(s->ranges.begin(), s->ranges.end(),
                              [&](const Range* r) { return r != nullptr && r->alias == name; });
    if (exists) return not_visible_here(name, location);
  }
  return error(sqlstate::kUndefinedTable, fmt::format("missing FROM-clause entry for table \"{}\"", name),
               location);
}

// What the user may have meant: the column of this name that cannot be seen here, or the one or two most
// alike.
void ExpressionBinder::add_column_hint(SqlError& error, std::string_view table, std::string_view name) {
  constexpr int kMaxDistance = 3;
  int best = kMaxDistance + 1;
  std::string first, second;
  for (Scope* s = &scope_; s != nullptr; s = s->parent) {
    for (const ScopeItem& item : s->items) {
      if (item.range == UINT32_MAX || item.range >= s->ranges.size()) continue;
      int penalty = table.empty() ? 0 : edit_distance(item.name, table);
      if (penalty > best) continue;
      for (const ScopeColumn& c : item.columns) {
        if (penalty == 0 && c.name == name) {
          error.hint(
              fmt::format("There is a column named \"{}\" in table \"{}\", but it cannot be referenced from "
                          "this part of the query.",
                          name, item.name));
          return;
        }
        int distance = edit_distance(c.name, name);
        if (distance > static_cast<int>(name.size()) / 2) continue;
        distance += penalty;
        std::string text = fmt::format("\"{}.{}\"", item.name, c.name);
        if (distance < best) {
          best = distance;
          first = text;
          second.clear();
        } else if (distance == best) {
          if (!second.empty()) {
            first.clear();
            second.clear();
            best = distance - 1;
          } else if (!first.empty()) {
            second = text;
          } else if (best <= kMaxDistance) {
            first = text;
          }
        }
      }
    }
  }
  if (first.empty()) return;
  error.hint(second.empty() ? fmt::format("Perhaps you meant to reference the column {}.", first)
                            : fmt::format("Perhaps you meant to reference the column {} or the column {}.",
                                          first, second));
}

void ExpressionBinder::column_not_found(const parser::ColumnRef& ref) {
  if (ref.names.size() > 1) {
    std::string_view qualifier = ref.names[ref.names.size() - 2];
    for (Scope* s = &scope_; s != nullptr; s = s->parent) {
      for (const ScopeItem& item : s->items) {
        if (item.table == kInvalidOid || item.range >= s->ranges.size()) continue;
        const Range& range = *s->ranges[item.range];
        if (range.relation != nullptr && (*range.relation)->name == qualifier && item.name != qualifier) {
          throw error(sqlstate::kUndefinedTable,
                      fmt::format("invalid reference to FROM-clause entry for table \"{}\"", qualifier),
                      ref.location)
              .hint(fmt::format("Perhaps you meant to reference the table alias \"{}\".", item.name));
        }
      }
    }
    throw missing_from_entry(qualifier, ref.location);
  }
  SqlError not_found = error(sqlstate::kUndefinedColumn,
                             fmt::format("column \"{}\" does not exist", ref.names[0]), ref.location);
  add_column_hint(not_found, {}, ref.names[0]);
  throw not_found;
}

Expr* ExpressionBinder::parameter(const parser::ParamRef& ref) {
  if (Variables* variables = b_.context().variables) {
    Variables::Variable v;
    if (variables->find_number(ref.number, &v)) return b_.make_variable(v, ref.location);
    throw error(sqlstate::kUndefinedParameter, fmt::format("there is no parameter ${}", ref.number),
                ref.location);
  }
  std::vector<Oid>* params = b_.context().params;
  auto number = static_cast<size_t>(ref.number);
  if (params == nullptr || ref.number < 1 || number > 65535 ||
      (number > params->size() && !b_.context().infer_params)) {
    throw error(sqlstate::kUndefinedParameter, fmt::format("there is no parameter ${}", ref.number),
                ref.location);
  }
  if (number > params->size()) params->resize(number);
  Oid type = (*params)[number - 1];
  auto* p = make<ParamExpr>(ExprKind::kParam, type == kInvalidOid ? type_oid::kUnknown : type, ref.location);
  p->index = static_cast<uint32_t>(number - 1);
  const functions::TypeInfo* info = functions::type_by_oid(type);
  if (info != nullptr && info->collatable) p->collation = catalog::kDefaultCollation;
  return p;
}

}  // namespace varve::analyzer
