#include "edgeprune/run/select_after.h"

#include "edgeprune/core/files.h"
#include "edgeprune/core/safetensors.h"
#include "edgeprune/data/dataset.h"
#include "edgeprune/run/pipeline.h"

#include "small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace edgeprune::run::select_after_tests {
namespace {

using core::ErrorKind;
using testing::expect_error;

SelectionAfter after(const config::Config& config, const std::string& strategy,
                     const std::string& keep_ratio) {
  return select_after(open_run_directory(config.run.directory),
                      {.strategy = strategy, .keep_ratio = core::KeepRatio::parse(keep_ratio)});
}

std::vector<float> last_losses(const config::Config& config) {
  const RunDirectory run = open_run_directory(config.run.directory);
  std::vector<float> losses(150);
  core::SafetensorsReader(load_checkpoint(run.files)->file)
      .read("last_losses", std::as_writable_bytes(std::span(losses)));
  return losses;
}

TEST(SelectAfter, KeepsTheLargestOfTheLastLosses) {
  const SmallRun data;
  const config::Config config = data.config("short", {"prune.strategy=short"});
  (void)SmallRun::run(config);
  const std::vector<float> losses = last_losses(config);
  EXPECT_GE(*std::min_element(losses.begin(), losses.end()), 0);
  const SelectionAfter top = after(config, "top", "0.2");
  ASSERT_EQ(top.kept.size(), 30u);
  EXPECT_EQ(top.forward_samples, 0u);
  std::vector<float> sorted = losses;
  std::sort(sorted.rbegin(), sorted.rend());
  for (const std::uint32_t sample : top.kept) EXPECT_GE(losses[sample], sorted[29]);
  EXPECT_EQ(top.manifest.scorer, "last loss");
  EXPECT_EQ(top.manifest.num_kept, 30u);
  EXPECT_EQ(after(config, "top", "0.2").kept, top.kept);
}

TEST(SelectAfter, ScoresWhatWasNeverTrainedOnAndSaysWhatThatTook) {
  const SmallRun data;
  const config::Config config =
      data.config("rs2", {"prune.strategy=rs2", "prune.keep_ratio=0.1", "train.epochs=2"});
  (void)SmallRun::run(config);
  const std::vector<float> losses = last_losses(config);
  const auto unseen = std::count(losses.begin(), losses.end(), -1.0f);
  ASSERT_GT(unseen, 0);
  const SelectionAfter top = after(config, "top", "0.5");
  EXPECT_EQ(top.num_scored, unseen);
  EXPECT_EQ(top.forward_samples, unseen);
  EXPECT_GT(top.flops, 0);
  EXPECT_EQ(top.kept.size(), 75u);
  EXPECT_EQ(after(config, "random", "0.5").forward_samples, 0u);
}

TEST(SelectAfter, MakesFeaturesByForwardPasses) {
  const SmallRun data;
  const config::Config config = data.config("features", {"prune.strategy=infobatch"});
  (void)SmallRun::run(config);
  const SelectionAfter kept = after(config, "facility_location", "0.1");
  EXPECT_EQ(kept.kept.size(), 15u);
  EXPECT_GE(kept.forward_samples, 150u);
  EXPECT_EQ(kept.manifest.scorer, "none");
}

TEST(SelectAfter, KeepsTheRunsQuotas) {
  const SmallRun data;
  const config::Config config =
      data.config("quotas", {"prune.strategy=short", "prune.per_class=uniform"});
  (void)SmallRun::run(config);
  const SelectionAfter top = after(config, "top", "0.16");
  EXPECT_EQ(top.manifest.per_class, "uniform");
  const data::Dataset dataset = open_run_data(config).train;
  EXPECT_EQ(data::class_counts(dataset, top.kept), (std::vector<std::uint32_t>{6, 6, 6, 6}));
}

// Its weights are the checkpoint's, whose checksum is looked at.
TEST(SelectAfter, NeedsNoModelFile) {
  const SmallRun data;
  const config::Config config = data.config("model", {"prune.strategy=full"});
  (void)SmallRun::run(config);
  const std::vector<std::uint32_t> before = after(config, "facility_location", "0.1").kept;
  std::filesystem::remove(std::filesystem::path(config.run.directory) / kModelFile);
  EXPECT_EQ(after(config, "facility_location", "0.1").kept, before);
}

TEST(SelectAfter, RefusesARunThatIsNotAsItWas) {
  const SmallRun data;
  const config::Config config = data.config("edited", {"prune.strategy=short"});
  (void)SmallRun::run(config);
  const auto path = std::filesystem::path(config.run.directory) / kConfigFile;
  std::string toml = core::read_file(path);
  const std::string seed = "\nseed = 0\n";
  ASSERT_NE(toml.find(seed), std::string::npos);
  toml.replace(toml.find(seed), seed.size(), "\nseed = 7\n");
  core::write_file_atomically(path, toml);
  expect_error(ErrorKind::run_directory, {"edited", "undo that"},
               [&] { (void)after(config, "top", "0.1"); });
}

TEST(SelectAfter, RefusesOtherData) {
  const SmallRun data;
  const config::Config config = data.config("data", {"prune.strategy=short"});
  (void)SmallRun::run(config);
  write_quadrants(data.directory(), "train", 149);
  expect_error(ErrorKind::run_directory, {"data set has changed"},
               [&] { (void)after(config, "top", "0.1"); });
}

TEST(SelectAfter, RefusesWhatItCannotSelectFrom) {
  const SmallRun data;
  const config::Config pruned = data.config("top", {"prune.strategy=top"});
  (void)SmallRun::run(pruned);
  expect_error(ErrorKind::run_directory, {"top", "kept samples alone"},
               [&] { (void)after(pruned, "top", "0.1"); });
  const config::Config whole = data.config("full", {"prune.strategy=full"});
  (void)SmallRun::run(whole);
  expect_error(ErrorKind::config, {"rs2", "take a strategy"},
               [&] { (void)after(whole, "rs2", "0.1"); });
  expect_error(ErrorKind::config, {"stratified", "such as top, random or facility_location"},
               [&] { (void)after(whole, "stratified", "0.1"); });
  expect_error(ErrorKind::config, {"the strategy is \"tpo\"", "top"},
               [&] { (void)after(whole, "tpo", "0.1"); });
  const config::Config stopped = data.config("stopped", {"prune.strategy=short"});
  StopAfter stop(3);
  expect_error(ErrorKind::interrupted, {"can be resumed"},
               [&] { (void)SmallRun::run(stopped, {.stop = &stop.flag, .events = &stop}); });
  expect_error(ErrorKind::run_directory, {"not complete", "resume"},
               [&] { (void)after(stopped, "top", "0.1"); });
}

// Stopped after all but one of the steps: what the run before the stop saw is in the losses only
// where it was saved and restored.
TEST(SelectAfter, ResumedRunsHaveTheSameLosses) {
  const SmallRun data;
  const std::vector<std::string> few = {"prune.strategy=rs2", "prune.keep_ratio=0.1",
                                        "train.epochs=3", "train.batch_size=5"};
  const config::Config whole = data.config("whole", few);
  const std::uint64_t steps = SmallRun::run(whole).plan.training_steps;
  const config::Config stopped = data.config("stopped", few);
  StopAfter stop(steps - 1);
  expect_error(ErrorKind::interrupted, {"can be resumed"},
               [&] { (void)SmallRun::run(stopped, {.stop = &stop.flag, .events = &stop}); });
  (void)run_pipeline(open_run_directory(stopped.run.directory), {});
  EXPECT_EQ(last_losses(stopped), last_losses(whole));
}

}  // namespace
}  // namespace edgeprune::run::select_after_tests
