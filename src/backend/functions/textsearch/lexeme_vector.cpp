#include "textsearch/lexeme_vector.h"

#include <algorithm>
#include <fmt/format.h>

#include "common/append_format.h"
#include "common/bytes.h"
#include "common/sql_error.h"
#include "types/utf8.h"

namespace varve::functions {

namespace {

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// The bytes that PostgreSQL's form of the value takes: shorter values sort first.
size_t postgres_bytes(const LexemeVector& v) {
  size_t data = 0;
  for (const Lexeme& l : v.lexemes) {
    data += l.text.size();
    if (!l.places.empty()) data = (data + 1) / 2 * 2 + 2 + l.places.size() * 2;
  }
  return 8 + 4 * v.lexemes.size() + data;
}

// In order of position; of several places at one position the heaviest stays.
void make_canonical(std::vector<Place>& places) {
  std::stable_sort(places.begin(), places.end(),
                   [](Place a, Place b) { return place_position(a) < place_position(b); });
  std::vector<Place> kept;
  for (Place p : places) {
    if (!kept.empty() && place_position(kept.back()) == place_position(p)) {
      if (place_weight(p) > place_weight(kept.back())) kept.back() = p;
      continue;
    }
    if (kept.size() >= kMaxPositions) break;
    if (!kept.empty() && place_position(kept.back()) == kEndPosition - 1) break;
    kept.push_back(p);
  }
  places = std::move(kept);
}

template <class T>
void append_be(std::string& out, T v) {
  char bytes[sizeof(T)];
  store_be<T>(bytes, v);
  out.append(bytes, sizeof(T));
}

[[noreturn]] void bad_binary(std::string_view why) {
  throw SqlError(sqlstate::kInternalError, fmt::format("invalid tsvector: {}", why));
}

}  // namespace

const Lexeme* LexemeVector::find(std::string_view text) const {
  auto it = std::lower_bound(lexemes.begin(), lexemes.end(), text,
                             [](const Lexeme& l, std::string_view t) { return l.text < t; });
  return it != lexemes.end() && it->text == text ? &*it : nullptr;
}
std::pair<size_t, size_t> LexemeVector::with_prefix(std::string_view prefix) const {
  auto it = std::lower_bound(lexemes.begin(), lexemes.end(), prefix,
                             [](const Lexeme& l, std::string_view t) { return l.text < t; });
  auto end = it;
  while (end != lexemes.end() && end->text.starts_with(prefix)) ++end;
  return {static_cast<size_t>(it - lexemes.begin()), static_cast<size_t>(end - lexemes.begin())};
}

void check_lexeme_size(size_t bytes) {
  if (bytes <= kMaxLexemeBytes) return;
  throw SqlError(sqlstate::kProgramLimitExceeded,
                 fmt::format("word is too long ({} bytes, max {} bytes)", bytes, kMaxLexemeBytes));
}

LexemeVector read_lexemes(std::string_view bytes) {
  LexemeVector v;
  size_t at = 0;
  while (at + 4 <= bytes.size()) {
    size_t length = load_raw<uint16_t>(bytes.data() + at), n = load_raw<uint16_t>(bytes.data() + at + 2);
    at += 4;
    Lexeme& l = v.lexemes.emplace_back();
    l.text = bytes.substr(at, length);
    at += length;
    l.places.resize(n);
    for (Place& p : l.places) {
      p = load_raw<uint16_t>(bytes.data() + at);
      at += 2;
    }
  }
  return v;
}

void append_lexemes(std::string& out, const LexemeVector& v) {
  size_t total = 0;
  auto append_u16 = [&](size_t n) {
    auto u = static_cast<uint16_t>(n);
    out.append(reinterpret_cast<const char*>(&u), 2);
  };
  for (const Lexeme& l : v.lexemes) {
    append_u16(l.text.size());
    append_u16(l.places.size());
    out += l.text;
    for (Place p : l.places) append_u16(p);
    total += l.text.size() + (l.places.empty() ? 0 : 2 + 2 * l.places.size());
  }
  if (total > kMaxLexemesBytes) {
    throw SqlError(
        sqlstate::kProgramLimitExceeded,
        fmt::format("string is too long for tsvector ({} bytes, max {} bytes)", total, kMaxLexemesBytes));
  }
}

void make_canonical(LexemeVector& v) {
  std::stable_sort(v.lexemes.begin(), v.lexemes.end(),
                   [](const Lexeme& a, const Lexeme& b) { return a.text < b.text; });
  std::vector<Lexeme> kept;
  for (Lexeme& l : v.lexemes) {
    if (!kept.empty() && kept.back().text == l.text)
      kept.back().places.insert(kept.back().places.end(), l.places.begin(), l.places.end());
    else
      kept.push_back(std::move(l));
  }
  for (Lexeme& l : kept) make_canonical(l.places);
  v.lexemes = std::move(kept);
}

// --- text
void WordScanner::fail() const {
  throw SqlError(sqlstate::kSyntaxError, fmt::format("syntax error in {}: \"{}\"",
                                                     kind_ == Kind::kVector ? "tsvector" : "tsquery", text_));
}
bool WordScanner::is_operator(char c) const {
  if (kind_ == Kind::kVector) return false;
  return c == '!' || c == '&' || c == '|' || c == '(' || c == ')' || c == '<';
}
bool WordScanner::ends_word(char c) const {
  return at_ >= text_.size() || is_blank(c) || is_operator(c) || (kind_ == Kind::kWebQuery && c == '"');
}
void WordScanner::copy(std::string& word) {
  size_t n = std::min(types::utf8_char_bytes(text_[at_]), text_.size() - at_);
  word.append(text_.substr(at_, n));
  at_ += n;
}
void WordScanner::escaped(std::string& word) {
  ++at_;
  if (at_ >= text_.size())
    throw SqlError(sqlstate::kSyntaxError, fmt::format("there is no escaped character: \"{}\"", text_));
  copy(word);
}
void WordScanner::quoted(std::string& word) {
  ++at_;
  for (;;) {
    if (at_ >= text_.size()) fail();
    if (peek() == '\\') {
      escaped(word);
    } else if (peek() == '\'') {
      ++at_;
      if (peek() != '\'') return;
      copy(word);
    } else {
      copy(word);
    }
  }
}
void WordScanner::read_places(std::vector<Place>& places) {
  do {
    ++at_;
    if (peek() < '0' || peek() > '9') fail();
    int64_t position = 0;
    while (peek() >= '0' && peek() <= '9') {
      position = std::min<int64_t>(position * 10 + (peek() - '0'), INT32_MAX);
      ++at_;
    }
    if (position == 0)
      throw SqlError(sqlstate::kSyntaxError, fmt::format("wrong position info in tsvector: \"{}\"", text_));
    int weight = 0;
    for (;; ++at_) {
      char c = peek();
      int given = c == 'a' || c == 'A' || c == '*' ? 3
                  : c == 'b' || c == 'B'           ? 2
                  : c == 'c' || c == 'C'           ? 1
                                                   : 0;
      if (given == 0 && c != 'd' && c != 'D' && !(c >= '0' && c <= '9')) break;
      if (c >= '0' && c <= '9') continue;
      if (weight != 0) fail();
      weight = given;
    }
    places.push_back(make_place(static_cast<int>(position), weight));
  } while (peek() == ',');
  if (at_ < text_.size() && !is_blank(peek())) fail();
}

bool WordScanner::next(std::string& word, std::vector<Place>* places) {
  word.clear();
  bool web = kind_ == Kind::kWebQuery;
  while (at_ < text_.size() && is_blank(peek())) ++at_;
  if (at_ >= text_.size()) return false;
  if (!web && peek() == '\'') {
    quoted(word);
    if (word.empty()) fail();
    if (places != nullptr && peek() == ':') read_places(*places);
    return true;
  }
  if (is_operator(peek()) || (web && peek() == '"')) fail();
  // A colon that begins a word belongs to it.
  if (web || peek() != '\\') copy(word);
  for (;;) {
    char c = peek();
    if (!web && c == '\\' && at_ < text_.size()) {
      escaped(word);
      continue;
    }
    if (ends_word(c)) {
      if (word.empty()) fail();
      return true;
    }
    if (c == ':') {
      if (word.empty()) fail();
      if (kind_ == Kind::kVector && places != nullptr) read_places(*places);
      return true;
    }
    copy(word);
  }
}

void parse_lexemes(std::string& out, std::string_view text) {
  std::vector<std::string> words;
  std::vector<std::vector<Place>> all_places;
  WordScanner scanner(text, WordScanner::Kind::kVector);
  std::string word;
  std::vector<Place> places;
  while (scanner.next(word, &places)) {
    check_lexeme_size(word.size());
    words.push_back(word);
    all_places.push_back(std::move(places));
    places.clear();
  }
  LexemeVector v;
  for (size_t i = 0; i < words.size(); ++i) v.lexemes.push_back({words[i], std::move(all_places[i])});
  make_canonical(v);
  append_lexemes(out, v);
}

void append_lexemes_text(std::string& out, std::string_view bytes) {
  bool first = true;
  for (const Lexeme& l : read_lexemes(bytes).lexemes) {
    if (!first) out += ' ';
    first = false;
    out += '\'';
    for (char c : l.text) {
      if (c == '\'' || c == '\\') out += c;
      out += c;
    }
    out += '\'';
    for (size_t i = 0; i < l.places.size(); ++i) {
      append_format(out, "{}{}", i == 0 ? ':' : ',', place_position(l.places[i]));
      if (place_weight(l.places[i]) > 0) out += "DCBA"[place_weight(l.places[i])];
    }
  }
}

// int32 number of lexemes; of each its text with a zero byte, int16 number of positions, int16 each.
void receive_lexemes(std::string& out, std::string_view bytes) {
  LexemeVector v;
  auto need = [&](size_t n) {
    if (bytes.size() < n) throw SqlError(sqlstate::kProtocolViolation, "insufficient data left in message");
  };
  need(4);
  auto n = static_cast<int32_t>(load_be<uint32_t>(bytes.data()));
  bytes.remove_prefix(4);
  if (n < 0) throw SqlError(sqlstate::kInternalError, "invalid size of tsvector");
  for (int32_t i = 0; i < n; ++i) {
    size_t end = bytes.find('\0');
    if (end == std::string_view::npos)
      throw SqlError(sqlstate::kProtocolViolation, "invalid string in message");
    Lexeme l{bytes.substr(0, end), {}};
    types::utf8_verify(l.text);
    if (l.text.size() > kMaxLexemeBytes) bad_binary("lexeme too long");
    bytes.remove_prefix(end + 1);
    need(2);
    size_t places = load_be<uint16_t>(bytes.data());
    bytes.remove_prefix(2);
    if (places > kMaxPositions)
      throw SqlError(sqlstate::kInternalError, "unexpected number of tsvector positions");
    for (size_t k = 0; k < places; ++k) {
      need(2);
      Place p = load_be<uint16_t>(bytes.data());
      bytes.remove_prefix(2);
      if (!l.places.empty() && place_position(p) <= place_position(l.places.back()))
        throw SqlError(sqlstate::kInternalError, "position information is misordered");
      l.places.push_back(p);
    }
    v.lexemes.push_back(std::move(l));
  }
  make_canonical(v);
  append_lexemes(out, v);
}

void send_lexemes(std::string& out, std::string_view bytes) {
  LexemeVector v = read_lexemes(bytes);
  append_be<uint32_t>(out, static_cast<uint32_t>(v.lexemes.size()));
  for (const Lexeme& l : v.lexemes) {
    out += l.text;
    out += '\0';
    append_be<uint16_t>(out, static_cast<uint16_t>(l.places.size()));
    for (Place p : l.places) append_be<uint16_t>(out, p);
  }
}

// --- order: shorter values first, then lexeme by lexeme; one with positions before one without
void append_lexemes_key(std::string& out, std::string_view bytes) {
  LexemeVector v = read_lexemes(bytes);
  append_be<uint32_t>(out, static_cast<uint32_t>(postgres_bytes(v)));
  append_be<uint32_t>(out, static_cast<uint32_t>(v.lexemes.size()));
  for (const Lexeme& l : v.lexemes) {
    out += l.places.empty() ? '\1' : '\0';
    out += l.text;  // lexemes have no zero bytes
    out += '\0';
    if (l.places.empty()) continue;
    append_be<uint16_t>(out, static_cast<uint16_t>(0xFFFF - l.places.size()));
    for (Place p : l.places) {
      append_be<uint16_t>(out, static_cast<uint16_t>(place_position(p)));
      out += static_cast<char>(place_weight(p));
    }
  }
}
int compare_lexemes(std::string_view a, std::string_view b) {
  std::string x, y;
  append_lexemes_key(x, a);
  append_lexemes_key(y, b);
  int c = x.compare(y);
  return c < 0 ? -1 : c > 0 ? 1 : 0;
}

}  // namespace varve::functions
