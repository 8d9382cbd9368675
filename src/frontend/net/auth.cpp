#include "auth.h"

#include <fmt/format.h>

#include "common/bytes.h"
#include "crypto.h"
#include "net/password.h"
#include "scram.h"

namespace varve::net {
namespace {

// Codes of AuthenticationRequest messages.
constexpr int32_t kAuthCleartext = 3;
constexpr int32_t kAuthMd5 = 5;
constexpr int32_t kAuthSasl = 10;
constexpr int32_t kAuthSaslContinue = 11;
constexpr int32_t kAuthSaslFinal = 12;

[[noreturn]] void password_failed(const std::string& user) {
  throw SqlError(sqlstate::kInvalidPassword,
                 fmt::format("password authentication failed for user \"{}\"", user));
}

// The stored secret, or "" if there is none that may be used.
std::string usable_secret(CredentialStore& credentials, const std::string& user) {
  auto credential = credentials.find(user);
  return credential && !credential->expired ? credential->secret : std::string();
}

// A password message: one string, its zero included.
std::string_view password_of(std::string_view message) {
  ByteReader r(message);
  std::string_view password = r.c_string();
  if (!r.ok() || r.remaining() != 0)
    throw SqlError(sqlstate::kProtocolViolation, "invalid password packet size");
  if (password.empty()) throw SqlError(sqlstate::kInvalidPassword, "empty password returned by client");
  return password;
}

class NoQuestions final : public Authenticator {
 public:
  Step begin(Output&) override { return Step::kDone; }
  Step reply(std::string_view, Output&) override { return Step::kDone; }
};

class CleartextPassword final : public Authenticator {
 public:
  CleartextPassword(std::string user, std::string secret)
      : user_(std::move(user)), secret_(std::move(secret)) {}
  Step begin(Output& out) override {
    out.authentication(kAuthCleartext);
    return Step::kNeedReply;
  }
  Step reply(std::string_view message, Output&) override {
    if (!password_matches(password_of(message), user_, secret_)) password_failed(user_);
    return Step::kDone;
  }

 private:
  std::string user_, secret_;
};

class Md5Password final : public Authenticator {
 public:
  Md5Password(std::string user, std::string secret)
      : user_(std::move(user)), secret_(std::move(secret)), salt_(random_bytes(4)) {}
  Step begin(Output& out) override {
    out.authentication(kAuthMd5, salt_);
    return Step::kNeedReply;
  }
  Step reply(std::string_view message, Output&) override {
    std::string_view answer = password_of(message);
    if (!is_md5_secret(secret_) || !equal_secret(answer, "md5" + md5_hex(secret_.substr(3) + salt_))) {
      password_failed(user_);
    }
    return Step::kDone;
  }

 private:
  std::string user_, secret_, salt_;
};

class Scram final : public Authenticator {
 public:
  Scram(std::string user, const std::string& secret, std::string end_point)
      : user_(std::move(user)), secret_(ScramSecret::parse(secret)), end_point_(std::move(end_point)) {}

  Step begin(Output& out) override {
    std::string mechanisms;
    if (!end_point_.empty()) mechanisms += std::string("SCRAM-SHA-256-PLUS") + '\0';
    mechanisms += std::string("SCRAM-SHA-256") + '\0' + '\0';
    out.authentication(kAuthSasl, mechanisms);
    return Step::kNeedReply;
  }

  Step reply(std::string_view message, Output& out) override {
    if (exchange_ == nullptr) {
      out.authentication(kAuthSaslContinue, first(message));
      return Step::kNeedReply;
    }
    std::string last;
    if (!exchange_->server_final(message, &last)) password_failed(user_);
    out.authentication(kAuthSaslFinal, last);
    return Step::kDone;
  }

 private:
  std::string first(std::string_view message) {
    ByteReader r(message);
    std::string_view mechanism = r.c_string();
    auto length = r.be<int32_t>();
    std::string_view data = length >= 0 ? r.bytes(static_cast<size_t>(length)) : std::string_view();
    if (!r.ok() || r.remaining() != 0) throw SqlError(sqlstate::kProtocolViolation, "invalid message format");
    bool plus = mechanism == "SCRAM-SHA-256-PLUS" && !end_point_.empty();
    if (!plus && mechanism != "SCRAM-SHA-256") {
      throw SqlError(sqlstate::kProtocolViolation,
                     "client selected an invalid SASL authentication mechanism");
    }
    exchange_ = std::make_unique<ScramExchange>(secret_ ? *secret_ : mock_scram_secret(user_), !secret_,
                                                end_point_, plus);
    return exchange_->server_first(data);
  }

  std::string user_;
  std::optional<ScramSecret> secret_;
  std::string end_point_;
  std::unique_ptr<ScramExchange> exchange_;
};

std::string_view method_name(AuthMethod method) {
  switch (method) {
    case AuthMethod::kTrust:
      return "trust";
    case AuthMethod::kReject:
      return "reject";
    case AuthMethod::kPassword:
      return "password";
    case AuthMethod::kMd5:
      return "md5";
    case AuthMethod::kScram:
      return "scram-sha-256";
    case AuthMethod::kCert:
      return "cert";
  }
  return "";
}

void check_certificate(const StartupInfo& info, const Transport& transport, bool alone) {
  std::string name = transport.client_common_name();
  if (name.empty()) {
    throw SqlError(sqlstate::kInvalidAuthorizationSpecification,
                   "connection requires a valid client certificate");
  }
  if (name != info.user) {
    throw SqlError(sqlstate::kInvalidAuthorizationSpecification,
                   alone ? fmt::format("certificate authentication failed for user \"{}\"", info.user)
                         : fmt::format("password authentication failed for user \"{}\"", info.user));
  }
}

}  // namespace

std::unique_ptr<Authenticator> make_authenticator(const HbaRules& rules, CredentialStore& credentials,
                                                  StartupInfo& info, const Transport& transport) {
  const HbaRule* rule = rules.match(info, credentials);
  if (rule == nullptr || rule->method == AuthMethod::kReject) throw hba_error(info, rule != nullptr);
  if (rule->verify_client_cert) check_certificate(info, transport, rule->method == AuthMethod::kCert);
  info.auth_method = method_name(rule->method);
  std::string secret = usable_secret(credentials, info.user);
  switch (rule->method) {
    case AuthMethod::kPassword:
      return std::make_unique<CleartextPassword>(info.user, std::move(secret));
    case AuthMethod::kMd5:
      // A SCRAM secret cannot answer md5; PostgreSQL lets "md5" mean SCRAM then.
      if (is_md5_secret(secret)) return std::make_unique<Md5Password>(info.user, std::move(secret));
      [[fallthrough]];
    case AuthMethod::kScram:
      return std::make_unique<Scram>(info.user, secret, transport.server_end_point());
    case AuthMethod::kTrust:
    case AuthMethod::kCert:
    case AuthMethod::kReject:
      break;
  }
  return std::make_unique<NoQuestions>();
}

void check_role(CredentialStore& credentials, const std::string& user) {
  auto credential = credentials.find(user);
  if (!credential) {
    throw SqlError(sqlstate::kInvalidAuthorizationSpecification,
                   fmt::format("role \"{}\" does not exist", user));
  }
  if (!credential->can_login) {
    throw SqlError(sqlstate::kInvalidAuthorizationSpecification,
                   fmt::format("role \"{}\" is not permitted to log in", user));
  }
}

}  // namespace varve::net
