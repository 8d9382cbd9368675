// Bound queries as SQL text: definitions of views. Line breaks and indentation are those of PostgreSQL's
// pg_get_viewdef.
#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/query.h"
#include "common/sql_error.h"
#include "deparser.h"
#include "functions/registry.h"
#include "parser/parser.h"

namespace varve::analyzer {
namespace {

using parser::quote_identifier;

constexpr int kStep = 8;        // a clause inside its query
constexpr int kItemIndent = 4;  // a further item of a clause, a join
// One query level: its ranges under the names that they are printed with.
struct Level {
  const Query* query;
  std::vector<std::string> names;
};

void trim_spaces(std::string& text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
}

class QueryDeparser final : public DeparseNames {
 public:
  QueryDeparser(RelationNames& names, functions::EvalContext& eval, bool pretty)
      : names_(names), eval_(eval), pretty_(pretty) {}

  // `result_names`: of the result's columns; null: the query's own.
  // `visible`: somebody sees the names, so that even "?column?" is said.
  void query(const Query& q, const std::vector<std::string>* result_names, bool visible, int indent,
             std::string& out);

  // A condition over the one range of `q`, whose columns need no prefix but within subqueries.
  void condition(const Query& q, const Expr& e, std::string& out) {
    Level level{&q, {}};
    name_ranges(level);
    levels_.push_back(std::move(level));
    bare_columns_ = true;
    expression(e, false, out);
    levels_.pop_back();
  }

  void column(const ColumnExpr& e, bool is_target, std::string& out) override;
  bool query_expression(const Expr& e, std::string& out) override;
  bool merged_column(const CoalesceExpr& e, std::string& out) override;
  std::string function(const functions::Function& f) override { return names_.function(f); }

 private:
  void keyword(std::string_view text, int before, int after, int plus, std::string& out) {
    begin_line(text, before, after, plus, indent_, out);
  }
  void expression(const Expr& e, bool show_implicit, std::string& out) {
    Deparser deparser(nullptr, nullptr, eval_, pretty_, &indent_, this);
    deparser.print(e, show_implicit);
    out += deparser.out();
  }
  // `text` behind what is there, on a line of its own unless it begins one.
  void item(std::string_view text, std::string& out) {
    if (!text.empty() && text.front() == '\n')
      trim_spaces(out);
    else
      keyword("", -kStep, kStep, kItemIndent, out);
    out += text;
  }

  void name_ranges(Level& level);
  void plain(const Query& q, const std::vector<std::string>* result_names, bool visible, std::string& out);
  void values(const Range& range, std::string& out);
  void with(const Query& q, std::string& out);
  void set_operation(const SetOp& op, const Query& q, const std::vector<std::string>* result_names,
                     bool visible, std::string& out);
  void targets(const Query& q, const std::vector<std::string>* result_names, bool visible, std::string& out);
  void from(const Query& q, std::string& out);
  void from_item(const FromItem& f, const Query& q, std::string& out);
  void range_item(const Range& r, std::string_view name, std::string& out);
  void join(const FromItem& f, const Query& q, std::string& out);
  void alias(const Range& r, std::string_view name, std::string& out);
  void grouping(const Query& q, std::string& out);
  void sort_expression(const Expr& e, bool group, std::string& out);
  void sort_key(const Expr& e, bool descending, bool nulls_first, std::string& out);
  void windows(const Query& q, std::string& out);
  void window(const Window& w, std::string& out);
  void frame_bound(uint8_t kind, const Expr* offset, std::string& out);
  void tail(const Query& q, std::string& out);
  void locking(const Query& q, std::string& out);
  void aggregate(const AggregateExpr& e, std::string& out);
  void ordered_set(const AggregateExpr& e, bool hypothetical, std::string& out);
  void filter(const Expr* condition, std::string& out);
  void window_call(const WindowExpr& e, std::string& out);
  void subquery(const SubqueryExpr& e, std::string& out);
  void arguments(ExprList args, std::string& out);

  RelationNames& names_;
  functions::EvalContext& eval_;
  bool pretty_;
  std::deque<Level> levels_;  // the innermost is the last
  int indent_ = 0;
  bool branch_ = false;
  bool bare_columns_ = false;
};

// --- names

std::string_view relation_name(const Range& r) {
  const catalog::RelationPtr* relation = r.relation != nullptr ? r.relation : r.view;
  return relation == nullptr ? std::string_view() : std::string_view((*relation)->name);
}

void QueryDeparser::name_ranges(Level& level) {
  std::set<std::string> taken;
  for (const Level& outer : levels_) taken.insert(outer.names.begin(), outer.names.end());
  for (const Range* r : level.query->ranges) {
    std::string_view base = !r->has_alias && !relation_name(*r).empty() ? relation_name(*r) : r->alias;
    std::string name(base);
    for (int n = 1; !name.empty() && !taken.insert(name).second; ++n) name = fmt::format("{}_{}", base, n);
    level.names.push_back(std::move(name));
  }
}

std::string column_name(const Range& r, int16_t column) {
  size_t i = static_cast<size_t>(column - 1);
  // A renamed column of a table goes by its present name, unless the query gave it another.
  const catalog::RelationPtr* relation = r.relation != nullptr ? r.relation : r.view;
  if (relation != nullptr && !r.has_column_aliases && i < (*relation)->columns.size())
    return (*relation)->columns[i].name;
  return std::string(r.columns[i].name);
}

void QueryDeparser::column(const ColumnExpr& e, bool is_target, std::string& out) {
  if (e.levels_up >= levels_.size()) throw SqlError(sqlstate::kInternalError, "a column of an unknown query");
  const Level& level = levels_[levels_.size() - 1 - e.levels_up];
  const Range& range = *level.query->ranges[e.range];
  const std::string& name = level.names[e.range];
  const bool bare = name.empty() || (bare_columns_ && levels_.size() == 1 && e.column != 0);
  std::string prefix = bare ? std::string() : quote_identifier(name) + ".";
  switch (e.column) {
    case 0:
      out += prefix + "*";
      if (is_target) out += "::" + functions::format_type(e.type, e.typmod);
      return;
    case catalog::kCtidColumn:
      out += prefix + "ctid";
      return;
    case catalog::kXminColumn:
      out += prefix + "xmin";
      return;
    case catalog::kXmaxColumn:
      out += prefix + "xmax";
      return;
    case catalog::kTableOidColumn:
      out += prefix + "tableoid";
      return;
    default:
      out += prefix + quote_identifier(column_name(range, e.column));
  }
}

// --- a query and its clauses

void QueryDeparser::query(const Query& q, const std::vector<std::string>* result_names, bool visible,
                          int indent, std::string& out) {
  if (q.command != CommandType::kSelect) throw_not_supported("the text of a data-modifying query");
  Level level{&q, {}};
  name_ranges(level);
  levels_.push_back(std::move(level));
  int outer_indent = std::exchange(indent_, indent);
  if (!q.ctes.empty()) with(q, out);
  if (q.set_op != nullptr)
    set_operation(*q.set_op, q, result_names, visible, out);
  else
    plain(q, result_names, visible, out);
  tail(q, out);
  indent_ = outer_indent;
  levels_.pop_back();
}

void QueryDeparser::with(const Query& q, std::string& out) {
  indent_ += kStep;
  out += ' ';
  bool recursive = std::any_of(q.ctes.begin(), q.ctes.end(), [](const Cte* c) { return c->recursive; });
  std::string_view lead = recursive ? "WITH RECURSIVE " : "WITH ";
  for (const Cte* cte : q.ctes) {
    out += lead;
    lead = ", ";
    out += quote_identifier(cte->name);
    if (cte->has_column_aliases) {
      out += '(';
      for (size_t i = 0; i < cte->columns.size(); ++i)
        out += (i == 0 ? "" : ", ") + quote_identifier(cte->columns[i].name);
      out += ')';
    }
    out += cte->written_materialized ? " AS MATERIALIZED ("
           : cte->never_materialize  ? " AS NOT MATERIALIZED ("
                                     : " AS (";
    keyword("", 0, 0, 0, out);
    query(*cte->query, nullptr, true, indent_, out);
    keyword("", 0, 0, 0, out);
    out += ')';
  }
  indent_ -= kStep;
  keyword("", 0, 0, 0, out);
}

void QueryDeparser::set_operation(const SetOp& op, const Query& q,
                                  const std::vector<std::string>* result_names, bool visible,
                                  std::string& out) {
  // A set operation of its own is the query of a leaf; a plain leaf is printed where it stands.
  auto is_nested = [&](const SetOp& side) {
    const Query& inner = *q.ranges[side.range]->query;
    bool bare =
        inner.order_by.empty() && inner.limit == nullptr && inner.offset == nullptr && inner.ctes.empty();
    return inner.set_op != nullptr && bare;
  };
  auto leaf = [&](const SetOp& side, bool side_visible) {
    const Query& inner = *q.ranges[side.range]->query;
    bool paren = !inner.ctes.empty() || !inner.order_by.empty() || inner.limit != nullptr ||
                 inner.offset != nullptr || !inner.locking.empty();
    if (paren) out += '(';
    branch_ = inner.set_op == nullptr && inner.ctes.empty();
    query(inner, result_names, side_visible, indent_, out);
    if (paren) out += ')';
  };
  auto nested = [&](const SetOp& side, bool side_visible) {
    const Query& inner = *q.ranges[side.range]->query;
    Level level{&inner, {}};
    name_ranges(level);
    levels_.push_back(std::move(level));
    set_operation(*inner.set_op, inner, result_names, side_visible, out);
    levels_.pop_back();
  };
  if (!is_nested(*op.left)) {
    leaf(*op.left, visible);
    keyword("", 0, 0, 0, out);
  } else {
    const SetOp& inner = *q.ranges[op.left->range]->query->set_op;
    bool paren = inner.op != op.op || inner.all != op.all;
    if (paren) {
      out += '(';
      keyword("", kStep, 0, 0, out);
    }
    nested(*op.left, visible);
    if (paren)
      keyword(") ", -kStep, 0, 0, out);
    else
      keyword("", 0, 0, 0, out);
  }
  out += op.op == SetOpKind::kUnion ? "UNION " : op.op == SetOpKind::kIntersect ? "INTERSECT " : "EXCEPT ";
  if (op.all) out += "ALL ";
  bool paren = is_nested(*op.right);
  if (paren) out += '(';
  keyword("", paren ? kStep : 0, 0, 0, out);
  if (paren)
    nested(*op.right, false);
  else
    leaf(*op.right, false);
  if (paren) {
    indent_ -= kStep;
    keyword(")", 0, 0, 0, out);
  }
}

// The VALUES list that is all of the query; null.
const Range* values_of(const Query& q) {
  if (q.ranges.size() != 1 || q.ranges[0]->kind != RangeKind::kValues || q.where != nullptr) return nullptr;
  bool plain = std::all_of(q.targets.begin(), q.targets.end(),
                           [](const Target& t) { return t.junk || t.expr->kind == ExprKind::kColumn; });
  return plain && q.ranges[0]->alias == "*VALUES*" ? q.ranges[0] : nullptr;
}

void QueryDeparser::plain(const Query& q, const std::vector<std::string>* result_names, bool visible,
                          std::string& out) {
  indent_ += kStep;
  out += ' ';
  if (const Range* list = values_of(q)) return values(*list, out);
  out += "SELECT";
  if (!q.distinct_on.empty()) {
    out += " DISTINCT ON (";
    for (size_t i = 0; i < q.distinct_on.size(); ++i) {
      if (i != 0) out += ", ";
      sort_expression(*q.targets[q.distinct_on[i].target].expr, false, out);
    }
    out += ')';
  } else if (q.distinct) {
    out += " DISTINCT";
  }
  targets(q, result_names, visible, out);
  from(q, out);
  if (q.where != nullptr) {
    keyword(" WHERE ", -kStep, kStep, 1, out);
    expression(*q.where, false, out);
  }
  if (!q.group_by.empty() || !q.grouping_sets.empty()) grouping(q, out);
  if (q.having != nullptr) {
    keyword(" HAVING ", -kStep, kStep, 0, out);
    expression(*q.having, false, out);
  }
  windows(q, out);
}

void QueryDeparser::values(const Range& range, std::string& out) {
  out += "VALUES ";
  for (size_t i = 0; i < range.rows.size(); ++i) {
    out += i == 0 ? "(" : ", (";
    for (size_t j = 0; j < range.rows[i].size(); ++j) {
      if (j != 0) out += ',';
      expression(*range.rows[i][j], false, out);
    }
    out += ')';
  }
}

void QueryDeparser::targets(const Query& q, const std::vector<std::string>* result_names, bool visible,
                            std::string& out) {
  size_t number = 0;
  bool is_branch = std::exchange(branch_, false);  // of a UNION: casts to the common type go without saying
  for (const Target& t : q.targets) {
    if (t.junk) continue;
    std::string text, own_name;
    bool named = false;
    if (t.expr->kind == ExprKind::kColumn) {
      const auto& c = t.expr->as<ColumnExpr>();
      column(c, true, text);
      if (c.column > 0) {
        own_name = column_name(*levels_[levels_.size() - 1 - c.levels_up].query->ranges[c.range], c.column);
        named = true;
      }
    } else if (t.expr->kind == ExprKind::kCoalesce && merged_column(t.expr->as<CoalesceExpr>(), text)) {
      const auto& c = t.expr->as<CoalesceExpr>().args[0]->as<ColumnExpr>();
      own_name = column_name(*levels_[levels_.size() - 1 - c.levels_up].query->ranges[c.range], c.column);
      named = true;
    } else {
      expression(*t.expr, !is_branch, text);
    }
    std::string wanted = result_names != nullptr && number < result_names->size() ? (*result_names)[number]
                                                                                  : std::string(t.name);
    if (named ? own_name != wanted : visible || wanted != "?column?") {
      text += " AS " + quote_identifier(wanted);
    }
    out += number == 0 ? " " : ", ";
    if (number != 0)
      item(text, out);
    else if (text.front() == '\n')
      (trim_spaces(out), out += text);
    else
      out += text;
    ++number;
  }
}

void QueryDeparser::from(const Query& q, std::string& out) {
  bool first = true;
  for (const FromItem* f : q.from) {
    if (first) {
      keyword(" FROM ", -kStep, kStep, 2, out);
      from_item(*f, q, out);
    } else {
      out += ", ";
      std::string text;
      from_item(*f, q, text);
      item(text, out);
    }
    first = false;
  }
}

void QueryDeparser::from_item(const FromItem& f, const Query& q, std::string& out) {
  if (f.kind == FromKind::kJoin) return join(f, q, out);
  range_item(*q.ranges[f.range], levels_.back().names[f.range], out);
}

void QueryDeparser::range_item(const Range& r, std::string_view name, std::string& out) {
  if (r.lateral && (r.kind == RangeKind::kSubquery || r.written_lateral)) out += "LATERAL ";
  switch (r.kind) {
    case RangeKind::kRelation:
      if (r.only) out += "ONLY ";
      out += names_.relation(**r.relation);
      break;
    case RangeKind::kSubquery:
      if (r.view != nullptr) {
        out += names_.relation(**r.view);
        break;
      }
      out += '(';
      query(*r.query, nullptr, true, indent_, out);
      out += ')';
      break;
    case RangeKind::kValues:
      out += '(';
      values(r, out);
      out += ')';
      break;
    case RangeKind::kCte: {
      const Level& level = levels_[levels_.size() - 1 - r.cte_levels_up];
      out += quote_identifier(level.query->ctes[r.cte]->name);
      break;
    }
    case RangeKind::kFunction:
      if (r.function != nullptr && r.function->oid == kInvalidOid && r.function->name == "xmltable")
        throw_not_supported("the text of XMLTABLE");
      if (r.function != nullptr) {
        out += names_.function(*r.function);
        arguments(r.args, out);
      } else {
        expression(*r.args[0], true, out);
      }
      if (r.with_ordinality) out += " WITH ORDINALITY";
      break;
  }
  alias(r, name, out);
}

void QueryDeparser::alias(const Range& r, std::string_view name, std::string& out) {
  std::string_view own =
      r.kind == RangeKind::kCte
          ? std::string_view(levels_[levels_.size() - 1 - r.cte_levels_up].query->ctes[r.cte]->name)
          : relation_name(r);
  bool columns = r.has_column_aliases || r.kind == RangeKind::kFunction;
  if (r.has_alias || columns || own.empty() || own != name) {
    out += ' ' + quote_identifier(name);
  }
  if (!columns) return;
  out += '(';
  for (size_t i = 0, n = 0; i < r.columns.size(); ++i) {
    if (r.columns[i].name.empty()) continue;
    out += (n++ == 0 ? "" : ", ") + quote_identifier(r.columns[i].name);
  }
  out += ')';
}

void QueryDeparser::join(const FromItem& f, const Query& q, std::string& out) {
  bool paren_right = pretty_ && f.right->kind == FromKind::kJoin && f.right->alias.empty();
  bool paren = !pretty_ || !f.alias.empty();
  if (paren) out += '(';
  from_item(*f.left, q, out);
  bool conditional = f.condition != nullptr || !f.using_columns.empty();
  std::string_view word = f.join == JoinKind::kInner   ? (conditional ? " JOIN " : " CROSS JOIN ")
                          : f.join == JoinKind::kLeft  ? " LEFT JOIN "
                          : f.join == JoinKind::kRight ? " RIGHT JOIN "
                                                       : " FULL JOIN ";
  keyword(word, -kStep, kStep, kItemIndent, out);
  if (paren_right) out += '(';
  from_item(*f.right, q, out);
  if (paren_right) out += ')';
  if (!f.using_columns.empty()) {
    out += " USING (";
    for (size_t i = 0; i < f.using_columns.size(); ++i)
      out += (i == 0 ? "" : ", ") + quote_identifier(f.using_columns[i]);
    out += ')';
  } else if (f.condition != nullptr) {
    out += pretty_ ? " ON " : " ON (";
    expression(*f.condition, false, out);
    if (!pretty_) out += ')';
  } else if (f.join != JoinKind::kInner) {
    out += " ON TRUE";
  }
  if (paren) out += ')';
  if (!f.alias.empty()) out += ' ' + quote_identifier(f.alias);
}

const FromItem* find_full_using(const FromItem& f, std::string_view name) {
  if (f.kind != FromKind::kJoin) return nullptr;
  if (f.join == JoinKind::kFull &&
      std::find(f.using_columns.begin(), f.using_columns.end(), name) != f.using_columns.end())
    return &f;
  const FromItem* left = find_full_using(*f.left, name);
  return left != nullptr ? left : find_full_using(*f.right, name);
}

bool QueryDeparser::merged_column(const CoalesceExpr& e, std::string& out) {
  if (e.args.size() != 2) return false;
  const Expr* side = e.args[0];
  if (side->kind != ExprKind::kColumn || e.args[1]->kind != ExprKind::kColumn) return false;
  const auto& c = side->as<ColumnExpr>();
  const auto& other = e.args[1]->as<ColumnExpr>();
  if (c.levels_up >= levels_.size() || c.levels_up != other.levels_up || c.column <= 0 || other.column <= 0)
    return false;
  const Query& q = *levels_[levels_.size() - 1 - c.levels_up].query;
  std::string name = column_name(*q.ranges[c.range], c.column);
  if (column_name(*q.ranges[other.range], other.column) != name) return false;
  for (const FromItem* f : q.from) {
    if (find_full_using(*f, name) == nullptr) continue;
    out += quote_identifier(name);
    return true;
  }
  return false;
}

// --- GROUP BY, ORDER BY, windows

void QueryDeparser::sort_expression(const Expr& e, bool group, std::string& out) {
  (void)group;
  bool call = (e.kind == ExprKind::kFunction && e.as<FunctionExpr>().op == nullptr) ||
              e.kind == ExprKind::kAggregate || e.kind == ExprKind::kWindow;
  bool paren = e.kind != ExprKind::kConst && e.kind != ExprKind::kColumn && (pretty_ || call);
  if (paren) out += '(';
  expression(e, true, out);
  if (paren) out += ')';
}

void QueryDeparser::sort_key(const Expr& e, bool descending, bool nulls_first, std::string& out) {
  sort_expression(e, false, out);
  if (descending)
    out += nulls_first ? " DESC" : " DESC NULLS LAST";
  else if (nulls_first)
    out += " NULLS FIRST";
}

void QueryDeparser::grouping(const Query& q, std::string& out) {
  keyword(" GROUP BY ", -kStep, kStep, 1, out);
  const size_t written = q.group_by.size() - q.dependent_groups;
  if (q.grouping_sets.empty()) {
    for (size_t i = 0; i < written; ++i) {
      if (i != 0) out += ", ";
      sort_expression(*q.group_by[i], true, out);
    }
    return;
  }
  // ROLLUP and CUBE have become the sets they stand for.
  out += "GROUPING SETS (";
  for (size_t i = 0; i < q.grouping_sets.size(); ++i) {
    out += i == 0 ? "(" : ", (";
    for (size_t j = 0; j < q.grouping_sets[i].size() && q.grouping_sets[i][j] < written; ++j) {
      if (j != 0) out += ", ";
      expression(*q.group_by[q.grouping_sets[i][j]], true, out);
    }
    out += ')';
  }
  out += ')';
}

void QueryDeparser::frame_bound(uint8_t kind, const Expr* offset, std::string& out) {
  switch (kind) {
    case 0:
      out += "UNBOUNDED PRECEDING";
      return;
    case 2:
      out += "CURRENT ROW";
      return;
    case 4:
      out += "UNBOUNDED FOLLOWING";
      return;
    default:
      expression(*offset, false, out);
      out += kind == 1 ? " PRECEDING" : " FOLLOWING";
  }
}

void QueryDeparser::window(const Window& w, std::string& out) {
  std::string text;
  auto space = [&] {
    if (!text.empty()) text += ' ';
  };
  if (!w.partition.empty()) {
    text += "PARTITION BY ";
    for (size_t i = 0; i < w.partition.size(); ++i) {
      if (i != 0) text += ", ";
      sort_expression(*w.partition[i].expr, false, text);
    }
  }
  if (!w.order.empty()) {
    space();
    text += "ORDER BY ";
    for (size_t i = 0; i < w.order.size(); ++i) {
      if (i != 0) text += ", ";
      sort_key(*w.order[i].expr, w.order[i].descending, w.order[i].nulls_first, text);
    }
  }
  bool default_frame = w.mode == 1 && w.start == 0 && w.end == 2 && w.exclusion == 0;
  if (!default_frame) {
    space();
    text += w.mode == 0 ? "ROWS " : w.mode == 1 ? "RANGE " : "GROUPS ";
    text += "BETWEEN ";
    frame_bound(w.start, w.start_offset, text);
    text += " AND ";
    frame_bound(w.end, w.end_offset, text);
    static constexpr std::string_view kExclusions[] = {"", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP",
                                                       " EXCLUDE TIES"};
    text += kExclusions[w.exclusion];
  }
  out += '(' + text + ')';
}

void QueryDeparser::windows(const Query& q, std::string& out) {
  bool first = true;
  std::set<std::string_view> said;
  for (const Window& w : q.windows) {
    if (w.name.empty() || !said.insert(w.name).second) continue;
    if (first)
      keyword(" WINDOW ", -kStep, kStep, 1, out);
    else
      out += ", ";
    first = false;
    out += quote_identifier(w.name) + " AS ";
    window(w, out);
  }
}

// --- behind the query

void QueryDeparser::tail(const Query& q, std::string& out) {
  if (!q.order_by.empty()) {
    keyword(" ORDER BY ", -kStep, kStep, 1, out);
    for (size_t i = 0; i < q.order_by.size(); ++i) {
      const TargetKey& key = q.order_by[i];
      if (i != 0) out += ", ";
      if (q.set_op != nullptr) {
        out += std::to_string(key.target + 1);
        if (key.descending)
          out += key.nulls_first ? " DESC" : " DESC NULLS LAST";
        else if (key.nulls_first)
          out += " NULLS FIRST";
      } else {
        sort_key(*q.targets[key.target].expr, key.descending, key.nulls_first, out);
      }
    }
  }
  if (q.offset != nullptr) {
    keyword(" OFFSET ", -kStep, kStep, 0, out);
    expression(*q.offset, false, out);
  }
  if (q.limit != nullptr) {
    keyword(q.with_ties ? " FETCH FIRST " : " LIMIT ", -kStep, kStep, 0, out);
    bool all = q.limit->kind == ExprKind::kConst && q.limit->as<ConstExpr>().value.null;
    if (all)
      out += "ALL";
    else
      expression(*q.limit, false, out);
    if (q.with_ties) out += " ROWS WITH TIES";
  }
  locking(q, out);
}

void QueryDeparser::locking(const Query& q, std::string& out) {
  std::vector<RowLocking> written(q.locked_within.begin(), q.locked_within.end());
  written.insert(written.end(), q.locking.begin(), q.locking.end());
  for (const RowLocking& l : written) {
    if (l.from_outside) continue;  // the query around has it
    std::string_view words = l.strength == txn::RowLock::kUpdate        ? " FOR UPDATE"
                             : l.strength == txn::RowLock::kNoKeyUpdate ? " FOR NO KEY UPDATE"
                             : l.strength == txn::RowLock::kShare       ? " FOR SHARE"
                                                                        : " FOR KEY SHARE";
    keyword(words, -kStep, kStep, 0, out);
    out += " OF " + quote_identifier(levels_.back().names[l.range]);
    if (l.policy == txn::WaitPolicy::kNoWait) out += " NOWAIT";
    if (l.policy == txn::WaitPolicy::kSkip) out += " SKIP LOCKED";
  }
}

// --- expressions that only queries have

void QueryDeparser::arguments(ExprList args, std::string& out) {
  out += '(';
  for (size_t i = 0; i < args.size(); ++i) {
    if (i != 0) out += ", ";
    expression(*args[i], true, out);
  }
  out += ')';
}

// What WITHIN GROUP orders by, the binder has put behind the direct arguments; hypothetical-set aggregates
// have a constant for the directions behind that.
void QueryDeparser::ordered_set(const AggregateExpr& e, bool hypothetical, std::string& out) {
  const size_t keys = hypothetical ? (e.args.size() - 1) / 2 : 1;
  const size_t direct = hypothetical ? keys : e.args.size() - keys;
  arguments(e.args.first(direct), out);
  const int64_t flags =
      hypothetical ? static_cast<const Expr&>(*e.args.back()).as<ConstExpr>().value.int64 : 0;
  for (size_t k = 0; k < keys; ++k) {
    bool descending = (flags >> (2 * k) & 1) != 0, nulls_first = (flags >> (2 * k) & 2) != 0;
    if (!hypothetical && k < e.order_by.size()) {
      descending = e.order_by[k].descending;
      nulls_first = e.order_by[k].nulls_first;
    }
    out += k == 0 ? " WITHIN GROUP (ORDER BY " : ", ";
    sort_key(*e.args[direct + k], descending, nulls_first, out);
  }
  out += ')';
}

void QueryDeparser::aggregate(const AggregateExpr& e, std::string& out) {
  const std::string_view name = e.function->name;
  const bool hypothetical =
      name == "rank" || name == "dense_rank" || name == "percent_rank" || name == "cume_dist";
  out += names_.function(*e.function);
  if (e.function->routine == nullptr &&
      (hypothetical || name == "mode" || name == "percentile_cont" || name == "percentile_disc")) {
    ordered_set(e, hypothetical, out);
    return filter(e.filter, out);
  }
  out += '(';
  if (e.distinct) out += "DISTINCT ";
  if (e.star) out += '*';
  for (size_t i = 0; i < e.args.size(); ++i) {
    if (i != 0) out += ", ";
    expression(*e.args[i], true, out);
  }
  for (size_t i = 0; i < e.order_by.size(); ++i) {
    out += i == 0 ? " ORDER BY " : ", ";
    sort_key(*e.order_by[i].expr, e.order_by[i].descending, e.order_by[i].nulls_first, out);
  }
  out += ')';
  filter(e.filter, out);
}

void QueryDeparser::filter(const Expr* condition, std::string& out) {
  if (condition == nullptr) return;
  out += " FILTER (WHERE ";
  expression(*condition, false, out);
  out += ')';
}

void QueryDeparser::window_call(const WindowExpr& e, std::string& out) {
  out += names_.function(*e.function);
  if (e.star)
    out += "(*)";
  else
    arguments(e.args, out);
  filter(e.filter, out);
  out += " OVER ";
  const Window& w = levels_.back().query->windows[e.window];
  if (w.name.empty())
    window(w, out);
  else
    out += quote_identifier(w.name);
}

void QueryDeparser::subquery(const SubqueryExpr& e, std::string& out) {
  bool wrapped = e.subquery == SubqueryKind::kExists || e.subquery == SubqueryKind::kAny ||
                 e.subquery == SubqueryKind::kAll;
  out += e.subquery == SubqueryKind::kArray ? "ARRAY(" : "(";
  if (e.subquery == SubqueryKind::kExists) out += "EXISTS (";
  if (e.subquery == SubqueryKind::kAny || e.subquery == SubqueryKind::kAll) {
    if (e.left.size() > 1) out += '(';
    for (size_t i = 0; i < e.left.size(); ++i) {
      if (i != 0) out += ", ";
      expression(*e.left[i], true, out);
    }
    if (e.left.size() > 1) out += ')';
    // Of rows compared as a whole the operator stands innermost, with the last fields.
    const Expr* last = e.comparisons[0];
    while (last->kind == ExprKind::kOr || last->kind == ExprKind::kAnd)
      last = last->as<BoolExpr>().args.back();
    const Expr& comparison = *last;
    if (comparison.kind != ExprKind::kFunction || comparison.as<FunctionExpr>().op == nullptr) {
      throw_not_supported("the text of this comparison with a subquery");
    }
    std::string_view op = comparison.as<FunctionExpr>().op->name;
    bool any = e.subquery == SubqueryKind::kAny;
    out += any && op == "=" ? std::string(" IN (") : fmt::format(" {} {} (", op, any ? "ANY" : "ALL");
  }
  query(*e.query, nullptr, false, indent_, out);
  out += wrapped ? "))" : ")";
}

bool QueryDeparser::query_expression(const Expr& e, std::string& out) {
  switch (e.kind) {
    case ExprKind::kAggregate:
      aggregate(e.as<AggregateExpr>(), out);
      return true;
    case ExprKind::kWindow:
      window_call(e.as<WindowExpr>(), out);
      return true;
    case ExprKind::kSubquery:
      subquery(e.as<SubqueryExpr>(), out);
      return true;
    case ExprKind::kSetReturning:
      out += names_.function(*e.as<SetReturningExpr>().function);
      arguments(e.as<SetReturningExpr>().args, out);
      return true;
    case ExprKind::kGrouping:
      out += "GROUPING";
      arguments(e.as<GroupingExpr>().args, out);
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string RelationNames::function(const functions::Function& function) {
  return visible_function_name(function);
}
std::string visible_function_name(const functions::Function& f) {
  std::string name = quote_identifier(f.name);
  bool hidden = f.routine != nullptr && !f.routine->visible;
  return hidden ? quote_identifier(f.routine->schema) + "." + name : name;
}

std::string deparse_query(const Query& query, std::span<const std::string> column_names, RelationNames& names,
                          functions::EvalContext& eval, bool pretty) {
  std::vector<std::string> result(column_names.begin(), column_names.end());
  std::string out;
  QueryDeparser(names, eval, pretty).query(query, result.empty() ? nullptr : &result, true, 0, out);
  return out;
}

std::string deparse_policy(const Expr& condition, const catalog::RelationPtr& table, RelationNames& names,
                           functions::EvalContext& eval, bool pretty) {
  Range range{};
  range.kind = RangeKind::kRelation;
  range.relation = &table;
  Range* ranges[] = {&range};
  Query query;
  query.ranges = ranges;
  std::string out;
  QueryDeparser(names, eval, pretty).condition(query, condition, out);
  return out;
}

}  // namespace varve::analyzer
