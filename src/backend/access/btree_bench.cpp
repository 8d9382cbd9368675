#include <benchmark/benchmark.h>
#include <random>

#include "btree_impl.h"
#include "test_storage.h"

namespace varve::access {
namespace {

constexpr uint64_t kEntries = 10'000'000;

// As the key codec writes a nullable bigint.
struct IntKey {
  explicit IntKey(uint64_t i) {
    bytes[0] = 1;
    store_be<uint64_t>(bytes + 1, i ^ uint64_t{1} << 63);
  }
  wal::Bytes get() const { return {bytes, sizeof(bytes)}; }
  uint8_t bytes[9];
};
Tid tid(uint64_t n) { return Tid{PageId{1 + n / 100}, static_cast<uint16_t>(n % 100)}; }

class Ascending : public Btree::BulkSource {
 public:
  bool next(Entry* e) override {
    if (at_ == kEntries) return false;
    key_ = IntKey(at_);
    *e = {key_.get(), tid(at_), false};
    ++at_;
    return true;
  }

 private:
  uint64_t at_ = 0;
  IntKey key_{0};
};

struct Fixture {
  explicit Fixture(uint64_t frames) : storage(frames), txn(storage.pool()) {
    segment = *create_segment(storage.pool(), txn, SegmentKind::kBtree);
    check(BtreeCore(storage.pool(), segment).create_root());
    tree = std::make_unique<BtreeImpl>(storage.pool(), segment);
  }
  static void check(const Status& s) { VARVE_CHECK(s.ok()); }
  TestStorage storage;
  TestTransaction txn;
  PageId segment;
  std::unique_ptr<BtreeImpl> tree;
};

Fixture& loaded() {
  static Fixture* fixture = [] {
    auto* f = new Fixture(60000);
    Ascending source;
    Fixture::check(f->tree->bulk_load(f->txn, source));
    return f;
  }();
  return *fixture;
}

void lookup_random(benchmark::State& state) {
  BtreeImpl& tree = *loaded().tree;
  std::mt19937_64 random(5);
  std::vector<Tid> found;
  found.reserve(16);
  for (auto _ : state) {
    found.clear();
    IntKey key(random() % kEntries);
    Fixture::check(tree.lookup(key.get(), &found));
    benchmark::DoNotOptimize(found.data());
  }
  VARVE_CHECK(found.size() == 1);
}
BENCHMARK(lookup_random);

void lookup_near(benchmark::State& state) {
  BtreeImpl& tree = *loaded().tree;
  std::mt19937_64 random(5);
  std::vector<Tid> found;
  found.reserve(16);
  for (auto _ : state) {
    found.clear();
    IntKey key(random() % 10000);
    Fixture::check(tree.lookup(key.get(), &found));
    benchmark::DoNotOptimize(found.data());
  }
}
BENCHMARK(lookup_near);

void scan_all(benchmark::State& state) {
  BtreeImpl& tree = *loaded().tree;
  std::vector<Entry> entries;
  auto cursor = tree.scan({}, Btree::Bound::kUnbounded, {}, Btree::Bound::kUnbounded, state.range(0) != 0);
  for (auto _ : state) {
    Fixture::check(cursor->next(&entries, 1000));
    if (entries.empty())
      cursor = tree.scan({}, Btree::Bound::kUnbounded, {}, Btree::Bound::kUnbounded, state.range(0) != 0);
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(scan_all)->Arg(0)->Arg(1);

void scan_range_of_ten(benchmark::State& state) {
  BtreeImpl& tree = *loaded().tree;
  std::mt19937_64 random(5);
  std::vector<Entry> entries;
  for (auto _ : state) {
    uint64_t from = random() % kEntries;
    IntKey lower(from), upper(from + 9);
    auto cursor =
        tree.scan(lower.get(), Btree::Bound::kInclusive, upper.get(), Btree::Bound::kInclusive, false);
    Fixture::check(cursor->next(&entries, 100));
    benchmark::DoNotOptimize(entries.data());
  }
}
BENCHMARK(scan_range_of_ten);

void insert(benchmark::State& state) {
  Fixture f(60000);
  std::mt19937_64 random(5);
  uint64_t n = 0;
  for (auto _ : state) {
    IntKey key(state.range(0) != 0 ? random() : n);
    Fixture::check(f.tree->insert(f.txn, key.get(), tid(n), nullptr).status());
    if (++n % 1000 == 0) f.txn.forget_undo();
  }
}
BENCHMARK(insert)->Arg(0)->Arg(1)->Iterations(1000000);

}  // namespace
}  // namespace varve::access
