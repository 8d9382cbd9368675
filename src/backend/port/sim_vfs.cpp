#include "port/sim_vfs.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace varve::port {

struct SimVfs::Change {
  enum class Kind : uint8_t { kWrite, kTruncate, kAllocate } kind;
  uint64_t offset = 0;  // kTruncate: the new size
  uint64_t size = 0;
  std::vector<uint8_t> bytes;  // kWrite
};

struct SimVfs::Inode {
  bool directory = false;
  std::vector<uint8_t> bytes;    // as processes see them
  std::vector<uint8_t> durable;  // as the disk has them
  std::vector<Change> pending;   // from durable to bytes
};

struct SimVfs::NameChange {
  // One or two names change together (a rename changes two); a null inode removes the name.
  std::vector<std::pair<std::string, std::shared_ptr<Inode>>> names;
  bool touches(std::string_view directory) const {
    return std::any_of(names.begin(), names.end(),
                       [&](const auto& n) { return parent_directory(n.first) == directory; });
  }
};

class SimFile final : public File {
 public:
  SimFile(SimVfs& vfs, std::shared_ptr<SimVfs::Inode> inode)
      : vfs_(vfs), inode_(std::move(inode)), generation_(vfs.generation_) {}

  Result<size_t> pread(void* data, size_t size, uint64_t offset) override {
    std::lock_guard lock(vfs_.mutex_);
    VARVE_RETURN_IF_ERROR(enter(false));
    const auto& bytes = inode_->bytes;
    if (offset >= bytes.size()) return size_t{0};
    size_t n = std::min<uint64_t>(size, bytes.size() - offset);
    std::memcpy(data, bytes.data() + offset, n);
    return n;
  }
  Status pwrite(const void* data, size_t size, uint64_t offset) override {
    auto* p = static_cast<const uint8_t*>(data);
    return change({SimVfs::Change::Kind::kWrite, offset, size, std::vector<uint8_t>(p, p + size)});
  }
  Status truncate(uint64_t size) override { return change({SimVfs::Change::Kind::kTruncate, size, 0, {}}); }
  Status allocate(uint64_t offset, uint64_t size) override {
    return change({SimVfs::Change::Kind::kAllocate, offset, size, {}});
  }
  Status sync() override {
    std::lock_guard lock(vfs_.mutex_);
    VARVE_RETURN_IF_ERROR(enter(true));
    for (const auto& pending : inode_->pending) vfs_.apply(inode_->durable, pending, false);
    inode_->pending.clear();
    return {};
  }
  Result<uint64_t> size() override {
    std::lock_guard lock(vfs_.mutex_);
    VARVE_RETURN_IF_ERROR(enter(false));
    return static_cast<uint64_t>(inode_->bytes.size());
  }

 private:
  Status enter(bool changes) {
    if (generation_ != vfs_.generation_)
      return Status::io_error("file was opened before the simulated crash");
    return vfs_.enter(changes);
  }
  Status change(SimVfs::Change what) {
    std::lock_guard lock(vfs_.mutex_);
    bool crashed_before = vfs_.crashed_;
    if (Status status = enter(true); !status.ok()) {
      // The write during which the power failed may have reached the disk in part.
      if (!crashed_before && vfs_.crashed_) {
        vfs_.apply(inode_->durable, what, true);
        inode_->bytes = inode_->durable;
      }
      return status;
    }
    vfs_.apply(inode_->bytes, what, false);
    inode_->pending.push_back(std::move(what));
    return {};
  }

  SimVfs& vfs_;
  std::shared_ptr<SimVfs::Inode> inode_;
  uint64_t generation_;
};

class SimLock final : public FileLock {
 public:
  SimLock(SimVfs& vfs, std::string path) : vfs_(vfs), path_(std::move(path)), generation_(vfs.generation_) {}
  ~SimLock() override {
    std::lock_guard lock(vfs_.mutex_);
    if (generation_ == vfs_.generation_) vfs_.locks_.erase(path_);
  }

 private:
  SimVfs& vfs_;
  std::string path_;
  uint64_t generation_;
};

SimVfs::SimVfs(uint64_t seed) : random_(seed) {
  auto root = std::make_shared<Inode>();
  root->directory = true;
  names_[""] = root;
  durable_[""] = root;
}
SimVfs::~SimVfs() = default;

Status SimVfs::enter(bool changes) {
  if (crashed_) return Status::io_error("simulated crash");
  uint64_t operation = ++operations_;
  if (operation >= fail_at_ && operation - fail_at_ < fail_count_) {
    return Status::from_errno(fail_errno_, "simulated fault");
  }
  if (changes && ++writes_ >= crash_at_) {
    crash_locked();
    return Status::io_error("simulated crash");
  }
  return {};
}

void SimVfs::apply(std::vector<uint8_t>& bytes, const Change& change, bool torn) {
  uint64_t end = change.offset + change.size;
  switch (change.kind) {
    case Change::Kind::kTruncate:
      if (!torn || random_() % 2 == 0) bytes.resize(change.offset);
      return;
    case Change::Kind::kAllocate:
      if ((!torn || random_() % 2 == 0) && bytes.size() < end) bytes.resize(end);
      return;
    case Change::Kind::kWrite:
      break;
  }
  for (uint64_t at = change.offset; at < end;) {
    uint64_t sector_end = std::min(end, (at / kSectorBytes + 1) * kSectorBytes);
    if (!torn || random_() % 2 == 0) {
      if (bytes.size() < sector_end) bytes.resize(sector_end);
      std::memcpy(bytes.data() + at, change.bytes.data() + (at - change.offset), sector_end - at);
    }
    at = sector_end;
  }
}

void SimVfs::crash_locked() {
  crashed_ = true;
  ++generation_;
  locks_.clear();
  // Names: a prefix of what was done, in order.
  size_t kept = journal_.empty() ? 0 : random_() % (journal_.size() + 1);
  for (size_t i = 0; i < kept; ++i) {
    for (const auto& [path, inode] : journal_[i].names) {
      if (inode)
        durable_[path] = inode;
      else
        durable_.erase(path);
    }
  }
  journal_.clear();
  // Bytes: extremes are as instructive as mixtures, so all, none and half are each tried often. Names that
  // point to one inode are rare enough to let the set below deal with them.
  std::set<Inode*> done;
  auto settle = [&](Inode* inode) {
    if (inode->directory || !done.insert(inode).second) return;
    uint64_t fate = random_() % 4;
    for (const auto& change : inode->pending) {
      if (fate == 0) continue;
      uint64_t one = fate == 1 ? 0 : random_() % 3;
      if (one == 0) apply(inode->durable, change, false);
      if (one == 1) apply(inode->durable, change, true);
    }
    inode->pending.clear();
    inode->bytes = inode->durable;
  };
  for (auto& [path, inode] : durable_) settle(inode.get());
  for (auto& [path, inode] : names_) settle(inode.get());
  names_ = durable_;
}

void SimVfs::crash() {
  std::lock_guard lock(mutex_);
  if (!crashed_) crash_locked();
}

bool SimVfs::crashed() const {
  std::lock_guard lock(mutex_);
  return crashed_;
}

void SimVfs::restart() {
  std::lock_guard lock(mutex_);
  crashed_ = false;
  crash_at_ = kNever;
  fail_at_ = kNever;
}

uint64_t SimVfs::writes() const {
  std::lock_guard lock(mutex_);
  return writes_;
}

uint64_t SimVfs::operations() const {
  std::lock_guard lock(mutex_);
  return operations_;
}

void SimVfs::crash_at_write(uint64_t n) {
  std::lock_guard lock(mutex_);
  crash_at_ = n;
}

void SimVfs::fail_at_operation(uint64_t n, int error_number, uint64_t count) {
  std::lock_guard lock(mutex_);
  fail_at_ = n;
  fail_errno_ = error_number;
  fail_count_ = count;
}

void SimVfs::corrupt(std::string_view path, uint64_t offset) {
  std::lock_guard lock(mutex_);
  auto& inode = *names_.at(std::string(path));
  inode.bytes.at(offset) ^= 0xFF;
  if (offset < inode.durable.size()) inode.durable[offset] ^= 0xFF;
}

Status SimVfs::parent_exists(const std::string& path) const {
  auto it = names_.find(std::string(parent_directory(path)));
  if (it == names_.end() || !it->second->directory) return Status::from_errno(ENOENT, path);
  return {};
}

void SimVfs::name(const std::string& path, std::shared_ptr<Inode> inode) {
  names_[path] = inode;
  journal_.push_back(NameChange{{{path, std::move(inode)}}});
}

Result<std::unique_ptr<File>> SimVfs::open(std::string_view path, OpenMode mode) {
  std::lock_guard lock(mutex_);
  std::string key(path);
  if (mode == OpenMode::kTemporary) {
    VARVE_RETURN_IF_ERROR(enter(true));
    auto directory = names_.find(key);
    if (directory == names_.end()) return Status::from_errno(ENOENT, key);
    if (!directory->second->directory) return Status::from_errno(ENOTDIR, key);
    return std::unique_ptr<File>(std::make_unique<SimFile>(*this, std::make_shared<Inode>()));
  }
  auto it = names_.find(key);
  bool creates = it == names_.end() && mode != OpenMode::kExisting;
  VARVE_RETURN_IF_ERROR(enter(creates));
  if (it == names_.end()) {
    if (mode == OpenMode::kExisting) return Status::from_errno(ENOENT, key);
    VARVE_RETURN_IF_ERROR(parent_exists(key));
    auto inode = std::make_shared<Inode>();
    name(key, inode);
    return std::unique_ptr<File>(std::make_unique<SimFile>(*this, std::move(inode)));
  }
  if (mode == OpenMode::kCreateNew) return Status::from_errno(EEXIST, key);
  if (it->second->directory) return Status::from_errno(EISDIR, key);
  return std::unique_ptr<File>(std::make_unique<SimFile>(*this, it->second));
}

Status SimVfs::rename(std::string_view from, std::string_view to) {
  std::lock_guard lock(mutex_);
  VARVE_RETURN_IF_ERROR(enter(true));
  std::string a(from);
  std::string b(to);
  auto it = names_.find(a);
  if (it == names_.end()) return Status::from_errno(ENOENT, a);
  VARVE_RETURN_IF_ERROR(parent_exists(b));
  auto inode = it->second;
  names_.erase(it);
  names_[b] = inode;
  journal_.push_back(NameChange{{{a, nullptr}, {b, inode}}});
  return {};
}

Status SimVfs::remove(std::string_view path) {
  std::lock_guard lock(mutex_);
  VARVE_RETURN_IF_ERROR(enter(true));
  std::string key(path);
  if (names_.erase(key) == 0) return Status::from_errno(ENOENT, key);
  journal_.push_back(NameChange{{{key, nullptr}}});
  return {};
}

Result<bool> SimVfs::exists(std::string_view path) {
  std::lock_guard lock(mutex_);
  VARVE_RETURN_IF_ERROR(enter(false));
  return names_.contains(std::string(path));
}

Result<std::vector<std::string>> SimVfs::list(std::string_view directory) {
  std::lock_guard lock(mutex_);
  VARVE_RETURN_IF_ERROR(enter(false));
  auto it = names_.find(std::string(directory));
  if (it == names_.end() || !it->second->directory) return Status::from_errno(ENOENT, std::string(directory));
  std::vector<std::string> result;
  for (const auto& [path, inode] : names_) {
    if (!path.empty() && parent_directory(path) == directory)
      result.push_back(path.substr(directory.empty() ? 0 : directory.size() + 1));
  }
  return result;
}

Status SimVfs::make_directory(std::string_view path) {
  std::lock_guard lock(mutex_);
  VARVE_RETURN_IF_ERROR(enter(true));
  std::string key(path);
  if (names_.contains(key)) return {};
  VARVE_RETURN_IF_ERROR(parent_exists(key));
  auto inode = std::make_shared<Inode>();
  inode->directory = true;
  name(key, std::move(inode));
  return {};
}

Status SimVfs::sync_directory(std::string_view path) {
  std::lock_guard lock(mutex_);
  VARVE_RETURN_IF_ERROR(enter(true));
  std::vector<NameChange> rest;
  for (auto& change : journal_) {
    if (!change.touches(path)) {
      rest.push_back(std::move(change));
      continue;
    }
    for (const auto& [name, inode] : change.names) {
      if (inode)
        durable_[name] = inode;
      else
        durable_.erase(name);
    }
  }
  journal_ = std::move(rest);
  return {};
}

Result<std::unique_ptr<FileLock>> SimVfs::lock(std::string_view path) {
  std::lock_guard lock(mutex_);
  VARVE_RETURN_IF_ERROR(enter(false));
  std::string key(path);
  if (!locks_.insert(key).second) return Status(StatusCode::kBusy, "lock file \"" + key + "\" is held");
  return std::unique_ptr<FileLock>(std::make_unique<SimLock>(*this, key));
}

}  // namespace varve::port
