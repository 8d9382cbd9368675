// The parts of full-text search that SQL does not reach alone: damaged bytes, and the parser over anything.
#include <gtest/gtest.h>
#include <random>

#include "common/sql_error.h"
#include "textsearch/lexeme_vector.h"
#include "textsearch/search_match.h"
#include "textsearch/search_query.h"
#include "textsearch/token_parser.h"

namespace varve::functions {
namespace {

std::string text_of(const Query& q) {
  std::string out;
  append_query_text(out, q);
  return out;
}

TEST(TokenParser, TakesAddressesAndCompoundsApart) {
  std::vector<std::string> found;
  for (const Token& t : parse_tokens("foo-bar http://a.com/x?y=1 me@b.org 1.5 <b>"))
    if (t.type != TokenType::kBlank)
      found.push_back(std::string(token_types()[static_cast<size_t>(t.type) - 1].alias) + " " +
                      std::string(t.text));
  std::vector<std::string> expected{"asciihword foo-bar",  "hword_asciipart foo",
                                    "hword_asciipart bar", "protocol http://",
                                    "url a.com/x?y=1",     "host a.com",
                                    "url_path /x?y=1",     "email me@b.org",
                                    "float 1.5",           "tag <b>"};
  EXPECT_EQ(found, expected);
}

TEST(TokenParser, EndsOverAnyText) {
  std::mt19937 random(1);
  constexpr std::string_view kLetters = "ab1.-_@/:<>&;#xX'\"~+eE? \\=!\xC3\xA4";
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (size_t n = random() % 40; n > 0; --n) {
      size_t at = random() % kLetters.size();
      if ((kLetters[at] & 0x80) != 0)
        text += "\xC3\xA4";
      else
        text += kLetters[at];
    }
    const char* at = text.data();
    for (const Token& t : parse_tokens(text)) {
      ASSERT_GE(t.text.data(), text.data());
      ASSERT_LE(t.text.data() + t.text.size(), text.data() + text.size());
      ASSERT_FALSE(t.text.empty());
      at = std::max(at, t.text.data() + t.text.size());
    }
    EXPECT_EQ(at, text.data() + text.size()) << text;
  }
}

TEST(SearchQuery, TextAndBinaryFormsRoundTrip) {
  for (std::string_view text :
       {"'a' & 'b' | !'c'", "'a' <-> ( 'b' <2> 'c' )", "'x':*AB", "!( 'a' | 'b' )", "'it''s'"}) {
    Query q = parse_query(text);
    EXPECT_EQ(text_of(q), text);
    std::string value, wire;
    append_query(value, q);
    EXPECT_EQ(text_of(read_query(value)), text);
    send_query(wire, q);
    EXPECT_EQ(text_of(receive_query(wire)), text);
    for (size_t n = 0; n < wire.size(); ++n) EXPECT_THROW(receive_query(wire.substr(0, n)), SqlError);
  }
}

TEST(LexemeVector, DamagedWireFormIsRefused) {
  std::string value, wire;
  parse_lexemes(value, "a:1A,3 bc d:5");
  send_lexemes(wire, value);
  std::string again;
  receive_lexemes(again, wire);
  EXPECT_EQ(again, value);
  for (size_t n = 0; n < wire.size(); ++n) {
    std::string out;
    EXPECT_THROW(receive_lexemes(out, wire.substr(0, n)), SqlError);
  }
}

TEST(SearchMatch, PhrasesCountPositions) {
  std::string value;
  parse_lexemes(value, "fat:1 cat:3 rat:4B");
  LexemeVector v = read_lexemes(value);
  EXPECT_TRUE(matches(v, parse_query("fat <2> cat <-> rat")));
  EXPECT_FALSE(matches(v, parse_query("fat <-> cat")));
  EXPECT_TRUE(matches(v, parse_query("cat <-> rat:B & !dog")));
  EXPECT_FALSE(matches(v, nullptr));
}

}  // namespace
}  // namespace varve::functions
