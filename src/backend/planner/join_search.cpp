// The order of joins: dynamic programming over subsets of the leaves (Selinger; DPsub), a greedy search
// beyond the limit. Only numbers are compared; the plan is built once, for the order that won.
#include <algorithm>
#include <bit>
#include <cmath>
#include <unordered_map>

#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "join_problem.h"

namespace varve::planner {

using analyzer::FunctionExpr;

class JoinSearch {
 public:
  JoinSearch(QueryPlanner& planner, std::vector<JoinLeaf>& leaves, std::vector<Expr*>& conjuncts,
             const ColumnSet* above)
      : p_(planner), leaves_(leaves), conjuncts_(conjuncts), above_(above) {}

  Node run() {
    prepare();
    size_t n = leaves_.size();
    uint64_t all = n == 64 ? ~uint64_t{0} : (uint64_t{1} << n) - 1;
    if (n > p_.state_.settings.join_search_limit)
      greedy();
    else
      exhaustive(all);
    if (best_.count(all) == 0) throw_not_supported("a LATERAL reference across an outer join");
    Node node = build(all, above_);
    conjuncts_ = std::move(left_over_);
    return node;
  }

 private:
  enum class Method : uint8_t { kLeaf, kJoin, kIndexJoin, kInvertedJoin, kLateral };
  struct Entry {
    double rows = 1, cost = 0;
    uint64_t left = 0, right = 0;
    Method method = Method::kLeaf;
  };
  struct Condition {
    Expr* e;
    RangeSet needs;
    double selectivity = 1;                  // as a join condition
    int equality = -1;                       // class
    bool placed = false;                     // tested in a leaf
    Expr *left = nullptr, *right = nullptr;  // of an equality that can be hashed
    RangeSet left_needs = 0, right_needs = 0;
  };

  void prepare() {
    for (const JoinLeaf& leaf : leaves_) all_ranges_ |= leaf.ranges;
    for (Expr*& e : conjuncts_) p_.unify_integer_equality(e);
    for (JoinLeaf& leaf : leaves_) {
      for (Expr*& e : leaf.on) p_.unify_integer_equality(e);
    }
    p_.extract_from_or(conjuncts_);
    std::vector<int> classes(conjuncts_.size(), -1);
    if (p_.state_.settings.enable_transitive_equality) p_.complete_equalities(conjuncts_, &classes);
    size_t first_inner = 0;
    while (first_inner < leaves_.size() && leaves_[first_inner].special()) ++first_inner;
    for (size_t c = 0; c < conjuncts_.size(); ++c) {
      Condition condition{conjuncts_[c], p_.ranges_of(conjuncts_[c])};
      condition.equality = classes[c];
      if ((condition.needs & ~all_ranges_) != 0) {
        left_over_.push_back(conjuncts_[c]);
        continue;
      }
      for (size_t i = 0; i < leaves_.size(); ++i) {
        JoinLeaf& leaf = leaves_[i];
        bool constant = condition.needs == 0 && i == first_inner;
        bool own = condition.needs != 0 && (condition.needs & ~leaf.ranges) == 0;
        // A lateral item's own conditions are tested where it is joined.
        if ((own || constant) && leaf.type == JoinType::kInner) {
          leaf.filters.push_back(conjuncts_[c]);
          condition.placed = true;
        }
      }
      conditions_.push_back(condition);
    }
    for (Condition& c : conditions_) {
      if (!c.placed) describe(c);
    }
    for (JoinLeaf& leaf : leaves_) {
      if (!leaf.lateral && leaf.node.plan == nullptr) leaf.node = p_.plan_leaf(leaf);
    }
    for (JoinLeaf& leaf : leaves_) read_early(leaf);
    for (size_t i = 0; i < leaves_.size(); ++i) {
      JoinLeaf& leaf = leaves_[i];
      std::vector<Condition> on;
      for (Expr* e : leaf.on) {
        Condition c{e, p_.ranges_of(e)};
        describe(c);
        on.push_back(c);
      }
      on_.push_back(std::move(on));
      if (!leaf.special()) best_[uint64_t{1} << i] = Entry{leaf.node.plan->rows, leaf.node.plan->total_cost};
    }
    for (size_t i = 0; i < leaves_.size(); ++i) {
      RangeSet linked = leaves_[i].needs;
      for (const Condition& c : conditions_) {
        if (!c.placed && (c.needs & leaves_[i].ranges) != 0) linked |= c.needs;
      }
      uint64_t neighbours = 0;
      for (size_t j = 0; j < leaves_.size(); ++j) {
        if (j != i && ((leaves_[j].ranges & linked) != 0)) neighbours |= uint64_t{1} << j;
      }
      neighbours_.push_back(neighbours);
    }
    for (size_t i = 0; i < leaves_.size(); ++i) {
      for (size_t j = 0; j < leaves_.size(); ++j) {
        if (neighbours_[i] >> j & 1) neighbours_[j] |= uint64_t{1} << i;
      }
    }
  }

  // What is known of the keys that a small table's conditions leave replaces what is guessed of them.
  void read_early(JoinLeaf& leaf) {
    if (leaves_.size() < 2 || leaf.special() || leaf.range == UINT32_MAX) return;
    std::vector<types::Value> values;
    bool read = false;
    for (Condition& c : conditions_) {
      if (c.placed || c.left == nullptr) continue;
      const Expr *own = c.left, *other = c.right;
      if (c.left_needs != leaf.ranges) std::swap(own, other);
      RangeSet own_needs = own == c.left ? c.left_needs : c.right_needs;
      if (own_needs != leaf.ranges || own->kind != ExprKind::kColumn || other->kind != ExprKind::kColumn)
        continue;
      if (!read && !p_.read_early(leaf, leaves_, &values)) return;
      read = true;
      double s = p_.early_selectivity(leaf, values, own, other);
      if (s < 0) continue;
      c.selectivity = s;
      p_.known_selectivity_[c.e] = s;
    }
  }

  void describe(Condition& c) const {
    c.selectivity = p_.join_selectivity(c.e);
    if (c.e->kind != ExprKind::kFunction) return;
    const auto& f = c.e->as<FunctionExpr>();
    if (f.op == nullptr || f.op->name != "=" || f.args.size() != 2 || f.args[0]->type != f.args[1]->type)
      return;
    if (functions::hash_function(f.args[0]->type) == nullptr || p_.has_sublink(c.e) ||
        analyzer::is_volatile(c.e))
      return;
    c.left = f.args[0];
    c.right = f.args[1];
    c.left_needs = p_.ranges_of(c.left);
    c.right_needs = p_.ranges_of(c.right);
    if (c.left_needs == 0 || c.right_needs == 0) c.left = c.right = nullptr;
  }

  static bool is_key(const Condition& c, RangeSet left, RangeSet right) {
    if (c.left == nullptr) return false;
    return ((c.left_needs & ~left) == 0 && (c.right_needs & ~right) == 0) ||
           ((c.right_needs & ~left) == 0 && (c.left_needs & ~right) == 0);
  }

  RangeSet ranges_in(uint64_t set) const {
    RangeSet r = 0;
    for (uint64_t rest = set; rest != 0; rest &= rest - 1)
      r |= leaves_[static_cast<size_t>(std::countr_zero(rest))].ranges;
    return r;
  }
  bool connected(uint64_t left, uint64_t right) const {
    for (uint64_t rest = right; rest != 0; rest &= rest - 1) {
      if ((neighbours_[static_cast<size_t>(std::countr_zero(rest))] & left) != 0) return true;
    }
    return false;
  }

  // Conditions that can be tested once both sides are together and not before; one of each class of
  // equalities.
  void applicable(RangeSet left, RangeSet right, std::vector<const Condition*>* out) const {
    out->clear();
    uint64_t classes = 0;
    for (const Condition& c : conditions_) {
      if (c.placed || (c.needs & ~(left | right)) != 0 || (c.needs & left) == 0 || (c.needs & right) == 0)
        continue;
      if (c.equality >= 0 && c.equality < 64) {
        if (classes >> c.equality & 1) continue;
        classes |= uint64_t{1} << c.equality;
      }
      out->push_back(&c);
    }
  }

  // --- numbers

  // All keys of a unique index of several columns are given: as many matches as the other side has rows.
  double unique_selectivity(const std::vector<const Condition*>& on, RangeSet left, RangeSet right,
                            double product) const {
    double best = product;
    for (const JoinLeaf& leaf : leaves_) {
      if (leaf.range == UINT32_MAX || (leaf.ranges & (left | right)) == 0) continue;
      const Range& range = *p_.query_.ranges[leaf.range];
      if (range.kind != analyzer::RangeKind::kRelation || range.relation == nullptr) continue;
      const catalog::Relation& relation = **range.relation;
      for (const catalog::Index& index : relation.indexes) {
        if (!index.unique || !index.serves_reads() || index.keys.size() < 2 || !index.predicate_sql.empty())
          continue;
        double keys = 1;
        bool covered =
            std::all_of(index.keys.begin(), index.keys.end(), [&](const catalog::IndexColumn& key) {
              return std::any_of(on.begin(), on.end(), [&](const Condition* c) {
                bool names = names_column(c->left, leaf.range, key.column) ||
                             names_column(c->right, leaf.range, key.column);
                if (names) keys *= c->selectivity;
                return names;
              });
            });
        if (covered) best = std::max(best, product / keys / p_.relation_rows(relation));
      }
    }
    return best;
  }
  static bool names_column(const Expr* e, uint32_t range, int16_t column) {
    return e != nullptr && e->kind == ExprKind::kColumn && e->as<ColumnExpr>().range == range &&
           e->as<ColumnExpr>().column == column && e->as<ColumnExpr>().levels_up == 0;
  }

  // Several columns of one table equal as many of another: however many values each has by itself, together
  // they have no more than the smaller table has rows.
  double several_columns_selectivity(const std::vector<const Condition*>& on, RangeSet left, RangeSet right,
                                     double product) const {
    double best = product;
    for (const JoinLeaf& a : leaves_) {
      if ((a.ranges & left) == 0 || !is_table(a)) continue;
      for (const JoinLeaf& b : leaves_) {
        if ((b.ranges & right) == 0 || !is_table(b)) continue;
        double of_pair = 1;
        size_t columns = 0;
        for (const Condition* c : on) {
          if (!equates(*c, a, b)) continue;
          of_pair *= c->selectivity;
          ++columns;
        }
        if (columns < 2) continue;
        const double rows = std::min(rows_of(a), rows_of(b));
        if (rows >= 1 && of_pair * rows < 1) best = std::max(best, product / of_pair / rows);
      }
    }
    return best;
  }
  bool is_table(const JoinLeaf& leaf) const {
    if (leaf.range == UINT32_MAX) return false;
    const Range& range = *p_.query_.ranges[leaf.range];
    return range.kind == analyzer::RangeKind::kRelation && range.relation != nullptr;
  }
  double rows_of(const JoinLeaf& table) const {
    return p_.relation_rows(**p_.query_.ranges[table.range]->relation);
  }
  // Columns of both tables, by the condition or by another of its class.
  bool equates(const Condition& condition, const JoinLeaf& a, const JoinLeaf& b) const {
    auto between = [&](const Condition& c) {
      return c.left != nullptr && c.left->kind == ExprKind::kColumn && c.right->kind == ExprKind::kColumn &&
             ((c.left_needs == a.ranges && c.right_needs == b.ranges) ||
              (c.left_needs == b.ranges && c.right_needs == a.ranges));
    };
    if (between(condition)) return true;
    return condition.equality >= 0 &&
           std::any_of(conditions_.begin(), conditions_.end(), [&](const Condition& other) {
             return other.equality == condition.equality && between(other);
           });
  }

  double combined_selectivity(const std::vector<const Condition*>& on, RangeSet left, RangeSet right) const {
    double s = 1;
    for (const Condition* c : on) s *= c->selectivity;
    if (on.size() < 2) return s;
    return std::max(unique_selectivity(on, left, right, s), several_columns_selectivity(on, left, right, s));
  }

  void keep(uint64_t set, const Entry& entry) {
    auto [it, fresh] = best_.try_emplace(set, entry);
    if (!fresh && entry.cost < it->second.cost) {
      double rows = it->second.rows;  // the same whatever the order
      it->second = entry;
      it->second.rows = rows;
    }
  }

  void consider(uint64_t left, uint64_t right, bool cross) {
    auto l = best_.find(left);
    if (l == best_.end()) return;
    Entry entry;
    entry.left = left;
    entry.right = right;
    RangeSet left_ranges = ranges_in(left), right_ranges = ranges_in(right);
    if (std::has_single_bit(right)) {
      const JoinLeaf& leaf = leaves_[static_cast<size_t>(std::countr_zero(right))];
      if (leaf.special()) {
        if ((leaf.needs & ~left_ranges) == 0)
          consider_special(l->second, left_ranges, leaf, on_[static_cast<size_t>(std::countr_zero(right))],
                           entry);
        return;
      }
    }
    auto r = best_.find(right);
    if (r == best_.end() || (!cross && !connected(left, right))) return;
    applicable(left_ranges, right_ranges, &scratch_);
    if (scratch_.empty() && !cross) return;
    double rows = std::max(
        1.0, l->second.rows * r->second.rows * combined_selectivity(scratch_, left_ranges, right_ranges));
    entry.rows = rows;
    join_cost(l->second, r->second, left_ranges, right_ranges, scratch_, JoinType::kInner, &entry);
    keep(left | right, entry);
    if (std::has_single_bit(right)) {
      const JoinLeaf& leaf = leaves_[static_cast<size_t>(std::countr_zero(right))];
      double cost = index_join_cost(l->second, left_ranges, leaf, scratch_);
      if (cost >= 0) {
        entry.cost = cost;
        entry.method = Method::kIndexJoin;
        keep(left | right, entry);
      }
      cost = inverted_join_cost(l->second, left_ranges, leaf, scratch_);
      if (cost >= 0) {
        entry.cost = cost;
        entry.method = Method::kInvertedJoin;
        keep(left | right, entry);
      }
    }
  }

  void join_cost(const Entry& l, const Entry& r, RangeSet left, RangeSet right,
                 const std::vector<const Condition*>& on, JoinType type, Entry* entry) const {
    const PlannerSettings& s = p_.state_.settings;
    bool hash =
        (s.enable_hash_join || type == JoinType::kNullAnti) &&
        std::any_of(on.begin(), on.end(), [&](const Condition* c) { return is_key(*c, left, right); });
    entry->method = Method::kJoin;
    entry->cost = l.cost + r.cost;
    if (hash) {
      bool either = type == JoinType::kInner || type == JoinType::kLeft || type == JoinType::kSemi ||
                    type == JoinType::kAnti;
      bool build_left = either && l.rows < r.rows;
      entry->cost +=
          p_.hash_join_cost(build_left ? l.rows : r.rows, build_left ? r.rows : l.rows, entry->rows);
    } else {
      entry->cost += l.rows * r.rows * s.cpu_operator_cost * static_cast<double>(1 + on.size()) +
                     r.rows * s.cpu_tuple_cost;
      if (!s.enable_nested_loop) entry->cost += 1e9;
    }
  }

  // < 0: no index fits.
  double index_join_cost(const Entry& l, RangeSet left, const JoinLeaf& leaf,
                         const std::vector<const Condition*>& on) const {
    if (leaf.range == UINT32_MAX || on.empty()) return -1;
    std::vector<Expr*> conditions;
    for (const Condition* c : on) conditions.push_back(c->e);
    double per_row = 0;
    if (!p_.best_join_index(left, leaf.range, conditions, leaf.filters, nullptr, &per_row)) return -1;
    const PlannerSettings& s = p_.state_.settings;
    return l.cost + l.rows * (s.cpu_index_lookup_cost +
                              per_row * (s.cpu_index_fetch_cost +
                                         s.cpu_operator_cost * static_cast<double>(leaf.filters.size())));
  }

  // Of the leaf's inverted indexes one that answers some condition with values of the left side; `f` is
  // called with each such index and how the conditions are met.
  template <class F>
  void for_inverted_indexes(RangeSet left, const JoinLeaf& leaf, const std::vector<Expr*>& conditions,
                            F&& f) const {
    if (leaf.range == UINT32_MAX || conditions.empty()) return;
    const PlannerSettings& s = p_.state_.settings;
    const Range& r = *p_.query_.ranges[leaf.range];
    if (!s.enable_index_join || !s.enable_nested_loop || r.kind != analyzer::RangeKind::kRelation ||
        r.sample_percent != nullptr || r.family != nullptr || !r.security.empty())
      return;
    for (const Expr* c : conditions) {
      if (p_.has_sublink(c)) return;
    }
    const auto& indexes = (*r.relation)->indexes;
    if (std::none_of(indexes.begin(), indexes.end(), [](const catalog::Index& i) { return i.inverted(); }))
      return;
    for (const QueryPlanner::RangeIndex& index : p_.usable_indexes(leaf.range, leaf.filters)) {
      if (!index.index->inverted()) continue;
      double lookups = 0, selected = 1;
      for (Expr* c : conditions) {
        QueryPlanner::InvertedTerm term;
        if (!p_.match_inverted(leaf.range, index, c, left, &term)) continue;
        lookups += term.lookups;
        selected *= p_.selectivity(c);
      }
      if (lookups > 0) f(index, lookups, selected);
    }
  }

  // < 0: no inverted index fits.
  double inverted_join_cost(const Entry& l, RangeSet left, const JoinLeaf& leaf,
                            const std::vector<const Condition*>& on) const {
    std::vector<Expr*> conditions;
    for (const Condition* c : on) conditions.push_back(c->e);
    const PlannerSettings& s = p_.state_.settings;
    double best = -1;
    for_inverted_indexes(
        left, leaf, conditions, [&](const QueryPlanner::RangeIndex&, double lookups, double selected) {
          const double rows =
              std::max(1.0, p_.relation_rows(**p_.query_.ranges[leaf.range]->relation) * selected);
          const double cost =
              l.cost + l.rows * (s.cpu_index_lookup_cost * lookups + rows * s.cpu_index_fetch_cost);
          if (best < 0 || cost < best) best = cost;
        });
    return best;
  }

  // The scan is run for each row of the left side, whose columns are parameters in it.
  Node inverted_join(const Node& left, const JoinLeaf& leaf, const std::vector<Expr*>& conditions) const {
    std::vector<uint32_t> slots;
    std::vector<Expr*> columns, inner = leaf.filters;
    for (Expr* c : conditions) {
      inner.push_back(analyzer::rewrite(c, p_.arena_, [&](Expr* x) -> Expr* {
        if (x->kind != ExprKind::kColumn || x->as<ColumnExpr>().levels_up != 0 ||
            x->as<ColumnExpr>().range == leaf.range)
          return nullptr;
        auto known = std::find_if(columns.begin(), columns.end(),
                                  [&](const Expr* e) { return analyzer::same_expression(e, x); });
        if (known == columns.end()) {
          slots.push_back(p_.state_.new_slot());
          columns.push_back(x);
          known = columns.end() - 1;
        }
        auto* param = p_.arena_.make<analyzer::ExecParamExpr>();
        static_cast<Expr&>(*param) = *x;
        param->kind = ExprKind::kExecParam;
        param->index = slots[static_cast<size_t>(known - columns.begin())];
        return param;
      }));
    }
    Node right;
    for_inverted_indexes(left.ranges, leaf, conditions,
                         [&](const QueryPlanner::RangeIndex& index, double, double) {
                           Node scan = p_.inverted_scan(leaf.range, index, inner);
                           if (scan.plan != nullptr &&
                               (right.plan == nullptr || scan.plan->total_cost < right.plan->total_cost))
                             right = std::move(scan);
                         });
    if (right.plan == nullptr) throw SqlError(sqlstate::kInternalError, "the index of a join has gone");
    Node node;
    node.ranges = left.ranges | right.ranges;
    node.layout = left.layout;
    node.layout.insert(node.layout.end(), right.layout.begin(), right.layout.end());
    auto* plan = p_.state_.make<JoinPlan>(PlanKind::kNestedLoop);
    plan->join = JoinType::kInner;
    plan->children = p_.arena_.copy(std::vector<Plan*>{left.plan, right.plan});
    plan->param_slots = p_.arena_.copy(slots);
    plan->param_values = p_.resolve_all(columns, left);
    std::vector<OutputColumn> output(left.plan->output.begin(), left.plan->output.end());
    output.insert(output.end(), right.plan->output.begin(), right.plan->output.end());
    plan->output = p_.arena_.copy(output);
    plan->startup_cost = left.plan->startup_cost;
    plan->rows = std::max(1.0, left.plan->rows * right.plan->rows);
    plan->total_cost = left.plan->total_cost + left.plan->rows * right.plan->total_cost;
    node.plan = plan;
    return node;
  }

  void consider_special(const Entry& l, RangeSet left, const JoinLeaf& leaf, const std::vector<Condition>& on,
                        Entry entry) {
    std::vector<const Condition*> conditions;
    for (const Condition& c : on) conditions.push_back(&c);
    std::vector<const Condition*> pending;
    applicable(left, leaf.ranges, &pending);
    uint64_t set = entry.left | entry.right;
    if (leaf.lateral) {
      // What one run of a LATERAL item costs is not known before it is planned.
      entry.method = Method::kLateral;
      entry.rows = l.rows * 10;
      entry.cost = l.cost + l.rows * 1.0;
      keep(set, entry);
      return;
    }
    const Node& right = leaf.node;
    double s = combined_selectivity(conditions, left, leaf.ranges);
    double matches = l.rows * right.plan->rows * s;
    switch (leaf.type) {
      case JoinType::kLeft:
        entry.rows = std::max(l.rows, matches);
        break;
      case JoinType::kSemi:
        entry.rows = l.rows * matching_share(l, leaf, conditions, s);
        break;
      default:
        entry.rows = l.rows * std::max(0.05, 1 - matching_share(l, leaf, conditions, s));
        break;
    }
    for (const Condition* c : pending) entry.rows *= p_.selectivity(c->e);
    for (const Condition& c : conditions_) {
      if (!c.placed && c.needs != 0 && (c.needs & ~leaf.ranges) == 0) entry.rows *= p_.selectivity(c.e);
    }
    entry.rows = std::max(1.0, entry.rows);
    Entry r{right.plan->rows, right.plan->total_cost};
    join_cost(l, r, left, leaf.ranges, conditions, leaf.type, &entry);
    keep(set, entry);
    if (leaf.type != JoinType::kNullAnti) {
      double cost = index_join_cost(l, left, leaf, conditions);
      if (cost >= 0) {
        entry.cost = cost;
        entry.method = Method::kIndexJoin;
        keep(set, entry);
      }
    }
  }

  // Share of the left rows that have a match: as many of their key's values as the right side has.
  double matching_share(const Entry& l, const JoinLeaf& leaf, const std::vector<const Condition*>& on,
                        double s) const {
    double share = 1;
    bool keyed = false;
    for (const Condition* c : on) {
      if (c->left == nullptr) continue;
      const Expr* inner = (c->left_needs & leaf.ranges) != 0 ? c->left : c->right;
      const Expr* outer = inner == c->left ? c->right : c->left;
      double inner_values = std::min(p_.distinct_values(inner, leaf.node.plan->rows), leaf.node.plan->rows);
      double outer_values = p_.distinct_values(outer, l.rows);
      share = std::min(share, inner_values / std::max(outer_values, 1.0));
      keyed = true;
    }
    if (!keyed) share = std::min(1.0, leaf.node.plan->rows * s);
    return std::clamp(share, 1e-6, 1.0);
  }

  // Products are left out but of what is tiny, unless nothing else joins everything.
  void exhaustive(uint64_t all) {
    planned_.assign(all + 1, 0);
    for (const auto& [set, entry] : best_) planned_[set] = 1;
    for (uint64_t set = 1; set <= all; ++set) {
      if (std::popcount(set) < 2) continue;
      if (hangs_together(set))
        consider_splits(set, false);
      else if (is_tiny(set))
        consider_splits(set, true);
    }
    if (planned_[all] != 0) return;
    for (uint64_t set = 1; set <= all; ++set) {
      if (std::popcount(set) < 2) continue;
      if (planned_[set] == 0) consider_splits(set, false);
      if (planned_[set] == 0) consider_splits(set, true);
    }
  }

  void consider_splits(uint64_t set, bool cross) {
    for (uint64_t left = (set - 1) & set; left != 0; left = (left - 1) & set) {
      uint64_t right = set & ~left;
      if (planned_[left] == 0 || (planned_[right] == 0 && !std::has_single_bit(right))) continue;
      consider(left, right, cross);
    }
    planned_[set] = best_.count(set) != 0 ? 1 : 0;
  }

  bool hangs_together(uint64_t set) const {
    uint64_t reached = set & -set, next = reached;
    while (next != 0) {
      uint64_t found = neighbours_[static_cast<size_t>(std::countr_zero(next))] & set & ~reached;
      next = (next & (next - 1)) | found;
      reached |= found;
    }
    return reached == set;
  }

  bool is_tiny(uint64_t set) const {
    constexpr double kMostRows = 100;
    double rows = 1;
    for (uint64_t rest = set; rest != 0; rest &= rest - 1) {
      const JoinLeaf& leaf = leaves_[static_cast<size_t>(std::countr_zero(rest))];
      if (leaf.node.plan == nullptr || leaf.special()) return false;
      rows *= leaf.node.plan->rows;
    }
    return rows <= kMostRows;
  }

  // Joins the two parts that yield the fewest rows until one part is left. Special leaves join the part that
  // has what they need.
  void greedy() {
    std::vector<uint64_t> parts;
    uint64_t special = 0;
    for (size_t i = 0; i < leaves_.size(); ++i) {
      if (leaves_[i].special())
        special |= uint64_t{1} << i;
      else
        parts.push_back(uint64_t{1} << i);
    }
    while (parts.size() > 1 || special != 0) {
      uint64_t winner = 0;
      auto rate = [&](uint64_t set) {
        auto it = best_.find(set);
        if (it == best_.end()) return;
        if (winner == 0 || value(it->second) < value(best_.at(winner))) winner = set;
      };
      for (bool cross : {false, true}) {
        for (uint64_t a : parts) {
          for (uint64_t b : parts) {
            if (a == b) continue;
            consider(a, b, cross);
            rate(a | b);
          }
          for (uint64_t rest = special; rest != 0; rest &= rest - 1) {
            uint64_t leaf = rest & -rest;
            consider(a, leaf, cross);
            rate(a | leaf);
          }
        }
        if (winner != 0) break;
      }
      if (winner == 0) throw_not_supported("a LATERAL reference across an outer join");
      std::erase_if(parts, [&](uint64_t part) { return (part & winner) != 0; });
      parts.push_back(winner);
      special &= ~winner;
    }
  }
  static double value(const Entry& e) { return e.rows + e.cost; }

  // --- the plan

  Node build(uint64_t set, const ColumnSet* above) {
    const Entry& entry = best_.at(set);
    if (entry.method == Method::kLeaf)
      return std::move(leaves_[static_cast<size_t>(std::countr_zero(set))].node);
    RangeSet left_ranges = ranges_in(entry.left), right_ranges = ranges_in(entry.right);
    std::vector<const Condition*> chosen;
    applicable(left_ranges, right_ranges, &chosen);
    std::vector<Expr*> conditions, after;
    JoinLeaf* leaf = std::has_single_bit(entry.right)
                         ? &leaves_[static_cast<size_t>(std::countr_zero(entry.right))]
                         : nullptr;
    bool special = leaf != nullptr && leaf->special();
    for (const Condition* c : chosen) (special ? after : conditions).push_back(c->e);
    JoinType type = JoinType::kInner;
    if (special) {
      type = leaf->type;
      conditions.insert(conditions.end(), leaf->on.begin(), leaf->on.end());
      for (const Condition& c : conditions_) {
        if (!c.placed && c.needs != 0 && (c.needs & ~leaf->ranges) == 0) after.push_back(c.e);
      }
    }
    ColumnSet below;
    const ColumnSet* pass = nullptr;
    ColumnSet here;
    if (above != nullptr) {
      here = *above;
      for (const Expr* e : after) p_.columns_of(e, &here);
      below = here;
      for (const Expr* e : conditions) p_.columns_of(e, &below);
      if (leaf != nullptr) {
        for (const Expr* e : leaf->filters) p_.columns_of(e, &below);
      }
      pass = &below;
    }
    Node left = build(entry.left, pass);
    Node node;
    switch (entry.method) {
      case Method::kLateral: {
        // An inner item's conditions may stand beside the join, an outer one's are its ON.
        if (type == JoinType::kInner) {
          node = p_.plan_lateral(left, leaf->range, leaf->filters, after, type);
          after.clear();
        } else {
          conditions.insert(conditions.end(), leaf->filters.begin(), leaf->filters.end());
          node = p_.plan_lateral(left, leaf->range, {}, conditions, type);
        }
        break;
      }
      case Method::kInvertedJoin:
        node = inverted_join(left, *leaf, conditions);
        break;
      case Method::kIndexJoin:
        node = p_.index_join(left, leaf->range, type, conditions, leaf->filters);
        break;
      default: {
        Node right = special ? std::move(leaf->node) : build(entry.right, pass);
        node =
            p_.join(std::move(left), std::move(right), type, conditions, above == nullptr ? nullptr : &here);
        break;
      }
    }
    node = p_.filter(std::move(node), after);
    node.plan->rows = entry.rows;
    node.plan->total_cost = std::max(entry.cost, node.plan->startup_cost);
    return node;
  }

  QueryPlanner& p_;
  std::vector<JoinLeaf>& leaves_;
  std::vector<Expr*>& conjuncts_;
  const ColumnSet* above_;
  RangeSet all_ranges_ = 0;
  std::vector<Condition> conditions_;
  std::vector<std::vector<Condition>> on_;  // by leaf: its own join conditions
  std::vector<uint64_t> neighbours_;        // by leaf
  std::vector<Expr*> left_over_;            // refer to what is not here
  std::unordered_map<uint64_t, Entry> best_;
  std::vector<uint8_t> planned_;  // by set, of the exhaustive search: is it in best_?
  std::vector<const Condition*> scratch_;
};

Node QueryPlanner::search_joins(std::vector<JoinLeaf>& leaves, std::vector<Expr*>& conjuncts,
                                const ColumnSet* above) {
  return JoinSearch(*this, leaves, conjuncts, above).run();
}

// int4 = int8 compares as int8 = int8, so that it can be hashed and chained with others.
void QueryPlanner::unify_integer_equality(Expr*& e) {
  if (e->kind != ExprKind::kFunction) return;
  const auto& f = e->as<FunctionExpr>();
  if (f.op == nullptr || f.op->name != "=" || f.args.size() != 2 || f.args[0]->type == f.args[1]->type)
    return;
  auto width = [](Oid type) {
    return type == type_oid::kInt2 ? 2 : type == type_oid::kInt4 ? 4 : type == type_oid::kInt8 ? 8 : 0;
  };
  int left = width(f.args[0]->type), right = width(f.args[1]->type);
  if (left == 0 || right == 0 || ranges_of(f.args[0]) == 0 || ranges_of(f.args[1]) == 0) return;
  Oid wide = f.args[left > right ? 0 : 1]->type;
  const functions::Operator* equal = functions::equality_operator(wide);
  auto* unified = arena_.make<FunctionExpr>(f);
  std::vector<Expr*> args(f.args.begin(), f.args.end());
  Expr*& narrow = args[left > right ? 1 : 0];
  const functions::Cast* cast = functions::find_cast(narrow->type, wide);
  if (equal == nullptr || cast == nullptr || cast->function == kInvalidOid) return;
  auto site_of = [&](const functions::Function* function) {
    auto* site = arena_.make<functions::CallSite>();
    site->arg_types = function->args;
    site->result_type = function->result;
    return site;
  };
  auto* call = arena_.make<FunctionExpr>();
  call->kind = ExprKind::kFunction;
  call->type = wide;
  call->form = 'i';
  call->function = functions::function_by_oid(cast->function);
  call->args = arena_.copy(std::vector<Expr*>{narrow});
  call->site = site_of(call->function);
  narrow = call;
  unified->op = equal;
  unified->function = functions::function_by_oid(equal->function);
  unified->site = site_of(unified->function);
  unified->args = arena_.copy(args);
  e = unified;
}

// --- equalities that follow from others

namespace {

bool is_class_equality(const Expr* e) {
  if (e->kind != ExprKind::kFunction) return false;
  const auto& f = e->as<FunctionExpr>();
  return f.op != nullptr && f.op->name == "=" && f.args.size() == 2 && f.args[0]->type == f.args[1]->type &&
         f.function->strict && functions::hash_function(f.args[0]->type) != nullptr &&
         functions::compare_function(f.args[0]->type) != nullptr;
}

}  // namespace

void QueryPlanner::complete_equalities(std::vector<Expr*>& conjuncts, std::vector<int>* classes) {
  struct Class {
    std::vector<Expr*> members;
    const FunctionExpr* model = nullptr;
    bool has_constant = false;
  };
  std::vector<Class> found;
  auto holds = [](const Class& c, const Expr* e) {
    return std::any_of(c.members.begin(), c.members.end(),
                       [&](const Expr* m) { return analyzer::same_expression(m, e); });
  };
  // What is computed from several tables is no member: two conditions of one class would meet in one join,
  // and the second would not follow from the first.
  auto of_one_range = [&](const Expr* e) { return std::popcount(ranges_of(e)) <= 1; };
  for (Expr* e : conjuncts) {
    if (!is_class_equality(e) || has_sublink(e) || analyzer::is_volatile(e)) continue;
    const auto& f = e->as<FunctionExpr>();
    if (!of_one_range(f.args[0]) || !of_one_range(f.args[1])) continue;
    std::vector<size_t> hits;
    for (size_t i = 0; i < found.size(); ++i) {
      if (found[i].model->site->collation == f.site->collation &&
          (holds(found[i], f.args[0]) || holds(found[i], f.args[1])))
        hits.push_back(i);
    }
    if (hits.empty()) {
      found.push_back({{}, &f});
      hits.push_back(found.size() - 1);
    }
    Class& c = found[hits[0]];
    for (Expr* arg : f.args) {
      if (!holds(c, arg)) c.members.push_back(arg);
    }
    for (size_t i = hits.size(); i-- > 1;) {
      for (Expr* m : found[hits[i]].members) {
        if (!holds(c, m)) c.members.push_back(m);
      }
      found.erase(found.begin() + static_cast<ptrdiff_t>(hits[i]));
    }
  }
  std::erase_if(found, [](const Class& c) { return c.members.size() > 8; });
  auto equality = [&](const Class& c, Expr* a, Expr* b) {
    auto* e = arena_.make<FunctionExpr>(*c.model);
    e->args = arena_.copy(std::vector<Expr*>{a, b});
    return e;
  };
  auto class_of = [&](const Expr* e) {
    if (!is_class_equality(e)) return -1;
    const auto& f = e->as<FunctionExpr>();
    for (size_t i = 0; i < found.size(); ++i) {
      if (found[i].model->site->collation == f.site->collation && holds(found[i], f.args[0]) &&
          holds(found[i], f.args[1]))
        return static_cast<int>(i);
    }
    return -1;
  };
  for (Class& c : found) {
    c.has_constant =
        std::any_of(c.members.begin(), c.members.end(), [&](const Expr* m) { return ranges_of(m) == 0; });
  }
  // Where all are equal to a constant, nothing is left to compare between tables.
  std::vector<Expr*> kept;
  for (Expr* e : conjuncts) {
    int i = class_of(e);
    bool idle = i >= 0 && found[static_cast<size_t>(i)].has_constant &&
                ranges_of(e->as<FunctionExpr>().args[0]) != 0 &&
                ranges_of(e->as<FunctionExpr>().args[1]) != 0;
    if (!idle) kept.push_back(e);
  }
  conjuncts = std::move(kept);
  auto known = [&](const Expr* a, const Expr* b) {
    return std::any_of(conjuncts.begin(), conjuncts.end(), [&](const Expr* e) {
      if (!is_class_equality(e)) return false;
      const auto& f = e->as<FunctionExpr>();
      return (analyzer::same_expression(f.args[0], a) && analyzer::same_expression(f.args[1], b)) ||
             (analyzer::same_expression(f.args[0], b) && analyzer::same_expression(f.args[1], a));
    });
  };
  for (Class& c : found) {
    if (c.members.size() < 3) continue;
    Expr* constant = nullptr;
    for (Expr* m : c.members) {
      if (ranges_of(m) == 0 && (constant == nullptr || m->kind == ExprKind::kConst)) constant = m;
    }
    for (size_t i = 0; i < c.members.size(); ++i) {
      Expr* a = c.members[i];
      if (constant != nullptr) {
        if (ranges_of(a) != 0 && !known(a, constant)) conjuncts.push_back(equality(c, a, constant));
        continue;
      }
      for (size_t j = i + 1; j < c.members.size(); ++j) {
        if (!known(a, c.members[j])) conjuncts.push_back(equality(c, a, c.members[j]));
      }
    }
  }
  classes->assign(conjuncts.size(), -1);
  for (size_t i = 0; i < conjuncts.size(); ++i) {
    int k = class_of(conjuncts[i]);
    if (k >= 0 && !found[static_cast<size_t>(k)].has_constant) (*classes)[i] = k;
  }
}

}  // namespace varve::planner
