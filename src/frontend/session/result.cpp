// Rows on their way to the client.
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "session.h"
#include "types/string_ref.h"

namespace varve::session {
namespace {

net::Format format_at(std::span<const net::Format> formats, size_t i) {
  if (formats.empty()) return net::Format::kText;
  return formats.size() == 1 ? formats[0] : formats[i];
}

}  // namespace

void Session::describe_rows(std::span<const planner::OutputColumn> columns,
                            std::span<const net::Format> formats, net::Output& out) {
  std::vector<net::ColumnDescription> described;
  described.reserve(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    const functions::TypeInfo* info = functions::type_by_oid(columns[i].type);
    described.push_back({columns[i].name, columns[i].table, columns[i].table_column, columns[i].type,
                         info == nullptr ? int16_t{-1} : info->length, columns[i].typmod,
                         format_at(formats, i)});
  }
  out.row_description(described);
}

void Session::begin_rows(std::span<const planner::OutputColumn> columns, net::Output& out) {
  if (!asked_formats_.has_value()) describe_rows(columns, {}, out);
}

void Session::send_rows(std::span<const planner::OutputColumn> columns, std::span<const net::Format> formats,
                        const vector::Chunk& chunk, uint32_t first, uint32_t count, net::Output& out) {
  Arena arena;
  functions::EvalContext context = eval_context(arena);
  const auto width = static_cast<uint16_t>(columns.size());
  row_text_.columns.clear();
  for (const planner::OutputColumn& c : columns) row_text_.columns.emplace_back(c.type, *context.format);
  for (uint32_t n = first; n < first + count; ++n) {
    const uint32_t row = chunk.selection()[n];
    out.begin_data_row(width);
    for (uint16_t i = 0; i < width; ++i) {
      const vector::Vector& column = chunk.column(i);
      if (column.is_null(row)) {
        out.null_column();
        continue;
      }
      ColumnText& text = row_text_.columns[i];
      if (text.is_string()) {  // the same in both formats
        out.column(column.at<types::StringRef>(row).view());
        continue;
      }
      const bool binary = format_at(formats, i) == net::Format::kBinary;
      char* to = out.begin_column(ColumnText::kMaxBytes);
      const char* end = binary ? text.write_binary(to, column, row) : text.write(to, column, row);
      if (end != nullptr) {
        out.end_column(end);
        continue;
      }
      row_text_.other.clear();
      if (binary)
        functions::append_binary(columns[i].type, column, row, row_text_.other, context);
      else
        functions::append_text(columns[i].type, column, row, row_text_.other, context);
      out.column(row_text_.other);
    }
    out.end_data_row();
  }
}

}  // namespace varve::session
