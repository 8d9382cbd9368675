// The extension timescaledb as far as it is hypertables, chunks and policies.
#pragma once

#include "hyperfunctions/extension.h"

namespace varve::hypertable {

// Guards rows, looks at commands. Once, before the server starts.
void register_hypertables();
// Its part of the extension's script and native functions.
hyperfunctions::ExtensionPart extension_part();

}  // namespace varve::hypertable
