#include <string>

#include "common/sql_error.h"
#include "number_format.h"
#include "types/utf8.h"

namespace varve::functions {

namespace {

using K = NumberKey;
using LocalSign = NumberTemplate::LocalSign;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes the characters of the text that belong to the number, field by field of the template.
class Reader {
 public:
  Reader(std::string_view text, const NumberTemplate& t) : text_(text), t_(t) {}

  std::string run() {
    for (const NumberNode& node : t_.nodes) {
      if (at_end()) break;
      field(node);
    }
    if (!digits_.empty() && digits_.back() == '.') digits_.pop_back();
    return std::string(1, sign_) + digits_;
  }
  int after() const { return after_; }

 private:
  bool at_end() const { return at_ >= text_.size(); }
  void skip_character() {
    if (!at_end()) at_ += types::utf8_char_bytes(text_[at_]);
  }
  // Steps over what stands for a decoration of the template, but not over what may belong to the number.
  void skip_decoration(int characters) {
    while (characters-- > 0 && !at_end() &&
           std::string_view("0123456789.,+-").find(text_[at_]) == std::string_view::npos) {
      skip_character();
    }
  }
  void sign_field(bool plus, bool minus) {
    char c = text_[at_];
    if ((plus && c == '+') || (minus && c == '-')) {
      sign_ = c;
      ++at_;
    } else {
      skip_decoration(1);
    }
  }

  void field(const NumberNode& node) {
    switch (node.key) {
      case K::kNine:
      case K::kZero:
      case K::kPoint:
      case K::kLocalPoint:
        digit(node.key);
        ++at_;
        return;
      case K::kComma:
      case K::kGroup:
        if (t_.fill) return;
        if (text_[at_] == ',') ++at_;
        return;
      case K::kCurrency:
        skip_decoration(1);
        return;
      case K::kOrdinal:
      case K::kLowerOrdinal:
        if (sign_ == '-' || t_.point) return;
        skip_decoration(2);
        return;
      case K::kMinus:
        sign_field(false, true);
        return;
      case K::kPlus:
        sign_field(true, false);
        return;
      case K::kBothSigns:
        sign_field(true, true);
        return;
      case K::kCharacter:
        skip_character();
        return;
      default:
        return;
    }
  }

  void leading_sign() {
    char c = text_[at_];
    if (t_.has_local_sign && t_.local_sign == LocalSign::kBefore) {
      if (c == '-' || c == '+') {
        sign_ = c;
        ++at_;
      }
    } else if (c == '-' || (t_.brackets && c == '<')) {
      sign_ = '-';
      ++at_;
    } else if (c == '+') {
      sign_ = '+';
      ++at_;
    }
  }

  // Leaves at_ on the last character it took.
  void digit(K key) {
    if (text_[at_] == ' ') ++at_;
    if (at_end()) return;
    if (sign_ == ' ' && (key == K::kZero || key == K::kNine) && before_ + after_ == 0) leading_sign();
    if (at_end()) return;
    bool taken = false;
    if (is_digit(text_[at_])) {
      if (point_seen_ && after_ == t_.after) return;
      digits_ += text_[at_];
      ++(point_seen_ ? after_ : before_);
      taken = true;
    } else if (t_.point && !point_seen_ && text_[at_] == '.') {
      digits_ += '.';
      point_seen_ = taken = true;
    }
    if (sign_ == ' ' && before_ + after_ > 0) trailing_sign(taken);
  }
  void trailing_sign(bool taken) {
    if (t_.has_local_sign && taken && at_ + 1 < text_.size() && !is_digit(text_[at_ + 1])) {
      char c = text_[at_ + 1];
      if (c == '-' || c == '+') {
        ++at_;
        sign_ = c;
      }
    } else if (!taken && !t_.has_local_sign && (t_.plus || t_.minus)) {
      if (text_[at_] == '-' || text_[at_] == '+') sign_ = text_[at_];
    }
  }

  std::string_view text_;
  const NumberTemplate& t_;
  size_t at_ = 0;
  char sign_ = ' ';
  std::string digits_;
  int before_ = 0, after_ = 0;
  bool point_seen_ = false;
};

}  // namespace

types::Numeric read_number(std::string_view text, const NumberTemplate& t, Arena& arena) {
  if (t.scientific) throw SqlError(sqlstate::kFeatureNotSupported, "\"EEEE\" not supported for input");
  if (t.roman) throw SqlError(sqlstate::kFeatureNotSupported, "\"RN\" not supported for input");
  Reader reader(text, t);
  std::string number = reader.run();
  int scale = reader.after(), precision = t.before + t.shift + scale;
  types::Numeric v = types::parse_numeric(number, arena);
  v = types::apply_numeric_typmod(v, types::make_numeric_typmod(precision, scale), arena);
  if (!t.has_shift) return v;
  types::Numeric factor = types::power(types::Numeric(int64_t{10}), types::Numeric(int64_t{-t.shift}), arena);
  return types::mul(v, factor, arena);
}

}  // namespace varve::functions
