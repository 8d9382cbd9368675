// = <> < <= > >= and the comparison functions of B-tree classes, of all types and the pairs of types that can
// be compared without a cast.
#include "kernel.h"
#include "ordering.h"
#include "zone.h"

namespace varve::functions {

namespace {

using types::compare;

// Six operators out of one three-way comparison. `names` differ in style, so the caller gives each.
#define VARVE_SIX(eq, ne, lt, le, gt, ge, A, B, EXPR)                \
  {eq, fn([](const A& a, const B& b) { return (EXPR) == 0; })},      \
      {ne, fn([](const A& a, const B& b) { return (EXPR) != 0; })},  \
      {lt, fn([](const A& a, const B& b) { return (EXPR) < 0; })},   \
      {le, fn([](const A& a, const B& b) { return (EXPR) <= 0; })},  \
      {gt, fn([](const A& a, const B& b) { return (EXPR) > 0; })}, { \
    ge, fn([](const A& a, const B& b) { return (EXPR) >= 0; })       \
  }
#define VARVE_SIX_DIRECT(eq, ne, lt, le, gt, ge, A, B)                                     \
  {eq, fn([](A a, B b) { return a == b; })}, {ne, fn([](A a, B b) { return a != b; })},    \
      {lt, fn([](A a, B b) { return a < b; })}, {le, fn([](A a, B b) { return a <= b; })}, \
      {gt, fn([](A a, B b) { return a > b; })}, {                                          \
    ge, fn([](A a, B b) { return a >= b; })                                                \
  }
#define VARVE_SIX_ENV(eq, ne, lt, le, gt, ge, A, B, EXPR)                      \
  {eq, fn([](const A& a, const B& b, Env& env) { return (EXPR) == 0; })},      \
      {ne, fn([](const A& a, const B& b, Env& env) { return (EXPR) != 0; })},  \
      {lt, fn([](const A& a, const B& b, Env& env) { return (EXPR) < 0; })},   \
      {le, fn([](const A& a, const B& b, Env& env) { return (EXPR) <= 0; })},  \
      {gt, fn([](const A& a, const B& b, Env& env) { return (EXPR) > 0; })}, { \
    ge, fn([](const A& a, const B& b, Env& env) { return (EXPR) >= 0; })       \
  }

// int4eq … / int24eq … / date_eq … / date_eq_timestamp …
#define VARVE_NAMES(p, s, t, u)                                                                           \
  p "eq" s "(" t "," u ")", p "ne" s "(" t "," u ")", p "lt" s "(" t "," u ")", p "le" s "(" t "," u ")", \
      p "gt" s "(" t "," u ")", p "ge" s "(" t "," u ")"

#define VARVE_DIRECT(p, t, u, A, B) VARVE_SIX_DIRECT_(VARVE_NAMES(p, "", t, u), A, B)
#define VARVE_SIX_DIRECT_(...) VARVE_SIX_DIRECT(__VA_ARGS__)
#define VARVE_THREE_WAY(p, s, t, u, A, B, EXPR) VARVE_SIX_(VARVE_NAMES(p, s, t, u), A, B, EXPR)
#define VARVE_SIX_(...) VARVE_SIX(__VA_ARGS__)
#define VARVE_THREE_WAY_ENV(p, s, t, u, A, B, EXPR) VARVE_SIX_ENV_(VARVE_NAMES(p, s, t, u), A, B, EXPR)
#define VARVE_SIX_ENV_(...) VARVE_SIX_ENV(__VA_ARGS__)

#define VARVE_CMP(signature, A, B, EXPR)                                    \
  {                                                                         \
    signature, fn([](const A& a, const B& b) -> int32_t { return (EXPR); }) \
  }
#define VARVE_LARGER(signature_larger, signature_smaller, A, EXPR)                          \
  {signature_larger, fn([](const A& a, const A& b) -> A { return (EXPR) > 0 ? a : b; })}, { \
    signature_smaller, fn([](const A& a, const A& b) -> A { return (EXPR) < 0 ? a : b; })   \
  }

template <class T>
int order_floats(T a, T b) {
  return compare_floats<T>(a, b);
}
int order_double(double a, double b) { return compare_floats(a, b); }

const Binding kNumbers[] = {
    VARVE_DIRECT("bool", "bool", "bool", bool, bool),
    VARVE_DIRECT("int2", "int2", "int2", int16_t, int16_t),
    VARVE_DIRECT("int4", "int4", "int4", int32_t, int32_t),
    VARVE_DIRECT("int8", "int8", "int8", int64_t, int64_t),
    VARVE_DIRECT("int24", "int2", "int4", int16_t, int32_t),
    VARVE_DIRECT("int42", "int4", "int2", int32_t, int16_t),
    VARVE_DIRECT("int28", "int2", "int8", int16_t, int64_t),
    VARVE_DIRECT("int82", "int8", "int2", int64_t, int16_t),
    VARVE_DIRECT("int48", "int4", "int8", int32_t, int64_t),
    VARVE_DIRECT("int84", "int8", "int4", int64_t, int32_t),
    VARVE_DIRECT("oid", "oid", "oid", uint32_t, uint32_t),
    VARVE_DIRECT("cash_", "money", "money", int64_t, int64_t),
    VARVE_DIRECT("xid8", "xid8", "xid8", uint64_t, uint64_t),
    VARVE_DIRECT("pg_lsn_", "pg_lsn", "pg_lsn", uint64_t, uint64_t),
    VARVE_DIRECT("tid", "tid", "tid", uint64_t, uint64_t),
    {"xideq(xid,xid)", fn([](uint32_t a, uint32_t b) { return a == b; })},
    {"xidneq(xid,xid)", fn([](uint32_t a, uint32_t b) { return a != b; })},
    {"xideqint4(xid,int4)", fn([](uint32_t a, uint32_t b) { return a == b; })},
    {"xidneqint4(xid,int4)", fn([](uint32_t a, uint32_t b) { return a != b; })},
    {"cideq(cid,cid)", fn([](uint32_t a, uint32_t b) { return a == b; })},
    VARVE_THREE_WAY("float4", "", "float4", "float4", float, float, order_floats<float>(a, b)),
    VARVE_THREE_WAY("float8", "", "float8", "float8", double, double, order_double(a, b)),
    VARVE_THREE_WAY("float48", "", "float4", "float8", float, double, order_double(a, b)),
    VARVE_THREE_WAY("float84", "", "float8", "float4", double, float, order_double(a, b)),
    VARVE_THREE_WAY("numeric_", "", "numeric", "numeric", Numeric, Numeric, compare(a, b)),
    VARVE_CMP("btboolcmp(bool,bool)", bool, bool, int32_t{a} - int32_t{b}),
    VARVE_CMP("btint2cmp(int2,int2)", int16_t, int16_t, int32_t{a} - int32_t{b}),
    VARVE_CMP("btint4cmp(int4,int4)", int32_t, int32_t, three_way(a, b)),
    VARVE_CMP("btint8cmp(int8,int8)", int64_t, int64_t, three_way(a, b)),
    VARVE_CMP("btint24cmp(int2,int4)", int16_t, int32_t, three_way<int32_t>(a, b)),
    VARVE_CMP("btint42cmp(int4,int2)", int32_t, int16_t, three_way<int32_t>(a, b)),
    VARVE_CMP("btint28cmp(int2,int8)", int16_t, int64_t, three_way<int64_t>(a, b)),
    VARVE_CMP("btint82cmp(int8,int2)", int64_t, int16_t, three_way<int64_t>(a, b)),
    VARVE_CMP("btint48cmp(int4,int8)", int32_t, int64_t, three_way<int64_t>(a, b)),
    VARVE_CMP("btint84cmp(int8,int4)", int64_t, int32_t, three_way<int64_t>(a, b)),
    VARVE_CMP("btfloat4cmp(float4,float4)", float, float, order_floats<float>(a, b)),
    VARVE_CMP("btfloat8cmp(float8,float8)", double, double, order_double(a, b)),
    VARVE_CMP("btfloat48cmp(float4,float8)", float, double, order_double(a, b)),
    VARVE_CMP("btfloat84cmp(float8,float4)", double, float, order_double(a, b)),
    VARVE_CMP("btoidcmp(oid,oid)", uint32_t, uint32_t, three_way(a, b)),
    VARVE_CMP("numeric_cmp(numeric,numeric)", Numeric, Numeric, compare(a, b)),
    VARVE_CMP("cash_cmp(money,money)", int64_t, int64_t, three_way(a, b)),
    VARVE_CMP("xid8cmp(xid8,xid8)", uint64_t, uint64_t, three_way(a, b)),
    VARVE_CMP("pg_lsn_cmp(pg_lsn,pg_lsn)", uint64_t, uint64_t, three_way(a, b)),
    VARVE_CMP("bttidcmp(tid,tid)", uint64_t, uint64_t, three_way(a, b)),
    VARVE_LARGER("int2larger(int2,int2)", "int2smaller(int2,int2)", int16_t, three_way(a, b)),
    VARVE_LARGER("int4larger(int4,int4)", "int4smaller(int4,int4)", int32_t, three_way(a, b)),
    VARVE_LARGER("int8larger(int8,int8)", "int8smaller(int8,int8)", int64_t, three_way(a, b)),
    VARVE_LARGER("float4larger(float4,float4)", "float4smaller(float4,float4)", float, compare_floats(a, b)),
    VARVE_LARGER("float8larger(float8,float8)", "float8smaller(float8,float8)", double, compare_floats(a, b)),
    VARVE_LARGER("numeric_larger(numeric,numeric)", "numeric_smaller(numeric,numeric)", Numeric,
                 compare(a, b)),
    VARVE_LARGER("oidlarger(oid,oid)", "oidsmaller(oid,oid)", uint32_t, three_way(a, b)),
    VARVE_LARGER("cashlarger(money,money)", "cashsmaller(money,money)", int64_t, three_way(a, b)),
};

// Equality does not look at the order of a deterministic collation.
bool same_text(std::string_view a, std::string_view b, Env& env) {
  const types::Collation* c = env.site.collation;
  if (c == nullptr || c->deterministic()) return a == b;
  return c->equal(a, b);
}
int order_text(std::string_view a, std::string_view b, Env& env) {
  return compare_text(a, b, env.site.collation);
}
std::string_view trimmed(std::string_view s) { return types::trim_bpchar(s); }

using Text = std::string_view;

// Equality of whole references first: most unequal strings differ in the first word.
#define VARVE_TEXT_EQUALITY(eq, ne)                                                              \
  {eq, fn([](const StringRef& a, const StringRef& b, Env& env) {                                 \
     return a == b || (env.site.collation != nullptr && same_text(a.view(), b.view(), env));     \
   })},                                                                                          \
  {                                                                                              \
    ne, fn([](const StringRef& a, const StringRef& b, Env& env) {                                \
      return !(a == b || (env.site.collation != nullptr && same_text(a.view(), b.view(), env))); \
    })                                                                                           \
  }
#define VARVE_TEXT_ORDER(p, s, t, u)                                                                        \
  {p "lt" s "(" t "," u ")", fn([](Text a, Text b, Env& env) { return order_text(a, b, env) < 0; })},       \
      {p "le" s "(" t "," u ")", fn([](Text a, Text b, Env& env) { return order_text(a, b, env) <= 0; })},  \
      {p "gt" s "(" t "," u ")", fn([](Text a, Text b, Env& env) { return order_text(a, b, env) > 0; })}, { \
    p "ge" s "(" t "," u ")", fn([](Text a, Text b, Env& env) { return order_text(a, b, env) >= 0; })       \
  }

const Binding kStrings[] = {
    VARVE_TEXT_EQUALITY("texteq(text,text)", "textne(text,text)"),
    VARVE_TEXT_EQUALITY("nameeq(name,name)", "namene(name,name)"),
    VARVE_TEXT_EQUALITY("nameeqtext(name,text)", "namenetext(name,text)"),
    VARVE_TEXT_EQUALITY("texteqname(text,name)", "textnename(text,name)"),
    VARVE_TEXT_ORDER("text_", "", "text", "text"),
    VARVE_TEXT_ORDER("name", "", "name", "name"),
    VARVE_TEXT_ORDER("name", "text", "name", "text"),
    VARVE_TEXT_ORDER("text", "name", "text", "name"),
    {"bttextcmp(text,text)", fn([](Text a, Text b, Env& env) -> int32_t { return order_text(a, b, env); })},
    {"btnamecmp(name,name)", fn([](Text a, Text b, Env& env) -> int32_t { return order_text(a, b, env); })},
    {"btnametextcmp(name,text)",
     fn([](Text a, Text b, Env& env) -> int32_t { return order_text(a, b, env); })},
    {"bttextnamecmp(text,name)",
     fn([](Text a, Text b, Env& env) -> int32_t { return order_text(a, b, env); })},
    {"text_larger(text,text)", fn([](const StringRef& a, const StringRef& b, Env& env) -> StringRef {
       return order_text(a.view(), b.view(), env) > 0 ? a : b;
     })},
    {"text_smaller(text,text)", fn([](const StringRef& a, const StringRef& b, Env& env) -> StringRef {
       return order_text(a.view(), b.view(), env) < 0 ? a : b;
     })},
    {"bpchareq(bpchar,bpchar)",
     fn([](Text a, Text b, Env& env) { return same_text(trimmed(a), trimmed(b), env); })},
    {"bpcharne(bpchar,bpchar)",
     fn([](Text a, Text b, Env& env) { return !same_text(trimmed(a), trimmed(b), env); })},
    {"bpcharlt(bpchar,bpchar)",
     fn([](Text a, Text b, Env& env) { return order_text(trimmed(a), trimmed(b), env) < 0; })},
    {"bpcharle(bpchar,bpchar)",
     fn([](Text a, Text b, Env& env) { return order_text(trimmed(a), trimmed(b), env) <= 0; })},
    {"bpchargt(bpchar,bpchar)",
     fn([](Text a, Text b, Env& env) { return order_text(trimmed(a), trimmed(b), env) > 0; })},
    {"bpcharge(bpchar,bpchar)",
     fn([](Text a, Text b, Env& env) { return order_text(trimmed(a), trimmed(b), env) >= 0; })},
    {"bpcharcmp(bpchar,bpchar)",
     fn([](Text a, Text b, Env& env) -> int32_t { return order_text(trimmed(a), trimmed(b), env); })},
    // Byte order whatever the collation.
    {"text_pattern_lt(text,text)", fn([](Text a, Text b) { return a < b; })},
    {"text_pattern_le(text,text)", fn([](Text a, Text b) { return a <= b; })},
    {"text_pattern_gt(text,text)", fn([](Text a, Text b) { return a > b; })},
    {"text_pattern_ge(text,text)", fn([](Text a, Text b) { return a >= b; })},
    {"bttext_pattern_cmp(text,text)",
     fn([](Text a, Text b) -> int32_t { return compare_text(a, b, nullptr); })},
    {"bpchar_pattern_lt(bpchar,bpchar)", fn([](Text a, Text b) { return trimmed(a) < trimmed(b); })},
    {"bpchar_pattern_le(bpchar,bpchar)", fn([](Text a, Text b) { return trimmed(a) <= trimmed(b); })},
    {"bpchar_pattern_gt(bpchar,bpchar)", fn([](Text a, Text b) { return trimmed(a) > trimmed(b); })},
    {"bpchar_pattern_ge(bpchar,bpchar)", fn([](Text a, Text b) { return trimmed(a) >= trimmed(b); })},
    VARVE_THREE_WAY("char", "", "char", "char", StringRef, StringRef, a.compare(b)),
    VARVE_THREE_WAY("bytea", "", "bytea", "bytea", StringRef, StringRef, a.compare(b)),
    VARVE_THREE_WAY("bit", "", "bit", "bit", Text, Text, compare_bits(a, b)),
    VARVE_THREE_WAY("varbit", "", "varbit", "varbit", Text, Text, compare_bits(a, b)),
    VARVE_CMP("byteacmp(bytea,bytea)", StringRef, StringRef, three_way(a.compare(b), 0)),
    VARVE_CMP("btcharcmp(char,char)", StringRef, StringRef, three_way(a.compare(b), 0)),
    VARVE_CMP("bitcmp(bit,bit)", Text, Text, compare_bits(a, b)),
    VARVE_CMP("varbitcmp(varbit,varbit)", Text, Text, compare_bits(a, b)),
};

const Binding kTimes[] = {
    VARVE_DIRECT("date_", "date", "date", int32_t, int32_t),
    VARVE_DIRECT("time_", "time", "time", int64_t, int64_t),
    VARVE_DIRECT("timestamp_", "timestamp", "timestamp", int64_t, int64_t),
    VARVE_DIRECT("timestamptz_", "timestamptz", "timestamptz", int64_t, int64_t),
    VARVE_THREE_WAY("timetz_", "", "timetz", "timetz", TimeTz, TimeTz, compare(a, b)),
    VARVE_THREE_WAY("interval_", "", "interval", "interval", Interval, Interval, compare(a, b)),
    VARVE_THREE_WAY("uuid_", "", "uuid", "uuid", Uuid, Uuid, std::memcmp(a.bytes, b.bytes, 16)),
    VARVE_THREE_WAY("date_", "_timestamp", "date", "timestamp", int32_t, int64_t,
                    types::compare_date_timestamp(a, b)),
    VARVE_THREE_WAY("timestamp_", "_date", "timestamp", "date", int64_t, int32_t,
                    -types::compare_date_timestamp(b, a)),
    VARVE_THREE_WAY_ENV("date_", "_timestamptz", "date", "timestamptz", int32_t, int64_t,
                        types::compare_date_timestamptz(a, b, session_zone(env))),
    VARVE_THREE_WAY_ENV("timestamptz_", "_date", "timestamptz", "date", int64_t, int32_t,
                        -types::compare_date_timestamptz(b, a, session_zone(env))),
    VARVE_THREE_WAY_ENV("timestamp_", "_timestamptz", "timestamp", "timestamptz", int64_t, int64_t,
                        types::compare_timestamp_timestamptz(a, b, session_zone(env))),
    VARVE_THREE_WAY_ENV("timestamptz_", "_timestamp", "timestamptz", "timestamp", int64_t, int64_t,
                        -types::compare_timestamp_timestamptz(b, a, session_zone(env))),
    VARVE_CMP("date_cmp(date,date)", int32_t, int32_t, three_way(a, b)),
    VARVE_CMP("time_cmp(time,time)", int64_t, int64_t, three_way(a, b)),
    VARVE_CMP("timestamp_cmp(timestamp,timestamp)", int64_t, int64_t, three_way(a, b)),
    VARVE_CMP("timestamptz_cmp(timestamptz,timestamptz)", int64_t, int64_t, three_way(a, b)),
    VARVE_CMP("timetz_cmp(timetz,timetz)", TimeTz, TimeTz, compare(a, b)),
    VARVE_CMP("interval_cmp(interval,interval)", Interval, Interval, compare(a, b)),
    VARVE_CMP("uuid_cmp(uuid,uuid)", Uuid, Uuid, three_way(std::memcmp(a.bytes, b.bytes, 16), 0)),
    VARVE_LARGER("date_larger(date,date)", "date_smaller(date,date)", int32_t, three_way(a, b)),
    VARVE_LARGER("time_larger(time,time)", "time_smaller(time,time)", int64_t, three_way(a, b)),
    VARVE_LARGER("timestamp_larger(timestamp,timestamp)", "timestamp_smaller(timestamp,timestamp)", int64_t,
                 three_way(a, b)),
    VARVE_LARGER("timestamptz_larger(timestamptz,timestamptz)",
                 "timestamptz_smaller(timestamptz,timestamptz)", int64_t, three_way(a, b)),
    VARVE_LARGER("timetz_larger(timetz,timetz)", "timetz_smaller(timetz,timetz)", TimeTz, compare(a, b)),
    VARVE_LARGER("interval_larger(interval,interval)", "interval_smaller(interval,interval)", Interval,
                 compare(a, b)),
};

}  // namespace

Bindings compare_number_bindings() { return kNumbers; }
Bindings compare_string_bindings() { return kStrings; }
Bindings compare_time_bindings() { return kTimes; }

}  // namespace varve::functions
