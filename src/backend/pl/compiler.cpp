// Tokens, names and expressions of a function's source.
#include "compiler.h"

#include <algorithm>
#include <fmt/format.h>

#include "catalog/user_type.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/parser.h"

namespace varve::pl {

using parser::ScanKind;
using parser::ScanToken;

namespace {

// Words that a variable cannot be called without quotes.
constexpr std::string_view kReserved[] = {"all",    "begin",   "by",   "case",    "declare", "else",
                                          "end",    "execute", "for",  "foreach", "from",    "if",
                                          "in",     "into",    "loop", "not",     "null",    "or",
                                          "strict", "then",    "to",   "using",   "when",    "while"};

}  // namespace

Compiler::Compiler(Host& host, Function& function) : host_(host), f_(function) {
  tokens_ = parser::scan(f_.source, arena_, &scan_error_);
}

bool Compiler::is_name(const ScanToken& t) const {
  if (t.kind == ScanKind::kQuotedWord) return true;
  return t.kind == ScanKind::kWord &&
         std::find(std::begin(kReserved), std::end(kReserved), t.text) == std::end(kReserved);
}

// --- errors

SqlError Compiler::error(std::string message, int32_t location, SqlState state) {
  return SqlError(state, std::move(message)).at(parser::character_position(f_.source, location));
}

void Compiler::fail(std::string message, int32_t location, SqlState state) {
  throw error(std::move(message), location, state);
}

void Compiler::syntax_error() { syntax_error_at(at()); }

namespace {

std::string near_text(std::string message, const ScanToken& t, std::string_view source) {
  if (t.kind == ScanKind::kEnd) return message + " at end of input";
  return fmt::format("{} at or near \"{}\"", message,
                     source.substr(static_cast<size_t>(t.location), static_cast<size_t>(t.end - t.location)));
}

}  // namespace

void Compiler::syntax_error_at(const ScanToken& t) {
  if (t.kind == ScanKind::kError) {
    std::string message = scan_error_.message;
    if (scan_error_.near_end >= 0) {
      std::string_view near = std::string_view(f_.source).substr(
          static_cast<size_t>(scan_error_.location),
          static_cast<size_t>(scan_error_.near_end - scan_error_.location));
      message += near.empty() ? " at end of input" : fmt::format(" at or near \"{}\"", near);
    }
    SqlError e = error(std::move(message), scan_error_.location, scan_error_.state);
    if (!scan_error_.hint.empty()) e.hint(scan_error_.hint);
    throw e;
  }
  fail(near_text("syntax error", t, f_.source), t.location);
}

// --- tokens

void Compiler::advance() {
  if (at().kind == ScanKind::kError) syntax_error();
  if (pos_ + 1 < tokens_.size()) ++pos_;
}
bool Compiler::accept_word(std::string_view word) {
  if (!is_word(word)) return false;
  advance();
  return true;
}
bool Compiler::accept_symbol(std::string_view symbol) {
  if (!is_symbol(symbol)) return false;
  advance();
  return true;
}
void Compiler::expect_word(std::string_view word) {
  if (!accept_word(word)) syntax_error();
}
void Compiler::expect_symbol(std::string_view symbol) {
  if (!accept_symbol(symbol)) syntax_error();
}
std::string Compiler::name() {
  if (!is_name(at())) syntax_error();
  std::string out(at().text);
  advance();
  return out;
}

int Compiler::line_of(int32_t location) {
  return 1 + static_cast<int>(std::count(f_.source.begin(), f_.source.begin() + location, '\n'));
}

std::string_view Compiler::text(size_t first, size_t last) const {
  if (first >= last) return {};
  auto begin = static_cast<size_t>(tokens_[first].location);
  return std::string_view(f_.source).substr(begin, static_cast<size_t>(tokens_[last - 1].end) - begin);
}

// --- names

void Compiler::push_scope(std::string label, bool loop) {
  f_.names.push_back({scope_, Name::Kind::kLabel, std::move(label), 0, loop});
  scope_ = &f_.names.back();
}

void Compiler::add_name(std::string text, uint32_t datum) {
  f_.names.push_back({scope_, Name::Kind::kVariable, std::move(text), datum, false});
  scope_ = &f_.names.back();
}

uint32_t Compiler::add_variable(Datum d, bool named) {
  auto number = static_cast<uint32_t>(f_.datums.size());
  std::string text = d.name;
  f_.datums.push_back(std::move(d));
  if (named) add_name(std::move(text), number);
  return number;
}

void Compiler::set_type(Datum& d, Oid type, int32_t typmod) {
  catalog::BaseType base = catalog::base_type(host_.catalog(), type, typmod);
  d.type = base.type;
  d.typmod = base.typmod;
  if (base.type != type) d.domain = type;
}

uint32_t Compiler::add_scalar(std::string text, Oid type, int32_t typmod, bool named) {
  Datum d;
  d.name = std::move(text);
  set_type(d, type, typmod);
  d.kind = type == type_oid::kRecord || analyzer::relation_of_row_type(host_.catalog(), type) != nullptr
               ? DatumKind::kRecord
               : DatumKind::kScalar;
  return add_variable(std::move(d), named);
}

const Name* Compiler::find_label(std::string_view label) const {
  for (const Name* n = scope_; n != nullptr; n = n->outer) {
    if (n->kind == Name::Kind::kLabel && n->text == label) return n;
  }
  return nullptr;
}

Found lookup(const Name* scope, std::span<const std::string_view> names, bool innermost_only) {
  for (const Name* n = scope; n != nullptr;) {
    // The names of one block, then its label.
    const Name* label = n;
    while (label != nullptr && label->kind != Name::Kind::kLabel) label = label->outer;
    for (const Name* v = n; v != label; v = v->outer) {
      if (v->text == names[0]) return {v, 1};
    }
    if (label == nullptr || innermost_only) return {};
    if (names.size() > 1 && !label->text.empty() && label->text == names[0]) {
      for (const Name* v = n; v != label; v = v->outer) {
        if (v->text == names[1]) return {v, 2};
      }
    }
    n = label->outer;
  }
  return {};
}

// The variable that the coming tokens name, and how many tokens name it (with the dots).
Found Compiler::lookup_here(size_t* tokens) {
  std::vector<std::string_view> names;
  size_t n = 0;
  if (at().kind == ScanKind::kParam) {
    names.push_back(text(pos_, pos_ + 1));
    *tokens = 1;
    return lookup(scope_, names);
  }
  if (!is_name(at())) return {};
  names.push_back(at().text);
  while (names.size() < 3 && is_symbol(ahead(n + 1), ".") &&
         (ahead(n + 2).kind == ScanKind::kWord || ahead(n + 2).kind == ScanKind::kQuotedWord)) {
    names.push_back(ahead(n + 2).text);
    n += 2;
  }
  Found found = lookup(scope_, names);
  *tokens = n + 1;
  if (found.name == nullptr) return {};
  *tokens = found.used * 2 - 1;
  return found;
}

// --- arguments and what every function has

void Compiler::arguments() {
  push_scope(f_.routine == nullptr ? "" : f_.routine->name);
  if (f_.routine == nullptr) return;
  const catalog::Routine& r = *f_.routine;
  size_t input = 0;
  for (size_t i = 0; i < r.parameter_count(); ++i) {
    // A call of a procedure passes something for every parameter.
    size_t passed = f_.is_procedure ? i : input;
    bool is_passed = (f_.is_procedure || r.is_input(i)) && passed < f_.arg_types.size();
    Oid type = is_passed ? f_.arg_types[passed] : r.parameter_type(i);
    if (!is_passed && !r.is_input(i) && !f_.output_shape.types.empty()) {
      // Polymorphic outputs were resolved with the shape.
      size_t place = f_.outputs.size();
      if (place < f_.output_shape.types.size()) type = f_.output_shape.types[place];
    } else if (!is_passed && !r.is_input(i) && f_.outputs.empty() && !f_.composite &&
               f_.result != type_oid::kVoid) {
      type = f_.result;
    }
    std::string number = fmt::format("${}", i + 1);
    uint32_t n = add_scalar(r.parameter_name(i).empty() ? number : r.parameter_name(i), type, -1, false);
    Oid declared = r.parameter_type(i);
    if (catalog::base_type(host_.catalog(), declared, -1).type != declared)
      set_type(f_.datums[n], declared, -1);
    if (r.mode(i) != 't') add_name(number, n);
    if (!r.parameter_name(i).empty()) add_name(r.parameter_name(i), n);
    if (r.is_input(i)) {
      f_.args.push_back(n);
      ++input;
    }
    if (r.is_output(i)) f_.outputs.push_back(n);
  }
  if (f_.is_trigger) trigger_variables();
}

void Compiler::add_record(std::string text, Oid type, bool named) {
  Datum d;
  d.kind = DatumKind::kRecord;
  d.name = std::move(text);
  d.type = type;
  add_variable(std::move(d), named);
}

void Compiler::trigger_variables() {
  auto& tg = f_.tg;
  f_.new_record = static_cast<int32_t>(f_.datums.size());
  add_record("new", type_oid::kRecord);
  f_.old_record = static_cast<int32_t>(f_.datums.size());
  add_record("old", type_oid::kRecord);
  tg.name = add_scalar("tg_name", type_oid::kName);
  tg.when = add_scalar("tg_when", type_oid::kText);
  tg.level = add_scalar("tg_level", type_oid::kText);
  tg.op = add_scalar("tg_op", type_oid::kText);
  tg.relid = add_scalar("tg_relid", type_oid::kOid);
  tg.relname = add_scalar("tg_relname", type_oid::kName);
  tg.table_name = add_scalar("tg_table_name", type_oid::kName);
  tg.table_schema = add_scalar("tg_table_schema", type_oid::kName);
  tg.nargs = add_scalar("tg_nargs", type_oid::kInt4);
  tg.argv = add_scalar("tg_argv", type_oid::kTextArray);
}

void Compiler::compile() {
  arguments();
  f_.found = add_scalar("found", type_oid::kBool);
  std::string_view conflict = host_.setting("plpgsql.variable_conflict");
  if (conflict == "use_variable") f_.conflict = analyzer::Variables::Conflict::kFirst;
  if (conflict == "use_column") f_.conflict = analyzer::Variables::Conflict::kTables;
  f_.print_strict_params = host_.setting("plpgsql.print_strict_params") == "on";
  while (is_symbol("#")) {
    advance();
    if (accept_word("variable_conflict")) {
      if (is_word("error"))
        f_.conflict = analyzer::Variables::Conflict::kEither;
      else if (is_word("use_variable"))
        f_.conflict = analyzer::Variables::Conflict::kFirst;
      else if (is_word("use_column"))
        f_.conflict = analyzer::Variables::Conflict::kTables;
      else
        syntax_error();
    } else if (accept_word("print_strict_params")) {
      if (!is_word("on") && !is_word("off")) {
        fail(fmt::format("unrecognized print_strict_params option {}", at().text), at().location);
      }
      f_.print_strict_params = is_word("on");
    } else if (accept_word("dynamic_commit")) {
      if (!is_word("on") && !is_word("off")) syntax_error();
      f_.dynamic_commit = is_word("on");
    } else if (accept_word("option")) {
      expect_word("dump");
      continue;
    } else {
      syntax_error();
    }
    advance();
  }
  std::string label;
  int32_t label_location = at().location;
  if (accept_symbol("<<")) {
    label = name();
    expect_symbol(">>");
  }
  f_.body = block(std::move(label), label_location);
  accept_symbol(";");
  if (at().kind != ScanKind::kEnd) syntax_error();
}

// --- expressions

size_t Compiler::find_end(std::initializer_list<std::string_view> ends, std::string_view expected,
                          bool is_statement) {
  int depth = 0;
  for (size_t i = pos_;; ++i) {
    const ScanToken& t = tokens_[i];
    if (depth == 0) {
      for (std::string_view end : ends) {
        bool symbol = !(end[0] >= 'a' && end[0] <= 'z');
        if (symbol ? is_symbol(t, end) : is_word(t, end)) return i;
      }
    }
    if (t.kind == ScanKind::kError) syntax_error_at(t);
    if (is_symbol(t, "(") || is_symbol(t, "[")) ++depth;
    if ((is_symbol(t, ")") || is_symbol(t, "]")) && --depth < 0) {
      fail(near_text("mismatched parentheses", t, f_.source), t.location);
    }
    if (t.kind == ScanKind::kEnd || is_symbol(t, ";")) {
      if (depth != 0) fail(near_text("mismatched parentheses", t, f_.source), t.location);
      if (t.kind == ScanKind::kEnd) syntax_error_at(t);
      fail(
          fmt::format("missing \"{}\" at end of SQL {}", expected, is_statement ? "statement" : "expression"),
          t.location);
    }
  }
}

Expression* Compiler::make_expression(size_t first, size_t last, ExpressionMode mode, std::string_view prefix,
                                      bool check) {
  auto e = std::make_unique<Expression>();
  e->mode = mode;
  e->text = text(first, last);
  e->display = std::string(prefix) + e->text;
  e->shift = static_cast<int32_t>(prefix.size());
  e->scope = scope_;
  e->slot = static_cast<uint32_t>(f_.expressions.size());
  e->location = first < tokens_.size() ? tokens_[first].location : 0;
  e->variables = std::make_unique<ExpressionVariables>(f_, *e);
  // A record by itself is passed on as it is.
  size_t count = last - first;
  if (e->needs_select() && (count == 1 || count == 3)) {
    std::vector<std::string_view> names{tokens_[first].text};
    bool plain = is_name(tokens_[first]);
    if (count == 3) {
      plain = plain && is_symbol(tokens_[first + 1], ".");
      names.push_back(tokens_[first + 2].text);
    }
    Found found = plain ? lookup(scope_, names) : Found{};
    if (found.name != nullptr && found.used == names.size() &&
        datum(found.name->datum).kind == DatumKind::kRecord) {
      e->record = static_cast<int32_t>(found.name->datum);
    }
  }
  f_.expressions.push_back(std::move(e));
  Expression* made = f_.expressions.back().get();
  if (check) check_syntax(*made);
  return made;
}

// What SQL's grammar does not accept is refused now, at its place in the function.
void Compiler::check_syntax(Expression& e) {
  if (e.text.empty()) return;
  Arena scratch;
  std::string sql = e.needs_select() ? "SELECT " + e.text : e.text;
  int32_t prefix = e.needs_select() ? 7 : 0;
  try {
    if (e.mode == ExpressionMode::kPartAssignment)
      parser::parse_assignment(sql, scratch);
    else
      parser::parse(sql, scratch);
  } catch (SqlError& failed) {
    int position = failed.fields().position;
    if (position > 0) {
      failed.at(position - prefix + parser::character_position(f_.source, e.location) - 1);
    }
    throw;
  }
}

Expression* Compiler::expression_until(std::initializer_list<std::string_view> ends,
                                       std::string_view expected) {
  size_t end = find_end(ends, expected, false);
  if (end == pos_) fail(near_text("missing expression", at(), f_.source), at().location);
  Expression* e = make_expression(pos_, end, ExpressionMode::kExpression, {});
  pos_ = end;
  return e;
}

}  // namespace varve::pl
