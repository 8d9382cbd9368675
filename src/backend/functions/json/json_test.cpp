// Damaged and random bytes: every reader of jsonb, JSON text and jsonpath answers or throws SqlError.
#include <gtest/gtest.h>
#include <random>

#include "common/sql_error.h"
#include "json_text.h"
#include "jsonpath.h"
#include "jsonpath_exec.h"
#include "types/format_settings.h"

namespace varve::functions {

namespace {

std::string jsonb_of(std::string_view text) {
  std::string bytes;
  append_json_as_jsonb(bytes, text);
  return bytes;
}
std::string text_of(std::string_view bytes) {
  std::string text;
  append_jsonb_text(text, JsonbView(bytes));
  return text;
}

template <class F>
bool survives(F&& f) {
  try {
    f();
    return true;
  } catch (const SqlError&) {
    return false;
  }
}

void read_all(std::string_view bytes, EvalContext& context) {
  survives([&] { text_of(bytes); });
  survives([&] { hash_jsonb(bytes); });
  survives([&] { compare_jsonb(bytes, jsonb_of(R"({"a": [1, "x"], "b": null})")); });
  std::string wanted = jsonb_of(R"({"a": [1]})");
  survives([&] { jsonb_contains(JsonbView(bytes), JsonbView(wanted)); });
  survives([&] { jsonb_has_key(JsonbView(bytes), "a"); });
  survives([&] {
    std::string out;
    append_jsonb_changed(out, JsonbView(bytes), {{"a", false}, {"0", false}}, jsonb_of("7"),
                         {.create_if_missing = true});
  });
  survives([&] {
    JsonPath path;
    path.parse("$.**.a[*] ? (@ > 0).keyvalue()");
    std::vector<std::string_view> found;
    run_json_path(path, bytes, {}, context, found);
  });
}

constexpr std::string_view kSamples[] = {
    R"({"a": [1, 2.50, "x", null, true], "b": {"c": {"d": []}}, "": -1e10})",
    R"([[[]], {}, "a long string that does not lie inline", 12345678901234567890.123456789])",
    R"("just text")",
};
constexpr std::string_view kPaths[] = {
    "$.a[*] ? (@.b == 1 && exists(@.c)).d.**{1 to last}",
    R"(strict $."x y"[1, 2 to last].datetime("HH24").type() like_regex "a.*" flag "i")",
    "-(1 + 2) * $x / 3.5e2 % $[last - 1].double()",
};

}  // namespace

TEST(Jsonb, RoundTrips) {
  for (std::string_view text : kSamples) {
    std::string bytes = jsonb_of(text), again = jsonb_of(text_of(bytes));
    EXPECT_EQ(bytes, again);
    EXPECT_EQ(compare_jsonb(bytes, again), 0);
  }
  EXPECT_EQ(text_of(jsonb_of(R"({"bb":1,"a":2,"a":1.50})")), R"({"a": 1.50, "bb": 1})");
  EXPECT_EQ(hash_jsonb(jsonb_of("[1.0, {\"a\": 2}]")), hash_jsonb(jsonb_of("[1, {\"a\": 2.00}]")));
}

TEST(Jsonb, DamagedBytesAreNeverReadOutsideTheValue) {
  std::mt19937 random(1);
  types::FormatSettings format;
  Arena arena;
  EvalContext context{&arena, &format, nullptr};
  for (std::string_view text : kSamples) {
    const std::string good = jsonb_of(text);
    for (int i = 0; i < 3000; ++i) {
      // A heap copy of its own size, so that the sanitizer sees one byte too many.
      std::vector<char> bytes(good.begin(), good.end());
      for (int k = 0; k < 1 + i % 4; ++k) bytes[random() % bytes.size()] = static_cast<char>(random());
      if (i % 3 == 0) bytes.resize(random() % (bytes.size() + 1));
      bytes.shrink_to_fit();
      read_all({bytes.data(), bytes.size()}, context);
      arena.reset();
    }
  }
}

TEST(JsonText, RandomTextIsReadOrRefused) {
  std::mt19937 random(2);
  constexpr std::string_view kAlphabet = "{}[]:,\"\\ue0123456789-+.truefalsn \n\t\x01\xC3\xA9";
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (uint32_t n = random() % 30; n > 0; --n) text += kAlphabet[random() % kAlphabet.size()];
    if (i % 2 == 0) {
      text = kSamples[random() % std::size(kSamples)];
      for (int k = 0; k < 3; ++k) text[random() % text.size()] = kAlphabet[random() % kAlphabet.size()];
    }
    bool plain = survives([&] { check_json(text); });
    bool binary = survives([&] { EXPECT_EQ(jsonb_of(text_of(jsonb_of(text))), jsonb_of(text)); });
    EXPECT_TRUE(plain || !binary) << text;
  }
}

TEST(JsonText, DeepNestingIsRefused) {
  std::string deep(100000, '[');
  EXPECT_FALSE(survives([&] { check_json(deep); }));
  EXPECT_FALSE(survives([&] { jsonb_of(std::string(5000, '[') + std::string(5000, ']')); }));
  EXPECT_TRUE(survives([&] { jsonb_of(std::string(1000, '[') + std::string(1000, ']')); }));
}

TEST(JsonPath, RandomTextIsReadOrRefused) {
  std::mt19937 random(3);
  constexpr std::string_view kAlphabet = "$@.*[](){}?!=<>&|+-/%,\"\\ux0123aelastdtime \n\xC3\xA9";
  for (int i = 0; i < 20000; ++i) {
    std::string text(kPaths[random() % std::size(kPaths)]);
    for (uint32_t k = random() % 4; k > 0; --k) {
      size_t at = random() % text.size();
      if (random() % 2 == 0)
        text[at] = kAlphabet[random() % kAlphabet.size()];
      else
        text.insert(at, 1, kAlphabet[random() % kAlphabet.size()]);
    }
    if (i % 4 == 0) {
      text.clear();
      for (uint32_t n = random() % 20; n > 0; --n) text += kAlphabet[random() % kAlphabet.size()];
    }
    survives([&] {
      JsonPath path;
      path.parse(text);
      std::string printed, again;
      path.append_text(printed);
      JsonPath second;
      second.parse(printed);
      second.append_text(again);
      EXPECT_EQ(printed, again) << text;
    });
  }
  EXPECT_FALSE(survives([&] {
    JsonPath path;
    path.parse(std::string(100000, '(') + "1");
  }));
}

}  // namespace varve::functions
