// Text search configurations and dictionaries by name and oid: those that PostgreSQL has from the start.
#pragma once

#include <string_view>

#include "common/strong_id.h"

namespace varve::functions {

// Names may have "pg_catalog." before them. 0, empty: there is none.
Oid text_config_oid(std::string_view name);
std::string_view text_config_name(Oid oid);
Oid text_dictionary_oid(std::string_view name);
std::string_view text_dictionary_name(Oid oid);

}  // namespace varve::functions
