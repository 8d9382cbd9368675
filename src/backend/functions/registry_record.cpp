// Comparison of row values.
#include "functions/record.h"
#include "kernel.h"

namespace varve::functions {

namespace {

using Text = std::string_view;

int compare(Text a, Text b, Env& env) { return compare_records(a, b, env.site.collation); }

}  // namespace

Bindings record_bindings() {
  static const Binding kBindings[] = {
      {"record_eq(record,record)",
       fn([](Text a, Text b, Env& env) { return equal_records(a, b, env.site.collation); })},
      {"record_ne(record,record)",
       fn([](Text a, Text b, Env& env) { return !equal_records(a, b, env.site.collation); })},
      {"record_lt(record,record)", fn([](Text a, Text b, Env& env) { return compare(a, b, env) < 0; })},
      {"record_le(record,record)", fn([](Text a, Text b, Env& env) { return compare(a, b, env) <= 0; })},
      {"record_gt(record,record)", fn([](Text a, Text b, Env& env) { return compare(a, b, env) > 0; })},
      {"record_ge(record,record)", fn([](Text a, Text b, Env& env) { return compare(a, b, env) >= 0; })},
      {"btrecordcmp(record,record)",
       fn([](Text a, Text b, Env& env) { return int32_t{compare(a, b, env)}; })},
  };
  return kBindings;
}

}  // namespace varve::functions
