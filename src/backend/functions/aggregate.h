// The public header under the name that this module's families use.
#pragma once

#include "functions/aggregate.h"  // IWYU pragma: export
