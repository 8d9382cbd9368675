#include "operator.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "common/sql_error.h"
#include "drop.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "names.h"
#include "parser/parser.h"
#include "privileges.h"
#include "routine.h"
#include "support_function.h"

namespace varve::commands {

namespace {

SqlError invalid_operator(std::string what) {
  return SqlError(sqlstate::kInvalidFunctionDefinition, std::move(what));
}

struct OperatorDefinition {
  parser::NameList function, commutator, negator, restriction, join;
  Oid left, right;
  bool hashes = false, merges = false;
};

Oid argument_type(CommandContext& context, const parser::Option& option) {
  const auto& name = *parser::as<parser::TypeName>(option.value);
  if (name.set_of) throw invalid_operator("SETOF type not allowed for operator argument");
  return find_type(context, name);
}

// A name that may be an operator's.
parser::NameList operator_name(const parser::Option& option) {
  if (parser::is<parser::QualifiedName>(option.value))
    return parser::as<parser::QualifiedName>(option.value)->names;
  throw SqlError(sqlstate::kSyntaxError, fmt::format("{} requires a parameter", option.name));
}

OperatorDefinition read_definition(CommandContext& context, const parser::DefineStmt& stmt) {
  OperatorDefinition out;
  for (const parser::Option* o : stmt.definition) {
    if (o->name == "leftarg") {
      out.left = argument_type(context, *o);
    } else if (o->name == "rightarg") {
      out.right = argument_type(context, *o);
    } else if (o->name == "function" || o->name == "procedure") {
      out.function = function_name(*o);
    } else if (o->name == "commutator") {
      out.commutator = operator_name(*o);
    } else if (o->name == "negator") {
      out.negator = operator_name(*o);
    } else if (o->name == "restrict") {
      out.restriction = function_name(*o);
    } else if (o->name == "join") {
      out.join = function_name(*o);
    } else if (o->name == "hashes") {
      out.hashes = o->value == nullptr || option_boolean(*o);
    } else if (o->name == "merges") {
      out.merges = o->value == nullptr || option_boolean(*o);
    } else {
      context.services.notice("WARNING", sqlstate::kSyntaxError,
                              fmt::format("operator attribute \"{}\" not recognized", o->name));
    }
  }
  if (out.function.empty()) throw invalid_operator("operator function must be specified");
  if (out.left == kInvalidOid && out.right == kInvalidOid)
    throw invalid_operator("operator argument types must be specified");
  if (out.right == kInvalidOid) {
    throw invalid_operator("operator right argument type must be specified")
        .detail("Postfix operators are not supported.");
  }
  return out;
}

void check_definition(const OperatorDefinition& d, Oid result) {
  bool binary = d.left != kInvalidOid, boolean = result == type_oid::kBool;
  if (!binary) {
    if (!d.commutator.empty()) throw invalid_operator("only binary operators can have commutators");
    if (!d.join.empty()) throw invalid_operator("only binary operators can have join selectivity");
    if (d.merges) throw invalid_operator("only binary operators can merge join");
    if (d.hashes) throw invalid_operator("only binary operators can hash");
  }
  if (boolean) return;
  if (!d.negator.empty()) throw invalid_operator("only boolean operators can have negators");
  if (!d.restriction.empty())
    throw invalid_operator("only boolean operators can have restriction selectivity");
  if (!d.join.empty()) throw invalid_operator("only boolean operators can have join selectivity");
  if (d.merges) throw invalid_operator("only boolean operators can merge join");
  if (d.hashes) throw invalid_operator("only boolean operators can hash");
}

// What estimates how many rows an operator keeps is built in; the planner does without.
Oid estimator(parser::NameList name) {
  if (name.empty()) return kInvalidOid;
  Oid found = functions::internal_function_oid(name.back());
  if (found != kInvalidOid) return found;
  throw SqlError(sqlstate::kUndefinedFunction,
                 fmt::format("function {}(internal, oid, internal, integer) does not exist", name.back()));
}

struct FoundOperator {
  Oid oid, owner, function;
  bool shell() const { return function == kInvalidOid; }
};

std::optional<FoundOperator> operator_row(CommandContext& context, Oid schema, std::string_view name,
                                          Oid left, Oid right) {
  std::optional<FoundOperator> found;
  const KeyMatch match[] = {{"oprname", Value::of_string(name)},
                            {"oprleft", Value::of_oid(left.value())},
                            {"oprright", Value::of_oid(right.value())},
                            {"oprnamespace", Value::of_oid(schema.value())}};
  context.catalog.for_each(system_table("pg_operator"), match, [&](const Row& row) {
    found = {row.oid("oid"), row.oid("oprowner"), row.oid("oprcode")};
  });
  return found;
}

std::optional<FoundOperator> search_operator(CommandContext& context, parser::NameList names, Oid left,
                                             Oid right) {
  if (names.size() > 1) {
    Oid schema = context.catalog.find_schema(names[names.size() - 2]);
    return schema == kInvalidOid ? std::nullopt : operator_row(context, schema, names.back(), left, right);
  }
  std::vector<Oid> path(context.search_path.begin(), context.search_path.end());
  if (std::find(path.begin(), path.end(), catalog::kPgCatalogSchema) == path.end())
    path.insert(path.begin(), catalog::kPgCatalogSchema);
  for (Oid schema : path) {
    if (auto found = operator_row(context, schema, names.back(), left, right)) return found;
  }
  return std::nullopt;
}

std::string signature(std::string_view name, Oid left, Oid right) {
  return left == kInvalidOid ? fmt::format("{} {}", name, functions::format_type(right, -1))
                             : fmt::format("{} {} {}", functions::format_type(left, -1), name,
                                           functions::format_type(right, -1));
}

class OperatorBuilder {
 public:
  OperatorBuilder(CommandContext& context, const parser::DefineStmt& stmt)
      : context_(context), name_(stmt.names.back()) {
    schema_ = creation_schema(context, stmt.names.size() > 1 ? stmt.names[stmt.names.size() - 2] : "");
  }
  void run(const OperatorDefinition& d, const SupportFunction& function);

 private:
  Oid partner(parser::NameList name, Oid left, Oid right, bool negator);
  void link(Oid partner, std::string_view column);
  void shell(Oid oid, Oid schema, std::string_view name, Oid left, Oid right);

  CommandContext& context_;
  std::string_view name_;
  Oid schema_, oid_;
};

RowDraft operator_draft(Oid oid, std::string_view name, Oid schema, Oid owner, Oid left, Oid right) {
  RowDraft row(system_table("pg_operator"));
  row.oid("oid", oid).text("oprname", name).oid("oprnamespace", schema).oid("oprowner", owner);
  row.text("oprkind", left == kInvalidOid ? "l" : "b").oid("oprleft", left).oid("oprright", right);
  return row;
}

// A commutator or negator that does not exist yet is promised by a row without function.
void OperatorBuilder::shell(Oid oid, Oid schema, std::string_view name, Oid left, Oid right) {
  context_.catalog.insert(operator_draft(oid, name, schema, context_.role, left, right));
  add_dependency(context_, {kOperatorClass, oid}, {kNamespaceClass, schema}, 'n');
}

Oid OperatorBuilder::partner(parser::NameList name, Oid left, Oid right, bool negator) {
  if (name.empty()) return kInvalidOid;
  Oid schema = name.size() > 1 ? require_schema(context_, name[name.size() - 2]) : schema_;
  if (name.back() == name_ && schema == schema_ && !negator && left == right) return oid_;
  std::optional<FoundOperator> found = search_operator(context_, name, left, right);
  if (found && found->oid == oid_) {
    if (negator) throw invalid_operator("operator cannot be its own negator");
    return oid_;
  }
  if (found) return found->oid;
  Oid made = catalog::Database::new_oid();
  shell(made, schema, name.back(), left, right);
  return made;
}

void OperatorBuilder::link(Oid partner, std::string_view column) {
  if (partner == kInvalidOid || partner == oid_ || partner.value() < catalog::kFirstNormalOid) return;
  const KeyMatch match[] = {{"oid", Value::of_oid(partner.value())}};
  context_.catalog.for_each(system_table("pg_operator"), match, [&](const Row& row) {
    if (row.oid(column) == oid_) return false;
    RowDraft draft(system_table("pg_operator"), row);
    draft.oid(column, oid_);
    context_.catalog.update(row, draft);
    return false;
  });
}

void OperatorBuilder::run(const OperatorDefinition& d, const SupportFunction& function) {
  std::optional<FoundOperator> old = operator_row(context_, schema_, name_, d.left, d.right);
  if (old && !old->shell()) {
    throw SqlError(sqlstate::kDuplicateFunction, fmt::format("operator {} already exists", name_));
  }
  oid_ = old ? old->oid : catalog::Database::new_oid();
  ObjectAddress self{kOperatorClass, oid_};
  Oid commutator = partner(d.commutator, d.right, d.left, false);
  Oid negator = partner(d.negator, d.left, d.right, true);
  RowDraft row = operator_draft(oid_, name_, schema_, context_.role, d.left, d.right);
  row.boolean("oprcanmerge", d.merges).boolean("oprcanhash", d.hashes).oid("oprresult", function.result);
  row.oid("oprcom", commutator).oid("oprnegate", negator).oid("oprcode", function.oid);
  row.oid("oprrest", estimator(d.restriction)).oid("oprjoin", estimator(d.join));
  if (old) {
    const KeyMatch match[] = {{"oid", Value::of_oid(oid_.value())}};
    context_.catalog.for_each(system_table("pg_operator"), match, [&](const Row& was) {
      // Whoever promised it has already said what it is to him.
      if (commutator == kInvalidOid) row.oid("oprcom", was.oid("oprcom"));
      if (negator == kInvalidOid) row.oid("oprnegate", was.oid("oprnegate"));
      context_.catalog.update(was, row);
      return false;
    });
    remove_dependencies_of(context_, self);
  } else {
    context_.catalog.insert(row);
  }
  link(commutator, "oprcom");
  link(negator, "oprnegate");
  add_dependency(context_, self, {kNamespaceClass, schema_}, 'n');
  add_dependency(context_, self, {kProcClass, function.oid}, 'n');
  for (Oid type : {d.left, d.right, function.result}) add_dependency(context_, self, {kTypeClass, type}, 'n');
}

void change_operator(CommandContext& context, Oid oid, std::string_view column, Oid value) {
  const KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
  context.catalog.for_each(system_table("pg_operator"), match, [&](const Row& row) {
    RowDraft draft(system_table("pg_operator"), row);
    draft.oid(column, value);
    context.catalog.update(row, draft);
    return false;
  });
}

void require_operator_owner(CommandContext& context, Oid oid) {
  const KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
  context.catalog.for_each(system_table("pg_operator"), match, [&](const Row& row) {
    require_owner_of(context, row.oid("oprowner"), "operator", row.text("oprname"));
  });
}

std::pair<Oid, Oid> operand_types(CommandContext& context, const parser::RoutineRef& ref) {
  Oid types[2];
  for (size_t i = 0; i < 2 && i < ref.arg_types.size(); ++i) {
    if (ref.arg_types[i] != nullptr) types[i] = find_type(context, *ref.arg_types[i]);
  }
  return {types[0], types[1]};
}

}  // namespace

std::string create_operator(CommandContext& context, const parser::DefineStmt& stmt) {
  OperatorBuilder builder(context, stmt);
  OperatorDefinition d = read_definition(context, stmt);
  std::vector<Oid> args;
  if (d.left != kInvalidOid) args.push_back(d.left);
  args.push_back(d.right);
  for (Oid type : args) require_type_usage(context, type);
  SupportFunction function = support_function(context, d.function, args);
  if (function.routine != nullptr) require_execute(context, *function.routine, dotted(d.function));
  require_type_usage(context, function.result);
  check_definition(d, function.result);
  builder.run(d, function);
  return "CREATE OPERATOR";
}

ObjectAddress find_operator(CommandContext& context, const parser::RoutineRef& ref) {
  auto [left, right] = operand_types(context, ref);
  return find_operator(context, ref.names, left, right);
}

ObjectAddress find_operator(CommandContext& context, parser::NameList names, Oid left, Oid right) {
  std::optional<FoundOperator> found = search_operator(context, names, left, right);
  if (found) return {kOperatorClass, found->oid};
  std::string name(names.back());
  if (names.size() > 1) name = fmt::format("{}.{}", names[names.size() - 2], name);
  throw SqlError(sqlstate::kUndefinedFunction,
                 fmt::format("operator does not exist: {}", signature(name, left, right)));
}

void drop_operators(CommandContext& context, const parser::DropStmt& stmt) {
  std::vector<ObjectAddress> objects;
  for (const parser::Node* node : stmt.objects) {
    const auto& ref = *parser::as<parser::RoutineRef>(node);
    ObjectAddress found;
    try {
      found = find_operator(context, ref);
    } catch (const SqlError& e) {
      if (!stmt.missing_ok || e.state() != sqlstate::kUndefinedFunction) throw;
      context.services.notice(fmt::format("operator {} does not exist, skipping", ref.names.back()));
      continue;
    }
    require_operator_owner(context, found.object);
    objects.push_back(found);
  }
  if (!objects.empty()) drop_objects(context, objects, stmt.behavior);
}

std::string set_operator_owner(CommandContext& context, const parser::AlterOwnerStmt& stmt, Oid owner) {
  Oid oid = find_operator(context, *parser::as<parser::RoutineRef>(stmt.object)).object;
  require_operator_owner(context, oid);
  change_operator(context, oid, "oprowner", owner);
  return "ALTER OPERATOR";
}

std::string set_operator_schema(CommandContext& context, const parser::AlterObjectSchemaStmt& stmt) {
  Oid oid = find_operator(context, *parser::as<parser::RoutineRef>(stmt.object)).object;
  require_operator_owner(context, oid);
  Oid schema = require_schema(context, stmt.new_schema);
  change_operator(context, oid, "oprnamespace", schema);
  const KeyMatch match[] = {{"classid", Value::of_oid(kOperatorClass.value())},
                            {"objid", Value::of_oid(oid.value())}};
  context.catalog.for_each(system_table("pg_depend"), match, [&](const Row& row) {
    if (row.oid("refclassid") != kNamespaceClass) return;
    RowDraft draft(system_table("pg_depend"), row);
    draft.oid("refobjid", schema);
    context.catalog.update(row, draft);
  });
  return "ALTER OPERATOR";
}

std::string describe_operator(CommandContext& context, Oid oid) {
  std::string text;
  const KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
  context.catalog.for_each(system_table("pg_operator"), match, [&](const Row& row) {
    Oid schema = row.oid("oprnamespace"), left = row.oid("oprleft");
    bool visible = schema == catalog::kPgCatalogSchema ||
                   std::find(context.search_path.begin(), context.search_path.end(), schema) !=
                       context.search_path.end();
    std::string prefix;
    if (!visible) prefix = parser::quote_identifier(context.catalog.schema_name(schema)) + ".";
    text = fmt::format("operator {}{}({},{})", prefix, row.text("oprname"),
                       left == kInvalidOid ? "NONE" : functions::format_type(left, -1),
                       functions::format_type(row.oid("oprright"), -1));
  });
  return text;
}

}  // namespace varve::commands
