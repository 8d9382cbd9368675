// PostgreSQL's regular expressions: advanced ones, and POSIX's extended and basic ones.
//
// Which of several matches counts: the leftmost; of those the longest, or the shortest if the expression as a
// whole prefers it (its first quantified atom is non-greedy). Parts divide the match among themselves left to
// right, each by its own preference. An NFA simulation finds the match in time linear in text × expression;
// parentheses and back references are worked out inside of what it found.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace varve::functions::regex {

enum class Syntax : uint8_t { kAdvanced, kExtended, kBasic };

struct Flags {
  Syntax syntax = Syntax::kAdvanced;
  bool case_insensitive = false;
  bool dot_skips_newline = false;  // n, p: . and [^ do not match a newline
  bool lines = false;              // n, w: ^ and $ match at line ends
  bool expanded = false;           // x: white space and comments are ignored
  bool literal = false;            // q
  bool unicode = true;             // classes and case beyond ASCII
};

// A span of characters; -1 where a group took no part.
struct Span {
  int32_t begin = -1;
  int32_t end = -1;
};

// Text as characters, with the byte offset of each.
struct Subject {
  explicit Subject(std::string_view text);
  std::string_view text;
  std::vector<uint32_t> chars;
  std::vector<uint32_t> offsets;  // one more than chars
  int32_t size() const { return static_cast<int32_t>(chars.size()); }
  std::string_view slice(Span s) const {
    return text.substr(offsets[static_cast<size_t>(s.begin)],
                       offsets[static_cast<size_t>(s.end)] - offsets[static_cast<size_t>(s.begin)]);
  }
};

class Node;
class Machine;

// Immutable and shareable after construction, but for caches that find() fills: one thread at a time.
class Regex {
 public:
  // Throws 2201B "invalid regular expression: …".
  Regex(std::string_view pattern, Flags flags);
  ~Regex();
  Regex(Regex&&) noexcept;

  bool matches(std::string_view text) const;
  // Fills groups[0] with the match and groups[1…] with the groups; false if there is none from `from` on.
  bool find(const Subject& subject, int32_t from, std::vector<Span>* groups) const;
  uint32_t group_count() const { return groups_; }

 private:
  std::unique_ptr<Node> root_;
  uint32_t groups_ = 0;
  bool backrefs_ = false;
  bool shortest_ = false;
  Flags flags_;
  std::unique_ptr<Machine> machine_;
};

// SIMILAR TO as a regular expression. `escape` empty: none; 22019 if it is more than one character.
std::string similar_to_regex(std::string_view pattern, std::string_view escape);

}  // namespace varve::functions::regex
