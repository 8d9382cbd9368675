#include "waiting_keys.h"

#include <algorithm>
#include <cstring>

#include "common/bytes.h"
#include "common/check.h"
#include "common/sql_error.h"
#include "table_writer.h"

namespace varve::executor {

int WaitingKeys::Key::compare(const Key& other) const {
  const uint32_t shared = std::min(size, other.size);
  const int c = shared == 0 ? 0 : std::memcmp(bytes, other.bytes, shared);
  return c != 0 ? c : size < other.size ? -1 : static_cast<int>(size > other.size);
}

std::vector<uint32_t> WaitingKeys::in_order() const {
  std::vector<uint32_t> order;
  order.reserve(keys_.size());
  bool sorted = true;
  for (uint32_t i = 0; i < keys_.size(); ++i) {
    sorted = sorted && (order.empty() || keys_[order.back()].compare(keys_[i]) <= 0);
    order.push_back(i);
  }
  if (sorted) return order;
  // Most comparisons end in the first sixteen bytes that differ between the keys at all.
  size_t shared = keys_[order[0]].size;
  for (uint32_t i : order) {
    const size_t n = std::min<size_t>(shared, keys_[i].size);
    shared = 0;
    while (shared < n && keys_[i].bytes[shared] == keys_[order[0]].bytes[shared]) ++shared;
  }
  struct Item {
    uint64_t first, second;
    uint32_t number;
  };
  std::vector<Item> items;
  items.reserve(order.size());
  for (uint32_t i : order) {
    uint8_t head[16] = {};
    std::memcpy(head, keys_[i].bytes + shared, std::min<size_t>(sizeof(head), keys_[i].size - shared));
    items.push_back({load_be<uint64_t>(head), load_be<uint64_t>(head + 8), i});
  }
  std::sort(items.begin(), items.end(), [&](const Item& a, const Item& b) {
    if (a.first != b.first) return a.first < b.first;
    if (a.second != b.second) return a.second < b.second;
    const int c = keys_[a.number].compare(keys_[b.number]);
    return c != 0 ? c < 0 : a.number < b.number;
  });
  for (size_t i = 0; i < items.size(); ++i) order[i] = items[i].number;
  return order;
}

namespace {

// As they lie in the index.
void order_equals_by_tid(std::vector<access::Btree::NewEntry>& entries) {
  auto same = [](wal::Bytes a, wal::Bytes b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0;
  };
  for (size_t begin = 0, end; begin < entries.size(); begin = end) {
    for (end = begin + 1; end < entries.size() && same(entries[begin].key, entries[end].key);) ++end;
    if (end - begin > 1) {
      std::sort(entries.begin() + static_cast<ptrdiff_t>(begin),
                entries.begin() + static_cast<ptrdiff_t>(end),
                [](const auto& a, const auto& b) { return a.tid.packed() < b.tid.packed(); });
    }
  }
}

}  // namespace

void TableWriter::enter_keys(size_t number, const WaitingKeys& waiting, std::span<const Tid> tids,
                             std::optional<FirstConflict>* conflict) {
  VARVE_CHECK(waiting.rows() == tids.size());
  IndexWriter& index = indexes_[number];
  const catalog::Index& definition = index.keys.index();
  if (definition.unique && !definition.immediate && context_.hooks != nullptr)
    return enter_later_checked_keys(index, waiting, tids);
  const std::vector<uint32_t> order = waiting.in_order();
  std::vector<access::Btree::NewEntry> entries;
  entries.reserve(order.size());
  for (uint32_t number_of_key : order) {
    const WaitingKeys::Key& key = waiting.keys()[number_of_key];
    entries.push_back(
        {access::key_bytes({key.bytes, key.size}), tids[key.row], definition.unique && !key.exempt});
  }
  if (!definition.unique) order_equals_by_tid(entries);
  access::HeapUniqueChecker checker(heap_, *context_.transaction);
  constexpr size_t kAtATime = 4096;
  for (size_t next = 0; next < entries.size();) {
    context_.check_cancel();
    const auto part = std::span(entries).first(std::min(entries.size(), next + kAtATime));
    while (next < part.size()) {
      auto r = index.tree.insert_sorted(*context_.transaction, part, &next, &checker);
      if (!r.ok() && r.status().code() == StatusCode::kWriteConflict)
        throw SqlError(sqlstate::kTRSerializationFailure, std::string(r.status().message()));
      check_ok(r.status());
      check_ok(checker.status());
      if (r->kind == access::InsertOutcome::Kind::kInserted) continue;
      const uint32_t row = waiting.keys()[order[next]].row;
      // To be told of the row is to have read it.
      if (r->kind == access::InsertOutcome::Kind::kConflict && context_.snapshot.serializable != nullptr)
        (void)is_visible(r->conflict);
      const bool is_first = !*conflict || row < (*conflict)->row;
      if (r->kind == access::InsertOutcome::Kind::kMustWait && is_first) {
        check_ok(context_.manager->wait_for(*context_.transaction, r->wait_for));
        continue;
      }
      if (is_first) *conflict = FirstConflict{row, number};
      ++next;
    }
  }
}

// In the order of the rows, which is that in which they are checked.
void TableWriter::enter_later_checked_keys(IndexWriter& index, const WaitingKeys& waiting,
                                           std::span<const Tid> tids) {
  const catalog::Index& definition = index.keys.index();
  for (size_t i = 0; i < waiting.keys().size(); ++i) {
    const WaitingKeys::Key& key = waiting.keys()[i];
    const Tid tid = tids[key.row];
    if (i % 4096 == 4095) context_.check_cancel();
    access::HeapUniqueChecker checker(heap_, *context_.transaction, tid);
    LaterChecker later(checker);
    check_ok(index.tree
                 .insert(*context_.transaction, access::key_bytes({key.bytes, key.size}), tid,
                         key.exempt ? nullptr : &later)
                 .status());
    check_ok(checker.status());
    if (later.found()) context_.hooks->unique_pending(context_, relation_, definition, tid);
  }
}

}  // namespace varve::executor
