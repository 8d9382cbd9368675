#include "access/row_layout.h"

#include <gtest/gtest.h>
#include <random>

#include "common/sql_error.h"
#include "memory/arena.h"
#include "vector/vector.h"

namespace varve::access {
namespace {

using types::Numeric;
using types::PhysicalType;
using types::StringRef;
using types::Value;

constexpr PhysicalType kAllTypes[] = {PhysicalType::kBool,    PhysicalType::kInt16,    PhysicalType::kInt32,
                                      PhysicalType::kInt64,   PhysicalType::kFloat32,  PhysicalType::kFloat64,
                                      PhysicalType::kNumeric, PhysicalType::kInterval, PhysicalType::kUuid,
                                      PhysicalType::kString};

Value random_value(PhysicalType type, std::mt19937_64& random, Arena& arena) {
  Value v;
  v.type = type;
  v.null = false;
  switch (type) {
    case PhysicalType::kBool:
      v.boolean = random() % 2;
      break;
    case PhysicalType::kNumeric: {
      std::string digits(1 + random() % 60, '7');
      if (random() % 2 == 0) digits += ".050";
      v.numeric = types::parse_numeric(digits, arena);
      break;
    }
    case PhysicalType::kString: {
      std::string text(random() % 40, static_cast<char>('a' + random() % 26));
      v.string = StringRef(arena.copy(std::string_view(text)));
      break;
    }
    default: {
      uint64_t words[2] = {random(), random()};
      std::memcpy(v.words, words, types::physical_width(type));
    }
  }
  return v;
}

std::string shown(const Value& v) {
  if (v.null) return "null";
  if (v.type == PhysicalType::kString) return std::string(v.string.view());
  if (v.type == PhysicalType::kNumeric) {
    std::string s;
    types::append_numeric(s, v.numeric);
    return s;
  }
  return std::string(reinterpret_cast<const char*>(v.words), types::physical_width(v.type));
}

RowVersion version(const std::string& row, size_t attributes) {
  RowVersion r;
  r.bytes = reinterpret_cast<const uint8_t*>(row.data());
  r.length = static_cast<uint32_t>(row.size());
  r.attributes = static_cast<uint16_t>(attributes);
  return r;
}

// Rows of a table that has grown by ADD COLUMN: every column of every row, one by one and by vectors.
TEST(RowLayout, EveryColumnOfRowsOfAllLengths) {
  std::mt19937_64 random(4);
  Arena arena;
  for (int round = 0; round < 20; ++round) {
    std::vector<ColumnSpec> specs;
    for (size_t i = 0; i < 1 + random() % 25; ++i) {
      PhysicalType type = kAllTypes[random() % 10];
      specs.push_back({type, random() % 2 == 0 ? Value::null_of(type) : random_value(type, random, arena)});
    }
    RowLayout whole(specs);
    std::vector<std::string> rows(200);
    std::vector<RowVersion> versions;
    std::vector<std::vector<Value>> expected;
    for (std::string& row : rows) {
      size_t attributes = random() % 4 == 0 ? 1 + random() % specs.size() : specs.size();
      std::vector<Value> values;
      for (size_t i = 0; i < attributes; ++i) {
        values.push_back(random() % 4 == 0 ? Value::null_of(specs[i].type)
                                           : random_value(specs[i].type, random, arena));
      }
      RowLayout(std::span(specs).first(attributes)).encode(values, &row);
      versions.push_back(version(row, attributes));
      for (size_t i = attributes; i < specs.size(); ++i) values.push_back(specs[i].missing);
      expected.push_back(values);
    }
    for (size_t c = 0; c < specs.size(); ++c) {
      size_t width = types::physical_width(specs[c].type);
      std::vector<uint64_t> data(versions.size() * 2), validity(versions.size() / 64 + 1, 0);
      bool nulls = whole.decode_column(versions, c, data.data(), validity.data(), arena);
      bool expected_nulls = false;
      for (size_t r = 0; r < versions.size(); ++r) {
        ASSERT_EQ(shown(whole.get(versions[r], c, arena)), shown(expected[r][c]));
        Value v;
        v.type = specs[c].type;
        v.null = (validity[r / 64] >> r % 64 & 1) == 0;
        std::memcpy(v.words, reinterpret_cast<const char*>(data.data()) + r * width, width);
        ASSERT_EQ(shown(v), shown(expected[r][c]));
        if (v.null) {
          expected_nulls = true;
        }
      }
      EXPECT_EQ(nulls, expected_nulls);
      EXPECT_EQ(validity[versions.size() / 64] >> versions.size() % 64, 0U);
    }
  }
}

TEST(RowLayout, FixedColumnsLieWhereTheFormatSays) {
  std::vector<ColumnSpec> specs = {
      {PhysicalType::kInt32, {}}, {PhysicalType::kString, {}}, {PhysicalType::kInt16, {}}};
  RowLayout layout(specs);
  std::string row;
  layout.encode(
      std::vector<Value>{Value::of_int32(0x01020304), Value::of_string(StringRef(std::string_view("xy"))),
                         Value::null_of(PhysicalType::kInt16)},
      &row);
  EXPECT_EQ(row, std::string("\x04\x04\x03\x02\x01\0\0\x02\0xy", 11));
}

TEST(RowLayout, RowThatIsTooBigIsRefused) {
  std::vector<ColumnSpec> specs = {{PhysicalType::kString, {}}, {PhysicalType::kString, {}}};
  RowLayout layout(specs);
  std::string text(kMaxRowBytes - 5, 'x'), row;
  std::vector<Value> values = {Value::of_string(StringRef(text)), Value::null_of(PhysicalType::kString)};
  layout.encode(values, &row);
  EXPECT_EQ(row.size(), kMaxRowBytes);
  std::string more(100000, 'y');
  for (const std::string& second : {std::string("z"), more}) {
    values[1] = Value::of_string(StringRef(second));
    try {
      layout.encode(values, &row);
      FAIL();
    } catch (const SqlError& e) {
      EXPECT_EQ(e.state(), sqlstate::kProgramLimitExceeded);
      EXPECT_EQ(e.fields().message, "row is too big: size " + std::to_string(kMaxRowBytes + second.size()) +
                                        ", maximum size " + std::to_string(kMaxRowBytes));
    }
  }
}

TEST(RowLayoutTest, ManyRowsAtOnceAreTheSameBytes) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 60; ++round) {
    Arena arena, memory;
    std::vector<ColumnSpec> specs;
    for (size_t n = 1 + random() % 12; n > 0; --n)
      specs.push_back({kAllTypes[random() % std::size(kAllTypes)], {}});
    RowLayout layout(specs);
    const uint32_t rows = 1 + random() % 200;
    std::vector<vector::Vector> vectors;
    std::vector<const vector::Vector*> columns;
    for (const ColumnSpec& c : specs) {
      vector::Vector& v = vectors.emplace_back(c.type, arena);
      if (random() % 6 == 0) {
        v.fill_constant(random_value(c.type, random, arena));
        continue;
      }
      bool nulls = random() % 2 == 0;
      for (uint32_t row = 0; row < rows; ++row) {
        if (nulls && random() % 3 == 0)
          v.set_null(row);
        else
          v.set_value(row, random_value(c.type, random, arena));
      }
    }
    for (const vector::Vector& v : vectors) columns.push_back(&v);
    std::vector<uint16_t> chosen;
    for (uint32_t row = 0; row < rows; ++row) {
      if (random() % 4 != 0) chosen.push_back(static_cast<uint16_t>(row));
    }
    vector::Selection selection{chosen.data(), static_cast<uint32_t>(chosen.size())};
    std::vector<wal::Bytes> encoded;
    ASSERT_TRUE(layout.encode_rows(columns, selection, memory, &encoded));
    ASSERT_EQ(encoded.size(), chosen.size());
    for (size_t i = 0; i < chosen.size(); ++i) {
      std::vector<Value> values;
      for (const vector::Vector* v : columns) values.push_back(v->value(chosen[i]));
      std::string alone;
      layout.encode(values, &alone);
      ASSERT_EQ(alone, std::string(reinterpret_cast<const char*>(encoded[i].data()), encoded[i].size()));
    }
  }
}

TEST(RowLayoutTest, LongRowsAreLeftToBeEncodedOneByOne) {
  Arena arena;
  RowLayout layout(std::vector<ColumnSpec>{{PhysicalType::kInt32, {}}, {PhysicalType::kString, {}}});
  vector::Vector numbers(PhysicalType::kInt32, arena), texts(PhysicalType::kString, arena);
  std::string text(kCompressRowsOver, 'x');
  for (uint32_t row = 0; row < 3; ++row) {
    numbers.set_value(row, Value::of_int32(7));
    texts.set_value(row, Value::of_string(row == 1 ? std::string_view(text) : std::string_view("short")));
  }
  const vector::Vector* columns[] = {&numbers, &texts};
  std::vector<wal::Bytes> encoded;
  EXPECT_FALSE(layout.encode_rows(columns, {nullptr, 3}, arena, &encoded));
  EXPECT_TRUE(encoded.empty());
  EXPECT_TRUE(layout.encode_rows(columns, {nullptr, 1}, arena, &encoded));
  EXPECT_EQ(encoded.size(), 1u);
}

}  // namespace
}  // namespace varve::access
