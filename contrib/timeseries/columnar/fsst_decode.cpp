#include <cstring>

#include "common/check.h"
#include "fsst.h"

namespace varve::columnar {

SymbolTable::SymbolTable() = default;

void SymbolTable::add(std::string_view symbol) {
  VARVE_CHECK(count_ < kMaxSymbols && !symbol.empty() && symbol.size() <= 8);
  std::memcpy(&words_[count_], symbol.data(), symbol.size());
  lengths_[count_++] = static_cast<uint8_t>(symbol.size());
}

void SymbolTable::serialize(Bytes& out) const {
  out.push_back(static_cast<uint8_t>(count_));
  append_bytes(out, lengths_.data(), count_);
  for (unsigned i = 0; i < count_; ++i) append_bytes(out, &words_[i], lengths_[i]);
}

Status SymbolTable::parse(ByteSpan bytes, SymbolTable* table) {
  *table = SymbolTable();
  if (bytes.empty() || bytes[0] > kMaxSymbols || bytes.size() < 1u + bytes[0]) return damaged("symbol table");
  unsigned count = bytes[0];
  size_t at = 1u + count;
  for (unsigned i = 0; i < count; ++i) {
    unsigned length = bytes[1 + i];
    if (length == 0 || length > 8 || length > bytes.size() - at) return damaged("symbol table");
    table->add({reinterpret_cast<const char*>(bytes.data() + at), length});
    at += length;
  }
  return at == bytes.size() ? Status() : damaged("symbol table");
}

size_t SymbolTable::decode_some(ByteSpan codes, uint8_t* out, size_t room) const {
  const uint8_t* in = codes.data();
  const uint8_t* end = in + codes.size();
  uint8_t* const begin = out;
  uint8_t* const limit = out + room;
  auto put = [&](uint8_t code) {
    store_raw(out, words_[code]);
    out += lengths_[code];
  };
  // Four codes write at most 32 bytes: what passes the limit lies in the slack.
  while (end - in >= 4 && out <= limit) {
    uint32_t four = load_raw<uint32_t>(in);
    // A zero byte in ~four is an escape.
    uint32_t escapes = ~four;
    if (((escapes - 0x01010101U) & four & 0x80808080U) == 0) [[likely]] {
      put(static_cast<uint8_t>(four));
      put(static_cast<uint8_t>(four >> 8));
      put(static_cast<uint8_t>(four >> 16));
      put(static_cast<uint8_t>(four >> 24));
      in += 4;
    } else if (*in == kEscape) {
      *out++ = in[1];
      in += 2;
    } else {
      put(*in++);
    }
  }
  while (in < end && out <= limit) {
    if (*in == kEscape) {
      if (end - in < 2) return SIZE_MAX;
      *out++ = in[1];
      in += 2;
    } else {
      put(*in++);
    }
  }
  return in == end && out <= limit ? static_cast<size_t>(out - begin) : SIZE_MAX;
}

Status SymbolTable::decode(ByteSpan codes, uint8_t* out, size_t size) const {
  return decode_some(codes, out, size) == size ? Status() : damaged("coded string");
}

}  // namespace varve::columnar
