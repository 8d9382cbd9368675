// The server's side of one SCRAM-SHA-256 exchange (RFC 5802, RFC 7677), without the transport around it.
#pragma once

#include <string>
#include <string_view>

#include "net/password.h"

namespace varve::net {

class ScramExchange {
 public:
  // `doomed`: there is no such user or secret; `secret` is made up and the proof is refused at the end, so
  // that a client cannot tell. `end_point` is the tls-server-end-point data, empty if channel binding is not
  // on offer.
  ScramExchange(ScramSecret secret, bool doomed, std::string end_point, bool plus)
      : secret_(std::move(secret)), doomed_(doomed), end_point_(std::move(end_point)), plus_(plus) {}

  // Fixes the server's part of the nonce; RFC test vectors only.
  void set_nonce(std::string nonce) { server_nonce_ = std::move(nonce); }

  // Throw SqlError 08P01 for malformed messages, 0A000 for what we have not.
  std::string server_first(std::string_view client_first);
  // False: the proof is wrong. On success *server_final is the last message.
  bool server_final(std::string_view client_final, std::string* server_final);

 private:
  ScramSecret secret_;
  bool doomed_;
  std::string end_point_;
  bool plus_;
  std::string server_nonce_;
  std::string gs2_header_;
  std::string client_first_bare_;
  std::string server_first_;
  std::string nonce_;
};

// The same salt every time for the same unknown user, so that asking twice reveals nothing.
ScramSecret mock_scram_secret(std::string_view user);

}  // namespace varve::net
