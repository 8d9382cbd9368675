// What sessions are told of one another: pg_stat_activity and the functions that ask by number.
#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <unordered_map>

#include "catalog_functions.h"
#include "commands/acl.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "net/server.h"
#include "session.h"

namespace varve::session {

using net::ConnectionStatus;
using types::PhysicalType;
using types::Value;

namespace {

constexpr Oid kPgReadAllStats{3375};
constexpr std::string_view kHiddenQuery = "<insufficient privilege>";

Value time_or_null(int64_t us) {
  return us == 0 ? Value::null_of(PhysicalType::kInt64) : Value::of_int64(us);
}
Value text_or_null(std::string_view text, Arena& arena) {
  return text.empty() ? Value::null_of(PhysicalType::kString) : Value::of_string(arena.copy(text));
}

std::string_view state_name(const ConnectionStatus& c) {
  if (c.activity.active) return "active";
  if (c.activity.transaction_status == 'T') return "idle in transaction";
  return c.activity.transaction_status == 'E' ? "idle in transaction (aborted)" : "idle";
}

// NULL between transactions.
Value transaction_start(const ConnectionStatus& c) {
  const bool running = c.activity.active || c.activity.transaction_status != 'I';
  return time_or_null(running ? c.activity.transaction_start_us : 0);
}

const sync::WaitEvent* wait_of(const ConnectionStatus& c) {
  return c.activity.active ? c.wait : &sync::kWaitClientRead;
}

}  // namespace

void Session::report_progress(std::string_view command, Oid relation,
                              std::initializer_list<std::pair<uint8_t, int64_t>> numbers) {
  net::ActivityReport::Progress progress;
  progress.command = command;
  progress.relation = relation.value();
  size_t next = 0;
  for (const auto& [param, value] : numbers) progress.numbers.at(next++) = {param, value};
  client_.activity().set_progress(progress);
}

class ActivityFunctions {
 public:
  // pg_stat_get_progress_info()
  static void append_progress(Session& s, const ConnectionStatus& c, std::vector<Value>& out) {
    constexpr size_t kParams = 20;
    const net::ActivityReport::Progress& progress = c.activity.progress;
    const Value null = Value::null_of(PhysicalType::kInt32);
    out.push_back(Value::of_int32(c.backend_pid));
    out.push_back(database_of(s, c));
    const bool visible = may_see(s, c);
    out.push_back(visible ? Value::of_oid(progress.relation) : null);
    const size_t params = out.size();
    out.resize(params + kParams, Value::null_of(PhysicalType::kInt64));
    for (const auto& number : progress.numbers) {
      if (visible && number.param > 0) out[params + number.param - 1] = Value::of_int64(number.value);
    }
  }

  // Who someone is, everybody may see; what he does, he himself, superusers and pg_read_all_stats.
  static bool may_see(Session& s, const ConnectionStatus& c) {
    const commands::RoleRights rights(s.catalog(), s.role_);
    if (rights.has_rights_of(kPgReadAllStats)) return true;
    auto role = s.catalog().find_role(c.startup.user);
    return role && rights.has_rights_of(role->oid);
  }
  static std::vector<ConnectionStatus> connections(Session& s) {
    return s.instance_.server == nullptr ? std::vector<ConnectionStatus>()
                                         : s.instance_.server->connections();
  }
  static Value database_of(Session& s, const ConnectionStatus& c) {
    auto database = s.catalog().find_database(c.startup.database);
    return database ? Value::of_oid(database->oid.value()) : Value::null_of(PhysicalType::kInt32);
  }
  static Value role_of(Session& s, const ConnectionStatus& c) {
    auto role = s.catalog().find_role(c.startup.user);
    return role ? Value::of_oid(role->oid.value()) : Value::null_of(PhysicalType::kInt32);
  }
  static Value address_of(Session& s, const ConnectionStatus& c, Arena& arena) {
    if (c.startup.client_address.empty()) return Value::null_of(PhysicalType::kString);
    functions::EvalContext eval = s.eval_context(arena);
    return functions::parse_value(type_oid::kInet, -1, c.startup.client_address, eval);
  }

  // The columns of pg_stat_get_activity().
  static void append_row(Session& s, const ConnectionStatus& c, Arena& arena, std::vector<Value>& out) {
    constexpr size_t kColumns = 30;
    const size_t end = out.size() + kColumns;
    auto text = [&](std::string_view v) { out.push_back(Value::of_string(arena.copy(v))); };
    const Value null = Value::null_of(PhysicalType::kInt32);
    out.push_back(database_of(s, c));
    out.push_back(Value::of_int32(c.backend_pid));
    out.push_back(role_of(s, c));
    text(c.activity.application_name);
    if (!may_see(s, c)) {
      out.push_back(null);
      text(kHiddenQuery);
      out.resize(end, null);
      return;
    }
    text(state_name(c));
    text(c.activity.query);
    const sync::WaitEvent* wait = wait_of(c);
    out.push_back(wait == nullptr ? null : text_or_null(sync::wait_class_name(wait->wait_class), arena));
    out.push_back(wait == nullptr ? null : text_or_null(wait->name, arena));
    out.push_back(transaction_start(c));
    out.push_back(time_or_null(c.activity.query_start_us));
    out.push_back(time_or_null(c.activity.session_start_us));
    out.push_back(time_or_null(c.activity.state_change_us));
    out.push_back(address_of(s, c, arena));
    out.push_back(null);
    out.push_back(Value::of_int32(c.startup.client_port));
    out.insert(out.end(), 2, null);  // backend_xid, backend_xmin
    text("client backend");
    out.push_back(Value::of_bool(c.startup.tls));
    out.push_back(text_or_null(c.startup.tls_version, arena));
    out.push_back(text_or_null(c.startup.tls_cipher, arena));
    out.push_back(null);  // bits
    out.push_back(text_or_null(c.startup.tls_client_dn, arena));
    out.insert(out.end(), 2, null);  // the client certificate's serial number and issuer
    out.push_back(Value::of_bool(false));
    out.push_back(null);
    out.push_back(Value::of_bool(false));
    out.resize(end, null);  // leader_pid, query_id
  }

  // --- sessions by number: 1 … as pg_stat_get_backend_idset() counts them
  static std::optional<ConnectionStatus> backend(Session& s, const Value& number) {
    std::vector<ConnectionStatus> all = connections(s);
    if (number.int32 < 1 || static_cast<size_t>(number.int32) > all.size()) return std::nullopt;
    return all[static_cast<size_t>(number.int32) - 1];
  }
  // What is open to all.
  template <Value (*kValue)(Session&, const ConnectionStatus&)>
  static Value open_fact(Session& s, std::span<const Value> args, Arena&) {
    auto b = backend(s, args[0]);
    return b ? kValue(s, *b) : Value::null_of(PhysicalType::kInt32);
  }
  // What is not.
  template <Value (*kValue)(Session&, const ConnectionStatus&, Arena&)>
  static Value guarded_fact(Session& s, std::span<const Value> args, Arena& arena) {
    auto b = backend(s, args[0]);
    return b && may_see(s, *b) ? kValue(s, *b, arena) : Value::null_of(PhysicalType::kInt32);
  }
  static Value pid_of(Session&, const ConnectionStatus& c) { return Value::of_int32(c.backend_pid); }
  static Value query(Session& s, std::span<const Value> args, Arena& arena) {
    auto b = backend(s, args[0]);
    if (!b) return Value::of_string(std::string_view("<backend information not available>"));
    return Value::of_string(arena.copy(may_see(s, *b) ? std::string_view(b->activity.query) : kHiddenQuery));
  }
  static Value query_start(Session&, const ConnectionStatus& c, Arena&) {
    return time_or_null(c.activity.query_start_us);
  }
  static Value session_start(Session&, const ConnectionStatus& c, Arena&) {
    return time_or_null(c.activity.session_start_us);
  }
  static Value transaction_start_of(Session&, const ConnectionStatus& c, Arena&) {
    return transaction_start(c);
  }
  static Value client_port(Session&, const ConnectionStatus& c, Arena&) {
    return Value::of_int32(c.startup.client_port);
  }
  static Value wait_class(Session&, const ConnectionStatus& c, Arena& arena) {
    const sync::WaitEvent* wait = wait_of(c);
    return wait == nullptr ? Value::null_of(PhysicalType::kString)
                           : text_or_null(sync::wait_class_name(wait->wait_class), arena);
  }
  static Value wait_name(Session&, const ConnectionStatus& c, Arena& arena) {
    const sync::WaitEvent* wait = wait_of(c);
    return wait == nullptr ? Value::null_of(PhysicalType::kString) : text_or_null(wait->name, arena);
  }
  static Value backends_of_database(Session& s, std::span<const Value> args, Arena&) {
    const std::vector<ConnectionStatus> all = connections(s);
    return Value::of_int32(static_cast<int32_t>(std::count_if(all.begin(), all.end(), [&](const auto& c) {
      const Value database = database_of(s, c);
      return !database.null && database.oid() == args[0].oid();
    })));
  }
};

void append_progress(Session& session, std::span<const Value> args, Arena&, std::vector<Value>& out) {
  std::string command(args[0].view());
  std::transform(command.begin(), command.end(), command.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
  for (std::string_view known : {"VACUUM", "ANALYZE", "CLUSTER", "CREATE INDEX", "BASEBACKUP", "COPY", ""}) {
    if (known == command) break;
    if (known.empty())
      throw SqlError(sqlstate::kInvalidParameterValue,
                     fmt::format("invalid command name: \"{}\"", args[0].view()));
  }
  for (const ConnectionStatus& c : ActivityFunctions::connections(session)) {
    if (c.activity.progress.command == command) ActivityFunctions::append_progress(session, c, out);
  }
}

void append_activity(Session& session, std::span<const Value> args, Arena& arena, std::vector<Value>& out) {
  for (const ConnectionStatus& c : ActivityFunctions::connections(session)) {
    if (args[0].null || args[0].int32 == c.backend_pid) ActivityFunctions::append_row(session, c, arena, out);
  }
}

CatalogFunction* find_activity_function(std::string_view name) {
  using F = ActivityFunctions;
  static const std::unordered_map<std::string_view, CatalogFunction*> table = {
      {"pg_stat_get_backend_pid", F::open_fact<F::pid_of>},
      {"pg_stat_get_backend_dbid", F::open_fact<F::database_of>},
      {"pg_stat_get_backend_userid", F::open_fact<F::role_of>},
      {"pg_stat_get_backend_activity", F::query},
      {"pg_stat_get_backend_activity_start", F::guarded_fact<F::query_start>},
      {"pg_stat_get_backend_start", F::guarded_fact<F::session_start>},
      {"pg_stat_get_backend_xact_start", F::guarded_fact<F::transaction_start_of>},
      {"pg_stat_get_backend_client_addr", F::guarded_fact<F::address_of>},
      {"pg_stat_get_backend_client_port", F::guarded_fact<F::client_port>},
      {"pg_stat_get_backend_wait_event", F::guarded_fact<F::wait_name>},
      {"pg_stat_get_backend_wait_event_type", F::guarded_fact<F::wait_class>},
      {"pg_stat_get_db_numbackends", F::backends_of_database},
  };
  auto it = table.find(name);
  return it == table.end() ? nullptr : it->second;
}

}  // namespace varve::session
