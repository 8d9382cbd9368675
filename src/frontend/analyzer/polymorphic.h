// Polymorphic types: two families, each of which stands for one type within a call. Of the anyelement family
// the arguments' own types must agree; those of the anycompatible family are brought to a common one. Private
// to the module.
#pragma once

#include <span>

#include "functions/registry.h"

namespace varve::analyzer {

struct PolymorphicKind {
  enum class Form : uint8_t { kNone, kElement, kArray, kRange, kMultirange };
  Form form = Form::kNone;
  bool compatible = false;
};
PolymorphicKind polymorphic_kind(Oid declared);
inline bool is_polymorphic_type(Oid type) {
  return polymorphic_kind(type).form != PolymorphicKind::Form::kNone;
}
inline bool is_polymorphic_array_type(Oid type) {
  return polymorphic_kind(type).form == PolymorphicKind::Form::kArray;
}

// What the families stand for.
struct PolymorphicTypes {
  struct Family {
    Oid element, range;
    Oid array;  // that was given: of one of arrays the elements' type does not tell
  };
  Family exact, compatible;
  // The type that a declared one means; 0: that is not known. Any other type means itself.
  Oid actual(Oid declared) const;
};

// Of an array's type; kInvalidOid: of any other.
Oid element_of(Oid type);

// What a call's arguments, converted already, say of the declared types.
PolymorphicTypes polymorphic_types(std::span<const Oid> declared, std::span<const Oid> arguments);

}  // namespace varve::analyzer
