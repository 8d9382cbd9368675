// Runs the tree of a PL/pgSQL function in one activation. Private to the module.
#pragma once

#include <string>
#include <vector>

#include "activation.h"
#include "tree.h"

namespace varve::pl {

enum class Outcome : uint8_t { kNext, kReturn, kExit, kContinue };

// What a set-returning function has returned so far.
struct RowStore {
  Arena memory;
  std::vector<types::Value> values;
  uint64_t count = 0;
  bool null = false;  // the function returned NULL instead of a row
};

class DynamicStatement;

class Interpreter {
 public:
  Interpreter(Activation& activation, CallFrame& frame)
      : a_(activation), f_(activation.function()), frame_(frame) {}

  void run();

  // --- the result
  types::Value result;  // of a scalar function, in result_memory
  Oid result_type;      // of `result`, before it becomes what the function returns
  int32_t result_typmod = -1;
  bool returned = false;
  int32_t result_record = -1;  // a whole record was returned
  bool returned_row = false;   // result_row holds columns instead
  std::vector<types::Value> result_row;
  Shape result_shape;
  Arena result_memory;
  RowStore* row_store = nullptr;  // RETURN NEXT and RETURN QUERY; null: not a set

 private:
  Outcome execute(const StatementList& list);
  Outcome execute(const Statement& s);
  Outcome block(const Block& b);
  Outcome block_with_handlers(const Block& b);
  void initialise(const Block& b);
  Outcome handle(const Block& b, SqlError& error, bool* handled);
  void assign(const Assign& s);
  void assign_element(const Assign& s);
  void assign_fixed_element(const Assign& s, Oid type, Oid element_type);
  void assign_record(uint32_t target, Expression& e);
  void move_record(uint32_t target, Expression& e);
  void check_not_null(uint32_t record);
  void assign_element(const Target& target, const types::Value& element, Oid type, Arena& memory);
  // What is returned must have its types: a literal is of type unknown there, of type text elsewhere.
  enum class Literals : uint8_t { kText, kUnknown };
  bool row_constructor(Expression& e, Shape* shape, std::vector<types::Value>* values, Arena& memory,
                       Literals literals = Literals::kText);
  // The columns of a value of a composite type.
  void take_row(const types::Value& row, Oid type, Shape* shape, std::vector<types::Value>* values,
                Arena& memory);
  Outcome if_statement(const If& s);
  Outcome case_statement(const Case& s);
  Outcome loop(const Loop& s);
  Outcome for_integer(const ForInteger& s);
  Outcome for_query(const ForRows& s);
  Outcome for_cursor(const ForRows& s);
  Outcome foreach (const Foreach& s);
  // After a loop's body: does the loop go on? If not, `*outcome` is the loop's.
  bool goes_on(const Loop& s, Outcome body, Outcome* outcome);
  Outcome return_statement(const Return& s);
  void return_next(const Return& s);
  void return_query(const ReturnQuery& s);
  void add_row(const Shape& shape, std::span<const types::Value> values, std::string_view mismatch);
  void add_outputs();

  void raise(const Raise& s);
  void assert_statement(const Assert& s);
  void diagnostics(const Diagnostics& s);

  void sql(const Sql& s);
  void run_planned(Expression& e, ExpressionState& state, std::span<const types::Value> params, bool into,
                   bool strict, const Target& target, bool dynamic);
  void execute_dynamic(const Execute& s);
  void execute_call(const Execute& s, DynamicStatement& d, const std::string& text);
  catalog::RoutinePtr called_procedure(const analyzer::BoundCall& bound);
  std::vector<types::Value> call_arguments(const analyzer::BoundCall& bound, const catalog::Routine& routine,
                                           std::span<const types::Value> params,
                                           const functions::EvalContext& eval);
  std::vector<uint32_t> call_targets(const Expression& e, const analyzer::BoundCall& bound,
                                     const catalog::Routine& routine);
  void perform(const Perform& s);
  void call(const Call& s);
  void end_transaction(const EndTransaction& s);
  void open(const Open& s);
  void open_bound(uint32_t cursor, Expression* args, uint16_t options);
  void fetch(const Fetch& s);
  void close(const Close& s);
  std::string cursor_name(uint32_t variable);
  void bind_cursor_args(const Datum& d, Expression* args);

  // Rows of a query into a target; `casts` belong to the statement.
  void store_row(const Target& target, std::span<const planner::OutputColumn> columns,
                 const vector::Chunk& chunk, uint32_t row, std::vector<std::unique_ptr<ValueCast>>& casts);
  void store_values(const Target& target, std::span<const planner::OutputColumn> columns,
                    std::span<const types::Value> values, std::vector<std::unique_ptr<ValueCast>>& casts);
  void move_values(const Target& target, std::span<const planner::OutputColumn> columns,
                   std::span<const types::Value> values, std::vector<std::unique_ptr<ValueCast>>& casts);
  void check_multi_assignment(const Target& target, size_t values);
  void warn(const SqlError& warning);
  std::string call_lines() const;  // CONTEXT of what is said here
  // 22005 for a variable that is CONSTANT.
  void check_assignable(uint32_t variable);
  std::string strict_params(const Expression& e, std::span<const types::Value> params);
  std::string strict_params(const DynamicStatement& d);
  void store_null(const Target& target, std::span<const planner::OutputColumn> columns);
  void require_cursor_query(const SqlStatement& statement);
  std::string query_text(Expression& e);
  struct DynamicParams;
  void set_found(bool found) { a_.store(f_.found, types::Value::of_bool(found)); }

  Activation& a_;
  Function& f_;
  CallFrame& frame_;
  std::string exit_label_;
  uint64_t row_count_ = 0;
  SqlError* current_error_ = nullptr;
};

// A statement made at run time: EXECUTE and its like. Parameters are $1 …
class DynamicStatement {
 public:
  // How it is run: whole, or by whoever fetches its rows, whose errors do not name the statement.
  enum class Run : uint8_t { kWhole, kFetched };
  DynamicStatement(Activation& a, const std::string& sql, const std::vector<Expression*>& params, Run run);
  SqlStatementPtr statement;
  std::vector<types::Value> values;
  Oid type_of(size_t param) const { return params_.types[param]; }
  [[noreturn]] void rethrow(SqlError& error) const;

 private:
  class Params final : public analyzer::Variables {
   public:
    bool find(std::span<const std::string_view>, Variable*) override { return false; }
    bool find_number(int32_t number, Variable* out) override {
      if (number < 1 || static_cast<size_t>(number) > types.size()) return false;
      *out = {static_cast<uint32_t>(number - 1), types[static_cast<size_t>(number - 1)], -1, {}};
      return true;
    }
    bool expand(std::span<const std::string_view>, std::vector<Field>*) override { return false; }
    Conflict conflict() const override { return Conflict::kTables; }
    std::vector<Oid> types;
  };
  std::string sql_;
  Params params_;
  Arena memory_;
};

std::string_view severity_of(std::string_view level);

}  // namespace varve::pl
