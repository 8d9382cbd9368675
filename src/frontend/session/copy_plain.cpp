#include "copy_plain.h"

#include <algorithm>

#include "common/check.h"
#include "common/sql_error.h"
#include "executor/expression_program.h"
#include "functions/type_oids.h"
#include "types/utf8.h"

namespace varve::session {
namespace {

// Their input functions depend on nothing but the text and the session's formats.
constexpr Oid kReadableTypes[] = {
    type_oid::kBool,        type_oid::kInt2,     type_oid::kInt4, type_oid::kInt8,    type_oid::kFloat4,
    type_oid::kFloat8,      type_oid::kNumeric,  type_oid::kDate, type_oid::kTime,    type_oid::kTimestamp,
    type_oid::kTimestamptz, type_oid::kInterval, type_oid::kText, type_oid::kVarchar, type_oid::kBpchar,
    type_oid::kUuid,        type_oid::kBytea,
};

char special_of(const CopyOptions& options) {
  return options.format == CopyFormat::kCsv ? options.quote : '\\';
}

// Is the newline behind these bytes a line's end? In text a backslash before it makes it data, in CSV an odd
// number of quotes.
bool is_whole_text_line(std::string_view line) {
  size_t backslashes = 0;
  while (backslashes < line.size() && line[line.size() - 1 - backslashes] == '\\') ++backslashes;
  return backslashes % 2 == 0;
}
bool is_whole_csv_line(std::string_view line, char quote) {
  return std::count(line.begin(), line.end(), quote) % 2 == 0;
}

}  // namespace

bool PlainReader::can_read(const CopyOptions& options, std::span<const PlainColumn> columns) {
  if (options.format == CopyFormat::kBinary || columns.empty()) return false;
  if (options.format == CopyFormat::kCsv && options.escape != options.quote) return false;
  return std::all_of(columns.begin(), columns.end(), [](const PlainColumn& c) {
    return std::find(std::begin(kReadableTypes), std::end(kReadableTypes), c.type) !=
           std::end(kReadableTypes);
  });
}

PlainReader::Kind PlainReader::kind_of(const PlainColumn& column) {
  if (column.type == type_oid::kInt2) return Kind::kInt2;
  if (column.type == type_oid::kInt4) return Kind::kInt4;
  if (column.type == type_oid::kInt8) return Kind::kInt8;
  if (column.type == type_oid::kFloat8) return Kind::kFloat8;
  if (column.type == type_oid::kDate) return Kind::kDate;
  if (column.type == type_oid::kText) return Kind::kText;
  if (column.typmod >= 0) return Kind::kOther;
  if (column.type == type_oid::kTimestamp) return Kind::kTimestamp;
  if (column.type == type_oid::kTimestamptz) return Kind::kTimestamptz;
  if (column.type == type_oid::kVarchar) return Kind::kText;
  return Kind::kOther;
}

PlainReader::PlainReader(const CopyOptions& options, std::span<const PlainColumn> columns,
                         const types::FormatSettings& format)
    : options_(options),
      csv_(options.format == CopyFormat::kCsv),
      simple_null_(csv_ || options.null_text == "\\N" || options.null_text.find('\\') == std::string::npos),
      context_{&memory_, &format, nullptr} {
  for (const PlainColumn& c : columns) {
    columns_.push_back({c.type, c.typmod, kind_of(c), {}});
    physical_.push_back(functions::physical_type_of(c.type));
  }
}
PlainReader::~PlainReader() = default;

vector::Chunk& PlainReader::chunk(size_t i) { return *chunks_[i]; }

std::string_view PlainReader::line(size_t chunk, uint32_t row) const {
  const size_t i = chunk * vector::kChunkRows + row;
  const size_t end = i + 1 < starts_.size() ? starts_[i + 1] : end_;
  return text_.substr(starts_[i], end - 1 - starts_[i]);
}

vector::Chunk& PlainReader::next_chunk() {
  if (chunks_used_ == chunks_.size()) chunks_.push_back(std::make_unique<vector::Chunk>(physical_, vectors_));
  vector::Chunk& chunk = *chunks_[chunks_used_++];
  chunk.reset();
  return chunk;
}

size_t PlainReader::read(std::string_view text) {
  VARVE_CHECK(text.size() <= UINT32_MAX);
  // What is not valid is somebody else's to complain about, when its line's turn has come.
  const size_t valid = types::utf8_invalid_at(text);
  if (valid < text.size()) text = text.substr(0, text.substr(0, valid).rfind('\n') + 1);
  text_ = text;
  memory_.reset();
  starts_.clear();
  chunks_used_ = 0;
  end_ = 0;
  FieldEnds ends(text, options_.delimiter, special_of(options_));
  vector::Chunk* chunk = nullptr;
  uint32_t row = 0;
  for (size_t at = 0; at < text.size();) {
    if (chunk == nullptr || row == vector::kChunkRows) {
      if (chunk != nullptr) chunk->set_dense(row);
      chunk = &next_chunk();
      row = 0;
    }
    const auto start = static_cast<uint32_t>(at);
    if (!read_line(ends, &at, *chunk, row)) break;
    starts_.push_back(start);
    end_ = at;
    ++row;
  }
  if (chunk != nullptr) chunk->set_dense(row);
  if (chunk != nullptr && row == 0) --chunks_used_;
  return end_;
}

bool PlainReader::read_line(FieldEnds& ends, size_t* at, vector::Chunk& chunk, uint32_t row) {
  const char* const text = text_.data();
  const size_t line = *at;
  if (csv_ && text[line] == '\\') return false;  // the end of the data, perhaps
  size_t start = line;
  const size_t last = columns_.size() - 1;
  for (size_t c = 0; c <= last; ++c) {
    bool odd;
    const size_t end = ends.next(&odd);
    if (end == text_.size()) return false;
    vector::Vector& to = chunk.column(static_cast<uint32_t>(c));
    if (is_null(text + start, end - start) && (!odd || (!csv_ && simple_null_))) {
      to.set_null(row);
    } else if (odd) {
      *at = line;
      return read_odd_line(ends, at, chunk, row);
    } else if (!store(columns_[c], {text + start, end - start}, to, row)) {
      return false;
    }
    if ((text[end] == '\n') != (c == last)) return false;  // too few fields, or too many
    start = end + 1;
  }
  *at = start;
  return true;
}

// With escapes or quotes in it.
bool PlainReader::read_odd_line(FieldEnds& ends, size_t* at, vector::Chunk& chunk, uint32_t row) {
  const size_t end = text_.find('\n', *at);
  if (end == std::string_view::npos) return false;
  const std::string_view line = text_.substr(*at, end - *at);
  if (line.find('\r') != std::string_view::npos) return false;
  try {
    if (csv_) {
      if (!is_whole_csv_line(line, options_.quote)) return false;
      split_csv_line(line, options_, memory_, &fields_);
    } else {
      // A backslash and a point may be the end of the data.
      if (!is_whole_text_line(line) || line.find("\\.") != std::string_view::npos) return false;
      split_text_line(line, options_, memory_, &fields_);
    }
  } catch (const SqlError&) {
    return false;
  }
  if (fields_.size() != columns_.size()) return false;
  for (size_t c = 0; c < fields_.size(); ++c) {
    vector::Vector& to = chunk.column(static_cast<uint32_t>(c));
    if (fields_[c].null)
      to.set_null(row);
    else if (!store(columns_[c], fields_[c].view(), to, row))
      return false;
  }
  *at = end + 1;
  ends.seek(*at);
  return true;
}

bool PlainReader::store(Column& column, std::string_view text, vector::Vector& to, uint32_t row) {
  bool done = false;
  switch (column.kind) {
    case Kind::kInt2:
      done = types::quick_integer(text, &to.data<int16_t>()[row]);
      break;
    case Kind::kInt4:
      done = types::quick_integer(text, &to.data<int32_t>()[row]);
      break;
    case Kind::kInt8:
      done = types::quick_integer(text, &to.data<int64_t>()[row]);
      break;
    case Kind::kFloat8:
      done = types::quick_float(text, &to.data<double>()[row]);
      break;
    case Kind::kDate:
      done = types::quick_date(text, &to.data<int32_t>()[row]);
      break;
    case Kind::kTimestamp:
      done = column.timestamps.read(text, &to.data<int64_t>()[row]);
      break;
    case Kind::kTimestamptz:
      done = column.timestamps.read_zoned(text, &to.data<int64_t>()[row]);
      break;
    case Kind::kText:
      to.data<types::StringRef>()[row] = types::StringRef(text);
      done = true;
      break;
    case Kind::kOther:
      break;
  }
  if (!done) return store_other(column, text, to, row);
  to.set_valid(row);
  return true;
}

// Errors are reported by who reads the line again.
bool PlainReader::store_other(const Column& column, std::string_view text, vector::Vector& to, uint32_t row) {
  try {
    const types::Value value = functions::parse_value(column.type, column.typmod, text, context_);
    to.set_valid(row);
    to.set_value(row, value);
    return true;
  } catch (const SqlError&) {
    return false;
  }
}

}  // namespace varve::session
