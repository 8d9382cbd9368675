// Rows on their way to the client.
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "session.h"
#include "types/datetime.h"
#include "types/float_format.h"
#include "types/text_codec.h"

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

void Session::send_rows(std::span<const planner::OutputColumn> columns, std::span<const net::Format> formats,
                        const vector::Chunk& chunk, uint32_t first, uint32_t count, net::Output& out) {
  Arena arena;
  functions::EvalContext context = eval_context(arena);
  auto width = static_cast<uint16_t>(columns.size());
  for (uint32_t n = first; n < first + count; ++n) {
    uint32_t row = chunk.selection()[n];
    out.begin_data_row(width);
    for (uint16_t i = 0; i < width; ++i) {
      const vector::Vector& column = chunk.column(i);
      if (column.is_null(row)) {
        out.null_column();
        continue;
      }
      bool binary = format_at(formats, i) == net::Format::kBinary;
      Oid type = columns[i].type;
      // The commonest types go straight into the send buffer.
      if (!binary && type == type_oid::kInt4) {
        out.end_column(types::write_int8(out.begin_column(20), column.at<int32_t>(row)));
      } else if (!binary && type == type_oid::kInt8) {
        out.end_column(types::write_int8(out.begin_column(20), column.at<int64_t>(row)));
      } else if (column.type() == types::PhysicalType::kString &&
                 (type == type_oid::kText || type == type_oid::kVarchar || type == type_oid::kBpchar ||
                  type == type_oid::kName)) {
        out.column(column.at<types::StringRef>(row).view());
      } else {
        scratch_.clear();
        if (!binary && type == type_oid::kFloat8)
          types::append_float8(scratch_, column.at<double>(row), context.format->extra_float_digits);
        else if (!binary && type == type_oid::kTimestamptz)
          types::append_timestamptz(scratch_, column.at<int64_t>(row), *context.format);
        else if (binary)
          functions::append_binary(type, column, row, scratch_, context);
        else
          functions::append_text(type, column, row, scratch_, context);
        out.column(scratch_);
      }
    }
    out.end_data_row();
  }
}

void Session::send_text_rows(std::string_view, const std::vector<std::vector<std::string>>& rows,
                             const std::vector<std::string>& names, net::Output& out) {
  std::vector<net::ColumnDescription> described;
  for (const std::string& name : names)
    described.push_back({name, kInvalidOid, 0, type_oid::kText, -1, -1, net::Format::kText});
  out.row_description(described);
  for (const auto& row : rows) {
    out.begin_data_row(static_cast<uint16_t>(row.size()));
    for (const std::string& value : row) out.column(value);
    out.end_data_row();
  }
}

}  // namespace varve::session
