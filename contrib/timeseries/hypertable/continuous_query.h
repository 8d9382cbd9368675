// The query that a continuous aggregate is made of: what may be one, and what its refresh and its real-time
// part ask. Private to the module.
#pragma once

#include <string>
#include <vector>

#include "commands/command_context.h"
#include "parser/ast.h"

namespace varve::hypertable {

// Every row of a bucket comes from rows of one hypertable with times in that bucket (and from other tables,
// whose changes nobody follows): so buckets can be made anew one by one.
class ContinuousQuery {
 public:
  // Throws what TimescaleDB says of queries that cannot be continuous. `columns`: names for the first
  // columns.
  ContinuousQuery(commands::CommandContext& context, parser::SelectStmt& query, parser::NameList columns);

  Oid source;          // the hypertable; of an aggregate on top of another, where that one's buckets are
  int32_t parent = 0;  // the number of that one
  std::string bucket_column;
  bool bucket_is_hidden = false;            // nobody selects it: a further column
  std::string bucket_call;                  // with $1 for the time
  std::string width, origin, offset, zone;  // expressions; empty: not given
  std::vector<std::string> groups;          // other columns that are grouped by

  // As it is; with the times that a refresh asks for, of the parent's table and with the hidden column; with
  // the times from the watermark on. `number`: of the aggregate.
  std::string direct() { return text({}, false); }
  std::string partial();
  std::string rest(int32_t number);

 private:
  std::string text(const std::string& condition, bool for_refresh);
  std::string value(const std::string& internal) const;
  void find_bucket(const analyzer::Query& bound);
  void take_bucket_call(const analyzer::FunctionExpr& call);
  void find_source(const analyzer::Query& bound, const analyzer::Expr& time);
  void name_columns(const analyzer::Query& bound);

  commands::CommandContext& context_;
  parser::SelectStmt& query_;
  parser::NameList columns_;
  std::vector<std::string> names_;  // of the columns
  Oid time_type_;
  std::string time_;           // the column, as the query can name it
  uint32_t bucket_group_ = 0;  // in GROUP BY
  parser::RangeVar* parent_name_ = nullptr;
  std::string parent_table_;
};

}  // namespace varve::hypertable
