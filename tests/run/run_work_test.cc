#include "edgeprune/run/run_work.h"

#include "edgeprune/nn/networks.h"
#include "edgeprune/run/planned_run.h"

#include "small_run.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <string>

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

// The steps of a phase that a run logged, in metrics.jsonl.
std::uint64_t steps_logged(const config::Config& config, const std::string& phase) {
  std::uint64_t steps = 0;
  std::ifstream lines(std::filesystem::path(config.run.directory) / "metrics.jsonl");
  for (std::string line; std::getline(lines, line);) {
    const auto metrics = nlohmann::json::parse(line);
    if (metrics["phase"] == phase) steps = metrics["step"];
  }
  return steps;
}

// N = 50 in batches of 16, M = 25: what is planned is what is then done, and both are (7) by hand.
TEST(RunWork, IsWhatARunThenDoes) {
  struct Case {
    const char* strategy;
    std::uint64_t score_steps, train_steps, learning_samples;
    std::uint32_t num_stored;
  };
  const SmallRun data(50);
  for (const Case& c : {Case{"top", 4, 3 * 2, 50 + 3 * 25, 25},  // a warm-up of ceil(50 / 16)
                        Case{"random_scratch", 0, 3 * 2, 3 * 25, 25},
                        Case{"full", 0, 3 * 4, 3 * 50, 50}, Case{"rs2", 0, 3 * 2, 3 * 25, 50}}) {
    SCOPED_TRACE(c.strategy);
    const config::Config config =
        data.config(c.strategy, {"model.network=mlp", "model.hidden_sizes=[4]",
                                 std::string("prune.strategy=") + c.strategy,
                                 "prune.keep_ratio=0.5", "run.threads=1"});
    const cost::RunWork planned = PlannedRun(config::resolve(config)).work();
    const RunResult done = SmallRun::run(config);
    EXPECT_EQ(planned.score_steps, c.score_steps);
    EXPECT_EQ(planned.score_steps, steps_logged(config, "score"));
    EXPECT_EQ(planned.train_steps, c.train_steps);
    EXPECT_EQ(planned.train_steps, steps_logged(config, "train"));
    EXPECT_EQ(planned.score_samples + planned.train_samples, c.learning_samples);
    EXPECT_EQ(planned.score_samples + planned.train_samples, done.spent.learning_samples);
    EXPECT_EQ(planned.score_forward_samples, done.spent.scoring_forward_samples);
    EXPECT_EQ(planned.evaluation_samples, done.spent.evaluation_samples);
    EXPECT_EQ(planned.num_stored, c.num_stored);
    EXPECT_EQ(planned.full_samples, 3U * 50);
  }
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
      EXPECT_EQ(PlannedRun(config::resolve(config)).work().evaluation_samples,
                evaluations.count * (24 + 60));
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
