#include "access/sequence.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "buffer/log_batch.h"
#include "common/bytes.h"
#include "common/check.h"
#include "wal/redo.h"

namespace varve::access {

using buffer::ExclusiveGuard;
using buffer::LogBatch;
using buffer::Page;
using buffer::SharedGuard;

namespace {

struct SequenceBody {
  int64_t last_value;
  uint8_t is_called;
  uint8_t reserved[7];
  int64_t log_cnt;
};
static_assert(sizeof(SequenceBody) == 24);

// u64 segment, SequenceBody. Always builds the page anew (kBlockInitialises), so that recovery carries it out
// whatever the page's lsn says: the page on disk may hold a value behind the logged one.
constexpr wal::RedoOp kSequenceWrite = 0x70;

SequenceBody& body(Page& page) { return *reinterpret_cast<SequenceBody*>(page.body); }
const SequenceBody& body(const Page& page) { return *reinterpret_cast<const SequenceBody*>(page.body); }

void redo_write(PageId, Page& page, wal::Bytes payload) {
  std::memset(page.body, 0, sizeof(page.body));
  page.header.type = buffer::PageType::kSequence;
  page.header.flags = 0;
  page.header.reserved = 0;
  page.header.segment = load_raw<uint64_t>(payload.data());
  body(page) = load_raw<SequenceBody>(payload.data() + sizeof(uint64_t));
}

Lsn log_state(buffer::BufferPool& pool, ExclusiveGuard& guard, PageId segment, const SequenceBody& state) {
  std::array<uint8_t, sizeof(uint64_t) + sizeof(SequenceBody)> payload;
  store_raw(payload.data(), segment.value());
  store_raw(payload.data() + sizeof(uint64_t), state);
  LogBatch batch(pool, kInvalidXid, kInvalidLsn);
  batch.change(guard, kSequenceWrite, payload, wal::kBlockInitialises);
  return batch.commit();
}

// The segment's one page is the first it hands out, right behind the header.
PageId page_of(PageId segment) { return PageId{segment.value() + 1}; }

Status check_page(const Page& page, PageId segment) {
  if (page.header.type == buffer::PageType::kSequence && page.header.segment == segment.value()) return {};
  return Status::corruption(fmt::format("page {} is not a sequence", page_of(segment).value()));
}

Status limit_reached(const SequenceOptions& options) {
  return Status::not_found(options.increment > 0
                               ? fmt::format("reached maximum value of sequence ({})", options.max)
                               : fmt::format("reached minimum value of sequence ({})", options.min));
}

// The value after `value`; false: the bound is reached.
bool step(int64_t value, const SequenceOptions& options, int64_t* next) {
  if (__builtin_add_overflow(value, options.increment, next)) return false;
  return options.increment > 0 ? *next <= options.max : *next >= options.min;
}

int64_t wrapped(const SequenceOptions& options) { return options.increment > 0 ? options.min : options.max; }

}  // namespace

Result<PageId> create_sequence(buffer::BufferPool& pool, txn::Transaction& txn, int64_t start) {
  VARVE_ASSIGN_OR_RETURN(PageId segment, create_segment(pool, txn, SegmentKind::kSequence));
  VARVE_ASSIGN_OR_RETURN(PageId page, allocate_page(pool, segment));
  VARVE_CHECK(page == page_of(segment));
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, pool.fix_new(page));
  log_state(pool, guard, segment, SequenceBody{start, 0, {}, 0});
  return segment;
}

// PostgreSQL's nextval(): the log holds a value 32 fetches ahead, the page the true one. A crash goes back to
// the logged value, which was never handed out before.
Result<SequenceRange> sequence_next(buffer::BufferPool& pool, PageId segment, const SequenceOptions& options,
                                    Lsn* durable) {
  if (durable != nullptr) *durable = Lsn{};
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, pool.fix_exclusive(page_of(segment)));
  VARVE_RETURN_IF_ERROR(check_page(guard.page(), segment));
  const SequenceBody before = body(guard.page());

  int64_t first = before.last_value;
  if (before.is_called != 0 && !step(before.last_value, options, &first)) {
    if (!options.cycle) return limit_reached(options);
    first = wrapped(options);
  }
  int64_t last = first;
  int64_t taken = 1;
  for (int64_t next; taken < std::max<int64_t>(options.cache, 1) && step(last, options, &next); ++taken)
    last = next;

  // After a checkpoint the promise must stand in the log again, as recovery starts behind the old one. The
  // window keeps a checkpoint from starting between the question and the page's being marked dirty.
  auto window = pool.log().gate().enter();
  const bool promise_is_old = window.needs_image(guard.page().lsn());
  if (before.is_called != 0 && before.log_cnt >= taken && !promise_is_old) {
    // Covered by what the log says already.
    SequenceBody now = before;
    now.last_value = last;
    now.log_cnt -= taken;
    body(guard.mutable_page()) = now;
    guard.mark_dirty(guard.page().lsn());
    return SequenceRange{first, last};
  }
  window.leave();

  int64_t ahead = last;
  int64_t logged = 0;
  for (int64_t next; logged < kSequenceLogAhead && step(ahead, options, &next); ++logged) ahead = next;
  Lsn end = log_state(pool, guard, segment, SequenceBody{ahead, 1, {}, 0});
  body(guard.mutable_page()) = SequenceBody{last, 1, {}, logged};
  if (durable != nullptr) *durable = end;
  return SequenceRange{first, last};
}

Status sequence_set(buffer::BufferPool& pool, PageId segment, int64_t value, bool is_called, Lsn* durable) {
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, pool.fix_exclusive(page_of(segment)));
  VARVE_RETURN_IF_ERROR(check_page(guard.page(), segment));
  Lsn end = log_state(pool, guard, segment, SequenceBody{value, static_cast<uint8_t>(is_called), {}, 0});
  if (durable != nullptr) *durable = end;
  return {};
}

Result<SequenceState> sequence_read(buffer::BufferPool& pool, PageId segment) {
  VARVE_ASSIGN_OR_RETURN(SharedGuard guard, pool.fix_shared(page_of(segment)));
  VARVE_RETURN_IF_ERROR(check_page(guard.page(), segment));
  const SequenceBody& b = body(guard.page());
  return SequenceState{b.last_value, b.is_called != 0, b.log_cnt};
}

void register_sequence_operations() { wal::register_redo(kSequenceWrite, redo_write); }

}  // namespace varve::access
