// Enums: values are float4 in the order of their labels (value_io.cpp), so comparing them needs no catalog.
#include "functions/registry.h"
#include "kernel.h"

namespace varve::functions {

namespace {

// The enum type is that of the argument, whether or not it is NULL.
template <bool kLast>
void end_kernel(KernelCall& call) {
  const Value args[] = {Value::of_oid(call.site.arg_types[0].value())};
  Value found = call.context.session->call(kLast ? "enum_last" : "enum_first", args, *call.context.memory);
  for_each_row(call.rows, [&](uint32_t row) { call.result.set_value(row, found); });
}

void range_kernel(KernelCall& call) {
  for_each_row(call.rows, [&](uint32_t row) {
    Value bounds[] = {Value::of_oid(call.site.arg_types[0].value()),
                      Value::null_of(types::PhysicalType::kFloat32),
                      Value::null_of(types::PhysicalType::kFloat32)};
    if (call.args.size() == 2) {
      bounds[1] = call.args[0]->value(row);
      bounds[2] = call.args[1]->value(row);
    }
    call.result.set_value(row, call.context.session->call("enum_range", bounds, *call.context.memory));
  });
}

const Binding kBindings[] = {
    {"enum_eq(anyenum,anyenum)", fn([](float a, float b) { return a == b; })},
    {"enum_ne(anyenum,anyenum)", fn([](float a, float b) { return a != b; })},
    {"enum_lt(anyenum,anyenum)", fn([](float a, float b) { return a < b; })},
    {"enum_le(anyenum,anyenum)", fn([](float a, float b) { return a <= b; })},
    {"enum_gt(anyenum,anyenum)", fn([](float a, float b) { return a > b; })},
    {"enum_ge(anyenum,anyenum)", fn([](float a, float b) { return a >= b; })},
    {"enum_cmp(anyenum,anyenum)", fn([](float a, float b) -> int32_t { return a < b   ? -1
                                                                              : a > b ? 1
                                                                                      : 0; })},
    {"enum_smaller(anyenum,anyenum)", fn([](float a, float b) { return a < b ? a : b; })},
    {"enum_larger(anyenum,anyenum)", fn([](float a, float b) { return a > b ? a : b; })},
    {"enum_first(anyenum)", end_kernel<false>},
    {"enum_last(anyenum)", end_kernel<true>},
    {"enum_range(anyenum)", range_kernel},
    {"enum_range(anyenum,anyenum)", range_kernel},
};

}  // namespace

Bindings enumeration_bindings() { return kBindings; }

}  // namespace varve::functions
