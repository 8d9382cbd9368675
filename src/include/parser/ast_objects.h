// Statements on objects of any kind, databases, roles and privileges, functions, triggers, rules, policies.
#pragma once

#include "parser/ast_ddl.h"

namespace varve::parser {

enum class ParameterMode : uint8_t { kDefault, kIn, kOut, kInOut, kVariadic, kTable };
struct FunctionParameter : NodeOf<NodeKind::kFunctionParameter> {
  std::string_view name;
  TypeName* type = nullptr;
  ParameterMode mode = ParameterMode::kDefault;
  Node* default_value = nullptr;
};
// A function, aggregate or operator as DROP, COMMENT, GRANT … name it.
struct RoutineRef : NodeOf<NodeKind::kRoutineRef> {
  NameList names;
  List<TypeName> arg_types;  // input arguments; null entries for NONE (operators)
  List<FunctionParameter> parameters;
  bool args_unspecified = false;  // no parentheses at all
};

// The object of these statements is a RangeVar, QualifiedName, RoutineRef, TypeName, ConstExpr (large object)
// or a ListNode of such, as in PostgreSQL's raw trees.
struct DropStmt : NodeOf<NodeKind::kDropStmt> {
  ObjectType object_type = ObjectType::kTable;
  NodeList objects;  // RangeVar for relations, else QualifiedName, TypeName, RoutineRef, ListNode
  DropBehavior behavior = DropBehavior::kRestrict;
  bool missing_ok = false;
  bool concurrently = false;
};
struct RenameStmt : NodeOf<NodeKind::kRenameStmt> {
  ObjectType object_type = ObjectType::kTable;
  ObjectType relation_type = ObjectType::kTable;  // of a renamed column: what it belongs to
  RangeVar* relation = nullptr;
  Node* object = nullptr;
  std::string_view name;  // column, constraint, trigger, … that is renamed; or the object itself
  std::string_view new_name;
  DropBehavior behavior = DropBehavior::kRestrict;
  bool missing_ok = false;
};
struct AlterOwnerStmt : NodeOf<NodeKind::kAlterOwnerStmt> {
  ObjectType object_type = ObjectType::kTable;
  Node* object = nullptr;
  RoleSpec* new_owner = nullptr;
};
struct AlterObjectSchemaStmt : NodeOf<NodeKind::kAlterObjectSchemaStmt> {
  ObjectType object_type = ObjectType::kTable;
  RangeVar* relation = nullptr;
  Node* object = nullptr;
  std::string_view new_schema;
  bool missing_ok = false;
};
// ALTER … [NO] DEPENDS ON EXTENSION x
struct AlterObjectDependsStmt : NodeOf<NodeKind::kAlterObjectDependsStmt> {
  ObjectType object_type = ObjectType::kFunction;
  RangeVar* relation = nullptr;
  Node* object = nullptr;
  std::string_view extension;
  bool remove = false;
};
struct TruncateStmt : NodeOf<NodeKind::kTruncateStmt> {
  List<RangeVar> relations;
  bool restart_identity = false;
  DropBehavior behavior = DropBehavior::kRestrict;
};
struct CommentStmt : NodeOf<NodeKind::kCommentStmt> {
  ObjectType object_type = ObjectType::kTable;
  Node* object = nullptr;
  std::string_view comment;
  bool is_null = false;
};
struct SecurityLabelStmt : NodeOf<NodeKind::kSecurityLabelStmt> {
  ObjectType object_type = ObjectType::kTable;
  Node* object = nullptr;
  std::string_view provider;
  std::string_view label;
  bool is_null = false;
};

struct CreateDatabaseStmt : NodeOf<NodeKind::kCreateDatabaseStmt> {
  std::string_view name;
  List<Option> options;
};
struct AlterDatabaseStmt : NodeOf<NodeKind::kAlterDatabaseStmt> {
  std::string_view name;
  List<Option> options;
  bool refresh_collation_version = false;
};
struct VariableSetStmt;
struct AlterDatabaseSetStmt : NodeOf<NodeKind::kAlterDatabaseSetStmt> {
  std::string_view name;
  VariableSetStmt* set = nullptr;
};
struct DropDatabaseStmt : NodeOf<NodeKind::kDropDatabaseStmt> {
  std::string_view name;
  bool missing_ok = false;
  List<Option> options;
};
struct CreateTablespaceStmt : NodeOf<NodeKind::kCreateTablespaceStmt> {
  std::string_view name;
  RoleSpec* owner = nullptr;
  std::string_view directory;
  List<Option> options;
};
struct DropTablespaceStmt : NodeOf<NodeKind::kDropTablespaceStmt> {
  std::string_view name;
  bool missing_ok = false;
};
struct AlterTablespaceOptionsStmt : NodeOf<NodeKind::kAlterTablespaceOptionsStmt> {
  std::string_view name;
  List<Option> options;
  bool reset = false;
};
struct StatisticsElem : NodeOf<NodeKind::kStatisticsElem> {
  std::string_view column;
  Node* expression = nullptr;
};
struct CreateStatisticsStmt : NodeOf<NodeKind::kCreateStatisticsStmt> {
  NameList names;
  NameList kinds;
  List<StatisticsElem> expressions;
  NodeList relations;
  bool if_not_exists = false;
};
struct AlterStatisticsStmt : NodeOf<NodeKind::kAlterStatisticsStmt> {
  NameList names;
  int32_t target = 0;
  bool missing_ok = false;
};

enum class RoleKind : uint8_t { kRole, kUser, kGroup };
struct CreateRoleStmt : NodeOf<NodeKind::kCreateRoleStmt> {
  RoleKind role_kind = RoleKind::kRole;
  std::string_view name;
  List<Option> options;
};
struct AlterRoleStmt : NodeOf<NodeKind::kAlterRoleStmt> {
  RoleSpec* role = nullptr;
  int8_t action = 1;  // +1: set options / ADD USER, -1: DROP USER (ALTER GROUP)
  List<Option> options;
};
struct AlterRoleSetStmt : NodeOf<NodeKind::kAlterRoleSetStmt> {
  RoleSpec* role = nullptr;  // null = ALL
  std::string_view database;
  VariableSetStmt* set = nullptr;
};
struct DropRoleStmt : NodeOf<NodeKind::kDropRoleStmt> {
  List<RoleSpec> roles;
  bool missing_ok = false;
};
struct AccessPrivilege : NodeOf<NodeKind::kAccessPrivilege> {
  std::string_view name;  // empty = ALL, with columns
  NameList columns;
};
enum class GrantTarget : uint8_t { kObject, kAllInSchema, kDefaults };
struct GrantStmt : NodeOf<NodeKind::kGrantStmt> {
  bool is_grant = true;
  GrantTarget target = GrantTarget::kObject;
  ObjectType object_type = ObjectType::kTable;
  NodeList objects;
  List<AccessPrivilege> privileges;  // empty = ALL
  List<RoleSpec> grantees;
  bool grant_option = false;  // WITH GRANT OPTION / GRANT OPTION FOR
  RoleSpec* grantor = nullptr;
  DropBehavior behavior = DropBehavior::kRestrict;
};
struct GrantRoleStmt : NodeOf<NodeKind::kGrantRoleStmt> {
  List<AccessPrivilege> granted_roles;
  List<RoleSpec> grantees;
  bool is_grant = true;
  bool admin_option = false;
  RoleSpec* grantor = nullptr;
  DropBehavior behavior = DropBehavior::kRestrict;
};
struct AlterDefaultPrivilegesStmt : NodeOf<NodeKind::kAlterDefaultPrivilegesStmt> {
  List<Option> options;  // schemas, roles: ListNodes
  GrantStmt* action = nullptr;
};
struct ReassignOwnedStmt : NodeOf<NodeKind::kReassignOwnedStmt> {
  List<RoleSpec> roles;
  RoleSpec* new_role = nullptr;
};
struct DropOwnedStmt : NodeOf<NodeKind::kDropOwnedStmt> {
  List<RoleSpec> roles;
  DropBehavior behavior = DropBehavior::kRestrict;
};

// Options are named as in PostgreSQL's grammar: as, language, volatility, strict, security, leakproof,
// window, cost, rows, support, parallel, set, transform.
struct CreateFunctionStmt : NodeOf<NodeKind::kCreateFunctionStmt> {
  bool is_procedure = false, replace = false;
  NameList names;
  List<FunctionParameter> parameters;  // RETURNS TABLE's columns at the end, as kTable
  TypeName* return_type = nullptr;
  List<Option> options;
  Node* sql_body = nullptr;  // ReturnStmt, or ListNode of statements for BEGIN ATOMIC
};
struct AlterFunctionStmt : NodeOf<NodeKind::kAlterFunctionStmt> {
  ObjectType object_type = ObjectType::kFunction;
  RoutineRef* function = nullptr;
  List<Option> options;
};
struct ReturnStmt : NodeOf<NodeKind::kReturnStmt> {
  Node* value = nullptr;
};
struct DoStmt : NodeOf<NodeKind::kDoStmt> {
  List<Option> options;  // as, language
};
struct CallStmt : NodeOf<NodeKind::kCallStmt> {
  FuncCall* call = nullptr;
};

enum class TriggerTiming : uint8_t { kAfter, kBefore, kInsteadOf };
enum TriggerEvent : uint8_t { kOnInsert = 1, kOnDelete = 2, kOnUpdate = 4, kOnTruncate = 8 };
struct TriggerTransition {
  std::string_view name;
  bool is_new = false, is_table = false;
};
struct CreateTriggerStmt : NodeOf<NodeKind::kCreateTriggerStmt> {
  bool replace = false, is_constraint = false, row = false;
  std::string_view name;
  RangeVar* relation = nullptr;
  NameList function;
  NameList args;
  TriggerTiming timing = TriggerTiming::kAfter;
  uint8_t events = 0;  // bits of TriggerEvent
  NameList columns;
  Node* when = nullptr;
  std::span<TriggerTransition> transitions;
  bool deferrable = false, initially_deferred = false;
  RangeVar* constraint_relation = nullptr;
};
struct CreateEventTriggerStmt : NodeOf<NodeKind::kCreateEventTriggerStmt> {
  std::string_view name, event;
  List<Option> conditions;  // value: ListNode of strings
  NameList function;
};
enum class FireMode : uint8_t { kOrigin, kReplica, kAlways, kDisabled };
struct AlterEventTriggerStmt : NodeOf<NodeKind::kAlterEventTriggerStmt> {
  std::string_view name;
  FireMode mode = FireMode::kOrigin;
};
enum class RuleEvent : uint8_t { kSelect, kUpdate, kInsert, kDelete };
struct CreateRuleStmt : NodeOf<NodeKind::kCreateRuleStmt> {
  RangeVar* relation = nullptr;
  std::string_view name;
  Node* where = nullptr;
  RuleEvent event = RuleEvent::kSelect;
  bool instead = false, replace = false;
  NodeList actions;
};
struct CreatePolicyStmt : NodeOf<NodeKind::kCreatePolicyStmt> {
  std::string_view name;
  RangeVar* table = nullptr;
  std::string_view command;  // "all", "select", …
  bool permissive = true;
  List<RoleSpec> roles;  // empty = PUBLIC
  Node* using_expression = nullptr;
  Node* with_check = nullptr;
};
struct AlterPolicyStmt : NodeOf<NodeKind::kAlterPolicyStmt> {
  std::string_view name;
  RangeVar* table = nullptr;
  List<RoleSpec> roles;
  Node* using_expression = nullptr;
  Node* with_check = nullptr;
};

}  // namespace varve::parser
