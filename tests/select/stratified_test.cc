#include "edgeprune/select/selectors.h"

#include "select/selection_checks.h"
#include "support/expect_error.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>

namespace edgeprune::select {
namespace {

nlohmann::json golden() {
  std::ifstream file(EDGEPRUNE_GOLDEN_DIR "/stratified.json");
  return nlohmann::json::parse(file);
}

// NumPy's histogram and CCS's algorithm 1 say how many samples of which band are kept
// (make_selection_golden.py).
TEST(SelectStratified, KeepsAsManyOfEachBandAsNumPy) {
  for (const auto& data : golden()) {
    const auto scores = data["scores"].get<std::vector<float>>();
    for (const auto& expected : data["selections"]) {
      const auto bands = expected["bands"].get<std::vector<int>>();
      const auto num_kept = expected["num_kept"].get<std::uint32_t>();
      const Samples kept =
          select_stratified({.scores = scores,
                             .num_samples = static_cast<std::uint32_t>(scores.size()),
                             .num_kept = num_kept,
                             .seed = 5,
                             .parameters = {{"hard_cutoff", expected["hard_cutoff"]}}});
      std::vector<int> kept_per_band(50);
      for (const std::uint32_t sample : kept) {
        ASSERT_GE(bands[sample], 0) << "sample " << sample << " is too hard";
        ++kept_per_band[static_cast<std::size_t>(bands[sample])];
      }
      EXPECT_EQ(kept_per_band, expected["kept_per_band"].get<std::vector<int>>())
          << num_kept << " of " << scores.size();
    }
  }
}

// Of 1000 samples with scores 0 ... 999: the lowest above all that are kept, over many seeds.
std::uint32_t lowest_never_kept(std::uint32_t num_kept, double hard_cutoff = -1) {
  std::vector<float> scores(1000);
  std::iota(scores.begin(), scores.end(), 0.0f);
  std::uint32_t highest_kept = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const Samples kept = select_stratified({.scores = scores,
                                            .num_samples = 1000,
                                            .num_kept = num_kept,
                                            .seed = seed,
                                            .parameters = {{"hard_cutoff", hard_cutoff}}});
    highest_kept = std::max(highest_kept, kept.back());
  }
  return highest_kept + 1;
}

// .3 at .1, .2 at .2 (the commands in the README of CCS's code), .1 at .3, 0 from .5, straight
// lines between.
TEST(SelectStratified, LeavesOutTheHardestByKeepRatio) {
  EXPECT_EQ(lowest_never_kept(100), 700u);
  EXPECT_EQ(lowest_never_kept(150), 750u);
  EXPECT_EQ(lowest_never_kept(200), 800u);
  EXPECT_EQ(lowest_never_kept(300), 900u);
  EXPECT_EQ(lowest_never_kept(400), 950u);
  EXPECT_EQ(lowest_never_kept(500), 1000u);
}

TEST(SelectStratified, LeavesOutTheShareThatIsAskedFor) {
  EXPECT_EQ(lowest_never_kept(200, 0.0), 1000u);
  EXPECT_EQ(lowest_never_kept(200, 0.29), 710u);  // 0.29 * 1000 is 290 as written
  EXPECT_EQ(lowest_never_kept(200, 0.5), 500u);
}

TEST(SelectStratified, LeavesOutNoMoreThanItMay) {
  const std::vector<float> scores = {0, 1, 2, 3};
  EXPECT_EQ(select_stratified({.scores = scores,
                               .num_samples = 4,
                               .num_kept = 3,
                               .parameters = {{"hard_cutoff", 0.75}}}),
            (Samples{0, 1, 2}));
}

TEST(SelectStratified, KeepsAnyWhereAllScoresAreEqual) {
  const std::vector<float> scores(100, 0.5f);
  const SelectionInput input = {.scores = scores, .num_samples = 100, .num_kept = 60, .seed = 1};
  EXPECT_TRUE(is_selection(select_stratified(input), 60, 100));
}

TEST(SelectStratified, AScoreThatIsNotFiniteIsAnErrorThatNamesTheSample) {
  for (const float bad : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
    const std::vector<float> scores = {1, 2, bad, 4};
    testing::expect_error(core::ErrorKind::numeric, {"sample 2", "stratified"}, [&] {
      (void)select_stratified({.scores = scores, .num_samples = 4, .num_kept = 2});
    });
  }
}

RC_GTEST_PROP(SelectStratifiedProperty, IsASelectionAndAFunctionOfTheSeed, (std::uint64_t seed)) {
  const std::vector<float> scores = any_scores();
  const auto size = static_cast<std::uint32_t>(scores.size());
  const std::uint32_t num_kept = any_num_kept(size);
  const SelectionInput input = {
      .scores = scores, .num_samples = size, .num_kept = num_kept, .seed = seed};
  const Samples kept = select_stratified(input);
  RC_ASSERT(is_selection(kept, num_kept, size));
  RC_ASSERT(select_stratified(input) == kept);
}

TEST(SelectStratified, DrawsOtherSamplesWithAnotherSeed) {
  std::vector<float> scores(1000);
  std::iota(scores.begin(), scores.end(), 0.0f);
  const auto kept = [&](std::uint64_t seed) {
    return select_stratified(
        {.scores = scores, .num_samples = 1000, .num_kept = 100, .seed = seed});
  };
  EXPECT_NE(kept(1), kept(2));
}

}  // namespace
}  // namespace edgeprune::select
