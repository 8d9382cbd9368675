#include "hash_join.h"

#include "common/sql_error.h"
#include "shared_state.h"

namespace varve::executor {

using planner::JoinType;
using types::PhysicalType;

HashJoinOperator::HashJoinOperator(const planner::JoinPlan& plan, ExecutionContext& context, Role role)
    : Operator(plan, context),
      join_(plan),
      build_left_(plan.build_left),
      build_keys_(plan.build_left ? plan.left_keys : plan.right_keys,
                  plan.build_left ? plan.right_keys : plan.left_keys, plan.null_safe, context, memory_),
      probe_keys_(plan.build_left ? plan.right_keys : plan.left_keys,
                  plan.build_left ? plan.left_keys : plan.right_keys, plan.null_safe, context, memory_),
      role_(role) {
  for (size_t i = 0; i < plan.children.size(); ++i) {
    bool build_child = (i == 0) == build_left_;
    bool needed = role == Role::kWhole || (role == Role::kBuildPart) == build_child;
    children_.push_back(needed ? build_operator(*plan.children[i], context) : nullptr);
  }
  build_types_ = physical_types(plan.children[build_left_ ? 0 : 1]->output);
  probe_types_ = physical_types(plan.children[build_left_ ? 1 : 0]->output);
  JoinType j = plan.join;
  bool left_only =
      j == JoinType::kSemi || j == JoinType::kAnti || j == JoinType::kNullAnti || j == JoinType::kMark;
  if (build_left_ && (j == JoinType::kNullAnti || j == JoinType::kMark || j == JoinType::kSingle))
    throw SqlError(sqlstate::kInternalError, "this join cannot build its left side");
  existence_ = left_only && !build_left_;
  build_existence_ = left_only && build_left_;
  bool keep_left = j == JoinType::kLeft || j == JoinType::kFull || j == JoinType::kSingle;
  bool keep_right = j == JoinType::kRight || j == JoinType::kFull;
  preserve_probe_ = build_left_ ? keep_right : keep_left;
  preserve_build_ = (build_left_ ? keep_left : keep_right) || build_existence_;

  analyzer::ExprList key_exprs = build_left_ ? plan.left_keys : plan.right_keys;
  std::vector<PhysicalType> stored = build_types_;
  std::vector<std::pair<uint32_t, KeyType>> keys;
  for (uint32_t k = 0; k < key_exprs.size(); ++k) {
    const KeyType& type = build_keys_.types()[k];
    bool plain = key_exprs[k]->kind == analyzer::ExprKind::kInput &&
                 build_types_[key_exprs[k]->as<analyzer::InputExpr>().index] == type.physical;
    if (plain) {
      keys.emplace_back(key_exprs[k]->as<analyzer::InputExpr>().index, type);
    } else {
      keys.emplace_back(static_cast<uint32_t>(stored.size()), type);
      stored.push_back(type.physical);
      extra_keys_.push_back(k);
    }
  }
  if (role == Role::kProbePart) {
    built_ = context.shared->join(plan.id);
    table_ = built_->table_;
  } else {
    own_table_ = std::make_unique<JoinTable>(context, stored, keys);
    table_ = own_table_.get();
  }
  independent_ = !depends_on_exec_params(*plan.children[build_left_ ? 0 : 1]);
  find_filter_targets();

  std::vector<PhysicalType> both = build_left_ ? build_types_ : probe_types_;
  const auto& right = build_left_ ? probe_types_ : build_types_;
  both.insert(both.end(), right.begin(), right.end());
  pairs_ = make_chunk(both, context);
  outer_ = Chunk(static_cast<uint32_t>(build_existence_ ? build_types_.size() : both.size()),
                 *context.build_memory);
  if (plan.condition != nullptr) condition_.emplace_back(*plan.condition, context, memory_);
  uint32_t n = context.chunk_rows();
  hashes_.resize(n);
  at_.resize(n);
  active_.resize(n);
  candidates_.resize(n);
  pair_left_.resize(n);
  pair_right_.resize(n);
  selected_.resize(n);
  matched_.resize(n);
  linked_ = std::make_unique<bool[]>(n);
  if (j == JoinType::kMark) {
    mark_ = Chunk(static_cast<uint32_t>(probe_types_.size() + 1), *context.build_memory);
    mark_vector_ = Vector(PhysicalType::kBool, *context.build_memory, n);
  }
}

// Probe rows whose key is not in the table are of no use to these joins.
void HashJoinOperator::find_filter_targets() {
  if (role_ != Role::kWhole || context_.filters == nullptr || context_.is_worker ||
      !context_.settings.enable_runtime_filters)
    return;
  bool drops_unmatched = !preserve_probe_ && (!existence_ || join_.join == JoinType::kSemi);
  if (!drops_unmatched || depends_on_exec_params(join_)) return;
  analyzer::ExprList keys = build_left_ ? join_.right_keys : join_.left_keys;
  for (size_t k = 0; k < keys.size(); ++k) {
    RuntimeFilters::Target target;
    bool same_type = keys[k]->type == (build_left_ ? join_.left_keys : join_.right_keys)[k]->type;
    bool null_safe = !join_.null_safe.empty() && join_.null_safe[k];
    if (same_type && !null_safe && keys[k]->kind == analyzer::ExprKind::kInput) {
      target = trace_to_scan(*join_.children[build_left_ ? 1 : 0], keys[k]->as<analyzer::InputExpr>().index);
    }
    filter_targets_.push_back(target);
  }
}

void HashJoinOperator::open() {
  if (role_ == Role::kProbePart) {
    has_null_key_ = built_->has_null_key_;
    build_empty_ = built_->build_empty_;
    null_rows_ = built_->null_rows_;
    phase_ = context_.shared->unmatched_pass == plan_.id ? Phase::kUnmatched : Phase::kProbe;
    in_ = nullptr;
    probing_ = false;
    probe_open_ = false;
    unmatched_at_ = 0;
    return;
  }
  phase_ = Phase::kBuild;
  in_ = nullptr;
  probing_ = false;
  probe_open_ = false;
  pending_.clear();
  reader_.reset();
  current_ = {};
  unmatched_at_ = 0;
}

void HashJoinOperator::close() {
  if (own_table_ != nullptr) own_table_->clear();
  built_whole_ = false;
  pending_.clear();
  reader_.reset();
  current_ = {};
  for (OperatorPtr& c : children_) {
    if (c != nullptr) c->close();
  }
}

bool HashJoinOperator::prepare_parallel(SharedState& shared) {
  if (!is_built() && !build_in_memory()) return false;
  shared.add_join(plan_.id, this);
  return child(build_left_ ? 1 : 0).prepare_parallel(shared);
}

void HashJoinOperator::joins_with_unmatched(std::vector<uint32_t>* plan_ids) const {
  children_[build_left_ ? 1 : 0]->joins_with_unmatched(plan_ids);
  if (preserve_build_) plan_ids->push_back(plan_.id);
}

bool HashJoinOperator::produce(Chunk*& out) {
  for (;;) {
    switch (phase_) {
      case Phase::kBuild:
        build_side();
        phase_ = Phase::kProbe;
        break;
      case Phase::kProbe:
        if (probing_) {
          if (probe_rounds(out)) return true;
          if (finish_probe_chunk(out)) return true;
        } else if (next_probe_chunk()) {
          begin_probe();
        } else {
          phase_ = Phase::kUnmatched;
          unmatched_at_ = 0;
        }
        break;
      case Phase::kUnmatched:
        if (role_ == Role::kProbePart) {
          // Others may still be probing: a pass of its own returns these rows.
          if (context_.shared->unmatched_pass != plan_.id) {
            phase_ = Phase::kDone;
            break;
          }
          if (emit_unmatched_build(out)) return true;
          phase_ = Phase::kDone;
          break;
        }
        if (preserve_build_ && emit_unmatched_build(out)) return true;
        phase_ = next_partition() ? Phase::kProbe : Phase::kDone;
        break;
      case Phase::kDone:
        return false;
    }
  }
}

bool HashJoinOperator::next_probe_chunk() {
  if (reader_ != nullptr) return reader_->next(in_);
  if (current_.level != 0) return false;  // a partition without probe rows
  // Nothing on the build side: only joins that return probe rows read on.
  if (table_->rows().empty() && !preserve_probe_ && !existence_) return false;
  if (table_->rows().empty() && join_.join == JoinType::kSemi) return false;
  Operator& probe = child(build_left_ ? 1 : 0);
  if (!probe_open_) {
    probe.open();
    probe_open_ = true;
  }
  context_.check_cancel();
  return probe.next(in_);
}

void HashJoinOperator::begin_probe() {
  probing_ = true;
  memory_.reset();
  const Selection& rows = in_->selection();
  probe_keys_.evaluate(*in_, rows);
  probe_keys_.hash(rows, hashes_.data());
  table_->heads(hashes_.data(), rows.count, at_.data());
  if (preserve_probe_ || existence_) std::fill_n(matched_.begin(), rows.count, 0);
  active_count_ = 0;
  bool nulls = probe_keys_.may_have_nulls();
  for (uint32_t i = 0; i < rows.count; ++i) {
    if (at_[i] == nullptr || (nulls && probe_keys_.has_null(rows[i]))) continue;
    active_[active_count_++] = static_cast<uint16_t>(i);
  }
}

// Walks every active chain one step and appends the pairs whose keys are equal, as long as there is room.
void HashJoinOperator::gather_pairs() {
  const Selection& rows = in_->selection();
  pair_count_ = 0;
  while (active_count_ > 0 && pair_count_ + active_count_ <= context_.chunk_rows()) {
    uint32_t n = 0, still = 0;
    for (uint32_t a = 0; a < active_count_; ++a) {
      uint16_t i = active_[a];
      uint8_t* row = at_[i];
      while (row != nullptr && JoinTable::hash_of(row) != hashes_[i]) row = JoinTable::next(row);
      at_[i] = row;
      if (row == nullptr) continue;
      candidates_[n++] = i;
    }
    uint32_t equal = n;
    for (uint32_t c = 0; c < n; ++c) active_[c] = candidates_[c];
    equal = table_->match(probe_keys_.vectors(), rows, at_.data(), candidates_.data(), n);
    for (uint32_t c = 0; c < equal; ++c) {
      uint16_t i = candidates_[c];
      pair_left_[pair_count_] = i;
      pair_right_[pair_count_++] = at_[i];
    }
    for (uint32_t a = 0; a < n; ++a) {
      uint16_t i = active_[a];
      at_[i] = JoinTable::next(at_[i]);
      if (at_[i] != nullptr) active_[still++] = i;
    }
    active_count_ = still;
    if (existence_ && condition_.empty() && pair_count_ > 0) break;  // who has a match needs no second
  }
}

void HashJoinOperator::make_pair_chunk(uint32_t count) {
  const Selection& rows = in_->selection();
  for (uint32_t i = 0; i < count; ++i) selected_[i] = static_cast<uint16_t>(rows[pair_left_[i]]);
  auto probe_columns = static_cast<uint32_t>(probe_types_.size()),
       build_columns = static_cast<uint32_t>(build_types_.size());
  uint32_t probe_at = build_left_ ? build_columns : 0, build_at = build_left_ ? 0 : probe_columns;
  pairs_.reset();
  auto skip = [&](uint32_t column) {
    if (join_.unused.empty() || !join_.unused[column]) return false;
    pairs_.column(column).fill_constant(types::Value::null_of(pairs_.column(column).type()));
    return true;
  };
  for (uint32_t c = 0; c < probe_columns; ++c) {
    if (!skip(probe_at + c))
      vector::gather(in_->column(c), {selected_.data(), count}, pairs_.column(probe_at + c), 0);
  }
  for (uint32_t c = 0; c < build_columns; ++c) {
    if (!skip(build_at + c))
      table_->format().gather(c, pair_right_.data(), count, pairs_.column(build_at + c), 0);
  }
  pairs_.set_dense(count);
}

// Which pairs pass the join's condition: their numbers into selected_.
uint32_t HashJoinOperator::filter_pairs(uint32_t count) {
  return condition_[0].select(pairs_, {nullptr, count}, selected_.data());
}

void HashJoinOperator::drop_matched() {
  uint32_t still = 0;
  for (uint32_t a = 0; a < active_count_; ++a) {
    if (matched_[active_[a]] == 0) active_[still++] = active_[a];
  }
  active_count_ = still;
}

bool HashJoinOperator::probe_rounds(Chunk*& out) {
  while (active_count_ > 0) {
    gather_pairs();
    if (pair_count_ == 0) continue;
    bool need_chunk = !condition_.empty() || !(existence_ || build_existence_);
    if (need_chunk) make_pair_chunk(pair_count_);
    uint32_t passed = pair_count_;
    bool filtered = !condition_.empty();
    if (filtered) passed = filter_pairs(pair_count_);
    if (emit_pairs(passed, out)) {
      if (filtered && passed < pair_count_) pairs_.set_selection({selected_.data(), passed});
      return true;
    }
  }
  return false;
}

// Notes the pairs that passed; true if they are rows of the result.
bool HashJoinOperator::emit_pairs(uint32_t passed, Chunk*& out) {
  bool filtered = !condition_.empty();
  for (uint32_t p = 0; p < passed; ++p) {
    uint32_t pair = filtered ? selected_[p] : p;
    uint16_t i = pair_left_[pair];
    if (preserve_probe_ || existence_) {
      if (join_.join == JoinType::kSingle && matched_[i] != 0) {
        throw SqlError(sqlstate::kCardinalityViolation,
                       "more than one row returned by a subquery used as an expression");
      }
      matched_[i] = 1;
    }
    if (preserve_build_) JoinTable::set_matched(pair_right_[pair]);
  }
  if (existence_) {
    drop_matched();
    return false;
  }
  if (build_existence_ || passed == 0) return false;
  out = &pairs_;
  return true;
}

bool HashJoinOperator::finish_probe_chunk(Chunk*& out) {
  probing_ = false;
  switch (join_.join) {
    case JoinType::kSemi:
      return existence_ && emit_probe_rows(true, out);
    case JoinType::kAnti:
    case JoinType::kNullAnti:
      return existence_ && emit_probe_rows(false, out);
    case JoinType::kMark:
      return emit_marks(out);
    default:
      return preserve_probe_ && emit_probe_rows(false, out);
  }
}

// The rows of the probe chunk that were (not) matched; outer joins add NULLs for the other side.
bool HashJoinOperator::emit_probe_rows(bool matched, Chunk*& out) {
  const Selection& rows = in_->selection();
  bool not_in = join_.join == JoinType::kNullAnti;
  uint32_t n = 0;
  for (uint32_t i = 0; i < rows.count; ++i) {
    if ((matched_[i] != 0) != matched) continue;
    if (not_in && is_unknown(i)) continue;
    selected_[n++] = static_cast<uint16_t>(rows[i]);
  }
  if (n == 0) return false;
  if (existence_) {
    in_->set_selection({selected_.data(), n});
    out = in_;
    return true;
  }
  auto probe_columns = static_cast<uint32_t>(probe_types_.size()),
       build_columns = static_cast<uint32_t>(build_types_.size());
  uint32_t probe_at = build_left_ ? build_columns : 0, build_at = build_left_ ? 0 : probe_columns;
  for (uint32_t c = 0; c < probe_columns; ++c) outer_.column(probe_at + c).reference(in_->column(c));
  for (uint32_t c = 0; c < build_columns; ++c) {
    Vector& v = outer_.column(build_at + c);
    v.reference(pairs_.column(build_at + c));
    v.fill_constant(types::Value::null_of(build_types_[c]));
  }
  outer_.set_selection({selected_.data(), n});
  out = &outer_;
  return true;
}

bool HashJoinOperator::emit_marks(Chunk*& out) {
  const Selection& rows = in_->selection();
  mark_vector_.reset();
  for (uint32_t i = 0; i < rows.count; ++i) {
    mark_vector_.data<uint8_t>()[rows[i]] = matched_[i];
    if (matched_[i] == 0 && is_unknown(i)) mark_vector_.set_null(rows[i]);
  }
  auto columns = static_cast<uint32_t>(probe_types_.size());
  for (uint32_t c = 0; c < columns; ++c) mark_.column(c).reference(in_->column(c));
  mark_.column(columns).reference(mark_vector_);
  mark_.set_selection(rows);
  out = &mark_;
  return true;
}

bool HashJoinOperator::emit_unmatched_build(Chunk*& out) {
  std::span<uint8_t* const> rows = table_->rows();
  bool want_matched = build_existence_ && join_.join == JoinType::kSemi;
  uint32_t n = 0;
  while (unmatched_at_ < rows.size() && n < context_.chunk_rows()) {
    uint8_t* row = rows[unmatched_at_++];
    if (JoinTable::matched(row) == want_matched) pair_right_[n++] = row;
  }
  if (n == 0) return false;
  auto probe_columns = static_cast<uint32_t>(probe_types_.size()),
       build_columns = static_cast<uint32_t>(build_types_.size());
  uint32_t probe_at = build_left_ ? build_columns : 0, build_at = build_left_ ? 0 : probe_columns;
  pairs_.reset();
  for (uint32_t c = 0; c < build_columns; ++c)
    table_->format().gather(c, pair_right_.data(), n, pairs_.column(build_at + c), 0);
  if (build_existence_) {  // the left side alone: it comes first
    for (uint32_t c = 0; c < build_columns; ++c) outer_.column(c).reference(pairs_.column(c));
    outer_.set_dense(n);
    out = &outer_;
    return true;
  }
  for (uint32_t c = 0; c < probe_columns; ++c)
    pairs_.column(probe_at + c).fill_constant(types::Value::null_of(probe_types_[c]));
  pairs_.set_dense(n);
  out = &pairs_;
  return true;
}

OperatorPtr make_hash_join(const planner::JoinPlan& p, ExecutionContext& c) {
  bool shared = c.shared != nullptr && c.shared->join(p.id) != nullptr;
  return std::make_unique<HashJoinOperator>(
      p, c, shared ? HashJoinOperator::Role::kProbePart : HashJoinOperator::Role::kWhole);
}

}  // namespace varve::executor
