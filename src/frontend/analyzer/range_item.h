// What every kind of FROM item ends with. Private to the analyzer.
#pragma once

#include "analyzer/query.h"
#include "memory/arena.h"
#include "parser/ast.h"

namespace varve::analyzer {

inline FromItem* range_item(Arena& arena, uint32_t range) {
  auto* item = arena.make<FromItem>();
  item->kind = FromKind::kRange;
  item->range = range;
  return item;
}

inline std::span<const std::string_view> alias_columns(const parser::Alias* alias) {
  return alias == nullptr ? std::span<const std::string_view>()
                          : std::span<const std::string_view>(alias->columns);
}

}  // namespace varve::analyzer
