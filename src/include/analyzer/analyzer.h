// From raw parse tree to bound query: names, types, coercions, by PostgreSQL's rules and with its error
// messages.
#pragma once

#include <deque>
#include <string_view>
#include <vector>

#include "analyzer/query.h"
#include "catalog/catalog.h"
#include "functions/eval_context.h"
#include "memory/arena.h"

namespace varve::parser {
struct Node;
struct TypeName;
struct RangeVar;
struct FuncCall;
}  // namespace varve::parser

namespace varve::analyzer {

// Names that stand for parameters: the variables of a PL/pgSQL function, the arguments of an SQL function.
// Asked for what no table of the query has; kFirst: before the tables; kEither: both, and it is an error if
// both know it.
class Variables {
 public:
  enum class Conflict : uint8_t { kTables, kFirst, kEither };
  struct Variable {
    uint32_t param = 0;  // index into the run's parameters
    Oid type;
    int32_t typmod = -1;
    Oid collation;  // 0: the type's
  };
  struct Field {
    std::string_view name;
    Variable variable;
  };
  virtual ~Variables() = default;
  // `names`: x, x.y or x.y.z. Throws when the name is known but means nothing (a record without such a
  // field).
  virtual bool find(std::span<const std::string_view> names, Variable* out) = 0;
  // $n, one-based.
  virtual bool find_number(int32_t number, Variable* out) = 0;
  // The fields of the row that `names` (x or y.x) is, for x.*
  virtual bool expand(std::span<const std::string_view> names, std::vector<Field>* out) = 0;
  virtual Conflict conflict() const = 0;
};

// Whose policies count for a statement. One per statement.
class RowSecurity {
 public:
  virtual ~RowSecurity() = default;
  virtual Oid role() const = 0;  // that runs the statement
  // Do the table's policies hold for the role? Throws 42501 where they do but row_security is off.
  virtual bool applies(const catalog::Relation& table, Oid role) = 0;
  virtual bool concerns(const catalog::Policy& policy, Oid role) = 0;

  bool used = false;      // the statement has conditions that others must not overtake
  std::vector<Oid> open;  // tables whose policies are being bound
};

// What binding a statement needs. One per statement; the arena and relations become the plan's.
struct AnalyzerContext {
  catalog::Catalog& catalog;
  Arena& arena;
  std::deque<catalog::RelationPtr>& relations;  // every relation the statement uses
  functions::EvalContext& eval;      // for literals: their text is read with the session's settings
  std::string_view sql;              // for error positions
  std::span<const Oid> search_path;  // schemas; pg_catalog comes first unless it is listed
  // Types of $1, $2 …; kInvalidOid: to be found out. Grows as parameters are met when `infer_params`.
  std::vector<Oid>* params = nullptr;
  bool infer_params = false;
  // Called with every relation and the lock mode its use needs, before its picture is taken; null: no
  // locking.
  class LockRelation {
   public:
    virtual ~LockRelation() = default;
    virtual void lock(Oid relation, txn::LockMode mode) = 0;
  };
  LockRelation* locker = nullptr;
  bool fills_materialized_views = false;  // REFRESH: they may be written
  // Takes the relations that FROM names, those within views left out; may be null.
  std::vector<Oid>* sources = nullptr;
  // 42501 for names in schemas that the current role may not use.
  bool checks_schemas = false;
  Variables* variables = nullptr;
  // Tables that exist only while a statement runs: a trigger's transition tables. Null when there is none of
  // the name.
  class LocalTables {
   public:
    virtual ~LocalTables() = default;
    virtual const functions::Function* find(std::string_view name) = 0;  // set-returning, without arguments
  };
  LocalTables* local_tables = nullptr;
  // The view whose definition is being read, and those around it.
  struct OpenView {
    Oid view;
    const OpenView* outer;
  };
  const OpenView* open_views = nullptr;
  // Every function made by CREATE FUNCTION that the statement calls is added; null: nobody wants to know.
  std::vector<Oid>* routines = nullptr;
  // Null: rows are not kept from anybody (constraints' own statements, definitions).
  RowSecurity* security = nullptr;
  // Rows are read under a snapshot of this number, or a later one: indexes made since are not used.
  Csn snapshot = kLastCsn;
  Oid acts_as = {};  // within a view that reads with its owner's rights: the owner; else 0
};

// SELECT, INSERT, UPDATE, DELETE (and later MERGE). Anything else is a programming error.
Query* analyze(AnalyzerContext& context, const parser::Node* statement);

// For a cursor's query: further targets, the ctid of the row that comes from each table of FROM, so that
// WHERE CURRENT OF can find it. The tables; none if the query's rows are not rows of tables.
std::vector<Oid> add_row_ids(AnalyzerContext& context, Query& query);

// Throws 55000 unless the view's rows can be written (WITH CHECK OPTION wants that).
void require_updatable_view(AnalyzerContext& context, const catalog::RelationPtr& view);

// One expression over the columns of a table (defaults, checks, index expressions): columns are range 0.
// `table` null: no columns allowed. `clause` names the context in messages ("DEFAULT expressions", "check
// constraints" …).
Expr* analyze_table_expression(AnalyzerContext& context, const parser::Node* expression,
                               const catalog::RelationPtr* table, std::string_view clause);
// A policy's condition over `table`, which is range 0; subqueries are allowed. Of type boolean.
Expr* analyze_policy(AnalyzerContext& context, const parser::Node* expression,
                     const catalog::RelationPtr& table);
// Makes an expression of `type` out of `expr` under assignment rules (column "c" is of type …).
Expr* coerce_for_assignment(AnalyzerContext& context, Expr* expr, Oid type, int32_t typmod,
                            std::string_view column);

struct TypeReference {
  Oid type;
  int32_t typmod = -1;
  bool set_of = false;
};
// 42704 `type "x" does not exist`.
TypeReference resolve_type_name(AnalyzerContext& context, const parser::TypeName& name);

// `expr` as a value of `type` by PL/pgSQL's rules: assignment casts, and where there is none through the text
// form.
Expr* coerce_plpgsql(AnalyzerContext& context, Expr* expr, Oid type, int32_t typmod);

// What a function returns: one column with a name (a single OUT parameter), several (`composite`), or none
// known here.
struct ResultShape {
  std::vector<std::string> names;
  std::vector<Oid> types;
  std::vector<int32_t> typmods;
  std::vector<Oid> domains;  // over `types`; 0: none
  bool composite = false;
};
ResultShape result_shape(catalog::Catalog& catalog, const catalog::Routine& routine);
// The table (or composite type) whose row type this is; null.
catalog::RelationPtr relation_of_row_type(catalog::Catalog& catalog, Oid type);
// The parameters a call passes: a function's inputs, all of a procedure's. `names` (may be null) gets their
// names.
std::vector<Oid> call_parameters(const catalog::Routine& routine, std::vector<std::string>* names);

// A CALL's procedure with its arguments bound, defaults filled in. Throws 42883, 42809.
struct BoundCall {
  const functions::Function* function = nullptr;
  const functions::CallSite* site = nullptr;
  ExprList args;                                 // of all parameters, in order
  std::span<const Oid> output_types;             // of output parameters
  std::span<const parser::Node* const> written;  // one an argument of the procedure; null: a default
};
BoundCall analyze_call(AnalyzerContext& context, const parser::FuncCall& call);

// 42P01 `relation "x" does not exist`; null when `missing_ok`.
catalog::RelationPtr find_relation(AnalyzerContext& context, const parser::RangeVar& name, txn::LockMode lock,
                                   bool missing_ok = false);

// The SQL text of a bound expression as PostgreSQL would print it (defaults, checks): columns are `table`'s.
// `pretty`: without the parentheses that precedence makes superfluous. `lines`: CASE over several lines.
std::string deparse_expression(const Expr& expr, const catalog::Relation* table, functions::EvalContext& eval,
                               bool pretty = false, bool lines = false);

// How a query's text names relations and functions: with their schema, or without where the search path finds
// them.
class RelationNames {
 public:
  virtual ~RelationNames() = default;
  virtual std::string relation(const catalog::Relation& relation) = 0;
  virtual std::string function(const functions::Function& function);
};
// The text of a bound SELECT, laid out as pg_get_viewdef() does, without the semicolon. `column_names`: of
// the result; empty: the query's own. Throws 0A000 for what has no text.
std::string deparse_query(const Query& query, std::span<const std::string> column_names, RelationNames& names,
                          functions::EvalContext& eval, bool pretty);

// A condition over one table in which subqueries may stand, on one line for a catalog's text.
std::string deparse_policy(const Expr& condition, const catalog::RelationPtr& table, RelationNames& names,
                           functions::EvalContext& eval, bool pretty);

// How the leaves that only plans have are written (EXPLAIN). Each call appends to `out`.
class PlanNames {
 public:
  virtual ~PlanNames() = default;
  virtual void input(uint32_t index, std::string& out) = 0;
  virtual void exec_param(uint32_t slot, std::string& out) = 0;
  virtual void subplan(const SubplanExpr& subplan, std::string& out) = 0;
  // False: $n.
  virtual bool param(uint32_t, std::string&) { return false; }
};
std::string deparse_expression(const Expr& expr, PlanNames& names, functions::EvalContext& eval);

}  // namespace varve::analyzer
