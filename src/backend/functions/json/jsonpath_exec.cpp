#include "jsonpath_exec.h"

#include <climits>
#include <cmath>
#include <fmt/format.h>

#include "functions/type_oids.h"
#include "jsonpath_item.h"
#include "kernel.h"
#include "regex/regex.h"
#include "types/float_format.h"

namespace varve::functions {

namespace {

using Items = std::vector<PathItem>;
enum class Truth : uint8_t { kFalse, kTrue, kUnknown };

Truth truth_of(bool b) { return b ? Truth::kTrue : Truth::kFalse; }

class Executor {
 public:
  Executor(const JsonPath& path, std::string_view json, const PathOptions& options, EvalContext& context)
      : context_(context),
        arena_(*context.memory),
        options_(options),
        root_{json},
        current_{json},
        base_(json),
        lax_(!path.strict()),
        ignore_structure_(lax_),
        throws_(!options.silent),
        next_id_(options.vars.empty() ? 1 : 2) {
    if (!options.vars.empty() && !JsonbView(options.vars).is_object()) {
      throw SqlError(sqlstate::kInvalidParameterValue, "\"vars\" argument is not an object")
          .detail("Jsonpath parameters should be encoded as key-value pairs of \"vars\" object.");
    }
  }

  // `found` null: only whether there is anything.
  PathResult run(const PathNode& node, Items* found) {
    if (!lax_ && found == nullptr) {  // strict: all of it must be free of errors
      Items all;
      PathResult r = item(&node, root_, &all);
      if (r == PathResult::kError) return r;
      return all.empty() ? PathResult::kNothing : PathResult::kFound;
    }
    return item(&node, root_, found);
  }

  std::string_view bytes_of(const PathItem& item) {
    if (!item.is_datetime()) return item.bytes;
    std::string text;
    append_path_datetime(text, item, context_);
    return string_item(text).bytes;
  }

 private:
  static constexpr uint32_t kMaxDepth = 3000;
  using R = PathResult;

  struct Depth {
    explicit Depth(uint32_t& d) : depth(d) {
      if (++depth > kMaxDepth) throw_json_depth();
    }
    ~Depth() { --depth; }
    uint32_t& depth;
  };
  template <class T>
  struct Restore {
    Restore(T& variable, const T& value) : variable_(variable), saved_(variable) { variable_ = value; }
    ~Restore() { variable_ = saved_; }
    T& variable_;
    T saved_;
  };

  // --- values
  PathItem keep(const std::string& bytes) { return PathItem{arena_.copy(bytes)}; }
  PathItem string_item(std::string_view s) {
    std::string bytes;
    append_jsonb_string(bytes, s);
    return keep(bytes);
  }
  PathItem number_item(const Numeric& v) {
    std::string bytes;
    append_jsonb_number(bytes, v);
    return keep(bytes);
  }
  static PathItem bool_item(Truth t) {
    return PathItem{t == Truth::kUnknown ? std::string_view("\0", 1)
                    : t == Truth::kTrue  ? std::string_view("\2", 1)
                                         : std::string_view("\1", 1)};
  }
  static bool is_array(const PathItem& i) { return !i.is_datetime() && i.view().is_array(); }
  static bool is_object(const PathItem& i) { return !i.is_datetime() && i.view().is_object(); }
  static bool is_number(const PathItem& i) { return !i.is_datetime() && i.view().is_number(); }
  static bool is_string(const PathItem& i) { return !i.is_datetime() && i.view().is_string(); }

  R error(SqlState state, std::string message, std::string hint = "") const {
    if (!throws_) return R::kError;
    SqlError e(state, std::move(message));
    if (!hint.empty()) e.hint(std::move(hint));
    throw e;
  }

  // --- one step
  R item(const PathNode* node, const PathItem& v, Items* found) { return step(node, v, found, lax_); }

  // What follows `node`, or the end of the path.
  R next(const PathNode* node, const PathItem& v, Items* found) {
    if (node->next != nullptr) return item(node->next, v, found);
    if (found != nullptr) found->push_back(v);
    return R::kFound;
  }
  bool skips(const PathNode* node, const Items* found) const {
    return node->next == nullptr && found == nullptr;
  }

  // The step on every item of an array in its place.
  R unwrapped(const PathNode* node, const PathItem& v, Items* found, bool unwrap_next) {
    return any_item(node, v.view(), found, 1, 1, 1, false, unwrap_next);
  }

  R step(const PathNode* n, const PathItem& v, Items* found, bool unwrap) {
    Depth guard(depth_);
    switch (n->op) {
      case PathOp::kNull:
      case PathOp::kTrue:
      case PathOp::kFalse:
      case PathOp::kString:
      case PathOp::kNumber:
      case PathOp::kVariable:
        return constant(n, found);
      case PathOp::kRoot: {
        Restore<std::string_view> base(base_, root_.bytes);
        Restore<int64_t> id(base_id_, 0);
        return next(n, root_, found);
      }
      case PathOp::kCurrent:
        return next(n, current_, found);
      case PathOp::kKey:
        return key(n, v, found, unwrap);
      case PathOp::kAnyArray:
        if (is_array(v)) return any_item(n->next, v.view(), found, 1, 1, 1, false, lax_);
        if (lax_) return next(n, v, found);
        if (ignore_structure_) return R::kNothing;
        return error(sqlstate::kSqlJsonArrayNotFound,
                     "jsonpath wildcard array accessor can only be applied to an array");
      case PathOp::kAnyKey:
        if (is_object(v)) return any_item(n->next, v.view(), found, 1, 1, 1, false, lax_);
        if (unwrap && is_array(v)) return unwrapped(n, v, found, false);
        if (ignore_structure_) return R::kNothing;
        return error(sqlstate::kSqlJsonObjectNotFound,
                     "jsonpath wildcard member accessor can only be applied to an object");
      case PathOp::kIndexArray:
        return index_array(n, v, found);
      case PathOp::kAny:
        return any_level(n, v, found);
      case PathOp::kLast: {
        if (skips(n, found)) return R::kFound;
        return next(n, number_item(Numeric(innermost_size_ - 1)), found);
      }
      case PathOp::kFilter: {
        if (unwrap && is_array(v)) return unwrapped(n, v, found, false);
        Restore<PathItem> current(current_, v);
        Truth t = predicate(n->left, v);
        if (t != Truth::kTrue) return R::kNothing;
        current_ = current.saved_;
        return next(n, v, found);
      }
      case PathOp::kAdd:
      case PathOp::kSubtract:
      case PathOp::kMultiply:
      case PathOp::kDivide:
      case PathOp::kModulo:
        return arithmetic(n, v, found);
      case PathOp::kPlus:
      case PathOp::kMinus:
        return sign(n, v, found);
      default:
        if (is_path_predicate(n->op)) {
          Truth t = predicate(n, v);
          if (skips(n, found)) return R::kFound;
          return next(n, bool_item(t), found);
        }
        return method(n, v, found, unwrap);
    }
  }

  R constant(const PathNode* n, Items* found) {
    // A variable must exist even where its value does not matter.
    if (skips(n, found) && n->op != PathOp::kVariable) return R::kFound;
    Restore<std::string_view> base(base_, base_);
    Restore<int64_t> id(base_id_, base_id_);
    return next(n, literal(n), found);
  }
  PathItem literal(const PathNode* n) {
    switch (n->op) {
      case PathOp::kNull:
        return bool_item(Truth::kUnknown);
      case PathOp::kTrue:
        return bool_item(Truth::kTrue);
      case PathOp::kFalse:
        return bool_item(Truth::kFalse);
      case PathOp::kString:
        return string_item(n->text);
      case PathOp::kNumber:
        return number_item(n->number);
      default:
        break;
    }
    if (options_.vars.empty()) return bool_item(Truth::kUnknown);
    JsonbView vars(options_.vars);
    uint32_t at = vars.find(n->text);
    if (at == kNotFound) {
      throw SqlError(sqlstate::kUndefinedObject,
                     fmt::format("could not find jsonpath variable \"{}\"", n->text));
    }
    base_ = options_.vars;
    base_id_ = 1;
    return PathItem{vars.item_bytes(at)};
  }

  R key(const PathNode* n, const PathItem& v, Items* found, bool unwrap) {
    if (is_object(v)) {
      JsonbView object = v.view();
      uint32_t at = object.find(n->text);
      if (at != kNotFound) return next(n, PathItem{object.item_bytes(at)}, found);
      if (ignore_structure_) return R::kNothing;
      return error(sqlstate::kSqlJsonMemberNotFound,
                   fmt::format("JSON object does not contain key \"{}\"", n->text));
    }
    if (unwrap && is_array(v)) return unwrapped(n, v, found, false);
    if (ignore_structure_) return R::kNothing;
    return error(sqlstate::kSqlJsonMemberNotFound,
                 "jsonpath member accessor can only be applied to an object");
  }

  R any_item(const PathNode* n, JsonbView container, Items* found, uint32_t level, uint32_t first,
             uint32_t last, bool ignore_structure, bool unwrap_next) {
    Depth guard(depth_);
    R result = R::kNothing;
    if (level > last) return result;
    for (uint32_t i = 0; i < container.count(); ++i) {
      PathItem v{container.item_bytes(i)};
      bool is_container = v.view().is_container();
      if (level >= first || (first == kPathLast && last == kPathLast && !is_container)) {
        if (n == nullptr) {
          if (found == nullptr) return R::kFound;
          found->push_back(v);
          result = R::kFound;
        } else {
          Restore<bool> ignore(ignore_structure_, ignore_structure_ || ignore_structure);
          result = step(n, v, found, unwrap_next);
          if (result == R::kError || (result == R::kFound && found == nullptr)) return result;
        }
      }
      if (level < last && is_container) {
        result = any_item(n, v.view(), found, level + 1, first, last, ignore_structure, unwrap_next);
        if (result == R::kError || (result == R::kFound && found == nullptr)) return result;
      }
    }
    return result;
  }

  R any_level(const PathNode* n, const PathItem& v, Items* found) {
    R result = R::kNothing;
    if (n->first == 0) {
      Restore<bool> ignore(ignore_structure_, true);
      result = next(n, v, found);
      if (result == R::kFound && found == nullptr) return result;
    }
    if (!v.is_datetime() && v.view().is_container()) {
      result = any_item(n->next, v.view(), found, 1, n->first, n->last, true, lax_);
    }
    return result;
  }

  // --- subscripts
  R index(const PathNode* n, const PathItem& v, int64_t* result) {
    Items values;
    if (item(n, v, &values) == R::kError) return R::kError;
    if (values.size() != 1 || !is_number(values[0])) {
      return error(sqlstate::kInvalidSqlJsonSubscript,
                   "jsonpath array subscript is not a single numeric value");
    }
    Numeric whole = types::trunc(values[0].view().number(arena_), 0, arena_);
    if (!whole.is_finite() || types::compare(whole, Numeric(int64_t{INT_MAX})) > 0 ||
        types::compare(whole, Numeric(int64_t{INT_MIN})) < 0) {
      return error(sqlstate::kInvalidSqlJsonSubscript, "jsonpath array subscript is out of integer range");
    }
    *result = types::to_int64(whole);
    return R::kFound;
  }

  R index_array(const PathNode* n, const PathItem& v, Items* found) {
    bool array = is_array(v);
    if (!array && !lax_) {
      if (ignore_structure_) return R::kNothing;
      return error(sqlstate::kSqlJsonArrayNotFound,
                   "jsonpath array accessor can only be applied to an array");
    }
    int64_t size = array ? v.view().count() : 1;
    Restore<int64_t> innermost(innermost_size_, size);
    R result = R::kNothing;
    for (const PathNode::Subscript& s : *n->subscripts) {
      int64_t from, to;
      if (index(s.from, v, &from) == R::kError) return R::kError;
      to = from;
      if (s.to != nullptr && index(s.to, v, &to) == R::kError) return R::kError;
      if (!ignore_structure_ && (from < 0 || from > to || to >= size)) {
        return error(sqlstate::kInvalidSqlJsonSubscript, "jsonpath array subscript is out of bounds");
      }
      from = std::max<int64_t>(from, 0);
      to = std::min(to, size - 1);
      result = R::kNothing;
      for (int64_t i = from; i <= to; ++i) {
        if (skips(n, found)) return R::kFound;
        PathItem one = array ? PathItem{v.view().item_bytes(static_cast<uint32_t>(i))} : v;
        result = next(n, one, found);
        if (result == R::kError || (result == R::kFound && found == nullptr)) return result;
      }
    }
    return result;
  }

  // --- operators
  R unwrapped_values(const PathNode* n, const PathItem& v, bool unwrap, Items* found) {
    if (!unwrap || !lax_) return item(n, v, found);
    Items raw;
    if (item(n, v, &raw) == R::kError) return R::kError;
    for (const PathItem& i : raw) {
      if (!is_array(i)) {
        found->push_back(i);
        continue;
      }
      JsonbView array = i.view();
      for (uint32_t k = 0; k < array.count(); ++k) found->push_back(PathItem{array.item_bytes(k)});
    }
    return R::kFound;
  }
  R quiet_values(const PathNode* n, const PathItem& v, bool unwrap, Items* found) {
    Restore<bool> quiet(throws_, false);
    if (found == nullptr) return item(n, v, nullptr);
    return unwrapped_values(n, v, unwrap, found);
  }

  R arithmetic(const PathNode* n, const PathItem& v, Items* found) {
    Items left, right;
    if (unwrapped_values(n->left, v, true, &left) == R::kError) return R::kError;
    if (unwrapped_values(n->right, v, true, &right) == R::kError) return R::kError;
    auto not_number = [&](const char* side) {
      return error(sqlstate::kSingletonSqlJsonItemRequired,
                   fmt::format("{} operand of jsonpath operator {} is not a single numeric value", side,
                               path_operator_name(n->op)));
    };
    if (left.size() != 1 || !is_number(left[0])) return not_number("left");
    if (right.size() != 1 || !is_number(right[0])) return not_number("right");
    Numeric result;
    try {
      result = compute(n->op, left[0].view().number(arena_), right[0].view().number(arena_));
    } catch (const SqlError&) {
      if (throws_) throw;
      return R::kError;
    }
    if (skips(n, found)) return R::kFound;
    return next(n, number_item(result), found);
  }
  Numeric compute(PathOp op, const Numeric& a, const Numeric& b) {
    switch (op) {
      case PathOp::kAdd:
        return types::add(a, b, arena_);
      case PathOp::kSubtract:
        return types::sub(a, b, arena_);
      case PathOp::kMultiply:
        return types::mul(a, b, arena_);
      case PathOp::kDivide:
        return types::div(a, b, arena_);
      default:
        return types::mod(a, b, arena_);
    }
  }
  R sign(const PathNode* n, const PathItem& v, Items* found) {
    Items values;
    if (unwrapped_values(n->left, v, true, &values) == R::kError) return R::kError;
    R result = R::kNothing;
    for (const PathItem& i : values) {
      if (is_number(i)) {
        if (skips(n, found)) return R::kFound;
      } else {
        if (skips(n, found)) continue;
        return error(sqlstate::kSqlJsonNumberNotFound,
                     fmt::format("operand of unary jsonpath operator {} is not a numeric value",
                                 path_operator_name(n->op)));
      }
      PathItem signed_item =
          n->op == PathOp::kMinus ? number_item(types::neg(i.view().number(arena_), arena_)) : i;
      R r = next(n, signed_item, found);
      if (r == R::kError) return r;
      if (r != R::kFound) continue;
      if (found == nullptr) return r;
      result = R::kFound;
    }
    return result;
  }

  // --- methods
  static std::string_view type_name(const PathItem& v) {
    if (!v.is_datetime()) return json_type_name(v.view().type());
    return type_by_oid(v.type)->sql_name;
  }
  R method(const PathNode* n, const PathItem& v, Items* found, bool unwrap) {
    switch (n->op) {
      case PathOp::kType:
        return next(n, string_item(type_name(v)), found);
      case PathOp::kSize:
        if (is_array(v)) return next(n, number_item(Numeric(int64_t{v.view().count()})), found);
        if (lax_) return next(n, number_item(Numeric(int64_t{1})), found);
        if (ignore_structure_) return R::kNothing;
        return error(sqlstate::kSqlJsonArrayNotFound,
                     "jsonpath item method .size() can only be applied to an array");
      default:
        break;
    }
    if (unwrap && is_array(v)) return unwrapped(n, v, found, false);
    switch (n->op) {
      case PathOp::kDouble:
        return to_double(n, v, found);
      case PathOp::kDatetime:
        return datetime(n, v, found);
      case PathOp::kKeyValue:
        return key_value(n, v, found);
      default:
        break;
    }
    if (!is_number(v)) {
      return error(sqlstate::kNonNumericSqlJsonItem,
                   fmt::format("jsonpath item method .{}() can only be applied to a numeric value",
                               path_operator_name(n->op)));
    }
    if (skips(n, found)) return R::kFound;
    Numeric x = v.view().number(arena_);
    x = n->op == PathOp::kAbs     ? types::abs(x, arena_)
        : n->op == PathOp::kFloor ? types::floor(x, arena_)
                                  : types::ceil(x, arena_);
    return next(n, number_item(x), found);
  }
  R to_double(const PathNode* n, const PathItem& v, Items* found) {
    auto parse = [](std::string_view text, double* d) {
      try {
        *d = types::parse_float8(text);
      } catch (const SqlError&) {
        return false;
      }
      return std::isfinite(*d);
    };
    double d;
    if (is_number(v)) {
      std::string text;
      types::append_numeric(text, v.view().number(arena_));
      if (parse(text, &d)) return next(n, v, found);
      return error(
          sqlstate::kNonNumericSqlJsonItem,
          "numeric argument of jsonpath item method .double() is out of range for type double precision");
    }
    if (is_string(v)) {
      if (parse(v.view().string(), &d))
        return next(n, number_item(types::numeric_from_float8(d, arena_)), found);
      return error(sqlstate::kNonNumericSqlJsonItem,
                   "string argument of jsonpath item method .double() is not a valid representation of a "
                   "double precision number");
    }
    return error(sqlstate::kNonNumericSqlJsonItem,
                 "jsonpath item method .double() can only be applied to a string or numeric value");
  }
  R datetime(const PathNode* n, const PathItem& v, Items* found) {
    if (!is_string(v)) {
      return error(sqlstate::kInvalidArgumentForSqlJsonDatetimeFunction,
                   "jsonpath item method .datetime() can only be applied to a string");
    }
    std::optional<std::string_view> format;
    if (n->left != nullptr) format = n->left->text;
    std::string_view text = v.view().string();
    std::optional<PathItem> moment = parse_path_datetime(text, format, !throws_, context_);
    if (!moment && format) return R::kError;
    if (!moment) {
      return error(sqlstate::kInvalidArgumentForSqlJsonDatetimeFunction,
                   fmt::format("datetime format is not recognized: \"{}\"", text),
                   "Use a datetime template argument to specify the input data format.");
    }
    if (skips(n, found)) return R::kFound;
    return next(n, *moment, found);
  }
  R key_value(const PathNode* n, const PathItem& v, Items* found) {
    if (!is_object(v)) {
      return error(sqlstate::kSqlJsonObjectNotFound,
                   "jsonpath item method .keyvalue() can only be applied to an object");
    }
    JsonbView object = v.view();
    std::string id;
    append_jsonb_number(id, Numeric(postgres_offset(base_, v.bytes) + base_id_ * INT64_C(10000000000)));
    R result = R::kNothing;
    for (uint32_t i = 0; i < object.count(); ++i) {
      if (skips(n, found)) return R::kFound;
      std::string name, built;
      append_jsonb_string(name, object.key(i));
      std::vector<JsonPair> pairs = {{"id", id}, {"key", name}, {"value", object.item_bytes(i)}};
      append_jsonb_object(built, pairs);
      PathItem triple = keep(built);
      Restore<std::string_view> base(base_, triple.bytes);
      Restore<int64_t> saved_id(base_id_, next_id_++);
      result = next(n, triple, found);
      if (result == R::kError || (result == R::kFound && found == nullptr)) return result;
    }
    return result;
  }

  // --- predicates
  Truth predicate(const PathNode* n, const PathItem& v) {
    Depth guard(depth_);
    switch (n->op) {
      case PathOp::kAnd: {
        Truth a = predicate(n->left, v);
        if (a == Truth::kFalse) return a;
        Truth b = predicate(n->right, v);
        return b == Truth::kTrue ? a : b;
      }
      case PathOp::kOr: {
        Truth a = predicate(n->left, v);
        if (a == Truth::kTrue) return a;
        Truth b = predicate(n->right, v);
        return b == Truth::kFalse ? a : b;
      }
      case PathOp::kNot: {
        Truth a = predicate(n->left, v);
        return a == Truth::kUnknown ? a : truth_of(a == Truth::kFalse);
      }
      case PathOp::kIsUnknown:
        return truth_of(predicate(n->left, v) == Truth::kUnknown);
      case PathOp::kExists: {
        Items all;
        R r = quiet_values(n->left, v, false, lax_ ? nullptr : &all);
        if (r == R::kError) return Truth::kUnknown;
        return truth_of(lax_ ? r == R::kFound : !all.empty());
      }
      case PathOp::kStartsWith:
        return pairs(n, v, false, [&](const PathItem& a, const PathItem* b) {
          if (!is_string(a) || !is_string(*b)) return Truth::kUnknown;
          return truth_of(a.view().string().starts_with(b->view().string()));
        });
      case PathOp::kLikeRegex:
        return like_regex(n, v);
      default:
        return pairs(n, v, true, [&](const PathItem& a, const PathItem* b) { return compare(n->op, a, *b); });
    }
  }

  // Any pair that fits; in strict mode none may be unknown.
  template <class F>
  Truth pairs(const PathNode* n, const PathItem& v, bool unwrap_right, F&& test) {
    Items left, right;
    if (quiet_values(n->left, v, true, &left) == R::kError) return Truth::kUnknown;
    bool binary = n->right != nullptr;
    if (binary && quiet_values(n->right, v, unwrap_right, &right) == R::kError) return Truth::kUnknown;
    bool found = false, unknown = false;
    for (const PathItem& a : left) {
      for (size_t i = 0; i < (binary ? right.size() : 1); ++i) {
        Truth t = test(a, binary ? &right[i] : nullptr);
        if (t == Truth::kUnknown) {
          if (!lax_) return t;
          unknown = true;
        } else if (t == Truth::kTrue) {
          if (lax_) return t;
          found = true;
        }
      }
    }
    return found ? Truth::kTrue : unknown ? Truth::kUnknown : Truth::kFalse;
  }

  Truth like_regex(const PathNode* n, const PathItem& v) {
    regex::Flags f;
    auto has = [&](char c) { return n->flags.find(c) != std::string_view::npos; };
    f.case_insensitive = has('i');
    f.literal = has('q');
    if (!f.literal) {
      f.dot_skips_newline = !has('s');
      f.lines = has('m');
    }
    regex::Regex compiled(n->text, f);
    return pairs(n, v, false, [&](const PathItem& a, const PathItem*) {
      return is_string(a) ? truth_of(compiled.matches(a.view().string())) : Truth::kUnknown;
    });
  }

  Truth compare(PathOp op, const PathItem& a, const PathItem& b) {
    auto is_null = [](const PathItem& i) { return !i.is_datetime() && i.view().is_null(); };
    auto kind = [](const PathItem& i) {
      if (i.is_datetime()) return 100;
      JsonbView v = i.view();
      return v.is_bool() ? 1 : v.is_container() ? 50 : static_cast<int>(v.type()) + 2;
    };
    int c = 0;
    if (kind(a) != kind(b)) {
      if (is_null(a) || is_null(b)) return truth_of(op == PathOp::kNotEqual);
      return Truth::kUnknown;
    }
    if (a.is_datetime()) {
      std::optional<int> order = compare_path_datetimes(a, b, options_.use_zone, context_);
      if (!order) return Truth::kUnknown;
      c = *order;
    } else if (a.view().is_container()) {
      return Truth::kUnknown;
    } else {
      c = compare_jsonb(a.bytes, b.bytes);
    }
    switch (op) {
      case PathOp::kEqual:
        return truth_of(c == 0);
      case PathOp::kNotEqual:
        return truth_of(c != 0);
      case PathOp::kLess:
        return truth_of(c < 0);
      case PathOp::kGreater:
        return truth_of(c > 0);
      case PathOp::kLessOrEqual:
        return truth_of(c <= 0);
      default:
        return truth_of(c >= 0);
    }
  }

  EvalContext& context_;
  Arena& arena_;
  const PathOptions& options_;
  PathItem root_, current_;
  std::string_view base_;  // what .keyvalue() counts offsets from
  int64_t base_id_ = 0;
  bool lax_, ignore_structure_, throws_;
  int64_t innermost_size_ = -1;
  int64_t next_id_;
  uint32_t depth_ = 0;
};

}  // namespace

PathResult run_json_path(const JsonPath& path, std::string_view json, const PathOptions& options,
                         EvalContext& context, std::vector<std::string_view>& found) {
  Executor executor(path, json, options, context);
  Items items;
  PathResult r = executor.run(path.root(), &items);
  if (r == PathResult::kError) return r;
  for (const PathItem& i : items) found.push_back(executor.bytes_of(i));
  return found.empty() ? PathResult::kNothing : PathResult::kFound;
}

PathResult json_path_finds(const JsonPath& path, std::string_view json, const PathOptions& options,
                           EvalContext& context) {
  return Executor(path, json, options, context).run(path.root(), nullptr);
}

}  // namespace varve::functions
