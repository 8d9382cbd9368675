#include "wal/redo.h"

#include <array>

#include "common/check.h"

namespace varve::wal {
namespace {
std::array<RedoFunction, 256> functions{};  // written at start-up only
}

void register_redo(RedoOp op, RedoFunction function) {
  VARVE_CHECK(functions[op] == nullptr || functions[op] == function);
  functions[op] = function;
}

RedoFunction redo_function(RedoOp op) { return functions[op]; }

}  // namespace varve::wal
