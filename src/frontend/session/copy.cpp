// COPY: what is copied, and whether it may be.
#include <algorithm>
#include <deque>
#include <fmt/format.h>

#include "common/sql_error.h"
#include "copy_command.h"
#include "parser/ast.h"
#include "privilege_check.h"

namespace varve::session {

using catalog::RelationKind;

std::string Session::run_copy(const parser::CopyStmt& stmt, const Statement& outer, net::Output& out) {
  ensure_transaction();
  return CopyCommand(*this, stmt, outer, out).run();
}

std::string CopyCommand::run() {
  check_file_access();
  Arena arena;
  std::deque<catalog::RelationPtr> relations;
  std::vector<Oid> path = session_.search_path_oids();
  functions::EvalContext eval = session_.eval_context(arena);
  analyzer::AnalyzerContext context{session_.catalog(), arena, relations, eval, outer_.sql, path};
  if (stmt_.relation != nullptr) find_table(context);
  options_ = copy_options(stmt_, outer_.sql);
  if (table_ != nullptr) choose_columns();
  session_.report_progress("COPY", table_ == nullptr ? kInvalidOid : table_->oid,
                           {{5, stmt_.is_from ? 1 : 2},
                            {6, stmt_.is_program         ? 2
                                : stmt_.filename.empty() ? 3
                                                         : 1}});
  return fmt::format("COPY {}", stmt_.is_from ? copy_from(context) : copy_to());
}

void CopyCommand::check_file_access() const {
  if (stmt_.standard_stream) return;
  std::string_view direction = stmt_.is_from ? "from" : "to";
  if (!session_.is_superuser_) {
    std::string_view role = stmt_.is_program ? "pg_execute_server_program"
                            : stmt_.is_from  ? "pg_read_server_files"
                                             : "pg_write_server_files";
    throw SqlError(sqlstate::kInsufficientPrivilege,
                   fmt::format("must be superuser or have privileges of the {} role to COPY {} {}", role,
                               direction, stmt_.is_program ? "an external program" : "a file"))
        .hint("Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone.");
  }
  if (!stmt_.is_program && !stmt_.is_from && !stmt_.filename.starts_with('/')) {
    throw SqlError(sqlstate::kInvalidName, "relative path not allowed for COPY to file");
  }
}

void CopyCommand::find_table(analyzer::AnalyzerContext& context) {
  table_ = analyzer::find_relation(context, *stmt_.relation, txn::LockMode::kNone);
  session_.lock_relation(table_->oid,
                         stmt_.is_from ? txn::LockMode::kRowExclusive : txn::LockMode::kAccessShare);
  // It may have changed while we waited.
  table_ = analyzer::find_relation(context, *stmt_.relation, txn::LockMode::kNone);
  if (table_->kind == RelationKind::kTable || (stmt_.is_from && table_->is_partitioned())) return;
  std::string_view preposition = stmt_.is_from ? "to" : "from";
  std::string_view what = table_->kind == RelationKind::kView               ? "view"
                          : table_->kind == RelationKind::kMaterializedView ? "materialized view"
                          : table_->kind == RelationKind::kForeign          ? "foreign table"
                          : table_->kind == RelationKind::kSequence         ? "sequence"
                          : table_->kind == RelationKind::kPartitioned      ? "partitioned table"
                                                                            : "non-table relation";
  SqlError e(sqlstate::kWrongObjectType,
             fmt::format("cannot copy {} {} \"{}\"", preposition, what, table_->name));
  if (!stmt_.is_from && what != "sequence" && what != "non-table relation") {
    e.hint("Try the COPY (SELECT ...) TO variant.");
  } else if (stmt_.is_from && what == "view") {
    e.hint("To enable copying to a view, provide an INSTEAD OF INSERT trigger.");
  }
  throw e;
}

void CopyCommand::choose_columns() {
  std::vector<catalog::ColumnNumber> chosen;
  for (std::string_view name : stmt_.columns) {
    catalog::ColumnNumber number = table_->find_column(name);
    if (number <= 0) {
      throw SqlError(sqlstate::kUndefinedColumn,
                     fmt::format("column \"{}\" of relation \"{}\" does not exist", name, table_->name));
    }
    if (table_->column(number).generated != 0) {
      throw SqlError(sqlstate::kInvalidColumnReference,
                     fmt::format("column \"{}\" is a generated column", name))
          .detail("Generated columns cannot be used in COPY.");
    }
    if (std::find(chosen.begin(), chosen.end(), number) != chosen.end()) {
      throw SqlError(sqlstate::kDuplicateColumn, fmt::format("column \"{}\" specified more than once", name));
    }
    chosen.push_back(number);
  }
  if (stmt_.columns.empty()) {
    for (size_t i = 0; i < table_->columns.size(); ++i) {
      const catalog::Column& c = table_->columns[i];
      if (!c.dropped && c.generated == 0) chosen.push_back(static_cast<catalog::ColumnNumber>(i + 1));
    }
  }
  if (stmt_.is_from && !session_.is_superuser_)
    check_insert_privilege(session_.catalog(), session_.role_, *table_, chosen);
  for (catalog::ColumnNumber number : chosen) {
    const catalog::Column& c = table_->column(number);
    columns_.push_back({c.name, c.type, c.typmod});
  }
  if (options_.force_quote_all) {
    for (Column& c : columns_) c.force_quote = true;
  }
  mark_columns(options_.force_quote, "FORCE_QUOTE", &Column::force_quote);
  mark_columns(options_.force_not_null, "FORCE_NOT_NULL", &Column::force_not_null);
  mark_columns(options_.force_null, "FORCE_NULL", &Column::force_null);
}

void CopyCommand::mark_columns(const std::vector<std::string>& names, std::string_view option,
                               bool Column::*mark) {
  for (const std::string& name : names) {
    auto it = std::find_if(columns_.begin(), columns_.end(), [&](const Column& c) { return c.name == name; });
    if (it != columns_.end()) {
      (*it).*mark = true;
      continue;
    }
    if (table_ == nullptr) {
      throw SqlError(sqlstate::kUndefinedColumn, fmt::format("column \"{}\" does not exist", name));
    }
    if (table_->find_column(name) <= 0) {
      throw SqlError(sqlstate::kUndefinedColumn,
                     fmt::format("column \"{}\" of relation \"{}\" does not exist", name, table_->name));
    }
    throw SqlError(sqlstate::kInvalidColumnReference,
                   fmt::format("{} column \"{}\" not referenced by COPY", option, name));
  }
}

std::string CopyCommand::qualified_table() const {
  return parser::quote_identifier(table_->schema_name) + "." + parser::quote_identifier(table_->name);
}

std::vector<net::Format> CopyCommand::formats() const {
  return std::vector<net::Format>(
      columns_.size(), options_.format == CopyFormat::kBinary ? net::Format::kBinary : net::Format::kText);
}

}  // namespace varve::session
