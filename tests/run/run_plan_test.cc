#include "edgeprune/run/run_plan.h"

#include "edgeprune/nn/networks.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

namespace edgeprune::run {
namespace {

using core::ErrorKind;
using testing::expect_error;

RunPlan plan(const std::string& strategy, const std::vector<std::string>& overrides,
             std::uint32_t num_samples = 100) {
  const config::Config config = config::read_config("", overrides);
  return plan_run(config, select::strategy_named(strategy), num_samples, nn::cnn({8, 8, 1}, 4));
}

TEST(RunPlan, OneWarmupPassIsTheDefault) {
  const RunPlan p = plan("top", {"train.batch_size=16", "train.epochs=20", "prune.keep_ratio=0.1"});
  EXPECT_EQ(p.num_kept, 10u);
  EXPECT_EQ(p.warmup_iterations, 7u);  // ceil(100 / 16)
  EXPECT_EQ(p.scoring_samples, 100u);
  EXPECT_EQ(p.scoring_forward_samples, 0u);
  EXPECT_EQ(p.training_steps, 20u);  // one batch of 10 per epoch
  EXPECT_EQ(p.training_samples, 200u);
}

TEST(RunPlan, TheTrueCostRatioHoldsTheWarmup) {
  // One pass, E = 20, rho = 0.1: 0.1 by (27), 0.1 + 1 / 20 = 0.15 in truth.
  const RunPlan p = plan("top", {"train.batch_size=16", "train.epochs=20", "prune.keep_ratio=0.1"});
  EXPECT_DOUBLE_EQ(p.paper_cost_ratio, 0.1);
  EXPECT_DOUBLE_EQ(p.cost_ratio, 0.15);
}

TEST(RunPlan, ALastBatchOfOneIsNoStepOfItsOwn) {
  // 97 = 6 * 16 + 1: six batches, the last of 17.
  EXPECT_EQ(plan("full", {"train.batch_size=16", "train.epochs=1"}, 97).training_steps, 6u);
}

TEST(RunPlan, AShortWarmupLeavesTheRestToOneForwardPass) {
  const RunPlan p = plan("top", {"train.batch_size=16", "score.warmup_iterations=2"});
  EXPECT_EQ(p.scoring_samples, 32u);
  EXPECT_EQ(p.scoring_forward_samples, 68u);
}

TEST(RunPlan, CheckpointScoresAreCharged) {
  const RunPlan observed = plan("top", {"train.batch_size=16"});
  const RunPlan p = plan("top", {"train.batch_size=16", "score.mode=evaluations"});
  EXPECT_EQ(p.scoring_forward_samples, 700u);  // 7 iterations allow 7 of the 8 checkpoints
  EXPECT_GT(p.cost_ratio, observed.cost_ratio);
}

TEST(RunPlan, CheckpointsAreEvenlySpacedAndEndWithTheWarmup) {
  EXPECT_EQ(evaluation_iterations(16, 4), (std::vector<std::uint32_t>{4, 8, 12, 16}));
  EXPECT_EQ(evaluation_iterations(10, 4), (std::vector<std::uint32_t>{2, 5, 7, 10}));
  EXPECT_EQ(evaluation_iterations(3, 8), (std::vector<std::uint32_t>{1, 2, 3}));
}

TEST(RunPlan, ShortTakesAsManyStepsAsTopWithItsWarmup) {
  const std::vector<std::string> overrides = {"train.batch_size=16", "train.epochs=5",
                                              "prune.keep_ratio=0.3"};
  const RunPlan top = plan("top", overrides);
  const RunPlan shorter = plan("short", overrides);
  EXPECT_EQ(shorter.num_kept, 100u);
  EXPECT_EQ(shorter.warmup_iterations, 0u);
  EXPECT_EQ(shorter.training_steps, top.warmup_iterations + top.training_steps);
  // 7 + 5 * 2 = 17 steps: two passes of 7, then 3 batches of 16.
  EXPECT_EQ(shorter.epochs, 3u);
  EXPECT_EQ(shorter.training_samples, 248u);
}

TEST(RunPlan, RandomFromScratchHasNoWarmup) {
  const RunPlan p = plan("random_scratch", {"prune.keep_ratio=0.5"});
  EXPECT_EQ(p.warmup_iterations, 0u);
  EXPECT_EQ(p.num_kept, 50u);
  EXPECT_DOUBLE_EQ(p.cost_ratio, 0.5);
}

TEST(RunPlan, AKeepRatioThatKeepsNothingNamesTheSmallestUsable) {
  expect_error(ErrorKind::config, {"0.001", "100 samples", "0.01"},
               [] { (void)plan("top", {"prune.keep_ratio=0.001"}); });
}

TEST(RunPlan, BatchNormCannotTrainOnOneSample) {
  expect_error(ErrorKind::config, {"train.batch_size", "at least 2"},
               [] { (void)plan("top", {"train.batch_size=1"}); });
  expect_error(ErrorKind::config, {"1 kept samples", "at least 2"},
               [] { (void)plan("top", {"prune.keep_ratio=0.01"}); });
}

TEST(RunPlan, AFrozenBackboneCostsTheForwardPassAndTheHead) {
  const RunPlan p = plan("top", {"model.freeze=backbone"});
  // fc: 128 inputs, 4 outputs.
  EXPECT_EQ(p.flops_per_sample, p.forward_flops_per_sample + 2 * 128 * 4);
}

TEST(RunPlan, FrozenBatchNormsTakeBatchesOfOne) {
  expect_error(ErrorKind::config, {"batch norm"},
               [] { (void)plan("top", {"train.batch_size=1"}); });
  EXPECT_EQ(plan("full", {"train.batch_size=1", "train.epochs=1", "model.freeze=batch_norm"})
                .training_steps,
            100u);
}

TEST(Evaluations, ComeAfterEverySoManyEpochsAndTheLast) {
  const auto evaluated = [](std::uint32_t epochs, std::uint32_t every) {
    std::vector<std::uint32_t> after;
    for (std::uint32_t epoch = 1; epoch <= epochs; ++epoch) {
      if (is_evaluated_after(epoch, epochs, every)) after.push_back(epoch);
      EXPECT_EQ(evaluations_left(epoch, epochs, every) + after.size(),
                evaluations_left(0, epochs, every));
    }
    return after;
  };
  using Epochs = std::vector<std::uint32_t>;
  EXPECT_EQ(evaluated(10, 3), (Epochs{3, 6, 9, 10}));
  EXPECT_EQ(evaluated(10, 5), (Epochs{5, 10}));
  EXPECT_EQ(evaluated(3, 1), (Epochs{1, 2, 3}));
  EXPECT_EQ(evaluated(4, 0), (Epochs{4})) << "0: none between";
  EXPECT_EQ(evaluated(4, 9), (Epochs{4}));
  EXPECT_EQ(evaluations_left(0, 0, 2), 0u);
}

}  // namespace
}  // namespace edgeprune::run
