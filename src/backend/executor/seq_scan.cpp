// Sequential scan. Filter columns are decoded first; the others only where rows are left.
#include <algorithm>

#include "access/column_store.h"
#include "catalog/table_activity.h"
#include "column_filter.h"
#include "common/hash.h"
#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "member_selection.h"
#include "operator.h"
#include "plan_walk.h"
#include "runtime_filter.h"
#include "scan_filter.h"
#include "shared_state.h"
#include "table_reader.h"

namespace varve::executor {

using access::RowVersion;
using catalog::ColumnNumber;

namespace {

constexpr size_t kPagesAtOnce = 24;

class SeqScanOperator : public Operator, public FilterableScan {
 public:
  SeqScanOperator(const planner::ScanPlan& plan, ExecutionContext& context)
      : Operator(plan, context),
        scan_(plan),
        relation_(plan.relation->get()),
        reader_(*relation_, plan.columns),
        members_(plan, context),
        selected_(context.build_memory->make_array<uint16_t>(context.chunk_rows())),
        hashes_(context.chunk_rows()),
        rows_at_once_(context.chunk_rows()),
        column_filter_(plan, context, memory_) {
    std::vector<types::PhysicalType> types;
    for (ColumnNumber c : plan.columns) types.push_back(column_physical_type(*relation_, c));
    chunk_ = make_scan_chunk(types);
    filter_column_.assign(plan.columns.size(), false);
    if (plan.filter != nullptr) {
      filter_.emplace_back(*plan.filter, context, memory_);
      walk_expressions(plan, [&](const analyzer::Expr& e) {
        if (e.kind == analyzer::ExprKind::kInput) filter_column_[e.as<analyzer::InputExpr>().index] = true;
      });
    }
    narrow_ = make_scan_chunk(types);
    decoded_.resize(plan.columns.size());
    if (plan.sample_percent != nullptr) percent_.emplace_back(*plan.sample_percent, context, memory_);
    if (plan.sample_seed != nullptr) seed_.emplace_back(*plan.sample_seed, context, memory_);
    batches_.resize(kPagesAtOnce);
    needs_tids_ = plan.sample_percent != nullptr || std::any_of(plan.columns.begin(), plan.columns.end(),
                                                                [](ColumnNumber c) { return c <= 0; });
    counts_only_ = plan.columns.empty() && plan.filter == nullptr && plan.sample_percent == nullptr;
  }

  void expect_rows(uint64_t rows) override { rows_at_once_.expect(rows); }
  void open() override {
    rows_at_once_.restart();
    if (scan_.sample_percent != nullptr) read_sample_parameters();
    at_ = 0;
    rows_.clear();
    pending_ = 0;
    vector_count_ = vector_at_ = 0;
    open_filters();
    column_filter_.open();
    queue_ = nullptr;
    if (scan_.members.empty()) return open_table(0);
    members_.open(context_.filters == nullptr ? nullptr : context_.filters->of_scan(plan_.id));
    next_member();
  }

  bool prepare_parallel(SharedState& shared) override {
    shared.split(plan_.id);
    return true;
  }

  bool push_filter(ScanFilter* filter) override {
    if (filter != nullptr) {
      if (scan_.sample_percent != nullptr) return false;
      for (uint32_t c : filter->columns()) {
        if (scan_.columns[c] <= 0) return false;
      }
    }
    pushed_ = filter;
    return true;
  }

  bool reads_members() const override { return !scan_.members.empty(); }

  bool yield_extremes() override {
    if (scan_.sample_percent != nullptr || scan_.columns.empty()) return false;
    for (ColumnNumber c : scan_.columns) {
      if (c <= 0 || !compares_as_number(relation_->column(c).type)) return false;
    }
    extremes_ = true;
    return true;
  }

  void close() override {
    for (auto& b : batches_) b = {};
    columns_.reset();
    memory_.reset();
  }

 protected:
  bool produce(Chunk*& out) override {
    if (counts_only_ && key_filters_.empty()) return produce_count(out);
    for (;;) {
      if (at_ == rows_.size() && vector_at_ == vector_count_ && !load_rows()) return false;
      if (vector_at_ != vector_count_) {
        if (produce_vector(out)) return true;
        continue;
      }
      uint32_t n = static_cast<uint32_t>(std::min<size_t>(rows_at_once_.size(), rows_.size() - at_));
      if (any_large_) n = reader_.rows_at_once(std::span(rows_).subspan(at_, n));
      std::span rows = std::span(rows_).subspan(at_, n);
      std::span<const Tid> tids =
          needs_tids_ ? std::span<const Tid>(tids_).subspan(at_, n) : std::span<const Tid>();
      at_ += n;
      rows_at_once_.grow();
      memory_.reset();
      if (fill_chunk(RowSource{*this, rows, tids}, out)) return true;
    }
  }

 private:
  // What comes from columns is decoded a vector at a time.
  Chunk make_scan_chunk(std::span<const types::PhysicalType> types) {
    auto in_columns = [](const catalog::RelationPtr& r) {
      return r->heap != nullptr && r->heap->columns() != nullptr;
    };
    bool columns = in_columns(*scan_.relation);
    for (const planner::ScanMember& m : scan_.members) columns = columns || in_columns(*m.relation);
    if (!columns || context_.chunk_rows() >= access::kVectorRows) return make_chunk(types, context_);
    Chunk chunk(static_cast<uint32_t>(types.size()), *context_.build_memory);
    for (uint32_t i = 0; i < types.size(); ++i)
      chunk.column(i) = Vector(types[i], *context_.build_memory, access::kVectorRows);
    return chunk;
  }

  void open_table(size_t number) {
    // Before the pages are counted: no row can come to one that is not among them unnoticed.
    check_ok(relation_->heap->begin_scan(context_.snapshot));
    auto fill = [this](MorselQueue& queue) { fill_queue(queue); };
    if (context_.shared != nullptr && context_.shared->splits(plan_.id)) {
      queue_ = &context_.shared->queue(number, fill);
    } else {
      fill(own_queue_);
      own_queue_.begin_alone(UINT64_MAX / 4);
      queue_ = &own_queue_;
    }
    backwards_ = false;
    if (activity_ == nullptr) activity_ = &catalog::table_activity(context_.database, relation_->oid);
    if (!context_.is_worker) activity_->add(catalog::Activity::kSeqScans, 1);
    page_ = page_end_ = 0;
    run_hint_ = 0;
    extremes_ready_ = false;
    columns_.reset();
    access::ColumnStore* store = scan_.sample_percent == nullptr ? relation_->heap->columns() : nullptr;
    if (store == nullptr) return;
    numbers_ = scan_.members.empty() ? std::span<const ColumnNumber>(scan_.columns) : member_columns_;
    column_filter_.bind(*relation_, numbers_, *store,
                        context_.filters == nullptr ? nullptr : context_.filters->of_scan(plan_.id));
    bound_ = first_bound_ = nullptr;
    goes_from_end_ = pushed_ != nullptr && pushed_->from_end();
    among_equals_ = {};
    if (pushed_ != nullptr) {
      const bool all_count =
          column_filter_.conditions().empty() && !column_filter_.has_rest() && key_filters_.empty();
      if (all_count) column_filter_.add_bound();
      bound_ = column_filter_.add_bound();
      if (all_count) first_bound_ = bound_ + 1;
    }
    columns_ = store->scan(context_.snapshot, *relation_->layout, column_filter_.conditions());
    if (first_bound_ != nullptr) find_first_bound(*store);
  }

  // Of a table without conditions: each vector of a segment that is visible as a whole has a row at its
  // bound. What lies beyond as many of these as rows are wanted is of no use, which is known before a row is
  // read.
  void find_first_bound(access::ColumnStore& store) {
    constexpr uint64_t kMostRows = 100;
    constexpr size_t kMostSegments = 16;
    const uint64_t wanted = pushed_->rows_wanted();
    const std::vector<access::ZoneOrder> order = segment_order();
    if (wanted == 0 || wanted > kMostRows || order.empty()) return;
    const auto [column, descending] = order[0];
    if (!access::has_axis(relation_->layout->column(column).type)) return;
    auto segments = store.segment_runs({order, pushed_->from_end()});
    check_ok(segments.status());
    // The best so far, the last of them in front.
    std::vector<std::pair<int64_t, types::Value>> best;
    auto before = [](const auto& a, const auto& b) { return a.first < b.first; };
    auto bound_of = [&](const types::Value& least, const types::Value& greatest) {
      const types::Value& bound = descending ? greatest : least;
      const int64_t axis = access::axis_value(bound);
      return std::pair(descending ? ~axis : axis, bound);
    };
    types::Value least, greatest;
    uint64_t pages = 0;
    for (size_t s = 0; s < std::min((*segments)->runs().size(), kMostSegments); ++s) {
      const access::PageRun& run = (*segments)->runs()[s];
      pages += run.count;
      if (pages > (*segments)->ordered()) break;
      const uint32_t vectors = value_of(columns_->open_segment(run.first));
      if (vectors == 0 || !value_of(columns_->segment_extremes(column, &least, &greatest)) || least.null)
        continue;
      if (best.size() == wanted && bound_of(least, greatest).first >= best.front().first) break;
      for (uint32_t v = 0; v < vectors; ++v) {
        if (!value_of(columns_->vector_extremes(column, v, &least, &greatest)) || least.null) continue;
        best.push_back(bound_of(least, greatest));
        std::push_heap(best.begin(), best.end(), before);
        if (best.size() <= wanted) continue;
        std::pop_heap(best.begin(), best.end(), before);
        best.pop_back();
      }
    }
    if (best.size() < wanted) return;
    const auto op =
        descending ? access::ColumnComparison::kGreaterEqual : access::ColumnComparison::kLessEqual;
    *first_bound_ = {column, op, best.front().second, {}, false};
    // What is left of the table is nearly equal in the first key: the second decides.
    goes_from_end_ = order.size() > 1 && order[1].descending;
  }
  template <class T>
  static T value_of(Result<T> result) {
    check_ok(result.status());
    return std::move(result).value();
  }

  // Those pages first that most likely have what the operator above wants.
  void fill_queue(MorselQueue& queue) {
    access::ColumnStore* store = relation_->heap->columns();
    auto rows = store == nullptr ? relation_->heap->runs() : store->row_runs();
    check_ok(rows.status());
    access::SegmentOrder order;
    if (pushed_ != nullptr) {
      order = {segment_order(), pushed_->from_end()};
      if (order.from_end) std::reverse(rows->begin(), rows->end());
    }
    if (store == nullptr) return queue.init(std::move(*rows));
    auto segments = store->segment_runs(order);
    check_ok(segments.status());
    queue.init(std::move(*rows), std::move(*segments));
  }

  std::vector<access::ZoneOrder> segment_order() const {
    std::vector<access::ZoneOrder> order = pushed_->order();
    const std::span<const ColumnNumber> numbers =
        scan_.members.empty() ? std::span<const ColumnNumber>(scan_.columns) : member_columns_;
    for (access::ZoneOrder& o : order) {
      if (numbers[o.column] <= 0) return {};
      o.column = static_cast<uint32_t>(numbers[o.column] - 1);
    }
    return order;
  }

  access::ColumnCondition condition_of(const ScanFilter::Bound& bound) const {
    return {static_cast<uint32_t>(numbers_[bound.column] - 1), bound.op, bound.value, {}, true};
  }
  // What the operator above has no use for by now.
  void update_bound() {
    std::optional<ScanFilter::Bound> among_equals;
    const std::optional<ScanFilter::Bound> bound = pushed_->bound(&among_equals);
    bound_->among_equals = nullptr;  // its value may be gone
    if (!bound) return;
    *bound_ = condition_of(*bound);
    if (!among_equals || numbers_[among_equals->column] <= 0) return;
    among_equals_ = condition_of(*among_equals);
    bound_->among_equals = &among_equals_;
  }

  bool take_morsel() {
    if (!queue_->take(&page_, &page_end_)) return false;
    backwards_ = goes_from_end_ && columns_ != nullptr && access::is_settled(queue_->page(page_, &run_hint_));
    return true;
  }
  // The next page of the morsel. Backwards the vectors of a segment are gone through from the last.
  PageId next_page() { return queue_->page(backwards_ ? --page_end_ : page_++, &run_hint_); }
  void put_back_page() {
    if (backwards_)
      ++page_end_;
    else
      --page_;
  }
  // So many of the morsel's pages that would come next.
  void drop_pages(uint64_t n) {
    if (backwards_)
      page_end_ -= n;
    else
      page_ += n;
  }

  // Segments come in the order of the bound, and this one is beyond it: so are those behind it.
  void drop_ordered() {
    const uint64_t end = queue_->drop_ordered();
    if (!backwards_ && page_ < end) page_ = std::min(end, page_end_);
  }

  // Of several tables that are read as one.
  bool next_member() {
    size_t number = 0;
    if (scan_.members.empty() || !members_.next(&number)) {
      queue_ = nullptr;
      return false;
    }
    const planner::ScanMember& member = scan_.members[number];
    relation_ = member.relation->get();
    reader_ = TableReader(*relation_, member.columns);
    member_columns_ = member.columns;
    activity_ = nullptr;
    open_table(number);
    return true;
  }

  // Visible rows of the next few pages.
  bool load_rows() {
    for (;;) {
      if (queue_ == nullptr) return false;
      if (load_table_rows()) return true;
      if (!next_member()) return false;
    }
  }

  bool load_table_rows() {
    rows_.clear();
    tids_.clear();
    at_ = 0;
    context_.check_cancel();
    size_t used = 0, of_page = 0;
    // Whole pages, as many as fill a chunk without beginning the next.
    while (used < kPagesAtOnce && (rows_.empty() || rows_.size() + of_page <= rows_at_once_.size())) {
      if (page_ == page_end_ && !take_morsel()) break;
      size_t before = rows_.size();
      PageId page = next_page();
      if (columns_ != nullptr && access::is_settled(page)) {
        if (!rows_.empty()) {
          put_back_page();
          break;
        }
        if ((extremes_ && open_segment(page)) || open_vector(page)) return true;
        continue;
      }
      of_page = 0;
      if (scan_.sample_by_page && scan_.sample_percent != nullptr && !in_sample(page.value())) continue;
      check_ok(relation_->heap->append_page(context_.snapshot, page, batches_[used],
                                            needs_tids_ ? &tids_ : nullptr, &rows_));
      of_page = rows_.size() - before;
      if (of_page != 0)
        ++used;
      else if (page_ == page_end_)
        context_.check_cancel();
      if (of_page == 0 && ++empty_pages_ % 8 != 0) queue_->give_back(1);
    }
    activity_->add(catalog::Activity::kSeqRows, rows_.size());
    if (scan_.sample_percent != nullptr && !scan_.sample_by_page) sample();
    any_large_ = std::any_of(rows_.begin(), rows_.end(),
                             [](const RowVersion& row) { return (row.flags & access::kRowHasLarge) != 0; });
    return !rows_.empty() || (used == kPagesAtOnce && load_table_rows());
  }

  bool open_vector(PageId page) {
    context_.check_cancel();
    if (bound_ != nullptr) update_bound();
    auto rows = columns_->open(page, vector_rows_.data());
    check_ok(rows.status());
    if (*rows == 0) {
      const uint32_t skipped = columns_->skip(
          static_cast<uint32_t>(std::min<uint64_t>(page_end_ - page_, UINT32_MAX)), backwards_);
      drop_pages(skipped);
      queue_->give_back((skipped + 1) * MorselQueue::kVectorCost);
      const access::ColumnCondition* by = columns_->ruled_out_by();
      if (by != nullptr && (by == bound_ || by == first_bound_)) drop_ordered();
    }
    vector_page_ = page;
    vector_at_ = 0;
    vector_count_ = *rows;
    activity_->add(catalog::Activity::kSeqRows, *rows + columns_->removed());
    if (counters() != nullptr && first_bound_ == nullptr) counters()->rows_removed += columns_->removed();
    return vector_count_ != 0;
  }

  // Two rows in the place of a whole segment.
  bool open_segment(PageId page) {
    if (backwards_ || column_filter_.has_rest() || !key_filters_.empty() || pushed_ != nullptr) return false;
    auto vectors = columns_->open_segment(page);
    check_ok(vectors.status());
    if (*vectors == 0 || *vectors - 1 > page_end_ - page_) return false;
    auto extremes = [this](uint32_t column, types::Value* least, types::Value* greatest) {
      return columns_->segment_extremes(column, least, greatest);
    };
    if (!read_extremes(extremes)) return false;
    drop_pages(*vectors - 1);
    queue_->give_back(*vectors * MorselQueue::kVectorCost);
    extremes_ready_ = true;
    vector_at_ = 0;
    vector_count_ = 2;
    return true;
  }

  // Of all columns, into two rows of the chunk.
  template <class F>
  bool read_extremes(F&& of_column) {
    for (uint32_t c = 0; c < chunk_.column_count(); ++c) {
      types::Value least, greatest;
      auto known = of_column(static_cast<uint32_t>(numbers_[c] - 1), &least, &greatest);
      check_ok(known.status());
      if (!*known) return false;
      chunk_.column(c).reset();
      chunk_.column(c).set_value(0, least);
      chunk_.column(c).set_value(1, greatest);
    }
    return true;
  }

  static bool compares_as_number(Oid type) {
    for (Oid known : {type_oid::kInt2, type_oid::kInt4, type_oid::kInt8, type_oid::kFloat4, type_oid::kFloat8,
                      type_oid::kDate, type_oid::kTime, type_oid::kTimestamp, type_oid::kTimestamptz}) {
      if (type == known) return true;
    }
    return false;
  }

  // Two rows in the place of a vector that is wanted whole.
  bool produce_extremes(Chunk*& out) {
    if (vector_at_ != 0 || vector_count_ != columns_->vector_rows() || column_filter_.has_rest() ||
        !key_filters_.empty() || pushed_ != nullptr)
      return false;
    auto extremes = [this](uint32_t column, types::Value* least, types::Value* greatest) {
      return columns_->extremes(column, least, greatest);
    };
    if (!read_extremes(extremes)) return false;
    vector_at_ = vector_count_;
    chunk_.set_dense(2);
    out = &chunk_;
    return true;
  }

  // The next rows of the open vector.
  bool produce_vector(Chunk*& out) {
    if (extremes_ready_) {
      extremes_ready_ = false;
      vector_at_ = vector_count_;
      chunk_.set_dense(2);
      out = &chunk_;
      return true;
    }
    if (extremes_ && produce_extremes(out)) return true;
    const uint32_t n = std::min(rows_at_once_.size(), vector_count_ - vector_at_);
    rows_at_once_.grow();
    const VectorSource rows{*this, std::span(vector_rows_).subspan(vector_at_, n)};
    vector_at_ += n;
    memory_.reset();
    return fill_chunk(rows, out);
  }

  // Nothing of the rows is read: only how many there are.
  bool produce_count(Chunk*& out) {
    while (pending_ < context_.chunk_rows()) {
      if (page_ == page_end_) {
        context_.check_cancel();
        if (queue_ == nullptr) break;
        if (!queue_->take(&page_, &page_end_)) {
          if (!next_member()) break;
          continue;
        }
      }
      uint64_t ordinal = page_++;
      const PageId page = queue_->page(ordinal, &run_hint_);
      auto rows = relation_->heap->count_page(context_.snapshot, page, ordinal);
      check_ok(rows.status());
      if (access::is_settled(page)) queue_->give_back(MorselQueue::kVectorCost);
      pending_ += *rows;
    }
    if (pending_ == 0) return false;
    auto n = static_cast<uint32_t>(std::min<uint64_t>(pending_, context_.chunk_rows()));
    pending_ -= n;
    chunk_.set_dense(n);
    out = &chunk_;
    return true;
  }

  void read_sample_parameters() {
    types::Value percent = percent_[0].scalar();
    if (percent.null)
      throw SqlError(sqlstate::kInvalidTablesampleArgument, "TABLESAMPLE parameter cannot be null");
    if (!(percent.float64 >= 0 && percent.float64 <= 100)) {
      throw SqlError(sqlstate::kInvalidTablesampleArgument, "sample percentage must be between 0 and 100");
    }
    sample_limit_ = static_cast<uint64_t>(percent.float64 / 100.0 * 4294967296.0);
    sample_seed_ = context_.run * 0x9E3779B97F4A7C15ULL + context_.snapshot.csn.value();
    if (seed_.empty()) return;
    types::Value seed = seed_[0].scalar();
    if (seed.null) {
      throw SqlError(sqlstate::kInvalidTablesampleRepeat, "TABLESAMPLE REPEATABLE parameter cannot be null");
    }
    sample_seed_ = hash_int(seed.words[0]);
  }

  bool in_sample(uint64_t what) const {
    return (hash_combine(hash_int(what), sample_seed_) >> 32) < sample_limit_;
  }

  void sample() {
    size_t kept = 0;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (!in_sample(tids_[i].packed())) continue;
      rows_[kept] = rows_[i];
      tids_[kept++] = tids_[i];
    }
    rows_.resize(kept);
    tids_.resize(kept);
  }

  // What the joins above know of their keys.
  void open_filters() {
    const auto* entries = context_.filters == nullptr ? nullptr : context_.filters->of_scan(plan_.id);
    key_filters_.clear();
    if (entries == nullptr) return;
    for (const RuntimeFilters::Entry& e : *entries) key_filters_.push_back({e.column, e.filter});
  }

  struct ActiveFilter {
    uint32_t column;
    std::shared_ptr<const KeyFilter> filter;
    uint64_t tested = 0, passed = 0;
  };

  // Keeps the rows whose key may be among the join's. One that lets most rows pass is dropped.
  uint32_t apply(ActiveFilter& f, Selection rows) {
    const Vector& keys = chunk_.column(f.column);
    if (f.filter->is_exact()) {
      const uint32_t n = f.filter->select(keys, rows, selected_);
      f.tested += rows.count;
      f.passed += n;
      return n;
    }
    hash_vector(f.filter->type(), keys, rows, hashes_.data(), false);
    uint32_t n = 0;
    for (uint32_t i = 0; i < rows.count; ++i) {
      uint16_t row = static_cast<uint16_t>(rows[i]);
      selected_[n] = row;
      n += static_cast<uint32_t>(f.filter->may_contain(hashes_[i]));
    }
    f.tested += rows.count;
    f.passed += n;
    return n;
  }

  // Where a chunk's rows come from: decode() gives all of them, decode_few() some.
  struct RowSource {
    SeqScanOperator& scan;
    std::span<const RowVersion> rows;
    std::span<const Tid> tids;

    uint32_t count() const { return static_cast<uint32_t>(rows.size()); }
    bool has_filter() const { return !scan.filter_.empty(); }
    bool filter_reads(size_t column) const { return scan.filter_column_[column]; }
    uint32_t select(Selection passed, uint16_t* out) const {
      return scan.filter_[0].select(scan.chunk_, passed, out);
    }
    void decode(uint32_t column, Vector& out) const {
      scan.reader_.decode(column, rows, tids, out, scan.memory_);
    }
    void pick(Selection few) const {
      scan.few_rows_.clear();
      scan.few_tids_.clear();
      for (uint32_t i = 0; i < few.count; ++i) scan.few_rows_.push_back(rows[few[i]]);
      for (uint32_t i = 0; i < few.count && scan.needs_tids_; ++i) scan.few_tids_.push_back(tids[few[i]]);
    }
    void decode_few(uint32_t column, Vector& out) const {
      scan.reader_.decode(column, scan.few_rows_, scan.few_tids_, out, scan.memory_);
    }
  };

  struct VectorSource {
    SeqScanOperator& scan;
    std::span<const uint16_t> rows;

    uint32_t count() const { return static_cast<uint32_t>(rows.size()); }
    bool has_filter() const { return scan.column_filter_.has_rest(); }
    bool filter_reads(size_t column) const { return scan.column_filter_.rest_reads(column); }
    uint32_t select(Selection passed, uint16_t* out) const {
      return scan.column_filter_.select(scan.chunk_, passed, out);
    }
    void decode(uint32_t column, Vector& out) const { scan.decode_vector(column, rows, out); }
    void pick(Selection few) const {
      scan.few_places_.clear();
      for (uint32_t i = 0; i < few.count; ++i) scan.few_places_.push_back(rows[few[i]]);
    }
    void decode_few(uint32_t column, Vector& out) const { scan.decode_vector(column, scan.few_places_, out); }
  };

  void decode_vector(uint32_t column, std::span<const uint16_t> rows, Vector& out) {
    const ColumnNumber number = numbers_[column];
    if (number > 0) return check_ok(columns_->decode(static_cast<uint32_t>(number - 1), rows, out, memory_));
    out.reset();
    RowVersion row;
    row.xid = columns_->writer();
    for (uint32_t i = 0; i < rows.size(); ++i)
      out.set_value(i, reader_.value(number, row, access::ColumnScan::tid(vector_page_, rows[i]), memory_));
  }

  template <class Source>
  bool fill_chunk(const Source& source, Chunk*& out) {
    const uint32_t n = source.count();
    if (!source.has_filter() && key_filters_.empty() && pushed_ == nullptr) {
      decode(source, [](size_t) { return true; });
      chunk_.set_dense(n);
      out = &chunk_;
      return true;
    }
    Selection passed{nullptr, n};
    for (size_t c = 0; c < decoded_.size(); ++c) decoded_[c] = source.has_filter() && source.filter_reads(c);
    if (source.has_filter()) {
      decode(source, [&](size_t c) { return source.filter_reads(c); });
      passed = {selected_, source.select(passed, selected_)};
      if (counters() != nullptr) counters()->rows_removed += n - passed.count;
    }
    for (ActiveFilter& f : key_filters_) {
      if (passed.count == 0) break;
      if (!decoded_[f.column]) {
        source.decode(f.column, chunk_.column(f.column));
        decoded_[f.column] = true;
      }
      passed = {selected_, apply(f, passed)};
    }
    std::erase_if(key_filters_,
                  [](const ActiveFilter& f) { return f.tested > 20000 && f.passed * 4 > f.tested * 3; });
    if (pushed_ != nullptr && passed.count != 0) {
      for (uint32_t c : pushed_->columns()) {
        if (!decoded_[c]) source.decode(c, chunk_.column(c));
        decoded_[c] = true;
      }
      passed = {selected_, pushed_->select(chunk_, passed, selected_)};
    }
    if (passed.count == 0) return false;
    if (passed.count * 2 > n) {
      decode(source, [&](size_t c) { return !decoded_[c]; });
      if (passed.count == n)
        chunk_.set_dense(n);
      else
        chunk_.set_selection(passed);
      out = &chunk_;
      return true;
    }
    source.pick(passed);
    narrow_.reset();
    for (uint32_t c = 0; c < narrow_.column_count(); ++c) {
      if (decoded_[c])
        vector::gather(chunk_.column(c), passed, narrow_.column(c), 0);
      else
        source.decode_few(c, narrow_.column(c));
    }
    narrow_.set_dense(passed.count);
    out = &narrow_;
    return true;
  }

  template <class Source, class F>
  void decode(const Source& source, F&& wanted) {
    for (uint32_t c = 0; c < chunk_.column_count(); ++c) {
      if (wanted(c)) source.decode(c, chunk_.column(c));
    }
  }

  const planner::ScanPlan& scan_;
  const catalog::Relation* relation_;
  catalog::TableActivity* activity_ = nullptr;
  TableReader reader_;
  MemberSelection members_;
  std::vector<ExpressionEvaluator> filter_, percent_, seed_;
  uint64_t sample_limit_ = 0, sample_seed_ = 0;
  std::vector<bool> filter_column_, decoded_;
  Chunk chunk_, narrow_;
  uint16_t* selected_;
  std::vector<uint64_t> hashes_;
  std::vector<ActiveFilter> key_filters_;
  ScanFilter* pushed_ = nullptr;                    // by the operator above
  access::ColumnCondition* bound_ = nullptr;        // among the conditions of columns_: what `pushed_` knows
  access::ColumnCondition* first_bound_ = nullptr;  // behind it, of a table without conditions: see there
  access::ColumnCondition among_equals_{};
  bool goes_from_end_ = false, backwards_ = false;

  MorselQueue own_queue_;
  MorselQueue* queue_ = nullptr;
  uint64_t page_ = 0, page_end_ = 0, empty_pages_ = 0;
  size_t run_hint_ = 0;
  std::vector<access::RowBuffer> batches_;
  bool needs_tids_ = false, counts_only_ = false, extremes_ = false, extremes_ready_ = false;
  uint64_t pending_ = 0;  // rows counted and not yet passed on
  std::vector<RowVersion> rows_, few_rows_;
  std::vector<Tid> tids_, few_tids_;
  size_t at_ = 0;
  bool any_large_ = false;
  GrowingBatch rows_at_once_;

  // Of a table whose old rows lie in columns: the vector in work, and the rows of it that the scan wants.
  ColumnFilter column_filter_;
  std::unique_ptr<access::ColumnScan> columns_;
  std::span<const ColumnNumber> numbers_, member_columns_;
  std::array<uint16_t, access::kVectorRows> vector_rows_;
  PageId vector_page_;
  uint32_t vector_at_ = 0, vector_count_ = 0;
  std::vector<uint16_t> few_places_;
};

}  // namespace

OperatorPtr make_seq_scan(const planner::ScanPlan& p, ExecutionContext& c) {
  return std::make_unique<SeqScanOperator>(p, c);
}

}  // namespace varve::executor
