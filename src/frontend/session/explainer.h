// One walk over a plan that makes EXPLAIN's tree. Private to the session: explain_names.cpp says what
// expressions are called, explain_plan.cpp what the nodes show.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "analyzer/analyzer.h"
#include "explain.h"
#include "parser/parser.h"

namespace varve::session {

std::string_view scan_alias(const planner::ScanPlan& scan);

class Explainer {
  using Expr = analyzer::Expr;
  using Plan = planner::Plan;
  using PlanKind = planner::PlanKind;
  using Kind = ExplainProperty::Kind;
  using Where = ExplainProperty::Where;

 public:
  Explainer(const planner::PlannedStatement& statement, const ExplainOptions& options,
            std::span<const executor::NodeCounters> counters, functions::EvalContext& eval)
      : statement_(statement), options_(options), counters_(counters), eval_(eval) {}

  std::unique_ptr<ExplainNode> explain();

 private:
  // Names of what an expression over the outputs of some plans (left ++ right) sees.
  class Names final : public analyzer::PlanNames {
   public:
    Names(Explainer& owner, std::span<const Plan* const> sides) : owner_(owner), sides_(sides) {}
    void input(uint32_t index, std::string& out) override {
      for (const Plan* side : sides_) {
        size_t width = side->output.size();
        if (index < width) {
          out += owner_.column(*side, index);
          return;
        }
        index -= static_cast<uint32_t>(width);
      }
      out += "?";
    }
    void exec_param(uint32_t slot, std::string& out) override {
      auto it = owner_.param_text_.find(slot);
      out += it == owner_.param_text_.end() ? fmt::format("${}", slot) : it->second;
    }
    void subplan(const analyzer::SubplanExpr& e, std::string& out) override {
      owner_.subplan_text(e, *this, out);
    }

   private:
    Explainer& owner_;
    std::span<const Plan* const> sides_;
  };

  // A subplan that an expression of the node in work has named.
  struct UsedSubplan {
    uint32_t number;
    bool init;
    std::string output;  // "$0"
  };

  static void count_ranges(const Plan& p, size_t* tables);
  std::string cte_column(const planner::CteScanPlan& scan, uint32_t i);
  std::string cte_name(uint32_t number) const;

  std::string text(const Expr& e, std::span<const Plan* const> sides) {
    Names names(*this, sides);
    return analyzer::deparse_expression(e, names, eval_);
  }
  std::string text(const Expr& e, const Plan& child) {
    const Plan* sides[] = {&child};
    return text(e, sides);
  }

  std::string qualified(std::string_view range, std::string_view name) {
    std::string quoted = parser::quote_identifier(name);
    return qualify_ && !range.empty() ? parser::quote_identifier(range) + "." + quoted : quoted;
  }

  std::string scan_column(const planner::ScanPlan& scan, size_t i);

  // What an upper node calls a value that a node below it has computed: in parentheses.
  std::string computed(const Plan& p, bool plain, std::string text) const {
    bool same_node = std::find(merged_.begin(), merged_.end(), &p) != merged_.end();
    return plain || same_node ? text : "(" + text + ")";
  }

  // Conditions of scans name columns without their table, those of upper nodes with it if there are several;
  // VERBOSE always.
  class Qualify {
   public:
    Qualify(Explainer& owner, bool qualify) : owner_(owner), before_(owner.qualify_) {
      owner.qualify_ = qualify;
    }
    ~Qualify() { owner_.qualify_ = before_; }
    Qualify(const Qualify&) = delete;
    Qualify& operator=(const Qualify&) = delete;

   private:
    Explainer& owner_;
    bool before_;
  };

  // How a node above writes column `i` of this plan's output.
  std::string column(const Plan& p, uint32_t i) {
    bool before = below_;
    below_ = below_ || std::find(merged_.begin(), merged_.end(), &p) == merged_.end();
    std::string out = column_text(p, i);
    below_ = before;
    return out;
  }

  std::string column_text(const Plan& p, uint32_t i);
  std::string arguments(analyzer::ExprList args, const Plan& child);
  std::string aggregate_text(const planner::AggregateCallPlan& call, const Plan& child);
  std::string window_text(const planner::WindowCallPlan& call, const Plan& child);
  std::vector<std::string> sort_keys(std::span<const analyzer::SortKey> keys, const Plan& child);

  // --- subplans

  void subplan_text(const analyzer::SubplanExpr& e, Names& names, std::string& out);
  void add_subplans(ExplainNode& n, std::vector<UsedSubplan> used);

  // --- properties

  static void add(ExplainNode& n, std::string_view name, std::string value, Kind kind = Kind::kString,
                  Where where = Where::kEverywhere) {
    n.properties.push_back({std::string(name), std::move(value), {}, kind, where});
  }
  static void add_list(ExplainNode& n, std::string_view name, std::vector<std::string> items) {
    if (!items.empty())
      n.properties.push_back({std::string(name), "", std::move(items), Kind::kList, Where::kEverywhere});
  }
  static void head(ExplainNode& n, std::string_view name, std::string_view value) {
    n.head.push_back({std::string(name), std::string(value), {}, Kind::kString, Where::kEverywhere});
  }

  const executor::NodeCounters* counters(const Plan& p) const {
    return p.id < counters_.size() ? &counters_[p.id] : nullptr;
  }

  void measure(ExplainNode& n, const Plan& p);
  static int32_t estimated_width(const Plan& p);

  void add_condition(ExplainNode& n, std::string_view name, const Expr* e,
                     std::span<const Plan* const> sides) {
    if (e != nullptr) add(n, name, text(*e, sides));
  }

  void add_removed(ExplainNode& n, std::string_view name, uint64_t removed) {
    if (!options_.analyze || n.loops == 0) return;
    add(n, name, std::to_string((removed + n.loops / 2) / n.loops), Kind::kNumber,
        removed == 0 ? Where::kStructured : Where::kEverywhere);
  }

  static std::string kilobytes(uint64_t bytes) { return std::to_string((bytes + 1023) / 1024); }

  // --- nodes

  std::unique_ptr<ExplainNode> node(const Plan& top, std::string_view relationship);
  void scan(ExplainNode& n, const Plan& p);
  void table_scan(ExplainNode& n, const planner::ScanPlan& s, const planner::ScanMember* member = nullptr,
                  size_t number = 0);
  void scan_table(ExplainNode& n, const Plan& p, const planner::ScanMember* member, size_t number);
  void inverted_scan(ExplainNode& n, const planner::InvertedScanPlan& s, const planner::ScanMember* member,
                     size_t number);
  void sampling(ExplainNode& n, const planner::ScanPlan& s);
  void index_conditions(ExplainNode& n, const planner::IndexScanPlan& s, analyzer::ExprList equal,
                        const Plan* left);
  void join(ExplainNode& n, const planner::JoinPlan& j);
  bool is_unique(const Plan& p, analyzer::ExprList keys) const;
  void add_unique(ExplainNode& n, bool unique);
  void index_join(ExplainNode& n, const planner::IndexJoinPlan& j);
  void aggregate(ExplainNode& n, const planner::AggregatePlan& a);
  static void hash_table(ExplainNode& n, const executor::NodeCounters& c);
  void sort(ExplainNode& n, const planner::SortPlan& s);
  void modify(ExplainNode& n, const planner::ModifyPlan& m);
  void describe(ExplainNode& n, const Plan& p);
  void add_children(ExplainNode& n, const Plan& p);
  std::unique_ptr<ExplainNode> recursive_cte(const Plan& p, uint32_t number, std::string_view relationship);
  void add_output(ExplainNode& n, const Plan& top, const Plan& p);

  const planner::PlannedStatement& statement_;
  const ExplainOptions& options_;
  std::span<const executor::NodeCounters> counters_;
  functions::EvalContext& eval_;
  bool below_ = false;               // a lower node's expression is being named: its subplans are its own
  bool several_ = false;             // the statement reads more than one table
  bool qualify_ = false;             // column names are written with their table's
  std::vector<const Plan*> merged_;  // plans that are shown as the one node in work
  std::map<uint32_t, std::string> param_text_;
  std::vector<UsedSubplan> used_;
  std::set<uint32_t> shown_;
  std::set<const Plan*> in_place_;  // recursive unions that stand where the CTE is read
};

}  // namespace varve::session
