#pragma once
// Small problems for the selectors on features.

#include "edgeprune/select/selectors.h"

#include <rapidcheck.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace edgeprune::testing {

/// Samples with features; whole numbers below 1000 keep squared distances exact.
struct FeatureProblem {
  std::uint32_t width = 1;
  std::vector<float> features;       // one row per sample
  std::vector<std::int32_t> labels;  // empty: one class
  std::uint32_t num_classes = 0;
  std::vector<std::vector<std::uint32_t>> asked;  // samples whose features were asked for at once

  [[nodiscard]] std::uint32_t size() const {
    return static_cast<std::uint32_t>(features.size() / width);
  }
  /// Refers to this problem.
  [[nodiscard]] select::SelectionInput keep(std::uint32_t num_kept, std::uint64_t seed = 1) {
    select::SelectionInput input{.labels = labels,
                                 .num_classes = num_classes,
                                 .num_samples = size(),
                                 .num_kept = num_kept,
                                 .seed = seed};
    input.features = [this](std::span<const std::uint32_t> samples) {
      asked.emplace_back(samples.begin(), samples.end());
      select::FeatureMatrix rows{.width = width};
      for (const std::uint32_t n : samples) {
        const auto row = features.begin() + n * width;
        rows.values.insert(rows.values.end(), row, row + width);
      }
      return rows;
    };
    return input;
  }
  /// The distance as the nearest float to the exact one.
  [[nodiscard]] float distance(std::size_t a, std::size_t b) const {
    float sum = 0;
    for (std::size_t k = 0; k < width; ++k) {
      const float difference = features[a * width + k] - features[b * width + k];
      sum += difference * difference;
    }
    return std::sqrt(sum);
  }
};

/// One class of 1 to `max_samples` samples; few values make many duplicates and ties.
inline FeatureProblem any_problem(std::uint32_t max_samples) {
  FeatureProblem problem;
  problem.width = *rc::gen::inRange<std::uint32_t>(1, 4);
  const auto size = *rc::gen::inRange<std::uint32_t>(1, max_samples + 1);
  const int range = *rc::gen::element(3, 20, 500);
  problem.features = *rc::gen::container<std::vector<float>>(
      std::size_t{size} * problem.width,
      rc::gen::map(rc::gen::inRange(-range, range), [](int n) { return static_cast<float>(n); }));
  return problem;
}

/// Calls body(subset) for every subset of `count` of 0..size-1, ascending.
template <typename Body>
void for_each_subset(std::uint32_t size, std::uint32_t count, const Body& body) {
  for (std::uint32_t bits = 0; bits < 1u << size; ++bits) {
    std::vector<std::uint32_t> subset;
    for (std::uint32_t i = 0; i < size; ++i) {
      if ((bits >> i & 1) != 0) subset.push_back(i);
    }
    if (subset.size() == count) body(subset);
  }
}

inline const std::array<std::pair<const char*, select::Selector>, 3> kFeatureSelectors = {{
    {"facility_location", select::select_facility_location},
    {"k_center", select::select_k_center},
    {"moderate", select::select_moderate},
}};

}  // namespace edgeprune::testing
