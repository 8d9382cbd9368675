// Choosing functions and operators by name and argument types (PostgreSQL documentation, chapter 10).
#include <algorithm>
#include <functional>

#include "analyzer/expression_walk.h"
#include "analyzer/own_database.h"
#include "binder.h"
#include "catalog/operators.h"
#include "functions/range.h"
#include "functions/sql_aggregate.h"
#include "json_records.h"
#include "polymorphic.h"
#include "user_operators.h"

namespace varve::analyzer {

using functions::CastContext;
using functions::Function;
using functions::FunctionKind;
using functions::Operator;

namespace {

// A candidate: declared argument types, expanded to the call's number of arguments.
template <class T>
struct Candidate {
  const T* what;
  std::vector<Oid> args;
  bool variadic = false;
  const RoutineCandidate* routine = nullptr;  // a function that SQL made; `what` is null then
  std::vector<Oid> bases = {};                // the types under `args`; empty: the same

  Oid base(size_t i) const { return bases.empty() ? args[i] : bases[i]; }
};

char category_of(Oid type) {
  const functions::TypeInfo* info = functions::type_by_oid(type);
  return info == nullptr ? 'X' : info->category;
}
bool preferred(Oid type) {
  const functions::TypeInfo* info = functions::type_by_oid(type);
  return info != nullptr && info->preferred;
}

template <class T, class Score>
void keep_best(std::vector<Candidate<T>>& candidates, Score&& score) {
  int best = -1;
  std::vector<Candidate<T>> kept;
  for (Candidate<T>& c : candidates) {
    int s = score(c);
    if (s > best) {
      kept.clear();
      best = s;
    }
    if (s == best) kept.push_back(c);
  }
  candidates = std::move(kept);
}

// Steps 4.b to 4.f. Leaves one candidate on success.
// `accepts` says whether declared types take the given actual ones.
template <class T, class Accepts>
void select_candidate(std::vector<Candidate<T>>& candidates, std::span<const Oid> types, Accepts&& accepts) {
  keep_best(candidates, [&](const Candidate<T>& c) {
    int exact = 0;
    for (size_t i = 0; i < types.size(); ++i)
      exact += types[i] != type_oid::kUnknown && c.args[i] == types[i];
    return exact;
  });
  if (candidates.size() == 1) return;
  keep_best(candidates, [&](const Candidate<T>& c) {
    int n = 0;
    for (size_t i = 0; i < types.size(); ++i) {
      if (types[i] == type_oid::kUnknown) continue;
      n += c.args[i] == types[i] || (preferred(c.args[i]) && category_of(c.base(i)) == category_of(types[i]));
    }
    return n;
  });
  if (candidates.size() == 1) return;

  // Unknown literals: the string category if any candidate takes one there, else the category all agree on.
  bool has_unknown = std::find(types.begin(), types.end(), type_oid::kUnknown) != types.end();
  if (!has_unknown) return;
  std::vector<char> chosen(types.size(), 0);
  bool resolved = true;
  for (size_t i = 0; i < types.size() && resolved; ++i) {
    if (types[i] != type_oid::kUnknown) continue;
    bool any_string = false, all_same = true;
    for (const Candidate<T>& c : candidates) {
      any_string = any_string || category_of(c.base(i)) == 'S';
      all_same = all_same && category_of(c.base(i)) == category_of(candidates[0].base(i));
    }
    if (any_string)
      chosen[i] = 'S';
    else if (all_same)
      chosen[i] = category_of(candidates[0].base(i));
    else
      resolved = false;
  }
  if (resolved) {
    std::vector<Candidate<T>> kept;
    for (const Candidate<T>& c : candidates) {
      bool fits = true;
      for (size_t i = 0; i < types.size(); ++i) {
        if (chosen[i] == 0) continue;
        bool any_preferred = std::any_of(candidates.begin(), candidates.end(), [&](const Candidate<T>& o) {
          return category_of(o.base(i)) == chosen[i] && preferred(o.args[i]);
        });
        fits = fits && category_of(c.base(i)) == chosen[i] && (!any_preferred || preferred(c.args[i]));
      }
      if (fits) kept.push_back(c);
    }
    if (!kept.empty()) candidates = std::move(kept);
    if (candidates.size() == 1) return;
  }
  // All known arguments of one type: take the unknown ones to be of it too.
  Oid known = kInvalidOid;
  for (Oid type : types) {
    if (type == type_oid::kUnknown) continue;
    if (known != kInvalidOid && known != type) return;
    known = type;
  }
  if (known == kInvalidOid) return;
  std::vector<Oid> all_known(types.size(), known);
  std::vector<Candidate<T>> kept;
  for (const Candidate<T>& c : candidates) {
    if (accepts(c.args, all_known)) kept.push_back(c);
  }
  if (kept.size() == 1) candidates = std::move(kept);
}

bool is_polymorphic_array(Oid type) { return is_polymorphic_array_type(type); }
bool is_polymorphic_element(Oid type) {
  return polymorphic_kind(type).form == PolymorphicKind::Form::kElement;
}

}  // namespace

// One meaning for each family of polymorphic types: the anyelement kind stands for exactly one type, the
// anycompatible kind for one that the others convert to. A candidate whose arguments have none is not
// applicable.
bool Binder::polymorphic_types_agree(std::span<const Oid> declared, std::span<const Oid> actual) {
  using Form = PolymorphicKind::Form;
  std::vector<Oid> elements[2];  // of the exact and of the compatible family
  Oid ranges[2];
  for (size_t i = 0; i < declared.size(); ++i) {
    PolymorphicKind kind = polymorphic_kind(declared[i]);
    if (actual[i] == type_oid::kUnknown || kind.form == Form::kNone) continue;
    const functions::TypeInfo* info = functions::type_by_oid(actual[i]);
    Oid element = actual[i];
    if (kind.form == Form::kArray && info != nullptr && info->element_type != kInvalidOid)
      element = info->element_type;
    if (kind.form == Form::kRange || kind.form == Form::kMultirange) {
      Oid& range = ranges[kind.compatible ? 1 : 0];
      Oid own = functions::is_range_type(actual[i]) ? actual[i] : functions::range_of_multirange(actual[i]);
      if (range != kInvalidOid && range != own) return false;
      range = own;
      element = functions::range_subtype(own);
    }
    elements[kind.compatible ? 1 : 0].push_back(element);
  }
  for (Oid type : elements[0]) {
    if (type != elements[0][0]) return false;
  }
  auto takes_all = [&](Oid common) {
    return std::all_of(elements[1].begin(), elements[1].end(),
                       [&](Oid type) { return can_coerce(type, common, CastContext::kImplicit); });
  };
  if (ranges[1] != kInvalidOid) return takes_all(functions::range_subtype(ranges[1]));
  return elements[1].empty() || std::any_of(elements[1].begin(), elements[1].end(), takes_all);
}

bool Binder::takes_types(std::span<const Oid> declared, std::span<const Oid> actual) {
  for (size_t i = 0; i < declared.size(); ++i) {
    if (!can_coerce(actual[i], declared[i], CastContext::kImplicit)) return false;
  }
  return polymorphic_types_agree(declared, actual);
}

const types::Collation* Binder::collation_object(Oid oid) {
  if (oid == kInvalidOid || oid == catalog::kDefaultCollation || oid == kNoCollation) return nullptr;
  const types::Collation* found = nullptr;
  const catalog::KeyMatch match[] = {{"oid", types::Value::of_oid(oid.value())}};
  context_.catalog.for_each(catalog::system_table("pg_collation"), match, [&](const catalog::Row& row) {
    if (row.letter("collprovider") == 'i') {
      found = &types::Collation::icu(row.text("colliculocale"), row.boolean("collisdeterministic"));
    } else if (row.text("collcollate") == "C" || row.text("collcollate") == "POSIX") {
      found = &types::Collation::c();
    }
  });
  return found;
}

const functions::CallSite* Binder::make_site(const Function& function, std::span<Expr* const> args,
                                             Oid result_type, Oid collation) {
  auto* site = arena_.make<functions::CallSite>();
  Oid* arg_types = arena_.make_array<Oid>(args.size());
  bool names_domain = function.name == "pg_typeof";
  for (size_t i = 0; i < args.size(); ++i)
    arg_types[i] = names_domain && args[i]->domain != kInvalidOid ? args[i]->domain : args[i]->type;
  site->arg_types = {arg_types, args.size()};
  site->result_type = result_type;
  require_collation(function, collation);
  site->collation = collation_object(collation);
  return site;
}

Expr* Binder::make_function(const Function& function, std::span<Expr* const> args, int32_t location,
                            const Operator* op, char form) {
  auto* call = make<FunctionExpr>(ExprKind::kFunction, function.result, location);
  derive_collation(call, args);
  Oid collation = call->collation;
  call->function = &function;
  call->args = arena_.copy(args);
  call->op = op;
  call->form = form;
  call->site = make_site(function, args, function.result, collation);
  const functions::TypeInfo* result = functions::type_by_oid(function.result);
  if (result != nullptr && result->collatable) {
    call->collation = collation != kInvalidOid ? collation : catalog::kDefaultCollation;
  } else {
    call->collation = kInvalidOid;
    call->explicit_collation = false;
  }
  return call;
}

namespace {

// What the polymorphic types stand for in a call whose arguments are yet to be converted.
PolymorphicTypes call_types(Binder& b, const Function& function, const std::function<Oid(size_t)>& declared,
                            std::span<Expr* const> args) {
  using Form = PolymorphicKind::Form;
  PolymorphicTypes types;
  std::vector<Expr*> compatible;  // what has to have a common type
  for (size_t i = 0; i < args.size(); ++i) {
    PolymorphicKind kind = polymorphic_kind(declared(i));
    if (kind.form == Form::kNone || args[i]->type == type_oid::kUnknown) continue;
    PolymorphicTypes::Family& family = kind.compatible ? types.compatible : types.exact;
    Expr* of_element = args[i];
    if (kind.form != Form::kElement) {
      const functions::TypeInfo* info = functions::type_by_oid(args[i]->type);
      Oid element = info == nullptr ? kInvalidOid : info->element_type;
      if (kind.form != Form::kArray) {
        family.range =
            kind.form == Form::kRange ? args[i]->type : functions::range_of_multirange(args[i]->type);
        element = functions::range_subtype(family.range);
      }
      if (element == kInvalidOid) continue;
      if (kind.form == Form::kArray) family.array = args[i]->type;
      of_element = b.make<analyzer::Expr>(ExprKind::kInput, element);
    }
    if (kind.compatible)
      compatible.push_back(of_element);
    else if (family.element == kInvalidOid || kind.form == Form::kArray)
      family.element = of_element->type;
  }
  if (types.compatible.range != kInvalidOid)
    types.compatible.element = functions::range_subtype(types.compatible.range);
  else if (!compatible.empty())
    types.compatible.element = b.select_common_type(compatible, function.name);
  for (size_t i = 0; i < args.size(); ++i) {
    PolymorphicKind kind = polymorphic_kind(declared(i));
    if (kind.form == Form::kNone || types.actual(declared(i)) != kInvalidOid) continue;
    // A literal alone says nothing, but of the compatible family it is text.
    bool range = kind.form == Form::kRange || kind.form == Form::kMultirange;
    if (kind.compatible && !range) {
      types.compatible.element = type_oid::kText;
      continue;
    }
    throw SqlError(sqlstate::kDatatypeMismatch,
                   kind.compatible ? fmt::format("could not determine polymorphic type {} because input has "
                                                 "type unknown",
                                                 b.type_text(declared(i)))
                                   : "could not determine polymorphic type because input has type unknown");
  }
  return types;
}

}  // namespace

Oid Binder::coerce_arguments(const Function& function, std::vector<Expr*>& args, bool array_given) {
  auto declared = [&](size_t i) {
    if (!array_given && function.variadic != kInvalidOid && i + 1 >= function.args.size())
      return function.variadic;
    return function.args[i];
  };
  PolymorphicTypes types = call_types(*this, function, declared, args);
  for (size_t i = 0; i < args.size(); ++i) {
    Oid type = declared(i);
    if (type == type_oid::kAny) {
      // Only pg_typeof() is to be told that a literal has no type yet.
      bool stays = args[i]->kind == ExprKind::kConst && function.name == "pg_typeof";
      if (!stays) args[i] = resolve_unknown(args[i]);
      continue;
    }
    type = types.actual(type);
    Expr* coerced = try_coerce(args[i], type, -1, CastContext::kImplicit);
    if (coerced == nullptr) {
      throw SqlError(sqlstate::kDatatypeMismatch,
                     fmt::format("function {} cannot take an argument of type {}", function.name,
                                 type_text(args[i]->type)))
          .at(position(args[i]->location));
    }
    args[i] = coerced;
  }
  return types.actual(function.result);
}

// --- operators

namespace {

// `left` is empty for a prefix operator.
[[noreturn]] void no_such_operator(std::string_view name, std::string_view left, std::string_view right,
                                   bool ambiguous, int position) {
  std::string text =
      left.empty() ? fmt::format("{} {}", name, right) : fmt::format("{} {} {}", left, name, right);
  if (ambiguous) {
    throw SqlError(sqlstate::kAmbiguousFunction, fmt::format("operator is not unique: {}", text))
        .hint("Could not choose a best candidate operator. You might need to add explicit type casts.")
        .at(position);
  }
  throw SqlError(sqlstate::kUndefinedFunction, fmt::format("operator does not exist: {}", text))
      .hint(left.empty() ? "No operator matches the given name and argument type. You might need to "
                           "add an explicit type cast."
                         : "No operator matches the given name and argument types. You might need to "
                           "add explicit type casts.")
      .at(position);
}

}  // namespace

namespace {

// Polymorphic operands must stand for one type: anyarray || anyelement wants the element's own type.
bool polymorphic_fits(Oid declared_left, Oid left, Oid declared_right, Oid right) {
  auto element = [](Oid declared, Oid actual) -> Oid {
    if (actual == type_oid::kUnknown || actual == kInvalidOid) return kInvalidOid;
    if (is_polymorphic_array(declared)) return element_of(actual);
    return is_polymorphic_element(declared) ? actual : kInvalidOid;
  };
  Oid a = element(declared_left, left), b = element(declared_right, right);
  if (a == kInvalidOid || b == kInvalidOid || a == b) return true;
  bool compatible =
      declared_left == type_oid::kAnycompatible || declared_left == type_oid::kAnycompatiblearray;
  if (!compatible || element_of(a) != kInvalidOid || element_of(b) != kInvalidOid) return false;
  return functions::find_cast(a, b) != nullptr || functions::find_cast(b, a) != nullptr;
}

}  // namespace

const Operator* Binder::find_operator(std::string_view name, Oid left, Oid right, int32_t location,
                                      std::string_view schema) {
  std::span<const Operator* const> all = functions::operators_named(name);
  std::vector<const Operator*> with_own;
  bool built_in_only = schema == "pg_catalog";
  if (!schema.empty() && !built_in_only && context_.catalog.find_schema(schema) == kInvalidOid) {
    throw SqlError(sqlstate::kInvalidSchemaName, fmt::format("schema \"{}\" does not exist", schema))
        .at(position(location));
  }
  std::string written =
      schema.empty() || built_in_only ? std::string(name) : fmt::format("{}.{}", schema, name);
  if (!built_in_only && (!schema.empty() || !user_operations().operators.empty())) {
    if (schema.empty()) with_own.assign(all.begin(), all.end());
    add_user_operators(schema, name, &with_own);
    all = with_own;
  }
  // Exact match; an unknown literal is first taken to be of the other side's type.
  Oid l = left, r = right;
  if (l == type_oid::kUnknown && r != type_oid::kUnknown) l = r;
  if (r == type_oid::kUnknown && l != type_oid::kUnknown && l != kInvalidOid) r = l;
  for (const Operator* op : all) {
    if (op->left == l && op->right == r) return op;
  }
  std::vector<Candidate<Operator>> candidates;
  std::vector<Oid> types;
  if (left != kInvalidOid) types.push_back(left);
  types.push_back(right);
  for (const Operator* op : all) {
    if ((op->left == kInvalidOid) != (left == kInvalidOid)) continue;
    if (left != kInvalidOid && !can_coerce(left, op->left, CastContext::kImplicit)) continue;
    if (!can_coerce(right, op->right, CastContext::kImplicit)) continue;
    if (!polymorphic_fits(op->left, left, op->right, right)) continue;
    std::vector<Oid> args;
    if (left != kInvalidOid) args.push_back(op->left);
    args.push_back(op->right);
    if (!polymorphic_types_agree(args, types)) continue;
    candidates.push_back({op, std::move(args), false});
  }
  auto fail = [&](bool ambiguous) {
    no_such_operator(written, left == kInvalidOid ? std::string() : type_text(left), type_text(right),
                     ambiguous, position(location));
  };
  if (candidates.empty()) fail(false);
  if (candidates.size() > 1) {
    select_candidate(candidates, std::span<const Oid>(types),
                     [&](std::span<const Oid> d, std::span<const Oid> a) { return takes_types(d, a); });
  }
  if (candidates.size() > 1) fail(true);
  return candidates[0].what;
}

Expr* Binder::make_operator(std::string_view name, Expr* left, Expr* right, int32_t location,
                            std::string_view schema) {
  const Operator* op =
      find_operator(name, left == nullptr ? kInvalidOid : left->type, right->type, location, schema);
  // A domain over an enum is not one of anyenum.
  if ((left != nullptr && op->left == type_oid::kAnyenum && left->domain != kInvalidOid) ||
      (op->right == type_oid::kAnyenum && right->domain != kInvalidOid)) {
    no_such_operator(name, left == nullptr ? std::string() : type_text(*left), type_text(*right), false,
                     position(location));
  }
  const Function* function =
      is_user_operator(*op) ? function_by_oid(op->function) : functions::function_by_oid(op->function);
  if (function == nullptr) {
    throw_not_supported(fmt::format("operator {} ({}, {})", name, type_text(op->left), type_text(op->right)),
                        position(location));
  }
  std::vector<Expr*> args;
  if (left != nullptr) args.push_back(left);
  args.push_back(right);
  // A VARIADIC function behind an operator takes its array as it is (json #> text[]).
  Oid result = coerce_arguments(*function, args, function->variadic != kInvalidOid);
  Expr* call = make_function(*function, args, location, op);
  call->type = result;
  set_site_routine(*function, &call->as<FunctionExpr>().site);
  return call;
}

// --- functions

Expr* Binder::call_by_name(std::string_view name, std::vector<Expr*> args, int32_t location) {
  CallArguments call;
  call.schema = "pg_catalog";
  call.name = name;
  call.args = std::move(args);
  call.location = location;
  return call_function(call);
}

namespace {

std::string signature(Binder& binder, const CallArguments& call, bool with_schema) {
  std::string text =
      with_schema ? fmt::format("{}.{}(", call.schema, call.name) : fmt::format("{}(", call.name);
  for (size_t i = 0; i < call.args.size(); ++i) {
    if (i > 0) text += ", ";
    if (i < call.names.size() && !call.names[i].empty()) text += fmt::format("{} => ", call.names[i]);
    text += binder.type_text(*call.args[i]);
  }
  return text + ')';
}

// The declared type for each argument of a call of a built-in function; false if it takes another number.
bool declared_types(const Function& f, size_t count, bool variadic_array, std::vector<Oid>* declared,
                    bool* spread) {
  if (variadic_array) {  // f(…, VARIADIC array)
    *spread = false;
    declared->assign(f.args.begin(), f.args.end());
    return f.variadic != kInvalidOid && count == f.args.size();
  }
  bool fixed = count <= f.args.size() && count + f.default_args >= f.args.size();
  bool variadic = f.variadic != kInvalidOid && count >= f.args.size();
  if (!fixed && !variadic) return false;
  if (f.variadic != kInvalidOid) fixed = false;
  declared->assign(f.args.begin(), f.args.end());
  if (!fixed) {
    declared->resize(f.args.size() - 1);
    while (declared->size() < count) declared->push_back(f.variadic);
  }
  declared->resize(count);
  *spread = !fixed;
  return true;
}

}  // namespace

namespace {

// A function that is declared for the very domains of the arguments comes before those for the types under
// them. Null: there is none.
const RoutineCandidate* routine_for_domains(std::span<const RoutineCandidate> routines,
                                            std::span<Expr* const> args) {
  if (std::none_of(args.begin(), args.end(), [](const Expr* e) { return e->domain != kInvalidOid; }))
    return nullptr;
  const RoutineCandidate* found = nullptr;
  for (const RoutineCandidate& r : routines) {
    bool same = true;
    for (size_t i = 0; i < args.size(); ++i)
      same = same && r.declared[i] == (args[i]->domain != kInvalidOid ? args[i]->domain : args[i]->type);
    if (same && (found == nullptr || r.rank < found->rank)) found = &r;
  }
  return found;
}

}  // namespace

Expr* Binder::call_function(const CallArguments& call) {
  std::vector<Expr*> args = call.args;
  std::vector<Oid> types;
  for (Expr* arg : args) types.push_back(arg->type);
  bool by_name =
      std::any_of(call.names.begin(), call.names.end(), [](std::string_view n) { return !n.empty(); });
  std::vector<RoutineCandidate> routines;
  bool builtin_only = call.schema == "pg_catalog";
  if (!builtin_only) add_routines(call, &routines);
  std::vector<Candidate<Function>> candidates;
  const Function* exact = nullptr;
  bool exact_variadic = false;
  bool builtin = (call.schema.empty() || builtin_only) && !by_name;
  if (by_name && routines.empty() && (call.schema.empty() || builtin_only)) {
    if (Expr* made = call_builtin_by_name(call)) return made;
  }
  for (const Function* f :
       builtin ? functions::functions_named(call.name) : std::span<const Function* const>()) {
    std::vector<Oid> declared;
    bool spread = false;
    if (!declared_types(*f, args.size(), call.variadic, &declared, &spread)) continue;
    bool same = true, fits = true;
    for (size_t i = 0; i < args.size(); ++i) {
      same = same && declared[i] == types[i];
      fits = fits && can_coerce(types[i], declared[i], CastContext::kImplicit);
    }
    if (same && (exact == nullptr || exact_variadic)) {
      exact = f;
      exact_variadic = spread;
    }
    if (fits && polymorphic_types_agree(declared, types))
      candidates.push_back({f, std::move(declared), spread});
  }
  const RoutineCandidate* chosen_routine = routine_for_domains(routines, args);
  if (chosen_routine != nullptr) exact = nullptr;
  bool decided = chosen_routine != nullptr || exact != nullptr;
  for (RoutineCandidate& r : routines) {
    bool same = true, fits = true;
    for (size_t i = 0; i < args.size(); ++i) {
      same = same && r.declared[i] == types[i];
      fits = fits && can_coerce(types[i], r.declared[i], CastContext::kImplicit);
    }
    if (same && !decided && (chosen_routine == nullptr || r.rank < chosen_routine->rank)) chosen_routine = &r;
    if (!fits || !polymorphic_types_agree(r.declared, types)) continue;
    candidates.push_back({nullptr, r.declared, r.variadic, &r});
    for (Oid type : r.declared) candidates.back().bases.push_back(base_of(type));
  }
  const Function* chosen = exact;
  if (chosen == nullptr && chosen_routine == nullptr) {
    if (candidates.size() > 1) {
      select_candidate(candidates, std::span<const Oid>(types),
                       [&](std::span<const Oid> d, std::span<const Oid> a) { return takes_types(d, a); });
    }
    if (candidates.size() == 1) {
      chosen_routine = candidates[0].routine;
      chosen = candidates[0].what;
    }
  }
  if (chosen_routine != nullptr && chosen_routine->ambiguous) chosen_routine = nullptr, candidates.resize(2);
  if (chosen == nullptr && chosen_routine == nullptr) throw_no_function(call, candidates.size() > 1);
  if (chosen_routine != nullptr) return make_routine_call(*chosen_routine, call);
  if (chosen->variadic == kInvalidOid && args.size() < chosen->args.size() &&
      !add_default_arguments(*chosen, args)) {
    throw_not_supported(fmt::format("leaving out arguments of function {}", call.name));
  }
  for (size_t i = 0; i < std::min(args.size(), chosen->args.size()); ++i) {
    if (chosen->args[i] == type_oid::kAnyenum && args[i]->domain != kInvalidOid)
      throw_no_function(call, false);
  }
  Oid result = coerce_arguments(*chosen, args, call.variadic);
  Expr* made = make_function(*chosen, args, call.location);
  made->type = result;
  if (call.variadic && chosen->variadic == type_oid::kAny) spread_last_argument(made->as<FunctionExpr>());
  return made;
}

// VARIADIC array for "any": the type anyarray tells the kernel to take the elements for arguments.
void Binder::spread_last_argument(FunctionExpr& call) {
  const functions::TypeInfo* type = functions::type_by_oid(call.args.back()->type);
  if (type == nullptr || type->category != 'A') {
    throw SqlError(sqlstate::kDatatypeMismatch, "VARIADIC argument must be an array")
        .at(position(call.args.back()->location));
  }
  std::vector<Oid> types(call.site->arg_types.begin(), call.site->arg_types.end());
  types.back() = type_oid::kAnyarray;
  auto* site = arena_.make<functions::CallSite>(*call.site);
  site->arg_types = arena_.copy(types);
  call.site = site;
}

void Binder::throw_no_function(const CallArguments& call, bool ambiguous) {
  std::string_view what = call.is_procedure ? "procedure" : "function";
  std::string text = signature(*this, call, !call.schema.empty());
  throw SqlError(ambiguous ? sqlstate::kAmbiguousFunction : sqlstate::kUndefinedFunction,
                 ambiguous ? fmt::format("{} {} is not unique", what, text)
                           : fmt::format("{} {} does not exist", what, text))
      .hint(
          ambiguous
              ? fmt::format(
                    "Could not choose a best candidate {}. You might need to add explicit type casts.", what)
              : fmt::format("No {} matches the given name and argument types. You might need to add explicit "
                            "type casts.",
                            what))
      .at(position(call.location));
}

CallArguments Binder::call_arguments(Scope& scope, const parser::FuncCall& call) {
  CallArguments out;
  require_own_database(context_, call.names, position(call.location));
  if (call.names.size() > 1) out.schema = call.names[call.names.size() - 2];
  out.name = call.names.back();
  out.variadic = call.variadic;
  out.location = call.location;
  bool named = false;
  for (const parser::Node* arg : call.args) {
    std::string_view name;
    if (parser::is<parser::NamedArg>(arg)) {
      name = parser::as<parser::NamedArg>(arg)->name;
      if (std::find(out.names.begin(), out.names.end(), name) != out.names.end()) {
        throw SqlError(sqlstate::kSyntaxError, fmt::format("argument name \"{}\" used more than once", name))
            .at(position(arg->location));
      }
      arg = parser::as<parser::NamedArg>(arg)->arg;
      named = true;
    } else if (named) {
      throw SqlError(sqlstate::kSyntaxError, "positional argument cannot follow named argument")
          .at(position(arg->location));
    }
    Expr* value = bind_expr(scope, arg);
    // JDBC stands such a parameter where the call's OUT parameter would be.
    if (value->kind == ExprKind::kParam && value->type == type_oid::kVoid) continue;
    out.names.push_back(name);
    out.args.push_back(value);
  }
  if (out.schema != "pg_catalog" && !out.schema.empty() &&
      context_.catalog.find_schema(out.schema) == kInvalidOid) {
    throw SqlError(sqlstate::kInvalidSchemaName, fmt::format("schema \"{}\" does not exist", out.schema))
        .at(position(call.location));
  }
  return out;
}

Expr* Binder::bind_procedure_call(Scope& scope, const parser::FuncCall& call) {
  CallArguments args = call_arguments(scope, call);
  args.is_procedure = true;
  Expr* bound = call_function(args);
  const auto& f = bound->as<FunctionExpr>();
  if (f.function->routine == nullptr || !f.function->routine->is_procedure) {
    throw SqlError(sqlstate::kWrongObjectType,
                   fmt::format("{} is not a procedure", signature(*this, args, false)))
        .hint("To call a function, use SELECT.")
        .at(position(call.location));
  }
  return bound;
}

namespace {

// date('2020-01-01'), text(5): a call of a type's name with one argument is a cast, where one exists.
const functions::TypeInfo* type_named_function(const parser::FuncCall& call, size_t arg_count) {
  if (arg_count != 1 || call.distinct || call.star || call.over != nullptr || call.filter != nullptr)
    return nullptr;
  return functions::type_by_name(call.names.back());
}

bool exact_function_exists(std::string_view name, Oid type) {
  for (const Function* f : functions::functions_named(name)) {
    if (f->args.size() == 1 && f->args[0] == type) return true;
  }
  return false;
}

}  // namespace

namespace {

bool is_hypothetical(std::string_view name) {
  return name == "rank" || name == "dense_rank" || name == "percent_rank" || name == "cume_dist";
}
bool is_ordered_set(const Function& f) {
  if (const functions::SqlAggregate* own = functions::as_sql_aggregate(f.aggregate)) return own->ordered_set;
  return f.kind == FunctionKind::kAggregate && (is_hypothetical(f.name) || f.name == "mode" ||
                                                f.name == "percentile_cont" || f.name == "percentile_disc");
}

}  // namespace

// WITHIN GROUP (ORDER BY …): the sort expressions become arguments. A hypothetical row is compared with each
// row key by key, so the two take one type, and the directions go along as a constant.
void Binder::add_ordered_arguments(Scope& scope, const parser::FuncCall& call, bool is_aggregate,
                                   CallArguments* written) {
  std::vector<Expr*>& args = written->args;
  size_t direct = args.size(), keys = call.order_by.size();
  for (const parser::SortBy* sort : call.order_by) {
    args.push_back(bind_expr(scope, sort->expression));
    written->names.push_back({});
  }
  if (!is_hypothetical(call.names.back()) || !is_aggregate) return;
  if (direct != keys) {
    SqlError error(sqlstate::kUndefinedFunction,
                   fmt::format("function {} does not exist", signature(*this, *written, false)));
    throw error
        .hint(fmt::format(
            "To use the hypothetical-set aggregate {}, the number of hypothetical direct arguments (here {}) "
            "must match the number of ordering columns (here {}).",
            call.names.back(), direct, keys))
        .at(position(call.location));
  }
  int64_t flags = 0;
  for (size_t k = 0; k < keys; ++k) {
    std::vector<Expr*> pair{args[k], args[keys + k]};
    Oid common = select_common_type(pair, "WITHIN GROUP");
    args[k] = coerce_to_common(args[k], common, "WITHIN GROUP");
    args[keys + k] = coerce_to_common(args[keys + k], common, "WITHIN GROUP");
    bool descending = false, nulls_first = false;
    apply_sort_options(*call.order_by[k], args[keys + k], &descending, &nulls_first);
    flags |= int64_t{(descending ? 1 : 0) | (nulls_first ? 2 : 0)} << (2 * k);
  }
  args.push_back(make_const(type_oid::kInt8, types::Value::of_int64(flags)));
  written->names.push_back({});
}

void Binder::check_within_group(const parser::FuncCall& call, const Function& function) {
  if (is_ordered_set(function) == call.within_group) {
    if (call.within_group && call.over != nullptr) {
      throw_not_supported(fmt::format("OVER is not supported for ordered-set aggregate {}", function.name),
                          position(call.location));
    }
    return;
  }
  throw SqlError(
      sqlstate::kWrongObjectType,
      call.within_group
          ? fmt::format("{} is not an ordered-set aggregate, so it cannot have WITHIN GROUP", function.name)
          : fmt::format("WITHIN GROUP is required for ordered-set aggregate {}", function.name))
      .at(position(call.location));
}

RoutineKinds Binder::routine_kinds(const parser::FuncCall& call) {
  RoutineKinds kinds;
  for (const catalog::RoutinePtr& r : context_.catalog.routines_named(call.names.back()))
    (r->kind == 'a' ? kinds.aggregate : kinds.scalar) = true;
  return kinds;
}

// An aggregate's arguments that were bound before it was known to be one.
void Binder::refuse_nested_aggregate(const FunctionExpr& call) {
  for (Expr* arg : call.args) {
    any_of(arg, [&](const Expr& e) {
      if (e.kind == ExprKind::kAggregate && e.as<AggregateExpr>().levels_up == 0) {
        throw SqlError(sqlstate::kGroupingError, "aggregate function calls cannot be nested")
            .at(position(e.location));
      }
      return false;
    });
  }
}

// t.f: a function f of the row of t. Null when there is none.
Expr* Binder::call_on_row(Scope& scope, const parser::ColumnRef& ref) {
  parser::ColumnRef row = ref;
  row.names = ref.names.first(ref.names.size() - 1);
  row.star = true;
  parser::Node* args[] = {&row};
  std::string_view names[] = {ref.names.back()};
  parser::FuncCall call;
  call.location = ref.location;
  call.names = names;
  call.args = args;
  try {
    return bind_function_call(scope, call);
  } catch (const SqlError& e) {
    if (e.state() != sqlstate::kUndefinedFunction && e.state() != sqlstate::kAmbiguousFunction) throw;
    return nullptr;
  }
}

// f(t): the field f of a row, where there is no such function. Null: it is not that either.
Expr* Binder::field_by_call(Scope& scope, const parser::FuncCall& call, const CallArguments& written) {
  bool plain = written.args.size() == 1 && call.names.size() == 1 && call.order_by.empty() && !call.star &&
               !call.distinct && !call.variadic && call.filter == nullptr && call.over == nullptr &&
               written.names[0].empty();
  if (!plain || !is_row_type(written.args[0]->type)) return nullptr;
  refresh_row_type(written.args[0]->type);
  std::vector<RangeColumn> fields = row_fields(written.args[0], &scope);
  for (uint32_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == call.names.back()) return make_field(written.args[0], i, fields[i], call.location);
  }
  return nullptr;
}

Expr* Binder::bind_function_call(Scope& scope, const parser::FuncCall& call) {
  std::string_view name = call.names.back();

  Clause outer_clause = scope.clause;
  bool was_in_aggregate = scope.in_aggregate;
  bool foreign = call.names.size() > 1 && call.names[call.names.size() - 2] != "pg_catalog";
  auto candidates = foreign ? std::span<const Function* const>() : functions::functions_named(name);
  bool is_aggregate =
      !candidates.empty() &&
      candidates[call.within_group ? candidates.size() - 1 : 0]->kind == FunctionKind::kAggregate;
  // Where functions that SQL made share an aggregate's name, only the arguments' types tell.
  RoutineKinds made = routine_kinds(call);
  bool mixed = made.scalar && (is_aggregate || made.aggregate);
  if (candidates.empty()) is_aggregate = made.aggregate;
  if (mixed) is_aggregate = false;
  if (is_aggregate && call.over == nullptr) scope.in_aggregate = true;
  CallArguments written = call_arguments(scope, call);
  std::vector<Expr*>& args = written.args;
  if (const functions::TypeInfo* type = type_named_function(call, args.size())) {
    Oid from = args[0]->type;
    if (!exact_function_exists(name, from) &&
        (from == type_oid::kUnknown || functions::find_cast(from, type->oid) != nullptr ||
         find_user_cast(from, type->oid) != nullptr || from == type->oid)) {
      scope.in_aggregate = was_in_aggregate;
      if (Expr* cast = try_coerce(args[0], type->oid, -1, CastContext::kExplicit, call.location)) return cast;
    }
  }
  if (is_aggregate && args.empty() && !call.star && name == "count") {
    throw SqlError(sqlstate::kWrongObjectType,
                   "count(*) must be used to call a parameterless aggregate function")
        .at(position(call.location));
  }

  size_t direct_args = args.size();
  if (call.within_group) add_ordered_arguments(scope, call, is_aggregate, &written);
  Expr* bound = nullptr;
  try {
    bound = call_function(written);
  } catch (const SqlError& e) {
    Expr* field = e.state() == sqlstate::kUndefinedFunction ? field_by_call(scope, call, written) : nullptr;
    if (field == nullptr) throw;
    scope.in_aggregate = was_in_aggregate;
    return field;
  }
  auto& function_call = bound->as<FunctionExpr>();
  const Function& function = *function_call.function;
  check_within_group(call, function);
  if (mixed && function.kind == FunctionKind::kAggregate && call.over == nullptr)
    refuse_nested_aggregate(function_call);
  Expr* filter = nullptr;
  std::vector<SortKey> order_by;
  if (call.filter != nullptr) {
    if (function.kind != FunctionKind::kAggregate) {
      throw SqlError(sqlstate::kWrongObjectType,
                     fmt::format("FILTER specified, but {} is not an aggregate function", name))
          .at(position(call.location));
    }
    filter = bind_condition(scope, call.filter, Clause::kFilter);
    scope.clause = outer_clause;
  }
  if (call.within_group) {
    for (size_t i = 0; i < call.order_by.size(); ++i) {
      SortKey key;
      key.expr = function_call.args[direct_args + i];
      refuse_conflict(*key.expr);
      key.collation = collation_object(key.expr->collation);
      apply_sort_options(*call.order_by[i], key.expr, &key.descending, &key.nulls_first);
      order_by.push_back(key);
    }
  } else if (!call.order_by.empty()) {
    if (function.kind != FunctionKind::kAggregate) {
      throw SqlError(sqlstate::kWrongObjectType,
                     fmt::format("ORDER BY specified, but {} is not an aggregate function", name))
          .at(position(call.location));
    }
    for (const parser::SortBy* sort : call.order_by) {
      SortKey key;
      key.expr = resolve_unknown(bind_expr(scope, sort->expression));
      refuse_conflict(*key.expr);
      key.collation = collation_object(key.expr->collation);
      apply_sort_options(*sort, key.expr, &key.descending, &key.nulls_first);
      order_by.push_back(key);
    }
  }
  scope.in_aggregate = was_in_aggregate;
  if (call.distinct && function.kind != FunctionKind::kAggregate) {
    throw SqlError(sqlstate::kWrongObjectType,
                   fmt::format("DISTINCT specified, but {} is not an aggregate function", name))
        .at(position(call.location));
  }
  if (call.over != nullptr) {
    if (function.kind != FunctionKind::kAggregate && function.kind != FunctionKind::kWindow) {
      throw SqlError(
          sqlstate::kWrongObjectType,
          fmt::format("OVER specified, but {} is not a window function nor an aggregate function", name))
          .at(position(call.location));
    }
    if (scope.clause != Clause::kSelect && scope.clause != Clause::kOrderBy &&
        scope.clause != Clause::kDistinctOn) {
      throw SqlError(sqlstate::kWindowingError,
                     fmt::format("window functions are not allowed in {}", clause_text(scope.clause)))
          .at(position(call.location));
    }
    if (call.distinct)
      throw SqlError(sqlstate::kFeatureNotSupported, "DISTINCT is not implemented for window functions")
          .at(position(call.location));
    for (const Expr* arg : function_call.args) {
      any_of(arg, [&](const Expr& x) {
        if (x.kind != ExprKind::kSetReturning) return false;
        throw SqlError(sqlstate::kFeatureNotSupported,
                       "window function calls cannot contain set-returning function calls")
            .hint("You might be able to move the set-returning function into a LATERAL FROM item.")
            .at(position(x.location));
      });
    }
    auto* window = make<WindowExpr>(ExprKind::kWindow, bound->type, call.location);
    window->function = &function;
    window->site = function_call.site;
    window->args = function_call.args;
    window->star = call.star;
    window->filter = filter;
    keep_collation(window, *bound);
    window->window = bind_window(scope, *call.over);
    scope.has_windows = true;
    return window;
  }
  if (function.routine != nullptr && function.routine->is_procedure) {
    throw SqlError(sqlstate::kWrongObjectType,
                   fmt::format("{} is a procedure", signature(*this, written, false)))
        .hint("To call a procedure, use CALL.")
        .at(position(call.location));
  }
  switch (function.kind) {
    case FunctionKind::kScalar:
      return bound;
    case FunctionKind::kWindow:
      throw SqlError(sqlstate::kWrongObjectType,
                     fmt::format("window function {} requires an OVER clause", name))
          .at(position(call.location));
    case FunctionKind::kSetReturning: {
      check_set_returning(scope, call.location);
      auto* srf = make<SetReturningExpr>(ExprKind::kSetReturning, bound->type, call.location);
      srf->function = &function;
      srf->site = function_call.site;
      srf->args = function_call.args;
      keep_collation(srf, *bound);
      scope.has_set_returning = true;
      if (scope.clause != Clause::kFromFunction && makes_json_records(function))
        return json_records(function, *srf->site, srf->args, srf, {}, -1);
      return srf;
    }
    case FunctionKind::kAggregate:
      break;
  }
  if (call.distinct) {
    for (const SortKey& key : order_by) {
      bool is_argument = std::any_of(function_call.args.begin(), function_call.args.end(),
                                     [&](const Expr* arg) { return same_expression(arg, key.expr); });
      if (is_argument) continue;
      throw SqlError(sqlstate::kInvalidColumnReference,
                     "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list")
          .at(position(key.expr->location));
    }
  }
  auto* aggregate = make<AggregateExpr>(ExprKind::kAggregate, bound->type, call.location);
  aggregate->function = &function;
  aggregate->site = function_call.site;
  aggregate->args = function_call.args;
  aggregate->distinct = call.distinct;
  aggregate->star = call.star;
  aggregate->order_by = arena_.copy(order_by);
  aggregate->filter = filter;
  if (call.within_group) aggregate->direct_args = static_cast<uint32_t>(direct_args);
  keep_collation(aggregate, *bound);
  return place_aggregate(scope, aggregate);
}

}  // namespace varve::analyzer
