#include "container_functions.h"

#include <vector>

#include "common/sql_error.h"
#include "functions/array.h"
#include "functions/fixed_array.h"
#include "functions/jsonb_assign.h"
#include "functions/record.h"
#include "functions/scalar_function.h"
#include "functions/type_oids.h"
#include "polymorphic.h"

namespace varve::analyzer {
namespace {

using functions::ArraySlice;
using functions::Function;
using functions::KernelCall;
using types::StringRef;
using types::Value;

std::string_view bytes_at(const vector::Vector& v, uint32_t row) { return v.at<StringRef>(row).view(); }

void subscript_kernel(KernelCall& call) {
  size_t dimensions = call.args.size() - 1;
  std::vector<int32_t> subscripts(dimensions);
  vector::for_each_row(call.rows, [&](uint32_t row) {
    for (size_t i = 0; i < dimensions; ++i) subscripts[i] = call.args[i + 1]->at<int32_t>(row);
    call.result.set_value(
        row, functions::array_element(bytes_at(*call.args[0], row), subscripts, *call.context.memory));
  });
}

// a[i] of one row.
void subscript_one(functions::ScalarCall& call) {
  const int32_t subscript[] = {call.args[1]->int32};
  const Value element = functions::array_element(call.args[0]->view(), subscript, *call.context.memory);
  call.result.words[0] = element.words[0];
  call.result.words[1] = element.words[1];
  call.result.null = element.null;
}

// The bounds from argument `first` on, flags before them.
std::vector<ArraySlice> slices_at(const KernelCall& call, size_t first, uint32_t row) {
  int32_t flags = call.args[first]->at<int32_t>(row);
  std::vector<ArraySlice> slices;
  for (size_t i = first + 1, n = 0; i + 1 < call.args.size(); i += 2, ++n) {
    slices.push_back({(flags >> (2 * n) & 1) != 0, (flags >> (2 * n + 1) & 1) != 0,
                      call.args[i]->at<int32_t>(row), call.args[i + 1]->at<int32_t>(row)});
  }
  return slices;
}

void slice_kernel(KernelCall& call) {
  vector::for_each_row(call.rows, [&](uint32_t row) {
    std::vector<ArraySlice> slices = slices_at(call, 1, row);
    StringRef slice = functions::array_slice(bytes_at(*call.args[0], row), slices, *call.context.memory);
    call.result.set_value(row, Value::of_string(slice));
  });
}

void check_subscripts(const KernelCall& call, size_t first, uint32_t row) {
  for (size_t i = first; i < call.args.size(); ++i) {
    if (call.args[i]->is_null(row)) {
      throw SqlError(sqlstate::kNullValueNotAllowed, "array subscript in assignment must not be null");
    }
  }
}

void assign_kernel(KernelCall& call) {
  size_t dimensions = call.args.size() - 2;
  std::vector<int32_t> subscripts(dimensions);
  Oid element = element_of(call.site.result_type);
  vector::for_each_row(call.rows, [&](uint32_t row) {
    check_subscripts(call, 2, row);
    for (size_t i = 0; i < dimensions; ++i) subscripts[i] = call.args[i + 2]->at<int32_t>(row);
    std::string_view array = call.args[0]->is_null(row) ? std::string_view() : bytes_at(*call.args[0], row);
    call.result.set_value(
        row, Value::of_string(functions::array_with_element(element, array, subscripts,
                                                            call.args[1]->value(row), *call.context.memory)));
  });
}

// Without a value, or nothing to put there, it stays as it is; PostgreSQL can do no more either.
void refuse_fixed_slice(KernelCall& call, uint32_t row) {
  if (!call.args[0]->is_null(row) && !call.args[1]->is_null(row)) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   "updates on slices of fixed-length arrays not implemented");
  }
  call.result.set_value(row, call.args[0]->value(row));
}

void assign_slice_kernel(KernelCall& call) {
  Oid element = element_of(call.site.result_type);
  vector::for_each_row(call.rows, [&](uint32_t row) {
    check_subscripts(call, 2, row);
    if (functions::is_fixed_array(call.site.result_type)) return refuse_fixed_slice(call, row);
    if (call.args[1]->is_null(row)) {  // nothing to put there
      if (call.args[0]->is_null(row)) {
        call.result.set_value(row,
                              Value::of_string(functions::make_array(element, {}, *call.context.memory)));
      } else {
        call.result.set_value(row, call.args[0]->value(row));
      }
      return;
    }
    std::vector<ArraySlice> slices = slices_at(call, 2, row);
    std::string_view array = call.args[0]->is_null(row) ? std::string_view() : bytes_at(*call.args[0], row);
    call.result.set_value(row,
                          Value::of_string(functions::array_with_slice(
                              element, array, slices, bytes_at(*call.args[1], row), *call.context.memory)));
  });
}

void field_kernel(KernelCall& call) {
  vector::for_each_row(call.rows, [&](uint32_t row) {
    functions::RecordView record(bytes_at(*call.args[0], row));
    auto field = static_cast<uint32_t>(call.args[1]->at<int32_t>(row));
    // An attribute added after the value was stored.
    if (field >= record.count())
      call.result.set_null(row);
    else
      call.result.set_value(row, record.at(field, *call.context.memory));
  });
}

void assign_field_kernel(KernelCall& call) {
  std::vector<Oid> types;
  if (const functions::TypeInfo* info = functions::type_by_oid(call.site.result_type)) {
    for (const functions::CompositeField& f : info->fields) types.push_back(f.type);
  }
  vector::for_each_row(call.rows, [&](uint32_t row) {
    std::string_view record = call.args[0]->is_null(row) ? std::string_view() : bytes_at(*call.args[0], row);
    auto field = static_cast<uint32_t>(call.args[1]->at<int32_t>(row));
    call.result.set_value(
        row, Value::of_string(functions::record_with_field(call.site.result_type, record, types, field,
                                                           call.args[2]->value(row), *call.context.memory)));
  });
}

template <bool kNotNull>
void null_test_kernel(KernelCall& call) {
  vector::for_each_row(call.rows, [&](uint32_t row) {
    bool holds = !kNotNull;
    if (!call.args[0]->is_null(row)) {
      functions::RecordView record(bytes_at(*call.args[0], row));
      holds = true;
      for (uint32_t i = 0; i < record.count(); ++i) holds = holds && record.is_null(i) != kNotNull;
    }
    call.result.set_value(row, Value::of_bool(holds));
  });
}

void assign_json_kernel(KernelCall& call) {
  std::vector<std::string_view> path(call.args.size() - 3);
  vector::for_each_row(call.rows, [&](uint32_t row) {
    for (size_t i = 0; i < path.size(); ++i) {
      if (call.args[i + 3]->is_null(row))
        throw SqlError(sqlstate::kNullValueNotAllowed, "jsonb subscript in assignment must not be null");
      path[i] = bytes_at(*call.args[i + 3], row);
    }
    std::string_view json = call.args[0]->is_null(row) ? std::string_view() : bytes_at(*call.args[0], row);
    // NULL is put there as the null of JSON.
    std::string_view value =
        call.args[1]->is_null(row) ? std::string_view("\0", 1) : bytes_at(*call.args[1], row);
    const bool as_array = call.args[2]->at<uint8_t>(row) != 0;
    call.result.set_value(row, Value::of_string(call.context.memory->copy(std::string_view(
                                   functions::jsonb_with_element(json, as_array, path, value)))));
  });
}

void cursor_row_kernel(KernelCall& call) {
  vector::for_each_row(call.rows, [&](uint32_t row) {
    const Value args[] = {call.args[0]->value(row), call.args[1]->value(row)};
    call.result.set_value(row, call.context.session->call("cursor_row", args, *call.context.memory));
  });
}

std::vector<Oid> many(std::initializer_list<Oid> first, size_t ints) {
  std::vector<Oid> types(first);
  types.insert(types.end(), ints, type_oid::kInt4);
  return types;
}

struct Families {
  std::vector<std::vector<Oid>> types;
  std::vector<Function> subscript, slice, assign, assign_slice;
  Function field, assign_field, is_null, is_not_null, cursor_row, assign_json;

  Families() {
    types.reserve(4 * kMaxArrayDimensions + 6);
    for (size_t n = 1; n <= kMaxArrayDimensions; ++n) {
      subscript.push_back(make("array_subscript", many({type_oid::kAnyarray}, n), type_oid::kAnyelement, true,
                               subscript_kernel));
      slice.push_back(make("array_slice", many({type_oid::kAnyarray}, 1 + 2 * n), type_oid::kAnyarray, true,
                           slice_kernel));
      assign.push_back(make("array_assign", many({type_oid::kAnyarray, type_oid::kAnyelement}, n),
                            type_oid::kAnyarray, false, assign_kernel));
      assign_slice.push_back(make("array_assign_slice",
                                  many({type_oid::kAnyarray, type_oid::kAnyarray}, 1 + 2 * n),
                                  type_oid::kAnyarray, false, assign_slice_kernel));
    }
    subscript[0].scalar = subscript_one;
    field = make("record_field", {type_oid::kRecord, type_oid::kInt4}, type_oid::kAny, true, field_kernel);
    assign_field = make("record_assign", {type_oid::kRecord, type_oid::kInt4, type_oid::kAny},
                        type_oid::kRecord, false, assign_field_kernel);
    is_null = make("record_is_null", {type_oid::kRecord}, type_oid::kBool, false, null_test_kernel<false>);
    cursor_row =
        make("cursor_row", {type_oid::kText, type_oid::kOid}, type_oid::kTid, true, cursor_row_kernel);
    cursor_row.volatility = functions::Volatility::kStable;
    assign_json = make("jsonb_assign", {type_oid::kJsonb, type_oid::kJsonb, type_oid::kBool, type_oid::kText},
                       type_oid::kJsonb, false, assign_json_kernel);
    is_not_null =
        make("record_is_not_null", {type_oid::kRecord}, type_oid::kBool, false, null_test_kernel<true>);
  }

 private:
  Function make(std::string_view name, std::vector<Oid> args, Oid result, bool strict,
                functions::Kernel kernel) {
    Function f{};
    f.name = name;
    f.result = result;
    f.args = types.emplace_back(std::move(args));
    f.strict = strict;
    f.kernel = kernel;
    return f;
  }
};

const Families& families() {
  static const Families all;
  return all;
}

}  // namespace

const Function& array_subscript_function(size_t dimensions) { return families().subscript[dimensions - 1]; }
const Function& array_slice_function(size_t dimensions) { return families().slice[dimensions - 1]; }
const Function& array_assign_function(size_t dimensions) { return families().assign[dimensions - 1]; }
const Function& array_assign_slice_function(size_t dimensions) {
  return families().assign_slice[dimensions - 1];
}
const Function& record_field_function() { return families().field; }
const Function& record_assign_function() { return families().assign_field; }
const Function& record_null_test_function(bool is_not_null) {
  return is_not_null ? families().is_not_null : families().is_null;
}

const Function& cursor_row_function() { return families().cursor_row; }
const Function& json_assign_function() { return families().assign_json; }

bool is_container_function(const Function& function) { return function.oid == kInvalidOid; }

}  // namespace varve::analyzer
