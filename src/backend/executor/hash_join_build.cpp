// Filling the table, and partitions when it does not fit.
#include <algorithm>

#include "hash_join.h"
#include "parallel.h"

namespace varve::executor {

using planner::JoinType;

// NOT IN over several keys, or with a condition, compares with rows that hashing cannot find.
bool HashJoinOperator::needs_everything() const {
  return (join_.join == JoinType::kNullAnti || join_.join == JoinType::kMark) && !simple_nulls();
}

bool HashJoinOperator::build_can_split() const {
  return can_split(*plan_.children[build_left_ ? 0 : 1], context_) && has_safe_expressions(plan_, context_);
}

void HashJoinOperator::begin_build() {
  for (const RuntimeFilters::Target& t : filter_targets_) context_.filters->drop(plan_.id, t);
  table_->clear();
  null_rows_.clear();
  has_null_key_ = false;
  build_empty_ = true;
  built_whole_ = false;
}

void HashJoinOperator::build_side() {
  if (is_built()) return;
  if (may_run_parallel(context_) && build_can_split() && build_parallel()) return;
  begin_build();
  Operator& source = child(build_left_ ? 0 : 1);
  source.open();
  Files files;
  Chunk* in = nullptr;
  while (source.next(in)) {
    context_.check_cancel();
    if (!files.empty()) {
      build_empty_ = false;
      partition_chunk(*in, build_keys_, build_types_, 0, &files);
    } else if (!add_build(*in)) {
      note_memory();
      spill_table(&files, 0);
    }
  }
  source.close();
  if (!files.empty()) {
    partition_probe_side(&files);
    next_partition();
    return;
  }
  end_build();
}

void HashJoinOperator::note_memory() {
  if (counters() == nullptr) return;
  counters()->memory_bytes = std::max<uint64_t>(counters()->memory_bytes, table_->memory_bytes());
  counters()->batches = std::max<uint64_t>(counters()->batches, 1);
}

void HashJoinOperator::note_buckets() {
  if (counters() != nullptr)
    counters()->hash_buckets = std::max<uint64_t>(counters()->hash_buckets, table_->buckets());
}

void HashJoinOperator::end_build() {
  note_memory();
  link_rows();
  note_buckets();
  built_whole_ = true;
  built_run_ = context_.run;
  publish_filters();
}

// For threads that will probe it together. False: it does not fit into memory.
bool HashJoinOperator::build_in_memory() {
  if (build_can_split()) return build_parallel();
  begin_build();
  Operator& source = child(build_left_ ? 0 : 1);
  source.open();
  bool fits = fill_from(source, nullptr);
  source.close();
  if (fits)
    end_build();
  else
    table_->clear();
  return fits;
}

// Until the source ends. False: the table is full, or `stop` was set by another thread.
bool HashJoinOperator::fill_from(Operator& source, std::atomic<bool>* stop) {
  Chunk* in = nullptr;
  while (source.next(in)) {
    context_.check_cancel();
    if (stop != nullptr && stop->load(std::memory_order_relaxed)) return false;
    if (add_build(*in)) continue;
    if (stop != nullptr) stop->store(true, std::memory_order_relaxed);
    return false;
  }
  return true;
}

// Every thread fills a table of its own from the pages it gets; this one takes over their rows.
bool HashJoinOperator::build_parallel() {
  begin_build();
  Operator& source = child(build_left_ ? 0 : 1);
  SharedState shared;
  if (!source.prepare_parallel(shared)) return false;
  struct Part {
    ParallelWorker worker;
    std::unique_ptr<HashJoinOperator> join;
    Part(const ExecutionContext& context, SharedState& state) : worker(context, state) {}
  };
  std::vector<std::unique_ptr<Part>> parts;
  for (uint32_t i = 0; i < context_.settings.parallel_workers; ++i) {
    parts.push_back(std::make_unique<Part>(context_, shared));
    parts.back()->join =
        std::make_unique<HashJoinOperator>(join_, parts.back()->worker.context, Role::kBuildPart);
  }
  std::atomic<bool> stop{false};
  auto fill = [&](uint32_t i) {
    HashJoinOperator& part = *parts[i]->join;
    part.begin_build();
    Operator& from = part.child(build_left_ ? 0 : 1);
    from.open();
    part.fill_from(from, &stop);
    from.close();
  };
  run_workers(context_, static_cast<uint32_t>(parts.size()), fill);
  std::vector<uint32_t> unmatched;
  source.joins_with_unmatched(&unmatched);
  for (uint32_t id : unmatched) {
    shared.unmatched_pass = id;
    Operator& from = parts[0]->join->child(build_left_ ? 0 : 1);
    from.open();
    parts[0]->join->fill_from(from, &stop);
    from.close();
  }
  if (stop.load()) return false;
  for (auto& part : parts) {
    HashJoinOperator& join = *part->join;
    table_->adopt(*join.table_);
    null_rows_.insert(null_rows_.end(), join.null_rows_.begin(), join.null_rows_.end());
    has_null_key_ |= join.has_null_key_;
    build_empty_ &= join.build_empty_;
    part->worker.add_counters(context_);
  }
  end_build();
  return true;
}

// Into the directory; a big table by several threads.
void HashJoinOperator::link_rows() {
  constexpr size_t kRowsWorthThreads = 100'000;
  size_t rows = table_->rows().size();
  if (rows < kRowsWorthThreads || !may_run_parallel(context_)) {
    table_->build();
    return;
  }
  table_->prepare_build();
  uint32_t parts = context_.settings.parallel_workers;
  run_workers(context_, parts, [&](uint32_t i) { table_->link(rows * i / parts, rows * (i + 1) / parts); });
}

void HashJoinOperator::publish_filters() {
  constexpr size_t kMostKeys = size_t{4} << 20;  // beyond it the filter is no cheaper than the table
  size_t rows = table_->rows().size();
  if (filter_targets_.empty() || rows > kMostKeys) return;
  Arena vectors;
  std::vector<uint64_t> hashes(context_.chunk_rows());
  for (size_t k = 0; k < filter_targets_.size(); ++k) {
    if (filter_targets_[k].scan == UINT32_MAX) continue;
    const auto& [column, type] = table_->keys()[k];
    auto filter = std::make_shared<KeyFilter>(type, rows);
    bool keep = rows <= KeyFilter::kFewKeys && type.bitwise && type.collation == nullptr;
    if (keep) filter->keep_values();
    Vector v(type.physical, vectors, context_.chunk_rows());
    auto each_chunk = [&](auto&& f) {
      for (size_t at = 0; at < rows;) {
        auto n = static_cast<uint32_t>(std::min<size_t>(context_.chunk_rows(), rows - at));
        v.reset();
        table_->format().gather(column, table_->rows().data() + at, n, v, 0);
        f(Selection{nullptr, n});
        at += n;
      }
    };
    each_chunk([&](const Selection& chunk) {
      filter->keep_bounds(v, chunk);
      for (uint32_t i = 0; keep && i < chunk.count; ++i) {
        if (!v.is_null(i)) filter->keep_value(v.value(i));
      }
    });
    if (filter->make_exact(rows)) {
      each_chunk([&](const Selection& chunk) { filter->keep_keys(v, chunk); });
    } else {
      each_chunk([&](const Selection& chunk) {
        hash_vector(type, v, chunk, hashes.data(), false);
        for (uint32_t i = 0; i < chunk.count; ++i) filter->add(hashes[i]);
      });
    }
    context_.filters->set(plan_.id, filter_targets_[k], std::move(filter));
  }
}

// False: the table has outgrown its memory (the chunk is in it).
bool HashJoinOperator::add_build(const Chunk& in) {
  memory_.reset();
  const Selection& rows = in.selection();
  build_empty_ = false;
  build_keys_.evaluate(in, rows);
  build_keys_.hash(rows, hashes_.data());
  build_columns_.clear();
  for (const Vector& v : in.columns()) build_columns_.push_back(&v);
  for (uint32_t k : extra_keys_) build_columns_.push_back(build_keys_.vectors()[k]);
  bool keep_nulls = preserve_build_ || needs_everything();
  Selection kept = rows;
  if (build_keys_.may_have_nulls()) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < rows.count; ++i) {
      bool null = build_keys_.has_null(rows[i]);
      has_null_key_ |= null;
      if (null && !keep_nulls) continue;
      linked_[n] = !null;
      hashes_[n] = hashes_[i];
      selected_[n++] = static_cast<uint16_t>(rows[i]);
    }
    kept = {selected_.data(), n};
  } else {
    std::fill_n(linked_.get(), rows.count, true);
  }
  size_t before = table_->rows().size();
  table_->append(build_columns_, kept, hashes_.data(), linked_.get());
  if (needs_everything()) {
    for (uint32_t i = 0; i < kept.count; ++i) {
      if (!linked_[i]) null_rows_.push_back(table_->rows()[before + i]);
    }
    return true;
  }
  return table_->memory_bytes() <= context_.hash_memory_bytes();
}

// Writes what the table holds to files by hash and empties it.
void HashJoinOperator::spill_table(Files* files, uint32_t level) {
  files->resize(kPartitions);
  auto columns = static_cast<uint32_t>(build_types_.size());
  Arena vectors;
  Chunk block(columns, vectors);
  const uint32_t block_rows =
      std::min<uint32_t>(256, context_.chunk_rows());  // a block must fit a reader's chunk
  for (uint32_t c = 0; c < columns; ++c) block.column(c) = Vector(build_types_[c], vectors, block_rows);
  std::vector<uint8_t*> parts[kPartitions];
  uint32_t shift = 56 - 4 * level;
  auto flush = [&](uint32_t p) {
    auto n = static_cast<uint32_t>(parts[p].size());
    if (n == 0) return;
    block.reset();
    for (uint32_t c = 0; c < columns; ++c) table_->format().gather(c, parts[p].data(), n, block.column(c), 0);
    if ((*files)[p] == nullptr) (*files)[p] = std::make_unique<SpillFile>(context_.settings, build_types_);
    (*files)[p]->append(block.columns(), {nullptr, n});
    parts[p].clear();
  };
  for (uint8_t* row : table_->rows()) {
    auto p = static_cast<uint32_t>(JoinTable::hash_of(row) >> shift & (kPartitions - 1));
    parts[p].push_back(row);
    if (parts[p].size() == block_rows) flush(p);
  }
  for (uint32_t p = 0; p < kPartitions; ++p) flush(p);
  table_->clear();
}

void HashJoinOperator::partition_chunk(const Chunk& in, JoinKeys& keys,
                                       std::span<const types::PhysicalType> types, uint32_t level,
                                       Files* files) {
  memory_.reset();
  const Selection& rows = in.selection();
  keys.evaluate(in, rows);
  keys.hash(rows, hashes_.data());
  bool build = &keys == &build_keys_;
  bool keep_nulls = build ? preserve_build_ : preserve_probe_ || existence_;
  bool nulls = keys.may_have_nulls();
  uint32_t shift = 56 - 4 * level;
  files->resize(kPartitions);
  for (uint32_t p = 0; p < kPartitions; ++p) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < rows.count; ++i) {
      if ((hashes_[i] >> shift & (kPartitions - 1)) != p) continue;
      if (nulls && keys.has_null(rows[i])) {
        has_null_key_ |= build;
        if (!keep_nulls) continue;
      }
      selected_[n++] = static_cast<uint16_t>(rows[i]);
    }
    if (n == 0) continue;
    if ((*files)[p] == nullptr) (*files)[p] = std::make_unique<SpillFile>(context_.settings, types);
    (*files)[p]->append(in.columns(), {selected_.data(), n});
  }
}

void HashJoinOperator::partition_probe_side(Files* build) {
  Files probe(kPartitions);
  Operator& source = child(build_left_ ? 1 : 0);
  source.open();
  Chunk* in = nullptr;
  while (source.next(in)) {
    context_.check_cancel();
    partition_chunk(*in, probe_keys_, probe_types_, 0, &probe);
  }
  source.close();
  for (uint32_t p = 0; p < kPartitions; ++p) {
    if (counters() != nullptr) {
      if ((*build)[p] != nullptr) counters()->spilled_bytes += (*build)[p]->size_bytes();
      if (probe[p] != nullptr) counters()->spilled_bytes += probe[p]->size_bytes();
    }
    if ((*build)[p] != nullptr || probe[p] != nullptr)
      pending_.push_back({std::move((*build)[p]), std::move(probe[p]), 1});
  }
  if (counters() != nullptr) counters()->batches = 0;  // each partition is one
  current_.level = 1;                                  // the children are used up
}

bool HashJoinOperator::next_partition() {
  reader_.reset();
  while (!pending_.empty()) {
    Partition p = std::move(pending_.front());
    pending_.pop_front();
    if (!load_partition(p)) continue;  // was cut into smaller ones
    current_ = std::move(p);
    unmatched_at_ = 0;
    reader_ = current_.probe != nullptr ? std::make_unique<SpillReader>(*current_.probe, context_) : nullptr;
    return true;
  }
  return false;
}

bool HashJoinOperator::load_partition(Partition& p) {
  table_->clear();
  if (p.build != nullptr) {
    SpillReader reader(*p.build, context_);
    Chunk* in = nullptr;
    Files build, probe;
    while (reader.next(in)) {
      context_.check_cancel();
      if (!build.empty())
        partition_chunk(*in, build_keys_, build_types_, p.level, &build);
      else if (!add_build(*in) && p.level < 4)
        spill_table(&build, p.level);
    }
    if (!build.empty()) {
      probe.resize(kPartitions);
      if (p.probe != nullptr) {
        SpillReader probe_reader(*p.probe, context_);
        while (probe_reader.next(in)) partition_chunk(*in, probe_keys_, probe_types_, p.level, &probe);
      }
      for (uint32_t i = 0; i < kPartitions; ++i) {
        if (build[i] != nullptr || probe[i] != nullptr)
          pending_.push_back({std::move(build[i]), std::move(probe[i]), p.level + 1});
      }
      return false;
    }
  }
  table_->build();
  note_buckets();
  if (counters() != nullptr) ++counters()->batches;
  return true;
}

}  // namespace varve::executor
