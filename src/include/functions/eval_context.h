// What a function may know besides its arguments.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/strong_id.h"
#include "memory/arena.h"
#include "types/format_settings.h"
#include "types/value.h"

namespace varve::functions {

struct CallSite;

// What functions like current_user, nextval, current_setting, pg_get_viewdef and casts to regclass ask of the
// running session; implemented by module session. Throws SqlError. Strings it returns live in `arena`.
class SessionServices {
 public:
  virtual ~SessionServices() = default;

  virtual std::string_view current_user_name() = 0;
  virtual std::string_view session_user_name() = 0;
  virtual std::string_view current_database() = 0;
  virtual uint32_t backend_pid() = 0;
  // Clock: microseconds since 2000-01-01 UTC, now and at the start of the statement.
  virtual int64_t clock_us() = 0;
  virtual int64_t statement_start_us() = 0;

  // A system function that needs catalogs, locks or the server. Dispatch by name keeps this interface small:
  // `function` is the pg_proc name ("nextval", "pg_get_indexdef", "current_setting", …).
  virtual types::Value call(std::string_view function, std::span<const types::Value> args, Arena& arena) = 0;
  // A set-returning one ("pg_show_all_settings"): its rows, column after column and row after row, into
  // `out`. Strings live in `arena`.
  virtual void rows(std::string_view function, std::span<const types::Value> args, Arena& arena,
                    std::vector<types::Value>& out);
  // A function made by CREATE FUNCTION (`site.routine`): its value, in `memory`; or, of a set-returning one,
  // all its rows, value after value.
  virtual types::Value call_routine(const CallSite& site, std::span<const types::Value> args, Arena& memory);
  virtual std::span<const types::Value> routine_rows(const CallSite& site, std::span<const types::Value> args,
                                                     Arena& memory);
  // Input and output of reg* types: name <-> oid. `type` is the reg type's oid.
  virtual uint32_t parse_reg(Oid type, std::string_view text) = 0;
  virtual void append_reg(Oid type, uint32_t oid, std::string& out) = 0;
};

struct EvalContext {
  Arena* memory;  // results that outgrow 16 bytes; reset by the owner between chunks
  const types::FormatSettings* format;
  SessionServices* session;
};

}  // namespace varve::functions
