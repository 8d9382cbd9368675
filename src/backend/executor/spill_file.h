// Temporary files: blocks of rows that did not fit work_mem. The file has no name, so nothing is left behind
// by a crash. What fails is thrown: 53100 when the disk is full, 58030 else.
//
// A block:
//   u32 bytes that follow | u32 rows | for each column: u8 has nulls, [validity, (rows+7)/8 bytes], then
//     fixed width: the values | string: u32 length a row, then the bytes | numeric: like strings, in row form
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "executor/execution_context.h"
#include "port/vfs.h"
#include "vector/chunk.h"

namespace varve::executor {

using vector::Chunk;
using vector::Selection;
using vector::Vector;

class TempFile {
 public:
  explicit TempFile(const ExecutionSettings& settings);

  void append(const void* data, size_t size);
  // Also what is still buffered.
  void read(uint64_t offset, void* to, size_t size);
  uint64_t size() const { return written_ + buffer_.size(); }

 private:
  void flush();
  std::unique_ptr<port::File> file_;
  uint64_t written_ = 0;
  std::string buffer_;
};

// A sequence of row blocks of one shape, appended then read.
class SpillFile {
 public:
  SpillFile(const ExecutionSettings& settings, std::span<const types::PhysicalType> types);

  void append(std::span<const Vector> columns, const Selection& rows);
  uint64_t row_count() const { return rows_; }
  uint64_t size_bytes() const { return file_.size(); }
  std::span<const types::PhysicalType> types() const { return types_; }

  // Decodes the block at `*offset` to rows `at`… of `out`, whose strings go to `memory`, and moves the offset
  // on. 0: the end, or more rows than `room`.
  uint32_t read(uint64_t* offset, std::span<Vector> out, uint32_t at, uint32_t room, Arena& memory);

 private:
  TempFile file_;
  std::vector<types::PhysicalType> types_;
  uint64_t rows_ = 0;
  std::string encode_, decode_;
};

// Reads a SpillFile from its start in chunks of up to chunk_rows rows.
class SpillReader {
 public:
  SpillReader(SpillFile& file, ExecutionContext& context);
  bool next(Chunk*& out);

 private:
  SpillFile& file_;
  uint32_t room_;
  uint64_t offset_ = 0;
  Arena vectors_;
  Arena strings_;
  Chunk chunk_;
};

}  // namespace varve::executor
