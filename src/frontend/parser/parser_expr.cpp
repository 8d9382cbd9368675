// Operators: a Pratt parser whose levels are PostgreSQL's precedence table.
#include <fmt/format.h>

#include "parser_impl.h"

namespace varve::parser {

using enum Tok;

Node* Parser::expression(int min, ExprMode mode) {
  check_stack();
  size_t start = pos_;
  bool primary = false;
  Node* left = prefix_expression(mode, primary);
  size_t end = pos_;
  left = expression_after(left, min, mode);
  was_primary_ = primary && pos_ == end && end > start;
  return left;
}

Node* Parser::expression_after(Node* left, int min, ExprMode mode) {
  int nonassociative = 0;
  while (true) {
    int level = infix_level(mode);
    if (level == 0 || level < min) return left;
    if (level == nonassociative) syntax_error();
    if (mode == kExprLabelFollows && infix_is_label()) return left;
    if (mode == kExprSimilarFollows && at(kSimilar) && !next_is(kTo)) return left;
    nonassociative = 0;
    left = infix(left, level, mode, nonassociative);
  }
}

Node* Parser::prefix_expression(ExprMode mode, bool& primary) {
  int32_t loc = location();
  ExprMode operand = mode == kExprRestricted ? kExprRestricted : kExprFull;
  switch (type()) {
    case kPlus:
      advance();
      return make_operator(OperatorForm::kOperator, "+", nullptr, expression(kPrecTypecast, operand), loc);
    case kMinus:
      advance();
      return negate(expression(kPrecTypecast, operand), loc);
    case kOp:
    case kOperator: {
      if (at(kOperator) && !next_is('(')) break;  // a column named so
      auto* node = make<OperatorExpr>(loc);
      node->name = qual_operator();
      node->right = expression(kPrecOp + 1, operand);
      return node;
    }
    case kNot:
    case kNotLa:
      if (mode == kExprRestricted) break;
      advance();
      return make_not(expression(kPrecNot, operand), loc);
    case kDefault:
      if (mode == kExprRestricted) break;
      advance();
      return make<DefaultExpr>(loc);
    case kUnique:
      if (mode == kExprRestricted) break;
      advance();
      if (accept(kNulls)) {
        accept(kNot);
        expect(kDistinct);
      }
      select_with_parens();
      error_at(loc, sqlstate::kFeatureNotSupported, "UNIQUE predicate is not yet implemented");
    default:
      break;
  }
  Node* node = after_c_expr(c_expr(), mode);
  primary = true;
  return node;
}

Node* Parser::after_c_expr(Node* node, ExprMode mode) {
  if (at(kOverlaps) && mode != kExprRestricted && node == last_row_ && last_row_end_ == pos_) {
    return overlaps(as<RowExpr>(node));
  }
  return node;
}

int Parser::infix_level(ExprMode mode) const {
  switch (static_cast<int>(type())) {
    case '<':
    case '>':
    case '=':
      return kPrecComparison;
    case '+':
    case '-':
      return kPrecAdd;
    case '*':
    case '/':
    case '%':
      return kPrecMultiply;
    case '^':
      return kPrecPower;
    default:
      break;
  }
  switch (type()) {
    case kLessEquals:
    case kGreaterEquals:
    case kNotEquals:
      return kPrecComparison;
    case kOp:
    case kOperator:
      return kPrecOp;
    case kTypecastOp:
      return kPrecTypecast;
    case kIs:
      return kPrecIs;
    default:
      break;
  }
  if (mode == kExprRestricted) return 0;
  switch (type()) {
    case kOr:
      return kPrecOr;
    case kAnd:
      return kPrecAnd;
    case kIsnull:
    case kNotnull:
      return kPrecIs;
    case kBetween:
    case kIn:
    case kLike:
    case kIlike:
    case kSimilar:
    case kNotLa:
      return kPrecLike;
    case kAt:
      return kPrecAt;
    case kCollate:
      return kPrecCollate;
    default:
      return 0;
  }
}

// SELECT 1 is FROM …: an operator word that nothing follows is a column label.
bool Parser::infix_is_label() const {
  if (!has_flag(type(), kIsBareLabel)) return false;
  switch (peek()) {
    case kEndOfInput:
    case kFrom:
    case kInto:
    case kWhere:
    case kGroup:
    case kHaving:
    case kWindow:
    case kUnion:
    case kIntersect:
    case kExcept:
    case kOrder:
    case kLimit:
    case kOffset:
    case kFetch:
    case kFor:
    case kOn:
    case kReturning:
    case kWith:
      return true;
    default:
      return next_is(',') || next_is(')') || next_is(';');
  }
}

Node* Parser::make_operator(OperatorForm form, std::string_view name, Node* left, Node* right, int32_t loc) {
  auto* node = make<OperatorExpr>(loc);
  node->form = form;
  node->name = one(name);
  node->left = left;
  node->right = right;
  return node;
}

Node* Parser::make_not(Node* arg, int32_t loc) {
  auto* node = make<BoolExpr>(loc);
  node->op = BoolOp::kNot;
  node->args = one(arg);
  return node;
}

// A minus sign in front of a number becomes part of it.
Node* Parser::negate(Node* arg, int32_t loc) {
  if (is<ConstExpr>(arg)) {
    auto* constant = as<ConstExpr>(arg);
    if (constant->type == ConstKind::kInteger) {
      constant->integer = -constant->integer;
      constant->location = loc;
      return constant;
    }
    if (constant->type == ConstKind::kFloat) {
      constant->location = loc;
      constant->text = constant->text.starts_with('-') ? constant->text.substr(1)
                                                       : arena_.copy(fmt::format("-{}", constant->text));
      return constant;
    }
  }
  return make_operator(OperatorForm::kOperator, "-", nullptr, arg, loc);
}

std::string_view Parser::operator_symbol() {
  static constexpr std::string_view kChars = "+-*/%^<>=";
  auto code = static_cast<int>(type());
  if (code < 128 && code > 1) {
    size_t i = kChars.find(static_cast<char>(code));
    if (i == std::string_view::npos) syntax_error();
    advance();
    return kChars.substr(i, 1);
  }
  std::string_view symbol;
  switch (type()) {
    case kOp:
      symbol = cur().text;
      break;
    case kLessEquals:
      symbol = "<=";
      break;
    case kGreaterEquals:
      symbol = ">=";
      break;
    case kNotEquals:
      symbol = "<>";
      break;
    default:
      syntax_error();
  }
  advance();
  return symbol;
}

// [schema .]… operator
NameList Parser::any_operator() {
  ListBuilder<std::string_view> list;
  while (at_col_id()) {
    list.add(col_id());
    expect('.');
  }
  list.add(operator_symbol());
  return finish(list);
}

// Op | OPERATOR(…)
NameList Parser::qual_operator() {
  if (accept(kOperator)) {
    expect('(');
    NameList name = any_operator();
    expect(')');
    return name;
  }
  if (!at(kOp)) syntax_error();
  return one(operator_symbol());
}
NameList Parser::all_operator() { return at(kOperator) ? qual_operator() : one(operator_symbol()); }

Node* Parser::infix(Node* left, int level, ExprMode mode, int& nonassociative) {
  int32_t loc = location();
  switch (level) {
    case kPrecOr:
      return bool_chain(left, BoolOp::kOr, level, mode);
    case kPrecAnd:
      return bool_chain(left, BoolOp::kAnd, level, mode);
    case kPrecIs:
      return is_expr(left, mode, nonassociative);
    case kPrecLike:
      return like_expr(left, nonassociative);
    case kPrecTypecast: {
      advance();
      auto* node = make<TypeCast>(loc);
      node->arg = left;
      node->type = type_name();
      return node;
    }
    case kPrecCollate: {
      advance();
      auto* node = make<CollateExpr>(loc);
      node->arg = left;
      node->collation = any_name();
      return node;
    }
    case kPrecAt: {
      advance();
      expect_all(kTime, kZone);
      Node* zone = expression(kPrecAt + 1, kExprFull);
      ListBuilder<Node*> args;
      args.add(zone);
      args.add(left);
      return system_call("timezone", finish(args), loc);
    }
    default: {
      NameList name = all_operator();
      return after_operator(left, name, level, loc, mode, nonassociative);
    }
  }
}

Node* Parser::after_operator(Node* left, NameList name, int level, int32_t loc, ExprMode mode,
                             int& nonassociative) {
  if (mode != kExprRestricted && at_any(kAny, kSome, kAll)) return quantified(left, name, loc);
  auto* node = make<OperatorExpr>(loc);
  node->name = name;
  node->left = left;
  node->right = expression(level + 1, mode == kExprRestricted ? kExprRestricted : kExprFull);
  if (level == kPrecComparison) nonassociative = level;
  return node;
}

// left op ANY|SOME|ALL (query or array)
Node* Parser::quantified(Node* left, NameList name, int32_t loc) {
  bool all = at(kAll);
  advance();
  if (!at('(')) syntax_error();
  ParenContent content = paren_content(true);
  if (content.query != nullptr) {
    auto* node = as<SubLink>(sublink(all ? SubLinkKind::kAll : SubLinkKind::kAny, content.query, loc));
    node->test = left;
    node->operator_name = name;
    return node;
  }
  auto* node = make<OperatorExpr>(loc);
  node->form = all ? OperatorForm::kAll : OperatorForm::kAny;
  node->name = name;
  node->left = left;
  node->right = content.items[0];
  return node;
}

Node* Parser::bool_chain(Node* left, BoolOp op, int level, ExprMode mode) {
  Tok word = type();
  int32_t loc = location();
  ListBuilder<Node*> args;
  if (is<BoolExpr>(left) && as<BoolExpr>(left)->op == op) {
    for (Node* arg : as<BoolExpr>(left)->args) args.add(arg);
    loc = left->location;
  } else {
    args.add(left);
  }
  do {
    advance();
    args.add(expression(level + 1, kExprFull));
  } while (at(word) && !(mode == kExprLabelFollows && infix_is_label()));
  auto* node = make<BoolExpr>(loc);
  node->op = op;
  node->args = finish(args);
  return node;
}

// LIKE, ILIKE, SIMILAR TO, BETWEEN and IN, each with NOT in front or without.
Node* Parser::like_expr(Node* left, int& nonassociative) {
  int32_t loc = location();
  bool negated = accept(kNotLa);
  switch (type()) {
    case kBetween:
      nonassociative = kPrecLike;
      return between_expr(left, negated, loc);
    case kIn:
      return in_expr(left, negated, loc);
    default:
      break;
  }
  bool ilike = at(kIlike), similar = at(kSimilar);
  advance();
  std::string_view name = similar ? (negated ? "!~" : "~")
                          : ilike ? (negated ? "!~~*" : "~~*")
                                  : (negated ? "!~~" : "~~");
  if (similar) {
    expect(kTo);
  } else if (at_any(kAny, kSome, kAll)) {
    return quantified(left, one(name), loc);
  }
  ListBuilder<Node*> pattern;
  pattern.add(expression(kPrecLike + 1, kExprFull));
  if (accept(kEscape)) pattern.add(expression(kPrecLike + 1, kExprFull));
  nonassociative = kPrecLike;
  Node* right = finish(pattern)[0];
  if (similar) {
    right = system_call("similar_to_escape", finish(pattern), loc);
  } else if (pattern.size() == 2) {
    right = system_call("like_escape", finish(pattern), loc);
  }
  OperatorForm form = similar ? OperatorForm::kSimilar : ilike ? OperatorForm::kILike : OperatorForm::kLike;
  return make_operator(form, name, left, right, loc);
}

Node* Parser::between_expr(Node* left, bool negated, int32_t loc) {
  advance();
  bool symmetric = accept(kSymmetric);
  if (!symmetric) accept(kAsymmetric);
  ListBuilder<Node*> bounds;
  bounds.add(b_expr());
  expect(kAnd);
  bounds.add(expression(kPrecLike + 1, kExprFull));
  auto* list = make<ListNode>();
  list->items = finish(bounds);
  OperatorForm form = symmetric
                          ? (negated ? OperatorForm::kNotBetweenSymmetric : OperatorForm::kBetweenSymmetric)
                          : (negated ? OperatorForm::kNotBetween : OperatorForm::kBetween);
  std::string_view name = symmetric ? (negated ? "NOT BETWEEN SYMMETRIC" : "BETWEEN SYMMETRIC")
                                    : (negated ? "NOT BETWEEN" : "BETWEEN");
  return make_operator(form, name, left, list, loc);
}

Node* Parser::in_expr(Node* left, bool negated, int32_t loc) {
  advance();
  if (!at('(')) syntax_error();
  ParenContent content = paren_content();
  if (content.query != nullptr) {
    auto* node = as<SubLink>(sublink(SubLinkKind::kAny, content.query, loc));
    node->test = left;
    return negated ? make_not(node, loc) : node;
  }
  auto* list = make<ListNode>();
  list->items = content.items;
  return make_operator(OperatorForm::kIn, negated ? "<>" : "=", left, list, loc);
}

Node* Parser::is_expr(Node* left, ExprMode mode, int& nonassociative) {
  int32_t loc = location();
  auto null_test = [&](bool negated) {
    advance();
    auto* node = make<NullTest>(loc);
    node->arg = left;
    node->is_not_null = negated;
    return node;
  };
  if (at(kIsnull)) return null_test(false);
  if (at(kNotnull)) return null_test(true);
  advance();
  bool negated = accept(kNot);
  if (accept(kDistinct)) {
    expect(kFrom);
    nonassociative = kPrecIs;
    Node* right = expression(kPrecIs + 1, mode == kExprRestricted ? kExprRestricted : kExprFull);
    return make_operator(negated ? OperatorForm::kNotDistinct : OperatorForm::kDistinct, "=", left, right,
                         loc);
  }
  if (accept(kDocument)) {
    auto* node = make<XmlExpr>(loc);
    node->op = XmlOp::kDocument;
    node->args = one(left);
    return negated ? make_not(node, loc) : node;
  }
  if (mode == kExprRestricted) syntax_error();
  auto boolean_test = [&](BooleanTestKind yes, BooleanTestKind no) {
    advance();
    auto* node = make<BooleanTest>(loc);
    node->arg = left;
    node->test = negated ? no : yes;
    return node;
  };
  switch (type()) {
    case kNull:
      return null_test(negated);
    case kTrue:
      return boolean_test(BooleanTestKind::kIsTrue, BooleanTestKind::kIsNotTrue);
    case kFalse:
      return boolean_test(BooleanTestKind::kIsFalse, BooleanTestKind::kIsNotFalse);
    case kUnknown:
      return boolean_test(BooleanTestKind::kIsUnknown, BooleanTestKind::kIsNotUnknown);
    case kNormalized:
    case kNfc:
    case kNfd:
    case kNfkc:
    case kNfkd: {
      ListBuilder<Node*> args;
      args.add(left);
      if (!at(kNormalized)) {
        int32_t form_loc = location();
        args.add(make_string(unicode_normal_form(), form_loc));
      }
      expect(kNormalized);
      Node* node = system_call("is_normalized", finish(args), loc);
      return negated ? make_not(node, loc) : node;
    }
    default:
      syntax_error();
  }
}

}  // namespace varve::parser
