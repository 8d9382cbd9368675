// bytea: parts, bits, encodings, digests. bit and varbit.
#include <bit>
#include <fmt/format.h>
#include <openssl/evp.h>

#include "bit_string.h"
#include "encoding.h"
#include "kernel.h"
#include "types/utf8.h"

namespace varve::functions {

namespace {

using Text = std::string_view;

Text byte_substring(Text s, int32_t start, int64_t count) {
  int64_t from = start, to = count < 0 ? INT64_MAX : from + count;
  if (from < 1) from = 1;
  if (from > static_cast<int64_t>(s.size()) || to <= from) return {};
  return s.substr(static_cast<size_t>(from - 1), static_cast<size_t>(to - from));
}
Text checked_substring(Text s, int32_t start, int32_t count) {
  if (count < 0) throw SqlError(sqlstate::kSubstringError, "negative substring length not allowed");
  return byte_substring(s, start, count);
}

StringRef byte_overlay(Text s, Text part, int32_t start, int32_t count, Env& env) {
  if (start <= 0) throw SqlError(sqlstate::kSubstringError, "negative substring length not allowed");
  int32_t rest;
  if (__builtin_add_overflow(start, count, &rest)) throw_out_of_range("integer");
  env.buffer = byte_substring(s, 1, start - 1);
  env.buffer += part;
  env.buffer += byte_substring(s, rest, -1);
  return env.keep();
}

Text trim_bytes(Text s, Text set, bool left, bool right) {
  while (left && !s.empty() && set.find(s.front()) != Text::npos) s.remove_prefix(1);
  while (right && !s.empty() && set.find(s.back()) != Text::npos) s.remove_suffix(1);
  return s;
}

void check_index(int64_t n, int64_t size) {
  if (n < 0 || n >= size) {
    throw SqlError(sqlstate::kArraySubscriptError,
                   fmt::format("index {} out of valid range, 0..{}", n, size - 1));
  }
}
void check_bit(int32_t bit) {
  if (bit != 0 && bit != 1) throw SqlError(sqlstate::kInvalidParameterValue, "new bit must be 0 or 1");
}

StringRef digest(const EVP_MD* algorithm, Text s, Env& env) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(s.data(), s.size(), bytes, &size, algorithm, nullptr) != 1) {
    throw SqlError(sqlstate::kInternalError, "could not compute a digest");
  }
  return env.keep({reinterpret_cast<const char*>(bytes), size});
}
StringRef md5_hex(Text s, Env& env) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(s.data(), s.size(), bytes, &size, EVP_md5(), nullptr) != 1) {
    throw SqlError(sqlstate::kInternalError, "could not compute MD5 hash");
  }
  append_hex(env.buffer, {reinterpret_cast<const char*>(bytes), size});
  return env.keep();
}

int64_t ones(Text s) {
  int64_t n = 0;
  for (char c : s) n += std::popcount(static_cast<uint8_t>(c));
  return n;
}

const Binding kBytes[] = {
    {"byteacat(bytea,bytea)", fn([](Text a, Text b, Env& env) -> StringRef {
       env.buffer = a;
       env.buffer += b;
       return env.keep();
     })},
    {"substr(bytea,int4,int4)",
     fn([](Text s, int32_t a, int32_t n) { return StringRef(checked_substring(s, a, n)); })},
    {"substring(bytea,int4,int4)",
     fn([](Text s, int32_t a, int32_t n) { return StringRef(checked_substring(s, a, n)); })},
    {"substr(bytea,int4)", fn([](Text s, int32_t a) { return StringRef(byte_substring(s, a, -1)); })},
    {"substring(bytea,int4)", fn([](Text s, int32_t a) { return StringRef(byte_substring(s, a, -1)); })},
    {"position(bytea,bytea)", fn([](Text s, Text part) -> int32_t {
       size_t at = s.find(part);
       return at == Text::npos ? 0 : static_cast<int32_t>(at) + 1;
     })},
    {"overlay(bytea,bytea,int4,int4)", fn([](Text s, Text part, int32_t start, int32_t n, Env& env) {
       return byte_overlay(s, part, start, n, env);
     })},
    {"overlay(bytea,bytea,int4)", fn([](Text s, Text part, int32_t start, Env& env) {
       return byte_overlay(s, part, start, static_cast<int32_t>(part.size()), env);
     })},
    {"btrim(bytea,bytea)", fn([](Text s, Text set) { return StringRef(trim_bytes(s, set, true, true)); })},
    {"ltrim(bytea,bytea)", fn([](Text s, Text set) { return StringRef(trim_bytes(s, set, true, false)); })},
    {"rtrim(bytea,bytea)", fn([](Text s, Text set) { return StringRef(trim_bytes(s, set, false, true)); })},
    {"get_byte(bytea,int4)", fn([](Text s, int32_t n) -> int32_t {
       check_index(n, static_cast<int64_t>(s.size()));
       return static_cast<uint8_t>(s[static_cast<size_t>(n)]);
     })},
    {"set_byte(bytea,int4,int4)", fn([](Text s, int32_t n, int32_t v, Env& env) {
       check_index(n, static_cast<int64_t>(s.size()));
       env.buffer = s;
       env.buffer[static_cast<size_t>(n)] = static_cast<char>(v);
       return env.keep();
     })},
    {"get_bit(bytea,int8)", fn([](Text s, int64_t n) -> int32_t {
       check_index(n, static_cast<int64_t>(s.size()) * 8);
       return static_cast<uint8_t>(s[static_cast<size_t>(n / 8)]) >> n % 8 & 1;
     })},
    {"set_bit(bytea,int8,int4)", fn([](Text s, int64_t n, int32_t bit, Env& env) {
       check_index(n, static_cast<int64_t>(s.size()) * 8);
       check_bit(bit);
       env.buffer = s;
       char& c = env.buffer[static_cast<size_t>(n / 8)];
       c = static_cast<char>((c & ~(1 << n % 8)) | bit << n % 8);
       return env.keep();
     })},
    {"bit_count(bytea)", fn([](Text s) { return ones(s); })},
    {"encode(bytea,text)", fn([](Text s, Text format, Env& env) {
       encode_bytes(env.buffer, s, format);
       return env.keep();
     })},
    {"decode(text,text)", fn([](Text s, Text format, Env& env) {
       decode_bytes(env.buffer, s, format);
       return env.keep();
     })},
    {"md5(text)", fn([](Text s, Env& env) { return md5_hex(s, env); })},
    {"md5(bytea)", fn([](Text s, Env& env) { return md5_hex(s, env); })},
    {"sha224(bytea)", fn([](Text s, Env& env) { return digest(EVP_sha224(), s, env); })},
    {"sha256(bytea)", fn([](Text s, Env& env) { return digest(EVP_sha256(), s, env); })},
    {"sha384(bytea)", fn([](Text s, Env& env) { return digest(EVP_sha384(), s, env); })},
    {"sha512(bytea)", fn([](Text s, Env& env) { return digest(EVP_sha512(), s, env); })},
    {"convert_to(text,name)", fn([](const StringRef& s, Text encoding) {
       check_encoding(encoding);
       return s;
     })},
    {"convert_from(bytea,name)", fn([](const StringRef& s, Text encoding) {
       check_encoding(encoding);
       types::utf8_verify(s.view());
       return s;
     })},
};

// --- bit strings
template <class F>
StringRef combine_bits(Text a, Text b, Text name, Env& env, F&& f) {
  if (bit_count(a) != bit_count(b)) {
    throw SqlError(sqlstate::kStringDataLengthMismatch,
                   fmt::format("cannot {} bit strings of different sizes", name));
  }
  env.buffer = a;
  for (size_t i = 4; i < a.size(); ++i) env.buffer[i] = static_cast<char>(f(a[i], b[i]));
  return env.keep();
}

void append_bits(std::string& out, Text v, uint32_t from, uint32_t count, uint32_t at) {
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t to = at + i;
    if (bit_at(v, from + i)) out[4 + to / 8] = static_cast<char>(out[4 + to / 8] | 0x80 >> to % 8);
  }
}
void start_bits(std::string& out, uint32_t bits) {
  append_bit_header(out, bits);
  out.resize(4 + (bits + 7) / 8, '\0');
}
StringRef shift_bits(Text v, int64_t left, Env& env) {
  int64_t n = bit_count(v);
  start_bits(env.buffer, static_cast<uint32_t>(n));
  if (left >= 0 && left < n)
    append_bits(env.buffer, v, static_cast<uint32_t>(left), static_cast<uint32_t>(n - left), 0);
  if (left < 0 && -left < n)
    append_bits(env.buffer, v, 0, static_cast<uint32_t>(n + left), static_cast<uint32_t>(-left));
  return env.keep();
}
StringRef bit_substring(Text v, int32_t start, int64_t count, Env& env) {
  int64_t n = bit_count(v), from = std::max<int64_t>(start, 1);
  int64_t to = count < 0 ? n + 1 : std::min<int64_t>(n + 1, int64_t{start} + count);
  uint32_t bits = to > from ? static_cast<uint32_t>(to - from) : 0;
  start_bits(env.buffer, bits);
  append_bits(env.buffer, v, static_cast<uint32_t>(from - 1), bits, 0);
  return env.keep();
}
StringRef bit_cat(Text a, Text b, Env& env) {
  start_bits(env.buffer, bit_count(a) + bit_count(b));
  append_bits(env.buffer, a, 0, bit_count(a), 0);
  append_bits(env.buffer, b, 0, bit_count(b), bit_count(a));
  return env.keep();
}

const Binding kBits[] = {
    {"bitand(bit,bit)", fn([](Text a, Text b, Env& env) {
       return combine_bits(a, b, "AND", env, [](char x, char y) { return x & y; });
     })},
    {"bitor(bit,bit)", fn([](Text a, Text b, Env& env) {
       return combine_bits(a, b, "OR", env, [](char x, char y) { return x | y; });
     })},
    {"bitxor(bit,bit)", fn([](Text a, Text b, Env& env) {
       return combine_bits(a, b, "XOR", env, [](char x, char y) { return x ^ y; });
     })},
    {"bitnot(bit)", fn([](Text a, Env& env) {
       env.buffer = a;
       for (size_t i = 4; i < a.size(); ++i) env.buffer[i] = static_cast<char>(~a[i]);
       if (bit_count(a) > 0) clear_padding(env.buffer, bit_count(a));
       return env.keep();
     })},
    {"bitshiftleft(bit,int4)", fn([](Text a, int32_t n, Env& env) { return shift_bits(a, n, env); })},
    {"bitshiftright(bit,int4)",
     fn([](Text a, int32_t n, Env& env) { return shift_bits(a, -int64_t{n}, env); })},
    {"bitcat(varbit,varbit)", fn([](Text a, Text b, Env& env) { return bit_cat(a, b, env); })},
    {"substring(bit,int4,int4)", fn([](Text v, int32_t start, int32_t n, Env& env) {
       if (n < 0) throw SqlError(sqlstate::kSubstringError, "negative substring length not allowed");
       return bit_substring(v, start, n, env);
     })},
    {"substring(bit,int4)",
     fn([](Text v, int32_t start, Env& env) { return bit_substring(v, start, -1, env); })},
    {"length(bit)", fn([](Text v) -> int32_t { return static_cast<int32_t>(bit_count(v)); })},
    {"bit_length(bit)", fn([](Text v) -> int32_t { return static_cast<int32_t>(bit_count(v)); })},
    {"octet_length(bit)", fn([](Text v) -> int32_t { return static_cast<int32_t>(v.size() - 4); })},
    {"bit_count(bit)", fn([](Text v) { return ones(bit_bytes(v)); })},
    {"get_bit(bit,int4)", fn([](Text v, int32_t n) -> int32_t {
       if (n < 0 || static_cast<uint32_t>(n) >= bit_count(v)) {
         throw SqlError(sqlstate::kArraySubscriptError,
                        fmt::format("bit index {} out of valid range (0..{})", n,
                                    static_cast<int64_t>(bit_count(v)) - 1));
       }
       return bit_at(v, static_cast<uint32_t>(n)) ? 1 : 0;
     })},
    {"set_bit(bit,int4,int4)", fn([](Text v, int32_t n, int32_t bit, Env& env) {
       if (n < 0 || static_cast<uint32_t>(n) >= bit_count(v)) {
         throw SqlError(sqlstate::kArraySubscriptError,
                        fmt::format("bit index {} out of valid range (0..{})", n,
                                    static_cast<int64_t>(bit_count(v)) - 1));
       }
       check_bit(bit);
       env.buffer = v;
       char& c = env.buffer[4 + static_cast<size_t>(n) / 8];
       int mask = 0x80 >> n % 8;
       c = static_cast<char>(bit != 0 ? c | mask : c & ~mask);
       return env.keep();
     })},
};

}  // namespace

Bindings bytes_bindings() { return kBytes; }
Bindings bit_bindings() { return kBits; }

}  // namespace varve::functions
