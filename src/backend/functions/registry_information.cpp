// What the server says of itself and of values without asking a catalog: sizes of values, images of rows, the
// time of day as text, progress phases.
#include <fmt/format.h>

#include "any_args.h"
#include "bit_string.h"
#include "common/append_format.h"
#include "common/bytes.h"
#include "functions/array.h"
#include "functions/record.h"
#include "functions/type_oids.h"
#include "kernel.h"
#include "ordering.h"
#include "types/datetime.h"
#include "types/time_zone.h"
#include "value_rows.h"

namespace varve::functions {

namespace {

using Text = std::string_view;
namespace t = type_oid;

// --- the sizes of values: as in a row of PostgreSQL's, whose short values have one byte of length before
// them
void size_kernel(KernelCall& call) {
  const TypeInfo* type = type_by_oid(call.site.arg_types[0]);
  for_each_row(call.rows, [&](uint32_t row) {
    if (call.args[0]->is_null(row)) return call.result.set_null(row);
    int32_t bytes = type == nullptr ? 0 : type->length;
    if (bytes < 0) {
      Value v = call.args[0]->value(row);
      std::string text;
      if (v.type == types::PhysicalType::kNumeric)
        types::append_numeric_row(text, v.numeric);
      else
        text = v.view();
      bytes = static_cast<int32_t>(text.size()) + (text.size() <= 126 ? 1 : 4);
    }
    call.result.set_value(row, Value::of_int32(bytes));
  });
}
// The name of the method a value is compressed with: long values are compressed in the storage, not by
// themselves.
void compression_kernel(KernelCall& call) {
  for_each_row(call.rows, [&](uint32_t row) { call.result.set_null(row); });
}

// --- images of rows: equal if the fields are the same to the last bit
std::string image_of(const Value& v) {
  auto word = [](uint64_t bits) {
    std::string s(8, '\0');
    store_be<uint64_t>(s.data(), bits);
    return s;
  };
  switch (v.type) {
    case types::PhysicalType::kBool:
      return word(v.boolean);
    case types::PhysicalType::kInt16:
      return word(static_cast<uint64_t>(int64_t{v.int16}));
    case types::PhysicalType::kInt32:
    case types::PhysicalType::kFloat32:
      return word(static_cast<uint64_t>(int64_t{v.int32}));
    case types::PhysicalType::kInt64:
    case types::PhysicalType::kFloat64:
      return word(static_cast<uint64_t>(v.int64));
    case types::PhysicalType::kNumeric: {
      std::string text;
      types::append_numeric(text, v.numeric);
      return text;
    }
    case types::PhysicalType::kInterval:
    case types::PhysicalType::kUuid:
      return std::string(reinterpret_cast<const char*>(v.bytes()), 16);
    case types::PhysicalType::kString:
      break;
  }
  return std::string(v.view());
}

int compare_images(Text x, Text y, Env& env) {
  RecordView a(x), b(y);
  for (uint32_t i = 0; i < std::min(a.count(), b.count()); ++i) {
    if (a.field_type(i) != b.field_type(i)) {
      throw SqlError(sqlstate::kDatatypeMismatch,
                     fmt::format("cannot compare dissimilar column types {} and {} at record column {}",
                                 format_type(a.field_type(i), -1), format_type(b.field_type(i), -1), i + 1));
    }
    if (a.is_null(i) || b.is_null(i)) {
      if (a.is_null(i) != b.is_null(i)) return a.is_null(i) ? 1 : -1;
      continue;
    }
    int c = image_of(a.at(i, env.arena)).compare(image_of(b.at(i, env.arena)));
    if (c != 0) return c < 0 ? -1 : 1;
  }
  if (a.count() != b.count())
    throw SqlError(sqlstate::kDatatypeMismatch,
                   "cannot compare record types with different numbers of columns");
  return 0;
}

// --- the clock as ctime() writes it, with microseconds and the zone
StringRef time_of_day(Env& env) {
  constexpr Text kDays[] = {"Sat", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri"};
  constexpr Text kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  int64_t now = env.context.session->clock_us();
  const types::TimeZone* zone = env.format().time_zone;
  types::ZoneOffset offset = (zone == nullptr ? types::TimeZone::utc() : *zone).at_utc(now);
  int64_t local = now + int64_t{offset.seconds_east} * types::kUsPerSecond;
  types::CivilTime c = types::civil_from_timestamp(local);
  int64_t day = (local - (local % types::kUsPerDay + types::kUsPerDay) % types::kUsPerDay) / types::kUsPerDay;
  append_format(env.buffer, "{} {} {:02} {:02}:{:02}:{:02}.{:06} {} {}", kDays[((day % 7) + 7) % 7],
                kMonths[c.month - 1], c.day, c.hour, c.minute, c.second, c.us, c.year, offset.abbreviation);
  return env.keep();
}

// --- CREATE INDEX's phases by number; only B-trees have some of their own
std::optional<StringRef> progress_phase(uint32_t method, int64_t phase, Env& env) {
  constexpr Text kPhases[] = {"initializing", "scanning table", "sorting live tuples", "sorting dead tuples",
                              "loading tuples in tree"};
  if (method != 403 || phase < 1 || phase > 5) return {};
  return env.keep(kPhases[phase - 1]);
}

// How many of the sorted thresholds are not greater than the operand.
void width_bucket_kernel(KernelCall& call) {
  Oid type = call.site.arg_types[0];
  CompareFunction compare = compare_function(type);
  Arena& arena = *call.context.memory;
  for_each_row(call.rows, [&](uint32_t row) {
    Value operand = call.args[0]->value(row);
    StringRef bytes = call.args[1]->at<StringRef>(row);
    ArrayView thresholds(bytes.view());
    if (thresholds.dimensions() > 1) {
      throw SqlError(sqlstate::kArraySubscriptError, "thresholds must be one-dimensional array");
    }
    if (thresholds.has_nulls())
      throw SqlError(sqlstate::kNullValueNotAllowed, "thresholds array must not contain NULLs");
    uint32_t low = 0, high = thresholds.count();
    while (low < high) {
      uint32_t middle = (low + high) / 2;
      Value at = thresholds.at(middle, arena);
      if (compare(operand.bytes(), at.bytes(), call.site.collation) < 0)
        high = middle;
      else
        low = middle + 1;
    }
    call.result.set_value(row, Value::of_int32(static_cast<int32_t>(low)));
  });
}

int32_t bit_position(Text s, Text part) {
  uint32_t n = bit_count(s), m = bit_count(part);
  if (n == 0 || m > n) return 0;
  for (uint32_t at = 0; at + m <= n; ++at) {
    uint32_t i = 0;
    while (i < m && bit_at(s, at + i) == bit_at(part, i)) ++i;
    if (i == m) return static_cast<int32_t>(at) + 1;
  }
  return 0;
}

// --- the abbreviations of time zones that input knows
constexpr Oid kAbbreviationTypes[] = {t::kText, t::kInterval, t::kBool};
constexpr Text kAbbreviationNames[] = {"abbrev", "utc_offset", "is_dst"};
void* open_abbreviations(EvalContext& context, const CallSite&, std::span<const Value>, Arena& memory) {
  RowBuilder rows(memory);
  for (const types::ZoneAbbreviation& a : types::zone_abbreviations()) {
    std::string word;
    for (char c : a.word) word += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    int32_t seconds = a.seconds_east;
    bool dst = a.is_dst;
    if (!a.zone.empty()) {
      types::ZoneOffset offset{};
      const types::TimeZone* zone = types::TimeZone::find(a.zone);
      if (zone == nullptr || !zone->find_abbreviation(word, context.format->now_us, &offset)) continue;
      seconds = offset.seconds_east;
      dst = offset.is_dst;
    }
    rows.text(word).add(Value::of_interval({int64_t{seconds} * types::kUsPerSecond, 0, 0})).boolean(dst);
  }
  return rows.finish();
}
constexpr TableFunctionImpl kAbbreviations{open_abbreviations, next_value_rows, kAbbreviationTypes,
                                           kAbbreviationNames};

// --- functions that only an event trigger may call: there are none
template <size_t N>
struct Name {
  char text[N];
  constexpr Name(const char (&s)[N]) { std::copy_n(s, N, text); }
};
[[noreturn]] void outside_event_trigger(Text name, Text kind) {
  throw SqlError(SqlState{"39P03"},
                 fmt::format("{}() can only be called in {} event trigger function", name, kind));
}
template <Name kName>
void* open_event_rows(EvalContext&, const CallSite&, std::span<const Value>, Arena&) {
  outside_event_trigger(kName.text, "an");
}
template <Name kName>
constexpr TableFunctionImpl kEventRows{open_event_rows<kName>, next_value_rows, kAbbreviationTypes,
                                       kAbbreviationNames};
template <Name kName>
void event_kernel(KernelCall&) {
  outside_event_trigger(kName.text, "a table_rewrite");
}

constexpr Kernel kNothing = fn([]() -> int32_t { return 0; });

const Binding kBindings[] = {
    {"pg_column_size(any)", size_kernel},
    {"pg_column_compression(any)", compression_kernel},
    {"record_image_eq(record,record)",
     fn([](Text a, Text b, Env& env) { return compare_images(a, b, env) == 0; })},
    {"record_image_ne(record,record)",
     fn([](Text a, Text b, Env& env) { return compare_images(a, b, env) != 0; })},
    {"record_image_lt(record,record)",
     fn([](Text a, Text b, Env& env) { return compare_images(a, b, env) < 0; })},
    {"record_image_le(record,record)",
     fn([](Text a, Text b, Env& env) { return compare_images(a, b, env) <= 0; })},
    {"record_image_gt(record,record)",
     fn([](Text a, Text b, Env& env) { return compare_images(a, b, env) > 0; })},
    {"record_image_ge(record,record)",
     fn([](Text a, Text b, Env& env) { return compare_images(a, b, env) >= 0; })},
    {"timeofday()", fn([](Env& env) { return time_of_day(env); })},
    {"width_bucket(anycompatible,anycompatiblearray)", width_bucket_kernel},
    {"position(bit,bit)", fn([](Text s, Text part, Env&) { return bit_position(s, part); })},
    {"pg_indexam_progress_phasename(oid,int8)",
     fn([](uint32_t method, int64_t phase, Env& env) { return progress_phase(method, phase, env); })},
    {"pg_timezone_abbrevs()", &kAbbreviations},
    {"pg_jit_available()", fn([]() { return false; })},
    // Statistics are read as they stand, so there is no snapshot of them to throw away.
    {"pg_stat_clear_snapshot()", kNothing},
    {"pg_stat_force_next_flush()", kNothing},
    {"pg_stat_get_snapshot_timestamp()", fn([]() -> std::optional<int64_t> { return {}; })},
    {"pg_event_trigger_ddl_commands()", &kEventRows<"pg_event_trigger_ddl_commands">},
    {"pg_event_trigger_dropped_objects()", &kEventRows<"pg_event_trigger_dropped_objects">},
    {"pg_event_trigger_table_rewrite_oid()", event_kernel<"pg_event_trigger_table_rewrite_oid">},
    {"pg_event_trigger_table_rewrite_reason()", event_kernel<"pg_event_trigger_table_rewrite_reason">},
};

}  // namespace

Bindings information_bindings() { return kBindings; }

}  // namespace varve::functions
