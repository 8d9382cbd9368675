#include "analyzer/table_oid.h"

namespace varve::analyzer {
namespace {

std::vector<TableOidHook>& hooks() {
  static std::vector<TableOidHook> all;
  return all;
}

}  // namespace

void register_table_oid_hook(TableOidHook hook) { hooks().push_back(hook); }

bool find_table_oid_call(const catalog::Relation& table, TableOidCall* call) {
  for (TableOidHook hook : hooks()) {
    if (hook(table, call)) return true;
  }
  return false;
}

}  // namespace varve::analyzer
