// How SQL writes a locking clause.
#pragma once

#include <string_view>

#include "parser/ast_queries.h"

namespace varve::parser {

constexpr std::string_view lock_clause_text(LockStrength strength) {
  constexpr std::string_view kTexts[] = {"FOR KEY SHARE", "FOR SHARE", "FOR NO KEY UPDATE", "FOR UPDATE"};
  return kTexts[static_cast<size_t>(strength)];
}

}  // namespace varve::parser
