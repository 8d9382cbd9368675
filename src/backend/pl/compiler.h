// From a function's source to its tree: PL/pgSQL's grammar, with PostgreSQL's errors. Private to the module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/sql_error.h"
#include "extra_checks.h"
#include "function.h"
#include "parser/scan.h"

namespace varve::pl {

class Compiler {
 public:
  // The function's arguments and result are set; names, datums and the tree are the compiler's.
  Compiler(Host& host, Function& function);
  void compile();
  int current_line() { return line(); }

  CheckLevel shadowing = CheckLevel::kNone;  // what to make of a variable that hides another

 private:
  // --- tokens (compiler.cpp)
  const parser::ScanToken& at() const { return tokens_[pos_]; }
  const parser::ScanToken& ahead(size_t n) const { return tokens_[std::min(pos_ + n, tokens_.size() - 1)]; }
  bool is_word(std::string_view word) const { return is_word(at(), word); }
  static bool is_word(const parser::ScanToken& t, std::string_view word) {
    return t.kind == parser::ScanKind::kWord && t.text == word;
  }
  bool is_symbol(std::string_view symbol) const { return is_symbol(at(), symbol); }
  static bool is_symbol(const parser::ScanToken& t, std::string_view symbol) {
    return t.kind == parser::ScanKind::kSymbol && t.text == symbol;
  }
  bool is_name(const parser::ScanToken& t) const;  // may be a variable's or label's name
  void advance();
  bool accept_word(std::string_view word);
  bool accept_symbol(std::string_view symbol);
  void expect_word(std::string_view word);
  void expect_symbol(std::string_view symbol);
  std::string name();
  int line_of(int32_t location);
  int line() { return line_of(at().location); }
  std::string_view text(size_t first, size_t last) const;  // of tokens first … last - 1
  [[noreturn]] void syntax_error();
  [[noreturn]] void syntax_error_at(const parser::ScanToken& token);
  [[noreturn]] void fail(std::string message, int32_t location, SqlState state = sqlstate::kSyntaxError);
  SqlError error(std::string message, int32_t location, SqlState state = sqlstate::kSyntaxError);

  // --- names and variables
  void push_scope(std::string label, bool loop = false);
  void add_name(std::string text, uint32_t datum);
  uint32_t add_variable(Datum datum, bool named = true);
  // A domain becomes the type under it and Datum::domain.
  void set_type(Datum& d, Oid type, int32_t typmod);
  uint32_t add_scalar(std::string name, Oid type, int32_t typmod = -1, bool named = true);
  void add_record(std::string name, Oid type, bool named = true);
  Datum& datum(uint32_t n) { return f_.datums[n]; }
  void arguments();
  void trigger_variables();
  const Name* find_label(std::string_view label) const;

  // --- declarations (compile_declare.cpp)
  void declarations(Block& block);
  void check_shadowing(std::string_view variable, int32_t location);
  void declaration(Block& block);
  void alias(std::string name);
  void cursor_declaration(std::string name, int line, uint16_t options, Block& block);
  Datum read_type();
  Datum percent_type(const std::vector<std::string_view>& names, bool row);
  Datum type_of_text(std::string_view text, int32_t location);

  // --- expressions: the text up to a terminator at depth 0
  Expression* expression_until(std::initializer_list<std::string_view> ends, std::string_view expected);
  Expression* make_expression(size_t first, size_t last, ExpressionMode mode, std::string_view prefix,
                              bool check = true);
  void check_syntax(Expression& e);
  size_t find_end(std::initializer_list<std::string_view> ends, std::string_view expected, bool is_statement);

  // --- statements (compile_statements.cpp, compile_sql.cpp)
  std::unique_ptr<Block> block(std::string label, int32_t label_location);
  void handlers(Block& block);
  StatementList statements();
  bool at_statement_end() const;
  StatementPtr statement();
  StatementPtr labelled();
  StatementPtr assignment();
  bool at_plain_subscripts(uint32_t target);
  Expression* part_assignment(size_t first);
  void subscripts(Assign& assign);
  bool at_assignment();
  StatementPtr if_statement();
  StatementPtr case_statement();
  StatementPtr loop(std::string label);
  StatementPtr while_loop(std::string label);
  StatementPtr for_loop(std::string label);
  StatementPtr for_integer(std::string label, int l, const parser::ScanToken& variable, size_t dots);
  StatementPtr for_rows(std::string label, int l, const parser::ScanToken& variable);
  StatementPtr foreach (std::string label);
  void loop_body(Loop& loop, int32_t begin);
  StatementPtr exit_statement();
  StatementPtr return_statement();
  StatementPtr return_next(int l);
  StatementPtr return_query(int l);
  StatementPtr raise();
  void raise_options(Raise& raise);
  StatementPtr assert_statement();
  StatementPtr diagnostics();
  StatementPtr open();
  StatementPtr fetch(bool move);
  StatementPtr close();
  StatementPtr execute();
  StatementPtr perform();
  StatementPtr call(bool is_do);
  StatementPtr transaction_end(StatementKind kind);
  StatementPtr sql();
  void using_params(std::vector<Expression*>* params, std::initializer_list<std::string_view> ends);
  Target into_target();
  uint32_t cursor_variable();
  Expression* cursor_arguments(uint32_t cursor);
  void check_assignable(uint32_t datum, int32_t location);
  uint32_t require_variable(const char* what);
  Found lookup_here(size_t* tokens);

  Host& host_;
  Function& f_;
  Arena arena_;
  std::vector<parser::ScanToken> tokens_;
  parser::ScanError scan_error_;
  size_t pos_ = 0;
  const Name* scope_ = nullptr;
  int32_t statement_location_ = 0;
};

}  // namespace varve::pl
