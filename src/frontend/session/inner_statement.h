// The query within PREPARE or DECLARE CURSOR as a statement of its own. Private to the module.
#pragma once

#include <memory>

#include "parser/ast.h"
#include "parser/parser.h"
#include "statement.h"

namespace varve::session {

// The query inside PREPARE … AS query or DECLARE … FOR query, with a parse tree of its own; places in it are
// places in the outer text.
template <class Outer>
StatementPtr inner_statement(const Statement& outer, const Outer& stmt) {
  auto statement = std::make_shared<Statement>();
  statement->sql = outer.sql;
  statement->prepared_us = outer.prepared_us;
  for (const parser::RawStatement& raw : parser::parse(statement->sql, statement->parse_arena).statements) {
    if (!parser::is<Outer>(raw.statement)) continue;
    const auto& found = *parser::as<Outer>(raw.statement);
    if (found.name != stmt.name || found.query->location != stmt.query->location) continue;
    statement->node = found.query;
    break;
  }
  return statement;
}

}  // namespace varve::session
