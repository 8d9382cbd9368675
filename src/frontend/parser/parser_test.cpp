#include "parser/parser.h"

#include <gtest/gtest.h>
#include <string>

#include "common/sql_error.h"
#include "memory/arena.h"
#include "parser/ast.h"
#include "parser/normalize.h"

namespace varve::parser {
namespace {

struct Caught {
  std::string message, state;
  int position = 0;
};

Caught error_of(std::string_view sql) {
  Arena arena;
  try {
    parse(sql, arena);
  } catch (const SqlError& e) {
    return {e.fields().message, std::string(e.state().text()), e.fields().position};
  }
  return {"accepted", "", 0};
}

template <class T>
T* only(std::string_view sql, Arena& arena) {
  ParsedScript script = parse(sql, arena);
  EXPECT_EQ(script.statements.size(), 1u);
  return as<T>(script.statements[0].statement);
}

TEST(Parser, PlainSelect) {
  Arena arena;
  auto* select =
      only<SelectStmt>("SELECT a.b AS x, 1 FROM s.t AS a WHERE a.c = 'é' ORDER BY 1 DESC LIMIT 5", arena);
  ASSERT_EQ(select->targets.size(), 2u);
  EXPECT_EQ(select->targets[0]->name, "x");
  auto* column = as<ColumnRef>(select->targets[0]->value);
  ASSERT_EQ(column->names.size(), 2u);
  EXPECT_EQ(column->names[1], "b");
  EXPECT_EQ(column->location, 7);
  auto* table = as<RangeVar>(select->from[0]);
  EXPECT_EQ(table->schema, "s");
  EXPECT_EQ(table->name, "t");
  EXPECT_EQ(table->alias->name, "a");
  auto* equal = as<OperatorExpr>(select->where);
  EXPECT_EQ(equal->name[0], "=");
  EXPECT_EQ(as<ConstExpr>(equal->right)->text, "é");
  EXPECT_EQ(select->order_by[0]->direction, SortDirection::kDescending);
  EXPECT_EQ(as<ConstExpr>(select->limit_count)->integer, 5);
}

TEST(Parser, PrecedenceShapesTheTree) {
  Arena arena;
  auto* either = as<BoolExpr>(parse_expression("a OR b AND NOT c = d + e * -f OR g", arena));
  EXPECT_EQ(either->op, BoolOp::kOr);
  ASSERT_EQ(either->args.size(), 3u);
  auto* both = as<BoolExpr>(either->args[1]);
  EXPECT_EQ(both->op, BoolOp::kAnd);
  auto* equal = as<OperatorExpr>(as<BoolExpr>(both->args[1])->args[0]);
  auto* sum = as<OperatorExpr>(equal->right);
  EXPECT_EQ(sum->name[0], "+");
  auto* product = as<OperatorExpr>(sum->right);
  EXPECT_EQ(as<OperatorExpr>(product->right)->left, nullptr);
}

TEST(Parser, MinusFoldsIntoNumbers) {
  Arena arena;
  EXPECT_EQ(as<ConstExpr>(parse_expression("-1", arena))->integer, -1);
  EXPECT_EQ(as<ConstExpr>(parse_expression("- -1", arena))->integer, 1);
  EXPECT_EQ(as<ConstExpr>(parse_expression("-1.50", arena))->text, "-1.50");
  auto* big = as<ConstExpr>(parse_expression("-2147483648", arena));
  EXPECT_EQ(big->type, ConstKind::kFloat);
  EXPECT_EQ(big->text, "-2147483648");
}

TEST(Parser, SpecialSyntaxBecomesCalls) {
  Arena arena;
  auto* call = as<FuncCall>(parse_expression("position('b' in 'abc')", arena));
  EXPECT_EQ(call->names[0], "pg_catalog");
  EXPECT_EQ(call->names[1], "position");
  EXPECT_EQ(as<ConstExpr>(call->args[0])->text, "abc");
  call = as<FuncCall>(parse_expression("trim(leading 'x' from 'xay')", arena));
  EXPECT_EQ(call->names[1], "ltrim");
  call = as<FuncCall>(parse_expression("a AT TIME ZONE 'UTC'", arena));
  EXPECT_EQ(call->names[1], "timezone");
  EXPECT_TRUE(is<ColumnRef>(call->args[1]));
}

TEST(Parser, StringsAndNames) {
  Arena arena;
  auto text = [&](std::string_view sql) {
    return std::string(as<ConstExpr>(parse_expression(sql, arena))->text);
  };
  EXPECT_EQ(text("'it''s'"), "it's");
  EXPECT_EQ(text("'a'\n  -- comment\n 'b'"), "ab");
  EXPECT_EQ(text("E'\\t\\x41\\101\\u00e9'"), "\tAA\xC3\xA9");
  EXPECT_EQ(text("U&'d\\0061t\\+000061'"), "data");
  EXPECT_EQ(text("U&'d!0061t' UESCAPE '!'"), "dat");
  EXPECT_EQ(text("$x$a'$$b$x$"), "a'$$b");
  EXPECT_EQ(as<ColumnRef>(parse_expression("FooBar", arena))->names[0], "foobar");
  EXPECT_EQ(as<ColumnRef>(parse_expression("\"Foo\"\"Bar\"", arena))->names[0], "Foo\"Bar");
  // 62 letters and a two-byte one: the name is cut before the character that does not fit.
  std::string name(62, 'a');
  EXPECT_EQ(as<ColumnRef>(parse_expression(name + "é", arena))->names[0], name);
}

TEST(Parser, StatementPlaces) {
  Arena arena;
  std::string_view sql = "SELECT 1; ; SELECT 2 ;\nSELECT 3";
  ParsedScript script = parse(sql, arena);
  ASSERT_EQ(script.statements.size(), 3u);
  EXPECT_EQ(script.statements[0].text(sql), "SELECT 1");
  EXPECT_EQ(script.statements[1].text(sql), " SELECT 2 ");
  EXPECT_EQ(script.statements[2].text(sql), "\nSELECT 3");
  EXPECT_EQ(script.statements[2].length, 0);
  EXPECT_TRUE(parse(" -- nothing\n", arena).statements.empty());
}

TEST(Parser, ErrorsCountCharacters) {
  Caught e = error_of("SELECT 'éé' FROM FROM");
  EXPECT_EQ(e.message, "syntax error at or near \"FROM\"");
  EXPECT_EQ(e.state, "42601");
  EXPECT_EQ(e.position, 18);
  EXPECT_EQ(error_of("SELECT (1").message, "syntax error at end of input");
  EXPECT_EQ(error_of("SELECT 'abc").message, "unterminated quoted string at or near \"'abc\"");
  EXPECT_EQ(error_of("SELECT \"\"").message, "zero-length delimited identifier at or near \"\"\"\"");
  EXPECT_EQ(error_of("SELECT 12ab").message, "trailing junk after numeric literal at or near \"12a\"");
  // A lexical error behind a syntax error does not hide it.
  EXPECT_EQ(error_of("FOO 'abc").message, "syntax error at or near \"FOO\"");
}

TEST(Parser, DeepNestingIsRefusedNotFatal) {
  for (std::string_view open : {"(", "NOT (", "[", "CASE WHEN ", "f(", "ARRAY["}) {
    std::string sql = "SELECT ";
    for (int i = 0; i < 100000; ++i) sql += open;
    EXPECT_NE(error_of(sql).message, "accepted");
  }
  std::string parens = "SELECT " + std::string(100000, '(') + "1" + std::string(100000, ')');
  EXPECT_EQ(error_of(parens).state, "54001");
  EXPECT_EQ(error_of("SELECT " + std::string(100, '(') + "1" + std::string(100, ')')).message, "accepted");
  std::string sum = "SELECT 1";
  for (int i = 0; i < 100000; ++i) sum += " + 1";
  EXPECT_EQ(error_of(sum).message, "accepted");
}

TEST(Parser, TypeNames) {
  Arena arena;
  TypeName* type = parse_type_name("numeric(10,2)[3][]", arena);
  EXPECT_EQ(type->names[1], "numeric");
  ASSERT_EQ(type->typmods.size(), 2u);
  ASSERT_EQ(type->array_bounds.size(), 2u);
  EXPECT_EQ(type->array_bounds[0], 3);
  EXPECT_EQ(type->array_bounds[1], -1);
  EXPECT_TRUE(parse_type_name("t.c%TYPE", arena)->percent_type);
  EXPECT_EQ(parse_type_name("char", arena)->typmods.size(), 1u);
  EXPECT_EQ(parse_type_name("timestamp with time zone", arena)->names[1], "timestamptz");
}

TEST(Parser, QuoteIdentifier) {
  EXPECT_EQ(quote_identifier("foo_1"), "foo_1");
  EXPECT_EQ(quote_identifier("Foo"), "\"Foo\"");
  EXPECT_EQ(quote_identifier("select"), "\"select\"");
  EXPECT_EQ(quote_identifier("int"), "\"int\"");
  EXPECT_EQ(quote_identifier("abort"), "abort");
  EXPECT_EQ(quote_identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quote_identifier(""), "\"\"");
  EXPECT_EQ(quote_identifier("a$b"), "\"a$b\"");
}

TEST(Normalize, EqualButForConstants) {
  Arena arena;
  auto a = normalize_literals("select x from t where id = 42 and s = 'it''s'", arena);
  auto b = normalize_literals("SELECT  X FROM t /* c */ WHERE id=7 AND s = E'b';", arena);
  ASSERT_TRUE(a.normalizable);
  ASSERT_TRUE(b.normalizable);
  EXPECT_EQ(a.text, b.text);
  ASSERT_EQ(a.literals.size(), 2u);
  EXPECT_EQ(a.literals[0].text, "42");
  EXPECT_EQ(a.literals[1].text, "it's");
  EXPECT_EQ(a.literals[1].kind, LiteralKind::kString);
  EXPECT_NE(a.text, normalize_literals("select x from t where id = 1.5 and s = 'x'", arena).text);
  EXPECT_NE(a.text, normalize_literals("select \"X\" from t where id = 1 and s = 'x'", arena).text);
  EXPECT_TRUE(normalize_literals("insert into t values (1, 'a'), (2, 'b')", arena).normalizable);
}

TEST(Normalize, SignsBelongToNumbers) {
  Arena arena;
  auto negative = normalize_literals("update t set a = a + -5 where b = - 7", arena);
  ASSERT_TRUE(negative.normalizable);
  EXPECT_EQ(negative.text, normalize_literals("update t set a = a + 5 where b = 7", arena).text);
  ASSERT_EQ(negative.literals.size(), 2u);
  EXPECT_EQ(negative.literals[0].text, "-5");
  EXPECT_EQ(negative.literals[0].location, 21);
  EXPECT_EQ(negative.literals[0].length, 2);
  EXPECT_EQ(negative.literals[1].length, 3);
  // A difference is not a sign.
  auto difference = normalize_literals("select a -5, a - -5 from t", arena);
  EXPECT_EQ(difference.text, normalize_literals("select a - 6, a - 6 from t", arena).text);
  EXPECT_EQ(difference.literals[0].text, "5");
  EXPECT_EQ(difference.literals[1].text, "-5");
}

TEST(Normalize, TypesArePartOfTheText) {
  Arena arena;
  auto text = [&](std::string_view value) {
    return normalize_literals("select " + std::string(value), arena).text;
  };
  EXPECT_EQ(text("2147483647"), text("-2147483648"));
  EXPECT_NE(text("2147483648"), text("2147483647"));
  EXPECT_NE(text("9223372036854775808"), text("9223372036854775807"));
  EXPECT_EQ(text("1e3"), text("1.5"));
}

TEST(Normalize, PositionsAndCountsStay) {
  Arena arena;
  auto a = normalize_literals("select a from t where b = 5 order by 1 limit 5", arena);
  ASSERT_TRUE(a.normalizable);
  EXPECT_EQ(a.literals.size(), 1u);
  EXPECT_NE(a.text, normalize_literals("select a from t where b = 5 order by 2 limit 5", arena).text);
  EXPECT_NE(a.text, normalize_literals("select a from t where b = 5 order by 1 limit -5", arena).text);
}

TEST(Normalize, RefusesOddPlaces) {
  Arena arena;
  for (std::string_view sql :
       {"", ";", "create table t (a int)", "select 1; select 2", "select $1", "select current_timestamp(3)",
        "select -(1)", "select -2 ^ 2", "select -((1))", "select 1::int", "select a::numeric(10,2)",
        "select date '2020-01-01'", "select cast(a as varchar(3))", "select 'abc", "select 1 'x'",
        "with x as (select 1) select 2", "select numeric(3, 2) '1'", "select b'1'"}) {
    EXPECT_FALSE(normalize_literals(sql, arena).normalizable) << sql;
  }
}

}  // namespace
}  // namespace varve::parser
