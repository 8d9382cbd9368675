// Literal normalisation: statements that differ only in their constants get one text, so that simple-protocol
// statements can share a cached plan. One lexing pass, no parse.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "memory/arena.h"

namespace varve::parser {

// The type the analyzer would give the constant: the smallest of int4, int8 and numeric, or none yet.
enum class LiteralKind : uint8_t { kInt4, kInt8, kNumeric, kString };

struct Literal {
  LiteralKind kind;
  int32_t location;       // byte offset in the source
  int32_t length;         // bytes in the source; a unary minus belongs to it
  std::string_view text;  // digits, or the string's value with escapes undone
};

// `text` has one token after the other, separated by single spaces, comments left out, identifiers and
// keywords folded, every normalised constant replaced by a marker that names its kind (an integer constant
// and a string constant in one place give different texts, because their types differ). Two statements with
// equal text parse to the same tree but for the values of the literals, which are listed in order.
//
// Conservative: only a single plain SELECT, INSERT, UPDATE or DELETE without parameters is normalisable, and
// constants stay in the text where the grammar or the analyzer gives them a meaning beyond their value: in
// type modifiers and after type names, behind ORDER BY, GROUP BY, LIMIT and FETCH, in intervals.
struct NormalizedStatement {
  bool normalizable = false;
  std::string_view text;
  std::span<Literal> literals;
};

// Never throws: what does not lex is not normalisable.
NormalizedStatement normalize_literals(std::string_view sql, Arena& arena);

}  // namespace varve::parser
