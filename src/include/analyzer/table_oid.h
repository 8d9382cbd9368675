// How an extension says that rows of a table have a `tableoid` of their own: that of the part of the table
// which they belong to, where the table is one relation but its parts have names (chunks of hypertables).
//
// Registered before the server serves; called by many threads at once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/relation.h"

namespace varve::analyzer {

// `tableoid` of a row is schema.function(oid of the table, constant …, column …).
struct TableOidCall {
  std::string_view schema, function;
  std::vector<int32_t> constants;
  std::vector<std::string> columns;
};

// False: the table's own oid, as ever.
using TableOidHook = bool (*)(const catalog::Relation& table, TableOidCall* call);
void register_table_oid_hook(TableOidHook hook);
bool find_table_oid_call(const catalog::Relation& table, TableOidCall* call);

}  // namespace varve::analyzer
