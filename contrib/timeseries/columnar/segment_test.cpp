// Whole segments: every type and shape, with and without NULLs, by all ways of reading.
#include <gtest/gtest.h>
#include <memory>
#include <set>

#include "test_columns.h"

namespace varve::columnar {
namespace {

using shapes::Rng;
using shapes::TestColumn;
using types::Value;

constexpr Comparison kComparisons[] = {Comparison::kEqual,   Comparison::kNotEqual,
                                       Comparison::kLess,    Comparison::kLessEqual,
                                       Comparison::kGreater, Comparison::kGreaterEqual};

SegmentBytes build(std::span<const std::unique_ptr<TestColumn>> columns, size_t piece = 100000) {
  std::vector<ColumnSpec> specs;
  for (size_t i = 0; i < columns.size(); ++i)
    specs.push_back({columns[i]->type, static_cast<uint32_t>(i + 1)});
  SegmentBuilder builder(specs);
  for (size_t from = 0; from < columns[0]->count; from += piece) {
    std::vector<ColumnValues> inputs;
    for (const auto& c : columns) inputs.push_back(c->input(from));
    EXPECT_TRUE(builder.add(inputs, static_cast<uint32_t>(std::min(piece, columns[0]->count - from))).ok());
  }
  Result<SegmentBytes> bytes = builder.finish();
  EXPECT_TRUE(bytes.ok());
  return std::move(bytes).value();
}

void check_vector(const TestColumn& c, const VectorReader& reader, size_t first, Rng& rng) {
  size_t width = value_width(c.type);
  Arena arena;
  std::vector<uint8_t> out(kVectorRows * width);
  uint64_t validity[kVectorRows / 64];
  reader.validity(validity);
  for (uint32_t i = 0; i < kVectorRows; ++i) {
    bool valid = i < reader.rows() && !c.is_null(first + i);
    ASSERT_EQ(validity[i / 64] >> (i % 64) & 1, valid) << "row " << first + i;
  }
  ASSERT_TRUE(reader.decode(out.data(), arena).ok());
  for (uint32_t i = 0; i < reader.rows(); ++i) {
    if (c.is_null(first + i)) continue;
    ASSERT_TRUE(shapes::identical(c.type, out.data() + i * width, c.at(first + i))) << "row " << first + i;
  }
  std::vector<uint16_t> rows = shapes::rows(rng, reader.rows());
  ASSERT_TRUE(reader.decode(rows, out.data(), arena).ok());
  for (size_t i = 0; i < rows.size(); ++i) {
    if (c.is_null(first + rows[i])) continue;
    ASSERT_TRUE(shapes::identical(c.type, out.data() + i * width, c.at(first + rows[i])))
        << "row " << first + rows[i];
  }
}

// Filters and zone maps against every row, with constants from the column and from another of another shape.
void check_filters(const TestColumn& c, const VectorReader& reader, const ZoneMap& zone, size_t first,
                   const TestColumn& other, Rng& rng) {
  for (int attempt = 0; attempt < 4; ++attempt) {
    const uint8_t* constant =
        attempt % 2 ? other.at(rng() % other.count) : c.at(first + rng() % reader.rows());
    Value value = shapes::value_of(c.type, constant);
    for (Comparison op : kComparisons) {
      uint64_t bitmap[kVectorRows / 64];
      Status status = reader.filter(op, value, bitmap);
      ZoneVerdict verdict = zone.check(op, value);
      if (c.type == ValueType::kFixed16) {
        ASSERT_EQ(status.code(), StatusCode::kInvalid);
        ASSERT_EQ(verdict, zone.nulls == zone.rows ? ZoneVerdict::kNone : ZoneVerdict::kSome);
        continue;
      }
      ASSERT_TRUE(status.ok());
      uint32_t passed = 0;
      for (uint32_t i = 0; i < kVectorRows; ++i) {
        bool want = i < reader.rows() && !c.is_null(first + i) &&
                    passes(op, shapes::order(c.type, c.at(first + i), constant));
        ASSERT_EQ(bitmap[i / 64] >> (i % 64) & 1, want)
            << "row " << first + i << " op " << static_cast<int>(op);
        passed += want;
      }
      ASSERT_TRUE(verdict != ZoneVerdict::kNone || passed == 0);
      ASSERT_TRUE(verdict != ZoneVerdict::kAll || passed == reader.rows());
    }
  }
}

void check_column(const TestColumn& c, const Segment& segment, uint32_t index, ByteSpan bytes,
                  const TestColumn& other, Rng& rng, std::set<Codec>* codecs) {
  auto column = ColumnReader::open(segment, index, bytes);
  ASSERT_TRUE(column.ok()) << column.status().to_string();
  VectorReader reader;
  for (uint32_t v = 0; v < column->vectors(); ++v) {
    SCOPED_TRACE(testing::Message() << "vector " << v);
    Status status = reader.open(*column, v);
    ASSERT_TRUE(status.ok()) << status.to_string();
    codecs->insert(reader.codec());
    ASSERT_NO_FATAL_FAILURE(check_vector(c, reader, v * kVectorRows, rng));
    ASSERT_NO_FATAL_FAILURE(check_filters(c, reader, column->zone(v), v * kVectorRows, other, rng));
    ASSERT_NO_FATAL_FAILURE(
        check_filters(c, reader, segment.columns()[index].zone, v * kVectorRows, other, rng));
  }
}

class SegmentTypeTest : public testing::TestWithParam<ValueType> {};

TEST_P(SegmentTypeTest, EveryShapeComesBack) {
  Rng rng(static_cast<uint64_t>(GetParam()) + 100);
  std::set<Codec> codecs;
  for (int shape = 0; shape < 12; ++shape) {
    for (int nulls = 0; nulls < 5; ++nulls) {
      SCOPED_TRACE(testing::Message() << "shape " << shape << " nulls " << nulls);
      size_t count = nulls % 3 == 0 ? 2500 : 1 + rng() % 2500;
      std::vector<std::unique_ptr<TestColumn>> columns;
      columns.push_back(std::make_unique<TestColumn>());
      shapes::make_column(*columns[0], GetParam(), count, rng, shape, nulls);
      TestColumn other;
      shapes::make_column(other, GetParam(), 50, rng, shape + 1, 0);
      SegmentBytes bytes = build(columns, 64 * (1 + rng() % 40));
      Result<Segment> segment = Segment::open(bytes.span());
      ASSERT_TRUE(segment.ok()) << segment.status().to_string();
      ASSERT_EQ(segment->rows(), count);
      ASSERT_NO_FATAL_FAILURE(check_column(*columns[0], *segment, 0, bytes.span(), other, rng, &codecs));
    }
  }
  if (GetParam() == ValueType::kBytes) {
    for (Codec codec : {Codec::kPlain, Codec::kFsst, Codec::kDictionary, Codec::kSharedDictionary,
                        Codec::kLz4, Codec::kZstd}) {
      EXPECT_TRUE(codecs.contains(codec)) << "codec " << static_cast<int>(codec) << " was never chosen";
    }
  }
  if (GetParam() == ValueType::kNumeric) {
    EXPECT_TRUE(codecs.contains(Codec::kScaled));
    EXPECT_TRUE(codecs.contains(Codec::kPlain));
  }
}
INSTANTIATE_TEST_SUITE_P(Types, SegmentTypeTest, testing::ValuesIn(shapes::kAllTypes));

TEST(SegmentTest, ManyColumnsAndParts) {
  Rng rng(8);
  std::vector<std::unique_ptr<TestColumn>> columns;
  for (ValueType type : shapes::kAllTypes) {
    columns.push_back(std::make_unique<TestColumn>());
    shapes::make_column(*columns.back(), type, 5000, rng, 6, static_cast<int>(rng() % 5));
  }
  SegmentBytes bytes = build(columns);
  ASSERT_EQ(bytes.size() % kBlockAlignment, 0u);
  // The head is enough to find a chunk, and the chunk is enough to read it.
  Result<size_t> head = Segment::head_bytes(bytes.span().first(sizeof(SegmentHeader)));
  ASSERT_TRUE(head.ok());
  Result<Segment> segment = Segment::open(bytes.span().first(*head));
  ASSERT_TRUE(segment.ok());
  ASSERT_FALSE(Segment::open(bytes.span().first(*head - 1)).ok());
  std::set<Codec> codecs;
  for (uint32_t i = 0; i < columns.size(); ++i) {
    const ColumnInfo& info = segment->columns()[i];
    EXPECT_EQ(info.id, i + 1);
    EXPECT_EQ(info.zone.type, columns[i]->type);
    std::vector<uint8_t> chunk(bytes.span().begin() + static_cast<ptrdiff_t>(info.offset),
                               bytes.span().begin() + static_cast<ptrdiff_t>(info.offset + info.bytes));
    Result<ColumnReader> column = ColumnReader::open(*segment, info, chunk);
    ASSERT_TRUE(column.ok());
    ASSERT_FALSE(ColumnReader::open(*segment, info, ByteSpan(chunk).first(chunk.size() - 1)).ok());
    ASSERT_NO_FATAL_FAILURE(check_column(*columns[i], *segment, i, bytes.span(), *columns[i], rng, &codecs));
  }
}

TEST(SegmentTest, HoldsTheMostRows) {
  std::vector<int64_t> values(kMaxSegmentRows);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int64_t>(i) * 10;
  ColumnSpec spec{ValueType::kInt64, 1};
  SegmentBuilder builder(std::span(&spec, 1));
  ColumnValues input{values.data()};
  EXPECT_EQ(builder.finish().status().code(), StatusCode::kInvalid);  // no rows
  ASSERT_TRUE(builder.add(std::span(&input, 1), kMaxSegmentRows).ok());
  EXPECT_EQ(builder.add(std::span(&input, 1), 1).code(), StatusCode::kInvalid);
  Result<SegmentBytes> bytes = builder.finish();
  ASSERT_TRUE(bytes.ok());
  Result<Segment> segment = Segment::open(bytes->span());
  ASSERT_TRUE(segment.ok());
  EXPECT_EQ(segment->vectors(), 128u);
  EXPECT_EQ(segment->columns()[0].zone.min().int64, 0);
  EXPECT_EQ(segment->columns()[0].zone.max().int64, (kMaxSegmentRows - 1) * 10);
  Result<ColumnReader> column = ColumnReader::open(*segment, 0, bytes->span());
  ASSERT_TRUE(column.ok());
  EXPECT_EQ(column->zone(5).check(Comparison::kLess, Value::of_int32(5 * 10240)), ZoneVerdict::kNone);
  EXPECT_EQ(column->zone(5).check(Comparison::kLess, Value::of_int64(5 * 10240 + 1)), ZoneVerdict::kSome);
  EXPECT_EQ(column->zone(5).check(Comparison::kLess, Value::of_int64(6 * 10240)), ZoneVerdict::kAll);
}

TEST(SegmentTest, RefusesWrongArguments) {
  Rng rng(9);
  std::vector<std::unique_ptr<TestColumn>> columns;
  columns.push_back(std::make_unique<TestColumn>());
  shapes::make_column(*columns[0], ValueType::kInt32, 100, rng, 1, 0);
  SegmentBytes bytes = build(columns);
  Result<Segment> segment = Segment::open(bytes.span());
  ASSERT_TRUE(segment.ok());
  EXPECT_EQ(ColumnReader::open(*segment, 1, bytes.span()).status().code(), StatusCode::kInvalid);
  Result<ColumnReader> column = ColumnReader::open(*segment, 0, bytes.span());
  ASSERT_TRUE(column.ok());
  VectorReader reader;
  EXPECT_EQ(reader.open(*column, 1).code(), StatusCode::kInvalid);
  ASSERT_TRUE(reader.open(*column, 0).ok());
  Arena arena;
  std::vector<int32_t> out(kVectorRows);
  uint64_t bitmap[kVectorRows / 64];
  for (std::vector<uint16_t> rows : {std::vector<uint16_t>{100}, {3, 3}, {5, 4}}) {
    EXPECT_EQ(reader.decode(rows, out.data(), arena).code(), StatusCode::kInvalid);
  }
  EXPECT_EQ(reader.filter(Comparison::kEqual, Value::of_float64(1), bitmap).code(), StatusCode::kInvalid);
  EXPECT_EQ(reader.filter(Comparison::kEqual, Value::null_of(types::PhysicalType::kInt32), bitmap).code(),
            StatusCode::kInvalid);
}

TEST(ZoneMapTest, LongStringsHavePrefixes) {
  std::vector<std::string> strings = {"a string of more than 16 bytes", "b string of more than 16 bytes"};
  std::vector<types::StringRef> refs = {types::StringRef(std::string_view(strings[0])),
                                        types::StringRef(std::string_view(strings[1]))};
  ColumnSpec spec{ValueType::kBytes, 1};
  ColumnValues input{refs.data()};
  SegmentBuilder builder(std::span(&spec, 1));
  ASSERT_TRUE(builder.add(std::span(&input, 1), 2).ok());
  Result<SegmentBytes> bytes = builder.finish();
  ASSERT_TRUE(bytes.ok());
  Result<Segment> segment = Segment::open(bytes->span());
  ASSERT_TRUE(segment.ok());
  const ZoneMap& zone = segment->columns()[0].zone;
  auto check = [&](Comparison op, std::string_view s) { return zone.check(op, Value::of_string(s)); };
  EXPECT_EQ(check(Comparison::kEqual, "a"), ZoneVerdict::kNone);
  EXPECT_EQ(check(Comparison::kEqual, strings[0].substr(0, 16)), ZoneVerdict::kNone);
  EXPECT_EQ(check(Comparison::kEqual, strings[0].substr(0, 17)), ZoneVerdict::kSome);
  EXPECT_EQ(check(Comparison::kEqual, strings[1] + "!"), ZoneVerdict::kSome);
  EXPECT_EQ(check(Comparison::kGreater, "c"), ZoneVerdict::kNone);
  EXPECT_EQ(check(Comparison::kGreater, "a"), ZoneVerdict::kAll);
  EXPECT_EQ(check(Comparison::kLess, "c"), ZoneVerdict::kAll);
  EXPECT_EQ(check(Comparison::kNotEqual, "c"), ZoneVerdict::kAll);
}

}  // namespace
}  // namespace varve::columnar
