#include <algorithm>
#include <cfloat>
#include <climits>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>

#include "common/append_format.h"
#include "common/sql_error.h"
#include "number_format.h"

namespace varve::functions {

namespace {

using types::Numeric;
using K = NumberKey;
using LocalSign = NumberTemplate::LocalSign;

// A number's digits as the template wants them, before signs and separators.
struct Digits {
  std::string text;
  char sign = '+';
  int pad = 0;  // digit positions in front that stay empty
};

// Digit by digit. The positions of the template are counted off; which of them are blank, which hold a zero,
// and where the sign goes follows from the number's length.
class Writer {
 public:
  Writer(const NumberTemplate& t, const Digits& digits, std::string& out)
      : t_(t), digits_(digits.text), pad_(digits.pad), sign_(digits.sign), out_(out) {}

  void run() {
    prepare();
    for (const NumberNode& node : t_.nodes) {
      write(node);
      if (ended_) return;
    }
  }

 private:
  static constexpr size_t kNone = SIZE_MAX;

  void prepare() {
    first_zero_ = t_.first_zero == 0 ? 0 : t_.first_zero - 1;
    brackets_ = t_.brackets;
    local_sign_ = t_.local_sign;
    if (t_.roman) {
      pad_ = 0;
      sign_ = '\0';
      return;
    }
    if (t_.plus || t_.minus) {
      // PL, MI and SG write the sign themselves; PL alone leaves the minus to the number.
      sign_written_ = !(t_.plus && !t_.minus);
    } else {
      if (sign_ != '-' && t_.fill) brackets_ = false;
      sign_written_ = sign_ == '+' && t_.fill && !t_.has_local_sign;
      if (local_sign_ == LocalSign::kBefore && t_.before == t_.digits_before_sign)
        local_sign_ = LocalSign::kAfter;
    }
    count_ = t_.after + t_.before - 1;
    if (t_.fill && t_.point) find_last_relevant();
    if (!sign_written_ && pad_ == 0) ++count_;
  }
  // With FM, trailing zeros of the fraction are dropped, but for those a 0 asks for.
  void find_last_relevant() {
    size_t point = digits_.find('.');
    if (point == std::string::npos) return;
    last_relevant_ = point;
    for (size_t i = point + 1; i < digits_.size(); ++i) {
      if (digits_[i] != '0') last_relevant_ = i;
    }
    if (t_.last_zero > pad_) {
      size_t last_zero = std::min(digits_.size() - 1, static_cast<size_t>(t_.last_zero - pad_));
      last_relevant_ = std::max(last_relevant_, last_zero);
    }
  }
  bool relevant_is_point() const { return last_relevant_ != kNone && digits_[last_relevant_] == '.'; }
  // The zero before the point that "9.9" does not show.
  bool is_hidden_zero() const {
    return !t_.zero && at_ == 0 && !digits_.empty() && digits_[0] == '0' && t_.after != 0;
  }

  void write(const NumberNode& node) {
    switch (node.key) {
      case K::kCharacter:
        out_ += node.character();
        return;
      case K::kNine:
      case K::kZero:
      case K::kPoint:
      case K::kLocalPoint:
        if (!t_.roman) digit(node.key);
        return;
      case K::kComma:
      case K::kGroup:
        if (in_number_)
          out_ += ',';
        else if (!t_.fill)
          out_ += ' ';
        return;
      case K::kCurrency:
        out_ += ' ';
        return;
      case K::kRoman:
      case K::kLowerRoman:
        roman(node.key == K::kLowerRoman);
        return;
      case K::kOrdinal:
      case K::kLowerOrdinal:
        ordinal(node.key == K::kLowerOrdinal);
        return;
      case K::kMinus:
        if (sign_ == '-')
          out_ += '-';
        else if (!t_.fill)
          out_ += ' ';
        return;
      case K::kPlus:
        if (sign_ == '+')
          out_ += '+';
        else if (!t_.fill)
          out_ += ' ';
        return;
      case K::kBothSigns:
        if (sign_ != '\0')
          out_ += sign_;
        else
          ended_ = true;
        return;
      default:
        return;
    }
  }

  void leading_sign() {
    if (sign_written_) return;
    if (!(position_ >= pad_ || (t_.zero && first_zero_ == position_))) return;
    if (is_hidden_zero() && !relevant_is_point()) return;
    if (t_.has_local_sign) {
      if (local_sign_ == LocalSign::kBefore) {
        out_ += sign_ == '-' ? '-' : '+';
        sign_written_ = true;
      }
    } else if (brackets_) {
      out_ += sign_ == '+' ? ' ' : '<';
      sign_written_ = true;
    } else if (sign_ == '+') {
      if (!t_.fill) out_ += ' ';
      sign_written_ = true;
    } else if (sign_ == '-') {
      out_ += '-';
      sign_written_ = true;
    }
  }

  void digit(K key) {
    in_number_ = false;
    leading_sign();
    if (position_ < pad_ && (first_zero_ > position_ || !t_.zero)) {
      if (!t_.fill) out_ += ' ';
    } else if (t_.zero && position_ < pad_ && first_zero_ <= position_) {
      out_ += '0';
      in_number_ = true;
    } else {
      from_number(key);
      if (ended_) return;
      if (at_ < digits_.size()) ++at_;
    }
    int end = count_ + (pad_ != 0 ? 1 : 0) + (t_.point ? 1 : 0);
    if (last_relevant_ != kNone && last_relevant_ == at_) end = position_;
    if (position_ + 1 == end) trailing_sign();
    ++position_;
  }
  void from_number(K key) {
    char c = at_ < digits_.size() ? digits_[at_] : '\0';
    if (c == '.') {
      if (!relevant_is_point() || t_.fill) out_ += '.';
    } else if (last_relevant_ != kNone && at_ > last_relevant_ && key != K::kZero) {
      return;
    } else if (is_hidden_zero()) {
      if (!t_.fill)
        out_ += ' ';
      else if (relevant_is_point())
        out_ += '0';
    } else {
      // Past the number's end PostgreSQL writes a zero byte, and so the text ends here.
      if (c != '\0')
        out_ += c;
      else
        ended_ = true;
      in_number_ = true;
    }
  }
  void trailing_sign() {
    if (sign_written_ && brackets_) {
      out_ += sign_ == '+' ? ' ' : '>';
    } else if (t_.has_local_sign && local_sign_ == LocalSign::kAfter) {
      out_ += sign_ == '-' ? '-' : '+';
    }
  }

  void roman(bool lower) {
    std::string s = digits_;
    if (lower) {
      for (char& c : s) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }
    if (t_.fill)
      out_ += s;
    else
      append_format(out_, "{:>15}", s);
  }
  void ordinal(bool lower) {
    if (t_.roman || (!digits_.empty() && digits_[0] == '#') || sign_ == '-' || t_.point) return;
    char last = digits_.empty() ? 'x' : digits_.back();
    if (last < '0' || last > '9') {
      throw SqlError(sqlstate::kInvalidTextRepresentation, fmt::format("\"{}\" is not a number", digits_));
    }
    if (digits_.size() > 1 && digits_[digits_.size() - 2] == '1') last = '0';
    const char* ending = last == '1' ? "st" : last == '2' ? "nd" : last == '3' ? "rd" : "th";
    for (const char* c = ending; *c != '\0'; ++c) out_ += lower ? *c : static_cast<char>(*c - 32);
  }

  const NumberTemplate& t_;
  const std::string& digits_;
  int pad_;
  char sign_;
  std::string& out_;
  int first_zero_ = 0, count_ = 0, position_ = 0;
  bool brackets_ = false, sign_written_ = false, in_number_ = false, ended_ = false;
  LocalSign local_sign_ = LocalSign::kNone;
  size_t last_relevant_ = kNone, at_ = 0;
};

// Blanks in front, or '#' all over if there are more digits than places.
void fit(Digits& d, int before, int after) {
  size_t point = d.text.find('.');
  int length = static_cast<int>(point == std::string::npos ? d.text.size() : point);
  if (length < before) {
    d.pad = before - length;
  } else if (length > before) {
    d.text.assign(static_cast<size_t>(before + after + 1), '#');
    d.text[static_cast<size_t>(before)] = '.';
  }
}

void take_sign(Digits& d) {
  if (d.text.starts_with('-')) {
    d.sign = '-';
    d.text.erase(0, 1);
  }
}

std::string roman_numeral(int32_t v) {
  if (v > 3999 || v < 1) return std::string(15, '#');
  constexpr const char* kOnes[] = {"", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"};
  constexpr const char* kTens[] = {"", "X", "XX", "XXX", "XL", "L", "LX", "LXX", "LXXX", "XC"};
  constexpr const char* kHundreds[] = {"", "C", "CC", "CCC", "CD", "D", "DC", "DCC", "DCCC", "CM"};
  std::string s(static_cast<size_t>(v / 1000), 'M');
  return s + kHundreds[v / 100 % 10] + kTens[v / 10 % 10] + kOnes[v % 10];
}

std::string not_finite_scientific(const NumberTemplate& t) {
  // Room for the sign, the point, "e", the exponent's sign and two digits.
  std::string s(static_cast<size_t>(t.before + t.after + 6), '#');
  s[0] = ' ';
  s[static_cast<size_t>(t.before + 1)] = '.';
  return s;
}

std::string scientific(double v, int after) {
  std::string s(static_cast<size_t>(after) + 32, '\0');
  int n = std::snprintf(s.data(), s.size(), "%+.*e", after, v);
  s.resize(static_cast<size_t>(n));
  if (s[0] == '+') s[0] = ' ';
  return s;
}

// As numeric shows it: the first digit is taken before rounding, so 9.99 may become 10.0e+00.
std::string scientific(const Numeric& v, int after, Arena& arena) {
  if (!v.is_finite()) return "";
  std::string all;
  types::append_numeric(all, types::abs(v, arena));
  size_t point = all.find('.'), whole = point == std::string::npos ? all.size() : point;
  size_t first = all.find_first_not_of("0.");
  int exponent = first == std::string::npos ? 0
                 : first < whole            ? static_cast<int>(whole - first) - 1
                                            : static_cast<int>(whole) - static_cast<int>(first);
  // Shift the point and round there.
  Numeric shifted = v;
  std::string digits = (types::sign_of(v) < 0 ? "-" : "") + all;
  shifted = types::parse_numeric(fmt::format("{}e{}", digits, -exponent), arena);
  std::string s;
  types::append_numeric(s, types::round(shifted, after, arena));
  return fmt::format("{}e{}{:02}", s, exponent < 0 ? '-' : '+', exponent < 0 ? -exponent : exponent);
}

void finish(const NumberTemplate& t, const Digits& digits, std::string& out) { Writer(t, digits, out).run(); }

// With EEEE the number replaces the whole template.
bool append_scientific(const NumberTemplate& t, const Numeric& v, std::string& out, Arena& arena) {
  if (!t.scientific) return false;
  if (!v.is_finite()) {
    out += not_finite_scientific(t);
  } else {
    std::string s = scientific(v, t.after, arena);
    if (!s.starts_with('-')) out += ' ';
    out += s;
  }
  return true;
}

void append_integer(std::string digits, const NumberTemplate& t, std::string& out) {
  Digits d;
  d.text = std::move(digits);
  take_sign(d);
  int before = t.before + t.shift;
  auto length = static_cast<int>(d.text.size());
  if (t.after > 0) {
    d.text += '.';
    d.text.append(static_cast<size_t>(t.after), '0');
  }
  (void)length;
  fit(d, before, t.after);
  if (t.shift == 0) return finish(t, d, out);
  NumberTemplate wider = t;
  wider.before = before;
  finish(wider, d, out);
}

// `significant`: digits the type holds; the fraction is cut to them.
void append_float(double v, int significant, const NumberTemplate& t, std::string& out, double scale) {
  if (t.roman) {
    Digits d;
    d.text = roman_numeral(std::isfinite(v) && std::fabs(v) < 1e9 ? static_cast<int32_t>(std::rint(v)) : 0);
    return finish(t, d, out);
  }
  if (t.scientific) {
    out += std::isfinite(v) ? scientific(v, t.after) : not_finite_scientific(t);
    return;
  }
  NumberTemplate fitted = t;
  if (t.has_shift) fitted.before += t.shift;
  v *= scale;
  auto print = [](double x, int after) {
    if (std::isnan(x)) return std::string("NaN");
    if (std::isinf(x)) return std::string(x < 0 ? "-Infinity" : "Infinity");
    std::string s(static_cast<size_t>(after) + 320, '\0');
    int n = std::snprintf(s.data(), s.size(), "%.*f", after, x);
    s.resize(static_cast<size_t>(n));
    return s;
  };
  auto whole = static_cast<int>(print(std::fabs(v), 0).size());
  if (whole >= significant)
    fitted.after = 0;
  else if (whole + t.after > significant)
    fitted.after = significant - whole;
  Digits d;
  d.text = print(v, fitted.after);
  take_sign(d);
  fit(d, fitted.before, fitted.after);
  finish(fitted, d, out);
}

}  // namespace

void append_formatted(int32_t v, const NumberTemplate& t, std::string& out) {
  if (t.roman) {
    Digits d;
    d.text = roman_numeral(v);
    return finish(t, d, out);
  }
  if (t.scientific) {
    out += scientific(static_cast<double>(v), t.after);
    return;
  }
  if (t.has_shift) {
    double factor = std::pow(10.0, t.shift);
    int32_t shifted = 0;
    if (factor > INT_MAX || __builtin_mul_overflow(v, static_cast<int32_t>(factor), &shifted)) {
      throw SqlError(sqlstate::kNumericValueOutOfRange, "integer out of range");
    }
    v = shifted;
  }
  append_integer(std::to_string(v), t, out);
}

void append_formatted(int64_t v, const NumberTemplate& t, std::string& out, Arena& arena) {
  if (t.roman) {
    if (v > INT_MAX || v < INT_MIN) throw SqlError(sqlstate::kNumericValueOutOfRange, "integer out of range");
    return append_formatted(static_cast<int32_t>(v), t, out);
  }
  if (append_scientific(t, Numeric(v), out, arena)) return;
  if (t.has_shift) {
    double factor = std::pow(10.0, t.shift);
    int64_t shifted = 0;
    if (factor >= 9.3e18 || __builtin_mul_overflow(v, static_cast<int64_t>(factor), &shifted)) {
      throw SqlError(sqlstate::kNumericValueOutOfRange, "bigint out of range");
    }
    v = shifted;
  }
  append_integer(std::to_string(v), t, out);
}

void append_formatted(double v, const NumberTemplate& t, std::string& out) {
  append_float(v, DBL_DIG, t, out, t.has_shift ? std::pow(10.0, t.shift) : 1.0);
}

void append_formatted(float v, const NumberTemplate& t, std::string& out) {
  if (t.has_shift) {
    v = static_cast<float>(v * static_cast<float>(std::pow(10.0, t.shift)));
  }
  append_float(static_cast<double>(v), FLT_DIG, t, out, 1.0);
}

void append_formatted(const Numeric& value, const NumberTemplate& t, std::string& out, Arena& arena) {
  if (t.roman) {
    Digits d;
    d.text = roman_numeral(types::to_int32(types::round(value, 0, arena)));
    return finish(t, d, out);
  }
  if (append_scientific(t, value, out, arena)) return;
  Numeric v = value;
  NumberTemplate wider;
  const NumberTemplate* used = &t;
  if (t.has_shift) {
    v = types::mul(v, types::power(Numeric(int64_t{10}), Numeric(int64_t{t.shift}), arena), arena);
    wider = t;
    wider.before += t.shift;
    used = &wider;
  }
  Digits d;
  types::append_numeric(d.text, types::round(v, t.after, arena));
  take_sign(d);
  fit(d, used->before, used->after);
  finish(*used, d, out);
}

}  // namespace varve::functions
