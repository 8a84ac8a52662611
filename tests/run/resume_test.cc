#include "edgeprune/core/hash.h"
#include "edgeprune/core/safetensors.h"
#include "edgeprune/run/checkpoint.h"

#include "small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <sstream>

namespace edgeprune::run {
namespace {

using core::ErrorKind;
using testing::expect_error;

// metrics.jsonl without what the clock said.
std::string timeless(const std::string& metrics) {
  std::istringstream lines(metrics);
  std::string result;
  for (std::string line; std::getline(lines, line);) {
    auto metrics_line = nlohmann::json::parse(line);
    metrics_line.erase("time");
    result += metrics_line.dump() + "\n";
  }
  return result;
}

void expect_same_run(const config::Config& a, const config::Config& b) {
  for (const std::string_view file : {kScoresFile, kSelectionFile, kModelFile}) {
    if (!std::filesystem::exists(std::filesystem::path(a.run.directory) / file)) continue;
    EXPECT_EQ(run_file(a, file), run_file(b, file)) << file;
  }
  EXPECT_EQ(timeless(run_file(a, kMetricsFile)), timeless(run_file(b, kMetricsFile)));
}

const std::vector<std::string> kSmall = {"train.epochs=2", "score.warmup_iterations=7",
                                         "model.network=mlp", "model.hidden_sizes=[12]",
                                         "train.crop_padding_pixels=1"};

void stop_and_resume(const config::Config& config, std::uint64_t steps) {
  StopAfter stop(steps);
  prepare_run_directory(config::resolve(config), false);
  expect_error(ErrorKind::interrupted, core::ErrorReason::run_resumable, {"can be resumed"}, [&] {
    (void)run_pipeline(config::resolve(config), {.stop = &stop.flag, .events = &stop});
  });
  (void)run_pipeline(open_run_directory(config.run.directory), {});
}

TEST(Resume, AfterAnyStepGivesTheBitsOfTheUninterruptedRun) {
  const SmallRun data;
  const config::Config whole = data.config("whole", kSmall);
  (void)SmallRun::run(whole);
  // 7 warm-up steps and 2 x 5 training steps; a stop after the last is noticed in its evaluation.
  for (std::uint64_t steps = 1; steps <= 17; ++steps) {
    SCOPED_TRACE(steps);
    const config::Config stopped = data.config("stopped" + std::to_string(steps), kSmall);
    stop_and_resume(stopped, steps);
    expect_same_run(whole, stopped);
  }
}

TEST(Resume, HoldsForEveryStrategyScoreModeAndOptimizer) {
  const SmallRun data;
  const std::vector<std::vector<std::string>> variants = {
      {"score.mode=evaluations"},
      {"score.mode=detrended"},
      {"prune.strategy=random"},
      {"prune.strategy=rs2"},
      {"prune.strategy=infobatch", "train.epochs=4"},
      {"prune.strategy=infobatch", "budget.samples=1000"},
      {"prune.strategy=facility_location"},
      {"prune.strategy=auto", "prune.constraint=storage"},
      {"prune.strategy=beta", "score.warmup_iterations=30", "score.columns=[\"tdds\", \"aum\"]"},
      {"prune.strategy=short", "train.recipe=auto", "train.epochs=9"},
      {"prune.strategy=short", "train.recipe=auto", "model.network=cnn", "train.epochs=30"},
      {"prune.strategy=random", "train.optimizer=muon", "model.network=cnn"},
      {"train.optimizer=sgd"},
      {"train.optimizer=adamw", "train.weight_decay=0.01", "train.schedule=one_cycle"},
      {"train.optimizer=muon", "train.schedule=linear", "train.head_learning_rate_factor=9"},
      {"train.optimizer=muon", "model.network=cnn", "train.muon_keeps_norm=false"},
      {"model.network=cnn"},
      {"model.network=cnn", "train.precision=bf16_storage"}};
  for (std::size_t i = 0; i < variants.size(); ++i) {
    SCOPED_TRACE(variants[i][0]);
    std::vector<std::string> overrides = kSmall;
    overrides.insert(overrides.end(), variants[i].begin(), variants[i].end());
    const config::Config whole = data.config("whole" + std::to_string(i), overrides);
    (void)SmallRun::run(whole);
    const config::Config stopped = data.config("stopped" + std::to_string(i), overrides);
    stop_and_resume(stopped, 4 + i % 14);  // of 17 steps
    expect_same_run(whole, stopped);
  }
}

std::filesystem::path newest_checkpoint(const config::Config& config) {
  const std::filesystem::path directory = config.run.directory;
  const auto loaded = load_checkpoint(directory);
  return directory / (loaded->state.sequence % 2 == 0 ? "checkpoint-a.safetensors"
                                                      : "checkpoint-b.safetensors");
}

void damage(const std::filesystem::path& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-5, std::ios::end);
  file.put('\x7f');
}

TEST(Resume, ADamagedNewestCheckpointFallsBackToTheOtherAndSaysSo) {
  const SmallRun data;
  std::vector<std::string> overrides = kSmall;
  overrides.push_back("run.checkpoint_seconds=0");
  const config::Config whole = data.config("whole", overrides);
  (void)SmallRun::run(whole);
  const config::Config stopped = data.config("stopped", overrides);
  StopAfter stop(10);
  prepare_run_directory(config::resolve(stopped), false);
  EXPECT_THROW((void)run_pipeline(config::resolve(stopped), {.stop = &stop.flag, .events = &stop}),
               core::Error);
  damage(newest_checkpoint(stopped));
  Notices notices;
  (void)run_pipeline(config::resolve(stopped), {.events = &notices});
  EXPECT_NE(notices.all.find("skipped a corrupt checkpoint"), std::string::npos);
  expect_same_run(whole, stopped);
}

// Puts `value` at a place in the state and gives the file the hash that then fits.
void damage_state(const std::filesystem::path& path, const std::string& key,
                  const nlohmann::json& value) {
  core::SafetensorsFile file = core::read_safetensors(path);
  auto state = nlohmann::json::parse(file.metadata.at("state"));
  state[key] = value;
  file.metadata["state"] = state.dump();
  core::Hasher hasher;
  hasher.add(file.metadata["state"]);
  for (const auto& [name, array] : file.tensors) hasher.add(name).add(std::span(array.bytes));
  file.metadata["hash"] = hasher.hex();
  core::write_safetensors(path, file);
}

TEST(Resume, AStateThatCannotBeFallsBackToTheOtherCheckpointThoughItsHashFits) {
  const SmallRun data;
  std::vector<std::string> overrides = kSmall;
  overrides.push_back("run.checkpoint_seconds=0");
  const config::Config whole = data.config("whole", overrides);
  (void)SmallRun::run(whole);
  const std::pair<const char*, nlohmann::json> damages[] = {
      {"step", -1}, {"metrics", "{}"}, {"num_samples", 4}, {"phase", "over"}};
  for (const auto& [key, value] : damages) {
    SCOPED_TRACE(key);
    const config::Config stopped = data.config(std::string("stopped-") + key, overrides);
    StopAfter stop(10);
    prepare_run_directory(config::resolve(stopped), false);
    EXPECT_THROW(
        (void)run_pipeline(config::resolve(stopped), {.stop = &stop.flag, .events = &stop}),
        core::Error);
    damage_state(newest_checkpoint(stopped), key, value);
    Notices notices;
    (void)run_pipeline(config::resolve(stopped), {.events = &notices});
    EXPECT_NE(notices.all.find("corrupt checkpoint"), std::string::npos);
    expect_same_run(whole, stopped);
  }
}

TEST(Resume, WithBothCheckpointsDamagedSaysSoAndWhatToDo) {
  const SmallRun data;
  const config::Config config = data.config("run", kSmall);
  (void)SmallRun::run(config);
  for (const char* name : {"checkpoint-a.safetensors", "checkpoint-b.safetensors"}) {
    std::filesystem::resize_file(std::filesystem::path(config.run.directory) / name, 100);
  }
  expect_error(ErrorKind::run_directory, core::ErrorReason::run_unusable, {config.run.directory},
               [&] { (void)run_pipeline(config::resolve(config), {}); });
}

TEST(Resume, RefusesAChangedDataSet) {
  const SmallRun data;
  const config::Config config = data.config("run", kSmall);
  (void)SmallRun::run(config, {.goal = Phase::select});
  write_quadrants(data.directory(), "train", 151);
  expect_error(ErrorKind::run_directory, {"data set has changed"},
               [&] { (void)run_pipeline(config::resolve(config), {.goal = Phase::done}); });
}

TEST(Resume, RefusesAChangedTestSet) {
  const SmallRun data;
  const config::Config config = data.config("run", kSmall);
  (void)SmallRun::run(config, {.goal = Phase::select});
  write_quadrants(data.directory(), "test", 53);
  expect_error(ErrorKind::run_directory, {"test set has changed"},
               [&] { (void)run_pipeline(config::resolve(config), {.goal = Phase::done}); });
}

TEST(RunDirectory, AnExistingRunIsReplacedOnlyWithForce) {
  const SmallRun data;
  const config::Config config = data.config("run", kSmall);
  (void)SmallRun::run(config);
  expect_error(ErrorKind::run_directory, core::ErrorReason::run_exists, {"already exists"},
               [&] { prepare_run_directory(config::resolve(config), false); });
  prepare_run_directory(config::resolve(config), true);
  EXPECT_FALSE(is_complete(config.run.directory));
}

TEST(RunDirectory, ForceNeverTouchesADirectoryThatIsNoRun) {
  const SmallRun data;
  config::Config config = data.config("run", kSmall);
  config.run.directory = data.directory().string();
  expect_error(ErrorKind::run_directory, {"not a run directory"},
               [&] { prepare_run_directory(config::resolve(config), true); });
  EXPECT_TRUE(std::filesystem::exists(data.directory() / "train-images.npy"));
}

TEST(RunDirectory, WhatAKillDuringTheFirstFileLeavesIsNoObstacle) {
  const SmallRun data;
  const config::Config config = data.config("run", kSmall);
  core::create_directories(config.run.directory);
  core::write_file_atomically(
      std::filesystem::path(config.run.directory) / core::make_temporary_name(), "x");
  EXPECT_EQ(SmallRun::run(config).reached, Phase::done);
}

TEST(RunDirectory, ARunThatCouldNotOpenItsDataIsNoObstacle) {
  const SmallRun data;
  const config::Config config = data.config("run", kSmall);
  config::Config wrong = config;
  wrong.data.images = "/nowhere.npy";
  expect_error(ErrorKind::io, {"/nowhere.npy"}, [&] { (void)SmallRun::run(wrong); });
  EXPECT_EQ(SmallRun::run(config).reached, Phase::done);
}

TEST(RunDirectory, AStrategyWithoutAWarmupCannotContinueAScoredRun) {
  const SmallRun data;
  const config::Config config = data.config("run", kSmall);
  (void)SmallRun::run(config, {.goal = Phase::select});
  expect_error(ErrorKind::config, core::ErrorReason::new_run_needed, {"random_scratch"}, [&] {
    (void)change_selection(config.run.directory, {"prune.strategy=random_scratch"});
  });
  EXPECT_EQ(run_pipeline(open_run_directory(config.run.directory), {.goal = Phase::done}).reached,
            Phase::done);
}

TEST(Resume, OnAnotherNumberOfThreadsIsTheSameBits) {
  const SmallRun data;
  const config::Config whole = data.config("whole", kSmall);
  (void)SmallRun::run(whole);
  const config::Config stopped = data.config("stopped", kSmall);
  (void)SmallRun::run(stopped, {.goal = Phase::select});
  Notices notices;
  (void)run_pipeline(change_limits(stopped.run.directory, {"run.threads=5"}),
                     {.goal = Phase::done, .events = &notices});
  EXPECT_EQ(notices.all.find("is resumed on"), std::string::npos) << notices.all;
  for (const std::string_view file : {kScoresFile, kSelectionFile, kModelFile}) {
    EXPECT_EQ(run_file(stopped, file), run_file(whole, file)) << file;
  }
}

// Every way of computing that a run has: precisions, ways to fit memory, strategies that go by
// features, samplers that see losses.
TEST(Threads, AnyNumberOfThemGivesTheSameBits) {
  const SmallRun data;
  int number = 0;
  for (const std::vector<std::string>& overrides : std::vector<std::vector<std::string>>{
           {"train.precision=bf16_storage", "prune.strategy=facility_location"},
           {"train.memory=accumulate", "train.micro_batch_size=16", "prune.strategy=k_center"},
           {"train.memory=recompute", "prune.strategy=infobatch"},
           {"model.network=mobilenet_v2", "prune.strategy=top", "train.horizontal_flip=true"},
           {"model.first_layer=pca", "train.horizontal_flip=true",
            "train.flip_order=alternating"}}) {
    const std::string name = std::to_string(++number);
    std::vector<std::string> one = overrides;
    one.push_back("run.threads=1");
    const config::Config expected = data.config(name, one);
    (void)SmallRun::run(expected);
    for (const char* threads : {"2", "3", "5", "64"}) {
      SCOPED_TRACE(name + " on " + threads);
      std::vector<std::string> many = overrides;
      many.push_back(std::string("run.threads=") + threads);
      const config::Config config = data.config(name + "-" + threads, many);
      (void)SmallRun::run(config);
      EXPECT_EQ(run_file(config, kSelectionFile), run_file(expected, kSelectionFile));
      EXPECT_EQ(run_file(config, kModelFile), run_file(expected, kModelFile));
    }
  }
}

TEST(RunDirectory, ForceKeepsAwayFromFilesThatNoRunWrote) {
  const SmallRun data;
  const config::Config config = data.config("run", kSmall);
  (void)SmallRun::run(config);
  const auto photo = std::filesystem::path(config.run.directory) / "photo.png";
  core::write_file_atomically(photo, "mine");
  expect_error(ErrorKind::run_directory, core::ErrorReason::run_directory_taken, {"photo.png"},
               [&] { prepare_run_directory(config::resolve(config), true); });
  EXPECT_TRUE(is_complete(config.run.directory));
}

TEST(RunDirectory, IsForOneProcessAtATime) {
  const SmallRun data;
  const config::Config config = data.config("run", kSmall);
  prepare_run_directory(config::resolve(config), false);
  const auto other = core::Directory::locked(config.run.directory);
  expect_error(ErrorKind::run_directory, {"in use", config.run.directory},
               [&] { (void)run_pipeline(config::resolve(config), {}); });
}

TEST(RunDirectory, ARefusedKeepRatioLeavesTheConfigurationAsItWas) {
  const SmallRun data;
  const config::Config config = data.config("run", kSmall);
  (void)SmallRun::run(config, {.goal = Phase::select});
  const std::string before = run_file(config, kConfigFile);
  expect_error(ErrorKind::config, {"0.0001"},
               [&] { (void)change_selection(config.run.directory, {"prune.keep_ratio=0.0001"}); });
  EXPECT_EQ(run_file(config, kConfigFile), before);
}

constexpr std::string_view kOwnNetwork = R"(
[[layer]]
type = "convolution"
name = "conv"
out_channels = 8
kernel = 3
[[layer]]
type = "relu"
[[layer]]
type = "linear"
name = "fc"
)";

// A configuration whose network is described in own.toml beside the data.
config::Config own_network(const SmallRun& data, const std::string& name) {
  core::write_file_atomically(data.directory() / "own.toml", kOwnNetwork);
  std::vector<std::string> overrides = kSmall;
  overrides.push_back("model.network=" + (data.directory() / "own.toml").string());
  return data.config(name, overrides);
}

TEST(Resume, NeedsTheNetworksFileNoMore) {
  const SmallRun data;
  const config::Config whole = own_network(data, "whole");
  (void)SmallRun::run(whole);
  const config::Config changed = own_network(data, "changed");
  (void)SmallRun::run(changed, {.goal = Phase::select});
  core::write_file_atomically(data.directory() / "own.toml", "not a network");
  (void)run_pipeline(open_run_directory(changed.run.directory), {.goal = Phase::done});
  expect_same_run(whole, changed);
  const config::Config gone = own_network(data, "gone");
  (void)SmallRun::run(gone, {.goal = Phase::select});
  std::filesystem::remove(data.directory() / "own.toml");
  const auto moved = data.directory() / "moved";
  std::filesystem::rename(gone.run.directory, moved);
  (void)run_pipeline(open_run_directory(moved), {.goal = Phase::done});
  expect_same_run(whole, *read_run_config(moved));
}

TEST(Resume, RefusesAnEditedNetwork) {
  const SmallRun data;
  const config::Config config = own_network(data, "run");
  (void)SmallRun::run(config, {.goal = Phase::select});
  std::string edited(kOwnNetwork);
  edited.replace(edited.find("relu"), 4, "relu6");
  core::write_file_atomically(std::filesystem::path(config.run.directory) / kNetworkFile, edited);
  expect_error(ErrorKind::run_directory, core::ErrorReason::run_unusable, {"network.toml"},
               [&] { (void)run_pipeline(config::resolve(config), {.goal = Phase::done}); });
}

TEST(RunDirectory, ForceTakesTheNetworksFileAnew) {
  const SmallRun data;
  config::Config config = own_network(data, "run");
  (void)SmallRun::run(config);
  prepare_run_directory(config::resolve(config), true);
  EXPECT_EQ(run_file(config, kNetworkFile), kOwnNetwork);
  config.model.network = "mlp";
  prepare_run_directory(config::resolve(config), true);
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(config.run.directory) / kNetworkFile));
}

TEST(Resume, RefusesAnEditedConfiguration) {
  const SmallRun data;
  config::Config config = data.config("run", kSmall);
  (void)SmallRun::run(config, {.goal = Phase::select});
  config.train.epochs = 9;
  expect_error(ErrorKind::run_directory, core::ErrorReason::run_unusable, {"configuration"},
               [&] { (void)run_pipeline(config::resolve(config), {.goal = Phase::done}); });
}

}  // namespace
}  // namespace edgeprune::run
