#include "analyzer/table_oid.h"

#include <algorithm>

#include "analyzer/expression_walk.h"
#include "binder.h"
#include "oid_of_part.h"
#include "routine_call.h"

namespace varve::analyzer {
namespace {

std::vector<TableOidHook>& hooks() {
  static std::vector<TableOidHook> all;
  return all;
}

}  // namespace

void register_table_oid_hook(TableOidHook hook) { hooks().push_back(hook); }

bool find_table_oid_call(const catalog::Relation& table, TableOidCall* call) {
  return std::any_of(hooks().begin(), hooks().end(), [&](TableOidHook hook) { return hook(table, call); });
}

Expr* oid_of_part(Binder& binder, const ScopeItem& item) {
  catalog::RelationPtr table = binder.context().catalog.relation(item.table);
  TableOidCall found;
  if (table == nullptr || !find_table_oid_call(*table, &found)) return nullptr;
  CallArguments call;
  call.schema = found.schema;
  call.name = found.function;
  call.args.push_back(binder.make_const(type_oid::kOid, types::Value::of_oid(item.table.value())));
  for (int32_t n : found.constants)
    call.args.push_back(binder.make_const(type_oid::kInt4, types::Value::of_int32(n)));
  for (const std::string& name : found.columns) {
    auto column = std::find_if(item.columns.begin(), item.columns.end(),
                               [&](const ScopeColumn& c) { return c.name == name; });
    if (column == item.columns.end()) return nullptr;
    call.args.push_back(copy_node(*column->expr, binder.arena()));
  }
  return binder.call_function(call);
}

}  // namespace varve::analyzer
