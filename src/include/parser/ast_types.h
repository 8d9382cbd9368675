// Types, operators, casts, languages, operator classes, extensions, foreign data, publications, text search.
#pragma once

#include "parser/ast_objects.h"

namespace varve::parser {

// CREATE AGGREGATE | OPERATOR | TYPE | TEXT SEARCH … | COLLATION: a name and a definition list.
struct DefineStmt : NodeOf<NodeKind::kDefineStmt> {
  ObjectType object_type = ObjectType::kType;
  bool old_style = false;  // aggregate without an argument list
  NameList names;
  RoutineRef* signature = nullptr;  // aggregates
  int32_t direct_args = -1;         // (… ORDER BY …): how many stand in front; -1: no such aggregate
  List<Option> definition;          // COLLATION … FROM x is the option "from"
  bool if_not_exists = false, replace = false;
};
struct CreateCompositeTypeStmt : NodeOf<NodeKind::kCreateCompositeTypeStmt> {
  RangeVar* type = nullptr;
  List<ColumnDef> columns;
};
struct CreateEnumStmt : NodeOf<NodeKind::kCreateEnumStmt> {
  NameList names;
  NameList values;
};
struct CreateRangeStmt : NodeOf<NodeKind::kCreateRangeStmt> {
  NameList names;
  List<Option> options;
};
struct AlterEnumStmt : NodeOf<NodeKind::kAlterEnumStmt> {
  NameList names;
  bool is_rename = false;
  std::string_view old_value;  // RENAME VALUE
  std::string_view new_value;
  std::string_view neighbour;  // BEFORE/AFTER
  bool after = true;
  bool has_neighbour = false;
  bool if_not_exists = false;
};
struct AlterTypeStmt : NodeOf<NodeKind::kAlterTypeStmt> {
  NameList names;
  List<Option> options;
};
struct CreateDomainStmt : NodeOf<NodeKind::kCreateDomainStmt> {
  NameList names;
  TypeName* type = nullptr;
  CollateExpr* collation = nullptr;
  List<Constraint> constraints;
};
enum class AlterDomainAction : uint8_t {
  kDefault,
  kDropNotNull,
  kSetNotNull,
  kAddConstraint,
  kDropConstraint,
  kValidateConstraint,
};
struct AlterDomainStmt : NodeOf<NodeKind::kAlterDomainStmt> {
  AlterDomainAction action = AlterDomainAction::kDefault;
  NameList names;
  std::string_view constraint;
  Node* definition = nullptr;  // null for DROP DEFAULT
  DropBehavior behavior = DropBehavior::kRestrict;
  bool missing_ok = false;
};

enum class CastContext : uint8_t { kExplicit, kAssignment, kImplicit };
struct CreateCastStmt : NodeOf<NodeKind::kCreateCastStmt> {
  TypeName* source = nullptr;
  TypeName* target = nullptr;
  RoutineRef* function = nullptr;
  CastContext context = CastContext::kExplicit;
  bool inout = false;
};
struct CreateTransformStmt : NodeOf<NodeKind::kCreateTransformStmt> {
  bool replace = false;
  TypeName* type = nullptr;
  std::string_view language;
  RoutineRef* from_sql = nullptr;
  RoutineRef* to_sql = nullptr;
};
struct CreateConversionStmt : NodeOf<NodeKind::kCreateConversionStmt> {
  NameList names;
  std::string_view from_encoding, to_encoding;
  NameList function;
  bool is_default = false;
};
struct CreateLanguageStmt : NodeOf<NodeKind::kCreateLanguageStmt> {
  bool replace = false, trusted = false;
  std::string_view name;
  NameList handler, inline_handler, validator;  // no handler: the old form, now CREATE EXTENSION
};
struct CreateAccessMethodStmt : NodeOf<NodeKind::kCreateAccessMethodStmt> {
  std::string_view name;
  NameList handler;
  bool is_table = false;
};
enum class OpClassItemKind : uint8_t { kOperator, kFunction, kStorage };
struct OpClassItem : NodeOf<NodeKind::kOpClassItem> {
  OpClassItemKind item = OpClassItemKind::kOperator;
  RoutineRef* name = nullptr;
  int32_t number = 0;
  NameList order_family;      // FOR ORDER BY
  List<TypeName> class_args;  // FUNCTION n (types) …
  TypeName* stored_type = nullptr;
};
struct CreateOpClassStmt : NodeOf<NodeKind::kCreateOpClassStmt> {
  NameList names;
  NameList family;
  std::string_view access_method;
  TypeName* type = nullptr;
  List<OpClassItem> items;
  bool is_default = false;
};
struct CreateOpFamilyStmt : NodeOf<NodeKind::kCreateOpFamilyStmt> {
  NameList names;
  std::string_view access_method;
};
struct AlterOpFamilyStmt : NodeOf<NodeKind::kAlterOpFamilyStmt> {
  NameList names;
  std::string_view access_method;
  bool is_drop = false;
  List<OpClassItem> items;
};
struct AlterOperatorStmt : NodeOf<NodeKind::kAlterOperatorStmt> {
  RoutineRef* target = nullptr;
  List<Option> options;
};
// REFRESH VERSION
struct AlterCollationStmt : NodeOf<NodeKind::kAlterCollationStmt> {
  NameList names;
};

enum class PublicationObjectKind : uint8_t { kTable, kTablesInSchema, kTablesInCurrentSchema };
struct PublicationObject : NodeOf<NodeKind::kPublicationObject> {
  PublicationObjectKind object = PublicationObjectKind::kTable;
  std::string_view schema;
  RangeVar* relation = nullptr;
  NameList columns;
  Node* where = nullptr;
};
struct CreatePublicationStmt : NodeOf<NodeKind::kCreatePublicationStmt> {
  std::string_view name;
  List<Option> options;
  List<PublicationObject> objects;
  bool for_all_tables = false;
};
struct AlterPublicationStmt : NodeOf<NodeKind::kAlterPublicationStmt> {
  std::string_view name;
  OptionAction action = OptionAction::kUnspecified;  // kUnspecified: SET (options)
  List<Option> options;
  List<PublicationObject> objects;
};
struct CreateSubscriptionStmt : NodeOf<NodeKind::kCreateSubscriptionStmt> {
  std::string_view name, connection;
  NameList publications;
  List<Option> options;
};
enum class AlterSubscriptionKind : uint8_t {
  kOptions,
  kConnection,
  kSetPublication,
  kAddPublication,
  kDropPublication,
  kRefresh,
  kEnabled,
  kSkip,
};
struct AlterSubscriptionStmt : NodeOf<NodeKind::kAlterSubscriptionStmt> {
  AlterSubscriptionKind action = AlterSubscriptionKind::kOptions;
  std::string_view name, connection;
  NameList publications;
  List<Option> options;
};
struct DropSubscriptionStmt : NodeOf<NodeKind::kDropSubscriptionStmt> {
  std::string_view name;
  DropBehavior behavior = DropBehavior::kRestrict;
  bool missing_ok = false;
};

struct CreateExtensionStmt : NodeOf<NodeKind::kCreateExtensionStmt> {
  std::string_view name;
  bool if_not_exists = false;
  List<Option> options;  // schema, new_version, cascade
};
struct AlterExtensionStmt : NodeOf<NodeKind::kAlterExtensionStmt> {
  std::string_view name;
  List<Option> options;
};
struct AlterExtensionContentsStmt : NodeOf<NodeKind::kAlterExtensionContentsStmt> {
  std::string_view name;
  bool add = true;
  ObjectType object_type = ObjectType::kTable;
  Node* object = nullptr;
};
struct CreateFdwStmt : NodeOf<NodeKind::kCreateFdwStmt> {
  std::string_view name;
  List<Option> function_options;  // handler, validator; null value for NO …
  List<Option> options;
};
struct AlterFdwStmt : NodeOf<NodeKind::kAlterFdwStmt> {
  std::string_view name;
  List<Option> function_options;
  List<Option> options;
};
struct CreateForeignServerStmt : NodeOf<NodeKind::kCreateForeignServerStmt> {
  std::string_view name, type, version, wrapper;
  bool has_type = false, has_version = false, if_not_exists = false;
  List<Option> options;
};
struct AlterForeignServerStmt : NodeOf<NodeKind::kAlterForeignServerStmt> {
  std::string_view name, version;
  bool has_version = false;
  List<Option> options;
};
enum class ImportSchemaFilter : uint8_t { kAll, kLimitTo, kExcept };
struct ImportForeignSchemaStmt : NodeOf<NodeKind::kImportForeignSchemaStmt> {
  std::string_view server, remote_schema, local_schema;
  ImportSchemaFilter filter = ImportSchemaFilter::kAll;
  List<RangeVar> tables;
  List<Option> options;
};
struct CreateUserMappingStmt : NodeOf<NodeKind::kCreateUserMappingStmt> {
  RoleSpec* user = nullptr;
  std::string_view server;
  bool if_not_exists = false;
  List<Option> options;
};
struct AlterUserMappingStmt : NodeOf<NodeKind::kAlterUserMappingStmt> {
  RoleSpec* user = nullptr;
  std::string_view server;
  List<Option> options;
};
struct DropUserMappingStmt : NodeOf<NodeKind::kDropUserMappingStmt> {
  RoleSpec* user = nullptr;
  std::string_view server;
  bool missing_ok = false;
};
struct AlterTsDictionaryStmt : NodeOf<NodeKind::kAlterTsDictionaryStmt> {
  NameList names;
  List<Option> options;
};
enum class TsMappingAction : uint8_t { kAdd, kAlterForToken, kReplaceDictionary, kReplaceForToken, kDrop };
struct AlterTsConfigurationStmt : NodeOf<NodeKind::kAlterTsConfigurationStmt> {
  TsMappingAction action = TsMappingAction::kAdd;
  NameList names;
  NameList token_types;
  List<QualifiedName> dictionaries;  // kReplace…: old, new
  bool missing_ok = false;
};

}  // namespace varve::parser
