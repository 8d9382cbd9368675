#include "table_writer.h"

#include <algorithm>
#include <exception>
#include <fmt/format.h>

#include "common/sql_error.h"
#include "executor/row_disclosure.h"
#include "functions/registry.h"
#include "types/utf8.h"

namespace varve::executor {

using access::LockOutcome;
using access::RowVersion;
using catalog::ColumnNumber;
using types::Value;

namespace {

const planner::BoundIndex* bound_index(const planner::ModifyPlan& plan, const catalog::Index& index) {
  for (const planner::BoundIndex& b : plan.bound_indexes) {
    if (b.index == &index) return &b;
  }
  return nullptr;
}

template <class T>
T outcome(Result<T>&& r) {
  if (!r.ok() && r.status().code() == StatusCode::kWriteConflict)
    throw SqlError(sqlstate::kTRSerializationFailure, std::string(r.status().message()));
  check_ok(r.status());
  return std::move(*r);
}

}  // namespace

TableWriter::TableWriter(const planner::ModifyPlan& plan, ExecutionContext& context)
    : plan_(plan),
      context_(context),
      relation_(**plan.relation),
      heap_(*relation_.heap),
      live_(live_columns(relation_)),
      checks_(compile_all(plan.checks, context, expression_memory_)),
      generated_(compile_all(plan.generated_exprs, context, expression_memory_)),
      encoder_(heap_, *relation_.layout) {
  for (const catalog::Index& index : relation_.indexes) {
    indexes_.push_back({IndexKeyBuilder(relation_, index, bound_index(plan, index), context), *index.tree});
  }
  view_checks_ = compile_all(plan.view_checks, context, expression_memory_);
  if (!checks_.empty() || !generated_.empty() || !view_checks_.empty()) {
    row_chunk_ = Chunk(static_cast<uint32_t>(live_.size()), *context.build_memory);
    for (uint32_t i = 0; i < live_.size(); ++i) {
      row_chunk_.column(i) = Vector(column_physical_type(relation_, live_[i]), *context.build_memory, 1);
    }
  }
  stored_.resize(relation_.columns.size());
  guard_ = make_row_guard(relation_, context);
}

size_t TableWriter::ordinal(ColumnNumber column) const {
  for (size_t i = 0; i < live_.size(); ++i) {
    if (live_[i] == column) return i;
  }
  throw SqlError(sqlstate::kInternalError, "assignment to a column that is not there");
}

ModifyHooks* TableWriter::row_hooks(ModifyEvent event) {
  return context_.hooks != nullptr && context_.hooks->wants_rows(relation_, event) ? context_.hooks : nullptr;
}

void TableWriter::load(const RowValues& row) {
  expression_memory_.reset();
  row_chunk_.reset();
  for (uint32_t i = 0; i < row.size(); ++i) row_chunk_.column(i).set_value(0, row[i]);
  row_chunk_.set_dense(1);
}

void TableWriter::complete(RowValues& row, Arena& memory, RowCheck kind) {
  if (!generated_.empty()) {
    load(row);
    for (size_t i = 0; i < generated_.size(); ++i) {
      Vector* v = nullptr;
      generated_[i].evaluate(row_chunk_, {nullptr, 1}, v);
      row[ordinal(plan_.generated[i])] = types::copy_value(v->value(0), memory);
    }
  }
  if (guard_ != nullptr) guard_->check(row);
  if (!view_checks_.empty()) check_row(row, kind);
  check_not_null(row);
  if (!checks_.empty()) check_constraints(row);
  if (!view_checks_.empty()) check_row(row, RowCheck::kView);
}

void TableWriter::check_not_null(const RowValues& row) {
  for (size_t i = 0; i < row.size(); ++i) {
    if (!row[i].null) continue;
    const catalog::Column& column = relation_.column(live_[i]);
    if (!column.not_null) continue;
    throw SqlError(sqlstate::kNotNullViolation,
                   fmt::format("null value in column \"{}\" of relation \"{}\" violates not-null constraint",
                               column.name, relation_.name))
        .detail(failing_row(row))
        .schema(relation_.schema_name)
        .table(relation_.name)
        .column(column.name);
  }
}

void TableWriter::check_constraints(const RowValues& row) {
  load(row);
  for (size_t i = 0; i < checks_.size(); ++i) {
    Vector* v = nullptr;
    checks_[i].evaluate(row_chunk_, {nullptr, 1}, v);
    if (v->is_null(0) || v->at<uint8_t>(0) != 0) continue;
    throw SqlError(sqlstate::kCheckViolation,
                   fmt::format("new row for relation \"{}\" violates check constraint \"{}\"", relation_.name,
                               plan_.check_names[i]))
        .detail(failing_row(row))
        .schema(relation_.schema_name)
        .table(relation_.name)
        .constraint(plan_.check_names[i]);
  }
}

std::string TableWriter::failing_row(const RowValues& own_row) {
  RowValues row = own_row;
  if (!shown_ordinals_.empty()) {
    row.resize(live_columns(*shown_).size());
    for (size_t i = 0; i < own_row.size(); ++i) {
      if (shown_ordinals_[i] >= 0) row[static_cast<size_t>(shown_ordinals_[i])] = own_row[i];
    }
  }
  Arena memory;
  functions::EvalContext context = context_.eval_context(memory);
  return failing_row_detail(shown_ != nullptr ? *shown_ : relation_, row, plan_.provided, context);
}

void TableWriter::check_row(const RowValues& row, RowCheck kind) {
  bool loaded = false;
  for (size_t i = 0; i < view_checks_.size(); ++i) {
    if (plan_.view_check_rules[i].kind != kind) continue;
    if (!loaded) load(row);
    loaded = true;
    Vector* v = nullptr;
    view_checks_[i].evaluate(row_chunk_, {nullptr, 1}, v);
    if (v->is_null(0) || v->at<uint8_t>(0) == 0) throw_unchecked(row, plan_.view_check_rules[i]);
  }
}

void TableWriter::throw_unchecked(const RowValues& row, const analyzer::ViewCheck& rule) {
  if (rule.kind == RowCheck::kView) {
    throw SqlError(sqlstate::kWithCheckOptionViolation,
                   fmt::format("new row violates check option for view \"{}\"", rule.view))
        .detail(failing_row(row));
  }
  const bool merges = rule.kind == RowCheck::kMergeUpdate || rule.kind == RowCheck::kMergeDelete;
  std::string name = rule.view.empty() ? std::string() : fmt::format(" \"{}\"", rule.view);
  std::string_view which = merges || rule.kind == RowCheck::kConflict ? " (USING expression)" : "";
  throw SqlError(sqlstate::kInsufficientPrivilege,
                 fmt::format("{} row violates row-level security policy{}{} for table \"{}\"",
                             merges ? "target" : "new", name, which, rule.table));
}

void TableWriter::throw_foreign(const RowValues& row) {
  throw SqlError(sqlstate::kCheckViolation,
                 fmt::format("new row for relation \"{}\" violates partition constraint", relation_.name))
      .detail(failing_row(row))
      .schema(relation_.schema_name)
      .table(relation_.name);
}

void TableWriter::throw_duplicate(const IndexWriter& index) {
  const catalog::Index& i = index.keys.index();
  Arena memory;
  functions::EvalContext context = context_.eval_context(memory);
  std::string key = describe_index_key(relation_, i, index.keys.values(), context);
  throw SqlError(sqlstate::kUniqueViolation,
                 fmt::format("duplicate key value violates unique constraint \"{}\"", i.name))
      .detail(key.empty() ? key : fmt::format("Key {} already exists.", key))
      .schema(relation_.schema_name)
      .table(relation_.name)
      .constraint(i.name);
}

void TableWriter::spread(const RowValues& row, std::vector<Value>& stored) const {
  stored.resize(relation_.columns.size());
  for (size_t c = 0; c < stored.size(); ++c) stored[c] = Value::null_of(relation_.layout->column(c).type);
  for (size_t i = 0; i < row.size(); ++i) stored[static_cast<size_t>(live_[i] - 1)] = row[i];
}

void TableWriter::encode(const RowValues& row, const RowValues* old_row) {
  spread(row, stored_);
  if (old_row != nullptr) spread(*old_row, old_stored_);
  encoder_.encode(*context_.transaction, stored_,
                  old_row == nullptr ? std::span<const Value>() : old_stored_);
}

bool TableWriter::insert_entry(IndexWriter& index, std::string_view key, Tid tid, bool throw_conflict,
                               Tid* conflict, bool known_unique) {
  const catalog::Index& definition = index.keys.index();
  bool unique = definition.unique && !known_unique && !index.keys.exempt_from_unique();
  access::HeapUniqueChecker checker(heap_, *context_.transaction, tid);
  if (unique && !definition.immediate && context_.hooks != nullptr) {
    LaterChecker later(checker);
    (void)outcome(index.tree.insert(*context_.transaction, access::key_bytes(key), tid, &later));
    check_ok(checker.status());
    if (later.found()) context_.hooks->unique_pending(context_, relation_, definition, tid);
    return true;
  }
  for (;;) {
    auto r = outcome(
        index.tree.insert(*context_.transaction, access::key_bytes(key), tid, unique ? &checker : nullptr));
    check_ok(checker.status());
    switch (r.kind) {
      case access::InsertOutcome::Kind::kInserted:
        return true;
      case access::InsertOutcome::Kind::kConflict:
        // To be told of the row is to have read it.
        if (context_.snapshot.serializable != nullptr) (void)is_visible(r.conflict);
        if (throw_conflict) throw_duplicate(index);
        *conflict = r.conflict;
        return false;
      case access::InsertOutcome::Kind::kMustWait:
        check_ok(context_.manager->wait_for(*context_.transaction, r.wait_for));
        break;
    }
  }
}

// Of an index that is not unique, in the order of the keys: what lies together goes in at once.
template <class Key>
void TableWriter::insert_keys(IndexWriter& index, std::span<const Key> keys, Tid tid) {
  new_entries_.clear();
  for (const Key& key : keys) new_entries_.push_back({access::key_bytes(key), tid, false});
  insert_new_entries(index);
}

void TableWriter::insert_new_entries(IndexWriter& index) {
  size_t next = 0;
  (void)outcome(index.tree.insert_sorted(*context_.transaction, new_entries_, &next, nullptr));
}

void TableWriter::note_gone(IndexWriter& index, std::span<const std::string> keys, Tid tid) {
  for (const std::string& key : keys)
    check_ok(index.tree.note_gone(*context_.transaction, access::key_bytes(key), tid));
}

bool TableWriter::is_arbiter(const catalog::Index& index,
                             std::span<const catalog::Index* const> arbiters) const {
  if (!index.unique) return false;
  if (arbiters.empty() && !index.immediate) {
    throw SqlError(
        sqlstate::kObjectNotInPrerequisiteState,
        "ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters")
        .schema(relation_.schema_name)
        .table(relation_.name)
        .constraint(index.name);
  }
  if (arbiters.empty()) return true;
  for (const catalog::Index* a : arbiters) {
    if (a->oid == index.oid) return true;
  }
  return false;
}

bool TableWriter::insert_entries(const RowValues& row, Tid tid,
                                 std::span<const catalog::Index* const> arbiters, bool tolerate,
                                 Tid* conflict) {
  for (IndexWriter& index : indexes_) {
    const std::span<const std::string> keys = index.keys.build(row);
    if (index.keys.index().inverted()) {
      insert_keys(index, keys, tid);
      continue;
    }
    if (keys.empty()) continue;
    bool throw_conflict = !tolerate || !is_arbiter(index.keys.index(), arbiters);
    if (!insert_entry(index, keys[0], tid, throw_conflict, conflict)) return false;
  }
  return true;
}

Tid TableWriter::insert(const RowValues& row) {
  encode(row);
  Tid tid = outcome(heap_.insert(*context_.transaction, encoder_.bytes(),
                                 static_cast<uint16_t>(stored_.size()), encoder_.flags()));
  insert_entries(row, tid, {}, false, nullptr);
  count_rows(catalog::Activity::kInserted, 1);
  return tid;
}

void TableWriter::count_rows(catalog::Activity what, uint64_t rows) {
  if (activity_ == nullptr) activity_ = &catalog::table_activity(context_.database, relation_.oid);
  activity_->add(what, rows);
}

// Rows in plain form so far; the others go in one by one, in their place among them.
void TableWriter::write_batch() {
  if (batch_bytes_.empty()) return;
  check_ok(heap_.insert_many(*context_.transaction, batch_bytes_, static_cast<uint16_t>(stored_.size()),
                             &batch_tids_));
  batch_bytes_.clear();
}

uint64_t TableWriter::insert_batch(const Chunk& rows, Arena& memory, uint32_t* at) {
  if (ModifyHooks* hooks = row_hooks(ModifyEvent::kInsert))
    return insert_with_hooks(rows, memory, *hooks, at);
  const uint32_t count = rows.count();
  if (loads_in_bulk(count)) {
    append_batch(rows, memory, at);
    count_rows(catalog::Activity::kInserted, count);
    return count;
  }
  if (batch_.size() < count) batch_.resize(count);
  batch_bytes_.clear();
  batch_tids_.clear();
  if (encode_batch(rows, memory)) {
    load_key_columns(rows);
    stored_.resize(live_.size());
    return finish_batch(rows, at);
  }
  for (uint32_t i = 0; i < count; ++i) {
    RowValues& row = batch_[i];
    *at = rows.selection()[i];
    row.resize(live_.size());
    for (uint32_t c = 0; c < live_.size(); ++c) row[c] = rows.column(c).value(*at);
    complete(row, memory, RowCheck::kInsert);
    encode(row);
    if (encoder_.flags() != 0) {
      write_batch();
      batch_tids_.push_back(outcome(heap_.insert(*context_.transaction, encoder_.bytes(),
                                                 static_cast<uint16_t>(stored_.size()), encoder_.flags())));
      continue;
    }
    batch_bytes_.push_back(wal::Bytes(memory.copy(std::span<const uint8_t>(encoder_.bytes()))));
  }
  return finish_batch(rows, at);
}

// Of the rows of a batch, only what some index reads.
void TableWriter::load_key_columns(const Chunk& rows) {
  for (uint32_t i = 0; i < rows.count() && !indexes_.empty(); ++i) {
    if (batch_[i].size() == live_.size()) continue;
    batch_[i].clear();
    for (ColumnNumber c : live_) batch_[i].push_back(Value::null_of(column_physical_type(relation_, c)));
  }
  for (uint32_t c = 0; c < live_.size(); ++c) {
    const bool read = std::any_of(indexes_.begin(), indexes_.end(),
                                  [c](const IndexWriter& index) { return index.keys.reads(c); });
    if (!read) continue;
    for (uint32_t i = 0; i < rows.count(); ++i) batch_[i][c] = rows.column(c).value(rows.selection()[i]);
  }
}

// Rows of which nothing is to be computed or refused go from columns to bytes at once. False: row by row.
bool TableWriter::encode_batch(const Chunk& rows, Arena& memory) {
  bool plain = generated_.empty() && checks_.empty() && view_checks_.empty() &&
               live_.size() == relation_.columns.size();
  if (!plain) return false;
  std::vector<const Vector*> columns;
  for (uint32_t c = 0; c < live_.size(); ++c) {
    const Vector& v = rows.column(c);
    if (v.has_nulls() && relation_.column(live_[c]).not_null) return false;
    columns.push_back(&v);
  }
  if (guard_ != nullptr) guard_->check_rows(rows);
  return relation_.layout->encode_rows(columns, rows.selection(), memory, &batch_bytes_);
}

uint64_t TableWriter::finish_batch(const Chunk& rows, uint32_t* at) {
  const uint32_t count = rows.count();
  write_batch();
  count_rows(catalog::Activity::kInserted, count);
  if (!indexes_.empty()) enter_batch(rows, at);
  if (context_.hooks != nullptr && context_.hooks->wants_inserted(relation_)) {
    context_.hooks->after_insert(context_, relation_, batch_tids_);
  }
  return count;
}

void TableWriter::add_key(size_t number, const RowValues& row, WaitingKeys* to) {
  IndexKeyBuilder& builder = indexes_[number].keys;
  to->begin_row();
  for (const std::string& key : builder.build(row)) to->add(key, builder.exempt_from_unique());
}

void TableWriter::enter_batch(const Chunk& rows, uint32_t* at) {
  batch_keys_.resize(indexes_.size());
  for (WaitingKeys& keys : batch_keys_) keys.clear();
  // What an index's expression throws comes after the conflicts of all entries before that one.
  std::exception_ptr error;
  uint32_t i = 0;
  try {
    for (; i < rows.count(); ++i) {
      for (size_t number = 0; number < indexes_.size(); ++number)
        add_key(number, batch_[i], &batch_keys_[number]);
    }
  } catch (const SqlError&) {
    error = std::current_exception();
  }
  std::optional<FirstConflict> conflict;
  for (size_t number = 0; number < indexes_.size(); ++number) {
    const WaitingKeys& keys = batch_keys_[number];
    enter_keys(number, keys, std::span(batch_tids_).first(keys.rows()), &conflict);
  }
  if (!conflict && error == nullptr) return;
  if (!conflict) {
    *at = rows.selection()[i];
    std::rethrow_exception(error);
  }
  *at = rows.selection()[conflict->row];
  IndexWriter& index = indexes_[conflict->index];
  index.keys.build(batch_[conflict->row]);
  throw_duplicate(index);
}

uint64_t TableWriter::insert_with_hooks(const Chunk& rows, Arena& memory, ModifyHooks& hooks, uint32_t* at) {
  uint64_t inserted = 0;
  RowValues row(live_.size());
  for (uint32_t i = 0; i < rows.count(); ++i) {
    *at = rows.selection()[i];
    for (uint32_t c = 0; c < live_.size(); ++c) row[c] = rows.column(c).value(*at);
    RowChange before{ModifyEvent::kInsert, relation_, {}, {}, row, memory};
    if (!hooks.before_row(context_, before)) continue;
    complete(row, memory, RowCheck::kInsert);
    RowChange after{ModifyEvent::kInsert, relation_, insert(row), {}, row, memory};
    hooks.after_row(context_, after);
    ++inserted;
  }
  return inserted;
}

bool TableWriter::insert_unless_conflict(const RowValues& row,
                                         std::span<const catalog::Index* const> arbiters, Tid* tid,
                                         Tid* conflict) {
  if (find_conflict(row, arbiters, conflict)) return false;
  context_.transaction->assign_xid();
  txn::Transaction::Savepoint before = context_.transaction->savepoint();
  encode(row);
  *tid = outcome(heap_.insert(*context_.transaction, encoder_.bytes(), static_cast<uint16_t>(stored_.size()),
                              encoder_.flags()));
  if (insert_entries(row, *tid, arbiters, true, conflict)) {
    count_rows(catalog::Activity::kInserted, 1);
    return true;
  }
  check_ok(context_.transaction->rollback_to(before));  // somebody was quicker
  return false;
}

bool TableWriter::find_conflict(const RowValues& row, std::span<const catalog::Index* const> arbiters,
                                Tid* conflict) {
  for (IndexWriter& index : indexes_) {
    if (!is_arbiter(index.keys.index(), arbiters)) continue;
    const std::span<const std::string> keys = index.keys.build(row);
    if (keys.empty() || index.keys.exempt_from_unique()) continue;
    for (;;) {
      access::HeapUniqueChecker checker(heap_, *context_.transaction);
      const auto found = outcome(index.tree.find_conflict(access::key_bytes(keys[0]), checker));
      check_ok(checker.status());
      if (found.kind == access::InsertOutcome::Kind::kInserted) break;
      if (found.kind == access::InsertOutcome::Kind::kConflict) {
        *conflict = found.conflict;
        return true;
      }
      context_.transaction->assign_xid();
      check_ok(context_.manager->wait_for(*context_.transaction, found.wait_for));
    }
  }
  return false;
}

bool TableWriter::have_equal_keys(const RowValues& a, const RowValues& b,
                                  std::span<const catalog::Index* const> arbiters) {
  for (IndexWriter& index : indexes_) {
    if (!is_arbiter(index.keys.index(), arbiters)) continue;
    const std::span<const std::string> of_a = index.keys.build(a);
    if (of_a.empty()) continue;
    const std::string key = of_a[0];
    const std::span<const std::string> of_b = index.keys.build(b);
    if (!of_b.empty() && of_b[0] == key) return true;
  }
  return false;
}

LockOutcome TableWriter::update(Tid* tid_now, const RowValues& old_row, const RowValues& new_row, bool locked,
                                RowVersion* newest) {
  const bool may_move = heap_.moves_rows();
  const Tid tid = may_move && locked ? outcome(heap_.newest_place(*tid_now)) : *tid_now;
  // Only a key that a foreign key may refer to makes the update exclude FOR KEY SHARE.
  bool keys_changed = false, weak = true;
  for (IndexWriter& index : indexes_) {
    if (index.keys.unchanged(old_row, new_row)) continue;
    keys_changed = true;
    weak &= !index.keys.index().can_be_referenced();
  }
  const bool old_is_long = encoder_.load_old(write_snapshot(), tid, locked);
  // A row read under one snapshot and written under another may have other values by now: nothing is kept
  // then.
  // And if the row may turn out to be elsewhere, its long values may be, too.
  const bool keep = old_is_long && context_.write_snapshot == nullptr && !may_move;
  encode(new_row, keep ? &old_row : nullptr);
  access::RowMove move;
  LockOutcome r = outcome(heap_.update(*context_.transaction, write_snapshot(), tid, encoder_.bytes(),
                                       static_cast<uint16_t>(stored_.size()), keys_changed, locked, buffer_,
                                       newest, encoder_.flags(), weak, &move));
  if (r != LockOutcome::kLocked) {
    encoder_.not_written(*context_.transaction);
    flush_moves();  // the caller may look at the table before it goes on
    return r;
  }
  // Whoever moved the row meanwhile has seen to what it had out of line.
  if (move.from == tid) encoder_.replaced(*context_.transaction);
  if (guard_ != nullptr) guard_->removed(old_row);
  count_rows(catalog::Activity::kUpdated, 1);
  *tid_now = move.to;
  const bool moved = move.to != move.from;
  if (moved && !keys_changed && collects_moves_) {
    collect_move(move, old_row);
    return r;
  }
  if (!moved && !keys_changed) return r;
  flush_moves();
  if (moved) {
    move_entries(move, old_row, new_row);
    return r;
  }
  for (IndexWriter& index : indexes_) {
    if (!index.keys.unchanged(old_row, new_row)) change_entries(index, tid, old_row, new_row);
  }
  return r;
}

// Only of keys that the one row has and the other has not: 1.0 may have become 1.00.
void TableWriter::change_entries(IndexWriter& index, Tid tid, const RowValues& old_row,
                                 const RowValues& new_row) {
  const std::span<const std::string> had = index.keys.build(old_row);
  old_keys_.assign(had.begin(), had.end());
  const std::span<const std::string> has = index.keys.build(new_row);
  keys_without(old_keys_, has, &changed_keys_);
  for (std::string_view key : changed_keys_)
    check_ok(index.tree.mark(*context_.transaction, access::key_bytes(key), tid));
  keys_without(has, old_keys_, &changed_keys_);
  if (index.keys.index().inverted())
    return insert_keys(index, std::span<const std::string_view>(changed_keys_), tid);
  for (std::string_view key : changed_keys_) insert_entry(index, key, tid, true, nullptr);
}

namespace {

// Equal keys have been asked about when they came in: not at the transaction's end, nor while the index is
// being built, when the other row may have its entry already and this one not yet.
bool proves_unique(const catalog::Index& index) { return index.immediate && index.valid; }

}  // namespace

// A row that keeps its key keeps others from having it: nobody needs to be asked again. Checks that wait for
// the transaction's end are of places, and are noted anew.
void TableWriter::move_entries(const access::RowMove& move, const RowValues& old_row,
                               const RowValues& new_row) {
  for (IndexWriter& index : indexes_) {
    const catalog::Index& definition = index.keys.index();
    const bool same = proves_unique(definition) && index.keys.unchanged(old_row, new_row);
    note_gone(index, index.keys.build(old_row), move.from);
    const std::span<const std::string> keys = same ? index.keys.built() : index.keys.build(new_row);
    if (definition.inverted()) {
      insert_keys(index, keys, move.to);
    } else if (!keys.empty()) {
      insert_entry(index, keys[0], move.to, true, nullptr, same);
    }
  }
}

void TableWriter::collect_moves(bool collect) {
  collects_moves_ = collect && checks_.empty() && view_checks_.empty() && generated_.empty() &&
                    std::all_of(indexes_.begin(), indexes_.end(),
                                [](const IndexWriter& index) { return proves_unique(index.keys.index()); });
  moved_to_.clear();
}

void TableWriter::collect_move(const access::RowMove& move, const RowValues& row) {
  if (moved_to_.empty()) {
    batch_keys_.resize(indexes_.size());
    for (WaitingKeys& keys : batch_keys_) keys.clear();
  }
  moved_to_.push_back(move.to);
  for (size_t number = 0; number < indexes_.size(); ++number) {
    add_key(number, row, &batch_keys_[number]);
    note_gone(indexes_[number], indexes_[number].keys.built(), move.from);
  }
}

void TableWriter::flush_moves() {
  if (moved_to_.empty()) return;
  for (size_t number = 0; number < indexes_.size(); ++number) {
    const WaitingKeys& waiting = batch_keys_[number];
    new_entries_.clear();
    for (uint32_t n : waiting.in_order()) {
      const WaitingKeys::Key& key = waiting.keys()[n];
      new_entries_.push_back({access::key_bytes({key.bytes, key.size}), moved_to_[key.row], false});
    }
    insert_new_entries(indexes_[number]);
  }
  moved_to_.clear();
}

LockOutcome TableWriter::remove(Tid tid, const RowValues& old_row, bool locked, RowVersion* newest) {
  if (locked && heap_.moves_rows()) tid = outcome(heap_.newest_place(tid));
  encoder_.load_old(write_snapshot(), tid, locked);
  access::RowMove move;
  LockOutcome r =
      outcome(heap_.remove(*context_.transaction, write_snapshot(), tid, locked, buffer_, newest, &move));
  if (r != LockOutcome::kLocked) return r;
  if (move.from == tid) encoder_.replaced(*context_.transaction);
  tid = move.from;
  if (guard_ != nullptr) guard_->removed(old_row);
  count_rows(catalog::Activity::kDeleted, 1);
  for (IndexWriter& index : indexes_) note_gone(index, index.keys.build(old_row), tid);
  return r;
}

LockOutcome TableWriter::lock(Tid tid, txn::RowLock strength, RowVersion* newest) {
  return outcome(heap_.lock(*context_.transaction, write_snapshot(), tid, strength, txn::WaitPolicy::kWait,
                            context_.lock_timeout_us, buffer_, newest));
}

txn::RowLock TableWriter::update_lock(std::span<const size_t> assigned) const {
  for (const IndexWriter& index : indexes_) {
    if (!index.keys.index().can_be_referenced()) continue;
    for (const size_t column : assigned) {
      if (index.keys.reads(column)) return txn::RowLock::kUpdate;
    }
  }
  return txn::RowLock::kNoKeyUpdate;
}

void TableWriter::decode(const RowVersion& row, RowValues* out, Arena& memory) const {
  RowVersion copy = row;
  auto* bytes = static_cast<uint8_t*>(memory.allocate(row.length, 1));
  std::memcpy(bytes, row.bytes, row.length);
  copy.bytes = bytes;
  out->resize(live_.size());
  for (size_t i = 0; i < live_.size(); ++i)
    (*out)[i] = relation_.layout->get(copy, static_cast<size_t>(live_[i] - 1), memory);
}

bool TableWriter::fetch_newest(Tid tid, RowValues* out, Arena& memory) {
  if (heap_.moves_rows()) tid = outcome(heap_.newest_place(tid));
  RowVersion row;
  if (!outcome(heap_.fetch_newest(tid, buffer_, &row)) || (row.flags & access::kRowDeleted) != 0)
    return false;
  decode(row, out, memory);
  return true;
}

void TableWriter::fetch_seen(Tid tid, RowValues* out, Arena& memory) {
  RowVersion row;
  if (!outcome(heap_.fetch(context_.snapshot, tid, buffer_, &row))) {
    throw SqlError(sqlstate::kInternalError, "a row that was read is not there");
  }
  decode(row, out, memory);
}

bool TableWriter::is_visible(Tid tid) {
  txn::Snapshot snapshot = context_.snapshot;
  snapshot.own_xid = context_.transaction->xid();
  snapshot.own_limit = txn::UndoPtr{UINT64_MAX};
  RowVersion row;
  return outcome(heap_.fetch(snapshot, tid, buffer_, &row));
}

}  // namespace varve::executor
