// Fields of a line in COPY's text format.
#include <cstring>

#include "copy.h"
#include "types/utf8.h"

namespace varve::session {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_octal(char c) { return c >= '0' && c <= '7'; }

// What follows a backslash at s[i - 1]; advances i past it.
char unescape(std::string_view s, size_t& i) {
  char c = s[i++];
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    case 'x': {
      if (i >= s.size() || hex_digit(s[i]) < 0) return c;
      int value = hex_digit(s[i++]);
      if (i < s.size() && hex_digit(s[i]) >= 0) value = value * 16 + hex_digit(s[i++]);
      return static_cast<char>(value);
    }
    default:
      break;
  }
  if (!is_octal(c)) return c;
  int value = c - '0';
  for (int digits = 1; digits < 3 && i < s.size() && is_octal(s[i]); ++digits)
    value = value * 8 + (s[i++] - '0');
  return static_cast<char>(value & 0xFF);
}

// A field that begins at `start` and has a backslash somewhere: finds its end and rewrites it.
size_t escaped_field(std::string_view line, size_t start, char delimiter, Arena& memory, CopyField* field) {
  char* out = memory.make_array<char>(line.size() - start);
  size_t n = 0, i = start;
  bool check = false;
  while (i < line.size() && line[i] != delimiter) {
    char c = line[i++];
    if (c == '\\' && i < line.size()) {
      size_t before = i;
      c = unescape(line, i);
      // Bytes given as numbers may spoil the encoding that the line as a whole had.
      check |=
          (line[before] == 'x' || is_octal(line[before])) && (static_cast<uint8_t>(c) >= 0x80 || c == '\0');
    }
    out[n++] = c;
  }
  if (check) types::utf8_verify({out, n});
  field->data = out;
  field->size = static_cast<uint32_t>(n);
  return i;
}

}  // namespace

void split_text_line(std::string_view line, const CopyOptions& options, Arena& memory,
                     std::vector<CopyField>* fields) {
  fields->clear();
  const char delimiter = options.delimiter;
  const bool escapes = !line.empty() && std::memchr(line.data(), '\\', line.size()) != nullptr;
  for (size_t start = 0;;) {
    CopyField field;
    size_t end = start;
    if (!escapes) {
      const void* found =
          start < line.size() ? std::memchr(line.data() + start, delimiter, line.size() - start) : nullptr;
      end =
          found == nullptr ? line.size() : static_cast<size_t>(static_cast<const char*>(found) - line.data());
      field.data = line.data() + start;
      field.size = static_cast<uint32_t>(end - start);
    } else {
      while (end < line.size() && line[end] != delimiter && line[end] != '\\') ++end;
      field.data = line.data() + start;
      field.size = static_cast<uint32_t>(end - start);
      if (end < line.size() && line[end] == '\\') {
        // The end is found without unescaping first: NULL's text may be no valid value.
        size_t raw_end = end;
        while (raw_end < line.size() && line[raw_end] != delimiter)
          raw_end += line[raw_end] == '\\' && raw_end + 1 < line.size() ? 2 : 1;
        if (line.substr(start, raw_end - start) == options.null_text) {
          field.null = true;
          end = raw_end;
        } else {
          end = escaped_field(line, start, delimiter, memory, &field);
          fields->push_back(field);
          if (end >= line.size()) return;
          start = end + 1;
          continue;
        }
      }
    }
    if (line.substr(start, end - start) == options.null_text) field.null = true;
    fields->push_back(field);
    if (end >= line.size()) return;
    start = end + 1;
  }
}

}  // namespace varve::session
