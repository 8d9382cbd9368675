// jsonpath: SQL/JSON path expressions. A value is kept as its canonical text; this is the parsed form.
//
// Errors of parsing: 42601 `syntax error at or near "…" of jsonpath input` and its kin.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "memory/arena.h"
#include "types/numeric.h"

namespace varve::functions {

enum class PathOp : uint8_t {
  kNull,
  kString,
  kNumber,
  kTrue,
  kFalse,
  kAnd,
  kOr,
  kNot,
  kIsUnknown,
  kEqual,
  kNotEqual,
  kLess,
  kGreater,
  kLessOrEqual,
  kGreaterOrEqual,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kPlus,
  kMinus,
  kAnyArray,
  kAnyKey,
  kIndexArray,
  kAny,
  kKey,
  kCurrent,
  kRoot,
  kVariable,
  kFilter,
  kExists,
  kType,
  kSize,
  kAbs,
  kFloor,
  kCeiling,
  kDouble,
  kDatetime,
  kKeyValue,
  kLast,
  kStartsWith,
  kLikeRegex,
};

inline constexpr uint32_t kPathLast = UINT32_MAX;  // `last` as a level of .**

struct PathNode {
  struct Subscript {
    PathNode* from;
    PathNode* to;  // null: one item
  };
  PathOp op;
  PathNode* next = nullptr;  // the accessor behind it
  PathNode* left = nullptr;  // operands; the argument of unary forms
  PathNode* right = nullptr;
  std::string_view text;   // keys, strings, variables, patterns
  std::string_view flags;  // of like_regex, in canonical order
  types::Numeric number;
  std::vector<Subscript>* subscripts = nullptr;
  uint32_t first = 0, last = 0;  // levels of .**
};

// Owns its nodes.
class JsonPath {
 public:
  // Replaces what was parsed before.
  void parse(std::string_view text);
  void append_text(std::string& out) const;

  bool strict() const { return strict_; }
  const PathNode& root() const { return *root_; }

 private:
  friend class JsonPathParser;
  Arena arena_;
  std::vector<std::unique_ptr<std::vector<PathNode::Subscript>>> subscripts_;
  PathNode* root_ = nullptr;
  bool strict_ = false;
};

std::string_view path_operator_name(PathOp op);
inline bool is_path_predicate(PathOp op) {
  return (op >= PathOp::kAnd && op <= PathOp::kGreaterOrEqual) || op == PathOp::kExists ||
         op == PathOp::kStartsWith || op == PathOp::kLikeRegex;
}

}  // namespace varve::functions
