// Fetching the rows that index entries lead to: what index scans and index joins share.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "access/btree.h"
#include "executor/index_keys.h"
#include "table_reader.h"

namespace varve::executor {

// Rows by their places.
class RowFetcher {
 public:
  RowFetcher(const catalog::Relation& relation, std::span<const catalog::ColumnNumber> columns,
             ExecutionContext& context)
      : relation_(relation), reader_(relation, columns), columns_(columns), context_(context) {}

  // The version that the snapshot sees, valid until the next call; false: none.
  bool find(Tid tid, access::RowVersion* row);
  // Puts what find() has found into row `at` of `out`. Strings are copied to `memory`.
  void put(access::RowVersion row, Tid tid, Chunk& out, uint32_t at, Arena& memory);

 private:
  const catalog::Relation& relation_;
  TableReader reader_;
  std::span<const catalog::ColumnNumber> columns_;
  ExecutionContext& context_;
  access::RowBuffer buffer_;
};

class IndexRowFetcher {
 public:
  IndexRowFetcher(const catalog::Relation& relation, const catalog::Index& index,
                  const planner::BoundIndex* bound, std::span<const catalog::ColumnNumber> columns,
                  ExecutionContext& context);

  // The places of rows with this key or key prefix, each once, for fetch().
  void look_up(access::Btree& tree, wal::Bytes key, std::vector<Tid>* tids);
  // Puts the row at `tid` into row `at` of `out` if the snapshot sees it with the key that was looked up.
  // To be asked once of each place.
  // Strings are copied to `memory`.
  bool fetch(Tid tid, wal::Bytes key, Chunk& out, uint32_t at, Arena& memory);
  // The same for an entry of a scan.
  bool fetch(const access::Entry& e, Chunk& out, uint32_t at, Arena& memory);

  const IndexKeyBuilder& keys() const { return builder_; }

 private:
  bool key_still_matches(const access::RowVersion& row, wal::Bytes key);

  const catalog::Relation& relation_;
  RowFetcher rows_;
  std::vector<catalog::ColumnNumber> live_;
  IndexKeyBuilder builder_;
  ExecutionContext& context_;
  std::vector<types::Value> row_values_;
  Arena scratch_;
  bool suspicious_ = false;  // some entry that was looked up may lead to a row that never had its key
  bool several_ = false;     // else: more than one entry was found
  std::unordered_set<uint64_t> changed_;  // then: rows with kRowKeysChanged that have been fetched
};

}  // namespace varve::executor
