#include "triggers.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <iterator>

#include "analyzer/trigger_rows.h"
#include "functions/array.h"
#include "functions/type_oids.h"
#include "parser/parser.h"
#include "planner/planner.h"
#include "runtime_state.h"

namespace varve::pl {

using catalog::Relation;
using catalog::Trigger;
using executor::ModifyEvent;
using types::Value;

namespace {

// Puts back what a variable held.
template <class T>
struct Restore {
  T& slot;
  T value;
  ~Restore() { slot = value; }
};
template <class T>
Restore(T&, T) -> Restore<T>;

int16_t event_bit(ModifyEvent event) {
  switch (event) {
    case ModifyEvent::kInsert:
      return Trigger::kInsert;
    case ModifyEvent::kUpdate:
      return Trigger::kUpdate;
    case ModifyEvent::kDelete:
      return Trigger::kDelete;
  }
  return 0;
}

std::string_view event_name(int16_t bit) {
  switch (bit) {
    case Trigger::kInsert:
      return "INSERT";
    case Trigger::kUpdate:
      return "UPDATE";
    case Trigger::kDelete:
      return "DELETE";
    default:
      return "TRUNCATE";
  }
}

bool is_after(const Trigger& t) { return !t.is_before() && !t.is_instead(); }

std::span<const Value> copy_row(std::span<const Value> row, Arena& memory) {
  Value* kept = memory.make_array<Value>(row.size());
  for (size_t i = 0; i < row.size(); ++i) kept[i] = types::copy_value(row[i], memory);
  return {kept, row.size()};
}

}  // namespace

// One statement's change of one table while it runs.
struct Triggers::StatementState {
  const executor::ExecutionContext* context;
  catalog::RelationPtr relation;
  ModifyEvent event;
  std::vector<catalog::ColumnNumber> assigned;
  bool keeps_rows = false;
  bool is_member = false;      // a table that the statement's own stands for: its row triggers alone
  size_t constraint_mark = 0;  // what its foreign keys noted is behind it
  bool has_transitions = false;
  Arena memory;
  std::vector<QueuedRow> rows;
  // What transition tables show besides: rows of the tables that this one stands for, as it has them.
  std::vector<QueuedRow> member_rows;
  std::unordered_map<Oid, std::vector<int>> member_columns;  // by column of this table: theirs, or -1
  std::vector<QueuedRow> all_rows;                           // both, once they are asked for

  const std::vector<QueuedRow>* transition_rows() {
    if (member_rows.empty()) return &rows;
    if (all_rows.empty()) {
      all_rows = rows;
      all_rows.insert(all_rows.end(), member_rows.begin(), member_rows.end());
    }
    return &all_rows;
  }
};

struct Triggers::Deferred {
  catalog::RelationPtr relation;
  Oid trigger;
  Oid constraint;
  int16_t event;
  Arena memory;
  QueuedRow row;
};

// A WHEN condition, ready to be evaluated.
struct Triggers::Condition {
  std::string sql;
  std::string shape;  // of the relation it was made for
  Arena memory, result_memory;
  std::deque<catalog::RelationPtr> relations;
  executor::ExecutionContext context;
  std::vector<Value> params;
  std::unique_ptr<executor::ExpressionEvaluator> evaluator;
};

Triggers::Triggers(Session& session, Runtime::State& runtime) : session_(session), runtime_(runtime) {}
Triggers::~Triggers() = default;

void Triggers::reset() {
  states_.clear();
  current_ = nullptr;
}

bool Triggers::is_replica() {
  uint64_t generation = session_.host.settings_generation();
  if (generation != replica_generation_) {
    is_replica_ = session_.host.setting("session_replication_role") == "replica";
    replica_generation_ = generation;
  }
  return is_replica_;
}

bool Triggers::applies(const Trigger& t, int16_t event, std::span<const catalog::ColumnNumber> assigned) {
  if (!t.fires(is_replica()) || (t.type & event) == 0) return false;
  if (event != Trigger::kUpdate || t.columns.empty()) return true;
  return std::any_of(t.columns.begin(), t.columns.end(), [&](catalog::ColumnNumber c) {
    return std::find(assigned.begin(), assigned.end(), c) != assigned.end();
  });
}

bool Triggers::wants_rows(const Relation& relation, ModifyEvent event) {
  int16_t bit = event_bit(event);
  if (!is_replica() && session_.host.constraint_hooks().wants_rows(relation, event)) return true;
  for (const auto& state : states_) {
    if (state->has_transitions && state->event == event && is_part_of(relation, state->relation->oid))
      return true;
  }
  return std::any_of(relation.triggers.begin(), relation.triggers.end(), [&](const Trigger& t) {
    return t.fires(is_replica()) && (t.type & bit) != 0 &&
           (t.is_row() || !t.old_table.empty() || !t.new_table.empty());
  });
}

bool Triggers::wants_inserted(const Relation& relation) {
  return !is_replica() && session_.host.constraint_hooks().wants_inserted(relation);
}

void Triggers::after_insert(executor::ExecutionContext& context, const Relation& relation,
                            std::span<const Tid> rows) {
  session_.host.constraint_hooks().after_insert(context, relation, rows);
}

executor::CommitActions* Triggers::commit_actions() { return &session_.host.commit_actions(); }

void Triggers::unique_pending(executor::ExecutionContext& context, const Relation& relation,
                              const catalog::Index& index, Tid tid) {
  session_.host.constraint_hooks().unique_pending(context, relation, index, tid);
}

void Triggers::assigns(const Relation& relation, std::span<const catalog::ColumnNumber> columns) {
  assigned_relation_ = relation.oid;
  assigned_.assign(columns.begin(), columns.end());
}

// One of those that the table stands for.
bool Triggers::is_part_of(const Relation& relation, Oid table) {
  for (Oid parent : relation.parents) {
    if (parent == table) return true;
    catalog::RelationPtr above = session_.host.catalog().relation(parent);
    if (above != nullptr && is_part_of(*above, table)) return true;
  }
  return false;
}

// Rows of partitions and children, for the transition tables of the table that the statement names.
void Triggers::show_to_whole(const executor::ExecutionContext& context, const executor::RowChange& change) {
  for (const auto& state : states_) {
    if (state->context != &context || state->is_member || !state->has_transitions ||
        state->event != change.event)
      continue;
    const bool own = state->relation->oid == change.relation.oid;
    // Of a row that moved between partitions the statement tells as its table has it.
    if (own ? change.moved_within == nullptr : !is_part_of(change.relation, state->relation->oid)) continue;
    auto [columns, fresh] = state->member_columns.try_emplace(change.relation.oid);
    if (fresh) {
      std::vector<std::string_view> theirs;
      for (const catalog::Column& c : change.relation.columns) {
        if (!c.dropped) theirs.push_back(c.name);
      }
      for (const catalog::Column& c : state->relation->columns) {
        if (c.dropped) continue;
        auto at = std::find(theirs.begin(), theirs.end(), c.name);
        columns->second.push_back(at == theirs.end() ? -1 : static_cast<int>(at - theirs.begin()));
      }
    }
    auto as_whole = [&, &columns = columns->second](std::span<const Value> row) -> std::span<const Value> {
      Value* kept = state->memory.make_array<Value>(columns.size());
      for (size_t i = 0; i < columns.size(); ++i) {
        if (columns[i] >= 0) kept[i] = types::copy_value(row[static_cast<size_t>(columns[i])], state->memory);
      }
      return {kept, columns.size()};
    };
    QueuedRow row;
    if (!change.old_row.empty()) row.old_row = as_whole(change.old_row);
    if (!change.new_row.empty() && change.event != ModifyEvent::kDelete)
      row.new_row = as_whole(change.new_row);
    state->member_rows.push_back(row);
  }
}

Triggers::StatementState* Triggers::state_of(const executor::ExecutionContext& context,
                                             const Relation& relation, ModifyEvent event) {
  for (auto it = states_.rbegin(); it != states_.rend(); ++it) {
    if ((*it)->context == &context && (*it)->relation->oid == relation.oid && (*it)->event == event)
      return it->get();
  }
  return nullptr;
}

void Triggers::before_statement(executor::ExecutionContext& context, const Relation& relation,
                                ModifyEvent event) {
  // A statement that failed has left its state behind.
  std::erase_if(states_, [&](const auto& s) {
    return s->context == &context &&
           (s->is_member || (s->relation->oid == relation.oid && s->event == event));
  });
  if (relation.triggers.empty()) return;
  auto state = std::make_unique<StatementState>();
  state->context = &context;
  state->relation = session_.host.catalog().relation(relation.oid);
  if (state->relation == nullptr) return;
  state->event = event;
  state->constraint_mark = session_.host.begin_constraints();
  if (assigned_relation_ == relation.oid) state->assigned = assigned_;
  int16_t bit = event_bit(event);
  for (const Trigger& t : relation.triggers) {
    if (!is_after(t) || !applies(t, bit, state->assigned)) continue;
    bool transitions = !t.old_table.empty() || !t.new_table.empty();
    state->keeps_rows = state->keeps_rows || t.is_row() || transitions;
    state->has_transitions = state->has_transitions || transitions;
  }
  catalog::RelationPtr kept = state->relation;
  std::vector<catalog::ColumnNumber> assigned = state->assigned;
  states_.push_back(std::move(state));
  for (const Trigger& t : kept->triggers) {
    if (t.is_row() || !t.is_before() || !applies(t, bit, assigned)) continue;
    if (!condition_holds(t, *kept, {}, {})) continue;
    fire({t, *kept, "BEFORE", "STATEMENT", event_name(bit)}, nullptr, nullptr);
  }
}

// Rows of a partition or child come without a statement of its own.
Triggers::StatementState* Triggers::member_state(const executor::ExecutionContext& context,
                                                 const Relation& relation, ModifyEvent event) {
  if (StatementState* state = state_of(context, relation, event)) return state;
  if (relation.triggers.empty()) return nullptr;
  auto state = std::make_unique<StatementState>();
  state->context = &context;
  state->relation = session_.host.catalog().relation(relation.oid);
  state->event = event;
  state->is_member = true;
  state->constraint_mark = session_.host.begin_constraints();
  catalog::RelationPtr named = session_.host.catalog().relation(assigned_relation_);
  for (catalog::ColumnNumber c : named == nullptr ? std::vector<catalog::ColumnNumber>() : assigned_) {
    if (static_cast<size_t>(c) > named->columns.size()) continue;
    if (catalog::ColumnNumber own = state->relation->find_column(named->column(c).name))
      state->assigned.push_back(own);
  }
  int16_t bit = event_bit(event);
  for (const Trigger& t : state->relation->triggers) {
    state->keeps_rows = state->keeps_rows || (is_after(t) && t.is_row() && applies(t, bit, state->assigned));
  }
  states_.push_back(std::move(state));
  return states_.back().get();
}

bool Triggers::before_row(executor::ExecutionContext& context, executor::RowChange& change) {
  StatementState* state = member_state(context, change.relation, change.event);
  if (state == nullptr) return true;
  int16_t bit = event_bit(change.event);
  catalog::RelationPtr kept = state->relation;
  std::vector<catalog::ColumnNumber> assigned = state->assigned;
  for (const Trigger& t : kept->triggers) {
    if (!t.is_row() || is_after(t) || !applies(t, bit, assigned)) continue;
    std::span<const Value> new_row = change.new_row;
    if (!condition_holds(t, *kept, change.old_row, new_row)) continue;
    TriggerCall call{t, *kept, t.is_instead() ? "INSTEAD OF" : "BEFORE", "ROW", event_name(bit)};
    if (!change.old_row.empty()) call.old_row = &change.old_row;
    if (!change.new_row.empty()) call.new_row = &new_row;
    std::vector<Value> returned;
    if (!fire(call, &returned, &change.memory)) return false;
    if (change.event == ModifyEvent::kDelete) continue;
    std::copy(returned.begin(), returned.end(), change.new_row.begin());
  }
  return true;
}

void Triggers::after_row(executor::ExecutionContext& context, const executor::RowChange& change) {
  executor::ModifyHooks& constraints = session_.host.constraint_hooks();
  if (is_replica()) {
    // Foreign keys are not looked after: the rows come from where they hold.
  } else if (change.event != ModifyEvent::kInsert) {
    constraints.after_row(context, change);
  } else if (constraints.wants_inserted(change.relation)) {
    constraints.after_insert(context, change.relation, {&change.tid, 1});
  }
  show_to_whole(context, change);
  if (change.moved_within != nullptr && change.event == ModifyEvent::kUpdate) return;
  StatementState* state = member_state(context, change.relation, change.event);
  if (state == nullptr || !state->keeps_rows) return;
  QueuedRow row;
  row.sequence = ++last_sequence_;
  if (!change.old_row.empty()) row.old_row = copy_row(change.old_row, state->memory);
  if (!change.new_row.empty() && change.event != ModifyEvent::kDelete)
    row.new_row = copy_row(change.new_row, state->memory);
  state->rows.push_back(row);
}

bool Triggers::is_deferred(const Trigger& t) const {
  if (t.constraint == kInvalidOid || !t.deferrable) return false;
  auto it = modes_.find(t.constraint);
  if (it != modes_.end()) return it->second;
  return all_mode_ >= 0 ? all_mode_ == 1 : t.initially_deferred;
}

void Triggers::fire_after_row(StatementState& state, const QueuedRow& row) {
  int16_t bit = event_bit(state.event);
  const Relation& relation = *state.relation;
  for (const Trigger& t : relation.triggers) {
    if (!t.is_row() || !is_after(t) || !applies(t, bit, state.assigned)) continue;
    if (!condition_holds(t, relation, row.old_row, row.new_row)) continue;
    if (is_deferred(t)) {
      auto deferred = std::make_unique<Deferred>();
      deferred->relation = state.relation;
      deferred->trigger = t.oid;
      deferred->constraint = t.constraint;
      deferred->event = bit;
      deferred->row.old_row = copy_row(row.old_row, deferred->memory);
      deferred->row.new_row = copy_row(row.new_row, deferred->memory);
      deferred_.push_back(std::move(deferred));
      continue;
    }
    TriggerCall call{t, relation, "AFTER", "ROW", event_name(bit)};
    if (!row.old_row.empty()) call.old_row = &row.old_row;
    if (!row.new_row.empty()) call.new_row = &row.new_row;
    call.rows = state.transition_rows();
    fire(call, nullptr, nullptr);
  }
}

void Triggers::fire_after_statement(StatementState& state) {
  if (state.is_member) return;
  int16_t bit = event_bit(state.event);
  const Relation& relation = *state.relation;
  for (const Trigger& t : relation.triggers) {
    if (t.is_row() || !is_after(t) || !applies(t, bit, state.assigned)) continue;
    if (!condition_holds(t, relation, {}, {})) continue;
    TriggerCall call{t, relation, "AFTER", "STATEMENT", event_name(bit)};
    call.rows = state.transition_rows();
    fire(call, nullptr, nullptr);
  }
}

void Triggers::fire_after(std::span<const std::unique_ptr<StatementState>> states) {
  struct Place {
    StatementState* state;
    const QueuedRow* row;
  };
  std::vector<Place> rows;
  for (const auto& state : states) {
    int16_t bit = event_bit(state->event);
    bool any = std::any_of(
        state->relation->triggers.begin(), state->relation->triggers.end(),
        [&](const Trigger& t) { return t.is_row() && is_after(t) && applies(t, bit, state->assigned); });
    for (const QueuedRow& row : state->rows) {
      if (any) rows.push_back({state.get(), &row});
    }
  }
  if (states.size() > 1) {
    std::sort(rows.begin(), rows.end(),
              [](const Place& a, const Place& b) { return a.row->sequence < b.row->sequence; });
  }
  for (const Place& p : rows) fire_after_row(*p.state, *p.row);
  for (const auto& state : states) fire_after_statement(*state);
}

void Triggers::after_statement(executor::ExecutionContext& context, const Relation& relation,
                               std::span<const ModifyEvent> events) {
  std::vector<std::unique_ptr<StatementState>> ended;
  auto take = [&](const auto& is_wanted) {
    auto it = std::find_if(states_.begin(), states_.end(), is_wanted);
    if (it == states_.end()) return false;
    ended.push_back(std::move(*it));
    states_.erase(it);
    return true;
  };
  // Of the tables that this one stands for, then its own.
  while (take([&](const auto& s) { return s->context == &context && s->is_member; })) {
  }
  for (ModifyEvent event : events) {
    StatementState* found = state_of(context, relation, event);
    take([&](const auto& s) { return s.get() == found; });
  }
  if (ended.empty()) return;
  // Foreign keys come first, as by the names of PostgreSQL's triggers for them. What they do to other tables
  // is done at once, but triggers that fire after that wait for those of this statement.
  std::vector<std::unique_ptr<StatementState>> waiting;
  size_t mark = ended[0]->constraint_mark;
  for (const auto& state : ended) mark = std::min(mark, state->constraint_mark);
  bool within_action = waiting_ != nullptr;
  {
    Restore restore{waiting_, waiting_};
    if (!within_action) waiting_ = &waiting;
    session_.host.end_constraints(mark);
  }
  if (within_action) {
    std::move(ended.begin(), ended.end(), std::back_inserter(*waiting_));
    return;
  }
  fire_after(ended);
  for (const auto& state : waiting) fire_after({&state, 1});
}

void Triggers::truncate(const catalog::RelationPtr& relation, bool before) {
  catalog::RelationPtr kept = session_.host.catalog().relation(relation->oid);
  if (kept == nullptr) return;
  for (const Trigger& t : kept->triggers) {
    if (!t.fires(is_replica()) || (t.type & Trigger::kTruncate) == 0 || t.is_before() != before) continue;
    fire({t, *kept, before ? "BEFORE" : "AFTER", "STATEMENT", "TRUNCATE"}, nullptr, nullptr);
  }
}

// --- WHEN

bool Triggers::condition_holds(const Trigger& t, const Relation& relation, std::span<const Value> old_row,
                               std::span<const Value> new_row) {
  if (t.when_sql.empty()) return true;
  std::string shape = column_text(relation);
  std::unique_ptr<Condition>& slot = conditions_[t.oid];
  if (slot == nullptr || slot->sql != t.when_sql || slot->shape != shape) {
    auto made = std::make_unique<Condition>();
    made->sql = t.when_sql;
    made->shape = shape;
    functions::EvalContext eval = session_.host.eval_context(made->memory);
    std::vector<Oid> path = session_.host.search_path();
    analyzer::AnalyzerContext context{
        session_.host.catalog(), made->memory, made->relations, eval, made->sql, path};
    analyzer::TriggerRows rows(relation);
    context.variables = &rows;
    analyzer::Expr* e = analyzer::analyze_table_expression(
        context, parser::parse_expression(made->sql, made->memory), nullptr, "trigger WHEN conditions");
    if (e->type == type_oid::kUnknown)
      e = analyzer::coerce_for_assignment(context, e, type_oid::kBool, -1, "when");
    e = planner::fold_constants(e, made->memory, eval);
    made->context.settings.chunk_rows = 1;
    made->context.build_memory = &made->memory;
    made->params.resize(rows.live_count() * 2);
    made->evaluator = std::make_unique<executor::ExpressionEvaluator>(*e, made->context, made->result_memory);
    slot = std::move(made);
  }
  Condition& c = *slot;
  c.result_memory.reset();
  size_t n = c.params.size() / 2, place = 0;
  for (const catalog::Column& column : relation.columns) {
    if (column.dropped) continue;
    c.params[place] = place < new_row.size() ? new_row[place] : null_of(column.type);
    c.params[n + place] = place < old_row.size() ? old_row[place] : null_of(column.type);
    ++place;
  }
  functions::EvalContext eval = session_.host.eval_context(c.result_memory);
  c.context.params = c.params;
  c.context.format = eval.format;
  c.context.session = eval.session;
  Value v = c.evaluator->scalar();
  return !v.null && v.boolean != 0;
}

// --- the call

bool Triggers::fire(const TriggerCall& call, std::vector<Value>* returned, Arena* memory) {
  if (times_ == nullptr) return run(call, returned, memory);
  auto start = std::chrono::steady_clock::now();
  bool kept;
  {
    Restore restore{times_, times_};
    times_ = nullptr;  // what the function's statements fire is its own time
    kept = run(call, returned, memory);
  }
  auto time = std::find_if(times_->begin(), times_->end(),
                           [&](const TriggerTime& t) { return t.trigger == call.trigger.oid; });
  if (time == times_->end()) {
    const bool has_constraint = call.trigger.constraint != kInvalidOid;
    times_->push_back({call.trigger.oid, call.trigger.name,
                       has_constraint ? call.trigger.name : std::string(), call.relation.name,
                       !call.relation.parents.empty()});
    time = times_->end() - 1;
  }
  ++time->calls;
  time->ms += std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return kept;
}

bool Triggers::run(const TriggerCall& call, std::vector<Value>* returned, Arena* memory) {
  session_.host.check_stack();
  catalog::RoutinePtr routine = session_.host.catalog().routine(call.trigger.function);
  if (routine == nullptr) throw SqlError(sqlstate::kUndefinedFunction, "trigger function does not exist");
  if (routine->language != catalog::kPlpgsqlLanguage)
    throw_not_supported("trigger functions in this language");
  FunctionPtr f = runtime_.function(routine, {}, type_oid::kTrigger, nullptr, &call.trigger, &call.relation);
  Environment environment(session_.host, routine.get());
  Lease a(session_, *f);
  CallFrame frame(session_, *f);
  Restore restore_call{current_, current_};
  Restore restore_waiting{waiting_, waiting_};
  Restore restore_depth{depth_, depth_};
  ++depth_;
  current_ = &call;
  waiting_ = nullptr;  // statements of the function are by themselves
  try {
    a->store(f->found, Value::of_bool(false));
    auto text = [&](uint32_t datum, std::string_view value) { a->values()[datum] = Value::of_string(value); };
    text(f->tg.name, call.trigger.name);
    text(f->tg.when, call.when);
    text(f->tg.level, call.level);
    text(f->tg.op, call.op);
    text(f->tg.relname, call.relation.name);
    text(f->tg.table_name, call.relation.name);
    text(f->tg.table_schema, call.relation.schema_name);
    a->values()[f->tg.relid] = Value::of_oid(call.relation.oid.value());
    a->values()[f->tg.nargs] = Value::of_int32(static_cast<int32_t>(call.trigger.args.size()));
    Arena scratch;
    if (!call.trigger.args.empty()) {
      std::vector<Value> items;
      for (const std::string& arg : call.trigger.args)
        items.push_back(Value::of_string(std::string_view(arg)));
      functions::ArrayDimension from_zero[] = {{static_cast<int32_t>(items.size()), 0}};
      a->store(f->tg.argv,
               Value::of_string(functions::make_array(type_oid::kText, items, scratch, from_zero)));
    }
    auto new_datum = static_cast<uint32_t>(f->new_record), old_datum = static_cast<uint32_t>(f->old_record);
    Shape shape = shape_of(call.relation);
    auto set = [&](uint32_t datum, const std::span<const Value>* row) {
      a->record(datum).row_type = call.relation.row_type;
      if (row != nullptr) {
        a->set_record(datum, shape, *row);
        return;
      }
      // Without a row, NEW and OLD are NULL but have the table's columns.
      std::vector<Value> nulls;
      for (Oid type : shape.types) nulls.push_back(null_of(type));
      a->set_record(datum, shape, nulls);
      a->record(datum).null = true;
    };
    set(new_datum, call.new_row);
    set(old_datum, call.old_row);
    Interpreter run(*a, frame);
    run.run();
    if (returned == nullptr) return true;
    const Shape* got = &run.result_shape;
    std::span<const Value> row = run.result_row;
    if (run.result_record >= 0) {
      Record& r = a->record(static_cast<uint32_t>(run.result_record));
      if (r.shape == nullptr || r.null) return false;
      got = r.shape;
      row = r.values;
    } else if (!run.returned_row) {
      return false;
    }
    frame.statement = nullptr;
    frame.phase = "during function exit";
    if (std::string why = difference(session_.host.catalog(), *got, shape); !why.empty()) {
      throw SqlError(sqlstate::kDatatypeMismatch,
                     "returned row structure does not match the structure of the triggering table")
          .detail(why);
    }
    for (const Value& v : row) returned->push_back(types::copy_value(v, *memory));
    return true;
  } catch (SqlError& error) {
    if (!frame.rethrown) add_context(error, frame.context_line());
    throw;
  }
}

std::span<const Value> Triggers::transition_rows(std::string_view name, Arena& memory) {
  if (current_ == nullptr || current_->rows == nullptr) {
    throw SqlError(sqlstate::kUndefinedTable, fmt::format("relation \"{}\" does not exist", name));
  }
  bool is_new = current_->trigger.new_table == name;
  std::vector<Value> values;
  for (const QueuedRow& row : *current_->rows) {
    std::span<const Value> source = is_new ? row.new_row : row.old_row;
    values.insert(values.end(), source.begin(), source.end());
  }
  Value* kept = memory.make_array<Value>(values.size());
  std::copy(values.begin(), values.end(), kept);
  return {kept, values.size()};
}

// --- deferred

void Triggers::run_deferred() {
  // What they do may defer more.
  for (size_t i = 0; i < deferred_.size(); ++i) {
    std::unique_ptr<Deferred> d = std::move(deferred_[i]);
    if (d == nullptr) continue;
    catalog::RelationPtr relation = session_.host.catalog().relation(d->relation->oid);
    if (relation == nullptr) continue;
    for (const Trigger& t : relation->triggers) {
      if (t.oid != d->trigger) continue;
      TriggerCall call{t, *relation, "AFTER", "ROW", event_name(d->event)};
      if (!d->row.old_row.empty()) call.old_row = &d->row.old_row;
      if (!d->row.new_row.empty()) call.new_row = &d->row.new_row;
      fire(call, nullptr, nullptr);
    }
  }
  deferred_.clear();
  modes_.clear();
  all_mode_ = -1;
}

void Triggers::forget_deferred(size_t from) {
  if (from < deferred_.size()) deferred_.resize(from);
  if (from == 0) {
    modes_.clear();
    all_mode_ = -1;
    states_.clear();
    current_ = nullptr;
  }
}

void Triggers::set_constraints(std::span<const Oid> constraints, bool deferred) {
  if (constraints.empty()) {
    modes_.clear();
    all_mode_ = deferred ? 1 : 0;
  }
  for (Oid c : constraints) modes_[c] = deferred;
  if (deferred) return;
  // What waited for these runs now.
  std::vector<std::unique_ptr<Deferred>> waiting = std::move(deferred_);
  deferred_.clear();
  for (std::unique_ptr<Deferred>& d : waiting) {
    bool now = constraints.empty() ||
               std::find(constraints.begin(), constraints.end(), d->constraint) != constraints.end();
    if (!now) {
      deferred_.push_back(std::move(d));
      continue;
    }
    catalog::RelationPtr relation = session_.host.catalog().relation(d->relation->oid);
    if (relation == nullptr) continue;
    for (const Trigger& t : relation->triggers) {
      if (t.oid != d->trigger) continue;
      TriggerCall call{t, *relation, "AFTER", "ROW", event_name(d->event)};
      if (!d->row.old_row.empty()) call.old_row = &d->row.old_row;
      if (!d->row.new_row.empty()) call.new_row = &d->row.new_row;
      fire(call, nullptr, nullptr);
    }
  }
}

}  // namespace varve::pl
