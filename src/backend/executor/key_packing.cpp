#include "key_packing.h"

#include <algorithm>
#include <bit>

namespace varve::executor {

using types::PhysicalType;
using types::StringRef;

namespace {

constexpr uint32_t kWordBits = 64;
constexpr size_t kBlockRows = 512;  // of which the first key's cache lines are still there for the next

bool is_text(KeyOrder order) {
  return order == KeyOrder::kText || order == KeyOrder::kBytes || order == KeyOrder::kPadded;
}

template <class T>
uint64_t signed_bits(const uint8_t* value) {
  return static_cast<uint64_t>(static_cast<int64_t>(load_raw<T>(value))) ^ 1ULL << 63;
}

StringRef without_blanks(const StringRef& padded) {
  const std::string_view view = padded.view();
  const size_t last = view.find_last_not_of(' ');
  return {view.data(), last == std::string_view::npos ? 0 : last + 1};
}

// Eight bytes from `from` on, zeros after the end.
uint64_t bytes_at(std::string_view s, uint32_t from) {
  char bytes[8] = {};
  if (s.size() > from) std::memcpy(bytes, s.data() + from, std::min<size_t>(s.size() - from, 8));
  return load_be<uint64_t>(bytes);
}

}  // namespace

KeyPacking::KeyPacking(const RowFormat& format, std::span<const SortColumn> keys) : format_(&format) {
  for (const SortColumn& column : keys) {
    const KeyOrder order = order_of(column.key);
    if (order == KeyOrder::kByFunction) break;
    keys_.push_back({&column, order});
  }
}

// What of a string matters to its order.
StringRef KeyPacking::text_of(const Key& key, const uint8_t* row) const {
  const auto value = load_raw<StringRef>(format_->value(row, key.column->column));
  return key.order == KeyOrder::kPadded ? without_blanks(value) : value;
}

// Calls `f` with what turns a value's bytes into a number.
template <class F>
void KeyPacking::with_numbers(const Key& key, F&& f) const {
  const PhysicalType type = key.column->key.physical;
  switch (key.order) {
    case KeyOrder::kUnsigned:
      if (type == PhysicalType::kBool) return f([](const uint8_t* v) { return uint64_t{*v}; });
      return f([](const uint8_t* v) { return uint64_t{load_raw<uint32_t>(v)}; });
    case KeyOrder::kSigned:
      if (type == PhysicalType::kInt16) return f(signed_bits<int16_t>);
      if (type == PhysicalType::kInt32) return f(signed_bits<int32_t>);
      return f(signed_bits<int64_t>);
    case KeyOrder::kFloat:
      if (type == PhysicalType::kFloat32)
        return f([](const uint8_t* v) { return ordered_bits(load_raw<float>(v)); });
      return f([](const uint8_t* v) { return ordered_bits(load_raw<double>(v)); });
    default:
      return f([](const uint8_t* v) {
        return static_cast<uint64_t>(whole_part(load_raw<types::Numeric>(v))) ^ 1ULL << 63;
      });
  }
}

void KeyPacking::see(Key& key, std::span<const SortEntry> rows) const {
  const uint32_t column = key.column->column;
  if (is_text(key.order)) {
    const StringRef* last = nullptr;
    StringRef copy;
    for (const SortEntry& entry : rows) {
      if (format_->is_null(entry.row, column)) {
        key.nulls = true;
        continue;
      }
      const StringRef text = text_of(key, entry.row);
      if (last != nullptr && text == *last) continue;  // rows often come in groups
      copy = text;
      last = &copy;
      key.longest_bytes = std::max(key.longest_bytes, text.size());
      if (!key.any || text.compare(key.least_text) < 0) key.least_text = text;
      if (!key.any || text.compare(key.greatest_text) > 0) key.greatest_text = text;
      key.any = true;
    }
    return;
  }
  with_numbers(key, [&](auto number_of) {
    uint64_t least = key.least, greatest = key.greatest;
    for (const SortEntry& entry : rows) {
      if (format_->is_null(entry.row, column)) {
        key.nulls = true;
        continue;
      }
      const uint64_t number = number_of(format_->value(entry.row, column));
      least = std::min(least, number);
      greatest = std::max(greatest, number);
    }
    key.least = least;
    key.greatest = greatest;
    key.any = least <= greatest;
  });
}

void KeyPacking::see(std::span<const SortEntry> rows) {
  for (size_t at = 0; at < rows.size(); at += kBlockRows) {
    for (Key& key : keys_) see(key, rows.subspan(at, std::min(kBlockRows, rows.size() - at)));
  }
}

void KeyPacking::combine(const KeyPacking& other) {
  for (size_t k = 0; k < keys_.size(); ++k) {
    Key& key = keys_[k];
    const Key& seen = other.keys_[k];
    key.nulls = key.nulls || seen.nulls;
    if (!seen.any) continue;
    key.least = std::min(key.least, seen.least);
    key.greatest = std::max(key.greatest, seen.greatest);
    if (!key.any || seen.least_text.compare(key.least_text) < 0) key.least_text = seen.least_text;
    if (!key.any || seen.greatest_text.compare(key.greatest_text) > 0) key.greatest_text = seen.greatest_text;
    key.longest_bytes = std::max(key.longest_bytes, seen.longest_bytes);
    key.any = true;
  }
}

void KeyPacking::fix() {
  uint32_t room = kWordBits;
  size_t fixed = 0;
  for (Key& key : keys_) {
    bool exact = key.order != KeyOrder::kNumeric && key.order != KeyOrder::kBytes;
    if (!key.any) key.least = key.greatest = 0;
    if (key.any && is_text(key.order)) {
      const std::string_view least = key.least_text.view(), greatest = key.greatest_text.view();
      const auto differ = std::mismatch(least.begin(), least.end(), greatest.begin(), greatest.end());
      key.common_bytes = static_cast<uint32_t>(differ.first - least.begin());
      key.least = bytes_at(least, key.common_bytes);
      key.greatest = bytes_at(greatest, key.common_bytes);
      const uint32_t rest = key.longest_bytes - key.common_bytes;
      if (rest > sizeof(uint64_t)) exact = false;
      // The bytes that no string has are zeros of all.
      if (rest < sizeof(uint64_t)) key.drop = 8 * (8 - rest);
      if (key.drop == kWordBits) key.drop = 0;  // all are the same
      key.least >>= key.drop;
      key.greatest >>= key.drop;
    }
    const uint64_t range = key.greatest - key.least;
    key.bits = static_cast<uint32_t>(std::bit_width(range));
    if (key.nulls && (range & (range + 1)) == 0) ++key.bits;  // range + 1 needs one more
    if (key.bits > room) {
      // Least and greatest are shifted alike, so that NULL beside them stays in order.
      uint32_t more = key.bits - room;
      auto bits_after = [&key](uint32_t shift) {
        const uint64_t numbers = (key.greatest >> shift) - (key.least >> shift) + (key.nulls ? 1 : 0);
        return static_cast<uint32_t>(std::bit_width(numbers));
      };
      if (key.drop + more + 1 >= kWordBits) break;
      if (bits_after(more) > room) ++more;  // the ends fall into more steps than their distance has
      key.drop += more;
      key.bits = bits_after(more);
      key.least >>= more;
      key.greatest >>= more;
      exact = false;
    }
    ++fixed;
    room -= key.bits;
    if (exact) exact_keys_ = fixed;
    if (!exact || room == 0) break;
  }
  keys_.resize(fixed);
}

void KeyPacking::pack(const Key& key, std::span<SortEntry> rows) const {
  const uint32_t column = key.column->column;
  const bool nulls_first = key.column->nulls_first;
  const uint64_t range = key.greatest - key.least;
  const uint64_t null_number = nulls_first ? 0 : range + 1;
  const uint64_t first = key.nulls && nulls_first ? 1 : 0;
  auto pack_with = [&](auto number_of) {
    for (SortEntry& entry : rows) {
      uint64_t number = null_number;
      if (!key.nulls || !format_->is_null(entry.row, column)) {
        const uint64_t value = number_of(entry.row) >> key.drop;
        number = (key.column->descending ? key.greatest - value : value - key.least) + first;
      }
      entry.prefix = key.bits == kWordBits ? number : entry.prefix << key.bits | number;
    }
  };
  if (is_text(key.order)) {
    StringRef last;
    uint64_t last_number = bytes_at(last.view(), key.common_bytes);
    pack_with([&](const uint8_t* row) {
      const StringRef text = text_of(key, row);
      if (text == last) return last_number;
      last = text;
      return last_number = bytes_at(text.view(), key.common_bytes);
    });
  } else {
    with_numbers(key, [&](auto number_of) {
      pack_with([&](const uint8_t* row) { return number_of(format_->value(row, column)); });
    });
  }
}

void KeyPacking::pack(std::span<SortEntry> rows) const {
  for (SortEntry& entry : rows) entry.prefix = 0;
  for (size_t at = 0; at < rows.size(); at += kBlockRows) {
    for (const Key& key : keys_) pack(key, rows.subspan(at, std::min(kBlockRows, rows.size() - at)));
  }
}

}  // namespace varve::executor
