#include "member_selection.h"

#include "expression_array.h"

namespace varve::executor {

using analyzer::Expr;
using types::Value;

MemberSelection::MemberSelection(const planner::ScanPlan& plan, ExecutionContext& context)
    : plan_(plan), context_(context), selected_(plan.members.size(), true) {
  if (plan.pruning == nullptr) return;
  for (const auto& table : plan.pruning->tables) compile(table.term);
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

void MemberSelection::open() {
  at_ = 0;
  if (plan_.pruning == nullptr) return;
  memory_.reset();
  planner::prune_members(*plan_.pruning, *this, &selected_);
}

bool MemberSelection::next(size_t* member) {
  for (; at_ < selected_.size(); ++at_) {
    if (!selected_[at_]) continue;
    *member = at_++;
    return true;
  }
  return false;
}

bool MemberSelection::value(const Expr& e, Value* out) {
  *out = values_.at(&e).scalar();
  return true;
}

bool MemberSelection::elements(const Expr& array, std::vector<Value>* out) {
  Value v = values_.at(&array).scalar();
  if (!v.null) array_elements(array.type, v, out, context_, memory_);
  return true;
}

}  // namespace varve::executor
