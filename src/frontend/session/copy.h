// COPY: options, and the readers of its three formats. Private to the module.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/strong_id.h"
#include "memory/arena.h"

namespace varve::parser {
struct CopyStmt;
}

namespace varve::session {

enum class CopyFormat : uint8_t { kText, kCsv, kBinary };

struct CopyOptions {
  CopyFormat format = CopyFormat::kText;
  bool freeze = false;
  bool header = false;
  bool header_match = false;  // COPY FROM: the header must name the columns
  char delimiter = '\t';
  char quote = '"';
  char escape = '"';
  std::string null_text = "\\N";
  bool force_quote_all = false;
  std::vector<std::string> force_quote, force_not_null, force_null;  // column names
};

// Reads and checks the options of a statement; `sql` is for positions. Throws what PostgreSQL does.
CopyOptions copy_options(const parser::CopyStmt& stmt, std::string_view sql);

// The bytes that COPY FROM reads, in pieces of any size.
class CopyBytes {
 public:
  virtual ~CopyBytes() = default;
  // The next piece, not empty and valid until the next call; false at the end.
  virtual bool next(std::string_view* piece) = 0;
  // "\." behind data of the same line ends that line, and here all others, too. (PostgreSQL goes on reading from
  // everybody but a client.)
  virtual bool marker_ends_all() const { return true; }
};

struct CopyField {
  const char* data = nullptr;
  uint32_t size = 0;
  bool null = false;
  std::string_view view() const { return {data, size}; }
};

// Cuts the input into lines by the rules of text or CSV: the first line's end decides how the others must
// end, a quoted CSV field may hold line ends, "\." alone ends the data.
class CopyLines {
 public:
  CopyLines(CopyBytes& bytes, const CopyOptions& options)
      : bytes_(bytes),
        csv_(options.format == CopyFormat::kCsv),
        quote_(options.quote),
        escape_(options.escape == options.quote ? '\0' : options.escape) {}

  // The next line without its end, valid until the next call; false at the end. Throws 22P04.
  bool next(std::string_view* line);
  // What is read already and looks like whole lines, ended by newlines alone, of about `wanted` bytes; empty if
  // that cannot be said. A newline in it may turn out to be data (after a backslash, in quotes), and a line to
  // be the end of all. Valid until the next call; take() says how much of it has been dealt with.
  std::string_view plain_lines(size_t wanted);
  void take(size_t bytes, uint64_t lines) {
    position_ += bytes;
    line_number_ += lines;
  }
  // 1-based number of the line last read: of its last one if there are line ends inside quotes.
  uint64_t line_number() const { return line_number_; }

 private:
  enum class LineEnd : uint8_t { kUnknown, kNewline, kReturn, kReturnNewline };
  enum class Outcome : uint8_t { kLine, kEndMarker, kNeedMore };

  bool refill(size_t at_least);
  bool quick_line(std::string_view* line);
  Outcome scan(std::string_view* line, size_t* consumed);
  // After "\.": is it the end marker?
  Outcome end_marker(size_t at, size_t line_end, std::string_view* line, size_t* consumed);
  [[noreturn]] void throw_line_end(bool carriage_return) const;

  CopyBytes& bytes_;
  bool csv_;
  char quote_, escape_;
  LineEnd line_end_ = LineEnd::kUnknown;
  std::string buffer_;
  size_t position_ = 0;  // of the next line in buffer_
  bool at_end_ = false;  // no more bytes
  bool done_ = false;
  uint64_t line_number_ = 0;
  uint64_t embedded_lines_ = 0;  // in the line that is being scanned
};

// Cuts a line into fields, replacing what `fields` held. Values with escapes are rewritten into `memory`,
// others point into the line.
void split_text_line(std::string_view line, const CopyOptions& options, Arena& memory,
                     std::vector<CopyField>* fields);
// Throws 22P04 "unterminated CSV quoted field".
void split_csv_line(std::string_view line, const CopyOptions& options, Arena& memory,
                    std::vector<CopyField>* fields);

// PostgreSQL's binary format: signature, flags, header extension, then counted fields.
class CopyBinary {
 public:
  explicit CopyBinary(CopyBytes& bytes) : bytes_(bytes) {}
  // Throws 22P04 for anything that is no header.
  void read_header();
  // The next row of exactly `columns` fields; false at the end. The fields lie in `memory`.
  bool next(size_t columns, Arena& memory, std::vector<CopyField>* fields);

 private:
  size_t read(char* to, size_t n);  // fewer at the end
  bool read_int16(int16_t* v);
  bool read_int32(int32_t* v);

  CopyBytes& bytes_;
  std::string_view piece_;
};

// One field of COPY TO: appended to `out` escaped or quoted as the options say.
void append_copy_text(std::string& out, std::string_view value, const CopyOptions& options);
// `single`: the line has one column only, so that a lone "\." must be quoted.
void append_copy_csv(std::string& out, std::string_view value, const CopyOptions& options, bool force_quote,
                     bool single);

}  // namespace varve::session
