// A database as a copy of another, and its end.
//
// Copied row by row: what is on the template's pages besides visible rows is not worth having, and Tids are
// different in the copy, so the entries of its indexes are the template's with new Tids.
#include <algorithm>

#include "access/btree.h"
#include "access/heap.h"
#include "access/overflow.h"
#include "access/segment.h"
#include "access/sequence.h"
#include "catalog/catalog.h"
#include "common/sql_error.h"
#include "memory/arena.h"
#include "segment_map.h"
#include "wal/log_manager.h"

namespace varve::catalog {
namespace {

using TidMap = std::unordered_map<uint64_t, Tid>;

class DatabaseCopier {
 public:
  DatabaseCopier(txn::Transaction& txn, Catalog& from) : txn_(txn), pool_(txn.manager().pool()), from_(from) {
    txn.ensure_snapshot();
    snapshot_ = {Csn{pool_.log().reserved_lsn().value()}, txn.xid(), txn::UndoPtr{UINT64_MAX}};
  }

  void storage() {
    std::vector<Oid> relations;
    from_.for_each(system_table("pg_class"), {}, [&](const Row& row) {
      if (row.oid("relfilenode") != kInvalidOid && row.letter("relkind") != 'i')
        relations.push_back(row.oid("oid"));
    });
    for (Oid oid : relations) {
      RelationPtr relation = from_.relation(oid);
      if (relation->kind == RelationKind::kSequence)
        sequence(*relation);
      else if (relation->heap != nullptr)
        table(*relation);
    }
  }
  // The segment that stands in the copy for one of the template's.
  Oid copy_of(Oid segment) const { return new_segments_.at(segment); }

 private:
  void note(PageId old_segment, PageId new_segment) {
    new_segments_[Oid{static_cast<uint32_t>(old_segment.value())}] =
        Oid{static_cast<uint32_t>(new_segment.value())};
  }

  void sequence(const Relation& relation) {
    auto state = access::sequence_read(pool_, relation.segment);
    check_ok(state.status());
    auto segment = access::create_sequence(pool_, txn_, state->last_value);
    check_ok(segment.status());
    check_ok(access::sequence_set(pool_, *segment, state->last_value, state->is_called));
    note(relation.segment, *segment);
  }

  void table(const Relation& relation) {
    auto segment = access::create_heap(txn_.manager(), txn_);
    check_ok(segment.status());
    note(relation.segment, *segment);
    TidMap tids;
    auto heap = access::open_heap(txn_.manager(), *segment, 0);
    rows(relation, *heap, &tids);
    for (const Index& index : relation.indexes) {
      auto tree = access::create_btree(txn_.manager(), txn_);
      check_ok(tree.status());
      note(index.segment, *tree);
      entries(*index.tree, *tree, tids);
    }
  }

  void rows(const Relation& relation, access::Heap& to, TidMap* tids) {
    access::RowEncoder encoder(to, *relation.layout);
    std::vector<types::Value> values(relation.columns.size());
    std::vector<wal::Bytes> plain;
    std::vector<Tid> plain_from, plain_to;
    auto runs = relation.heap->runs();
    check_ok(runs.status());
    access::Heap::PageBatch batch;
    Arena arena;
    for (const access::PageRun& run : *runs) {
      for (uint32_t page = 0; page < run.count; ++page) {
        check_ok(relation.heap->read_page(snapshot_, PageId{run.first.value() + page}, &batch));
        plain.clear();
        plain_from.clear();
        uint16_t attributes = 0;
        auto write_plain = [&] {
          if (plain.empty()) return;
          plain_to.clear();
          check_ok(to.insert_many(txn_, plain, attributes, &plain_to));
          for (size_t i = 0; i < plain_to.size(); ++i) (*tids)[plain_from[i].packed()] = plain_to[i];
          plain.clear();
          plain_from.clear();
        };
        for (size_t r = 0; r < batch.rows.size(); ++r) {
          const access::RowVersion& row = batch.rows[r];
          if ((row.flags & access::kRowHasLarge) == 0) {
            if (row.attributes != attributes) write_plain();
            attributes = row.attributes;
            plain.push_back({row.bytes, row.length});
            plain_from.push_back(batch.tids[r]);
            continue;
          }
          arena.reset();
          for (size_t c = 0; c < values.size(); ++c) values[c] = relation.layout->get(row, c, arena);
          encoder.encode(txn_, values);
          auto tid = to.insert(txn_, encoder.bytes(), static_cast<uint16_t>(values.size()), encoder.flags());
          check_ok(tid.status());
          (*tids)[batch.tids[r].packed()] = *tid;
        }
        write_plain();
      }
    }
  }

  // The template's entries in order, those of one key by their new Tids.
  class Entries final : public access::Btree::BulkSource {
   public:
    Entries(access::Btree& tree, const TidMap& tids)
        : tids_(tids),
          cursor_(
              tree.scan({}, access::Btree::Bound::kUnbounded, {}, access::Btree::Bound::kUnbounded, false)) {}

    bool next(access::Entry* entry) override {
      if (next_ == same_key_.size() && !load()) return false;
      *entry = {access::key_bytes(key_), same_key_[next_++], false};
      return true;
    }

   private:
    bool load() {
      same_key_.clear();
      next_ = 0;
      for (;; ++at_) {
        if (at_ == some_.size()) {
          check_ok(cursor_->next(&some_, 256));
          at_ = 0;
          if (some_.empty()) break;
        }
        const access::Entry& e = some_[at_];
        auto tid = tids_.find(e.tid.packed());
        if (e.marked || tid == tids_.end()) continue;
        std::string_view key(reinterpret_cast<const char*>(e.key.data()), e.key.size());
        if (same_key_.empty())
          key_ = key;
        else if (key != key_)
          break;
        same_key_.push_back(tid->second);
      }
      std::sort(same_key_.begin(), same_key_.end());
      return !same_key_.empty();
    }

    const TidMap& tids_;
    std::unique_ptr<access::Btree::Cursor> cursor_;
    std::vector<access::Entry> some_;
    size_t at_ = 0;
    std::string key_;
    std::vector<Tid> same_key_;
    size_t next_ = 0;
  };

  void entries(access::Btree& from, PageId to, const TidMap& tids) {
    if (tids.empty()) return;
    Entries source(from, tids);
    auto tree = access::open_btree(txn_.manager(), to);
    check_ok(tree->bulk_load(txn_, source));
  }

  txn::Transaction& txn_;
  buffer::BufferPool& pool_;
  Catalog& from_;
  txn::Snapshot snapshot_{};
  std::unordered_map<Oid, Oid> new_segments_;
};

}  // namespace

void copy_database(Catalog& catalog, Oid source, Oid target) {
  txn::Transaction& txn = catalog.txn();
  create_system_segments(txn, target, false);
  Database from_database(txn.manager(), source, &txn), to_database(txn.manager(), target, &txn);
  Catalog from(from_database, txn), to(to_database, txn);
  DatabaseCopier copier(txn, from);
  copier.storage();
  for (const SystemTable& table : system_tables()) {
    if (table.shared) continue;
    const bool is_class = table.name == "pg_class";
    from.for_each(table, {}, [&](const Row& row) {
      RowDraft draft(table, row);
      if (is_class && row.oid("relfilenode") != kInvalidOid) {
        draft.oid("relfilenode", copier.copy_of(row.oid("relfilenode")));
      }
      to.insert(draft);
    });
  }
}

void drop_database_storage(Catalog& catalog, Oid database) {
  txn::Transaction& txn = catalog.txn();
  buffer::BufferPool& pool = txn.manager().pool();
  Database doomed(txn.manager(), database, &txn);
  Catalog inside(doomed, txn);
  inside.for_each(system_table("pg_class"), {}, [&](const Row& row) {
    Oid segment = row.oid("relfilenode");
    if (segment != kInvalidOid) check_ok(access::drop_segment(pool, txn, PageId{segment.value()}));
  });
  for (const SystemTable& table : system_tables()) {
    if (table.shared) continue;
    check_ok(access::drop_segment(pool, txn, doomed.system_segment(table.oid)));
    for (const SystemIndex& index : table.indexes) {
      check_ok(access::drop_segment(pool, txn, doomed.system_segment(index.oid)));
    }
  }
  remove_from_segment_map(txn, database);
}

}  // namespace varve::catalog
