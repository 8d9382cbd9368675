#include "partition_links.h"

#include <algorithm>

#include "catalog/relation.h"

namespace varve::session {

using types::Value;

Oid partition_parent(catalog::Catalog& catalog, Oid partition) {
  Oid parent;
  const catalog::KeyMatch match[] = {{"inhrelid", Value::of_oid(partition.value())}};
  catalog.for_each(catalog::system_table("pg_inherits"), match,
                   [&](const catalog::Row& row) { parent = row.oid("inhparent"); });
  return parent;
}

std::vector<Oid> partition_children(catalog::Catalog& catalog, Oid parent) {
  std::vector<Oid> children;
  const catalog::KeyMatch match[] = {{"inhparent", Value::of_oid(parent.value())}};
  catalog.for_each(catalog::system_table("pg_inherits"), match,
                   [&](const catalog::Row& row) { children.push_back(row.oid("inhrelid")); });
  std::sort(children.begin(), children.end());
  return children;
}

bool in_partition_tree(const catalog::Relation* relation) {
  if (relation == nullptr) return false;
  return relation->is_partition || relation->is_partitioned() ||
         relation->kind == catalog::RelationKind::kPartitionedIndex;
}

}  // namespace varve::session
