// Temporary tables: a schema of the session's own, made at first use, dropped when the session ends. A crash
// leaves it behind; whoever gets its number next clears it away.
#include <fmt/format.h>

#include "commands/command_context.h"
#include "common/sql_error.h"
#include "parser/ast.h"
#include "parser/parser.h"
#include "session.h"

namespace varve::session {

using catalog::system_table;

std::string Session::temporary_schema_name() { return fmt::format("pg_temp_{}", backend_pid()); }

// The schema if the session has made it; it may have been taken back.
Oid Session::existing_temporary_schema() {
  return uses_temporary_schema_ ? catalog().find_schema(temporary_schema_name()) : kInvalidOid;
}

Oid Session::temporary_schema() {
  Oid schema = existing_temporary_schema();
  if (schema != kInvalidOid) return schema;
  std::string name = temporary_schema_name();
  if (!uses_temporary_schema_ && catalog().find_schema(name) != kInvalidOid)
    run_as_system(fmt::format("DROP SCHEMA {} CASCADE", name));
  uses_temporary_schema_ = true;
  schema = catalog::Database::new_oid();
  catalog::RowDraft row(system_table("pg_namespace"));
  row.oid("oid", schema).text("nspname", name).oid("nspowner", catalog::kBootstrapSuperuser);
  catalog().insert(row);
  return schema;
}

void Session::on_commit(Oid table, bool drop) { on_commit_.push_back({table, drop}); }

// A command with nobody's rights looked at, of which the client hears nothing.
void Session::run_as_system(std::string_view sql) {
  ensure_transaction();
  Arena arena;
  parser::ParsedScript script = parser::parse(sql, arena);
  std::deque<catalog::RelationPtr> relations;
  functions::EvalContext eval = eval_context(arena);
  commands::CommandContext context{catalog(), *txn_, eval,     *this, sql, {}, catalog::kBootstrapSuperuser,
                                   true,      arena, relations};
  txn_->statement_snapshot();
  quiet_ = true;
  try {
    commands::run(context, script.statements[0].statement);
  } catch (...) {
    quiet_ = false;
    throw;
  }
  quiet_ = false;
  if (catalog_->changed()) ++catalog_changes_;
}

void Session::run_on_commit_actions() {
  if (on_commit_.empty() || txn_->xid() == kInvalidXid) return;
  std::vector<OnCommitAction> kept;
  for (const OnCommitAction& action : on_commit_) {
    catalog::RelationPtr table = catalog().relation(action.table);
    if (table == nullptr) continue;
    std::string name = fmt::format("{}.{}", parser::quote_identifier(table->schema_name),
                                   parser::quote_identifier(table->name));
    run_as_system(action.drop ? fmt::format("DROP TABLE {} CASCADE", name)
                              : fmt::format("TRUNCATE {}", name));
    if (!action.drop) kept.push_back(action);
  }
  on_commit_ = std::move(kept);
}

void Session::drop_temporary_tables() {
  if (existing_temporary_schema() == kInvalidOid) return;
  run_as_system(fmt::format("DROP SCHEMA {} CASCADE", temporary_schema_name()));
  on_commit_.clear();
}

// SELECT … INTO t is CREATE TABLE t AS SELECT …
std::string Session::run_select_into(Statement& statement) {
  const auto& select = *parser::as<parser::SelectStmt>(statement.node);
  const parser::SelectStmt* first = &select;
  while (first->into == nullptr && first->left != nullptr) first = first->left;
  const parser::IntoClause& into = *first->into;
  const parser::RangeVar& target = *into.relation;
  std::string_view sql = statement.sql;
  // The words from INTO to the end of the name.
  auto end = static_cast<size_t>(target.location);
  auto skip_part = [&] {
    if (end < sql.size() && sql[end] == '"') {
      for (++end; end < sql.size(); ++end) {
        if (sql[end] == '"' && (end + 1 == sql.size() || sql[end + 1] != '"')) break;
        if (sql[end] == '"') ++end;
      }
      ++end;
      return;
    }
    while (end < sql.size() &&
           (static_cast<unsigned char>(sql[end]) >= 0x80 ||
            std::isalnum(static_cast<unsigned char>(sql[end])) != 0 || sql[end] == '_' || sql[end] == '$')) {
      ++end;
    }
  };
  skip_part();
  if (!target.schema.empty()) {
    ++end;
    skip_part();
  }
  auto is_into = [&](size_t at) {
    return (sql[at] | 32) == 'i' && (sql[at + 1] | 32) == 'n' && (sql[at + 2] | 32) == 't' &&
           (sql[at + 3] | 32) == 'o';
  };
  auto begin = static_cast<size_t>(target.location);
  while (begin > 0 && !(begin + 4 <= sql.size() && is_into(begin))) --begin;
  auto start = static_cast<size_t>(std::max<int32_t>(statement.text_begin, 0));
  std::string_view kind = target.persistence == parser::Persistence::kTemporary  ? "TEMPORARY "
                          : target.persistence == parser::Persistence::kUnlogged ? "UNLOGGED "
                                                                                 : "";
  std::string name = parser::quote_identifier(target.name);
  if (!target.schema.empty()) name = parser::quote_identifier(target.schema) + "." + name;
  std::string rest(sql.substr(end));
  if (statement.text_end > 0 && static_cast<size_t>(statement.text_end) >= end) {
    rest = std::string(sql.substr(end, static_cast<size_t>(statement.text_end) - end));
  }
  auto made = std::make_shared<Statement>();
  made->sql = fmt::format("CREATE {}TABLE {} AS {}{}", kind, name, sql.substr(start, begin - start), rest);
  made->node = parser::parse(made->sql, made->parse_arena).statements[0].statement;
  return run_command(*made);
}

}  // namespace varve::session
