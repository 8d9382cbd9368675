// Expression nodes of the raw parse tree, and type names.
#pragma once

#include "parser/ast_node.h"

namespace varve::parser {

struct SelectStmt;
struct WindowDef;
struct SortBy;

enum class ConstKind : uint8_t { kNull, kBoolean, kInteger, kFloat, kString, kBitString, kHexString };

// A literal. Integers that fit int32 are kInteger; larger ones and decimals keep their text as kFloat (with a
// leading '-' if a unary minus was folded in). Bit strings keep the digits between the quotes.
struct ConstExpr : NodeOf<NodeKind::kConstExpr> {
  ConstKind type = ConstKind::kNull;
  bool boolean = false;
  int32_t integer = 0;
  std::string_view text;  // kFloat, kString, kBitString, kHexString
};

// a, t.a, s.t.a, t.*, *. Subscripts after the name make an IndirectionExpr around it.
struct ColumnRef : NodeOf<NodeKind::kColumnRef> {
  NameList names;
  bool star = false;  // the last part is *
};

struct ParamRef : NodeOf<NodeKind::kParamRef> {
  int32_t number = 0;  // $1 is 1
};

enum class OperatorForm : uint8_t {
  kOperator,     // left op right; prefix operators have left == nullptr
  kAny,          // left op ANY (array)
  kAll,          // left op ALL (array)
  kDistinct,     // IS DISTINCT FROM
  kNotDistinct,  // IS NOT DISTINCT FROM
  kNullIf,
  kIn,       // right is a ListNode; name is "=" for IN, "<>" for NOT IN
  kLike,     // name is "~~" or "!~~"; ESCAPE shows as a call of pg_catalog.like_escape
  kILike,    // "~~*" or "!~~*"
  kSimilar,  // "~" or "!~"; the pattern is a call of pg_catalog.similar_to_escape
  kBetween,  // right is a ListNode of two
  kNotBetween,
  kBetweenSymmetric,
  kNotBetweenSymmetric,
};

struct OperatorExpr : NodeOf<NodeKind::kOperatorExpr> {
  OperatorForm form = OperatorForm::kOperator;
  NameList name;  // more than one part for OPERATOR(schema.op)
  Node* left = nullptr;
  Node* right = nullptr;
};

enum class BoolOp : uint8_t { kAnd, kOr, kNot };

// a AND b AND c is one node with three arguments.
struct BoolExpr : NodeOf<NodeKind::kBoolExpr> {
  BoolOp op = BoolOp::kAnd;
  NodeList args;
};

struct NullTest : NodeOf<NodeKind::kNullTest> {
  Node* arg = nullptr;
  bool is_not_null = false;
};

enum class BooleanTestKind : uint8_t {
  kIsTrue,
  kIsNotTrue,
  kIsFalse,
  kIsNotFalse,
  kIsUnknown,
  kIsNotUnknown
};

struct BooleanTest : NodeOf<NodeKind::kBooleanTest> {
  Node* arg = nullptr;
  BooleanTestKind test = BooleanTestKind::kIsTrue;
};

// int, s.t, t.c%TYPE, SETOF x, numeric(10,2)[]. INTERVAL's fields are typmods[0] as the bit mask PostgreSQL
// uses (bit n = field number n of its datetime fields; 0x7FFF = all), its precision typmods[1].
struct TypeName : NodeOf<NodeKind::kTypeName> {
  NameList names;  // keyword types are {"pg_catalog", "int4"} and so on
  bool set_of = false;
  bool percent_type = false;
  NodeList typmods;
  std::span<int32_t> array_bounds;  // one per dimension, -1 = no bound given
};

struct TypeCast : NodeOf<NodeKind::kTypeCast> {
  Node* arg = nullptr;
  TypeName* type = nullptr;
};

struct CollateExpr : NodeOf<NodeKind::kCollateExpr> {
  Node* arg = nullptr;  // null in column definitions and index elements
  NameList collation;
};

// arg followed by .field, [subscript], [lo:hi] or .* steps.
struct IndirectionExpr : NodeOf<NodeKind::kIndirectionExpr> {
  Node* arg = nullptr;
  NodeList steps;  // FieldStep, SubscriptStep, StarStep
};
struct FieldStep : NodeOf<NodeKind::kFieldStep> {
  std::string_view name;
};
struct StarStep : NodeOf<NodeKind::kStarStep> {};
struct SubscriptStep : NodeOf<NodeKind::kSubscriptStep> {
  bool is_slice = false;
  Node* lower = nullptr;  // null if left out; always null when not a slice
  Node* upper = nullptr;
};

// How a call was written, where that matters when it is printed back.
enum class CallSyntax : uint8_t { kExplicit, kSqlSyntax };

struct FuncCall : NodeOf<NodeKind::kFuncCall> {
  NameList names;
  NodeList args;      // NamedArg for name => value
  bool star = false;  // count(*)
  bool distinct = false;
  bool variadic = false;      // the last argument is VARIADIC
  bool within_group = false;  // order_by came from WITHIN GROUP
  CallSyntax syntax = CallSyntax::kExplicit;
  List<SortBy> order_by;
  Node* filter = nullptr;
  WindowDef* over = nullptr;
};

struct NamedArg : NodeOf<NodeKind::kNamedArg> {
  std::string_view name;
  Node* arg = nullptr;
};

struct CaseWhen : NodeOf<NodeKind::kCaseWhen> {
  Node* condition = nullptr;
  Node* result = nullptr;
};
struct CaseExpr : NodeOf<NodeKind::kCaseExpr> {
  Node* arg = nullptr;  // CASE arg WHEN …
  List<CaseWhen> whens;
  Node* otherwise = nullptr;
};

struct CoalesceExpr : NodeOf<NodeKind::kCoalesceExpr> {
  NodeList args;
};
struct MinMaxExpr : NodeOf<NodeKind::kMinMaxExpr> {
  bool greatest = false;
  NodeList args;
};

enum class SqlValueFunctionKind : uint8_t {
  kCurrentDate,
  kCurrentTime,
  kCurrentTimestamp,
  kLocalTime,
  kLocalTimestamp,
  kCurrentRole,
  kCurrentUser,
  kUser,
  kSessionUser,
  kCurrentCatalog,
  kCurrentSchema,
};
struct SqlValueFunction : NodeOf<NodeKind::kSqlValueFunction> {
  SqlValueFunctionKind function = SqlValueFunctionKind::kCurrentDate;
  int32_t precision = -1;
};

enum class SubLinkKind : uint8_t { kExists, kAny, kAll, kScalar, kArray };
// test op ANY (query). IN (query) is kAny with an empty operator; NOT IN is NOT around it.
struct SubLink : NodeOf<NodeKind::kSubLink> {
  SubLinkKind link = SubLinkKind::kScalar;
  Node* test = nullptr;
  NameList operator_name;
  Node* query = nullptr;  // SelectStmt
};

struct RowExpr : NodeOf<NodeKind::kRowExpr> {
  NodeList args;
  bool explicit_row = false;  // written with the word ROW
};
struct ArrayExpr : NodeOf<NodeKind::kArrayExpr> {
  NodeList elements;
};
struct GroupingFunc : NodeOf<NodeKind::kGroupingFunc> {
  NodeList args;
};

enum class XmlOp : uint8_t { kConcat, kElement, kForest, kParse, kPi, kRoot, kDocument };
struct XmlExpr : NodeOf<NodeKind::kXmlExpr> {
  XmlOp op = XmlOp::kConcat;
  std::string_view name;
  NodeList named_args;  // TargetEntry
  NodeList args;
  bool document = false;  // XMLPARSE(DOCUMENT …)
};
struct XmlSerialize : NodeOf<NodeKind::kXmlSerialize> {
  bool document = false;
  Node* arg = nullptr;
  TypeName* type = nullptr;
};

// The word DEFAULT in INSERT, UPDATE and MERGE.
struct DefaultExpr : NodeOf<NodeKind::kDefaultExpr> {};
struct CurrentOfExpr : NodeOf<NodeKind::kCurrentOfExpr> {
  std::string_view cursor;
};
// Column `column` (1-based) of `columns` in UPDATE … SET (a, b) = source; the source is shared by all
// columns.
struct MultiAssignRef : NodeOf<NodeKind::kMultiAssignRef> {
  Node* source = nullptr;
  int32_t column = 0;
  int32_t columns = 0;
};

}  // namespace varve::parser
