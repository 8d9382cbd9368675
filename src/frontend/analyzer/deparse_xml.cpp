// SQL/XML's constructors as SQL.
#include "deparser.h"
#include "functions/registry.h"
#include "functions/xml_construct.h"
#include "parser/parser.h"

namespace varve::analyzer {

using functions::XmlConstructor;
using types::Value;

namespace {

const Value& const_value(const Expr* e) { return e->as<ConstExpr>().value; }
std::string identifier(const Expr* name) {
  return parser::quote_identifier(functions::name_of_xml(const_value(name).view()));
}

}  // namespace

bool Deparser::xml(const FunctionExpr& e) {
  std::optional<XmlConstructor> which = functions::xml_constructor_of(*e.function);
  if (!which) return false;
  // value AS name, …, from argument `from` on
  auto named = [&](size_t from, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      if (i != 0) out_ += ", ";
      print(*e.args[from + 2 * i + 1], true);
      out_ += " AS " + identifier(e.args[from + 2 * i]);
    }
  };
  switch (*which) {
    case XmlConstructor::kElement: {
      auto attributes = static_cast<size_t>(const_value(e.args[1]).int32);
      out_ += "XMLELEMENT(NAME " + identifier(e.args[0]);
      if (attributes != 0) {
        out_ += ", XMLATTRIBUTES(";
        named(2, attributes);
        out_ += ')';
      }
      for (const Expr* content : e.args.subspan(2 + 2 * attributes)) {
        out_ += ", ";
        print(*content, true);
      }
      break;
    }
    case XmlConstructor::kForest:
      out_ += "XMLFOREST(";
      named(0, e.args.size() / 2);
      break;
    case XmlConstructor::kConcat:
      out_ += "XMLCONCAT(";
      list(e.args);
      break;
    case XmlConstructor::kParse:
      out_ += const_value(e.args[1]).boolean != 0 ? "XMLPARSE(DOCUMENT " : "XMLPARSE(CONTENT ";
      print(*e.args[0], true);
      out_ += const_value(e.args[2]).boolean != 0 ? " PRESERVE WHITESPACE" : " STRIP WHITESPACE";
      break;
    case XmlConstructor::kPi:
      out_ += "XMLPI(NAME " + identifier(e.args[0]);
      if (e.args.size() > 1) {
        out_ += ", ";
        print(*e.args[1], true);
      }
      break;
    case XmlConstructor::kRoot: {
      out_ += "XMLROOT(";
      print(*e.args[0], true);
      out_ += ", VERSION ";
      bool no_version = e.args[1]->kind == ExprKind::kConst && const_value(e.args[1]).null;
      if (no_version)
        out_ += "NO VALUE";
      else
        print(*e.args[1], true);
      constexpr std::string_view kStandalone[] = {", STANDALONE YES", ", STANDALONE NO",
                                                  ", STANDALONE NO VALUE", ""};
      out_ += kStandalone[const_value(e.args[2]).int32 & 3];
      break;
    }
    case XmlConstructor::kDocument:
      operand(*e.args[0], e, true);
      out_ += " IS DOCUMENT";
      return true;
    case XmlConstructor::kSerialize:
      out_ += const_value(e.args[1]).boolean != 0 ? "XMLSERIALIZE(DOCUMENT " : "XMLSERIALIZE(CONTENT ";
      print(*e.args[0], true);
      out_ +=
          " AS " + functions::format_type(Oid{const_value(e.args[2]).oid()}, const_value(e.args[3]).int32);
      break;
  }
  out_ += ')';
  return true;
}

}  // namespace varve::analyzer
