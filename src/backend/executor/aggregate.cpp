// GROUP BY and plain aggregates: hashed with spilling, grouping sets, sorted input streamed.
#include <algorithm>
#include <bit>
#include <cstring>
#include <deque>
#include <numeric>
#include <utility>

#include "aggregate_calls.h"
#include "analyzer/expression_walk.h"
#include "common/sql_error.h"
#include "executor/execution.h"
#include "group_filter.h"
#include "parallel.h"
#include "row_compare.h"
#include "scan_filter.h"

namespace varve::executor {

using planner::AggregatePlan;
using types::PhysicalType;

namespace {

constexpr uint32_t kPartitions = 16;
constexpr uint32_t kPartitionBits = 4;
// Input rows that found no place in the table, by hash.
struct Partitions {
  std::unique_ptr<SpillFile> files[kPartitions];
  uint32_t level = 0;
};

class AggregateOperator : public Operator, public FilterableGroups {
 public:
  AggregateOperator(const AggregatePlan& plan, ExecutionContext& context)
      : Operator(plan, context),
        aggregate_(plan),
        groups_(compile_all(plan.groups, context, memory_)),
        calls_(plan.aggregates, context, memory_),
        chunk_(make_chunk(physical_types(plan.output), context)),
        found_(context.chunk_rows()),
        rows_(context.chunk_rows()) {
    children_.push_back(build_operator(*plan.children[0], context));
    if (auto* scan = dynamic_cast<FilterableScan*>(children_[0].get());
        scan != nullptr && asks_for_extremes())
      scan->yield_extremes();
    input_types_ = physical_types(plan.children[0]->output);
    for (const analyzer::Expr* e : plan.groups)
      keys_.push_back(make_key_type(e->type, nullptr, KeyUse::kHash));
    group_values_.resize(groups_.size());
    if (plan.grouping_sets.empty()) {
      sets_.emplace_back();
      for (uint32_t g = 0; g < groups_.size(); ++g) sets_[0].columns.push_back(g);
    } else {
      for (std::span<uint32_t> set : plan.grouping_sets)
        sets_.push_back({std::vector<uint32_t>(set.begin(), set.end()), nullptr, nullptr, {}, {}});
    }
    for (Set& s : sets_) {
      std::vector<KeyType> keys;
      for (uint32_t g : s.columns) keys.push_back(keys_[g]);
      s.table = std::make_unique<GroupTable>(context, keys, std::max<uint32_t>(calls_.state_bytes(), 16));
    }
    streaming_ = plan.input_sorted && sets_.size() == 1 && !groups_.empty();
    last_.init(keys_);
    has_runs_ = calls_.has_runs();
  }

  ~AggregateOperator() override { release(); }

  void open() override {
    release();
    consumed_ = false;
    set_ = 0;
    merged_ = 0;
    at_ = 0;
    last_.clear();
    stream_ended_ = false;
    ready_groups_ = 0;
  }

  void close() override {
    release();
    Operator::close();
  }

  void keep_groups(const planner::FilterPlan& filter) override {
    // Subqueries are evaluated once, by the session's thread.
    const bool reads_others = analyzer::any_of(filter.condition, [](const analyzer::Expr& e) {
      return e.kind == analyzer::ExprKind::kSubplan || e.kind == analyzer::ExprKind::kExecParam;
    });
    if (!reads_others && sets_.size() == 1 && has_safe_expressions(filter, context_)) having_ = &filter;
  }
  uint64_t take_dropped() override { return std::exchange(dropped_, 0); }

 protected:
  bool produce(Chunk*& out) override { return streaming_ ? produce_stream(out) : produce_hashed(out); }

 private:
  struct Set {
    std::vector<uint32_t> columns;
    std::unique_ptr<GroupTable> table;
    std::unique_ptr<Partitions> overflow;  // where unknown groups go once the table is full
    // What threads have merged, each its share of the hashes: returned before the table's own groups.
    std::vector<std::unique_ptr<GroupTable>> merged;
    std::deque<std::pair<std::unique_ptr<SpillFile>, uint32_t>> pending;
  };

  // Nothing but min() and max() of columns.
  bool asks_for_extremes() const {
    if (!aggregate_.groups.empty() || !aggregate_.grouping_sets.empty()) return false;
    for (const planner::AggregateCallPlan& call : aggregate_.aggregates) {
      const bool extreme =
          call.function->routine == nullptr && (call.function->name == "min" || call.function->name == "max");
      if (!extreme || call.filter != nullptr || call.args.size() != 1 ||
          call.args[0]->kind != analyzer::ExprKind::kInput)
        return false;
    }
    return !aggregate_.aggregates.empty();
  }

  void release() {
    for (Set& s : sets_) {
      for (auto& m : s.merged) end_groups(*m, m->groups().size());
      s.merged.clear();
      end_groups(*s.table, s.table->groups().size());
      s.table->clear();
      s.overflow.reset();
      s.pending.clear();
    }
    workers_.clear();  // merged states may have pointed into theirs
    calls_.clear();
  }

  // The states of the first groups are done with.
  void end_groups(GroupTable& table, size_t groups) {
    const uint32_t offset = table.state_offset();
    for (size_t g = table.ended(); g < groups; ++g) calls_.destroy(table.groups()[g] + offset);
    table.set_ended(groups);
  }

  void load_groups(const Chunk& in) {
    memory_.reset();
    for (size_t g = 0; g < groups_.size(); ++g) {
      Vector* v = nullptr;
      groups_[g].evaluate(in, in.selection(), v);
      group_values_[g] = v;
    }
    calls_.prepare(in, in.selection());
  }

  // --- hashed

  bool produce_hashed(Chunk*& out) {
    if (!consumed_) consume();
    for (; set_ < sets_.size(); ++set_, at_ = 0, merged_ = 0) {
      Set& s = sets_[set_];
      for (; merged_ < s.merged.size(); ++merged_, at_ = 0) {
        if (emit_next(s, *s.merged[merged_], out)) return true;
      }
      for (;;) {
        if (at_ < s.table->groups().size()) {
          auto n =
              static_cast<uint32_t>(std::min<size_t>(context_.chunk_rows(), s.table->groups().size() - at_));
          emit(s, *s.table, at_, n);
          at_ += n;
          out = &chunk_;
          return true;
        }
        if (s.pending.empty()) break;
        next_partition(s);
      }
    }
    return false;
  }

  bool emit_next(Set& s, GroupTable& table, Chunk*& out) {
    if (at_ == table.groups().size()) return false;
    auto n = static_cast<uint32_t>(std::min<size_t>(context_.chunk_rows(), table.groups().size() - at_));
    emit(s, table, at_, n);
    at_ += n;
    out = &chunk_;
    return true;
  }

  void consume() {
    consumed_ = true;
    if (!consume_parallel()) {
      add_single_groups();
      consume_child();
    }
    for (Set& s : sets_) queue_overflow(s);
    calls_.finish_deferred();
  }

  void add_single_groups() {
    for (Set& s : sets_) {
      if (s.columns.empty()) single_group(s);
    }
  }

  void consume_child() {
    child().open();
    Chunk* in = nullptr;
    while (child().next(in)) {
      context_.check_cancel();
      load_groups(*in);
      for (Set& s : sets_) add_chunk(s, *in, 0);
    }
    child().close();
  }

  // --- in parallel: each thread groups the pages it gets; the tables are merged, and what a thread had to
  // write to files goes through the merged table.

  struct Worker {
    ParallelWorker thread;
    std::unique_ptr<AggregateOperator> partial;
    Worker(const ExecutionContext& from, SharedState& shared) : thread(from, shared) {}
  };

  // False: it has to be done serially.
  bool consume_parallel() {
    if (!may_run_parallel(context_) || !calls_.combinable()) return false;
    if (!has_safe_expressions(aggregate_, context_) || !can_split(*aggregate_.children[0], context_))
      return false;
    SharedState shared;
    if (!child().prepare_parallel(shared)) return false;
    auto add_worker = [&] {
      workers_.push_back(std::make_unique<Worker>(context_, shared));
      workers_.back()->partial =
          std::make_unique<AggregateOperator>(aggregate_, workers_.back()->thread.context);
    };
    auto begin = [&](uint32_t i) {
      AggregateOperator& partial = *workers_[i]->partial;
      partial.open();
      partial.consumed_ = true;
      partial.add_single_groups();
    };
    add_worker();
    begin(0);
    // The others are made when there is something left for them.
    const bool done = run_alone(child(), shared, [&] { workers_[0]->partial->consume_child(); });
    if (!done) {
      while (workers_.size() < context_.settings.parallel_workers) add_worker();
      run_workers(context_, context_.settings.parallel_workers, [&](uint32_t i) {
        if (i != 0) begin(i);
        workers_[i]->partial->consume_child();
      });
    }
    std::vector<uint32_t> unmatched;
    child().joins_with_unmatched(&unmatched);
    for (uint32_t id : unmatched) {
      shared.unmatched_pass = id;
      workers_[0]->partial->consume_child();
    }
    for (auto& w : workers_) {
      w->thread.add_counters(context_);
      w->thread.context.shared = nullptr;  // gone when this returns
    }
    if (merge_by_hash()) {
      child().close();
      return true;
    }
    for (auto& w : workers_) {
      for (size_t s = 0; s < sets_.size(); ++s) merge_table(sets_[s], *w->partial->sets_[s].table);
    }
    for (auto& w : workers_) {
      for (size_t s = 0; s < sets_.size(); ++s) merge_overflow(sets_[s], w->partial->sets_[s].overflow.get());
    }
    child().close();
    return true;
  }

  // Many groups: each thread merges those of its share of the hashes. False: few, or some are in files.
  bool merge_by_hash() {
    constexpr size_t kManyGroups = 8192;
    size_t groups = 0;
    for (auto& w : workers_) {
      for (Set& s : w->partial->sets_) {
        if (s.overflow != nullptr) return false;
        groups += s.table->groups().size();
      }
    }
    if (groups < kManyGroups) return false;
    auto count = static_cast<uint32_t>(workers_.size());
    std::vector<std::vector<std::unique_ptr<GroupTable>>> made(count);
    std::vector<std::vector<uint8_t*>> merged(count);  // states that have gone into others
    run_workers(context_, count, [&](uint32_t share) {
      AggregateOperator& merger = *workers_[share]->partial;
      for (size_t s = 0; s < sets_.size(); ++s) {
        made[share].push_back(merger.new_table(sets_[s]));
        size_t most = 0;
        for (auto& w : workers_) most += w->partial->sets_[s].table->groups().size();
        made[share][s]->reserve(most / count + 1);
        for (auto& w : workers_) {
          merger.merge_share(*made[share][s], *w->partial->sets_[s].table, share, count, &merged[share]);
        }
      }
    });
    // Until here an error leaves all states to the threads' own tables.
    for (auto& w : workers_) {
      for (Set& s : w->partial->sets_) s.table->give_away();
    }
    for (auto& tables : made) {
      for (size_t s = 0; s < sets_.size(); ++s) sets_[s].merged.push_back(std::move(tables[s]));
    }
    std::vector<uint64_t> dropped(count);
    run_workers(context_, count, [&](uint32_t share) {
      AggregateOperator& merger = *workers_[share]->partial;
      for (uint8_t* s : merged[share]) merger.calls_.destroy(s);
      if (having_ != nullptr) dropped[share] = merger.drop_groups(*sets_[0].merged[share], *having_);
    });
    dropped_ = std::accumulate(dropped.begin(), dropped.end(), dropped_);
    return true;
  }

  // Groups that do not meet the condition; returns how many.
  uint64_t drop_groups(GroupTable& table, const planner::FilterPlan& filter) {
    ExpressionEvaluator condition(*filter.condition, context_, filter_memory_);
    const uint32_t offset = table.state_offset();
    size_t kept = 0, at = 0;
    // What has been looked at and not been kept is no group any more, whatever comes.
    struct Gap {
      GroupTable& table;
      size_t& kept;
      size_t& at;
      ~Gap() { table.erase(kept, at); }
    } gap{table, kept, at};
    while (at < table.groups().size()) {
      context_.check_cancel();
      filter_memory_.reset();
      const auto n =
          static_cast<uint32_t>(std::min<size_t>(context_.chunk_rows(), table.groups().size() - at));
      fill(sets_[0], table, at, n);
      const uint32_t wanted = condition.select(chunk_, chunk_.selection(), rows_.data());
      for (uint32_t i = 0, next = 0; i < n; ++i) {
        uint8_t* group = table.groups()[at + i];
        if (next < wanted && rows_[next] == i) {
          table.replace(kept++, group);
          ++next;
        } else {
          calls_.destroy(group + offset);
        }
      }
      at += n;
    }
    return at - kept;
  }

  std::unique_ptr<GroupTable> new_table(const Set& s) {
    std::vector<KeyType> keys;
    for (uint32_t g : s.columns) keys.push_back(keys_[g]);
    return std::make_unique<GroupTable>(context_, keys, std::max<uint32_t>(calls_.state_bytes(), 16));
  }

  // The groups of one share of the hashes, where they lie; those that `into` has are added to what it has.
  void merge_share(GroupTable& into, GroupTable& from, uint32_t share, uint32_t count,
                   std::vector<uint8_t*>* merged) {
    const uint32_t offset = from.state_offset();
    std::vector<uint8_t*> groups;
    auto flush = [&] {
      context_.check_cancel();
      into.adopt(groups, found_.data());
      for (size_t i = 0; i < groups.size(); ++i) {
        if (found_[i] == nullptr) continue;
        calls_.combine(found_[i] + offset, groups[i] + offset);
        merged->push_back(groups[i] + offset);
      }
      groups.clear();
    };
    for (uint8_t* group : from.groups()) {
      // Not the bits that the table's slots go by.
      if ((GroupTable::hash_of(group) >> 40) % count != share) continue;
      groups.push_back(group);
      if (groups.size() == context_.chunk_rows()) flush();
    }
    if (!groups.empty()) flush();
  }

  void merge_table(Set& s, GroupTable& from) {
    Arena vectors;
    std::vector<Vector> columns;
    std::vector<const Vector*> pointers;
    for (uint32_t g : s.columns) columns.emplace_back(keys_[g].physical, vectors, context_.chunk_rows());
    for (const Vector& v : columns) pointers.push_back(&v);
    uint32_t offset = from.state_offset();
    std::span<uint8_t* const> groups = from.groups();
    for (size_t at = 0; at < groups.size();) {
      auto n = static_cast<uint32_t>(std::min<size_t>(context_.chunk_rows(), groups.size() - at));
      for (uint32_t k = 0; k < columns.size(); ++k) {
        columns[k].reset();
        from.format().gather(k, groups.data() + at, n, columns[k], 0);
      }
      s.table->find(pointers, {nullptr, n}, found_.data(), true);
      for (uint8_t* group : s.table->fresh()) calls_.init(group + offset);
      for (uint32_t i = 0; i < n; ++i) calls_.combine(found_[i] + offset, groups[at + i] + offset);
      at += n;
    }
  }

  void merge_overflow(Set& s, Partitions* overflow) {
    if (overflow == nullptr) return;
    for (auto& file : overflow->files) {
      if (file == nullptr) continue;
      SpillReader reader(*file, context_);
      Chunk* in = nullptr;
      while (reader.next(in)) {
        context_.check_cancel();
        load_groups(*in);
        add_chunk(s, *in, 0);
      }
    }
  }

  // The one group of the empty set is there even without input.
  void single_group(Set& s) {
    std::vector<const Vector*> no_keys;
    s.table->find(no_keys, {nullptr, 1}, found_.data(), true);
    calls_.init(s.table->groups()[0] + s.table->state_offset());
  }

  void add_chunk(Set& s, const Chunk& in, uint32_t level) {
    uint32_t offset = s.table->state_offset();
    if (s.columns.empty()) {
      calls_.update_one(s.table->groups()[0] + offset);
      return;
    }
    keys_of_set_.clear();
    for (uint32_t g : s.columns) keys_of_set_.push_back(group_values_[g]);
    if (s.overflow == nullptr && s.table->memory_bytes() + calls_.memory_bytes() > memory_limit() &&
        !s.table->groups().empty() && level < 60 / kPartitionBits) {
      s.overflow = std::make_unique<Partitions>();
      s.overflow->level = level;
    }
    if (s.overflow == nullptr &&
        (add_coded(s, in.selection(), offset) || add_runs(s, in.selection(), offset)))
      return note_memory(s);
    s.table->find(keys_of_set_, in.selection(), found_.data(), s.overflow == nullptr);
    for (uint8_t* group : s.table->fresh()) calls_.init(group + offset);
    calls_.update(found_.data(), offset);
    if (s.overflow != nullptr) spill_unknown(s, in);
    note_memory(s);
  }

  // Where the keys come as codes of few values, the rows of each combination of them are brought together,
  // looked up once and added as one. False: they do not, or there are too few rows for that.
  bool add_coded(Set& s, const Selection& rows, uint32_t offset) {
    if (rows.count < kFewestCoded || !has_runs_ || !calls_.all_rows() || !combine_codes(rows)) return false;
    if (find_code_runs(rows.count)) {
      add_found_runs(s, rows, offset);
      return true;
    }
    // The combinations that occur, in the order of their first rows.
    code_places_.assign(combinations_, kNoPlace);
    present_.clear();
    for (uint32_t i = 0; i < rows.count; ++i) {
      uint16_t& place = code_places_[combined_[i]];
      if (place == kNoPlace) {
        if ((present_.size() + 1) * kFewestOfCode > rows.count) return false;
        place = static_cast<uint16_t>(present_.size());
        present_.push_back({static_cast<uint16_t>(rows[i]), 0, 0});
      }
      combined_[i] = place;
      ++present_[place].count;
    }
    uint32_t at = 0;
    for (uint32_t p = 0; p < present_.size(); ++p) {
      rows_[p] = present_[p].first_row;
      present_[p].end = at;
      at += present_[p].count;
    }
    const auto groups = static_cast<uint32_t>(present_.size());
    s.table->find(keys_of_set_, {rows_.data(), groups}, found_.data(), true);
    for (uint8_t* group : s.table->fresh()) calls_.init(group + offset);
    for (uint32_t i = 0; i < rows.count; ++i) {
      Present& p = present_[combined_[i]];
      rows_[p.end++] = static_cast<uint16_t>(rows[i]);
    }
    for (uint32_t p = 0; p < groups; ++p)
      calls_.update_rows(found_[p] + offset,
                         {rows_.data() + present_[p].end - present_[p].count, present_[p].count});
    return true;
  }

  // One number below combinations_ for the keys of each row.
  bool combine_codes(const Selection& rows) {
    constexpr uint32_t kMostCombinations = 4096;
    combinations_ = 1;
    for (const Vector* v : keys_of_set_) {
      if (v->is_constant()) continue;
      if (v->codes() == nullptr) return false;
      combinations_ *= v->code_count() + 1;  // NULL is one more
      if (combinations_ > kMostCombinations) return false;
    }
    combined_.resize(rows.count);
    bool first = true;
    for (const Vector* v : keys_of_set_) {
      if (v->is_constant()) continue;
      const uint16_t* codes = v->codes();
      const uint32_t count = v->code_count();
      const bool nulls = v->has_nulls();
      if (first && !nulls && rows.is_dense()) {
        std::memcpy(combined_.data(), codes, rows.count * sizeof(uint16_t));
        first = false;
        continue;
      }
      for (uint32_t i = 0; i < rows.count; ++i) {
        const uint32_t row = rows[i];
        const uint32_t code = nulls && v->is_null(row) ? count : codes[row];
        combined_[i] = static_cast<uint16_t>(first ? code : combined_[i] * (count + 1) + code);
      }
      first = false;
    }
    return !first;
  }

  // Where the combined codes change. False: too often for runs to be added one by one.
  bool find_code_runs(uint32_t count) {
    const uint32_t most = count / kLongRun;
    const uint16_t* codes = combined_.data();
    run_starts_.assign(1, 0);
    for (uint32_t i = 1; i < count;) {
      // Four at once, each with the one before it.
      if (i + 4 <= count && load_raw<uint64_t>(codes + i) == load_raw<uint64_t>(codes + i - 1)) {
        i += 4;
        continue;
      }
      for (const uint32_t end = std::min(i + 4, count); i < end; ++i) {
        if (codes[i] != codes[i - 1]) run_starts_.push_back(i);
      }
      if (run_starts_.size() > most) return false;
    }
    return true;
  }

  // The group of each run into found_; returns how many runs there are, whose end joins run_starts_.
  uint32_t find_groups_of_runs(Set& s, const Selection& rows, uint32_t offset) {
    const auto runs = static_cast<uint32_t>(run_starts_.size());
    for (uint32_t i = 0; i < runs; ++i) rows_[i] = static_cast<uint16_t>(rows[run_starts_[i]]);
    s.table->find(keys_of_set_, {rows_.data(), runs}, found_.data(), true);
    for (uint8_t* group : s.table->fresh()) calls_.init(group + offset);
    run_starts_.push_back(rows.count);
    return runs;
  }
  void add_found_runs(Set& s, const Selection& rows, uint32_t offset) {
    const uint32_t runs = find_groups_of_runs(s, rows, offset);
    for (uint32_t i = 0; i < runs; ++i)
      calls_.update_run(found_[i] + offset, run_starts_[i], run_starts_[i + 1]);
  }

  // Where rows of a group lie together, a run of them is looked up once, and a long one added as one. False:
  // they do not.
  bool add_runs(Set& s, const Selection& rows, uint32_t offset) {
    constexpr uint32_t kShortRun = 2;  // on average
    if (rows.count < 64) return false;
    const uint32_t most = rows.count / kShortRun;
    run_starts_.clear();
    if (!find_runs(rows, 64, 64 / kShortRun * 5 / 4) || !find_runs(rows, rows.count, most)) return false;
    if (has_runs_ && run_starts_.size() * kLongRun <= rows.count) {
      add_found_runs(s, rows, offset);
      return true;
    }
    const uint32_t runs = find_groups_of_runs(s, rows, offset);
    for (uint32_t i = runs; i-- > 0;)  // a run begins at its number or behind it
      std::fill(found_.begin() + run_starts_[i], found_.begin() + run_starts_[i + 1], found_[i]);
    calls_.update(found_.data(), offset);
    return true;
  }

  // Where keys change within the first `count` rows. False: more often than that.
  bool find_runs(const Selection& rows, uint32_t count, uint32_t most) {
    run_bits_.assign((count + 63) / 64, 0);
    run_bits_[0] = 1;
    for (size_t k = 0; k < keys_of_set_.size(); ++k) mark_changes(*keys_of_set_[k], rows, count);
    uint32_t runs = 0;
    for (uint64_t word : run_bits_) runs += static_cast<uint32_t>(std::popcount(word));
    if (runs > most) return false;
    run_starts_.clear();
    for (uint32_t w = 0; w < run_bits_.size(); ++w) {
      for (uint64_t bits = run_bits_[w]; bits != 0; bits &= bits - 1)
        run_starts_.push_back(w * 64 + static_cast<uint32_t>(std::countr_zero(bits)));
    }
    return true;
  }

  struct Words {
    uint64_t first, second;
    bool operator!=(const Words& o) const { return first != o.first || second != o.second; }
  };
  // Values with the same bits are equal; other ones may be, too: then they are found to be the same group.
  void mark_changes(const Vector& v, const Selection& rows, uint32_t count) {
    if (v.is_constant()) return;
    switch (types::physical_width(v.type())) {
      case 1:
        return mark_changes_of<uint8_t>(v, rows, count);
      case 2:
        return mark_changes_of<uint16_t>(v, rows, count);
      case 4:
        return mark_changes_of<uint32_t>(v, rows, count);
      case 8:
        return mark_changes_of<uint64_t>(v, rows, count);
      default:
        return mark_changes_of<Words>(v, rows, count);
    }
  }
  template <class T>
  void mark_changes_of(const Vector& v, const Selection& rows, uint32_t count) {
    const T* data = v.data<T>();
    const bool nulls = v.has_nulls();
    if (rows.is_dense() && !nulls) {
      for (uint32_t i = 1; i < count; ++i)
        run_bits_[i / 64] |= static_cast<uint64_t>(data[i] != data[i - 1]) << (i % 64);
      return;
    }
    for (uint32_t i = 1; i < count; ++i) {
      const uint32_t row = rows[i], before = rows[i - 1];
      bool changes = data[row] != data[before];
      if (nulls) changes = v.is_null(row) || v.is_null(before) || changes;
      run_bits_[i / 64] |= static_cast<uint64_t>(changes) << (i % 64);
    }
  }

  size_t memory_limit() const { return context_.hash_memory_bytes(); }

  void spill_unknown(Set& s, const Chunk& in) {
    std::span<const uint64_t> hashes = s.table->hashes();
    uint32_t shift = 60 - s.overflow->level * kPartitionBits;
    for (uint32_t p = 0; p < kPartitions; ++p) {
      uint32_t n = 0;
      for (uint32_t i = 0; i < in.count(); ++i) {
        if (found_[i] == nullptr && (hashes[i] >> shift & (kPartitions - 1)) == p)
          rows_[n++] = static_cast<uint16_t>(in.selection()[i]);
      }
      if (n == 0) continue;
      auto& file = s.overflow->files[p];
      if (file == nullptr) file = std::make_unique<SpillFile>(context_.settings, input_types_);
      file->append(in.columns(), {rows_.data(), n});
    }
  }

  void queue_overflow(Set& s) {
    if (s.overflow == nullptr) return;
    for (auto& file : s.overflow->files) {
      if (file == nullptr) continue;
      if (counters() != nullptr) counters()->spilled_bytes += file->size_bytes();
      s.pending.emplace_back(std::move(file), s.overflow->level + 1);
    }
    s.overflow.reset();
  }

  // Groups the rows of one spilled partition in place of what has been emitted.
  void next_partition(Set& s) {
    if (counters() != nullptr) ++counters()->batches;
    end_groups(*s.table, s.table->groups().size());
    s.table->clear();
    if (sets_.size() == 1) calls_.clear();
    at_ = 0;
    auto [file, level] = std::move(s.pending.front());
    s.pending.pop_front();
    SpillReader reader(*file, context_);
    Chunk* in = nullptr;
    while (reader.next(in)) {
      context_.check_cancel();
      load_groups(*in);
      add_chunk(s, *in, level);
    }
    queue_overflow(s);
    calls_.finish_deferred();
  }

  void emit(const Set& s, GroupTable& table, size_t from, uint32_t n) {
    fill(s, table, from, n);
    // While they are at hand: going through all of many groups once more costs as much as this.
    if (!streaming_ && table.ended() == from && calls_.results_stand_alone()) end_groups(table, from + n);
  }

  // The chunk from groups of the table.
  void fill(const Set& s, GroupTable& table, size_t from, uint32_t n) {
    memory_.reset();
    chunk_.reset();
    uint8_t* const* groups = table.groups().data() + from;
    for (uint32_t g = 0; g < groups_.size(); ++g) {
      bool present = false;
      for (uint32_t k = 0; k < s.columns.size(); ++k) {
        if (s.columns[k] != g) continue;
        present = true;
        table.format().gather(k, groups, n, chunk_.column(g), 0);
      }
      if (!present) chunk_.column(g).fill_constant(types::Value::null_of(keys_[g].physical));
    }
    auto first = static_cast<uint32_t>(groups_.size());
    for (uint32_t i = 0; i < calls_.count(); ++i)
      calls_.finalize(i, groups, n, table.state_offset(), chunk_.column(first + i));
    if (aggregate_.grouping_sets.size() > 1) {
      chunk_.column(first + static_cast<uint32_t>(calls_.count()))
          .fill_constant(types::Value::of_int32(static_cast<int32_t>(set_)));
    }
    chunk_.set_dense(n);
  }

  void note_memory(const Set& s) {
    if (counters() == nullptr) return;
    counters()->memory_bytes =
        std::max<uint64_t>(counters()->memory_bytes, s.table->memory_bytes() + calls_.memory_bytes());
    counters()->batches = std::max<uint64_t>(counters()->batches, 1);
  }

  // --- sorted input: groups are complete when the next begins

  bool produce_stream(Chunk*& out) {
    Set& s = sets_[0];
    for (;;) {
      if (ready_groups_ > at_) {
        auto n = static_cast<uint32_t>(std::min<size_t>(context_.chunk_rows(), ready_groups_ - at_));
        emit(s, *s.table, at_, n);
        at_ += n;
        out = &chunk_;
        return true;
      }
      if (stream_ended_) return false;
      drop_emitted(s);
      if (!consumed_) {
        child().open();
        consumed_ = true;
      }
      Chunk* in = nullptr;
      if (!child().next(in)) {
        stream_ended_ = true;
        calls_.finish_deferred();
        ready_groups_ = s.table->groups().size();
        continue;
      }
      load_groups(*in);
      keys_of_set_ = group_values_;
      s.table->find(keys_of_set_, in->selection(), found_.data(), true);
      uint32_t offset = s.table->state_offset();
      for (uint8_t* group : s.table->fresh()) calls_.init(group + offset);
      calls_.update(found_.data(), offset);
      // With DISTINCT or ORDER BY inside, states are complete only at the very end.
      ready_groups_ = calls_.combinable() ? s.table->groups().size() - 1 : 0;
      if (ready_groups_ < kStreamBatch) ready_groups_ = 0;
    }
  }

  // Starts a fresh table that has only the open group. Its state cannot move in general, so it is combined
  // over.
  void drop_emitted(Set& s) {
    if (at_ == 0) return;
    auto fresh = std::make_unique<GroupTable>(context_, keys_, std::max<uint32_t>(calls_.state_bytes(), 16));
    uint8_t* open = s.table->groups().back();
    Arena vectors;
    std::vector<Vector> columns;
    std::vector<const Vector*> pointers;
    for (uint32_t g = 0; g < keys_.size(); ++g) {
      columns.emplace_back(keys_[g].physical, vectors, 1);
      s.table->format().gather(g, &open, 1, columns.back(), 0);
    }
    for (const Vector& v : columns) pointers.push_back(&v);
    uint8_t* group = nullptr;
    fresh->find(pointers, {nullptr, 1}, &group, true);
    uint32_t offset = fresh->state_offset();
    calls_.init(group + offset);
    calls_.combine(group + offset, open + offset);
    end_groups(*s.table, s.table->groups().size());
    s.table = std::move(fresh);
    at_ = 0;
    ready_groups_ = 0;
  }

  static constexpr size_t kStreamBatch = 1024;

  const AggregatePlan& aggregate_;
  std::vector<ExpressionEvaluator> groups_;
  AggregateCalls calls_;
  std::vector<KeyType> keys_;
  std::vector<PhysicalType> input_types_;
  std::vector<const Vector*> group_values_, keys_of_set_;
  std::vector<Set> sets_;
  std::vector<std::unique_ptr<Worker>> workers_;
  const planner::FilterPlan* having_ = nullptr;  // that the operator above applies
  Arena filter_memory_;
  uint64_t dropped_ = 0;
  Chunk chunk_;
  std::vector<uint8_t*> found_;
  std::vector<uint16_t> rows_;
  bool has_runs_ = false;
  std::vector<uint64_t> run_bits_;
  std::vector<uint32_t> run_starts_;
  struct Present {  // a combination of codes in the chunk
    uint16_t first_row;
    uint32_t end, count;  // of its rows among rows_
  };
  static constexpr uint32_t kFewestCoded = 64, kFewestOfCode = 8, kLongRun = 8;  // the last on average
  static constexpr uint16_t kNoPlace = UINT16_MAX;
  uint32_t combinations_ = 0;
  std::vector<uint16_t> combined_;
  std::vector<uint16_t> code_places_;  // by combination: which of present_
  std::vector<Present> present_;
  bool consumed_ = false, streaming_ = false, stream_ended_ = false;
  size_t set_ = 0, at_ = 0, ready_groups_ = 0, merged_ = 0;
  RememberedRow last_;
};

}  // namespace

OperatorPtr make_aggregate(const AggregatePlan& p, ExecutionContext& c) {
  return std::make_unique<AggregateOperator>(p, c);
}

}  // namespace varve::executor
