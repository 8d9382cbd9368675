#include "net/password.h"

#include <charconv>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <unicode/usprep.h>
#include <unicode/ustring.h>

#include "crypto.h"

namespace varve::net {
namespace {

constexpr std::string_view kScramPrefix = "SCRAM-SHA-256$";

std::string saslprep(std::string_view password) {
  UErrorCode error = U_ZERO_ERROR;
  std::u16string wide(password.size() + 1, u'\0');
  int32_t n = 0;
  u_strFromUTF8(wide.data(), static_cast<int32_t>(wide.size()), &n, password.data(),
                static_cast<int32_t>(password.size()), &error);
  UStringPrepProfile* profile = usprep_openByType(USPREP_RFC4013_SASLPREP, &error);
  if (U_FAILURE(error)) return std::string(password);
  std::u16string prepared(static_cast<size_t>(n) * 18 + 16,
                          u'\0');  // compatibility forms grow up to 18 times
  int32_t m = usprep_prepare(profile, wide.data(), n, prepared.data(), static_cast<int32_t>(prepared.size()),
                             USPREP_DEFAULT, nullptr, &error);
  usprep_close(profile);
  std::string result(static_cast<size_t>(U_SUCCESS(error) ? m : 0) * 3 + 1, '\0');
  int32_t size = 0;
  u_strToUTF8(result.data(), static_cast<int32_t>(result.size()), &size, prepared.data(), m, &error);
  // Prohibited characters: PostgreSQL, too, then takes the password as it is.
  if (U_FAILURE(error) || size == 0) return std::string(password);
  result.resize(static_cast<size_t>(size));
  return result;
}

}  // namespace

std::string ScramSecret::text() const {
  return fmt::format("{}{}:{}${}:{}", kScramPrefix, iterations, base64(salt), base64(stored_key),
                     base64(server_key));
}

std::optional<ScramSecret> ScramSecret::parse(std::string_view text) {
  if (!text.starts_with(kScramPrefix)) return std::nullopt;
  text.remove_prefix(kScramPrefix.size());
  ScramSecret s;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), s.iterations);
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (error != std::errc() || s.iterations < 1 || s.iterations > kScramMaxIterations ||
      !text.starts_with(':')) {
    return std::nullopt;
  }
  size_t dollar = text.find('$');
  size_t colon = text.find(':', dollar);
  if (dollar == std::string_view::npos || colon == std::string_view::npos) return std::nullopt;
  auto salt = from_base64(text.substr(1, dollar - 1));
  auto stored = from_base64(text.substr(dollar + 1, colon - dollar - 1));
  auto server = from_base64(text.substr(colon + 1));
  if (!salt || !stored || !server || salt->empty() || stored->size() != 32 || server->size() != 32) {
    return std::nullopt;
  }
  s.salt = std::move(*salt);
  s.stored_key = std::move(*stored);
  s.server_key = std::move(*server);
  return s;
}

ScramSecret ScramSecret::build(std::string_view password, std::string_view salt, int iterations) {
  std::string prepared = saslprep(password);
  unsigned char salted[32] = {};
  PKCS5_PBKDF2_HMAC(prepared.data(), static_cast<int>(prepared.size()),
                    reinterpret_cast<const unsigned char*>(salt.data()), static_cast<int>(salt.size()),
                    iterations, EVP_sha256(), sizeof(salted), salted);
  std::string_view key(reinterpret_cast<char*>(salted), sizeof(salted));
  ScramSecret s;
  s.iterations = iterations;
  s.salt = salt;
  s.stored_key = sha256(hmac_sha256(key, "Client Key"));
  s.server_key = hmac_sha256(key, "Server Key");
  return s;
}

std::string make_scram_secret(std::string_view password) {
  return ScramSecret::build(password, random_bytes(16)).text();
}

std::string make_md5_secret(std::string_view password, std::string_view user) {
  return "md5" + md5_hex(std::string(password) + std::string(user));
}

bool is_md5_secret(std::string_view secret) {
  return secret.size() == 35 && secret.starts_with("md5") &&
         secret.find_first_not_of("0123456789abcdef", 3) == std::string_view::npos;
}

bool password_matches(std::string_view password, std::string_view user, std::string_view secret) {
  if (is_md5_secret(secret)) return equal_secret(make_md5_secret(password, user), secret);
  auto scram = ScramSecret::parse(secret);
  if (!scram) return false;
  return equal_secret(ScramSecret::build(password, scram->salt, scram->iterations).server_key,
                      scram->server_key);
}

}  // namespace varve::net
