#include "feature_problem.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace edgeprune::select {
namespace {

using testing::FeatureProblem;
using Samples = std::vector<std::uint32_t>;

// Median 3, distances 3, 2, 1, 0, 1, 2, 97: in order of distance samples 3, 2, 4, 1, 5, 0, 6.
TEST(Moderate, KeepsTheMiddleOfTheOrderByDistanceToTheMedian) {
  FeatureProblem problem{.features = {0, 1, 2, 3, 4, 5, 100}};
  EXPECT_EQ(select_moderate(problem.keep(1)), (Samples{1}));
  EXPECT_EQ(select_moderate(problem.keep(3)), (Samples{1, 4, 5}));
  EXPECT_EQ(select_moderate(problem.keep(5)), (Samples{0, 1, 2, 4, 5}));
}

// Medians 4 and 20 (the means of 3 and 5, of 10 and 30), of four samples. From (4, 20): (1, 10)
// sqrt(109), (3, 30) sqrt(101), (5, 0) sqrt(401), (9, 40) sqrt(425).
TEST(Moderate, TakesTheMedianOfEachCoordinateAndTheMeanOfTheMiddleTwo) {
  FeatureProblem problem{.width = 2, .features = {1, 10, 3, 30, 5, 0, 9, 40}};
  EXPECT_EQ(select_moderate(problem.keep(2)), (Samples{0, 2}));
}

// Of an odd number left out, one more is left out of the far ones.
TEST(Moderate, PrefersTheNearerWhereTheMiddleIsBetweenTwo) {
  FeatureProblem problem{.features = {0, 1, 3, 6}};  // median 2: distances 2, 1, 1, 4
  EXPECT_EQ(select_moderate(problem.keep(1)), (Samples{2}));
  EXPECT_EQ(select_moderate(problem.keep(3)), (Samples{0, 1, 2}));
}

TEST(Moderate, LeavesAnOutlierOut) {
  FeatureProblem problem{.features = {-500, 5, 6, 7, 8, 9}};
  for (std::uint32_t count = 1; count < 6; ++count) {
    EXPECT_NE(select_moderate(problem.keep(count)).front(), 0u) << count;
  }
}

RC_GTEST_PROP(ModerateProperty, AsManyAreLeftOutForBeingNearAsForBeingFar, ()) {
  FeatureProblem problem = testing::any_problem(40);
  const std::uint32_t size = problem.size();
  const auto count = *rc::gen::inRange<std::uint32_t>(1, size + 1);
  // The median as one more sample, at index `size`.
  FeatureProblem with_median = problem;
  for (std::uint32_t k = 0; k < problem.width; ++k) {
    std::vector<float> column;
    for (std::uint32_t n = 0; n < size; ++n) {
      column.push_back(problem.features[n * problem.width + k]);
    }
    std::sort(column.begin(), column.end());
    with_median.features.push_back((column[(size - 1) / 2] + column[size / 2]) / 2);
  }
  const Samples kept = select_moderate(problem.keep(count));
  std::vector<float> distances;
  for (const std::uint32_t n : kept) distances.push_back(with_median.distance(n, size));
  const auto [nearest, farthest] = std::minmax_element(distances.begin(), distances.end());
  std::uint32_t nearer = 0;
  std::uint32_t farther = 0;
  for (std::uint32_t n = 0; n < size; ++n) {
    nearer += with_median.distance(n, size) < *nearest;
    farther += with_median.distance(n, size) > *farthest;
  }
  RC_ASSERT(nearer <= (size - count) / 2);
  RC_ASSERT(farther <= (size - count + 1) / 2);
}

}  // namespace
}  // namespace edgeprune::select
