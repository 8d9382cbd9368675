// What of a scan's filter can be asked of columns before they are decoded: `column OP constant`, `column IN
// (constants)` and null tests, joined by AND. The rest is evaluated as usual, over the rows that are left. A
// comparison of a column that is rounded (`date_trunc('hour', column) >= constant`) is both: what it says of
// the column is asked first.
#pragma once

#include <optional>
#include <vector>

#include "access/column_store.h"
#include "catalog/relation.h"
#include "functions/rounding.h"
#include "operator.h"
#include "runtime_filter.h"

namespace varve::executor {

class ColumnFilter {
 public:
  ColumnFilter(const planner::ScanPlan& plan, ExecutionContext& context, Arena& memory);

  // Computes the constants as the parameters are now.
  void open();
  // For the table that is read next: which conditions its store tests, and what is left. `keys`: what hash
  // joins above know (may be null), and must outlive the scan.
  void bind(const catalog::Relation& relation, std::span<const catalog::ColumnNumber> columns,
            const access::ColumnStore& store, const std::vector<RuntimeFilters::Entry>* keys);

  std::span<const access::ColumnCondition> conditions() const { return conditions_; }
  // One more, after bind(), which all rows meet until the caller changes it as the scan goes on. It is the
  // first that is asked: where it rules segments out, it does so for all of them together.
  access::ColumnCondition* add_bound() {
    conditions_.insert(conditions_.begin(), {0, access::ColumnComparison::kNoCondition, {}, {}, true});
    return &conditions_.front();
  }
  bool has_rest() const { return !rest_.empty(); }
  // Whether the rest reads this column of the scan.
  bool rest_reads(size_t column) const { return rest_reads_[column]; }
  // The rows that meet the rest; as ExpressionEvaluator::select().
  uint32_t select(const Chunk& input, Selection rows, uint16_t* out);

 private:
  struct Term {
    ExpressionEvaluator whole;
    std::vector<uint32_t> inputs;
    // If it is a comparison of a column with constants, or a null test:
    bool is_condition = false;
    std::vector<ExpressionEvaluator> constants;
    uint32_t column = 0;
    access::ColumnComparison op{};
    bool blank_padded = false;  // bpchar: equal to the constant at the column's length
    bool days = false;          // a date against a moment
    access::ColumnComparison written_op{};
    // The column is rounded by a function, of which `constants` has the other arguments, too, and `bounds` is
    // what follows for the column.
    const functions::RoundingRule* rounding = nullptr;
    std::optional<int64_t> bounds[2] = {};
    bool known = false;                // the constants are, in this run
    std::vector<types::Value> values;  // without NULLs
    std::vector<types::Value> padded;
  };
  void add_terms(const analyzer::Expr& filter);
  void read_comparison(const analyzer::Expr& e, Term* term);
  void read_list(const analyzer::InListExpr& e, Term* term);
  void read_null_test(const analyzer::NullTestExpr& e, Term* term);
  bool read_rounding(const analyzer::Expr& e, Term* term);
  void read_constants(Term* term);
  void find_bounds(Term* term);
  static bool round_to_day(Term* term);
  // The condition that a store can test; false: it cannot.
  bool bind_term(Term& term, const catalog::Relation& relation, catalog::ColumnNumber column,
                 const access::ColumnStore& store);
  void add_bounds(const Term& term, const catalog::Relation& relation, catalog::ColumnNumber column,
                  const access::ColumnStore& store);
  void add_keys(const KeyFilter& keys, uint32_t column, const catalog::Relation& relation,
                const access::ColumnStore& store);

  ExecutionContext& context_;
  Arena& memory_;
  Arena constants_;
  std::vector<Term> terms_;
  std::vector<access::ColumnCondition> conditions_;
  std::vector<size_t> rest_;
  std::vector<bool> rest_reads_;
};

}  // namespace varve::executor
