// What messages may tell the current role of a table's rows: what it could have read itself, or has just
// said.
#pragma once

#include <span>
#include <string>

#include "catalog/relation.h"
#include "functions/eval_context.h"
#include "types/value.h"

namespace varve::executor {

// Asked only once something has gone wrong: each answer is looked up. Outside of a session all is shown.
class RowDisclosure {
 public:
  RowDisclosure(const catalog::Relation& table, functions::EvalContext& context)
      : table_(table), context_(context) {}

  // Policies keep rows from the role: nothing may be told of any.
  bool hides_rows() const;
  bool shows_table() const;
  bool shows_column(catalog::ColumnNumber column) const;
  // All columns of a key; 0 stands for an expression, whose columns nobody looks for.
  bool shows_key(std::span<const catalog::ColumnNumber> columns) const;

 private:
  bool ask(std::string_view function, std::span<const types::Value> args) const;

  const catalog::Relation& table_;
  functions::EvalContext& context_;
};

// "(1, null, abc)" of one value for each column that is not dropped, long ones cut. A role that may not read
// the table is shown what it may read or has `provided`, after its names: "(a, c) = (1, abc)". Empty:
// nothing.
std::string describe_row(const catalog::Relation& table, std::span<const types::Value> row,
                         std::span<const catalog::ColumnNumber> provided, functions::EvalContext& context);
// "Failing row contains …." of that; empty: no word of it.
std::string failing_row_detail(const catalog::Relation& table, std::span<const types::Value> row,
                               std::span<const catalog::ColumnNumber> provided,
                               functions::EvalContext& context);
// "Key (a, b)=(1, 2)" of these columns, or "Key" if they may not be told.
std::string describe_key(const catalog::Relation& table, std::span<const catalog::ColumnNumber> columns,
                         std::span<const types::Value> values, functions::EvalContext& context);
// "(a, lower(b))=(1, x)" of the values of an index's key; empty: they may not be told.
std::string describe_index_key(const catalog::Relation& table, const catalog::Index& index,
                               std::span<const types::Value> values, functions::EvalContext& context);
// "(a, (b + c)) = (1, 2)" of the values of a partition key; empty: they may not be told.
std::string describe_partition_key(const catalog::Relation& table, std::span<const types::Value> values,
                                   functions::EvalContext& context);

}  // namespace varve::executor
