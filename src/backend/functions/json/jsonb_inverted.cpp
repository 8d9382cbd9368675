// Keys of jsonb in an inverted index, and what containment, existence and paths ask of them.
#include "functions/array.h"
#include "inverted_keys.h"
#include "json/jsonb.h"
#include "json/jsonpath.h"

namespace varve::functions {

namespace {

constexpr char kText = 'k';    // a key of an object, or a string in an array: what ? looks for
constexpr char kString = 's';  // a string that is a value of an object
constexpr char kNumber = 'n', kBool = 'b', kNull = '0', kPath = 'p';

// Keys on the way to a place, without the arrays among them.
uint64_t extend(uint64_t path, std::string_view key) { return hash_bytes(key, path + 1); }

std::string scalar_key(char tag, std::string_view bytes) { return tagged_key(tag, bytes); }
std::string path_key(uint64_t path, char tag, std::string_view bytes) {
  std::string tagged(1, tag);
  tagged += bytes;
  std::string key(1, kPath);
  append_hash(key, hash_bytes(tagged, path));
  return key;
}

std::string number_bytes(const types::Numeric& number) {
  std::string out;
  types::append_numeric_key(out, number);
  return out;
}

class KeyWriter {
 public:
  KeyWriter(InvertedClass kind, std::vector<std::string>* keys)
      : by_path_(kind == InvertedClass::kJsonbPath), keys_(keys) {}

  // `in_object`: the value of a key, not an array's item or the document itself.
  void add(JsonbView v, uint64_t path, bool in_object) {
    switch (v.type()) {
      case JsonType::kArray:
        for (uint32_t i = 0; i < v.count(); ++i) add(v.item(i), path, false);
        return;
      case JsonType::kObject:
        for (uint32_t i = 0; i < v.count(); ++i) {
          const std::string_view key = v.key(i);
          if (!by_path_) keys_->push_back(scalar_key(kText, key));
          add(v.item(i), by_path_ ? extend(path, key) : path, true);
        }
        return;
      case JsonType::kString:
        // By path there is one kind of string: the place tells the rest.
        return scalar(path, in_object && !by_path_ ? kString : kText, v.string());
      case JsonType::kNumber:
        arena_.reset();
        return scalar(path, kNumber, number_bytes(v.number(arena_)));
      case JsonType::kTrue:
        return scalar(path, kBool, "1");
      case JsonType::kFalse:
        return scalar(path, kBool, "0");
      case JsonType::kNull:
        return scalar(path, kNull, "");
    }
  }

 private:
  void scalar(uint64_t path, char tag, std::string_view bytes) {
    keys_->push_back(by_path_ ? path_key(path, tag, bytes) : scalar_key(tag, bytes));
  }

  const bool by_path_;
  std::vector<std::string>* keys_;
  Arena arena_;
};

KeyQuery exists_query(InvertedOp op, const types::Value& argument) {
  if (op == InvertedOp::kExists) return KeyQuery::of_key(scalar_key(kText, argument.view()));
  const ArrayView names(argument.view());
  std::vector<std::string> keys;
  Arena arena;
  for (uint32_t i = 0; i < names.count(); ++i) {
    if (names.is_null(i)) continue;
    const types::Value name = names.at(i, arena);
    keys.push_back(scalar_key(kText, name.view()));
  }
  std::vector<KeyQuery> parts = key_queries(std::move(keys));
  return op == InvertedOp::kExistsAny ? KeyQuery::disjunction(std::move(parts))
                                      : KeyQuery::conjunction(std::move(parts));
}

// What must stand in a document for a path to find something, or for a predicate to be true. A predicate that
// is false or unknown makes no row match, so what must be there for it to be true is asked for; where the
// opposite is wanted, nothing is.
class PathReader {
 public:
  explicit PathReader(bool by_path) : by_path_(by_path) {}

  KeyQuery exists(const PathNode& node) const {
    std::vector<KeyQuery> parts;
    walk(&node, {}, &parts);
    return KeyQuery::conjunction(std::move(parts));
  }
  KeyQuery is_true(const PathNode& node) const { return truth(node, {}); }

 private:
  // Where an accessor chain has come to.
  struct Place {
    uint64_t path = 0;
    bool known = true;     // `path` is the way there; false behind .* and .**
    bool document = true;  // it is a part of the document; false behind methods, and of what is computed
  };

  Place walk(const PathNode* node, const Place& current, std::vector<KeyQuery>* parts) const {
    Place at;
    for (; node != nullptr; node = node->next) {
      switch (node->op) {
        case PathOp::kRoot:
          at = {};
          break;
        case PathOp::kCurrent:
          at = current;
          break;
        case PathOp::kKey:
          if (at.document && !by_path_) parts->push_back(KeyQuery::of_key(scalar_key(kText, node->text)));
          at.path = extend(at.path, node->text);
          break;
        case PathOp::kAnyArray:
        case PathOp::kIndexArray:
          break;
        case PathOp::kAnyKey:
        case PathOp::kAny:
          at.known = false;
          break;
        case PathOp::kFilter:
          parts->push_back(truth(*node->left, at));
          break;
        default:
          at.document = false;
          break;
      }
    }
    return at;
  }

  KeyQuery truth(const PathNode& node, const Place& current) const {
    // Its value is looked at further, so it need not be true.
    if (node.next != nullptr || !is_path_predicate(node.op)) {
      std::vector<KeyQuery> parts;
      walk(&node, current, &parts);
      return KeyQuery::conjunction(std::move(parts));
    }
    switch (node.op) {
      case PathOp::kAnd:
        return KeyQuery::conjunction({truth(*node.left, current), truth(*node.right, current)});
      case PathOp::kOr:
        return KeyQuery::disjunction({truth(*node.left, current), truth(*node.right, current)});
      case PathOp::kNot:
      case PathOp::kIsUnknown:
        return KeyQuery::all();
      case PathOp::kEqual:
        return equality(*node.left, *node.right, current);
      default:
        break;
    }
    // Each operand must yield something.
    std::vector<KeyQuery> parts;
    if (node.left != nullptr) walk(node.left, current, &parts);
    if (node.right != nullptr) walk(node.right, current, &parts);
    return KeyQuery::conjunction(std::move(parts));
  }

  KeyQuery equality(const PathNode& left, const PathNode& right, const Place& current) const {
    std::vector<KeyQuery> parts;
    const Place of_left = walk(&left, current, &parts), of_right = walk(&right, current, &parts);
    if (is_literal(right) && of_left.document) parts.push_back(value(of_left, right));
    if (is_literal(left) && of_right.document) parts.push_back(value(of_right, left));
    return KeyQuery::conjunction(std::move(parts));
  }

  static bool is_literal(const PathNode& node) {
    return node.next == nullptr &&
           (node.op == PathOp::kString || node.op == PathOp::kNumber || node.op == PathOp::kTrue ||
            node.op == PathOp::kFalse || node.op == PathOp::kNull);
  }

  KeyQuery value(const Place& at, const PathNode& literal) const {
    if (by_path_ && !at.known) return KeyQuery::all();
    auto key = [&](char tag, std::string_view bytes) {
      return KeyQuery::of_key(by_path_ ? path_key(at.path, tag, bytes) : scalar_key(tag, bytes));
    };
    switch (literal.op) {
      case PathOp::kString:
        if (by_path_) return key(kText, literal.text);
        // In an array or an object: both are reached by the same path.
        return KeyQuery::disjunction({key(kText, literal.text), key(kString, literal.text)});
      case PathOp::kNumber:
        return key(kNumber, number_bytes(literal.number));
      case PathOp::kTrue:
        return key(kBool, "1");
      case PathOp::kFalse:
        return key(kBool, "0");
      default:
        return key(kNull, "");
    }
  }

  const bool by_path_;
};

}  // namespace

void append_jsonb_keys(InvertedClass kind, std::string_view value, std::vector<std::string>* keys) {
  KeyWriter(kind, keys).add(JsonbView(value), 0, false);
}

KeyQuery jsonb_query(InvertedClass kind, InvertedOp op, const types::Value& argument) {
  switch (op) {
    case InvertedOp::kContains: {
      std::vector<std::string> keys;
      append_jsonb_keys(kind, argument.view(), &keys);
      return KeyQuery::conjunction(key_queries(std::move(keys)));
    }
    case InvertedOp::kExists:
    case InvertedOp::kExistsAny:
    case InvertedOp::kExistsAll:
      return exists_query(op, argument);
    case InvertedOp::kPathExists:
    case InvertedOp::kPathMatch: {
      JsonPath path;
      path.parse(argument.view());
      const PathReader reader(kind == InvertedClass::kJsonbPath);
      return op == InvertedOp::kPathExists ? reader.exists(path.root()) : reader.is_true(path.root());
    }
    default:
      return KeyQuery::all();
  }
}

}  // namespace varve::functions
