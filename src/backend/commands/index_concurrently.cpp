// REINDEX CONCURRENTLY and DROP INDEX CONCURRENTLY: beside those who read and write.
//
// A new tree is built as CREATE INDEX CONCURRENTLY builds one, under the name of an index that nobody reads.
// When it has caught up, the two indexes change trees: from then on plans read the new one, and writers fill
// both, because a statement that was planned before may still read the old one. Such a statement holds a lock
// on the table, so when all who hold one have let go of it, the old tree goes with the index that nobody
// reads. An index that is to be dropped becomes such a one by being marked invalid.
#include <algorithm>
#include <fmt/format.h>

#include "access/btree.h"
#include "common/sql_error.h"
#include "drop.h"
#include "index.h"
#include "index_build.h"
#include "inheritance.h"
#include "sync/blocking_scope.h"
#include "sync/parking_spot.h"

namespace varve::commands {

namespace {

constexpr sync::WaitEvent kUsersEnd{sync::WaitClass::kLock, "IndexUsers"};
constexpr std::string_view kReindex = "REINDEX CONCURRENTLY";
constexpr std::string_view kDrop = "DROP INDEX CONCURRENTLY";

const catalog::Index* index_of(const RelationPtr& table, Oid index) {
  for (const catalog::Index& i : table->indexes) {
    if (i.oid == index) return &i;
  }
  return nullptr;
}

// Waits until each of those who hold a lock on the table now, or on one that it is a part of, has been seen
// without. Nothing is locked meanwhile, and who comes later is not waited for.
void wait_for_users(CommandContext& context, Oid table) {
  constexpr int64_t kPollUs = 5'000;
  const uint32_t database = context.catalog.database().oid().value();
  std::vector<uint64_t> tables = {table.value()};
  for (RelationPtr r = context.catalog.relation(table);
       r != nullptr && r->is_partition && !r->parents.empty(); r = context.catalog.relation(r->parents[0]))
    tables.push_back(r->parents[0].value());
  auto holders = [&] {
    std::vector<uint32_t> pids;
    for (const txn::LockManager::LockRow& row : context.txn.manager().locks().snapshot()) {
      if (row.granted && row.tag.kind == txn::LockTagKind::kRelation && row.tag.database == database &&
          row.pid != context.txn.owner_pid &&
          std::find(tables.begin(), tables.end(), row.tag.a) != tables.end())
        pids.push_back(row.pid);
    }
    std::sort(pids.begin(), pids.end());
    return pids;
  };
  sync::CancelToken* cancel = context.txn.cancel_token();
  sync::ParkingSpot spot;
  for (std::vector<uint32_t> waited = holders(); !waited.empty();) {
    (void)spot.wait(kUsersEnd, cancel, kPollUs).ok();
    if (cancel != nullptr) cancel->throw_if_pending();
    const std::vector<uint32_t> now = holders();
    std::erase_if(waited, [&](uint32_t pid) { return !std::binary_search(now.begin(), now.end(), pid); });
  }
}

// Drops indexes that nobody reads any more but statements that are under way.
class DropUnread final : public CommandStep {
 public:
  DropUnread(Oid table, std::vector<Oid> indexes) : table_(table), indexes_(std::move(indexes)) {}
  std::vector<Oid>& indexes() { return indexes_; }

  void run(CommandContext& context) override {
    if (indexes_.empty()) return;
    wait_for_users(context, table_);
    // Writers that know the index end before it does, and those who come later do not know it.
    lock_out_writers(context, table_);
    for (Oid index : indexes_) {
      if (context.catalog.relation(index) == nullptr || index_table(context, index) != table_) continue;
      drop_objects(context, {relation_address(index)}, parser::DropBehavior::kRestrict);
    }
  }

 private:
  Oid table_;
  std::vector<Oid> indexes_;
};

// Gives an index a new tree, and the old one to an index that `old` gets to know.
class Rebuild final : public CommandStep {
 public:
  Rebuild(Oid table, Oid index, DropUnread& old) : table_(table), index_(index), old_(old) {}

  void run(CommandContext& context) override {
    context.services.lock_relation(table_, txn::LockMode::kShareUpdateExclusive);
    RelationPtr table = context.catalog.relation(table_);
    if (table == nullptr || index_of(table, index_) == nullptr) return;  // gone meanwhile
    const Oid aside = make_aside(context, table);
    table = context.catalog.relation(table_);
    const catalog::Index& index = *index_of(table, index_);
    catalog::Index fresh = *index_of(table, aside);
    fresh.name = index.name;
    fresh.unique = index.unique;
    fresh.nulls_not_distinct = index.nulls_not_distinct;
    context.services.report_progress("CREATE INDEX", table->oid,
                                     {{1, 4}, {7, static_cast<int64_t>(fresh.oid.value())}});
    build_index(context, table, fresh, true);
    exchange(context, index.segment, fresh.segment, aside);
    // Marks of those who read it are the index's own.
    if (fresh.tree->tracked()) {
      txn::TrackedRelation tracked = fresh.tree->tracked();
      tracked.oid = index_;
      fresh.tree->track(tracked);
    }
    old_.indexes().push_back(aside);
  }

 private:
  // It refuses nothing: what is unique the other one says.
  Oid make_aside(CommandContext& context, const RelationPtr& table) {
    const catalog::Index& index = *index_of(table, index_);
    IndexSpec spec = spec_of(context, table, index);
    spec.name = choose_relation_name(context, index.name, {}, "ccold", table->schema, false);
    spec.unique = spec.primary = spec.nulls_not_distinct = spec.valid = false;
    spec.immediate = spec.is_constraint = spec.empty = true;
    const Oid oid = create_index_relation(context, table_, spec);
    add_dependency(context, relation_address(oid), relation_address(table_), 'a');
    return oid;
  }

  void exchange(CommandContext& context, PageId old_tree, PageId new_tree, Oid aside) {
    auto set = [&](Oid index, PageId segment) {
      change_class_row(context, index, [&](RowDraft& draft) {
        draft.oid("relfilenode", Oid{static_cast<uint32_t>(segment.value())});
      });
    };
    set(index_, new_tree);
    set(aside, old_tree);
    change_index_row(context, index_, [](RowDraft& draft) { draft.boolean("indisvalid", true); });
  }

  Oid table_, index_;
  DropUnread& old_;
};

}  // namespace

void reindex_concurrently(CommandContext& context, std::span<const Oid> tables, Oid only_index) {
  for (Oid oid : tables) {
    RelationPtr table = context.catalog.relation(oid);
    if (table == nullptr || table->is_partitioned()) continue;
    auto drop = std::make_unique<DropUnread>(oid, std::vector<Oid>());
    bool any = false;
    for (const catalog::Index& index : table->indexes) {
      if (only_index != kInvalidOid && index.oid != only_index && index.parent != only_index) continue;
      if (!index.valid && only_index == kInvalidOid) {
        context.services.notice("WARNING", sqlstate::kIndexCorrupted,
                                fmt::format("cannot reindex invalid index \"{}.{}\" concurrently, skipping",
                                            table->schema_name, index.name));
        continue;
      }
      any = true;
      context.services.run_after_commit(kReindex, std::make_unique<Rebuild>(oid, index.oid, *drop));
    }
    if (any) context.services.run_after_commit(kReindex, std::move(drop));
  }
}

void drop_index_concurrently(CommandContext& context, const Relation& index) {
  const Oid table = index_table(context, index.oid);
  context.services.lock_relation(table, txn::LockMode::kShareUpdateExclusive);
  change_index_row(context, index.oid, [](RowDraft& draft) { draft.boolean("indisvalid", false); });
  context.services.run_after_commit(kDrop, std::make_unique<DropUnread>(table, std::vector<Oid>{index.oid}));
}

}  // namespace varve::commands
