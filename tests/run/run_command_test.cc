#include "edgeprune/run/run_command.h"

#include "small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace edgeprune::run::command_test {
namespace {

using core::ErrorKind;
using testing::expect_error;

// A run measured by a command that leaves a file behind.
struct MeasuredRun {
  explicit MeasuredRun(const std::string& prints, const std::vector<std::string>& more = {}) {
    command = "touch '" + mark.string() + "'; " + prints;
    std::vector<std::string> overrides = {"train.epochs=1", "energy.command=" + command};
    overrides.insert(overrides.end(), more.begin(), more.end());
    config = data.config("run", overrides);
  }
  // Whether it ran since it was last asked.
  [[nodiscard]] bool has_run() const { return std::filesystem::remove(mark); }

  SmallRun data;
  std::filesystem::path mark = data.directory() / "mark";
  std::string command;
  config::Config config;
};

TEST(Command, IsNamedBeforeItRunsAndNotRunForAFinishedRun) {
  const MeasuredRun run("echo 5 W");
  struct Named final : Events {
    explicit Named(const MeasuredRun& measured) : run(measured) {}
    void on_notice(const Notice& notice) override {
      if (notice.kind != NoticeKind::command) return;
      EXPECT_FALSE(std::filesystem::exists(run.mark)) << "it has run before it was named";
      EXPECT_NE(notice.text.find(run.command), std::string::npos);
      ++count;
    }
    const MeasuredRun& run;
    int count = 0;
  } named(run);
  const RunResult result = SmallRun::run(run.config, {.events = &named});
  EXPECT_EQ(named.count, 1);
  EXPECT_TRUE(run.has_run());
  const RunResult again = run_pipeline(config::resolve(run.config), {.events = &named});
  EXPECT_EQ(named.count, 1);
  EXPECT_FALSE(run.has_run());
  EXPECT_TRUE(again.spent.is_metered) << "what was measured stays";
  // The last checkpoint cannot hold what writing it took.
  EXPECT_GT(again.spent.total().joules, 0);
  EXPECT_LE(again.spent.total().joules, result.spent.total().joules);
}

TEST(Command, IsNotRunWhereThePhaseAskedForIsDone) {
  const MeasuredRun run("echo 5 W");
  (void)SmallRun::run(run.config, {.goal = Phase::select});
  EXPECT_TRUE(run.has_run());
  (void)run_pipeline(config::resolve(run.config), {.goal = Phase::select});
  EXPECT_FALSE(run.has_run());
  (void)run_pipeline(config::resolve(run.config), {.goal = Phase::train});
  EXPECT_TRUE(run.has_run());
}

TEST(Command, IsRefusedWhereCommandsAre) {
  for (const char* meter : {"auto", "command"}) {
    SCOPED_TRACE(meter);
    const MeasuredRun run("echo 5 W", {std::string("energy.meter=") + meter});
    expect_error(ErrorKind::config, core::ErrorReason::command_refused,
                 {"energy.command", "refused", run.command},
                 [&] { (void)SmallRun::run(run.config, {.runs_commands = false}); });
    EXPECT_FALSE(run.has_run());
  }
  const MeasuredRun none("echo 5 W", {"energy.meter=none"});
  EXPECT_EQ(SmallRun::run(none.config, {.runs_commands = false}).reached, Phase::done);
  EXPECT_FALSE(none.has_run());
  EXPECT_EQ(run_pipeline(config::resolve(none.config), {.runs_commands = false}).reached,
            Phase::done);
}

TEST(Command, IsShownWholeOnOneLine) {
  const std::string text = command_notice("true\n" + std::string(300, 'a') + "; rm \x1b[2J");
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("a; rm "), std::string::npos);
}

TEST(AbsurdMeter, IsToldAndLeavesARunWithFiniteNumbers) {
  SmallRun data;
  const auto meter = data.directory() / "meter";
  std::ofstream(meter) << "5 W\n";
  const config::Config config =
      data.config("run", {"train.epochs=2", "energy.file=" + meter.string(),
                          "energy.sample_seconds=0.001", "run.checkpoint_seconds=0"});
  struct Break final : Notices {
    void on_step(Phase, std::uint64_t, std::uint64_t, std::uint32_t) override {
      std::ofstream(file) << "1e308 W\n";
    }
    std::filesystem::path file;
  } events;
  events.file = meter;
  (void)SmallRun::run(config, {.events = &events});
  EXPECT_EQ(events.count(NoticeKind::meter), 1);
  EXPECT_NE(events.all.find("said 1e+308 W, more than 100000 W"), std::string::npos) << events.all;
  for (const std::string_view file : {kSummaryFile, kMetricsFile}) {
    EXPECT_EQ(run_file(config, file).find("total_joules\":null"), std::string::npos) << file;
  }
  const auto summary = nlohmann::json::parse(run_file(config, kSummaryFile));
  EXPECT_TRUE(summary["energy"]["joules"]["total"].is_number());
  EXPECT_EQ(summary["energy"]["meters"][0]["absurd_reading"], "1e+308 W, more than 100000 W");
  EXPECT_TRUE(load_checkpoint(config.run.directory).has_value());
}

}  // namespace
}  // namespace edgeprune::run::command_test
