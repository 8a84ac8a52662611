#include "edgeprune/statistics/statistics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>

namespace edgeprune::statistics {

namespace {

template <typename T>
Spread spread(std::span<const T> values) {
  Spread result{.count = values.size()};
  if (values.empty()) return result;
  result.mean = std::accumulate(values.begin(), values.end(), 0.0) / values.size();
  if (values.size() < 2) return result;
  double sum_squared_deviations = 0;
  for (const T value : values)
    sum_squared_deviations += (value - result.mean) * (value - result.mean);
  result.stddev = std::sqrt(sum_squared_deviations / static_cast<double>(values.size() - 1));
  return result;
}

}  // namespace

Spread spread_of(std::span<const double> values) {
  return spread(values);
}

Spread spread_of(std::span<const float> values) {
  return spread(values);
}

double median(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  if (sorted.size() % 2 == 1) return sorted[middle];
  return (sorted[middle - 1] + sorted[middle]) / 2;
}

double student_t_within(double t, std::uint32_t degrees_of_freedom) {
  const double angle = std::atan(t / std::sqrt(degrees_of_freedom));
  const double cosine = std::cos(angle);
  const bool odd = degrees_of_freedom % 2 == 1;
  // The series 1 + 1/2 cos^2 + (1 3)/(2 4) cos^4 + ..., or cos + 2/3 cos^3 + (2 4)/(3 5) cos^5 +
  // ...
  double term = odd ? cosine : 1;
  double sum = degrees_of_freedom == 1 ? 0 : term;
  for (std::uint32_t k = odd ? 2 : 1; k + 2 < degrees_of_freedom; k += 2) {
    term *= cosine * cosine * k / (k + 1);
    sum += term;
  }
  const double series = std::sin(angle) * sum;
  return odd ? 2 / std::numbers::pi * (angle + series) : series;
}

double student_t_95(std::uint32_t degrees_of_freedom) {
  double low = 0;
  double high = 13;  // one degree of freedom, the widest: 12.706
  for (int halving = 0; halving < 60; ++halving) {
    const double middle = (low + high) / 2;
    (student_t_within(middle, degrees_of_freedom) < 0.95 ? low : high) = middle;
  }
  return high;
}

PairedDifference paired_difference(std::span<const double> a, std::span<const double> b) {
  std::vector<double> differences(a.size());
  std::transform(a.begin(), a.end(), b.begin(), differences.begin(), std::minus<>());
  const Spread spread = spread_of(differences);
  PairedDifference result{.pairs = a.size(), .mean = spread.mean};
  // Rounding alone is no spread: accuracies are in [0, 1].
  constexpr double kRounding = 1e-12;
  if (spread.count < 2 || (spread.stddev < kRounding && std::abs(spread.mean) > kRounding)) {
    return result;
  }
  const auto freedom = static_cast<std::uint32_t>(spread.count - 1);
  const double standard_error = spread.stddev / std::sqrt(static_cast<double>(spread.count));
  result.has_interval = true;
  result.half_width = student_t_95(freedom) * standard_error;
  if (spread.stddev >= kRounding) {
    result.p_value = 1 - student_t_within(std::abs(spread.mean) / standard_error, freedom);
  }
  return result;
}

std::vector<double> holm_adjusted(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double largest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const double scaled = p_values[order[rank]] * static_cast<double>(order.size() - rank);
    largest = std::max(largest, std::min(1.0, scaled));
    adjusted[order[rank]] = largest;
  }
  return adjusted;
}

}  // namespace edgeprune::statistics
