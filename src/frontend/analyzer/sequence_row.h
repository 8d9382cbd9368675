// A sequence in FROM is one row of its state; name_element(): what name[i] calls. Neither has a name in SQL.
// Private to the module.
#pragma once

#include "functions/registry.h"

namespace varve::analyzer {

const functions::Function& sequence_row_function();
const functions::Function& name_element_function();

}  // namespace varve::analyzer
