// The recursive-descent parser. Each method parses the construct it is named after, starting at the current
// token, and stops at the first token that does not belong to it. A token is consumed only if the text up to
// it can be the beginning of a valid statement: that is what puts errors where PostgreSQL's LR parser puts
// them.
#pragma once

#include <vector>

#include "lexer.h"
#include "list_builder.h"
#include "parser/ast.h"

namespace varve::parser {

// Binding powers, weakest first. Each level stands for one line of PostgreSQL's precedence table.
enum Precedence : int {
  kPrecNone = 0,
  kPrecOr,
  kPrecAnd,
  kPrecNot,
  kPrecIs,
  kPrecComparison,
  kPrecLike,
  kPrecEscape,
  kPrecOp,
  kPrecAdd,
  kPrecMultiply,
  kPrecPower,
  kPrecAt,
  kPrecCollate,
  kPrecUnary,
  kPrecTypecast,
};

// One entry of a publication's list, and whether it began with TABLE or TABLES IN SCHEMA.
struct WrittenPublicationObject {
  PublicationObject* object;
  bool keyword;
};

class Parser {
 public:
  Parser(std::string_view sql, Arena& arena);

  ParsedScript script();
  Node* lone_expression();
  SelectStmt* lone_assignment();
  TypeName* lone_type();

 private:
  // --- tokens (parser_core.cpp)
  const Token& cur() const { return tokens_[pos_]; }
  Tok type() const { return tokens_[pos_].type; }
  Tok peek(size_t n = 1) const {
    return pos_ + n < tokens_.size() ? tokens_[pos_ + n].type : Tok::kEndOfInput;
  }
  bool at(Tok t) const { return type() == t; }
  bool at(char c) const { return type() == static_cast<Tok>(c); }
  bool next_is(Tok t) const { return peek() == t; }
  bool next_is(char c) const { return peek() == static_cast<Tok>(c); }
  template <class... T>
  bool at_any(T... t) const {
    return ((type() == t) || ...);
  }
  void advance() { ++pos_; }
  bool accept(Tok t) { return type() == t ? (advance(), true) : false; }
  bool accept(char c) { return accept(static_cast<Tok>(c)); }
  // Both words or none.
  bool accept2(Tok a, Tok b) { return type() == a && peek() == b ? (pos_ += 2, true) : false; }
  void expect(Tok t) {
    if (!accept(t)) syntax_error();
  }
  void expect(char c) { expect(static_cast<Tok>(c)); }
  template <class... T>
  void expect_all(T... t) {
    (expect(t), ...);
  }
  int32_t location() const { return cur().location; }

  [[noreturn]] void syntax_error() const;
  // "<message> at or near <current token>", as yyerror in a grammar action.
  [[noreturn]] void error_near(std::string_view message) const;
  [[noreturn]] void error_at(int32_t location, SqlState state, std::string_view message,
                             std::string_view hint = {}) const;
  [[noreturn]] void error_at(int32_t location, std::string_view message, std::string_view hint = {}) const {
    error_at(location, sqlstate::kSyntaxError, message, hint);
  }
  [[noreturn]] void raise_lex_error() const;
  void check_stack() const;

  template <class T>
  T* make(int32_t location = -1) {
    T* node = arena_.make<T>();
    node->location = location;
    return node;
  }
  template <class T>
  std::span<T> finish(const ListBuilder<T>& list) {
    return list.finish(arena_);
  }
  template <class F>
  auto comma_list(F item) -> std::span<decltype(item())> {
    ListBuilder<decltype(item())> list;
    do list.add(item());
    while (accept(','));
    return finish(list);
  }
  template <class F>
  auto paren_list(F item) -> std::span<decltype(item())> {
    expect('(');
    auto list = comma_list(item);
    expect(')');
    return list;
  }
  template <class T>
  std::span<T> one(T item) {
    ListBuilder<T> list;
    list.add(item);
    return finish(list);
  }
  NameList names(std::initializer_list<std::string_view> parts);
  NameList system_name(std::string_view name) { return names({"pg_catalog", name}); }

  // --- names and small things (parser_names.cpp)
  bool at_col_id() const { return has_flag(type(), kIsColumnId); }
  bool at_unreserved() const { return at(Tok::kIdentifier) || has_flag(type(), kIsUnreserved); }
  std::string_view col_id();
  std::string_view type_function_name();
  std::string_view col_label();
  std::string_view non_reserved_word();
  std::string_view string_const();
  int32_t integer_const();
  int32_t signed_integer();
  Node* numeric_only();
  NameList any_name();
  NameList attrs_after(std::string_view first);
  NameList name_list() {
    return comma_list([&] { return col_id(); });
  }
  NameList opt_column_list();
  NameList column_list();
  QualifiedName* qualified(NameList n, int32_t loc);
  QualifiedName* any_name_node();
  RangeVar* qualified_name();
  RangeVar* range_var_from(NameList parts, int32_t loc);
  List<RangeVar> qualified_name_list() {
    return comma_list([&] { return qualified_name(); });
  }
  RangeVar* relation_expr();
  RangeVar* relation_expr_opt_alias();
  NameList func_name();
  RoleSpec* role_spec();
  std::string_view role_id();
  List<RoleSpec> role_list() {
    return comma_list([&] { return role_spec(); });
  }
  ConstExpr* make_string(std::string_view text, int32_t loc = -1);
  ConstExpr* make_integer(int32_t value, int32_t loc = -1);
  ConstExpr* make_boolean(bool value, int32_t loc = -1);
  ConstExpr* make_null(int32_t loc);
  Option* option(std::string_view name, Node* value, int32_t loc);
  DropBehavior drop_behavior();
  bool if_exists();
  bool if_not_exists();

  // --- types (parser_types.cpp)
  TypeName* type_name();
  TypeName* simple_type_name();
  TypeName* func_type();
  TypeName* system_type(std::string_view name, int32_t loc);
  TypeName* keyword_type(bool constant);
  bool at_keyword_type() const;
  TypeName* generic_type();
  void opt_array_bounds(TypeName* type);
  void opt_interval_fields(TypeName* type);
  void interval_second(TypeName* type, int32_t mask);
  bool opt_timezone();
  TypeName* float_type(int32_t loc);
  TypeName* character_type(int32_t loc);
  List<TypeName> type_list() {
    return comma_list([&] { return type_name(); });
  }

  // --- expressions (parser_expr.cpp, parser_primary.cpp)
  Node* a_expr() { return expression(kPrecNone, kExprFull); }
  Node* b_expr() { return expression(kPrecNone, kExprRestricted); }
  enum ExprMode : uint8_t {
    kExprFull,            // a_expr
    kExprRestricted,      // b_expr: no boolean operators
    kExprLabelFollows,    // a_expr that a bare column label may follow
    kExprSimilarFollows,  // first argument of SUBSTRING(x SIMILAR …)
  };
  Node* expression(int min, ExprMode mode);
  Node* expression_after(Node* left, int min, ExprMode mode);
  Node* prefix_expression(ExprMode mode, bool& primary);
  Node* infix(Node* left, int level, ExprMode mode, int& nonassociative);
  int infix_level(ExprMode mode) const;
  bool infix_is_label() const;
  Node* after_operator(Node* left, NameList name, int level, int32_t loc, ExprMode mode, int& nonassociative);
  Node* quantified(Node* left, NameList name, int32_t loc);
  Node* bool_chain(Node* left, BoolOp op, int level, ExprMode mode);
  Node* like_expr(Node* left, int& nonassociative);
  Node* between_expr(Node* left, bool negated, int32_t loc);
  Node* in_expr(Node* left, bool negated, int32_t loc);
  Node* is_expr(Node* left, ExprMode mode, int& nonassociative);
  Node* make_operator(OperatorForm form, std::string_view name, Node* left, Node* right, int32_t loc);
  Node* negate(Node* arg, int32_t loc);
  Node* make_not(Node* arg, int32_t loc);
  NameList qual_operator();
  NameList all_operator();
  NameList any_operator();
  std::string_view operator_symbol();

  Node* c_expr();
  Node* after_c_expr(Node* node, ExprMode mode);
  Node* name_expression();
  struct ParenContent {
    SelectStmt* query = nullptr;  // or else
    NodeList items;
  };
  ParenContent paren_content(bool single = false);
  Node* paren_node(const ParenContent& content, int32_t loc);
  Node* sublink(SubLinkKind kind, SelectStmt* query, int32_t loc);
  Node* case_expr();
  Node* array_literal();
  Node* opt_indirection(Node* arg);
  NodeList indirection(bool& bad_star);
  NodeList checked_indirection();
  Node* column_ref(std::string_view first, NodeList steps, int32_t loc);
  RowExpr* row_expr(NodeList args, bool explicit_row, int32_t loc);
  Node* overlaps(RowExpr* left);
  NodeList expr_list() {
    return comma_list([&] { return a_expr(); });
  }
  Node* typed_const(TypeName* type, int32_t loc);
  Node* keyword_typed_const();
  bool at_const_type() const;
  Node* string_node();
  Node* number_node();
  Node* aexpr_const();

  // --- function calls and their special syntaxes (parser_func.cpp)
  Node* func_call(NameList name, int32_t loc, bool windowless);
  Node* func_arg();
  void func_clauses(FuncCall* call);
  WindowDef* over_clause();
  WindowDef* window_specification();
  void frame_clause(WindowDef* window);
  FrameBound frame_bound(Node*& offset);
  Node* common_subexpr();
  bool at_common_subexpr() const;
  Node* func_expr_windowless();
  FuncCall* system_call(std::string_view name, NodeList args, int32_t loc);
  Node* sql_value_function(SqlValueFunctionKind kind, bool with_precision);
  NodeList func_arg_list();
  Node* extract_call(int32_t loc);
  Node* overlay_call(int32_t loc);
  Node* substring_call(int32_t loc);
  Node* trim_call(int32_t loc);
  Node* xml_call(Tok which, int32_t loc);
  Node* xml_element(int32_t loc);
  TargetEntry* xml_attribute();
  Node* xmlexists_argument();
  bool document_or_content();
  std::string_view unicode_normal_form();

  // --- queries (parser_select.cpp, parser_from.cpp, parser_dml.cpp)
  bool at_query_start() const { return query_starts_at(pos_); }
  bool query_starts_at(size_t i) const;
  bool paren_starts_query();
  bool at_query_continuation() const;
  SelectStmt* select_with_parens();
  SelectStmt* select_stmt();
  SelectStmt* select_no_parens();
  SelectStmt* select_tail(SelectStmt* first, WithClause* with);
  SelectStmt* set_operations(SelectStmt* left, int min_level);
  SelectStmt* select_operand();
  SelectStmt* simple_select();
  void select_clauses(SelectStmt* node);
  SelectStmt* values_clause();
  void apply_options(SelectStmt* stmt, List<SortBy> sort, List<LockingClause> locking, WithClause* with);
  bool limit_part(SelectStmt* into, int32_t& limit_loc, int32_t& offset_loc);
  Node* fetch_first_value();
  List<LockingClause> locking_clauses();
  WithClause* opt_with();
  WithClause* with_clause();
  CommonTableExpr* common_table_expr();
  IntoClause* into_clause();
  RangeVar* temp_table_name();
  List<TargetEntry> target_list();
  TargetEntry* target_el();
  List<SortBy> sort_clause();
  SortBy* sort_by();
  NullsOrder nulls_order();
  SortDirection asc_desc();
  List<SortBy> opt_sort_clause();
  Node* group_item();
  List<WindowDef> window_clause();
  NodeList from_list() {
    return comma_list([&] { return table_ref(); });
  }
  NodeList opt_from() { return accept(Tok::kFrom) ? from_list() : NodeList{}; }
  Node* opt_where() { return accept(Tok::kWhere) ? a_expr() : nullptr; }
  Node* where_or_current();
  Node* table_ref();
  bool at_join() const;
  Node* joins_after(Node* left);
  void join_qualification(JoinExpr* join);
  Node* table_primary();
  struct TableParen {
    SelectStmt* query = nullptr;  // or else
    Node* join = nullptr;
  };
  TableParen table_paren();
  Node* subselect_ref(SelectStmt* query, bool lateral, int32_t loc);
  Node* range_function(bool lateral);
  Node* xml_table(bool lateral);
  XmlTableColumn xml_table_column();
  Node* table_sample(Node* relation);
  Alias* opt_alias();
  Alias* alias_clause();
  void func_alias(Alias*& alias, List<ColumnDef>& columns);
  ColumnDef* table_func_element();
  List<ColumnDef> table_func_elements();

  Node* insert_stmt(WithClause* with);
  Overriding overriding();
  TargetEntry* insert_column();
  OnConflictClause* on_conflict();
  Node* update_stmt(WithClause* with);
  Node* delete_stmt(WithClause* with);
  Node* merge_stmt(WithClause* with);
  MergeWhenClause* merge_when();
  List<TargetEntry> set_clauses();
  void set_clause(ListBuilder<TargetEntry*>& out);
  TargetEntry* set_target();
  List<TargetEntry> returning();
  Node* preparable_stmt(bool may_merge = true);
  Node* with_statement(bool may_merge);

#include "parser_statements.inc"

  std::string_view sql_;
  Arena& arena_;
  Lexer lexer_;
  std::vector<Token> tokens_;
  size_t pos_ = 0;
  size_t paren_run_start_ = 0;  // tokens of [paren_run_start_, paren_run_end_) are all '('
  size_t paren_run_end_ = 0;
  const RowExpr* last_row_ = nullptr;  // the row constructor parsed last, and the token behind it
  size_t last_row_end_ = 0;
  bool was_primary_ = false;  // the expression parsed last was a bare c_expr
  const char* stack_base_ = nullptr;
};

}  // namespace varve::parser
