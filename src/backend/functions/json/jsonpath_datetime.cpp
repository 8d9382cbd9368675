#include <fmt/format.h>

#include "common/append_format.h"
#include "common/sql_error.h"
#include "format/date_format.h"
#include "functions/type_oids.h"
#include "jsonpath_item.h"
#include "ordering.h"
#include "types/datetime.h"
#include "types/time_zone.h"

namespace varve::functions {

using types::Value;

namespace {

constexpr std::string_view kIsoFormats[] = {
    "yyyy-mm-dd",
    "HH24:MI:SS.USTZH:TZM",
    "HH24:MI:SS.USTZH",
    "HH24:MI:SSTZH:TZM",
    "HH24:MI:SSTZH",
    "HH24:MI:SS.US",
    "HH24:MI:SS",
    "yyyy-mm-dd HH24:MI:SS.USTZH:TZM",
    "yyyy-mm-dd HH24:MI:SS.USTZH",
    "yyyy-mm-dd HH24:MI:SSTZH:TZM",
    "yyyy-mm-dd HH24:MI:SSTZH",
    "yyyy-mm-dd HH24:MI:SS.US",
    "yyyy-mm-dd HH24:MI:SS",
    "yyyy-mm-dd\"T\"HH24:MI:SS.USTZH:TZM",
    "yyyy-mm-dd\"T\"HH24:MI:SS.USTZH",
    "yyyy-mm-dd\"T\"HH24:MI:SSTZH:TZM",
    "yyyy-mm-dd\"T\"HH24:MI:SSTZH",
    "yyyy-mm-dd\"T\"HH24:MI:SS.US",
    "yyyy-mm-dd\"T\"HH24:MI:SS",
};

SqlError format_error(const char* message) { return SqlError(sqlstate::kInvalidDatetimeFormat, message); }

PathItem parse_as(std::string_view text, std::string_view format_text) {
  DateTemplate format;
  parse_date_template(format_text, true, format);
  ReadDate r = read_date(text, format, true);
  PathItem item;
  item.zone_seconds_east = r.zone_seconds_east;
  int64_t time = ((int64_t{r.hour} * 60 + r.minute) * 60 + r.second) * types::kUsPerSecond + r.us;
  int precision = r.fraction_digits > 0 ? r.fraction_digits : -1;
  if (r.has_date && r.has_time) {
    item.type = r.has_zone_field ? type_oid::kTimestamptz : type_oid::kTimestamp;
    int64_t t = timestamp_of(r);
    if (r.has_zone_field) {
      if (!r.has_zone) throw format_error("missing time zone in input string for type timestamptz");
      t -= int64_t{r.zone_seconds_east} * types::kUsPerSecond;
    }
    if (!types::in_timestamp_range(t)) {
      throw SqlError(sqlstate::kDatetimeValueOutOfRange,
                     r.has_zone_field ? "timestamptz out of range" : "timestamp out of range");
    }
    item.moment = Value::of_int64(precision < 0 ? t : types::round_timestamp(t, precision));
  } else if (r.has_date) {
    if (r.has_zone_field) throw format_error("datetime format is zoned but not timed");
    item.type = type_oid::kDate;
    item.moment = Value::of_int32(date_of(r, text));
  } else if (r.has_time) {
    if (precision >= 0) time = types::round_time(time, precision);
    item.type = r.has_zone_field ? type_oid::kTimetz : type_oid::kTime;
    if (r.has_zone_field) {
      if (!r.has_zone) throw format_error("missing time zone in input string for type timetz");
      item.moment = Value::of_timetz({time, -r.zone_seconds_east});
    } else {
      item.moment = Value::of_int64(time);
    }
  } else {
    throw format_error("datetime format is not dated and not timed");
  }
  return item;
}

// Only what concerns the text may be passed over in silence.
bool is_data_error(const SqlError& error) {
  return error.state() == sqlstate::kInvalidDatetimeFormat ||
         error.state() == sqlstate::kDatetimeFieldOverflow ||
         error.state() == sqlstate::kInvalidTimeZoneDisplacementValue;
}

const types::TimeZone& zone_of(EvalContext& context) {
  const types::TimeZone* zone = context.format->time_zone;
  return zone == nullptr ? types::TimeZone::utc() : *zone;
}

void check_zone_use(bool use_zone, const char* from, const char* to) {
  if (use_zone) return;
  throw SqlError(sqlstate::kFeatureNotSupported,
                 fmt::format("cannot convert value from {} to {} without time zone usage", from, to))
      .hint("Use *_tz() function for time zone support.");
}

}  // namespace

std::optional<PathItem> parse_path_datetime(std::string_view text, std::optional<std::string_view> format,
                                            bool silent, EvalContext&) {
  if (format) {
    try {
      return parse_as(text, *format);
    } catch (const SqlError& error) {
      if (!silent || !is_data_error(error)) throw;
      return std::nullopt;
    }
  }
  for (std::string_view iso : kIsoFormats) {
    try {
      return parse_as(text, iso);
    } catch (const SqlError& error) {
      if (!is_data_error(error)) throw;
    }
  }
  return std::nullopt;
}

void append_path_datetime(std::string& out, const PathItem& item, EvalContext& context) {
  types::FormatSettings iso = *context.format;
  iso.date_style = types::DateStyle::kIso;
  auto zone = [&](int32_t east) {
    char sign = east < 0 ? '-' : '+';
    if (east < 0) east = -east;
    append_format(out, "{}{:02}:{:02}", sign, east / 3600, east % 3600 / 60);
    if (east % 60 != 0) append_format(out, ":{:02}", east % 60);
  };
  auto timestamp = [&](int64_t t) {
    std::string text;
    types::append_timestamp(text, t, iso);
    if (size_t blank = text.find(' '); blank != std::string::npos) text[blank] = 'T';
    return text;
  };
  switch (item.type.value()) {
    case type_oid::kDate.value():
      types::append_date(out, item.moment.int32, iso);
      return;
    case type_oid::kTime.value():
      types::append_time(out, item.moment.int64);
      return;
    case type_oid::kTimetz.value():
      types::append_time(out, item.moment.timetz.us);
      zone(-item.moment.timetz.zone_seconds_west);
      return;
    case type_oid::kTimestamp.value():
      out += timestamp(item.moment.int64);
      return;
    default: {
      std::string text = timestamp(item.moment.int64 + int64_t{item.zone_seconds_east} * types::kUsPerSecond);
      bool before_christ = text.ends_with(" BC");
      out += before_christ ? text.substr(0, text.size() - 3) : text;
      zone(item.zone_seconds_east);
      if (before_christ) out += " BC";
      return;
    }
  }
}

std::optional<int> compare_path_datetimes(const PathItem& a, const PathItem& b, bool use_zone,
                                          EvalContext& context) {
  auto rank = [](const PathItem& i) {
    switch (i.type.value()) {
      case type_oid::kDate.value():
        return 0;
      case type_oid::kTimestamp.value():
        return 1;
      case type_oid::kTimestamptz.value():
        return 2;
      case type_oid::kTime.value():
        return 3;
      default:
        return 4;
    }
  };
  int ra = rank(a), rb = rank(b);
  if (ra > rb) {
    std::optional<int> reversed = compare_path_datetimes(b, a, use_zone, context);
    return reversed ? std::optional<int>(-*reversed) : std::nullopt;
  }
  if ((ra < 3) != (rb < 3)) return std::nullopt;
  if (ra == rb) {
    if (ra == 0) return three_way(a.moment.int32, b.moment.int32);
    if (ra == 4) return types::compare(a.moment.timetz, b.moment.timetz);
    return three_way(a.moment.int64, b.moment.int64);
  }
  const types::TimeZone& zone = zone_of(context);
  if (ra == 3) {
    check_zone_use(use_zone, "time", "timetz");
    return types::compare(types::time_to_timetz(a.moment.int64, *context.format), b.moment.timetz);
  }
  if (ra == 0 && rb == 1) return types::compare_date_timestamp(a.moment.int32, b.moment.int64);
  if (ra == 0) {
    check_zone_use(use_zone, "date", "timestamptz");
    return types::compare_date_timestamptz(a.moment.int32, b.moment.int64, zone);
  }
  check_zone_use(use_zone, "timestamp", "timestamptz");
  return types::compare_timestamp_timestamptz(a.moment.int64, b.moment.int64, zone);
}

// --- where PostgreSQL would have put it
namespace {

size_t aligned(size_t at) { return (at + 3) & ~size_t{3}; }

size_t postgres_numeric_bytes(const types::Numeric& v) {
  std::string wire;
  types::send_numeric(wire, v);
  uint16_t digits = load_be<uint16_t>(wire.data()), scale = load_be<uint16_t>(wire.data() + 6);
  auto weight = static_cast<int16_t>(load_be<uint16_t>(wire.data() + 2));
  bool is_short = scale <= 63 && weight >= -64 && weight <= 63;
  return 4 + (is_short ? 2 : 4) + size_t{2} * digits;
}

// Length of the value's data that begins at `at`, padding in front included. Sets *offset where `part`
// begins.
size_t postgres_bytes(JsonbView v, size_t at, const char* part, int64_t* offset) {
  switch (v.type()) {
    case JsonType::kString:
      return v.string().size();
    case JsonType::kNumber: {
      Arena arena;
      return aligned(at) - at + postgres_numeric_bytes(v.number(arena));
    }
    case JsonType::kArray:
    case JsonType::kObject:
      break;
    default:
      return 0;
  }
  size_t start = aligned(at);
  if (v.bytes().data() == part) *offset = static_cast<int64_t>(start);
  size_t p = start + 4 + size_t{4} * v.count() * (v.is_object() ? 2 : 1);
  if (v.is_object()) {
    for (uint32_t i = 0; i < v.count(); ++i) p += v.key(i).size();
  }
  for (uint32_t i = 0; i < v.count() && *offset < 0; ++i) p += postgres_bytes(v.item(i), p, part, offset);
  return p - at;
}

}  // namespace

int64_t postgres_offset(std::string_view root, std::string_view part) {
  int64_t offset = -1;
  postgres_bytes(JsonbView(root), 0, part.data(), &offset);
  return offset < 0 ? 0 : offset;
}

}  // namespace varve::functions
