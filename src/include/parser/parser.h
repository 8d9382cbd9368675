// SQL text to raw parse trees. No catalog access; the language accepted is PostgreSQL 15's.
//
// Errors are SqlError: 42601 `syntax error at or near "x"` and its like, always with the 1-based character
// position in the text given (which must be UTF-8); 54001 when the text nests too deeply.
// Thread-safe: no state outside the arguments.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "memory/arena.h"
#include "parser/ast_node.h"

namespace varve::parser {

struct SelectStmt;
struct TypeName;

// One statement of a script with its place in the text, in bytes. A length of 0 means "to the end of the
// text", as in PostgreSQL's RawStmt. The place includes comments and space in front of the statement.
struct RawStatement {
  Node* statement = nullptr;
  int32_t location = 0;
  int32_t length = 0;

  std::string_view text(std::string_view sql) const {
    return length == 0 ? sql.substr(location) : sql.substr(location, length);
  }
};

struct ParsedScript {
  std::span<RawStatement> statements;  // empty statements are left out
};

ParsedScript parse(std::string_view sql, Arena& arena);

// One scalar expression and nothing else.
Node* parse_expression(std::string_view sql, Arena& arena);

// `variable[1].field := expression`, as PL/pgSQL has it: a SELECT whose assigns_to is set.
SelectStmt* parse_assignment(std::string_view sql, Arena& arena);

// A type as it may stand after CAST(… AS. SETOF is accepted.
TypeName* parse_type_name(std::string_view sql, Arena& arena);

// `name` as it must be written in SQL: quoted exactly when PostgreSQL's quote_ident would quote it.
std::string quote_identifier(std::string_view name);

// The 1-based character position of a byte offset; 0 for a negative offset. For errors found in later phases.
int character_position(std::string_view sql, int32_t byte_offset);

enum class KeywordCategory : uint8_t { kUnreserved, kColumnName, kTypeFunctionName, kReserved };
struct KeywordInfo {
  std::string_view word;
  KeywordCategory category;
  bool bare_label;  // may be a column label without AS
};
// All keywords, sorted: what pg_get_keywords() shows.
std::span<const KeywordInfo> keywords();

}  // namespace varve::parser
