// Bound expressions: names resolved, types known, coercions explicit. One tree from the analyzer through the
// planner to the executor; arena-allocated, immutable once built (rewrites build new nodes).
//
// Three kinds of leaf differ by phase: the analyzer makes kColumn (range entry, column); the planner replaces
// them by kInput (column of the input chunk) and outer references by kExecParam. The executor knows only
// kInput, kExecParam, kParam and kConst.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "common/strong_id.h"
#include "functions/registry.h"
#include "types/value.h"

namespace varve::catalog {
struct Relation;
}

namespace varve::analyzer {

struct Query;
struct Expr;
struct SortKey;

using ExprList = std::span<Expr*>;

enum class ExprKind : uint8_t {
  kConst,
  kParam,
  kExecParam,
  kColumn,
  kInput,
  kFunction,  // function or operator call: scalar, through its kernel
  kAnd,
  kOr,
  kNot,
  kCase,
  kCaseInput,
  kDomainValue,
  kCoalesce,
  kNullTest,
  kBooleanTest,
  kDistinct,
  kNullIf,
  kMinMax,
  kInList,       // arg = ANY (list of expressions); all same type
  kArrayOp,      // arg op ANY/ALL (array value)
  kCoerceViaIo,  // text form of one type read as another
  kArrayCoerce,  // each element of an array coerced
  kRelabel,      // same bytes, another type
  kRow,
  kArray,
  kAggregate,
  kWindow,
  kSubquery,
  kSetReturning,
  kGrouping,
  kDefault,  // gone after planning
  kSubplan,  // planner's form of kSubquery
};

// In the place of a collation: the implicit ones of the arguments disagree, so whoever needs one fails.
inline constexpr Oid kNoCollation{UINT32_MAX};

struct Expr {
  ExprKind kind;
  Oid type;
  int32_t typmod = -1;
  Oid collation;                    // of the result; 0: not collatable; kNoCollation: arguments that disagree
  int32_t location = -1;            // byte offset in the statement, for error positions
  Oid domain;                       // of the result, where `type` is the type under it; 0: none
  bool explicit_collation = false;  // COLLATE says it, here or further in

  template <class T>
  const T& as() const {
    return static_cast<const T&>(*this);
  }
  template <class T>
  T& as() {
    return static_cast<T&>(*this);
  }
};

inline void keep_collation(Expr* to, const Expr& from) {
  to->collation = from.collation;
  to->explicit_collation = from.explicit_collation;
}

struct ConstExpr : Expr {
  types::Value value;
};
// $n of the statement, zero-based.
struct ParamExpr : Expr {
  uint32_t index = 0;
};
// Slot of the executor's parameter array: set by a nested loop, an init plan or an outer query.
struct ExecParamExpr : Expr {
  uint32_t index = 0;
};
// Column of range entry `range` of the query `levels_up` levels out. column 0: the whole row.
struct ColumnExpr : Expr {
  uint32_t range = 0;
  int16_t column = 0;
  uint32_t levels_up = 0;
};
struct InputExpr : Expr {
  uint32_t index = 0;
};
struct FunctionExpr : Expr {
  const functions::Function* function = nullptr;
  const functions::CallSite* site = nullptr;
  ExprList args;
  const functions::Operator* op = nullptr;  // when written as an operator, for printing and planning
  // How it was written, for printing: 'f' f(x), 's' in words (EXTRACT …), 'v' CURRENT_DATE and its like, 'c'
  // explicit cast, 'i' implicit cast (printed as its argument), 'd' cast to a domain whose conditions see the
  // first argument as kDomainValue, so that it is evaluated once.
  char form = 'f';
};
struct BoolExpr : Expr {  // kAnd, kOr (n args), kNot (one)
  ExprList args;
};
struct CaseExpr : Expr {
  Expr* arg = nullptr;  // CASE arg WHEN …: conditions contain kCaseInput
  ExprList conditions;
  ExprList results;
  Expr* otherwise = nullptr;  // never null: a NULL constant when absent
};
struct CaseInputExpr : Expr {};  // kCaseInput, kDomainValue
struct CoalesceExpr : Expr {
  ExprList args;
};
struct NullTestExpr : Expr {
  Expr* arg = nullptr;
  bool is_not_null = false;
};
enum class BooleanTest : uint8_t { kTrue, kNotTrue, kFalse, kNotFalse, kUnknown, kNotUnknown };
struct BooleanTestExpr : Expr {
  Expr* arg = nullptr;
  BooleanTest test = BooleanTest::kTrue;
};
// kDistinct: left IS [NOT] DISTINCT FROM right; kNullIf: NULLIF(left, right). `equal` is strict.
struct EqualityExpr : Expr {
  const functions::Function* equal = nullptr;
  const functions::CallSite* site = nullptr;
  Expr* left = nullptr;
  Expr* right = nullptr;
  bool negated = false;
};
struct MinMaxExpr : Expr {
  bool greatest = false;
  ExprList args;
};
// arg IN (items) / NOT IN: three-valued as SQL says.
struct InListExpr : Expr {
  const functions::Function* equal = nullptr;
  const functions::CallSite* site = nullptr;
  Expr* arg = nullptr;
  ExprList items;
  bool negated = false;
};
struct ArrayOpExpr : Expr {
  const functions::Function* function = nullptr;
  const functions::CallSite* site = nullptr;
  const functions::Operator* op = nullptr;
  Expr* arg = nullptr;
  Expr* array = nullptr;
  bool all = false;
};
struct CastExpr : Expr {  // kCoerceViaIo, kRelabel
  Expr* arg = nullptr;
  bool implicit = false;
};
struct ArrayCoerceExpr : CastExpr {
  Expr* element = nullptr;  // what becomes of an element, which is kCaseInput in it
};
struct ListExpr : Expr {  // kRow, kArray
  ExprList args;
  std::span<const std::string_view> names;  // kRow: of the fields; empty: f1, f2, …
};

struct AggregateExpr : Expr {
  const functions::Function* function = nullptr;
  const functions::CallSite* site = nullptr;
  ExprList args;
  bool distinct = false;
  bool star = false;
  std::span<SortKey> order_by;
  Expr* filter = nullptr;
  uint32_t levels_up = 0;
  uint32_t direct_args = 0;  // WITHIN GROUP: so many of the first arguments are the group's, not each row's
};
struct WindowExpr : Expr {
  const functions::Function* function = nullptr;
  const functions::CallSite* site = nullptr;
  ExprList args;
  bool star = false;
  Expr* filter = nullptr;
  uint32_t window = 0;  // index into Query::windows
};
enum class SubqueryKind : uint8_t { kExists, kScalar, kAny, kAll, kArray };
// test = left op ANY (query): `comparisons` have kInput 0..n-1 for the left values and kInput n..2n-1 for the
// query's columns.
struct SubqueryExpr : Expr {
  SubqueryKind subquery = SubqueryKind::kScalar;
  Query* query = nullptr;
  ExprList left;
  ExprList comparisons;
};
// Runs plan `subplan` of the statement. Arguments are evaluated into the exec params it depends on; a subplan
// without arguments runs once and is remembered.
struct SubplanExpr : Expr {
  SubqueryKind subquery = SubqueryKind::kScalar;
  uint32_t subplan = 0;
  std::span<uint32_t> param_slots;
  ExprList args;  // one a slot
  ExprList left;
  ExprList comparisons;
};
struct GroupingExpr : Expr {
  ExprList args;
};
// A set-returning function in the select list.
struct SetReturningExpr : Expr {
  const functions::Function* function = nullptr;
  const functions::CallSite* site = nullptr;
  ExprList args;
};

// One ORDER BY item over an expression (or an input column).
struct SortKey {
  Expr* expr = nullptr;
  bool descending = false;
  bool nulls_first = false;
  const types::Collation* collation = nullptr;
};

}  // namespace varve::analyzer
