#include <algorithm>
#include <cstring>

#include "common/sql_error.h"
#include "number_format.h"
#include "types/utf8.h"

namespace varve::functions {

namespace {

using K = NumberKey;

struct Word {
  std::string_view text;
  K key;
};
constexpr Word kWords[] = {
    {",", K::kComma},     {".", K::kPoint},        {"0", K::kZero},          {"9", K::kNine},
    {"B", K::kBlank},     {"C", K::kCurrencyCode}, {"D", K::kLocalPoint},    {"EEEE", K::kScientific},
    {"FM", K::kFillMode}, {"G", K::kGroup},        {"L", K::kCurrency},      {"MI", K::kMinus},
    {"PL", K::kPlus},     {"PR", K::kBrackets},    {"RN", K::kRoman},        {"SG", K::kBothSigns},
    {"SP", K::kSpell},    {"S", K::kSign},         {"TH", K::kOrdinal},      {"V", K::kShift},
    {"b", K::kBlank},     {"c", K::kCurrencyCode}, {"d", K::kLocalPoint},    {"eeee", K::kScientific},
    {"fm", K::kFillMode}, {"g", K::kGroup},        {"l", K::kCurrency},      {"mi", K::kMinus},
    {"pl", K::kPlus},     {"pr", K::kBrackets},    {"rn", K::kLowerRoman},   {"sg", K::kBothSigns},
    {"sp", K::kSpell},    {"s", K::kSign},         {"th", K::kLowerOrdinal}, {"v", K::kShift},
};

[[noreturn]] void refuse(std::string message) { throw SqlError(sqlstate::kSyntaxError, std::move(message)); }

void note_digit(NumberTemplate& t, bool zero) {
  if (t.brackets) refuse(zero ? "\"0\" must be ahead of \"PR\"" : "\"9\" must be ahead of \"PR\"");
  if (!zero && t.has_shift) {
    ++t.shift;
    return;
  }
  if (zero && !t.zero && !t.point) {
    t.zero = true;
    t.first_zero = t.before + 1;
  }
  ++(t.point ? t.after : t.before);
  if (zero) t.last_zero = t.before + t.after;
}

void note_sign(NumberTemplate& t) {
  if (t.has_local_sign) refuse("cannot use \"S\" twice");
  if (t.plus || t.minus || t.brackets) refuse("cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together");
  t.has_local_sign = true;
  if (t.point) {
    t.local_sign = NumberTemplate::LocalSign::kAfter;
  } else {
    t.local_sign = NumberTemplate::LocalSign::kBefore;
    t.digits_before_sign = t.before;
  }
}

void note_point(NumberTemplate& t) {
  if (t.point) refuse("multiple decimal points");
  if (t.has_shift) refuse("cannot use \"V\" and decimal point together");
  t.point = true;
}

// What a field says about the whole template.
void note(NumberTemplate& t, K key) {
  if (t.scientific && key != K::kScientific) refuse("\"EEEE\" must be the last pattern used");
  switch (key) {
    case K::kNine:
    case K::kZero:
      return note_digit(t, key == K::kZero);
    case K::kBlank:
      if (t.before == 0 && t.after == 0 && !t.zero) t.blank = true;
      return;
    case K::kPoint:
    case K::kLocalPoint:
      return note_point(t);
    case K::kFillMode:
      t.fill = true;
      return;
    case K::kSign:
      return note_sign(t);
    case K::kMinus:
      if (t.has_local_sign) refuse("cannot use \"S\" and \"MI\" together");
      t.minus = true;
      return;
    case K::kPlus:
      if (t.has_local_sign) refuse("cannot use \"S\" and \"PL\" together");
      t.plus = true;
      return;
    case K::kBothSigns:
      if (t.has_local_sign) refuse("cannot use \"S\" and \"SG\" together");
      t.minus = t.plus = true;
      return;
    case K::kBrackets:
      if (t.has_local_sign || t.plus || t.minus) {
        refuse("cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together");
      }
      t.brackets = true;
      return;
    case K::kRoman:
    case K::kLowerRoman:
      t.roman = true;
      return;
    case K::kShift:
      if (t.point) refuse("cannot use \"V\" and decimal point together");
      t.has_shift = true;
      return;
    case K::kScientific:
      if (t.scientific) refuse("cannot use \"EEEE\" twice");
      if (t.blank || t.fill || t.has_local_sign || t.brackets || t.minus || t.plus || t.roman ||
          t.has_shift) {
        throw SqlError(sqlstate::kSyntaxError, "\"EEEE\" is incompatible with other formats")
            .detail("\"EEEE\" may only be used together with digit and decimal point patterns.");
      }
      t.scientific = true;
      return;
    default:
      return;
  }
}

std::string_view take_character(std::string_view& rest) {
  std::string_view c = rest.substr(0, types::utf8_char_bytes(rest[0]));
  rest.remove_prefix(c.size());
  return c;
}

void add_character(NumberTemplate& t, std::string_view bytes) {
  NumberNode node{K::kCharacter};
  node.size = static_cast<uint8_t>(std::min<size_t>(4, bytes.size()));
  std::memcpy(node.bytes, bytes.data(), node.size);
  t.nodes.push_back(node);
}

void add_quoted(NumberTemplate& t, std::string_view& rest) {
  rest.remove_prefix(1);
  while (!rest.empty()) {
    if (rest[0] == '"') {
      rest.remove_prefix(1);
      return;
    }
    if (rest[0] == '\\' && rest.size() > 1) rest.remove_prefix(1);
    add_character(t, take_character(rest));
  }
}

}  // namespace

void parse_number_template(std::string_view rest, NumberTemplate& out) {
  out = NumberTemplate();
  while (!rest.empty()) {
    auto word = std::find_if(std::begin(kWords), std::end(kWords),
                             [&](const Word& w) { return rest.starts_with(w.text); });
    if (word != std::end(kWords)) {
      out.nodes.push_back({word->key});
      rest.remove_prefix(word->text.size());
      note(out, word->key);
    } else if (rest[0] == '"') {
      add_quoted(out, rest);
    } else {
      if (rest.starts_with("\\\"")) rest.remove_prefix(1);
      add_character(out, take_character(rest));
    }
  }
}

}  // namespace varve::functions
