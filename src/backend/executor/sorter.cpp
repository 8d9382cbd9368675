#include "sorter.h"

#include <algorithm>
#include <array>
#include <utility>

namespace varve::executor {

namespace {
constexpr uint32_t kRunBlockRows = 128;
constexpr uint64_t kFewestToCut = 64;  // top-n, once there is a threshold

int compare_values(const SortColumn& key, const void* a, bool a_null, const void* b, bool b_null) {
  if (a_null || b_null) {
    if (a_null && b_null) return 0;
    return a_null == key.nulls_first ? -1 : 1;
  }
  int c = key.key.compare(a, b, key.key.collation);
  return key.descending ? -c : c;
}
template <class T>
int compare_integers(const uint8_t* a, const uint8_t* b) {
  const auto x = load_raw<T>(a), y = load_raw<T>(b);
  return x < y ? -1 : x > y;
}

// Without the type's function, where that is known to do the same.
int compare_plain(KeyOrder order, const KeyType& key, const uint8_t* a, const uint8_t* b) {
  const size_t width = types::physical_width(key.physical);
  switch (order) {
    case KeyOrder::kSigned:
      if (width == 8) return compare_integers<int64_t>(a, b);
      return width == 4 ? compare_integers<int32_t>(a, b) : compare_integers<int16_t>(a, b);
    case KeyOrder::kUnsigned:
      return width == 4 ? compare_integers<uint32_t>(a, b) : compare_integers<uint8_t>(a, b);
    case KeyOrder::kText:
    case KeyOrder::kBytes:
    case KeyOrder::kPadded: {
      const auto x = load_raw<types::StringRef>(a), y = load_raw<types::StringRef>(b);
      if (x == y) return 0;
      auto blank = [](const types::StringRef& s) { return s.size() == 0 || s.view().back() == ' '; };
      if (order == KeyOrder::kPadded && (blank(x) || blank(y))) return key.compare(&x, &y, key.collation);
      return x.compare(y);
    }
    case KeyOrder::kFloat:
    case KeyOrder::kNumeric:
    case KeyOrder::kByFunction:
      break;
  }
  alignas(16) uint8_t x[16], y[16];
  std::memcpy(x, a, width);
  std::memcpy(y, b, width);
  return key.compare(x, y, key.collation);
}
}  // namespace

Sorter::Sorter(ExecutionContext& context, std::span<const types::PhysicalType> types, uint32_t output_columns,
               std::vector<SortColumn> keys, size_t memory_limit)
    : context_(context),
      format_(types, 0),
      output_columns_(output_columns),
      keys_(std::move(keys)),
      has_nulls_(types.size()),
      memory_limit_(memory_limit),
      prefixes_(context.chunk_rows()),
      new_rows_(context.chunk_rows()),
      kept_rows_(context.chunk_rows()) {
  for (const SortColumn& key : keys_) orders_.push_back(order_of(key.key));
}

size_t Sorter::memory_bytes() const {
  size_t bytes = rows_memory_.held_bytes() + heap_.held_bytes() + entries_.capacity() * sizeof(SortEntry);
  for (const Arena& arena : taken_) bytes += arena.held_bytes();
  return bytes;
}

void Sorter::clear() {
  rows_memory_.reset();
  heap_.reset();
  taken_.clear();
  entries_.clear();
  has_nulls_.assign(has_nulls_.size(), false);
  rows_ = returned_ = 0;
  at_ = 0;
  threshold_ = UINT64_MAX;
  last_row_ = nullptr;
  file_.reset();
  stored_.clear();
  runs_.clear();
  heap_of_runs_.clear();
}

void Sorter::add(std::span<const Vector* const> columns, const Selection& given) {
  if (given.count == 0) return;
  Selection rows = given;
  if (!keys_.empty()) {
    exact_keys_ = sort_prefixes(keys_[0], *columns[keys_[0].column], rows, prefixes_.data()) ? 1 : 0;
    if (threshold_ != UINT64_MAX) {
      uint32_t n = 0;
      for (uint32_t i = 0; i < rows.count; ++i) {
        kept_rows_[n] = static_cast<uint16_t>(rows[i]);
        prefixes_[n] = prefixes_[i];
        n += static_cast<uint32_t>(prefixes_[i] <= threshold_);
      }
      rows = {kept_rows_.data(), n};
      if (n == 0) return;
    }
  }
  auto* memory = static_cast<uint8_t*>(rows_memory_.allocate(size_t{format_.width()} * rows.count, 16));
  for (uint32_t i = 0; i < rows.count; ++i) {
    new_rows_[i] = memory + size_t{format_.width()} * i;
    format_.clear_nulls(new_rows_[i]);
  }
  for (uint32_t c = 0; c < format_.column_count(); ++c) {
    format_.scatter(c, *columns[c], rows, new_rows_.data(), heap_);
    if (columns[c]->has_nulls()) has_nulls_[c] = true;
  }
  for (uint32_t i = 0; i < rows.count; ++i)
    entries_.push_back({keys_.empty() ? 0 : prefixes_[i], new_rows_[i]});
  rows_ += rows.count;
  if (limit_ < SIZE_MAX / 4 && limit_ * format_.width() < memory_limit_ / 4) {
    const bool at_once = last_row_ == nullptr && limit_ < kFewestToCut;  // a threshold spares much
    const uint64_t enough = at_once ? limit_ : std::max(limit_ * 2, kFewestToCut);
    if (entries_.size() >= enough) cut_to_limit();
  }
  if (memory_bytes() > memory_budget::share_of(memory_limit_, ExecutionContext::kMinWorkMemBytes))
    write_run();
}

int Sorter::compare_rows(const uint8_t* a, const uint8_t* b, size_t from_key) const {
  for (size_t k = from_key; k < keys_.size(); ++k) {
    const SortColumn& key = keys_[k];
    uint32_t c = key.column;
    size_t width = types::physical_width(key.key.physical);
    const bool a_null = format_.is_null(a, c), b_null = format_.is_null(b, c);
    if (!a_null && !b_null && orders_[k] != KeyOrder::kByFunction) {
      const int order = compare_plain(orders_[k], key.key, format_.value(a, c), format_.value(b, c));
      if (order != 0) return key.descending ? -order : order;
      continue;
    }
    // The same bits are the same value: comparing under a collation costs much more.
    if (a_null == b_null && (a_null || std::memcmp(format_.value(a, c), format_.value(b, c), width) == 0))
      continue;
    alignas(16) uint8_t x[16], y[16];
    std::memcpy(x, format_.value(a, c), width);
    std::memcpy(y, format_.value(b, c), width);
    int r = compare_values(key, x, a_null, y, b_null);
    if (r != 0) return r;
  }
  return 0;
}

template <class Less>
bool Sorter::merge_runs(Less less) {
  constexpr size_t kLongRun = 32;  // on average
  const size_t n = entries_.size();
  if (n < 2 * kLongRun) return false;
  std::vector<size_t> ends;
  for (size_t i = 1; i < n; ++i) {
    if (!less(entries_[i], entries_[i - 1])) continue;
    ends.push_back(i);
    if (ends.size() > i / kLongRun + 4) return false;
  }
  ends.push_back(n);
  Entries merged(ends.size() > 1 ? n : 0);
  while (ends.size() > 1) {
    std::vector<size_t> next;
    size_t from = 0;
    for (size_t r = 0; r < ends.size(); r += 2) {
      const size_t middle = ends[r], to = r + 1 < ends.size() ? ends[r + 1] : middle;
      std::merge(entries_.data() + from, entries_.data() + middle, entries_.data() + middle,
                 entries_.data() + to, merged.data() + from, less);
      next.push_back(from = to);
    }
    entries_.swap(merged);
    ends = std::move(next);
  }
  return true;
}

bool Sorter::pays_to_pack() const {
  if (keys_.empty() || limit_ != UINT64_MAX || orders_[0] == KeyOrder::kByFunction) return false;
  if (keys_.size() > 1) return true;
  const bool inexact_both_ways = orders_[0] == KeyOrder::kNumeric || orders_[0] == KeyOrder::kBytes;
  return exact_keys_ == 0 && !inexact_both_ways;
}

// By the bytes of the prefix, the lowest first; then those with equal prefixes among themselves.
void Sorter::sort_by_prefix() {
  constexpr size_t kBytes = sizeof(uint64_t), kValues = 256;
  const size_t n = entries_.size();
  std::array<std::array<uint32_t, kValues>, kBytes> counts{};
  for (const SortEntry& entry : entries_) {
    for (size_t b = 0; b < kBytes; ++b) ++counts[b][entry.prefix >> (8 * b) & 0xFF];
  }
  Entries other(n);
  for (size_t b = 0; b < kBytes; ++b) {
    std::array<uint32_t, kValues>& starts = counts[b];
    if (starts[entries_[0].prefix >> (8 * b) & 0xFF] == n) continue;  // the same in all
    uint32_t at = 0;
    for (uint32_t& count : starts) at += std::exchange(count, at);
    for (const SortEntry& entry : entries_) other[starts[entry.prefix >> (8 * b) & 0xFF]++] = entry;
    entries_.swap(other);
  }
  if (exact_keys_ == keys_.size()) return;
  for (size_t from = 0, to = 0; from < n; from = to) {
    for (to = from + 1; to < n && entries_[to].prefix == entries_[from].prefix;) ++to;
    if (to - from == 1) continue;
    std::sort(entries_.begin() + static_cast<ptrdiff_t>(from), entries_.begin() + static_cast<ptrdiff_t>(to),
              [this](const SortEntry& a, const SortEntry& b) {
                return compare_rows(a.row, b.row, exact_keys_) < 0;
              });
  }
}

void Sorter::sort_entries() {
  auto sort = [this](auto less) {
    if (merge_runs(less)) return;
    // Input in the opposite order is as common.
    constexpr size_t kTrial = 64;
    size_t falling = 0;
    for (size_t i = 1; i < std::min(kTrial, entries_.size()); ++i)
      falling += less(entries_[i], entries_[i - 1]);
    if (falling > kTrial * 3 / 4) {
      std::reverse(entries_.begin(), entries_.end());
      if (merge_runs(less)) return;
    }
    constexpr size_t kFewestByBytes = 2048;  // std::sort takes as long there
    if (entries_.size() >= kFewestByBytes && entries_.size() <= UINT32_MAX)
      sort_by_prefix();
    else
      std::sort(entries_.begin(), entries_.end(), less);
  };
  if (exact_keys_ == keys_.size())
    sort([](const SortEntry& a, const SortEntry& b) { return a.prefix < b.prefix; });
  else
    sort([this](const SortEntry& a, const SortEntry& b) { return before(a, b); });
}

void Sorter::pack_and_sort() {
  constexpr size_t kFewestToPack = 256;
  if (pays_to_pack() && entries_.size() >= kFewestToPack) {
    KeyPacking packing = measure();
    packing.fix();
    packing.pack(entries_);
    exact_keys_ = packing.exact_keys();
  }
  sort_entries();
}

// Keeps the first limit_ rows, moved to fresh memory.
void Sorter::cut_to_limit() {
  if (limit_ == 0) {
    entries_.clear();
    threshold_ = 0;
    return;
  }
  std::nth_element(entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(limit_ - 1), entries_.end(),
                   [this](const SortEntry& a, const SortEntry& b) { return before(a, b); });
  entries_.resize(limit_);
  threshold_ = entries_.back().prefix;
  Arena rows, heap;
  for (SortEntry& e : entries_) e.row = format_.copy(e.row, rows, heap);
  rows_memory_ = std::move(rows);
  heap_ = std::move(heap);
  last_row_ = entries_.back().row;
}

types::Value Sorter::last_key(size_t number) const {
  const SortColumn& key = keys_[number];
  types::Value v = types::Value::null_of(key.key.physical);
  if (last_row_ == nullptr || format_.is_null(last_row_, key.column)) return v;
  v.null = false;
  std::memcpy(v.words, format_.value(last_row_, key.column), types::physical_width(key.key.physical));
  return v;
}

void Sorter::write_run() {
  context_.check_cancel();
  pack_and_sort();
  if (file_ == nullptr) file_ = std::make_unique<SpillFile>(context_.settings, format_.types());
  stored_.push_back({file_->size_bytes(), entries_.size()});
  Arena vectors;
  Chunk block(static_cast<uint32_t>(format_.column_count()), vectors);
  for (uint32_t c = 0; c < format_.column_count(); ++c)
    block.column(c) = Vector(format_.type(c), vectors, kRunBlockRows);
  uint8_t* pointers[kRunBlockRows];
  for (size_t at = 0; at < entries_.size();) {
    auto n = static_cast<uint32_t>(std::min<size_t>(kRunBlockRows, entries_.size() - at));
    for (uint32_t i = 0; i < n; ++i) pointers[i] = entries_[at + i].row;
    block.reset();
    for (uint32_t c = 0; c < format_.column_count(); ++c) format_.gather(c, pointers, n, block.column(c), 0);
    file_->append(block.columns(), {nullptr, n});
    at += n;
  }
  entries_.clear();
  last_row_ = nullptr;
  rows_memory_.reset();
  heap_.reset();
}

void Sorter::finish() {
  at_ = 0;
  returned_ = 0;
  if (stored_.empty()) {
    if (limit_ < entries_.size() / 4) cut_to_limit();
    pack_and_sort();
    return;
  }
  if (!entries_.empty()) write_run();
  auto later = [this](Run* a, Run* b) { return run_before(*b, *a); };
  for (const StoredRun& s : stored_) {
    auto run = std::make_unique<Run>();
    run->offset = s.offset;
    run->rows_left = s.rows;
    run->chunk = Chunk(static_cast<uint32_t>(format_.column_count()), run->vectors);
    for (uint32_t c = 0; c < format_.column_count(); ++c)
      run->chunk.column(c) = Vector(format_.type(c), run->vectors, kRunBlockRows);
    if (load(*run)) heap_of_runs_.push_back(run.get());
    runs_.push_back(std::move(run));
  }
  std::make_heap(heap_of_runs_.begin(), heap_of_runs_.end(), later);
}

KeyPacking Sorter::measure() const {
  KeyPacking packing(format_, keys_);
  if (pays_to_pack()) packing.see(entries_);
  return packing;
}

void Sorter::finish(const KeyPacking& packing) {
  at_ = 0;
  returned_ = 0;
  if (limit_ < entries_.size() / 4) cut_to_limit();
  if (pays_to_pack()) {
    packing.pack(entries_);
    exact_keys_ = packing.exact_keys();
  }
  sort_entries();
}

void Sorter::merge(Sorter& other) {
  if (other.entries_.empty()) return;
  exact_keys_ = other.exact_keys_;
  Entries both(entries_.size() + other.entries_.size());
  std::merge(entries_.begin(), entries_.end(), other.entries_.begin(), other.entries_.end(), both.begin(),
             [this](const SortEntry& a, const SortEntry& b) { return before(a, b); });
  entries_ = std::move(both);
  rows_ += other.rows_;
  for (size_t c = 0; c < has_nulls_.size(); ++c) has_nulls_[c] = has_nulls_[c] || other.has_nulls_[c];
  taken_.push_back(std::move(other.rows_memory_));
  taken_.push_back(std::move(other.heap_));
  other.rows_memory_ = Arena();
  other.heap_ = Arena();
  other.entries_.clear();
}

bool Sorter::load(Run& run) {
  if (run.rows_left == 0) return false;
  run.chunk.reset();
  run.strings.reset();
  run.at = 0;
  run.count = file_->read(&run.offset, run.chunk.columns(), 0, kRunBlockRows, run.strings);
  run.rows_left -= run.count;
  return run.count > 0;
}

bool Sorter::run_before(const Run& a, const Run& b) const {
  for (const SortColumn& key : keys_) {
    const Vector& x = a.chunk.column(key.column);
    const Vector& y = b.chunk.column(key.column);
    size_t width = types::physical_width(key.key.physical);
    int c =
        compare_values(key, x.raw() + width * a.at, x.is_null(a.at), y.raw() + width * b.at, y.is_null(b.at));
    if (c != 0) return c < 0;
  }
  return false;
}

uint32_t Sorter::next(Chunk& out, uint32_t room) {
  if (returned_ >= limit_) return 0;
  room = static_cast<uint32_t>(std::min<uint64_t>(room, limit_ - returned_));
  uint32_t n = 0;
  if (!stored_.empty()) {
    n = next_merged(out, room);
  } else {
    n = static_cast<uint32_t>(std::min<size_t>(room, entries_.size() - at_));
    for (uint32_t i = 0; i < n; ++i) new_rows_[i] = entries_[at_ + i].row;
    for (uint32_t c = 0; c < output_columns_; ++c) {
      if (has_nulls_[c])
        format_.gather(c, new_rows_.data(), n, out.column(c), 0);
      else
        format_.gather_present(c, new_rows_.data(), n, out.column(c));
    }
    at_ += n;
  }
  returned_ += n;
  return n;
}

// One row at a time from the least run; its strings are copied, since the run's block may be replaced
// meanwhile.
uint32_t Sorter::next_merged(Chunk& out, uint32_t room) {
  auto later = [this](Run* a, Run* b) { return run_before(*b, *a); };
  heap_.reset();
  uint32_t n = 0;
  while (n < room && !heap_of_runs_.empty()) {
    std::pop_heap(heap_of_runs_.begin(), heap_of_runs_.end(), later);
    Run* run = heap_of_runs_.back();
    for (uint32_t c = 0; c < output_columns_; ++c) {
      out.column(c).set_value(n, types::copy_value(run->chunk.column(c).value(run->at), heap_));
    }
    ++n;
    if (++run->at < run->count || load(*run)) {
      std::push_heap(heap_of_runs_.begin(), heap_of_runs_.end(), later);
    } else {
      heap_of_runs_.pop_back();
    }
  }
  return n;
}

}  // namespace varve::executor
