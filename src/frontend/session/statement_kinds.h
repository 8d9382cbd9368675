// The statements that the session runs itself, and the settings it plans by, by name alone. Private to the
// module.
#pragma once

namespace varve::parser {
struct TransactionStmt;
struct VariableSetStmt;
struct VariableShowStmt;
struct DoStmt;
struct CallStmt;
struct PrepareStmt;
struct CreateTableAsStmt;
struct ExecuteStmt;
struct DeclareCursorStmt;
struct FetchStmt;
struct ExplainStmt;
struct CopyStmt;
struct AlterRoleSetStmt;
struct AlterDatabaseSetStmt;
struct AlterSystemStmt;
struct ConstraintsSetStmt;
}  // namespace varve::parser

namespace varve::planner {
struct PlannerSettings;
}
