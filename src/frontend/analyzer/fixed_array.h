// Types that PostgreSQL keeps as arrays of a fixed length, counted from 0: name of "char", point and line of
// float8, lseg and box of point. Private to the module.
#pragma once

#include "functions/registry.h"

namespace varve::analyzer {

bool is_fixed_array(Oid type);
// v[i]; null where there is no such element. It has no name in SQL.
const functions::Function& fixed_element_function();

}  // namespace varve::analyzer
