#include "edgeprune/select/selectors.h"

#include "select/selection_checks.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace edgeprune::select {
namespace {

// By hand: of 7 samples 3 are kept, so that 2 are left out at each end.
TEST(SelectMiddle, LeavesOutAsManyAtBothEnds) {
  const std::vector<float> scores = {0.5f, 9, 0.1f, 0.4f, 3, 0.2f, 0.6f};
  // ascending: 2 (0.1), 5 (0.2), 3 (0.4), 0 (0.5), 6 (0.6), 4 (3), 1 (9)
  EXPECT_EQ(select_middle({.scores = scores, .num_samples = 7, .num_kept = 3}), (Samples{0, 3, 6}));
}

TEST(SelectMiddle, LeavesOutOneMoreEasySampleWhereTheNumberIsOdd) {
  const std::vector<float> scores = {0, 1, 2, 3, 4, 5};
  EXPECT_EQ(select_middle({.scores = scores, .num_samples = 6, .num_kept = 3}), (Samples{2, 3, 4}));
  EXPECT_EQ(select_middle({.scores = scores, .num_samples = 6, .num_kept = 5}),
            (Samples{1, 2, 3, 4, 5}));
  EXPECT_EQ(select_middle({.scores = scores, .num_samples = 6, .num_kept = 6}),
            (Samples{0, 1, 2, 3, 4, 5}));
}

RC_GTEST_PROP(SelectMiddleProperty, HasAsManyEasierAsHarderSamplesBesideIt, ()) {
  const std::vector<float> scores = any_scores();
  const auto size = static_cast<std::uint32_t>(scores.size());
  const std::uint32_t num_kept = any_num_kept(size);
  const Samples kept = select_middle({.scores = scores, .num_samples = size, .num_kept = num_kept});
  RC_ASSERT(is_selection(kept, num_kept, size));
  float lowest = scores[kept.front()];
  float highest = lowest;
  for (const std::uint32_t sample : kept) {
    lowest = std::min(lowest, scores[sample]);
    highest = std::max(highest, scores[sample]);
  }
  const auto easier =
      std::count_if(scores.begin(), scores.end(), [&](float score) { return score < lowest; });
  const auto harder =
      std::count_if(scores.begin(), scores.end(), [&](float score) { return score > highest; });
  RC_ASSERT(easier <= (size - num_kept + 1) / 2);
  RC_ASSERT(harder <= (size - num_kept) / 2);
}

}  // namespace
}  // namespace edgeprune::select
