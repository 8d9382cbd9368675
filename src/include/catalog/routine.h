// What is known of a function or procedure that SQL made: an immutable picture of its row in pg_proc.
// Built-in ones are in functions/registry.h.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/strong_id.h"

namespace varve::catalog {

struct Routine {
  Oid oid;
  std::string name;
  Oid schema;
  std::string schema_name;
  Oid owner;
  Oid language;
  char kind = 'f';  // f function, p procedure, a aggregate
  bool strict = false;
  bool returns_set = false;
  bool security_definer = false;
  bool leakproof = false;
  char volatility = 'v';  // i s v
  char parallel = 'u';
  float cost = 100, rows = 0;
  Oid result;
  Oid variadic;
  std::vector<Oid> args;            // of the call: IN, INOUT, VARIADIC
  std::vector<Oid> all_args;        // empty: the same as args
  std::vector<char> modes;          // i o b v t, one an entry of all_args; empty: all i
  std::vector<std::string> names;   // one an entry of all_args (or args); empty: none
  uint16_t default_count = 0;       // the last so many of args
  std::string defaults;             // their expressions as SQL, separated by commas
  std::string source;               // LANGUAGE c: the symbol
  std::string library;              // LANGUAGE c
  Oid transition;                   // kind a: its state function
  std::string sql_body;             // BEGIN ATOMIC …, RETURN …; empty: `source` is the body
  std::vector<std::string> config;  // "name=value"
  std::string acl;                  // as text, empty: default

  size_t parameter_count() const { return all_args.empty() ? args.size() : all_args.size(); }
  Oid parameter_type(size_t i) const { return all_args.empty() ? args[i] : all_args[i]; }
  char mode(size_t i) const { return modes.empty() ? 'i' : modes[i]; }
  bool is_input(size_t i) const { return mode(i) == 'i' || mode(i) == 'b' || mode(i) == 'v'; }
  bool is_output(size_t i) const { return mode(i) == 'o' || mode(i) == 'b' || mode(i) == 't'; }
  const std::string& parameter_name(size_t i) const {
    static const std::string kNone;
    return names.empty() ? kNone : names[i];
  }
};

using RoutinePtr = std::shared_ptr<const Routine>;

inline constexpr Oid kInternalLanguage{12};
inline constexpr Oid kCLanguage{13};
inline constexpr Oid kSqlLanguage{14};
inline constexpr Oid kPlpgsqlLanguage{13563};

}  // namespace varve::catalog
