#include "domain_check.h"

#include <fmt/format.h>

#include "common/sql_error.h"
#include "functions/type_oids.h"

namespace varve::analyzer {
namespace {

using types::Value;

enum Argument : size_t { kValue, kName, kSchema, kNotNull, kFirstCheck };

SqlError violation(functions::KernelCall& call, uint32_t row, SqlState state, std::string message) {
  Value name = call.args[kName]->value(row), schema = call.args[kSchema]->value(row);
  return SqlError(state, std::move(message)).schema(schema.view()).datatype(name.view());
}

void test_row(functions::KernelCall& call, uint32_t row) {
  Value name = call.args[kName]->value(row);
  if (call.args[kNotNull]->value(row).boolean != 0 && call.args[kValue]->is_null(row)) {
    throw violation(call, row, sqlstate::kNotNullViolation,
                    fmt::format("domain {} does not allow null values", name.view()));
  }
  for (size_t i = kFirstCheck; i + 1 < call.args.size(); i += 2) {
    if (call.args[i]->is_null(row) || call.args[i]->at<uint8_t>(row) != 0) continue;
    Value constraint = call.args[i + 1]->value(row);
    throw violation(
        call, row, sqlstate::kCheckViolation,
        fmt::format("value for domain {} violates check constraint \"{}\"", name.view(), constraint.view()))
        .constraint(constraint.view());
  }
}

template <bool kCondition>
void domain_kernel(functions::KernelCall& call) {
  vector::for_each_row(call.rows, [&](uint32_t row) {
    test_row(call, row);
    call.result.set_value(row, kCondition ? Value::of_bool(true) : call.args[kValue]->value(row));
  });
}

constexpr Oid kAnything[] = {type_oid::kAnyelement};

template <bool kCondition>
functions::Function make_function() {
  functions::Function f{};
  f.name = "domain_check";
  f.result = kCondition ? type_oid::kBool : type_oid::kAnyelement;
  f.args = kAnything;
  f.volatility = functions::Volatility::kImmutable;
  f.strict = false;
  f.kernel = domain_kernel<kCondition>;
  return f;
}

}  // namespace

const functions::Function& domain_function(bool as_condition) {
  static const functions::Function value = make_function<false>(), condition = make_function<true>();
  return as_condition ? condition : value;
}

bool is_domain_function(const functions::Function& function) {
  return &function == &domain_function(false) || &function == &domain_function(true);
}

}  // namespace varve::analyzer
