// Files of bootstrap/ as bytes of the program.
#pragma once

#include <string_view>

namespace varve::catalog {

std::string_view system_tables_tsv();
std::string_view initial_rows_tsv();

}  // namespace varve::catalog
