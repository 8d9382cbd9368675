#include "internal_time.h"

#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "hypertable/hypertable.h"
#include "types/uuid_time.h"

namespace varve::hypertable {

namespace {

constexpr int64_t kNegativeInfinity = std::numeric_limits<int64_t>::min();
constexpr int64_t kInfinity = std::numeric_limits<int64_t>::max();

[[noreturn]] void throw_out_of_range() {
  throw SqlError(sqlstate::kDatetimeFieldOverflow, "timestamp out of range");
}

}  // namespace

int64_t internal_from_timestamp(int64_t us) {
  if (us == kInfinity) return kNoEnd;
  int64_t result;
  if (us == kNegativeInfinity || __builtin_add_overflow(us, kEpochShiftUs, &result)) throw_out_of_range();
  return result;
}

int64_t internal_from_date(int32_t days) {
  if (days == std::numeric_limits<int32_t>::max()) return kNoEnd;
  int64_t us;
  if (days == std::numeric_limits<int32_t>::min() || __builtin_mul_overflow(int64_t{days}, kDayUs, &us) ||
      __builtin_add_overflow(us, kEpochShiftUs, &us))
    throw_out_of_range();
  return us;
}

int64_t timestamp_from_internal(int64_t t) {
  if (t == kNoEnd) return kInfinity;
  if (t == kNoStart) return kNegativeInfinity;
  return t - kEpochShiftUs < t ? t - kEpochShiftUs : kNegativeInfinity;
}

int32_t date_from_internal(int64_t t) {
  if (t == kNoEnd) return std::numeric_limits<int32_t>::max();
  if (t == kNoStart) return std::numeric_limits<int32_t>::min();
  int64_t us = t - kEpochShiftUs;
  return static_cast<int32_t>(us >= 0 ? us / kDayUs : (us + 1) / kDayUs - 1);
}

int64_t stored_from_internal(int64_t t, Oid type) {
  if (t == kNoStart || t == kNoEnd) return t;
  if (type == type_oid::kTimestamptz || type == type_oid::kTimestamp) return timestamp_from_internal(t);
  return type == type_oid::kDate ? int64_t{date_from_internal(t)} : t;
}

bool is_time_type(Oid type) {
  return type == type_oid::kTimestamptz || type == type_oid::kTimestamp || type == type_oid::kDate ||
         type == type_oid::kInt2 || type == type_oid::kInt4 || type == type_oid::kInt8 ||
         type == type_oid::kUuid;
}

int64_t to_internal_time(const types::Value& value, Oid type) {
  if (type == type_oid::kTimestamptz || type == type_oid::kTimestamp)
    return internal_from_timestamp(value.int64);
  if (type == type_oid::kDate) return internal_from_date(value.int32);
  if (type == type_oid::kInt2) return value.int16;
  if (type == type_oid::kInt4) return value.int32;
  if (type == type_oid::kInt8) return value.int64;
  if (type == type_oid::kUuid) {
    if (types::is_uuid_v7(value.uuid)) return types::uuid_unix_us(value.uuid);
    std::string text;
    types::append_uuid(text, value.uuid);
    throw SqlError(sqlstate::kInvalidParameterValue, "not a version 7 UUID: " + text);
  }
  throw SqlError(sqlstate::kInternalError, "a time column of an unknown type");
}

}  // namespace varve::hypertable
