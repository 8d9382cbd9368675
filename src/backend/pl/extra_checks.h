// plpgsql.extra_warnings and plpgsql.extra_errors: what PL/pgSQL looks at beyond what it must. Private to the
// module.
#pragma once

#include <cstdint>
#include <string_view>

namespace varve::pl {

class Host;

enum class ExtraCheck : uint8_t { kShadowedVariables = 1, kTooManyRows = 2, kStrictMultiAssignment = 4 };
enum class CheckLevel : uint8_t { kNone, kWarning, kError };

// The two settings as they are; read again when any setting has changed.
class ExtraChecks {
 public:
  explicit ExtraChecks(Host& host) : host_(host) {}
  CheckLevel level(ExtraCheck check);

 private:
  Host& host_;
  uint64_t generation_ = UINT64_MAX;
  uint8_t warnings_ = 0, errors_ = 0;
};

// "all", "none" or a list of names; names that are not known mean nothing.
uint8_t extra_checks_of(std::string_view text);

}  // namespace varve::pl
