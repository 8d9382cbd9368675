#include "table_expression.h"

#include <fmt/format.h>
#include <set>

#include "analyzer/expression_walk.h"
#include "catalog_rows.h"
#include "functions/type_oids.h"
#include "operator.h"
#include "parser/parser.h"
#include "wal/log_manager.h"

namespace varve::commands {

using analyzer::Expr;
using analyzer::ExprKind;

Expr* bind_default(CommandContext& context, const parser::Node* expression, Oid type, int32_t typmod,
                   std::string_view column, const RelationPtr* table, std::string_view clause,
                   std::string* sql) {
  analyzer::AnalyzerContext inner = context.analyzer_context();
  Expr* expr = analyzer::analyze_table_expression(inner, expression, table, clause);
  try {
    expr = analyzer::coerce_for_assignment(inner, expr, type, typmod, column);
  } catch (SqlError& e) {
    std::string& message = e.fields().message;
    if (size_t at = message.find("but expression is"); at != std::string::npos)
      message.insert(at + 4, "default ");
    throw;
  }
  *sql = analyzer::deparse_expression(*expr, table == nullptr ? nullptr : table->get(), context.eval);
  return expr;
}

Expr* bind_condition(CommandContext& context, const parser::Node* expression, const RelationPtr& table,
                     std::string_view clause, std::string* sql) {
  analyzer::AnalyzerContext inner = context.analyzer_context();
  Expr* expr = analyzer::analyze_table_expression(inner, expression, &table, clause);
  if (expr->type == type_oid::kUnknown) {
    expr = analyzer::coerce_for_assignment(inner, expr, type_oid::kBool, -1, "check");
  }
  if (expr->type != type_oid::kBool) {
    std::string_view construct = clause == "check constraints" ? "CHECK" : "WHERE";
    throw SqlError(sqlstate::kDatatypeMismatch,
                   fmt::format("argument of {} must be type boolean, not type {}", construct,
                               functions::format_type(expr->type, -1)))
        .at(position(context, expr->location));
  }
  *sql = analyzer::deparse_expression(*expr, table.get(), context.eval);
  return expr;
}

Expr* bind_stored(CommandContext& context, std::string_view sql, const RelationPtr& table,
                  std::string_view clause) {
  std::string_view text = context.arena.copy(sql);
  analyzer::AnalyzerContext inner = context.analyzer_context();
  inner.sql = text;
  Expr* expr = analyzer::analyze_table_expression(inner, parser::parse_expression(text, context.arena),
                                                  &table, clause);
  return over_live_columns(context, expr, *table);
}

Expr* over_live_columns(CommandContext& context, Expr* expr, const Relation& table) {
  return analyzer::rewrite(expr, context.arena, [&](Expr* e) -> Expr* {
    if (e->kind != ExprKind::kColumn) return nullptr;
    ColumnNumber number = e->as<analyzer::ColumnExpr>().column;
    if (number <= 0) throw_not_supported("a system column or whole row in a stored expression");
    uint32_t ordinal = 0;
    for (ColumnNumber i = 1; i < number; ++i) ordinal += !table.column(i).dropped;
    auto* input = context.arena.make<analyzer::InputExpr>();
    static_cast<Expr&>(*input) = *e;
    input->kind = ExprKind::kInput;
    input->index = ordinal;
    return input;
  });
}

std::vector<ColumnNumber> columns_of(const Expr* expr) {
  std::set<ColumnNumber> found;
  analyzer::any_of(expr, [&](const Expr& e) {
    if (e.kind == ExprKind::kColumn) found.insert(e.as<analyzer::ColumnExpr>().column);
    return false;
  });
  return {found.begin(), found.end()};
}

void depend_on_named_objects(CommandContext& context, const ObjectAddress& object,
                             const analyzer::Expr& expr) {
  std::set<Oid> routines;
  analyzer::any_of(&expr, [&](const analyzer::Expr& e) {
    if (e.kind == analyzer::ExprKind::kFunction) {
      const functions::Function& f = *e.as<analyzer::FunctionExpr>().function;
      if (f.routine != nullptr && routines.insert(f.oid).second)
        add_dependency(context, object, {kProcClass, f.oid}, 'n');
      const functions::Operator* op = e.as<analyzer::FunctionExpr>().op;
      if (op != nullptr && routines.insert(op->oid).second)
        add_dependency(context, object, {kOperatorClass, op->oid}, 'n');
    }
    if (e.kind != analyzer::ExprKind::kConst || e.type != type_oid::kRegclass) return false;
    const Value& value = e.as<analyzer::ConstExpr>().value;
    if (!value.null) add_dependency(context, object, relation_address(Oid{value.oid()}), 'n');
    return false;
  });
}

std::vector<ColumnNumber> live_columns(const Relation& relation) {
  std::vector<ColumnNumber> out;
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    if (!relation.columns[i].dropped) out.push_back(static_cast<ColumnNumber>(i + 1));
  }
  return out;
}

txn::Snapshot latest_snapshot(txn::Transaction& txn) {
  txn.ensure_snapshot();
  Csn now{txn.manager().pool().log().reserved_lsn().value()};
  return {now, txn.xid(), txn::UndoPtr{UINT64_MAX}};
}

RowEvaluation::RowEvaluation(CommandContext& context) {
  execution_.manager = &context.txn.manager();
  execution_.transaction = &context.txn;
  execution_.snapshot = latest_snapshot(context.txn);
  execution_.format = context.eval.format;
  execution_.session = context.eval.session;
  execution_.cancel = context.txn.cancel_token();
  execution_.database = context.catalog.database().oid().value();
  execution_.build_memory = &memory_;
}

RowExpressions::RowExpressions(CommandContext& context, const Relation& table, std::vector<Expr*> exprs)
    : evaluation_(context) {
  std::vector<ColumnNumber> live = live_columns(table);
  chunk_ = vector::Chunk(static_cast<uint32_t>(live.size()), vectors_);
  for (uint32_t i = 0; i < live.size(); ++i) {
    auto type = table.layout->column(static_cast<size_t>(live[i] - 1)).type;
    chunk_.column(i) = vector::Vector(type, vectors_, 1);
  }
  for (Expr* e : exprs) evaluators_.emplace_back(*e, evaluation_.execution(), memory_);
}

void RowExpressions::load(std::span<const Value> row) {
  memory_.reset();
  chunk_.reset();
  for (uint32_t i = 0; i < row.size(); ++i) chunk_.column(i).set_value(0, row[i]);
  chunk_.set_dense(1);
}

Value RowExpressions::value(size_t expression) {
  vector::Vector* result = nullptr;
  evaluators_[expression].evaluate(chunk_, {nullptr, 1}, result);
  return result->value(0);
}

}  // namespace varve::commands
