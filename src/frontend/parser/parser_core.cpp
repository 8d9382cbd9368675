#include <fmt/format.h>

#include "parser_impl.h"

namespace varve::parser {

using enum Tok;

// Deep nesting is refused before the thread's stack is in danger.
static constexpr ptrdiff_t kMaxStackBytes = 1 << 20;

std::string_view kind_name(NodeKind kind) {
  static constexpr std::string_view kNames[] = {
#define VARVE_X(name) #name,
      VARVE_PARSE_NODE_KINDS(VARVE_X)
#undef VARVE_X
  };
  return kNames[static_cast<int>(kind)];
}

int character_position(std::string_view sql, int32_t byte_offset) {
  if (byte_offset < 0) return 0;
  int position = 1;
  size_t end = std::min(sql.size(), static_cast<size_t>(byte_offset));
  for (size_t i = 0; i < end; ++i) position += (static_cast<uint8_t>(sql[i]) & 0xC0) != 0x80;
  return position;
}

ParsedScript parse(std::string_view sql, Arena& arena) { return Parser(sql, arena).script(); }
Node* parse_expression(std::string_view sql, Arena& arena) { return Parser(sql, arena).lone_expression(); }
SelectStmt* parse_assignment(std::string_view sql, Arena& arena) {
  return Parser(sql, arena).lone_assignment();
}
TypeName* parse_type_name(std::string_view sql, Arena& arena) { return Parser(sql, arena).lone_type(); }

std::string quote_identifier(std::string_view name) {
  bool safe = !name.empty() && ((name[0] >= 'a' && name[0] <= 'z') || name[0] == '_');
  for (char c : name) {
    safe = safe && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_');
  }
  if (safe) {
    Tok keyword = find_keyword(name);
    safe = keyword == kIdentifier || has_flag(keyword, kIsUnreserved);
  }
  if (safe) return std::string(name);
  std::string out = "\"";
  for (char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

Parser::Parser(std::string_view sql, Arena& arena)
    : sql_(sql), arena_(arena), lexer_(sql, arena), tokens_(lexer_.run()) {
  stack_base_ = static_cast<const char*>(__builtin_frame_address(0));
}

void Parser::check_stack() const {
  auto here = static_cast<const char*>(__builtin_frame_address(0));
  if (stack_base_ - here < kMaxStackBytes) return;
  throw SqlError(sqlstate::kStatementTooComplex, "stack depth limit exceeded")
      .hint("Simplify the statement: it nests too deeply.");
}

void Parser::syntax_error() const { error_near("syntax error"); }

void Parser::error_near(std::string_view message) const {
  const Token& token = cur();
  if (token.type == kError) raise_lex_error();
  std::string text = token.type == kEndOfInput
                         ? fmt::format("{} at end of input", message)
                         : fmt::format("{} at or near \"{}\"", message,
                                       sql_.substr(token.location, token.end - token.location));
  throw SqlError(sqlstate::kSyntaxError, std::move(text)).at(character_position(sql_, token.location));
}

void Parser::raise_lex_error() const {
  const LexError& e = lexer_.error();
  std::string text = e.message;
  if (e.near_end >= 0) {
    std::string_view near = sql_.substr(e.location, e.near_end - e.location);
    text += near.empty() ? " at end of input" : fmt::format(" at or near \"{}\"", near);
  }
  throw SqlError(e.state, std::move(text)).hint(e.hint).at(character_position(sql_, e.location));
}

// Raised by a grammar action, which runs with the current token read: a broken token comes first.
void Parser::error_at(int32_t location, SqlState state, std::string_view message,
                      std::string_view hint) const {
  if (at(kError)) raise_lex_error();
  throw SqlError(state, std::string(message)).hint(std::string(hint)).at(character_position(sql_, location));
}

NameList Parser::names(std::initializer_list<std::string_view> parts) {
  return arena_.copy(std::span<const std::string_view>(parts.begin(), parts.size()));
}

ParsedScript Parser::script() {
  ListBuilder<RawStatement> list;
  int32_t start = 0;
  while (true) {
    Node* node = at(';') || at(kEndOfInput) ? nullptr : statement();
    if (!at(';') && !at(kEndOfInput)) syntax_error();
    bool last = at(kEndOfInput);
    if (node != nullptr) list.add({node, start, last ? 0 : location() - start});
    if (last) break;
    start = cur().end;
    advance();
  }
  return {finish(list)};
}

Node* Parser::lone_expression() {
  Node* node = a_expr();
  if (!at(kEndOfInput)) syntax_error();
  return node;
}

TypeName* Parser::lone_type() {
  TypeName* node = func_type();
  if (!at(kEndOfInput)) syntax_error();
  return node;
}

}  // namespace varve::parser
