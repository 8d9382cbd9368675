// The session's schema of temporary objects: made at first use, first on the search path, emptied at the end.
// And the session's stay in its database.
#include <fmt/format.h>

#include "commands/on_commit.h"
#include "common/log.h"
#include "common/sql_error.h"
#include "session.h"
#include "sync/parking_spot.h"
#include "txn/lock_manager.h"

namespace varve::session {
namespace {

constexpr sync::WaitEvent kDatabaseReserved{sync::WaitClass::kLock, "DatabaseReserved"};
constexpr int64_t kReservedPollUs = 10'000;

// For commands that run without a client: they say nothing and lock in the transaction they belong to.
class SilentServices final : public commands::CommandServices {
 public:
  SilentServices(txn::Transaction& txn, Oid database, Oid temporary_schema)
      : txn_(txn), database_(database), temporary_schema_(temporary_schema) {}
  void report(std::string_view, const ErrorFields&) override {}
  void lock_relation(Oid relation, txn::LockMode mode) override {
    txn::LockTag tag{txn::LockTagKind::kRelation, database_.value(), relation.value(), 0};
    check_ok(txn_.manager().locks().acquire(txn_, tag, mode, txn::WaitPolicy::kWait, 0));
  }
  bool try_lock_relation(Oid relation, txn::LockMode mode) override {
    lock_relation(relation, mode);
    return true;
  }
  bool has_pending_events(Oid) override { return false; }
  bool query_row(std::string_view, Arena&, std::vector<types::Value>*) override {
    throw_not_supported("a query without a session");
  }
  uint64_t run_sql(std::string_view) override { throw_not_supported("a query without a session"); }
  Oid temporary_schema(bool) override { return temporary_schema_; }
  std::string setting(std::string_view) override { return ""; }

 private:
  txn::Transaction& txn_;
  Oid database_, temporary_schema_;
};

template <class F>
void with_commands(txn::Transaction& txn, catalog::Catalog& catalog, F&& f) {
  Arena arena;
  std::deque<catalog::RelationPtr> relations;
  types::FormatSettings format;
  functions::EvalContext eval{&arena, &format, nullptr};
  SilentServices services(txn, catalog.database().oid(), catalog.temporary_schema());
  commands::CommandContext context{catalog, txn,   eval,     services, "", {}, catalog::kBootstrapSuperuser,
                                   true,    arena, relations};
  txn.statement_snapshot();
  f(context);
}

// In a transaction of its own, whatever the session's is doing.
template <class F>
void autonomously(catalog::Database& database, Oid temporary_schema, F&& f) {
  auto txn = database.txns().begin(txn::Isolation::kReadCommitted, nullptr);
  catalog::Catalog catalog(database, *txn);
  catalog.set_temporary_schema(temporary_schema);
  try {
    with_commands(*txn, catalog, f);
  } catch (...) {
    database.txns().rollback(*txn);
    throw;
  }
  database.txns().commit(*txn);
  catalog.committed();
}

}  // namespace

// --- the stay in the database

void Session::enter_database() {
  const std::string& name = client_.startup().database;
  sync::ParkingSpot spot;
  for (;;) {
    database_ = instance_.database(name);
    stay_ = instance_.residents().try_enter(database_->oid(), client_.backend_pid());
    // Looked up again: it may have been dropped before the door was passed.
    if (stay_ != nullptr && instance_.database(name)->oid() == database_->oid()) break;
    stay_.reset();
    Status status = spot.wait(kDatabaseReserved, &client_.cancel_token(), kReservedPollUs);
    if (status.code() == StatusCode::kCancelled) client_.cancel_token().throw_if_pending();
  }
  drop_temporary_of_earlier_process();
}

void Session::release_databases() {
  for (Oid database : reserved_databases_) {
    try {
      if (!instance_.has_database(database)) instance_.forget_database(database);
    } catch (const std::exception& e) {
      // It stays known, which does no harm.
      log(LogLevel::kWarning, "cannot tell whether database {} was dropped: {}", database.value(), e.what());
    }
    instance_.residents().release(database);
  }
  reserved_databases_.clear();
}

// --- temporary objects

Oid Session::temporary_schema(bool make) {
  if (temporary_schema_ != kInvalidOid || !make) return temporary_schema_;
  if (temporary_number_ == 0)
    temporary_number_ = instance_.residents().claim_temporary_number(database_->oid());
  const std::string name = fmt::format("pg_temp_{}", temporary_number_);
  Oid schema;
  autonomously(*database_, kInvalidOid, [&](commands::CommandContext& context) {
    schema = context.catalog.find_schema(name);
    if (schema != kInvalidOid) {
      commands::drop_schema_contents(context, schema);  // its last user may have failed to
      return;
    }
    schema = catalog::Database::new_oid();
    catalog::RowDraft row(catalog::system_table("pg_namespace"));
    row.oid("oid", schema).text("nspname", name).oid("nspowner", catalog::kBootstrapSuperuser);
    context.catalog.insert(row);
  });
  temporary_schema_ = schema;
  if (catalog_) catalog_->set_temporary_schema(schema);
  return schema;
}

void Session::at_commit(Oid relation, OnCommit action) { at_commit_.emplace_back(relation, action); }

void Session::run_at_commit() {
  // Without a number it has changed nothing.
  if (at_commit_.empty() || txn_->xid() == kInvalidXid) return;
  with_commands(*txn_, *catalog_, [&](commands::CommandContext& context) {
    std::vector<Oid> emptied;
    for (const auto& [relation, action] : at_commit_) {
      if (action == OnCommit::kDeleteRows) emptied.push_back(relation);
    }
    commands::check_references_on_commit(context, emptied);
    std::erase_if(at_commit_, [&](const auto& entry) {
      return !commands::run_at_commit(context, entry.first, entry.second);
    });
  });
}

void Session::discard_temporary() {
  if (temporary_schema_ == kInvalidOid) return;
  ensure_transaction();
  with_commands(*txn_, *catalog_, [&](commands::CommandContext& context) {
    commands::drop_schema_contents(context, temporary_schema_);
  });
  if (catalog_->changed()) ++catalog_changes_;
}

void Session::end_temporary() noexcept {
  at_commit_.clear();
  if (temporary_number_ == 0) return;
  try {
    if (temporary_schema_ != kInvalidOid) {
      autonomously(*database_, temporary_schema_, [&](commands::CommandContext& context) {
        commands::drop_schema_contents(context, temporary_schema_);
      });
    }
  } catch (const std::exception& e) {
    // Who gets the schema next empties it first.
    log(LogLevel::kWarning, "temporary objects of a session could not be dropped: {}", e.what());
  }
  instance_.residents().release_temporary_number(database_->oid(), temporary_number_);
  temporary_number_ = 0;
  temporary_schema_ = kInvalidOid;
}

// A crash leaves temporary objects behind: the first session that enters the database afterwards removes
// them.
void Session::drop_temporary_of_earlier_process() {
  Residents& residents = instance_.residents();
  sync::ParkingSpot spot;
  for (;;) {
    const Residents::Cleaning cleaning = residents.cleaning(database_->oid());
    if (cleaning == Residents::Cleaning::kDone) return;
    if (cleaning == Residents::Cleaning::kYours) break;
    Status status = spot.wait(kDatabaseReserved, &client_.cancel_token(), kReservedPollUs);
    if (status.code() == StatusCode::kCancelled) client_.cancel_token().throw_if_pending();
  }
  try {
    autonomously(*database_, kInvalidOid, [](commands::CommandContext& context) {
      std::vector<Oid> schemas;
      context.catalog.for_each(catalog::system_table("pg_namespace"), {}, [&](const catalog::Row& row) {
        if (row.text("nspname").starts_with("pg_temp_")) schemas.push_back(row.oid("oid"));
      });
      for (Oid schema : schemas) commands::drop_schema_contents(context, schema);
    });
  } catch (const std::exception& e) {
    // Who gets such a schema next empties it first.
    log(LogLevel::kWarning, "temporary objects of before the last crash could not be dropped: {}", e.what());
  }
  residents.set_clean(database_->oid());
}

}  // namespace varve::session
