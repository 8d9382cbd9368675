// Aggregates that keep their input: string_agg and array_agg.
#include "aggregate.h"
#include "functions/array.h"
#include "functions/type_oids.h"
#include "xml/xml_value.h"

namespace varve::functions {

namespace {

// --- string_agg: grows by doubling in the arena of the states.
struct Joined {
  char* bytes = nullptr;
  size_t size = 0, capacity = 0;
  bool any = false;

  void append(std::string_view s, Arena& memory) {
    if (size + s.size() > capacity) {
      size_t grown = std::max<size_t>(64, std::max(size + s.size(), capacity * 2));
      auto* moved = static_cast<char*>(memory.allocate(grown, 1));
      if (size > 0) std::memcpy(moved, bytes, size);
      bytes = moved;
      capacity = grown;
    }
    if (!s.empty()) std::memcpy(bytes + size, s.data(), s.size());
    size += s.size();
  }
};

struct StringAgg {
  static void init(void* state) { new (state) Joined(); }
  static void step(Joined& s, std::span<const Vector* const> args, uint32_t row, Arena& memory) {
    if (args[0]->is_null(row)) return;
    if (s.any && !args[1]->is_null(row)) s.append(args[1]->at<StringRef>(row).view(), memory);
    s.append(args[0]->at<StringRef>(row).view(), memory);
    s.any = true;
  }
  static void update(AggregateCall&, std::span<const Vector* const> args, const Selection& rows,
                     void* const* states, Arena& memory) {
    for_each_row(rows, [&](uint32_t row) { step(*static_cast<Joined*>(states[row]), args, row, memory); });
  }
  static void update_one(AggregateCall&, std::span<const Vector* const> args, const Selection& rows,
                         void* state, Arena& memory) {
    for_each_row(rows, [&](uint32_t row) { step(*static_cast<Joined*>(state), args, row, memory); });
  }
  static void finalize(AggregateCall& call, const void* state, Vector& result, uint32_t row) {
    const auto& s = *static_cast<const Joined*>(state);
    Result out{call, result, row};
    if (!s.any) return out.null();
    std::string_view joined(s.bytes, s.size);
    out.set(StringRef(joined.size() <= StringRef::kInlineBytes ? joined : out.arena().copy(joined)));
  }
};
// The order of the input shows in the result, so there is no combining of partial results.
constexpr AggregateImpl kStringAgg{sizeof(Joined),
                                   alignof(Joined),
                                   StringAgg::init,
                                   StringAgg::update,
                                   StringAgg::update_one,
                                   nullptr,
                                   StringAgg::finalize,
                                   nullptr,
                                   false};

// --- xmlagg: as xmlconcat of what there is so far and the next one
struct XmlAgg {
  static void step(Joined& s, std::span<const Vector* const> args, uint32_t row, Arena& memory) {
    if (args[0]->is_null(row)) return;
    StringRef value = args[0]->at<StringRef>(row);
    std::string_view so_far(s.bytes, s.size);
    bool plain = !so_far.starts_with("<?xml") && !value.view().starts_with("<?xml");
    if (!s.any || plain) {
      s.append(value.view(), memory);
    } else {
      const std::string_view parts[] = {so_far, value.view()};
      std::string joined;
      join_xml(joined, parts);
      s.size = 0;
      s.append(joined, memory);
    }
    s.any = true;
  }
  static void update(AggregateCall&, std::span<const Vector* const> args, const Selection& rows,
                     void* const* states, Arena& memory) {
    for_each_row(rows, [&](uint32_t row) { step(*static_cast<Joined*>(states[row]), args, row, memory); });
  }
  static void update_one(AggregateCall&, std::span<const Vector* const> args, const Selection& rows,
                         void* state, Arena& memory) {
    for_each_row(rows, [&](uint32_t row) { step(*static_cast<Joined*>(state), args, row, memory); });
  }
};
constexpr AggregateImpl kXmlAgg{
    sizeof(Joined), alignof(Joined),     StringAgg::init, XmlAgg::update, XmlAgg::update_one,
    nullptr,        StringAgg::finalize, nullptr,         false};

// --- array_agg
struct Collected {
  Value* items = nullptr;
  uint32_t count = 0, capacity = 0;

  void append(const Value& v, Arena& memory) {
    if (count == capacity) {
      uint32_t grown = std::max<uint32_t>(8, capacity * 2);
      auto* moved = memory.make_array<Value>(grown);
      if (count > 0) std::memcpy(static_cast<void*>(moved), items, count * sizeof(Value));
      items = moved;
      capacity = grown;
    }
    items[count++] = types::copy_value(v, memory);
  }
};

template <bool kOfArrays>
struct ArrayAgg {
  static void init(void* state) { new (state) Collected(); }
  static void step(Collected& s, const Vector& arg, uint32_t row, Arena& memory) {
    if (kOfArrays && arg.is_null(row)) {
      throw SqlError(sqlstate::kNullValueNotAllowed, "cannot accumulate null arrays");
    }
    s.append(arg.value(row), memory);
  }
  static void update(AggregateCall&, std::span<const Vector* const> args, const Selection& rows,
                     void* const* states, Arena& memory) {
    for_each_row(rows,
                 [&](uint32_t row) { step(*static_cast<Collected*>(states[row]), *args[0], row, memory); });
  }
  static void update_one(AggregateCall&, std::span<const Vector* const> args, const Selection& rows,
                         void* state, Arena& memory) {
    for_each_row(rows, [&](uint32_t row) { step(*static_cast<Collected*>(state), *args[0], row, memory); });
  }
  static void finalize(AggregateCall& call, const void* state, Vector& result, uint32_t row) {
    const auto& s = *static_cast<const Collected*>(state);
    Result out{call, result, row};
    if (s.count == 0) return out.null();
    std::span<const Value> items(s.items, s.count);
    if constexpr (kOfArrays) {
      Oid element = ArrayView(items[0].string.view()).element_type();
      for (const Value& v : items) {
        if (ArrayView(v.string.view()).count() == 0) {
          throw SqlError(sqlstate::kArraySubscriptError, "cannot accumulate empty arrays");
        }
      }
      out.set(make_array_of_arrays(element, items, out.arena()));
    } else {
      out.set(make_array(call.site.arg_types[0], items, out.arena()));
    }
  }
};
template <bool kOfArrays>
constexpr AggregateImpl kArrayAgg{sizeof(Collected),
                                  alignof(Collected),
                                  ArrayAgg<kOfArrays>::init,
                                  ArrayAgg<kOfArrays>::update,
                                  ArrayAgg<kOfArrays>::update_one,
                                  nullptr,
                                  ArrayAgg<kOfArrays>::finalize,
                                  nullptr,
                                  false};

const Binding kBindings[] = {
    {"xmlagg(xml)", &kXmlAgg},
    {"string_agg(text,text)", &kStringAgg},
    {"string_agg(bytea,bytea)", &kStringAgg},
    {"array_agg(anynonarray)", &kArrayAgg<false>},
    {"array_agg(anyarray)", &kArrayAgg<true>},
};

}  // namespace

Bindings collect_bindings() { return kBindings; }

}  // namespace varve::functions
