// Numbers are worked out by hand beside each test.

#include "edgeprune/cost/run_cost.h"

#include "edgeprune/core/error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace edgeprune::cost {
namespace {

// A tenth of 1000 samples kept for 20 epochs, after a warm-up of one pass, in batches of 50; the
// last epoch evaluates training and test set.
constexpr RunWork kWork{.num_samples = 1000,
                        .num_kept = 100,
                        .num_stored = 100,
                        .num_test = 200,
                        .score_steps = 20,
                        .score_samples = 1000,
                        .score_forward_samples = 500,
                        .train_steps = 40,
                        .train_samples = 2000,
                        .full_samples = 20000,
                        .evaluation_samples = 1200,
                        .flops_per_sample = 3e6,
                        .forward_flops_per_sample = 1e6,
                        .bytes_per_sample = 784,
                        .stored_bytes = 78400,
                        .memory_bytes = 12345};

NetworkTiming timing() {
  return {.step_overhead_seconds = 0.01,
          .step_seconds_per_sample = 0.002,
          .first_step_seconds = 0.4,
          .forward_seconds_per_sample = 0.001,
          .read_seconds_per_sample = 0.0005,
          .start_seconds = 0.3,
          .save_seconds = 0.05};
}

DeviceProfile profile() {
  DeviceProfile device{.name = "board"};
  device.operating_watts.value = 5;
  device.flops_per_second.value = 1e9;
  return device;
}

std::string message_of(const DeviceProfile& device) {
  try {
    (void)predict_run_cost(kWork, {.profile = device});
  } catch (const core::Error& error) {
    EXPECT_EQ(error.kind(), core::ErrorKind::config);
    return error.what();
  }
  return "";
}

TEST(PredictRunCost, TakesStepsSamplesAndForwardPassesFromATiming) {
  const NetworkTiming measured = timing();
  const DeviceProfile device = profile();
  const RunCost cost = predict_run_cost(kWork, {.profile = device, .timing = &measured});
  EXPECT_EQ(cost.time_from, "timing");
  // 20 * 0.01 + 1000 * 0.002 + 500 * 0.001 + 0.4 = 0.2 + 2 + 0.5 + 0.4.
  EXPECT_DOUBLE_EQ(cost.of(core::Activity::score).seconds, 3.1);
  // 40 * 0.01 + 2000 * 0.002 = 0.4 + 4.
  EXPECT_DOUBLE_EQ(cost.of(core::Activity::train).seconds, 4.4);
  EXPECT_DOUBLE_EQ(cost.of(core::Activity::evaluate).seconds, 1.2);
  // 0.3 + (1000 + 200) * 0.0005 + 4 * 0.05 = 0.3 + 0.6 + 0.2.
  EXPECT_DOUBLE_EQ(cost.of(core::Activity::other).seconds, 1.1);
  // (25): 1000 * 2.5 ns.
  EXPECT_DOUBLE_EQ(cost.of(core::Activity::select).seconds, 2.5e-6);
  EXPECT_DOUBLE_EQ(cost.total().seconds, 3.1 + 2.5e-6 + 4.4 + 1.2 + 1.1);
}

TEST(PredictRunCost, ChargesTheFirstStepToThePhaseThatMakesIt) {
  const NetworkTiming measured = timing();
  const DeviceProfile device = profile();
  RunWork work = kWork;
  work.score_steps = 0;
  work.score_samples = 0;
  work.score_forward_samples = 0;
  const RunCost cost = predict_run_cost(work, {.profile = device, .timing = &measured});
  EXPECT_DOUBLE_EQ(cost.of(core::Activity::score).seconds, 0);
  EXPECT_DOUBLE_EQ(cost.of(core::Activity::train).seconds, 4.4 + 0.4);
}

// (8): 1000 * 3e6 + 500 * 1e6 = 3.5e9 FLOPs at 1e9 a second, and so on.
TEST(PredictRunCost, DividesFlopsBySpeedWithoutATiming) {
  const DeviceProfile device = profile();
  const RunCost cost = predict_run_cost(kWork, {.profile = device});
  EXPECT_EQ(cost.time_from, "flops");
  EXPECT_DOUBLE_EQ(cost.of(core::Activity::score).seconds, 3.5);
  EXPECT_DOUBLE_EQ(cost.of(core::Activity::train).seconds, 6);
  EXPECT_DOUBLE_EQ(cost.of(core::Activity::evaluate).seconds, 1.2);
  EXPECT_DOUBLE_EQ(cost.of(core::Activity::other).seconds, 0);
}

// Half the speed, and 1200 * 784 bytes at 94080 a second take 10 s.
TEST(PredictRunCost, KnowsHeatAndStorage) {
  DeviceProfile device = profile();
  device.sustained_fraction.value = 0.5;
  device.storage_bytes_per_second.value = 94080;
  const RunCost cost = predict_run_cost(kWork, {.profile = device});
  EXPECT_DOUBLE_EQ(cost.of(core::Activity::train).seconds, 12);
  EXPECT_DOUBLE_EQ(cost.of(core::Activity::other).seconds, 10);
}

TEST(PredictRunCost, CountsFlopsBesideSeconds) {
  const NetworkTiming measured = timing();
  const DeviceProfile device = profile();
  const RunCost cost = predict_run_cost(kWork, {.profile = device, .timing = &measured});
  EXPECT_DOUBLE_EQ(cost.of(core::Activity::score).flops, 3.5e9);
  EXPECT_DOUBLE_EQ(cost.of(core::Activity::train).flops, 6e9);
  EXPECT_DOUBLE_EQ(cost.of(core::Activity::evaluate).flops, 1.2e9);
  EXPECT_DOUBLE_EQ(cost.total().flops, 10.7e9);
}

// (8): 5 W * 6 s; with the timing's own 7 W, 7 * 4.4.
TEST(PredictRunCost, MultipliesWattsBySeconds) {
  const DeviceProfile device = profile();
  EXPECT_DOUBLE_EQ(predict_run_cost(kWork, {.profile = device}).of(core::Activity::train).joules,
                   30);
  NetworkTiming measured = timing();
  measured.power_watts = 7;
  const RunCost cost = predict_run_cost(kWork, {.profile = device, .timing = &measured});
  EXPECT_DOUBLE_EQ(cost.of(core::Activity::train).joules, 30.8);
  EXPECT_NEAR(cost.total().joules, 7 * cost.total().seconds, 1e-9);
}

TEST(PredictRunCost, KnowsNoJoulesWithoutWatts) {
  DeviceProfile device = profile();
  device.operating_watts = {};
  const RunCost cost = predict_run_cost(kWork, {.profile = device});
  EXPECT_EQ(cost.of(core::Activity::train).joules, -1);
  EXPECT_EQ(cost.total().joules, -1);
  EXPECT_DOUBLE_EQ(cost.total().flops, 10.7e9);
}

// Of 6 s of work at a share of 1/4 become 24 s: 5 W * 6 s + 2 W * 18 s = 66 J.
TEST(PredictRunCost, RestsAtIdlePower) {
  DeviceProfile device = profile();
  device.duty_cycle.value = 0.25;
  device.idle_watts.value = 2;
  const RunCost cost = predict_run_cost(kWork, {.profile = device});
  EXPECT_DOUBLE_EQ(cost.of(core::Activity::train).seconds, 24);
  EXPECT_DOUBLE_EQ(cost.of(core::Activity::train).joules, 66);
}

TEST(PredictRunCost, GivesStorageMemoryAndBothRatios) {
  const DeviceProfile device = profile();
  const RunCost cost = predict_run_cost(kWork, {.profile = device});
  EXPECT_DOUBLE_EQ(cost.stored_bytes, 78400);        // as planned
  EXPECT_DOUBLE_EQ(cost.peak_stored_bytes, 784000);  // 1000 * 784
  EXPECT_EQ(cost.memory_bytes, 12345U);
  EXPECT_DOUBLE_EQ(cost.paper_ratio, 0.1);  // (27): 100 / 1000
  // (3.5e9 + 6e9) / (20000 * 3e6).
  EXPECT_DOUBLE_EQ(cost.ratio_with_warmup, 9.5 / 60);
}

TEST(PredictRunCost, NamesTheFieldThatIsMissing) {
  DeviceProfile device = profile();
  device.duty_cycle.value = 0.5;
  EXPECT_EQ(message_of(device),
            "device profile board: compute.duty_cycle is below 1 without power.idle_watts, which "
            "the rest draws; add it");
  device = profile();
  device.flops_per_second = {};
  EXPECT_EQ(message_of(device),
            "device profile board: it has no timing of this network and no "
            "compute.flops_per_second; add either");
}

RC_GTEST_PROP(PredictRunCostProperty, GrowsWithTheSamplesTrained, ()) {
  RunWork work = kWork;
  work.train_samples = *rc::gen::inRange<std::uint64_t>(0, 100000);
  const DeviceProfile device = profile();
  const PhaseCost before = predict_run_cost(work, {.profile = device}).total();
  work.train_samples += *rc::gen::inRange<std::uint64_t>(1, 1000);
  const PhaseCost after = predict_run_cost(work, {.profile = device}).total();
  RC_ASSERT(after.seconds > before.seconds);
  RC_ASSERT(after.joules > before.joules);
  RC_ASSERT(after.flops > before.flops);
}

}  // namespace
}  // namespace edgeprune::cost
