// What the functions of gap filling do in a query that fills nothing: buckets are buckets, values stay as
// they are.
#include "bindings.h"
#include "time_bucket.h"

namespace varve::hyperfunctions {

using functions::Binding;
using functions::fn;
using functions::KernelCall;
using types::Interval;

namespace {

template <class T>
using Maybe = std::optional<T>;

template <class T>
constexpr functions::Kernel integer_bucket() {
  return fn([](Maybe<T> width, Maybe<T> value, Maybe<T>, Maybe<T>) -> Maybe<T> {
    if (!width || !value) return std::nullopt;
    return bucket_integer<T>(*width, *value);
  });
}

Maybe<int64_t> stamp_bucket(Maybe<Interval> width, Maybe<int64_t> value) {
  if (!width || !value) return std::nullopt;
  return bucket_timestamp(*width, *value);
}

void first_argument(KernelCall& call) {
  vector::for_each_row(call.rows, [&](uint32_t row) {
    if (call.args[0]->is_null(row))
      call.result.set_null(row);
    else
      call.result.set_value(row, call.args[0]->value(row));
  });
}

const Binding kBindings[] = {
    {"ts_gapfill_int16_bucket(int2,int2,int2,int2):int2", integer_bucket<int16_t>()},
    {"ts_gapfill_int32_bucket(int4,int4,int4,int4):int4", integer_bucket<int32_t>()},
    {"ts_gapfill_int64_bucket(int8,int8,int8,int8):int8", integer_bucket<int64_t>()},
    {"ts_gapfill_date_bucket(interval,date,date,date):date",
     fn([](Maybe<Interval> width, Maybe<int32_t> value, Maybe<int32_t>, Maybe<int32_t>) -> Maybe<int32_t> {
       if (!width || !value) return std::nullopt;
       return bucket_date(*width, *value);
     })},
    {"ts_gapfill_timestamp_bucket(interval,timestamp,timestamp,timestamp):timestamp",
     fn([](Maybe<Interval> width, Maybe<int64_t> value, Maybe<int64_t>, Maybe<int64_t>) -> Maybe<int64_t> {
       return stamp_bucket(width, value);
     })},
    {"ts_gapfill_timestamptz_bucket(interval,timestamptz,timestamptz,timestamptz):timestamptz",
     fn([](Maybe<Interval> width, Maybe<int64_t> value, Maybe<int64_t>, Maybe<int64_t>) -> Maybe<int64_t> {
       return stamp_bucket(width, value);
     })},
    {"ts_gapfill_timestamptz_timezone_bucket(interval,timestamptz,text,timestamptz,timestamptz):timestamptz",
     fn([](Maybe<Interval> width, Maybe<int64_t> value, Maybe<std::string_view> zone, Maybe<int64_t>,
           Maybe<int64_t>) -> Maybe<int64_t> {
       if (!width || !value || !zone) return std::nullopt;
       return bucket_in_zone(*width, *value, *zone);
     })},
    {"ts_gapfill_marker(anyelement,anyelement,bool):anyelement", first_argument},
    {"ts_gapfill_marker(int2,record,record):int2", first_argument},
    {"ts_gapfill_marker(int4,record,record):int4", first_argument},
    {"ts_gapfill_marker(int8,record,record):int8", first_argument},
    {"ts_gapfill_marker(float4,record,record):float4", first_argument},
    {"ts_gapfill_marker(float8,record,record):float8", first_argument},
};

}  // namespace

std::span<const Binding> gapfill_bindings() { return kBindings; }

}  // namespace varve::hyperfunctions
