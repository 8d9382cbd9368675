#include "columnar/segment_builder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <new>

#include "bytes_codec.h"
#include "column_value.h"
#include "common/check.h"
#include "common/crc32c.h"
#include "float_codec.h"
#include "memory/arena.h"
#include "wide_codec.h"

namespace varve::columnar {
namespace {

using Validity = std::array<uint64_t, kVectorRows / 64>;

}  // namespace

SegmentBytes::SegmentBytes(size_t size)
    : bytes_(static_cast<uint8_t*>(::operator new[](size, std::align_val_t(kBlockAlignment)))), size_(size) {
  std::memset(bytes_.get(), 0, size);
}
void SegmentBytes::Free::operator()(uint8_t* p) const {
  ::operator delete[](p, std::align_val_t(kBlockAlignment));
}

// Collects a column's rows and makes its chunk. Fixed-width vectors are coded when they are full, strings
// when all are known.
class SegmentBuilder::Column {
 public:
  explicit Column(ColumnSpec spec)
      : spec_(spec), width_(value_width(spec.type)), values_(kVectorRows * width_) {}

  // Rows [from, from + count) of the source become rows [at, at + count) of the current vector.
  void copy(const ColumnValues& source, uint32_t from, uint32_t count, uint32_t at) {
    const auto* in = static_cast<const uint8_t*>(source.values) + from * width_;
    for (uint32_t i = 0; i < count; ++i) {
      if (is_valid(source.validity, from + i)) validity_[(at + i) / 64] |= 1ULL << ((at + i) % 64);
    }
    std::memcpy(values_.data() + at * width_, in, count * width_);
    if (spec_.type == ValueType::kBytes) keep_strings(count, at);
    if (spec_.type == ValueType::kNumeric) keep_numerics(count, at);
  }

  // Codes the current vector of `rows` rows, or if it is of strings puts it aside.
  Status flush(uint32_t rows) {
    uint32_t valid = 0;
    for (uint64_t word : validity_) valid += static_cast<uint32_t>(std::popcount(word));
    VectorEntry entry{};
    entry.rows = static_cast<uint16_t>(rows);
    entry.nulls = static_cast<uint16_t>(rows - valid);
    entry.bounds = bounds_of(spec_.type, values_.data(), rows, validity_.data());
    bounds_ = merge_bounds(spec_.type, bounds_, entry.bounds);
    nulls_ += entry.nulls;
    entries_.push_back(entry);
    if (spec_.type == ValueType::kBytes) {
      validities_.push_back(validity_);
    } else {
      Bytes stream;
      if (valid > 0) {
        if (valid < rows) fill_nulls(rows);
        VARVE_RETURN_IF_ERROR(encode(rows, stream));
      }
      append_block(entries_.back(), validity_, stream);
    }
    validity_ = {};
    return {};
  }

  // A whole column, row i from places[i].
  Status fill(const ColumnValues& source, uint32_t rows, std::span<const uint32_t> places) {
    Bytes gathered(places.empty() ? 0 : kVectorRows * width_);
    Validity valid;
    for (uint32_t from = 0; from < rows; from += kVectorRows) {
      const uint32_t n = std::min(kVectorRows, rows - from);
      if (places.empty()) {
        copy(source, from, n, 0);
      } else {
        gather(source, places.subspan(from, n), gathered.data(), &valid);
        copy({gathered.data(), valid.data()}, 0, n, 0);
      }
      VARVE_RETURN_IF_ERROR(flush(n));
    }
    return finish_strings();
  }
  uint32_t filled_rows() const {
    return entries_.empty() ? 0
                            : static_cast<uint32_t>(entries_.size() - 1) * kVectorRows + entries_.back().rows;
  }

  Status finish_strings() {
    if (spec_.type != ValueType::kBytes) return {};
    BytesEncoder encoder(strings_);
    shared_ = encoder.shared_block();
    shared_.resize(round_up(shared_.size(), kBlockAlignment));
    for (size_t v = 0; v < entries_.size(); ++v) {
      Bytes stream;
      VectorEntry& entry = entries_[v];
      if (entry.nulls < entry.rows)
        VARVE_RETURN_IF_ERROR(encoder.encode(v * kVectorRows, entry.rows, stream));
      append_block(entry, validities_[v], stream);
    }
    return {};
  }

  size_t head_bytes() const { return sizeof(ChunkHeader) + entries_.size() * sizeof(VectorEntry); }
  size_t chunk_bytes() const { return head_bytes() + shared_.size() + blocks_.size(); }

  // Writes the chunk; returns its entry but for the offset.
  ColumnEntry write(uint8_t* out) {
    ChunkHeader header{};
    header.vectors = static_cast<uint32_t>(entries_.size());
    if (!shared_.empty()) {
      header.shared_offset = head_bytes();
      header.shared_bytes = shared_.size();
      header.shared_crc = crc32c(0, shared_.data(), shared_.size());
      std::memcpy(out + head_bytes(), shared_.data(), shared_.size());
    }
    store_raw(out, header);
    for (VectorEntry& entry : entries_) entry.offset += head_bytes() + shared_.size();
    std::memcpy(out + sizeof(header), entries_.data(), entries_.size() * sizeof(VectorEntry));
    if (!blocks_.empty()) std::memcpy(out + head_bytes() + shared_.size(), blocks_.data(), blocks_.size());

    ColumnEntry column{};
    column.bytes = chunk_bytes();
    column.id = spec_.id;
    column.type = static_cast<uint8_t>(spec_.type);
    column.nulls = nulls_;
    column.head_crc = crc32c(0, out, head_bytes());
    column.bounds = bounds_;
    return column;
  }

 private:
  void gather(const ColumnValues& source, std::span<const uint32_t> places, uint8_t* out,
              Validity* valid) const {
    const auto* in = static_cast<const uint8_t*>(source.values);
    valid->fill(0);
    for (uint32_t i = 0; i < places.size(); ++i) {
      if (is_valid(source.validity, places[i])) (*valid)[i / 64] |= 1ULL << (i % 64);
    }
    if (width_ == 8) {
      for (uint32_t i = 0; i < places.size(); ++i)
        store_raw(out + i * 8, load_raw<uint64_t>(in + size_t{places[i]} * 8));
      return;
    }
    for (uint32_t i = 0; i < places.size(); ++i)
      std::memcpy(out + i * width_, in + places[i] * width_, width_);
  }

  void keep_strings(uint32_t count, uint32_t at) {
    for (uint32_t i = at; i < at + count; ++i) {
      if (!is_valid(validity_.data(), i)) {
        strings_.emplace_back();
        continue;
      }
      auto ref = load_raw<StringRef>(values_.data() + 16 * i);
      std::string_view copy = ref.empty() ? std::string_view("", 0) : arena_.copy(ref.view());
      strings_.push_back(copy);
      store_raw(values_.data() + 16 * i, StringRef(copy));  // bounds are taken later
    }
  }

  void keep_numerics(uint32_t count, uint32_t at) {
    for (uint32_t i = at; i < at + count; ++i) {
      if (!is_valid(validity_.data(), i)) continue;
      auto n = load_raw<types::Numeric>(values_.data() + 16 * i);
      if (n.kind() == types::Numeric::Kind::kBig) store_raw(values_.data() + 16 * i, types::copy(n, arena_));
    }
  }

  // A NULL takes the value before it, the first ones that behind them: so they cost neither width nor runs.
  void fill_nulls(uint32_t rows) {
    uint32_t last = 0;
    while (!is_valid(validity_.data(), last)) ++last;
    for (uint32_t i = 0; i < rows; ++i) {
      if (is_valid(validity_.data(), i))
        last = i;
      else
        std::memcpy(values_.data() + i * width_, values_.data() + last * width_, width_);
    }
  }

  Status encode(uint32_t rows, Bytes& out) {
    const auto* values = values_.data();
    switch (spec_.type) {
      case ValueType::kFloat32: {
        std::vector<float> floats(rows);
        std::memcpy(floats.data(), values, rows * sizeof(float));
        encode_floats<float>(floats, hint_, out);
        return {};
      }
      case ValueType::kFloat64: {
        std::vector<double> floats(rows);
        std::memcpy(floats.data(), values, rows * sizeof(double));
        encode_floats<double>(floats, hint_, out);
        return {};
      }
      case ValueType::kNumeric: {
        std::vector<types::Numeric> numerics(rows);
        std::memcpy(static_cast<void*>(numerics.data()), values, rows * sizeof(types::Numeric));
        Status status = encode_numerics(numerics, out);
        arena_.reset();
        return status;
      }
      case ValueType::kUuid:
      case ValueType::kFixed16:
        encode_pairs(values, rows, spec_.type == ValueType::kUuid, out);
        return {};
      default: {
        std::vector<int64_t> ints(rows);
        for (uint32_t i = 0; i < rows; ++i) ints[i] = load_int(spec_.type, values, i);
        encode_ints(ints, out);
        return {};
      }
    }
  }

  void append_block(VectorEntry& entry, const Validity& validity, const Bytes& stream) {
    size_t at = blocks_.size();
    VectorHeader header{};
    header.rows = entry.rows;
    header.nulls = entry.nulls;
    header.stream_bytes = static_cast<uint32_t>(stream.size());
    if (!stream.empty()) {
      header.codec = stream[0];
      header.codec_version = stream[1];
    }
    append_raw(blocks_, header);
    if (entry.nulls > 0 && entry.nulls < entry.rows)
      append_bytes(blocks_, validity.data(), (entry.rows + 63u) / 64 * 8);
    append_bytes(blocks_, stream.data(), stream.size());
    blocks_.resize(round_up(blocks_.size(), kBlockAlignment));
    entry.offset = at;  // becomes that in the chunk in write()
    entry.bytes = static_cast<uint32_t>(blocks_.size() - at);
    entry.crc = crc32c(0, blocks_.data() + at, entry.bytes);
  }

  ColumnSpec spec_;
  size_t width_;
  Bytes values_;  // of the current vector
  Validity validity_{};
  Arena arena_;  // strings of the segment, big numerics of the vector
  std::vector<std::string_view> strings_;
  std::vector<Validity> validities_;  // of strings
  FloatHint hint_;
  Bytes shared_, blocks_;
  std::vector<VectorEntry> entries_;
  DiskBounds bounds_{};
  uint32_t nulls_ = 0;
};

SegmentBuilder::SegmentBuilder(std::span<const ColumnSpec> columns) {
  VARVE_CHECK(!columns.empty() && columns.size() <= kMaxColumns);
  for (ColumnSpec spec : columns) columns_.push_back(std::make_unique<Column>(spec));
}
SegmentBuilder::~SegmentBuilder() = default;

Status SegmentBuilder::flush_vector() {
  uint32_t rows = (rows_ - 1) % kVectorRows + 1;
  for (auto& column : columns_) VARVE_RETURN_IF_ERROR(column->flush(rows));
  return {};
}

Status SegmentBuilder::add(std::span<const ColumnValues> columns, uint32_t rows) {
  VARVE_CHECK(columns.size() == columns_.size());
  if (rows > kMaxSegmentRows - rows_) return Status::invalid("a column segment has at most 131072 rows");
  for (uint32_t done = 0; done < rows;) {
    uint32_t at = rows_ % kVectorRows, n = std::min(rows - done, kVectorRows - at);
    for (size_t c = 0; c < columns.size(); ++c) columns_[c]->copy(columns[c], done, n, at);
    rows_ += n;
    done += n;
    if (rows_ % kVectorRows == 0) VARVE_RETURN_IF_ERROR(flush_vector());
  }
  return {};
}

Status SegmentBuilder::fill_column(size_t column, const ColumnValues& values, uint32_t rows,
                                   std::span<const uint32_t> places) {
  if (rows > kMaxSegmentRows) return Status::invalid("a column segment has at most 131072 rows");
  return columns_[column]->fill(values, rows, places);
}

Result<SegmentBytes> SegmentBuilder::finish() {
  const bool filled = rows_ == 0;
  if (filled) {
    rows_ = columns_[0]->filled_rows();
    for (auto& column : columns_) VARVE_CHECK(column->filled_rows() == rows_);
  }
  if (rows_ == 0) return Status::invalid("a column segment has at least one row");
  if (!filled && rows_ % kVectorRows != 0) VARVE_RETURN_IF_ERROR(flush_vector());
  size_t directory_bytes = columns_.size() * sizeof(ColumnEntry);
  size_t head = round_up(sizeof(SegmentHeader) + directory_bytes, kBlockAlignment), size = head;
  for (auto& column : columns_) {
    if (!filled) VARVE_RETURN_IF_ERROR(column->finish_strings());
    size += column->chunk_bytes();
  }
  SegmentBytes out(size);
  size_t at = head;
  for (size_t c = 0; c < columns_.size(); ++c) {
    ColumnEntry entry = columns_[c]->write(out.data() + at);
    entry.offset = at;
    at += entry.bytes;
    store_raw(out.data() + sizeof(SegmentHeader) + c * sizeof(ColumnEntry), entry);
  }
  SegmentHeader header{};
  std::memcpy(header.magic, kSegmentMagic, sizeof(header.magic));
  header.version = kFormatVersion;
  header.rows = rows_;
  header.columns = static_cast<uint32_t>(columns_.size());
  header.vectors = (rows_ + kVectorRows - 1) / kVectorRows;
  header.bytes = size;
  header.directory_crc = crc32c(0, out.data() + sizeof(header), head - sizeof(header));
  header.crc = crc32c(0, &header, offsetof(SegmentHeader, crc));
  store_raw(out.data(), header);
  return out;
}

}  // namespace varve::columnar
