// inet, cidr, macaddr and macaddr8: kString values.
//
//   inet, cidr   u8 family (4 or 6) | u8 length of the network part in bits | 4 or 16 address bytes
//   macaddr(8)   the 6 (8) bytes
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace varve::functions {

struct InetAddress {
  uint8_t family = 4;
  uint8_t bits = 32;
  uint8_t bytes[16] = {};

  int max_bits() const { return family == 4 ? 32 : 128; }
  int size() const { return family == 4 ? 4 : 16; }
};

InetAddress read_inet(std::string_view value);
void append_inet(std::string& out, const InetAddress& a);
InetAddress parse_inet(std::string_view text, bool is_cidr);
void append_inet_text(std::string& out, const InetAddress& a, bool is_cidr);
void append_inet_host(std::string& out, const InetAddress& a);  // without the length
InetAddress receive_inet(std::string_view bytes, bool is_cidr);
void send_inet(std::string& out, const InetAddress& a, bool is_cidr);
// How many leading bits two addresses of one family share, at most `limit`.
int common_bits(const InetAddress& a, const InetAddress& b, int limit);
int compare_inet(std::string_view a, std::string_view b);
// Bits behind the network part set to zero.
InetAddress network_part(InetAddress a);

void parse_macaddr(std::string& out, std::string_view text);
void parse_macaddr8(std::string& out, std::string_view text);
void append_macaddr_text(std::string& out, std::string_view value);
void receive_macaddr(std::string& out, std::string_view bytes, size_t size);  // 6 or 8; 8 takes 6, too

}  // namespace varve::functions
