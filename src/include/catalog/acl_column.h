// The aclitem[] columns of system tables (relacl, nspacl …) as text.
#pragma once

#include <string>
#include <string_view>

namespace varve::catalog {

class Row;
// "{alice=r/bob}"; empty for NULL.
std::string acl_column(const Row& row, std::string_view column);

}  // namespace varve::catalog
