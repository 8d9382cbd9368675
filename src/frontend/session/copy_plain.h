// The lines of COPY FROM that need nobody's advice: complete, ended by a newline, with as many fields as
// there are columns and values that can be read without asking the session. Nearly all lines are like that,
// and several threads may read them at once. Whatever is different is left to CopyLines and CopyLoad, which
// know every rule and every message. Private to the module.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "copy.h"
#include "copy_scan.h"
#include "functions/registry.h"
#include "types/quick_text.h"
#include "vector/chunk.h"

namespace varve::session {

struct PlainColumn {
  Oid type;
  int32_t typmod;
};

// One thread's. What it has read stays until the next read(); strings point into the text or into its memory.
class PlainReader {
 public:
  PlainReader(const CopyOptions& options, std::span<const PlainColumn> columns,
              const types::FormatSettings& format);
  ~PlainReader();
  PlainReader(const PlainReader&) = delete;
  PlainReader& operator=(const PlainReader&) = delete;

  // Is this input one in which lines can be told from each other, and whose types can be read here?
  static bool can_read(const CopyOptions& options, std::span<const PlainColumn> columns);

  // Reads lines of `text`, which is made of whole lines or, if one is continued behind a newline, of what
  // looks like lines. Stops before the first that it does not understand; returns how many bytes it has read.
  size_t read(std::string_view text);

  // The rows: chunks of kChunkRows each but for the last, and the line of every row.
  size_t chunk_count() const { return chunks_used_; }
  vector::Chunk& chunk(size_t i);
  std::string_view line(size_t chunk, uint32_t row) const;
  uint64_t rows() const { return starts_.size(); }

 private:
  enum class Kind : uint8_t { kInt2, kInt4, kInt8, kFloat8, kDate, kTimestamp, kTimestamptz, kText, kOther };
  struct Column {
    Oid type;
    int32_t typmod;
    Kind kind;
    types::TimestampReader timestamps;
  };
  static Kind kind_of(const PlainColumn& column);

  vector::Chunk& next_chunk();
  bool read_line(FieldEnds& ends, size_t* at, vector::Chunk& chunk, uint32_t row);
  bool read_odd_line(FieldEnds& ends, size_t* at, vector::Chunk& chunk, uint32_t row);
  bool store(Column& column, std::string_view text, vector::Vector& to, uint32_t row);
  bool store_other(const Column& column, std::string_view text, vector::Vector& to, uint32_t row);
  bool is_null(const char* text, size_t size) const {
    return size == options_.null_text.size() &&
           (size == 0 || std::memcmp(text, options_.null_text.data(), size) == 0);
  }

  const CopyOptions& options_;
  const bool csv_;
  const bool simple_null_;  // what stands for NULL is no piece of anything else
  std::vector<Column> columns_;
  std::vector<types::PhysicalType> physical_;
  functions::EvalContext context_;
  Arena vectors_, memory_;
  std::vector<std::unique_ptr<vector::Chunk>> chunks_;
  size_t chunks_used_ = 0;
  std::string_view text_;
  std::vector<uint32_t> starts_;  // by row: where its line begins
  size_t end_ = 0;                // of the last line read
  std::vector<CopyField> fields_;
};

}  // namespace varve::session
