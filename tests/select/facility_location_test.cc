#include "feature_problem.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace edgeprune::select {
namespace {

using testing::FeatureProblem;
using Samples = std::vector<std::uint32_t>;

// Sums of distances on the line: 24 from 0, 21 from 1, 20 from 2, 28 from 10, 31 from 11. Beside 2,
// the sample at 10 saves 8 + 8, the one at 11 saves 7 + 9: a tie.
TEST(FacilityLocation, KeepsTheMedoidFirstThenWhatIsWorstRepresented) {
  FeatureProblem problem{.features = {0, 1, 2, 10, 11}};
  EXPECT_EQ(select_facility_location(problem.keep(1)), (Samples{2}));
  EXPECT_EQ(select_facility_location(problem.keep(2)), (Samples{2, 3}));
}

TEST(FacilityLocation, TiesGoToTheSmallerIndex) {
  FeatureProblem same{.features = {4, 4, 4, 4}};
  EXPECT_EQ(select_facility_location(same.keep(3)), (Samples{0, 1, 2}));
  FeatureProblem pair{.features = {7, 3}};
  EXPECT_EQ(select_facility_location(pair.keep(1)), (Samples{0}));
}

double distance_to_nearest(const FeatureProblem& problem, std::uint32_t i, const Samples& kept) {
  double nearest = 1e9;
  for (const std::uint32_t j : kept) nearest = std::min(nearest, double{problem.distance(i, j)});
  return nearest;
}

double sum_of_distances(const FeatureProblem& problem, const Samples& kept) {
  double sum = 0;
  for (std::uint32_t i = 0; i < problem.size(); ++i) sum += distance_to_nearest(problem, i, kept);
  return sum;
}

// Looks at every sample every time. Sums of these distances are exact in double.
Samples by_plain_greedy(const FeatureProblem& problem, std::uint32_t count) {
  Samples kept;
  while (kept.size() < count) {
    std::uint32_t best = 0;
    double best_sum = 1e18;
    for (std::uint32_t j = 0; j < problem.size(); ++j) {
      if (std::find(kept.begin(), kept.end(), j) != kept.end()) continue;
      Samples with_j = kept;
      with_j.push_back(j);
      const double sum = sum_of_distances(problem, with_j);
      if (sum < best_sum) {
        best = j;
        best_sum = sum;
      }
    }
    kept.push_back(best);
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

RC_GTEST_PROP(FacilityLocationProperty, LazyGreedyIsPlainGreedy, ()) {
  FeatureProblem problem = testing::any_problem(25);
  const auto count = *rc::gen::inRange<std::uint32_t>(1, problem.size() + 1);
  RC_ASSERT(select_facility_location(problem.keep(count)) == by_plain_greedy(problem, count));
}

// Nemhauser, Wolsey and Fisher (1978), with the largest distance as the constant of f.
RC_GTEST_PROP(FacilityLocationProperty, ReachesOneMinusOneOverEOfTheBest, ()) {
  FeatureProblem problem = testing::any_problem(8);
  const auto count = *rc::gen::inRange<std::uint32_t>(1, problem.size() + 1);
  double largest = 0;
  for (std::uint32_t i = 0; i < problem.size(); ++i) {
    for (std::uint32_t j = 0; j < i; ++j) {
      largest = std::max(largest, double{problem.distance(i, j)});
    }
  }
  const auto f = [&](const Samples& kept) {
    return problem.size() * largest - sum_of_distances(problem, kept);
  };
  double best = 0;
  testing::for_each_subset(problem.size(), count,
                           [&](const Samples& subset) { best = std::max(best, f(subset)); });
  RC_ASSERT(f(select_facility_location(problem.keep(count))) >= (1 - std::exp(-1.0)) * best);
}

RC_GTEST_PROP(FacilityLocationProperty, KeepsNoDuplicateWhileThereIsSomethingNew, ()) {
  FeatureProblem problem = testing::any_problem(40);
  const auto row = [&](std::uint32_t n) {
    const auto begin = problem.features.begin() + n * problem.width;
    return std::vector<float>(begin, begin + problem.width);
  };
  std::set<std::vector<float>> all;
  for (std::uint32_t n = 0; n < problem.size(); ++n) all.insert(row(n));
  const auto count = *rc::gen::inRange<std::uint32_t>(1, problem.size() + 1);
  std::set<std::vector<float>> different;
  for (const std::uint32_t n : select_facility_location(problem.keep(count))) {
    different.insert(row(n));
  }
  RC_ASSERT(different.size() == std::min<std::size_t>(count, all.size()));
}

}  // namespace
}  // namespace edgeprune::select
