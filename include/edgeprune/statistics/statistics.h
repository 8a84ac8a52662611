#pragma once
// What a few seeds can tell: means, spreads, paired differences with Student's t, and what many
// tests at once do to them. Plain arithmetic; no randomness.
//
//   const auto difference = paired_difference(top_accuracies, random_accuracies);
//   if (difference.has_interval && !difference.holds_zero()) ...
//
// A paired difference compares two strategies seed by seed: what a seed does to both (its network,
// its order of samples) cancels, so that few seeds tell more than two separate spreads would.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace edgeprune::statistics {

struct Spread {
  std::size_t count = 0;
  double mean = 0;
  double stddev = 0;  // sample standard deviation (n - 1); 0 for a single value
};
[[nodiscard]] Spread spread_of(std::span<const double> values);
[[nodiscard]] Spread spread_of(std::span<const float> values);

/// The middle value; the mean of the two in the middle of an even number. At least one value.
[[nodiscard]] double median(std::span<const double> values);

/// P(|T| <= t) of Student's t, t >= 0. In closed form, Abramowitz and Stegun 26.7.3 and 26.7.4.
[[nodiscard]] double student_t_within(double t, std::uint32_t degrees_of_freedom);
/// The t with P(|T| <= t) = 0.95.
[[nodiscard]] double student_t_95(std::uint32_t degrees_of_freedom);

struct PairedDifference {
  std::size_t pairs = 0;
  double mean = 0;
  bool has_interval = false;  // two pairs or more, and differences that are not all the same number
  double half_width = 0;      // of the 95 % confidence interval mean +- half_width
  double p_value = 1;         // two-sided
  double holm_p_value = 1;    // among all differences of the comparison

  [[nodiscard]] bool holds_zero() const { return mean - half_width <= 0 && mean + half_width >= 0; }
};
/// Of a - b; both of the same length. Differences that are all equal say nothing of their spread:
/// they get no interval.
[[nodiscard]] PairedDifference paired_difference(std::span<const double> a,
                                                 std::span<const double> b);

/// Holm's step-down adjustment (1979): reject where the adjusted value is at most 0.05, and the
/// chance of even one false rejection among all stays at most 5 %.
[[nodiscard]] std::vector<double> holm_adjusted(std::span<const double> p_values);

}  // namespace edgeprune::statistics
