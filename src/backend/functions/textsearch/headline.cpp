#include "textsearch/headline.h"

#include <algorithm>
#include <charconv>
#include <climits>
#include <fmt/format.h>

#include "common/ascii.h"
#include "common/sql_error.h"
#include "textsearch/lexeme_vector.h"
#include "textsearch/search_match.h"

namespace varve::functions {

namespace {

// A token of the document, once more for every further word of the query that it is.
struct Piece {
  std::string_view text;
  TokenType type;
  int position = 0;
  const QueryNode* word = nullptr;
  bool repeated = false;
  bool chosen = false, selected = false, blanked = false, skipped = false;
};

// Compounds and URLs are shown by their parts.
bool is_compound(TokenType t) {
  return t == TokenType::kUrl || t == TokenType::kNumHword || t == TokenType::kAsciiHword ||
         t == TokenType::kHword;
}
bool is_no_word(TokenType t) { return t == TokenType::kBlank || t == TokenType::kTag || is_compound(t); }
bool is_bad_end(TokenType t) {
  return is_no_word(t) || t == TokenType::kSfloat || t == TokenType::kVersion || t == TokenType::kFloat ||
         t == TokenType::kInt || t == TokenType::kUint || t == TokenType::kProtocol ||
         t == TokenType::kEntity;
}

class StretchMatcher : public WordMatcher {
 public:
  StretchMatcher(const std::vector<Piece>& pieces, size_t from, size_t to)
      : pieces_(pieces), from_(from), to_(to) {}
  Match match(const QueryNode& word, MatchPlaces* places) override {
    bool any = false;
    for (size_t i = from_; i <= to_; ++i) {
      if (pieces_[i].word != &word) continue;
      any = true;
      if (places == nullptr) break;
      places->positions.push_back(pieces_[i].position);
    }
    return any ? Match::kYes : Match::kNo;
  }

 private:
  const std::vector<Piece>& pieces_;
  size_t from_, to_;
};

void collect_words(const Query& q, std::vector<const QueryNode*>& out) {
  if (q == nullptr) return;
  if (q->op == QueryOp::kWord) out.push_back(q.get());
  collect_words(q->right, out);  // in PostgreSQL's order of nodes
  collect_words(q->left, out);
}

class Headline {
 public:
  Headline(const TextConfig& config, std::string_view text, const Query& query,
           const HeadlineOptions& options)
      : query_(query), options_(options) {
    read(config, text);
    max_cover_ = std::max(options.max_words * 10, 100);
    if (options.max_fragments > 0) max_cover_ *= options.max_fragments;
  }

  void mark() {
    if (pieces_.empty()) return;
    if (options_.highlight_all)
      mark_fragment(0, size() - 1);
    else if (options_.max_fragments == 0)
      mark_best();
    else
      mark_fragments();
  }

  void append(std::string& out) const {
    bool inside = false;
    int fragments = 0;
    for (const Piece& p : pieces_) {
      if (p.repeated) continue;
      if (!p.chosen) {
        inside = false;
        continue;
      }
      if (!inside && ++fragments > 1) out += options_.delimiter;
      inside = true;
      if (p.blanked) out += ' ';
      if (p.blanked || p.skipped) continue;
      if (p.selected) out += options_.start;
      out += p.text;
      if (p.selected) out += options_.stop;
    }
  }

 private:
  struct Cover {
    int from, to, words, hits;
    bool chosen = false, excluded = false;
  };

  int size() const { return static_cast<int>(pieces_.size()); }
  const Piece& at(int i) const { return pieces_[static_cast<size_t>(i)]; }
  bool is_word(int i) const { return !is_no_word(at(i).type); }
  bool is_hit(int i) const { return at(i).word != nullptr && !at(i).repeated; }
  bool ends_badly(int i) const {
    bool weak = is_bad_end(at(i).type) || static_cast<int>(at(i).text.size()) <= options_.short_word;
    return weak && !is_hit(i);
  }

  void read(const TextConfig& config, std::string_view text) {
    std::vector<const QueryNode*> words;
    collect_words(query_, words);
    int position = 0;
    for (const Token& token : parse_tokens(text)) {
      pieces_.push_back({token.text, token.type});
      const TextDictionary* dictionary = dictionary_for(config, token.type);
      if (dictionary == nullptr || token.text.size() > kMaxLexemeBytes) continue;
      ++position;
      std::optional<std::string> lexeme = lexize(*dictionary, token.text);
      if (!lexeme) continue;
      Piece piece = pieces_.back();
      piece.position = std::min(position, kEndPosition - 1);
      pieces_.pop_back();
      bool first = true;
      for (const QueryNode* word : words) {
        if (word->prefix ? !lexeme->starts_with(word->word) : *lexeme != word->word) continue;
        piece.word = word;
        piece.repeated = !first;
        pieces_.push_back(piece);
        first = false;
      }
      if (first) pieces_.push_back(piece);
    }
  }

  int next_hit(int from) const {
    for (int i = from; i < size(); ++i)
      if (at(i).word != nullptr) return i;
    return -1;
  }
  // The first, and then shortest, stretch from *from on that matches.
  bool find_cover(int* from, int* to) const {
    for (int first = next_hit(*from); first >= 0;) {
      int next = -1, last = first;
      do {
        StretchMatcher words(pieces_, static_cast<size_t>(first), static_cast<size_t>(last));
        if (matches(query_, words)) {
          *from = first;
          *to = last;
          return true;
        }
        int further = next_hit(last + 1);
        if (last == first) next = further;
        last = further;
      } while (last >= 0 && last - first < max_cover_);
      first = next;
    }
    return false;
  }

  void mark_fragment(int from, int to) {
    for (int i = from; i <= to; ++i) {
      Piece& p = pieces_[static_cast<size_t>(i)];
      p.selected |= p.word != nullptr;
      if (!options_.highlight_all && p.type == TokenType::kTag)
        p.blanked = true;
      else if (is_compound(p.type))
        p.skipped = true;
      p.chosen = !p.repeated;
    }
  }
  void mark_beginning() {
    int words = 0, end = 0;
    for (int i = 0; i < size() && words < options_.min_words; ++i) {
      words += is_word(i);
      end = i;
    }
    mark_fragment(0, end);
  }

  // One stretch: of all that hold a match, the one with most hits and the best end.
  void mark_best() {
    int best_from = -1, best_to = -1, best_hits = -1;
    bool best_whole = false;
    for (int p = 0, q = 0; find_cover(&p, &q); ++p) {
      int from = p, to = p, hits = 0;
      stretch(p, q, &from, &to, &hits);
      bool whole = from <= p && to >= q;
      if (whole > best_whole || (whole == best_whole && hits > best_hits) ||
          (whole == best_whole && hits == best_hits && !ends_badly(to) && ends_badly(best_to))) {
        best_from = from;
        best_to = to;
        best_hits = hits;
        best_whole = whole;
      }
    }
    if (best_hits < 0)
      mark_beginning();
    else
      mark_fragment(best_from, best_to);
  }

  // The cover p … q made longer or shorter until it has a good number of words and ends well.
  void stretch(int p, int q, int* from, int* to, int* hits) const {
    int words = 0, i = p;
    for (; i <= q && words < options_.max_words; ++i) {
      words += is_word(i);
      *hits += is_hit(i);
      *to = i;
    }
    if (words >= options_.max_words) {
      for (i = std::min(i, q); words > options_.min_words && ends_badly(i); --i) {
        words -= is_word(i);
        *hits -= is_hit(i);
        *to = i - 1;
      }
      return;
    }
    for (--i; i < size() && words < options_.max_words; ++i) {
      if (i > q) {
        words += is_word(i);
        *hits += is_hit(i);
      }
      *to = i;
      if (!ends_badly(i) && words >= options_.min_words) break;
    }
    if (words >= options_.min_words) return;
    for (i = p - 1; i >= 0; --i) {
      words += is_word(i);
      *hits += is_hit(i);
      if (words >= options_.max_words) break;
      if (!ends_badly(i) && words >= options_.min_words) break;
    }
    *from = std::max(i, 0);
  }

  std::vector<Cover> all_covers() const {
    std::vector<Cover> covers;
    for (int p = 0, q = 0; find_cover(&p, &q); ++p) {
      for (int from = p, to = q; from <= to; from = to + 1, to = q) {
        Cover c = cut(from, to);
        from = c.from;
        to = c.to;
        covers.push_back(c);
      }
    }
    return covers;
  }
  // At most max_words of it, from a hit to a hit.
  Cover cut(int from, int to) const {
    for (int i = from; i <= to; ++i) {
      from = i;
      if (is_hit(i)) break;
    }
    Cover c{from, to, 0, 0};
    int i = from;
    for (; i <= to && c.words < options_.max_words; ++i) {
      c.words += is_word(i);
      c.hits += is_hit(i);
    }
    if (to > i) {
      for (; i >= from; --i) {
        c.to = i;
        if (is_hit(i)) break;
        c.words -= is_word(i);
      }
    }
    return c;
  }

  void mark_fragments() {
    std::vector<Cover> covers = all_covers();
    int marked = 0;
    for (int f = 0; f < options_.max_fragments; ++f) {
      Cover* best = nullptr;
      int hits = 0, words = INT_MAX;
      for (Cover& c : covers) {
        if (c.chosen || c.excluded || c.hits < hits || (c.hits == hits && c.words >= words)) continue;
        hits = c.hits;
        words = c.words;
        best = &c;
      }
      if (best == nullptr) break;
      best->chosen = true;
      if (best->words < options_.max_words) widen(*best);
      mark_fragment(best->from, best->to);
      ++marked;
      for (Cover& c : covers) {
        if (&c != best && c.from <= best->to && c.to >= best->from) c.excluded = true;
      }
    }
    if (marked == 0) mark_beginning();
  }
  // Half of the words that may still come go to the left, the rest to the right.
  void widen(Cover& c) const {
    int room = (options_.max_words - c.words) / 2, added = 0, mark = c.from, i;
    for (i = c.from - 1; i >= 0 && added < room && !at(i).chosen; --i) {
      c.words += is_word(i);
      added += is_word(i);
      mark = i;
    }
    for (i = mark; i < c.from && ends_badly(i); ++i) c.words -= is_word(i);
    c.from = i;
    mark = c.to;
    for (i = c.to + 1; i < size() && c.words < options_.max_words && !at(i).chosen; ++i) {
      c.words += is_word(i);
      mark = i;
    }
    for (i = mark; i > c.to && ends_badly(i); --i) c.words -= is_word(i);
    c.to = i;
  }

  const Query& query_;
  const HeadlineOptions& options_;
  std::vector<Piece> pieces_;
  int max_cover_;
};

[[noreturn]] void refuse(std::string message) {
  throw SqlError(sqlstate::kInvalidParameterValue, std::move(message));
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

int whole_number(std::string_view value) {
  int v = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), v);
  if (error != std::errc() || end != value.data() + value.size()) {
    throw SqlError(sqlstate::kInvalidTextRepresentation,
                   fmt::format("invalid input syntax for type integer: \"{}\"", value));
  }
  return v;
}

void set_option(HeadlineOptions& o, std::string_view name, std::string_view value) {
  if (same_name(name, "MaxWords"))
    o.max_words = whole_number(value);
  else if (same_name(name, "MinWords"))
    o.min_words = whole_number(value);
  else if (same_name(name, "ShortWord"))
    o.short_word = whole_number(value);
  else if (same_name(name, "MaxFragments"))
    o.max_fragments = whole_number(value);
  else if (same_name(name, "StartSel"))
    o.start = value;
  else if (same_name(name, "StopSel"))
    o.stop = value;
  else if (same_name(name, "FragmentDelimiter"))
    o.delimiter = value;
  else if (same_name(name, "HighlightAll"))
    o.highlight_all = same_name(value, "1") || same_name(value, "on") || same_name(value, "true") ||
                      same_name(value, "t") || same_name(value, "y") || same_name(value, "yes");
  else
    refuse(fmt::format("unrecognized headline parameter: \"{}\"", name));
}

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// A bare word, or one in quotes of either kind, which are doubled inside.
std::string take_item(std::string_view& s, std::string_view whole) {
  std::string item;
  if (!s.empty() && (s[0] == '\'' || s[0] == '"')) {
    char quote = s[0];
    size_t i = 1;
    for (; i < s.size(); ++i) {
      if (s[i] == quote && i + 1 < s.size() && s[i + 1] == quote)
        ++i;
      else if (s[i] == quote)
        break;
      item += s[i];
    }
    if (i >= s.size())
      throw SqlError(sqlstate::kSyntaxError, fmt::format("invalid parameter list format: \"{}\"", whole));
    s.remove_prefix(i + 1);
    return item;
  }
  size_t i = 0;
  while (i < s.size() && !is_blank(s[i]) && s[i] != ',' && s[i] != '=') ++i;
  item = s.substr(0, i);
  s.remove_prefix(i);
  return item;
}

}  // namespace

HeadlineOptions parse_headline_options(std::string_view text) {
  HeadlineOptions options;
  std::string_view s = text;
  auto skip = [&](auto&& more) {
    while (!s.empty() && (is_blank(s[0]) || more(s[0]))) s.remove_prefix(1);
  };
  for (;;) {
    skip([](char c) { return c == ','; });
    if (s.empty()) return options;
    std::string name = take_item(s, text);
    skip([](char) { return false; });
    if (name.empty() || s.empty() || s[0] != '=')
      throw SqlError(sqlstate::kSyntaxError, fmt::format("invalid parameter list format: \"{}\"", text));
    s.remove_prefix(1);
    skip([](char) { return false; });
    set_option(options, name, take_item(s, text));
  }
}

void append_headline(std::string& out, const TextConfig& config, std::string_view text, const Query& query,
                     const HeadlineOptions& o) {
  if (!o.highlight_all) {
    if (o.min_words >= o.max_words) refuse("MinWords should be less than MaxWords");
    if (o.min_words <= 0) refuse("MinWords should be positive");
    if (o.short_word < 0) refuse("ShortWord should be >= 0");
    if (o.max_fragments < 0) refuse("MaxFragments should be >= 0");
  }
  Headline headline(config, text, query, o);
  headline.mark();
  headline.append(out);
}

}  // namespace varve::functions
