// Which collation the result of an expression has, from those of its arguments (documentation chapter 24.2).
#include <fmt/format.h>

#include "analyzer/expression_walk.h"
#include "binder.h"
#include "common/sql_error.h"

namespace varve::analyzer {

namespace {

enum class Strength : uint8_t { kNone, kImplicit, kConflict, kExplicit };

struct Derived {
  Oid collation, other;  // of a conflict: both
  Strength strength = Strength::kNone;
  int32_t location = -1;
};

Strength strength_of(const Expr& e) {
  if (e.collation == kInvalidOid) return Strength::kNone;
  if (e.collation == kNoCollation) return Strength::kConflict;
  return e.explicit_collation ? Strength::kExplicit : Strength::kImplicit;
}

// The place that an explicit collation was written at.
int32_t location_of(const Expr& e) {
  if (!e.explicit_collation || (e.kind == ExprKind::kRelabel && !e.as<CastExpr>().implicit))
    return e.location;
  int32_t found = -1;
  Expr* inner = const_cast<Expr*>(&e);  // visited, not changed
  visit_children(*inner, [&](Expr*& child) {
    if (found < 0 && child->explicit_collation) found = location_of(*child);
  });
  return found < 0 ? e.location : found;
}

// What two arguments make together. 42P21 where both are explicit and differ: `name` says what they are.
template <class Name>
void merge(Binder& binder, Derived* all, const Derived& next, Name&& name) {
  if (next.strength > all->strength) {
    *all = next;
    return;
  }
  if (next.strength != all->strength || next.collation == all->collation) return;
  if (next.strength == Strength::kExplicit) {
    throw SqlError(sqlstate::kCollationMismatch,
                   fmt::format("collation mismatch between explicit collations \"{}\" and \"{}\"",
                               name(all->collation), name(next.collation)))
        .at(binder.position(next.location));
  }
  if (next.strength != Strength::kImplicit) return;
  if (all->collation == catalog::kDefaultCollation)
    *all = next;
  else if (next.collation != catalog::kDefaultCollation)
    *all = {all->collation, next.collation, Strength::kConflict, next.location};
}

// What a function needs a collation for; empty: it needs none.
std::string_view collation_use(const functions::Function& f) {
  if (f.args.empty()) return {};
  std::string_view name = f.name;
  auto is_string = [](Oid t) {
    return t == type_oid::kText || t == type_oid::kBpchar || t == type_oid::kName || t == type_oid::kVarchar;
  };
  if (!is_string(f.args[0])) return {};
  if (name == "lower" || name == "upper" || name == "initcap") {
    return name == "lower" ? "lower() function" : name == "upper" ? "upper() function" : "initcap() function";
  }
  if (name.ends_with("iclike") || name.ends_with("icnlike")) return "ILIKE";
  if (name.find("regex") != std::string_view::npos && name != "regexp_quote") return "regular expression";
  for (std::string_view compare :
       {"texteq",   "textne",   "text_lt",    "text_le",   "text_gt",     "text_ge",      "bpchareq",
        "bpcharne", "bpcharlt", "bpcharle",   "bpchargt",  "bpcharge",    "nameeq",       "namene",
        "namelt",   "namele",   "namegt",     "namege",    "text_larger", "text_smaller", "bttextcmp",
        "max",      "min",      "nameeqtext", "texteqname"}) {
    if (name == compare) return "string comparison";
  }
  return {};
}

}  // namespace

std::string Binder::collation_name(Oid collation) {
  std::string name;
  const catalog::KeyMatch match[] = {{"oid", types::Value::of_oid(collation.value())}};
  context_.catalog.for_each(catalog::system_table("pg_collation"), match,
                            [&](const catalog::Row& row) { name = row.text("collname"); });
  return name;
}

void Binder::derive_collation(Expr* result, std::span<Expr* const> args) {
  Derived all;
  for (const Expr* arg : args) {
    Derived next{arg->collation, kInvalidOid, strength_of(*arg), -1};
    if (next.strength == Strength::kExplicit) next.location = location_of(*arg);
    merge(*this, &all, next, [&](Oid c) { return collation_name(c); });
  }
  result->explicit_collation = all.strength == Strength::kExplicit;
  result->collation = all.strength == Strength::kConflict ? kNoCollation : all.collation;
}

Oid Binder::common_collation(std::span<Expr* const> args) {
  Expr result{};
  derive_collation(&result, args);
  return result.collation;
}

void Binder::require_collation(const functions::Function& function, Oid collation) {
  if (collation != kNoCollation) return;
  std::string_view use = collation_use(function);
  if (!use.empty()) throw_no_collation(use);
}

void Binder::throw_no_collation(std::string_view use) {
  throw SqlError(sqlstate::kIndeterminateCollation,
                 fmt::format("could not determine which collation to use for {}", use))
      .hint("Use the COLLATE clause to set the collation explicitly.");
}

void Binder::refuse_conflict(const Expr& key) {
  if (key.collation != kNoCollation) return;
  // Found again, for the message: the first two leaves that disagree.
  auto derive = [&](auto&& self, const Expr& e) -> Derived {
    Derived all;
    if (e.collation != kNoCollation) return {e.collation, kInvalidOid, strength_of(e), e.location};
    Expr* inner = const_cast<Expr*>(&e);  // visited, not changed
    visit_children(*inner, [&](Expr*& child) {
      if (all.strength < Strength::kConflict)
        merge(*this, &all, self(self, *child), [&](Oid c) { return collation_name(c); });
    });
    return all;
  };
  Derived found = derive(derive, key);
  if (found.strength != Strength::kConflict || found.other == kInvalidOid)
    throw_no_collation("string comparison");
  throw_collation_conflict(found.collation, found.other, found.location);
}

void Binder::throw_collation_conflict(Oid one, Oid other, int32_t location) {
  throw SqlError(sqlstate::kCollationMismatch,
                 fmt::format("collation mismatch between implicit collations \"{}\" and \"{}\"",
                             collation_name(one), collation_name(other)))
      .hint("You can choose the collation by applying the COLLATE clause to one or both expressions.")
      .at(position(location));
}

}  // namespace varve::analyzer
