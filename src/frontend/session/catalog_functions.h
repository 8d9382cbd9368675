// System functions about objects: definitions, privileges, statistics. Kept apart from those of the session's
// own state.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/strong_id.h"
#include "memory/arena.h"
#include "types/value.h"

namespace varve::session {

class Session;

inline types::Value text_value(std::string_view text, Arena& arena) {
  return types::Value::of_string(arena.copy(text));
}
inline types::Value null_text() { return types::Value::null_of(types::PhysicalType::kString); }

using CatalogFunction = types::Value(Session&, std::span<const types::Value> args, Arena& arena);
// Functions and triggers as text (pg_get_functiondef …); false: not one of these, or of a built-in function.
bool routine_text(Session& session, std::string_view function, std::span<const types::Value> args,
                  Arena& arena, types::Value* out);
// Null if it is not one of them.
CatalogFunction* find_catalog_function(std::string_view name);
CatalogFunction* find_type_function(std::string_view name);
CatalogFunction* find_environment_function(std::string_view name);
CatalogFunction* find_information_function(std::string_view name);
CatalogFunction* find_transaction_function(std::string_view name);
CatalogFunction* find_activity_function(std::string_view name);
// Rows of pg_stat_get_activity(pid); NULL: all sessions.
void append_progress(Session& session, std::span<const types::Value> args, Arena& arena,
                     std::vector<types::Value>& out);
void append_activity(Session& session, std::span<const types::Value> args, Arena& arena,
                     std::vector<types::Value>& out);
CatalogFunction* find_statistics_function(std::string_view name);
// format_type() of a type that is not built in: "mood", "other.mood[]". Empty if there is none.
std::string user_type_name(Session& session, Oid type);
// The reg… types of operators, collations, text search configurations and dictionaries; `parts` is the name
// taken apart. No value, false: the type is another one, or there is no such object.
std::optional<uint32_t> parse_object_name(Session& session, Oid type, const std::vector<std::string>& parts,
                                          std::string_view text);
bool append_object_name(Oid type, uint32_t oid, std::string& out);
bool append_user_operator(Session& session, Oid type, uint32_t oid, std::string& out);
// pg_get_viewdef() and its like.
CatalogFunction* find_definition_function(std::string_view name);

}  // namespace varve::session
