#include "sequence.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "access/sequence.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"

namespace varve::commands {
namespace {

int64_t type_limit(Oid type, bool upper) {
  if (type == type_oid::kInt2) return upper ? INT16_MAX : INT16_MIN;
  if (type == type_oid::kInt4) return upper ? INT32_MAX : INT32_MIN;
  return upper ? INT64_MAX : INT64_MIN;
}

[[noreturn]] void bad_value(std::string message) {
  throw SqlError(sqlstate::kInvalidParameterValue, std::move(message));
}

int64_t sequence_integer(const parser::Option& option) {
  std::string text = option_text(option);
  int64_t n = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error == std::errc::result_out_of_range) {
    throw SqlError(sqlstate::kNumericValueOutOfRange,
                   fmt::format("value \"{}\" is out of range for type bigint", text));
  }
  if (error != std::errc() || end != text.data() + text.size()) {
    throw SqlError(sqlstate::kInvalidTextRepresentation,
                   fmt::format("invalid input syntax for type bigint: \"{}\"", text));
  }
  return n;
}

struct Chosen {
  const parser::Option *as = nullptr, *increment = nullptr, *min = nullptr, *max = nullptr, *start = nullptr,
                       *restart = nullptr, *cache = nullptr, *cycle = nullptr, *owned_by = nullptr;
};

Chosen choose(CommandContext& context, parser::List<parser::Option> options) {
  Chosen c;
  const std::pair<std::string_view, const parser::Option**> slots[] = {
      {"as", &c.as},        {"increment", &c.increment}, {"minvalue", &c.min},
      {"maxvalue", &c.max}, {"start", &c.start},         {"restart", &c.restart},
      {"cache", &c.cache},  {"cycle", &c.cycle},         {"owned_by", &c.owned_by}};
  for (const parser::Option* option : options) {
    for (const auto& [name, slot] : slots) {
      if (option->name != name) continue;
      if (*slot != nullptr) {
        throw SqlError(sqlstate::kSyntaxError, "conflicting or redundant options")
            .at(position(context, option->location));
      }
      *slot = option;
    }
  }
  return c;
}

void set_bounds(SequenceDefinition& d, const Chosen& c, bool is_new, Oid old_type) {
  bool type_changed = !is_new && old_type != d.type;
  bool reset_max = is_new || (type_changed && d.max == type_limit(old_type, true));
  bool reset_min = is_new || (type_changed && d.min == type_limit(old_type, false));
  if (c.max != nullptr && c.max->value != nullptr)
    d.max = sequence_integer(*c.max);
  else if (c.max != nullptr || reset_max)
    d.max = d.increment > 0 ? type_limit(d.type, true) : -1;
  std::string type = functions::format_type(d.type, -1);
  if (d.max < type_limit(d.type, false) || d.max > type_limit(d.type, true)) {
    bad_value(fmt::format("MAXVALUE ({}) is out of range for sequence data type {}", d.max, type));
  }
  if (c.min != nullptr && c.min->value != nullptr)
    d.min = sequence_integer(*c.min);
  else if (c.min != nullptr || reset_min)
    d.min = d.increment < 0 ? type_limit(d.type, false) : 1;
  if (d.min < type_limit(d.type, false) || d.min > type_limit(d.type, true)) {
    bad_value(fmt::format("MINVALUE ({}) is out of range for sequence data type {}", d.min, type));
  }
  if (d.min >= d.max) bad_value(fmt::format("MINVALUE ({}) must be less than MAXVALUE ({})", d.min, d.max));
}

void check_in_bounds(const SequenceDefinition& d, std::string_view what, int64_t value) {
  if (value < d.min)
    bad_value(fmt::format("{} value ({}) cannot be less than MINVALUE ({})", what, value, d.min));
  if (value > d.max)
    bad_value(fmt::format("{} value ({}) cannot be greater than MAXVALUE ({})", what, value, d.max));
}

void write_sequence_row(RowDraft& row, const SequenceDefinition& d) {
  row.oid("seqtypid", d.type)
      .set("seqstart", Value::of_int64(d.start))
      .set("seqincrement", Value::of_int64(d.increment));
  row.set("seqmax", Value::of_int64(d.max)).set("seqmin", Value::of_int64(d.min));
  row.set("seqcache", Value::of_int64(d.cache)).boolean("seqcycle", d.cycle);
}

}  // namespace

SequenceDefinition read_sequence_options(CommandContext& context, parser::List<parser::Option> options,
                                         Oid default_type, const SequenceDefinition* old) {
  Chosen c = choose(context, options);
  SequenceDefinition d;
  if (old != nullptr)
    d = *old;
  else
    d.type = default_type;
  Oid old_type = d.type;
  if (c.as != nullptr) {
    analyzer::AnalyzerContext inner = context.analyzer_context();
    d.type = analyzer::resolve_type_name(inner, *parser::as<parser::TypeName>(c.as->value)).type;
    if (d.type != type_oid::kInt2 && d.type != type_oid::kInt4 && d.type != type_oid::kInt8) {
      bad_value("sequence type must be smallint, integer, or bigint");
    }
  }
  if (c.increment != nullptr) d.increment = sequence_integer(*c.increment);
  if (d.increment == 0) bad_value("INCREMENT must not be zero");
  if (c.cycle != nullptr) d.cycle = option_boolean(*c.cycle);
  set_bounds(d, c, old == nullptr, old_type);
  if (c.start != nullptr)
    d.start = sequence_integer(*c.start);
  else if (old == nullptr)
    d.start = d.increment > 0 ? d.min : d.max;
  check_in_bounds(d, "START", d.start);
  if (c.restart != nullptr) {
    d.has_restart = true;
    d.restart = c.restart->value == nullptr ? d.start : sequence_integer(*c.restart);
    check_in_bounds(d, "RESTART", d.restart);
  }
  if (c.cache != nullptr) d.cache = sequence_integer(*c.cache);
  if (d.cache <= 0) bad_value(fmt::format("CACHE ({}) must be greater than zero", d.cache));
  if (c.owned_by != nullptr) d.owned_by = parser::as<parser::QualifiedName>(c.owned_by->value)->names;
  return d;
}

Oid create_sequence_relation(CommandContext& context, std::string_view name, Oid schema, Oid owner,
                             const SequenceDefinition& definition) {
  context.txn.assign_xid();
  auto segment = access::create_sequence(context.txn.manager().pool(), context.txn, definition.start);
  check_ok(segment.status());
  ClassRow row;
  row.oid = catalog::Database::new_oid();
  row.name = name;
  row.schema = schema;
  row.kind = 'S';
  row.segment = *segment;
  row.columns = 3;
  row.owner = owner;
  insert_class_row(context, row);
  ColumnNumber number = 0;
  for (const auto& [column, type] :
       {std::pair{"last_value", type_oid::kInt8}, std::pair{"log_cnt", type_oid::kInt8},
        std::pair{"is_called", type_oid::kBool}}) {
    AttributeRow attribute;
    attribute.name = column;
    attribute.type = type;
    attribute.not_null = true;
    insert_attribute_row(context, row.oid, ++number, attribute);
  }
  insert_system_attributes(context, row.oid);
  RowDraft sequence(system_table("pg_sequence"));
  sequence.oid("seqrelid", row.oid);
  write_sequence_row(sequence, definition);
  context.catalog.insert(sequence);
  add_dependency(context, relation_address(row.oid), {kNamespaceClass, schema}, 'n');
  return row.oid;
}

SequenceDefinition load_sequence(CommandContext& context, Oid sequence) {
  SequenceDefinition d;
  const KeyMatch match[] = {{"seqrelid", Value::of_oid(sequence.value())}};
  context.catalog.for_each(system_table("pg_sequence"), match, [&](const Row& row) {
    d.type = row.oid("seqtypid");
    d.start = row["seqstart"].int64;
    d.increment = row["seqincrement"].int64;
    d.max = row["seqmax"].int64;
    d.min = row["seqmin"].int64;
    d.cache = row["seqcache"].int64;
    d.cycle = row.boolean("seqcycle");
  });
  return d;
}

// A fresh segment takes the old one's place, so that rolling back brings the old values back.
void restart_sequence(CommandContext& context, Oid sequence, int64_t value) {
  RelationPtr relation = context.catalog.relation(sequence);
  context.txn.assign_xid();
  buffer::BufferPool& pool = context.txn.manager().pool();
  auto segment = access::create_sequence(pool, context.txn, value);
  check_ok(segment.status());
  check_ok(access::drop_segment(pool, context.txn, relation->segment));
  change_class_row(context, sequence, [&](RowDraft& row) {
    row.oid("relfilenode", Oid{static_cast<uint32_t>(segment->value())});
  });
}

void own_sequence(CommandContext& context, Oid sequence, Oid table, ColumnNumber column, char type) {
  const KeyMatch match[] = {{"classid", Value::of_oid(kClassClass.value())},
                            {"objid", Value::of_oid(sequence.value())},
                            {"refclassid", Value::of_oid(kClassClass.value())}};
  context.catalog.remove_where(system_table("pg_depend"), match);
  if (table != kInvalidOid)
    add_dependency(context, relation_address(sequence), column_address(table, column), type);
}

std::vector<Oid> owned_sequences(CommandContext& context, Oid table, ColumnNumber column,
                                 std::string_view kinds) {
  std::vector<Oid> found;
  const KeyMatch match[] = {{"refclassid", Value::of_oid(kClassClass.value())},
                            {"refobjid", Value::of_oid(table.value())}};
  context.catalog.for_each(system_table("pg_depend"), match, [&](const Row& row) {
    int32_t sub = row.int4("refobjsubid");
    if (row.oid("classid") != kClassClass || sub == 0 || row.int4("objsubid") != 0) return;
    if (column != 0 && sub != column) return;
    if (kinds.find(row.letter("deptype")) == std::string_view::npos) return;
    found.push_back(row.oid("objid"));
  });
  std::erase_if(found, [&](Oid oid) {
    RelationPtr relation = context.catalog.relation(oid);
    return relation == nullptr || relation->kind != catalog::RelationKind::kSequence;
  });
  return found;
}

namespace {

void set_owner(CommandContext& context, const Relation& sequence, parser::NameList names) {
  if (names.size() == 1 && names[0] == "none")
    return own_sequence(context, sequence.oid, kInvalidOid, 0, 'a');
  if (names.size() < 2) {
    throw SqlError(sqlstate::kSyntaxError, "invalid OWNED BY option")
        .hint("Specify OWNED BY table.column or OWNED BY NONE.");
  }
  parser::RangeVar table;
  table.name = names[names.size() - 2];
  if (names.size() > 2) table.schema = names[names.size() - 3];
  RelationPtr relation = find_relation(context, table, txn::LockMode::kAccessShare);
  if (relation->kind != catalog::RelationKind::kTable) {
    throw SqlError(sqlstate::kWrongObjectType,
                   fmt::format("sequence cannot be owned by relation \"{}\"", relation->name));
  }
  if (relation->owner != sequence.owner) {
    throw SqlError(sqlstate::kObjectNotInPrerequisiteState,
                   "sequence must have same owner as table it is linked to");
  }
  if (relation->schema != sequence.schema) {
    throw SqlError(sqlstate::kObjectNotInPrerequisiteState,
                   "sequence must be in same schema as table it is linked to");
  }
  ColumnNumber column = relation->find_column(names.back());
  if (column == 0) {
    throw SqlError(sqlstate::kUndefinedColumn, fmt::format("column \"{}\" of relation \"{}\" does not exist",
                                                           names.back(), relation->name));
  }
  own_sequence(context, sequence.oid, relation->oid, column, 'a');
}

}  // namespace

std::string create_sequence(CommandContext& context, const parser::CreateSequenceStmt& stmt) {
  const parser::RangeVar& name = *stmt.sequence;
  Oid schema = creation_schema(context, name);
  if (context.catalog.find_relation_oid(schema, name.name) != kInvalidOid) {
    if (stmt.if_not_exists) {
      context.services.notice("NOTICE", sqlstate::kDuplicateTable,
                              fmt::format("relation \"{}\" already exists, skipping", name.name));
      return "CREATE SEQUENCE";
    }
    throw SqlError(sqlstate::kDuplicateTable, fmt::format("relation \"{}\" already exists", name.name));
  }
  SequenceDefinition d = read_sequence_options(context, stmt.options, type_oid::kInt8, nullptr);
  if (d.has_restart) throw SqlError(sqlstate::kSyntaxError, "sequence option \"restart\" not supported here");
  Oid oid = create_sequence_relation(context, name.name, schema, context.role, d);
  if (!d.owned_by.empty()) set_owner(context, *context.catalog.relation(oid), d.owned_by);
  return "CREATE SEQUENCE";
}

void apply_sequence_options(CommandContext& context, Oid sequence, parser::List<parser::Option> options,
                            char identity) {
  SequenceDefinition old = load_sequence(context, sequence);
  SequenceDefinition d = read_sequence_options(context, options, old.type, &old);
  RelationPtr relation = context.catalog.relation(sequence);
  auto state = access::sequence_read(context.txn.manager().pool(), relation->segment);
  check_ok(state.status());
  int64_t last = d.has_restart ? d.restart : state->last_value;
  check_in_bounds(d, "RESTART", last);
  const KeyMatch match[] = {{"seqrelid", Value::of_oid(sequence.value())}};
  context.catalog.for_each(system_table("pg_sequence"), match, [&](const Row& row) {
    RowDraft draft(system_table("pg_sequence"), row);
    write_sequence_row(draft, d);
    context.catalog.update(row, draft);
    return false;
  });
  if (d.has_restart) restart_sequence(context, sequence, d.restart);
  if (!d.owned_by.empty()) {
    if (identity != 0) {
      throw SqlError(sqlstate::kFeatureNotSupported, "cannot change ownership of identity sequence")
          .detail(fmt::format("Sequence \"{}\" is linked to a table.", relation->name));
    }
    set_owner(context, *relation, d.owned_by);
  }
}

std::string alter_sequence(CommandContext& context, const parser::AlterSequenceStmt& stmt) {
  RelationPtr relation =
      find_relation(context, *stmt.sequence, txn::LockMode::kShareRowExclusive, stmt.missing_ok);
  if (relation == nullptr) {
    context.services.notice(fmt::format("relation \"{}\" does not exist, skipping", stmt.sequence->name));
    return "ALTER SEQUENCE";
  }
  if (relation->kind != catalog::RelationKind::kSequence) {
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is not a sequence", relation->name));
  }
  require_owner(context, *relation);
  apply_sequence_options(context, relation->oid, stmt.options, 0);
  return "ALTER SEQUENCE";
}

}  // namespace varve::commands
