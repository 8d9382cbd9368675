#include "functions/rounding.h"

#include <vector>

#include "functions/type_oids.h"
#include "types/datetime.h"
#include "types/interval.h"
#include "types/time_zone.h"

namespace varve::functions {

using types::Value;

namespace {

struct Registered {
  Kernel kernel;
  RoundingRule rule;
};
std::vector<Registered>& registered() {
  static std::vector<Registered> rules;
  return rules;
}

struct FieldLength {
  std::string_view name;
  int64_t days;
};
// No longer than this.
constexpr FieldLength kFields[] = {
    {"week", 7},      {"month", 31},       {"quarter", 92},        {"year", 366},
    {"decade", 3660}, {"century", 36'600}, {"millennium", 366'000}};
constexpr std::string_view kWithinDay[] = {"microseconds", "milliseconds", "second", "minute", "hour", "day"};

bool trunc_reach(std::span<const Value> args, RoundingReach* reach) {
  if (args[0].null) return false;
  const std::string_view field = args[0].view();
  for (std::string_view short_field : kWithinDay) {
    if (field == short_field) reach->below = types::kUsPerDay;
  }
  if (field == "hour") reach->below = types::kUsPerHour;
  if (field == "minute") reach->below = types::kUsPerMinute;
  if (field == "second") reach->below = types::kUsPerSecond;
  for (const FieldLength& f : kFields) {
    if (field == f.name) reach->below = f.days * types::kUsPerDay;
  }
  return reach->below != 0;
}

bool add_clock_changes(const types::TimeZone* zone, RoundingReach* reach) {
  const int64_t off = clock_changes_us(zone);
  reach->below += off;
  reach->above += off;
  return true;
}

// date_trunc(field, timestamp), (field, timestamptz), (field, timestamptz, zone)
constexpr RoundingRule kTrunc{
    1, 1, [](std::span<const Value> args, const types::FormatSettings&, RoundingReach* reach) {
      return trunc_reach(args, reach);
    }};
constexpr RoundingRule kTruncZoned{
    1, 1, [](std::span<const Value> args, const types::FormatSettings& format, RoundingReach* reach) {
      return trunc_reach(args, reach) && add_clock_changes(format.time_zone, reach);
    }};
constexpr RoundingRule kTruncInZone{
    1, 1, [](std::span<const Value> args, const types::FormatSettings&, RoundingReach* reach) {
      return !args[2].null && trunc_reach(args, reach) &&
             add_clock_changes(&types::zone_for_name(args[2].view()), reach);
    }};
// date_bin(stride, timestamp[tz], origin)
constexpr RoundingRule kBin{
    1, 1, [](std::span<const Value> args, const types::FormatSettings&, RoundingReach* reach) {
      if (args[0].null || args[2].null || args[0].interval.months != 0) return false;
      int64_t us = 0;
      if (!longest_us(args[0].interval, &us) || us <= 0 || us > INT64_MAX / 2) return false;
      reach->below = us * 2;
      return true;
    }};
// date(timestamp), date(timestamptz)
constexpr RoundingRule kDay{0, types::kUsPerDay,
                            [](std::span<const Value>, const types::FormatSettings&, RoundingReach* reach) {
                              reach->below = types::kUsPerDay - 1;
                              return true;
                            }};
constexpr RoundingRule kDayZoned{
    0, types::kUsPerDay, [](std::span<const Value>, const types::FormatSettings&, RoundingReach* reach) {
      reach->below = 2 * types::kUsPerDay;  // no zone is a day off
      reach->above = types::kUsPerDay;
      return true;
    }};

}  // namespace

void register_rounding(Kernel kernel, const RoundingRule& rule) { registered().push_back({kernel, rule}); }

const RoundingRule* find_rounding(const Function& f) {
  if (f.routine != nullptr) {
    if (!f.routine->is_native) return nullptr;
    for (const Registered& r : registered()) {
      if (r.kernel == f.kernel) return &r.rule;
    }
    return nullptr;
  }
  auto takes = [&](size_t i, Oid type) { return i < f.args.size() && f.args[i] == type; };
  if (f.name == "date_trunc") {
    if (f.args.size() == 3) return takes(1, type_oid::kTimestamptz) ? &kTruncInZone : nullptr;
    if (takes(1, type_oid::kTimestamp)) return &kTrunc;
    return takes(1, type_oid::kTimestamptz) ? &kTruncZoned : nullptr;
  }
  if (f.name == "date_bin") return &kBin;
  if (f.name == "date" && f.args.size() == 1) {
    if (takes(0, type_oid::kTimestamp)) return &kDay;
    return takes(0, type_oid::kTimestamptz) ? &kDayZoned : nullptr;
  }
  return nullptr;
}

bool longest_us(const types::Interval& interval, int64_t* us) {
  constexpr int64_t kMonthDays = 31;
  const int64_t days = interval.months * kMonthDays + interval.days;
  return !__builtin_mul_overflow(days, types::kUsPerDay, us) && !__builtin_add_overflow(*us, interval.us, us);
}

int64_t clock_changes_us(const types::TimeZone* zone) {
  return zone == nullptr || zone->is_fixed() ? 0 : types::kUsPerDay;
}

}  // namespace varve::functions
