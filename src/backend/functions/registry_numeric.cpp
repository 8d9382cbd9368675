// numeric: operators and functions, all of them exact.
#include "kernel.h"
#include "scaled_numeric.h"
#include "types/numeric.h"

namespace varve::functions {

namespace {

#define VARVE_NUMERIC2(signature, CALL)                                         \
  {                                                                             \
    signature, fn([](const Numeric& a, const Numeric& b, Env& env) -> Numeric { \
      return types::CALL(a, b, env.arena);                                      \
    })                                                                          \
  }
#define VARVE_NUMERIC1(signature, CALL)                                                            \
  {                                                                                                \
    signature, fn([](const Numeric& a, Env& env) -> Numeric { return types::CALL(a, env.arena); }) \
  }

std::optional<int32_t> non_negative(int32_t v) {
  if (v < 0) return std::nullopt;
  return v;
}

// As integers where that gives the same.
template <ScaledOperator kOperator, class F>
void scaled_kernel(KernelCall& call) {
  if (!run_scaled(kOperator, call)) ScalarKernel<F>::run(call);
}
template <ScaledOperator kOperator, class F>
constexpr ScalarBinding scaled(F) {
  return {&scaled_kernel<kOperator, F>, &ScalarKernel<F>::run_one};
}
#define VARVE_SCALED2(signature, OPERATOR, CALL)                                                       \
  {                                                                                                    \
    signature,                                                                                         \
        scaled<ScaledOperator::OPERATOR>([](const Numeric& a, const Numeric& b, Env& env) -> Numeric { \
          return types::CALL(a, b, env.arena);                                                         \
        })                                                                                             \
  }

const Binding kBindings[] = {
    VARVE_SCALED2("numeric_add(numeric,numeric)", kAdd, add),
    VARVE_SCALED2("numeric_sub(numeric,numeric)", kSubtract, sub),
    VARVE_SCALED2("numeric_mul(numeric,numeric)", kMultiply, mul),
    VARVE_NUMERIC2("numeric_div(numeric,numeric)", div),
    VARVE_NUMERIC2("numeric_mod(numeric,numeric)", mod),
    VARVE_NUMERIC2("mod(numeric,numeric)", mod),
    VARVE_NUMERIC2("div(numeric,numeric)", div_trunc),
    VARVE_NUMERIC2("numeric_div_trunc(numeric,numeric)", div_trunc),
    VARVE_NUMERIC2("log(numeric,numeric)", log),
    VARVE_NUMERIC2("numeric_log(numeric,numeric)", log),
    VARVE_NUMERIC2("power(numeric,numeric)", power),
    VARVE_NUMERIC2("pow(numeric,numeric)", power),
    VARVE_NUMERIC2("numeric_power(numeric,numeric)", power),
    VARVE_NUMERIC2("gcd(numeric,numeric)", gcd),
    VARVE_NUMERIC2("lcm(numeric,numeric)", lcm),
    VARVE_NUMERIC1("numeric_uminus(numeric)", neg),
    {"numeric_uplus(numeric)", fn([](const Numeric& a) -> Numeric { return a; })},
    {"numeric_inc(numeric)",
     fn([](const Numeric& a, Env& env) -> Numeric { return types::add(a, Numeric(int64_t{1}), env.arena); })},
    VARVE_NUMERIC1("numeric_abs(numeric)", abs),
    VARVE_NUMERIC1("abs(numeric)", abs),
    VARVE_NUMERIC1("ceil(numeric)", ceil),
    VARVE_NUMERIC1("ceiling(numeric)", ceil),
    VARVE_NUMERIC1("floor(numeric)", floor),
    VARVE_NUMERIC1("sqrt(numeric)", sqrt),
    VARVE_NUMERIC1("numeric_sqrt(numeric)", sqrt),
    VARVE_NUMERIC1("exp(numeric)", exp),
    VARVE_NUMERIC1("numeric_exp(numeric)", exp),
    VARVE_NUMERIC1("ln(numeric)", ln),
    VARVE_NUMERIC1("numeric_ln(numeric)", ln),
    VARVE_NUMERIC1("log(numeric)", log10),
    VARVE_NUMERIC1("log10(numeric)", log10),
    VARVE_NUMERIC1("trim_scale(numeric)", trim_scale),
    {"sign(numeric)", fn([](const Numeric& a) -> Numeric { return types::sign(a); })},
    {"round(numeric)",
     fn([](const Numeric& a, Env& env) -> Numeric { return types::round(a, 0, env.arena); })},
    {"trunc(numeric)",
     fn([](const Numeric& a, Env& env) -> Numeric { return types::trunc(a, 0, env.arena); })},
    {"round(numeric,int4)",
     fn([](const Numeric& a, int32_t n, Env& env) -> Numeric { return types::round(a, n, env.arena); })},
    {"trunc(numeric,int4)",
     fn([](const Numeric& a, int32_t n, Env& env) -> Numeric { return types::trunc(a, n, env.arena); })},
    {"scale(numeric)", fn([](const Numeric& a) { return non_negative(types::scale(a)); })},
    {"min_scale(numeric)", fn([](const Numeric& a) { return non_negative(types::min_scale(a)); })},
    {"factorial(int8)", fn([](int64_t n, Env& env) -> Numeric { return types::factorial(n, env.arena); })},
    {"width_bucket(numeric,numeric,numeric,int4)",
     fn([](const Numeric& v, const Numeric& low, const Numeric& high, int32_t count) -> int32_t {
       return types::width_bucket(v, low, high, count);
     })},
};

}  // namespace

Bindings numeric_bindings() { return kBindings; }

}  // namespace varve::functions
