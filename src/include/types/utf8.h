// UTF-8 text: validation, counting by characters, case mapping. The only server encoding is UTF8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace varve::types {

// Offset of the first byte of the first invalid sequence, or size() if all is valid. A zero byte is invalid;
// overlong forms, surrogates and code points above 10FFFF are too.
size_t utf8_invalid_at(std::string_view text);
// Throws 22021 `invalid byte sequence for encoding "UTF8": 0x..`.
void utf8_verify(std::string_view text);

// The functions below expect valid UTF-8 (and never read outside of it even if it is not).
constexpr size_t utf8_char_bytes(char first) {
  auto c = static_cast<uint8_t>(first);
  return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}
size_t utf8_length(std::string_view text);
// Byte offset of the character with this 0-based index; size() if there are fewer.
size_t utf8_offset(std::string_view text, size_t char_index);
// substring(text from start for count): `start` is 1-based and may be <= 0; count < 0 means to the end.
std::string_view utf8_substring(std::string_view text, int64_t start, int64_t count);
// Decodes the character at `offset` and advances it.
uint32_t utf8_next(std::string_view text, size_t& offset);
void append_utf8(std::string& out, uint32_t code_point);

// Case mapping. `locale` is an ICU locale name, or empty for the "C" locale, where only ASCII letters change.
// Root ("und") maps each character without special rules of a language; kSimpleCaseLocale, as C.UTF-8 does,
// one character for one character, so that the length in characters stays.
inline constexpr const char* kSimpleCaseLocale = "C.UTF-8";
void append_upper(std::string& out, std::string_view text, const char* locale);
void append_lower(std::string& out, std::string_view text, const char* locale);
void append_initcap(std::string& out, std::string_view text, const char* locale);

}  // namespace varve::types
