// Hash join of every type. Build side into a JoinTable; probe side a chunk at a time. A build side beyond its
// memory limit sends both sides to files by hash, and each pair of partitions is joined on its own.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <vector>

#include "join_keys.h"
#include "join_table.h"
#include "operator.h"
#include "runtime_filter.h"
#include "spill_file.h"

namespace varve::executor {

class HashJoinOperator : public Operator {
 public:
  // kBuildPart: fills a table with what one thread reads of the build side. kProbePart: one of the threads
  // that probe the table of another operator.
  enum class Role : uint8_t { kWhole, kBuildPart, kProbePart };
  HashJoinOperator(const planner::JoinPlan& plan, ExecutionContext& context, Role role = Role::kWhole);
  void open() override;
  bool prepare_parallel(SharedState& shared) override;
  void joins_with_unmatched(std::vector<uint32_t>* plan_ids) const override;
  void close() override;

 protected:
  bool produce(Chunk*& out) override;

 private:
  static constexpr uint32_t kPartitions = 16;
  enum class Phase : uint8_t { kBuild, kProbe, kUnmatched, kDone };
  struct Partition {
    std::unique_ptr<SpillFile> build, probe;
    uint32_t level = 0;
  };
  using Files = std::vector<std::unique_ptr<SpillFile>>;

  // hash_join_build.cpp
  void build_side();
  bool build_can_split() const;
  bool is_built() const {
    return independent_ && built_whole_ && built_run_ == context_.run && !preserve_build_;
  }
  void begin_build();
  void end_build();
  bool build_in_memory();
  bool build_parallel();
  bool fill_from(Operator& source, std::atomic<bool>* stop);
  void note_memory();
  void note_buckets();
  void link_rows();
  void publish_filters();
  void find_filter_targets();
  bool add_build(const Chunk& in);
  void spill_table(Files* files, uint32_t level);
  void partition_chunk(const Chunk& in, JoinKeys& keys, std::span<const types::PhysicalType> types,
                       uint32_t level, Files* files);
  void partition_probe_side(Files* build);
  bool next_partition();
  bool load_partition(Partition& p);
  bool needs_everything() const;

  // hash_join.cpp
  bool next_probe_chunk();
  void begin_probe();
  void gather_pairs();
  uint32_t filter_pairs(uint32_t count);
  void make_pair_chunk(uint32_t count);
  bool emit_pairs(uint32_t passed, Chunk*& out);
  bool probe_rounds(Chunk*& out);
  bool finish_probe_chunk(Chunk*& out);
  bool emit_probe_rows(bool matched, Chunk*& out);
  bool emit_marks(Chunk*& out);
  bool emit_unmatched_build(Chunk*& out);
  void drop_matched();

  // hash_join_null.cpp: NOT IN and IN results that are unknown
  bool simple_nulls() const { return join_.left_keys.size() == 1 && join_.condition == nullptr; }
  bool is_unknown(uint32_t position);
  bool pair_may_be_equal(uint32_t position, const uint8_t* row) const;

  const planner::JoinPlan& join_;
  bool build_left_;
  bool preserve_probe_ = false;  // unmatched probe rows are returned
  bool preserve_build_ = false;
  bool existence_ = false;        // only whether a probe row has a match counts
  bool build_existence_ = false;  // build side rows are returned once, by whether they were matched
  JoinKeys build_keys_, probe_keys_;
  std::vector<types::PhysicalType> build_types_, probe_types_;  // of the children's outputs
  Role role_;
  const HashJoinOperator* built_ = nullptr;  // kProbePart: whose table it is
  std::unique_ptr<JoinTable> own_table_;
  JoinTable* table_ = nullptr;
  std::vector<RuntimeFilters::Target> filter_targets_;  // by key
  std::vector<uint32_t> extra_keys_;  // keys that are not columns of the build side: stored behind them
  std::vector<ExpressionEvaluator> condition_;
  bool independent_ = false;  // the build side does not depend on exec params
  uint64_t built_run_ = 0;
  bool built_whole_ = false;  // table_ holds the complete build side

  Phase phase_ = Phase::kDone;
  bool has_null_key_ = false, build_empty_ = true;
  std::vector<uint8_t*> null_rows_;  // build rows with a NULL key, when simple_nulls() does not do
  std::deque<Partition> pending_;
  Partition current_;
  std::unique_ptr<SpillReader> reader_;

  // The probe chunk in work.
  Chunk* in_ = nullptr;
  bool probing_ = false;
  bool probe_open_ = false;
  std::vector<uint64_t> hashes_;
  std::vector<uint8_t*> at_;
  std::vector<uint16_t> active_, candidates_, pair_left_, selected_;
  std::vector<uint8_t*> pair_right_;
  std::vector<uint8_t> matched_;  // by position
  uint32_t active_count_ = 0, pair_count_ = 0;
  size_t unmatched_at_ = 0;

  Chunk pairs_, outer_, mark_;
  Vector mark_vector_;
  std::vector<const Vector*> build_columns_;
  std::unique_ptr<bool[]> linked_;
};

}  // namespace varve::executor
