// json_to_record() and its kin, whose columns are the call's own. Private to the analyzer.
#pragma once

#include "functions/registry.h"

namespace varve::analyzer {

bool makes_json_records(const functions::Function& function);

}  // namespace varve::analyzer
