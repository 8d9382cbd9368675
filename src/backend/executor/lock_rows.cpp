// SELECT … FOR UPDATE and its kin.
#include <fmt/format.h>

#include "common/sql_error.h"
#include "operator.h"
#include "table_reader.h"

namespace varve::executor {

using access::LockOutcome;
using types::Value;

namespace {

class LockRowsOperator : public Operator {
 public:
  LockRowsOperator(const planner::LockRowsPlan& plan, ExecutionContext& context)
      : Operator(plan, context),
        lock_(plan),
        chunk_(make_chunk(physical_types(plan.children[0]->output), context)),
        rows_(context.build_memory->make_array<uint16_t>(context.chunk_rows())) {
    children_.push_back(build_operator(*plan.children[0], context));
    if (plan.recheck != nullptr) recheck_.emplace_back(*plan.recheck, context, memory_);
    if (plan.limit != nullptr) limit_.emplace_back(*plan.limit, context, memory_);
  }
  void expect_rows(uint64_t rows) override { child().expect_rows(rows); }
  void open() override {
    left_ = UINT64_MAX;
    if (!limit_.empty()) {
      Value v = limit_[0].scalar();
      if (!v.null && v.int64 >= 0) left_ = static_cast<uint64_t>(v.int64);
    }
    in_ = nullptr;
    pending_.clear();
    at_ = 0;
    child().open();
  }

 protected:
  bool produce(Chunk*& out) override {
    if (lock_.one_by_one) return produce_one(out);
    Chunk* in = nullptr;
    while (left_ > 0 && child().next(in)) {
      context_.check_cancel();
      memory_.reset();
      const Selection s = in->selection();
      uint32_t n = 0;
      bool copied = false;
      for (uint32_t i = 0; i < s.count && n < left_; ++i) {
        if (lock_row(*in, s, s[i], &copied)) rows_[n++] = static_cast<uint16_t>(s[i]);
      }
      if (n == 0) continue;
      left_ -= n;
      out = copied ? &chunk_ : in;
      out->set_selection({rows_, n});
      return true;
    }
    return false;
  }

 private:
  bool produce_one(Chunk*& out) {
    while (left_ > 0) {
      context_.check_cancel();
      if (at_ == pending_.size()) {
        if (!child().next(in_)) return false;
        const Selection s = in_->selection();
        pending_.clear();
        for (uint32_t i = 0; i < s.count; ++i) pending_.push_back(static_cast<uint16_t>(s[i]));
        at_ = 0;
        continue;
      }
      memory_.reset();
      rows_[0] = pending_[at_++];
      const Selection one{rows_, 1};
      bool copied = false;
      if (!lock_row(*in_, one, rows_[0], &copied)) continue;
      --left_;
      out = copied ? &chunk_ : in_;
      out->set_selection(one);
      return true;
    }
    return false;
  }

  // Locks the rows behind one result row; false if it drops out.
  bool lock_row(const Chunk& in, const Selection& s, uint32_t row, bool* copied) {
    for (const auto& target : lock_.targets) {
      const Vector& tids = in.column(target.tid_column);
      if (tids.is_null(row)) continue;  // the empty side of an outer join
      Tid tid = Tid::unpack(static_cast<uint64_t>(tids.at<int64_t>(row)));
      const planner::ScanMember* member = member_of(target, in, row);
      const catalog::Relation& relation = member != nullptr ? **member->relation : **target.relation;
      access::RowVersion newest;
      auto r = relation.heap->lock(*context_.transaction, context_.snapshot, tid, target.strength,
                                   target.policy, context_.lock_timeout_us, buffer_, &newest);
      check(r.status(), relation);
      if (*r == LockOutcome::kDeleted || *r == LockOutcome::kSkipped) return false;
      if (*r != LockOutcome::kLockedUpdated) continue;
      if (!*copied) copy_chunk(in, s);
      *copied = true;
      replace(target, relation, member != nullptr ? member->columns : target.row_column_numbers, newest, tid,
              row);
      auto one = static_cast<uint16_t>(row);
      if (!recheck_.empty() && recheck_[0].select(chunk_, {&one, 1}, &one) == 0) return false;
    }
    return true;
  }

  // Of several tables read as one, that which the row comes from.
  const planner::ScanMember* member_of(const planner::LockRowsPlan::Target& target, const Chunk& in,
                                       uint32_t row) {
    if (target.table_column < 0) return nullptr;
    Oid table{in.column(static_cast<uint32_t>(target.table_column)).value(row).oid()};
    for (const planner::ScanMember& m : target.members) {
      if ((*m.relation)->oid == table) return &m;
    }
    throw SqlError(sqlstate::kInternalError, "a row to be locked is of no table");
  }

  void check(const Status& status, const catalog::Relation& relation) {
    if (status.ok()) return;
    if (status.code() == StatusCode::kBusy) {
      throw SqlError(sqlstate::kLockNotAvailable,
                     fmt::format("could not obtain lock on row in relation \"{}\"", relation.name));
    }
    if (status.code() == StatusCode::kWriteConflict) {
      throw SqlError(sqlstate::kTRSerializationFailure,
                     "could not serialize access due to concurrent update");
    }
    throw_status(status);
  }

  void copy_chunk(const Chunk& in, const Selection& s) {
    chunk_.reset();
    for (uint32_t c = 0; c < in.column_count(); ++c) {
      for_each_row(s, [&](uint32_t row) { chunk_.column(c).set_value(row, in.column(c).value(row)); });
    }
  }

  void replace(const planner::LockRowsPlan::Target& target, const catalog::Relation& relation,
               std::span<const catalog::ColumnNumber> numbers, const access::RowVersion& newest, Tid tid,
               uint32_t row) {
    access::RowVersion kept = newest;
    auto* bytes = static_cast<uint8_t*>(memory_.allocate(newest.length, 1));
    std::memcpy(bytes, newest.bytes, newest.length);
    kept.bytes = bytes;
    TableReader reader(relation, numbers);
    for (size_t i = 0; i < target.row_columns.size(); ++i) {
      Value v = reader.value(numbers[i], kept, tid, memory_);
      Vector& column = chunk_.column(target.row_columns[i]);
      column.set_value(row, v);
    }
  }

  const planner::LockRowsPlan& lock_;
  Chunk chunk_;
  uint16_t* rows_;
  std::vector<ExpressionEvaluator> recheck_, limit_;
  uint64_t left_ = 0;  // rows that LIMIT will still take
  Chunk* in_ = nullptr;
  std::vector<uint16_t> pending_;  // the rows of `in_`, when they are locked one by one
  size_t at_ = 0;
  access::RowBuffer buffer_;
};

}  // namespace

OperatorPtr make_lock_rows(const planner::LockRowsPlan& p, ExecutionContext& c) {
  return std::make_unique<LockRowsOperator>(p, c);
}

}  // namespace varve::executor
