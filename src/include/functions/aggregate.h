// How an aggregate is written: a class with a State and what to do with it.
//
//   struct SumInt4 {
//     struct State { int64_t sum = 0; bool any = false; };
//     using Arg = int32_t;
//     static void step(State&, const Arg&, Arena&);
//     static void merge(State&, const State&, Arena&);                        // optional
//     using Transition = …;   // optional: the class that step() and merge() are inherited from
//     // optional: step() of many rows at once, and of several columns
//     static void step_rows(State&, const Vector&, const Selection&, Arena&);
//     static void step_groups(const Vector&, const Selection&, void* const* states, Arena&);
//     static void step_abreast(std::span<const Vector* const>, const Selection&, std::span<void* const>,
//                              Arena&);
//     static void result(const State&, Result& out);
//   };
//   const AggregateImpl kSumInt4 = aggregate<SumInt4>();
#pragma once

#include <new>

#include "functions/kernel.h"

namespace varve::functions {

struct Result {
  AggregateCall& call;
  Vector& vector;
  uint32_t row;

  Arena& arena() { return *call.context.memory; }
  void null() { vector.set_null(row); }
  template <class T>
  void set(const T& v) {
    vector.data<typename Cell<T>::Stored>()[row] = Cell<T>::store(v);
    vector.set_valid(row);
  }
};

template <class D>
struct AggregateAdapter {
  using State = typename D::State;
  using Arg = typename D::Arg;

  static void init(void* state) { new (state) State(); }
  static void update(AggregateCall&, std::span<const Vector* const> args, const Selection& rows,
                     void* const* states, Arena& memory) {
    const Vector& v = *args[0];
    if constexpr (requires { &D::step_groups; }) return D::step_groups(v, rows, states, memory);
    for_each_row(rows, [&](uint32_t row) {
      D::step(*static_cast<State*>(states[row]), load_cell<Arg>(v, row), memory);
    });
  }
  static void update_one(AggregateCall&, std::span<const Vector* const> args, const Selection& rows,
                         void* state, Arena& memory) {
    auto& s = *static_cast<State*>(state);
    const Vector& v = *args[0];
    if constexpr (requires { &D::step_rows; }) return D::step_rows(s, v, rows, memory);
    if (v.is_constant()) {
      for (uint32_t i = 0; i < rows.count; ++i) D::step(s, load_cell<Arg>(v, 0), memory);
      return;
    }
    const auto* data = v.data<typename Cell<Arg>::Stored>();
    if constexpr (std::is_trivially_copyable_v<State> && sizeof(State) <= 64) {
      State in_registers = s;
      for_each_row(rows, [&](uint32_t row) { D::step(in_registers, Cell<Arg>::load(data[row]), memory); });
      s = in_registers;
    } else {
      for_each_row(rows, [&](uint32_t row) { D::step(s, Cell<Arg>::load(data[row]), memory); });
    }
  }
  static void combine(AggregateCall&, void* into, const void* from, Arena& memory) {
    if constexpr (requires { &D::merge; }) {
      D::merge(*static_cast<State*>(into), *static_cast<const State*>(from), memory);
    }
  }
  static void finalize(AggregateCall& call, const void* state, Vector& result, uint32_t row) {
    Result out{call, result, row};
    D::result(*static_cast<const State*>(state), out);
  }
  static void destroy(void* state) { static_cast<State*>(state)->~State(); }
};

// Names a transition by its address.
template <class T>
inline constexpr char kTransition = 0;

template <class D>
constexpr AggregateImpl aggregate() {
  using A = AggregateAdapter<D>;
  AggregateImpl impl{};
  impl.state_bytes = sizeof(typename D::State);
  impl.state_alignment = alignof(typename D::State);
  impl.init = A::init;
  impl.update = A::update;
  impl.update_one = A::update_one;
  if constexpr (requires { &D::merge; }) impl.combine = A::combine;
  if constexpr (requires { D::step_abreast; }) impl.update_abreast = D::step_abreast;
  if constexpr (requires { typename D::Transition; }) impl.transition = &kTransition<typename D::Transition>;
  impl.finalize = A::finalize;
  if constexpr (!std::is_trivially_destructible_v<typename D::State>) impl.destroy = A::destroy;
  return impl;
}
template <class D>
inline constexpr AggregateImpl kAggregate = aggregate<D>();

}  // namespace varve::functions
