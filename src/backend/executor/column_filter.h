// What of a scan's filter can be asked of columns before they are decoded: `column OP constant`, joined by
// AND. The rest is evaluated as usual, over the rows that are left.
#pragma once

#include <optional>
#include <vector>

#include "access/column_store.h"
#include "catalog/relation.h"
#include "operator.h"

namespace varve::executor {

class ColumnFilter {
 public:
  ColumnFilter(const planner::ScanPlan& plan, ExecutionContext& context, Arena& memory);

  // Computes the constants as the parameters are now.
  void open();
  // For the table that is read next: which conditions its store tests, and what is left.
  void bind(const catalog::Relation& relation, std::span<const catalog::ColumnNumber> columns,
            const access::ColumnStore& store);

  std::span<const access::ColumnCondition> conditions() const { return conditions_; }
  bool has_rest() const { return !rest_.empty(); }
  // Whether the rest reads this column of the scan.
  bool rest_reads(size_t column) const { return rest_reads_[column]; }
  // The rows that meet the rest; as ExpressionEvaluator::select().
  uint32_t select(const Chunk& input, Selection rows, uint16_t* out);

 private:
  struct Term {
    ExpressionEvaluator whole;
    std::vector<uint32_t> inputs;
    // If it is a comparison of a column with a constant:
    std::optional<ExpressionEvaluator> constant;
    uint32_t column = 0;
    access::ColumnComparison op{};
    types::Value value;
  };
  void add_terms(const analyzer::Expr& filter);
  void read_comparison(const analyzer::Expr& e, Term* term);

  ExecutionContext& context_;
  Arena& memory_;
  Arena constants_;
  std::vector<Term> terms_;
  std::vector<access::ColumnCondition> conditions_;
  std::vector<size_t> rest_;
  std::vector<bool> rest_reads_;
};

}  // namespace varve::executor
