// Whose a run directory is: what is replaced and what is not, who has it, and where a run writes
// that loses it.

#include "edgeprune/core/files.h"
#include "edgeprune/run/checkpoint.h"
#include "edgeprune/run/pipeline.h"

#include "small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace edgeprune::run::identity_test {
namespace {

namespace fs = std::filesystem;
using core::ErrorKind;
using core::ErrorReason;
using testing::expect_error;

const std::vector<std::string> kSmall = {"train.epochs=2", "score.warmup_iterations=7",
                                         "model.network=mlp", "model.hidden_sizes=[12]"};
constexpr std::string_view kNetwork = "[[layer]]\ntype = \"linear\"\nname = \"fc\"\n";

config::Config small(const SmallRun& data, const std::string& name) {
  return data.config(name, kSmall);
}

std::map<std::string, std::string> contents(const fs::path& directory) {
  std::map<std::string, std::string> all;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) all[entry.path().string()] = core::read_file(entry.path());
  }
  return all;
}

// That neither a new run nor one with --force takes the directory, and that it stays as it is.
void expect_not_taken(const config::Config& config, const std::string& part,
                      ErrorReason without_force = ErrorReason::run_exists) {
  const auto before = contents(config.run.directory);
  const auto prepare = [&](bool force) {
    (void)prepare_run_directory(config::resolve(config), force);
  };
  expect_error(ErrorKind::run_directory, without_force, {config.run.directory},
               [&] { prepare(false); });
  expect_error(ErrorKind::run_directory, ErrorReason::run_directory_taken,
               {config.run.directory, part, "not replaced"}, [&] { prepare(true); });
  EXPECT_EQ(contents(config.run.directory), before);
}

void expect_not_unused(const config::Config& config, const std::string& part) {
  expect_not_taken(config, part, ErrorReason::run_directory_taken);
}

TEST(RunIdentity, AFolderWithHandWrittenFilesIsNotUnused) {
  const SmallRun data;
  const config::Config config = small(data, "run");
  core::create_directories(config.run.directory);
  const fs::path directory = config.run.directory;
  core::write_file_atomically(directory / kNetworkFile, kNetwork);
  expect_not_unused(config, "network.toml");
  core::write_file_atomically(directory / kConfigFile, "# my notes\n[train]\nepochs = 3\n");
  expect_not_unused(config, "config.toml");
  fs::remove(directory / kNetworkFile);
  expect_not_unused(config, "config.toml");
  core::write_file_atomically(directory / kConfigFile, run_config_text(config::resolve(config)));
  expect_not_unused(config, "config.toml");
}

TEST(RunIdentity, WhatWasEditedOrPutIntoARunIsNotReplaced) {
  const SmallRun data;
  const config::Config config = small(data, "run");
  const fs::path directory = config.run.directory;
  (void)SmallRun::run(config);
  const std::string toml = run_file(config, kConfigFile);
  std::string with_cr;
  for (const char c : toml) with_cr += c == '\n' ? std::string("\r\n") : std::string(1, c);
  for (const std::string& edited : {"# mine\n" + toml, toml + "# mine\n", with_cr}) {
    core::write_file_atomically(directory / kConfigFile, edited);
    expect_not_taken(config, "config.toml");
  }
  core::write_file_atomically(directory / kConfigFile, toml);
  core::write_file_atomically(directory / kNetworkFile, kNetwork);
  expect_not_taken(config, "network.toml");
  fs::remove(directory / kNetworkFile);
  fs::rename(directory / kModelFile, data.directory() / "model");
  fs::create_symlink(data.directory() / "model", directory / kModelFile);
  expect_not_taken(config, "model.safetensors");
  fs::remove(directory / kModelFile);
  core::write_file_atomically(directory / core::make_temporary_name(), "half");
  (void)prepare_run_directory(config::resolve(config), true);
}

TEST(RunIdentity, AConfigurationEditedBeforeTheRunBeganIsNotReplaced) {
  const SmallRun data;
  const config::Config config = small(data, "run");
  (void)prepare_run_directory(config::resolve(config), false);
  core::write_file_atomically(fs::path(config.run.directory) / kConfigFile,
                              run_file(config, kConfigFile) + "# mine\n");
  expect_not_unused(config, "config.toml");
}

TEST(RunIdentity, ARunsOwnFilesAreReplacedAlsoAfterALimitWasChanged) {
  const SmallRun data;
  config::Config config = small(data, "run");
  core::write_file_atomically(data.directory() / "own.toml", kNetwork);
  config.model.network = (data.directory() / "own.toml").string();
  (void)prepare_run_directory(config::resolve(config), false);
  (void)change_limits(config.run.directory, {"budget.seconds=900"});
  config.model.network = "mlp";
  (void)prepare_run_directory(config::resolve(config), false);
  EXPECT_FALSE(fs::exists(fs::path(config.run.directory) / kNetworkFile));
  (void)run_pipeline(config::resolve(config), {});
  (void)prepare_run_directory(config::resolve(config), true);
}

TEST(RunIdentity, ALimitIsNotWrittenIntoAConfigurationOfSomebodysOwn) {
  const SmallRun data;
  const config::Config config = small(data, "run");
  const fs::path file = fs::path(config.run.directory) / kConfigFile;
  core::create_directories(config.run.directory);
  const auto expect_refused = [&](const std::string& part) {
    const std::string before = core::read_file(file);
    expect_error(ErrorKind::run_directory, {"config.toml", part},
                 [&] { (void)change_limits(config.run.directory, {"budget.seconds=9"}); });
    expect_error(ErrorKind::run_directory, {"config.toml", part},
                 [&] { (void)change_selection(config.run.directory, {"prune.keep_ratio=0.1"}); });
    EXPECT_EQ(core::read_file(file), before);
  };
  core::write_file_atomically(file, "# my notes\n" + config::to_toml(config));
  expect_refused("no run was begun there");
  fs::remove(file);
  (void)prepare_run_directory(config::resolve(config), false);
  core::write_file_atomically(file, "# my notes\n" + config::to_toml(config));
  expect_refused("by hand");
}

TEST(RunIdentity, AConfigurationAloneIsNotGoneOnWith) {
  const SmallRun data;
  const config::Config config = small(data, "run");
  core::create_directories(config.run.directory);
  const fs::path directory = config.run.directory;
  core::write_file_atomically(directory / kConfigFile, config::to_toml(config));
  core::write_file_atomically(directory / kModelFile, "mine");
  const auto before = contents(directory);
  expect_error(ErrorKind::run_directory, {"no run was begun there"},
               [&] { (void)open_run_directory(directory); });
  expect_error(ErrorKind::run_directory, {"no run was begun there"},
               [&] { (void)begin_or_continue(directory, config::resolve(config), Phase::done); });
  EXPECT_EQ(contents(directory), before);
}

TEST(RunIdentity, ASecondRunInADirectoryThatIsBeingPreparedIsRefusedAndChangesNothing) {
  const SmallRun data;
  const config::Config first = small(data, "run");
  config::Config second = first;
  second.run.seed = 77;
  const RunDirectory run = prepare_run_directory(config::resolve(first), false);
  const auto before = contents(first.run.directory);
  for (const bool force : {false, true}) {
    expect_error(ErrorKind::run_directory, {"in use"},
                 [&] { (void)prepare_run_directory(config::resolve(second), force); });
  }
  EXPECT_EQ(contents(first.run.directory), before);
  EXPECT_EQ(run_pipeline(run, {}).reached, Phase::done);
}

// Does something at the first training step.
struct DuringTraining final : Events {
  explicit DuringTraining(std::function<void()> action) : action_(std::move(action)) {}
  void on_step(Phase phase, std::uint64_t, std::uint64_t, std::uint32_t) override {
    if (phase == Phase::train && action_) std::exchange(action_, nullptr)();
  }

 private:
  std::function<void()> action_;
};

TEST(RunIdentity, ARunWhoseDirectoryIsMovedWritesThereAndNotIntoTheNextOfItsName) {
  const SmallRun data;
  const config::Config whole = small(data, "whole");
  (void)SmallRun::run(whole);
  for (const bool is_replaced : {false, true}) {
    SCOPED_TRACE(is_replaced);
    const config::Config config = small(data, is_replaced ? "replaced" : "run");
    const fs::path moved = config.run.directory + "-moved";
    std::map<std::string, std::string> of_next;
    DuringTraining move([&] {
      fs::rename(config.run.directory, moved);
      if (!is_replaced) return;
      config::Config next = config;
      next.run.seed = 8;
      (void)SmallRun::run(next);
      of_next = contents(config.run.directory);
    });
    expect_error(ErrorKind::run_directory, {config.run.directory, "moved"},
                 [&] { (void)SmallRun::run(config, {.events = &move}); });
    if (is_replaced) {
      EXPECT_EQ(contents(config.run.directory), of_next);
    } else {
      EXPECT_FALSE(fs::exists(config.run.directory));
    }
    EXPECT_EQ(core::read_file(moved / kModelFile), run_file(whole, kModelFile));
    EXPECT_TRUE(is_complete(moved));
  }
}

TEST(RunIdentity, ARunWhoseDirectoryIsRemovedEndsWithAnError) {
  const SmallRun data;
  const config::Config config = small(data, "run");
  DuringTraining remove([&] { fs::remove_all(config.run.directory); });
  expect_error(ErrorKind::run_directory, {config.run.directory, "removed"},
               [&] { (void)SmallRun::run(config, {.events = &remove}); });
  EXPECT_FALSE(fs::exists(config.run.directory));
  const config::Config emptied = small(data, "emptied");
  DuringTraining empty([&] {
    for (const auto& entry : fs::directory_iterator(emptied.run.directory)) fs::remove(entry);
  });
  expect_error(ErrorKind::run_directory, {"config.toml", "removed"},
               [&] { (void)SmallRun::run(emptied, {.events = &empty}); });
}

TEST(RunIdentity, ALinkInARunDirectoryIsNotWrittenThrough) {
  const SmallRun data;
  const config::Config config = small(data, "run");
  (void)prepare_run_directory(config::resolve(config), false);
  const fs::path mine = data.directory() / "mine";
  core::write_file_atomically(mine, "mine");
  for (const std::string_view name :
       {kPlanFile, kScoresFile, kSelectionFile, kMetricsFile, kModelFile, kSummaryFile}) {
    fs::create_symlink(mine, fs::path(config.run.directory) / name);
  }
  EXPECT_EQ(run_pipeline(config::resolve(config), {}).reached, Phase::done);
  EXPECT_EQ(core::read_file(mine), "mine");
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(fs::path(config.run.directory) / kModelFile)));
}

TEST(RunIdentity, WhatKilledProcessesLeftGoesWhenTheRunIsOpened) {
  const SmallRun data;
  const config::Config config = small(data, "run");
  (void)prepare_run_directory(config::resolve(config), false);
  const fs::path left = fs::path(config.run.directory) / core::make_temporary_name();
  core::write_file_atomically(left, "half");
  (void)open_run_directory(config.run.directory);
  EXPECT_FALSE(fs::exists(left));
}

// Ends a run as a kill would, before its first checkpoint: at the first thing that it says.
struct Kill final : Events {
  void on_notice(const Notice&) override { throw std::runtime_error("killed"); }
};

TEST(RunIdentity, AScoreKilledBeforeItsFirstCheckpointStopsAfterScoring) {
  const SmallRun data;
  const config::Config config = small(data, "run");
  Kill kill;
  EXPECT_THROW((void)run_pipeline(
                   prepare_run_directory(config::resolve(config), false, nullptr, Phase::select),
                   {.events = &kill}),
               std::runtime_error);
  EXPECT_FALSE(load_checkpoint(config.run.directory));
  EXPECT_EQ(run_pipeline(open_run_directory(config.run.directory), {}).reached, Phase::select);
  EXPECT_FALSE(fs::exists(fs::path(config.run.directory) / kSelectionFile));
}

TEST(RunIdentity, AStageKilledBeforeItsFirstCheckpointIsWhatIsResumed) {
  const SmallRun data;
  const config::Config config = small(data, "run");
  (void)SmallRun::run(config, {.goal = Phase::select});
  for (const Phase goal : {Phase::train, Phase::done}) {
    Kill kill;
    EXPECT_THROW((void)run_pipeline(config::resolve(config), {.goal = goal, .events = &kill}),
                 std::runtime_error);
    EXPECT_EQ(run_pipeline(open_run_directory(config.run.directory), {}).reached, goal);
  }
}

}  // namespace
}  // namespace edgeprune::run::identity_test
