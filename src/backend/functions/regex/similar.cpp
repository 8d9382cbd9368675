#include "common/sql_error.h"
#include "regex.h"
#include "types/utf8.h"

namespace varve::functions::regex {

// The pattern becomes ^(?:…)$; %, _ and parentheses are translated, the rest of the syntax is shared. A
// pattern for substring(), with two escaped quotes, becomes three parts of which the middle one captures.
std::string similar_to_regex(std::string_view pattern, std::string_view escape) {
  if (!escape.empty() && types::utf8_char_bytes(escape[0]) != escape.size()) {
    throw SqlError(sqlstate::kInvalidEscapeSequence, "invalid escape string")
        .hint("Escape string must be empty or one character.");
  }
  std::string out = "^(?:";
  int separators = 0;
  bool in_bracket = false, after_escape = false;
  for (size_t at = 0; at < pattern.size();) {
    size_t n = types::utf8_char_bytes(pattern[at]);
    std::string_view c = pattern.substr(at, n);
    at += n;
    if (after_escape) {
      after_escape = false;
      if (c == "\"" && !in_bracket) {
        if (separators == 0) {
          out += "){1,1}?(";
        } else if (separators == 1) {
          out += "){1,1}(?:";
        } else {
          throw SqlError(
              sqlstate::kInvalidUseOfEscapeCharacter,
              "SQL regular expression may not contain more than two escape-double-quote separators");
        }
        ++separators;
      } else {
        out.push_back('\\');
        out += c;
      }
    } else if (!escape.empty() && c == escape) {
      after_escape = true;
    } else if (in_bracket) {
      if (c == "\\") out.push_back('\\');
      out += c;
      if (c == "]") in_bracket = false;
    } else if (c == "[") {
      out += c;
      in_bracket = true;
      // A ']' right behind the opening stands for itself.
      if (at < pattern.size() && pattern[at] == '^') out.push_back(pattern[at++]);
      if (at < pattern.size() && pattern[at] == ']') out.push_back(pattern[at++]);
    } else if (c == "%") {
      out += ".*";
    } else if (c == "_") {
      out += ".";
    } else if (c == "(") {
      out += "(?:";
    } else if (c == "\\" || c == "." || c == "^" || c == "$") {
      out.push_back('\\');
      out += c;
    } else {
      out += c;
    }
  }
  out += ")$";
  return out;
}

}  // namespace varve::functions::regex
