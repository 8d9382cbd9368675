// Sets of rows in the order of their Tids, as an inverted index has them: the rows of a key, and what AND and
// OR make of such sets. Nothing is collected: a set yields its least member from some place on, and who wants
// the common members of several skips in each to where the others are. Private to the module.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "access/btree.h"
#include "functions/inverted_keys.h"

namespace varve::executor {

class TidStream {
 public:
  virtual ~TidStream() = default;
  // The least member that is not below `at_least`, which never falls; false: there is none.
  virtual bool seek(Tid at_least, Tid* tid) = 0;
};

// What of an index the condition on key column `column` lets through. Null: all rows, also those that are not
// in the index. `memory_limit_bytes`: for keys that are known by their beginning, whose rows are collected;
// when they do not fit, all rows pass, since every row is tested anyway.
struct TidSource {
  access::Btree& tree;
  txn::SerializableTxn* reader;
  size_t memory_limit_bytes;
};
std::unique_ptr<TidStream> open_tids(const TidSource& source, size_t column,
                                     const functions::KeyQuery& query);

// Null parts are all rows.
std::unique_ptr<TidStream> common_tids(std::vector<std::unique_ptr<TidStream>> parts);
std::unique_ptr<TidStream> united_tids(std::vector<std::unique_ptr<TidStream>> parts);
std::unique_ptr<TidStream> listed_tids(std::vector<Tid> tids);  // ascending

}  // namespace varve::executor
