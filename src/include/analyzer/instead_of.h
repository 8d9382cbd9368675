// Views whose INSTEAD OF triggers do what INSERT, UPDATE and DELETE ask.
#pragma once

#include "analyzer/analyzer.h"

namespace varve::analyzer {

// Range 0 of the query is a view, and its triggers get the rows: of INSERT as a kRelation that is never read,
// else as the view's kSubquery.
inline bool is_instead_of(const Query& query) {
  if (query.command == CommandType::kSelect || query.command == CommandType::kMerge || query.ranges.empty())
    return false;
  const Range& target = *query.ranges[0];
  if (target.view != nullptr) return true;
  return target.relation != nullptr && (*target.relation)->kind == catalog::RelationKind::kView;
}

// Which of UPDATE (4), INSERT (8) and DELETE (16) the view's rows take, as pg_relation_is_updatable() says
// it; of one column unless `column` is 0.
int view_events(AnalyzerContext& context, const catalog::RelationPtr& view, bool with_triggers,
                catalog::ColumnNumber column);

}  // namespace varve::analyzer
