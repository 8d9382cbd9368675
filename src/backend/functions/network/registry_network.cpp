// Functions and operators of inet, cidr, macaddr and macaddr8.
#include <algorithm>
#include <cstring>
#include <fmt/format.h>

#include "common/append_format.h"
#include "kernel.h"
#include "network_value.h"

namespace varve::functions {

namespace {

using Text = std::string_view;

[[noreturn]] void refuse(std::string message) {
  throw SqlError(sqlstate::kInvalidParameterValue, std::move(message));
}
StringRef keep(const InetAddress& a, Env& env) {
  append_inet(env.buffer, a);
  return env.keep();
}

// --- parts
InetAddress hostmask(InetAddress a) {
  for (int i = 0; i < a.max_bits(); ++i) {
    auto bit = static_cast<uint8_t>(1 << (7 - i % 8));
    if (i < a.bits)
      a.bytes[i / 8] &= static_cast<uint8_t>(~bit);
    else
      a.bytes[i / 8] |= bit;
  }
  a.bits = static_cast<uint8_t>(a.max_bits());
  return a;
}
InetAddress inverted(InetAddress a) {
  for (int i = 0; i < a.size(); ++i) a.bytes[i] = static_cast<uint8_t>(~a.bytes[i]);
  return a;
}
InetAddress broadcast(InetAddress a) {
  InetAddress mask = hostmask(a);
  for (int i = 0; i < a.size(); ++i) a.bytes[i] |= mask.bytes[i];
  return a;
}
StringRef set_length(Text value, int32_t bits, bool is_cidr, Env& env) {
  InetAddress a = read_inet(value);
  if (bits == -1) bits = a.max_bits();
  if (bits < 0 || bits > a.max_bits()) refuse(fmt::format("invalid mask length: {}", bits));
  a.bits = static_cast<uint8_t>(bits);
  return keep(is_cidr ? network_part(a) : a, env);
}
// An IPv6 network: the words that its length covers, the longest run of zeros left out; mapped IPv4 in its
// own form.
void append_short_v6(std::string& out, const InetAddress& a) {
  int words = std::max(2, (a.bits + 15) / 16);
  auto word = [&](int i) { return a.bytes[2 * i] << 8 | a.bytes[2 * i + 1]; };
  int zeros = 0, zeros_at = 0;
  for (int i = 0; i < words;) {
    int end = i;
    while (end < words && word(end) == 0) ++end;
    if (end - i > zeros) {
      zeros = end - i;
      zeros_at = i;
    }
    i = std::max(end, i + 1);
  }
  bool v4 = zeros != words && zeros_at == 0 &&
            (zeros == 6 || (zeros == 5 && word(5) == 0xFFFF) ||
             (zeros == 7 && a.bytes[14] != 0 && a.bytes[15] != 1));
  for (int i = 0; i < words; ++i) {
    if (i >= zeros_at && i < zeros_at + zeros) {
      if (i == zeros_at) out += ':';
      if (i == words - 1) out += ':';
    } else if (v4 && i > 5) {
      append_format(out, "{}{}", i == 6 ? ':' : '.', a.bytes[2 * i]);
      if (i != 7 || a.bits > 120) append_format(out, ".{}", a.bytes[2 * i + 1]);
    } else {
      append_format(out, "{}{:x}", i == 0 ? "" : ":", word(i));
    }
  }
  append_format(out, "/{}", a.bits);
}

// A network without its trailing zero octets.
StringRef abbreviated_network(Text value, Env& env) {
  InetAddress a = read_inet(value);
  if (a.family == 4) {
    int octets = std::max(1, (a.bits + 7) / 8);
    for (int i = 0; i < octets; ++i) append_format(env.buffer, "{}{}", i == 0 ? "" : ".", a.bytes[i]);
    append_format(env.buffer, "/{}", a.bits);
  } else {
    append_short_v6(env.buffer, a);
  }
  return env.keep();
}

// --- relations
bool inside(const InetAddress& a, const InetAddress& b) {
  return a.family == b.family && a.bits >= b.bits && common_bits(a, b, b.bits) == b.bits;
}
template <bool kStrict, bool kSwap>
constexpr Kernel within() {
  return fn([](Text x, Text y, Env&) {
    InetAddress a = read_inet(kSwap ? y : x), b = read_inet(kSwap ? x : y);
    return inside(a, b) && (!kStrict || a.bits > b.bits);
  });
}
template <int kOp>
constexpr Kernel compare_networks() {
  return fn([](Text a, Text b, Env&) {
    int c = compare_inet(a, b);
    return kOp == 0   ? c == 0
           : kOp == 1 ? c != 0
           : kOp == 2 ? c < 0
           : kOp == 3 ? c <= 0
           : kOp == 4 ? c > 0
                      : c >= 0;
  });
}
template <int kOp>
constexpr Kernel compare_macs() {
  return fn([](Text a, Text b, Env&) {
    int c = a.compare(b);
    return kOp == 0   ? c == 0
           : kOp == 1 ? c != 0
           : kOp == 2 ? c < 0
           : kOp == 3 ? c <= 0
           : kOp == 4 ? c > 0
                      : c >= 0;
  });
}

// --- arithmetic
StringRef plus(Text value, int64_t n, Env& env) {
  InetAddress a = read_inet(value);
  int carry = 0;
  int64_t addend = n;
  for (int i = a.size() - 1; i >= 0; --i) {
    carry += a.bytes[i] + static_cast<int>(addend & 0xFF);
    a.bytes[i] = static_cast<uint8_t>(carry);
    carry >>= 8;
    addend >>= 8;  // arithmetic: a negative number stays one
  }
  bool fits = (addend == 0 && carry == 0) || (addend == -1 && carry == 1);
  if (a.family == 6) fits = n >= 0 ? carry == 0 : carry == 1;
  if (!fits) throw SqlError(sqlstate::kNumericValueOutOfRange, "result is out of range");
  return keep(a, env);
}
int64_t difference(Text x, Text y) {
  InetAddress a = read_inet(x), b = read_inet(y);
  if (a.family != b.family) refuse("cannot subtract inet values of different sizes");
  unsigned __int128 u = 0, v = 0;
  for (int i = 0; i < a.size(); ++i) {
    u = u << 8 | a.bytes[i];
    v = v << 8 | b.bytes[i];
  }
  auto d = static_cast<__int128>(u - v);
  bool overflow = (u >= v) != (d >= 0) || d > INT64_MAX || d < INT64_MIN;
  if (overflow) throw SqlError(sqlstate::kNumericValueOutOfRange, "result is out of range");
  return static_cast<int64_t>(d);
}
template <bool kOr>
StringRef bitwise(Text x, Text y, Env& env) {
  InetAddress a = read_inet(x), b = read_inet(y);
  if (a.family != b.family)
    refuse(fmt::format("cannot {} inet values of different sizes", kOr ? "OR" : "AND"));
  for (int i = 0; i < a.size(); ++i) {
    a.bytes[i] = static_cast<uint8_t>(kOr ? a.bytes[i] | b.bytes[i] : a.bytes[i] & b.bytes[i]);
  }
  a.bits = std::max(a.bits, b.bits);
  return keep(a, env);
}
template <int kOp>  // and, or, not
constexpr Kernel mac_bits() {
  if constexpr (kOp == 2) {
    return fn([](Text a, Env& env) {
      for (char c : a) env.buffer += static_cast<char>(~c);
      return env.keep();
    });
  } else {
    return fn([](Text a, Text b, Env& env) {
      for (size_t i = 0; i < a.size(); ++i)
        env.buffer += static_cast<char>(kOp == 0 ? a[i] & b[i] : a[i] | b[i]);
      return env.keep();
    });
  }
}

const Binding kBindings[] = {
    {"abbrev(cidr)", fn([](Text a, Env& env) { return abbreviated_network(a, env); })},
    {"abbrev(inet)", fn([](Text a, Env& env) {
       append_inet_text(env.buffer, read_inet(a), false);
       return env.keep();
     })},
    {"broadcast(inet)", fn([](Text a, Env& env) { return keep(broadcast(read_inet(a)), env); })},
    {"cidr(inet)", fn([](Text a, Env& env) { return keep(network_part(read_inet(a)), env); })},
    {"network(inet)", fn([](Text a, Env& env) { return keep(network_part(read_inet(a)), env); })},
    {"family(inet)", fn([](Text a, Env&) -> int32_t { return read_inet(a).family; })},
    {"masklen(inet)", fn([](Text a, Env&) -> int32_t { return read_inet(a).bits; })},
    {"host(inet)", fn([](Text a, Env& env) {
       append_inet_host(env.buffer, read_inet(a));
       return env.keep();
     })},
    {"text(inet)", fn([](Text a, Env& env) {
       append_inet_text(env.buffer, read_inet(a), true);
       return env.keep();
     })},
    {"hostmask(inet)", fn([](Text a, Env& env) { return keep(hostmask(read_inet(a)), env); })},
    {"netmask(inet)", fn([](Text a, Env& env) { return keep(inverted(hostmask(read_inet(a))), env); })},
    {"set_masklen(inet,int4)", fn([](Text a, int32_t n, Env& env) { return set_length(a, n, false, env); })},
    {"set_masklen(cidr,int4)", fn([](Text a, int32_t n, Env& env) { return set_length(a, n, true, env); })},
    {"inet_same_family(inet,inet)",
     fn([](Text a, Text b, Env&) { return read_inet(a).family == read_inet(b).family; })},
    {"inet_merge(inet,inet)", fn([](Text x, Text y, Env& env) {
       InetAddress a = read_inet(x), b = read_inet(y);
       if (a.family != b.family) refuse("cannot merge addresses from different families");
       a.bits = static_cast<uint8_t>(common_bits(a, b, std::min(a.bits, b.bits)));
       return keep(network_part(a), env);
     })},
    {"network_eq(inet,inet)", compare_networks<0>()},
    {"network_ne(inet,inet)", compare_networks<1>()},
    {"network_lt(inet,inet)", compare_networks<2>()},
    {"network_le(inet,inet)", compare_networks<3>()},
    {"network_gt(inet,inet)", compare_networks<4>()},
    {"network_ge(inet,inet)", compare_networks<5>()},
    {"network_cmp(inet,inet)", fn([](Text a, Text b, Env&) -> int32_t { return compare_inet(a, b); })},
    {"network_larger(inet,inet)", fn([](const StringRef& a, const StringRef& b, Env&) -> StringRef {
       return compare_inet(a.view(), b.view()) > 0 ? a : b;
     })},
    {"network_smaller(inet,inet)", fn([](const StringRef& a, const StringRef& b, Env&) -> StringRef {
       return compare_inet(a.view(), b.view()) < 0 ? a : b;
     })},
    {"network_sub(inet,inet)", within<true, false>()},
    {"network_subeq(inet,inet)", within<false, false>()},
    {"network_sup(inet,inet)", within<true, true>()},
    {"network_supeq(inet,inet)", within<false, true>()},
    {"network_overlap(inet,inet)", fn([](Text x, Text y, Env&) {
       InetAddress a = read_inet(x), b = read_inet(y);
       int bits = std::min(a.bits, b.bits);
       return a.family == b.family && common_bits(a, b, bits) == bits;
     })},
    {"inetnot(inet)", fn([](Text a, Env& env) { return keep(inverted(read_inet(a)), env); })},
    {"inetand(inet,inet)", fn([](Text a, Text b, Env& env) { return bitwise<false>(a, b, env); })},
    {"inetor(inet,inet)", fn([](Text a, Text b, Env& env) { return bitwise<true>(a, b, env); })},
    {"inetpl(inet,int8)", fn([](Text a, int64_t n, Env& env) { return plus(a, n, env); })},
    {"int8pl_inet(int8,inet)", fn([](int64_t n, Text a, Env& env) { return plus(a, n, env); })},
    {"inetmi_int8(inet,int8)", fn([](Text a, int64_t n, Env& env) { return plus(a, -n, env); })},
    {"inetmi(inet,inet)", fn([](Text a, Text b, Env&) -> int64_t { return difference(a, b); })},
    {"macaddr_eq(macaddr,macaddr)", compare_macs<0>()},
    {"macaddr_ne(macaddr,macaddr)", compare_macs<1>()},
    {"macaddr_lt(macaddr,macaddr)", compare_macs<2>()},
    {"macaddr_le(macaddr,macaddr)", compare_macs<3>()},
    {"macaddr_gt(macaddr,macaddr)", compare_macs<4>()},
    {"macaddr_ge(macaddr,macaddr)", compare_macs<5>()},
    {"macaddr_and(macaddr,macaddr)", mac_bits<0>()},
    {"macaddr_or(macaddr,macaddr)", mac_bits<1>()},
    {"macaddr_not(macaddr)", mac_bits<2>()},
    {"trunc(macaddr)", fn([](Text a, Env& env) {
       env.buffer = a.substr(0, 3);
       env.buffer.append(3, '\0');
       return env.keep();
     })},
    {"macaddr8_eq(macaddr8,macaddr8)", compare_macs<0>()},
    {"macaddr8_ne(macaddr8,macaddr8)", compare_macs<1>()},
    {"macaddr8_lt(macaddr8,macaddr8)", compare_macs<2>()},
    {"macaddr8_le(macaddr8,macaddr8)", compare_macs<3>()},
    {"macaddr8_gt(macaddr8,macaddr8)", compare_macs<4>()},
    {"macaddr8_ge(macaddr8,macaddr8)", compare_macs<5>()},
    {"macaddr8_and(macaddr8,macaddr8)", mac_bits<0>()},
    {"macaddr8_or(macaddr8,macaddr8)", mac_bits<1>()},
    {"macaddr8_not(macaddr8)", mac_bits<2>()},
    {"trunc(macaddr8)", fn([](Text a, Env& env) {
       env.buffer = a.substr(0, 3);
       env.buffer.append(5, '\0');
       return env.keep();
     })},
    {"macaddr8_set7bit(macaddr8)", fn([](Text a, Env& env) {
       env.buffer = a;
       env.buffer[0] = static_cast<char>(env.buffer[0] | 2);
       return env.keep();
     })},
    {"macaddr8(macaddr)", fn([](Text a, Env& env) {
       receive_macaddr(env.buffer, a, 8);
       return env.keep();
     })},
    {"macaddr(macaddr8)", fn([](Text a, Env& env) {
       if (a[3] != '\xFF' || a[4] != '\xFE') {
         throw SqlError(sqlstate::kNumericValueOutOfRange, "macaddr8 data out of range to convert to macaddr")
             .hint(
                 "Only addresses that have FF and FE as values in the 4th and 5th bytes from the left, for "
                 "example "
                 "xx:xx:xx:ff:fe:xx:xx:xx, are eligible to be converted from macaddr8 to macaddr.");
       }
       env.buffer = a.substr(0, 3);
       env.buffer += a.substr(5);
       return env.keep();
     })},
};

}  // namespace

Bindings network_bindings() { return kBindings; }

}  // namespace varve::functions
