// What pg_get_partition_constraintdef() tells. Private to the module.
#pragma once

#include <string>

#include "catalog/relation.h"

namespace varve::catalog {
struct PartitionBound;
}

namespace varve::session {

// SQL over the parent's columns; empty where the partition takes every row.
std::string partition_condition(const catalog::Relation& parent, const catalog::PartitionBound& bound);

}  // namespace varve::session
