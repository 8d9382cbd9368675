// Transactions, settings, cursors, prepared statements, COPY, EXPLAIN, maintenance.
#pragma once

#include "parser/ast_types.h"

namespace varve::parser {

// Option names follow the modern syntax; the old one (CSV HEADER DELIMITER AS ';') is translated.
struct CopyStmt : NodeOf<NodeKind::kCopyStmt> {
  RangeVar* relation = nullptr;
  Node* query = nullptr;  // COPY (query) TO
  NameList columns;
  bool is_from = false;
  bool is_program = false;
  bool standard_stream = false;  // STDIN / STDOUT
  std::string_view filename;     // or the program
  List<Option> options;
  Node* where = nullptr;
};

enum class TransactionKind : uint8_t {
  kBegin,
  kStart,
  kCommit,
  kRollback,
  kSavepoint,
  kRelease,
  kRollbackTo,
  kPrepare,
  kCommitPrepared,
  kRollbackPrepared,
};
struct TransactionStmt : NodeOf<NodeKind::kTransactionStmt> {
  TransactionKind action = TransactionKind::kBegin;
  // transaction_isolation: string; transaction_read_only, transaction_deferrable: integer 0/1
  List<Option> options;
  std::string_view name;  // savepoint, or the global id of a prepared transaction
  bool chain = false;
};

// The table-level lock modes, numbered as PostgreSQL numbers them.
enum class TableLockMode : uint8_t {
  kAccessShare = 1,
  kRowShare,
  kRowExclusive,
  kShareUpdateExclusive,
  kShare,
  kShareRowExclusive,
  kExclusive,
  kAccessExclusive,
};
struct LockStmt : NodeOf<NodeKind::kLockStmt> {
  List<RangeVar> relations;
  TableLockMode mode = TableLockMode::kAccessExclusive;
  bool nowait = false;
};

enum class VariableSetKind : uint8_t { kSetValue, kSetDefault, kSetCurrent, kSetMulti, kReset, kResetAll };
struct VariableSetStmt : NodeOf<NodeKind::kVariableSetStmt> {
  VariableSetKind action = VariableSetKind::kSetValue;
  std::string_view name;  // "timezone", "app.x"; kSetMulti: "TRANSACTION", "SESSION CHARACTERISTICS",
                          // "TRANSACTION SNAPSHOT"
  NodeList args;          // ConstExpr, TypeCast (interval); kSetMulti: Option
  bool is_local = false;
};
struct VariableShowStmt : NodeOf<NodeKind::kVariableShowStmt> {
  std::string_view name;  // "all" for SHOW ALL
};
struct AlterSystemStmt : NodeOf<NodeKind::kAlterSystemStmt> {
  VariableSetStmt* set = nullptr;
};
struct ConstraintsSetStmt : NodeOf<NodeKind::kConstraintsSetStmt> {
  List<RangeVar> constraints;  // empty = ALL
  bool deferred = false;
};

struct PrepareStmt : NodeOf<NodeKind::kPrepareStmt> {
  std::string_view name;
  List<TypeName> arg_types;
  Node* query = nullptr;
};
struct ExecuteStmt : NodeOf<NodeKind::kExecuteStmt> {
  std::string_view name;
  NodeList params;
};
struct DeallocateStmt : NodeOf<NodeKind::kDeallocateStmt> {
  std::string_view name;  // empty = ALL
};

enum CursorOption : uint16_t {
  kCursorBinary = 1,
  kCursorScroll = 2,
  kCursorNoScroll = 4,
  kCursorInsensitive = 8,
  kCursorAsensitive = 16,
  kCursorHold = 32,
};
struct DeclareCursorStmt : NodeOf<NodeKind::kDeclareCursorStmt> {
  std::string_view name;
  uint16_t options = 0;  // bits of CursorOption
  Node* query = nullptr;
};
enum class FetchDirection : uint8_t { kForward, kBackward, kAbsolute, kRelative };
inline constexpr int64_t kFetchAll = INT64_MAX;
struct FetchStmt : NodeOf<NodeKind::kFetchStmt> {
  FetchDirection direction = FetchDirection::kForward;
  int64_t count = 1;
  std::string_view portal;
  bool is_move = false;
};
struct ClosePortalStmt : NodeOf<NodeKind::kClosePortalStmt> {
  std::string_view portal;  // empty = ALL
};

struct ExplainStmt : NodeOf<NodeKind::kExplainStmt> {
  Node* query = nullptr;
  List<Option> options;
};

struct VacuumRelation : NodeOf<NodeKind::kVacuumRelation> {
  RangeVar* relation = nullptr;
  NameList columns;
};
struct VacuumStmt : NodeOf<NodeKind::kVacuumStmt> {
  bool is_vacuum = true;  // else ANALYZE
  List<Option> options;
  List<VacuumRelation> relations;
};
struct ClusterStmt : NodeOf<NodeKind::kClusterStmt> {
  RangeVar* relation = nullptr;
  std::string_view index;
  List<Option> options;
};
enum class ReindexTarget : uint8_t { kIndex, kTable, kSchema, kSystem, kDatabase };
struct ReindexStmt : NodeOf<NodeKind::kReindexStmt> {
  ReindexTarget target = ReindexTarget::kIndex;
  RangeVar* relation = nullptr;
  std::string_view name;
  List<Option> options;  // CONCURRENTLY is the option "concurrently"
};
struct CheckpointStmt : NodeOf<NodeKind::kCheckpointStmt> {};

struct ListenStmt : NodeOf<NodeKind::kListenStmt> {
  std::string_view channel;
};
struct NotifyStmt : NodeOf<NodeKind::kNotifyStmt> {
  std::string_view channel, payload;
};
struct UnlistenStmt : NodeOf<NodeKind::kUnlistenStmt> {
  std::string_view channel;  // empty = *
};
enum class DiscardTarget : uint8_t { kAll, kPlans, kSequences, kTemp };
struct DiscardStmt : NodeOf<NodeKind::kDiscardStmt> {
  DiscardTarget target = DiscardTarget::kAll;
};
struct LoadStmt : NodeOf<NodeKind::kLoadStmt> {
  std::string_view filename;
};

}  // namespace varve::parser
