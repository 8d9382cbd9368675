#include "command_name.h"

#include <unordered_map>

namespace varve::session {

using parser::NodeKind;
using parser::ObjectType;

namespace {

std::string_view object_word(ObjectType type) {
  switch (type) {
    case ObjectType::kAggregate:
      return "AGGREGATE";
    case ObjectType::kCast:
      return "CAST";
    case ObjectType::kDatabase:
      return "DATABASE";
    case ObjectType::kDomain:
    case ObjectType::kDomainConstraint:
      return "DOMAIN";
    case ObjectType::kExtension:
      return "EXTENSION";
    case ObjectType::kFunction:
      return "FUNCTION";
    case ObjectType::kIndex:
      return "INDEX";
    case ObjectType::kMaterializedView:
      return "MATERIALIZED VIEW";
    case ObjectType::kOperator:
      return "OPERATOR";
    case ObjectType::kPolicy:
      return "POLICY";
    case ObjectType::kProcedure:
      return "PROCEDURE";
    case ObjectType::kRole:
      return "ROLE";
    case ObjectType::kRoutine:
      return "ROUTINE";
    case ObjectType::kSchema:
      return "SCHEMA";
    case ObjectType::kSequence:
      return "SEQUENCE";
    case ObjectType::kTrigger:
      return "TRIGGER";
    case ObjectType::kAttribute:
    case ObjectType::kType:
      return "TYPE";
    case ObjectType::kView:
      return "VIEW";
    default:
      return "TABLE";
  }
}

template <class Stmt>
std::string of_object(std::string_view verb, const parser::Node* node) {
  return std::string(verb) + std::string(object_word(parser::as<Stmt>(node)->object_type));
}

}  // namespace

std::string command_name(const parser::Node* node) {
  static const std::unordered_map<NodeKind, std::string_view> kNames = {
      {NodeKind::kCreateTableStmt, "CREATE TABLE"},
      {NodeKind::kRefreshMatViewStmt, "REFRESH MATERIALIZED VIEW"},
      {NodeKind::kCreateCompositeTypeStmt, "CREATE TYPE"},
      {NodeKind::kCreateViewStmt, "CREATE VIEW"},
      {NodeKind::kCreateIndexStmt, "CREATE INDEX"},
      {NodeKind::kCreateSchemaStmt, "CREATE SCHEMA"},
      {NodeKind::kCreateDatabaseStmt, "CREATE DATABASE"},
      {NodeKind::kDropDatabaseStmt, "DROP DATABASE"},
      {NodeKind::kCommentStmt, "COMMENT"},
      {NodeKind::kCreateRoleStmt, "CREATE ROLE"},
      {NodeKind::kAlterRoleStmt, "ALTER ROLE"},
      {NodeKind::kDropRoleStmt, "DROP ROLE"},
      {NodeKind::kCreateSequenceStmt, "CREATE SEQUENCE"},
      {NodeKind::kAlterSequenceStmt, "ALTER SEQUENCE"},
      {NodeKind::kCreateEnumStmt, "CREATE TYPE"},
      {NodeKind::kAlterEnumStmt, "ALTER TYPE"},
      {NodeKind::kCreateDomainStmt, "CREATE DOMAIN"},
      {NodeKind::kAlterDomainStmt, "ALTER DOMAIN"},
      {NodeKind::kTruncateStmt, "TRUNCATE TABLE"},
      {NodeKind::kAlterDefaultPrivilegesStmt, "ALTER DEFAULT PRIVILEGES"},
      {NodeKind::kReassignOwnedStmt, "REASSIGN OWNED"},
      {NodeKind::kDropOwnedStmt, "DROP OWNED"},
      {NodeKind::kCreateTriggerStmt, "CREATE TRIGGER"},
      {NodeKind::kCreatePolicyStmt, "CREATE POLICY"},
      {NodeKind::kAlterPolicyStmt, "ALTER POLICY"},
      {NodeKind::kCreateCastStmt, "CREATE CAST"},
      {NodeKind::kCreateExtensionStmt, "CREATE EXTENSION"},
      {NodeKind::kAlterExtensionStmt, "ALTER EXTENSION"},
      {NodeKind::kAlterExtensionContentsStmt, "ALTER EXTENSION"},
  };
  if (auto it = kNames.find(node->kind); it != kNames.end()) return std::string(it->second);
  switch (node->kind) {
    case NodeKind::kDropStmt:
      return of_object<parser::DropStmt>("DROP ", node);
    case NodeKind::kRenameStmt: {
      const auto& rename = *parser::as<parser::RenameStmt>(node);
      const bool part = rename.object_type == ObjectType::kColumn;
      return "ALTER " + std::string(object_word(part ? rename.relation_type : rename.object_type));
    }
    case NodeKind::kAlterOwnerStmt:
      return of_object<parser::AlterOwnerStmt>("ALTER ", node);
    case NodeKind::kAlterObjectSchemaStmt:
      return of_object<parser::AlterObjectSchemaStmt>("ALTER ", node);
    case NodeKind::kAlterTableStmt:
      return of_object<parser::AlterTableStmt>("ALTER ", node);
    case NodeKind::kAlterFunctionStmt:
      return of_object<parser::AlterFunctionStmt>("ALTER ", node);
    case NodeKind::kDefineStmt:
      return of_object<parser::DefineStmt>("CREATE ", node);
    case NodeKind::kCreateTableAsStmt:
      return parser::as<parser::CreateTableAsStmt>(node)->materialized_view ? "CREATE MATERIALIZED VIEW"
                                                                            : "CREATE TABLE AS";
    case NodeKind::kCreateFunctionStmt:
      return parser::as<parser::CreateFunctionStmt>(node)->is_procedure ? "CREATE PROCEDURE"
                                                                        : "CREATE FUNCTION";
    case NodeKind::kGrantStmt:
      return parser::as<parser::GrantStmt>(node)->is_grant ? "GRANT" : "REVOKE";
    case NodeKind::kGrantRoleStmt:
      return parser::as<parser::GrantRoleStmt>(node)->is_grant ? "GRANT ROLE" : "REVOKE ROLE";
    default:
      return "this command";
  }
}

}  // namespace varve::session
