// One COPY statement at work. Private to the module.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "analyzer/analyzer.h"
#include "column_text.h"
#include "copy.h"
#include "copy_files.h"
#include "session.h"

namespace varve::session {

class CopyCommand {
 public:
  CopyCommand(Session& session, const parser::CopyStmt& stmt, const Statement& outer, net::Output& out)
      : session_(session), stmt_(stmt), outer_(outer), out_(out) {}
  std::string run();

 private:
  struct Column {
    std::string_view name;
    Oid type;
    int32_t typmod = -1;
    bool force_quote = false, force_not_null = false, force_null = false;
  };

  // --- copy.cpp
  void check_file_access() const;
  void find_table(analyzer::AnalyzerContext& context);
  void choose_columns();
  void mark_columns(const std::vector<std::string>& names, std::string_view option, bool Column::*mark);
  std::string qualified_table() const;
  std::vector<net::Format> formats() const;

  // --- copy_writer.cpp
  uint64_t copy_to();
  StatementPtr query_to_run();
  void begin_output();
  void write_chunk(std::span<const planner::OutputColumn> output, const vector::Chunk& chunk);
  void write_text_row(std::span<const planner::OutputColumn> output, const vector::Chunk& chunk, uint32_t row,
                      functions::EvalContext& context);
  void write_binary_row(std::span<const planner::OutputColumn> output, const vector::Chunk& chunk,
                        uint32_t row, functions::EvalContext& context);
  bool writes_numbers_plainly() const;
  void emit();
  void end_output();

  // --- copy_from.cpp
  uint64_t copy_from(analyzer::AnalyzerContext& context);
  void check_freeze();
  StatementPtr insert_statement();
  analyzer::Expr* bind_filter(analyzer::AnalyzerContext& context);

  Session& session_;
  const parser::CopyStmt& stmt_;
  const Statement& outer_;
  net::Output& out_;
  CopyOptions options_;
  catalog::RelationPtr table_;
  std::vector<Column> columns_;
  std::unique_ptr<ServerFile> file_;
  std::string line_, value_;
  std::vector<ColumnText> texts_;  // by column of the chunk in work
  bool plain_numbers_ = false;
};

}  // namespace varve::session
