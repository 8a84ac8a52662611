// The scores that are a mean over visits, by hand.

#include "warmup_log.h"

#include <gtest/gtest.h>

#include <cmath>

namespace edgeprune::score {
namespace {

using Values = std::vector<float>;
constexpr ScoreSize kTwoSamplesOfThreeClasses{.num_samples = 2, .num_classes = 3};

Batch two_samples(const std::vector<float>& probabilities) {
  return {.samples = {0, 1}, .labels = {0, 2}, .probabilities = probabilities};
}

// 0: (0.5-1, 0.5, 0): sqrt(0.25 + 0.25)          1: (0, 0.8, 0.2-1): sqrt(0.64 + 0.64)
//    then all right: 0; the mean is half of that    then all wrong: sqrt(1 + 1)
TEST(El2n, IsTheLengthOfTheErrorOverVisits) {
  const auto values =
      column_after("el2n", kTwoSamplesOfThreeClasses,
                   {two_samples({0.5f, 0.5f, 0, 0, 0.8f, 0.2f}), two_samples({1, 0, 0, 1, 0, 0})});
  EXPECT_FLOAT_EQ(values[0], std::sqrt(0.5f) / 2);
  EXPECT_FLOAT_EQ(values[1], (std::sqrt(1.28f) + std::sqrt(2.0f)) / 2);
}

// Features (3, 4): length 5; (0, 2): 2.
TEST(Grand, IsEl2nTimesTheLengthOfTheFeatures) {
  Batch batch = two_samples({0.5f, 0.5f, 0, 1, 0, 0});
  batch.features = {3, 4, 0, 2};
  const auto values = column_after("grand", kTwoSamplesOfThreeClasses, {batch});
  EXPECT_FLOAT_EQ(values[0], std::sqrt(0.5f) * 5);
  EXPECT_FLOAT_EQ(values[1], std::sqrt(2.0f) * 2);
}

TEST(Grand, IsZeroWhereNoFeatureIsOn) {
  Batch batch = two_samples({0.5f, 0.5f, 0, 1, 0, 0});
  batch.features = {0, 0, 0, 0};
  EXPECT_EQ(column_after("grand", kTwoSamplesOfThreeClasses, {batch}), (Values{0, 0}));
}

// 0: 2 - 1, then -3 - 5: mean -3.5         1: label 2: 4 - 7, then 4 - (-1): mean 1
TEST(Aum, IsTheMarginOfLogitsOverVisits) {
  const Log log = {{.samples = {0, 1}, .labels = {0, 2}, .logits = {2, 1, -9, 7, 0, 4}},
                   {.samples = {1, 0}, .labels = {2, 0}, .logits = {-1, -2, 4, -3, 5, 0}}};
  EXPECT_EQ(column_after("aum", kTwoSamplesOfThreeClasses, log), (Values{-3.5f, 1}));
}

TEST(Aum, CountsLogitsBelowZeroToo) {
  const Log log = {{.samples = {0}, .labels = {1}, .logits = {-5, -1}}};
  EXPECT_EQ(column_after("aum", {.num_samples = 1, .num_classes = 2}, log), Values{4});
}

// 0: 0.5 - 0.25    1: 0.25 - 0.75
TEST(Margin, IsTheMarginOfProbabilitiesOverVisits) {
  const auto values = column_after("margin", kTwoSamplesOfThreeClasses,
                                   {two_samples({0.5f, 0.25f, 0.25f, 0, 0.75f, 0.25f})});
  EXPECT_EQ(values, (Values{0.25f, -0.5f}));
}

// 0: three equal: log 3, then sure: 0    1: two equal: log 2, twice
TEST(Entropy, IsZeroWhereOneClassIsSureAndLogCWhereAllAreEqual) {
  constexpr float kThird = 1.0f / 3;
  const auto values = column_after("entropy", kTwoSamplesOfThreeClasses,
                                   {two_samples({kThird, kThird, kThird, 0.5f, 0, 0.5f}),
                                    two_samples({0, 1, 0, 0.5f, 0.5f, 0})});
  EXPECT_FLOAT_EQ(values[0], std::log(3.0f) / 2);
  EXPECT_FLOAT_EQ(values[1], std::log(2.0f));
}

TEST(Confidence, IsTheMeanProbabilityOfTheLabel) {
  const auto values = column_after(
      "confidence", kTwoSamplesOfThreeClasses,
      {two_samples({0.5f, 0.25f, 0.25f, 0, 0.75f, 0.25f}), two_samples({1, 0, 0, 1, 0, 0})});
  EXPECT_EQ(values, (Values{0.75f, 0.125f}));
}

}  // namespace
}  // namespace edgeprune::score
