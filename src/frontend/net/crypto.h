// Digests and encodings of the authentication methods, over OpenSSL.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace varve::net {

std::string sha256(std::string_view data);
std::string hmac_sha256(std::string_view key, std::string_view data);
std::string md5_hex(std::string_view data);
std::string base64(std::string_view data);
// Strict: no white space, correct padding.
std::optional<std::string> from_base64(std::string_view text);
std::string random_bytes(size_t n);
// In time that does not depend on where they differ.
bool equal_secret(std::string_view a, std::string_view b);

}  // namespace varve::net
