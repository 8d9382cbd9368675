// Functions that take JSON apart into rows: json[b]_array_elements, json[b]_each, json[b]_object_keys.
#include <algorithm>
#include <unordered_set>

#include "functions/type_oids.h"
#include "json_text.h"
#include "kernel.h"

namespace varve::functions {

namespace {

using vector::kChunkRows;
using Text = std::string_view;

enum class What : uint8_t { kElements, kEach, kKeys };

[[noreturn]] void refuse(std::string message) {
  throw SqlError(sqlstate::kInvalidParameterValue, std::move(message));
}

struct Row {
  Text key, value;
  bool null;
};
struct State {
  std::span<Row> rows;
  size_t at = 0;
};

constexpr Text function_name(What what, bool binary, bool as_text) {
  switch (what) {
    case What::kElements:
      return binary ? (as_text ? "jsonb_array_elements_text" : "jsonb_array_elements")
                    : (as_text ? "json_array_elements_text" : "json_array_elements");
    case What::kEach:
      return binary ? (as_text ? "jsonb_each_text" : "jsonb_each")
                    : (as_text ? "json_each_text" : "json_each");
    case What::kKeys:
      return binary ? "jsonb_object_keys" : "json_object_keys";
  }
  return "";
}

// The messages differ between the functions, as they do in PostgreSQL.
void check_shape(What what, bool binary, bool as_text, JsonType type) {
  bool scalar = type != JsonType::kArray && type != JsonType::kObject;
  std::string name(function_name(what, binary, as_text));
  switch (what) {
    case What::kElements:
      if (type == JsonType::kArray) return;
      if (scalar)
        refuse(binary ? "cannot extract elements from a scalar" : "cannot call " + name + " on a scalar");
      refuse(binary ? "cannot extract elements from an object" : "cannot call " + name + " on a non-array");
    case What::kEach:
      if (type == JsonType::kObject) return;
      if (binary) refuse("cannot call " + name + " on a non-object");
      refuse(scalar ? "cannot deconstruct a scalar" : "cannot deconstruct an array as an object");
    case What::kKeys:
      if (type == JsonType::kObject) return;
      refuse("cannot call " + name + (scalar ? " on a scalar" : " on an array"));
  }
}

std::vector<Row> rows_of_jsonb(What what, bool as_text, Text bytes, Arena& memory) {
  JsonbView v(bytes);
  check_shape(what, true, as_text, v.type());
  std::vector<Row> rows;
  std::string buffer;
  for (uint32_t i = 0; i < v.count(); ++i) {
    Row row{};
    if (v.is_object()) row.key = v.key(i);
    JsonbView item = v.item(i);
    row.value = item.bytes();
    row.null = as_text && item.is_null();
    if (as_text && item.is_string()) {
      row.value = item.string();
    } else if (as_text && what != What::kKeys) {
      buffer.clear();
      append_jsonb_text(buffer, item);
      row.value = memory.copy(buffer);
    }
    rows.push_back(row);
  }
  return rows;
}

std::vector<Row> rows_of_json(What what, bool as_text, Text text, Arena& memory) {
  JsonTape tape;
  tape.parse(text, what != What::kElements || as_text);
  check_shape(what, false, as_text, tape.root().type);
  std::vector<Row> rows;
  std::string buffer;
  bool object = tape.root().type == JsonType::kObject;
  uint32_t child = 1;
  for (uint32_t i = 0; i < tape.root().count; ++i) {
    uint32_t value = object ? child + 1 : child;
    const JsonNode& n = tape.node(value);
    Row row{};
    if (object) row.key = memory.copy(tape.string(child, buffer));
    row.value = tape.raw(value);
    row.null = as_text && n.type == JsonType::kNull;
    if (as_text && n.type == JsonType::kString) row.value = memory.copy(tape.string(value, buffer));
    rows.push_back(row);
    child = n.next;
  }
  return rows;
}

template <What kWhat, bool kBinary, bool kAsText>
void* open_rows(EvalContext&, const CallSite&, std::span<const Value> args, Arena& memory) {
  auto* state = memory.make<State>();
  if (args[0].null) return state;
  Text value = memory.copy(args[0].string.view());
  std::vector<Row> rows =
      kBinary ? rows_of_jsonb(kWhat, kAsText, value, memory) : rows_of_json(kWhat, kAsText, value, memory);
  state->rows = memory.copy(rows);
  return state;
}

template <What kWhat>
void next_rows(EvalContext&, void* opaque, Chunk& out) {
  auto& s = *static_cast<State*>(opaque);
  uint32_t n = 0;
  for (; n < kChunkRows && s.at < s.rows.size(); ++n, ++s.at) {
    const Row& row = s.rows[s.at];
    uint32_t column = 0;
    if (kWhat != What::kElements) out.column(column++).set_value(n, Value::of_string(row.key));
    if (kWhat == What::kKeys) continue;
    if (row.null)
      out.column(column).set_null(n);
    else
      out.column(column).set_value(n, Value::of_string(row.value));
  }
  out.set_dense(n);
}

constexpr std::string_view kPairNames[] = {"key", "value"};
constexpr Oid kJsonPair[] = {type_oid::kText, type_oid::kJson};
constexpr Oid kJsonbPair[] = {type_oid::kText, type_oid::kJsonb};
constexpr Oid kTextPair[] = {type_oid::kText, type_oid::kText};
constexpr std::string_view kValueName[] = {"value"};
constexpr Oid kJsonOne[] = {type_oid::kJson};
constexpr Oid kJsonbOne[] = {type_oid::kJsonb};
constexpr Oid kTextOne[] = {type_oid::kText};

template <What kWhat, bool kBinary, bool kAsText>
constexpr TableFunctionImpl make(std::span<const Oid> types, std::span<const std::string_view> names) {
  return {open_rows<kWhat, kBinary, kAsText>, next_rows<kWhat>, types, names};
}

constexpr TableFunctionImpl kJsonElements = make<What::kElements, false, false>(kJsonOne, kValueName);
constexpr TableFunctionImpl kJsonElementsText = make<What::kElements, false, true>(kTextOne, kValueName);
constexpr TableFunctionImpl kJsonbElements = make<What::kElements, true, false>(kJsonbOne, kValueName);
constexpr TableFunctionImpl kJsonbElementsText = make<What::kElements, true, true>(kTextOne, kValueName);
constexpr TableFunctionImpl kJsonEach = make<What::kEach, false, false>(kJsonPair, kPairNames);
constexpr TableFunctionImpl kJsonEachText = make<What::kEach, false, true>(kTextPair, kPairNames);
constexpr TableFunctionImpl kJsonbEach = make<What::kEach, true, false>(kJsonbPair, kPairNames);
constexpr TableFunctionImpl kJsonbEachText = make<What::kEach, true, true>(kTextPair, kPairNames);
constexpr TableFunctionImpl kJsonKeys = make<What::kKeys, false, false>({}, {});
constexpr TableFunctionImpl kJsonbKeys = make<What::kKeys, true, false>({}, {});

const Binding kBindings[] = {
    {"json_array_elements(json)", &kJsonElements},
    {"json_array_elements_text(json)", &kJsonElementsText},
    {"jsonb_array_elements(jsonb)", &kJsonbElements},
    {"jsonb_array_elements_text(jsonb)", &kJsonbElementsText},
    {"json_each(json)", &kJsonEach},
    {"json_each_text(json)", &kJsonEachText},
    {"jsonb_each(jsonb)", &kJsonbEach},
    {"jsonb_each_text(jsonb)", &kJsonbEachText},
    {"json_object_keys(json)", &kJsonKeys},
    {"jsonb_object_keys(jsonb)", &kJsonbKeys},
};

}  // namespace

Bindings json_rows_bindings() { return kBindings; }

}  // namespace varve::functions
