// Function calls, window specifications, and the functions with a syntax of their own.
#include "parser_impl.h"

namespace varve::parser {

using enum Tok;

FuncCall* Parser::system_call(std::string_view name, NodeList args, int32_t loc) {
  auto* node = make<FuncCall>(loc);
  node->names = system_name(name);
  node->args = args;
  node->syntax = CallSyntax::kSqlSyntax;
  return node;
}

// a_expr, name := a_expr, name => a_expr
Node* Parser::func_arg() {
  if (has_flag(type(), kIsTypeFunctionName) && (next_is(kColonEquals) || next_is(kEqualsGreater))) {
    auto* node = make<NamedArg>(location());
    node->name = cur().text;
    pos_ += 2;
    node->arg = a_expr();
    return node;
  }
  return a_expr();
}
NodeList Parser::func_arg_list() {
  return comma_list([&] { return func_arg(); });
}

// The parenthesis behind a function's name and all that belongs to the call. With a string literal behind the
// parenthesis it was a type name with modifiers after all.
Node* Parser::func_call(NameList name, int32_t loc, bool windowless) {
  auto* node = make<FuncCall>(loc);
  node->names = name;
  expect('(');
  bool may_be_type = false;
  int32_t order_loc = -1;
  if (accept('*')) {
    node->star = true;
  } else if (accept(kVariadic)) {
    node->variadic = true;
    node->args = one(func_arg());
    node->order_by = opt_sort_clause();
  } else if (!at(')')) {
    may_be_type = !at(kAll) && !at(kDistinct);
    node->distinct = accept(kDistinct);
    if (!node->distinct) accept(kAll);
    ListBuilder<Node*> args;
    args.add(func_arg());
    while (accept(',')) {
      if (may_be_type && accept(kVariadic)) {
        node->variadic = true;
        args.add(func_arg());
        break;
      }
      args.add(func_arg());
    }
    node->args = finish(args);
    order_loc = location();
    node->order_by = opt_sort_clause();
    may_be_type = may_be_type && !node->variadic;
  }
  expect(')');
  if (may_be_type && at(kStringConst) && !windowless) {
    for (Node* arg : node->args) {
      if (is<NamedArg>(arg)) error_at(arg->location, "type modifier cannot have parameter name");
    }
    if (!node->order_by.empty()) error_at(order_loc, "type modifier cannot have ORDER BY");
    auto* type = make<TypeName>(loc);
    type->names = name;
    type->typmods = node->args;
    return typed_const(type, loc);
  }
  if (!windowless) func_clauses(node);
  return node;
}

// WITHIN GROUP, FILTER, OVER
void Parser::func_clauses(FuncCall* call) {
  if (at(kWithin)) {
    int32_t loc = location();
    advance();
    expect(kGroup);
    expect('(');
    List<SortBy> order = sort_clause();
    expect(')');
    if (at(kFilter) && !next_is('(')) {
      advance();
      syntax_error();
    }
    if (!call->order_by.empty()) error_at(loc, "cannot use multiple ORDER BY clauses with WITHIN GROUP");
    if (call->distinct) error_at(loc, "cannot use DISTINCT with WITHIN GROUP");
    if (call->variadic) error_at(loc, "cannot use VARIADIC with WITHIN GROUP");
    call->order_by = order;
    call->within_group = true;
  }
  if (accept(kFilter)) {
    expect('(');
    expect(kWhere);
    call->filter = a_expr();
    expect(')');
  }
  if (at(kOver)) call->over = over_clause();
}

WindowDef* Parser::over_clause() {
  advance();
  if (at('(')) return window_specification();
  auto* node = make<WindowDef>(location());
  node->name = col_id();
  return node;
}

WindowDef* Parser::window_specification() {
  auto* node = make<WindowDef>(location());
  expect('(');
  if (at_col_id() && !at_any(kPartition, kRange, kRows, kGroups)) node->references = col_id();
  if (accept(kPartition)) {
    expect(kBy);
    node->partition_by = expr_list();
  }
  node->order_by = opt_sort_clause();
  if (at_any(kRange, kRows, kGroups)) frame_clause(node);
  expect(')');
  return node;
}

void Parser::frame_clause(WindowDef* window) {
  window->mode = at(kRows) ? FrameMode::kRows : at(kGroups) ? FrameMode::kGroups : FrameMode::kRange;
  window->has_frame = true;
  advance();
  int32_t start_loc, end_loc = -1;
  // BETWEEN in front of a word that only an operator or a bound can be is a column of that name.
  bool column =
      at(kBetween) && (next_is('*') || next_is('/') || next_is('%') || next_is('^') || next_is('<') ||
                       next_is('>') || next_is('=') || next_is(kAnd) || next_is(kOr));
  if (!column && accept(kBetween)) {
    // A word of BETWEEN's own precedence level cannot follow: the grammar cannot tell whose it is.
    if (at_any(kBetween, kLike, kIlike, kSimilar, kNotLa)) syntax_error();
    window->has_between = true;
    start_loc = location();
    window->start = frame_bound(window->start_offset);
    expect(kAnd);
    end_loc = location();
    window->end = frame_bound(window->end_offset);
  } else {
    start_loc = location();
    window->start = frame_bound(window->start_offset);
  }
  auto bad = [&](int32_t loc, std::string_view message) {
    error_at(loc, sqlstate::kWindowingError, message);
  };
  if (window->start == FrameBound::kUnboundedFollowing)
    bad(start_loc, "frame start cannot be UNBOUNDED FOLLOWING");
  if (!window->has_between) {
    if (window->start == FrameBound::kOffsetFollowing) {
      bad(start_loc, "frame starting from following row cannot end with current row");
    }
  } else {
    if (window->end == FrameBound::kUnboundedPreceding)
      bad(end_loc, "frame end cannot be UNBOUNDED PRECEDING");
    if (window->start == FrameBound::kCurrentRow && window->end == FrameBound::kOffsetPreceding) {
      bad(end_loc, "frame starting from current row cannot have preceding rows");
    }
    if (window->start == FrameBound::kOffsetFollowing && window->end == FrameBound::kOffsetPreceding) {
      bad(end_loc, "frame starting from following row cannot have preceding rows");
    }
    if (window->start == FrameBound::kOffsetFollowing && window->end == FrameBound::kCurrentRow) {
      bad(end_loc, "frame starting from following row cannot have preceding rows");
    }
  }
  if (!accept(kExclude)) return;
  if (accept(kCurrent)) {
    expect(kRow);
    window->exclusion = FrameExclusion::kCurrentRow;
  } else if (accept(kGroup)) {
    window->exclusion = FrameExclusion::kGroup;
  } else if (accept(kTies)) {
    window->exclusion = FrameExclusion::kTies;
  } else {
    expect_all(kNo, kOthers);
  }
}

FrameBound Parser::frame_bound(Node*& offset) {
  if (at(kUnbounded) && (next_is(kPreceding) || next_is(kFollowing))) {
    advance();
    bool preceding = at(kPreceding);
    advance();
    return preceding ? FrameBound::kUnboundedPreceding : FrameBound::kUnboundedFollowing;
  }
  if (accept2(kCurrent, kRow)) return FrameBound::kCurrentRow;
  offset = a_expr();
  if (accept(kPreceding)) return FrameBound::kOffsetPreceding;
  expect(kFollowing);
  return FrameBound::kOffsetFollowing;
}

// Whether a function-like construct with its own syntax begins here (and not a column named so).
bool Parser::at_common_subexpr() const {
  switch (type()) {
    case kCurrentDate:
    case kCurrentTime:
    case kCurrentTimestamp:
    case kLocaltime:
    case kLocaltimestamp:
    case kCurrentRole:
    case kCurrentUser:
    case kSessionUser:
    case kUser:
    case kCurrentCatalog:
    case kCast:
      return true;
    case kCurrentSchema:
      return !next_is('(') && !next_is(kStringConst);
    case kCollation:
      return next_is(kFor);
    case kExtract:
    case kNormalize:
    case kOverlay:
    case kPosition:
    case kSubstring:
    case kTreat:
    case kTrim:
    case kNullif:
    case kCoalesce:
    case kGreatest:
    case kLeast:
    case kXmlconcat:
    case kXmlelement:
    case kXmlexists:
    case kXmlforest:
    case kXmlparse:
    case kXmlpi:
    case kXmlroot:
    case kXmlserialize:
      return next_is('(');
    default:
      return false;
  }
}

Node* Parser::sql_value_function(SqlValueFunctionKind kind, bool with_precision) {
  auto* node = make<SqlValueFunction>(location());
  node->function = kind;
  advance();
  if (with_precision && accept('(')) {
    node->precision = integer_const();
    expect(')');
  }
  return node;
}

Node* Parser::common_subexpr() {
  using enum SqlValueFunctionKind;
  int32_t loc = location();
  switch (type()) {
    case Tok::kCurrentDate:
      return sql_value_function(SqlValueFunctionKind::kCurrentDate, false);
    case Tok::kCurrentTime:
      return sql_value_function(SqlValueFunctionKind::kCurrentTime, true);
    case Tok::kCurrentTimestamp:
      return sql_value_function(SqlValueFunctionKind::kCurrentTimestamp, true);
    case kLocaltime:
      return sql_value_function(kLocalTime, true);
    case kLocaltimestamp:
      return sql_value_function(kLocalTimestamp, true);
    case Tok::kCurrentRole:
      return sql_value_function(SqlValueFunctionKind::kCurrentRole, false);
    case Tok::kCurrentUser:
      return sql_value_function(SqlValueFunctionKind::kCurrentUser, false);
    case Tok::kSessionUser:
      return sql_value_function(SqlValueFunctionKind::kSessionUser, false);
    case Tok::kUser:
      return sql_value_function(SqlValueFunctionKind::kUser, false);
    case Tok::kCurrentCatalog:
      return sql_value_function(SqlValueFunctionKind::kCurrentCatalog, false);
    case Tok::kCurrentSchema:
      return sql_value_function(SqlValueFunctionKind::kCurrentSchema, false);
    default:
      break;
  }
  Tok which = type();
  advance();
  if (which == kCollation) expect(kFor);
  expect('(');
  Node* node = nullptr;
  switch (which) {
    case kCollation:
      node = system_call("pg_collation_for", one(a_expr()), loc);
      break;
    case kCast: {
      auto* cast = make<TypeCast>(loc);
      cast->arg = a_expr();
      expect(kAs);
      cast->type = type_name();
      node = cast;
      break;
    }
    case kTreat: {
      // TREAT(x AS t) is a call of the function named like the type.
      Node* arg = a_expr();
      expect(kAs);
      TypeName* target = type_name();
      node = system_call(target->names.back(), one(arg), loc);
      as<FuncCall>(node)->syntax = CallSyntax::kExplicit;
      break;
    }
    case kNormalize: {
      ListBuilder<Node*> args;
      args.add(a_expr());
      if (accept(',')) {
        int32_t form_loc = location();
        args.add(make_string(unicode_normal_form(), form_loc));
      }
      node = system_call("normalize", finish(args), loc);
      break;
    }
    case kPosition: {
      Node* needle = b_expr();
      expect(kIn);
      ListBuilder<Node*> args;  // the function takes them the other way round
      args.add(b_expr());
      args.add(needle);
      node = system_call("position", finish(args), loc);
      break;
    }
    case kNullif: {
      Node* left = a_expr();
      expect(',');
      Node* right = a_expr();
      node = make_operator(OperatorForm::kNullIf, "=", left, right, loc);
      break;
    }
    case kCoalesce: {
      auto* coalesce = make<CoalesceExpr>(loc);
      coalesce->args = expr_list();
      node = coalesce;
      break;
    }
    case kGreatest:
    case kLeast: {
      auto* extreme = make<MinMaxExpr>(loc);
      extreme->greatest = which == kGreatest;
      extreme->args = expr_list();
      node = extreme;
      break;
    }
    case kExtract:
      node = extract_call(loc);
      break;
    case kOverlay:
      node = overlay_call(loc);
      break;
    case kSubstring:
      node = substring_call(loc);
      break;
    case kTrim:
      node = trim_call(loc);
      break;
    default:
      node = xml_call(which, loc);
      break;
  }
  expect(')');
  return node;
}

Node* Parser::func_expr_windowless() {
  if (at_common_subexpr()) return common_subexpr();
  int32_t loc = location();
  NameList name = func_name();
  if (!at('(')) syntax_error();
  return func_call(name, loc, true);
}

std::string_view Parser::unicode_normal_form() {
  std::string_view form;
  switch (type()) {
    case kNfc:
      form = "NFC";
      break;
    case kNfd:
      form = "NFD";
      break;
    case kNfkc:
      form = "NFKC";
      break;
    case kNfkd:
      form = "NFKD";
      break;
    default:
      syntax_error();
  }
  advance();
  return form;
}

Node* Parser::extract_call(int32_t loc) {
  int32_t field_loc = location();
  if (!at_any(kIdentifier, kYear, kMonth, kDay, kHour, kMinute, kSecond, kStringConst)) syntax_error();
  ListBuilder<Node*> args;
  args.add(make_string(cur().text, field_loc));
  advance();
  expect(kFrom);
  args.add(a_expr());
  return system_call("extract", finish(args), loc);
}

// OVERLAY(a PLACING b FROM c [FOR d]), or an ordinary argument list.
Node* Parser::overlay_call(int32_t loc) {
  auto plain = [&](NodeList list) {
    auto* call = make<FuncCall>(loc);
    call->names = one(std::string_view("overlay"));
    call->args = list;
    return call;
  };
  if (at(')')) return plain({});
  ListBuilder<Node*> args;
  args.add(func_arg());
  if (!at(kPlacing) || is<NamedArg>(finish(args)[0])) {
    while (accept(',')) args.add(func_arg());
    return plain(finish(args));
  }
  advance();
  args.add(a_expr());
  expect(kFrom);
  args.add(a_expr());
  if (accept(kFor)) args.add(a_expr());
  return system_call("overlay", finish(args), loc);
}

Node* Parser::substring_call(int32_t loc) {
  auto plain = [&](NodeList list) {
    auto* call = make<FuncCall>(loc);
    call->names = one(std::string_view("substring"));
    call->args = list;
    return call;
  };
  if (at(')')) return plain({});
  ListBuilder<Node*> args;
  bool named = has_flag(type(), kIsTypeFunctionName) && (next_is(kColonEquals) || next_is(kEqualsGreater));
  args.add(named ? func_arg() : expression(kPrecNone, kExprSimilarFollows));
  if (!named && accept(kFrom)) {
    args.add(a_expr());
    if (accept(kFor)) args.add(a_expr());
    return system_call("substring", finish(args), loc);
  }
  if (!named && accept(kFor)) {
    Node* length = a_expr();
    if (accept(kFrom)) {
      args.add(a_expr());
    } else {
      args.add(make_integer(1));
      // Only int4 counts characters, so the length is cast to it.
      auto* cast = make<TypeCast>();
      cast->arg = length;
      cast->type = system_type("int4", -1);
      length = cast;
    }
    args.add(length);
    return system_call("substring", finish(args), loc);
  }
  if (!named && accept(kSimilar)) {
    args.add(a_expr());
    expect(kEscape);
    args.add(a_expr());
    return system_call("substring", finish(args), loc);
  }
  while (accept(',')) args.add(func_arg());
  return plain(finish(args));
}

Node* Parser::trim_call(int32_t loc) {
  std::string_view name = "btrim";
  if (accept(kLeading)) {
    name = "ltrim";
  } else if (accept(kTrailing)) {
    name = "rtrim";
  } else {
    accept(kBoth);
  }
  if (accept(kFrom)) return system_call(name, expr_list(), loc);
  ListBuilder<Node*> list;
  Node* first = a_expr();
  if (accept(kFrom)) {
    do list.add(a_expr());
    while (accept(','));
    list.add(first);
  } else {
    list.add(first);
    while (accept(',')) list.add(a_expr());
  }
  return system_call(name, finish(list), loc);
}

TargetEntry* Parser::xml_attribute() {
  auto* node = make<TargetEntry>(location());
  node->value = a_expr();
  if (accept(kAs)) node->name = col_label();
  return node;
}

bool Parser::document_or_content() {
  if (accept(kDocument)) return true;
  expect(kContent);
  return false;
}

// PASSING [BY REF|VALUE] c_expr [BY REF|VALUE]
Node* Parser::xmlexists_argument() {
  expect(kPassing);
  auto mechanism = [&] {
    if (!accept(kBy)) return;
    if (!accept(kRef)) expect(kValue);
  };
  if (next_is(kRef) || next_is(kValue)) mechanism();  // else BY is a column
  Node* node = c_expr();
  mechanism();
  return node;
}

Node* Parser::xml_element(int32_t loc) {
  auto* node = make<XmlExpr>(loc);
  node->op = XmlOp::kElement;
  expect(kName);
  node->name = col_label();
  if (!accept(',')) return node;
  if (at(kXmlattributes) && next_is('(')) {
    advance();
    expect('(');
    node->named_args = comma_list([&]() -> Node* { return xml_attribute(); });
    expect(')');
    if (!accept(',')) return node;
  }
  node->args = expr_list();
  return node;
}

Node* Parser::xml_call(Tok which, int32_t loc) {
  if (which == kXmlelement) return xml_element(loc);
  if (which == kXmlexists) {
    ListBuilder<Node*> args;
    args.add(c_expr());
    args.add(xmlexists_argument());
    return system_call("xmlexists", finish(args), loc);
  }
  if (which == kXmlserialize) {
    auto* node = make<XmlSerialize>(loc);
    node->document = document_or_content();
    node->arg = a_expr();
    expect(kAs);
    node->type = simple_type_name();
    return node;
  }
  auto* node = make<XmlExpr>(loc);
  ListBuilder<Node*> args;
  switch (which) {
    case kXmlconcat:
      node->op = XmlOp::kConcat;
      node->args = expr_list();
      return node;
    case kXmlforest:
      node->op = XmlOp::kForest;
      node->named_args = comma_list([&]() -> Node* { return xml_attribute(); });
      return node;
    case kXmlparse:
      node->op = XmlOp::kParse;
      node->document = document_or_content();
      args.add(a_expr());
      if (at_any(kPreserve, kStrip)) {
        bool preserve = at(kPreserve);
        advance();
        expect(kWhitespace);
        args.add(make_boolean(preserve));
      } else {
        args.add(make_boolean(false));
      }
      break;
    case kXmlpi:
      node->op = XmlOp::kPi;
      expect(kName);
      node->name = col_label();
      if (accept(',')) args.add(a_expr());
      break;
    default:
      node->op = XmlOp::kRoot;
      args.add(a_expr());
      expect(',');
      expect(kVersion);
      if (accept2(kNo, kValue)) {
        args.add(make_null(-1));
      } else {
        args.add(a_expr());
      }
      // STANDALONE: 0 yes, 1 no, 2 no value, 3 not given.
      if (accept(',')) {
        expect(kStandalone);
        if (accept(kYes)) {
          args.add(make_integer(0));
        } else {
          expect(kNo);
          args.add(make_integer(accept(kValue) ? 2 : 1));
        }
      } else {
        args.add(make_integer(3));
      }
      break;
  }
  node->args = finish(args);
  return node;
}

}  // namespace varve::parser
