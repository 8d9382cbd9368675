// Text to tsquery: operator precedence over a stack, as the operators are few and the brackets rare.
#include <algorithm>
#include <fmt/format.h>

#include "common/sql_error.h"
#include "textsearch/lexeme_vector.h"
#include "textsearch/search_query.h"

namespace varve::functions {

namespace {

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

int priority(QueryOp op) {
  return op == QueryOp::kNot ? 4 : op == QueryOp::kPhrase ? 3 : op == QueryOp::kAnd ? 2 : 1;
}

// Operands and pending operators of one level of brackets.
class Level {
 public:
  void operand(Query q) { operands_.push_back(std::move(q)); }
  void oper(QueryOp op, int distance) {
    reduce(op);
    pending_.push_back({op, distance});
  }
  Query finish() {
    reduce(QueryOp::kOr);
    if (operands_.empty()) return nullptr;
    return std::move(operands_.back());
  }

 private:
  struct Pending {
    QueryOp op;
    int distance;
  };
  // Applies what binds at least as strongly as `op`, which comes next; NOT waits for its operand.
  void reduce(QueryOp op) {
    while (!pending_.empty()) {
      Pending top = pending_.back();
      if (op == QueryOp::kNot ? priority(op) >= priority(top.op) : priority(op) > priority(top.op)) return;
      pending_.pop_back();
      Query right = std::move(operands_.back());
      operands_.pop_back();
      if (top.op == QueryOp::kNot) {
        operands_.push_back(make_query(top.op, std::move(right), nullptr));
        continue;
      }
      Query left = std::move(operands_.back());
      operands_.back() = make_query(top.op, std::move(left), std::move(right), top.distance);
    }
  }
  std::vector<Query> operands_;
  std::vector<Pending> pending_;
};

class Scanner {
 public:
  explicit Scanner(std::string_view text, WordScanner::Kind kind) : text_(text), words_(text, kind) {}
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool at_end() const { return at_ >= text_.size(); }
  void skip_blanks() {
    while (!at_end() && is_blank(peek())) ++at_;
  }
  void advance(size_t n) { at_ += n; }
  size_t at() const { return at_; }
  std::string_view rest() const { return text_.substr(std::min(at_, text_.size())); }
  [[noreturn]] void fail(std::string_view what) const {
    throw SqlError(sqlstate::kSyntaxError, fmt::format("{} in tsquery: \"{}\"", what, text_));
  }
  bool word(std::string& out) {
    words_.set_at(at_);
    if (!words_.next(out, nullptr)) return false;
    at_ = words_.at();
    return true;
  }
  // ":*AB"
  void modifiers(uint8_t* weights, bool* prefix) {
    *weights = 0;
    *prefix = false;
    if (peek() != ':') return;
    for (++at_; !at_end(); ++at_) {
      char c = peek();
      if (c >= 'a' && c <= 'd') c = static_cast<char>(c - 32);
      if (c >= 'A' && c <= 'D')
        *weights = static_cast<uint8_t>(*weights | 8 >> (c - 'A'));
      else if (c == '*')
        *prefix = true;
      else
        return;
    }
  }
  // "<->" or "<5>"
  bool phrase(int* distance) {
    if (peek() != '<') return false;
    size_t i = 1;
    if (peek(i) == '-') {
      *distance = 1;
      ++i;
    } else if (is_digit(peek(i))) {
      int64_t n = 0;
      for (; is_digit(peek(i)); ++i) n = std::min<int64_t>(n * 10 + (peek(i) - '0'), INT32_MAX);
      if (n > kEndPosition) {
        throw SqlError(
            sqlstate::kInvalidParameterValue,
            fmt::format("distance in phrase operator must be an integer value between zero and {} inclusive",
                        kEndPosition));
      }
      *distance = static_cast<int>(n);
    } else {
      return false;
    }
    if (peek(i) != '>') return false;
    at_ += i + 1;
    return true;
  }

 private:
  std::string_view text_;
  WordScanner words_;
  size_t at_ = 0;
};

}  // namespace

Query QueryReader::read(std::string_view text) {
  Scanner s(text, WordScanner::Kind::kQuery);
  std::vector<Level> levels(1);
  bool want_operand = true, first = true;
  for (;;) {
    s.skip_blanks();
    if (want_operand) {
      if (s.peek() == '!') {
        s.advance(1);
        levels.back().oper(QueryOp::kNot, 0);
      } else if (s.peek() == '(') {
        s.advance(1);
        levels.emplace_back();
      } else if (s.peek() == ':') {
        s.fail("syntax error");
      } else {
        std::string word;
        uint8_t weights;
        bool prefix;
        if (!s.word(word)) {
          if (first) return nullptr;
          s.fail("no operand");
        }
        s.modifiers(&weights, &prefix);
        levels.back().operand(value(word, weights, prefix));
        want_operand = false;
      }
      first = false;
      continue;
    }
    int distance = 0;
    if (s.at_end()) {
      if (levels.size() > 1) s.fail("syntax error");
      break;
    }
    if (s.peek() == ')') {
      s.advance(1);
      if (levels.size() == 1) s.fail("syntax error");
      Query inner = levels.back().finish();
      levels.pop_back();
      levels.back().operand(std::move(inner));
      continue;
    }
    QueryOp op = s.peek() == '&' ? QueryOp::kAnd : QueryOp::kOr;
    if (s.peek() == '&' || s.peek() == '|')
      s.advance(1);
    else if (s.phrase(&distance))
      op = QueryOp::kPhrase;
    else
      s.fail("syntax error");
    levels.back().oper(op, distance);
    want_operand = true;
  }
  return levels.back().finish();
}

namespace {

// "or" in any case, as a word of its own and with something behind it.
bool is_or(std::string_view rest) {
  if (rest.size() < 3 || (rest[0] | 32) != 'o' || (rest[1] | 32) != 'r') return false;
  auto c = static_cast<uint8_t>(rest[2]);
  if (c == '-' || c == '_' || c >= 0x80 || is_digit(rest[2]) || ((c | 32) >= 'a' && (c | 32) <= 'z'))
    return false;
  rest.remove_prefix(3);
  return !std::all_of(rest.begin(), rest.end(), is_blank);
}
bool is_operator(char c) { return c == '!' || c == '&' || c == '|' || c == '(' || c == ')' || c == '<'; }

}  // namespace

Query QueryReader::read_web(std::string_view text) {
  Scanner s(text, WordScanner::Kind::kWebQuery);
  Level level;
  for (bool want_operand = true, first = true;;) {
    s.skip_blanks();
    if (!want_operand) {
      if (s.at_end()) break;
      QueryOp op = is_or(s.rest()) ? QueryOp::kOr : QueryOp::kAnd;
      if (op == QueryOp::kOr) s.advance(2);
      level.oper(op, 0);
      want_operand = true;
      continue;
    }
    std::string word;
    if (s.peek() == '-') {
      s.advance(1);
      level.oper(QueryOp::kNot, 0);
      first = false;
    } else if (s.peek() == '"') {  // all that is quoted is one phrase
      s.advance(1);
      std::string_view phrase = s.rest().substr(0, s.rest().find('"'));
      s.advance(phrase.size() + 1);
      level.operand(value(phrase, 0, false));
      want_operand = first = false;
    } else if (is_operator(s.peek())) {
      s.advance(1);
      first = false;
    } else if (s.word(word)) {
      level.operand(value(word, 0, false));
      want_operand = first = false;
    } else {
      if (first) return nullptr;
      level.operand(make_stop());
      break;
    }
  }
  return level.finish();
}

}  // namespace varve::functions
