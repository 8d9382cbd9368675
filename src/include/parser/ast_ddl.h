// Tables, indexes, sequences, views, schemas, databases, and the statements that work on any kind of object.
#pragma once

#include "parser/ast_queries.h"

namespace varve::parser {

enum class DropBehavior : uint8_t { kRestrict, kCascade };

// Which kind of object a statement names.
enum class ObjectType : uint8_t {
  kAccessMethod,
  kAggregate,
  kAmOp,
  kAmProc,
  kAttribute,
  kCast,
  kColumn,
  kCollation,
  kConversion,
  kDatabase,
  kDefault,
  kDefaultAcl,
  kDomain,
  kDomainConstraint,
  kEventTrigger,
  kExtension,
  kForeignDataWrapper,
  kForeignServer,
  kForeignTable,
  kFunction,
  kIndex,
  kLanguage,
  kLargeObject,
  kMaterializedView,
  kOpClass,
  kOperator,
  kOpFamily,
  kParameter,
  kPolicy,
  kProcedure,
  kPublication,
  kPublicationNamespace,
  kPublicationRelation,
  kRole,
  kRoutine,
  kRule,
  kSchema,
  kSequence,
  kSubscription,
  kStatistics,
  kTableConstraint,
  kTable,
  kTablespace,
  kTransform,
  kTrigger,
  kTsConfiguration,
  kTsDictionary,
  kTsParser,
  kTsTemplate,
  kType,
  kUserMapping,
  kView,
};

enum class OptionAction : uint8_t { kUnspecified, kSet, kAdd, kDrop };
// name [= value] in any option list. The value is a ConstExpr (word values are kString; an absent value is a
// null pointer), TypeName, QualifiedName, ListNode or whatever the statement says.
struct Option : NodeOf<NodeKind::kOption> {
  std::string_view name_space;  // toast.fillfactor
  std::string_view name;
  Node* value = nullptr;
  OptionAction action = OptionAction::kUnspecified;  // OPTIONS (ADD x …)
};

enum class RoleSpecKind : uint8_t { kName, kCurrentRole, kCurrentUser, kSessionUser, kPublic };
struct RoleSpec : NodeOf<NodeKind::kRoleSpec> {
  RoleSpecKind role = RoleSpecKind::kName;
  std::string_view name;
};

enum class ConstraintKind : uint8_t {
  kNull,
  kNotNull,
  kDefault,
  kIdentity,
  kGenerated,
  kCheck,
  kPrimaryKey,
  kUnique,
  kExclusion,
  kForeignKey,
  kAttrDeferrable,
  kAttrNotDeferrable,
  kAttrDeferred,
  kAttrImmediate,  // follow a column constraint
};
enum class ForeignKeyMatch : uint8_t { kSimple, kPartial, kFull };
enum class ForeignKeyAction : uint8_t { kNoAction, kRestrict, kCascade, kSetNull, kSetDefault };
struct ExclusionElement {
  IndexElem* element = nullptr;
  NameList operator_name;
};
struct Constraint : NodeOf<NodeKind::kConstraint> {
  ConstraintKind type = ConstraintKind::kNull;
  std::string_view name;
  bool deferrable = false;
  bool initially_deferred = false;
  bool no_inherit = false;
  bool not_valid = false;  // written NOT VALID
  bool nulls_not_distinct = false;
  bool identity_always = false;  // GENERATED ALWAYS AS IDENTITY, else BY DEFAULT
  Node* expression = nullptr;    // CHECK, DEFAULT, GENERATED
  NameList columns;              // PRIMARY KEY, UNIQUE; FOREIGN KEY's own columns
  NameList including;
  std::span<ExclusionElement> exclusions;
  std::string_view access_method;  // EXCLUDE USING
  Node* where = nullptr;           // EXCLUDE … WHERE
  List<Option> options;            // WITH (…), or the sequence options of an identity column
  std::string_view index_name;     // USING INDEX name
  std::string_view index_tablespace;
  RangeVar* referenced = nullptr;
  NameList referenced_columns;
  ForeignKeyMatch match = ForeignKeyMatch::kSimple;
  ForeignKeyAction on_update = ForeignKeyAction::kNoAction;
  ForeignKeyAction on_delete = ForeignKeyAction::kNoAction;
  NameList on_delete_set_columns;
};

// A column of CREATE TABLE, ADD COLUMN, a composite type or a function's column definition list. In typed
// tables and partitions `type` is null.
struct ColumnDef : NodeOf<NodeKind::kColumnDef> {
  std::string_view name;
  TypeName* type = nullptr;
  std::string_view compression;
  List<Option> fdw_options;
  CollateExpr* collation = nullptr;
  List<Constraint> constraints;
  Node* using_expression = nullptr;  // ALTER COLUMN … TYPE … USING
};

enum class TableLikeOption : uint16_t {
  kComments = 1,
  kCompression = 2,
  kConstraints = 4,
  kDefaults = 8,
  kGenerated = 16,
  kIdentity = 32,
  kIndexes = 64,
  kStatistics = 128,
  kStorage = 256,
  kAll = 0x7FFF,
};
struct TableLikeClause : NodeOf<NodeKind::kTableLikeClause> {
  RangeVar* relation = nullptr;
  uint16_t options = 0;  // bits of TableLikeOption
};

// A column or expression of an index, an ON CONFLICT target or a partition key.
struct IndexElem : NodeOf<NodeKind::kIndexElem> {
  std::string_view column;  // empty if an expression
  Node* expression = nullptr;
  NameList collation;
  NameList opclass;
  List<Option> opclass_options;
  SortDirection direction = SortDirection::kDefault;
  NullsOrder nulls = NullsOrder::kDefault;
};

struct PartitionSpec : NodeOf<NodeKind::kPartitionSpec> {
  std::string_view strategy;  // "list", "range" or "hash"
  List<IndexElem> keys;
};
enum class PartitionBoundKind : uint8_t { kDefault, kHash, kList, kRange };
struct PartitionBoundSpec : NodeOf<NodeKind::kPartitionBoundSpec> {
  PartitionBoundKind type = PartitionBoundKind::kDefault;
  int32_t modulus = -1;
  int32_t remainder = -1;
  NodeList values;  // LIST
  NodeList lower;   // RANGE; MINVALUE and MAXVALUE are ColumnRefs of those names
  NodeList upper;
};

struct CreateTableStmt : NodeOf<NodeKind::kCreateTableStmt> {
  RangeVar* relation = nullptr;
  NodeList elements;  // ColumnDef, Constraint, TableLikeClause
  List<RangeVar> inherits;
  bool is_partition = false;  // PARTITION OF: the parent is inherits[0]
  PartitionBoundSpec* partition_bound = nullptr;
  PartitionSpec* partition_by = nullptr;
  TypeName* of_type = nullptr;
  std::string_view access_method;
  List<Option> options;
  OnCommit on_commit = OnCommit::kNone;
  std::string_view tablespace;
  bool if_not_exists = false;
};
struct CreateForeignTableStmt : NodeOf<NodeKind::kCreateForeignTableStmt> {
  CreateTableStmt* table = nullptr;
  std::string_view server;
  List<Option> options;
};

// CREATE TABLE AS and CREATE MATERIALIZED VIEW.
struct CreateTableAsStmt : NodeOf<NodeKind::kCreateTableAsStmt> {
  Node* query = nullptr;  // SelectStmt or ExecuteStmt
  IntoClause* into = nullptr;
  bool materialized_view = false;
  bool if_not_exists = false;
};

enum class AlterTableAction : uint8_t {
  kAddColumn,
  kColumnDefault,
  kDropNotNull,
  kSetNotNull,
  kDropExpression,
  kSetStatistics,
  kSetOptions,
  kResetOptions,
  kSetStorage,
  kSetCompression,
  kDropColumn,
  kAddConstraint,
  kAlterConstraint,
  kValidateConstraint,
  kDropConstraint,
  kAlterColumnType,
  kAlterColumnGenericOptions,
  kChangeOwner,
  kClusterOn,
  kDropCluster,
  kSetLogged,
  kSetUnlogged,
  kDropOids,
  kSetAccessMethod,
  kSetTablespace,
  kSetRelOptions,
  kResetRelOptions,
  kEnableTrigger,
  kEnableAlwaysTrigger,
  kEnableReplicaTrigger,
  kDisableTrigger,
  kEnableTriggerAll,
  kDisableTriggerAll,
  kEnableTriggerUser,
  kDisableTriggerUser,
  kEnableRule,
  kEnableAlwaysRule,
  kEnableReplicaRule,
  kDisableRule,
  kAddInherit,
  kDropInherit,
  kAddOf,
  kDropOf,
  kReplicaIdentity,
  kEnableRowSecurity,
  kDisableRowSecurity,
  kForceRowSecurity,
  kNoForceRowSecurity,
  kGenericOptions,
  kAttachPartition,
  kDetachPartition,
  kDetachPartitionFinalize,
  kAddIdentity,
  kSetIdentity,
  kDropIdentity,
};
enum class ReplicaIdentity : uint8_t { kNothing, kFull, kDefault, kIndex };
struct AlterTableCmd : NodeOf<NodeKind::kAlterTableCmd> {
  AlterTableAction action = AlterTableAction::kAddColumn;
  std::string_view name;      // column, constraint, trigger, rule, tablespace, access method, index …
  int32_t column_number = 0;  // ALTER COLUMN 2 SET STATISTICS
  RoleSpec* new_owner = nullptr;
  Node* definition = nullptr;  // ColumnDef, Constraint, expression, RangeVar, TypeName, ConstExpr
  List<Option> options;
  PartitionBoundSpec* partition_bound = nullptr;
  ReplicaIdentity replica_identity = ReplicaIdentity::kDefault;
  DropBehavior behavior = DropBehavior::kRestrict;
  bool missing_ok = false;  // IF EXISTS, IF NOT EXISTS
  bool concurrently = false;
};
// ALTER TABLE | INDEX | SEQUENCE | VIEW | MATERIALIZED VIEW | FOREIGN TABLE | TYPE (composite).
struct AlterTableStmt : NodeOf<NodeKind::kAlterTableStmt> {
  RangeVar* relation = nullptr;
  ObjectType object_type = ObjectType::kTable;
  List<AlterTableCmd> commands;
  bool missing_ok = false;
};
// ALTER TABLE ALL IN TABLESPACE a [OWNED BY …] SET TABLESPACE b
struct AlterTableMoveAllStmt : NodeOf<NodeKind::kAlterTableMoveAllStmt> {
  ObjectType object_type = ObjectType::kTable;
  std::string_view tablespace, new_tablespace;
  List<RoleSpec> roles;
  bool nowait = false;
};

struct CreateIndexStmt : NodeOf<NodeKind::kCreateIndexStmt> {
  std::string_view name;
  RangeVar* relation = nullptr;
  std::string_view access_method;  // "btree" if none was given
  List<IndexElem> columns;
  List<IndexElem> including;
  List<Option> options;
  std::string_view tablespace;
  Node* where = nullptr;
  bool unique = false, concurrently = false, if_not_exists = false, nulls_not_distinct = false;
};

// Sequence options are Options named as in PostgreSQL's grammar: as, cache, cycle, increment, maxvalue,
// minvalue, owned_by, sequence_name, start, restart.
struct CreateSequenceStmt : NodeOf<NodeKind::kCreateSequenceStmt> {
  RangeVar* sequence = nullptr;
  List<Option> options;
  bool if_not_exists = false;
};
struct AlterSequenceStmt : NodeOf<NodeKind::kAlterSequenceStmt> {
  RangeVar* sequence = nullptr;
  List<Option> options;
  bool missing_ok = false;
};

enum class CheckOption : uint8_t { kNone, kLocal, kCascaded };
struct CreateViewStmt : NodeOf<NodeKind::kCreateViewStmt> {
  RangeVar* view = nullptr;
  NameList columns;
  SelectStmt* query = nullptr;  // for RECURSIVE already wrapped in WITH RECURSIVE
  bool replace = false;
  bool recursive = false;
  List<Option> options;
  CheckOption check_option = CheckOption::kNone;
};
struct RefreshMatViewStmt : NodeOf<NodeKind::kRefreshMatViewStmt> {
  RangeVar* relation = nullptr;
  bool concurrently = false, skip_data = false;
};

struct CreateSchemaStmt : NodeOf<NodeKind::kCreateSchemaStmt> {
  std::string_view name;
  RoleSpec* owner = nullptr;
  NodeList elements;  // CREATE TABLE/INDEX/SEQUENCE/TRIGGER/VIEW and GRANT inside it
  bool if_not_exists = false;
};

}  // namespace varve::parser
