#include "catalog/system_table.h"

#include <charconv>
#include <unordered_map>

#include "access/row_layout.h"
#include "common/check.h"
#include "embedded.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "tsv.h"

namespace varve::catalog {
namespace {

uint32_t number(std::string_view text) {
  uint32_t n = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  VARVE_CHECK(error == std::errc() && end == text.data() + text.size());
  return n;
}

struct Definition {
  Oid oid;
  std::string_view name;
  bool shared = false;
  Oid row_type;
  Oid row_array_type;
  std::vector<SystemColumn> columns;
  std::vector<SystemIndex> indexes;
};

uint16_t position_of(const std::vector<SystemColumn>& columns, std::string_view name) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name) return static_cast<uint16_t>(i);
  }
  VARVE_CHECK(!"a system index names a column that does not exist");
  return 0;
}

SystemTable finish(Definition d) {
  std::vector<access::ColumnSpec> specs;
  for (const SystemColumn& c : d.columns) {
    specs.push_back(
        {functions::physical_type_of(c.type), types::Value::null_of(functions::physical_type_of(c.type))});
  }
  return SystemTable{d.oid,
                     d.name,
                     d.shared,
                     d.row_type,
                     d.row_array_type,
                     std::move(d.columns),
                     std::move(d.indexes),
                     std::make_shared<const access::RowLayout>(specs)};
}

std::vector<SystemTable> load_tables() {
  std::vector<Definition> definitions;
  std::string_view text = system_tables_tsv(), line;
  while (next_line(text, &line)) {
    auto f = split(line, '\t');
    if (f[0] == "T") {
      definitions.push_back(
          {Oid{number(f[1])}, f[2], f[3] == "1", Oid{number(f[4])}, Oid{number(f[5])}, {}, {}});
    } else if (f[0] == "C") {
      definitions.back().columns.push_back({f[1], Oid{number(f[2])}, f[3] == "1"});
    } else {
      Definition& table = definitions.back();
      SystemIndex index{Oid{number(f[1])}, f[2], f[3] == "1", f[4] == "1", {}, {}};
      for (std::string_view column : split(f[5], ',')) {
        uint16_t i = position_of(table.columns, column);
        index.columns.push_back(i);
        index.keys.push_back(key_column_for(table.columns[i].type, true));
      }
      table.indexes.push_back(std::move(index));
    }
  }
  std::vector<SystemTable> tables;
  for (Definition& d : definitions) tables.push_back(finish(std::move(d)));
  return tables;
}

const std::vector<SystemTable>& tables() {
  static const std::vector<SystemTable> all = load_tables();
  return all;
}

}  // namespace

access::KeyColumn key_column_for(Oid type, bool nullable) {
  access::KeyColumn key;
  key.type = functions::physical_type_of(type);
  key.nullable = nullable;
  switch (type.value()) {
    case type_oid::kOid.value():
    case type_oid::kXid.value():
    case type_oid::kCid.value():
    case type_oid::kRegclass.value():
    case type_oid::kRegproc.value():
    case type_oid::kRegtype.value():
      key.order = access::KeyOrder::kUnsigned;
      break;
    case type_oid::kTimetz.value():
      key.order = access::KeyOrder::kTimeTz;
      break;
    case type_oid::kBpchar.value():
      key.order = access::KeyOrder::kBpchar;
      break;
    default:
      break;
  }
  return key;
}

int SystemTable::find_column(std::string_view column_name) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == column_name) return static_cast<int>(i);
  }
  return -1;
}

uint16_t SystemTable::column(std::string_view column_name) const {
  int i = find_column(column_name);
  VARVE_CHECK(i >= 0);
  return static_cast<uint16_t>(i);
}

std::span<const SystemTable> system_tables() { return tables(); }

const SystemTable& system_table(std::string_view name) {
  for (const SystemTable& t : tables()) {
    if (t.name == name) return t;
  }
  VARVE_CHECK(!"no such system table");
  return tables().front();
}

const SystemTable* find_system_table(Oid oid) {
  for (const SystemTable& t : tables()) {
    if (t.oid == oid) return &t;
  }
  return nullptr;
}

}  // namespace varve::catalog
