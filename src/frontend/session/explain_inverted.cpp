// How EXPLAIN shows what an inverted index is asked for.
#include "explain.h"
#include "parser/parser.h"

namespace varve::session {

using planner::InvertedCondition;

namespace {

std::unique_ptr<ExplainNode> make(std::string_view type) {
  auto n = std::make_unique<ExplainNode>();
  n->type = n->label = type;
  n->has_costs = false;
  return n;
}

std::unique_ptr<ExplainNode> index_scan(std::span<const InvertedCondition* const> parts,
                                        std::string_view index, ConditionText text, void* user) {
  auto n = make("Bitmap Index Scan");
  n->label += " on " + parser::quote_identifier(index);
  n->head.push_back({"Index Name",
                     std::string(index),
                     {},
                     ExplainProperty::Kind::kString,
                     ExplainProperty::Where::kStructured});
  std::string all;
  for (const InvertedCondition* part : parts)
    all += (all.empty() ? "" : " AND ") + text(user, *part->condition);
  if (parts.size() > 1) all = "(" + all + ")";
  n->properties.push_back({"Index Cond",
                           std::move(all),
                           {},
                           ExplainProperty::Kind::kString,
                           ExplainProperty::Where::kEverywhere});
  return n;
}

}  // namespace

std::unique_ptr<ExplainNode> explain_inverted(const InvertedCondition& condition, std::string_view index,
                                              ConditionText text, void* user) {
  if (condition.kind == InvertedCondition::Kind::kOperator) {
    const InvertedCondition* part = &condition;
    return index_scan({&part, 1}, index, text, user);
  }
  // Of AND, what one look at the index answers stands together.
  const bool any = condition.kind == InvertedCondition::Kind::kOr;
  std::vector<const InvertedCondition*> together, alone;
  for (const InvertedCondition& part : condition.parts)
    (any || part.kind != InvertedCondition::Kind::kOperator ? alone : together).push_back(&part);
  if (alone.empty()) return index_scan(together, index, text, user);
  auto n = make(any ? "BitmapOr" : "BitmapAnd");
  auto add = [&n](std::unique_ptr<ExplainNode> child) {
    child->relationship = "Member";
    n->children.push_back(std::move(child));
  };
  if (!together.empty()) add(index_scan(together, index, text, user));
  for (const InvertedCondition* part : alone) add(explain_inverted(*part, index, text, user));
  return n;
}

}  // namespace varve::session
