// Everything that must be registered before storage is opened.
#pragma once

#include "access/btree.h"
#include "access/heap.h"
#include "access/segment.h"
#include "access/sequence.h"

namespace varve::server {

inline void register_storage_operations() {
  access::register_segment_operations();
  access::register_heap_operations();
  access::register_btree_operations();
  access::register_sequence_operations();
}

}  // namespace varve::server
