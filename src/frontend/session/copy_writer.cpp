// COPY TO.
#include <algorithm>
#include <fmt/format.h>

#include "common/bytes.h"
#include "common/sql_error.h"
#include "copy_command.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/ast.h"
#include "types/string_ref.h"

namespace varve::session {
namespace {

constexpr std::string_view kBinaryHeader("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);

void append_int16(std::string& out, int16_t v) {
  char bytes[2];
  store_be<int16_t>(bytes, v);
  out.append(bytes, 2);
}

void append_int32(std::string& out, int32_t v) {
  char bytes[4];
  store_be<int32_t>(bytes, v);
  out.append(bytes, 4);
}

// The letter after the backslash, or 0: goes out as it is.
char escape_letter(char c, char delimiter) {
  switch (c) {
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    case '\v':
      return 'v';
    case '\\':
      return '\\';
    default:
      return c == delimiter ? c : '\0';
  }
}

}  // namespace

void append_copy_text(std::string& out, std::string_view value, const CopyOptions& options) {
  size_t start = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    char c = value[i];
    if (static_cast<uint8_t>(c) > '\\' && c != options.delimiter) continue;
    char letter = escape_letter(c, options.delimiter);
    if (letter == '\0') continue;
    out.append(value.substr(start, i - start));
    out += '\\';
    out += letter;
    start = i + 1;
  }
  out.append(value.substr(start));
}

void append_copy_csv(std::string& out, std::string_view value, const CopyOptions& options, bool force_quote,
                     bool single) {
  bool quote = force_quote || value == options.null_text || (single && value == "\\.");
  if (!quote) {
    quote = std::any_of(value.begin(), value.end(), [&](char c) {
      return c == options.delimiter || c == options.quote || c == '\n' || c == '\r';
    });
  }
  if (!quote) {
    out.append(value);
    return;
  }
  out += options.quote;
  for (char c : value) {
    if (c == options.quote || c == options.escape) out += options.escape;
    out += c;
  }
  out += options.quote;
}

StatementPtr CopyCommand::query_to_run() {
  if (table_ == nullptr) {
    const parser::Node* query = stmt_.query;
    if (parser::is<parser::SelectStmt>(query) && parser::as<parser::SelectStmt>(query)->into != nullptr) {
      throw SqlError(sqlstate::kFeatureNotSupported, "COPY (SELECT INTO) is not supported");
    }
    return session_.make_statement(outer_.sql, stmt_.query);
  }
  std::string list;
  for (const Column& c : columns_) list += (list.empty() ? "" : ", ") + parser::quote_identifier(c.name);
  auto statement =
      session_.make_statement(fmt::format("SELECT {} FROM ONLY {}", list, qualified_table()), nullptr);
  statement->node = parser::parse(statement->sql, statement->parse_arena).statements[0].statement;
  return statement;
}

uint64_t CopyCommand::copy_to() {
  StatementPtr statement = query_to_run();
  session_.make_plan(*statement);
  session_.check_read_only(*statement);
  auto plan = statement->plan;
  if (!plan->returns_rows)
    throw SqlError(sqlstate::kFeatureNotSupported, "COPY query must have a RETURNING clause");
  if (table_ == nullptr) {
    for (const planner::OutputColumn& c : plan->root->output) {
      columns_.push_back({c.name, c.type, c.typmod});
      columns_.back().force_quote = options_.force_quote_all;
    }
    mark_columns(options_.force_quote, "FORCE_QUOTE", &Column::force_quote);
  }
  if (!stmt_.standard_stream) file_ = std::make_unique<ServerFile>(stmt_.filename, stmt_.is_program, false);
  std::unique_ptr<executor::Execution> execution = session_.take_execution(*statement);
  session_.start_execution(*execution, {});
  begin_output();
  uint64_t rows = 0;
  vector::Chunk* chunk = nullptr;
  while (execution->next(chunk)) {
    write_chunk(plan->root->output, *chunk);
    rows += chunk->count();
  }
  execution->finish();
  session_.txn_->release_snapshot();
  end_output();
  return rows;
}

void CopyCommand::begin_output() {
  bool binary = options_.format == CopyFormat::kBinary;
  if (stmt_.standard_stream)
    out_.copy_out_response(binary ? net::Format::kBinary : net::Format::kText, formats());
  if (binary) line_.assign(kBinaryHeader);
  if (!options_.header) return;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (i != 0) line_ += options_.delimiter;
    if (options_.format == CopyFormat::kCsv)
      append_copy_csv(line_, columns_[i].name, options_, false, columns_.size() == 1);
    else
      append_copy_text(line_, columns_[i].name, options_);
  }
  line_ += '\n';
  emit();
}

void CopyCommand::write_chunk(std::span<const planner::OutputColumn> output, const vector::Chunk& chunk) {
  Arena arena;
  functions::EvalContext context = session_.eval_context(arena);
  texts_.clear();
  for (const planner::OutputColumn& c : output) texts_.emplace_back(c.type, *context.format);
  plain_numbers_ = writes_numbers_plainly();
  for (uint32_t n = 0; n < chunk.count(); ++n) {
    uint32_t row = chunk.selection()[n];
    if (options_.format == CopyFormat::kBinary)
      write_binary_row(output, chunk, row, context);
    else
      write_text_row(output, chunk, row, context);
    emit();
  }
}

// Digits and signs need neither escape nor quotes unless they are what separates, or what NULL looks like.
bool CopyCommand::writes_numbers_plainly() const {
  auto special = [](char c) { return ColumnText::kCharacters.find(c) != std::string_view::npos; };
  if (special(options_.delimiter)) return false;
  if (options_.format != CopyFormat::kCsv) return true;
  return !special(options_.quote) && (options_.null_text.empty() || !special(options_.null_text[0]));
}

void CopyCommand::write_text_row(std::span<const planner::OutputColumn> output, const vector::Chunk& chunk,
                                 uint32_t row, functions::EvalContext& context) {
  bool csv = options_.format == CopyFormat::kCsv;
  for (uint32_t i = 0; i < output.size(); ++i) {
    if (i != 0) line_ += options_.delimiter;
    const vector::Vector& column = chunk.column(i);
    if (column.is_null(row)) {
      line_ += options_.null_text;
      continue;
    }
    ColumnText& text = texts_[i];
    std::string_view value;
    if (text.is_string()) {
      value = column.at<types::StringRef>(row).view();
    } else {
      char quick[ColumnText::kMaxBytes];
      if (const char* end = text.write(quick, column, row)) {
        value = {quick, static_cast<size_t>(end - quick)};
        if (plain_numbers_ && !columns_[i].force_quote) {
          line_ += value;
          continue;
        }
      } else {
        value_.clear();
        functions::append_text(output[i].type, column, row, value_, context);
        value = value_;
      }
    }
    if (csv)
      append_copy_csv(line_, value, options_, columns_[i].force_quote, output.size() == 1);
    else
      append_copy_text(line_, value, options_);
  }
  line_ += '\n';
}

void CopyCommand::write_binary_row(std::span<const planner::OutputColumn> output, const vector::Chunk& chunk,
                                   uint32_t row, functions::EvalContext& context) {
  append_int16(line_, static_cast<int16_t>(output.size()));
  for (uint32_t i = 0; i < output.size(); ++i) {
    const vector::Vector& column = chunk.column(i);
    if (column.is_null(row)) {
      append_int32(line_, -1);
      continue;
    }
    char quick[ColumnText::kMaxBytes];
    if (const char* end = texts_[i].write_binary(quick, column, row)) {
      append_int32(line_, static_cast<int32_t>(end - quick));
      line_.append(quick, static_cast<size_t>(end - quick));
      continue;
    }
    size_t at = line_.size();
    append_int32(line_, 0);
    functions::append_binary(output[i].type, column, row, line_, context);
    store_be<int32_t>(line_.data() + at, static_cast<int32_t>(line_.size() - at - 4));
  }
}

void CopyCommand::emit() {
  constexpr size_t kFileBlockBytes = 64 << 10;
  if (file_ != nullptr) {
    if (line_.size() < kFileBlockBytes) return;
    file_->write(line_);
  } else {
    out_.copy_data(line_);
  }
  line_.clear();
}

void CopyCommand::end_output() {
  if (options_.format == CopyFormat::kBinary) append_int16(line_, -1);
  if (file_ != nullptr) {
    file_->write(line_);
    file_->close();
  } else {
    if (!line_.empty()) out_.copy_data(line_);
    out_.copy_done();
  }
}

}  // namespace varve::session
