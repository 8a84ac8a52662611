// moderate: samples neither close to the middle of their class nor far from it.
//
//   distance_i = |h_i - median of the class's h|, coordinate by coordinate; per class, of the n
//   samples in order of distance, those at places floor((n - m) / 2) + 1 to floor((n - m) / 2) + m
//
// h are penultimate features, m the class's quota. Source: Moderate coreset (Xia et al., ICLR
// 2023), the samples whose distance is closest, by rank, to the median distance. As in the authors'
// code (github.com/tmllab/2023_ICLR_Moderate-DS, selection.py) the centre is the median, where
// their paper says mean; outliers do not move it. They cut the order of all samples once, we cut
// that of each class, so that a class of wide spread keeps its share. Ties go to the smaller index.
//
// Direction: none, scores play no role. Deterministic, without a seed. Time O(N width + N log N).
// Memory: features of one class and 16 bytes per sample of it.

#include "edgeprune/select/selectors.h"

#include "within_classes.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace edgeprune::select {
namespace {

// Of an even number of values the mean of the middle two.
double median(std::vector<float>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return double{*middle};
  return (double{*std::max_element(values.begin(), middle)} + double{*middle}) / 2;
}

std::vector<double> squared_distances_to_median(const FeatureMatrix& features) {
  const std::size_t n = features.values.size() / features.width;
  std::vector<double> distances(n);
  std::vector<float> column(n);
  const auto value = [&](std::size_t i, std::size_t k) {
    return features.values[i * features.width + k];
  };
  for (std::size_t k = 0; k < features.width; ++k) {
    for (std::size_t i = 0; i < n; ++i) column[i] = value(i, k);
    const double centre = median(column);
    for (std::size_t i = 0; i < n; ++i) {
      const double difference = double{value(i, k)} - centre;
      distances[i] += difference * difference;
    }
  }
  return distances;
}

std::vector<std::uint32_t> rows_of_the_middle(const FeatureMatrix& features, std::uint32_t count) {
  const std::vector<double> distances = squared_distances_to_median(features);
  std::vector<std::uint32_t> order(distances.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return distances[a] < distances[b]; });
  const auto first = order.begin() + static_cast<std::ptrdiff_t>((order.size() - count) / 2);
  return {first, first + count};
}

}  // namespace

std::vector<std::uint32_t> select_moderate(const SelectionInput& input) {
  return select_within_classes(input, rows_of_the_middle);
}

}  // namespace edgeprune::select
