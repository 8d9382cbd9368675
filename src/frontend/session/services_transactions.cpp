// What functions tell of transactions: numbers, snapshots, what has become of one, who waits for whom.
#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>

#include "catalog_functions.h"
#include "common/sql_error.h"
#include "functions/array.h"
#include "functions/type_oids.h"
#include "session.h"

namespace varve::session {

using types::PhysicalType;
using types::Value;

class TransactionFunctions {
 public:
  static Value assigned(Session& s, std::span<const Value>, Arena&) {
    s.ensure_transaction();
    return Value::of_int64(static_cast<int64_t>(s.txn_->assign_xid().value()));
  }
  static Value if_assigned(Session& s, std::span<const Value>, Arena&) {
    if (s.txn_ == nullptr || s.txn_->xid() == kInvalidXid) return Value::null_of(PhysicalType::kInt64);
    return Value::of_int64(static_cast<int64_t>(s.txn_->xid().value()));
  }

  // "xmin:xmax:xip,…". A snapshot is a commit number: which transactions it does not see is found by asking
  // of each that it might not.
  static Value current_snapshot(Session& s, std::span<const Value>, Arena& arena) {
    s.ensure_transaction();
    const txn::TxnManager& txns = s.txn_->manager();
    const txn::Snapshot snapshot = s.txn_->statement_snapshot();
    const uint64_t end = txns.next_xid().value(), begin = std::min(txns.horizon().value(), end);
    std::vector<uint64_t> unseen;
    uint64_t xmax = begin;
    for (uint64_t xid = begin; xid < end; ++xid) {
      const bool finished = txns.xid_status(Xid{xid}).state != txn::XidState::kRunning;
      // The own transaction is running; one rolled back has nothing to see, whenever that was.
      const bool seen =
          finished && (txns.visible(snapshot, Xid{xid}, txn::kNoUndo) || is_aborted(txns, Xid{xid}));
      if (seen)
        xmax = xid + 1;
      else
        unseen.push_back(xid);
    }
    std::erase_if(unseen, [&](uint64_t xid) { return xid >= xmax; });
    std::string text =
        fmt::format("{}:{}:{}", unseen.empty() ? xmax : unseen.front(), xmax, fmt::join(unseen, ","));
    return Value::of_string(arena.copy(text));
  }

  // NULL: ended so long ago that nobody keeps how.
  static Value status(Session& s, std::span<const Value> args, Arena&) {
    s.ensure_transaction();
    const txn::TxnManager& txns = s.txn_->manager();
    const auto xid = static_cast<uint64_t>(args[0].int64);
    if (xid >= txns.next_xid().value())
      throw SqlError(sqlstate::kInvalidParameterValue,
                     fmt::format("transaction ID {} is in the future", xid));
    const std::optional<txn::XidState> state = txns.outcome(Xid{xid});
    if (!state) return Value::null_of(PhysicalType::kString);
    switch (*state) {
      case txn::XidState::kRunning:
        return Value::of_string(std::string_view("in progress"));
      case txn::XidState::kCommitted:
        return Value::of_string(std::string_view("committed"));
      case txn::XidState::kAborted:
        return Value::of_string(std::string_view("aborted"));
    }
    return Value::null_of(PhysicalType::kString);
  }

  // Of a number of 32 bits, as tables and databases show them.
  static Value age(Session& s, std::span<const Value> args, Arena&) {
    constexpr uint32_t kFirstNormalXid = 3;
    s.ensure_transaction();
    if (args[0].oid() < kFirstNormalXid) return Value::of_int32(INT32_MAX);
    const Xid now = s.txn_->xid() != kInvalidXid ? s.txn_->xid() : s.txn_->manager().next_xid();
    return Value::of_int32(static_cast<int32_t>(static_cast<uint32_t>(now.value()) - args[0].oid()));
  }

  // The sessions that hold, or wait before it for, what this one waits for.
  static Value blocking_pids(Session& s, std::span<const Value> args, Arena& arena) {
    const auto pid = static_cast<uint32_t>(args[0].int32);
    std::vector<Value> pids;
    for (uint32_t other : s.instance_.engine().txns().locks().blockers(pid))
      pids.push_back(Value::of_int32(static_cast<int32_t>(other)));
    return Value::of_string(functions::make_array(type_oid::kInt4, pids, arena));
  }

 private:
  static bool is_aborted(const txn::TxnManager& txns, Xid xid) {
    return txns.xid_status(xid).state == txn::XidState::kAborted;
  }
};

CatalogFunction* find_transaction_function(std::string_view name) {
  using F = TransactionFunctions;
  static const std::unordered_map<std::string_view, CatalogFunction*> table = {
      {"txid_current", F::assigned},
      {"pg_current_xact_id", F::assigned},
      {"txid_current_if_assigned", F::if_assigned},
      {"pg_current_xact_id_if_assigned", F::if_assigned},
      {"txid_current_snapshot", F::current_snapshot},
      {"pg_current_snapshot", F::current_snapshot},
      {"txid_status", F::status},
      {"pg_xact_status", F::status},
      {"age", F::age},
      {"mxid_age", F::age},
      {"pg_blocking_pids", F::blocking_pids},
  };
  auto it = table.find(name);
  return it == table.end() ? nullptr : it->second;
}

}  // namespace varve::session
