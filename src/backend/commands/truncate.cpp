// TRUNCATE: new, empty segments take the place of the old ones, so it is as quick for a large table as for a
// small one, and a rollback brings the old ones back.
#include <algorithm>
#include <fmt/format.h>

#include "access/heap.h"
#include "access/segment.h"
#include "commands/on_commit.h"
#include "common/sql_error.h"
#include "drop.h"
#include "index.h"
#include "inheritance.h"
#include "privileges.h"
#include "sequence.h"

namespace varve::commands {
namespace {

void empty_table(CommandContext& context, const Relation& table) {
  context.txn.assign_xid();
  if (context.txn.serializable != nullptr && table.heap != nullptr && table.heap->tracked())
    check_ok(context.txn.serializable->write_table(table.heap->tracked()));
  auto segment = context.catalog.database().create_heap(context.txn);
  check_ok(segment.status());
  check_ok(access::drop_segment(context.txn.manager().pool(), context.txn, table.segment));
  change_class_row(context, table.oid, [&](RowDraft& draft) {
    draft.oid("relfilenode", Oid{static_cast<uint32_t>(segment->value())})
        .float4("reltuples", -1)
        .int4("relpages", 0);
  });
  for (const catalog::Index& index : table.indexes) replace_index_segment(context, index.oid, index.segment);
}

// Tables that refer to the truncated ones: truncated too with CASCADE, refused else.
void follow_references(CommandContext& context, std::vector<RelationPtr>& tables,
                       parser::DropBehavior behavior) {
  for (size_t i = 0; i < tables.size(); ++i) {
    RelationPtr table = tables[i];
    for (const catalog::ForeignKey& key : table->referenced_by) {
      bool listed = std::any_of(tables.begin(), tables.end(),
                                [&](const RelationPtr& t) { return t->oid == key.table; });
      if (listed) continue;
      RelationPtr other = context.catalog.relation(key.table);
      if (behavior == parser::DropBehavior::kRestrict) {
        throw SqlError(sqlstate::kFeatureNotSupported,
                       "cannot truncate a table referenced in a foreign key constraint")
            .detail(fmt::format("Table \"{}\" references \"{}\".", other->name, table->name))
            .hint(fmt::format("Truncate table \"{}\" at the same time, or use TRUNCATE ... CASCADE.",
                              other->name));
      }
      context.services.lock_relation(other->oid, txn::LockMode::kAccessExclusive);
      context.services.notice(fmt::format("truncate cascades to table \"{}\"", other->name));
      require_table_privilege(context, other->oid, 'D', "table");
      tables.push_back(context.catalog.relation(other->oid));
      for (Oid child : all_children(context, other->oid)) {
        context.services.lock_relation(child, txn::LockMode::kAccessExclusive);
        tables.push_back(context.catalog.relation(child));
      }
    }
  }
}

}  // namespace

void check_references_on_commit(CommandContext& context, std::span<const Oid> emptied) {
  for (Oid oid : emptied) {
    RelationPtr table = context.catalog.relation(oid);
    if (table == nullptr) continue;
    for (const catalog::ForeignKey& key : table->referenced_by) {
      if (std::find(emptied.begin(), emptied.end(), key.table) != emptied.end()) continue;
      RelationPtr other = context.catalog.relation(key.table);
      throw SqlError(sqlstate::kFeatureNotSupported, "unsupported ON COMMIT and foreign key combination")
          .detail(
              fmt::format("Table \"{}\" references \"{}\", but they do not have the same ON COMMIT setting.",
                          other->name, table->name));
    }
  }
}

bool run_at_commit(CommandContext& context, Oid relation, CommandServices::OnCommit action) {
  RelationPtr table = context.catalog.relation(relation);
  if (table == nullptr) return false;
  if (action == CommandServices::OnCommit::kDrop) {
    drop_objects(context, {relation_address(relation)}, parser::DropBehavior::kCascade);
    return false;
  }
  if (table->is_partitioned()) return true;  // its partitions have actions of their own
  auto runs = table->heap->runs();
  check_ok(runs.status());
  if (!runs->empty()) empty_table(context, *table);
  return true;
}

std::string truncate(CommandContext& context, const parser::TruncateStmt& stmt) {
  std::vector<RelationPtr> tables;
  for (const parser::RangeVar* name : stmt.relations) {
    RelationPtr table = find_table(context, *name, txn::LockMode::kAccessExclusive);
    if (table->is_system) require_owner(context, *table);
    require_table_privilege(context, table->oid, 'D', "table");
    auto add = [&](const RelationPtr& t) {
      refuse_pending_events(context, "TRUNCATE", *t);
      bool listed = std::any_of(tables.begin(), tables.end(),
                                [&](const RelationPtr& other) { return other->oid == t->oid; });
      if (!listed) tables.push_back(t);
    };
    add(table);
    if (!name->inherit) {
      if (!table->is_partitioned()) continue;
      throw SqlError(sqlstate::kWrongObjectType, "cannot truncate only a partitioned table")
          .hint("Do not specify the ONLY keyword, or use TRUNCATE ONLY on the partitions directly.");
    }
    lock_children(context, table->oid, txn::LockMode::kAccessExclusive);
    for (Oid child : all_children(context, table->oid)) add(context.catalog.relation(child));
  }
  follow_references(context, tables, stmt.behavior);
  for (const RelationPtr& table : tables) context.services.truncate_triggers(table, true);
  for (const RelationPtr& table : tables) {
    if (!table->is_partitioned()) empty_table(context, *table);
    if (!stmt.restart_identity) continue;
    for (Oid sequence : owned_sequences(context, table->oid, 0, "ai")) {
      restart_sequence(context, sequence, load_sequence(context, sequence).start);
    }
  }
  for (const RelationPtr& table : tables) context.services.truncate_triggers(table, false);
  return "TRUNCATE TABLE";
}

}  // namespace varve::commands
