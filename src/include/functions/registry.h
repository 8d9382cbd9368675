// The built-in functions: what SQL calls them, and the kernels that compute them a vector at a time.
//
// Entries stand in constant tables, one a family of functions (registry_*.cpp), with PostgreSQL's oids, so
// that pg_proc, pg_operator, pg_cast, pg_type and pg_aggregate can be filled from them. A function that
// PostgreSQL has and these tables have not does not exist for the analyzer.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "common/strong_id.h"
#include "functions/eval_context.h"
#include "types/collation.h"
#include "vector/chunk.h"

namespace varve::functions {

using vector::Chunk;
using vector::Selection;
using vector::Vector;

struct Function;

// One call site, as bound by the analyzer: constant for the life of a plan.
struct CallSite {
  std::span<const Oid> arg_types;
  Oid result_type;
  int32_t typmod = -1;
  const types::Collation* collation = nullptr;  // null: "C"
  const Function* routine = nullptr;            // of a function that CREATE FUNCTION made; else null
};

// Computes result[row] for the selected rows. For a strict function the executor has already removed rows
// with a NULL argument and sets NULL itself; the kernel sees only rows without. args may be constant vectors;
// result is flat. May throw SqlError.
struct KernelCall {
  std::span<const Vector* const> args;
  Selection rows;
  Vector& result;
  EvalContext& context;
  const CallSite& site;
};
using Kernel = void (*)(KernelCall& call);
struct ScalarCall;
using ScalarFunction = void (*)(ScalarCall& call);  // scalar_function.h

enum class Volatility : uint8_t { kImmutable, kStable, kVolatile };
enum class FunctionKind : uint8_t { kScalar, kAggregate, kWindow, kSetReturning };

struct AggregateImpl;
struct WindowImpl;
struct TableFunctionImpl;

// What a function made by CREATE FUNCTION has besides its signature. Lives, as its Function does, in the
// arena of the statement that calls it.
struct RoutineInfo {
  std::string_view schema;
  bool visible = true;  // found by its bare name in the search path
  bool is_procedure = false;
  bool is_native = false;  // an extension's kernel: needs no session, runs on any thread
  std::span<const std::string_view> arg_names =
      {};  // of the input arguments; empty: none, or this one has none
  // The result's columns when it has several (OUT arguments, RETURNS TABLE, a table's row type).
  std::span<const Oid> column_types = {};
  std::span<const std::string_view> column_names = {};
};

struct Function {
  Oid oid;
  std::string_view name;
  Oid result;
  std::span<const Oid> args;
  FunctionKind kind = FunctionKind::kScalar;
  Volatility volatility = Volatility::kImmutable;
  bool strict = true;
  Oid variadic = kInvalidOid;  // element type of a VARIADIC last argument
  Kernel kernel = nullptr;
  ScalarFunction scalar = nullptr;  // of one row, beside a kernel that is not made of it
  const AggregateImpl* aggregate = nullptr;
  const WindowImpl* window = nullptr;
  const TableFunctionImpl* table = nullptr;
  uint8_t default_args = 0;              // how many trailing arguments may be left out
  const RoutineInfo* routine = nullptr;  // null: built in
};

// Kernel and table of functions made by CREATE FUNCTION: they ask the session
// (SessionServices::call_routine).
void call_routine_kernel(KernelCall& call);
void* open_routine(EvalContext& context, const CallSite& site, std::span<const types::Value> args,
                   Arena& memory);
void next_routine_rows(EvalContext& context, void* state, Chunk& out);

// --- aggregates: a state of fixed size per group, updated a vector at a time.
struct AggregateCall {
  EvalContext& context;
  const CallSite& site;
};
struct AggregateImpl {
  uint32_t state_bytes;
  uint32_t state_alignment = 16;
  void (*init)(void* state);
  // states[row] is the group's state of that row. Rows to skip (FILTER, NULLs of a strict transition) are not
  // in `rows`. `memory` lives as long as the states.
  void (*update)(AggregateCall&, std::span<const Vector* const> args, const Selection& rows,
                 void* const* states, Arena& memory);
  // All selected rows into one state (no GROUP BY): may be null, then update is used.
  void (*update_one)(AggregateCall&, std::span<const Vector* const> args, const Selection& rows, void* state,
                     Arena& memory);
  // into += from, for parallel and spilled aggregation. Null: not parallel.
  void (*combine)(AggregateCall&, void* into, const void* from, Arena& memory);
  void (*finalize)(AggregateCall&, const void* state, Vector& result, uint32_t row);
  // Frees what the state owns outside the arena; null when nothing.
  void (*destroy)(void* state) = nullptr;
  bool skip_nulls = true;  // rows with a NULL argument do not count
  // As update_one() of several calls of the same aggregate with one argument each, whose chains of dependent
  // additions then overlap: values[i] goes to states[i]. Null: one after the other is as good.
  void (*update_abreast)(std::span<const Vector* const> values, const Selection& rows,
                         std::span<void* const> states, Arena& memory) = nullptr;
  // Aggregates that differ in finalize() alone have the same one: over the same rows and arguments one state
  // does for them. Null: none has this state.
  const void* transition = nullptr;
};

// --- window functions proper (rank, lag, …); aggregates work as window functions through AggregateImpl.
struct WindowImpl {
  enum class Kind : uint8_t {
    kRowNumber,
    kRank,
    kDenseRank,
    kPercentRank,
    kCumeDist,
    kNtile,
    kLag,
    kLead,
    kFirstValue,
    kLastValue,
    kNthValue
  } kind;
};

// --- set-returning functions: a state that yields rows.
struct TableFunctionImpl {
  // `args` are the constant argument values of this call.
  void* (*open)(EvalContext&, const CallSite&, std::span<const types::Value> args, Arena& memory);
  // Fills `out` (columns typed) with up to kChunkRows rows; 0 rows = done.
  void (*next)(EvalContext&, void* state, Chunk& out);
  std::span<const Oid> column_types = {};  // of a composite result; empty: one column of Function::result
  std::span<const std::string_view> column_names = {};
};

// All entries; name lookup returns the overloads in oid order.
std::span<const Function> all_functions();
std::span<const Function* const> functions_named(std::string_view name);
const Function* function_by_oid(Oid oid);
// PostgreSQL's built-in functions that only catalogs speak of, such as a type's input function. No match (or,
// by name, several): 0, empty.
Oid internal_function_oid(std::string_view name);
std::string_view internal_function_name(Oid oid);
// Whether a value of this type reads and writes the same text in every session: not dates (DateStyle,
// TimeZone), names of catalog objects (search_path), nor what is made of other types.
bool has_immutable_text(Oid type);

struct Operator {
  Oid oid;
  std::string_view name;
  Oid left;  // 0: prefix operator
  Oid right;
  Oid result;
  Oid function;
  Oid commutator = kInvalidOid;
  Oid negator = kInvalidOid;
};
std::span<const Operator> all_operators();
std::span<const Operator* const> operators_named(std::string_view name);
const Operator* operator_by_oid(Oid oid);

enum class CastContext : uint8_t { kImplicit, kAssignment, kExplicit };
struct Cast {
  Oid source;
  Oid target;
  Oid function;  // 0: binary-coercible
  CastContext context;
};
const Cast* find_cast(Oid source, Oid target);
std::span<const Cast> all_casts();

// One attribute of a composite type.
struct CompositeField {
  std::string_view name;
  Oid type;
  int32_t typmod = -1;
  Oid collation;
  Oid domain = kInvalidOid;  // that values must be of, where `type` is the type under it
  Oid target() const { return domain != kInvalidOid ? domain : type; }
};

// A type: a built-in one, or one that the catalog made known by define_type().
struct TypeInfo {
  Oid oid;
  std::string_view name;      // pg_type.typname
  std::string_view sql_name;  // format_type(): "integer", "timestamp with time zone"
  types::PhysicalType physical;
  char category;  // pg_type.typcategory
  bool preferred;
  char kind = 'b';  // b base, p pseudo, d domain, e enum, c composite, r range
  int16_t length;   // pg_type.typlen
  bool by_value;
  char alignment;  // pg_type.typalign
  Oid array_type = kInvalidOid;
  Oid element_type = kInvalidOid;
  bool collatable = false;
  Oid relation = kInvalidOid;                   // kind c: its row in pg_class
  std::span<const CompositeField> fields = {};  // kind c: what is not dropped, in order
};
std::span<const TypeInfo> all_types();  // the built-in ones
const TypeInfo* type_by_oid(Oid oid);
// How values of the type lie in memory and in columns; of types that nobody knows (pg_node_tree): as strings.
types::PhysicalType physical_type_of(Oid type);
// Of an array's elements; 0: the type is none.
Oid element_type_of(Oid type);
const TypeInfo* type_by_name(std::string_view pg_type_name);  // of the built-in ones

// Makes a type of a database known to the process, or known anew after ALTER TYPE: the catalog does so when
// it reads a type that CREATE TYPE or CREATE TABLE made. Oids of types are never used twice. Names and fields
// are copied; what pointers were given out stays. Thread-safe.
const TypeInfo& define_type(const TypeInfo& type);

// "numeric(10,2)", "character varying(3)", "timestamp(3) with time zone", "integer[]": format_type().
std::string format_type(Oid type, int32_t typmod);

// Text input and output of any type (the type's in/out functions), and the wire's binary format.
// `typmod` -1: none. Input results live in `context.memory`.
types::Value parse_value(Oid type, int32_t typmod, std::string_view text, EvalContext& context);
void append_value(Oid type, const types::Value& value, std::string& out, EvalContext& context);
types::Value receive_value(Oid type, int32_t typmod, std::string_view bytes, EvalContext& context);
void send_value(Oid type, const types::Value& value, std::string& out, EvalContext& context);
// One column of one row straight from a vector: the hot path of result output.
void append_text(Oid type, const Vector& column, uint32_t row, std::string& out, EvalContext& context);
void append_binary(Oid type, const Vector& column, uint32_t row, std::string& out, EvalContext& context);

// Order of a type's default B-tree operator class: -1, 0, 1 for non-null values; its hash for grouping.
// The comparison a sort or join chooses at plan time.
using CompareFunction = int (*)(const void* a, const void* b, const types::Collation* collation);
using HashFunction = uint64_t (*)(const void* value, const types::Collation* collation);
CompareFunction compare_function(Oid type);  // nullptr: no order
HashFunction hash_function(Oid type);        // nullptr: not hashable

// Equal, less … operators of the type's default order, as the analyzer needs for ORDER BY, GROUP BY, IN.
const Operator* equality_operator(Oid type);
const Operator* less_operator(Oid type);
const Operator* greater_operator(Oid type);

}  // namespace varve::functions
