// Runs whose samples grow (train.resolutions), whose batches are filled up, and what they cost.

#include "edgeprune/run/pipeline.h"

#include "simulated_device.h"
#include "small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <sstream>

namespace edgeprune::run::sizes_test {
namespace {

using core::ErrorKind;
using nlohmann::json;
using testing::expect_error;

const std::vector<std::string> kRising = {
    "model.network=cnn",    "prune.strategy=random_scratch",
    "prune.keep_ratio=0.5", "train.epochs=6",
    "train.batch_size=8",   "train.resolutions=[[0.5, 0.2], [0.75, 0.3], [1.0, 0.5]]"};

std::vector<std::string> with(std::vector<std::string> overrides,
                              const std::vector<std::string>& more) {
  overrides.insert(overrides.end(), more.begin(), more.end());
  return overrides;
}

std::vector<json> metrics_of(const config::Config& config) {
  std::istringstream lines(run_file(config, kMetricsFile));
  std::vector<json> all;
  for (std::string line; std::getline(lines, line);) {
    all.push_back(json::parse(line));
    all.back().erase("time");
  }
  return all;
}

void expect_same_bits(const config::Config& a, const config::Config& b) {
  EXPECT_EQ(run_file(a, kModelFile), run_file(b, kModelFile));
  EXPECT_EQ(metrics_of(a), metrics_of(b));
}

// A device without a meter.
struct WorkingDevice final : budget::UsageMeter {
  core::Usage total() override { return {inner.clock, 0}; }
  void worked(budget::Work work, std::uint64_t samples) override { inner.worked(work, samples); }
  SimulatedDevice inner;
};

// 75 of 150 samples in 10 batches (the last of 3), 60 steps of 7.5 in the mean at full size: the
// work of 450 samples.
TEST(Sizes, KeepTheWorkAndBuyMoreSteps) {
  const SmallRun data;
  const RunResult plain =
      SmallRun::run(data.config("plain", with(kRising, {"train.resolutions=[]"})));
  EXPECT_EQ(plain.plan.training_steps, 60u);
  EXPECT_EQ(plain.spent.learning_work, 450);
  const RunResult rising = SmallRun::run(data.config("rising", kRising));
  const TrainingStages& stages = rising.plan.stages;
  ASSERT_EQ(stages.stages.size(), 3u);
  EXPECT_EQ(stages.stages[0].shape, (core::SampleShape{4, 4, 1}));
  EXPECT_EQ(stages.stages[1].shape, (core::SampleShape{6, 6, 1}));
  const double of_first = 0.2 * 450 / (7.5 * stages.stages[0].sample_work);
  const double of_second = 0.3 * 450 / (7.5 * stages.stages[1].sample_work);
  EXPECT_EQ(stages.stages[0].end, static_cast<std::uint64_t>(of_first));
  EXPECT_EQ(stages.stages[1].end - stages.stages[0].end, static_cast<std::uint64_t>(of_second));
  EXPECT_GT(rising.plan.training_steps, 80u);
  EXPECT_NEAR(rising.plan.training_work, 450, 8);
  EXPECT_DOUBLE_EQ(rising.spent.learning_work, rising.plan.training_work);
  EXPECT_EQ(rising.spent.learning_samples, rising.plan.training_samples);
  EXPECT_NEAR(rising.plan.cost_ratio, plain.plan.cost_ratio, 0.02);
}

TEST(Sizes, AfterAnyStopGiveTheBitsOfTheUninterruptedRun) {
  const SmallRun data;
  const std::vector<std::vector<std::string>> variants = {
      {"train.last_batch=fill", "train.precision=bf16_storage"},
      {"prune.strategy=infobatch", "train.memory=recompute"},
      {"prune.strategy=top", "train.memory=accumulate", "train.micro_batch_size=3"},
      {"prune.strategy=facility_location", "score.resolution=0.75", "train.resolutions=[]"},
      {"score.resolution=0.6", "prune.strategy=top"},
      {"prune.strategy=rs2", "budget.samples=500", "train.last_batch=fill"}};
  for (const auto& variant : variants) {
    SCOPED_TRACE(variant[0]);
    const std::string name = "whole" + variant[0];
    const config::Config whole = data.config(name, with(kRising, variant));
    const std::uint64_t steps = SmallRun::run(whole).plan.training_steps;
    for (const std::uint64_t at : {std::uint64_t{5}, steps / 3, steps / 2, steps * 2 / 3}) {
      SCOPED_TRACE(at);
      const config::Config stopped = data.config(name + std::to_string(at), with(kRising, variant));
      StopAfter stop(at);
      expect_error(ErrorKind::interrupted, {"can be resumed"},
                   [&] { (void)SmallRun::run(stopped, {.stop = &stop.flag, .events = &stop}); });
      (void)run_pipeline(open_run_directory(stopped.run.directory), {});
      expect_same_bits(whole, stopped);
    }
  }
}

// 150 samples in 19 batches of 8 at half size, then 60 steps over 75 samples.
TEST(Sizes, AWarmUpOfSmallSamplesCostsTheirWork) {
  const SmallRun data;
  const auto warm_up = [&](const std::string& name, const std::string& resolution) {
    return SmallRun::run(
        data.config(name, with(kRising, {"prune.strategy=top", "train.resolutions=[]",
                                         "score.resolution=" + resolution})));
  };
  const RunResult full = warm_up("full", "1");
  EXPECT_EQ(full.plan.scoring_work, 150);
  const RunResult half = warm_up("half", "0.5");
  const TrainingStage& stage = half.plan.stages.warm_up;
  EXPECT_EQ(stage.shape, (core::SampleShape{4, 4, 1}));
  EXPECT_GT(stage.sample_work, 0.2);
  EXPECT_LT(stage.sample_work, 0.4);
  EXPECT_DOUBLE_EQ(half.plan.scoring_work, 150 * stage.sample_work);
  EXPECT_NEAR(half.spent.learning_work, 150 * stage.sample_work + 450, 1e-9);
  EXPECT_EQ(half.plan.training_steps, full.plan.training_steps);
  const json size = {{"height", 4}, {"width", 4}};
  EXPECT_EQ(json::parse(run_file(data.config("half", {}), kPlanFile)).at("warmup_resolution"),
            size);
}

// 200 steps of half a second at half size and 10 of training. Steps at full size would take about
// four times as long, which is no reason to give the warm-up up.
TEST(Sizes, AWarmUpOfSmallSamplesIsChargedToABudgetOfSecondsAsItIs) {
  const SmallRun data;
  WorkingDevice device;
  device.inner.step_seconds = [](std::uint64_t) { return 0.5; };
  const RunResult result = SmallRun::run(
      data.config("small-warm-up",
                  with(kRising, {"prune.strategy=top", "train.resolutions=[]", "train.epochs=1",
                                 "score.resolution=0.5", "score.warmup_iterations=200",
                                 "budget.seconds=150", "train.evaluate_every_epochs=0"})),
      {.spending = &device});
  EXPECT_EQ(result.reached, Phase::done);
  EXPECT_EQ(result.training_steps, 10u);
  EXPECT_LT(device.inner.clock, 150);
}

// `auto`, short of storage: two thirds of the work of 150 + 6 x 75 samples, in whole passes.
TEST(Sizes, AWarmUpOfAShareOfTheBudgetHasMorePassesOfSmallSamples) {
  const SmallRun data;
  const RunResult result = SmallRun::run(
      data.config("storage", with(kRising, {"prune.strategy=auto", "prune.constraint=storage",
                                            "train.resolutions=[]", "score.resolution=0.5"})));
  const double pass = 150 * result.plan.stages.warm_up.sample_work;
  EXPECT_EQ(result.plan.warmup_iterations, 19 * std::lround(400 / pass));
  EXPECT_NEAR(result.plan.scoring_work + result.plan.training_work, 600, 8);
}

TEST(Sizes, AWarmUpThatANetworkDoesNotSuitIsRefused) {
  const SmallRun data;
  const config::Config config =
      data.config("mlp", {"model.network=mlp", "prune.strategy=top", "score.resolution=0.5"});
  expect_error(ErrorKind::config, {"score.resolution does not suit the network", "4 x 4"},
               [&] { (void)SmallRun::run(config); });
}

TEST(Sizes, NothingWithoutAWarmUpAsksForItsSize) {
  const SmallRun data;
  const RunResult result = SmallRun::run(data.config(
      "scratch", {"model.network=mlp", "prune.strategy=random_scratch", "score.resolution=0.5"}));
  EXPECT_EQ(result.reached, Phase::done);
}

// Of 60 steps over the kept samples and a warm-up of 19 steps at half size.
TEST(Sizes, TheControlShortDoesNoMoreWorkThanTop) {
  const SmallRun data;
  const auto work_of = [&](const std::string& strategy) {
    return SmallRun::run(
               data.config(strategy,
                           with(kRising, {"prune.strategy=" + strategy, "train.resolutions=[]",
                                          "score.resolution=0.5", "train.last_batch=fill"})))
        .spent.learning_work;
  };
  const double top = work_of("top");
  const double all = work_of("short");
  EXPECT_LE(all, top);
  EXPECT_GT(all, top - 2 * 8);
}

TEST(Sizes, KeepABudgetOfSamplesToTheWork) {
  const SmallRun data;
  for (const std::string samples : {"200", "333", "800"}) {
    SCOPED_TRACE(samples);
    const RunResult result = SmallRun::run(data.config(
        "budget" + samples, with(kRising, {"prune.strategy=top", "budget.samples=" + samples})));
    const double budget = std::stod(samples);
    EXPECT_LE(result.spent.learning_work, budget);
    EXPECT_GT(result.spent.learning_work, budget - 20);
  }
}

TEST(Sizes, SpendABudgetOfSecondsAndEndAtFullSize) {
  const SmallRun data;
  const config::Config config = data.config(
      "seconds",
      with(kRising, {"train.epochs=40", "budget.seconds=150", "train.evaluate_every_epochs=0"}));
  WorkingDevice device;
  device.inner.step_seconds = [](std::uint64_t) { return 0.5; };
  const RunResult result = SmallRun::run(config, {.spending = &device});
  const std::vector<json> metrics = metrics_of(config);
  EXPECT_LT(device.inner.clock, 150);
  EXPECT_GT(device.inner.clock, 120);
  EXPECT_LT(metrics.back().at("step").get<std::uint64_t>(), result.plan.training_steps);
  EXPECT_LT(metrics.back().at("learning_rate").get<double>(), 1e-4);
}

TEST(Sizes, ABudgetedRunIsReplayedFromItsLogBitForBit) {
  const SmallRun data;
  for (const std::string shrink : {"epochs", "share"}) {
    const auto overrides =
        with(kRising, {"train.epochs=20", "budget.shrink=" + shrink, "train.last_batch=fill"});
    const config::Config first =
        data.config("first-" + shrink, with(overrides, {"budget.seconds=60"}));
    WorkingDevice device;
    device.inner.step_seconds = [](std::uint64_t made) { return made % 7 == 0 ? 0.9 : 0.4; };
    (void)SmallRun::run(first, {.spending = &device});
    const std::string log = first.run.directory + "/" + std::string(kDecisionsFile);
    const config::Config again =
        data.config("again-" + shrink, with(overrides, {"budget.replay=" + log}));
    (void)SmallRun::run(again);
    expect_same_bits(first, again);
  }
}

TEST(Sizes, AreRefusedForANetworkThatTheyDoNotSuitByTheNameOfItsLayer) {
  const SmallRun data;
  expect_error(ErrorKind::config, {"fc1", "8 x 8", "4 x 4"}, [&] {
    (void)SmallRun::run(data.config("mlp", with(kRising, {"model.network=mlp"})));
  });
}

// 75 samples are 4 whole batches of 16 and 11 more, filled up to 80.
TEST(LastBatch, IsFilledUpAndCountedWhole) {
  const SmallRun data;
  const RunResult result =
      SmallRun::run(data.config("filled", {"model.network=mlp", "prune.strategy=random_scratch",
                                           "train.epochs=3", "train.last_batch=fill"}));
  EXPECT_EQ(result.plan.training_steps, 15u);
  EXPECT_EQ(result.plan.training_samples, 240u);
  EXPECT_EQ(result.spent.learning_samples, 240u);
}

}  // namespace
}  // namespace edgeprune::run::sizes_test
