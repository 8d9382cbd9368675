// What one transaction says of its reads and writes.
#include "sxact.h"

#include "fence.h"
#include "serializable_manager.h"

namespace varve::txn {

namespace {

ReadTarget target_of(const TrackedRelation& r, PageId page = {}) {
  return {ReadTarget::relation_key(r), page.value(), 0};
}

ReadTarget target_of(const TrackedRelation& r, Tid tid) {
  return {ReadTarget::relation_key(r), tid.page.value(), static_cast<uint16_t>(tid.slot + 1)};
}

// Somebody else may have decided that this one must fail.
Status fail_doomed(const Sxact& txn, const char* during) {
  if (!txn.doomed.load(std::memory_order_relaxed)) return {};
  return {StatusCode::kSerialization,
          std::string("Reason code: Canceled on identification as a pivot, during ") + during + " checking."};
}

constexpr const char* kOut = "conflict out";
constexpr const char* kIn = "conflict in";

}  // namespace

Status Sxact::read_relation(const TrackedRelation& relation) {
  if (ro_safe) return {};
  VARVE_RETURN_IF_ERROR(fail_doomed(*this, kOut));
  return manager.marks().add(*this, relation, target_of(relation), nullptr);
}

Status Sxact::read_page(const TrackedRelation& index, PageId page) {
  if (ro_safe) return {};
  return manager.marks().add(*this, index, target_of(index, page), nullptr);
}

Status Sxact::read_row(const TrackedRelation& table, Tid tid, bool* fresh) {
  *fresh = false;
  if (ro_safe) return {};
  VARVE_RETURN_IF_ERROR(fail_doomed(*this, kOut));
  VARVE_RETURN_IF_ERROR(manager.marks().add(*this, table, target_of(table, tid), fresh));
  full_fence();  // before the row is looked at without a latch; see ReadMarks::empty()
  return {};
}

void Sxact::unread_row(const TrackedRelation& table, Tid tid) {
  manager.marks().remove(*this, target_of(table, tid));
}

Status Sxact::passed_over(Xid writer) {
  if (ro_safe) return {};
  VARVE_RETURN_IF_ERROR(fail_doomed(*this, kOut));
  // Whatever there was to note about it has been noted: many rows in a row have the same writer.
  if (last_passed.load(std::memory_order_relaxed) == writer.value()) return {};
  VARVE_RETURN_IF_ERROR(manager.graph().passed_over(*this, writer.value()));
  last_passed.store(writer.value(), std::memory_order_relaxed);
  return {};
}

Status Sxact::write_relation(const TrackedRelation& table) {
  if (ro_safe) return {};
  VARVE_RETURN_IF_ERROR(fail_doomed(*this, kIn));
  wrote = true;
  return manager.marks().write(*this, target_of(table));
}

Status Sxact::write_page(const TrackedRelation& index, PageId page) {
  if (ro_safe) return {};
  VARVE_RETURN_IF_ERROR(fail_doomed(*this, kIn));
  wrote = true;
  VARVE_RETURN_IF_ERROR(manager.marks().write(*this, target_of(index, page)));
  return manager.marks().write(*this, target_of(index));
}

Status Sxact::write_row(const TrackedRelation& table, Tid tid) {
  if (ro_safe) return {};
  VARVE_RETURN_IF_ERROR(fail_doomed(*this, kIn));
  wrote = true;
  VARVE_RETURN_IF_ERROR(manager.marks().write(*this, target_of(table, tid)));
  VARVE_RETURN_IF_ERROR(manager.marks().write(*this, target_of(table, tid.page)));
  return manager.marks().write(*this, target_of(table));
}

Status Sxact::write_table(const TrackedRelation& table) {
  if (ro_safe) return {};
  VARVE_RETURN_IF_ERROR(fail_doomed(*this, kIn));
  wrote = true;
  return manager.marks().write_table(*this, table);
}

Status Sxact::read_whole(const TrackedRelation& table) {
  if (ro_safe) return {};
  VARVE_RETURN_IF_ERROR(fail_doomed(*this, kOut));
  std::vector<uint64_t> writers;
  VARVE_RETURN_IF_ERROR(manager.marks().read_whole(*this, table, &writers));
  for (uint64_t writer : writers) VARVE_RETURN_IF_ERROR(manager.graph().passed_over(*this, writer));
  return {};
}

Status Sxact::write_whole(const TrackedRelation& table) {
  if (ro_safe) return {};
  VARVE_RETURN_IF_ERROR(fail_doomed(*this, kIn));
  wrote = true;
  return manager.marks().write_whole(*this, table, xid);
}

}  // namespace varve::txn
