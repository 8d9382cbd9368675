// Copies of queries and expressions in which column references are replaced: what every rewrite across query
// levels is made of. Private to the planner.
#pragma once

#include <unordered_map>

#include "analyzer/query.h"
#include "memory/arena.h"

namespace varve::planner {

// Says what becomes of a column reference. `depth`: how many query levels below the copied one it stands, so
// that `levels_up == depth` refers to the copied level itself.
class ColumnMap {
 public:
  virtual ~ColumnMap() = default;
  // Null: stays as it is.
  virtual analyzer::Expr* map(const analyzer::ColumnExpr& column, uint32_t depth) = 0;
  // The same for the level at which a reference to a CTE counts.
  virtual uint32_t map_cte_level(uint32_t levels_up, uint32_t /*depth*/) { return levels_up; }
};

class QueryCopier {
 public:
  QueryCopier(Arena& arena, ColumnMap& map) : arena_(arena), map_(map) {}

  analyzer::Expr* copy(analyzer::Expr* e, uint32_t depth = 0);
  analyzer::Query* copy(const analyzer::Query& query, uint32_t depth = 0);
  analyzer::Range* copy(const analyzer::Range& range, uint32_t depth);
  // Ranges are renumbered by `offset`.
  analyzer::FromItem* copy(const analyzer::FromItem* item, uint32_t depth, uint32_t offset = 0);

 private:
  template <class List>
  void copy_list(List& list, uint32_t depth);
  void copy_keys(std::span<analyzer::SortKey>& keys, uint32_t depth);
  void copy_targets(std::span<analyzer::Target>& targets, uint32_t depth);

  Arena& arena_;
  ColumnMap& map_;
  // Expressions are shared between the clauses of a query (GROUP BY and the select list): their subqueries
  // stay shared.
  std::unordered_map<const analyzer::Query*, analyzer::Query*> copies_;
};

// Nothing in it that the copier does not reach: statements that write, aggregates of an outer level.
bool can_copy(const analyzer::Query& query);
bool can_copy(const analyzer::Expr* e);

// Subqueries of raised expressions: what is raised twice is the same both times, as same_expression() sees
// it.
using RaisedQueries = std::unordered_map<const analyzer::Query*, analyzer::Query*>;
// `e`, which refers to an outer query alone, as it reads one level further out.
analyzer::Expr* raise_expression(analyzer::Expr* e, RaisedQueries& raised, Arena& arena);

// `e`, which stands at its query's own level, as it reads `depth` levels further in.
analyzer::Expr* sink_expression(analyzer::Expr* e, uint32_t depth, Arena& arena);

}  // namespace varve::planner
