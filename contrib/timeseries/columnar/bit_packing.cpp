#include "bit_packing.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>
#include <utility>

#include "common/bytes.h"

namespace varve::columnar {
namespace {

template <class L>
struct LaneVector {
  typedef L type __attribute__((vector_size(16)));
};
// There are no shifts of bytes: words of 8 byte lanes are shifted whole and what crosses a lane is masked
// off.
template <>
struct LaneVector<uint8_t> {
  typedef uint64_t type __attribute__((vector_size(16)));
};

template <class L>
constexpr auto repeat(uint64_t lane) {
  if constexpr (sizeof(L) == 1)
    return 0x0101010101010101ULL * lane;
  else
    return static_cast<L>(lane);
}

// Row `R` of a block: the R-th value of every lane.
template <class L, unsigned B, unsigned R>
[[gnu::always_inline]] inline void unpack_row(const uint8_t* in, uint8_t* out) {
  using V = typename LaneVector<L>::type;
  constexpr unsigned kWidth = 8 * sizeof(L);
  constexpr unsigned kWord = R * B / kWidth, kShift = R * B % kWidth;
  constexpr unsigned kHere = std::min(B, kWidth - kShift);  // bits that lie in the first word
  V v;
  std::memcpy(&v, in + 16 * kWord, 16);
  if constexpr (kShift > 0) v >>= kShift;
  if constexpr (kHere < kWidth - kShift || (sizeof(L) == 1 && kHere < kWidth))
    v &= repeat<L>(low_mask(kHere));
  if constexpr (kHere < B) {
    V next;
    std::memcpy(&next, in + 16 * (kWord + 1), 16);
    v |= (next << kHere) & repeat<L>(low_mask(B) & ~low_mask(kHere));
  }
  std::memcpy(out + 16 * R, &v, 16);
}

template <unsigned B>
using LaneOf = std::conditional_t<
    (B <= 8), uint8_t,
    std::conditional_t<(B <= 16), uint16_t, std::conditional_t<(B <= 32), uint32_t, uint64_t>>>;

template <unsigned B>
void unpack_kernel(const uint8_t* __restrict in, uint8_t* __restrict out) {
  using L = LaneOf<B>;
  if constexpr (B == 0) {
    std::memset(out, 0, kPackBlock);
  } else if constexpr (B == 8 * sizeof(L)) {
    std::memcpy(out, in, 16 * B);
  } else {
    [&]<unsigned... R>(std::integer_sequence<unsigned, R...>) { (unpack_row<L, B, R>(in, out), ...); }
    (std::make_integer_sequence<unsigned, 8 * sizeof(L)>());
  }
}

using Kernel = void (*)(const uint8_t* __restrict, uint8_t* __restrict);
template <unsigned... B>
constexpr std::array<Kernel, sizeof...(B)> make_kernels(std::integer_sequence<unsigned, B...>) {
  return {unpack_kernel<B>...};
}
constexpr auto kKernels = make_kernels(std::make_integer_sequence<unsigned, kMaxBits + 1>());

template <class L>
void pack_block(const uint64_t* values, uint32_t count, unsigned bits, uint8_t* out) {
  constexpr unsigned kWidth = 8 * sizeof(L), kLanes = 16 / sizeof(L);
  std::array<L, kPackBlock> words{};
  for (uint32_t i = 0; i < count; ++i) {
    unsigned lane = i % kLanes, at = i / kLanes * bits;
    unsigned word = at / kWidth, shift = at % kWidth;
    words[word * kLanes + lane] |= static_cast<L>(values[i] << shift);
    if (shift + bits > kWidth)
      words[(word + 1) * kLanes + lane] |= static_cast<L>(values[i] >> (kWidth - shift));
  }
  std::memcpy(out, words.data(), 16 * bits);
}

// 128 bytes of 0 or 1 become 128 bits.
void gather_bits(const uint8_t* flags, uint64_t* bitmap) {
  for (unsigned w = 0; w < 2; ++w) {
    uint64_t word = 0;
    for (unsigned i = 0; i < 8; ++i) {
      word |= (load_raw<uint64_t>(flags + w * 64 + i * 8) * 0x0102040810204080ULL >> 56) << (8 * i);
    }
    bitmap[w] = word;
  }
}

template <class L>
void filter_blocks(const uint8_t* in, uint32_t blocks, unsigned bits, L low, L span, uint64_t* bitmap) {
  alignas(64) L lanes[kPackBlock];
  alignas(64) uint8_t flags[kPackBlock];
  for (uint32_t b = 0; b < blocks; ++b, in += 16 * bits, bitmap += 2) {
    kKernels[bits](in, reinterpret_cast<uint8_t*>(lanes));
    for (uint32_t i = 0; i < kPackBlock; ++i) flags[i] = static_cast<L>(lanes[i] - low) <= span;
    gather_bits(flags, bitmap);
  }
}

template <class L, class T>
void unpack_widen(const uint8_t* in, uint32_t blocks, unsigned bits, T base, T* __restrict out) {
  alignas(64) L lanes[kPackBlock];
  Kernel kernel = kKernels[bits];
  for (uint32_t b = 0; b < blocks; ++b, in += 16 * bits, out += kPackBlock) {
    kernel(in, reinterpret_cast<uint8_t*>(lanes));
    for (uint32_t i = 0; i < kPackBlock; ++i) out[i] = static_cast<T>(base + static_cast<T>(lanes[i]));
  }
}

}  // namespace

void pack(const uint64_t* values, uint32_t count, unsigned bits, uint8_t* out) {
  if (bits == 0) return;
  for (; count > 0; out += 16 * bits) {
    uint32_t n = std::min(count, kPackBlock);
    switch (lane_bytes(bits)) {
      case 1:
        pack_block<uint8_t>(values, n, bits, out);
        break;
      case 2:
        pack_block<uint16_t>(values, n, bits, out);
        break;
      case 4:
        pack_block<uint32_t>(values, n, bits, out);
        break;
      default:
        pack_block<uint64_t>(values, n, bits, out);
        break;
    }
    values += n;
    count -= n;
  }
}

void unpack_block(const uint8_t* in, unsigned bits, void* lanes) {
  kKernels[bits](in, static_cast<uint8_t*>(lanes));
}

template <class T>
void unpack_add(const uint8_t* in, uint32_t count, unsigned bits, T base, T* out) {
  uint32_t blocks = pack_blocks(count);
  if (bits == 0) {
    std::fill_n(out, blocks * kPackBlock, base);
    return;
  }
  switch (lane_bytes(bits)) {
    case 1:
      return unpack_widen<uint8_t>(in, blocks, bits, base, out);
    case 2:
      return unpack_widen<uint16_t>(in, blocks, bits, base, out);
    case 4:
      return unpack_widen<uint32_t>(in, blocks, bits, base, out);
    default:
      return unpack_widen<uint64_t>(in, blocks, bits, base, out);
  }
}
template void unpack_add(const uint8_t*, uint32_t, unsigned, uint8_t, uint8_t*);
template void unpack_add(const uint8_t*, uint32_t, unsigned, uint16_t, uint16_t*);
template void unpack_add(const uint8_t*, uint32_t, unsigned, uint32_t, uint32_t*);
template void unpack_add(const uint8_t*, uint32_t, unsigned, uint64_t, uint64_t*);

uint64_t unpack_one(const uint8_t* in, uint32_t i, unsigned bits) {
  if (bits == 0) return 0;
  unsigned bytes = lane_bytes(bits), width = 8 * bytes, lanes = 16 / bytes;
  const uint8_t* block = in + static_cast<size_t>(i / kPackBlock) * 16 * bits;
  unsigned lane = i % lanes, at = i % kPackBlock / lanes * bits;
  auto word = [&](unsigned w) {
    uint64_t v = 0;
    std::memcpy(&v, block + 16 * w + lane * bytes, bytes);
    return v;
  };
  unsigned w = at / width, shift = at % width;
  uint64_t v = word(w) >> shift;
  if (shift + bits > width) v |= word(w + 1) << (width - shift);
  return v & low_mask(bits);
}

void filter_packed(const uint8_t* in, uint32_t count, unsigned bits, uint64_t low, uint64_t high,
                   uint64_t* bitmap) {
  uint32_t blocks = pack_blocks(count);
  high = std::min(high, low_mask(bits));
  if (low > high) {
    std::fill_n(bitmap, blocks * 2, 0);
    return;
  }
  if (low == 0 && high == low_mask(bits)) {
    std::fill_n(bitmap, blocks * 2, ~0ULL);
    return;
  }
  uint64_t span = high - low;
  switch (lane_bytes(bits)) {
    case 1:
      return filter_blocks<uint8_t>(in, blocks, bits, static_cast<uint8_t>(low), static_cast<uint8_t>(span),
                                    bitmap);
    case 2:
      return filter_blocks<uint16_t>(in, blocks, bits, static_cast<uint16_t>(low),
                                     static_cast<uint16_t>(span), bitmap);
    case 4:
      return filter_blocks<uint32_t>(in, blocks, bits, static_cast<uint32_t>(low),
                                     static_cast<uint32_t>(span), bitmap);
    default:
      return filter_blocks<uint64_t>(in, blocks, bits, low, span, bitmap);
  }
}

}  // namespace varve::columnar
