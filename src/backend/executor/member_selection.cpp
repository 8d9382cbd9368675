#include "member_selection.h"

#include "expression_array.h"

namespace varve::executor {

using analyzer::Expr;
using types::Value;

MemberSelection::MemberSelection(const planner::ScanPlan& plan, ExecutionContext& context)
    : plan_(plan), context_(context), selected_(plan.members.size(), true) {
  from_end_ = plan.kind == planner::PlanKind::kIndexScan && plan.as<planner::IndexScanPlan>().backward;
  if (plan.pruning == nullptr) return;
  for (const auto& table : plan.pruning->tables) {
    compile(table.term);
    has_terms_ = has_terms_ || table.term != nullptr;
  }
}

void MemberSelection::compile(const planner::PruningTerm* term) {
  if (term == nullptr) return;
  auto one = [&](const Expr* e) {
    if (e != nullptr) values_.try_emplace(e, *e, context_, memory_);
  };
  one(term->value);
  for (const Expr* e : term->values) one(e);
  for (const planner::PruningTerm* t : term->terms) compile(t);
}

void MemberSelection::open(const std::vector<RuntimeFilters::Entry>* filters) {
  at_ = 0;
  if (plan_.pruning == nullptr) return;
  memory_.reset();
  if (filters != nullptr) return select_by_keys(*filters);
  if (!has_terms_) return selected_.assign(selected_.size(), true);
  planner::prune_members(*plan_.pruning, *this, &selected_);
}

void MemberSelection::select_by_keys(const std::vector<RuntimeFilters::Entry>& filters) {
  join_keys_.clear();
  std::vector<planner::PartitionPruning::Table> tables(plan_.pruning->tables.begin(),
                                                       plan_.pruning->tables.end());
  for (const RuntimeFilters::Entry& e : filters) {
    if (e.filter->values() == nullptr) continue;
    int16_t column = plan_.columns[e.column];
    for (auto& table : tables) {
      for (uint32_t k = 0; k < table.key_columns.size(); ++k) {
        if (table.key_columns[k] != column) continue;
        auto* keys = memory_.make<analyzer::ConstExpr>();  // stands for the values
        keys->kind = analyzer::ExprKind::kConst;
        join_keys_[keys] = e.filter->values();
        auto* in = memory_.make<planner::PruningTerm>();
        in->kind = planner::PruningTerm::Kind::kIn;
        in->key = k;
        in->value = keys;
        if (table.term == nullptr) {
          table.term = in;
          continue;
        }
        auto* both = memory_.make<planner::PruningTerm>();
        both->kind = planner::PruningTerm::Kind::kAnd;
        both->terms = memory_.copy(
            std::vector<planner::PruningTerm*>{const_cast<planner::PruningTerm*>(table.term), in});
        table.term = both;
      }
    }
  }
  planner::PartitionPruning pruning;
  pruning.tables = tables;
  planner::prune_members(pruning, *this, &selected_);
}

bool MemberSelection::next(size_t* member) {
  for (; at_ < selected_.size(); ++at_) {
    size_t number = from_end_ ? selected_.size() - 1 - at_ : at_;
    if (!selected_[number]) continue;
    *member = number;
    ++at_;
    return true;
  }
  return false;
}

bool MemberSelection::value(const Expr& e, Value* out) {
  *out = values_.at(&e).scalar();
  return true;
}

bool MemberSelection::elements(const Expr& array, std::vector<Value>* out) {
  if (auto it = join_keys_.find(&array); it != join_keys_.end()) {
    *out = *it->second;
    return true;
  }
  Value v = values_.at(&array).scalar();
  if (!v.null) array_elements(array.type, v, out, context_, memory_);
  return true;
}

}  // namespace varve::executor
