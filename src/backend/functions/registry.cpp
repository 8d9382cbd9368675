// Joins facts (what PostgreSQL calls a function) and bindings (what computes it) into the tables of
// registry.h.
#include "functions/registry.h"

#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/check.h"
#include "facts.h"
#include "functions/type_oids.h"
#include "kernel.h"

namespace varve::functions {

#define VARVE_FAMILY(name) Bindings name##_bindings();
#include "families.inc"
#undef VARVE_FAMILY

namespace {

std::string signature_of(const FunctionFact& fact) {
  std::string s(fact.name);
  s += '(';
  for (uint8_t i = 0; i < fact.arg_count; ++i) {
    if (i > 0) s += ',';
    const TypeInfo* type = type_by_oid(Oid{fact.args[i]});
    if (type != nullptr)
      s += type->name;
    else
      s += std::to_string(fact.args[i]);
  }
  s += ')';
  return s;
}

constexpr Bindings (*kFamilies[])() = {
#define VARVE_FAMILY(name) name##_bindings,
#include "families.inc"
#undef VARVE_FAMILY
};

Volatility volatility_of(char c) {
  return c == 'i' ? Volatility::kImmutable : c == 's' ? Volatility::kStable : Volatility::kVolatile;
}

FunctionKind kind_of(const FunctionFact& fact) {
  if (fact.kind == 'a') return FunctionKind::kAggregate;
  if (fact.kind == 'w') return FunctionKind::kWindow;
  return fact.set ? FunctionKind::kSetReturning : FunctionKind::kScalar;
}

// Built once, at first use; immutable afterwards.
class Registry {
 public:
  static const Registry& get() {
    static const Registry registry;
    return registry;
  }

  std::vector<Function> functions;
  std::vector<Operator> operators;
  std::vector<Cast> casts;
  std::unordered_map<uint32_t, const Function*> function_by_oid;
  std::unordered_map<Kernel, ScalarFunction> scalar_functions;
  std::unordered_map<uint32_t, const Operator*> operator_by_oid;
  std::unordered_map<uint64_t, const Cast*> cast_by_types;
  std::unordered_map<std::string_view, std::vector<const Function*>> functions_by_name;
  std::unordered_map<std::string_view, std::vector<const Operator*>> operators_by_name;

 private:
  Registry() {
    add_functions();
    add_operators();
    add_casts();
  }

  void add_functions() {
    std::unordered_map<std::string, const Binding*> bound;
    for (auto family : kFamilies) {
      for (const Binding& b : family()) {
        bool is_new = bound.emplace(std::string(b.signature), &b).second;
        if (!is_new) check_failed(__FILE__, __LINE__, b.signature.data());
      }
    }
    std::unordered_set<std::string> bound_names;
    size_t arg_total = 0;
    for (const FunctionFact& fact : function_facts()) arg_total += fact.arg_count;
    args_.reserve(arg_total);
    functions.reserve(bound.size());
    for (const FunctionFact& fact : function_facts()) {
      auto found = bound.find(signature_of(fact));
      if (found != bound.end()) {
        functions.push_back(make(fact, *found->second));
        bound.erase(found);
        continue;
      }
      // A bare name binds every overload.
      auto by_name = bound.find(std::string(fact.name));
      if (by_name == bound.end() || fact.set || fact.kind != 'f') continue;
      functions.push_back(make(fact, *by_name->second));
      bound_names.insert(std::string(fact.name));
    }
    // A binding whose signature no fact has would never be called.
    for (auto& [signature, binding] : bound) {
      if (!bound_names.contains(signature)) check_failed(__FILE__, __LINE__, signature.c_str());
    }
    for (const Function& f : functions) {
      function_by_oid.emplace(f.oid.value(), &f);
      functions_by_name[f.name].push_back(&f);
    }
  }

  Function make(const FunctionFact& fact, const Binding& binding) {
    size_t first = args_.size();
    for (uint8_t i = 0; i < fact.arg_count; ++i) args_.push_back(Oid{fact.args[i]});
    Function f;
    f.oid = Oid{fact.oid};
    f.name = fact.name;
    f.result = Oid{fact.result};
    f.args = {args_.data() + first, fact.arg_count};
    f.kind = kind_of(fact);
    f.volatility = volatility_of(fact.volatility);
    f.strict = fact.strict;
    f.variadic = Oid{fact.variadic};
    f.default_args = fact.defaults;
    f.kernel = binding.kernel;
    if (binding.one != nullptr) scalar_functions.emplace(binding.kernel, binding.one);
    f.aggregate = binding.aggregate;
    f.window = binding.window;
    f.table = binding.table;
    if (f.table != nullptr) {
      f.kind = FunctionKind::kSetReturning;  // one row is a set too
      if (f.table->column_types.empty() && f.result == type_oid::kRecord)
        f.table = with_shape(f.oid, *f.table);
    }
    return f;
  }

  // A table function that does not say what its columns are has those of the facts.
  const TableFunctionImpl* with_shape(Oid oid, const TableFunctionImpl& bare) {
    for (const RowShapeFact& shape : row_shape_facts()) {
      if (shape.oid != oid.value()) continue;
      std::vector<Oid>& types = shape_types_.emplace_back();
      for (uint8_t i = 0; i < shape.count; ++i) types.push_back(Oid{shape.types[i]});
      TableFunctionImpl& table = tables_.emplace_back(bare);
      table.column_types = types;
      table.column_names = {shape.names, shape.count};
      return &table;
    }
    return &bare;
  }

  void add_operators() {
    operators.reserve(operator_facts().size());
    for (const OperatorFact& o : operator_facts()) {
      if (!function_by_oid.contains(o.function)) continue;
      operators.push_back({Oid{o.oid}, o.name, Oid{o.left}, Oid{o.right}, Oid{o.result}, Oid{o.function},
                           Oid{o.commutator}, Oid{o.negator}});
    }
    for (const Operator& o : operators) {
      operator_by_oid.emplace(o.oid.value(), &o);
      operators_by_name[o.name].push_back(&o);
    }
    // Only what exists may be named as a partner.
    for (Operator& o : operators) {
      if (!operator_by_oid.contains(o.commutator.value())) o.commutator = kInvalidOid;
      if (!operator_by_oid.contains(o.negator.value())) o.negator = kInvalidOid;
    }
  }

  void add_casts() {
    casts.reserve(cast_facts().size());
    for (const CastFact& c : cast_facts()) {
      if (c.function != 0 && !function_by_oid.contains(c.function)) continue;
      CastContext context = c.context == 'i'   ? CastContext::kImplicit
                            : c.context == 'a' ? CastContext::kAssignment
                                               : CastContext::kExplicit;
      casts.push_back({Oid{c.source}, Oid{c.target}, Oid{c.function}, context});
    }
    for (const Cast& c : casts) {
      cast_by_types.emplace(static_cast<uint64_t>(c.source.value()) << 32 | c.target.value(), &c);
    }
  }

  std::vector<Oid> args_;
  std::deque<std::vector<Oid>> shape_types_;
  std::deque<TableFunctionImpl> tables_;
};

template <class Map, class Key>
auto find_or_null(const Map& map, const Key& key) -> typename Map::mapped_type {
  auto it = map.find(key);
  return it == map.end() ? nullptr : it->second;
}

template <class Map>
auto find_list(const Map& map, std::string_view key)
    -> std::span<const typename Map::mapped_type::value_type> {
  auto it = map.find(key);
  if (it == map.end()) return {};
  return it->second;
}

const OrderFact* order_of(Oid type) {
  if (type == type_oid::kVarchar) type = type_oid::kText;
  if (type == type_oid::kCidr) type = type_oid::kInet;
  const TypeInfo* info = type_by_oid(type);
  if (type == type_oid::kRecordArray ||
      (info != nullptr && info->category == 'A' && info->element_type != kInvalidOid)) {
    type = type_oid::kAnyarray;
  } else if (info != nullptr && info->kind == 'e') {
    type = type_oid::kAnyenum;
  } else if (info != nullptr && info->kind == 'c') {
    type = type_oid::kRecord;
  } else if (info != nullptr && info->kind == 'r') {
    type = type_oid::kAnyrange;
  } else if (info != nullptr && info->kind == 'm') {
    type = type_oid::kAnymultirange;
  } else if (info != nullptr && info->sql_name.starts_with("reg")) {
    type = type_oid::kOid;
  }
  for (const OrderFact& o : order_facts()) {
    if (o.type == type.value()) return &o;
  }
  return nullptr;
}

}  // namespace

std::span<const Function> all_functions() { return Registry::get().functions; }
std::span<const Function* const> functions_named(std::string_view name) {
  return find_list(Registry::get().functions_by_name, name);
}
const Function* function_by_oid(Oid oid) {
  return find_or_null(Registry::get().function_by_oid, oid.value());
}

ScalarFunction scalar_function(const Function& function) {
  if (function.scalar != nullptr) return function.scalar;
  const auto& functions = Registry::get().scalar_functions;
  auto it = functions.find(function.kernel);
  return it == functions.end() ? nullptr : it->second;
}

std::span<const Operator> all_operators() { return Registry::get().operators; }
std::span<const Operator* const> operators_named(std::string_view name) {
  return find_list(Registry::get().operators_by_name, name);
}
const Operator* operator_by_oid(Oid oid) {
  return find_or_null(Registry::get().operator_by_oid, oid.value());
}

const Cast* find_cast(Oid source, Oid target) {
  return find_or_null(Registry::get().cast_by_types,
                      static_cast<uint64_t>(source.value()) << 32 | target.value());
}
std::span<const Cast> all_casts() { return Registry::get().casts; }

const Operator* equality_operator(Oid type) {
  if (type == type_oid::kXid) return operator_by_oid(Oid{352});  // xid: equality without an order
  if (type == type_oid::kCid) return operator_by_oid(Oid{385});
  const OrderFact* o = order_of(type);
  return o == nullptr ? nullptr : operator_by_oid(Oid{o->equal});
}
const Operator* less_operator(Oid type) {
  const OrderFact* o = order_of(type);
  return o == nullptr ? nullptr : operator_by_oid(Oid{o->less});
}
const Operator* greater_operator(Oid type) {
  const OrderFact* o = order_of(type);
  return o == nullptr ? nullptr : operator_by_oid(Oid{o->greater});
}

void throw_out_of_range(std::string_view type) {
  throw SqlError(sqlstate::kNumericValueOutOfRange, fmt::format("{} out of range", type));
}
void throw_division_by_zero() { throw SqlError(sqlstate::kDivisionByZero, "division by zero"); }

}  // namespace varve::functions
