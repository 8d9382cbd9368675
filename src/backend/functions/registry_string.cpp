// Character strings: length, parts, search, case, padding, concatenation.
#include <algorithm>
#include <fmt/format.h>

#include "common/append_format.h"
#include "functions/type_oids.h"
#include "kernel.h"
#include "text_value.h"
#include "types/utf8.h"

namespace varve::functions {

const char* case_locale(const Env& env) {
  const types::Collation* c = env.site.collation;
  if (c == nullptr) return types::kSimpleCaseLocale;  // the database's
  return c->is_c() ? "" : c->locale().c_str();
}

namespace {

using Text = std::string_view;

constexpr size_t kMaxTextBytes = 0x3FFFFFFF;

[[noreturn]] void throw_too_long() {
  throw SqlError(sqlstate::kProgramLimitExceeded, "requested length too large");
}

int32_t char_count(Text s) { return static_cast<int32_t>(types::utf8_length(s)); }
int32_t byte_count(Text s) { return static_cast<int32_t>(s.size()); }

StringRef concatenate(Text a, Text b, Env& env) {
  if (a.empty()) return env.keep(b);
  size_t n = a.size() + b.size();
  if (n > kMaxTextBytes) throw SqlError(sqlstate::kProgramLimitExceeded, "invalid memory alloc request size");
  if (n <= StringRef::kInlineBytes) {
    char joined[StringRef::kInlineBytes];
    std::memcpy(joined, a.data(), a.size());
    std::memcpy(joined + a.size(), b.data(), b.size());
    return {joined, n};
  }
  char* joined = static_cast<char*>(env.arena.allocate(n, 1));
  std::memcpy(joined, a.data(), a.size());
  std::memcpy(joined + a.size(), b.data(), b.size());
  return {joined, n};
}

Text substring(Text s, int32_t start, int32_t count) {
  if (count < 0) throw SqlError(sqlstate::kSubstringError, "negative substring length not allowed");
  return types::utf8_substring(s, start, count);
}
Text substring_from(Text s, int32_t start) { return types::utf8_substring(s, start, -1); }

// 1-based character position, 0 if absent.
int32_t position(Text s, Text part) {
  size_t at = s.find(part);
  if (at == Text::npos) return 0;
  return char_count(s.substr(0, at)) + 1;
}

StringRef overlay(Text s, Text part, int32_t start, int32_t count, Env& env) {
  if (start <= 0) throw SqlError(sqlstate::kSubstringError, "negative substring length not allowed");
  int32_t rest;
  if (__builtin_add_overflow(start, count, &rest)) throw_out_of_range("integer");
  env.buffer = substring(s, 1, start - 1);
  env.buffer += part;
  env.buffer += substring_from(s, rest);
  return env.keep();
}

bool has_char(Text set, Text character) {
  for (size_t at = 0; at < set.size(); at += types::utf8_char_bytes(set[at])) {
    if (set.compare(at, types::utf8_char_bytes(set[at]), character) == 0) return true;
  }
  return false;
}

Text trim_left(Text s, Text set) {
  while (!s.empty()) {
    size_t n = std::min(types::utf8_char_bytes(s[0]), s.size());
    if (!has_char(set, s.substr(0, n))) break;
    s.remove_prefix(n);
  }
  return s;
}
Text trim_right(Text s, Text set) {
  while (!s.empty()) {
    size_t at = s.size() - 1;
    while (at > 0 && (static_cast<uint8_t>(s[at]) & 0xC0) == 0x80) --at;
    if (!has_char(set, s.substr(at))) break;
    s.remove_suffix(s.size() - at);
  }
  return s;
}

void append_padding(std::string& out, Text fill, int64_t chars) {
  size_t at = 0;
  if (fill.empty()) return;
  for (; chars > 0; --chars) {
    size_t n = types::utf8_char_bytes(fill[at]);
    out.append(fill.substr(at, n));
    at += n;
    if (at >= fill.size()) at = 0;
  }
}

StringRef pad(Text s, int32_t length, Text fill, bool left, Env& env) {
  if (length < 0) length = 0;
  if (static_cast<size_t>(length) > kMaxTextBytes / 4) throw_too_long();
  int32_t have = char_count(s);
  if (have >= length) return env.keep(types::utf8_substring(s, 1, length));
  if (left) append_padding(env.buffer, fill, length - have);
  env.buffer += s;
  if (!left) append_padding(env.buffer, fill, length - have);
  return env.keep();
}

StringRef repeat(Text s, int32_t times, Env& env) {
  if (times <= 0 || s.empty()) return {};
  if (s.size() * static_cast<size_t>(times) > kMaxTextBytes) throw_too_long();
  env.buffer.reserve(s.size() * static_cast<size_t>(times));
  for (int32_t i = 0; i < times; ++i) env.buffer += s;
  return env.keep();
}

StringRef replace_all(const StringRef& whole, Text from, Text to, Env& env) {
  Text s = whole.view();
  if (from.empty()) return whole;
  size_t at = s.find(from);
  if (at == Text::npos) return whole;
  size_t done = 0;
  for (; at != Text::npos; at = s.find(from, done)) {
    env.buffer += s.substr(done, at - done);
    env.buffer += to;
    done = at + from.size();
  }
  env.buffer += s.substr(done);
  return env.keep();
}

StringRef reverse(Text s, Env& env) {
  env.buffer.resize(s.size());
  size_t end = s.size();
  for (size_t at = 0; at < s.size();) {
    size_t n = std::min(types::utf8_char_bytes(s[at]), s.size() - at);
    end -= n;
    std::memcpy(env.buffer.data() + end, s.data() + at, n);
    at += n;
  }
  return env.keep();
}

// Negative fields count from the end.
Text split_part(Text s, Text separator, int32_t field) {
  if (field == 0) throw SqlError(sqlstate::kInvalidParameterValue, "field position must not be zero");
  if (s.empty()) return {};
  if (separator.empty()) return field == 1 || field == -1 ? s : Text();
  if (field < 0) {
    int64_t fields = 1;
    for (size_t at = s.find(separator); at != Text::npos; at = s.find(separator, at + separator.size()))
      ++fields;
    int64_t from_start = fields + 1 + field;
    if (from_start < 1) return {};
    field = static_cast<int32_t>(from_start);
  }
  size_t start = 0;
  for (;;) {
    size_t at = s.find(separator, start);
    if (--field == 0) return s.substr(start, at == Text::npos ? Text::npos : at - start);
    if (at == Text::npos) return {};
    start = at + separator.size();
  }
}

StringRef translate(Text s, Text from, Text to, Env& env) {
  for (size_t at = 0; at < s.size();) {
    size_t n = std::min(types::utf8_char_bytes(s[at]), s.size() - at);
    Text c = s.substr(at, n);
    at += n;
    size_t target = 0;
    bool found = false;
    for (size_t f = 0; f < from.size(); f += types::utf8_char_bytes(from[f])) {
      if (from.compare(f, types::utf8_char_bytes(from[f]), c) == 0) {
        found = true;
        break;
      }
      if (target < to.size()) target += types::utf8_char_bytes(to[target]);
    }
    if (!found)
      env.buffer += c;
    else if (target < to.size())
      env.buffer += to.substr(target, types::utf8_char_bytes(to[target]));
  }
  return env.keep();
}

int32_t ascii(Text s) {
  if (s.empty()) return 0;
  size_t at = 0;
  return static_cast<int32_t>(types::utf8_next(s, at));
}

StringRef chr(int32_t code, Env& env) {
  if (code < 0) throw SqlError(sqlstate::kInvalidParameterValue, "character number must be positive");
  if (code == 0) throw SqlError(sqlstate::kProgramLimitExceeded, "null character not permitted");
  if (code > 0x10FFFF) {
    throw SqlError(sqlstate::kProgramLimitExceeded,
                   fmt::format("requested character too large for encoding: {}", code));
  }
  if (code >= 0xD800 && code <= 0xDFFF) {
    throw SqlError(sqlstate::kProgramLimitExceeded,
                   fmt::format("requested character not valid for encoding: {}", code));
  }
  types::append_utf8(env.buffer, static_cast<uint32_t>(code));
  return env.keep();
}

// Negative counts leave out that many characters at the other end.
Text left(Text s, int32_t n) {
  int64_t count = n >= 0 ? n : std::max<int64_t>(0, char_count(s) + static_cast<int64_t>(n));
  return types::utf8_substring(s, 1, count);
}
Text right(Text s, int32_t n) {
  int64_t length = char_count(s);
  int64_t skip =
      n >= 0 ? std::max<int64_t>(0, length - n) : std::min<int64_t>(length, -static_cast<int64_t>(n));
  return types::utf8_substring(s, skip + 1, -1);
}

// A string view that may point into an argument's inline bytes is copied into the result at once.
#define VARVE_PART(signature, PARAMS, EXPR)                           \
  {                                                                   \
    signature, fn([] PARAMS -> StringRef { return StringRef(EXPR); }) \
  }
#define VARVE_COUNT(signature, EXPR)                      \
  {                                                       \
    signature, fn([](Text s) -> int32_t { return EXPR; }) \
  }

const Binding kBindings[] = {
    VARVE_COUNT("length(text)", char_count(s)),
    VARVE_COUNT("textlen(text)", char_count(s)),
    VARVE_COUNT("char_length(text)", char_count(s)),
    VARVE_COUNT("character_length(text)", char_count(s)),
    VARVE_COUNT("length(bpchar)", char_count(types::trim_bpchar(s))),
    VARVE_COUNT("char_length(bpchar)", char_count(types::trim_bpchar(s))),
    VARVE_COUNT("character_length(bpchar)", char_count(types::trim_bpchar(s))),
    VARVE_COUNT("octet_length(text)", byte_count(s)),
    VARVE_COUNT("octet_length(bpchar)", byte_count(s)),
    VARVE_COUNT("octet_length(bytea)", byte_count(s)),
    VARVE_COUNT("bit_length(text)", byte_count(s) * 8),
    VARVE_COUNT("bit_length(bytea)", byte_count(s) * 8),
    VARVE_COUNT("length(bytea)", byte_count(s)),
    VARVE_COUNT("ascii(text)", ascii(s)),
    {"textcat(text,text)", fn([](Text a, Text b, Env& env) -> StringRef { return concatenate(a, b, env); })},
    {"lower(text)", fn([](Text s, Env& env) -> StringRef {
       types::append_lower(env.buffer, s, case_locale(env));
       return env.keep();
     })},
    {"upper(text)", fn([](Text s, Env& env) -> StringRef {
       types::append_upper(env.buffer, s, case_locale(env));
       return env.keep();
     })},
    {"initcap(text)", fn([](Text s, Env& env) -> StringRef {
       types::append_initcap(env.buffer, s, case_locale(env));
       return env.keep();
     })},
    VARVE_PART("substr(text,int4,int4)", (Text s, int32_t from, int32_t n), substring(s, from, n)),
    VARVE_PART("substring(text,int4,int4)", (Text s, int32_t from, int32_t n), substring(s, from, n)),
    VARVE_PART("substr(text,int4)", (Text s, int32_t from), substring_from(s, from)),
    VARVE_PART("substring(text,int4)", (Text s, int32_t from), substring_from(s, from)),
    {"position(text,text)", fn([](Text s, Text part) { return position(s, part); })},
    {"strpos(text,text)", fn([](Text s, Text part) { return position(s, part); })},
    {"overlay(text,text,int4,int4)",
     fn([](Text s, Text part, int32_t start, int32_t n, Env& env) -> StringRef {
       return overlay(s, part, start, n, env);
     })},
    {"overlay(text,text,int4)", fn([](Text s, Text part, int32_t start, Env& env) -> StringRef {
       return overlay(s, part, start, char_count(part), env);
     })},
    VARVE_PART("btrim(text,text)", (Text s, Text set), trim_right(trim_left(s, set), set)),
    VARVE_PART("ltrim(text,text)", (Text s, Text set), trim_left(s, set)),
    VARVE_PART("rtrim(text,text)", (Text s, Text set), trim_right(s, set)),
    VARVE_PART("btrim(text)", (Text s), trim_right(trim_left(s, " "), " ")),
    VARVE_PART("ltrim(text)", (Text s), trim_left(s, " ")),
    VARVE_PART("rtrim(text)", (Text s), trim_right(s, " ")),
    {"lpad(text,int4,text)",
     fn([](Text s, int32_t n, Text fill, Env& env) -> StringRef { return pad(s, n, fill, true, env); })},
    {"rpad(text,int4,text)",
     fn([](Text s, int32_t n, Text fill, Env& env) -> StringRef { return pad(s, n, fill, false, env); })},
    {"lpad(text,int4)",
     fn([](Text s, int32_t n, Env& env) -> StringRef { return pad(s, n, " ", true, env); })},
    {"rpad(text,int4)",
     fn([](Text s, int32_t n, Env& env) -> StringRef { return pad(s, n, " ", false, env); })},
    {"repeat(text,int4)", fn([](Text s, int32_t n, Env& env) -> StringRef { return repeat(s, n, env); })},
    {"replace(text,text,text)", fn([](const StringRef& s, Text from, Text to, Env& env) -> StringRef {
       return replace_all(s, from, to, env);
     })},
    {"reverse(text)", fn([](Text s, Env& env) -> StringRef { return reverse(s, env); })},
    VARVE_PART("split_part(text,text,int4)", (Text s, Text separator, int32_t n),
               split_part(s, separator, n)),
    {"translate(text,text,text)",
     fn([](Text s, Text from, Text to, Env& env) -> StringRef { return translate(s, from, to, env); })},
    {"chr(int4)", fn([](int32_t code, Env& env) -> StringRef { return chr(code, env); })},
    VARVE_PART("left(text,int4)", (Text s, int32_t n), left(s, n)),
    VARVE_PART("right(text,int4)", (Text s, int32_t n), right(s, n)),
    {"starts_with(text,text)", fn([](Text s, Text prefix) { return s.starts_with(prefix); })},
    {"to_hex(int4)", fn([](int32_t v, Env& env) -> StringRef {
       append_format(env.buffer, "{:x}", static_cast<uint32_t>(v));
       return env.keep();
     })},
    {"to_hex(int8)", fn([](int64_t v, Env& env) -> StringRef {
       append_format(env.buffer, "{:x}", static_cast<uint64_t>(v));
       return env.keep();
     })},
};

}  // namespace

Bindings string_bindings() { return kBindings; }

}  // namespace varve::functions
