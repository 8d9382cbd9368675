// The codecs of integers and floats alone: what goes in comes out, whatever its shape.
#include <gtest/gtest.h>
#include <set>

#include "float_codec.h"
#include "int_codec.h"
#include "test_shapes.h"

namespace varve::columnar {
namespace {

using shapes::Rng;

const Codec kIntCodecs[] = {Codec::kConstant,   Codec::kFrameOfReference, Codec::kDelta,
                            Codec::kDeltaDelta, Codec::kRunLength,        Codec::kIntDictionary};

TEST(BitPackingTest, EveryWidthAndLength) {
  Rng rng(1);
  for (unsigned bits = 0; bits <= kMaxBits; ++bits) {
    for (uint32_t count : {1u, 7u, 127u, 128u, 129u, 500u, 1000u, 1024u}) {
      std::vector<uint64_t> values(count);
      for (uint64_t& v : values) v = rng() & low_mask(bits);
      // Exactly as many bytes as are named, on the heap, so that a sanitizer sees a read beyond them.
      std::vector<uint8_t> packed(packed_bytes(count, bits));
      pack(values.data(), count, bits, packed.data());
      std::vector<uint64_t> out(kVectorRows);
      unpack_add<uint64_t>(packed.data(), count, bits, 5, out.data());
      for (uint32_t i = 0; i < count; ++i) {
        ASSERT_EQ(out[i], values[i] + 5) << bits << " bits, value " << i;
        ASSERT_EQ(unpack_one(packed.data(), i, bits), values[i]) << bits << " bits, value " << i;
      }
      std::vector<uint16_t> narrow(kVectorRows);
      unpack_add<uint16_t>(packed.data(), count, bits, 9, narrow.data());
      for (uint32_t i = 0; i < count; ++i) ASSERT_EQ(narrow[i], static_cast<uint16_t>(values[i] + 9));
    }
  }
}

TEST(BitPackingTest, FilterComparesWithoutDecoding) {
  Rng rng(2);
  for (unsigned bits = 0; bits <= kMaxBits; ++bits) {
    std::vector<uint64_t> values(1000);
    for (uint64_t& v : values) v = rng() & low_mask(bits);
    std::vector<uint8_t> packed(packed_bytes(1000, bits));
    pack(values.data(), 1000, bits, packed.data());
    for (int i = 0; i < 20; ++i) {
      uint64_t low = rng() & low_mask(bits), high = i % 3 == 0 ? ~0ULL : rng() & low_mask(bits);
      if (i % 4 == 0) low = values[rng() % 1000], high = low;
      uint64_t bitmap[kVectorRows / 64];
      filter_packed(packed.data(), 1000, bits, low, high, bitmap);
      for (uint32_t r = 0; r < 1000; ++r) {
        ASSERT_EQ(bitmap[r / 64] >> (r % 64) & 1, low <= values[r] && values[r] <= high) << bits << " bits";
      }
    }
  }
}

bool can_encode(const std::vector<int64_t>& values, Codec codec) {
  std::set<int64_t> distinct(values.begin(), values.end());
  if (codec == Codec::kConstant) return distinct.size() == 1;
  if (codec == Codec::kIntDictionary) return distinct.size() <= 256;
  return true;
}

template <class T>
void check_ints(const Bytes& bytes, const std::vector<int64_t>& values, Rng& rng) {
  std::vector<uint8_t> exact(bytes);
  PartReader in(exact);
  IntStream stream;
  ASSERT_TRUE(parse_ints(in, &stream).ok());
  ASSERT_TRUE(in.finished());
  ASSERT_EQ(stream.count, values.size());
  std::vector<T> out(kVectorRows);
  ASSERT_TRUE(decode_ints(stream, out.data()).ok());
  for (size_t i = 0; i < values.size(); ++i) ASSERT_EQ(out[i], static_cast<T>(values[i])) << "row " << i;
  std::vector<uint16_t> rows = shapes::rows(rng, values.size());
  ASSERT_TRUE(decode_ints<T>(stream, rows, out.data()).ok());
  for (size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(out[i], static_cast<T>(values[rows[i]]));
}

void check_int_filter(const Bytes& bytes, const std::vector<int64_t>& values, Rng& rng) {
  PartReader in(bytes);
  IntStream stream;
  ASSERT_TRUE(parse_ints(in, &stream).ok());
  for (int attempt = 0; attempt < 6; ++attempt) {
    int64_t low = values[rng() % values.size()], high = values[rng() % values.size()];
    if (attempt == 0) low = static_cast<int64_t>(rng());
    if (attempt == 1) high = low;
    if (attempt == 2) low = std::numeric_limits<int64_t>::min();
    if (attempt == 3) high = std::numeric_limits<int64_t>::max();
    uint64_t bitmap[kVectorRows / 64];
    ASSERT_TRUE(filter_ints(stream, low, high, bitmap).ok());
    for (uint32_t i = 0; i < kVectorRows; ++i) {
      bool want = i < values.size() && low <= values[i] && values[i] <= high;
      ASSERT_EQ(bitmap[i / 64] >> (i % 64) & 1, want) << "row " << i << " of " << values.size();
    }
  }
}

TEST(IntCodecTest, EveryCodecOnEveryShape) {
  Rng rng(3);
  std::set<Codec> chosen;
  for (int round = 0; round < 40; ++round) {
    for (int shape = 0; shape < shapes::kIntShapes; ++shape) {
      size_t count = round % 3 == 0 ? kVectorRows : 1 + rng() % kVectorRows;
      std::vector<int64_t> values = shapes::ints(rng, shape, count, std::numeric_limits<int64_t>::min(),
                                                 std::numeric_limits<int64_t>::max());
      chosen.insert(plan_ints(values).codec);
      for (Codec codec : kIntCodecs) {
        if (!can_encode(values, codec)) continue;
        SCOPED_TRACE(testing::Message() << "shape " << shape << " codec " << static_cast<int>(codec));
        Bytes bytes;
        encode_ints(values, IntPlan{codec, 1, 1}, bytes);
        ASSERT_NO_FATAL_FAILURE(check_ints<uint64_t>(bytes, values, rng));
        ASSERT_NO_FATAL_FAILURE(check_ints<uint16_t>(bytes, values, rng));
        ASSERT_NO_FATAL_FAILURE(check_int_filter(bytes, values, rng));
      }
    }
  }
  EXPECT_EQ(chosen.size(), std::size(kIntCodecs)) << "some codec is never the best";
}

TEST(IntCodecTest, PlanKnowsTheSize) {
  Rng rng(4);
  for (int shape = 0; shape < shapes::kIntShapes; ++shape) {
    std::vector<int64_t> values = shapes::ints(rng, shape, kVectorRows, -100000, 100000);
    IntPlan plan = plan_ints(values);
    Bytes bytes;
    encode_ints(values, plan, bytes);
    if (plan.codec != Codec::kIntDictionary) {
      EXPECT_EQ(bytes.size(), plan.bytes) << "shape " << shape;
    } else {
      EXPECT_LE(bytes.size(), plan.bytes) << "shape " << shape;
    }
  }
}

TEST(IntCodecTest, RegularTimestampsTakeNoBits) {
  std::vector<int64_t> values(kVectorRows);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = 725846400000000 + static_cast<int64_t>(i) * 10'000'000;
  EXPECT_LE(plan_ints(values).bytes, 40u);
}

template <class F>
void check_floats(const std::vector<F>& values, FloatHint& hint, Rng& rng, std::set<Codec>* chosen) {
  using U = std::conditional_t<sizeof(F) == 4, uint32_t, uint64_t>;
  Bytes bytes;
  encode_floats<F>(values, hint, bytes);
  PartReader in(bytes);
  FloatStream stream;
  ASSERT_TRUE(parse_floats(in, sizeof(F), &stream).ok());
  ASSERT_TRUE(in.finished());
  chosen->insert(stream.codec);
  std::vector<F> out(kVectorRows);
  ASSERT_TRUE(decode_floats(stream, out.data()).ok());
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(std::bit_cast<U>(out[i]), std::bit_cast<U>(values[i])) << "row " << i << ": " << values[i];
  }
  std::vector<uint16_t> rows = shapes::rows(rng, values.size());
  ASSERT_TRUE(decode_floats<F>(stream, rows, out.data()).ok());
  for (size_t i = 0; i < rows.size(); ++i)
    ASSERT_EQ(std::bit_cast<U>(out[i]), std::bit_cast<U>(values[rows[i]]));
  for (int op = 0; op < 6; ++op) {
    for (F constant : {values[rng() % values.size()], static_cast<F>(0), std::numeric_limits<F>::quiet_NaN(),
                       std::numeric_limits<F>::infinity(), static_cast<F>(50.5)}) {
      uint64_t bitmap[kVectorRows / 64];
      ASSERT_TRUE(filter_floats(stream, static_cast<Comparison>(op), constant, bitmap).ok());
      for (uint32_t i = 0; i < kVectorRows; ++i) {
        bool want =
            i < values.size() && passes(static_cast<Comparison>(op), compare_floats(values[i], constant));
        ASSERT_EQ(bitmap[i / 64] >> (i % 64) & 1, want) << values[i] << " op " << op << " " << constant;
      }
    }
  }
}

template <class F>
class FloatCodecTest : public testing::Test {};
using FloatTypes = testing::Types<float, double>;
TYPED_TEST_SUITE(FloatCodecTest, FloatTypes);

TYPED_TEST(FloatCodecTest, BitExactOnEveryShape) {
  Rng rng(5);
  std::set<Codec> chosen;
  for (int round = 0; round < 12; ++round) {
    for (int shape = 0; shape < shapes::kFloatShapes; ++shape) {
      SCOPED_TRACE(testing::Message() << "shape " << shape);
      FloatHint hint;
      for (int vector = 0; vector < 3; ++vector) {
        size_t count = vector == 1 ? kVectorRows : 1 + rng() % kVectorRows;
        ASSERT_NO_FATAL_FAILURE(
            check_floats(shapes::floats<TypeParam>(rng, shape, count), hint, rng, &chosen));
      }
    }
  }
  EXPECT_TRUE(chosen.contains(Codec::kAlp));
  EXPECT_TRUE(chosen.contains(Codec::kAlpRd));
  EXPECT_TRUE(chosen.contains(Codec::kRunLength));
}

TEST(FloatCodecTest, DecimalsBecomeIntegers) {
  Rng rng(6);
  std::vector<double> values;
  for (size_t i = 0; i < kVectorRows; ++i) values.push_back(static_cast<double>(rng() % 10000) / 100);
  FloatHint hint;
  Bytes bytes;
  encode_floats<double>(values, hint, bytes);
  EXPECT_LE(bytes.size(), kVectorRows * 14 / 8 + 64);
}

// Damage that a checksum would have found must still not lead out of bounds.
TEST(CodecDamageTest, AnyChangeStaysWithinBounds) {
  Rng rng(7);
  for (int shape = 0; shape < shapes::kIntShapes; ++shape) {
    std::vector<int64_t> values = shapes::ints(rng, shape, 300, -5000, 5000);
    for (Codec codec : kIntCodecs) {
      if (!can_encode(values, codec)) continue;
      Bytes bytes;
      encode_ints(values, IntPlan{codec, 1, 1}, bytes);
      for (int attempt = 0; attempt < 300; ++attempt) {
        Bytes bad = bytes;
        for (uint64_t n = 1 + rng() % 3; n > 0; --n)
          bad[rng() % std::min<size_t>(bad.size(), 80)] = static_cast<uint8_t>(rng());
        if (attempt % 10 == 0) bad.resize(rng() % bad.size());
        PartReader in(bad);
        IntStream stream;
        if (!parse_ints(in, &stream).ok()) continue;
        std::vector<uint32_t> out(kVectorRows);
        uint64_t bitmap[kVectorRows / 64];
        (void)decode_ints(stream, out.data()).ok();
        (void)filter_ints(stream, 0, 100, bitmap).ok();
        std::vector<uint16_t> rows{0, static_cast<uint16_t>(stream.count - 1)};
        (void)decode_ints<uint32_t>(stream, rows, out.data()).ok();
      }
    }
  }
}

}  // namespace
}  // namespace varve::columnar
