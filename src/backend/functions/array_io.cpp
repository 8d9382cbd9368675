#include "array_io.h"

#include <charconv>
#include <fmt/format.h>
#include <vector>

#include "common/append_format.h"
#include "common/bytes.h"
#include "functions/array.h"
#include "functions/type_oids.h"
#include "kernel.h"
#include "types/text_codec.h"

namespace varve::functions {

namespace {

// Between elements: a comma, but of boxes, whose text has commas, a semicolon.
char delimiter_of(Oid element) { return element == type_oid::kBox ? ';' : ','; }

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool equals_null(std::string_view s) {
  return s.size() == 4 && (s[0] | 32) == 'n' && (s[1] | 32) == 'u' && (s[2] | 32) == 'l' &&
         (s[3] | 32) == 'l';
}

// Recursive descent over '{a,{b},"c"}'.
class ArrayParser {
 public:
  ArrayParser(Oid element, int32_t typmod, std::string_view text, EvalContext& context)
      : element_(element), typmod_(typmod), text_(text), context_(context) {}

  StringRef parse() {
    skip_blanks();
    parse_bounds();
    if (at_ >= text_.size() || text_[at_] != '{') {
      malformed(bounds_.empty() ? "Array value must start with \"{\" or dimension information."
                                : "Array contents must start with \"{\".");
    }
    parse_level(0);
    skip_blanks();
    if (at_ < text_.size()) malformed("Junk after closing right brace.");
    std::vector<ArrayDimension> dims;
    for (int32_t length : lengths_) dims.push_back({length, 1});
    if (!bounds_.empty()) {
      if (bounds_.size() != dims.size()) malformed("Specified array dimensions do not match array contents.");
      for (size_t i = 0; i < dims.size(); ++i) {
        if (bounds_[i].length != dims[i].length) {
          malformed("Specified array dimensions do not match array contents.");
        }
      }
      dims = bounds_;
    }
    return make_array(element_, elements_, *context_.memory, dims);
  }

 private:
  [[noreturn]] void malformed(std::string_view detail) {
    throw SqlError(sqlstate::kInvalidTextRepresentation,
                   fmt::format("malformed array literal: \"{}\"", text_))
        .detail(std::string(detail));
  }
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  int32_t parse_int() {
    int32_t v = 0;
    const char* begin = text_.data() + at_;
    if (at_ < text_.size() && *begin == '+') ++begin;
    auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), v);
    if (error != std::errc()) malformed("\"[\" must introduce explicitly-specified array dimensions.");
    at_ = static_cast<size_t>(end - text_.data());
    return v;
  }

  void parse_bounds() {
    while (at_ < text_.size() && text_[at_] == '[') {
      ++at_;
      int32_t lower = 1, upper = parse_int();
      if (at_ < text_.size() && text_[at_] == ':') {
        ++at_;
        lower = upper;
        upper = parse_int();
      }
      if (at_ >= text_.size() || text_[at_] != ']') malformed("Missing \"]\" after array dimensions.");
      ++at_;
      if (upper < lower) {
        throw SqlError(sqlstate::kArraySubscriptError, "upper bound cannot be less than lower bound");
      }
      bounds_.push_back({upper - lower + 1, lower});
      skip_blanks();
    }
    if (bounds_.empty()) return;
    if (at_ >= text_.size() || text_[at_] != '=') malformed("Missing \"=\" after array dimensions.");
    ++at_;
    skip_blanks();
  }

  // From '{' to behind its '}'.
  void parse_level(size_t depth) {
    if (depth >= kMaxArrayDimensions) {
      throw SqlError(sqlstate::kProgramLimitExceeded,
                     fmt::format("number of array dimensions ({}) exceeds the maximum allowed ({})",
                                 depth + 1, kMaxArrayDimensions));
    }
    ++at_;
    skip_blanks();
    int32_t count = 0;
    bool nested = false;
    if (peek() == '}') {
      ++at_;
      close_level(depth, 0);
      return;
    }
    for (;;) {
      skip_blanks();
      bool is_level = peek() == '{';
      if (count > 0 && is_level != nested) mismatched();
      nested = is_level;
      if (is_level)
        parse_level(depth + 1);
      else
        parse_element(depth);
      ++count;
      skip_blanks();
      char c = peek();
      ++at_;
      if (c == delimiter_) continue;
      if (c == '}') break;
      malformed(fmt::format("Unexpected \"{}\" character.", c));
    }
    close_level(depth, count);
  }
  char peek() {
    if (at_ >= text_.size()) malformed("Unexpected end of input.");
    return text_[at_];
  }
  [[noreturn]] void mismatched() {
    malformed("Multidimensional arrays must have sub-arrays with matching dimensions.");
  }

  void close_level(size_t depth, int32_t count) {
    if (count == 0) {
      // Only the whole array may be empty.
      if (depth > 0) malformed("Unexpected \"}\" character.");
      return;
    }
    if (lengths_.size() <= depth) lengths_.resize(depth + 1, -1);
    if (lengths_[depth] == -1)
      lengths_[depth] = count;
    else if (lengths_[depth] != count)
      mismatched();
  }

  void parse_element(size_t depth) {
    if (leaf_depth_ != static_cast<size_t>(-1) && leaf_depth_ != depth) mismatched();
    leaf_depth_ = depth;
    std::string item;
    bool quoted = false;
    if (peek() == '"') {
      quoted = true;
      ++at_;
      while (peek() != '"') {
        if (text_[at_] == '\\') {
          ++at_;
          peek();
        }
        item.push_back(text_[at_++]);
      }
      ++at_;
      skip_blanks();
      char c = peek();
      if (c != delimiter_ && c != '}') malformed("Unexpected array element.");
    } else {
      parse_bare(item);
    }
    if (elements_.size() >= static_cast<size_t>(kMaxArrayElements)) {
      throw SqlError(sqlstate::kProgramLimitExceeded, "array size exceeds the maximum allowed (134217727)");
    }
    if (!quoted && !escaped_ && equals_null(item)) {
      elements_.push_back(Value::null_of(types::PhysicalType::kString));
    } else {
      elements_.push_back(parse_value(element_, typmod_, item, context_));
    }
  }

  void parse_bare(std::string& item) {
    escaped_ = false;
    size_t keep = 0;
    for (;;) {
      char c = peek();
      if (c == delimiter_ || c == '}') break;
      if (c == '{') malformed("Unexpected \"{\" character.");
      if (c == '"') malformed("Unexpected array element.");
      ++at_;
      if (c == '\\') {
        escaped_ = true;
        item.push_back(peek());
        ++at_;
        keep = item.size();
        continue;
      }
      item.push_back(c);
      if (!is_blank(c)) keep = item.size();
    }
    item.resize(keep);
    if (item.empty()) malformed(fmt::format("Unexpected \"{}\" character.", peek()));
  }

  Oid element_;
  int32_t typmod_;
  char delimiter_ = delimiter_of(element_);
  std::string_view text_;
  EvalContext& context_;
  size_t at_ = 0;
  bool escaped_ = false;
  size_t leaf_depth_ = static_cast<size_t>(-1);
  std::vector<ArrayDimension> bounds_;
  std::vector<int32_t> lengths_;
  std::vector<Value> elements_;
};

StringRef parse_vector(Oid element, std::string_view text, EvalContext& context) {
  std::vector<Value> elements;
  size_t at = 0;
  for (;;) {
    while (at < text.size() && is_blank(text[at])) ++at;
    if (at >= text.size()) break;
    size_t end = at;
    while (end < text.size() && !is_blank(text[end])) ++end;
    elements.push_back(parse_value(element, -1, text.substr(at, end - at), context));
    at = end;
  }
  ArrayDimension dim{static_cast<int32_t>(elements.size()), 0};
  return make_array(element, elements, *context.memory, {&dim, elements.empty() ? size_t{0} : size_t{1}});
}

bool needs_quotes(std::string_view s, char delimiter) {
  if (s.empty() || equals_null(s)) return true;
  for (char c : s) {
    if (c == '"' || c == '\\' || c == '{' || c == '}' || c == delimiter || is_blank(c)) return true;
  }
  return false;
}

void append_element(Oid type, const Value& v, std::string& out, std::string& scratch, EvalContext& context) {
  if (v.null) {
    out += "NULL";
    return;
  }
  scratch.clear();
  append_value(type, v, scratch, context);
  if (!needs_quotes(scratch, delimiter_of(type))) {
    out += scratch;
    return;
  }
  out.push_back('"');
  for (char c : scratch) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

}  // namespace

StringRef parse_array(const TypeInfo& type, int32_t typmod, std::string_view text, EvalContext& context) {
  if (type.oid == type_oid::kInt2vector || type.oid == type_oid::kOidvector) {
    return parse_vector(type.element_type, text, context);
  }
  return ArrayParser(type.element_type, typmod, text, context).parse();
}

void append_array(Oid vector_type, std::string_view bytes, std::string& out, EvalContext& context) {
  ArrayView array(bytes);
  std::string scratch;
  if (vector_type == type_oid::kInt2vector || vector_type == type_oid::kOidvector) {
    for (uint32_t i = 0; i < array.count(); ++i) {
      if (i > 0) out.push_back(' ');
      append_element(array.element_type(), array.at(i, *context.memory), out, scratch, context);
    }
    return;
  }
  if (array.count() == 0) {
    out += "{}";
    return;
  }
  bool bounds = false;
  for (int d = 0; d < array.dimensions(); ++d) bounds |= array.dimension(d).lower != 1;
  if (bounds) {
    for (int d = 0; d < array.dimensions(); ++d) {
      ArrayDimension dim = array.dimension(d);
      append_format(out, "[{}:{}]", dim.lower, dim.lower + dim.length - 1);
    }
    out.push_back('=');
  }
  // Braces open before element i where i is a multiple of a level's size, and close behind its last element.
  uint32_t sizes[kMaxArrayDimensions];
  uint32_t size = 1;
  for (int d = array.dimensions() - 1; d >= 0; --d) {
    size *= static_cast<uint32_t>(array.dimension(d).length);
    sizes[d] = size;
  }
  for (uint32_t i = 0; i < array.count(); ++i) {
    if (i > 0) out.push_back(delimiter_of(array.element_type()));
    for (int d = 0; d < array.dimensions(); ++d) {
      if (i % sizes[d] == 0) out.push_back('{');
    }
    append_element(array.element_type(), array.at(i, *context.memory), out, scratch, context);
    for (int d = 0; d < array.dimensions(); ++d) {
      if ((i + 1) % sizes[d] == 0) out.push_back('}');
    }
  }
}

StringRef receive_array(const TypeInfo& type, int32_t typmod, std::string_view bytes, EvalContext& context) {
  auto bad = [](std::string_view why) {
    throw SqlError(sqlstate::kInvalidBinaryRepresentation, std::string(why));
  };
  ByteReader in(bytes);
  auto dimensions = in.be<int32_t>();
  auto flags = in.be<int32_t>();
  Oid element{in.be<uint32_t>()};
  if (!in.ok() || dimensions < 0 || dimensions > kMaxArrayDimensions) bad("invalid number of dimensions");
  if (flags != 0 && flags != 1) bad("invalid array flags");
  if (element != type.element_type) {
    throw SqlError(sqlstate::kDatatypeMismatch,
                   "binary data has array element type " + std::to_string(element.value()) +
                       " instead of expected " + std::to_string(type.element_type.value()));
  }
  std::vector<ArrayDimension> dims;
  int64_t count = dimensions == 0 ? 0 : 1;
  for (int32_t d = 0; d < dimensions; ++d) {
    auto length = in.be<int32_t>();
    auto lower = in.be<int32_t>();
    if (length < 0) bad("invalid array dimensions");
    count *= length;
    if (count > kMaxArrayElements) bad("array size exceeds the maximum allowed (134217727)");
    dims.push_back({length, lower});
  }
  std::vector<Value> elements;
  for (int64_t i = 0; i < count; ++i) {
    auto size = in.be<int32_t>();
    if (!in.ok()) break;
    if (size == -1) {
      elements.push_back(Value::null_of(types::PhysicalType::kString));
    } else {
      if (size < 0 || static_cast<size_t>(size) > in.remaining()) bad("insufficient data left in message");
      elements.push_back(receive_value(element, typmod, in.bytes(static_cast<size_t>(size)), context));
    }
  }
  if (!in.ok()) bad("insufficient data left in message");
  return make_array(element, elements, *context.memory, dims);
}

void send_array(std::string_view bytes, std::string& out, EvalContext& context) {
  ArrayView array(bytes);
  types::send_int4(out, array.dimensions());
  types::send_int4(out, array.has_nulls() ? 1 : 0);
  types::send_int4(out, static_cast<int32_t>(array.element_type().value()));
  for (int d = 0; d < array.dimensions(); ++d) {
    types::send_int4(out, array.dimension(d).length);
    types::send_int4(out, array.dimension(d).lower);
  }
  for (uint32_t i = 0; i < array.count(); ++i) {
    if (array.is_null(i)) {
      types::send_int4(out, -1);
      continue;
    }
    size_t at = out.size();
    types::send_int4(out, 0);
    send_value(array.element_type(), array.at(i, *context.memory), out, context);
    store_be(out.data() + at, static_cast<int32_t>(out.size() - at - 4));
  }
}

}  // namespace varve::functions
