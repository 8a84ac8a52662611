// What holds for every selector on features.

#include "edgeprune/core/error.h"
#include "edgeprune/core/random.h"
#include "edgeprune/core/thread_pool.h"

#include "feature_problem.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <set>

namespace edgeprune::select {
namespace {

using testing::FeatureProblem;
using testing::kFeatureSelectors;

// Uniform in [0, 1), `width` wide, label n mod num_classes.
FeatureProblem spread_problem(std::uint32_t size, std::uint32_t width, std::uint32_t num_classes) {
  FeatureProblem problem{.width = width, .num_classes = num_classes};
  core::RandomStream draws({.seed = 5});
  for (std::uint32_t i = 0; i < size * width; ++i) problem.features.push_back(draws.uniform());
  for (std::uint32_t n = 0; n < size; ++n) {
    problem.labels.push_back(static_cast<std::int32_t>(n % num_classes));
  }
  return problem;
}

TEST(FeatureSelectors, AgreeWithPublicImplementations) {
  std::ifstream file(EDGEPRUNE_GOLDEN_DIR "/features.json");  // make_feature_golden.py
  const auto golden = nlohmann::json::parse(file);
  FeatureProblem problem{.width = golden["width"],
                         .features = golden["features"],
                         .labels = golden["labels"],
                         .num_classes = 3};
  ASSERT_EQ(golden["cases"].size(), 4u);
  for (const auto& expected : golden["cases"]) {
    for (const auto& [name, select] : kFeatureSelectors) {
      EXPECT_EQ(select(problem.keep(expected["num_kept"])),
                expected[name].get<std::vector<std::uint32_t>>())
          << name << ", " << expected["num_kept"];
    }
  }
}

RC_GTEST_PROP(FeatureSelectorsProperty, KeepExactlyTheQuotaOfEachClassAscending, ()) {
  FeatureProblem problem = testing::any_problem(60);
  problem.num_classes = *rc::gen::inRange<std::uint32_t>(1, 5);
  std::vector<double> sizes(problem.num_classes);
  for (std::uint32_t n = 0; n < problem.size(); ++n) {
    problem.labels.push_back(*rc::gen::inRange(0, static_cast<int>(problem.num_classes)));
    ++sizes[static_cast<std::size_t>(problem.labels.back())];
  }
  const auto count = *rc::gen::inRange<std::uint32_t>(0, problem.size() + 1);
  for (const auto& [name, select] : kFeatureSelectors) {
    const auto kept = select(problem.keep(count));
    RC_ASSERT(kept.size() == count);
    RC_ASSERT(std::adjacent_find(kept.begin(), kept.end(), std::greater_equal<>()) == kept.end());
    std::vector<double> kept_of(problem.num_classes);
    for (const std::uint32_t n : kept) ++kept_of[static_cast<std::size_t>(problem.labels.at(n))];
    for (std::size_t c = 0; c < sizes.size(); ++c) {
      RC_ASSERT(std::abs(kept_of[c] - count * sizes[c] / problem.size()) < 1);
    }
  }
}

TEST(FeatureSelectors, LeaveASmallClassFarAwayItsQuota) {
  FeatureProblem problem = spread_problem(100, 2, 1);
  problem.num_classes = 2;
  for (std::uint32_t n = 0; n < 10; ++n) {
    problem.labels[10 * n] = 1;
    problem.features[20 * n] += 1000;
  }
  for (const auto& [name, select] : kFeatureSelectors) {
    const auto kept = select(problem.keep(20));
    EXPECT_EQ(std::count_if(kept.begin(), kept.end(),
                            [&](std::uint32_t n) { return problem.labels[n] == 1; }),
              2)
        << name;
  }
}

TEST(FeatureSelectors, TakeSamplesWithoutLabelsAsOneClass) {
  FeatureProblem labelled = spread_problem(50, 3, 1);
  FeatureProblem unlabelled = labelled;
  unlabelled.labels.clear();
  unlabelled.num_classes = 0;
  for (const auto& [name, select] : kFeatureSelectors) {
    EXPECT_EQ(select(unlabelled.keep(7)), select(labelled.keep(7))) << name;
  }
}

TEST(FeatureSelectors, AskForOneClassAtATimeAndNotForClassesWithoutQuota) {
  for (const auto& [name, select] : kFeatureSelectors) {
    FeatureProblem problem = spread_problem(6, 1, 3);
    (void)select(problem.keep(2));  // exact shares of 2/3: the first two classes keep one
    EXPECT_EQ(problem.asked, (std::vector<std::vector<std::uint32_t>>{{0, 3}, {1, 4}})) << name;
  }
}

TEST(FeatureSelectors, ChooseTheSameWithAnyNumberOfThreads) {
  FeatureProblem problem = spread_problem(1200, 256, 2);
  for (const auto& [name, select] : kFeatureSelectors) {
    const auto kept = select(problem.keep(100));
    for (const int threads : {1, 2, 5}) {
      core::ThreadPool pool(threads);
      SelectionInput input = problem.keep(100);
      input.pool = &pool;
      EXPECT_EQ(select(input), kept) << name << ", " << threads;
    }
  }
}

TEST(FeatureSelectors, DoNotDependOnWhereTheOriginIs) {
  FeatureProblem problem = spread_problem(300, 4, 3);
  for (float& value : problem.features) value = std::floor(100 * value);
  FeatureProblem moved = problem;
  for (float& value : moved.features) value += 1000;
  for (const auto& [name, select] : kFeatureSelectors) {
    EXPECT_EQ(select(moved.keep(40)), select(problem.keep(40))) << name;
  }
}

TEST(FeatureSelectors, RefuseFeaturesThatAreNotFiniteAndNameTheSample) {
  for (const auto& [name, select] : kFeatureSelectors) {
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      FeatureProblem problem = spread_problem(9, 2, 1);
      problem.features[2 * 7 + 1] = bad;
      testing::expect_error(core::ErrorKind::numeric, {"sample 7", "learning rate"},
                            [&, select = select] { (void)select(problem.keep(3)); });
    }
  }
}

TEST(FeatureSelectors, ALabelOutOfRangeIsAnInternalError) {
  FeatureProblem problem = spread_problem(4, 1, 2);
  problem.labels[3] = 2;
  testing::expect_error(core::ErrorKind::internal, {"sample 3", "label 2"},
                        [&] { (void)select_moderate(problem.keep(2)); });
}

// 5,000 samples of one class are two blocks of 2,500, 4,097 of the other are 2,048 and 2,049.
TEST(FacilityLocationBlocks, CutLargeClassesAndKeepExactlyTheirQuotas) {
  FeatureProblem problem = spread_problem(9097, 2, 1);
  problem.num_classes = 2;
  std::fill_n(problem.labels.begin(), 4097, 1);
  const auto kept = select_facility_location(problem.keep(91));  // exact shares 50.02 and 40.98
  EXPECT_EQ(kept.size(), 91u);
  EXPECT_EQ(std::set(kept.begin(), kept.end()).size(), 91u);
  EXPECT_EQ(std::lower_bound(kept.begin(), kept.end(), 4097u) - kept.begin(), 41);
  std::vector<std::size_t> sizes;
  std::set<std::uint32_t> seen;
  for (const auto& block : problem.asked) {
    sizes.push_back(block.size());
    seen.insert(block.begin(), block.end());
    EXPECT_TRUE(std::is_sorted(block.begin(), block.end()));
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{2500, 2500, 2049, 2048}));
  EXPECT_EQ(seen.size(), 9097u);
}

TEST(FacilityLocationBlocks, AreDrawnBySeed) {
  FeatureProblem problem = spread_problem(4200, 2, 1);
  const auto kept = select_facility_location(problem.keep(40, 1));
  EXPECT_EQ(select_facility_location(problem.keep(40, 1)), kept);
  EXPECT_NE(select_facility_location(problem.keep(40, 2)), kept);
}

TEST(FacilityLocationBlocks, AreNotNeededForClassesOf4096) {
  FeatureProblem problem = spread_problem(4096, 1, 1);
  (void)select_facility_location(problem.keep(4));
  EXPECT_EQ(problem.asked.size(), 1u);
}

}  // namespace
}  // namespace edgeprune::select
