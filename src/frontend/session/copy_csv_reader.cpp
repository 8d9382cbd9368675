// Fields of a line in COPY's CSV format.
#include <cstring>

#include "common/sql_error.h"
#include "copy.h"

namespace varve::session {
namespace {

// A field with a quote in it, from `start`; returns where it ends.
size_t quoted_field(std::string_view line, size_t start, const CopyOptions& options, Arena& memory,
                    CopyField* field) {
  char* out = memory.make_array<char>(line.size() - start);
  size_t n = 0, i = start;
  while (i < line.size() && line[i] != options.delimiter) {
    char c = line[i++];
    if (c != options.quote) {
      out[n++] = c;
      continue;
    }
    for (;; out[n++] = c) {
      if (i >= line.size()) throw SqlError(sqlstate::kBadCopyFileFormat, "unterminated CSV quoted field");
      c = line[i++];
      if (c == options.escape && i < line.size() && (line[i] == options.escape || line[i] == options.quote)) {
        c = line[i++];
        continue;
      }
      if (c == options.quote) break;
    }
  }
  field->data = out;
  field->size = static_cast<uint32_t>(n);
  return i;
}

}  // namespace

void split_csv_line(std::string_view line, const CopyOptions& options, Arena& memory,
                    std::vector<CopyField>* fields) {
  fields->clear();
  const bool quotes = !line.empty() && std::memchr(line.data(), options.quote, line.size()) != nullptr;
  for (size_t start = 0;;) {
    const void* found = start < line.size()
                            ? std::memchr(line.data() + start, options.delimiter, line.size() - start)
                            : nullptr;
    size_t end =
        found == nullptr ? line.size() : static_cast<size_t>(static_cast<const char*>(found) - line.data());
    CopyField field;
    if (quotes && end > start && std::memchr(line.data() + start, options.quote, end - start) != nullptr) {
      end = quoted_field(line, start, options, memory, &field);
    } else {
      field.data = line.data() + start;
      field.size = static_cast<uint32_t>(end - start);
      field.null = field.view() == options.null_text;
    }
    fields->push_back(field);
    if (end >= line.size()) return;
    start = end + 1;
  }
}

}  // namespace varve::session
