// XMLTABLE as a table function. The analyzer makes one for each use, in the arena of its statement; the
// call's arguments are the document, the row's path, the URI of each namespace, and of each column its path
// and its default (a value of the column's type, or NULL).
#pragma once

#include "functions/registry.h"

namespace varve::functions {

struct XmlTable : TableFunctionImpl {
  XmlTable();

  struct Column {
    int32_t typmod = -1;
    bool for_ordinality = false;
    bool not_null = false;
  };
  std::span<const std::string_view> namespaces;
  std::span<const Column> columns;  // beside column_types and column_names
};

}  // namespace varve::functions
