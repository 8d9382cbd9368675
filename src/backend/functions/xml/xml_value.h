// xml: a kString value, the text as it was given, checked to be well-formed. libxml2 reads it; it may neither
// open files nor use the network.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace varve::functions {

// <?xml version="…" standalone="…"?>
struct XmlDeclaration {
  size_t bytes = 0;  // 0: there is none
  std::string version;
  int standalone = -1;
};
XmlDeclaration read_xml_declaration(std::string_view text);  // 2200N
// Written only where it says something: another version than 1.0, or standalone.
bool append_xml_declaration(std::string& out, std::string_view version, int standalone);

enum class XmlKind { kDocument, kContent };
// 2200M, 2200N with libxml2's explanation.
void check_xml(std::string_view text, XmlKind kind);
bool is_well_formed_xml(std::string_view text, XmlKind kind);
void append_xml_text(std::string& out, std::string_view value);
void append_escaped_xml(std::string& out, std::string_view text);

// xmlconcat(): one after the other. A declaration stays only where all agree on what it says.
void join_xml(std::string& out, std::span<const std::string_view> parts);

struct XmlNamespace {
  std::string name, uri;
};
// What an XPath expression finds, each item as XML. `found`: whether it is anything at all (xpath_exists).
struct XPathResult {
  std::vector<std::string> items;
  bool found = false;
};
XPathResult evaluate_xpath(std::string_view expression, std::string_view document,
                           std::span<const XmlNamespace> namespaces);

// XMLTABLE: the rows that `row_path` finds, and of each what the columns' paths find there.
struct XmlTablePath {
  std::string path;
  bool as_xml = false;   // the column is of type xml: nodes as they are written, any number of them
  bool numeric = false;  // true() is 1
};
std::vector<std::vector<std::optional<std::string>>> evaluate_xml_table(
    std::string_view row_path, std::string_view document, std::span<const XmlNamespace> namespaces,
    std::span<const XmlTablePath> columns);

}  // namespace varve::functions
