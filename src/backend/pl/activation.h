// One call of a function: its values, and everything of the function that can be evaluated. Private to the
// module.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "extra_checks.h"
#include "function.h"
#include "pl/runtime.h"

namespace varve::planner {
struct OutputColumn;
}

namespace varve::pl {

struct CallFrame;
class ActiveSnapshot;

struct RowLoop;

// What calls share within a session.
struct Session {
  Host& host;
  Runtime& runtime;
  CallFrame* top = nullptr;                        // innermost function in progress
  const txn::Snapshot* active_snapshot = nullptr;  // of the statement in progress
  uint64_t transaction = 0;                        // advances with COMMIT and ROLLBACK in a procedure

  const ActiveSnapshot* innermost = nullptr;  // of the statements within functions

  // The active snapshot must stay readable to its statement when functions take newer ones, and so must those
  // of the statements around it: each is held until its statement ends.
  void pin_active();
  void release(const txn::Snapshot* snapshot);
  void release_all();

  struct Pin {
    const txn::Snapshot* snapshot;
    uint64_t id;
  };
  std::vector<Pin> pins;
  std::vector<RowLoop*> row_loops;  // in progress, the outermost first
  ExtraChecks extra_checks{host};

 private:
  void pin(const txn::Snapshot* snapshot);
};

// A loop over rows that have yet to be read: COMMIT and ROLLBACK in its body have them read first.
struct RowLoop {
  explicit RowLoop(Session& s) : session(s) { session.row_loops.push_back(this); }
  ~RowLoop() { session.row_loops.pop_back(); }
  RowLoop(const RowLoop&) = delete;
  RowLoop& operator=(const RowLoop&) = delete;
  void keep_once() {
    if (keep && !kept) {
      kept = true;
      keep();
    }
  }

  Session& session;
  std::function<void()> keep;
  bool kept = false;
};

// Makes a snapshot the active one for a while.
class ActiveSnapshot {
 public:
  ActiveSnapshot(Session& session, const txn::Snapshot* snapshot)
      : session_(session), outer_(session.active_snapshot), around_(session.innermost) {
    session.active_snapshot = snapshot;
    session.innermost = this;
  }
  ~ActiveSnapshot() {
    session_.release(session_.active_snapshot);
    session_.active_snapshot = outer_;
    session_.innermost = around_;
  }
  // That of the statement around this one; null where there is none.
  const txn::Snapshot* outer() const { return outer_; }
  const ActiveSnapshot* around() const { return around_; }
  ActiveSnapshot(const ActiveSnapshot&) = delete;
  ActiveSnapshot& operator=(const ActiveSnapshot&) = delete;

 private:
  Session& session_;
  const txn::Snapshot* outer_;
  const ActiveSnapshot* around_;
};

// The constraints of one statement that changes rows.
class ConstraintChecks {
 public:
  ConstraintChecks(Host& host, bool changes)
      : host_(host), changes_(changes), mark_(changes ? host.begin_constraints() : 0) {}
  // After the statement's last row: throws what they find.
  void finish() {
    if (changes_) host_.end_constraints(mark_);
  }

 private:
  Host& host_;
  bool changes_;
  size_t mark_;
};

// A function in progress, for CONTEXT lines and for what outlives no call.
struct CallFrame {
  CallFrame(Session& s, const Function& f) : session(s), function(f), outer(s.top) { s.top = this; }
  ~CallFrame() { session.top = outer; }
  CallFrame(const CallFrame&) = delete;
  CallFrame& operator=(const CallFrame&) = delete;
  std::string context_line() const;

  Session& session;
  const Function& function;
  CallFrame* outer;
  const Statement* statement = nullptr;
  const char* phase = nullptr;       // "during …", instead of a statement
  int declared = 0;                  // with a phase: the line of the declaration
  bool rethrown = false;             // the error on its way has the lines of this function already
  int sql_number = 0;                // of an SQL function: which statement
  const std::string* sql = nullptr;  // the SQL statement in progress
  bool atomic = true;                // COMMIT is refused
  bool in_subtransaction = false;    // inside a block with an EXCEPTION clause
};

// Appends a line to an error's context.
void add_context(SqlError& error, std::string_view line);

class Activation {
 public:
  Activation(Session& session, Function& function);
  ~Activation();

  Session& session() { return session_; }
  Host& host() { return session_.host; }
  Function& function() { return f_; }

  // A new call: every value NULL, every record unassigned.
  void begin();
  // After COMMIT or ROLLBACK: expressions must look at the new transaction.
  void transaction_changed() { ++stamp_; }

  // --- values
  std::vector<types::Value>& values() { return values_; }
  const types::Value& value(uint32_t datum) const { return values_[datum]; }
  // `type`: of the value; converted by assignment rules. `cast` is kept for the next time (may be null).
  void assign(uint32_t datum, const types::Value& value, Oid type, int32_t typmod,
              std::unique_ptr<ValueCast>* cast);
  // Of the variable's type already.
  void store(uint32_t datum, const types::Value& value) { storage_[datum].store(values_[datum], value); }
  void store_text(uint32_t datum, std::string_view text) { store(datum, types::Value::of_string(text)); }
  void assign_null(uint32_t datum);

  Record& record(uint32_t datum);
  const Shape* record_shape(uint32_t datum);  // the shape it has or, declared, would have; null: none yet
  void set_record(uint32_t datum, const Shape& shape, std::span<const types::Value> values);
  // A row of these columns. False, and nothing done: the record is of a named type, has no shape yet or
  // another one.
  bool replace_values(uint32_t datum, std::span<const planner::OutputColumn> columns,
                      std::span<const types::Value> values);
  void set_record_null(uint32_t datum);
  void copy_record(uint32_t to, uint32_t from);
  // From and to one value.
  void set_record_value(uint32_t datum, const types::Value& value);
  types::Value record_value(uint32_t datum, Arena& memory);
  Oid record_type(uint32_t datum);
  // Throws 55000 when it has no shape yet.
  Record& assigned_record(uint32_t datum);
  std::string record_text(uint32_t datum);
  // Fields added since this activation was made.
  void grow();

  // --- expressions
  // Valid until the next evaluation.
  const types::Value& evaluate(Expression& e, Oid* type = nullptr, int32_t* typmod = nullptr);
  // variable := variable || element, and variable[subscript] := value, without copying the array. False: it
  // takes a copy; nothing was evaluated.
  bool append_in_place(uint32_t datum, Expression& e);
  bool set_element(uint32_t datum, int32_t subscript, const types::Value& value);
  bool is_true(Expression& e) {
    const types::Value& v = evaluate(e);
    return !v.null && v.boolean != 0;
  }
  std::string text_of(const types::Value& value, Oid type);
  // For a statement with rows: planned, its execution ready to be started. Parameters are the variables as
  // they are.
  ExpressionState& prepare(Expression& e);
  // The statement's plan; `describes`: for its columns only (Host::describe_plan).
  void plan(Expression& e, bool describes = false);
  std::unique_ptr<executor::Execution> take_execution(Expression& e, ExpressionState& state);
  executor::RunParameters run_parameters(std::span<const types::Value> params);
  [[noreturn]] void rethrow_in(Expression& e, SqlError& error);
  ValueCast& cast(std::unique_ptr<ValueCast>& slot, Oid from, int32_t from_typmod, Oid to, int32_t typmod);
  Arena& cast_memory() { return cast_memory_; }
  // Variables that the statement reads, copied: what runs while the function goes on must not see later
  // values.
  std::vector<types::Value> copy_params(const Expression& e, Arena& memory);

 private:
  friend class ExpressionVariables;
  ExpressionState& state_of(Expression& e) {
    if (e.slot < states_.size() && states_[e.slot] != nullptr) return *states_[e.slot];
    return make_state(e);
  }
  ExpressionState& make_state(Expression& e);
  ExpressionState& ready(Expression& e);
  void build(Expression& e, ExpressionState& state);
  void find_append(const analyzer::Expr& expr, ExpressionState& state);
  bool is_current(const Expression& e);
  void refresh(ExpressionState& state);
  types::Value evaluate_query(Expression& e, ExpressionState& state);
  void refresh_fields(uint32_t record);
  void load_rows(const Expression& e);
  void set_values(Record& r, std::span<const types::Value> values);
  void check_domain(uint32_t datum);
  void check_field(const Shape& shape, size_t field, const types::Value& value);

  Session& session_;
  Function& f_;
  std::vector<types::Value> values_;
  std::unordered_map<const Shape*, std::vector<std::unique_ptr<ValueCast>>> field_tests_;
  std::vector<Storage> storage_;
  std::vector<std::unique_ptr<Record>> records_;
  std::vector<std::unique_ptr<ExpressionState>> states_;
  Arena memory_, cast_memory_;
  executor::RunParameters run_;
  types::Value query_value_;  // of an expression that is a query
  uint64_t stamp_ = 1, run_stamp_ = 0;
  std::vector<uint64_t> state_stamps_;
};

}  // namespace varve::pl
