#include "query_text.h"

#include <algorithm>
#include <set>
#include <vector>

#include "common/check.h"
#include "common/sql_error.h"
#include "parser/parser.h"

namespace varve::commands {
namespace {

struct Token {
  std::string word;  // folded; empty: not a word
  size_t begin, end;
  char symbol = 0;
};

bool word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Words and symbols outside of quotes and comments. The text has been parsed, so quotes are closed.
std::vector<Token> tokens_of(std::string_view sql) {
  std::vector<Token> tokens;
  for (size_t i = 0; i < sql.size();) {
    char c = sql[i];
    if (c == '-' && sql.substr(i, 2) == "--") {
      i = std::min(sql.size(), sql.find('\n', i));
    } else if (sql.substr(i, 2) == "/*") {
      int depth = 0;
      do {
        if (sql.substr(i, 2) == "/*")
          ++depth, i += 2;
        else if (sql.substr(i, 2) == "*/")
          --depth, i += 2;
        else
          ++i;
      } while (depth > 0 && i < sql.size());
    } else if (c == '\'' || c == '"') {
      size_t begin = i++;
      bool escapes = c == '\'' && begin > 0 && (sql[begin - 1] == 'E' || sql[begin - 1] == 'e');
      while (i < sql.size() && sql[i] != c) i += escapes && sql[i] == '\\' ? 2 : 1;
      tokens.push_back({{}, begin, ++i, c});
    } else if (c == '$') {
      size_t end = sql.find('$', i + 1);
      std::string_view tag = end == std::string_view::npos ? std::string_view() : sql.substr(i, end - i + 1);
      bool quote = !tag.empty() && std::all_of(tag.begin() + 1, tag.end() - 1, word_char) &&
                   (tag.size() == 2 || tag[1] < '0' || tag[1] > '9');
      size_t close = quote ? sql.find(tag, i + tag.size()) : std::string_view::npos;
      i = close == std::string_view::npos ? i + 1 : close + tag.size();
    } else if (word_char(c)) {
      size_t begin = i;
      std::string word;
      while (i < sql.size() && word_char(sql[i])) {
        char w = sql[i++];
        word += w >= 'A' && w <= 'Z' ? char(w + 32) : w;
      }
      tokens.push_back({std::move(word), begin, i});
    } else {
      if (c != ' ' && c != '\n' && c != '\t' && c != '\r' && c != '\f') tokens.push_back({{}, i, i + 1, c});
      ++i;
    }
  }
  return tokens;
}

}  // namespace

std::string_view text_after_as(std::string_view sql, int32_t statement) {
  std::vector<Token> tokens = tokens_of(sql);
  int depth = 0;
  size_t begin = std::string_view::npos;
  std::vector<const Token*> inside;
  for (const Token& t : tokens) {
    if (t.symbol == '(') ++depth;
    if (t.symbol == ')') --depth;
    if (begin == std::string_view::npos) {
      bool there = static_cast<int64_t>(t.begin) >= statement;
      if (there && depth == 0 && t.word == "as") begin = t.end;
      continue;
    }
    if (depth == 0 && t.symbol == ';') break;
    inside.push_back(&t);
  }
  VARVE_CHECK(begin != std::string_view::npos && !inside.empty());
  auto ends_with = [&](std::initializer_list<std::string_view> words) {
    if (inside.size() < words.size()) return false;
    size_t at = inside.size() - words.size();
    for (std::string_view w : words) {
      if (inside[at++]->word != w) return false;
    }
    inside.resize(inside.size() - words.size());
    return true;
  };
  if (!ends_with({"with", "no", "data"}) && !ends_with({"with", "data"}) &&
      !ends_with({"with", "check", "option"}) && !ends_with({"with", "local", "check", "option"})) {
    ends_with({"with", "cascaded", "check", "option"});
  }
  return sql.substr(begin, inside.back()->end - begin);
}

namespace {

// Finds the table names of a query, and stars.
class TableNames {
 public:
  void query(const parser::SelectStmt* s);
  std::vector<const parser::RangeVar*> tables;
  std::set<std::string_view> cte_names;
  bool risky_star = false;

 private:
  void node(const parser::Node* n);
  template <class T>
  void all(std::span<T*> list) {
    for (const parser::Node* n : list) node(n);
  }
  void targets(const parser::SelectStmt& s);
};

void TableNames::targets(const parser::SelectStmt& s) {
  for (size_t i = 0; i < s.targets.size(); ++i) {
    const parser::Node* value = s.targets[i]->value;
    if (parser::is<parser::ColumnRef>(value) && parser::as<parser::ColumnRef>(value)->star) {
      // A new column of the only table comes last, where nothing looks; anywhere else it would shift the
      // others.
      bool last = i + 1 == s.targets.size() && s.from.size() == 1 && parser::is<parser::RangeVar>(s.from[0]);
      risky_star |= !last;
    }
    node(value);
  }
}

void TableNames::query(const parser::SelectStmt* s) {
  if (s == nullptr) return;
  if (s->with != nullptr) {
    for (const parser::CommonTableExpr* cte : s->with->ctes) {
      cte_names.insert(cte->name);
      node(cte->query);
    }
  }
  targets(*s);
  all(s->from);
  node(s->where);
  all(s->distinct_on);
  all(s->group_by);
  node(s->having);
  for (const parser::ListNode* row : s->values) all(row->items);
  for (const parser::SortBy* sort : s->order_by) node(sort->expression);
  for (const parser::WindowDef* w : s->windows) {
    all(w->partition_by);
    for (const parser::SortBy* sort : w->order_by) node(sort->expression);
  }
  node(s->limit_offset);
  node(s->limit_count);
  query(s->left);
  query(s->right);
}

void TableNames::node(const parser::Node* n) {
  using parser::NodeKind;
  if (n == nullptr) return;
  switch (n->kind) {
    case NodeKind::kSelectStmt:
      return query(parser::as<parser::SelectStmt>(n));
    case NodeKind::kRangeVar:
      tables.push_back(parser::as<parser::RangeVar>(n));
      return;
    case NodeKind::kRangeSubselect:
      return node(parser::as<parser::RangeSubselect>(n)->query);
    case NodeKind::kRangeFunction:
      for (const auto& f : parser::as<parser::RangeFunction>(n)->functions) node(f.call);
      return;
    case NodeKind::kJoinExpr: {
      const auto& j = *parser::as<parser::JoinExpr>(n);
      node(j.left);
      node(j.right);
      return node(j.on);
    }
    case NodeKind::kSubLink:
      node(parser::as<parser::SubLink>(n)->test);
      return node(parser::as<parser::SubLink>(n)->query);
    case NodeKind::kOperatorExpr:
      node(parser::as<parser::OperatorExpr>(n)->left);
      return node(parser::as<parser::OperatorExpr>(n)->right);
    case NodeKind::kBoolExpr:
      return all(parser::as<parser::BoolExpr>(n)->args);
    case NodeKind::kNullTest:
      return node(parser::as<parser::NullTest>(n)->arg);
    case NodeKind::kBooleanTest:
      return node(parser::as<parser::BooleanTest>(n)->arg);
    case NodeKind::kTypeCast:
      return node(parser::as<parser::TypeCast>(n)->arg);
    case NodeKind::kCollateExpr:
      return node(parser::as<parser::CollateExpr>(n)->arg);
    case NodeKind::kIndirectionExpr:
      return node(parser::as<parser::IndirectionExpr>(n)->arg);
    case NodeKind::kFuncCall: {
      const auto& f = *parser::as<parser::FuncCall>(n);
      all(f.args);
      node(f.filter);
      for (const parser::SortBy* sort : f.order_by) node(sort->expression);
      if (f.over != nullptr) {
        all(f.over->partition_by);
        for (const parser::SortBy* sort : f.over->order_by) node(sort->expression);
      }
      return;
    }
    case NodeKind::kCaseExpr: {
      const auto& c = *parser::as<parser::CaseExpr>(n);
      node(c.arg);
      for (const parser::CaseWhen* w : c.whens) {
        node(w->condition);
        node(w->result);
      }
      return node(c.otherwise);
    }
    case NodeKind::kCoalesceExpr:
      return all(parser::as<parser::CoalesceExpr>(n)->args);
    case NodeKind::kMinMaxExpr:
      return all(parser::as<parser::MinMaxExpr>(n)->args);
    case NodeKind::kRowExpr:
      return all(parser::as<parser::RowExpr>(n)->args);
    case NodeKind::kArrayExpr:
      return all(parser::as<parser::ArrayExpr>(n)->elements);
    case NodeKind::kListNode:
      return all(parser::as<parser::ListNode>(n)->items);
    case NodeKind::kGroupingSet:
      return all(parser::as<parser::GroupingSet>(n)->content);
    case NodeKind::kSortBy:
      return node(parser::as<parser::SortBy>(n)->expression);
    case NodeKind::kConstExpr:
    case NodeKind::kColumnRef:
    case NodeKind::kSqlValueFunction:
    case NodeKind::kGroupingFunc:
      return;
    default:
      throw_not_supported("a view over a query of this form");
  }
}

}  // namespace

std::string with_qualified_tables(CommandContext& context, const parser::SelectStmt& query,
                                  std::string_view text) {
  TableNames names;
  names.query(&query);
  if (names.risky_star) throw_not_supported("* in a view over more than one table");
  auto begin = static_cast<int32_t>(text.data() - context.sql.data());
  std::sort(names.tables.begin(), names.tables.end(),
            [](const parser::RangeVar* a, const parser::RangeVar* b) { return a->location < b->location; });
  std::string out;
  size_t at = 0;
  for (const parser::RangeVar* table : names.tables) {
    if (!table->schema.empty() || names.cte_names.contains(table->name)) continue;
    RelationPtr relation = find_relation(context, *table, txn::LockMode::kNone);
    auto place = static_cast<size_t>(table->location - begin);
    // ONLY (t): the name follows the word.
    if (!table->inherit) throw_not_supported("ONLY in a view");
    out += text.substr(at, place - at);
    out += parser::quote_identifier(relation->schema_name) + ".";
    at = place;
  }
  out += text.substr(at);
  return out;
}

}  // namespace varve::commands
