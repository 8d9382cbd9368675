// The stored text of a view: its bound query printed again, every name with its schema, so that neither the
// search path nor what stood around the query matters when it is read. Private to the module.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "analyzer/query.h"
#include "catalog_rows.h"
#include "commands/command_context.h"
#include "parser/ast.h"

namespace varve::commands {

// The text of `query`, bound from `written`. `columns`: names of the view's columns.
std::string view_text(CommandContext& context, const analyzer::Query& query,
                      const parser::SelectStmt& written, int32_t location,
                      std::span<const std::string> columns);

// The text of a policy's condition over `table`.
std::string policy_text(CommandContext& context, const analyzer::Expr& condition, const RelationPtr& table);

// What a bound query reads: relations (a view counts as itself) and which of their columns.
struct QuerySource {
  Oid relation;
  ColumnNumber column;  // 0: the relation itself
  auto operator<=>(const QuerySource&) const = default;
};
std::vector<QuerySource> sources_of(const analyzer::Query& query);
// Functions that SQL made and that the query itself calls.
std::vector<Oid> routines_of(const analyzer::Query& query);
std::vector<Oid> operators_of(const analyzer::Query& query);
// Primary keys without which what it selects is not grouped.
std::vector<Oid> constraints_of(const analyzer::Query& query);

// Views and policies that name relations about to be renamed or moved: bound before, printed again
// afterwards.
class ViewRenewal {
 public:
  explicit ViewRenewal(CommandContext& context) : context_(context) {}
  void bind_readers_of(const Relation& relation);
  // Throws 0A000 when a view's text cannot say the new name.
  void print_all();

 private:
  struct View {
    Oid oid, rule;
    const analyzer::Query* query;
    std::unique_ptr<std::deque<RelationPtr>> relations;
  };
  struct Policy {
    Oid oid, table;
    const analyzer::Expr *condition, *check;  // null: none
    std::unique_ptr<std::deque<RelationPtr>> relations;
  };
  void bind(Oid view, Oid rule);
  void bind_policy(Oid policy);
  void print_policies();

  CommandContext& context_;
  std::vector<View> views_;
  std::vector<Policy> policies_;
};

}  // namespace varve::commands
