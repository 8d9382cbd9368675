#include "like.h"

#include <cstring>

#include "common/sql_error.h"
#include "types/utf8.h"

namespace varve::functions {

namespace {

[[noreturn]] void throw_dangling_escape() {
  throw SqlError(sqlstate::kInvalidEscapeSequence, "LIKE pattern must not end with escape character");
}

// Only the last '%' seen needs to be retried: an earlier one can match no more than it already has.
bool match_general(std::string_view text, std::string_view pattern) {
  size_t t = 0, p = 0;
  size_t retry_text = 0, retry_pattern = std::string_view::npos;
  for (;;) {
    if (p < pattern.size() && pattern[p] == '%') {
      ++p;
      if (p == pattern.size()) return true;
      retry_pattern = p;
      retry_text = t;
      continue;
    }
    if (t == text.size() && p == pattern.size()) return true;
    bool matched = false;
    if (t < text.size() && p < pattern.size()) {
      if (pattern[p] == '_') {
        t += types::utf8_char_bytes(text[t]);
        if (t > text.size()) t = text.size();
        ++p;
        matched = true;
      } else {
        size_t literal = p;
        if (pattern[p] == '\\') {
          if (++literal == pattern.size()) throw_dangling_escape();
        }
        if (pattern[literal] == text[t]) {
          p = literal + 1;
          ++t;
          matched = true;
        }
      }
    }
    if (matched) continue;
    if (retry_pattern == std::string_view::npos || retry_text >= text.size()) return false;
    retry_text += types::utf8_char_bytes(text[retry_text]);
    t = retry_text < text.size() ? retry_text : text.size();
    p = retry_pattern;
  }
}

// Nothing but literals between '%'. The first place of each is as good as any later one.
bool match_parts(std::string_view text, std::string_view pattern) {
  size_t percent = pattern.find('%');
  if (!text.starts_with(pattern.substr(0, percent))) return false;
  text.remove_prefix(percent);
  for (;;) {
    pattern.remove_prefix(percent + 1);
    percent = pattern.find('%');
    if (percent == std::string_view::npos) return text.ends_with(pattern);
    if (percent == 0) continue;
    const void* found = memmem(text.data(), text.size(), pattern.data(), percent);
    if (found == nullptr) return false;
    text.remove_prefix(static_cast<size_t>(static_cast<const char*>(found) - text.data()) + percent);
  }
}

}  // namespace

LikePattern::LikePattern(std::string_view pattern) : form_(Form::kGeneral), pattern_(pattern) {
  bool front = pattern.starts_with('%');
  std::string_view middle = pattern.substr(front ? 1 : 0);
  bool back = middle.ends_with('%');
  if (back) middle.remove_suffix(1);
  if (middle.find_first_of("_\\") != std::string_view::npos) return;
  if (middle.find('%') != std::string_view::npos) {
    form_ = Form::kParts;
    return;
  }
  literal_ = middle;
  form_ = front ? (back ? Form::kContains : Form::kSuffix) : back ? Form::kPrefix : Form::kEqual;
}

bool LikePattern::matches(std::string_view text) const {
  switch (form_) {
    case Form::kEqual:
      return text == literal_;
    case Form::kPrefix:
      return text.starts_with(literal_);
    case Form::kSuffix:
      return text.ends_with(literal_);
    case Form::kContains:
      return literal_.empty() ||
             memmem(text.data(), text.size(), literal_.data(), literal_.size()) != nullptr;
    case Form::kParts:
      return match_parts(text, pattern_);
    case Form::kGeneral:
      break;
  }
  return match_general(text, pattern_);
}

void append_like_escape(std::string& out, std::string_view pattern, std::string_view escape) {
  if (escape.empty()) {
    // No escape character: double every backslash.
    for (char c : pattern) {
      if (c == '\\') out.push_back('\\');
      out.push_back(c);
    }
    return;
  }
  if (types::utf8_char_bytes(escape[0]) != escape.size()) {
    throw SqlError(sqlstate::kInvalidEscapeSequence, "invalid escape string")
        .hint("Escape string must be empty or one character.");
  }
  if (escape == "\\") {
    out.append(pattern);
    return;
  }
  bool escaped = false;
  for (size_t at = 0; at < pattern.size();) {
    size_t n = types::utf8_char_bytes(pattern[at]);
    std::string_view c = pattern.substr(at, n);
    at += n;
    if (c == escape && !escaped) {
      out.push_back('\\');
      escaped = true;
      continue;
    }
    if (c == "\\" && !escaped) out.push_back('\\');
    out.append(c);
    escaped = false;
  }
}

}  // namespace varve::functions
