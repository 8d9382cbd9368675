// COPY in its three generations of syntax.
#include "parser_impl.h"

namespace varve::parser {

using enum Tok;

void Parser::copy_target(CopyStmt* node, int32_t& file_loc) {
  node->is_program = accept(kProgram);
  file_loc = location();
  if (at(kStringConst)) {
    node->filename = string_const();
  } else {
    if (!accept(kStdin)) expect(kStdout);
    node->standard_stream = true;
  }
}

Node* Parser::copy_stmt() {
  auto* node = make<CopyStmt>(location());
  advance();
  ListBuilder<Option*> options;
  int32_t file_loc;
  if (accept('(')) {
    node->query = preparable_stmt();
    expect(')');
    int32_t to_loc = location();
    expect(kTo);
    copy_target(node, file_loc);
    if (!accept(kWith)) accept(kWithLa);
    copy_options(options);
    node->options = finish(options);
    if (node->is_program && node->standard_stream) {
      error_at(to_loc, "STDIN/STDOUT not allowed with PROGRAM");
    }
    return node;
  }
  int32_t loc = location();
  if (accept(Tok::kBinary)) options.add(option("format", make_string("binary"), loc));
  node->relation = qualified_name();
  node->columns = opt_column_list();
  node->is_from = at(kFrom);
  if (!accept(kFrom)) expect(kTo);
  copy_target(node, file_loc);
  int32_t delimiter_loc = location();
  bool has_delimiters = at(kUsing) || at(kDelimiters);
  if (has_delimiters) {
    accept(kUsing);
    expect(kDelimiters);
    options.add(option("delimiter", make_string(string_const()), delimiter_loc));
  }
  if (!accept(kWith)) accept(kWithLa);
  copy_options(options);
  node->options = finish(options);
  int32_t where_loc = location();
  node->where = opt_where();
  if (node->is_program && node->standard_stream) {
    error_at(has_delimiters ? delimiter_loc : -1, "STDIN/STDOUT not allowed with PROGRAM");
  }
  if (!node->is_from && node->where != nullptr) {
    error_at(where_loc, "WHERE clause not allowed with COPY TO");
  }
  return node;
}

void Parser::copy_options(ListBuilder<Option*>& out) {
  if (!at('(')) {
    while (Option* item = copy_old_option()) out.add(item);
    return;
  }
  for (Option* item : paren_list([&] { return copy_generic_option(); })) out.add(item);
}

Option* Parser::copy_generic_option() {
  int32_t loc = location();
  std::string_view name = col_label();
  if (at(',') || at(')')) return option(name, nullptr, loc);
  Node* value = opt_boolean_or_string();
  if (value != nullptr) return option(name, value, loc);
  if (at('*')) {
    value = make<StarStep>(location());
    advance();
    return option(name, value, loc);
  }
  if (at('(')) {
    auto* list = make<ListNode>(location());
    list->items = paren_list([&] {
      Node* item = opt_boolean_or_string();
      if (item == nullptr) syntax_error();
      return item;
    });
    return option(name, list, loc);
  }
  return option(name, numeric_only(), loc);
}

// One option of the syntax without parentheses; null if none is here.
Option* Parser::copy_old_option() {
  int32_t loc = location();
  auto text = [&](std::string_view name) {
    advance();
    accept(kAs);
    return option(name, make_string(string_const()), loc);
  };
  auto word = [&](std::string_view name, Node* value) {
    advance();
    return option(name, value, loc);
  };
  auto columns = [&](std::string_view name) {
    auto* list = make<ListNode>(location());
    ListBuilder<Node*> items;
    do items.add(make_string(col_id()));
    while (accept(','));
    list->items = finish(items);
    return option(name, list, loc);
  };
  switch (type()) {
    case Tok::kBinary:
      return word("format", make_string("binary"));
    case kFreeze:
      return word("freeze", make_boolean(true));
    case kCsv:
      return word("format", make_string("csv"));
    case kHeader:
      return word("header", make_boolean(true));
    case kDelimiter:
      return text("delimiter");
    case kNull:
      return text("null");
    case kQuote:
      return text("quote");
    case kEscape:
      return text("escape");
    case kEncoding:
      advance();
      return option("encoding", make_string(string_const()), loc);
    case kForce:
      advance();
      if (accept(kQuote)) {
        if (!at('*')) return columns("force_quote");
        Node* star = make<StarStep>(location());
        advance();
        return option("force_quote", star, loc);
      }
      if (accept(kNot)) {
        expect(kNull);
        return columns("force_not_null");
      }
      expect(kNull);
      return columns("force_null");
    default:
      return nullptr;
  }
}

}  // namespace varve::parser
