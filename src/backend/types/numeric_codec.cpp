// numeric as bytes: on the wire, in rows, in index keys.
#include <algorithm>
#include <cstring>

#include "common/bytes.h"
#include "common/check.h"
#include "common/sql_error.h"
#include "decimal.h"
#include "numeric_internal.h"
#include "text_scan.h"
#include "types/numeric.h"

namespace varve::types {

namespace {

using Kind = Numeric::Kind;

constexpr uint16_t kWireNegative = 0x4000, kWireNan = 0xC000, kWireInfinity = 0xD000,
                   kWireNegativeInfinity = 0xF000;

void put_be16(std::string& out, uint16_t v) {
  out.push_back(static_cast<char>(v >> 8));
  out.push_back(static_cast<char>(v));
}

void put_wire_header(std::string& out, size_t digits, int weight, uint16_t sign, int dscale) {
  put_be16(out, static_cast<uint16_t>(digits));
  put_be16(out, static_cast<uint16_t>(weight));
  put_be16(out, sign);
  put_be16(out, static_cast<uint16_t>(dscale));
}

// Row marks.
constexpr uint8_t kRowBig = 0x80, kRowNan = 0xFD, kRowInfinity = 0xFE, kRowNegativeInfinity = 0xFF;

// Key marks.
constexpr uint8_t kKeyZero = 0x80, kKeyTiny = 0x81, kKeyFirst = 0x82, kKeyHuge = 0xC2;
constexpr int kKeyBias = 32, kKeyLongBias = 1 << 23;

// All digits from the first nonzero one to the last, and the exponent of the first.
void significant_digits(const Numeric& v, std::string& digits, int64_t* exponent) {
  if (v.is_inline()) {
    char text[48];
    char* p = text + sizeof text;
    uint128 m = magnitude(v.significand());
    while (m >> 64 != 0) {
      *--p = static_cast<char>('0' + static_cast<int>(m % 10));
      m /= 10;
    }
    for (auto low = static_cast<uint64_t>(m); low != 0; low /= 10) *--p = static_cast<char>('0' + low % 10);
    digits.assign(p, static_cast<size_t>(text + sizeof text - p));
    *exponent = static_cast<int64_t>(digits.size()) - 1 - v.inline_scale();
  } else {
    Decimal d = Decimal::from(v);
    *exponent = d.exponent();
    for (uint32_t limb : d.limbs) {
      for (uint32_t unit = kLimbBase / 10; unit != 0; unit /= 10)
        digits.push_back(static_cast<char>('0' + limb / unit % 10));
    }
    digits.erase(0, digits.find_first_not_of('0'));
  }
  while (!digits.empty() && digits.back() == '0') digits.pop_back();
}

}  // namespace

void send_numeric(std::string& out, const Numeric& v) {
  switch (v.kind()) {
    case Kind::kNan:
      return put_wire_header(out, 0, 0, kWireNan, 0);
    case Kind::kInfinity:
      return put_wire_header(out, 0, 0, kWireInfinity, 0);
    case Kind::kNegativeInfinity:
      return put_wire_header(out, 0, 0, kWireNegativeInfinity, 0);
    default:
      break;
  }
  Decimal d = Decimal::from(v);
  size_t header = out.size(), digits = 0;
  put_wire_header(out, 0, d.weight4(), d.negative ? kWireNegative : 0, d.dscale);
  for (size_t i = 0; i < d.limbs.size(); ++i) {
    uint32_t high = d.limbs[i] / 10'000, low = d.limbs[i] % 10'000;
    if (i != 0 || high != 0) {
      put_be16(out, static_cast<uint16_t>(high));
      ++digits;
    }
    if (i + 1 < d.limbs.size() || low != 0) {
      put_be16(out, static_cast<uint16_t>(low));
      ++digits;
    }
  }
  store_be(out.data() + header, static_cast<uint16_t>(digits));
}

Numeric receive_numeric(std::string_view bytes, Arena& arena) {
  ByteReader reader(bytes);
  auto count = reader.be<uint16_t>();
  auto weight = reader.be<int16_t>();
  auto sign = reader.be<uint16_t>();
  auto dscale = reader.be<uint16_t>();
  if (!reader.ok()) throw_short_binary();
  auto invalid = [](const char* what) {
    return SqlError(sqlstate::kInvalidBinaryRepresentation,
                    std::string("invalid ") + what + " in external \"numeric\" value");
  };
  if (sign != 0 && sign != kWireNegative && sign != kWireNan && sign != kWireInfinity &&
      sign != kWireNegativeInfinity) {
    throw invalid("sign");
  }
  if (dscale > kMaxScale) throw invalid("scale");
  std::string digits;
  digits.reserve(count * size_t{4});
  for (int i = 0; i < count; ++i) {
    auto digit = reader.be<uint16_t>();
    if (!reader.ok()) throw_short_binary();
    if (digit >= 10'000) throw invalid("digit");
    for (int unit = 1000; unit != 0; unit /= 10) digits.push_back(static_cast<char>('0' + digit / unit % 10));
  }
  if (reader.remaining() != 0) throw_bad_binary();
  if (sign == kWireNan) return Numeric::nan();
  if (sign == kWireInfinity) return Numeric::infinity();
  if (sign == kWireNegativeInfinity) return Numeric::negative_infinity();
  Decimal d = Decimal::from_digits(digits, (int64_t{weight} + 1) * 4, dscale, sign == kWireNegative);
  d.round(dscale, true);  // digits beyond the stated scale are dropped
  return d.to_numeric(arena);
}

void append_numeric_row(std::string& out, const Numeric& v) {
  switch (v.kind()) {
    case Kind::kNan:
      out.push_back(static_cast<char>(kRowNan));
      return;
    case Kind::kInfinity:
      out.push_back(static_cast<char>(kRowInfinity));
      return;
    case Kind::kNegativeInfinity:
      out.push_back(static_cast<char>(kRowNegativeInfinity));
      return;
    case Kind::kBig: {
      const BigDecimal& big = *v.big();
      char head[10] = {static_cast<char>(kRowBig), static_cast<char>(big.negative)};
      store_raw(head + 2, big.weight);
      store_raw(head + 6, big.dscale);
      out.append(head, sizeof head);
      out.append(reinterpret_cast<const char*>(big.limbs()), big.size * sizeof(uint32_t));
      return;
    }
    case Kind::kInline:
      break;
  }
  int128 s = v.significand();
  int bits = bit_width128(static_cast<uint128>(s < 0 ? ~s : s)) + 1;  // with the sign
  size_t size = s == 0 ? 0 : static_cast<size_t>(bits + 7) / 8;
  char bytes[17] = {static_cast<char>(v.inline_scale())};
  store_raw(bytes + 1, s);
  out.append(bytes, size + 1);
}

bool is_numeric_row(std::string_view bytes) {
  if (bytes.empty()) return false;
  auto mark = static_cast<uint8_t>(bytes[0]);
  if (mark < kRowBig) return bytes.size() <= 15 && mark <= Numeric::kMaxInlineScale;
  if (mark != kRowBig) return mark == kRowNan || mark == kRowInfinity || mark == kRowNegativeInfinity;
  if (bytes.size() <= 10 || (bytes.size() - 10) % sizeof(uint32_t) != 0) return false;
  for (size_t i = 10; i < bytes.size(); i += sizeof(uint32_t)) {
    if (load_raw<uint32_t>(bytes.data() + i) >= 100'000'000) return false;
  }
  return true;
}

Numeric read_numeric_row(std::string_view bytes, Arena& arena) {
  VARVE_CHECK(!bytes.empty());
  auto mark = static_cast<uint8_t>(bytes[0]);
  if (mark < kRowBig) {
    size_t size = bytes.size() - 1;
    VARVE_CHECK(size <= 14);
    if (size == 0) return Numeric(int128{0}, mark);
    bool negative = (static_cast<uint8_t>(bytes.back()) & 0x80) != 0;
    int128 s = negative ? -1 : 0;
    std::memcpy(&s, bytes.data() + 1, size);
    return Numeric(s, mark);
  }
  if (mark == kRowNan) return Numeric::nan();
  if (mark == kRowInfinity) return Numeric::infinity();
  if (mark == kRowNegativeInfinity) return Numeric::negative_infinity();
  VARVE_CHECK(mark == kRowBig && bytes.size() >= 10 && (bytes.size() - 10) % sizeof(uint32_t) == 0);
  size_t limbs = (bytes.size() - 10) / sizeof(uint32_t);
  void* at = arena.allocate(sizeof(BigDecimal) + limbs * sizeof(uint32_t));
  auto* big = new (at) BigDecimal{static_cast<uint32_t>(limbs), load_raw<int32_t>(bytes.data() + 2),
                                  load_raw<int32_t>(bytes.data() + 6), static_cast<uint32_t>(bytes[1])};
  std::memcpy(big + 1, bytes.data() + 10, limbs * sizeof(uint32_t));
  return Numeric::from_big(big);
}

void append_numeric_key(std::string& out, const Numeric& v) {
  if (!v.is_finite()) {
    out.push_back(static_cast<char>(v.is_nan() ? 0xFF : v.kind() == Kind::kInfinity ? 0xFE : 0x00));
    return;
  }
  int sign = sign_of(v);
  if (sign == 0) {
    out.push_back(static_cast<char>(kKeyZero));
    return;
  }
  std::string digits;
  int64_t exponent;
  significant_digits(v, digits, &exponent);
  size_t start = out.size();
  if (exponent >= -kKeyBias && exponent < kKeyBias) {
    out.push_back(static_cast<char>(kKeyFirst + exponent + kKeyBias));
  } else {
    auto biased = static_cast<uint32_t>(exponent + kKeyLongBias);
    out.push_back(static_cast<char>(exponent < 0 ? kKeyTiny : kKeyHuge));
    for (int shift = 16; shift >= 0; shift -= 8) out.push_back(static_cast<char>(biased >> shift));
  }
  for (size_t i = 0; i < digits.size(); i += 2) {
    int pair = (digits[i] - '0') * 10 + (i + 1 < digits.size() ? digits[i + 1] - '0' : 0);
    out.push_back(static_cast<char>(pair + 1));
  }
  out.push_back(0);
  if (sign < 0) {
    for (size_t i = start; i < out.size(); ++i) out[i] = static_cast<char>(~out[i]);
  }
}

bool read_numeric_key(std::string_view& bytes, Numeric* v, Arena& arena) {
  if (bytes.empty()) return false;
  auto first = static_cast<uint8_t>(bytes[0]);
  bytes.remove_prefix(1);
  switch (first) {
    case 0x00:
      *v = Numeric::negative_infinity();
      return true;
    case 0xFE:
      *v = Numeric::infinity();
      return true;
    case 0xFF:
      *v = Numeric::nan();
      return true;
    case kKeyZero:
      *v = Numeric();
      return true;
    default:
      break;
  }
  uint8_t flip = first < kKeyZero ? 0xFF : 0;
  size_t at = 0;
  auto next = [&](uint8_t* byte) {
    if (at == bytes.size()) return false;
    *byte = static_cast<uint8_t>(bytes[at++]) ^ flip;
    return true;
  };
  first ^= flip;
  if (first < kKeyTiny || first > kKeyHuge) return false;
  int64_t exponent = first - kKeyFirst - kKeyBias;
  if (first == kKeyTiny || first == kKeyHuge) {
    uint32_t biased = 0;
    for (int i = 0; i < 3; ++i) {
      uint8_t byte;
      if (!next(&byte)) return false;
      biased = biased << 8 | byte;
    }
    exponent = static_cast<int64_t>(biased) - kKeyLongBias;
  }
  std::string digits;
  for (;;) {
    uint8_t byte;
    if (!next(&byte) || byte > 100) return false;
    if (byte == 0) break;
    digits.push_back(static_cast<char>('0' + (byte - 1) / 10));
    digits.push_back(static_cast<char>('0' + (byte - 1) % 10));
  }
  while (!digits.empty() && digits.back() == '0') digits.pop_back();
  int64_t dscale = std::max<int64_t>(0, static_cast<int64_t>(digits.size()) - 1 - exponent);
  if (digits.empty() || dscale > kMaxScale || exponent >= (kMaxWeight4 + 1) * 4) return false;
  bytes.remove_prefix(at);
  *v = Decimal::from_digits(digits, exponent + 1, static_cast<int>(dscale), flip != 0).to_numeric(arena);
  return true;
}

struct NumericSum::Wide {
  Decimal sum;
  int64_t nans = 0, infinities = 0, negative_infinities = 0;
};

NumericSum::~NumericSum() { delete wide_; }

NumericSum::NumericSum(NumericSum&& other) noexcept { *this = std::move(other); }

NumericSum& NumericSum::operator=(NumericSum&& other) noexcept {
  std::swap(sum_, other.sum_);
  std::swap(scale_, other.scale_);
  std::swap(room_, other.room_);
  std::swap(max_scale_, other.max_scale_);
  std::swap(count_, other.count_);
  std::swap(wide_, other.wide_);
  return *this;
}

void NumericSum::reset() { *this = NumericSum(); }

NumericSum::Wide& NumericSum::wide() {
  if (wide_ == nullptr) wide_ = new Wide();
  return *wide_;
}

void NumericSum::spill() {
  room_ = kRoom;
  if (sum_ == 0) return;
  Arena arena;
  wide().sum = types::add(wide().sum, Decimal::from(numeric_from_int128(sum_, scale_, arena)));
  sum_ = 0;
}

void NumericSum::add_many_slow(int128 sum, int64_t count, int scale) {
  if (sum_ == 0 && wide_ == nullptr && Numeric::fits_inline(sum)) {  // the first, most likely
    max_scale_ = std::max({max_scale_, scale_, static_cast<int16_t>(scale)});
    scale_ = static_cast<int16_t>(scale);
    sum_ = sum;
    room_ = kRoom - 1;
    count_ += count;
    return;
  }
  Arena arena;
  add_slow(numeric_from_int128(sum, scale, arena), false);
  count_ += count - 1;
}

void NumericSum::add_slow(const Numeric& v, bool negative) {
  if (v.is_inline() && !negative && sum_ == 0 && wide_ == nullptr)
    return add_many_slow(v.significand(), 1, v.inline_scale());
  int64_t step = negative ? -1 : 1;
  count_ += step;
  switch (v.kind()) {
    case Kind::kNan:
      wide().nans += step;
      return;
    case Kind::kInfinity:
      wide().infinities += step;
      return;
    case Kind::kNegativeInfinity:
      wide().negative_infinities += step;
      return;
    case Kind::kBig: {
      max_scale_ = std::max(max_scale_, static_cast<int16_t>(v.big()->dscale));
      wide().sum = types::add(wide().sum, Decimal::from(v), negative);
      return;
    }
    case Kind::kInline:
      break;
  }
  int scale = v.inline_scale();
  int128 s = negative ? -v.significand() : v.significand();
  max_scale_ = std::max(max_scale_, static_cast<int16_t>(scale));
  if (room_ <= 0) spill();
  if (scale > scale_) {
    spill();
    scale_ = static_cast<int16_t>(scale);
  } else if (scale < scale_) {
    auto shift = static_cast<size_t>(scale_ - scale);
    if (shift > 38 || magnitude(s) > kAlignLimit[shift] >> 15) {
      wide().sum = types::add(wide().sum, Decimal::from(v), negative);
      return;
    }
    s *= static_cast<int128>(kPow10[shift]);
  }
  sum_ += s;
  --room_;
}

void NumericSum::merge(const NumericSum& other) {
  max_scale_ = std::max({max_scale_, other.max_scale_, other.scale_});
  const bool fresh = count_ == 0 && sum_ == 0 && wide_ == nullptr && room_ == kRoom;
  count_ += other.count_;
  if (other.wide_ == nullptr) {
    if (fresh) scale_ = other.scale_;
    const int32_t used = kRoom - other.room_;
    if (scale_ == other.scale_ && used < room_) {
      sum_ += other.sum_;
      room_ -= used;
      return;
    }
  }
  spill();
  Arena arena;
  Decimal& sum = wide().sum;
  if (other.wide_ != nullptr) {
    wide_->nans += other.wide_->nans;
    wide_->infinities += other.wide_->infinities;
    wide_->negative_infinities += other.wide_->negative_infinities;
    sum = types::add(sum, other.wide_->sum);
  }
  sum = types::add(sum, Decimal::from(numeric_from_int128(other.sum_, other.scale_, arena)));
}

Numeric NumericSum::sum(Arena& arena) const {
  if (wide_ != nullptr) {
    if (wide_->nans > 0 || (wide_->infinities > 0 && wide_->negative_infinities > 0)) return Numeric::nan();
    if (wide_->infinities > 0) return Numeric::infinity();
    if (wide_->negative_infinities > 0) return Numeric::negative_infinity();
  }
  int scale = std::max(scale_, max_scale_);
  if (wide_ == nullptr && scale == scale_) return numeric_from_int128(sum_, scale, arena);
  Arena scratch;
  Decimal total = Decimal::from(numeric_from_int128(sum_, scale_, scratch));
  if (wide_ != nullptr) total = types::add(total, wide_->sum);
  total.dscale = scale;
  return total.to_numeric(arena);
}

Numeric NumericSum::average(Arena& arena) const { return div(sum(arena), Numeric(count_), arena); }

}  // namespace varve::types
