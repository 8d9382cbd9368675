// Index scan: bounds from expressions, entries in batches, rows through the heap.
#include <algorithm>

#include "access/btree.h"
#include "catalog/table_activity.h"
#include "common/sql_error.h"
#include "expression_array.h"
#include "index_lookup.h"
#include "member_selection.h"
#include "operator.h"

namespace varve::executor {

using access::Btree;
using access::KeyColumn;
using types::Value;

IndexRowFetcher::IndexRowFetcher(const catalog::Relation& relation, const catalog::Index& index,
                                 const planner::BoundIndex* bound,
                                 std::span<const catalog::ColumnNumber> columns, ExecutionContext& context)
    : relation_(relation),
      rows_(relation, columns, context),
      live_(live_columns(relation)),
      builder_(relation, index, bound, context),
      context_(context) {
  for (catalog::ColumnNumber c : live_)
    row_values_.push_back(Value::null_of(column_physical_type(relation, c)));
}

bool IndexRowFetcher::key_still_matches(const access::RowVersion& row, wal::Bytes key) {
  scratch_.reset();
  for (size_t i = 0; i < live_.size(); ++i) {
    if (!builder_.reads(i)) continue;  // it might be long
    row_values_[i] = relation_.layout->get(row, static_cast<size_t>(live_[i] - 1), scratch_);
  }
  const std::span<const std::string> keys = builder_.build(row_values_);
  return !keys.empty() && keys[0].size() >= key.size() &&
         std::memcmp(keys[0].data(), key.data(), key.size()) == 0;
}

namespace {

bool lies_in(const types::StringRef& s, const access::RowVersion& row) {
  const auto* data = reinterpret_cast<const uint8_t*>(s.data());
  return !s.is_inline() && data >= row.bytes && data < row.bytes + row.length;
}

}  // namespace

void IndexRowFetcher::look_up(access::Btree& tree, wal::Bytes key, std::vector<Tid>* tids) {
  suspicious_ = false;
  tids->clear();
  changed_.clear();
  check_ok(tree.lookup(key, tids, &suspicious_, context_.snapshot.serializable));
  several_ = tids->size() > 1 && !suspicious_;
  if (!suspicious_ || tids->size() < 2) return;
  std::sort(tids->begin(), tids->end());
  tids->erase(std::unique(tids->begin(), tids->end()), tids->end());
}

bool RowFetcher::find(Tid tid, access::RowVersion* row) {
  auto found = relation_.heap->fetch(context_.snapshot, tid, buffer_, row);
  check_ok(found.status());
  return *found;
}

void RowFetcher::put(access::RowVersion row, Tid tid, Chunk& out, uint32_t at, Arena& memory) {
  // The row's bytes are in a buffer that the next row overwrites.
  bool copied = false;
  for (uint32_t c = 0; c < columns_.size(); ++c) {
    Value v = reader_.value(columns_[c], row, tid, memory);
    if (!copied && !v.null && v.type == types::PhysicalType::kString && lies_in(v.string, row)) {
      auto* bytes = static_cast<uint8_t*>(memory.allocate(row.length, 1));
      std::memcpy(bytes, row.bytes, row.length);
      row.bytes = bytes;
      copied = true;
      v = reader_.value(columns_[c], row, tid, memory);
    }
    out.column(c).set_value(at, v);
  }
}

// A look-up reads one leaf after the other. A row whose key changes meanwhile may have been found in two of
// them, without a mark in either.
bool IndexRowFetcher::fetch(Tid tid, wal::Bytes key, Chunk& out, uint32_t at, Arena& memory) {
  access::RowVersion row;
  if (!rows_.find(tid, &row)) return false;
  const bool changed = (row.flags & access::kRowKeysChanged) != 0;
  if ((suspicious_ || changed) && !key_still_matches(row, key)) return false;
  if (several_ && changed && !changed_.insert(tid.packed()).second) return false;
  rows_.put(row, tid, out, at, memory);
  return true;
}

bool IndexRowFetcher::fetch(const access::Entry& e, Chunk& out, uint32_t at, Arena& memory) {
  access::RowVersion row;
  if (!rows_.find(e.tid, &row)) return false;
  if ((e.marked || (row.flags & access::kRowKeysChanged) != 0) && !key_still_matches(row, e.key))
    return false;
  rows_.put(row, e.tid, out, at, memory);
  return true;
}

namespace {

// One stretch of the index to read.
struct KeyRange {
  std::string lower, upper;
  Btree::Bound lower_bound = Btree::Bound::kUnbounded, upper_bound = Btree::Bound::kUnbounded;
};

class IndexScanOperator : public Operator {
 public:
  IndexScanOperator(const planner::IndexScanPlan& plan, ExecutionContext& context)
      : Operator(plan, context),
        scan_(plan),
        members_(plan, context),
        equal_(compile_all(plan.equal, context, keys_memory_)),
        any_of_(compile_all(plan.any_of, context, keys_memory_)),
        selected_(context.build_memory->make_array<uint16_t>(context.chunk_rows())),
        rows_at_once_(context.chunk_rows()) {
    if (plan.lower.value != nullptr) lower_.emplace_back(*plan.lower.value, context, keys_memory_);
    if (plan.upper.value != nullptr) upper_.emplace_back(*plan.upper.value, context, keys_memory_);
    if (plan.array_any != nullptr) array_.emplace_back(*plan.array_any, context, keys_memory_);
    if (plan.filter != nullptr) filter_.emplace_back(*plan.filter, context, memory_);
    std::vector<types::PhysicalType> types;
    for (catalog::ColumnNumber c : plan.columns) types.push_back(column_physical_type(**plan.relation, c));
    chunk_ = make_chunk(types, context);
    fetchers_.resize(std::max<size_t>(1, plan.members.size()));
    columns_ = index_key_columns(**plan.relation, *plan.index);
    if (plan.members.empty()) use(0, **plan.relation, *plan.index, plan.bound, plan.columns);
  }

  void expect_rows(uint64_t rows) override { rows_at_once_.expect(rows); }
  void open() override {
    rows_at_once_.restart();
    keys_memory_.reset();
    ranges_.clear();
    prefix_.clear();
    impossible_ = !build_prefix();
    if (!impossible_ && !is_point()) build_ranges();
    if (scan_.members.empty()) return open_table();
    members_.open(nullptr);
    if (!next_member()) impossible_ = true;
  }

  void close() override {
    cursor_.reset();
    entries_.clear();
    memory_.reset();
  }

 protected:
  bool produce(Chunk*& out) override {
    if (impossible_) return false;
    for (;;) {
      memory_.reset();
      chunk_.reset();
      uint32_t n = is_point() ? fetch_point() : fetch_ranges();
      if (n == 0 && next_member()) continue;
      if (n == 0) return false;
      rows_at_once_.grow();
      activity_->add(catalog::Activity::kIndexRows, n);
      chunk_.set_dense(n);
      out = &chunk_;
      if (filter_.empty()) return true;
      uint32_t passed = filter_[0].select(chunk_, chunk_.selection(), selected_);
      if (counters() != nullptr) counters()->rows_removed += n - passed;
      if (passed == 0) continue;
      if (passed < n) chunk_.set_selection({selected_, passed});
      return true;
    }
  }

 private:
  void use(size_t number, const catalog::Relation& relation, const catalog::Index& index,
           const planner::BoundIndex* bound, std::span<const catalog::ColumnNumber> columns) {
    auto& fetcher = fetchers_[number];
    if (fetcher == nullptr)
      fetcher = std::make_unique<IndexRowFetcher>(relation, index, bound, columns, context_);
    fetcher_ = fetcher.get();
    tree_ = index.tree.get();
    index_ = index.oid;
    activity_ = nullptr;
  }

  void open_table() {
    range_ = 0;
    cursor_.reset();
    entries_.clear();
    entry_ = 0;
    tids_.clear();
    tid_ = 0;
    point_done_ = false;
    if (activity_ == nullptr) activity_ = &catalog::table_activity(context_.database, index_);
    activity_->add(catalog::Activity::kIndexScans, 1);
  }

  // Of several tables that are read as one: each has the same stretches of its own index read.
  bool next_member() {
    size_t number = 0;
    if (scan_.members.empty() || !members_.next(&number)) return false;
    const planner::ScanMember& member = scan_.members[number];
    use(number, **member.relation, *member.index, member.bound, member.columns);
    open_table();
    return true;
  }

  bool is_point() const { return scan_.unique_match && equal_.size() == scan_.index->keys.size(); }

  // Key bytes of the equality columns; false if one is NULL (equal to nothing).
  bool build_prefix() {
    for (size_t i = 0; i < equal_.size(); ++i) {
      Value v = equal_[i].scalar();
      if (v.null) return false;
      append_index_column(prefix_, scan_.index->keys[i].type, columns_[i], v);
    }
    return true;
  }

  bool has_room(uint32_t rows) const {
    return rows < rows_at_once_.size() && (rows == 0 || memory_.held_bytes() <= kChunkLargeBytes);
  }

  uint32_t fetch_point() {
    if (!point_done_) {
      point_done_ = true;
      fetcher_->look_up(*tree_, access::key_bytes(prefix_), &tids_);
    }
    uint32_t n = 0;
    while (tid_ < tids_.size() && has_room(n)) {
      if (fetcher_->fetch(tids_[tid_++], access::key_bytes(prefix_), chunk_, n, memory_)) ++n;
    }
    return n;
  }

  uint32_t fetch_ranges() {
    uint32_t n = 0;
    while (has_room(n)) {
      if (entry_ == entries_.size() && !next_entries()) break;
      const access::Entry& e = entries_[entry_++];
      if (fetcher_->fetch(e, chunk_, n, memory_)) ++n;
    }
    return n;
  }

  bool next_entries() {
    context_.check_cancel();
    for (;;) {
      if (cursor_ == nullptr) {
        if (range_ == ranges_.size()) return false;
        const KeyRange& r = ranges_[range_++];
        cursor_ = tree_->scan(access::key_bytes(r.lower), r.lower_bound, access::key_bytes(r.upper),
                              r.upper_bound, scan_.backward, context_.snapshot.serializable);
        batch_ = 16;  // grows: a LIMIT above may want only a few
      }
      check_ok(cursor_->next(&entries_, std::min<size_t>(batch_, context_.chunk_rows())));
      batch_ = std::min<size_t>(batch_ * 4, vector::kChunkRows);
      entry_ = 0;
      if (!entries_.empty()) return true;
      cursor_.reset();
    }
  }

  void build_ranges() {
    if (!any_of_.empty() || !array_.empty()) {
      for (std::string& key : list_keys()) add_range(std::move(key), false);
    } else {
      add_range(prefix_, true);
    }
    if (scan_.backward) std::reverse(ranges_.begin(), ranges_.end());
  }

  // Key prefixes of the list's values, in index order without duplicates; NULLs match nothing.
  std::vector<std::string> list_keys() {
    const KeyColumn& column = columns_[equal_.size()];
    std::vector<Value> values;
    for (ExpressionEvaluator& e : any_of_) values.push_back(e.scalar());
    if (!array_.empty()) {
      Value array = array_[0].scalar();
      if (!array.null) array_elements(scan_.array_any->type, array, &values, context_, keys_memory_);
    }
    std::vector<std::string> keys;
    for (const Value& v : values) {
      if (v.null) continue;
      keys.push_back(prefix_);
      append_index_column(keys.back(), scan_.index->keys[equal_.size()].type, column, v);
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
  }

  // All keys that begin with `prefix`, within the range bounds of the next column if there are any.
  void add_range(std::string prefix, bool with_bounds) {
    KeyRange r;
    bool bounded = with_bounds && (!lower_.empty() || !upper_.empty());
    r.lower = r.upper = prefix;
    if (!prefix.empty()) r.lower_bound = r.upper_bound = Btree::Bound::kInclusive;
    if (bounded) {
      const KeyColumn& column = columns_[equal_.size()];
      // In a descending column the lower value bounds the upper key.
      auto& key_low = column.descending ? upper_ : lower_;
      auto& key_high = column.descending ? lower_ : upper_;
      bool low_inclusive = column.descending ? scan_.upper.inclusive : scan_.lower.inclusive;
      bool high_inclusive = column.descending ? scan_.lower.inclusive : scan_.upper.inclusive;
      if (!set_bound(key_low, column, low_inclusive, &r.lower, &r.lower_bound)) return;
      if (!set_bound(key_high, column, high_inclusive, &r.upper, &r.upper_bound)) return;
      leave_out_nulls(column, key_low.empty(), key_high.empty(), &r);
    }
    ranges_.push_back(std::move(r));
  }

  bool set_bound(std::vector<ExpressionEvaluator>& bound, const KeyColumn& column, bool inclusive,
                 std::string* key, Btree::Bound* kind) {
    if (bound.empty()) return true;
    Value v = bound[0].scalar();
    if (v.null) return false;
    append_index_column(*key, scan_.index->keys[equal_.size()].type, column, v);
    *kind = inclusive ? Btree::Bound::kInclusive : Btree::Bound::kExclusive;
    return true;
  }

  // A comparison is never true of NULL: an open end must stop short of the NULLs.
  void leave_out_nulls(const KeyColumn& column, bool low_open, bool high_open, KeyRange* r) {
    if (!column.nullable) return;
    if (low_open && column.nulls_first) {
      access::append_key_column(r->lower, column, Value::null_of(column.type));
      r->lower_bound = Btree::Bound::kExclusive;
    }
    if (high_open && !column.nulls_first) {
      access::append_key_column(r->upper, column, Value::null_of(column.type));
      r->upper_bound = Btree::Bound::kExclusive;
    }
  }

  const planner::IndexScanPlan& scan_;
  catalog::TableActivity* activity_ = nullptr;
  Btree* tree_ = nullptr;
  Oid index_;
  Arena keys_memory_;
  MemberSelection members_;
  std::vector<KeyColumn> columns_;                          // of the index
  std::vector<std::unique_ptr<IndexRowFetcher>> fetchers_;  // by member
  IndexRowFetcher* fetcher_ = nullptr;
  std::vector<ExpressionEvaluator> equal_, any_of_, lower_, upper_, array_, filter_;
  Chunk chunk_;
  uint16_t* selected_;
  GrowingBatch rows_at_once_;

  bool impossible_ = true;
  std::string prefix_;
  std::vector<KeyRange> ranges_;
  size_t range_ = 0;
  std::unique_ptr<Btree::Cursor> cursor_;
  std::vector<access::Entry> entries_;
  size_t entry_ = 0, batch_ = 16;
  std::vector<Tid> tids_;
  size_t tid_ = 0;
  bool point_done_ = false;
};

}  // namespace

OperatorPtr make_index_scan(const planner::IndexScanPlan& p, ExecutionContext& c) {
  return std::make_unique<IndexScanOperator>(p, c);
}

}  // namespace varve::executor
