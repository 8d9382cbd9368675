// The table access method "columnar": see columnar_table/README.md. Call it once, when the program starts.
#pragma once

namespace varve::columnar_table {

void register_columnar_tables();

}  // namespace varve::columnar_table
