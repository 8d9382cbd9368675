// Any bytes: the parser must answer with a tree or an SqlError.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/sql_error.h"
#include "memory/arena.h"
#include "parser/normalize.h"
#include "parser/parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view sql(reinterpret_cast<const char*>(data), size);
  varve::Arena arena;
  try {
    varve::parser::parse(sql, arena);
  } catch (const varve::SqlError&) {
  }
  varve::parser::normalize_literals(sql, arena);
  return 0;
}
