#include "parser/command_name.h"

#include <unordered_map>

#include "parser/ast.h"

namespace varve::parser {

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
    case ObjectType::kAccessMethod:
      return "ACCESS METHOD";
    case ObjectType::kCollation:
      return "COLLATION";
    case ObjectType::kConversion:
      return "CONVERSION";
    case ObjectType::kEventTrigger:
      return "EVENT TRIGGER";
    case ObjectType::kForeignDataWrapper:
      return "FOREIGN DATA WRAPPER";
    case ObjectType::kForeignServer:
      return "SERVER";
    case ObjectType::kForeignTable:
      return "FOREIGN TABLE";
    case ObjectType::kLanguage:
      return "LANGUAGE";
    case ObjectType::kLargeObject:
      return "LARGE OBJECT";
    case ObjectType::kOpClass:
      return "OPERATOR CLASS";
    case ObjectType::kOpFamily:
      return "OPERATOR FAMILY";
    case ObjectType::kPublication:
      return "PUBLICATION";
    case ObjectType::kRule:
      return "RULE";
    case ObjectType::kSubscription:
      return "SUBSCRIPTION";
    case ObjectType::kStatistics:
      return "STATISTICS";
    case ObjectType::kTablespace:
      return "TABLESPACE";
    case ObjectType::kTransform:
      return "TRANSFORM";
    case ObjectType::kTsConfiguration:
      return "TEXT SEARCH CONFIGURATION";
    case ObjectType::kTsDictionary:
      return "TEXT SEARCH DICTIONARY";
    case ObjectType::kTsParser:
      return "TEXT SEARCH PARSER";
    case ObjectType::kTsTemplate:
      return "TEXT SEARCH TEMPLATE";
    default:
      return "TABLE";
  }
}

template <class Stmt>
std::string of_object(std::string_view verb, const Node* node) {
  return std::string(verb) + std::string(object_word(as<Stmt>(node)->object_type));
}

}  // namespace

std::string command_name(const Node* node) {
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
      // Refused, which says so by these names.
      {NodeKind::kAlterCollationStmt, "ALTER COLLATION"},
      {NodeKind::kAlterDatabaseStmt, "ALTER DATABASE"},
      {NodeKind::kAlterEventTriggerStmt, "ALTER EVENT TRIGGER"},
      {NodeKind::kAlterFdwStmt, "ALTER FOREIGN DATA WRAPPER"},
      {NodeKind::kAlterForeignServerStmt, "ALTER SERVER"},
      {NodeKind::kAlterObjectDependsStmt, "ALTER ... DEPENDS ON EXTENSION"},
      {NodeKind::kAlterOpFamilyStmt, "ALTER OPERATOR FAMILY"},
      {NodeKind::kAlterOperatorStmt, "ALTER OPERATOR"},
      {NodeKind::kAlterPublicationStmt, "ALTER PUBLICATION"},
      {NodeKind::kAlterSubscriptionStmt, "ALTER SUBSCRIPTION"},
      {NodeKind::kAlterTsConfigurationStmt, "ALTER TEXT SEARCH CONFIGURATION"},
      {NodeKind::kAlterTsDictionaryStmt, "ALTER TEXT SEARCH DICTIONARY"},
      {NodeKind::kAlterTypeStmt, "ALTER TYPE"},
      {NodeKind::kAlterUserMappingStmt, "ALTER USER MAPPING"},
      {NodeKind::kClusterStmt, "CLUSTER"},
      {NodeKind::kCreateAccessMethodStmt, "CREATE ACCESS METHOD"},
      {NodeKind::kCreateConversionStmt, "CREATE CONVERSION"},
      {NodeKind::kCreateEventTriggerStmt, "CREATE EVENT TRIGGER"},
      {NodeKind::kCreateFdwStmt, "CREATE FOREIGN DATA WRAPPER"},
      {NodeKind::kCreateForeignServerStmt, "CREATE SERVER"},
      {NodeKind::kCreateForeignTableStmt, "CREATE FOREIGN TABLE"},
      {NodeKind::kCreateLanguageStmt, "CREATE LANGUAGE"},
      {NodeKind::kCreateOpClassStmt, "CREATE OPERATOR CLASS"},
      {NodeKind::kCreateOpFamilyStmt, "CREATE OPERATOR FAMILY"},
      {NodeKind::kCreatePublicationStmt, "CREATE PUBLICATION"},
      {NodeKind::kCreateRuleStmt, "CREATE RULE"},
      {NodeKind::kCreateSubscriptionStmt, "CREATE SUBSCRIPTION"},
      {NodeKind::kCreateTablespaceStmt, "CREATE TABLESPACE"},
      {NodeKind::kCreateTransformStmt, "CREATE TRANSFORM"},
      {NodeKind::kCreateUserMappingStmt, "CREATE USER MAPPING"},
      {NodeKind::kDiscardStmt, "DISCARD"},
      {NodeKind::kDropSubscriptionStmt, "DROP SUBSCRIPTION"},
      {NodeKind::kDropTablespaceStmt, "DROP TABLESPACE"},
      {NodeKind::kDropUserMappingStmt, "DROP USER MAPPING"},
      {NodeKind::kExecuteStmt, "EXECUTE"},
      {NodeKind::kExplainStmt, "EXPLAIN"},
      {NodeKind::kFetchStmt, "FETCH"},
      {NodeKind::kImportForeignSchemaStmt, "IMPORT FOREIGN SCHEMA"},
      {NodeKind::kLoadStmt, "LOAD"},
      {NodeKind::kSecurityLabelStmt, "SECURITY LABEL"},
      {NodeKind::kVariableShowStmt, "SHOW"},
  };
  if (auto it = kNames.find(node->kind); it != kNames.end()) return std::string(it->second);
  switch (node->kind) {
    case NodeKind::kDropStmt:
      return of_object<DropStmt>("DROP ", node);
    case NodeKind::kRenameStmt: {
      const auto& rename = *as<RenameStmt>(node);
      const bool part = rename.object_type == ObjectType::kColumn;
      return "ALTER " + std::string(object_word(part ? rename.relation_type : rename.object_type));
    }
    case NodeKind::kAlterOwnerStmt:
      return of_object<AlterOwnerStmt>("ALTER ", node);
    case NodeKind::kAlterObjectSchemaStmt:
      return of_object<AlterObjectSchemaStmt>("ALTER ", node);
    case NodeKind::kAlterTableStmt:
      return of_object<AlterTableStmt>("ALTER ", node);
    case NodeKind::kAlterFunctionStmt:
      return of_object<AlterFunctionStmt>("ALTER ", node);
    case NodeKind::kDefineStmt:
      return of_object<DefineStmt>("CREATE ", node);
    case NodeKind::kCreateTableAsStmt:
      return as<CreateTableAsStmt>(node)->materialized_view ? "CREATE MATERIALIZED VIEW" : "CREATE TABLE AS";
    case NodeKind::kCreateFunctionStmt:
      return as<CreateFunctionStmt>(node)->is_procedure ? "CREATE PROCEDURE" : "CREATE FUNCTION";
    case NodeKind::kGrantStmt:
      return as<GrantStmt>(node)->is_grant ? "GRANT" : "REVOKE";
    case NodeKind::kGrantRoleStmt:
      return as<GrantRoleStmt>(node)->is_grant ? "GRANT ROLE" : "REVOKE ROLE";
    default:
      return "this command";
  }
}

}  // namespace varve::parser
