// Blocks, control structures, RETURN, RAISE.
#include <algorithm>
#include <fmt/format.h>

#include "compiler.h"
#include "conditions.h"
#include "functions/type_oids.h"
#include "parser/parser.h"

namespace varve::pl {

using parser::ScanKind;
using parser::ScanToken;

std::string_view statement_name(const Statement& s) {
  switch (s.kind) {
    case StatementKind::kBlock:
      return "statement block";
    case StatementKind::kAssign:
      return "assignment";
    case StatementKind::kIf:
      return "IF";
    case StatementKind::kCase:
      return "CASE";
    case StatementKind::kLoop:
      return "LOOP";
    case StatementKind::kWhile:
      return "WHILE";
    case StatementKind::kForInteger:
      return "FOR with integer loop variable";
    case StatementKind::kForQuery:
      return "FOR over SELECT rows";
    case StatementKind::kForDynamic:
      return "FOR over EXECUTE statement";
    case StatementKind::kForCursor:
      return "FOR over cursor";
    case StatementKind::kForeach:
      return "FOREACH over array";
    case StatementKind::kExit:
      return static_cast<const Exit&>(s).is_exit ? "EXIT" : "CONTINUE";
    case StatementKind::kReturn:
      return "RETURN";
    case StatementKind::kReturnNext:
      return "RETURN NEXT";
    case StatementKind::kReturnQuery:
      return "RETURN QUERY";
    case StatementKind::kRaise:
      return "RAISE";
    case StatementKind::kAssert:
      return "ASSERT";
    case StatementKind::kSql:
      return "SQL statement";
    case StatementKind::kExecute:
      return "EXECUTE";
    case StatementKind::kDiagnostics:
      return static_cast<const Diagnostics&>(s).stacked ? "GET STACKED DIAGNOSTICS" : "GET DIAGNOSTICS";
    case StatementKind::kOpen:
      return "OPEN";
    case StatementKind::kFetch:
      return static_cast<const Fetch&>(s).is_move ? "MOVE" : "FETCH";
    case StatementKind::kClose:
      return "CLOSE";
    case StatementKind::kPerform:
      return "PERFORM";
    case StatementKind::kCall:
      return static_cast<const Call&>(s).is_do ? "DO" : "CALL";
    case StatementKind::kCommit:
      return "COMMIT";
    case StatementKind::kRollback:
      return "ROLLBACK";
    case StatementKind::kNull:
      return "NULL";
  }
  return "unknown";
}

std::unique_ptr<Block> Compiler::block(std::string label, int32_t label_location) {
  static_cast<void>(label_location);
  const Name* outer = scope_;
  auto b = std::make_unique<Block>(line());
  b->label = label;
  push_scope(label);
  if (accept_word("declare")) declarations(*b);
  b->line = line();
  expect_word("begin");
  b->body = statements();
  if (accept_word("exception")) handlers(*b);
  expect_word("end");
  if (is_name(at())) {
    if (label.empty()) {
      fail(fmt::format("end label \"{}\" specified for unlabeled block", at().text), at().location);
    }
    if (at().text != label) {
      fail(fmt::format("end label \"{}\" differs from block's label \"{}\"", at().text, label),
           at().location);
    }
    advance();
  }
  scope_ = outer;
  return b;
}

void Compiler::handlers(Block& b) {
  // The names are known in the handlers alone.
  b.sqlstate_variable = add_scalar("sqlstate", type_oid::kText);
  b.sqlerrm_variable = add_scalar("sqlerrm", type_oid::kText);
  datum(b.sqlstate_variable).constant = datum(b.sqlerrm_variable).constant = true;
  if (!is_word("when")) syntax_error();
  while (is_word("when")) {
    Handler h;
    h.line = line();
    advance();
    do {
      if (!is_name(at())) syntax_error();
      if (is_word("sqlstate")) {
        advance();
        SqlState state;
        if (at().kind != ScanKind::kString) syntax_error();
        if (!parse_sqlstate(at().text, &state)) {
          fail(fmt::format("invalid SQLSTATE code at or near \"{}\"", text(pos_, pos_ + 1)), at().location);
        }
        h.conditions.push_back(state);
        advance();
      } else if (is_word("others")) {
        h.others = true;
        advance();
      } else {
        std::vector<SqlState> states = states_of_condition(at().text);
        if (states.empty()) {
          throw SqlError(sqlstate::kUndefinedObject,
                         fmt::format("unrecognized exception condition \"{}\"", at().text));
        }
        h.conditions.insert(h.conditions.end(), states.begin(), states.end());
        advance();
      }
    } while (accept_word("or"));
    expect_word("then");
    h.body = statements();
    b.handlers.push_back(std::move(h));
  }
}

bool Compiler::at_statement_end() const {
  if (at().kind == ScanKind::kEnd) return true;
  if (at().kind != ScanKind::kWord) return false;
  for (std::string_view w : {"end", "else", "elsif", "elseif", "when", "exception"}) {
    if (at().text == w) return true;
  }
  return false;
}

StatementList Compiler::statements() {
  StatementList list;
  while (!at_statement_end()) {
    // A word that ends a list may be a variable's name.
    StatementPtr s = statement();
    if (s->kind != StatementKind::kNull) list.push_back(std::move(s));
  }
  return list;
}

bool Compiler::at_assignment() {
  if (at().kind == ScanKind::kParam) {
    return is_symbol(ahead(1), ":=") || is_symbol(ahead(1), "=") || is_symbol(ahead(1), "[") ||
           is_symbol(ahead(1), ".");
  }
  if (at().kind != ScanKind::kWord && at().kind != ScanKind::kQuotedWord) return false;
  if (!is_name(at())) return false;
  size_t n = 1;
  while (is_symbol(ahead(n), ".") && n < 12) n += 2;
  return is_symbol(ahead(n), ":=") || is_symbol(ahead(n), "=") || is_symbol(ahead(n), "[");
}

StatementPtr Compiler::statement() {
  if (is_symbol("<<")) return labelled();
  if (at_assignment()) return assignment();
  if (at().kind != ScanKind::kWord) {
    if (is_symbol("(")) return sql();
    syntax_error();
  }
  std::string_view word = at().text;
  if (word == "begin" || word == "declare") {
    StatementPtr b = block({}, at().location);
    expect_symbol(";");
    return b;
  }
  if (word == "if") return if_statement();
  if (word == "case") return case_statement();
  if (word == "loop") return loop({});
  if (word == "while") return while_loop({});
  if (word == "for") return for_loop({});
  if (word == "foreach") return foreach ({});
  if (word == "exit" || word == "continue") return exit_statement();
  if (word == "return") return return_statement();
  if (word == "raise") return raise();
  if (word == "assert") return assert_statement();
  if (word == "get") return diagnostics();
  if (word == "open") return open();
  if (word == "fetch") return fetch(false);
  if (word == "move") return fetch(true);
  if (word == "close") return close();
  if (word == "execute") return execute();
  if (word == "perform") return perform();
  if (word == "call") return call(false);
  if (word == "do") return call(true);
  if (word == "commit") return transaction_end(StatementKind::kCommit);
  if (word == "rollback") return transaction_end(StatementKind::kRollback);
  if (word == "null") {
    int l = line();
    advance();
    expect_symbol(";");
    return std::make_unique<Statement>(StatementKind::kNull, l);
  }
  if (std::string_view("in by to then all or into strict using not").find(word) != std::string_view::npos &&
      !is_name(at())) {
    syntax_error();
  }
  return sql();
}

StatementPtr Compiler::labelled() {
  advance();
  int32_t location = at().location;
  std::string label = name();
  expect_symbol(">>");
  if (is_word("loop")) return loop(std::move(label));
  if (is_word("while")) return while_loop(std::move(label));
  if (is_word("for")) return for_loop(std::move(label));
  if (is_word("foreach")) return foreach (std::move(label));
  if (!is_word("begin") && !is_word("declare")) syntax_error();
  StatementPtr b = block(std::move(label), location);
  expect_symbol(";");
  return b;
}

void Compiler::check_assignable(uint32_t n, int32_t location) {
  const Datum& d = datum(n);
  const Datum& owner = d.kind == DatumKind::kField ? datum(d.record) : d;
  if (owner.constant) {
    fail(fmt::format("variable \"{}\" is declared CONSTANT", owner.name), location,
         sqlstate::kErrorInAssignment);
  }
}

// [i] or [i][j] … and then := : of an array whose elements are of a base type. A literal is read as the
// element's type, which the analyzer does.
bool Compiler::at_plain_subscripts(uint32_t target) {
  const Datum& d = datum(target);
  const functions::TypeInfo* info = functions::type_by_oid(d.type);
  if (d.kind != DatumKind::kScalar || info == nullptr || d.domain != kInvalidOid) return false;
  const functions::TypeInfo* element = functions::type_by_oid(info->element_type);
  if (element == nullptr || element->kind != 'b' || element->array_type != d.type) return false;
  size_t n = 0;
  for (int depth = 0; depth > 0 || is_symbol(ahead(n), "["); ++n) {
    const ScanToken& t = ahead(n);
    if (t.kind == ScanKind::kEnd || (depth == 1 && is_symbol(t, ":"))) return false;
    if (is_symbol(t, "[") || is_symbol(t, "(")) ++depth;
    if (is_symbol(t, "]") || is_symbol(t, ")")) --depth;
  }
  bool literal = ahead(n + 1).kind == ScanKind::kString && info->element_type != type_oid::kText;
  return (is_symbol(ahead(n), ":=") || is_symbol(ahead(n), "=")) && !literal;
}

// a[1].f := value: the analyzer makes the new value of the whole variable out of all of it.
Expression* Compiler::part_assignment(size_t first) {
  while (is_symbol("[") || is_symbol(".")) {
    bool subscript = is_symbol("[");
    advance();
    if (subscript) pos_ = find_end({"]"}, "]", false);
    advance();
  }
  if (!is_symbol(":=") && !is_symbol("=")) syntax_error();
  pos_ = find_end({";"}, ";", false);
  return make_expression(first, pos_, ExpressionMode::kPartAssignment, {});
}

void Compiler::subscripts(Assign& s) {
  while (accept_symbol("[")) {
    size_t end = find_end({"]"}, "]", false);
    Expression* place = make_expression(pos_, end, ExpressionMode::kExpression, {});
    place->target = type_oid::kInt4;
    s.subscripts.push_back(place);
    pos_ = end;
    expect_symbol("]");
  }
}

StatementPtr Compiler::assignment() {
  auto s = std::make_unique<Assign>(line());
  size_t first = pos_, tokens = 0;
  Found found = lookup_here(&tokens);
  if (found.name == nullptr) {
    size_t n = 1;
    while (is_symbol(ahead(n), ".") && n < 5) n += 2;
    fail(fmt::format("\"{}\" is not a known variable", text(pos_, pos_ + n)), at().location);
  }
  s->target = found.name->datum;
  for (size_t i = 0; i < tokens; ++i) advance();
  if (is_symbol(".") && datum(s->target).kind == DatumKind::kRecord) {
    advance();
    s->target = f_.field_of(s->target, at().text);
    advance();
  } else if (is_symbol(".")) {
    fail(fmt::format("\"{}\" is not a known variable", text(first, pos_ + 2)), tokens_[first].location);
  }
  check_assignable(s->target, tokens_[first].location);
  if (is_symbol(".") || (is_symbol("[") && !at_plain_subscripts(s->target))) {
    s->value = part_assignment(first);
    advance();
    return s;
  }
  subscripts(*s);
  if (!is_symbol(":=") && !is_symbol("=")) syntax_error();
  advance();
  size_t end = find_end({";"}, ";", false);
  std::string display(text(first, end == pos_ ? pos_ : end));
  auto shift = static_cast<int32_t>(
      end == pos_ ? display.size() : static_cast<size_t>(at().location - tokens_[first].location));
  s->value = make_expression(pos_, end, ExpressionMode::kAssignment, {});
  s->value->display = std::move(display);
  s->value->shift = shift;
  const Datum& d = datum(s->target);
  if (s->subscripts.empty() && d.kind == DatumKind::kScalar) {
    s->value->target = d.target();
    s->value->target_typmod = d.typmod;
  }
  pos_ = end;
  advance();
  return s;
}

StatementPtr Compiler::if_statement() {
  auto s = std::make_unique<If>(line());
  do {
    int l = line();
    advance();  // IF, ELSIF
    Expression* condition = expression_until({"then"}, "THEN");
    condition->target = type_oid::kBool;
    advance();
    s->branches.push_back({l, condition, statements()});
  } while (is_word("elsif") || is_word("elseif"));
  if (accept_word("else")) s->otherwise = statements();
  expect_word("end");
  expect_word("if");
  expect_symbol(";");
  return s;
}

StatementPtr Compiler::case_statement() {
  auto s = std::make_unique<Case>(line());
  advance();
  const Name* outer = scope_;
  if (!is_word("when")) {
    s->test = expression_until({"when"}, "WHEN");
    // The conditions compare with a variable of the test's type; it is made when that is known.
    Datum d;
    d.name = fmt::format("__Case__Variable_{}__", f_.datums.size());
    d.type = type_oid::kUnknown;
    s->test_variable = add_variable(std::move(d));
  }
  if (!is_word("when")) syntax_error();
  while (is_word("when")) {
    int l = line();
    advance();
    size_t end = find_end({"then"}, "THEN", false);
    if (end == pos_) syntax_error();
    Expression* condition = nullptr;
    if (s->test != nullptr) {
      // The variable is one of these: as PostgreSQL does it.
      condition = make_expression(pos_, end, ExpressionMode::kExpression, {});
      condition->text = fmt::format("\"{}\" IN ({})", datum(s->test_variable).name, condition->text);
      condition->display = condition->text;
      condition->record = -1;
    } else {
      condition = make_expression(pos_, end, ExpressionMode::kExpression, {});
    }
    condition->target = type_oid::kBool;
    pos_ = end;
    advance();
    s->branches.push_back({l, condition, statements()});
  }
  if (accept_word("else")) {
    s->has_else = true;
    s->otherwise = statements();
  }
  expect_word("end");
  expect_word("case");
  expect_symbol(";");
  scope_ = outer;
  return s;
}

void Compiler::loop_body(Loop& l, int32_t) {
  advance();  // LOOP
  l.body = statements();
  expect_word("end");
  expect_word("loop");
  if (is_name(at())) {
    if (l.label.empty()) {
      fail(fmt::format("end label \"{}\" specified for unlabeled block", at().text), at().location);
    }
    if (at().text != l.label) {
      fail(fmt::format("end label \"{}\" differs from block's label \"{}\"", at().text, l.label),
           at().location);
    }
    advance();
  }
  expect_symbol(";");
}

StatementPtr Compiler::loop(std::string label) {
  auto s = std::make_unique<Loop>(StatementKind::kLoop, line());
  const Name* outer = scope_;
  s->label = label;
  push_scope(std::move(label), true);
  loop_body(*s, at().location);
  scope_ = outer;
  return s;
}

StatementPtr Compiler::while_loop(std::string label) {
  auto s = std::make_unique<Loop>(StatementKind::kWhile, line());
  const Name* outer = scope_;
  s->label = label;
  push_scope(std::move(label), true);
  advance();
  s->condition = expression_until({"loop"}, "LOOP");
  s->condition->target = type_oid::kBool;
  loop_body(*s, at().location);
  scope_ = outer;
  return s;
}

StatementPtr Compiler::exit_statement() {
  auto s = std::make_unique<Exit>(line());
  int32_t location = at().location;
  s->is_exit = is_word("exit");
  std::string_view word = s->is_exit ? "EXIT" : "CONTINUE";
  advance();
  if (is_name(at()) && !is_word("when")) {
    const Name* label = find_label(at().text);
    if (label == nullptr) {
      fail(fmt::format("there is no label \"{}\" attached to any block or loop enclosing this statement",
                       at().text),
           at().location);
    }
    if (!s->is_exit && !label->is_loop) {
      fail(fmt::format("block label \"{}\" cannot be used in CONTINUE", at().text), at().location);
    }
    s->label = at().text;
    advance();
  } else {
    bool inside = false;
    for (const Name* n = scope_; n != nullptr; n = n->outer)
      inside |= n->kind == Name::Kind::kLabel && n->is_loop;
    if (!inside) {
      fail(s->is_exit ? "EXIT cannot be used outside a loop, unless it has a label"
                      : fmt::format("{} cannot be used outside a loop", word),
           location);
    }
  }
  if (accept_word("when")) {
    s->condition = expression_until({";"}, ";");
    s->condition->target = type_oid::kBool;
  }
  expect_symbol(";");
  return s;
}

StatementPtr Compiler::return_statement() {
  int l = line();
  int32_t location = at().location;
  advance();
  if (accept_word("next")) {
    if (!f_.returns_set)
      fail("cannot use RETURN NEXT in a non-SETOF function", location, sqlstate::kDatatypeMismatch);
    return return_next(l);
  }
  if (accept_word("query")) {
    if (!f_.returns_set)
      fail("cannot use RETURN QUERY in a non-SETOF function", location, sqlstate::kDatatypeMismatch);
    return return_query(l);
  }
  auto s = std::make_unique<Return>(StatementKind::kReturn, l);
  auto refuse = [&](std::string message, std::string hint = {}) {
    SqlError e = error(std::move(message), at().location, sqlstate::kDatatypeMismatch);
    if (!hint.empty()) e.hint(hint);
    throw e;
  };
  if (f_.returns_set) {
    if (!is_symbol(";"))
      refuse("RETURN cannot have a parameter in function returning set", "Use RETURN NEXT or RETURN QUERY.");
  } else if (f_.is_procedure && !is_symbol(";") && f_.outputs.empty()) {
    fail("RETURN cannot have a parameter in a procedure", at().location);
  } else if (f_.result == type_oid::kVoid && !f_.is_procedure) {
    if (!is_symbol(";")) refuse("RETURN cannot have a parameter in function returning void");
  } else if (!f_.outputs.empty()) {
    if (!is_symbol(";")) refuse("RETURN cannot have a parameter in function with OUT parameters");
  } else if (!f_.is_procedure) {
    s->value = expression_until({";"}, ";");
    s->variable = s->value->record;
  }
  expect_symbol(";");
  return s;
}

StatementPtr Compiler::return_next(int l) {
  auto s = std::make_unique<Return>(StatementKind::kReturnNext, l);
  if (!f_.outputs.empty()) {
    if (!is_symbol(";")) {
      fail("RETURN NEXT cannot have a parameter in function with OUT parameters", at().location,
           sqlstate::kDatatypeMismatch);
    }
  } else {
    s->value = expression_until({";"}, ";");
    s->variable = s->value->record;
    if (!f_.composite) s->value->target = f_.result_target();
  }
  expect_symbol(";");
  return s;
}

StatementPtr Compiler::return_query(int l) {
  auto s = std::make_unique<ReturnQuery>(l);
  if (accept_word("execute")) {
    s->dynamic = expression_until({";", "using"}, "; or USING");
    if (accept_word("using")) using_params(&s->params, {",", ";"});
  } else {
    size_t end = find_end({";"}, ";", true);
    s->query = make_expression(pos_, end, ExpressionMode::kStatement, {});
    pos_ = end;
  }
  expect_symbol(";");
  return s;
}

void Compiler::using_params(std::vector<Expression*>* params, std::initializer_list<std::string_view> ends) {
  do {
    params->push_back(expression_until(ends, ", or ;"));
  } while (accept_symbol(","));
}

// --- RAISE

StatementPtr Compiler::raise() {
  auto s = std::make_unique<Raise>(line());
  advance();
  if (is_symbol(";")) {
    s->rethrow = true;
    advance();
    return s;
  }
  if (at().kind == ScanKind::kWord) {
    for (auto [word, level] :
         {std::pair("exception", "EXCEPTION"), std::pair("warning", "WARNING"), std::pair("notice", "NOTICE"),
          std::pair("info", "INFO"), std::pair("log", "LOG"), std::pair("debug", "DEBUG")}) {
      if (at().text != word) continue;
      s->level = level;
      advance();
      break;
    }
  }
  if (at().kind == ScanKind::kEnd) syntax_error();
  if (at().kind == ScanKind::kString) {
    s->has_format = true;
    s->format = at().text;
    advance();
    if (!is_symbol(",") && !is_symbol(";") && !is_word("using")) syntax_error();
    while (accept_symbol(",")) s->params.push_back(expression_until({",", ";", "using"}, ", or ; or USING"));
    size_t wanted = 0;
    for (size_t i = 0; i < s->format.size(); ++i) {
      if (s->format[i] != '%') continue;
      if (i + 1 < s->format.size() && s->format[i + 1] == '%')
        ++i;
      else
        ++wanted;
    }
    if (wanted != s->params.size()) {
      throw SqlError(sqlstate::kSyntaxError, wanted < s->params.size()
                                                 ? "too many parameters specified for RAISE"
                                                 : "too few parameters specified for RAISE");
    }
  } else if (!is_word("using")) {
    if (accept_word("sqlstate")) {
      SqlState state;
      if (at().kind != ScanKind::kString) syntax_error();
      if (!parse_sqlstate(at().text, &state)) {
        fail(fmt::format("invalid SQLSTATE code at or near \"{}\"", text(pos_, pos_ + 1)), at().location);
      }
      s->condition = at().text;
    } else {
      if (!is_name(at())) syntax_error();
      s->condition = at().text;
      if (states_of_condition(s->condition).empty()) {
        throw SqlError(sqlstate::kUndefinedObject,
                       fmt::format("unrecognized exception condition \"{}\"", s->condition));
      }
    }
    advance();
    if (!is_symbol(";") && !is_word("using")) syntax_error();
  }
  if (accept_word("using")) raise_options(*s);
  expect_symbol(";");
  return s;
}

void Compiler::raise_options(Raise& s) {
  static constexpr std::pair<std::string_view, RaiseOption> kOptions[] = {
      {"errcode", RaiseOption::kErrcode},   {"message", RaiseOption::kMessage},
      {"detail", RaiseOption::kDetail},     {"hint", RaiseOption::kHint},
      {"column", RaiseOption::kColumn},     {"constraint", RaiseOption::kConstraint},
      {"datatype", RaiseOption::kDatatype}, {"table", RaiseOption::kTable},
      {"schema", RaiseOption::kSchema}};
  do {
    const auto* option = std::find_if(std::begin(kOptions), std::end(kOptions),
                                      [&](const auto& o) { return is_word(o.first); });
    if (option == std::end(kOptions)) {
      if (at().kind == ScanKind::kEnd) syntax_error();
      fail(fmt::format("unrecognized RAISE statement option at or near \"{}\"", text(pos_, pos_ + 1)),
           at().location);
    }
    advance();
    if (!is_symbol("=") && !is_symbol(":=")) syntax_error();
    advance();
    s.options.emplace_back(option->second, expression_until({",", ";"}, ", or ;"));
  } while (accept_symbol(","));
}

StatementPtr Compiler::assert_statement() {
  auto s = std::make_unique<Assert>(line());
  advance();
  s->condition = expression_until({",", ";"}, ", or ;");
  s->condition->target = type_oid::kBool;
  if (accept_symbol(",")) s->message = expression_until({";"}, ";");
  expect_symbol(";");
  return s;
}

StatementPtr Compiler::transaction_end(StatementKind kind) {
  auto s = std::make_unique<EndTransaction>(kind, line());
  advance();
  if (accept_word("and")) {
    bool no = accept_word("no");
    expect_word("chain");
    s->chain = !no;
  }
  expect_symbol(";");
  return s;
}

}  // namespace varve::pl
