// SET j['a'][0] = value: assignment to subscripts of jsonb.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace varve::functions {

// The jsonb `json` (empty: NULL, which becomes an array if `as_array`, else an object) with `value` at the
// end of the path, which is not empty. Containers that are missing on the way are made, of the kind that the
// next element asks for; a gap in an array is filled with nulls. 22023 where a scalar lies on the way.
std::string jsonb_with_element(std::string_view json, bool as_array, std::span<const std::string_view> path,
                               std::string_view value);

}  // namespace varve::functions
