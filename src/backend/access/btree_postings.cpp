// The rows of one key, a leaf at a time, from any Tid on.
#include "btree_impl.h"

namespace varve::access {

using buffer::SharedGuard;

Status BtreeImpl::postings(wal::Bytes key, Tid at_least, std::vector<Tid>* tids, PageId* hint,
                           txn::SerializableTxn* reader) {
  tids->clear();
  const Pair last(key, ~uint64_t{0});
  for (Pair position(key, at_least.packed());;) {
    VARVE_ASSIGN_OR_RETURN(SharedGuard guard, core_.read_leaf(position, false, hint));
    if (reader != nullptr && tracked_) VARVE_RETURN_IF_ERROR(reader->read_page(tracked_, guard.id()));
    const NodeView leaf(guard.page());
    const bool ends_here = leaf.rightmost() || compare(last, leaf.upper()) < 0;
    const uint32_t end = ends_here ? leaf.lower_bound(last, 0) : leaf.count();
    for (uint32_t i = leaf.lower_bound(position, 0); i < end; ++i) tids->push_back(leaf.tid(i));
    if (!ends_here) *hint = leaf.right();
    if (!tids->empty() || ends_here) return {};
    // The fence lies among the key's entries, or the key would end here.
    position.tid = leaf.upper().tid;
  }
}

}  // namespace varve::access
