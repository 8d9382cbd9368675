// Functions of xml.
#include "functions/array.h"
#include "kernel.h"
#include "xml/xml_value.h"

namespace varve::functions {

namespace {

using Text = std::string_view;
constexpr Oid kXml{142};

std::vector<XmlNamespace> namespaces_of(Text array, Arena& arena) {
  ArrayView a(array);
  std::vector<XmlNamespace> out;
  if (a.dimensions() == 0) return out;
  if (a.dimensions() != 2 || a.dimension(1).length != 2) {
    throw SqlError(SqlState{"22000"}, "invalid array for XML namespace mapping")
        .detail("The array must be two-dimensional with length of the second axis equal to 2.");
  }
  for (uint32_t i = 0; i + 1 < a.count(); i += 2) {
    if (a.is_null(i) || a.is_null(i + 1))
      throw SqlError(sqlstate::kNullValueNotAllowed, "neither namespace name nor URI may be null");
    Value name = a.at(i, arena), uri = a.at(i + 1, arena);
    out.push_back({std::string(name.view()), std::string(uri.view())});
  }
  return out;
}

StringRef found_items(const XPathResult& r, Env& env) {
  std::vector<Value> items;
  for (const std::string& item : r.items) items.push_back(Value::of_string(item));
  return make_array(kXml, items, env.arena);
}

StringRef comment(Text text, Env& env) {
  if (text.find("--") != Text::npos || text.ends_with('-'))
    throw SqlError(SqlState{"2200S"}, "invalid XML comment");
  env.buffer = "<!--";
  env.buffer += text;
  env.buffer += "-->";
  return env.keep();
}

const Binding kBindings[] = {
    {"xml(text)", fn([](const StringRef& s, Env&) {
       check_xml(s.view(), XmlKind::kContent);
       return s;
     })},
    {"text(xml)", fn([](const StringRef& s, Env&) { return s; })},
    {"xmlcomment(text)", fn([](Text s, Env& env) { return comment(s, env); })},
    {"xmlconcat2(xml,xml)",
     fn([](std::optional<Text> a, std::optional<Text> b, Env& env) -> std::optional<StringRef> {
       if (!a && !b) return {};
       if (!a || !b) return env.keep(a ? *a : *b);
       const Text parts[] = {*a, *b};
       join_xml(env.buffer, parts);
       return env.keep();
     })},
    {"xmlvalidate(xml,text)", fn([](Text, Text, Env&) -> bool {
       throw SqlError(sqlstate::kFeatureNotSupported, "xmlvalidate is not implemented");
     })},
    {"xml_is_well_formed(text)", fn([](Text s, Env&) { return is_well_formed_xml(s, XmlKind::kContent); })},
    {"xml_is_well_formed_content(text)",
     fn([](Text s, Env&) { return is_well_formed_xml(s, XmlKind::kContent); })},
    {"xml_is_well_formed_document(text)",
     fn([](Text s, Env&) { return is_well_formed_xml(s, XmlKind::kDocument); })},
    {"xpath(text,xml)",
     fn([](Text path, Text v, Env& env) { return found_items(evaluate_xpath(path, v, {}), env); })},
    {"xpath(text,xml,_text)", fn([](Text path, Text v, Text names, Env& env) {
       return found_items(evaluate_xpath(path, v, namespaces_of(names, env.arena)), env);
     })},
    {"xpath_exists(text,xml)", fn([](Text path, Text v, Env&) { return evaluate_xpath(path, v, {}).found; })},
    {"xpath_exists(text,xml,_text)", fn([](Text path, Text v, Text names, Env& env) {
       return evaluate_xpath(path, v, namespaces_of(names, env.arena)).found;
     })},
    {"xmlexists(text,xml)", fn([](Text path, Text v, Env&) { return evaluate_xpath(path, v, {}).found; })},
};

}  // namespace

Bindings xml_bindings() { return kBindings; }

}  // namespace varve::functions
