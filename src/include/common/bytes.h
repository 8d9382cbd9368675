// Unaligned loads and stores in a stated byte order, and a bounds-checked reader for hostile bytes.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace varve {

template <std::integral T>
constexpr T byte_swap(T v) {
  if constexpr (sizeof(T) == 1)
    return v;
  else if constexpr (sizeof(T) == 2)
    return static_cast<T>(__builtin_bswap16(static_cast<uint16_t>(v)));
  else if constexpr (sizeof(T) == 4)
    return static_cast<T>(__builtin_bswap32(static_cast<uint32_t>(v)));
  else
    return static_cast<T>(__builtin_bswap64(static_cast<uint64_t>(v)));
}

// Host order, any alignment. For in-memory rows and pages (little-endian on every supported machine).
template <class T>
inline T load_raw(const void* p) {
  T v;
  std::memcpy(&v, p, sizeof(T));
  return v;
}
template <class T>
inline void store_raw(void* p, const T& v) {
  std::memcpy(p, &v, sizeof(T));
}

static_assert(std::endian::native == std::endian::little, "disk formats are little-endian host order");

// Network order: the wire protocol's and memcmp-comparable keys'.
template <std::integral T>
inline T load_be(const void* p) {
  return byte_swap(load_raw<T>(p));
}
template <std::integral T>
inline void store_be(void* p, T v) {
  store_raw(p, byte_swap(v));
}

// Reads from the front of a byte range. After the first read past the end every read yields zero and ok() is
// false: check once at the end of a message.
class ByteReader {
 public:
  ByteReader(const void* data, size_t size) : p_(static_cast<const uint8_t*>(data)), end_(p_ + size) {}
  explicit ByteReader(std::string_view s) : ByteReader(s.data(), s.size()) {}

  bool ok() const { return ok_; }
  size_t remaining() const { return static_cast<size_t>(end_ - p_); }
  const uint8_t* position() const { return p_; }

  template <std::integral T>
  T be() {
    return need(sizeof(T)) ? take_be<T>() : T{};
  }
  template <class T>
  T raw() {
    if (!need(sizeof(T))) return T{};
    T v = load_raw<T>(p_);
    p_ += sizeof(T);
    return v;
  }
  std::string_view bytes(size_t n) {
    if (!need(n)) return {};
    std::string_view s(reinterpret_cast<const char*>(p_), n);
    p_ += n;
    return s;
  }
  // Up to, and skipping, a zero byte; the zero is required.
  std::string_view c_string() {
    const void* zero = std::memchr(p_, 0, remaining());
    if (zero == nullptr || !ok_) {
      ok_ = false;
      p_ = end_;
      return {};
    }
    std::string_view s(reinterpret_cast<const char*>(p_),
                       static_cast<size_t>(static_cast<const uint8_t*>(zero) - p_));
    p_ += s.size() + 1;
    return s;
  }

 private:
  bool need(size_t n) {
    if (ok_ && remaining() >= n) return true;
    ok_ = false;
    p_ = end_;
    return false;
  }
  template <std::integral T>
  T take_be() {
    T v = load_be<T>(p_);
    p_ += sizeof(T);
    return v;
  }

  const uint8_t* p_;
  const uint8_t* end_;
  bool ok_ = true;
};

}  // namespace varve
