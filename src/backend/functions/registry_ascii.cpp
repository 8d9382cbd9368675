// Text under other encodings' names: to_ascii(), unistr(), convert(), and what encodings there are.
#include <algorithm>
#include <fmt/format.h>

#include "encoding.h"
#include "functions/encodings.h"
#include "kernel.h"
#include "types/utf8.h"

namespace varve::functions {

namespace {

using Text = std::string_view;

struct Encoding {
  Text name;
  int bytes;        // of its longest character
  Text ascii = {};  // what to_ascii() makes of the bytes from `first` on; empty: refused
  uint8_t first = 0;
};
// By PostgreSQL's numbers. Varve converts none but UTF8; names and numbers are asked for by clients.
constexpr Encoding kEncodings[] = {
    {"SQL_ASCII", 1},
    {"EUC_JP", 3},
    {"EUC_CN", 3},
    {"EUC_KR", 3},
    {"EUC_TW", 4},
    {"EUC_JIS_2004", 3},
    {"UTF8", 4},
    {"MULE_INTERNAL", 4},
    {"LATIN1", 1,
     "  cL Y  \"Ca  -R     'u .,      ?AAAAAAACEEEEIIII NOOOOOxOUUUUYTBaaaaaaaceeeeiiii nooooo/ouuuuyty",
     160},
    {"LATIN2", 1,
     " A L LS \"SSTZ-ZZ a,l'ls ,sstz\"zzRAAAALCCCEEEEIIDDNNOOOOxRUUUUYTBraaaalccceeeeiiddnnoooo/ruuuuyt.",
     160},
    {"LATIN3", 1},
    {"LATIN4", 1},
    {"LATIN5", 1},
    {"LATIN6", 1},
    {"LATIN7", 1},
    {"LATIN8", 1},
    {"LATIN9", 1,
     "  cL YS sCa  -R     Zu .z   EeY?AAAAAAACEEEEIIII NOOOOOxOUUUUYTBaaaaaaaceeeeiiii nooooo/ouuuuyty", 160},
    {"LATIN10", 1},
    {"WIN1256", 1},
    {"WIN1258", 1},
    {"WIN866", 1},
    {"WIN874", 1},
    {"KOI8R", 1},
    {"WIN1251", 1},
    {"WIN1252", 1},
    {"ISO_8859_5", 1},
    {"ISO_8859_6", 1},
    {"ISO_8859_7", 1},
    {"ISO_8859_8", 1},
    {"WIN1250", 1,
     "  ' \"    %S<STZZ `'\"\".--  s>stzz   L A  \"CS  -RZ  ,l'u .,as "
     "L\"lzRAAAALCCCEEEEIIDDNNOOOOxRUUUUYTBraaa"
     "alccceeeeiiddnnoooo/ruuuuyt.",
     128},
    {"WIN1253", 1},
    {"WIN1254", 1},
    {"WIN1255", 1},
    {"WIN1257", 1},
    {"KOI8U", 1},
    {"SJIS", 2},
    {"BIG5", 2},
    {"GBK", 2},
    {"UHC", 2},
    {"GB18030", 4},
    {"JOHAB", 3},
    {"SHIFT_JIS_2004", 2},
};
constexpr int32_t kUtf8 = kUtf8Encoding;

struct Alias {
  Text name;
  int32_t encoding;
};
constexpr Alias kAliases[] = {
    {"abc", 19},         {"alt", 20},         {"iso88591", 8},     {"iso885910", 13},   {"iso885913", 14},
    {"iso885914", 15},   {"iso885915", 16},   {"iso885916", 17},   {"iso88592", 9},     {"iso88593", 10},
    {"iso88594", 11},    {"iso88599", 12},    {"koi8", 22},        {"mskanji", 35},     {"shiftjis", 35},
    {"tcvn", 19},        {"tcvn5712", 19},    {"unicode", kUtf8},  {"vscii", 19},       {"win", 23},
    {"win932", 35},      {"win936", 37},      {"win949", 38},      {"win950", 36},      {"windows1250", 29},
    {"windows1251", 23}, {"windows1252", 24}, {"windows1253", 30}, {"windows1254", 31}, {"windows1255", 32},
    {"windows1256", 18}, {"windows1257", 33}, {"windows1258", 19}, {"windows866", 20},  {"windows874", 21},
    {"windows932", 35},  {"windows936", 37},  {"windows949", 38},  {"windows950", 36},
};

// Letters and digits only, in lower case: how names of encodings are compared.
std::string plain_name(Text name) {
  std::string plain;
  for (char c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) plain += c;
  }
  return plain;
}
const Encoding* encoding_of(int32_t number) {
  bool known = number >= 0 && number < static_cast<int32_t>(std::size(kEncodings));
  return known ? &kEncodings[number] : nullptr;
}

StringRef to_ascii(Text s, const Encoding& encoding, Env& env) {
  if (encoding.ascii.empty()) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   fmt::format("encoding conversion from {} to ASCII not supported", encoding.name));
  }
  for (char c : s) {
    auto byte = static_cast<uint8_t>(c);
    env.buffer += byte < 128 ? c : byte < encoding.first ? ' ' : encoding.ascii[byte - encoding.first];
  }
  return env.keep();
}

// --- unistr()
[[noreturn]] void bad_pair() { throw SqlError(sqlstate::kSyntaxError, "invalid Unicode surrogate pair"); }

// The number of `digits` hexadecimal digits from s[at]; -1 if they are not all there.
int64_t hex_number(Text s, size_t at, size_t digits) {
  if (at + digits > s.size()) return -1;
  int64_t v = 0;
  for (char c : s.substr(at, digits)) {
    int d = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
    if (d < 0) return -1;
    v = v << 4 | d;
  }
  return v;
}

// One escape at the start of `s`, its length into `length`.
uint32_t unicode_escape(Text s, size_t* length) {
  struct Form {
    Text prefix;
    size_t digits;
  };
  constexpr Form kForms[] = {{"\\", 4}, {"\\u", 4}, {"\\+", 6}, {"\\U", 8}};
  for (const Form& f : kForms) {
    if (!s.starts_with(f.prefix)) continue;
    int64_t v = hex_number(s, f.prefix.size(), f.digits);
    if (v < 0) continue;
    if (v == 0 || v > 0x10FFFF) {
      throw SqlError(sqlstate::kInvalidParameterValue, fmt::format("invalid Unicode code point: {:04X}", v));
    }
    *length = f.prefix.size() + f.digits;
    return static_cast<uint32_t>(v);
  }
  throw SqlError(sqlstate::kSyntaxError, "invalid Unicode escape")
      .hint("Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.");
}

StringRef unescape(Text s, Env& env) {
  uint32_t high = 0;  // the first half of a surrogate pair
  for (size_t i = 0; i < s.size();) {
    if (s[i] != '\\' || s.substr(i).starts_with("\\\\")) {
      if (high != 0) bad_pair();
      env.buffer += s[i];
      i += s[i] == '\\' ? 2 : 1;
      continue;
    }
    size_t length = 0;
    uint32_t c = unicode_escape(s.substr(i), &length);
    bool first = c >= 0xD800 && c < 0xDC00, second = c >= 0xDC00 && c < 0xE000;
    if ((high != 0) != second) bad_pair();
    if (second) c = 0x10000 + ((high & 0x3FF) << 10) + (c & 0x3FF);
    high = first ? c : 0;
    if (!first) types::append_utf8(env.buffer, c);
    i += length;
  }
  if (high != 0) bad_pair();
  return env.keep();
}

const Binding kBindings[] = {
    {"to_ascii(text)", fn([](Text s, Env& env) { return to_ascii(s, kEncodings[kUtf8], env); })},
    {"to_ascii(text,int4)", fn([](Text s, int32_t number, Env& env) {
       const Encoding* e = encoding_of(number);
       if (e == nullptr)
         throw SqlError(sqlstate::kUndefinedObject, fmt::format("{} is not a valid encoding code", number));
       return to_ascii(s, *e, env);
     })},
    {"to_ascii(text,name)", fn([](Text s, Text name, Env& env) {
       const Encoding* e = encoding_of(find_encoding(name));
       if (e == nullptr)
         throw SqlError(sqlstate::kUndefinedObject, fmt::format("{} is not a valid encoding name", name));
       return to_ascii(s, *e, env);
     })},
    {"unistr(text)", fn([](Text s, Env& env) { return unescape(s, env); })},
    {"pg_encoding_to_char(int4)", fn([](int32_t number, Env& env) {
       const Encoding* e = encoding_of(number);
       return e == nullptr ? StringRef() : env.keep(e->name);
     })},
    {"pg_char_to_encoding(name)", fn([](Text name, Env&) { return find_encoding(name); })},
    {"pg_encoding_max_length(int4)", fn([](int32_t number) -> std::optional<int32_t> {
       const Encoding* e = encoding_of(number);
       if (e == nullptr) return {};
       return e->bytes;
     })},
    {"convert(bytea,name,name)", fn([](const StringRef& s, Text from, Text to) {
       if (find_encoding(from) < 0)
         throw SqlError(sqlstate::kInvalidParameterValue,
                        fmt::format("invalid source encoding name \"{}\"", from));
       if (find_encoding(to) < 0)
         throw SqlError(sqlstate::kInvalidParameterValue,
                        fmt::format("invalid destination encoding name \"{}\"", to));
       check_encoding(from);
       check_encoding(to);
       types::utf8_verify(s.view());
       return s;
     })},
    {"length(bytea,name)", fn([](Text s, Text encoding, Env&) -> int32_t {
       if (find_encoding(encoding) < 0)
         throw SqlError(sqlstate::kInvalidParameterValue,
                        fmt::format("invalid encoding name \"{}\"", encoding));
       check_encoding(encoding);
       types::utf8_verify(s);
       return static_cast<int32_t>(
           std::count_if(s.begin(), s.end(), [](char c) { return (c & 0xC0) != 0x80; }));
     })},
};

}  // namespace

int32_t find_encoding(std::string_view name) {
  std::string plain = plain_name(name);
  for (size_t i = 0; i < std::size(kEncodings); ++i) {
    if (plain_name(kEncodings[i].name) == plain) return static_cast<int32_t>(i);
  }
  for (const Alias& a : kAliases) {
    if (a.name == plain) return a.encoding;
  }
  return -1;
}

Bindings ascii_bindings() { return kBindings; }

}  // namespace varve::functions
