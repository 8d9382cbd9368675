// Functions and operators of tsquery, the match operators, ranks, headlines and the parser's and
// dictionaries' own functions.
#include <algorithm>
#include <fmt/format.h>

#include "functions/array.h"
#include "functions/type_oids.h"
#include "json/json_text.h"
#include "json/jsonb.h"
#include "kernel.h"
#include "textsearch/headline.h"
#include "textsearch/lexeme_vector.h"
#include "textsearch/search_match.h"
#include "textsearch/search_query.h"
#include "textsearch/text_session.h"
#include "value_rows.h"

namespace varve::functions {

namespace {

using Text = std::string_view;
namespace t = type_oid;

StringRef keep(const Query& q, Env& env) {
  append_query(env.buffer, q);
  return env.keep();
}

// --- text to queries: each word is read by the configuration and may become several lexemes
class LexemeReader : public QueryReader {
 public:
  LexemeReader(const TextConfig& config, QueryOp between) : config_(config), between_(between) {}
  Query value(Text word, uint8_t weights, bool prefix) override {
    std::vector<PlacedLexeme> lexemes;
    int position = 0;
    parse_text(config_, word, lexemes, &position);
    if (lexemes.empty()) return make_stop();
    Query all;
    int at = 0;
    for (size_t i = 0; i < lexemes.size();) {
      // Stop words in between keep their places until they are taken out together.
      if (at > 0) {
        while (at + 1 < lexemes[i].position) {
          all = make_query(between_, std::move(all), make_stop(), 1);
          ++at;
        }
      }
      at = lexemes[i].position;
      Query here;
      for (; i < lexemes.size() && lexemes[i].position == at; ++i) {
        Query one = make_word(lexemes[i].text, weights, prefix);
        here = here == nullptr ? std::move(one) : make_query(QueryOp::kAnd, std::move(here), std::move(one));
      }
      all = all == nullptr ? std::move(here) : make_query(between_, std::move(all), std::move(here), 1);
    }
    return all;
  }

 private:
  const TextConfig& config_;
  QueryOp between_;
};

void notice(std::string_view message, Env& env) {
  const Value text[] = {Value::of_string(message)};
  env.context.session->call("raise_notice", text, env.arena);
}

enum class Way { kOperators, kPlain, kPhrase, kWeb };
template <Way kWay>
StringRef text_to_query(const TextConfig& config, Text text, Env& env) {
  LexemeReader reader(config, kWay == Way::kPlain ? QueryOp::kAnd : QueryOp::kPhrase);
  Query q;
  if constexpr (kWay == Way::kOperators)
    q = reader.read(text);
  else if constexpr (kWay == Way::kWeb)
    q = reader.read_web(text);
  else
    q = reader.value(text, 0, false);
  bool empty = q == nullptr;
  q = clean_stop_words(std::move(q));
  if (empty)
    notice(fmt::format("text-search query doesn't contain lexemes: \"{}\"", text), env);
  else if (q == nullptr)
    notice("text-search query contains only stop words or doesn't contain lexemes, ignored", env);
  return keep(q, env);
}
template <Way kWay>
constexpr Kernel read_with_config() {
  return fn([](uint32_t config, Text s, Env& env) { return text_to_query<kWay>(config_of(config), s, env); });
}
template <Way kWay>
constexpr Kernel read_with_default() {
  return fn([](Text s, Env& env) { return text_to_query<kWay>(current_config(env), s, env); });
}

StringRef combine(QueryOp op, Text a, Text b, int distance, Env& env) {
  Query x = read_query(a), y = read_query(b);
  if (x == nullptr) return keep(y, env);
  if (y == nullptr) return keep(x, env);
  return keep(make_query(op, std::move(x), std::move(y), distance), env);
}
StringRef phrase(Text a, Text b, int32_t distance, Env& env) {
  if (distance < 0 || distance > kEndPosition) {
    throw SqlError(
        sqlstate::kInvalidParameterValue,
        fmt::format("distance in phrase operator must be an integer value between zero and {} inclusive",
                    kEndPosition));
  }
  return combine(QueryOp::kPhrase, a, b, distance, env);
}

bool has_words_of(Text container, Text contained) {
  std::vector<std::string> all = query_words(read_query(container)),
                           some = query_words(read_query(contained));
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

bool matches_text(const TextConfig& config, Text text, const Query& query) {
  std::vector<PlacedLexeme> words;
  int position = 0;
  parse_text(config, text, words, &position);
  LexemeVector v;
  for (const PlacedLexeme& w : words) v.lexemes.push_back({w.text, {make_place(w.position, 0)}});
  make_canonical(v);
  return matches(v, query);
}

// --- ranks
struct RankWeights {
  float w[4] = {0.1f, 0.2f, 0.4f, 1.0f};
};
RankWeights weights_of(Text array, Arena& arena) {
  ArrayView a(array);
  if (a.dimensions() != 1)
    throw SqlError(sqlstate::kArraySubscriptError, "array of weight must be one-dimensional");
  if (a.count() < 4) throw SqlError(sqlstate::kArraySubscriptError, "array of weight is too short");
  if (a.has_nulls()) throw SqlError(sqlstate::kNullValueNotAllowed, "array of weight must not contain nulls");
  RankWeights r;
  for (uint32_t i = 0; i < 4; ++i) {
    float given = a.at(i, arena).float32;
    if (given >= 0) r.w[i] = given;
    if (r.w[i] > 1.0) throw SqlError(sqlstate::kInvalidParameterValue, "weight out of range");
  }
  return r;
}
template <bool kCover>
float ranked(const RankWeights& w, Text vector, Text query, int32_t method) {
  LexemeVector v = read_lexemes(vector);
  Query q = read_query(query);
  return kCover ? rank_by_cover(w.w, v, q, method) : rank(w.w, v, q, method);
}
template <bool kCover, bool kWeights, bool kMethod>
constexpr Kernel rank_kernel() {
  if constexpr (kWeights && kMethod) {
    return fn([](Text w, Text v, Text q, int32_t method, Env& env) {
      return ranked<kCover>(weights_of(w, env.arena), v, q, method);
    });
  } else if constexpr (kWeights) {
    return fn(
        [](Text w, Text v, Text q, Env& env) { return ranked<kCover>(weights_of(w, env.arena), v, q, 0); });
  } else if constexpr (kMethod) {
    return fn([](Text v, Text q, int32_t method, Env&) { return ranked<kCover>({}, v, q, method); });
  } else {
    return fn([](Text v, Text q, Env&) { return ranked<kCover>({}, v, q, 0); });
  }
}

StringRef headline(const TextConfig& config, Text text, Text query, Text options, Env& env) {
  append_headline(env.buffer, config, text, read_query(query), parse_headline_options(options));
  return env.keep();
}

// Every string of a JSON value by its headline; keys stay.
struct JsonHeadline {
  const TextConfig& config;
  Query query;
  HeadlineOptions options;
  std::string out = {};

  void text(Text s) {
    std::string marked;
    append_headline(marked, config, s, query, options);
    append_json_string(out, marked);
  }
  uint32_t rewrite(const JsonTape& tape, uint32_t at) {
    const JsonNode& n = tape.node(at);
    std::string buffer;
    if (n.type == JsonType::kString) {
      text(tape.string(at, buffer));
      return n.next;
    }
    bool object = n.type == JsonType::kObject;
    if (!object && n.type != JsonType::kArray) {
      out += tape.raw(at);
      return n.next;
    }
    out += object ? '{' : '[';
    uint32_t child = at + 1;
    for (uint32_t i = 0; i < n.count; ++i) {
      if (i > 0) out += ',';
      if (object) {
        append_json_string(out, tape.string(child, buffer));
        out += ':';
        child = tape.node(child).next;
      }
      child = rewrite(tape, child);
    }
    out += object ? '}' : ']';
    return n.next;
  }
};
StringRef json_headline(const TextConfig& config, Text json, Text query, Text options, Env& env) {
  JsonTape tape;
  tape.parse(json, true);
  JsonHeadline headline{config, read_query(query), parse_headline_options(options)};
  headline.rewrite(tape, 0);
  return env.keep(headline.out);
}
StringRef jsonb_headline(const TextConfig& config, Text json, Text query, Text options, Env& env) {
  std::string text;
  append_jsonb_text(text, JsonbView(json));
  JsonTape tape;
  tape.parse(text, true);
  JsonHeadline headline{config, read_query(query), parse_headline_options(options)};
  headline.rewrite(tape, 0);
  append_json_as_jsonb(env.buffer, headline.out);
  return env.keep();
}
template <StringRef (*kMake)(const TextConfig&, Text, Text, Text, Env&)>
struct HeadlineKernels {
  static constexpr Kernel kPlain =
      fn([](Text s, Text q, Env& env) { return kMake(current_config(env), s, q, {}, env); });
  static constexpr Kernel kOptions =
      fn([](Text s, Text q, Text o, Env& env) { return kMake(current_config(env), s, q, o, env); });
  static constexpr Kernel kConfig =
      fn([](uint32_t c, Text s, Text q, Env& env) { return kMake(config_of(c), s, q, {}, env); });
  static constexpr Kernel kBoth =
      fn([](uint32_t c, Text s, Text q, Text o, Env& env) { return kMake(config_of(c), s, q, o, env); });
};
using TextHeadline = HeadlineKernels<headline>;
using JsonTextHeadline = HeadlineKernels<json_headline>;
using JsonbHeadline = HeadlineKernels<jsonb_headline>;

// --- the parser and the dictionaries
[[noreturn]] void no_parser(std::string name) {
  throw SqlError(sqlstate::kUndefinedObject, fmt::format("text search parser \"{}\" does not exist", name));
}
void check_parser(const Value& v) {
  if (v.type == types::PhysicalType::kString) {
    Text name = v.view();
    if (name != "default" && name != "pg_catalog.default") no_parser(std::string(name));
  } else if (v.oid() != 3722) {
    throw SqlError(sqlstate::kInternalError,
                   fmt::format("cache lookup failed for text search parser {}", v.oid()));
  }
}
constexpr Oid kTypeTypes[] = {t::kInt4, t::kText, t::kText};
constexpr Text kTypeNames[] = {"tokid", "alias", "description"};
void* open_types(EvalContext&, const CallSite&, std::span<const Value> args, Arena& memory) {
  RowBuilder rows(memory);
  if (args[0].null) return rows.finish();
  check_parser(args[0]);
  int32_t number = 0;
  for (const TokenTypeInfo& type : token_types()) rows.int4(++number).text(type.alias).text(type.description);
  return rows.finish();
}
constexpr TableFunctionImpl kTokenTypeRows{open_types, next_value_rows, kTypeTypes, kTypeNames};

constexpr Oid kTokenRowTypes[] = {t::kInt4, t::kText};
constexpr Text kTokenRowNames[] = {"tokid", "token"};
void* open_tokens(EvalContext&, const CallSite&, std::span<const Value> args, Arena& memory) {
  RowBuilder rows(memory);
  if (args[0].null || args[1].null) return rows.finish();
  check_parser(args[0]);
  for (const Token& token : parse_tokens(args[1].view()))
    rows.int4(static_cast<int32_t>(token.type)).text(token.text);
  return rows.finish();
}
constexpr TableFunctionImpl kTokenRows{open_tokens, next_value_rows, kTokenRowTypes, kTokenRowNames};

StringRef lexemes_of(uint32_t dictionary, Text word, Env& env) {
  const TextDictionary* d = find_text_dictionary(Oid{dictionary});
  if (d == nullptr) {
    throw SqlError(sqlstate::kInternalError,
                   fmt::format("cache lookup failed for text search dictionary {}", dictionary));
  }
  std::vector<Value> found;
  std::optional<std::string> lexeme = lexize(*d, word);
  if (lexeme) found.push_back(Value::of_string(*lexeme));
  return make_array(t::kText, found, env.arena);
}

// ts_debug(): each token, who reads it, and what comes of it.
constexpr Oid kDebugTypes[] = {t::kText, t::kText, t::kText, Oid{3770}, Oid{3769}, t::kTextArray};
constexpr Text kDebugNames[] = {"alias", "description", "token", "dictionaries", "dictionary", "lexemes"};
void* debug_rows(const TextConfig& config, Text text, Arena& memory) {
  RowBuilder rows(memory);
  for (const Token& token : parse_tokens(text)) {
    const TokenTypeInfo& type = token_types()[static_cast<size_t>(token.type) - 1];
    const TextDictionary* d = dictionary_for(config, token.type);
    rows.text(type.alias).text(type.description).text(token.text);
    std::vector<Value> readers, lexemes;
    if (d != nullptr) readers.push_back(Value::of_oid(d->oid.value()));
    rows.add(Value::of_string(make_array(Oid{3769}, readers, memory)));
    if (d == nullptr) {
      rows.null().null();
      continue;
    }
    std::optional<std::string> lexeme = lexize(*d, token.text);
    if (lexeme) lexemes.push_back(Value::of_string(*lexeme));
    rows.add(Value::of_oid(d->oid.value())).add(Value::of_string(make_array(t::kText, lexemes, memory)));
  }
  return rows.finish();
}
void* open_debug(EvalContext& context, const CallSite&, std::span<const Value> args, Arena& memory) {
  if (args[0].null || args.back().null) return RowBuilder(memory).finish();
  uint32_t config =
      args.size() > 1 ? args[0].oid() : context.session->call("get_current_ts_config", {}, memory).oid();
  return debug_rows(config_of(config), args.back().view(), memory);
}
constexpr TableFunctionImpl kDebugRows{open_debug, next_value_rows, kDebugTypes, kDebugNames};

template <int kOp>
constexpr Kernel compare_kernel() {
  return fn([](Text a, Text b, Env&) {
    int c = compare_queries(read_query(a), read_query(b));
    return kOp == 0   ? c == 0
           : kOp == 1 ? c != 0
           : kOp == 2 ? c < 0
           : kOp == 3 ? c <= 0
           : kOp == 4 ? c > 0
                      : c >= 0;
  });
}

const Binding kBindings[] = {
    {"to_tsquery(regconfig,text)", read_with_config<Way::kOperators>()},
    {"to_tsquery(text)", read_with_default<Way::kOperators>()},
    {"plainto_tsquery(regconfig,text)", read_with_config<Way::kPlain>()},
    {"plainto_tsquery(text)", read_with_default<Way::kPlain>()},
    {"phraseto_tsquery(regconfig,text)", read_with_config<Way::kPhrase>()},
    {"phraseto_tsquery(text)", read_with_default<Way::kPhrase>()},
    {"websearch_to_tsquery(regconfig,text)", read_with_config<Way::kWeb>()},
    {"websearch_to_tsquery(text)", read_with_default<Way::kWeb>()},
    {"tsquery_and(tsquery,tsquery)",
     fn([](Text a, Text b, Env& env) { return combine(QueryOp::kAnd, a, b, 0, env); })},
    {"tsquery_or(tsquery,tsquery)",
     fn([](Text a, Text b, Env& env) { return combine(QueryOp::kOr, a, b, 0, env); })},
    {"tsquery_not(tsquery)", fn([](Text a, Env& env) {
       Query q = read_query(a);
       return keep(q == nullptr ? nullptr : make_query(QueryOp::kNot, std::move(q), nullptr), env);
     })},
    {"tsquery_phrase(tsquery,tsquery)", fn([](Text a, Text b, Env& env) { return phrase(a, b, 1, env); })},
    {"tsquery_phrase(tsquery,tsquery,int4)",
     fn([](Text a, Text b, int32_t distance, Env& env) { return phrase(a, b, distance, env); })},
    {"tsq_mcontains(tsquery,tsquery)", fn([](Text a, Text b, Env&) { return has_words_of(a, b); })},
    {"tsq_mcontained(tsquery,tsquery)", fn([](Text a, Text b, Env&) { return has_words_of(b, a); })},
    {"numnode(tsquery)", fn([](Text a, Env&) { return static_cast<int32_t>(node_count(read_query(a))); })},
    {"querytree(tsquery)", fn([](Text a, Env& env) {
       Query q = read_query(a), rest = without_negations(q);
       if (q != nullptr && rest == nullptr) env.buffer = "T";
       append_query_text(env.buffer, rest);
       return env.keep();
     })},
    {"tsquery_eq(tsquery,tsquery)", compare_kernel<0>()},
    {"tsquery_ne(tsquery,tsquery)", compare_kernel<1>()},
    {"tsquery_lt(tsquery,tsquery)", compare_kernel<2>()},
    {"tsquery_le(tsquery,tsquery)", compare_kernel<3>()},
    {"tsquery_gt(tsquery,tsquery)", compare_kernel<4>()},
    {"tsquery_ge(tsquery,tsquery)", compare_kernel<5>()},
    {"tsquery_cmp(tsquery,tsquery)",
     fn([](Text a, Text b, Env&) -> int32_t { return compare_queries(read_query(a), read_query(b)); })},
    {"ts_match_vq(tsvector,tsquery)",
     fn([](Text v, Text q, Env&) { return matches(read_lexemes(v), read_query(q)); })},
    {"ts_match_qv(tsquery,tsvector)",
     fn([](Text q, Text v, Env&) { return matches(read_lexemes(v), read_query(q)); })},
    {"ts_match_tq(text,tsquery)",
     fn([](Text text, Text q, Env& env) { return matches_text(current_config(env), text, read_query(q)); })},
    {"ts_match_tt(text,text)", fn([](Text text, Text words, Env& env) {
       const TextConfig& config = current_config(env);
       LexemeReader reader(config, QueryOp::kAnd);
       return matches_text(config, text, clean_stop_words(reader.value(words, 0, false)));
     })},
    {"ts_rank(tsvector,tsquery)", rank_kernel<false, false, false>()},
    {"ts_rank(tsvector,tsquery,int4)", rank_kernel<false, false, true>()},
    {"ts_rank(_float4,tsvector,tsquery)", rank_kernel<false, true, false>()},
    {"ts_rank(_float4,tsvector,tsquery,int4)", rank_kernel<false, true, true>()},
    {"ts_rank_cd(tsvector,tsquery)", rank_kernel<true, false, false>()},
    {"ts_rank_cd(tsvector,tsquery,int4)", rank_kernel<true, false, true>()},
    {"ts_rank_cd(_float4,tsvector,tsquery)", rank_kernel<true, true, false>()},
    {"ts_rank_cd(_float4,tsvector,tsquery,int4)", rank_kernel<true, true, true>()},
    {"ts_headline(text,tsquery)", TextHeadline::kPlain},
    {"ts_headline(text,tsquery,text)", TextHeadline::kOptions},
    {"ts_headline(regconfig,text,tsquery)", TextHeadline::kConfig},
    {"ts_headline(regconfig,text,tsquery,text)", TextHeadline::kBoth},
    {"ts_headline(json,tsquery)", JsonTextHeadline::kPlain},
    {"ts_headline(json,tsquery,text)", JsonTextHeadline::kOptions},
    {"ts_headline(regconfig,json,tsquery)", JsonTextHeadline::kConfig},
    {"ts_headline(regconfig,json,tsquery,text)", JsonTextHeadline::kBoth},
    {"ts_headline(jsonb,tsquery)", JsonbHeadline::kPlain},
    {"ts_headline(jsonb,tsquery,text)", JsonbHeadline::kOptions},
    {"ts_headline(regconfig,jsonb,tsquery)", JsonbHeadline::kConfig},
    {"ts_headline(regconfig,jsonb,tsquery,text)", JsonbHeadline::kBoth},
    {"ts_token_type(text)", &kTokenTypeRows},
    {"ts_token_type(oid)", &kTokenTypeRows},
    {"ts_parse(text,text)", &kTokenRows},
    {"ts_parse(oid,text)", &kTokenRows},
    {"ts_debug(text)", &kDebugRows},
    {"ts_debug(regconfig,text)", &kDebugRows},
    {"ts_lexize(regdictionary,text)",
     fn([](uint32_t d, Text word, Env& env) { return lexemes_of(d, word, env); })},
};

}  // namespace

Bindings tsquery_bindings() { return kBindings; }

}  // namespace varve::functions
