#include "edgeprune/core/error.h"
#include "edgeprune/cost/equations.h"
#include "edgeprune/cost/planner.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

namespace edgeprune::cost {
namespace {

constexpr std::uint64_t kSeed = 7;

CostOf seconds_per_sample(double seconds) {
  return [seconds](std::uint32_t num_kept) {
    RunCost cost;
    cost.of(core::Activity::train).seconds = seconds * num_kept;
    return cost;
  };
}

std::vector<CurvePoint> curve_of(const PowerLaw& law, double standard_error = 0) {
  std::vector<CurvePoint> points;
  for (const double ratio : {0.1, 0.3, 1.0}) {
    points.push_back({ratio, law.at(ratio), standard_error});
  }
  return points;
}

constexpr PowerLaw kLaw{.floor = 0.2, .scale = 0.1, .exponent = 0.5};

Device device_of(std::uint32_t num_samples) {
  return {.name = "board",
          .num_samples = num_samples,
          .cost_of_kept = seconds_per_sample(1),
          .curve = curve_of(kLaw)};
}

Recommendation recommend(const Device& device, const Weights& weights) {
  return recommend_keep_ratios(std::vector<Device>{device}, weights, kSeed).at(0);
}

// 0.2 + 0.1 rho^-1/2 + l N rho is least where 0.05 rho^-3/2 = l N: with N = 1000 and l = 0.0004,
// rho^-3/2 = 8, rho = 1/4. There it is 0.2 + 0.1 * 2 + 0.0004 * 250 = 0.5.
TEST(RecommendKeepRatios, FindsWhereTheDerivativeIsZero) {
  const Recommendation found = recommend(device_of(1000), {.per_second = 0.0004});
  EXPECT_EQ(found.num_kept, 250U);
  EXPECT_DOUBLE_EQ(found.keep_ratio, 0.25);
  EXPECT_NEAR(found.loss, 0.4, 1e-6);
  EXPECT_NEAR(found.objective, 0.5, 1e-6);
  EXPECT_EQ(found.binding, std::nullopt);
}

// The same with a hundred times the samples, of which not every one is tried.
TEST(RecommendKeepRatios, RefinesBetweenItsCandidates) {
  const Recommendation found = recommend(device_of(100000), {.per_second = 0.000004});
  EXPECT_NEAR(found.num_kept, 25000, 2);
}

TEST(RecommendKeepRatios, KeepsEverythingWhereNothingHasAPrice) {
  EXPECT_EQ(recommend(device_of(1000), {}).num_kept, 1000U);
}

TEST(RecommendKeepRatios, StaysWithinTheBudgetAndNamesIt) {
  Device device = device_of(1000);
  device.budgets.seconds = 100;
  const Recommendation found = recommend(device, {.per_second = 0.0004});
  EXPECT_EQ(found.num_kept, 100U);
  EXPECT_EQ(found.binding, BudgetKind::seconds);
}

TEST(RecommendKeepRatios, NamesTheDeviceWhoseBudgetCannotBeMet) {
  Device device = device_of(1000);
  device.budgets.seconds = 0.5;
  try {
    (void)recommend(device, {});
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_TRUE(std::string_view(error.what()).starts_with("device board: budget.seconds is 0.5;"));
  }
}

TEST(RecommendKeepRatios, KnowsNoRangeFromSinglePointsThatTheLawGoesThrough) {
  EXPECT_FALSE(recommend(device_of(1000), {.per_second = 0.0004}).range.has_value());
}

TEST(RecommendKeepRatios, GivesAWiderRangeForLargerStandardErrors) {
  Device device = device_of(1000);
  device.curve = curve_of(kLaw, 0.002);
  const auto narrow = recommend(device, {.per_second = 0.0004}).range;
  device.curve = curve_of(kLaw, 0.01);
  const auto wide = recommend(device, {.per_second = 0.0004}).range;
  ASSERT_TRUE(narrow.has_value());
  ASSERT_TRUE(wide.has_value());
  EXPECT_LT(narrow->low, 0.25);
  EXPECT_GT(narrow->high, 0.25);
  EXPECT_LT(wide->low, narrow->low);
  EXPECT_GT(wide->high, narrow->high);
}

// Five points, three parameters: their scatter about the law stands in for standard errors.
TEST(RecommendKeepRatios, TakesTheScatterWhereThereAreNoStandardErrors) {
  Device device = device_of(1000);
  device.curve = {{0.1, kLaw.at(0.1) + 0.01, 0},
                  {0.2, kLaw.at(0.2) - 0.01, 0},
                  {0.4, kLaw.at(0.4) + 0.01, 0},
                  {0.7, kLaw.at(0.7) - 0.01, 0},
                  {1, kLaw.at(1) + 0.005, 0}};
  const auto range = recommend(device, {.per_second = 0.0004}).range;
  ASSERT_TRUE(range.has_value());
  EXPECT_LT(range->low, range->high);
}

TEST(RecommendKeepRatios, IsAFunctionOfTheSeed) {
  Device device = device_of(1000);
  device.curve = curve_of(kLaw, 0.01);
  const Weights weights{.per_second = 0.0004};
  const auto first = recommend(device, weights).range;
  const auto again = recommend(device, weights).range;
  EXPECT_EQ(first->low, again->low);
  EXPECT_EQ(first->high, again->high);
}

// (14) over two devices by brute force: the sum of p_k F_k and (13) of both at every pair of keep
// ratios of a coarse grid. None is below the pair recommended, each by itself.
TEST(RecommendKeepRatios, SolvesTheJointProblem) {
  const PowerLaw laws[] = {{0.1, 0.2, 0.7}, {0.05, 0.3, 0.4}};
  const std::uint32_t sizes[] = {400, 1200};
  const double seconds[] = {1, 0.25};
  std::vector<Device> devices;
  for (int k = 0; k < 2; ++k) {
    devices.push_back({.name = "board",
                       .num_samples = sizes[k],
                       .cost_of_kept = seconds_per_sample(seconds[k]),
                       .curve = curve_of(laws[k])});
  }
  devices[0].budgets.seconds = 300;
  const Weights weights{.per_second = 0.0003};
  const auto joint = [&](double rho_0, double rho_1) {
    return 400.0 / 1600 * laws[0].at(rho_0) + 1200.0 / 1600 * laws[1].at(rho_1) +
           0.0003 * (1.0 * 400 * rho_0 + 0.25 * 1200 * rho_1);
  };
  const auto found = recommend_keep_ratios(devices, weights, kSeed);
  const double reached = joint(found[0].keep_ratio, found[1].keep_ratio);
  EXPECT_NEAR(found[0].objective + found[1].objective, reached, 1e-6);
  for (int i = 1; i <= 30; ++i) {  // rho_0 up to 300 / 400
    for (int j = 1; j <= 40; ++j) EXPECT_LE(reached, joint(i / 40.0, j / 40.0) + 1e-6);
  }
}

Device any_device() {
  const PowerLaw law{.floor = *rc::gen::inRange(0, 100) / 200.0,
                     .scale = *rc::gen::inRange(1, 100) / 200.0,
                     .exponent = *rc::gen::inRange(10, 200) / 100.0};
  Device device = device_of(*rc::gen::inRange<std::uint32_t>(2, 2000));
  device.curve = curve_of(law);
  return device;
}

RC_GTEST_PROP(RecommendKeepRatiosProperty, NoOtherKeepRatioIsBetter, ()) {
  const Device device = any_device();
  const Weights weights{.per_second = *rc::gen::inRange(0, 1000) / 1e6};
  const Recommendation found = recommend(device, weights);
  for (std::uint32_t m = 1; m <= device.num_samples; ++m) {
    const double rho = static_cast<double>(m) / device.num_samples;
    RC_ASSERT(found.objective <=
              found.law.at(rho) + weighted_cost(weights, device.cost_of_kept(m)) + 1e-12);
  }
}

RC_GTEST_PROP(RecommendKeepRatiosProperty, AHigherPriceNeverKeepsMore, ()) {
  const Device device = any_device();
  std::uint32_t kept = std::numeric_limits<std::uint32_t>::max();
  for (const double price : {0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2}) {
    const Recommendation found = recommend(device, {.per_second = price});
    RC_ASSERT(found.num_kept <= kept);
    kept = found.num_kept;
  }
}

}  // namespace
}  // namespace edgeprune::cost
