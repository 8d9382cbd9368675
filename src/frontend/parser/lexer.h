// SQL text to tokens, by PostgreSQL 15's lexical rules with standard_conforming_strings on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/sql_error.h"
#include "memory/arena.h"
#include "token.h"

namespace varve::parser {

// What stopped the lexer. `near_end` is where the text quoted by "at or near" ends; -1 = the message stands
// alone.
struct LexError {
  SqlState state = sqlstate::kSyntaxError;
  std::string message;
  std::string hint;
  int32_t location = 0;
  int32_t near_end = -1;
};

// The whole text is lexed at once. A lexical error ends the list with a kError token: whoever reads that far
// raises it, so that a syntax error in front of it is reported first, as PostgreSQL does.
class Lexer {
 public:
  Lexer(std::string_view sql, Arena& arena) : sql_(sql), arena_(arena) {}

  std::vector<Token> run();
  const LexError& error() const { return error_; }

 private:
  struct Failed {};

  bool skip_space();
  void next(Token& token);
  void identifier(Token& token);
  void quoted_identifier(Token& token);
  void number(Token& token);
  void operator_token(Token& token);
  void dollar(Token& token);
  void plain_string(Token& token, Tok type);
  void escape_string(Token& token);
  int unescape(std::string& out, uint32_t& high_surrogate);
  void unicode_escape(std::string& out, uint32_t& high_surrogate);
  bool continues_string();
  void unicode_string(Token& token, bool is_identifier);
  std::string_view undo_unicode(const Token& token, char escape);
  void resolve_lookahead(std::vector<Token>& tokens);
  void resolve_unicode(std::vector<Token>& tokens, size_t i);

  [[noreturn]] void fail(std::string message, int32_t location, int32_t near_end);
  [[noreturn]] void fail_alone(SqlState state, std::string message, std::string hint, int32_t location);
  char peek(size_t ahead = 0) const { return pos_ + ahead < sql_.size() ? sql_[pos_ + ahead] : '\0'; }
  void set_text(Token& token, int32_t from, int32_t to, int escapes_to_undouble, char quote);

  std::string_view sql_;
  Arena& arena_;
  size_t pos_ = 0;
  bool has_unicode_tokens_ = false;
  LexError error_;
};

// Length of the longest prefix of at most `limit` bytes that ends at a character boundary.
size_t clip_utf8(std::string_view s, size_t limit);
inline constexpr size_t kMaxNameBytes = 63;

}  // namespace varve::parser
