#include "constraints.h"

#include <fmt/format.h>

#include "common/sql_error.h"

namespace varve::commands {

void add_foreign_key(CommandContext&, Oid, const parser::Constraint&, std::string_view) {
  throw_not_supported("FOREIGN KEY constraints");
}

}  // namespace varve::commands
