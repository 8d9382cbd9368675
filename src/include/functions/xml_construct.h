// SQL/XML's constructors (XMLELEMENT …): functions that have syntax of their own, no name in SQL and no row
// in pg_proc.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "functions/registry.h"

namespace varve::functions {

// Arguments of each; values may be NULL.
enum class XmlConstructor : uint8_t {
  kElement,    // name, number of attributes, (attribute's name, value) …, content …
  kForest,     // (name, value) …
  kConcat,     // xml …
  kParse,      // text, whether as a document, whether whitespace is preserved
  kPi,         // name [, text]
  kRoot,       // xml, version, standalone (0 yes, 1 no, 2 no value, 3 not given)
  kDocument,   // xml: IS DOCUMENT
  kSerialize,  // xml, whether as a document, oid and typmod of the type it becomes: text
};
const Function& xml_function(XmlConstructor which);
std::optional<XmlConstructor> xml_constructor_of(const Function& function);

// A name of SQL as a name of XML; `whole`: one that was found and not written, where colons and "xml" are
// escaped too.
std::string xml_name(std::string_view identifier, bool whole);
std::string name_of_xml(std::string_view xml_name);  // back

}  // namespace varve::functions
