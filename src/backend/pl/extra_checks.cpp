#include "extra_checks.h"

#include "pl/host.h"

namespace varve::pl {

uint8_t extra_checks_of(std::string_view text) {
  uint8_t checks = 0;
  while (!text.empty()) {
    size_t comma = text.find(',');
    std::string_view word = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    size_t first = word.find_first_not_of(" \t\""), last = word.find_last_not_of(" \t\"");
    if (first == std::string_view::npos) continue;
    word = word.substr(first, last - first + 1);
    if (word == "all") return 7;
    if (word == "shadowed_variables") checks |= static_cast<uint8_t>(ExtraCheck::kShadowedVariables);
    if (word == "too_many_rows") checks |= static_cast<uint8_t>(ExtraCheck::kTooManyRows);
    if (word == "strict_multi_assignment") checks |= static_cast<uint8_t>(ExtraCheck::kStrictMultiAssignment);
  }
  return checks;
}

CheckLevel ExtraChecks::level(ExtraCheck check) {
  if (uint64_t now = host_.settings_generation(); now != generation_) {
    generation_ = now;
    warnings_ = extra_checks_of(host_.setting("plpgsql.extra_warnings"));
    errors_ = extra_checks_of(host_.setting("plpgsql.extra_errors"));
  }
  auto bit = static_cast<uint8_t>(check);
  if ((errors_ & bit) != 0) return CheckLevel::kError;
  return (warnings_ & bit) != 0 ? CheckLevel::kWarning : CheckLevel::kNone;
}

}  // namespace varve::pl
