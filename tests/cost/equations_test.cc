// Numbers are worked out by hand beside each test.

#include "edgeprune/cost/equations.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace edgeprune::cost {
namespace {

// (7): 20 * ceil(333 / 64) = 20 * 6 = 120.
TEST(TrainingIterations, IsEpochsTimesBatches) {
  EXPECT_EQ(training_iterations(20, 333, 64), 120U);
  EXPECT_EQ(training_iterations(20, 320, 64), 100U);
  EXPECT_EQ(training_iterations(0, 320, 64), 0U);
}

// 321 = 5 * 64 + 1: the last one joins, so 5 batches where ceil(321 / 64) is 6.
TEST(TrainingIterations, CountsTheBatchesReallyMade) {
  EXPECT_EQ(training_iterations(20, 321, 64), 100U);
}

TEST(TrainingIterations, DoesNotOverflow) {
  EXPECT_EQ(training_iterations(4000000000U, 4000000000U, 1), 16000000000000000000U);
}

// (23): 20 * 333 / 64 = 104.0625, where (7) makes 120 steps.
TEST(TrainingIterationsContinuous, LeavesTheCeilingOut) {
  EXPECT_DOUBLE_EQ(training_iterations_continuous(20, 333, 64), 104.0625);
}

// (8): 120 steps of 64 samples of 1e6 FLOPs at 2e9 a second: 7.68e9 / 2e9.
TEST(TrainingSeconds, IsFlopsOverSpeed) {
  EXPECT_DOUBLE_EQ(training_seconds(120, 1e6, 64, 2e9), 3.84);
}

// (8): 6.5 W for 3.84 s.
TEST(EnergyJoules, IsPowerTimesTime) {
  EXPECT_DOUBLE_EQ(energy_joules(6.5, 3.84), 24.96);
}

// (12): 3333 of 15 * 3333.
TEST(DeviceWeight, IsTheDevicesShareOfAllSamples) {
  EXPECT_DOUBLE_EQ(device_weight(3333, 49995), 1.0 / 15);
}

// (25): 50000 samples at 2.5 ns.
TEST(SelectionSeconds, GrowsWithTheSamples) {
  EXPECT_DOUBLE_EQ(selection_seconds(50000), 1.25e-4);
}

// (9): 333 * 3073 bytes (a CIFAR-10 record) = 1,023,309.
TEST(StoredBytes, IsKeptSamplesTimesTheirSize) {
  EXPECT_DOUBLE_EQ(stored_bytes(333, 3073), 1023309);
}

// (24): 53 * 1e6 * 64 = 3.392e9.
TEST(ScoringFlops, IsWarmupIterationsTimesABatchsWork) {
  EXPECT_DOUBLE_EQ(scoring_flops(53, 1e6, 64), 3.392e9);
  EXPECT_DOUBLE_EQ(scoring_flops(0, 1e6, 64), 0);
}

// (26): 20 * 333 * 1e6 = 6.66e9.
TEST(TrainingFlops, IsEpochsTimesKeptSamplesTimesTheirWork) {
  EXPECT_DOUBLE_EQ(training_flops(20, 333, 1e6), 6.66e9);
}

TEST(TrainingFlops, DoesNotOverflow) {
  EXPECT_DOUBLE_EQ(training_flops(4000000000U, 4000000000U, 1.0), 1.6e19);
}

// (27): rho E N c / (E N c) = rho = 640 / 6400.
TEST(PaperCostRatio, IsTheShareKept) {
  EXPECT_DOUBLE_EQ(paper_cost_ratio(640, 6400), 0.1);
  EXPECT_DOUBLE_EQ(paper_cost_ratio(6400, 6400), 1.0);
}

// METHOD section 4: with one warm-up pass, E = 20 and rho = 0.1 it is 0.15, not 0.10.
// N = 6400, b = 64: T_0 = 100; 0.1 + 100 * 64 / (20 * 6400) = 0.1 + 0.05.
TEST(CostRatioWithWarmup, AddsTheWarmup) {
  EXPECT_DOUBLE_EQ(cost_ratio_with_warmup(640, 6400, 100, 64, 20), 0.15);
}

// Ten passes of warm-up and ten epochs at rho = 0.1: 0.1 + 1000 * 64 / (10 * 6400) = 1.1. The
// "pruned" run costs more than training on everything.
TEST(CostRatioWithWarmup, MayExceedOne) {
  EXPECT_DOUBLE_EQ(cost_ratio_with_warmup(640, 6400, 1000, 64, 10), 1.1);
}

TEST(CostRatioWithWarmup, WithoutWarmupIsThePapersRatio) {
  EXPECT_DOUBLE_EQ(cost_ratio_with_warmup(333, 3333, 0, 64, 30), paper_cost_ratio(333, 3333));
}

// (28) over full training, from the FLOPs of (24) and (26) themselves.
RC_GTEST_PROP(CostRatioProperty, IsScoringPlusTrainingOverFullTraining, ()) {
  const auto num_samples = *rc::gen::inRange<std::uint32_t>(1, 100000);
  const auto num_kept = *rc::gen::inRange<std::uint32_t>(1, num_samples + 1);
  const auto warmup = *rc::gen::inRange<std::uint64_t>(0, 10000);
  const auto batch_size = *rc::gen::inRange<std::uint32_t>(1, 512);
  const auto epochs = *rc::gen::inRange<std::uint32_t>(1, 200);
  const double flops = 7e5;
  const double expected =
      (scoring_flops(warmup, flops, batch_size) + training_flops(epochs, num_kept, flops)) /
      training_flops(epochs, num_samples, flops);
  const double ratio = cost_ratio_with_warmup(num_kept, num_samples, warmup, batch_size, epochs);
  RC_ASSERT(std::abs(ratio - expected) <= 1e-14 * expected);
}

}  // namespace
}  // namespace edgeprune::cost
