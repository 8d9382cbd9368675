// The functions behind PostgreSQL's hash operator classes, value for value: programs use hashtext() for
// advisory locks and for sharding.
#include "functions/postgres_hash.h"
#include "kernel.h"

namespace varve::functions {

namespace {

using Text = std::string_view;

int32_t low(uint64_t hash) { return static_cast<int32_t>(static_cast<uint32_t>(hash)); }
uint64_t seed_of(int64_t seed) { return static_cast<uint64_t>(seed); }

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
};

}  // namespace

Bindings hash_bindings() { return kBindings; }

}  // namespace varve::functions
