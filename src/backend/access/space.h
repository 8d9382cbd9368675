// Extents of the page space: finding free ones and giving them back, inside a batch of the caller.
#pragma once

#include "buffer/log_batch.h"
#include "segment_format.h"

namespace varve::access {

// Extents picked under the exclusive latch of their space map, which the claim keeps until it is destroyed;
// they change hands when the batch commits.
class ExtentClaim {
 public:
  ExtentClaim(buffer::ExclusiveGuard map, PageId first_page, MapSetPayload payload)
      : map_(std::move(map)), first_page_(first_page), payload_(payload) {}

  PageId first_page() const { return first_page_; }
  uint32_t page_count() const { return payload_.count * kExtentPages; }
  void add_to(buffer::LogBatch& batch) { batch.change(map_, kOpSpaceMapSet, payload_of(payload_)); }

 private:
  buffer::ExclusiveGuard map_;
  PageId first_page_;
  MapSetPayload payload_;
};

// `want` adjacent extents, or fewer if there is no such run; starting at `adjoining` when they are free
// there.
Result<ExtentClaim> claim_extents(buffer::BufferPool& pool, uint32_t want, PageId adjoining);
Result<ExtentClaim> release_extents(buffer::BufferPool& pool, PageId first, uint32_t pages);

}  // namespace varve::access
