// EXPLAIN.
#include "common/sql_error.h"
#include "parser/ast.h"
#include "session.h"

namespace varve::session {

void Session::run_explain(const parser::ExplainStmt&, const Statement&, std::span<const types::Value>, net::Output&) {
  throw_not_supported("EXPLAIN");
}

}  // namespace varve::session
