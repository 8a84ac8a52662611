#include "edgeprune/study/controls.h"

#include "edgeprune/train/run_directory.h"

#include "support/expect_error.h"
#include "train/small_run.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace edgeprune::study {
namespace {

using train::Config;
using train::SmallRun;

Config with_controls(const SmallRun& data, const std::string& name) {
  Config config = data.config(name, {"train.epochs=2", "model.network=mlp"});
  config.run.controls = {"full", "random", "random_scratch", "short"};
  return config;
}

TEST(Controls, EveryStrategyGetsARowAndTheConfiguredOneComesFirst) {
  const SmallRun data;
  const Config config = with_controls(data, "run");
  train::prepare_run_directory(config, false);
  const auto rows = run_with_controls(config, {});
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_EQ(rows[0].strategy, "top");
  EXPECT_EQ(rows[1].strategy, "full");
  EXPECT_DOUBLE_EQ(rows[1].time_ratio, 1.0);
  EXPECT_GT(rows[0].time_ratio, 0.0);
  const std::string table = comparison_table(rows);
  for (const auto& row : rows) EXPECT_NE(table.find(row.strategy), std::string::npos);
}

TEST(Controls, TheMeasuredTimeRatioGoesIntoTheSummary) {
  const SmallRun data;
  const Config config = with_controls(data, "run");
  train::prepare_run_directory(config, false);
  const auto rows = run_with_controls(config, {});
  const auto summary = nlohmann::json::parse(train::run_file(config, train::kSummaryFile));
  EXPECT_DOUBLE_EQ(summary["cost_ratio"]["measured_time_against_full"], rows[0].time_ratio);
}

TEST(Controls, ASecondCallContinuesAndRepeatsNothing) {
  const SmallRun data;
  const Config config = with_controls(data, "run");
  train::prepare_run_directory(config, false);
  const auto first = run_with_controls(config, {});
  const auto again = run_with_controls(train::open_run_directory(config.run.directory), {});
  EXPECT_EQ(comparison_json(first), comparison_json(again));
}

TEST(Controls, AnUnknownControlIsRefusedBeforeAnythingRuns) {
  const SmallRun data;
  Config config = with_controls(data, "run");
  config.run.controls = {"full", "ranodm"};
  train::prepare_run_directory(config, false);
  testing::expect_error(core::ErrorKind::config, {"ranodm", "random"},
                        [&] { (void)run_with_controls(config, {}); });
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(config.run.directory) / "plan.json"));
}

}  // namespace
}  // namespace edgeprune::study
