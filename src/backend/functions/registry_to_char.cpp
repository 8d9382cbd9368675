// to_char() and its inverses: to_date(), to_timestamp(), to_number().
#include "format/date_format.h"
#include "format/number_format.h"
#include "kernel.h"
#include "types/datetime.h"
#include "zone.h"

namespace varve::functions {

namespace {

using Text = std::string_view;

// The template is nearly always the same in every row: it is parsed again only when it changes.
class DateTemplates {
 public:
  const DateTemplate& get(Text text) {
    if (!parsed_ || text != text_) {
      parsed_ = false;
      text_ = text;
      parse_date_template(text_, false, template_);
      parsed_ = true;
    }
    return template_;
  }

 private:
  std::string text_;
  DateTemplate template_;
  bool parsed_ = false;
};
class NumberTemplates {
 public:
  const NumberTemplate& get(Text text) {
    if (!parsed_ || text != text_) {
      parsed_ = false;
      text_ = text;
      parse_number_template(text_, template_);
      parsed_ = true;
    }
    return template_;
  }

 private:
  std::string text_;
  NumberTemplate template_;
  bool parsed_ = false;
};

// compute(value, template text, env, templates) -> optional or plain result, row by row.
template <class T, class Templates, class R, class F>
void each_row(KernelCall& call, F&& compute) {
  Env env(call);
  Templates templates;
  for_each_row(call.rows, [&](uint32_t row) {
    store_cell<R>(
        call.result, row,
        compute(load_cell<T>(*call.args[0], row), load_cell<Text>(*call.args[1], row), env, templates));
  });
}

using MaybeText = std::optional<StringRef>;

void timestamp_to_char(KernelCall& call) {
  each_row<int64_t, DateTemplates, MaybeText>(
      call, [](int64_t t, Text format, Env& env, DateTemplates& templates) -> MaybeText {
        if (format.empty() || !types::is_finite_timestamp(t)) return std::nullopt;
        append_formatted(date_fields(t), templates.get(format), env.buffer);
        return env.keep();
      });
}
void timestamptz_to_char(KernelCall& call) {
  each_row<int64_t, DateTemplates, MaybeText>(
      call, [](int64_t t, Text format, Env& env, DateTemplates& templates) -> MaybeText {
        if (format.empty() || !types::is_finite_timestamp(t)) return std::nullopt;
        types::ZoneOffset zone = session_zone(env).at_utc(t);
        DateFields fields = date_fields(t + int64_t{zone.seconds_east} * types::kUsPerSecond);
        fields.zone_seconds_east = zone.seconds_east;
        fields.zone = zone.abbreviation;
        append_formatted(fields, templates.get(format), env.buffer);
        return env.keep();
      });
}
void interval_to_char(KernelCall& call) {
  each_row<Interval, DateTemplates, MaybeText>(
      call, [](const Interval& v, Text format, Env& env, DateTemplates& templates) -> MaybeText {
        if (format.empty()) return std::nullopt;
        append_formatted(date_fields(v), templates.get(format), env.buffer);
        return env.keep();
      });
}

template <class T>
void number_to_char(KernelCall& call) {
  each_row<T, NumberTemplates, StringRef>(
      call, [](const T& v, Text format, Env& env, NumberTemplates& templates) {
        if (format.empty()) return StringRef();
        const NumberTemplate& t = templates.get(format);
        if constexpr (std::is_same_v<T, int64_t> || std::is_same_v<T, Numeric>) {
          append_formatted(v, t, env.buffer, env.arena);
        } else {
          append_formatted(v, t, env.buffer);
        }
        return env.keep();
      });
}
void text_to_number(KernelCall& call) {
  each_row<Text, NumberTemplates, std::optional<Numeric>>(
      call, [](Text text, Text format, Env& env, NumberTemplates& templates) -> std::optional<Numeric> {
        if (format.empty()) return std::nullopt;
        return read_number(text, templates.get(format), env.arena);
      });
}

void text_to_timestamp(KernelCall& call) {
  each_row<Text, DateTemplates, int64_t>(call, [](Text text, Text format, Env& env,
                                                  DateTemplates& templates) {
    ReadDate read = read_date(text, templates.get(format), false);
    types::Timestamp local = timestamp_of(read);
    int64_t east = read.has_zone ? read.zone_seconds_east : session_zone(env).at_local(local).seconds_east;
    types::TimestampTz t;
    if (__builtin_sub_overflow(local, east * types::kUsPerSecond, &t) || !types::in_timestamp_range(t)) {
      throw SqlError(sqlstate::kDatetimeValueOutOfRange, "timestamp out of range");
    }
    return read.fraction_digits > 0 ? types::round_timestamp(t, read.fraction_digits) : t;
  });
}
void text_to_date(KernelCall& call) {
  each_row<Text, DateTemplates, int32_t>(call, [](Text text, Text format, Env&, DateTemplates& templates) {
    return date_of(read_date(text, templates.get(format), false), text);
  });
}

const Binding kBindings[] = {
    {"to_char(timestamp,text)", timestamp_to_char},
    {"to_char(timestamptz,text)", timestamptz_to_char},
    {"to_char(interval,text)", interval_to_char},
    {"to_char(int4,text)", number_to_char<int32_t>},
    {"to_char(int8,text)", number_to_char<int64_t>},
    {"to_char(float4,text)", number_to_char<float>},
    {"to_char(float8,text)", number_to_char<double>},
    {"to_char(numeric,text)", number_to_char<Numeric>},
    {"to_number(text,text)", text_to_number},
    {"to_timestamp(text,text)", text_to_timestamp},
    {"to_date(text,text)", text_to_date},
};

}  // namespace

Bindings to_char_bindings() { return kBindings; }

}  // namespace varve::functions
