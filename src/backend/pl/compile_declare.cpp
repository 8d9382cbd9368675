// DECLARE: variables, types, aliases, cursors.
#include <fmt/format.h>

#include "compiler.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/ast.h"
#include "parser/parser.h"

namespace varve::pl {

using parser::ScanKind;
using parser::ScanToken;

void Compiler::declarations(Block& block) {
  while (!is_word("begin")) {
    if (accept_word("declare")) continue;  // once more is allowed
    if (is_symbol("<<")) {
      throw error("block label must be placed before DECLARE, not after", at().location);
    }
    if (!is_name(at())) syntax_error();
    declaration(block);
  }
}

// A name of an outer block is hidden. Looked at when the function is made, not when it runs.
void Compiler::check_shadowing(std::string_view variable, int32_t location) {
  if (shadowing == CheckLevel::kNone) return;
  std::string_view names[] = {variable};
  if (lookup(scope_, names).name == nullptr) return;
  SqlError found = error(fmt::format("variable \"{}\" shadows a previously defined variable", variable),
                         location, sqlstate::kDuplicateAlias);
  if (shadowing == CheckLevel::kError) throw found;
  host_.message("WARNING", found.fields());
}

void Compiler::alias(std::string new_name) {
  size_t tokens = 0;
  if (at().kind == ScanKind::kParam) {
    std::string number = fmt::format("${}", at().integer);
    std::string_view names[] = {number};
    Found found = lookup(scope_, names);
    if (found.name == nullptr)
      fail(fmt::format("variable \"{}\" does not exist", number), at().location, sqlstate::kUndefinedObject);
    advance();
    add_name(std::move(new_name), found.name->datum);
  } else {
    Found found = lookup_here(&tokens);
    if (found.name == nullptr) {
      fail(fmt::format("variable \"{}\" does not exist", text(pos_, pos_ + tokens)), at().location,
           sqlstate::kUndefinedObject);
    }
    for (size_t i = 0; i < tokens; ++i) advance();
    add_name(std::move(new_name), found.name->datum);
  }
  expect_symbol(";");
}

void Compiler::declaration(Block& block) {
  ScanToken first = at();
  int l = line();
  std::string variable = name();
  std::string_view names[] = {variable};
  if (lookup(scope_, names, true).name != nullptr) {
    fail(fmt::format("duplicate declaration at or near \"{}\"", text(pos_ - 1, pos_)), first.location);
  }
  check_shadowing(variable, first.location);
  if (is_word("alias")) {
    advance();
    expect_word("for");
    alias(std::move(variable));
    return;
  }
  uint16_t options = 0;
  if (is_word("no") && is_word(ahead(1), "scroll") && is_word(ahead(2), "cursor")) {
    options = parser::kCursorNoScroll;
    advance(), advance();
  } else if (is_word("scroll") && is_word(ahead(1), "cursor")) {
    options = parser::kCursorScroll;
    advance();
  }
  if (is_word("cursor")) {
    cursor_declaration(std::move(variable), l, options, block);
    return;
  }
  bool constant = accept_word("constant");
  Datum d = read_type();
  d.name = std::move(variable);
  d.line = l;
  d.constant = constant;
  if (accept_word("collate")) {
    while (is_name(at()) || is_symbol(".")) advance();
  }
  int32_t not_null = at().location;
  if (is_word("not")) {
    advance();
    expect_word("null");
    d.not_null = true;
  }
  if (is_symbol(";")) {
    if (d.not_null) {
      fail(fmt::format("variable \"{}\" must have a default value, since it's declared NOT NULL", d.name),
           not_null, sqlstate::kNullValueNotAllowed);
    }
    advance();
  } else if (is_symbol(":=") || is_symbol("=") || is_word("default")) {
    advance();
    d.initial = expression_until({";"}, ";");
    advance();
    if (d.kind == DatumKind::kScalar) {
      d.initial->target = d.target();
      d.initial->target_typmod = d.typmod;
    }
  } else {
    syntax_error();
  }
  block.variables.push_back(add_variable(std::move(d)));
}

// --- types

Datum Compiler::percent_type(const std::vector<std::string_view>& names, bool row) {
  // %TYPE of a variable first.
  if (!row) {
    Found found = lookup(scope_, names);
    if (found.name != nullptr && found.used == names.size()) {
      const Datum& other = datum(found.name->datum);
      Datum d;
      d.kind = other.kind;
      d.type = other.type;
      d.typmod = other.typmod;
      d.domain = other.domain;
      return d;
    }
  }
  Datum d;
  std::vector<Oid> path = host_.search_path();
  std::deque<catalog::RelationPtr> relations;
  functions::EvalContext eval = host_.eval_context(arena_);
  analyzer::AnalyzerContext context{host_.catalog(), arena_, relations, eval, f_.source, path};
  size_t last = row ? names.size() : names.size() - 1;
  if (!row && names.size() < 2) return d;
  parser::RangeVar table;
  table.name = names[last - 1];
  if (last > 1) table.schema = names[last - 2];
  catalog::RelationPtr relation = analyzer::find_relation(context, table, txn::LockMode::kNone, true);
  if (relation == nullptr) {
    if (row) {
      throw SqlError(sqlstate::kUndefinedTable, fmt::format("relation \"{}\" does not exist", names.back()));
    }
    return d;
  }
  if (row) {
    d.kind = DatumKind::kRecord;
    d.type = relation->row_type;
    return d;
  }
  catalog::ColumnNumber number = relation->find_column(names.back());
  if (number == 0) return d;
  d.type = relation->column(number).type;
  d.typmod = relation->column(number).typmod;
  d.domain = relation->column(number).domain;
  return d;
}

Datum Compiler::type_of_text(std::string_view type_text, int32_t location) {
  Datum d;
  try {
    parser::TypeName* type = parser::parse_type_name(type_text, arena_);
    if (type->set_of) {
      throw SqlError(sqlstate::kSyntaxError, fmt::format("invalid type name \"{}\"", type_text)).at(1);
    }
    std::vector<Oid> path = host_.search_path();
    std::deque<catalog::RelationPtr> relations;
    functions::EvalContext eval = host_.eval_context(arena_);
    analyzer::AnalyzerContext context{host_.catalog(), arena_, relations, eval, type_text, path};
    try {
      analyzer::TypeReference found = analyzer::resolve_type_name(context, *type);
      set_type(d, found.type, found.typmod);
    } catch (const SqlError& missing) {
      // The row type of a table.
      if (missing.state() != sqlstate::kUndefinedObject) throw;
      parser::RangeVar table;
      table.name = type->names.back();
      if (type->names.size() > 1) table.schema = type->names[type->names.size() - 2];
      catalog::RelationPtr relation = analyzer::find_relation(context, table, txn::LockMode::kNone, true);
      if (relation == nullptr || !type->array_bounds.empty()) throw;
      d.type = relation->row_type;
    }
  } catch (SqlError& failed) {
    int position = failed.fields().position;
    failed.at(std::max(1, position) + parser::character_position(f_.source, location) - 1);
    throw;
  }
  const functions::TypeInfo* info = functions::type_by_oid(d.type);
  bool row =
      d.type == type_oid::kRecord || analyzer::relation_of_row_type(host_.catalog(), d.type) != nullptr;
  if (row) {
    d.kind = DatumKind::kRecord;
  } else if (info != nullptr && info->kind == 'p') {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   fmt::format("variable \"{}\" has pseudo-type {}", "", info->sql_name));
  }
  return d;
}

Datum Compiler::read_type() {
  size_t first = pos_;
  if (at().kind == ScanKind::kEnd) fail("missing data type declaration at end of input", at().location);
  // name[.name[.name]]%TYPE | %ROWTYPE
  if (is_name(at())) {
    std::vector<std::string_view> names{at().text};
    size_t n = 1;
    while (is_symbol(ahead(n), ".") && n < 6) {
      names.push_back(ahead(n + 1).text);
      n += 2;
    }
    bool type = is_word(ahead(n + 1), "type"), row = is_word(ahead(n + 1), "rowtype");
    if (is_symbol(ahead(n), "%") && (type || row)) {
      Datum d = percent_type(names, row);
      if (d.type != kInvalidOid || d.kind == DatumKind::kRecord) {
        for (size_t i = 0; i < n + 2; ++i) advance();
        return d;
      }
      std::string whole(text(pos_, pos_ + n + 2));
      throw error("syntax error at or near \"%\"", ahead(n).location)
          .context(fmt::format("invalid type name \"{}\"", whole));
    }
  }
  int depth = 0;
  size_t i = pos_;
  for (;; ++i) {
    const ScanToken& t = tokens_[i];
    if (t.kind == ScanKind::kError) syntax_error_at(t);
    if (t.kind == ScanKind::kEnd) {
      fail(depth != 0 ? "mismatched parentheses at end of input"
                      : "incomplete data type declaration at end of input",
           t.location);
    }
    if (is_symbol(t, "(")) ++depth;
    if (is_symbol(t, ")") && --depth < 0) break;
    if (depth > 0) continue;
    bool ends = is_symbol(t, ";") || is_symbol(t, ",") || is_symbol(t, ":=") || is_symbol(t, "=") ||
                is_word(t, "collate") || is_word(t, "default") || is_word(t, "not");
    if (ends) break;
    // A token that no type can have: the declaration is not finished.
    if (is_word(t, "begin") || is_word(t, "declare")) {
      for (size_t j = i;; ++j) {
        if (is_symbol(tokens_[j], ";")) break;
        if (tokens_[j].kind == ScanKind::kEnd)
          fail("incomplete data type declaration at end of input", tokens_[j].location);
      }
    }
  }
  if (i == first)
    fail("missing data type declaration at or near \"" + std::string(text(first, first + 1)) + "\"",
         at().location);
  Datum d = type_of_text(text(first, i), tokens_[first].location);
  pos_ = i;
  return d;
}

void Compiler::cursor_declaration(std::string variable, int l, uint16_t options, Block& block) {
  expect_word("cursor");
  Datum d;
  d.name = std::move(variable);
  d.line = l;
  d.type = type_oid::kRefcursor;
  d.is_cursor_bound = true;
  d.cursor_options = options;
  push_scope("");  // the arguments are seen by the query alone
  const Name* outer = scope_->outer;
  if (accept_symbol("(")) {
    do {
      int32_t location = at().location;
      std::string arg = name();
      check_shadowing(arg, location);
      Datum a = read_type();
      a.name = arg;
      a.line = l;
      d.cursor_args.push_back(arg);
      d.cursor_row.push_back(add_variable(std::move(a)));
    } while (accept_symbol(","));
    expect_symbol(")");
  }
  if (!accept_word("is")) expect_word("for");
  size_t end = find_end({";"}, ";", true);
  d.cursor_query = make_expression(pos_, end, ExpressionMode::kStatement, {});
  pos_ = end;
  advance();
  scope_ = outer;
  block.variables.push_back(add_variable(std::move(d)));
}

}  // namespace varve::pl
