#include "lexer.h"

#include <array>
#include <charconv>

namespace varve::parser {
namespace {

enum CharClass : uint8_t {
  kSpace = 1,
  kIdentStart = 2,
  kDigit = 4,
  kIdentCont = 8,
  kOpChar = 16,
  kSelf = 32
};

constexpr auto make_classes() {
  std::array<uint8_t, 256> c{};
  for (char ch : {' ', '\t', '\n', '\r', '\f'}) c[static_cast<uint8_t>(ch)] |= kSpace;
  for (int i = 'a'; i <= 'z'; ++i) c[i] |= kIdentStart | kIdentCont;
  for (int i = 'A'; i <= 'Z'; ++i) c[i] |= kIdentStart | kIdentCont;
  for (int i = 128; i < 256; ++i) c[i] |= kIdentStart | kIdentCont;
  c['_'] |= kIdentStart | kIdentCont;
  c['$'] |= kIdentCont;
  for (int i = '0'; i <= '9'; ++i) c[i] |= kDigit | kIdentCont;
  for (char ch : std::string_view("~!@#^&|`?+-*/%<>=")) c[static_cast<uint8_t>(ch)] |= kOpChar;
  for (char ch : std::string_view(",()[].;:+-*/%^<>=")) c[static_cast<uint8_t>(ch)] |= kSelf;
  return c;
}
constexpr auto kClasses = make_classes();

bool is(char c, uint8_t mask) { return (kClasses[static_cast<uint8_t>(c)] & mask) != 0; }
bool is_newline(char c) { return c == '\n' || c == '\r'; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

bool is_high_surrogate(uint32_t c) { return c >= 0xD800 && c <= 0xDBFF; }
bool is_low_surrogate(uint32_t c) { return c >= 0xDC00 && c <= 0xDFFF; }
uint32_t join_surrogates(uint32_t high, uint32_t low) {
  return ((high & 0x3FF) << 10) + 0x10000 + (low & 0x3FF);
}

// 0 if the bytes at `at` are not one valid UTF-8 character (NUL is not valid in a string).
int utf8_length(std::string_view s, size_t at) {
  auto byte = [&](size_t i) { return i < s.size() ? static_cast<uint8_t>(s[i]) : 0; };
  auto tail = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  uint8_t b = byte(at);
  if (b == 0) return 0;
  if (b < 0x80) return 1;
  if (b >= 0xC2 && b <= 0xDF) return tail(at + 1) ? 2 : 0;
  if (b >= 0xE0 && b <= 0xEF) {
    if (!tail(at + 1) || !tail(at + 2)) return 0;
    if (b == 0xE0 && byte(at + 1) < 0xA0) return 0;
    if (b == 0xED && byte(at + 1) > 0x9F) return 0;
    return 3;
  }
  if (b >= 0xF0 && b <= 0xF4) {
    if (!tail(at + 1) || !tail(at + 2) || !tail(at + 3)) return 0;
    if (b == 0xF0 && byte(at + 1) < 0x90) return 0;
    if (b == 0xF4 && byte(at + 1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

std::string invalid_bytes_message(std::string_view s, size_t at) {
  static constexpr char kHex[] = "0123456789abcdef";
  uint8_t first = static_cast<uint8_t>(s[at]);
  size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (first >= 0x80 && first < 0xC0) length = 1;
  std::string message = "invalid byte sequence for encoding \"UTF8\":";
  for (size_t i = at; i < std::min(s.size(), at + length); ++i) {
    uint8_t b = static_cast<uint8_t>(s[i]);
    message += " 0x";
    message += kHex[b >> 4];
    message += kHex[b & 15];
  }
  return message;
}

}  // namespace

size_t clip_utf8(std::string_view s, size_t limit) {
  if (s.size() <= limit) return s.size();
  size_t n = limit;
  while (n > 0 && (static_cast<uint8_t>(s[n]) & 0xC0) == 0x80) --n;
  return n;
}

void Lexer::fail(std::string message, int32_t location, int32_t near_end) {
  error_ = {sqlstate::kSyntaxError, std::move(message), {}, location, near_end};
  throw Failed{};
}

void Lexer::fail_alone(SqlState state, std::string message, std::string hint, int32_t location) {
  error_ = {state, std::move(message), std::move(hint), location, -1};
  throw Failed{};
}

std::vector<Token> Lexer::run() {
  size_t nul = sql_.find('\0');
  if (nul != std::string_view::npos) sql_ = sql_.substr(0, nul);
  std::vector<Token> tokens;
  tokens.reserve(sql_.size() / 4 + 8);
  bool needs_lookahead = false;
  try {
    while (true) {
      Token& token = tokens.emplace_back();
      bool more = skip_space();
      token.location = static_cast<int32_t>(pos_);
      token.end = token.location;
      if (!more) break;
      next(token);
      token.end = static_cast<int32_t>(pos_);
      needs_lookahead |= token.type == Tok::kNot || token.type == Tok::kNulls || token.type == Tok::kWith;
    }
  } catch (Failed) {
    tokens.back() = Token{Tok::kError, 0, error_.location, error_.location, {}};
  }
  if (needs_lookahead) resolve_lookahead(tokens);
  if (has_unicode_tokens_) {
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (tokens[i].integer == -1 || tokens[i].integer == -2) resolve_unicode(tokens, i);
      if (tokens[i].type == Tok::kError) break;
    }
  }
  return tokens;
}

// A word that needs its successor is read together with it: a broken successor is reported at once.
void Lexer::resolve_lookahead(std::vector<Token>& tokens) {
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    Tok next = tokens[i + 1].type;
    Tok& type = tokens[i].type;
    if (type != Tok::kNot && type != Tok::kNulls && type != Tok::kWith) continue;
    if (next == Tok::kError) {
      type = Tok::kError;
      return;
    }
    if (type == Tok::kNot && (next == Tok::kBetween || next == Tok::kIn || next == Tok::kLike ||
                              next == Tok::kIlike || next == Tok::kSimilar)) {
      type = Tok::kNotLa;
    } else if (type == Tok::kNulls && (next == Tok::kFirst || next == Tok::kLast)) {
      type = Tok::kNullsLa;
    } else if (type == Tok::kWith && (next == Tok::kTime || next == Tok::kOrdinality)) {
      type = Tok::kWithLa;
    }
  }
}

// False at the end of the text.
bool Lexer::skip_space() {
  while (true) {
    while (pos_ < sql_.size() && is(sql_[pos_], kSpace)) ++pos_;
    if (pos_ >= sql_.size()) return false;
    if (peek() == '-' && peek(1) == '-') {
      while (pos_ < sql_.size() && !is_newline(sql_[pos_])) ++pos_;
    } else if (peek() == '/' && peek(1) == '*') {
      auto start = static_cast<int32_t>(pos_);
      int depth = 1;
      for (pos_ += 2; depth > 0;) {
        if (pos_ >= sql_.size()) fail("unterminated /* comment", start, static_cast<int32_t>(sql_.size()));
        if (peek() == '/' && peek(1) == '*') {
          ++depth;
          pos_ += 2;
        } else if (peek() == '*' && peek(1) == '/') {
          --depth;
          pos_ += 2;
        } else {
          ++pos_;
        }
      }
    } else {
      return true;
    }
  }
}

void Lexer::next(Token& token) {
  char c = sql_[pos_];
  if (is(c, kIdentStart)) {
    char following = peek(1);
    if (following == '\'') {
      switch (c) {
        case 'b':
        case 'B':
          ++pos_;
          return plain_string(token, Tok::kBitConst);
        case 'x':
        case 'X':
          ++pos_;
          return plain_string(token, Tok::kHexConst);
        case 'e':
        case 'E':
          ++pos_;
          return escape_string(token);
        case 'n':
        case 'N':  // N'x' is NCHAR 'x'
          ++pos_;
          token.type = Tok::kNchar;
          token.text = "nchar";
          return;
        default:
          break;
      }
    } else if (following == '&' && (c == 'u' || c == 'U')) {
      if (peek(2) == '\'') return unicode_string(token, false);
      if (peek(2) == '"') return unicode_string(token, true);
    }
    return identifier(token);
  }
  if (is(c, kDigit) || (c == '.' && is(peek(1), kDigit))) return number(token);
  if (is(c, kOpChar)) return operator_token(token);
  switch (c) {
    case '\'':
      return plain_string(token, Tok::kStringConst);
    case '"':
      return quoted_identifier(token);
    case '$':
      return dollar(token);
    case ':':
      if (peek(1) == ':' || peek(1) == '=') {
        token.type = peek(1) == ':' ? Tok::kTypecastOp : Tok::kColonEquals;
        pos_ += 2;
        return;
      }
      break;
    case '.':
      if (peek(1) == '.') {
        token.type = Tok::kDotDot;
        pos_ += 2;
        return;
      }
      break;
    default:
      break;
  }
  token.type = static_cast<Tok>(c);
  ++pos_;
}

void Lexer::identifier(Token& token) {
  size_t start = pos_;
  bool upper = false;
  do {
    upper |= sql_[pos_] >= 'A' && sql_[pos_] <= 'Z';
    ++pos_;
  } while (pos_ < sql_.size() && is(sql_[pos_], kIdentCont));
  std::string_view word = sql_.substr(start, pos_ - start);
  size_t length = clip_utf8(word, kMaxNameBytes);
  char* folded = static_cast<char*>(arena_.allocate(length, 1));
  for (size_t i = 0; i < length; ++i) {
    char c = word[i];
    folded[i] = upper && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  token.text = {folded, length};
  token.type = length == word.size() ? find_keyword(token.text) : Tok::kIdentifier;
}

// Copies sql_[from, to) to the arena with doubled quotes made single.
void Lexer::set_text(Token& token, int32_t from, int32_t to, int doubled, char quote) {
  std::string_view body = sql_.substr(from, to - from);
  if (doubled == 0) {
    token.text = arena_.copy(body);
    return;
  }
  char* out = static_cast<char*>(arena_.allocate(body.size(), 1));
  size_t n = 0;
  for (size_t i = 0; i < body.size(); ++i) {
    out[n++] = body[i];
    if (body[i] == quote) ++i;
  }
  token.text = {out, n};
}

void Lexer::quoted_identifier(Token& token) {
  auto start = static_cast<int32_t>(pos_);
  size_t body = ++pos_;
  int doubled = 0;
  while (true) {
    size_t quote = sql_.find('"', pos_);
    if (quote == std::string_view::npos) {
      fail("unterminated quoted identifier", start, static_cast<int32_t>(sql_.size()));
    }
    pos_ = quote + 1;
    if (peek() != '"') break;
    ++doubled;
    ++pos_;
  }
  if (pos_ - 1 == body) fail("zero-length delimited identifier", start, static_cast<int32_t>(pos_));
  set_text(token, static_cast<int32_t>(body), static_cast<int32_t>(pos_ - 1), doubled, '"');
  token.text = token.text.substr(0, clip_utf8(token.text, kMaxNameBytes));
  token.type = Tok::kIdentifier;
}

void Lexer::number(Token& token) {
  size_t start = pos_;
  auto digits = [&] {
    while (pos_ < sql_.size() && is(sql_[pos_], kDigit)) ++pos_;
  };
  digits();
  bool is_float = false;
  if (peek() == '.' && !(peek(1) == '.' && pos_ > start)) {  // 1..2 is 1 then ".."
    is_float = true;
    ++pos_;
    digits();
  }
  if (peek() == 'e' || peek() == 'E') {
    bool sign = peek(1) == '+' || peek(1) == '-';
    if (is(peek(sign ? 2 : 1), kDigit)) {
      is_float = true;
      pos_ += sign ? 2 : 1;
      digits();
    } else if (sign) {
      fail("trailing junk after numeric literal", static_cast<int32_t>(start),
           static_cast<int32_t>(pos_ + 2));
    }
  }
  if (is(peek(), kIdentStart)) {
    fail("trailing junk after numeric literal", static_cast<int32_t>(start), static_cast<int32_t>(pos_ + 1));
  }
  std::string_view text = sql_.substr(start, pos_ - start);
  if (!is_float) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), token.integer);
    if (error == std::errc()) {
      token.type = Tok::kIntegerConst;
      token.text = text;
      return;
    }
    token.integer = 0;
  }
  token.type = Tok::kFloatConst;
  token.text = arena_.copy(text);
}

void Lexer::operator_token(Token& token) {
  size_t start = pos_;
  size_t n = 0;
  while (start + n < sql_.size() && is(sql_[start + n], kOpChar)) ++n;
  std::string_view text = sql_.substr(start, n);
  for (std::string_view comment : {"/*", "--"}) {
    size_t at = text.find(comment);
    if (at != std::string_view::npos) text = text.substr(0, at);
  }
  // An operator ends in + or - only if it has a character no SQL operator has, so that "a=-1" is "a = -1".
  if (text.size() > 1 && (text.back() == '+' || text.back() == '-')) {
    if (text.substr(0, text.size() - 1).find_first_of("~!@#^&|`?%") == std::string_view::npos) {
      do text.remove_suffix(1);
      while (text.size() > 1 && (text.back() == '+' || text.back() == '-'));
    }
  }
  pos_ = start + text.size();
  if (text.size() == 1 && is(text[0], kSelf)) {
    token.type = static_cast<Tok>(text[0]);
    return;
  }
  if (text.size() > kMaxNameBytes)
    fail("operator too long", static_cast<int32_t>(start), static_cast<int32_t>(pos_));
  token.type = Tok::kOp;
  if (text.size() == 2) {
    if (text == "=>") token.type = Tok::kEqualsGreater;
    if (text == ">=") token.type = Tok::kGreaterEquals;
    if (text == "<=") token.type = Tok::kLessEquals;
    if (text == "<>" || text == "!=") token.type = Tok::kNotEquals;
  }
  token.text = token.type == Tok::kNotEquals ? std::string_view("<>") : arena_.copy(text);
}

// $1, $tag$…$tag$, or a lone dollar sign.
void Lexer::dollar(Token& token) {
  auto start = static_cast<int32_t>(pos_);
  if (is(peek(1), kDigit)) {
    ++pos_;
    uint64_t number = 0;
    while (is(peek(), kDigit)) number = number * 10 + static_cast<uint64_t>(sql_[pos_++] - '0');
    if (is(peek(), kIdentStart)) fail("trailing junk after parameter", start, static_cast<int32_t>(pos_ + 1));
    token.type = Tok::kParamMark;
    token.integer = static_cast<int32_t>(number & 0x7FFFFFFF);
    return;
  }
  size_t tag_end = pos_ + 1;
  if (tag_end < sql_.size() && is(sql_[tag_end], kIdentStart)) {
    while (tag_end < sql_.size() && sql_[tag_end] != '$' && is(sql_[tag_end], kIdentCont)) ++tag_end;
  }
  if (tag_end >= sql_.size() || sql_[tag_end] != '$') {
    token.type = static_cast<Tok>('$');
    ++pos_;
    return;
  }
  std::string_view delimiter = sql_.substr(pos_, tag_end + 1 - pos_);
  size_t body = tag_end + 1;
  size_t close = sql_.find(delimiter, body);
  if (close == std::string_view::npos) {
    fail("unterminated dollar-quoted string", start, static_cast<int32_t>(sql_.size()));
  }
  token.type = Tok::kStringConst;
  token.text = arena_.copy(sql_.substr(body, close - body));
  pos_ = close + delimiter.size();
}

// 'a' <newline> 'b' is one string. Stands behind a closing quote; if the string goes on, moves behind the
// next opening one.
bool Lexer::continues_string() {
  size_t at = pos_;
  bool newline = false;
  while (at < sql_.size()) {
    char c = sql_[at];
    if (is(c, kSpace)) {
      newline |= is_newline(c);
      ++at;
    } else if (c == '-' && at + 1 < sql_.size() && sql_[at + 1] == '-') {
      while (at < sql_.size() && !is_newline(sql_[at])) ++at;
    } else {
      break;
    }
  }
  if (!newline || at >= sql_.size() || sql_[at] != '\'') return false;
  pos_ = at + 1;
  return true;
}

// Strings without backslash escapes: '…', B'…', X'…'. Stands on the opening quote.
void Lexer::plain_string(Token& token, Tok type) {
  token.type = type;
  std::string joined;
  bool is_joined = false;
  ++pos_;
  while (true) {
    size_t body = pos_;
    int doubled = 0;
    while (true) {
      size_t quote = sql_.find('\'', pos_);
      if (quote == std::string_view::npos) {
        std::string_view what = type == Tok::kBitConst   ? "unterminated bit string literal"
                                : type == Tok::kHexConst ? "unterminated hexadecimal string literal"
                                                         : "unterminated quoted string";
        fail(std::string(what), token.location, static_cast<int32_t>(sql_.size()));
      }
      pos_ = quote + 1;
      if (type != Tok::kStringConst || peek() != '\'') break;
      ++doubled;
      ++pos_;
    }
    size_t close = pos_ - 1;
    bool more = continues_string();
    set_text(token, static_cast<int32_t>(body), static_cast<int32_t>(close), doubled, '\'');
    if (!more && !is_joined) return;
    joined += token.text;
    is_joined = true;
    if (!more) break;
  }
  token.text = arena_.copy(std::string_view(joined));
}

void Lexer::unicode_escape(std::string& out, uint32_t& high) {
  auto start = static_cast<int32_t>(pos_);
  int wanted = peek(1) == 'u' ? 4 : 8;
  uint32_t c = 0;
  int n = 0;
  pos_ += 2;
  for (; n < wanted && hex_digit(peek()) >= 0; ++n)
    c = c << 4 | static_cast<uint32_t>(hex_digit(sql_[pos_++]));
  if (high != 0 && (n < wanted || !is_low_surrogate(c))) {
    fail("invalid Unicode surrogate pair", start, static_cast<int32_t>(pos_));
  }
  if (n < wanted) {
    fail_alone(sqlstate::kInvalidEscapeSequence, "invalid Unicode escape",
               "Unicode escapes must be \\uXXXX or \\UXXXXXXXX.", start);
  }
  if (high != 0) {
    c = join_surrogates(high, c);
    high = 0;
  } else if (is_high_surrogate(c)) {
    high = c;
    return;
  } else if (is_low_surrogate(c)) {
    fail("invalid Unicode surrogate pair", start, static_cast<int32_t>(pos_));
  }
  if (c == 0 || c > 0x10FFFF) fail("invalid Unicode escape value", start, static_cast<int32_t>(pos_));
  append_utf8(out, c);
}

// One backslash escape at pos_. Returns 1 if it wrote a byte that may break the encoding.
int Lexer::unescape(std::string& out, uint32_t& high) {
  char c = peek(1);
  if (c == 'u' || c == 'U') {
    unicode_escape(out, high);
    return 0;
  }
  if (c >= '0' && c <= '7') {
    int value = 0, n = 0;
    for (++pos_; n < 3 && peek() >= '0' && peek() <= '7'; ++n) value = value * 8 + (sql_[pos_++] - '0');
    out += static_cast<char>(value);
    return (value & 0xFF) == 0 || (value & 0x80) != 0;
  }
  if (c == 'x' && hex_digit(peek(2)) >= 0) {
    int value = 0, n = 0;
    for (pos_ += 2; n < 2 && hex_digit(peek()) >= 0; ++n) value = value * 16 + hex_digit(sql_[pos_++]);
    out += static_cast<char>(value);
    return value == 0 || value >= 0x80;
  }
  switch (c) {
    case 'b':
      c = '\b';
      break;
    case 'f':
      c = '\f';
      break;
    case 'n':
      c = '\n';
      break;
    case 'r':
      c = '\r';
      break;
    case 't':
      c = '\t';
      break;
    case 'v':
      c = '\v';
      break;
    default:
      break;
  }
  out += c;
  pos_ += 2;
  return 0;
}

// E'…'. Stands on the opening quote.
void Lexer::escape_string(Token& token) {
  token.type = Tok::kStringConst;
  std::string out;
  uint32_t high = 0;
  bool check_encoding = false;
  ++pos_;
  while (true) {
    if (pos_ >= sql_.size()) {
      if (high != 0)
        fail("invalid Unicode surrogate pair", static_cast<int32_t>(pos_), static_cast<int32_t>(pos_));
      fail("unterminated quoted string", token.location, static_cast<int32_t>(sql_.size()));
    }
    char c = sql_[pos_];
    if (high != 0 && !(c == '\\' && (peek(1) == 'u' || peek(1) == 'U'))) {
      fail("invalid Unicode surrogate pair", static_cast<int32_t>(pos_), static_cast<int32_t>(pos_ + 1));
    }
    if (c == '\\') {
      if (pos_ + 1 >= sql_.size()) {
        fail("unterminated quoted string", token.location, static_cast<int32_t>(sql_.size()));
      }
      check_encoding |= unescape(out, high) != 0;
    } else if (c == '\'') {
      ++pos_;
      if (peek() == '\'') {
        out += '\'';
        ++pos_;
      } else if (!continues_string()) {
        break;
      }
    } else {
      out += c;
      ++pos_;
    }
  }
  if (check_encoding) {
    for (size_t at = 0; at < out.size();) {
      int n = utf8_length(out, at);
      if (n == 0) fail_alone(sqlstate::kCharacterNotInRepertoire, invalid_bytes_message(out, at), {}, -1);
      at += static_cast<size_t>(n);
    }
  }
  token.text = arena_.copy(std::string_view(out));
}

// U&'…' and U&"…": kept raw (integer -1 / -2) until it is known whether UESCAPE follows.
void Lexer::unicode_string(Token& token, bool is_identifier) {
  has_unicode_tokens_ = true;
  pos_ += 2;
  if (is_identifier) {
    size_t body = pos_ + 1;
    int doubled = 0;
    for (++pos_;;) {
      size_t quote = sql_.find('"', pos_);
      if (quote == std::string_view::npos) {
        fail("unterminated quoted identifier", token.location, static_cast<int32_t>(sql_.size()));
      }
      pos_ = quote + 1;
      if (peek() != '"') break;
      ++doubled;
      ++pos_;
    }
    if (pos_ - 1 == body) {
      fail("zero-length delimited identifier", token.location, static_cast<int32_t>(pos_));
    }
    set_text(token, static_cast<int32_t>(body), static_cast<int32_t>(pos_ - 1), doubled, '"');
    token.type = Tok::kIdentifier;
    token.integer = -2;
  } else {
    plain_string(token, Tok::kStringConst);
    token.integer = -1;
  }
}

// Undoes the escapes of a U& token, looking at UESCAPE 'x' behind it.
void Lexer::resolve_unicode(std::vector<Token>& tokens, size_t i) {
  bool is_identifier = tokens[i].integer == -2;
  char escape = '\\';
  try {
    Token& after = tokens[i + 1];
    if (after.type == Tok::kError) throw Failed{};
    if (after.type == Tok::kUescape) {
      Token& literal = tokens[i + 2];
      if (literal.type == Tok::kError) throw Failed{};
      if (literal.type != Tok::kStringConst || literal.integer == -1) {
        fail("UESCAPE must be followed by a simple string literal", literal.location, literal.end);
      }
      char c = literal.text.size() == 1 ? literal.text[0] : '\'';
      if (hex_digit(c) >= 0 || c == '+' || c == '\'' || c == '"' || is(c, kSpace)) {
        fail("invalid Unicode escape character", literal.location, literal.end);
      }
      escape = c;
    }
    tokens[i].text = undo_unicode(tokens[i], escape);
  } catch (Failed) {
    tokens[i].type = Tok::kError;
    tokens[i].integer = 0;
    return;
  }
  tokens[i].integer = 0;
  if (is_identifier) tokens[i].text = tokens[i].text.substr(0, clip_utf8(tokens[i].text, kMaxNameBytes));
  if (tokens[i + 1].type == Tok::kUescape) tokens.erase(tokens.begin() + i + 1, tokens.begin() + i + 3);
}

std::string_view Lexer::undo_unicode(const Token& token, char escape) {
  std::string_view in = token.text;
  std::string out;
  uint32_t high = 0;
  auto fail_at = [&](size_t at, const char* message) {
    fail_alone(sqlstate::kSyntaxError, message, {}, token.location + 3 + static_cast<int32_t>(at));
  };
  for (size_t at = 0; at < in.size();) {
    if (in[at] != escape) {
      if (high != 0) fail_at(at, "invalid Unicode surrogate pair");
      out += in[at++];
      continue;
    }
    if (at + 1 < in.size() && in[at + 1] == escape) {
      if (high != 0) fail_at(at, "invalid Unicode surrogate pair");
      out += escape;
      at += 2;
      continue;
    }
    bool plus = at + 1 < in.size() && in[at + 1] == '+';
    size_t first = at + (plus ? 2 : 1);
    size_t wanted = plus ? 6 : 4;
    uint32_t c = 0;
    size_t n = 0;
    for (; n < wanted && first + n < in.size() && hex_digit(in[first + n]) >= 0; ++n) {
      c = c << 4 | static_cast<uint32_t>(hex_digit(in[first + n]));
    }
    if (n < wanted) {
      fail_alone(sqlstate::kSyntaxError, "invalid Unicode escape",
                 "Unicode escapes must be \\XXXX or \\+XXXXXX.",
                 token.location + 3 + static_cast<int32_t>(at));
    }
    if (c == 0 || c > 0x10FFFF) fail_at(at, "invalid Unicode escape value");
    if (high != 0) {
      if (!is_low_surrogate(c)) fail_at(at, "invalid Unicode surrogate pair");
      append_utf8(out, join_surrogates(high, c));
      high = 0;
    } else if (is_high_surrogate(c)) {
      high = c;
    } else {
      if (is_low_surrogate(c)) fail_at(at, "invalid Unicode surrogate pair");
      append_utf8(out, c);
    }
    at = first + wanted;
  }
  if (high != 0) fail_at(in.size(), "invalid Unicode surrogate pair");
  return arena_.copy(std::string_view(out));
}

}  // namespace varve::parser
