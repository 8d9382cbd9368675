// A lambda over geometric values as a kernel: g([](const Point& a, const Box& b) { … }).
#pragma once

#include <cstring>

#include "geometry.h"
#include "kernel.h"

namespace varve::functions {

template <class T>
struct ShapeCell {  // bool, int32_t, double
  static T load(const Vector& v, uint32_t row) { return load_cell<T>(v, row); }
  static void store(Vector& v, uint32_t row, const T& r, Env&) { store_cell<T>(v, row, r); }
};
template <class T>
requires std::is_trivially_copyable_v<T> && std::is_class_v<T>
struct ShapeCell<T> {
  static T load(const Vector& v, uint32_t row) {
    T r;
    std::memcpy(&r, v.data<StringRef>()[v.index(row)].data(), sizeof(T));
    return r;
  }
  static void store(Vector& v, uint32_t row, const T& r, Env& env) {
    v.data<StringRef>()[row] = env.keep({reinterpret_cast<const char*>(&r), sizeof(T)});
  }
};
template <>
struct ShapeCell<Path> {
  static Path load(const Vector& v, uint32_t row) {
    StringRef s = v.data<StringRef>()[v.index(row)];
    return {s.view()[0] != 0, read_points(s.view().substr(1))};
  }
  static void store(Vector& v, uint32_t row, const Path& r, Env& env) {
    env.buffer += r.closed ? '\1' : '\0';
    append_points(env.buffer, r.points);
    v.data<StringRef>()[row] = env.keep();
  }
};
template <>
struct ShapeCell<Polygon> {
  static Polygon load(const Vector& v, uint32_t row) {
    StringRef s = v.data<StringRef>()[v.index(row)];
    return {read_points(s.view())};
  }
  static void store(Vector& v, uint32_t row, const Polygon& r, Env& env) {
    append_points(env.buffer, r.points);
    v.data<StringRef>()[row] = env.keep();
  }
};

template <class F>
struct ShapeKernel {
  using S = Signature<F>;
  using R = typename S::Result;
  template <size_t I>
  using Arg = std::remove_cvref_t<std::tuple_element_t<I, typename S::Args>>;

  static void run(KernelCall& call) {
    Env env(call);
    run_rows(call, env, std::make_index_sequence<S::kArgs>());
  }

 private:
  template <size_t... I>
  static void run_rows(KernelCall& call, Env& env, std::index_sequence<I...>) {
    for_each_row(call.rows, [&](uint32_t row) {
      R r = F{}(ShapeCell<Arg<I>>::load(*call.args[I], row)...);
      if constexpr (IsOptional<R>::value) {
        if (!r)
          call.result.set_null(row);
        else
          ShapeCell<typename R::value_type>::store(call.result, row, *r, env);
      } else {
        ShapeCell<R>::store(call.result, row, r, env);
      }
    });
  }
};

template <class F>
constexpr Kernel g(F) {
  return &ShapeKernel<F>::run;
}

}  // namespace varve::functions
