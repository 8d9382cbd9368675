// Names, constants in option lists, roles and other small parts.
#include <fmt/format.h>

#include "parser_impl.h"

namespace varve::parser {

using enum Tok;

std::string_view Parser::col_id() {
  if (!has_flag(type(), kIsColumnId)) syntax_error();
  return tokens_[pos_++].text;
}
std::string_view Parser::type_function_name() {
  if (!has_flag(type(), kIsTypeFunctionName)) syntax_error();
  return tokens_[pos_++].text;
}
std::string_view Parser::col_label() {
  if (!has_flag(type(), kIsLabel)) syntax_error();
  return tokens_[pos_++].text;
}
std::string_view Parser::non_reserved_word() {
  if (!has_flag(type(), kIsColumnId) && !has_flag(type(), kIsTypeFunctionName)) syntax_error();
  return tokens_[pos_++].text;
}
std::string_view Parser::string_const() {
  if (!at(kStringConst)) syntax_error();
  return tokens_[pos_++].text;
}
int32_t Parser::integer_const() {
  if (!at(kIntegerConst)) syntax_error();
  return tokens_[pos_++].integer;
}
int32_t Parser::signed_integer() {
  if (accept('-')) return -integer_const();
  accept('+');
  return integer_const();
}

Node* Parser::numeric_only() {
  int32_t loc = location();
  bool minus = at('-');
  if (minus || at('+')) advance();
  if (at(kIntegerConst)) {
    int32_t value = integer_const();
    return make_integer(minus ? -value : value, loc);
  }
  if (!at(kFloatConst)) syntax_error();
  auto* node = make<ConstExpr>(loc);
  node->type = ConstKind::kFloat;
  node->text = minus ? arena_.copy(fmt::format("-{}", cur().text)) : cur().text;
  advance();
  return node;
}

// Further .name parts behind a first name.
NameList Parser::attrs_after(std::string_view first) {
  ListBuilder<std::string_view> list;
  list.add(first);
  while (accept('.')) list.add(col_label());
  return finish(list);
}
NameList Parser::any_name() { return attrs_after(col_id()); }

QualifiedName* Parser::qualified(NameList n, int32_t loc) {
  auto* node = make<QualifiedName>(loc);
  node->names = n;
  return node;
}
QualifiedName* Parser::any_name_node() {
  int32_t loc = location();
  return qualified(any_name(), loc);
}

NameList Parser::column_list() {
  expect('(');
  NameList list = name_list();
  expect(')');
  return list;
}
NameList Parser::opt_column_list() { return at('(') ? column_list() : NameList{}; }

RangeVar* Parser::range_var_from(NameList parts, int32_t loc) {
  auto* node = make<RangeVar>(loc);
  switch (parts.size()) {
    case 1:
      node->name = parts[0];
      break;
    case 2:
      node->schema = parts[0], node->name = parts[1];
      break;
    case 3:
      node->catalog = parts[0], node->schema = parts[1], node->name = parts[2];
      break;
    default: {
      error_at(loc,
               fmt::format("improper qualified name (too many dotted names): {}", fmt::join(parts, ".")));
    }
  }
  return node;
}

RangeVar* Parser::qualified_name() {
  int32_t loc = location();
  std::string_view first = col_id();
  if (!at('.') && !at('[')) return range_var_from(one(first), loc);
  bool bad_star = false;
  NodeList steps = indirection(bad_star);
  ListBuilder<std::string_view> list;
  list.add(first);
  for (Node* step : steps) {
    if (!is<FieldStep>(step)) syntax_error();
    list.add(as<FieldStep>(step)->name);
  }
  return range_var_from(finish(list), loc);
}

// name, name *, ONLY name, ONLY (name)
RangeVar* Parser::relation_expr() {
  RangeVar* node;
  if (accept(kOnly)) {
    if (accept('(')) {
      node = qualified_name();
      expect(')');
    } else {
      node = qualified_name();
    }
    node->inherit = false;
  } else {
    node = qualified_name();
    accept('*');
  }
  return node;
}

RangeVar* Parser::relation_expr_opt_alias() {
  RangeVar* node = relation_expr();
  int32_t loc = location();
  if (accept(kAs) || (at_col_id() && !at(kSet))) {
    node->alias = make<Alias>(loc);
    node->alias->name = col_id();
  }
  return node;
}

// func_name: a bare type or function name, or a qualified name whose first part may be any column id.
NameList Parser::func_name() {
  if (next_is('.') || next_is('[')) {
    std::string_view first = col_id();
    bool bad_star = false;
    NodeList steps = indirection(bad_star);
    ListBuilder<std::string_view> list;
    list.add(first);
    for (Node* step : steps) {
      if (!is<FieldStep>(step)) syntax_error();
      list.add(as<FieldStep>(step)->name);
    }
    return finish(list);
  }
  if (!has_flag(type(), kIsTypeFunctionName)) {
    if (at_col_id()) {
      advance();
      syntax_error();
    }
    syntax_error();
  }
  return one(type_function_name());
}

RoleSpec* Parser::role_spec() {
  auto* node = make<RoleSpec>(location());
  switch (type()) {
    case kCurrentRole:
      node->role = RoleSpecKind::kCurrentRole;
      break;
    case kCurrentUser:
      node->role = RoleSpecKind::kCurrentUser;
      break;
    case kSessionUser:
      node->role = RoleSpecKind::kSessionUser;
      break;
    default: {
      if (!has_flag(type(), kIsColumnId) && !has_flag(type(), kIsTypeFunctionName)) syntax_error();
      node->name = cur().text;
      if (node->name == "public") {
        node->role = RoleSpecKind::kPublic;
        node->name = {};
      } else if (node->name == "none") {
        int32_t loc = location();
        advance();
        error_at(loc, sqlstate::kReservedName, "role name \"none\" is reserved");
      }
    }
  }
  advance();
  return node;
}

// A role to be created or renamed: an ordinary name only.
std::string_view Parser::role_id() {
  int32_t loc = location();
  RoleSpec* role = role_spec();
  switch (role->role) {
    case RoleSpecKind::kPublic:
      error_at(loc, sqlstate::kReservedName, "role name \"public\" is reserved");
    case RoleSpecKind::kCurrentRole:
      error_at(loc, sqlstate::kReservedName, "CURRENT_ROLE cannot be used as a role name here");
    case RoleSpecKind::kCurrentUser:
      error_at(loc, sqlstate::kReservedName, "CURRENT_USER cannot be used as a role name here");
    case RoleSpecKind::kSessionUser:
      error_at(loc, sqlstate::kReservedName, "SESSION_USER cannot be used as a role name here");
    case RoleSpecKind::kName:
      break;
  }
  return role->name;
}

ConstExpr* Parser::make_string(std::string_view text, int32_t loc) {
  auto* node = make<ConstExpr>(loc);
  node->type = ConstKind::kString;
  node->text = text;
  return node;
}
ConstExpr* Parser::make_integer(int32_t value, int32_t loc) {
  auto* node = make<ConstExpr>(loc);
  node->type = ConstKind::kInteger;
  node->integer = value;
  return node;
}
ConstExpr* Parser::make_boolean(bool value, int32_t loc) {
  auto* node = make<ConstExpr>(loc);
  node->type = ConstKind::kBoolean;
  node->boolean = value;
  return node;
}
ConstExpr* Parser::make_null(int32_t loc) { return make<ConstExpr>(loc); }

Option* Parser::option(std::string_view name, Node* value, int32_t loc) {
  auto* node = make<Option>(loc);
  node->name = name;
  node->value = value;
  return node;
}

DropBehavior Parser::drop_behavior() {
  if (accept(kCascade)) return DropBehavior::kCascade;
  accept(kRestrict);
  return DropBehavior::kRestrict;
}

bool Parser::if_exists() {
  if (!at(kIf) || !next_is(kExists)) return false;
  pos_ += 2;
  return true;
}
// Where no name may stand, IF begins IF EXISTS for certain.
bool Parser::optional_if_exists() {
  if (!accept(kIf)) return false;
  expect(kExists);
  return true;
}
bool Parser::if_not_exists() {
  if (!at(kIf) || !next_is(kNot)) return false;
  pos_ += 2;
  expect(kExists);
  return true;
}

}  // namespace varve::parser
