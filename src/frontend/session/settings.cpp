#include "session/settings.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <optional>
#include <unordered_map>

#include "common/ascii.h"
#include "common/sql_error.h"
#include "functions/encodings.h"
#include "functions/text_search.h"
#include "types/time_zone.h"

namespace varve::session {
namespace {

constexpr SettingInfo kSettings[] = {
#include "setting_table.inc"
};

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    size_t comma = text.find(',');
    std::string_view item = text.substr(0, comma);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    items.emplace_back(item);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return items;
}

SqlError invalid_value(const SettingInfo& info, std::string_view text) {
  return SqlError(sqlstate::kInvalidParameterValue,
                  fmt::format("invalid value for parameter \"{}\": \"{}\"", info.name, text));
}

// --- units: factor to the base unit of its family (bytes or microseconds)

struct Unit {
  std::string_view name;
  double factor;
};
constexpr Unit kMemory[] = {
    {"B", 1}, {"kB", 1024}, {"MB", 1048576}, {"GB", 1073741824}, {"TB", 1099511627776.0}};
constexpr Unit kTime[] = {{"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"min", 60e6}, {"h", 3600e6}, {"d", 86400e6}};

// The factor of a setting's own unit, and its family.
std::span<const Unit> unit_family(std::string_view unit, double* own) {
  if (unit == "8kB") {
    *own = 8192;
    return kMemory;
  }
  for (const Unit& u : kMemory) {
    if (u.name == unit) {
      *own = u.factor;
      return kMemory;
    }
  }
  for (const Unit& u : kTime) {
    if (u.name == unit) {
      *own = u.factor;
      return kTime;
    }
  }
  return {};
}

std::string canonical_number(const SettingInfo& info, std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  double number = 0;
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc() || std::isnan(number)) throw invalid_value(info, text);
  rest.remove_prefix(static_cast<size_t>(end - rest.data()));
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  if (!rest.empty()) {
    double own = 1;
    std::span<const Unit> family = unit_family(info.unit, &own);
    auto unit = std::find_if(family.begin(), family.end(), [&](const Unit& u) { return u.name == rest; });
    if (unit == family.end()) {
      SqlError bad = invalid_value(info, text);
      if (!family.empty()) {
        bad.hint(
            family.data() == kMemory
                ? "Valid units for this parameter are \"B\", \"kB\", \"MB\", \"GB\", and \"TB\"."
                : "Valid units for this parameter are \"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\".");
      }
      throw bad;
    }
    number = number * unit->factor / own;
  }
  if (info.type == SettingType::kInteger) number = std::nearbyint(number);
  if (number < info.min || number > info.max) {
    std::string unit = info.unit.empty() ? "" : " " + std::string(info.unit);
    throw SqlError(sqlstate::kInvalidParameterValue,
                   fmt::format("{}{} is outside the valid range for parameter \"{}\" ({} .. {})", number,
                               unit, info.name, info.min, info.max));
  }
  return info.type == SettingType::kInteger ? std::to_string(static_cast<int64_t>(number))
                                            : fmt::format("{}", number);
}

// --- settings whose text has a form of its own

std::string canonical_date_style(const SettingInfo& info, std::string_view text, const std::string& current) {
  std::vector<std::string> now = split_list(current);
  std::string style = now.empty() ? "ISO" : now[0], order = now.size() < 2 ? "MDY" : now[1];
  for (const std::string& item : split_list(text)) {
    std::string word = ascii_lower(item);
    if (word == "iso")
      style = "ISO";
    else if (word == "sql")
      style = "SQL";
    else if (word == "postgres")
      style = "Postgres";
    else if (word == "german")
      style = "German", order = "DMY";
    else if (word == "ymd")
      order = "YMD";
    else if (word == "dmy" || word == "euro" || word == "european")
      order = "DMY";
    else if (word == "mdy" || word == "us" || word == "noneuropean")
      order = "MDY";
    else if (word == "default")
      style = "ISO", order = "MDY";
    else
      throw invalid_value(info, text).detail(fmt::format("Unrecognized key word: \"{}\".", item));
  }
  return style + ", " + order;
}

std::string canonical_enum(const SettingInfo& info, std::string_view text) {
  std::vector<std::string> allowed = split_list(info.values);
  std::string word = ascii_lower(text);
  for (const std::string& value : allowed) {
    if (ascii_lower(value) == word) return value;
  }
  std::string list;
  for (const std::string& value : allowed) list += (list.empty() ? "" : ", ") + value;
  throw invalid_value(info, text).hint(fmt::format("Available values: {}.", list));
}

std::string canonical_bool(const SettingInfo& info, std::string_view text) {
  std::string word = ascii_lower(text);
  auto is_prefix = [&](std::string_view full, size_t least) {
    return word.size() >= least && full.substr(0, word.size()) == word;
  };
  if (is_prefix("true", 1) || is_prefix("yes", 1) || is_prefix("on", 2) || word == "1") return "on";
  if (is_prefix("false", 1) || is_prefix("no", 1) || is_prefix("off", 2) || word == "0") return "off";
  throw SqlError(sqlstate::kInvalidParameterValue,
                 fmt::format("parameter \"{}\" requires a Boolean value", info.name));
}

bool is_custom(std::string_view name) { return name.find('.') != std::string_view::npos; }

// Of somebody's own setting: identifiers with points between them.
void check_custom_name(std::string_view name) {
  bool begins = true;
  bool valid = !name.empty() && name.back() != '.';
  for (char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (byte | 32) >= 'a' && (byte | 32) <= 'z';
    if (begins ? !(letter || c == '_' || byte >= 0x80)
               : !(letter || c == '_' || c == '.' || c == '$' || (c >= '0' && c <= '9') || byte >= 0x80))
      valid = false;
    begins = c == '.';
  }
  if (valid) return;
  throw SqlError(sqlstate::kInvalidName, fmt::format("invalid configuration parameter name \"{}\"", name))
      .detail("Custom parameter names must be two or more simple identifiers separated by dots.");
}

}  // namespace

std::span<const SettingInfo> all_settings() { return kSettings; }

const SettingInfo* find_setting(std::string_view name) {
  static const auto by_lower_name = [] {
    std::unordered_map<std::string, const SettingInfo*> map;
    for (const SettingInfo& info : kSettings) map.emplace(ascii_lower(info.name), &info);
    return map;
  }();
  auto it = by_lower_name.find(ascii_lower(name));
  return it == by_lower_name.end() ? nullptr : it->second;
}

std::string canonical_setting(const SettingInfo& info, std::string_view text) {
  switch (info.type) {
    case SettingType::kBool:
      return canonical_bool(info, text);
    case SettingType::kInteger:
    case SettingType::kReal:
      return canonical_number(info, text);
    case SettingType::kEnum:
      return canonical_enum(info, text);
    case SettingType::kString:
      break;
  }
  if (info.name == "DateStyle") return canonical_date_style(info, text, "ISO, MDY");
  if (info.name == "default_text_search_config") {
    Oid config = functions::text_config_oid(text);
    if (config == kInvalidOid) throw invalid_value(info, text);
    return fmt::format("pg_catalog.{}", functions::text_config_name(config));
  }
  if (info.name == "client_encoding") {
    const int32_t encoding = functions::find_encoding(text);
    if (encoding < 0) throw invalid_value(info, text);
    if (encoding == functions::kSqlAsciiEncoding) return "SQL_ASCII";  // UTF8, which nothing converts
    if (encoding != functions::kUtf8Encoding) {
      throw SqlError(sqlstate::kFeatureNotSupported,
                     fmt::format("client_encoding \"{}\" is not supported; Varve speaks UTF8", text));
    }
    return "UTF8";
  }
  return std::string(text);
}

std::string display_setting(const SettingInfo& info, std::string_view canonical) {
  double own = 1;
  std::span<const Unit> family = unit_family(info.unit, &own);
  const bool is_real = info.type == SettingType::kReal;
  if (family.empty() || (!is_real && info.type != SettingType::kInteger)) return std::string(canonical);
  double base = std::stod(std::string(canonical)) * own;
  if (base <= 0) return std::string(canonical);
  if (is_real) {
    for (size_t i = family.size(); i-- > 0;) {
      const double n = base / family[i].factor;
      if (i == 0 || std::abs(std::rint(n) / n - 1) <= 1e-8) return fmt::format("{:g}{}", n, family[i].name);
    }
  }
  for (size_t i = family.size(); i-- > 0;) {
    double n = base / family[i].factor;
    if (n >= 1 && n == std::floor(n)) return fmt::format("{}{}", static_cast<int64_t>(n), family[i].name);
  }
  return std::string(canonical);
}

Settings::Settings(const std::map<std::string, std::string>& defaults) {
  for (const SettingInfo& info : kSettings) values_.emplace(info.name, info.default_value);
  for (const auto& [name, value] : defaults) values_[name] = value;
  session_defaults_ = values_;
  for (const auto& [name, value] : values_) apply(name, value);
  generation_ = 1;
}

const std::string& Settings::get(std::string_view name) const {
  static const std::string kEmpty;
  auto it = values_.find(name);
  if (it != values_.end()) return it->second;
  if (const SettingInfo* info = find_setting(name)) return values_.find(info->name)->second;
  return kEmpty;
}

bool Settings::has(std::string_view name) const {
  return find_setting(name) != nullptr || values_.find(name) != values_.end();
}
int64_t Settings::integer(std::string_view name) const { return std::stoll(get(name)); }
double Settings::real(std::string_view name) const { return std::stod(get(name)); }
bool Settings::boolean(std::string_view name) const { return get(name) == "on"; }

namespace {

// A value that would change nothing is refused rather than taken.
void refuse_without_effect(const SettingInfo& info, std::string_view value) {
  struct Limit {
    std::string_view name, values;
  };
  static constexpr Limit kLimits[] = {
#include "setting_limits.inc"
  };
  for (const Limit& limit : kLimits) {
    if (limit.name != info.name || value == info.default_value) continue;
    std::string_view rest = limit.values;
    for (bool more = true; more;) {
      size_t comma = rest.find(',');
      if (rest.substr(0, comma) == value) return;
      more = comma != std::string_view::npos;
      if (more) rest.remove_prefix(comma + 1);
    }
    throw_not_supported(fmt::format("setting {} to \"{}\"", info.name, value));
  }
}

}  // namespace

void require_changeable(const SettingInfo& setting, bool is_superuser) {
  const SettingInfo* info = &setting;
  switch (info->context) {
    case SettingContext::kInternal:
      throw SqlError(sqlstate::kCantChangeRuntimeParam,
                     fmt::format("parameter \"{}\" cannot be changed", info->name));
    case SettingContext::kServerStart:
      throw SqlError(
          sqlstate::kCantChangeRuntimeParam,
          fmt::format("parameter \"{}\" cannot be changed without restarting the server", info->name));
    case SettingContext::kReload:
      throw SqlError(sqlstate::kCantChangeRuntimeParam,
                     fmt::format("parameter \"{}\" cannot be changed now", info->name));
    case SettingContext::kSuperuser:
      if (!is_superuser) {
        throw SqlError(sqlstate::kInsufficientPrivilege,
                       fmt::format("permission denied to set parameter \"{}\"", info->name));
      }
      break;
    case SettingContext::kUser:
      break;
  }
}

std::string Settings::accepted(std::string_view name, std::string_view value, bool is_superuser) const {
  const SettingInfo* info = find_setting(name);
  if (info == nullptr) {
    if (!is_custom(name)) {
      throw SqlError(sqlstate::kUndefinedObject,
                     fmt::format("unrecognized configuration parameter \"{}\"", name));
    }
    check_custom_name(name);
    return std::string(value);
  }
  require_changeable(*info, is_superuser);
  std::string canonical = info->name == "DateStyle" ? canonical_date_style(*info, value, get("DateStyle"))
                                                    : canonical_setting(*info, value);
  if (info->name == "TimeZone" && types::TimeZone::find_setting(value) == nullptr)
    throw invalid_value(*info, value);
  refuse_without_effect(*info, canonical);
  return canonical;
}

void Settings::set(std::string_view name, std::string_view value, bool is_local, bool is_superuser) {
  const SettingInfo* info = find_setting(name);
  std::string canonical = accepted(name, value, is_superuser);
  std::string key(info == nullptr ? name : info->name);
  auto it = values_.find(key);
  undo_.push_back({key, it == values_.end() ? std::string() : it->second, is_local, it != values_.end()});
  assign(key, std::move(canonical));
}

void Settings::assign(std::string_view name, std::string value) {
  auto it = values_.find(name);
  if (it != values_.end() && it->second == value) return;
  if (it == values_.end()) it = values_.emplace(std::string(name), std::string()).first;
  it->second = std::move(value);
  ++generation_;
  apply(it->first, it->second);
  const SettingInfo* info = find_setting(name);
  if (info != nullptr && info->report) reports_.push_back(info->name);
}

// What others read often is kept in its own form.
void Settings::apply(std::string_view name, std::string_view value) {
  if (name == "DateStyle") {
    std::vector<std::string> parts = split_list(value);
    format_.date_style = parts[0] == "ISO"      ? types::DateStyle::kIso
                         : parts[0] == "SQL"    ? types::DateStyle::kSql
                         : parts[0] == "German" ? types::DateStyle::kGerman
                                                : types::DateStyle::kPostgres;
    format_.date_order = parts[1] == "YMD"   ? types::DateOrder::kYmd
                         : parts[1] == "DMY" ? types::DateOrder::kDmy
                                             : types::DateOrder::kMdy;
  } else if (name == "IntervalStyle") {
    format_.interval_style = value == "postgres"           ? types::IntervalStyle::kPostgres
                             : value == "postgres_verbose" ? types::IntervalStyle::kPostgresVerbose
                             : value == "sql_standard"     ? types::IntervalStyle::kSqlStandard
                                                           : types::IntervalStyle::kIso8601;
  } else if (name == "TimeZone") {
    format_.time_zone = types::TimeZone::find_setting(value);
  } else if (name == "extra_float_digits") {
    format_.extra_float_digits = std::stoi(std::string(value));
  } else if (name == "statement_timeout") {
    frequent_.statement_timeout_ms = std::stoll(std::string(value));
  } else if (name == "lock_timeout") {
    frequent_.lock_timeout_ms = std::stoll(std::string(value));
  } else if (name == "deadlock_timeout") {
    frequent_.deadlock_timeout_ms = std::stoll(std::string(value));
  } else if (name == "default_transaction_isolation") {
    frequent_.read_uncommitted = value == "read uncommitted";
    frequent_.repeatable_read = value == "repeatable read";
    frequent_.serializable = value == "serializable";
  } else if (name == "default_transaction_deferrable") {
    frequent_.deferrable = value == "on";
  } else if (name == "default_transaction_read_only") {
    frequent_.read_only = value == "on";
  } else if (name == "synchronous_commit") {
    frequent_.asynchronous_commit = value == "off";
  } else if (name == "bytea_output") {
    format_.bytea_output = value == "hex" ? types::ByteaOutput::kHex : types::ByteaOutput::kEscape;
  }
}

void Settings::reset(std::string_view name, bool is_superuser) {
  const SettingInfo* info = find_setting(name);
  std::string key(info == nullptr ? name : info->name);
  auto it = session_defaults_.find(key);
  if (info == nullptr && values_.find(key) == values_.end()) {
    throw SqlError(sqlstate::kUndefinedObject,
                   fmt::format("unrecognized configuration parameter \"{}\"", name));
  }
  set(key, it == session_defaults_.end() ? std::string() : it->second, false, is_superuser);
}

void Settings::reset_all() {
  for (const SettingInfo& info : kSettings) {
    if (info.context < SettingContext::kSuperuser || info.name.starts_with("transaction_") ||
        info.name == "role" || info.name == "session_authorization") {
      continue;
    }
    auto it = session_defaults_.find(info.name);
    if (it != session_defaults_.end() && get(info.name) != it->second)
      set(info.name, it->second, false, true);
  }
}

void Settings::set_session_default(std::string_view name, std::string_view value, bool by_superuser) {
  const SettingInfo* info = find_setting(name);
  set(name, value, false, by_superuser);
  std::string key(info == nullptr ? name : info->name);
  session_defaults_[key] = get(key);
  own_defaults_.insert(key);
  undo_.clear();
}

void Settings::refresh(const std::map<std::string, std::string>& server_values) {
  for (const SettingInfo& info : kSettings) {
    if (info.context < SettingContext::kReload || own_defaults_.contains(info.name)) continue;
    auto it = server_values.find(std::string(info.name));
    std::string value = it == server_values.end() ? std::string(info.default_value) : it->second;
    std::string& known = session_defaults_[std::string(info.name)];
    if (known == value) continue;
    bool untouched = get(info.name) == known;
    known = value;
    if (untouched) assign(info.name, value);
  }
}

void Settings::begin_transaction() { undo_.clear(); }

void Settings::commit() {
  // SET LOCAL ends here; what was SET plainly stays.
  for (size_t i = undo_.size(); i-- > 0;) {
    const Change& c = undo_[i];
    if (c.is_local) assign(c.name, c.old_value);
  }
  undo_.clear();
}

void Settings::rollback() { rollback_to(0); }

void Settings::rollback_to(size_t mark) {
  while (undo_.size() > mark) {
    Change c = std::move(undo_.back());
    undo_.pop_back();
    assign(c.name, c.old_value);
    if (!c.existed) values_.erase(c.name);
  }
}

std::vector<std::pair<std::string_view, std::string>> Settings::take_reports() {
  std::vector<std::pair<std::string_view, std::string>> result;
  for (std::string_view name : reports_) result.emplace_back(name, get(name));
  reports_.clear();
  return result;
}

}  // namespace varve::session
