#include <charconv>

#include "access/row_layout.h"
#include "catalog/acl_column.h"
#include "catalog/catalog.h"
#include "functions/registry.h"
#include "functions/type_oids.h"

namespace varve::catalog {
namespace {

// Catalog values never depend on a session's settings.
std::string value_text(Oid type, const types::Value& value) {
  Arena arena;
  types::FormatSettings settings;
  functions::EvalContext context{&arena, &settings, nullptr};
  std::string out;
  functions::append_value(type, value, out, context);
  return out;
}

}  // namespace

std::string_view Row::text(std::string_view column) const {
  const types::Value& v = (*this)[column];
  return v.null ? std::string_view() : v.view();
}

std::string acl_column(const Row& row, std::string_view column) {
  const types::Value& v = row[column];
  return v.null ? std::string() : value_text(type_oid::kAclitemArray, v);
}

char Row::letter(std::string_view column) const {
  uint16_t i = table_->column(column);
  if (values_[i].null) return 0;
  std::string text = value_text(table_->columns[i].type, values_[i]);
  return text.empty() ? '\0' : text[0];
}

std::vector<int64_t> Row::numbers(std::string_view column) const {
  uint16_t i = table_->column(column);
  std::vector<int64_t> result;
  if (values_[i].null) return result;
  // "{1,2}" of arrays, "1 2" of the vectors.
  std::string text = value_text(table_->columns[i].type, values_[i]);
  const char* p = text.data();
  const char* end = p + text.size();
  while (p < end) {
    int64_t n = 0;
    auto [next, error] = std::from_chars(p, end, n);
    if (error == std::errc()) result.push_back(n);
    p = error == std::errc() ? next : p + 1;
  }
  return result;
}

RowDraft::RowDraft(const SystemTable& table) : table_(&table), arena_(std::make_unique<Arena>()) {
  for (size_t i = 0; i < table.columns.size(); ++i) {
    types::Value v = types::Value::null_of(table.layout->column(i).type);
    v.null = !table.columns[i].not_null;  // zero bits are the zero of every physical type
    values_.push_back(v);
  }
}

RowDraft::RowDraft(const SystemTable& table, const Row& from) : RowDraft(table) {
  for (size_t i = 0; i < values_.size(); ++i) values_[i] = types::copy_value(from.values()[i], *arena_);
}

RowDraft& RowDraft::set(std::string_view column, const types::Value& value) {
  values_[table_->column(column)] = types::copy_value(value, *arena_);
  return *this;
}

RowDraft& RowDraft::text(std::string_view column, std::string_view v) {
  uint16_t i = table_->column(column);
  Oid type = table_->columns[i].type;
  if (type ==
      type_oid::kRegproc) {  // by name, or by number where several have it; of one that is not there 0
    const bool number = !v.empty() && v.find_first_not_of("0123456789") == std::string_view::npos;
    if (number) {
      values_[i] = types::Value::of_oid(static_cast<uint32_t>(std::stoul(std::string(v))));
      return *this;
    }
    auto found = functions::functions_named(v);
    values_[i] = types::Value::of_oid(
        (found.empty() ? functions::internal_function_oid(v) : found.front()->oid).value());
    return *this;
  }
  // Expressions stand as canonical SQL where PostgreSQL keeps node trees; such types have no input function.
  constexpr Oid kPgNodeTree{194};
  if (type == kPgNodeTree || functions::type_by_oid(type) == nullptr) {
    values_[i] = types::Value::of_string(arena_->copy(v));
    return *this;
  }
  types::FormatSettings settings;
  functions::EvalContext context{arena_.get(), &settings, nullptr};
  values_[i] = types::copy_value(functions::parse_value(type, -1, v, context), *arena_);
  return *this;
}

RowDraft& RowDraft::null(std::string_view column) {
  uint16_t i = table_->column(column);
  values_[i] = types::Value::null_of(table_->layout->column(i).type);
  return *this;
}

}  // namespace varve::catalog
