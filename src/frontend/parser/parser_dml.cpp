// INSERT, UPDATE, DELETE, MERGE.
#include <fmt/format.h>

#include "parser_impl.h"

namespace varve::parser {

using enum Tok;

// A statement that a CTE, PREPARE or COPY may hold.
Node* Parser::preparable_stmt(bool may_merge) {
  switch (type()) {
    case kInsert:
      return insert_stmt(nullptr);
    case kUpdate:
      return update_stmt(nullptr);
    case kDelete:
      return delete_stmt(nullptr);
    case kMerge:
      return merge_stmt(nullptr);
    case kWith:
    case kWithLa:
      return with_statement(may_merge);
    default:
      return select_stmt();
  }
}

// WITH … in front of any of them.
Node* Parser::with_statement(bool may_merge) {
  WithClause* with = with_clause();
  if (at(kMerge) && !may_merge) syntax_error();
  switch (type()) {
    case kInsert:
      return insert_stmt(with);
    case kUpdate:
      return update_stmt(with);
    case kDelete:
      return delete_stmt(with);
    case kMerge:
      return merge_stmt(with);
    default:
      return select_tail(select_operand(), with);
  }
}

TargetEntry* Parser::insert_column() {
  auto* node = make<TargetEntry>(location());
  node->name = col_id();
  node->indirection = checked_indirection();
  return node;
}

Overriding Parser::overriding() {
  if (!accept(kOverriding)) return Overriding::kNone;
  bool user = at(kUser);
  if (!user && !at(kSystem)) syntax_error();
  advance();
  expect(kValue);
  return user ? Overriding::kUserValue : Overriding::kSystemValue;
}

Node* Parser::insert_stmt(WithClause* with) {
  auto* node = make<InsertStmt>(location());
  node->with = with;
  expect_all(kInsert, kInto);
  node->relation = qualified_name();
  if (accept(kAs)) {
    node->relation->alias = make<Alias>(location());
    node->relation->alias->name = col_id();
  }
  if (accept(kDefault)) {
    expect(kValues);
  } else {
    if (at('(') && !next_is('(') && !paren_starts_query()) {
      advance();
      node->columns = comma_list([&] { return insert_column(); });
      expect(')');
    }
    node->overriding = overriding();
    node->source = select_stmt();
  }
  if (at(kOn)) node->on_conflict = on_conflict();
  node->returning = returning();
  return node;
}

OnConflictClause* Parser::on_conflict() {
  auto* node = make<OnConflictClause>(location());
  expect_all(kOn, kConflict);
  if (at('(')) {
    node->inference = paren_list([&] { return index_elem(); });
    node->inference_where = opt_where();
  } else if (accept(kOn)) {
    expect(kConstraint);
    node->constraint = col_id();
  }
  expect(kDo);
  if (accept(kNothing)) return node;
  expect_all(kUpdate, kSet);
  node->action = OnConflictAction::kUpdate;
  node->assignments = set_clauses();
  node->where = opt_where();
  return node;
}

List<TargetEntry> Parser::returning() { return accept(kReturning) ? target_list() : List<TargetEntry>{}; }

TargetEntry* Parser::set_target() { return insert_column(); }

List<TargetEntry> Parser::set_clauses() {
  ListBuilder<TargetEntry*> list;
  do set_clause(list);
  while (accept(','));
  return finish(list);
}

// column = value, or (a, b) = source, which becomes one entry a column.
void Parser::set_clause(ListBuilder<TargetEntry*>& out) {
  if (!at('(')) {
    TargetEntry* target = set_target();
    expect('=');
    target->value = a_expr();
    out.add(target);
    return;
  }
  List<TargetEntry> targets = paren_list([&] { return set_target(); });
  expect('=');
  Node* source = a_expr();
  int32_t column = 0;
  for (TargetEntry* target : targets) {
    auto* ref = make<MultiAssignRef>();
    ref->source = source;
    ref->column = ++column;
    ref->columns = static_cast<int32_t>(targets.size());
    target->value = ref;
    out.add(target);
  }
}

Node* Parser::where_or_current() {
  if (!accept(kWhere)) return nullptr;
  if (accept2(kCurrent, kOf)) {
    auto* node = make<CurrentOfExpr>(location());
    node->cursor = col_id();
    return node;
  }
  return a_expr();
}

Node* Parser::update_stmt(WithClause* with) {
  auto* node = make<UpdateStmt>(location());
  node->with = with;
  expect(kUpdate);
  node->relation = relation_expr_opt_alias();
  expect(kSet);
  node->assignments = set_clauses();
  node->from = opt_from();
  node->where = where_or_current();
  node->returning = returning();
  return node;
}

Node* Parser::delete_stmt(WithClause* with) {
  auto* node = make<DeleteStmt>(location());
  node->with = with;
  expect_all(kDelete, kFrom);
  node->relation = relation_expr_opt_alias();
  if (accept(kUsing)) node->using_list = from_list();
  node->where = where_or_current();
  node->returning = returning();
  return node;
}

Node* Parser::merge_stmt(WithClause* with) {
  auto* node = make<MergeStmt>(location());
  node->with = with;
  expect_all(kMerge, kInto);
  node->relation = relation_expr_opt_alias();
  expect(kUsing);
  node->source = table_ref();
  expect(kOn);
  node->join_condition = a_expr();
  ListBuilder<MergeWhenClause*> list;
  do list.add(merge_when());
  while (at(kWhen));
  node->whens = finish(list);
  return node;
}

MergeWhenClause* Parser::merge_when() {
  auto* node = make<MergeWhenClause>(location());
  expect(kWhen);
  node->matched = !accept(kNot);
  expect(kMatched);
  if (accept(kAnd)) node->condition = a_expr();
  expect(kThen);
  if (accept(kDo)) {
    expect(kNothing);
    return node;
  }
  if (node->matched) {
    if (accept(kDelete)) {
      node->action = MergeAction::kDelete;
      return node;
    }
    expect_all(kUpdate, kSet);
    node->action = MergeAction::kUpdate;
    node->targets = set_clauses();
    return node;
  }
  expect(kInsert);
  node->action = MergeAction::kInsert;
  if (accept(kDefault)) {
    expect(kValues);
    return node;
  }
  if (at('(')) node->targets = paren_list([&] { return insert_column(); });
  node->overriding = overriding();
  expect(kValues);
  node->values = paren_list([&] { return a_expr(); });
  return node;
}

}  // namespace varve::parser
