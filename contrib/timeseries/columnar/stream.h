// Writing and reading the framing that every stream has (columnar/format.h).
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "columnar/format.h"
#include "common/bytes.h"
#include "common/status.h"

namespace varve::columnar {

using Bytes = std::vector<uint8_t>;

inline Status damaged(const char* what) { return Status::corruption(std::string("column segment: ") + what); }

constexpr size_t round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

template <class T>
void append_raw(Bytes& out, const T& v) {
  size_t at = out.size();
  out.resize(at + sizeof(T));
  store_raw(out.data() + at, v);
}
inline void append_bytes(Bytes& out, const void* data, size_t size) {
  const auto* p = static_cast<const uint8_t*>(data);
  out.insert(out.end(), p, p + size);
}
// Streams and their parts are multiples of 8 long; `from` is where the part began.
inline void pad_to_8(Bytes& out, size_t from) { out.resize(from + round_up(out.size() - from, 8)); }

// Begins a stream; finish() (once, at its end) pads it and fills in its length.
class StreamWriter {
 public:
  StreamWriter(Bytes& out, Codec codec, size_t count) : out_(out), at_(out.size()) {
    header_ = {static_cast<uint8_t>(codec), kCodecVersion, static_cast<uint16_t>(count), 0, 0, 0, 0, 0};
    out_.resize(at_ + sizeof(StreamHeader));
  }
  StreamHeader& header() { return header_; }
  void finish() {
    pad_to_8(out_, at_);
    header_.bytes = static_cast<uint32_t>(out_.size() - at_);
    store_raw(out_.data() + at_, header_);
  }

 private:
  Bytes& out_;
  size_t at_;
  StreamHeader header_;
};

// Takes parts off the front of untrusted bytes. After a part that is not there everything is empty and ok()
// is false.
class PartReader {
 public:
  explicit PartReader(ByteSpan bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  // Everything was there, and nothing is left.
  bool finished() const { return ok_ && rest_.empty(); }
  ByteSpan rest() const { return rest_; }

  // `size` bytes and zeros up to a multiple of 8.
  ByteSpan part(uint64_t size) {
    if (!ok_ || size > rest_.size() || round_up(size, 8) > rest_.size()) return fail();
    ByteSpan taken = rest_.first(size);
    for (size_t i = size; i < round_up(size, 8); ++i) {
      if (rest_[i] != 0) return fail();
    }
    rest_ = rest_.subspan(round_up(size, 8));
    return taken;
  }
  template <class T>
  T value() {
    static_assert(sizeof(T) % 8 == 0);
    ByteSpan bytes = part(sizeof(T));
    T v{};
    if (ok_) v = load_raw<T>(bytes.data());
    return v;
  }
  // A whole stream with its header; `header` gets a copy.
  ByteSpan stream(StreamHeader* header) {
    *header = {};
    if (rest_.size() < sizeof(StreamHeader)) return fail();
    *header = load_raw<StreamHeader>(rest_.data());
    if (header->bytes < sizeof(StreamHeader) || header->bytes % 8 != 0) return fail();
    return part(header->bytes);
  }

 private:
  ByteSpan fail() {
    ok_ = false;
    rest_ = {};
    return {};
  }

  ByteSpan rest_;
  bool ok_ = true;
};

// The next stream of `in`: its header, with version and count checked, and a reader of what is behind it.
// What else the header says is for the codec.
inline Result<PartReader> open_stream(PartReader& in, StreamHeader* header) {
  ByteSpan bytes = in.stream(header);
  if (!in.ok()) return damaged("truncated stream");
  if (header->version != kCodecVersion) return damaged("unknown codec version");
  if (header->count == 0 || header->count > kVectorRows) return damaged("stream length");
  return PartReader(bytes.subspan(sizeof(StreamHeader)));
}

}  // namespace varve::columnar
