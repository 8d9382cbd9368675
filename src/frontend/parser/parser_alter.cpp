// All ALTER statements but ALTER TABLE's commands.
#include <fmt/format.h>

#include "parser_impl.h"

namespace varve::parser {

using enum Tok;

Node* Parser::alter_stmt() {
  int32_t loc = location();
  advance();
  switch (type()) {
    case kTable:
    case kIndex:
    case kSequence:
    case kView:
    case kMaterialized:
      return alter_relation(loc);
    case kForeign:
      if (next_is(kTable)) return alter_relation(loc);
      return alter_fdw(loc);
    case kDatabase:
      return alter_database(loc);
    case kUser:
      if (next_is(kMapping) && peek(2) == kFor) return alter_user_mapping(loc);
      return alter_role(loc);
    case kRole:
    case kGroup:
      return alter_role(loc);
    case kType:
      return alter_type(loc);
    case kDomain:
      return alter_domain(loc);
    case kFunction:
    case kProcedure:
    case kRoutine:
      return alter_routine(loc);
    case kOperator:
      return alter_operator(loc);
    case kText:
      return alter_text_search(loc);
    case kServer:
      return alter_server(loc);
    case kTablespace:
      return alter_tablespace(loc);
    case kStatistics:
      return alter_statistics(loc);
    case kTrigger:
    case kRule:
    case kPolicy:
      return alter_on_table(loc);
    case kEvent:
      return alter_event_trigger(loc);
    case kPublication:
      return alter_publication(loc);
    case kSubscription:
      return alter_subscription(loc);
    case kExtension:
      return alter_extension(loc);
    case kSystem:
      return alter_system(loc);
    case kDefault:
      return alter_default_privileges(loc);
    default:
      return alter_simple(loc);
  }
}

static bool only_schema_can_be_set(ObjectType type) {
  switch (type) {
    case ObjectType::kAggregate:
    case ObjectType::kCollation:
    case ObjectType::kConversion:
    case ObjectType::kOpClass:
    case ObjectType::kOpFamily:
    case ObjectType::kExtension:
    case ObjectType::kTsParser:
    case ObjectType::kTsTemplate:
    case ObjectType::kTsDictionary:
    case ObjectType::kTsConfiguration:
      return true;
    default:
      return false;
  }
}

// RENAME TO, OWNER TO, SET SCHEMA, [NO] DEPENDS ON EXTENSION: null if none of the allowed ones is here.
Node* Parser::alter_common(ObjectType type, Node* object, int allowed, int32_t loc) {
  if ((allowed & kMayRename) && at(kRename)) {
    advance();
    expect(kTo);
    auto* node = make<RenameStmt>(loc);
    node->object_type = type;
    node->object = object;
    node->new_name = col_id();
    return node;
  }
  if ((allowed & kMayChangeOwner) && at(kOwner)) {
    advance();
    expect(kTo);
    auto* node = make<AlterOwnerStmt>(loc);
    node->object_type = type;
    node->object = object;
    node->new_owner = role_spec();
    return node;
  }
  if ((allowed & kMaySetSchema) && at(kSet) && !next_is(kSchema) && only_schema_can_be_set(type)) {
    advance();
    syntax_error();
  }
  bool routine =
      type == ObjectType::kFunction || type == ObjectType::kProcedure || type == ObjectType::kRoutine;
  bool setting = routine && (peek(2) == kStringConst || peek(2) == kTo || peek(2) == kFrom ||
                             peek(2) == static_cast<Tok>('=') || peek(2) == static_cast<Tok>('.'));
  if ((allowed & kMaySetSchema) && at(kSet) && next_is(kSchema) && !setting) {
    pos_ += 2;
    auto* node = make<AlterObjectSchemaStmt>(loc);
    node->object_type = type;
    node->object = object;
    node->new_schema = col_id();
    return node;
  }
  bool relation = type == ObjectType::kIndex || type == ObjectType::kMaterializedView;
  if ((allowed & kMayDepend) && (at(kDepends) || (at(kNo) && (next_is(kDepends) || !relation)))) {
    auto* node = make<AlterObjectDependsStmt>(loc);
    node->remove = accept(kNo);
    expect_all(kDepends, kOn, kExtension);
    node->object_type = type;
    node->object = object;
    node->extension = col_id();
    return node;
  }
  return nullptr;
}

Node* Parser::alter_all_in_tablespace(ObjectType type, int32_t loc) {
  auto* node = make<AlterTableMoveAllStmt>(loc);
  node->object_type = type;
  expect_all(kAll, kIn, kTablespace);
  node->tablespace = col_id();
  if (accept(kOwned)) {
    expect(kBy);
    node->roles = role_list();
  }
  expect_all(kSet, kTablespace);
  node->new_tablespace = col_id();
  node->nowait = accept(kNowait);
  return node;
}

Node* Parser::alter_relation(int32_t loc) {
  ObjectType type;
  switch (this->type()) {
    case kTable:
      type = ObjectType::kTable;
      break;
    case kIndex:
      type = ObjectType::kIndex;
      break;
    case kSequence:
      type = ObjectType::kSequence;
      break;
    case kView:
      type = ObjectType::kView;
      break;
    case kMaterialized:
      type = ObjectType::kMaterializedView;
      break;
    default:
      type = ObjectType::kForeignTable;
      break;
  }
  bool table_like = type == ObjectType::kTable || type == ObjectType::kForeignTable;
  if (at(kForeign)) advance();
  if (accept(kMaterialized)) {
    expect(kView);
  } else {
    advance();
  }
  bool may_move =
      type == ObjectType::kTable || type == ObjectType::kIndex || type == ObjectType::kMaterializedView;
  if (may_move && at(kAll)) return alter_all_in_tablespace(type, loc);
  bool guarded = if_exists();
  RangeVar* relation = table_like ? relation_expr() : qualified_name();
  if (at(kRename)) return rename_relation(type, relation, guarded, loc);
  bool may_depend = !guarded && (type == ObjectType::kIndex || type == ObjectType::kMaterializedView);
  if (Node* node = alter_common(
          type, nullptr, (type != ObjectType::kIndex ? kMaySetSchema : 0) | (may_depend ? kMayDepend : 0),
          loc)) {
    if (is<AlterObjectSchemaStmt>(node)) {
      as<AlterObjectSchemaStmt>(node)->relation = relation;
      as<AlterObjectSchemaStmt>(node)->missing_ok = guarded;
    } else {
      as<AlterObjectDependsStmt>(node)->relation = relation;
    }
    return node;
  }
  if (type == ObjectType::kSequence) {
    bool option = at_sequence_option(0);
    if (at(kNo)) option = !next_is(kInherit) && !next_is(kForce);
    if (option) {
      auto* node = make<AlterSequenceStmt>(loc);
      node->sequence = relation;
      node->missing_ok = guarded;
      node->options = sequence_options(true);
      return node;
    }
  }
  auto* node = make<AlterTableStmt>(loc);
  node->relation = relation;
  node->object_type = type;
  node->missing_ok = guarded;
  bool index = type == ObjectType::kIndex && !guarded;
  AlterTableCmd* partition = type == ObjectType::kTable || index ? partition_cmd(index) : nullptr;
  node->commands = partition != nullptr ? one(partition) : alter_table_cmds();
  return node;
}

Node* Parser::rename_relation(ObjectType type, RangeVar* relation, bool guarded, int32_t loc) {
  auto* node = make<RenameStmt>(loc);
  advance();
  node->relation = relation;
  node->missing_ok = guarded;
  node->object_type = node->relation_type = type;
  if (accept(kTo)) {
    node->new_name = col_id();
    return node;
  }
  if (type == ObjectType::kSequence || type == ObjectType::kIndex) syntax_error();
  if (type == ObjectType::kTable && accept(kConstraint)) {
    node->object_type = ObjectType::kTableConstraint;
  } else {
    accept(kColumn);
    node->object_type = ObjectType::kColumn;
  }
  node->name = col_id();
  expect(kTo);
  node->new_name = col_id();
  return node;
}

Node* Parser::alter_fdw(int32_t loc) {
  advance();
  expect_all(kData, kWrapper);
  QualifiedName* name = name_node();
  if (Node* node = alter_common(ObjectType::kForeignDataWrapper, name, kMayRename | kMayChangeOwner, loc))
    return node;
  auto* node = make<AlterFdwStmt>(loc);
  node->name = name->names[0];
  node->function_options = fdw_functions();
  if (at(kOptions)) {
    node->options = alter_generic_options();
  } else if (node->function_options.empty()) {
    syntax_error();
  }
  return node;
}

QualifiedName* Parser::name_node() {
  int32_t loc = location();
  return qualified(one(col_id()), loc);
}

Node* Parser::alter_database(int32_t loc) {
  advance();
  QualifiedName* name = name_node();
  int allowed = kMayRename | (next_is(kTo) ? kMayChangeOwner : 0);
  if (Node* node = alter_common(ObjectType::kDatabase, name, allowed, loc)) return node;
  bool move = at(kSet) && next_is(kTablespace) && has_flag(peek(2), kIsColumnId);
  if (!move && at_any(kSet, kReset)) {
    auto* node = make<AlterDatabaseSetStmt>(loc);
    node->name = name->names[0];
    node->set = set_reset_clause(false);
    return node;
  }
  auto* node = make<AlterDatabaseStmt>(loc);
  node->name = name->names[0];
  if (move) {
    pos_ += 2;
    int32_t option_loc = location();
    node->options = one(option("tablespace", make_string(col_id()), option_loc));
  } else if (accept(kRefresh)) {
    expect_all(kCollation, kVersion);
    node->refresh_collation_version = true;
  } else {
    accept(kWith);
    node->options = database_options();
  }
  return node;
}

Node* Parser::alter_user_mapping(int32_t loc) {
  auto* node = make<AlterUserMappingStmt>(loc);
  pos_ += 3;
  node->user = auth_ident();
  expect(kServer);
  node->server = col_id();
  node->options = alter_generic_options();
  return node;
}

Node* Parser::alter_type(int32_t loc) {
  advance();
  QualifiedName* name = any_name_node();
  if (at(kRename) && !next_is(kTo)) return alter_type_rename(name, loc);
  if (Node* node = alter_common(ObjectType::kType, name, kMayRename | kMayChangeOwner | kMaySetSchema, loc)) {
    return node;
  }
  if (at(kAdd) && next_is(kValue)) return add_enum_value(name, loc);
  if (accept(kSet)) {
    auto* node = make<AlterTypeStmt>(loc);
    node->names = name->names;
    node->options = operator_definition();
    return node;
  }
  auto* node = make<AlterTableStmt>(loc);
  node->object_type = ObjectType::kType;
  node->commands = comma_list([&] { return alter_attribute(); });
  node->relation = range_var_from(name->names, name->location);
  return node;
}

Node* Parser::alter_type_rename(QualifiedName* name, int32_t loc) {
  advance();
  if (accept(kValue)) {
    auto* node = make<AlterEnumStmt>(loc);
    node->names = name->names;
    node->is_rename = true;
    node->old_value = string_const();
    expect(kTo);
    node->new_value = string_const();
    return node;
  }
  expect(kAttribute);
  auto* node = make<RenameStmt>(loc);
  node->object_type = ObjectType::kAttribute;
  node->relation_type = ObjectType::kType;
  node->name = col_id();
  expect(kTo);
  node->new_name = col_id();
  node->behavior = drop_behavior();
  node->relation = range_var_from(name->names, name->location);
  return node;
}

Node* Parser::add_enum_value(QualifiedName* name, int32_t loc) {
  auto* node = make<AlterEnumStmt>(loc);
  node->names = name->names;
  pos_ += 2;
  if (accept(kIf)) {
    expect_all(kNot, kExists);
    node->if_not_exists = true;
  }
  node->new_value = string_const();
  if (at_any(kBefore, kAfter)) {
    node->after = at(kAfter);
    node->has_neighbour = true;
    advance();
    node->neighbour = string_const();
  }
  return node;
}

AlterTableCmd* Parser::alter_attribute() {
  auto* node = make<AlterTableCmd>(location());
  if (accept(kAdd)) {
    expect(kAttribute);
    node->action = AlterTableAction::kAddColumn;
    node->definition = table_func_element();
  } else if (accept(kDrop)) {
    expect(kAttribute);
    node->action = AlterTableAction::kDropColumn;
    node->missing_ok = if_exists();
    node->name = col_id();
  } else {
    expect_all(kAlter, kAttribute);
    int32_t name_loc = location();
    node->name = col_id();
    if (accept(kSet)) expect(kData);
    alter_column_type(node, name_loc, false);
  }
  node->behavior = drop_behavior();
  return node;
}

// (name = value, …) of ALTER OPERATOR and ALTER TYPE
List<Option> Parser::operator_definition() {
  return paren_list([&] {
    int32_t loc = location();
    Option* node = option(col_label(), nullptr, loc);
    expect('=');
    if (!accept(kNone)) node->value = def_arg();
    return node;
  });
}

Node* Parser::alter_domain(int32_t loc) {
  advance();
  QualifiedName* name = any_name_node();
  if (at(kRename) && next_is(kConstraint)) {
    pos_ += 2;
    auto* node = make<RenameStmt>(loc);
    node->object_type = ObjectType::kDomainConstraint;
    node->object = name;
    node->name = col_id();
    expect(kTo);
    node->new_name = col_id();
    return node;
  }
  if (Node* node =
          alter_common(ObjectType::kDomain, name, kMayRename | kMayChangeOwner | kMaySetSchema, loc)) {
    return node;
  }
  auto* node = make<AlterDomainStmt>(loc);
  node->names = name->names;
  if (accept(kSet)) {
    if (accept(kDefault)) {
      node->definition = a_expr();
    } else {
      expect_all(kNot, kNull);
      node->action = AlterDomainAction::kSetNotNull;
    }
  } else if (accept(kDrop)) {
    if (accept(kNot)) {
      expect(kNull);
      node->action = AlterDomainAction::kDropNotNull;
    } else if (accept(kConstraint)) {
      node->action = AlterDomainAction::kDropConstraint;
      node->missing_ok = if_exists();
      node->constraint = col_id();
      node->behavior = drop_behavior();
    } else {
      expect(kDefault);
    }
  } else if (accept(kAdd)) {
    node->action = AlterDomainAction::kAddConstraint;
    if (!at_table_constraint()) {
      if (accept(kExclude)) syntax_error();
      syntax_error();
    }
    node->definition = table_constraint();
  } else {
    expect_all(kValidate, kConstraint);
    node->action = AlterDomainAction::kValidateConstraint;
    node->constraint = col_id();
  }
  return node;
}

Node* Parser::alter_routine(int32_t loc) {
  ObjectType type = at(kFunction)    ? ObjectType::kFunction
                    : at(kProcedure) ? ObjectType::kProcedure
                                     : ObjectType::kRoutine;
  advance();
  RoutineRef* function = function_with_args();
  Node* node = alter_common(type, function, kMayRename | kMayChangeOwner | kMaySetSchema | kMayDepend, loc);
  return node != nullptr ? node : alter_function_options(function, type, loc);
}

Node* Parser::alter_operator(int32_t loc) {
  advance();
  if (at_any(kClass, kFamily) && !next_is('.')) {
    bool family = at(kFamily);
    advance();
    QualifiedName* name = any_name_node();
    expect(kUsing);
    auto* object = make<ListNode>(name->location);
    ListBuilder<Node*> items;
    items.add(name_node());
    items.add(name);
    object->items = finish(items);
    ObjectType type = family ? ObjectType::kOpFamily : ObjectType::kOpClass;
    if (Node* node = alter_common(type, object, kMayRename | kMayChangeOwner | kMaySetSchema, loc))
      return node;
    if (!family) syntax_error();
    auto* node = make<AlterOpFamilyStmt>(loc);
    node->names = name->names;
    node->access_method = as<QualifiedName>(object->items[0])->names[0];
    node->is_drop = at(kDrop);
    if (!accept(kDrop)) expect(kAdd);
    node->items = comma_list([&] { return opclass_item(node->is_drop); });
    return node;
  }
  RoutineRef* target = operator_with_args();
  if (Node* node = alter_common(ObjectType::kOperator, target, kMayChangeOwner | kMaySetSchema, loc))
    return node;
  auto* node = make<AlterOperatorStmt>(loc);
  node->target = target;
  expect(kSet);
  node->options = operator_definition();
  return node;
}

Node* Parser::alter_text_search(int32_t loc) {
  advance();
  expect(kSearch);
  ObjectType type = text_search_kind();
  QualifiedName* name = any_name_node();
  bool owned = type == ObjectType::kTsDictionary || type == ObjectType::kTsConfiguration;
  if (Node* node =
          alter_common(type, name, kMayRename | kMaySetSchema | (owned ? kMayChangeOwner : 0), loc)) {
    return node;
  }
  if (type == ObjectType::kTsDictionary) {
    auto* node = make<AlterTsDictionaryStmt>(loc);
    node->names = name->names;
    node->options = definition();
    return node;
  }
  if (type != ObjectType::kTsConfiguration) syntax_error();
  auto* node = make<AlterTsConfigurationStmt>(loc);
  node->names = name->names;
  ts_mapping(node);
  return node;
}

void Parser::ts_mapping(AlterTsConfigurationStmt* node) {
  Tok word = type();
  if (!at_any(kAdd, kAlter, kDrop)) syntax_error();
  advance();
  expect(kMapping);
  auto dictionaries = [&] { return comma_list([&] { return any_name_node(); }); };
  auto with = [&] {
    if (!accept(kWith)) expect(kWithLa);
  };
  auto replace = [&] {
    advance();
    ListBuilder<QualifiedName*> pair;
    pair.add(any_name_node());
    with();
    pair.add(any_name_node());
    node->dictionaries = finish(pair);
  };
  if (word == kDrop) {
    node->action = TsMappingAction::kDrop;
    node->missing_ok = optional_if_exists();
    expect(kFor);
    node->token_types = name_list();
  } else if (word == kAlter && at(kReplace)) {
    node->action = TsMappingAction::kReplaceDictionary;
    replace();
  } else {
    node->action = word == kAdd ? TsMappingAction::kAdd : TsMappingAction::kAlterForToken;
    expect(kFor);
    node->token_types = name_list();
    if (word == kAlter && at(kReplace)) {
      node->action = TsMappingAction::kReplaceForToken;
      replace();
    } else {
      with();
      node->dictionaries = dictionaries();
    }
  }
}

Node* Parser::alter_server(int32_t loc) {
  advance();
  QualifiedName* name = name_node();
  if (Node* node = alter_common(ObjectType::kForeignServer, name, kMayRename | kMayChangeOwner, loc))
    return node;
  auto* node = make<AlterForeignServerStmt>(loc);
  node->name = name->names[0];
  bool version = at(kVersion);
  if (version) {
    server_version(node->version);
    node->has_version = true;
  }
  if (at(kOptions) || !version) node->options = alter_generic_options();
  return node;
}

Node* Parser::alter_tablespace(int32_t loc) {
  advance();
  QualifiedName* name = name_node();
  if (Node* node = alter_common(ObjectType::kTablespace, name, kMayRename | kMayChangeOwner, loc))
    return node;
  auto* node = make<AlterTablespaceOptionsStmt>(loc);
  node->name = name->names[0];
  node->reset = at(kReset);
  if (!accept(kReset)) expect(kSet);
  node->options = reloptions();
  return node;
}

Node* Parser::alter_statistics(int32_t loc) {
  advance();
  bool guarded = if_exists();
  QualifiedName* name = any_name_node();
  int allowed = guarded ? 0 : kMayRename | kMayChangeOwner | kMaySetSchema;
  if (Node* node = alter_common(ObjectType::kStatistics, name, allowed, loc)) return node;
  auto* node = make<AlterStatisticsStmt>(loc);
  node->names = name->names;
  node->missing_ok = guarded;
  expect_all(kSet, kStatistics);
  node->target = signed_integer();
  return node;
}

// ALTER TRIGGER | RULE | POLICY name ON table
Node* Parser::alter_on_table(int32_t loc) {
  Tok word = type();
  advance();
  bool guarded = word == kPolicy && if_exists();
  std::string_view name = col_id();
  expect(kOn);
  RangeVar* relation = qualified_name();
  ObjectType type = word == kTrigger ? ObjectType::kTrigger
                    : word == kRule  ? ObjectType::kRule
                                     : ObjectType::kPolicy;
  if (Node* node = alter_common(type, nullptr, kMayRename | (word == kTrigger ? kMayDepend : 0), loc)) {
    if (is<RenameStmt>(node)) {
      as<RenameStmt>(node)->relation = relation;
      as<RenameStmt>(node)->name = name;
      as<RenameStmt>(node)->missing_ok = guarded;
    } else {
      as<AlterObjectDependsStmt>(node)->relation = relation;
      as<AlterObjectDependsStmt>(node)->object = qualified(one(name), loc);
    }
    return node;
  }
  if (word != kPolicy || guarded) syntax_error();
  auto* node = make<AlterPolicyStmt>(loc);
  node->name = name;
  node->table = relation;
  policy_tail(node->roles, node->using_expression, node->with_check);
  return node;
}

Node* Parser::alter_event_trigger(int32_t loc) {
  advance();
  expect(kTrigger);
  QualifiedName* name = name_node();
  if (Node* node = alter_common(ObjectType::kEventTrigger, name, kMayRename | kMayChangeOwner, loc))
    return node;
  auto* node = make<AlterEventTriggerStmt>(loc);
  node->name = name->names[0];
  if (accept(kDisable)) {
    node->mode = FireMode::kDisabled;
    return node;
  }
  expect(kEnable);
  if (accept(kReplica)) {
    node->mode = FireMode::kReplica;
  } else if (accept(kAlways)) {
    node->mode = FireMode::kAlways;
  }
  return node;
}

Node* Parser::alter_publication(int32_t loc) {
  advance();
  QualifiedName* name = name_node();
  if (Node* node = alter_common(ObjectType::kPublication, name, kMayRename | kMayChangeOwner, loc))
    return node;
  auto* node = make<AlterPublicationStmt>(loc);
  node->name = name->names[0];
  if (accept(kSet)) {
    if (at('(')) {
      node->options = definition();
      return node;
    }
    node->action = OptionAction::kSet;
  } else if (accept(kAdd)) {
    node->action = OptionAction::kAdd;
  } else {
    expect(kDrop);
    node->action = OptionAction::kDrop;
  }
  node->objects = settle_publication_objects(publication_objects());
  return node;
}

Node* Parser::alter_subscription(int32_t loc) {
  advance();
  QualifiedName* name = name_node();
  if (Node* node = alter_common(ObjectType::kSubscription, name, kMayRename | kMayChangeOwner, loc))
    return node;
  auto* node = make<AlterSubscriptionStmt>(loc);
  node->name = name->names[0];
  auto publications = [&](AlterSubscriptionKind kind) {
    node->action = kind;
    expect(kPublication);
    node->publications = name_list();
    if (accept(kWith)) node->options = definition();
  };
  Tok word = type();
  switch (word) {
    case kSet:
      advance();
      if (at('(')) {
        node->options = definition();
      } else {
        publications(AlterSubscriptionKind::kSetPublication);
      }
      break;
    case kAdd:
      advance();
      publications(AlterSubscriptionKind::kAddPublication);
      break;
    case kDrop:
      advance();
      publications(AlterSubscriptionKind::kDropPublication);
      break;
    case kConnection:
      advance();
      node->action = AlterSubscriptionKind::kConnection;
      node->connection = string_const();
      break;
    case kRefresh:
      advance();
      expect(kPublication);
      node->action = AlterSubscriptionKind::kRefresh;
      if (accept(kWith)) node->options = definition();
      break;
    case kEnable:
    case kDisable:
      node->action = AlterSubscriptionKind::kEnabled;
      node->options = one(option("enabled", make_boolean(word == kEnable), location()));
      advance();
      break;
    case kSkip:
      advance();
      node->action = AlterSubscriptionKind::kSkip;
      node->options = definition();
      break;
    default:
      syntax_error();
  }
  return node;
}

Node* Parser::alter_extension(int32_t loc) {
  advance();
  QualifiedName* name = name_node();
  if (Node* node = alter_common(ObjectType::kExtension, name, kMaySetSchema, loc)) return node;
  if (accept(kUpdate)) {
    auto* node = make<AlterExtensionStmt>(loc);
    node->name = name->names[0];
    ListBuilder<Option*> options;
    while (at(kTo)) {
      int32_t option_loc = location();
      advance();
      options.add(option("new_version", make_string(word_or_string()), option_loc));
    }
    node->options = finish(options);
    return node;
  }
  auto* node = make<AlterExtensionContentsStmt>(loc);
  node->name = name->names[0];
  node->add = at(kAdd);
  if (!accept(kAdd)) expect(kDrop);
  node->object = object_reference(kInExtension, node->object_type);
  return node;
}

Node* Parser::alter_system(int32_t loc) {
  auto* node = make<AlterSystemStmt>(loc);
  advance();
  if (at(kReset)) {
    node->set = reset_stmt(true);
    return node;
  }
  expect(kSet);
  node->set = make<VariableSetStmt>(location());
  generic_set(node->set);
  return node;
}

// Kinds that have nothing but the common forms.
Node* Parser::alter_simple(int32_t loc) {
  ObjectType type;
  Node* object;
  int allowed = kMayRename | kMayChangeOwner;
  switch (this->type()) {
    case kAggregate:
      advance();
      type = ObjectType::kAggregate;
      object = aggregate_with_args();
      allowed |= kMaySetSchema;
      break;
    case kCollation:
    case kConversion: {
      bool collation = at(kCollation);
      advance();
      type = collation ? ObjectType::kCollation : ObjectType::kConversion;
      QualifiedName* name = any_name_node();
      if (collation && accept(kRefresh)) {
        expect(kVersion);
        auto* node = make<AlterCollationStmt>(loc);
        node->names = name->names;
        return node;
      }
      object = name;
      allowed |= kMaySetSchema;
      break;
    }
    case kProcedural:
    case kLanguage:
      accept(kProcedural);
      expect(kLanguage);
      type = ObjectType::kLanguage;
      object = name_node();
      break;
    case kLarge:
      advance();
      expect(kObject);
      type = ObjectType::kLargeObject;
      object = numeric_only();
      allowed = kMayChangeOwner;
      break;
    case kSchema:
      advance();
      type = ObjectType::kSchema;
      object = name_node();
      break;
    default:
      syntax_error();
  }
  Node* node = alter_common(type, object, allowed, loc);
  if (node == nullptr) syntax_error();
  return node;
}

}  // namespace varve::parser
