// Any bytes as a page, under the functions that may see half-written ones: B-tree searches and heap row
// look-ups. They may find nonsense, but only within the page. Input: a key length and a key to look for, then
// the page.
#include <cstdint>
#include <cstring>
#include <memory>

#include "btree_format.h"
#include "heap_page.h"

namespace varve::access {
namespace {

uint64_t g_sink;  // keeps reads from being optimised away

void touch(wal::Bytes bytes) {
  for (uint8_t b : bytes) g_sink += b;
}

void search_node(const buffer::Page& page, wal::Bytes key) {
  NodeView node(page);
  const Pair pair(key, key.size());
  for (uint32_t from : {0u, 1u}) {
    uint32_t i = node.lower_bound(pair, from);
    if (i < node.count()) {
      Slot slot = node.slot(i);
      g_sink += node.value(slot) + node.entry_tid(slot);
      g_sink += static_cast<uint64_t>(node.compare_entry(slot, pair) + 2);
      if (const uint8_t* rest = node.rest(slot)) touch({rest, NodeView::rest_length(slot)});
      g_sink += node.entry_begins_with(slot, key);
    }
  }
  if (node.count() > 0) {
    g_sink += node.child(node.child_for(pair)).value() + node.child(node.child_below(pair)).value();
  }
}

void look_at_rows(const buffer::Page& page) {
  for (uint16_t slot = 0; slot < 1200; ++slot) {
    RowPlace row = find_row(page, slot);
    if (!row) continue;
    g_sink += row.header().flags;
    if (row.stub() || row.moved()) g_sink += row.other().packed();
    if (!row.stub()) touch(row.row());
  }
}

}  // namespace
}  // namespace varve::access

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace varve;
  if (size == 0) return 0;
  size_t key_length = std::min<size_t>(data[0], size - 1);
  wal::Bytes key(data + 1, key_length);
  // On the heap, so that a read beyond the page is seen.
  auto page = std::make_unique<buffer::Page>();
  std::memset(page.get(), 0, sizeof(*page));
  size_t rest = std::min(size - 1 - key_length, sizeof(*page));
  std::memcpy(page.get(), data + 1 + key_length, rest);
  access::search_node(*page, key);
  page->header.type = buffer::PageType::kHeap;
  access::look_at_rows(*page);
  return 0;
}
