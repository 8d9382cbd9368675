// A join that must be done as a whole (a full join, or the nullable side of an outer join) and reads tables
// outside of it through LATERAL becomes a LATERAL subquery: then it is run again for every row of those.
#include <algorithm>

#include "analyzer/query_walk.h"
#include "query_copy.h"
#include "rewrite.h"

namespace varve::planner {

using analyzer::FromKind;
using analyzer::JoinKind;
using analyzer::RangeColumn;
using analyzer::RangeKind;
using analyzer::Target;

namespace {

RangeSet ranges_in(const FromItem& item) {
  if (item.kind == FromKind::kRange) return RangeSet{1} << item.range;
  return ranges_in(*item.left) | ranges_in(*item.right);
}

// The join's expressions one level further in: its own ranges get their new numbers, all else is one level
// further out.
class Enclose : public ColumnMap {
 public:
  Enclose(const std::vector<uint32_t>& numbers, Arena& arena) : numbers_(numbers), arena_(arena) {}
  Expr* map(const ColumnExpr& c, uint32_t depth) override {
    if (c.levels_up < depth) return nullptr;
    auto* moved = arena_.make<ColumnExpr>(c);
    if (c.levels_up == depth && numbers_[c.range] != UINT32_MAX)
      moved->range = numbers_[c.range];
    else
      ++moved->levels_up;
    return moved;
  }
  uint32_t map_cte_level(uint32_t levels_up, uint32_t depth) override {
    return levels_up >= depth ? levels_up + 1 : levels_up;
  }

 private:
  const std::vector<uint32_t>& numbers_;  // by range; UINT32_MAX: outside
  Arena& arena_;
};

// What the rest of the query reads of the join's ranges is now a column of the subquery, which gets a target
// for each.
class Outside : public ColumnMap {
 public:
  Outside(const std::vector<uint32_t>& numbers, uint32_t range, Arena& arena)
      : numbers_(numbers), range_(range), arena_(arena) {}
  Expr* map(const ColumnExpr& c, uint32_t depth) override {
    if (c.levels_up != depth || c.range >= numbers_.size() || numbers_[c.range] == UINT32_MAX) return nullptr;
    size_t n = 0;
    while (n < read.size() && (read[n]->range != c.range || read[n]->column != c.column)) ++n;
    if (n == read.size()) read.push_back(&c);
    auto* moved = arena_.make<ColumnExpr>(c);
    moved->range = range_;
    moved->column = static_cast<int16_t>(n + 1);
    return moved;
  }
  std::vector<const ColumnExpr*> read;

 private:
  const std::vector<uint32_t>& numbers_;
  uint32_t range_;
  Arena& arena_;
};

class LateralJoins {
 public:
  LateralJoins(PlannerState& state, Query& query) : arena_(state.statement.arena), query_(query) {}

  void run() {
    while (FromItem** place = find_any()) enclose(place);
  }

 private:
  FromItem** find_any() {
    for (FromItem*& item : query_.from) {
      if (FromItem** found = find(&item, false)) return found;
    }
    return nullptr;
  }

  // The outermost join below that has to be enclosed.
  FromItem** find(FromItem** place, bool nullable) {
    FromItem& item = **place;
    if (item.kind == FromKind::kRange) return nullptr;
    if ((nullable || item.join == JoinKind::kFull) && reads_outside(item)) return place;
    bool left = item.join == JoinKind::kRight, right = item.join == JoinKind::kLeft;
    FromItem** found = find(&item.left, left);
    return found != nullptr ? found : find(&item.right, right);
  }

  bool reads_outside(const FromItem& item) const {
    RangeSet inside = ranges_in(item);
    return reads_outside(item, inside);
  }
  bool reads_outside(const FromItem& item, RangeSet inside) const {
    if (item.kind != FromKind::kRange)
      return reads_outside(*item.left, inside) || reads_outside(*item.right, inside);
    const Range& range = *query_.ranges[item.range];
    if (!range.lateral) return false;
    bool found = false;
    for (const analyzer::RowLocking& lock : query_.locking) {
      if ((inside >> lock.range & 1) != 0) return false;  // its rows must be found again
    }
    auto look = [&](const Expr& x, uint32_t level) {
      if (x.kind == ExprKind::kColumn && x.as<ColumnExpr>().levels_up == level)
        found = found || (inside >> x.as<ColumnExpr>().range & 1) == 0;
      return true;
    };
    for (const Expr* e : range.args) analyzer::walk_deep(e, 0, look);
    if (range.query != nullptr) analyzer::walk_deep(*range.query, 1, look);
    return found;
  }

  void enclose(FromItem** place) {
    FromItem* join = *place;
    RangeSet inside = ranges_in(*join);
    std::vector<uint32_t> numbers(query_.ranges.size(), UINT32_MAX);
    uint32_t count = 0;
    for (size_t i = 0; i < numbers.size(); ++i) {
      if ((inside >> i & 1) != 0) numbers[i] = count++;
    }
    Enclose enclosed(numbers, arena_);
    QueryCopier copier(arena_, enclosed);
    auto* inner = arena_.make<Query>();
    std::vector<Range*> ranges;
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (numbers[i] != UINT32_MAX) ranges.push_back(copier.copy(*query_.ranges[i], 0));
    }
    inner->ranges = arena_.copy(ranges);
    inner->from = arena_.copy(std::vector<FromItem*>{renumbered(join, numbers, copier)});
    inner->is_correlated = true;

    auto* range = arena_.make<Range>();
    range->kind = RangeKind::kSubquery;
    range->alias = "unnamed_join";
    range->lateral = true;
    range->query = inner;
    auto number = static_cast<uint32_t>(query_.ranges.size());
    std::vector<Range*> all(query_.ranges.begin(), query_.ranges.end());
    all.push_back(range);
    // They are read inside only: nothing may plan or walk them here any more.
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (numbers[i] == UINT32_MAX) continue;
      all[i] = arena_.make<Range>(*all[i]);
      all[i]->kind = RangeKind::kValues;
      all[i]->query = nullptr;
      all[i]->args = {};
      all[i]->security = {};
      all[i]->lateral = false;
    }
    auto* item = arena_.make<FromItem>();
    item->kind = FromKind::kRange;
    item->range = number;
    *place = item;
    query_.ranges = arena_.copy(all);
    Outside outside(numbers, number, arena_);
    query_ = *QueryCopier(arena_, outside).copy(query_);
    give_targets(*query_.ranges[number], outside.read, numbers);
  }

  FromItem* renumbered(const FromItem* item, const std::vector<uint32_t>& numbers, QueryCopier& copier) {
    auto* c = arena_.make<FromItem>(*item);
    if (item->kind == FromKind::kRange) {
      c->range = numbers[item->range];
      return c;
    }
    c->left = renumbered(item->left, numbers, copier);
    c->right = renumbered(item->right, numbers, copier);
    c->condition = copier.copy(item->condition);
    return c;
  }

  void give_targets(Range& range, const std::vector<const ColumnExpr*>& read,
                    const std::vector<uint32_t>& numbers) {
    std::vector<Target> targets;
    std::vector<RangeColumn> columns;
    for (const ColumnExpr* c : read) {
      auto* column = arena_.make<ColumnExpr>(*c);
      column->range = numbers[c->range];
      column->levels_up = 0;
      Target target;
      target.expr = column;
      if (c->column > 0)
        target.name = query_.ranges[c->range]->columns[static_cast<size_t>(c->column - 1)].name;
      targets.push_back(target);
      columns.push_back({target.name, c->type, c->typmod, c->collation});
    }
    range.query->targets = arena_.copy(targets);
    range.columns = arena_.copy(columns);
  }

  Arena& arena_;
  Query& query_;
};

}  // namespace

void enclose_lateral_joins(PlannerState& state, Query& query) {
  if (query.command != analyzer::CommandType::kSelect || query.from.empty()) return;
  bool any = std::any_of(query.ranges.begin(), query.ranges.end(), [](const Range* r) { return r->lateral; });
  if (any && can_copy(query)) LateralJoins(state, query).run();
}

}  // namespace varve::planner
