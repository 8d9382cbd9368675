#include "aggregate_calls.h"

#include <algorithm>
#include <numeric>

#include "analyzer/expression_walk.h"
#include "common/sql_error.h"
#include "functions/ordered_set.h"

namespace varve::executor {

using planner::AggregateCallPlan;
using types::PhysicalType;

namespace {

// Of an aggregate over sorted rows: one with the same result that needs no order. Null: there is none.
const functions::AggregateImpl* unsorted(const AggregateCallPlan& plan) {
  if (plan.distinct || plan.order_by.size() != 1 || plan.order_by[0].descending || plan.args.empty())
    return nullptr;
  const analyzer::Expr& value = *plan.args[plan.args.size() - 1];
  const analyzer::Expr& key = *plan.order_by[0].expr;
  const bool same =
      &value == &key || (value.kind == analyzer::ExprKind::kInput && key.kind == value.kind &&
                         value.as<analyzer::InputExpr>().index == key.as<analyzer::InputExpr>().index);
  return same ? functions::unsorted_aggregate(*plan.function) : nullptr;
}

}  // namespace

// Rows kept back are (address of the states, arguments…, sort keys…).
struct AggregateCalls::Call {
  const AggregateCallPlan& plan;
  const functions::AggregateImpl& impl;
  functions::CallSite own_site;
  const functions::CallSite* site;
  uint32_t offset = 0;     // of its state among the node's states
  bool in_family = false;  // of calls that are updated together
  bool updated = false;    // with its family
  std::vector<ExpressionEvaluator> args, filter, order;
  std::vector<const Vector*> values, order_values;
  std::vector<uint16_t> chosen;
  Selection rows;

  std::vector<PhysicalType> deferred_types;
  std::vector<KeyType> deferred_keys;  // address and arguments
  std::unique_ptr<Sorter> sorter;
  std::unique_ptr<GroupTable> seen;
  std::unique_ptr<SpillFile> overflow;
  Arena deferred_vectors;
  Chunk deferred;  // view: addresses and arguments

  Call(const AggregateCallPlan& p, ExecutionContext& context, Arena& memory)
      : plan(p),
        impl(unsorted(p) != nullptr ? *unsorted(p) : *p.function->aggregate),
        site(p.site),
        args(compile_all(p.args, context, memory)),
        values(args.size()),
        chosen(context.chunk_rows()) {
    own_site.arg_types = p.function->args;
    own_site.result_type = p.function->result;
    if (site == nullptr) site = &own_site;
    if (p.filter != nullptr) filter.emplace_back(*p.filter, context, memory);
    for (const analyzer::SortKey& k : p.order_by) {
      if (unsorted(p) == nullptr) order.emplace_back(*k.expr, context, memory);
    }
    order_values.resize(order.size());
  }
};

namespace {

// The order in which these see their distinct values cannot be told from the result.
bool order_insensitive(std::string_view name) {
  constexpr std::string_view kNames[] = {"count",   "sum",   "avg",     "min",    "max",    "bool_and",
                                         "bool_or", "every", "bit_and", "bit_or", "bit_xor"};
  for (std::string_view n : kNames) {
    if (n == name) return true;
  }
  return false;
}

// The same rows and arguments, whatever is made of them in the end.
bool share_state(const AggregateCallPlan& a, const AggregateCallPlan& b) {
  auto plain = [](const AggregateCallPlan& p) {
    return !p.distinct && p.order_by.empty() && p.filter == nullptr && p.function->aggregate != nullptr &&
           p.function->aggregate->transition != nullptr;
  };
  if (!plain(a) || !plain(b) || a.args.size() != b.args.size()) return false;
  if (a.function->aggregate->transition != b.function->aggregate->transition) return false;
  for (size_t i = 0; i < a.args.size(); ++i) {
    // Of functions it is not compared under which collation they run.
    const bool collated = analyzer::any_of(a.args[i], [](const analyzer::Expr& e) {
      return e.kind != analyzer::ExprKind::kInput && e.kind != analyzer::ExprKind::kConst &&
             functions::physical_type_of(e.type) == PhysicalType::kString;
    });
    if (collated || a.args[i]->type != b.args[i]->type || analyzer::is_volatile(a.args[i]) ||
        !analyzer::same_expression(a.args[i], b.args[i]))
      return false;
  }
  return true;
}

uint32_t align16(uint32_t n) { return (n + 15) & ~15U; }

}  // namespace

AggregateCalls::AggregateCalls(std::span<const AggregateCallPlan> plans, ExecutionContext& context,
                               Arena& memory)
    : context_(context),
      memory_(memory),
      states_(context.chunk_rows()),
      selected_(context.chunk_rows()),
      places_(context.chunk_rows()) {
  std::iota(places_.begin(), places_.end(), uint16_t{0});
  for (const AggregateCallPlan& p : plans) {
    if (p.function->aggregate == nullptr) throw_not_supported("aggregate " + std::string(p.function->name));
    auto call = std::make_unique<Call>(p, context, memory);
    const auto same = std::find_if(owners_.begin(), owners_.end(),
                                   [&](const Call* other) { return share_state(other->plan, p); });
    if (same != owners_.end() && (*same)->impl.transition == call->impl.transition) {
      call->offset = (*same)->offset;
      calls_.push_back(std::move(call));
      continue;
    }
    owners_.push_back(call.get());
    call->offset = state_bytes_;
    state_bytes_ += align16(std::max<uint32_t>(call->impl.state_bytes, 1));
    if (p.distinct || (!p.order_by.empty() && unsorted(p) == nullptr)) {
      call->deferred_types.push_back(PhysicalType::kInt64);
      for (const analyzer::Expr* e : p.args)
        call->deferred_types.push_back(functions::physical_type_of(e->type));
      call->deferred = Chunk(static_cast<uint32_t>(call->deferred_types.size()), call->deferred_vectors);
      call->deferred.column(0) = Vector(PhysicalType::kInt64, call->deferred_vectors, context.chunk_rows());
      KeyType address;
      address.type = kInvalidOid;
      address.physical = PhysicalType::kInt64;
      address.bitwise = true;
      call->deferred_keys.push_back(address);
      const types::Collation* collation = call->site->collation;
      KeyUse use = p.order_by.empty() && order_insensitive(p.function->name) ? KeyUse::kHash : KeyUse::kSort;
      if (p.distinct) {
        for (const analyzer::Expr* e : p.args)
          call->deferred_keys.push_back(make_key_type(e->type, collation, use));
      }
    }
    calls_.push_back(std::move(call));
  }
  find_families();
}

AggregateCalls::~AggregateCalls() = default;

void AggregateCalls::find_families() {
  for (Call* c : owners_) {
    if (c->impl.update_abreast == nullptr || c->args.size() != 1 || !c->deferred_types.empty()) continue;
    auto family = std::find_if(families_.begin(), families_.end(), [&](const std::vector<Call*>& f) {
      return f[0]->impl.update_abreast == c->impl.update_abreast;
    });
    if (family == families_.end()) family = families_.insert(families_.end(), std::vector<Call*>());
    family->push_back(c);
  }
  std::erase_if(families_, [](const std::vector<Call*>& f) { return f.size() == 1; });
  for (const auto& family : families_) {
    for (Call* c : family) c->in_family = true;
  }
}

bool AggregateCalls::combinable() const {
  for (Call* c : owners_) {
    if (!c->deferred_types.empty() || c->impl.combine == nullptr) return false;
  }
  return true;
}

void AggregateCalls::clear() {
  state_memory_.reset();
  for (auto& c : calls_) {
    c->sorter.reset();
    c->seen.reset();
    c->overflow.reset();
  }
}

void AggregateCalls::init(uint8_t* states) {
  for (Call* c : owners_) c->impl.init(states + c->offset);
}

void AggregateCalls::destroy(uint8_t* states) {
  for (Call* c : owners_) {
    if (c->impl.destroy != nullptr) c->impl.destroy(states + c->offset);
  }
}

void AggregateCalls::combine(uint8_t* into, const uint8_t* from) {
  functions::EvalContext context = context_.eval_context(memory_);
  for (Call* c : owners_) {
    functions::AggregateCall call{context, *c->site};
    c->impl.combine(call, into + c->offset, from + c->offset, state_memory_);
  }
}

// Leaves out rows that a NULL argument keeps from counting.
Selection AggregateCalls::countable(Call& call, const Selection& rows, std::span<const Vector* const> args) {
  if (!call.impl.skip_nulls) return rows;
  bool nulls = false;
  for (const Vector* v : args) nulls |= v->has_nulls();
  if (!nulls) return rows;
  uint32_t n = 0;
  for_each_row(rows, [&](uint32_t row) {
    bool null = false;
    for (const Vector* v : args) null |= v->is_null(row);
    call.chosen[n] = static_cast<uint16_t>(row);
    n += static_cast<uint32_t>(!null);
  });
  return {call.chosen.data(), n};
}

void AggregateCalls::prepare(const Chunk& in, const Selection& rows) {
  rows_ = rows;
  for (Call* c : owners_) {
    c->rows = rows;
    if (!c->filter.empty()) c->rows = {c->chosen.data(), c->filter[0].select(in, rows, c->chosen.data())};
    if (c->rows.count == 0) continue;
    for (size_t i = 0; i < c->args.size(); ++i) {
      Vector* v = nullptr;
      c->args[i].evaluate(in, c->rows, v);
      c->values[i] = v;
    }
    for (size_t i = 0; i < c->order.size(); ++i) {
      Vector* v = nullptr;
      c->order[i].evaluate(in, c->rows, v);
      c->order_values[i] = v;
    }
    c->rows = countable(*c, c->rows, c->values);
  }
}

void AggregateCalls::run(Call& c, std::span<const Vector* const> args, const Selection& rows,
                         void* const* states) {
  functions::EvalContext context = context_.eval_context(memory_);
  functions::AggregateCall call{context, *c.site};
  c.impl.update(call, args, rows, states, state_memory_);
}

void AggregateCalls::update(uint8_t* const* groups, uint32_t state_offset) {
  bool gaps = false;
  for (uint32_t i = 0; i < rows_.count; ++i) gaps |= groups[i] == nullptr;
  for (Call* c : owners_) {
    if (c->rows.count == 0) continue;
    uint32_t offset = state_offset + c->offset;
    for (uint32_t i = 0; i < rows_.count; ++i)
      states_[rows_[i]] = groups[i] != nullptr ? groups[i] + offset : nullptr;
    Selection rows = c->rows;
    if (gaps) {
      uint32_t n = 0;
      for_each_row(c->rows, [&](uint32_t row) {
        if (states_[row] != nullptr) selected_[n++] = static_cast<uint16_t>(row);
      });
      rows = {selected_.data(), n};
      if (n == 0) continue;
    }
    if (!c->deferred_types.empty()) {
      Selection all = c->rows;
      c->rows = rows;
      defer(*c, reinterpret_cast<uint8_t* const*>(states_.data()));
      c->rows = all;
    } else {
      run(*c, c->values, rows, states_.data());
    }
  }
}

void AggregateCalls::run_one(Call& c, std::span<const Vector* const> args, const Selection& rows,
                             uint8_t* states) {
  functions::EvalContext context = context_.eval_context(memory_);
  functions::AggregateCall call{context, *c.site};
  c.impl.update_one(call, args, rows, states + c.offset, state_memory_);
}

void AggregateCalls::run_families(uint8_t* states, const Selection& rows, uint32_t offset) {
  for (const std::vector<Call*>& family : families_) {
    run_args_.clear();
    run_states_.clear();
    run_views_.resize(family.size());
    for (Call* c : family) {
      const Vector& v = *c->values[0];
      c->updated = c->rows.count == rows_.count && !v.is_constant();
      if (!c->updated) continue;
      Vector& view = run_views_[run_args_.size()];
      view.reference(v);
      if (offset != 0)
        view.point_at(v.type(), const_cast<uint8_t*>(v.raw()) + types::physical_width(v.type()) * offset,
                      nullptr);
      run_args_.push_back(&view);
      run_states_.push_back(states + c->offset);
    }
    if (!run_args_.empty()) family[0]->impl.update_abreast(run_args_, rows, run_states_, state_memory_);
  }
}

void AggregateCalls::update_one(uint8_t* states) {
  if (rows_.count != 0) run_families(states, rows_, 0);
  for (Call* c : owners_) {
    if (c->rows.count == 0 || (c->in_family && c->updated)) continue;
    void* state = states + c->offset;
    if (c->deferred_types.empty() && c->impl.update_one != nullptr) {
      run_one(*c, c->values, c->rows, states);
      continue;
    }
    for_each_row(c->rows, [&](uint32_t row) { states_[row] = state; });
    if (!c->deferred_types.empty())
      defer(*c, reinterpret_cast<uint8_t* const*>(states_.data()));
    else
      run(*c, c->values, c->rows, states_.data());
  }
}

bool AggregateCalls::results_stand_alone() const {
  // Those that share states are sums and the like.
  return std::all_of(owners_.begin(), owners_.end(), [](const Call* c) {
    return c->impl.destroy == nullptr || c->impl.transition != nullptr;
  });
}

bool AggregateCalls::all_rows() const {
  return std::all_of(owners_.begin(), owners_.end(),
                     [this](const Call* c) { return c->rows.count == rows_.count; });
}

void AggregateCalls::update_rows(uint8_t* states, const Selection& rows) {
  run_families(states, rows, 0);
  for (Call* c : owners_) {
    if (!c->in_family || !c->updated) run_one(*c, c->values, rows, states);
  }
}

bool AggregateCalls::has_runs() const {
  for (const Call* c : owners_) {
    if (!c->deferred_types.empty() || c->impl.update_one == nullptr) return false;
  }
  return true;
}

// The call's rows among positions [from, to) of all.
Selection AggregateCalls::part_of(const Call& c, uint32_t from, uint32_t to) const {
  const Selection& rows = c.rows;
  if (rows.count == rows_.count) {
    if (rows.is_dense()) return {places_.data() + from, to - from};
    return {rows.rows + from, to - from};
  }
  // Some have been left out; row numbers ascend.
  const uint32_t first = rows_[from], last = rows_[to - 1];
  const uint16_t* begin = std::lower_bound(rows.rows, rows.rows + rows.count, first);
  const uint16_t* end = std::upper_bound(begin, rows.rows + rows.count, last);
  return {begin, static_cast<uint32_t>(end - begin)};
}

void AggregateCalls::update_run(uint8_t* states, uint32_t from, uint32_t to) {
  if (!families_.empty()) {
    // Rows that lie one behind the other are faster to go through.
    const uint32_t first = rows_[from];
    const bool dense = rows_[to - 1] - first + 1 == to - from;
    const Selection all{dense ? nullptr : rows_.rows + from, to - from};
    run_families(states, all, dense ? first : 0);
  }
  for (Call* c : owners_) {
    if (c->rows.count == 0 || (c->in_family && c->updated)) continue;
    Selection rows = part_of(*c, from, to);
    if (rows.count == 0) continue;
    std::span<const Vector* const> args = c->values;
    const uint32_t first = rows[0];
    if (rows[rows.count - 1] - first + 1 == rows.count && args.size() == 1 && !args[0]->is_constant() &&
        !args[0]->has_nulls()) {
      const Vector& v = *args[0];
      run_views_.resize(1);
      run_args_.resize(1);
      run_views_[0].point_at(
          v.type(), const_cast<uint8_t*>(v.raw()) + types::physical_width(v.type()) * first, nullptr);
      run_views_[0].set_common_scale(v.common_scale());
      run_args_[0] = run_views_.data();
      args = run_args_;
      rows = {nullptr, rows.count};
    }
    run_one(*c, args, rows, states);
  }
}

// `states` by row number.
void AggregateCalls::defer(Call& c, uint8_t* const* states) {
  Chunk& keyed = c.deferred;
  for_each_row(c.rows, [&](uint32_t row) {
    keyed.column(0).data<int64_t>()[row] = reinterpret_cast<int64_t>(states[row]);
  });
  for (uint32_t i = 0; i < c.values.size(); ++i) keyed.column(i + 1).reference(*c.values[i]);
  bool hashed = c.plan.order_by.empty() && order_insensitive(c.plan.function->name);
  if (hashed) {
    if (c.seen == nullptr) c.seen = std::make_unique<GroupTable>(context_, c.deferred_keys, 0);
    if (c.overflow == nullptr && c.seen->memory_bytes() > context_.hash_memory_bytes()) {
      c.overflow = std::make_unique<SpillFile>(context_.settings, c.deferred_types);
    }
    distinct_rows(c, keyed, c.rows, c.overflow.get());
    return;
  }
  if (c.sorter == nullptr) {
    std::vector<PhysicalType> types = c.deferred_types;
    std::vector<SortColumn> keys;
    KeyType address = make_key_type(Oid{20}, nullptr, KeyUse::kSort);
    keys.push_back({0, address, false, false});
    for (const analyzer::SortKey& k : c.plan.order_by) {
      keys.push_back({static_cast<uint32_t>(types.size()),
                      make_key_type(k.expr->type, k.collation, KeyUse::kSort), k.descending, k.nulls_first});
      types.push_back(keys.back().key.physical);
    }
    // DISTINCT: equal arguments must be neighbours.
    for (size_t i = 1; i < c.deferred_keys.size(); ++i)
      keys.push_back({static_cast<uint32_t>(i), c.deferred_keys[i], false, false});
    c.sorter = std::make_unique<Sorter>(context_, types, static_cast<uint32_t>(c.deferred_types.size()), keys,
                                        context_.sort_memory_bytes());
  }
  std::vector<const Vector*> columns;
  for (const Vector& v : keyed.columns()) columns.push_back(&v);
  for (const Vector* v : c.order_values) columns.push_back(v);
  c.sorter->add(columns, c.rows);
}

// Updates the states with the rows whose (state, arguments) were not seen before. With an overflow file new
// ones go there instead.
void AggregateCalls::distinct_rows(Call& c, const Chunk& keyed, const Selection& rows, SpillFile* overflow) {
  std::vector<const Vector*> columns, args;
  for (const Vector& v : keyed.columns()) columns.push_back(&v);
  args.assign(columns.begin() + 1, columns.end());
  std::vector<uint8_t*> groups(rows.count);
  size_t before = c.seen->groups().size();
  c.seen->find(columns, rows, groups.data(), overflow == nullptr);
  uint32_t n = 0;
  if (overflow != nullptr) {
    for (uint32_t i = 0; i < rows.count; ++i) {
      if (groups[i] == nullptr) selected_[n++] = static_cast<uint16_t>(rows[i]);
    }
    overflow->append(keyed.columns(), {selected_.data(), n});
    return;
  }
  if (c.seen->groups().size() == before) return;
  n = static_cast<uint32_t>(c.seen->fresh_rows().size());
  std::copy(c.seen->fresh_rows().begin(), c.seen->fresh_rows().end(), selected_.begin());
  std::sort(selected_.begin(), selected_.begin() + n);
  std::vector<void*> states(context_.chunk_rows());
  for (uint32_t i = 0; i < n; ++i)
    states[selected_[i]] = reinterpret_cast<void*>(keyed.column(0).data<int64_t>()[selected_[i]]);
  run(c, args, {selected_.data(), n}, states.data());
}

void AggregateCalls::finish_distinct(Call& c) {
  while (c.overflow != nullptr) {
    std::unique_ptr<SpillFile> file = std::move(c.overflow);
    c.seen->clear();
    SpillReader reader(*file, context_);
    Chunk* chunk = nullptr;
    while (reader.next(chunk)) {
      context_.check_cancel();
      if (c.overflow == nullptr && c.seen->memory_bytes() > context_.hash_memory_bytes() &&
          c.seen->groups().size() > 0) {
        c.overflow = std::make_unique<SpillFile>(context_.settings, c.deferred_types);
      }
      distinct_rows(c, *chunk, chunk->selection(), c.overflow.get());
    }
  }
}

void AggregateCalls::finish_sorted(Call& c) {
  c.sorter->finish();
  Arena vectors, last_memory;
  Chunk chunk(c.deferred_types, vectors);
  std::vector<types::Value> last;
  std::vector<void*> states(vector::kChunkRows);
  std::vector<const Vector*> args;
  for (uint32_t i = 1; i < chunk.column_count(); ++i) args.push_back(&chunk.column(i));
  for (;;) {
    chunk.reset();
    uint32_t n = c.sorter->next(chunk, context_.chunk_rows());
    if (n == 0) break;
    uint32_t kept = 0;
    for (uint32_t row = 0; row < n; ++row) {
      states[row] = reinterpret_cast<void*>(chunk.column(0).data<int64_t>()[row]);
      bool same = c.plan.distinct && !last.empty();
      for (uint32_t k = 0; same && k < last.size(); ++k) {
        bool null = chunk.column(k).is_null(row);
        if (null || last[k].null) {
          same = null && last[k].null;
        } else {
          size_t width = types::physical_width(c.deferred_types[k]);
          same = equal_values(c.deferred_keys[k], chunk.column(k).raw() + width * row, last[k].bytes());
        }
      }
      if (same) continue;
      selected_[kept++] = static_cast<uint16_t>(row);
      if (c.plan.distinct) {
        last_memory.reset();
        last.clear();
        for (uint32_t k = 0; k < chunk.column_count(); ++k)
          last.push_back(types::copy_value(chunk.column(k).value(row), last_memory));
      }
    }
    run(c, args, {selected_.data(), kept}, states.data());
  }
  c.sorter.reset();
}

void AggregateCalls::finish_deferred() {
  for (auto& c : calls_) {
    if (c->sorter != nullptr) finish_sorted(*c);
    if (c->overflow != nullptr) finish_distinct(*c);
    if (c->seen != nullptr) c->seen->clear();
  }
}

void AggregateCalls::finalize(size_t i, uint8_t* const* groups, uint32_t count, uint32_t state_offset,
                              Vector& out) {
  Call& c = *calls_[i];
  functions::EvalContext context = context_.eval_context(memory_);
  functions::AggregateCall call{context, *c.site};
  for (uint32_t row = 0; row < count; ++row)
    c.impl.finalize(call, groups[row] + state_offset + c.offset, out, row);
}

}  // namespace varve::executor
