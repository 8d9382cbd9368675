// json[b]_populate_record: a row value from a JSON object.
#include <fmt/format.h>

#include "functions/array.h"
#include "functions/record.h"
#include "functions/type_oids.h"
#include "json_text.h"
#include "kept_rows.h"
#include "kernel.h"

namespace varve::functions {

namespace {

using Text = std::string_view;

// Builds SQL values from the nodes of a tape.
class Populator {
 public:
  Populator(const JsonTape& tape, EvalContext& context)
      : tape_(tape), context_(context), arena_(*context.memory) {}

  // `base` empty: fields that the object has not are NULL.
  Value record(const TypeInfo& type, uint32_t object, Text base) {
    std::vector<Oid> types;
    std::vector<Value> values;
    for (uint32_t i = 0; i < type.fields.size(); ++i) {
      const CompositeField& f = type.fields[i];
      types.push_back(f.type);
      uint32_t at = tape_.find_field(object, f.name);
      if (at != kNotFound) {
        values.push_back(value(f.type, f.typmod, at, f.name));
      } else if (!base.empty() && !RecordView(base).is_null(i)) {
        values.push_back(RecordView(base).at(i, arena_));
      } else {
        values.push_back(Value::null_of(physical_type_of(f.type)));
      }
    }
    return Value::of_string(make_record(type.oid, 0, types, values, arena_));
  }

 private:
  Value value(Oid type, int32_t typmod, uint32_t at, Text key) {
    const TypeInfo* info = type_by_oid(type);
    JsonType json = tape_.node(at).type;
    if (json == JsonType::kNull) return Value::null_of(info->physical);
    if (type == type_oid::kJson) return Value::of_string(arena_.copy(tape_.raw(at)));
    if (type == type_oid::kJsonb) {
      std::string bytes;
      tape_.append_jsonb(bytes, at);
      return Value::of_string(arena_.copy(bytes));
    }
    if (json != JsonType::kString && info->category == 'A' && info->element_type != kInvalidOid) {
      return array(*info, typmod, at, key);
    }
    if (json != JsonType::kString && info->kind == 'c') {
      if (json != JsonType::kObject) {
        throw SqlError(sqlstate::kInvalidParameterValue,
                       fmt::format("cannot call populate_composite on {}",
                                   json == JsonType::kArray ? "an array" : "a scalar"));
      }
      return record(*info, at, {});
    }
    std::string buffer;
    Text text = json == JsonType::kString ? tape_.string(at, buffer) : tape_.raw(at);
    return parse_value(type, typmod, arena_.copy(text), context_);
  }

  [[noreturn]] void refuse_array(Text key) {
    throw SqlError(sqlstate::kInvalidTextRepresentation, "expected JSON array")
        .hint(fmt::format("See the value of key \"{}\".", key));
  }
  Value array(const TypeInfo& type, int32_t typmod, uint32_t at, Text key) {
    if (tape_.node(at).type != JsonType::kArray) refuse_array(key);
    std::vector<ArrayDimension> dims;
    for (uint32_t n = at; tape_.node(n).type == JsonType::kArray; ++n) {
      dims.push_back({static_cast<int32_t>(tape_.node(n).count), 1});
      if (tape_.node(n).count == 0 || dims.size() == kMaxArrayDimensions) break;
    }
    std::vector<Value> items;
    if (dims.back().length > 0)
      add_items(type.element_type, typmod, at, key, dims, 0, items);
    else
      dims.clear();
    return Value::of_string(make_array(type.element_type, items, arena_, dims));
  }
  void add_items(Oid element, int32_t typmod, uint32_t at, Text key, const std::vector<ArrayDimension>& dims,
                 size_t depth, std::vector<Value>& items) {
    if (tape_.node(at).type != JsonType::kArray) refuse_array(key);
    if (tape_.node(at).count != static_cast<uint32_t>(dims[depth].length)) {
      throw SqlError(sqlstate::kInvalidTextRepresentation, "malformed JSON array")
          .detail("Multidimensional arrays must have sub-arrays with matching dimensions.");
    }
    uint32_t child = at + 1;
    for (int32_t i = 0; i < dims[depth].length; ++i) {
      if (depth + 1 < dims.size())
        add_items(element, typmod, child, key, dims, depth + 1, items);
      else
        items.push_back(value(element, typmod, child, key));
      child = tape_.node(child).next;
    }
  }

  const JsonTape& tape_;
  EvalContext& context_;
  Arena& arena_;
};

[[noreturn]] void throw_unknown_row(Text function) {
  throw SqlError(sqlstate::kFeatureNotSupported,
                 fmt::format("could not determine row type for result of {}", function))
      .hint(
          "Provide a non-null record argument, or call the function in the FROM clause using a column "
          "definition list.");
}

// A ROW(…) says itself what its fields are.
Value populate_plain(Populator populator, Text base, Arena& arena) {
  RecordView view(base);
  std::vector<std::string> names;
  std::vector<std::string_view> shape;
  std::vector<CompositeField> fields;
  for (uint32_t i = 0; i < view.count(); ++i) names.push_back(view.field_name(i));
  for (uint32_t i = 0; i < view.count(); ++i) {
    shape.emplace_back(names[i]);
    fields.push_back({names[i], view.field_type(i), -1, kInvalidOid});
  }
  TypeInfo row = *type_by_oid(type_oid::kRecord);
  row.fields = fields;
  const Value record = populator.record(row, 0, base);
  RecordView made(record.view());
  std::vector<Oid> types;
  std::vector<Value> values;
  for (uint32_t i = 0; i < made.count(); ++i) {
    types.push_back(made.field_type(i));
    values.push_back(made.at(i, arena));
  }
  return Value::of_string(make_record(type_oid::kRecord, record_shape(shape), types, values, arena));
}

template <bool kBinary>
void populate_kernel(KernelCall& call) {
  const char* name = kBinary ? "jsonb_populate_record" : "json_populate_record";
  const TypeInfo* type = type_by_oid(call.site.arg_types[0]);
  const bool plain = type != nullptr && type->oid == type_oid::kRecord;
  if (!plain && (type == nullptr || type->kind != 'c')) {
    throw SqlError(sqlstate::kDatatypeMismatch, fmt::format("first argument of {} must be a row type", name));
  }
  JsonTape tape;
  for_each_row(call.rows, [&](uint32_t row) {
    bool no_base = call.args[0]->is_null(row);
    if (plain && no_base) throw_unknown_row(name);
    if (call.args[1]->is_null(row)) {
      if (no_base)
        call.result.set_null(row);
      else
        call.result.set_value(row, call.args[0]->value(row));
      return;
    }
    Text json = load_cell<Text>(*call.args[1], row);
    std::string text;
    if (kBinary) {
      append_jsonb_text(text, JsonbView(json));
      json = text;
    }
    tape.parse(json, true);
    if (tape.root().type != JsonType::kObject) {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     fmt::format("cannot call populate_composite on {}",
                                 tape.root().type == JsonType::kArray ? "an array" : "a scalar"));
    }
    Text base = no_base ? Text() : load_cell<Text>(*call.args[0], row);
    if (plain)
      call.result.set_value(row, populate_plain(Populator(tape, call.context), base, *call.context.memory));
    else
      call.result.set_value(row, Populator(tape, call.context).record(*type, 0, base));
  });
}

// --- json[b]_to_record(set) and json[b]_populate_recordset, in FROM. The analyzer gives the call a function
// of its own whose table has the columns: site.routine.
bool is_set(Text name) { return name.ends_with("recordset"); }

// The row given is of the columns that the query says.
void check_base(const RecordView& base, std::span<const CompositeField> fields) {
  auto refuse = [](std::string detail) {
    throw SqlError(sqlstate::kDatatypeMismatch,
                   "function return row and query-specified return row do not match")
        .detail(std::move(detail));
  };
  if (base.count() != fields.size()) {
    refuse(fmt::format("Returned row contains {} attribute{}, but query expects {}.", base.count(),
                       base.count() == 1 ? "" : "s", fields.size()));
  }
  for (uint32_t i = 0; i < base.count(); ++i) {
    if (base.field_type(i) == fields[i].type) continue;
    refuse(fmt::format("Returned type {} at ordinal position {}, but query expects {}.",
                       format_type(base.field_type(i), -1), i + 1, format_type(fields[i].type, -1)));
  }
}

void* open_records(EvalContext& context, const CallSite& site, std::span<const Value> args, Arena& memory) {
  if (site.routine == nullptr) throw_not_supported("a set of JSON records outside of FROM");
  auto* state = memory.make<KeptRows>();
  const Function& f = *site.routine;
  bool populate = f.name.find("populate") != Text::npos;
  const Value& json = args[populate ? 1 : 0];
  if (json.null) return state;
  EvalContext kept = context;
  kept.memory = &memory;
  std::string text;
  if (f.name.starts_with("jsonb"))
    append_jsonb_text(text, JsonbView(json.view()));
  else
    text = json.view();
  JsonTape tape;
  tape.parse(memory.copy(text), true);
  std::vector<CompositeField> fields;
  for (size_t i = 0; i < f.table->column_types.size(); ++i) {
    fields.push_back({f.table->column_names[i], f.table->column_types[i], -1, kInvalidOid});
  }
  TypeInfo row = *type_by_oid(type_oid::kRecord);
  row.fields = fields;
  std::vector<std::string> names;
  if (populate && !args[0].null) {
    RecordView base(args[0].view());
    check_base(base, fields);
    for (uint32_t i = 0; i < base.count(); ++i) names.push_back(base.field_name(i));
    for (uint32_t i = 0; i < base.count(); ++i) fields[i].name = names[i];
  }
  std::vector<Value> values;
  auto add = [&](uint32_t at, Text base) {
    if (tape.node(at).type != JsonType::kObject) {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     is_set(f.name) ? fmt::format("argument of {} must be an array of objects", f.name)
                     : tape.node(at).type == JsonType::kArray ? "cannot call populate_composite on an array"
                                                              : "cannot call populate_composite on a scalar");
    }
    Value record = Populator(tape, kept).record(row, at, base);
    RecordView view(memory.copy(record.view()));
    for (uint32_t i = 0; i < view.count(); ++i) {
      values.push_back(view.is_null(i) ? Value::null_of(physical_type_of(fields[i].type))
                                       : view.at(i, memory));
    }
  };
  if (!is_set(f.name)) {
    add(0, {});
  } else {
    if (tape.root().type != JsonType::kArray) {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     fmt::format("cannot call {} on {}", f.name,
                                 tape.root().type == JsonType::kObject ? "an object" : "a scalar"));
    }
    Text base = populate && !args[0].null ? memory.copy(args[0].view()) : Text();
    for (uint32_t i = 0, at = 1; i < tape.root().count; ++i, at = tape.node(at).next) add(at, base);
  }
  state->values = memory.copy(values);
  return state;
}
void next_records(EvalContext&, void* opaque, Chunk& out) { static_cast<KeptRows*>(opaque)->next(out); }
constexpr TableFunctionImpl kRecords{open_records, next_records};

void outside_from(KernelCall&) {
  throw SqlError(sqlstate::kFeatureNotSupported, "could not determine row type for result of json_to_record")
      .hint(
          "Provide a non-null record argument, or call the function in the FROM clause using a column "
          "definition list.");
}

const Binding kBindings[] = {
    {"json_to_record(json)", outside_from},
    {"jsonb_to_record(jsonb)", outside_from},
    {"json_to_recordset(json)", &kRecords},
    {"jsonb_to_recordset(jsonb)", &kRecords},
    {"json_populate_recordset(anyelement,json,bool)", &kRecords},
    {"jsonb_populate_recordset(anyelement,jsonb)", &kRecords},
    {"json_populate_record(anyelement,json,bool)", populate_kernel<false>},
    {"jsonb_populate_record(anyelement,jsonb)", populate_kernel<true>},
};

}  // namespace

Bindings json_record_bindings() { return kBindings; }

}  // namespace varve::functions
