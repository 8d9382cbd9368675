#include <gtest/gtest.h>
#include "parser/parser.h"
#include "parser/ast.h"
using namespace varve;
using namespace varve::parser;
TEST(Parser, Smoke) { Arena a; EXPECT_EQ(parse("select 1", a).statements.size(), 1u); }
