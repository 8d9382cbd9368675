// SQL/XML's constructors: XMLELEMENT, XMLFOREST, XMLCONCAT, XMLPARSE, XMLPI, XMLROOT, XMLSERIALIZE, IS
// DOCUMENT; and XMLTABLE.
#include <algorithm>
#include <fmt/format.h>

#include "analyzer/expression_walk.h"
#include "binder.h"
#include "common/sql_error.h"
#include "expression_location.h"
#include "functions/type_oids.h"
#include "functions/xml_construct.h"
#include "functions/xml_table.h"

namespace varve::analyzer {

using functions::XmlConstructor;
using types::Value;

namespace {

constexpr Oid kXml{142};

}  // namespace

// Collects the arguments of one constructor.
class XmlBinder {
 public:
  XmlBinder(Binder& binder, Scope& scope) : b_(binder), scope_(scope) {}

  Expr* bind(const parser::XmlExpr& x) {
    switch (x.op) {
      case parser::XmlOp::kElement:
        text(functions::xml_name(x.name, false));
        number(static_cast<int32_t>(x.named_args.size()));
        named(x.named_args, true);
        for (const parser::Node* arg : x.args) add(value(arg));
        return make(XmlConstructor::kElement, kXml, x.location);
      case parser::XmlOp::kForest:
        named(x.named_args, false);
        return make(XmlConstructor::kForest, kXml, x.location);
      case parser::XmlOp::kConcat:
        for (const parser::Node* arg : x.args)
          add(b_.coerce_to_specific(b_.bind_expr(scope_, arg), kXml, "XMLCONCAT"));
        return make(XmlConstructor::kConcat, kXml, x.location);
      case parser::XmlOp::kParse:
        add(b_.coerce_to_specific(b_.bind_expr(scope_, x.args[0]), type_oid::kText, "XMLPARSE"));
        add(b_.make_bool(x.document));
        add(b_.bind_expr(scope_, x.args[1]));
        return make(XmlConstructor::kParse, kXml, x.location);
      case parser::XmlOp::kPi:
        text(functions::xml_name(x.name, false));
        for (const parser::Node* arg : x.args)
          add(b_.coerce_to_specific(b_.bind_expr(scope_, arg), type_oid::kText, "XMLPI"));
        return make(XmlConstructor::kPi, kXml, x.location);
      case parser::XmlOp::kRoot:
        add(b_.coerce_to_specific(b_.bind_expr(scope_, x.args[0]), kXml, "XMLROOT"));
        add(b_.coerce_to_specific(b_.bind_expr(scope_, x.args[1]), type_oid::kText, "XMLROOT"));
        add(b_.coerce_to_specific(b_.bind_expr(scope_, x.args[2]), type_oid::kInt4, "XMLROOT"));
        return make(XmlConstructor::kRoot, kXml, x.location);
      case parser::XmlOp::kDocument:
        add(b_.coerce_to_specific(b_.bind_expr(scope_, x.args[0]), kXml, "IS DOCUMENT"));
        return make(XmlConstructor::kDocument, type_oid::kBool, x.location);
    }
    return nullptr;
  }

  Expr* bind(const parser::XmlSerialize& x) {
    TypeReference target = b_.resolve_type(*x.type);
    add(b_.coerce_to_specific(b_.bind_expr(scope_, x.arg), kXml, "XMLSERIALIZE"));
    add(b_.make_bool(x.document));
    number(static_cast<int32_t>(target.type.value()));
    number(target.typmod);
    Expr* text = make(XmlConstructor::kSerialize, type_oid::kText, x.location);
    Expr* result =
        b_.try_coerce(text, target.type, target.typmod, functions::CastContext::kImplicit, x.location);
    if (result == nullptr) {
      throw SqlError(sqlstate::kCannotCoerce,
                     fmt::format("cannot cast XMLSERIALIZE result to {}", b_.type_text(target.type)))
          .at(b_.position(x.location));
    }
    return result;
  }

 private:
  void add(Expr* e) { args_.push_back(e); }
  void text(std::string_view s) { add(b_.make_const(type_oid::kText, Value::of_string(b_.arena().copy(s)))); }
  void number(int32_t n) { add(b_.make_const(type_oid::kInt4, Value::of_int32(n))); }
  // A literal needs no type: it is text either way.
  Expr* value(const parser::Node* node) {
    Expr* e = b_.bind_expr(scope_, node);
    return e->kind == ExprKind::kConst ? e : b_.resolve_unknown(e);
  }

  void named(const parser::NodeList& entries, bool attributes) {
    std::vector<std::string> names;
    for (const parser::Node* node : entries) {
      const auto* entry = parser::as<parser::TargetEntry>(node);
      std::string name;
      if (!entry->name.empty()) {
        name = functions::xml_name(entry->name, false);
      } else if (parser::is<parser::ColumnRef>(entry->value) &&
                 !parser::as<parser::ColumnRef>(entry->value)->names.empty()) {
        name = functions::xml_name(parser::as<parser::ColumnRef>(entry->value)->names.back(), true);
      } else {
        throw SqlError(sqlstate::kSyntaxError, fmt::format("unnamed XML {} value must be a column reference",
                                                           attributes ? "attribute" : "element"))
            .at(b_.position(first_location(b_.bind_expr(scope_, entry->value))));
      }
      if (attributes && std::find(names.begin(), names.end(), name) != names.end()) {
        throw SqlError(sqlstate::kSyntaxError,
                       fmt::format("XML attribute name \"{}\" appears more than once", name))
            .at(b_.position(entry->value->location));
      }
      names.push_back(name);
      text(name);
      add(value(entry->value));
    }
  }

  Expr* make(XmlConstructor which, Oid type, int32_t location) {
    std::vector<Oid> types;
    for (Expr* a : args_) types.push_back(a->type);
    auto* call = b_.make<FunctionExpr>(ExprKind::kFunction, type, location);
    call->function = &functions::xml_function(which);
    call->args = b_.list(args_);
    auto* site = b_.arena().make<functions::CallSite>();
    site->arg_types = b_.arena().copy(types);
    site->result_type = type;
    call->site = site;
    return call;
  }

  Binder& b_;
  Scope& scope_;
  std::vector<Expr*> args_;
};

Expr* Binder::bind_xml(Scope& scope, const parser::Node* node) {
  if (parser::is<parser::XmlExpr>(node))
    return XmlBinder(*this, scope).bind(*parser::as<parser::XmlExpr>(node));
  return XmlBinder(*this, scope).bind(*parser::as<parser::XmlSerialize>(node));
}

// XMLTABLE: a set-returning function of its own with the columns that were written.
Range* Binder::xml_table_range(Scope& scope, const parser::RangeTableFunc& item) {
  Clause outer = scope.clause;
  scope.clause = Clause::kFromFunction;
  auto text = [&](const parser::Node* node, std::string_view what) {
    return coerce_to_specific(bind_expr(scope, node), type_oid::kText, what);
  };
  std::vector<Expr*> args{coerce_to_specific(bind_expr(scope, item.document), type_oid::kXml, "XMLTABLE"),
                          nullptr};
  args[1] = text(item.row, "XMLTABLE");
  std::vector<std::string_view> namespaces;
  for (const parser::Node* node : item.namespaces) {
    const auto& n = *parser::as<parser::TargetEntry>(node);
    if (n.name.empty()) {
      throw SqlError(sqlstate::kFeatureNotSupported, "DEFAULT namespace is not supported");
    }
    if (std::find(namespaces.begin(), namespaces.end(), n.name) != namespaces.end()) {
      throw SqlError(sqlstate::kSyntaxError, fmt::format("namespace name \"{}\" is not unique", n.name))
          .at(position(n.location));
    }
    namespaces.push_back(n.name);
    args.push_back(text(n.value, "XMLTABLE"));
  }
  std::vector<Oid> types;
  std::vector<std::string_view> names;
  std::vector<functions::XmlTable::Column> columns;
  std::vector<RangeColumn> range_columns;
  bool ordinality_seen = false;
  for (const parser::XmlTableColumn& c : item.columns) {
    if (std::find(names.begin(), names.end(), c.name) != names.end()) {
      throw SqlError(sqlstate::kSyntaxError, fmt::format("column name \"{}\" is not unique", c.name))
          .at(position(c.location));
    }
    functions::XmlTable::Column column;
    column.for_ordinality = c.for_ordinality;
    column.not_null = c.not_null;
    Oid type = type_oid::kInt4;
    Expr* path = make_null(type_oid::kText);
    Expr* otherwise = nullptr;
    if (c.for_ordinality) {
      if (ordinality_seen) {
        throw SqlError(sqlstate::kSyntaxError, "only one FOR ORDINALITY column is allowed")
            .at(position(c.location));
      }
      ordinality_seen = true;
    } else {
      TypeReference reference = resolve_type(*c.type);
      type = base_of(reference.type);
      column.typmod = reference.typmod;
      path = c.path == nullptr ? make_const(type_oid::kText, types::Value::of_string(c.name))
                               : text(c.path, "XMLTABLE");
      if (c.default_value != nullptr) {
        otherwise = try_coerce(bind_expr(scope, c.default_value), type, column.typmod,
                               functions::CastContext::kAssignment);
      }
    }
    args.push_back(path);
    args.push_back(otherwise != nullptr ? otherwise : make_null(type));
    const functions::TypeInfo* info = functions::type_by_oid(type);
    Oid collation = info != nullptr && info->collatable ? catalog::kDefaultCollation : kInvalidOid;
    types.push_back(type);
    names.push_back(c.name);
    columns.push_back(column);
    range_columns.push_back({c.name, type, column.typmod, collation});
  }
  scope.clause = outer;
  auto* table = arena_.make<functions::XmlTable>();
  table->column_types = arena_.copy(types);
  table->column_names = arena_.copy(names);
  table->namespaces = arena_.copy(namespaces);
  table->columns = arena_.copy(columns);
  auto* function = arena_.make<functions::Function>();
  function->name = "xmltable";
  function->result = type_oid::kRecord;
  function->kind = functions::FunctionKind::kSetReturning;
  function->strict = false;
  function->table = table;
  auto* range = arena_.make<Range>();
  range->kind = RangeKind::kFunction;
  range->function = function;
  range->args = list(args);
  auto* site = arena_.make<functions::CallSite>(*make_site(*function, args, type_oid::kRecord, kInvalidOid));
  site->routine = function;
  range->site = site;
  range->location = item.location;
  range->lateral = std::any_of(args.begin(), args.end(), [](Expr* arg) {
    return any_of(
        arg, [](const Expr& e) { return e.kind == ExprKind::kColumn && e.as<ColumnExpr>().levels_up == 0; });
  });
  range->has_alias = item.alias != nullptr;
  range->alias = item.alias == nullptr ? std::string_view("xmltable") : item.alias->name;
  range->columns = arena_.copy(range_columns);
  return range;
}

}  // namespace varve::analyzer
