// The functions behind PostgreSQL's hash operator classes, value for value: programs use hashtext() for
// advisory locks and for sharding.
#include "any_args.h"
#include "functions/postgres_hash.h"
#include "kernel.h"

namespace varve::functions {

namespace {

using Text = std::string_view;

int32_t low(uint64_t hash) { return static_cast<int32_t>(static_cast<uint32_t>(hash)); }
uint64_t seed_of(int64_t seed) { return static_cast<uint64_t>(seed); }

// Of the types whose values say themselves what they hash as.
template <bool kExtended>
void hash_kernel(KernelCall& call) {
  for_each_row(call.rows, [&](uint32_t row) {
    uint64_t seed = kExtended ? seed_of(load_cell<int64_t>(*call.args[1], row)) : 0;
    uint64_t hash = hash_class_value(call.site.arg_types[0], call.args[0]->value(row), seed);
    if constexpr (kExtended)
      store_cell<int64_t>(call.result, row, static_cast<int64_t>(hash));
    else
      store_cell<int32_t>(call.result, row, low(hash));
  });
}

[[noreturn]] void bad_partition(std::string what) {
  throw SqlError(sqlstate::kInvalidParameterValue, std::move(what));
}

void check_remainder(int32_t modulus, int32_t remainder) {
  if (modulus <= 0) bad_partition("modulus for hash partition must be an integer value greater than zero");
  if (remainder < 0)
    bad_partition("remainder for hash partition must be an integer value greater than or equal to zero");
  if (remainder >= modulus) bad_partition("remainder for hash partition must be less than modulus");
}

void check_key_types(const AnyArgs& args, const ArrayView& keys, bool variadic, Arena& arena) {
  size_t given = args.count() - 3;
  auto key_type = [&](size_t i) { return Oid{keys.at(static_cast<uint32_t>(i), arena).oid()}; };
  auto check_count = [&] {
    if (given == keys.count()) return;
    bad_partition(fmt::format(
        "number of partitioning columns ({}) does not match number of partition keys provided ({})",
        keys.count(), given));
  };
  if (!variadic) check_count();
  for (size_t i = 0; i < keys.count(); ++i) {
    Oid type = args.type(variadic ? args.count() - 1 : i + 3), key = key_type(i);
    if (type == key) continue;
    const Cast* cast = variadic ? nullptr : find_cast(type, key);
    if (cast != nullptr && cast->function == kInvalidOid) continue;
    const char* quote = variadic ? "\"" : "";
    bad_partition(
        fmt::format("column {} of the partition key has type {}{}{}, but supplied value is of type {}{}{}",
                    i + 1, quote, format_type(key, -1), quote, quote, format_type(type, -1), quote));
  }
  if (variadic) check_count();
}

// satisfies_hash_partition(parent, modulus, remainder, VARIADIC key)
bool in_hash_partition(KernelCall& call, uint32_t row) {
  AnyArgs args(call, row);
  if (args.null(0) || args.null(1) || args.null(2)) return false;
  int32_t modulus = args.value(1).int32, remainder = args.value(2).int32;
  check_remainder(modulus, remainder);
  Arena& arena = *call.context.memory;
  Value parent = args.value(0);
  Value types = call.context.session->call("hash_partition_key", {&parent, 1}, arena);
  ArrayView keys(types.view());
  bool variadic = call.site.arg_types.back() == type_oid::kAnyarray;
  check_key_types(args, keys, variadic, arena);
  uint64_t hash = 0;
  for (uint32_t i = 0; i < keys.count(); ++i) {
    if (args.null(i + 3)) continue;
    uint64_t key = hash_class_value(Oid{keys.at(i, arena).oid()}, args.value(i + 3), kHashPartitionSeed);
    hash = combine_hashes(hash, key);
  }
  return hash % static_cast<uint32_t>(modulus) == static_cast<uint32_t>(remainder);
}

void satisfies_hash_partition(KernelCall& call) {
  for_each_row(call.rows,
               [&](uint32_t row) { store_cell<bool>(call.result, row, in_hash_partition(call, row)); });
}

const Binding kBindings[] = {
    {"hashint2(int2)", fn([](int16_t v) { return low(hash_word(static_cast<uint32_t>(v), 0)); })},
    {"hashint4(int4)", fn([](int32_t v) { return low(hash_word(static_cast<uint32_t>(v), 0)); })},
    {"hashint8(int8)", fn([](int64_t v) { return low(hash_int8(v, 0)); })},
    {"hashoid(oid)", fn([](uint32_t v) { return low(hash_word(v, 0)); })},
    {"hashfloat4(float4)", fn([](float v) { return low(hash_float8(v, 0)); })},
    {"hashfloat8(float8)", fn([](double v) { return low(hash_float8(v, 0)); })},
    {"hashtext(text)", fn([](Text v) { return low(hash_bytes(v, 0)); })},
    {"hashname(name)", fn([](Text v) { return low(hash_bytes(v, 0)); })},
    {"hashbpchar(bpchar)", fn([](Text v) { return low(hash_bpchar(v, 0)); })},
    {"hashint2extended(int2,int8)", fn([](int16_t v, int64_t seed) {
       return static_cast<int64_t>(hash_word(static_cast<uint32_t>(v), seed_of(seed)));
     })},
    {"hashint4extended(int4,int8)", fn([](int32_t v, int64_t seed) {
       return static_cast<int64_t>(hash_word(static_cast<uint32_t>(v), seed_of(seed)));
     })},
    {"hashint8extended(int8,int8)",
     fn([](int64_t v, int64_t seed) { return static_cast<int64_t>(hash_int8(v, seed_of(seed))); })},
    {"hashoidextended(oid,int8)",
     fn([](uint32_t v, int64_t seed) { return static_cast<int64_t>(hash_word(v, seed_of(seed))); })},
    {"hashfloat8extended(float8,int8)",
     fn([](double v, int64_t seed) { return static_cast<int64_t>(hash_float8(v, seed_of(seed))); })},
    {"hashtextextended(text,int8)",
     fn([](Text v, int64_t seed) { return static_cast<int64_t>(hash_bytes(v, seed_of(seed))); })},
    {"hashnameextended(name,int8)",
     fn([](Text v, int64_t seed) { return static_cast<int64_t>(hash_bytes(v, seed_of(seed))); })},
    {"hashbpcharextended(bpchar,int8)",
     fn([](Text v, int64_t seed) { return static_cast<int64_t>(hash_bpchar(v, seed_of(seed))); })},
    {"hashchar", hash_kernel<false>},
    {"hashoidvector", hash_kernel<false>},
    {"hashmacaddr", hash_kernel<false>},
    {"hashmacaddr8", hash_kernel<false>},
    {"hashinet", hash_kernel<false>},
    {"hashtid", hash_kernel<false>},
    {"hash_numeric", hash_kernel<false>},
    {"time_hash", hash_kernel<false>},
    {"timetz_hash", hash_kernel<false>},
    {"timestamp_hash", hash_kernel<false>},
    {"interval_hash", hash_kernel<false>},
    {"uuid_hash", hash_kernel<false>},
    {"pg_lsn_hash", hash_kernel<false>},
    {"hashenum", hash_kernel<false>},
    {"jsonb_hash", hash_kernel<false>},
    {"hash_range", hash_kernel<false>},
    {"hash_multirange", hash_kernel<false>},
    {"hash_array", hash_kernel<false>},
    {"hash_record", hash_kernel<false>},
    {"hashcharextended", hash_kernel<true>},
    {"hashoidvectorextended", hash_kernel<true>},
    {"hashmacaddrextended", hash_kernel<true>},
    {"hashmacaddr8extended", hash_kernel<true>},
    {"hashinetextended", hash_kernel<true>},
    {"hashtidextended", hash_kernel<true>},
    {"hash_numeric_extended", hash_kernel<true>},
    {"time_hash_extended", hash_kernel<true>},
    {"timetz_hash_extended", hash_kernel<true>},
    {"timestamp_hash_extended", hash_kernel<true>},
    {"interval_hash_extended", hash_kernel<true>},
    {"uuid_hash_extended", hash_kernel<true>},
    {"pg_lsn_hash_extended", hash_kernel<true>},
    {"hashenumextended", hash_kernel<true>},
    {"jsonb_hash_extended", hash_kernel<true>},
    {"hash_range_extended", hash_kernel<true>},
    {"hash_multirange_extended", hash_kernel<true>},
    {"hash_array_extended", hash_kernel<true>},
    {"hash_record_extended", hash_kernel<true>},
    {"hashfloat4extended", hash_kernel<true>},
    {"satisfies_hash_partition", satisfies_hash_partition},
};

}  // namespace

Bindings hash_bindings() { return kBindings; }

}  // namespace varve::functions
