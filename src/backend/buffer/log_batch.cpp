#include "buffer/log_batch.h"

#include <cstring>
#include <memory>

#include "buffer/page_image.h"
#include "common/check.h"
#include "common/io_counters.h"

namespace varve::buffer {

void LogBatch::change(ExclusiveGuard& guard, wal::RedoOp op, wal::Bytes payload, uint8_t block_flags) {
  VARVE_CHECK(count_ < kMaxBlocks && payload.size() <= UINT16_MAX);
  for (size_t i = 0; i < count_; ++i) VARVE_CHECK(guards_[i]->id() != guard.id());
  guards_[count_] = &guard;
  blocks_[count_] = {guard.id(), op, block_flags, payload};
  ++count_;
}

Lsn LogBatch::commit(Lsn* start) {
  wal::LogManager& log = pool_.log();
  window_ = log.gate().enter();
  std::unique_ptr<uint8_t[]> images;  // rare: once a page and checkpoint
  for (size_t i = 0; i < count_; ++i) {
    wal::BlockPart& block = blocks_[i];
    Page& page = guards_[i]->mutable_page();
    wal::RedoFunction redo = wal::redo_function(block.op);
    VARVE_CHECK(redo != nullptr);
    bool initialises = (block.flags & wal::kBlockInitialises) != 0;
    bool image = !initialises && window_.needs_image(page.lsn());
    if (initialises) std::memset(page.bytes(), 0, kPageBytes);
    redo(block.page, page, block.payload);
    if (image) {
      if (!images) images = std::make_unique_for_overwrite<uint8_t[]>(kMaxBlocks * kPageBytes);
      ++t_io_counters.log_images;
      log.count_image();
      block.payload = make_page_image(page, images.get() + i * kPageBytes, &block.flags);
    }
  }
  wal::RecordParts parts;
  parts.kind = wal::RecordKind::kPages;
  parts.flags = flags_;
  parts.xid = xid_;
  parts.prev_lsn = prev_lsn_;
  parts.blocks = {blocks_.data(), count_};
  parts.undo = undo_;
  Lsn end = log.append(parts, start);
  for (size_t i = 0; i < count_; ++i) {
    guards_[i]->mutable_page().header.lsn = end.value();
    guards_[i]->mark_dirty(end);
  }
  return end;
}

}  // namespace varve::buffer
