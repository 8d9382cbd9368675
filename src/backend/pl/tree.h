// A PL/pgSQL function as the compiler leaves it: variables, and a tree of statements. Private to the module.
//
// Owned by pl::Function, changed by nobody afterwards but for the plans that hang on its expressions. A
// variable's number is its place in Function::datums and in the parameter array of every statement of the
// function.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/relation.h"
#include "common/sqlstate.h"
#include "common/strong_id.h"
#include "expression.h"

namespace varve::pl {

enum class DatumKind : uint8_t { kScalar, kRecord, kField };

struct Datum {
  DatumKind kind = DatumKind::kScalar;
  std::string name;
  int line = 0;
  Oid type;
  int32_t typmod = -1;
  Oid collation;
  Oid domain;  // that values must be of, where `type` is the type under it; 0: none
  Oid target() const { return domain != kInvalidOid ? domain : type; }
  bool constant = false, not_null = false;
  Expression* initial = nullptr;
  // kField: of record `record`.
  uint32_t record = 0;
  // Cursors: the query they are bound to.
  Expression* cursor_query = nullptr;
  std::vector<std::string> cursor_args;  // names; their variables are cursor_row
  std::vector<uint32_t> cursor_row;
  uint16_t cursor_options = 0;
  bool is_cursor_bound = false;
};

enum class StatementKind : uint8_t {
  kBlock,
  kAssign,
  kIf,
  kCase,
  kLoop,
  kWhile,
  kForInteger,
  kForQuery,
  kForDynamic,
  kForCursor,
  kForeach,
  kExit,
  kReturn,
  kReturnNext,
  kReturnQuery,
  kRaise,
  kAssert,
  kSql,
  kExecute,
  kDiagnostics,
  kOpen,
  kFetch,
  kClose,
  kPerform,
  kCall,
  kCommit,
  kRollback,
  kNull,
};

struct Statement {
  explicit Statement(StatementKind k, int l) : kind(k), line(l) {}
  virtual ~Statement() = default;
  StatementKind kind;
  int line;
};
using StatementPtr = std::unique_ptr<Statement>;
using StatementList = std::vector<StatementPtr>;

// Where a query's row goes: one record, or variables; nothing when both are empty.
struct Target {
  int32_t record = -1;
  std::vector<uint32_t> variables;
  bool present() const { return record >= 0 || !variables.empty(); }
};

struct Handler {
  int line = 0;
  bool others = false;
  std::vector<SqlState> conditions;
  StatementList body;
};

struct Block : Statement {
  explicit Block(int l) : Statement(StatementKind::kBlock, l) {}
  std::string label;
  std::vector<uint32_t> variables;  // to be initialised on entry
  StatementList body;
  std::vector<Handler> handlers;
  uint32_t sqlstate_variable = 0, sqlerrm_variable = 0;
};
struct Assign : Statement {
  explicit Assign(int l) : Statement(StatementKind::kAssign, l) {}
  uint32_t target = 0;
  std::vector<Expression*> subscripts;  // target[i][j] of a plain array
  Expression* value = nullptr;
};
struct If : Statement {
  explicit If(int l) : Statement(StatementKind::kIf, l) {}
  struct Branch {
    int line;
    Expression* condition;
    StatementList body;
  };
  std::vector<Branch> branches;
  StatementList otherwise;
};
struct Case : Statement {
  explicit Case(int l) : Statement(StatementKind::kCase, l) {}
  Expression* test = nullptr;
  uint32_t test_variable = 0;
  std::vector<If::Branch> branches;
  bool has_else = false;
  StatementList otherwise;
};
struct Loop : Statement {  // kLoop, kWhile
  Loop(StatementKind k, int l) : Statement(k, l) {}
  std::string label;
  Expression* condition = nullptr;
  StatementList body;
};
struct ForInteger : Loop {
  explicit ForInteger(int l) : Loop(StatementKind::kForInteger, l) {}
  uint32_t variable = 0;
  Expression* lower = nullptr;
  Expression* upper = nullptr;
  Expression* step = nullptr;
  bool reverse = false;
};
struct ForRows : Loop {  // kForQuery, kForDynamic, kForCursor
  ForRows(StatementKind k, int l) : Loop(k, l) {}
  Target target;
  Expression* query = nullptr;
  std::vector<Expression*> params;  // USING
  uint32_t cursor = 0;
  Expression* cursor_args = nullptr;
};
struct Foreach : Loop {
  explicit Foreach(int l) : Loop(StatementKind::kForeach, l) {}
  Target target;
  int32_t slice = 0;
  Expression* array = nullptr;
};
struct Exit : Statement {
  explicit Exit(int l) : Statement(StatementKind::kExit, l) {}
  bool is_exit = true;  // else CONTINUE
  std::string label;
  Expression* condition = nullptr;
};
struct Return : Statement {  // kReturn, kReturnNext
  Return(StatementKind k, int l) : Statement(k, l) {}
  Expression* value = nullptr;
  int32_t variable = -1;  // a whole variable instead of an expression
};
struct ReturnQuery : Statement {
  explicit ReturnQuery(int l) : Statement(StatementKind::kReturnQuery, l) {}
  Expression* query = nullptr;
  Expression* dynamic = nullptr;
  std::vector<Expression*> params;
};
enum class RaiseOption : uint8_t {
  kErrcode,
  kMessage,
  kDetail,
  kHint,
  kColumn,
  kConstraint,
  kDatatype,
  kTable,
  kSchema
};
struct Raise : Statement {
  explicit Raise(int l) : Statement(StatementKind::kRaise, l) {}
  std::string level = "EXCEPTION";
  bool rethrow = false;
  std::string condition;  // name or SQLSTATE
  std::string format;
  bool has_format = false;
  std::vector<Expression*> params;
  std::vector<std::pair<RaiseOption, Expression*>> options;
};
struct Assert : Statement {
  explicit Assert(int l) : Statement(StatementKind::kAssert, l) {}
  Expression* condition = nullptr;
  Expression* message = nullptr;
};
struct Sql : Statement {
  explicit Sql(int l) : Statement(StatementKind::kSql, l) {}
  Expression* query = nullptr;
  bool into = false, strict = false;
  Target target;
};
struct Execute : Statement {
  explicit Execute(int l) : Statement(StatementKind::kExecute, l) {}
  Expression* query = nullptr;
  std::vector<Expression*> params;
  bool into = false, strict = false;
  Target target;
};
enum class DiagnosticsItem : uint8_t {
  kRowCount,
  kContext,
  kReturnedSqlstate,
  kMessageText,
  kDetail,
  kHint,
  kErrorContext,
  kColumnName,
  kConstraintName,
  kDatatypeName,
  kTableName,
  kSchemaName,
  kRoutineOid
};
struct Diagnostics : Statement {
  explicit Diagnostics(int l) : Statement(StatementKind::kDiagnostics, l) {}
  bool stacked = false;
  std::vector<std::pair<DiagnosticsItem, uint32_t>> items;
};
struct Open : Statement {
  explicit Open(int l) : Statement(StatementKind::kOpen, l) {}
  uint32_t cursor = 0;
  uint16_t options = 0;
  Expression* query = nullptr;
  Expression* dynamic = nullptr;
  std::vector<Expression*> params;
  Expression* args = nullptr;
};
struct Fetch : Statement {
  explicit Fetch(int l) : Statement(StatementKind::kFetch, l) {}
  uint32_t cursor = 0;
  bool is_move = false;
  uint8_t direction = 0;  // FetchRequest::Direction
  int64_t count = 1;
  Expression* count_expression = nullptr;
  Target target;
};
struct Close : Statement {
  explicit Close(int l) : Statement(StatementKind::kClose, l) {}
  uint32_t cursor = 0;
};
struct Perform : Statement {
  explicit Perform(int l) : Statement(StatementKind::kPerform, l) {}
  Expression* query = nullptr;
};
struct Call : Statement {
  explicit Call(int l) : Statement(StatementKind::kCall, l) {}
  Expression* call = nullptr;
  bool is_do = false;
};
struct EndTransaction : Statement {  // kCommit, kRollback
  EndTransaction(StatementKind k, int l) : Statement(k, l) {}
  bool chain = false;
};

// "SQL statement", "assignment" …: how CONTEXT lines name it.
std::string_view statement_name(const Statement& statement);

}  // namespace varve::pl
