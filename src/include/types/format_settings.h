// What of a session's settings the text of a value depends on. Passed by reference, never stored.
#pragma once

#include <cstdint>

namespace varve::types {

class TimeZone;

enum class DateStyle : uint8_t { kIso, kPostgres, kSql, kGerman };
enum class DateOrder : uint8_t { kYmd, kDmy, kMdy };
enum class IntervalStyle : uint8_t { kPostgres, kPostgresVerbose, kSqlStandard, kIso8601 };
enum class ByteaOutput : uint8_t { kHex, kEscape };

struct FormatSettings {
  DateStyle date_style = DateStyle::kIso;
  DateOrder date_order = DateOrder::kMdy;
  IntervalStyle interval_style = IntervalStyle::kPostgres;
  ByteaOutput bytea_output = ByteaOutput::kHex;
  int extra_float_digits = 1;
  const TimeZone* time_zone = nullptr;  // null means UTC
  // Start of the transaction, microseconds since 2000-01-01 UTC: what 'now' and 'today' mean. Nothing in this
  // module reads a clock.
  int64_t now_us = 0;
};

}  // namespace varve::types
