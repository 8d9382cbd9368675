// Lines of COPY FROM in text and CSV.
#include <cstring>

#include "common/sql_error.h"
#include "copy.h"

namespace varve::session {

// Appends pieces until `at_least` bytes lie from the line's start. The demand doubles with each rescan of a
// long line, so that a line in many small pieces is scanned in linear time.
bool CopyLines::refill(size_t at_least) {
  if (position_ > 0) {
    buffer_.erase(0, position_);
    position_ = 0;
  }
  bool any = false;
  std::string_view piece;
  while (!at_end_ && buffer_.size() < at_least) {
    if (!bytes_.next(&piece)) {
      at_end_ = true;
      break;
    }
    buffer_ += piece;
    any = true;
  }
  return any;
}

bool CopyLines::next(std::string_view* line) {
  if (done_) return false;
  ++line_number_;
  if (quick_line(line)) return true;
  for (;;) {
    size_t consumed = 0;
    embedded_lines_ = 0;
    Outcome outcome = scan(line, &consumed);
    if (outcome == Outcome::kNeedMore) {
      size_t have = buffer_.size() - position_;
      refill(have + std::max<size_t>(have, 1));
      continue;
    }
    position_ += consumed;
    line_number_ += embedded_lines_;
    if (outcome != Outcome::kEndMarker) return true;
    done_ = line->empty() || bytes_.marker_ends_all();
    return !line->empty();
  }
}

std::string_view CopyLines::plain_lines(size_t wanted) {
  if (done_) return {};
  if (buffer_.size() - position_ < wanted) refill(wanted);
  const char* start = buffer_.data() + position_;
  const size_t size = buffer_.size() - position_;
  if (line_end_ == LineEnd::kUnknown) {
    const std::string_view first(start, std::min(size, std::string_view(start, size).find('\n')));
    if (first.size() == size || first.find_first_of("\r\\") != std::string_view::npos ||
        (csv_ && first.find(quote_) != std::string_view::npos))
      return {};
    line_end_ = LineEnd::kNewline;
  }
  if (line_end_ != LineEnd::kNewline || size == 0) return {};
  const void* newline = ::memrchr(start, '\n', size);
  if (newline == nullptr) return {};
  return {start, static_cast<size_t>(static_cast<const char*>(newline) - start) + 1};
}

// The usual case: a complete line with nothing in it that needs a closer look.
bool CopyLines::quick_line(std::string_view* line) {
  if (line_end_ != LineEnd::kNewline) return false;
  const char* start = buffer_.data() + position_;
  size_t size = buffer_.size() - position_;
  const void* newline = size == 0 ? nullptr : std::memchr(start, '\n', size);
  if (newline == nullptr) return false;
  auto length = static_cast<size_t>(static_cast<const char*>(newline) - start);
  if (length != 0) {
    if (std::memchr(start, '\\', length) != nullptr || std::memchr(start, '\r', length) != nullptr)
      return false;
    if (csv_ && std::memchr(start, quote_, length) != nullptr) return false;
  }
  *line = {start, length};
  position_ += length + 1;
  return true;
}

CopyLines::Outcome CopyLines::scan(std::string_view* line, size_t* consumed) {
  const char* s = buffer_.data() + position_;
  const size_t size = buffer_.size() - position_;
  bool in_quote = false, last_was_escape = false;
  for (size_t i = 0;;) {
    if (i >= size) {
      if (!at_end_) return Outcome::kNeedMore;
      *line = {s, size};
      *consumed = size;
      return Outcome::kEndMarker;
    }
    size_t at = i;
    char c = s[i++];
    if (csv_) {
      if (in_quote && escape_ != '\0' && c == escape_) last_was_escape = !last_was_escape;
      if (c == quote_ && !last_was_escape) in_quote = !in_quote;
      if (escape_ == '\0' || c != escape_) last_was_escape = false;
      if (in_quote && c == (line_end_ == LineEnd::kNewline ? '\n' : '\r')) ++embedded_lines_;
    }
    if (c == '\r' && !in_quote) {
      if (line_end_ == LineEnd::kNewline) throw_line_end(true);
      if (line_end_ != LineEnd::kReturn) {
        if (i >= size && !at_end_) return Outcome::kNeedMore;
        if (i < size && s[i] == '\n') {
          line_end_ = LineEnd::kReturnNewline;
          ++i;
        } else {
          if (line_end_ == LineEnd::kReturnNewline) throw_line_end(true);
          line_end_ = LineEnd::kReturn;
        }
      }
      *line = {s, at};
      *consumed = i;
      return Outcome::kLine;
    }
    if (c == '\n' && !in_quote) {
      if (line_end_ == LineEnd::kReturn || line_end_ == LineEnd::kReturnNewline) throw_line_end(false);
      line_end_ = LineEnd::kNewline;
      *line = {s, at};
      *consumed = i;
      return Outcome::kLine;
    }
    // In CSV a backslash matters only at the start of a line; in text it protects what follows.
    if (c == '\\' && (!csv_ || at == 0)) {
      if (i >= size) continue;
      if (s[i] != '.') {
        if (!csv_) ++i;
        continue;
      }
      Outcome end = end_marker(i + 1, at, line, consumed);
      if (end != Outcome::kLine) return end;
    }
  }
}

// kLine: it is data after all (CSV).
CopyLines::Outcome CopyLines::end_marker(size_t at, size_t line_end, std::string_view* line,
                                         size_t* consumed) {
  const char* s = buffer_.data() + position_;
  const size_t size = buffer_.size() - position_;
  auto corrupt = [] { throw SqlError(sqlstate::kBadCopyFileFormat, "end-of-copy marker corrupt"); };
  auto mismatch = [] {
    throw SqlError(sqlstate::kBadCopyFileFormat, "end-of-copy marker does not match previous newline style");
  };
  size_t i = at;
  if (i >= size && !at_end_) return Outcome::kNeedMore;
  if (line_end_ == LineEnd::kReturnNewline) {
    char c = i < size ? s[i] : '\0';
    ++i;
    if (c != '\r') {
      if (csv_) return Outcome::kLine;
      if (c == '\n') mismatch();
      corrupt();
    }
    if (i >= size && !at_end_) return Outcome::kNeedMore;
  }
  char c = i < size ? s[i] : '\0';
  ++i;
  if (c != '\r' && c != '\n') {
    if (csv_) return Outcome::kLine;
    corrupt();
  }
  if ((line_end_ == LineEnd::kNewline && c != '\n') || (line_end_ == LineEnd::kReturnNewline && c != '\n') ||
      (line_end_ == LineEnd::kReturn && c != '\r')) {
    mismatch();
  }
  *line = {s, line_end};
  *consumed = std::min(i, size);
  return Outcome::kEndMarker;
}

void CopyLines::throw_line_end(bool carriage_return) const {
  std::string_view what = carriage_return ? "carriage return" : "newline";
  SqlError e(sqlstate::kBadCopyFileFormat,
             std::string(csv_ ? "unquoted " : "literal ").append(what).append(" found in data"));
  if (csv_)
    e.hint(std::string("Use quoted CSV field to represent ").append(what).append("."));
  else
    e.hint(carriage_return ? "Use \"\\r\" to represent carriage return."
                           : "Use \"\\n\" to represent newline.");
  throw e;
}

}  // namespace varve::session
