// The extensions timescaledb and timescaledb_toolkit as far as they are functions of queries, and jobs.
#pragma once

#include <span>
#include <string_view>

#include "functions/kernel.h"

namespace varve::hyperfunctions {

// What another module adds to the extension timescaledb: SQL that runs behind this module's, and the native
// functions that it names. Must live as long as the process.
struct ExtensionPart {
  std::string_view script;
  std::span<const functions::Binding> natives;
};

// Makes them known to CREATE EXTENSION. Once, before the server starts.
void register_extensions(std::span<const ExtensionPart> more = {});

}  // namespace varve::hyperfunctions
