// Sequences: one page that keeps last_value, is_called and log_cnt. The options (increment, bounds, cycle,
// cache) stay in the catalog and are passed in.
//
//   page body:   0            8           9          16
//                +------------+-----------+----------+---------
//                | last_value | is_called | reserved | log_cnt |
//                +------------+-----------+----------+---------
//
// Not transactional: a value drawn is gone, whatever becomes of the transaction. As in PostgreSQL the log
// runs 32 values ahead of what was handed out, so a crash skips numbers and never repeats one, and most calls
// log nothing.
#pragma once

#include <cstdint>

#include "access/segment.h"

namespace varve::access {

inline constexpr int64_t kSequenceLogAhead = 32;

struct SequenceOptions {
  int64_t increment = 1;
  int64_t min = 1;
  int64_t max = INT64_MAX;
  bool cycle = false;
  int64_t cache = 1;
};

// What `SELECT * FROM sequence` shows.
struct SequenceState {
  int64_t last_value = 0;
  bool is_called = false;
  int64_t log_cnt = 0;
};

// `cache` consecutive values may be handed out by the caller: first, first + increment, … last.
struct SequenceRange {
  int64_t first = 0;
  int64_t last = 0;
};

// A new sequence whose next value is `start`; undone by rollback.
Result<PageId> create_sequence(buffer::BufferPool& pool, txn::Transaction& txn, int64_t start);

// kNotFound: the bound is reached and the sequence does not cycle (SQLSTATE 2200H).
// `durable` (optional) receives what must be durable before the value may be told to anyone; 0: nothing new.
Result<SequenceRange> sequence_next(buffer::BufferPool& pool, PageId segment, const SequenceOptions& options,
                                    Lsn* durable = nullptr);
// setval(). The caller has checked the bounds.
Status sequence_set(buffer::BufferPool& pool, PageId segment, int64_t value, bool is_called,
                    Lsn* durable = nullptr);
Result<SequenceState> sequence_read(buffer::BufferPool& pool, PageId segment);

void register_sequence_operations();

}  // namespace varve::access
