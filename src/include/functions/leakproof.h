// Which built-in functions tell nothing of their arguments but by their results (pg_proc.proleakproof).
#pragma once

#include "common/strong_id.h"

namespace varve::functions {

bool is_leakproof(Oid function);

}  // namespace varve::functions
