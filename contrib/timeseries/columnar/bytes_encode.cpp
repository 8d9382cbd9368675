#include <algorithm>
#include <lz4.h>
#include <unordered_map>
#include <zstd.h>

#include "bytes_codec.h"
#include "cost_model.h"

namespace varve::columnar {
namespace {

using Strings = std::span<const std::string_view>;

// General compression is tried on vectors that are this large after everything else.
constexpr size_t kStaysLarge = 16384;
constexpr int kZstdLevel = 3;

struct Draft {
  Codec codec = Codec::kPlain;
  std::vector<int64_t> lengths;
  Bytes payload;
  double cost = 0;
};

void price(Draft& draft, size_t decoded_bytes) {
  IntPlan lengths = plan_ints(draft.lengths);
  draft.cost = lengths.cost +
               cost_of(draft.codec, static_cast<double>(draft.payload.size() + sizeof(StreamHeader) + 8),
                       static_cast<double>(draft.lengths.size()), static_cast<double>(decoded_bytes));
}

Draft plain_draft(Strings strings) {
  Draft draft;
  for (std::string_view s : strings) {
    draft.lengths.push_back(static_cast<int64_t>(s.size()));
    append_bytes(draft.payload, s.data(), s.size());
  }
  price(draft, draft.payload.size());
  return draft;
}

Draft fsst_draft(Strings strings, const FsstEncoder& encoder, size_t decoded_bytes) {
  Draft draft;
  draft.codec = Codec::kFsst;
  for (std::string_view s : strings) {
    size_t before = draft.payload.size();
    encoder.encode(s, draft.payload);
    draft.lengths.push_back(static_cast<int64_t>(draft.payload.size() - before));
  }
  price(draft, decoded_bytes);
  return draft;
}

// Empty payload: the library would not shorten it.
Draft block_draft(const Draft& plain, Codec codec) {
  Draft draft;
  draft.codec = codec;
  const auto* from = reinterpret_cast<const char*>(plain.payload.data());
  size_t size = plain.payload.size();
  draft.payload.resize(size);
  if (codec == Codec::kLz4) {
    int n = LZ4_compress_default(from, reinterpret_cast<char*>(draft.payload.data()), static_cast<int>(size),
                                 static_cast<int>(size));
    draft.payload.resize(n > 0 ? static_cast<size_t>(n) : 0);
  } else {
    size_t n = ZSTD_compress(draft.payload.data(), size, from, size, kZstdLevel);
    draft.payload.resize(ZSTD_isError(n) ? 0 : n);
  }
  draft.lengths = plain.lengths;
  price(draft, size);
  return draft;
}

std::vector<std::string_view> sorted_distinct(Strings strings) {
  std::vector<std::string_view> entries;
  for (std::string_view s : strings) {
    if (s.data() != nullptr) entries.push_back(s);
  }
  std::sort(entries.begin(), entries.end());
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  return entries;
}

// Entries of the rows; a NULL's is that of the row before it.
std::vector<int64_t> codes_of(Strings strings, const std::vector<std::string_view>& entries) {
  std::vector<int64_t> codes;
  int64_t last = 0;
  for (std::string_view s : strings) {
    if (s.data() != nullptr) last = std::lower_bound(entries.begin(), entries.end(), s) - entries.begin();
    codes.push_back(last);
  }
  return codes;
}

void write_draft(const Draft& draft, size_t decoded_bytes, Bytes& out) {
  StreamWriter writer(out, draft.codec, draft.lengths.size());
  if (draft.codec != Codec::kPlain) writer.header().b = static_cast<uint32_t>(decoded_bytes);
  encode_ints(draft.lengths, out);
  append_raw(out, static_cast<uint64_t>(draft.payload.size()));
  size_t at = out.size();
  append_bytes(out, draft.payload.data(), draft.payload.size());
  pad_to_8(out, at);
  writer.finish();
}

// The cheapest of kPlain … kZstd.
Draft best_draft(Strings strings, const FsstEncoder* fsst, size_t* decoded_bytes) {
  Draft plain = plain_draft(strings), best = plain;
  *decoded_bytes = plain.payload.size();
  if (fsst != nullptr && !plain.payload.empty()) {
    Draft coded = fsst_draft(strings, *fsst, *decoded_bytes);
    if (coded.cost < best.cost) best = std::move(coded);
  }
  if (best.payload.size() < kStaysLarge) return best;
  for (Codec codec : {Codec::kLz4, Codec::kZstd}) {
    Draft block = block_draft(plain, codec);
    if (!block.payload.empty() && block.cost < best.cost) best = std::move(block);
  }
  return best;
}

}  // namespace

void encode_strings(std::span<const std::string_view> strings, Bytes& out) {
  size_t decoded_bytes = 0;
  Draft draft = best_draft(strings, nullptr, &decoded_bytes);
  write_draft(draft, decoded_bytes, out);
}

BytesEncoder::BytesEncoder(std::span<const std::string_view> column) : column_(column) {
  for (std::string_view s : column_) total_bytes_ += s.size();
  choose_dictionary();
  choose_symbols();
}

void BytesEncoder::choose_dictionary() {
  std::unordered_map<std::string_view, uint32_t> found;
  size_t entry_bytes = 0;
  for (std::string_view s : column_) {
    if (s.data() == nullptr || !found.try_emplace(s, 0).second) continue;
    entry_bytes += s.size() + 1;
    if (found.size() > kMaxSharedEntries || entry_bytes > total_bytes_ / 2) return;
  }
  if (found.empty()) return;
  // It must save a fifth, counting codes of full width; vectors that do better without it may.
  size_t codes_bytes = column_.size() * bits_of(found.size() - 1) / 8;
  if ((entry_bytes + codes_bytes) * 5 > total_bytes_ * 4) return;
  for (const auto& [s, code] : found) entries_.push_back(s);
  std::sort(entries_.begin(), entries_.end());
  for (size_t i = 0; i < entries_.size(); ++i) found[entries_[i]] = static_cast<uint32_t>(i);
  uint16_t last = 0;
  codes_.reserve(column_.size());
  for (std::string_view s : column_) {
    if (s.data() != nullptr) last = static_cast<uint16_t>(found[s]);
    codes_.push_back(last);
  }
}

void BytesEncoder::choose_symbols() {
  constexpr size_t kWorthATable = 1024;
  const auto& strings = entries_.empty() ? column_ : std::span<const std::string_view>(entries_);
  size_t bytes = 0;
  for (std::string_view s : strings) bytes += s.size();
  if (bytes < kWorthATable) return;
  symbols_ = build_symbol_table(strings);
  FsstEncoder encoder(symbols_);
  // The table must pay on a sample that is not small against it.
  Bytes coded;
  size_t sampled = 0, stride = std::max<size_t>(1, bytes / 65536);
  for (size_t i = 0; i < strings.size(); i += stride) {
    encoder.encode(strings[i], coded);
    sampled += strings[i].size();
  }
  if (sampled > 0 && coded.size() < sampled * 9 / 10) fsst_.emplace(std::move(encoder));
}

void BytesEncoder::append_strings(std::span<const std::string_view> strings, Bytes& out) const {
  size_t decoded_bytes = 0;
  Draft draft = best_draft(strings, fsst_ ? &*fsst_ : nullptr, &decoded_bytes);
  write_draft(draft, decoded_bytes, out);
}

Bytes BytesEncoder::shared_block() const {
  Bytes out;
  if (!fsst_ && entries_.empty()) return out;
  Bytes table;
  if (fsst_) symbols_.serialize(table);
  append_raw(out, static_cast<uint32_t>(entries_.size()));
  append_raw(out, static_cast<uint32_t>(table.size()));
  append_bytes(out, table.data(), table.size());
  pad_to_8(out, 0);
  for (size_t i = 0; i < entries_.size(); i += kVectorRows) {
    append_strings(std::span(entries_).subspan(i, std::min<size_t>(kVectorRows, entries_.size() - i)), out);
  }
  return out;
}

Status BytesEncoder::encode(size_t first, size_t count, Bytes& out) const {
  Strings rows = column_.subspan(first, count);
  uint64_t bytes = 0;
  for (std::string_view s : rows) bytes += s.size();
  if (bytes > kMaxVectorBytes)
    return Status::invalid("the values of one vector of a column segment exceed 1 GiB");

  size_t decoded_bytes = 0;
  Draft direct = best_draft(rows, fsst_ ? &*fsst_ : nullptr, &decoded_bytes);
  double best_cost = direct.cost;
  auto values = static_cast<double>(count);

  std::vector<int64_t> shared_codes;
  if (!codes_.empty()) {
    shared_codes.assign(codes_.begin() + static_cast<ptrdiff_t>(first),
                        codes_.begin() + static_cast<ptrdiff_t>(first + count));
    double cost =
        plan_ints(shared_codes).cost + cost_of(Codec::kSharedDictionary, sizeof(StreamHeader), values);
    if (cost < best_cost)
      best_cost = cost;
    else
      shared_codes.clear();
  }
  std::vector<std::string_view> entries = sorted_distinct(rows);
  if (!entries.empty() && (entries.size() <= count / 2 || entries.size() == 1)) {
    size_t entry_bytes = 0;
    Draft entry_draft = best_draft(entries, fsst_ ? &*fsst_ : nullptr, &entry_bytes);
    std::vector<int64_t> codes = codes_of(rows, entries);
    double cost =
        entry_draft.cost + plan_ints(codes).cost + cost_of(Codec::kDictionary, sizeof(StreamHeader), values);
    if (cost < best_cost) {
      StreamWriter writer(out, Codec::kDictionary, count);
      writer.header().a = static_cast<uint16_t>(entries.size());
      write_draft(entry_draft, entry_bytes, out);
      encode_ints(codes, out);
      writer.finish();
      return {};
    }
  }
  if (!shared_codes.empty()) {
    StreamWriter writer(out, Codec::kSharedDictionary, count);
    encode_ints(shared_codes, out);
    writer.finish();
    return {};
  }
  write_draft(direct, decoded_bytes, out);
  return {};
}

}  // namespace varve::columnar
