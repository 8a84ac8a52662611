#include "feature_problem.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

namespace edgeprune::select {
namespace {

using testing::FeatureProblem;
using Samples = std::vector<std::uint32_t>;

// The mean is 4.8, nearest to it 2; farthest from 2 is 11 (9 away), then 0 (2 from 2), then of 1
// and 10, both 1 from a centre, the smaller index.
TEST(KCenter, StartsNearTheMeanAndGoesWhereItIsFarthest) {
  FeatureProblem problem{.features = {0, 1, 2, 10, 11}};
  EXPECT_EQ(select_k_center(problem.keep(1)), (Samples{2}));
  EXPECT_EQ(select_k_center(problem.keep(2)), (Samples{2, 4}));
  EXPECT_EQ(select_k_center(problem.keep(3)), (Samples{0, 2, 4}));
  EXPECT_EQ(select_k_center(problem.keep(4)), (Samples{0, 1, 2, 4}));
}

TEST(KCenter, FindsTheOutlierSecond) {
  FeatureProblem problem{.features = {5, 6, 7, -90, 8}};
  EXPECT_EQ(select_k_center(problem.keep(2)), (Samples{0, 3}));
}

float radius(const FeatureProblem& problem, const Samples& centres) {
  float farthest = 0;
  for (std::uint32_t i = 0; i < problem.size(); ++i) {
    float nearest = 1e9f;
    for (const std::uint32_t j : centres) nearest = std::min(nearest, problem.distance(i, j));
    farthest = std::max(farthest, nearest);
  }
  return farthest;
}

// Gonzalez (1985): no sample is more than twice as far from a centre as with the best centres.
RC_GTEST_PROP(KCenterProperty, HasAtMostTwiceTheBestRadius, ()) {
  FeatureProblem problem = testing::any_problem(8);
  const auto count = *rc::gen::inRange<std::uint32_t>(1, problem.size() + 1);
  float best = 1e9f;
  testing::for_each_subset(problem.size(), count, [&](const Samples& centres) {
    best = std::min(best, radius(problem, centres));
  });
  const float rounding = 1e-5f * best;
  RC_ASSERT(radius(problem, select_k_center(problem.keep(count))) <= 2 * best + rounding);
}

RC_GTEST_PROP(KCenterProperty, ALargerShareKeepsAllThatASmallerOneKept, ()) {
  FeatureProblem problem = testing::any_problem(40);
  const auto more = *rc::gen::inRange<std::uint32_t>(1, problem.size() + 1);
  const auto fewer = *rc::gen::inRange<std::uint32_t>(1, more + 1);
  const Samples large = select_k_center(problem.keep(more));
  const Samples small = select_k_center(problem.keep(fewer));
  RC_ASSERT(std::includes(large.begin(), large.end(), small.begin(), small.end()));
}

RC_GTEST_PROP(KCenterProperty, KeepsNoDuplicateWhileThereIsSomethingNew, ()) {
  FeatureProblem problem = testing::any_problem(40);
  const auto row = [&](std::uint32_t n) {
    const auto begin = problem.features.begin() + n * problem.width;
    return std::vector<float>(begin, begin + problem.width);
  };
  std::set<std::vector<float>> all;
  for (std::uint32_t n = 0; n < problem.size(); ++n) all.insert(row(n));
  const auto count = *rc::gen::inRange<std::uint32_t>(1, problem.size() + 1);
  std::set<std::vector<float>> different;
  for (const std::uint32_t n : select_k_center(problem.keep(count))) different.insert(row(n));
  RC_ASSERT(different.size() == std::min<std::size_t>(count, all.size()));
}

}  // namespace
}  // namespace edgeprune::select
