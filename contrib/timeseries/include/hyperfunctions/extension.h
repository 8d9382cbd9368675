// The extensions timescaledb and timescaledb_toolkit as far as they are functions of queries.
#pragma once

namespace varve::hyperfunctions {

// Makes them known to CREATE EXTENSION. Once, before the server starts.
void register_extensions();

}  // namespace varve::hyperfunctions
