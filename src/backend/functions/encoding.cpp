#include "encoding.h"

#include <array>
#include <cstdint>
#include <fmt/format.h>

#include "common/append_format.h"
#include "common/sql_error.h"
#include "types/format_settings.h"
#include "types/text_codec.h"
#include "types/utf8.h"

namespace varve::functions {

namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr size_t kLineChars = 76;

[[noreturn]] void invalid(std::string message) {
  throw SqlError(sqlstate::kInvalidParameterValue, std::move(message));
}

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

std::string_view char_at(std::string_view s, size_t at) {
  return s.substr(at, types::utf8_char_bytes(s[at]));
}

void encode_base64(std::string& out, std::string_view bytes) {
  size_t line = out.size();
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t n = std::min<size_t>(3, bytes.size() - i);
    uint32_t v = 0;
    for (uint32_t k = 0; k < 3; ++k) v = v << 8 | (k < n ? static_cast<uint8_t>(bytes[i + k]) : 0);
    for (uint32_t k = 0; k < 4; ++k) out.push_back(k <= n ? kBase64[v >> (18 - 6 * k) & 63] : '=');
    if (out.size() - line >= kLineChars && i + 3 <= bytes.size()) {
      out.push_back('\n');
      line = out.size();
    }
  }
}

void decode_base64(std::string& out, std::string_view text) {
  uint32_t v = 0;
  int position = 0, end = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (is_blank(c)) continue;
    size_t digit = 0;
    if (c == '=') {
      if (end == 0) {
        if (position == 2)
          end = 1;
        else if (position == 3)
          end = 2;
        else
          invalid("unexpected \"=\" while decoding base64 sequence");
      }
    } else {
      digit = kBase64.find(c);
      if (digit == std::string_view::npos) {
        invalid(fmt::format("invalid symbol \"{}\" found while decoding base64 sequence", char_at(text, i)));
      }
    }
    v = v << 6 | static_cast<uint32_t>(digit);
    if (++position < 4) continue;
    out.push_back(static_cast<char>(v >> 16));
    if (end == 0 || end > 1) out.push_back(static_cast<char>(v >> 8));
    if (end == 0 || end > 2) out.push_back(static_cast<char>(v));
    v = 0;
    position = 0;
  }
  if (position != 0) {
    throw SqlError(sqlstate::kInvalidParameterValue, "invalid base64 end sequence")
        .hint("Input data is missing padding, is truncated, or is otherwise corrupted.");
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if ((c | 32) >= 'a' && (c | 32) <= 'f') return (c | 32) - 'a' + 10;
  return -1;
}
void decode_hex(std::string& out, std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    if (is_blank(text[i])) {
      ++i;
      continue;
    }
    auto digit = [&](size_t at) {
      int d = hex_digit(text[at]);
      if (d < 0) invalid(fmt::format("invalid hexadecimal digit: \"{}\"", char_at(text, at)));
      return d;
    };
    int high = digit(i++);
    if (i >= text.size()) invalid("invalid hexadecimal data: odd number of digits");
    out.push_back(static_cast<char>(high << 4 | digit(i++)));
  }
}

void encode_escape(std::string& out, std::string_view bytes) {
  for (char c : bytes) {
    auto u = static_cast<uint8_t>(c);
    if (u == 0 || u >= 0x80)
      append_format(out, "\\{:03o}", u);
    else if (c == '\\')
      out += "\\\\";
    else
      out.push_back(c);
  }
}
void decode_escape(std::string& out, std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      out.push_back(text[i++]);
      continue;
    }
    auto octal = [&](size_t at, char max) { return at < text.size() && text[at] >= '0' && text[at] <= max; };
    if (octal(i + 1, '3') && octal(i + 2, '7') && octal(i + 3, '7')) {
      out.push_back(
          static_cast<char>((text[i + 1] - '0') << 6 | (text[i + 2] - '0') << 3 | (text[i + 3] - '0')));
      i += 4;
    } else if (i + 1 < text.size() && text[i + 1] == '\\') {
      out.push_back('\\');
      i += 2;
    } else {
      throw SqlError(sqlstate::kInvalidTextRepresentation, "invalid input syntax for type bytea");
    }
  }
}

std::string lower_name(std::string_view s) {
  std::string out;
  types::append_lower(out, s, "");
  return out;
}

}  // namespace

void append_hex(std::string& out, std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (char c : bytes) {
    out.push_back(kDigits[static_cast<uint8_t>(c) >> 4]);
    out.push_back(kDigits[static_cast<uint8_t>(c) & 15]);
  }
}

void encode_bytes(std::string& out, std::string_view bytes, std::string_view format) {
  std::string name = lower_name(format);
  if (name == "hex")
    append_hex(out, bytes);
  else if (name == "base64")
    encode_base64(out, bytes);
  else if (name == "escape")
    encode_escape(out, bytes);
  else
    invalid(fmt::format("unrecognized encoding: \"{}\"", format));
}

void decode_bytes(std::string& out, std::string_view text, std::string_view format) {
  std::string name = lower_name(format);
  if (name == "hex")
    decode_hex(out, text);
  else if (name == "base64")
    decode_base64(out, text);
  else if (name == "escape")
    decode_escape(out, text);
  else
    invalid(fmt::format("unrecognized encoding: \"{}\"", format));
}

void check_encoding(std::string_view name) {
  std::string plain;
  for (char c : lower_name(name)) {
    if (c != '-' && c != '_') plain.push_back(c);
  }
  if (plain == "utf8" || plain == "unicode") return;
  throw_not_supported(fmt::format("conversion between encodings UTF8 and {}", name));
}

}  // namespace varve::functions
