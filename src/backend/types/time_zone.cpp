#include "types/time_zone.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <dirent.h>
#include <map>
#include <mutex>
#include <optional>
#include <sys/stat.h>

#include "common/bytes.h"
#include "text_scan.h"
#include "types/datetime.h"

namespace varve::types {

namespace {

constexpr char kZoneDirectory[] = "/usr/share/zoneinfo";
constexpr int64_t kUnixEpochOffset = int64_t{kEpochUnixDays} * 86400;
constexpr int64_t kDaySeconds = 86400;

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

int64_t unix_day(int year, int month, int day) {
  return int64_t{julian_day(year, month, day)} - kEpochJulianDay + kEpochUnixDays;
}

std::optional<std::string> read_file(const std::string& path) {
  FILE* file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr) return std::nullopt;
  std::string content;
  char buffer[4096];
  for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, file)) > 0;) content.append(buffer, n);
  std::fclose(file);
  return content;
}

// Day of the year on which summer time starts or ends, and the second of that day.
struct RuleDate {
  enum class Kind : uint8_t { kJulianWithoutLeapDay, kDayOfYear, kMonthWeekDay } kind = Kind::kMonthWeekDay;
  int month = 0, week = 0, day = 0;
  int32_t seconds = 7200;

  // Unix seconds, as if the local clock were UTC.
  int64_t local_seconds(int year) const {
    int64_t first = unix_day(year, 1, 1);
    if (kind == Kind::kDayOfYear) return (first + day) * kDaySeconds + seconds;
    if (kind == Kind::kJulianWithoutLeapDay) {
      bool after_leap_day = days_in_month(year, 2) == 29 && day >= 60;
      return (first + day - 1 + (after_leap_day ? 1 : 0)) * kDaySeconds + seconds;
    }
    int64_t month_start = unix_day(year, month, 1);
    auto weekday = static_cast<int>(((month_start + 4) % 7 + 7) % 7);  // 1970-01-01 was a Thursday
    int date = 1 + (day - weekday + 7) % 7 + (week - 1) * 7;
    while (date > days_in_month(year, month)) date -= 7;
    return (month_start + date - 1) * kDaySeconds + seconds;
  }
};

// Takes the pieces of a POSIX TZ string off its front.
class SpecReader {
 public:
  explicit SpecReader(std::string_view s) : s_(s) {}
  bool empty() const { return s_.empty(); }
  char peek() const { return s_.empty() ? '\0' : s_[0]; }
  bool take(char c) {
    if (peek() != c) return false;
    s_.remove_prefix(1);
    return true;
  }
  bool name(std::string* name) {
    size_t n = 0;
    if (take('<')) {
      n = s_.find('>');
      if (n == std::string_view::npos) return false;
      *name = s_.substr(0, n);
      s_.remove_prefix(n + 1);
      return true;
    }
    while (n < s_.size() && !is_digit(s_[n]) && s_[n] != ',' && s_[n] != '-' && s_[n] != '+') ++n;
    *name = s_.substr(0, n);
    s_.remove_prefix(n);
    return true;  // the standard name may be empty: "+05:30"
  }
  bool number(int low, int high, int* v) {
    int64_t value = 0;
    if (!is_digit(peek())) return false;
    for (; is_digit(peek()); s_.remove_prefix(1))
      value = std::min<int64_t>(value * 10 + (s_[0] - '0'), 1 << 20);
    *v = static_cast<int>(value);
    return value >= low && value <= high;
  }
  // [+-]hh[:mm[:ss]], in seconds.
  bool time(int32_t* seconds) {
    bool negative = take('-');
    if (!negative) take('+');
    int h, m = 0, s = 0;
    if (!number(0, 167, &h)) return false;
    if (take(':')) {
      if (!number(0, 59, &m)) return false;
      if (take(':') && !number(0, 60, &s)) return false;
    }
    *seconds = h * 3600 + m * 60 + s;
    if (negative) *seconds = -*seconds;
    return true;
  }
  bool date(RuleDate* rule) {
    if (take('J')) {
      rule->kind = RuleDate::Kind::kJulianWithoutLeapDay;
      if (!number(1, 365, &rule->day)) return false;
    } else if (take('M')) {
      rule->kind = RuleDate::Kind::kMonthWeekDay;
      if (!number(1, 12, &rule->month) || !take('.') || !number(1, 5, &rule->week) || !take('.') ||
          !number(0, 6, &rule->day)) {
        return false;
      }
    } else {
      rule->kind = RuleDate::Kind::kDayOfYear;
      if (!number(0, 365, &rule->day)) return false;
    }
    return !take('/') || time(&rule->seconds);
  }

 private:
  std::string_view s_;
};

}  // namespace

struct TimeZone::Rule {
  std::string standard_name, summer_name;
  int32_t standard_east = 0, summer_east = 0;
  bool has_summer = false;
  RuleDate start, end;

  // Summer time's start and end in this year, Unix seconds.
  int64_t starts(int year) const { return start.local_seconds(year) - standard_east; }
  int64_t ends(int year) const { return end.local_seconds(year) - summer_east; }
  static int year_of(int64_t seconds) {
    int64_t julian = floor_div(seconds, kDaySeconds) - kEpochUnixDays + kEpochJulianDay;
    int y, m, d;
    civil_from_julian(static_cast<int32_t>(julian), &y, &m, &d);
    return y;
  }
  bool is_summer(int64_t seconds) const {
    if (!has_summer) return false;
    int year = year_of(seconds + standard_east);
    int64_t from = starts(year), to = ends(year);
    return from < to ? seconds >= from && seconds < to : seconds >= from || seconds < to;
  }
  ZoneOffset at(int64_t seconds) const {
    bool summer = is_summer(seconds);
    return {summer ? summer_east : standard_east, summer, summer ? summer_name : standard_name};
  }
  // First change after `seconds`.
  bool next(int64_t seconds, int64_t* change) const {
    if (!has_summer) return false;
    int year = year_of(seconds + standard_east);
    int64_t best = INT64_MAX;
    for (int y = year - 1; y <= year + 1; ++y) {
      for (int64_t t : {starts(y), ends(y)}) {
        if (t > seconds) best = std::min(best, t);
      }
    }
    *change = best;
    return true;
  }

  static std::unique_ptr<Rule> parse(std::string_view spec) {
    auto rule = std::make_unique<Rule>();
    SpecReader in(spec);
    int32_t west;
    if (!in.name(&rule->standard_name) || !in.time(&west)) return nullptr;
    rule->standard_east = -west;
    if (in.empty()) return rule;
    if (!in.name(&rule->summer_name)) return nullptr;
    rule->has_summer = true;
    rule->summer_east = rule->standard_east + 3600;
    if (!in.empty() && in.peek() != ',' && in.peek() != ';') {
      if (!in.time(&west)) return nullptr;
      rule->summer_east = -west;
    }
    if (in.empty()) in = SpecReader(",M3.2.0,M11.1.0");  // the rule of a spec that has none
    if (!in.take(',') || !in.date(&rule->start) || !in.take(',') || !in.date(&rule->end) || !in.empty())
      return nullptr;
    return rule;
  }
};

TimeZone::~TimeZone() = default;

// Makes zones; the only one who may.
class TimeZoneLoader {
 public:
  // Format: RFC 8536. Only the 64-bit block (version 2 and later) is read.
  static std::unique_ptr<TimeZone> from_tzif(std::string_view name, std::string_view file) {
    std::unique_ptr<TimeZone> zone(new TimeZone());
    zone->name_ = name;
    ByteReader in(file);
    Header header;
    if (!header.read(in) || header.version < '2') return nullptr;
    in.bytes(header.body_bytes(4));
    if (!header.read(in) || in.remaining() < header.body_bytes(8)) return nullptr;
    if (header.types == 0 || header.types > 255) return nullptr;
    for (uint32_t i = 0; i < header.times; ++i) zone->transitions_.push_back(in.be<int64_t>());
    for (uint32_t i = 0; i < header.times; ++i) {
      zone->transition_types_.push_back(in.be<uint8_t>());
      if (zone->transition_types_.back() >= header.types) return nullptr;
    }
    for (uint32_t i = 0; i < header.types; ++i) {
      auto offset = in.be<int32_t>();
      bool dst = in.be<uint8_t>() != 0;
      auto abbreviation = in.be<uint8_t>();
      if (abbreviation >= header.chars) return nullptr;
      zone->types_.push_back({offset, dst, abbreviation});
    }
    zone->abbreviations_ = in.bytes(header.chars);
    zone->abbreviations_.push_back('\0');
    in.bytes(header.leaps * 12 + header.standard_flags + header.ut_flags);
    std::string_view footer = in.bytes(in.remaining());
    if (!in.ok()) return nullptr;
    if (footer.size() > 2) zone->rule_ = TimeZone::Rule::parse(footer.substr(1, footer.find('\n', 1) - 1));
    if (zone->transitions_.empty() && zone->rule_ != nullptr && !zone->rule_->has_summer) zone->rule_.reset();
    return zone;
  }

  static std::unique_ptr<TimeZone> from_rule(std::string_view name, std::unique_ptr<TimeZone::Rule> rule) {
    std::unique_ptr<TimeZone> zone(new TimeZone());
    zone->name_ = name;
    zone->abbreviations_ = rule->standard_name + '\0';
    zone->types_.push_back({rule->standard_east, false, 0});
    if (rule->has_summer) zone->rule_ = std::move(rule);
    return zone;
  }

  static std::unique_ptr<TimeZone> fixed(int32_t seconds_east) {
    // Both signs of ISO and POSIX are in the name: "<+05:30>-05:30".
    auto offset_text = [](int32_t seconds) {
      char text[16];
      int32_t m = seconds < 0 ? -seconds : seconds;
      int n = std::snprintf(text, sizeof text, "%c%02d", seconds < 0 ? '-' : '+', m / 3600);
      if (m % 3600 != 0)
        n += std::snprintf(text + n, sizeof text - static_cast<size_t>(n), ":%02d", m / 60 % 60);
      if (m % 60 != 0) std::snprintf(text + n, sizeof text - static_cast<size_t>(n), ":%02d", m % 60);
      return std::string(text);
    };
    auto rule = std::make_unique<TimeZone::Rule>();
    rule->standard_name = offset_text(seconds_east);
    rule->standard_east = seconds_east;
    std::string name = '<' + rule->standard_name + '>' + offset_text(-seconds_east);
    return from_rule(name, std::move(rule));
  }

 private:
  struct Header {
    char version = 0;
    uint32_t ut_flags = 0, standard_flags = 0, leaps = 0, times = 0, types = 0, chars = 0;
    bool read(ByteReader& in) {
      if (in.bytes(4) != "TZif") return false;
      version = static_cast<char>(in.be<uint8_t>());
      in.bytes(15);
      ut_flags = in.be<uint32_t>();
      standard_flags = in.be<uint32_t>();
      leaps = in.be<uint32_t>();
      times = in.be<uint32_t>();
      types = in.be<uint32_t>();
      chars = in.be<uint32_t>();
      return in.ok();
    }
    size_t body_bytes(size_t time_bytes) const {
      return times * (time_bytes + 1) + size_t{types} * 6 + chars + leaps * (time_bytes + 4) +
             standard_flags + ut_flags;
    }
  };
};

namespace {

void collect_names(const std::string& prefix, std::map<std::string, std::string>& names) {
  DIR* directory = opendir((std::string(kZoneDirectory) + '/' + prefix).c_str());
  if (directory == nullptr) return;
  while (dirent* entry = readdir(directory)) {
    std::string name = entry->d_name;
    if (name[0] == '.') continue;
    std::string path = prefix + name;
    struct stat info;
    if (stat((std::string(kZoneDirectory) + '/' + path).c_str(), &info) != 0) continue;
    if (S_ISDIR(info.st_mode)) {
      collect_names(path + '/', names);
    } else if (name.find('.') == std::string::npos) {
      std::string key = path;
      for (char& c : key) c = lower(c);
      names.emplace(std::move(key), path);
    }
  }
  closedir(directory);
}

// Zones found so far and the names there are; never freed, since zones are handed out for good.
struct Cache {
  std::mutex mutex;
  std::map<std::string, std::string> file_names;  // lower case -> as on disk
  std::map<std::string, std::unique_ptr<TimeZone>, std::less<>>
      zones;  // lower case; null: known not to exist
  std::map<int32_t, std::unique_ptr<TimeZone>> fixed;
  Cache() { collect_names("", file_names); }
};
Cache& cache() {
  static auto* const kCache = new Cache();
  return *kCache;
}

std::unique_ptr<TimeZone> load(const Cache& known, const std::string& key, std::string_view name) {
  auto it = known.file_names.find(key);
  if (it != known.file_names.end()) {
    if (auto file = read_file(std::string(kZoneDirectory) + '/' + it->second)) {
      if (auto zone = TimeZoneLoader::from_tzif(it->second, *file)) return zone;
    }
  }
  // "GMT" and "UTC" are known without any file.
  if (key == "gmt" || key == "utc") {
    auto zone = TimeZoneLoader::from_rule(key == "gmt" ? "GMT" : "UTC",
                                          TimeZone::Rule::parse(key == "gmt" ? "GMT0" : "UTC0"));
    return zone;
  }
  std::string upper(name);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  auto rule = TimeZone::Rule::parse(upper);
  return rule == nullptr ? nullptr : TimeZoneLoader::from_rule(upper, std::move(rule));
}

}  // namespace

const TimeZone* TimeZone::find(std::string_view name) {
  constexpr size_t kMaxNameBytes = 255, kMaxCachedMisses = 4096;
  if (name.empty() || name.size() > kMaxNameBytes) return nullptr;
  std::string key(name);
  for (char& c : key) c = lower(c);
  Cache& c = cache();
  std::lock_guard lock(c.mutex);
  auto it = c.zones.find(key);
  if (it != c.zones.end()) return it->second.get();
  std::unique_ptr<TimeZone> zone = load(c, key, name);
  // Words that are no zones come from user data: remember only so many of them.
  if (zone == nullptr && c.zones.size() > kMaxCachedMisses) return nullptr;
  return c.zones.emplace(std::move(key), std::move(zone)).first->second.get();
}

const TimeZone& TimeZone::utc() {
  static const TimeZone* const kUtc = find("UTC");
  return *kUtc;
}

const TimeZone& TimeZone::fixed(int32_t seconds_east) {
  Cache& c = cache();
  std::lock_guard lock(c.mutex);
  auto& zone = c.fixed[seconds_east];
  if (zone == nullptr) zone = TimeZoneLoader::fixed(seconds_east);
  return *zone;
}

const TimeZone* TimeZone::find_setting(std::string_view value) {
  double hours;
  std::string_view digits = value;
  if (!digits.empty() && digits[0] == '+') digits.remove_prefix(1);
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), hours);
  if (error == std::errc() && end == digits.data() + digits.size()) {
    if (!(hours >= -168 && hours <= 168)) return nullptr;
    return &fixed(static_cast<int32_t>(hours * 3600));
  }
  return find(value);
}

std::vector<std::string> TimeZone::names() {
  std::vector<std::string> result;
  for (const auto& [key, name] : cache().file_names) result.push_back(name);
  std::sort(result.begin(), result.end());
  return result;
}

ZoneOffset TimeZone::offset_of(const LocalType& type) const {
  return {type.seconds_east, type.is_dst, std::string_view(abbreviations_.c_str() + type.abbreviation)};
}

ZoneOffset TimeZone::at_unix(int64_t seconds) const {
  if (rule_ != nullptr && (transitions_.empty() || seconds >= transitions_.back())) return rule_->at(seconds);
  auto it = std::upper_bound(transitions_.begin(), transitions_.end(), seconds);
  if (it == transitions_.begin()) return offset_of(types_[first_type_]);
  return offset_of(types_[transition_types_[static_cast<size_t>(it - transitions_.begin()) - 1]]);
}

ZoneOffset TimeZone::at_utc(int64_t utc_us) const {
  if (is_fixed()) return offset_of(types_[first_type_]);
  return at_unix(floor_div(utc_us, kUsPerSecond) + kUnixEpochOffset);
}

bool TimeZone::next_change(int64_t seconds, int64_t* change, ZoneOffset* before, ZoneOffset* after) const {
  *before = at_unix(seconds);
  auto it = std::upper_bound(transitions_.begin(), transitions_.end(), seconds);
  if (it != transitions_.end()) {
    *change = *it;
  } else if (rule_ == nullptr || !rule_->next(seconds, change)) {
    return false;
  }
  *after = at_unix(*change);
  return true;
}

ZoneOffset TimeZone::at_local(int64_t local_us) const {
  if (is_fixed()) return offset_of(types_[first_type_]);
  // Offsets are below a day, so the change that matters is the first one after the day before.
  int64_t local = floor_div(local_us, kUsPerSecond) + kUnixEpochOffset;
  int64_t change;
  ZoneOffset before, after;
  if (!next_change(local - kDaySeconds, &change, &before, &after)) return before;
  int64_t with_before = local - before.seconds_east, with_after = local - after.seconds_east;
  if (with_before < change && with_after < change) return before;
  if (with_before > change && with_after >= change) return after;
  return with_before > with_after ? before : after;
}

bool TimeZone::find_abbreviation(std::string_view upper_abbreviation, int64_t utc_us,
                                 ZoneOffset* result) const {
  int64_t seconds = floor_div(utc_us, kUsPerSecond) + kUnixEpochOffset;
  auto matches = [&](size_t transition) {
    const LocalType& type = types_[transition_types_[transition]];
    if (upper_abbreviation != abbreviations_.c_str() + type.abbreviation) return false;
    *result = offset_of(type);
    return true;
  };
  if (rule_ != nullptr && (transitions_.empty() || seconds >= transitions_.back())) {
    if (upper_abbreviation == rule_->standard_name) {
      *result = {rule_->standard_east, false, rule_->standard_name};
      return true;
    }
    if (rule_->has_summer && upper_abbreviation == rule_->summer_name) {
      *result = {rule_->summer_east, true, rule_->summer_name};
      return true;
    }
  }
  auto after = static_cast<size_t>(std::upper_bound(transitions_.begin(), transitions_.end(), seconds) -
                                   transitions_.begin());
  for (size_t i = after; i-- > 0;) {
    if (matches(i)) return true;
  }
  for (size_t i = after; i < transitions_.size(); ++i) {
    if (matches(i)) return true;
  }
  if (upper_abbreviation == abbreviations_.c_str() + types_[first_type_].abbreviation) {
    *result = offset_of(types_[first_type_]);
    return true;
  }
  return false;
}

}  // namespace varve::types
