// ts_headline(): the part of a document that shows best why it matches.
#pragma once

#include <string>
#include <string_view>

#include "textsearch/search_query.h"
#include "textsearch/text_config.h"

namespace varve::functions {

struct HeadlineOptions {
  int min_words = 15, max_words = 35, short_word = 3, max_fragments = 0;
  bool highlight_all = false;
  std::string start = "<b>", stop = "</b>", delimiter = " ... ";
};
// "MinWords = 5, StartSel = '<i>'"; 22023.
HeadlineOptions parse_headline_options(std::string_view text);
void append_headline(std::string& out, const TextConfig& config, std::string_view text, const Query& query,
                     const HeadlineOptions& options);

}  // namespace varve::functions
