// Time zones: the system's TZif files, POSIX specs and fixed offsets. Immutable, cached for the life of the
// process, safe to use from any thread. Why not ICU: docs/decisions/time-zones.md.
//
// Signs: every offset here is in seconds EAST of Greenwich (Berlin is +3600).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace varve::types {

struct ZoneOffset {
  int32_t seconds_east = 0;
  bool is_dst = false;
  std::string_view abbreviation;  // lives as long as the zone
};

class TimeZone {
 public:
  static const TimeZone& utc();
  // An IANA name in any case, or a POSIX spec ("EST5EDT", "<+05>-5", "UTC+3"). Null if there is no such zone.
  static const TimeZone* find(std::string_view name);
  // A fixed offset, named as PostgreSQL names it: "<+05>-05".
  static const TimeZone& fixed(int32_t seconds_east);
  // Value of SET TIME ZONE / the TimeZone setting: also a bare number of hours ("-7", "5.5"). Null if
  // invalid.
  static const TimeZone* find_setting(std::string_view value);
  // Every name there is, sorted (pg_timezone_names).
  static std::vector<std::string> names();

  const std::string& name() const { return name_; }
  // Set when the zone never changes: the hot paths skip the search.
  bool is_fixed() const { return transitions_.empty() && !rule_; }

  // What the zone's clocks show at this moment (microseconds since 2000-01-01 UTC).
  ZoneOffset at_utc(int64_t utc_us) const;
  // The offset that local wall-clock time stands for. In a gap the time is read with the offset before the
  // gap, in an overlap with the offset after it, as PostgreSQL does.
  ZoneOffset at_local(int64_t local_us) const;
  // The offset of an abbreviation this zone itself uses ("CET"), as in force at or last before `utc_us`.
  bool find_abbreviation(std::string_view upper_abbreviation, int64_t utc_us, ZoneOffset* result) const;

  struct Rule;  // POSIX rule for times after the last transition
  ~TimeZone();
  TimeZone(const TimeZone&) = delete;
  TimeZone& operator=(const TimeZone&) = delete;

 private:
  friend class TimeZoneLoader;
  TimeZone() = default;
  struct LocalType {
    int32_t seconds_east;
    bool is_dst;
    uint16_t abbreviation;  // offset into abbreviations_
  };
  ZoneOffset offset_of(const LocalType& type) const;
  ZoneOffset at_unix(int64_t seconds) const;
  // The last change at or before and the first after `seconds`; false if there is none in that direction.
  bool next_change(int64_t seconds, int64_t* change, ZoneOffset* before, ZoneOffset* after) const;

  std::string name_;
  std::vector<int64_t> transitions_;  // Unix seconds, ascending
  std::vector<uint8_t> transition_types_;
  std::vector<LocalType> types_;  // types_[first_type_] before the first transition
  uint8_t first_type_ = 0;
  std::string abbreviations_;  // zero-terminated, one after another
  std::unique_ptr<Rule> rule_;
};

// One word of the Default abbreviation set ("PST", "MSK"): a fixed offset, or a zone whose history gives it.
struct ZoneAbbreviation {
  std::string_view word;  // lower case
  int32_t seconds_east = 0;
  bool is_dst = false;
  std::string_view zone;  // non-empty: look the word up in this zone at the time in question
};
// Null if unknown. `lower_word` must be in lower case.
const ZoneAbbreviation* find_zone_abbreviation(std::string_view lower_word);
std::span<const ZoneAbbreviation> zone_abbreviations();  // in order of the words

}  // namespace varve::types
