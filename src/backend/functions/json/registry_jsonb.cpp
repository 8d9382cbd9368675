// jsonb: operators and functions.
#include <algorithm>
#include <fmt/format.h>

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

// --- -> and ->>
Maybe part(JsonbView v, uint32_t at, Env& env) {
  if (at == kNotFound) return std::nullopt;
  return env.keep(v.item_bytes(at));
}
Maybe text_of(JsonbView v, Env& env) {
  if (v.is_null()) return std::nullopt;
  append_jsonb_as_text(env.buffer, v);
  return env.keep();
}
// A scalar is taken for an array of one.
bool is_only_item(JsonbView v, int32_t index) { return !v.is_container() && (index == 0 || index == -1); }
Maybe part_text(JsonbView v, uint32_t at, Env& env) {
  if (at == kNotFound) return std::nullopt;
  return text_of(v.item(at), env);
}
uint32_t find_field(JsonbView v, Text key) { return v.is_object() ? v.find(key) : kNotFound; }
uint32_t find_item(JsonbView v, int32_t index) { return v.is_array() ? v.find_index(index) : kNotFound; }

// --- ?| and ?&
template <bool kAll>
bool has_keys(Text v, Text keys, Env& env) {
  JsonbView json(v);
  ArrayView view(keys);
  for (uint32_t i = 0; i < view.count(); ++i) {
    if (view.is_null(i)) continue;
    Value key = view.at(i, env.arena);
    if (jsonb_has_key(json, key.view()) != kAll) return !kAll;
  }
  return kAll;
}

// --- deletion
StringRef without_key(Text v, Text key, Env& env) {
  JsonbView json(v);
  if (!json.is_container()) refuse("cannot delete from scalar");
  if (json.is_object()) {
    std::vector<JsonPair> pairs;
    for (uint32_t i = 0; i < json.count(); ++i) {
      if (json.key(i) != key) pairs.emplace_back(json.key(i), json.item_bytes(i));
    }
    append_jsonb_object(env.buffer, pairs);
  } else {
    std::vector<Text> items;
    for (uint32_t i = 0; i < json.count(); ++i) {
      JsonbView item = json.item(i);
      if (!item.is_string() || item.string() != key) items.push_back(item.bytes());
    }
    append_jsonb_array(env.buffer, items);
  }
  return env.keep();
}
StringRef without_index(Text v, int32_t index, Env& env) {
  JsonbView json(v);
  if (!json.is_container()) refuse("cannot delete from scalar");
  if (json.is_object()) refuse("cannot delete from object using integer index");
  uint32_t at = json.find_index(index);
  std::vector<Text> items;
  for (uint32_t i = 0; i < json.count(); ++i) {
    if (i != at) items.push_back(json.item_bytes(i));
  }
  append_jsonb_array(env.buffer, items);
  return env.keep();
}
// `keys`: text[], or spread arguments.
void without_keys_kernel(KernelCall& call) {
  Env env(call);
  for_each_row(call.rows, [&](uint32_t row) {
    JsonbView json(load_cell<Text>(*call.args[0], row));
    if (!json.is_container()) refuse("cannot delete from scalar");
    std::vector<std::string> keys;
    if (call.site.arg_types[1] == type_oid::kTextArray) {
      ArrayView view(call.args[1]->at<StringRef>(row).view());
      if (view.dimensions() > 1)
        throw SqlError(sqlstate::kArraySubscriptError, "wrong number of array subscripts");
      for (uint32_t i = 0; i < view.count(); ++i) {
        if (view.is_null(i)) continue;
        Value key = view.at(i, env.arena);
        keys.emplace_back(key.view());
      }
    } else {
      for (size_t a = 1; a < call.args.size(); ++a) {
        if (!call.args[a]->is_null(row)) keys.emplace_back(load_cell<Text>(*call.args[a], row));
      }
    }
    auto wanted = [&](Text key) { return std::find(keys.begin(), keys.end(), key) == keys.end(); };
    std::vector<JsonPair> pairs;
    std::vector<Text> items;
    for (uint32_t i = 0; i < json.count(); ++i) {
      JsonbView item = json.item(i);
      if (json.is_object() && wanted(json.key(i))) pairs.emplace_back(json.key(i), item.bytes());
      if (json.is_array() && (!item.is_string() || wanted(item.string()))) items.push_back(item.bytes());
    }
    if (json.is_object())
      append_jsonb_object(env.buffer, pairs);
    else
      append_jsonb_array(env.buffer, items);
    store_cell<StringRef>(call.result, row, env.keep());
  });
}

// --- jsonb_set, jsonb_insert, #-
std::vector<JsonPathElement> path_of(Text array, Env& env) {
  ArrayView view(array);
  if (view.dimensions() > 1)
    throw SqlError(sqlstate::kArraySubscriptError, "wrong number of array subscripts");
  std::vector<JsonPathElement> path;
  for (uint32_t i = 0; i < view.count(); ++i) {
    if (view.is_null(i)) {
      path.push_back({{}, true});
      continue;
    }
    Value step = view.at(i, env.arena);
    path.push_back({env.arena.copy(step.view()), false});
  }
  return path;
}

StringRef set_path(Text v, Text path_array, Text replacement, bool create, Env& env) {
  JsonbView json(v);
  std::vector<JsonPathElement> path = path_of(path_array, env);
  if (!json.is_container()) refuse("cannot set path in scalar");
  if ((json.count() == 0 && !create) || path.empty()) return env.keep(v);
  JsonChange change;
  change.create_if_missing = create;
  append_jsonb_changed(env.buffer, json, path, replacement, change);
  return env.keep();
}
StringRef insert_path(Text v, Text path_array, Text replacement, bool after, Env& env) {
  JsonbView json(v);
  std::vector<JsonPathElement> path = path_of(path_array, env);
  if (!json.is_container()) refuse("cannot set path in scalar");
  if (path.empty()) return env.keep(v);
  JsonChange change;
  (after ? change.insert_after : change.insert_before) = true;
  append_jsonb_changed(env.buffer, json, path, replacement, change);
  return env.keep();
}
StringRef delete_path(Text v, Text path_array, Env& env) {
  JsonbView json(v);
  std::vector<JsonPathElement> path = path_of(path_array, env);
  if (!json.is_container()) refuse("cannot delete path in scalar");
  if (json.count() == 0 || path.empty()) return env.keep(v);
  JsonChange change;
  change.erase = true;
  append_jsonb_changed(env.buffer, json, path, {}, change);
  return env.keep();
}

template <bool kInsert>
void change_kernel(KernelCall& call) {
  Env env(call);
  for_each_row(call.rows, [&](uint32_t row) {
    Text v = load_cell<Text>(*call.args[0], row), path = load_cell<Text>(*call.args[1], row);
    Text replacement = load_cell<Text>(*call.args[2], row);
    bool flag = call.args.size() > 3 ? load_cell<bool>(*call.args[3], row) : !kInsert;
    store_cell<StringRef>(
        call.result, row,
        kInsert ? insert_path(v, path, replacement, flag, env) : set_path(v, path, replacement, flag, env));
  });
}

// jsonb_set_lax(target, path, new value [, create [, what to do with NULL]])
Maybe set_lax(const KernelCall& call, uint32_t row, Env& env) {
  auto null = [&](size_t a) { return call.args[a]->is_null(row); };
  if (null(0) || null(1) || (call.args.size() > 3 && null(3))) return std::nullopt;
  Text v = load_cell<Text>(*call.args[0], row), path = load_cell<Text>(*call.args[1], row);
  bool create = call.args.size() > 3 ? load_cell<bool>(*call.args[3], row) : true;
  if (call.args.size() > 4 && null(4)) {
    refuse(
        "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or "
        "\"raise_exception\"");
  }
  if (!null(2)) return set_path(v, path, load_cell<Text>(*call.args[2], row), create, env);
  Text treatment = call.args.size() > 4 ? load_cell<Text>(*call.args[4], row) : "use_json_null";
  if (treatment == "raise_exception") {
    throw SqlError(sqlstate::kNullValueNotAllowed, "JSON value must not be null")
        .detail("Exception was raised because null_value_treatment is \"raise_exception\".")
        .hint(
            "To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not "
            "passed.");
  }
  if (treatment == "use_json_null") return set_path(v, path, Text("\0", 1), create, env);
  if (treatment == "delete_key") return delete_path(v, path, env);
  if (treatment == "return_target") return env.keep(v);
  refuse(
      "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or "
      "\"raise_exception\"");
}
void set_lax_kernel(KernelCall& call) {
  Env env(call);
  for_each_row(call.rows,
               [&](uint32_t row) { store_cell<Maybe>(call.result, row, set_lax(call, row, env)); });
}

// --- casts
[[noreturn]] void cannot_cast(JsonbView v, Text to) {
  Text what = v.is_array() ? "array" : v.is_number() ? "numeric" : json_type_name(v.type());
  refuse(fmt::format("cannot cast jsonb {} to type {}", what, to));
}
Numeric number_of(Text bytes, Text to, Arena& arena) {
  JsonbView v(bytes);
  if (!v.is_number()) cannot_cast(v, to);
  return v.number(arena);
}

int compare(Text a, Text b) { return compare_jsonb(a, b); }

const Binding kBindings[] = {
    {"jsonb_eq(jsonb,jsonb)", fn([](Text a, Text b, Env&) { return a == b || compare(a, b) == 0; })},
    {"jsonb_ne(jsonb,jsonb)", fn([](Text a, Text b, Env&) { return a != b && compare(a, b) != 0; })},
    {"jsonb_lt(jsonb,jsonb)", fn([](Text a, Text b, Env&) { return compare(a, b) < 0; })},
    {"jsonb_le(jsonb,jsonb)", fn([](Text a, Text b, Env&) { return compare(a, b) <= 0; })},
    {"jsonb_gt(jsonb,jsonb)", fn([](Text a, Text b, Env&) { return compare(a, b) > 0; })},
    {"jsonb_ge(jsonb,jsonb)", fn([](Text a, Text b, Env&) { return compare(a, b) >= 0; })},
    {"jsonb_cmp(jsonb,jsonb)", fn([](Text a, Text b, Env&) -> int32_t { return compare(a, b); })},
    {"jsonb_contains(jsonb,jsonb)",
     fn([](Text a, Text b, Env&) { return jsonb_contains(JsonbView(a), JsonbView(b)); })},
    {"jsonb_contained(jsonb,jsonb)",
     fn([](Text a, Text b, Env&) { return jsonb_contains(JsonbView(b), JsonbView(a)); })},
    {"jsonb_exists(jsonb,text)", fn([](Text a, Text key, Env&) { return jsonb_has_key(JsonbView(a), key); })},
    {"jsonb_exists_any(jsonb,_text)",
     fn([](Text a, Text keys, Env& env) { return has_keys<false>(a, keys, env); })},
    {"jsonb_exists_all(jsonb,_text)",
     fn([](Text a, Text keys, Env& env) { return has_keys<true>(a, keys, env); })},
    {"jsonb_object_field(jsonb,text)", fn([](Text a, Text key, Env& env) {
       JsonbView v(a);
       return part(v, find_field(v, key), env);
     })},
    {"jsonb_object_field_text(jsonb,text)", fn([](Text a, Text key, Env& env) {
       JsonbView v(a);
       return part_text(v, find_field(v, key), env);
     })},
    {"jsonb_array_element(jsonb,int4)", fn([](Text a, int32_t index, Env& env) {
       JsonbView v(a);
       if (is_only_item(v, index)) return Maybe(env.keep(a));
       return part(v, find_item(v, index), env);
     })},
    {"jsonb_array_element_text(jsonb,int4)", fn([](Text a, int32_t index, Env& env) {
       JsonbView v(a);
       if (is_only_item(v, index)) return text_of(v, env);
       return part_text(v, find_item(v, index), env);
     })},
    {"jsonb_array_length(jsonb)", fn([](Text a, Env&) -> int32_t {
       JsonbView v(a);
       if (v.is_object()) refuse("cannot get array length of a non-array");
       if (!v.is_array()) refuse("cannot get array length of a scalar");
       return static_cast<int32_t>(v.count());
     })},
    {"jsonb_typeof(jsonb)", fn([](Text a, Env&) -> Text { return json_type_name(JsonbView(a).type()); })},
    {"jsonb_pretty(jsonb)", fn([](Text a, Env& env) {
       append_jsonb_pretty(env.buffer, JsonbView(a));
       return env.keep();
     })},
    {"jsonb_strip_nulls(jsonb)", fn([](Text a, Env& env) {
       append_jsonb_without_nulls(env.buffer, JsonbView(a));
       return env.keep();
     })},
    {"jsonb_concat(jsonb,jsonb)", fn([](Text a, Text b, Env& env) {
       append_jsonb_concatenated(env.buffer, JsonbView(a), JsonbView(b));
       return env.keep();
     })},
    {"jsonb_delete(jsonb,text)", fn([](Text a, Text key, Env& env) { return without_key(a, key, env); })},
    {"jsonb_delete(jsonb,int4)",
     fn([](Text a, int32_t index, Env& env) { return without_index(a, index, env); })},
    {"jsonb_delete(jsonb,_text)", without_keys_kernel},
    {"jsonb_delete_path(jsonb,_text)",
     fn([](Text a, Text path, Env& env) { return delete_path(a, path, env); })},
    {"jsonb_set(jsonb,_text,jsonb,bool)", change_kernel<false>},
    {"jsonb_insert(jsonb,_text,jsonb,bool)", change_kernel<true>},
    {"jsonb_set_lax(jsonb,_text,jsonb,bool,text)", set_lax_kernel},
    {"bool(jsonb)", fn([](Text a, Env&) -> bool {
       JsonbView v(a);
       if (!v.is_bool()) cannot_cast(v, "boolean");
       return v.type() == JsonType::kTrue;
     })},
    {"numeric(jsonb)", fn([](Text a, Env& env) { return number_of(a, "numeric", env.arena); })},
    {"int2(jsonb)",
     fn([](Text a, Env& env) -> int16_t { return types::to_int16(number_of(a, "smallint", env.arena)); })},
    {"int4(jsonb)",
     fn([](Text a, Env& env) -> int32_t { return types::to_int32(number_of(a, "integer", env.arena)); })},
    {"int8(jsonb)",
     fn([](Text a, Env& env) -> int64_t { return types::to_int64(number_of(a, "bigint", env.arena)); })},
    {"float4(jsonb)",
     fn([](Text a, Env& env) -> float { return types::to_float4(number_of(a, "real", env.arena)); })},
    {"float8(jsonb)", fn([](Text a, Env& env) -> double {
       return types::to_float8(number_of(a, "double precision", env.arena));
     })},
};

}  // namespace

Bindings jsonb_bindings() { return kBindings; }

}  // namespace varve::functions
