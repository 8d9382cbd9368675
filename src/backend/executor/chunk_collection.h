// Rows kept for later, in order: what materialisation, CTEs, windows and recursion store. Beyond its memory
// limit it goes on in a temporary file.
#pragma once

#include <memory>
#include <vector>

#include "spill_file.h"

namespace varve::executor {

class ChunkCollection {
 public:
  ChunkCollection(ExecutionContext& context, std::span<const types::PhysicalType> types, size_t limit_bytes);

  void append(const Chunk& chunk);
  void clear();
  size_t chunk_count() const { return chunks_.size(); }
  uint64_t row_count() const { return rows_; }
  size_t memory_bytes() const { return memory_.held_bytes(); }

  // Reads chunks by number, each into its own window on the rows.
  class Reader {
   public:
    explicit Reader(ChunkCollection& from);
    // Valid until the next call on this reader or clear().
    Chunk* read(size_t number);

   private:
    ChunkCollection& from_;
    Arena vectors_, strings_;
    Chunk window_;                   // points into the collection's memory
    std::unique_ptr<Chunk> loaded_;  // rows read back from the file
  };

 private:
  struct Stored {
    Vector* columns;  // null: in the file
    uint64_t offset;
    uint32_t rows;
  };
  ExecutionContext& context_;
  std::vector<types::PhysicalType> types_;
  size_t limit_;
  Arena memory_;
  std::vector<Stored> chunks_;
  std::unique_ptr<SpillFile> file_;
  uint64_t rows_ = 0;
};

}  // namespace varve::executor
