#include "activation.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "analyzer/expression_walk.h"
#include "functions/array.h"
#include "functions/record.h"
#include "functions/type_oids.h"
#include "planner/plan.h"
#include "planner/planner.h"

namespace varve::pl {

using planner::PlanKind;
using types::PhysicalType;
using types::Value;

void add_context(SqlError& error, std::string_view line) {
  std::string& context = error.fields().context;
  if (!context.empty()) context += '\n';
  context += line;
}

Value null_of(Oid type) { return Value::null_of(functions::physical_type_of(type)); }

// --- frames

void Session::pin(const txn::Snapshot* snapshot) {
  if (snapshot == nullptr) return;
  for (const Pin& p : pins) {
    if (p.snapshot == snapshot) return;
  }
  pins.push_back({snapshot, host.transaction().pin_snapshot(*snapshot)});
}

void Session::pin_active() {
  pin(active_snapshot);
  for (const ActiveSnapshot* a = innermost; a != nullptr; a = a->around()) pin(a->outer());
}

void Session::release(const txn::Snapshot* snapshot) {
  if (snapshot == nullptr) return;
  for (size_t i = pins.size(); i-- > 0;) {
    if (pins[i].snapshot != snapshot) continue;
    host.transaction().unpin_snapshot(pins[i].id);
    pins.erase(pins.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void Session::release_all() {
  while (!pins.empty()) {
    host.transaction().unpin_snapshot(pins.back().id);
    pins.pop_back();
  }
}

std::string CallFrame::context_line() const {
  if (function.language == catalog::kSqlLanguage) {
    return sql_number == 0
               ? fmt::format("SQL function \"{}\" during startup", function.routine->name)
               : fmt::format("SQL function \"{}\" statement {}", function.routine->name, sql_number);
  }
  std::string line = fmt::format("PL/pgSQL function {}", function.name);
  if (phase != nullptr && statement != nullptr)
    line += fmt::format(" line {} {}", declared > 0 ? declared : statement->line, phase);
  else if (phase != nullptr)
    line += fmt::format(" {}", phase);
  else if (statement != nullptr)
    line += fmt::format(" line {} at {}", statement->line, statement_name(*statement));
  return line;
}

// --- values

void Storage::store_long(Value& slot, const Value& v) {
  if (!v.null && v.type == PhysicalType::kString && !v.string.is_inline()) {
    std::string_view from = v.view();
    if (bytes.get() == from.data()) {
      slot = v;
      return;
    }
    if (capacity < from.size()) {
      size_t wanted = std::max(from.size(), capacity * 2);
      std::unique_ptr<char[]> larger(new char[wanted]);
      std::memcpy(larger.get(), from.data(), from.size());  // it may be the old bytes' own tail
      bytes = std::move(larger);
      capacity = wanted;
    } else {
      std::memmove(bytes.get(), from.data(), from.size());
    }
    slot = Value::of_string(std::string_view(bytes.get(), from.size()));
    return;
  }
  if (!v.null && v.type == PhysicalType::kNumeric && v.numeric.kind() == types::Numeric::Kind::kBig) {
    auto fresh = std::make_unique<Arena>();
    slot = types::copy_value(v, *fresh);
    arena = std::move(fresh);
    return;
  }
  slot = v;
}

void Storage::append_element(Value& slot, const Value& element) {
  const size_t old = slot.string.size(), size = old + functions::array_growth_bytes(slot.view(), element);
  std::unique_ptr<char[]> outgrown;  // the element may lie in it
  if (capacity < size) {
    size_t wanted = std::max(size, capacity * 2);
    std::unique_ptr<char[]> larger(new char[wanted]);
    std::memcpy(larger.get(), bytes.get(), old);
    outgrown = std::exchange(bytes, std::move(larger));
    capacity = wanted;
  }
  functions::append_array_element(bytes.get(), old, element);
  slot = Value::of_string(std::string_view(bytes.get(), size));
}

ValueCast::ValueCast(Host& host, Oid from, int32_t from_typmod, Oid to, int32_t typmod)
    : from_(from), to_(to), typmod_(typmod) {
  auto* param = build_memory_.make<analyzer::ParamExpr>();
  param->kind = analyzer::ExprKind::kParam;
  param->type = from;
  param->typmod = from_typmod;
  std::vector<Oid> path;
  functions::EvalContext eval = host.eval_context(build_memory_);
  analyzer::AnalyzerContext context{host.catalog(), build_memory_, relations_, eval, {}, path};
  analyzer::Expr* e = analyzer::coerce_plpgsql(context, param, to, typmod);
  if (e == param) {
    nothing_ = true;
    return;
  }
  context_.settings.chunk_rows = 1;
  context_.build_memory = &build_memory_;
  evaluator_ = std::make_unique<executor::ExpressionEvaluator>(*e, context_, result_memory_);
}

Value ValueCast::apply(Host& host, const Value& value, Arena& memory) {
  if (nothing_) return value;
  result_memory_.reset();
  functions::EvalContext eval = host.eval_context(result_memory_);
  param_ = value;
  context_.params = {&param_, 1};
  context_.format = eval.format;
  context_.session = eval.session;
  return types::copy_value(evaluator_->scalar(), memory);
}

// --- the function's own parts

Function::Function() = default;
Function::~Function() = default;

const Shape* Function::intern(Shape shape) {
  for (const Shape& s : shapes) {
    if (s == shape) return &s;
  }
  shapes.push_back(std::move(shape));
  return &shapes.back();
}

uint32_t Function::field_of(uint32_t record, std::string_view field) {
  for (uint32_t i = 0; i < datums.size(); ++i) {
    if (datums[i].kind == DatumKind::kField && datums[i].record == record && datums[i].name == field)
      return i;
  }
  Datum d;
  d.kind = DatumKind::kField;
  d.name = field;
  d.record = record;
  datums.push_back(std::move(d));
  return static_cast<uint32_t>(datums.size() - 1);
}

// --- names

bool ExpressionVariables::make(uint32_t datum, Variable* out) {
  const Datum& d = function_.datums[datum];
  *out = {datum, d.type, d.typmod, d.collation};
  if (d.kind == DatumKind::kRecord) {
    out->type = activation->record_type(datum);
    expression_.rows.push_back(datum);
  }
  if (d.kind == DatumKind::kField) {
    const Shape* shape = activation->record_shape(d.record);
    if (shape == nullptr) activation->assigned_record(d.record);  // throws
    int place = shape->find(d.name);
    if (place < 0) {
      throw SqlError(sqlstate::kUndefinedColumn, fmt::format("record \"{}\" has no field \"{}\"",
                                                             function_.datums[d.record].name, d.name));
    }
    out->type = shape->types[static_cast<size_t>(place)];
    out->typmod = shape->typmods[static_cast<size_t>(place)];
    expression_.shapes.push_back({d.record, shape});
    activation->grow();
    activation->refresh_fields(d.record);
  }
  expression_.params.push_back(datum);
  return true;
}

bool ExpressionVariables::find(std::span<const std::string_view> names, Variable* out) {
  Found found = lookup(expression_.scope, names);
  if (found.name == nullptr) return false;
  uint32_t datum = found.name->datum;
  if (found.used == names.size()) return make(datum, out);
  if (found.used + 1 < names.size() || function_.datums[datum].kind != DatumKind::kRecord) return false;
  return make(function_.field_of(datum, names.back()), out);
}

bool ExpressionVariables::find_number(int32_t number, Variable* out) {
  std::string text = fmt::format("${}", number);
  std::string_view names[] = {text};
  Found found = lookup(expression_.scope, names);
  return found.name != nullptr && make(found.name->datum, out);
}

bool ExpressionVariables::expand(std::span<const std::string_view> names, std::vector<Field>* out) {
  Found found = lookup(expression_.scope, names);
  if (found.name == nullptr || found.used != names.size()) return false;
  uint32_t record = found.name->datum;
  if (function_.datums[record].kind != DatumKind::kRecord) return false;
  const Shape* shape = activation->record_shape(record);
  if (shape == nullptr) activation->assigned_record(record);  // throws
  for (const std::string& name : shape->names) {
    Field field{name, {}};
    make(function_.field_of(record, name), &field.variable);
    out->push_back(field);
  }
  return true;
}

analyzer::Variables::Conflict ExpressionVariables::conflict() const { return function_.conflict; }

// --- activation

Activation::Activation(Session& session, Function& function) : session_(session), f_(function) { grow(); }
Activation::~Activation() = default;

void Activation::grow() {
  size_t n = values_.size();
  if (n == f_.datums.size()) return;
  values_.resize(f_.datums.size());
  storage_.resize(f_.datums.size());
  records_.resize(f_.datums.size());
  for (; n < values_.size(); ++n) values_[n] = null_of(f_.datums[n].type);
}

void Activation::begin() {
  grow();
  for (size_t i = 0; i < values_.size(); ++i) {
    const Datum& d = f_.datums[i];
    if (d.kind == DatumKind::kScalar)
      values_[i] = null_of(d.type);
    else if (records_[i] != nullptr)
      records_[i]->shape = nullptr, records_[i]->row_type = kInvalidOid;
  }
  ++stamp_;
}

ValueCast& Activation::cast(std::unique_ptr<ValueCast>& slot, Oid from, int32_t from_typmod, Oid to,
                            int32_t typmod) {
  if (slot == nullptr || !slot->fits(from, to, typmod)) {
    slot = std::make_unique<ValueCast>(host(), from, from_typmod, to, typmod);
  }
  return *slot;
}

void Activation::assign_null(uint32_t datum) {
  const Datum& d = f_.datums[datum];
  if (d.kind == DatumKind::kRecord) return set_record_null(datum);
  assign(datum, null_of(d.type), d.type, d.typmod, nullptr);
}

void Activation::assign(uint32_t datum, const Value& value, Oid type, int32_t typmod,
                        std::unique_ptr<ValueCast>* slot) {
  Datum& d = f_.datums[datum];
  if (d.kind == DatumKind::kField) {
    Record& r = record(d.record);
    if (r.shape == nullptr && record_shape(d.record) != nullptr) set_record_null(d.record);
    assigned_record(d.record);
    int place = r.shape->find(d.name);
    if (place < 0) {
      throw SqlError(sqlstate::kUndefinedColumn,
                     fmt::format("record \"{}\" has no field \"{}\"", f_.datums[d.record].name, d.name));
    }
    auto at = static_cast<size_t>(place);
    Oid wanted = r.shape->types[at];
    int32_t wanted_typmod = r.shape->typmods[at];
    Value converted = value;
    if (type != wanted || (wanted_typmod >= 0 && typmod != wanted_typmod)) {
      std::unique_ptr<ValueCast> own;
      cast_memory_.reset();
      converted = value.null ? null_of(wanted)
                             : cast(slot == nullptr ? own : *slot, type, typmod, wanted, wanted_typmod)
                                   .apply(host(), value, cast_memory_);
    }
    std::vector<Value> values = r.values;
    values[at] = converted;
    check_field(*r.shape, at, converted);
    set_values(r, values);
    r.null = false;
    refresh_fields(d.record);
    return check_domain(d.record);
  }
  Value converted = value;
  if (d.domain != kInvalidOid && type != d.domain) {
    std::unique_ptr<ValueCast> own;
    cast_memory_.reset();
    converted =
        cast(slot == nullptr ? own : *slot, type, typmod, d.domain, -1).apply(host(), value, cast_memory_);
  } else if (d.domain != kInvalidOid) {  // tested already
  } else if (type != d.type || (d.typmod >= 0 && typmod != d.typmod)) {
    if (value.null) {
      converted = null_of(d.type);
    } else {
      std::unique_ptr<ValueCast> own;
      cast_memory_.reset();
      converted = cast(slot == nullptr ? own : *slot, type, typmod, d.type, d.typmod)
                      .apply(host(), value, cast_memory_);
    }
  }
  if (converted.null && d.not_null) {
    throw SqlError(sqlstate::kNullValueNotAllowed,
                   fmt::format("null value cannot be assigned to variable \"{}\" declared NOT NULL", d.name));
  }
  store(datum, converted);
}

// --- records

Record& Activation::record(uint32_t datum) {
  if (records_[datum] == nullptr) records_[datum] = std::make_unique<Record>();
  return *records_[datum];
}

const Shape* Activation::record_shape(uint32_t datum) {
  Record& r = record(datum);
  if (r.shape != nullptr) return r.shape;
  Oid type = f_.datums[datum].type;
  if (type == type_oid::kRecord) return nullptr;
  if (const functions::TypeInfo* info = functions::type_by_oid(type); info != nullptr && info->kind == 'c') {
    return f_.intern(shape_of(*info));
  }
  catalog::RelationPtr relation = analyzer::relation_of_row_type(host().catalog(), type);
  if (relation == nullptr) return nullptr;
  return f_.intern(shape_of(*relation));
}

Record& Activation::assigned_record(uint32_t datum) {
  Record& r = record(datum);
  if (r.shape == nullptr) {
    if (const Shape* declared = record_shape(datum)) {
      static_cast<void>(declared);
      set_record_null(datum);
      return r;
    }
    throw SqlError(sqlstate::kObjectNotInPrerequisiteState,
                   fmt::format("record \"{}\" is not assigned yet", f_.datums[datum].name))
        .detail("The tuple structure of a not-yet-assigned record is indeterminate.");
  }
  return r;
}

void Activation::set_values(Record& r, std::span<const Value> values) {
  int next = 1 - r.current;
  r.memory[next].reset();
  r.spare.clear();
  for (const Value& v : values) r.spare.push_back(types::copy_value(v, r.memory[next]));
  r.values.swap(r.spare);
  r.current = next;
}

bool Activation::replace_values(uint32_t datum, std::span<const planner::OutputColumn> columns,
                                std::span<const Value> values) {
  Record& r = record(datum);
  const Datum& d = f_.datums[datum];
  if (d.type != type_oid::kRecord || d.domain != kInvalidOid || r.shape == nullptr) return false;
  const Shape& shape = *r.shape;
  if (shape.types.size() != columns.size()) return false;
  for (size_t i = 0; i < columns.size(); ++i) {
    const planner::OutputColumn& c = columns[i];
    if (c.type != shape.types[i] || c.typmod != shape.typmods[i] || c.domain != shape.domain(i) ||
        c.name != shape.names[i])
      return false;
  }
  set_values(r, values);
  r.null = false;
  refresh_fields(datum);
  return true;
}

void Activation::set_record(uint32_t datum, const Shape& shape, std::span<const Value> values) {
  Record& r = record(datum);
  const Datum& d = f_.datums[datum];
  if (d.type == type_oid::kRecord) {
    if (r.shape == nullptr || !(*r.shape == shape)) r.shape = f_.intern(shape);
    set_values(r, values);
  } else {
    // A row of a table's type: by place, with conversions.
    const Shape* before = std::exchange(r.shape, nullptr);
    const Shape* own = record_shape(datum);
    r.shape = before;
    std::vector<Value> converted;
    Arena memory;
    for (size_t i = 0; i < own->types.size(); ++i) {
      if (i >= values.size() || values[i].null) {
        converted.push_back(null_of(own->types[i]));
      } else if (shape.types[i] == own->types[i] &&
                 (own->typmods[i] < 0 || shape.typmods[i] == own->typmods[i])) {
        converted.push_back(values[i]);
      } else {
        ValueCast conversion(host(), shape.types[i], shape.typmods[i], own->types[i], own->typmods[i]);
        converted.push_back(conversion.apply(host(), values[i], memory));
      }
    }
    for (size_t i = 0; i < converted.size(); ++i) check_field(*own, i, converted[i]);
    r.shape = own;
    set_values(r, converted);
  }
  r.null = false;
  refresh_fields(datum);
  check_domain(datum);
}

// Of a row type whose attributes are of domains: the value must be one of its field's.
void Activation::check_field(const Shape& shape, size_t field, const Value& value) {
  if (shape.domain(field) == kInvalidOid) return;
  std::vector<std::unique_ptr<ValueCast>>& tests = field_tests_[&shape];
  tests.resize(shape.domains.size());
  Arena memory;
  cast(tests[field], shape.types[field], shape.typmods[field], shape.domains[field], -1)
      .apply(host(), value, memory);
}

// Of a record variable declared as a domain over a composite type: its value must be one of the domain.
void Activation::check_domain(uint32_t datum) {
  const Datum& d = f_.datums[datum];
  if (d.domain == kInvalidOid) return;
  Arena memory;
  Value value = record(datum).null ? null_of(d.type) : record_value(datum, memory);
  std::unique_ptr<ValueCast> own;
  cast_memory_.reset();
  cast(own, d.type, -1, d.domain, -1).apply(host(), value, cast_memory_);
}

void Activation::set_record_null(uint32_t datum) {
  Record& r = record(datum);
  const Shape* shape = record_shape(datum);
  if (shape == nullptr) return;  // stays unassigned
  r.shape = shape;
  std::vector<Value> values;
  for (Oid type : shape->types) values.push_back(null_of(type));
  set_values(r, values);
  r.null = true;
  refresh_fields(datum);
  check_domain(datum);
}

void Activation::copy_record(uint32_t to, uint32_t from) {
  if (to == from) return;
  Record& source = record(from);
  if (source.shape == nullptr) {
    Record& target = record(to);
    if (f_.datums[to].type == type_oid::kRecord)
      target.shape = nullptr;
    else
      set_record_null(to);
    return;
  }
  bool null = source.null;
  set_record(to, *source.shape, source.values);
  record(to).null = null;
}

void Activation::set_record_value(uint32_t datum, const Value& value) {
  if (value.null) {
    record(datum).shape = nullptr;
    return set_record_null(datum);
  }
  Arena memory;
  functions::RecordView view(value.view());
  std::vector<Value> fields;
  for (uint32_t i = 0; i < view.count(); ++i)
    fields.push_back(view.is_null(i) ? null_of(view.field_type(i)) : view.at(i, memory));
  set_record(datum, shape_of(view), fields);
}

Oid Activation::record_type(uint32_t datum) {
  Oid type = f_.datums[datum].type;
  if (type != type_oid::kRecord) return type;
  Oid row = record(datum).row_type;
  if (row == kInvalidOid) return type;
  host().catalog().load_type(row);  // a table's rows have a type that nobody may have asked for yet
  return row;
}

Value Activation::record_value(uint32_t datum, Arena& memory) {
  Record& r = assigned_record(datum);
  if (r.null) return Value::null_of(types::PhysicalType::kString);
  std::vector<std::string_view> names(r.shape->names.begin(), r.shape->names.end());
  Oid type = record_type(datum);
  uint32_t shape = type == type_oid::kRecord ? functions::record_shape(names) : 0;
  return Value::of_string(functions::make_record(type, shape, r.shape->types, r.values, memory));
}

// Records that the expression reads whole become its parameters' values.
void Activation::load_rows(const Expression& e) {
  for (uint32_t n : e.rows) {
    Arena memory;
    store(n, record_value(n, memory));
  }
}

void Activation::refresh_fields(uint32_t record_datum) {
  grow();
  Record& r = record(record_datum);
  if (r.shape == nullptr) return;
  if (r.fields_of != r.shape || r.fields_among != f_.datums.size()) {
    r.fields.clear();
    for (uint32_t i = 0; i < f_.datums.size(); ++i) {
      const Datum& d = f_.datums[i];
      if (d.kind != DatumKind::kField || d.record != record_datum) continue;
      int place = r.shape->find(d.name);
      if (place >= 0) r.fields.push_back({i, static_cast<uint32_t>(place)});
    }
    r.fields_of = r.shape;
    r.fields_among = f_.datums.size();
  }
  for (const Record::FieldPlace& f : r.fields) values_[f.datum] = r.values[f.place];
}

std::string Activation::text_of(const Value& value, Oid type) {
  std::string out;
  Arena scratch;
  functions::EvalContext eval = host().eval_context(scratch);
  functions::append_value(type, value, out, eval);
  return out;
}

// "(1,abc,)": as record_out writes it.
std::string Activation::record_text(uint32_t datum) {
  if (record_shape(datum) == nullptr) return "<NULL>";  // not assigned yet
  Record& r = assigned_record(datum);
  if (r.null) return "<NULL>";
  std::string out = "(";
  for (size_t i = 0; i < r.values.size(); ++i) {
    if (i > 0) out += ',';
    if (r.values[i].null) continue;
    std::string text = text_of(r.values[i], r.shape->types[i]);
    bool quote = text.empty() || text.find_first_of("(),\"\\ \t\n\r\v\f") != std::string::npos;
    if (!quote) {
      out += text;
      continue;
    }
    out += '"';
    for (char c : text) {
      if (c == '"' || c == '\\') out += c;
      out += c;
    }
    out += '"';
  }
  return out + ")";
}

}  // namespace varve::pl
