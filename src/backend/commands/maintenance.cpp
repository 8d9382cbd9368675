#include "maintenance.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "access/btree.h"
#include "access/column_store.h"
#include "analyze.h"
#include "catalog/table_activity.h"
#include "commands/acl.h"
#include "common/sql_error.h"
#include "index_build.h"
#include "inheritance.h"
#include "settle_rows.h"
#include "table_expression.h"

namespace varve::commands {

using catalog::RelationKind;

namespace {

// Takes dead rows' entries out of all indexes of the table.
class EntryRemover final : public access::Heap::DeadRowSink {
 public:
  EntryRemover(CommandContext& context, const RelationPtr& table)
      : table_(table), live_(live_columns(*table)) {
    for (const catalog::Index& index : table->indexes)
      keys_.push_back(std::make_unique<IndexKeys>(context, table, index));
  }
  Status remove_index_entries(std::span<const Tid> tids, std::span<const access::RowVersion> rows) override {
    for (size_t r = 0; r < rows.size(); ++r) {
      Arena memory;
      std::vector<Value> values;
      for (ColumnNumber c : live_)
        values.push_back(table_->layout->get(rows[r], static_cast<size_t>(c - 1), memory));
      for (auto& keys : keys_) {
        access::Btree& tree = *keys->builder().index().tree;
        for (const std::string& key : keys->builder().build(values))
          VARVE_RETURN_IF_ERROR(tree.remove_dead(access::key_bytes(key), tids[r]));
      }
    }
    return {};
  }

 private:
  RelationPtr table_;
  std::vector<ColumnNumber> live_;
  std::vector<std::unique_ptr<IndexKeys>> keys_;
};

void write_counts(CommandContext& context, Oid relation, double rows, uint64_t pages) {
  change_class_row(context, relation, [&](RowDraft& draft) {
    draft.float4("reltuples", static_cast<float>(rows)).int4("relpages", static_cast<int32_t>(pages));
  });
}

}  // namespace

void write_table_counts(CommandContext& context, const Relation& table, double rows) {
  buffer::BufferPool& pool = context.txn.manager().pool();
  auto pages = access::segment_page_count(pool, table.segment);
  check_ok(pages.status());
  write_counts(context, table.oid, rows, *pages);
  for (const catalog::Index& index : table.indexes) {
    auto index_pages = access::segment_page_count(pool, index.segment);
    check_ok(index_pages.status());
    write_counts(context, index.oid, rows, *index_pages);
  }
}

namespace {

uint64_t count_rows(CommandContext& context, const Relation& table) {
  txn::Snapshot snapshot = latest_snapshot(context.txn);
  auto runs = table.heap->runs();
  check_ok(runs.status());
  uint64_t rows = 0, ordinal = 0;
  for (const access::PageRun& run : *runs) {
    for (uint32_t page = 0; page < run.count; ++page) {
      auto count = table.heap->count_page(snapshot, PageId{run.first.value() + page}, ordinal++);
      check_ok(count.status());
      if (sync::CancelToken* cancel = context.txn.cancel_token()) cancel->throw_if_pending();
      rows += *count;
    }
  }
  return rows;
}

std::vector<RelationPtr> targets(CommandContext& context, const parser::VacuumStmt& stmt) {
  std::vector<RelationPtr> found;
  auto lock = txn::LockMode::kShareUpdateExclusive;
  std::string_view verb = stmt.is_vacuum ? "vacuum" : "analyze";
  for (const parser::VacuumRelation* item : stmt.relations) {
    RelationPtr relation = find_relation(context, *item->relation, lock);
    for (std::string_view column : item->columns) require_column(context, *relation, column);
    if (!relation->is_table() && relation->kind != RelationKind::kMaterializedView) {
      context.services.notice("WARNING", sqlstate::kWarning,
                              fmt::format("skipping \"{}\" --- cannot {} non-tables or special system tables",
                                          relation->name, verb));
      continue;
    }
    if (relation->is_system ? !context.is_superuser : !has_privileges_of(context, relation->owner)) {
      context.services.notice(
          "WARNING", sqlstate::kWarning,
          fmt::format("skipping \"{}\" --- only table or database owner can {} it", relation->name, verb));
      continue;
    }
    if (!relation->is_partitioned()) {
      found.push_back(relation);
      continue;
    }
    for (RelationPtr& partition : tables_with_rows(context, relation)) {
      context.services.lock_relation(partition->oid, lock);
      found.push_back(std::move(partition));
    }
  }
  if (!stmt.relations.empty()) return found;
  std::vector<Oid> all;
  context.catalog.for_each(system_table("pg_class"), {}, [&](const Row& row) {
    char kind = row.letter("relkind");
    if ((kind == 'r' || kind == 'm') && row.oid("oid").value() >= catalog::kFirstNormalOid)
      all.push_back(row.oid("oid"));
  });
  for (Oid oid : all) {
    context.services.lock_relation(oid, lock);
    RelationPtr relation = context.catalog.relation(oid);
    if (relation != nullptr && has_privileges_of(context, relation->owner)) found.push_back(relation);
  }
  return found;
}

bool wants_analyze(const parser::VacuumStmt& stmt) {
  bool analyze = !stmt.is_vacuum;
  for (const parser::Option* option : stmt.options) {
    if (option->name == "analyze") analyze = option_boolean(*option);
  }
  return analyze;
}

// Tables that stand for several have statistics of all of them together.
void analyze_families(CommandContext& context, const parser::VacuumStmt& stmt) {
  auto one = [&](Oid oid, parser::NameList columns) {
    RelationPtr table = context.catalog.relation(oid);
    if (table == nullptr || (!table->is_partitioned() && table->children.empty())) return;
    if (has_privileges_of(context, table->owner)) analyze_family(context, table, columns);
  };
  for (const parser::VacuumRelation* item : stmt.relations)
    one(find_relation(context, *item->relation, txn::LockMode::kNone)->oid, item->columns);
  if (!stmt.relations.empty()) return;
  std::set<Oid> with_statistics;
  context.catalog.for_each(system_table("pg_statistic_ext"), {},
                           [&](const Row& row) { with_statistics.insert(row.oid("stxrelid")); });
  for (Oid oid : with_statistics) one(oid, {});
}

}  // namespace

std::string vacuum(CommandContext& context, const parser::VacuumStmt& stmt) {
  for (const parser::Option* option : stmt.options) {
    if (option->name == "full" && option_boolean(*option)) throw_not_supported("VACUUM FULL");
  }
  const bool analyze = wants_analyze(stmt);
  for (const RelationPtr& table : targets(context, stmt)) {
    if (table->is_system) continue;  // the purge thread keeps the system tables clean
    if (stmt.is_vacuum) {
      context.services.report_progress("VACUUM", table->oid, {});
      settle_rows(context, table, 1);
      EntryRemover remover(context, table);
      auto result = table->heap->vacuum(remover);
      check_ok(result.status());
      for (const catalog::Index& index : table->indexes) {
        check_ok(index.tree->sweep(context.txn.manager().horizon()).status());
      }
      if (access::ColumnStore* store = table->heap->columns()) check_ok(store->vacuum_segments());
    }
    double rows;
    if (analyze) {
      parser::NameList columns;
      for (const parser::VacuumRelation* item : stmt.relations) {
        if (item->relation->name == table->name) columns = item->columns;
      }
      context.services.report_progress("ANALYZE", table->oid, {});
      rows = analyze_table(context, table, columns);
      if (columns.empty()) {
        catalog::table_activity(context.catalog.database().oid().value(), table->oid)
            .analyzed(context.eval.format->now_us, false);
      }
    } else {
      rows = static_cast<double>(count_rows(context, *table));
    }
    write_table_counts(context, *table, rows);
  }
  if (analyze) analyze_families(context, stmt);
  return stmt.is_vacuum ? "VACUUM" : "ANALYZE";
}

namespace {

class TableLocking {
 public:
  TableLocking(CommandContext& context, txn::LockMode mode, bool nowait)
      : context_(context), mode_(mode), nowait_(nowait) {}

  void lock(const parser::RangeVar& name) {
    RelationPtr relation = find_relation(context_, name, txn::LockMode::kNone);
    if (!can_lock(*relation)) {
      throw SqlError(sqlstate::kWrongObjectType, fmt::format("cannot lock relation \"{}\"", relation->name))
          .detail(fmt::format("This operation is not supported for {}s.", kind_word(relation->kind)));
    }
    require_right(*relation, context_.role);
    take(*relation);
    relation = find_relation(context_, name, mode_);  // it may be another one since
    if (relation->kind == RelationKind::kView)
      lock_below(*relation, context_.role);
    else if (name.inherit)
      lock_children(context_, relation->oid, mode_);
  }

 private:
  static bool can_lock(const catalog::Relation& relation) {
    return (relation.is_table() && relation.kind != RelationKind::kMaterializedView) ||
           relation.kind == RelationKind::kView;
  }

  // To read is enough for the weakest mode, to change anything for the others.
  void require_right(const catalog::Relation& relation, Oid role) const {
    const std::string_view enough = mode_ == txn::LockMode::kAccessShare    ? "r"
                                    : mode_ == txn::LockMode::kRowExclusive ? "awdD"
                                                                            : "wdD";
    const RoleRights rights(context_.catalog, role);
    if (std::any_of(enough.begin(), enough.end(), [&](char p) { return rights.table_allows(relation, p); }))
      return;
    throw SqlError(sqlstate::kInsufficientPrivilege,
                   fmt::format("permission denied for {} {}", kind_word(relation.kind), relation.name));
  }

  void take(const catalog::Relation& relation) {
    if (!nowait_ || context_.services.try_lock_relation(relation.oid, mode_)) return;
    throw SqlError(sqlstate::kLockNotAvailable,
                   fmt::format("could not obtain lock on relation \"{}\"", relation.name));
  }

  // What a view reads, with its owner's rights.
  void lock_below(const catalog::Relation& view, Oid role) {
    if (!seen_.insert(view.oid.value()).second) return;
    if (!view.has_option("security_invoker")) role = view.owner;
    for (Oid oid : relations_of(view)) {
      RelationPtr relation = context_.catalog.relation(oid);
      if (relation == nullptr || !can_lock(*relation)) continue;
      require_right(*relation, role);
      take(*relation);
      context_.services.lock_relation(oid, mode_);
      if (relation->kind == RelationKind::kView)
        lock_below(*relation, role);
      else
        lock_children(context_, oid, mode_);
    }
  }

  std::set<Oid> relations_of(const catalog::Relation& view) {
    std::set<Oid> found;
    const KeyMatch of_view[] = {{"ev_class", Value::of_oid(view.oid.value())}};
    context_.catalog.for_each(system_table("pg_rewrite"), of_view, [&](const Row& rule) {
      const KeyMatch of_rule[] = {{"classid", Value::of_oid(kRewriteClass.value())},
                                  {"objid", Value::of_oid(rule.oid("oid").value())}};
      context_.catalog.for_each(system_table("pg_depend"), of_rule, [&](const Row& row) {
        if (row.oid("refclassid") == kClassClass && row.oid("refobjid") != view.oid)
          found.insert(row.oid("refobjid"));
      });
    });
    return found;
  }

  CommandContext& context_;
  txn::LockMode mode_;
  bool nowait_;
  std::set<uint32_t> seen_;  // views
};

}  // namespace

std::string lock_table(CommandContext& context, const parser::LockStmt& stmt) {
  TableLocking locking(context, static_cast<txn::LockMode>(stmt.mode), stmt.nowait);
  for (const parser::RangeVar* name : stmt.relations) locking.lock(*name);
  return "LOCK TABLE";
}

}  // namespace varve::commands
