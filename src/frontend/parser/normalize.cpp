#include "parser/normalize.h"

#include <charconv>
#include <string>
#include <vector>

#include "lexer.h"

namespace varve::parser {
namespace {

using enum Tok;

// Words that put a statement beyond plain queries, or give constants a meaning of their own.
bool is_odd_word(Tok t) {
  switch (t) {
    case kWith:
    case kWithLa:
    case kInto:
    case kInterval:
    case kCast:
    case kExtract:
    case kTablesample:
    case kWindow:
    case kOver:
    case kUescape:
    case kCube:
    case kRollup:
    case kGrouping:
    case kXmlelement:
    case kXmlexists:
    case kXmlforest:
    case kXmlparse:
    case kXmlpi:
    case kXmlroot:
    case kXmlserialize:
    case kXmltable:
    case kTreat:
    case kNormalize:
    case kDistinct:
    case kUnion:
    case kIntersect:
    case kExcept:
    case kConflict:
    case kCycle:
    case kArray:
      return true;
    default:
      return false;
  }
}

// Constants behind these are positions and counts.
bool ends_varying(Tok t) { return t == kOrder || t == kGroup || t == kLimit || t == kOffset || t == kFetch; }

bool is_number(Tok t) { return t == kIntegerConst || t == kFloatConst; }
bool is_constant(Tok t) { return is_number(t) || t == kStringConst; }

class Normalizer {
 public:
  Normalizer(std::string_view sql, Arena& arena) : sql_(sql), arena_(arena) {}

  NormalizedStatement run() {
    Lexer lexer(sql_, arena_);
    tokens_ = lexer.run();
    if (tokens_.back().type == kError) return {};
    size_t end = tokens_.size() - 1;
    if (end > 0 && tokens_[end - 1].type == static_cast<Tok>(';')) --end;
    if (end == 0 || !begins_plainly()) return {};
    text_.reserve(sql_.size() + 16);
    for (size_t i = 0; i < end; ++i) {
      if (!add(i)) return {};
    }
    NormalizedStatement result;
    result.normalizable = true;
    result.text = arena_.copy(std::string_view(text_));
    result.literals = arena_.copy(literals_);
    return result;
  }

 private:
  Tok type(size_t i) const { return i < tokens_.size() ? tokens_[i].type : kEndOfInput; }

  bool begins_plainly() const {
    switch (type(0)) {
      case kSelect:
      case kUpdate:
        return true;
      case kInsert:
        return type(1) == kInto;
      case kDelete:
        return type(1) == kFrom;
      default:
        return false;
    }
  }

  bool add(size_t i) {
    const Token& token = tokens_[i];
    Tok t = token.type;
    if (t == kError || t == kParamMark || t == kBitConst || t == kHexConst || t == static_cast<Tok>(';'))
      return false;
    if (is_odd_word(t) && !(t == kInto && i == 1)) return false;
    track_parens(i);
    fixed_ |= ends_varying(t);
    if (!fixed_ && is_unary_minus(i) && is_number(type(i + 1)))
      return may_vary(i, i + 1);  // goes with its number
    if (!text_.empty()) text_ += ' ';
    if (is_constant(t) && !fixed_) {
      size_t first = i > 0 && is_unary_minus(i - 1) && is_number(t) ? i - 1 : i;
      if (!may_vary(first, i)) return false;
      add_literal(tokens_[first], token);
    } else if (t == kIdentifier) {
      // Quoted, so that an identifier never looks like a keyword or a marker.
      text_ += '"';
      for (char c : token.text) {
        if (c == '"') text_ += '"';
        text_ += c;
      }
      text_ += '"';
    } else if (t >= kFirstKeyword) {
      text_ += token.text;
    } else if (t == kNotEquals) {
      text_ += "<>";
    } else {
      text_ += sql_.substr(token.location, token.end - token.location);
    }
    return true;
  }

  // Keywords that an operand follows.
  static bool takes_operand(Tok t) {
    return t == kAnd || t == kOr || t == kBetween || t == kSelect || t == kLike || t == kThen || t == kElse ||
           t == kWhen;
  }
  // Something that can have a value ends with this token.
  static bool ends_operand(Tok t) {
    return (t == kIdentifier || t >= kFirstKeyword || is_constant(t) || t == static_cast<Tok>(')') ||
            t == static_cast<Tok>(']')) &&
           !takes_operand(t);
  }
  bool is_unary_minus(size_t i) const {
    return type(i) == static_cast<Tok>('-') && i > 0 && !ends_operand(type(i - 1));
  }

  // A constant, its sign included, is a mere value only between operators, commas and parentheses: behind a
  // name it would be a typed literal or a label, behind a type's parenthesis a modifier.
  bool may_vary(size_t first, size_t last) const {
    if (first == 0) return false;
    Tok before = type(first - 1);
    Tok after = type(last + 1);
    bool minus = before == static_cast<Tok>('-') && !is_unary_minus(first - 1);
    bool good_before = before == static_cast<Tok>(',') || before == static_cast<Tok>('(') ||
                       before == static_cast<Tok>('=') || before == static_cast<Tok>('<') ||
                       before == static_cast<Tok>('>') || before == kLessEquals || before == kGreaterEquals ||
                       before == kNotEquals || before == kOp || before == static_cast<Tok>('+') ||
                       before == static_cast<Tok>('*') || before == static_cast<Tok>('/') ||
                       before == static_cast<Tok>('%') || minus || takes_operand(before);
    if (!good_before || is_constant(after) || after == kTypecastOp || after == kCollate) return false;
    // What binds closer than a sign takes the number without it.
    if (first != last && (after == static_cast<Tok>('^') || after == static_cast<Tok>('['))) return false;
    return parens_.empty() || !parens_.back();
  }

  // Remembers for each open parenthesis whether constants right inside it must stay: type modifiers behind
  // "::", and -(1), which the parser folds into -1.
  void track_parens(size_t i) {
    if (type(i) == static_cast<Tok>(')') && !parens_.empty()) parens_.pop_back();
    if (type(i) != static_cast<Tok>('(')) return;
    Tok before = i > 0 ? type(i - 1) : kEndOfInput;
    // Precisions, and signs in front of the parenthesis.
    bool fixed = before == static_cast<Tok>('-') || before == kCurrentTime || before == kCurrentTimestamp ||
                 before == kLocaltime || before == kLocaltimestamp ||
                 (before == static_cast<Tok>('(') && !parens_.empty() && parens_.back());
    size_t name = i;
    while (name > 0 && (type(name - 1) == kIdentifier || type(name - 1) >= kFirstKeyword ||
                        type(name - 1) == static_cast<Tok>('.'))) {
      --name;
    }
    parens_.push_back(fixed || (name > 0 && type(name - 1) == kTypecastOp));
  }

  // `first`: the sign, or the constant itself.
  void add_literal(const Token& first, const Token& token) {
    static constexpr const char* kMarkers[] = {"?i", "?l", "?n", "?s"};
    std::string_view value = token.text;
    LiteralKind kind = LiteralKind::kString;
    if (token.type != kStringConst) {
      bool negative = &first != &token;
      value = arena_.copy((negative ? "-" : "") + std::string(token.text));
      kind = number_kind(value);
    }
    text_ += kMarkers[static_cast<size_t>(kind)];
    literals_.push_back({kind, first.location, token.end - first.location, value});
  }

  static LiteralKind number_kind(std::string_view text) {
    int64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return LiteralKind::kNumeric;
    return number == static_cast<int32_t>(number) ? LiteralKind::kInt4 : LiteralKind::kInt8;
  }

  std::string_view sql_;
  Arena& arena_;
  std::vector<Token> tokens_;
  std::string text_;
  std::vector<bool> parens_;
  bool fixed_ = false;  // constants stay from here on
  std::vector<Literal> literals_;
};

}  // namespace

NormalizedStatement normalize_literals(std::string_view sql, Arena& arena) {
  return Normalizer(sql, arena).run();
}

}  // namespace varve::parser
