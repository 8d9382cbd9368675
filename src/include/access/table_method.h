// Table access methods: what opens the storage of a table by pg_class.relam. The heap is built in; extensions
// register theirs when the program starts, before the first table is opened. Nothing here knows them.
#pragma once

#include <memory>

#include "access/heap.h"

namespace varve::access {

inline constexpr Oid kHeapMethod{2};         // rows of pg_am
inline constexpr Oid kColumnarMethod{9990};  // contrib/timeseries/columnar_table

// Opens the table whose rows begin their life in this heap segment.
using OpenTable = std::unique_ptr<Heap> (*)(txn::TxnManager& txns, PageId segment, uint32_t database);

void register_table_method(Oid method, OpenTable open);
bool has_table_method(Oid method);
// kInvalidOid: the heap's. Null: nobody has registered the method.
std::unique_ptr<Heap> open_table(Oid method, txn::TxnManager& txns, PageId segment, uint32_t database);

}  // namespace varve::access
