#include "edgeprune/core/random.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace edgeprune::core {
namespace {

using Block = std::array<std::uint32_t, 4>;

Block next_four(RandomStream& stream) {
  Block block{};
  for (std::uint32_t& value : block) value = stream.next();
  return block;
}

// The known-answer test of Random123 (kat_vectors, philox4x32 with 10 rounds): counter and key 0.
TEST(RandomStream, IsPhilox4x32With10Rounds) {
  RandomStream stream({.seed = 0, .purpose = static_cast<Purpose>(0)});
  EXPECT_EQ(next_four(stream), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
}

// A Philox written in Python from the paper, which gives all three of Random123's known answers:
// counters {0, ...} and {1, ...}, the other words below pi's digits, as in the third known answer.
TEST(RandomStream, CountsBlocksInTheFirstWordAndPutsTheKeyInTheOthers) {
  RandomStream stream({.seed = 0x299f31d0a4093822,
                       .purpose = static_cast<Purpose>(0x03707344),
                       .epoch = 0x13198a2e,
                       .index = 0x85a308d3});
  EXPECT_EQ(next_four(stream), (Block{0x3f6d24d7, 0x529108a0, 0xf8a37e29, 0xe7a9b43b}));
  EXPECT_EQ(next_four(stream), (Block{0x14e0a6ea, 0xbbea52f1, 0x89a95d62, 0xe59911d1}));
}

TEST(RandomStream, ACopyContinuesAlike) {
  RandomStream stream({.seed = 5});
  (void)stream.next();
  RandomStream copy = stream;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(copy.next(), stream.next());
}

TEST(RandomStream, EveryPartOfTheKeyChangesTheDraws) {
  const RandomKey key{.seed = 1, .purpose = Purpose::test, .epoch = 2, .index = 3};
  RandomKey other_seed = key;
  other_seed.seed = 2;
  RandomKey other_high_seed = key;
  other_high_seed.seed = (std::uint64_t{1} << 32) + 1;
  RandomKey other_purpose = key;
  other_purpose.purpose = Purpose::augmentation;
  RandomKey other_epoch = key;
  other_epoch.epoch = 3;
  RandomKey other_index = key;
  other_index.index = 2;
  RandomStream stream(key);
  const Block expected = next_four(stream);
  for (const RandomKey& other :
       {other_seed, other_high_seed, other_purpose, other_epoch, other_index}) {
    RandomStream changed(other);
    EXPECT_NE(next_four(changed), expected);
  }
}

TEST(RandomStream, UniformIsTheTop24Bits) {
  RandomStream stream({.seed = 0, .purpose = static_cast<Purpose>(0)});
  EXPECT_EQ(stream.uniform(), 0x6627e8p-24f);
  EXPECT_EQ(stream.uniform(), 0xe169c5p-24f);
}

TEST(RandomStream, UniformHasMeanOneHalfAndVarianceOneTwelfth) {
  RandomStream stream({.seed = 3});
  constexpr int kDraws = 100000;
  double sum = 0;
  double sum_squared_deviations = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = stream.uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
    sum_squared_deviations += (u - 0.5) * (u - 0.5);
  }
  // Five standard errors: sqrt(1/12/n) of the mean, sqrt(1/180/n) of the variance.
  EXPECT_NEAR(sum / kDraws, 0.5, 5 * std::sqrt(1.0 / 12 / kDraws));
  EXPECT_NEAR(sum_squared_deviations / kDraws, 1.0 / 12, 5 * std::sqrt(1.0 / 180 / kDraws));
}

// 3 * 2^30 shows the bias of both shortcuts: a remainder would make the values below 2^30, a plain
// multiply-and-shift the multiples of three, twice as likely as others: a half instead of a third.
TEST(RandomStream, BelowHasNoBias) {
  RandomStream stream({.seed = 4});
  constexpr int kDraws = 30000;
  int low = 0;
  int multiples_of_three = 0;
  for (int i = 0; i < kDraws; ++i) {
    const std::uint32_t value = stream.below(3U << 30);
    ASSERT_LT(value, 3U << 30);
    low += value < 1U << 30;
    multiples_of_three += value % 3 == 0;
  }
  const double five_errors = 5 * std::sqrt(kDraws * (1.0 / 3) * (2.0 / 3));
  EXPECT_NEAR(low, kDraws / 3.0, five_errors);
  EXPECT_NEAR(multiples_of_three, kDraws / 3.0, five_errors);
}

TEST(RandomStream, BelowOneIsZero) {
  RandomStream stream({.seed = 4});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(stream.below(1), 0U);
}

RC_GTEST_PROP(RandomStreamProperty, BelowStaysBelow, (std::uint64_t seed)) {
  const auto bound = *rc::gen::inRange<std::uint32_t>(1, 4294967295U);
  RandomStream stream({.seed = seed});
  for (int i = 0; i < 20; ++i) RC_ASSERT(stream.below(bound) < bound);
}

TEST(RandomPermutation, EveryOrderOfThreeIsEquallyLikely) {
  std::array<int, 27> counts{};
  constexpr int kSeeds = 6000;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto order = random_permutation(3, {.seed = seed});
    ++counts[order[0] * 9 + order[1] * 3 + order[2]];
  }
  for (const std::size_t order : {5U, 7U, 11U, 15U, 19U, 21U}) {  // 012 021 102 120 201 210
    EXPECT_NEAR(counts[order], kSeeds / 6.0, 5 * std::sqrt(kSeeds / 6.0 * 5 / 6)) << order;
  }
}

TEST(RandomPermutation, DependsOnEveryPartOfTheKey) {
  const auto order = random_permutation(50, {.seed = 1, .epoch = 2, .index = 3});
  EXPECT_EQ(order, random_permutation(50, {.seed = 1, .epoch = 2, .index = 3}));
  EXPECT_NE(order, random_permutation(50, {.seed = 2, .epoch = 2, .index = 3}));
  EXPECT_NE(order, random_permutation(50, {.seed = 1, .epoch = 3, .index = 3}));
  EXPECT_NE(order, random_permutation(50, {.seed = 1, .epoch = 2, .index = 4}));
  EXPECT_NE(order, random_permutation(
                       50, {.seed = 1, .purpose = Purpose::warmup_order, .epoch = 2, .index = 3}));
}

TEST(RandomPermutation, OfNoneIsEmpty) {
  EXPECT_TRUE(random_permutation(0, {}).empty());
}

RC_GTEST_PROP(RandomPermutationProperty, HoldsEveryNumberOnce, (std::uint64_t seed)) {
  const auto size = *rc::gen::inRange<std::uint32_t>(0, 300);
  auto order = random_permutation(size, {.seed = seed});
  std::sort(order.begin(), order.end());
  std::vector<std::uint32_t> all(size);
  std::iota(all.begin(), all.end(), 0U);
  RC_ASSERT(order == all);
}

}  // namespace
}  // namespace edgeprune::core
