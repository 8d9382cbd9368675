// Tokens of the SQL lexer.
#pragma once

#include <cstdint>
#include <string_view>

#include "keyword_list.h"
#include "parser/parser.h"

namespace varve::parser {

// Single-character tokens have their ASCII code; keywords follow the fixed tokens in sorted order.
enum class Tok : uint16_t {
  kEndOfInput = 0,
  kError = 1,  // the lexer failed here: raised when the parser gets to it, not before
  // 2 … 127: the character itself; those that are switched on have names
  kLeftParen = '(',
  kPlus = '+',
  kMinus = '-',
  kIdentifier = 128,
  kIntegerConst,
  kFloatConst,
  kStringConst,
  kBitConst,
  kHexConst,
  kParamMark,
  kOp,             // any operator that has no token of its own
  kTypecastOp,     // ::
  kDotDot,         // ..
  kColonEquals,    // :=
  kEqualsGreater,  // =>
  kLessEquals,     // <=
  kGreaterEquals,  // >=
  kNotEquals,      // <> or !=
  // Keywords whose meaning depends on the word that follows (one more token of lookahead than an LR(1)
  // grammar has):
  kNotLa,    // NOT before BETWEEN, IN, LIKE, ILIKE, SIMILAR
  kNullsLa,  // NULLS before FIRST, LAST
  kWithLa,   // WITH before TIME, ORDINALITY
#define VARVE_X(name, word, category, bare) name,
  VARVE_KEYWORDS(VARVE_X)
#undef VARVE_X
      kTokenCount,
};

inline constexpr Tok kFirstKeyword = Tok::kAbort;

struct Token {
  Tok type = Tok::kEndOfInput;
  int32_t integer = 0;   // kIntegerConst, kParamMark; for kError the index of the error
  int32_t location = 0;  // byte offset of the first byte
  int32_t end = 0;       // byte offset behind the last
  std::string_view
      text;  // name, operator or constant with escapes undone; for keywords the word in lower case
};

enum TokenFlag : uint8_t {
  kIsColumnId = 1,          // may name a column, table, …
  kIsTypeFunctionName = 2,  // may name a type or function
  kIsLabel = 4,             // may follow AS or a dot
  kIsBareLabel = 8,         // may be a column label without AS
  kIsUnreserved = 16,
  kIsReserved = 32,
};
// Flags of every token type, indexed by Tok.
extern const uint8_t* const kTokenFlags;

inline bool has_flag(Tok t, TokenFlag f) { return (kTokenFlags[static_cast<int>(t)] & f) != 0; }

// The keyword's token, or kIdentifier. `word` is in lower case.
Tok find_keyword(std::string_view word);

}  // namespace varve::parser
