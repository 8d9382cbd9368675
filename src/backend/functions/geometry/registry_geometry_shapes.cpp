// Functions and operators of paths, polygons and circles.
#include "geometry_kernel.h"

namespace varve::functions {

namespace {

using P = const Point&;
using B = const Box&;
using W = const Path&;
using G = const Polygon&;
using C = const Circle&;

template <class F>
Path moved(const Path& path, F&& f) {
  Path r{path.closed, {}};
  for (const Point& p : path.points) r.points.push_back(f(p));
  return r;
}
int32_t count(const std::vector<Point>& points) { return static_cast<int32_t>(points.size()); }
Box bounds(G g) { return bounds_of(g.points); }
Polygon polygon_of_path(W path) {
  if (!path.closed) {
    throw SqlError(sqlstate::kInvalidParameterValue, "open path cannot be converted to polygon");
  }
  return {path.points};
}
std::optional<Path> joined(W a, W b) {
  if (a.closed || b.closed) return std::nullopt;
  Path r = a;
  r.points.insert(r.points.end(), b.points.begin(), b.points.end());
  return r;
}
double from_edge(double to_center, double radius) {
  double d = difference_of(to_center, radius);
  return d < 0 ? 0 : d;
}
Box box_of(C c) {
  double d = quotient_of(c.radius, std::sqrt(2.0));
  Point delta{d, d};
  return {add(c.center, delta), subtract(c.center, delta)};
}

const Binding kPaths[] = {
    {"area(path)", g([](W p) { return area(p); })},
    {"length(path)", g([](W p) { return length(p); })},
    {"path_length(path)", g([](W p) { return length(p); })},
    {"isclosed(path)", g([](W p) { return p.closed; })},
    {"isopen(path)", g([](W p) { return !p.closed; })},
    {"pclose(path)", g([](W p) {
       return Path{true, p.points};
     })},
    {"popen(path)", g([](W p) {
       return Path{false, p.points};
     })},
    {"npoints(path)", g([](W p) { return count(p.points); })},
    {"path_npoints(path)", g([](W p) { return count(p.points); })},
    {"path_n_lt(path,path)", g([](W a, W b) { return a.points.size() < b.points.size(); })},
    {"path_n_le(path,path)", g([](W a, W b) { return a.points.size() <= b.points.size(); })},
    {"path_n_gt(path,path)", g([](W a, W b) { return a.points.size() > b.points.size(); })},
    {"path_n_ge(path,path)", g([](W a, W b) { return a.points.size() >= b.points.size(); })},
    {"path_n_eq(path,path)", g([](W a, W b) { return a.points.size() == b.points.size(); })},
    {"path_add(path,path)", g([](W a, W b) { return joined(a, b); })},
    {"path_add_pt(path,point)", g([](W w, P p) { return moved(w, [&](P q) { return add(q, p); }); })},
    {"path_sub_pt(path,point)", g([](W w, P p) { return moved(w, [&](P q) { return subtract(q, p); }); })},
    {"path_mul_pt(path,point)", g([](W w, P p) { return moved(w, [&](P q) { return multiply(q, p); }); })},
    {"path_div_pt(path,point)", g([](W w, P p) { return moved(w, [&](P q) { return divide(q, p); }); })},
    {"path_inter(path,path)", g([](W a, W b) { return intersects(a, b); })},
    {"path_distance(path,path)", g([](W a, W b) { return distance(a, b); })},
    {"path_contain_pt(path,point)", g([](W w, P p) { return contains(w, p); })},
    {"on_ppath(point,path)", g([](P p, W w) { return contains(w, p); })},
    {"dist_ppath(point,path)", g([](P p, W w) { return distance(w, p); })},
    {"dist_pathp(path,point)", g([](W w, P p) { return distance(w, p); })},
    {"path(polygon)", g([](G p) {
       return Path{true, p.points};
     })},
    {"polygon(path)", g([](W p) { return polygon_of_path(p); })},
};

const Binding kPolygons[] = {
    {"box(polygon)", g([](G p) { return bounds(p); })},
    {"polygon(box)", g([](B b) {
       return Polygon{{b.low, {b.low.x, b.high.y}, b.high, {b.high.x, b.low.y}}};
     })},
    {"circle(polygon)", g([](G p) { return circle_of(p); })},
    {"point(polygon)", g([](G p) { return circle_of(p).center; })},
    {"poly_center(polygon)", g([](G p) { return circle_of(p).center; })},
    {"npoints(polygon)", g([](G p) { return count(p.points); })},
    {"poly_npoints(polygon)", g([](G p) { return count(p.points); })},
    {"poly_same(polygon,polygon)", g([](G a, G b) { return same_polygon(a, b); })},
    {"poly_overlap(polygon,polygon)", g([](G a, G b) { return overlap(a, b); })},
    {"poly_contain(polygon,polygon)", g([](G a, G b) { return contains(a, b); })},
    {"poly_contained(polygon,polygon)", g([](G a, G b) { return contains(b, a); })},
    {"poly_contain_pt(polygon,point)", g([](G a, P p) { return inside(p, a.points) != 0; })},
    {"pt_contained_poly(point,polygon)", g([](P p, G a) { return inside(p, a.points) != 0; })},
    {"poly_left(polygon,polygon)", g([](G a, G b) { return bounds(a).high.x < bounds(b).low.x; })},
    {"poly_overleft(polygon,polygon)", g([](G a, G b) { return bounds(a).high.x <= bounds(b).high.x; })},
    {"poly_right(polygon,polygon)", g([](G a, G b) { return bounds(a).low.x > bounds(b).high.x; })},
    {"poly_overright(polygon,polygon)", g([](G a, G b) { return bounds(a).low.x >= bounds(b).low.x; })},
    {"poly_below(polygon,polygon)", g([](G a, G b) { return bounds(a).high.y < bounds(b).low.y; })},
    {"poly_overbelow(polygon,polygon)", g([](G a, G b) { return bounds(a).high.y <= bounds(b).high.y; })},
    {"poly_above(polygon,polygon)", g([](G a, G b) { return bounds(a).low.y > bounds(b).high.y; })},
    {"poly_overabove(polygon,polygon)", g([](G a, G b) { return bounds(a).low.y >= bounds(b).low.y; })},
    {"poly_distance(polygon,polygon)", g([](G a, G b) { return distance(a, b); })},
    {"dist_polyp(polygon,point)", g([](G a, P p) { return distance(a, p); })},
    {"dist_ppoly(point,polygon)", g([](P p, G a) { return distance(a, p); })},
};

const Binding kCircles[] = {
    {"circle(point,float8)", g([](P p, double radius) {
       return Circle{p, radius};
     })},
    {"circle(box)", g([](B b) {
       return Circle{center(b), distance(center(b), b.high)};
     })},
    {"box(circle)", g([](C c) { return box_of(c); })},
    {"point(circle)", g([](C c) { return c.center; })},
    {"circle_center(circle)", g([](C c) { return c.center; })},
    {"center(circle)", g([](C c) { return c.center; })},
    {"polygon(int4,circle)", g([](int32_t n, C c) { return polygon_of(c, n); })},
    {"polygon(circle)", g([](C c) { return polygon_of(c, 12); })},
    {"area(circle)", g([](C c) { return area(c); })},
    {"radius(circle)", g([](C c) { return c.radius; })},
    {"diameter(circle)", g([](C c) { return product_of(c.radius, 2); })},
    {"circle_same(circle,circle)", g([](C a, C b) { return same_circle(a, b); })},
    {"circle_eq(circle,circle)", g([](C a, C b) { return near(area(a), area(b)); })},
    {"circle_ne(circle,circle)", g([](C a, C b) {
       double x = area(a), y = area(b);
       return x != y && std::fabs(x - y) > kTolerance;
     })},
    {"circle_lt(circle,circle)", g([](C a, C b) { return less(area(a), area(b)); })},
    {"circle_le(circle,circle)", g([](C a, C b) { return less_equal(area(a), area(b)); })},
    {"circle_gt(circle,circle)", g([](C a, C b) { return greater(area(a), area(b)); })},
    {"circle_ge(circle,circle)", g([](C a, C b) { return greater_equal(area(a), area(b)); })},
    {"circle_overlap(circle,circle)",
     g([](C a, C b) { return less_equal(distance(a.center, b.center), sum_of(a.radius, b.radius)); })},
    {"circle_contain(circle,circle)",
     g([](C a, C b) { return less_equal(distance(a.center, b.center), difference_of(a.radius, b.radius)); })},
    {"circle_contained(circle,circle)",
     g([](C a, C b) { return less_equal(distance(a.center, b.center), difference_of(b.radius, a.radius)); })},
    {"circle_left(circle,circle)",
     g([](C a, C b) { return less(sum_of(a.center.x, a.radius), difference_of(b.center.x, b.radius)); })},
    {"circle_overleft(circle,circle)",
     g([](C a, C b) { return less_equal(sum_of(a.center.x, a.radius), sum_of(b.center.x, b.radius)); })},
    {"circle_right(circle,circle)",
     g([](C a, C b) { return greater(difference_of(a.center.x, a.radius), sum_of(b.center.x, b.radius)); })},
    {"circle_overright(circle,circle)", g([](C a, C b) {
       return greater_equal(difference_of(a.center.x, a.radius), difference_of(b.center.x, b.radius));
     })},
    {"circle_below(circle,circle)",
     g([](C a, C b) { return less(sum_of(a.center.y, a.radius), difference_of(b.center.y, b.radius)); })},
    {"circle_overbelow(circle,circle)",
     g([](C a, C b) { return less_equal(sum_of(a.center.y, a.radius), sum_of(b.center.y, b.radius)); })},
    {"circle_above(circle,circle)",
     g([](C a, C b) { return greater(difference_of(a.center.y, a.radius), sum_of(b.center.y, b.radius)); })},
    {"circle_overabove(circle,circle)", g([](C a, C b) {
       return greater_equal(difference_of(a.center.y, a.radius), difference_of(b.center.y, b.radius));
     })},
    {"circle_add_pt(circle,point)", g([](C c, P p) {
       return Circle{add(c.center, p), c.radius};
     })},
    {"circle_sub_pt(circle,point)", g([](C c, P p) {
       return Circle{subtract(c.center, p), c.radius};
     })},
    {"circle_mul_pt(circle,point)", g([](C c, P p) {
       return Circle{multiply(c.center, p), product_of(c.radius, hypotenuse(p.x, p.y))};
     })},
    {"circle_div_pt(circle,point)", g([](C c, P p) {
       return Circle{divide(c.center, p), quotient_of(c.radius, hypotenuse(p.x, p.y))};
     })},
    {"circle_contain_pt(circle,point)", g([](C c, P p) { return distance(c.center, p) <= c.radius; })},
    {"pt_contained_circle(point,circle)", g([](P p, C c) { return distance(c.center, p) <= c.radius; })},
    {"circle_distance(circle,circle)",
     g([](C a, C b) { return from_edge(distance(a.center, b.center), sum_of(a.radius, b.radius)); })},
    {"dist_pc(point,circle)", g([](P p, C c) { return from_edge(distance(p, c.center), c.radius); })},
    {"dist_cpoint(circle,point)", g([](C c, P p) { return from_edge(distance(p, c.center), c.radius); })},
    {"dist_cpoly(circle,polygon)", g([](C c, G a) { return from_edge(distance(a, c.center), c.radius); })},
    {"dist_polyc(polygon,circle)", g([](G a, C c) { return from_edge(distance(a, c.center), c.radius); })},
};

}  // namespace

Bindings path_bindings() { return kPaths; }
Bindings polygon_bindings() { return kPolygons; }
Bindings circle_bindings() { return kCircles; }

}  // namespace varve::functions
