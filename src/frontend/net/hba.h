// Host-based authentication: which clients may connect as whom, and how they prove it. The file's syntax is
// PostgreSQL's pg_hba.conf.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/status.h"
#include "net/credentials.h"
#include "net/session_handler.h"

namespace varve::net {

enum class AuthMethod : uint8_t { kTrust, kReject, kPassword, kMd5, kScram, kCert };

struct HbaRule {
  enum class Type : uint8_t { kLocal, kHost, kHostSsl, kHostNoSsl };
  enum class Address : uint8_t { kNone, kAll, kSameHost, kSameNet, kNetwork };

  // A name in a list; quoted names have no special meaning.
  struct Name {
    std::string text;
    bool quoted = false;
  };

  Type type = Type::kLocal;
  std::vector<Name> databases, users;
  Address address = Address::kNone;
  int family = 0;  // AF_INET or AF_INET6 of kNetwork
  unsigned char network[16] = {}, mask[16] = {};
  AuthMethod method = AuthMethod::kReject;
  bool verify_client_cert = false;  // option clientcert=verify-full, implied by cert
  int line = 0;
};

class HbaRules {
 public:
  // kInvalid with the line and PostgreSQL's message if anything is wrong; methods we have not are refused.
  static Result<HbaRules> parse(std::string_view text, std::string_view file_name);

  // The first rule that fits, or null.
  const HbaRule* match(const StartupInfo& client, CredentialStore& credentials) const;
  size_t size() const { return rules_.size(); }

 private:
  std::vector<HbaRule> rules_;
};

// "no pg_hba.conf entry for host …" and "pg_hba.conf rejects connection for host …".
SqlError hba_error(const StartupInfo& client, bool rejected);

}  // namespace varve::net
