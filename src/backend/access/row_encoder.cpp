// Values into a row: what is compressed, what goes out of line, what stays there.
#include <algorithm>
#include <lz4.h>

#include "access/overflow.h"
#include "common/bytes.h"
#include "common/sql_error.h"

namespace varve::access {

using types::PhysicalType;
using types::Value;

bool RowEncoder::load_old(const txn::Snapshot& snapshot, Tid tid, bool locked) {
  has_old_ = false;
  written_.clear();
  unneeded_.clear();
  auto any = heap_.has_large();
  check_ok(any.status());
  if (!*any) return false;
  auto found =
      locked ? heap_.fetch_newest(tid, old_buffer_, &old_) : heap_.fetch(snapshot, tid, old_buffer_, &old_);
  check_ok(found.status());
  if (!*found || (old_.flags & kRowHasLarge) == 0) return false;
  layout_.for_each_large(old_, [&](size_t, const StoredValue& v) {
    if (v.form == StoredForm::kOverflow) unneeded_.push_back(load_raw<OverflowPointer>(v.bytes.data()));
  });
  has_old_ = true;
  return true;
}

void RowEncoder::encode(txn::Transaction& txn, std::span<const Value> values,
                        std::span<const Value> old_values) {
  txn_ = &txn;
  written_.clear();
  memory_.clear();
  kept_.clear();
  if (has_old_ && !old_values.empty()) {
    unneeded_.clear();
    layout_.for_each_large(old_, [&](size_t i, const StoredValue& v) {
      const Value& now = values[i];
      const Value& before = old_values[i];
      // A long string that was not assigned to is still the string decoded from the old row; numerics are not
      // worth the comparison.
      const bool same = !now.null && !before.null && now.type == PhysicalType::kString &&
                        now.string.size() == before.string.size() && !now.string.is_inline() &&
                        now.string.data() == before.string.data();
      if (same) {
        kept_.resize(values.size());
        kept_[i] = v;
      } else if (v.form == StoredForm::kOverflow) {
        unneeded_.push_back(load_raw<OverflowPointer>(v.bytes.data()));
      }
    });
  }
  has_old_ = false;
  flags_ = layout_.encode(values, &row_, this, kept_);
}

void RowEncoder::replaced(txn::Transaction& txn) {
  for (const OverflowPointer& p : unneeded_) check_ok(heap_.remove_large(txn, p));
  unneeded_.clear();
}

void RowEncoder::not_written(txn::Transaction& txn) {
  for (const OverflowPointer& p : written_) check_ok(heap_.remove_large(txn, p));
  written_.clear();
}

StoredForm RowEncoder::shrink(StoredForm now, StoredForm pressure, wal::Bytes* bytes) {
  return pressure == StoredForm::kPlain ? compress(bytes) : put_out_of_line(now, bytes);
}

// Worth it from an eighth saved. A long value is tried on its beginning first, so that what cannot be
// compressed costs neither time nor memory.
StoredForm RowEncoder::compress(wal::Bytes* bytes) {
  constexpr size_t kSample = 64 << 10;
  auto compressed = [](wal::Bytes from, std::vector<uint8_t>& to) {
    const size_t limit = from.size() - from.size() / 8;
    to.resize(sizeof(uint32_t) + limit);
    store_raw(to.data(), static_cast<uint32_t>(from.size()));
    int n = LZ4_compress_default(reinterpret_cast<const char*>(from.data()),
                                 reinterpret_cast<char*>(to.data() + sizeof(uint32_t)),
                                 static_cast<int>(from.size()), static_cast<int>(limit));
    to.resize(n <= 0 ? 0 : sizeof(uint32_t) + static_cast<size_t>(n));
    return n > 0;
  };
  std::vector<uint8_t> to;
  if (bytes->size() > 4 * kSample && !compressed(bytes->first(kSample), to)) return StoredForm::kPlain;
  if (!compressed(*bytes, to)) return StoredForm::kPlain;
  to.shrink_to_fit();
  *bytes = memory_.emplace_back(std::move(to));
  return StoredForm::kCompressed;
}

StoredForm RowEncoder::put_out_of_line(StoredForm now, wal::Bytes* bytes) {
  const bool compressed = now == StoredForm::kCompressed;
  wal::Bytes stored = compressed ? bytes->subspan(sizeof(uint32_t)) : *bytes;
  auto pointer = heap_.store_large(*txn_, stored);
  check_ok(pointer.status());
  pointer->compressed = compressed ? 1 : 0;
  pointer->raw_bytes = compressed ? load_raw<uint32_t>(bytes->data()) : static_cast<uint32_t>(bytes->size());
  written_.push_back(*pointer);
  auto& place = memory_.emplace_back(sizeof(OverflowPointer));
  store_raw(place.data(), *pointer);
  *bytes = place;
  return StoredForm::kOverflow;
}

}  // namespace varve::access
