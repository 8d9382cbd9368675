#include "date_template.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

#include "common/sql_error.h"
#include "types/utf8.h"

namespace varve::functions {

namespace {

using K = DateKey;
using L = LetterCase;
using C = DateConvention;

// A word is tried before its own beginnings.
constexpr DateWord kWords[] = {
    {"A.D.", K::kEraDots, L::kUpper, false, C::kNone},
    {"A.M.", K::kMeridianDots, L::kUpper, false, C::kNone},
    {"AD", K::kEra, L::kUpper, false, C::kNone},
    {"AM", K::kMeridian, L::kUpper, false, C::kNone},
    {"B.C.", K::kEraDots, L::kUpper, false, C::kNone},
    {"BC", K::kEra, L::kUpper, false, C::kNone},
    {"CC", K::kCentury, L::kUpper, true, C::kNone},
    {"DAY", K::kDayName, L::kUpper, false, C::kNone},
    {"DDD", K::kDayOfYear, L::kUpper, true, C::kGregorian},
    {"DD", K::kDay, L::kUpper, true, C::kGregorian},
    {"DY", K::kDayShort, L::kUpper, false, C::kNone},
    {"Day", K::kDayName, L::kTitle, false, C::kNone},
    {"Dy", K::kDayShort, L::kTitle, false, C::kNone},
    {"D", K::kDayOfWeek, L::kUpper, true, C::kGregorian},
    {"FF1", K::kFraction, L::kUpper, true, C::kNone, 1},
    {"FF2", K::kFraction, L::kUpper, true, C::kNone, 2},
    {"FF3", K::kFraction, L::kUpper, true, C::kNone, 3},
    {"FF4", K::kFraction, L::kUpper, true, C::kNone, 4},
    {"FF5", K::kFraction, L::kUpper, true, C::kNone, 5},
    {"FF6", K::kFraction, L::kUpper, true, C::kNone, 6},
    {"FX", K::kExact, L::kUpper, false, C::kNone},
    {"HH24", K::kHour24, L::kUpper, true, C::kNone},
    {"HH12", K::kHour12, L::kUpper, true, C::kNone},
    {"HH", K::kHour12, L::kUpper, true, C::kNone},
    {"IDDD", K::kIsoDayOfYear, L::kUpper, true, C::kIsoWeek},
    {"ID", K::kIsoDayOfWeek, L::kUpper, true, C::kIsoWeek},
    {"IW", K::kIsoWeek, L::kUpper, true, C::kIsoWeek},
    {"IYYY", K::kIsoYear4, L::kUpper, true, C::kIsoWeek},
    {"IYY", K::kIsoYear3, L::kUpper, true, C::kIsoWeek},
    {"IY", K::kIsoYear2, L::kUpper, true, C::kIsoWeek},
    {"I", K::kIsoYear1, L::kUpper, true, C::kIsoWeek},
    {"J", K::kJulian, L::kUpper, true, C::kNone},
    {"MI", K::kMinute, L::kUpper, true, C::kNone},
    {"MM", K::kMonth, L::kUpper, true, C::kGregorian},
    {"MONTH", K::kMonthName, L::kUpper, false, C::kGregorian},
    {"MON", K::kMonthShort, L::kUpper, false, C::kGregorian},
    {"MS", K::kMs, L::kUpper, true, C::kNone},
    {"Month", K::kMonthName, L::kTitle, false, C::kGregorian},
    {"Mon", K::kMonthShort, L::kTitle, false, C::kGregorian},
    {"OF", K::kOffset, L::kUpper, false, C::kNone},
    {"P.M.", K::kMeridianDots, L::kUpper, false, C::kNone},
    {"PM", K::kMeridian, L::kUpper, false, C::kNone},
    {"Q", K::kQuarter, L::kUpper, true, C::kNone},
    {"RM", K::kRoman, L::kUpper, false, C::kGregorian},
    {"SSSSS", K::kSecondOfDay, L::kUpper, true, C::kNone},
    {"SSSS", K::kSecondOfDay, L::kUpper, true, C::kNone},
    {"SS", K::kSecond, L::kUpper, true, C::kNone},
    {"TZH", K::kZoneHour, L::kUpper, false, C::kNone},
    {"TZM", K::kZoneMinute, L::kUpper, true, C::kNone},
    {"TZ", K::kZone, L::kUpper, false, C::kNone},
    {"US", K::kUs, L::kUpper, true, C::kNone},
    {"WW", K::kWeekOfYear, L::kUpper, true, C::kGregorian},
    {"W", K::kWeekOfMonth, L::kUpper, true, C::kGregorian},
    {"Y,YYY", K::kYearComma, L::kUpper, true, C::kGregorian},
    {"YYYY", K::kYear4, L::kUpper, true, C::kGregorian},
    {"YYY", K::kYear3, L::kUpper, true, C::kGregorian},
    {"YY", K::kYear2, L::kUpper, true, C::kGregorian},
    {"Y", K::kYear1, L::kUpper, true, C::kGregorian},
    {"a.d.", K::kEraDots, L::kLower, false, C::kNone},
    {"a.m.", K::kMeridianDots, L::kLower, false, C::kNone},
    {"ad", K::kEra, L::kLower, false, C::kNone},
    {"am", K::kMeridian, L::kLower, false, C::kNone},
    {"b.c.", K::kEraDots, L::kLower, false, C::kNone},
    {"bc", K::kEra, L::kLower, false, C::kNone},
    {"cc", K::kCentury, L::kLower, true, C::kNone},
    {"day", K::kDayName, L::kLower, false, C::kNone},
    {"ddd", K::kDayOfYear, L::kLower, true, C::kGregorian},
    {"dd", K::kDay, L::kLower, true, C::kGregorian},
    {"dy", K::kDayShort, L::kLower, false, C::kNone},
    {"d", K::kDayOfWeek, L::kLower, true, C::kGregorian},
    {"ff1", K::kFraction, L::kLower, true, C::kNone, 1},
    {"ff2", K::kFraction, L::kLower, true, C::kNone, 2},
    {"ff3", K::kFraction, L::kLower, true, C::kNone, 3},
    {"ff4", K::kFraction, L::kLower, true, C::kNone, 4},
    {"ff5", K::kFraction, L::kLower, true, C::kNone, 5},
    {"ff6", K::kFraction, L::kLower, true, C::kNone, 6},
    {"fx", K::kExact, L::kLower, false, C::kNone},
    {"hh24", K::kHour24, L::kLower, true, C::kNone},
    {"hh12", K::kHour12, L::kLower, true, C::kNone},
    {"hh", K::kHour12, L::kLower, true, C::kNone},
    {"iddd", K::kIsoDayOfYear, L::kLower, true, C::kIsoWeek},
    {"id", K::kIsoDayOfWeek, L::kLower, true, C::kIsoWeek},
    {"iw", K::kIsoWeek, L::kLower, true, C::kIsoWeek},
    {"iyyy", K::kIsoYear4, L::kLower, true, C::kIsoWeek},
    {"iyy", K::kIsoYear3, L::kLower, true, C::kIsoWeek},
    {"iy", K::kIsoYear2, L::kLower, true, C::kIsoWeek},
    {"i", K::kIsoYear1, L::kLower, true, C::kIsoWeek},
    {"j", K::kJulian, L::kLower, true, C::kNone},
    {"mi", K::kMinute, L::kLower, true, C::kNone},
    {"mm", K::kMonth, L::kLower, true, C::kGregorian},
    {"month", K::kMonthName, L::kLower, false, C::kGregorian},
    {"mon", K::kMonthShort, L::kLower, false, C::kGregorian},
    {"ms", K::kMs, L::kLower, true, C::kNone},
    {"of", K::kOffset, L::kLower, false, C::kNone},
    {"p.m.", K::kMeridianDots, L::kLower, false, C::kNone},
    {"pm", K::kMeridian, L::kLower, false, C::kNone},
    {"q", K::kQuarter, L::kLower, true, C::kNone},
    {"rm", K::kRoman, L::kLower, false, C::kGregorian},
    {"sssss", K::kSecondOfDay, L::kLower, true, C::kNone},
    {"ssss", K::kSecondOfDay, L::kLower, true, C::kNone},
    {"ss", K::kSecond, L::kLower, true, C::kNone},
    {"tzh", K::kZoneHour, L::kLower, false, C::kNone},
    {"tzm", K::kZoneMinute, L::kLower, true, C::kNone},
    {"tz", K::kZone, L::kLower, false, C::kNone},
    {"us", K::kUs, L::kLower, true, C::kNone},
    {"ww", K::kWeekOfYear, L::kLower, true, C::kGregorian},
    {"w", K::kWeekOfMonth, L::kLower, true, C::kGregorian},
    {"y,yyy", K::kYearComma, L::kLower, true, C::kGregorian},
    {"yyyy", K::kYear4, L::kLower, true, C::kGregorian},
    {"yyy", K::kYear3, L::kLower, true, C::kGregorian},
    {"yy", K::kYear2, L::kLower, true, C::kGregorian},
    {"y", K::kYear1, L::kLower, true, C::kGregorian},
};

const DateWord* find_word(std::string_view text) {
  // Capitals come first in the table, so that the first letter says where to start.
  for (const DateWord& w : kWords) {
    if (w.text[0] == text[0] && text.starts_with(w.text)) return &w;
  }
  return nullptr;
}

DateNode character_node(DateNode::Kind kind, std::string_view bytes) {
  DateNode node;
  node.kind = kind;
  node.size = static_cast<uint8_t>(std::min<size_t>(bytes.size(), 4));
  std::memcpy(node.bytes, bytes.data(), node.size);
  return node;
}

class Parser {
 public:
  Parser(std::string_view text, bool standard, std::vector<DateNode>& out)
      : rest_(text), standard_(standard), out_(out) {}

  void run() {
    while (!rest_.empty()) {
      DateNode field;
      field.kind = DateNode::Kind::kField;
      prefix(field);
      if (rest_.empty()) break;
      field.word = find_word(rest_);
      if (field.word != nullptr) {
        rest_.remove_prefix(field.word->text.size());
        postfix(field);
        out_.push_back(field);
      } else if (standard_ && rest_[0] != '"') {
        standard_separator();
      } else if (rest_[0] == '"') {
        quoted();
      } else {
        plain();
      }
    }
  }

 private:
  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  // One modifier at most, even if no field follows.
  void prefix(DateNode& field) {
    if (take("FM") || take("fm"))
      field.fill_mode = true;
    else if (take("TM") || take("tm"))
      field.localized = true;
  }
  void postfix(DateNode& field) {
    if (take("TH"))
      field.ordinal = DateNode::Ordinal::kUpper;
    else if (take("th"))
      field.ordinal = DateNode::Ordinal::kLower;
    else
      take("SP");  // known, without a meaning
  }
  std::string_view take_character() {
    std::string_view c = rest_.substr(0, types::utf8_char_bytes(rest_[0]));
    rest_.remove_prefix(c.size());
    return c;
  }
  void standard_separator() {
    if (std::string_view("-./,':; ").find(rest_[0]) == std::string_view::npos) {
      throw SqlError(sqlstate::kInvalidDatetimeFormat,
                     fmt::format("invalid datetime format separator: \"{}\"", take_character()));
    }
    bool space = rest_[0] == ' ';
    out_.push_back(
        character_node(space ? DateNode::Kind::kSpace : DateNode::Kind::kSeparator, take_character()));
  }
  void quoted() {
    rest_.remove_prefix(1);
    while (!rest_.empty()) {
      if (rest_[0] == '"') {
        rest_.remove_prefix(1);
        break;
      }
      if (rest_[0] == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      out_.push_back(character_node(DateNode::Kind::kCharacter, take_character()));
    }
  }
  void plain() {
    if (rest_.starts_with("\\\"")) rest_.remove_prefix(1);
    DateNode::Kind kind = is_template_separator(rest_[0]) ? DateNode::Kind::kSeparator
                          : is_template_space(rest_[0])   ? DateNode::Kind::kSpace
                                                          : DateNode::Kind::kCharacter;
    out_.push_back(character_node(kind, take_character()));
  }

  std::string_view rest_;
  bool standard_;
  std::vector<DateNode>& out_;
};

}  // namespace

bool is_template_separator(char c) {
  return c > 0x20 && c < 0x7F && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') &&
         !(c >= '0' && c <= '9');
}

void parse_date_template(std::string_view text, bool standard, DateTemplate& out) {
  out.nodes.clear();
  Parser(text, standard, out.nodes).run();
}

}  // namespace varve::functions
