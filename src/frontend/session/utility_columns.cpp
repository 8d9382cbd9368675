// What a statement that is no query returns as rows, for Describe.
#include "catalog/catalog.h"
#include "explain.h"
#include "functions/type_oids.h"
#include "parser/ast.h"
#include "session.h"

namespace varve::session {
namespace {

planner::OutputColumn text_column(std::string_view name) {
  planner::OutputColumn c{};
  c.name = name;
  c.type = type_oid::kText;
  c.physical = types::PhysicalType::kString;
  return c;
}

}  // namespace

std::vector<planner::OutputColumn> Session::show_columns(std::string_view setting) {
  if (setting == "all") return {text_column("name"), text_column("setting"), text_column("description")};
  const SettingInfo* info = find_setting(setting);
  return {text_column(info == nullptr ? setting : info->name)};
}

// Empty: it returns none. Names live as long as the statement.
std::vector<planner::OutputColumn> Session::utility_columns(Statement& statement) {
  if (statement.node == nullptr) return {};
  const parser::Node* node = statement.node;
  switch (node->kind) {
    case parser::NodeKind::kVariableShowStmt:
      return show_columns(parser::as<parser::VariableShowStmt>(node)->name);
    case parser::NodeKind::kExplainStmt: {
      const auto& explain = *parser::as<parser::ExplainStmt>(node);
      return {explain_column(read_explain_options(explain, statement.sql).format)};
    }
    case parser::NodeKind::kFetchStmt: {
      const auto& fetch = *parser::as<parser::FetchStmt>(node);
      auto it = portals_.find(std::string(fetch.portal));
      if (fetch.is_move || it == portals_.end() || it->second->plan == nullptr) return {};
      return {it->second->columns().begin(), it->second->columns().end()};
    }
    case parser::NodeKind::kExecuteStmt: {
      auto it = statements_.find(std::string(parser::as<parser::ExecuteStmt>(node)->name));
      if (it == statements_.end()) return {};
      if (!is_planned(it->second->node)) return utility_columns(*it->second);
      if (it->second->plan == nullptr || !it->second->plan->returns_rows) return {};
      return {it->second->plan->root->output.begin(), it->second->plan->root->output.end()};
    }
    case parser::NodeKind::kCallStmt:
      return call_columns(*parser::as<parser::CallStmt>(node), statement);
    default:
      return {};
  }
}

}  // namespace varve::session
