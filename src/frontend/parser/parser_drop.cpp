// DROP, COMMENT, SECURITY LABEL, and the ways objects are named in them; the choice among all statements.
#include "parser_impl.h"

namespace varve::parser {

using enum Tok;

// TABLE, SEQUENCE, VIEW …: kinds whose objects have qualified names. Consumes the words if it is one of them.
bool Parser::qualified_kind(ObjectType& kind) {
  switch (type()) {
    case kTable:
      kind = ObjectType::kTable;
      break;
    case kSequence:
      kind = ObjectType::kSequence;
      break;
    case kView:
      kind = ObjectType::kView;
      break;
    case kIndex:
      kind = ObjectType::kIndex;
      break;
    case kCollation:
      kind = ObjectType::kCollation;
      break;
    case kConversion:
      kind = ObjectType::kConversion;
      break;
    case kStatistics:
      kind = ObjectType::kStatistics;
      break;
    case kMaterialized:
      advance();
      expect(kView);
      kind = ObjectType::kMaterializedView;
      return true;
    case kForeign:
      if (next_is(kData)) return false;
      advance();
      expect(kTable);
      kind = ObjectType::kForeignTable;
      return true;
    case kText:
      advance();
      expect(kSearch);
      kind = text_search_kind();
      return true;
    default:
      return false;
  }
  advance();
  return true;
}

// ACCESS METHOD, EXTENSION, SCHEMA …: kinds whose objects have simple names.
bool Parser::simple_kind(ObjectType& kind) {
  switch (type()) {
    case kAccess:
      advance();
      expect(kMethod);
      kind = ObjectType::kAccessMethod;
      return true;
    case kEvent:
      advance();
      expect(kTrigger);
      kind = ObjectType::kEventTrigger;
      return true;
    case kForeign:
      advance();
      expect_all(kData, kWrapper);
      kind = ObjectType::kForeignDataWrapper;
      return true;
    case kProcedural:
      advance();
      expect(kLanguage);
      kind = ObjectType::kLanguage;
      return true;
    case kExtension:
      kind = ObjectType::kExtension;
      break;
    case kLanguage:
      kind = ObjectType::kLanguage;
      break;
    case kPublication:
      kind = ObjectType::kPublication;
      break;
    case kSchema:
      kind = ObjectType::kSchema;
      break;
    case kServer:
      kind = ObjectType::kForeignServer;
      break;
    default:
      return false;
  }
  advance();
  return true;
}

ListNode* Parser::pair_node(Node* first, Node* second) {
  auto* list = make<ListNode>(first->location);
  ListBuilder<Node*> items;
  items.add(first);
  items.add(second);
  list->items = finish(items);
  return list;
}

Node* Parser::drop_stmt() {
  int32_t loc = location();
  advance();
  auto* node = make<DropStmt>(loc);
  auto finish_drop = [&] {
    node->behavior = drop_behavior();
    return node;
  };
  bool was_index = at(kIndex);
  if (qualified_kind(node->object_type)) {
    if (was_index) node->concurrently = accept(kConcurrently);
    node->missing_ok = if_exists();
    bool relation = at_relation_kind(node->object_type);
    node->objects = comma_list([&]() -> Node* {
      int32_t name_loc = location();
      NameList name = any_name();
      if (relation) return range_var_from(name, name_loc);
      return qualified(name, name_loc);
    });
    return finish_drop();
  }
  if (simple_kind(node->object_type)) {
    node->missing_ok = if_exists();
    node->objects = name_nodes();
    return finish_drop();
  }
  return drop_other(node);
}

bool Parser::at_relation_kind(ObjectType kind) const {
  switch (kind) {
    case ObjectType::kTable:
    case ObjectType::kSequence:
    case ObjectType::kView:
    case ObjectType::kIndex:
    case ObjectType::kMaterializedView:
    case ObjectType::kForeignTable:
      return true;
    default:
      return false;
  }
}

Node* Parser::drop_other(DropStmt* node) {
  int32_t loc = node->location;
  Tok word = type();
  auto list = [&](ObjectType kind, auto item) {
    advance();
    node->object_type = kind;
    node->missing_ok = if_exists();
    node->objects = comma_list([&]() -> Node* { return item(); });
    node->behavior = drop_behavior();
    return node;
  };
  switch (word) {
    case kPolicy:
    case kRule:
    case kTrigger: {
      advance();
      node->object_type = word == kPolicy ? ObjectType::kPolicy
                          : word == kRule ? ObjectType::kRule
                                          : ObjectType::kTrigger;
      node->missing_ok = if_exists();
      Node* name = name_node();
      expect(kOn);
      node->objects = one<Node*>(pair_node(any_name_node(), name));
      node->behavior = drop_behavior();
      return node;
    }
    case kType:
      return list(ObjectType::kType, [&] { return type_name(); });
    case kDomain:
      return list(ObjectType::kDomain, [&] { return type_name(); });
    case kFunction:
      return list(ObjectType::kFunction, [&] { return function_with_args(); });
    case kProcedure:
      return list(ObjectType::kProcedure, [&] { return function_with_args(); });
    case kRoutine:
      return list(ObjectType::kRoutine, [&] { return function_with_args(); });
    case kAggregate:
      return list(ObjectType::kAggregate, [&] { return aggregate_with_args(); });
    case kOperator:
      if (!(next_is(kClass) || next_is(kFamily)) || peek(2) == static_cast<Tok>('.')) {
        return list(ObjectType::kOperator, [&] { return operator_with_args(); });
      }
      pos_ += 2;
      node->object_type = tokens_[pos_ - 1].type == kClass ? ObjectType::kOpClass : ObjectType::kOpFamily;
      node->missing_ok = if_exists();
      node->objects = one(operator_class_name());
      break;
    case kCast:
      advance();
      node->object_type = ObjectType::kCast;
      node->missing_ok = optional_if_exists();
      node->objects = one(cast_name());
      break;
    case kTransform:
      advance();
      node->object_type = ObjectType::kTransform;
      node->missing_ok = optional_if_exists();
      node->objects = one(transform_name());
      break;
    case kOwned: {
      advance();
      expect(kBy);
      auto* owned = make<DropOwnedStmt>(loc);
      owned->roles = role_list();
      owned->behavior = drop_behavior();
      return owned;
    }
    case kUser:
      if (next_is(kMapping) && (peek(2) == kFor || peek(2) == kIf)) return drop_user_mapping(loc);
      [[fallthrough]];
    case kRole:
    case kGroup: {
      advance();
      auto* role = make<DropRoleStmt>(loc);
      role->missing_ok = if_exists();
      role->roles = role_list();
      return role;
    }
    case kDatabase:
      return drop_database(loc);
    case kTablespace: {
      advance();
      auto* tablespace = make<DropTablespaceStmt>(loc);
      tablespace->missing_ok = if_exists();
      tablespace->name = col_id();
      return tablespace;
    }
    case kSubscription: {
      advance();
      auto* subscription = make<DropSubscriptionStmt>(loc);
      subscription->missing_ok = if_exists();
      subscription->name = col_id();
      subscription->behavior = drop_behavior();
      return subscription;
    }
    default:
      syntax_error();
  }
  node->behavior = drop_behavior();
  return node;
}

Node* Parser::drop_user_mapping(int32_t loc) {
  auto* node = make<DropUserMappingStmt>(loc);
  pos_ += 2;
  node->missing_ok = optional_if_exists();
  expect(kFor);
  node->user = auth_ident();
  expect(kServer);
  node->server = col_id();
  return node;
}

Node* Parser::drop_database(int32_t loc) {
  auto* node = make<DropDatabaseStmt>(loc);
  advance();
  node->missing_ok = if_exists();
  node->name = col_id();
  bool with = accept(kWith) || accept(kWithLa);
  if (with || at('(')) {
    node->options = paren_list([&] {
      int32_t option_loc = location();
      expect(kForce);
      return option("force", nullptr, option_loc);
    });
  }
  return node;
}

// name USING access_method
Node* Parser::operator_class_name() {
  Node* name = any_name_node();
  expect(kUsing);
  return pair_node(name_node(), name);
}
// (source AS target)
Node* Parser::cast_name() {
  expect('(');
  Node* source = type_name();
  expect(kAs);
  Node* target = type_name();
  expect(')');
  return pair_node(source, target);
}
// FOR type LANGUAGE name
Node* Parser::transform_name() {
  expect(kFor);
  Node* target = type_name();
  expect(kLanguage);
  return pair_node(target, name_node());
}

// The object of COMMENT ON, SECURITY LABEL ON and ALTER EXTENSION ADD; each takes its own set of kinds.
Node* Parser::object_reference(ReferenceContext context, ObjectType& kind) {
  if (qualified_kind(kind)) return any_name_node();
  if (simple_kind(kind)) return name_node();
  bool comment = context == kInComment, label = context == kInLabel, extension = context == kInExtension;
  Tok word = type();
  auto typed = [&](ObjectType k, auto item) -> Node* {
    advance();
    kind = k;
    return item();
  };
  auto name = [&] { return name_node(); };
  switch (word) {
    case kDatabase:
      return typed(ObjectType::kDatabase, name);
    case kRole:
      return typed(ObjectType::kRole, name);
    case kSubscription:
      return typed(ObjectType::kSubscription, name);
    case kTablespace:
      return typed(ObjectType::kTablespace, name);
    case kType:
      return typed(ObjectType::kType, [&] { return type_name(); });
    case kDomain:
      return typed(ObjectType::kDomain, [&] { return type_name(); });
    case kAggregate:
      return typed(ObjectType::kAggregate, [&] { return aggregate_with_args(); });
    case kFunction:
      return typed(ObjectType::kFunction, [&] { return function_with_args(); });
    case kProcedure:
      return typed(ObjectType::kProcedure, [&] { return function_with_args(); });
    case kRoutine:
      return typed(ObjectType::kRoutine, [&] { return function_with_args(); });
    case kColumn:
      if (extension) break;
      return typed(ObjectType::kColumn, [&] { return any_name_node(); });
    case kLarge:
      if (extension) break;
      advance();
      expect(kObject);
      kind = ObjectType::kLargeObject;
      return numeric_only();
    case kOperator:
      if (label) break;
      if ((next_is(kClass) || next_is(kFamily)) && peek(2) != static_cast<Tok>('.')) {
        pos_ += 2;
        kind = tokens_[pos_ - 1].type == kClass ? ObjectType::kOpClass : ObjectType::kOpFamily;
        return operator_class_name();
      }
      return typed(ObjectType::kOperator, [&] { return operator_with_args(); });
    case kCast:
      if (label) break;
      return typed(ObjectType::kCast, [&] { return cast_name(); });
    case kTransform:
      if (label) break;
      return typed(ObjectType::kTransform, [&] { return transform_name(); });
    case kConstraint:
    case kPolicy:
    case kRule:
    case kTrigger: {
      if (!comment) break;
      advance();
      Node* object = name_node();
      expect(kOn);
      kind = word == kPolicy ? ObjectType::kPolicy : word == kRule ? ObjectType::kRule : ObjectType::kTrigger;
      if (word == kConstraint) kind = ObjectType::kTableConstraint;
      if (word == kConstraint && at(kDomain) && has_flag(peek(), kIsColumnId)) {
        advance();
        kind = ObjectType::kDomainConstraint;
      }
      return pair_node(any_name_node(), object);
    }
    default:
      break;
  }
  syntax_error();
}

Node* Parser::comment_stmt() {
  auto* node = make<CommentStmt>(location());
  advance();
  expect(kOn);
  node->object = object_reference(kInComment, node->object_type);
  expect(kIs);
  node->is_null = accept(kNull);
  if (!node->is_null) node->comment = string_const();
  return node;
}

Node* Parser::security_label() {
  auto* node = make<SecurityLabelStmt>(location());
  advance();
  expect(kLabel);
  if (accept(kFor)) node->provider = word_or_string();
  expect(kOn);
  node->object = object_reference(kInLabel, node->object_type);
  expect(kIs);
  node->is_null = accept(kNull);
  if (!node->is_null) node->label = string_const();
  return node;
}

Node* Parser::statement() {
  check_stack();
  switch (type()) {
    case kSelect:
    case kValues:
    case kTable:
    case kWith:
    case kWithLa:
    case kInsert:
    case kUpdate:
    case kDelete:
    case kMerge:
      return preparable_stmt();
    case kBegin:
    case kStart:
    case kCommit:
    case kEnd:
    case kRollback:
    case kAbort:
    case kSavepoint:
    case kRelease:
      return transaction_stmt();
    case kSet:
      return set_stmt();
    case kShow:
      return show_stmt();
    case kReset:
      return reset_stmt(false);
    case kExecute:
      return execute_stmt();
    case kPrepare:
      return prepare_stmt();
    case kDeallocate:
      return deallocate_stmt();
    case kDeclare:
      return declare_cursor();
    case kFetch:
    case kMove:
      return fetch_stmt();
    case kClose:
      return close_stmt();
    case kCopy:
      return copy_stmt();
    case kCreate:
      return create_stmt();
    case kAlter:
      return alter_stmt();
    case kDrop:
      return drop_stmt();
    case kGrant:
    case kRevoke:
      return grant_stmt(false);
    case kExplain:
      return explain_stmt();
    case kVacuum:
    case kAnalyze:
    case kAnalyse:
      return vacuum_stmt();
    case kTruncate:
      return truncate_stmt();
    case kComment:
      return comment_stmt();
    case kLock:
      return lock_stmt();
    case kDo:
      return do_stmt();
    case kCall:
      return call_stmt();
    case kCluster:
      return cluster_stmt();
    case kReindex:
      return reindex_stmt();
    case kRefresh:
      return refresh_stmt();
    case kListen:
    case kNotify:
    case kUnlisten:
      return notify_stmts();
    case kDiscard:
      return discard_stmt();
    case kReassign:
      return reassign_owned();
    case kImport:
      return import_foreign_schema();
    case kSecurity:
      return security_label();
    case kCheckpoint: {
      int32_t loc = location();
      advance();
      return make<CheckpointStmt>(loc);
    }
    case kLoad: {
      auto* node = make<LoadStmt>(location());
      advance();
      node->filename = string_const();
      return node;
    }
    default:
      break;
  }
  if (at('(')) return select_stmt();
  syntax_error();
}

}  // namespace varve::parser
