// Sequences as objects; their values: commands/sequence_functions.h.
#pragma once

#include <optional>

#include "names.h"

namespace varve::commands {

struct SequenceDefinition {
  Oid type;
  int64_t start = 1, increment = 1, min = 1, max = INT64_MAX, cache = 1;
  bool cycle = false;
  bool has_restart = false;
  int64_t restart = 0;
  parser::NameList owned_by;  // empty: not said; {"none"}: nobody
};

// Options of CREATE SEQUENCE or an identity column; `old`: of ALTER SEQUENCE.
SequenceDefinition read_sequence_options(CommandContext& context, parser::List<parser::Option> options,
                                         Oid default_type, const SequenceDefinition* old);
Oid create_sequence_relation(CommandContext& context, std::string_view name, Oid schema, Oid owner,
                             const SequenceDefinition& definition);
SequenceDefinition load_sequence(CommandContext& context, Oid sequence);
void restart_sequence(CommandContext& context, Oid sequence, int64_t value);
// `type`: 'a' (serial, OWNED BY) or 'i' (identity).
void own_sequence(CommandContext& context, Oid sequence, Oid table, ColumnNumber column, char type);
// The sequences that the column (0: any column of the table) owns; `kinds`: "a", "i" or "ai".
std::vector<Oid> owned_sequences(CommandContext& context, Oid table, ColumnNumber column,
                                 std::string_view kinds);

std::string create_sequence(CommandContext& context, const parser::CreateSequenceStmt& stmt);
std::string alter_sequence(CommandContext& context, const parser::AlterSequenceStmt& stmt);
void apply_sequence_options(CommandContext& context, Oid sequence, parser::List<parser::Option> options,
                            char identity);

}  // namespace varve::commands
