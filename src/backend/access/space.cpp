#include "space.h"

#include <atomic>
#include <fmt/format.h>

namespace varve::access {

using buffer::BufferPool;
using buffer::ExclusiveGuard;
using buffer::LogBatch;
using buffer::PageType;
using buffer::SharedGuard;

namespace {

constexpr PageId kSpaceHeaderPage{0};

PageId map_page(uint64_t stretch) { return PageId{stretch * kStretchPages + 1}; }

// The stretch where the last claim found room: a hint, checked against the space's size, that spares a walk
// over full maps.
std::atomic<uint64_t> stretch_hint{0};

bool taken(const SpaceMap& map, uint32_t extent) { return (map.bits[extent / 8] >> extent % 8 & 1) != 0; }

struct FoundRun {
  uint32_t first = 0, count = 0;
};

// The first run of `want` free extents, or else the longest there is. Words without a free extent are
// skipped.
FoundRun find_run(const SpaceMap& map, uint32_t want) {
  FoundRun best, current;
  for (uint32_t i = 0; i < kMapExtents;) {
    if (i % 64 == 0 && load_raw<uint64_t>(map.bits + i / 8) == ~uint64_t{0}) {
      current = {};
      i += 64;
      continue;
    }
    if (taken(map, i)) {
      current = {};
    } else {
      if (current.count == 0) current.first = i;
      if (++current.count > best.count) best = current;
      if (best.count == want) break;
    }
    ++i;
  }
  return best;
}

uint32_t free_from(const SpaceMap& map, uint32_t first, uint32_t want) {
  uint32_t n = 0;
  while (n < want && first + n < kMapExtents && !taken(map, first + n)) ++n;
  return n;
}

Result<ExclusiveGuard> latch_map(BufferPool& pool, uint64_t stretch) {
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard guard, pool.fix_exclusive(map_page(stretch)));
  if (guard.page().header.type != PageType::kSpaceMap)
    return Status::corruption(fmt::format("page {} is not a space map", guard.id().value()));
  return guard;
}

Result<uint64_t> map_count(BufferPool& pool) {
  VARVE_ASSIGN_OR_RETURN(SharedGuard guard, pool.fix_shared(kSpaceHeaderPage));
  const auto& h = body_of<SpaceHeader>(guard.page());
  if (guard.page().header.type != PageType::kSpaceHeader || h.version != kSpaceFormatVersion)
    return Status::corruption("page 0 is not a space header of this version");
  return h.map_count;
}

// Adds the map of stretch `expected`, unless somebody else has done so meanwhile.
Status add_map(BufferPool& pool, uint64_t expected) {
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard header, pool.fix_exclusive(kSpaceHeaderPage));
  SpaceHeader h = body_of<SpaceHeader>(header.page());
  if (h.map_count != expected) return {};
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard map, pool.fix_new(map_page(expected)));
  ++h.map_count;
  LogBatch batch(pool, kInvalidXid, kInvalidLsn);
  batch.change(header, kOpSpaceHeader, payload_of(h));
  batch.change(map, kOpSpaceMapInit, {}, wal::kBlockInitialises);
  batch.commit();
  return {};
}

ExtentClaim make_claim(ExclusiveGuard map, uint64_t stretch, FoundRun run) {
  PageId first{stretch * kStretchPages + uint64_t{run.first} * kExtentPages};
  return {std::move(map), first, MapSetPayload{run.first, run.count, 1}};
}

}  // namespace

Status create_space(BufferPool& pool) {
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard header, pool.fix_new(kSpaceHeaderPage));
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard map, pool.fix_new(map_page(0)));
  SpaceHeader h{kSpaceFormatVersion, buffer::kPageBytes, 1};
  LogBatch batch(pool, kInvalidXid, kInvalidLsn);
  batch.change(header, kOpSpaceHeader, payload_of(h), wal::kBlockInitialises);
  batch.change(map, kOpSpaceMapInit, {}, wal::kBlockInitialises);
  batch.commit();
  stretch_hint.store(0, std::memory_order_relaxed);
  return {};
}

Result<ExtentClaim> claim_extents(BufferPool& pool, uint32_t want, PageId adjoining) {
  if (adjoining != kInvalidPageId && adjoining.value() % kStretchPages != 0) {
    uint64_t stretch = adjoining.value() / kStretchPages;
    auto first = static_cast<uint32_t>(adjoining.value() % kStretchPages / kExtentPages);
    VARVE_ASSIGN_OR_RETURN(ExclusiveGuard map, latch_map(pool, stretch));
    uint32_t n = free_from(body_of<SpaceMap>(map.page()), first, want);
    if (n == want) return make_claim(std::move(map), stretch, {first, n});
  }
  for (;;) {
    VARVE_ASSIGN_OR_RETURN(uint64_t count, map_count(pool));
    uint64_t start = stretch_hint.load(std::memory_order_relaxed);
    for (uint64_t i = 0; i < count; ++i) {
      uint64_t stretch = (start + i) % count;
      VARVE_ASSIGN_OR_RETURN(ExclusiveGuard map, latch_map(pool, stretch));
      const auto& m = body_of<SpaceMap>(map.page());
      if (m.free_extents == 0) continue;
      FoundRun run = find_run(m, want);
      if (run.count == 0) return Status::corruption("a space map counts free extents that it does not have");
      stretch_hint.store(stretch, std::memory_order_relaxed);
      return make_claim(std::move(map), stretch, run);
    }
    VARVE_RETURN_IF_ERROR(add_map(pool, count));
  }
}

Result<ExtentClaim> release_extents(BufferPool& pool, PageId first, uint32_t pages) {
  uint64_t stretch = first.value() / kStretchPages;
  MapSetPayload payload{static_cast<uint32_t>(first.value() % kStretchPages / kExtentPages),
                        pages / kExtentPages, 0};
  VARVE_ASSIGN_OR_RETURN(ExclusiveGuard map, latch_map(pool, stretch));
  const auto& m = body_of<SpaceMap>(map.page());
  for (uint32_t i = 0; i < payload.count; ++i) {
    if (!taken(m, payload.first + i))
      return Status::corruption(fmt::format("extent of page {} is freed twice", first.value()));
  }
  stretch_hint.store(stretch, std::memory_order_relaxed);
  return ExtentClaim(std::move(map), first, payload);
}

}  // namespace varve::access
