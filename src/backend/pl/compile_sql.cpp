// Loops over rows, SQL statements, EXECUTE, cursors, GET DIAGNOSTICS.
#include <algorithm>
#include <fmt/format.h>

#include "compiler.h"
#include "functions/type_oids.h"
#include "parser/ast.h"
#include "parser/parser.h"

namespace varve::pl {

using parser::ScanKind;
using parser::ScanToken;

// --- FOR

StatementPtr Compiler::for_loop(std::string label) {
  int l = line();
  advance();
  ScanToken variable = at();
  // FOR x IN lower .. upper: the dots decide, whatever x is.
  size_t i = pos_;
  if (!is_name(at())) syntax_error();
  while (!is_word(tokens_[i], "in")) {
    if (tokens_[i].kind == ScanKind::kEnd || is_symbol(tokens_[i], ";")) {
      pos_ = i;
      syntax_error();
    }
    ++i;
  }
  size_t after_in = i + 1;
  bool dynamic = is_word(tokens_[after_in], "execute");
  int depth = 0;
  size_t dots = 0;
  for (size_t j = after_in; !dynamic && dots == 0; ++j) {
    const ScanToken& t = tokens_[j];
    if (t.kind == ScanKind::kError) syntax_error_at(t);
    if (t.kind == ScanKind::kEnd || is_symbol(t, ";") || (depth == 0 && is_word(t, "loop"))) break;
    if (is_symbol(t, "(") || is_symbol(t, "[")) ++depth;
    if (is_symbol(t, ")") || is_symbol(t, "]")) --depth;
    if (depth == 0 && is_symbol(t, "..")) dots = j;
  }
  if (dots != 0) {
    if (i != pos_ + 1) fail("integer FOR loop must have only one target variable", variable.location);
    return for_integer(std::move(label), l, variable, dots);
  }
  return for_rows(std::move(label), l, variable);
}

StatementPtr Compiler::for_integer(std::string label, int l, const ScanToken& variable, size_t) {
  auto s = std::make_unique<ForInteger>(l);
  const Name* outer = scope_;
  std::string variable_name(variable.text);
  advance();
  expect_word("in");
  s->reverse = accept_word("reverse");
  s->lower = expression_until({".."}, "..");
  advance();
  s->upper = expression_until({"loop", "by"}, "LOOP");
  if (accept_word("by")) s->step = expression_until({"loop"}, "LOOP");
  for (Expression* e : {s->lower, s->upper, s->step}) {
    if (e != nullptr) e->target = type_oid::kInt4;
  }
  s->label = label;
  push_scope(std::move(label), true);
  s->variable = add_scalar(std::move(variable_name), type_oid::kInt4);
  loop_body(*s, at().location);
  scope_ = outer;
  return s;
}

Target Compiler::into_target() {
  Target target;
  int32_t first = at().location;
  for (size_t n = 0;; ++n) {
    size_t tokens = 0;
    Found found = lookup_here(&tokens);
    if (found.name == nullptr) {
      size_t k = 1;
      while (is_symbol(ahead(k), ".")) k += 2;
      if (at().kind != ScanKind::kWord && at().kind != ScanKind::kQuotedWord) syntax_error();
      fail(fmt::format("\"{}\" is not a known variable", text(pos_, pos_ + k)), at().location);
    }
    int32_t location = at().location;
    uint32_t number = found.name->datum;
    for (size_t i = 0; i < tokens; ++i) advance();
    if (datum(number).kind == DatumKind::kRecord && is_symbol(".")) {
      advance();
      number = f_.field_of(number, at().text);
      advance();
    }
    check_assignable(number, location);
    if (datum(number).kind == DatumKind::kRecord) {
      if (n > 0 || is_symbol(",")) {
        fail(fmt::format("record variable cannot be part of multiple-item INTO list"),
             n > 0 ? location : first);
      }
      target.record = static_cast<int32_t>(number);
      return target;
    }
    target.variables.push_back(number);
    if (!accept_symbol(",")) return target;
  }
}

StatementPtr Compiler::for_rows(std::string label, int l, const ScanToken& variable) {
  const Name* outer = scope_;
  size_t tokens = 0;
  Found found = lookup_here(&tokens);
  size_t in = pos_ + tokens;
  // FOR r IN cursor [(args)] LOOP
  size_t cursor_at = pos_;
  while (!is_word(tokens_[cursor_at], "in")) ++cursor_at;
  ++cursor_at;
  std::string_view cursor_names[] = {tokens_[cursor_at].text};
  Found cursor = is_name(tokens_[cursor_at]) ? lookup(scope_, cursor_names) : Found{};
  bool is_cursor = cursor.name != nullptr && datum(cursor.name->datum).type == type_oid::kRefcursor &&
                   (is_word(tokens_[cursor_at + 1], "loop") || is_symbol(tokens_[cursor_at + 1], "("));
  if (is_cursor) {
    auto s = std::make_unique<ForRows>(StatementKind::kForCursor, l);
    std::string record_name(variable.text);
    s->cursor = cursor.name->datum;
    if (!datum(s->cursor).is_cursor_bound) {
      fail("cursor FOR loop must use a bound cursor variable", tokens_[cursor_at].location);
    }
    pos_ = cursor_at;
    advance();
    s->cursor_args = cursor_arguments(s->cursor);
    if (!is_word("loop")) syntax_error();
    s->label = label;
    push_scope(std::move(label), true);
    s->target.record = static_cast<int32_t>(f_.datums.size());
    add_record(std::move(record_name), type_oid::kRecord);
    loop_body(*s, at().location);
    scope_ = outer;
    return s;
  }
  bool dynamic = is_word(tokens_[cursor_at], "execute");
  auto s = std::make_unique<ForRows>(dynamic ? StatementKind::kForDynamic : StatementKind::kForQuery, l);
  if (found.name == nullptr) {
    // Something like an integer loop without the dots, or a variable that does not exist.
    if (is_word(tokens_[pos_ + 1], "in") && !dynamic) {
      size_t end = cursor_at;
      while (tokens_[end].kind != ScanKind::kEnd && !is_word(tokens_[end], "loop")) ++end;
      bool query = is_word(tokens_[cursor_at], "select") || is_word(tokens_[cursor_at], "with") ||
                   is_word(tokens_[cursor_at], "values") || is_word(tokens_[cursor_at], "table") ||
                   is_word(tokens_[cursor_at], "insert") || is_word(tokens_[cursor_at], "update") ||
                   is_word(tokens_[cursor_at], "delete") || is_symbol(tokens_[cursor_at], "(");
      if (!query) {
        pos_ = cursor_at;
        make_expression(pos_, end, ExpressionMode::kStatement, {});
      }
    }
    fail("loop variable of loop over rows must be a record variable or list of scalar variables",
         variable.location);
  }
  static_cast<void>(in);
  s->target = into_target();
  expect_word("in");
  s->label = label;
  push_scope(std::move(label), true);
  if (dynamic) {
    advance();
    s->query = expression_until({"loop", "using"}, "LOOP or USING");
    if (accept_word("using")) {
      do {
        s->params.push_back(expression_until({",", "loop"}, ", or LOOP"));
      } while (accept_symbol(","));
    }
  } else {
    if (is_word("reverse")) fail("cannot specify REVERSE in query FOR loop", at().location);
    size_t end = find_end({"loop"}, "LOOP", true);
    s->query = make_expression(pos_, end, ExpressionMode::kStatement, {});
    pos_ = end;
  }
  loop_body(*s, at().location);
  scope_ = outer;
  return s;
}

StatementPtr Compiler::foreach (std::string label) {
  auto s = std::make_unique<Foreach>(line());
  advance();
  const Name* outer = scope_;
  size_t tokens = 0;
  if (!is_name(at())) syntax_error();
  if (lookup_here(&tokens).name == nullptr) {
    fail("loop variable of FOREACH must be a known variable or list of variables", at().location);
  }
  s->target = into_target();
  if (accept_word("slice")) {
    if (at().kind != ScanKind::kInteger) syntax_error();
    s->slice = at().integer;
    advance();
  }
  expect_word("in");
  expect_word("array");
  s->array = expression_until({"loop"}, "LOOP");
  s->label = label;
  push_scope(std::move(label), true);
  loop_body(*s, at().location);
  scope_ = outer;
  return s;
}

// --- statements of SQL

// The whole statement, less the INTO clause that is PL/pgSQL's.
StatementPtr Compiler::sql() {
  auto s = std::make_unique<Sql>(line());
  size_t first = pos_;
  std::string_view word = at().text;
  bool insert = word == "insert" || word == "merge";
  bool import = word == "import";
  size_t into_first = 0, into_last = 0;
  int atomic_depth = 0, depth = 0;
  size_t i = pos_;
  for (;; ++i) {
    const ScanToken& t = tokens_[i];
    if (t.kind == ScanKind::kError) syntax_error_at(t);
    if (t.kind == ScanKind::kEnd) syntax_error_at(t);
    // CREATE FUNCTION … BEGIN ATOMIC … END has semicolons inside.
    if (is_word(t, "begin") && is_word(tokens_[i + 1], "atomic")) ++atomic_depth;
    if (atomic_depth > 0 && is_word(t, "case")) ++atomic_depth;
    if (atomic_depth > 0 && is_word(t, "end")) --atomic_depth;
    if (is_symbol(t, "(")) ++depth;
    if (is_symbol(t, ")")) --depth;
    if (is_symbol(t, ";") && atomic_depth == 0) break;
    if (!is_word(t, "into") || import || word == "grant" || word == "revoke" || word == "security") continue;
    // INSERT INTO and MERGE INTO, also inside WITH.
    if (i > first && (is_word(tokens_[i - 1], "insert") || is_word(tokens_[i - 1], "merge"))) continue;
    if (insert && i == first + 1) continue;
    if (depth > 0) continue;
    if (s->into)
      fail("INTO specified more than once at or near \"" + std::string(text(i, i + 1)) + "\"", t.location);
    s->into = true;
    into_first = i;
    pos_ = i + 1;
    s->strict = accept_word("strict");
    s->target = into_target();
    into_last = pos_;
    i = pos_ - 1;
  }
  size_t last = i;
  std::string query;
  if (s->into) {
    // Blanks keep the places of what follows.
    query = text(first, last);
    auto begin = static_cast<size_t>(tokens_[into_first].location - tokens_[first].location);
    auto end = static_cast<size_t>(tokens_[into_last - 1].end - tokens_[first].location);
    std::fill(query.begin() + static_cast<std::ptrdiff_t>(begin),
              query.begin() + static_cast<std::ptrdiff_t>(end), ' ');
  } else {
    query = text(first, last);
  }
  pos_ = last;
  auto e = std::make_unique<Expression>();
  e->mode = ExpressionMode::kStatement;
  e->text = query.substr(0, query.find_last_not_of(' ') + 1);
  e->display = e->text;
  e->scope = scope_;
  e->slot = static_cast<uint32_t>(f_.expressions.size());
  e->location = tokens_[first].location;
  e->variables = std::make_unique<ExpressionVariables>(f_, *e);
  f_.expressions.push_back(std::move(e));
  s->query = f_.expressions.back().get();
  check_syntax(*s->query);
  expect_symbol(";");
  return s;
}

StatementPtr Compiler::perform() {
  auto s = std::make_unique<Perform>(line());
  advance();
  size_t end = find_end({";"}, ";", true);
  auto e = make_expression(pos_, end, ExpressionMode::kExpression, "SELECT ");
  e->mode = ExpressionMode::kStatement;
  e->text = e->display = "SELECT " + e->text;
  e->shift = 0;
  e->record = -1;
  s->query = e;
  pos_ = end;
  expect_symbol(";");
  return s;
}

StatementPtr Compiler::call(bool is_do) {
  auto s = std::make_unique<Call>(line());
  s->is_do = is_do;
  size_t end = find_end({";"}, ";", true);
  s->call = make_expression(pos_, end, ExpressionMode::kStatement, {});
  pos_ = end;
  expect_symbol(";");
  return s;
}

StatementPtr Compiler::execute() {
  auto s = std::make_unique<Execute>(line());
  advance();
  s->query = expression_until({"into", "using", ";"}, "INTO or USING or ;");
  bool used = false;
  for (;;) {
    if (is_word("into")) {
      if (s->into) syntax_error();
      s->into = true;
      advance();
      s->strict = accept_word("strict");
      s->target = into_target();
    } else if (is_word("using")) {
      if (used) syntax_error();
      used = true;
      advance();
      using_params(&s->params, {",", ";", "into"});
    } else {
      break;
    }
  }
  expect_symbol(";");
  return s;
}

// --- GET DIAGNOSTICS

namespace {

struct Item {
  std::string_view word;
  DiagnosticsItem item;
  bool stacked, current;
};
constexpr Item kItems[] = {{"row_count", DiagnosticsItem::kRowCount, false, true},
                           {"pg_context", DiagnosticsItem::kContext, false, true},
                           {"pg_routine_oid", DiagnosticsItem::kRoutineOid, false, true},
                           {"returned_sqlstate", DiagnosticsItem::kReturnedSqlstate, true, false},
                           {"message_text", DiagnosticsItem::kMessageText, true, false},
                           {"pg_exception_detail", DiagnosticsItem::kDetail, true, false},
                           {"pg_exception_hint", DiagnosticsItem::kHint, true, false},
                           {"pg_exception_context", DiagnosticsItem::kErrorContext, true, false},
                           {"column_name", DiagnosticsItem::kColumnName, true, false},
                           {"constraint_name", DiagnosticsItem::kConstraintName, true, false},
                           {"pg_datatype_name", DiagnosticsItem::kDatatypeName, true, false},
                           {"table_name", DiagnosticsItem::kTableName, true, false},
                           {"schema_name", DiagnosticsItem::kSchemaName, true, false}};

}  // namespace

StatementPtr Compiler::diagnostics() {
  auto s = std::make_unique<Diagnostics>(line());
  int32_t location = at().location;
  advance();
  if (accept_word("stacked"))
    s->stacked = true;
  else
    accept_word("current");
  expect_word("diagnostics");
  do {
    Target t = into_target();
    if (t.record >= 0 || t.variables.size() != 1) syntax_error();
    if (!accept_symbol("=") && !accept_symbol(":=")) syntax_error();
    const Item* item =
        std::find_if(std::begin(kItems), std::end(kItems), [&](const Item& i) { return is_word(i.word); });
    if (item == std::end(kItems) || item->word == "pg_routine_oid") {
      fail(fmt::format("unrecognized GET DIAGNOSTICS item at or near \"{}\"", text(pos_, pos_ + 1)),
           at().location);
    }
    if (s->stacked ? !item->stacked : !item->current) {
      std::string upper(item->word);
      std::transform(upper.begin(), upper.end(), upper.begin(),
                     [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
      fail(fmt::format("diagnostics item {} is not allowed in GET {} DIAGNOSTICS", upper,
                       s->stacked ? "STACKED" : "CURRENT"),
           location);
    }
    s->items.emplace_back(item->item, t.variables[0]);
    advance();
  } while (accept_symbol(","));
  expect_symbol(";");
  return s;
}

// --- cursors

uint32_t Compiler::cursor_variable() {
  size_t tokens = 0;
  Found found = lookup_here(&tokens);
  if (found.name == nullptr) {
    if (at().kind != ScanKind::kWord && at().kind != ScanKind::kQuotedWord) {
      fail("cursor variable must be a simple variable", at().location);
    }
    size_t k = 1;
    while (is_symbol(ahead(k), ".")) k += 2;
    fail(fmt::format("\"{}\" is not a known variable", text(pos_, pos_ + k)), at().location);
  }
  uint32_t number = found.name->datum;
  if (datum(number).kind != DatumKind::kScalar) {
    fail("cursor variable must be a simple variable", at().location, sqlstate::kDatatypeMismatch);
  }
  if (datum(number).type != type_oid::kRefcursor) {
    fail(fmt::format("variable \"{}\" must be of type cursor or refcursor", datum(number).name),
         at().location, sqlstate::kDatatypeMismatch);
  }
  for (size_t i = 0; i < tokens; ++i) advance();
  return number;
}

// [(value, name := value …)] behind a bound cursor: one row, in the order of the cursor's parameters. Null:
// it has none.
Expression* Compiler::cursor_arguments(uint32_t cursor) {
  const std::string name = datum(cursor).name;
  const std::vector<std::string> args = datum(cursor).cursor_args;
  if (!is_symbol("(")) {
    if (!args.empty()) fail(fmt::format("cursor \"{}\" has arguments", name), at().location);
    return nullptr;
  }
  if (args.empty()) fail(fmt::format("cursor \"{}\" has no arguments", name), at().location);
  size_t first = pos_;
  advance();
  std::vector<std::string> values(args.size());
  bool named = false;
  for (size_t n = 0; n < args.size(); ++n) {
    size_t place = n;
    const ScanToken start = at();
    if (is_name(at()) && is_symbol(ahead(1), ":=")) {
      named = true;
      place = static_cast<size_t>(std::find(args.begin(), args.end(), at().text) - args.begin());
      if (place == args.size())
        fail(fmt::format("cursor \"{}\" has no argument named \"{}\"", name, at().text), at().location);
      advance(), advance();
    }
    if (!values[place].empty()) {
      fail(fmt::format("value for parameter \"{}\" of cursor \"{}\" specified more than once", args[place],
                       name),
           start.location);
    }
    size_t end = find_end({",", ")"}, ",\" or \")", false);
    if (end == pos_) syntax_error();
    values[place] = make_expression(pos_, end, ExpressionMode::kExpression, {})->text;
    pos_ = end;
    bool last = n + 1 == args.size();
    if (is_symbol(")") && !last)
      fail(fmt::format("not enough arguments for cursor \"{}\"", name), at().location);
    if (is_symbol(",") && last)
      fail(fmt::format("too many arguments for cursor \"{}\"", name), at().location);
    advance();
  }
  Expression* row = make_expression(first, first, ExpressionMode::kExpression, {}, false);
  for (size_t n = 0; n < args.size(); ++n) {
    row->text += (n > 0 ? ", " : "") + values[n];
    if (named) row->text += " AS " + parser::quote_identifier(args[n]);
  }
  row->display = row->text;
  return row;
}

StatementPtr Compiler::open() {
  auto s = std::make_unique<Open>(line());
  advance();
  s->cursor = cursor_variable();
  const Datum& d = datum(s->cursor);
  if (!d.is_cursor_bound) {
    if (accept_word("no")) {
      expect_word("scroll");
      s->options = parser::kCursorNoScroll;
    } else if (accept_word("scroll")) {
      s->options = parser::kCursorScroll;
    }
    if (!is_word("for")) {
      if (at().kind == ScanKind::kEnd) syntax_error();
      fail(fmt::format("syntax error, expected \"FOR\" at or near \"{}\"", text(pos_, pos_ + 1)),
           at().location);
    }
    advance();
    if (accept_word("execute")) {
      s->dynamic = expression_until({"using", ";"}, "USING or ;");
      if (accept_word("using")) using_params(&s->params, {",", ";"});
    } else {
      size_t end = find_end({";"}, ";", true);
      s->query = make_expression(pos_, end, ExpressionMode::kStatement, {});
      pos_ = end;
    }
  } else {
    s->options = d.cursor_options;
    s->args = cursor_arguments(s->cursor);
  }
  expect_symbol(";");
  return s;
}

StatementPtr Compiler::fetch(bool move) {
  auto s = std::make_unique<Fetch>(line());
  s->is_move = move;
  advance();
  enum : uint8_t { kForward, kBackward, kAbsolute, kRelative };
  s->direction = kForward;
  auto count_until_from = [&] {
    size_t end = find_end({"from", "in"}, "FROM", false);
    s->count_expression = make_expression(pos_, end, ExpressionMode::kExpression, {});
    s->count_expression->target = type_oid::kInt8;
    pos_ = end;
  };
  bool direction = true;
  if (accept_word("next")) {
  } else if (accept_word("prior")) {
    s->direction = kBackward;
  } else if (accept_word("first")) {
    s->direction = kAbsolute;
  } else if (accept_word("last")) {
    s->direction = kAbsolute;
    s->count = -1;
  } else if (is_word("absolute") || is_word("relative")) {
    s->direction = is_word("absolute") ? kAbsolute : kRelative;
    advance();
    count_until_from();
  } else if (accept_word("all")) {
    s->count = FetchRequest::kAll;
  } else if (is_word("forward") || is_word("backward")) {
    s->direction = is_word("backward") ? kBackward : kForward;
    advance();
    if (accept_word("all"))
      s->count = FetchRequest::kAll;
    else if (!is_word("from") && !is_word("in"))
      count_until_from();
  } else if (is_word("from") || is_word("in")) {
  } else {
    size_t tokens = 0;
    bool cursor_here = lookup_here(&tokens).name != nullptr &&
                       (is_word(ahead(tokens), "into") || is_symbol(ahead(tokens), ";"));
    if (cursor_here)
      direction = false;
    else if (is_name(at()) && (is_word(ahead(1), "into") || is_symbol(ahead(1), ";")))
      direction = false;
    else
      count_until_from();
  }
  if (direction && !accept_word("from")) {
    if (!accept_word("in")) {
      size_t tokens = 0;
      if (lookup_here(&tokens).name == nullptr)
        fail("expected FROM or IN at or near \"" + std::string(text(pos_, pos_ + 1)) + "\"", at().location);
    }
  }
  s->cursor = cursor_variable();
  if (!move) {
    if (!accept_word("into")) syntax_error();
    s->target = into_target();
    bool many =
        s->count != 1 && s->count != -1 && s->direction != kAbsolute && s->count_expression == nullptr;
    if (many)
      fail("FETCH statement cannot return multiple rows", at().location, sqlstate::kFeatureNotSupported);
  }
  expect_symbol(";");
  return s;
}

StatementPtr Compiler::close() {
  auto s = std::make_unique<Close>(line());
  advance();
  s->cursor = cursor_variable();
  expect_symbol(";");
  return s;
}

}  // namespace varve::pl
