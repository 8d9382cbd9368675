// Indexes of partitioned tables: they have no storage, and a part on each partition.
#include <algorithm>
#include <fmt/format.h>

#include "common/sql_error.h"
#include "constraints.h"
#include "index.h"
#include "inheritance.h"
#include "parser/parser.h"
#include "partition.h"
#include "table_expression.h"

namespace varve::commands {

using catalog::Index;

namespace {

Oid insert_index_constraint(CommandContext& context, const Relation& table, const IndexSpec& spec, Oid index,
                            Oid parent) {
  ConstraintRow row;
  row.oid = catalog::Database::new_oid();
  row.name = spec.name;
  row.schema = table.schema;
  row.kind = spec.primary ? 'p' : 'u';
  row.relation = table.oid;
  row.index = index;
  for (const IndexKeySpec& key : spec.keys) row.columns.push_back(key.column);
  row.deferrable = !spec.immediate;
  row.deferred = spec.initially_deferred;
  if (parent != kInvalidOid) {
    row.parent = parent;
    row.local = false;
    row.inherited = 1;
  }
  insert_constraint_row(context, row);
  for (ColumnNumber c : row.columns) {
    add_dependency(context, {kConstraintClass, row.oid}, column_address(table.oid, c), 'a');
  }
  for (ColumnNumber c : spec.included)
    add_dependency(context, {kConstraintClass, row.oid}, column_address(table.oid, c), 'a');
  add_dependency(context, relation_address(index), {kConstraintClass, row.oid}, 'i');
  return row.oid;
}

}  // namespace

IndexSpec moved_spec(CommandContext& context, const Relation& from, const RelationPtr& to,
                     const IndexSpec& spec) {
  IndexSpec out = spec;
  auto moved = [&](ColumnNumber c) { return to->find_column(from.column(c).name); };
  auto bind = [&](const std::string& sql, std::string_view clause) {
    std::string_view text = context.arena.copy(sql);
    analyzer::AnalyzerContext inner = context.analyzer_context();
    inner.sql = text;
    return analyzer::analyze_table_expression(inner, parser::parse_expression(text, context.arena), &to,
                                              clause);
  };
  std::vector<std::string> names;
  for (IndexKeySpec& key : out.keys) {
    names.push_back(key.name);
    if (key.column != 0)
      key.column = moved(key.column);
    else
      key.expression = bind(key.expression_sql, "index expressions");
  }
  for (ColumnNumber& c : out.included) {
    names.push_back(from.column(c).name);
    c = moved(c);
  }
  if (!out.predicate_sql.empty())
    out.predicate_columns = columns_of(bind(out.predicate_sql, "index predicates"));
  if (out.is_constraint && out.primary)
    out.name = choose_relation_name(context, to->name, "", "pkey", to->schema, true);
  else
    out.name = choose_relation_name(context, to->name, join_names(names), out.is_constraint ? "key" : "idx",
                                    to->schema, out.is_constraint);
  out.valid = true;
  return out;
}

MadeIndex make_index(CommandContext& context, Oid table_oid, const IndexSpec& spec, const MadeIndex& parent,
                     bool recurse) {
  if (spec.primary) {
    std::vector<ColumnNumber> columns;
    for (const IndexKeySpec& key : spec.keys) columns.push_back(key.column);
    set_not_null(context, table_oid, columns);
  }
  MadeIndex made;
  made.index = create_index_relation(context, table_oid, spec);
  RelationPtr table = context.catalog.relation(table_oid);
  if (spec.is_constraint)
    made.constraint = insert_index_constraint(context, *table, spec, made.index, parent.constraint);
  if (parent.index != kInvalidOid) link_partition_index(context, made.index, parent);
  if (!table->is_partitioned() || !recurse) return made;
  for (Oid partition : direct_children(context, table_oid))
    ensure_partition_index(context, table, spec, made, partition);
  return made;
}

bool fits_partition_index(const Relation& parent, const Index& whole, const Relation& partition,
                          const Index& part) {
  if (whole.method != part.method || whole.unique != part.unique ||
      whole.nulls_not_distinct != part.nulls_not_distinct || whole.immediate != part.immediate)
    return false;
  if (whole.predicate_sql != part.predicate_sql || whole.keys.size() != part.keys.size()) return false;
  if (whole.included.size() != part.included.size()) return false;
  for (size_t i = 0; i < whole.keys.size(); ++i) {
    const catalog::IndexColumn &a = whole.keys[i], &b = part.keys[i];
    if (a.descending != b.descending || a.nulls_first != b.nulls_first ||
        a.collation_oid != b.collation_oid ||
        catalog::is_pattern_class(a.opclass) != catalog::is_pattern_class(b.opclass))
      return false;
    if (a.inverted != b.inverted) return false;
    if ((a.column == 0) != (b.column == 0) || a.expression_sql != b.expression_sql) return false;
    if (a.column != 0 && parent.column(a.column).name != partition.column(b.column).name) return false;
  }
  for (size_t i = 0; i < whole.included.size(); ++i) {
    if (parent.column(whole.included[i]).name != partition.column(part.included[i]).name) return false;
  }
  return true;
}

void link_partition_index(CommandContext& context, Oid part, const MadeIndex& whole) {
  RowDraft row(system_table("pg_inherits"));
  row.oid("inhrelid", part).oid("inhparent", whole.index).int4("inhseqno", 1);
  context.catalog.insert(row);
  change_class_row(context, part, [](RowDraft& draft) { draft.boolean("relispartition", true); });
  change_class_row(context, whole.index, [](RowDraft& draft) { draft.boolean("relhassubclass", true); });
  add_dependency(context, relation_address(part), relation_address(whole.index), 'P');
  if (whole.constraint == kInvalidOid) return;
  const KeyMatch match[] = {{"conindid", Value::of_oid(part.value())}};
  context.catalog.for_each(system_table("pg_constraint"), match, [&](const Row& old) {
    if (old.letter("contype") == 'f') return;
    RowDraft draft(system_table("pg_constraint"), old);
    draft.oid("conparentid", whole.constraint)
        .int4("coninhcount", 1)
        .boolean("conislocal", false)
        .boolean("connoinherit", false);
    Oid own = old.oid("oid");
    context.catalog.update(old, draft);
    add_dependency(context, {kConstraintClass, own}, {kConstraintClass, whole.constraint}, 'P');
  });
}

void unlink_partition_index(CommandContext& context, Oid part) {
  const KeyMatch inherits[] = {{"inhrelid", Value::of_oid(part.value())}};
  context.catalog.remove_where(system_table("pg_inherits"), inherits);
  change_class_row(context, part, [](RowDraft& draft) { draft.boolean("relispartition", false); });
  auto cut = [&](const ObjectAddress& object) {
    const KeyMatch depend[] = {{"classid", Value::of_oid(object.class_oid.value())},
                               {"objid", Value::of_oid(object.object.value())}};
    context.catalog.for_each(system_table("pg_depend"), depend, [&](const Row& row) {
      if (row.letter("deptype") == 'P') context.catalog.remove(system_table("pg_depend"), row);
    });
  };
  cut(relation_address(part));
  const KeyMatch match[] = {{"conindid", Value::of_oid(part.value())}};
  context.catalog.for_each(system_table("pg_constraint"), match, [&](const Row& old) {
    if (old.letter("contype") == 'f') return;
    RowDraft draft(system_table("pg_constraint"), old);
    draft.oid("conparentid", kInvalidOid)
        .int4("coninhcount", 0)
        .boolean("conislocal", true)
        .boolean("connoinherit", true);
    Oid own = old.oid("oid");
    context.catalog.update(old, draft);
    cut({kConstraintClass, own});
  });
}

void ensure_partition_index(CommandContext& context, const RelationPtr& parent, const IndexSpec& spec,
                            const MadeIndex& whole, Oid partition_oid) {
  RelationPtr partition = context.catalog.relation(partition_oid);
  RelationPtr fresh = context.catalog.relation(parent->oid);
  for (const Index& index : fresh->indexes) {
    if (index.oid != whole.index) continue;
    for (const Index& part : partition->indexes) {
      if (part.parent != kInvalidOid || !fits_partition_index(*fresh, index, *partition, part)) continue;
      if (whole.constraint != kInvalidOid && (part.constraint == kInvalidOid || part.primary != spec.primary))
        continue;
      return link_partition_index(context, part.oid, whole);
    }
  }
  make_index(context, partition_oid, moved_spec(context, *fresh, partition, spec), whole);
}

namespace {

// A partitioned index is valid once every partition has a valid part of it.
void validate_partitioned_index(CommandContext& context, const RelationPtr& table, Oid index) {
  for (Oid oid : direct_children(context, table->oid)) {
    RelationPtr partition = context.catalog.relation(oid);
    bool there = std::any_of(partition->indexes.begin(), partition->indexes.end(),
                             [&](const Index& i) { return i.parent == index && i.valid; });
    if (!there) return;
  }
  change_index_row(context, index, [](RowDraft& draft) { draft.boolean("indisvalid", true); });
  RelationPtr fresh = context.catalog.relation(table->oid);
  for (const Index& i : fresh->indexes) {
    if (i.oid != index || i.parent == kInvalidOid) continue;
    Oid above = fresh->parents.at(0);
    validate_partitioned_index(context, context.catalog.relation(above), i.parent);
  }
}

Oid table_of_index(CommandContext& context, Oid index) {
  Oid table;
  const KeyMatch match[] = {{"indexrelid", Value::of_oid(index.value())}};
  context.catalog.for_each(system_table("pg_index"), match,
                           [&](const Row& row) { table = row.oid("indrelid"); });
  return table;
}

const Index* index_of(const Relation& table, Oid index) {
  for (const Index& i : table.indexes) {
    if (i.oid == index) return &i;
  }
  return nullptr;
}

}  // namespace

void attach_index(CommandContext& context, const RelationPtr& whole, const parser::RangeVar& name) {
  if (whole->kind != catalog::RelationKind::kPartitionedIndex) {
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is not a partitioned index", whole->name));
  }
  RelationPtr part = find_relation(context, name, txn::LockMode::kAccessExclusive);
  if (part->kind != catalog::RelationKind::kIndex && part->kind != catalog::RelationKind::kPartitionedIndex) {
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is not an index", part->name));
  }
  RelationPtr parent = context.catalog.relation(table_of_index(context, whole->oid));
  RelationPtr partition = context.catalog.relation(table_of_index(context, part->oid));
  const Index& whole_index = *index_of(*parent, whole->oid);
  const Index& part_index = *index_of(*partition, part->oid);
  if (part_index.parent == whole->oid) return;
  auto refuse = [&](std::string detail) {
    throw SqlError(
        sqlstate::kInvalidObjectDefinition,
        fmt::format("cannot attach index \"{}\" as a partition of index \"{}\"", part->name, whole->name))
        .detail(std::move(detail));
  };
  if (part_index.parent != kInvalidOid) {
    throw SqlError(
        sqlstate::kObjectNotInPrerequisiteState,
        fmt::format("cannot attach index \"{}\" as a partition of index \"{}\"", part->name, whole->name))
        .detail(fmt::format("Index \"{}\" is already attached to another index.", part->name));
  }
  if (std::find(partition->parents.begin(), partition->parents.end(), parent->oid) ==
      partition->parents.end()) {
    refuse(fmt::format("Index \"{}\" is not an index on any partition of table \"{}\".", part->name,
                       parent->name));
  }
  if (!fits_partition_index(*parent, whole_index, *partition, part_index))
    refuse("The index definitions do not match.");
  if (whole_index.constraint != kInvalidOid && part_index.constraint == kInvalidOid) {
    refuse(fmt::format(
        "The index \"{}\" belongs to a constraint in table \"{}\" but no constraint exists for index \"{}\".",
        whole->name, parent->name, part->name));
  }
  for (const Index& other : partition->indexes) {
    if (other.parent == whole->oid)
      refuse(fmt::format("Another index is already attached for partition \"{}\".", partition->name));
  }
  link_partition_index(context, part->oid, {whole->oid, whole_index.constraint});
  validate_partitioned_index(context, parent, whole->oid);
}

}  // namespace varve::commands
