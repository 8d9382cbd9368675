// A statement's text with holes for its constants: tells, without lexing, that another text is the same
// statement with other constants. What normalize_literals() needs thousands of instructions for is then a
// few comparisons; it is asked first, for statements that come again and again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parser/normalize.h"

namespace varve::parser {

// Matches conservatively: where only the lexer could tell (exponents, escapes, doubled quotes, dollar quotes,
// a sign away from its number), there is no template, or no match, and the caller normalises.
class LiteralTemplate {
 public:
  // Of a normalised statement: `sql` and the literals that normalize_literals() found in it.
  static std::optional<LiteralTemplate> of(std::string_view sql, std::span<const Literal> literals);

  // True if `sql` normalises to the same text as the template's statement. `literals` are then its constants,
  // in order, their texts views of `sql`; what they are after a mismatch means nothing.
  bool match(std::string_view sql, std::vector<Literal>& literals) const;

 private:
  struct Hole {
    size_t fixed_end;  // of the text in front of it, in fixed_
    LiteralKind kind;
    bool negative;
  };

  std::string fixed_;  // the text around the holes
  std::vector<Hole> holes_;
};

}  // namespace varve::parser
