// Small functions that belong to no larger family.
#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <vector>

#include "common/append_format.h"
#include "functions/array.h"
#include "functions/type_oids.h"
#include "kernel.h"
#include "ordering.h"
#include "types/text_codec.h"
#include "types/utf8.h"
#include "zone.h"

namespace varve::functions {

namespace {

using Text = std::string_view;

// Halves are rounded away from zero at every step, as the amount is divided.
StringRef size_pretty(int64_t bytes, Env& env) {
  struct Unit {
    const char* name;
    int64_t limit;  // stay with this unit below it
    bool halves;    // the amount is kept in halves of the unit
    int shift;      // from bytes
  };
  constexpr Unit kUnits[] = {{"bytes", 10 * 1024, false, 0},  {"kB", 20 * 1024 - 1, true, 10},
                             {"MB", 20 * 1024 - 1, true, 20}, {"GB", 20 * 1024 - 1, true, 30},
                             {"TB", 20 * 1024 - 1, true, 40}, {"PB", 20 * 1024 - 1, true, 50}};
  constexpr size_t kCount = std::size(kUnits);
  int64_t amount = bytes;
  for (size_t i = 0;; ++i) {
    const Unit& u = kUnits[i];
    int64_t magnitude = amount < 0 ? -amount : amount;
    if (i + 1 == kCount || (amount != std::numeric_limits<int64_t>::min() && magnitude < u.limit)) {
      if (u.halves) amount = (amount + (amount < 0 ? -1 : 1)) / 2;
      append_format(env.buffer, "{} {}", amount, u.name);
      return env.keep();
    }
    int shift = kUnits[i + 1].shift - u.shift - (kUnits[i + 1].halves ? 1 : 0) + (u.halves ? 1 : 0);
    amount /= int64_t{1} << shift;
  }
}

// --- array_fill
void fill_kernel(KernelCall& call) {
  Env env(call);
  for_each_row(call.rows, [&](uint32_t row) {
    auto missing = [] {
      throw SqlError(sqlstate::kNullValueNotAllowed, "dimension array or low bound array cannot be null");
    };
    bool bounds = call.args.size() > 2;
    if (call.args[1]->is_null(row) || (bounds && call.args[2]->is_null(row))) missing();
    ArrayView lengths(call.args[1]->at<StringRef>(row).view());
    if (lengths.dimensions() > 1) {
      throw SqlError(sqlstate::kArraySubscriptError, "wrong number of array subscripts")
          .detail("Dimension array must be one dimensional.");
    }
    std::vector<ArrayDimension> dims;
    int64_t count = lengths.count() == 0 ? 0 : 1;
    for (uint32_t i = 0; i < lengths.count(); ++i) {
      if (lengths.is_null(i))
        throw SqlError(sqlstate::kNullValueNotAllowed, "dimension values cannot be null");
      int32_t n = lengths.at(i, env.arena).int32;
      if (n < 0 || n > kMaxArrayElements || (count *= n) > kMaxArrayElements) {
        throw SqlError(sqlstate::kProgramLimitExceeded, "array size exceeds the maximum allowed (134217727)");
      }
      dims.push_back({n, 1});
    }
    if (bounds) {
      ArrayView lower(call.args[2]->at<StringRef>(row).view());
      if (lower.count() != lengths.count()) {
        throw SqlError(sqlstate::kArraySubscriptError, "wrong number of array subscripts")
            .detail("Low bound array has different size than dimensions array.");
      }
      for (uint32_t i = 0; i < lower.count(); ++i) {
        if (lower.is_null(i))
          throw SqlError(sqlstate::kNullValueNotAllowed, "dimension values cannot be null");
        dims[i].lower = lower.at(i, env.arena).int32;
      }
    }
    std::vector<Value> items(static_cast<size_t>(count), call.args[0]->value(row));
    store_cell<StringRef>(call.result, row, make_array(call.site.arg_types[0], items, env.arena, dims));
  });
}

// --- string_to_table
struct Parts {
  Text text, separator, null_text;
  bool done, by_char, has_null_text;
};
void* open_parts(EvalContext&, const CallSite&, std::span<const Value> args, Arena& memory) {
  auto* p = memory.make<Parts>();
  p->done = args[0].null || args[0].string.empty();
  if (p->done) return p;
  p->text = memory.copy(args[0].string.view());
  p->by_char = args[1].null;
  if (!p->by_char) p->separator = memory.copy(args[1].string.view());
  p->has_null_text = args.size() > 2 && !args[2].null;
  if (p->has_null_text) p->null_text = memory.copy(args[2].string.view());
  return p;
}
void next_parts(EvalContext&, void* state, Chunk& out) {
  auto& p = *static_cast<Parts*>(state);
  uint32_t n = 0;
  while (n < vector::kChunkRows && !p.done) {
    size_t taken, gap = p.separator.size();
    if (p.by_char) {
      taken = std::min(types::utf8_char_bytes(p.text[0]), p.text.size());
    } else {
      taken = p.separator.empty() ? Text::npos : p.text.find(p.separator);
    }
    Text part = p.text.substr(0, taken);
    if (taken == Text::npos) {
      p.done = true;
    } else {
      p.text.remove_prefix(taken + gap);
      if (p.by_char && p.text.empty()) p.done = true;
    }
    bool null = p.has_null_text && part == p.null_text;
    out.column(0).set_value(n++,
                            null ? Value::null_of(types::PhysicalType::kString) : Value::of_string(part));
  }
  out.set_dense(n);
}
constexpr TableFunctionImpl kStringToTable{open_parts, next_parts};

int bpchar_order(Text a, Text b, Env& env) {
  return compare_text(types::trim_bpchar(a), types::trim_bpchar(b), env.site.collation);
}

const Binding kBindings[] = {
    {"pg_size_pretty(int8)", fn([](int64_t v, Env& env) { return size_pretty(v, env); })},
    {"array_fill(anyelement,_int4)", fill_kernel},
    {"array_fill(anyelement,_int4,_int4)", fill_kernel},
    {"string_to_table(text,text)", &kStringToTable},
    {"string_to_table(text,text,text)", &kStringToTable},
    {"bpchar_larger(bpchar,bpchar)", fn([](const StringRef& a, const StringRef& b, Env& env) -> StringRef {
       return bpchar_order(a.view(), b.view(), env) >= 0 ? a : b;
     })},
    {"bpchar_smaller(bpchar,bpchar)", fn([](const StringRef& a, const StringRef& b, Env& env) -> StringRef {
       return bpchar_order(a.view(), b.view(), env) <= 0 ? a : b;
     })},
    {"array_larger(anyarray,anyarray)", fn([](const StringRef& a, const StringRef& b, Env& env) -> StringRef {
       return compare_arrays(a.view(), b.view(), env.site.collation) > 0 ? a : b;
     })},
    {"array_smaller(anyarray,anyarray)",
     fn([](const StringRef& a, const StringRef& b, Env& env) -> StringRef {
       return compare_arrays(a.view(), b.view(), env.site.collation) < 0 ? a : b;
     })},
    {"date_cmp_timestamp(date,timestamp)",
     fn([](int32_t a, int64_t b, Env&) -> int32_t { return types::compare_date_timestamp(a, b); })},
    {"timestamp_cmp_date(timestamp,date)",
     fn([](int64_t a, int32_t b, Env&) -> int32_t { return -types::compare_date_timestamp(b, a); })},
    {"date_cmp_timestamptz(date,timestamptz)", fn([](int32_t a, int64_t b, Env& env) -> int32_t {
       return types::compare_date_timestamptz(a, b, session_zone(env));
     })},
    {"timestamptz_cmp_date(timestamptz,date)", fn([](int64_t a, int32_t b, Env& env) -> int32_t {
       return -types::compare_date_timestamptz(b, a, session_zone(env));
     })},
    {"timestamp_cmp_timestamptz(timestamp,timestamptz)", fn([](int64_t a, int64_t b, Env& env) -> int32_t {
       return types::compare_timestamp_timestamptz(a, b, session_zone(env));
     })},
    {"timestamptz_cmp_timestamp(timestamptz,timestamp)", fn([](int64_t a, int64_t b, Env& env) -> int32_t {
       return -types::compare_timestamp_timestamptz(b, a, session_zone(env));
     })},
    {"getpgusername()", fn([](Env& env) { return env.keep(env.context.session->current_user_name()); })},
};

}  // namespace

Bindings misc_bindings() { return kBindings; }

}  // namespace varve::functions
