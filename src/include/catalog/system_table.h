// The system catalogs' own shape: the tables of pg_catalog, their columns and indexes, with PostgreSQL 15's
// oids. Read from bootstrap/system_tables.tsv, which is part of the program. Immutable after the first use.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/key_codec.h"
#include "common/strong_id.h"

namespace varve::access {
class RowLayout;
}
namespace varve::types {
enum class PhysicalType : uint8_t;
}

namespace varve::catalog {

struct SystemColumn {
  std::string_view name;
  Oid type;
  bool not_null;
};

struct SystemIndex {
  Oid oid;
  std::string_view name;
  bool unique;
  bool primary;
  std::vector<uint16_t> columns;  // 0-based
  std::vector<access::KeyColumn> keys;
};

struct SystemTable {
  Oid oid;
  std::string_view name;
  bool shared;  // one for all databases: pg_database, pg_authid, …
  Oid row_type;
  Oid row_array_type;
  std::vector<SystemColumn> columns;
  std::vector<SystemIndex> indexes;
  std::shared_ptr<const access::RowLayout> layout;

  // 0-based; a name that does not exist is a programming error.
  uint16_t column(std::string_view column_name) const;
  // -1 if none.
  int find_column(std::string_view column_name) const;
};

std::span<const SystemTable> system_tables();
// A name that does not exist is a programming error.
const SystemTable& system_table(std::string_view name);
const SystemTable* find_system_table(Oid oid);

// The key order of a column of this type.
access::KeyColumn key_column_for(Oid type, bool nullable);

}  // namespace varve::catalog
