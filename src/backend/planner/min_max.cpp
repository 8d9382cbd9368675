// min(x) and max(x) of a whole table, or of a range of x, are the first or last entry of an index on x:
//   SELECT min(x) FROM t   =>   SELECT (SELECT x FROM t WHERE x IS NOT NULL ORDER BY x LIMIT 1)
#include <algorithm>

#include "functions/type_oids.h"
#include "query_copy.h"
#include "rewrite.h"

namespace varve::planner {

using analyzer::AggregateExpr;
using analyzer::BoolExpr;
using analyzer::ConstExpr;
using analyzer::FromKind;
using analyzer::NullTestExpr;
using analyzer::RangeKind;
using analyzer::SubqueryExpr;
using analyzer::SubqueryKind;
using analyzer::Target;
using analyzer::TargetKey;
using types::Value;

namespace {

class MinMax {
 public:
  MinMax(PlannerState& state, Query& query) : arena_(state.statement.arena), query_(query) {}

  bool fits() {
    if (query_.command != analyzer::CommandType::kSelect || !query_.has_aggregates ||
        query_.has_group_clause || query_.has_windows || query_.has_set_returning ||
        query_.set_op != nullptr || query_.from.size() != 1 || query_.from[0]->kind != FromKind::kRange ||
        !query_.locking.empty() || !query_.ctes.empty() || query_.is_correlated) {
      return false;
    }
    range_ = query_.from[0]->range;
    const Range& r = *query_.ranges[range_];
    if (r.kind != RangeKind::kRelation || r.sample_percent != nullptr || r.family != nullptr ||
        !r.security.empty())
      return false;
    relation_ = r.relation->get();
    for (const Target& t : query_.targets) {
      if (!examine(t.expr)) return false;
    }
    return found_ > 0 && found_ <= 4 && examine(query_.having) && where_fits();
  }

  void apply() {
    for (Target& t : query_.targets) t.expr = replace(t.expr);
    query_.having = replace(query_.having);
    query_.where = query_.having;  // of the one row that is left
    query_.having = nullptr;
    query_.has_aggregates = false;
    query_.from = {};
  }

 private:
  // Only constants around min and max of indexed columns.
  bool examine(const Expr* e) {
    bool fit = true;
    if (e == nullptr) return fit;
    analyzer::any_of(e, [&](const Expr& x) {
      if (x.kind == ExprKind::kSubquery) fit = false;
      if (x.kind == ExprKind::kColumn) fit = fit && known_argument(&x);
      if (x.kind == ExprKind::kAggregate) {
        ++found_;
        fit = fit && index_serves(x.as<AggregateExpr>());
        if (fit) arguments_.push_back(x.as<AggregateExpr>().args[0]);
      }
      return false;
    });
    return fit;
  }
  bool known_argument(const Expr* e) const {
    return std::find(arguments_.begin(), arguments_.end(), e) != arguments_.end();
  }

  bool index_serves(const AggregateExpr& a) {
    if ((a.function->name != "min" && a.function->name != "max") || a.distinct || a.filter != nullptr ||
        !a.order_by.empty() || a.levels_up != 0 || a.args.size() != 1 ||
        a.args[0]->kind != ExprKind::kColumn) {
      return false;
    }
    const auto& c = a.args[0]->as<ColumnExpr>();
    if (c.levels_up != 0 || c.column <= 0 || (column_ != 0 && column_ != c.column)) return false;
    column_ = c.column;
    const catalog::Column& column = relation_->column(c.column);
    const auto& statistics = relation_->statistics;
    auto i = static_cast<size_t>(c.column - 1);
    bool nulls = !column.not_null && (i >= statistics.size() || statistics[i] == nullptr ||
                                      statistics[i]->null_fraction > 0.001F);
    if (nulls && a.function->name == "max") return false;  // they stand before the greatest
    return std::any_of(relation_->indexes.begin(), relation_->indexes.end(),
                       [&](const catalog::Index& index) {
                         return index.serves_reads() && index.is_ordered() && index.tree != nullptr &&
                                index.predicate_sql.empty() && index.keys[0].column == c.column &&
                                !index.keys[0].descending && !index.keys[0].nulls_first &&
                                index.keys[0].collation == a.site->collation;
                       });
  }

  // No condition, or only on the same column: anything else may have to walk far.
  bool where_fits() const {
    bool fit = true;
    if (query_.where == nullptr) return true;
    if (analyzer::is_volatile(query_.where)) return false;
    analyzer::any_of(query_.where, [&](const Expr& x) {
      if (x.kind == ExprKind::kSubquery || x.kind == ExprKind::kOr || x.kind == ExprKind::kNot) fit = false;
      if (x.kind == ExprKind::kColumn)
        fit = fit && x.as<ColumnExpr>().levels_up == 0 && x.as<ColumnExpr>().column == column_;
      return false;
    });
    return fit;
  }

  Expr* replace(Expr* e) {
    if (e == nullptr) return nullptr;
    return analyzer::rewrite(e, arena_, [&](Expr* x) -> Expr* {
      return x->kind == ExprKind::kAggregate ? first_of(x->as<AggregateExpr>()) : nullptr;
    });
  }

  Expr* first_of(const AggregateExpr& a) {
    auto* inner = arena_.make<Query>();
    inner->ranges = query_.ranges;
    inner->from = query_.from;
    auto* test = arena_.make<NullTestExpr>();
    test->kind = ExprKind::kNullTest;
    test->type = type_oid::kBool;
    test->arg = a.args[0];
    test->is_not_null = true;
    inner->where = test;
    if (query_.where != nullptr) {
      auto* both = arena_.make<BoolExpr>();
      both->kind = ExprKind::kAnd;
      both->type = type_oid::kBool;
      both->args = arena_.copy(std::vector<Expr*>{query_.where, test});
      inner->where = both;
    }
    Target target;
    target.expr = a.args[0];
    target.name = a.function->name;
    inner->targets = arena_.copy(std::vector<Target>{target});
    TargetKey key;
    key.descending = a.function->name == "max";
    key.nulls_first = key.descending;
    key.collation = a.site->collation;
    inner->order_by = arena_.copy(std::vector<TargetKey>{key});
    auto* one = arena_.make<ConstExpr>();
    one->kind = ExprKind::kConst;
    one->type = type_oid::kInt8;
    one->value = Value::of_int64(1);
    inner->limit = one;
    auto* sublink = arena_.make<SubqueryExpr>();
    static_cast<Expr&>(*sublink) = a;
    sublink->kind = ExprKind::kSubquery;
    sublink->subquery = SubqueryKind::kScalar;
    sublink->query = inner;
    return sublink;
  }

  Arena& arena_;
  Query& query_;
  const catalog::Relation* relation_ = nullptr;
  uint32_t range_ = 0;
  int16_t column_ = 0;
  size_t found_ = 0;
  std::vector<const Expr*> arguments_;
};

}  // namespace

void use_index_for_min_max(PlannerState& state, Query& query) {
  if (!state.settings.enable_sort_avoidance || !state.settings.enable_index_scan) return;
  MinMax rewrite(state, query);
  if (rewrite.fits()) rewrite.apply();
}

}  // namespace varve::planner
