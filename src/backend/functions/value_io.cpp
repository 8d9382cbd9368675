// Text and binary form of every built-in type: the in, out, recv and send functions.
#include <fmt/format.h>

#include "array_io.h"
#include "common/append_format.h"
#include "common/bytes.h"
#include "functions/extended_statistics.h"
#include "functions/record.h"
#include "functions/registry.h"
#include "functions/text_search.h"
#include "functions/type_oids.h"
#include "geometry/geometry.h"
#include "json/json_text.h"
#include "json/jsonpath.h"
#include "kernel.h"
#include "money.h"
#include "network/network_value.h"
#include "range/range_value.h"
#include "snapshot_value.h"
#include "text_value.h"
#include "textsearch/lexeme_vector.h"
#include "textsearch/search_query.h"
#include "types/float_format.h"
#include "types/quick_text.h"
#include "types/utf8.h"
#include "xml/xml_value.h"

namespace varve::functions {

namespace {

using types::PhysicalType;

// Type oids as case labels.
constexpr uint32_t id(Oid oid) { return oid.value(); }
constexpr uint32_t kSnapshot = 5038, kTxidSnapshot = 2970, kXml = 142;

std::string type_label(Oid oid) {
  const TypeInfo* type = type_by_oid(oid);
  return type == nullptr ? fmt::format("{}", oid.value()) : std::string(type->name);
}

bool is_reg(const TypeInfo* type) {
  return type != nullptr && type->name.starts_with("reg") && type->physical == PhysicalType::kInt32;
}
bool is_array(const TypeInfo* type) {
  return type != nullptr && type->element_type != kInvalidOid &&
         ((type->category == 'A' && type->kind == 'b') || type->oid == type_oid::kRecordArray);
}
bool is_record(Oid oid, const TypeInfo* type) {
  return oid == type_oid::kRecord || (type != nullptr && type->kind == 'c');
}

Value string_value(std::string_view s, EvalContext& context) {
  if (s.size() <= StringRef::kInlineBytes) return Value::of_string(s);
  return Value::of_string(context.memory->copy(s));
}

Value int64_value(int64_t v) { return Value::of_int64(v); }

[[noreturn]] void throw_syntax(std::string_view type, std::string_view text) {
  throw SqlError(sqlstate::kInvalidTextRepresentation,
                 fmt::format("invalid input syntax for type {}: \"{}\"", type, text));
}

std::string_view strip_blanks(std::string_view s) {
  auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!s.empty() && blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && blank(s.back())) s.remove_suffix(1);
  return s;
}

uint64_t parse_uint64(std::string_view type, std::string_view text) {
  std::string_view digits = strip_blanks(text);
  uint64_t v = 0;
  if (digits.empty()) throw_syntax(type, text);
  for (char c : digits) {
    if (c < '0' || c > '9' || __builtin_mul_overflow(v, 10u, &v) ||
        __builtin_add_overflow(v, static_cast<uint64_t>(c - '0'), &v)) {
      throw_syntax(type, text);
    }
  }
  return v;
}

// As strtoul() reads it: octal, hexadecimal, negative; what is no number is 0.
uint64_t parse_transaction_number(std::string_view text) {
  return std::strtoull(std::string(text).c_str(), nullptr, 0);
}

// "(block,offset)"
uint64_t parse_tid(std::string_view text) {
  std::string_view s = strip_blanks(text);
  size_t comma = s.find(',');
  if (s.size() < 5 || s.front() != '(' || s.back() != ')' || comma == std::string_view::npos) {
    throw_syntax("tid", text);
  }
  uint64_t page = parse_uint64("tid", s.substr(1, comma - 1));
  uint64_t slot = parse_uint64("tid", s.substr(comma + 1, s.size() - comma - 2));
  if (slot > 0xFFFF || page > 0xFFFFFFFFFFFFULL) throw_syntax("tid", text);
  return page << 16 | slot;
}

uint64_t parse_lsn(std::string_view text) {
  size_t slash = text.find('/');
  if (slash == std::string_view::npos) throw_syntax("pg_lsn", text);
  auto hex = [&](std::string_view part) {
    if (part.empty() || part.size() > 8) throw_syntax("pg_lsn", text);
    uint64_t v = 0;
    for (char c : part) {
      int digit = c >= '0' && c <= '9'                 ? c - '0'
                  : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                       : -1;
      if (digit < 0) throw_syntax("pg_lsn", text);
      v = v << 4 | static_cast<uint64_t>(digit);
    }
    return v;
  };
  return hex(text.substr(0, slash)) << 32 | hex(text.substr(slash + 1));
}

// The value of an enum is its place in the order of the type's labels (pg_enum.enumsortorder): never changed,
// so that indexes and statistics may hold it. Which label has it only the catalog knows.
Value parse_enum(Oid type, std::string_view text, EvalContext& context) {
  if (context.session == nullptr) throw_not_supported("labels of enums in the background");
  const Value args[] = {Value::of_oid(type.value()), Value::of_string(text)};
  return context.session->call("enum_in", args, *context.memory);
}

void append_enum(Oid type, const Value& v, std::string& out, EvalContext& context) {
  const Value args[] = {Value::of_oid(type.value()), v};
  Value label = context.session->call("enum_out", args, *context.memory);
  out += label.view();
}

int precision_of(int32_t typmod) { return typmod; }

Value parse_string(Oid type, int32_t typmod, std::string_view text, EvalContext& context) {
  std::string buffer;
  switch (id(type)) {
    case id(type_oid::kVarchar):
      return string_value(typmod < 4 ? text : types::apply_varchar_length(text, typmod - 4, false), context);
    case id(type_oid::kBpchar):
      if (typmod < 4) return string_value(text, context);
      types::append_bpchar(buffer, text, typmod - 4, false);
      return string_value(buffer, context);
    case id(type_oid::kName):
      return string_value(types::truncate_name(text), context);
    case id(type_oid::kBytea):
      types::parse_bytea(buffer, text);
      return string_value(buffer, context);
    case id(type_oid::kQuotedChar): {
      char c = types::parse_char(text);
      return Value::of_string(StringRef(&c, 1));
    }
    case id(type_oid::kBit):
      types::parse_bit(buffer, text, typmod > 0 ? typmod : -1);
      return string_value(buffer, context);
    case id(type_oid::kVarbit):
      types::parse_varbit(buffer, text, typmod > 0 ? typmod : -1);
      return string_value(buffer, context);
    case id(type_oid::kText):
    case id(type_oid::kUnknown):
    case id(type_oid::kCstring):
    case id(type_oid::kRefcursor):
      return string_value(text, context);
    case id(type_oid::kInet):
    case id(type_oid::kCidr):
      append_inet(buffer, parse_inet(text, type == type_oid::kCidr));
      return string_value(buffer, context);
    case id(type_oid::kMacaddr):
      parse_macaddr(buffer, text);
      return string_value(buffer, context);
    case id(type_oid::kMacaddr8):
      parse_macaddr8(buffer, text);
      return string_value(buffer, context);
    case kXml:
      check_xml(text, XmlKind::kContent);
      return string_value(text, context);
    case id(type_oid::kJson):
      check_json(text);
      return string_value(text, context);
    case id(type_oid::kJsonb):
      append_json_as_jsonb(buffer, text);
      return string_value(buffer, context);
    case id(type_oid::kJsonpath): {
      JsonPath path;
      path.parse(text);
      path.append_text(buffer);
      return string_value(buffer, context);
    }
    case id(type_oid::kTsvector):
      parse_lexemes(buffer, text);
      return string_value(buffer, context);
    case id(type_oid::kTsquery):
      append_query(buffer, parse_query(text));
      return string_value(buffer, context);
    case kSnapshot:
    case kTxidSnapshot:
      append_snapshot(buffer, read_snapshot(text));
      return string_value(buffer, context);
    case id(type_oid::kAclitem):  // kept as it is written: grantee=privileges/grantor
      if (text.find('=') == std::string_view::npos) {
        throw SqlError(sqlstate::kInvalidTextRepresentation, "missing \"=\" sign");
      }
      return string_value(text, context);
    default:
      break;
  }
  const bool is_statistics =
      type == type_oid::kNdistinct || type == type_oid::kDependencies || type == type_oid::kMcvList;
  if (is_statistics || (type_by_oid(type) != nullptr && type_by_oid(type)->kind == 'p')) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   fmt::format("cannot accept a value of type {}", type_label(type)));
  }
  throw_not_supported(fmt::format("input of type {}", type_label(type)));
}

}  // namespace

namespace {

// What the server does by itself has no session to ask; what is compiled in needs none.
uint32_t parse_reg(Oid type, std::string_view text, EvalContext& context) {
  if (context.session != nullptr) return context.session->parse_reg(type, text);
  const Oid found = type == type_oid::kRegconfig ? text_config_oid(text) : kInvalidOid;
  if (found == kInvalidOid) throw_not_supported("names of objects in the background");
  return found.value();
}

}  // namespace

Value parse_value(Oid type, int32_t typmod, std::string_view text, EvalContext& context) {
  const types::FormatSettings& format = *context.format;
  switch (id(type)) {
    case id(type_oid::kBool):
      return Value::of_bool(types::parse_bool(text));
    case id(type_oid::kInt2):
      return Value::of_int16(types::parse_int2(text));
    case id(type_oid::kInt4):
      return Value::of_int32(types::parse_int4(text));
    case id(type_oid::kInt8):
      return Value::of_int64(types::parse_int8(text));
    case id(type_oid::kOid):
      return Value::of_oid(types::parse_oid(text));
    case id(type_oid::kXid):
    case id(type_oid::kCid):
      return Value::of_oid(static_cast<uint32_t>(parse_transaction_number(text)));
    case id(type_oid::kXid8):
      return int64_value(static_cast<int64_t>(parse_transaction_number(text)));
    case id(type_oid::kTid):
      return int64_value(static_cast<int64_t>(parse_tid(text)));
    case 3220:
      return int64_value(static_cast<int64_t>(parse_lsn(text)));
    case id(type_oid::kFloat4):
      return Value::of_float32(types::parse_float4(text));
    case id(type_oid::kFloat8): {
      double v;
      return Value::of_float64(types::quick_float(text, &v) ? v : types::parse_float8(text));
    }
    case id(type_oid::kNumeric): {
      Numeric v = types::parse_numeric(text, *context.memory);
      return Value::of_numeric(typmod < 4 ? v : types::apply_numeric_typmod(v, typmod, *context.memory));
    }
    case id(type_oid::kDate):
      return Value::of_int32(types::parse_date(text, format));
    case id(type_oid::kTime):
      return int64_value(types::parse_time(text, precision_of(typmod), format));
    case id(type_oid::kTimetz):
      return Value::of_timetz(types::parse_timetz(text, precision_of(typmod), format));
    case id(type_oid::kTimestamp):
      return int64_value(types::parse_timestamp(text, precision_of(typmod), format));
    case id(type_oid::kTimestamptz): {
      int64_t v;
      if (typmod < 0 && types::TimestampReader().read_zoned(text, &v)) return int64_value(v);
      return int64_value(types::parse_timestamptz(text, precision_of(typmod), format));
    }
    case id(type_oid::kInterval):
      return Value::of_interval(types::parse_interval(text, typmod, format));
    case id(type_oid::kUuid):
      return Value::of_uuid(types::parse_uuid(text));
    case id(type_oid::kMoney):
      return int64_value(parse_money(text));
    case id(type_oid::kVoid):
      return Value::of_int32(0);
    default:
      break;
  }
  const TypeInfo* info = type_by_oid(type);
  if (is_reg(info)) return Value::of_oid(parse_reg(type, text, context));
  if (is_array(info)) return Value::of_string(parse_array(*info, typmod, text, context));
  if (is_range_type(type) || is_multirange_type(type)) {
    std::string bytes;
    if (is_range_type(type))
      append_range(bytes, parse_range(type, text, context));
    else
      append_multirange(bytes, parse_multirange(type, text, context));
    return string_value(bytes, context);
  }
  if (info != nullptr && info->kind == 'e') return parse_enum(type, text, context);
  if (is_record(type, info)) return parse_record(type, text, context);
  if (is_geometric(type)) {
    std::string bytes;
    parse_geometry(type, bytes, text);
    return string_value(bytes, context);
  }
  return parse_string(type, typmod, text, context);
}

void append_value(Oid type, const Value& v, std::string& out, EvalContext& context) {
  const types::FormatSettings& format = *context.format;
  switch (id(type)) {
    case id(type_oid::kBool):
      types::append_bool(out, v.boolean != 0);
      return;
    case id(type_oid::kInt2):
      types::append_int2(out, v.int16);
      return;
    case id(type_oid::kInt4):
      types::append_int4(out, v.int32);
      return;
    case id(type_oid::kInt8):
      types::append_int8(out, v.int64);
      return;
    case id(type_oid::kOid):
    case id(type_oid::kXid):
    case id(type_oid::kCid):
      types::append_oid(out, v.oid());
      return;
    case id(type_oid::kXid8):
      append_format(out, "{}", v.words[0]);
      return;
    case id(type_oid::kTid):
      append_format(out, "({},{})", v.words[0] >> 16, v.words[0] & 0xFFFF);
      return;
    case 3220:
      append_format(out, "{:X}/{:X}", v.words[0] >> 32, v.words[0] & 0xFFFFFFFF);
      return;
    case id(type_oid::kFloat4):
      types::append_float4(out, v.float32, format.extra_float_digits);
      return;
    case id(type_oid::kFloat8):
      types::append_float8(out, v.float64, format.extra_float_digits);
      return;
    case id(type_oid::kNumeric):
      types::append_numeric(out, v.numeric);
      return;
    case id(type_oid::kDate):
      types::append_date(out, v.int32, format);
      return;
    case id(type_oid::kTime):
      types::append_time(out, v.int64);
      return;
    case id(type_oid::kTimetz):
      types::append_timetz(out, v.timetz);
      return;
    case id(type_oid::kTimestamp):
      types::append_timestamp(out, v.int64, format);
      return;
    case id(type_oid::kTimestamptz):
      types::append_timestamptz(out, v.int64, format);
      return;
    case id(type_oid::kInterval):
      types::append_interval(out, v.interval, format.interval_style);
      return;
    case id(type_oid::kUuid):
      types::append_uuid(out, v.uuid);
      return;
    case id(type_oid::kBytea):
      types::append_bytea(out, v.view(), format.bytea_output);
      return;
    case id(type_oid::kQuotedChar):
      types::append_char(out, v.view().empty() ? '\0' : v.view()[0]);
      return;
    case id(type_oid::kBit):
    case id(type_oid::kVarbit):
      types::append_bit(out, v.view());
      return;
    case id(type_oid::kMoney):
      append_money(out, v.int64);
      return;
    case id(type_oid::kInet):
    case id(type_oid::kCidr):
      append_inet_text(out, read_inet(v.view()), type == type_oid::kCidr);
      return;
    case id(type_oid::kMacaddr):
    case id(type_oid::kMacaddr8):
      append_macaddr_text(out, v.view());
      return;
    case id(type_oid::kJsonb):
      append_jsonb_text(out, JsonbView(v.view()));
      return;
    case kXml:
      append_xml_text(out, v.view());
      return;
    case id(type_oid::kTsvector):
      append_lexemes_text(out, v.view());
      return;
    case id(type_oid::kTsquery):
      append_query_text(out, read_query(v.view()));
      return;
    case id(type_oid::kNdistinct):
      append_ndistinct_text(out, v.view());
      return;
    case id(type_oid::kDependencies):
      append_dependencies_text(out, v.view());
      return;
    case id(type_oid::kMcvList):
      types::append_bytea(out, v.view(), format.bytea_output);
      return;
    case id(type_oid::kVoid):
      return;
    default:
      break;
  }
  const TypeInfo* info = type_by_oid(type);
  if (is_reg(info)) {
    context.session->append_reg(type, v.oid(), out);
  } else if (is_array(info) || type == type_oid::kAnyarray) {
    append_array(info->name.starts_with('_') ? kInvalidOid : type, v.view(), out, context);
  } else if (is_range_type(type)) {
    append_range_text(read_range(v.view(), *context.memory), out, context);
  } else if (is_multirange_type(type)) {
    append_multirange_text(read_multirange(v.view(), *context.memory), out, context);
  } else if (info != nullptr && info->kind == 'e') {
    append_enum(type, v, out, context);
  } else if (is_record(type, info)) {
    append_record(v.view(), out, context);
  } else if (is_geometric(type)) {
    append_geometry_text(type, v.view(), out, format.extra_float_digits);
  } else if (v.type == PhysicalType::kString) {
    out += v.view();
  } else {
    throw_not_supported(fmt::format("output of type {}", type_label(type)));
  }
}

Value receive_value(Oid type, int32_t typmod, std::string_view bytes, EvalContext& context) {
  Arena& arena = *context.memory;
  switch (id(type)) {
    case id(type_oid::kBool):
      return Value::of_bool(types::receive_bool(bytes));
    case id(type_oid::kInt2):
      return Value::of_int16(types::receive_int2(bytes));
    case id(type_oid::kInt4):
    case id(type_oid::kOid):
    case id(type_oid::kXid):
    case id(type_oid::kCid):
      return Value::of_int32(types::receive_int4(bytes));
    case id(type_oid::kInt8):
    case id(type_oid::kMoney):
    case 3220:
    case id(type_oid::kXid8):
      return Value::of_int64(types::receive_int8(bytes));
    case id(type_oid::kTid): {
      if (bytes.size() != 6)
        throw SqlError(sqlstate::kInvalidBinaryRepresentation, "incorrect binary data format");
      uint64_t page = load_be<uint32_t>(bytes.data());
      return int64_value(static_cast<int64_t>(page << 16 | load_be<uint16_t>(bytes.data() + 4)));
    }
    case id(type_oid::kFloat4):
      return Value::of_float32(types::receive_float4(bytes));
    case id(type_oid::kFloat8):
      return Value::of_float64(types::receive_float8(bytes));
    case id(type_oid::kNumeric): {
      Numeric v = types::receive_numeric(bytes, arena);
      return Value::of_numeric(typmod < 4 ? v : types::apply_numeric_typmod(v, typmod, arena));
    }
    case id(type_oid::kDate):
      return Value::of_int32(types::receive_date(bytes));
    case id(type_oid::kTime):
      return Value::of_int64(types::receive_time(bytes, typmod));
    case id(type_oid::kTimetz):
      return Value::of_timetz(types::receive_timetz(bytes, typmod));
    case id(type_oid::kTimestamp):
      return Value::of_int64(types::receive_timestamp(bytes, typmod));
    case id(type_oid::kTimestamptz):
      return Value::of_int64(types::receive_timestamptz(bytes, typmod));
    case id(type_oid::kInterval):
      return Value::of_interval(types::receive_interval(bytes, typmod));
    case id(type_oid::kUuid):
      return Value::of_uuid(types::receive_uuid(bytes));
    case id(type_oid::kBytea):
      return string_value(bytes, context);
    case id(type_oid::kQuotedChar):
      if (bytes.size() != 1)
        throw SqlError(sqlstate::kInvalidBinaryRepresentation, "incorrect binary data format");
      return string_value(bytes, context);
    case id(type_oid::kBit):
    case id(type_oid::kVarbit): {
      std::string buffer;
      if (type == type_oid::kBit)
        types::receive_bit(buffer, bytes, typmod);
      else
        types::receive_varbit(buffer, bytes, typmod);
      return string_value(buffer, context);
    }
    case id(type_oid::kInet):
    case id(type_oid::kCidr): {
      std::string value;
      append_inet(value, receive_inet(bytes, type == type_oid::kCidr));
      return string_value(value, context);
    }
    case id(type_oid::kMacaddr):
    case id(type_oid::kMacaddr8): {
      std::string value;
      receive_macaddr(value, bytes, type == type_oid::kMacaddr ? 6 : 8);
      return string_value(value, context);
    }
    case id(type_oid::kTsvector):
    case id(type_oid::kTsquery): {
      std::string value;
      if (type == type_oid::kTsvector)
        receive_lexemes(value, bytes);
      else
        append_query(value, receive_query(bytes));
      return string_value(value, context);
    }
    case kSnapshot:
    case kTxidSnapshot: {
      std::string value;
      append_snapshot(value, receive_snapshot(bytes));
      return string_value(value, context);
    }
    case id(type_oid::kJsonb):  // a version byte, then text
    case id(type_oid::kJsonpath):
      if (bytes.empty() || bytes[0] != 1) {
        int version = bytes.empty() ? 0 : static_cast<uint8_t>(bytes[0]);
        throw SqlError(sqlstate::kInternalError,
                       fmt::format("unsupported {} version number {}", type_label(type), version));
      }
      bytes.remove_prefix(1);
      break;
    default:
      break;
  }
  const TypeInfo* info = type_by_oid(type);
  if (is_reg(info)) return Value::of_int32(types::receive_int4(bytes));
  if (is_array(info)) return Value::of_string(receive_array(*info, typmod, bytes, context));
  if (is_record(type, info)) return receive_record(type, bytes, context);
  if (type == type_oid::kVoid) return Value::of_int32(0);
  if (is_geometric(type)) {
    std::string value;
    receive_geometry(type, value, bytes);
    return string_value(value, context);
  }
  if (is_range_type(type) || is_multirange_type(type)) {
    std::string value;
    if (is_range_type(type))
      append_range(value, receive_range(type, bytes, context));
    else
      append_multirange(value, receive_multirange(type, bytes, context));
    return string_value(value, context);
  }
  types::utf8_verify(bytes);
  if (info != nullptr && info->kind == 'e') return parse_enum(type, bytes, context);
  return parse_string(type, typmod, bytes, context);
}

void send_value(Oid type, const Value& v, std::string& out, EvalContext& context) {
  switch (id(type)) {
    case id(type_oid::kBool):
      types::send_bool(out, v.boolean != 0);
      return;
    case id(type_oid::kInt2):
      types::send_int2(out, v.int16);
      return;
    case id(type_oid::kInt4):
    case id(type_oid::kOid):
    case id(type_oid::kXid):
    case id(type_oid::kCid):
      types::send_int4(out, v.int32);
      return;
    case id(type_oid::kInt8):
    case id(type_oid::kMoney):
    case 3220:
    case id(type_oid::kXid8):
      types::send_int8(out, v.int64);
      return;
    case id(type_oid::kTid):
      types::send_int4(out, static_cast<int32_t>(v.words[0] >> 16));
      types::send_int2(out, static_cast<int16_t>(v.words[0]));
      return;
    case id(type_oid::kFloat4):
      types::send_float4(out, v.float32);
      return;
    case id(type_oid::kFloat8):
      types::send_float8(out, v.float64);
      return;
    case id(type_oid::kNumeric):
      types::send_numeric(out, v.numeric);
      return;
    case id(type_oid::kDate):
      types::send_date(out, v.int32);
      return;
    case id(type_oid::kTime):
      types::send_time(out, v.int64);
      return;
    case id(type_oid::kTimetz):
      types::send_timetz(out, v.timetz);
      return;
    case id(type_oid::kTimestamp):
    case id(type_oid::kTimestamptz):
      types::send_timestamp(out, v.int64);
      return;
    case id(type_oid::kInterval):
      types::send_interval(out, v.interval);
      return;
    case id(type_oid::kUuid):
      types::send_uuid(out, v.uuid);
      return;
    case id(type_oid::kBit):
    case id(type_oid::kVarbit):
      types::send_bit(out, v.view());
      return;
    case id(type_oid::kJsonb):
      out += '\1';
      append_jsonb_text(out, JsonbView(v.view()));
      return;
    case id(type_oid::kInet):
    case id(type_oid::kCidr):
      send_inet(out, read_inet(v.view()), type == type_oid::kCidr);
      return;
    case kXml:
      append_xml_text(out, v.view());
      return;
    case id(type_oid::kTsvector):
      send_lexemes(out, v.view());
      return;
    case id(type_oid::kTsquery):
      send_query(out, read_query(v.view()));
      return;
    case kSnapshot:
    case kTxidSnapshot:
      send_snapshot(out, read_snapshot(v.view()));
      return;
    case id(type_oid::kJsonpath):
      out += '\1';
      out += v.view();
      return;
    case id(type_oid::kVoid):
      return;
    default:
      break;
  }
  const TypeInfo* info = type_by_oid(type);
  if (is_reg(info))
    types::send_int4(out, v.int32);
  else if (is_array(info))
    send_array(v.view(), out, context);
  else if (is_range_type(type))
    send_range(read_range(v.view(), *context.memory), out, context);
  else if (is_multirange_type(type))
    send_multirange(read_multirange(v.view(), *context.memory), out, context);
  else if (info != nullptr && info->kind == 'e')
    append_enum(type, v, out, context);
  else if (is_record(type, info))
    send_record(v.view(), out, context);
  else if (is_geometric(type))
    send_geometry(type, v.view(), out);
  else if (v.type == PhysicalType::kString)
    out += v.view();
  else
    throw_not_supported(fmt::format("binary output of type {}", type_label(type)));
}

void append_text(Oid type, const Vector& column, uint32_t row, std::string& out, EvalContext& context) {
  switch (id(type)) {
    case id(type_oid::kInt4):
      types::append_int4(out, column.at<int32_t>(row));
      return;
    case id(type_oid::kInt8):
      types::append_int8(out, column.at<int64_t>(row));
      return;
    case id(type_oid::kNumeric):
      types::append_numeric(out, column.at<Numeric>(row));
      return;
    case id(type_oid::kText):
    case id(type_oid::kVarchar):
    case id(type_oid::kBpchar):
    case id(type_oid::kName):
      out += column.at<StringRef>(row).view();
      return;
    default:
      append_value(type, column.value(row), out, context);
      return;
  }
}

void append_binary(Oid type, const Vector& column, uint32_t row, std::string& out, EvalContext& context) {
  switch (id(type)) {
    case id(type_oid::kInt4):
      types::send_int4(out, column.at<int32_t>(row));
      return;
    case id(type_oid::kInt8):
      types::send_int8(out, column.at<int64_t>(row));
      return;
    case id(type_oid::kText):
    case id(type_oid::kVarchar):
    case id(type_oid::kBpchar):
    case id(type_oid::kName):
      out += column.at<StringRef>(row).view();
      return;
    default:
      send_value(type, column.value(row), out, context);
      return;
  }
}

void append_as_text(Oid type, const Value& value, std::string& out, EvalContext& context) {
  if (type == type_oid::kBool)
    out += value.boolean != 0 ? "true" : "false";
  else if (type == type_oid::kBpchar)
    out += types::trim_bpchar(value.string.view());
  else
    append_value(type, value, out, context);
}

}  // namespace varve::functions
