#include "types/utf8.h"

#include <algorithm>
#include <unicode/ucasemap.h>
#include <unicode/uchar.h>

#include "common/bytes.h"
#include "common/sql_error.h"
#include "text_scan.h"

namespace varve::types {

namespace {

bool continues(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

// Length of the valid character at the front; 0 if it is invalid.
size_t valid_char(std::string_view s) {
  auto a = static_cast<uint8_t>(s[0]);
  if (a < 0x80) return a == 0 ? 0 : 1;
  if (a < 0xC2 || a > 0xF4) return 0;
  size_t n = utf8_char_bytes(s[0]);
  if (s.size() < n) return 0;
  for (size_t i = 1; i < n; ++i) {
    if (!continues(s[i])) return 0;
  }
  auto b = static_cast<uint8_t>(s[1]);
  // Overlong, surrogate, or above 10FFFF.
  if ((a == 0xE0 && b < 0xA0) || (a == 0xED && b > 0x9F) || (a == 0xF0 && b < 0x90) ||
      (a == 0xF4 && b > 0x8F))
    return 0;
  return n;
}

}  // namespace

size_t utf8_invalid_at(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    // Eight ASCII bytes at a time, none of them zero.
    while (i + 8 <= text.size()) {
      auto word = load_raw<uint64_t>(text.data() + i);
      constexpr uint64_t kHigh = 0x8080808080808080, kOnes = 0x0101010101010101;
      if ((word & kHigh) != 0 || ((word - kOnes) & ~word & kHigh) != 0) break;
      i += 8;
    }
    if (i == text.size()) break;
    size_t n = valid_char(text.substr(i));
    if (n == 0) return i;
    i += n;
  }
  return i;
}

void utf8_verify(std::string_view text) {
  size_t at = utf8_invalid_at(text);
  if (at == text.size()) return;
  std::string message = "invalid byte sequence for encoding \"UTF8\":";
  // A lead byte promises more bytes than may be there.
  auto first = static_cast<uint8_t>(text[at]);
  size_t n = first < 0xC0 ? 1 : utf8_char_bytes(text[at]);
  if (first >= 0xF8) n = 1;
  for (size_t i = at; i < std::min(at + n, text.size()); ++i) {
    constexpr char kHex[] = "0123456789abcdef";
    message += " 0x";
    message.push_back(kHex[static_cast<uint8_t>(text[i]) >> 4]);
    message.push_back(kHex[text[i] & 15]);
  }
  throw SqlError(sqlstate::kCharacterNotInRepertoire, std::move(message));
}

size_t utf8_length(std::string_view text) {
  size_t n = 0;
  for (char c : text) n += !continues(c);
  return n;
}

size_t utf8_offset(std::string_view text, size_t char_index) {
  size_t i = 0;
  for (; char_index > 0 && i < text.size(); --char_index) i += utf8_char_bytes(text[i]);
  return std::min(i, text.size());
}

std::string_view utf8_substring(std::string_view text, int64_t start, int64_t count) {
  int64_t first = std::max<int64_t>(start, 1);
  size_t from = utf8_offset(text, static_cast<size_t>(first - 1));
  if (count < 0) return text.substr(from);
  int64_t end;
  if (__builtin_add_overflow(start, count, &end)) return text.substr(from);
  if (end <= first) return {};
  std::string_view rest = text.substr(from);
  return rest.substr(0, utf8_offset(rest, static_cast<size_t>(end - first)));
}

uint32_t utf8_next(std::string_view text, size_t& offset) {
  auto a = static_cast<uint8_t>(text[offset]);
  size_t n = std::min(utf8_char_bytes(text[offset]), text.size() - offset);
  uint32_t c = n == 1 ? a : a & (0x7FU >> n);
  for (size_t i = 1; i < n; ++i) c = c << 6 | (static_cast<uint8_t>(text[offset + i]) & 0x3FU);
  offset += n;
  return c;
}

void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xC0 | c >> 6));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else if (c < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | c >> 12));
    out.push_back(static_cast<char>(0x80 | (c >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | c >> 18));
    out.push_back(static_cast<char>(0x80 | (c >> 12 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  }
}

namespace {

enum class Case : uint8_t { kUpper, kLower };

bool is_c_locale(const char* locale) { return locale == nullptr || *locale == '\0'; }

void append_ascii_case(std::string& out, std::string_view text, Case to) {
  size_t at = out.size();
  out += text;
  for (size_t i = at; i < out.size(); ++i) {
    char c = out[i];
    if (to == Case::kUpper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z')
      out[i] = static_cast<char>(c ^ 0x20);
  }
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<uint8_t>(c) < 0x80; });
}

// One character for one character, whatever its neighbours.
void append_simple_case(std::string& out, std::string_view text, Case to) {
  if (is_ascii(text)) return append_ascii_case(out, text, to);
  for (size_t i = 0; i < text.size();) {
    auto c = static_cast<UChar32>(utf8_next(text, i));
    append_utf8(out, static_cast<uint32_t>(to == Case::kUpper ? u_toupper(c) : u_tolower(c)));
  }
}

void append_case(std::string& out, std::string_view text, const char* locale, Case to) {
  if (is_c_locale(locale)) return append_ascii_case(out, text, to);
  if (std::string_view(locale) == kSimpleCaseLocale) return append_simple_case(out, text, to);
  UErrorCode error = U_ZERO_ERROR;
  UCaseMap* map = ucasemap_open(locale, 0, &error);
  if (U_FAILURE(error))
    throw SqlError(sqlstate::kInvalidParameterValue, std::string("could not open locale \"") + locale + '"');
  size_t at = out.size();
  auto size = static_cast<int32_t>(text.size());
  auto convert = to == Case::kUpper ? ucasemap_utf8ToUpper : ucasemap_utf8ToLower;
  int32_t room = size + 16;
  for (;;) {  // the second round has the size that the first asked for
    out.resize(at + static_cast<size_t>(room));
    error = U_ZERO_ERROR;
    int32_t needed = convert(map, out.data() + at, room, text.data(), size, &error);
    if (error != U_BUFFER_OVERFLOW_ERROR) {
      out.resize(at + static_cast<size_t>(needed));
      break;
    }
    room = needed;
  }
  ucasemap_close(map);
}

}  // namespace

void append_upper(std::string& out, std::string_view text, const char* locale) {
  append_case(out, text, locale, Case::kUpper);
}
void append_lower(std::string& out, std::string_view text, const char* locale) {
  append_case(out, text, locale, Case::kLower);
}

void append_initcap(std::string& out, std::string_view text, const char* locale) {
  bool c_locale = is_c_locale(locale), in_word = false;
  for (size_t i = 0; i < text.size();) {
    uint32_t c = utf8_next(text, i);
    if (c < 0x80) {
      auto ch = static_cast<char>(c);
      bool letter = is_alpha(ch);
      out.push_back(!letter ? ch : in_word ? lower(ch) : static_cast<char>(lower(ch) - 32));
      in_word = letter || is_digit(ch);
    } else if (c_locale) {
      append_utf8(out, c);
      in_word = false;
    } else {
      auto code = static_cast<UChar32>(c);
      append_utf8(out, static_cast<uint32_t>(in_word ? u_tolower(code) : u_totitle(code)));
      in_word = u_isalnum(code) != 0;
    }
  }
}

}  // namespace varve::types
