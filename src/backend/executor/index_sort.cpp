#include "executor/index_sort.h"

#include <algorithm>
#include <cstring>

#include "common/bytes.h"
#include "spill_file.h"

namespace varve::executor {
namespace {

constexpr size_t kReadBytes = 64 << 10;  // of a run that is being merged

// A run in the file:  { u32 length | u8 exempt | u64 tid | key bytes } for each entry
constexpr size_t kHeaderBytes = sizeof(uint32_t) + sizeof(uint8_t) + sizeof(uint64_t);

uint64_t key_prefix(std::string_view key) {
  uint8_t bytes[8] = {};
  if (!key.empty()) std::memcpy(bytes, key.data(), std::min<size_t>(key.size(), sizeof(bytes)));
  return load_be<uint64_t>(bytes);
}

}  // namespace

bool IndexSorter::Item::operator<(const Item& other) const {
  if (prefix != other.prefix) return prefix < other.prefix;
  int c = view().compare(other.view());
  return c != 0 ? c < 0 : tid < other.tid;
}

IndexSorter::IndexSorter(const ExecutionSettings& settings, size_t memory_limit_bytes)
    : settings_(settings), memory_limit_bytes_(memory_limit_bytes) {}
IndexSorter::~IndexSorter() = default;

uint64_t IndexSorter::spilled_bytes() const { return file_ == nullptr ? 0 : file_->size(); }

void IndexSorter::add(std::string_view key, Tid tid, bool exempt) {
  // The list doubles when it grows: it must fit the limit then.
  size_t capacity = items_.size() == items_.capacity() ? 2 * items_.capacity() : items_.capacity();
  if (key_bytes_ + key.size() + capacity * sizeof(Item) > memory_limit_bytes_ && !items_.empty()) write_run();
  std::string_view kept = keys_.copy(key);
  key_bytes_ += key.size();
  items_.push_back({key_prefix(kept), kept.data(), static_cast<uint32_t>(kept.size()), exempt, tid.packed()});
  ++count_;
}

void IndexSorter::write_run() {
  std::sort(items_.begin(), items_.end());
  if (file_ == nullptr) file_ = std::make_unique<TempFile>(settings_);
  stored_.push_back({file_->size(), items_.size()});
  for (const Item& item : items_) {
    uint8_t header[kHeaderBytes];
    store_raw(header, item.length);
    store_raw(header + sizeof(uint32_t), static_cast<uint8_t>(item.exempt));
    store_raw(header + sizeof(uint32_t) + sizeof(uint8_t), item.tid);
    file_->append(header, sizeof(header));
    if (item.length != 0) file_->append(item.key, item.length);
  }
  items_.clear();
  keys_.reset();
  key_bytes_ = 0;
}

void IndexSorter::finish() {
  if (stored_.empty()) {
    std::sort(items_.begin(), items_.end());
  } else if (!items_.empty()) {
    write_run();
    items_ = {};
  }
}

// A sorted sequence: a sorter's memory, or a part of its file that is read block by block.
struct IndexMerge::Run {
  const IndexSorter::Item* memory = nullptr;
  TempFile* file = nullptr;
  uint64_t offset = 0, end = 0;  // of what has not been read into `block`
  uint64_t left = 0;             // entries, the one in front not counted
  std::string block;
  size_t at = 0;
  IndexSorter::Item front;

  // False: the end.
  bool advance() {
    if (left == 0) return false;
    --left;
    if (memory != nullptr) {
      front = *memory++;
      return true;
    }
    require(kHeaderBytes);
    front.length = load_raw<uint32_t>(block.data() + at);
    front.exempt = load_raw<uint8_t>(block.data() + at + sizeof(uint32_t)) != 0;
    front.tid = load_raw<uint64_t>(block.data() + at + sizeof(uint32_t) + sizeof(uint8_t));
    require(kHeaderBytes + front.length);
    front.key = block.data() + at + kHeaderBytes;
    front.prefix = key_prefix(front.view());
    at += kHeaderBytes + front.length;
    return true;
  }

  // At least so many bytes from `at` on.
  void require(size_t bytes) {
    if (block.size() - at >= bytes) return;
    block.erase(0, at);
    at = 0;
    size_t have = block.size();
    auto more = static_cast<size_t>(std::min<uint64_t>(end - offset, std::max(kReadBytes, bytes)));
    block.resize(have + more);
    file->read(offset, block.data() + have, more);
    offset += more;
  }
};

namespace {

// Of a heap whose front is the smallest.
constexpr auto kLater = [](const auto* a, const auto* b) { return b->front < a->front; };

}  // namespace

IndexMerge::IndexMerge(std::vector<IndexSorter*> sorters) {
  auto add = [&](std::unique_ptr<Run> run) {
    if (!run->advance()) return;
    heap_.push_back(run.get());
    runs_.push_back(std::move(run));
  };
  for (IndexSorter* sorter : sorters) {
    if (sorter->stored_.empty()) {
      auto run = std::make_unique<Run>();
      run->memory = sorter->items_.data();
      run->left = sorter->items_.size();
      add(std::move(run));
    }
    for (size_t i = 0; i < sorter->stored_.size(); ++i) {
      auto run = std::make_unique<Run>();
      run->file = sorter->file_.get();
      run->offset = sorter->stored_[i].offset;
      run->end = i + 1 < sorter->stored_.size() ? sorter->stored_[i + 1].offset : sorter->file_->size();
      run->left = sorter->stored_[i].items;
      add(std::move(run));
    }
  }
  std::make_heap(heap_.begin(), heap_.end(), kLater);
}
IndexMerge::~IndexMerge() = default;

bool IndexMerge::next(IndexSortEntry* entry) {
  if (current_ != nullptr) {
    if (current_->advance()) {
      heap_.push_back(current_);
      std::push_heap(heap_.begin(), heap_.end(), kLater);
    }
    current_ = nullptr;
  }
  if (heap_.empty()) return false;
  std::pop_heap(heap_.begin(), heap_.end(), kLater);
  current_ = heap_.back();
  heap_.pop_back();
  *entry = {current_->front.view(), Tid::unpack(current_->front.tid), current_->front.exempt};
  return true;
}

}  // namespace varve::executor
