// Functions of several families that came later: sizes with units, pg_lsn arithmetic, Unicode normalisation,
// parse_ident, overlay of bit strings.
#include <algorithm>
#include <fmt/format.h>
#include <unicode/unorm2.h>
#include <vector>

#include "bit_string.h"
#include "common/append_format.h"
#include "functions/array.h"
#include "functions/type_oids.h"
#include "kernel.h"
#include "types/text_codec.h"
#include "types/utf8.h"

namespace varve::functions {

namespace {

using Text = std::string_view;

[[noreturn]] void refuse(std::string message) {
  throw SqlError(sqlstate::kInvalidParameterValue, std::move(message));
}
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool unsigned_less(int64_t a, int64_t b) { return static_cast<uint64_t>(a) < static_cast<uint64_t>(b); }

// --- sizes
struct SizeUnit {
  Text name;
  int shift;
};
constexpr SizeUnit kUnits[] = {{"bytes", 0}, {"kB", 10}, {"MB", 20}, {"GB", 30}, {"TB", 40}, {"PB", 50}};

Numeric whole(const Numeric& v, int64_t divisor, Arena& arena) {
  return types::div_trunc(v, Numeric(divisor), arena);
}

// As for bigint: halves are kept so that each step may round.
StringRef size_pretty(const Numeric& value, Env& env) {
  constexpr int64_t kLimits[] = {10 * 1024,     20 * 1024 - 1, 20 * 1024 - 1,
                                 20 * 1024 - 1, 20 * 1024 - 1, 20 * 1024 - 1};
  constexpr bool kHalves[] = {false, true, true, true, true, true};
  Numeric amount = value;
  for (size_t i = 0;; ++i) {
    if (i + 1 == std::size(kUnits) ||
        types::compare(types::abs(amount, env.arena), Numeric(kLimits[i])) < 0) {
      if (kHalves[i]) {
        amount = types::add(amount, Numeric(int64_t{types::sign_of(amount) < 0 ? -1 : 1}), env.arena);
        amount = whole(amount, 2, env.arena);
      }
      types::append_numeric(env.buffer, amount);
      append_format(env.buffer, " {}", kUnits[i].name);
      return env.keep();
    }
    int shift = kUnits[i + 1].shift - kUnits[i].shift - (kHalves[i + 1] ? 1 : 0) + (kHalves[i] ? 1 : 0);
    amount = whole(amount, int64_t{1} << shift, env.arena);
  }
}

int64_t size_bytes(Text text, Env& env) {
  auto bad = [&](std::string detail, std::string hint = "") {
    SqlError error(sqlstate::kInvalidParameterValue, fmt::format("invalid size: \"{}\"", text));
    if (!detail.empty()) error.detail(std::move(detail));
    if (!hint.empty()) error.hint(std::move(hint));
    throw error;
  };
  size_t at = 0;
  while (at < text.size() && is_space(text[at])) ++at;
  size_t start = at;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  bool digits = false;
  auto take = [&] {
    while (at < text.size() && is_digit(text[at])) ++at, digits = true;
  };
  take();
  if (at < text.size() && text[at] == '.') {
    ++at;
    take();
  }
  if (!digits) bad("");
  if (at + 1 < text.size() && lower(text[at]) == 'e') {
    size_t e = at + 1;
    if (text[e] == '-' || text[e] == '+') ++e;
    if (e < text.size() && is_digit(text[e])) {
      at = e;
      take();
    }
  }
  Numeric v = types::parse_numeric(text.substr(start, at - start), env.arena);
  while (at < text.size() && is_space(text[at])) ++at;
  size_t end = text.size();
  while (end > at && is_space(text[end - 1])) --end;
  Text unit = text.substr(at, end - at);
  if (!unit.empty()) {
    auto same = [&](Text name) {
      return unit.size() == name.size() && std::equal(unit.begin(), unit.end(), name.begin(),
                                                      [](char a, char b) { return lower(a) == lower(b); });
    };
    const SizeUnit* found =
        std::find_if(std::begin(kUnits), std::end(kUnits), [&](const SizeUnit& u) { return same(u.name); });
    if (found == std::end(kUnits)) {
      bad(fmt::format("Invalid size unit: \"{}\".", unit),
          "Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".");
    }
    v = types::mul(v, Numeric(int64_t{1} << found->shift), env.arena);
  }
  return types::to_int64(v);
}

// --- pg_lsn
Numeric numeric_of_lsn(uint64_t v, Arena& arena) {
  return types::numeric_from_int128(static_cast<types::int128>(v), 0, arena);
}
uint64_t lsn_of_numeric(const Numeric& v, Arena& arena) {
  if (v.is_nan()) throw SqlError(sqlstate::kFeatureNotSupported, "cannot convert NaN to pg_lsn");
  if (!v.is_finite()) throw SqlError(sqlstate::kFeatureNotSupported, "cannot convert infinity to pg_lsn");
  Numeric whole_part = types::round(v, 0, arena);
  Numeric max = numeric_of_lsn(UINT64_MAX, arena);
  if (types::sign_of(whole_part) < 0 || types::compare(whole_part, max) > 0) {
    throw SqlError(sqlstate::kInvalidParameterValue, "pg_lsn out of range");
  }
  return static_cast<uint64_t>(types::to_int128(whole_part));
}
uint64_t lsn_plus(uint64_t lsn, const Numeric& n, bool minus, Env& env) {
  if (n.is_nan()) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   minus ? "cannot subtract NaN from pg_lsn" : "cannot add NaN to pg_lsn");
  }
  Numeric base = numeric_of_lsn(lsn, env.arena);
  return lsn_of_numeric(minus ? types::sub(base, n, env.arena) : types::add(base, n, env.arena), env.arena);
}

// --- Unicode normalisation
const UNormalizer2* normalizer(Text form) {
  auto is = [&](Text name) {
    return form.size() == name.size() && std::equal(form.begin(), form.end(), name.begin(),
                                                    [](char a, char b) { return lower(a) == lower(b); });
  };
  UErrorCode status = U_ZERO_ERROR;
  if (is("NFC")) return unorm2_getNFCInstance(&status);
  if (is("NFD")) return unorm2_getNFDInstance(&status);
  if (is("NFKC")) return unorm2_getNFKCInstance(&status);
  if (is("NFKD")) return unorm2_getNFKDInstance(&status);
  refuse(fmt::format("invalid normalization form: {}", form));
}
std::u16string to_utf16(Text text) {
  std::u16string out;
  for (size_t at = 0; at < text.size();) {
    uint32_t c = types::utf8_next(text, at);
    if (c < 0x10000) {
      out += static_cast<char16_t>(c);
    } else {
      out += static_cast<char16_t>(0xD7C0 + (c >> 10));
      out += static_cast<char16_t>(0xDC00 | (c & 0x3FF));
    }
  }
  return out;
}
StringRef normalize(Text text, const UNormalizer2* n, Env& env) {
  std::u16string in = to_utf16(text);
  UErrorCode status = U_ZERO_ERROR;
  std::u16string out(in.size() * 3 + 16, 0);
  int32_t size = unorm2_normalize(n, in.data(), static_cast<int32_t>(in.size()), out.data(),
                                  static_cast<int32_t>(out.size()), &status);
  if (status == U_BUFFER_OVERFLOW_ERROR) {
    out.resize(static_cast<size_t>(size) + 1);
    status = U_ZERO_ERROR;
    size = unorm2_normalize(n, in.data(), static_cast<int32_t>(in.size()), out.data(),
                            static_cast<int32_t>(out.size()), &status);
  }
  if (U_FAILURE(status)) throw SqlError(sqlstate::kInternalError, "Unicode normalization failed");
  for (int32_t i = 0; i < size; ++i) {
    uint32_t c = out[static_cast<size_t>(i)];
    if (c >= 0xD800 && c <= 0xDBFF && i + 1 < size)
      c = 0x10000 + ((c & 0x3FF) << 10) + (out[static_cast<size_t>(++i)] & 0x3FF);
    types::append_utf8(env.buffer, c);
  }
  return env.keep();
}
bool is_normalized(Text text, const UNormalizer2* n) {
  std::u16string in = to_utf16(text);
  UErrorCode status = U_ZERO_ERROR;
  return unorm2_isNormalized(n, in.data(), static_cast<int32_t>(in.size()), &status) != 0;
}

template <bool kTest>
void normalize_kernel(KernelCall& call) {
  Env env(call);
  for_each_row(call.rows, [&](uint32_t row) {
    Text text = load_cell<Text>(*call.args[0], row);
    const UNormalizer2* n =
        normalizer(call.args.size() > 1 ? load_cell<Text>(*call.args[1], row) : Text("NFC"));
    if constexpr (kTest)
      store_cell<bool>(call.result, row, is_normalized(text, n));
    else
      store_cell<StringRef>(call.result, row, normalize(text, n, env));
  });
}

// --- parse_ident
struct IdentParser {
  Text whole, rest;
  Env& env;

  [[noreturn]] void fail(std::string detail) const {
    SqlError error(sqlstate::kInvalidParameterValue,
                   fmt::format("string is not a valid identifier: \"{}\"", whole));
    if (!detail.empty()) error.detail(std::move(detail));
    throw error;
  }
  void skip_spaces() {
    while (!rest.empty() && is_space(rest[0])) rest.remove_prefix(1);
  }
  static bool starts(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
  }
  static bool continues(char c) { return starts(c) || is_digit(c) || c == '$'; }

  StringRef run(bool strict) {
    std::vector<Value> names;
    bool after_dot = false;
    skip_spaces();
    for (;;) {
      names.push_back(Value::of_string(env.keep(name(after_dot))));
      skip_spaces();
      after_dot = !rest.empty() && rest[0] == '.';
      if (after_dot) {
        rest.remove_prefix(1);
        skip_spaces();
        continue;
      }
      if (!rest.empty() && strict) fail("");
      return make_array(type_oid::kText, names, env.arena);
    }
  }
  std::string name(bool after_dot) {
    std::string out;
    if (!rest.empty() && rest[0] == '"') {
      rest.remove_prefix(1);
      for (;;) {
        size_t quote = rest.find('"');
        if (quote == Text::npos) fail("String has unclosed double quotes.");
        out += rest.substr(0, quote);
        rest.remove_prefix(quote + 1);
        if (rest.empty() || rest[0] != '"') break;
        out += '"';
        rest.remove_prefix(1);
      }
      if (out.empty()) fail("Quoted identifier must not be empty.");
      return out;
    }
    if (!rest.empty() && starts(rest[0])) {
      while (!rest.empty() && continues(rest[0])) {
        out += lower(rest[0]);
        rest.remove_prefix(1);
      }
      return out;
    }
    if (!rest.empty() && rest[0] == '.') fail("No valid identifier before \".\".");
    if (after_dot) fail("No valid identifier after \".\".");
    fail("");
  }
};
void parse_ident_kernel(KernelCall& call) {
  Env env(call);
  for_each_row(call.rows, [&](uint32_t row) {
    Text text = load_cell<Text>(*call.args[0], row);
    bool strict = call.args.size() < 2 || load_cell<bool>(*call.args[1], row);
    store_cell<StringRef>(call.result, row, IdentParser{text, text, env}.run(strict));
  });
}

// --- overlay of bit strings
void append_bits(std::string& bits, Text v, int64_t from, int64_t count) {
  for (int64_t i = from; i < from + count; ++i) bits += bit_at(v, static_cast<uint32_t>(i)) ? '1' : '0';
}
StringRef overlay_bits(Text a, Text b, int32_t from, int32_t length, Env& env) {
  int64_t end = int64_t{from} + length;
  if (from <= 0) throw SqlError(sqlstate::kSubstringError, "negative substring length not allowed");
  if (end > INT32_MAX) throw_out_of_range("integer");
  int64_t size = bit_count(a);
  std::string bits;
  append_bits(bits, a, 0, std::min<int64_t>(from - 1, size));
  append_bits(bits, b, 0, bit_count(b));
  int64_t tail = std::clamp<int64_t>(end - 1, 0, size);
  append_bits(bits, a, tail, size - tail);
  types::parse_varbit(env.buffer, bits, -1);
  return env.keep();
}

// --- names and oids
StringRef name_with_oid(Text name, uint32_t oid, Env& env) {
  std::string suffix = fmt::format("_{}", oid);
  Text kept = name;
  if (kept.size() + suffix.size() > 63) {
    size_t room = 63 - suffix.size(), end = 0;
    while (end < kept.size() && end + types::utf8_char_bytes(kept[end]) <= room)
      end += types::utf8_char_bytes(kept[end]);
    kept = kept.substr(0, end);
  }
  env.buffer = kept;
  env.buffer += suffix;
  return env.keep();
}

const Binding kBindings[] = {
    {"tidlarger(tid,tid)", fn([](int64_t a, int64_t b) -> int64_t { return unsigned_less(a, b) ? b : a; })},
    {"tidsmaller(tid,tid)", fn([](int64_t a, int64_t b) -> int64_t { return unsigned_less(b, a) ? b : a; })},
    {"xid8_larger(xid8,xid8)",
     fn([](int64_t a, int64_t b) -> int64_t { return unsigned_less(a, b) ? b : a; })},
    {"xid8_smaller(xid8,xid8)",
     fn([](int64_t a, int64_t b) -> int64_t { return unsigned_less(b, a) ? b : a; })},
    {"pg_size_pretty(numeric)", fn([](const Numeric& v, Env& env) { return size_pretty(v, env); })},
    {"pg_size_bytes(text)", fn([](Text s, Env& env) -> int64_t { return size_bytes(s, env); })},
    {"pg_lsn_larger(pg_lsn,pg_lsn)", fn([](uint64_t a, uint64_t b) -> uint64_t { return a > b ? a : b; })},
    {"pg_lsn_smaller(pg_lsn,pg_lsn)", fn([](uint64_t a, uint64_t b) -> uint64_t { return a < b ? a : b; })},
    {"pg_lsn_mi(pg_lsn,pg_lsn)", fn([](uint64_t a, uint64_t b, Env& env) {
       return types::sub(numeric_of_lsn(a, env.arena), numeric_of_lsn(b, env.arena), env.arena);
     })},
    {"pg_lsn_pli(pg_lsn,numeric)",
     fn([](uint64_t a, const Numeric& n, Env& env) -> uint64_t { return lsn_plus(a, n, false, env); })},
    {"pg_lsn_mii(pg_lsn,numeric)",
     fn([](uint64_t a, const Numeric& n, Env& env) -> uint64_t { return lsn_plus(a, n, true, env); })},
    {"numeric_pl_pg_lsn(numeric,pg_lsn)",
     fn([](const Numeric& n, uint64_t a, Env& env) -> uint64_t { return lsn_plus(a, n, false, env); })},
    {"pg_lsn(numeric)",
     fn([](const Numeric& n, Env& env) -> uint64_t { return lsn_of_numeric(n, env.arena); })},
    {"normalize(text,text)", normalize_kernel<false>},
    {"is_normalized(text,text)", normalize_kernel<true>},
    {"parse_ident(text,bool)", parse_ident_kernel},
    {"overlay(bit,bit,int4)", fn([](Text a, Text b, int32_t from, Env& env) {
       return overlay_bits(a, b, from, static_cast<int32_t>(bit_count(b)), env);
     })},
    {"overlay(bit,bit,int4,int4)",
     fn([](Text a, Text b, int32_t from, int32_t n, Env& env) { return overlay_bits(a, b, from, n, env); })},
    {"nameconcatoid(name,oid)",
     fn([](Text name, uint32_t oid, Env& env) { return name_with_oid(name, oid, env); })},
    {"oidvectortypes(oidvector)", fn([](Text v, Env& env) {
       ArrayView view(v);
       for (uint32_t i = 0; i < view.count(); ++i) {
         if (i > 0) env.buffer += ", ";
         env.buffer += format_type(Oid{view.at(i, env.arena).oid()}, -1);
       }
       return env.keep();
     })},
};

}  // namespace

Bindings more_bindings() { return kBindings; }

}  // namespace varve::functions
