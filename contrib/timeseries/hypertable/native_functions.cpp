#include "analyzer/table_oid.h"
#include "bindings.h"
#include "functions/type_oids.h"
#include "internal_time.h"
#include "invalidation.h"
#include "known_chunks.h"
#include "partition_hash.h"
#include "partition_place.h"
#include "types/interval.h"
#include "types/uuid_time.h"

namespace varve::hypertable {

using functions::Binding;
using functions::Env;
using functions::fn;
using functions::KernelCall;
using types::Interval;
using types::Value;

namespace {

void time_to_internal(KernelCall& call) {
  const Oid type = call.site.arg_types[0];
  vector::for_each_row(call.rows, [&](uint32_t row) {
    call.result.data<int64_t>()[row] = to_internal_time(call.args[0]->value(row), type);
  });
}

void get_partition_hash(KernelCall& call) {
  const Oid type = call.site.arg_types[0];
  vector::for_each_row(call.rows, [&](uint32_t row) {
    call.result.data<int32_t>()[row] = partition_hash(call.args[0]->value(row), type, call.context);
  });
}

// tableoid of a row: (oid of the hypertable, its number, the kinds of the dimensions behind the first, two
// bits each; time, values of the others).
void chunk_of_row(KernelCall& call) {
  constexpr size_t kTime = 3;
  const Oid type = call.site.arg_types[kTime];
  std::vector<PartitionPlace> dimensions;
  std::optional<ChunkFinder> finder;
  int32_t finder_id = 0;
  const Chunk* last = nullptr;
  std::vector<int64_t> places;
  vector::for_each_row(call.rows, [&](uint32_t row) {
    const int32_t id = call.args[1]->value(row).int32;
    if (!finder.has_value() || id != finder_id) {
      finder.emplace(id, *call.context.session);
      finder_id = id;
      last = nullptr;
      const auto kinds = static_cast<uint32_t>(call.args[2]->value(row).int32);
      dimensions.clear();
      for (size_t i = 1; kTime + i < call.args.size(); ++i) {
        const auto kind = static_cast<DimensionKind>(kinds >> 2 * (i - 1) & 3);
        dimensions.emplace_back(kind, call.site.arg_types[kTime + i], id, i);
      }
    }
    const int64_t time = to_internal_time(call.args[kTime]->value(row), type);
    places.clear();
    for (size_t i = 0; i < dimensions.size(); ++i)
      places.push_back(dimensions[i].of(call.args[kTime + 1 + i]->value(row), call.context));
    if (last == nullptr || !last->contains(time, places)) last = finder->find(time, places);
    const Oid found = last == nullptr || last->relation == kInvalidOid ? Oid{call.args[0]->value(row).oid()}
                                                                       : last->relation;
    call.result.set_value(row, Value::of_oid(found.value()));
  });
}

// (hypertable, time column, low and high in internal time, DELETE statement for what is left).
void remove_rows(KernelCall& call) {
  vector::for_each_row(call.rows, [&](uint32_t row) {
    const Oid type{static_cast<uint32_t>(call.args[2]->value(row).oid())};
    auto stored = [&](size_t arg) {
      return Value::of_int64(stored_from_internal(call.args[arg]->value(row).int64, type));
    };
    const Value args[] = {call.args[0]->value(row), call.args[1]->value(row), stored(3), stored(4),
                          call.args[5]->value(row)};
    call.result.set_value(row, call.context.session->call("varve_remove_range", args, *call.context.memory));
  });
}

// --- for continuous aggregates
void lock_relation_invalidations(KernelCall& call) {
  vector::for_each_row(call.rows, [&](uint32_t row) {
    lock_invalidations(*call.context.session, Oid{call.args[0]->value(row).oid()}, txn::LockMode::kExclusive,
                       *call.context.memory);
    call.result.set_value(row, Value::of_bool(true));
  });
}

void raise_relation_threshold(KernelCall& call) {
  std::vector<Value> state;
  call.context.session->rows("varve_catalog_state", {}, *call.context.memory, state);
  vector::for_each_row(call.rows, [&](uint32_t row) {
    const int64_t threshold = call.args[1]->value(row).int64;
    raise_threshold(state.at(0).oid(), Oid{call.args[0]->value(row).oid()}, threshold);
    call.result.set_value(row, Value::of_int64(threshold));
  });
}

void run_as(KernelCall& call) {
  vector::for_each_row(call.rows, [&](uint32_t row) {
    const Value args[] = {call.args[0]->value(row), call.args[1]->value(row)};
    call.result.set_value(row, call.context.session->call("varve_run_sql_as", args, *call.context.memory));
  });
}

void in_transaction_block(KernelCall& call) {
  vector::for_each_row(call.rows, [&](uint32_t row) {
    call.result.set_value(row, call.context.session->call("varve_in_block", {}, *call.context.memory));
  });
}

constexpr int64_t kMonthUs = 30 * kDayUs;

const Binding kBindings[] = {
    {"ts_time_to_internal(anyelement):int8", time_to_internal},
    {"ts_get_partition_hash(anyelement):int4", get_partition_hash},
    {"ts_chunk_of_row(oid,int4,int4,anyelement):oid", chunk_of_row},
    {"ts_chunk_of_row(oid,int4,int4,anyelement,any):oid", chunk_of_row},
    {"ts_chunk_of_row(oid,int4,int4,anyelement,any,any):oid", chunk_of_row},
    {"ts_remove_rows(regclass,name,regtype,int8,int8,text):int8", remove_rows},
    {"ts_lock_invalidations(regclass):bool", lock_relation_invalidations},
    {"ts_raise_threshold(regclass,int8):int8", raise_relation_threshold},
    {"ts_run_as(oid,text):int8", run_as},
    {"ts_in_transaction_block():bool", in_transaction_block},
    {"ts_range_sizes(regclass):record", &kRangeSizes},
    {"ts_show_chunks(regclass,any,any,any,any):regclass", &kShowChunks},
    {"ts_drop_chunks(regclass,any,any,bool,any,any):text", &kDropChunks},
    {"ts_to_timestamp(int8):timestamptz",
     fn([](int64_t t) -> int64_t { return timestamp_from_internal(t); })},
    {"ts_to_timestamp_without_timezone(int8):timestamp",
     fn([](int64_t t) -> int64_t { return timestamp_from_internal(t); })},
    {"ts_to_date(int8):date", fn([](int64_t t) -> int32_t { return date_from_internal(t); })},
    {"ts_uuid_from_internal(int8):uuid", fn([](int64_t us) -> types::Uuid {
       if (us < 0 || us / 1000 >= int64_t{1} << 48) functions::throw_out_of_range("timestamp");
       return types::uuid_from(us);
     })},
    {"ts_to_interval(int8):interval", fn([](int64_t us) -> Interval {
       Interval i{};
       i.days = static_cast<int32_t>(us / kDayUs);
       i.us = us % kDayUs;
       return i;
     })},
    {"ts_interval_to_usec(interval):int8", fn([](const Interval& i) -> int64_t {
       int64_t months, days, sum;
       if (__builtin_mul_overflow(int64_t{i.months}, kMonthUs, &months) ||
           __builtin_mul_overflow(int64_t{i.days}, kDayUs, &days) ||
           __builtin_add_overflow(months, days, &sum) || __builtin_add_overflow(sum, i.us, &sum))
         functions::throw_out_of_range("interval");
       return sum;
     })},
};

}  // namespace

std::span<const Binding> native_bindings() { return kBindings; }

}  // namespace varve::hypertable
