// The syntax tree of a regular expression.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "regex.h"

namespace varve::functions::regex {

enum class CharClass : uint8_t {
  kAlnum,
  kAlpha,
  kBlank,
  kCntrl,
  kDigit,
  kGraph,
  kLower,
  kPrint,
  kPunct,
  kSpace,
  kUpper,
  kXdigit,
  kWord
};
bool in_class(uint32_t c, CharClass k, bool unicode);

// A set of characters.
struct CharSet {
  struct Range {
    uint32_t low, high;
  };
  std::vector<Range> ranges;
  std::vector<std::pair<CharClass, bool>> classes;  // class, negated
  bool negated = false;
  bool skip_newline = false;  // a negated set that must not match '\n'
  bool fold = false;          // compare without case
  bool unicode = true;

  void add(uint32_t c) { ranges.push_back({c, c}); }
  bool contains(uint32_t c) const;

 private:
  bool contains_exactly(uint32_t c) const;
};

enum class Assert : uint8_t {
  kLineStart,
  kLineEnd,
  kTextStart,
  kTextEnd,
  kWordStart,
  kWordEnd,
  kWordEdge,
  kNotEdge
};

enum class Prefer : uint8_t { kNone, kLonger, kShorter };

struct Program;

class Node {
 public:
  enum class Kind : uint8_t { kEmpty, kSet, kCat, kAlt, kRepeat, kGroup, kAssert, kLook, kBackref };
  explicit Node(Kind k) : kind(k) {}
  ~Node();

  Kind kind;
  std::vector<std::unique_ptr<Node>> children;
  CharSet set;
  std::array<bool, 128> ascii{};  // kSet: contains() of ASCII, precomputed
  Assert assertion = Assert::kLineStart;
  int32_t min = 0, max = 0;  // kRepeat; max -1: unbounded
  bool greedy = true;
  uint32_t group = 0;                     // kGroup (0: not capturing), kBackref
  bool behind = false, negative = false;  // kLook
  Prefer prefer = Prefer::kNone;
  bool references = false;  // … a back reference
  bool captures = false;    // this subtree contains groups or back references

  bool matches_char(uint32_t c) const { return c < 128 ? ascii[c] : set.contains(c); }
};

struct Parsed {
  std::unique_ptr<Node> root;
  uint32_t groups = 0;
  bool backrefs = false;
  Flags flags;
};
Parsed parse(std::string_view pattern, Flags flags);

uint32_t fold_char(uint32_t c, bool unicode, bool upper);

}  // namespace varve::functions::regex
