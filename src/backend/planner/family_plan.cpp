// Partitioned tables and tables with children: which of their tables a query reads, and how these are read as
// one. A scan is planned once, for all of them; what a member needs of its own is a few words (ScanMember).
#include <algorithm>

#include "analyzer/expression_walk.h"
#include "catalog/partition.h"
#include "functions/array.h"
#include "functions/type_oids.h"
#include "planner/partition_pruning.h"
#include "query_planner.h"

namespace varve::planner {

using analyzer::BoolExpr;
using analyzer::ConstExpr;
using analyzer::FunctionExpr;
using catalog::ColumnNumber;
using Kind = PruningTerm::Kind;

namespace {

const Expr* bare(const Expr* e) {
  while (e->kind == ExprKind::kRelabel && e->as<analyzer::CastExpr>().arg->collation == e->collation) {
    e = e->as<analyzer::CastExpr>().arg;
  }
  return e;
}

bool comparison_kind(std::string_view op, bool mirrored, Kind* kind) {
  if (op == "=")
    *kind = Kind::kEqual;
  else if (op == "<")
    *kind = mirrored ? Kind::kGreater : Kind::kLess;
  else if (op == "<=")
    *kind = mirrored ? Kind::kGreaterEqual : Kind::kLessEqual;
  else if (op == ">")
    *kind = mirrored ? Kind::kLess : Kind::kGreater;
  else if (op == ">=")
    *kind = mirrored ? Kind::kLessEqual : Kind::kGreaterEqual;
  else
    return false;
  return true;
}

// What is known while planning.
class Constants final : public PruningValues {
 public:
  bool value(const Expr& e, types::Value* out) override {
    if (e.kind != ExprKind::kConst) return false;
    *out = e.as<ConstExpr>().value;
    return true;
  }
  bool elements(const Expr& array, std::vector<types::Value>* out) override {
    if (array.kind != ExprKind::kConst) return false;
    const types::Value& v = array.as<ConstExpr>().value;
    if (v.null) return true;
    functions::ArrayView view(v.view());
    for (uint32_t i = 0; i < view.count(); ++i) {
      out->push_back(view.is_null(i) ? types::Value::null_of(view.physical()) : view.at(i, memory_));
    }
    return true;
  }

 private:
  Arena memory_;
};

}  // namespace

// Conditions on a table's key.
class PruningBuilder {
 public:
  PruningBuilder(QueryPlanner& planner, uint32_t range, const catalog::Partitioning& table,
                 std::vector<Expr*> keys)
      : planner_(planner), range_(range), table_(table), keys_(std::move(keys)) {}

  // Null: says nothing of the key.
  PruningTerm* conjunction(const std::vector<Expr*>& conjuncts) {
    std::vector<PruningTerm*> terms;
    for (Expr* c : conjuncts) {
      if (PruningTerm* t = term(c)) terms.push_back(t);
    }
    return combine(Kind::kAnd, terms);
  }

 private:
  PruningTerm* make(Kind kind, size_t key = 0) {
    auto* t = planner_.arena_.make<PruningTerm>();
    t->kind = kind;
    t->key = static_cast<uint32_t>(key);
    return t;
  }
  PruningTerm* combine(Kind kind, const std::vector<PruningTerm*>& terms) {
    if (terms.empty()) return nullptr;
    if (terms.size() == 1) return terms[0];
    PruningTerm* t = make(kind);
    t->terms = planner_.arena_.copy(terms);
    return t;
  }
  int key_of(const Expr* e) const {
    e = bare(e);
    for (size_t i = 0; i < keys_.size(); ++i) {
      if (analyzer::same_expression(e, bare(keys_[i]))) return static_cast<int>(i);
    }
    return -1;
  }
  // The value in the key's type; null if it must wait for the rows.
  Expr* value_for(size_t key, Expr* e) {
    if (planner_.ranges_of(e) != 0 || analyzer::is_volatile(e) || planner_.has_sublink(e)) return nullptr;
    catalog::IndexColumn like;
    like.type = table_.keys[key].type;
    return planner_.key_value(like, e);
  }
  bool same_order(const functions::CallSite* site, size_t key) const {
    const types::Collation* collation = table_.keys[key].order.collation;
    return table_.keys[key].order.type != types::PhysicalType::kString || site->collation == collation;
  }

  PruningTerm* comparison(const FunctionExpr& f) {
    for (int side = 0; side < 2; ++side) {
      int key = key_of(f.args[static_cast<size_t>(side)]);
      Kind kind;
      if (key < 0 || !comparison_kind(f.op->name, side == 1, &kind) ||
          !same_order(f.site, static_cast<size_t>(key)))
        continue;
      Expr* value = value_for(static_cast<size_t>(key), f.args[static_cast<size_t>(1 - side)]);
      if (value == nullptr) continue;
      PruningTerm* t = make(kind, static_cast<size_t>(key));
      t->value = value;
      return t;
    }
    return nullptr;
  }

  PruningTerm* truth(size_t key, bool value) {
    PruningTerm* t = make(Kind::kEqual, key);
    auto* c = planner_.arena_.make<ConstExpr>();
    c->kind = ExprKind::kConst;
    c->type = type_oid::kBool;
    c->value = types::Value::of_bool(value);
    t->value = c;
    return t;
  }

  PruningTerm* any_of(const analyzer::ArrayOpExpr& a) {
    int key = a.all || a.op == nullptr || a.op->name != "=" ? -1 : key_of(a.arg);
    if (key < 0 || !same_order(a.site, static_cast<size_t>(key))) return nullptr;
    const functions::TypeInfo* array = functions::type_by_oid(a.array->type);
    if (array == nullptr || array->element_type != table_.keys[static_cast<size_t>(key)].type) return nullptr;
    if (planner_.ranges_of(a.array) != 0 || analyzer::is_volatile(a.array) || planner_.has_sublink(a.array))
      return nullptr;
    PruningTerm* t = make(Kind::kIn, static_cast<size_t>(key));
    t->value = a.array;
    return t;
  }

  PruningTerm* term(Expr* e) {
    switch (e->kind) {
      case ExprKind::kConst: {
        const types::Value& v = e->as<ConstExpr>().value;
        return v.null || v.boolean == 0 ? make(Kind::kNever) : nullptr;
      }
      case ExprKind::kAnd:
        return conjunction({e->as<BoolExpr>().args.begin(), e->as<BoolExpr>().args.end()});
      case ExprKind::kOr: {
        std::vector<PruningTerm*> terms;
        for (Expr* arg : e->as<BoolExpr>().args) {
          PruningTerm* t = term(arg);
          if (t == nullptr) return nullptr;
          terms.push_back(t);
        }
        return combine(Kind::kOr, terms);
      }
      case ExprKind::kFunction: {
        const auto& f = e->as<FunctionExpr>();
        if (f.op != nullptr && f.args.size() == 2) return comparison(f);
        return nullptr;
      }
      case ExprKind::kColumn: {
        int key = e->type == type_oid::kBool ? key_of(e) : -1;
        return key < 0 ? nullptr : truth(static_cast<size_t>(key), true);
      }
      case ExprKind::kNot: {
        Expr* arg = e->as<BoolExpr>().args[0];
        int key = arg->kind == ExprKind::kColumn && arg->type == type_oid::kBool ? key_of(arg) : -1;
        return key < 0 ? nullptr : truth(static_cast<size_t>(key), false);
      }
      case ExprKind::kBooleanTest: {
        const auto& test = e->as<analyzer::BooleanTestExpr>();
        int key = key_of(test.arg);
        if (key < 0 || test.arg->type != type_oid::kBool) return nullptr;
        if (test.test == analyzer::BooleanTest::kTrue) return truth(static_cast<size_t>(key), true);
        if (test.test == analyzer::BooleanTest::kFalse) return truth(static_cast<size_t>(key), false);
        if (test.test == analyzer::BooleanTest::kUnknown)
          return make(Kind::kIsNull, static_cast<size_t>(key));
        return nullptr;
      }
      case ExprKind::kNullTest: {
        const auto& test = e->as<analyzer::NullTestExpr>();
        int key = key_of(test.arg);
        return key < 0 ? nullptr
                       : make(test.is_not_null ? Kind::kIsNotNull : Kind::kIsNull, static_cast<size_t>(key));
      }
      case ExprKind::kInList: {
        const auto& in = e->as<analyzer::InListExpr>();
        int key = in.negated ? -1 : key_of(in.arg);
        if (key < 0 || !same_order(in.site, static_cast<size_t>(key))) return nullptr;
        std::vector<Expr*> values;
        for (Expr* item : in.items) {
          Expr* v = value_for(static_cast<size_t>(key), item);
          if (v == nullptr) return nullptr;
          values.push_back(v);
        }
        PruningTerm* t = make(Kind::kIn, static_cast<size_t>(key));
        t->values = planner_.arena_.copy(values);
        return t;
      }
      case ExprKind::kArrayOp:
        return any_of(e->as<analyzer::ArrayOpExpr>());
      default:
        return nullptr;
    }
  }

  QueryPlanner& planner_;
  uint32_t range_;
  const catalog::Partitioning& table_;
  std::vector<Expr*> keys_;
};

// Walks the tree, leaving out what constants rule out.
class FamilyPruner {
 public:
  FamilyPruner(QueryPlanner& planner, uint32_t range, const std::vector<Expr*>& conjuncts,
               QueryPlanner::FamilyChoice* out)
      : planner_(planner), range_(range), conjuncts_(conjuncts), out_(*out) {}

  void run() {
    table(0);
    if (out_.members.size() < 2) return;
    auto* pruning = planner_.arena_.make<PartitionPruning>();
    pruning->tables = planner_.arena_.copy(tables_);
    out_.pruning = pruning;
  }

 private:
  int32_t table(size_t number) {
    const analyzer::PartitionedTable& t = planner_.query_.ranges[range_]->family->tables[number];
    const catalog::Partitioning& p = *(*t.relation)->partitioning;
    std::vector<Expr*> keys;
    for (Expr* key : t.keys) keys.push_back(planner_.fold(planner_.at_range(key, range_)));
    PruningTerm* term = PruningBuilder(planner_, range_, p, keys).conjunction(conjuncts_);
    auto* columns = planner_.arena_.make_array<int16_t>(keys.size());
    for (size_t i = 0; i < keys.size(); ++i)
      columns[i] = keys[i]->kind == ExprKind::kColumn ? keys[i]->as<ColumnExpr>().column : int16_t{0};
    size_t key_count = keys.size();
    Constants constants;
    std::vector<bool> keep = prune_partitions(p, term, constants);
    auto at = static_cast<int32_t>(tables_.size());
    tables_.push_back({&p, term, {columns, key_count}, {}});
    auto* slots = planner_.arena_.make_array<int32_t>(keep.size());
    for (size_t i = 0; i < keep.size(); ++i) {
      slots[i] = PartitionPruning::kGone;
      if (!keep[i]) continue;
      const auto& slot = t.slots[i];
      if (slot.member >= 0) {
        slots[i] = static_cast<int32_t>(out_.members.size());
        out_.members.push_back(static_cast<uint32_t>(slot.member));
      } else if (slot.table >= 0) {
        slots[i] = -1 - table(static_cast<size_t>(slot.table));
      }
    }
    PartitionPruning::Table& self = tables_[static_cast<size_t>(at)];
    self.slots = {slots, keep.size()};
    if (term != nullptr && is_dynamic(*term)) {
      self.term = resolved(*term);
    } else {
      self.term = nullptr;
    }
    return at;
  }

  PruningTerm* resolved(const PruningTerm& term) {
    auto* t = planner_.arena_.make<PruningTerm>(term);
    Node nothing;
    if (t->value != nullptr) t->value = planner_.resolve(t->value, nothing);
    t->values = planner_.resolve_all(t->values, nothing);
    std::vector<PruningTerm*> inner;
    for (const PruningTerm* i : term.terms) inner.push_back(resolved(*i));
    t->terms = planner_.arena_.copy(inner);
    return t;
  }

  QueryPlanner& planner_;
  uint32_t range_;
  const std::vector<Expr*>& conjuncts_;
  QueryPlanner::FamilyChoice& out_;
  std::vector<PartitionPruning::Table> tables_;
};

void QueryPlanner::choose_members(uint32_t range, const std::vector<Expr*>& conjuncts) {
  const analyzer::Family& family = *query_.ranges[range]->family;
  FamilyChoice choice;
  if (family.tables.empty()) {
    for (uint32_t i = 0; i < family.members.size(); ++i) choice.members.push_back(i);
  } else if (state_.settings.enable_partition_pruning) {
    FamilyPruner(*this, range, conjuncts, &choice).run();
  } else {
    for (const auto& table : family.tables) {
      for (const auto& slot : table.slots) {
        if (slot.member >= 0) choice.members.push_back(static_cast<uint32_t>(slot.member));
      }
    }
    std::sort(choice.members.begin(), choice.members.end());
  }
  PlannerState::FamilySize size;
  for (uint32_t m : choice.members) {
    const catalog::Relation& r = **family.members[m].relation;
    double pages = segment_pages(r);
    size.pages += pages;
    size.rows += rows_of_pages(r, pages);
  }
  state_.family_sizes[query_.ranges[range]->relation->get()] = size;
  family_choices_[range] = std::move(choice);
}

// The member's index that is made like the range's; null when it has none.
const catalog::Index* QueryPlanner::member_index(uint32_t range, const catalog::Index& index,
                                                 const analyzer::Member& member) const {
  const catalog::Relation &root = **query_.ranges[range]->relation, &own = **member.relation;
  if (&root == &own) return &index;
  auto moved = [&](ColumnNumber c) {
    return member.columns.empty() || c == 0 ? c : member.columns[static_cast<size_t>(c - 1)];
  };
  for (const catalog::Index& i : own.indexes) {
    if (!i.serves_reads() || i.tree == nullptr || i.unique != index.unique || i.method != index.method ||
        i.predicate_sql != index.predicate_sql || i.keys.size() != index.keys.size()) {
      continue;
    }
    bool same = true;
    for (size_t k = 0; same && k < i.keys.size(); ++k) {
      const catalog::IndexColumn &a = index.keys[k], &b = i.keys[k];
      same = moved(a.column) == b.column && a.expression_sql == b.expression_sql &&
             a.descending == b.descending && a.nulls_first == b.nulls_first && a.collation == b.collation &&
             a.type == b.type && a.inverted == b.inverted;
    }
    if (same) return &i;
  }
  return nullptr;
}

// Partitions of ranges, one after the other, are in the order of an index whose next keys are the partition
// key: no row of one comes before a row of an earlier one. The default partition may hold anything in
// between.
bool QueryPlanner::members_in_order(uint32_t range, const IndexMatch& match) const {
  const analyzer::Family& family = *query_.ranges[range]->family;
  if (family.tables.size() != 1) return false;
  const analyzer::PartitionedTable& table = family.tables[0];
  const catalog::Partitioning& p = *(*table.relation)->partitioning;
  if (p.strategy != catalog::PartitionStrategy::kRange) return false;
  const auto& members = family_choices_.at(range).members;
  if (!std::is_sorted(members.begin(), members.end())) return false;
  if (p.default_partition >= 0) {
    int32_t other = table.slots[static_cast<size_t>(p.default_partition)].member;
    if (std::find(members.begin(), members.end(), static_cast<uint32_t>(other)) != members.end())
      return false;
  }
  const auto& keys = match.index.index->keys;
  size_t first = match.equal.size();
  if (keys.size() < first + p.keys.size()) return false;
  for (size_t k = 0; k < p.keys.size(); ++k) {
    const catalog::IndexColumn& key = keys[first + k];
    // NULLs lie in the default partition, so where they would stand does not matter.
    if (key.column <= 0 || key.column != p.keys[k].column || key.descending ||
        key.collation_oid != p.keys[k].collation_oid)
      return false;
  }
  return true;
}

const BoundIndex* QueryPlanner::member_bound_index(const analyzer::Member& member,
                                                   const catalog::Index& index) {
  for (const analyzer::IndexExpressions& e : member.index_expressions) {
    if (e.index == &index) return bind_member_index(member, e);
  }
  return nullptr;
}

// Over the member's live columns in order.
const BoundIndex* QueryPlanner::bind_member_index(const analyzer::Member& member,
                                                  const analyzer::IndexExpressions& e) {
  Node row;
  row.layout = own_layout(**member.relation);
  auto* bound = arena_.make<BoundIndex>();
  bound->index = e.index;
  std::vector<Expr*> keys;
  for (Expr* key : e.keys) keys.push_back(key == nullptr ? nullptr : resolve(fold(key), row));
  bound->keys = arena_.copy(keys);
  if (e.predicate != nullptr) bound->predicate = resolve(fold(e.predicate), row);
  return bound;
}

// A table's live columns as range 0, by its own numbers.
std::vector<Expr*> QueryPlanner::own_layout(const catalog::Relation& relation) {
  std::vector<Expr*> layout;
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    const catalog::Column& column = relation.columns[i];
    if (column.dropped) continue;
    auto* c = arena_.make<ColumnExpr>();
    c->kind = ExprKind::kColumn;
    c->column = static_cast<ColumnNumber>(i + 1);
    c->type = column.type;
    c->typmod = column.typmod;
    c->collation = column.collation;
    layout.push_back(c);
  }
  return layout;
}

// False: not every member that is read has such an index.
bool QueryPlanner::set_members(uint32_t range, ScanPlan* plan, const catalog::Index* index) {
  const Range& r = *query_.ranges[range];
  const FamilyChoice& choice = family_choices_[range];
  std::vector<ScanMember> members;
  members.reserve(choice.members.size());
  for (uint32_t m : choice.members) {
    const analyzer::Member& member = r.family->members[m];
    ScanMember scan;
    scan.relation = member.relation;
    scan.columns = plan->columns;
    if (!member.columns.empty()) {
      std::vector<ColumnNumber> columns;
      for (ColumnNumber c : plan->columns)
        columns.push_back(c <= 0 ? c : member.columns[static_cast<size_t>(c - 1)]);
      scan.columns = arena_.copy(columns);
    }
    if (index != nullptr) {
      scan.index = member_index(range, *index, member);
      if (scan.index == nullptr) return false;
      scan.bound = member_bound_index(member, *scan.index);
    }
    members.push_back(scan);
  }
  plan->members = arena_.copy(members);
  plan->pruning = choice.pruning;
  return true;
}

// Nothing is left to read.
Node QueryPlanner::plan_no_members(uint32_t range) {
  const Range& r = *query_.ranges[range];
  std::vector<ColumnNumber> columns = needed_columns(range);
  Node node;
  node.ranges = RangeSet{1} << range;
  node.layout = scan_layout(range, columns);
  auto* plan = state_.make<ResultPlan>(PlanKind::kResult);
  plan->output = scan_output(r, columns);
  std::vector<Expr*> nulls;
  for (size_t i = 0; i < node.layout.size(); ++i) {
    auto* c = arena_.make<ConstExpr>();
    static_cast<Expr&>(*c) = *node.layout[i];
    c->kind = ExprKind::kConst;
    c->value = types::Value::null_of(plan->output[i].physical);
    nulls.push_back(c);
  }
  plan->exprs = arena_.copy(nulls);
  auto* never = arena_.make<ConstExpr>();
  never->kind = ExprKind::kConst;
  never->type = type_oid::kBool;
  never->value = types::Value::of_bool(false);
  plan->condition = never;
  plan->rows = 1;
  node.plan = plan;
  return node;
}

// --- joins

// 0: not all members have the index, or there are too many of them.
double QueryPlanner::members_looked_in(uint32_t range, const IndexMatch& match) {
  constexpr size_t kMostMembers = 4;  // that a look-up may go through
  const analyzer::Family& family = *query_.ranges[range]->family;
  const std::vector<uint32_t>& members = family_choices_[range].members;
  for (uint32_t m : members) {
    if (member_index(range, *match.index.index, family.members[m]) == nullptr) return 0;
  }
  if (family.tables.size() == 1 && state_.settings.enable_partition_pruning) {
    const auto& keys = (*family.tables[0].relation)->partitioning->keys;
    const auto& index = match.index.index->keys;
    bool given = std::all_of(keys.begin(), keys.end(), [&](const catalog::PartitionKeyColumn& key) {
      for (size_t i = 0; i < match.equal.size(); ++i) {
        if (key.column != 0 && index[i].column == key.column) return true;
      }
      return false;
    });
    if (given) return 1;
  }
  return members.size() <= kMostMembers ? static_cast<double>(members.size()) : 0;
}

// For every left row the members that its values leave are looked up in: a nested loop whose inner side is
// pruned each time it is opened.
Node QueryPlanner::member_index_join(const Node& left, uint32_t range, JoinType type,
                                     const std::vector<Expr*>& conditions, const std::vector<Expr*>& filters,
                                     const IndexMatch& match, double per_row) {
  std::vector<uint32_t> slots;
  std::vector<Expr*> outer;
  auto with_params = [&](Expr* e) {
    return analyzer::rewrite(e, arena_, [&](Expr* x) -> Expr* {
      if (x->kind != ExprKind::kColumn || x->as<ColumnExpr>().levels_up != 0 ||
          (left.ranges >> x->as<ColumnExpr>().range & 1) == 0)
        return nullptr;
      size_t at = 0;
      while (at < outer.size() && !analyzer::same_expression(outer[at], x)) ++at;
      if (at == outer.size()) {
        outer.push_back(x);
        slots.push_back(state_.new_slot());
      }
      auto* param = arena_.make<analyzer::ExecParamExpr>();
      static_cast<Expr&>(*param) = *x;
      param->kind = ExprKind::kExecParam;
      param->index = slots[at];
      return param;
    });
  };
  std::vector<Expr*> inner = filters, pairs;
  for (Expr* c : conditions) {
    const bool answered = std::find(match.used.begin(), match.used.end(), c) != match.used.end();
    if (answered)
      inner.push_back(with_params(c));
    else
      pairs.push_back(c);
  }
  FamilyChoice before = family_choices_[range];
  choose_members(range, inner);
  IndexMatch here = match_index(range, match.index, inner, 0);
  Node right = index_scan(range, here, inner, false);
  family_choices_[range] = std::move(before);
  auto* plan = state_.make<JoinPlan>(PlanKind::kNestedLoop);
  plan->join = type;
  plan->children = arena_.copy(std::vector<Plan*>{left.plan, right.plan});
  plan->param_slots = arena_.copy(slots);
  plan->param_values = resolve_all(outer, left);
  Node node;
  node.ranges = left.ranges | RangeSet{1} << range;
  node.layout = left.layout;
  node.layout.insert(node.layout.end(), right.layout.begin(), right.layout.end());
  if (!pairs.empty()) plan->condition = resolve(conjunction(pairs), node);
  std::vector<OutputColumn> output(left.plan->output.begin(), left.plan->output.end());
  output.insert(output.end(), right.plan->output.begin(), right.plan->output.end());
  plan->output = arena_.copy(output);
  right.plan->rows = std::max(1.0, per_row);
  plan->rows = std::max(1.0, left.plan->rows * per_row * conjunction_selectivity(pairs));
  const PlannerSettings& s = state_.settings;
  plan->total_cost = left.plan->total_cost +
                     left.plan->rows * (s.cpu_index_lookup_cost + (per_row + 2) * s.cpu_index_fetch_cost);
  return finish_lookup_join(type, left, std::move(node), plan);
}

// --- changes

// What INSERT, UPDATE and DELETE need of the members, and where a row goes.
void QueryPlanner::set_modify_members(ModifyPlan* plan, const std::vector<Expr*>& row_layout) {
  const Range& r = *query_.ranges[0];
  Node row;
  row.layout = row_layout;
  std::vector<ModifyPlan::Route> checks;
  for (const analyzer::PartitionCheck& check : query_.partition_checks) {
    ModifyPlan::Route route;
    route.relation = check.parent;
    std::vector<Expr*> keys;
    for (Expr* key : check.keys) keys.push_back(resolve(fold(key), row));
    route.keys = arena_.copy(keys);
    route.partition = check.partition;
    checks.push_back(route);
  }
  plan->partition_checks = arena_.copy(checks);
  if (r.family == nullptr) return;
  std::vector<ModifyPlan::Member> members;
  members.reserve(r.family->members.size());
  const catalog::Relation& root = **r.relation;
  const analyzer::Member* like = nullptr;  // with the root's layout: what it has been given others may share
  ModifyPlan::Member shared;
  for (const analyzer::Member& m : r.family->members) {
    const catalog::Relation& own = **m.relation;
    ModifyPlan::Member out;
    if (like != nullptr && m.columns.empty() && m.checks.data() == like->checks.data() &&
        m.generated_exprs.data() == like->generated_exprs.data()) {
      out = shared;
    } else {
      Node layout, by_root;
      layout.layout = own_layout(own);
      by_root.layout = layout.layout;
      if (!m.columns.empty()) {
        std::vector<int32_t> ordinals(layout.layout.size(), -1);
        for (size_t i = 0; i < layout.layout.size(); ++i) {
          ColumnNumber number = layout.layout[i]->as<ColumnExpr>().column;
          auto* c = arena_.make<ColumnExpr>(layout.layout[i]->as<ColumnExpr>());
          c->column = INT16_MAX;  // of its own
          int32_t ordinal = 0;
          for (size_t n = 0; n < root.columns.size(); ++n) {
            if (root.columns[n].dropped) continue;
            if (m.columns[n] == number) {
              ordinals[i] = ordinal;
              c->column = static_cast<ColumnNumber>(n + 1);
            }
            ++ordinal;
          }
          by_root.layout[i] = c;
        }
        out.ordinals = arena_.copy(ordinals);
      }
      out.checks = resolve_all(m.checks, layout);
      out.check_names = m.check_names;
      out.generated = arena_.copy(std::span<const int16_t>(m.generated));
      out.generated_exprs = resolve_all(m.generated_exprs, layout);
      std::vector<Expr*> view_checks;
      for (const analyzer::ViewCheck& check : query_.view_checks)
        view_checks.push_back(resolve(fold(check.condition), by_root));
      out.view_checks = arena_.copy(view_checks);
      if (m.columns.empty()) {
        like = &m;
        shared = out;
      }
    }
    out.relation = m.relation;
    std::vector<BoundIndex> indexes;
    for (const analyzer::IndexExpressions& e : m.index_expressions)
      indexes.push_back(*bind_member_index(m, e));
    out.bound_indexes = arena_.copy(indexes);
    if (query_.on_conflict != nullptr) {
      std::vector<const catalog::Index*> arbiters;
      for (const catalog::Index* arbiter : query_.on_conflict->arbiters) {
        if (const catalog::Index* own_index = member_index(0, *arbiter, m)) arbiters.push_back(own_index);
      }
      out.arbiters = arena_.copy(arbiters);
    }
    members.push_back(out);
  }
  plan->members = arena_.copy(members);
  std::vector<ModifyPlan::Route> routes;
  for (const analyzer::PartitionedTable& t : r.family->tables) {
    ModifyPlan::Route route;
    route.relation = t.relation;
    std::vector<Expr*> keys;
    for (Expr* key : t.keys) keys.push_back(resolve(fold(key), row));
    route.keys = arena_.copy(keys);
    std::vector<int32_t> slots;
    for (const auto& slot : t.slots) slots.push_back(slot.member >= 0 ? slot.member : -1 - slot.table);
    route.slots = arena_.copy(slots);
    routes.push_back(route);
  }
  plan->routes = arena_.copy(routes);
}

}  // namespace varve::planner
