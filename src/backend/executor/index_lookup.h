// Fetching the rows that index entries lead to: what index scans and index joins share.
#pragma once

#include <string>
#include <vector>

#include "executor/index_keys.h"
#include "table_reader.h"

namespace varve::executor {

class IndexRowFetcher {
 public:
  IndexRowFetcher(const catalog::Relation& relation, const catalog::Index& index,
                  const planner::BoundIndex* bound, std::span<const catalog::ColumnNumber> columns,
                  ExecutionContext& context);

  // Puts the row at `tid` into row `at` of `out` if the snapshot sees it with this key (a key prefix suffices
  // when it came from a lookup by prefix). Strings are copied to `memory`.
  bool fetch(Tid tid, wal::Bytes key, Chunk& out, uint32_t at, Arena& memory);

  const IndexKeyBuilder& keys() const { return builder_; }

 private:
  bool key_still_matches(const access::RowVersion& row, wal::Bytes key);

  const catalog::Relation& relation_;
  TableReader reader_;
  std::span<const catalog::ColumnNumber> columns_;
  std::vector<catalog::ColumnNumber> live_;
  IndexKeyBuilder builder_;
  ExecutionContext& context_;
  access::RowBuffer buffer_;
  std::vector<types::Value> row_values_;
  std::string row_key_;
  Arena scratch_;
};

}  // namespace varve::executor
