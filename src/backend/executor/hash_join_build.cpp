// Filling the table, and partitions when it does not fit.
#include <algorithm>

#include "hash_join.h"

namespace varve::executor {

using planner::JoinType;

// NOT IN over several keys, or with a condition, compares with rows that hashing cannot find.
bool HashJoinOperator::needs_everything() const {
  return (join_.join == JoinType::kNullAnti || join_.join == JoinType::kMark) && !simple_nulls();
}

void HashJoinOperator::build_side() {
  if (independent_ && built_whole_ && built_run_ == context_.run && !preserve_build_) return;
  table_->clear();
  null_rows_.clear();
  has_null_key_ = false;
  build_empty_ = true;
  built_whole_ = false;
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
      spill_table(&files, 0);
    }
  }
  source.close();
  if (counters() != nullptr)
    counters()->memory_bytes = std::max<uint64_t>(counters()->memory_bytes, table_->memory_bytes());
  if (!files.empty()) {
    partition_probe_side(&files);
    next_partition();
    return;
  }
  table_->build();
  built_whole_ = true;
  built_run_ = context_.run;
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
  const uint32_t block_rows = std::min<uint32_t>(256, context_.chunk_rows());  // a block must fit a reader's chunk
  for (uint32_t c = 0; c < columns; ++c) block.column(c) = Vector(build_types_[c], vectors, block_rows);
  std::vector<uint8_t*> parts[kPartitions];
  uint32_t shift = 56 - 4 * level;
  auto flush = [&](uint32_t p) {
    auto n = static_cast<uint32_t>(parts[p].size());
    if (n == 0) return;
    block.reset();
    for (uint32_t c = 0; c < columns; ++c) table_->format().gather(c, parts[p].data(), n, block.column(c), 0);
    if ((*files)[p] == nullptr) (*files)[p] = std::make_unique<SpillFile>(context_, build_types_);
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

void HashJoinOperator::partition_chunk(const Chunk& in, JoinKeys& keys, std::span<const types::PhysicalType> types,
                                       uint32_t level, Files* files) {
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
    if ((*files)[p] == nullptr) (*files)[p] = std::make_unique<SpillFile>(context_, types);
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
  current_.level = 1;  // the children are used up
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
      if (!build.empty()) partition_chunk(*in, build_keys_, build_types_, p.level, &build);
      else if (!add_build(*in) && p.level < 4) spill_table(&build, p.level);
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
  return true;
}

}  // namespace varve::executor
