#include "transport.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace varve::net {
namespace {

Status openssl_error(std::string_view what) {
  char text[256] = "unknown error";
  if (unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof(text));
  ERR_clear_error();
  return Status::invalid(fmt::format("{}: {}", what, text));
}

}  // namespace

void SslContextDeleter::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

Result<SslContext> make_ssl_context(const ServerOptions& options) {
  SslContext context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr) return openssl_error("could not create SSL context");
  SSL_CTX* c = context.get();
  SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
  SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  // Idle sessions must not hold record buffers; our send buffer may move between two attempts of one write.
  SSL_CTX_set_mode(
      c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (SSL_CTX_use_certificate_chain_file(c, options.tls_certificate_file.c_str()) != 1) {
    return openssl_error(
        fmt::format("could not load server certificate file \"{}\"", options.tls_certificate_file));
  }
  if (SSL_CTX_use_PrivateKey_file(c, options.tls_key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return openssl_error(fmt::format("could not load private key file \"{}\"", options.tls_key_file));
  }
  if (SSL_CTX_check_private_key(c) != 1) return openssl_error("check of private key failed");
  if (!options.tls_ca_file.empty()) {
    if (SSL_CTX_load_verify_locations(c, options.tls_ca_file.c_str(), nullptr) != 1) {
      return openssl_error(fmt::format("could not load root certificate file \"{}\"", options.tls_ca_file));
    }
    SSL_CTX_set_client_CA_list(c, SSL_load_client_CA_file(options.tls_ca_file.c_str()));
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE, nullptr);
  }
  return context;
}

Transport::~Transport() {
  SSL_free(ssl_);
  close(fd_);
}

ssize_t Transport::tls_result(int result, short default_events) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      wanted_events_ = POLLIN;
      return kWouldBlock;
    case SSL_ERROR_WANT_WRITE:
      wanted_events_ = POLLOUT;
      return kWouldBlock;
    case SSL_ERROR_NONE:
      wanted_events_ = default_events;
      return kWouldBlock;
    default:
      ERR_clear_error();
      return kClosed;
  }
}

ssize_t Transport::receive(char* to, size_t size) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    int n = SSL_read(ssl_, to, static_cast<int>(std::min<size_t>(size, 1 << 30)));
    return n > 0 ? n : tls_result(n, POLLIN);
  }
  for (;;) {
    ssize_t n = ::recv(fd_, to, size, MSG_DONTWAIT);
    if (n > 0) return n;
    if (n == 0) return kClosed;
    if (errno == EINTR) continue;
    wanted_events_ = POLLIN;
    return errno == EAGAIN || errno == EWOULDBLOCK ? kWouldBlock : kClosed;
  }
}

ssize_t Transport::send(const char* from, size_t size) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    int n = SSL_write(ssl_, from, static_cast<int>(std::min<size_t>(size, 1 << 30)));
    return n > 0 ? n : tls_result(n, POLLOUT);
  }
  for (;;) {
    ssize_t n = ::send(fd_, from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) return n;
    if (errno == EINTR) continue;
    wanted_events_ = POLLOUT;
    return errno == EAGAIN || errno == EWOULDBLOCK ? kWouldBlock : kClosed;
  }
}

Status Transport::begin_tls(SSL_CTX* context) {
  ssl_ = SSL_new(context);
  if (ssl_ == nullptr || SSL_set_fd(ssl_, fd_) != 1)
    return openssl_error("could not initialize SSL connection");
  SSL_set_accept_state(ssl_);
  return {};
}

ssize_t Transport::handshake() {
  ERR_clear_error();
  int n = SSL_do_handshake(ssl_);
  return n == 1 ? 0 : tls_result(n, POLLIN);
}

void Transport::describe_tls(StartupInfo* info) const {
  if (ssl_ == nullptr) return;
  info->tls_version = SSL_get_version(ssl_);
  info->tls_cipher = SSL_get_cipher_name(ssl_);
  info->tls_client_dn = client_common_name();
}

std::string Transport::server_end_point() const {
  if (ssl_ == nullptr) return {};
  X509* certificate = SSL_get_certificate(ssl_);
  int digest_nid = 0;
  if (certificate == nullptr ||
      X509_get_signature_info(certificate, &digest_nid, nullptr, nullptr, nullptr) != 1) {
    return {};
  }
  // RFC 5929 4.1: certificates signed with MD5 or SHA-1 are hashed with SHA-256.
  const EVP_MD* digest =
      digest_nid == NID_md5 || digest_nid == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(digest_nid);
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (digest == nullptr || X509_digest(certificate, digest, hash, &size) != 1) return {};
  return {reinterpret_cast<char*>(hash), size};
}

std::string Transport::client_common_name() const {
  X509* certificate = ssl_ == nullptr ? nullptr : SSL_get0_peer_certificate(ssl_);
  if (certificate == nullptr || SSL_get_verify_result(ssl_) != X509_V_OK) return {};
  char name[256];
  int n = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof(name));
  // A name with a zero byte inside is an attempt to pass for a shorter one.
  if (n <= 0 || std::string_view(name).size() != static_cast<size_t>(n)) return {};
  return {name, static_cast<size_t>(n)};
}

void Transport::shutdown() {
  if (ssl_ != nullptr) SSL_shutdown(ssl_);
  ::shutdown(fd_, SHUT_RDWR);
}

}  // namespace varve::net
