// The public header under the name that this module's families use.
#pragma once

#include "functions/kernel.h"  // IWYU pragma: export
