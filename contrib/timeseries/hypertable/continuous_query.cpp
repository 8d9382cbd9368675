#include "continuous_query.h"

#include <algorithm>
#include <fmt/format.h>

#include "analyzer/expression_walk.h"
#include "analyzer/query_walk.h"
#include "command_names.h"
#include "commands/options.h"
#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "hypertable/hypertable.h"
#include "parser/parser.h"

namespace varve::hypertable {

using analyzer::ColumnExpr;
using analyzer::Expr;
using analyzer::ExprKind;
using analyzer::FromItem;
using analyzer::FromKind;
using analyzer::FunctionExpr;
using analyzer::JoinKind;
using analyzer::Query;
using analyzer::Range;
using analyzer::RangeKind;
using commands::CommandContext;
using parser::quote_identifier;

namespace {

SqlError unsupported(std::string message) {
  return SqlError(sqlstate::kFeatureNotSupported, std::move(message));
}
SqlError invalid_query(std::string detail) {
  return unsupported("invalid continuous aggregate query").detail(std::move(detail));
}
SqlError invalid_view(std::string detail) {
  return unsupported("invalid continuous aggregate view").detail(std::move(detail));
}

class QualifiedNames final : public analyzer::RelationNames {
 public:
  std::string relation(const catalog::Relation& r) override {
    return quote_identifier(r.schema_name) + "." + quote_identifier(r.name);
  }
  std::string function(const functions::Function& f) override {
    std::string name = quote_identifier(f.name);
    return f.routine == nullptr ? name : quote_identifier(f.routine->schema) + "." + name;
  }
};

void check_clauses(const Query& q, bool allows_windows) {
  if (q.set_op != nullptr) {
    throw invalid_query("UNION, EXCEPT & INTERSECT are not supported by continuous aggregates.");
  }
  if (q.has_windows && !allows_windows) {
    throw invalid_query("Window function support not enabled.")
        .hint(
            "Enable experimental window function support by setting "
            "timescaledb.enable_cagg_window_functions.");
  }
  if (q.limit != nullptr || q.offset != nullptr) {
    throw invalid_query("LIMIT and LIMIT OFFSET are not supported in queries defining continuous aggregates.")
        .hint("Use LIMIT and LIMIT OFFSET in SELECTS from the continuous aggregate view instead.");
  }
  if (q.distinct || !q.distinct_on.empty())
    throw invalid_query("DISTINCT / DISTINCT ON queries are not supported by continuous aggregates.");
  if (!q.locking.empty()) throw invalid_query("FOR UPDATE is not supported by continuous aggregates.");
  if (q.has_set_returning)
    throw invalid_query("Set-returning functions are not supported by continuous aggregates.");
  if (q.group_by.empty())
    throw invalid_query("Include at least one aggregate function and a GROUP BY clause with time bucket.");
}

// Each of its rows comes from one row of each of its tables.
void require_row_by_row(const Query& q) {
  const bool simple = q.command == analyzer::CommandType::kSelect && q.set_op == nullptr &&
                      !q.has_aggregates && !q.has_group_clause && q.having == nullptr && !q.has_windows &&
                      !q.has_set_returning && !q.distinct && q.distinct_on.empty() && q.limit == nullptr &&
                      q.offset == nullptr && q.locking.empty();
  if (!simple) {
    throw invalid_query(
        "Subqueries and CTEs with the hypertable must give its rows one by one: without grouping, set "
        "operations, "
        "DISTINCT, window functions and LIMIT.");
  }
}

// A join may add a row without one of the range: then there are rows without a time.
bool may_be_missing(const FromItem& item, uint32_t range, bool* found) {
  if (item.kind == FromKind::kRange) {
    *found = item.range == range;
    return false;
  }
  bool left = false, right = false;
  const bool missing = may_be_missing(*item.left, range, &left) | may_be_missing(*item.right, range, &right);
  *found = left || right;
  if (item.join == JoinKind::kFull || (left && item.join == JoinKind::kRight) ||
      (right && item.join == JoinKind::kLeft))
    return *found;
  return missing;
}

void require_row_of(const Query& q, uint32_t range) {
  for (const FromItem* item : q.from) {
    bool found = false;
    if (may_be_missing(*item, range, &found)) {
      throw unsupported("only INNER or LEFT joins are supported in continuous aggregates")
          .detail("The hypertable must be on the side of which all rows are kept.");
    }
  }
}

struct Aggregate {
  int32_t number = 0;  // 0: the view is none
  Oid table;
  std::string bucket_column;
};

Aggregate find_aggregate(CommandContext& context, Oid view) {
  Arena arena;
  std::vector<types::Value> row;
  Aggregate found;
  if (!context.services.query_row(
          fmt::format(
              "SELECT c.mat_hypertable_id, h.relid::pg_catalog.oid, c.bucket_column FROM "
              "_timescaledb_catalog.continuous_agg c JOIN _timescaledb_catalog.hypertable h ON h.id = "
              "c.mat_hypertable_id WHERE c.user_view = {}::pg_catalog.oid::pg_catalog.regclass",
              view.value()),
          arena, &row))
    return found;
  found = {row[0].int32, Oid{row[1].oid()}, std::string(row[2].view())};
  return found;
}

// A subquery depends on tables only; what it calls is looked at by itself.
bool depends_on_time_or_session(const Expr* e) {
  return analyzer::any_of(e, [](const Expr& x) {
    if (x.kind == ExprKind::kSubquery) return false;
    // The node, without what is below it.
    const functions::Function* f = x.kind == ExprKind::kFunction    ? x.as<FunctionExpr>().function
                                   : x.kind == ExprKind::kAggregate ? x.as<analyzer::AggregateExpr>().function
                                   : x.kind == ExprKind::kSetReturning
                                       ? x.as<analyzer::SetReturningExpr>().function
                                   : x.kind == ExprKind::kArrayOp ? x.as<analyzer::ArrayOpExpr>().function
                                                                  : nullptr;
    if (f != nullptr && f->volatility != functions::Volatility::kImmutable) return true;
    return x.kind == ExprKind::kCoerceViaIo && !analyzer::is_immutable(&x);
  });
}

// What the query reads: hypertables and continuous aggregates; and that it has no function that may say
// something else tomorrow.
class Reading {
 public:
  explicit Reading(CommandContext& context) : context_(context) {}
  void query(const Query& q) {
    for (const Range* range : q.ranges) {
      if (range->view != nullptr && find_aggregate(context_, (*range->view)->oid).number != 0) {
        ++tables;
        continue;
      }
      if (range->query != nullptr) query(*range->query);
      if (range->kind == RangeKind::kRelation && find_mark(**range->relation).has_value()) relation(*range);
      for (const Expr* e : range->args) expression(e);
    }
    for (const analyzer::Cte* cte : q.ctes) {
      if (cte->query != nullptr) query(*cte->query);
    }
    visit_query(
        q, [&](const Expr* e) { expression(e); }, [](const Query&) {});
  }
  int tables = 0;

 private:
  void relation(const Range& range) {
    ++tables;
    if (range.only) throw invalid_view("FROM ONLY on hypertables is not allowed in continuous aggregate.");
    if (range.sample_percent != nullptr)
      throw invalid_view("TABLESAMPLE is not supported in continuous aggregate.");
    if ((*range.relation)->row_security)
      throw unsupported("cannot create continuous aggregate on hypertable with row security");
  }
  void expression(const Expr* e) {
    if (depends_on_time_or_session(e)) {
      throw unsupported("only immutable functions supported in continuous aggregate view")
          .hint(
              "Make sure all functions in the continuous aggregate definition have IMMUTABLE volatility. "
              "Note that "
              "functions or expressions may be IMMUTABLE for one data type, but STABLE or VOLATILE for "
              "another.");
    }
    analyzer::any_of(e, [&](const Expr& x) {
      if (x.kind == ExprKind::kSubquery) query(*x.as<analyzer::SubqueryExpr>().query);
      return false;
    });
  }
  CommandContext& context_;
};

bool is_bucket(const Expr* e) {
  if (e->kind != ExprKind::kFunction) return false;
  const functions::Function* f = e->as<FunctionExpr>().function;
  return f->routine != nullptr && f->routine->is_native && f->name == "time_bucket";
}

// The names of relations in FROM, with those in subqueries and CTEs.
template <class F>
void for_each_name(const parser::SelectStmt& query, F&& f) {
  auto from = [&](auto&& self, parser::Node* node) -> void {
    if (node == nullptr) return;
    if (node->kind == parser::NodeKind::kRangeVar) {
      f(*parser::as<parser::RangeVar>(node));
    } else if (node->kind == parser::NodeKind::kJoinExpr) {
      self(self, parser::as<parser::JoinExpr>(node)->left);
      self(self, parser::as<parser::JoinExpr>(node)->right);
    } else if (node->kind == parser::NodeKind::kRangeSubselect) {
      const parser::Node* inner = parser::as<parser::RangeSubselect>(node)->query;
      for_each_name(*parser::as<parser::SelectStmt>(inner), f);
    }
  };
  for (parser::Node* node : query.from) from(from, node);
  if (query.with == nullptr) return;
  for (const parser::CommonTableExpr* cte : query.with->ctes) {
    if (cte->query->kind == parser::NodeKind::kSelectStmt)
      for_each_name(*parser::as<parser::SelectStmt>(cte->query), f);
  }
}

// Puts something in its place while it lives.
template <class T>
class Instead {
 public:
  Instead(T& place, T value) : place_(place), before_(place) { place = value; }
  ~Instead() { place_ = before_; }
  Instead(const Instead&) = delete;
  Instead& operator=(const Instead&) = delete;

 private:
  T& place_;
  T before_;
};

const parser::SelectStmt& parse_select(CommandContext& context, const std::string& text) {
  return *parser::as<parser::SelectStmt>(
      parser::parse(context.arena.copy(std::string_view(text)), context.arena).statements[0].statement);
}

}  // namespace

ContinuousQuery::ContinuousQuery(CommandContext& context, parser::SelectStmt& query, parser::NameList columns)
    : context_(context), query_(query), columns_(columns) {
  analyzer::AnalyzerContext inner = context.analyzer_context();
  const Query& bound = *analyzer::analyze(inner, &query);
  const std::string windows = context.services.setting("timescaledb.enable_cagg_window_functions");
  check_clauses(bound, commands::parse_switch(windows).value_or(false));
  Reading reading(context);
  reading.query(bound);
  if (reading.tables == 0)
    throw invalid_view("At least one hypertable should be used in the view definition.");
  if (reading.tables > 1) throw invalid_view("Only one hypertable is allowed in continuous aggregate view.");
  find_bucket(bound);
  name_columns(bound);
}

void ContinuousQuery::find_bucket(const Query& bound) {
  const FunctionExpr* call = nullptr;
  for (uint32_t i = 0; i < bound.group_by.size(); ++i) {
    if (!is_bucket(bound.group_by[i])) continue;
    if (call != nullptr)
      throw unsupported("continuous aggregate view cannot contain multiple time bucket functions");
    call = &bound.group_by[i]->as<FunctionExpr>();
    bucket_group_ = i;
  }
  if (call == nullptr)
    throw unsupported("continuous aggregate view must include a valid time bucket function");
  for (std::span<uint32_t> set : bound.grouping_sets) {
    if (std::find(set.begin(), set.end(), bucket_group_) == set.end())
      throw invalid_query("Each grouping set must have the time bucket.");
  }
  // What a function sees of other buckets would be left behind when they change.
  for (const analyzer::Window& window : bound.windows) {
    if (std::none_of(window.partition.begin(), window.partition.end(),
                     [&](const analyzer::SortKey& key) { return analyzer::same_expression(key.expr, call); }))
      throw invalid_query("Each window must be partitioned by the time bucket.")
          .hint(
              "What a window sees of other buckets changes with them. Leave it out, and compute it in a view "
              "of "
              "the continuous aggregate.");
  }
  take_bucket_call(*call);
  find_source(bound, *call->args[1]);
}

void ContinuousQuery::take_bucket_call(const FunctionExpr& call) {
  QualifiedNames names;
  bucket_call = names.function(*call.function) + "(";
  for (size_t i = 0; i < call.args.size(); ++i) {
    const Expr& arg = *call.args[i];
    if (i > 0) bucket_call += ", ";
    if (i == 1) {
      bucket_call += "$1";
      time_type_ = arg.type;
      continue;
    }
    const bool depends = analyzer::any_of(&arg, [](const Expr& x) { return x.kind == ExprKind::kColumn; });
    if (depends || !analyzer::is_immutable(&arg)) {
      throw unsupported("only immutable expressions allowed in time bucket function")
          .hint("Use an immutable expression as first argument to the time bucket function.");
    }
    const std::string text = analyzer::deparse_expression(arg, nullptr, context_.eval);
    bucket_call += text;
    if (arg.kind == ExprKind::kConst && arg.as<analyzer::ConstExpr>().value.null) {
      if (i == 0) throw unsupported("invalid bucket width for time bucket function");
      continue;
    }
    const bool is_length = arg.type == type_oid::kInterval || arg.type == type_oid::kInt2 ||
                           arg.type == type_oid::kInt4 || arg.type == type_oid::kInt8;
    (i == 0 ? width : arg.type == type_oid::kText ? zone : is_length ? offset : origin) = text;
  }
  bucket_call += ")";
  if (!is_time_type(time_type_)) throw_not_supported("a continuous aggregate by this type of time");
}

// Follows the bucket's column to the hypertable's time.
void ContinuousQuery::find_source(const Query& bound, const Expr& time) {
  auto wrong = [] {
    return unsupported("time bucket function must reference the primary hypertable dimension column");
  };
  std::vector<const Query*> around{&bound};
  const Query* q = &bound;
  const Expr* e = &time;
  for (bool first = true;; first = false) {
    if (e->kind != ExprKind::kColumn || e->as<ColumnExpr>().levels_up != 0) throw wrong();
    const auto& column = e->as<ColumnExpr>();
    const Range& range = *q->ranges[column.range];
    require_row_of(*q, column.range);
    if (column.column <= 0) throw wrong();
    const std::string_view name = range.columns[static_cast<size_t>(column.column - 1)].name;
    if (first) time_ = quote_identifier(range.alias) + "." + quote_identifier(name);
    if (range.kind == RangeKind::kRelation) {
      std::optional<Mark> mark = find_mark(**range.relation);
      if (!mark.has_value() || (*range.relation)->column(column.column).name != mark->columns[0])
        throw wrong();
      source = (*range.relation)->oid;
      return;
    }
    const Query* next = nullptr;
    if (range.kind == RangeKind::kSubquery) {
      if (range.view != nullptr) {
        const Aggregate aggregate = find_aggregate(context_, (*range.view)->oid);
        const std::string& own = (*range.view)->column(column.column).name;
        if (aggregate.number == 0 || own != aggregate.bucket_column) throw wrong();
        source = aggregate.table;
        parent = aggregate.number;
        const Oid view = (*range.view)->oid;
        for_each_name(query_, [&](parser::RangeVar& v) {
          RelationPtr named = find(context_, &v);
          if (named != nullptr && named->oid == view) parent_name_ = &v;
        });
        RelationPtr table = context_.catalog.relation(source);
        if (parent_name_ == nullptr || table == nullptr) throw wrong();
        parent_table_ = table->name;
        return;
      }
      next = range.query;
    } else if (range.kind == RangeKind::kCte && !range.work_table && range.cte_levels_up < around.size()) {
      const Query& home = *around[around.size() - 1 - range.cte_levels_up];
      around.resize(around.size() - range.cte_levels_up);
      const analyzer::Cte& cte = *home.ctes[range.cte];
      if (!cte.recursive) next = cte.query;
    }
    if (next == nullptr) throw wrong();
    require_row_by_row(*next);
    q = next;
    around.push_back(q);
    e = nullptr;
    int16_t at = column.column;
    for (const analyzer::Target& t : q->targets) {
      if (!t.junk && --at == 0) e = t.expr;
    }
    if (e == nullptr) throw wrong();
  }
}

void ContinuousQuery::name_columns(const Query& bound) {
  const Expr* bucket = bound.group_by[bucket_group_];
  for (const analyzer::Target& t : bound.targets) {
    if (t.junk) continue;
    names_.emplace_back(names_.size() < columns_.size() ? columns_[names_.size()] : t.name);
    if (analyzer::same_expression(t.expr, bucket)) {
      if (bucket_column.empty()) bucket_column = names_.back();
      continue;
    }
    for (const Expr* g : bound.group_by) {
      if (!analyzer::same_expression(t.expr, g)) continue;
      groups.push_back(names_.back());
      break;
    }
  }
  if (columns_.size() > names_.size())
    throw SqlError(sqlstate::kSyntaxError, "too many column names were specified");
  bucket_is_hidden = bucket_column.empty();
  if (bucket_is_hidden) bucket_column = "time_partition_col";
}

std::string ContinuousQuery::value(const std::string& internal) const {
  const std::string_view convert =
      time_type_ == type_oid::kTimestamptz ? "_timescaledb_functions.to_timestamp"
      : time_type_ == type_oid::kTimestamp ? "_timescaledb_functions.to_timestamp_without_timezone"
      : time_type_ == type_oid::kDate      ? "_timescaledb_functions.to_date"
      : time_type_ == type_oid::kUuid      ? "_timescaledb_functions.uuid_at"
                                           : "";
  return fmt::format("{}({})", convert, internal);
}

std::string ContinuousQuery::text(const std::string& condition, bool for_refresh) {
  std::vector<parser::TargetEntry*> targets(query_.targets.begin(), query_.targets.end());
  std::vector<std::string> names = names_;
  if (for_refresh && bucket_is_hidden) {
    auto* target = context_.arena.make<parser::TargetEntry>();
    target->name = context_.arena.copy(std::string_view(bucket_column));
    for (parser::Node* node : query_.group_by) {
      if (node->kind == parser::NodeKind::kFuncCall &&
          parser::as<parser::FuncCall>(node)->names.back() == "time_bucket")
        target->value = node;
    }
    if (target->value == nullptr)
      throw_not_supported("this way of grouping without selecting the time bucket");
    targets.push_back(target);
    names.push_back(bucket_column);
  }
  Instead all_targets(query_.targets, parser::List<parser::TargetEntry>(context_.arena.copy(targets)));
  parser::Node* where = query_.where;
  if (!condition.empty()) {
    where = parse_select(context_, "SELECT 1 WHERE " + condition).where;
    if (query_.where != nullptr) {
      auto* both = context_.arena.make<parser::BoolExpr>();
      const std::vector<parser::Node*> args{query_.where, where};
      both->args = context_.arena.copy(args);
      where = both;
    }
  }
  Instead restricted(query_.where, where);
  parser::RangeVar unused;
  parser::RangeVar& name = parent_name_ != nullptr ? *parent_name_ : unused;
  auto* alias = context_.arena.make<parser::Alias>();
  alias->name = name.name;
  const bool of_table = for_refresh && parent_name_ != nullptr;
  Instead schema(name.schema, of_table ? std::string_view("_timescaledb_internal") : name.schema);
  Instead table(name.name, of_table ? std::string_view(parent_table_) : name.name);
  Instead aliased(name.alias, of_table && name.alias == nullptr ? alias : name.alias);
  QualifiedNames printed;
  analyzer::AnalyzerContext inner = context_.analyzer_context();
  // Of the extension's making: where the parts are, its users need not know.
  inner.checks_schemas = false;
  return analyzer::deparse_query(*analyzer::analyze(inner, &query_), names, printed, context_.eval, false);
}

std::string ContinuousQuery::partial() {
  auto bound = [&](std::string_view setting) {
    return value(fmt::format("pg_catalog.current_setting('{}')::pg_catalog.int8", setting));
  };
  return text(fmt::format("{0} >= {1} AND {0} < {2}", time_, bound("timescaledb.refresh_start"),
                          bound("timescaledb.refresh_end")),
              true);
}

std::string ContinuousQuery::rest(int32_t number) {
  // The alias is nobody's: columns of the query around must not be taken for it, nor its for theirs.
  const std::string watermark = fmt::format(
      "(SELECT _timescaledb_w.watermark FROM _timescaledb_catalog.continuous_aggs_watermark _timescaledb_w "
      "WHERE _timescaledb_w.mat_hypertable_id = {})",
      number);
  return text(fmt::format("{} >= {}", time_, value(watermark)), false);
}

}  // namespace varve::hypertable
