#include "executor/row_disclosure.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "catalog/partition.h"
#include "functions/quoting.h"
#include "functions/registry.h"
#include "table_reader.h"

namespace varve::executor {

using catalog::ColumnNumber;
using types::Value;

namespace {

std::string value_text(Oid type, const Value& value, functions::EvalContext& context) {
  if (value.null) return "null";
  std::string text;
  functions::append_value(type, value, text, context);
  return text;
}

std::string cut_text(Oid type, const Value& value, functions::EvalContext& context) {
  constexpr size_t kMaxFieldBytes = 64;
  std::string text = value_text(type, value, context);
  if (text.size() <= kMaxFieldBytes) return text;
  size_t cut = kMaxFieldBytes;
  while (cut > 0 && (static_cast<uint8_t>(text[cut]) & 0xC0) == 0x80) --cut;
  return text.substr(0, cut) + "...";
}

void append_item(std::string& list, std::string_view item) {
  if (!list.empty()) list += ", ";
  list += item;
}

// Of a key: a column's name as SQL writes it, or the expression.
std::string key_name(const catalog::Relation& table, ColumnNumber column, const std::string& expression) {
  if (column == 0) return expression;
  std::string name;
  functions::append_quoted_identifier(name, table.column(column).name);
  return name;
}

}  // namespace

bool RowDisclosure::ask(std::string_view function, std::span<const Value> args) const {
  Value answer = context_.session->call(function, args, *context_.memory);
  return !answer.null && answer.boolean != 0;
}

bool RowDisclosure::hides_rows() const {
  if (!table_.row_security || context_.session == nullptr) return false;
  const Value table[] = {Value::of_oid(table_.oid.value())};
  return ask("row_security_active", table);
}

bool RowDisclosure::shows_table() const {
  if (context_.session == nullptr) return true;
  const Value args[] = {Value::of_oid(table_.oid.value()), Value::of_string("SELECT")};
  return ask("has_table_privilege", args);
}

bool RowDisclosure::shows_column(ColumnNumber column) const {
  if (context_.session == nullptr) return true;
  const Value args[] = {Value::of_oid(table_.oid.value()), Value::of_int16(column),
                        Value::of_string("SELECT")};
  return ask("has_column_privilege", args);
}

bool RowDisclosure::shows_key(std::span<const ColumnNumber> columns) const {
  if (hides_rows()) return false;
  return shows_table() || std::all_of(columns.begin(), columns.end(), [&](ColumnNumber column) {
           return column != 0 && shows_column(column);
         });
}

std::string describe_row(const catalog::Relation& table, std::span<const Value> row,
                         std::span<const ColumnNumber> provided, functions::EvalContext& context) {
  RowDisclosure disclosure(table, context);
  if (disclosure.hides_rows()) return {};
  const bool whole = disclosure.shows_table();
  const std::vector<ColumnNumber> columns = live_columns(table);
  std::string names, values;
  for (size_t i = 0; i < row.size(); ++i) {
    const ColumnNumber c = columns[i];
    const bool given = std::find(provided.begin(), provided.end(), c) != provided.end();
    if (!whole && !given && !disclosure.shows_column(c)) continue;
    // The first value may be empty, so the names tell whether there is one before.
    if (!names.empty()) values += ", ";
    append_item(names, table.column(c).name);
    values += cut_text(table.column(c).type, row[i], context);
  }
  if (whole) return fmt::format("({})", values);
  return names.empty() ? std::string() : fmt::format("({}) = ({})", names, values);
}

std::string failing_row_detail(const catalog::Relation& table, std::span<const Value> row,
                               std::span<const ColumnNumber> provided, functions::EvalContext& context) {
  std::string text = describe_row(table, row, provided, context);
  return text.empty() ? text : fmt::format("Failing row contains {}.", text);
}

std::string describe_key(const catalog::Relation& table, std::span<const ColumnNumber> columns,
                         std::span<const Value> values, functions::EvalContext& context) {
  if (!RowDisclosure(table, context).shows_key(columns)) return "Key";
  std::string names, texts;
  for (size_t i = 0; i < columns.size(); ++i) {
    const catalog::Column& column = table.column(columns[i]);
    append_item(names, column.name);
    if (i > 0) texts += ", ";
    texts += value_text(column.type, values[i], context);
  }
  return fmt::format("Key ({})=({})", names, texts);
}

std::string describe_index_key(const catalog::Relation& table, const catalog::Index& index,
                               std::span<const Value> values, functions::EvalContext& context) {
  std::vector<ColumnNumber> columns;
  for (const catalog::IndexColumn& key : index.keys) columns.push_back(key.column);
  if (!RowDisclosure(table, context).shows_key(columns)) return {};
  std::string names, texts;
  for (size_t i = 0; i < values.size(); ++i) {
    const catalog::IndexColumn& key = index.keys[i];
    append_item(names, key_name(table, key.column, key.expression_sql));
    if (i > 0) texts += ", ";
    texts += value_text(key.type, values[i], context);
  }
  return fmt::format("({})=({})", names, texts);
}

std::string describe_partition_key(const catalog::Relation& table, std::span<const Value> values,
                                   functions::EvalContext& context) {
  std::vector<ColumnNumber> columns;
  for (const catalog::PartitionKeyColumn& key : table.partitioning->keys) columns.push_back(key.column);
  if (!RowDisclosure(table, context).shows_key(columns)) return {};
  std::string names, texts;
  for (size_t i = 0; i < values.size(); ++i) {
    const catalog::PartitionKeyColumn& key = table.partitioning->keys[i];
    append_item(names, key_name(table, key.column, key.expression_sql));
    if (i > 0) texts += ", ";
    texts += cut_text(key.type, values[i], context);
  }
  return fmt::format("({}) = ({})", names, texts);
}

}  // namespace varve::executor
