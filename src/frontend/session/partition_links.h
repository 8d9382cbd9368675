// Partition trees of tables and of their indexes, as pg_inherits has them. Private to the module.
#pragma once

#include <vector>

#include "catalog/catalog.h"

namespace varve::session {

// What the partition belongs to; kInvalidOid: it is the root, or no partition.
Oid partition_parent(catalog::Catalog& catalog, Oid partition);
// By their numbers.
std::vector<Oid> partition_children(catalog::Catalog& catalog, Oid parent);
// A partitioned table or index, or a part of one.
bool in_partition_tree(const catalog::Relation* relation);

}  // namespace varve::session
