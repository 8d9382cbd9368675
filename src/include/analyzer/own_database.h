// Names that say which database: it has to be the session's own (0A000).
#pragma once

#include <span>
#include <string_view>

namespace varve::parser {
struct ColumnRef;
struct RangeVar;
}  // namespace varve::parser

namespace varve::analyzer {

struct AnalyzerContext;

// "database.schema.table". `position` is the error's.
void require_own_database(const AnalyzerContext& context, const parser::RangeVar& name, int position);
// "database.schema.name" of a type or a function. More names than that are an error, too.
void require_own_database(const AnalyzerContext& context, std::span<const std::string_view> names,
                          int position);
// "database.schema.table.column" and "database.schema.table.*", as the names of functions.
void require_own_database(const AnalyzerContext& context, const parser::ColumnRef& ref, int position);

}  // namespace varve::analyzer
