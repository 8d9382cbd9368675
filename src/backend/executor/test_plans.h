// For this module's tests: plans built by hand over rows of values, and their results as text.
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "common/check.h"
#include "executor/execution.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "planner/plan.h"
#include "port/vfs.h"

namespace varve::executor::test {

using analyzer::Expr;
using analyzer::ExprKind;
using analyzer::ExprList;
using planner::Plan;
using planner::PlanKind;
using types::Value;

// int4 or text, NULL as nullopt; text is kept as a string so that rows compare easily.
struct Cell {
  bool null = true;
  bool text = false;
  int32_t number = 0;
  std::string string;
  Cell() = default;
  Cell(int32_t n) : null(false), number(n) {}                             // NOLINT
  Cell(const char* s) : null(false), text(true), string(s) {}             // NOLINT
  Cell(std::string s) : null(false), text(true), string(std::move(s)) {}  // NOLINT
  std::string show() const { return null ? "~" : text ? string : std::to_string(number); }
};
using Row = std::vector<Cell>;
using Rows = std::vector<Row>;

inline std::string show(const Row& row) {
  std::string s;
  for (const Cell& c : row) s += c.show() + "|";
  return s;
}

class Plans {
 public:
  Plans() : statement(std::make_unique<planner::PlannedStatement>()) {}
  Arena& arena() { return statement->arena; }

  template <class T>
  T* expr(ExprKind kind, Oid type) {
    T* e = arena().make<T>();
    e->kind = kind;
    e->type = type;
    return e;
  }
  Expr* input(uint32_t i, Oid type = type_oid::kInt4) {
    auto* e = expr<analyzer::InputExpr>(ExprKind::kInput, type);
    e->index = i;
    return e;
  }
  Expr* constant(const Cell& c, Oid type) {
    auto* e = expr<analyzer::ConstExpr>(ExprKind::kConst, type);
    if (c.null)
      e->value = Value::null_of(type == type_oid::kText ? types::PhysicalType::kString
                                                        : types::PhysicalType::kInt32);
    else if (c.text)
      e->value = Value::of_string(arena().copy(c.string));
    else if (type == type_oid::kInt8)
      e->value = Value::of_int64(c.number);
    else
      e->value = Value::of_int32(c.number);
    return e;
  }
  Expr* number(int32_t n) { return constant(n, type_oid::kInt4); }
  Expr* exec_param(uint32_t i, Oid type = type_oid::kInt4) {
    auto* e = expr<analyzer::ExecParamExpr>(ExprKind::kExecParam, type);
    e->index = i;
    statement->exec_param_count = std::max(statement->exec_param_count, i + 1);
    return e;
  }
  Expr* call(uint32_t function_oid, std::vector<Expr*> args) {
    const functions::Function* f = functions::function_by_oid(Oid{function_oid});
    VARVE_CHECK(f != nullptr);
    auto* e = expr<analyzer::FunctionExpr>(ExprKind::kFunction, f->result);
    e->function = f;
    e->args = list(args);
    return e;
  }
  Expr* junction(ExprKind kind, std::vector<Expr*> args) {
    auto* e = expr<analyzer::BoolExpr>(kind, type_oid::kBool);
    e->args = list(args);
    return e;
  }
  ExprList list(const std::vector<Expr*>& v) { return arena().copy(v); }
  template <class T>
  std::span<T> copy(const std::vector<T>& v) {
    return arena().copy(v);
  }

  template <class T>
  T* plan(PlanKind kind, std::vector<Plan*> children, std::span<planner::OutputColumn> output) {
    T* p = arena().make<T>();
    p->kind = kind;
    p->children = copy(children);
    p->output = output;
    p->id = statement->node_count++;
    p->parallel_safe = true;
    return p;
  }
  std::span<planner::OutputColumn> columns(const std::vector<Oid>& types) {
    std::vector<planner::OutputColumn> out;
    for (Oid t : types) {
      planner::OutputColumn c{};
      c.type = t;
      c.physical = functions::physical_type_of(t);
      out.push_back(c);
    }
    return copy(out);
  }
  std::span<planner::OutputColumn> joined(const Plan* a, const Plan* b) {
    std::vector<planner::OutputColumn> out(a->output.begin(), a->output.end());
    out.insert(out.end(), b->output.begin(), b->output.end());
    return copy(out);
  }

  Plan* values(const Rows& rows, const std::vector<Oid>& types) {
    auto* p = plan<planner::ValuesPlan>(PlanKind::kValues, {}, columns(types));
    std::vector<ExprList> lists;
    for (const Row& row : rows) {
      std::vector<Expr*> items;
      for (size_t c = 0; c < row.size(); ++c) items.push_back(constant(row[c], types[c]));
      lists.push_back(list(items));
    }
    p->rows_exprs = copy(lists);
    return p;
  }
  analyzer::SortKey key(Expr* e, bool descending = false, bool nulls_first = false) {
    return {e, descending, nulls_first, nullptr};
  }
  planner::AggregateCallPlan aggregate(uint32_t oid, std::vector<Expr*> args, bool distinct = false) {
    planner::AggregateCallPlan a{};
    a.function = functions::function_by_oid(Oid{oid});
    VARVE_CHECK(a.function != nullptr && a.function->aggregate != nullptr);
    a.args = list(args);
    a.distinct = distinct;
    return a;
  }

  std::unique_ptr<planner::PlannedStatement> statement;
};

struct Config {
  uint32_t chunk_rows;
  size_t work_mem;
  uint32_t threads;
};

inline std::vector<std::string> drain(Execution& execution) {
  std::vector<std::string> out;
  types::FormatSettings format;
  Arena memory;
  functions::EvalContext context{&memory, &format, nullptr};
  vector::Chunk* chunk = nullptr;
  const auto& columns = execution.context().statement->root->output;
  while (execution.next(chunk)) {
    vector::for_each_row(chunk->selection(), [&](uint32_t row) {
      std::string s;
      for (uint32_t c = 0; c < chunk->column_count(); ++c) {
        if (chunk->column(c).is_null(row))
          s += "~";
        else
          functions::append_text(columns[c].type, chunk->column(c), row, s, context);
        s += "|";
      }
      out.push_back(s);
    });
  }
  return out;
}

// Where tests spill to.
inline ExecutionSettings test_settings() {
  static std::unique_ptr<port::Vfs> vfs =
      port::make_posix_vfs(std::filesystem::temp_directory_path().string());
  ExecutionSettings settings;
  settings.vfs = vfs.get();
  settings.temp_directory = "";
  return settings;
}

// Runs twice: the second run of an instance must give what the first gave.
inline std::vector<std::string> run(Plans& plans, Plan* root, const Config& config, bool ordered = false,
                                    ExecutionSettings settings = test_settings()) {
  static types::FormatSettings format;
  plans.statement->root = root;
  settings.chunk_rows = config.chunk_rows;
  settings.work_mem_bytes = config.work_mem;
  settings.parallel_workers = config.threads;
  TaskScheduler scheduler(config.threads - 1);
  Execution execution(*plans.statement, settings, &scheduler);
  RunParameters parameters;
  parameters.format = &format;
  std::vector<std::string> first, second;
  execution.start(parameters);
  first = drain(execution);
  execution.finish();
  execution.start(parameters);
  second = drain(execution);
  execution.finish();
  if (!ordered) {
    std::sort(first.begin(), first.end());
    std::sort(second.begin(), second.end());
  }
  VARVE_CHECK(first == second);
  return first;
}

inline std::vector<std::string> sorted(std::vector<std::string> v) {
  std::sort(v.begin(), v.end());
  return v;
}

// Rows (int4 of a small range with NULLs, int4, text).
inline Rows random_rows(uint32_t seed, size_t n, int32_t range) {
  std::mt19937 random(seed);
  Rows rows;
  for (size_t i = 0; i < n; ++i) {
    Row row;
    row.push_back(random() % 10 == 0 ? Cell()
                                     : Cell(static_cast<int32_t>(random() % static_cast<uint32_t>(range))));
    row.push_back(Cell(static_cast<int32_t>(random() % 1000)));
    row.push_back(random() % 12 == 0 ? Cell() : Cell("text value " + std::to_string(random() % 50)));
    rows.push_back(row);
  }
  return rows;
}
inline const std::vector<Oid> kRowTypes{type_oid::kInt4, type_oid::kInt4, type_oid::kText};

}  // namespace varve::executor::test
