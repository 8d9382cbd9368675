// Text and wire form of row values: record_in, record_out, record_recv and record_send.
#include <algorithm>
#include <fmt/format.h>

#include "common/bytes.h"
#include "common/sql_error.h"
#include "functions/record.h"
#include "functions/registry.h"
#include "functions/type_oids.h"

namespace varve::functions {

using types::Value;

namespace {

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

const TypeInfo& composite_type(Oid type, std::string_view what) {
  const TypeInfo* info = type_by_oid(type);
  if (info == nullptr || info->kind != 'c') {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   fmt::format("{} of anonymous composite types is not implemented", what));
  }
  return *info;
}

std::vector<Oid> field_types(const TypeInfo& type) {
  std::vector<Oid> types;
  for (const CompositeField& f : type.fields) types.push_back(f.type);
  return types;
}

// (a,"b ""c""",) – the fields as text, where they are not NULL.
class RecordParser {
 public:
  RecordParser(const TypeInfo& type, std::string_view text, EvalContext& context)
      : type_(type), text_(text), context_(context) {}

  Value parse() {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] != '(') malformed("Missing left parenthesis.");
    ++at_;
    std::vector<Value> fields;
    for (size_t i = 0; i < type_.fields.size(); ++i) {
      if (i > 0) {
        if (at_ < text_.size() && text_[at_] == ',')
          ++at_;
        else
          malformed("Too few columns.");
      }
      fields.push_back(parse_field(type_.fields[i]));
    }
    if (at_ == text_.size() || text_[at_] != ')') malformed("Too many columns.");
    ++at_;
    skip_blanks();
    if (at_ != text_.size()) malformed("Junk after right parenthesis.");
    return Value::of_string(make_record(type_.oid, 0, field_types(type_), fields, *context_.memory));
  }

 private:
  [[noreturn]] void malformed(std::string_view detail) {
    throw SqlError(sqlstate::kInvalidTextRepresentation,
                   fmt::format("malformed record literal: \"{}\"", text_))
        .detail(std::string(detail));
  }
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  Value parse_field(const CompositeField& field) {
    const types::PhysicalType physical = physical_type_of(field.type);
    if (at_ < text_.size() && (text_[at_] == ',' || text_[at_] == ')')) return Value::null_of(physical);
    std::string item;
    bool quoted = false;
    for (;; ++at_) {
      if (at_ >= text_.size()) malformed("Unexpected end of input.");
      char c = text_[at_];
      if (!quoted && (c == ',' || c == ')')) break;
      if (c == '\\') {
        if (++at_ >= text_.size()) malformed("Unexpected end of input.");
        item.push_back(text_[at_]);
      } else if (c != '"') {
        item.push_back(c);
      } else if (!quoted) {
        quoted = true;
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
        item.push_back('"');
        ++at_;
      } else {
        quoted = false;
      }
    }
    return parse_value(field.type, field.typmod, context_.memory->copy(item), context_);
  }

  const TypeInfo& type_;
  std::string_view text_;
  EvalContext& context_;
  size_t at_ = 0;
};

bool needs_quotes(std::string_view s) {
  if (s.empty()) return true;
  for (char c : s) {
    if (c == '"' || c == '\\' || c == '(' || c == ')' || c == ',' || is_blank(c)) return true;
  }
  return false;
}

}  // namespace

Value parse_record(Oid type, std::string_view text, EvalContext& context) {
  return RecordParser(composite_type(type, "input"), text, context).parse();
}

namespace {

// Attributes that the type got after the value was stored are NULL.
uint32_t width_of(const RecordView& view) {
  const TypeInfo* info = type_by_oid(view.type());
  uint32_t now = info == nullptr ? 0 : static_cast<uint32_t>(info->fields.size());
  return std::max(view.count(), now);
}

}  // namespace

void append_record(std::string_view record, std::string& out, EvalContext& context) {
  RecordView view(record);
  out.push_back('(');
  std::string item;
  uint32_t width = width_of(view);
  for (uint32_t i = 0; i < width; ++i) {
    if (i > 0) out.push_back(',');
    if (i >= view.count() || view.is_null(i)) continue;
    item.clear();
    Value v = view.at(i, *context.memory);
    append_value(view.field_type(i), v, item, context);
    if (!needs_quotes(item)) {
      out += item;
      continue;
    }
    out.push_back('"');
    for (char c : item) {
      if (c == '"' || c == '\\') out.push_back(c);
      out.push_back(c);
    }
    out.push_back('"');
  }
  out.push_back(')');
}

Value receive_record(Oid type, std::string_view bytes, EvalContext& context) {
  const TypeInfo& info = composite_type(type, "input");
  size_t at = 0;
  auto take = [&](size_t n) {
    if (bytes.size() - at < n)
      throw SqlError(sqlstate::kProtocolViolation, "insufficient data left in message");
    at += n;
    return bytes.data() + at - n;
  };
  auto count = load_be<uint32_t>(take(4));
  if (count != info.fields.size()) {
    throw SqlError(sqlstate::kDatatypeMismatch,
                   fmt::format("wrong number of columns: {}, expected {}", count, info.fields.size()));
  }
  std::vector<Value> fields;
  for (size_t i = 0; i < info.fields.size(); ++i) {
    const CompositeField& field = info.fields[i];
    Oid sent{load_be<uint32_t>(take(4))};
    if (sent != field.type) {
      throw SqlError(
          sqlstate::kDatatypeMismatch,
          fmt::format("binary data has type {} ({}) instead of expected {} ({}) in record column {}",
                      sent.value(), format_type(sent, -1), field.type.value(), format_type(field.type, -1),
                      i + 1));
    }
    auto length = static_cast<int32_t>(load_be<uint32_t>(take(4)));
    if (length == -1) {
      fields.push_back(Value::null_of(physical_type_of(field.type)));
      continue;
    }
    if (length < 0)
      throw SqlError(sqlstate::kInvalidBinaryRepresentation, "insufficient data left in message");
    auto size = static_cast<size_t>(length);
    fields.push_back(receive_value(field.type, field.typmod, {take(size), size}, context));
  }
  return Value::of_string(make_record(type, 0, field_types(info), fields, *context.memory));
}

void send_record(std::string_view record, std::string& out, EvalContext& context) {
  RecordView view(record);
  auto put = [&](uint32_t v) {
    char b[4];
    store_be<uint32_t>(b, v);
    out.append(b, 4);
  };
  uint32_t width = width_of(view);
  put(width);
  std::string item;
  for (uint32_t i = 0; i < width; ++i) {
    bool stored = i < view.count();
    put(stored ? view.field_type(i).value() : type_by_oid(view.type())->fields[i].type.value());
    if (!stored || view.is_null(i)) {
      put(UINT32_MAX);
      continue;
    }
    item.clear();
    send_value(view.field_type(i), view.at(i, *context.memory), item, context);
    put(static_cast<uint32_t>(item.size()));
    out += item;
  }
}

}  // namespace varve::functions
