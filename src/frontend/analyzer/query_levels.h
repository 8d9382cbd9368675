// A bound query that is made a subquery after it was bound.
#pragma once

#include "analyzer/query.h"

namespace varve::analyzer {

// What `query` takes from outside (columns, aggregates, WITH queries) is from now on one level further out.
void put_one_level_deeper(Query& query);

}  // namespace varve::analyzer
