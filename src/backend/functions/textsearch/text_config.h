// Text search configurations and dictionaries: those that PostgreSQL has from the start, with its oids. There
// are no others, because CREATE TEXT SEARCH … is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/strong_id.h"
#include "textsearch/token_parser.h"

namespace varve::functions {

struct TextDictionary {
  Oid oid;
  std::string_view name;
  std::string_view language;  // empty: "simple", which only makes words lower-case
};
struct TextConfig {
  Oid oid;
  std::string_view name;
  const TextDictionary* other_words;  // for words with letters that are not ASCII
  const TextDictionary* ascii_words;
};

std::span<const TextConfig> text_configs();
std::span<const TextDictionary> text_dictionaries();
const TextConfig* find_text_config(std::string_view name);  // perhaps with "pg_catalog." before it
const TextConfig* find_text_config(Oid oid);
const TextDictionary* find_text_dictionary(std::string_view name);
const TextDictionary* find_text_dictionary(Oid oid);
// Which dictionary reads tokens of this type; null: they are passed over.
const TextDictionary* dictionary_for(const TextConfig& config, TokenType type);

// What a dictionary makes of a word: a lexeme; empty, if it is a stop word.
std::optional<std::string> lexize(const TextDictionary& dictionary, std::string_view word);

struct PlacedLexeme {
  std::string text;
  int position;
};
// The lexemes of a text with their positions; stop words have positions too. `position` counts on.
void parse_text(const TextConfig& config, std::string_view text, std::vector<PlacedLexeme>& out,
                int* position);

}  // namespace varve::functions
