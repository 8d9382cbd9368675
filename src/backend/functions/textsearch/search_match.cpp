#include "textsearch/search_match.h"

#include <algorithm>
#include <climits>

namespace varve::functions {

namespace {

constexpr int kBoth = 1, kLeftOnly = 2, kRightOnly = 4;

// Merges two ascending lists, each moved by an offset, and keeps what `emit` asks for.
Match merge_places(MatchPlaces* out, const MatchPlaces& l, const MatchPlaces& r, int emit, int l_offset,
                   int r_offset) {
  size_t i = 0, k = 0;
  bool any = false;
  while (i < l.positions.size() || k < r.positions.size()) {
    if (i >= l.positions.size() && (emit & kRightOnly) == 0) break;
    if (k >= r.positions.size() && (emit & kLeftOnly) == 0) break;
    int a = i < l.positions.size() ? l.positions[i] + l_offset : INT_MAX;
    int b = k < r.positions.size() ? r.positions[k] + r_offset : INT_MAX;
    int wanted = a < b ? kLeftOnly : a == b ? kBoth : kRightOnly;
    int at = std::min(a, b);
    i += a <= b;
    k += b <= a;
    if ((emit & wanted) == 0 || at <= 0) continue;
    any = true;
    if (out == nullptr) return Match::kYes;
    out->positions.push_back(at);
  }
  return any ? Match::kYes : Match::kNo;
}

class Executor {
 public:
  explicit Executor(WordMatcher& words) : words_(words) {}

  Match run(const QueryNode& n) {
    switch (n.op) {
      case QueryOp::kWord:
        return words_.match(n, nullptr);
      case QueryOp::kNot: {
        Match m = run(*n.left);
        return m == Match::kMaybe ? m : m == Match::kYes ? Match::kNo : Match::kYes;
      }
      case QueryOp::kAnd: {
        Match l = run(*n.left);
        if (l == Match::kNo) return l;
        Match r = run(*n.right);
        return l == Match::kYes || r == Match::kNo ? r : Match::kMaybe;
      }
      case QueryOp::kOr: {
        Match l = run(*n.left);
        if (l == Match::kYes) return l;
        Match r = run(*n.right);
        return r == Match::kYes ? r : l == Match::kMaybe ? l : r;
      }
      case QueryOp::kPhrase:
        // Without positions nobody can tell: that counts as no.
        return phrase(n, nullptr) == Match::kYes ? Match::kYes : Match::kNo;
      case QueryOp::kStop:
        break;
    }
    return Match::kNo;
  }

 private:
  Match phrase(const QueryNode& n, MatchPlaces* out) {
    switch (n.op) {
      case QueryOp::kWord:
        return words_.match(n, out);
      case QueryOp::kNot:
        return negated(n, out);
      case QueryOp::kOr:
        return either(n, out);
      case QueryOp::kAnd:
      case QueryOp::kPhrase:
        return both(n, out);
      case QueryOp::kStop:
        break;
    }
    return Match::kNo;
  }

  Match negated(const QueryNode& n, MatchPlaces* out) {
    MatchPlaces inner;
    MatchPlaces& places = out == nullptr ? inner : *out;
    Match m = phrase(*n.left, &places);
    if (m == Match::kMaybe) return m;
    if (m == Match::kNo) {
      places.negated = true;
      return Match::kYes;
    }
    if (!places.positions.empty()) {
      places.negated = !places.negated;
      return Match::kYes;
    }
    places.negated = false;
    return Match::kNo;
  }

  Match both(const QueryNode& n, MatchPlaces* out) {
    MatchPlaces l, r;
    Match left = phrase(*n.left, &l);
    if (left == Match::kNo) return left;
    Match right = phrase(*n.right, &r);
    if (right == Match::kNo) return right;
    if (left == Match::kMaybe || right == Match::kMaybe) return Match::kMaybe;
    int width, l_offset, r_offset;
    if (n.op == QueryOp::kPhrase) {
      l_offset = n.distance + r.width;
      r_offset = 0;
      width = n.distance + l.width + r.width;
    } else {
      width = std::max(l.width, r.width);
      l_offset = width - l.width;
      r_offset = width - r.width;
    }
    if (out != nullptr) out->width = width;
    if (l.negated && r.negated) {  // neither, that is: not either
      merge_places(out, l, r, kBoth | kLeftOnly | kRightOnly, l_offset, r_offset);
      if (out != nullptr) out->negated = true;
      return Match::kYes;
    }
    int emit = l.negated ? kRightOnly : r.negated ? kLeftOnly : kBoth;
    return merge_places(out, l, r, emit, l_offset, r_offset);
  }

  Match either(const QueryNode& n, MatchPlaces* out) {
    MatchPlaces l, r;
    Match left = phrase(*n.left, &l), right = phrase(*n.right, &r);
    if (left == Match::kNo && right == Match::kNo) return Match::kNo;
    if (left == Match::kMaybe || right == Match::kMaybe) return Match::kMaybe;
    if (left == Match::kNo) l.width = 0;
    if (right == Match::kNo) r.width = 0;
    int width = std::max(l.width, r.width), l_offset = width - l.width, r_offset = width - r.width;
    if (out != nullptr) out->width = width;
    if (!l.negated && !r.negated)
      return merge_places(out, l, r, kBoth | kLeftOnly | kRightOnly, l_offset, r_offset);
    int emit = l.negated && r.negated ? kBoth : l.negated ? kLeftOnly : kRightOnly;
    merge_places(out, l, r, emit, l_offset, r_offset);
    if (out != nullptr) out->negated = true;
    return Match::kYes;
  }

  WordMatcher& words_;
};

class DocumentMatcher : public WordMatcher {
 public:
  explicit DocumentMatcher(const LexemeVector& document) : document_(document) {}

  Match match(const QueryNode& word, MatchPlaces* places) override {
    if (!word.prefix) {
      const Lexeme* l = document_.find(word.word);
      return l == nullptr ? Match::kNo : match_lexeme(*l, word, places);
    }
    auto [first, end] = document_.with_prefix(word.word);
    Match result = Match::kNo;
    for (size_t i = first; i < end; ++i) {
      Match m = match_lexeme(document_.lexemes[i], word, places);
      if (m == Match::kNo) continue;
      // One lexeme without positions makes the places of all of them unknown.
      if (places != nullptr && m == Match::kMaybe) {
        places->positions.clear();
        return m;
      }
      result = m;
      if (places == nullptr && m == Match::kYes) return m;
    }
    if (places != nullptr) {
      std::sort(places->positions.begin(), places->positions.end());
      places->positions.erase(std::unique(places->positions.begin(), places->positions.end()),
                              places->positions.end());
    }
    return result;
  }

 private:
  static Match match_lexeme(const Lexeme& l, const QueryNode& word, MatchPlaces* places) {
    if (l.places.empty()) return places == nullptr ? Match::kYes : Match::kMaybe;
    bool any = false;
    for (Place p : l.places) {
      if (word.weights != 0 && (word.weights >> place_weight(p) & 1) == 0) continue;
      any = true;
      if (places == nullptr) break;
      places->positions.push_back(place_position(p));
    }
    return any ? Match::kYes : Match::kNo;
  }
  const LexemeVector& document_;
};

}  // namespace

bool matches(const Query& query, WordMatcher& words) {
  return query != nullptr && Executor(words).run(*query) != Match::kNo;
}
bool matches(const LexemeVector& document, const Query& query) {
  DocumentMatcher words(document);
  return matches(query, words);
}

}  // namespace varve::functions
