#include "xml/xml_value.h"

#include <cstdarg>
#include <fmt/format.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <memory>
#include <mutex>

#include "common/sql_error.h"
#include "types/float_format.h"

namespace varve::functions {

namespace {

constexpr SqlState kInvalidDocument{"2200M"}, kInvalidContent{"2200N"}, kDataException{"22000"};

// What an entity or a DTD refers to outside of the document is taken for empty.
xmlParserInputPtr no_entity(const char*, const char*, xmlParserCtxtPtr context) {
  return xmlNewStringInputStream(context, reinterpret_cast<const xmlChar*>(""));
}

void prepare_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    xmlInitParser();
    xmlSetExternalEntityLoader(no_entity);
  });
}

// Gathers what libxml2 complains of while it lives; the handlers are the thread's.
class XmlErrors {
 public:
  explicit XmlErrors(bool well_formedness_only) : only_form_(well_formedness_only) {
    prepare_library();
    old_handler_ = xmlStructuredError;
    old_context_ = xmlStructuredErrorContext;
    xmlSetStructuredErrorFunc(this, handle);
  }
  ~XmlErrors() { xmlSetStructuredErrorFunc(old_context_, old_handler_); }
  XmlErrors(const XmlErrors&) = delete;
  XmlErrors& operator=(const XmlErrors&) = delete;

  bool occurred() const { return occurred_; }
  [[noreturn]] void raise(SqlState state, std::string_view message) const {
    SqlError error(state, std::string(message));
    if (!text_.empty()) error.detail(text_);
    throw error;
  }

 private:
  static void append_format(void* out, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char buffer[1024];
    int n = vsnprintf(buffer, sizeof(buffer), format, arguments);
    va_end(arguments);
    if (n > 0)
      static_cast<std::string*>(out)->append(buffer,
                                             std::min<size_t>(static_cast<size_t>(n), sizeof(buffer) - 1));
  }

  static void handle(void* self, xmlErrorPtr error) { static_cast<XmlErrors*>(self)->add(*error); }

  void add(const xmlError& error) {
    int domain = error.domain, level = error.level;
    switch (error.code) {
      case XML_WAR_NS_URI:
        level = XML_ERR_ERROR;
        domain = XML_FROM_NAMESPACE;
        break;
      case XML_ERR_NS_DECL_ERROR:
      case XML_WAR_NS_URI_RELATIVE:
      case XML_WAR_NS_COLUMN:
      case XML_NS_ERR_XML_NAMESPACE:
      case XML_NS_ERR_UNDEFINED_NAMESPACE:
      case XML_NS_ERR_QNAME:
      case XML_NS_ERR_ATTRIBUTE_REDEFINED:
      case XML_NS_ERR_EMPTY:
        domain = XML_FROM_NAMESPACE;
        break;
      default:
        break;
    }
    bool of_form = domain == XML_FROM_PARSER || domain == XML_FROM_NONE || domain == XML_FROM_MEMORY ||
                   domain == XML_FROM_IO;
    // Undeclared entities are no error where DTDs are not read; lost balance has been reported at its cause.
    if (of_form && error.code == XML_WAR_UNDECLARED_ENTITY) return;
    if (domain == XML_FROM_PARSER && error.code == XML_ERR_NOT_WELL_BALANCED && occurred_) return;
    if (!of_form && only_form_) return;
    if (level < XML_ERR_ERROR) return;
    describe(error);
    occurred_ = true;
  }

  void describe(const xmlError& error) {
    std::string text;
    if (error.line > 0) text += fmt::format("line {}: ", error.line);
    const auto* node = static_cast<const xmlNode*>(error.node);
    if (node != nullptr && node->type == XML_ELEMENT_NODE)
      text += fmt::format("element {}: ", reinterpret_cast<const char*>(node->name));
    text += error.message != nullptr ? error.message : "(no message provided)";
    auto* context = static_cast<xmlParserCtxtPtr>(error.ctxt);
    if (context != nullptr && error.domain != XML_FROM_XPATH && context->input != nullptr) {
      xmlGenericErrorFunc old = xmlGenericError;
      void* old_context = xmlGenericErrorContext;
      xmlSetGenericErrorFunc(&text, append_format);
      xmlParserPrintFileContext(context->input);
      xmlSetGenericErrorFunc(old_context, old);
    }
    while (!text.empty() && text.back() == '\n') text.pop_back();
    if (!text_.empty()) text_ += '\n';
    text_ += text;
  }

  bool only_form_;
  bool occurred_ = false;
  std::string text_;
  xmlStructuredErrorFunc old_handler_;
  void* old_context_;
};

template <class T, void (*kFree)(T*)>
struct Freed {
  void operator()(T* p) const { kFree(p); }
};
using Context = std::unique_ptr<xmlParserCtxt, Freed<xmlParserCtxt, xmlFreeParserCtxt>>;
using Document = std::unique_ptr<xmlDoc, Freed<xmlDoc, xmlFreeDoc>>;
using Buffer = std::unique_ptr<xmlBuffer, Freed<xmlBuffer, xmlBufferFree>>;
using XPathContext = std::unique_ptr<xmlXPathContext, Freed<xmlXPathContext, xmlXPathFreeContext>>;
using XPathExpression = std::unique_ptr<xmlXPathCompExpr, Freed<xmlXPathCompExpr, xmlXPathFreeCompExpr>>;
using XPathObject = std::unique_ptr<xmlXPathObject, Freed<xmlXPathObject, xmlXPathFreeObject>>;
struct XmlStringFree {
  void operator()(xmlChar* p) const { xmlFree(p); }
};
using XmlString = std::unique_ptr<xmlChar, XmlStringFree>;

const xmlChar* chars(const std::string& s) { return reinterpret_cast<const xmlChar*>(s.c_str()); }
std::string text_of(const xmlChar* s) {
  return s == nullptr ? std::string() : reinterpret_cast<const char*>(s);
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

[[noreturn]] void bad_declaration(std::string_view detail) {
  throw SqlError(kInvalidContent, "invalid XML content: invalid XML declaration").detail(std::string(detail));
}

// Takes a declaration apart from its beginning on.
class DeclarationReader {
 public:
  explicit DeclarationReader(std::string_view text) : text_(text) {}

  XmlDeclaration read() {
    XmlDeclaration d;
    at_ = 5;
    require_blank(at_);
    skip_blanks();
    if (!take("version")) bad_declaration(kNoVersion);
    d.version = value(kNoVersion);
    if (attribute("encoding")) value("Missing encoding in text declaration.");
    if (attribute("standalone")) {
      constexpr std::string_view kWrong = "standalone accepts only 'yes' or 'no'.";
      std::string v = value(kWrong);
      if (v != "yes" && v != "no") bad_declaration(kWrong);
      d.standalone = v == "yes" ? 1 : 0;
    }
    skip_blanks();
    if (!take("?>")) bad_declaration("Parsing XML declaration: '?>' expected.");
    for (char c : text_.substr(0, at_))
      if ((c & 0x80) != 0) bad_declaration("Invalid character value.");
    d.bytes = at_;
    return d;
  }

 private:
  static constexpr std::string_view kNoVersion = "Malformed declaration: missing version.";
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  void require_blank(size_t at) {
    if (at >= text_.size() || !is_blank(text_[at])) bad_declaration("Space required.");
  }
  bool attribute(std::string_view name) {
    size_t before = at_;
    skip_blanks();
    if (take(name)) {
      require_blank(before);
      return true;
    }
    at_ = before;
    return false;
  }
  std::string value(std::string_view error) {
    skip_blanks();
    if (!take("=")) bad_declaration(error);
    skip_blanks();
    if (at_ >= text_.size() || (text_[at_] != '"' && text_[at_] != '\'')) bad_declaration(error);
    size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) bad_declaration(error);
    std::string v(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return v;
  }
  std::string_view text_;
  size_t at_ = 0;
};

// Content with a DOCTYPE is read as a document.
bool has_doctype(std::string_view s) {
  for (;;) {
    while (!s.empty() && is_blank(s[0])) s.remove_prefix(1);
    size_t end;
    if (s.starts_with("<!DOCTYPE")) return true;
    if (s.starts_with("<!--")) {
      end = s.find("--", 4);
      if (end == std::string_view::npos || s.substr(end, 3) != "-->") return false;
      end += 3;
    } else if (s.starts_with("<?")) {
      end = s.find("?>");
      if (end == std::string_view::npos) return false;
      end += 2;
    } else {
      return false;
    }
    s.remove_prefix(end);
  }
}

std::string node_text(xmlNodePtr node) {
  if (node->type == XML_ATTRIBUTE_NODE || node->type == XML_TEXT_NODE) {
    XmlString text(xmlXPathCastNodeToString(node));
    std::string out;
    append_escaped_xml(out, text_of(text.get()));
    return out;
  }
  // A copy takes the namespaces along that its ancestors declare.
  xmlNodePtr copy = xmlCopyNode(node, 1);
  if (copy == nullptr) throw SqlError(sqlstate::kOutOfMemory, "could not copy node");
  Buffer buffer(xmlBufferCreate());
  xmlNodeDump(buffer.get(), nullptr, copy, 0, 0);
  std::string out = text_of(xmlBufferContent(buffer.get()));
  if (copy->type == XML_DOCUMENT_NODE)
    xmlFreeDoc(reinterpret_cast<xmlDocPtr>(copy));
  else
    xmlFreeNode(copy);
  return out;
}

XPathResult result_of(const xmlXPathObject& object) {
  XPathResult r;
  switch (object.type) {
    case XPATH_NODESET:
      if (object.nodesetval == nullptr) return r;
      for (int i = 0; i < object.nodesetval->nodeNr; ++i)
        r.items.push_back(node_text(object.nodesetval->nodeTab[i]));
      r.found = !r.items.empty();
      return r;
    case XPATH_BOOLEAN:
      r.items.emplace_back(object.boolval != 0 ? "true" : "false");
      r.found = object.boolval != 0;
      return r;
    case XPATH_NUMBER:
      types::append_float8(r.items.emplace_back(), object.floatval);
      r.found = true;
      return r;
    case XPATH_STRING:
      append_escaped_xml(r.items.emplace_back(), text_of(object.stringval));
      r.found = true;
      return r;
    default:
      throw SqlError(sqlstate::kInternalError, fmt::format("xpath expression result type {} is unsupported",
                                                           static_cast<int>(object.type)));
  }
}

}  // namespace

XmlDeclaration read_xml_declaration(std::string_view text) {
  if (!text.starts_with("<?xml")) return {};
  // <?xml-stylesheet … is something else.
  char next = text.size() > 5 ? text[5] : '\0';
  bool name = next == '-' || next == '_' || next == ':' || next == '.' || (next & 0x80) != 0 ||
              (next >= '0' && next <= '9') || ((next | 32) >= 'a' && (next | 32) <= 'z');
  if (name) return {};
  return DeclarationReader(text).read();
}

bool append_xml_declaration(std::string& out, std::string_view version, int standalone) {
  if ((version.empty() || version == "1.0") && standalone == -1) return false;
  out += fmt::format("<?xml version=\"{}\"", version.empty() ? "1.0" : version);
  if (standalone >= 0) out += standalone == 1 ? " standalone=\"yes\"" : " standalone=\"no\"";
  out += "?>";
  return true;
}

void check_xml(std::string_view text, XmlKind kind) {
  XmlErrors errors(true);
  std::string copy(text);
  bool document = kind == XmlKind::kDocument;
  XmlDeclaration declaration;
  if (!document) {
    declaration = read_xml_declaration(text);
    document = has_doctype(text.substr(declaration.bytes));
  }
  bool failed;
  if (document) {
    Context context(xmlNewParserCtxt());
    constexpr int kOptions = XML_PARSE_NOENT | XML_PARSE_DTDATTR;
    Document parsed(xmlCtxtReadDoc(context.get(), chars(copy), nullptr, "UTF-8", kOptions));
    failed = parsed == nullptr;
  } else {
    Document parsed(xmlNewDoc(declaration.version.empty() ? nullptr : chars(declaration.version)));
    parsed->encoding = xmlStrdup(reinterpret_cast<const xmlChar*>("UTF-8"));
    parsed->standalone = declaration.standalone;
    std::string content = copy.substr(declaration.bytes);
    failed = !content.empty() &&
             xmlParseBalancedChunkMemory(parsed.get(), nullptr, nullptr, 0, chars(content), nullptr) != 0;
  }
  if (failed || errors.occurred()) {
    errors.raise(kind == XmlKind::kDocument ? kInvalidDocument : kInvalidContent,
                 kind == XmlKind::kDocument ? "invalid XML document" : "invalid XML content");
  }
}

bool is_well_formed_xml(std::string_view text, XmlKind kind) {
  try {
    check_xml(text, kind);
    return true;
  } catch (const SqlError&) {
    return false;
  }
}

void append_xml_text(std::string& out, std::string_view value) {
  XmlDeclaration d = read_xml_declaration(value);
  bool written = append_xml_declaration(out, d.version, d.standalone);
  value.remove_prefix(d.bytes);
  if (d.bytes != 0 && !written && value.starts_with('\n')) value.remove_prefix(1);
  out += value;
}

void append_escaped_xml(std::string& out, std::string_view text) {
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\r':
        out += "&#x0d;";
        break;
      default:
        out += c;
    }
  }
}

void join_xml(std::string& out, std::span<const std::string_view> parts) {
  std::string version, body;
  bool any_version = false, no_version = false;
  int standalone = 1;
  for (std::string_view part : parts) {
    XmlDeclaration d = read_xml_declaration(part);
    if (d.standalone == 0 && standalone == 1) standalone = 0;
    if (d.standalone < 0) standalone = -1;
    if (d.version.empty() || (any_version && d.version != version)) no_version = true;
    if (!any_version) version = d.version;
    any_version = any_version || !d.version.empty();
    body += part.substr(d.bytes);
  }
  if (!no_version || standalone >= 0)
    append_xml_declaration(out, no_version ? std::string_view() : std::string_view(version), standalone);
  out += body;
}

XPathResult evaluate_xpath(std::string_view expression, std::string_view document,
                           std::span<const XmlNamespace> namespaces) {
  if (expression.empty()) throw SqlError(kDataException, "empty XPath expression");
  XmlErrors errors(false);
  std::string text(document.substr(read_xml_declaration(document).bytes)), path(expression);
  Context context(xmlNewParserCtxt());
  Document parsed(
      xmlCtxtReadMemory(context.get(), text.data(), static_cast<int>(text.size()), nullptr, "UTF-8", 0));
  if (parsed == nullptr || errors.occurred()) errors.raise(kInvalidDocument, "could not parse XML document");
  XPathContext xpath(xmlXPathNewContext(parsed.get()));
  xpath->node = reinterpret_cast<xmlNodePtr>(parsed.get());
  for (const XmlNamespace& n : namespaces) {
    if (xmlXPathRegisterNs(xpath.get(), chars(n.name), chars(n.uri)) != 0) {
      throw SqlError(
          sqlstate::kInternalError,
          fmt::format("could not register XML namespace with name \"{}\" and URI \"{}\"", n.name, n.uri));
    }
  }
  XPathExpression compiled(xmlXPathCtxtCompile(xpath.get(), chars(path)));
  if (compiled == nullptr || errors.occurred())
    errors.raise(sqlstate::kInternalError, "invalid XPath expression");
  XPathObject object(xmlXPathCompiledEval(compiled.get(), xpath.get()));
  if (object == nullptr || errors.occurred())
    errors.raise(sqlstate::kInternalError, "could not create XPath object");
  return result_of(*object);
}

namespace {

XPathExpression compile_path(xmlXPathContext& context, const XmlErrors& errors, const std::string& path,
                             std::string_view what) {
  if (path.empty())
    throw SqlError(kDataException, fmt::format("{} path filter must not be empty string", what));
  XPathExpression compiled(xmlXPathCtxtCompile(&context, chars(path)));
  if (compiled == nullptr || errors.occurred())
    errors.raise(sqlstate::kSyntaxError, "invalid XPath expression");
  return compiled;
}

// What a column's path found in one row; nothing: NULL.
std::optional<std::string> cell_of(const xmlXPathObject& object, const XmlTablePath& column) {
  auto escaped = [&](std::string text) {
    if (!column.as_xml) return text;
    std::string out;
    append_escaped_xml(out, text);
    return out;
  };
  switch (object.type) {
    case XPATH_NODESET: {
      int count = object.nodesetval == nullptr ? 0 : object.nodesetval->nodeNr;
      if (count == 0) return std::nullopt;
      if (column.as_xml) {
        std::string all;
        for (int i = 0; i < count; ++i) all += node_text(object.nodesetval->nodeTab[i]);
        return all;
      }
      if (count > 1) {
        throw SqlError(sqlstate::kCardinalityViolation,
                       "more than one value returned by column XPath expression");
      }
      XmlString text(xmlXPathCastNodeSetToString(object.nodesetval));
      return std::string(text_of(text.get()));
    }
    case XPATH_STRING:
      return escaped(std::string(text_of(object.stringval)));
    case XPATH_BOOLEAN: {
      XmlString text(column.numeric ? xmlXPathCastNumberToString(xmlXPathCastBooleanToNumber(object.boolval))
                                    : xmlXPathCastBooleanToString(object.boolval));
      return std::string(text_of(text.get()));
    }
    case XPATH_NUMBER: {
      XmlString text(xmlXPathCastNumberToString(object.floatval));
      return std::string(text_of(text.get()));
    }
    default:
      throw SqlError(sqlstate::kInternalError,
                     fmt::format("unexpected XPath object type {}", int(object.type)));
  }
}

}  // namespace

std::vector<std::vector<std::optional<std::string>>> evaluate_xml_table(
    std::string_view row_path, std::string_view document, std::span<const XmlNamespace> namespaces,
    std::span<const XmlTablePath> columns) {
  XmlErrors errors(false);
  std::string text(document.substr(read_xml_declaration(document).bytes));
  Context context(xmlNewParserCtxt());
  Document parsed(
      xmlCtxtReadMemory(context.get(), text.data(), static_cast<int>(text.size()), nullptr, "UTF-8", 0));
  if (parsed == nullptr || errors.occurred()) errors.raise(kInvalidDocument, "could not parse XML document");
  XPathContext xpath(xmlXPathNewContext(parsed.get()));
  xpath->node = reinterpret_cast<xmlNodePtr>(parsed.get());
  for (const XmlNamespace& n : namespaces) xmlXPathRegisterNs(xpath.get(), chars(n.name), chars(n.uri));
  XPathExpression rows = compile_path(*xpath, errors, std::string(row_path), "row");
  std::vector<XPathExpression> paths;
  for (const XmlTablePath& c : columns) paths.push_back(compile_path(*xpath, errors, c.path, "column"));
  XPathObject found(xmlXPathCompiledEval(rows.get(), xpath.get()));
  if (found == nullptr || errors.occurred())
    errors.raise(sqlstate::kInternalError, "could not create XPath object");
  std::vector<std::vector<std::optional<std::string>>> out;
  int count = found->type == XPATH_NODESET && found->nodesetval != nullptr ? found->nodesetval->nodeNr : 0;
  for (int row = 0; row < count; ++row) {
    xpath->node = found->nodesetval->nodeTab[row];
    std::vector<std::optional<std::string>>& cells = out.emplace_back();
    for (size_t i = 0; i < columns.size(); ++i) {
      XPathObject object(xmlXPathCompiledEval(paths[i].get(), xpath.get()));
      if (object == nullptr || errors.occurred())
        errors.raise(sqlstate::kInternalError, "could not create XPath object");
      cells.push_back(cell_of(*object, columns[i]));
    }
  }
  return out;
}

}  // namespace varve::functions
