// Damaged segments: with the checksums as they are, no flipped bit goes unnoticed; with checksums made right
// again, nothing is read out of bounds (which the sanitizers see).
#include <gtest/gtest.h>
#include <memory>

#include "test_columns.h"
#include "test_reading.h"

namespace varve::columnar {
namespace {

using shapes::Rng;
using shapes::TestColumn;

// One column of each type, of the shapes that the seed says.
SegmentBytes small_segment(uint64_t seed, size_t rows) {
  Rng rng(seed);
  std::vector<std::unique_ptr<TestColumn>> columns;
  std::vector<ColumnSpec> specs;
  std::vector<ColumnValues> inputs;
  for (ValueType type : shapes::kAllTypes) {
    columns.push_back(std::make_unique<TestColumn>());
    shapes::make_column(*columns.back(), type, rows, rng, static_cast<int>(rng() % 12),
                        static_cast<int>(rng() % 3));
    specs.push_back({type, static_cast<uint32_t>(specs.size())});
    inputs.push_back(columns.back()->input());
  }
  SegmentBuilder builder(specs);
  EXPECT_TRUE(builder.add(inputs, static_cast<uint32_t>(rows)).ok());
  Result<SegmentBytes> bytes = builder.finish();
  EXPECT_TRUE(bytes.ok());
  return std::move(bytes).value();
}

TEST(DamageTest, EveryFlippedBitIsAnError) {
  SegmentBytes bytes = small_segment(11, 20);
  uint64_t digest = 0;
  Status whole = reading::read_all(bytes.span(), &digest);
  ASSERT_TRUE(whole.ok()) << whole.to_string();
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes.data()[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    uint64_t other = 0;
    ASSERT_FALSE(reading::read_all(bytes.span(), &other).ok()) << "bit " << bit;
    bytes.data()[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
  }
  uint64_t again = 0;
  ASSERT_TRUE(reading::read_all(bytes.span(), &again).ok());
  ASSERT_EQ(again, digest);
}

TEST(DamageTest, EveryTruncationIsAnError) {
  SegmentBytes bytes = small_segment(12, 30);
  uint64_t digest = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    std::vector<uint8_t> cut(bytes.span().begin(), bytes.span().begin() + static_cast<ptrdiff_t>(size));
    ASSERT_FALSE(reading::read_all(cut, &digest).ok()) << size << " bytes";
  }
}

TEST(DamageTest, RightChecksumsLeadNowhereElse) {
  for (uint64_t seed = 20; seed < 32; ++seed) {
    SegmentBytes bytes = small_segment(seed, seed % 3 == 0 ? 1100 : 90);
    std::vector<uint8_t> mended(bytes.span().begin(), bytes.span().end());
    reading::mend_checksums(mended.data(), mended.size());
    ASSERT_TRUE(std::equal(mended.begin(), mended.end(), bytes.span().begin()))
        << "an undamaged segment needs no mending";
    Rng rng(seed);
    size_t refused = 0;
    for (int attempt = 0; attempt < 400; ++attempt) {
      std::vector<uint8_t> bad(bytes.span().begin(), bytes.span().end());
      for (uint64_t n = 1 + rng() % 4; n > 0; --n)
        bad[64 + rng() % (bad.size() - 64)] = static_cast<uint8_t>(rng());
      reading::mend_checksums(bad.data(), bad.size());
      uint64_t digest = 0;
      refused += !reading::read_all(bad, &digest).ok();
    }
    EXPECT_GT(refused, 0u);
  }
}

}  // namespace
}  // namespace varve::columnar
