// Tokens of jsonpath. Identifiers may hold escapes, and end where a blank or a special character begins.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace varve::functions {

enum class PathToken : uint8_t {
  kEnd,
  kCharacter,  // one of ? % $ . [ ] { } ( ) | & ! = < > @ # , * : - + /
  kAny,        // **
  kAnd,
  kOr,
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kInteger,
  kNumber,
  kString,
  kIdentifier,
  kKeyword,  // an identifier spelt as a keyword of jsonpath
  kVariable,
};

class PathLexer {
 public:
  explicit PathLexer(std::string_view text) : text_(text) {}

  void next();
  PathToken token() const { return token_; }
  char character() const { return character_; }
  const std::string& value() const { return value_; }  // of strings, identifiers, numbers
  bool is(char c) const { return token_ == PathToken::kCharacter && character_ == c; }
  bool is_keyword(std::string_view word) const { return token_ == PathToken::kKeyword && value_ == word; }

  // 42601 at the current token.
  [[noreturn]] void fail(std::string_view message = "syntax error") const;

 private:
  void skip_blanks();
  void identifier();
  void quoted(PathToken token);
  void escape();
  void unicode_escape();
  void append_code_point(uint32_t code_point);
  void finish_surrogate();
  bool number();
  bool operator_token();

  std::string_view text_;
  size_t at_ = 0;
  PathToken token_ = PathToken::kEnd;
  char character_ = 0;
  std::string value_;
  std::string_view near_;  // the characters an error names
  uint32_t high_surrogate_ = 0;
};

}  // namespace varve::functions
