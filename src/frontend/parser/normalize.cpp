#include "parser/normalize.h"

#include <string>
#include <vector>

#include "lexer.h"

namespace varve::parser {
namespace {

using enum Tok;

// Words that put a statement beyond plain queries, or give constants a meaning of their own.
bool is_odd_word(Tok t) {
  switch (t) {
    case kWith: case kWithLa: case kInto: case kFetch: case kLimit: case kOffset: case kInterval: case kOrder:
    case kGroup:
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
    case kXmlroot: case kXmlserialize: case kXmltable: case kTreat: case kCurrentTime: case kCurrentTimestamp:
    case kLocaltime: case kLocaltimestamp: case kNormalize: case kDistinct: case kUnion: case kIntersect:
    case kExcept: case kConflict: case kCycle: case kArray: return true;
    default: return false;
  }
}

bool is_constant(Tok t) { return t == kIntegerConst || t == kFloatConst || t == kStringConst; }

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
      case kSelect: case kUpdate: return true;
      case kInsert: return type(1) == kInto;
      case kDelete: return type(1) == kFrom;
      default: return false;
    }
  }

  bool add(size_t i) {
    const Token& token = tokens_[i];
    Tok t = token.type;
    if (t == kError || t == kParamMark || t == kBitConst || t == kHexConst || t == static_cast<Tok>(';'))
      return false;
    if (is_odd_word(t) && !(t == kInto && i == 1)) return false;
    track_parens(i);
    if (!text_.empty()) text_ += ' ';
    if (is_constant(t)) {
      if (!may_vary(i)) return false;
      add_literal(token);
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

  // A constant is a mere value only between operators, commas and parentheses: behind a name it would be a
  // typed literal or a label, behind a type's parenthesis a modifier, behind a minus sign it is not itself.
  bool may_vary(size_t i) const {
    Tok before = type(i - 1);
    Tok after = type(i + 1);
    bool good_before = before == static_cast<Tok>(',') || before == static_cast<Tok>('(') ||
                       before == static_cast<Tok>('=') || before == static_cast<Tok>('<') ||
                       before == static_cast<Tok>('>') || before == kLessEquals || before == kGreaterEquals ||
                       before == kNotEquals || before == kOp || before == static_cast<Tok>('+') ||
                       before == static_cast<Tok>('*') || before == static_cast<Tok>('/') ||
                       before == static_cast<Tok>('%') || before == kAnd || before == kOr ||
                       before == kBetween || before == kSelect || before == kLike || before == kThen ||
                       before == kElse || before == kWhen;
    if (!good_before || is_constant(after) || after == kTypecastOp || after == kCollate) return false;
    return parens_.empty() || !parens_.back();
  }

  // Remembers for each open parenthesis whether constants right inside it must stay: type modifiers behind
  // "::", and -(1), which the parser folds into -1.
  void track_parens(size_t i) {
    if (type(i) == static_cast<Tok>(')') && !parens_.empty()) parens_.pop_back();
    if (type(i) != static_cast<Tok>('(')) return;
    Tok before = i > 0 ? type(i - 1) : kEndOfInput;
    bool fixed = before == static_cast<Tok>('-') ||
                 (before == static_cast<Tok>('(') && !parens_.empty() && parens_.back());
    size_t name = i;
    while (name > 0 && (type(name - 1) == kIdentifier || type(name - 1) >= kFirstKeyword ||
                        type(name - 1) == static_cast<Tok>('.'))) {
      --name;
    }
    parens_.push_back(fixed || (name > 0 && type(name - 1) == kTypecastOp));
  }

  void add_literal(const Token& token) {
    LiteralKind kind = token.type == kIntegerConst ? LiteralKind::kInteger
                       : token.type == kFloatConst ? LiteralKind::kFloat
                                                   : LiteralKind::kString;
    text_ += kind == LiteralKind::kInteger ? "?i" : kind == LiteralKind::kFloat ? "?f" : "?s";
    std::string_view value = kind == LiteralKind::kInteger ? arena_.copy(token.text) : token.text;
    literals_.push_back({kind, token.location, token.end - token.location, value});
  }

  std::string_view sql_;
  Arena& arena_;
  std::vector<Token> tokens_;
  std::string text_;
  std::vector<bool> parens_;
  std::vector<Literal> literals_;
};

}  // namespace

NormalizedStatement normalize_literals(std::string_view sql, Arena& arena) {
  return Normalizer(sql, arena).run();
}

}  // namespace varve::parser
