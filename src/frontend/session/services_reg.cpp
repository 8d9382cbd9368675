// Names of operators, collations and text search objects: input and output of the reg… types of these.
#include <algorithm>
#include <fmt/format.h>

#include "catalog/operators.h"
#include "catalog_functions.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/text_search.h"
#include "functions/type_oids.h"
#include "parser/parser.h"
#include "session.h"

namespace varve::session {

using types::Value;

namespace {

constexpr Oid kRegdictionary{3769};

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ".") + part;
  return text;
}

[[noreturn]] void missing(std::string_view what, std::string_view name) {
  throw SqlError(sqlstate::kUndefinedObject, fmt::format("{} \"{}\" does not exist", what, name));
}

std::string_view without_schema(std::string_view text) {
  constexpr std::string_view kCatalog = "pg_catalog.";
  return text.starts_with(kCatalog) ? text.substr(kCatalog.size()) : text;
}

uint32_t operator_named(std::string_view text) {
  auto found = functions::operators_named(without_schema(text));
  if (found.empty())
    throw SqlError(sqlstate::kUndefinedFunction, fmt::format("operator does not exist: {}", text));
  if (found.size() > 1)
    throw SqlError(sqlstate::kAmbiguousFunction, fmt::format("more than one operator named {}", text));
  return found[0]->oid.value();
}

catalog::UserOperationsPtr user_operators(Session& s) {
  return catalog::user_operations(static_cast<pl::Host&>(s).catalog());
}

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

// "+(integer,integer)", "!!(NONE,tsquery)"
uint32_t operator_with_types(Session& s, std::string_view text) {
  size_t open = text.find('(');
  if (open == std::string_view::npos)
    throw SqlError(sqlstate::kInvalidTextRepresentation, "expected a left parenthesis");
  if (text.back() != ')')
    throw SqlError(sqlstate::kInvalidTextRepresentation, "expected a right parenthesis");
  std::string_view list = text.substr(open + 1, text.size() - open - 2);
  std::vector<Oid> types;
  for (size_t at = 0; at <= list.size();) {
    size_t comma = std::min(list.find(',', at), list.size());
    std::string_view name = trimmed(list.substr(at, comma - at));
    bool none = name == "NONE" || name == "none";
    types.push_back(none ? kInvalidOid : Oid{s.parse_reg(type_oid::kRegtype, name)});
    at = comma + 1;
  }
  if (types.size() < 2) {
    throw SqlError(sqlstate::kUndefinedParameter, "missing argument")
        .hint("Use NONE to denote the missing argument of a unary operator.");
  }
  if (types.size() > 2)
    throw SqlError(sqlstate::kTooManyArguments, "too many arguments")
        .hint("Provide two argument types for operator.");
  for (const functions::Operator* op :
       functions::operators_named(without_schema(trimmed(text.substr(0, open))))) {
    if (op->left == types[0] && op->right == types[1]) return op->oid.value();
  }
  catalog::UserOperationsPtr own = user_operators(s);
  for (const catalog::UserOperator& op : own->operators) {
    std::string_view name = trimmed(text.substr(0, open));
    bool named = op.name == name || fmt::format("{}.{}", op.schema_name, op.name) == name;
    if (named && op.left == types[0] && op.right == types[1]) return op.oid.value();
  }
  throw SqlError(sqlstate::kUndefinedFunction, fmt::format("operator does not exist: {}", text));
}

}  // namespace

std::optional<uint32_t> parse_object_name(Session& s, Oid type, const std::vector<std::string>& parts,
                                          std::string_view text) {
  if (type == type_oid::kRegconfig || type == kRegdictionary) {
    bool config = type == type_oid::kRegconfig;
    std::string name = joined(parts);
    Oid found = config ? functions::text_config_oid(name) : functions::text_dictionary_oid(name);
    if (found == kInvalidOid) missing(config ? "text search configuration" : "text search dictionary", name);
    return found.value();
  }
  if (type == type_oid::kRegcollation) {
    uint32_t found = 0;
    const catalog::KeyMatch match[] = {{"collname", Value::of_string(parts.back())}};
    s.catalog().for_each(catalog::system_table("pg_collation"), match,
                         [&](const catalog::Row& row) { found = row.oid("oid").value(); });
    if (found == 0) {
      throw SqlError(sqlstate::kUndefinedObject,
                     fmt::format("collation \"{}\" for encoding \"UTF8\" does not exist", joined(parts)));
    }
    return found;
  }
  if (type == type_oid::kRegoper) return text == "0" ? 0 : operator_named(text);
  if (type == type_oid::kRegoperator) return text == "0" ? 0 : operator_with_types(s, text);
  return std::nullopt;
}

bool append_object_name(Oid type, uint32_t oid, std::string& out) {
  if (type == type_oid::kRegconfig || type == kRegdictionary) {
    std::string_view name = type == type_oid::kRegconfig ? functions::text_config_name(Oid{oid})
                                                         : functions::text_dictionary_name(Oid{oid});
    out += name;
    return !name.empty();
  }
  const functions::Operator* op = functions::operator_by_oid(Oid{oid});
  if (op == nullptr) return false;
  if (type == type_oid::kRegoper) {
    // A name that several operators have says more with its schema.
    if (functions::operators_named(op->name).size() > 1) out += "pg_catalog.";
    out += op->name;
    return true;
  }
  if (type != type_oid::kRegoperator) return false;
  auto operand = [](Oid t) { return t == kInvalidOid ? std::string("NONE") : functions::format_type(t, -1); };
  out += fmt::format("{}({},{})", op->name, operand(op->left), operand(op->right));
  return true;
}

// An operator that SQL made: "===(point,point)", with its schema where the search path does not have it.
bool append_user_operator(Session& s, Oid type, uint32_t oid, std::string& out) {
  if (type != type_oid::kRegoper && type != type_oid::kRegoperator) return false;
  catalog::UserOperationsPtr own = user_operators(s);
  for (const catalog::UserOperator& op : own->operators) {
    if (op.oid.value() != oid) continue;
    std::vector<Oid> path = static_cast<pl::Host&>(s).search_path();
    if (std::find(path.begin(), path.end(), op.schema) == path.end())
      out += parser::quote_identifier(op.schema_name) + ".";
    out += op.name;
    if (type == type_oid::kRegoperator) {
      std::string left, right;
      left = op.left == kInvalidOid ? "NONE" : "";
      if (op.left != kInvalidOid) s.append_reg(type_oid::kRegtype, op.left.value(), left);
      s.append_reg(type_oid::kRegtype, op.right.value(), right);
      out += fmt::format("({},{})", left, right);
    }
    return true;
  }
  return false;
}

}  // namespace varve::session
