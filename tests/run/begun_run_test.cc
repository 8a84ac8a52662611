// What of a run that has begun may change, and what may not: as the table of fields says.

#include "edgeprune/config/resolved_config.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/version.h"
#include "edgeprune/run/pipeline.h"
#include "edgeprune/run/run_directory.h"

#include "small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::run {
namespace {

using core::ErrorKind;
using testing::expect_error;

const std::vector<std::string> kBrief = {"train.epochs=2", "score.warmup_iterations=7",
                                         "model.network=mlp", "model.hidden_sizes=[12]"};

// A value that a scored run could go on with, were it allowed to.
std::string other_value(const config::ConfigField& field) {
  static const std::map<std::string_view, std::string> kOwn = {
      {"model.network", "cnn"},
      {"model.hidden_sizes", "[5]"},
      {"model.width_multiplier", "2"},
      {"score.columns", "[\"el2n\"]"},
      {"score.resolution", "0.99"},
      {"prune.strategy", "bottom"},
      {"prune.keep_ratio", "0.3"},
      {"prune.score", "loss"},
      {"train.batch_size", "8"},
      {"train.precision", "bf16_storage"},
      {"train.evaluate_every_epochs", "2"},
      {"train.head_learning_rate_factor", "2"},
      {"train.norm_learning_rate_factor", "2"},
      {"limits.memory_bytes", "1GB"},
      {"budget.samples", "100000"},
      {"budget.seconds", "1000"},
      {"budget.bytes", "1GB"},
      {"energy.meter", "none"},
      {"energy.command", "echo 5"},
      {"device.profile", "laptop"},
      {"pause.allowed_hours", "00:00-23:59"},
      {"run.seed", "5"},
      {"run.controls", "[\"random\"]"},
      {"train.resolutions", "[[1, 1]]"}};
  if (const auto own = kOwn.find(field.key); own != kOwn.end()) return own->second;
  if (!field.words.empty()) return std::string(field.words.back());
  if (field.type == "boolean") return field.value(config::Config()) == "true" ? "false" : "true";
  return field.range == "in [0, 1)" || field.range.starts_with("-1 or") ? "0.5" : "1";
}

// Those whose other values are other files or another place, or need a meter or re-encoding.
bool is_left_out(const config::ConfigField& field) {
  return field.path == config::FieldPath::path || field.key == "data.format" ||
         field.key == "run.directory" || field.key == "budget.joules" ||
         field.key == "prune.keep_bytes";
}

std::string assignment_of(const config::ConfigField& field) {
  return std::string(field.key) + "=" + other_value(field);
}

config::Config edited(const SmallRun& data, const config::ConfigField& field) {
  std::vector<std::string> overrides = kBrief;
  overrides.push_back(assignment_of(field));
  for (const config::FieldNeed& need : field.needs) {
    if (need.value.empty()) overrides.push_back(std::string(need.field) + "=100");
  }
  return data.config("run", overrides);
}

TEST(BegunRun, IsRefusedWhereAFieldThatDecidesBitsAndMayNotChangeWasEdited) {
  const SmallRun data;
  const config::Config config = data.config("run", kBrief);
  (void)SmallRun::run(config, {.goal = Phase::select});
  int refused = 0;
  for (const config::ConfigField& field : config::config_fields()) {
    if (is_left_out(field)) continue;
    const bool is_fixed =
        field.may_change == config::MayChange::never && field.decides == config::Decides::bits;
    const config::Config other = edited(data, field);
    EXPECT_NE(field.value(other), field.value(config)) << field.key;
    try {
      (void)run_pipeline(config::resolve(other), {.goal = Phase::select});
      EXPECT_FALSE(is_fixed) << field.key << " was edited";
    } catch (const core::Error& error) {
      EXPECT_TRUE(is_fixed) << field.key << " was refused: " << error.what();
      ++refused;
    }
  }
  EXPECT_GE(refused, 30);
}

TEST(BegunRun, TakesALimitAtAnyTimeAndNothingElse) {
  const SmallRun data;
  const config::Config config = data.config("run", kBrief);
  prepare_run_directory(config::resolve(config), false);
  for (const config::ConfigField& field : config::config_fields()) {
    if (is_left_out(field) && field.may_change == config::MayChange::always) continue;
    const std::string text = assignment_of(field);
    if (field.may_change == config::MayChange::always) {
      EXPECT_NO_THROW((void)change_limits(config.run.directory, {text})) << text;
    } else {
      expect_error(ErrorKind::config, {text, "only limits.*, budget.seconds"},
                   [&] { (void)change_limits(config.run.directory, {text}); });
    }
  }
}

TEST(BegunRun, TakesAnotherSelectionUntilItHasSelected) {
  const SmallRun data;
  const config::Config config = data.config("run", kBrief);
  (void)SmallRun::run(config, {.goal = Phase::select});
  for (const char* other : {"train.epochs=9", " train.epochs = 9", "run.seed=3"}) {
    expect_error(ErrorKind::config, {other, "only prune.*"},
                 [&] { (void)change_selection(config.run.directory, {other}); });
  }
  expect_error(ErrorKind::config, {"did you mean prune.keep_ratio?"},
               [&] { (void)change_selection(config.run.directory, {"prune.keep_ration=0.1"}); });
  // A sample is 64 bytes and its label.
  const RunResult result = run_pipeline(
      change_selection(config.run.directory, {"budget.bytes=640"}), {.goal = Phase::done});
  EXPECT_EQ(result.plan.num_kept, 9u);
  expect_error(ErrorKind::run_directory, {"its selection is already made"},
               [&] { (void)change_selection(config.run.directory, {"prune.keep_ratio=0.1"}); });
}

TEST(BegunRun, WithoutAWarmUpTakesAnyStrategyThatHasNone) {
  const SmallRun data;
  for (const std::string strategy : {"full", "short", "rs2", "infobatch"}) {
    SCOPED_TRACE(strategy);
    const config::Config whole = data.config("whole-" + strategy, {"prune.strategy=" + strategy});
    (void)SmallRun::run(whole);
    const config::Config changed =
        data.config("changed-" + strategy, {"prune.strategy=random_scratch"});
    (void)SmallRun::run(changed, {.goal = Phase::select});
    (void)run_pipeline(change_selection(changed.run.directory, {"prune.strategy=" + strategy}),
                       {.goal = Phase::done});
    EXPECT_EQ(run_file(changed, kModelFile), run_file(whole, kModelFile));
  }
}

// Refused before config.toml changes, which no run could be made of any more.
TEST(BegunRun, KeepsItsConfigurationWhereTheNewOneDoesNotFit) {
  const SmallRun data;
  const config::Config config = data.config("run", kBrief);
  (void)SmallRun::run(config, {.goal = Phase::select});
  const std::string before = run_file(config, kConfigFile);
  for (const char* other : {"prune.score=nosuch", "prune.strategy=nosuch"}) {
    expect_error(ErrorKind::config, {"nosuch"},
                 [&] { (void)change_selection(config.run.directory, {other}); });
  }
  EXPECT_EQ(run_file(config, kConfigFile), before);
}

// config.toml as an earlier version wrote it.
void give_old_name(const config::Config& config) {
  std::string toml = run_file(config, kConfigFile);
  toml.replace(toml.find("allowed_hours"), std::string("allowed_hours").size(), "hours");
  core::write_file_atomically(std::filesystem::path(config.run.directory) / kConfigFile, toml);
}

TEST(BegunRun, OfAnotherVersionIsRefusedAndNotRewritten) {
  const SmallRun data;
  const config::Config config = data.config("run", kBrief);
  (void)SmallRun::run(config, {.goal = Phase::select});
  const auto path = std::filesystem::path(config.run.directory) / kConfigFile;
  const std::string version(core::version());
  EXPECT_TRUE(
      run_file(config, kConfigFile).starts_with("# written by edgeprune " + version + "\n"));
  give_old_name(config);
  std::string written = run_file(config, kConfigFile);
  const auto expect_refused = [&](const std::string& writer) {
    const std::string now = "pause.hours is now called pause.allowed_hours";
    expect_error(ErrorKind::run_directory, {config.run.directory, "written by " + writer, now},
                 [&] { (void)open_run_directory(config.run.directory); });
    expect_error(ErrorKind::run_directory, {now},
                 [&] { (void)change_limits(config.run.directory, {"budget.seconds=9"}); });
    expect_error(ErrorKind::run_directory, {now},
                 [&] { (void)change_selection(config.run.directory, {"prune.keep_ratio=0.1"}); });
    EXPECT_EQ(run_file(config, kConfigFile), written);
  };
  expect_refused("edgeprune " + version);
  written.erase(0, written.find('\n') + 1);
  core::write_file_atomically(path, written);
  expect_refused("an earlier version of edgeprune");
}

}  // namespace
}  // namespace edgeprune::run
