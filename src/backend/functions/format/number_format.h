// to_char() of numbers and to_number(): templates like "FM9G990D00MI".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "types/numeric.h"

namespace varve::functions {

enum class NumberKey : uint8_t {
  kCharacter,
  kComma,
  kPoint,
  kZero,
  kNine,
  kBlank,
  kCurrencyCode,
  kLocalPoint,
  kScientific,
  kFillMode,
  kGroup,
  kCurrency,
  kMinus,
  kPlus,
  kBrackets,
  kRoman,
  kLowerRoman,
  kBothSigns,
  kSpell,
  kSign,
  kOrdinal,
  kLowerOrdinal,
  kShift,
};

struct NumberNode {
  NumberKey key;
  uint8_t size = 0;
  char bytes[4] = {};
  std::string_view character() const { return {bytes, size}; }
};

struct NumberTemplate {
  enum class LocalSign : uint8_t { kNone, kBefore, kAfter };
  std::vector<NumberNode> nodes;
  int before = 0, after = 0;  // digits before and after the point
  int shift = 0;              // digits behind V
  int first_zero = 0;         // 1-based digit position of the first 0; 0: none
  int last_zero = 0;
  int digits_before_sign = 0;
  LocalSign local_sign = LocalSign::kNone;
  bool point = false, zero = false, blank = false, fill = false, brackets = false, minus = false,
       plus = false;
  bool has_local_sign = false, roman = false, has_shift = false, scientific = false;
};

// 42601 for templates that contradict themselves.
void parse_number_template(std::string_view text, NumberTemplate& out);

void append_formatted(int32_t v, const NumberTemplate& format, std::string& out);
void append_formatted(int64_t v, const NumberTemplate& format, std::string& out, Arena& arena);
void append_formatted(float v, const NumberTemplate& format, std::string& out);
void append_formatted(double v, const NumberTemplate& format, std::string& out);
void append_formatted(const types::Numeric& v, const NumberTemplate& format, std::string& out, Arena& arena);

// The number that `text` shows.
types::Numeric read_number(std::string_view text, const NumberTemplate& format, Arena& arena);

}  // namespace varve::functions
