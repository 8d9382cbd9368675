#include "polymorphic.h"

#include "functions/range.h"
#include "functions/type_oids.h"

namespace varve::analyzer {

using Form = PolymorphicKind::Form;

PolymorphicKind polymorphic_kind(Oid declared) {
  switch (declared.value()) {
    case type_oid::kAnyelement.value():
    case type_oid::kAnynonarray.value():
    case type_oid::kAnyenum.value():
      return {Form::kElement, false};
    case type_oid::kAnyarray.value():
      return {Form::kArray, false};
    case type_oid::kAnyrange.value():
      return {Form::kRange, false};
    case type_oid::kAnymultirange.value():
      return {Form::kMultirange, false};
    case type_oid::kAnycompatible.value():
    case type_oid::kAnycompatiblenonarray.value():
      return {Form::kElement, true};
    case type_oid::kAnycompatiblearray.value():
      return {Form::kArray, true};
    case type_oid::kAnycompatiblerange.value():
      return {Form::kRange, true};
    case type_oid::kAnycompatiblemultirange.value():
      return {Form::kMultirange, true};
    default:
      return {};
  }
}

Oid PolymorphicTypes::actual(Oid declared) const {
  PolymorphicKind kind = polymorphic_kind(declared);
  const Family& family = kind.compatible ? compatible : exact;
  switch (kind.form) {
    case Form::kNone:
      return declared;
    case Form::kElement:
      return family.element;
    case Form::kArray: {
      const functions::TypeInfo* info = functions::type_by_oid(family.element);
      const Oid array = info == nullptr ? kInvalidOid : info->array_type;
      return array != kInvalidOid ? array : family.array;
    }
    case Form::kRange:
      return family.range;
    case Form::kMultirange:
      return family.range == kInvalidOid ? kInvalidOid : functions::multirange_of_range(family.range);
  }
  return kInvalidOid;
}

PolymorphicTypes polymorphic_types(std::span<const Oid> declared, std::span<const Oid> arguments) {
  PolymorphicTypes types;
  for (size_t i = 0; i < declared.size() && i < arguments.size(); ++i) {
    PolymorphicKind kind = polymorphic_kind(declared[i]);
    PolymorphicTypes::Family& family = kind.compatible ? types.compatible : types.exact;
    const functions::TypeInfo* info = functions::type_by_oid(arguments[i]);
    Oid element, range;
    if (kind.form == Form::kElement) element = arguments[i];
    if (kind.form == Form::kArray && info != nullptr) {
      element = info->element_type;
      family.array = arguments[i];
    }
    if (kind.form == Form::kRange) range = arguments[i];
    if (kind.form == Form::kMultirange) range = functions::range_of_multirange(arguments[i]);
    if (family.range == kInvalidOid) family.range = range;
    if (family.element == kInvalidOid && range != kInvalidOid) element = functions::range_subtype(range);
    if (family.element == kInvalidOid) family.element = element;
  }
  return types;
}

Oid element_of(Oid type) {
  const functions::TypeInfo* info = functions::type_by_oid(type);
  return info == nullptr ? kInvalidOid : info->element_type;
}

}  // namespace varve::analyzer
