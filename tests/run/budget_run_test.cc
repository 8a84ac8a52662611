// Runs with a budget on a simulated device.

#include "edgeprune/cost/device_profile.h"
#include "edgeprune/run/pipeline.h"
#include "edgeprune/run/planned_run.h"

#include "simulated_device.h"
#include "small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck.h>

#include <fstream>
#include <sstream>
#include <utility>

namespace edgeprune::run {
namespace {

using core::ErrorKind;
using nlohmann::json;
using testing::expect_error;

// 75 warm-up steps, then 20 epochs of 37 steps (a last batch of one joins the one before), each a
// second of the simulated device; evaluating 150 + 60 samples takes 4.2 seconds.
const std::vector<std::string> kLong = {"train.batch_size=2", "train.epochs=20",
                                        "model.network=mlp", "model.hidden_sizes=[4]",
                                        "run.threads=1"};
constexpr double kWarmupSeconds = 75;
constexpr double kEvaluateSeconds = 4.2;

std::vector<std::string> with(std::vector<std::string> overrides,
                              const std::vector<std::string>& more) {
  overrides.insert(overrides.end(), more.begin(), more.end());
  return overrides;
}

std::vector<json> lines_of(const config::Config& config, std::string_view file) {
  std::istringstream lines(run_file(config, file));
  std::vector<json> all;
  for (std::string line; std::getline(lines, line);) all.push_back(json::parse(line));
  return all;
}

void expect_same_bits(const config::Config& a, const config::Config& b) {
  for (const std::string_view file : {kScoresFile, kSelectionFile, kModelFile}) {
    EXPECT_EQ(run_file(a, file), run_file(b, file)) << file;
  }
}

TEST(BudgetedRun, WithRoomForEverythingHasTheBitsOfOneWithout) {
  const SmallRun data;
  const config::Config free = data.config("free", kLong);
  const config::Config roomy = data.config("roomy", with(kLong, {"budget.seconds=5000"}));
  SimulatedDevice device;
  (void)SmallRun::run(free);
  const RunResult result = SmallRun::run(roomy, {.spending = &device});
  expect_same_bits(free, roomy);
  EXPECT_EQ(result.training_steps, 740u);
}

TEST(BudgetedRun, AsksItsMeterOnceAStep) {
  // Counts how often it is asked between two steps within a pass.
  struct AskedDevice final : budget::UsageMeter {
    core::Usage total() override {
      ++asked;
      return inner.total();
    }
    [[nodiscard]] bool has_meter() const override { return true; }
    void worked(budget::Work work, std::uint64_t samples) override {
      inner.worked(work, samples);
      if (work == budget::Work::step) counts.push_back(std::exchange(asked, 0));
    }
    void wait(double seconds) override { inner.wait(seconds); }
    SimulatedDevice inner;
    int asked = 0;
    std::vector<int> counts;
  };
  const SmallRun data;
  const auto file = data.directory() / "budget.toml";
  std::ofstream(file) << "joules = 5000\nharvest = [[0, 1.0]]\n";
  for (const std::string& budget :
       {std::string("budget.seconds=5000"), "budget.file=" + file.string()}) {
    SCOPED_TRACE(budget);
    const config::Config config =
        data.config("run" + std::to_string(budget.size()),
                    with(kLong, {budget, "train.evaluate_every_epochs=0", "train.epochs=2",
                                 "run.checkpoint_seconds=1000"}));
    AskedDevice device;
    (void)SmallRun::run(config, {.spending = &device});
    // 75 of the warm-up, 37 in each epoch; the first of a pass also ends what was before it.
    ASSERT_EQ(device.counts.size(), 75u + 2 * 37);
    for (std::size_t step = 0; step < device.counts.size(); ++step) {
      const bool begins = step == 0 || step == 75 || step == 75 + 37;
      if (!begins) EXPECT_EQ(device.counts[step], 1) << step;
    }
  }
}

TEST(BudgetedRun, LandsWithinThreePercentAndItsLastStepHasTheLastRate) {
  const SmallRun data;
  const config::Config config = data.config("run", with(kLong, {"budget.seconds=400"}));
  SimulatedDevice device;
  const RunResult result = SmallRun::run(config, {.spending = &device});
  EXPECT_LE(device.clock, 401);
  EXPECT_GE(device.clock, 388);
  // What forward passes of 8 samples taught it is a second less.
  EXPECT_NEAR(static_cast<double>(result.training_steps), 400 - kWarmupSeconds - kEvaluateSeconds,
              2);
  const json last = lines_of(config, kMetricsFile).back();
  EXPECT_EQ(last["step"], result.training_steps);
  EXPECT_EQ(last["learning_rate"], config.train.schedule.at(739.0, 740.0));
  EXPECT_TRUE(last.contains("test_accuracy"));
}

TEST(BudgetedRun, FollowsADeviceThatSlowsDownToAThird) {
  const SmallRun data;
  for (const char* shrink : {"epochs", "share"}) {
    SCOPED_TRACE(shrink);
    const config::Config config = data.config(
        shrink, with(kLong, {"budget.seconds=400", std::string("budget.shrink=") + shrink}));
    SimulatedDevice device;
    device.step_seconds = [](std::uint64_t step) { return step < 200 ? 1.0 : 3.0; };
    device.slowness = device.step_seconds;
    (void)SmallRun::run(config, {.spending = &device});
    EXPECT_LE(device.clock, 403);
    EXPECT_GE(device.clock, 388);
  }
}

TEST(BudgetedRun, MakesAllItsPassesWhereItsShareShrinks) {
  const SmallRun data;
  const config::Config config =
      data.config("run", with(kLong, {"budget.seconds=300", "budget.shrink=share"}));
  SimulatedDevice device;
  (void)SmallRun::run(config, {.spending = &device});
  const auto lines = lines_of(config, kMetricsFile);
  EXPECT_EQ(lines.back()["epoch"], 20);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    EXPECT_NEAR(lines[i]["samples"].get<double>() / 2, (300 - 75 - 5) / 20.0, 1.5);
  }
}

TEST(BudgetedRun, OfJoulesKeepsToItsMetersResolution) {
  const SmallRun data;
  const config::Config config = data.config("run", with(kLong, {"budget.joules=2000"}));
  SimulatedDevice device;
  device.meter_resolution_joules = 30;
  (void)SmallRun::run(config, {.spending = &device});
  EXPECT_LE(device.clock * device.watts, 2000 + 30 + 5);
  EXPECT_GE(device.clock * device.watts, 2000 * 0.97);
}

TEST(BudgetedRun, NoticesADeviceThatSlowsDownShortlyBeforeTheEnd) {
  const SmallRun data;
  const config::Config config = data.config("run", with(kLong, {"budget.seconds=300"}));
  SimulatedDevice device;
  // The last evaluation then takes 12.6 seconds: in 20 a few steps fit before it.
  device.step_seconds = [](std::uint64_t step) { return step < 280 ? 1.0 : 3.0; };
  device.slowness = device.step_seconds;
  (void)SmallRun::run(config, {.spending = &device});
  EXPECT_LE(device.clock, 303);
  EXPECT_GE(device.clock, 291);
  EXPECT_EQ(lines_of(config, kMetricsFile).back()["learning_rate"],
            config.train.schedule.at(739.0, 740.0));
}

// A device whose steps scatter by a share, and that may slow down from one step to the next.
struct UnsteadyDevice {
  double slow = 1;         // times
  std::uint64_t turn = 0;  // before this step
  double noise = 0;
  double turned_at = 0;  // seconds

  // `device` begins to behave like this; both must outlive it.
  void take_over(SimulatedDevice& device) {
    device.slowness = [this](std::uint64_t step) { return step < turn ? 1 : slow; };
    device.step_seconds = [this, &device](std::uint64_t step) {
      if (step == turn) turned_at = device.clock;
      core::RandomStream draws({.seed = 7, .index = static_cast<std::uint32_t>(step)});
      return 0.5 * device.slowness(step) * (1 + noise * (draws.below(1000) / 500.0 - 1));
    };
  }
  // Whether the first slow step is longer than any before it by what makes a run look.
  [[nodiscard]] bool is_plain() const { return slow * (1 - noise) > 1.25 * (1 + noise); }
};

TEST(BudgetedRun, NeverGoesOverByMoreThanAStepUnlessItsDeviceSlowsDownTooLateForTheLastEvaluation) {
  const SmallRun data;
  // 8 epochs of 75 steps: fewer files to write than 20 of 37.
  const auto planned = with(kLong, {"prune.keep_ratio=1", "train.epochs=8"});
  int number = 0;
  EXPECT_TRUE(rc::check("any pace, budget and way to shrink", [&] {
    const double budget = *rc::gen::inRange(200, 400);
    // A second has two quick steps: anywhere, or near the end.
    const double left = *rc::gen::oneOf(rc::gen::inRange(0, 80), rc::gen::inRange(0, 700));
    UnsteadyDevice unsteady{.slow = static_cast<double>(*rc::gen::inRange(1, 4)),
                            .turn = static_cast<std::uint64_t>(std::max(2 * budget - left, 0.0)),
                            .noise = *rc::gen::inRange(0, 50) / 100.0,
                            .turned_at = budget};
    SimulatedDevice device;
    device.forward_seconds_per_sample = *rc::gen::inRange(1, 20) / 1000.0;
    unsteady.take_over(device);
    const config::Config config = data.config(
        std::to_string(++number),
        with(planned, {"budget.seconds=" + std::to_string(budget),
                       std::string("budget.shrink=") + *rc::gen::element("epochs", "share")}));
    const RunResult result = SmallRun::run(config, {.spending = &device});

    const double forward = unsteady.slow * device.forward_seconds_per_sample;
    // What an evaluation that began as the device slowed down would take beyond the budget, and on
    // top of it the steps until that is plain and the four batches that say how slow it is.
    const double too_late = unsteady.turned_at + 210 * forward - budget;
    const double noticed = (unsteady.is_plain() ? 0 : device.largest_step) + 4 * 2 * forward;
    const double over = device.clock - budget - 1e-9;
    RC_ASSERT(over <= device.largest_step + std::max(0.0, too_late + noticed));
    if (result.training_steps < 600) RC_ASSERT(device.clock >= 0.97 * budget);
    const double last = lines_of(config, kMetricsFile).back()["learning_rate"];
    RC_ASSERT(last <= 0.01 * config.train.schedule.base_learning_rate);
  }));
}

TEST(BudgetedRun, TooSmallForAStepStopsEarlySaysWhatWouldDoAndGoesOnWithIt) {
  const SmallRun data;
  const config::Config config = data.config("run", with(kLong, {"budget.seconds=40"}));
  SimulatedDevice device;
  expect_error(ErrorKind::budget, core::ErrorReason::run_resumable,
               {"budget.seconds is 40", "needs at least"},
               [&] { (void)SmallRun::run(config, {.spending = &device}); });
  EXPECT_LT(device.clock, 10) << "it need not warm up to know";
  const RunDirectory more = change_limits(config.run.directory, {"budget.seconds=200"});
  SimulatedDevice again;
  EXPECT_EQ(run_pipeline(more, {.spending = &again}).reached, Phase::done);
  EXPECT_LE(again.clock + device.clock, 201) << "what was spent before counts";
}

TEST(BudgetedRun, GoesByTheDevicesTimingUntilAForwardPassIsMeasured) {
  const SmallRun data;
  const auto overrides = with(kLong, {"budget.seconds=100"});
  SimulatedDevice device;
  // Beside a step, a forward pass of two samples is taken to last a third of it: 210 take 35 s.
  expect_error(ErrorKind::budget, {"at least"}, [&] {
    (void)SmallRun::run(data.config("guessed", overrides), {.spending = &device});
  });
  const cost::TimingRequest request =
      PlannedRun(config::resolve(data.config("timed", kLong))).timing_request();
  const auto profile = data.directory() / "profile.toml";
  std::ofstream(profile) << cost::to_toml({.name = "simulated",
                                           .timings = {{.network = "mlp",
                                                        .network_hash = request.network_hash,
                                                        .precision = request.precision,
                                                        .memory_mode = request.memory_mode,
                                                        .threads = request.threads,
                                                        .batch_size = request.batch_size,
                                                        .step_overhead_seconds = 0.2,
                                                        .step_seconds_per_sample = 0.4,
                                                        .forward_seconds_per_sample = 0.02,
                                                        .source = "simulated_device.h",
                                                        .date = "2026-11-28"}}});
  SimulatedDevice timed;
  (void)SmallRun::run(data.config("timed", with(overrides, {"device.profile=" + profile.string()})),
                      {.spending = &timed});
  EXPECT_GE(timed.clock, 97);
  EXPECT_LE(timed.clock, 101);
}

TEST(BudgetedRun, IsReplayedToTheSameBitsAtAnotherPace) {
  const SmallRun data;
  for (const char* shrink : {"epochs", "share"}) {
    SCOPED_TRACE(shrink);
    const auto overrides =
        with(kLong, {"budget.seconds=400", std::string("budget.shrink=") + shrink});
    const config::Config first = data.config(std::string("first-") + shrink, overrides);
    SimulatedDevice slow;
    slow.step_seconds = [](std::uint64_t step) { return step < 200 ? 1.0 : 3.0; };
    (void)SmallRun::run(first, {.spending = &slow});
    const config::Config replayed =
        data.config(std::string("again-") + shrink,
                    with(overrides, {"budget.replay=" + first.run.directory + "/decisions.jsonl"}));
    SimulatedDevice fast;
    fast.step_seconds = [](std::uint64_t) { return 0.1; };
    (void)SmallRun::run(replayed, {.spending = &fast});
    expect_same_bits(first, replayed);
  }
}

// After a number of steps raises the stop flag or, as a kill would, lets nothing more be saved.
struct StopOrKillAfter final : Events {
  StopOrKillAfter(std::uint64_t steps, bool is_kill) : left(steps), kills(is_kill) {}
  void on_step(Phase, std::uint64_t, std::uint64_t, std::uint32_t) override {
    if (--left > 0) return;
    if (kills) throw core::Error(ErrorKind::internal, "killed");
    flag.store(true);
  }
  std::uint64_t left;
  bool kills;
  std::atomic<bool> flag{false};
};

TEST(BudgetedRun, StoppedOrKilledAndResumedKeepsItsBudgetAndItsLogReplaysIt) {
  const SmallRun data;
  for (const std::uint64_t steps : {90u, 200u, 301u, 390u}) {
    for (const bool kills : {false, true}) {
      const std::string name = std::to_string(steps) + (kills ? "-killed" : "-stopped");
      SCOPED_TRACE(name);
      const auto overrides = with(kLong, {"budget.seconds=400"});
      const config::Config config = data.config(name, overrides);
      SimulatedDevice device;
      StopOrKillAfter stop(steps, kills);
      EXPECT_THROW(
          (void)SmallRun::run(config, {.stop = &stop.flag, .events = &stop, .spending = &device}),
          core::Error);
      const double saved = load_checkpoint(config.run.directory)->state.spent.total().seconds;
      SimulatedDevice later;
      later.step_seconds = [](std::uint64_t) { return 0.7; };
      (void)run_pipeline(config::resolve(config), {.spending = &later});
      EXPECT_GE(saved + later.clock, 388);
      EXPECT_LE(saved + later.clock, 401);
      const config::Config replayed = data.config(
          "again-" + name,
          with(overrides, {"budget.replay=" + config.run.directory + "/decisions.jsonl"}));
      (void)SmallRun::run(replayed);
      expect_same_bits(config, replayed);
    }
  }
}

TEST(BudgetFile, MayChangeWhileTheRunGoesOn) {
  const SmallRun data;
  const auto file = data.directory() / "budget.toml";
  std::ofstream(file) << "seconds = 800\n";
  const config::Config config = data.config("run", with(kLong, {"budget.file=" + file.string()}));
  SimulatedDevice device;
  struct Change final : Events {
    void on_step(Phase, std::uint64_t, std::uint64_t, std::uint32_t) override {
      if (++steps == 150) std::ofstream(file) << "seconds = 300\n";
      if (steps == 200) std::ofstream(file) << "seconds = nonsense\n";
    }
    void on_notice(const Notice& notice) override {
      if (notice.kind == NoticeKind::budget_file) ++complaints;
    }
    std::filesystem::path file;
    int steps = 0;
    int complaints = 0;
  } change;
  change.file = file;
  (void)SmallRun::run(config, {.events = &change, .spending = &device});
  EXPECT_LE(device.clock, 301);
  EXPECT_GE(device.clock, 288);
  EXPECT_EQ(change.complaints, 1);
}

// A device of 5 watts that gets some. The budget file may say something else from a step on.
struct HarvestedRun {
  HarvestedRun(const SmallRun& data, const std::string& name, const std::string& first,
               const std::string& then = "") {
    change.file = data.directory() / (name + ".toml");
    change.then = then;
    std::ofstream(change.file) << first;
    config = data.config(name, with(kLong, {"budget.file=" + change.file.string()}));
    result = SmallRun::run(config, {.events = &change, .spending = &device});
  }
  [[nodiscard]] double used() const { return device.watts * (device.clock - device.waited); }

  struct Change final : Events {
    void on_step(Phase, std::uint64_t, std::uint64_t, std::uint32_t) override {
      if (++steps == 100 && !then.empty()) std::ofstream(file) << then;
    }
    std::filesystem::path file;
    std::string then;
    int steps = 0;
  };
  SimulatedDevice device;
  Change change;
  config::Config config;
  RunResult result;
};

void expect_all_but_three_percent_used(const HarvestedRun& run,
                                       const budget::BudgetLimits& limits) {
  const double come_in = limits.joules_by(run.device.clock);
  EXPECT_LE(run.used(), come_in + run.device.watts);
  EXPECT_GE(run.used(), 0.97 * come_in);
}

TEST(Harvest, IsUsedAndMoreOfItMakesMoreSteps) {
  const SmallRun data;
  const HarvestedRun two(data, "two", "joules = 500\nharvest = [[0, 2.0]]\n");
  const HarvestedRun three(data, "three", "joules = 500\nharvest = [[0, 3.0]]\n");
  expect_all_but_three_percent_used(two, {.joules = 500, .harvest = {{0, 2}}});
  expect_all_but_three_percent_used(three, {.joules = 500, .harvest = {{0, 3}}});
  // 500 + 2 t = 5 t, and 500 + 3 t = 5 t.
  EXPECT_NEAR(static_cast<double>(three.result.training_steps - two.result.training_steps),
              500 / 2.0 - 500 / 3.0, 6);
}

TEST(Harvest, IsFollowedWhereItsFileChanges) {
  const SmallRun data;
  const std::string two = "joules = 500\nharvest = [[0, 2.0]]\n";
  const HarvestedRun more(data, "more", two, "joules = 500\nharvest = [[0, 2.0], [150, 4.0]]\n");
  const HarvestedRun less(data, "less", two, "joules = 500\nharvest = [[0, 2.0], [100, 0.0]]\n");
  expect_all_but_three_percent_used(more, {.joules = 500, .harvest = {{0, 2}, {150, 4}}});
  expect_all_but_three_percent_used(less, {.joules = 500, .harvest = {{0, 2}, {100, 0}}});
  // 800 + 4 (t - 150) = 5 t, and 700 = 5 t.
  EXPECT_NEAR(more.device.clock, 200, 6);
  EXPECT_NEAR(less.device.clock, 140, 5);
}

TEST(Harvest, ThatComesLaterIsWaitedFor) {
  const SmallRun data;
  // At 100 seconds all 500 joules that have come in are used; from 150 on there are plenty.
  const budget::BudgetLimits limits{.seconds = 300, .joules = 400, .harvest = {{0, 1}, {150, 20}}};
  const HarvestedRun run(data, "run", "joules = 1000\nharvest = [[0, 1.0]]\n",
                         "seconds = 300\njoules = 400\nharvest = [[0, 1.0], [150, 20.0]]\n");
  EXPECT_EQ(run.result.reached, Phase::done);
  EXPECT_GT(run.device.waited, 20);
  const auto lines = lines_of(run.config, kDecisionsFile);
  EXPECT_LE(std::count_if(lines.begin(), lines.end(),
                          [](const json& line) { return line["kind"] == "pause"; }),
            8)
      << "at once for all the steps up to the next decision";
  EXPECT_LE(run.used(), limits.joules_by(run.device.clock));
  EXPECT_NEAR(run.device.clock - run.device.waited, 300, 9) << "then the seconds bind";
}

TEST(BudgetInJoules, NeedsAMeter) {
  const SmallRun data;
  const config::Config config = data.config("run", with(kLong, {"budget.joules=10"}));
  SimulatedDevice device;
  device.is_metered = false;
  expect_error(ErrorKind::config, {"needs a meter", "energy.power_watts"},
               [&] { (void)SmallRun::run(config, {.spending = &device}); });
}

TEST(Pause, ByABatteryWaitsAndGoesOnWithTheSameBits) {
  const SmallRun data;
  const config::Config free = data.config("free", kLong);
  (void)SmallRun::run(free);
  const config::Config config = data.config("run", with(kLong, {"pause.battery_percent=30"}));
  SimulatedDevice device;
  const auto state = [&] {
    return energy::DeviceState{.battery_percent = device.waited < 3 ? 20.0 : 40.0};
  };
  (void)SmallRun::run(config, {.spending = &device, .device_state = state});
  EXPECT_GE(device.waited, 3);
  expect_same_bits(free, config);
  const json summary = json::parse(run_file(config, kSummaryFile));
  EXPECT_DOUBLE_EQ(summary["seconds"]["paused"], device.waited);
}

TEST(Pause, ThatStopsEndsWithACodeOfItsOwnAndIsResumed) {
  const SmallRun data;
  const config::Config config =
      data.config("run", with(kLong, {"pause.battery_percent=30", "pause.stops=true"}));
  SimulatedDevice device;
  expect_error(ErrorKind::paused, core::ErrorReason::run_resumable, {"battery is at 20 %"}, [&] {
    (void)SmallRun::run(config, {.spending = &device, .device_state = [] {
                                   return energy::DeviceState{.battery_percent = 20.0};
                                 }});
  });
  EXPECT_EQ(
      run_pipeline(config::resolve(config), {.device_state = [] { return energy::DeviceState{}; }})
          .reached,
      Phase::done);
}

TEST(BudgetOfBytes, LowersTheKeepRatio) {
  const SmallRun data;  // 150 samples of 64 bytes and a label
  const config::Config config =
      data.config("run", {"train.epochs=1", "prune.keep_ratio=0.5", "budget.bytes=2000"});
  const RunResult result = SmallRun::run(config);
  const double sigma = result.stored_bytes_full / 150;
  EXPECT_EQ(result.plan.num_kept, static_cast<std::uint32_t>(2000 / sigma));
  EXPECT_LE(result.stored_bytes_kept, 2000);
  const json plan = json::parse(run_file(config, kPlanFile));
  EXPECT_EQ(plan["keep_ratio"]["is_lowered_by_budget_bytes"], true);
}

TEST(BudgetOfBytes, IsRefusedWhereEverythingStaysStoredOrNothingWould) {
  const SmallRun data;
  expect_error(ErrorKind::config, {"budget.bytes is 2000", "rs2 keeps everything", "top"}, [&] {
    (void)SmallRun::run(data.config("a", {"prune.strategy=rs2", "budget.bytes=2000"}));
  });
  expect_error(ErrorKind::config, {"budget.bytes is 10, less than one sample", "the minimum is"},
               [&] { (void)SmallRun::run(data.config("b", {"budget.bytes=10"})); });
}

TEST(Records, HoldJoulesByPhaseAndSayWhereThereAreNone) {
  const SmallRun data;
  const config::Config metered = data.config("metered", with(kLong, {"budget.seconds=200"}));
  SimulatedDevice device;
  (void)SmallRun::run(metered, {.spending = &device});
  const json summary = json::parse(run_file(metered, kSummaryFile));
  const json& joules = summary["energy"]["joules"];
  EXPECT_NEAR(joules["score"], 75 * 5, 1e-6);
  EXPECT_NEAR(joules["total"], device.clock * 5, 1e-6);
  EXPECT_NEAR(summary["seconds"]["total"], device.clock, 1e-6);
  EXPECT_NEAR(lines_of(metered, kMetricsFile).back()["time"]["total_joules"], device.clock * 5,
              1e-6);
  EXPECT_NEAR(summary["budget"]["used"]["seconds"], device.clock, 1e-6);
  const config::Config dark = data.config("dark", {"train.epochs=1"});
  SimulatedDevice unmetered;
  unmetered.is_metered = false;
  (void)SmallRun::run(dark, {.spending = &unmetered});
  const json none = json::parse(run_file(dark, kSummaryFile));
  EXPECT_EQ(none["energy"]["status"], "unavailable");
  EXPECT_TRUE(none["energy"]["joules"].is_null());
  EXPECT_TRUE(lines_of(dark, kMetricsFile).back()["time"]["total_joules"].is_null());
}

TEST(ChangeLimits, TakesWhatMayChangeAndNothingElse) {
  const SmallRun data;
  const config::Config config = data.config("run", kLong);
  prepare_run_directory(config::resolve(config), false);
  EXPECT_EQ(change_limits(config.run.directory, {"budget.seconds=9"}).config->budget.limits.seconds,
            9);
  for (const char* other : {"train.epochs=9", "prune.keep_ratio=0.1", "budget.samples=5",
                            "budget.shrink=share", "budget.replay=x", "run.seed=1"}) {
    expect_error(ErrorKind::config, {other, "budget.seconds", "pause.*"},
                 [&] { (void)change_limits(config.run.directory, {other}); });
  }
}

TEST(ChangeLimits, LeavesEveryOtherFieldAsItWas) {
  const SmallRun data;
  prepare_run_directory(config::resolve(data.config("run", kLong)), false);
  const config::Config config = *read_run_config(data.directory() / "run");
  const auto compared = [](const config::Config& changed) {
    return config::to_toml(config::with_defaults(changed, [](const config::ConfigField& field) {
      return field.may_change == config::MayChange::always;
    }));
  };
  for (const char* change :
       {"budget.seconds=9", "budget.joules=9", "budget.file=x", "pause.allowed_hours=08:00-09:00",
        "energy.meter=model", "limits.memory_bytes=1GB", "run.checkpoint_seconds=1"}) {
    const config::Config changed = *change_limits(config.run.directory, {change}).config;
    EXPECT_NE(config::to_toml(changed), config::to_toml(config)) << change;
    EXPECT_EQ(compared(changed), compared(config)) << change;
  }
}

}  // namespace
}  // namespace edgeprune::run
