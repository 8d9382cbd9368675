// The raw parse tree: what the text says, before any name is looked up. Its information content is that of
// PostgreSQL's raw parse trees, so that the analyzer can follow PostgreSQL's rules one to one.
//
// Ownership: every node, list and string lies in the Arena given to parse(); nothing has a destructor, and
// the source text may be freed after parsing. Nodes are plain data: `kind` says which struct it is. Trees are
// not shared between threads while being changed; read-only use is free.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "common/check.h"

namespace varve::parser {

// Every node kind, by header: ast_expressions.h, ast_queries.h, ast_ddl.h, ast_objects.h, ast_types.h,
// ast_utility.h.
#define VARVE_PARSE_NODE_KINDS(X)                                                                                                          \
  X(ConstExpr)                                                                                                                             \
  X(ColumnRef) X(ParamRef) X(OperatorExpr) X(BoolExpr) X(NullTest) X(BooleanTest) X(TypeCast) X(                                           \
      CollateExpr) X(IndirectionExpr) X(FieldStep) X(StarStep) X(SubscriptStep) X(FuncCall) X(NamedArg)                                    \
      X(CaseExpr) X(CaseWhen) X(CoalesceExpr) X(MinMaxExpr) X(SqlValueFunction) X(SubLink) X(RowExpr) X(                                   \
          ArrayExpr) X(GroupingFunc) X(XmlExpr) X(XmlSerialize) X(DefaultExpr) X(CurrentOfExpr)                                            \
          X(MultiAssignRef) X(TypeName) X(ListNode) X(QualifiedName) X(SelectStmt) X(InsertStmt) X(                                        \
              UpdateStmt) X(DeleteStmt) X(MergeStmt) X(TargetEntry) X(SortBy) X(WindowDef) X(GroupingSet)                                  \
              X(LockingClause) X(WithClause) X(CommonTableExpr) X(RangeVar) X(RangeSubselect) X(RangeFunction) X(                          \
                  RangeTableFunc) X(RangeTableSample) X(JoinExpr) X(OnConflictClause) X(MergeWhenClause) X(IntoClause) X(Alias)            \
                  X(ColumnDef) X(Constraint) X(TableLikeClause) X(PartitionSpec) X(PartitionBoundSpec) X(                                  \
                      IndexElem) X(Option) X(CreateTableStmt) X(CreateTableAsStmt) X(AlterTableStmt) X(AlterTableCmd) X(CreateIndexStmt)   \
                      X(CreateSequenceStmt) X(AlterSequenceStmt) X(CreateViewStmt) X(                                                      \
                          RefreshMatViewStmt) X(CreateSchemaStmt) X(DropStmt) X(RenameStmt) X(AlterOwnerStmt)                              \
                          X(AlterObjectSchemaStmt) X(AlterObjectDependsStmt) X(TruncateStmt) X(CommentStmt) X(SecurityLabelStmt) X(        \
                              CreateDatabaseStmt) X(AlterDatabaseStmt) X(AlterDatabaseSetStmt) X(DropDatabaseStmt) X(CreateTablespaceStmt) \
                              X(DropTablespaceStmt) X(AlterTableMoveAllStmt) X(AlterTablespaceOptionsStmt) X(CreateStatisticsStmt) X(      \
                                  StatisticsElem) X(AlterStatisticsStmt) X(RoleSpec) X(CreateRoleStmt)                                     \
                                  X(AlterRoleStmt) X(AlterRoleSetStmt) X(DropRoleStmt) X(GrantStmt) X(GrantRoleStmt) X(                    \
                                      AccessPrivilege) X(AlterDefaultPrivilegesStmt) X(ReassignOwnedStmt) X(DropOwnedStmt)                 \
                                      X(CreateFunctionStmt) X(AlterFunctionStmt) X(                                                        \
                                          FunctionParameter) X(RoutineRef) X(DoStmt) X(CallStmt) X(ReturnStmt) X(CreateTriggerStmt)        \
                                          X(CreateEventTriggerStmt) X(AlterEventTriggerStmt) X(CreateRuleStmt) X(                          \
                                              DefineStmt) X(CreateCompositeTypeStmt) X(CreateEnumStmt) X(CreateRangeStmt)                  \
                                              X(AlterEnumStmt) X(AlterTypeStmt) X(CreateDomainStmt) X(AlterDomainStmt) X(                  \
                                                  CreateCastStmt) X(CreateTransformStmt) X(CreateConversionStmt) X(CreateLanguageStmt)     \
                                                  X(CreateAccessMethodStmt) X(CreateOpClassStmt) X(OpClassItem) X(                         \
                                                      CreateOpFamilyStmt) X(AlterOpFamilyStmt) X(AlterOperatorStmt)                        \
                                                      X(AlterCollationStmt) X(CreatePolicyStmt) X(AlterPolicyStmt) X(                      \
                                                          CreatePublicationStmt) X(AlterPublicationStmt)                                   \
                                                          X(PublicationObject) X(CreateSubscriptionStmt) X(                                \
                                                              AlterSubscriptionStmt) X(DropSubscriptionStmt)                               \
                                                              X(CreateExtensionStmt) X(AlterExtensionStmt) X(                              \
                                                                  AlterExtensionContentsStmt) X(CreateFdwStmt) X(AlterFdwStmt)             \
                                                                  X(CreateForeignServerStmt) X(AlterForeignServerStmt) X(                  \
                                                                      CreateForeignTableStmt) X(ImportForeignSchemaStmt)                   \
                                                                      X(CreateUserMappingStmt) X(                                          \
                                                                          AlterUserMappingStmt) X(DropUserMappingStmt)                     \
                                                                          X(AlterTsDictionaryStmt) X(                                      \
                                                                              AlterTsConfigurationStmt) X(CopyStmt)                        \
                                                                              X(TransactionStmt) X(LockStmt) X(                            \
                                                                                  VariableSetStmt) X(VariableShowStmt)                     \
                                                                                  X(AlterSystemStmt) X(ConstraintsSetStmt) X(              \
                                                                                      PrepareStmt) X(ExecuteStmt) X(DeallocateStmt)        \
                                                                                      X(DeclareCursorStmt) X(                              \
                                                                                          FetchStmt) X(ClosePortalStmt)                    \
                                                                                          X(ExplainStmt) X(                                \
                                                                                              VacuumStmt) X(VacuumRelation)                \
                                                                                              X(ClusterStmt) X(                            \
                                                                                                  ReindexStmt) X(CheckpointStmt)           \
                                                                                                  X(ListenStmt) X(                         \
                                                                                                      NotifyStmt)                          \
                                                                                                      X(UnlistenStmt)                      \
                                                                                                          X(DiscardStmt)                   \
                                                                                                              X(LoadStmt)

enum class NodeKind : uint8_t {
#define VARVE_X(name) k##name,
  VARVE_PARSE_NODE_KINDS(VARVE_X)
#undef VARVE_X
};

// "SelectStmt" and so on, for messages and dumps.
std::string_view kind_name(NodeKind kind);

struct Node {
  NodeKind kind;
  int32_t location = -1;  // byte offset in the source, -1 = none
};

template <NodeKind K>
struct NodeOf : Node {
  static constexpr NodeKind kKind = K;
  constexpr NodeOf() : Node{K, -1} {}
};

template <class T>
bool is(const Node* node) {
  return node != nullptr && node->kind == T::kKind;
}

// Checked downcast: aborts on a node of another kind. Null passes through.
template <class T>
T* as(Node* node) {
  if (node != nullptr) VARVE_CHECK(node->kind == T::kKind);
  return static_cast<T*>(node);
}
template <class T>
const T* as(const Node* node) {
  if (node != nullptr) VARVE_CHECK(node->kind == T::kKind);
  return static_cast<const T*>(node);
}

template <class T>
using List = std::span<T*>;
using NodeList = List<Node>;

// A possibly qualified name, outermost part first: {"schema", "table"}. Parts are already downcased/unquoted.
using NameList = std::span<std::string_view>;

// A list where a node is wanted: IN (a, b), BETWEEN a AND b, option values that are lists.
struct ListNode : NodeOf<NodeKind::kListNode> {
  NodeList items;
};

// A name where a node is wanted: option values, DROP targets, operator names.
struct QualifiedName : NodeOf<NodeKind::kQualifiedName> {
  NameList names;
  bool is_operator = false;
};

}  // namespace varve::parser
