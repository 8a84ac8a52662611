#include "edgeprune/score/label_noise.h"

#include "edgeprune/core/error.h"

#include "support/expect_error.h"
#include "warmup_log.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cmath>
#include <numbers>
#include <utility>

namespace edgeprune::score {
namespace {

/// A network that knows some of what it says: logits of strength * difficulty * (the right class,
/// and classes near it on a circle a little), plus noise of deviation 1.
struct Network {
  double strength = 0;
  std::uint32_t num_classes = 10;
};

double normal(core::RandomStream& draws) {
  const double radius = std::sqrt(-2 * std::log(1 - static_cast<double>(draws.uniform())));
  return radius * std::cos(2 * std::numbers::pi * static_cast<double>(draws.uniform()));
}

std::vector<float> answer(const Network& network, std::uint32_t right, core::RandomStream& draws) {
  const double difficulty = -0.5 * std::log((1 - static_cast<double>(draws.uniform())) *
                                            (1 - static_cast<double>(draws.uniform())));
  std::vector<float> logits;
  for (std::uint32_t c = 0; c < network.num_classes; ++c) {
    const double angle =
        2 * std::numbers::pi * (c - static_cast<double>(right)) / network.num_classes;
    const double signal = (c == right ? 1.0 : 0.0) + 0.5 * std::cos(angle);
    logits.push_back(static_cast<float>(network.strength * difficulty * signal + normal(draws)));
  }
  return logits;
}

struct Outcome {
  double share = 0;
  double standard_error = 0;
  double accuracy = 0;  // on right labels
};

constexpr std::uint32_t kObservations = 3333;

/// One pass over 3,333 samples in batches of 64, a share of whose labels is wrong.
Outcome observe_network(const Network& network, double wrong_share, std::uint64_t seed) {
  LabelNoiseEstimate estimate(
      {.num_classes = network.num_classes, .num_observations = kObservations});
  Batch batch;
  double correct = 0;
  for (std::uint32_t n = 0; n < kObservations; ++n) {
    core::RandomStream draws({.seed = seed, .index = n});
    const std::uint32_t right = draws.below(network.num_classes);
    const bool wrong = static_cast<double>(draws.uniform()) < wrong_share;
    const std::uint32_t other =
        (right + 1 + draws.below(network.num_classes - 1)) % network.num_classes;
    const auto logits = answer(network, right, draws);
    correct += std::ranges::max_element(logits) - logits.begin() == right;
    append(batch, n, static_cast<std::int32_t>(wrong ? other : right), logits, {});
    if (batch.samples.size() == 64 || n + 1 == kObservations) {
      estimate.observe(batch.observation());
      batch = {};
    }
  }
  return {estimate.share(), estimate.standard_error(), correct / kObservations};
}

struct Summary {
  double bias = 0;
  double spread = 0;
  double standard_error = 0;
  double accuracy = 0;
};

Summary summarise(const Network& network, double wrong_share) {
  constexpr int kRuns = 20;
  Summary sum;
  double sum_squared_deviations = 0;
  for (std::uint64_t seed = 0; seed < kRuns; ++seed) {
    const Outcome outcome = observe_network(network, wrong_share, seed);
    const double error = outcome.share - wrong_share;
    sum.bias += error / kRuns;
    sum_squared_deviations += error * error / kRuns;
    sum.standard_error += outcome.standard_error / kRuns;
    sum.accuracy += outcome.accuracy / kRuns;
  }
  sum.spread = std::sqrt(sum_squared_deviations - sum.bias * sum.bias);
  return sum;
}

// Strengths at which networks are right on 35, 50, 65, 80 and 95 % of ten classes.
constexpr double kThirtyFivePercent = 0.67;
constexpr std::array kFiftyPercentAndMore = {1.1, 1.69, 2.8, 7.2};

TEST(LabelNoise, IsTheShareOfWrongLabelsWhereHalfOfTheAnswersAreRight) {
  for (const double strength : kFiftyPercentAndMore) {
    for (const double wrong_share : {0.0, 0.2, 0.4}) {
      const Summary summary = summarise({.strength = strength}, wrong_share);
      EXPECT_GE(summary.accuracy, 0.49);
      EXPECT_NEAR(summary.bias, 0, 0.05) << strength << " with " << wrong_share;
      // Twenty runs know a spread to about a sixth.
      EXPECT_LE(summary.spread, 1.5 * summary.standard_error)
          << strength << " with " << wrong_share;
    }
  }
}

TEST(LabelNoise, IsTheShareOfWrongLabelsOfTwoClassesAndOfAHundred) {
  for (const Network& network :
       {Network{.strength = 1.2, .num_classes = 2}, Network{.strength = 2.5, .num_classes = 100}}) {
    const Summary summary = summarise(network, 0.2);
    EXPECT_NEAR(summary.bias, 0, 0.02) << network.num_classes << " classes";
    EXPECT_LE(summary.spread, 1.5 * summary.standard_error) << network.num_classes << " classes";
  }
}

// Its own errors pass for wrong labels: the estimate is too high then, never too low.
TEST(LabelNoise, IsAnUpperBoundWhereTheNetworkKnowsLittle) {
  for (const double wrong_share : {0.0, 0.2, 0.4}) {
    const Summary summary = summarise({.strength = kThirtyFivePercent}, wrong_share);
    EXPECT_NEAR(summary.accuracy, 0.35, 0.01);
    EXPECT_GE(summary.bias, 0) << wrong_share;
    EXPECT_LE(summary.bias, 0.25) << wrong_share;
  }
}

TEST(LabelNoise, ItsStandardErrorIsItsSpread) {
  const Summary summary = summarise({.strength = 2.8}, 0.2);
  EXPECT_NEAR(summary.standard_error, summary.spread, 0.5 * summary.spread);
}

/// A sample of four classes, class 0 leading by this much, the others in order: 1, 2, 3.
void append_ranked(Batch& batch, float lead, std::int32_t label) {
  append(batch, 0, label, {lead, 0, -1, -2}, {});
}

// Leads 0 six times and 8 twice: mean 2, deviation sqrt(128 / 8 - 4) = 3.46, so that 8 is sure and
// 0 is not. Of the two sure, one label stands in the lower half: 3/2 * 1/2.
Batch eight_ranked() {
  Batch batch;
  for (int i = 0; i < 6; ++i) append_ranked(batch, 0, 3);
  append_ranked(batch, 8, 2);
  append_ranked(batch, 8, 1);
  return batch;
}

TEST(LabelNoise, CountsSureSamplesOnly) {
  LabelNoiseEstimate estimate({.num_classes = 4});
  estimate.observe(eight_ranked().observation());
  EXPECT_DOUBLE_EQ(estimate.share(), 0.75);
  // (1 + 1) / (2 + 2) is a half: 3/2 * sqrt(1/4 / 4).
  EXPECT_DOUBLE_EQ(estimate.standard_error(), 0.375);
}

TEST(LabelNoise, PassesOverTheFirstHalf) {
  LabelNoiseEstimate estimate({.num_classes = 4, .num_observations = 16});
  Batch all_wrong;
  for (int i = 0; i < 8; ++i) append_ranked(all_wrong, 8, 3);
  estimate.observe(all_wrong.observation());
  EXPECT_EQ(estimate.share(), 0);
  estimate.observe(eight_ranked().observation());
  EXPECT_DOUBLE_EQ(estimate.share(), 0.75);
}

TEST(LabelNoise, IsNeverMoreThanAll) {
  LabelNoiseEstimate estimate({.num_classes = 4});
  Batch all_wrong;
  for (int i = 0; i < 8; ++i) append_ranked(all_wrong, 8, 3);
  estimate.observe(all_wrong.observation());
  EXPECT_EQ(estimate.share(), 1);
}

TEST(LabelNoise, OfNothingIsNoneAndKnownToBeWorthNothing) {
  const LabelNoiseEstimate estimate({.num_classes = 10});
  EXPECT_EQ(estimate.share(), 0);
  EXPECT_GT(estimate.standard_error(), 0.6);
}

TEST(LabelNoise, TheMiddleOfAnOddNumberOfClassesIsNotTheLowerHalf) {
  for (const auto& [label, share] : {std::pair{1, 0.0}, {2, 1.0}}) {
    LabelNoiseEstimate estimate({.num_classes = 3});
    Batch batch;
    append(batch, 0, label, {9, 1, 0}, {});
    estimate.observe(batch.observation());
    EXPECT_EQ(estimate.share(), share) << label;
  }
}

TEST(LabelNoise, OfOneClassIsAnError) {
  testing::expect_error(core::ErrorKind::internal, {"1 classes"},
                        [] { LabelNoiseEstimate({.num_classes = 1}); });
}

/// Batches of one to nine samples, logits whole numbers, so that sums are exact in any order.
Log whole_number_log(std::uint32_t num_classes) {
  Log log(*rc::gen::inRange<std::size_t>(1, 12));
  for (Batch& batch : log) {
    const auto samples = *rc::gen::inRange<std::uint32_t>(1, 10);
    for (std::uint32_t n = 0; n < samples; ++n) {
      std::vector<float> logits;
      for (std::uint32_t c = 0; c < num_classes; ++c) {
        logits.push_back(static_cast<float>(*rc::gen::inRange(-20, 20)));
      }
      append(batch, n, *rc::gen::inRange(0, static_cast<int>(num_classes)), logits, {});
    }
  }
  return log;
}

std::vector<double> sums_of(LabelNoiseEstimate& estimate) {
  const auto sums = std::get<std::span<double>>(estimate.state()[0].values);
  return {sums.begin(), sums.end()};
}

RC_GTEST_PROP(LabelNoiseProperty, NeitherOrderWithinABatchNorNamesOfClassesMatter, ()) {
  const auto num_classes = *rc::gen::inRange<std::uint32_t>(2, 7);
  const auto seed = *rc::gen::arbitrary<std::uint32_t>();
  const auto class_name = core::random_permutation(num_classes, {.seed = seed});
  const Log log = whole_number_log(num_classes);
  LabelNoiseEstimate plain({.num_classes = num_classes});
  LabelNoiseEstimate other({.num_classes = num_classes});
  for (const Batch& batch : log) {
    plain.observe(batch.observation());
    const auto order = core::random_permutation(static_cast<std::uint32_t>(batch.samples.size()),
                                                {.seed = seed, .epoch = 1});
    Batch renamed;
    for (const std::uint32_t place : order) {
      std::vector<float> logits(num_classes);
      for (std::uint32_t c = 0; c < num_classes; ++c) {
        logits[class_name[c]] = batch.logits[place * num_classes + c];
      }
      const auto label = static_cast<std::size_t>(batch.labels[place]);
      append(renamed, 0, static_cast<std::int32_t>(class_name[label]), logits, {});
    }
    other.observe(renamed.observation());
  }
  RC_ASSERT(sums_of(plain) == sums_of(other));
  RC_ASSERT(plain.share() >= 0 && plain.share() <= 1);
}

RC_GTEST_PROP(LabelNoiseProperty, InterruptedAnywhereItEndsTheSame, ()) {
  const Log log = whole_number_log(4);
  std::uint64_t observations = 0;
  for (const Batch& batch : log) observations += batch.samples.size();
  const LabelNoiseOptions options{.num_classes = 4, .num_observations = observations};
  LabelNoiseEstimate whole(options);
  for (const Batch& batch : log) whole.observe(batch.observation());
  for (std::size_t stop = 0; stop <= log.size(); ++stop) {
    LabelNoiseEstimate first(options);
    for (std::size_t b = 0; b < stop; ++b) first.observe(log[b].observation());
    LabelNoiseEstimate resumed(options);
    std::ranges::copy(sums_of(first),
                      std::get<std::span<double>>(resumed.state()[0].values).begin());
    for (std::size_t b = stop; b < log.size(); ++b) resumed.observe(log[b].observation());
    RC_ASSERT(sums_of(resumed) == sums_of(whole));
  }
}

}  // namespace
}  // namespace edgeprune::score
