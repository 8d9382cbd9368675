#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "encoding.h"
#include "functions/array.h"
#include "functions/type_oids.h"
#include "functions/xml_construct.h"
#include "kernel.h"
#include "types/datetime.h"
#include "types/utf8.h"
#include "xml/xml_value.h"

namespace varve::functions {

namespace {

namespace t = type_oid;
using Text = std::string_view;
constexpr Oid kXml{142};
constexpr SqlState kInvalidPi{"2200T"}, kNotDocument{"2200L"};

// --- values as XML
void append_moment(Oid type, const Value& v, std::string& out, EvalContext& context) {
  bool date = type == t::kDate;
  bool finite = date ? types::is_finite_date(v.int32) : types::is_finite_timestamp(v.int64);
  if (!finite) {
    throw SqlError(SqlState{"22008"}, date ? "date out of range" : "timestamp out of range")
        .detail(fmt::format("XML does not support infinite {} values.", date ? "date" : "timestamp"));
  }
  types::FormatSettings iso = *context.format;
  iso.date_style = types::DateStyle::kIso;
  EvalContext plain{context.memory, &iso, context.session};
  std::string text;
  append_value(type, v, text, plain);
  if (size_t blank = text.find(' '); blank != std::string::npos) text[blank] = 'T';
  // The zone has its minutes always.
  if (type == t::kTimestamptz && text.size() > 3 &&
      (text[text.size() - 3] == '+' || text[text.size() - 3] == '-'))
    text += ":00";
  out += text;
}

void append_mapped(Oid type, const Value& v, bool escape, std::string& out, EvalContext& context) {
  const TypeInfo* info = type_by_oid(type);
  if (info != nullptr && info->category == 'A' && info->element_type != kInvalidOid) {
    ArrayView array(v.view());
    for (uint32_t i = 0; i < array.count(); ++i) {
      if (array.is_null(i)) continue;
      out += "<element>";
      append_mapped(array.element_type(), array.at(i, *context.memory), true, out, context);
      out += "</element>";
    }
    return;
  }
  if (type == t::kBool) {
    out += v.boolean != 0 ? "true" : "false";
  } else if (type == t::kDate || type == t::kTimestamp || type == t::kTimestamptz) {
    append_moment(type, v, out, context);
  } else if (type == t::kBytea) {
    encode_bytes(out, v.view(), "base64");
  } else if (type == kXml || !escape) {
    append_value(type, v, out, context);
  } else {
    std::string text;
    append_value(type, v, text, context);
    append_escaped_xml(out, text);
  }
}

// As libxml2 writes attributes of a document without an encoding.
void append_attribute(Text text, std::string& out) {
  for (size_t i = 0; i < text.size();) {
    uint32_t c = types::utf8_next(text, i);
    constexpr Text kSpecial = "\n\r\t\"<>&";
    constexpr Text kNames[] = {"&#10;", "&#13;", "&#9;", "&quot;", "&lt;", "&gt;", "&amp;"};
    size_t at = c < 0x80 ? kSpecial.find(static_cast<char>(c)) : Text::npos;
    if (at != Text::npos)
      out += kNames[at];
    else if (c < 0x80)
      out += static_cast<char>(c);
    else
      out += fmt::format("&#x{:X};", c);
  }
}

// One call's arguments of a row.
struct Args {
  KernelCall& call;
  uint32_t row;
  size_t count() const { return call.args.size(); }
  bool null(size_t i) const { return call.args[i]->is_null(row); }
  Value value(size_t i) const { return call.args[i]->value(row); }
  std::string text(size_t i) const {
    Value v = value(i);
    return std::string(v.view());
  }
  void append(size_t i, bool escape, std::string& out) const {
    append_mapped(call.site.arg_types[i], value(i), escape, out, call.context);
  }
};

bool element(const Args& a, std::string& out) {
  out += '<' + a.text(0);
  auto attributes = static_cast<size_t>(a.value(1).int32);
  for (size_t i = 0; i < attributes; ++i) {
    if (a.null(3 + 2 * i)) continue;
    std::string value;
    a.append(3 + 2 * i, false, value);
    out += ' ' + a.text(2 + 2 * i) + "=\"";
    append_attribute(value, out);
    out += '"';
  }
  bool any = false;
  std::string content;
  for (size_t i = 2 + 2 * attributes; i < a.count(); ++i) {
    if (a.null(i)) continue;
    any = true;
    a.append(i, true, content);
  }
  out += any ? '>' + content + "</" + a.text(0) + '>' : std::string("/>");
  return true;
}

bool forest(const Args& a, std::string& out) {
  bool any = false;
  for (size_t i = 0; i + 1 < a.count(); i += 2) {
    if (a.null(i + 1)) continue;
    any = true;
    out += '<' + a.text(i) + '>';
    a.append(i + 1, true, out);
    out += "</" + a.text(i) + '>';
  }
  return any;
}

bool concat(const Args& a, std::string& out) {
  std::vector<std::string> values;
  for (size_t i = 0; i < a.count(); ++i)
    if (!a.null(i)) values.push_back(a.text(i));
  std::vector<Text> parts(values.begin(), values.end());
  if (!parts.empty()) join_xml(out, parts);
  return !parts.empty();
}

bool parse(const Args& a, std::string& out) {
  if (a.null(0)) return false;
  out = a.text(0);
  check_xml(out, a.value(1).boolean != 0 ? XmlKind::kDocument : XmlKind::kContent);
  return true;
}

bool processing_instruction(const Args& a, std::string& out) {
  std::string name = a.text(0), lower;
  types::append_lower(lower, name, "");
  if (lower == "xml") {
    throw SqlError(sqlstate::kSyntaxError, "invalid XML processing instruction")
        .detail(fmt::format("XML processing instruction target name cannot be \"{}\".", name));
  }
  out = "<?" + name;
  if (a.count() > 1) {
    if (a.null(1)) return false;
    std::string text = a.text(1);
    if (text.find("?>") != std::string::npos) {
      throw SqlError(kInvalidPi, "invalid XML processing instruction")
          .detail("XML processing instruction cannot contain \"?>\".");
    }
    out += ' ' + text.substr(std::min(text.find_first_not_of(' '), text.size()));
  }
  out += "?>";
  return true;
}

bool root(const Args& a, std::string& out) {
  if (a.null(0)) return false;
  std::string value = a.text(0);
  XmlDeclaration d = read_xml_declaration(value);
  int32_t given = a.value(2).int32;
  int standalone = given == 0 ? 1 : given == 1 ? 0 : given == 2 ? -1 : d.standalone;
  append_xml_declaration(out, a.null(1) ? std::string() : a.text(1), standalone);
  out += value.substr(d.bytes);
  return true;
}

bool serialize(const Args& a, std::string& out) {
  if (a.null(0)) return false;
  out = a.text(0);
  if (a.value(1).boolean != 0 && !is_well_formed_xml(out, XmlKind::kDocument))
    throw SqlError(kNotDocument, "not an XML document");
  return true;
}

template <bool (*kMake)(const Args&, std::string&)>
void text_kernel(KernelCall& call) {
  for_each_row(call.rows, [&](uint32_t row) {
    std::string out;
    if (!kMake({call, row}, out)) return call.result.set_null(row);
    Text kept = out.size() <= StringRef::kInlineBytes ? Text(out) : call.context.memory->copy(out);
    call.result.set_value(row, Value::of_string(kept));
  });
}
void document_kernel(KernelCall& call) {
  for_each_row(call.rows, [&](uint32_t row) {
    if (call.args[0]->is_null(row)) return call.result.set_null(row);
    Value v = call.args[0]->value(row);
    call.result.set_value(row, Value::of_bool(is_well_formed_xml(v.view(), XmlKind::kDocument)));
  });
}

constexpr Oid kArguments[] = {t::kAny};
Function make_function(Text name, Oid result, Kernel kernel) {
  Function f{};
  f.name = name;
  f.result = result;
  f.args = kArguments;
  f.volatility = Volatility::kStable;  // values become text as the session's settings say
  f.strict = false;
  f.kernel = kernel;
  return f;
}

std::span<const Function> constructors() {
  static const Function kFunctions[] = {
      make_function("xmlelement", kXml, text_kernel<element>),
      make_function("xmlforest", kXml, text_kernel<forest>),
      make_function("xmlconcat", kXml, text_kernel<concat>),
      make_function("xmlparse", kXml, text_kernel<parse>),
      make_function("xmlpi", kXml, text_kernel<processing_instruction>),
      make_function("xmlroot", kXml, text_kernel<root>),
      make_function("is_document", t::kBool, document_kernel),
      make_function("xmlserialize", t::kText, text_kernel<serialize>),
  };
  return kFunctions;
}

bool starts_name(uint32_t c) {
  return c == '_' || c == ':' || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
         (c >= 0xC0 && c != 0xD7 && c != 0xF7);
}
bool continues_name(uint32_t c) {
  return starts_name(c) || c == '-' || c == '.' || c == 0xB7 || (c >= '0' && c <= '9');
}

}  // namespace

const Function& xml_function(XmlConstructor which) { return constructors()[static_cast<size_t>(which)]; }
std::optional<XmlConstructor> xml_constructor_of(const Function& function) {
  std::span<const Function> all = constructors();
  if (&function < all.data() || &function >= all.data() + all.size()) return std::nullopt;
  return static_cast<XmlConstructor>(&function - all.data());
}

std::string xml_name(Text identifier, bool whole) {
  std::string out;
  for (size_t i = 0; i < identifier.size();) {
    size_t start = i;
    uint32_t c = types::utf8_next(identifier, i);
    Text rest = identifier.substr(start);
    bool colon = c == ':' && (start == 0 || whole);
    bool escape_like = c == '_' && rest.size() > 1 && rest[1] == 'x';
    bool reserved = whole && start == 0 && rest.size() >= 3 && (rest[0] | 32) == 'x' &&
                    (rest[1] | 32) == 'm' && (rest[2] | 32) == 'l';
    bool valid = start == 0 ? starts_name(c) : continues_name(c);
    if (colon || escape_like || reserved || !valid)
      out += fmt::format("_x{:04X}_", c);
    else
      out += identifier.substr(start, i - start);
  }
  return out;
}

std::string name_of_xml(Text name) {
  std::string out;
  for (size_t i = 0; i < name.size();) {
    uint32_t code = 0;
    if (name.substr(i).starts_with("_x") && i + 7 <= name.size() && name[i + 6] == '_') {
      const char* begin = name.data() + i + 2;
      auto [end, error] = std::from_chars(begin, begin + 4, code, 16);
      if (error == std::errc() && end == begin + 4) {
        types::append_utf8(out, code);
        i += 7;
        continue;
      }
    }
    out += name[i++];
  }
  return out;
}

}  // namespace varve::functions
