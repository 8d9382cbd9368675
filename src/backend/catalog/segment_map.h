// Where the system tables of each database lie. pg_class cannot say where pg_class is, so this heap does; it
// is the first segment of the page space. Rows: (database oid, 0 for shared; relation oid; segment page id).
#pragma once

#include <unordered_map>

#include "txn/txn_manager.h"

namespace varve::catalog {

inline constexpr PageId kSegmentMap{8};  // the page behind the space's own first extent

void add_to_segment_map(txn::Transaction& txn, Oid database, Oid relation, PageId segment);
// Entries of the database and the shared ones, as `reader` sees them (null: as committed).
std::unordered_map<Oid, PageId> read_segment_map(txn::TxnManager& txns, Oid database,
                                                 txn::Transaction* reader);
// Empty segments for the system tables of a database (`shared`: for the shared ones), entered in the map.
void create_system_segments(txn::Transaction& txn, Oid database, bool shared);
// All entries of a database as rows to delete with it.
void remove_from_segment_map(txn::Transaction& txn, Oid database);

}  // namespace varve::catalog
