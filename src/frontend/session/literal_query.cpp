// Simple-protocol statements that differ only in their constants share a plan.
#include <fmt/format.h>

#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/ast.h"
#include "parser/normalize.h"
#include "session.h"

namespace varve::session {
namespace {

Oid literal_type(parser::LiteralKind kind) {
  switch (kind) {
    case parser::LiteralKind::kInt4:
      return type_oid::kInt4;
    case parser::LiteralKind::kInt8:
      return type_oid::kInt8;
    case parser::LiteralKind::kNumeric:
      return type_oid::kNumeric;
    case parser::LiteralKind::kString:
      break;
  }
  return kInvalidOid;  // by its surroundings, as the constant's would be
}

// The statement with $1 … in the places of its constants. Null if it does not parse so.
StatementPtr parametrise(std::string_view sql, std::span<const parser::Literal> literals) {
  auto statement = std::make_shared<Statement>();
  size_t from = 0;
  for (size_t i = 0; i < literals.size(); ++i) {
    const parser::Literal& literal = literals[i];
    auto at = static_cast<size_t>(literal.location);
    statement->sql += sql.substr(from, at - from);
    statement->sql += fmt::format(" ${} ", i + 1);
    statement->param_types.push_back(literal_type(literal.kind));
    from = at + static_cast<size_t>(literal.length);
  }
  statement->sql += sql.substr(from);
  statement->has_parameters = true;
  try {
    parser::ParsedScript script = parser::parse(statement->sql, statement->parse_arena);
    if (script.statements.size() != 1) return nullptr;
    statement->node = script.statements[0].statement;
  } catch (const SqlError&) {
    return nullptr;
  }
  return Session::is_planned(statement->node) ? statement : nullptr;
}

// Errors that may look different with the constants in their places.
bool depends_on_text(const SqlError& error) {
  SqlState state = error.state();
  return state.text().starts_with("22") || state.text().starts_with("42");
}

}  // namespace

// The entry for the statement's text without its constants, which are left in literals_. Null if it has none,
// as when it came for the first time.
PlanCache::Entry* Session::find_normalized(std::string_view sql) {
  parser::NormalizedStatement normalized = parser::normalize_literals(sql, literal_arena_);
  if (!normalized.normalizable) return nullptr;
  PlanCache::Entry* entry = plan_cache_.find(normalized.text);
  if (entry == nullptr) {
    if (!plan_cache_.seen_before(normalized.text)) return nullptr;
    entry = &plan_cache_.add(normalized.text, parametrise(sql, normalized.literals));
  }
  if (entry->statement != nullptr) plan_cache_.set_pattern(*entry, sql, normalized.literals);
  literals_.assign(normalized.literals.begin(), normalized.literals.end());
  return entry;
}

// Only plans that no constant could change are shared: rows found by a whole unique key, rows inserted.
// Whatever fails before the first row is touched is left to the usual way, which reports it with the text as
// the user wrote it.
bool Session::run_normalized(std::string_view sql, net::Output& out) {
  if (sql.size() > PlanCache::kMaxTextBytes || block_ == Block::kFailed) return false;
  literal_arena_.reset();
  PlanCache::Entry* entry = plan_cache_.find_like(sql, literals_);
  if (entry == nullptr) entry = find_normalized(sql);
  if (entry == nullptr || entry->statement == nullptr) return false;
  StatementPtr statement = entry->statement;
  std::vector<types::Value>& params = literal_params_;
  params.clear();
  try {
    ensure_plan(*statement);
  } catch (const SqlError& error) {
    if (!depends_on_text(error)) throw;
    plan_cache_.erase(*entry);
    return false;
  }
  if (!statement->plan->is_point_statement) {
    entry->statement = nullptr;
    return false;
  }
  try {
    functions::EvalContext context = eval_context(literal_arena_);
    for (size_t i = 0; i < literals_.size(); ++i)
      params.push_back(functions::parse_value(statement->param_types[i], -1, literals_[i].text, context));
  } catch (const SqlError& error) {
    if (!depends_on_text(error)) throw;
    return false;
  }
  run_planned(statement, params, out);
  return true;
}

}  // namespace varve::session
