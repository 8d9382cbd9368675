// Text and binary form of the geometric types.
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>

#include "common/bytes.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "geometry.h"
#include "types/float_format.h"

namespace varve::functions {

namespace {

constexpr uint32_t kPoint = 600, kSegment = 601, kPath = 602, kBox = 603, kPolygon = 604, kLine = 628,
                   kCircle = 718;

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

template <class T>
void append_plain(std::string& out, const T& v) {
  out.append(reinterpret_cast<const char*>(&v), sizeof(v));
}

// Reads what people write: delimiters are optional in many places, and which ones is part of the behaviour.
class Reader {
 public:
  Reader(std::string_view type, std::string_view text) : type_(type), text_(text), at_(text_.c_str()) {}

  [[noreturn]] void fail() const {
    throw SqlError(sqlstate::kInvalidTextRepresentation,
                   fmt::format("invalid input syntax for type {}: \"{}\"", type_, text_));
  }
  char peek() const { return *at_; }
  bool at_end() const { return *at_ == '\0'; }
  void require_end() const {
    if (!at_end()) fail();
  }
  void skip_blanks() {
    while (is_blank(*at_)) ++at_;
  }
  bool take(char c) {
    if (*at_ != c) return false;
    ++at_;
    return true;
  }
  // How many points the text has, by its commas; none if their number is even.
  size_t count_pairs() const {
    size_t commas = 0;
    for (char c : text_) commas += c == ',';
    return commas % 2 == 1 ? (commas + 1) / 2 : 0;
  }
  bool is_last_open_paren() const { return *at_ == '(' && std::strrchr(at_, '(') == at_; }
  // The next thing but blanks after a '(' here is another one.
  bool is_double_paren() const {
    const char* p = at_ + 1;
    while (is_blank(*p)) ++p;
    return *at_ == '(' && *p == '(';
  }
  void enter_paren() {
    ++at_;
    skip_blanks();
  }

  double number() {
    while (is_blank(*at_)) ++at_;
    if (*at_ == '\0') fail();
    errno = 0;
    char* end = nullptr;
    double v = std::strtod(at_, &end);
    if (end == at_) fail();
    if (errno == ERANGE && (v == 0 || std::isinf(v))) {
      throw SqlError(sqlstate::kNumericValueOutOfRange,
                     fmt::format("\"{}\" is out of range for type double precision",
                                 std::string_view(at_, static_cast<size_t>(end - at_))));
    }
    at_ = end;
    skip_blanks();
    return v;
  }
  Point pair() {
    skip_blanks();
    bool paren = take('(');
    double x = number();
    if (!take(',')) fail();
    double y = number();
    if (paren) {
      if (!take(')')) fail();
      skip_blanks();
    }
    return {x, y};
  }
  // `n` points, in brackets of some kind or none; whether those were square.
  bool points(size_t n, bool may_be_open, std::vector<Point>& out) {
    int depth = 0;
    skip_blanks();
    bool open = *at_ == '[';
    if (open) {
      if (!may_be_open) fail();
      ++depth;
      ++at_;
    } else if (*at_ == '(' && (is_double_paren() || is_last_open_paren())) {
      ++depth;
      enter_paren();
    }
    for (size_t i = 0; i < n; ++i) {
      out.push_back(pair());
      take(',');
    }
    for (; depth > 0; --depth) {
      if (*at_ != ')' && !(*at_ == ']' && open && depth == 1)) fail();
      ++at_;
      skip_blanks();
    }
    return open;
  }

 private:
  std::string_view type_;
  std::string text_;
  const char* at_;
};

void parse_line(std::string& value, Reader& r) {
  r.skip_blanks();
  if (r.take('{')) {
    Line line;
    line.a = r.number();
    if (!r.take(',')) r.fail();
    line.b = r.number();
    if (!r.take(',')) r.fail();
    line.c = r.number();
    if (!r.take('}')) r.fail();
    r.skip_blanks();
    r.require_end();
    if (near_zero(line.a) && near_zero(line.b)) {
      throw SqlError(sqlstate::kInvalidTextRepresentation,
                     "invalid line specification: A and B cannot both be zero");
    }
    return append_plain(value, line);
  }
  std::vector<Point> p;
  r.points(2, true, p);
  r.require_end();
  if (same_point(p[0], p[1])) {
    throw SqlError(sqlstate::kInvalidTextRepresentation,
                   "invalid line specification: must be two distinct points");
  }
  append_plain(value, line_through(p[0], slope(p[0], p[1])));
}

void parse_path(std::string& value, Reader& r) {
  size_t n = r.count_pairs();
  if (n == 0) r.fail();
  r.skip_blanks();
  bool paren = r.is_last_open_paren();
  if (paren) r.take('(');
  std::vector<Point> points;
  bool open = r.points(n, true, points);
  if (paren) {
    if (!r.take(')')) r.fail();
    r.skip_blanks();
  }
  r.require_end();
  value += open ? '\0' : '\1';
  append_points(value, points);
}

void parse_circle(std::string& value, Reader& r) {
  r.skip_blanks();
  int depth = 0;
  if (r.take('<')) {
    ++depth;
  } else if (r.is_double_paren()) {
    ++depth;
    r.enter_paren();
  }
  Circle c;
  c.center = r.pair();
  r.take(',');
  c.radius = r.number();
  if (c.radius < 0) r.fail();
  for (; depth > 0; --depth) {
    if (r.peek() != ')' && !(r.peek() == '>' && depth == 1)) r.fail();
    r.take(r.peek());
    r.skip_blanks();
  }
  r.require_end();
  append_plain(value, c);
}

void append_number(std::string& out, double v, int digits) { types::append_float8(out, v, digits); }
void append_point(std::string& out, const Point& p, int digits) {
  out += '(';
  append_number(out, p.x, digits);
  out += ',';
  append_number(out, p.y, digits);
  out += ')';
}
void append_point_list(std::string& out, const std::vector<Point>& points, int digits) {
  for (size_t i = 0; i < points.size(); ++i) {
    if (i > 0) out += ',';
    append_point(out, points[i], digits);
  }
}

double receive_double(std::string_view& bytes) {
  if (bytes.size() < 8) throw SqlError(sqlstate::kProtocolViolation, "insufficient data left in message");
  uint64_t bits = load_be<uint64_t>(bytes.data());
  bytes.remove_prefix(8);
  double v;
  std::memcpy(&v, &bits, 8);
  return v;
}
Point receive_point(std::string_view& bytes) {
  double x = receive_double(bytes);
  return {x, receive_double(bytes)};
}
std::vector<Point> receive_points(std::string_view type, std::string_view& bytes) {
  if (bytes.size() < 4) throw SqlError(sqlstate::kProtocolViolation, "insufficient data left in message");
  auto n = static_cast<int32_t>(load_be<uint32_t>(bytes.data()));
  bytes.remove_prefix(4);
  if (n <= 0 || n >= INT32_MAX / static_cast<int32_t>(sizeof(Point))) {
    throw SqlError(sqlstate::kInvalidBinaryRepresentation,
                   fmt::format("invalid number of points in external \"{}\" value", type));
  }
  std::vector<Point> points;
  for (int32_t i = 0; i < n; ++i) points.push_back(receive_point(bytes));
  return points;
}
void send_numbers(std::string& out, std::string_view bytes) {
  for (size_t i = 0; i + 8 <= bytes.size(); i += 8) {
    char be[8];
    store_be<uint64_t>(be, load_raw<uint64_t>(bytes.data() + i));
    out.append(be, 8);
  }
}

}  // namespace

bool is_geometric(Oid type) {
  uint32_t o = type.value();
  return (o >= kPoint && o <= kPolygon) || o == kLine || o == kCircle;
}

void append_points(std::string& out, const std::vector<Point>& points) {
  out.append(reinterpret_cast<const char*>(points.data()), points.size() * sizeof(Point));
}
std::vector<Point> read_points(std::string_view bytes) {
  std::vector<Point> points(bytes.size() / sizeof(Point));
  if (!points.empty()) std::memcpy(points.data(), bytes.data(), points.size() * sizeof(Point));
  return points;
}

void parse_geometry(Oid type, std::string& value, std::string_view text) {
  Reader r(type_by_oid(type)->name, text);
  std::vector<Point> points;
  switch (type.value()) {
    case kPoint:
      points.push_back(r.pair());
      break;
    case kSegment:
      r.points(2, true, points);
      break;
    case kBox: {
      r.points(2, false, points);
      Box box = make_box(points[0], points[1]);
      points = {box.high, box.low};
      break;
    }
    case kPolygon: {
      size_t n = r.count_pairs();
      if (n == 0) r.fail();
      r.points(n, false, points);
      break;
    }
    case kPath:
      return parse_path(value, r);
    case kLine:
      return parse_line(value, r);
    default:
      return parse_circle(value, r);
  }
  r.require_end();
  append_points(value, points);
}

void append_geometry_text(Oid type, std::string_view value, std::string& out, int digits) {
  switch (type.value()) {
    case kPoint:
    case kBox:
      return append_point_list(out, read_points(value), digits);
    case kSegment:
      out += '[';
      append_point_list(out, read_points(value), digits);
      out += ']';
      return;
    case kPolygon:
      out += '(';
      append_point_list(out, read_points(value), digits);
      out += ')';
      return;
    case kPath:
      out += value[0] != 0 ? '(' : '[';
      append_point_list(out, read_points(value.substr(1)), digits);
      out += value[0] != 0 ? ')' : ']';
      return;
    case kLine: {
      auto line = load_raw<Line>(value.data());
      out += '{';
      append_number(out, line.a, digits);
      out += ',';
      append_number(out, line.b, digits);
      out += ',';
      append_number(out, line.c, digits);
      out += '}';
      return;
    }
    default: {
      auto circle = load_raw<Circle>(value.data());
      out += '<';
      append_point(out, circle.center, digits);
      out += ',';
      append_number(out, circle.radius, digits);
      out += '>';
    }
  }
}

void receive_geometry(Oid type, std::string& value, std::string_view bytes) {
  switch (type.value()) {
    case kPoint:
      append_plain(value, receive_point(bytes));
      return;
    case kSegment:
    case kBox: {
      Point a = receive_point(bytes), b = receive_point(bytes);
      if (type.value() == kBox)
        append_plain(value, make_box(a, b));
      else
        append_plain(value, Segment{{a, b}});
      return;
    }
    case kPolygon:
      append_points(value, receive_points("polygon", bytes));
      return;
    case kPath:
      if (bytes.empty()) throw SqlError(sqlstate::kProtocolViolation, "insufficient data left in message");
      value += bytes[0] != 0 ? '\1' : '\0';
      bytes.remove_prefix(1);
      append_points(value, receive_points("path", bytes));
      return;
    case kLine: {
      Line line{receive_double(bytes), receive_double(bytes), receive_double(bytes)};
      if (near_zero(line.a) && near_zero(line.b)) {
        throw SqlError(sqlstate::kInvalidBinaryRepresentation,
                       "invalid line specification: A and B cannot both be zero");
      }
      append_plain(value, line);
      return;
    }
    default: {
      Circle circle;
      circle.center = receive_point(bytes);
      circle.radius = receive_double(bytes);
      if (circle.radius < 0)
        throw SqlError(sqlstate::kInvalidBinaryRepresentation, "invalid radius in external \"circle\" value");
      append_plain(value, circle);
    }
  }
}

void send_geometry(Oid type, std::string_view value, std::string& out) {
  if (type.value() == kPath) {
    out += value[0];
    value.remove_prefix(1);
  }
  if (type.value() == kPath || type.value() == kPolygon) {
    char n[4];
    store_be<uint32_t>(n, static_cast<uint32_t>(value.size() / sizeof(Point)));
    out.append(n, 4);
  }
  send_numbers(out, value);
}

}  // namespace varve::functions
