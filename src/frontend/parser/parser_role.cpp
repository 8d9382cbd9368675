// Roles, privileges, policies.
#include <array>
#include <fmt/format.h>

#include "parser_impl.h"

namespace varve::parser {

using enum Tok;

struct RoleFlag {
  std::string_view word, name;
  bool value;
};
static constexpr std::array kRoleFlags = {
    RoleFlag{"superuser", "superuser", true},
    RoleFlag{"nosuperuser", "superuser", false},
    RoleFlag{"createrole", "createrole", true},
    RoleFlag{"nocreaterole", "createrole", false},
    RoleFlag{"replication", "isreplication", true},
    RoleFlag{"noreplication", "isreplication", false},
    RoleFlag{"createdb", "createdb", true},
    RoleFlag{"nocreatedb", "createdb", false},
    RoleFlag{"login", "canlogin", true},
    RoleFlag{"nologin", "canlogin", false},
    RoleFlag{"bypassrls", "bypassrls", true},
    RoleFlag{"nobypassrls", "bypassrls", false},
    RoleFlag{"noinherit", "inherit", false},
};

Node* Parser::role_list_node() {
  auto* list = make<ListNode>();
  ListBuilder<Node*> items;
  do items.add(role_spec());
  while (accept(','));
  list->items = finish(items);
  return list;
}

// One role option; null if none is here. `create`: the options that only CREATE ROLE knows count too.
Option* Parser::role_option(bool create) {
  int32_t loc = location();
  Tok word = type();
  switch (word) {
    case kPassword:
      advance();
      if (accept(kNull)) return option("password", nullptr, loc);
      return option("password", make_string(string_const()), loc);
    case kEncrypted:
      advance();
      expect(kPassword);
      return option("password", make_string(string_const()), loc);
    case kUnencrypted:
      advance();
      expect(kPassword);
      string_const();
      error_at(loc, sqlstate::kFeatureNotSupported, "UNENCRYPTED PASSWORD is no longer supported",
               "Remove UNENCRYPTED to store the password in encrypted form instead.");
    case kInherit:
      advance();
      return option("inherit", make_boolean(true), loc);
    case kConnection:
      advance();
      expect(kLimit);
      return option("connectionlimit", make_integer(signed_integer()), loc);
    case kValid:
      advance();
      expect(kUntil);
      return option("validUntil", make_string(string_const()), loc);
    case kUser:
      advance();
      return option("rolemembers", role_list_node(), loc);
    case kIdentifier: {
      std::string_view name = cur().text;
      advance();
      for (const RoleFlag& flag : kRoleFlags) {
        if (flag.word == name) return option(flag.name, make_boolean(flag.value), loc);
      }
      error_at(loc, fmt::format("unrecognized role option \"{}\"", name));
    }
    default:
      break;
  }
  if (!create) return nullptr;
  switch (word) {
    case kSysid:
      advance();
      return option("sysid", make_integer(integer_const()), loc);
    case kAdmin:
      advance();
      return option("adminmembers", role_list_node(), loc);
    case kRole:
      advance();
      return option("rolemembers", role_list_node(), loc);
    case kIn:
      advance();
      if (!accept(kRole)) expect(kGroup);
      return option("addroleto", role_list_node(), loc);
    default:
      return nullptr;
  }
}

List<Option> Parser::role_options(bool create) {
  if (!accept(kWith)) accept(kWithLa);
  ListBuilder<Option*> list;
  while (Option* item = role_option(create)) list.add(item);
  return finish(list);
}

Node* Parser::create_role(int32_t loc) {
  auto* node = make<CreateRoleStmt>(loc);
  node->role_kind = at(kUser) ? RoleKind::kUser : at(kGroup) ? RoleKind::kGroup : RoleKind::kRole;
  advance();
  node->name = role_id();
  node->options = role_options(true);
  return node;
}

VariableSetStmt* Parser::set_reset_clause(bool function) {
  if (at(kReset)) return reset_stmt(false);
  expect(kSet);
  return set_rest(function);
}

// ALTER ROLE | USER | GROUP
Node* Parser::alter_role(int32_t loc) {
  bool group = at(kGroup);
  advance();
  RoleSpec* role = nullptr;
  if (!group && accept(kAll)) {
    auto* node = make<AlterRoleSetStmt>(loc);
    if (accept(kIn)) {
      expect(kDatabase);
      node->database = col_id();
    }
    if (!at_any(kSet, kReset)) syntax_error();
    node->set = set_reset_clause(false);
    return node;
  }
  size_t start = pos_;
  role = role_spec();
  if (at(kRename)) {
    pos_ = start;
    auto* node = make<RenameStmt>(loc);
    node->object_type = ObjectType::kRole;
    node->name = role_id();
    expect_all(kRename, kTo);
    node->new_name = role_id();
    return node;
  }
  if (group) {
    auto* node = make<AlterRoleStmt>(loc);
    int32_t action_loc = location();
    node->role = role;
    node->action = at(kAdd) ? 1 : -1;
    if (!accept(kAdd)) expect(kDrop);
    expect(kUser);
    node->options = one(option("rolemembers", role_list_node(), action_loc));
    return node;
  }
  if (at_any(kIn, kSet, kReset)) {
    auto* node = make<AlterRoleSetStmt>(loc);
    node->role = role;
    if (accept(kIn)) {
      expect(kDatabase);
      node->database = col_id();
      if (!at_any(kSet, kReset)) syntax_error();
    }
    node->set = set_reset_clause(false);
    return node;
  }
  auto* node = make<AlterRoleStmt>(loc);
  node->role = role;
  node->options = role_options(false);
  return node;
}

// --- GRANT and REVOKE

AccessPrivilege* Parser::access_privilege() {
  auto* node = make<AccessPrivilege>(location());
  if (at_any(kSelect, kReferences, kCreate)) {
    node->name = cur().text;
    advance();
  } else if (accept2(kAlter, kSystem)) {
    node->name = "alter system";
    return node;
  } else {
    node->name = col_id();
  }
  node->columns = opt_column_list();
  return node;
}

List<AccessPrivilege> Parser::privileges(bool& all) {
  all = accept(kAll);
  if (!all) return comma_list([&] { return access_privilege(); });
  accept(kPrivileges);
  if (!at('(')) return {};
  auto* node = make<AccessPrivilege>(location());
  node->columns = column_list();
  return one(node);
}

List<RoleSpec> Parser::grantee_list() {
  return comma_list([&] {
    accept(kGroup);
    return role_spec();
  });
}

Node* Parser::grant_stmt(bool objects_only) {
  int32_t loc = location();
  bool grant = at(kGrant);
  advance();
  bool admin = false, grant_option = false;
  if (!grant) {
    if (accept(kGrant)) {
      expect_all(kOption, kFor);
      grant_option = true;
    } else if (at(kAdmin) && next_is(kOption)) {
      pos_ += 2;
      expect(kFor);
      admin = true;
    }
  }
  bool all = false;
  List<AccessPrivilege> list = admin ? comma_list([&] { return access_privilege(); }) : privileges(all);
  bool on = !admin && at(kOn);
  if (!on && (all || grant_option || objects_only)) syntax_error();
  if (!on) return grant_role(list, grant, admin, loc);
  advance();
  auto* node = make<GrantStmt>(loc);
  node->is_grant = grant;
  node->privileges = list;
  node->grant_option = grant_option;
  grant_target(node);
  expect(grant ? kTo : kFrom);
  node->grantees = grantee_list();
  if (grant && accept(kWith)) {
    expect_all(kGrant, kOption);
    node->grant_option = true;
  }
  if (accept(kGranted)) {
    expect(kBy);
    node->grantor = role_spec();
  }
  if (!grant) node->behavior = drop_behavior();
  return node;
}

Node* Parser::grant_role(List<AccessPrivilege> roles, bool grant, bool admin, int32_t loc) {
  auto* node = make<GrantRoleStmt>(loc);
  node->granted_roles = roles;
  node->is_grant = grant;
  node->admin_option = admin;
  if (!at(grant ? kTo : kFrom)) syntax_error();
  advance();
  node->grantees = role_list();
  if (grant && accept(kWith)) {
    expect_all(kAdmin, kOption);
    node->admin_option = true;
  }
  if (accept(kGranted)) {
    expect(kBy);
    node->grantor = role_spec();
  }
  if (!grant) node->behavior = drop_behavior();
  return node;
}

NodeList Parser::name_nodes() {
  return comma_list([&]() -> Node* {
    int32_t loc = location();
    return qualified(one(col_id()), loc);
  });
}

void Parser::grant_target(GrantStmt* node) {
  auto names_of = [&](ObjectType type) {
    node->object_type = type;
    node->objects = name_nodes();
  };
  auto any_names_of = [&](ObjectType type) {
    node->object_type = type;
    node->objects = comma_list([&]() -> Node* { return any_name_node(); });
  };
  auto routines_of = [&](ObjectType type) {
    node->object_type = type;
    node->objects = comma_list([&]() -> Node* { return function_with_args(); });
  };
  auto relations = [&] { node->objects = comma_list([&]() -> Node* { return qualified_name(); }); };
  if (accept(kTable)) return relations();
  if (accept(kForeign)) {
    if (accept(kData)) {
      expect(kWrapper);
      return names_of(ObjectType::kForeignDataWrapper);
    }
    expect(kServer);
    return names_of(ObjectType::kForeignServer);
  }
  if (accept(kAll)) {
    node->target = GrantTarget::kAllInSchema;
    switch (type()) {
      case kTables:
        node->object_type = ObjectType::kTable;
        break;
      case kSequences:
        node->object_type = ObjectType::kSequence;
        break;
      case kFunctions:
        node->object_type = ObjectType::kFunction;
        break;
      case kProcedures:
        node->object_type = ObjectType::kProcedure;
        break;
      case kRoutines:
        node->object_type = ObjectType::kRoutine;
        break;
      default:
        syntax_error();
    }
    advance();
    expect_all(kIn, kSchema);
    node->objects = name_nodes();
    return;
  }
  // An unreserved word may be a table's name; it says the kind if another name follows.
  bool name_follows = has_flag(peek(), kIsColumnId) || has_flag(peek(), kIsTypeFunctionName);
  Tok word = type();
  if (word == kLarge && next_is(kObject)) {
    pos_ += 2;
    node->object_type = ObjectType::kLargeObject;
    node->objects = comma_list([&] { return numeric_only(); });
    return;
  }
  if (name_follows) {
    switch (word) {
      case kSequence:
        advance();
        node->object_type = ObjectType::kSequence;
        return relations();
      case kFunction:
        advance();
        return routines_of(ObjectType::kFunction);
      case kProcedure:
        advance();
        return routines_of(ObjectType::kProcedure);
      case kRoutine:
        advance();
        return routines_of(ObjectType::kRoutine);
      case kDatabase:
        advance();
        return names_of(ObjectType::kDatabase);
      case kDomain:
        advance();
        return any_names_of(ObjectType::kDomain);
      case kLanguage:
        advance();
        return names_of(ObjectType::kLanguage);
      case kSchema:
        advance();
        return names_of(ObjectType::kSchema);
      case kTablespace:
        advance();
        return names_of(ObjectType::kTablespace);
      case kType:
        advance();
        return any_names_of(ObjectType::kType);
      case kParameter:
        advance();
        node->object_type = ObjectType::kParameter;
        node->objects = comma_list([&]() -> Node* {
          int32_t loc = location();
          ListBuilder<std::string_view> parts;
          do parts.add(col_id());
          while (accept('.'));
          return qualified(finish(parts), loc);
        });
        return;
      default:
        break;
    }
  }
  relations();
}

Node* Parser::alter_default_privileges(int32_t loc) {
  auto* node = make<AlterDefaultPrivilegesStmt>(loc);
  expect_all(kDefault, kPrivileges);
  ListBuilder<Option*> options;
  while (at_any(kIn, kFor)) {
    int32_t option_loc = location();
    if (accept(kIn)) {
      expect(kSchema);
      auto* list = make<ListNode>();
      list->items = name_nodes();
      options.add(option("schemas", list, option_loc));
    } else {
      advance();
      if (!accept(kRole)) expect(kUser);
      options.add(option("roles", role_list_node(), option_loc));
    }
  }
  node->options = finish(options);
  auto* action = make<GrantStmt>(location());
  node->action = action;
  action->target = GrantTarget::kDefaults;
  action->is_grant = at(kGrant);
  if (!accept(kGrant)) expect(kRevoke);
  if (!action->is_grant && accept(kGrant)) {
    expect_all(kOption, kFor);
    action->grant_option = true;
  }
  bool all;
  action->privileges = privileges(all);
  expect(kOn);
  switch (type()) {
    case kTables:
      action->object_type = ObjectType::kTable;
      break;
    case kFunctions:
    case kRoutines:
      action->object_type = ObjectType::kFunction;
      break;
    case kSequences:
      action->object_type = ObjectType::kSequence;
      break;
    case kTypes:
      action->object_type = ObjectType::kType;
      break;
    case kSchemas:
      action->object_type = ObjectType::kSchema;
      break;
    default:
      syntax_error();
  }
  advance();
  expect(action->is_grant ? kTo : kFrom);
  action->grantees = grantee_list();
  if (!action->is_grant) {
    action->behavior = drop_behavior();
  } else if (accept(kWith)) {
    expect_all(kGrant, kOption);
    action->grant_option = true;
  }
  return node;
}

Node* Parser::reassign_owned() {
  auto* node = make<ReassignOwnedStmt>(location());
  advance();
  expect_all(kOwned, kBy);
  node->roles = role_list();
  expect(kTo);
  node->new_role = role_spec();
  return node;
}

// --- row security policies

Node* Parser::create_policy(int32_t loc) {
  auto* node = make<CreatePolicyStmt>(loc);
  advance();
  node->name = col_id();
  expect(kOn);
  node->table = qualified_name();
  if (accept(kAs)) {
    int32_t word_loc = location();
    if (!at(kIdentifier)) syntax_error();
    std::string_view word = cur().text;
    advance();
    if (word != "permissive" && word != "restrictive") {
      error_at(word_loc, fmt::format("unrecognized row security option \"{}\"", word),
               "Only PERMISSIVE or RESTRICTIVE policies are supported currently.");
    }
    node->permissive = word == "permissive";
  }
  node->command = "all";
  if (accept(kFor)) {
    if (!at_any(kAll, kSelect, kInsert, kUpdate, kDelete)) syntax_error();
    node->command = cur().text;
    advance();
  }
  policy_tail(node->roles, node->using_expression, node->with_check);
  return node;
}

void Parser::policy_tail(List<RoleSpec>& roles, Node*& using_expression, Node*& with_check) {
  if (accept(kTo)) roles = role_list();
  if (accept(kUsing)) {
    expect('(');
    using_expression = a_expr();
    expect(')');
  }
  if (accept(kWith)) {
    expect(kCheck);
    expect('(');
    with_check = a_expr();
    expect(')');
  }
}

}  // namespace varve::parser
