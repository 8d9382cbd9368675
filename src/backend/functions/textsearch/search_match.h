// Does a document match a query, and how well.
#pragma once

#include <span>
#include <string_view>

#include "textsearch/lexeme_vector.h"
#include "textsearch/search_query.h"

namespace varve::functions {

enum class Match : uint8_t { kNo, kYes, kMaybe };

// Where an operand of a phrase matches: positions of the match's last word, ascending.
struct MatchPlaces {
  std::vector<int> positions;
  bool negated = false;  // everywhere but there
  int width = 0;         // how many positions before the last word the match begins
};

// Answers for single words; `places` null: only whether.
class WordMatcher {
 public:
  virtual ~WordMatcher() = default;
  virtual Match match(const QueryNode& word, MatchPlaces* places) = 0;
};
bool matches(const Query& query, WordMatcher& words);
bool matches(const LexemeVector& document, const Query& query);

// Normalisation of ranks: bits as in PostgreSQL's ts_rank().
using Weights = std::span<const float, 4>;  // of D, C, B, A
float rank(Weights weights, const LexemeVector& document, const Query& query, int normalization);
float rank_by_cover(Weights weights, const LexemeVector& document, const Query& query, int normalization);

}  // namespace varve::functions
