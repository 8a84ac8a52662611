#include "edgeprune/score/scores.h"

#include "warmup_log.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace edgeprune::score {
namespace {

using Losses = std::vector<float>;

// Algorithm 1 over three iterations of four samples:
//   {0, 1}: 4, 2     {2, 3}: 1, 3     {0, 3}: 1, 0.5
const Log kThreeBatches = {{.samples = {0, 1}, .losses = {4, 2}},
                           {.samples = {2, 3}, .losses = {1, 3}},
                           {.samples = {0, 3}, .losses = {1, 0.5f}}};

// 0: (4 + 1) / 2    1: 2    2: 1    3: (3 + 0.5) / 2
TEST(Loss, ObservedIsTheMeanOverTheIterationsThatDrewTheSample) {
  EXPECT_EQ(column_after("loss", {.num_samples = 4}, kThreeBatches), (Losses{2.5f, 2, 1, 1.75f}));
}

// Mean losses of the iterations: 3, 2, 0.75.
// 0: ((4 - 3) + (1 - 0.75)) / 2    1: 2 - 3    2: 1 - 2    3: ((3 - 2) + (0.5 - 0.75)) / 2
TEST(Loss, DetrendedSubtractsEachIterationsMeanLoss) {
  const ScoreSize size{.num_samples = 4, .loss_mode = LossScoreMode::detrended};
  EXPECT_EQ(column_after("loss", size, kThreeBatches), (Losses{0.625f, -1, -1, 0.375f}));
}

// Equation (16) itself: all samples at each of two points in time.
TEST(Loss, CheckpointsIsTheMeanOverThePointsInTime) {
  const ScoreSize size{.num_samples = 2, .loss_mode = LossScoreMode::evaluations};
  const Log log = {{.samples = {0, 1}, .losses = {3, 1}}, {.samples = {0, 1}, .losses = {2, 0}}};
  EXPECT_EQ(column_after("loss", size, log), (Losses{2.5f, 0.5f}));
}

TEST(Loss, CountsASampleThatABatchHoldsTwice) {
  const Log log = {{.samples = {0, 0}, .losses = {1, 2}}};
  EXPECT_EQ(column_after("loss", {.num_samples = 1}, log), Losses{1.5f});
}

// 2^24 + 1 is no float: sums are kept in double.
TEST(Loss, LosesNoDigitsOverManyVisits) {
  Log log = {{.samples = {0}, .losses = {16777216.0f}}};
  for (int i = 0; i < 3; ++i) log.push_back({.samples = {0}, .losses = {1}});
  EXPECT_EQ(column_after("loss", {.num_samples = 1}, log), Losses{16777219.0f / 4});
}

TEST(Loss, ModesHaveTheNamesOfTheConfiguration) {
  EXPECT_EQ(name_of(LossScoreMode::observed), "observed");
  EXPECT_EQ(name_of(LossScoreMode::evaluations), "evaluations");
  EXPECT_EQ(name_of(LossScoreMode::detrended), "detrended");
}

RC_GTEST_PROP(LossProperty, IsTheMeanOfWhatWasObserved, ()) {
  constexpr std::uint32_t kSamples = 8;
  ScoreTable table({"loss"}, {.num_samples = kSamples});
  std::vector<double> sums(kSamples);
  std::vector<int> visits(kSamples);
  const auto num_batches = *rc::gen::inRange(0, 10);
  for (int b = 0; b < num_batches; ++b) {
    Batch batch{.samples = *rc::gen::container<std::vector<std::uint32_t>>(
                    rc::gen::inRange<std::uint32_t>(0, kSamples))};
    for (const std::uint32_t sample : batch.samples) {
      batch.losses.push_back(static_cast<float>(*rc::gen::inRange(-1000, 1000)) / 8);
      sums[sample] += static_cast<double>(batch.losses.back());
      ++visits[sample];
    }
    table.observe(batch.observation());
  }
  Batch rest;
  for (std::uint32_t n = 0; n < kSamples; ++n) {
    if (visits[n] == 0) rest.samples.push_back(n);
  }
  RC_ASSERT(table.unseen() == rest.samples);
  rest.losses.assign(rest.samples.size(), 7);
  table.observe(rest.observation());
  const Losses scores = table.column("loss");
  for (std::uint32_t n = 0; n < kSamples; ++n) {
    RC_ASSERT(scores[n] == (visits[n] == 0 ? 7 : static_cast<float>(sums[n] / visits[n])));
  }
}

}  // namespace
}  // namespace edgeprune::score
