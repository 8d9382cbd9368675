#include "functions/fixed_array.h"

#include <algorithm>
#include <cstring>

#include "common/sql_error.h"
#include "functions/type_oids.h"

namespace varve::functions {

using types::Value;

namespace {

constexpr Oid kArguments[] = {type_oid::kAny, type_oid::kInt4};
constexpr Oid kAssignArguments[] = {type_oid::kAny, type_oid::kAny, type_oid::kInt4};
constexpr int32_t kNameElements = 64;

bool has_numbers(Oid type) { return type == type_oid::kPoint || type == type_oid::kLine; }

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
  if (has_numbers(type)) return geometry_elements<sizeof(double)>(call);
  geometry_elements<2 * sizeof(double)>(call);
}

void assign_kernel(KernelCall& call) {
  vector::for_each_row(call.rows, [&](uint32_t row) {
    if (call.args[2]->is_null(row))
      throw SqlError(sqlstate::kNullValueNotAllowed, "array subscript in assignment must not be null");
    if (call.args[0]->is_null(row)) return call.result.set_null(row);
    Value old = call.args[0]->value(row);
    if (call.args[1]->is_null(row)) return call.result.set_value(row, old);
    std::string made = with_fixed_element(call.site.result_type, old.view(), call.args[2]->at<int32_t>(row),
                                          call.args[1]->value(row));
    call.result.set_value(row, Value::of_string(call.context.memory->copy(made)));
  });
}

}  // namespace

bool is_fixed_array(Oid type) {
  return type == type_oid::kName || type == type_oid::kPoint || type == type_oid::kLine ||
         type == type_oid::kLseg || type == type_oid::kBox;
}

std::string with_fixed_element(Oid type, std::string_view value, int32_t at, const Value& element) {
  std::string bytes(value);
  if (type == type_oid::kName) bytes.resize(kNameElements);
  double number = has_numbers(type) ? element.float64 : 0;
  std::string_view part = has_numbers(type)
                              ? std::string_view(reinterpret_cast<const char*>(&number), sizeof number)
                              : element.view();
  std::string one(part);
  if (type == type_oid::kName) one.resize(1);  // the "char" of no bytes is a zero
  if (at < 0 || (static_cast<size_t>(at) + 1) * one.size() > bytes.size())
    throw SqlError(sqlstate::kArraySubscriptError, "array subscript out of range");
  bytes.replace(static_cast<size_t>(at) * one.size(), one.size(), one);
  if (type == type_oid::kName) bytes.resize(std::min(bytes.find('\0'), size_t{kNameElements - 1}));
  return bytes;
}

const Function& fixed_element_function() {
  static const Function function = [] {
    Function f{};
    f.name = "array_subscript";
    f.result = type_oid::kAny;
    f.args = kArguments;
    f.strict = true;
    f.kernel = element_kernel;
    return f;
  }();
  return function;
}

const Function& fixed_assign_function() {
  static const Function function = [] {
    Function f{};
    f.name = "array_assign";
    f.result = type_oid::kAny;
    f.args = kAssignArguments;
    f.strict = false;
    f.kernel = assign_kernel;
    return f;
  }();
  return function;
}

}  // namespace varve::functions
