#include "executor/chunk_collection.h"

#include "spill_file.h"

namespace varve::executor {

ChunkCollection::ChunkCollection(const ExecutionSettings& settings,
                                 std::span<const types::PhysicalType> types, size_t limit_bytes)
    : settings_(settings), types_(types.begin(), types.end()), limit_(limit_bytes) {}

ChunkCollection::~ChunkCollection() = default;

void ChunkCollection::append(const Chunk& chunk) {
  uint32_t count = chunk.count();
  if (count == 0) return;
  rows_ += count;
  if (memory_.held_bytes() >
      memory_budget::share_of(limit_, std::min(limit_, ExecutionContext::kMinWorkMemBytes))) {
    if (file_ == nullptr) file_ = std::make_unique<SpillFile>(settings_, types_);
    chunks_.push_back({nullptr, file_->size_bytes(), count});
    file_->append(chunk.columns(), chunk.selection());
    return;
  }
  auto* columns = memory_.make_array<Vector>(types_.size());
  Selection dense{nullptr, count};
  for (size_t c = 0; c < types_.size(); ++c) {
    auto* v = new (&columns[c]) Vector(types_[c], memory_, count);
    vector::gather(chunk.column(static_cast<uint32_t>(c)), chunk.selection(), *v, 0);
    vector::own_strings(*v, dense, memory_);
  }
  chunks_.push_back({columns, 0, count});
}

void ChunkCollection::clear() {
  chunks_.clear();
  file_.reset();
  memory_.reset();
  rows_ = 0;
}

ChunkCollection::Reader::Reader(ChunkCollection& from)
    : from_(from), window_(static_cast<uint32_t>(from.types_.size()), vectors_) {}

Chunk* ChunkCollection::Reader::read(size_t number) {
  const Stored& stored = from_.chunks_[number];
  if (stored.columns != nullptr) {
    for (uint32_t c = 0; c < window_.column_count(); ++c) window_.column(c).reference(stored.columns[c]);
    window_.set_dense(stored.rows);
    return &window_;
  }
  if (loaded_ == nullptr) loaded_ = std::make_unique<Chunk>(from_.types_, vectors_);
  strings_.reset();
  loaded_->reset();
  uint64_t offset = stored.offset;
  from_.file_->read(&offset, loaded_->columns(), 0, vector::kChunkRows, strings_);
  loaded_->set_dense(stored.rows);
  return loaded_.get();
}

}  // namespace varve::executor
