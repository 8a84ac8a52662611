#include "edgeprune/train/memory_choice.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace edgeprune::train {
namespace {

using core::ErrorKind;
using testing::expect_error;

// 100 bytes whatever the batch, then 10 a sample, 4 with recomputation: a batch of 64 takes 740 or
// 356.
std::uint64_t bytes(const StepMemory& step) {
  return 100 + std::uint64_t{step.recompute ? 4u : 10u} * step.micro_batch_size;
}

MemoryChoice choose(const MemoryRequest& request) {
  return choose_memory(request, bytes);
}

TEST(MemoryChoice, KeepsEverythingWithoutALimitOrWithinIt) {
  for (const std::uint64_t limit : {0u, 740u, 10'000u}) {
    const MemoryChoice choice = choose({.limit_bytes = limit});
    EXPECT_EQ(choice.mode, MemoryMode::keep);
    EXPECT_FALSE(choice.step.recompute);
    EXPECT_EQ(choice.step.micro_batch_size, 64u);
    EXPECT_EQ(choice.predicted_bytes, 740u);
  }
}

TEST(MemoryChoice, ThenRecomputesAndThenSplitsTheBatch) {
  const MemoryChoice recompute = choose({.limit_bytes = 739});
  EXPECT_EQ(recompute.mode, MemoryMode::recompute);
  EXPECT_EQ(recompute.predicted_bytes, 356u);
  // 32 take 228, 22 (a third, rounded up) 188, 16 take 164.
  const MemoryChoice split = choose({.limit_bytes = 187});
  EXPECT_EQ(split.mode, MemoryMode::accumulate);
  EXPECT_TRUE(split.step.recompute);
  EXPECT_EQ(split.step.micro_batch_size, 16u);
  EXPECT_EQ(choose({.limit_bytes = 228}).step.micro_batch_size, 32u);
  EXPECT_EQ(choose({.limit_bytes = 200}).step.micro_batch_size, 22u);
}

TEST(MemoryChoice, NamesTheLeastThatWouldDoWhereNothingFits) {
  // Micro-batches of 2 take 108.
  expect_error(ErrorKind::config, {"limits.memory_bytes is 107", "at least 108"},
               [] { (void)choose({.limit_bytes = 107, .min_micro_batch = 2}); });
  EXPECT_EQ(choose({.limit_bytes = 104}).step.micro_batch_size, 1u);
}

TEST(MemoryChoice, DoesWhatWasAskedForOrSaysThatItDoesNotFit) {
  EXPECT_TRUE(choose({.mode = MemoryMode::recompute}).step.recompute);
  expect_error(ErrorKind::config, {"train.memory keep takes at least 740", "auto"},
               [] { (void)choose({.mode = MemoryMode::keep, .limit_bytes = 700}); });
  const MemoryChoice split = choose({.mode = MemoryMode::accumulate, .micro_batch_size = 10});
  EXPECT_EQ(split.step.micro_batch_size, 10u);
  EXPECT_FALSE(split.step.recompute);
  // 32 take 420, 22 take 320.
  EXPECT_EQ(choose({.mode = MemoryMode::accumulate, .limit_bytes = 400}).step.micro_batch_size,
            22u);
  EXPECT_EQ(choose({.mode = MemoryMode::accumulate, .micro_batch_size = 100}).step.micro_batch_size,
            64u);
}

TEST(MemoryChoice, RefusesWhatItCannotDecideAndWhatBatchNormCannotUse) {
  expect_error(ErrorKind::config, {"train.memory is accumulate", "train.micro_batch_size"},
               [] { (void)choose({.mode = MemoryMode::accumulate}); });
  expect_error(ErrorKind::config, {"train.micro_batch_size is 1", "at least 2"}, [] {
    (void)choose({.mode = MemoryMode::accumulate, .micro_batch_size = 1, .min_micro_batch = 2});
  });
}

RC_GTEST_PROP(MemoryChoiceProperty, FitsAndIsTheLeastIntrusive, ()) {
  const MemoryRequest request{.limit_bytes = *rc::gen::inRange<std::uint64_t>(109, 3000),
                              .batch_size = *rc::gen::inRange<std::uint32_t>(2, 200),
                              .min_micro_batch = 2};
  const MemoryChoice choice = choose(request);
  RC_ASSERT(choice.predicted_bytes <= request.limit_bytes);
  RC_ASSERT(choice.predicted_bytes == bytes(choice.step));
  const bool keep_fits = bytes({false, request.batch_size}) <= request.limit_bytes;
  const bool recompute_fits = bytes({true, request.batch_size}) <= request.limit_bytes;
  RC_ASSERT((choice.mode == MemoryMode::keep) == keep_fits);
  RC_ASSERT((choice.mode == MemoryMode::accumulate) == (!keep_fits && !recompute_fits));
  RC_ASSERT(choice.step.micro_batch_size >= 2u);
}

}  // namespace
}  // namespace edgeprune::train
