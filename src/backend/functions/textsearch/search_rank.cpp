// ts_rank(): how often the words stand there, and how close to each other. ts_rank_cd(): how dense the
// shortest stretches are that match the whole query. The arithmetic keeps PostgreSQL's mixture of float4 and
// float8.
#include <algorithm>
#include <climits>
#include <cmath>
#include <tuple>
#include <unordered_map>

#include "textsearch/search_match.h"

namespace varve::functions {

namespace {

constexpr int kLogLength = 1, kLength = 2, kExtentDistance = 4, kUnique = 8, kLogUnique = 16, kRatio = 32;

void collect(const Query& q, std::vector<const QueryNode*>& out) {
  if (q == nullptr) return;
  // Right operands first, as PostgreSQL keeps them.
  if (q->op == QueryOp::kWord) out.push_back(q.get());
  collect(q->right, out);
  collect(q->left, out);
}
std::vector<const QueryNode*> distinct_words(const Query& q) {
  std::vector<const QueryNode*> words;
  collect(q, words);
  std::stable_sort(words.begin(), words.end(),
                   [](const QueryNode* a, const QueryNode* b) { return a->word < b->word; });
  words.erase(std::unique(words.begin(), words.end(),
                          [](const QueryNode* a, const QueryNode* b) { return a->word == b->word; }),
              words.end());
  return words;
}

std::pair<size_t, size_t> lexemes_of(const LexemeVector& document, const QueryNode& word) {
  if (word.prefix) return document.with_prefix(word.word);
  const Lexeme* l = document.find(word.word);
  if (l == nullptr) return {0, 0};
  auto at = static_cast<size_t>(l - document.lexemes.data());
  return {at, at + 1};
}

int length_of(const LexemeVector& document) {
  size_t n = 0;
  for (const Lexeme& l : document.lexemes) n += std::max<size_t>(l.places.size(), 1);
  return static_cast<int>(n);
}

float word_distance(int distance) {
  if (distance > 100) return 1e-30f;
  return static_cast<float>(1.0 / (1.005 + 0.05 * std::exp(static_cast<float>(distance) / 1.5 - 2)));
}

float rank_or(Weights w, const LexemeVector& document, const std::vector<const QueryNode*>& words) {
  const std::vector<Place> nowhere{0};
  float result = 0;
  for (const QueryNode* word : words) {
    auto [first, end] = lexemes_of(document, *word);
    for (size_t i = first; i < end; ++i) {
      const std::vector<Place>& own = document.lexemes[i].places;
      const std::vector<Place>& places = own.empty() ? nowhere : own;
      float sum = 0, heaviest = -1;
      int at = 0;
      for (size_t j = 0; j < places.size(); ++j) {
        float weight = w[static_cast<size_t>(place_weight(places[j]))];
        auto n = static_cast<int>(j) + 1;
        sum = sum + weight / static_cast<float>(n * n);
        if (weight > heaviest) {
          heaviest = weight;
          at = static_cast<int>(j);
        }
      }
      float rest = heaviest / static_cast<float>((at + 1) * (at + 1));
      result = static_cast<float>(result + (heaviest + sum - rest) / 1.64493406685);
    }
  }
  return words.empty() ? result : result / static_cast<float>(words.size());
}

float rank_and(Weights w, const LexemeVector& document, const std::vector<const QueryNode*>& words) {
  if (words.size() < 2) return rank_or(w, document, words);
  const std::vector<Place> nowhere{make_place(kEndPosition - 1, 0)};
  std::vector<const std::vector<Place>*> places(words.size(), nullptr);
  float result = -1;
  for (size_t i = 0; i < words.size(); ++i) {
    auto [first, end] = lexemes_of(document, *words[i]);
    for (size_t e = first; e < end; ++e) {
      places[i] = document.lexemes[e].places.empty() ? &nowhere : &document.lexemes[e].places;
      for (size_t k = 0; k < i; ++k) {
        if (places[k] == nullptr) continue;
        for (Place a : *places[i]) {
          for (Place b : *places[k]) {
            int distance = std::abs(place_position(a) - place_position(b));
            if (distance == 0 && places[i] != &nowhere && places[k] != &nowhere) continue;
            if (distance == 0) distance = kEndPosition;
            float product = w[static_cast<size_t>(place_weight(a))] *
                            w[static_cast<size_t>(place_weight(b))] * word_distance(distance);
            auto current = static_cast<float>(std::sqrt(static_cast<double>(product)));
            result = result < 0 ? current : static_cast<float>(1.0 - (1.0 - result) * (1.0 - current));
          }
        }
      }
    }
  }
  return result;
}

// A place of the document where words of the query stand.
struct Spot {
  Place place;
  size_t lexeme;
  std::vector<const QueryNode*> words;
};

// The query over the spots that were shown so far.
class SpotMatcher : public WordMatcher {
 public:
  void reset(bool backwards) {
    places_.clear();
    backwards_ = backwards;
  }
  void show(const Spot& spot) {
    for (const QueryNode* word : spot.words) {
      std::vector<int>& list = places_[word];
      int at = place_position(spot.place);
      if (list.empty() || list.back() != at) list.push_back(at);
    }
  }
  Match match(const QueryNode& word, MatchPlaces* places) override {
    auto it = places_.find(&word);
    if (it == places_.end()) return Match::kNo;
    if (places != nullptr) {
      places->positions = it->second;
      if (backwards_) std::reverse(places->positions.begin(), places->positions.end());
    }
    return Match::kYes;
  }

 private:
  std::unordered_map<const QueryNode*, std::vector<int>> places_;
  bool backwards_ = false;
};

std::vector<Spot> spots_of(const LexemeVector& document, const Query& query) {
  std::vector<const QueryNode*> words;
  collect(query, words);
  std::vector<Spot> all;
  for (const QueryNode* word : words) {
    auto [first, end] = lexemes_of(document, *word);
    for (size_t e = first; e < end; ++e) {
      for (Place p : document.lexemes[e].places) {
        if (word->weights == 0 || (word->weights >> place_weight(p) & 1) != 0) all.push_back({p, e, {word}});
      }
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Spot& a, const Spot& b) {
    auto key = [](const Spot& s) {
      return std::tuple(place_position(s.place), place_weight(s.place), s.lexeme);
    };
    return key(a) < key(b);
  });
  std::vector<Spot> joined;
  for (Spot& s : all) {
    if (!joined.empty() && joined.back().place == s.place && joined.back().lexeme == s.lexeme)
      joined.back().words.push_back(s.words[0]);
    else
      joined.push_back(std::move(s));
  }
  return joined;
}

struct Cover {
  size_t next = 0;  // where the search for the next one begins
  size_t begin = 0, end = 0;
  int from = 0, to = 0;  // positions
};

// The next shortest stretch that matches.
bool next_cover(const std::vector<Spot>& spots, const Query& query, SpotMatcher& matcher, Cover& cover) {
  for (;; ++cover.next) {
    matcher.reset(false);
    cover.from = INT_MAX;
    cover.to = 0;
    bool found = false;
    size_t last = 0;
    for (size_t i = cover.next; i < spots.size(); ++i) {
      matcher.show(spots[i]);
      if (!matches(query, matcher)) continue;
      if (place_position(spots[i].place) > cover.to) {
        cover.to = place_position(spots[i].place);
        cover.end = last = i;
        found = true;
      }
      break;
    }
    if (!found) return false;
    matcher.reset(true);
    size_t i = last + 1;
    while (i > cover.next) {
      --i;
      matcher.show(spots[i]);
      if (!matches(query, matcher)) {
        if (i == cover.next) break;
        continue;
      }
      if (place_position(spots[i].place) < cover.from) {
        cover.begin = i;
        cover.from = place_position(spots[i].place);
      }
      break;
    }
    if (cover.from <= cover.to) {
      cover.next = i + 1;
      return true;
    }
  }
}

}  // namespace

float rank(Weights w, const LexemeVector& document, const Query& query, int method) {
  if (document.lexemes.empty() || query == nullptr) return 0;
  std::vector<const QueryNode*> words = distinct_words(query);
  bool together = query->op == QueryOp::kAnd || query->op == QueryOp::kPhrase;
  float result = together ? rank_and(w, document, words) : rank_or(w, document, words);
  if (result < 0) result = 1e-20f;
  auto lexemes = static_cast<double>(document.lexemes.size());
  if ((method & kLogLength) != 0)
    result =
        static_cast<float>(result / (std::log(static_cast<double>(length_of(document) + 1)) / std::log(2.0)));
  if ((method & kLength) != 0) result /= static_cast<float>(length_of(document));
  if ((method & kUnique) != 0) result /= static_cast<float>(document.lexemes.size());
  if ((method & kLogUnique) != 0)
    result = static_cast<float>(result / (std::log(lexemes + 1) / std::log(2.0)));
  if ((method & kRatio) != 0) result /= (result + 1);
  return result;
}

float rank_by_cover(Weights w, const LexemeVector& document, const Query& query, int method) {
  std::vector<Spot> spots = spots_of(document, query);
  if (spots.empty()) return 0;
  double inverse[4];
  for (size_t i = 0; i < 4; ++i) inverse[i] = 1.0 / static_cast<double>(w[i]);
  SpotMatcher matcher;
  Cover cover;
  double result = 0, distances = 0, previous = 0;
  int covers = 0;
  while (next_cover(spots, query, matcher, cover)) {
    double sum = 0;
    for (size_t i = cover.begin; i <= cover.end; ++i) sum += inverse[place_weight(spots[i].place)];
    auto gaps = static_cast<int>(cover.end - cover.begin);
    double density = static_cast<double>(gaps + 1) / sum;
    // Positions end somewhere; behind that, half of the stretch is guessed to be other words.
    int noise = cover.to - cover.from - gaps;
    if (noise < 0) noise = gaps / 2;
    result += density / static_cast<double>(1 + noise);
    double centre = static_cast<double>(cover.to + cover.from) / 2.0;
    if (covers > 0 && centre > previous) distances += 1.0 / (centre - previous);
    previous = centre;
    ++covers;
  }
  auto lexemes = static_cast<double>(document.lexemes.size());
  if ((method & kLogLength) != 0) result /= std::log(static_cast<double>(length_of(document) + 1));
  if ((method & kLength) != 0) result /= static_cast<double>(length_of(document));
  if ((method & kExtentDistance) != 0 && covers > 0 && distances > 0) result /= covers / distances;
  if ((method & kUnique) != 0) result /= lexemes;
  if ((method & kLogUnique) != 0) result /= std::log(lexemes + 1) / std::log(2.0);
  if ((method & kRatio) != 0) result /= result + 1;
  return static_cast<float>(result);
}

}  // namespace varve::functions
