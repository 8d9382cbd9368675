#include "fixed_array.h"

#include <cstring>

#include "functions/type_oids.h"

namespace varve::analyzer {

using functions::KernelCall;
using types::Value;

namespace {

constexpr Oid kArguments[] = {type_oid::kAny, type_oid::kInt4};
constexpr int32_t kNameElements = 64;

// The elements of a value: numbers, or points of two numbers.
template <size_t kBytes>
void geometry_elements(KernelCall& call) {
  vector::for_each_row(call.rows, [&](uint32_t row) {
    std::string_view value = call.args[0]->at<types::StringRef>(row).view();
    int32_t at = call.args[1]->at<int32_t>(row);
    if (at < 0 || (static_cast<size_t>(at) + 1) * kBytes > value.size()) return call.result.set_null(row);
    std::string_view element = value.substr(static_cast<size_t>(at) * kBytes, kBytes);
    if constexpr (kBytes == sizeof(double)) {
      double number;
      std::memcpy(&number, element.data(), sizeof number);
      call.result.set_value(row, Value::of_float64(number));
    } else {
      call.result.set_value(row, Value::of_string(call.context.memory->copy(element)));
    }
  });
}

// Behind its text a name is filled up with zero bytes.
void name_elements(KernelCall& call) {
  vector::for_each_row(call.rows, [&](uint32_t row) {
    std::string_view name = call.args[0]->at<types::StringRef>(row).view();
    int32_t at = call.args[1]->at<int32_t>(row);
    if (at < 0 || at >= kNameElements) return call.result.set_null(row);
    std::string_view one =
        static_cast<size_t>(at) < name.size() ? name.substr(static_cast<size_t>(at), 1) : std::string_view();
    call.result.set_value(row, Value::of_string(call.context.memory->copy(one)));
  });
}

void element_kernel(KernelCall& call) {
  Oid type = call.site.arg_types[0];
  if (type == type_oid::kName) return name_elements(call);
  if (type == type_oid::kPoint || type == type_oid::kLine) return geometry_elements<sizeof(double)>(call);
  geometry_elements<2 * sizeof(double)>(call);
}

}  // namespace

bool is_fixed_array(Oid type) {
  return type == type_oid::kName || type == type_oid::kPoint || type == type_oid::kLine ||
         type == type_oid::kLseg || type == type_oid::kBox;
}

const functions::Function& fixed_element_function() {
  static const functions::Function function = [] {
    functions::Function f{};
    f.name = "array_subscript";
    f.result = type_oid::kAny;
    f.args = kArguments;
    f.strict = true;
    f.kernel = element_kernel;
    return f;
  }();
  return function;
}

}  // namespace varve::analyzer
