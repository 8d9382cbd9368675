#include "network_value.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>

#include "common/append_format.h"
#include "common/sql_error.h"

namespace varve::functions {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// "/24" at `at`; -1: there is none, -2: it is wrong. `at` ends up behind it.
int parse_length(std::string_view text, size_t& at, int max) {
  if (at >= text.size()) return -1;
  if (text[at] != '/' || at + 1 >= text.size()) return -2;
  int bits = 0;
  for (++at; at < text.size(); ++at) {
    if (!is_digit(text[at])) return -2;
    bits = bits * 10 + (text[at] - '0');
    if (bits > max) return -2;
  }
  return bits;
}

// Octets separated by points; how many there are, or -1.
int parse_octets(std::string_view text, size_t& at, uint8_t* bytes, int limit) {
  int n = 0;
  for (;;) {
    if (at >= text.size() || !is_digit(text[at])) return -1;
    int v = 0;
    while (at < text.size() && is_digit(text[at])) {
      v = v * 10 + (text[at++] - '0');
      if (v > 255) return -1;
    }
    if (n == limit) return -1;
    bytes[n++] = static_cast<uint8_t>(v);
    if (at >= text.size() || text[at] == '/') return n;
    if (text[at] != '.') return -1;
    ++at;
  }
}

// 0x… of cidr: two digits an octet.
int parse_hex_octets(std::string_view text, size_t& at, uint8_t* bytes) {
  at += 2;
  int n = 0, digits = 0;
  while (at < text.size() && hex_value(text[at]) >= 0) {
    if (n == 4) return -1;
    auto v = static_cast<uint8_t>(hex_value(text[at++]));
    if (digits++ % 2 == 0)
      bytes[n] = static_cast<uint8_t>(v << 4);
    else
      bytes[n++] |= v;
  }
  if (digits % 2 != 0) ++n;
  return digits == 0 || (at < text.size() && text[at] != '/') ? -1 : n;
}

// Networks without a length have the one of their class.
int class_length(const uint8_t* bytes, int octets) {
  int bits = bytes[0] >= 240 ? 32 : bytes[0] >= 224 ? 8 : bytes[0] >= 192 ? 24 : bytes[0] >= 128 ? 16 : 8;
  bits = std::max(bits, octets * 8);
  return bits == 8 && bytes[0] == 224 ? 4 : bits;
}

bool parse_v4(std::string_view text, bool is_cidr, InetAddress& a) {
  a.family = 4;
  size_t at = 0;
  bool hex = is_cidr && text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') &&
             hex_value(text[2]) >= 0;
  int octets = hex ? parse_hex_octets(text, at, a.bytes) : parse_octets(text, at, a.bytes, 4);
  if (octets <= 0) return false;
  int bits = parse_length(text, at, 32);
  if (bits == -2) return false;
  if (bits == -1) {
    if (!is_cidr && octets != 4) return false;
    bits = is_cidr ? class_length(a.bytes, octets) : 32;
  } else if (!is_cidr && bits / 8 > octets) {
    return false;
  }
  a.bits = static_cast<uint8_t>(bits);
  return true;
}

bool parse_v6(std::string_view text, InetAddress& a) {
  a.family = 6;
  size_t slash = text.find('/');
  std::string_view address = text.substr(0, slash);
  int gap = -1;  // where :: stands, in bytes
  size_t at = 0;
  if (address.starts_with(':')) {
    if (!address.starts_with("::")) return false;
    at = 1;
  }
  int n = 0;
  while (at < address.size()) {
    if (address[at] == ':') {
      if (gap >= 0) return false;
      gap = n;
      ++at;
      continue;
    }
    size_t start = at;
    uint32_t v = 0;
    int digits = 0;
    while (at < address.size() && hex_value(address[at]) >= 0) {
      v = v << 4 | static_cast<uint32_t>(hex_value(address[at++]));
      if (++digits > 4) return false;
    }
    if (at < address.size() && address[at] == '.') {  // the last four bytes as IPv4
      size_t tail = start;
      if (n + 4 > 16 || parse_octets(address, tail, a.bytes + n, 4) != 4 || tail != address.size())
        return false;
      n += 4;
      at = address.size();
      break;
    }
    if (digits == 0 || n + 2 > 16) return false;
    a.bytes[n++] = static_cast<uint8_t>(v >> 8);
    a.bytes[n++] = static_cast<uint8_t>(v);
    if (at >= address.size()) break;
    if (address[at] != ':') return false;
    ++at;
    if (at >= address.size()) return false;  // a single colon at the end
  }
  if (gap >= 0) {
    if (n == 16) return false;
    int moved = n - gap;
    std::memmove(a.bytes + 16 - moved, a.bytes + gap, static_cast<size_t>(moved));
    std::memset(a.bytes + gap, 0, static_cast<size_t>(16 - n));
  } else if (n != 16) {
    return false;
  }
  size_t length_at = slash == std::string_view::npos ? text.size() : slash;
  int bits = parse_length(text, length_at, 128);
  if (bits == -2) return false;
  a.bits = static_cast<uint8_t>(bits == -1 ? 128 : bits);
  return true;
}

bool has_host_bits(const InetAddress& a) {
  InetAddress n = network_part(a);
  return std::memcmp(n.bytes, a.bytes, 16) != 0;
}

void append_v6(std::string& out, const uint8_t* bytes) {
  uint16_t words[8];
  int best = -1, best_length = 0;
  for (int i = 0; i < 8; ++i) words[i] = static_cast<uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  for (int i = 0; i < 8;) {
    int end = i;
    while (end < 8 && words[end] == 0) ++end;
    if (end - i > best_length && end - i >= 2) {
      best = i;
      best_length = end - i;
    }
    i = std::max(end, i + 1);
  }
  for (int i = 0; i < 8; ++i) {
    if (best >= 0 && i >= best && i < best + best_length) {
      if (i == best) out += ':';
      continue;
    }
    if (i != 0) out += ':';
    if (i == 6 && best == 0 &&
        (best_length == 6 || (best_length == 7 && words[7] != 1) ||
         (best_length == 5 && words[5] == 0xFFFF))) {
      append_format(out, "{}.{}.{}.{}", bytes[12], bytes[13], bytes[14], bytes[15]);
      return;
    }
    append_format(out, "{:x}", words[i]);
  }
  if (best >= 0 && best + best_length == 8) out += ':';
}

}  // namespace

InetAddress read_inet(std::string_view value) {
  InetAddress a;
  bool fits = value.size() == 6 || value.size() == 18;
  if (!fits || static_cast<uint8_t>(value[0]) != (value.size() == 6 ? 4 : 6)) {
    throw SqlError(sqlstate::kDataCorrupted, "inet value is damaged");
  }
  a.family = static_cast<uint8_t>(value[0]);
  a.bits = static_cast<uint8_t>(value[1]);
  std::memcpy(a.bytes, value.data() + 2, value.size() - 2);
  return a;
}
void append_inet(std::string& out, const InetAddress& a) {
  out += static_cast<char>(a.family);
  out += static_cast<char>(a.bits);
  out.append(reinterpret_cast<const char*>(a.bytes), static_cast<size_t>(a.size()));
}

InetAddress parse_inet(std::string_view text, bool is_cidr) {
  InetAddress a;
  bool ok = text.find(':') != std::string_view::npos ? parse_v6(text, a) : parse_v4(text, is_cidr, a);
  const char* name = is_cidr ? "cidr" : "inet";
  if (!ok) {
    throw SqlError(sqlstate::kInvalidTextRepresentation,
                   fmt::format("invalid input syntax for type {}: \"{}\"", name, text));
  }
  if (is_cidr && has_host_bits(a)) {
    throw SqlError(sqlstate::kInvalidTextRepresentation, fmt::format("invalid cidr value: \"{}\"", text))
        .detail("Value has bits set to right of mask.");
  }
  return a;
}

void append_inet_host(std::string& out, const InetAddress& a) {
  if (a.family == 4) {
    append_format(out, "{}.{}.{}.{}", a.bytes[0], a.bytes[1], a.bytes[2], a.bytes[3]);
  } else {
    append_v6(out, a.bytes);
  }
}
void append_inet_text(std::string& out, const InetAddress& a, bool is_cidr) {
  append_inet_host(out, a);
  if (is_cidr || a.bits != a.max_bits()) append_format(out, "/{}", a.bits);
}

// family (2 or 3) | bits | is cidr | number of bytes | bytes
InetAddress receive_inet(std::string_view bytes, bool is_cidr) {
  const char* name = is_cidr ? "cidr" : "inet";
  auto fail = [&](const char* what) {
    throw SqlError(sqlstate::kInvalidBinaryRepresentation,
                   fmt::format("invalid {} in external \"{}\" value", what, name));
  };
  if (bytes.size() < 4) throw SqlError(sqlstate::kProtocolViolation, "insufficient data left in message");
  InetAddress a;
  if (bytes[0] != 2 && bytes[0] != 3) fail("address family");
  a.family = bytes[0] == 2 ? 4 : 6;
  a.bits = static_cast<uint8_t>(bytes[1]);
  if (a.bits > a.max_bits()) fail("bits");
  if (bytes[3] != a.size() || bytes.size() != 4 + static_cast<size_t>(a.size())) fail("length");
  std::memcpy(a.bytes, bytes.data() + 4, static_cast<size_t>(a.size()));
  if (is_cidr && has_host_bits(a)) {
    throw SqlError(sqlstate::kInvalidBinaryRepresentation, "invalid external \"cidr\" value")
        .detail("Value has bits set to right of mask.");
  }
  return a;
}
void send_inet(std::string& out, const InetAddress& a, bool is_cidr) {
  out += static_cast<char>(a.family == 4 ? 2 : 3);
  out += static_cast<char>(a.bits);
  out += is_cidr ? '\1' : '\0';
  out += static_cast<char>(a.size());
  out.append(reinterpret_cast<const char*>(a.bytes), static_cast<size_t>(a.size()));
}

int common_bits(const InetAddress& a, const InetAddress& b, int limit) {
  for (int i = 0; i < limit; ++i) {
    if (((a.bytes[i / 8] ^ b.bytes[i / 8]) >> (7 - i % 8) & 1) != 0) return i;
  }
  return limit;
}

int compare_inet(std::string_view a_bytes, std::string_view b_bytes) {
  InetAddress a = read_inet(a_bytes), b = read_inet(b_bytes);
  if (a.family != b.family) return a.family < b.family ? -1 : 1;
  int limit = std::min(a.bits, b.bits), same = common_bits(a, b, limit);
  if (same < limit) return (a.bytes[same / 8] >> (7 - same % 8) & 1) != 0 ? 1 : -1;
  if (a.bits != b.bits) return a.bits < b.bits ? -1 : 1;
  int c = std::memcmp(a.bytes, b.bytes, 16);
  return c < 0 ? -1 : c > 0 ? 1 : 0;
}

InetAddress network_part(InetAddress a) {
  for (int i = a.bits; i < a.max_bits(); ++i) a.bytes[i / 8] &= static_cast<uint8_t>(~(1 << (7 - i % 8)));
  return a;
}

// --- macaddr: six numbers, in one of the usual groupings.
void parse_macaddr(std::string& out, std::string_view text) {
  auto fail = [&] {
    throw SqlError(sqlstate::kInvalidTextRepresentation,
                   fmt::format("invalid input syntax for type macaddr: \"{}\"", text));
  };
  std::string s(text);
  unsigned v[6];
  char junk[2];
  constexpr const char* kForms[] = {
      "%x:%x:%x:%x:%x:%x%1s",   "%x-%x-%x-%x-%x-%x%1s",    "%2x%2x%2x:%2x%2x%2x%1s",
      "%2x%2x%2x-%2x%2x%2x%1s", "%2x%2x.%2x%2x.%2x%2x%1s", "%2x%2x-%2x%2x-%2x%2x%1s",
      "%2x%2x%2x%2x%2x%2x%1s",
  };
  bool read = false;
  for (const char* form : kForms) {
    if (read) break;
    read = std::sscanf(s.c_str(), form, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], junk) == 6;
  }
  if (!read) fail();
  for (unsigned octet : v) {
    if (octet > 255) {
      throw SqlError(sqlstate::kNumericValueOutOfRange,
                     fmt::format("invalid octet value in \"macaddr\" value: \"{}\"", text));
    }
    out += static_cast<char>(octet);
  }
}

// Pairs of digits with one kind of separator or none; six bytes become eight by FF:FE in the middle.
void parse_macaddr8(std::string& out, std::string_view text) {
  auto fail = [&] {
    throw SqlError(sqlstate::kInvalidTextRepresentation,
                   fmt::format("invalid input syntax for type macaddr8: \"{}\"", text));
  };
  size_t at = 0;
  while (at < text.size() && is_space(text[at])) ++at;
  char separator = 0;
  std::string bytes;
  // A single character at the end goes unread, as in PostgreSQL.
  while (at + 1 < text.size() && !is_space(text[at])) {
    if (bytes.size() == 8 || hex_value(text[at]) < 0 || hex_value(text[at + 1]) < 0) fail();
    bytes += static_cast<char>(hex_value(text[at]) << 4 | hex_value(text[at + 1]));
    at += 2;
    if (at < text.size() && (text[at] == ':' || text[at] == '-' || text[at] == '.')) {
      if (separator != 0 && separator != text[at]) fail();
      separator = text[at++];
    }
  }
  if (at < text.size() && is_space(text[at])) {
    while (at < text.size() && is_space(text[at])) ++at;
    if (at < text.size()) fail();
  }
  if (bytes.size() != 6 && bytes.size() != 8) fail();
  if (bytes.size() == 6) bytes.insert(3, "\xFF\xFE");
  out += bytes;
}

void append_macaddr_text(std::string& out, std::string_view value) {
  for (size_t i = 0; i < value.size(); ++i) {
    append_format(out, "{}{:02x}", i == 0 ? "" : ":", static_cast<uint8_t>(value[i]));
  }
}
void receive_macaddr(std::string& out, std::string_view bytes, size_t size) {
  if (bytes.size() != size && !(size == 8 && bytes.size() == 6)) {
    throw SqlError(sqlstate::kProtocolViolation, "insufficient data left in message");
  }
  out += bytes.substr(0, 3);
  if (bytes.size() < size) out += "\xFF\xFE";
  out += bytes.substr(3);
}

}  // namespace varve::functions
