// Segments written by earlier encoders are read for ever: testdata/v1_*.segment were written once. With
// VARVE_WRITE_GOLDEN set in the environment the test writes those that are missing; existing ones are never
// overwritten.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

#include "columnar/segment_builder.h"
#include "columnar/segment_reader.h"
#include "common/bytes.h"
#include "types/numeric.h"
#include "types/string_ref.h"

namespace varve::columnar {
namespace {

using types::Numeric;
using types::StringRef;

constexpr uint32_t kRows = 1100;  // a full vector and a short one

// Frozen: the files' values depend on it.
uint64_t noise(uint64_t i) {
  uint64_t x = (i + 1) * 0x9E3779B97F4A7C15ULL;
  x ^= x >> 29;
  x *= 0xBF58476D1CE4E5B9ULL;
  return x ^ x >> 32;
}

// Where row i goes; strings and big numerics live in the arena.
struct Row {
  uint32_t i;
  uint8_t* p;
  Arena& arena;

  template <class T>
  void put(T v) const {
    store_raw(p, v);
  }
  void text(const std::string& s) const { store_raw(p, StringRef(arena.copy(s))); }
};

// A column by formula.
struct GoldenColumn {
  const char* name;
  ValueType type;
  Codec codec;  // of the first vector
  void (*make)(Row row);
  bool (*is_null)(uint32_t i) = nullptr;
};

const GoldenColumn kFixedColumns[] = {
    {"bool", ValueType::kBool, Codec::kFrameOfReference, [](Row r) { r.put<uint8_t>(noise(r.i) & 1); }},
    {"int8", ValueType::kInt8, Codec::kFrameOfReference,
     [](Row r) { r.put(static_cast<int8_t>(noise(r.i))); }},
    {"int16_nulls", ValueType::kInt16, Codec::kFrameOfReference,
     [](Row r) { r.put(static_cast<int16_t>(noise(r.i))); }, [](uint32_t i) { return i % 3 == 0; }},
    {"int32_all_null", ValueType::kInt32, Codec::kNone, [](Row r) { r.put(r.i); },
     [](uint32_t) { return true; }},
    {"oid", ValueType::kUint32, Codec::kFrameOfReference,
     [](Row r) { r.put(static_cast<uint32_t>(noise(r.i)) | 0x80000000U); }},
    {"constant", ValueType::kInt64, Codec::kConstant, [](Row r) { r.put<int64_t>(-42); }},
    {"frame", ValueType::kInt64, Codec::kFrameOfReference,
     [](Row r) { r.put(static_cast<int64_t>(noise(r.i) % 1000) - 7); }},
    {"extremes", ValueType::kInt64, Codec::kFrameOfReference, [](Row r) { r.put(noise(r.i)); }},
    {"delta", ValueType::kInt64, Codec::kDelta,
     [](Row r) { r.put<uint64_t>(r.i * 100000ULL + noise(r.i) % 30); }},
    {"delta_delta", ValueType::kInt64, Codec::kDeltaDelta,
     [](Row r) { r.put<uint64_t>(5000ULL * r.i * r.i + r.i % 2); }},
    {"runs", ValueType::kInt32, Codec::kRunLength,
     [](Row r) { r.put(static_cast<int32_t>(noise(r.i / 90))); }},
    {"entries", ValueType::kInt64, Codec::kIntDictionary, [](Row r) { r.put(noise(noise(r.i) % 11)); }},
    {"alp", ValueType::kFloat64, Codec::kAlp,
     [](Row r) { r.put(static_cast<double>(noise(r.i) % 100000) / 100); }},
    {"alp_exceptions", ValueType::kFloat64, Codec::kAlp,
     [](Row r) {
       double v = static_cast<double>(noise(r.i) % 100000) / 10;
       if (r.i % 100 == 7) v = -0.0;
       if (r.i % 100 == 8) v = -INFINITY;
       if (r.i == 9) v = std::bit_cast<double>(0x7FF800000000BEEFULL);
       r.put(v);
     }},
    {"alp_rd", ValueType::kFloat64, Codec::kAlpRd,
     [](Row r) { r.put(std::sqrt(static_cast<double>(noise(r.i) % 500000 + 500000)) * (r.i % 3 ? 1 : -1)); }},
    {"float_runs", ValueType::kFloat64, Codec::kRunLength,
     [](Row r) { r.put(std::sqrt(static_cast<double>(noise(r.i / 100) % 1000003))); }},
    {"alp4", ValueType::kFloat32, Codec::kAlp,
     [](Row r) { r.put(static_cast<float>(noise(r.i) % 1000) / 10); }},
    {"alp_rd4", ValueType::kFloat32, Codec::kAlpRd,
     [](Row r) {
       r.put(std::sqrt(static_cast<float>(noise(r.i) % 500000 + 500000)) *
             static_cast<float>(1ULL << r.i % 3 * 20));
     }},
    {"numeric", ValueType::kNumeric, Codec::kScaled,
     [](Row r) { r.put(Numeric(static_cast<types::int128>(noise(r.i) % 100000), 2)); }},
    {"numeric_wide", ValueType::kNumeric, Codec::kScaled,
     [](Row r) {
       Numeric n(static_cast<types::int128>(noise(r.i)) << 20, static_cast<int>(r.i % 4));
       if (r.i % 50 == 0) n = Numeric::nan();
       r.put(n);
     }},
    {"numeric_big", ValueType::kNumeric, Codec::kPlain,
     [](Row r) {
       std::string digits = r.i % 9 == 0 ? std::string(50, '8') + ".125" : std::to_string(r.i);
       r.put(types::parse_numeric(digits, r.arena));
     }},
    {"uuid", ValueType::kUuid, Codec::kPair,
     [](Row r) {
       store_raw(r.p, noise(r.i % 8));
       store_raw(r.p + 8, noise(r.i));
     }},
    {"interval", ValueType::kFixed16, Codec::kPair,
     [](Row r) {
       store_raw<uint64_t>(r.p, noise(r.i) % 1000 * 1000000);
       store_raw<uint64_t>(r.p + 8, r.i % 31);
     }},
};

const GoldenColumn kStringColumns[] = {
    {"plain", ValueType::kBytes, Codec::kPlain,
     [](Row r) {
       uint64_t x = noise(r.i);
       r.text(std::string(reinterpret_cast<const char*>(&x), r.i % 8));
     }},
    {"fsst", ValueType::kBytes, Codec::kFsst,
     [](Row r) {
       r.text("https://varve.example/sensors/" + std::to_string(noise(r.i) % 1000000) + "/readings");
     }},
    {"dictionary", ValueType::kBytes, Codec::kDictionary,
     [](Row r) {
       r.text(r.i < 1024 ? "host_" + std::to_string(noise(r.i) % 4)
                         : std::to_string(noise(r.i)) + std::string(80, 'x'));
     }},
    {"shared", ValueType::kBytes, Codec::kSharedDictionary,
     [](Row r) { r.text("host_" + std::to_string(noise(r.i) % 40) + ".example"); },
     [](uint32_t i) { return i % 10 == 0; }},
    {"zstd", ValueType::kBytes, Codec::kZstd,
     [](Row r) {
       std::string s;
       for (uint32_t w = 0; w < 6; ++w) {
         uint64_t x = noise(noise(r.i) % 100 * 1000 + w);
         s.append(reinterpret_cast<const char*>(&x), 8);
       }
       r.text(s + std::to_string(noise(r.i)) + std::to_string(noise(r.i + 5000)));
     }},
    {"lz4", ValueType::kBytes, Codec::kLz4,
     [](Row r) {
       std::string s;
       for (uint32_t w = 0; w < 40; ++w) {
         uint64_t x = noise(noise(r.i) % 3 * 1000 + w);
         s.append(reinterpret_cast<const char*>(&x), 8);
       }
       r.text(s + std::to_string(r.i));
     }},
};

std::vector<uint8_t> values_of(const GoldenColumn& c, Arena& arena, std::vector<uint64_t>* validity) {
  std::vector<uint8_t> values(kRows * value_width(c.type));
  validity->assign((kRows + 63) / 64, 0);
  for (uint32_t i = 0; i < kRows; ++i) {
    c.make({i, values.data() + i * value_width(c.type), arena});
    if (c.is_null == nullptr || !c.is_null(i)) (*validity)[i / 64] |= 1ULL << (i % 64);
  }
  return values;
}

void write_golden(const GoldenColumn& c, const std::filesystem::path& path) {
  Arena arena;
  std::vector<uint64_t> validity;
  std::vector<uint8_t> values = values_of(c, arena, &validity);
  ColumnSpec spec{c.type, 7};
  ColumnValues input{values.data(), validity.data()};
  SegmentBuilder builder(std::span(&spec, 1));
  ASSERT_TRUE(builder.add(std::span(&input, 1), kRows).ok());
  Result<SegmentBytes> bytes = builder.finish();
  ASSERT_TRUE(bytes.ok());
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes->span().data()),
             static_cast<std::streamsize>(bytes->size()));
}

void check_golden(const GoldenColumn& c, const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file.good()) << path << " is missing";
  std::vector<char> text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  ByteSpan bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  Result<Segment> segment = Segment::open(bytes);
  ASSERT_TRUE(segment.ok()) << segment.status().to_string();
  ASSERT_EQ(segment->rows(), kRows);
  ASSERT_EQ(segment->columns()[0].id, 7u);
  ASSERT_EQ(segment->columns()[0].zone.type, c.type);
  Result<ColumnReader> column = ColumnReader::open(*segment, 0, bytes);
  ASSERT_TRUE(column.ok()) << column.status().to_string();
  Arena arena;
  std::vector<uint64_t> validity;
  std::vector<uint8_t> want = values_of(c, arena, &validity);
  size_t width = value_width(c.type);
  VectorReader reader;
  for (uint32_t v = 0; v < 2; ++v) {
    ASSERT_TRUE(reader.open(*column, v).ok());
    EXPECT_TRUE(v != 0 || reader.codec() == c.codec) << "codec " << static_cast<int>(reader.codec());
    std::vector<uint8_t> out(kVectorRows * width);
    uint64_t valid[kVectorRows / 64];
    ASSERT_TRUE(reader.decode(out.data(), arena).ok());
    reader.validity(valid);
    for (uint32_t i = 0; i < reader.rows(); ++i) {
      uint32_t row = v * kVectorRows + i;
      bool is_valid = (valid[i / 64] >> (i % 64) & 1) != 0;
      ASSERT_EQ(is_valid, (validity[row / 64] >> (row % 64) & 1) != 0) << "row " << row;
      if (!is_valid) continue;
      const uint8_t *a = out.data() + i * width, *b = want.data() + row * width;
      if (c.type == ValueType::kBytes) {
        ASSERT_EQ(load_raw<StringRef>(a), load_raw<StringRef>(b)) << "row " << row;
      } else if (c.type == ValueType::kNumeric) {
        std::string x, y;
        types::append_numeric(x, load_raw<Numeric>(a));
        types::append_numeric(y, load_raw<Numeric>(b));
        ASSERT_EQ(x, y) << "row " << row;
      } else {
        ASSERT_EQ(std::memcmp(a, b, width), 0) << "row " << row;
      }
    }
  }
}

void check_all(std::span<const GoldenColumn> columns) {
  for (const GoldenColumn& c : columns) {
    SCOPED_TRACE(c.name);
    std::filesystem::path path =
        std::filesystem::path(VARVE_COLUMNAR_TESTDATA) / ("v1_" + std::string(c.name) + ".segment");
    if (std::getenv("VARVE_WRITE_GOLDEN") != nullptr && !std::filesystem::exists(path)) write_golden(c, path);
    check_golden(c, path);
  }
}

TEST(GoldenTest, OldSegmentsAreRead) { check_all(kFixedColumns); }
TEST(GoldenTest, OldStringsAreRead) { check_all(kStringColumns); }

}  // namespace
}  // namespace varve::columnar
