#include "edgeprune/select/selectors.h"

#include "select/selection_checks.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace edgeprune::select {
namespace {

TEST(SelectBottom, KeepsTheLowestScores) {
  const std::vector<float> scores = {3, 1, 4, 1, 5};
  EXPECT_EQ(select_bottom({.scores = scores, .num_samples = 5, .num_kept = 3}), (Samples{0, 1, 3}));
  EXPECT_EQ(select_bottom({.scores = scores, .num_samples = 5, .num_kept = 1}), (Samples{1}));
}

RC_GTEST_PROP(SelectBottomProperty, IsTopOfTheTurnedScores, ()) {
  const std::vector<float> scores = any_scores();
  const auto size = static_cast<std::uint32_t>(scores.size());
  const std::uint32_t num_kept = any_num_kept(size);
  std::vector<float> turned;
  for (const float score : scores) turned.push_back(-score);
  RC_ASSERT(select_bottom({.scores = scores, .num_samples = size, .num_kept = num_kept}) ==
            select_top({.scores = turned, .num_samples = size, .num_kept = num_kept}));
}

}  // namespace
}  // namespace edgeprune::select
