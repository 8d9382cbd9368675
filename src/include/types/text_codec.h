// Text and wire (binary) format of the simple types. For each type X:
//   T parse_X(text)            text input; throws SqlError with PostgreSQL's message (22P02, 22003, …)
//   append_X(out, value)       text output, appended without temporary strings
//   receive_X(bytes)           binary input; throws 22P03 or 08P01 when the length or content is wrong
//   send_X(out, value)         binary output: the message body without its length word
// Dates and times are in datetime.h and interval.h, numeric in numeric.h.
#pragma once

#include <compare>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "types/format_settings.h"

namespace varve::types {

struct Uuid {
  uint8_t bytes[16];
  bool operator==(const Uuid&) const = default;
  std::strong_ordering operator<=>(const Uuid& o) const { return std::memcmp(bytes, o.bytes, 16) <=> 0; }
};
static_assert(sizeof(Uuid) == 16);

// --- bool: any unambiguous prefix of true/false/yes/no, on/off, 1/0.
bool parse_bool(std::string_view text);
inline void append_bool(std::string& out, bool v) { out.push_back(v ? 't' : 'f'); }
bool receive_bool(std::string_view bytes);
void send_bool(std::string& out, bool v);

// --- integers
int16_t parse_int2(std::string_view text);
int32_t parse_int4(std::string_view text);
int64_t parse_int8(std::string_view text);
// Writes at most 20 characters at `to` (no terminator); returns the end.
char* write_int8(char* to, int64_t v);
char* write_uint8(char* to, uint64_t v);
void append_int4(std::string& out, int32_t v);
void append_int8(std::string& out, int64_t v);
inline void append_int2(std::string& out, int16_t v) { append_int4(out, v); }
int16_t receive_int2(std::string_view bytes);
int32_t receive_int4(std::string_view bytes);
int64_t receive_int8(std::string_view bytes);
void send_int2(std::string& out, int16_t v);
void send_int4(std::string& out, int32_t v);
void send_int8(std::string& out, int64_t v);

// --- oid: unsigned, but "-1" is accepted and wraps.
uint32_t parse_oid(std::string_view text);
void append_oid(std::string& out, uint32_t v);

// --- floats, wire format (text: float_format.h)
float receive_float4(std::string_view bytes);
double receive_float8(std::string_view bytes);
void send_float4(std::string& out, float v);
void send_float8(std::string& out, double v);

// --- uuid
Uuid parse_uuid(std::string_view text);
void append_uuid(std::string& out, const Uuid& v);
Uuid receive_uuid(std::string_view bytes);
void send_uuid(std::string& out, const Uuid& v);

// --- bytea: the parsed bytes are appended to `out`. Binary format is the bytes themselves.
void parse_bytea(std::string& out, std::string_view text);
void append_bytea(std::string& out, std::string_view value, ByteaOutput style);

// --- "char": one byte, printed as itself or as \ooo.
char parse_char(std::string_view text);
void append_char(std::string& out, char v);

// --- character strings. `max_chars` is the declared length n, typmod - 4; < 0 means unlimited.
// Text that fits is returned as given. varchar(n): trailing blanks beyond n are cut, anything else is 22001
// `value too long for type character varying(n)`; an explicit cast cuts silently.
std::string_view apply_varchar_length(std::string_view value, int32_t max_chars, bool explicit_cast);
// character(n): the same, and then blank-padded to n characters at `out`.
void append_bpchar(std::string& out, std::string_view value, int32_t max_chars, bool explicit_cast);
// What comparisons, length() and casts of character(n) see: without trailing blanks.
std::string_view trim_bpchar(std::string_view value);
// name: cut to 63 bytes at a character boundary.
std::string_view truncate_name(std::string_view value);

// --- bit and bit varying. In memory: u32 little-endian bit count, then the bits, first bit highest, the last
// byte zero-padded. `max_bits` < 0 means unlimited.
void parse_bit(std::string& out, std::string_view text, int32_t bits);         // bit(n): exactly n, 22026
void parse_varbit(std::string& out, std::string_view text, int32_t max_bits);  // varbit(n): at most n, 22001
void append_bit(std::string& out, std::string_view value);
void receive_bit(std::string& out, std::string_view bytes, int32_t bits);
void receive_varbit(std::string& out, std::string_view bytes, int32_t max_bits);
void send_bit(std::string& out, std::string_view value);

}  // namespace varve::types
