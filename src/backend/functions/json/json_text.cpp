#include "json_text.h"

#include <algorithm>
#include <fmt/format.h>

#include "common/sql_error.h"
#include "types/numeric.h"
#include "types/utf8.h"

namespace varve::functions {

namespace {

bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         (c & 0x80) != 0;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

enum class Token : uint8_t {
  kString,
  kNumber,
  kTrue,
  kFalse,
  kNull,
  kObjectStart,
  kObjectEnd,
  kArrayStart,
  kArrayEnd,
  kComma,
  kColon,
  kEnd
};

}  // namespace

class JsonTextParser {
 public:
  JsonTextParser(JsonTape& tape, bool unescape)
      : text_(tape.text_), nodes_(tape.nodes_), unescape_(unescape) {}

  void run() {
    lex();
    value(0);
    if (token_ != Token::kEnd) fail_parse("Expected end of input, but found \"{}\".");
  }

 private:
  // --- errors
  [[noreturn]] void fail(std::string detail, bool untranslatable = false) {
    SqlError error =
        untranslatable ? SqlError(sqlstate::kUntranslatableCharacter, "unsupported Unicode escape sequence")
                       : SqlError(sqlstate::kInvalidTextRepresentation, "invalid input syntax for type json");
    throw error.detail(std::move(detail)).context(where());
  }
  std::string_view token_text() const { return text_.substr(start_, end_ - start_); }
  [[noreturn]] void fail_token() { fail(fmt::format("Token \"{}\" is invalid.", token_text())); }
  [[noreturn]] void fail_parse(std::string_view detail) {
    if (token_ == Token::kEnd) fail("The input string ended unexpectedly.");
    fail(fmt::format(fmt::runtime(detail), token_text()));
  }
  // The line up to where reading stopped, at most some fifty bytes of it.
  std::string where() const {
    size_t begin = line_start_, end = std::max(end_, line_start_);
    while (end - begin >= 50) begin += types::utf8_char_bytes(text_[begin]);
    if (begin - line_start_ <= 3) begin = line_start_;
    bool more = token_ != Token::kEnd && end < text_.size() && text_[end] != '\n' && text_[end] != '\r';
    return fmt::format("JSON data, line {}: {}{}{}", line_, begin > line_start_ ? "..." : "",
                       text_.substr(begin, end - begin), more ? "..." : "");
  }
  size_t behind_character(size_t at) const {
    return std::min(text_.size(), at + types::utf8_char_bytes(text_[at]));
  }

  // --- lexer: the current token is [start_, end_).
  void lex() {
    size_t at = end_;
    for (; at < text_.size(); ++at) {
      char c = text_[at];
      if (c == '\n') {
        ++line_;
        line_start_ = at + 1;
      } else if (c != ' ' && c != '\t' && c != '\r') {
        break;
      }
    }
    start_ = at;
    if (at >= text_.size()) {
      end_ = at;
      token_ = Token::kEnd;
      return;
    }
    switch (text_[at]) {
      case '{':
        return punctuation(Token::kObjectStart);
      case '}':
        return punctuation(Token::kObjectEnd);
      case '[':
        return punctuation(Token::kArrayStart);
      case ']':
        return punctuation(Token::kArrayEnd);
      case ',':
        return punctuation(Token::kComma);
      case ':':
        return punctuation(Token::kColon);
      case '"':
        return string();
      case '-':
        return number(at + 1);
      case '0':
      case '1':
      case '2':
      case '3':
      case '4':
      case '5':
      case '6':
      case '7':
      case '8':
      case '9':
        return number(at);
      default:
        return word();
    }
  }
  void punctuation(Token token) {
    end_ = start_ + 1;
    token_ = token;
  }
  void word() {
    size_t p = start_;
    while (p < text_.size() && is_word_char(text_[p])) ++p;
    end_ = p == start_ ? p + 1 : p;
    std::string_view w = token_text();
    if (w == "true")
      token_ = Token::kTrue;
    else if (w == "false")
      token_ = Token::kFalse;
    else if (w == "null")
      token_ = Token::kNull;
    else
      fail_token();
  }
  void number(size_t at) {
    auto digits = [&] {
      size_t from = at;
      while (at < text_.size() && is_digit(text_[at])) ++at;
      return at > from;
    };
    bool error = false;
    if (at < text_.size() && text_[at] == '0')
      ++at;
    else
      error = !digits();
    if (at < text_.size() && text_[at] == '.') {
      ++at;
      error |= !digits();
    }
    if (at < text_.size() && (text_[at] == 'e' || text_[at] == 'E')) {
      ++at;
      if (at < text_.size() && (text_[at] == '+' || text_[at] == '-')) ++at;
      error |= !digits();
    }
    for (; at < text_.size() && is_word_char(text_[at]); ++at) error = true;
    end_ = at;
    if (error) fail_token();
    token_ = Token::kNumber;
  }

  void string() {
    escaped_ = false;
    bool high = false;  // behind a high surrogate
    size_t at = start_;
    for (;;) {
      ++at;
      if (at >= text_.size()) fail_string(at);
      char c = text_[at];
      if (c == '"') break;
      if (c == '\\') {
        escaped_ = true;
        escape(at, high);
      } else {
        if (high) fail_surrogate(at);
        while (static_cast<uint8_t>(c) >= 32 && c != '"' && c != '\\') {
          if (++at >= text_.size()) fail_string(at);
          c = text_[at];
        }
        if (static_cast<uint8_t>(c) < 32) {
          end_ = at;
          fail(fmt::format("Character with value 0x{:02x} must be escaped.", static_cast<uint8_t>(c)));
        }
        --at;
      }
    }
    if (high) fail_surrogate(at);
    end_ = at + 1;
    token_ = Token::kString;
  }
  [[noreturn]] void fail_string(size_t at) {
    end_ = std::min(at, text_.size());
    fail_token();
  }
  [[noreturn]] void fail_surrogate(size_t at) {
    end_ = behind_character(at);
    fail("Unicode low surrogate must follow a high surrogate.");
  }

  void escape(size_t& at, bool& high) {
    ++at;
    if (at >= text_.size()) fail_string(at);
    if (text_[at] == 'u') return unicode_escape(at, high);
    if (unescape_ && high) fail_surrogate(at);
    if (std::string_view("\"\\/bfnrt").find(text_[at]) != std::string_view::npos) return;
    start_ = at;
    end_ = behind_character(at);
    fail(fmt::format("Escape sequence \"\\{}\" is invalid.", token_text()));
  }
  void unicode_escape(size_t& at, bool& high) {
    int ch = 0;
    for (int i = 0; i < 4; ++i) {
      ++at;
      if (at >= text_.size()) fail_string(at);
      int digit = hex_value(text_[at]);
      if (digit < 0) {
        end_ = behind_character(at);
        fail("\"\\u\" must be followed by four hexadecimal digits.");
      }
      ch = ch * 16 + digit;
    }
    if (!unescape_) return;
    if (ch >= 0xD800 && ch <= 0xDBFF) {
      if (high) {
        end_ = at + 1;
        fail("Unicode high surrogate must not follow a high surrogate.");
      }
      high = true;
      return;
    }
    bool low = ch >= 0xDC00 && ch <= 0xDFFF;
    if (low != high) fail_surrogate(at);
    high = false;
    if (ch != 0) return;
    end_ = at + 1;
    fail("\\u0000 cannot be converted to text.", true);
  }

  // --- parser
  uint32_t add(JsonType type) {
    nodes_.push_back({type, false, static_cast<uint32_t>(start_), static_cast<uint32_t>(end_), 0, 0});
    return static_cast<uint32_t>(nodes_.size() - 1);
  }
  void scalar(JsonType type) {
    uint32_t at = add(type);
    nodes_[at].next = at + 1;
    nodes_[at].escaped = type == JsonType::kString && escaped_;
    lex();
  }
  void value(uint32_t depth) {
    if (depth > kMaxJsonDepth) throw_json_depth();
    switch (token_) {
      case Token::kObjectStart:
        return object(depth);
      case Token::kArrayStart:
        return array(depth);
      case Token::kString:
        return scalar(JsonType::kString);
      case Token::kNumber:
        return scalar(JsonType::kNumber);
      case Token::kTrue:
        return scalar(JsonType::kTrue);
      case Token::kFalse:
        return scalar(JsonType::kFalse);
      case Token::kNull:
        return scalar(JsonType::kNull);
      default:
        fail_parse("Expected JSON value, but found \"{}\".");
    }
  }
  void close(uint32_t at, uint32_t count) {
    nodes_[at].end = static_cast<uint32_t>(end_);
    nodes_[at].next = static_cast<uint32_t>(nodes_.size());
    nodes_[at].count = count;
    lex();
  }
  void field(uint32_t depth) {
    if (token_ != Token::kString) fail_parse("Expected string, but found \"{}\".");
    scalar(JsonType::kString);
    if (token_ != Token::kColon) fail_parse("Expected \":\", but found \"{}\".");
    lex();
    value(depth + 1);
  }
  void object(uint32_t depth) {
    uint32_t at = add(JsonType::kObject), count = 0;
    lex();
    if (token_ == Token::kString) {
      field(depth);
      for (count = 1; token_ == Token::kComma; ++count) {
        lex();
        field(depth);
      }
    } else if (token_ != Token::kObjectEnd) {
      fail_parse("Expected string or \"}}\", but found \"{}\".");
    }
    if (token_ != Token::kObjectEnd) fail_parse("Expected \",\" or \"}}\", but found \"{}\".");
    close(at, count);
  }
  void array(uint32_t depth) {
    uint32_t at = add(JsonType::kArray), count = 0;
    lex();
    if (token_ != Token::kArrayEnd) {
      value(depth + 1);
      for (count = 1; token_ == Token::kComma; ++count) {
        lex();
        value(depth + 1);
      }
    }
    if (token_ != Token::kArrayEnd) fail_parse("Expected \",\" or \"]\", but found \"{}\".");
    close(at, count);
  }

  std::string_view text_;
  std::vector<JsonNode>& nodes_;
  bool unescape_;
  Token token_ = Token::kString;
  bool escaped_ = false;
  size_t start_ = 0, end_ = 0, line_start_ = 0;
  int line_ = 1;
};

void JsonTape::parse(std::string_view text, bool unescape) {
  text_ = text;
  nodes_.clear();
  JsonTextParser(*this, unescape).run();
}

std::string_view JsonTape::string(uint32_t i, std::string& buffer) const {
  std::string_view raw_text = raw(i), s = raw_text.substr(1, raw_text.size() - 2);
  if (!nodes_[i].escaped) return s;
  buffer.clear();
  for (size_t at = 0; at < s.size(); ++at) {
    if (s[at] != '\\') {
      buffer += s[at];
      continue;
    }
    switch (s[++at]) {
      case 'b':
        buffer += '\b';
        break;
      case 'f':
        buffer += '\f';
        break;
      case 'n':
        buffer += '\n';
        break;
      case 'r':
        buffer += '\r';
        break;
      case 't':
        buffer += '\t';
        break;
      case 'u': {
        auto four = [&] {
          uint32_t v = 0;
          for (int k = 1; k <= 4; ++k)
            v = v * 16 + static_cast<uint32_t>(hex_value(s[at + static_cast<size_t>(k)]));
          at += 4;
          return v;
        };
        uint32_t ch = four();
        if (ch >= 0xD800 && ch <= 0xDBFF) {
          at += 2;
          ch = 0x10000 + ((ch & 0x3FF) << 10) + (four() & 0x3FF);
        }
        types::append_utf8(buffer, ch);
        break;
      }
      default:
        buffer += s[at];
        break;
    }
  }
  return buffer;
}

uint32_t JsonTape::find_field(uint32_t object, std::string_view name) const {
  uint32_t found = kNotFound, at = object + 1;
  std::string buffer;
  for (uint32_t i = 0; i < nodes_[object].count; ++i) {
    if (string(at, buffer) == name) found = at + 1;
    at = nodes_[at + 1].next;
  }
  return found;
}

uint32_t JsonTape::find_item(uint32_t array, int64_t index) const {
  int64_t count = nodes_[array].count;
  if (index < 0) index += count;
  if (index < 0 || index >= count) return kNotFound;
  uint32_t at = array + 1;
  while (index-- > 0) at = nodes_[at].next;
  return at;
}

// Containers are written in place: first room for the ends, then the parts, then the ends.
void JsonTape::append_jsonb(std::string& out, uint32_t at) const {
  const JsonNode& n = nodes_[at];
  std::string buffer;
  switch (n.type) {
    case JsonType::kNull:
    case JsonType::kFalse:
    case JsonType::kTrue:
      out += static_cast<char>(n.type);
      return;
    case JsonType::kString:
      append_jsonb_string(out, string(at, buffer));
      return;
    case JsonType::kNumber: {
      Arena arena;
      append_jsonb_number(out, types::parse_numeric(raw(at), arena));
      return;
    }
    default:
      break;
  }
  size_t tables = n.type == JsonType::kObject ? 2 : 1, start = out.size();
  auto put = [&](size_t word, size_t v) {
    if (v > 0x0FFFFFFF) {
      throw SqlError(sqlstate::kProgramLimitExceeded, std::string("total size of jsonb ") +
                                                          (tables == 2 ? "object" : "array") +
                                                          " elements exceeds the maximum of 268435455 bytes");
    }
    store_raw(out.data() + start + 1 + 4 * word, static_cast<uint32_t>(v));
  };
  if (n.type == JsonType::kArray) {
    out.append(5 + size_t{4} * n.count, '\0');
    out[start] = static_cast<char>(n.type);
    put(0, n.count);
    size_t items = out.size();
    uint32_t child = at + 1;
    for (uint32_t i = 0; i < n.count; ++i) {
      append_jsonb(out, child);
      put(1 + i, out.size() - items);
      child = nodes_[child].next;
    }
    return;
  }
  // Keys are sorted first; of equal ones the last stays.
  struct Field {
    std::string_view key;
    uint32_t value;
  };
  std::vector<Field> fields;
  fields.reserve(n.count);
  Arena keys;
  uint32_t child = at + 1;
  for (uint32_t i = 0; i < n.count; ++i) {
    std::string_view key = string(child, buffer);
    fields.push_back({nodes_[child].escaped ? keys.copy(key) : key, child + 1});
    child = nodes_[child + 1].next;
  }
  auto less = [](const Field& a, const Field& b) { return compare_json_keys(a.key, b.key) < 0; };
  if (!std::is_sorted(fields.begin(), fields.end(), less))
    std::stable_sort(fields.begin(), fields.end(), less);
  size_t kept = 0;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i + 1 < fields.size() && fields[i].key == fields[i + 1].key) continue;
    fields[kept++] = fields[i];
  }
  out.append(5 + 8 * kept, '\0');
  out[start] = static_cast<char>(n.type);
  put(0, kept);
  size_t area = out.size();
  for (size_t i = 0; i < kept; ++i) {
    out += fields[i].key;
    put(1 + i, out.size() - area);
  }
  area = out.size();
  for (size_t i = 0; i < kept; ++i) {
    append_jsonb(out, fields[i].value);
    put(1 + kept + i, out.size() - area);
  }
}

void append_json_as_jsonb(std::string& out, std::string_view text) {
  JsonTape tape;
  tape.parse(text, true);
  tape.append_jsonb(out);
}
void check_json(std::string_view text) {
  JsonTape tape;
  tape.parse(text, false);
}

}  // namespace varve::functions
