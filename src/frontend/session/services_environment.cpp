// What functions ask of the session around them: its random sequence, its notifications, where it comes from.
#include <algorithm>
#include <fmt/format.h>
#include <random>

#include "catalog_functions.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "session.h"

namespace varve::session {

using types::Value;

class EnvironmentFunctions {
 public:
  static Value random(Session& s, std::span<const Value>, Arena&) {
    if (!s.random_.is_seeded()) {
      std::random_device device;
      s.random_.seed(uint64_t{device()} << 32 | device());
    }
    return Value::of_float64(s.random_.next_fraction());
  }
  static Value setseed(Session& s, std::span<const Value> args, Arena&) {
    double fraction = args[0].float64;
    if (!(fraction >= -1 && fraction <= 1)) {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     fmt::format("setseed parameter {:g} is out of allowed range [-1,1]", fraction));
    }
    s.random_.seed(fraction);
    return Value::of_string(std::string_view());
  }
  // NOTIFY as a function: the same message is sent once a transaction.
  static Value notify(Session& s, std::span<const Value> args, Arena&) {
    if (args[0].null || args[0].view().empty()) {
      throw SqlError(sqlstate::kInvalidParameterValue, "channel name cannot be empty");
    }
    if (args[0].view().size() >= kNameBytes)
      throw SqlError(sqlstate::kInvalidParameterValue, "channel name too long");
    std::string_view payload = args[1].null ? std::string_view() : args[1].view();
    if (payload.size() >= kPayloadBytes)
      throw SqlError(sqlstate::kInvalidParameterValue, "payload string too long");
    s.ensure_transaction();
    std::pair<std::string, std::string> message(args[0].view(), payload);
    auto& pending = s.pending_notifications_;
    if (std::find(pending.begin(), pending.end(), message) == pending.end())
      pending.push_back(std::move(message));
    return Value::of_string(std::string_view());
  }

  static Value current_query(Session& s, std::span<const Value>, Arena& arena) {
    return Value::of_string(arena.copy(s.client_query_));
  }
  // NULL for a Unix-domain socket.
  static Value client_address(Session& s, std::span<const Value>, Arena& arena) {
    return address(s, s.client_.startup().client_address, arena);
  }
  static Value client_port(Session& s, std::span<const Value>, Arena&) {
    return port(s.client_.startup().client_port);
  }
  static Value server_address(Session& s, std::span<const Value>, Arena& arena) {
    return address(s, s.client_.startup().server_address, arena);
  }
  static Value server_port(Session& s, std::span<const Value>, Arena&) {
    return port(s.client_.startup().server_port);
  }
  // What is sent is handed to its listeners at once: none waits in a queue.
  static Value notification_queue_usage(Session&, std::span<const Value>, Arena&) {
    return Value::of_float64(0);
  }

 private:
  static Value address(Session& s, const std::string& text, Arena& arena) {
    if (text.empty()) return Value::null_of(types::PhysicalType::kString);
    functions::EvalContext eval = s.eval_context(arena);
    return functions::parse_value(type_oid::kInet, -1, text, eval);
  }
  static Value port(int number) {
    return number < 0 ? Value::null_of(types::PhysicalType::kInt32) : Value::of_int32(number);
  }

  static constexpr size_t kNameBytes = 64, kPayloadBytes = 8000;
};

CatalogFunction* find_environment_function(std::string_view name) {
  using F = EnvironmentFunctions;
  static const std::unordered_map<std::string_view, CatalogFunction*> table = {
      {"random", F::random},
      {"setseed", F::setseed},
      {"pg_notify", F::notify},
      {"pg_notification_queue_usage", F::notification_queue_usage},
      {"current_query", F::current_query},
      {"inet_client_addr", F::client_address},
      {"inet_client_port", F::client_port},
      {"inet_server_addr", F::server_address},
      {"inet_server_port", F::server_port},
  };
  auto it = table.find(name);
  return it == table.end() ? nullptr : it->second;
}

}  // namespace varve::session
