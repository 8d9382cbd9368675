// The default text search parser: what of a text is a word, a number, an address, a tag …
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace varve::functions {

// PostgreSQL's numbers of token types.
enum class TokenType : uint8_t {
  kNone,
  kAsciiWord,
  kWord,
  kNumWord,
  kEmail,
  kUrl,
  kHost,
  kSfloat,
  kVersion,
  kHwordNumPart,
  kHwordPart,
  kHwordAsciiPart,
  kBlank,
  kTag,
  kProtocol,
  kNumHword,
  kAsciiHword,
  kHword,
  kUrlPath,
  kFile,
  kFloat,
  kInt,
  kUint,
  kEntity,
};
inline constexpr int kTokenTypes = 23;

struct TokenTypeInfo {
  std::string_view alias, description;
};
std::span<const TokenTypeInfo> token_types();  // of types 1 …

struct Token {
  TokenType type;
  std::string_view text;  // in the text that was parsed
};
// In order; parts of a compound (a-b, host/path) follow the whole.
std::vector<Token> parse_tokens(std::string_view text);

}  // namespace varve::functions
