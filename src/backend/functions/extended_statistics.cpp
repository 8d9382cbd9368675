#include "functions/extended_statistics.h"

#include <fmt/format.h>

#include "common/bytes.h"
#include "common/sql_error.h"
#include "functions/array.h"
#include "functions/type_oids.h"
#include "kernel.h"
#include "value_rows.h"

namespace varve::functions {
namespace {

template <class T>
void append_raw(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Reads from the front. The bytes are the server's own: too few of them are corruption.
class RawReader {
 public:
  explicit RawReader(std::string_view bytes) : rest_(bytes) {}
  template <class T>
  T take() {
    return load_raw<T>(take_bytes(sizeof(T)).data());
  }
  std::string_view take_bytes(size_t n) {
    if (n > rest_.size()) throw SqlError(sqlstate::kDataCorrupted, "a statistics value is cut off");
    std::string_view bytes = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return bytes;
  }

 private:
  std::string_view rest_;
};

// `last`: what stands before the last attribute.
std::string attributes_text(const std::vector<int16_t>& attributes, std::string_view last) {
  std::string text;
  for (size_t i = 0; i < attributes.size(); ++i) {
    if (i > 0) text += i + 1 == attributes.size() ? last : std::string_view(", ");
    text += fmt::format("{}", attributes[i]);
  }
  return text;
}

}  // namespace

std::string attribute_groups_bytes(std::span<const AttributeGroup> groups) {
  std::string bytes;
  append_raw(bytes, static_cast<uint32_t>(groups.size()));
  for (const AttributeGroup& g : groups) {
    append_raw(bytes, g.number);
    append_raw(bytes, static_cast<uint16_t>(g.attributes.size()));
    for (int16_t a : g.attributes) append_raw(bytes, a);
  }
  return bytes;
}

std::vector<AttributeGroup> read_attribute_groups(std::string_view bytes) {
  std::vector<AttributeGroup> groups;
  RawReader reader(bytes);
  for (auto n = reader.take<uint32_t>(); n > 0; --n) {
    AttributeGroup& g = groups.emplace_back();
    g.number = reader.take<double>();
    for (auto k = reader.take<uint16_t>(); k > 0; --k) g.attributes.push_back(reader.take<int16_t>());
  }
  return groups;
}

void append_ndistinct_text(std::string& out, std::string_view bytes) {
  std::string_view separator = "{";
  for (const AttributeGroup& g : read_attribute_groups(bytes)) {
    out += fmt::format("{}\"{}\": {}", separator, attributes_text(g.attributes, ", "),
                       static_cast<int32_t>(g.number));
    separator = ", ";
  }
  out += separator == "{" ? "{}" : "}";
}

void append_dependencies_text(std::string& out, std::string_view bytes) {
  std::string_view separator = "{";
  for (const AttributeGroup& g : read_attribute_groups(bytes)) {
    out += fmt::format("{}\"{}\": {:.6f}", separator, attributes_text(g.attributes, " => "), g.number);
    separator = ", ";
  }
  out += separator == "{" ? "{}" : "}";
}

std::string common_combinations_bytes(const CommonCombinations& common) {
  std::string bytes;
  append_raw(bytes, static_cast<uint32_t>(common.size()));
  for (size_t i = 0; i < common.size(); ++i) {
    append_raw(bytes, common.frequencies[i]);
    append_raw(bytes, common.base_frequencies[i]);
  }
  append_raw(bytes, static_cast<uint32_t>(common.dimensions.size()));
  for (const CommonCombinations::Dimension& d : common.dimensions) {
    std::string array;
    append_array_bytes(array, d.type, d.values);
    append_raw(bytes, static_cast<uint32_t>(array.size()));
    bytes += array;
  }
  return bytes;
}

CommonCombinations read_common_combinations(std::string_view bytes, Arena& memory) {
  CommonCombinations common;
  RawReader reader(bytes);
  for (auto items = reader.take<uint32_t>(); items > 0; --items) {
    common.frequencies.push_back(reader.take<double>());
    common.base_frequencies.push_back(reader.take<double>());
  }
  for (auto dimensions = reader.take<uint32_t>(); dimensions > 0; --dimensions) {
    const auto size = reader.take<uint32_t>();
    ArrayView array(reader.take_bytes(size));
    CommonCombinations::Dimension& d = common.dimensions.emplace_back();
    d.type = array.element_type();
    for (uint32_t i = 0; i < array.count(); ++i) d.values.push_back(array.at(i, memory));
  }
  return common;
}

// --- pg_mcv_list_items(pg_mcv_list)

namespace {

void* open_items(EvalContext& context, const CallSite&, std::span<const Value> args, Arena& memory) {
  RowBuilder rows(memory);
  CommonCombinations common = read_common_combinations(args[0].view(), memory);
  std::string text;
  for (size_t i = 0; i < common.size(); ++i) {
    std::vector<Value> values, nulls;
    for (const CommonCombinations::Dimension& d : common.dimensions) {
      const Value& v = d.values[i];
      nulls.push_back(Value::of_bool(v.null));
      text.clear();
      if (!v.null) append_value(d.type, v, text, context);
      values.push_back(v.null ? Value::null_of(types::PhysicalType::kString)
                              : Value::of_string(memory.copy(text)));
    }
    rows.int4(static_cast<int32_t>(i));
    rows.add(Value::of_string(make_array(type_oid::kText, values, memory)));
    rows.add(Value::of_string(make_array(type_oid::kBool, nulls, memory)));
    rows.add(Value::of_float64(common.frequencies[i])).add(Value::of_float64(common.base_frequencies[i]));
  }
  return rows.finish();
}

constexpr TableFunctionImpl kItems{open_items, next_value_rows};
const Binding kBindings[] = {{"pg_mcv_list_items(pg_mcv_list)", &kItems}};

}  // namespace

Bindings extended_statistics_bindings() { return kBindings; }

}  // namespace varve::functions
