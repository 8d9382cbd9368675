// The functions that undo and purge each kind of record. Filled at start-up, read without synchronisation
// later.
#include <array>

#include "txn/undo.h"

namespace varve::txn {
namespace {
constexpr size_t kKinds = 256;
std::array<UndoFunction, kKinds> undo_functions{};
std::array<PurgeFunction, kKinds> purge_functions{};
}  // namespace

void register_undo(UndoKind kind, UndoFunction function) {
  undo_functions[static_cast<uint8_t>(kind)] = function;
}
UndoFunction undo_function(UndoKind kind) { return undo_functions[static_cast<uint8_t>(kind)]; }
void register_purge(UndoKind kind, PurgeFunction function) {
  purge_functions[static_cast<uint8_t>(kind)] = function;
}
PurgeFunction purge_function(UndoKind kind) { return purge_functions[static_cast<uint8_t>(kind)]; }

}  // namespace varve::txn
