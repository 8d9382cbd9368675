// A compiled function and its activations. Private to the module.
//
// A Function is shared by all its calls; an Activation is what one call needs: values, records, instantiated
// expressions and plans. Activations are kept for the next call, so that a function called often rebuilds
// nothing; recursion takes another one, because an expression's vectors belong to one call at a time.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "catalog/relation.h"
#include "catalog/routine.h"
#include "executor/execution.h"
#include "executor/expression_program.h"
#include "expression.h"
#include "tree.h"

namespace varve::pl {

enum class TriggerKind : uint8_t { kNone, kRow };

struct Function {
  catalog::RoutinePtr routine;  // null: DO
  std::string name;             // "f(integer)" or "inline_code_block"
  std::string source;
  Oid result;         // with polymorphic types resolved
  Oid result_domain;  // that it must be of, where `result` is the type under it; 0: none
  Oid result_target() const { return result_domain != kInvalidOid ? result_domain : result; }
  Oid language;
  bool returns_set = false, is_trigger = false, is_procedure = false, read_only = false;
  std::vector<Oid> arg_types;
  analyzer::Variables::Conflict conflict = analyzer::Variables::Conflict::kEither;
  bool dynamic_commit = false;  // #dynamic_commit on: what EXECUTE 'CALL …' runs may end the transaction
  bool print_strict_params = false;

  std::vector<Datum> datums;
  std::vector<uint32_t> args;     // variable of each argument
  std::vector<uint32_t> outputs;  // OUT, INOUT, TABLE
  Shape output_shape;             // of a result with several columns
  bool composite = false;
  uint32_t found = 0;
  int32_t new_record = -1, old_record = -1;
  struct TriggerVariables {
    uint32_t name, when, level, op, relid, relname, table_name, table_schema, nargs, argv;
  } tg{};

  std::deque<Name> names;
  std::deque<std::unique_ptr<Expression>> expressions;
  std::deque<Shape> shapes;
  std::unique_ptr<Block> body;          // PL/pgSQL
  std::vector<Expression*> statements;  // SQL

  const Shape* intern(Shape shape);
  uint32_t field_of(uint32_t record, std::string_view name);  // the kField datum, made when new

  std::vector<std::unique_ptr<Activation>> idle;
  std::unique_ptr<analyzer::AnalyzerContext::LocalTables> local_tables;  // a trigger's transition tables
  std::string transition_columns;                                        // theirs, as column_text() has them
  std::unique_ptr<class ValueCast> result_cast;
  bool inlined = false;  // an SQL function that is one expression: PostgreSQL puts it into the query

  uint64_t checked_epoch = 0;
  Function();
  ~Function();
};
using FunctionPtr = std::shared_ptr<Function>;

// A value whose long bytes live here.
struct Storage {
  std::unique_ptr<char[]> bytes;
  size_t capacity = 0;
  std::unique_ptr<Arena> arena;  // big numerics
  void store(types::Value& slot, const types::Value& value) {
    if (value.type > types::PhysicalType::kFloat64) return store_long(slot, value);
    // In the pieces in which it was written a moment ago: reading it as a whole would wait for them.
    slot.words[0] = value.words[0];
    slot.null = value.null;
    slot.type = value.type;
  }
  void store_long(types::Value& slot, const types::Value& value);
  // The slot's bytes are these, which nobody else refers to.
  bool owns(const types::Value& slot) const {
    return !slot.null && slot.type == types::PhysicalType::kString && !slot.string.is_inline() &&
           slot.string.data() == bytes.get();
  }
  // Of an array that can grow (functions/array.h), with an element that is not NULL.
  void append_element(types::Value& slot, const types::Value& element);
};

struct Record {
  const Shape* shape = nullptr;             // null: not assigned yet
  std::vector<types::Value> values, spare;  // `spare`: those before, for their room
  Arena memory[2];
  int current = 0;
  // Which variables are its fields, and where those lie; of one shape, among so many variables.
  struct FieldPlace {
    uint32_t datum, place;
  };
  std::vector<FieldPlace> fields;
  const Shape* fields_of = nullptr;
  size_t fields_among = 0;
  bool null = false;  // of a known shape, all NULL as a whole
  Oid row_type;       // of a table's row (NEW, OLD); 0: a plain record
};

// One expression made ready to run in one activation.
struct ExpressionState {
  std::shared_ptr<planner::PlannedStatement> plan;
  uint64_t plan_stamp = 0;  // Host::plan_stamp() when the plan was found to be current
  bool simple = false;
  bool literal = false;         // a constant: an error is the conversion's
  bool fresh_snapshot = false;  // calls a function that may read tables
  bool is_query = false;        // not the same at all times: counts as a query of its transaction
  Oid type;                     // of the plan's value
  int32_t typmod = -1;
  std::unique_ptr<Arena> build_memory;
  std::unique_ptr<executor::ExecutionContext> context;
  std::unique_ptr<executor::ExpressionEvaluator> evaluator;
  std::unique_ptr<executor::Execution> execution;
  // Of the form array || element: the variable that is the array, or -1, and the element.
  int64_t appends_to = -1;
  std::unique_ptr<executor::ExpressionEvaluator> element;
  // Casts of result columns that are not of the target's type.
  std::vector<std::unique_ptr<class ValueCast>> casts;
};

// Turns values of one type into another by PL/pgSQL's assignment rules.
class ValueCast {
 public:
  ValueCast(Host& host, Oid from, int32_t from_typmod, Oid to, int32_t typmod);
  bool fits(Oid from, Oid to, int32_t typmod) const {
    return from_ == from && to_ == to && typmod_ == typmod;
  }
  // In `memory`.
  types::Value apply(Host& host, const types::Value& value, Arena& memory);

 private:
  Oid from_, to_;
  int32_t typmod_;
  bool nothing_ = false;
  Arena build_memory_, result_memory_;
  std::deque<catalog::RelationPtr> relations_;
  executor::ExecutionContext context_;
  types::Value param_;
  std::unique_ptr<executor::ExpressionEvaluator> evaluator_;
};

types::Value null_of(Oid type);

}  // namespace varve::pl
