// System functions about objects: definitions, privileges, statistics. Kept apart from those of the session's own state.
#pragma once

#include <span>
#include <string_view>

#include "memory/arena.h"
#include "types/value.h"

namespace varve::session {

class Session;

using CatalogFunction = types::Value(Session&, std::span<const types::Value> args, Arena& arena);
// Functions and triggers as text (pg_get_functiondef …); false: not one of these, or of a built-in function.
bool routine_text(Session& session, std::string_view function, std::span<const types::Value> args, Arena& arena,
                  types::Value* out);
// Null if it is not one of them.
CatalogFunction* find_catalog_function(std::string_view name);
// pg_get_viewdef() and its like.
CatalogFunction* find_definition_function(std::string_view name);

}  // namespace varve::session
