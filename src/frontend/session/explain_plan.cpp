// From Varve's plan to the tree that PostgreSQL would show: projections and filters are part of the node
// below them, a hash join's inner side hangs under a Hash node, an index join is a nested loop over an index
// scan.
#include <algorithm>
#include <fmt/format.h>

#include "common/sql_error.h"
#include "explainer.h"
#include "functions/registry.h"
#include "parser/parser.h"
#include "planner/row_transform.h"

namespace varve::session {

using analyzer::ExprKind;
using planner::JoinType;

std::unique_ptr<ExplainNode> Explainer::explain() {
  size_t tables = 0;
  count_ranges(*statement_.root, &tables);
  for (const Plan* p : statement_.subplans) count_ranges(*p, &tables);
  for (const Plan* p : statement_.ctes) {
    if (p != nullptr) count_ranges(*p, &tables);
  }
  several_ = tables > 1;
  qualify_ = several_;
  auto root = node(*statement_.root, "");
  // CTEs belong to the whole statement.
  ptrdiff_t at = 0;
  for (size_t i = 0; i < statement_.ctes.size(); ++i) {
    // Null: runs where it is read.
    if (statement_.ctes[i] == nullptr || in_place_.contains(statement_.ctes[i])) continue;
    auto child = node(*statement_.ctes[i], "InitPlan");
    child->subplan_name = fmt::format("CTE {}", cte_name(static_cast<uint32_t>(i)));
    root->children.insert(root->children.begin() + at++, std::move(child));
  }
  return root;
}

void Explainer::count_ranges(const Plan& p, size_t* tables) {
  switch (p.kind) {
    case PlanKind::kSeqScan:
    case PlanKind::kIndexScan:
    case PlanKind::kInvertedScan:
    case PlanKind::kFunctionScan:
    case PlanKind::kCteScan:
    case PlanKind::kWorkTableScan:
    case PlanKind::kValues:
    case PlanKind::kIndexJoin:
      ++*tables;
      break;
    default:
      break;
  }
  for (const Plan* c : p.children) count_ranges(*c, tables);
}

void Explainer::add_subplans(ExplainNode& n, std::vector<UsedSubplan> used) {
  std::vector<std::unique_ptr<ExplainNode>> first, last;
  for (const UsedSubplan& u : used) {
    auto child = node(*statement_.subplans[u.number], u.init ? "InitPlan" : "SubPlan");
    child->subplan_name = u.init ? fmt::format("InitPlan {} (returns {})", u.number + 1, u.output)
                                 : fmt::format("SubPlan {}", u.number + 1);
    (u.init ? first : last).push_back(std::move(child));
  }
  n.children.insert(n.children.begin(), std::make_move_iterator(first.begin()),
                    std::make_move_iterator(first.end()));
  for (auto& child : last) n.children.push_back(std::move(child));
}

void Explainer::measure(ExplainNode& n, const Plan& p) {
  n.startup_cost = p.startup_cost;
  n.total_cost = std::max(p.total_cost, p.startup_cost);
  n.rows = std::max(p.rows, p.kind == PlanKind::kInsert || p.kind == PlanKind::kUpdate ||
                                    p.kind == PlanKind::kDelete || p.kind == PlanKind::kMerge
                                ? 0.0
                                : 1.0);
  n.width = p.width > 0 ? p.width : estimated_width(p);
  const executor::NodeCounters* c = counters(p);
  if (c == nullptr) return;
  n.measured = true;
  // A node that was stopped early has not come to the end of its only loop.
  n.loops = std::max<uint64_t>(c->loops, c->rows > 0 || c->time_ns > 0 ? 1 : 0);
  n.has_io = true;
  n.io = c->io;
  if (n.loops == 0) return;
  auto loops = static_cast<double>(n.loops);
  n.actual_rows = static_cast<double>(c->rows) / loops;
  n.actual_startup_ms = static_cast<double>(c->startup_ns) / loops / 1e6;
  n.actual_total_ms = static_cast<double>(c->time_ns) / loops / 1e6;
}

int32_t Explainer::estimated_width(const Plan& p) {
  int32_t width = 0;
  for (const planner::OutputColumn& c : p.output) {
    constexpr int32_t kStringBytes = 32;
    width += c.physical == types::PhysicalType::kString || c.physical == types::PhysicalType::kNumeric
                 ? kStringBytes
                 : static_cast<int32_t>(types::physical_width(c.physical));
  }
  return width;
}

namespace {

std::string range_label(std::string_view name, std::string_view alias) {
  std::string quoted = parser::quote_identifier(name);
  return alias.empty() || alias == name ? quoted : quoted + " " + parser::quote_identifier(alias);
}

}  // namespace

void Explainer::table_scan(ExplainNode& n, const planner::ScanPlan& s, const planner::ScanMember* member,
                           size_t number) {
  const catalog::Relation& relation = member != nullptr ? **member->relation : **s.relation;
  std::string alias(scan_alias(s));
  if (number > 0) alias += fmt::format("_{}", number);
  std::string label = range_label(relation.name, alias);
  if (options_.verbose) label = parser::quote_identifier(relation.schema_name) + "." + label;
  n.label += " on " + label;
  head(n, "Relation Name", relation.name);
  if (options_.verbose) head(n, "Schema", relation.schema_name);
  head(n, "Alias", scan_alias(s));
}

// `left`: what the keys of an index join are over.
void Explainer::index_conditions(ExplainNode& n, const planner::IndexScanPlan& s, analyzer::ExprList equal,
                                 const Plan* left) {
  auto key_name = [&](size_t i) {
    const catalog::IndexColumn& key = s.index->keys[i];
    if (key.column == 0) return "(" + key.expression_sql + ")";
    return qualified(scan_alias(s), (*s.relation)->column(key.column).name);
  };
  std::vector<const Plan*> sides;
  if (left != nullptr) sides.push_back(left);
  std::vector<std::string> parts;
  for (size_t i = 0; i < equal.size(); ++i) {
    std::string name = key_name(i);
    Qualify outer(*this, left != nullptr || qualify_);
    parts.push_back(fmt::format("({} = {})", name, text(*equal[i], sides)));
  }
  size_t next = equal.size();
  if (s.lower.value != nullptr) {
    parts.push_back(fmt::format("({} {} {})", key_name(next), s.lower.inclusive ? ">=" : ">",
                                text(*s.lower.value, sides)));
  }
  if (s.upper.value != nullptr) {
    parts.push_back(fmt::format("({} {} {})", key_name(next), s.upper.inclusive ? "<=" : "<",
                                text(*s.upper.value, sides)));
  }
  if (!s.any_of.empty()) {
    analyzer::InListExpr in{};
    in.kind = ExprKind::kInList;
    in.items = s.any_of;
    analyzer::InputExpr arg{};
    arg.kind = ExprKind::kInput;
    in.arg = &arg;
    // Only the list matters; the key's name is put before it.
    std::string list = text(in, std::span<const Plan* const>());
    parts.push_back(fmt::format("({}{}", key_name(next), list.substr(list.find(" = ANY"))));
  }
  if (s.array_any != nullptr)
    parts.push_back(fmt::format("({} = ANY ({}))", key_name(next), text(*s.array_any, sides)));
  if (parts.empty()) return;
  std::string all;
  for (const std::string& part : parts) all += (all.empty() ? "" : " AND ") + part;
  add(n, "Index Cond", parts.size() > 1 ? "(" + all + ")" : all);
}

// Several tables read as one are shown as an Append of their scans.
void Explainer::scan(ExplainNode& n, const Plan& p) {
  const auto& s = p.as<planner::ScanPlan>();
  if (s.members.size() < 2) return scan_table(n, p, s.members.empty() ? nullptr : &s.members[0], 0);
  n.type = n.label = "Append";
  auto share = static_cast<double>(s.members.size());
  bool from_end = p.kind == PlanKind::kIndexScan && p.as<planner::IndexScanPlan>().backward;
  for (size_t at = 0; at < s.members.size(); ++at) {
    size_t i = from_end ? s.members.size() - 1 - at : at;
    auto child = std::make_unique<ExplainNode>();
    child->relationship = "Member";
    scan_table(*child, p, &s.members[i], i + 1);
    child->has_costs = n.has_costs && counters(p) == nullptr;
    child->startup_cost = p.startup_cost;
    child->total_cost = p.total_cost / share;
    child->rows = std::max(1.0, p.rows / share);
    child->width = n.width;
    n.children.push_back(std::move(child));
  }
  add(n, "Subplans Removed", "0", Kind::kNumber, Where::kStructured);
}

void Explainer::sampling(ExplainNode& n, const planner::ScanPlan& s) {
  const Plan* sides[] = {&s};
  std::string method = s.sample_by_page ? "system" : "bernoulli", percent = text(*s.sample_percent, sides);
  std::string line = fmt::format("{} ({})", method, percent);
  if (s.sample_seed != nullptr) line += fmt::format(" REPEATABLE ({})", text(*s.sample_seed, sides));
  add(n, "Sampling", line, Kind::kString, Where::kText);
  add(n, "Sampling Method", method, Kind::kString, Where::kStructured);
  n.properties.push_back({"Sampling Parameters", "", {percent}, Kind::kList, Where::kStructured});
  if (s.sample_seed != nullptr)
    add(n, "Repeatable Seed", text(*s.sample_seed, sides), Kind::kString, Where::kStructured);
}

void Explainer::scan_table(ExplainNode& n, const Plan& p, const planner::ScanMember* member, size_t number) {
  const auto& s = p.as<planner::ScanPlan>();
  const Plan* sides[] = {&p};
  Qualify scan_conditions(*this, options_.verbose);
  if (p.kind == PlanKind::kIndexScan) {
    const auto& i = p.as<planner::IndexScanPlan>();
    n.type = "Index Scan";
    n.label = fmt::format("Index Scan{} using {}", i.backward ? " Backward" : "",
                          parser::quote_identifier(member != nullptr ? member->index->name : i.index->name));
    head(n, "Scan Direction", i.backward ? "Backward" : "Forward");
    head(n, "Index Name", member != nullptr ? member->index->name : i.index->name);
    table_scan(n, s, member, number);
    index_conditions(n, i, i.equal, nullptr);
    bool conditions = !i.equal.empty() || i.lower.value != nullptr || i.upper.value != nullptr ||
                      !i.any_of.empty() || i.array_any != nullptr;
    if (conditions && counters(p) != nullptr)
      add(n, "Rows Removed by Index Recheck", "0", Kind::kNumber, Where::kStructured);
  } else if (p.kind == PlanKind::kInvertedScan) {
    inverted_scan(n, p.as<planner::InvertedScanPlan>(), member, number);
  } else {
    n.type = n.label = s.sample_percent != nullptr ? "Sample Scan" : "Seq Scan";
    table_scan(n, s, member, number);
    if (s.sample_percent != nullptr) sampling(n, s);
  }
  add_condition(n, "Filter", s.filter, sides);
  if (s.filter != nullptr && counters(p) != nullptr)
    add_removed(n, "Rows Removed by Filter", counters(p)->rows_removed);
}

void Explainer::inverted_scan(ExplainNode& n, const planner::InvertedScanPlan& s,
                              const planner::ScanMember* member, size_t number) {
  struct Writer {
    Explainer& explainer;
    const Plan* side;
  } writer{*this, &s};
  n.type = n.label = "Bitmap Heap Scan";
  table_scan(n, s, member, number);
  const Plan* sides[] = {&s};
  add_condition(n, "Recheck Cond", s.recheck, sides);
  const executor::NodeCounters* c = counters(s);
  if (c != nullptr) add_removed(n, "Rows Removed by Index Recheck", c->rechecked_away);
  auto below = explain_inverted(
      s.condition, (member != nullptr ? member->index : s.index)->name,
      [](void* user, const Expr& e) {
        auto& w = *static_cast<Writer*>(user);
        return w.explainer.text(e, {&w.side, 1});
      },
      &writer);
  below->relationship = "Outer";
  below->has_costs = true;
  below->total_cost = s.index_cost;
  below->rows = s.index_rows;
  // How long the index took by itself is not measured.
  if (c != nullptr && !options_.timing && n.loops != 0) {
    below->measured = true;
    below->loops = n.loops;
    below->actual_rows = static_cast<double>(c->index_rows) / static_cast<double>(n.loops);
  }
  n.children.push_back(std::move(below));
}

namespace {

std::string_view join_word(JoinType type) {
  switch (type) {
    case JoinType::kInner:
      return "Inner";
    case JoinType::kLeft:
      return "Left";
    case JoinType::kRight:
      return "Right";
    case JoinType::kFull:
      return "Full";
    case JoinType::kSemi:
      return "Semi";
    case JoinType::kAnti:
    case JoinType::kNullAnti:
      return "Anti";
    case JoinType::kMark:
      return "Mark";
    case JoinType::kSingle:
      return "Single";
  }
  return "Inner";
}

std::string_view swapped_join_word(JoinType type) {
  switch (type) {
    case JoinType::kLeft:
      return "Right";
    case JoinType::kRight:
      return "Left";
    case JoinType::kSemi:
      return "Right Semi";
    case JoinType::kAnti:
    case JoinType::kNullAnti:
      return "Right Anti";
    default:
      return join_word(type);
  }
}

}  // namespace

void Explainer::join(ExplainNode& n, const planner::JoinPlan& j) {
  Qualify upper(*this, several_ || options_.verbose);
  bool swapped = j.kind == PlanKind::kHashJoin && j.build_left;
  std::string_view word = swapped ? swapped_join_word(j.join) : join_word(j.join);
  n.type = j.kind == PlanKind::kHashJoin    ? "Hash Join"
           : j.kind == PlanKind::kMergeJoin ? "Merge Join"
                                            : "Nested Loop";
  std::string base = j.kind == PlanKind::kHashJoin    ? "Hash"
                     : j.kind == PlanKind::kMergeJoin ? "Merge"
                                                      : "Nested Loop";
  n.label = base;
  if (word != "Inner")
    n.label += fmt::format(" {} Join", word);
  else if (j.kind != PlanKind::kNestedLoop)
    n.label += " Join";
  head(n, "Join Type", word);
  std::vector<std::string> parts;
  for (size_t i = 0; i < j.left_keys.size(); ++i) {
    std::string left = text(*j.left_keys[i], *j.children[0]), right = text(*j.right_keys[i], *j.children[1]);
    if (swapped) std::swap(left, right);
    bool null_safe = i < j.null_safe.size() && j.null_safe[i];
    parts.push_back(null_safe ? fmt::format("(NOT ({} IS DISTINCT FROM {}))", left, right)
                              : fmt::format("({} = {})", left, right));
  }
  if (!parts.empty()) {
    std::string all;
    for (const std::string& part : parts) all += (all.empty() ? "" : " AND ") + part;
    add(n,
        j.kind == PlanKind::kMergeJoin  ? "Merge Cond"
        : j.kind == PlanKind::kHashJoin ? "Hash Cond"
                                        : "Join Filter",
        parts.size() > 1 ? "(" + all + ")" : all);
  }
  const Plan* sides[] = {j.children[0], j.children[1]};
  add_condition(n, "Join Filter", j.condition, sides);
  add_unique(n, swapped ? is_unique(*j.children[0], j.left_keys) : is_unique(*j.children[1], j.right_keys));
  Qualify outer(*this, true);
  for (size_t i = 0; i < j.param_slots.size(); ++i) {
    param_text_[j.param_slots[i]] = text(*j.param_values[i], *j.children[0]);
  }
}

void Explainer::index_join(ExplainNode& n, const planner::IndexJoinPlan& j) {
  std::string_view word = join_word(j.join);
  n.type = n.label = "Nested Loop";
  if (word != "Inner") n.label += fmt::format(" {} Join", word);
  head(n, "Join Type", word);
  const Plan* sides[] = {j.children[0], j.inner};
  add_condition(n, "Join Filter", j.condition, sides);
  add_unique(n, j.inner->index->unique && j.keys.size() == j.inner->index->keys.size());
}

// At most one row has these values of the keys.
bool Explainer::is_unique(const Plan& p, analyzer::ExprList keys) const {
  if (p.kind == PlanKind::kAggregate) {
    const auto& a = p.as<planner::AggregatePlan>();
    std::set<uint32_t> groups;
    for (const Expr* e : keys) {
      if (e->kind == ExprKind::kInput && e->as<analyzer::InputExpr>().index < a.groups.size())
        groups.insert(e->as<analyzer::InputExpr>().index);
    }
    return a.grouping_sets.size() <= 1 && groups.size() == a.groups.size();
  }
  if (p.kind == PlanKind::kFilter) return is_unique(*p.children[0], keys);
  if (p.kind != PlanKind::kSeqScan && p.kind != PlanKind::kIndexScan && p.kind != PlanKind::kInvertedScan)
    return false;
  const auto& scan = p.as<planner::ScanPlan>();
  if (!scan.members.empty()) return false;
  std::set<catalog::ColumnNumber> columns;
  for (const Expr* e : keys) {
    if (e->kind == ExprKind::kInput) columns.insert(scan.columns[e->as<analyzer::InputExpr>().index]);
  }
  for (const auto& index : (*scan.relation)->indexes) {
    if (!index.can_be_referenced()) continue;
    if (std::all_of(index.keys.begin(), index.keys.end(),
                    [&](const catalog::IndexColumn& key) { return columns.contains(key.column); }))
      return true;
  }
  return false;
}

void Explainer::add_unique(ExplainNode& n, bool unique) {
  bool shown = unique && options_.verbose;
  n.properties.insert(n.properties.begin(), {"Inner Unique",
                                             unique ? "true" : "false",
                                             {},
                                             Kind::kBoolean,
                                             shown ? Where::kEverywhere : Where::kStructured});
}

void Explainer::aggregate(ExplainNode& n, const planner::AggregatePlan& a) {
  bool grouped = !a.groups.empty();
  bool mixed = grouped && !a.input_sorted &&
               std::any_of(a.grouping_sets.begin(), a.grouping_sets.end(), [](auto s) { return s.empty(); });
  std::string_view strategy = !grouped ? "Plain" : a.input_sorted ? "Sorted" : mixed ? "Mixed" : "Hashed";
  n.type = "Aggregate";
  n.label = !grouped         ? "Aggregate"
            : a.input_sorted ? "GroupAggregate"
            : mixed          ? "MixedAggregate"
                             : "HashAggregate";
  head(n, "Strategy", strategy);
  head(n, "Partial Mode", "Simple");
  auto key = [&](uint32_t i) {
    std::string item = text(*a.groups[i], *a.children[0]);
    return a.groups[i]->kind == ExprKind::kInput || item.starts_with('(') ? item : "(" + item + ")";
  };
  std::string_view name = a.grouping_sets.empty() || a.input_sorted ? "Group Key" : "Hash Key";
  if (a.grouping_sets.empty()) {
    std::vector<std::string> keys;
    for (uint32_t i = 0; i < a.groups.size(); ++i) keys.push_back(key(i));
    add_list(n, name, std::move(keys));
  }
  for (const auto& set : a.grouping_sets) {
    std::vector<std::string> keys;
    for (uint32_t i : set) keys.push_back(key(i));
    if (keys.empty())
      add(n, "Group Key", "()");
    else
      add_list(n, name, std::move(keys));
  }
  const executor::NodeCounters* c = counters(a);
  if (!grouped || a.input_sorted || c == nullptr || c->memory_bytes == 0) return;
  std::string line = fmt::format("{}  Memory Usage: {}kB", c->batches, kilobytes(c->memory_bytes));
  if (c->spilled_bytes != 0) line += fmt::format("  Disk Usage: {}kB", kilobytes(c->spilled_bytes));
  add(n, "Batches", line, Kind::kString, Where::kText);
  add(n, "HashAgg Batches", std::to_string(c->batches), Kind::kNumber, Where::kStructured);
  add(n, "Peak Memory Usage", kilobytes(c->memory_bytes), Kind::kNumber, Where::kStructured);
  add(n, "Disk Usage", kilobytes(c->spilled_bytes), Kind::kNumber, Where::kStructured);
}

void Explainer::hash_table(ExplainNode& n, const executor::NodeCounters& c) {
  std::string line = fmt::format("{}  Batches: {}  Memory Usage: {}kB", c.hash_buckets, c.batches,
                                 kilobytes(c.memory_bytes));
  if (c.spilled_bytes != 0) line += fmt::format("  Disk Usage: {}kB", kilobytes(c.spilled_bytes));
  add(n, "Buckets", line, Kind::kString, Where::kText);
  // Tables take the size that their rows need: what it was at first is not another number.
  std::string buckets = std::to_string(c.hash_buckets), batches = std::to_string(c.batches);
  add(n, "Hash Buckets", buckets, Kind::kNumber, Where::kStructured);
  add(n, "Original Hash Buckets", buckets, Kind::kNumber, Where::kStructured);
  add(n, "Hash Batches", batches, Kind::kNumber, Where::kStructured);
  add(n, "Original Hash Batches", batches, Kind::kNumber, Where::kStructured);
  add(n, "Peak Memory Usage", kilobytes(c.memory_bytes), Kind::kNumber, Where::kStructured);
}

void Explainer::sort(ExplainNode& n, const planner::SortPlan& s) {
  bool incremental = s.kind == PlanKind::kIncrementalSort;
  n.type = n.label = incremental ? "Incremental Sort" : "Sort";
  std::vector<std::string> keys = sort_keys(s.keys, *s.children[0]);
  std::vector<std::string> presorted(
      keys.begin(), keys.begin() + std::min<ptrdiff_t>(s.presorted, static_cast<ptrdiff_t>(keys.size())));
  add_list(n, "Sort Key", std::move(keys));
  if (incremental) add_list(n, "Presorted Key", std::move(presorted));
  const executor::NodeCounters* c = counters(s);
  if (c == nullptr || n.loops == 0) return;
  bool disk = c->spilled_bytes > 0;
  std::string_view method = disk ? "external merge" : s.limit != nullptr ? "top-N heapsort" : "quicksort";
  std::string used = kilobytes(disk ? c->spilled_bytes : c->memory_bytes);
  add(n, "Sort Method", fmt::format("{}  {}: {}kB", method, disk ? "Disk" : "Memory", used), Kind::kString,
      Where::kText);
  add(n, "Sort Method", std::string(method), Kind::kString, Where::kStructured);
  add(n, "Sort Space Used", used, Kind::kNumber, Where::kStructured);
  add(n, "Sort Space Type", disk ? "Disk" : "Memory", Kind::kString, Where::kStructured);
}

void Explainer::modify(ExplainNode& n, const planner::ModifyPlan& m) {
  std::string_view operation = m.kind == PlanKind::kInsert   ? "Insert"
                               : m.kind == PlanKind::kUpdate ? "Update"
                               : m.kind == PlanKind::kMerge  ? "Merge"
                                                             : "Delete";
  n.type = "ModifyTable";
  const catalog::Relation& relation = **m.relation;
  std::string name = parser::quote_identifier(relation.name);
  if (options_.verbose) name = parser::quote_identifier(relation.schema_name) + "." + name;
  n.label = fmt::format("{} on {}", operation, name);
  head(n, "Operation", operation);
  head(n, "Relation Name", relation.name);
  if (options_.verbose) head(n, "Schema", relation.schema_name);
  head(n, "Alias", relation.name);
  if (m.returning.empty()) {
    n.rows = 0;
    n.width = 0;
  }
  if (!m.on_conflict) return;
  add(n, "Conflict Resolution", m.do_nothing ? "NOTHING" : "UPDATE");
  std::vector<std::string> arbiters;
  for (const catalog::Index* index : m.arbiters) arbiters.push_back(parser::quote_identifier(index->name));
  add_list(n, "Conflict Arbiter Indexes", std::move(arbiters));
}

void Explainer::describe(ExplainNode& n, const Plan& p) {
  auto simple = [&](std::string_view name) { n.type = n.label = name; };
  switch (p.kind) {
    case PlanKind::kResult:
      simple("Result");
      add_condition(n, "One-Time Filter", p.as<planner::ResultPlan>().condition, p.children);
      return;
    case PlanKind::kValues:
      simple("Values Scan");
      n.label += " on \"*VALUES*\"";
      head(n, "Alias", "*VALUES*");
      return;
    case PlanKind::kSeqScan:
    case PlanKind::kIndexScan:
    case PlanKind::kInvertedScan:
      return scan(n, p);
    case PlanKind::kFunctionScan: {
      const auto& f = p.as<planner::FunctionScanPlan>();
      simple("Function Scan");
      std::string name = range_label(f.function->name, f.alias);
      n.label += " on " + (options_.verbose ? "pg_catalog." + name : name);
      head(n, "Function Name", f.function->name);
      if (options_.verbose) head(n, "Schema", "pg_catalog");
      head(n, "Alias", f.alias);
      std::string call = fmt::format("{}({})", f.function->name, arguments(f.args, p));
      if (options_.verbose) add(n, "Function Call", call);
      return;
    }
    case PlanKind::kCteScan:
    case PlanKind::kWorkTableScan: {
      const auto& c = p.as<planner::CteScanPlan>();
      simple(p.kind == PlanKind::kCteScan ? "CTE Scan" : "WorkTable Scan");
      std::string_view name = c.cte < statement_.cte_names.size() ? statement_.cte_names[c.cte] : c.alias;
      n.label += " on " + range_label(name, c.alias);
      head(n, "CTE Name", name);
      head(n, "Alias", c.alias);
      return;
    }
    case PlanKind::kProjectSet:
      return simple("ProjectSet");
    case PlanKind::kLimit:
      return simple("Limit");
    case PlanKind::kSort:
    case PlanKind::kIncrementalSort:
      return sort(n, p.as<planner::SortPlan>());
    case PlanKind::kUnique:
      return simple("Unique");
    case PlanKind::kAggregate:
      return aggregate(n, p.as<planner::AggregatePlan>());
    case PlanKind::kWindow:
      return simple("WindowAgg");
    case PlanKind::kHashJoin:
    case PlanKind::kMergeJoin:
    case PlanKind::kNestedLoop:
      return join(n, p.as<planner::JoinPlan>());
    case PlanKind::kIndexJoin:
      return index_join(n, p.as<planner::IndexJoinPlan>());
    case PlanKind::kAppend:
      simple("Append");
      return add(n, "Subplans Removed", "0", Kind::kNumber, Where::kStructured);
    case PlanKind::kSetOperation: {
      const auto& s = p.as<planner::SetOperationPlan>();
      n.type = "SetOp";
      n.label = fmt::format("HashSetOp {}{}",
                            s.operation == planner::SetOperationKind::kIntersect ? "Intersect" : "Except",
                            s.all ? " All" : "");
      head(n, "Strategy", "Hashed");
      head(n, "Command", n.label.substr(10));
      return;
    }
    case PlanKind::kRecursiveUnion:
      return simple("Recursive Union");
    case PlanKind::kMaterialize:
      return simple("Materialize");
    case PlanKind::kTransform:
      n.type = "Custom Scan";
      n.label = fmt::format("Custom Scan ({})", p.as<planner::TransformPlan>().transform->name());
      head(n, "Custom Plan Provider", std::string(p.as<planner::TransformPlan>().transform->name()));
      return;
    case PlanKind::kLockRows:
      return simple("LockRows");
    case PlanKind::kInsert:
    case PlanKind::kUpdate:
    case PlanKind::kDelete:
    case PlanKind::kMerge:
      return modify(n, p.as<planner::ModifyPlan>());
    case PlanKind::kFilter:
    case PlanKind::kProject:
      return simple("Result");
  }
}

void Explainer::add_children(ExplainNode& n, const Plan& p) {
  if (p.kind == PlanKind::kHashJoin) {
    bool build_left = p.as<planner::JoinPlan>().build_left;
    const Plan& probe = *p.children[build_left ? 1 : 0];
    const Plan& build = *p.children[build_left ? 0 : 1];
    n.children.push_back(node(probe, "Outer"));
    auto inner = node(build, "Outer");
    auto hash = std::make_unique<ExplainNode>();
    hash->type = hash->label = "Hash";
    hash->relationship = "Inner";
    hash->startup_cost = hash->total_cost = inner->total_cost;
    hash->rows = inner->rows;
    hash->width = inner->width;
    hash->measured = inner->measured;
    hash->loops = std::min<uint64_t>(inner->loops, 1);
    hash->actual_startup_ms = hash->actual_total_ms = inner->actual_total_ms;
    hash->actual_rows = inner->actual_rows;
    hash->has_io = inner->has_io;
    hash->io = inner->io;
    if (const executor::NodeCounters* c = counters(p); c != nullptr && c->batches != 0) hash_table(*hash, *c);
    hash->children.push_back(std::move(inner));
    n.children.push_back(std::move(hash));
    return;
  }
  if (p.kind == PlanKind::kIndexJoin) {
    const auto& j = p.as<planner::IndexJoinPlan>();
    n.children.push_back(node(*p.children[0], "Outer"));
    auto inner = std::make_unique<ExplainNode>();
    inner->relationship = "Inner";
    inner->type = "Index Scan";
    inner->label = "Index Scan using " + parser::quote_identifier(j.inner->index->name);
    head(*inner, "Scan Direction", "Forward");
    head(*inner, "Index Name", j.inner->index->name);
    inner->rows = 1;
    inner->has_costs = false;  // costed with the join, not by itself
    table_scan(*inner, *j.inner);
    Qualify scan_conditions(*this, options_.verbose);
    index_conditions(*inner, *j.inner, j.keys, p.children[0]);
    const Plan* sides[] = {j.inner};
    add_condition(*inner, "Filter", j.inner->filter, sides);
    n.children.push_back(std::move(inner));
    return;
  }
  bool members = p.kind == PlanKind::kAppend || p.kind == PlanKind::kSetOperation;
  for (size_t i = 0; i < p.children.size(); ++i) {
    n.children.push_back(node(*p.children[i], members ? "Member" : i == 0 ? "Outer" : "Inner"));
  }
}

// The target list, which also tells which subplans it uses.
void Explainer::add_output(ExplainNode& n, const Plan& top, const Plan& p) {
  std::vector<std::string> items;
  auto expressions = [&](analyzer::ExprList exprs, std::span<const Plan* const> sides) {
    for (const Expr* e : exprs) items.push_back(text(*e, sides));
  };
  if (top.kind == PlanKind::kProject || top.kind == PlanKind::kProjectSet) {
    expressions(top.as<planner::ProjectPlan>().exprs, top.children);
  } else if (p.kind == PlanKind::kResult && p.children.empty()) {
    expressions(p.as<planner::ResultPlan>().exprs, {});
  } else if (p.kind == PlanKind::kAggregate) {
    const auto& a = p.as<planner::AggregatePlan>();
    expressions(a.groups, p.children);
    for (const auto& call : a.aggregates) items.push_back(aggregate_text(call, *p.children[0]));
  } else if (p.kind == PlanKind::kWindow) {
    for (uint32_t i = 0; i < p.children[0]->output.size(); ++i) items.push_back(column(*p.children[0], i));
    for (const auto& call : p.as<planner::WindowPlan>().calls)
      items.push_back(window_text(call, *p.children[0]));
  } else if (p.kind == PlanKind::kInsert || p.kind == PlanKind::kUpdate || p.kind == PlanKind::kDelete ||
             p.kind == PlanKind::kMerge) {
    for (const planner::OutputColumn& c : p.output) items.push_back(parser::quote_identifier(c.name));
  } else if (options_.verbose) {
    for (uint32_t i = 0; i < p.output.size(); ++i) items.push_back(column(p, i));
  }
  if (options_.verbose && !items.empty()) {
    n.properties.insert(n.properties.begin(),
                        {"Output", "", std::move(items), Kind::kList, Where::kEverywhere});
  }
}

// The recursive union of a CTE that is read once stands in the place of the scan that PostgreSQL shows.
std::unique_ptr<ExplainNode> Explainer::recursive_cte(const Plan& p, uint32_t number,
                                                      std::string_view relationship) {
  in_place_.insert(&p);
  auto n = std::make_unique<ExplainNode>();
  n->relationship = relationship;
  measure(*n, p);
  n->type = "CTE Scan";
  n->label = "CTE Scan on " + cte_name(number);
  head(*n, "CTE Name", statement_.cte_names[number]);
  head(*n, "Alias", statement_.cte_names[number]);
  auto child = node(p, "InitPlan");
  child->subplan_name = fmt::format("CTE {}", cte_name(number));
  n->children.push_back(std::move(child));
  return n;
}

std::unique_ptr<ExplainNode> Explainer::node(const Plan& top, std::string_view relationship) {
  if (top.kind == PlanKind::kRecursiveUnion && relationship != "InitPlan") {
    auto at = std::find(statement_.ctes.begin(), statement_.ctes.end(), &top);
    if (at != statement_.ctes.end() && !in_place_.contains(&top))
      return recursive_cte(top, static_cast<uint32_t>(at - statement_.ctes.begin()), relationship);
  }
  std::vector<UsedSubplan> outer = std::move(used_);
  used_.clear();
  auto n = std::make_unique<ExplainNode>();
  n->relationship = relationship;
  // Down through what PostgreSQL's nodes do by themselves.
  const Plan* p = &top;
  std::vector<const planner::FilterPlan*> filters;
  std::vector<const Plan*> merged{p};
  while (p->kind == PlanKind::kProject || p->kind == PlanKind::kFilter) {
    if (p->kind == PlanKind::kFilter) filters.push_back(&p->as<planner::FilterPlan>());
    p = p->children[0];
    merged.push_back(p);
  }
  measure(*n, top);
  n->startup_cost = std::min(n->total_cost, p->startup_cost);
  describe(*n, *p);
  merged_ = std::move(merged);
  for (const planner::FilterPlan* filter : filters) {
    bool leaf = p->children.empty();
    Qualify condition(*this, options_.verbose || (several_ && !leaf));
    add_condition(*n, "Filter", filter->condition, filter->children);
    const executor::NodeCounters *above = counters(*filter), *below = counters(*filter->children[0]);
    if (above != nullptr && below != nullptr)
      add_removed(*n, "Rows Removed by Filter", below->rows - std::min(below->rows, above->rows));
  }
  add_output(*n, top, *p);
  merged_.clear();
  std::vector<UsedSubplan> used = std::move(used_);
  used_.clear();
  add_children(*n, *p);
  add_subplans(*n, std::move(used));
  used_ = std::move(outer);
  return n;
}

std::unique_ptr<ExplainNode> explain_plan(const planner::PlannedStatement& statement,
                                          const ExplainOptions& options,
                                          std::span<const executor::NodeCounters> counters,
                                          functions::EvalContext& eval) {
  return Explainer(statement, options, counters, eval).explain();
}

}  // namespace varve::session
