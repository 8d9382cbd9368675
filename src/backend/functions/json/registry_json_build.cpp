// json[b]_build_*, json[b]_object, to_json[b], array_to_json.
#include <deque>
#include <fmt/format.h>

#include "any_args.h"
#include "functions/array.h"
#include "functions/type_oids.h"
#include "json_text.h"
#include "json_value.h"
#include "kernel.h"

namespace varve::functions {

namespace {

using Text = std::string_view;

[[noreturn]] void refuse(std::string message, std::string hint = "") {
  SqlError error(sqlstate::kInvalidParameterValue, std::move(message));
  if (!hint.empty()) error.hint(std::move(hint));
  throw error;
}

void append_json_item(AnyArgs& args, size_t i, std::string& out) {
  if (args.null(i))
    out += "null";
  else
    append_value_as_json(args.type(i), args.value(i), out, args.context());
}
void append_jsonb_item(AnyArgs& args, size_t i, std::string& out) {
  if (args.null(i))
    append_jsonb_null(out);
  else
    append_value_as_jsonb(args.type(i), args.value(i), out, args.context());
}

void check_pairs(const AnyArgs& args, Text function) {
  if (args.count() % 2 == 0) return;
  refuse("argument list must have even number of elements",
         fmt::format("The arguments of {}() must consist of alternating keys and values.", function));
}

void json_array(AnyArgs& args, std::string& out) {
  out += '[';
  for (size_t i = 0; i < args.count(); ++i) {
    if (i > 0) out += ", ";
    append_json_item(args, i, out);
  }
  out += ']';
}
void json_object(AnyArgs& args, std::string& out) {
  check_pairs(args, "json_build_object");
  std::string key;
  out += '{';
  for (size_t i = 0; i < args.count(); i += 2) {
    if (i > 0) out += ", ";
    if (args.null(i)) refuse(fmt::format("argument {} cannot be null", i + 1), "Object keys should be text.");
    key.clear();
    append_value_as_key(args.type(i), args.value(i), key, args.context());
    append_json_string(out, key);
    out += " : ";
    append_json_item(args, i + 1, out);
  }
  out += '}';
}
void jsonb_array(AnyArgs& args, std::string& out) {
  std::vector<std::string> items(args.count());
  for (size_t i = 0; i < args.count(); ++i) append_jsonb_item(args, i, items[i]);
  append_jsonb_array(out, {items.begin(), items.end()});
}
void jsonb_object(AnyArgs& args, std::string& out) {
  check_pairs(args, "jsonb_build_object");
  std::vector<std::string> parts(args.count());
  std::vector<JsonPair> pairs;
  for (size_t i = 0; i < args.count(); i += 2) {
    if (args.null(i)) refuse(fmt::format("argument {}: key must not be null", i + 1));
    append_value_as_key(args.type(i), args.value(i), parts[i], args.context());
    append_jsonb_item(args, i + 1, parts[i + 1]);
    pairs.emplace_back(parts[i], parts[i + 1]);
  }
  append_jsonb_object(out, pairs);
}

template <void (*kBuild)(AnyArgs&, std::string&)>
void build_kernel(KernelCall& call) {
  Env env(call);
  for_each_row(call.rows, [&](uint32_t row) {
    AnyArgs args(call, row);
    if (args.null_array()) return call.result.set_null(row);
    kBuild(args, env.buffer);
    store_cell<StringRef>(call.result, row, env.keep());
  });
}

// --- to_json, array_to_json, row_to_json
template <bool kBinary>
void convert_kernel(KernelCall& call) {
  Env env(call);
  Oid type = call.site.arg_types[0];
  for_each_row(call.rows, [&](uint32_t row) {
    bool lines = call.args.size() > 1 && load_cell<bool>(*call.args[1], row);
    Value v = call.args[0]->value(row);
    if (kBinary)
      append_value_as_jsonb(type, v, env.buffer, call.context);
    else
      append_value_as_json(type, v, env.buffer, call.context, lines);
    store_cell<StringRef>(call.result, row, env.keep());
  });
}

// --- json_object(text[]), json_object(keys text[], values text[])
struct TextPairs {
  std::vector<std::string> keys;
  std::vector<std::optional<std::string>> values;
};

std::string key_at(const ArrayView& view, uint32_t i, Arena& arena) {
  if (view.is_null(i))
    throw SqlError(sqlstate::kNullValueNotAllowed, "null value not allowed for object key");
  Value v = view.at(i, arena);
  return std::string(v.view());
}
std::optional<std::string> value_at(const ArrayView& view, uint32_t i, Arena& arena) {
  if (view.is_null(i)) return std::nullopt;
  Value v = view.at(i, arena);
  return std::string(v.view());
}

TextPairs pairs_of(Text array, Arena& arena) {
  ArrayView view(array);
  auto bad = [](const char* message) { throw SqlError(sqlstate::kArraySubscriptError, message); };
  if (view.dimensions() == 1 && view.count() % 2 != 0) bad("array must have even number of elements");
  if (view.dimensions() == 2 && view.dimension(1).length != 2) bad("array must have two columns");
  if (view.dimensions() > 2) bad("wrong number of array subscripts");
  TextPairs pairs;
  for (uint32_t i = 0; i + 1 < view.count(); i += 2) {
    pairs.keys.push_back(key_at(view, i, arena));
    pairs.values.push_back(value_at(view, i + 1, arena));
  }
  return pairs;
}
TextPairs pairs_of(Text keys, Text values, Arena& arena) {
  ArrayView k(keys), v(values);
  if (k.dimensions() > 1 || k.dimensions() != v.dimensions()) {
    throw SqlError(sqlstate::kArraySubscriptError, "wrong number of array subscripts");
  }
  if (k.count() != v.count()) throw SqlError(sqlstate::kArraySubscriptError, "mismatched array dimensions");
  TextPairs pairs;
  for (uint32_t i = 0; i < k.count(); ++i) {
    pairs.keys.push_back(key_at(k, i, arena));
    pairs.values.push_back(value_at(v, i, arena));
  }
  return pairs;
}

StringRef object_text(const TextPairs& pairs, Env& env) {
  env.buffer += '{';
  for (size_t i = 0; i < pairs.keys.size(); ++i) {
    if (i > 0) env.buffer += ", ";
    append_json_string(env.buffer, pairs.keys[i]);
    env.buffer += " : ";
    if (pairs.values[i])
      append_json_string(env.buffer, *pairs.values[i]);
    else
      env.buffer += "null";
  }
  env.buffer += '}';
  return env.keep();
}
StringRef object_binary(const TextPairs& pairs, Env& env) {
  std::vector<std::string> values(pairs.keys.size());
  std::vector<JsonPair> parts;
  for (size_t i = 0; i < pairs.keys.size(); ++i) {
    if (pairs.values[i])
      append_jsonb_string(values[i], *pairs.values[i]);
    else
      append_jsonb_null(values[i]);
    parts.emplace_back(pairs.keys[i], values[i]);
  }
  append_jsonb_object(env.buffer, parts);
  return env.keep();
}

const Binding kBindings[] = {
    {"json_build_array()", build_kernel<json_array>},
    {"json_build_array(any)", build_kernel<json_array>},
    {"json_build_object()", build_kernel<json_object>},
    {"json_build_object(any)", build_kernel<json_object>},
    {"jsonb_build_array()", build_kernel<jsonb_array>},
    {"jsonb_build_array(any)", build_kernel<jsonb_array>},
    {"jsonb_build_object()", build_kernel<jsonb_object>},
    {"jsonb_build_object(any)", build_kernel<jsonb_object>},
    {"to_json(anyelement)", convert_kernel<false>},
    {"to_jsonb(anyelement)", convert_kernel<true>},
    {"row_to_json(record)", convert_kernel<false>},
    {"row_to_json(record,bool)", convert_kernel<false>},
    {"array_to_json(anyarray)", convert_kernel<false>},
    {"array_to_json(anyarray,bool)", convert_kernel<false>},
    {"json_object(_text)", fn([](Text a, Env& env) { return object_text(pairs_of(a, env.arena), env); })},
    {"json_object(_text,_text)",
     fn([](Text k, Text v, Env& env) { return object_text(pairs_of(k, v, env.arena), env); })},
    {"jsonb_object(_text)", fn([](Text a, Env& env) { return object_binary(pairs_of(a, env.arena), env); })},
    {"jsonb_object(_text,_text)",
     fn([](Text k, Text v, Env& env) { return object_binary(pairs_of(k, v, env.arena), env); })},
};

}  // namespace

Bindings json_build_bindings() { return kBindings; }

}  // namespace varve::functions
