// How a lambda over scalars becomes a kernel over vectors, and how kernels are bound to signatures.
//
//   {"int4pl(int4,int4)", fn([](int32_t a, int32_t b) { return … })}
//
// Parameters: the C++ type of the physical type (bool, int16_t … Uuid; uint32_t for oids; std::string_view or
// const StringRef& for strings), std::optional of it where the function is not strict, and last `Env&` if the
// function allocates, formats or asks the session. A result in std::optional may be NULL. A string result
// must lie in the arena (Env::keep) or in an argument.
#pragma once

#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/scalar_function.h"

namespace varve::functions {

using types::Interval;
using types::Numeric;
using types::StringRef;
using types::TimeTz;
using types::Uuid;
using types::Value;

struct Env {
  EvalContext& context;
  const CallSite& site;
  Arena& arena;
  std::string buffer;  // for building results; keep() empties it

  explicit Env(KernelCall& call) : Env(call.context, call.site) {}
  Env(EvalContext& c, const CallSite& s) : context(c), site(s), arena(*c.memory) {}
  const types::FormatSettings& format() const { return *context.format; }
  const types::Collation& collation() const {
    return site.collation == nullptr ? types::Collation::c() : *site.collation;
  }
  StringRef keep(std::string_view s) {
    return s.size() <= StringRef::kInlineBytes ? StringRef(s) : StringRef(arena.copy(s));
  }
  StringRef keep() {
    StringRef result = keep(buffer);
    buffer.clear();
    return result;
  }
};

// --- reading and writing cells
template <class T>
struct Cell {
  using Stored = T;
  static const T& load(const T& v) { return v; }
  static const T& store(const T& v) { return v; }
};
template <>
struct Cell<bool> {
  using Stored = uint8_t;
  static bool load(uint8_t v) { return v != 0; }
  static uint8_t store(bool v) { return v; }
};
template <>
struct Cell<std::string_view> {
  using Stored = StringRef;
  static std::string_view load(const StringRef& v) { return v.view(); }
  static StringRef store(std::string_view v) { return StringRef(v); }
};

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <class T>
decltype(auto) load_cell(const Vector& v, uint32_t row) {
  if constexpr (IsOptional<T>::value) {
    using U = typename T::value_type;
    if (v.is_null(row)) return T{};
    return T{Cell<U>::load(v.data<typename Cell<U>::Stored>()[v.index(row)])};
  } else {
    return Cell<T>::load(v.data<typename Cell<T>::Stored>()[v.index(row)]);
  }
}

template <class R>
void store_cell(Vector& v, uint32_t row, const R& r) {
  if constexpr (IsOptional<R>::value) {
    using U = typename R::value_type;
    if (!r)
      v.set_null(row);
    else
      v.data<typename Cell<U>::Stored>()[row] = Cell<U>::store(*r);
  } else {
    v.data<typename Cell<R>::Stored>()[row] = Cell<R>::store(r);
  }
}

// The bytes of a value as what is stored for a C++ type; what is more than a number stays where it is.
template <class Stored>
decltype(auto) stored_in(const Value& v) {
  if constexpr (std::is_same_v<Stored, StringRef>)
    return (v.string);
  else if constexpr (std::is_same_v<Stored, Numeric>)
    return (v.numeric);
  else
    return v.get<Stored>();
}

template <class T>
decltype(auto) load_value(const Value& v) {
  if constexpr (IsOptional<T>::value) {
    using U = typename T::value_type;
    if (v.null) return T{};
    return T{Cell<U>::load(stored_in<typename Cell<U>::Stored>(v))};
  } else {
    using Stored = typename Cell<T>::Stored;
    if constexpr (std::is_same_v<T, Stored>)
      return stored_in<Stored>(v);
    else
      return Cell<T>::load(stored_in<Stored>(v));
  }
}

template <class R>
void store_value(Value& v, const R& r) {
  if constexpr (IsOptional<R>::value) {
    v.null = !r.has_value();
    if (r) store_value(v, *r);
  } else {
    const auto& stored = Cell<R>::store(r);
    if constexpr (sizeof(stored) <= sizeof(v.words[0])) {
      uint64_t word = 0;  // a whole word: it is read as one
      std::memcpy(&word, &stored, sizeof(stored));
      v.words[0] = word;
    } else {
      std::memcpy(v.words, &stored, sizeof(stored));
    }
  }
}

template <class F>
struct Signature : Signature<decltype(&F::operator())> {};
template <class C, class R, class... A>
struct Signature<R (C::*)(A...) const> {
  using Result = std::remove_cvref_t<R>;
  using Args = std::tuple<A...>;
  static constexpr size_t kArgs = sizeof...(A);
};

template <class... A>
constexpr bool takes_env(std::tuple<A...>*) {
  if constexpr (sizeof...(A) == 0)
    return false;
  else
    return std::is_same_v<std::tuple_element_t<sizeof...(A) - 1, std::tuple<A...>>, Env&>;
}

template <class T>
constexpr bool kCheap = std::is_arithmetic_v<T>;

template <class F>
struct ScalarKernel {
  using S = Signature<F>;
  using Args = typename S::Args;
  using R = typename S::Result;
  static constexpr bool kEnv = takes_env(static_cast<Args*>(nullptr));
  static constexpr size_t kArity = S::kArgs - (kEnv ? 1 : 0);
  template <size_t I>
  using Arg = std::remove_cvref_t<std::tuple_element_t<I, Args>>;

  static void run(KernelCall& call) {
    if constexpr (kArity == 2 && !kEnv && kCheap<R>) {
      if constexpr (kCheap<Arg<0>> && kCheap<Arg<1>>) return run_binary(call);
    }
    if constexpr (kArity == 1 && !kEnv && kCheap<R>) {
      if constexpr (kCheap<Arg<0>>) return run_unary(call);
    }
    Env env(call);
    run_general(call, env, std::make_index_sequence<kArity>());
  }

  static void run_one(ScalarCall& call) { run_one(call, std::make_index_sequence<kArity>()); }

 private:
  template <size_t... I>
  static void run_one(ScalarCall& call, std::index_sequence<I...>) {
    if constexpr (kEnv) {
      Env env(call.context, call.site);
      store_value<R>(call.result, F{}(load_value<Arg<I>>(*call.args[I])..., env));
    } else {
      store_value<R>(call.result, F{}(load_value<Arg<I>>(*call.args[I])...));
    }
  }

  template <size_t... I>
  static void run_general(KernelCall& call, Env& env, std::index_sequence<I...>) {
    for_each_row(call.rows, [&](uint32_t row) {
      if constexpr (kEnv)
        store_cell<R>(call.result, row, F{}(load_cell<Arg<I>>(*call.args[I], row)..., env));
      else
        store_cell<R>(call.result, row, F{}(load_cell<Arg<I>>(*call.args[I], row)...));
    });
    (void)env;
  }

  static void run_unary(KernelCall& call) {
    using A = Cell<Arg<0>>;
    const auto* __restrict a = call.args[0]->template data<typename A::Stored>();
    auto* __restrict out = call.result.template data<typename Cell<R>::Stored>();
    if (call.args[0]->is_constant()) {
      auto x = A::load(a[0]);
      for_each_row(call.rows, [&](uint32_t row) { out[row] = Cell<R>::store(F{}(x)); });
    } else {
      for_each_row(call.rows, [=](uint32_t row) { out[row] = Cell<R>::store(F{}(A::load(a[row]))); });
    }
  }

  static void run_binary(KernelCall& call) {
    using A = Cell<Arg<0>>;
    using B = Cell<Arg<1>>;
    const auto* __restrict a = call.args[0]->template data<typename A::Stored>();
    const auto* __restrict b = call.args[1]->template data<typename B::Stored>();
    auto* __restrict out = call.result.template data<typename Cell<R>::Stored>();
    if (call.args[1]->is_constant()) {
      auto y = B::load(b[0]);
      if (call.args[0]->is_constant()) {
        auto x = A::load(a[0]);
        for_each_row(call.rows, [=](uint32_t row) { out[row] = Cell<R>::store(F{}(x, y)); });
      } else {
        for_each_row(call.rows, [=](uint32_t row) { out[row] = Cell<R>::store(F{}(A::load(a[row]), y)); });
      }
    } else if (call.args[0]->is_constant()) {
      auto x = A::load(a[0]);
      for_each_row(call.rows, [=](uint32_t row) { out[row] = Cell<R>::store(F{}(x, B::load(b[row]))); });
    } else {
      for_each_row(call.rows,
                   [=](uint32_t row) { out[row] = Cell<R>::store(F{}(A::load(a[row]), B::load(b[row]))); });
    }
  }
};

// A kernel and the function of single values in it.
struct ScalarBinding {
  Kernel kernel;
  ScalarFunction one;
  constexpr operator Kernel() const { return kernel; }
};

template <class F>
constexpr ScalarBinding fn(F) {
  return {&ScalarKernel<F>::run, &ScalarKernel<F>::run_one};
}

// Aggregates, window and table functions are bound through the other constructors.
struct Binding {
  std::string_view signature;
  Kernel kernel = nullptr;
  ScalarFunction one = nullptr;
  const AggregateImpl* aggregate = nullptr;
  const WindowImpl* window = nullptr;
  const TableFunctionImpl* table = nullptr;

  constexpr Binding(std::string_view s, Kernel k) : signature(s), kernel(k) {}
  constexpr Binding(std::string_view s, ScalarBinding b) : signature(s), kernel(b.kernel), one(b.one) {}
  constexpr Binding(std::string_view s, const AggregateImpl* a) : signature(s), aggregate(a) {}
  constexpr Binding(std::string_view s, const WindowImpl* w) : signature(s), window(w) {}
  constexpr Binding(std::string_view s, const TableFunctionImpl* t) : signature(s), table(t) {}
};

using Bindings = std::span<const Binding>;
[[noreturn]] void throw_out_of_range(std::string_view type);  // 22003 "<type> out of range"
[[noreturn]] void throw_division_by_zero();

}  // namespace varve::functions
