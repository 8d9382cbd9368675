// What operators work on: constants, names, parentheses, CASE, ARRAY, ROW, sub-queries.
#include "parser_impl.h"

namespace varve::parser {

using enum Tok;

Node* Parser::string_node() {
  auto* node = make_string(cur().text, location());
  advance();
  return node;
}

Node* Parser::number_node() {
  auto* node = make<ConstExpr>(location());
  switch (type()) {
    case kIntegerConst:
      node->type = ConstKind::kInteger;
      node->integer = cur().integer;
      break;
    case kFloatConst:
      node->type = ConstKind::kFloat;
      break;
    case kBitConst:
      node->type = ConstKind::kBitString;
      break;
    default:
      node->type = ConstKind::kHexString;
      break;
  }
  if (!at(kIntegerConst)) node->text = cur().text;
  advance();
  return node;
}

Node* Parser::c_expr() {
  int32_t loc = location();
  switch (type()) {
    case kLeftParen:
      return paren_node(paren_content(), loc);
    case kIntegerConst:
    case kFloatConst:
    case kBitConst:
    case kHexConst:
      return number_node();
    case kStringConst:
      return string_node();
    case kIdentifier:
      return name_expression();
    case kParamMark: {
      auto* node = make<ParamRef>(loc);
      node->number = cur().integer;
      advance();
      return opt_indirection(node);
    }
    case kTrue:
    case kFalse: {
      bool value = at(kTrue);
      advance();
      return make_boolean(value, loc);
    }
    case kNull:
      advance();
      return make_null(loc);
    case kCase:
      return case_expr();
    case kExists:
      if (!next_is('(')) break;
      advance();
      return sublink(SubLinkKind::kExists, select_with_parens(), loc);
    case kArray:
      advance();
      if (at('(')) return sublink(SubLinkKind::kArray, select_with_parens(), loc);
      if (at('[')) {
        Node* array = array_literal();
        array->location = loc;
        return array;
      }
      syntax_error();
    case kRow: {
      if (!next_is('(')) break;
      pos_ += 2;
      NodeList args;
      if (!at(')')) args = expr_list();
      expect(')');
      return row_expr(args, true, loc);
    }
    case kGrouping: {
      if (!next_is('(')) break;
      advance();
      auto* node = make<GroupingFunc>(loc);
      node->args = paren_list([&] { return a_expr(); });
      return node;
    }
    default:
      break;
  }
  if (at_const_type()) return keyword_typed_const();
  if (at_common_subexpr()) return common_subexpr();
  return name_expression();
}

RowExpr* Parser::row_expr(NodeList args, bool explicit_row, int32_t loc) {
  auto* node = make<RowExpr>(loc);
  node->args = args;
  node->explicit_row = explicit_row;
  last_row_ = node;
  last_row_end_ = pos_;
  return node;
}

Node* Parser::overlaps(RowExpr* left) {
  int32_t loc = location();
  advance();
  int32_t right_loc = location();
  NodeList right;
  if (at(kRow)) {
    advance();
    expect('(');
    if (!at(')')) right = expr_list();
    expect(')');
  } else {
    expect('(');
    right = expr_list();
    if (right.size() < 2) {
      expect(',');
    }
    expect(')');
  }
  if (left->args.size() != 2) {
    error_at(left->location, "wrong number of parameters on left side of OVERLAPS expression");
  }
  if (right.size() != 2) {
    error_at(right_loc, "wrong number of parameters on right side of OVERLAPS expression");
  }
  ListBuilder<Node*> args;
  for (Node* arg : left->args) args.add(arg);
  for (Node* arg : right) args.add(arg);
  return system_call("overlaps", finish(args), loc);
}

Node* Parser::sublink(SubLinkKind kind, SelectStmt* query, int32_t loc) {
  auto* node = make<SubLink>(loc);
  node->link = kind;
  node->query = query;
  return node;
}

// ( query ) or ( expression [, …] ). Which of the two may show only after inner parentheses have been read:
// ((SELECT 1) UNION …) is a query, ((SELECT 1) + 1) is not.
Parser::ParenContent Parser::paren_content(bool single) {
  check_stack();
  bool query = paren_starts_query();
  advance();
  ParenContent content;
  ListBuilder<Node*> items;
  if (!query) {
    items.add(a_expr());
  } else if (!at('(')) {
    content.query = select_no_parens();
    expect(')');
    return content;
  } else {
    int32_t loc = location();
    ParenContent inner = paren_content();
    if (inner.query != nullptr && (at(')') || at_query_continuation())) {
      content.query = at(')') ? inner.query : select_tail(inner.query, nullptr);
      expect(')');
      return content;
    }
    Node* left = after_c_expr(paren_node(inner, loc), kExprFull);
    items.add(expression_after(left, kPrecNone, kExprFull));
  }
  while (!single && accept(',')) items.add(a_expr());
  expect(')');
  content.items = finish(items);
  return content;
}

Node* Parser::paren_node(const ParenContent& content, int32_t loc) {
  if (content.query != nullptr) return opt_indirection(sublink(SubLinkKind::kScalar, content.query, loc));
  if (content.items.size() > 1) return row_expr(content.items, false, loc);
  return opt_indirection(content.items[0]);
}

Node* Parser::case_expr() {
  auto* node = make<CaseExpr>(location());
  advance();
  if (!at(kWhen)) node->arg = a_expr();
  if (!at(kWhen)) syntax_error();
  ListBuilder<CaseWhen*> whens;
  while (at(kWhen)) {
    auto* when = make<CaseWhen>(location());
    advance();
    when->condition = a_expr();
    expect(kThen);
    when->result = a_expr();
    whens.add(when);
  }
  node->whens = finish(whens);
  if (accept(kElse)) node->otherwise = a_expr();
  expect(kEnd);
  return node;
}

// [a, b] or [[a], [b]] or []
Node* Parser::array_literal() {
  check_stack();
  auto* node = make<ArrayExpr>(location());
  expect('[');
  if (at('[')) {
    node->elements = comma_list([&] {
      if (!at('[')) syntax_error();
      return array_literal();
    });
  } else if (!at(']')) {
    node->elements = expr_list();
  }
  expect(']');
  return node;
}

// .name, .*, [index], [low:high] …; bad_star reports a * that is not last.
NodeList Parser::indirection(bool& bad_star) {
  ListBuilder<Node*> steps;
  bool star = false;
  while (at('.') || at('[')) {
    bad_star |= star;
    int32_t loc = location();
    if (accept('.')) {
      if (accept('*')) {
        star = true;
        steps.add(make<StarStep>(loc));
      } else {
        auto* step = make<FieldStep>(loc);
        step->name = col_label();
        steps.add(step);
      }
      continue;
    }
    advance();
    auto* step = make<SubscriptStep>(loc);
    if (!at(':')) step->upper = a_expr();
    if (accept(':')) {
      step->is_slice = true;
      step->lower = step->upper;
      step->upper = at(']') ? nullptr : a_expr();
    }
    expect(']');
    steps.add(step);
  }
  return finish(steps);
}

NodeList Parser::checked_indirection() {
  bool bad_star = false;
  NodeList steps = indirection(bad_star);
  if (bad_star) error_near("improper use of \"*\"");
  return steps;
}

Node* Parser::opt_indirection(Node* arg) {
  if (!at('.') && !at('[')) return arg;
  NodeList steps = checked_indirection();
  auto* node = make<IndirectionExpr>(arg->location);
  node->arg = arg;
  node->steps = steps;
  return node;
}

Node* Parser::column_ref(std::string_view first, NodeList steps, int32_t loc) {
  auto* node = make<ColumnRef>(loc);
  size_t n = 0;
  while (n < steps.size() && !is<SubscriptStep>(steps[n])) ++n;
  ListBuilder<std::string_view> list;
  list.add(first);
  for (Node* step : steps.first(n)) {
    if (is<StarStep>(step)) {
      node->star = true;
    } else {
      list.add(as<FieldStep>(step)->name);
    }
  }
  node->names = finish(list);
  if (n == steps.size()) return node;
  auto* outer = make<IndirectionExpr>(loc);
  outer->arg = node;
  outer->steps = steps.subspan(n);
  return outer;
}

// Something that begins with a name: a column, a function call, or a literal after a type name.
Node* Parser::name_expression() {
  int32_t loc = location();
  bool column = has_flag(type(), kIsColumnId), function = has_flag(type(), kIsTypeFunctionName);
  if (!column && !function) syntax_error();
  std::string_view first = cur().text;
  advance();
  if (column && (at('.') || at('['))) {
    bool bad_star = false;
    NodeList steps = indirection(bad_star);
    if (!at('(') && !at(kStringConst)) {
      if (bad_star) error_near("improper use of \"*\"");
      return column_ref(first, steps, loc);
    }
    ListBuilder<std::string_view> list;
    list.add(first);
    for (Node* step : steps) {
      if (!is<FieldStep>(step)) syntax_error();
      list.add(as<FieldStep>(step)->name);
    }
    if (at('(')) return func_call(finish(list), loc, false);
    auto* type = make<TypeName>(loc);
    type->names = finish(list);
    return typed_const(type, loc);
  }
  if (function && at('(')) return func_call(one(first), loc, false);
  if (function && at(kStringConst)) {
    auto* type = make<TypeName>(loc);
    type->names = one(first);
    return typed_const(type, loc);
  }
  if (!column) syntax_error();
  return column_ref(first, {}, loc);
}

// The string literal behind a type name.
Node* Parser::typed_const(TypeName* type, int32_t loc) {
  if (!at(kStringConst)) syntax_error();
  auto* node = make<TypeCast>(loc);
  node->arg = string_node();
  node->type = type;
  return node;
}

// Whether the keyword here begins a type in front of a literal rather than being a column of that name.
bool Parser::at_const_type() const {
  if (!at_keyword_type()) return false;
  Tok next = peek();
  if (next == kStringConst) return type() != kDouble && type() != kNational;
  switch (type()) {
    case kDouble:
      return true;
    case kBit:
      return next_is('(') || next == kVarying;
    case kCharacter:
    case kChar:
    case kNchar:
      return next_is('(') || next == kVarying;
    case kNational:
      return next == kCharacter || next == kChar;
    case kVarchar:
    case kFloat:
    case kDecimal:
    case kDec:
    case kNumeric:
    case kInterval:
      return next_is('(');
    case kTime:
    case kTimestamp:
      return next_is('(') || next == kWithLa || next == kWithout;
    default:
      return false;
  }
}

Node* Parser::keyword_typed_const() {
  int32_t loc = location();
  bool interval = at(kInterval);
  bool fields_follow = interval && !next_is('(');
  TypeName* type = keyword_type(true);
  Node* node = typed_const(type, loc);
  if (fields_follow) opt_interval_fields(type);
  return node;
}

// A constant and nothing else (CYCLE … TO value).
Node* Parser::aexpr_const() {
  int32_t loc = location();
  switch (type()) {
    case kIntegerConst:
    case kFloatConst:
    case kBitConst:
    case kHexConst:
      return number_node();
    case kStringConst:
      return string_node();
    case kTrue:
    case kFalse: {
      bool value = at(kTrue);
      advance();
      return make_boolean(value, loc);
    }
    case kNull:
      advance();
      return make_null(loc);
    default:
      break;
  }
  if (at_keyword_type() && !at(kDouble)) return keyword_typed_const();
  if (at_const_type()) return keyword_typed_const();
  auto* type = make<TypeName>(loc);
  type->names = func_name();
  if (at('(')) {
    advance();
    type->typmods = comma_list([&] { return func_arg(); });
    opt_sort_clause();
    expect(')');
  }
  return typed_const(type, loc);
}

}  // namespace varve::parser
