#include "edgeprune/run/pipeline.h"

#include "edgeprune/core/npy.h"
#include "edgeprune/nn/model_file.h"
#include "edgeprune/nn/networks.h"

#include "small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>

namespace edgeprune::run {
namespace {

using core::ErrorKind;
using nlohmann::json;
using testing::expect_error;

std::vector<json> metrics_of(const config::Config& config) {
  std::istringstream lines(run_file(config, kMetricsFile));
  std::vector<json> metrics;
  for (std::string line; std::getline(lines, line);) metrics.push_back(json::parse(line));
  return metrics;
}

std::vector<std::uint32_t> selection_of(const config::Config& config) {
  const auto array = core::read_npy(std::filesystem::path(config.run.directory) / kSelectionFile);
  const auto kept = array.as<std::uint32_t>();
  return {kept.begin(), kept.end()};
}

TEST(Pipeline, LearnsAndWritesEveryFileOfTheContract) {
  const SmallRun data(300);
  const config::Config config = data.config("run", {"train.epochs=8", "train.learning_rate=0.005"});
  const RunResult result = SmallRun::run(config);
  EXPECT_GT(result.test_accuracy, 0.6) << "four classes: guessing gives 0.25";
  for (const char* file : {"config.toml", "plan.json", "scores.npy", "scores.json", "selection.npy",
                           "selection.json", "metrics.jsonl", "model.safetensors", "summary.json",
                           "checkpoint-a.safetensors", "checkpoint-b.safetensors"}) {
    EXPECT_FALSE(run_file(config, file).empty()) << file;
  }
}

TEST(Pipeline, SameConfigurationSameBytes) {
  const SmallRun data;
  const config::Config a =
      data.config("a", {"train.horizontal_flip=true", "train.crop_padding_pixels=1"});
  const config::Config b =
      data.config("b", {"train.horizontal_flip=true", "train.crop_padding_pixels=1"});
  (void)SmallRun::run(a);
  (void)SmallRun::run(b);
  for (const std::string_view file : {kScoresFile, kSelectionFile, kModelFile}) {
    EXPECT_EQ(run_file(a, file), run_file(b, file)) << file;
  }
}

TEST(Pipeline, ScoresDoNotDependOnTheKeepRatio) {
  const SmallRun data;
  const config::Config a = data.config("a", {"prune.keep_ratio=0.2"});
  const config::Config b = data.config("b", {"prune.keep_ratio=0.9"});
  (void)SmallRun::run(a, {.goal = Phase::select});
  (void)SmallRun::run(b, {.goal = Phase::select});
  EXPECT_EQ(run_file(a, kScoresFile), run_file(b, kScoresFile));
}

TEST(Pipeline, KeepsExactlyTheFloorOfTheDecimal) {
  const SmallRun data(100);
  const config::Config config = data.config("run", {"prune.keep_ratio=0.29", "train.epochs=1"});
  EXPECT_EQ(SmallRun::run(config).plan.num_kept, 29u);
  EXPECT_EQ(selection_of(config).size(), 29u);
}

TEST(Pipeline, SamplesAShortWarmupNeverDrewAreScoredAndCharged) {
  const SmallRun data;
  const config::Config config = data.config("run", {"score.warmup_iterations=2"});
  const RunResult result = SmallRun::run(config);
  EXPECT_EQ(result.spent.scoring_forward_samples, 150u - 32u);
  const auto scores = core::read_npy(std::filesystem::path(config.run.directory) / kScoresFile);
  for (const float score : scores.as<float>()) EXPECT_GT(score, 0.0f);
}

TEST(Pipeline, ControlsKeepWhatTheirNamesSay) {
  const SmallRun data;
  const config::Config full = data.config("full", {"prune.strategy=full"});
  EXPECT_EQ(SmallRun::run(full).plan.num_kept, 150u);
  const config::Config random = data.config("random", {"prune.strategy=random"});
  const config::Config scratch = data.config("scratch", {"prune.strategy=random_scratch"});
  EXPECT_EQ(SmallRun::run(random).spent.learning_samples, 150u + 3 * 75u);
  EXPECT_EQ(SmallRun::run(scratch).spent.learning_samples, 3 * 75u);
  EXPECT_EQ(selection_of(random), selection_of(scratch)) << "the same subset, so that only the "
                                                            "warm-up differs";
}

TEST(Pipeline, ShortStopsInTheMiddleOfAPass) {
  const SmallRun data;
  const config::Config config = data.config("run", {"prune.strategy=short"});
  const RunResult result = SmallRun::run(config);
  // 10 warm-up steps and 3 epochs of 5: 25 steps; passes of 10 make two and a half.
  EXPECT_EQ(result.plan.training_steps, 25u);
  EXPECT_EQ(metrics_of(config).back()["step"], 25);
  EXPECT_EQ(result.spent.learning_samples, 150u + 150u + 80u);
}

TEST(Pipeline, AListFromOutsideIsTrainedOn) {
  const SmallRun data;
  const std::vector<std::uint32_t> list = {40, 3, 7, 99, 120, 149, 0, 1};
  core::write_npy(data.directory() / "list.npy", std::span<const std::uint32_t>(list),
                  {list.size()});
  const config::Config config = data.config(
      "run",
      {"prune.strategy=file", "prune.selection_file=" + (data.directory() / "list.npy").string()});
  EXPECT_EQ(SmallRun::run(config).plan.num_kept, 8u);
  EXPECT_EQ(selection_of(config), (std::vector<std::uint32_t>{0, 1, 3, 7, 40, 99, 120, 149}));
}

TEST(Pipeline, MetricsHoldEveryEpochWithLossesAccuraciesAndWhatWasSpent) {
  const SmallRun data;
  const config::Config config = data.config("run", {"score.warmup_iterations=15"});
  (void)SmallRun::run(config);
  const auto lines = metrics_of(config);
  ASSERT_EQ(lines.size(), 5u);  // one and a half warm-up passes, three epochs
  EXPECT_EQ(lines[0]["phase"], "score");
  EXPECT_EQ(lines[1]["step"], 15);
  for (std::size_t i = 2; i < 5; ++i) {
    for (const char* field :
         {"running_loss", "kept_loss", "kept_accuracy", "train_loss", "train_accuracy", "test_loss",
          "test_accuracy", "learning_rate", "spent_samples", "spent_flops", "time"}) {
      EXPECT_TRUE(lines[i].contains(field)) << field;
    }
  }
  EXPECT_EQ(lines[4]["spent_samples"]["forward_backward"], 150 + 80 + 3 * 75);
}

TEST(Pipeline, TheSummaryAccountsForPhasesAndRatios) {
  const SmallRun data;
  const config::Config config = data.config("run");
  (void)SmallRun::run(config);
  const json summary = json::parse(run_file(config, kSummaryFile));
  EXPECT_EQ(summary["num_samples"], 150);
  EXPECT_EQ(summary["num_kept"], 75);
  EXPECT_EQ(summary["keep_ratio"]["as_written"], "0.5");
  EXPECT_EQ(summary["iterations"]["score"], 10);
  EXPECT_EQ(summary["iterations"]["train"], 15);
  EXPECT_DOUBLE_EQ(summary["cost_ratio"]["predicted"]["paper_equation_27"], 0.5);
  EXPECT_DOUBLE_EQ(summary["cost_ratio"]["predicted"]["with_warm_up"], 0.5 + 1.0 / 3.0);
  EXPECT_TRUE(summary["cost_ratio"]["measured_time_against_full"].is_null());
  const json& seconds = summary["seconds"];
  const double sum = seconds["score"].get<double>() + seconds["select"].get<double>() +
                     seconds["train"].get<double>() + seconds["evaluate"].get<double>() +
                     seconds["other"].get<double>();
  EXPECT_DOUBLE_EQ(seconds["total"].get<double>(), sum);
}

TEST(Pipeline, ADeviceProfileIsPredictedBesideMeasuredAndGivesTheModelItsWatts) {
  const SmallRun data;
  const config::Config config = data.config(
      "run", {"model.network=mlp", "device.profile=raspberry-pi-5", "energy.meter=model"});
  (void)SmallRun::run(config);
  const json summary = json::parse(run_file(config, kSummaryFile));
  const json& predicted = summary["predicted"];
  EXPECT_EQ(predicted["time_from"], "flops");
  const json& train = predicted["seconds"]["train"];
  EXPECT_DOUBLE_EQ(train["spent"], summary["seconds"]["train"].get<double>());
  EXPECT_NEAR(train["relative_error"],
              train["predicted"].get<double>() / train["spent"].get<double>() - 1, 1e-9);
  // (8): E = P tau, with the profile's 11 W on both sides.
  const json& joules = predicted["joules"]["train"];
  EXPECT_NEAR(joules["predicted"], 11 * train["predicted"].get<double>(), 1e-9);
  EXPECT_DOUBLE_EQ(joules["spent"], summary["energy"]["joules"]["train"].get<double>());
  EXPECT_EQ(summary["energy"]["meters"][0]["method"], "modelled");
}

TEST(Pipeline, EvaluatesAsOftenAsAskedAndAlwaysLast) {
  const SmallRun data;
  const config::Config config =
      data.config("run", {"train.epochs=5", "train.evaluate_every_epochs=2"});
  (void)SmallRun::run(config);
  std::vector<bool> evaluated;
  for (const json& line : metrics_of(config)) {
    if (line["phase"] == "train") evaluated.push_back(line.contains("test_accuracy"));
  }
  EXPECT_EQ(evaluated, (std::vector<bool>{false, true, false, true, true}));
}

TEST(Pipeline, ALossThatIsNotFiniteStopsTheRunAndNamesTheLearningRate) {
  const SmallRun data;
  expect_error(ErrorKind::numeric, {"not finite", "train.learning_rate"}, [&] {
    (void)SmallRun::run(data.config("run", {"train.learning_rate=1e30", "train.optimizer=sgd"}));
  });
}

TEST(Pipeline, WarnsOfBatchesLargerThanTheDataAndOfVanishedClasses) {
  Notices notices;
  const SmallRun data(40);
  const config::Config config =
      data.config("run", {"train.batch_size=64", "prune.keep_ratio=0.05"});
  (void)SmallRun::run(config, {.events = &notices});
  EXPECT_NE(notices.all.find("40 samples are fewer than train.batch_size 64"), std::string::npos);
  EXPECT_NE(notices.all.find("have no kept sample"), std::string::npos);
}

TEST(Pipeline, StartsFromAModelForOtherClassesWithANewHeadAndSaysSo) {
  Notices notices;
  const SmallRun data;
  const auto path = data.directory() / "start.safetensors";
  const nn::Network nine = nn::cnn({8, 8, 1}, 9);
  nn::write_model(path, nine, nn::initial_model(nine, 1));
  const config::Config config = data.config("run", {"model.init=" + path.string()});
  (void)SmallRun::run(config, {.goal = Phase::select, .events = &notices});
  EXPECT_NE(notices.all.find("for 9 classes, the data have 4: its fc"), std::string::npos)
      << notices.all;
  // From here on the run has its weights and needs the file no more.
  std::filesystem::remove(path);
  notices.all.clear();
  (void)run_pipeline(config::resolve(config), {.goal = Phase::done, .events = &notices});
  EXPECT_EQ(notices.all.find("classes, the data"), std::string::npos) << notices.all;
}

// The parameters of a finished run that are not those it started from, by tensor.
std::vector<std::string> changed_tensors(const config::Config& config, const nn::Network& network) {
  const nn::Model start = nn::initial_model(network, config.run.seed);
  const nn::Model end =
      nn::read_model(std::filesystem::path(config.run.directory) / kModelFile, network);
  std::vector<std::string> changed;
  for (const nn::TensorInfo& info : nn::tensor_layout(network)) {
    if (info.is_statistic()) continue;
    const auto at = static_cast<std::ptrdiff_t>(info.offset);
    if (!std::equal(start.parameters.begin() + at,
                    start.parameters.begin() + at + static_cast<std::ptrdiff_t>(info.size),
                    end.parameters.begin() + at)) {
      changed.push_back(info.name);
    }
  }
  return changed;
}

TEST(Pipeline, LeavesWhatIsFrozenAsItWas) {
  const SmallRun data;
  const config::Config backbone =
      data.config("backbone", {"model.network=mlp", "model.hidden_sizes=[5]",
                               "model.freeze=backbone", "train.weight_decay=0.1"});
  (void)SmallRun::run(backbone);
  EXPECT_EQ(changed_tensors(backbone, nn::mlp({8, 8, 1}, {5}, 4)),
            (std::vector<std::string>{"fc2.weight", "fc2.bias"}));
  const config::Config batch_norm = data.config("batch_norm", {"model.freeze=batch_norm"});
  (void)SmallRun::run(batch_norm);
  EXPECT_EQ(changed_tensors(batch_norm, nn::cnn({8, 8, 1}, 4)),
            (std::vector<std::string>{"conv1.weight", "conv2.weight", "conv3.weight", "fc.weight",
                                      "fc.bias"}));
}

TEST(Pipeline, StagesRunOneByOneEqualTheWhole) {
  const SmallRun data;
  const config::Config whole = data.config("whole");
  (void)SmallRun::run(whole);
  const config::Config staged = data.config("staged");
  EXPECT_EQ(SmallRun::run(staged, {.goal = Phase::select}).reached, Phase::select);
  EXPECT_EQ(run_pipeline(config::resolve(staged), {.goal = Phase::train}).reached, Phase::train);
  EXPECT_EQ(run_pipeline(config::resolve(staged), {.goal = Phase::done}).reached, Phase::done);
  EXPECT_EQ(run_file(whole, kModelFile), run_file(staged, kModelFile));
}

TEST(Pipeline, ASelectionMadeLaterWithAnotherRatioEqualsARunWithThatRatio) {
  const SmallRun data;
  const config::Config scored = data.config("scored", {"prune.keep_ratio=0.9"});
  (void)SmallRun::run(scored, {.goal = Phase::select});
  (void)run_pipeline(change_selection(scored.run.directory, {"prune.keep_ratio=0.2"}),
                     {.goal = Phase::done});
  const config::Config direct = data.config("direct", {"prune.keep_ratio=0.2"});
  (void)SmallRun::run(direct);
  EXPECT_EQ(run_file(scored, kSelectionFile), run_file(direct, kSelectionFile));
  EXPECT_EQ(run_file(scored, kModelFile), run_file(direct, kModelFile));
}

TEST(Pipeline, AFinishedRunIsReadBackNotRepeated) {
  const SmallRun data;
  const config::Config config = data.config("run");
  const RunResult first = SmallRun::run(config);
  const std::string summary = run_file(config, kSummaryFile);
  const RunResult again = run_pipeline(config::resolve(config), {});
  EXPECT_EQ(again.test_accuracy, first.test_accuracy);
  EXPECT_EQ(run_file(config, kSummaryFile), summary);
}

}  // namespace
}  // namespace edgeprune::run
