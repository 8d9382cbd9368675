// Index keys of table rows: the one place that says how catalog::Index maps to access/key_codec.h.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "access/key_codec.h"
#include "catalog/relation.h"
#include "executor/expression_program.h"
#include "planner/plan.h"

namespace varve::executor {

// Every key column is encoded as nullable: SET NOT NULL must not change what stands in an index already.
std::vector<access::KeyColumn> index_key_columns(const catalog::Relation& relation,
                                                 const catalog::Index& index);
access::KeyColumn index_key_column(const catalog::IndexColumn& column);
// append_key_column() of a value of this SQL type: values whose bytes are not in order (jsonb, arrays, ranges
// …) are brought into a form that is.
void append_index_column(std::string& out, Oid type, const access::KeyColumn& column,
                         const types::Value& value);

// Builds the keys of one index from full rows (one value for each column that is not dropped, in order). A
// B-tree has a row under one key, or none where its predicate leaves the row out; an inverted index under as
// many as its values have parts.
class IndexKeyBuilder {
 public:
  // `bound` may be null when the index has neither expressions nor a predicate; else throws 0A000 without it.
  IndexKeyBuilder(const catalog::Relation& relation, const catalog::Index& index,
                  const planner::BoundIndex* bound, ExecutionContext& context);

  const catalog::Index& index() const { return index_; }
  std::span<const access::KeyColumn> columns() const { return columns_; }

  // The row's keys, ascending, each once; valid until the next call. With them: their values in values(), and
  // whether uniqueness does not apply because of a NULL.
  std::span<const std::string> build(std::span<const types::Value> row);
  std::span<const std::string> built() const { return {keys_.data(), count_}; }  // those of the last call
  std::span<const types::Value> values() const { return values_; }
  bool exempt_from_unique() const { return exempt_; }
  // build() looks at this value of the row.
  bool reads(size_t ordinal) const;
  // No key column, expression or predicate reads a column that differs between the rows.
  bool unchanged(std::span<const types::Value> old_row, std::span<const types::Value> new_row) const;

 private:
  void load(std::span<const types::Value> row);
  void build_ordered();
  void build_inverted();
  [[noreturn]] void throw_too_long(size_t key_bytes) const;

  const catalog::Index& index_;
  std::vector<access::KeyColumn> columns_;
  std::vector<int> ordinals_;  // by key: place among the columns not dropped; -1: an expression
  std::vector<std::unique_ptr<ExpressionEvaluator>> expressions_;
  std::unique_ptr<ExpressionEvaluator> predicate_;
  std::vector<types::Value> values_;
  Arena vectors_;
  std::unique_ptr<Arena> memory_ =
      std::make_unique<Arena>();  // the expressions refer to it: it must not move
  Chunk row_;
  bool exempt_ = false;
  std::vector<std::string> keys_;  // the first `count_`; the others keep their memory
  size_t count_ = 0;
  std::vector<std::string> parts_;  // of one key column's value
};

// A key of an inverted index: its column, and what of the value there.
void set_inverted_key(std::string* key, size_t column, std::string_view part);

// Those of the one ascending list that the other has not.
void keys_without(std::span<const std::string> keys, std::span<const std::string> others,
                  std::vector<std::string_view>* out);

}  // namespace varve::executor
