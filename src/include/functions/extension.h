// Extensions compiled into the server: what CREATE EXTENSION finds, and the native functions that its script
// names with LANGUAGE c AS 'library', 'symbol'.
//
// The program registers them before it serves; after that the registry is read by any thread. Everything
// pointed to must live as long as the process.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/strong_id.h"
#include "functions/kernel.h"

namespace varve::functions {

struct ExtensionUpdate {
  std::string_view from, to;
  std::string_view script;
};

// Work that the server does by itself in every database that has the extension (server/job_scheduler.h): SQL,
// run without a client.
struct ExtensionJobs {
  // By a superuser, every second: rows (job, owner's name, longest run in ms or 0, command; all text) of the
  // jobs to be run now, which it marks as started. The owner runs the command. $first is true the first time
  // after the server's start: what was under way then never ended.
  std::string_view due;
  // By a superuser afterwards: $job, $succeeded, $sqlstate and $message are literals.
  std::string_view finished;
};

struct Extension {
  std::string_view name;
  std::string_view default_version;
  std::string_view comment;
  std::string_view schema = {};                     // the only schema it can lie in; empty: the user's choice
  bool relocatable = false;                         // ALTER EXTENSION … SET SCHEMA may move it
  bool superuser = true;                            // only a superuser may create it
  bool trusted = false;                             // … or whoever may create objects in the database
  std::string_view library = {};                    // AS 'library', and the MODULE_PATHNAME of the script
  std::span<const std::string_view> required = {};  // extensions that must be there before
  // SQL that makes it in the default version. @extschema@ stands for the schema.
  std::string_view script = {};
  std::span<const ExtensionUpdate> updates = {};
  // "symbol(argument types):result type" by pg_type names: {"ts_bucket(int4,int4):int4", kernel}. The
  // signature must be that of the CREATE FUNCTION which names the symbol. An aggregate's implementation is
  // bound to its state function, "ts_first(internal,anyelement,any):internal".
  std::span<const Binding> natives = {};
  const ExtensionJobs* jobs = nullptr;
};

void register_extension(const Extension& extension);
const Extension* find_extension(std::string_view name);
std::span<const Extension* const> all_extensions();  // by name

// Null where the library has no such symbol of that signature.
const Binding* find_native(std::string_view library, std::string_view symbol, std::span<const Oid> args,
                           Oid result);
bool has_library(std::string_view library);
// Of any signature.
bool has_native(std::string_view library, std::string_view symbol);

// The kernel of functions that only an aggregate may call: its state and final functions.
void aggregate_only_kernel(KernelCall& call);

}  // namespace varve::functions
