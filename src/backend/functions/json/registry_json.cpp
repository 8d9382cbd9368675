// json: operators and functions on JSON kept as text.
#include "functions/array.h"
#include "functions/type_oids.h"
#include "json_text.h"
#include "kernel.h"

namespace varve::functions {

namespace {

using Text = std::string_view;
using Maybe = std::optional<StringRef>;

[[noreturn]] void refuse(std::string message) {
  throw SqlError(sqlstate::kInvalidParameterValue, std::move(message));
}

// The part at `at` as the operators show it: its text, or for ->> what it says.
Maybe part(const JsonTape& tape, uint32_t at, bool as_text, Env& env) {
  if (at == kNotFound) return std::nullopt;
  if (!as_text) return env.keep(tape.raw(at));
  if (tape.node(at).type == JsonType::kNull) return std::nullopt;
  if (tape.node(at).type != JsonType::kString) return env.keep(tape.raw(at));
  Text s = tape.string(at, env.buffer);
  StringRef kept = env.keep(s);
  env.buffer.clear();
  return kept;
}

template <bool kAsText>
void field_kernel(KernelCall& call) {
  Env env(call);
  JsonTape tape;
  for_each_row(call.rows, [&](uint32_t row) {
    tape.parse(load_cell<Text>(*call.args[0], row), true);
    uint32_t at = tape.root().type == JsonType::kObject
                      ? tape.find_field(0, load_cell<Text>(*call.args[1], row))
                      : kNotFound;
    store_cell<Maybe>(call.result, row, part(tape, at, kAsText, env));
  });
}
template <bool kAsText>
void element_kernel(KernelCall& call) {
  Env env(call);
  JsonTape tape;
  for_each_row(call.rows, [&](uint32_t row) {
    tape.parse(load_cell<Text>(*call.args[0], row), true);
    uint32_t at = tape.root().type == JsonType::kArray
                      ? tape.find_item(0, load_cell<int32_t>(*call.args[1], row))
                      : kNotFound;
    store_cell<Maybe>(call.result, row, part(tape, at, kAsText, env));
  });
}

// A path's element as an array index; false if it is no integer.
bool parse_index(Text text, int64_t* index) {
  size_t at = 0;
  while (at < text.size() && (text[at] == ' ' || (text[at] >= '\t' && text[at] <= '\r'))) ++at;
  bool negative = at < text.size() && text[at] == '-';
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  if (at >= text.size()) return false;
  int64_t v = 0;
  for (; at < text.size(); ++at) {
    if (text[at] < '0' || text[at] > '9') return false;
    v = v * 10 + (text[at] - '0');
    if (v > INT32_MAX) return false;
  }
  *index = negative ? -v : v;
  return true;
}

uint32_t follow(const JsonTape& tape, const std::vector<JsonPathElement>& path) {
  uint32_t at = 0;
  for (const JsonPathElement& step : path) {
    int64_t index;
    if (tape.node(at).type == JsonType::kObject)
      at = tape.find_field(at, step.text);
    else if (tape.node(at).type == JsonType::kArray && parse_index(step.text, &index))
      at = tape.find_item(at, index);
    else
      return kNotFound;
    if (at == kNotFound) return kNotFound;
  }
  return at;
}
// As follow(), of jsonb. False if there is nothing.
bool follow(JsonbView& v, const std::vector<JsonPathElement>& path) {
  for (const JsonPathElement& step : path) {
    int64_t index;
    uint32_t at = kNotFound;
    if (v.is_object())
      at = v.find(step.text);
    else if (v.is_array() && parse_index(step.text, &index))
      at = v.find_index(index);
    if (at == kNotFound) return false;
    v = v.item(at);
  }
  return true;
}

template <bool kBinary, bool kAsText>
void path_kernel(KernelCall& call) {
  Env env(call);
  JsonTape tape;
  for_each_row(call.rows, [&](uint32_t row) {
    std::vector<JsonPathElement> path;
    if (!json_path_argument(call, 1, row, path)) return call.result.set_null(row);
    if constexpr (kBinary) {
      JsonbView v(load_cell<Text>(*call.args[0], row));
      if (!follow(v, path)) return call.result.set_null(row);
      if (!kAsText) return store_cell<StringRef>(call.result, row, env.keep(v.bytes()));
      if (v.is_null()) return call.result.set_null(row);
      append_jsonb_as_text(env.buffer, v);
      store_cell<StringRef>(call.result, row, env.keep());
    } else {
      tape.parse(load_cell<Text>(*call.args[0], row), true);
      store_cell<Maybe>(call.result, row, part(tape, follow(tape, path), kAsText, env));
    }
  });
}

// --- json_strip_nulls
void append_without_nulls(const JsonTape& tape, uint32_t at, std::string& out) {
  const JsonNode& n = tape.node(at);
  std::string buffer;
  switch (n.type) {
    case JsonType::kString:
      append_json_string(out, tape.string(at, buffer));
      return;
    case JsonType::kArray:
    case JsonType::kObject:
      break;
    default:
      out += tape.raw(at);
      return;
  }
  bool object = n.type == JsonType::kObject, first = true;
  out += object ? '{' : '[';
  uint32_t child = at + 1;
  for (uint32_t i = 0; i < n.count; ++i) {
    uint32_t value = object ? child + 1 : child;
    if (!object || tape.node(value).type != JsonType::kNull) {
      if (!first) out += ',';
      first = false;
      if (object) {
        append_json_string(out, tape.string(child, buffer));
        out += ':';
      }
      append_without_nulls(tape, value, out);
    }
    child = tape.node(value).next;
  }
  out += object ? '}' : ']';
}

const Binding kBindings[] = {
    {"json_object_field(json,text)", field_kernel<false>},
    {"json_object_field_text(json,text)", field_kernel<true>},
    {"json_array_element(json,int4)", element_kernel<false>},
    {"json_array_element_text(json,int4)", element_kernel<true>},
    {"json_extract_path(json,_text)", path_kernel<false, false>},
    {"json_extract_path_text(json,_text)", path_kernel<false, true>},
    {"jsonb_extract_path(jsonb,_text)", path_kernel<true, false>},
    {"jsonb_extract_path_text(jsonb,_text)", path_kernel<true, true>},
    {"json_array_length(json)", fn([](Text json, Env&) -> int32_t {
       JsonTape tape;
       tape.parse(json, false);
       if (tape.root().type == JsonType::kObject) refuse("cannot get array length of a non-array");
       if (tape.root().type != JsonType::kArray) refuse("cannot get array length of a scalar");
       return static_cast<int32_t>(tape.root().count);
     })},
    {"json_typeof(json)", fn([](Text json, Env&) -> Text {
       JsonTape tape;
       tape.parse(json, false);
       return json_type_name(tape.root().type);
     })},
    {"json_strip_nulls(json)", fn([](Text json, Env& env) {
       JsonTape tape;
       tape.parse(json, true);
       append_without_nulls(tape, 0, env.buffer);
       return env.keep();
     })},
};

}  // namespace

bool json_path_argument(const KernelCall& call, size_t first, uint32_t row,
                        std::vector<JsonPathElement>& path) {
  Arena& arena = *call.context.memory;
  if (call.args.size() > first && call.site.arg_types[first] == type_oid::kTextArray) {
    ArrayView view(call.args[first]->at<StringRef>(row).view());
    for (uint32_t i = 0; i < view.count(); ++i) {
      if (view.is_null(i)) return false;
      Value v = view.at(i, arena);
      path.push_back({v.string.is_inline() ? arena.copy(v.string.view()) : v.string.view(), false});
    }
    return true;
  }
  for (size_t a = first; a < call.args.size(); ++a) {
    if (call.args[a]->is_null(row)) return false;
    path.push_back({call.args[a]->at<StringRef>(row).view(), false});
  }
  return true;
}

Bindings json_bindings() { return kBindings; }

}  // namespace varve::functions
