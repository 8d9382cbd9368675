// What functions ask of the session around them: its random sequence, its notifications.
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "catalog_functions.h"
#include "common/sql_error.h"
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
    if (args[0].view().size() >= kNameBytes) throw SqlError(sqlstate::kInvalidParameterValue, "channel name too long");
    std::string_view payload = args[1].null ? std::string_view() : args[1].view();
    if (payload.size() >= kPayloadBytes) throw SqlError(sqlstate::kInvalidParameterValue, "payload string too long");
    s.ensure_transaction();
    std::pair<std::string, std::string> message(args[0].view(), payload);
    auto& pending = s.pending_notifications_;
    if (std::find(pending.begin(), pending.end(), message) == pending.end()) pending.push_back(std::move(message));
    return Value::of_string(std::string_view());
  }

 private:
  static constexpr size_t kNameBytes = 64, kPayloadBytes = 8000;
};

CatalogFunction* find_environment_function(std::string_view name) {
  using F = EnvironmentFunctions;
  static const std::unordered_map<std::string_view, CatalogFunction*> table = {
      {"random", F::random},
      {"setseed", F::setseed},
      {"pg_notify", F::notify},
  };
  auto it = table.find(name);
  return it == table.end() ? nullptr : it->second;
}

}  // namespace varve::session
