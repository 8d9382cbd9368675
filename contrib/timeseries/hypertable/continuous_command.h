// What utility commands mean for continuous aggregates. Private to the module.
#pragma once

#include <span>
#include <string>

#include "commands/command_hook.h"
#include "parser/ast.h"

namespace varve::hypertable {

// CREATE MATERIALIZED VIEW … WITH (timescaledb.continuous).
bool is_continuous(const parser::CreateTableAsStmt& stmt);
std::string create_continuous(commands::CommandContext& context, const parser::CreateTableAsStmt& stmt);

// ALTER of an aggregate's view. False: it is none.
bool alter_continuous(commands::CommandContext& context, const parser::AlterTableStmt& stmt,
                      const catalog::Relation& relation, commands::NextCommand& next, std::string* tag);
// The statement that does it to the view, once its parts have been done; null: it is no aggregate.
const parser::RenameStmt* rename_continuous(commands::CommandContext& context,
                                            const parser::RenameStmt& stmt);
const parser::AlterObjectSchemaStmt* move_continuous(commands::CommandContext& context,
                                                     const parser::AlterObjectSchemaStmt& stmt);
// True: it was one, and is gone.
bool drop_continuous(commands::CommandContext& context, const parser::DropStmt& stmt, parser::RangeVar& name,
                     commands::NextCommand& next);
// The names with those of aggregates replaced by the tables that hold their buckets.
std::span<parser::RangeVar*> tables_of_continuous(commands::CommandContext& context,
                                                  std::span<parser::RangeVar* const> names);

}  // namespace varve::hypertable
