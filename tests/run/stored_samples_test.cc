// Runs that re-encode what they keep (prune.store) and train on it.

#include "edgeprune/core/files.h"
#include "edgeprune/core/hash.h"
#include "edgeprune/data/container.h"
#include "edgeprune/run/pipeline.h"
#include "edgeprune/run/run_memory.h"

#include "small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace edgeprune::run::stored_samples_test {
namespace {

using core::ErrorKind;
using nlohmann::json;
using testing::expect_error;

std::vector<std::string> reencoded(const std::vector<std::string>& more = {}) {
  std::vector<std::string> all = {"prune.store=reencoded", "prune.strategy=random",
                                  "model.network=mlp", "model.hidden_sizes=[12]"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

data::Container kept_file(const config::Config& config) {
  return data::parse_container(run_file(config, kKeptFile), "kept");
}

// 150 images of 64 bytes: 75 of them, whatever they take.
TEST(StoredSamples, ByKeepRatioAreSoManyAtTheUsualQuality) {
  const SmallRun data;
  const config::Config config = data.config("run", reencoded());
  Notices notices;
  const RunResult result = SmallRun::run(config, {.events = &notices});
  const data::Container kept = kept_file(config);
  EXPECT_EQ(kept.samples.size(), 75u);
  EXPECT_EQ(kept.jpeg_quality, data::kUsualJpegQuality);
  const std::string file = run_file(config, kKeptFile);
  EXPECT_EQ(result.stored_bytes_kept, static_cast<double>(file.size()));
  EXPECT_NEAR(result.stored_bytes_full, 150 * (64 + 4), 1);  // and four bytes of index
  EXPECT_EQ(notices.count("kept.edgeprune: 75 samples at JPEG quality 25"), 1) << notices.all;
  const json manifest = json::parse(run_file(config, kSelectionManifestFile));
  EXPECT_EQ(manifest["stored"]["bytes"], file.size());
  EXPECT_EQ(manifest["stored"]["jpeg_quality"], 25);
  EXPECT_EQ(manifest["keep_ratio"], "0.5");
  EXPECT_EQ(manifest["num_kept"], 75);
  const json summary = json::parse(run_file(config, kSummaryFile));
  EXPECT_EQ(summary["stored_bytes"]["kept"], file.size());
}

TEST(StoredSamples, ByBytesAreAsManyAsFit) {
  const SmallRun data(1500);
  for (const std::string limit : {"prune.keep_bytes=0.2", "budget.bytes=20400"}) {
    SCOPED_TRACE(limit);
    const config::Config config =
        data.config(limit.substr(0, 8), reencoded({limit, "prune.keep_ratio=0.9"}));
    const RunResult result = SmallRun::run(config);
    const double bytes = 0.2 * 1500 * 68;
    EXPECT_LE(result.stored_bytes_kept, bytes);
    EXPECT_GT(result.stored_bytes_kept, 0.8 * bytes);
    EXPECT_GT(result.plan.num_kept, 500u);  // 300 originals
    EXPECT_EQ(kept_file(config).samples.size(), result.plan.num_kept);
    EXPECT_NEAR(result.plan.stored_bytes, result.stored_bytes_kept, 0.2 * bytes);
  }
}

TEST(StoredSamples, ThatAllFitGetAHigherQuality) {
  const SmallRun data(600);
  const config::Config config = data.config("run", reencoded({"prune.keep_bytes=1"}));
  const RunResult result = SmallRun::run(config);
  EXPECT_EQ(result.plan.num_kept, 600u);
  EXPECT_GT(kept_file(config).jpeg_quality, data::kUsualJpegQuality);
  EXPECT_LE(result.stored_bytes_kept, 600 * 68);
}

TEST(StoredSamples, AreWhatTheRunTrainsOn) {
  const SmallRun data;
  const auto model_of = [&](const std::string& name, const std::vector<std::string>& more) {
    const config::Config config = data.config(name, reencoded(more));
    (void)SmallRun::run(config);
    return run_file(config, kModelFile);
  };
  const std::string originals = model_of("originals", {"prune.store=originals"});
  EXPECT_NE(model_of("low", {"prune.jpeg_quality=5"}), originals);
  EXPECT_NE(model_of("high", {"prune.jpeg_quality=100"}),
            model_of("low again", {"prune.jpeg_quality=5"}));
}

// Whole numbers from 0 to 255 come back as they were: so does the model.
TEST(StoredSamples, OfFloatsThatBytesCanHoldChangeNothing) {
  const SmallRun data;
  const core::NpyArray bytes = core::read_npy(data.directory() / "train-images.npy");
  std::vector<float> values(bytes.as<std::uint8_t>().begin(), bytes.as<std::uint8_t>().end());
  for (std::size_t n = 0; n < values.size(); n += 64) {
    values[n] = 0;
    values[n + 1] = 255;
  }
  core::write_npy(data.directory() / "train-images.npy", std::span<const float>(values),
                  bytes.shape);
  const config::Config before = data.config(
      "originals", reencoded({"prune.store=originals", "data.test_images=", "data.test_labels="}));
  const config::Config after =
      data.config("bytes", reencoded({"data.test_images=", "data.test_labels="}));
  const RunResult originals = SmallRun::run(before);
  const RunResult scaled = SmallRun::run(after);
  EXPECT_EQ(run_file(before, kModelFile), run_file(after, kModelFile));
  EXPECT_EQ(kept_file(after).code, data::SampleCode::scaled);
  EXPECT_LT(scaled.stored_bytes_kept, 0.5 * originals.stored_bytes_kept);
}

TEST(StoredSamples, AfterAnyStopGiveTheBitsOfTheUninterruptedRun) {
  const SmallRun data;
  const std::vector<std::string> overrides =
      reencoded({"prune.strategy=top", "prune.keep_bytes=0.9"});
  const config::Config whole = data.config("whole", overrides);
  (void)SmallRun::run(whole);
  for (const int at : {4, 10, 14, 20}) {
    SCOPED_TRACE(at);
    const config::Config stopped = data.config("stopped" + std::to_string(at), overrides);
    StopAfter stop(static_cast<std::uint64_t>(at));
    expect_error(ErrorKind::interrupted, {"can be resumed"},
                 [&] { (void)SmallRun::run(stopped, {.stop = &stop.flag, .events = &stop}); });
    (void)run_pipeline(open_run_directory(stopped.run.directory), {});
    EXPECT_EQ(run_file(whole, kModelFile), run_file(stopped, kModelFile));
    EXPECT_EQ(run_file(whole, kKeptFile), run_file(stopped, kKeptFile));
  }
}

TEST(StoredSamples, AreWrittenAnewWhereTheirFileIsDamagedOrGone) {
  const SmallRun data;
  const config::Config config = data.config("run", reencoded());
  (void)SmallRun::run(config, {.goal = Phase::train});
  const std::filesystem::path path = std::filesystem::path(config.run.directory) / kKeptFile;
  const std::string before = core::read_file(path);
  for (const bool is_gone : {true, false}) {
    if (is_gone) {
      std::filesystem::remove(path);
    } else {
      core::write_file_atomically(path, before.substr(0, before.size() / 2));
    }
    Notices notices;
    (void)run_pipeline(config::resolve(config), {.events = &notices});
    EXPECT_EQ(notices.count(NoticeKind::restored_file), 1) << notices.all;
    EXPECT_EQ(core::read_file(path), before);
  }
}

TEST(StoredSamples, AreNoneWhereEverythingIsKept) {
  const SmallRun data;
  for (const std::string strategy : {"full", "short", "rs2", "infobatch"}) {
    SCOPED_TRACE(strategy);
    const config::Config config =
        data.config(strategy, reencoded({"prune.strategy=" + strategy, "prune.keep_ratio=0.5"}));
    Notices notices;
    const RunResult result = SmallRun::run(config, {.events = &notices});
    EXPECT_EQ(notices.count("prune.store: " + strategy + " keeps every sample stored, as it was"),
              1)
        << notices.all;
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(config.run.directory) / kKeptFile));
    EXPECT_EQ(result.stored_bytes_kept, result.stored_bytes_full);
    const config::Config plain =
        data.config(strategy + " as read", {"model.network=mlp", "model.hidden_sizes=[12]",
                                            "prune.strategy=" + strategy, "prune.keep_ratio=0.5"});
    (void)SmallRun::run(plain);
    EXPECT_EQ(run_file(config, kModelFile), run_file(plain, kModelFile));
  }
}

// The control takes as many steps as `top` does with what fits its bytes.
TEST(StoredSamples, ByBytesLengthenTheControlShortTheSame) {
  const SmallRun data(1500);
  const auto steps = [&](const std::string& strategy) {
    return SmallRun::run(data.config(strategy, reencoded({"prune.keep_bytes=0.2",
                                                          "prune.strategy=" + strategy})))
        .plan;
  };
  const RunPlan top = steps("top");
  EXPECT_EQ(steps("short").training_steps, top.training_steps + top.warmup_iterations);
}

TEST(StoredSamples, ByBytesNeedReencoding) {
  const SmallRun data;
  expect_error(ErrorKind::config, {"prune.keep_bytes is for prune.store \"reencoded\""}, [&] {
    (void)SmallRun::run(
        data.config("originals", {"prune.strategy=random", "prune.keep_bytes=0.5"}));
  });
  expect_error(ErrorKind::config, {"budget.bytes is 300", "the minimum is"},
               [&] { (void)SmallRun::run(data.config("few", reencoded({"budget.bytes=300"}))); });
}

TEST(StoredSamples, TakeTheMemoryOfASecondTrainingSet) {
  const SmallRun data;
  const auto memory = [&](const std::vector<std::string>& overrides) {
    const auto config = config::resolve(data.config("run", overrides));
    const RunData opened = open_run_data(*config);
    const nn::Network network = nn::mlp(opened.shape(), {12}, 4);
    return choose_run_memory(config, network, opened, {.batch_size = 16}).predicted.data;
  };
  EXPECT_EQ(memory(reencoded()) - memory({}), 150u * (64 + 4));
}

TEST(StoredSamples, MakeAutoKeepRandomOnes) {
  const SmallRun data;
  const config::Config config = data.config(
      "run",
      reencoded({"prune.strategy=auto", "prune.constraint=storage", "prune.keep_ratio=0.1"}));
  Notices notices;
  (void)SmallRun::run(config, {.events = &notices});
  EXPECT_EQ(notices.count("auto: random: short of storage, and among many re-encoded"), 2)
      << notices.all;
}

}  // namespace
}  // namespace edgeprune::run::stored_samples_test
