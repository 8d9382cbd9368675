// first(value, by) and last(value, by): the value of the row that is first in the order of another column.
#include <cstdlib>
#include <fmt/format.h>

#include "bindings.h"
#include "common/sql_error.h"
#include "functions/extension.h"

namespace varve::hyperfunctions {

using functions::AggregateCall;
using functions::AggregateImpl;
using functions::Binding;
using types::PhysicalType;
using types::Value;
using vector::Selection;
using vector::Vector;

namespace {

// A value whose long bytes lie in a buffer that is used again, so that a state does not grow by every row
// that takes the lead.
struct Kept {
  Value value;
  char* buffer = nullptr;
  size_t capacity = 0;

  void set(const Value& v, Arena& memory) {
    value = v;
    if (v.null) return;
    if (v.type == PhysicalType::kNumeric) {
      value.numeric = types::copy(v.numeric, memory);
    } else if (v.type == PhysicalType::kString && v.view().size() > types::StringRef::kInlineBytes) {
      std::string_view bytes = v.view();
      if (bytes.size() > capacity) {
        std::free(buffer);
        capacity = bytes.size() * 2;
        buffer = static_cast<char*>(std::malloc(capacity));
        if (buffer == nullptr) throw SqlError(sqlstate::kOutOfMemory, "out of memory");
      }
      std::memcpy(buffer, bytes.data(), bytes.size());
      value.string = types::StringRef(std::string_view(buffer, bytes.size()));
    }
  }
  void free() { std::free(buffer); }
};

struct State {
  bool any = false;
  Kept value, by;
};

// The order of the second argument's type, with the element's for arrays.
functions::CompareFunction order_of(const AggregateCall& call, bool first) {
  Oid type = call.site.arg_types[1];
  Oid element = type;
  const functions::TypeInfo* info = functions::type_by_oid(type);
  if (info != nullptr && info->category == 'A' && info->element_type != kInvalidOid)
    element = info->element_type;
  functions::CompareFunction compare = functions::compare_function(type);
  if (compare == nullptr || functions::less_operator(element) == nullptr) {
    throw SqlError(sqlstate::kUndefinedFunction,
                   fmt::format("could not find a {} operator for type {}", first ? "<" : ">",
                               functions::format_type(type, -1)));
  }
  return compare;
}

template <bool kFirst>
struct Bookend {
  static void init(void* state) { new (state) State(); }
  static void destroy(void* state) {
    auto& s = *static_cast<State*>(state);
    s.value.free();
    s.by.free();
  }

  // Ties stay with the row that came first.
  static bool leads(int comparison) { return kFirst ? comparison < 0 : comparison > 0; }

  static void take(State& s, std::span<const Vector* const> args, uint32_t row, Arena& memory) {
    s.any = true;
    s.value.set(args[0]->value(row), memory);
    s.by.set(args[1]->value(row), memory);
  }

  template <class GetState>
  static void run(AggregateCall& call, std::span<const Vector* const> args, const Selection& rows,
                  GetState&& state_of, Arena& memory) {
    functions::CompareFunction compare = order_of(call, kFirst);
    const Vector& by = *args[1];
    if (by.type() == PhysicalType::kInt64) {  // times, mostly
      vector::for_each_row(rows, [&](uint32_t row) {
        if (by.is_null(row)) return;
        State& s = state_of(row);
        int64_t v = by.at<int64_t>(row);
        if (!s.any || (kFirst ? v < s.by.value.int64 : v > s.by.value.int64)) take(s, args, row, memory);
      });
      return;
    }
    size_t width = types::physical_width(by.type());
    vector::for_each_row(rows, [&](uint32_t row) {
      if (by.is_null(row)) return;
      State& s = state_of(row);
      if (!s.any || leads(compare(by.raw() + by.index(row) * width, s.by.value.bytes(), call.site.collation)))
        take(s, args, row, memory);
    });
  }

  static void update(AggregateCall& call, std::span<const Vector* const> args, const Selection& rows,
                     void* const* states, Arena& memory) {
    run(
        call, args, rows, [&](uint32_t row) -> State& { return *static_cast<State*>(states[row]); }, memory);
  }
  static void update_one(AggregateCall& call, std::span<const Vector* const> args, const Selection& rows,
                         void* state, Arena& memory) {
    run(
        call, args, rows, [&](uint32_t) -> State& { return *static_cast<State*>(state); }, memory);
  }

  static void combine(AggregateCall& call, void* into, const void* from, Arena& memory) {
    auto& a = *static_cast<State*>(into);
    const auto& b = *static_cast<const State*>(from);
    if (!b.any) return;
    bool takes =
        !a.any || leads(order_of(call, kFirst)(b.by.value.bytes(), a.by.value.bytes(), call.site.collation));
    if (!takes) return;
    a.any = true;
    a.value.set(b.value.value, memory);
    a.by.set(b.by.value, memory);
  }

  static void finalize(AggregateCall& call, const void* state, Vector& result, uint32_t row) {
    const auto& s = *static_cast<const State*>(state);
    if (!s.any || s.value.value.null)
      result.set_null(row);
    else
      result.set_value(row, types::copy_value(s.value.value, *call.context.memory));
  }

  static constexpr AggregateImpl kImpl{sizeof(State), alignof(State), init,    update, update_one,
                                       combine,       finalize,       destroy, false};
};

const Binding kBindings[] = {
    {"ts_first_sfunc(internal,anyelement,any):internal", &Bookend<true>::kImpl},
    {"ts_last_sfunc(internal,anyelement,any):internal", &Bookend<false>::kImpl},
    {"ts_bookend_finalfunc(internal,anyelement,any):anyelement", functions::aggregate_only_kernel},
};

}  // namespace

std::span<const Binding> bookend_bindings() { return kBindings; }

}  // namespace varve::hyperfunctions
