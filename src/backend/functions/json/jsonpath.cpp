#include "jsonpath.h"

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <fmt/format.h>

#include "common/append_format.h"
#include "common/sql_error.h"
#include "jsonb.h"
#include "jsonpath_lexer.h"
#include "regex/regex.h"

namespace varve::functions {

// One grammar for values and predicates; which of them stands where is checked as soon as it can be, so that
// errors fall on the same token as in an LR parser.
class JsonPathParser {
 public:
  JsonPathParser(JsonPath& path, std::string_view text) : path_(path), arena_(path.arena_), lex_(text) {}

  void run() {
    lex_.next();
    if (is_word("strict")) {
      path_.strict_ = true;
      lex_.next();
    } else if (is_word("lax")) {
      lex_.next();
    }
    path_.root_ = expression();
    if (lex_.token() != PathToken::kEnd) lex_.fail();
    check(path_.root_, 0, false, 0);
  }

 private:
  static constexpr uint32_t kMaxDepth = 1000;

  struct Depth {
    explicit Depth(uint32_t& d) : depth(d) {
      if (++depth > kMaxDepth) throw_json_depth();
    }
    ~Depth() { --depth; }
    uint32_t& depth;
  };

  PathNode* make(PathOp op, PathNode* left = nullptr, PathNode* right = nullptr) {
    auto* node = arena_.make<PathNode>();
    node->op = op;
    node->left = left;
    node->right = right;
    return node;
  }
  PathNode* make_text(PathOp op) {
    PathNode* node = make(op);
    node->text = arena_.copy(lex_.value());
    return node;
  }
  bool is_word(std::string_view word) const {
    if (lex_.token() != PathToken::kKeyword || lex_.value().size() != word.size()) return false;
    for (size_t i = 0; i < word.size(); ++i) {
      char c = lex_.value()[i];
      if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != word[i]) return false;
    }
    return true;
  }
  bool accept(char c) {
    if (!lex_.is(c)) return false;
    lex_.next();
    return true;
  }
  void expect(char c) {
    if (!accept(c)) lex_.fail();
  }
  void expect_word(std::string_view word) {
    if (!is_word(word)) lex_.fail();
    lex_.next();
  }
  static bool is_predicate(const PathNode* n) { return is_path_predicate(n->op) && n->next == nullptr; }
  void need_predicate(const PathNode* n) {
    if (!is_predicate(n)) lex_.fail();
  }
  void need_value(const PathNode* n) {
    if (is_predicate(n)) lex_.fail();
  }

  // --- predicates
  PathNode* expression() {
    Depth guard(depth_);
    PathNode* left = conjunction();
    while (lex_.token() == PathToken::kOr) {
      need_predicate(left);
      lex_.next();
      PathNode* right = conjunction();
      need_predicate(right);
      left = make(PathOp::kOr, left, right);
    }
    return left;
  }
  PathNode* conjunction() {
    PathNode* left = comparison();
    while (lex_.token() == PathToken::kAnd) {
      need_predicate(left);
      lex_.next();
      PathNode* right = comparison();
      need_predicate(right);
      left = make(PathOp::kAnd, left, right);
    }
    return left;
  }
  PathNode* comparison() {
    PathNode* left = sum();
    PathOp op;
    switch (lex_.token()) {
      case PathToken::kEqual:
        op = PathOp::kEqual;
        break;
      case PathToken::kNotEqual:
        op = PathOp::kNotEqual;
        break;
      case PathToken::kLess:
        op = PathOp::kLess;
        break;
      case PathToken::kLessOrEqual:
        op = PathOp::kLessOrEqual;
        break;
      case PathToken::kGreater:
        op = PathOp::kGreater;
        break;
      case PathToken::kGreaterOrEqual:
        op = PathOp::kGreaterOrEqual;
        break;
      default:
        return word_predicate(left);
    }
    need_value(left);
    lex_.next();
    PathNode* right = sum();
    need_value(right);
    return make(op, left, right);
  }
  PathNode* word_predicate(PathNode* left) {
    if (is_word("starts")) {
      need_value(left);
      lex_.next();
      expect_word("with");
      PathOp op = lex_.token() == PathToken::kString     ? PathOp::kString
                  : lex_.token() == PathToken::kVariable ? PathOp::kVariable
                                                         : (lex_.fail(), PathOp::kNull);
      PathNode* initial = make_text(op);
      lex_.next();
      return make(PathOp::kStartsWith, left, initial);
    }
    if (!is_word("like_regex")) return left;
    need_value(left);
    lex_.next();
    if (lex_.token() != PathToken::kString) lex_.fail();
    PathNode* like = make_text(PathOp::kLikeRegex);
    like->left = left;
    lex_.next();
    std::string flags;
    if (is_word("flag")) {
      lex_.next();
      if (lex_.token() != PathToken::kString) lex_.fail();
      flags = lex_.value();
      check_regex(like, flags);
      lex_.next();
      return like;
    }
    check_regex(like, flags);
    return like;
  }
  void check_regex(PathNode* like, const std::string& letters) {
    std::string known;
    for (char c : letters) {
      if (std::string_view("ismxq").find(c) != std::string_view::npos) continue;
      size_t size = (c & 0x80) != 0 ? letters.size() - letters.find(c) : 1;
      throw SqlError(sqlstate::kSyntaxError, "invalid input syntax for type jsonpath")
          .detail(fmt::format("Unrecognized flag character \"{}\" in LIKE_REGEX predicate.",
                              letters.substr(letters.find(c), size)));
    }
    for (char c : std::string_view("ismxq")) {
      if (letters.find(c) != std::string::npos) known += c;
    }
    like->flags = arena_.copy(known);
    bool literal = known.find('q') != std::string::npos;
    if (!literal && known.find('x') != std::string::npos) {
      throw SqlError(sqlstate::kFeatureNotSupported,
                     "XQuery \"x\" flag (expanded regular expressions) is not implemented");
    }
    regex::Flags f;
    f.literal = literal;
    f.case_insensitive = known.find('i') != std::string::npos;
    regex::Regex compiled(like->text, f);
    (void)compiled;
  }

  // --- values
  PathNode* sum() {
    PathNode* left = product();
    while (lex_.is('+') || lex_.is('-')) {
      need_value(left);
      PathOp op = lex_.is('+') ? PathOp::kAdd : PathOp::kSubtract;
      lex_.next();
      PathNode* right = product();
      need_value(right);
      left = make(op, left, right);
    }
    return left;
  }
  PathNode* product() {
    PathNode* left = signed_value();
    while (lex_.is('*') || lex_.is('/') || lex_.is('%')) {
      need_value(left);
      PathOp op = lex_.is('*') ? PathOp::kMultiply : lex_.is('/') ? PathOp::kDivide : PathOp::kModulo;
      lex_.next();
      PathNode* right = signed_value();
      need_value(right);
      left = make(op, left, right);
    }
    return left;
  }
  PathNode* signed_value() {
    if (!lex_.is('+') && !lex_.is('-')) return accessor();
    Depth guard(depth_);
    bool minus = lex_.is('-');
    lex_.next();
    PathNode* arg = signed_value();
    need_value(arg);
    if (arg->op == PathOp::kNumber && arg->next == nullptr) {
      if (!minus) return arg;
      PathNode* negated = make(PathOp::kNumber);
      negated->number = types::neg(arg->number, arena_);
      return negated;
    }
    return make(minus ? PathOp::kMinus : PathOp::kPlus, arg);
  }

  PathNode* accessor() {
    bool complete = false;  // a predicate form that takes no accessor
    PathNode* head = primary(&complete);
    if (complete) return head;
    // A parenthesised path may have accessors already.
    PathNode* tail = head;
    while (tail->next != nullptr) tail = tail->next;
    while (PathNode* step = accessor_step()) {
      tail->next = step;
      tail = step;
    }
    return head;
  }

  PathNode* primary(bool* complete) {
    switch (lex_.token()) {
      case PathToken::kString:
        return take(make_text(PathOp::kString));
      case PathToken::kVariable:
        return take(make_text(PathOp::kVariable));
      case PathToken::kInteger:
      case PathToken::kNumber: {
        PathNode* n = make(PathOp::kNumber);
        std::string digits = lex_.value();
        n->number = types::parse_numeric(digits, arena_);
        return take(n);
      }
      case PathToken::kKeyword:
        return keyword_primary(complete);
      case PathToken::kCharacter:
        break;
      default:
        lex_.fail();
    }
    if (accept('$')) return make(PathOp::kRoot);
    if (accept('@')) return make(PathOp::kCurrent);
    if (accept('!')) return negation(complete);
    if (!accept('(')) lex_.fail();
    PathNode* inner = expression();
    expect(')');
    if (!is_predicate(inner)) return inner;
    if (is_word("is")) {
      lex_.next();
      expect_word("unknown");
      *complete = true;
      return make(PathOp::kIsUnknown, inner);
    }
    return inner;
  }
  PathNode* keyword_primary(bool* complete) {
    if (is_word("null")) return take(make(PathOp::kNull));
    if (is_word("true")) return take(make(PathOp::kTrue));
    if (is_word("false")) return take(make(PathOp::kFalse));
    if (is_word("last")) return take(make(PathOp::kLast));
    if (is_word("exists")) {
      *complete = true;
      return exists();
    }
    lex_.fail();
  }
  PathNode* take(PathNode* node) {
    lex_.next();
    return node;
  }
  PathNode* exists() {
    lex_.next();
    expect('(');
    PathNode* arg = expression();
    need_value(arg);
    expect(')');
    return make(PathOp::kExists, arg);
  }
  PathNode* negation(bool* complete) {
    *complete = true;
    if (is_word("exists")) return make(PathOp::kNot, exists());
    expect('(');
    PathNode* arg = expression();
    need_predicate(arg);
    expect(')');
    return make(PathOp::kNot, arg);
  }

  // --- accessors
  PathNode* accessor_step() {
    if (lex_.is('.')) {
      lex_.next();
      return member();
    }
    if (lex_.is('[')) {
      lex_.next();
      return subscripts();
    }
    if (!lex_.is('?')) return nullptr;
    lex_.next();
    expect('(');
    PathNode* condition = expression();
    need_predicate(condition);
    expect(')');
    return make(PathOp::kFilter, condition);
  }
  PathNode* member() {
    if (accept('*')) return make(PathOp::kAnyKey);
    if (lex_.token() == PathToken::kAny) {
      lex_.next();
      return any_path();
    }
    PathToken token = lex_.token();
    if (token != PathToken::kString && token != PathToken::kIdentifier && token != PathToken::kKeyword)
      lex_.fail();
    PathNode* key = make_text(PathOp::kKey);
    PathOp method = PathOp::kKey;
    if (token == PathToken::kKeyword) {
      constexpr std::pair<std::string_view, PathOp> kMethods[] = {
          {"abs", PathOp::kAbs},           {"size", PathOp::kSize},        {"type", PathOp::kType},
          {"floor", PathOp::kFloor},       {"double", PathOp::kDouble},    {"ceiling", PathOp::kCeiling},
          {"keyvalue", PathOp::kKeyValue}, {"datetime", PathOp::kDatetime}};
      for (const auto& [word, op] : kMethods) {
        if (is_word(word)) method = op;
      }
    }
    lex_.next();
    if (method == PathOp::kKey || !lex_.is('(')) return key;
    lex_.next();
    PathNode* call = make(method);
    if (method == PathOp::kDatetime && lex_.token() == PathToken::kString)
      call->left = take(make_text(PathOp::kString));
    expect(')');
    return call;
  }
  uint32_t level() {
    if (is_word("last")) {
      lex_.next();
      return kPathLast;
    }
    if (lex_.token() != PathToken::kInteger) lex_.fail();
    long v = std::strtol(lex_.value().c_str(), nullptr, 10);
    lex_.next();
    return static_cast<uint32_t>(std::min<long>(v, INT_MAX));
  }
  PathNode* any_path() {
    PathNode* any = make(PathOp::kAny);
    any->last = kPathLast;
    if (!accept('{')) return any;
    any->first = any->last = level();
    if (is_word("to")) {
      lex_.next();
      any->last = level();
    }
    expect('}');
    return any;
  }
  PathNode* subscripts() {
    if (accept('*')) {
      expect(']');
      return make(PathOp::kAnyArray);
    }
    PathNode* node = make(PathOp::kIndexArray);
    path_.subscripts_.push_back(std::make_unique<std::vector<PathNode::Subscript>>());
    node->subscripts = path_.subscripts_.back().get();
    for (;;) {
      PathNode::Subscript s{sum_value(), nullptr};
      if (is_word("to")) {
        lex_.next();
        s.to = sum_value();
      }
      node->subscripts->push_back(s);
      if (!accept(',')) break;
    }
    expect(']');
    return node;
  }
  PathNode* sum_value() {
    Depth guard(depth_);
    PathNode* v = sum();
    need_value(v);
    return v;
  }

  // Where @ and last may stand.
  void check(const PathNode* n, int filters, bool in_subscript, uint32_t depth) {
    if (depth > 4 * kMaxDepth) throw_json_depth();
    for (; n != nullptr; n = n->next) {
      if (n->op == PathOp::kCurrent && filters == 0) {
        throw SqlError(sqlstate::kSyntaxError, "@ is not allowed in root expressions");
      }
      if (n->op == PathOp::kLast && !in_subscript) {
        throw SqlError(sqlstate::kSyntaxError, "LAST is allowed only in array subscripts");
      }
      int inner = filters + (n->op == PathOp::kFilter ? 1 : 0);
      if (n->left != nullptr) check(n->left, inner, in_subscript, depth + 1);
      if (n->right != nullptr) check(n->right, filters, in_subscript, depth + 1);
      if (n->subscripts == nullptr) continue;
      for (const PathNode::Subscript& s : *n->subscripts) {
        check(s.from, filters, true, depth + 1);
        if (s.to != nullptr) check(s.to, filters, true, depth + 1);
      }
    }
  }

  JsonPath& path_;
  Arena& arena_;
  PathLexer lex_;
  uint32_t depth_ = 0;
};

void JsonPath::parse(std::string_view text) {
  arena_.reset();
  subscripts_.clear();
  root_ = nullptr;
  strict_ = false;
  if (text.empty()) {
    throw SqlError(sqlstate::kInvalidTextRepresentation, "invalid input syntax for type jsonpath: \"\"");
  }
  JsonPathParser(*this, text).run();
}

// --- text
std::string_view path_operator_name(PathOp op) {
  switch (op) {
    case PathOp::kAnd:
      return "&&";
    case PathOp::kOr:
      return "||";
    case PathOp::kEqual:
      return "==";
    case PathOp::kNotEqual:
      return "!=";
    case PathOp::kLess:
      return "<";
    case PathOp::kGreater:
      return ">";
    case PathOp::kLessOrEqual:
      return "<=";
    case PathOp::kGreaterOrEqual:
      return ">=";
    case PathOp::kAdd:
    case PathOp::kPlus:
      return "+";
    case PathOp::kSubtract:
    case PathOp::kMinus:
      return "-";
    case PathOp::kMultiply:
      return "*";
    case PathOp::kDivide:
      return "/";
    case PathOp::kModulo:
      return "%";
    case PathOp::kStartsWith:
      return "starts with";
    case PathOp::kLikeRegex:
      return "like_regex";
    case PathOp::kType:
      return "type";
    case PathOp::kSize:
      return "size";
    case PathOp::kAbs:
      return "abs";
    case PathOp::kFloor:
      return "floor";
    case PathOp::kCeiling:
      return "ceiling";
    case PathOp::kDouble:
      return "double";
    case PathOp::kDatetime:
      return "datetime";
    case PathOp::kKeyValue:
      return "keyvalue";
    default:
      return "";
  }
}

namespace {

int priority(PathOp op) {
  switch (op) {
    case PathOp::kOr:
      return 0;
    case PathOp::kAnd:
      return 1;
    case PathOp::kEqual:
    case PathOp::kNotEqual:
    case PathOp::kLess:
    case PathOp::kGreater:
    case PathOp::kLessOrEqual:
    case PathOp::kGreaterOrEqual:
    case PathOp::kStartsWith:
      return 2;
    case PathOp::kAdd:
    case PathOp::kSubtract:
      return 3;
    case PathOp::kMultiply:
    case PathOp::kDivide:
    case PathOp::kModulo:
      return 4;
    case PathOp::kPlus:
    case PathOp::kMinus:
      return 5;
    default:
      return 6;
  }
}

class Printer {
 public:
  explicit Printer(std::string& out) : out_(out) {}

  void print(const PathNode* n, bool in_key, bool brackets) {
    for (; n != nullptr; n = n->next) {
      one(n, in_key, brackets);
      in_key = brackets = true;
    }
  }

 private:
  void operand(const PathNode* arg, const PathNode* of) {
    print(arg, false, priority(arg->op) <= priority(of->op));
  }
  void open(bool brackets) { out_ += brackets ? "(" : ""; }
  void close(bool brackets) { out_ += brackets ? ")" : ""; }

  void one(const PathNode* n, bool in_key, bool brackets) {
    switch (n->op) {
      case PathOp::kNull:
        out_ += "null";
        return;
      case PathOp::kTrue:
        out_ += "true";
        return;
      case PathOp::kFalse:
        out_ += "false";
        return;
      case PathOp::kString:
        append_json_string(out_, n->text);
        return;
      case PathOp::kVariable:
        out_ += '$';
        append_json_string(out_, n->text);
        return;
      case PathOp::kNumber:
        open(n->next != nullptr);
        types::append_numeric(out_, n->number);
        close(n->next != nullptr);
        return;
      case PathOp::kKey:
        if (in_key) out_ += '.';
        append_json_string(out_, n->text);
        return;
      case PathOp::kCurrent:
        out_ += '@';
        return;
      case PathOp::kRoot:
        out_ += '$';
        return;
      case PathOp::kLast:
        out_ += "last";
        return;
      case PathOp::kAnyArray:
        out_ += "[*]";
        return;
      case PathOp::kAnyKey:
        if (in_key) out_ += '.';
        out_ += '*';
        return;
      case PathOp::kAny:
        any(n, in_key);
        return;
      case PathOp::kIndexArray:
        subscripts(n);
        return;
      case PathOp::kFilter:
        out_ += "?(";
        print(n->left, false, false);
        out_ += ')';
        return;
      case PathOp::kNot:
        out_ += "!(";
        print(n->left, false, false);
        out_ += ')';
        return;
      case PathOp::kIsUnknown:
        out_ += '(';
        print(n->left, false, false);
        out_ += ") is unknown";
        return;
      case PathOp::kExists:
        out_ += "exists (";
        print(n->left, false, false);
        out_ += ')';
        return;
      case PathOp::kPlus:
      case PathOp::kMinus:
        open(brackets);
        out_ += path_operator_name(n->op);
        operand(n->left, n);
        close(brackets);
        return;
      case PathOp::kLikeRegex:
        open(brackets);
        operand(n->left, n);
        out_ += " like_regex ";
        append_json_string(out_, n->text);
        if (!n->flags.empty()) append_format(out_, " flag \"{}\"", n->flags);
        close(brackets);
        return;
      case PathOp::kType:
      case PathOp::kSize:
      case PathOp::kAbs:
      case PathOp::kFloor:
      case PathOp::kCeiling:
      case PathOp::kDouble:
      case PathOp::kDatetime:
      case PathOp::kKeyValue:
        append_format(out_, ".{}(", path_operator_name(n->op));
        if (n->left != nullptr) print(n->left, false, false);
        out_ += ')';
        return;
      default:  // between two operands
        open(brackets);
        operand(n->left, n);
        append_format(out_, " {} ", path_operator_name(n->op));
        operand(n->right, n);
        close(brackets);
        return;
    }
  }
  void any(const PathNode* n, bool in_key) {
    if (in_key) out_ += '.';
    auto level = [](uint32_t v) { return v == kPathLast ? std::string("last") : std::to_string(v); };
    if (n->first == 0 && n->last == kPathLast)
      out_ += "**";
    else if (n->first == n->last)
      out_ += "**{" + level(n->first) + "}";
    else
      out_ += "**{" + level(n->first) + " to " + level(n->last) + "}";
  }
  void subscripts(const PathNode* n) {
    out_ += '[';
    bool first = true;
    for (const PathNode::Subscript& s : *n->subscripts) {
      if (!first) out_ += ',';
      first = false;
      print(s.from, false, false);
      if (s.to == nullptr) continue;
      out_ += " to ";
      print(s.to, false, false);
    }
    out_ += ']';
  }

  std::string& out_;
};

}  // namespace

void JsonPath::append_text(std::string& out) const {
  if (strict_) out += "strict ";
  Printer(out).print(root_, false, true);
}

}  // namespace varve::functions
