// The scores over windows of visits, by hand.

#include "warmup_log.h"

#include <gtest/gtest.h>

#include <cmath>

namespace edgeprune::score {
namespace {

const std::vector<std::string> kWindowed = {"dyn_unc", "dual", "tdds"};

float score_of(const std::string& name, std::uint32_t passes, const std::vector<float>& visits) {
  return column_after(name, {.num_samples = 1, .num_classes = 2, .passes = passes},
                      visits_of_one_sample(visits))[0];
}

// Mean 0.5, deviations -0.25, 0, 0.25: sqrt(0.125 / 2) = 0.25.
TEST(DynUnc, IsTheSampleDeviationOfTheLabelsProbability) {
  EXPECT_FLOAT_EQ(score_of("dyn_unc", 3, {0.25f, 0.5f, 0.75f}), 0.25f);
}

// Windows (0, 0.5, 1): 0.5, (0.5, 1, 0.75): 0.25, (1, 0.75, 0.5): 0.25.
TEST(DynUnc, IsTheMeanOverOverlappingWindows) {
  EXPECT_FLOAT_EQ(score_of("dyn_unc", 3, {0, 0.5f, 1, 0.75f, 0.5f}), 1.0f / 3);
}

// The same windows, of means 0.5, 0.75, 0.75: (0.5 * 0.5 + 0.25 * 0.25 + 0.25 * 0.25) / 3.
TEST(Dual, MultipliesEachWindowsDeviationByOneLessItsMean) {
  EXPECT_FLOAT_EQ(score_of("dual", 3, {0, 0.5f, 1, 0.75f, 0.5f}), 0.375f / 3);
}

double move(double before, double now) {
  const auto one_class = [](double p, double q) {
    return std::abs(q * std::log((q + 1e-8) / (p + 1e-8)));
  };
  return one_class(before, now) + one_class(1 - before, 1 - now);
}

// A window of two moves a, b: deviations -+(a - b) / 2, of norm |a - b| / sqrt(2).
TEST(Tdds, IsTheSpreadOfMovesTimesNineTenths) {
  const double a = move(0.25, 0.5);
  const double b = move(0.5, 0.75);
  // Moves of about 0.5 are kept as floats.
  EXPECT_NEAR(static_cast<double>(score_of("tdds", 3, {0.25f, 0.5f, 0.75f})),
              0.9 * std::abs(a - b) / std::sqrt(2.0), 1e-7);
}

TEST(Tdds, CountsAnOlderWindowATenthOfTheNext) {
  const double moves[] = {move(0.25, 0.5), move(0.5, 0.75), move(0.75, 0.25)};
  const double first = std::abs(moves[0] - moves[1]) / std::sqrt(2.0);
  const double second = std::abs(moves[1] - moves[2]) / std::sqrt(2.0);
  EXPECT_FLOAT_EQ(score_of("tdds", 3, {0.25f, 0.5f, 0.75f, 0.25f}),
                  static_cast<float>(0.9 * second + 0.09 * first));
}

// From 0 to 1: 1 * log(1 / 1e-8) = 18.4207; back the same; staying: 0.
TEST(Tdds, AProbabilityOfZeroIsFinite) {
  const double jump = std::log((1 + 1e-8) / 1e-8);
  EXPECT_FLOAT_EQ(score_of("tdds", 3, {0, 1, 1}), static_cast<float>(0.9 * jump / std::sqrt(2.0)));
  EXPECT_EQ(score_of("tdds", 3, {0, 1, 0}), 0);  // two equal moves: steady
}

TEST(Windows, AreTenVisitsLongWhereTheWarmUpHasThem) {
  const std::vector<float> steps = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  // Ten visits each: two windows of nothing, one that ends in 1. Mean 0.1, squares 0.9: 0.9 / 9.
  EXPECT_FLOAT_EQ(score_of("dyn_unc", 12, steps), std::sqrt(0.1f) / 3);
  // Of eleven moves, the last nine: eight of 0, one of about 18.42.
  const double jump = std::log((1 + 1e-8) / 1e-8);
  EXPECT_FLOAT_EQ(score_of("tdds", 12, steps), static_cast<float>(0.9 * jump * std::sqrt(8.0 / 9)));
}

TEST(Windows, KeepTheLengthThatPassesGaveThemHoweverManyVisitsCome) {
  const std::vector<float> visits = {0.25f, 0.5f, 0.75f, 0.25f, 0.5f, 0.75f};
  // Of three visits: sqrt(0.125 / 2) each. Of six they would be sqrt(0.25 / 5).
  EXPECT_FLOAT_EQ(score_of("dyn_unc", 3, visits), 0.25f);
  EXPECT_FLOAT_EQ(score_of("dyn_unc", 6, visits), std::sqrt(0.05f));
}

TEST(Windows, ASampleOfFewerVisitsHasOneWindowOfThoseThereAre) {
  // Mean 0.5, deviations -+0.25: sqrt(0.125 / 1).
  EXPECT_FLOAT_EQ(score_of("dyn_unc", 5, {0.25f, 0.75f}), std::sqrt(0.125f));
  EXPECT_FLOAT_EQ(score_of("dual", 5, {0.25f, 0.75f}), std::sqrt(0.125f) / 2);
  EXPECT_FLOAT_EQ(score_of("tdds", 5, {0.25f, 0.5f, 0.75f}),
                  score_of("tdds", 3, {0.25f, 0.5f, 0.75f}));
  for (const std::string& name : kWindowed) EXPECT_EQ(score_of(name, 5, {0.25f}), 0) << name;
}

// A one-pass variance, E[p^2] - E[p]^2 in float, would be 0 or below here.
TEST(Windows, AreExactWhereAllProbabilitiesAreNearOne) {
  const float step = 1.0f / 16777216;  // of floats just below 1
  EXPECT_FLOAT_EQ(score_of("dyn_unc", 3, {1 - 2 * step, 1 - step, 1}), step);
}

TEST(Windows, DoNotMoveWhereTheNetworkDoesNot) {
  const std::vector<float> still(7, 0.3f);
  for (const std::string& name : kWindowed) EXPECT_NEAR(score_of(name, 4, still), 0, 1e-12) << name;
}

}  // namespace
}  // namespace edgeprune::score
