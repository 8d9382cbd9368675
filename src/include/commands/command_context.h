// What a utility command gets: everything of the session that commands may touch, and no more.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/analyzer.h"
#include "catalog/catalog.h"
#include "common/sqlstate.h"
#include "functions/eval_context.h"

namespace varve {
struct ErrorFields;
}
namespace varve::executor {
struct ExecutionSettings;
class TaskScheduler;
}  // namespace varve::executor
namespace varve::parser {
struct Node;
}
namespace varve::recovery {
class StorageEngine;
}

namespace varve::commands {

struct CommandContext;

// A part of a command that has a transaction of its own. The command's text and tree are gone by then.
class CommandStep {
 public:
  virtual ~CommandStep() = default;
  virtual void run(CommandContext& context) = 0;
};
using CommandSteps = std::vector<std::unique_ptr<CommandStep>>;

// Implemented by the session.
class CommandServices {
 public:
  virtual ~CommandServices() = default;
  // NOTICE, WARNING, INFO … to the client.
  virtual void report(std::string_view severity, const ErrorFields& fields) = 0;
  void notice(std::string_view message, std::string_view detail = {});  // "NOTICE", 00000
  void notice(std::string_view severity, SqlState state, std::string_view message,
              std::string_view detail = {}, std::string_view hint = {});
  // Locks a relation for the rest of the transaction (deadlock detection, lock_timeout).
  virtual void lock_relation(Oid relation, txn::LockMode mode) = 0;
  // Rows of the table were changed in this transaction, and constraints have yet to be checked for them.
  virtual bool has_pending_events(Oid relation) = 0;
  virtual bool try_lock_relation(Oid relation, txn::LockMode mode) = 0;  // false instead of waiting
  // Runs one planned statement of SQL inside this transaction and throws its rows away; returns affected
  // rows. For commands that are queries underneath (CREATE TABLE AS, REFRESH, filling a new column …).
  virtual uint64_t run_sql(std::string_view sql) = 0;
  // The same of a statement whose parts were parsed from `sql`, the command's own text.
  virtual uint64_t run_parsed(std::string_view sql, parser::Node* statement);
  // As run_sql, for a statement that fills a materialized view.
  virtual uint64_t fill_view(std::string_view sql);
  // The first row of a query, with nobody's rights looked at and everything committed seen; false when it has
  // none.
  virtual bool query_row(std::string_view sql, Arena& memory, std::vector<types::Value>* row) = 0;
  // What pg_authid keeps of a password (a SCRAM verifier, or the text itself when it already is a secret).
  virtual std::string make_secret(std::string_view password, std::string_view user);
  // Keeps sessions from entering the database until the transaction ends, and returns how many others are in
  // it, having given them some seconds to leave; `terminate` ends them.
  virtual uint32_t reserve_database(Oid database, bool terminate);
  // Schema of the session's temporary objects; kInvalidOid if it has none and is not to be made.
  virtual Oid temporary_schema(bool make);
  // What becomes of a temporary table when the transaction, and any that follows, commits.
  enum class OnCommit : uint8_t { kDeleteRows, kDrop };
  virtual void at_commit(Oid relation, OnCommit action);
  // When the command is done, what it has done is committed and the statement (a CALL) is run. 25001 inside a
  // transaction block, where that cannot be; `command` is how the message names it.
  virtual void run_after_commit(std::string_view command, std::string sql);
  // The same for steps, one after the other.
  virtual void run_after_commit(std::string_view command, std::unique_ptr<CommandStep> step);
  // After CREATE FUNCTION: checks the body as the language's validator does. Throws.
  virtual void validate_routine(Oid routine);
  // Before TRUNCATE empties the tables, and after: statement triggers.
  virtual void truncate_triggers(const catalog::RelationPtr& relation, bool before);
  // Of what builds indexes: threads, and as work_mem what all of them may take together. Null: no helpers.
  virtual executor::ExecutionSettings maintenance_settings();
  virtual executor::TaskScheduler* scheduler() { return nullptr; }
  // What pg_stat_progress_… shows until the statement ends. `command` is a literal; `numbers`: pairs of the
  // place among param1 … and the value, two at most.
  virtual void report_progress(std::string_view command, Oid relation,
                               std::initializer_list<std::pair<uint8_t, int64_t>> numbers);
  // A setting's value as SHOW prints it.
  virtual std::string setting(std::string_view name) = 0;
  // Throws what SET to this value would.
  virtual void check_setting(std::string_view name, std::string_view value);
};

struct CommandContext {
  catalog::Catalog& catalog;
  txn::Transaction& txn;
  functions::EvalContext& eval;
  CommandServices& services;
  std::string_view sql;              // the statement's text, for error positions
  std::span<const Oid> search_path;  // schemas that exist; the first is where new objects go
  Oid role;                          // current user
  bool is_superuser = false;
  Arena& arena;  // of the statement
  std::deque<catalog::RelationPtr>& relations;
  bool temporary_first = false;  // the path begins with the temporary schema though nobody has put it there
  Oid extension = kInvalidOid;   // whose script is being run: what is made becomes a member of it

  analyzer::AnalyzerContext analyzer_context() {
    analyzer::AnalyzerContext inner{catalog, arena, relations, eval, sql, search_path};
    inner.checks_schemas = !is_superuser;
    return inner;
  }
};

// Runs a DDL or maintenance command inside the current transaction and returns its tag ("CREATE TABLE").
// Throws 0A000 for statements that PostgreSQL has and Varve has not. Session commands (SET, transactions,
// cursors, PREPARE, COPY, EXPLAIN …) are the session's own; can_run() tells.
bool can_run(const parser::Node* statement);
std::string run(CommandContext& context, const parser::Node* statement);
// The name of a statement that PostgreSQL refuses inside a transaction block (CREATE DATABASE, VACUUM …);
// else empty.
std::string_view must_run_alone(const parser::Node* statement);

// "table t", "function f(integer)" …: pg_describe_object(). Empty: there is no such object.
std::string describe_object(CommandContext& context, Oid class_oid, Oid object, int32_t sub);

// --- temporary objects: for the session's beginning and end
// Drops everything in the schema, quietly.
void drop_schema_contents(CommandContext& context, Oid schema);
// What at_commit() has asked for. False: the relation is gone for good.
bool run_at_commit(CommandContext& context, Oid relation, CommandServices::OnCommit action);

}  // namespace varve::commands
