#include "hba.h"

#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <memory>
#include <sys/socket.h>

namespace varve::net {
namespace {

using Field = std::vector<HbaRule::Name>;  // a comma-separated list

// Splits one line into fields; '#' starts a comment, double quotes protect white space, commas and keywords.
std::vector<Field> split_line(std::string_view line) {
  std::vector<Field> fields;
  size_t i = 0;
  bool continues = false;  // a comma was last
  while (i < line.size()) {
    if (line[i] == ' ' || line[i] == '\t' || line[i] == '\r') {
      ++i;
      continue;
    }
    if (line[i] == '#') break;
    if (line[i] == ',') {
      continues = true;
      ++i;
      continue;
    }
    HbaRule::Name name;
    bool in_quotes = false;
    bool first = true;
    for (; i < line.size(); ++i, first = false) {
      char c = line[i];
      if (c == '"') {
        if (first) name.quoted = true;
        in_quotes = !in_quotes;
      } else if (!in_quotes && (c == ' ' || c == '\t' || c == '\r' || c == ',' || c == '#')) {
        break;
      } else {
        name.text += c;
      }
    }
    if (!continues || fields.empty()) fields.emplace_back();
    fields.back().push_back(std::move(name));
    continues = false;
  }
  return fields;
}

size_t address_bytes(int family) { return family == AF_INET ? 4 : 16; }

bool parse_address(const std::string& text, int* family, unsigned char* bytes) {
  *family = text.find(':') != std::string::npos ? AF_INET6 : AF_INET;
  return inet_pton(*family, text.c_str(), bytes) == 1;
}

bool in_network(const unsigned char* a, const unsigned char* network, const unsigned char* mask, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    if (((a[i] ^ network[i]) & mask[i]) != 0) return false;
  }
  return true;
}

class LineParser {
 public:
  LineParser(std::string_view file, int line) : file_(file) { rule_.line = line; }

  Result<HbaRule> parse(const std::vector<Field>& fields) {
    fields_ = &fields;
    VARVE_RETURN_IF_ERROR(parse_type());
    VARVE_RETURN_IF_ERROR(list("database", &rule_.databases));
    VARVE_RETURN_IF_ERROR(list("role", &rule_.users));
    if (rule_.type != HbaRule::Type::kLocal) VARVE_RETURN_IF_ERROR(parse_network());
    VARVE_RETURN_IF_ERROR(parse_method());
    VARVE_RETURN_IF_ERROR(parse_options());
    return rule_;
  }

 private:
  Status error(std::string_view message) const {
    return Status::invalid(
        fmt::format("{} (line {} of configuration file \"{}\")", message, rule_.line, file_));
  }
  bool more() const { return at_ < fields_->size(); }

  Status parse_type() {
    const std::string& t = (*fields_)[at_++][0].text;
    if (t == "local")
      rule_.type = HbaRule::Type::kLocal;
    else if (t == "host" || t == "hostnogssenc")
      rule_.type = HbaRule::Type::kHost;
    else if (t == "hostssl")
      rule_.type = HbaRule::Type::kHostSsl;
    else if (t == "hostnossl")
      rule_.type = HbaRule::Type::kHostNoSsl;
    else if (t == "hostgssenc")
      return error("hostgssenc record cannot match because GSSAPI is not supported by this build");
    else
      return error(fmt::format("invalid connection type \"{}\"", t));
    return {};
  }

  Status list(std::string_view what, std::vector<HbaRule::Name>* names) {
    if (!more()) return error(fmt::format("end-of-line before {} specification", what));
    *names = (*fields_)[at_++];
    for (const auto& name : *names) {
      if (!name.quoted && name.text.starts_with('@')) return error("name lists in files are not supported");
    }
    return {};
  }

  Status parse_network() {
    if (!more()) return error("end-of-line before IP address specification");
    const Field& field = (*fields_)[at_++];
    if (field.size() > 1) return error("multiple values specified for host address");
    const HbaRule::Name& name = field[0];
    if (!name.quoted && name.text == "all")
      rule_.address = HbaRule::Address::kAll;
    else if (!name.quoted && name.text == "samehost")
      rule_.address = HbaRule::Address::kSameHost;
    else if (!name.quoted && name.text == "samenet")
      rule_.address = HbaRule::Address::kSameNet;
    else
      return parse_cidr(name.text);
    return {};
  }

  Status parse_cidr(const std::string& text) {
    rule_.address = HbaRule::Address::kNetwork;
    size_t slash = text.find('/');
    if (!parse_address(text.substr(0, slash), &rule_.family, rule_.network)) {
      return error(fmt::format("host name \"{}\" cannot be used: only addresses are supported", text));
    }
    size_t bytes = address_bytes(rule_.family);
    if (slash == std::string::npos) {
      if (!more()) return error("end-of-line before netmask specification");
      const std::string& mask = (*fields_)[at_++][0].text;
      int family = 0;
      if (!parse_address(mask, &family, rule_.mask))
        return error(fmt::format("invalid IP mask \"{}\"", mask));
      return family == rule_.family ? Status() : error("IP address and mask do not match");
    }
    int bits = -1;
    auto [end, parse_error] = std::from_chars(text.data() + slash + 1, text.data() + text.size(), bits);
    if (parse_error != std::errc() || end != text.data() + text.size() || bits < 0 ||
        bits > static_cast<int>(bytes) * 8) {
      return error(fmt::format("invalid CIDR mask in address \"{}\"", text));
    }
    for (int i = 0; i < bits; ++i)
      rule_.mask[i / 8] = static_cast<unsigned char>(rule_.mask[i / 8] | 0x80 >> i % 8);
    return {};
  }

  Status parse_method() {
    static constexpr std::pair<std::string_view, AuthMethod> kMethods[] = {
        {"trust", AuthMethod::kTrust}, {"reject", AuthMethod::kReject}, {"password", AuthMethod::kPassword},
        {"md5", AuthMethod::kMd5},     {"cert", AuthMethod::kCert},     {"scram-sha-256", AuthMethod::kScram},
    };
    if (!more()) return error("end-of-line before authentication method");
    const std::string& text = (*fields_)[at_++][0].text;
    for (const auto& [name, method] : kMethods) {
      if (name == text) {
        rule_.method = method;
        if (method != AuthMethod::kCert) return {};
        rule_.verify_client_cert = true;
        return rule_.type == HbaRule::Type::kHostSsl
                   ? Status()
                   : error("cert authentication is only supported on hostssl connections");
      }
    }
    for (std::string_view known : {"ident", "peer", "gss", "sspi", "pam", "bsd", "ldap", "radius"}) {
      if (known == text) {
        return error(fmt::format("invalid authentication method \"{}\": not supported by this build", text));
      }
    }
    return error(fmt::format("invalid authentication method \"{}\"", text));
  }

  Status parse_options() {
    for (; more(); ++at_) {
      const std::string& text = (*fields_)[at_][0].text;
      if (text == "clientcert=verify-full") {
        if (rule_.type != HbaRule::Type::kHostSsl) {
          return error("clientcert can only be configured for \"hostssl\" rows");
        }
        rule_.verify_client_cert = true;
      } else if (text.find('=') == std::string::npos) {
        return error(fmt::format("authentication option not in name=value format: {}", text));
      } else {
        return error(
            fmt::format("unrecognized authentication option name: \"{}\"", text.substr(0, text.find('='))));
      }
    }
    return {};
  }

  std::string_view file_;
  HbaRule rule_;
  const std::vector<Field>* fields_ = nullptr;
  size_t at_ = 0;
};

bool database_fits(const HbaRule& rule, const StartupInfo& c, CredentialStore& credentials) {
  for (const auto& name : rule.databases) {
    if (name.quoted) {
      if (!c.replication && name.text == c.database) return true;
    } else if (c.replication) {
      if (name.text == "replication") return true;
    } else if (name.text == "all" || (name.text == "sameuser" && c.database == c.user) ||
               ((name.text == "samerole" || name.text == "samegroup") &&
                credentials.is_member(c.user, c.database))) {
      return true;
    } else if (name.text != "replication" && name.text == c.database) {
      return true;
    }
  }
  return false;
}

bool user_fits(const HbaRule& rule, const StartupInfo& c, CredentialStore& credentials) {
  for (const auto& name : rule.users) {
    if (!name.quoted && name.text == "all") return true;
    if (!name.quoted && name.text.starts_with('+')) {
      if (credentials.is_member(c.user, std::string_view(name.text).substr(1))) return true;
    } else if (name.text == c.user) {
      return true;
    }
  }
  return false;
}

bool on_own_network(const unsigned char* address, int family, bool whole_net) {
  ifaddrs* found = nullptr;
  if (getifaddrs(&found) != 0) return false;
  std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> list(found, &freeifaddrs);
  static constexpr unsigned char kAllOnes[16] = {255, 255, 255, 255, 255, 255, 255, 255,
                                                 255, 255, 255, 255, 255, 255, 255, 255};
  auto bytes_of = [family](const sockaddr* a) {
    return family == AF_INET
               ? reinterpret_cast<const unsigned char*>(&reinterpret_cast<const sockaddr_in*>(a)->sin_addr)
               : reinterpret_cast<const sockaddr_in6*>(a)->sin6_addr.s6_addr;
  };
  for (const ifaddrs* i = found; i != nullptr; i = i->ifa_next) {
    if (i->ifa_addr == nullptr || i->ifa_netmask == nullptr || i->ifa_addr->sa_family != family) continue;
    const unsigned char* mask = whole_net ? bytes_of(i->ifa_netmask) : kAllOnes;
    if (in_network(address, bytes_of(i->ifa_addr), mask, address_bytes(family))) return true;
  }
  return false;
}

bool address_fits(const HbaRule& rule, const StartupInfo& c) {
  if (rule.address == HbaRule::Address::kAll) return true;
  unsigned char address[16] = {};
  int family = 0;
  if (!parse_address(c.client_address, &family, address)) return false;
  if (rule.address == HbaRule::Address::kNetwork) {
    return family == rule.family && in_network(address, rule.network, rule.mask, address_bytes(family));
  }
  return on_own_network(address, family, rule.address == HbaRule::Address::kSameNet);
}

}  // namespace

Result<HbaRules> HbaRules::parse(std::string_view text, std::string_view file_name) {
  HbaRules rules;
  int line_number = 0;
  while (!text.empty()) {
    std::string line;
    int first_line = line_number + 1;
    for (bool more = true; more && !text.empty();) {  // a backslash at the end continues the line
      size_t end = text.find('\n');
      line += text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      ++line_number;
      more = !line.empty() && line.back() == '\\';
      if (more) line.back() = ' ';
    }
    std::vector<Field> fields = split_line(line);
    if (fields.empty()) continue;
    VARVE_ASSIGN_OR_RETURN(HbaRule rule, LineParser(file_name, first_line).parse(fields));
    rules.rules_.push_back(std::move(rule));
  }
  return rules;
}

const HbaRule* HbaRules::match(const StartupInfo& client, CredentialStore& credentials) const {
  bool local = client.client_address.empty();
  for (const HbaRule& rule : rules_) {
    if (local != (rule.type == HbaRule::Type::kLocal)) continue;
    if (rule.type == HbaRule::Type::kHostSsl && !client.tls) continue;
    if (rule.type == HbaRule::Type::kHostNoSsl && client.tls) continue;
    if (!local && !address_fits(rule, client)) continue;
    if (database_fits(rule, client, credentials) && user_fits(rule, client, credentials)) return &rule;
  }
  return nullptr;
}

SqlError hba_error(const StartupInfo& c, bool rejected) {
  std::string host = c.client_address.empty() ? "[local]" : c.client_address;
  std::string_view how = rejected ? "pg_hba.conf rejects" : "no pg_hba.conf entry for";
  std::string_view encryption = c.tls ? "SSL encryption" : "no encryption";
  std::string message =
      c.replication ? fmt::format("{} replication connection {} host \"{}\", user \"{}\", {}", how,
                                  rejected ? "for" : "from", host, c.user, encryption)
                    : fmt::format("{}{} host \"{}\", user \"{}\", database \"{}\", {}", how,
                                  rejected ? " connection for" : "", host, c.user, c.database, encryption);
  return {sqlstate::kInvalidAuthorizationSpecification, std::move(message)};
}

}  // namespace varve::net
