#include "cte.h"

#include <algorithm>

#include "common/check.h"
#include "group_table.h"
#include "plan_walk.h"

namespace varve::executor {

namespace {

// Exec params that the plan reads, and those that it sets itself.
void collect_params(const planner::Plan& plan, std::unordered_set<uint32_t>* read,
                    std::unordered_set<uint32_t>* set) {
  walk_expressions(plan, [&](const analyzer::Expr& e) {
    if (e.kind == analyzer::ExprKind::kExecParam) read->insert(e.as<analyzer::ExecParamExpr>().index);
    if (e.kind != analyzer::ExprKind::kSubplan) return;
    for (uint32_t slot : e.as<analyzer::SubplanExpr>().param_slots) set->insert(slot);
  });
  if (plan.kind == planner::PlanKind::kNestedLoop) {
    for (uint32_t slot : plan.as<planner::JoinPlan>().param_slots) set->insert(slot);
  }
  for (const planner::Plan* child : plan.children) collect_params(*child, read, set);
}

}  // namespace

CteState::CteState(const planner::Plan& plan, ExecutionContext& context)
    : context_(context),
      plan_(build_operator(plan, context)),
      rows_(context.settings, physical_types(plan.output), context.sort_memory_bytes()) {
  std::unordered_set<uint32_t> read, set;
  collect_params(plan, &read, &set);
  for (uint32_t slot : read) {
    if (!set.contains(slot)) outer_slots_.push_back(slot);
  }
}

// Its rows are good for the run, and for the values of the outer query's columns that it looks at.
bool CteState::is_current() const {
  if (run_ != context_.run) return false;
  for (size_t i = 0; i < outer_slots_.size(); ++i) {
    if (!types::values_identical(outer_values_[i], context_.exec_params[outer_slots_[i]])) return false;
  }
  return true;
}

void CteState::prepare() {
  if (is_current()) return;
  run_ = context_.run;
  outer_memory_.reset();
  outer_values_.clear();
  for (uint32_t slot : outer_slots_)
    outer_values_.push_back(types::copy_value(context_.exec_params[slot], outer_memory_));
  rows_.clear();
  ended_ = false;
  plan_->open();
}

bool CteState::has(size_t number) {
  while (!ended_ && rows_.chunk_count() <= number) {
    Chunk* chunk = nullptr;
    if (plan_->next(chunk)) {
      rows_.append(*chunk);
    } else {
      ended_ = true;
      plan_->close();
    }
  }
  return number < rows_.chunk_count();
}

void CteState::run_to_end() {
  prepare();
  while (!ended_) has(rows_.chunk_count());
}

void CteState::release() {
  plan_->close();
  rows_.clear();
  run_ = 0;
}

CteState& CteStates::state(uint32_t cte, ExecutionContext& context) {
  VARVE_CHECK(cte < states_.size());
  if (states_[cte] == nullptr) {
    const planner::Plan& plan = *context.statement->ctes[cte];
    states_[cte] = std::make_unique<CteState>(plan, context);
  }
  return *states_[cte];
}

void CteStates::finish_modifying(ExecutionContext& context) {
  // The last ones first, as PostgreSQL does: what reads another's rows pulls them.
  for (auto i = static_cast<uint32_t>(states_.size()); i-- > 0;) {
    const planner::Plan* plan = context.statement->ctes[i];
    if (plan != nullptr && modifies_data(*plan)) state(i, context).run_to_end();
  }
}

void CteStates::release() {
  for (auto& s : states_) {
    if (s != nullptr) s->release();
  }
}

namespace {

class CteScanOperator : public Operator {
 public:
  CteScanOperator(const planner::CteScanPlan& plan, ExecutionContext& context)
      : Operator(plan, context), state_(context.ctes->state(plan.cte, context)), reader_(state_.rows()) {}
  void open() override {
    state_.prepare();
    at_ = 0;
  }

 protected:
  bool produce(Chunk*& out) override {
    if (!state_.has(at_)) return false;
    out = reader_.read(at_++);
    return true;
  }

 private:
  CteState& state_;
  ChunkCollection::Reader reader_;
  size_t at_ = 0;
};

class WorkTableScanOperator : public Operator {
 public:
  WorkTableScanOperator(const planner::CteScanPlan& plan, ExecutionContext& context)
      : Operator(plan, context), slot_(plan.cte) {}
  void open() override {
    rows_ = context_.ctes->work_tables[slot_];
    VARVE_CHECK(rows_ != nullptr);
    reader_ = std::make_unique<ChunkCollection::Reader>(*rows_);
    at_ = 0;
  }

 protected:
  bool produce(Chunk*& out) override {
    if (at_ == rows_->chunk_count()) return false;
    out = reader_->read(at_++);
    return true;
  }

 private:
  uint32_t slot_;
  ChunkCollection* rows_ = nullptr;
  std::unique_ptr<ChunkCollection::Reader> reader_;
  size_t at_ = 0;
};

// Keeps its child's rows for re-scans.
class MaterializeOperator : public Operator {
 public:
  MaterializeOperator(const planner::Plan& plan, ExecutionContext& context)
      : Operator(plan, context),
        rows_(context.settings, physical_types(plan.output), context.sort_memory_bytes()),
        reader_(rows_) {
    children_.push_back(build_operator(*plan.children[0], context));
    independent_ = !depends_on_exec_params(*plan.children[0]);
  }
  void open() override {
    at_ = 0;
    if (independent_ && run_ == context_.run) return;
    run_ = context_.run;
    rows_.clear();
    ended_ = false;
    child().open();
  }
  void close() override {
    rows_.clear();
    run_ = 0;
    Operator::close();
  }

 protected:
  bool produce(Chunk*& out) override {
    if (at_ == rows_.chunk_count() && !ended_) {
      Chunk* chunk = nullptr;
      if (child().next(chunk))
        rows_.append(*chunk);
      else
        ended_ = true;
    }
    if (at_ == rows_.chunk_count()) return false;
    out = reader_.read(at_++);
    return true;
  }

 private:
  ChunkCollection rows_;
  ChunkCollection::Reader reader_;
  bool independent_, ended_ = false;
  uint64_t run_ = 0;
  size_t at_ = 0;
};

// WITH RECURSIVE: the start's rows, then the recursive term's over the rows of the step before, until none
// comes.
class RecursiveUnionOperator : public Operator {
 public:
  RecursiveUnionOperator(const planner::RecursiveUnionPlan& plan, ExecutionContext& context)
      : Operator(plan, context),
        union_(plan),
        tables_{ChunkCollection(context.settings, physical_types(plan.output), context.sort_memory_bytes()),
                ChunkCollection(context.settings, physical_types(plan.output), context.sort_memory_bytes())},
        found_(context.chunk_rows()),
        rows_(context.chunk_rows()) {
    for (const planner::Plan* c : plan.children) children_.push_back(build_operator(*c, context));
    if (plan.distinct) {
      std::vector<KeyType> keys;
      for (const planner::OutputColumn& c : plan.output)
        keys.push_back(make_key_type(c.type, nullptr, KeyUse::kHash));
      seen_ = std::make_unique<GroupTable>(context, keys, 0);
    }
  }
  void open() override {
    if (seen_ != nullptr) seen_->clear();
    tables_[0].clear();
    tables_[1].clear();
    next_table_ = 0;
    starting_ = true;
    ended_ = false;
    child(0).open();
  }
  void close() override {
    if (seen_ != nullptr) seen_->clear();
    tables_[0].clear();
    tables_[1].clear();
    Operator::close();
  }

 protected:
  bool produce(Chunk*& out) override {
    while (!ended_) {
      context_.check_cancel();
      Operator& term = child(starting_ ? 0 : 1);
      if (term.next(out)) {
        if (seen_ != nullptr && !keep_new(*out)) continue;
        tables_[next_table_].append(*out);
        return true;
      }
      starting_ = false;
      if (tables_[next_table_].row_count() == 0) {
        ended_ = true;
        break;
      }
      context_.ctes->work_tables[union_.work_table] = &tables_[next_table_];
      next_table_ = 1 - next_table_;
      tables_[next_table_].clear();
      child(1).open();
    }
    return false;
  }

 private:
  bool keep_new(Chunk& chunk) {
    std::vector<const Vector*> columns;
    for (const Vector& v : chunk.columns()) columns.push_back(&v);
    Selection rows = chunk.selection();
    seen_->find(columns, rows, found_.data(), true);
    auto n = static_cast<uint32_t>(seen_->fresh_rows().size());
    std::copy(seen_->fresh_rows().begin(), seen_->fresh_rows().end(), rows_.begin());
    std::sort(rows_.begin(), rows_.begin() + n);
    chunk.set_selection({rows_.data(), n});
    return n > 0;
  }

  const planner::RecursiveUnionPlan& union_;
  ChunkCollection tables_[2];
  std::unique_ptr<GroupTable> seen_;
  std::vector<uint8_t*> found_;
  std::vector<uint16_t> rows_;
  size_t next_table_ = 0;
  bool starting_ = true, ended_ = true;
};

}  // namespace

OperatorPtr make_cte_scan(const planner::CteScanPlan& p, ExecutionContext& c) {
  return std::make_unique<CteScanOperator>(p, c);
}
OperatorPtr make_work_table_scan(const planner::CteScanPlan& p, ExecutionContext& c) {
  return std::make_unique<WorkTableScanOperator>(p, c);
}
OperatorPtr make_materialize(const planner::Plan& p, ExecutionContext& c) {
  return std::make_unique<MaterializeOperator>(p, c);
}
OperatorPtr make_recursive_union(const planner::RecursiveUnionPlan& p, ExecutionContext& c) {
  return std::make_unique<RecursiveUnionOperator>(p, c);
}

}  // namespace varve::executor
