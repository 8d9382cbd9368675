// COPY.
#include "common/sql_error.h"
#include "parser/ast.h"
#include "session.h"

namespace varve::session {

std::string Session::run_copy(const parser::CopyStmt&, const Statement&, net::Output&) { throw_not_supported("COPY"); }

}  // namespace varve::session
