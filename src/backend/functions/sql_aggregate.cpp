#include "functions/sql_aggregate.h"

#include <cstdlib>
#include <new>

#include "common/sql_error.h"
#include "functions/aggregate.h"

namespace varve::functions {

namespace {

using types::Value;

// The bytes of a string state are the state's own: a state that grows with every row must not leave all its
// earlier versions in the arena.
struct State {
  Value value;
  char* bytes = nullptr;
  size_t capacity = 0;
  bool started = false;     // has a first value; only asked where there is no INITCOND
  Value* direct = nullptr;  // what the final function alone is given, as the first row had it

  void set(const Value& v, Arena& memory) {
    if (v.null || v.type != types::PhysicalType::kString || v.string.is_inline()) {
      value = types::copy_value(v, memory);
      return;
    }
    std::string_view text = v.view();
    if (text.size() > capacity) {
      size_t grown = std::max(text.size(), capacity * 2);
      auto* moved = static_cast<char*>(std::malloc(grown));
      if (moved == nullptr) throw std::bad_alloc();
      std::memcpy(moved, text.data(), text.size());
      std::free(bytes);
      bytes = moved;
      capacity = grown;
    } else {
      std::memmove(bytes, text.data(), text.size());  // it may be the very same bytes
    }
    value = Value::of_string(std::string_view(bytes, text.size()));
  }
};

Value null_value(Oid type) { return Value::null_of(physical_type_of(type)); }

const SqlAggregate& definition(const AggregateCall& call) {
  return static_cast<const SqlAggregate&>(*call.site.routine->aggregate);
}

// One function called row by row, with vectors of one row.
class RowCall {
 public:
  RowCall(const Function& function, const CallSite& site, EvalContext& context)
      : function_(function), site_(site), context_(context) {
    for (Oid type : site.arg_types) vectors_.push_back(make(type));
    for (Vector& v : vectors_) args_.push_back(&v);
    result_ = make(site.result_type);
  }

  void set(size_t arg, const Value& v) {
    Vector& to = vectors_[arg];
    to.reset();
    if (v.null)
      to.set_null(0);
    else
      to.set_value(0, v);
    null_ = (arg == 0 ? false : null_) || v.null;
  }
  // The arguments must have been set in their order.
  bool any_null() const { return null_; }
  Value run() {
    result_.reset();
    if (function_.strict && null_) return Value::null_of(result_.type());
    KernelCall call{args_, {nullptr, 1}, result_, context_, site_};
    function_.kernel(call);
    return result_.value(0);
  }

 private:
  Vector make(Oid type) { return {physical_type_of(type), memory_, 1}; }

  const Function& function_;
  const CallSite& site_;
  EvalContext& context_;
  Arena memory_;
  std::vector<Vector> vectors_;
  std::vector<const Vector*> args_;
  Vector result_;
  bool null_ = false;
};

void step(const SqlTransition& a, RowCall& call, std::span<const Vector* const> args, uint32_t row, State& s,
          Arena& memory) {
  if (!s.started && !a.initial.null) {
    s.set(a.initial, memory);
    s.started = true;
  }
  if (a.transition->strict) {
    for (const Vector* v : args) {
      if (v->is_null(row)) return;
    }
    if (!s.started) {
      // The first value is the state.
      s.set(args[0]->value(row), memory);
      s.started = true;
      return;
    }
    if (s.value.null) return;  // a strict function gave NULL: so it stays
  }
  if (!s.started) {
    s.value = null_value(a.state_type);
    s.started = true;
  }
  call.set(0, s.value);
  for (size_t i = 0; i < args.size(); ++i) call.set(i + 1, args[i]->value(row));
  s.set(call.run(), memory);
}

// A row with the direct arguments of an ordered-set aggregate in front.
void step(const SqlAggregate& a, RowCall& call, std::span<const Vector* const> args, uint32_t row, State& s,
          Arena& memory) {
  if (a.direct_args > 0 && s.direct == nullptr) {
    s.direct = memory.make_array<Value>(a.direct_args);
    for (uint32_t i = 0; i < a.direct_args; ++i) s.direct[i] = types::copy_value(args[i]->value(row), memory);
  }
  step(a.plain, call, args.subspan(a.direct_args), row, s, memory);
}

Value finish(const SqlTransition& a, const State& s, std::span<const Value> direct, EvalContext& context) {
  Value value = s.value;
  if (!s.started) value = !a.initial.null ? a.initial : null_value(a.state_type);
  if (a.final_function == nullptr) return types::copy_value(value, *context.memory);
  RowCall last(*a.final_function, *a.final_site, context);
  last.set(0, value);
  for (size_t i = 1; i < a.final_site->arg_types.size(); ++i)
    last.set(i, i <= direct.size() ? direct[i - 1] : null_value(a.final_site->arg_types[i]));
  return types::copy_value(last.run(), *context.memory);
}

void init(void* state) { new (state) State(); }

void update(AggregateCall& call, std::span<const Vector* const> args, const Selection& rows,
            void* const* states, Arena& memory) {
  const SqlAggregate& a = definition(call);
  RowCall transition(*a.plain.transition, *a.plain.transition_site, call.context);
  for_each_row(
      rows, [&](uint32_t row) { step(a, transition, args, row, *static_cast<State*>(states[row]), memory); });
}

void update_one(AggregateCall& call, std::span<const Vector* const> args, const Selection& rows, void* state,
                Arena& memory) {
  const SqlAggregate& a = definition(call);
  RowCall transition(*a.plain.transition, *a.plain.transition_site, call.context);
  for_each_row(rows,
               [&](uint32_t row) { step(a, transition, args, row, *static_cast<State*>(state), memory); });
}

void finalize(AggregateCall& call, const void* opaque, Vector& result, uint32_t row) {
  const SqlAggregate& a = definition(call);
  const auto& s = *static_cast<const State*>(opaque);
  std::span<const Value> direct =
      s.direct == nullptr ? a.direct_constants : std::span<const Value>(s.direct, a.direct_args);
  Value value = finish(a.plain, s, direct, call.context);
  if (value.null)
    result.set_null(row);
  else
    result.set_value(row, value);
}

void destroy(void* state) { std::free(static_cast<State*>(state)->bytes); }

}  // namespace

SqlAggregate::SqlAggregate() : AggregateImpl{} {
  state_bytes = sizeof(State);
  state_alignment = alignof(State);
  AggregateImpl::init = functions::init;
  AggregateImpl::update = functions::update;
  AggregateImpl::update_one = functions::update_one;
  AggregateImpl::finalize = functions::finalize;
  AggregateImpl::destroy = functions::destroy;
  skip_nulls = false;  // a strict transition leaves them out by itself
}

const SqlAggregate* as_sql_aggregate(const AggregateImpl* aggregate) {
  bool own = aggregate != nullptr && aggregate->init == static_cast<void (*)(void*)>(functions::init);
  return own ? static_cast<const SqlAggregate*>(aggregate) : nullptr;
}

// --- frames that move

struct MovingState::Impl {
  Impl(const SqlTransition& t, EvalContext& c, Arena& m)
      : functions(t),
        context(c),
        memory(m),
        transition(*t.transition, *t.transition_site, c),
        inverse(*t.inverse, *t.inverse_site, c) {}
  ~Impl() { std::free(state.bytes); }

  const SqlTransition& functions;
  EvalContext& context;
  Arena& memory;
  RowCall transition, inverse;
  State state;
  uint64_t rows = 0;  // that are in the state
};

MovingState::MovingState(const SqlAggregate& aggregate, EvalContext& context, Arena& memory)
    : impl_(std::make_unique<Impl>(aggregate.moving, context, memory)) {}
MovingState::~MovingState() = default;

void MovingState::reset() {
  std::free(impl_->state.bytes);
  impl_->state = State();
  impl_->rows = 0;
}

namespace {

bool skips(const Function& f, std::span<const Vector* const> args, uint32_t row) {
  bool null = false;
  for (const Vector* v : args) null = null || v->is_null(row);
  return f.strict && null;
}

}  // namespace

void MovingState::add(std::span<const Vector* const> args, uint32_t row) {
  Impl& m = *impl_;
  if (skips(*m.functions.transition, args, row)) return;
  step(m.functions, m.transition, args, row, m.state, m.memory);
  if (m.state.value.null) {
    throw SqlError(sqlstate::kNullValueNotAllowed,
                   "moving-aggregate transition function must not return null");
  }
  ++m.rows;
}

bool MovingState::remove(std::span<const Vector* const> args, uint32_t row) {
  Impl& m = *impl_;
  if (skips(*m.functions.inverse, args, row)) return true;
  // What is left without a row is the state at the beginning, which may be NULL.
  if (m.rows <= 1) {
    reset();
    return true;
  }
  m.inverse.set(0, m.state.value);
  for (size_t i = 0; i < args.size(); ++i) m.inverse.set(i + 1, args[i]->value(row));
  Value left = m.inverse.run();
  if (left.null) return false;
  m.state.set(left, m.memory);
  --m.rows;
  return true;
}

Value MovingState::result() { return finish(impl_->functions, impl_->state, {}, impl_->context); }

}  // namespace varve::functions
