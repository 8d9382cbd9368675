// Types that PostgreSQL keeps as arrays of a fixed length, counted from 0: name of "char", point and line of
// float8, lseg and box of point.
#pragma once

#include <string>
#include <string_view>

#include "functions/registry.h"

namespace varve::functions {

bool is_fixed_array(Oid type);
// The bytes of the value with an element in its place. 2202E outside of the bounds.
std::string with_fixed_element(Oid type, std::string_view value, int32_t at, const types::Value& element);
// v[i]; null where there is no such element. It has no name in SQL.
const Function& fixed_element_function();
// (value, element, int4) -> the value with the element set; unchanged where the element is NULL. 2202E
// outside of the bounds.
const Function& fixed_assign_function();

}  // namespace varve::functions
