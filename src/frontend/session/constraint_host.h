// What the constraint triggers get of the session: its transaction, and statements that stay planned.
#pragma once

#include <string>
#include <unordered_map>

#include "executor/constraint_triggers.h"
#include "session.h"

namespace varve::session {

class SessionConstraintHost final : public executor::ConstraintHost {
 public:
  explicit SessionConstraintHost(Session& session) : session_(session) {}

  catalog::Catalog& catalog() override { return session_.catalog(); }
  txn::Transaction& transaction() override { return *session_.txn_; }
  functions::EvalContext eval(Arena& memory) override { return session_.eval_context(memory); }
  uint32_t database() override { return session_.database_->oid().value(); }
  void lock_table(Oid relation, txn::LockMode mode) override { session_.lock_relation(relation, mode); }
  uint64_t run(const std::string& sql, std::span<const Oid> param_types, std::span<const types::Value> params,
               const txn::Snapshot& snapshot, const txn::Snapshot* write_snapshot) override;

 private:
  // Beyond this many, a session that works on ever other tables begins anew.
  static constexpr size_t kMaxStatements = 256;

  Session& session_;
  std::unordered_map<std::string, StatementPtr> statements_;
};

}  // namespace varve::session
