// Points, lines, segments and boxes.
#include "float_check.h"
#include "geometry.h"
#include "ordering.h"

namespace varve::functions {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double smaller(double a, double b) { return compare_floats(a, b) < 0 ? a : b; }
double larger(double a, double b) { return compare_floats(a, b) > 0 ? a : b; }
bool closer(double a, double b) { return compare_floats(a, b) < 0; }
bool has_nan(const Point& p) { return std::isnan(p.x) || std::isnan(p.y); }
double without_sign(double zero) { return zero == 0 ? 0.0 : zero; }

void keep_closer(Closest& best, const Closest& other) {
  if (closer(other.distance, best.distance)) best = other;
}

// A box's sides in the order in which they are tried: of two that are equally close the first one counts.
struct Sides {
  Segment s[4];
  explicit Sides(const Box& b) {
    Point left{b.low.x, b.high.y}, right{b.high.x, b.low.y};
    s[0] = {{b.low, left}};
    s[1] = {{b.high, left}};
    s[2] = {{b.low, right}};
    s[3] = {{b.high, right}};
  }
};

}  // namespace

double sum_of(double a, double b) { return checked_float(a + b, a, b); }
double difference_of(double a, double b) { return checked_float(a - b, a, b); }
double product_of(double a, double b) { return checked_product(a * b, a, b); }
double quotient_of(double a, double b) { return divide_floats<double>(a, b); }

double hypotenuse(double x, double y) {
  if (std::isinf(x) || std::isinf(y)) return kInfinity;
  if (std::isnan(x) || std::isnan(y)) return kNan;
  x = std::fabs(x);
  y = std::fabs(y);
  if (x < y) std::swap(x, y);
  if (y == 0) return x;
  double ratio = y / x;
  double result = x * std::sqrt(1.0 + ratio * ratio);
  if (std::isinf(result)) throw_float_overflow();
  if (result == 0) throw_float_underflow();
  return result;
}

// --- points
bool same_point(const Point& a, const Point& b) {
  if (has_nan(a) || has_nan(b)) return compare_floats(a.x, b.x) == 0 && compare_floats(a.y, b.y) == 0;
  return near(a.x, b.x) && near(a.y, b.y);
}
double distance(const Point& a, const Point& b) {
  return hypotenuse(difference_of(a.x, b.x), difference_of(a.y, b.y));
}
Point add(const Point& a, const Point& b) { return {sum_of(a.x, b.x), sum_of(a.y, b.y)}; }
Point subtract(const Point& a, const Point& b) { return {difference_of(a.x, b.x), difference_of(a.y, b.y)}; }
Point multiply(const Point& a, const Point& b) {
  return {difference_of(product_of(a.x, b.x), product_of(a.y, b.y)),
          sum_of(product_of(a.x, b.y), product_of(a.y, b.x))};
}
Point divide(const Point& a, const Point& b) {
  double square = sum_of(product_of(b.x, b.x), product_of(b.y, b.y));
  return {quotient_of(sum_of(product_of(a.x, b.x), product_of(a.y, b.y)), square),
          quotient_of(difference_of(product_of(a.y, b.x), product_of(a.x, b.y)), square)};
}
double slope(const Point& a, const Point& b) {
  if (near(a.x, b.x)) return kInfinity;
  if (near(a.y, b.y)) return 0;
  return quotient_of(difference_of(a.y, b.y), difference_of(a.x, b.x));
}
double inverse_slope(const Point& a, const Point& b) {
  if (near(a.x, b.x)) return 0;
  if (near(a.y, b.y)) return kInfinity;
  return quotient_of(difference_of(a.x, b.x), difference_of(b.y, a.y));
}
Point middle(const Point& a, const Point& b) {
  return {quotient_of(sum_of(a.x, b.x), 2), quotient_of(sum_of(a.y, b.y), 2)};
}

// --- lines
Line line_through(const Point& p, double m) {
  if (std::isinf(m)) return {-1, 0, p.x};
  if (m == 0) return {0, -1, p.y};
  return {m, -1, without_sign(difference_of(p.y, product_of(m, p.x)))};
}
Line line_through(const Point& a, const Point& b) {
  if (same_point(a, b)) {
    throw SqlError(sqlstate::kInvalidParameterValue,
                   "invalid line specification: must be two distinct points");
  }
  return line_through(a, slope(a, b));
}
double slope(const Line& line) {
  if (near_zero(line.a)) return 0;
  if (near_zero(line.b)) return kInfinity;
  return quotient_of(line.a, -line.b);
}
static double inverse_slope(const Line& line) {
  if (near_zero(line.a)) return kInfinity;
  if (near_zero(line.b)) return 0;
  return quotient_of(line.b, line.a);
}
std::optional<Point> intersection(const Line& l, const Line& k) {
  Point p;
  if (!near_zero(l.b)) {
    if (near(k.a, product_of(l.a, quotient_of(k.b, l.b)))) return std::nullopt;
    p.x = quotient_of(difference_of(product_of(l.b, k.c), product_of(k.b, l.c)),
                      difference_of(product_of(l.a, k.b), product_of(k.a, l.b)));
    p.y = quotient_of(-sum_of(product_of(l.a, p.x), l.c), l.b);
  } else if (!near_zero(k.b)) {
    if (near(l.a, product_of(k.a, quotient_of(l.b, k.b)))) return std::nullopt;
    p.x = quotient_of(difference_of(product_of(k.b, l.c), product_of(l.b, k.c)),
                      difference_of(product_of(k.a, l.b), product_of(l.a, k.b)));
    p.y = quotient_of(-sum_of(product_of(k.a, p.x), k.c), k.b);
  } else {
    return std::nullopt;
  }
  return Point{without_sign(p.x), without_sign(p.y)};
}
bool same_line(const Line& a, const Line& b) {
  auto nan = [](const Line& l) { return std::isnan(l.a) || std::isnan(l.b) || std::isnan(l.c); };
  if (nan(a) || nan(b)) {
    return compare_floats(a.a, b.a) == 0 && compare_floats(a.b, b.b) == 0 && compare_floats(a.c, b.c) == 0;
  }
  double ratio = !near_zero(b.a)   ? quotient_of(a.a, b.a)
                 : !near_zero(b.b) ? quotient_of(a.b, b.b)
                 : !near_zero(b.c) ? quotient_of(a.c, b.c)
                                   : 1.0;
  return near(a.a, product_of(ratio, b.a)) && near(a.b, product_of(ratio, b.b)) &&
         near(a.c, product_of(ratio, b.c));
}
bool perpendicular(const Line& a, const Line& b) {
  if (near_zero(a.a)) return near_zero(b.b);
  if (near_zero(b.a)) return near_zero(a.b);
  if (near_zero(a.b)) return near_zero(b.a);
  if (near_zero(b.b)) return near_zero(a.a);
  return near(quotient_of(product_of(a.a, b.a), product_of(a.b, b.b)), -1.0);
}
bool contains(const Line& line, const Point& p) {
  return near_zero(sum_of(sum_of(product_of(line.a, p.x), product_of(line.b, p.y)), line.c));
}
double distance(const Line& a, const Line& b) {
  if (intersection(a, b)) return 0;
  auto usable = [](double x) { return !near_zero(x) && !std::isnan(x); };
  double ratio = usable(a.a) && usable(b.a)   ? quotient_of(a.a, b.a)
                 : usable(a.b) && usable(b.b) ? quotient_of(a.b, b.b)
                                              : 1.0;
  return quotient_of(std::fabs(difference_of(a.c, product_of(ratio, b.c))), hypotenuse(a.a, a.b));
}

// --- segments
bool contains(const Segment& s, const Point& p) {
  return near(distance(p, s.p[0]) + distance(p, s.p[1]), distance(s.p[0], s.p[1]));
}
std::optional<Point> intersection(const Segment& s, const Line& line) {
  std::optional<Point> at = intersection(line_through(s.p[0], slope(s)), line);
  if (!at || !contains(s, *at)) return std::nullopt;
  // An end of the segment itself rather than one that was rounded.
  if (same_point(s.p[0], *at)) return s.p[0];
  if (same_point(s.p[1], *at)) return s.p[1];
  return at;
}
std::optional<Point> intersection(const Segment& a, const Segment& b) {
  std::optional<Point> at = intersection(a, line_through(b.p[0], slope(b)));
  return at && contains(b, *at) ? at : std::nullopt;
}

// --- closest points
Closest closest(const Line& line, const Point& p) {
  std::optional<Point> at = intersection(line_through(p, inverse_slope(line)), line);
  return at ? Closest{*at, distance(*at, p)} : Closest{p, kNan};
}
Closest closest(const Segment& s, const Point& p) {
  Point at = closest(s, line_through(p, inverse_slope(s.p[0], s.p[1]))).point;
  return {at, distance(at, p)};
}
Closest closest(const Segment& s, const Line& line) {
  if (std::optional<Point> at = intersection(s, line)) return {*at, 0};
  double first = closest(line, s.p[0]).distance, second = closest(line, s.p[1]).distance;
  return first < second ? Closest{s.p[0], first} : Closest{s.p[1], second};
}
Closest closest(const Segment& s, const Segment& to) {
  if (std::optional<Point> at = intersection(s, to)) return {*at, 0};
  Closest best = closest(s, to.p[0]);
  keep_closer(best, closest(s, to.p[1]));
  keep_closer(best, {s.p[0], closest(to, s.p[0]).distance});
  keep_closer(best, {s.p[1], closest(to, s.p[1]).distance});
  return best;
}
Closest closest(const Box& box, const Point& p) {
  if (contains(box, p)) return {p, 0};
  Sides sides(box);
  Closest best = closest(sides.s[0], p);
  for (int i = 1; i < 4; ++i) keep_closer(best, closest(sides.s[i], p));
  return best;
}
Closest closest(const Box& box, const Segment& s) {
  if (intersects(box, s)) return {closest(s, center(box)).point, 0};
  Sides sides(box);
  Closest best = closest(sides.s[0], s);
  for (int i = 1; i < 4; ++i) keep_closer(best, closest(sides.s[i], s));
  return best;
}

// --- boxes
Box make_box(const Point& a, const Point& b) {
  bool x = compare_floats(a.x, b.x) > 0, y = compare_floats(a.y, b.y) > 0;
  return {{x ? a.x : b.x, y ? a.y : b.y}, {x ? b.x : a.x, y ? b.y : a.y}};
}
double width(const Box& b) { return difference_of(b.high.x, b.low.x); }
double height(const Box& b) { return difference_of(b.high.y, b.low.y); }
double area(const Box& b) { return product_of(width(b), height(b)); }
Point center(const Box& b) { return middle(b.high, b.low); }
bool overlap(const Box& a, const Box& b) {
  return less_equal(a.low.x, b.high.x) && less_equal(b.low.x, a.high.x) && less_equal(a.low.y, b.high.y) &&
         less_equal(b.low.y, a.high.y);
}
bool contains(const Box& b, const Point& p) {
  return b.high.x >= p.x && b.low.x <= p.x && b.high.y >= p.y && b.low.y <= p.y;
}
bool contains(const Box& a, const Box& b) {
  return greater_equal(a.high.x, b.high.x) && less_equal(a.low.x, b.low.x) &&
         greater_equal(a.high.y, b.high.y) && less_equal(a.low.y, b.low.y);
}
bool intersects(const Box& box, const Segment& s) {
  if (!overlap({{larger(s.p[0].x, s.p[1].x), larger(s.p[0].y, s.p[1].y)},
                {smaller(s.p[0].x, s.p[1].x), smaller(s.p[0].y, s.p[1].y)}},
               box)) {
    return false;
  }
  if (contains(box, s.p[0]) || contains(box, s.p[1])) return true;
  for (const Segment& side : Sides(box).s) {
    if (intersection(side, s)) return true;
  }
  return false;
}
bool intersects(const Box& box, const Line& line) {
  for (const Segment& side : Sides(box).s) {
    if (intersection(side, line)) return true;
  }
  return false;
}
Box bounds_of(const std::vector<Point>& points) {
  Box b{points[0], points[0]};
  for (const Point& p : points) {
    b.high = {larger(p.x, b.high.x), larger(p.y, b.high.y)};
    b.low = {smaller(p.x, b.low.x), smaller(p.y, b.low.y)};
  }
  return b;
}

}  // namespace varve::functions
