// Functions and operators of tsvector, and the making of vectors from text and JSON.
#include <algorithm>

#include "functions/array.h"
#include "functions/type_oids.h"
#include "json/json_text.h"
#include "json/jsonb.h"
#include "kernel.h"
#include "textsearch/lexeme_vector.h"
#include "textsearch/text_session.h"
#include "value_rows.h"

namespace varve::functions {

namespace {

using Text = std::string_view;
namespace t = type_oid;

StringRef keep(const LexemeVector& v, Env& env) {
  append_lexemes(env.buffer, v);
  return env.keep();
}

// --- text to vectors
StringRef vector_of(const std::vector<PlacedLexeme>& words, Env& env) {
  LexemeVector v;
  for (const PlacedLexeme& w : words) v.lexemes.push_back({w.text, {make_place(w.position, 0)}});
  make_canonical(v);
  for (Lexeme& l : v.lexemes)
    if (l.places.size() >= kMaxPositions) l.places.resize(kMaxPositions - 1);
  return keep(v, env);
}
StringRef text_to_vector(const TextConfig& config, Text text, Env& env) {
  std::vector<PlacedLexeme> words;
  int position = 0;
  parse_text(config, text, words, &position);
  return vector_of(words, env);
}

// What of a JSON value is read.
struct JsonParts {
  bool strings = false, numbers = false, booleans = false, keys = false;
};
class JsonReader {
 public:
  JsonReader(const TextConfig& config, JsonParts parts) : config_(config), parts_(parts) {}
  void read(JsonbView v) {
    switch (v.type()) {
      case JsonType::kString:
        if (parts_.strings) text(v.string());
        return;
      case JsonType::kNumber:
        if (parts_.numbers) {
          std::string digits;
          append_jsonb_text(digits, v);
          text(digits);
        }
        return;
      case JsonType::kTrue:
      case JsonType::kFalse:
        if (parts_.booleans) text(v.type() == JsonType::kTrue ? "true" : "false");
        return;
      case JsonType::kNull:
        return;
      case JsonType::kArray:
      case JsonType::kObject:
        for (uint32_t i = 0; i < v.count(); ++i) {
          if (v.is_object() && parts_.keys) text(v.key(i));
          read(v.item(i));
        }
    }
  }
  // The same of JSON text, in its order and with all that jsonb would have joined. Returns the node behind
  // it.
  uint32_t read(const JsonTape& tape, uint32_t at) {
    const JsonNode& n = tape.node(at);
    bool wanted = n.type == JsonType::kString                               ? parts_.strings
                  : n.type == JsonType::kNumber                             ? parts_.numbers
                  : n.type == JsonType::kTrue || n.type == JsonType::kFalse ? parts_.booleans
                                                                            : false;
    std::string buffer;
    if (wanted) text(n.type == JsonType::kString ? tape.string(at, buffer) : tape.raw(at));
    if (n.type != JsonType::kArray && n.type != JsonType::kObject) return n.next;
    uint32_t child = at + 1;
    for (uint32_t i = 0; i < n.count; ++i) {
      if (n.type == JsonType::kObject) {
        if (parts_.keys) text(tape.string(child, buffer));
        child = tape.node(child).next;
      }
      child = read(tape, child);
    }
    return n.next;
  }
  const std::vector<PlacedLexeme>& words() const { return words_; }

 private:
  // Between two values a position stays free, so that no phrase reaches across.
  void text(Text s) {
    size_t before = words_.size();
    parse_text(config_, s, words_, &position_);
    if (words_.size() > before) ++position_;
  }
  const TextConfig& config_;
  JsonParts parts_;
  std::vector<PlacedLexeme> words_;
  int position_ = 0;
};
StringRef json_to_vector(const TextConfig& config, JsonbView v, JsonParts parts, Env& env) {
  JsonReader reader(config, parts);
  reader.read(v);
  return vector_of(reader.words(), env);
}

[[noreturn]] void bad_flags() {
  throw SqlError(sqlstate::kInvalidParameterValue, "wrong flag type, only arrays and scalars are allowed");
}
void add_flag(JsonbView v, JsonParts& parts) {
  if (v.type() != JsonType::kString) {
    throw SqlError(sqlstate::kInvalidParameterValue, "flag array element is not a string")
        .hint("Possible values are: \"string\", \"numeric\", \"boolean\", \"key\", and \"all\".");
  }
  std::string flag(v.string());
  for (char& c : flag)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  if (flag == "all")
    parts = {true, true, true, true};
  else if (flag == "key")
    parts.keys = true;
  else if (flag == "string")
    parts.strings = true;
  else if (flag == "numeric")
    parts.numbers = true;
  else if (flag == "boolean")
    parts.booleans = true;
  else
    throw SqlError(sqlstate::kInvalidParameterValue,
                   "wrong flag in flag array: \"" + std::string(v.string()) + "\"")
        .hint("Possible values are: \"string\", \"numeric\", \"boolean\", \"key\", and \"all\".");
}
JsonParts parts_of(Text flags) {
  JsonbView v(flags);
  JsonParts parts;
  if (v.is_object()) bad_flags();
  if (!v.is_array()) {
    add_flag(v, parts);
    return parts;
  }
  for (uint32_t i = 0; i < v.count(); ++i) add_flag(v.item(i), parts);
  return parts;
}
constexpr JsonParts kStrings{true, false, false, false};
StringRef json_text_to_vector(const TextConfig& config, Text json, JsonParts parts, Env& env) {
  JsonTape tape;
  tape.parse(json, true);
  JsonReader reader(config, parts);
  reader.read(tape, 0);
  return vector_of(reader.words(), env);
}

// --- weights
int weight_of(char c) {
  switch (c) {
    case 'A':
    case 'a':
      return 3;
    case 'B':
    case 'b':
      return 2;
    case 'C':
    case 'c':
      return 1;
    case 'D':
    case 'd':
      return 0;
    default:
      return -1;
  }
}
int required_weight(Text letter) {
  int weight = weight_of(letter.empty() ? '\0' : letter[0]);
  if (weight < 0) {
    throw SqlError(
        sqlstate::kInternalError,
        "unrecognized weight: " + std::to_string(letter.empty() ? 0 : static_cast<int>(letter[0])));
  }
  return weight;
}
void set_weight(Lexeme& l, int weight) {
  for (Place& p : l.places) p = make_place(place_position(p), weight);
}

std::vector<std::string> lexeme_array(Text array, Text what, Arena& arena) {
  ArrayView a(array);
  std::vector<std::string> out;
  for (uint32_t i = 0; i < a.count(); ++i) {
    if (a.is_null(i))
      throw SqlError(sqlstate::kNullValueNotAllowed, std::string(what) + " array may not contain nulls");
    Value v = a.at(i, arena);
    out.emplace_back(v.view());
  }
  return out;
}

StringRef weighted(Text vector, Text letter, Text array, Env& env) {
  LexemeVector v = read_lexemes(vector);
  int weight = weight_of(letter.empty() ? '\0' : letter[0]);
  if (weight < 0)
    throw SqlError(sqlstate::kInternalError, "unrecognized weight: " + std::string(letter.substr(0, 1)));
  for (const std::string& word : lexeme_array(array, "lexeme", env.arena)) {
    for (Lexeme& l : v.lexemes)
      if (l.text == word) set_weight(l, weight);
  }
  return keep(v, env);
}

StringRef filtered(Text vector, Text array, Env& env) {
  bool wanted[4] = {};
  for (const std::string& letter : lexeme_array(array, "weight", env.arena)) {
    int weight = weight_of(letter.empty() ? '\0' : letter[0]);
    if (weight < 0)
      throw SqlError(sqlstate::kInvalidParameterValue, "unrecognized weight: \"" + letter + "\"");
    wanted[weight] = true;
  }
  LexemeVector v = read_lexemes(vector), out;
  for (Lexeme& l : v.lexemes) {
    std::erase_if(l.places, [&](Place p) { return !wanted[place_weight(p)]; });
    if (!l.places.empty()) out.lexemes.push_back(std::move(l));
  }
  return keep(out, env);
}

std::vector<std::string> words_of(Text array, Arena& arena) {
  ArrayView a(array);
  std::vector<std::string> out;
  for (uint32_t i = 0; i < a.count(); ++i) {
    if (a.is_null(i)) continue;
    Value v = a.at(i, arena);
    out.emplace_back(v.view());
  }
  return out;
}
StringRef without(Text vector, const std::vector<std::string>& words, Env& env) {
  LexemeVector v = read_lexemes(vector);
  std::erase_if(v.lexemes, [&](const Lexeme& l) {
    return std::find(words.begin(), words.end(), l.text) != words.end();
  });
  return keep(v, env);
}

// The second vector's positions go on behind the last of the first.
StringRef joined(Text x, Text y, Env& env) {
  LexemeVector a = read_lexemes(x), b = read_lexemes(y);
  int last = 0;
  for (const Lexeme& l : a.lexemes)
    for (Place p : l.places) last = std::max(last, place_position(p));
  for (Lexeme& l : b.lexemes) {
    for (Place& p : l.places) p = make_place(place_position(p) + last, place_weight(p));
    a.lexemes.push_back(std::move(l));
  }
  make_canonical(a);
  return keep(a, env);
}

StringRef array_to_vector(Text array, Env& env) {
  std::vector<std::string> words = lexeme_array(array, "lexeme", env.arena);
  LexemeVector v;
  for (const std::string& word : words) {
    if (word.empty()) throw SqlError(SqlState{"2200F"}, "lexeme array may not contain empty strings");
    v.lexemes.push_back({word, {}});
  }
  make_canonical(v);
  return keep(v, env);
}
StringRef vector_to_array(Text vector, Env& env) {
  std::vector<Value> words;
  LexemeVector v = read_lexemes(vector);
  for (const Lexeme& l : v.lexemes) words.push_back(Value::of_string(l.text));
  return make_array(t::kText, words, env.arena);
}

// --- unnest(tsvector)
constexpr Oid kUnnestTypes[] = {t::kText, t::kInt2Array, t::kTextArray};
constexpr Text kUnnestNames[] = {"lexeme", "positions", "weights"};
void* open_unnest(EvalContext&, const CallSite&, std::span<const Value> args, Arena& memory) {
  RowBuilder rows(memory);
  if (args[0].null) return rows.finish();
  for (const Lexeme& l : read_lexemes(args[0].view()).lexemes) {
    rows.text(l.text);
    if (l.places.empty()) {
      rows.null().null();
      continue;
    }
    std::vector<Value> positions, weights;
    for (Place p : l.places) {
      positions.push_back(Value::of_int16(static_cast<int16_t>(place_position(p))));
      weights.push_back(Value::of_string(Text("DCBA").substr(static_cast<size_t>(place_weight(p)), 1)));
    }
    rows.add(Value::of_string(make_array(t::kInt2, positions, memory)));
    rows.add(Value::of_string(make_array(t::kText, weights, memory)));
  }
  return rows.finish();
}
constexpr TableFunctionImpl kUnnest{open_unnest, next_value_rows, kUnnestTypes, kUnnestNames};

template <int kOp>
constexpr Kernel compare_vectors() {
  return fn([](Text a, Text b, Env&) {
    int c = compare_lexemes(a, b);
    return kOp == 0   ? c == 0
           : kOp == 1 ? c != 0
           : kOp == 2 ? c < 0
           : kOp == 3 ? c <= 0
           : kOp == 4 ? c > 0
                      : c >= 0;
  });
}

const Binding kBindings[] = {
    {"to_tsvector(text)", fn([](Text s, Env& env) { return text_to_vector(current_config(env), s, env); })},
    {"to_tsvector(regconfig,text)",
     fn([](uint32_t config, Text s, Env& env) { return text_to_vector(config_of(config), s, env); })},
    {"to_tsvector(jsonb)",
     fn([](Text v, Env& env) { return json_to_vector(current_config(env), JsonbView(v), kStrings, env); })},
    {"to_tsvector(regconfig,jsonb)", fn([](uint32_t config, Text v, Env& env) {
       return json_to_vector(config_of(config), JsonbView(v), kStrings, env);
     })},
    {"to_tsvector(json)",
     fn([](Text v, Env& env) { return json_text_to_vector(current_config(env), v, kStrings, env); })},
    {"to_tsvector(regconfig,json)", fn([](uint32_t config, Text v, Env& env) {
       return json_text_to_vector(config_of(config), v, kStrings, env);
     })},
    {"jsonb_to_tsvector(jsonb,jsonb)", fn([](Text v, Text flags, Env& env) {
       return json_to_vector(current_config(env), JsonbView(v), parts_of(flags), env);
     })},
    {"jsonb_to_tsvector(regconfig,jsonb,jsonb)", fn([](uint32_t config, Text v, Text flags, Env& env) {
       return json_to_vector(config_of(config), JsonbView(v), parts_of(flags), env);
     })},
    {"json_to_tsvector(json,jsonb)", fn([](Text v, Text flags, Env& env) {
       return json_text_to_vector(current_config(env), v, parts_of(flags), env);
     })},
    {"json_to_tsvector(regconfig,json,jsonb)", fn([](uint32_t config, Text v, Text flags, Env& env) {
       return json_text_to_vector(config_of(config), v, parts_of(flags), env);
     })},
    {"length(tsvector)",
     fn([](Text v, Env&) { return static_cast<int32_t>(read_lexemes(v).lexemes.size()); })},
    {"strip(tsvector)", fn([](Text vector, Env& env) {
       LexemeVector v = read_lexemes(vector);
       for (Lexeme& l : v.lexemes) l.places.clear();
       return keep(v, env);
     })},
    {"setweight(tsvector,char)", fn([](Text vector, Text letter, Env& env) {
       LexemeVector v = read_lexemes(vector);
       int weight = required_weight(letter);
       for (Lexeme& l : v.lexemes) set_weight(l, weight);
       return keep(v, env);
     })},
    {"setweight(tsvector,char,_text)",
     fn([](Text v, Text letter, Text words, Env& env) { return weighted(v, letter, words, env); })},
    {"ts_filter(tsvector,_char)",
     fn([](Text v, Text weights, Env& env) { return filtered(v, weights, env); })},
    {"ts_delete(tsvector,text)",
     fn([](Text v, Text word, Env& env) { return without(v, {std::string(word)}, env); })},
    {"ts_delete(tsvector,_text)",
     fn([](Text v, Text words, Env& env) { return without(v, words_of(words, env.arena), env); })},
    {"tsvector_concat(tsvector,tsvector)", fn([](Text a, Text b, Env& env) { return joined(a, b, env); })},
    {"array_to_tsvector(_text)", fn([](Text a, Env& env) { return array_to_vector(a, env); })},
    {"tsvector_to_array(tsvector)", fn([](Text v, Env& env) { return vector_to_array(v, env); })},
    {"unnest(tsvector)", &kUnnest},
    {"tsvector_eq(tsvector,tsvector)", compare_vectors<0>()},
    {"tsvector_ne(tsvector,tsvector)", compare_vectors<1>()},
    {"tsvector_lt(tsvector,tsvector)", compare_vectors<2>()},
    {"tsvector_le(tsvector,tsvector)", compare_vectors<3>()},
    {"tsvector_gt(tsvector,tsvector)", compare_vectors<4>()},
    {"tsvector_ge(tsvector,tsvector)", compare_vectors<5>()},
    {"tsvector_cmp(tsvector,tsvector)",
     fn([](Text a, Text b, Env&) -> int32_t { return compare_lexemes(a, b); })},
};

}  // namespace

Bindings tsvector_bindings() { return kBindings; }

}  // namespace varve::functions
