// For this module's tests: runs commands as a session would, on simulated files.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "access/heap.h"
#include "access/row_layout.h"
#include "catalog/test_engine.h"
#include "commands/command_context.h"
#include "common/sql_error.h"
#include "executor/index_keys.h"
#include "parser/parser.h"
#include "types/format_settings.h"

namespace varve::commands {

class TestSession final : public CommandServices {
 public:
  TestSession()
      : txn_(engine_.begin()), catalog_(std::make_unique<catalog::Catalog>(engine_.database(), *txn_)) {}
  ~TestSession() override { engine_.txns().rollback(*txn_); }

  // Runs the commands of a script; the last one's tag, or "ERROR <state>: message | detail | hint".
  std::string run(std::string_view sql) {
    std::string tag;
    Arena arena;
    txn::Transaction::Savepoint start = txn_->savepoint();
    try {
      for (const parser::RawStatement& raw : parser::parse(sql, arena).statements) {
        std::deque<catalog::RelationPtr> relations;
        types::FormatSettings format;
        functions::EvalContext eval{&arena, &format, nullptr};
        Oid path[] = {catalog::kPublicSchema};
        CommandContext context{*catalog_, *txn_, eval,     *this, sql, path, catalog::kBootstrapSuperuser,
                               true,      arena, relations};
        tag = commands::run(context, raw.statement);
      }
    } catch (const SqlError& e) {
      check_ok(txn_->rollback_to(start));
      catalog_->note_change();
      const ErrorFields& f = e.fields();
      std::string text = "ERROR " + std::string(f.state.text()) + ": " + f.message;
      if (!f.detail.empty()) text += " | " + f.detail;
      if (!f.hint.empty()) text += " | " + f.hint;
      return text;
    }
    return tag;
  }
  void commit() {
    engine_.txns().commit(*txn_);
    catalog_->committed();
    begin();
  }
  void rollback() {
    engine_.txns().rollback(*txn_);
    begin();
  }
  catalog::TestEngine& engine() { return engine_; }
  catalog::Catalog& catalog() { return *catalog_; }
  txn::Transaction& txn() { return *txn_; }
  catalog::RelationPtr table(std::string_view name) {
    return catalog_->find_relation(catalog::kPublicSchema, name);
  }
  // Puts a row into the table and its (plain) indexes.
  void insert(std::string_view table_name, std::vector<types::Value> values);
  std::vector<std::string> notices;

  void report(std::string_view severity, const ErrorFields& fields) override {
    notices.push_back(std::string(severity) + ": " + fields.message +
                      (fields.detail.empty() ? "" : " | " + fields.detail));
  }
  void lock_relation(Oid, txn::LockMode) override {}
  bool try_lock_relation(Oid, txn::LockMode) override { return true; }
  uint64_t run_sql(std::string_view sql) override {
    ran.emplace_back(sql);
    return 0;
  }
  bool query_row(std::string_view, Arena&, std::vector<types::Value>*) override { return false; }
  bool has_pending_events(Oid) override { return false; }
  std::string setting(std::string_view) override { return ""; }
  std::vector<std::string> ran;

 private:
  void begin() {
    txn_ = engine_.begin();
    catalog_ = std::make_unique<catalog::Catalog>(engine_.database(), *txn_);
  }
  catalog::TestEngine engine_;
  std::unique_ptr<txn::Transaction> txn_;
  std::unique_ptr<catalog::Catalog> catalog_;
};

inline void TestSession::insert(std::string_view table_name, std::vector<types::Value> values) {
  catalog::RelationPtr t = table(table_name);
  std::string row;
  t->layout->encode(values, &row);
  txn_->assign_xid();
  auto tid = t->heap->insert(*txn_, access::key_bytes(row), static_cast<uint16_t>(values.size()));
  check_ok(tid.status());
  executor::ExecutionContext execution;
  for (const catalog::Index& index : t->indexes) {
    executor::IndexKeyBuilder builder(*t, index, nullptr, execution);
    for (const std::string& key : builder.build(values))
      check_ok(index.tree->insert(*txn_, access::key_bytes(key), *tid, nullptr).status());
  }
}

}  // namespace varve::commands
