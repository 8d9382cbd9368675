#include "executor/row_guard.h"

#include <vector>

namespace varve::executor {
namespace {

std::vector<RowGuardMaker>& makers() {
  static std::vector<RowGuardMaker> all;
  return all;
}

}  // namespace

void register_row_guard(RowGuardMaker maker) { makers().push_back(maker); }

std::unique_ptr<RowGuard> make_row_guard(const catalog::Relation& table, ExecutionContext& context) {
  for (RowGuardMaker maker : makers()) {
    if (std::unique_ptr<RowGuard> guard = maker(table, context)) return guard;
  }
  return nullptr;
}

}  // namespace varve::executor
