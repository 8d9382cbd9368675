// Fetching the rows that index entries lead to: what index scans and index joins share.
#pragma once

#include <string>
#include <vector>

#include "access/btree.h"
#include "executor/index_keys.h"
#include "table_reader.h"

namespace varve::executor {

class IndexRowFetcher {
 public:
  IndexRowFetcher(const catalog::Relation& relation, const catalog::Index& index,
                  const planner::BoundIndex* bound, std::span<const catalog::ColumnNumber> columns,
                  ExecutionContext& context);

  // The places of rows with this key or key prefix, each once, for fetch().
  void look_up(access::Btree& tree, wal::Bytes key, std::vector<Tid>* tids);
  // Puts the row at `tid` into row `at` of `out` if the snapshot sees it with the key that was looked up.
  // Strings are copied to `memory`.
  bool fetch(Tid tid, wal::Bytes key, Chunk& out, uint32_t at, Arena& memory) {
    return fetch(tid, key, suspicious_, out, at, memory);
  }
  // The same for an entry of a scan.
  bool fetch(const access::Entry& e, Chunk& out, uint32_t at, Arena& memory) {
    return fetch(e.tid, e.key, e.marked, out, at, memory);
  }

  const IndexKeyBuilder& keys() const { return builder_; }

 private:
  bool fetch(Tid tid, wal::Bytes key, bool suspicious, Chunk& out, uint32_t at, Arena& memory);
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
  bool suspicious_ = false;  // some entry that was looked up may lead to a row that never had its key
};

}  // namespace varve::executor
