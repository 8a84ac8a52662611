#include "edgeprune/select/ranking.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/random.h"
#include "edgeprune/core/thread_pool.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

namespace edgeprune::select {
namespace {

using core::ErrorKind;
using testing::expect_error;
using Samples = std::vector<std::uint32_t>;
using Scores = std::vector<float>;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(BestSamples, KeepsTheHighestInOrderOfTheirIndex) {
  EXPECT_EQ(best_samples(Scores{0.5f, 3, -1, 2, 7}, 3, Prefer::highest), (Samples{1, 3, 4}));
}

TEST(BestSamples, KeepsTheLowestIfAsked) {
  EXPECT_EQ(best_samples(Scores{0.5f, 3, -1, 2, 7}, 3, Prefer::lowest), (Samples{0, 2, 3}));
}

TEST(BestSamples, TiesGoToTheSmallerIndex) {
  const Scores scores = {1, 2, 1, 2, 1};
  EXPECT_EQ(best_samples(scores, 1, Prefer::highest), (Samples{1}));
  EXPECT_EQ(best_samples(scores, 3, Prefer::highest), (Samples{0, 1, 3}));
  EXPECT_EQ(best_samples(scores, 2, Prefer::lowest), (Samples{0, 2}));
  EXPECT_EQ(best_samples(Scores(6, 0.25f), 4, Prefer::highest), (Samples{0, 1, 2, 3}));
}

TEST(BestSamples, ZerosOfBothSignsTie) {
  EXPECT_EQ(best_samples(Scores{-0.0f, 0.0f}, 1, Prefer::highest), (Samples{0}));
  EXPECT_EQ(best_samples(Scores{0.0f, -0.0f}, 1, Prefer::highest), (Samples{0}));
  EXPECT_EQ(best_samples(Scores{0.0f, -0.0f}, 1, Prefer::lowest), (Samples{0}));
  EXPECT_EQ(best_samples(Scores{-0.0f, 0.0f}, 1, Prefer::lowest), (Samples{0}));
}

TEST(BestSamples, RanksInfinitiesAndSubnormals) {
  const Scores scores = {-kInfinity, 1e-45f, kInfinity, -1e-45f, 0.0f, 3.4e38f};
  EXPECT_EQ(best_samples(scores, 2, Prefer::highest), (Samples{2, 5}));
  EXPECT_EQ(best_samples(scores, 3, Prefer::highest), (Samples{1, 2, 5}));
  EXPECT_EQ(best_samples(scores, 2, Prefer::lowest), (Samples{0, 3}));
}

TEST(BestSamples, NoneAndAllAreCountsLikeOthers) {
  EXPECT_TRUE(best_samples(Scores{3, 1, 2}, 0, Prefer::highest).empty());
  EXPECT_EQ(best_samples(Scores{3, 1, 2}, 3, Prefer::highest), (Samples{0, 1, 2}));
  EXPECT_TRUE(best_samples(Scores{}, 0, Prefer::highest).empty());
}

TEST(BestSamples, MoreThanThereAreIsAnInternalError) {
  expect_error(ErrorKind::internal, {"4 of 3"}, [] {
    (void)best_samples(Scores{3, 1, 2}, 4, Prefer::highest);
  });
}

TEST(BestSamples, ANanIsAnErrorThatNamesTheSample) {
  for (const float nan : {kNan, -kNan}) {
    expect_error(ErrorKind::numeric, {"sample 2", "not a number"}, [&] {
      (void)best_samples(Scores{3, 1, nan, 4}, 1, Prefer::highest);
    });
  }
}

TEST(BestSamples, OfSeveralNansTheFirstIsNamedByAnyNumberOfThreads) {
  for (const int threads : {1, 2, 5}) {
    core::ThreadPool pool(threads);
    expect_error(ErrorKind::numeric, {"sample 3 "}, [&] {
      (void)best_samples(Scores{3, 1, 2, kNan, 4, kNan, kNan}, 0, Prefer::highest, &pool);
    });
  }
}

// Few values make many ties, any float the extremes.
Scores any_scores() {
  const auto few = rc::gen::map(rc::gen::inRange(-3, 4), [](int n) { return n * 0.5f; });
  const auto value = rc::gen::oneOf(few, rc::gen::arbitrary<float>(),
                                    rc::gen::element(0.0f, -0.0f, kInfinity, -kInfinity));
  return *rc::gen::container<Scores>(
      rc::gen::suchThat(value, [](float score) { return !(score != score); }));
}

Samples by_stable_sort(const Scores& scores, std::uint32_t count, Prefer prefer) {
  Samples samples(scores.size());
  std::iota(samples.begin(), samples.end(), 0U);
  std::stable_sort(samples.begin(), samples.end(), [&](std::uint32_t a, std::uint32_t b) {
    return prefer == Prefer::highest ? scores[a] > scores[b] : scores[a] < scores[b];
  });
  samples.resize(count);
  std::sort(samples.begin(), samples.end());
  return samples;
}

RC_GTEST_PROP(BestSamplesProperty, AreThoseOfAStableSort, ()) {
  const Scores scores = any_scores();
  const auto count =
      *rc::gen::inRange<std::uint32_t>(0, static_cast<std::uint32_t>(scores.size()) + 1);
  for (const Prefer prefer : {Prefer::highest, Prefer::lowest}) {
    RC_ASSERT(best_samples(scores, count, prefer) == by_stable_sort(scores, count, prefer));
  }
}

RC_GTEST_PROP(BestSamplesProperty, AreTheSameWithAnyNumberOfThreads, ()) {
  const Scores scores = any_scores();
  const auto count =
      *rc::gen::inRange<std::uint32_t>(0, static_cast<std::uint32_t>(scores.size()) + 1);
  for (const Prefer prefer : {Prefer::highest, Prefer::lowest}) {
    const Samples expected = by_stable_sort(scores, count, prefer);
    for (const int threads : {1, 2, 5}) {
      core::ThreadPool pool(threads);
      RC_ASSERT(best_samples(scores, count, prefer, &pool) == expected);
    }
  }
}

// Enough scores that many share the upper half of the threshold's bits, and some all of them.
TEST(BestSamples, AreThoseOfAStableSortAmongManyToo) {
  core::RandomStream draws({.seed = 3});
  Scores scores(200000);
  for (float& score : scores) score = draws.uniform() * draws.uniform() - 0.25f;
  for (std::size_t n = 0; n < scores.size(); n += 3) scores[n] = scores[n / 2];
  core::ThreadPool pool(2);
  for (const std::uint32_t count : {1u, 777u, 20000u, 100000u, 199999u}) {
    for (const Prefer prefer : {Prefer::highest, Prefer::lowest}) {
      EXPECT_EQ(best_samples(scores, count, prefer, &pool), by_stable_sort(scores, count, prefer));
    }
  }
}

RC_GTEST_PROP(BestSamplesProperty, AreExactlySoManyAscendingAndDifferent, ()) {
  const Scores scores = any_scores();
  const auto count =
      *rc::gen::inRange<std::uint32_t>(0, static_cast<std::uint32_t>(scores.size()) + 1);
  const Samples samples = best_samples(scores, count, Prefer::highest);
  RC_ASSERT(samples.size() == count);
  RC_ASSERT(std::adjacent_find(samples.begin(), samples.end(), std::greater_equal<>()) ==
            samples.end());
  if (!samples.empty()) RC_ASSERT(samples.back() < scores.size());
}

// Renaming the samples renames the selection: sample n becomes sample renamed[n].
RC_GTEST_PROP(BestSamplesProperty, DoNotDependOnTheOrderOfDistinctScores, ()) {
  const auto scores = *rc::gen::unique<Scores>(
      rc::gen::map(rc::gen::inRange(-100000, 100000), [](int n) { return n / 8.0f; }));
  const auto size = static_cast<std::uint32_t>(scores.size());
  const auto count = *rc::gen::inRange<std::uint32_t>(0, size + 1);
  Samples all(size);
  std::iota(all.begin(), all.end(), 0U);
  const Samples renamed = *rc::gen::exec([&] {
    Samples order = all;
    for (std::uint32_t n = size; n > 1; --n) {
      std::swap(order[n - 1], order[*rc::gen::inRange<std::uint32_t>(0, n)]);
    }
    return order;
  });
  Scores other(size);
  for (std::uint32_t n = 0; n < size; ++n) other[renamed[n]] = scores[n];
  Samples expected = best_samples(scores, count, Prefer::highest);
  for (std::uint32_t& sample : expected) sample = renamed[sample];
  std::sort(expected.begin(), expected.end());
  RC_ASSERT(best_samples(other, count, Prefer::highest) == expected);
}

RC_GTEST_PROP(BestSamplesProperty, HighestAndLowestShareOutDistinctScores, ()) {
  const auto scores = *rc::gen::unique<Scores>(
      rc::gen::map(rc::gen::inRange(-100000, 100000), [](int n) { return n / 8.0f; }));
  const auto size = static_cast<std::uint32_t>(scores.size());
  const auto count = *rc::gen::inRange<std::uint32_t>(0, size + 1);
  Samples both = best_samples(scores, count, Prefer::highest);
  const Samples rest = best_samples(scores, size - count, Prefer::lowest);
  both.insert(both.end(), rest.begin(), rest.end());
  std::sort(both.begin(), both.end());
  Samples all(size);
  std::iota(all.begin(), all.end(), 0U);
  RC_ASSERT(both == all);
}

}  // namespace
}  // namespace edgeprune::select
