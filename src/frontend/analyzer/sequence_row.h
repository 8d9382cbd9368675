// A sequence in FROM is one row of its state; the function has no name in SQL. Private to the module.
#pragma once

#include "functions/registry.h"

namespace varve::analyzer {

const functions::Function& sequence_row_function();

}  // namespace varve::analyzer
