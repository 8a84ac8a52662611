#include "edgeprune/plan/calibration.h"

#include "edgeprune/run/planned_run.h"

#include "run/small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <filesystem>
#include <vector>

namespace edgeprune::plan {
namespace {

using run::SmallRun;

TEST(StepLine, GoesThroughTwoBatchSizes) {
  // 2 ms at 16 samples, 5 ms at 64: 3 ms / 48 = 62.5 us a sample, 2 - 16 * 0.0625 = 1 ms.
  const StepLine line = step_line({16, 2e-3}, {64, 5e-3});
  EXPECT_DOUBLE_EQ(line.per_sample, 62.5e-6);
  EXPECT_DOUBLE_EQ(line.overhead, 1e-3);
}

TEST(StepLine, OfOneBatchSizeGoesThroughTheOrigin) {
  const StepLine line = step_line({64, 5e-3}, {64, 6.4e-3});
  EXPECT_DOUBLE_EQ(line.per_sample, 1e-4);
  EXPECT_EQ(line.overhead, 0);
}

RC_GTEST_PROP(StepLine, IsNeverNegativeAndAlwaysRightAtTheLargerBatch, ()) {
  const auto small = *rc::gen::inRange<std::uint32_t>(1, 100);
  const auto large = *rc::gen::inRange<std::uint32_t>(1, 100);
  const double at_small = *rc::gen::inRange(1, 1000) / 1000.0;
  const double at_large = *rc::gen::inRange(1, 1000) / 1000.0;
  const StepLine line = step_line({small, at_small}, {large, at_large});
  RC_ASSERT(line.overhead >= 0);
  RC_ASSERT(line.per_sample > 0);
  RC_ASSERT(std::abs(line.overhead + large * line.per_sample - at_large) < 1e-12);
}

class Calibrated : public ::testing::Test {
 protected:
  [[nodiscard]] CalibrationOptions options() const {
    return {.seconds = 0.01, .scratch = data_.directory() / "scratch", .date = "2026-11-25"};
  }
  SmallRun data_;
  config::Config config_ = data_.config("run", {"model.network=mlp"});
};

TEST_F(Calibrated, ATimingIsFoundForTheRunItWasMeasuredFor) {
  const Calibration measured = calibrate(config::resolve(config_), options());
  const cost::DeviceProfile profile = profile_of(measured, "here");
  const cost::NetworkTiming* timing =
      cost::timing_for(profile, run::PlannedRun(config::resolve(config_)).timing_request());
  ASSERT_NE(timing, nullptr);
  EXPECT_EQ(timing->network, "mlp");
  EXPECT_EQ(timing->batch_size, 16u);
  EXPECT_EQ(timing->threads, 2u);
  EXPECT_GT(timing->step_overhead_seconds + timing->step_seconds_per_sample, 0);
  EXPECT_GT(timing->forward_seconds_per_sample, 0);
  EXPECT_GT(timing->read_seconds_per_sample, 0);
  EXPECT_GT(timing->save_seconds, 0);
  EXPECT_GT(measured.flops_per_second, 0);
  EXPECT_TRUE(std::filesystem::is_empty(data_.directory() / "scratch"));
}

TEST_F(Calibrated, ItsProfileReadsBackTheSame) {
  const cost::DeviceProfile profile =
      profile_of(calibrate(config::resolve(config_), options()), "here");
  EXPECT_EQ(cost::parse_device_profile(cost::to_toml(profile), "profile.toml"), profile);
}

TEST_F(Calibrated, AMeterGivesThePowerOfTheSteps) {
  CalibrationOptions metered = options();
  double joules = 100;
  metered.joules = [&joules] { return joules += 50; };
  metered.meter = "a test's meter";
  const Calibration measured = calibrate(config::resolve(config_), metered);
  EXPECT_GT(measured.timing.power_watts, 0);
  EXPECT_NE(measured.timing.source.find("a test's meter"), std::string::npos);
  EXPECT_EQ(profile_of(measured, "here").operating_watts.value, measured.timing.power_watts);
  EXPECT_EQ(profile_of(measured, "here").idle_watts.value, measured.idle_watts);
  EXPECT_GT(measured.idle_watts, 0);
  const Calibration unmetered = calibrate(config::resolve(config_), options());
  EXPECT_EQ(unmetered.timing.power_watts, -1);
  EXPECT_EQ(unmetered.idle_watts, -1);
}

// As a battery's gauge that has not moved yet.
TEST_F(Calibrated, AMeterThatSawNothingGivesNoPower) {
  CalibrationOptions metered = options();
  metered.joules = [] { return 100.0; };
  const Calibration measured = calibrate(config::resolve(config_), metered);
  EXPECT_EQ(measured.idle_watts, -1);
  EXPECT_EQ(measured.timing.power_watts, -1);
  EXPECT_FALSE(profile_of(measured, "here").idle_watts.is_known());
}

TEST_F(Calibrated, AStopEndsItAndSaysThatNothingWasWritten) {
  const std::atomic<bool> stop{true};
  CalibrationOptions stopped = options();
  stopped.stop = &stop;
  testing::expect_error(core::ErrorKind::interrupted, {"nothing was written"},
                        [&] { (void)calibrate(config::resolve(config_), stopped); });
}

TEST_F(Calibrated, AnEvenBatchOfOneHasItsStep) {
  const config::Config config =
      data_.config("run", {"model.network=mlp", "train.batch_size=1", "data.train_limit=40"});
  EXPECT_GT(calibrate(config::resolve(config), options()).timing.step_seconds_per_sample, 0);
}

Calibration made(const std::string& network, double per_sample) {
  return {.timing = {.network = network,
                     .network_hash = "hash of " + network,
                     .precision = "f32",
                     .memory_mode = "keep",
                     .threads = 2,
                     .batch_size = 16,
                     .step_seconds_per_sample = per_sample},
          .flops_per_second = 1e9,
          .memory_bytes = 1000,
          .machine = "a CPU, 2 threads"};
}

TEST(AddToProfile, AnotherNetworkIsAddedAndTheSameIsReplaced) {
  cost::DeviceProfile profile = profile_of(made("cnn", 1e-3), "here");
  add_to_profile(made("mlp", 2e-3), profile);
  add_to_profile(made("cnn", 3e-3), profile);
  ASSERT_EQ(profile.timings.size(), 2u);
  EXPECT_EQ(profile.timings[0].step_seconds_per_sample, 3e-3);
  EXPECT_EQ(profile.timings[1].network, "mlp");
}

TEST(AddToProfile, AnotherMachinesProfileIsRefused) {
  cost::DeviceProfile profile = profile_of(made("cnn", 1e-3), "there");
  profile.description = "another CPU, 8 threads";
  testing::expect_error(core::ErrorKind::config, core::ErrorReason::profile_of_another,
                        {"there", "another CPU"},
                        [&] { add_to_profile(made("mlp", 2e-3), profile); });
}

}  // namespace
}  // namespace edgeprune::plan
