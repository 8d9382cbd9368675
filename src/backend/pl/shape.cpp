#include "shape.h"

#include <algorithm>
#include <fmt/format.h>

#include "analyzer/analyzer.h"
#include "catalog/relation.h"
#include "catalog/user_type.h"
#include "functions/record.h"
#include "functions/registry.h"
#include "planner/plan_node.h"

namespace varve::pl {

void Shape::add(std::string_view name, Oid type, int32_t typmod, Oid domain) {
  if (domain != kInvalidOid) domains.resize(types.size(), kInvalidOid);
  if (domain != kInvalidOid || !domains.empty()) domains.push_back(domain);
  names.emplace_back(name);
  types.push_back(type);
  typmods.push_back(typmod);
}

int Shape::find(std::string_view name) const {
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<int>(i);
  }
  return -1;
}

Shape shape_of(std::span<const planner::OutputColumn> columns) {
  Shape shape;
  for (const planner::OutputColumn& c : columns) shape.add(c.name, c.type, c.typmod, c.domain);
  return shape;
}

Shape shape_of(const catalog::Relation& relation) {
  Shape shape;
  for (const catalog::Column& c : relation.columns) {
    if (!c.dropped) shape.add(c.name, c.type, c.typmod, c.domain);
  }
  return shape;
}

Shape shape_of(const functions::TypeInfo& composite) {
  Shape shape;
  for (const functions::CompositeField& field : composite.fields)
    shape.add(field.name, field.type, field.typmod, field.domain);
  return shape;
}

Shape shape_of(const analyzer::ResultShape& result) {
  Shape shape;
  for (size_t i = 0; i < result.types.size(); ++i)
    shape.add(result.names[i], result.types[i], result.typmods[i], result.domains[i]);
  return shape;
}

Shape shape_of(const functions::RecordView& row) {
  Shape shape;
  for (uint32_t i = 0; i < row.count(); ++i) shape.add(row.field_name(i), row.field_type(i), -1, kInvalidOid);
  return shape;
}

std::string type_text(catalog::Catalog& catalog, const Shape& shape, size_t field) {
  if (Oid domain = shape.domain(field); domain != kInvalidOid) return catalog::type_text(catalog, domain);
  return functions::format_type(shape.types[field], shape.typmods[field]);
}

std::string difference(catalog::Catalog& catalog, const Shape& got, const Shape& want) {
  for (size_t i = 0; i < std::min(got.types.size(), want.types.size()); ++i) {
    const bool length_fits = want.typmods[i] < 0 || got.typmods[i] == want.typmods[i];
    if (got.declared(i) == want.declared(i) && length_fits) continue;
    return fmt::format("Returned type {} does not match expected type {} in column {}.",
                       type_text(catalog, got, i), type_text(catalog, want, i), i + 1);
  }
  if (got.types.size() == want.types.size()) return {};
  return fmt::format("Number of returned columns ({}) does not match expected column count ({}).",
                     got.types.size(), want.types.size());
}

}  // namespace varve::pl
