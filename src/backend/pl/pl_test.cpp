#include <gtest/gtest.h>

#include "conditions.h"
#include "function.h"
#include "parser/scan.h"

namespace varve::pl {
namespace {

TEST(Conditions, NamesAndCodes) {
  EXPECT_EQ(states_of_condition("unique_violation"), std::vector<SqlState>{SqlState("23505")});
  EXPECT_EQ(states_of_condition("division_by_zero"), std::vector<SqlState>{SqlState("22012")});
  EXPECT_TRUE(states_of_condition("no_such_condition").empty());
  SqlState state;
  EXPECT_TRUE(parse_sqlstate("P0001", &state));
  EXPECT_EQ(state.text(), "P0001");
  EXPECT_FALSE(parse_sqlstate("p0001", &state));
  EXPECT_FALSE(parse_sqlstate("1234", &state));
}

TEST(Conditions, AClassStandsForItsCodes) {
  EXPECT_TRUE(matches_condition(SqlState("22012"), SqlState("22000")));
  EXPECT_TRUE(matches_condition(SqlState("22012"), SqlState("22012")));
  EXPECT_FALSE(matches_condition(SqlState("22012"), SqlState("22003")));
  EXPECT_FALSE(matches_condition(SqlState("23505"), SqlState("22000")));
}

TEST(Names, InnerBlocksHideOuterOnesAndLabelsFindThem) {
  Name f{nullptr, Name::Kind::kLabel, "f", 0, false};
  Name x1{&f, Name::Kind::kVariable, "x", 1, false};
  Name inner{&x1, Name::Kind::kLabel, "b", 0, false};
  Name x2{&inner, Name::Kind::kVariable, "x", 2, false};
  std::string_view plain[] = {"x"}, outer[] = {"f", "x"}, labelled[] = {"b", "x"}, field[] = {"x", "y"},
                   none[] = {"z"};
  EXPECT_EQ(lookup(&x2, plain).name, &x2);
  EXPECT_EQ(lookup(&x2, outer).name, &x1);
  EXPECT_EQ(lookup(&x2, outer).used, 2u);
  EXPECT_EQ(lookup(&x2, labelled).name, &x2);
  EXPECT_EQ(lookup(&x2, field).used, 1u);
  EXPECT_EQ(lookup(&x2, none).name, nullptr);
  EXPECT_EQ(lookup(&inner, plain, true).name, nullptr);
  EXPECT_EQ(lookup(&x1, plain, true).name, &x1);
}

TEST(Storage, KeepsLongStringsAndSurvivesItself) {
  Storage storage;
  types::Value slot = types::Value::null_of(types::PhysicalType::kString);
  std::string text = "a string that is longer than twelve bytes";
  storage.store(slot, types::Value::of_string(std::string_view(text)));
  text.assign(text.size(), '?');
  EXPECT_EQ(slot.view(), "a string that is longer than twelve bytes");
  types::Value self = slot;
  storage.store(slot, self);
  EXPECT_EQ(slot.view(), "a string that is longer than twelve bytes");
  // The tail of its own bytes.
  types::Value tail = types::Value::of_string(slot.view().substr(2));
  storage.store(slot, tail);
  EXPECT_EQ(slot.view(), "string that is longer than twelve bytes");
  storage.store(slot, types::Value::of_string(std::string_view("short")));
  EXPECT_EQ(slot.view(), "short");
}

TEST(Shapes, EqualOnesAreOne) {
  Function f;
  const Shape* a = f.intern({{"x"}, {Oid{23}}, {-1}});
  const Shape* b = f.intern({{"x"}, {Oid{23}}, {-1}});
  const Shape* c = f.intern({{"x"}, {Oid{25}}, {-1}});
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
  EXPECT_EQ(c->find("x"), 0);
  EXPECT_EQ(c->find("y"), -1);
}

TEST(Scan, TokensOfALanguageAroundSql) {
  Arena arena;
  parser::ScanError error;
  std::vector<parser::ScanToken> t =
      parser::scan("FOR i IN 1..n LOOP x := \"Q\" != 'a''b' <<l>> $2; END", arena, &error);
  std::vector<std::string> texts;
  for (const parser::ScanToken& token : t) texts.emplace_back(token.text);
  std::vector<std::string> expected = {"for", "i",   "in", "1", "..", "n",  "loop", "x",   ":=", "Q",
                                       "<>",  "a'b", "<<", "l", ">>", "$2", ";",    "end", ""};
  ASSERT_EQ(texts.size(), expected.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    if (t[i].kind != parser::ScanKind::kInteger && t[i].kind != parser::ScanKind::kParam) {
      EXPECT_EQ(texts[i], expected[i]);
    }
  }
  EXPECT_EQ(t[9].kind, parser::ScanKind::kQuotedWord);
  EXPECT_EQ(t[3].integer, 1);
  EXPECT_EQ(t[15].integer, 2);
  EXPECT_EQ(t.back().kind, parser::ScanKind::kEnd);
}

TEST(Scan, AnErrorEndsTheText) {
  Arena arena;
  parser::ScanError error;
  std::vector<parser::ScanToken> t = parser::scan("BEGIN 'never closed", arena, &error);
  EXPECT_EQ(t.back().kind, parser::ScanKind::kError);
  EXPECT_EQ(error.message, "unterminated quoted string");
  EXPECT_EQ(error.location, 6);
}

}  // namespace
}  // namespace varve::pl
