// Rows kept for later, in order: what materialisation, CTEs, windows, recursion and cursors store. Beyond its
// memory limit it goes on in a temporary file without a name. One thread. What fails is thrown: 53100 when
// the disk is full, 58030 else.
#pragma once

#include <memory>
#include <vector>

#include "executor/execution_context.h"
#include "memory/arena.h"
#include "planner/plan.h"
#include "vector/chunk.h"

namespace varve::executor {

class SpillFile;

// Of chunks with these columns.
std::vector<types::PhysicalType> physical_types(std::span<const planner::OutputColumn> columns);

class ChunkCollection {
 public:
  // `settings` outlive it.
  ChunkCollection(const ExecutionSettings& settings, std::span<const types::PhysicalType> types,
                  size_t limit_bytes);
  ~ChunkCollection();

  // The selected rows, copied.
  void append(const vector::Chunk& chunk);
  void clear();
  size_t chunk_count() const { return chunks_.size(); }
  uint64_t row_count() const { return rows_; }
  size_t memory_bytes() const { return memory_.held_bytes(); }

  // Reads chunks by number, each into its own window on the rows.
  class Reader {
   public:
    explicit Reader(ChunkCollection& from);
    // Valid until the next call on this reader or clear().
    vector::Chunk* read(size_t number);

   private:
    ChunkCollection& from_;
    Arena vectors_, strings_;
    vector::Chunk window_;                   // points into the collection's memory
    std::unique_ptr<vector::Chunk> loaded_;  // rows read back from the file
  };

 private:
  struct Stored {
    vector::Vector* columns;  // null: in the file
    uint64_t offset;
    uint32_t rows;
  };
  const ExecutionSettings& settings_;
  std::vector<types::PhysicalType> types_;
  size_t limit_;
  Arena memory_;
  std::vector<Stored> chunks_;
  std::unique_ptr<SpillFile> file_;
  uint64_t rows_ = 0;
};

}  // namespace varve::executor
