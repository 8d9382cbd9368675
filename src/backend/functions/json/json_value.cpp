#include "json_value.h"

#include "functions/array.h"
#include "functions/record.h"
#include "functions/type_oids.h"
#include "json_text.h"
#include "kernel.h"
#include "types/datetime.h"
#include "zone.h"

namespace varve::functions {

namespace {

// A number that JSON can write; NaN and infinities have an "n" in them.
bool is_json_number(std::string_view s) { return s.find_first_of("nN") == std::string_view::npos; }

// ISO 8601 with a T, whatever DateStyle says.
void append_moment(JsonCategory category, const Value& v, std::string& out, EvalContext& context) {
  types::FormatSettings iso = *context.format;
  iso.date_style = types::DateStyle::kIso;
  if (category == JsonCategory::kDate) {
    types::append_date(out, v.int32, iso);
    return;
  }
  size_t start = out.size();
  if (category == JsonCategory::kTimestamp)
    types::append_timestamp(out, v.int64, iso);
  else
    types::append_timestamptz(out, v.int64, iso);
  if (!types::is_finite_timestamp(v.int64)) return;
  size_t blank = out.find(' ', start);
  if (blank == std::string::npos) return;
  out[blank] = 'T';
  if (category != JsonCategory::kTimestamptz) return;
  // The offset always has its minutes.
  size_t sign = out.find_last_of("+-"), end = out.find(' ', blank);
  if (end == std::string::npos) end = out.size();
  if (sign != std::string::npos && end - sign == 3) out.insert(end, ":00");
}

bool is_moment(JsonCategory c) {
  return c == JsonCategory::kDate || c == JsonCategory::kTimestamp || c == JsonCategory::kTimestamptz;
}

struct ArrayWriter {
  const ArrayView& view;
  Oid type;
  std::string& out;
  EvalContext& context;
  uint32_t at = 0;

  void dimension(int d, bool line_feeds) {
    out += '[';
    for (int32_t i = 0; i < view.dimension(d).length; ++i) {
      if (i > 0) out += line_feeds ? ",\n " : ",";
      if (d + 1 < view.dimensions()) {
        dimension(d + 1, false);
        continue;
      }
      if (view.is_null(at))
        out += "null";
      else
        append_value_as_json(type, view.at(at, *context.memory), out, context);
      ++at;
    }
    out += ']';
  }
  void dimension_jsonb(int d) {
    std::vector<std::string> parts;
    for (int32_t i = 0; i < view.dimension(d).length; ++i) {
      std::string part;
      if (d + 1 < view.dimensions()) {
        ArrayWriter inner{view, type, part, context, at};
        inner.dimension_jsonb(d + 1);
        at = inner.at;
      } else {
        if (view.is_null(at))
          append_jsonb_null(part);
        else
          append_value_as_jsonb(type, view.at(at, *context.memory), part, context);
        ++at;
      }
      parts.push_back(std::move(part));
    }
    append_jsonb_array(out, {parts.begin(), parts.end()});
  }
};

void append_record_as_json(std::string_view bytes, std::string& out, EvalContext& context, bool line_feeds) {
  RecordView record(bytes);
  out += '{';
  for (uint32_t i = 0; i < record.count(); ++i) {
    if (i > 0) out += line_feeds ? ",\n " : ",";
    append_json_string(out, record.field_name(i));
    out += ':';
    if (record.is_null(i))
      out += "null";
    else
      append_value_as_json(record.field_type(i), record.at(i, *context.memory), out, context);
  }
  out += '}';
}
void append_record_as_jsonb(std::string_view bytes, std::string& out, EvalContext& context) {
  RecordView record(bytes);
  std::vector<std::string> names(record.count()), values(record.count());
  std::vector<JsonPair> pairs;
  for (uint32_t i = 0; i < record.count(); ++i) {
    names[i] = record.field_name(i);
    if (record.is_null(i))
      append_jsonb_null(values[i]);
    else
      append_value_as_jsonb(record.field_type(i), record.at(i, *context.memory), values[i], context);
    pairs.emplace_back(names[i], values[i]);
  }
  append_jsonb_object(out, pairs);
}

}  // namespace

JsonCategory json_category(Oid type) {
  switch (type.value()) {
    case type_oid::kBool.value():
      return JsonCategory::kBool;
    case type_oid::kInt2.value():
    case type_oid::kInt4.value():
    case type_oid::kInt8.value():
    case type_oid::kFloat4.value():
    case type_oid::kFloat8.value():
    case type_oid::kNumeric.value():
      return JsonCategory::kNumber;
    case type_oid::kDate.value():
      return JsonCategory::kDate;
    case type_oid::kTimestamp.value():
      return JsonCategory::kTimestamp;
    case type_oid::kTimestamptz.value():
      return JsonCategory::kTimestamptz;
    case type_oid::kJson.value():
      return JsonCategory::kJson;
    case type_oid::kJsonb.value():
      return JsonCategory::kJsonb;
    default:
      break;
  }
  const TypeInfo* info = type_by_oid(type);
  if (info == nullptr) return JsonCategory::kOther;
  if (type == type_oid::kRecordArray || (info->category == 'A' && info->element_type != kInvalidOid))
    return JsonCategory::kArray;
  return info->kind == 'c' || type == type_oid::kRecord ? JsonCategory::kComposite : JsonCategory::kOther;
}

void append_value_as_json(Oid type, const Value& v, std::string& out, EvalContext& context, bool line_feeds) {
  JsonCategory category = json_category(type);
  switch (category) {
    case JsonCategory::kBool:
      out += v.boolean != 0 ? "true" : "false";
      return;
    case JsonCategory::kNumber: {
      size_t start = out.size();
      append_value(type, v, out, context);
      if (is_json_number(std::string_view(out).substr(start))) return;
      out.insert(start, 1, '"');
      out += '"';
      return;
    }
    case JsonCategory::kDate:
    case JsonCategory::kTimestamp:
    case JsonCategory::kTimestamptz:
      out += '"';
      append_moment(category, v, out, context);
      out += '"';
      return;
    case JsonCategory::kJson:
      out += v.view();
      return;
    case JsonCategory::kJsonb:
      append_jsonb_text(out, JsonbView(v.view()));
      return;
    case JsonCategory::kArray: {
      ArrayView view(v.view());
      if (view.dimensions() == 0) {
        out += "[]";
        return;
      }
      ArrayWriter{view, view.element_type(), out, context}.dimension(0, line_feeds);
      return;
    }
    case JsonCategory::kComposite:
      append_record_as_json(v.view(), out, context, line_feeds);
      return;
    case JsonCategory::kOther: {
      std::string text;
      append_value(type, v, text, context);
      append_json_string(out, text);
      return;
    }
  }
}

void append_value_as_jsonb(Oid type, const Value& v, std::string& out, EvalContext& context) {
  JsonCategory category = json_category(type);
  switch (category) {
    case JsonCategory::kBool:
      append_jsonb_bool(out, v.boolean != 0);
      return;
    case JsonCategory::kNumber: {
      if (type == type_oid::kInt2) return append_jsonb_number(out, Numeric(int64_t{v.int16}));
      if (type == type_oid::kInt4) return append_jsonb_number(out, Numeric(int64_t{v.int32}));
      if (type == type_oid::kInt8) return append_jsonb_number(out, Numeric(v.int64));
      if (type == type_oid::kNumeric && v.numeric.is_finite()) return append_jsonb_number(out, v.numeric);
      std::string text;
      append_value(type, v, text, context);
      if (!is_json_number(text)) return append_jsonb_string(out, text);
      Arena arena;
      append_jsonb_number(out, types::parse_numeric(text, arena));
      return;
    }
    case JsonCategory::kJson:
      append_json_as_jsonb(out, v.view());
      return;
    case JsonCategory::kJsonb:
      out += v.view();
      return;
    case JsonCategory::kArray: {
      ArrayView view(v.view());
      if (view.dimensions() == 0)
        append_jsonb_array(out, {});
      else
        ArrayWriter{view, view.element_type(), out, context}.dimension_jsonb(0);
      return;
    }
    case JsonCategory::kComposite:
      append_record_as_jsonb(v.view(), out, context);
      return;
    default: {
      std::string text;
      if (is_moment(category))
        append_moment(category, v, text, context);
      else
        append_value(type, v, text, context);
      append_jsonb_string(out, text);
      return;
    }
  }
}

void append_value_as_key(Oid type, const Value& v, std::string& out, EvalContext& context) {
  JsonCategory category = json_category(type);
  switch (category) {
    case JsonCategory::kBool:
      out += v.boolean != 0 ? "true" : "false";
      return;
    case JsonCategory::kJson:
    case JsonCategory::kJsonb:
    case JsonCategory::kArray:
    case JsonCategory::kComposite:
      throw SqlError(sqlstate::kInvalidParameterValue,
                     "key value must be scalar, not array, composite, or json");
    case JsonCategory::kDate:
    case JsonCategory::kTimestamp:
    case JsonCategory::kTimestamptz:
      append_moment(category, v, out, context);
      return;
    default:
      append_value(type, v, out, context);
      return;
  }
}

}  // namespace varve::functions
