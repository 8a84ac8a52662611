// Data in which it is plain which samples a strategy should keep.

#include "edgeprune/core/random.h"
#include "edgeprune/select/selectors.h"

#include "select/selection_checks.h"

#include <gtest/gtest.h>

namespace edgeprune::select {
namespace {

// 1000 samples of two classes, in this order: 300 copies of easy samples (losses near 0), 600
// ordinary ones (losses 0.5 to 1.5), 100 with a wrong label (losses near 5).
constexpr std::uint32_t kRankedSamples = 1000;
constexpr std::uint32_t kEndOfCopies = 300;
constexpr std::uint32_t kFirstWrong = 900;

std::vector<float> losses() {
  core::RandomStream draws({.seed = 1});
  std::vector<float> losses;
  for (std::uint32_t n = 0; n < kRankedSamples; ++n) {
    const float draw = draws.uniform();
    losses.push_back(n < kEndOfCopies ? 0.01f * draw : n < kFirstWrong ? 0.5f + draw : 5 + draw);
  }
  return losses;
}

struct Kept {
  std::size_t copies;
  std::size_t ordinary;
  std::size_t wrong;
};

Kept kept_by(const char* strategy, std::uint32_t num_kept) {
  const std::vector<float> scores = losses();
  const Samples kept = select_samples(
      strategy_named(strategy), PerClass::none,
      {.scores = scores, .num_samples = kRankedSamples, .num_kept = num_kept, .seed = 2});
  return {.copies = count_between(kept, 0, kEndOfCopies),
          .ordinary = count_between(kept, kEndOfCopies, kFirstWrong),
          .wrong = count_between(kept, kFirstWrong, kRankedSamples)};
}

TEST(Directions, TopKeepsWrongLabelsFirst) {
  EXPECT_EQ(kept_by("top", 100).wrong, 100u);
  EXPECT_EQ(kept_by("top", 200).wrong, 100u);
  EXPECT_EQ(kept_by("top", 700).copies, 0u);
}

TEST(Directions, BottomKeepsCopiesFirstAndWrongLabelsLast) {
  EXPECT_EQ(kept_by("bottom", 300).copies, 300u);
  EXPECT_EQ(kept_by("bottom", 900).wrong, 0u);
}

TEST(Directions, MiddleKeepsNeither) {
  EXPECT_EQ(kept_by("middle", 200).ordinary, 200u);
}

TEST(Directions, StratifiedLeavesWrongLabelsOutAndThinsCopies) {
  const Kept kept = kept_by("stratified", 100);
  EXPECT_EQ(kept.wrong, 0u);
  EXPECT_LT(kept.copies, 10u);  // one band of fifty, though a third of the samples
  EXPECT_GT(kept.ordinary, 90u);
}

TEST(Directions, RandomKeepsTheMixOfAllSamples) {
  const Kept kept = kept_by("random", 500);
  // Five standard deviations of the hypergeometric counts: 5 sqrt(500 p (1 - p) / 2).
  EXPECT_NEAR(static_cast<double>(kept.copies), 150, 37);
  EXPECT_NEAR(static_cast<double>(kept.wrong), 50, 24);
}

// A rare class whose samples are all hard: top trains on little else, quotas give it its share.
TEST(Directions, QuotasHoldAnOutlierClassToItsShare) {
  std::vector<float> scores;
  std::vector<std::int32_t> labels;
  for (std::uint32_t n = 0; n < kRankedSamples; ++n) {
    labels.push_back(n < 50 ? 0 : 1 + static_cast<std::int32_t>(n % 2));
    scores.push_back(n < 50 ? 10 : static_cast<float>(n % 7));
  }
  const SelectionInput input = {.scores = scores,
                                .labels = labels,
                                .num_classes = 3,
                                .num_samples = kRankedSamples,
                                .num_kept = 60};
  const auto of_the_rare = [&](PerClass quota) {
    return count_between(select_samples(strategy_named("top"), quota, input), 0, 50);
  };
  EXPECT_EQ(of_the_rare(PerClass::none), 50u);
  EXPECT_EQ(of_the_rare(PerClass::proportional), 3u);  // 60 * 50 / 1000
  EXPECT_EQ(of_the_rare(PerClass::uniform), 20u);      // 60 / 3
}

}  // namespace
}  // namespace edgeprune::select
