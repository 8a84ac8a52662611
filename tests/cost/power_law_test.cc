#include "edgeprune/core/error.h"
#include "edgeprune/cost/planner.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <vector>

namespace edgeprune::cost {
namespace {

std::vector<CurvePoint> points_on(const PowerLaw& law, const std::vector<double>& keep_ratios) {
  std::vector<CurvePoint> points;
  for (const double ratio : keep_ratios) points.push_back({ratio, law.at(ratio), 0});
  return points;
}

// 0.2 + 0.1 * 0.25^-0.5 = 0.2 + 0.1 * 2 = 0.4.
TEST(PowerLaw, FallsFromSmallKeepRatiosToTheFloor) {
  const PowerLaw law{.floor = 0.2, .scale = 0.1, .exponent = 0.5};
  EXPECT_DOUBLE_EQ(law.at(0.25), 0.4);
  EXPECT_DOUBLE_EQ(law.at(1), 0.2 + 0.1);
}

TEST(FitPowerLaw, FindsTheLawThatMadeThePoints) {
  const PowerLaw made{.floor = 0.2, .scale = 0.1, .exponent = 0.8};
  const PowerLaw law = fit_power_law(points_on(made, {0.1, 0.2, 0.5, 0.8, 1}));
  EXPECT_NEAR(law.floor, made.floor, 1e-5);
  EXPECT_NEAR(law.scale, made.scale, 1e-5);
  EXPECT_NEAR(law.exponent, made.exponent, 1e-5);
}

// With exponent 1/2, x is 2 at 0.25 and 1 at 1: scale = (0.5 - 0.3) / (2 - 1), floor = 0.3 - 0.2.
TEST(FitPowerLaw, TakesTheExponentGivenForTwoKeepRatios) {
  const std::vector<CurvePoint> points = {{0.25, 0.5, 0}, {1, 0.3, 0}};
  const PowerLaw law = fit_power_law(points);
  EXPECT_DOUBLE_EQ(law.exponent, 0.5);
  EXPECT_NEAR(law.scale, 0.2, 1e-12);
  EXPECT_NEAR(law.floor, 0.1, 1e-12);
}

// A line through (2, 0.9) and (1, 0.3) would have the floor -0.3. Through the origin the scale is
// (2 * 0.9 + 1 * 0.3) / (2^2 + 1^2) = 0.42.
TEST(FitPowerLaw, KeepsTheFloorAtOrAboveZero) {
  const PowerLaw law = fit_power_law(std::vector<CurvePoint>{{0.25, 0.9, 0}, {1, 0.3, 0}});
  EXPECT_EQ(law.floor, 0);
  EXPECT_NEAR(law.scale, 0.42, 1e-12);
}

TEST(FitPowerLaw, IsFlatWhereMoreSamplesDoNotHelp) {
  const PowerLaw law = fit_power_law(std::vector<CurvePoint>{{0.25, 0.2, 0}, {1, 0.4, 0}});
  EXPECT_EQ(law.scale, 0);
  EXPECT_NEAR(law.floor, 0.3, 1e-12);
}

// Two points at 1: weighted by 1 / 0.1^2 and 1 / 0.2^2, their mean is (4 * 0.2 + 1 * 0.7) / 5 =
// 0.3, and with 0.5 at 0.25 the law is that of the test above.
TEST(FitPowerLaw, WeighsPointsByTheirStandardErrors) {
  const PowerLaw law =
      fit_power_law(std::vector<CurvePoint>{{0.25, 0.5, 0.1}, {1, 0.2, 0.1}, {1, 0.7, 0.2}});
  EXPECT_NEAR(law.scale, 0.2, 1e-12);
  EXPECT_NEAR(law.floor, 0.1, 1e-12);
}

// From scipy.optimize.curve_fit; tests/cost/power_law.py prints them. The sum of squares is flat
// about its minimum, so that the two agree in the parameters to about 1e-5.
TEST(FitPowerLaw, AgreesWithSciPy) {
  const std::vector<CurvePoint> points = {{0.1, 0.61, 0}, {0.2, 0.47, 0},  {0.3, 0.41, 0},
                                          {0.5, 0.36, 0}, {0.8, 0.335, 0}, {1, 0.32, 0}};
  const PowerLaw law = fit_power_law(points);
  EXPECT_NEAR(law.floor, 0.259596, 1e-4);
  EXPECT_NEAR(law.scale, 0.061040, 1e-4);
  EXPECT_NEAR(law.exponent, 0.759730, 1e-4);
}

TEST(FitPowerLaw, NeedsTwoKeepRatios) {
  EXPECT_THROW((void)fit_power_law(std::vector<CurvePoint>{{0.5, 0.3, 0}, {0.5, 0.4, 0}}),
               core::Error);
  EXPECT_THROW((void)fit_power_law({}), core::Error);
}

TEST(FitPowerLaw, RefusesPointsThatAreNone) {
  EXPECT_THROW((void)fit_power_law(std::vector<CurvePoint>{{0, 0.3, 0}, {0.5, 0.4, 0}}),
               core::Error);
  EXPECT_THROW((void)fit_power_law(std::vector<CurvePoint>{{0.1, NAN, 0}, {0.5, 0.4, 0}}),
               core::Error);
}

double sum_of_squares(const std::vector<CurvePoint>& points, const PowerLaw& law) {
  double sum = 0;
  for (const CurvePoint& point : points) {
    sum += std::pow(point.loss - law.at(point.keep_ratio), 2);
  }
  return sum;
}

RC_GTEST_PROP(FitPowerLawProperty, NoOtherLawIsNearerToThePoints, ()) {
  std::vector<CurvePoint> points;
  for (const double ratio : {0.1, 0.2, 0.4, 0.7, 1.0}) {
    points.push_back({ratio, *rc::gen::inRange(0, 1000) / 1000.0, 0});
  }
  const double least = sum_of_squares(points, fit_power_law(points));
  for (int i = 0; i < 50; ++i) {
    const PowerLaw other{.floor = *rc::gen::inRange(0, 1000) / 1000.0,
                         .scale = *rc::gen::inRange(0, 1000) / 1000.0,
                         .exponent = *rc::gen::inRange(10, 3000) / 1000.0};
    RC_ASSERT(least <= sum_of_squares(points, other) + 1e-12);
  }
}

}  // namespace
}  // namespace edgeprune::cost
