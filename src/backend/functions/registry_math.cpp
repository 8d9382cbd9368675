// Mathematical functions of floats, and uuid generation.
#include <cmath>
#include <numbers>
#include <openssl/rand.h>

#include "float_check.h"
#include "kernel.h"

namespace varve::functions {

namespace {

constexpr double kRadiansPerDegree = std::numbers::pi / 180;

[[noreturn]] void throw_input_range() {
  throw SqlError(sqlstate::kNumericValueOutOfRange, "input is out of range");
}
double finite_result(double r, bool argument_infinite) {
  if (std::isinf(r) && !argument_infinite) throw_float_overflow();
  return r;
}

double square_root(double v) {
  if (v < 0) {
    throw SqlError(sqlstate::kInvalidArgumentForPowerFunction,
                   "cannot take square root of a negative number");
  }
  return std::sqrt(v);
}

double power(double a, double b) {
  if (std::isnan(a)) return std::isnan(b) || b != 0 ? a : 1;
  if (std::isnan(b)) return a != 1 ? b : 1;
  if (a == 0 && b < 0) {
    throw SqlError(sqlstate::kInvalidArgumentForPowerFunction,
                   "zero raised to a negative power is undefined");
  }
  if (a < 0 && std::floor(b) != b) {
    throw SqlError(sqlstate::kInvalidArgumentForPowerFunction,
                   "a negative number raised to a non-integer power yields a complex result");
  }
  double r = std::pow(a, b);
  if (std::isinf(a) || std::isinf(b)) return r;
  if (std::isinf(r)) throw_float_overflow();
  if (r == 0 && a != 0) throw_float_underflow();
  return r;
}

double exponential(double v) {
  double r = std::exp(v);
  if (std::isinf(v) || std::isnan(v)) return r;
  if (std::isinf(r)) throw_float_overflow();
  if (r == 0) throw_float_underflow();
  return r;
}

double check_logarithm(double v) {
  if (v == 0) throw SqlError(sqlstate::kInvalidArgumentForLog, "cannot take logarithm of zero");
  if (v < 0) throw SqlError(sqlstate::kInvalidArgumentForLog, "cannot take logarithm of a negative number");
  return v;
}

template <double (*kFunction)(double)>
double periodic(double v) {
  if (std::isinf(v)) throw_input_range();
  return kFunction(v);
}
double check_unit(double v) {
  if (v < -1 || v > 1) throw_input_range();
  return v;
}

// --- degrees: exact where the angle is a multiple of 30.
double sine_to_30(double x) {
  static const double kSine30 = std::sin(30 * kRadiansPerDegree);
  return std::sin(x * kRadiansPerDegree) / kSine30 / 2;
}
double cosine_to_60(double x) {
  static const double kRest60 = 1 - std::cos(60 * kRadiansPerDegree);
  return 1 - (1 - std::cos(x * kRadiansPerDegree)) / kRest60 / 2;
}
double sine_to_90(double x) { return x <= 30 ? sine_to_30(x) : cosine_to_60(90 - x); }
double cosine_to_90(double x) { return x <= 60 ? cosine_to_60(x) : sine_to_30(90 - x); }

double sind(double v) {
  if (std::isnan(v)) return v;
  if (std::isinf(v)) throw_input_range();
  double x = std::fmod(v, 360), sign = 1;
  if (x < 0) {
    x = -x;
    sign = -sign;
  }
  if (x > 180) {
    x = 360 - x;
    sign = -sign;
  }
  if (x > 90) x = 180 - x;
  return sign * sine_to_90(x);
}
double cosd(double v) {
  if (std::isnan(v)) return v;
  if (std::isinf(v)) throw_input_range();
  double x = std::fabs(std::fmod(v, 360)), sign = 1;
  if (x > 180) x = 360 - x;
  if (x > 90) {
    x = 180 - x;
    sign = -sign;
  }
  return sign * cosine_to_90(x);
}
// Quadrant of tangent and cotangent: the argument in 0..90 and the sign.
double tangent_argument(double v, double* sign) {
  double x = std::fmod(v, 360);
  *sign = 1;
  if (x < 0) {
    x = -x;
    *sign = -*sign;
  }
  if (x > 180) {
    x = 360 - x;
    *sign = -*sign;
  }
  if (x > 90) {
    x = 180 - x;
    *sign = -*sign;
  }
  return x;
}
double tand(double v) {
  if (std::isnan(v)) return v;
  if (std::isinf(v)) throw_input_range();
  static const double kTan45 = sine_to_90(45) / cosine_to_90(45);
  double sign, x = tangent_argument(v, &sign);
  double r = sign * (sine_to_90(x) / cosine_to_90(x) / kTan45);
  return r == 0 ? 0 : r;
}
double cotd(double v) {
  if (std::isnan(v)) return v;
  if (std::isinf(v)) throw_input_range();
  static const double kCot45 = cosine_to_90(45) / sine_to_90(45);
  double sign, x = tangent_argument(v, &sign);
  double r = sign * (cosine_to_90(x) / sine_to_90(x) / kCot45);
  return r == 0 ? 0 : r;
}
double asine_degrees_to_unit(double x) {
  static const double kAsin05 = std::asin(0.5);
  static const double kAcos05 = std::acos(0.5);
  if (x <= 0.5) return std::asin(x) / kAsin05 * 30;
  return 90 - std::acos(x) / kAcos05 * 60;
}
double acosine_degrees_to_unit(double x) {
  static const double kAsin05 = std::asin(0.5);
  static const double kAcos05 = std::acos(0.5);
  if (x <= 0.5) return 90 - std::asin(x) / kAsin05 * 30;
  return std::acos(x) / kAcos05 * 60;
}
double asind(double v) {
  if (std::isnan(v)) return v;
  check_unit(v);
  return v >= 0 ? asine_degrees_to_unit(v) : -asine_degrees_to_unit(-v);
}
double acosd(double v) {
  if (std::isnan(v)) return v;
  check_unit(v);
  return v >= 0 ? acosine_degrees_to_unit(v) : 90 + asine_degrees_to_unit(-v);
}
double atand(double v) {
  static const double kAtan1 = std::atan(1.0);
  return std::atan(v) / kAtan1 * 45;
}
double atan2d(double y, double x) {
  static const double kAtan1 = std::atan(1.0);
  return std::atan2(y, x) / kAtan1 * 45;
}

int32_t float_width_bucket(double v, double low, double high, int32_t count) {
  auto invalid = [](const char* message) {
    throw SqlError(sqlstate::kInvalidArgumentForWidthBucketFunction, message);
  };
  if (count <= 0) invalid("count must be greater than zero");
  if (std::isnan(v) || std::isnan(low) || std::isnan(high)) {
    invalid("operand, lower bound, and upper bound cannot be NaN");
  }
  if (std::isinf(low) || std::isinf(high)) invalid("lower and upper bounds must be finite");
  if (low == high) invalid("lower bound cannot equal upper bound");
  bool up = low < high;
  if (up ? v < low : v > low) return 0;
  if (up ? v >= high : v <= high) {
    int32_t beyond;
    if (__builtin_add_overflow(count, 1, &beyond)) throw_out_of_range("integer");
    return beyond;
  }
  double fraction = up ? (v - low) / (high - low) : (low - v) / (low - high);
  auto bucket = static_cast<int32_t>(count * fraction);
  return (bucket >= count ? count - 1 : bucket) + 1;
}

Uuid random_uuid() {
  Uuid v;
  if (RAND_bytes(v.bytes, sizeof(v.bytes)) != 1) {
    throw SqlError(sqlstate::kInternalError, "could not generate random values");
  }
  v.bytes[6] = static_cast<uint8_t>((v.bytes[6] & 0x0F) | 0x40);
  v.bytes[8] = static_cast<uint8_t>((v.bytes[8] & 0x3F) | 0x80);
  return v;
}

#define VARVE_F(name, EXPR)                                      \
  {                                                              \
    name "(float8)", fn([](double v) -> double { return EXPR; }) \
  }

const Binding kBindings[] = {
    VARVE_F("ceil", std::ceil(v)),
    VARVE_F("ceiling", std::ceil(v)),
    VARVE_F("floor", std::floor(v)),
    VARVE_F("round", std::rint(v)),
    VARVE_F("dround", std::rint(v)),
    VARVE_F("trunc", std::trunc(v)),
    VARVE_F("dtrunc", std::trunc(v)),
    VARVE_F("sign", v > 0   ? 1
                    : v < 0 ? -1
                            : 0),
    VARVE_F("sqrt", square_root(v)),
    VARVE_F("dsqrt", square_root(v)),
    VARVE_F("cbrt", std::cbrt(v)),
    VARVE_F("dcbrt", std::cbrt(v)),
    VARVE_F("exp", exponential(v)),
    VARVE_F("dexp", exponential(v)),
    VARVE_F("ln", std::log(check_logarithm(v))),
    VARVE_F("dlog1", std::log(check_logarithm(v))),
    VARVE_F("log", std::log10(check_logarithm(v))),
    VARVE_F("log10", std::log10(check_logarithm(v))),
    VARVE_F("dlog10", std::log10(check_logarithm(v))),
    {"power(float8,float8)", fn([](double a, double b) -> double { return power(a, b); })},
    {"pow(float8,float8)", fn([](double a, double b) -> double { return power(a, b); })},
    {"dpow(float8,float8)", fn([](double a, double b) -> double { return power(a, b); })},
    VARVE_F("sin", periodic<std::sin>(v)),
    VARVE_F("cos", periodic<std::cos>(v)),
    VARVE_F("tan", periodic<std::tan>(v)),
    VARVE_F("cot", 1 / periodic<std::tan>(v)),
    VARVE_F("asin", std::asin(check_unit(v))),
    VARVE_F("acos", std::acos(check_unit(v))),
    VARVE_F("atan", std::atan(v)),
    {"atan2(float8,float8)", fn([](double y, double x) -> double { return std::atan2(y, x); })},
    VARVE_F("sinh", std::sinh(v)),
    VARVE_F("cosh", std::cosh(v)),
    VARVE_F("tanh", std::tanh(v)),
    VARVE_F("asinh", std::asinh(v)),
    VARVE_F("acosh", v < 1 ? (throw_input_range(), 0.0) : std::acosh(v)),
    VARVE_F("atanh", std::atanh(check_unit(v))),
    VARVE_F("sind", sind(v)),
    VARVE_F("cosd", cosd(v)),
    VARVE_F("tand", tand(v)),
    VARVE_F("cotd", cotd(v)),
    VARVE_F("asind", asind(v)),
    VARVE_F("acosd", acosd(v)),
    VARVE_F("atand", atand(v)),
    {"atan2d(float8,float8)", fn([](double y, double x) -> double { return atan2d(y, x); })},
    VARVE_F("degrees", finite_result(v / kRadiansPerDegree, std::isinf(v))),
    VARVE_F("radians", v* kRadiansPerDegree),
    {"pi()", fn([]() -> double { return std::numbers::pi; })},
    {"width_bucket(float8,float8,float8,int4)",
     fn([](double v, double low, double high, int32_t n) -> int32_t {
       return float_width_bucket(v, low, high, n);
     })},
    {"gen_random_uuid()", fn([]() -> Uuid { return random_uuid(); })},
};

}  // namespace

Bindings math_bindings() { return kBindings; }

}  // namespace varve::functions
