#include "edgeprune/select/selectors.h"

#include "select/selection_checks.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace edgeprune::select {
namespace {

std::unique_ptr<Sampler> rs2(std::uint32_t num_samples, std::uint32_t num_kept,
                             std::uint64_t seed) {
  return sample_rs2({.num_samples = num_samples, .num_kept = num_kept, .seed = seed}, 100);
}

TEST(SampleRs2, ShowsEverySampleOnceBeforeAnyComesAgain) {
  const auto sampler = rs2(12, 4, 7);
  for (const std::uint32_t cycle : {0u, 1u, 5u}) {
    Samples shown;
    for (std::uint32_t epoch = 3 * cycle; epoch < 3 * cycle + 3; ++epoch) {
      const Pass pass = sampler->pass(epoch);
      EXPECT_TRUE(pass.weights.empty());
      shown.insert(shown.end(), pass.samples.begin(), pass.samples.end());
    }
    std::sort(shown.begin(), shown.end());
    EXPECT_EQ(shown, select_all({.num_samples = 12, .num_kept = 12}));
  }
}

TEST(SampleRs2, DrawsANewOrderEachCycle) {
  const auto sampler = rs2(1000, 500, 7);
  EXPECT_NE(sampler->pass(0).samples, sampler->pass(2).samples);
  EXPECT_NE(sampler->pass(0).samples, rs2(1000, 500, 8)->pass(0).samples);
}

TEST(SampleRs2, ShowsAllWhereAllAreKept) {
  EXPECT_EQ(rs2(5, 5, 1)->pass(3).samples, (Samples{0, 1, 2, 3, 4}));
}

// 7 of 10 samples, 2 epochs a cycle: 14 places, of which each sample has at least one.
TEST(SampleRs2, ShowsEverySampleEquallyOftenInTheLongRun) {
  const auto sampler = rs2(10, 7, 3);
  std::vector<int> counts(10);
  constexpr std::uint32_t kEpochs = 4000;
  for (std::uint32_t epoch = 0; epoch < kEpochs; ++epoch) {
    for (const std::uint32_t sample : sampler->pass(epoch).samples) ++counts[sample];
  }
  // Per cycle once, and once more with probability 4 / 10: five standard errors of 2000 cycles.
  for (const int count : counts) EXPECT_NEAR(count, 2800, 5 * std::sqrt(2000 * 0.4 * 0.6));
}

RC_GTEST_PROP(SampleRs2Property, KeepsExactlyMEachEpochAndMissesNoneInACycle,
              (std::uint64_t seed)) {
  const auto num_samples = *rc::gen::inRange<std::uint32_t>(1, 200);
  const std::uint32_t num_kept = any_num_kept(num_samples);
  const std::uint32_t epochs_per_cycle = (num_samples + num_kept - 1) / num_kept;
  const auto cycle = *rc::gen::inRange<std::uint32_t>(0, 1000);
  const auto sampler = rs2(num_samples, num_kept, seed);
  std::vector<std::uint32_t> visits(num_samples);
  for (std::uint32_t i = 0; i < epochs_per_cycle; ++i) {
    const Samples shown = sampler->pass(cycle * epochs_per_cycle + i).samples;
    RC_ASSERT(is_selection(shown, num_kept, num_samples));
    RC_ASSERT(rs2(num_samples, num_kept, seed)->pass(cycle * epochs_per_cycle + i).samples ==
              shown);
    for (const std::uint32_t sample : shown) ++visits[sample];
  }
  const auto [least, most] = std::minmax_element(visits.begin(), visits.end());
  RC_ASSERT(*least == 1u);
  RC_ASSERT(*most <= (num_samples % num_kept == 0 ? 1u : 2u));
}

}  // namespace
}  // namespace edgeprune::select
