#include "functions/xml_table.h"

#include <fmt/format.h>
#include <vector>

#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "kept_rows.h"
#include "xml/xml_value.h"

namespace varve::functions {

namespace {

using types::Value;

// Reads the arguments, and turns what the paths find into values.
class Reader {
 public:
  Reader(const XmlTable& table, std::span<const Value> args, EvalContext& context)
      : table_(table), args_(args), context_(context) {}

  std::vector<Value> rows() {
    std::vector<Value> out;
    if (args_[0].null) return out;
    if (args_[1].null)
      throw SqlError(sqlstate::kNullValueNotAllowed, "row filter expression must not be null");
    std::vector<XmlNamespace> namespaces;
    for (size_t i = 0; i < table_.namespaces.size(); ++i) {
      const Value& uri = args_[2 + i];
      if (uri.null) throw SqlError(sqlstate::kNullValueNotAllowed, "namespace URI must not be null");
      namespaces.push_back({std::string(table_.namespaces[i]), std::string(uri.view())});
    }
    std::vector<XmlTablePath> paths;
    for (size_t i = 0; i < table_.columns.size(); ++i) {
      if (!table_.columns[i].for_ordinality) paths.push_back(path_of(i));
    }
    auto found = evaluate_xml_table(args_[1].view(), args_[0].view(), namespaces, paths);
    for (size_t row = 0; row < found.size(); ++row) {
      size_t cell = 0;
      for (size_t i = 0; i < table_.columns.size(); ++i) {
        if (table_.columns[i].for_ordinality)
          out.push_back(Value::of_int32(static_cast<int32_t>(row + 1)));
        else
          out.push_back(value_of(i, found[row][cell++]));
      }
    }
    return out;
  }

 private:
  size_t first_of(size_t column) const { return 2 + table_.namespaces.size() + 2 * column; }

  XmlTablePath path_of(size_t column) const {
    const Value& path = args_[first_of(column)];
    if (path.null) {
      throw SqlError(sqlstate::kNullValueNotAllowed, "column filter expression must not be null")
          .detail(fmt::format("Filter for column \"{}\" is null.", table_.column_names[column]));
    }
    Oid type = table_.column_types[column];
    const TypeInfo* info = type_by_oid(type);
    return {std::string(path.view()), type == type_oid::kXml, info != nullptr && info->category == 'N'};
  }

  Value value_of(size_t column, const std::optional<std::string>& text) const {
    Value value = args_[first_of(column) + 1];
    if (text.has_value()) {
      value = types::copy_value(parse_value(table_.column_types[column], table_.columns[column].typmod,
                                            context_.memory->copy(*text), context_),
                                *context_.memory);
    }
    if (value.null && table_.columns[column].not_null) {
      throw SqlError(sqlstate::kNullValueNotAllowed,
                     fmt::format("null is not allowed in column \"{}\"", table_.column_names[column]));
    }
    return value;
  }

  const XmlTable& table_;
  std::span<const Value> args_;
  EvalContext& context_;
};

void* open_xml_table(EvalContext& context, const CallSite& site, std::span<const Value> args, Arena& memory) {
  auto* state = memory.make<KeptRows>();
  EvalContext kept = context;
  kept.memory = &memory;
  state->values = memory.copy(Reader(static_cast<const XmlTable&>(*site.routine->table), args, kept).rows());
  return state;
}

void next_xml_rows(EvalContext&, void* opaque, Chunk& out) { static_cast<KeptRows*>(opaque)->next(out); }

}  // namespace

XmlTable::XmlTable() : TableFunctionImpl{} {
  open = open_xml_table;
  next = next_xml_rows;
}

}  // namespace varve::functions
