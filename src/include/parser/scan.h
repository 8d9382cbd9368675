// The SQL lexer for languages that embed SQL (PL/pgSQL): its tokens without a parser. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/sqlstate.h"
#include "memory/arena.h"

namespace varve::parser {

enum class ScanKind : uint8_t {
  kEnd,
  kError,
  kWord,        // an unquoted identifier or any keyword; text in lower case
  kQuotedWord,  // "a"
  kInteger,
  kFloat,
  kString,
  kBits,
  kParam,   // $n, number in `integer`
  kSymbol,  // punctuation and operators, as written (!= is <>)
};

struct ScanToken {
  ScanKind kind = ScanKind::kEnd;
  bool reserved = false;  // kWord: a keyword that no column or table can have as its name
  int32_t integer = 0;    // kInteger, kParam
  int32_t location = 0;   // bytes
  int32_t end = 0;
  std::string_view text;  // in the arena
};

// A text that cannot be lexed ends with kError; `error` says why.
struct ScanError {
  SqlState state;
  std::string message, hint;
  int32_t location = 0;
  int32_t near_end = -1;  // end of what "at or near" quotes; -1: the message stands alone
};

std::vector<ScanToken> scan(std::string_view sql, Arena& arena, ScanError* error);

}  // namespace varve::parser
