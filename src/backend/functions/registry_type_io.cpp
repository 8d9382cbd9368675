// The input and output functions of types, as functions that can be called: int4in('42'), numeric_out(1.5).
// What they do is parse_value() and its kin; here they are bound by the shape of their signatures.
#include <deque>
#include <fmt/format.h>
#include <vector>

#include "common/sql_error.h"
#include "facts.h"
#include "functions/type_oids.h"
#include "kernel.h"

namespace varve::functions {

namespace {

using types::PhysicalType;

// 0A000 for pseudo-types but those of which SQL knows values.
void check_has_values(Oid type, std::string_view what) {
  const TypeInfo* info = type_by_oid(type);
  if (info != nullptr && info->kind != 'p') return;
  if (type == type_oid::kCstring || type == type_oid::kRecord || type == type_oid::kVoid) return;
  throw SqlError(sqlstate::kFeatureNotSupported,
                 fmt::format("cannot {} a value of type {}", what, info == nullptr ? "unknown" : info->name));
}

// int4in(cstring), array_in(cstring, element type, typmod), enum_in(cstring, type).
void input(KernelCall& call) {
  for_each_row(call.rows, [&](uint32_t row) {
    Oid type = call.site.result_type;
    if (call.args.size() > 1) {
      const Oid given{static_cast<uint32_t>(call.args[1]->at<int32_t>(row))};
      if (const TypeInfo* info = type_by_oid(type); info == nullptr || info->kind == 'p') {
        const TypeInfo* element = type_by_oid(given);
        const bool of_elements = type == type_oid::kAnyarray && element != nullptr;
        type = of_elements ? element->array_type : given;
      }
    }
    check_has_values(type, "accept");
    const int32_t typmod = call.args.size() > 2 ? call.args[2]->at<int32_t>(row) : -1;
    const std::string_view text = call.args[0]->at<types::StringRef>(row).view();
    call.result.set_value(row, parse_value(type, typmod, text, call.context));
  });
}

// A function whose result is the text, or the binary form, of its argument.
template <void (*kWrite)(Oid, const Vector&, uint32_t, std::string&, EvalContext&)>
void output(KernelCall& call) {
  check_has_values(call.site.arg_types[0], "display");
  std::string text;
  for_each_row(call.rows, [&](uint32_t row) {
    text.clear();
    kWrite(call.site.arg_types[0], *call.args[0], row, text, call.context);
    call.result.set_value(row, Value::of_string(call.context.memory->copy(text)));
  });
}

// SQL has no values of type internal: nobody can call it.
void receive(KernelCall&) { throw_not_supported("calling a type's receive function"); }
void modifiers(KernelCall&) { throw_not_supported("calling a type's modifier functions"); }

bool has_result(const FunctionFact& f, Oid type) { return f.result == type.value(); }
bool takes(const FunctionFact& f, Oid type) { return f.arg_count > 0 && f.args[0] == type.value(); }

// Null: it is none of them.
Kernel kernel_of(const FunctionFact& f) {
  if (f.kind != 'f' || f.set) return nullptr;
  if (f.name.ends_with("typmodin") && takes(f, type_oid::kCstringArray)) return modifiers;
  if (f.name.ends_with("typmodout") && has_result(f, type_oid::kCstring)) return modifiers;
  if (f.name.ends_with("recv") && takes(f, type_oid::kInternal)) return receive;
  const Oid own{f.name.ends_with("in") ? f.result : f.args[0]};
  if (type_by_oid(own) == nullptr) return nullptr;  // a type that is not there
  if (f.name.ends_with("in") && takes(f, type_oid::kCstring)) return input;
  if (f.arg_count != 1) return nullptr;
  if (f.name.ends_with("out") && has_result(f, type_oid::kCstring)) return output<append_text>;
  if (f.name.ends_with("send") && has_result(f, type_oid::kBytea)) return output<append_binary>;
  return nullptr;
}

}  // namespace

Bindings type_io_bindings() {
  static std::deque<std::string> signatures;
  static const std::vector<Binding> bindings = [] {
    std::vector<Binding> all;
    for (const FunctionFact& f : function_facts()) {
      if (Kernel kernel = kernel_of(f)) all.emplace_back(signatures.emplace_back(f.name), kernel);
    }
    return all;
  }();
  return bindings;
}

}  // namespace varve::functions
