#include "scram.h"

#include <fmt/format.h>

#include "common/sql_error.h"
#include "crypto.h"

namespace varve::net {
namespace {

[[noreturn]] void malformed(const char* detail) {
  throw SqlError(sqlstate::kProtocolViolation, "malformed SCRAM message").detail(detail);
}

// Takes "x=value" up to the next comma off the front.
std::string_view take_attribute(std::string_view* text, char name) {
  if (text->size() < 2 || (*text)[0] != name || (*text)[1] != '=') {
    malformed("Expected another attribute in the message.");
  }
  size_t comma = text->find(',');
  std::string_view value = text->substr(2, comma == std::string_view::npos ? comma : comma - 2);
  text->remove_prefix(comma == std::string_view::npos ? text->size() : comma + 1);
  return value;
}

bool printable(std::string_view s) {
  for (char c : s) {
    if (c < 0x21 || c > 0x7E || c == ',') return false;
  }
  return !s.empty();
}

}  // namespace

ScramSecret mock_scram_secret(std::string_view user) {
  static const std::string key = random_bytes(32);
  ScramSecret s;
  s.iterations = kScramIterations;
  s.salt = hmac_sha256(key, user).substr(0, 16);
  s.stored_key = s.server_key = std::string(32, '\0');
  return s;
}

std::string ScramExchange::server_first(std::string_view message) {
  std::string_view rest = message;
  if (rest.empty()) malformed("The message is empty.");
  switch (rest[0]) {
    case 'n':
      if (plus_)
        malformed(
            "The client selected SCRAM-SHA-256-PLUS, but the message does not include channel binding data.");
      rest.remove_prefix(1);
      break;
    case 'y':
      if (plus_)
        malformed(
            "The client selected SCRAM-SHA-256-PLUS, but the message does not include channel binding data.");
      // The client could bind and believes we cannot: somebody in between has removed our offer.
      if (!end_point_.empty()) {
        throw SqlError(sqlstate::kInvalidAuthorizationSpecification,
                       "SCRAM channel binding negotiation error")
            .detail(
                "The client supports SCRAM channel binding but thinks the server does not. However, this "
                "server "
                "does support channel binding.");
      }
      rest.remove_prefix(1);
      break;
    case 'p': {
      if (!plus_)
        malformed(
            "The client selected SCRAM-SHA-256 without channel binding, but the message includes channel "
            "binding data.");
      std::string_view type = rest.substr(0, rest.find(','));
      if (type != "p=tls-server-end-point") {
        throw SqlError(sqlstate::kProtocolViolation,
                       fmt::format("unsupported SCRAM channel-binding type \"{}\"",
                                   type.substr(std::min<size_t>(2, type.size()))));
      }
      rest.remove_prefix(type.size());
      break;
    }
    default:
      malformed("Unexpected channel-binding flag.");
  }
  if (!rest.starts_with(",")) malformed("Comma expected.");
  rest.remove_prefix(1);
  if (rest.starts_with("a=")) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   "client uses authorization identity, but it is not supported");
  }
  if (!rest.starts_with(",")) malformed("Unexpected attribute in client-first-message.");
  rest.remove_prefix(1);
  gs2_header_ = message.substr(0, message.size() - rest.size());
  client_first_bare_ = rest;
  if (rest.starts_with("m=")) {
    throw SqlError(sqlstate::kFeatureNotSupported, "client requires an unsupported SCRAM extension");
  }
  take_attribute(&rest, 'n');  // the startup packet's user counts
  std::string_view client_nonce = take_attribute(&rest, 'r');
  if (!printable(client_nonce)) malformed("non-printable characters in SCRAM nonce");
  if (server_nonce_.empty()) server_nonce_ = base64(random_bytes(18));
  nonce_ = std::string(client_nonce) + server_nonce_;
  server_first_ = fmt::format("r={},s={},i={}", nonce_, base64(secret_.salt), secret_.iterations);
  return server_first_;
}

bool ScramExchange::server_final(std::string_view message, std::string* result) {
  std::string_view rest = message;
  std::string_view binding = take_attribute(&rest, 'c');
  std::string expected = gs2_header_ + (plus_ ? end_point_ : std::string());
  if (binding != base64(expected)) {
    if (!plus_) malformed("unexpected SCRAM channel-binding attribute in client-final-message");
    throw SqlError(sqlstate::kInvalidAuthorizationSpecification, "SCRAM channel binding check failed");
  }
  std::string_view nonce = take_attribute(&rest, 'r');
  if (nonce != nonce_) malformed("Nonce does not match.");
  while (!rest.starts_with("p=")) take_attribute(&rest, rest.empty() ? 'p' : rest[0]);  // extensions
  std::string_view without_proof = message.substr(0, message.size() - rest.size() - 1);
  auto proof = from_base64(rest.substr(2));
  if (!proof || proof->size() != 32) malformed("Malformed proof in client-final-message.");

  std::string auth_message = fmt::format("{},{},{}", client_first_bare_, server_first_, without_proof);
  std::string client_key = hmac_sha256(secret_.stored_key, auth_message);
  for (size_t i = 0; i < client_key.size(); ++i)
    client_key[i] = static_cast<char>(client_key[i] ^ (*proof)[i]);
  bool right = equal_secret(sha256(client_key), secret_.stored_key);
  *result = "v=" + base64(hmac_sha256(secret_.server_key, auth_message));
  return right && !doomed_;
}

}  // namespace varve::net
