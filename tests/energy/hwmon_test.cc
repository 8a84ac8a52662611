#include "fake_sysfs.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

namespace edgeprune::energy {
namespace {

using Names = std::vector<std::string>;
using testing::counted_names;
using testing::FakeSysfs;
using testing::meter_named;

class Hwmon : public ::testing::Test {
 protected:
  void set(const std::string& file, const std::string& text) const {
    sysfs_.write("class/hwmon/" + file, text);
  }
  void add_rail(const std::string& number, const std::string& label, const std::string& millivolts,
                const std::string& milliamperes) const {
    set("hwmon1/name", "ina3221");
    set("hwmon1/in" + number + "_label", label);
    set("hwmon1/in" + number + "_input", millivolts);
    set("hwmon1/curr" + number + "_input", milliamperes);
  }
  [[nodiscard]] std::vector<std::unique_ptr<Meter>> open() const {
    return open_meters(sysfs_.search(MeterChoice::hwmon));
  }
  FakeSysfs sysfs_;
};

TEST_F(Hwmon, CountsTheRailThatFeedsTheWholeBoardAlone) {
  add_rail("1", "VDD_IN", "5000", "1200");
  add_rail("2", "VDD_CPU_GPU_CV", "4900", "400");
  add_rail("3", "VDD_SOC", "4900", "300");
  const auto meters = open();
  EXPECT_EQ(meters.size(), 3U);
  EXPECT_EQ(counted_names(meters), Names{"ina3221 VDD_IN"});
  const MeterInfo& info = meter_named(meters, "ina3221 VDD_IN").info();
  EXPECT_EQ(info.scope, Scope::board);
  EXPECT_EQ(info.method, Method::integrated);
  EXPECT_DOUBLE_EQ(meter_named(meters, "ina3221 VDD_IN").read().value(), 6);
  EXPECT_DOUBLE_EQ(meter_named(meters, "ina3221 VDD_CPU_GPU_CV").read().value(), 1.96);
}

TEST_F(Hwmon, AddsTheThreeRailsOfAnAgxOrin) {
  add_rail("1", "VDD_GPU_SOC", "19000", "100");
  add_rail("2", "VDD_CPU_CV", "19000", "100");
  add_rail("3", "VIN_SYS_5V0", "5000", "100");
  EXPECT_EQ(counted_names(open()).size(), 3U);
}

TEST_F(Hwmon, TakesTheOffsetOfAnIdleRailForZero) {
  add_rail("1", "VDD_IN", "5000", "-4");
  EXPECT_DOUBLE_EQ(open().at(0)->read().value(), 0);
}

TEST_F(Hwmon, ReadsNothingFromGarbageAndGoesOnAfterIt) {
  add_rail("1", "VDD_IN", "5000", "1200");
  const auto meters = open();
  set("hwmon1/in1_input", "N/A");
  EXPECT_FALSE(meters.at(0)->read());
  set("hwmon1/in1_input", "4000");
  sysfs_.remove("class/hwmon/hwmon1/curr1_input");
  EXPECT_FALSE(meters.at(0)->read());
  set("hwmon1/curr1_input", "1000");
  EXPECT_DOUBLE_EQ(meters.at(0)->read().value(), 4);
}

TEST_F(Hwmon, ReadsMicrowattsOfABoardsOnlyMonitor) {
  set("hwmon0/name", "ina219");
  set("hwmon0/power1_input", "6100000");
  set("hwmon0/update_interval", "250");
  const auto meters = open();
  EXPECT_EQ(counted_names(meters), Names{"ina219 power1"});
  EXPECT_DOUBLE_EQ(meters.at(0)->read().value(), 6.1);
  EXPECT_DOUBLE_EQ(meters.at(0)->info().delay_seconds, 0.25);
}

TEST_F(Hwmon, DoesNotGuessWhichOfTwoMonitorsIsTheWhole) {
  for (const std::string chip : {"hwmon0", "hwmon1"}) {
    set(chip + "/name", "ina226");
    set(chip + "/power1_input", "6100000");
  }
  edgeprune::testing::expect_error(core::ErrorKind::config,
                                   {"energy.meter: hwmon", "whole board", "energy.file"},
                                   [&] { (void)open(); });
}

TEST_F(Hwmon, PrefersACounterToThePowerOfTheSameChip) {
  set("hwmon0/name", "ina238");
  set("hwmon0/power1_input", "6100000");
  set("hwmon0/energy1_input", "2500000");
  const auto meters = open();
  ASSERT_EQ(meters.size(), 1U);
  EXPECT_EQ(meters.at(0)->info().method, Method::counter);
  EXPECT_DOUBLE_EQ(meters.at(0)->read().value(), 2.5);
}

TEST_F(Hwmon, ShowsAGraphicsCardWithoutTakingItForTheBoard) {
  add_rail("1", "VDD_IN", "5000", "1200");
  set("hwmon2/name", "amdgpu");
  set("hwmon2/power1_average", "30000000");
  set("hwmon2/power1_average_interval_max", "5");
  const auto meters = open();
  EXPECT_EQ(counted_names(meters), Names{"ina3221 VDD_IN"});
  EXPECT_EQ(meter_named(meters, "amdgpu power1").info().scope, Scope::gpu);
  EXPECT_DOUBLE_EQ(meter_named(meters, "amdgpu power1").read().value(), 30);
}

TEST_F(Hwmon, SaysThatThereIsNoSensor) {
  set("hwmon0/name", "coretemp");
  set("hwmon0/temp1_input", "48000");
  edgeprune::testing::expect_error(core::ErrorKind::config, {"hwmon", "no sensor of power"},
                                   [&] { (void)open(); });
}

}  // namespace
}  // namespace edgeprune::energy
