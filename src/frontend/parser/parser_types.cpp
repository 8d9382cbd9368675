// Type names.
#include <fmt/format.h>

#include "parser_impl.h"

namespace varve::parser {

using enum Tok;

// Bits of INTERVAL's field mask: 1 << field number, as PostgreSQL stores it in a typmod.
enum IntervalField : int32_t {
  kFieldMonth = 1 << 1,
  kFieldYear = 1 << 2,
  kFieldDay = 1 << 3,
  kFieldHour = 1 << 10,
  kFieldMinute = 1 << 11,
  kFieldSecond = 1 << 12,
  kFieldAll = 0x7FFF,
};

TypeName* Parser::system_type(std::string_view name, int32_t loc) {
  auto* node = make<TypeName>(loc);
  node->names = system_name(name);
  return node;
}

// Typename: [SETOF] simple_type [bounds].
TypeName* Parser::type_name() {
  bool set_of = accept(kSetof);
  TypeName* node = simple_type_name();
  node->set_of = set_of;
  opt_array_bounds(node);
  return node;
}

void Parser::opt_array_bounds(TypeName* node) {
  ListBuilder<int32_t> bounds;
  if (accept(kArray)) {
    if (accept('[')) {
      bounds.add(integer_const());
      expect(']');
    } else {
      bounds.add(-1);
    }
  } else {
    while (accept('[')) {
      bounds.add(at(kIntegerConst) ? integer_const() : -1);
      expect(']');
    }
  }
  node->array_bounds = finish(bounds);
}

// The keywords that begin a type of their own syntax.
bool Parser::at_keyword_type() const {
  switch (type()) {
    case kInt:
    case kInteger:
    case kSmallint:
    case kBigint:
    case kReal:
    case kFloat:
    case kDecimal:
    case kDec:
    case kNumeric:
    case kBoolean:
    case kBit:
    case kCharacter:
    case kChar:
    case kVarchar:
    case kNchar:
    case kTimestamp:
    case kTime:
    case kInterval:
    case kNational:
      return true;
    case kDouble:
      return next_is(kPrecision);
    default:
      return false;
  }
}

TypeName* Parser::simple_type_name() {
  if (!at_keyword_type()) return generic_type();
  TypeName* node = keyword_type(false);
  return node;
}

TypeName* Parser::generic_type() {
  int32_t loc = location();
  auto* node = make<TypeName>(loc);
  node->names = attrs_after(type_function_name());
  if (accept('(')) {
    node->typmods = expr_list();
    expect(')');
  }
  return node;
}

TypeName* Parser::float_type(int32_t loc) {
  if (!accept('(')) return system_type("float8", loc);
  int32_t digits_loc = location();
  int32_t digits = integer_const();
  expect(')');
  if (digits < 1) {
    error_at(digits_loc, sqlstate::kInvalidParameterValue, "precision for type float must be at least 1 bit");
  }
  if (digits > 53) {
    error_at(digits_loc, sqlstate::kInvalidParameterValue,
             "precision for type float must be less than 54 bits");
  }
  return system_type(digits <= 24 ? "float4" : "float8", loc);
}

// CHARACTER, CHAR, VARCHAR, NCHAR, NATIONAL CHARACTER; CHARACTER without a length means CHARACTER(1).
TypeName* Parser::character_type(int32_t loc) {
  bool varying = false;
  if (accept(kVarchar)) {
    varying = true;
  } else {
    if (accept(kNational)) {
      if (!at(kCharacter) && !at(kChar)) syntax_error();
    }
    advance();
    varying = accept(kVarying);
  }
  TypeName* node = system_type(varying ? "varchar" : "bpchar", loc);
  if (accept('(')) {
    int32_t length_loc = location();
    node->typmods = one<Node*>(make_integer(integer_const(), length_loc));
    expect(')');
  } else if (!varying) {
    node->typmods = one<Node*>(make_integer(1));
  }
  return node;
}

bool Parser::opt_timezone() {
  if (accept(kWithLa)) {
    expect_all(kTime, kZone);
    return true;
  }
  if (accept(kWithout)) expect_all(kTime, kZone);
  return false;
}

// `constant`: the type stands in front of a string literal, where INTERVAL's fields come behind the string
// and CHARACTER and BIT have no default length.
TypeName* Parser::keyword_type(bool constant) {
  int32_t loc = location();
  auto simple = [&](std::string_view name) {
    advance();
    return system_type(name, loc);
  };
  switch (type()) {
    case kInt:
    case kInteger:
      return simple("int4");
    case kSmallint:
      return simple("int2");
    case kBigint:
      return simple("int8");
    case kReal:
      return simple("float4");
    case kBoolean:
      return simple("bool");
    case kFloat:
      advance();
      return float_type(loc);
    case kDouble:
      advance();
      return simple("float8");
    case kDecimal:
    case kDec:
    case kNumeric: {
      TypeName* node = simple("numeric");
      if (at('(')) node->typmods = paren_list([&] { return a_expr(); });
      return node;
    }
    case kBit: {
      advance();
      bool varying = accept(kVarying);
      TypeName* node = system_type(varying ? "varbit" : "bit", loc);
      if (at('(')) {
        node->typmods = paren_list([&] { return a_expr(); });
      } else if (!varying && !constant) {
        node->typmods = one<Node*>(make_integer(1));
      }
      return node;
    }
    case kCharacter:
    case kChar:
    case kVarchar:
    case kNchar:
    case kNational: {
      TypeName* node = character_type(loc);
      // A literal keeps its own length unless one was written.
      if (constant && node->typmods.size() == 1 && node->typmods[0]->location < 0) node->typmods = {};
      return node;
    }
    case kTimestamp:
    case kTime: {
      bool stamp = at(kTimestamp);
      advance();
      NodeList typmods;
      if (accept('(')) {
        int32_t precision_loc = location();
        typmods = one<Node*>(make_integer(integer_const(), precision_loc));
        expect(')');
      }
      bool zone = opt_timezone();
      TypeName* node =
          system_type(stamp ? (zone ? "timestamptz" : "timestamp") : (zone ? "timetz" : "time"), loc);
      node->typmods = typmods;
      return node;
    }
    default:
      break;
  }
  expect(kInterval);
  TypeName* node = system_type("interval", loc);
  if (accept('(')) {
    int32_t precision_loc = location();
    Node* precision = make_integer(integer_const(), precision_loc);
    expect(')');
    ListBuilder<Node*> mods;
    mods.add(make_integer(kFieldAll));
    mods.add(precision);
    node->typmods = finish(mods);
  } else if (!constant) {
    opt_interval_fields(node);
  }
  return node;
}

void Parser::interval_second(TypeName* node, int32_t mask) {
  expect(kSecond);
  ListBuilder<Node*> mods;
  mods.add(make_integer(mask));
  if (accept('(')) {
    int32_t loc = location();
    mods.add(make_integer(integer_const(), loc));
    expect(')');
  }
  node->typmods = finish(mods);
}

void Parser::opt_interval_fields(TypeName* node) {
  auto set = [&](int32_t mask) { node->typmods = one<Node*>(make_integer(mask)); };
  switch (type()) {
    case kYear:
      advance();
      if (!accept(kTo)) return set(kFieldYear);
      expect(kMonth);
      return set(kFieldYear | kFieldMonth);
    case kMonth:
      advance();
      return set(kFieldMonth);
    case kDay:
      advance();
      if (!accept(kTo)) return set(kFieldDay);
      if (accept(kHour)) return set(kFieldDay | kFieldHour);
      if (accept(kMinute)) return set(kFieldDay | kFieldHour | kFieldMinute);
      return interval_second(node, kFieldDay | kFieldHour | kFieldMinute | kFieldSecond);
    case kHour:
      advance();
      if (!accept(kTo)) return set(kFieldHour);
      if (accept(kMinute)) return set(kFieldHour | kFieldMinute);
      return interval_second(node, kFieldHour | kFieldMinute | kFieldSecond);
    case kMinute:
      advance();
      if (!accept(kTo)) return set(kFieldMinute);
      return interval_second(node, kFieldMinute | kFieldSecond);
    case kSecond:
      return interval_second(node, kFieldSecond);
    default:
      return;
  }
}

// Typename, or name.attr%TYPE.
TypeName* Parser::func_type() {
  size_t start = pos_;
  bool set_of = accept(kSetof);
  if (has_flag(type(), kIsTypeFunctionName) && next_is('.')) {
    int32_t loc = location();
    NameList parts = attrs_after(type_function_name());
    if (accept('%')) {
      expect(kType);
      auto* node = make<TypeName>(loc);
      node->names = parts;
      node->percent_type = true;
      node->set_of = set_of;
      return node;
    }
  }
  pos_ = start;
  return type_name();
}

}  // namespace varve::parser
