#include "edgeprune/compare/controls.h"

#include "edgeprune/run/new_run.h"
#include "edgeprune/run/run_directory.h"
#include "edgeprune/run/run_summary.h"

#include "run/simulated_device.h"
#include "run/small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <atomic>

namespace edgeprune::compare {
namespace {

using config::Config;
using run::SmallRun;

config::Config with_controls(const SmallRun& data, const std::string& name) {
  config::Config config = data.config(name, {"train.epochs=2", "model.network=mlp"});
  config.run.controls = {"full", "random", "random_scratch", "short"};
  return config;
}

TEST(Controls, EveryStrategyGetsARowAndTheConfiguredOneComesFirst) {
  const SmallRun data;
  const config::Config config = with_controls(data, "run");
  run::prepare_run_directory(config::resolve(config), false);
  const auto rows = run_with_controls(config::resolve(config), {});
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_EQ(rows[0].strategy, "top");
  EXPECT_EQ(rows[1].strategy, "full");
  EXPECT_DOUBLE_EQ(rows[1].time_ratio, 1.0);
  EXPECT_GT(rows[0].time_ratio, 0.0);
  const std::string table = controls_table(rows);
  for (const auto& row : rows) EXPECT_NE(table.find(row.strategy), std::string::npos);
}

TEST(Controls, TheMeasuredTimeRatioGoesIntoTheSummary) {
  const SmallRun data;
  const config::Config config = with_controls(data, "run");
  run::prepare_run_directory(config::resolve(config), false);
  const auto rows = run_with_controls(config::resolve(config), {});
  const auto summary = nlohmann::json::parse(run::run_file(config, run::kSummaryFile));
  EXPECT_DOUBLE_EQ(summary["cost_ratio"]["measured_time_against_full"], rows[0].time_ratio);
}

TEST(Controls, ASecondCallContinuesAndRepeatsNothing) {
  const SmallRun data;
  const config::Config config = with_controls(data, "run");
  run::prepare_run_directory(config::resolve(config), false);
  const auto first = run_with_controls(config::resolve(config), {});
  const auto again = run_with_controls(run::open_run_directory(config.run.directory), {});
  EXPECT_EQ(controls_json(first), controls_json(again));
}

TEST(Controls, AnUnknownControlIsRefusedBeforeAnythingRuns) {
  const SmallRun data;
  config::Config config = with_controls(data, "run");
  config.run.controls = {"full", "ranodm"};
  run::prepare_run_directory(config::resolve(config), false);
  testing::expect_error(core::ErrorKind::config, {"ranodm", "random"},
                        [&] { (void)run_with_controls(config::resolve(config), {}); });
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(config.run.directory) / "plan.json"));
}

// 10 steps of a warm-up and 2 epochs of 5, a second each, and 4.2 seconds for each evaluation.
config::Config with_random(const SmallRun& data, const std::string& name,
                           const std::string& override) {
  return data.config(
      name, {"train.epochs=2", "model.network=mlp", override, "run.controls=[\"random_scratch\"]"});
}

TEST(Controls, OneThatEndsEarlyNamesTheRunToGoOnWith) {
  const SmallRun data;
  const config::Config config = with_random(data, "run", "budget.seconds=20");
  run::prepare_run_directory(config::resolve(config), false);
  run::SimulatedDevice device;
  // What the clock has counted before is the control's too: there is nothing left for it.
  const core::ErrorContext context = testing::expect_error(
      core::ErrorKind::budget, core::ErrorReason::run_resumable,
      {"control random_scratch: budget.seconds is 20"},
      [&] { (void)run_with_controls(config::resolve(config), {.spending = &device}); });
  EXPECT_EQ(context.subject, config.run.directory);
  EXPECT_TRUE(context.setting.starts_with("budget.seconds=")) << context.setting;
  EXPECT_TRUE(run::is_complete(config.run.directory));
  const run::RunDirectory more =
      run::change_limits(config.run.directory, {"budget.seconds=1000"});
  EXPECT_EQ(run_with_controls(more, {.spending = &device}).size(), 2u);
}

TEST(Controls, OneThatStopsInsteadOfWaitingNamesTheRunToGoOnWith) {
  const SmallRun data;
  const config::Config config = with_random(data, "run", "pause.stops=true");
  run::prepare_run_directory(config::resolve(config), false);
  (void)run::run_pipeline(config::resolve(config), {});
  const std::atomic<bool> pause = true;
  const core::ErrorContext context = testing::expect_error(
      core::ErrorKind::paused, core::ErrorReason::run_resumable, {"control random_scratch: "},
      [&] { (void)run_with_controls(config::resolve(config), {.pause = &pause}); });
  EXPECT_EQ(context.subject, config.run.directory);
  EXPECT_EQ(context.setting, "");
  EXPECT_EQ(run_with_controls(config::resolve(config), {}).size(), 2u);
}

TEST(Controls, DecideByThemselvesWhereTheRunIsReplayed) {
  const SmallRun data;
  const config::Config first = with_random(data, "first", "budget.seconds=21");
  run::prepare_run_directory(config::resolve(first), false);
  run::SimulatedDevice device;
  const auto made = run::run_pipeline(config::resolve(first), {.spending = &device});
  ASSERT_LT(made.training_steps, 10u);
  const config::Config again =
      with_random(data, "again", "budget.replay=" + first.run.directory + "/decisions.jsonl");
  run::prepare_run_directory(config::resolve(again), false);
  const auto rows = run_with_controls(config::resolve(again), {});
  EXPECT_EQ(rows[0].result.training_steps, made.training_steps);
  EXPECT_EQ(rows[1].result.training_steps, 10u);
}

}  // namespace
}  // namespace edgeprune::compare
