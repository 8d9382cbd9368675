// Paths, polygons and circles.
#include <numbers>

#include "common/sql_error.h"
#include "geometry.h"
#include "ordering.h"

namespace varve::functions {

namespace {

constexpr int kOnEdge = 1000;

// How an edge from `q` to `p` (both relative to the point asked about) crosses the positive x axis: twice the
// direction, once where an end lies on it, so that the sum over all edges is zero outside.
int crossing(const Point& p, const Point& q) {
  if (near_zero(p.y)) {
    if (near_zero(p.x)) return kOnEdge;
    if (greater(p.x, 0)) {
      if (near_zero(q.y)) return greater(q.x, 0) ? 0 : kOnEdge;
      return less(q.y, 0) ? 1 : -1;
    }
    if (near_zero(q.y)) return less(q.x, 0) ? 0 : kOnEdge;
    return 0;
  }
  int sign = greater(p.y, 0) ? 1 : -1;
  if (near_zero(q.y)) return less(q.x, 0) ? 0 : sign;
  if ((sign < 0 && less(q.y, 0)) || (sign > 0 && greater(q.y, 0))) return 0;
  if (greater_equal(p.x, 0) && greater(q.x, 0)) return 2 * sign;
  if (less(p.x, 0) && less_equal(q.x, 0)) return 0;
  double z =
      difference_of(product_of(difference_of(p.x, q.x), p.y), product_of(difference_of(p.y, q.y), p.x));
  if (near_zero(z)) return kOnEdge;
  if ((sign < 0 && less(z, 0)) || (sign > 0 && greater(z, 0))) return 0;
  return 2 * sign;
}

bool segment_inside(const Point& a, const Point& b, const std::vector<Point>& polygon, size_t start);

// `a` lies on edge `s` and `b` does not: the rest, from the end of the edge that the segment meets, decides.
bool touching_inside(const Point& a, const Point& b, const Segment& s, const std::vector<Point>& polygon,
                     size_t start) {
  Segment t{{a, b}};
  if (same_point(a, s.p[0])) {
    if (contains(t, s.p[1])) return segment_inside(b, s.p[1], polygon, start);
  } else if (same_point(a, s.p[1])) {
    if (contains(t, s.p[0])) return segment_inside(b, s.p[0], polygon, start);
  } else if (contains(t, s.p[0])) {
    return segment_inside(b, s.p[0], polygon, start);
  } else if (contains(t, s.p[1])) {
    return segment_inside(b, s.p[1], polygon, start);
  }
  return true;
}

bool segment_inside(const Point& a, const Point& b, const std::vector<Point>& polygon, size_t start) {
  Segment t{{a, b}}, s;
  s.p[0] = polygon[start == 0 ? polygon.size() - 1 : start - 1];
  bool inside_so_far = true, crossed = false;
  for (size_t i = start; i < polygon.size() && inside_so_far; ++i) {
    s.p[1] = polygon[i];
    if (contains(s, t.p[0])) {
      if (contains(s, t.p[1])) return true;
      inside_so_far = touching_inside(t.p[0], t.p[1], s, polygon, i + 1);
    } else if (contains(s, t.p[1])) {
      inside_so_far = touching_inside(t.p[1], t.p[0], s, polygon, i + 1);
    } else if (std::optional<Point> at = intersection(t, s)) {
      crossed = true;
      inside_so_far =
          segment_inside(t.p[0], *at, polygon, i + 1) && segment_inside(t.p[1], *at, polygon, i + 1);
    }
    s.p[0] = s.p[1];
  }
  if (inside_so_far && !crossed) return inside(middle(t.p[0], t.p[1]), polygon) != 0;
  return inside_so_far;
}

// The least distance of any two segments; none where there are no segments.
std::optional<double> least_distance(const std::vector<Point>& a, bool a_closed, const std::vector<Point>& b,
                                     bool b_closed) {
  std::optional<double> least;
  for_each_segment(a, a_closed, [&](const Segment& s) {
    for_each_segment(b, b_closed, [&](const Segment& t) {
      double d = closest(s, t).distance;
      if (!least || compare_floats(d, *least) < 0) least = d;
    });
  });
  return least;
}

}  // namespace

int inside(const Point& p, const std::vector<Point>& polygon) {
  if (polygon.empty()) return 0;
  auto relative = [&](size_t i) {
    return Point{difference_of(polygon[i].x, p.x), difference_of(polygon[i].y, p.y)};
  };
  Point first = relative(0), previous = first;
  int total = 0;
  for (size_t i = 1; i <= polygon.size(); ++i) {
    Point at = i == polygon.size() ? first : relative(i);
    int c = crossing(at, previous);
    if (c == kOnEdge) return 2;
    total += c;
    previous = at;
  }
  return total != 0 ? 1 : 0;
}

// --- paths
std::optional<double> area(const Path& path) {
  if (!path.closed) return std::nullopt;
  double sum = 0;
  for (size_t i = 0; i < path.points.size(); ++i) {
    const Point &p = path.points[i], &q = path.points[(i + 1) % path.points.size()];
    sum = sum_of(sum, product_of(p.x, q.y));
    sum = difference_of(sum, product_of(p.y, q.x));
  }
  return quotient_of(std::fabs(sum), 2);
}
double length(const Path& path) {
  double sum = 0;
  for_each_segment(path.points, path.closed, [&](const Segment& s) { sum = sum_of(sum, length(s)); });
  return sum;
}
bool contains(const Path& path, const Point& p) {
  if (path.closed) return inside(p, path.points) != 0;
  for (size_t i = 0; i + 1 < path.points.size(); ++i) {
    double around = sum_of(distance(p, path.points[i]), distance(p, path.points[i + 1]));
    if (near(around, distance(path.points[i], path.points[i + 1]))) return true;
  }
  return false;
}
bool intersects(const Path& a, const Path& b) {
  if (!overlap(bounds_of(a.points), bounds_of(b.points))) return false;
  bool found = false;
  for_each_segment(a.points, a.closed, [&](const Segment& s) {
    for_each_segment(b.points, b.closed,
                     [&](const Segment& t) { found = found || intersection(s, t).has_value(); });
  });
  return found;
}
double distance(const Path& path, const Point& p) {
  std::optional<double> least;
  for_each_segment(path.points, path.closed, [&](const Segment& s) {
    double d = closest(s, p).distance;
    if (!least || compare_floats(d, *least) < 0) least = d;
  });
  return least.value_or(0);
}
std::optional<double> distance(const Path& a, const Path& b) {
  return least_distance(a.points, a.closed, b.points, b.closed);
}

// --- polygons
bool same_polygon(const Polygon& a, const Polygon& b) {
  size_t n = a.points.size();
  if (n != b.points.size()) return false;
  auto matches = [&](size_t start, bool forwards) {
    for (size_t i = 1; i < n; ++i) {
      if (!same_point(b.points[(start + (forwards ? i : n - i)) % n], a.points[i])) return false;
    }
    return true;
  };
  for (size_t i = 0; i < n; ++i) {
    if (same_point(b.points[i], a.points[0]) && (matches(i, true) || matches(i, false))) return true;
  }
  return false;
}
bool overlap(const Polygon& a, const Polygon& b) {
  if (!overlap(bounds_of(a.points), bounds_of(b.points))) return false;
  bool found = false;
  for_each_segment(a.points, true, [&](const Segment& s) {
    for_each_segment(b.points, true,
                     [&](const Segment& t) { found = found || intersection(s, t).has_value(); });
  });
  return found || inside(a.points[0], b.points) != 0 || inside(b.points[0], a.points) != 0;
}
bool contains(const Polygon& outer, const Polygon& inner) {
  if (!contains(bounds_of(outer.points), bounds_of(inner.points))) return false;
  bool all = true;
  for_each_segment(inner.points, true,
                   [&](const Segment& s) { all = all && segment_inside(s.p[0], s.p[1], outer.points, 0); });
  return all;
}
double distance(const Polygon& polygon, const Point& p) {
  if (inside(p, polygon.points) != 0) return 0;
  return distance(Path{true, polygon.points}, p);
}
std::optional<double> distance(const Polygon& a, const Polygon& b) {
  if (overlap(a, b)) return 0;
  return least_distance(a.points, true, b.points, true);
}

// --- circles
double area(const Circle& c) { return product_of(product_of(c.radius, c.radius), std::numbers::pi); }
bool same_circle(const Circle& a, const Circle& b) {
  return ((std::isnan(a.radius) && std::isnan(b.radius)) || near(a.radius, b.radius)) &&
         same_point(a.center, b.center);
}
Circle circle_of(const Polygon& polygon) {
  auto n = static_cast<double>(polygon.points.size());
  Circle c{{0, 0}, 0};
  for (const Point& p : polygon.points) c.center = add(c.center, p);
  c.center = {quotient_of(c.center.x, n), quotient_of(c.center.y, n)};
  for (const Point& p : polygon.points) c.radius = sum_of(c.radius, distance(p, c.center));
  c.radius = quotient_of(c.radius, n);
  return c;
}
Polygon polygon_of(const Circle& c, int32_t points) {
  if (near_zero(c.radius))
    throw SqlError(sqlstate::kFeatureNotSupported, "cannot convert circle with radius zero to polygon");
  if (points > INT32_MAX / static_cast<int32_t>(sizeof(Point)))
    throw SqlError(sqlstate::kProgramLimitExceeded, "too many points requested");
  if (points < 2) throw SqlError(sqlstate::kInvalidParameterValue, "must request at least 2 points");
  Polygon polygon;
  double step = quotient_of(2 * std::numbers::pi, points);
  for (int32_t i = 0; i < points; ++i) {
    double angle = product_of(step, i);
    polygon.points.push_back({difference_of(c.center.x, product_of(c.radius, std::cos(angle))),
                              sum_of(c.center.y, product_of(c.radius, std::sin(angle)))});
  }
  return polygon;
}

}  // namespace varve::functions
