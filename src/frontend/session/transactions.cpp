// Transaction blocks: implicit, explicit, failed; savepoints; what happens at commit.
#include <fmt/format.h>

#include "catalog/catalog.h"
#include "common/sql_error.h"
#include "net/server.h"
#include "parser/ast.h"
#include "session.h"

namespace varve::session {
namespace {

txn::Isolation isolation_of(std::string_view name) {
  if (name == "repeatable read") return txn::Isolation::kRepeatableRead;
  if (name == "serializable") return txn::Isolation::kSerializable;
  return txn::Isolation::kReadCommitted;  // READ UNCOMMITTED behaves so, as in PostgreSQL
}

// What was set since the first savepoint goes with it.
void forget_savepoint_modes(std::span<const NamedSavepoint> savepoints, TransactionModes* modes) {
  if (savepoints.empty()) return;
  modes->read_only = savepoints.front().read_only;
  modes->deferrable = savepoints.front().deferrable;
}

}  // namespace

bool is_transaction_setting(std::string_view name) {
  return name == "transaction_isolation" || name == "transaction_read_only" ||
         name == "transaction_deferrable";
}

std::string_view isolation_name(const TransactionModes& modes) {
  if (modes.isolation == txn::Isolation::kSerializable) return "serializable";
  if (modes.isolation == txn::Isolation::kRepeatableRead) return "repeatable read";
  return modes.read_uncommitted ? "read uncommitted" : "read committed";
}

TransactionModes Session::default_modes() const {
  const Settings::Frequent& s = settings_.frequent();
  return {s.serializable      ? txn::Isolation::kSerializable
          : s.repeatable_read ? txn::Isolation::kRepeatableRead
                              : txn::Isolation::kReadCommitted,
          s.read_only, s.deferrable, s.read_uncommitted};
}

TransactionModes Session::modes() const { return {isolation_, read_only_, deferrable_, read_uncommitted_}; }

void Session::set_read_only(bool read_only) {
  read_only_ = read_only;
  if (txn_ != nullptr) txn_->read_only = read_only;
}

void Session::set_deferrable(bool deferrable) {
  deferrable_ = deferrable;
  if (txn_ != nullptr) txn_->deferrable = deferrable;
}

void Session::set_modes(const TransactionModes& modes) {
  isolation_ = modes.isolation;
  read_uncommitted_ = modes.read_uncommitted;
  set_read_only(modes.read_only);
  set_deferrable(modes.deferrable);
}

void Session::begin_transaction(const TransactionModes& modes) {
  started_as_ = modes;
  restart(modes);
}

void Session::restart(const TransactionModes& modes) {
  txn_ = instance_.engine().txns().begin(modes.isolation, &client_.cancel_token());
  set_modes(modes);
  txn_->owner_pid = static_cast<uint32_t>(client_.backend_pid());
  txn_->session_owner = static_cast<uint64_t>(client_.backend_pid());
  take_lock_timeouts();
  catalog_.emplace(*database_, *txn_);
  catalog_->set_temporary_schema(temporary_schema_);
}

void Session::take_lock_timeouts() {
  txn_->deadlock_timeout_us = static_cast<uint64_t>(settings_.frequent().deadlock_timeout_ms) * 1000;
  txn_->lock_timeout_us = static_cast<uint64_t>(settings_.frequent().lock_timeout_ms) * 1000;
}

void Session::ensure_transaction() {
  if (txn_ != nullptr) return;
  begin_transaction(default_modes());
  settings_.begin_transaction();
  settings_.mutable_format().now_us = statement_start_us_;
  if (block_ == Block::kNone) block_ = Block::kImplicit;
}

catalog::Catalog& Session::catalog() {
  ensure_transaction();
  return *catalog_;
}

void Session::commit_transaction(net::Output* out) {
  if (txn_ == nullptr) {
    if (block_ != Block::kNone) activity_->add(catalog::Work::kCommits, 1);
    block_ = Block::kNone;
    return;
  }
  if (pl_.deferred_count() > 0) {
    try {
      pl_.run_deferred();
    } catch (...) {
      rollback_transaction();
      throw;
    }
  }
  drop_portals(PortalsEnd::kCommit);
  try {
    constraints_.before_commit();
    run_at_commit();
    if (!commit_actions_.empty()) {
      pl_.set_active_snapshot(nullptr);  // the last statement's
      commit_actions_.run(*this, *txn_, database_->oid().value());
    }
    check_ok(instance_.engine().txns().prepare_commit(*txn_));
  } catch (...) {
    rollback_transaction();
    throw;
  }
  constraints_.end_transaction();
  pl_.transaction_ended();
  Lsn durable = instance_.engine().txns().commit(*txn_);
  activity_->add(catalog::Work::kCommits, 1);
  if (durable < gate_) durable = gate_;
  gate_ = kInvalidLsn;
  catalog_->committed();
  bool asynchronous = settings_.frequent().asynchronous_commit;
  for (const auto& [listen, channel] : pending_listens_) {
    if (listen)
      instance_.notifications().listen(client_.backend_pid(), channel);
    else
      instance_.notifications().unlisten(client_.backend_pid(), channel);
  }
  pending_listens_.clear();
  for (const auto& [channel, payload] : pending_notifications_) {
    for (int32_t pid : instance_.notifications().listeners(channel)) {
      instance_.server->post_notification(pid, client_.backend_pid(), channel, payload, durable);
    }
  }
  pending_notifications_.clear();
  catalog_.reset();
  txn_.reset();
  for (auto& [name, portal] : portals_) portal->held = true;  // what the commit has left
  if (!reserved_databases_.empty()) release_databases();
  savepoints_.clear();
  settings_.commit();
  follow_role_settings();
  block_ = Block::kNone;
  if (out != nullptr && durable != kInvalidLsn && !asynchronous) out->require_durable(durable);
}

void Session::rollback_transaction() {
  if (activity_ != nullptr && (txn_ != nullptr || block_ != Block::kNone))
    activity_->add(catalog::Work::kRollbacks, 1);
  pl_.transaction_ended();
  pl_.forget_deferred(0);
  commit_actions_.clear();
  drop_portals(PortalsEnd::kAbort);
  constraints_.end_transaction();
  if (txn_ != nullptr) instance_.engine().txns().rollback(*txn_);
  catalog_.reset();
  txn_.reset();
  savepoints_.clear();
  pending_notifications_.clear();
  pending_listens_.clear();
  settings_.rollback();
  if (!reserved_databases_.empty()) release_databases();
  follow_role_settings();
  block_ = Block::kNone;
}

// What was taken back may have been catalog rows: forget the pictures made of them.
void Session::forget_catalog_changes() {
  if (!catalog_->changed()) return;
  catalog_->note_change();
  ++catalog_changes_;
}

void Session::finish_implicit(net::Output& out) {
  if (block_ == Block::kImplicit) commit_transaction(&out);
  send_reports();
}

void Session::on_error() noexcept {
  client_.cancel_token().clear_statement();
  client_.set_statement_deadline(0);
  last_of_query_ = false;
  struct Report {
    Session& s;
    ~Report() { s.client_.activity().end_query(s.transaction_status(), current_time_us()); }
  } when_taken_back{*this};
  try {
    if (block_ != Block::kExplicit) {
      if (block_ != Block::kFailed) rollback_transaction();
      return;
    }
    block_ = Block::kFailed;
    // What the failed part did is taken back at once; its locks go.
    if (savepoints_.empty()) {
      client_.activity().end_transaction();
      drop_portals(PortalsEnd::kAbort);
      pl_.transaction_ended();
      pl_.forget_deferred(0);
      constraints_.end_transaction();
      if (txn_ != nullptr) instance_.engine().txns().rollback(*txn_);
      catalog_.reset();
      txn_.reset();
      set_modes(started_as_);  // as if BEGIN had said nothing
      settings_.rollback();
      follow_role_settings();
    } else {
      drop_portals_since(savepoints_.back().portals);
      pl_.forget_deferred(savepoints_.back().deferred);
      constraints_.rollback_to(savepoints_.back().constraints);
      check_ok(txn_->rollback_to(savepoints_.back().position));
      forget_catalog_changes();
      settings_.rollback_to(savepoints_.back().settings_mark);
      follow_role_settings();
    }
  } catch (const std::exception&) {
    block_ = Block::kFailed;  // ROLLBACK will try again
  }
}

char Session::transaction_status() const {
  switch (block_) {
    case Block::kExplicit:
      return 'T';
    case Block::kFailed:
      return 'E';
    default:
      return 'I';
  }
}

void Session::terminate() noexcept {
  try {
    portals_.clear();
    unnamed_portal_.reset();
    rollback_transaction();
    instance_.notifications().unlisten(client_.backend_pid(), "");
    instance_.engine().txns().locks().release_all_session(static_cast<uint64_t>(client_.backend_pid()));
    end_temporary();
    stay_.reset();
  } catch (const std::exception&) {
    // The connection ends either way.
  }
}

void Session::fail_if_aborted(const parser::Node* statement) {
  if (block_ != Block::kFailed) return;
  if (parser::is<parser::TransactionStmt>(statement)) {
    auto action = parser::as<parser::TransactionStmt>(statement)->action;
    if (action == parser::TransactionKind::kCommit || action == parser::TransactionKind::kRollback ||
        action == parser::TransactionKind::kRollbackTo) {
      return;
    }
  }
  throw SqlError(sqlstate::kInFailedSqlTransaction,
                 "current transaction is aborted, commands ignored until end of transaction block");
}

void Session::require_block(std::string_view command) {
  if (block_ == Block::kExplicit) return;
  throw SqlError(sqlstate::kNoActiveSqlTransaction,
                 fmt::format("{} can only be used in transaction blocks", command));
}

void Session::forbid_block(std::string_view command) {
  if (block_ != Block::kExplicit) return;
  throw SqlError(sqlstate::kActiveSqlTransaction,
                 fmt::format("{} cannot run inside a transaction block", command));
}

void Session::set_transaction_options(std::span<parser::Node* const> options) {
  for (const parser::Node* node : options) {
    const auto& option = *parser::as<parser::Option>(node);
    const auto& value = *parser::as<parser::ConstExpr>(option.value);
    if (option.name == "transaction_isolation")
      set_transaction_setting(option.name, value.text);
    else
      set_transaction_setting(option.name, value.integer != 0 || value.boolean ? "on" : "off");
  }
}

void Session::check_transaction_setting(std::string_view name, std::string_view value) {
  auto refuse = [](bool when, std::string_view why) {
    if (when) throw SqlError(sqlstate::kActiveSqlTransaction, std::string(why));
  };
  const bool inside = !savepoints_.empty(), has_read = txn_->has_had_snapshot();
  if (name == "transaction_isolation") {
    if (value == isolation_name(modes())) return;
    refuse(has_read || txn_->xid() != kInvalidXid,
           "SET TRANSACTION ISOLATION LEVEL must be called before any query");
    refuse(inside, "SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction");
  } else if (name == "transaction_deferrable") {
    refuse(inside, "SET TRANSACTION [NOT] DEFERRABLE cannot be called within a subtransaction");
    refuse(has_read, "SET TRANSACTION [NOT] DEFERRABLE must be called before any query");
  } else if (read_only_ && value == "off") {
    refuse(inside, "cannot set transaction read-write mode inside a read-only transaction");
    // What has been read by then was read as a read-only transaction may.
    refuse(has_read, "transaction read-write mode must be set before any query");
  }
}

void Session::assign_transaction_setting(std::string_view name, std::string_view value) {
  if (name == "transaction_read_only") return set_read_only(value == "on");
  if (name == "transaction_deferrable") return set_deferrable(value == "on");
  TransactionModes wanted = modes();
  wanted.isolation = isolation_of(value);
  wanted.read_uncommitted = value == "read uncommitted";
  if (wanted.isolation == txn_->isolation()) return set_modes(wanted);
  // Nothing has happened yet: begin again at the other level.
  instance_.engine().txns().rollback(*txn_);
  catalog_.reset();
  restart(wanted);
}

void Session::set_transaction_setting(std::string_view name, std::optional<std::string_view> text) {
  ensure_transaction();
  const bool is_level = name == "transaction_isolation", resets = !text.has_value();
  if (resets && is_level && block_ != Block::kExplicit && !nested_) {
    notice("WARNING", sqlstate::kNoActiveSqlTransaction,
           "RESET TRANSACTION can only be used in transaction blocks", {}, {});
  }
  const std::string value =
      canonical_setting(*find_setting(name), resets ? (is_level ? "read committed" : "off") : *text);
  // RESET asks nothing of what may be set when. But a level that has been used for reading stays.
  if (!resets || is_level) check_transaction_setting(name, value);
  assign_transaction_setting(name, value);
}

void Session::run_transaction_command(const parser::TransactionStmt& stmt, net::Output& out) {
  using parser::TransactionKind;
  auto options = [&] {
    std::vector<parser::Node*> nodes(stmt.options.begin(), stmt.options.end());
    set_transaction_options(nodes);
  };
  // AND CHAIN: a new block with the old one's characteristics.
  auto chain = [&](const TransactionModes& same) {
    begin_transaction(same);
    settings_.begin_transaction();
    block_ = Block::kExplicit;
  };
  switch (stmt.action) {
    case TransactionKind::kBegin:
    case TransactionKind::kStart:
      if (block_ == Block::kExplicit) {
        notice("WARNING", sqlstate::kActiveSqlTransaction, "there is already a transaction in progress", {},
               {});
        return;
      }
      ensure_transaction();
      block_ = Block::kExplicit;
      options();
      return;
    case TransactionKind::kCommit: {
      if (stmt.chain && block_ != Block::kExplicit && block_ != Block::kFailed)
        require_block("COMMIT AND CHAIN");
      bool failed = block_ == Block::kFailed;
      if (block_ != Block::kExplicit && !failed) {
        notice("WARNING", sqlstate::kNoActiveSqlTransaction, "there is no transaction in progress", {}, {});
      }
      TransactionModes same = modes();
      if (failed) forget_savepoint_modes(savepoints_, &same);
      if (failed)
        rollback_transaction();
      else
        commit_transaction(&out);
      if (stmt.chain) chain(same);
      return;
    }
    case TransactionKind::kRollback:
      if (stmt.chain && block_ != Block::kFailed) require_block("ROLLBACK AND CHAIN");
      if (block_ != Block::kExplicit && block_ != Block::kFailed) {
        notice("WARNING", sqlstate::kNoActiveSqlTransaction, "there is no transaction in progress", {}, {});
      }
      {
        TransactionModes same = modes();
        forget_savepoint_modes(savepoints_, &same);
        rollback_transaction();
        if (stmt.chain) chain(same);
      }
      return;
    case TransactionKind::kSavepoint:
      require_block("SAVEPOINT");
      savepoints_.push_back({std::string(stmt.name), txn_->savepoint(), settings_.mark(),
                             pl_.deferred_count(), constraints_.mark(), next_portal_, read_only_,
                             deferrable_});
      return;
    case TransactionKind::kRelease:
    case TransactionKind::kRollbackTo: {
      bool release = stmt.action == TransactionKind::kRelease;
      if (block_ != Block::kFailed) require_block(release ? "RELEASE SAVEPOINT" : "ROLLBACK TO SAVEPOINT");
      size_t i = savepoints_.size();
      while (i > 0 && savepoints_[i - 1].name != stmt.name) --i;
      if (i == 0) {
        throw SqlError(sqlstate::kSEInvalidSpecification,
                       fmt::format("savepoint \"{}\" does not exist", stmt.name));
      }
      if (block_ == Block::kExplicit) set_read_only(savepoints_[i - 1].read_only);
      if (release) {
        savepoints_.resize(i - 1);
        return;
      }
      savepoints_.resize(i);
      pl_.forget_deferred(savepoints_.back().deferred);
      drop_portals_since(savepoints_.back().portals);
      constraints_.rollback_to(savepoints_.back().constraints);
      check_ok(txn_->rollback_to(savepoints_.back().position));
      forget_catalog_changes();
      settings_.rollback_to(savepoints_.back().settings_mark);
      follow_role_settings();
      set_read_only(savepoints_.back().read_only);
      set_deferrable(savepoints_.back().deferrable);
      block_ = Block::kExplicit;
      return;
    }
    default:
      throw_not_supported("two-phase commit");
  }
}

}  // namespace varve::session
