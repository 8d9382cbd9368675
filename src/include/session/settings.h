// Settings: names, types, defaults, and one session's values. PostgreSQL's names wherever one exists.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "types/format_settings.h"

namespace varve::session {

enum class SettingType : uint8_t { kBool, kInteger, kReal, kString, kEnum };
// Who may change it and when; in order of freedom.
enum class SettingContext : uint8_t { kInternal, kServerStart, kReload, kSuperuser, kUser };

// One setting as declared. Integers with a unit are kept in that unit ("kB", "8kB", "MB", "ms", "s", "min").
struct SettingInfo {
  std::string_view name;
  SettingType type;
  SettingContext context;
  std::string_view default_value;  // as SHOW prints it without unit conversion: "4096", "on", "ISO, MDY"
  std::string_view unit = {};
  double min = 0, max = 0;
  std::string_view values = {};  // kEnum: comma-separated
  std::string_view category = {};
  std::string_view description = {};
  bool report = false;  // sent as ParameterStatus when it changes
};
std::span<const SettingInfo> all_settings();
// Case-insensitive; null if there is none.
const SettingInfo* find_setting(std::string_view name);

// Checks and canonicalises ("16MB" for work_mem -> "16384"). Throws 22023 with PostgreSQL's messages.
std::string canonical_setting(const SettingInfo& info, std::string_view text);
// 55P02 cannot be changed (now, without a restart), 42501 superuser only.
void require_changeable(const SettingInfo& info, bool is_superuser);
// As SHOW prints it: "16MB".
std::string display_setting(const SettingInfo& info, std::string_view canonical);

// Values of one session (or of the server: its defaults). SET is undone by rollback, SET LOCAL ends with the
// transaction.
class Settings {
 public:
  // `defaults`: the server's values (varve.conf, command line) over the built-in ones.
  explicit Settings(const std::map<std::string, std::string>& defaults);

  const std::string& get(std::string_view name) const;  // canonical; "" for an unknown custom setting
  bool has(std::string_view name) const;
  int64_t integer(std::string_view name) const;
  double real(std::string_view name) const;
  bool boolean(std::string_view name) const;

  // 42704 unrecognized, 55P02 cannot be changed now, 42501 superuser only. `start`: before the first
  // statement (startup packet), where more may be set.
  void set(std::string_view name, std::string_view value, bool is_local, bool is_superuser);
  // The value as it would be kept. Throws where set() would.
  std::string accepted(std::string_view name, std::string_view value, bool is_superuser) const;
  void reset(std::string_view name, bool is_superuser);
  void reset_all();
  // The server's values after a reload: taken over where the session has no value of its own.
  void refresh(const std::map<std::string, std::string>& server_values);
  // Becomes what RESET goes back to (startup packet).
  void set_session_default(std::string_view name, std::string_view value, bool by_superuser = false);

  void begin_transaction();
  void commit();
  void rollback();
  // Subtransactions.
  size_t mark() const { return undo_.size(); }
  void rollback_to(size_t mark);

  // Advances with every change: what was derived from settings is stale.
  uint64_t generation() const { return generation_; }
  // What every statement or transaction asks for, in its own form.
  struct Frequent {
    int64_t statement_timeout_ms = 0;
    int64_t lock_timeout_ms = 0;
    int64_t deadlock_timeout_ms = 0;
    // default_transaction_isolation
    bool read_uncommitted = false, repeatable_read = false, serializable = false;
    bool deferrable = false;  // default_transaction_deferrable
    bool read_only = false;   // default_transaction_read_only
    bool asynchronous_commit = false;
  };
  const Frequent& frequent() const { return frequent_; }
  const types::FormatSettings& format() const { return format_; }
  types::FormatSettings& mutable_format() { return format_; }

  // Names and canonical values changed since the last call, of settings that are reported to the client.
  std::vector<std::pair<std::string_view, std::string>> take_reports();
  // All, for SHOW ALL and pg_settings; custom ones included.
  const std::map<std::string, std::string, std::less<>>& values() const { return values_; }

 private:
  struct Change {
    std::string name, old_value;
    bool is_local;
    bool existed;
  };
  void assign(std::string_view name, std::string value);
  void apply(std::string_view name, std::string_view value);

  std::map<std::string, std::string, std::less<>> values_, session_defaults_;
  std::set<std::string, std::less<>> own_defaults_;  // from the startup packet, ALTER ROLE or ALTER DATABASE
  std::vector<Change> undo_;
  std::vector<std::string_view> reports_;
  types::FormatSettings format_;
  Frequent frequent_;
  uint64_t generation_ = 1;
};

}  // namespace varve::session
