#include "executor/constraint_triggers.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <fmt/format.h>
#include <unordered_map>

#include "access/btree.h"
#include "access/row_layout.h"
#include "access/unique_check.h"
#include "common/check.h"
#include "common/sql_error.h"
#include "constraint_state.h"
#include "executor/index_keys.h"
#include "executor/row_disclosure.h"
#include "table_reader.h"

namespace varve::executor {

using catalog::ForeignKey;
using catalog::Index;
using catalog::Relation;
using types::Value;

namespace {

enum class Kind : uint8_t { kInserted, kUpdated, kDeleted, kUnique };
enum class Part : uint8_t { kCheck, kActionOnUpdate, kActionOnDelete, kUnique };

// A changed row, or a run of inserted ones. Bit i of `checks` / `actions` stands for that constraint of the
// table (the last bit for all beyond).
struct Noted {
  TableConstraints* table;
  Tid tid;  // kInserted: none
  Kind kind;
  uint32_t checks = 0, actions = 0;  // kUnique: `checks` is the index's place in the relation
  size_t first = 0, end = 0;         // kInserted: places in Impl::inserted
  const Value* old_key = nullptr;    // one value a column of TableConstraints::key_columns
  const Value* new_key = nullptr;
};

struct Deferred {
  TableConstraints* table;
  Tid tid;
  Part part;
  uint32_t item;
  Oid constraint;
  const Value* old_key;
  const Value* new_key;
  uint32_t done = 0;  // the cycle in which SET CONSTRAINTS had it checked
};

constexpr uint32_t kBits = 32;
bool has_bit(uint32_t mask, size_t i) { return (mask >> std::min<size_t>(i, kBits - 1) & 1) != 0; }
void set_bit(uint32_t& mask, size_t i) { mask |= 1U << std::min<size_t>(i, kBits - 1); }

}  // namespace

struct ConstraintTriggers::Impl {
  explicit Impl(ConstraintHost& h) : host(h) {}

  ConstraintHost& host;
  std::unordered_map<Oid, std::unique_ptr<TableConstraints>> tables;
  std::vector<std::unique_ptr<TableConstraints>> retired;  // replaced while something was noted under them
  std::vector<Noted> noted;
  std::vector<Tid> inserted;  // rows of what was noted as inserted: a bulk load should cost little
  bool may_extend = false;    // the last note is of the statement that runs now
  std::vector<Deferred> deferred;
  Arena keys;          // of what is noted
  uint64_t round = 0;  // of checking; see ReferenceCheck::ready
  // SET CONSTRAINTS: for all, then for single ones.
  struct Setting {
    Oid constraint;  // kInvalidOid: all, and what was said before of single ones does not count any more
    bool deferred;
  };
  std::vector<Setting> settings;
  uint32_t cycle = 0;
  std::vector<ConstraintTime>* times = nullptr;  // null: nobody wants to know
  access::RowBuffer buffer;
  Arena row_memory;
  std::vector<Value> scratch;

  TableConstraints& prepare(const Relation& relation);
  TableConstraints& table_of(const Relation& relation);
  bool is_deferred(Oid constraint, bool deferrable, bool initially) const;
  const Value* keep_key(const TableConstraints& table, std::span<const Value> row);

  void dispatch(const Noted& event, bool may_defer);
  void dispatch_checks(TableConstraints& table, Tid tid, uint32_t checks, bool may_defer);
  void defer(const Noted& event, Part part, size_t item, Oid constraint) {
    deferred.push_back({event.table, event.tid, part, static_cast<uint32_t>(item), constraint, event.old_key,
                        event.new_key});
  }
  void run(const Deferred& event);
  // Does what a constraint's trigger does.
  template <class F>
  void fire(const TableConstraints& table, Oid constraint, std::string_view name, F&& f);
  void run_noted(size_t from, bool may_defer);
  void cut_noted(size_t size);
  void forget_if_idle();

  bool fetch_own(const Relation& relation, Tid tid, access::RowVersion* row);
  void check_reference(TableConstraints& table, ReferenceCheck& check, Tid tid);
  void act(TableConstraints& table, ReferenceAction& action, bool deletion, const Value* old_key,
           const Value* new_key);
  // `key`: as the referenced table has it; `values`: the same in the types of the statements.
  void require_unreferenced(TableConstraints& table, ReferenceAction& action, std::span<const Value> key,
                            std::span<const Value> values);
  uint64_t run_sql(const std::string& sql, std::span<const Oid> types, std::span<const Value> values);
  void check_unique(TableConstraints& table, const Index& index, Tid tid);
  bool conflicts(const Relation& relation, const Index& index, std::span<const access::KeyColumn> columns,
                 const std::string& key, Tid other, Xid* wait_for);
  bool finds_conflict(const Relation& relation, const Index& index,
                      std::span<const access::KeyColumn> columns, const std::string& key, Tid own);
};

// --- what a table asks for

TableConstraints& ConstraintTriggers::Impl::prepare(const Relation& relation) {
  catalog::Catalog& catalog = host.catalog();
  uint64_t epoch = catalog.changed() ? 0 : catalog.database().epoch();
  std::unique_ptr<TableConstraints>& slot = tables[relation.oid];
  if (slot != nullptr && epoch != 0 && slot->epoch == epoch) return *slot;
  if (slot != nullptr && !(noted.empty() && deferred.empty())) retired.push_back(std::move(slot));
  slot = std::make_unique<TableConstraints>(host, catalog.relation(relation.oid));
  slot->epoch = epoch;
  return *slot;
}

TableConstraints& ConstraintTriggers::Impl::table_of(const Relation& relation) {
  auto it = tables.find(relation.oid);
  return it != tables.end() ? *it->second : prepare(relation);
}

bool ConstraintTriggers::Impl::is_deferred(Oid constraint, bool deferrable, bool initially) const {
  if (!deferrable) return false;
  for (auto s = settings.rbegin(); s != settings.rend(); ++s) {
    if (s->constraint == constraint || s->constraint == kInvalidOid) return s->deferred;
  }
  return initially;
}

const Value* ConstraintTriggers::Impl::keep_key(const TableConstraints& table, std::span<const Value> row) {
  auto* out = keys.make_array<Value>(table.key_ordinals.size());
  for (size_t i = 0; i < table.key_ordinals.size(); ++i) {
    out[i] = types::copy_value(row[table.key_ordinals[i]], keys);
  }
  return out;
}

// --- doing what was noted

template <class F>
void ConstraintTriggers::Impl::fire(const TableConstraints& table, Oid constraint, std::string_view name,
                                    F&& f) {
  if (times == nullptr) return f();
  auto start = std::chrono::steady_clock::now();
  f();
  const std::string& relation = table.relation->name;
  auto time = std::find_if(times->begin(), times->end(), [&](const ConstraintTime& t) {
    return t.constraint == constraint && t.relation == relation;
  });
  if (time == times->end()) time = times->insert(time, {constraint, std::string(name), relation});
  ++time->calls;
  time->ms += std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

void ConstraintTriggers::Impl::dispatch(const Noted& event, bool may_defer) {
  TableConstraints& table = *event.table;
  if (event.kind == Kind::kInserted) {
    for (size_t i = event.first; i < event.end; ++i) dispatch_checks(table, inserted[i], ~0U, may_defer);
    return;
  }
  if (event.kind == Kind::kUnique) {
    const Index& index = table.relation->indexes[event.checks];
    if (may_defer && is_deferred(index.constraint, true, index.initially_deferred)) {
      defer(event, Part::kUnique, event.checks, index.constraint);
    } else {
      check_unique(table, index, event.tid);
    }
    return;
  }
  for (size_t i = 0; i < table.actions.size(); ++i) {
    if (!has_bit(event.actions, i)) continue;
    ReferenceAction& action = *table.actions[i];
    bool deletion = event.kind == Kind::kDeleted;
    // Only what leaves the other table alone can wait.
    bool waits = (deletion ? action.key.on_delete : action.key.on_update) == 'a' && action.key.deferrable;
    if (may_defer && is_deferred(action.key.oid, waits, action.key.initially_deferred)) {
      defer(event, deletion ? Part::kActionOnDelete : Part::kActionOnUpdate, i, action.key.oid);
    } else {
      fire(table, action.key.oid, action.key.name,
           [&] { act(table, action, deletion, event.old_key, event.new_key); });
    }
  }
  dispatch_checks(table, event.tid, event.checks, may_defer);
}

void ConstraintTriggers::Impl::dispatch_checks(TableConstraints& table, Tid tid, uint32_t checks,
                                               bool may_defer) {
  for (size_t i = 0; i < table.checks.size(); ++i) {
    if (!has_bit(checks, i)) continue;
    ReferenceCheck& check = *table.checks[i];
    if (may_defer && is_deferred(check.key.oid, check.key.deferrable, check.key.initially_deferred)) {
      deferred.push_back(
          {&table, tid, Part::kCheck, static_cast<uint32_t>(i), check.key.oid, nullptr, nullptr});
    } else {
      fire(table, check.key.oid, check.key.name, [&] { check_reference(table, check, tid); });
    }
  }
}

void ConstraintTriggers::Impl::run(const Deferred& event) {
  TableConstraints& table = *event.table;
  switch (event.part) {
    case Part::kCheck:
      return check_reference(table, *table.checks[event.item], event.tid);
    case Part::kUnique:
      return check_unique(table, table.relation->indexes[event.item], event.tid);
    case Part::kActionOnUpdate:
    case Part::kActionOnDelete:
      return act(table, *table.actions[event.item], event.part == Part::kActionOnDelete, event.old_key,
                 event.new_key);
  }
}

// Actions change rows, and those changes join the end of the list.
void ConstraintTriggers::Impl::run_noted(size_t from, bool may_defer) {
  ++round;
  for (size_t i = from; i < noted.size(); ++i) {
    Noted event = noted[i];
    dispatch(event, may_defer);
  }
  cut_noted(from);
}

void ConstraintTriggers::Impl::cut_noted(size_t size) {
  for (size_t i = size; i < noted.size(); ++i) {
    if (noted[i].kind != Kind::kInserted) continue;
    inserted.resize(noted[i].first);
    break;
  }
  noted.resize(std::min(noted.size(), size));
  may_extend = false;
}

void ConstraintTriggers::Impl::forget_if_idle() {
  if (!noted.empty() || !deferred.empty()) return;
  keys.reset();
  retired.clear();
}

// The row as it is now, if it is still there. We have changed it, so nobody else has since.
bool ConstraintTriggers::Impl::fetch_own(const Relation& relation, Tid tid, access::RowVersion* row) {
  Result<bool> found = relation.heap->fetch(newest_snapshot(host.transaction()), tid, buffer, row);
  check_ok(found.status());
  return *found;
}

void ConstraintTriggers::Impl::check_reference(TableConstraints& table, ReferenceCheck& check, Tid tid) {
  const Relation& relation = *table.relation;
  access::RowVersion row;
  if (!fetch_own(relation, tid, &row)) return;
  row_memory.reset();
  const size_t n = check.key.columns.size();
  std::vector<Value>& values = scratch;
  values.resize(n);
  size_t nulls = 0;
  for (size_t i = 0; i < n; ++i) {
    values[i] = relation.layout->get(row, static_cast<size_t>(check.key.columns[i] - 1), row_memory);
    nulls += values[i].null ? 1 : 0;
  }
  if (nulls == n || (nulls > 0 && check.key.match == 's')) return;
  auto violation = [&](std::string detail) {
    return SqlError(sqlstate::kForeignKeyViolation,
                    fmt::format("insert or update on table \"{}\" violates foreign key constraint \"{}\"",
                                relation.name, check.key.name))
        .detail(std::move(detail))
        .schema(relation.schema_name)
        .table(relation.name)
        .constraint(check.key.name);
  };
  if (nulls > 0) throw violation("MATCH FULL does not allow mixing of null and nonnull key values.");
  if (check.ready != round) {
    check.exists = check.referenced.prepare(host);
    check.ready = round;
    check.last_key.clear();
  }
  if (!check.exists) return;
  if (check.referenced.encode(host, values)) {
    if (check.last_key == check.referenced.key()) return;
    if (check.referenced.find(host)) {
      check.last_key = check.referenced.key();
      return;
    }
  }
  functions::EvalContext context = host.eval(row_memory);
  throw violation(fmt::format("{} is not present in table \"{}\".",
                              describe_key(relation, check.key.columns, values, context),
                              check.referenced.table().name));
}

// --- what a change of a referenced row does to the rows that refer to it

uint64_t ConstraintTriggers::Impl::run_sql(const std::string& sql, std::span<const Oid> types,
                                           std::span<const Value> values) {
  txn::Transaction& txn = host.transaction();
  txn::Snapshot newest = newest_snapshot(txn);
  newest.own_limit = txn.undo_position();
  if (txn.isolation() == txn::Isolation::kReadCommitted) return host.run(sql, types, values, newest, nullptr);
  txn::Snapshot writes = newest;
  writes.csn = txn.statement_snapshot().csn;
  return host.run(sql, types, values, newest, &writes);
}

void ConstraintTriggers::Impl::require_unreferenced(TableConstraints& table, ReferenceAction& action,
                                                    std::span<const Value> key,
                                                    std::span<const Value> values) {
  if (run_sql(action.find, action.types, values) == 0) return;
  functions::EvalContext context = host.eval(row_memory);
  throw SqlError(
      sqlstate::kForeignKeyViolation,
      fmt::format("update or delete on table \"{}\" violates foreign key constraint \"{}\" on table \"{}\"",
                  table.relation->name, action.key.name, action.table))
      .detail(fmt::format("{} is still referenced from table \"{}\".",
                          describe_key(*table.relation, action.key.referenced_columns, key, context),
                          action.table))
      .schema(action.schema)
      .table(action.table)
      .constraint(action.key.name);
}

void ConstraintTriggers::Impl::act(TableConstraints& table, ReferenceAction& action, bool deletion,
                                   const Value* old_key, const Value* new_key) {
  // What has been found to exist may not, after this.
  ++round;
  row_memory.reset();
  functions::EvalContext context = host.eval(row_memory);
  const char what = deletion ? action.key.on_delete : action.key.on_update;
  std::vector<Value> key, values;
  if (what == 'c' && !deletion) {
    for (uint16_t place : action.places) values.push_back(new_key[place]);
  }
  const size_t first_old = values.size();
  for (size_t i = 0; i < action.places.size(); ++i) {
    key.push_back(old_key[action.places[i]]);
    values.emplace_back();
    // A key that the referencing columns cannot hold: no row refers to it.
    if (!action.conversions[i].apply(key.back(), &values.back(), context)) return;
  }
  std::span<const Value> old_values = std::span(values).subspan(first_old);
  // Somebody else may have taken the key by the end of the statement.
  if (what == 'a' && action.own.prepare(host) && action.own.encode(host, key) && action.own.find(host))
    return;
  if (what == 'c' || what == 'n' || what == 'd') {
    if (deletion)
      run_sql(action.on_delete, action.types, values);
    else
      run_sql(action.on_update, action.update_types, values);
    // Rows whose default is the key itself would keep it and escape the check.
    if (what != 'd') return;
  }
  require_unreferenced(table, action, key, old_values);
}

// --- unique keys that are checked later

bool ConstraintTriggers::Impl::conflicts(const Relation& relation, const Index& index,
                                         std::span<const access::KeyColumn> columns, const std::string& key,
                                         Tid other, Xid* wait_for) {
  access::RowBuffer other_buffer;
  access::RowVersion row;
  Result<bool> found = access::newest_of_finished(
      host.transaction(), [&] { return relation.heap->fetch_newest(other, other_buffer, &row); }, &row.xid,
      wait_for);
  check_ok(found.status());
  if (!*found || *wait_for != kInvalidXid || (row.flags & access::kRowDeleted) != 0) return false;
  std::string other_key;
  append_row_key(other_key, relation, index, columns, row, row_memory);
  return other_key == key;
}

// Who has been waited for may have given the key to a row that was not in the index before.
bool ConstraintTriggers::Impl::finds_conflict(const Relation& relation, const Index& index,
                                              std::span<const access::KeyColumn> columns,
                                              const std::string& key, Tid own) {
  txn::Transaction& txn = host.transaction();
  std::vector<Tid> tids;
  for (Xid wait_for;;) {
    tids.clear();
    check_ok(index.tree->lookup(access::key_bytes(key), &tids));
    wait_for = kInvalidXid;
    for (size_t i = 0; i < tids.size() && wait_for == kInvalidXid; ++i) {
      if (tids[i] != own && conflicts(relation, index, columns, key, tids[i], &wait_for)) return true;
    }
    if (wait_for == kInvalidXid) return false;
    check_ok(txn.manager().wait_for(txn, wait_for));
  }
}

void ConstraintTriggers::Impl::check_unique(TableConstraints& table, const Index& index, Tid tid) {
  const Relation& relation = *table.relation;
  access::RowVersion row;
  if (!fetch_own(relation, tid, &row)) return;
  row_memory.reset();
  std::vector<access::KeyColumn> columns = index_key_columns(relation, index);
  std::string key;
  append_row_key(key, relation, index, columns, row, row_memory);
  std::vector<Value> values;
  for (const catalog::IndexColumn& column : index.keys) {
    values.push_back(types::copy_value(
        relation.layout->get(row, static_cast<size_t>(column.column - 1), row_memory), row_memory));
    if (values.back().null && !index.nulls_not_distinct) return;
  }
  if (!finds_conflict(relation, index, columns, key, tid)) return;
  functions::EvalContext context = host.eval(row_memory);
  std::string text = describe_index_key(relation, index, values, context);
  throw SqlError(sqlstate::kUniqueViolation,
                 fmt::format("duplicate key value violates unique constraint \"{}\"", index.name))
      .detail(text.empty() ? text : fmt::format("Key {} already exists.", text))
      .schema(relation.schema_name)
      .table(relation.name)
      .constraint(index.name);
}

// --- the interface

ConstraintTriggers::ConstraintTriggers(ConstraintHost& host) : impl_(std::make_unique<Impl>(host)) {}
ConstraintTriggers::~ConstraintTriggers() = default;

bool ConstraintTriggers::wants_rows(const Relation& relation, ModifyEvent event) {
  bool wants = event == ModifyEvent::kUpdate
                   ? !relation.foreign_keys.empty() || !relation.referenced_by.empty()
               : event == ModifyEvent::kDelete ? !relation.referenced_by.empty()
                                               : false;
  if (wants) impl_->prepare(relation);
  return wants;
}

bool ConstraintTriggers::wants_inserted(const Relation& relation) {
  if (relation.foreign_keys.empty()) return false;
  impl_->prepare(relation);
  return true;
}

void ConstraintTriggers::after_insert(ExecutionContext&, const Relation& relation,
                                      std::span<const Tid> rows) {
  Impl& impl = *impl_;
  TableConstraints& table = impl.table_of(relation);
  bool extend = impl.may_extend && !impl.noted.empty() && impl.noted.back().kind == Kind::kInserted &&
                impl.noted.back().table == &table;
  if (!extend) {
    Noted event{&table, {}, Kind::kInserted};
    event.first = impl.inserted.size();
    impl.noted.push_back(event);
  }
  impl.inserted.insert(impl.inserted.end(), rows.begin(), rows.end());
  impl.noted.back().end = impl.inserted.size();
  impl.may_extend = true;
}

namespace {

bool is_above(catalog::Catalog& catalog, Oid above, const Relation& table) {
  for (catalog::RelationPtr r = catalog.relation(table.oid); r != nullptr && r->is_partition;) {
    Oid parent = r->parents.at(0);
    if (parent == above) return true;
    r = catalog.relation(parent);
  }
  return false;
}

// A row that moves to another partition stays in the table that the key names.
bool leaves_no_gap(catalog::Catalog& catalog, const TableConstraints& table, const ReferenceAction& action,
                   const Relation& root) {
  if (action.whole == table.relation->oid) return false;
  if (action.whole == root.oid || is_above(catalog, action.whole, root)) return true;
  catalog::RelationPtr whole = catalog.relation(action.whole);
  throw SqlError(sqlstate::kFeatureNotSupported,
                 "cannot move tuple across partitions when a non-root ancestor of the source partition is "
                 "directly referenced in a foreign key")
      .detail(fmt::format("A foreign key points to ancestor \"{}\" but not the root ancestor \"{}\".",
                          whole == nullptr ? std::string() : whole->name, root.name))
      .hint(fmt::format("Consider defining the foreign key on table \"{}\".", root.name));
}

}  // namespace

void ConstraintTriggers::after_row(ExecutionContext&, const RowChange& change) {
  VARVE_CHECK(change.event != ModifyEvent::kInsert);  // after_insert() is told of these
  const bool of_whole = change.moved_within != nullptr && change.event == ModifyEvent::kUpdate;
  TableConstraints& table = of_whole ? impl_->prepare(change.relation) : impl_->table_of(change.relation);
  Noted event{&table, change.tid, change.event == ModifyEvent::kDelete ? Kind::kDeleted : Kind::kUpdated};
  bool update = change.event == ModifyEvent::kUpdate;
  auto differs = [&](size_t ordinal) {
    return !types::values_identical(change.old_row[ordinal], change.new_row[ordinal]);
  };
  if (update && !of_whole) {
    for (size_t i = 0; i < table.checks.size(); ++i) {
      const auto& ordinals = table.checks[i]->ordinals;
      if (std::any_of(ordinals.begin(), ordinals.end(), differs)) set_bit(event.checks, i);
    }
  }
  for (size_t i = 0; i < table.actions.size(); ++i) {
    const bool moves_away = change.moved_within != nullptr && change.event == ModifyEvent::kDelete;
    if (moves_away && leaves_no_gap(impl_->host.catalog(), table, *table.actions[i], *change.moved_within))
      continue;
    bool null = false, changed = !update;
    for (uint16_t place : table.actions[i]->places) {
      uint16_t ordinal = table.key_ordinals[place];
      null |= change.old_row[ordinal].null;
      changed = changed || differs(ordinal);
    }
    if (changed && !null) set_bit(event.actions, i);
  }
  if (event.checks == 0 && event.actions == 0) return;
  if (event.actions != 0) {
    event.old_key = impl_->keep_key(table, change.old_row);
    if (update) event.new_key = impl_->keep_key(table, change.new_row);
  }
  impl_->noted.push_back(event);
}

void ConstraintTriggers::unique_pending(ExecutionContext&, const Relation& relation, const Index& index,
                                        Tid tid) {
  TableConstraints& table = impl_->prepare(relation);
  for (size_t i = 0; i < table.relation->indexes.size(); ++i) {
    if (table.relation->indexes[i].oid != index.oid) continue;
    impl_->noted.push_back({&table, tid, Kind::kUnique, static_cast<uint32_t>(i)});
  }
}

void ConstraintTriggers::measure(std::vector<ConstraintTime>* into) { impl_->times = into; }

size_t ConstraintTriggers::begin_statement() {
  impl_->may_extend = false;
  return impl_->noted.size();
}

void ConstraintTriggers::end_statement(size_t mark) {
  if (impl_->noted.size() <= mark) return;
  impl_->run_noted(mark, true);
  impl_->forget_if_idle();
}

void ConstraintTriggers::before_commit() {
  if (impl_->noted.empty() && impl_->deferred.empty()) return;
  // A statement that was left half read has been noted and not been looked at.
  impl_->run_noted(0, true);
  for (size_t i = 0; i < impl_->deferred.size(); ++i) {
    Deferred event = impl_->deferred[i];
    if (event.done == 0) impl_->run(event);
    if (!impl_->noted.empty()) impl_->run_noted(0, false);
  }
  impl_->deferred.clear();
  impl_->forget_if_idle();
}

void ConstraintTriggers::end_transaction() noexcept {
  impl_->cut_noted(0);
  impl_->deferred.clear();
  impl_->settings.clear();
  impl_->cycle = 0;
  impl_->forget_if_idle();
}

bool ConstraintTriggers::has_events(Oid relation) const {
  auto of_it = [&](const auto& event) { return event.table->relation->oid == relation; };
  return std::any_of(impl_->noted.begin(), impl_->noted.end(), of_it) ||
         std::any_of(impl_->deferred.begin(), impl_->deferred.end(),
                     [&](const Deferred& d) { return d.done == 0 && of_it(d); });
}

ConstraintTriggers::Mark ConstraintTriggers::mark() const {
  impl_->may_extend = false;
  return {impl_->noted.size(), impl_->deferred.size(), impl_->settings.size(), impl_->cycle};
}

void ConstraintTriggers::rollback_to(const Mark& mark) {
  impl_->cut_noted(mark.noted);
  impl_->deferred.resize(std::min(impl_->deferred.size(), mark.deferred));
  impl_->settings.resize(std::min(impl_->settings.size(), mark.constraints));
  // What was checked since counts as not checked: the rows may be others again.
  for (Deferred& event : impl_->deferred) {
    if (event.done > mark.cycle) event.done = 0;
  }
  impl_->forget_if_idle();
}

void ConstraintTriggers::set_all(bool deferred) { set(std::span<const Oid>(), deferred); }

void ConstraintTriggers::set(std::span<const Oid> constraints, bool deferred) {
  if (constraints.empty()) impl_->settings.push_back({kInvalidOid, deferred});
  for (Oid constraint : constraints) impl_->settings.push_back({constraint, deferred});
  if (deferred) return;
  size_t mark = impl_->noted.size();
  ++impl_->cycle;
  ++impl_->round;
  for (size_t i = 0; i < impl_->deferred.size(); ++i) {
    Deferred event = impl_->deferred[i];
    if (event.done != 0 || impl_->is_deferred(event.constraint, true, true)) continue;
    impl_->deferred[i].done = impl_->cycle;
    impl_->run(event);
    if (impl_->noted.size() > mark) impl_->run_noted(mark, true);
  }
}

}  // namespace varve::executor
