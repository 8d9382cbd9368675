// Regular expressions: operators, regexp_…() and SIMILAR TO.
#include <fmt/format.h>
#include <memory>
#include <vector>

#include "functions/array.h"
#include "functions/type_oids.h"
#include "kernel.h"
#include "regex/regex.h"
#include "types/utf8.h"

namespace varve::functions {

namespace {

using regex::Flags;
using regex::Regex;
using regex::Span;
using regex::Subject;
using Text = std::string_view;

[[noreturn]] void invalid(std::string message) {
  throw SqlError(sqlstate::kInvalidParameterValue, std::move(message));
}

// Letters of a flags argument. `global` null: 'g' is not allowed for `function`.
Flags parse_flags(Text letters, bool* global, Text function) {
  Flags f;
  for (size_t at = 0; at < letters.size(); ++at) {
    switch (letters[at]) {
      case 'g':
        if (global == nullptr) {
          SqlError error(sqlstate::kInvalidParameterValue,
                         fmt::format("{}() does not support the \"global\" option", function));
          if (function == "regexp_match") error.hint("Use the regexp_matches function instead.");
          throw error;
        }
        *global = true;
        break;
      case 'i':
        f.case_insensitive = true;
        break;
      case 'c':
        f.case_insensitive = false;
        break;
      case 'm':
      case 'n':
        f.dot_skips_newline = f.lines = true;
        break;
      case 'p':
        f.dot_skips_newline = true;
        f.lines = false;
        break;
      case 'w':
        f.dot_skips_newline = false;
        f.lines = true;
        break;
      case 's':
        f.dot_skips_newline = f.lines = false;
        break;
      case 'x':
        f.expanded = true;
        break;
      case 't':
        f.expanded = false;
        break;
      case 'q':
        f.literal = true;
        break;
      case 'e':  // as PostgreSQL, whose option makes these basic ones too
      case 'b':
        f.literal = false;
        f.syntax = regex::Syntax::kBasic;
        break;
      default:
        invalid(fmt::format("invalid regular expression option: \"{}\"",
                            letters.substr(at, types::utf8_char_bytes(letters[at]))));
    }
  }
  return f;
}

// Keeps the last expression compiled: patterns are constant as a rule.
class Cache {
 public:
  explicit Cache(const CallSite& site) : site_(site) {}
  const Regex& get(Text pattern, Flags flags, char salt = 0) {
    if (site_.collation != nullptr && !site_.collation->deterministic()) {
      throw SqlError(sqlstate::kFeatureNotSupported,
                     "nondeterministic collations are not supported for regular expressions");
    }
    flags.unicode = site_.collation == nullptr || !site_.collation->is_c();
    if (!regex_ || pattern_ != pattern || salt_ != salt) {
      regex_.reset();
      regex_ = std::make_unique<Regex>(pattern, flags);
      pattern_ = pattern;
      salt_ = salt;
    }
    return *regex_;
  }

 private:
  const CallSite& site_;
  std::unique_ptr<Regex> regex_;
  std::string pattern_;
  char salt_ = 0;
};

template <bool kNegated, bool kFold>
void match_kernel(KernelCall& call) {
  Cache cache(call.site);
  Flags flags;
  flags.case_insensitive = kFold;
  auto* out = call.result.data<uint8_t>();
  for_each_row(call.rows, [&](uint32_t row) {
    const Regex& r = cache.get(call.args[1]->at<StringRef>(row).view(), flags);
    out[row] = r.matches(call.args[0]->at<StringRef>(row).view()) != kNegated;
  });
}

// Arguments of a row, for the functions with many forms.
struct Args {
  KernelCall& call;
  uint32_t row;
  Text text(size_t i) const { return call.args[i]->at<StringRef>(row).view(); }
  int32_t number(size_t i) const { return call.args[i]->at<int32_t>(row); }
  size_t count() const { return call.args.size(); }
};

template <class F>
void each_row(KernelCall& call, F&& f) {
  Env env(call);
  Cache cache(call.site);
  for_each_row(call.rows, [&](uint32_t row) { f(Args{call, row}, env, cache, row); });
}

Value text_or_null(const Subject& s, Span span) {
  if (span.begin < 0) return Value::null_of(types::PhysicalType::kString);
  return Value::of_string(s.slice(span));
}

// Next match at or behind `from`; after an empty match the search goes on one character further.
int32_t resume_at(Span match) { return match.end > match.begin ? match.end : match.end + 1; }

// --- substring(text from pattern), regexp_substr
void substring_kernel(KernelCall& call) {
  each_row(call, [&](Args a, Env&, Cache& cache, uint32_t row) {
    const Regex& r = cache.get(a.text(1), {});
    Subject s(a.text(0));
    std::vector<Span> groups;
    Span part;
    if (r.find(s, 0, &groups)) part = groups.size() > 1 ? groups[1] : groups[0];
    if (part.begin < 0)
      call.result.set_null(row);
    else
      store_cell<StringRef>(call.result, row, StringRef(s.slice(part)));
  });
}

StringRef groups_array(const Subject& s, const std::vector<Span>& groups, Arena& arena) {
  std::vector<Value> items;
  if (groups.size() == 1) items.push_back(text_or_null(s, groups[0]));
  for (size_t g = 1; g < groups.size(); ++g) items.push_back(text_or_null(s, groups[g]));
  return make_array(type_oid::kText, items, arena);
}

void match_array_kernel(KernelCall& call) {
  each_row(call, [&](Args a, Env& env, Cache& cache, uint32_t row) {
    Flags f = a.count() > 2 ? parse_flags(a.text(2), nullptr, "regexp_match") : Flags();
    const Regex& r = cache.get(a.text(1), f);
    Subject s(a.text(0));
    std::vector<Span> groups;
    if (!r.find(s, 0, &groups))
      call.result.set_null(row);
    else
      store_cell<StringRef>(call.result, row, groups_array(s, groups, env.arena));
  });
}

// --- replace
void append_replacement(std::string& out, Text replacement, const Subject& s,
                        const std::vector<Span>& groups) {
  for (size_t i = 0; i < replacement.size(); ++i) {
    if (replacement[i] != '\\' || i + 1 == replacement.size()) {
      out.push_back(replacement[i]);
      continue;
    }
    char c = replacement[++i];
    size_t group = c == '&' ? 0 : c >= '1' && c <= '9' ? static_cast<size_t>(c - '0') : SIZE_MAX;
    if (group != SIZE_MAX) {
      if (group < groups.size() && groups[group].begin >= 0) out += s.slice(groups[group]);
    } else if (c == '\\') {
      out.push_back('\\');
    } else {
      out.push_back('\\');
      out.push_back(c);
    }
  }
}

// Replaces match number n (1-based; 0: all) found at or behind `start` (0-based).
void replace(std::string& out, const Regex& r, const Subject& s, Text replacement, int32_t start, int32_t n) {
  int32_t done = 0, seen = 0;
  std::vector<Span> groups;
  for (int32_t from = start; from <= s.size() && r.find(s, from, &groups); from = resume_at(groups[0])) {
    ++seen;
    if (n != 0 && seen < n) continue;
    out += s.slice({done, groups[0].begin});
    append_replacement(out, replacement, s, groups);
    done = groups[0].end;
    if (n != 0) break;
  }
  out += s.slice({done, s.size()});
}

void replace_kernel(KernelCall& call) {
  each_row(call, [&](Args a, Env& env, Cache& cache, uint32_t row) {
    bool global = false;
    Flags f;
    if (a.count() > 3) {
      Text letters = a.text(3);
      if (!letters.empty() && letters[0] >= '0' && letters[0] <= '9') {
        throw SqlError(sqlstate::kInvalidParameterValue,
                       fmt::format("invalid regular expression option: \"{}\"", letters.substr(0, 1)))
            .hint(
                "If you meant to use regexp_replace() with a start parameter, cast the fourth argument to "
                "integer explicitly.");
      }
      f = parse_flags(letters, &global, "regexp_replace");
    }
    const Regex& r = cache.get(a.text(1), f);
    Subject s(a.text(0));
    replace(env.buffer, r, s, a.text(2), 0, global ? 0 : 1);
    store_cell<StringRef>(call.result, row, env.keep());
  });
}
void check_parameter(int32_t v, int32_t least, Text name) {
  if (v < least) invalid(fmt::format("invalid value for parameter \"{}\": {}", name, v));
}
// (text, pattern, replacement, start [, n [, flags]])
void replace_from_kernel(KernelCall& call) {
  each_row(call, [&](Args a, Env& env, Cache& cache, uint32_t row) {
    int32_t start = a.number(3), n = a.count() > 4 ? a.number(4) : 1;
    check_parameter(start, 1, "start");
    check_parameter(n, 0, "n");
    bool global = false;
    Flags f = a.count() > 5 ? parse_flags(a.text(5), &global, "regexp_replace") : Flags();
    if (a.count() == 4 && global) n = 0;
    const Regex& r = cache.get(a.text(1), f);
    Subject s(a.text(0));
    replace(env.buffer, r, s, a.text(2), start - 1, n);
    store_cell<StringRef>(call.result, row, env.keep());
  });
}

// --- count, instr, like, substr
void count_kernel(KernelCall& call) {
  each_row(call, [&](Args a, Env&, Cache& cache, uint32_t row) {
    int32_t start = a.count() > 2 ? a.number(2) : 1;
    check_parameter(start, 1, "start");
    Flags f = a.count() > 3 ? parse_flags(a.text(3), nullptr, "regexp_count") : Flags();
    const Regex& r = cache.get(a.text(1), f);
    Subject s(a.text(0));
    std::vector<Span> groups;
    int32_t n = 0;
    for (int32_t from = start - 1; from <= s.size() && r.find(s, from, &groups); from = resume_at(groups[0]))
      ++n;
    store_cell<int32_t>(call.result, row, n);
  });
}
void like_kernel(KernelCall& call) {
  each_row(call, [&](Args a, Env&, Cache& cache, uint32_t row) {
    Flags f = a.count() > 2 ? parse_flags(a.text(2), nullptr, "regexp_like") : Flags();
    store_cell<bool>(call.result, row, cache.get(a.text(1), f).matches(a.text(0)));
  });
}
// The span of group `part` of match number n.
Span nth_match(const Regex& r, const Subject& s, int32_t start, int32_t n, int32_t part) {
  std::vector<Span> groups;
  for (int32_t from = start - 1; from <= s.size() && r.find(s, from, &groups); from = resume_at(groups[0])) {
    if (--n > 0) continue;
    return static_cast<size_t>(part) < groups.size() ? groups[static_cast<size_t>(part)] : Span{};
  }
  return {};
}
// regexp_instr(text, pattern, start, n, endoption, flags, subexpr)
void instr_kernel(KernelCall& call) {
  each_row(call, [&](Args a, Env&, Cache& cache, uint32_t row) {
    int32_t start = a.count() > 2 ? a.number(2) : 1, n = a.count() > 3 ? a.number(3) : 1;
    int32_t end = a.count() > 4 ? a.number(4) : 0;
    check_parameter(start, 1, "start");
    check_parameter(n, 1, "n");
    if (end != 0 && end != 1) invalid(fmt::format("invalid value for parameter \"endoption\": {}", end));
    Flags f = a.count() > 5 ? parse_flags(a.text(5), nullptr, "regexp_instr") : Flags();
    int32_t part = a.count() > 6 ? a.number(6) : 0;
    check_parameter(part, 0, "subexpr");
    Subject s(a.text(0));
    Span span = nth_match(cache.get(a.text(1), f), s, start, n, part);
    store_cell<int32_t>(call.result, row, span.begin < 0 ? 0 : (end == 1 ? span.end : span.begin) + 1);
  });
}
// regexp_substr(text, pattern, start, n, flags, subexpr)
void substr_kernel(KernelCall& call) {
  each_row(call, [&](Args a, Env&, Cache& cache, uint32_t row) {
    int32_t start = a.count() > 2 ? a.number(2) : 1, n = a.count() > 3 ? a.number(3) : 1;
    check_parameter(start, 1, "start");
    check_parameter(n, 1, "n");
    Flags f = a.count() > 4 ? parse_flags(a.text(4), nullptr, "regexp_substr") : Flags();
    int32_t part = a.count() > 5 ? a.number(5) : 0;
    check_parameter(part, 0, "subexpr");
    Subject s(a.text(0));
    Span span = nth_match(cache.get(a.text(1), f), s, start, n, part);
    if (span.begin < 0)
      call.result.set_null(row);
    else
      store_cell<StringRef>(call.result, row, StringRef(s.slice(span)));
  });
}

// --- splitting. An empty match at the end, or right behind the previous one, does not separate.
std::vector<Span> split(const Regex& r, const Subject& s) {
  std::vector<Span> parts, groups;
  int32_t done = 0;
  for (int32_t from = 0; from <= s.size() && r.find(s, from, &groups); from = resume_at(groups[0])) {
    Span m = groups[0];
    if (m.begin == m.end && (m.end >= s.size() || m.begin == done)) continue;
    parts.push_back({done, m.begin});
    done = m.end;
  }
  parts.push_back({done, s.size()});
  return parts;
}
void split_array_kernel(KernelCall& call) {
  each_row(call, [&](Args a, Env& env, Cache& cache, uint32_t row) {
    Flags f = a.count() > 2 ? parse_flags(a.text(2), nullptr, "regexp_split_to_array") : Flags();
    const Regex& r = cache.get(a.text(1), f);
    Subject s(a.text(0));
    std::vector<Value> items;
    for (Span part : split(r, s)) items.push_back(text_or_null(s, part));
    store_cell<StringRef>(call.result, row, make_array(type_oid::kText, items, env.arena));
  });
}

// --- set-returning: the rows are worked out at once.
struct Rows {
  Value* values;
  uint32_t count, at;
};
void next_rows(EvalContext&, void* state, Chunk& out) {
  auto& s = *static_cast<Rows*>(state);
  uint32_t n = 0;
  while (n < vector::kChunkRows && s.at < s.count) out.column(0).set_value(n++, s.values[s.at++]);
  out.set_dense(n);
}
Rows* keep_rows(const std::vector<Value>& values, Arena& memory) {
  auto* rows = memory.make<Rows>();
  rows->values = memory.copy(values).data();
  rows->count = static_cast<uint32_t>(values.size());
  rows->at = 0;
  return rows;
}
bool any_null(std::span<const Value> args) {
  for (const Value& v : args) {
    if (v.null) return true;
  }
  return false;
}

template <bool kSplit>
void* open_matches(EvalContext&, const CallSite& site, std::span<const Value> args, Arena& memory) {
  std::vector<Value> values;
  if (any_null(args)) return keep_rows(values, memory);
  bool global = false;
  Flags f;
  if (args.size() > 2) {
    f = kSplit ? parse_flags(args[2].string.view(), nullptr, "regexp_split_to_table")
               : parse_flags(args[2].string.view(), &global, "regexp_matches");
  }
  Cache cache(site);
  const Regex& r = cache.get(args[1].string.view(), f);
  Subject s(memory.copy(args[0].string.view()));
  if (kSplit) {
    for (Span part : split(r, s)) values.push_back(text_or_null(s, part));
  } else {
    std::vector<Span> groups;
    for (int32_t from = 0; from <= s.size() && r.find(s, from, &groups); from = resume_at(groups[0])) {
      values.push_back(Value::of_string(groups_array(s, groups, memory)));
      if (!global) break;
    }
  }
  return keep_rows(values, memory);
}
constexpr TableFunctionImpl kMatches{open_matches<false>, next_rows};
constexpr TableFunctionImpl kSplitTable{open_matches<true>, next_rows};

// --- SIMILAR TO
void similar_kernel(KernelCall& call) {
  each_row(call, [&](Args a, Env& env, Cache&, uint32_t row) {
    std::string r = regex::similar_to_regex(a.text(0), a.count() > 1 ? a.text(1) : Text("\\"));
    store_cell<StringRef>(call.result, row, env.keep(r));
  });
}
// The old form: a NULL escape stands for the default.
void similar_escape_kernel(KernelCall& call) {
  each_row(call, [&](Args a, Env& env, Cache&, uint32_t row) {
    if (call.args[0]->is_null(row)) {
      call.result.set_null(row);
      return;
    }
    Text escape = call.args[1]->is_null(row) ? Text("\\") : a.text(1);
    store_cell<StringRef>(call.result, row, env.keep(regex::similar_to_regex(a.text(0), escape)));
  });
}
void similar_substring_kernel(KernelCall& call) {
  each_row(call, [&](Args a, Env&, Cache& cache, uint32_t row) {
    const Regex& r = cache.get(regex::similar_to_regex(a.text(1), a.text(2)), {});
    Subject s(a.text(0));
    std::vector<Span> groups;
    Span part;
    if (r.find(s, 0, &groups)) part = groups.size() > 1 ? groups[1] : groups[0];
    if (part.begin < 0)
      call.result.set_null(row);
    else
      store_cell<StringRef>(call.result, row, StringRef(s.slice(part)));
  });
}

const Binding kBindings[] = {
    {"textregexeq(text,text)", match_kernel<false, false>},
    {"textregexne(text,text)", match_kernel<true, false>},
    {"texticregexeq(text,text)", match_kernel<false, true>},
    {"texticregexne(text,text)", match_kernel<true, true>},
    {"nameregexeq(name,text)", match_kernel<false, false>},
    {"nameregexne(name,text)", match_kernel<true, false>},
    {"nameicregexeq(name,text)", match_kernel<false, true>},
    {"nameicregexne(name,text)", match_kernel<true, true>},
    {"bpcharregexeq(bpchar,text)", match_kernel<false, false>},
    {"bpcharregexne(bpchar,text)", match_kernel<true, false>},
    {"bpcharicregexeq(bpchar,text)", match_kernel<false, true>},
    {"bpcharicregexne(bpchar,text)", match_kernel<true, true>},
    {"substring(text,text)", substring_kernel},
    {"substring(text,text,text)", similar_substring_kernel},
    {"regexp_match(text,text)", match_array_kernel},
    {"regexp_match(text,text,text)", match_array_kernel},
    {"regexp_matches(text,text)", &kMatches},
    {"regexp_matches(text,text,text)", &kMatches},
    {"regexp_replace(text,text,text)", replace_kernel},
    {"regexp_replace(text,text,text,text)", replace_kernel},
    {"regexp_replace(text,text,text,int4)", replace_from_kernel},
    {"regexp_replace(text,text,text,int4,int4)", replace_from_kernel},
    {"regexp_replace(text,text,text,int4,int4,text)", replace_from_kernel},
    {"regexp_split_to_array(text,text)", split_array_kernel},
    {"regexp_split_to_array(text,text,text)", split_array_kernel},
    {"regexp_split_to_table(text,text)", &kSplitTable},
    {"regexp_split_to_table(text,text,text)", &kSplitTable},
    {"regexp_count", count_kernel},
    {"regexp_like", like_kernel},
    {"regexp_instr", instr_kernel},
    {"regexp_substr", substr_kernel},
    {"similar_to_escape(text)", similar_kernel},
    {"similar_to_escape(text,text)", similar_kernel},
    {"similar_escape(text,text)", similar_escape_kernel},
};

}  // namespace

Bindings regex_bindings() { return kBindings; }

}  // namespace varve::functions
