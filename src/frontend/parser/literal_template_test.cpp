#include "parser/literal_template.h"

#include <gtest/gtest.h>
#include <random>
#include <string>

namespace varve::parser {
namespace {

struct Normalized {
  Arena arena;
  NormalizedStatement statement;
  explicit Normalized(std::string_view sql) : statement(normalize_literals(sql, arena)) {}
};

std::optional<LiteralTemplate> template_of(std::string_view sql) {
  Normalized normalized(sql);
  EXPECT_TRUE(normalized.statement.normalizable) << sql;
  return LiteralTemplate::of(sql, normalized.statement.literals);
}

// A match says what the lexer would have said.
void expect_same_as_lexer(std::string_view base, std::string_view sql, std::span<const Literal> literals) {
  Normalized of_base(base), of_sql(sql);
  ASSERT_TRUE(of_sql.statement.normalizable) << sql;
  ASSERT_EQ(of_sql.statement.text, of_base.statement.text) << sql;
  ASSERT_EQ(of_sql.statement.literals.size(), literals.size()) << sql;
  for (size_t i = 0; i < literals.size(); ++i) {
    const Literal& theirs = of_sql.statement.literals[i];
    EXPECT_EQ(literals[i].kind, theirs.kind) << sql;
    EXPECT_EQ(literals[i].location, theirs.location) << sql;
    EXPECT_EQ(literals[i].length, theirs.length) << sql;
    EXPECT_EQ(literals[i].text, theirs.text) << sql;
  }
}

bool matches(std::string_view base, std::string_view sql) {
  auto pattern = template_of(base);
  std::vector<Literal> literals;
  if (!pattern || !pattern->match(sql, literals)) return false;
  expect_same_as_lexer(base, sql, literals);
  return true;
}

TEST(LiteralTemplate, OtherConstantsOfTheSameKinds) {
  EXPECT_TRUE(matches("SELECT a FROM t WHERE k = 1", "SELECT a FROM t WHERE k = 2147483647"));
  EXPECT_TRUE(matches("SELECT a FROM t WHERE k = 1;", "SELECT a FROM t WHERE k = 007;"));
  EXPECT_TRUE(matches("UPDATE t SET a = a + -5, b = 'x' WHERE k=3000000000",
                      "UPDATE t SET a = a + -2147483648, b = 'don’t -- /*' WHERE k=999999999999999999"));
  EXPECT_TRUE(matches("INSERT INTO t VALUES (1, 'a', 1.5), (2, '', 0.25)",
                      "INSERT INTO t VALUES (7, 'b\\', 10.0), (8, 'c', 999999999999999999999.9)"));
  EXPECT_TRUE(matches("DELETE FROM t WHERE k IN (1,2)", "DELETE FROM t WHERE k IN (3,4)"));
}

TEST(LiteralTemplate, OthersAreLeftToTheLexer) {
  const char* base = "SELECT a FROM t WHERE k = 1 AND s = 'x' AND n = 1.5";
  for (const char* other : {"SELECT a FROM t WHERE k = 3000000000 AND s = 'x' AND n = 1.5",
                            "SELECT a FROM t WHERE k = -1 AND s = 'x' AND n = 1.5",
                            "SELECT a FROM t WHERE k = 1e2 AND s = 'x' AND n = 1.5",
                            "SELECT a FROM t WHERE k = 1 AND s = 'it''s' AND n = 1.5",
                            "SELECT a FROM t WHERE k = 1 AND s = e'x' AND n = 1.5",
                            "SELECT a FROM t WHERE k = 1 AND s = 'x' AND n = 1.5e3",
                            "SELECT a FROM t WHERE k = 1 AND s = 'x' AND n = 15",
                            "SELECT a FROM t WHERE k = 1 AND s = 'x' AND n = 1.5 -- more",
                            "SELECT a FROM t WHERE k = 1 AND s = 'x", "SELECT a FROM t WHERE k = ", ""}) {
    EXPECT_FALSE(matches(base, other)) << other;
  }
  EXPECT_FALSE(matches("SELECT a FROM t WHERE k = '1'", "SELECT a FROM t WHERE k = 'a'\n'b'"));
  EXPECT_FALSE(matches("SELECT a FROM t WHERE k = -2147483648", "SELECT a FROM t WHERE k = -2147483649"));
}

TEST(LiteralTemplate, OnlyConstantsThatAreSimpleToTell) {
  EXPECT_FALSE(template_of("SELECT a FROM t WHERE k = 1e2"));
  EXPECT_FALSE(template_of("SELECT a FROM t WHERE k = - 1"));
  EXPECT_FALSE(template_of("SELECT a FROM t WHERE k = e'x'"));
  EXPECT_FALSE(template_of("SELECT a FROM t WHERE k = $$x$$"));
  EXPECT_FALSE(template_of("SELECT a FROM t WHERE k = 'a'\n'b'"));
  EXPECT_FALSE(template_of("SELECT a FROM t WHERE k = 'it''s'"));
  EXPECT_FALSE(template_of("SELECT a FROM t WHERE k = 12345678901234567890"));
}

// Texts a few bytes away from a statement: whatever matches means what the lexer says.
TEST(LiteralTemplate, NeverMatchesWhatTheLexerReadsDifferently) {
  const std::string_view bases[] = {
      "SELECT a FROM t WHERE k = 12 AND s = 'xy' AND n > 1.5;",
      "INSERT INTO t VALUES (-1,'a',2.5),(22,'b',-3.5)",
      "UPDATE t SET a=a+12, b='x' WHERE k=-3 AND c IN ('a','b')",
      "DELETE FROM t WHERE k BETWEEN 1 AND 20 OR s LIKE '%x'",
  };
  constexpr std::string_view kBytes = "0123456789'''--..eEx$ \n\"/*\\(),;+\xC3\xA9";
  std::mt19937 random(7);
  auto pick = [&](size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random); };
  int matched = 0;
  for (std::string_view base : bases) {
    auto pattern = template_of(base);
    ASSERT_TRUE(pattern);
    for (int round = 0; round < 40'000; ++round) {
      std::string sql(base);
      for (size_t edits = 1 + pick(3); edits > 0; --edits) {
        size_t at = pick(sql.size());
        char byte = kBytes[pick(kBytes.size())];
        if (pick(3) == 0) {
          sql[at] = byte;
        } else if (pick(2) == 0) {
          sql.insert(at, 1, byte);
        } else {
          sql.erase(at, 1);
        }
      }
      std::vector<Literal> literals;
      if (!pattern->match(sql, literals)) continue;
      ++matched;
      expect_same_as_lexer(base, sql, literals);
    }
  }
  EXPECT_GT(matched, 1000);
}

}  // namespace
}  // namespace varve::parser
