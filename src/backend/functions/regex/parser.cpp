#include <unicode/uchar.h>
#include <utility>

#include "common/sql_error.h"
#include "node.h"
#include "types/utf8.h"

namespace varve::functions::regex {

Node::~Node() = default;

namespace {

constexpr int32_t kMaxRepeat = 255;
constexpr uint32_t kMaxCharacter = 0x7ffffffe;

[[noreturn]] void invalid(const char* why) {
  throw SqlError(sqlstate::kInvalidRegularExpression, std::string("invalid regular expression: ") + why);
}

std::vector<uint32_t> decode(std::string_view s) {
  std::vector<uint32_t> out;
  for (size_t at = 0; at < s.size();) out.push_back(types::utf8_next(s, at));
  return out;
}

struct ClassName {
  std::string_view name;
  CharClass value;
};
constexpr ClassName kClassNames[] = {
    {"alnum", CharClass::kAlnum}, {"alpha", CharClass::kAlpha}, {"blank", CharClass::kBlank},
    {"cntrl", CharClass::kCntrl}, {"digit", CharClass::kDigit}, {"graph", CharClass::kGraph},
    {"lower", CharClass::kLower}, {"print", CharClass::kPrint}, {"punct", CharClass::kPunct},
    {"space", CharClass::kSpace}, {"upper", CharClass::kUpper}, {"xdigit", CharClass::kXdigit},
    {"word", CharClass::kWord},
};

using NodePtr = std::unique_ptr<Node>;

class Parser {
 public:
  Parser(std::string_view pattern, Flags flags) : flags_(flags), text_(decode(pattern)) {}

  Parsed run() {
    directors();
    Parsed out;
    if (flags_.literal) {
      out.root = literal();
    } else {
      out.root = alternatives(0);
      if (at_ < text_.size()) invalid("parentheses () not balanced");
    }
    out.groups = groups_;
    out.backrefs = backrefs_;
    out.flags = flags_;
    return out;
  }

 private:
  bool is_advanced() const { return flags_.syntax == Syntax::kAdvanced; }
  bool is_basic() const { return flags_.syntax == Syntax::kBasic; }
  bool more() const { return at_ < text_.size(); }
  uint32_t peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : 0; }
  bool looking_at(std::string_view s) const {
    for (size_t i = 0; i < s.size(); ++i) {
      if (at_ + i >= text_.size() || text_[at_ + i] != static_cast<uint8_t>(s[i])) return false;
    }
    return true;
  }

  // "***=", "***:" and "(?flags)" at the very start.
  void directors() {
    if (flags_.literal) return;
    if (looking_at("***=")) {
      at_ += 4;
      flags_.literal = true;
      return;
    }
    if (looking_at("***:")) {
      at_ += 4;
      flags_.syntax = Syntax::kAdvanced;
    } else if (looking_at("***")) {
      invalid("invalid regexp (reg version 0.8)");
    }
    if (flags_.syntax != Syntax::kAdvanced || !looking_at("(?") ||
        !(u_isalpha(static_cast<UChar32>(peek(2))) != 0))
      return;
    for (at_ += 2; more() && peek() != ')'; ++at_) embedded_flag(peek());
    if (!more()) invalid("invalid embedded option");
    ++at_;
  }
  void embedded_flag(uint32_t c) {
    switch (c) {
      case 'i':
        flags_.case_insensitive = true;
        break;
      case 'c':
        flags_.case_insensitive = false;
        break;
      case 'm':
      case 'n':
        flags_.dot_skips_newline = flags_.lines = true;
        break;
      case 'p':
        flags_.dot_skips_newline = true;
        flags_.lines = false;
        break;
      case 'w':
        flags_.dot_skips_newline = false;
        flags_.lines = true;
        break;
      case 's':
        flags_.dot_skips_newline = flags_.lines = false;
        break;
      case 'q':
        flags_.literal = true;
        break;
      case 't':
        flags_.expanded = false;
        break;
      case 'x':
        flags_.expanded = true;
        break;
      case 'e':
        flags_.literal = false;
        flags_.syntax = Syntax::kExtended;
        break;
      case 'b':
        flags_.literal = false;
        flags_.syntax = Syntax::kBasic;
        break;
      default:
        invalid("invalid embedded option");
    }
  }

  NodePtr literal() {
    auto cat = std::make_unique<Node>(Node::Kind::kCat);
    while (more()) cat->children.push_back(char_node(text_[at_++]));
    return cat;
  }

  NodePtr finish_set(NodePtr n) {
    n->set.unicode = flags_.unicode;
    n->set.fold = flags_.case_insensitive;
    for (uint32_t c = 0; c < 128; ++c) n->ascii[c] = n->set.contains(c);
    return n;
  }
  NodePtr char_node(uint32_t c) {
    auto n = std::make_unique<Node>(Node::Kind::kSet);
    n->set.add(c);
    return finish_set(std::move(n));
  }
  NodePtr class_node(CharClass k, bool negated) {
    auto n = std::make_unique<Node>(Node::Kind::kSet);
    n->set.classes.push_back({k, negated});
    n->set.skip_newline = negated && flags_.dot_skips_newline;
    return finish_set(std::move(n));
  }
  static NodePtr assert_node(Assert a) {
    auto n = std::make_unique<Node>(Node::Kind::kAssert);
    n->assertion = a;
    return n;
  }

  void skip_ignored() {
    for (;;) {
      if (is_advanced() && looking_at("(?#")) {
        while (more() && peek() != ')') ++at_;
        if (more()) ++at_;
        continue;
      }
      if (!flags_.expanded || !more()) return;
      uint32_t c = peek();
      if (c == ' ' || (c >= 9 && c <= 13)) {
        ++at_;
      } else if (c == '#') {
        while (more() && peek() != '\n') ++at_;
      } else {
        return;
      }
    }
  }

  NodePtr alternatives(int depth) {
    if (depth > 250) invalid("regular expression is too complex");
    std::vector<NodePtr> branches;
    branches.push_back(branch(depth));
    while (more() && peek() == '|' && !is_basic()) {
      ++at_;
      branches.push_back(branch(depth));
    }
    if (branches.size() == 1) return std::move(branches[0]);
    auto n = std::make_unique<Node>(Node::Kind::kAlt);
    n->prefer = Prefer::kLonger;
    for (NodePtr& b : branches) {
      n->captures |= b->captures;
      n->references |= b->references;
      n->children.push_back(std::move(b));
    }
    return n;
  }

  NodePtr branch(int depth) {
    auto cat = std::make_unique<Node>(Node::Kind::kCat);
    for (;;) {
      skip_ignored();
      if (ends_branch(depth)) break;
      NodePtr piece = is_basic() ? basic_piece(depth, cat->children) : quantified(depth);
      cat->captures |= piece->captures;
      cat->references |= piece->references;
      if (cat->prefer == Prefer::kNone) cat->prefer = piece->prefer;
      cat->children.push_back(std::move(piece));
    }
    return cat;
  }

  bool ends_branch(int depth) const {
    if (!more()) return true;
    if (is_basic()) {
      if (!looking_at("\\)")) return false;
      if (depth == 0) invalid("parentheses () not balanced");
      return true;
    }
    if (peek() == '|') return true;
    if (peek() != ')') return false;
    if (depth > 0) return true;
    if (is_advanced()) invalid("parentheses () not balanced");
    return false;  // POSIX lets it stand for itself
  }

  // --- POSIX basic: \( \) \{ \} are special, and * where something is before it.
  NodePtr basic_piece(int depth, const std::vector<NodePtr>& before) {
    const bool first = before.empty();
    if (peek() == '^' && first) {
      ++at_;
      return assert_node(flags_.lines ? Assert::kLineStart : Assert::kTextStart);
    }
    const bool after_anchor =
        before.size() == 1 && before[0]->kind == Node::Kind::kAssert && text_[at_ - 1] == '^';
    if (peek() == '*' && (first || after_anchor)) return char_node(text_[at_++]);
    return quantified(depth);
  }

  NodePtr basic_atom(int depth, bool* constraint) {
    uint32_t c = text_[at_++];
    switch (c) {
      case '[':
        return bracket(constraint);
      case '.':
        return any_character();
      case '*':
        invalid("quantifier operand invalid");
      case '$':
        skip_ignored();
        if (more() && !looking_at("\\)")) return char_node(c);
        *constraint = true;
        return assert_node(flags_.lines ? Assert::kLineEnd : Assert::kTextEnd);
      case '\\':
        return basic_escape(depth, constraint);
      default:
        return char_node(c);
    }
  }

  NodePtr basic_escape(int depth, bool* constraint) {
    if (!more()) invalid("invalid escape \\ sequence");
    uint32_t c = text_[at_++];
    if (c == '(') return parenthesised(depth, constraint);
    if (c == '{') invalid("quantifier operand invalid");
    if (c >= '1' && c <= '9') return backref(c - '0');
    if (c != '<' && c != '>') return char_node(c);
    *constraint = true;
    return assert_node(c == '<' ? Assert::kWordStart : Assert::kWordEnd);
  }

  bool basic_quantifier(int32_t* min, int32_t* max, bool* own_preference) {
    if (more() && peek() == '*') {
      ++at_;
      *min = 0;
      *max = -1;
      return true;
    }
    if (!looking_at("\\{")) return false;
    at_ += 2;
    if (!(peek() >= '0' && peek() <= '9')) {
      invalid(more() ? "invalid repetition count(s)" : "braces {} not balanced");
    }
    counts(min, max, own_preference);
    if (!looking_at("\\}")) invalid(more() ? "invalid repetition count(s)" : "braces {} not balanced");
    at_ += 2;
    check_counts(*min, *max);
    return true;
  }

  NodePtr any_character() {
    auto n = std::make_unique<Node>(Node::Kind::kSet);
    n->set.negated = true;
    n->set.skip_newline = flags_.dot_skips_newline;
    return finish_set(std::move(n));
  }

  NodePtr quantified(int depth) {
    bool constraint = false;
    NodePtr a = is_basic() ? basic_atom(depth, &constraint) : atom(depth, &constraint);
    skip_ignored();
    int32_t min, max;
    bool own_preference = true;
    if (!(is_basic() ? basic_quantifier(&min, &max, &own_preference)
                     : quantifier(&min, &max, &own_preference)))
      return a;
    if (constraint) invalid("quantifier operand invalid");
    bool greedy = true;
    if (is_advanced() && more() && peek() == '?') {
      ++at_;
      greedy = false;
    }
    skip_ignored();
    if (is_basic() ? peek() == '*' || looking_at("\\{")
                   : peek() == '*' || peek() == '+' || peek() == '?' ||
                         (peek() == '{' && peek(1) >= '0' && peek(1) <= '9')) {
      invalid("quantifier operand invalid");
    }
    auto n = std::make_unique<Node>(Node::Kind::kRepeat);
    n->min = min;
    n->max = max;
    n->greedy = greedy;
    n->captures = a->captures;
    n->references = a->references;
    n->prefer = !own_preference ? a->prefer : greedy ? Prefer::kLonger : Prefer::kShorter;
    n->children.push_back(std::move(a));
    return n;
  }

  // "{2}" leaves the preference to what is repeated; "{2,2}" has its own.
  bool quantifier(int32_t* min, int32_t* max, bool* own_preference) {
    if (!more()) return false;
    switch (peek()) {
      case '*':
        *min = 0;
        *max = -1;
        break;
      case '+':
        *min = 1;
        *max = -1;
        break;
      case '?':
        *min = 0;
        *max = 1;
        break;
      case '{':
        return bounds(min, max, own_preference);
      default:
        return false;
    }
    ++at_;
    return true;
  }
  bool bounds(int32_t* min, int32_t* max, bool* own_preference) {
    if (!(peek(1) >= '0' && peek(1) <= '9')) return false;
    ++at_;
    counts(min, max, own_preference);
    if (!more()) invalid("braces {} not balanced");
    if (peek() != '}') invalid("invalid repetition count(s)");
    ++at_;
    check_counts(*min, *max);
    return true;
  }
  // "m", "m," or "m,n".
  void counts(int32_t* min, int32_t* max, bool* own_preference) {
    *min = bound();
    *max = *min;
    *own_preference = more() && peek() == ',';
    if (!*own_preference) return;
    ++at_;
    *max = more() && peek() >= '0' && peek() <= '9' ? bound() : -1;
  }
  static void check_counts(int32_t min, int32_t max) {
    if (max >= 0 && min > max) invalid("invalid repetition count(s)");
  }
  int32_t bound() {
    int32_t n = 0;
    while (more() && peek() >= '0' && peek() <= '9' && n <= kMaxRepeat)
      n = n * 10 + static_cast<int32_t>(text_[at_++] - '0');
    if (n > kMaxRepeat) invalid("invalid repetition count(s)");
    return n;
  }

  NodePtr atom(int depth, bool* constraint) {
    uint32_t c = text_[at_++];
    switch (c) {
      case '(':
        return parenthesised(depth, constraint);
      case '[':
        return bracket(constraint);
      case '.':
        return any_character();
      case '^':
        *constraint = true;
        return assert_node(flags_.lines ? Assert::kLineStart : Assert::kTextStart);
      case '$':
        *constraint = true;
        return assert_node(flags_.lines ? Assert::kLineEnd : Assert::kTextEnd);
      case '\\':
        return escape(constraint);
      case '*':
      case '+':
      case '?':
        invalid("quantifier operand invalid");
      case '{':
        if (peek() >= '0' && peek() <= '9') invalid("quantifier operand invalid");
        return char_node(c);
      default:
        return char_node(c);
    }
  }

  NodePtr parenthesised(int depth, bool* constraint) {
    if (is_advanced() && more() && peek() == '?') {
      bool behind = peek(1) == '<';
      uint32_t kind = peek(behind ? 2 : 1);
      if (kind == '=' || kind == '!') {
        at_ += behind ? 3 : 2;
        *constraint = true;
        return look(depth, behind, kind == '!');
      }
      if (peek(1) != ':') invalid("quantifier operand invalid");
      at_ += 2;
      auto n = std::make_unique<Node>(Node::Kind::kGroup);
      close(*n, depth);
      return n;
    }
    auto n = std::make_unique<Node>(Node::Kind::kGroup);
    n->group = ++groups_;
    close(*n, depth);
    n->captures = true;
    return n;
  }
  void close(Node& n, int depth) {
    NodePtr inner = alternatives(depth + 1);
    const std::string_view end = is_basic() ? "\\)" : ")";
    if (!looking_at(end)) invalid("parentheses () not balanced");
    at_ += end.size();
    n.captures = inner->captures;
    n.references = inner->references;
    n.prefer = inner->prefer;
    n.children.push_back(std::move(inner));
  }
  NodePtr look(int depth, bool behind, bool negative) {
    // Parentheses inside of a lookaround do not capture.
    uint32_t groups = groups_;
    const bool outer_look = std::exchange(in_look_, true);
    auto n = std::make_unique<Node>(Node::Kind::kLook);
    n->behind = behind;
    n->negative = negative;
    close(*n, depth);
    n->prefer = Prefer::kNone;
    n->captures = false;
    groups_ = groups;
    in_look_ = outer_look;
    return n;
  }

  NodePtr escape(bool* constraint) {
    if (!more()) invalid("invalid escape \\ sequence");
    uint32_t c = text_[at_++];
    if (!is_advanced()) return char_node(c);
    auto constrained = [&](Assert a) {
      *constraint = true;
      return assert_node(a);
    };
    switch (c) {
      case 'd':
        return class_node(CharClass::kDigit, false);
      case 'D':
        return class_node(CharClass::kDigit, true);
      case 's':
        return class_node(CharClass::kSpace, false);
      case 'S':
        return class_node(CharClass::kSpace, true);
      case 'w':
        return class_node(CharClass::kWord, false);
      case 'W':
        return class_node(CharClass::kWord, true);
      case 'A':
        return constrained(Assert::kTextStart);
      case 'Z':
        return constrained(Assert::kTextEnd);
      case 'm':
        return constrained(Assert::kWordStart);
      case 'M':
        return constrained(Assert::kWordEnd);
      case 'y':
        return constrained(Assert::kWordEdge);
      case 'Y':
        return constrained(Assert::kNotEdge);
      default:
        break;
    }
    if (c >= '1' && c <= '9') {
      size_t start = at_;
      uint32_t n = c - '0';
      while (more() && peek() >= '0' && peek() <= '9' && n < 1000) n = n * 10 + (text_[at_++] - '0');
      if (n < 10 || n <= groups_) return backref(n);
      at_ = start;
    }
    --at_;
    return char_node(escaped_char());
  }
  NodePtr backref(uint32_t n) {
    if (in_look_ || n > groups_) invalid("invalid backreference number");
    auto node = std::make_unique<Node>(Node::Kind::kBackref);
    node->group = n;
    node->captures = true;
    node->references = true;
    node->set.fold = flags_.case_insensitive;
    node->set.unicode = flags_.unicode;
    backrefs_ = true;
    return node;
  }

  uint32_t hex_digits(int min, int max) {
    uint32_t v = 0;
    int n = 0;
    for (; n < max && more(); ++n, ++at_) {
      uint32_t c = peek();
      uint32_t d;
      if (c >= '0' && c <= '9')
        d = c - '0';
      else if ((c | 32) >= 'a' && (c | 32) <= 'f')
        d = (c | 32) - 'a' + 10;
      else
        break;
      v = v << 4 | d;
    }
    if (n < min || v > kMaxCharacter) invalid("invalid escape \\ sequence");
    return v;
  }

  // Behind the backslash: an escape that stands for one character.
  uint32_t escaped_char() {
    uint32_t c = text_[at_++];
    switch (c) {
      case 'a':
        return 7;
      case 'b':
        return 8;
      case 'B':
        return '\\';
      case 'c':
        if (!more()) invalid("invalid escape \\ sequence");
        return text_[at_++] & 31;
      case 'e':
        return 27;
      case 'f':
        return 12;
      case 'n':
        return 10;
      case 'r':
        return 13;
      case 't':
        return 9;
      case 'v':
        return 11;
      case 'u':
        return hex_digits(4, 4);
      case 'U':
        return hex_digits(8, 8);
      case 'x':
        return hex_digits(1, 255);
      default:
        break;
    }
    if (c >= '0' && c <= '7') {
      uint32_t v = c - '0';
      for (int n = 1; n < 3 && more() && peek() >= '0' && peek() <= '7'; ++n)
        v = v * 8 + (text_[at_++] - '0');
      return v;
    }
    bool alphanumeric = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
    if (alphanumeric) invalid("invalid escape \\ sequence");
    return c;
  }

  // --- [...]
  NodePtr bracket(bool* constraint) {
    if (looking_at("[:<:]]")) {
      at_ += 6;
      *constraint = true;
      return assert_node(Assert::kWordStart);
    }
    if (looking_at("[:>:]]")) {
      at_ += 6;
      *constraint = true;
      return assert_node(Assert::kWordEnd);
    }
    auto n = std::make_unique<Node>(Node::Kind::kSet);
    if (more() && peek() == '^') {
      ++at_;
      n->set.negated = true;
      n->set.skip_newline = flags_.dot_skips_newline;
    }
    bool first = true;
    for (;; first = false) {
      if (!more()) invalid("brackets [] not balanced");
      if (peek() == ']' && !first) break;
      bracket_item(n->set);
    }
    ++at_;
    return finish_set(std::move(n));
  }
  void bracket_item(CharSet& set) {
    if (looking_at("[:")) {
      set.classes.push_back({class_name(), false});
      return;
    }
    if (is_advanced() && peek() == '\\' && class_escape(set)) return;
    uint32_t low = bracket_char();
    uint32_t high = low;
    if (more() && peek() == '-' && peek(1) != ']' && at_ + 1 < text_.size()) {
      ++at_;
      if (looking_at("[:")) invalid("invalid character range");
      high = bracket_char();
      if (high < low) invalid("invalid character range");
    }
    set.ranges.push_back({low, high});
  }
  bool class_escape(CharSet& set) {
    switch (peek(1)) {
      case 'd':
        set.classes.push_back({CharClass::kDigit, false});
        break;
      case 's':
        set.classes.push_back({CharClass::kSpace, false});
        break;
      case 'w':
        set.classes.push_back({CharClass::kWord, false});
        break;
      case 'D':
        set.classes.push_back({CharClass::kDigit, true});
        break;
      case 'S':
        set.classes.push_back({CharClass::kSpace, true});
        break;
      case 'W':
        set.classes.push_back({CharClass::kWord, true});
        break;
      default:
        return false;
    }
    at_ += 2;
    return true;
  }
  CharClass class_name() {
    at_ += 2;
    std::string name;
    while (more() && peek() != ':') name.push_back(static_cast<char>(text_[at_++]));
    if (!looking_at(":]")) invalid("brackets [] not balanced");
    at_ += 2;
    for (const ClassName& k : kClassNames) {
      if (k.name != name) continue;
      // Without case, upper and lower mean any letter.
      if (flags_.case_insensitive && (k.value == CharClass::kUpper || k.value == CharClass::kLower)) {
        return CharClass::kAlpha;
      }
      return k.value;
    }
    invalid("invalid character class");
  }
  uint32_t bracket_char() {
    if (looking_at("[.") || looking_at("[=")) {
      uint32_t mark = peek(1);
      at_ += 2;
      if (!more()) invalid("brackets [] not balanced");
      uint32_t c = text_[at_++];
      if (peek() != mark || peek(1) != ']') invalid("invalid collating element");
      at_ += 2;
      return c;
    }
    uint32_t c = text_[at_++];
    if (c != '\\' || !is_advanced()) return c;
    if (!more()) invalid("invalid escape \\ sequence");
    return escaped_char();
  }

  Flags flags_;
  std::vector<uint32_t> text_;
  size_t at_ = 0;
  uint32_t groups_ = 0;
  bool backrefs_ = false;
  bool in_look_ = false;
};

}  // namespace

Parsed parse(std::string_view pattern, Flags flags) { return Parser(pattern, flags).run(); }

uint32_t fold_char(uint32_t c, bool unicode, bool upper) {
  if (c < 128) {
    if (upper) return c >= 'a' && c <= 'z' ? c - 32 : c;
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
  }
  if (!unicode) return c;
  auto u = static_cast<UChar32>(c);
  return static_cast<uint32_t>(upper ? u_toupper(u) : u_tolower(u));
}

bool in_class(uint32_t c, CharClass k, bool unicode) {
  if (c >= 128 && !unicode) return false;
  auto u = static_cast<UChar32>(c);
  switch (k) {
    case CharClass::kAlnum:
      return u_isalnum(u) != 0;
    case CharClass::kAlpha:
      return u_isalpha(u) != 0;
    case CharClass::kBlank:
      return c == ' ' || c == '\t' || (c >= 128 && u_isblank(u) != 0);
    case CharClass::kCntrl:
      return u_iscntrl(u) != 0;
    case CharClass::kDigit:
      return u_isdigit(u) != 0;
    case CharClass::kGraph:
      return u_isgraph(u) != 0;
    case CharClass::kLower:
      return u_islower(u) != 0;
    case CharClass::kPrint:
      return u_isprint(u) != 0;
    case CharClass::kPunct:
      if (c < 128) return c > 32 && c < 127 && u_isalnum(u) == 0;
      return u_ispunct(u) != 0;
    case CharClass::kSpace:
      return c == ' ' || (c >= 9 && c <= 13) || (c >= 128 && u_isspace(u) != 0);
    case CharClass::kUpper:
      return u_isupper(u) != 0;
    case CharClass::kXdigit:
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    case CharClass::kWord:
      return c == '_' || u_isalnum(u) != 0;
  }
  return false;
}

bool CharSet::contains_exactly(uint32_t c) const {
  for (const Range& r : ranges) {
    if (c >= r.low && c <= r.high) return true;
  }
  for (auto [k, no] : classes) {
    if (in_class(c, k, unicode) != no) return true;
  }
  return false;
}

bool CharSet::contains(uint32_t c) const {
  if (skip_newline && c == '\n') return false;
  bool found = contains_exactly(c);
  if (!found && fold) {
    found = contains_exactly(fold_char(c, unicode, false)) || contains_exactly(fold_char(c, unicode, true));
  }
  return found != negated;
}

}  // namespace varve::functions::regex
