// COPY's binary format, reading.
#include <cstring>
#include <fmt/format.h>

#include "common/bytes.h"
#include "common/sql_error.h"
#include "copy.h"

namespace varve::session {
namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);

[[noreturn]] void throw_bad(std::string_view message) {
  throw SqlError(sqlstate::kBadCopyFileFormat, std::string(message));
}

}  // namespace

size_t CopyBinary::read(char* to, size_t n) {
  size_t done = 0;
  while (done < n) {
    if (piece_.empty() && !bytes_.next(&piece_)) break;
    size_t take = std::min(n - done, piece_.size());
    std::memcpy(to + done, piece_.data(), take);
    piece_.remove_prefix(take);
    done += take;
  }
  return done;
}

bool CopyBinary::read_int16(int16_t* v) {
  char bytes[2];
  if (read(bytes, 2) != 2) return false;
  *v = load_be<int16_t>(bytes);
  return true;
}

bool CopyBinary::read_int32(int32_t* v) {
  char bytes[4];
  if (read(bytes, 4) != 4) return false;
  *v = load_be<int32_t>(bytes);
  return true;
}

void CopyBinary::read_header() {
  char signature[kSignature.size()];
  if (read(signature, sizeof signature) != sizeof signature ||
      std::string_view(signature, sizeof signature) != kSignature) {
    throw_bad("COPY file signature not recognized");
  }
  int32_t flags;
  if (!read_int32(&flags)) throw_bad("invalid COPY file header (missing flags)");
  if ((flags & (1 << 16)) != 0) throw_bad("invalid COPY file header (WITH OIDS)");
  if ((static_cast<uint32_t>(flags) >> 16) != 0) throw_bad("unrecognized critical flags in COPY file header");
  int32_t extension;
  if (!read_int32(&extension) || extension < 0) throw_bad("invalid COPY file header (missing length)");
  for (char c; extension > 0; --extension) {
    if (read(&c, 1) != 1) throw_bad("invalid COPY file header (wrong length)");
  }
}

bool CopyBinary::next(size_t columns, Arena& memory, std::vector<CopyField>* fields) {
  fields->clear();
  int16_t count;
  if (!read_int16(&count)) return false;
  if (count == -1) {
    char c;
    if (read(&c, 1) == 1) throw_bad("received copy data after EOF marker");
    return false;
  }
  if (count < 0 || static_cast<size_t>(count) != columns) {
    throw_bad(fmt::format("row field count is {}, expected {}", count, columns));
  }
  for (size_t i = 0; i < columns; ++i) {
    int32_t size;
    if (!read_int32(&size)) throw_bad("unexpected EOF in COPY data");
    CopyField field;
    if (size == -1) {
      field.null = true;
    } else {
      if (size < 0) throw_bad("invalid field size");
      // What is claimed is not yet here: memory grows with what arrives.
      constexpr size_t kStep = size_t{1} << 20;
      auto wanted = static_cast<size_t>(size);
      if (wanted <= kStep) {
        char* to = memory.make_array<char>(wanted + 1);
        if (read(to, wanted) != wanted) throw_bad("unexpected EOF in COPY data");
        field.data = to;
      } else {
        std::string large;
        while (large.size() < wanted) {
          size_t step = std::min(kStep, wanted - large.size()), before = large.size();
          large.resize(before + step);
          if (read(large.data() + before, step) != step) throw_bad("unexpected EOF in COPY data");
        }
        field.data = memory.copy(large).data();
      }
      field.size = static_cast<uint32_t>(size);
    }
    fields->push_back(field);
  }
  return true;
}

}  // namespace varve::session
