#include "edgeprune/core/error.h"
#include "edgeprune/cost/planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace edgeprune::cost {
namespace {

constexpr double kSmallestExponent = 0.01;
constexpr double kLargestExponent = 10;
constexpr int kGridSteps = 200;   // evenly spaced in the logarithm
constexpr int kGoldenSteps = 40;  // each keeps 0.618 of the interval

[[noreturn]] void fail(const std::string& complaint) {
  throw core::Error(core::ErrorKind::config, complaint);
}

std::size_t num_ratios(std::span<const CurvePoint> points) {
  std::set<double> ratios;
  for (const CurvePoint& point : points) ratios.insert(point.keep_ratio);
  return ratios.size();
}

void check_points(std::span<const CurvePoint> points) {
  for (const CurvePoint& point : points) {
    if (!(point.keep_ratio > 0 && point.keep_ratio <= 1)) {
      fail(fmt::format("a point of the curve has the keep ratio {}; it must be in (0, 1]",
                       point.keep_ratio));
    }
    if (!std::isfinite(point.loss) || !(point.standard_error >= 0)) {
      fail(fmt::format("the curve's loss at keep ratio {} is {} +- {}; both must be finite",
                       point.keep_ratio, point.loss, point.standard_error));
    }
  }
  if (num_ratios(points) < 2) {
    fail("the curve has points of fewer than two keep ratios; a power law needs two, better three");
  }
}

// Least squares of floor + scale * x, x = rho^-exponent, for one exponent.
class LinearFit {
 public:
  explicit LinearFit(std::span<const CurvePoint> points) : points_(points) {
    weighted_ = std::all_of(points.begin(), points.end(),
                            [](const CurvePoint& point) { return point.standard_error > 0; });
  }

  [[nodiscard]] PowerLaw best(double exponent) const {
    const PowerLaw free = unbounded(exponent);
    if (free.floor >= 0 && free.scale >= 0) return free;
    // The optimum under the bounds lies on one of them.
    const PowerLaw on_floor = without_floor(exponent);
    const PowerLaw on_scale = without_scale(exponent);
    return sum_of_squares(on_floor) < sum_of_squares(on_scale) ? on_floor : on_scale;
  }

  [[nodiscard]] double sum_of_squares(const PowerLaw& law) const {
    double sum = 0;
    for (const CurvePoint& point : points_) {
      const double residual = point.loss - law.at(point.keep_ratio);
      sum += weight(point) * residual * residual;
    }
    return sum;
  }

 private:
  struct Means {
    double x = 0;
    double y = 0;
  };

  [[nodiscard]] double weight(const CurvePoint& point) const {
    return weighted_ ? 1 / (point.standard_error * point.standard_error) : 1;
  }

  [[nodiscard]] Means means(double exponent) const {
    Means sums;
    double weights = 0;
    for (const CurvePoint& point : points_) {
      weights += weight(point);
      sums.x += weight(point) * std::pow(point.keep_ratio, -exponent);
      sums.y += weight(point) * point.loss;
    }
    return {sums.x / weights, sums.y / weights};
  }

  // The scale of a line through `origin`.
  [[nodiscard]] double slope(double exponent, const Means& origin) const {
    double products = 0;
    double sum_of_squares = 0;
    for (const CurvePoint& point : points_) {
      const double x = std::pow(point.keep_ratio, -exponent) - origin.x;
      products += weight(point) * x * (point.loss - origin.y);
      sum_of_squares += weight(point) * x * x;
    }
    return products / sum_of_squares;
  }

  [[nodiscard]] PowerLaw unbounded(double exponent) const {
    const Means mean = means(exponent);
    const double scale = slope(exponent, mean);
    return {.floor = mean.y - scale * mean.x, .scale = scale, .exponent = exponent};
  }
  [[nodiscard]] PowerLaw without_floor(double exponent) const {
    return {.floor = 0, .scale = std::max(slope(exponent, {}), 0.0), .exponent = exponent};
  }
  [[nodiscard]] PowerLaw without_scale(double exponent) const {
    return {.floor = std::max(means(exponent).y, 0.0), .scale = 0, .exponent = exponent};
  }

  std::span<const CurvePoint> points_;
  bool weighted_ = false;
};

double grid_exponent(int step) {
  const double span = std::log(kLargestExponent / kSmallestExponent);
  return kSmallestExponent * std::exp(span * step / kGridSteps);
}

template <typename Squares>
double golden_section(double low, double high, const Squares& sum_of_squares) {
  const double ratio = (std::sqrt(5.0) - 1) / 2;
  for (int step = 0; step < kGoldenSteps; ++step) {
    const double left = high - ratio * (high - low);
    const double right = low + ratio * (high - low);
    if (sum_of_squares(left) <= sum_of_squares(right)) {
      high = right;
    } else {
      low = left;
    }
  }
  return (low + high) / 2;
}

double best_exponent(const LinearFit& fit) {
  const auto sum_of_squares = [&](double exponent) {
    return fit.sum_of_squares(fit.best(exponent));
  };
  int best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (int step = 0; step <= kGridSteps; ++step) {
    const double here = sum_of_squares(grid_exponent(step));
    if (here >= least) continue;
    best = step;
    least = here;
  }
  return golden_section(grid_exponent(std::max(best - 1, 0)),
                        grid_exponent(std::min(best + 1, kGridSteps)), sum_of_squares);
}

}  // namespace

double PowerLaw::at(double keep_ratio) const {
  return floor + scale * std::pow(keep_ratio, -exponent);
}

PowerLaw fit_power_law(std::span<const CurvePoint> points, double exponent_if_two) {
  check_points(points);
  const LinearFit fit(points);
  return fit.best(num_ratios(points) == 2 ? exponent_if_two : best_exponent(fit));
}

}  // namespace edgeprune::cost
