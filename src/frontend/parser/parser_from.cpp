// The FROM clause.
#include <fmt/format.h>

#include "parser_impl.h"

namespace varve::parser {

using enum Tok;

Node* Parser::table_ref() {
  check_stack();
  return joins_after(table_primary());
}

bool Parser::at_join() const { return at_any(kJoin, kCross, kLeft, kRight, kFull, kInner, kNatural); }

Node* Parser::joins_after(Node* left) {
  while (true) {
    JoinType type = JoinType::kInner;
    int32_t loc = location();
    bool cross = false, natural = false;
    if (accept(kCross)) {
      cross = true;
    } else {
      natural = accept(kNatural);
      if (at_any(kLeft, kRight, kFull)) {
        type = at(kLeft) ? JoinType::kLeft : at(kRight) ? JoinType::kRight : JoinType::kFull;
        advance();
        accept(kOuter);
        if (!at(kJoin)) syntax_error();
      } else if (accept(kInner)) {
        if (!at(kJoin)) syntax_error();
      } else if (!at(kJoin)) {
        if (natural) syntax_error();
        return left;
      }
    }
    expect(kJoin);
    auto* node = make<JoinExpr>(loc);
    node->type = type;
    node->natural = natural;
    node->left = left;
    if (cross || natural) {
      node->right = table_primary();
    } else {
      // a JOIN b JOIN c ON … ON …: what stands before our ON belongs to the right side.
      node->right = table_ref();
      join_qualification(node);
    }
    left = node;
  }
}

void Parser::join_qualification(JoinExpr* join) {
  if (accept(kUsing)) {
    join->using_columns = column_list();
    if (accept(kAs)) {
      join->using_alias = make<Alias>(location());
      join->using_alias->name = col_id();
    }
    return;
  }
  expect(kOn);
  join->on = a_expr();
}

// Without FROM items that begin with '(' the choice is between a function call and a table.
Node* Parser::table_primary() {
  bool lateral = accept(kLateral);
  int32_t loc = location();
  if (at('(')) {
    if (lateral) return subselect_ref(select_with_parens(), true, loc);
    TableParen paren = table_paren();
    if (paren.query != nullptr) return subselect_ref(paren.query, false, loc);
    if (at(kAs) || at_col_id()) as<JoinExpr>(paren.join)->alias = alias_clause();
    return paren.join;
  }
  if (at(kXmltable) && next_is('(')) return xml_table(lateral);
  if (accept2(kRows, kFrom)) {
    pos_ -= 2;
    return range_function(lateral);
  }
  if (lateral || at_common_subexpr()) return range_function(lateral);
  if (at(kOnly)) {
    RangeVar* relation = relation_expr();
    relation->alias = opt_alias();
    return table_sample(relation);
  }
  if (next_is('(')) return range_function(false);
  if (!at_col_id()) {
    // A word that can only be a function's name wants its parenthesis.
    if (has_flag(type(), kIsTypeFunctionName)) advance();
    syntax_error();
  }
  if (next_is('.') || next_is('[')) {
    size_t start = pos_;
    advance();
    bool bad_star = false;
    indirection(bad_star);
    bool call = at('(');
    pos_ = start;
    if (call) return range_function(false);
  }
  RangeVar* relation = qualified_name();
  accept('*');
  relation->alias = opt_alias();
  return table_sample(relation);
}

// ( query ) or ( join ); all of the parentheses.
Parser::TableParen Parser::table_paren() {
  check_stack();
  bool query = paren_starts_query();
  expect('(');
  TableParen result;
  if (query && !at('(')) {
    result.query = select_no_parens();
    expect(')');
    return result;
  }
  Node* node;
  if (query) {
    int32_t loc = location();
    TableParen inner = table_paren();
    if (inner.query != nullptr && (at(')') || at_query_continuation())) {
      result.query = at(')') ? inner.query : select_tail(inner.query, nullptr);
      expect(')');
      return result;
    }
    if (inner.query != nullptr) {
      if (!at(kAs) && !at_col_id() && !at_join()) syntax_error();
      node = subselect_ref(inner.query, false, loc);
    } else {
      node = inner.join;
      if (at(kAs) || at_col_id()) as<JoinExpr>(node)->alias = alias_clause();
    }
    node = joins_after(node);
  } else {
    node = table_ref();
  }
  if (!is<JoinExpr>(node) || as<JoinExpr>(node)->alias != nullptr) syntax_error();
  expect(')');
  result.join = node;
  return result;
}

Node* Parser::subselect_ref(SelectStmt* query, bool lateral, int32_t loc) {
  auto* node = make<RangeSubselect>(loc);
  node->lateral = lateral;
  node->query = query;
  node->alias = opt_alias();
  if (node->alias == nullptr) {
    if (!query->values.empty()) {
      error_at(loc, "VALUES in FROM must have an alias", "For example, FROM (VALUES ...) [AS] foo.");
    }
    error_at(loc, "subquery in FROM must have an alias", "For example, FROM (SELECT ...) [AS] foo.");
  }
  return node;
}

Alias* Parser::opt_alias() { return at(kAs) || at_col_id() ? alias_clause() : nullptr; }

Alias* Parser::alias_clause() {
  auto* node = make<Alias>(location());
  accept(kAs);
  node->name = col_id();
  node->columns = opt_column_list();
  return node;
}

Node* Parser::table_sample(Node* relation) {
  if (!accept(kTablesample)) return relation;
  auto* node = make<RangeTableSample>(location());
  node->relation = relation;
  node->method = func_name();
  node->args = paren_list([&] { return a_expr(); });
  if (accept(kRepeatable)) {
    expect('(');
    node->repeatable = a_expr();
    expect(')');
  }
  return node;
}

// func(…) or ROWS FROM (…), WITH ORDINALITY, and an alias that may define columns.
Node* Parser::range_function(bool lateral) {
  auto* node = make<RangeFunction>(location());
  node->lateral = lateral;
  if (accept2(kRows, kFrom)) {
    node->rows_from = true;
    node->functions = paren_list([&] {
      RangeFunctionItem item;
      item.call = func_expr_windowless();
      if (accept(kAs)) item.column_definitions = table_func_elements();
      return item;
    });
  } else {
    RangeFunctionItem item;
    item.call = func_expr_windowless();
    node->functions = one(item);
  }
  if (accept(kWithLa)) {
    expect(kOrdinality);
    node->with_ordinality = true;
  }
  func_alias(node->alias, node->column_definitions);
  return node;
}

void Parser::func_alias(Alias*& alias, List<ColumnDef>& columns) {
  int32_t loc = location();
  bool as = accept(kAs);
  if (as && at('(')) {
    columns = table_func_elements();
    return;
  }
  if (!as && !at_col_id()) return;
  alias = make<Alias>(loc);
  alias->name = col_id();
  if (!at('(')) return;
  bool plain = has_flag(peek(1), kIsColumnId) &&
               (peek(2) == static_cast<Tok>(',') || peek(2) == static_cast<Tok>(')'));
  if (plain) {
    alias->columns = column_list();
  } else {
    columns = table_func_elements();
  }
}

List<ColumnDef> Parser::table_func_elements() {
  return paren_list([&] { return table_func_element(); });
}

ColumnDef* Parser::table_func_element() {
  auto* node = make<ColumnDef>(location());
  node->name = col_id();
  node->type = type_name();
  if (at(kCollate)) {
    node->collation = make<CollateExpr>(location());
    advance();
    node->collation->collation = any_name();
  }
  return node;
}

Node* Parser::xml_table(bool lateral) {
  auto* node = make<RangeTableFunc>(location());
  node->lateral = lateral;
  advance();
  expect('(');
  if (at(kXmlnamespaces) && next_is('(')) {
    advance();
    node->namespaces = paren_list([&]() -> Node* {
      auto* entry = make<TargetEntry>(location());
      if (accept(kDefault)) {
        entry->value = b_expr();
      } else {
        entry->value = b_expr();
        expect(kAs);
        entry->name = col_label();
      }
      return entry;
    });
    expect(',');
  }
  node->row = c_expr();
  node->document = xmlexists_argument();
  expect(kColumns);
  node->columns = comma_list([&] { return xml_table_column(); });
  expect(')');
  node->alias = opt_alias();
  return node;
}

XmlTableColumn Parser::xml_table_column() {
  XmlTableColumn column;
  column.location = location();
  column.name = col_id();
  if (accept(kFor)) {
    expect(kOrdinality);
    column.for_ordinality = true;
    return column;
  }
  column.type = type_name();
  // Mistakes among the options are reported when all of them have been read, the first one first.
  int32_t bad_loc = -1;
  std::string bad;
  auto complain = [&](int32_t loc, std::string message) {
    if (!bad.empty()) return;
    bad_loc = loc;
    bad = std::move(message);
  };
  bool nullability_seen = false;
  while (true) {
    int32_t loc = location();
    if (at(kIdentifier)) {
      std::string_view word = cur().text;
      advance();
      Node* value = b_expr();
      if (word != "path") {
        complain(loc, fmt::format("unrecognized column option \"{}\"", word));
      } else if (column.path != nullptr) {
        complain(loc, "only one PATH value per column is allowed");
      }
      column.path = value;
    } else if (accept(kDefault)) {
      Node* value = b_expr();
      if (column.default_value != nullptr) complain(loc, "only one DEFAULT value is allowed");
      column.default_value = value;
    } else if (at_any(kNot, kNull)) {
      bool not_null = accept(kNot);
      expect(kNull);
      if (nullability_seen) {
        complain(loc, fmt::format("conflicting or redundant NULL / NOT NULL declarations for column \"{}\"",
                                  column.name));
      }
      nullability_seen = true;
      column.not_null = not_null;
    } else {
      break;
    }
  }
  if (!bad.empty()) error_at(bad_loc, bad);
  return column;
}

}  // namespace varve::parser
