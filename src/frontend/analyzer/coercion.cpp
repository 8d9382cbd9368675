// Type coercion: PostgreSQL's rules of which type becomes which, and where.
#include <algorithm>

#include "analyzer/expression_walk.h"
#include "analyzer/own_database.h"
#include "binder.h"
#include "catalog/operators.h"
#include "catalog/user_type.h"
#include "domain_binder.h"
#include "functions/range.h"
#include "functions/user_types.h"
#include "parser/parser.h"
#include "polymorphic.h"
#include "user_operators.h"

namespace varve::analyzer {

using functions::CastContext;
using types::Value;

namespace {

bool is_string_category(Oid type) {
  const functions::TypeInfo* info = functions::type_by_oid(type);
  return info != nullptr && info->category == 'S';
}

bool is_array_type(Oid type) {
  const functions::TypeInfo* info = functions::type_by_oid(type);
  return info != nullptr && info->element_type != kInvalidOid &&
         (info->category == 'A' || type == type_oid::kRecordArray);
}

// The pairs that PostgreSQL casts through their text.
bool casts_through_text(Oid from, Oid to) {
  return (from == type_oid::kJson && to == type_oid::kJsonb) ||
         (from == type_oid::kJsonb && to == type_oid::kJson);
}

// The row of a table of the composite type `to`.
bool is_row_of_typed_table(catalog::Catalog& catalog, Oid from, Oid to) {
  const functions::TypeInfo *row = functions::type_by_oid(from), *type = functions::type_by_oid(to);
  if (row == nullptr || type == nullptr || row->kind != 'c' || type->kind != 'c') return false;
  catalog::RelationPtr table = catalog.relation(row->relation);
  return table != nullptr && table->of_type == to;
}

}  // namespace

bool Binder::can_coerce(Oid from, Oid to, CastContext context) {
  if (from == to || from == type_oid::kUnknown) return true;
  if (to == type_oid::kAny || to == type_oid::kAnyelement || to == type_oid::kAnycompatible) return true;
  if (functions::type_by_oid(to) == nullptr) {
    if (Oid base = base_of(to); base != to) return can_coerce(from, base, context);
  }
  if (to == type_oid::kAnynonarray || to == type_oid::kAnycompatiblenonarray) return !is_array_type(from);
  if (to == type_oid::kAnyarray || to == type_oid::kAnycompatiblearray) return is_array_type(from);
  if (polymorphic_kind(to).form == PolymorphicKind::Form::kRange) return functions::is_range_type(from);
  if (polymorphic_kind(to).form == PolymorphicKind::Form::kMultirange)
    return functions::is_multirange_type(from);
  if (to == type_oid::kAnyenum) return functions::is_enum(from);
  if (to == type_oid::kRecord) return is_row_type(from);
  if (from == type_oid::kRecord && is_row_type(to)) return true;  // if its fields can
  if (is_row_of_typed_table(context_.catalog, from, to)) return true;
  if (to == type_oid::kRecordArray && is_array_type(from))
    return is_row_type(functions::type_by_oid(from)->element_type);
  if (const functions::Cast* cast = functions::find_cast(from, to)) return cast->context <= context;
  if (const catalog::UserCast* cast = find_user_cast(from, to)) return user_cast_allowed(*cast, context);
  // int2vector and oidvector have elements, but nothing turns into them by itself.
  bool is_vector = to == type_oid::kInt2vector || to == type_oid::kOidvector;
  if (is_array_type(from) && is_array_type(to) && !is_vector) {
    return can_coerce(functions::type_by_oid(from)->element_type, functions::type_by_oid(to)->element_type,
                      context);
  }
  if (casts_through_text(from, to)) return context >= CastContext::kAssignment;
  // Anything has a text form: to a string type under assignment, from one by explicit cast.
  if (is_string_category(to) && context >= CastContext::kAssignment)
    return functions::type_by_oid(from) != nullptr;
  if (is_string_category(from) && context == CastContext::kExplicit)
    return functions::type_by_oid(to) != nullptr;
  return false;
}

Expr* Binder::try_coerce(Expr* e, Oid to, int32_t typmod, CastContext context, int32_t location) {
  if (location < 0) location = e->location;
  if (e->type == to) return apply_typmod(e, typmod, context == CastContext::kExplicit);
  if (to == type_oid::kAny || is_polymorphic_type(to)) return e;
  const functions::TypeInfo* target = functions::type_by_oid(to);
  if (target == nullptr && base_of(to) == to) target = functions::type_by_oid(to);  // an enum not met before
  if (target == nullptr) return DomainBinder(*this).coerce(e, to, context, location);
  if (e->type == type_oid::kUnknown && e->kind == ExprKind::kConst) {
    const Value& v = e->as<ConstExpr>().value;
    if (v.null) {
      Expr* null = make_const(to, Value::null_of(target->physical), typmod);
      null->location = e->location;
      return null;
    }
    try {
      // A length is applied as a cast of its own, so that an explicit one may cut silently.
      bool length_type = to == type_oid::kVarchar || to == type_oid::kBpchar || to == type_oid::kBit ||
                         to == type_oid::kVarbit || is_array_type(to);
      Value read = functions::parse_value(to, length_type ? -1 : typmod, v.view(), context_.eval);
      Expr* constant = make_const(to, types::copy_value(read, arena_), length_type ? -1 : typmod);
      constant->location = e->location;
      if (target->kind == 'c') return DomainBinder(*this).test_fields(constant);
      return length_type ? apply_typmod(constant, typmod, context == CastContext::kExplicit) : constant;
    } catch (SqlError& error) {
      error.at(position(e->location));
      throw;
    }
  }
  if (e->type == type_oid::kUnknown && e->kind == ExprKind::kParam && context_.params != nullptr &&
      e->as<ParamExpr>().index < context_.params->size()) {
    Oid& known = (*context_.params)[e->as<ParamExpr>().index];
    if (known == kInvalidOid || known == type_oid::kUnknown)
      known = to;
    else if (known != to) {
      throw SqlError(
          sqlstate::kAmbiguousParameter,
          fmt::format("inconsistent types deduced for parameter ${}", e->as<ParamExpr>().index + 1))
          .detail(fmt::format("{} versus {}", type_text(known), type_text(to)))
          .at(position(e->location));
    }
    e->type = to;
    return apply_typmod(e, typmod, context == CastContext::kExplicit);
  }
  if (e->type == type_oid::kUnknown) {
    Expr* cast = make<CastExpr>(ExprKind::kCoerceViaIo, to, location);
    cast->as<CastExpr>().arg = e;
    cast->typmod = typmod;
    return cast;
  }
  if (!can_coerce(e->type, to, context)) return nullptr;
  if (functions::find_cast(e->type, to) == nullptr) {
    if (const catalog::UserCast* cast = find_user_cast(e->type, to))
      return apply_user_cast(*cast, e, typmod, context, location);
  }
  if (e->type == type_oid::kRecord && is_row_type(to)) {
    return e->kind == ExprKind::kRow ? coerce_row(e->as<ListExpr>(), to, context, location) : nullptr;
  }
  if (to == type_oid::kRecord || to == type_oid::kRecordArray ||
      is_row_of_typed_table(context_.catalog, e->type, to)) {
    auto* relabel = make<CastExpr>(ExprKind::kRelabel, to, location);
    relabel->arg = e;
    relabel->implicit = true;
    return relabel;
  }
  if (coerces_elements(e->type, to)) return coerce_elements(e, to, typmod, context, location);
  const functions::Cast* cast = functions::find_cast(e->type, to);
  Expr* result = nullptr;
  if (cast != nullptr && cast->function != kInvalidOid) {
    const functions::Function* function = functions::function_by_oid(cast->function);
    if (function == nullptr) return nullptr;
    std::vector<Expr*> args{e};
    // Functions with a length argument take the typmod, and whether the cast is explicit.
    if (function->args.size() > 1) args.push_back(make_const(type_oid::kInt4, Value::of_int32(typmod)));
    if (function->args.size() > 2) args.push_back(make_bool(context == CastContext::kExplicit));
    result = make_function(*function, args, location, nullptr, context == CastContext::kExplicit ? 'c' : 'i');
    result->type = to;
    if (function->args.size() > 1) {
      result->typmod = typmod;
      return result;
    }
  } else {
    // An int2vector is an int2[] with a type of its own.
    bool binary = cast != nullptr || (is_array_type(e->type) && is_array_type(to) &&
                                      functions::type_by_oid(e->type)->element_type == target->element_type);
    result = make<CastExpr>(binary ? ExprKind::kRelabel : ExprKind::kCoerceViaIo, to, location);
    result->as<CastExpr>().arg = e;
    result->as<CastExpr>().implicit = context != CastContext::kExplicit;
  }
  if (target->collatable) keep_collation(result, *e);
  if (target->collatable && result->collation == kInvalidOid) result->collation = catalog::kDefaultCollation;
  return apply_typmod(result, typmod, context == CastContext::kExplicit);
}

// From one array type to another by a cast of the elements, where the bytes do not do.
bool Binder::coerces_elements(Oid from, Oid to) {
  if (!is_array_type(from) || !is_array_type(to) || functions::find_cast(from, to) != nullptr) return false;
  bool is_vector = to == type_oid::kInt2vector || to == type_oid::kOidvector;
  return !is_vector && functions::type_by_oid(from)->element_type != functions::type_by_oid(to)->element_type;
}

Expr* Binder::element_input(const Expr& array, int32_t location) {
  auto* input =
      make<CaseInputExpr>(ExprKind::kCaseInput, functions::type_by_oid(array.type)->element_type, location);
  input->typmod = array.typmod;
  keep_collation(input, array);
  return input;
}

Expr* Binder::coerce_elements(Expr* e, Oid to, int32_t typmod, CastContext context, int32_t location) {
  Expr* element = try_coerce(element_input(*e, location), functions::type_by_oid(to)->element_type, typmod,
                             context, location);
  return element == nullptr ? nullptr : over_elements(e, element, to, context, location);
}

Expr* Binder::over_elements(Expr* e, Expr* element, Oid to, CastContext context, int32_t location) {
  auto* result = make<ArrayCoerceExpr>(ExprKind::kArrayCoerce, to, location);
  result->arg = e;
  result->element = element;
  result->implicit = context != CastContext::kExplicit;
  result->typmod = element->typmod;
  keep_collation(result, *element);
  return result;
}

Expr* Binder::apply_typmod(Expr* e, int32_t typmod, bool explicit_cast) {
  if (typmod < 0 || e->typmod == typmod) return e;
  if (is_array_type(e->type)) {
    Expr* input = element_input(*e, e->location);
    Expr* element = apply_typmod(input, typmod, explicit_cast);
    if (element == input) return e;
    return over_elements(e, element, e->type, explicit_cast ? CastContext::kExplicit : CastContext::kImplicit,
                         e->location);
  }
  const functions::Cast* cast = functions::find_cast(e->type, e->type);  // length coercion: type to itself
  if (cast == nullptr || cast->function == kInvalidOid) return e;
  const functions::Function* function = functions::function_by_oid(cast->function);
  if (function == nullptr) return e;
  std::vector<Expr*> args{e, make_const(type_oid::kInt4, Value::of_int32(typmod))};
  if (function->args.size() > 2) args.push_back(make_bool(explicit_cast));
  Expr* result = make_function(*function, args, e->location, nullptr, explicit_cast ? 'c' : 'i');
  result->typmod = typmod;
  keep_collation(result, *e);
  return result;
}

Expr* Binder::resolve_unknown(Expr* e) {
  if (e->type != type_oid::kUnknown) return e;
  return try_coerce(e, type_oid::kText, -1, CastContext::kImplicit);
}

Expr* Binder::coerce_to_boolean(Expr* e, std::string_view construct) {
  if (e->type == type_oid::kBool) return e;
  Expr* coerced =
      can_coerce(e->type, type_oid::kBool, CastContext::kAssignment) && !is_string_category(e->type)
          ? try_coerce(e, type_oid::kBool, -1, CastContext::kAssignment)
          : nullptr;
  if (coerced == nullptr) {
    throw SqlError(
        sqlstate::kDatatypeMismatch,
        fmt::format("argument of {} must be type boolean, not type {}", construct, type_text(e->type)))
        .at(position(e->location));
  }
  return coerced;
}

Expr* Binder::coerce_to_specific(Expr* e, Oid type, std::string_view construct) {
  Expr* coerced = try_coerce(e, type, -1, CastContext::kAssignment);
  if (coerced == nullptr) {
    throw SqlError(sqlstate::kDatatypeMismatch, fmt::format("argument of {} must be type {}, not type {}",
                                                            construct, type_text(type), type_text(e->type)))
        .at(position(e->location));
  }
  return coerced;
}

Expr* Binder::coerce_to_common(Expr* e, Oid type, std::string_view construct) {
  Expr* coerced = try_coerce(e, type, -1, CastContext::kImplicit);
  if (coerced == nullptr) {
    throw SqlError(sqlstate::kCannotCoerce, fmt::format("{} could not convert type {} to {}", construct,
                                                        type_text(e->type), type_text(type)))
        .at(position(e->location));
  }
  return coerced;
}

Oid Binder::select_common_type(std::span<Expr* const> exprs, std::string_view construct) {
  Oid common = type_oid::kUnknown;
  for (Expr* e : exprs) {
    if (e->type == type_oid::kUnknown || e->type == common) continue;
    if (common == type_oid::kUnknown) {
      common = e->type;
      continue;
    }
    const functions::TypeInfo* now = functions::type_by_oid(common);
    const functions::TypeInfo* next = functions::type_by_oid(e->type);
    if (now == nullptr || next == nullptr || now->category != next->category) {
      throw SqlError(sqlstate::kDatatypeMismatch,
                     fmt::format("{} types {} and {} cannot be matched", construct, type_text(common),
                                 type_text(e->type)))
          .at(position(e->location));
    }
    if (!now->preferred && can_coerce(common, e->type, CastContext::kImplicit) &&
        !can_coerce(e->type, common, CastContext::kImplicit)) {
      common = e->type;
    }
  }
  return common == type_oid::kUnknown ? type_oid::kText : common;
}

Expr* Binder::coerce_for_assignment(Expr* e, Oid type, int32_t typmod, std::string_view column) {
  Oid from = e->type;
  Expr* coerced = try_coerce(e, type, typmod, CastContext::kAssignment);
  if (coerced == nullptr) {
    throw SqlError(sqlstate::kDatatypeMismatch,
                   fmt::format("column \"{}\" is of type {} but expression is of type {}", column,
                               type_text(type), type_text(from)))
        .hint("You will need to rewrite or cast the expression.")
        .at(position(e->location));
  }
  return coerced;
}

// --- type names

namespace {

std::string joined(parser::NameList names) {
  std::string text;
  for (std::string_view name : names) {
    if (!text.empty()) text += '.';
    text += name;
  }
  return text;
}

int32_t const_int(const parser::Node* node) {
  if (parser::is<parser::ConstExpr>(node)) {
    const auto* c = parser::as<parser::ConstExpr>(node);
    if (c->type == parser::ConstKind::kInteger) return c->integer;
  }
  throw SqlError(sqlstate::kInvalidParameterValue, "type modifiers must be simple constants or identifiers");
}

// The type's typmod input function, for the types that have one.
int32_t encode_typmod(Oid type, std::string_view type_name, std::span<const int32_t> mods) {
  auto invalid = [](std::string text) { return SqlError(sqlstate::kInvalidParameterValue, std::move(text)); };
  switch (type.value()) {
    case type_oid::kVarchar.value():
    case type_oid::kBpchar.value():
      if (mods.size() != 1) throw invalid("invalid type modifier");
      if (mods[0] < 1) throw invalid(fmt::format("length for type {} must be at least 1", type_name));
      if (mods[0] > 10485760)
        throw invalid(fmt::format("length for type {} cannot exceed 10485760", type_name));
      return mods[0] + 4;
    case type_oid::kBit.value():
    case type_oid::kVarbit.value():
      if (mods.size() != 1) throw invalid("invalid type modifier");
      if (mods[0] < 1) throw invalid(fmt::format("length for type {} must be at least 1", type_name));
      return mods[0];
    case type_oid::kNumeric.value():
      if (mods.size() > 2) throw invalid("invalid NUMERIC type modifier");
      if (mods[0] < 1 || mods[0] > 1000) {
        throw invalid(fmt::format("NUMERIC precision {} must be between 1 and 1000", mods[0]));
      }
      if (mods.size() == 2 && (mods[1] < -1000 || mods[1] > 1000)) {
        throw invalid(fmt::format("NUMERIC scale {} must be between -1000 and 1000", mods[1]));
      }
      return types::make_numeric_typmod(mods[0], mods.size() == 2 ? mods[1] : 0);
    case type_oid::kTime.value():
    case type_oid::kTimetz.value():
    case type_oid::kTimestamp.value():
    case type_oid::kTimestamptz.value():
      if (mods.size() != 1) throw invalid("invalid type modifier");
      return std::min(mods[0], 6);
    case type_oid::kInterval.value():
      return types::make_interval_typmod(
          mods[0], mods.size() > 1 ? std::min(mods[1], 6) : types::kIntervalFullPrecision);
    default:
      throw SqlError(sqlstate::kSyntaxError,
                     fmt::format("type modifier is not allowed for type \"{}\"", type_name));
  }
}

}  // namespace

// The type of this name: built in, or found along the search path. Null: there is none.
const functions::TypeInfo* Binder::find_named_type(const parser::TypeName& name) {
  std::string_view word = name.names.back();
  if (name.names.size() > 1) {
    require_own_database(context_, name.names, 0);
    std::string_view schema = name.names[name.names.size() - 2];
    if (schema == "pg_catalog") return functions::type_by_name(word);
    Oid found = context_.catalog.find_type(context_.catalog.find_schema(schema), word);
    return found == kInvalidOid ? nullptr : functions::type_by_oid(found);
  }
  bool catalog_named = std::find(context_.search_path.begin(), context_.search_path.end(),
                                 catalog::kPgCatalogSchema) != context_.search_path.end();
  if (!catalog_named) {
    if (const functions::TypeInfo* info = functions::type_by_name(word)) return info;
  }
  for (Oid schema : context_.search_path) {
    if (schema == catalog::kPgCatalogSchema) {
      if (const functions::TypeInfo* info = functions::type_by_name(word)) return info;
      continue;
    }
    Oid found = context_.catalog.find_type(schema, word);
    if (found != kInvalidOid) return functions::type_by_oid(found);
  }
  return nullptr;
}

// [schema.]table.column%TYPE
TypeReference Binder::column_type(const parser::TypeName& name) {
  if (name.names.size() < 2) {
    throw SqlError(sqlstate::kSyntaxError,
                   fmt::format("improper %TYPE reference (too few dotted names): {}", joined(name.names)))
        .at(position(name.location));
  }
  std::string_view schema = name.names.size() > 2 ? name.names[name.names.size() - 3] : std::string_view();
  std::string_view table = name.names[name.names.size() - 2];
  catalog::RelationPtr relation =
      lookup_relation(context_, schema, table, txn::LockMode::kNone, false, position(name.location));
  catalog::ColumnNumber number = relation->find_column(name.names.back());
  if (number == 0) {
    throw SqlError(sqlstate::kUndefinedColumn,
                   fmt::format("column \"{}\" of relation \"{}\" does not exist", name.names.back(), table))
        .at(position(name.location));
  }
  const catalog::Column& c = relation->column(number);
  return {c.type, c.typmod, name.set_of};
}

TypeReference Binder::resolve_type(const parser::TypeName& name) {
  TypeReference result;
  result.set_of = name.set_of;
  if (name.percent_type) return column_type(name);
  if (name.names.size() == 2 && name.names[0] != "pg_catalog" &&
      context_.catalog.find_schema(name.names[0]) == kInvalidOid) {
    throw SqlError(sqlstate::kInvalidSchemaName, fmt::format("schema \"{}\" does not exist", name.names[0]))
        .at(position(name.location));
  }
  const functions::TypeInfo* info = find_named_type(name);
  if (info == nullptr) {
    if (Oid user = find_user_type(name); user != kInvalidOid) return user_type_reference(name, user);
    throw SqlError(sqlstate::kUndefinedObject, fmt::format("type \"{}\" does not exist", joined(name.names)))
        .at(position(name.location));
  }
  result.type = info->oid;
  if (!name.typmods.empty()) {
    std::vector<int32_t> mods;
    for (const parser::Node* mod : name.typmods) mods.push_back(const_int(mod));
    try {
      result.typmod = encode_typmod(info->oid, info->oid == type_oid::kBpchar ? "char" : info->name, mods);
    } catch (SqlError& error) {
      error.at(position(name.location));
      throw;
    }
  }
  if (!name.array_bounds.empty()) {
    if (info->array_type == kInvalidOid) {
      throw SqlError(sqlstate::kUndefinedObject,
                     fmt::format("could not find array type for data type {}", info->sql_name))
          .at(position(name.location));
    }
    result.type = info->array_type;
  }
  return result;
}

}  // namespace varve::analyzer
