// Compares the parser with libpg_query, which is PostgreSQL 15's own grammar: both must agree on whether a
// text is accepted, and on the message and the position of the error. See testdata/README.md for the corpus.
#ifdef VARVE_HAVE_PG_QUERY

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <pg_query.h>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "common/sql_error.h"
#include "lexer.h"
#include "memory/arena.h"
#include "parser/parser.h"

namespace varve::parser {
namespace {

struct Verdict {
  bool accepted = true;
  int position = 0;
  std::string message;

  // 15.1's grammar, which the library holds, had a check that later releases took back.
  bool is_outdated() const { return message == "multiple limit options not allowed"; }
  bool agrees(const Verdict& other) const {
    if (other.is_outdated()) return true;
    return accepted == other.accepted && position == other.position && message == other.message;
  }
};

Verdict ask_oracle(const std::string& sql) {
  Verdict verdict;
  PgQuerySplitResult result = pg_query_split_with_parser(sql.c_str());
  if (result.error != nullptr) verdict = {false, result.error->cursorpos, result.error->message};
  pg_query_free_split_result(result);
  // Two messages on publications lost these words after 15.1.
  for (std::string_view stale : {"invalid table name at or near", "invalid schema name at or near"}) {
    if (verdict.message == stale)
      verdict.message.resize(stale.size() - std::string_view(" at or near").size());
  }
  return verdict;
}

Verdict ask_varve(const std::string& sql) {
  Arena arena;
  try {
    parse(sql, arena);
    return {};
  } catch (const SqlError& e) {
    return {false, e.fields().position, e.fields().message};
  }
}

// Every alternative of every {a|b|c} in the line once, the other groups at their first alternative.
std::vector<std::string> expand(const std::string& line) {
  struct Group {
    size_t begin, end;
    std::vector<std::string> choices;
  };
  std::vector<Group> groups;
  for (size_t at = line.find('{'); at != std::string::npos; at = line.find('{', at)) {
    size_t close = line.find('}', at);
    if (close == std::string::npos) break;
    Group group{at, close + 1, {}};
    std::string body = line.substr(at + 1, close - at - 1);
    for (size_t bar; (bar = body.find('|')) != std::string::npos; body.erase(0, bar + 1)) {
      group.choices.push_back(body.substr(0, bar));
    }
    group.choices.push_back(body);
    groups.push_back(group);
    at = close;
  }
  auto build = [&](size_t varied, size_t choice) {
    std::string out;
    size_t at = 0;
    for (size_t g = 0; g < groups.size(); ++g) {
      out += line.substr(at, groups[g].begin - at);
      out += groups[g].choices[g == varied ? choice : 0];
      at = groups[g].end;
    }
    return out + line.substr(at);
  };
  std::vector<std::string> result{build(groups.size(), 0)};
  for (size_t g = 0; g < groups.size(); ++g) {
    for (size_t c = 1; c < groups[g].choices.size(); ++c) result.push_back(build(g, c));
  }
  return result;
}

std::vector<std::string> load_corpus() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(VARVE_PARSER_TESTDATA)) {
    if (entry.path().extension() == ".sql") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> corpus;
  for (const auto& file : files) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      if (line.empty() || line.starts_with("--#")) continue;
      for (std::string& statement : expand(line)) corpus.push_back(std::move(statement));
    }
  }
  return corpus;
}

// libpg_query takes parameters in places where PostgreSQL does not; those texts say nothing.
bool oracle_is_lenient(const std::string& sql) { return sql.find('$') != std::string::npos; }

class Disagreements {
 public:
  void check(const std::string& sql) {
    Verdict ours = ask_varve(sql), theirs = ask_oracle(sql);
    ++checked_;
    if (ours.agrees(theirs)) return;
    if (++count_ > kShown) return;
    ADD_FAILURE() << "SQL:        " << sql << "\n  Varve:      "
                  << (ours.accepted ? "accepted" : ours.message + " @" + std::to_string(ours.position))
                  << "\n  PostgreSQL: "
                  << (theirs.accepted ? "accepted" : theirs.message + " @" + std::to_string(theirs.position));
  }
  ~Disagreements() {
    if (count_ > 0) ADD_FAILURE() << count_ << " disagreements in " << checked_ << " texts";
  }

 private:
  static constexpr int kShown = 40;
  int count_ = 0, checked_ = 0;
};

std::vector<std::string> tokens_of(const std::string& sql) {
  Arena arena;
  Lexer lexer(sql, arena);
  std::vector<std::string> out;
  for (const Token& token : lexer.run()) {
    if (token.end > token.location) out.push_back(sql.substr(token.location, token.end - token.location));
  }
  return out;
}

std::string join(const std::vector<std::string>& tokens) {
  std::string out;
  for (const std::string& token : tokens) out += (out.empty() ? "" : " ") + token;
  return out;
}

size_t scaled(size_t standard) {
  const char* factor = std::getenv("VARVE_ORACLE_SCALE");
  return factor == nullptr ? standard : standard * std::strtoul(factor, nullptr, 10);
}

TEST(Oracle, CorpusIsLargeEnough) { EXPECT_GE(load_corpus().size(), 1500u); }

TEST(Oracle, CorpusAgrees) {
  Disagreements result;
  for (const std::string& sql : load_corpus()) {
    if (!oracle_is_lenient(sql)) result.check(sql);
  }
}

TEST(Oracle, MutantsAgree) {
  std::vector<std::string> corpus = load_corpus();
  std::vector<std::string> words;
  for (const std::string& sql : corpus) {
    for (std::string& token : tokens_of(sql)) words.push_back(std::move(token));
  }
  std::mt19937 random(20240521);
  auto pick = [&](size_t n) { return static_cast<size_t>(random()) % n; };
  Disagreements result;
  for (size_t i = 0; i < scaled(20000); ++i) {
    std::vector<std::string> tokens = tokens_of(corpus[pick(corpus.size())]);
    for (size_t edits = 1 + pick(2); edits > 0 && !tokens.empty(); --edits) {
      size_t at = pick(tokens.size());
      switch (pick(4)) {
        case 0:
          tokens.erase(tokens.begin() + static_cast<long>(at));
          break;
        case 1:
          std::swap(tokens[at], tokens[pick(tokens.size())]);
          break;
        case 2:
          tokens.insert(tokens.begin() + static_cast<long>(at), tokens[at]);
          break;
        default:
          tokens.insert(tokens.begin() + static_cast<long>(at), words[pick(words.size())]);
          break;
      }
    }
    std::string sql = join(tokens);
    if (!oracle_is_lenient(sql)) result.check(sql);
  }
}

// Any prefix of a statement, followed by any token: is this token refused here, or the next one?
TEST(Oracle, EveryTokenAfterPrefixes) {
  std::vector<std::string> corpus = load_corpus();
  std::vector<std::string> probes = {"x", "1",  "1.5", "'s'", "b'1'", "x'1'", "(",  ")",  "[",    "]", ",",
                                     ";", ".",  ":",   "+",   "-",    "*",    "/",  "%",  "^",    "<", ">",
                                     "=", "<=", "<>",  "||",  "::",   "..",   ":=", "=>", "\"q\""};
  for (const KeywordInfo& keyword : keywords()) probes.emplace_back(keyword.word);
  std::mt19937 random(7);
  Disagreements result;
  for (size_t i = 0; i < scaled(60); ++i) {
    std::vector<std::string> tokens = tokens_of(corpus[static_cast<size_t>(random()) % corpus.size()]);
    if (tokens.empty()) continue;
    tokens.resize(static_cast<size_t>(random()) % tokens.size());
    std::string prefix = join(tokens);
    if (oracle_is_lenient(prefix)) continue;
    for (const std::string& probe : probes) result.check(prefix + " " + probe);
  }
}

}  // namespace
}  // namespace varve::parser

#endif  // VARVE_HAVE_PG_QUERY
