// LIKE: '%' any characters, '_' one character, an escape character before either.
#pragma once

#include <string>
#include <string_view>

namespace varve::functions {

// A compiled pattern: kept for all rows when the pattern is constant. Views the pattern's bytes.
class LikePattern {
 public:
  explicit LikePattern(std::string_view pattern);
  bool matches(std::string_view text) const;

 private:
  // What most patterns are, found without the general matcher.
  enum class Form { kEqual, kPrefix, kSuffix, kContains, kParts, kGeneral };
  Form form_;
  std::string_view pattern_;
  std::string_view literal_;
};

// LIKE … ESCAPE: the pattern rewritten to the escape character '\'. Empty escape: none.
void append_like_escape(std::string& out, std::string_view pattern, std::string_view escape);

}  // namespace varve::functions
