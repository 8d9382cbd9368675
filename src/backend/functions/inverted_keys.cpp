// Operator classes of inverted indexes, and the keys of arrays and of documents of words.
#include "inverted_keys.h"

#include <algorithm>
#include <array>

#include "functions/array.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "textsearch/lexeme_vector.h"
#include "textsearch/search_query.h"

namespace varve::functions {

namespace {

constexpr char kEmpty = 0, kElement = 1, kNullElement = 2;

constexpr std::array<InvertedClassInfo, 4> kClasses = {{
    {InvertedClass::kArray, Oid{10064}, "array_ops", type_oid::kAnyarray, true},
    {InvertedClass::kTsvector, Oid{10073}, "tsvector_ops", type_oid::kTsvector, true},
    {InvertedClass::kJsonb, Oid{10090}, "jsonb_ops", type_oid::kJsonb, true},
    {InvertedClass::kJsonbPath, Oid{10091}, "jsonb_path_ops", type_oid::kJsonb, false},
}};

template <class F>
const InvertedClassInfo* find_class(F&& fits) {
  auto it = std::find_if(kClasses.begin(), kClasses.end(), fits);
  return it == kClasses.end() ? nullptr : &*it;
}

struct OperatorRow {
  InvertedClass kind;
  std::string_view name;
  Oid argument;  // invalid: the class's own type
  InvertedOp op;
};
constexpr std::array<OperatorRow, 14> kOperators = {{
    {InvertedClass::kArray, "&&", kInvalidOid, InvertedOp::kOverlaps},
    {InvertedClass::kArray, "@>", kInvalidOid, InvertedOp::kContains},
    {InvertedClass::kArray, "<@", kInvalidOid, InvertedOp::kContainedBy},
    {InvertedClass::kArray, "=", kInvalidOid, InvertedOp::kEqual},
    {InvertedClass::kTsvector, "@@", type_oid::kTsquery, InvertedOp::kTextMatch},
    {InvertedClass::kTsvector, "@@@", type_oid::kTsquery, InvertedOp::kTextMatch},
    {InvertedClass::kJsonb, "@>", kInvalidOid, InvertedOp::kContains},
    {InvertedClass::kJsonb, "?", type_oid::kText, InvertedOp::kExists},
    {InvertedClass::kJsonb, "?|", type_oid::kTextArray, InvertedOp::kExistsAny},
    {InvertedClass::kJsonb, "?&", type_oid::kTextArray, InvertedOp::kExistsAll},
    {InvertedClass::kJsonb, "@?", type_oid::kJsonpath, InvertedOp::kPathExists},
    {InvertedClass::kJsonb, "@@", type_oid::kJsonpath, InvertedOp::kPathMatch},
    {InvertedClass::kJsonbPath, "@?", type_oid::kJsonpath, InvertedOp::kPathExists},
    {InvertedClass::kJsonbPath, "@@", type_oid::kJsonpath, InvertedOp::kPathMatch},
}};

bool is_array(Oid type) {
  const TypeInfo* info = type_by_oid(type);
  return info != nullptr && info->element_type != kInvalidOid && info->category == 'A';
}

void append_array_keys(std::string_view bytes, InvertedElement element, std::vector<std::string>* keys) {
  const ArrayView array(bytes);
  if (array.count() == 0) return keys->push_back(std::string(1, kEmpty));
  Arena arena;
  std::string text;
  for (uint32_t i = 0; i < array.count(); ++i) {
    if (array.is_null(i)) {
      keys->push_back(std::string(1, kNullElement));
      continue;
    }
    text.clear();
    element(text, array.element_type(), array.at(i, arena));
    keys->push_back(tagged_key(kElement, text));
  }
}

}  // namespace

std::vector<KeyQuery> key_queries(std::vector<std::string> keys) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  std::vector<KeyQuery> parts;
  for (std::string& key : keys) parts.push_back(KeyQuery::of_key(std::move(key)));
  return parts;
}

namespace {

KeyQuery array_query(InvertedOp op, std::string_view bytes, InvertedElement element) {
  const ArrayView array(bytes);
  const bool empty = array.count() == 0;
  bool has_null = false;
  for (uint32_t i = 0; i < array.count(); ++i) has_null |= array.is_null(i);
  std::vector<std::string> keys;
  append_array_keys(bytes, element, &keys);
  auto drop = [&keys](char tag) { std::erase(keys, std::string(1, tag)); };
  switch (op) {
    case InvertedOp::kEqual:
      return KeyQuery::conjunction(key_queries(std::move(keys)));
    case InvertedOp::kContains:  // a NULL is contained in nothing
      if (empty) return KeyQuery::all();
      if (has_null) return KeyQuery::none();
      return KeyQuery::conjunction(key_queries(std::move(keys)));
    case InvertedOp::kContainedBy:
      drop(kNullElement);
      if (!empty) keys.push_back(std::string(1, kEmpty));
      return KeyQuery::disjunction(key_queries(std::move(keys)));
    case InvertedOp::kOverlaps:
      drop(kNullElement);
      drop(kEmpty);
      return KeyQuery::disjunction(key_queries(std::move(keys)));
    default:
      return KeyQuery::all();
  }
}

void append_lexeme_keys(std::string_view bytes, std::vector<std::string>* keys) {
  for (const Lexeme& lexeme : read_lexemes(bytes).lexemes) {
    keys->push_back(std::string(1, kElement));
    keys->back().append(lexeme.text);
  }
}

KeyQuery text_query(const QueryNode& node) {
  switch (node.op) {
    case QueryOp::kWord: {
      std::string key(1, kElement);
      key += node.word;
      return node.prefix ? KeyQuery::of_prefix(std::move(key)) : KeyQuery::of_key(std::move(key));
    }
    case QueryOp::kAnd:
    case QueryOp::kPhrase:
      return KeyQuery::conjunction({text_query(*node.left), text_query(*node.right)});
    case QueryOp::kOr:
      return KeyQuery::disjunction({text_query(*node.left), text_query(*node.right)});
    case QueryOp::kNot:
    case QueryOp::kStop:
      break;
  }
  return KeyQuery::all();
}

// Parts of the same kind are taken in, `neutral` ones left out, each once; `absorbing` decides alone.
KeyQuery combine(KeyQuery::Kind kind, KeyQuery::Kind neutral, KeyQuery::Kind absorbing,
                 std::vector<KeyQuery> parts) {
  std::vector<KeyQuery> kept;
  constexpr size_t kFew = 32;  // beyond, whoever makes the list has seen to it
  auto keep = [&kept](KeyQuery&& part) {
    const bool there =
        kept.size() <= kFew && std::any_of(kept.begin(), kept.end(), [&](const KeyQuery& k) {
          return k.parts.empty() && part.parts.empty() && k.kind == part.kind && k.key == part.key;
        });
    if (!there) kept.push_back(std::move(part));
  };
  for (KeyQuery& part : parts) {
    if (part.kind == absorbing) return {absorbing, {}, {}};
    if (part.kind == neutral) continue;
    if (part.kind != kind) {
      keep(std::move(part));
      continue;
    }
    for (KeyQuery& inner : part.parts) keep(std::move(inner));
  }
  if (kept.empty()) return {neutral, {}, {}};
  if (kept.size() == 1) return std::move(kept[0]);
  return {kind, {}, std::move(kept)};
}

}  // namespace

const InvertedClassInfo* inverted_class(Oid oid) {
  return find_class([&](const InvertedClassInfo& c) { return c.oid == oid; });
}
const InvertedClassInfo* inverted_class(InvertedClass kind) {
  return find_class([&](const InvertedClassInfo& c) { return c.kind == kind; });
}
const InvertedClassInfo* inverted_class(std::string_view name) {
  return find_class([&](const InvertedClassInfo& c) { return c.name == name; });
}
bool accepts(const InvertedClassInfo& c, Oid type) {
  return c.type == type_oid::kAnyarray ? is_array(type) : c.type == type;
}
const InvertedClassInfo* default_inverted_class(Oid type) {
  return find_class([&](const InvertedClassInfo& c) { return c.is_default && accepts(c, type); });
}

InvertedOp inverted_operator(InvertedClass kind, std::string_view name, Oid argument) {
  if (kind == InvertedClass::kJsonbPath && name == "@>" && argument == type_oid::kJsonb)
    return InvertedOp::kContains;
  for (const OperatorRow& row : kOperators) {
    if (row.kind != kind || row.name != name) continue;
    if (row.argument != kInvalidOid ? row.argument == argument : accepts(*inverted_class(kind), argument))
      return row.op;
  }
  return InvertedOp::kNone;
}

void inverted_keys(InvertedClass kind, const types::Value& value, InvertedElement element,
                   std::vector<std::string>* keys) {
  keys->clear();
  if (value.null) return;
  switch (kind) {
    case InvertedClass::kArray:
      append_array_keys(value.view(), element, keys);
      break;
    case InvertedClass::kTsvector:
      append_lexeme_keys(value.view(), keys);
      break;
    case InvertedClass::kJsonb:
    case InvertedClass::kJsonbPath:
      append_jsonb_keys(kind, value.view(), keys);
      break;
    case InvertedClass::kNone:
      return;
  }
  std::sort(keys->begin(), keys->end());
  keys->erase(std::unique(keys->begin(), keys->end()), keys->end());
}

KeyQuery inverted_query(InvertedClass kind, InvertedOp op, const types::Value& argument,
                        InvertedElement element) {
  if (argument.null) return KeyQuery::none();
  switch (kind) {
    case InvertedClass::kArray:
      return array_query(op, argument.view(), element);
    case InvertedClass::kTsvector: {
      const Query query = read_query(argument.view());
      return query == nullptr ? KeyQuery::none() : text_query(*query);
    }
    case InvertedClass::kJsonb:
    case InvertedClass::kJsonbPath:
      return jsonb_query(kind, op, argument);
    case InvertedClass::kNone:
      break;
  }
  return KeyQuery::all();
}

KeyQuery KeyQuery::conjunction(std::vector<KeyQuery> parts) {
  return combine(Kind::kAnd, Kind::kAll, Kind::kNone, std::move(parts));
}
KeyQuery KeyQuery::disjunction(std::vector<KeyQuery> parts) {
  return combine(Kind::kOr, Kind::kNone, Kind::kAll, std::move(parts));
}

std::string to_text(const KeyQuery& query) {
  auto shown = [](std::string_view key) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (char c : key) {
      const auto byte = static_cast<uint8_t>(c);
      if (byte >= 0x20 && byte < 0x7F) {
        out.push_back(c);
      } else {
        out += {'\\', kDigits[byte >> 4], kDigits[byte & 15]};
      }
    }
    return out;
  };
  switch (query.kind) {
    case KeyQuery::Kind::kNone:
      return "none";
    case KeyQuery::Kind::kAll:
      return "all";
    case KeyQuery::Kind::kKey:
      return shown(query.key);
    case KeyQuery::Kind::kPrefix:
      return shown(query.key) + "*";
    case KeyQuery::Kind::kAnd:
    case KeyQuery::Kind::kOr:
      break;
  }
  std::string out;
  for (const KeyQuery& part : query.parts) {
    if (!out.empty()) out += query.kind == KeyQuery::Kind::kAnd ? " & " : " | ";
    out += to_text(part);
  }
  return "(" + out + ")";
}

}  // namespace varve::functions
