#include "stratum.h"

#include <cstring>

#include "common/bytes.h"
#include "common/check.h"
#include "memory/arena.h"

namespace varve::columnar_table {

using access::OverflowPointer;
using access::RowVersion;
using columnar::ValueType;
using types::PhysicalType;
using types::Value;

namespace {

Status damaged(Tid tid) {
  return Status::corruption("the directory of the stratum at " + std::to_string(tid.packed()) +
                            " is damaged");
}

// A value out of line, at an address divisible by 64.
Result<columnar::SegmentBytes> read_large(access::Heap& heap, const OverflowPointer& pointer) {
  columnar::SegmentBytes bytes(pointer.stored_bytes);
  VARVE_RETURN_IF_ERROR(heap.read_large(pointer, bytes.data()));
  return bytes;
}

}  // namespace

ValueType value_type_of(PhysicalType type) {
  switch (type) {
    case PhysicalType::kBool:
      return ValueType::kBool;
    case PhysicalType::kInt16:
      return ValueType::kInt16;
    case PhysicalType::kInt32:
      return ValueType::kInt32;
    case PhysicalType::kInt64:
      return ValueType::kInt64;
    case PhysicalType::kFloat32:
      return ValueType::kFloat32;
    case PhysicalType::kFloat64:
      return ValueType::kFloat64;
    case PhysicalType::kNumeric:
      return ValueType::kNumeric;
    case PhysicalType::kUuid:
      return ValueType::kUuid;
    case PhysicalType::kInterval:
      return ValueType::kFixed16;
    case PhysicalType::kString:
      return ValueType::kBytes;
  }
  VARVE_CHECK(false);
}

Stratum::~Stratum() {
  for (const CachedColumn& c : cached_) {
    if (c.chunk != nullptr) ChunkCache::instance().forget(c.chunk->bytes.size());
  }
}

uint32_t Stratum::vector_rows(uint32_t vector) const {
  const uint32_t first = vector * access::kVectorRows;
  return first >= row_.rows ? 0 : std::min(access::kVectorRows, row_.rows - first);
}

// The same place may be another stratum's later: no two have the same directory.
bool Stratum::is_row(const RowVersion& version) const {
  return version.length >= sizeof(StratumRow) && std::memcmp(version.bytes, &row_, sizeof(StratumRow)) == 0;
}

Result<bool> Stratum::newest(Xid* writer, bool* deleted) const {
  if (is_certain()) {
    *writer = writer_;
    *deleted = false;
    return true;
  }
  access::RowBuffer buffer;
  RowVersion row;
  VARVE_ASSIGN_OR_RETURN(bool found, heap_.fetch_newest(tid_, buffer, &row));
  if (!found || !is_row(row)) return false;
  *writer = row.xid;
  *deleted = (row.flags & access::kRowDeleted) != 0;
  return true;
}

Result<bool> Stratum::look_for_certainty(Xid horizon) {
  Xid writer;
  bool deleted = false;
  VARVE_ASSIGN_OR_RETURN(bool there, newest(&writer, &deleted));
  if (!there || deleted || writer >= horizon) return there;
  std::lock_guard guard(mutex_);
  if (certain_.load(std::memory_order_relaxed)) return true;
  writer_ = writer;
  certain_.store(true, std::memory_order_release);
  return true;
}

Result<bool> Stratum::visible(const txn::Snapshot& snapshot, Xid* writer) const {
  if (is_certain()) {
    if (writer != nullptr) *writer = writer_;
    return true;
  }
  access::RowBuffer buffer;
  RowVersion row;
  VARVE_ASSIGN_OR_RETURN(bool found, heap_.fetch(snapshot, tid_, buffer, &row));
  if (!found || !is_row(row)) return false;
  if (writer != nullptr) *writer = row.xid;
  return true;
}

Result<const Stratum::Directory*> Stratum::directory() {
  if (const Directory* open = open_directory_.load(std::memory_order_acquire)) return open;
  std::lock_guard guard(mutex_);
  if (directory_ != nullptr) return directory_.get();
  VARVE_ASSIGN_OR_RETURN(columnar::SegmentBytes bytes, read_large(heap_, row_.directory));
  auto fresh = std::make_unique<Directory>();
  const size_t entries = sizeof(DirectoryEntry) * row_.columns;
  if (bytes.size() < sizeof(uint32_t) + entries) return damaged(tid_);
  const uint32_t head = load_raw<uint32_t>(bytes.data());
  if (bytes.size() != sizeof(uint32_t) + head + entries) return damaged(tid_);
  VARVE_ASSIGN_OR_RETURN(columnar::Segment segment,
                         columnar::Segment::open({bytes.data() + sizeof(uint32_t), head}));
  if (segment.columns().size() != row_.columns || segment.rows() != row_.rows) return damaged(tid_);
  fresh->segment = std::make_unique<columnar::Segment>(std::move(segment));
  fresh->entries.resize(row_.columns);
  std::memcpy(fresh->entries.data(), bytes.data() + sizeof(uint32_t) + head, entries);
  std::vector<access::ColumnSpec> specs;
  for (const DirectoryEntry& e : fresh->entries) {
    if (e.physical >= types::kPhysicalTypeCount) return damaged(tid_);
    const auto type = static_cast<PhysicalType>(e.physical);
    specs.push_back({type, Value::null_of(type)});
  }
  fresh->layout = std::make_unique<access::RowLayout>(specs);
  directory_ = std::move(fresh);
  open_directory_.store(directory_.get(), std::memory_order_release);
  return directory_.get();
}

Result<const access::RowLayout*> Stratum::layout() {
  VARVE_ASSIGN_OR_RETURN(const Directory* d, directory());
  return d->layout.get();
}

Result<const columnar::ZoneMap*> Stratum::zone(uint32_t column) {
  if (column >= columns()) return nullptr;
  VARVE_ASSIGN_OR_RETURN(const Directory* d, directory());
  return &d->segment->columns()[column].zone;
}

Result<ChunkPtr> Stratum::column(uint32_t column) {
  VARVE_CHECK(column < row_.columns);
  {
    std::lock_guard guard(mutex_);
    if (cached_.empty()) cached_.resize(row_.columns);
    CachedColumn& known = cached_[column];
    if (known.chunk != nullptr) {
      known.used = true;
      return known.chunk;
    }
  }
  VARVE_ASSIGN_OR_RETURN(const Directory* d, directory());
  VARVE_ASSIGN_OR_RETURN(columnar::SegmentBytes bytes, read_large(heap_, d->entries[column].chunk));
  auto reader = columnar::ColumnReader::open(*d->segment, d->segment->columns()[column], bytes.span());
  if (!reader.ok()) return reader.status();
  const size_t size = bytes.size();
  ChunkPtr chunk = std::make_shared<const OpenChunk>(std::move(bytes), std::move(*reader));
  {
    std::lock_guard guard(mutex_);
    CachedColumn& known = cached_[column];
    if (known.chunk != nullptr) return known.chunk;
    known = {chunk, true};
  }
  ChunkCache::instance().add(weak_from_this(), column, size);
  return chunk;
}

size_t Stratum::give_up(uint32_t column) {
  ChunkPtr chunk;  // goes after the mutex
  std::lock_guard guard(mutex_);
  CachedColumn& known = cached_[column];
  if (std::exchange(known.used, false) || known.chunk == nullptr) return 0;
  chunk = std::move(known.chunk);
  return chunk->bytes.size();
}

Status Stratum::remove(txn::Transaction& txn) {
  VARVE_CHECK(removing_.load(std::memory_order_relaxed));
  VARVE_ASSIGN_OR_RETURN(const Directory* d, directory());
  for (const DirectoryEntry& e : d->entries) VARVE_RETURN_IF_ERROR(heap_.remove_large(txn, e.chunk));
  VARVE_RETURN_IF_ERROR(heap_.remove_large(txn, row_.directory));
  const txn::Snapshot newest{Csn{UINT64_MAX >> 1}, txn.xid(), txn::UndoPtr{UINT64_MAX}, nullptr};
  access::RowBuffer buffer;
  VARVE_ASSIGN_OR_RETURN(auto outcome, heap_.remove(txn, newest, tid_, false, buffer, nullptr));
  if (outcome != access::LockOutcome::kLocked) return damaged(tid_);
  return {};
}

Result<Tid> write_stratum(txn::Transaction& txn, access::Heap& heap, columnar::ByteSpan segment,
                          std::span<const PhysicalType> physical, StratumRow* row) {
  VARVE_ASSIGN_OR_RETURN(size_t head, columnar::Segment::head_bytes(segment));
  VARVE_ASSIGN_OR_RETURN(columnar::Segment opened, columnar::Segment::open(segment.first(head)));
  std::vector<uint8_t> directory(sizeof(uint32_t));
  store_raw(directory.data(), static_cast<uint32_t>(head));
  directory.insert(directory.end(), segment.begin(), segment.begin() + static_cast<ptrdiff_t>(head));
  for (size_t i = 0; i < opened.columns().size(); ++i) {
    const columnar::ColumnInfo& column = opened.columns()[i];
    DirectoryEntry entry{};
    entry.physical = static_cast<uint8_t>(physical[i]);
    VARVE_ASSIGN_OR_RETURN(entry.chunk, heap.store_large(txn, segment.subspan(column.offset, column.bytes)));
    const auto* at = reinterpret_cast<const uint8_t*>(&entry);
    directory.insert(directory.end(), at, at + sizeof(entry));
  }
  *row = {};
  row->version = kStratumVersion;
  row->columns = static_cast<uint16_t>(opened.columns().size());
  row->rows = opened.rows();
  row->bytes = opened.bytes();
  VARVE_ASSIGN_OR_RETURN(row->directory, heap.store_large(txn, directory));
  VARVE_ASSIGN_OR_RETURN(Tid tid,
                         heap.insert(txn, {reinterpret_cast<const uint8_t*>(row), sizeof(*row)}, 1, 0));
  if (!can_name(tid)) return Status::invalid("the database is too large for another segment of columns");
  return tid;
}

namespace {

constexpr size_t kWidestValue = 16;

// Refers to values that have no place in a row by where they are settled.
class Referrer final : public access::LargeValueWriter {
 public:
  Referrer(Tid tid, std::span<const Value> values) : tid_(tid), values_(values) {}

  access::StoredForm shrink(access::StoredForm now, access::StoredForm pressure, wal::Bytes* bytes) override {
    if (pressure == access::StoredForm::kPlain) return now;
    OverflowPointer pointer{};
    pointer.raw_bytes = pointer.stored_bytes = static_cast<uint32_t>(bytes->size());
    pointer.tid = tid_.packed();
    pointer.number = column_of(*bytes);
    auto& place = memory_.emplace_back(sizeof(pointer));
    store_raw(place.data(), pointer);
    *bytes = place;
    return access::StoredForm::kOverflow;
  }

 private:
  // Of two columns with the same bytes either will do.
  uint32_t column_of(wal::Bytes bytes) const {
    std::string numeric;
    for (uint32_t i = 0; i < values_.size(); ++i) {
      const Value& v = values_[i];
      if (v.null) continue;
      std::string_view stored;
      if (v.type == PhysicalType::kString) {
        stored = v.view();
      } else if (v.type == PhysicalType::kNumeric) {
        numeric.clear();
        types::append_numeric_row(numeric, v.numeric);
        stored = numeric;
      } else {
        continue;
      }
      if (stored.size() == bytes.size() && std::memcmp(stored.data(), bytes.data(), bytes.size()) == 0)
        return i;
    }
    VARVE_CHECK(false);
  }

  Tid tid_;
  std::span<const Value> values_;
  std::vector<std::vector<uint8_t>> memory_;
};

Value value_at(PhysicalType type, const uint8_t* from, uint32_t row) {
  Value v = Value::null_of(type);
  v.null = false;
  const size_t width = types::physical_width(type);
  std::memcpy(v.words, from + row * width, width);
  return v;
}

}  // namespace

Status VectorRows::read(Stratum& stratum, uint32_t vector, std::span<const uint16_t> rows) {
  VARVE_ASSIGN_OR_RETURN(const access::RowLayout* layout, stratum.layout());
  const size_t columns = stratum.columns();
  // Single rows are read more often than vectors: nothing is as long as a vector for them but this, which
  // costs nothing.
  alignas(16) uint8_t decoded[kWidestValue * access::kVectorRows];
  uint64_t valid[access::kVectorRows / 64];
  pins_.resize(columns);
  values_.resize(columns * rows.size());
  arena_.reset();
  for (uint32_t c = 0; c < columns; ++c) {
    const PhysicalType type = layout->column(c).type;
    VARVE_ASSIGN_OR_RETURN(pins_[c], stratum.column(c));
    VARVE_RETURN_IF_ERROR(reader_.open(pins_[c]->reader, vector));
    VARVE_RETURN_IF_ERROR(reader_.decode(rows, decoded, arena_));
    const bool any_null = reader_.nulls() != 0;
    if (any_null) reader_.validity(valid);
    for (uint32_t i = 0; i < rows.size(); ++i) {
      const bool null = any_null && (valid[rows[i] / 64] >> rows[i] % 64 & 1) == 0;
      values_[i * columns + c] = null ? Value::null_of(type) : value_at(type, decoded, i);
    }
  }
  bytes_.clear();
  ends_.clear();
  flags_.clear();
  for (uint32_t i = 0; i < rows.size(); ++i) {
    const std::span<const Value> row = std::span(values_).subspan(i * columns, columns);
    Referrer referrer(access::ColumnScan::tid(settled_page(stratum.tid(), vector), rows[i]), row);
    std::string& to = i == 0 ? bytes_ : encoded_;
    flags_.push_back(layout->encode(row, &to, &referrer));
    if (i != 0) bytes_.append(encoded_);
    ends_.push_back(bytes_.size());
  }
  pins_.clear();
  return {};
}

Result<Value> read_value(Stratum& stratum, uint32_t vector, uint16_t row, uint32_t column, Arena& arena) {
  VARVE_ASSIGN_OR_RETURN(const access::RowLayout* layout, stratum.layout());
  if (column >= stratum.columns() || row >= stratum.vector_rows(vector)) return damaged(stratum.tid());
  VARVE_ASSIGN_OR_RETURN(ChunkPtr chunk, stratum.column(column));
  columnar::VectorReader reader;
  VARVE_RETURN_IF_ERROR(reader.open(chunk->reader, vector));
  const PhysicalType type = layout->column(column).type;
  std::vector<uint8_t> values(types::physical_width(type) * access::kVectorRows);
  VARVE_RETURN_IF_ERROR(reader.decode(std::span(&row, 1), values.data(), arena));
  // The chunk may be evicted.
  return types::copy_value(value_at(type, values.data(), 0), arena);
}

}  // namespace varve::columnar_table
