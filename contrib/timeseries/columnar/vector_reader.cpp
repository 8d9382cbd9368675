#include <algorithm>
#include <bit>
#include <cstring>

#include "bytes_codec.h"
#include "column_value.h"
#include "columnar/segment_reader.h"
#include "common/crc32c.h"
#include "float_codec.h"
#include "wide_codec.h"

namespace varve::columnar {

using types::Value;

// The one that the column's type has is filled.
struct VectorReader::Stream {
  IntStream ints;
  FloatStream floats;
  WideStream wide;
  BytesStream bytes;

  Status parse(ValueType type, PartReader& in, uint16_t* count) {
    Status status;
    switch (type) {
      case ValueType::kFloat32:
      case ValueType::kFloat64:
        status = parse_floats(in, value_width(type), &floats);
        *count = floats.count;
        break;
      case ValueType::kNumeric:
        status = parse_numerics(in, &wide);
        *count = wide.count;
        break;
      case ValueType::kUuid:
      case ValueType::kFixed16:
        status = parse_pairs(in, &wide);
        *count = wide.count;
        break;
      case ValueType::kBytes:
        status = parse_bytes(in, &bytes);
        *count = bytes.count;
        break;
      default:
        status = parse_ints(in, &ints);
        *count = ints.count;
        break;
    }
    return status;
  }
};

VectorReader::VectorReader() : stream_(std::make_unique<Stream>()) {}
VectorReader::~VectorReader() = default;

Status VectorReader::open(const ColumnReader& column, uint32_t vector) {
  if (vector >= column.vectors()) return Status::invalid("no such vector in the column segment");
  const VectorEntry& entry = column.entries_[vector];
  rows_ = nulls_ = 0;
  ByteSpan block = column.chunk_.subspan(entry.offset, entry.bytes);
  std::atomic<bool>& verified = column.verified_[vector];
  const bool known = verified.load(std::memory_order_relaxed);
  if (!known && crc32c(0, block.data(), block.size()) != entry.crc) return damaged("checksum of a vector");
  if (block.size() < sizeof(VectorHeader)) return damaged("truncated vector");
  auto header = load_raw<VectorHeader>(block.data());
  if (header.rows != entry.rows || header.nulls != entry.nulls) return damaged("vector header");
  PartReader parts(block.subspan(sizeof(VectorHeader)));
  bool all_null = header.nulls == header.rows, has_bitmap = header.nulls > 0 && !all_null;
  ByteSpan words = parts.part(has_bitmap ? (header.rows + 63u) / 64 * 8 : 0);
  ByteSpan stream = parts.part(header.stream_bytes);
  if (!parts.ok() || parts.rest().size() >= kBlockAlignment) return damaged("vector header");
  if (!known && std::any_of(parts.rest().begin(), parts.rest().end(), [](uint8_t b) { return b != 0; })) {
    return damaged("padding of a vector");
  }
  if (!known) verified.store(true, std::memory_order_relaxed);
  shared_ = column.shared_.get();
  type_ = column.type_;
  codec_ = static_cast<Codec>(header.codec);
  rows_ = header.rows;
  nulls_ = header.nulls;
  Status status = read_validity(words);
  if (status.ok() && all_null) {
    status = codec_ == Codec::kNone && stream.empty() ? Status() : damaged("vector header");
  } else if (status.ok()) {
    uint16_t count = 0;
    PartReader in(stream);
    status = stream_->parse(type_, in, &count);
    bool fits =
        in.finished() && count == rows_ && stream[0] == header.codec && stream[1] == header.codec_version;
    if (status.ok() && !fits) status = damaged("vector header");
  }
  if (!status.ok()) rows_ = nulls_ = 0;
  return status;
}

Status VectorReader::read_validity(ByteSpan words) {
  clear_bits(validity_);
  if (nulls_ == rows_) return {};
  set_bits(validity_, 0, rows_);
  if (nulls_ == 0) return {};
  uint32_t valid = 0;
  for (size_t w = 0; w < words.size() / 8; ++w) {
    auto word = load_raw<uint64_t>(words.data() + 8 * w);
    if ((word & ~validity_[w]) != 0) return damaged("validity");
    validity_[w] = word;
    valid += static_cast<uint32_t>(std::popcount(word));
  }
  return valid + nulls_ == rows_ ? Status() : damaged("validity");
}

void VectorReader::validity(uint64_t* words) const { std::memcpy(words, validity_, sizeof(validity_)); }

namespace {

Status check_bools(const uint8_t* values, size_t count) {
  uint8_t all = 0;
  for (size_t i = 0; i < count; ++i) all |= values[i];
  return all <= 1 ? Status() : damaged("boolean");
}

// Calls f with a pointer of the unsigned type that is as wide as the column's integers.
template <class F>
Status with_width(ValueType type, void* out, F&& f) {
  switch (value_width(type)) {
    case 1:
      return f(static_cast<uint8_t*>(out));
    case 2:
      return f(static_cast<uint16_t*>(out));
    case 4:
      return f(static_cast<uint32_t*>(out));
    default:
      return f(static_cast<uint64_t*>(out));
  }
}

}  // namespace

uint32_t VectorReader::code_count() const {
  if (type_ != ValueType::kBytes || nulls_ == rows_) return 0;
  return columnar::code_count(stream_->bytes, *shared_);
}

int VectorReader::common_scale() const {
  return type_ == ValueType::kNumeric && nulls_ != rows_ ? columnar::common_scale(stream_->wide) : -1;
}

Status VectorReader::decode(void* out, Arena& arena, uint16_t* codes) const {
  if (nulls_ == rows_) {  // no values: something initialised
    std::memset(out, 0, rows_ * value_width(type_));
    return {};
  }
  switch (type_) {
    case ValueType::kFloat32:
      return decode_floats(stream_->floats, static_cast<float*>(out));
    case ValueType::kFloat64:
      return decode_floats(stream_->floats, static_cast<double*>(out));
    case ValueType::kNumeric:
      return decode_numerics(stream_->wide, arena, static_cast<types::Numeric*>(out));
    case ValueType::kUuid:
    case ValueType::kFixed16:
      return decode_pairs(stream_->wide, type_ == ValueType::kUuid, static_cast<uint8_t*>(out));
    case ValueType::kBytes:
      return decode_bytes(stream_->bytes, *shared_, arena, static_cast<StringRef*>(out), codes);
    default:
      break;
  }
  VARVE_RETURN_IF_ERROR(with_width(type_, out, [&](auto* to) { return decode_ints(stream_->ints, to); }));
  return type_ == ValueType::kBool ? check_bools(static_cast<uint8_t*>(out), rows_) : Status();
}

Status VectorReader::decode(std::span<const uint16_t> selected, void* out, Arena& arena,
                            uint16_t* codes) const {
  if (selected.empty()) return {};
  bool ascending = selected.back() < rows_;
  for (size_t i = 1; i < selected.size(); ++i) ascending &= selected[i - 1] < selected[i];
  if (!ascending) return Status::invalid("rows of a selection");
  if (nulls_ == rows_) {
    std::memset(out, 0, selected.size() * value_width(type_));
    return {};
  }
  switch (type_) {
    case ValueType::kFloat32:
      return decode_floats(stream_->floats, selected, static_cast<float*>(out));
    case ValueType::kFloat64:
      return decode_floats(stream_->floats, selected, static_cast<double*>(out));
    case ValueType::kNumeric:
      return decode_numerics(stream_->wide, selected, arena, static_cast<types::Numeric*>(out));
    case ValueType::kUuid:
    case ValueType::kFixed16:
      return decode_pairs(stream_->wide, type_ == ValueType::kUuid, selected, static_cast<uint8_t*>(out));
    case ValueType::kBytes:
      return decode_bytes(stream_->bytes, *shared_, selected, arena, static_cast<StringRef*>(out), codes);
    default:
      break;
  }
  VARVE_RETURN_IF_ERROR(
      with_width(type_, out, [&](auto* to) { return decode_ints(stream_->ints, selected, to); }));
  return type_ == ValueType::kBool ? check_bools(static_cast<uint8_t*>(out), selected.size()) : Status();
}

namespace {

Status filter_integers(const IntStream& stream, Comparison op, int64_t constant, uint64_t* bitmap) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min(), kMax = std::numeric_limits<int64_t>::max();
  switch (op) {
    case Comparison::kNotEqual:
      VARVE_RETURN_IF_ERROR(filter_ints(stream, constant, constant, bitmap));
      invert_bits(bitmap, stream.count);
      return {};
    case Comparison::kEqual:
      return filter_ints(stream, constant, constant, bitmap);
    case Comparison::kLessEqual:
      return filter_ints(stream, kMin, constant, bitmap);
    case Comparison::kGreaterEqual:
      return filter_ints(stream, constant, kMax, bitmap);
    case Comparison::kLess:
      if (constant > kMin) return filter_ints(stream, kMin, constant - 1, bitmap);
      break;
    case Comparison::kGreater:
      if (constant < kMax) return filter_ints(stream, constant + 1, kMax, bitmap);
      break;
  }
  clear_bits(bitmap);
  return {};
}

}  // namespace

Status VectorReader::filter_values(Comparison op, const Value& constant, uint64_t* bitmap) const {
  switch (type_) {
    case ValueType::kFloat32:
      return filter_floats(stream_->floats, op, constant.float32, bitmap);
    case ValueType::kFloat64:
      return filter_floats(stream_->floats, op, constant.float64, bitmap);
    case ValueType::kNumeric:
      return filter_numerics(stream_->wide, op, constant.numeric, bitmap);
    case ValueType::kUuid:
      return filter_uuids(stream_->wide, op, constant.bytes(), bitmap);
    case ValueType::kBytes:
      return filter_bytes(stream_->bytes, *shared_, op, constant.string, bitmap);
    default:
      return filter_integers(stream_->ints, op, constant_as_int(type_, constant), bitmap);
  }
}

Status VectorReader::filter(Comparison op, const Value& constant, uint64_t* bitmap) const {
  if (constant.null || !is_comparable(type_, constant)) {
    return Status::invalid("a constant that the column cannot be compared with");
  }
  clear_bits(bitmap);
  if (nulls_ == rows_) return {};
  VARVE_RETURN_IF_ERROR(filter_values(op, constant, bitmap));
  for (uint32_t w = 0; w < kVectorRows / 64; ++w) bitmap[w] &= validity_[w];
  return {};
}

}  // namespace varve::columnar
