// money: text form, arithmetic, casts.
#include <cmath>
#include <fmt/format.h>

#include "common/append_format.h"
#include "kernel.h"
#include "money.h"

namespace varve::functions {

namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

int64_t checked(double v) {
  if (std::isnan(v) || v < -9223372036854775808.0 || v >= 9223372036854775808.0) throw_out_of_range("money");
  return static_cast<int64_t>(v);
}
int64_t divided(int64_t v, int64_t by) {
  if (by == 0) throw_division_by_zero();
  if (by == -1 && v == INT64_MIN) throw_out_of_range("money");
  return v / by;
}
int64_t of_float(int64_t v, double factor, bool divide) {
  if (divide && factor == 0) throw_division_by_zero();
  return checked(std::rint(divide ? static_cast<double>(v) / factor : static_cast<double>(v) * factor));
}
int64_t from_integer(int64_t v) {
  int64_t r;
  if (__builtin_mul_overflow(v, 100, &r)) throw_out_of_range("bigint");
  return r;
}
int64_t product(int64_t a, int64_t b) {
  int64_t r;
  if (__builtin_mul_overflow(a, b, &r)) throw_out_of_range("money");
  return r;
}

// --- words
void append_words(std::string& out, int64_t value) {
  constexpr const char* kSmall[] = {"zero",     "one",      "two",      "three",   "four",    "five",
                                    "six",      "seven",    "eight",    "nine",    "ten",     "eleven",
                                    "twelve",   "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
                                    "eighteen", "nineteen", "twenty",   "thirty",  "forty",   "fifty",
                                    "sixty",    "seventy",  "eighty",   "ninety"};
  const char* const* big = kSmall + 18;
  int64_t tens = value % 100;
  auto format = [&](const char* form, auto... args) { append_format(out, fmt::runtime(form), args...); };
  if (value <= 20) {
    format("{}", kSmall[value]);
    return;
  }
  if (tens == 0) {
    format("{} hundred", kSmall[value / 100]);
    return;
  }
  if (value > 99) {
    if (value % 10 == 0 && tens > 10)
      format("{} hundred {}", kSmall[value / 100], big[tens / 10]);
    else if (tens < 20)
      format("{} hundred and {}", kSmall[value / 100], kSmall[tens]);
    else
      format("{} hundred {} {}", kSmall[value / 100], big[tens / 10], kSmall[tens % 10]);
    return;
  }
  if (value % 10 == 0 && tens > 10)
    format("{}", big[tens / 10]);
  else if (tens < 20)
    format("{}", kSmall[tens]);
  else
    format("{} {}", big[tens / 10], kSmall[tens % 10]);
}

StringRef words(int64_t value, Env& env) {
  std::string& out = env.buffer;
  uint64_t v = static_cast<uint64_t>(value);
  if (value < 0) {
    v = -v;
    out += "minus ";
  }
  struct Unit {
    uint64_t size;
    const char* name;
  };
  constexpr Unit kUnits[] = {{100'000'000'000'000'000, " quadrillion "},
                             {100'000'000'000'000, " trillion "},
                             {100'000'000'000, " billion "},
                             {100'000'000, " million "},
                             {100'000, " thousand "}};
  for (const Unit& u : kUnits) {
    uint64_t part = v / u.size % 1000;
    if (part == 0) continue;
    append_words(out, static_cast<int64_t>(part));
    out += u.name;
  }
  uint64_t ones = v / 100 % 1000, cents = v % 100;
  if (ones != 0) append_words(out, static_cast<int64_t>(ones));
  if (v / 100 == 0) out += "zero";
  out += v / 100 == 1 ? " dollar and " : " dollars and ";
  append_words(out, static_cast<int64_t>(cents));
  out += cents == 1 ? " cent" : " cents";
  if (out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 32);
  return env.keep();
}

const Binding kBindings[] = {
    {"cash_pl(money,money)", fn([](int64_t a, int64_t b) -> int64_t {
       int64_t r;
       if (__builtin_add_overflow(a, b, &r)) throw_out_of_range("money");
       return r;
     })},
    {"cash_mi(money,money)", fn([](int64_t a, int64_t b) -> int64_t {
       int64_t r;
       if (__builtin_sub_overflow(a, b, &r)) throw_out_of_range("money");
       return r;
     })},
    {"cash_div_cash(money,money)", fn([](int64_t a, int64_t b) -> double {
       if (b == 0) throw_division_by_zero();
       return static_cast<double>(a) / static_cast<double>(b);
     })},
    {"cash_mul_int2(money,int2)", fn([](int64_t a, int16_t b) -> int64_t { return product(a, b); })},
    {"cash_mul_int4(money,int4)", fn([](int64_t a, int32_t b) -> int64_t { return product(a, b); })},
    {"cash_mul_int8(money,int8)", fn([](int64_t a, int64_t b) -> int64_t { return product(a, b); })},
    {"int2_mul_cash(int2,money)", fn([](int16_t a, int64_t b) -> int64_t { return product(a, b); })},
    {"int4_mul_cash(int4,money)", fn([](int32_t a, int64_t b) -> int64_t { return product(a, b); })},
    {"int8_mul_cash(int8,money)", fn([](int64_t a, int64_t b) -> int64_t { return product(a, b); })},
    {"cash_mul_flt4(money,float4)", fn([](int64_t a, float b) -> int64_t { return of_float(a, b, false); })},
    {"cash_mul_flt8(money,float8)", fn([](int64_t a, double b) -> int64_t { return of_float(a, b, false); })},
    {"flt4_mul_cash(float4,money)", fn([](float a, int64_t b) -> int64_t { return of_float(b, a, false); })},
    {"flt8_mul_cash(float8,money)", fn([](double a, int64_t b) -> int64_t { return of_float(b, a, false); })},
    {"cash_div_flt4(money,float4)", fn([](int64_t a, float b) -> int64_t { return of_float(a, b, true); })},
    {"cash_div_flt8(money,float8)", fn([](int64_t a, double b) -> int64_t { return of_float(a, b, true); })},
    {"cash_div_int2(money,int2)", fn([](int64_t a, int16_t b) -> int64_t { return divided(a, b); })},
    {"cash_div_int4(money,int4)", fn([](int64_t a, int32_t b) -> int64_t { return divided(a, b); })},
    {"cash_div_int8(money,int8)", fn([](int64_t a, int64_t b) -> int64_t { return divided(a, b); })},
    {"cash_words(money)", fn([](int64_t v, Env& env) { return words(v, env); })},
    {"money(int4)", fn([](int32_t v) -> int64_t { return from_integer(v); })},
    {"money(int8)", fn([](int64_t v) -> int64_t { return from_integer(v); })},
    {"money(numeric)", fn([](const Numeric& v, Env& env) -> int64_t {
       return types::to_int64(types::mul(v, Numeric(int64_t{100}), env.arena));
     })},
    {"numeric(money)", fn([](int64_t v, Env&) { return Numeric(static_cast<types::int128>(v), 2); })},
};

}  // namespace

// Sign or parentheses, dollar, digits with commas, two decimals (a third rounds).
int64_t parse_money(std::string_view text) {
  auto bad = [&] {
    throw SqlError(sqlstate::kInvalidTextRepresentation,
                   fmt::format("invalid input syntax for type money: \"{}\"", text));
  };
  auto overflow = [&] {
    throw SqlError(sqlstate::kNumericValueOutOfRange,
                   fmt::format("value \"{}\" is out of range for type money", text));
  };
  size_t at = 0;
  auto peek = [&] { return at < text.size() ? text[at] : '\0'; };
  auto skip = [&] {
    while (is_space(peek())) ++at;
  };
  bool negative = false;
  skip();
  if (peek() == '$') ++at;
  skip();
  if (peek() == '-') {
    negative = true;
    ++at;
  } else if (peek() == '(') {
    negative = true;
    ++at;
  } else if (peek() == '+') {
    ++at;
  }
  skip();
  if (peek() == '$') ++at;
  skip();
  // Kept negative: the smallest value has no positive counterpart.
  int64_t v = 0;
  bool seen_point = false;
  int decimals = 0;
  for (; at < text.size(); ++at) {
    char c = text[at];
    if (is_digit(c) && (!seen_point || decimals < 2)) {
      if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, c - '0', &v)) overflow();
      if (seen_point) ++decimals;
    } else if (c == '.' && !seen_point) {
      seen_point = true;
    } else if (c != ',') {
      break;
    }
  }
  if (is_digit(peek()) && peek() >= '5' && __builtin_sub_overflow(v, 1, &v)) overflow();
  for (; decimals < 2; ++decimals) {
    if (__builtin_mul_overflow(v, 10, &v)) overflow();
  }
  while (is_digit(peek())) ++at;
  while (at < text.size()) {
    char c = peek();
    if (c == '-')
      negative = true;
    else if (!is_space(c) && c != ')' && c != '+' && c != '$')
      bad();
    ++at;
  }
  if (negative) return v;
  if (v == INT64_MIN) overflow();
  return -v;
}

void append_money(std::string& out, int64_t v) {
  uint64_t u = v < 0 ? -static_cast<uint64_t>(v) : static_cast<uint64_t>(v);
  if (v < 0) out += '-';
  out += '$';
  std::string whole = std::to_string(u / 100);
  for (size_t i = 0; i < whole.size(); ++i) {
    if (i > 0 && (whole.size() - i) % 3 == 0) out += ',';
    out += whole[i];
  }
  append_format(out, ".{:02}", u % 100);
}

Bindings money_bindings() { return kBindings; }

}  // namespace varve::functions
