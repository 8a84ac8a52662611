// Runs under every kind of strategy: what they gather, choose, spend and say.

#include "edgeprune/core/npy.h"
#include "edgeprune/select/strategy.h"

#include "small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace edgeprune::run {
namespace {

using core::ErrorKind;
using testing::expect_error;
using Json = nlohmann::json;

const std::vector<std::string> kMlp = {"model.network=mlp", "model.hidden_sizes=[12]",
                                       "train.epochs=2", "prune.keep_ratio=0.2"};

config::Config mlp_config(const SmallRun& data, const std::string& name,
                          std::vector<std::string> overrides) {
  overrides.insert(overrides.begin(), kMlp.begin(), kMlp.end());
  return data.config(name, overrides);
}

Json json_of(const config::Config& config, std::string_view file) {
  return Json::parse(run_file(config, file));
}

std::vector<std::uint32_t> kept_by(const config::Config& config) {
  const auto array = core::read_npy(std::filesystem::path(config.run.directory) / kSelectionFile);
  const auto kept = array.as<std::uint32_t>();
  return {kept.begin(), kept.end()};
}

TEST(SelectionRun, EveryStrategyRunsToItsEnd) {
  const SmallRun data;
  for (const select::Strategy& strategy : select::strategies()) {
    if (strategy.name == "file") continue;
    SCOPED_TRACE(strategy.name);
    const config::Config config =
        mlp_config(data, std::string(strategy.name),
                   {"prune.strategy=" + std::string(strategy.name), "score.warmup_iterations=30"});
    const RunResult result = SmallRun::run(config);
    EXPECT_GE(result.test_accuracy, 0);
    const std::vector<std::uint32_t> kept = kept_by(config);
    EXPECT_EQ(kept.size(), result.plan.num_stored);
    EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end()));
  }
}

// 150 samples, 30 kept in passes of 2 batches; 2 epochs of them.
TEST(SelectionRun, Rs2TrainsOnAFreshShareEachEpochAndStoresAll) {
  const SmallRun data;
  const config::Config config = mlp_config(data, "rs2", {"prune.strategy=rs2"});
  const RunResult result = SmallRun::run(config);
  EXPECT_EQ(result.spent.learning_samples, 60u);
  EXPECT_EQ(result.plan.num_stored, 150u);
  EXPECT_EQ(result.stored_bytes_kept, result.stored_bytes_full);
}

TEST(SelectionRun, InfoBatchTrainsOnLessThanAllAndCountsIt) {
  const SmallRun data;
  const config::Config config =
      mlp_config(data, "infobatch", {"prune.strategy=infobatch", "train.epochs=8"});
  const RunResult result = SmallRun::run(config);
  EXPECT_LT(result.spent.learning_samples, 8u * 150);
  // The first and the last epoch show all, and above the mean everything stays.
  EXPECT_GT(result.spent.learning_samples, 2u * 150 + 6 * 30);
  std::istringstream lines(run_file(config, kMetricsFile));
  std::vector<std::uint32_t> shown;
  for (std::string line; std::getline(lines, line);) {
    shown.push_back(Json::parse(line).at("samples"));
  }
  ASSERT_EQ(shown.size(), 8u);
  EXPECT_EQ(shown.front(), 150u);
  EXPECT_EQ(shown.back(), 150u);
}

TEST(SelectionRun, GathersTheColumnsAskedForAndNeeded) {
  const SmallRun data;
  const config::Config config = mlp_config(
      data, "columns", {"prune.strategy=stratified", "score.columns=[\"aum\", \"grand\"]"});
  (void)SmallRun::run(config);
  const Json scores = json_of(config, kScoresManifestFile);
  EXPECT_EQ(scores.at("columns"), Json({"aum", "grand", "loss", "el2n"}));
  EXPECT_EQ(scores.at("hard").at("aum"), "low");
  EXPECT_EQ(scores.at("hard").at("el2n"), "high");
  const auto array = core::read_npy(std::filesystem::path(config.run.directory) / kScoresFile);
  EXPECT_EQ(array.shape, (std::vector<std::size_t>{150, 4}));
  EXPECT_EQ(json_of(config, "selection.json").at("scorer"), "el2n");
}

TEST(SelectionRun, TopByAnotherScoreKeepsItsHardEnd) {
  const SmallRun data;
  const config::Config config = mlp_config(
      data, "aum", {"prune.score=aum", "prune.keep_ratio=0.1", "score.columns=[\"aum\"]"});
  (void)SmallRun::run(config);
  const auto array = core::read_npy(std::filesystem::path(config.run.directory) / kScoresFile);
  const auto table = array.as<float>();
  std::vector<float> aum;
  for (std::size_t n = 0; n < 150; ++n) aum.push_back(table[2 * n]);
  std::vector<float> sorted = aum;
  std::sort(sorted.begin(), sorted.end());
  for (const std::uint32_t n : kept_by(config)) EXPECT_LE(aum[n], sorted[14]);
}

TEST(SelectionRun, QuotasKeepTheSameShareOfEveryClass) {
  const SmallRun data;
  const config::Config config = mlp_config(data, "quota", {"prune.per_class=proportional"});
  (void)SmallRun::run(config);
  const auto labels = core::read_npy(data.directory() / "train-labels.npy");
  std::map<int, int> all;
  std::map<int, int> kept;
  for (const std::uint8_t label : labels.as<std::uint8_t>()) ++all[label];
  for (const std::uint32_t n : kept_by(config)) ++kept[labels.as<std::uint8_t>()[n]];
  for (const auto& [label, count] : all) EXPECT_NEAR(kept[label], 0.2 * count, 1) << label;
  EXPECT_EQ(json_of(config, "selection.json").at("per_class"), "proportional");
}

TEST(SelectionRun, AScoreForAStrategyThatRanksByNoneIsAnError) {
  const SmallRun data;
  expect_error(ErrorKind::config, {"prune.score is \"el2n\"", "random ranks by no score"}, [&] {
    (void)SmallRun::run(mlp_config(data, "r", {"prune.strategy=random", "prune.score=el2n"}));
  });
}

TEST(SelectionRun, AScoreThatComparesPassesNeedsSeveral) {
  const SmallRun data;
  expect_error(ErrorKind::config, {"forgetting", "score.warmup_iterations"},
               [&] { (void)SmallRun::run(mlp_config(data, "r", {"prune.score=forgetting"})); });
}

TEST(SelectionRun, ASelectionByAScoreThatWasNotGatheredIsAnErrorThatSaysHow) {
  const SmallRun data;
  const config::Config config = mlp_config(data, "scored", {});
  prepare_run_directory(config::resolve(config), false);
  (void)run_pipeline(config::resolve(config), {.goal = Phase::select});
  const core::ErrorContext context = expect_error(
      ErrorKind::config, core::ErrorReason::new_run_needed, {"el2n", "it has loss"},
      [&] { (void)change_selection(config.run.directory, {"prune.strategy=stratified"}); });
  EXPECT_EQ(context.setting, "score.columns=[\"el2n\"]");
}

// Batches are of 16, the last of a pass of 6 more or fewer.
TEST(SelectionRun, ABudgetOfSamplesIsSpentToTheLastWholeStep) {
  const SmallRun data;
  for (const char* strategy : {"top", "random_scratch", "short", "rs2", "facility_location"}) {
    SCOPED_TRACE(strategy);
    const config::Config config = mlp_config(data, std::string("budget-") + strategy,
                                             {"prune.strategy=" + std::string(strategy),
                                              "budget.samples=500", "score.warmup_iterations=10"});
    const RunResult result = SmallRun::run(config);
    const double spent = static_cast<double>(result.spent.learning_samples) +
                         static_cast<double>(result.spent.scoring_forward_samples) *
                             result.plan.forward_flops_per_sample / result.plan.flops_per_sample;
    EXPECT_LE(spent, 500);
    EXPECT_GT(spent, 500 - 17);
  }
}

TEST(SelectionRun, ABudgetOfSamplesThatInfoBatchDropsPaysForMorePasses) {
  const SmallRun data(600);
  const config::Config config =
      mlp_config(data, "run", {"prune.strategy=infobatch", "budget.samples=9000"});
  const RunResult result = SmallRun::run(config);
  EXPECT_LE(result.spent.learning_samples, 9000u);
  EXPECT_GE(result.spent.learning_samples, 0.97 * 9000);
  EXPECT_EQ(result.plan.epochs, 15u);
  std::istringstream lines(run_file(config, kMetricsFile));
  std::vector<Json> passes;
  for (std::string line; std::getline(lines, line);) passes.push_back(Json::parse(line));
  EXPECT_GT(passes.size(), 17u);
  EXPECT_EQ(passes.back().at("step"), result.plan.training_steps);
  EXPECT_EQ(passes.back().at("learning_rate"),
            config.train.schedule.at(result.plan.training_steps - 1.0,
                                     static_cast<double>(result.plan.training_steps)));
  // The last eighth shows all; the very last pass is cut.
  std::size_t shows_all = 0;
  while (passes.end()[-2 - static_cast<std::ptrdiff_t>(shows_all)].at("samples") == 600) {
    ++shows_all;
  }
  EXPECT_NEAR(static_cast<double>(shows_all + 1), static_cast<double>(passes.size()) / 8, 1.01);
}

TEST(SelectionRun, ABudgetThatScoringEatsUpNamesTheLeastThatWouldDo) {
  const SmallRun data;
  expect_error(ErrorKind::config, {"budget.samples is 150", "150", "16", "needs at least 166"},
               [&] { (void)SmallRun::run(mlp_config(data, "b", {"budget.samples=150"})); });
}

TEST(SelectionRun, AutoShortOfComputeTakesAllSamplesAndSaysWhy) {
  const SmallRun data;
  const config::Config config =
      mlp_config(data, "auto", {"prune.strategy=auto", "prune.constraint=compute"});
  Notices notices;
  const RunResult result = SmallRun::run(config, {.events = &notices});
  EXPECT_EQ(notices.count("auto: "), 1) << notices.all;
  EXPECT_EQ(result.plan.num_stored, 150u);
  EXPECT_EQ(result.plan.warmup_iterations, 0u);
  const Json summary = json_of(config, kSummaryFile);
  EXPECT_EQ(summary.at("strategy"), "auto");
  EXPECT_FALSE(summary.at("auto").at("reason").get<std::string>().empty());
}

TEST(SelectionRun, AutoShortOfStorageStoresNoMoreThanTheShare) {
  const SmallRun data;
  const config::Config config =
      mlp_config(data, "auto", {"prune.strategy=auto", "prune.constraint=storage"});
  const RunResult result = SmallRun::run(config);
  EXPECT_EQ(result.plan.num_stored, 30u);
  EXPECT_EQ(kept_by(config).size(), 30u);
  // 2 * 30 + 150 samples in all: two thirds of that is nearest to one pass.
  EXPECT_EQ(result.plan.scoring_samples, 150u);
  EXPECT_EQ(result.plan.training_samples, 60u);
  EXPECT_EQ(json_of(config, "selection.json").at("selector"),
            json_of(config, kSummaryFile).at("auto").at("strategy"));
}

// 25 * 30 + 150 = 900 samples in all: four passes of warm-up, and 300 samples of training.
TEST(SelectionRun, AutoShortOfStorageWarmsUpForTwoThirdsOfItsBudget) {
  const SmallRun data;
  const config::Config config = mlp_config(
      data, "auto", {"prune.strategy=auto", "prune.constraint=storage", "train.epochs=25"});
  const RunResult result = SmallRun::run(config);
  EXPECT_EQ(result.plan.scoring_samples, 600u);
  EXPECT_EQ(result.plan.training_samples, 300u);
}

TEST(SelectionRun, TheAutomaticRecipeGivesScoresThatDoNotDependOnTheKeepRatio) {
  const SmallRun data;
  const config::Config given = mlp_config(data, "given", {});
  const config::Config few = mlp_config(data, "few", {"train.recipe=auto"});
  const config::Config many =
      mlp_config(data, "many", {"train.recipe=auto", "prune.keep_ratio=0.9"});
  (void)SmallRun::run(given);
  Notices notices;
  (void)SmallRun::run(few, {.events = &notices});
  (void)SmallRun::run(many);
  EXPECT_EQ(run_file(few, kScoresFile), run_file(many, kScoresFile));
  EXPECT_NE(run_file(few, kScoresFile), run_file(given, kScoresFile));
  EXPECT_EQ(notices.count("recipe: cosine from 0.003"), 1) << notices.all;
}

TEST(SelectionRun, WrongLabelsAreTrainedOnAndTheTestSetStaysClean) {
  const SmallRun data;
  const config::Config clean = mlp_config(data, "clean", {"prune.strategy=full"});
  const config::Config noisy =
      mlp_config(data, "noisy", {"prune.strategy=full", "data.label_noise=0.5"});
  (void)SmallRun::run(clean);
  (void)SmallRun::run(noisy);
  EXPECT_NE(json_of(clean, kPlanFile).at("dataset").at("hash"),
            json_of(noisy, kPlanFile).at("dataset").at("hash"));
  EXPECT_GT(json_of(noisy, kSummaryFile).at("results").at("train_loss"),
            json_of(clean, kSummaryFile).at("results").at("train_loss"));
}

TEST(SelectionRun, WarnsOnceOfAWarmUpThatCostsMoreThanItSaves) {
  const SmallRun data;
  Notices notices;
  (void)SmallRun::run(mlp_config(data, "w", {"score.warmup_iterations=30"}), {.events = &notices});
  EXPECT_EQ(notices.count("the warm-up costs more than pruning saves"), 1) << notices.all;
}

TEST(SelectionRun, WarnsOnceOfAStrategyThatStoresAllWhereStorageIsShort) {
  const SmallRun data;
  Notices notices;
  (void)SmallRun::run(mlp_config(data, "w", {"prune.strategy=rs2", "prune.constraint=storage"}),
                      {.events = &notices});
  EXPECT_EQ(notices.count("rs2 keeps all 150 samples stored"), 1) << notices.all;
}

TEST(SelectionRun, WarnsOnceOfClassesWithoutAKeptSample) {
  const SmallRun data;
  Notices notices;
  (void)SmallRun::run(mlp_config(data, "w", {"prune.keep_ratio=0.015"}), {.events = &notices});
  EXPECT_EQ(notices.count("classes have no kept sample"), 1) << notices.all;
}

}  // namespace
}  // namespace edgeprune::run
