#include "access/table_method.h"

#include <mutex>
#include <unordered_map>

namespace varve::access {
namespace {

struct Methods {
  std::mutex mutex;
  std::unordered_map<Oid, OpenTable> open;
};

Methods& methods() {
  static Methods all;
  return all;
}

OpenTable find(Oid method) {
  std::lock_guard guard(methods().mutex);
  auto it = methods().open.find(method);
  return it == methods().open.end() ? nullptr : it->second;
}

}  // namespace

void register_table_method(Oid method, OpenTable open) {
  std::lock_guard guard(methods().mutex);
  methods().open[method] = open;
}

bool has_table_method(Oid method) {
  return method == kInvalidOid || method == kHeapMethod || find(method) != nullptr;
}

std::unique_ptr<Heap> open_table(Oid method, txn::TxnManager& txns, PageId segment, uint32_t database) {
  if (method == kInvalidOid || method == kHeapMethod) return open_heap(txns, segment, database);
  OpenTable open = find(method);
  return open != nullptr ? open(txns, segment, database) : nullptr;
}

}  // namespace varve::access
