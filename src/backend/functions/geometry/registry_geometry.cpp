// Functions and operators of points, lines, segments and boxes.
#include "geometry_kernel.h"

namespace varve::functions {

namespace {

using P = const Point&;
using S = const Segment&;
using B = const Box&;
using L = const Line&;

bool horizontal(P a, P b) { return near(a.y, b.y); }
bool vertical(P a, P b) { return near(a.x, b.x); }
bool parallel(S a, S b) { return near(slope(a), slope(b)); }
bool perpendicular(S a, S b) { return near(slope(a), inverse_slope(b.p[0], b.p[1])); }
bool same_segment(S a, S b) { return same_point(a.p[0], b.p[0]) && same_point(a.p[1], b.p[1]); }

std::optional<Point> point_of(const Closest& c) {
  if (std::isnan(c.distance)) return std::nullopt;
  return c.point;
}
Box widened(B a, B b) {
  std::vector<Point> corners{a.high, a.low, b.high, b.low};
  return bounds_of(corners);
}
std::optional<Box> common_part(B a, B b) {
  if (!overlap(a, b)) return std::nullopt;
  return Box{{std::fmin(a.high.x, b.high.x), std::fmin(a.high.y, b.high.y)},
             {std::fmax(a.low.x, b.low.x), std::fmax(a.low.y, b.low.y)}};
}

const Binding kPoints[] = {
    {"point(float8,float8)", g([](double x, double y) {
       return Point{x, y};
     })},
    {"point_above(point,point)", g([](P a, P b) { return greater(a.y, b.y); })},
    {"point_below(point,point)", g([](P a, P b) { return less(a.y, b.y); })},
    {"point_left(point,point)", g([](P a, P b) { return less(a.x, b.x); })},
    {"point_right(point,point)", g([](P a, P b) { return greater(a.x, b.x); })},
    {"point_eq(point,point)", g([](P a, P b) { return same_point(a, b); })},
    {"point_ne(point,point)", g([](P a, P b) { return !same_point(a, b); })},
    {"point_horiz(point,point)", g([](P a, P b) { return horizontal(a, b); })},
    {"point_vert(point,point)", g([](P a, P b) { return vertical(a, b); })},
    {"ishorizontal(point,point)", g([](P a, P b) { return horizontal(a, b); })},
    {"isvertical(point,point)", g([](P a, P b) { return vertical(a, b); })},
    {"point_add(point,point)", g([](P a, P b) { return add(a, b); })},
    {"point_sub(point,point)", g([](P a, P b) { return subtract(a, b); })},
    {"point_mul(point,point)", g([](P a, P b) { return multiply(a, b); })},
    {"point_div(point,point)", g([](P a, P b) { return divide(a, b); })},
    {"point_distance(point,point)", g([](P a, P b) { return distance(a, b); })},
    {"slope(point,point)", g([](P a, P b) { return slope(a, b); })},
    // lines
    {"line(point,point)", g([](P a, P b) { return line_through(a, b); })},
    {"line_eq(line,line)", g([](L a, L b) { return same_line(a, b); })},
    {"line_distance(line,line)", g([](L a, L b) { return distance(a, b); })},
    {"line_interpt(line,line)", g([](L a, L b) { return intersection(a, b); })},
    {"line_intersect(line,line)", g([](L a, L b) { return intersection(a, b).has_value(); })},
    {"line_parallel(line,line)", g([](L a, L b) { return !intersection(a, b); })},
    {"isparallel(line,line)", g([](L a, L b) { return !intersection(a, b); })},
    {"line_perp(line,line)", g([](L a, L b) { return perpendicular(a, b); })},
    {"isperp(line,line)", g([](L a, L b) { return perpendicular(a, b); })},
    {"line_horizontal(line)", g([](L a) { return near_zero(a.a); })},
    {"ishorizontal(line)", g([](L a) { return near_zero(a.a); })},
    {"line_vertical(line)", g([](L a) { return near_zero(a.b); })},
    {"isvertical(line)", g([](L a) { return near_zero(a.b); })},
    {"dist_pl(point,line)", g([](P p, L l) { return closest(l, p).distance; })},
    {"dist_lp(line,point)", g([](L l, P p) { return closest(l, p).distance; })},
    {"on_pl(point,line)", g([](P p, L l) { return contains(l, p); })},
    {"close_pl(point,line)", g([](P p, L l) { return point_of(closest(l, p)); })},
    // segments
    {"lseg(point,point)", g([](P a, P b) {
       return Segment{{a, b}};
     })},
    {"point(lseg)", g([](S s) { return middle(s.p[0], s.p[1]); })},
    {"lseg_center(lseg)", g([](S s) { return middle(s.p[0], s.p[1]); })},
    {"lseg_length(lseg)", g([](S s) { return length(s); })},
    {"length(lseg)", g([](S s) { return length(s); })},
    {"lseg_eq(lseg,lseg)", g([](S a, S b) { return same_segment(a, b); })},
    {"lseg_ne(lseg,lseg)", g([](S a, S b) { return !same_segment(a, b); })},
    {"lseg_lt(lseg,lseg)", g([](S a, S b) { return less(length(a), length(b)); })},
    {"lseg_le(lseg,lseg)", g([](S a, S b) { return less_equal(length(a), length(b)); })},
    {"lseg_gt(lseg,lseg)", g([](S a, S b) { return greater(length(a), length(b)); })},
    {"lseg_ge(lseg,lseg)", g([](S a, S b) { return greater_equal(length(a), length(b)); })},
    {"lseg_distance(lseg,lseg)", g([](S a, S b) { return closest(a, b).distance; })},
    {"lseg_interpt(lseg,lseg)", g([](S a, S b) { return intersection(a, b); })},
    {"lseg_intersect(lseg,lseg)", g([](S a, S b) { return intersection(a, b).has_value(); })},
    {"lseg_parallel(lseg,lseg)", g([](S a, S b) { return parallel(a, b); })},
    {"isparallel(lseg,lseg)", g([](S a, S b) { return parallel(a, b); })},
    {"lseg_perp(lseg,lseg)", g([](S a, S b) { return perpendicular(a, b); })},
    {"isperp(lseg,lseg)", g([](S a, S b) { return perpendicular(a, b); })},
    {"lseg_horizontal(lseg)", g([](S s) { return horizontal(s.p[0], s.p[1]); })},
    {"ishorizontal(lseg)", g([](S s) { return horizontal(s.p[0], s.p[1]); })},
    {"lseg_vertical(lseg)", g([](S s) { return vertical(s.p[0], s.p[1]); })},
    {"isvertical(lseg)", g([](S s) { return vertical(s.p[0], s.p[1]); })},
    {"dist_ps(point,lseg)", g([](P p, S s) { return closest(s, p).distance; })},
    {"dist_sp(lseg,point)", g([](S s, P p) { return closest(s, p).distance; })},
    {"dist_ls(line,lseg)", g([](L l, S s) { return closest(s, l).distance; })},
    {"dist_sl(lseg,line)", g([](S s, L l) { return closest(s, l).distance; })},
    {"on_ps(point,lseg)", g([](P p, S s) { return contains(s, p); })},
    {"on_sl(lseg,line)", g([](S s, L l) { return contains(l, s.p[0]) && contains(l, s.p[1]); })},
    {"inter_sl(lseg,line)", g([](S s, L l) { return intersection(s, l).has_value(); })},
    {"close_ps(point,lseg)", g([](P p, S s) { return point_of(closest(s, p)); })},
    {"close_ls(line,lseg)", g([](L l, S s) -> std::optional<Point> {
       if (slope(s) == slope(l)) return std::nullopt;
       return point_of(closest(s, l));
     })},
    {"close_lseg(lseg,lseg)", g([](S a, S b) -> std::optional<Point> {
       if (slope(a) == slope(b)) return std::nullopt;
       return point_of(closest(b, a));
     })},
};

const Binding kBoxes[] = {
    {"box(point,point)", g([](P a, P b) { return make_box(a, b); })},
    {"box(point)", g([](P p) {
       return Box{p, p};
     })},
    {"point(box)", g([](B b) { return center(b); })},
    {"box_center(box)", g([](B b) { return center(b); })},
    {"center(box)", g([](B b) { return center(b); })},
    {"lseg(box)", g([](B b) {
       return Segment{{b.high, b.low}};
     })},
    {"diagonal(box)", g([](B b) {
       return Segment{{b.high, b.low}};
     })},
    {"area(box)", g([](B b) { return area(b); })},
    {"width(box)", g([](B b) { return width(b); })},
    {"height(box)", g([](B b) { return height(b); })},
    {"box_distance(box,box)", g([](B a, B b) { return distance(center(a), center(b)); })},
    {"bound_box(box,box)", g([](B a, B b) { return widened(a, b); })},
    {"box_intersect(box,box)", g([](B a, B b) { return common_part(a, b); })},
    {"box_lt(box,box)", g([](B a, B b) { return less(area(a), area(b)); })},
    {"box_le(box,box)", g([](B a, B b) { return less_equal(area(a), area(b)); })},
    {"box_gt(box,box)", g([](B a, B b) { return greater(area(a), area(b)); })},
    {"box_ge(box,box)", g([](B a, B b) { return greater_equal(area(a), area(b)); })},
    {"box_eq(box,box)", g([](B a, B b) { return near(area(a), area(b)); })},
    {"box_same(box,box)", g([](B a, B b) { return same_point(a.high, b.high) && same_point(a.low, b.low); })},
    {"box_overlap(box,box)", g([](B a, B b) { return overlap(a, b); })},
    {"box_contain(box,box)", g([](B a, B b) { return contains(a, b); })},
    {"box_contained(box,box)", g([](B a, B b) { return contains(b, a); })},
    {"box_left(box,box)", g([](B a, B b) { return less(a.high.x, b.low.x); })},
    {"box_overleft(box,box)", g([](B a, B b) { return less_equal(a.high.x, b.high.x); })},
    {"box_right(box,box)", g([](B a, B b) { return greater(a.low.x, b.high.x); })},
    {"box_overright(box,box)", g([](B a, B b) { return greater_equal(a.low.x, b.low.x); })},
    {"box_below(box,box)", g([](B a, B b) { return less(a.high.y, b.low.y); })},
    {"box_overbelow(box,box)", g([](B a, B b) { return less_equal(a.high.y, b.high.y); })},
    {"box_above(box,box)", g([](B a, B b) { return greater(a.low.y, b.high.y); })},
    {"box_overabove(box,box)", g([](B a, B b) { return greater_equal(a.low.y, b.low.y); })},
    {"box_below_eq(box,box)", g([](B a, B b) { return less_equal(a.high.y, b.low.y); })},
    {"box_above_eq(box,box)", g([](B a, B b) { return greater_equal(a.low.y, b.high.y); })},
    {"box_add(box,point)", g([](B b, P p) {
       return Box{add(b.high, p), add(b.low, p)};
     })},
    {"box_sub(box,point)", g([](B b, P p) {
       return Box{subtract(b.high, p), subtract(b.low, p)};
     })},
    {"box_mul(box,point)", g([](B b, P p) { return make_box(multiply(b.high, p), multiply(b.low, p)); })},
    {"box_div(box,point)", g([](B b, P p) { return make_box(divide(b.high, p), divide(b.low, p)); })},
    {"box_contain_pt(box,point)", g([](B b, P p) { return contains(b, p); })},
    {"on_pb(point,box)", g([](P p, B b) { return contains(b, p); })},
    {"on_sb(lseg,box)", g([](S s, B b) { return contains(b, s.p[0]) && contains(b, s.p[1]); })},
    {"inter_sb(lseg,box)", g([](S s, B b) { return intersects(b, s); })},
    {"inter_lb(line,box)", g([](L l, B b) { return intersects(b, l); })},
    {"dist_pb(point,box)", g([](P p, B b) { return closest(b, p).distance; })},
    {"dist_bp(box,point)", g([](B b, P p) { return closest(b, p).distance; })},
    {"dist_sb(lseg,box)", g([](S s, B b) { return closest(b, s).distance; })},
    {"dist_bs(box,lseg)", g([](B b, S s) { return closest(b, s).distance; })},
    {"close_pb(point,box)", g([](P p, B b) { return point_of(closest(b, p)); })},
    {"close_sb(lseg,box)", g([](S s, B b) { return point_of(closest(b, s)); })},
};

}  // namespace

Bindings geometry_bindings() { return kPoints; }
Bindings box_bindings() { return kBoxes; }

}  // namespace varve::functions
