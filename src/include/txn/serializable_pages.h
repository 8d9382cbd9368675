// For those who change an index's pages and know only the page space: which transaction manager's readers
// have left marks on them.
#pragma once

#include "common/strong_id.h"

namespace varve::buffer {
class BufferPool;
}

namespace varve::txn {

// As SerializableManager::page_split(), page_moved() and storage_dropped(). No manager for the pool: nothing.
void note_page_split(const buffer::BufferPool& pool, PageId segment, PageId from, PageId to);
void note_page_moved(const buffer::BufferPool& pool, PageId segment, PageId from, PageId to);
void note_storage_dropped(const buffer::BufferPool& pool, PageId segment);

}  // namespace varve::txn
