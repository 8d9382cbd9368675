// SELECT, VALUES, TABLE, set operations and the clauses around them.
#include "parser_impl.h"

namespace varve::parser {

using enum Tok;

bool Parser::query_starts_at(size_t i) const {
  switch (tokens_[i].type) {
    case kSelect:
    case kTable:
    case kWith:
    case kWithLa:
      return true;
    case kValues:
      return i + 1 < tokens_.size() && tokens_[i + 1].type == static_cast<Tok>('(');
    default:
      return false;
  }
}

// At '(': whether the first word behind the opening parentheses begins a query.
bool Parser::paren_starts_query() {
  if (pos_ < paren_run_start_ || pos_ >= paren_run_end_) {
    paren_run_start_ = paren_run_end_ = pos_;
    while (tokens_[paren_run_end_].type == static_cast<Tok>('(')) ++paren_run_end_;
  }
  return query_starts_at(paren_run_end_);
}

bool Parser::at_query_continuation() const {
  return at_any(kUnion, kIntersect, kExcept, kOrder, kLimit, kOffset, kFetch, kFor);
}

SelectStmt* Parser::select_with_parens() {
  check_stack();
  expect('(');
  SelectStmt* query = select_stmt();
  expect(')');
  return query;
}

// A query with or without parentheses around it, and whatever may follow it.
SelectStmt* Parser::select_stmt() {
  if (!at('(')) return select_no_parens();
  SelectStmt* query = select_with_parens();
  return at_query_continuation() ? select_tail(query, nullptr) : query;
}

SelectStmt* Parser::select_no_parens() {
  WithClause* with = opt_with();
  return select_tail(select_operand(), with);
}

SelectStmt* Parser::select_operand() {
  if (at('(')) return select_with_parens();
  return simple_select();
}

static int set_operation_level(Tok t) { return t == kIntersect ? 2 : t == kUnion || t == kExcept ? 1 : 0; }

SelectStmt* Parser::set_operations(SelectStmt* left, int min_level) {
  while (true) {
    int level = set_operation_level(type());
    if (level < min_level || level == 0) return left;
    auto* node = make<SelectStmt>(location());
    node->set_operation = at(kUnion)       ? SetOperation::kUnion
                          : at(kIntersect) ? SetOperation::kIntersect
                                           : SetOperation::kExcept;
    advance();
    node->set_all = accept(kAll);
    if (!node->set_all) accept(kDistinct);
    node->left = left;
    node->right = set_operations(select_operand(), level + 1);
    left = node;
  }
}

// What may follow the first operand of a query: set operations, ORDER BY, LIMIT, locking.
SelectStmt* Parser::select_tail(SelectStmt* first, WithClause* with) {
  SelectStmt* stmt = set_operations(first, 1);
  List<SortBy> sort = opt_sort_clause();
  SelectStmt limits;
  bool has_limits = false;
  int32_t limit_loc = -1, offset_loc = -1;
  List<LockingClause> locking;
  auto limit_clauses = [&] {
    if (!at_any(kLimit, kOffset, kFetch)) return;
    has_limits = true;
    bool was_offset = limit_part(&limits, limit_loc, offset_loc);
    if (was_offset ? at_any(kLimit, kFetch) : at(kOffset)) limit_part(&limits, limit_loc, offset_loc);
  };
  if (at(kFor)) {
    locking = locking_clauses();
    limit_clauses();
  } else {
    limit_clauses();
    if (at(kFor)) locking = locking_clauses();
  }
  apply_options(stmt, sort, locking, nullptr);
  if (has_limits) {
    if (limits.limit_offset != nullptr) {
      if (stmt->limit_offset != nullptr) {
        error_at(limits.limit_offset->location, "multiple OFFSET clauses not allowed");
      }
      stmt->limit_offset = limits.limit_offset;
    }
    if (limits.limit_count != nullptr) {
      if (stmt->limit_count != nullptr) {
        error_at(limits.limit_count->location, "multiple LIMIT clauses not allowed");
      }
      stmt->limit_count = limits.limit_count;
    }
    if (limits.limit_option == LimitOption::kWithTies) {
      if (stmt->order_by.empty()) error_at(-1, "WITH TIES cannot be specified without ORDER BY clause");
      for (LockingClause* lock : stmt->locking) {
        if (lock->wait == LockWait::kSkipLocked) {
          error_at(-1, "SKIP LOCKED and WITH TIES options cannot be used together");
        }
      }
      stmt->limit_option = LimitOption::kWithTies;
    }
  }
  apply_options(stmt, {}, {}, with);
  return stmt;
}

void Parser::apply_options(SelectStmt* stmt, List<SortBy> sort, List<LockingClause> locking,
                           WithClause* with) {
  if (!sort.empty()) {
    if (!stmt->order_by.empty()) error_at(sort[0]->location, "multiple ORDER BY clauses not allowed");
    stmt->order_by = sort;
  }
  if (!locking.empty()) {
    ListBuilder<LockingClause*> all;
    for (auto* clause : stmt->locking) all.add(clause);
    for (auto* clause : locking) all.add(clause);
    stmt->locking = finish(all);
  }
  if (with != nullptr) {
    if (stmt->with != nullptr) error_at(with->location, "multiple WITH clauses not allowed");
    stmt->with = with;
  }
}

// One of LIMIT, FETCH, OFFSET. True if it was OFFSET.
bool Parser::limit_part(SelectStmt* into, int32_t& limit_loc, int32_t& offset_loc) {
  int32_t loc = location();
  if (accept(kOffset)) {
    offset_loc = loc;
    bool sign = (at('+') || at('-')) && (next_is(kIntegerConst) || next_is(kFloatConst)) &&
                (peek(2) == kRow || peek(2) == kRows);
    into->limit_offset = sign ? fetch_first_value() : a_expr();
    if (at_any(kRow, kRows) && (sign || was_primary_)) advance();
    return true;
  }
  limit_loc = loc;
  if (accept(kLimit)) {
    int32_t value_loc = location();
    into->limit_count = accept(kAll) ? make_null(value_loc) : a_expr();
    if (accept(',')) {
      a_expr();
      error_at(loc, "LIMIT #,# syntax is not supported", "Use separate LIMIT and OFFSET clauses.");
    }
    return false;
  }
  expect(kFetch);
  if (!accept(kFirst)) expect(kNext);
  bool count_left_out = at_any(kRow, kRows) && (next_is(kOnly) || next_is(kWith));
  into->limit_count = count_left_out ? make_integer(1) : fetch_first_value();
  if (!accept(kRow)) expect(kRows);
  if (accept(kWith)) {
    expect(kTies);
    into->limit_option = LimitOption::kWithTies;
  } else {
    expect(kOnly);
  }
  return false;
}

// c_expr | + number | - number
Node* Parser::fetch_first_value() {
  int32_t loc = location();
  bool minus = at('-');
  if (!minus && !at('+')) return c_expr();
  advance();
  if (!at(kIntegerConst) && !at(kFloatConst)) syntax_error();
  Node* number = number_node();
  return minus ? negate(number, loc) : make_operator(OperatorForm::kOperator, "+", nullptr, number, loc);
}

List<LockingClause> Parser::locking_clauses() {
  ListBuilder<LockingClause*> list;
  if (at(kFor) && next_is(kRead)) {
    pos_ += 2;
    expect(kOnly);
    return {};
  }
  while (at(kFor)) {
    auto* node = make<LockingClause>(location());
    advance();
    if (accept(kUpdate)) {
      node->strength = LockStrength::kUpdate;
    } else if (accept(kNo)) {
      expect_all(kKey, kUpdate);
      node->strength = LockStrength::kNoKeyUpdate;
    } else if (accept(kShare)) {
      node->strength = LockStrength::kShare;
    } else {
      expect_all(kKey, kShare);
      node->strength = LockStrength::kKeyShare;
    }
    if (accept(kOf)) node->relations = qualified_name_list();
    if (accept(kNowait)) {
      node->wait = LockWait::kNoWait;
    } else if (accept(kSkip)) {
      expect(kLocked);
      node->wait = LockWait::kSkipLocked;
    }
    list.add(node);
  }
  return finish(list);
}

WithClause* Parser::opt_with() { return at_any(kWith, kWithLa) ? with_clause() : nullptr; }

WithClause* Parser::with_clause() {
  check_stack();
  auto* node = make<WithClause>(location());
  bool plain = at(kWith);
  advance();
  node->recursive = plain && at(kRecursive) && !next_is(kAs) && !next_is('(');
  if (node->recursive) advance();
  node->ctes = comma_list([&] { return common_table_expr(); });
  return node;
}

CommonTableExpr* Parser::common_table_expr() {
  auto* node = make<CommonTableExpr>(location());
  node->name = col_id();
  node->columns = opt_column_list();
  expect(kAs);
  if (accept(kMaterialized)) {
    node->materialize = CteMaterialize::kAlways;
  } else if (accept(kNot)) {
    expect(kMaterialized);
    node->materialize = CteMaterialize::kNever;
  }
  expect('(');
  node->query = preparable_stmt();
  expect(')');
  if (at(kSearch)) {
    auto* search = arena_.make<CteSearchClause>();
    search->location = location();
    advance();
    search->breadth_first = at(kBreadth);
    if (!accept(kBreadth)) expect(kDepth);
    expect_all(kFirst, kBy);
    search->columns = name_list();
    expect(kSet);
    search->sequence_column = col_id();
    node->search = search;
  }
  if (at(kCycle)) {
    auto* cycle = arena_.make<CteCycleClause>();
    cycle->location = location();
    advance();
    cycle->columns = name_list();
    expect(kSet);
    cycle->mark_column = col_id();
    if (accept(kTo)) {
      cycle->mark_value = aexpr_const();
      expect(kDefault);
      cycle->mark_default = aexpr_const();
    } else {
      cycle->mark_value = make_boolean(true);
      cycle->mark_default = make_boolean(false);
    }
    expect(kUsing);
    cycle->path_column = col_id();
    node->cycle = cycle;
  }
  return node;
}

SelectStmt* Parser::simple_select() {
  int32_t loc = location();
  if (accept(kTable)) {
    auto* node = make<SelectStmt>(loc);
    auto* star = make<ColumnRef>();
    star->star = true;
    auto* target = make<TargetEntry>();
    target->value = star;
    node->targets = one(target);
    node->from = one<Node*>(relation_expr());
    return node;
  }
  if (at(kValues)) return values_clause();
  expect(kSelect);
  auto* node = make<SelectStmt>(loc);
  select_clauses(node);
  return node;
}

// What stands behind SELECT.
void Parser::select_clauses(SelectStmt* node) {
  bool targets_needed = false;
  if (accept(kDistinct)) {
    node->distinct = true;
    targets_needed = true;
    if (accept(kOn)) {
      expect('(');
      node->distinct_on = expr_list();
      expect(')');
    }
  } else {
    accept(kAll);
  }
  bool none = at_any(kEndOfInput, kInto, kFrom, kWhere, kGroup, kHaving, kWindow, kOn, kReturning, kWith) ||
              at(')') || at(';') || at_query_continuation();
  if (targets_needed || !none) node->targets = target_list();
  if (accept(kInto)) node->into = into_clause();
  node->from = opt_from();
  node->where = opt_where();
  if (accept(kGroup)) {
    expect(kBy);
    node->group_distinct = accept(kDistinct);
    if (!node->group_distinct) accept(kAll);
    node->group_by = comma_list([&] { return group_item(); });
  }
  if (accept(kHaving)) node->having = a_expr();
  if (accept(kWindow)) node->windows = window_clause();
}

SelectStmt* Parser::lone_assignment() {
  auto* target = make<TargetEntry>(location());
  if (at(kParamMark)) {
    target->name = sql_.substr(static_cast<size_t>(location()), 1 + std::to_string(cur().integer).size());
    advance();
  } else {
    target->name = col_id();
  }
  target->indirection = checked_indirection();
  if (!accept(kColonEquals)) expect('=');
  auto* source = make<SelectStmt>(location());
  select_clauses(source);
  source = select_tail(source, nullptr);
  if (!at(kEndOfInput)) syntax_error();
  auto* node = source;
  if (!source->order_by.empty() || source->distinct || source->set_operation != SetOperation::kNone) {
    // The order is that of the value, not of the whole variable.
    auto* value = make<TargetEntry>(source->location);
    value->value = sublink(SubLinkKind::kScalar, source, source->location);
    node = make<SelectStmt>(source->location);
    node->targets = one(value);
  }
  node->assigns_to = target;
  return node;
}

SelectStmt* Parser::values_clause() {
  auto* node = make<SelectStmt>(location());
  expect(kValues);
  node->values = comma_list([&] {
    auto* row = make<ListNode>(location());
    expect('(');
    row->items = expr_list();
    expect(')');
    return row;
  });
  return node;
}

IntoClause* Parser::into_clause() {
  auto* node = make<IntoClause>(location());
  node->relation = temp_table_name();
  return node;
}

// [TEMP|UNLOGGED] [TABLE] name
RangeVar* Parser::temp_table_name() {
  auto name_follows = [&](size_t n) { return peek(n) == kTable || has_flag(peek(n), kIsColumnId); };
  Persistence persistence = Persistence::kPermanent;
  if (at_any(kTemporary, kTemp) && name_follows(1)) {
    advance();
    persistence = Persistence::kTemporary;
  } else if (at_any(kLocal, kGlobal) && (next_is(kTemporary) || next_is(kTemp))) {
    pos_ += 2;
    persistence = Persistence::kTemporary;
  } else if (at(kUnlogged) && name_follows(1)) {
    advance();
    persistence = Persistence::kUnlogged;
  }
  accept(kTable);
  RangeVar* relation = qualified_name();
  relation->persistence = persistence;
  return relation;
}

List<TargetEntry> Parser::target_list() {
  return comma_list([&] { return target_el(); });
}

TargetEntry* Parser::target_el() {
  auto* node = make<TargetEntry>(location());
  if (at('*')) {
    auto* star = make<ColumnRef>(location());
    advance();
    star->star = true;
    node->value = star;
    return node;
  }
  node->value = expression(kPrecNone, kExprLabelFollows);
  if (accept(kAs)) {
    node->name = col_label();
  } else if (has_flag(type(), kIsBareLabel)) {
    node->name = cur().text;
    advance();
  }
  return node;
}

List<SortBy> Parser::opt_sort_clause() { return at(kOrder) ? sort_clause() : List<SortBy>{}; }

List<SortBy> Parser::sort_clause() {
  expect_all(kOrder, kBy);
  return comma_list([&] { return sort_by(); });
}

SortDirection Parser::asc_desc() {
  if (accept(kAsc)) return SortDirection::kAscending;
  if (accept(kDesc)) return SortDirection::kDescending;
  return SortDirection::kDefault;
}

NullsOrder Parser::nulls_order() {
  if (!accept(kNullsLa)) return NullsOrder::kDefault;
  bool first = at(kFirst);
  advance();
  return first ? NullsOrder::kFirst : NullsOrder::kLast;
}

SortBy* Parser::sort_by() {
  auto* node = make<SortBy>();
  node->expression = a_expr();
  node->location = node->expression->location;
  if (accept(kUsing)) {
    node->direction = SortDirection::kUsing;
    node->using_operator = all_operator();
  } else {
    node->direction = asc_desc();
  }
  node->nulls = nulls_order();
  return node;
}

Node* Parser::group_item() {
  check_stack();
  int32_t loc = location();
  auto set = [&](GroupingSetKind kind) {
    auto* node = make<GroupingSet>(loc);
    node->type = kind;
    return node;
  };
  if (at('(') && next_is(')')) {
    pos_ += 2;
    return set(GroupingSetKind::kEmpty);
  }
  if (at_any(kCube, kRollup) && next_is('(')) {
    GroupingSet* node = set(at(kCube) ? GroupingSetKind::kCube : GroupingSetKind::kRollup);
    pos_ += 2;
    node->content = expr_list();
    expect(')');
    return node;
  }
  if (accept2(kGrouping, kSets)) {
    GroupingSet* node = set(GroupingSetKind::kSets);
    expect('(');
    node->content = comma_list([&] { return group_item(); });
    expect(')');
    return node;
  }
  return a_expr();
}

List<WindowDef> Parser::window_clause() {
  return comma_list([&] {
    std::string_view name = col_id();
    expect(kAs);
    WindowDef* node = window_specification();
    node->name = name;
    return node;
  });
}

}  // namespace varve::parser
