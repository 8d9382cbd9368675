// bit and bit varying.
#include <string>

#include "common/bytes.h"
#include "common/sql_error.h"
#include "text_scan.h"
#include "types/text_codec.h"
#include "types/utf8.h"

namespace varve::types {

namespace {

void check_bit_length(size_t bits, int32_t declared) {
  if (declared >= 0 && bits != static_cast<size_t>(declared)) {
    throw SqlError(sqlstate::kStringDataLengthMismatch, "bit string length " + std::to_string(bits) +
                                                            " does not match type bit(" +
                                                            std::to_string(declared) + ')');
  }
}
void check_varbit_length(size_t bits, int32_t declared) {
  if (declared >= 0 && bits > static_cast<size_t>(declared)) {
    throw SqlError(sqlstate::kStringDataRightTruncation,
                   "bit string too long for type bit varying(" + std::to_string(declared) + ')');
  }
}

// Takes the base mark off the front: b (the default) or x.
bool take_base(std::string_view& digits) {
  if (digits.empty() || (lower(digits[0]) != 'b' && lower(digits[0]) != 'x')) return false;
  bool hex = lower(digits[0]) == 'x';
  digits.remove_prefix(1);
  return hex;
}

void put_bits(std::string& out, std::string_view digits, bool hex) {
  size_t bits = digits.size() * (hex ? 4 : 1), at = out.size();
  out.resize(at + 4 + (bits + 7) / 8, '\0');
  store_raw(out.data() + at, static_cast<uint32_t>(bits));
  char* bytes = out.data() + at + 4;
  for (size_t i = 0; i < digits.size(); ++i) {
    char c = lower(digits[i]);
    int value = is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (value < 0 || (!hex && value > 1)) {
      throw SqlError(sqlstate::kInvalidTextRepresentation,
                     '"' + std::string(digits.substr(i, utf8_char_bytes(digits[i]))) + "\" is not a valid " +
                         (hex ? "hexadecimal" : "binary") + " digit");
    }
    size_t shift = hex ? (i % 2 == 0 ? 4 : 0) : 7 - i % 8;
    bytes[hex ? i / 2 : i / 8] |= static_cast<char>(value << shift);
  }
}

void receive_bits(std::string& out, std::string_view bytes, size_t* bits) {
  ByteReader reader(bytes);
  auto length = reader.be<int32_t>();
  if (!reader.ok()) throw_short_binary();
  if (length < 0 || length > INT32_MAX - 7) {
    throw SqlError(sqlstate::kInvalidBinaryRepresentation, "invalid length in external bit string");
  }
  *bits = static_cast<size_t>(length);
  check_binary_size(bytes, 4 + (*bits + 7) / 8);
  size_t at = out.size();
  out.append(4, '\0');
  store_raw(out.data() + at, static_cast<uint32_t>(length));
  out += bytes.substr(4);
  if (*bits % 8 != 0) out.back() = static_cast<char>(out.back() & (0xFF << (8 - *bits % 8)));
}

}  // namespace

void parse_bit(std::string& out, std::string_view text, int32_t bits) {
  bool hex = take_base(text);
  check_bit_length(text.size() * (hex ? 4 : 1), bits);
  put_bits(out, text, hex);
}

void parse_varbit(std::string& out, std::string_view text, int32_t max_bits) {
  bool hex = take_base(text);
  check_varbit_length(text.size() * (hex ? 4 : 1), max_bits);
  put_bits(out, text, hex);
}

void append_bit(std::string& out, std::string_view value) {
  auto bits = load_raw<uint32_t>(value.data());
  for (uint32_t i = 0; i < bits; ++i) out.push_back((value[4 + i / 8] >> (7 - i % 8) & 1) != 0 ? '1' : '0');
}

void receive_bit(std::string& out, std::string_view bytes, int32_t bits) {
  size_t length;
  receive_bits(out, bytes, &length);
  check_bit_length(length, bits);
}

void receive_varbit(std::string& out, std::string_view bytes, int32_t max_bits) {
  size_t length;
  receive_bits(out, bytes, &length);
  check_varbit_length(length, max_bits);
}

void send_bit(std::string& out, std::string_view value) {
  char length[4];
  store_be(length, load_raw<uint32_t>(value.data()));
  out.append(length, 4);
  out += value.substr(4);
}

}  // namespace varve::types
