#include "spill_file.h"

#include "common/bytes.h"
#include "common/check.h"
#include "common/io_counters.h"
#include "common/sql_error.h"
#include "common/status.h"

namespace varve::executor {

using types::Numeric;
using types::PhysicalType;
using types::StringRef;

namespace {

constexpr size_t kWriteBufferBytes = 32 << 10;

void append_validity(std::string& out, const Vector& v, const Selection& rows) {
  bool any = false;
  if (v.has_nulls()) {
    for (uint32_t i = 0; i < rows.count && !any; ++i) any = v.is_null(rows[i]);
  }
  out.push_back(static_cast<char>(any));
  if (!any) return;
  size_t start = out.size();
  out.resize(start + (rows.count + 7) / 8, '\0');
  for (uint32_t i = 0; i < rows.count; ++i) {
    if (!v.is_null(rows[i])) out[start + i / 8] = static_cast<char>(out[start + i / 8] | 1 << (i & 7));
  }
}

void append_fixed(std::string& out, const Vector& v, const Selection& rows) {
  size_t width = types::physical_width(v.type());
  size_t start = out.size();
  out.resize(start + width * rows.count);
  for (uint32_t i = 0; i < rows.count; ++i) {
    std::memcpy(out.data() + start + width * i, v.raw() + width * v.index(rows[i]), width);
  }
}

void append_variable(std::string& out, const Vector& v, const Selection& rows) {
  size_t lengths = out.size();
  out.resize(lengths + sizeof(uint32_t) * rows.count, '\0');
  for (uint32_t i = 0; i < rows.count; ++i) {
    uint32_t row = rows[i];
    if (v.is_null(row)) continue;
    size_t before = out.size();
    if (v.type() == PhysicalType::kString) {
      const auto& s = v.at<StringRef>(row);
      out.append(s.data(), s.size());
    } else {
      types::append_numeric_row(out, v.at<Numeric>(row));
    }
    store_raw(out.data() + lengths + sizeof(uint32_t) * i, static_cast<uint32_t>(out.size() - before));
  }
}

}  // namespace

TempFile::TempFile(const ExecutionSettings& settings) {
  VARVE_CHECK(settings.vfs != nullptr);
  auto file = settings.vfs->open(settings.temp_directory, port::OpenMode::kTemporary);
  if (!file.ok()) throw_status(file.status());
  file_ = std::move(*file);
  ++t_io_counters.temp_files;
}

void TempFile::append(const void* data, size_t size) {
  buffer_.append(static_cast<const char*>(data), size);
  if (buffer_.size() >= kWriteBufferBytes) flush();
}

void TempFile::flush() {
  if (Status s = file_->pwrite(buffer_.data(), buffer_.size(), written_); !s.ok()) throw_status(s);
  written_ += buffer_.size();
  t_io_counters.temp_written += buffer_.size();
  buffer_.clear();
}

void TempFile::read(uint64_t offset, void* to, size_t size) {
  if (offset + size > written_) flush();
  auto got = file_->pread(to, size, offset);
  if (!got.ok()) throw_status(got.status());
  if (*got != size) throw_status(Status::io_error("a temporary file is shorter than what was written to it"));
  t_io_counters.temp_read += size;
}

SpillFile::SpillFile(const ExecutionSettings& settings, std::span<const PhysicalType> types)
    : file_(settings), types_(types.begin(), types.end()) {}

void SpillFile::append(std::span<const Vector> columns, const Selection& rows) {
  if (rows.count == 0) return;
  encode_.assign(8, '\0');
  for (size_t c = 0; c < types_.size(); ++c) {
    const Vector& v = columns[c];
    append_validity(encode_, v, rows);
    if (types_[c] == PhysicalType::kString || types_[c] == PhysicalType::kNumeric)
      append_variable(encode_, v, rows);
    else
      append_fixed(encode_, v, rows);
  }
  store_raw(encode_.data(), static_cast<uint32_t>(encode_.size() - 8));
  store_raw(encode_.data() + 4, rows.count);
  file_.append(encode_.data(), encode_.size());
  rows_ += rows.count;
}

uint32_t SpillFile::read(uint64_t* offset, std::span<Vector> out, uint32_t at, uint32_t room, Arena& memory) {
  if (*offset >= file_.size()) return 0;
  uint32_t head[2];
  file_.read(*offset, head, sizeof head);
  uint32_t bytes = head[0], rows = head[1];
  if (rows > room) return 0;
  decode_.resize(bytes);
  file_.read(*offset + sizeof head, decode_.data(), bytes);
  *offset += sizeof head + bytes;
  const char* p = decode_.data();
  for (size_t c = 0; c < types_.size(); ++c) {
    Vector& v = out[c];
    bool nulls = *p++ != 0;
    const char* validity = p;
    if (nulls) p += (rows + 7) / 8;
    size_t width = types::physical_width(types_[c]);
    bool variable = types_[c] == PhysicalType::kString || types_[c] == PhysicalType::kNumeric;
    if (!variable) {
      std::memcpy(v.raw() + width * at, p, width * rows);
      p += width * rows;
    } else {
      const char* lengths = p;
      p += sizeof(uint32_t) * rows;
      for (uint32_t i = 0; i < rows; ++i) {
        std::string_view s(p, load_raw<uint32_t>(lengths + sizeof(uint32_t) * i));
        p += s.size();
        if (types_[c] == PhysicalType::kString) {
          v.data<StringRef>()[at + i] = StringRef(s.size() <= StringRef::kInlineBytes ? s : memory.copy(s));
        } else {
          v.data<Numeric>()[at + i] = s.empty() ? Numeric() : types::read_numeric_row(s, memory);
        }
      }
    }
    if (nulls) {
      for (uint32_t i = 0; i < rows; ++i) {
        if ((validity[i / 8] >> (i & 7) & 1) == 0)
          v.set_null(at + i);
        else
          v.set_valid(at + i);
      }
    } else if (v.has_nulls()) {
      for (uint32_t i = 0; i < rows; ++i) v.set_valid(at + i);
    }
  }
  return rows;
}

SpillReader::SpillReader(SpillFile& file, ExecutionContext& context)
    : file_(file), room_(context.chunk_rows()), chunk_(file.types(), vectors_) {}

bool SpillReader::next(Chunk*& out) {
  chunk_.reset();
  strings_.reset();
  uint32_t rows = 0;
  while (rows < room_) {
    uint32_t n = file_.read(&offset_, chunk_.columns(), rows, room_ - rows, strings_);
    if (n == 0) break;
    rows += n;
  }
  chunk_.set_dense(rows);
  out = &chunk_;
  return rows != 0;
}

}  // namespace varve::executor
