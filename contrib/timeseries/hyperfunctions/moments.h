// Count, sum and central moments, updated and merged without cancellation (Pébay 2008); of pairs, what linear
// regression needs (Youngs and Cramer 1971). Private to the module.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

namespace varve::hyperfunctions {

struct Moments {
  int64_t n = 0;
  double sum = 0;
  double m2 = 0, m3 = 0, m4 = 0;  // sums of powers of the distance from the mean

  void add(double v) { merge({1, v, 0, 0, 0}); }
  void merge(const Moments& o) {
    if (o.n == 0) return;
    if (n == 0) {
      *this = o;
      return;
    }
    auto a = static_cast<double>(n), b = static_cast<double>(o.n), all = a + b;
    double d = o.sum / b - sum / a, d2 = d * d;
    double third = m3 + o.m3 + d * d2 * a * b * (a - b) / (all * all) + 3 * d * (a * o.m2 - b * m2) / all;
    double fourth = m4 + o.m4 + d2 * d2 * a * b * (a * a - a * b + b * b) / (all * all * all) +
                    6 * d2 * (a * a * o.m2 + b * b * m2) / (all * all) + 4 * d * (a * o.m3 - b * m3) / all;
    m2 += o.m2 + d2 * a * b / all;
    m3 = third;
    m4 = fourth;
    sum += o.sum;
    n += o.n;
  }
};

struct CoMoments {
  int64_t n = 0;
  double sx = 0, sxx = 0, sy = 0, syy = 0, sxy = 0;  // sums, and sums of products of distances from the means

  void add(double x, double y) {
    CoMoments one;
    one.n = 1;
    one.sx = x;
    one.sy = y;
    merge(one);
  }
  void merge(const CoMoments& o) {
    if (o.n == 0) return;
    if (n == 0) {
      *this = o;
      return;
    }
    auto a = static_cast<double>(n), b = static_cast<double>(o.n);
    double dx = o.sx / b - sx / a, dy = o.sy / b - sy / a, share = a * b / (a + b);
    sxx += o.sxx + dx * dx * share;
    syy += o.syy + dy * dy * share;
    sxy += o.sxy + dx * dy * share;
    sx += o.sx;
    sy += o.sy;
    n += o.n;
  }

  std::optional<double> slope() const {
    if (n < 2 || sxx == 0) return std::nullopt;
    return sxy / sxx;
  }
  std::optional<double> intercept() const {
    if (n < 2 || sxx == 0) return std::nullopt;
    return (sy - sx * sxy / sxx) / static_cast<double>(n);
  }
  // Where the line crosses zero.
  std::optional<double> x_intercept() const {
    if (n < 2 || sxx == 0 || sxy == 0) return std::nullopt;
    return -*intercept() / *slope();
  }
  std::optional<double> corr() const {
    if (n == 0 || sxx == 0 || syy == 0) return std::nullopt;
    return sxy / std::sqrt(sxx * syy);
  }
  std::optional<double> determination() const {
    if (n == 0 || sxx == 0) return std::nullopt;
    if (syy == 0) return 1;
    return sxy * sxy / (sxx * syy);
  }
};

}  // namespace varve::hyperfunctions
