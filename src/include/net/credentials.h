// Who may log in, and with what secret. The catalog implements it; hba rules and authentication ask it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace varve::net {

struct Credential {
  std::string secret;  // "SCRAM-SHA-256$…", "md5…" or "" for none, as in pg_authid.rolpassword
  bool can_login = true;
  bool superuser = false;
  bool expired = false;  // rolvaliduntil has passed
};

// Thread-safe. Called on a worker thread.
class CredentialStore {
 public:
  virtual ~CredentialStore() = default;
  virtual std::optional<Credential> find(std::string_view user) = 0;
  // Whether `user` is a member, directly or not, of `role`; for "+role" and "samerole" in hba files.
  virtual bool is_member(std::string_view user, std::string_view role) = 0;
};

}  // namespace varve::net
