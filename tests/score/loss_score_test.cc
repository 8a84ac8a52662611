#include "edgeprune/score/loss_score.h"

#include "edgeprune/core/error.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

namespace edgeprune::score {
namespace {

using core::ErrorKind;
using testing::expect_error;
using Samples = std::vector<std::uint32_t>;
using Losses = std::vector<float>;

void observe(LossScore& score, const Samples& samples, const Losses& losses) {
  score.observe({.samples = samples, .losses = losses});
}

// Algorithm 1 over three iterations of four samples:
//   {0, 1}: 4, 2     {2, 3}: 1, 3     {0, 3}: 1, 0.5
void observe_three_batches(LossScore& score) {
  observe(score, {0, 1}, {4, 2});
  observe(score, {2, 3}, {1, 3});
  observe(score, {0, 3}, {1, 0.5f});
}

// 0: (4 + 1) / 2    1: 2    2: 1    3: (3 + 0.5) / 2
TEST(LossScore, ObservedIsTheMeanOverTheIterationsThatDrewTheSample) {
  LossScore score(4, LossScoreMode::observed);
  observe_three_batches(score);
  EXPECT_EQ(score.scores(), (Losses{2.5f, 2, 1, 1.75f}));
}

// Mean losses of the iterations: 3, 2, 0.75.
// 0: ((4 - 3) + (1 - 0.75)) / 2    1: 2 - 3    2: 1 - 2    3: ((3 - 2) + (0.5 - 0.75)) / 2
TEST(LossScore, DetrendedSubtractsEachIterationsMeanLoss) {
  LossScore score(4, LossScoreMode::detrended);
  observe_three_batches(score);
  EXPECT_EQ(score.scores(), (Losses{0.625f, -1, -1, 0.375f}));
}

// Equation (16) itself: all samples at each of two points in time.
TEST(LossScore, CheckpointsIsTheMeanOverThePointsInTime) {
  LossScore score(2, LossScoreMode::checkpoints);
  observe(score, {0, 1}, {3, 1});
  observe(score, {0, 1}, {2, 0});
  EXPECT_EQ(score.scores(), (Losses{2.5f, 0.5f}));
}

TEST(LossScore, CountsASampleThatABatchHoldsTwice) {
  LossScore score(1, LossScoreMode::observed);
  observe(score, {0, 0}, {1, 2});
  EXPECT_EQ(score.scores(), Losses{1.5f});
}

TEST(LossScore, ListsUnseenSamplesInOrder) {
  LossScore score(5, LossScoreMode::observed);
  EXPECT_EQ(score.unseen(), (Samples{0, 1, 2, 3, 4}));
  observe(score, {3, 1}, {1, 1});
  EXPECT_EQ(score.unseen(), (Samples{0, 2, 4}));
  observe(score, {0, 2, 4}, {1, 1, 1});
  EXPECT_TRUE(score.unseen().empty());
}

TEST(LossScore, AnUnseenSampleHasNoScore) {
  LossScore score(2, LossScoreMode::observed);
  observe(score, {0}, {1});
  expect_error(ErrorKind::internal, {"sample 1"}, [&] { (void)score.scores(); });
}

TEST(LossScore, ALossThatIsNotFiniteIsAnErrorThatNamesTheSample) {
  for (const LossScoreMode mode : {LossScoreMode::observed, LossScoreMode::detrended}) {
    for (const float loss :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      LossScore score(20, mode);
      expect_error(ErrorKind::numeric, {"sample 17", "learning_rate"}, [&] {
        observe(score, {3, 17, 4}, {1, loss, 1});
      });
    }
  }
}

// 2^24 + 1 is no float: sums are kept in double.
TEST(LossScore, LosesNoDigitsOverManyVisits) {
  LossScore score(1, LossScoreMode::observed);
  observe(score, {0}, {16777216.0f});
  for (int i = 0; i < 3; ++i) observe(score, {0}, {1});
  EXPECT_EQ(score.state().sums[0], 16777219.0);
}

TEST(LossScore, RestoredStateContinuesAsIfNeverInterrupted) {
  LossScore whole(4, LossScoreMode::detrended);
  observe_three_batches(whole);

  LossScore interrupted(4, LossScoreMode::detrended);
  observe(interrupted, {0, 1}, {4, 2});
  LossScore resumed(4, LossScoreMode::detrended);
  resumed.restore(interrupted.state());
  EXPECT_EQ(resumed.unseen(), (Samples{2, 3}));
  observe(resumed, {2, 3}, {1, 3});
  observe(resumed, {0, 3}, {1, 0.5f});
  EXPECT_EQ(resumed.scores(), whole.scores());
}

TEST(LossScore, AStateOfAnotherSizeIsAnError) {
  LossScore score(4, LossScoreMode::observed);
  const LossScore other(5, LossScoreMode::observed);
  expect_error(ErrorKind::data, {"size"}, [&] { score.restore(other.state()); });
}

TEST(LossScore, ModesHaveTheNamesOfTheConfiguration) {
  EXPECT_EQ(name_of(LossScoreMode::observed), "observed");
  EXPECT_EQ(name_of(LossScoreMode::checkpoints), "checkpoints");
  EXPECT_EQ(name_of(LossScoreMode::detrended), "detrended");
}

RC_GTEST_PROP(LossScoreProperty, IsTheMeanOfWhatWasObserved, ()) {
  constexpr std::uint32_t kSamples = 8;
  LossScore score(kSamples, LossScoreMode::observed);
  std::vector<double> sums(kSamples);
  std::vector<int> visits(kSamples);
  const auto num_batches = *rc::gen::inRange(0, 10);
  for (int b = 0; b < num_batches; ++b) {
    const auto samples = *rc::gen::container<Samples>(rc::gen::inRange<std::uint32_t>(0, kSamples));
    Losses losses;
    for (const std::uint32_t sample : samples) {
      losses.push_back(static_cast<float>(*rc::gen::inRange(-1000, 1000)) / 8);
      sums[sample] += static_cast<double>(losses.back());
      ++visits[sample];
    }
    observe(score, samples, losses);
  }
  Samples rest;
  for (std::uint32_t n = 0; n < kSamples; ++n) {
    if (visits[n] == 0) rest.push_back(n);
  }
  RC_ASSERT(score.unseen() == rest);
  observe(score, rest, Losses(rest.size(), 7));
  const Losses scores = score.scores();
  for (std::uint32_t n = 0; n < kSamples; ++n) {
    RC_ASSERT(scores[n] == (visits[n] == 0 ? 7 : static_cast<float>(sums[n] / visits[n])));
  }
}

}  // namespace
}  // namespace edgeprune::score
