// Password secrets as pg_authid.rolpassword holds them.
//
//   SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>     (salt and keys in base64; RFC 5803)
//   md5<32 hex digits of md5(password || user name)>
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace varve::net {

inline constexpr int kScramIterations = 4096;
inline constexpr int kScramMaxIterations = 1 << 24;  // more is refused as a denial of service

struct ScramSecret {
  int iterations = 0;
  std::string salt, stored_key, server_key;  // raw bytes

  std::string text() const;
  static std::optional<ScramSecret> parse(std::string_view text);
  // From a password, prepared by SASLprep where it is valid UTF-8 (RFC 4013), taken as it is otherwise.
  static ScramSecret build(std::string_view password, std::string_view salt,
                           int iterations = kScramIterations);
};

// With a fresh random salt.
std::string make_scram_secret(std::string_view password);
std::string make_md5_secret(std::string_view password, std::string_view user);
bool is_md5_secret(std::string_view secret);
// Whether the password fits the secret, of either kind.
bool password_matches(std::string_view password, std::string_view user, std::string_view secret);

}  // namespace varve::net
