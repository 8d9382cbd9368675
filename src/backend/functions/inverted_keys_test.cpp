// Keys of values and conditions of queries; and that no row that an operator accepts is missed.
#include "functions/inverted_keys.h"

#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <random>

#include "functions/array.h"
#include "functions/type_oids.h"
#include "json/json_text.h"
#include "json/jsonb.h"
#include "json/jsonpath.h"
#include "json/jsonpath_exec.h"
#include "textsearch/lexeme_vector.h"
#include "textsearch/search_match.h"
#include "textsearch/search_query.h"
#include "types/format_settings.h"

namespace varve::functions {
namespace {

using types::Value;
using C = InvertedClass;
using Op = InvertedOp;

std::string jsonb(std::string_view text) {
  std::string bytes;
  append_json_as_jsonb(bytes, text);
  return bytes;
}
void element(std::string& out, Oid, const Value& v) { out += std::to_string(v.int32); }

std::vector<std::string> keys_of(C kind, const std::string& bytes) {
  std::vector<std::string> keys;
  inverted_keys(kind, Value::of_string(bytes), element, &keys);
  return keys;
}
KeyQuery query_of(C kind, Op op, const std::string& bytes) {
  return inverted_query(kind, op, Value::of_string(bytes), element);
}
std::string json_query(Op op, std::string_view text) {
  return to_text(query_of(C::kJsonb, op, op == Op::kContains ? jsonb(text) : std::string(text)));
}
std::string array(std::vector<Value> values) {
  std::string out;
  append_array_bytes(out, type_oid::kInt4, values);
  return out;
}
Value null_int() { return Value::null_of(types::PhysicalType::kInt32); }

bool holds(const KeyQuery& q, const std::vector<std::string>& keys) {
  auto has = [&](const KeyQuery& part) { return holds(part, keys); };
  switch (q.kind) {
    case KeyQuery::Kind::kNone:
      return false;
    case KeyQuery::Kind::kAll:
      return true;
    case KeyQuery::Kind::kKey:
      return std::binary_search(keys.begin(), keys.end(), q.key);
    case KeyQuery::Kind::kPrefix:
      return std::any_of(keys.begin(), keys.end(),
                         [&](const std::string& k) { return k.starts_with(q.key); });
    case KeyQuery::Kind::kAnd:
      return std::all_of(q.parts.begin(), q.parts.end(), has);
    case KeyQuery::Kind::kOr:
      return std::any_of(q.parts.begin(), q.parts.end(), has);
  }
  return false;
}

TEST(InvertedKeysTest, JsonbKeysAndScalars) {
  using Keys = std::vector<std::string>;
  EXPECT_EQ(keys_of(C::kJsonb, jsonb(R"({"a": "x", "b": ["y", true, null, "y"], "c": {}})")),
            (Keys{"0", "b1", "ka", "kb", "kc", "ky", "sx"}));
  EXPECT_EQ(keys_of(C::kJsonb, jsonb("{}")), Keys{});
  EXPECT_EQ(keys_of(C::kJsonb, jsonb("\"x\"")), Keys{"kx"});
  EXPECT_EQ(keys_of(C::kJsonb, jsonb("[1.50]")), keys_of(C::kJsonb, jsonb("[[1.5]]")));
  EXPECT_NE(keys_of(C::kJsonb, jsonb("[1]")), keys_of(C::kJsonb, jsonb("[2]")));
  // A long text is a hash, of a key and of a string another one.
  const std::string text(500, 'l');
  auto keys = keys_of(C::kJsonb, jsonb("{\"" + text + "\": \"" + text + "\"}"));
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].size(), 10U);
  EXPECT_EQ(keys[0].substr(0, 2), "hk");
  EXPECT_EQ(keys[1].substr(0, 2), "hs");
}

TEST(InvertedKeysTest, JsonbPathsAreHashedWithWhatLeadsThere) {
  auto keys = [](std::string_view text) { return keys_of(C::kJsonbPath, jsonb(text)); };
  EXPECT_EQ(keys(R"({"a": {"b": 1}, "c": {}})").size(), 1U);
  EXPECT_EQ(keys(R"({"a": {"b": 1}})"), keys(R"({"a": [{"b": 1.0}]})"));
  EXPECT_NE(keys(R"({"a": {"b": 1}})"), keys(R"({"b": {"a": 1}})"));
  EXPECT_NE(keys(R"({"a": {"b": 1}})"), keys(R"({"ab": 1})"));
  EXPECT_NE(keys(R"({"a": 1})"), keys(R"({"a": "1"})"));
}

TEST(InvertedKeysTest, ContainmentAndExistenceAskForAllTheirKeys) {
  EXPECT_EQ(json_query(Op::kContains, R"({"a": "x", "b": ["y"]})"), "(ka & kb & ky & sx)");
  EXPECT_EQ(json_query(Op::kContains, "{}"), "all");
  EXPECT_EQ(json_query(Op::kExists, "a"), "ka");
  std::string names;
  std::vector<Value> list{Value::of_string("b"), Value::null_of(types::PhysicalType::kString),
                          Value::of_string("a"), Value::of_string("b")};
  append_array_bytes(names, type_oid::kText, list);
  EXPECT_EQ(to_text(query_of(C::kJsonb, Op::kExistsAny, names)), "(ka | kb)");
  EXPECT_EQ(to_text(query_of(C::kJsonb, Op::kExistsAll, names)), "(ka & kb)");
  std::string nobody;
  append_array_bytes(nobody, type_oid::kText, {});
  EXPECT_EQ(to_text(query_of(C::kJsonb, Op::kExistsAny, nobody)), "none");
  EXPECT_EQ(to_text(query_of(C::kJsonb, Op::kExistsAll, nobody)), "all");
  EXPECT_EQ(to_text(inverted_query(C::kJsonb, Op::kContains, Value::null_of(types::PhysicalType::kString),
                                   element)),
            "none");
}

TEST(InvertedKeysTest, PathsAskForWhatMustBeThere) {
  EXPECT_EQ(json_query(Op::kPathExists, "$.a.b"), "(ka & kb)");
  EXPECT_EQ(json_query(Op::kPathExists, "$"), "all");
  EXPECT_EQ(json_query(Op::kPathExists, "$.a ? (@.b == \"x\")"), "(ka & kb & (kx | sx))");
  EXPECT_EQ(json_query(Op::kPathExists, "$.a == 1"), "all");  // false is something, too
  EXPECT_EQ(json_query(Op::kPathMatch, "$.a == true && $.b > 1"), "(ka & b1 & kb)");
  EXPECT_EQ(json_query(Op::kPathMatch, "$.a == null || exists($.b)"), "((ka & 0) | kb)");
  EXPECT_EQ(json_query(Op::kPathMatch, "!($.a == 1)"), "all");
  EXPECT_EQ(json_query(Op::kPathMatch, "($.a == 1) is unknown"), "all");
  EXPECT_EQ(json_query(Op::kPathMatch, "$.a.size() == true"), "ka");
  EXPECT_EQ(json_query(Op::kPathMatch, "$.keyvalue().key == \"a\""), "all");
  EXPECT_EQ(json_query(Op::kPathMatch, "$.a ? (!(@ == 1)) == true"), "(ka & b1)");
  EXPECT_EQ(to_text(query_of(C::kJsonbPath, Op::kPathExists, "$.a.b")), "all");
  EXPECT_EQ(to_text(query_of(C::kJsonbPath, Op::kPathExists, "$.*.b ? (@ == 1)")), "all");
  EXPECT_EQ(query_of(C::kJsonbPath, Op::kPathMatch, "$.a[*].b == 1").key,
            keys_of(C::kJsonbPath, jsonb(R"({"a": {"b": 1}})"))[0]);
}

TEST(InvertedKeysTest, Arrays) {
  const std::string some = array({Value::of_int32(2), Value::of_int32(1), Value::of_int32(2)}),
                    none = array({}), with_null = array({Value::of_int32(1), null_int()});
  EXPECT_EQ(keys_of(C::kArray, some).size(), 2U);
  auto text = [](Op op, const std::string& bytes) { return to_text(query_of(C::kArray, op, bytes)); };
  EXPECT_EQ(text(Op::kContains, some), "(\\011 & \\012)");
  EXPECT_EQ(text(Op::kContains, none), "all");
  EXPECT_EQ(text(Op::kContains, with_null), "none");
  EXPECT_EQ(text(Op::kOverlaps, some), "(\\011 | \\012)");
  EXPECT_EQ(text(Op::kOverlaps, none), "none");
  EXPECT_EQ(text(Op::kOverlaps, with_null), "\\011");
  EXPECT_EQ(text(Op::kContainedBy, some), "(\\00 | \\011 | \\012)");
  EXPECT_EQ(text(Op::kContainedBy, none), "\\00");
  EXPECT_EQ(text(Op::kEqual, none), "\\00");
  EXPECT_EQ(text(Op::kEqual, with_null), "(\\011 & \\02)");
}

TEST(InvertedKeysTest, DocumentsOfWords) {
  auto query = [](std::string_view text) {
    std::string bytes;
    append_query(bytes, parse_query(text));
    return to_text(query_of(C::kTsvector, Op::kTextMatch, bytes));
  };
  EXPECT_EQ(query("a & (b | c:*)"), "(\\01a & (\\01b | \\01c*))");
  EXPECT_EQ(query("a <-> b:A"), "(\\01a & \\01b)");
  EXPECT_EQ(query("a & !b"), "\\01a");
  EXPECT_EQ(query("a | !b"), "all");
  EXPECT_EQ(query("a <-> !b"), "\\01a");
  EXPECT_EQ(query(""), "none");
}

TEST(InvertedKeysTest, Classes) {
  EXPECT_EQ(default_inverted_class(type_oid::kJsonb)->name, "jsonb_ops");
  EXPECT_EQ(default_inverted_class(type_oid::kTextArray)->name, "array_ops");
  EXPECT_EQ(default_inverted_class(type_oid::kText), nullptr);
  EXPECT_TRUE(accepts(*inverted_class("jsonb_path_ops"), type_oid::kJsonb));
  EXPECT_FALSE(accepts(*inverted_class("array_ops"), type_oid::kJsonb));
  EXPECT_EQ(inverted_operator(C::kJsonb, "@>", type_oid::kJsonb), Op::kContains);
  EXPECT_EQ(inverted_operator(C::kJsonb, "<@", type_oid::kJsonb), Op::kNone);
  EXPECT_EQ(inverted_operator(C::kJsonbPath, "?", type_oid::kText), Op::kNone);
  EXPECT_EQ(inverted_operator(C::kArray, "<@", type_oid::kTextArray), Op::kContainedBy);
  EXPECT_EQ(inverted_operator(C::kArray, "<", type_oid::kTextArray), Op::kNone);
}

// --- what an operator accepts, the condition on keys accepts

class RandomJson {
 public:
  explicit RandomJson(uint64_t seed) : random_(seed) {}
  std::string value(int depth = 0) {
    switch (random_() % (depth > 3 ? 5 : 8)) {
      case 0:
        return "null";
      case 1:
        return random_() % 2 == 0 ? "true" : "false";
      case 2:
        return random_() % 2 == 0 ? "1" : "1.0";
      case 3:
        return std::to_string(random_() % 3);
      case 4:
        return "\"" + name() + "\"";
      case 5:
      case 6: {
        std::string out;
        for (uint64_t n = random_() % 4; n > 0; --n)
          out += (out.empty() ? "" : ", ") + ("\"" + name() + "\": ") + value(depth + 1);
        return "{" + out + "}";
      }
      default: {
        std::string out;
        for (uint64_t n = random_() % 4; n > 0; --n) out += (out.empty() ? "" : ", ") + value(depth + 1);
        return "[" + out + "]";
      }
    }
  }
  std::string path() {
    std::string out = random_() % 4 == 0 ? "strict $" : "$";
    for (uint64_t n = random_() % 4; n > 0; --n) out += step();
    return out;
  }
  std::string predicate(int depth = 0, std::string_view root = "$") {
    auto accessor = [&] {
      std::string out(root);
      for (uint64_t n = random_() % 3; n > 0; --n) out += step();
      return out;
    };
    switch (random_() % (depth > 2 ? 5 : 9)) {
      case 0:
        return "(" + accessor() + " == " + literal() + ")";
      case 1:
        return "(" + literal() + " == " + accessor() + ")";
      case 2:
        return "(" + accessor() + " != " + literal() + ")";
      case 3:
        return "(" + accessor() + " >= " + literal() + ")";
      case 4:
        return "exists(" + accessor() + " ? " + "(@ == " + literal() + "))";
      case 5:
        return "(" + predicate(depth + 1, root) + " && " + predicate(depth + 1, root) + ")";
      case 6:
        return "(" + predicate(depth + 1, root) + " || " + predicate(depth + 1, root) + ")";
      case 7:
        return "(!" + predicate(depth + 1, root) + ")";
      default:
        return "((" + predicate(depth + 1, root) + ") is unknown)";
    }
  }
  uint64_t operator()() { return random_(); }

 private:
  std::string name() { return std::string(1, static_cast<char>('a' + random_() % 4)); }
  std::string literal() {
    constexpr const char* kLiterals[] = {"1", "1.0", "0", "true", "false", "null", "\"a\"", "\"b\""};
    return kLiterals[random_() % std::size(kLiterals)];
  }
  std::string step() {
    switch (random_() % 9) {
      case 0:
        return "[*]";
      case 1:
        return "[0]";
      case 2:
        return ".*";
      case 3:
        return ".**";
      case 4:
        return ".size()";
      case 5:
        return " ? (@." + name() + " == " + literal() + ")";
      default:
        return "." + name();
    }
  }
  std::mt19937_64 random_;
};

TEST(InvertedKeysTest, NoDocumentIsMissed) {
  RandomJson random(20);
  Arena memory;
  types::FormatSettings format;
  EvalContext context{&memory, &format, nullptr};
  int contained = 0, matched = 0, found = 0;
  for (int round = 0; round < 20000; ++round) {
    memory.reset();
    const std::string document = jsonb(random.value());
    std::vector<std::string> keys[] = {keys_of(C::kJsonb, document), keys_of(C::kJsonbPath, document)};
    auto expect_found = [&](Op op, const std::string& query, const std::string& shown,
                            bool everywhere = true) {
      for (C kind : {C::kJsonb, C::kJsonbPath}) {
        if (kind == C::kJsonbPath && !everywhere) continue;
        std::string text;
        append_jsonb_text(text, JsonbView(document));
        ASSERT_TRUE(holds(query_of(kind, op, query), keys[kind == C::kJsonbPath ? 1 : 0]))
            << text << " by " << shown << ": " << to_text(query_of(kind, op, query));
      }
    };
    const std::string part_text = random.value(1), part = jsonb(part_text);
    if (jsonb_contains(JsonbView(document), JsonbView(part))) {
      ++contained;
      expect_found(Op::kContains, part, part_text);
    }
    const std::string name(1, static_cast<char>('a' + random() % 4));
    if (jsonb_has_key(JsonbView(document), name)) expect_found(Op::kExists, name, name, false);
    JsonPath path;
    PathOptions options;
    options.silent = true;
    const std::string exists = random.path();
    path.parse(exists);
    if (json_path_finds(path, document, options, context) == PathResult::kFound) {
      ++found;
      expect_found(Op::kPathExists, exists, exists);
    }
    const std::string predicate = random.predicate();
    path.parse(predicate);
    std::vector<std::string_view> items;
    const bool ran = run_json_path(path, document, options, context, items) != PathResult::kError;
    if (ran && !items.empty() && JsonbView(items[0]).type() == JsonType::kTrue) {
      ++matched;
      expect_found(Op::kPathMatch, predicate, predicate);
    }
    if (HasFatalFailure()) return;
  }
  // It was worth it.
  EXPECT_GT(contained, 500);
  EXPECT_GT(found, 2000);
  EXPECT_GT(matched, 1000);
}

TEST(InvertedKeysTest, NoDocumentOfWordsIsMissed) {
  std::mt19937_64 random(4);
  auto word = [&] { return std::string(1 + random() % 2, static_cast<char>('a' + random() % 3)); };
  std::function<std::string(int)> query = [&](int depth) -> std::string {
    switch (random() % (depth > 3 ? 2 : 6)) {
      case 0:
      case 1:
        return word() + (random() % 4 == 0 ? ":*" : random() % 4 == 0 ? ":A" : "");
      case 2:
        return "(" + query(depth + 1) + " & " + query(depth + 1) + ")";
      case 3:
        return "(" + query(depth + 1) + " | " + query(depth + 1) + ")";
      case 4:
        return "(" + query(depth + 1) + " <-> " + query(depth + 1) + ")";
      default:
        return "!" + query(depth + 1);
    }
  };
  int matched = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string text, document, bytes;
    for (uint64_t n = random() % 5; n > 0; --n)
      text += word() + (random() % 3 == 0 ? ":1A " : random() % 2 == 0 ? ":2,3 " : " ");
    parse_lexemes(document, text);
    const std::string asked = query(0);
    const Query parsed = parse_query(asked);
    append_query(bytes, parsed);
    if (!matches(read_lexemes(document), parsed)) continue;
    ++matched;
    ASSERT_TRUE(holds(query_of(C::kTsvector, Op::kTextMatch, bytes), keys_of(C::kTsvector, document)))
        << text << " by " << asked;
  }
  EXPECT_GT(matched, 500);
}

}  // namespace
}  // namespace varve::functions
