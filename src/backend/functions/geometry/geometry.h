// Points, lines, segments, boxes, paths, polygons and circles: what they are, how they lie in a string value,
// and what is computed of them. Comparisons allow a distance of 1e-6, as PostgreSQL's do: that is part of the
// result.
//
// In memory (a kString value, float8 unless said otherwise, not aligned):
//   point x y | lseg x1 y1 x2 y2 | box high x y, low x y | line A B C (Ax + By + C = 0) | circle x y radius
//   path: u8 closed, points | polygon: points
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/strong_id.h"

namespace varve::functions {

struct Point {
  double x, y;
};
struct Segment {
  Point p[2];
};
struct Box {
  Point high, low;
};
struct Line {
  double a, b, c;
};
struct Circle {
  Point center;
  double radius;
};
struct Path {
  bool closed;
  std::vector<Point> points;
};
struct Polygon {
  std::vector<Point> points;
};

// --- the tolerance
inline constexpr double kTolerance = 1e-6;
inline bool near_zero(double a) { return std::fabs(a) <= kTolerance; }
inline bool near(double a, double b) { return a == b || std::fabs(a - b) <= kTolerance; }
inline bool less(double a, double b) { return a + kTolerance < b; }
inline bool less_equal(double a, double b) { return a <= b + kTolerance; }
inline bool greater(double a, double b) { return a > b + kTolerance; }
inline bool greater_equal(double a, double b) { return a + kTolerance >= b; }

// --- float8 arithmetic that overflows loudly (22003) and divides by zero loudly (22012)
double sum_of(double a, double b);
double difference_of(double a, double b);
double product_of(double a, double b);
double quotient_of(double a, double b);
double hypotenuse(double x, double y);

// --- points and what two of them make
bool same_point(const Point& a, const Point& b);
double distance(const Point& a, const Point& b);
Point add(const Point& a, const Point& b);
Point subtract(const Point& a, const Point& b);
Point multiply(const Point& a, const Point& b);  // as complex numbers: scales and turns
Point divide(const Point& a, const Point& b);
double slope(const Point& a, const Point& b);          // infinite: vertical
double inverse_slope(const Point& a, const Point& b);  // of the perpendicular
Point middle(const Point& a, const Point& b);

// --- lines
Line line_through(const Point& p, double slope);
Line line_through(const Point& a, const Point& b);  // 22023 if they are the same
double slope(const Line& line);
std::optional<Point> intersection(const Line& a, const Line& b);
bool same_line(const Line& a, const Line& b);
bool perpendicular(const Line& a, const Line& b);
bool contains(const Line& line, const Point& p);
double distance(const Line& a, const Line& b);

// --- segments
inline double slope(const Segment& s) { return slope(s.p[0], s.p[1]); }
inline double length(const Segment& s) { return distance(s.p[0], s.p[1]); }
bool contains(const Segment& s, const Point& p);
std::optional<Point> intersection(const Segment& s, const Line& line);
std::optional<Point> intersection(const Segment& a, const Segment& b);

// --- the point of the first that is closest to the second, with their distance (NaN where there is none)
struct Closest {
  Point point;
  double distance;
};
Closest closest(const Line& line, const Point& p);
Closest closest(const Segment& s, const Point& p);
Closest closest(const Segment& s, const Line& line);
Closest closest(const Segment& s, const Segment& to);
Closest closest(const Box& box, const Point& p);
Closest closest(const Box& box, const Segment& s);

// --- boxes
Box make_box(const Point& a, const Point& b);
double width(const Box& b);
double height(const Box& b);
double area(const Box& b);
Point center(const Box& b);
bool overlap(const Box& a, const Box& b);
bool contains(const Box& box, const Point& p);
bool contains(const Box& outer, const Box& inner);
bool intersects(const Box& box, const Segment& s);
bool intersects(const Box& box, const Line& line);
Box bounds_of(const std::vector<Point>& points);

// --- paths and polygons
// The segments of a path, and of a closed one that from its last point to its first, which comes first.
template <class F>
void for_each_segment(const std::vector<Point>& points, bool closed, F&& f) {
  for (size_t i = 0; i < points.size(); ++i) {
    if (i == 0 && !closed) continue;
    f(Segment{{points[i == 0 ? points.size() - 1 : i - 1], points[i]}});
  }
}
// 0 outside, 1 inside, 2 on the edge.
int inside(const Point& p, const std::vector<Point>& polygon);
std::optional<double> area(const Path& p);  // of an open one: none
double length(const Path& p);
bool contains(const Path& path, const Point& p);
bool intersects(const Path& a, const Path& b);
double distance(const Path& path, const Point& p);
std::optional<double> distance(const Path& a, const Path& b);
bool same_polygon(const Polygon& a, const Polygon& b);
bool overlap(const Polygon& a, const Polygon& b);
bool contains(const Polygon& outer, const Polygon& inner);
double distance(const Polygon& polygon, const Point& p);
std::optional<double> distance(const Polygon& a, const Polygon& b);

// --- circles
double area(const Circle& c);
bool same_circle(const Circle& a, const Circle& b);
Circle circle_of(const Polygon& p);  // around the mean of its points
Polygon polygon_of(const Circle& c, int32_t points);

// --- text and binary form; append_… add the value's bytes
bool is_geometric(Oid type);
void parse_geometry(Oid type, std::string& value, std::string_view text);
void append_geometry_text(Oid type, std::string_view value, std::string& out, int extra_float_digits);
void receive_geometry(Oid type, std::string& value, std::string_view bytes);
void send_geometry(Oid type, std::string_view value, std::string& out);

void append_points(std::string& out, const std::vector<Point>& points);
std::vector<Point> read_points(std::string_view bytes);

}  // namespace varve::functions
