#include "tid_stream.h"

#include <algorithm>

#include "access/key_codec.h"
#include "common/sql_error.h"
#include "executor/index_keys.h"

namespace varve::executor {

using functions::KeyQuery;

namespace {

Tid after(Tid tid) { return Tid::unpack(tid.packed() + 1); }

// Where in an ascending list, from `from` on, the first is that is not below `at_least`: near places first.
size_t gallop(std::span<const Tid> tids, size_t from, Tid at_least) {
  size_t step = 1, low = from;
  while (low + step < tids.size() && tids[low + step] < at_least) {
    low += step;
    step *= 2;
  }
  const size_t high = std::min(tids.size(), low + step + 1);
  return static_cast<size_t>(std::lower_bound(tids.begin() + static_cast<ptrdiff_t>(low),
                                              tids.begin() + static_cast<ptrdiff_t>(high), at_least) -
                             tids.begin());
}

class ListedTids final : public TidStream {
 public:
  explicit ListedTids(std::vector<Tid> tids) : tids_(std::move(tids)) {}
  bool seek(Tid at_least, Tid* tid) override {
    if (at_ < tids_.size()) at_ = gallop(tids_, at_, at_least);
    if (at_ == tids_.size()) return false;
    *tid = tids_[at_];
    return true;
  }

 private:
  std::vector<Tid> tids_;
  size_t at_ = 0;
};

// The rows of one key, a leaf at a time.
class KeyTids final : public TidStream {
 public:
  KeyTids(const TidSource& source, std::string key) : source_(source), key_(std::move(key)) {}
  bool seek(Tid at_least, Tid* tid) override {
    if (at_ < tids_.size()) at_ = gallop(tids_, at_, at_least);
    if (at_ == tids_.size() && !read(std::max(at_least, next_))) return false;
    *tid = tids_[at_];
    return true;
  }

 private:
  bool read(Tid at_least) {
    if (done_) return false;
    check_ok(source_.tree.postings(access::key_bytes(key_), at_least, &tids_, &hint_, source_.reader));
    at_ = 0;
    done_ = tids_.empty();
    if (!done_) next_ = after(tids_.back());
    return !done_;
  }

  TidSource source_;
  std::string key_;
  std::vector<Tid> tids_;
  size_t at_ = 0;
  Tid next_ = Tid::unpack(0);
  PageId hint_;
  bool done_ = false;
};

class CommonTids final : public TidStream {
 public:
  explicit CommonTids(std::vector<std::unique_ptr<TidStream>> parts) : parts_(std::move(parts)) {}
  // Every stretch of Tids that is skipped is one that some part has been asked about.
  bool seek(Tid at_least, Tid* tid) override {
    size_t agreed = 0;
    for (size_t i = 0; agreed < parts_.size(); i = (i + 1) % parts_.size()) {
      Tid found;
      if (!parts_[i]->seek(at_least, &found)) return false;
      agreed = found == at_least ? agreed + 1 : 1;
      at_least = found;
    }
    *tid = at_least;
    return true;
  }

 private:
  std::vector<std::unique_ptr<TidStream>> parts_;
};

class UnitedTids final : public TidStream {
 public:
  explicit UnitedTids(std::vector<std::unique_ptr<TidStream>> parts) : parts_(std::move(parts)) {
    for (auto& part : parts_) {
      Tid first;
      if (part->seek(Tid::unpack(0), &first)) heap_.push_back({first, part.get()});
    }
    std::make_heap(heap_.begin(), heap_.end(), later);
  }
  bool seek(Tid at_least, Tid* tid) override {
    while (!heap_.empty() && heap_.front().tid < at_least) {
      std::pop_heap(heap_.begin(), heap_.end(), later);
      if (heap_.back().part->seek(at_least, &heap_.back().tid))
        std::push_heap(heap_.begin(), heap_.end(), later);
      else
        heap_.pop_back();
    }
    if (heap_.empty()) return false;
    *tid = heap_.front().tid;
    return true;
  }

 private:
  struct Front {
    Tid tid;
    TidStream* part;
  };
  static bool later(const Front& a, const Front& b) { return b.tid < a.tid; }
  std::vector<std::unique_ptr<TidStream>> parts_;
  std::vector<Front> heap_;
};

// Of all keys that begin so. Null: there are too many.
std::unique_ptr<TidStream> open_prefix(const TidSource& source, std::string_view prefix) {
  using Bound = access::Btree::Bound;
  const wal::Bytes bytes = access::key_bytes(prefix);
  auto cursor = source.tree.scan(bytes, Bound::kInclusive, bytes, Bound::kInclusive, false, source.reader);
  std::vector<Tid> tids;
  std::vector<access::Entry> entries;
  const size_t limit = std::max<size_t>(source.memory_limit_bytes / sizeof(Tid), 1024);
  auto compact = [&tids] {
    std::sort(tids.begin(), tids.end());
    tids.erase(std::unique(tids.begin(), tids.end()), tids.end());
  };
  constexpr size_t kBatch = 1024;
  for (;;) {
    check_ok(cursor->next(&entries, kBatch));
    if (entries.empty()) break;
    for (const access::Entry& e : entries) tids.push_back(e.tid);
    if (tids.size() < limit) continue;
    compact();
    if (tids.size() > limit / 2) return nullptr;
  }
  compact();
  return listed_tids(std::move(tids));
}

}  // namespace

std::unique_ptr<TidStream> listed_tids(std::vector<Tid> tids) {
  return std::make_unique<ListedTids>(std::move(tids));
}

std::unique_ptr<TidStream> common_tids(std::vector<std::unique_ptr<TidStream>> parts) {
  std::erase(parts, nullptr);
  if (parts.empty()) return nullptr;
  if (parts.size() == 1) return std::move(parts[0]);
  return std::make_unique<CommonTids>(std::move(parts));
}

std::unique_ptr<TidStream> united_tids(std::vector<std::unique_ptr<TidStream>> parts) {
  if (std::find(parts.begin(), parts.end(), nullptr) != parts.end()) return nullptr;
  if (parts.size() == 1) return std::move(parts[0]);
  return std::make_unique<UnitedTids>(std::move(parts));
}

std::unique_ptr<TidStream> open_tids(const TidSource& source, size_t column, const KeyQuery& query) {
  std::string key;
  std::vector<std::unique_ptr<TidStream>> parts;
  switch (query.kind) {
    case KeyQuery::Kind::kNone:
      return listed_tids({});
    case KeyQuery::Kind::kAll:
      return nullptr;
    case KeyQuery::Kind::kKey:
      set_inverted_key(&key, column, query.key);
      return std::make_unique<KeyTids>(source, std::move(key));
    case KeyQuery::Kind::kPrefix:
      set_inverted_key(&key, column, query.key);
      return open_prefix(source, key);
    case KeyQuery::Kind::kAnd:
    case KeyQuery::Kind::kOr:
      break;
  }
  for (const KeyQuery& part : query.parts) parts.push_back(open_tids(source, column, part));
  return query.kind == KeyQuery::Kind::kAnd ? common_tids(std::move(parts)) : united_tids(std::move(parts));
}

}  // namespace varve::executor
