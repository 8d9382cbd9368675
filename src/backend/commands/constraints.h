// CHECK, PRIMARY KEY, UNIQUE, FOREIGN KEY and NOT NULL: making them on a table that exists.
#pragma once

#include "names.h"

namespace varve::commands {

// The table may hold rows: they are checked.
void add_check_constraint(CommandContext& context, Oid table, const parser::Constraint& constraint,
                          std::string_view column);
// One whose expression is known as canonical SQL (LIKE … INCLUDING CONSTRAINTS).
void add_check_text(CommandContext& context, Oid table, std::string_view name, std::string_view sql,
                    bool no_inherit);
// One that comes from so many parents.
void add_inherited_check(CommandContext& context, Oid table, std::string_view name, std::string_view sql,
                         int32_t count, bool validate, bool validated);
// PRIMARY KEY and UNIQUE.
void add_index_constraint(CommandContext& context, Oid table, const parser::Constraint& constraint,
                          std::string_view column);
void add_foreign_key(CommandContext& context, Oid table, const parser::Constraint& constraint,
                     std::string_view column);
// Sets attnotnull; 23502 `column "x" of relation "t" contains null values` when rows speak against it.
void set_not_null(CommandContext& context, Oid table, std::span<const ColumnNumber> columns);
// 42703 unless the constraint exists (notice when `missing_ok`). Its index goes with it.
void drop_constraint(CommandContext& context, Oid table, std::string_view name, parser::DropBehavior behavior,
                     bool missing_ok);

}  // namespace varve::commands
