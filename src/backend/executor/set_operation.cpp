// INTERSECT and EXCEPT, with and without ALL: counts of equal rows on both sides. A set that outgrows its
// memory is done in parts, by hash.
#include <deque>

#include "group_table.h"
#include "operator.h"
#include "spill_file.h"

namespace varve::executor {

namespace {

struct Counts {
  uint64_t left, right;
};
constexpr uint32_t kParts = 16;

class SetOperationOperator : public Operator {
 public:
  SetOperationOperator(const planner::SetOperationPlan& plan, ExecutionContext& context)
      : Operator(plan, context),
        set_(plan),
        types_(physical_types(plan.output)),
        chunk_(make_chunk(types_, context)),
        found_(context.chunk_rows()),
        rows_(context.chunk_rows()) {
    for (const planner::Plan* c : plan.children) children_.push_back(build_operator(*c, context));
    std::vector<KeyType> keys;
    for (const planner::OutputColumn& c : plan.output)
      keys.push_back(make_key_type(c.type, nullptr, KeyUse::kHash));
    table_ = std::make_unique<GroupTable>(context, keys, sizeof(Counts));
    columns_.resize(types_.size());
  }

  void open() override {
    table_->clear();
    pending_.clear();
    consumed_ = false;
    at_ = 0;
    repeat_ = 0;
  }
  void close() override {
    table_->clear();
    pending_.clear();
    Operator::close();
  }

 protected:
  bool produce(Chunk*& out) override {
    if (!consumed_) consume();
    for (;;) {
      uint32_t n = 0;
      while (n < context_.chunk_rows() && at_ < table_->groups().size()) {
        uint8_t* group = table_->groups()[at_];
        if (repeat_ == 0) repeat_ = result_count(*counts(group));
        if (repeat_ > 0) {
          found_[n++] = group;
          --repeat_;
        }
        if (repeat_ == 0) ++at_;
      }
      if (n > 0) {
        chunk_.reset();
        for (uint32_t c = 0; c < types_.size(); ++c)
          table_->format().gather(c, found_.data(), n, chunk_.column(c), 0);
        chunk_.set_dense(n);
        out = &chunk_;
        return true;
      }
      if (pending_.empty()) return false;
      next_part();
    }
  }

 private:
  using Files = std::vector<std::unique_ptr<SpillFile>>;
  struct Part {
    std::unique_ptr<SpillFile> left, right;
    uint32_t level;
  };

  Counts* counts(uint8_t* group) { return reinterpret_cast<Counts*>(group + table_->state_offset()); }

  uint64_t result_count(const Counts& c) const {
    bool intersect = set_.operation == planner::SetOperationKind::kIntersect;
    if (!set_.all) return (intersect ? c.left > 0 && c.right > 0 : c.left > 0 && c.right == 0) ? 1 : 0;
    if (intersect) return std::min(c.left, c.right);
    return c.left > c.right ? c.left - c.right : 0;
  }

  void consume() {
    consumed_ = true;
    Files files[2];
    bool full = false;
    for (int side = 0; side < 2; ++side) {
      Operator& source = child(static_cast<size_t>(side));
      source.open();
      Chunk* in = nullptr;
      while (source.next(in)) {
        context_.check_cancel();
        add(*in, side, 0, &full, &files[side]);
      }
      source.close();
    }
    queue(files, 1);
  }

  // Unknown left rows become new groups (until the table is full); right rows only count for known ones,
  // unless left rows of theirs are in files.
  void add(const Chunk& in, int side, uint32_t level, bool* full, Files* files) {
    for (size_t c = 0; c < columns_.size(); ++c) columns_[c] = &in.column(static_cast<uint32_t>(c));
    if (side == 0 && table_->memory_bytes() > context_.hash_memory_bytes() && level < 12) *full = true;
    Selection rows = in.selection();
    table_->find(columns_, rows, found_.data(), side == 0 && !*full);
    for (uint8_t* group : table_->fresh()) *counts(group) = {0, 0};
    bool unknown = false;
    for (uint32_t i = 0; i < rows.count; ++i) {
      if (found_[i] == nullptr)
        unknown = true;
      else if (side == 0)
        ++counts(found_[i])->left;
      else
        ++counts(found_[i])->right;
    }
    if (!unknown || !*full) return;
    files->resize(kParts);
    uint32_t shift = 60 - 4 * level;
    for (uint32_t p = 0; p < kParts; ++p) {
      uint32_t n = 0;
      for (uint32_t i = 0; i < rows.count; ++i) {
        if (found_[i] == nullptr && (table_->hashes()[i] >> shift & (kParts - 1)) == p)
          rows_[n++] = static_cast<uint16_t>(rows[i]);
      }
      if (n == 0) continue;
      auto& file = (*files)[p];
      if (file == nullptr) file = std::make_unique<SpillFile>(context_.settings, types_);
      file->append(in.columns(), {rows_.data(), n});
    }
  }

  void queue(Files (&files)[2], uint32_t level) {
    files[0].resize(kParts);
    files[1].resize(kParts);
    for (uint32_t p = 0; p < kParts; ++p) {
      if (files[0][p] != nullptr) pending_.push_back({std::move(files[0][p]), std::move(files[1][p]), level});
    }
  }

  void next_part() {
    Part part = std::move(pending_.front());
    pending_.pop_front();
    table_->clear();
    at_ = 0;
    repeat_ = 0;
    Files files[2];
    bool full = false;
    for (int side = 0; side < 2; ++side) {
      SpillFile* file = side == 0 ? part.left.get() : part.right.get();
      if (file == nullptr) continue;
      SpillReader reader(*file, context_);
      Chunk* in = nullptr;
      while (reader.next(in)) add(*in, side, part.level, &full, &files[side]);
    }
    queue(files, part.level + 1);
  }

  const planner::SetOperationPlan& set_;
  std::vector<types::PhysicalType> types_;
  Chunk chunk_;
  std::unique_ptr<GroupTable> table_;
  std::vector<const Vector*> columns_;
  std::vector<uint8_t*> found_;
  std::vector<uint16_t> rows_;
  std::deque<Part> pending_;
  bool consumed_ = false;
  size_t at_ = 0;
  uint64_t repeat_ = 0;
};

}  // namespace

OperatorPtr make_set_operation(const planner::SetOperationPlan& p, ExecutionContext& c) {
  return std::make_unique<SetOperationOperator>(p, c);
}

}  // namespace varve::executor
