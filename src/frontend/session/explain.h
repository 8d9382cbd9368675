// EXPLAIN: a plan as a tree of labelled properties, and its four text forms. Private to the module.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "executor/execution_context.h"
#include "functions/eval_context.h"
#include "pl/runtime.h"
#include "planner/plan.h"

namespace varve::parser {
struct ExplainStmt;
}

namespace varve::session {

enum class ExplainFormat : uint8_t { kText, kJson, kYaml, kXml };

struct ExplainOptions {
  ExplainFormat format = ExplainFormat::kText;
  bool analyze = false;
  bool verbose = false;
  bool costs = true;
  bool timing = true;
  bool summary = false;
  bool settings = false;
  bool buffers = false;
  bool wal = false;
};

ExplainOptions read_explain_options(const parser::ExplainStmt& stmt, std::string_view sql);
planner::OutputColumn explain_column(ExplainFormat format);

struct ExplainProperty {
  enum class Kind : uint8_t { kString, kNumber, kBoolean, kList, kGroups };
  enum class Where : uint8_t { kEverywhere, kText, kStructured };
  std::string name;
  std::string value;               // numbers and booleans as they are printed
  std::vector<std::string> items;  // kList
  Kind kind = Kind::kString;
  Where where = Where::kEverywhere;
  std::vector<std::vector<ExplainProperty>> groups{};  // kGroups: a list of objects
  std::string group_name{};                            // what XML calls each
};

// A node as PostgreSQL would show it.
struct ExplainNode {
  std::string label;                  // text: "Index Scan using i on t a"
  std::string type;                   // "Index Scan"
  std::vector<ExplainProperty> head;  // structured formats only: strategy, names, join type
  std::vector<ExplainProperty> properties;
  std::string relationship;  // Outer, Inner, Member, InitPlan, SubPlan
  std::string subplan_name;  // "InitPlan 1 (returns $0)", "SubPlan 2", "CTE w"
  bool has_costs = true;
  double startup_cost = 0, total_cost = 0, rows = 0;
  int32_t width = 0;
  bool measured = false;  // EXPLAIN ANALYZE
  double actual_startup_ms = 0, actual_total_ms = 0, actual_rows = 0;
  uint64_t loops = 0;
  bool has_io = false;  // `io` is known; of the node and those below
  IoCounters io;
  std::vector<std::unique_ptr<ExplainNode>> children;  // init plans and CTEs, then inputs, then subplans
};

// `counters` empty: not run.
std::unique_ptr<ExplainNode> explain_plan(const planner::PlannedStatement& statement,
                                          const ExplainOptions& options,
                                          std::span<const executor::NodeCounters> counters,
                                          functions::EvalContext& eval);

// What a scan of an inverted index asks of it, as PostgreSQL shows it: one Bitmap Index Scan where it is one
// condition or all of several, else BitmapAnd and BitmapOr of such. `text` writes a condition.
using ConditionText = std::string (*)(void* user, const analyzer::Expr& condition);
std::unique_ptr<ExplainNode> explain_inverted(const planner::InvertedCondition& condition,
                                              std::string_view index, ConditionText text, void* user);

struct ExplainSummary {
  double planning_ms = 0, execution_ms = 0;
  IoCounters planning_io;
  std::vector<pl::TriggerTime> triggers;
  std::vector<std::pair<std::string, std::string>> settings;  // those that are not at their defaults
};
// The lines of the result; the structured formats make one value of them.
std::string format_explain(const ExplainNode& root, const ExplainOptions& options,
                           const ExplainSummary& summary);

}  // namespace varve::session
