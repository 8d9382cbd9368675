// The function behind a cast to a domain. It has no name in SQL and no row in pg_proc.
//   (value, domain's name, domain's schema, not null, condition, constraint's name, condition, …)
#pragma once

#include "functions/registry.h"

namespace varve::analyzer {

// Yields the value, or TRUE; throws when the value is not one of the domain.
const functions::Function& domain_function(bool as_condition);
bool is_domain_function(const functions::Function& function);

}  // namespace varve::analyzer
