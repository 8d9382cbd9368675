// The columns of a record or of a function's result. Private to the module.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/strong_id.h"

namespace varve::analyzer {
struct ResultShape;
}
namespace varve::catalog {
class Catalog;
struct Relation;
}  // namespace varve::catalog
namespace varve::functions {
class RecordView;
struct TypeInfo;
}  // namespace varve::functions
namespace varve::planner {
struct OutputColumn;
}

namespace varve::pl {

// Records' are interned in their function, so that equal shapes have one address.
struct Shape {
  std::vector<std::string> names;
  std::vector<Oid> types;  // never domains
  std::vector<int32_t> typmods;
  std::vector<Oid> domains;  // that values must be of, by field; empty: of none

  bool operator==(const Shape&) const = default;
  void add(std::string_view name, Oid type, int32_t typmod, Oid domain);
  int find(std::string_view name) const;  // -1: none
  Oid domain(size_t i) const { return domains.empty() ? kInvalidOid : domains[i]; }
  Oid declared(size_t i) const { return domain(i) == kInvalidOid ? types[i] : domain(i); }
};

Shape shape_of(std::span<const planner::OutputColumn> columns);
Shape shape_of(const catalog::Relation& relation);
Shape shape_of(const functions::TypeInfo& composite);
Shape shape_of(const analyzer::ResultShape& result);
Shape shape_of(const functions::RecordView& row);

// Why a row of `got` is none of `want`, in PostgreSQL's words for the DETAIL; empty: it is one. Nothing is
// converted here, not even from a domain's type to the domain.
std::string difference(catalog::Catalog& catalog, const Shape& got, const Shape& want);
// The type of a field as messages name it.
std::string type_text(catalog::Catalog& catalog, const Shape& shape, size_t field);

}  // namespace varve::pl
