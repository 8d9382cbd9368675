// Conditions on one table under the statistics of several columns. Private to the planner.
#pragma once

#include <optional>

#include "query_planner.h"

namespace varve::planner {

// Which of the commonest combinations of values pass a condition.
class CommonMatcher {
 public:
  CommonMatcher(const RangeStatistics& statistics, uint32_t range, functions::EvalContext& eval)
      : statistics_(statistics), range_(range), eval_(eval), common_(*statistics.found->common) {}

  using Matches = std::vector<char>;  // [item]
  Matches matches(const Expr* condition) const;

 private:
  Matches compare(const functions::Function& function, const functions::CallSite& site, const Expr* term,
                  const types::Value& constant, bool constant_is_left) const;
  Matches any_of(const analyzer::InListExpr& in) const;
  Matches any_or_all(const analyzer::ArrayOpExpr& op) const;
  const functions::CommonCombinations::Dimension& dimension(const Expr* term) const;

  const RangeStatistics& statistics_;
  uint32_t range_;
  functions::EvalContext& eval_;
  const functions::CommonCombinations& common_;
};

// The conditions' columns and expressions, as PostgreSQL's extended statistics see them.
class ExtendedEstimate {
 public:
  ExtendedEstimate(QueryPlanner& planner, uint32_t range, std::span<Expr* const> conditions);

  double by_common_combinations(bool alternatives);
  double by_dependencies();
  bool is_estimated(size_t condition) const { return estimated_[condition]; }

 private:
  using Terms = std::vector<const Expr*>;
  // False: the condition is not of a kind that can be tried on values.
  bool collect_terms(const Expr* condition, Terms* terms) const;
  bool may_try(const functions::Function& function) const;
  const RangeStatistics* best_common() const;
  bool covers(const RangeStatistics& statistics, size_t condition) const;
  bool is_simple(size_t condition) const;
  double all_of(const RangeStatistics& statistics, std::span<const size_t> conditions);
  double any_of(const RangeStatistics& statistics, std::span<const size_t> conditions);
  double separately(std::span<Expr* const> conditions);

  // What an equality is about: columns are > 0, expressions < 0 (-1 - place in equal_expressions_), 0: it is
  // none.
  int equality_attribute(const Expr* condition);
  int attribute_of(const Expr* term);
  struct Dependency {
    std::vector<int> deciding;
    int decided;
    double degree;
  };
  std::vector<Dependency> dependencies_among(std::span<const int> attributes);
  double apply(const std::vector<Dependency>& dependencies, std::span<const int> attributes);

  QueryPlanner& planner_;
  uint32_t range_;
  std::span<Expr* const> conditions_;
  const std::vector<RangeStatistics>& statistics_;
  std::vector<std::optional<Terms>> terms_;  // by condition
  std::vector<bool> estimated_;
  std::vector<const Expr*> equal_expressions_;
};

}  // namespace varve::planner
