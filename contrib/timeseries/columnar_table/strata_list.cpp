// Strata in the orders in which scans visit them.
#include <algorithm>
#include <bit>
#include <cmath>

#include "columnar/zone_map.h"
#include "common/bytes.h"
#include "common/hash.h"
#include "table_state.h"

namespace varve::columnar_table {

using access::PageRun;
using access::PageSequence;
using access::PageSequencePtr;
using access::SegmentOrder;
using columnar::ZoneMap;

namespace {

std::vector<StratumPtr> sorted_by_tid(std::vector<StratumPtr> strata) {
  std::sort(strata.begin(), strata.end(),
            [](const StratumPtr& a, const StratumPtr& b) { return a->tid().packed() < b->tid().packed(); });
  return strata;
}

PageRun run_of(const Stratum& stratum) { return {settled_page(stratum.tid(), 0), stratum.vectors()}; }

// NaN is a float's greatest value.
int compare_floats(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

// Of the bounds that an order goes by, of one type: which come first.
int compare_bounds(const ZoneMap& a, const ZoneMap& b, bool descending) {
  using columnar::ValueType;
  const uint8_t* x = descending ? b.bounds.max : a.bounds.min;
  const uint8_t* y = descending ? a.bounds.max : b.bounds.min;
  switch (a.type) {
    case ValueType::kFloat32:
    case ValueType::kFloat64:
      return compare_floats(load_raw<double>(x), load_raw<double>(y));
    case ValueType::kBytes: {
      auto text = [](const uint8_t* bytes, size_t n) {
        return std::string_view(reinterpret_cast<const char*>(bytes), n);
      };
      const std::string_view p = text(x, descending ? b.bounds.max_bytes : a.bounds.min_bytes);
      const std::string_view q = text(y, descending ? a.bounds.max_bytes : b.bounds.min_bytes);
      return p.compare(q);
    }
    case ValueType::kNumeric:
    case ValueType::kUuid:
    case ValueType::kFixed16:
      return 0;
    default: {
      const auto p = load_raw<int64_t>(x), q = load_raw<int64_t>(y);
      return p < q ? -1 : p > q ? 1 : 0;
    }
  }
}

}  // namespace

StrataList::StrataList(std::vector<StratumPtr> strata) : strata_(sorted_by_tid(std::move(strata))) {
  places_.resize(std::bit_ceil(strata_.size() * 2 + 1));
  for (const StratumPtr& stratum : strata_) {
    size_t at = hash_int(stratum->tid().packed()) & (places_.size() - 1);
    while (places_[at].stratum != nullptr) at = (at + 1) & (places_.size() - 1);
    places_[at] = {stratum->tid().packed(), stratum.get()};
    if (!stratum->is_certain()) uncertain_.push_back(stratum);
  }
}

Stratum* StrataList::find(Tid tid) const {
  size_t at = hash_int(tid.packed()) & (places_.size() - 1);
  while (places_[at].stratum != nullptr && places_[at].tid != tid.packed())
    at = (at + 1) & (places_.size() - 1);
  return places_[at].stratum;
}

Status StrataList::check(Xid horizon, std::vector<StratumPtr>* gone) const {
  if (checked_.load(std::memory_order_acquire) >= horizon.value()) return {};
  std::lock_guard guard(mutex_);
  std::vector<StratumPtr> left;
  for (const StratumPtr& stratum : uncertain_) {
    VARVE_ASSIGN_OR_RETURN(bool there, stratum->look_for_certainty(horizon));
    if (!there) gone->push_back(stratum);
    if (!stratum->is_certain()) left.push_back(stratum);
  }
  uncertain_ = std::move(left);
  checked_.store(uncertain_.empty() ? UINT64_MAX : horizon.value(), std::memory_order_release);
  return {};
}

Result<PageSequencePtr> StrataList::runs(const SegmentOrder& order) const {
  constexpr size_t kMostOrders = 8;
  std::lock_guard guard(mutex_);
  for (const auto& [of, runs] : orders_) {
    if (of == order) return runs;
  }
  VARVE_ASSIGN_OR_RETURN(PageSequencePtr runs, order_by(order));
  if (orders_.size() == kMostOrders) orders_.erase(orders_.begin());
  orders_.emplace_back(order, runs);
  return runs;
}

Result<PageSequencePtr> StrataList::order_by(const SegmentOrder& order) const {
  struct Bounded {
    PageRun run;
    std::vector<const ZoneMap*> zones;
  };
  std::vector<Bounded> ordered;
  std::vector<PageRun> runs, others;
  // Bounds that are not known, or of another type, tell nothing.
  auto is_known = [&](const std::vector<const ZoneMap*>& zones) {
    for (size_t i = 0; i < zones.size(); ++i) {
      if (zones[i] == nullptr || !zones[i]->has_bounds()) return false;
      if (!ordered.empty() && zones[i]->type != ordered[0].zones[i]->type) return false;
    }
    return !zones.empty();
  };
  for (const StratumPtr& stratum : strata_) {
    Bounded segment{run_of(*stratum), {}};
    for (const access::ZoneOrder& o : order.zones) {
      VARVE_ASSIGN_OR_RETURN(const ZoneMap* zone, stratum->zone(o.column));
      segment.zones.push_back(zone);
    }
    if (is_known(segment.zones))
      ordered.push_back(std::move(segment));
    else
      others.push_back(segment.run);
  }
  if (order.from_end) {
    std::reverse(ordered.begin(), ordered.end());
    std::reverse(others.begin(), others.end());
  }
  std::stable_sort(ordered.begin(), ordered.end(), [&](const Bounded& a, const Bounded& b) {
    for (size_t i = 0; i < order.zones.size(); ++i) {
      const int c = compare_bounds(*a.zones[i], *b.zones[i], order.zones[i].descending);
      if (c != 0) return c < 0;
    }
    return false;
  });
  for (const Bounded& segment : ordered) runs.push_back(segment.run);
  runs.insert(runs.end(), others.begin(), others.end());
  return PageSequencePtr(std::make_shared<const PageSequence>(std::move(runs), ordered.size()));
}

}  // namespace varve::columnar_table
