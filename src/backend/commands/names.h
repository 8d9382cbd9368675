// Names of what commands make or find: where new objects go, PostgreSQL's names for those that were given
// none, and who may touch them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog_rows.h"
#include "parser/ast.h"

namespace varve::commands {

inline constexpr size_t kMaxNameBytes = 63;

// The schema a new object goes to. 3F000 when there is none, 42501 without the right to create in it.
Oid creation_schema(CommandContext& context, std::string_view schema, int32_t location = -1);
// The same of a relation, which may be temporary: its persistence or the schema it names tells.
Oid creation_schema(CommandContext& context, const parser::RangeVar& relation);
Oid require_schema(CommandContext& context, std::string_view name, int32_t location = -1);
// `"a"."b"`-free text of names: quote_identifier(schema).quote_identifier(name).
std::string qualified_name(CommandContext& context, Oid schema, std::string_view name);

// name1_name2_label, shortened to fit (name2 may be empty).
std::string make_object_name(std::string_view name1, std::string_view name2, std::string_view label);
// The first of label, label1, label2 … that no relation (and with `constraint` no constraint) of the schema
// has.
std::string choose_relation_name(CommandContext& context, std::string_view name1, std::string_view name2,
                                 std::string_view label, Oid schema, bool constraint);
std::string choose_constraint_name(CommandContext& context, std::string_view name1, std::string_view name2,
                                   std::string_view label, Oid schema, std::span<const std::string> taken);
bool constraint_name_exists(CommandContext& context, Oid relation, std::string_view name);
// Column names for an index name: joined by "_".
std::string join_names(std::span<const std::string> names);

// 1-based character position of a node.
int position(const CommandContext& context, int32_t location);

// The relation, locked; null only when `missing_ok` and it is not there.
RelationPtr find_relation(CommandContext& context, const parser::RangeVar& name, txn::LockMode lock,
                          bool missing_ok = false);
// Also refuses relations that are not tables (42809 "x" is not a table).
RelationPtr find_table(CommandContext& context, const parser::RangeVar& name, txn::LockMode lock,
                       bool missing_ok = false);
// 55006 when changes of this transaction have yet to be checked against the table's constraints.
void refuse_pending_events(CommandContext& context, std::string_view command, const Relation& relation);
// 42501 must be owner of table x; system tables are nobody's to change.
void require_owner(CommandContext& context, const Relation& relation);
void require_owner_of(CommandContext& context, Oid owner, std::string_view what, std::string_view name);
bool has_privileges_of(CommandContext& context, Oid role);
// "table", "index", "sequence", "view", "materialized view".
std::string_view kind_word(catalog::RelationKind kind);
// 42703 column "x" of relation "t" does not exist.
ColumnNumber require_column(CommandContext& context, const Relation& relation, std::string_view name,
                            int32_t location = -1);
// 42704 when there is no such collation.
Oid require_collation(CommandContext& context, parser::NameList names, int32_t location);
// What a column of the type has: what COLLATE says (42804 where the type has none), the domain's, the type's
// own.
Oid column_collation(CommandContext& context, Oid type, const parser::CollateExpr* clause);
Oid require_role(CommandContext& context, const parser::RoleSpec& role);
std::string role_name(CommandContext& context, Oid role);

// "schema.name".
std::string dotted(parser::NameList names);

// Text, number or word of an option's value.
std::string option_text(const parser::Option& option);
bool option_boolean(const parser::Option& option);
int64_t option_integer(const parser::Option& option);

}  // namespace varve::commands
