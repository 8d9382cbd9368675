#include "policy.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "analyzer/analyzer.h"
#include "catalog_rows.h"
#include "common/sql_error.h"
#include "drop.h"
#include "parser/parser.h"
#include "view_text.h"

namespace varve::commands {

using catalog::Policy;
using parser::AlterTableAction;

namespace {

SqlError syntax(std::string message) { return SqlError(sqlstate::kSyntaxError, std::move(message)); }

// The table whose policies are changed, which must be its owner's command.
RelationPtr policy_table(CommandContext& context, const parser::RangeVar& name, bool missing_ok = false) {
  RelationPtr table = find_relation(context, name, txn::LockMode::kAccessExclusive, missing_ok);
  if (table == nullptr) return nullptr;
  require_owner_of(context, table->owner, kind_word(table->kind), table->name);
  if (table->is_system) {
    throw SqlError(sqlstate::kInsufficientPrivilege,
                   fmt::format("permission denied: \"{}\" is a system catalog", table->name));
  }
  if (!table->is_table())
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is not a table", table->name));
  return table;
}

char command_letter(std::string_view command) {
  if (command == "select") return Policy::kSelect;
  if (command == "insert") return Policy::kInsert;
  if (command == "update") return Policy::kUpdate;
  return command == "delete" ? Policy::kDelete : Policy::kAll;
}

std::string roles_text(CommandContext& context, parser::List<parser::RoleSpec> specs) {
  std::vector<Oid> roles;
  for (const parser::RoleSpec* spec : specs) {
    if (spec->role != parser::RoleSpecKind::kPublic) {
      roles.push_back(require_role(context, *spec));
      continue;
    }
    if (specs.size() > 1) {
      context.services.notice("WARNING", sqlstate::kInvalidParameterValue,
                              "ignoring specified roles other than PUBLIC", {},
                              "All roles are members of the PUBLIC role.");
    }
    return "{0}";
  }
  std::string out;
  for (Oid role : roles) out += fmt::format("{}{}", out.empty() ? "{" : ",", role.value());
  return out.empty() ? "{0}" : out + "}";
}

// An expression of a policy: its text, and what it reads.
class PolicyExpression {
 public:
  PolicyExpression(CommandContext& context, const RelationPtr& table, const parser::Node* node) {
    if (node == nullptr) return;
    analyzer::AnalyzerContext inner = context.analyzer_context();
    const analyzer::Expr* e = nullptr;
    try {
      e = analyzer::analyze_policy(inner, node, table);
    } catch (SqlError& error) {
      error.fields().position = 0;  // as in PostgreSQL
      throw;
    }
    text = policy_text(context, *e, table);
    analyzer::Range range{};
    range.kind = analyzer::RangeKind::kRelation;
    range.relation = &table;
    analyzer::Range* ranges[] = {&range};
    analyzer::Query query;
    query.ranges = ranges;
    query.where = const_cast<analyzer::Expr*>(e);
    sources = sources_of(query);
    routines = routines_of(query);
  }
  std::string text;
  std::vector<QuerySource> sources;
  std::vector<Oid> routines;
};

void depend_on(CommandContext& context, const ObjectAddress& policy, const Relation& table,
               std::initializer_list<const PolicyExpression*> expressions) {
  std::set<QuerySource> sources;
  std::set<Oid> routines;
  for (const PolicyExpression* e : expressions) {
    sources.insert(e->sources.begin(), e->sources.end());
    routines.insert(e->routines.begin(), e->routines.end());
  }
  add_dependency(context, policy, relation_address(table.oid), 'a');
  for (const QuerySource& s : sources) {
    if (s.relation.value() < catalog::kFirstNormalOid || (s.relation == table.oid && s.column == 0)) continue;
    add_dependency(context, policy,
                   s.column == 0 ? relation_address(s.relation) : column_address(s.relation, s.column), 'n');
  }
  for (Oid routine : routines) add_dependency(context, policy, {kProcClass, routine}, 'n');
}

const Policy* find_policy(const Relation& table, std::string_view name) {
  for (const Policy& p : table.policies) {
    if (p.name == name) return &p;
  }
  return nullptr;
}

void refuse_duplicate(const Relation& table, std::string_view name) {
  if (find_policy(table, name) == nullptr) return;
  throw SqlError(sqlstate::kDuplicateObject,
                 fmt::format("policy \"{}\" for table \"{}\" already exists", name, table.name));
}

}  // namespace

const Policy& require_policy(const Relation& table, std::string_view name) {
  if (const Policy* p = find_policy(table, name)) return *p;
  throw SqlError(sqlstate::kUndefinedObject,
                 fmt::format("policy \"{}\" for table \"{}\" does not exist", name, table.name));
}

std::string create_policy(CommandContext& context, const parser::CreatePolicyStmt& stmt) {
  const char command = command_letter(stmt.command);
  if ((command == Policy::kSelect || command == Policy::kDelete) && stmt.with_check != nullptr)
    throw syntax("WITH CHECK cannot be applied to SELECT or DELETE");
  if (command == Policy::kInsert && stmt.using_expression != nullptr)
    throw syntax("only WITH CHECK expression allowed for INSERT");
  std::string roles = roles_text(context, stmt.roles);
  RelationPtr table = policy_table(context, *stmt.table);
  PolicyExpression condition(context, table, stmt.using_expression), check(context, table, stmt.with_check);
  refuse_duplicate(*table, stmt.name);
  Oid oid = catalog::Database::new_oid();
  RowDraft row(system_table("pg_policy"));
  row.oid("oid", oid).text("polname", stmt.name).oid("polrelid", table->oid);
  row.text("polcmd", std::string(1, command)).boolean("polpermissive", stmt.permissive);
  row.text("polroles", roles);
  if (stmt.using_expression != nullptr) row.text("polqual", condition.text);
  if (stmt.with_check != nullptr) row.text("polwithcheck", check.text);
  context.catalog.insert(row);
  depend_on(context, {kPolicyClass, oid}, *table, {&condition, &check});
  return "CREATE POLICY";
}

std::string alter_policy(CommandContext& context, const parser::AlterPolicyStmt& stmt) {
  std::string roles = stmt.roles.empty() ? std::string() : roles_text(context, stmt.roles);
  RelationPtr table = policy_table(context, *stmt.table);
  // What is not given anew is read again, for its dependencies.
  const Policy& old = require_policy(*table, stmt.name);
  if ((old.command == Policy::kSelect || old.command == Policy::kDelete) && stmt.with_check != nullptr)
    throw syntax("only USING expression allowed for SELECT, DELETE");
  if (old.command == Policy::kInsert && stmt.using_expression != nullptr)
    throw syntax("only WITH CHECK expression allowed for INSERT");
  auto kept = [&](const std::string& sql) -> const parser::Node* {
    return sql.empty() ? nullptr : parser::parse_expression(context.arena.copy(sql), context.arena);
  };
  PolicyExpression condition(context, table,
                             stmt.using_expression != nullptr ? stmt.using_expression : kept(old.using_sql));
  PolicyExpression check(context, table, stmt.with_check != nullptr ? stmt.with_check : kept(old.check_sql));
  change_row(context, "pg_policy", old.oid, [&](RowDraft& draft) {
    if (!roles.empty()) draft.text("polroles", roles);
    if (stmt.using_expression != nullptr) draft.text("polqual", condition.text);
    if (stmt.with_check != nullptr) draft.text("polwithcheck", check.text);
  });
  remove_dependencies_of(context, {kPolicyClass, old.oid});
  depend_on(context, {kPolicyClass, old.oid}, *table, {&condition, &check});
  return "ALTER POLICY";
}

void drop_policy(CommandContext& context, const parser::DropStmt& stmt) {
  for (const parser::Node* node : stmt.objects) {
    const auto& pair = *parser::as<parser::ListNode>(node);
    parser::NameList names = parser::as<parser::QualifiedName>(pair.items[0])->names;
    std::string_view name = parser::as<parser::QualifiedName>(pair.items[1])->names.back();
    parser::RangeVar named;
    named.name = names.back();
    if (names.size() > 1) named.schema = names[names.size() - 2];
    auto skip = [&](const std::string& what) { context.services.notice(what + " does not exist, skipping"); };
    RelationPtr table = find_relation(context, named, txn::LockMode::kAccessExclusive, stmt.missing_ok);
    if (table != nullptr) require_owner_of(context, table->owner, "relation", table->name);
    if (table == nullptr) {
      skip(fmt::format("relation \"{}\"", named.name));
    } else if (find_policy(*table, name) == nullptr && stmt.missing_ok) {
      skip(fmt::format("policy \"{}\" for relation \"{}\"", name, table->name));
    } else {
      drop_objects(context, {{kPolicyClass, require_policy(*table, name).oid}}, stmt.behavior);
    }
  }
}

void rename_policy(CommandContext& context, const parser::RenameStmt& stmt) {
  RelationPtr table = policy_table(context, *stmt.relation, stmt.missing_ok);
  if (table == nullptr) {
    context.services.notice(fmt::format("relation \"{}\" does not exist, skipping", stmt.relation->name));
    return;
  }
  refuse_duplicate(*table, stmt.new_name);
  const Policy& policy = require_policy(*table, stmt.name);
  change_row(context, "pg_policy", policy.oid,
             [&](RowDraft& draft) { draft.text("polname", stmt.new_name); });
}

bool change_row_security(CommandContext& context, Oid table, AlterTableAction action) {
  std::string_view column = "relrowsecurity";
  bool on = true;
  switch (action) {
    case AlterTableAction::kEnableRowSecurity:
      break;
    case AlterTableAction::kDisableRowSecurity:
      on = false;
      break;
    case AlterTableAction::kForceRowSecurity:
      column = "relforcerowsecurity";
      break;
    case AlterTableAction::kNoForceRowSecurity:
      column = "relforcerowsecurity";
      on = false;
      break;
    default:
      return false;
  }
  change_class_row(context, table, [&](RowDraft& draft) { draft.boolean(column, on); });
  return true;
}

namespace {

// Policies that name the role, with the oids of all their roles.
struct PolicyOfRole {
  Oid policy;
  std::vector<int64_t> roles;
};
std::vector<PolicyOfRole> naming(CommandContext& context, Oid role) {
  std::vector<PolicyOfRole> found;
  context.catalog.for_each(system_table("pg_policy"), {}, [&](const Row& row) {
    std::vector<int64_t> roles = row.numbers("polroles");
    if (std::find(roles.begin(), roles.end(), int64_t{role.value()}) != roles.end())
      found.push_back({row.oid("oid"), std::move(roles)});
  });
  std::sort(found.begin(), found.end(),
            [](const PolicyOfRole& a, const PolicyOfRole& b) { return a.policy < b.policy; });
  return found;
}

}  // namespace

std::vector<std::string> policies_for_role(CommandContext& context, Oid role) {
  std::vector<std::string> lines;
  for (const PolicyOfRole& n : naming(context, role))
    lines.push_back("target of " + describe(context, {kPolicyClass, n.policy}));
  return lines;
}

void forget_role_of_policies(CommandContext& context, Oid role) {
  for (const PolicyOfRole& n : naming(context, role)) {
    std::string others;
    for (int64_t r : n.roles) {
      if (r != int64_t{role.value()}) others += fmt::format("{}{}", others.empty() ? "{" : ",", r);
    }
    if (others.empty())
      drop_objects(context, {{kPolicyClass, n.policy}}, parser::DropBehavior::kRestrict);
    else
      change_row(context, "pg_policy", n.policy,
                 [&](RowDraft& draft) { draft.text("polroles", others + "}"); });
  }
}

}  // namespace varve::commands
