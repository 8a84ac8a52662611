#include "edgeprune/run/run_work.h"

#include "edgeprune/nn/networks.h"
#include "edgeprune/run/planned_run.h"

#include "small_run.h"

#include <gtest/gtest.h>

namespace edgeprune::run {
namespace {

const RunFacts kFacts = {.num_test = 40, .bytes_per_sample = 64, .memory_bytes = 5000000};

struct CountEvaluations final : Events {
  void on_epoch(const EpochSummary& epoch) override { count += epoch.test_accuracy >= 0 ? 1 : 0; }
  std::uint64_t count = 0;
};

config::Config config_with(const std::vector<std::string>& overrides) {
  return config::read_config("", overrides);
}

cost::RunWork work(const std::string& strategy, const std::vector<std::string>& overrides) {
  const config::Config config = config_with(overrides);
  const RunPlan plan =
      plan_run(config, select::strategy_named(strategy), 100, nn::cnn({8, 8, 1}, 4));
  return run_work(config, plan, kFacts);
}

TEST(RunWork, HoldsTheWarmupTheStepsAndEveryEvaluation) {
  const cost::RunWork w =
      work("top", {"train.batch_size=16", "train.epochs=20", "prune.keep_ratio=0.1"});
  EXPECT_EQ(w.num_samples, 100u);
  EXPECT_EQ(w.num_kept, 10u);
  EXPECT_EQ(w.num_stored, 10u);
  EXPECT_EQ(w.num_test, 40u);
  EXPECT_EQ(w.score_steps, 7u);  // ceil(100 / 16)
  EXPECT_EQ(w.score_samples, 100u);
  EXPECT_EQ(w.score_forward_samples, 0u);
  EXPECT_EQ(w.train_steps, 20u);  // one batch of 10 per epoch
  EXPECT_EQ(w.train_samples, 200u);
  EXPECT_EQ(w.full_samples, 20u * 100);
  EXPECT_EQ(w.evaluation_samples, 20u * 140);
  EXPECT_EQ(w.bytes_per_sample, 64);
  EXPECT_EQ(w.memory_bytes, 5000000u);
  const nn::Network network = nn::cnn({8, 8, 1}, 4);
  EXPECT_EQ(w.flops_per_sample, network.flops_per_sample());
  EXPECT_EQ(w.forward_flops_per_sample, network.forward_flops_per_sample());
}

TEST(RunWork, EvaluatesAsOftenAsConfiguredAndAfterTheLastEpoch) {
  const auto evaluated = [](const std::string& every) {
    return work("top", {"train.epochs=10", "train.evaluate_every_epochs=" + every})
        .evaluation_samples;
  };
  EXPECT_EQ(evaluated("3"), 4u * 140);  // epochs 3, 6, 9 and the last, 10
  EXPECT_EQ(evaluated("5"), 2u * 140);  // 5 and 10
  EXPECT_EQ(evaluated("0"), 1u * 140);
  EXPECT_EQ(evaluated("99"), 1u * 140);
}

TEST(RunWork, ADynamicStrategyKeepsEverythingStored) {
  EXPECT_EQ(work("rs2", {"prune.keep_ratio=0.1"}).num_stored, 100u);
}

// Whoever plans counts the evaluations that the pipeline then makes.
TEST(RunWork, CountsTheEvaluationsThatARunMakes) {
  const SmallRun data(24);
  for (std::uint32_t epochs = 1; epochs <= 5; ++epochs) {
    for (std::uint32_t every = 0; every <= 6; ++every) {
      const std::string name = std::to_string(epochs) + "-" + std::to_string(every);
      SCOPED_TRACE(name);
      const config::Config config =
          data.config(name, {"model.network=mlp", "model.hidden_sizes=[4]", "prune.strategy=random",
                             "run.threads=1", "train.epochs=" + std::to_string(epochs),
                             "train.evaluate_every_epochs=" + std::to_string(every)});
      CountEvaluations evaluations;
      const RunResult result = SmallRun::run(config, {.events = &evaluations});
      EXPECT_EQ(PlannedRun(config).work().evaluation_samples, evaluations.count * (24 + 60));
      EXPECT_EQ(result.spent.evaluation_samples, evaluations.count * (24 + 60));
      EXPECT_GE(result.test_accuracy, 0) << "the last epoch is always evaluated";
    }
  }
}

TEST(NetworkHash, IsThatOfWhatIsComputedNotOfTheNames) {
  const auto network = [](const char* name, std::uint32_t channels) {
    nn::Network net({8, 8, 1});
    nn::Value x = net.convolution(name, net.input(), {.out_channels = channels, .kernel = 3});
    net.set_output(net.linear("fc", net.global_average_pool(net.relu(x)), 4));
    return net;
  };
  EXPECT_EQ(network_hash(network("conv", 8)), network_hash(network("first", 8)));
  EXPECT_NE(network_hash(network("conv", 8)), network_hash(network("conv", 16)));
  EXPECT_NE(network_hash(nn::cnn({8, 8, 1}, 4)), network_hash(nn::cnn({8, 8, 1}, 5)));
  EXPECT_NE(network_hash(nn::cnn({8, 8, 1}, 4)), network_hash(nn::cnn({8, 8, 3}, 4)));
}

}  // namespace
}  // namespace edgeprune::run
