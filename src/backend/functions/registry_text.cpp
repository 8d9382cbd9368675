// concat, quoting, format(), pg_typeof and other functions that take values of any type as text.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "any_args.h"
#include "functions/array.h"
#include "functions/quoting.h"
#include "functions/type_oids.h"
#include "kernel.h"
#include "text_value.h"
#include "types/utf8.h"

namespace varve::functions {

namespace {

using Text = std::string_view;

StringRef quoted(Text s, Env& env, void (*append)(std::string&, Text)) {
  append(env.buffer, s);
  return env.keep();
}

void concat_kernel(KernelCall& call) {
  Env env(call);
  for_each_row(call.rows, [&](uint32_t row) {
    AnyArgs args(call, row);
    if (args.null_array()) return call.result.set_null(row);
    for (size_t i = 0; i < args.count(); ++i) {
      if (!args.null(i)) args.append(i, env.buffer);
    }
    store_cell<StringRef>(call.result, row, env.keep());
  });
}

void concat_ws_kernel(KernelCall& call) {
  Env env(call);
  for_each_row(call.rows, [&](uint32_t row) {
    AnyArgs args(call, row);
    if (args.null(0) || args.null_array()) {
      call.result.set_null(row);
      return;
    }
    Text separator = call.args[0]->at<StringRef>(row).view();
    bool first = true;
    for (size_t i = 1; i < args.count(); ++i) {
      if (args.null(i)) continue;
      if (!first) env.buffer += separator;
      first = false;
      args.append(i, env.buffer);
    }
    store_cell<StringRef>(call.result, row, env.keep());
  });
}

// --- format()
class Formatter {
 public:
  Formatter(const AnyArgs& args, Text format, std::string& out) : args_(args), format_(format), out_(out) {}

  void run() {
    while (at_ < format_.size()) {
      char c = format_[at_++];
      if (c != '%') {
        out_.push_back(c);
        continue;
      }
      need_more();
      if (format_[at_] == '%') {
        ++at_;
        out_.push_back('%');
        continue;
      }
      specifier();
    }
  }

 private:
  void need_more() const {
    if (at_ >= format_.size()) {
      throw SqlError(sqlstate::kInvalidParameterValue, "unterminated format() type specifier")
          .hint("For a single \"%\" use \"%%\".");
    }
  }
  // Digits, or false.
  bool number(int32_t* v) {
    int32_t n = 0;
    bool any = false;
    while (at_ < format_.size() && format_[at_] >= '0' && format_[at_] <= '9') {
      if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, format_[at_] - '0', &n)) {
        throw SqlError(sqlstate::kNumericValueOutOfRange, "number is out of range");
      }
      any = true;
      ++at_;
    }
    *v = n;
    return any;
  }
  static void check_position(int32_t n) {
    if (n == 0) {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     "format specifies argument 0, but arguments are numbered from 1");
    }
  }

  void specifier() {
    int32_t argument = -1, width_argument = -1, width = 0;
    bool left = false;
    int32_t n;
    if (number(&n)) {
      need_more();
      if (format_[at_] == '$') {
        ++at_;
        check_position(n);
        argument = n;
        need_more();
        parse_flags(&left);
        parse_width(&width, &width_argument);
      } else {
        width = n;
      }
    } else {
      parse_flags(&left);
      parse_width(&width, &width_argument);
    }
    need_more();
    char type = format_[at_];
    if (type != 's' && type != 'I' && type != 'L') {
      size_t bytes = types::utf8_char_bytes(type);
      throw SqlError(sqlstate::kInvalidParameterValue,
                     fmt::format("unrecognized format() type specifier \"{}\"", format_.substr(at_, bytes)))
          .hint("For a single \"%\" use \"%%\".");
    }
    ++at_;
    if (width_argument >= 0) width = indirect_width(width_argument, &left);
    if (argument > 0)
      next_ = static_cast<size_t>(argument);
    else
      ++next_;
    if (next_ >= args_.count()) {
      throw SqlError(sqlstate::kInvalidParameterValue, "too few arguments for format()");
    }
    emit(type, width, left);
  }
  void parse_flags(bool* left) {
    while (at_ < format_.size() && format_[at_] == '-') {
      *left = true;
      ++at_;
    }
    need_more();
  }
  void parse_width(int32_t* width, int32_t* argument) {
    if (format_[at_] != '*') {
      number(width);
      need_more();
      return;
    }
    ++at_;
    need_more();
    int32_t n;
    *argument = 0;
    if (number(&n)) {
      need_more();
      if (format_[at_] != '$') {
        throw SqlError(sqlstate::kInvalidParameterValue, "width argument position must be ended by \"$\"");
      }
      ++at_;
      check_position(n);
      *argument = n;
      need_more();
    }
  }
  int32_t indirect_width(int32_t argument, bool* left) {
    if (argument > 0)
      next_ = static_cast<size_t>(argument);
    else
      ++next_;
    if (next_ >= args_.count()) {
      throw SqlError(sqlstate::kInvalidParameterValue, "too few arguments for format()");
    }
    if (args_.null(next_)) return 0;
    std::string text;
    args_.append(next_, text);
    int32_t width = types::parse_int4(text);
    if (width < 0) {
      *left = true;
      width = -width;
    }
    return width;
  }
  void emit(char type, int32_t width, bool left) {
    std::string item;
    if (args_.null(next_)) {
      if (type == 'I') {
        throw SqlError(sqlstate::kNullValueNotAllowed,
                       "null values cannot be formatted as an SQL identifier");
      }
      if (type == 'L') item = "NULL";
    } else {
      std::string text;
      args_.append(next_, text);
      if (type == 's')
        item = std::move(text);
      else if (type == 'I')
        append_quoted_identifier(item, text);
      else
        append_quoted_literal(item, text);
    }
    int64_t padding = width - static_cast<int64_t>(types::utf8_length(item));
    if (padding < 0) padding = 0;
    if (!left) out_.append(static_cast<size_t>(padding), ' ');
    out_ += item;
    if (left) out_.append(static_cast<size_t>(padding), ' ');
  }

  const AnyArgs& args_;
  Text format_;
  std::string& out_;
  size_t at_ = 0;
  size_t next_ = 0;
};

void format_kernel(KernelCall& call) {
  Env env(call);
  for_each_row(call.rows, [&](uint32_t row) {
    AnyArgs args(call, row);
    if (args.null(0)) {
      call.result.set_null(row);
      return;
    }
    Formatter(args, call.args[0]->at<StringRef>(row).view(), env.buffer).run();
    store_cell<StringRef>(call.result, row, env.keep());
  });
}

// text || anything and anything || text
template <bool kTextFirst>
void cat_any_kernel(KernelCall& call) {
  Env env(call);
  for_each_row(call.rows, [&](uint32_t row) {
    const Vector& text = *call.args[kTextFirst ? 0 : 1];
    const Vector& other = *call.args[kTextFirst ? 1 : 0];
    if (kTextFirst) env.buffer += text.at<StringRef>(row).view();
    append_as_text(call.site.arg_types[kTextFirst ? 1 : 0], other.value(row), env.buffer, call.context);
    if (!kTextFirst) env.buffer += text.at<StringRef>(row).view();
    store_cell<StringRef>(call.result, row, env.keep());
  });
}

template <bool kNullable>
void quote_any_kernel(KernelCall& call) {
  Env env(call);
  for_each_row(call.rows, [&](uint32_t row) {
    if (kNullable && call.args[0]->is_null(row)) {
      store_cell<StringRef>(call.result, row, StringRef("NULL", 4));
      return;
    }
    std::string text;
    append_as_text(call.site.arg_types[0], call.args[0]->value(row), text, call.context);
    append_quoted_literal(env.buffer, text);
    store_cell<StringRef>(call.result, row, env.keep());
  });
}

void typeof_kernel(KernelCall& call) {
  auto* out = call.result.data<uint32_t>();
  uint32_t type = call.site.arg_types[0].value();
  for_each_row(call.rows, [&](uint32_t row) { out[row] = type; });
}

template <bool kNulls>
void count_nulls_kernel(KernelCall& call) {
  auto* out = call.result.data<int32_t>();
  for_each_row(call.rows, [&](uint32_t row) {
    AnyArgs args(call, row);
    if (args.null_array()) return call.result.set_null(row);
    int32_t n = 0;
    for (size_t i = 0; i < args.count(); ++i) n += args.null(i) == kNulls ? 1 : 0;
    out[row] = n;
  });
}

const Binding kBindings[] = {
    {"concat(any)", concat_kernel},
    {"concat_ws(text,any)", concat_ws_kernel},
    {"format(text,any)", format_kernel},
    {"format(text)", format_kernel},
    {"textanycat(text,anynonarray)", cat_any_kernel<true>},
    {"anytextcat(anynonarray,text)", cat_any_kernel<false>},
    {"quote_ident(text)", fn([](Text s, Env& env) { return quoted(s, env, append_quoted_identifier); })},
    {"quote_literal(text)", fn([](Text s, Env& env) { return quoted(s, env, append_quoted_literal); })},
    {"quote_literal(anyelement)", quote_any_kernel<false>},
    {"quote_nullable(text)", quote_any_kernel<true>},
    {"quote_nullable(anyelement)", quote_any_kernel<true>},
    {"pg_typeof(any)", typeof_kernel},
    {"num_nulls(any)", count_nulls_kernel<true>},
    {"num_nonnulls(any)", count_nulls_kernel<false>},
};

}  // namespace

Bindings text_bindings() { return kBindings; }

}  // namespace varve::functions
