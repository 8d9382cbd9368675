#include "segment_map.h"

#include "access/heap.h"
#include "access/key_codec.h"
#include "access/row_layout.h"
#include "common/sql_error.h"
#include "wal/log_manager.h"

namespace varve::catalog {
namespace {

using types::PhysicalType;
using types::Value;

const access::RowLayout& layout() {
  static const access::ColumnSpec specs[] = {{PhysicalType::kInt32, Value::null_of(PhysicalType::kInt32)},
                                             {PhysicalType::kInt32, Value::null_of(PhysicalType::kInt32)},
                                             {PhysicalType::kInt64, Value::null_of(PhysicalType::kInt64)}};
  static const access::RowLayout the_layout(specs);
  return the_layout;
}

txn::Snapshot latest(txn::Transaction& txn) {
  txn.ensure_snapshot();
  Csn now{txn.manager().pool().log().reserved_lsn().value()};
  return {now, txn.xid(), txn::UndoPtr{UINT64_MAX}};
}

// Calls f(database, relation, segment, tid) for every entry.
template <class F>
void for_each_entry(txn::TxnManager& txns, const txn::Snapshot& snapshot, F&& f) {
  auto heap = access::open_heap(txns, kSegmentMap, 0);
  auto runs = heap->runs();
  check_ok(runs.status());
  access::Heap::PageBatch batch;
  Arena arena;
  for (const access::PageRun& run : *runs) {
    for (uint32_t i = 0; i < run.count; ++i) {
      check_ok(heap->read_page(snapshot, PageId{run.first.value() + i}, &batch));
      for (size_t r = 0; r < batch.rows.size(); ++r) {
        f(Oid{layout().get(batch.rows[r], 0, arena).oid()}, Oid{layout().get(batch.rows[r], 1, arena).oid()},
          PageId{static_cast<uint64_t>(layout().get(batch.rows[r], 2, arena).int64)}, batch.tids[r]);
      }
    }
  }
}

}  // namespace

void add_to_segment_map(txn::Transaction& txn, Oid database, Oid relation, PageId segment) {
  const Value values[] = {Value::of_oid(database.value()), Value::of_oid(relation.value()),
                          Value::of_int64(static_cast<int64_t>(segment.value()))};
  std::string row;
  layout().encode(values, &row);
  auto heap = access::open_heap(txn.manager(), kSegmentMap, 0);
  check_ok(heap->insert(txn, access::key_bytes(row), 3).status());
}

std::unordered_map<Oid, PageId> read_segment_map(txn::TxnManager& txns, Oid database,
                                                 txn::Transaction* reader) {
  std::unordered_map<Oid, PageId> map;
  std::unique_ptr<txn::Transaction> own;
  if (reader == nullptr) {
    own = txns.begin(txn::Isolation::kReadCommitted, nullptr);
    reader = own.get();
  }
  for_each_entry(txns, latest(*reader), [&](Oid db, Oid relation, PageId segment, Tid) {
    if (db == database || db == kInvalidOid) map.emplace(relation, segment);
  });
  if (own != nullptr) txns.commit(*own);
  return map;
}

void remove_from_segment_map(txn::Transaction& txn, Oid database) {
  txn::Snapshot snapshot = latest(txn);
  std::vector<Tid> doomed;
  for_each_entry(txn.manager(), snapshot, [&](Oid db, Oid, PageId, Tid tid) {
    if (db == database) doomed.push_back(tid);
  });
  auto heap = access::open_heap(txn.manager(), kSegmentMap, 0);
  access::RowBuffer buffer;
  access::RowVersion newest;
  for (Tid tid : doomed) check_ok(heap->remove(txn, snapshot, tid, false, buffer, &newest).status());
}

}  // namespace varve::catalog
