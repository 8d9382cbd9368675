// Which function runs which statement.
#include "aggregate.h"
#include "alter_table.h"
#include "commands/command_hook.h"
#include "common/sql_error.h"
#include "composite_type.h"
#include "create_table.h"
#include "drop.h"
#include "executor/execution_context.h"
#include "extended_statistics.h"
#include "extension.h"
#include "grant.h"
#include "index.h"
#include "maintenance.h"
#include "materialized_view.h"
#include "operator.h"
#include "ownership.h"
#include "parser/command_name.h"
#include "policy.h"
#include "privileges.h"
#include "roles.h"
#include "routine.h"
#include "schema.h"
#include "sequence.h"
#include "trigger.h"
#include "type.h"
#include "view.h"

namespace varve::commands {

using parser::NodeKind;

namespace {

using Runner = std::string (*)(CommandContext&, const parser::Node*);

template <class Stmt, std::string (*F)(CommandContext&, const Stmt&)>
std::string call(CommandContext& context, const parser::Node* node) {
  return F(context, *parser::as<Stmt>(node));
}

struct Command {
  NodeKind kind;
  Runner run;
};

constexpr Command kCommands[] = {
    {NodeKind::kCreateTableStmt, call<parser::CreateTableStmt, create_table>},
    {NodeKind::kCreateTableAsStmt, call<parser::CreateTableAsStmt, create_table_as>},
    {NodeKind::kRefreshMatViewStmt, call<parser::RefreshMatViewStmt, refresh_materialized_view>},
    {NodeKind::kCreateCompositeTypeStmt, call<parser::CreateCompositeTypeStmt, create_composite_type>},
    {NodeKind::kCreateViewStmt, call<parser::CreateViewStmt, create_view>},
    {NodeKind::kCreateIndexStmt, call<parser::CreateIndexStmt, create_index>},
    {NodeKind::kAlterTableStmt, call<parser::AlterTableStmt, alter_table>},
    {NodeKind::kRenameStmt, call<parser::RenameStmt, rename_object>},
    {NodeKind::kAlterOwnerStmt, call<parser::AlterOwnerStmt, alter_owner>},
    {NodeKind::kAlterObjectSchemaStmt, call<parser::AlterObjectSchemaStmt, alter_object_schema>},
    {NodeKind::kCreateSchemaStmt, call<parser::CreateSchemaStmt, create_schema>},
    {NodeKind::kCreateDatabaseStmt, call<parser::CreateDatabaseStmt, create_database>},
    {NodeKind::kDropDatabaseStmt, call<parser::DropDatabaseStmt, drop_database>},
    {NodeKind::kCommentStmt, call<parser::CommentStmt, comment>},
    {NodeKind::kCreateRoleStmt, call<parser::CreateRoleStmt, create_role>},
    {NodeKind::kAlterRoleStmt, call<parser::AlterRoleStmt, alter_role>},
    {NodeKind::kDropRoleStmt, call<parser::DropRoleStmt, drop_role>},
    {NodeKind::kVacuumStmt, call<parser::VacuumStmt, vacuum>},
    {NodeKind::kLockStmt, call<parser::LockStmt, lock_table>},
    {NodeKind::kReindexStmt, call<parser::ReindexStmt, reindex>},
    {NodeKind::kCreateSequenceStmt, call<parser::CreateSequenceStmt, create_sequence>},
    {NodeKind::kAlterSequenceStmt, call<parser::AlterSequenceStmt, alter_sequence>},
    {NodeKind::kCreateEnumStmt, call<parser::CreateEnumStmt, create_enum>},
    {NodeKind::kCreateRangeStmt, call<parser::CreateRangeStmt, create_range>},
    {NodeKind::kAlterEnumStmt, call<parser::AlterEnumStmt, alter_enum>},
    {NodeKind::kCreateDomainStmt, call<parser::CreateDomainStmt, create_domain>},
    {NodeKind::kAlterDomainStmt, call<parser::AlterDomainStmt, alter_domain>},
    {NodeKind::kDropStmt, call<parser::DropStmt, drop>},
    {NodeKind::kTruncateStmt, call<parser::TruncateStmt, truncate>},
    {NodeKind::kGrantStmt, call<parser::GrantStmt, grant>},
    {NodeKind::kAlterDefaultPrivilegesStmt,
     call<parser::AlterDefaultPrivilegesStmt, alter_default_privileges>},
    {NodeKind::kReassignOwnedStmt, call<parser::ReassignOwnedStmt, reassign_owned>},
    {NodeKind::kDropOwnedStmt, call<parser::DropOwnedStmt, drop_owned>},
    {NodeKind::kCreateFunctionStmt, call<parser::CreateFunctionStmt, create_routine>},
    {NodeKind::kAlterFunctionStmt, call<parser::AlterFunctionStmt, alter_routine>},
    {NodeKind::kCreateTriggerStmt, call<parser::CreateTriggerStmt, create_trigger>},
    {NodeKind::kCreateStatisticsStmt, call<parser::CreateStatisticsStmt, create_statistics>},
    {NodeKind::kAlterStatisticsStmt, call<parser::AlterStatisticsStmt, alter_statistics>},
    {NodeKind::kCreatePolicyStmt, call<parser::CreatePolicyStmt, create_policy>},
    {NodeKind::kAlterPolicyStmt, call<parser::AlterPolicyStmt, alter_policy>},
    {NodeKind::kDefineStmt, call<parser::DefineStmt, define_object>},
    {NodeKind::kCreateCastStmt, call<parser::CreateCastStmt, create_cast>},
    {NodeKind::kCreateExtensionStmt, call<parser::CreateExtensionStmt, create_extension>},
    {NodeKind::kAlterExtensionStmt, call<parser::AlterExtensionStmt, update_extension>},
    {NodeKind::kAlterExtensionContentsStmt,
     call<parser::AlterExtensionContentsStmt, change_extension_contents>},
    {NodeKind::kGrantRoleStmt, call<parser::GrantRoleStmt, grant_role>},
};

// Statements of the session's own, which never come here.
bool is_session_command(NodeKind kind) {
  switch (kind) {
    case NodeKind::kSelectStmt:
    case NodeKind::kInsertStmt:
    case NodeKind::kUpdateStmt:
    case NodeKind::kDeleteStmt:
    case NodeKind::kMergeStmt:
    case NodeKind::kCopyStmt:
    case NodeKind::kTransactionStmt:
    case NodeKind::kVariableSetStmt:
    case NodeKind::kVariableShowStmt:
    case NodeKind::kAlterSystemStmt:
    case NodeKind::kAlterRoleSetStmt:
    case NodeKind::kAlterDatabaseSetStmt:
    case NodeKind::kConstraintsSetStmt:
    case NodeKind::kPrepareStmt:
    case NodeKind::kExecuteStmt:
    case NodeKind::kDeallocateStmt:
    case NodeKind::kDeclareCursorStmt:
    case NodeKind::kFetchStmt:
    case NodeKind::kClosePortalStmt:
    case NodeKind::kExplainStmt:
    case NodeKind::kCheckpointStmt:
    case NodeKind::kListenStmt:
    case NodeKind::kNotifyStmt:
    case NodeKind::kUnlistenStmt:
    case NodeKind::kDiscardStmt:
    case NodeKind::kDoStmt:
    case NodeKind::kCallStmt:
    case NodeKind::kLoadStmt:
      return true;
    default:
      return false;
  }
}

}  // namespace

void CommandServices::notice(std::string_view message, std::string_view detail) {
  notice("NOTICE", sqlstate::kSuccessfulCompletion, message, detail);
}

void CommandServices::notice(std::string_view severity, SqlState state, std::string_view message,
                             std::string_view detail, std::string_view hint) {
  ErrorFields fields;
  fields.state = state;
  fields.message = message;
  fields.detail = detail;
  fields.hint = hint;
  report(severity, fields);
}

executor::ExecutionSettings CommandServices::maintenance_settings() { return {}; }

std::string CommandServices::make_secret(std::string_view, std::string_view) {
  throw_not_supported("setting a password");
}

uint64_t CommandServices::run_parsed(std::string_view, parser::Node*) {
  throw_not_supported("a command that runs a query");
}
uint32_t CommandServices::reserve_database(Oid, bool) { return 0; }
Oid CommandServices::temporary_schema(bool make) {
  if (make) throw_not_supported("temporary objects outside of a session");
  return kInvalidOid;
}
void CommandServices::at_commit(Oid, OnCommit) {}
void CommandServices::report_progress(std::string_view, Oid,
                                      std::initializer_list<std::pair<uint8_t, int64_t>>) {}
void CommandServices::check_setting(std::string_view, std::string_view) {}
void CommandServices::run_after_commit(std::string_view, std::string) {
  throw_not_supported("committing in a command");
}
void CommandServices::run_after_commit(std::string_view, std::unique_ptr<CommandStep>) {
  throw_not_supported("committing in a command");
}
uint64_t CommandServices::fill_view(std::string_view) { throw_not_supported("filling a materialized view"); }

bool can_run(const parser::Node* statement) { return !is_session_command(statement->kind); }

namespace {

std::vector<CommandHook>& command_hooks() {
  static std::vector<CommandHook> all;
  return all;
}

std::string run_itself(CommandContext& context, const parser::Node* statement) {
  for (const Command& command : kCommands) {
    if (command.kind == statement->kind) return command.run(context, statement);
  }
  throw_not_supported(parser::command_name(statement));
}

class HookChain final : public NextCommand {
 public:
  explicit HookChain(size_t at) : at_(at) {}
  std::string run(CommandContext& context, const parser::Node* statement) override {
    if (at_ == command_hooks().size()) return run_itself(context, statement);
    HookChain rest(at_ + 1);
    return command_hooks()[at_](context, statement, rest);
  }

 private:
  size_t at_;
};

}  // namespace

void register_command_hook(CommandHook hook) { command_hooks().push_back(hook); }

std::string run(CommandContext& context, const parser::Node* statement) {
  return HookChain(0).run(context, statement);
}

std::string_view must_run_alone(const parser::Node* statement) {
  switch (statement->kind) {
    case NodeKind::kCreateDatabaseStmt:
      return "CREATE DATABASE";
    case NodeKind::kDropDatabaseStmt:
      return "DROP DATABASE";
    case NodeKind::kCreateTablespaceStmt:
      return "CREATE TABLESPACE";
    case NodeKind::kDropTablespaceStmt:
      return "DROP TABLESPACE";
    case NodeKind::kVacuumStmt:
      return parser::as<parser::VacuumStmt>(statement)->is_vacuum ? "VACUUM" : "";
    case NodeKind::kReindexStmt:
      if (is_concurrent(*parser::as<parser::ReindexStmt>(statement))) return "REINDEX CONCURRENTLY";
      switch (parser::as<parser::ReindexStmt>(statement)->target) {
        case parser::ReindexTarget::kSchema:
          return "REINDEX SCHEMA";
        case parser::ReindexTarget::kSystem:
          return "REINDEX SYSTEM";
        case parser::ReindexTarget::kDatabase:
          return "REINDEX DATABASE";
        default:
          return "";
      }
    case NodeKind::kDropStmt:
      return parser::as<parser::DropStmt>(statement)->concurrently ? "DROP INDEX CONCURRENTLY" : "";
    case NodeKind::kAlterTableStmt:
      for (const parser::AlterTableCmd* cmd : parser::as<parser::AlterTableStmt>(statement)->commands) {
        if (cmd->action == parser::AlterTableAction::kDetachPartition && cmd->concurrently)
          return "ALTER TABLE ... DETACH CONCURRENTLY";
      }
      return "";
    case NodeKind::kCreateIndexStmt:
      return parser::as<parser::CreateIndexStmt>(statement)->concurrently ? "CREATE INDEX CONCURRENTLY" : "";
    default:
      return "";
  }
}

}  // namespace varve::commands
