// CREATE TABLE, and the making of columns and tables for others (ADD COLUMN, CREATE TABLE AS).
#pragma once

#include "access/table_method.h"
#include "names.h"

namespace varve::commands {

struct ColumnConstraint {
  parser::Constraint constraint;  // a copy: attributes that follow are folded in
  std::string column;             // empty: a table constraint
};

struct ColumnDefinition {
  AttributeRow attribute;
  const parser::Node* default_expression = nullptr;  // DEFAULT or GENERATED … AS (…)
  std::string default_sql;                           // instead of it
  bool serial = false;
  parser::List<parser::Option> sequence_options;  // of an identity column
  int32_t location = -1;
};

// Reads a column definition; its CHECK, PRIMARY KEY, UNIQUE and REFERENCES go to `constraints`.
// `like`: the column of a partition's parent, whose type it has; null: the definition says its type.
ColumnDefinition read_column(CommandContext& context, std::string_view table, const parser::ColumnDef& source,
                             std::vector<ColumnConstraint>* constraints,
                             const catalog::Column* like = nullptr);
// The sequence of a serial or identity column, owned by it; returns the nextval() text.
std::string make_column_sequence(CommandContext& context, const Relation& table, ColumnNumber number,
                                 const ColumnDefinition& column);
// Binds and stores the column's default (or generation expression), with the sequence it may draw from.
void store_column_default(CommandContext& context, Oid table, ColumnNumber number,
                          const ColumnDefinition& column);
// Applies constraints in PostgreSQL's order: checks, primary key, unique, foreign keys.
void add_constraints(CommandContext& context, Oid table, std::span<const ColumnConstraint> constraints);

struct NewTable {
  std::string name;
  Oid schema;
  char kind = 'r';
  char persistence = 'p';
  std::string options;
  Oid access_method = access::kHeapMethod;  // of tables and materialized views
  std::vector<ColumnDefinition> columns;
  bool is_partition = false;
};
// The method that USING names; without it, default_table_access_method's. 42704, 42809.
Oid table_access_method(CommandContext& context, std::string_view name);
// 42701, 54011, 42P16 … for columns that cannot be together.
void check_columns(CommandContext& context, const NewTable& table);
// USAGE of the types of all columns.
void require_column_types(CommandContext& context, const NewTable& table);
// Rows of pg_class, pg_attribute, pg_type; storage. No defaults, no constraints.
Oid create_table_relation(CommandContext& context, const NewTable& table);
// False, with a notice, when the name is taken and that is all right; 42P07 when it is not.
bool name_is_free(CommandContext& context, Oid schema, std::string_view name, bool if_not_exists);

// 42P16 when the schema is not that of temporary objects; what at_commit() wants to know.
void require_temporary_for_on_commit(CommandContext& context, Oid schema, parser::OnCommit action);
// ON COMMIT DELETE ROWS or DROP of a temporary table.
void note_on_commit(CommandContext& context, Oid table, parser::OnCommit action);

std::string create_table(CommandContext& context, const parser::CreateTableStmt& stmt);
std::string create_table_as(CommandContext& context, const parser::CreateTableAsStmt& stmt);

}  // namespace varve::commands
