// Functions behind pg_cast: between types, and to a declared length or precision.
#include <cmath>
#include <fmt/format.h>
#include <limits>

#include "bit_string.h"
#include "checked.h"
#include "float_check.h"
#include "functions/type_oids.h"
#include "kernel.h"
#include "text_value.h"
#include "types/time_zone.h"
#include "zone.h"

namespace varve::functions {

void throw_float_overflow() {
  throw SqlError(sqlstate::kNumericValueOutOfRange, "value out of range: overflow");
}
void throw_float_underflow() {
  throw SqlError(sqlstate::kNumericValueOutOfRange, "value out of range: underflow");
}

namespace {

using Text = std::string_view;

// Integers as numerics, which have one scale.
template <class F>
void whole_number_kernel(KernelCall& call) {
  ScalarKernel<F>::run(call);
  call.result.set_common_scale(0);
}
template <class F>
constexpr ScalarBinding whole_number(F) {
  return {&whole_number_kernel<F>, &ScalarKernel<F>::run_one};
}

template <class To, class From>
To narrow(From v) {
  if (v < std::numeric_limits<To>::min() || v > std::numeric_limits<To>::max()) {
    throw_out_of_range(integer_name<To>());
  }
  return static_cast<To>(v);
}

// Rounds half to even; the bound above is exclusive because it is a power of two.
template <class To, class From>
To integer_of_float(From v) {
  From r = std::rint(v);
  constexpr From kLow = static_cast<From>(std::numeric_limits<To>::min());
  if (!(r >= kLow && r < -kLow)) throw_out_of_range(integer_name<To>());
  return static_cast<To>(r);
}

#define VARVE_WIDEN(name, from, A, R)                                 \
  {                                                                   \
    name "(" from ")", fn([](A v) -> R { return static_cast<R>(v); }) \
  }
#define VARVE_NARROW(name, from, A, R)                           \
  {                                                              \
    name "(" from ")", fn([](A v) -> R { return narrow<R>(v); }) \
  }
#define VARVE_ROUND(name, from, A, R)                                      \
  {                                                                        \
    name "(" from ")", fn([](A v) -> R { return integer_of_float<R>(v); }) \
  }

const Binding kNumbers[] = {
    VARVE_WIDEN("int4", "int2", int16_t, int32_t),
    VARVE_WIDEN("int8", "int2", int16_t, int64_t),
    VARVE_WIDEN("int8", "int4", int32_t, int64_t),
    VARVE_WIDEN("float4", "int2", int16_t, float),
    VARVE_WIDEN("float4", "int4", int32_t, float),
    VARVE_WIDEN("float4", "int8", int64_t, float),
    VARVE_WIDEN("float8", "int2", int16_t, double),
    VARVE_WIDEN("float8", "int4", int32_t, double),
    VARVE_WIDEN("float8", "int8", int64_t, double),
    VARVE_WIDEN("float8", "float4", float, double),
    VARVE_NARROW("int2", "int4", int32_t, int16_t),
    VARVE_NARROW("int2", "int8", int64_t, int16_t),
    VARVE_NARROW("int4", "int8", int64_t, int32_t),
    VARVE_ROUND("int2", "float4", float, int16_t),
    VARVE_ROUND("int4", "float4", float, int32_t),
    VARVE_ROUND("int8", "float4", float, int64_t),
    VARVE_ROUND("int2", "float8", double, int16_t),
    VARVE_ROUND("int4", "float8", double, int32_t),
    VARVE_ROUND("int8", "float8", double, int64_t),
    {"float4(float8)", fn([](double v) -> float {
       auto r = static_cast<float>(v);
       if (std::isinf(r) && !std::isinf(v)) throw_float_overflow();
       if (r == 0 && v != 0) throw_float_underflow();
       return r;
     })},
    {"bool(int4)", fn([](int32_t v) { return v != 0; })},
    {"int4(bool)", fn([](bool v) -> int32_t { return v; })},
    {"int8(oid)", fn([](uint32_t v) -> int64_t { return v; })},
    {"oid(int8)", fn([](int64_t v) -> uint32_t {
       if (v < 0 || v > std::numeric_limits<uint32_t>::max()) throw_out_of_range("OID");
       return static_cast<uint32_t>(v);
     })},
    {"xid(xid8)", fn([](uint64_t v) -> uint32_t { return static_cast<uint32_t>(v); })},
    {"int2(numeric)", fn([](const Numeric& v) { return types::to_int16(v); })},
    {"int4(numeric)", fn([](const Numeric& v) { return types::to_int32(v); })},
    {"int8(numeric)", fn([](const Numeric& v) { return types::to_int64(v); })},
    {"float4(numeric)", fn([](const Numeric& v) { return types::to_float4(v); })},
    {"float8(numeric)", fn([](const Numeric& v) { return types::to_float8(v); })},
    {"numeric(int2)", whole_number([](int16_t v) -> Numeric { return Numeric(int64_t{v}); })},
    {"numeric(int4)", whole_number([](int32_t v) -> Numeric { return Numeric(int64_t{v}); })},
    {"numeric(int8)", whole_number([](int64_t v) -> Numeric { return Numeric(v); })},
    {"numeric(float4)",
     fn([](float v, Env& env) -> Numeric { return types::numeric_from_float4(v, env.arena); })},
    {"numeric(float8)",
     fn([](double v, Env& env) -> Numeric { return types::numeric_from_float8(v, env.arena); })},
    {"numeric(numeric,int4)", fn([](const Numeric& v, int32_t typmod, Env& env) -> Numeric {
       return types::apply_numeric_typmod(v, typmod, env.arena);
     })},
};

StringRef sized_bpchar(const StringRef& s, int32_t typmod, bool is_explicit, Env& env) {
  if (typmod < 4) return s;
  types::append_bpchar(env.buffer, s.view(), typmod - 4, is_explicit);
  return env.keep();
}

uint8_t char_byte(const StringRef& s) { return s.empty() ? 0 : static_cast<uint8_t>(s.data()[0]); }
StringRef char_value(char c) { return {&c, 1}; }
StringRef char_text(const StringRef& c) {
  std::string text;
  types::append_char(text, static_cast<char>(char_byte(c)));
  return StringRef(text);  // four bytes at most, which lie in it
}

const Binding kStrings[] = {
    {"varchar(varchar,int4,bool)", fn([](const StringRef& s, int32_t typmod, bool is_explicit) -> StringRef {
       if (typmod < 4) return s;
       return StringRef(types::apply_varchar_length(s.view(), typmod - 4, is_explicit));
     })},
    {"bpchar(bpchar,int4,bool)",
     fn([](const StringRef& s, int32_t typmod, bool is_explicit, Env& env) -> StringRef {
       return sized_bpchar(s, typmod, is_explicit, env);
     })},
    {"text(bpchar)", fn([](Text s) -> StringRef { return StringRef(types::trim_bpchar(s)); })},
    {"text(name)", fn([](const StringRef& s) -> StringRef { return s; })},
    {"varchar(name)", fn([](const StringRef& s) -> StringRef { return s; })},
    {"bpchar(name)", fn([](const StringRef& s) -> StringRef { return s; })},
    {"name(text)", fn([](Text s) -> StringRef { return StringRef(types::truncate_name(s)); })},
    {"name(varchar)", fn([](Text s) -> StringRef { return StringRef(types::truncate_name(s)); })},
    {"name(bpchar)",
     fn([](Text s) -> StringRef { return StringRef(types::trim_bpchar(types::truncate_name(s))); })},
    {"text(bool)", fn([](bool v) -> StringRef { return StringRef(v ? Text("true") : Text("false")); })},
    {"text(char)", fn([](const StringRef& c) -> StringRef { return char_text(c); })},
    {"bpchar(char)", fn([](const StringRef& c) -> StringRef { return char_byte(c) == 0 ? StringRef() : c; })},
    {"char(text)", fn([](Text s) -> StringRef { return char_value(types::parse_char(s)); })},
    {"char(int4)", fn([](int32_t v) -> StringRef {
       if (v < -128 || v > 127) throw_out_of_range("\"char\"");
       return char_value(static_cast<char>(v));
     })},
    {"int4(char)", fn([](const StringRef& c) -> int32_t { return static_cast<int8_t>(char_byte(c)); })},
    {"bit(bit,int4,bool)", fn([](const StringRef& v, int32_t bits, bool is_explicit, Env& env) -> StringRef {
       if (bits <= 0 || static_cast<uint32_t>(bits) == bit_count(v.view())) return v;
       if (!is_explicit) {
         throw SqlError(
             sqlstate::kStringDataLengthMismatch,
             fmt::format("bit string length {} does not match type bit({})", bit_count(v.view()), bits));
       }
       resize_bits(env.buffer, v.view(), static_cast<uint32_t>(bits));
       return env.keep();
     })},
    {"varbit(varbit,int4,bool)",
     fn([](const StringRef& v, int32_t bits, bool is_explicit, Env& env) -> StringRef {
       if (bits <= 0 || static_cast<uint32_t>(bits) >= bit_count(v.view())) return v;
       if (!is_explicit) {
         throw SqlError(sqlstate::kStringDataRightTruncation,
                        fmt::format("bit string too long for type bit varying({})", bits));
       }
       resize_bits(env.buffer, v.view(), static_cast<uint32_t>(bits));
       return env.keep();
     })},
    {"bit(int4,int4)", fn([](int32_t v, int32_t bits, Env& env) -> StringRef {
       bits_of_integer(env.buffer, v, 32, bits);
       return env.keep();
     })},
    {"bit(int8,int4)", fn([](int64_t v, int32_t bits, Env& env) -> StringRef {
       bits_of_integer(env.buffer, v, 64, bits);
       return env.keep();
     })},
    {"int4(bit)", fn([](Text v) -> int32_t {
       if (bit_count(v) > 32) throw_out_of_range("integer");
       return static_cast<int32_t>(integer_of_bits(v));
     })},
    {"int8(bit)", fn([](Text v) -> int64_t {
       if (bit_count(v) > 64) throw_out_of_range("bigint");
       return static_cast<int64_t>(integer_of_bits(v));
     })},
    {"regclass(text)",
     fn([](Text s, Env& env) -> uint32_t { return env.context.session->parse_reg(type_oid::kRegclass, s); })},
};

const Binding kTimes[] = {
    {"date(timestamp)", fn([](int64_t t) -> int32_t { return types::timestamp_to_date(t); })},
    {"date(timestamptz)",
     fn([](int64_t t, Env& env) -> int32_t { return types::timestamptz_to_date(t, session_zone(env)); })},
    {"timestamp(date)", fn([](int32_t d) -> int64_t { return types::date_to_timestamp(d); })},
    {"timestamptz(date)",
     fn([](int32_t d, Env& env) -> int64_t { return types::date_to_timestamptz(d, session_zone(env)); })},
    {"timestamp(timestamptz)", fn([](int64_t t, Env& env) -> int64_t {
       return types::timestamptz_to_timestamp(t, session_zone(env));
     })},
    {"timestamptz(timestamp)", fn([](int64_t t, Env& env) -> int64_t {
       return types::timestamp_to_timestamptz(t, session_zone(env));
     })},
    {"timestamp(timestamp,int4)",
     fn([](int64_t t, int32_t p) -> int64_t { return types::round_timestamp(t, p); })},
    {"timestamptz(timestamptz,int4)",
     fn([](int64_t t, int32_t p) -> int64_t { return types::round_timestamp(t, p); })},
    {"time(time,int4)", fn([](int64_t t, int32_t p) -> int64_t { return types::round_time(t, p); })},
    {"timetz(timetz,int4)", fn([](const TimeTz& t, int32_t p) -> TimeTz {
       TimeTz r = t;
       r.us = types::round_time(t.us, p);
       return r;
     })},
    {"interval(interval,int4)", fn([](const Interval& v, int32_t typmod) -> Interval {
       return types::apply_interval_typmod(v, typmod);
     })},
    {"interval(time)", fn([](int64_t t) -> Interval { return types::time_to_interval(t); })},
    {"time(interval)", fn([](const Interval& v) -> int64_t { return types::interval_to_time(v); })},
    {"time(timestamp)", fn([](int64_t t) -> std::optional<int64_t> {
       if (!types::is_finite_timestamp(t)) return std::nullopt;
       return types::timestamp_to_time(t);
     })},
    {"time(timestamptz)", fn([](int64_t t, Env& env) -> std::optional<int64_t> {
       if (!types::is_finite_timestamp(t)) return std::nullopt;
       return types::timestamptz_to_time(t, session_zone(env));
     })},
    {"time(timetz)", fn([](const TimeTz& t) -> int64_t { return t.us; })},
    {"timetz(time)",
     fn([](int64_t t, Env& env) -> TimeTz { return types::time_to_timetz(t, env.format()); })},
    {"timetz(timestamptz)", fn([](int64_t t, Env& env) -> std::optional<TimeTz> {
       if (!types::is_finite_timestamp(t)) return std::nullopt;
       return types::timestamptz_to_timetz(t, session_zone(env));
     })},
};

}  // namespace

Bindings cast_number_bindings() { return kNumbers; }
Bindings cast_string_bindings() { return kStrings; }
Bindings cast_time_bindings() { return kTimes; }

}  // namespace varve::functions
