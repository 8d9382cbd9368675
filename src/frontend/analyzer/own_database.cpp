#include "analyzer/own_database.h"

#include <fmt/format.h>

#include "analyzer/analyzer.h"
#include "common/sql_error.h"
#include "parser/ast.h"

namespace varve::analyzer {

namespace {

bool is_own(const AnalyzerContext& context, std::string_view database) {
  return context.eval.session == nullptr || database == context.eval.session->current_database();
}

void require(const AnalyzerContext& context, size_t names, size_t whole, std::string_view database,
             const std::string& text, int position) {
  if (names < whole || (names == whole && is_own(context, database))) return;
  if (names > whole)
    throw SqlError(sqlstate::kSyntaxError,
                   fmt::format("improper qualified name (too many dotted names): {}", text))
        .at(position);
  throw SqlError(sqlstate::kFeatureNotSupported,
                 fmt::format("cross-database references are not implemented: {}", text))
      .at(position);
}

}  // namespace

void require_own_database(const AnalyzerContext& context, const parser::RangeVar& name, int position) {
  if (name.catalog.empty() || is_own(context, name.catalog)) return;
  throw SqlError(sqlstate::kFeatureNotSupported,
                 fmt::format("cross-database references are not implemented: \"{}.{}.{}\"", name.catalog,
                             name.schema, name.name))
      .at(position);
}

void require_own_database(const AnalyzerContext& context, std::span<const std::string_view> names,
                          int position) {
  if (names.size() > 2)
    require(context, names.size(), 3, names[0], fmt::format("{}", fmt::join(names, ".")), position);
}

void require_own_database(const AnalyzerContext& context, const parser::ColumnRef& ref, int position) {
  const size_t names = ref.names.size() + (ref.star ? 1 : 0);
  if (names < 4) return;
  const std::string text = fmt::format("{}{}", fmt::join(ref.names, "."), ref.star ? ".*" : "");
  require(context, names, 4, ref.names[0], text, position);
}

}  // namespace varve::analyzer
