#include "edgeprune/run/select_after.h"

#include "edgeprune/core/safetensors.h"
#include "edgeprune/run/pipeline.h"

#include "small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <algorithm>
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
  const config::Config stopped = data.config("stopped", {"prune.strategy=short"});
  StopAfter stop(3);
  expect_error(ErrorKind::interrupted, {"can be resumed"},
               [&] { (void)SmallRun::run(stopped, {.stop = &stop.flag, .events = &stop}); });
  expect_error(ErrorKind::run_directory, {"not complete", "resume"},
               [&] { (void)after(stopped, "top", "0.1"); });
  (void)run_pipeline(open_run_directory(stopped.run.directory), {});
  const config::Config again = data.config("again", {"prune.strategy=short"});
  (void)SmallRun::run(again);
  EXPECT_EQ(last_losses(stopped), last_losses(again));
}

}  // namespace
}  // namespace edgeprune::run::select_after_tests
