// Compares thousands of expressions with what PostgreSQL 15 answered (regress/functions/*.tsv).
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "functions/array.h"
#include "functions/type_oids.h"
#include "kernel.h"
#include "test_expression.h"

namespace varve::functions {

namespace {

struct Unresolved {
  std::string why;
};

class TestSession : public SessionServices {
 public:
  std::string_view current_user_name() override { return "postgres"; }
  std::string_view session_user_name() override { return "postgres"; }
  std::string_view current_database() override { return "postgres"; }
  uint32_t backend_pid() override { return 1; }
  int64_t clock_us() override { return 0; }
  int64_t statement_start_us() override { return 0; }
  Value call(std::string_view function, std::span<const Value>, Arena&) override {
    throw Unresolved{std::string(function)};
  }
  uint32_t parse_reg(Oid, std::string_view) override { throw Unresolved{"reg"}; }
  void append_reg(Oid type, uint32_t oid, std::string& out) override {
    if (type == type_oid::kRegtype)
      out += type_by_oid(Oid{oid})->sql_name;
    else
      out += std::to_string(oid);
  }
};

struct Term {
  Oid type;
  Value value;
};

const std::map<std::string, std::string>& type_aliases() {
  static const std::map<std::string, std::string> kAliases = {
      {"int", "int4"},
      {"integer", "int4"},
      {"smallint", "int2"},
      {"bigint", "int8"},
      {"real", "float4"},
      {"boolean", "bool"},
      {"decimal", "numeric"},
      {"character", "bpchar"},
      {"double precision", "float8"},
      {"character varying", "varchar"},
      {"timestamp without time zone", "timestamp"},
      {"timestamp with time zone", "timestamptz"},
  };
  return kAliases;
}

class Evaluator {
 public:
  Evaluator(std::string_view text) : text_(text) {
    context_.memory = &arena_;
    context_.format = &format_;
    context_.session = &session_;
  }

  Term run() {
    Term t = expression(0);
    blanks();
    if (at_ < text_.size()) give_up("trailing text");
    if (t.type == type_oid::kUnknown) t.type = type_oid::kText;
    return t;
  }
  EvalContext& context() { return context_; }

 private:
  [[noreturn]] void give_up(std::string why) { throw Unresolved{std::move(why)}; }
  void blanks() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  char peek() {
    blanks();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) give_up(std::string("expected ") + c);
  }
  std::string word() {
    blanks();
    size_t start = at_;
    while (at_ < text_.size() && (isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_'))
      ++at_;
    std::string w(text_.substr(start, at_ - start));
    for (char& c : w) c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
    return w;
  }
  std::string peek_word() {
    size_t save = at_;
    std::string w = word();
    at_ = save;
    return w;
  }
  bool accept_word(std::string_view w) {
    size_t save = at_;
    if (word() == w) return true;
    at_ = save;
    return false;
  }

  std::string operator_at() {
    blanks();
    size_t end = at_;
    while (end < text_.size() &&
           std::string_view("+-*/<>=~!@#%^&|`?").find(text_[end]) != std::string_view::npos)
      ++end;
    while (end > at_ + 1 && (text_[end - 1] == '-' || text_[end - 1] == '+') &&
           text_.substr(at_, end - at_).find_first_of("~!@#%^&|`?") == std::string_view::npos) {
      --end;
    }
    return std::string(text_.substr(at_, end - at_));
  }
  static int precedence(const std::string& op) {
    if (op == "=" || op == "<" || op == ">" || op == "<=" || op == ">=" || op == "<>") return 3;
    if (op == "+" || op == "-") return 6;
    if (op == "*" || op == "/" || op == "%") return 7;
    if (op == "^") return 8;
    return 5;
  }

  Term expression(int level) {
    Term left = unary();
    for (;;) {
      std::string op = operator_at();
      if (!op.empty()) {
        int p = precedence(op);
        if (p <= level) return left;
        at_ += op.size();
        if (op == "!=") op = "<>";
        std::vector<Term> args{left, expression(p)};
        left = call_operator(op, args);
        continue;
      }
      std::string w = peek_word();
      if ((w == "like" || w == "ilike") && level < 4) {
        word();
        std::vector<Term> args{left, expression(4)};
        left = call_operator(w == "like" ? "~~" : "~~*", args);
        continue;
      }
      return left;
    }
  }

  Term unary() {
    std::string op = operator_at();
    if (!op.empty()) {
      at_ += op.size();
      Term operand = op == "-" || op == "+" ? unary() : expression(5);
      std::vector<Term> args{operand};
      return call_operator(op, args);
    }
    Term t = primary();
    while (peek() == ':' && text_.substr(at_, 2) == "::") {
      at_ += 2;
      t = cast_to_type(t);
    }
    return t;
  }

  std::pair<Oid, int32_t> type_name() {
    if (accept('"')) {
      std::string quoted = word();
      expect('"');
      const TypeInfo* type = type_by_name(quoted);
      if (type == nullptr) give_up("type " + quoted);
      return {type->oid, -1};
    }
    std::string name = word();
    if (name == "double") name += " " + word();
    if (name == "character" && peek_word() == "varying") name += " " + word();
    int32_t typmod = -1;
    std::vector<int> numbers;
    if ((name == "numeric" || name == "decimal" || name == "varchar" || name == "char" || name == "bpchar" ||
         name == "character" || name == "character varying" || name == "time" || name == "timestamp" ||
         name == "timestamptz" || name == "timetz" || name == "bit" || name == "varbit" ||
         name == "interval") &&
        accept('(')) {
      do numbers.push_back(std::stoi((accept('-') ? "-" : "") + word()));
      while (accept(','));
      expect(')');
    }
    if (name == "time" || name == "timestamp") {
      if (accept_word("with")) {
        word();
        word();
        name += "tz";
      } else if (accept_word("without")) {
        word();
        word();
      }
    }
    if (name == "char" || name == "character") {
      if (numbers.empty()) numbers.push_back(1);
      name = "bpchar";
    }
    if (name == "bit" && numbers.empty()) numbers.push_back(1);
    auto alias = type_aliases().find(name);
    if (alias != type_aliases().end()) name = alias->second;
    if (!numbers.empty()) {
      if (name == "numeric")
        typmod = types::make_numeric_typmod(numbers[0], numbers.size() > 1 ? numbers[1] : 0);
      else if (name == "varchar" || name == "bpchar")
        typmod = numbers[0] + 4;
      else if (name == "interval")
        typmod = types::make_interval_typmod(types::kIntervalFullRange, numbers[0]);
      else
        typmod = numbers[0];
    }
    if (peek() == '[') {
      ++at_;
      expect(']');
      name = "_" + name;
      if (typmod >= 0) give_up("lengths of array elements");
    }
    const TypeInfo* type = type_by_name(name);
    if (type == nullptr) give_up("type " + name);
    return {type->oid, typmod};
  }

  Term cast_to_type(const Term& t) {
    auto [type, typmod] = type_name();
    return cast(t, type, typmod, true);
  }

  Term cast(const Term& t, Oid type, int32_t typmod, bool is_explicit) {
    Term r = t;
    if (t.type == type_oid::kUnknown) {
      r.type = type;
      if (t.value.null) {
        r.value = Value::null_of(type_by_oid(type)->physical);
        return r;
      }
      // An explicit cast to character varying(n) cuts silently, which the input function would not.
      bool sized = type == type_oid::kVarchar || type == type_oid::kBpchar || type == type_oid::kBit ||
                   type == type_oid::kVarbit;
      r.value = parse_value(type, sized ? -1 : typmod, t.value.string.view(), context_);
      if (!sized) return r;
    } else if (t.type != type) {
      r = convert(t, type, typmod, is_explicit);
    }
    return apply_typmod(r, typmod, is_explicit);
  }
  Term convert(const Term& t, Oid type, int32_t typmod, bool is_explicit) {
    const Cast* c = find_cast(t.type, type);
    if (c != nullptr && c->function == kInvalidOid) return {type, t.value};
    if (c != nullptr) {
      const Function* f = function_by_oid(c->function);
      std::vector<Term> args{t};
      if (f->args.size() > 1) args.push_back({type_oid::kInt4, Value::of_int32(typmod)});
      if (f->args.size() > 2) args.push_back({type_oid::kBool, Value::of_bool(is_explicit)});
      Term r = invoke(*f, args);
      r.type = type;
      return r;
    }
    if (t.value.null) return {type, Value::null_of(type_by_oid(type)->physical)};
    std::string text;
    if (type_by_oid(t.type)->category != 'S' && type_by_oid(type)->category != 'S') give_up("cast");
    append_value(t.type, t.value, text, context_);
    // The length is applied afterwards, as by a cast.
    return {type, types::copy_value(parse_value(type, -1, text, context_), arena_)};
  }
  Term apply_typmod(const Term& t, int32_t typmod, bool is_explicit) {
    const Cast* c = find_cast(t.type, t.type);
    if (typmod < 0 || c == nullptr) return t;
    std::vector<Term> args{t, {type_oid::kInt4, Value::of_int32(typmod)}};
    const Function* f = function_by_oid(c->function);
    if (f->args.size() > 2) args.push_back({type_oid::kBool, Value::of_bool(is_explicit)});
    return invoke(*f, args);
  }

  Term primary() {
    char c = peek();
    if (c == '(') {
      ++at_;
      Term t = expression(0);
      expect(')');
      return t;
    }
    bool escapes = (c == 'E' || c == 'e') && text_.substr(at_ + 1, 1) == "'";
    if (c == '\'' || escapes) return string_literal(escapes);
    if (isdigit(static_cast<unsigned char>(c)) != 0 || c == '.') return number();
    if (c == '"') give_up("quoted name");
    size_t start = at_;
    std::string name = word();
    if (name.empty()) give_up("syntax");
    if (name == "null") return {type_oid::kUnknown, Value::null_of(types::PhysicalType::kString)};
    if (name == "true" || name == "false") return {type_oid::kBool, Value::of_bool(name == "true")};
    if (name == "array" && peek() == '[') return array();
    if (peek() == '(' && !is_sized_type(name)) return call(name);
    at_ = start;
    auto [type, typmod] = type_name();
    return cast(string_literal(false), type, typmod, true);
  }
  // interval(3) '…' and the like are not calls.
  bool is_sized_type(const std::string& name) {
    return (name == "interval" || name == "numeric" || name == "timestamp" || name == "time") && false;
  }
  Term string_literal(bool escapes) {
    if (escapes) ++at_;
    expect('\'');
    std::string s;
    for (;;) {
      if (at_ >= text_.size()) give_up("unterminated string");
      char c = text_[at_++];
      if (c == '\'') {
        if (at_ < text_.size() && text_[at_] == '\'')
          ++at_;
        else
          break;
      } else if (c == '\\' && escapes) {
        c = text_[at_++];
        if (c == 'n')
          c = '\n';
        else if (c == 't')
          c = '\t';
        else if (c == 'r')
          c = '\r';
      }
      s.push_back(c);
    }
    return {type_oid::kUnknown, Value::of_string(arena_.copy(s))};
  }
  Term number() {
    size_t start = at_;
    bool integer = true;
    while (at_ < text_.size() &&
           (isdigit(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '.' ||
            ((text_[at_] | 32) == 'e' && at_ + 1 < text_.size() &&
             (isdigit(static_cast<unsigned char>(text_[at_ + 1])) != 0 || text_[at_ + 1] == '-' ||
              text_[at_ + 1] == '+')) ||
            ((text_[at_] == '-' || text_[at_] == '+') && (text_[at_ - 1] | 32) == 'e'))) {
      if (isdigit(static_cast<unsigned char>(text_[at_])) == 0) integer = false;
      ++at_;
    }
    std::string s(text_.substr(start, at_ - start));
    if (integer && s.size() < 19) {
      int64_t v = std::stoll(s);
      if (v == static_cast<int32_t>(v)) return {type_oid::kInt4, Value::of_int32(static_cast<int32_t>(v))};
      return {type_oid::kInt8, Value::of_int64(v)};
    }
    if (integer && s.size() == 19 && s <= "9223372036854775807")
      return {type_oid::kInt8, Value::of_int64(std::stoll(s))};
    return {type_oid::kNumeric, parse_value(type_oid::kNumeric, -1, s, context_)};
  }
  Term array() {
    expect('[');
    std::vector<Term> items;
    if (!accept(']')) {
      do items.push_back(expression(0));
      while (accept(','));
      expect(']');
    }
    Oid element = type_oid::kText;
    for (const Term& t : items) {
      if (t.type != type_oid::kUnknown) element = t.type;
    }
    for (const Term& t : items) {
      if (t.type == type_oid::kNumeric) element = t.type;
    }
    const TypeInfo* info = type_by_oid(element);
    std::vector<Value> values;
    for (const Term& t : items)
      values.push_back(t.type == element ? t.value : cast(t, element, -1, false).value);
    if (info->name.starts_with('_')) {
      return {element, Value::of_string(make_array_of_arrays(info->element_type, values, arena_))};
    }
    return {info->array_type, Value::of_string(make_array(element, values, arena_))};
  }

  Term call(const std::string& name) {
    expect('(');
    std::vector<Term> args;
    if (!accept(')')) {
      do args.push_back(expression(0));
      while (accept(','));
      expect(')');
    }
    std::vector<const Function*> candidates(functions_named(name).begin(), functions_named(name).end());
    return resolve(name, candidates, args);
  }
  Term call_operator(const std::string& name, std::vector<Term>& args) {
    std::vector<const Function*> candidates;
    // '1 = ''2''': an unknown operand is first taken for the type of the other.
    for (const Operator* o : operators_named(name)) {
      if ((o->left == kInvalidOid) != (args.size() == 1)) continue;
      candidates.push_back(function_by_oid(o->function));
    }
    if (args.size() == 2) {
      for (int i = 0; i < 2; ++i) {
        if (args[i].type != type_oid::kUnknown || args[1 - i].type == type_oid::kUnknown) continue;
        for (const Function* f : candidates) {
          if (f->args[0] == args[1 - i].type && f->args[1] == args[1 - i].type) {
            args[i] = cast(args[i], args[1 - i].type, -1, false);
            return resolve(name, {f}, args);
          }
        }
      }
    }
    return resolve(name, candidates, args);
  }

  static bool polymorphic(Oid t) {
    const TypeInfo* info = type_by_oid(t);
    return info != nullptr && info->kind == 'p' && info->name.starts_with("any");
  }
  bool polymorphic_accepts(Oid parameter, Oid argument) {
    bool is_array = type_by_oid(argument)->category == 'A';
    if (parameter == type_oid::kAnyarray || parameter == type_oid::kAnycompatiblearray) {
      return is_array || argument == type_oid::kUnknown;
    }
    if (parameter == type_oid::kAnynonarray || parameter == type_oid::kAnycompatiblenonarray)
      return !is_array;
    return parameter == type_oid::kAny || parameter == type_oid::kAnyelement ||
           parameter == type_oid::kAnycompatible;
  }

  // -1: cannot be called; else the higher the better.
  int score(const Function& f, const std::vector<Term>& args) {
    bool variadic = f.variadic != kInvalidOid;
    size_t least = f.args.size() - f.default_args - (variadic ? 1 : 0);
    if (args.size() < least || (!variadic && args.size() > f.args.size())) return -1;
    if (f.default_args > 0 && args.size() < f.args.size()) give_up("default arguments");
    if (f.kind != FunctionKind::kScalar) return -1;
    int total = 0;
    for (size_t i = 0; i < args.size(); ++i) {
      Oid p = variadic && i + 1 >= f.args.size() ? f.variadic : f.args[i];
      Oid a = args[i].type;
      const TypeInfo* info = type_by_oid(p);
      if (p == a)
        total += 100;
      else if (polymorphic(p)) {
        if (!polymorphic_accepts(p, a)) return -1;
        total += 1;
      } else if (a == type_oid::kUnknown) {
        total += info->category == 'S' ? (info->preferred ? 12 : 10) : info->preferred ? 5 : 4;
      } else {
        const Cast* c = find_cast(a, p);
        if (c == nullptr || c->context != CastContext::kImplicit) return -1;
        total += info->preferred ? 30 : 20;
        if (c->function == kInvalidOid) total += 40;
      }
    }
    return total;
  }

  Term resolve(const std::string& name, const std::vector<const Function*>& candidates,
               std::vector<Term> args) {
    const Function* best = nullptr;
    int best_score = -1;
    bool tie = false;
    for (const Function* f : candidates) {
      int s = score(*f, args);
      if (s < 0) continue;
      if (s == best_score) tie = true;
      if (s > best_score) {
        best = f;
        best_score = s;
        tie = false;
      }
    }
    if (best == nullptr) give_up("no function " + name);
    if (tie) give_up("ambiguous " + name);
    for (size_t i = 0; i < args.size(); ++i) {
      bool variadic = best->variadic != kInvalidOid && i + 1 >= best->args.size();
      Oid p = variadic ? best->variadic : best->args[i];
      if (polymorphic(p)) {
        if (args[i].type == type_oid::kUnknown)
          args[i] = cast(args[i], polymorphic_type(p, *best, args), -1, false);
        else if (p == type_oid::kAnycompatible || p == type_oid::kAnycompatiblearray) {
          Oid want = polymorphic_type(p, *best, args);
          if (want != args[i].type) args[i] = cast(args[i], want, -1, false);
        }
      } else if (p != args[i].type) {
        args[i] = cast(args[i], p, -1, false);
      }
    }
    return invoke(*best, args);
  }
  // What an untyped argument of a polymorphic parameter becomes.
  Oid polymorphic_type(Oid p, const Function& f, const std::vector<Term>& args) {
    if (p == type_oid::kAny || p == type_oid::kAnynonarray) return type_oid::kText;
    Oid element = kInvalidOid;
    for (size_t i = 0; i < args.size() && i < f.args.size(); ++i) {
      if (args[i].type == type_oid::kUnknown || !polymorphic(f.args[i])) continue;
      const TypeInfo* info = type_by_oid(args[i].type);
      bool array = f.args[i] == type_oid::kAnyarray || f.args[i] == type_oid::kAnycompatiblearray;
      Oid e = array ? info->element_type : args[i].type;
      if (element == kInvalidOid ||
          (find_cast(element, e) != nullptr && find_cast(element, e)->context == CastContext::kImplicit))
        element = e;
    }
    if (element == kInvalidOid) element = type_oid::kText;
    bool array = p == type_oid::kAnyarray || p == type_oid::kAnycompatiblearray;
    return array ? type_by_oid(element)->array_type : element;
  }
  Oid result_type(const Function& f, const std::vector<Term>& args) {
    if (!polymorphic(f.result)) return f.result;
    return polymorphic_type(f.result, f, args);
  }

  Term invoke(const Function& f, const std::vector<Term>& args) {
    Term r;
    r.type = result_type(f, args);
    const TypeInfo* info = type_by_oid(r.type);
    r.value = Value::null_of(info->physical);
    std::vector<Oid> arg_types;
    std::vector<Vector> vectors(args.size());
    std::vector<const Vector*> pointers;
    for (size_t i = 0; i < args.size(); ++i) {
      if (f.strict && args[i].value.null) return r;
      arg_types.push_back(args[i].type);
      vectors[i] = Vector(type_by_oid(args[i].type)->physical, arena_, 4);
      vectors[i].fill_constant(args[i].value);
      pointers.push_back(&vectors[i]);
    }
    CallSite site;
    site.arg_types = arg_types;
    site.result_type = r.type;
    Vector result(info->physical, arena_, 4);
    KernelCall call{pointers, Selection{nullptr, 1}, result, context_, site};
    f.kernel(call);
    r.value = types::copy_value(result.value(0), arena_);
    return r;
  }

  std::string_view text_;
  size_t at_ = 0;
  Arena arena_;
  types::FormatSettings format_;
  TestSession session_;
  EvalContext context_{};
};

}  // namespace

Evaluated evaluate(std::string_view expression) {
  Evaluated out;
  Evaluator evaluator(expression);
  try {
    Term t = evaluator.run();
    out.type = format_type(t.type, -1);
    if (t.type == type_oid::kBpchar) out.type = "character";
    if (t.type == type_oid::kBit) out.type = "bit";
    if (t.type == Oid{1014}) out.type = "character[]";
    if (t.value.null)
      out.text = "\\N";
    else
      append_value(t.type, t.value, out.text, evaluator.context());
  } catch (const SqlError& e) {
    out.type = "ERROR";
    out.text = std::string(e.state().text()) + ": " + e.fields().message;
  } catch (const Unresolved& u) {
    out.resolved = false;
    out.text = u.why;
  }
  return out;
}

namespace {

std::string unescape(const std::string& s) {
  std::string out;
  if (s == "\\N") return s;
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '\\' || i + 1 >= s.size()) {
      out.push_back(s[i]);
      continue;
    }
    char c = s[++i];
    out.push_back(c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c);
  }
  return out;
}

// The answers were recorded on x86-64; the C library of another machine may round cbrt() and its like
// differently in the last place, for PostgreSQL as for us.
bool is_same_float([[maybe_unused]] const Evaluated& got, [[maybe_unused]] const std::string& type,
                   [[maybe_unused]] const std::string& expected) {
#ifdef __x86_64__
  return false;
#else
  if (got.type != type || type != "double precision") return false;
  double a = std::strtod(got.text.c_str(), nullptr), b = std::strtod(expected.c_str(), nullptr);
  return std::abs(a - b) <= 4 * std::numeric_limits<double>::epsilon() * std::abs(b);
#endif
}

TEST(Expressions, AnswerAsPostgres) {
  namespace fs = std::filesystem;
  fs::path folder = fs::path(__FILE__).parent_path() / "../../../regress/functions";
  size_t checked = 0, unresolved = 0;
  std::map<std::string, size_t> reasons;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".tsv") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    std::ifstream in(file);
    std::string line;
    while (std::getline(in, line)) {
      size_t a = line.find('\t'), b = line.find('\t', a + 1);
      if (a == std::string::npos || b == std::string::npos) continue;
      std::string expression = line.substr(0, a), type = line.substr(a + 1, b - a - 1);
      std::string expected = unescape(line.substr(b + 1));
      Evaluated got = evaluate(expression);
      if (!got.resolved) {
        ++unresolved;
        ++reasons[got.text];
        continue;
      }
      ++checked;
      if (is_same_float(got, type, expected)) continue;
      EXPECT_EQ(got.type + " | " + got.text, type + " | " + expected)
          << file.filename().string() << ": " << expression;
    }
  }
  for (const auto& [why, n] : reasons) std::cout << "not resolved: " << n << " x " << why << "\n";
  std::cout << checked << " expressions checked, " << unresolved << " left to the server's tests\n";
  EXPECT_GT(checked, 500u);
  EXPECT_LT(unresolved * 5, checked);
}

}  // namespace

}  // namespace varve::functions
