// Compares every recorded answer of PostgreSQL (regress/types/*.tsv) with ours.
#include <algorithm>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

#include "common/sql_error.h"
#include "types/datetime.h"
#include "types/float_format.h"
#include "types/numeric.h"
#include "types/text_codec.h"
#include "types/time_zone.h"

namespace varve::types {
namespace {

struct Case {
  int line = 0;
  std::string op, settings, expected;
  std::vector<std::string> args;
};

std::string unescape(std::string_view s) {
  std::string r;
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '\\' || i + 1 == s.size()) {
      r.push_back(s[i]);
      continue;
    }
    char c = s[++i];
    r.push_back(c == 't' ? '\t' : c == 'n' ? '\n' : c);
  }
  return r;
}

std::vector<Case> read_cases(const std::string& name) {
  std::string path = __FILE__;
  path = path.substr(0, path.rfind("/src/backend/")) + "/regress/types/" + name;
  std::ifstream in(path);
  EXPECT_TRUE(in.good()) << path;
  std::vector<Case> cases;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> parts;
    for (size_t at = 0;;) {
      size_t tab = line.find('\t', at);
      parts.push_back(unescape(std::string_view(line).substr(at, tab == std::string::npos ? tab : tab - at)));
      if (tab == std::string::npos) break;
      at = tab + 1;
    }
    Case c{++number, parts[0], parts[1], parts[2], {parts.begin() + 3, parts.end()}};
    cases.push_back(std::move(c));
  }
  return cases;
}

FormatSettings settings_of(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t at = 0;;) {
    size_t end = text.find(';', at);
    parts.push_back(text.substr(at, end == std::string::npos ? end : end - at));
    if (end == std::string::npos) break;
    at = end + 1;
  }
  FormatSettings s;
  const std::string& style = parts[0];
  s.date_style = style.starts_with("ISO")   ? DateStyle::kIso
                 : style.starts_with("SQL") ? DateStyle::kSql
                 : style.starts_with("Pos") ? DateStyle::kPostgres
                                            : DateStyle::kGerman;
  s.date_order = style.ends_with("MDY")   ? DateOrder::kMdy
                 : style.ends_with("DMY") ? DateOrder::kDmy
                                          : DateOrder::kYmd;
  s.interval_style = parts[1] == "postgres"           ? IntervalStyle::kPostgres
                     : parts[1] == "postgres_verbose" ? IntervalStyle::kPostgresVerbose
                     : parts[1] == "sql_standard"     ? IntervalStyle::kSqlStandard
                                                      : IntervalStyle::kIso8601;
  s.time_zone = TimeZone::find(parts[2]);
  EXPECT_NE(s.time_zone, nullptr) << parts[2];
  s.extra_float_digits = std::stoi(parts[3]);
  return s;
}

using Evaluate = std::function<std::string(const Case&)>;

std::string evaluated(const Case& c, const std::map<std::string, Evaluate>& operations) {
  auto it = operations.find(c.op);
  if (it == operations.end()) return "unknown operation " + c.op;
  try {
    return '=' + it->second(c);
  } catch (const SqlError& e) {
    std::string r = "!" + std::string(e.state().text()) + ' ' + e.fields().message;
    if (!e.fields().detail.empty()) r += "|detail: " + e.fields().detail;
    if (!e.fields().hint.empty()) r += "|hint: " + e.fields().hint;
    return r;
  }
}

void check_file(const std::string& name, size_t at_least, const std::map<std::string, Evaluate>& operations) {
  std::vector<Case> cases = read_cases(name);
  EXPECT_GE(cases.size(), at_least);
  std::map<std::string, int> failures;
  for (const Case& c : cases) {
    std::string got = evaluated(c, operations);
    if (got == c.expected) continue;
    constexpr int kShown = 5;
    if (++failures[c.op] > kShown) continue;
    std::string args;
    for (const std::string& a : c.args) args += " '" + a + "'";
    ADD_FAILURE() << name << ':' << c.line << ' ' << c.op << args << " [" << c.settings << "]\n  expected "
                  << c.expected << "\n  got      " << got;
  }
  for (const auto& [op, n] : failures) ADD_FAILURE() << op << ": " << n << " mismatches";
}

std::string text_of(const Numeric& v) {
  std::string s;
  append_numeric(s, v);
  return s;
}
Arena arena;
Numeric num(const std::string& s) { return parse_numeric(s, arena); }

Evaluate unary(Numeric (*f)(const Numeric&, Arena&)) {
  return [f](const Case& c) { return text_of(f(num(c.args[0]), arena)); };
}
Evaluate binary(Numeric (*f)(const Numeric&, const Numeric&, Arena&)) {
  return [f](const Case& c) { return text_of(f(num(c.args[0]), num(c.args[1]), arena)); };
}
std::string integer_or_null(int32_t v) { return v < 0 ? "NULL" : std::to_string(v); }
std::string float8_text(double v, int extra = 1) {
  std::string s;
  append_float8(s, v, extra);
  return s;
}
std::string float4_text(float v, int extra = 1) {
  std::string s;
  append_float4(s, v, extra);
  return s;
}
std::string hex(const std::string& bytes) {
  std::string s;
  append_bytea(s, bytes, ByteaOutput::kHex);
  return s.substr(2);
}

TEST(Oracle, Numeric) {
  std::map<std::string, Evaluate> ops;
  ops["add"] = binary(add);
  ops["sub"] = binary(sub);
  ops["mul"] = binary(mul);
  ops["div"] = binary(div);
  ops["mod"] = binary(mod);
  ops["div_trunc"] = binary(div_trunc);
  ops["gcd"] = binary(gcd);
  ops["lcm"] = binary(lcm);
  ops["log"] = binary(log);
  ops["power"] = binary(power);
  ops["ceil"] = unary(ceil);
  ops["floor"] = unary(floor);
  ops["abs"] = unary(abs);
  ops["sqrt"] = unary(sqrt);
  ops["ln"] = unary(ln);
  ops["log10"] = unary(log10);
  ops["exp"] = unary(exp);
  ops["trim_scale"] = unary(trim_scale);
  ops["sign"] = [](const Case& c) { return text_of(sign(num(c.args[0]))); };
  ops["scale"] = [](const Case& c) { return integer_or_null(scale(num(c.args[0]))); };
  ops["min_scale"] = [](const Case& c) { return integer_or_null(min_scale(num(c.args[0]))); };
  ops["round"] = [](const Case& c) { return text_of(round(num(c.args[0]), std::stoi(c.args[1]), arena)); };
  ops["trunc"] = [](const Case& c) { return text_of(trunc(num(c.args[0]), std::stoi(c.args[1]), arena)); };
  ops["compare"] = [](const Case& c) {
    Numeric a = num(c.args[0]), b = num(c.args[1]);
    int order = compare(a, b);
    EXPECT_EQ(compare(b, a), -order);
    std::string key_a, key_b;
    append_numeric_key(key_a, a);
    append_numeric_key(key_b, b);
    int keys = key_a.compare(key_b);
    EXPECT_EQ(keys < 0 ? -1 : keys > 0 ? 1 : 0, order) << c.args[0] << ' ' << c.args[1];
    if (order == 0) {
      EXPECT_EQ(hash(a), hash(b)) << c.args[0] << ' ' << c.args[1];
    }
    return std::to_string(order);
  };
  ops["factorial"] = [](const Case& c) { return text_of(factorial(std::stoll(c.args[0]), arena)); };
  ops["width_bucket"] = [](const Case& c) {
    return std::to_string(width_bucket(num(c.args[0]), num(c.args[1]), num(c.args[2]), std::stoi(c.args[3])));
  };
  ops["to_int2"] = [](const Case& c) { return std::to_string(to_int16(num(c.args[0]))); };
  ops["to_int4"] = [](const Case& c) { return std::to_string(to_int32(num(c.args[0]))); };
  ops["to_int8"] = [](const Case& c) { return std::to_string(to_int64(num(c.args[0]))); };
  ops["to_float4"] = [](const Case& c) { return float4_text(to_float4(num(c.args[0]))); };
  ops["to_float8"] = [](const Case& c) { return float8_text(to_float8(num(c.args[0]))); };
  ops["from_float4"] = [](const Case& c) {
    return text_of(numeric_from_float4(parse_float4(c.args[0]), arena));
  };
  ops["from_float8"] = [](const Case& c) {
    return text_of(numeric_from_float8(parse_float8(c.args[0]), arena));
  };
  ops["typmod"] = [](const Case& c) {
    return text_of(apply_numeric_typmod(
        num(c.args[0]), make_numeric_typmod(std::stoi(c.args[1]), std::stoi(c.args[2])), arena));
  };
  ops["send"] = [](const Case& c) {
    std::string bytes;
    send_numeric(bytes, num(c.args[0]));
    EXPECT_EQ(text_of(receive_numeric(bytes, arena)), text_of(num(c.args[0])));
    return hex(bytes);
  };
  ops["parse"] = [](const Case& c) {
    Numeric v = num(c.args[0]);
    std::string row, key;
    append_numeric_row(row, v);
    EXPECT_EQ(text_of(read_numeric_row(row, arena)), text_of(v));
    append_numeric_key(key, v);
    std::string_view rest = key;
    Numeric back;
    EXPECT_TRUE(read_numeric_key(rest, &back, arena) && rest.empty() && compare(back, v) == 0) << c.args[0];
    return text_of(v);
  };
  check_file("numeric.tsv", 6000, ops);
}

std::string date_text(Date v, const FormatSettings& s) {
  std::string r;
  append_date(r, v, s);
  return r;
}
std::string time_text(Time v) {
  std::string r;
  append_time(r, v);
  return r;
}
std::string stamp_text(Timestamp v, const FormatSettings& s) {
  std::string r;
  append_timestamp(r, v, s);
  return r;
}
std::string stamptz_text(TimestampTz v, const FormatSettings& s) {
  std::string r;
  append_timestamptz(r, v, s);
  return r;
}
std::string interval_text(const Interval& v, const FormatSettings& s) {
  std::string r;
  append_interval(r, v, s.interval_style);
  return r;
}

TEST(Oracle, DateTime) {
  std::map<std::string, Evaluate> ops;
  const FormatSettings plain = settings_of("ISO, MDY;postgres;UTC;1");
  auto stamp = [plain](const std::string& s) { return parse_timestamp(s, -1, plain); };
  auto iv = [plain](const std::string& s) { return parse_interval(s, -1, plain); };
  ops["date"] = [](const Case& c) {
    FormatSettings s = settings_of(c.settings);
    return date_text(parse_date(c.args[0], s), s);
  };
  ops["timestamp"] = [](const Case& c) {
    FormatSettings s = settings_of(c.settings);
    return stamp_text(parse_timestamp(c.args[0], -1, s), s);
  };
  ops["timestamptz"] = [](const Case& c) {
    FormatSettings s = settings_of(c.settings);
    return stamptz_text(parse_timestamptz(c.args[0], -1, s), s);
  };
  ops["time"] = [](const Case& c) { return time_text(parse_time(c.args[0], -1, settings_of(c.settings))); };
  ops["timetz"] = [](const Case& c) {
    std::string r;
    append_timetz(r, parse_timetz(c.args[0], -1, settings_of(c.settings)));
    return r;
  };
  ops["to_local"] = [plain](const Case& c) {
    return stamp_text(timestamptz_at_zone(parse_timestamptz(c.args[0], -1, plain), c.args[1]), plain);
  };
  ops["to_utc"] = [=](const Case& c) {
    return stamptz_text(timestamp_at_zone(stamp(c.args[0]), c.args[1]), plain);
  };
  ops["add"] = [=](const Case& c) {
    return stamp_text(timestamp_add(stamp(c.args[0]), iv(c.args[1])), plain);
  };
  ops["sub"] = [=](const Case& c) {
    return stamp_text(timestamp_subtract(stamp(c.args[0]), iv(c.args[1])), plain);
  };
  ops["add_tz"] = [=](const Case& c) {
    FormatSettings s = settings_of(c.settings);
    return stamptz_text(timestamptz_add(parse_timestamptz(c.args[0], -1, s), iv(c.args[1]), *s.time_zone), s);
  };
  ops["sub_tz"] = [=](const Case& c) {
    FormatSettings s = settings_of(c.settings);
    return stamptz_text(
        timestamptz_subtract(parse_timestamptz(c.args[0], -1, s), iv(c.args[1]), *s.time_zone), s);
  };
  ops["age"] = [=](const Case& c) { return interval_text(age(stamp(c.args[0]), stamp(c.args[1])), plain); };
  ops["age_tz"] = [](const Case& c) {
    FormatSettings s = settings_of(c.settings);
    return interval_text(
        age_tz(parse_timestamptz(c.args[0], -1, s), parse_timestamptz(c.args[1], -1, s), *s.time_zone), s);
  };
  ops["diff"] = [=](const Case& c) {
    return interval_text(timestamp_difference(stamp(c.args[0]), stamp(c.args[1])), plain);
  };
  ops["extract"] = [=](const Case& c) {
    bool is_null;
    Numeric v = extract_timestamp(c.args[0], stamp(c.args[1]), arena, &is_null);
    return is_null ? "NULL" : text_of(v);
  };
  ops["extract_tz"] = [](const Case& c) {
    FormatSettings s = settings_of(c.settings);
    bool is_null;
    Numeric v =
        extract_timestamptz(c.args[0], parse_timestamptz(c.args[1], -1, s), *s.time_zone, arena, &is_null);
    return is_null ? "NULL" : text_of(v);
  };
  ops["extract_date"] = [=](const Case& c) {
    bool is_null;
    Numeric v = extract_date(c.args[0], parse_date(c.args[1], plain), arena, &is_null);
    return is_null ? "NULL" : text_of(v);
  };
  ops["extract_time"] = [=](const Case& c) {
    return text_of(extract_time(c.args[0], parse_time(c.args[1], -1, plain), arena));
  };
  ops["extract_timetz"] = [=](const Case& c) {
    return text_of(extract_timetz(c.args[0], parse_timetz(c.args[1], -1, plain), arena));
  };
  ops["date_part"] = [=](const Case& c) {
    bool is_null;
    double v = date_part_timestamp(c.args[0], stamp(c.args[1]), &is_null);
    return is_null ? "NULL" : float8_text(v);
  };
  ops["date_trunc"] = [=](const Case& c) {
    return stamp_text(date_trunc(c.args[0], stamp(c.args[1])), plain);
  };
  ops["date_trunc_tz"] = [](const Case& c) {
    FormatSettings s = settings_of(c.settings);
    return stamptz_text(date_trunc_tz(c.args[0], parse_timestamptz(c.args[1], -1, s), *s.time_zone), s);
  };
  ops["date_bin"] = [=](const Case& c) {
    return stamp_text(date_bin(iv(c.args[0]), stamp(c.args[1]), stamp(c.args[2])), plain);
  };
  auto integer = [](const std::string& s) { return static_cast<int32_t>(std::stol(s)); };
  ops["make_date"] = [=](const Case& c) {
    return date_text(make_date(integer(c.args[0]), integer(c.args[1]), integer(c.args[2])), plain);
  };
  ops["make_time"] = [=](const Case& c) {
    return time_text(make_time(integer(c.args[0]), integer(c.args[1]), std::stod(c.args[2])));
  };
  ops["make_timestamp"] = [=](const Case& c) {
    return stamp_text(make_timestamp(integer(c.args[0]), integer(c.args[1]), integer(c.args[2]),
                                     integer(c.args[3]), integer(c.args[4]), std::stod(c.args[5])),
                      plain);
  };
  ops["to_timestamp"] = [=](const Case& c) {
    return stamptz_text(to_timestamp(parse_float8(c.args[0])), plain);
  };
  ops["date_add"] = [=](const Case& c) {
    return date_text(date_add_days(parse_date(c.args[0], plain), integer(c.args[1])), plain);
  };
  ops["date_to_timestamp"] = [=](const Case& c) {
    return stamp_text(date_to_timestamp(parse_date(c.args[0], plain)), plain);
  };
  ops["date_to_timestamptz"] = [=](const Case& c) {
    FormatSettings s = settings_of(c.settings);
    return stamptz_text(date_to_timestamptz(parse_date(c.args[0], s), *s.time_zone), s);
  };
  check_file("datetime.tsv", 7000, ops);
}

int range_of(const std::string& qualifier) {
  static const std::vector<std::pair<std::string, int>> kFields = {
      {"year", kIntervalYear}, {"month", kIntervalMonth},   {"day", kIntervalDay},
      {"hour", kIntervalHour}, {"minute", kIntervalMinute}, {"second", kIntervalSecond}};
  auto position = [](const std::string& word) {
    for (size_t i = 0; i < kFields.size(); ++i) {
      if (word.starts_with(kFields[i].first)) return i;
    }
    return kFields.size();
  };
  size_t to = qualifier.find(" to ");
  size_t first = position(qualifier),
         last = to == std::string::npos ? first : position(qualifier.substr(to + 4));
  int range = 0;
  for (size_t i = first; i <= last; ++i) range |= kFields[i].second;
  return range;
}

TEST(Oracle, Interval) {
  std::map<std::string, Evaluate> ops;
  const FormatSettings plain = settings_of("ISO, MDY;postgres;UTC;1");
  auto iv = [plain](const std::string& s) { return parse_interval(s, -1, plain); };
  ops["interval"] = [](const Case& c) {
    FormatSettings s = settings_of(c.settings);
    return interval_text(parse_interval(c.args[0], -1, s), s);
  };
  ops["add"] = [=](const Case& c) { return interval_text(add(iv(c.args[0]), iv(c.args[1])), plain); };
  ops["sub"] = [=](const Case& c) { return interval_text(sub(iv(c.args[0]), iv(c.args[1])), plain); };
  ops["compare"] = [=](const Case& c) { return std::to_string(compare(iv(c.args[0]), iv(c.args[1]))); };
  ops["mul"] = [=](const Case& c) {
    return interval_text(mul(iv(c.args[0]), parse_float8(c.args[1])), plain);
  };
  ops["div"] = [=](const Case& c) {
    return interval_text(div(iv(c.args[0]), parse_float8(c.args[1])), plain);
  };
  ops["justify_hours"] = [=](const Case& c) { return interval_text(justify_hours(iv(c.args[0])), plain); };
  ops["justify_days"] = [=](const Case& c) { return interval_text(justify_days(iv(c.args[0])), plain); };
  ops["justify_interval"] = [=](const Case& c) {
    return interval_text(justify_interval(iv(c.args[0])), plain);
  };
  ops["extract"] = [=](const Case& c) { return text_of(extract_interval(c.args[0], iv(c.args[1]), arena)); };
  ops["date_trunc"] = [=](const Case& c) {
    return interval_text(date_trunc(c.args[0], iv(c.args[1])), plain);
  };
  ops["qualified"] = [=](const Case& c) {
    size_t p = c.args[0].find('(');
    int precision = p == std::string::npos ? kIntervalFullPrecision : std::stoi(c.args[0].substr(p + 1));
    int32_t typmod = make_interval_typmod(range_of(c.args[0]), precision);
    return interval_text(parse_interval(c.args[1], typmod, plain), plain);
  };
  check_file("interval.tsv", 2900, ops);
}

TEST(Oracle, Scalar) {
  std::map<std::string, Evaluate> ops;
  ops["float8"] = [](const Case& c) {
    return float8_text(parse_float8(c.args[0]), settings_of(c.settings).extra_float_digits);
  };
  ops["float4"] = [](const Case& c) {
    return float4_text(parse_float4(c.args[0]), settings_of(c.settings).extra_float_digits);
  };
  ops["int2"] = [](const Case& c) { return std::to_string(parse_int2(c.args[0])); };
  ops["int4"] = [](const Case& c) { return std::to_string(parse_int4(c.args[0])); };
  ops["int8"] = [](const Case& c) {
    std::string s;
    append_int8(s, parse_int8(c.args[0]));
    return s;
  };
  ops["oid"] = [](const Case& c) { return std::to_string(parse_oid(c.args[0])); };
  ops["bool"] = [](const Case& c) { return std::string(parse_bool(c.args[0]) ? "true" : "false"); };
  ops["uuid"] = [](const Case& c) {
    std::string s;
    append_uuid(s, parse_uuid(c.args[0]));
    return s;
  };
  ops["bytea"] = [](const Case& c) {
    std::string bytes;
    parse_bytea(bytes, c.args[0]);
    return "\\x" + hex(bytes);
  };
  ops["bytea_escape"] = [](const Case& c) {
    std::string bytes;
    parse_bytea(bytes, c.args[0]);
    // encode(…, 'escape') differs from the output format: it leaves other control bytes alone.
    std::string s;
    for (char b : bytes) {
      bool escaped = b == 0 || b == '\\' || static_cast<uint8_t>(b) >= 0x80;
      if (escaped)
        append_bytea(s, {&b, 1}, ByteaOutput::kEscape);
      else
        s.push_back(b);
    }
    return s;
  };
  ops["varchar3"] = [](const Case& c) {
    return '<' + std::string(apply_varchar_length(c.args[0], 3, true)) + '>';
  };
  ops["bpchar3"] = [](const Case& c) {
    std::string s;
    append_bpchar(s, c.args[0], 3, true);
    return std::to_string(s.size());
  };
  ops["varbit"] = [](const Case& c) {
    std::string bits, s;
    parse_varbit(bits, c.args[0], -1);
    append_bit(s, bits);
    return s;
  };
  ops["bit3"] = [](const Case& c) {
    std::string bits, s;
    parse_bit(bits, c.args[0], 3);
    append_bit(s, bits);
    return s;
  };
  check_file("scalar.tsv", 1300, ops);
}

}  // namespace
}  // namespace varve::types
