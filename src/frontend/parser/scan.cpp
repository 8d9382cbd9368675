#include "parser/scan.h"

#include "lexer.h"

namespace varve::parser {

namespace {

ScanKind kind_of(const Token& t, std::string_view sql) {
  switch (t.type) {
    case Tok::kEndOfInput:
      return ScanKind::kEnd;
    case Tok::kError:
      return ScanKind::kError;
    case Tok::kIdentifier: {
      char first = sql[static_cast<size_t>(t.location)];
      bool quoted = first == '"' || ((first == 'U' || first == 'u') &&
                                     sql.substr(static_cast<size_t>(t.location) + 1, 2) == "&\"");
      return quoted ? ScanKind::kQuotedWord : ScanKind::kWord;
    }
    case Tok::kIntegerConst:
      return ScanKind::kInteger;
    case Tok::kFloatConst:
      return ScanKind::kFloat;
    case Tok::kStringConst:
      return ScanKind::kString;
    case Tok::kBitConst:
    case Tok::kHexConst:
      return ScanKind::kBits;
    case Tok::kParamMark:
      return ScanKind::kParam;
    case Tok::kNotLa:
    case Tok::kNullsLa:
    case Tok::kWithLa:
      return ScanKind::kWord;
    default:
      return t.type >= kFirstKeyword ? ScanKind::kWord : ScanKind::kSymbol;
  }
}

}  // namespace

std::vector<ScanToken> scan(std::string_view sql, Arena& arena, ScanError* error) {
  Lexer lexer(sql, arena);
  std::vector<ScanToken> out;
  for (const Token& t : lexer.run()) {
    ScanToken token{kind_of(t, sql), false, t.integer, t.location, t.end, t.text};
    if (token.kind == ScanKind::kError) {
      const LexError& e = lexer.error();
      *error = {e.state, e.message, e.hint, e.location, e.near_end};
    } else if (token.kind == ScanKind::kSymbol) {
      token.text = t.type == Tok::kNotEquals
                       ? std::string_view("<>")
                       : sql.substr(static_cast<size_t>(t.location), static_cast<size_t>(t.end - t.location));
    } else if (token.kind == ScanKind::kWord && t.type != Tok::kIdentifier) {
      token.reserved = has_flag(t.type, kIsReserved);
      if (t.type == Tok::kNotLa) token.text = "not";
      if (t.type == Tok::kNullsLa) token.text = "nulls";
      if (t.type == Tok::kWithLa) token.text = "with";
      if (t.type == Tok::kNotLa) token.reserved = true;
    }
    out.push_back(token);
    if (token.kind == ScanKind::kError || token.kind == ScanKind::kEnd) break;
  }
  if (out.empty() || (out.back().kind != ScanKind::kEnd && out.back().kind != ScanKind::kError)) {
    ScanToken end;
    end.location = end.end = static_cast<int32_t>(sql.size());
    out.push_back(end);
  }
  return out;
}

}  // namespace varve::parser
