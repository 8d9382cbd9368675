// tsvector: distinct lexemes in byte order, each with the positions where it stands, each of those with a
// weight. A kString value, not aligned:
//
//   n × { u16 bytes of the lexeme | u16 positions | the lexeme | positions × u16 (weight D C B A = 0 … 3 in
//   the two
//         highest bits, 14 bits position) }
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace varve::functions {

inline constexpr uint32_t kMaxLexemeBytes = 2046;
inline constexpr uint32_t kMaxLexemesBytes = (1 << 20) - 1;
inline constexpr size_t kMaxPositions = 256;
inline constexpr int kEndPosition = 1 << 14;

using Place = uint16_t;
inline int place_position(Place p) { return p & (kEndPosition - 1); }
inline int place_weight(Place p) { return p >> 14; }
inline Place make_place(int position, int weight) {
  if (position >= kEndPosition) position = kEndPosition - 1;
  return static_cast<Place>(weight << 14 | position);
}

struct Lexeme {
  std::string_view text;
  std::vector<Place> places;
};
struct LexemeVector {
  std::vector<Lexeme> lexemes;

  const Lexeme* find(std::string_view text) const;
  // The range of lexemes that begin with this.
  std::pair<size_t, size_t> with_prefix(std::string_view prefix) const;
};

LexemeVector read_lexemes(std::string_view bytes);  // lexemes point into the bytes
void append_lexemes(std::string& out, const LexemeVector& v);
// Sorts, joins equal lexemes and their places.
void make_canonical(LexemeVector& v);
void check_lexeme_size(size_t bytes);  // 54000

// Text and binary form.
void parse_lexemes(std::string& out, std::string_view text);
void append_lexemes_text(std::string& out, std::string_view bytes);
void receive_lexemes(std::string& out, std::string_view bytes);
void send_lexemes(std::string& out, std::string_view bytes);
int compare_lexemes(std::string_view a, std::string_view b);
// Order-preserving: of two values, the key of the lesser is the lesser.
void append_lexemes_key(std::string& out, std::string_view bytes);

// One word as tsvector's and tsquery's text have them: quoted or not, perhaps with positions. Shared by both.
class WordScanner {
 public:
  enum class Kind { kVector, kQuery, kWebQuery };
  WordScanner(std::string_view text, Kind kind) : text_(text), kind_(kind) {}

  bool next(std::string& word, std::vector<Place>* places);  // false: the end
  size_t at() const { return at_; }
  void set_at(size_t at) { at_ = at; }

 private:
  [[noreturn]] void fail() const;
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool is_operator(char c) const;
  bool ends_word(char c) const;
  void copy(std::string& word);
  void escaped(std::string& word);
  void quoted(std::string& word);
  void read_places(std::vector<Place>& places);

  std::string_view text_;
  Kind kind_;
  size_t at_ = 0;
};

}  // namespace varve::functions
