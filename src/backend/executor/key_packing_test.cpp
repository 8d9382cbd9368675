// Packed keys against the types' own comparison, for pairs of random rows.
#include "key_packing.h"

#include <cmath>
#include <deque>
#include <gtest/gtest.h>
#include <limits>
#include <random>

#include "functions/type_oids.h"

namespace varve::executor {
namespace {

namespace oid = type_oid;

class KeyPackingTest : public testing::Test {
 protected:
  uint64_t any() { return random_(); }
  uint64_t below(uint64_t n) { return random_() % n; }

  // Values of a narrow or wide range, of the type's ends, equal ones.
  int64_t integer(unsigned bytes, uint64_t spread) {
    const auto greatest = static_cast<int64_t>(~0ULL >> 1 >> (64 - 8 * bytes));
    if (spread == 0 && below(4) == 0) return below(2) == 0 ? greatest : -greatest - 1;
    if (spread == 0) return static_cast<int64_t>(any()) >> (64 - 8 * bytes);
    return static_cast<int64_t>(below(spread)) - 40;
  }
  types::StringRef text(uint64_t kind, bool any_bytes) {
    std::string s = kind == 1 ? "host_" : kind == 2 ? "a longer prefix that all have: " : "";
    const uint64_t length = kind == 0 ? below(12) : kind == 3 ? (below(100) == 0 ? 0 : 1) : below(6);
    for (uint64_t i = 0; i < length; ++i)
      s.push_back(static_cast<char>(any_bytes ? below(3) * 127 : "029 z"[below(5)]));
    return types::StringRef(strings_.emplace_back(std::move(s)));
  }
  double number(uint64_t kind) {
    static const double kSpecial[] = {0.0, -0.0, NAN, INFINITY, -INFINITY, 5e-324, -5e-324};
    if (kind == 0 && below(3) == 0) return kSpecial[below(std::size(kSpecial))];
    return static_cast<double>(static_cast<int64_t>(below(2000)) - 1000) / 8;
  }

  types::Value value(Oid type, types::PhysicalType physical, uint64_t kind) {
    types::Value v = types::Value::null_of(physical);
    if (below(10) == 0 && kind != 3) return v;
    v.null = false;
    const uint64_t spread = kind == 0 ? 0 : kind == 1 ? 50 : kind == 2 ? 5000 : 1;
    auto put = [&v](auto bits) { std::memcpy(v.words, &bits, sizeof(bits)); };
    switch (physical) {
      case types::PhysicalType::kBool:
        put(static_cast<uint8_t>(below(2)));
        break;
      case types::PhysicalType::kInt16:
        put(static_cast<int16_t>(integer(2, spread)));
        break;
      case types::PhysicalType::kInt32:
        put(static_cast<int32_t>(integer(4, spread)));
        break;
      case types::PhysicalType::kInt64:
        put(integer(8, spread));
        break;
      case types::PhysicalType::kFloat32:
        put(static_cast<float>(number(kind)));
        break;
      case types::PhysicalType::kFloat64:
        put(number(kind));
        break;
      case types::PhysicalType::kNumeric:
        put(kind == 0 && below(9) == 0
                ? types::Numeric::nan()
                : types::Numeric(static_cast<int64_t>(below(3000)) - 1500, static_cast<int>(below(4))));
        break;
      default:
        put(text(kind, type == oid::kBytea));
        break;
    }
    return v;
  }

  void check(const std::vector<SortColumn>& keys, const std::vector<uint64_t>& kinds);

  std::mt19937_64 random_{7};
  std::deque<std::string> strings_;
};

void KeyPackingTest::check(const std::vector<SortColumn>& keys, const std::vector<uint64_t>& kinds) {
  constexpr uint32_t kRows = 300;
  std::vector<types::PhysicalType> physical;
  for (const SortColumn& key : keys) physical.push_back(key.key.physical);
  const RowFormat format(physical, 0);
  Arena arena;
  std::vector<std::vector<types::Value>> values(keys.size());
  std::vector<SortEntry> entries(kRows);
  std::vector<uint8_t*> rows(kRows);
  for (uint32_t i = 0; i < kRows; ++i) {
    rows[i] = entries[i].row = static_cast<uint8_t*>(arena.allocate(format.width(), 16));
    format.clear_nulls(rows[i]);
  }
  std::vector<uint16_t> all(kRows);
  for (uint32_t i = 0; i < kRows; ++i) all[i] = static_cast<uint16_t>(i);
  for (uint32_t k = 0; k < keys.size(); ++k) {
    Vector v(physical[k], arena);
    for (uint32_t i = 0; i < kRows; ++i) {
      values[k].push_back(value(keys[k].key.type, physical[k], kinds[k]));
      v.set_value(i, values[k].back());
    }
    format.scatter(k, v, {all.data(), kRows}, rows.data(), arena);
  }
  // As two threads would.
  KeyPacking packing(format, keys), second(format, keys);
  constexpr uint32_t kAtOnce = 5;
  for (uint32_t at = 0; at < kRows; at += kAtOnce)
    (at < kRows / 3 ? packing : second).see(std::span(entries).subspan(at, kAtOnce));
  packing.combine(second);
  packing.fix();
  packing.pack(entries);

  auto compare = [&](uint32_t a, uint32_t b, size_t count) {
    for (size_t k = 0; k < count; ++k) {
      const types::Value &x = values[k][a], &y = values[k][b];
      if (x.null && y.null) continue;
      if (x.null || y.null) return x.null == keys[k].nulls_first ? -1 : 1;
      const int c = keys[k].key.compare(x.words, y.words, keys[k].key.collation);
      if (c != 0) return (c < 0) != keys[k].descending ? -1 : 1;
    }
    return 0;
  };
  for (uint32_t a = 0; a < kRows; ++a) {
    for (uint32_t b = 0; b < kRows; ++b) {
      if (entries[a].prefix < entries[b].prefix) {
        ASSERT_LT(compare(a, b, keys.size()), 0) << a << " " << b;
      } else if (entries[a].prefix == entries[b].prefix) {
        ASSERT_EQ(compare(a, b, packing.exact_keys()), 0) << a << " " << b;
      }
    }
  }
}

TEST_F(KeyPackingTest, OrdersAsTheValuesDo) {
  const Oid types[] = {oid::kBool,   oid::kInt2,   oid::kInt4,    oid::kOid,  oid::kInt8,   oid::kTimestamptz,
                       oid::kFloat4, oid::kFloat8, oid::kNumeric, oid::kText, oid::kBpchar, oid::kBytea};
  for (int round = 0; round < 600; ++round) {
    std::vector<SortColumn> keys;
    std::vector<uint64_t> kinds;
    const uint64_t count = 1 + below(4);
    std::string what;
    for (uint32_t k = 0; k < count; ++k) {
      const Oid type = types[below(std::size(types))];
      keys.push_back({k, make_key_type(type, nullptr, KeyUse::kSort), below(2) == 0, below(2) == 0});
      kinds.push_back(below(4));
      what += std::to_string(type.value()) + "/" + std::to_string(kinds.back()) + " ";
    }
    SCOPED_TRACE(what);
    check(keys, kinds);
    if (HasFatalFailure()) return;
  }
}

TEST_F(KeyPackingTest, WhatFitsIsExact) {
  // A name of three digits after a common beginning, and a time of some hours in microseconds.
  std::vector<SortColumn> keys = {{0, make_key_type(oid::kText, nullptr, KeyUse::kSort)},
                                  {1, make_key_type(oid::kTimestamptz, nullptr, KeyUse::kSort), true}};
  const types::PhysicalType physical[] = {types::PhysicalType::kString, types::PhysicalType::kInt64};
  const RowFormat format(physical, 0);
  Arena arena;
  std::vector<SortEntry> entries;
  Vector hosts(physical[0], arena), times(physical[1], arena);
  std::vector<uint8_t*> rows;
  std::vector<uint16_t> all;
  for (uint32_t i = 0; i < 1000; ++i) {
    hosts.data<types::StringRef>()[i] = types::StringRef("host_" + std::to_string(i % 100));
    times.data<int64_t>()[i] = 800'000'000'000'000 + int64_t{i} * 43'000'000;
    rows.push_back(static_cast<uint8_t*>(arena.allocate(format.width(), 16)));
    format.clear_nulls(rows[i]);
    entries.push_back({0, rows[i]});
    all.push_back(static_cast<uint16_t>(i));
  }
  format.scatter(0, hosts, {all.data(), 1000}, rows.data(), arena);
  format.scatter(1, times, {all.data(), 1000}, rows.data(), arena);
  KeyPacking packing(format, keys);
  packing.see(entries);
  packing.fix();
  EXPECT_EQ(packing.exact_keys(), 2u);
}

TEST_F(KeyPackingTest, AnEmptyStringThatBeginsABlockIsSeen) {
  const SortColumn key{0, make_key_type(oid::kText, nullptr, KeyUse::kSort)};
  const types::PhysicalType physical[] = {types::PhysicalType::kString};
  const RowFormat format(physical, 0);
  Arena arena;
  Vector v(physical[0], arena);
  v.data<types::StringRef>()[0] = types::StringRef("b", 1);
  v.data<types::StringRef>()[1] = types::StringRef();
  SortEntry entries[2];
  uint8_t* rows[2];
  for (int i = 0; i < 2; ++i) {
    rows[i] = entries[i].row = static_cast<uint8_t*>(arena.allocate(format.width(), 16));
    format.clear_nulls(rows[i]);
  }
  const uint16_t both[] = {0, 1};
  format.scatter(0, v, {both, 2}, rows, arena);
  KeyPacking packing(format, {&key, 1});
  packing.see({entries, 1});
  packing.see({entries + 1, 1});
  packing.fix();
  packing.pack(entries);
  EXPECT_GT(entries[0].prefix, entries[1].prefix);
}

}  // namespace
}  // namespace varve::executor
