#include "fake_sysfs.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

namespace edgeprune::energy {
namespace {

using edgeprune::testing::expect_error;
using testing::FakeSysfs;

class Battery : public ::testing::Test {
 protected:
  void set(const std::string& battery, const std::string& file, const std::string& text) const {
    sysfs_.write("class/power_supply/" + battery + "/" + file, text);
  }
  void add(const std::string& battery, const std::string& status,
           const std::string& microwatts) const {
    set(battery, "type", "Battery");
    set(battery, "status", status);
    set(battery, "power_now", microwatts);
  }
  [[nodiscard]] std::unique_ptr<Meter> open() const {
    return std::move(open_meters(sysfs_.search(MeterChoice::battery)).at(0));
  }
  void expect_refused(std::initializer_list<std::string> parts) const {
    expect_error(core::ErrorKind::config, parts, [&] { (void)open(); });
  }
  FakeSysfs sysfs_;
};

TEST_F(Battery, GivesTheWattsItIsDrainedBy) {
  add("BAT0", "Discharging", "8500000");
  const auto meter = open();
  EXPECT_DOUBLE_EQ(meter->read().value(), 8.5);
  EXPECT_EQ(meter->info().name, "BAT0");
  EXPECT_EQ(meter->info().scope, Scope::board);
  EXPECT_EQ(meter->info().method, Method::integrated);
}

TEST_F(Battery, MultipliesCurrentAndVoltageWhereNoPowerIsGiven) {
  set("BAT0", "type", "Battery");
  set("BAT0", "status", "Discharging");
  set("BAT0", "voltage_now", "12000000");
  set("BAT0", "current_now", "1500000");
  const auto meter = open();
  EXPECT_DOUBLE_EQ(meter->read().value(), 18);
  set("BAT0", "current_now", "-500000");  // the sign of some drivers
  EXPECT_DOUBLE_EQ(meter->read().value(), 6);
}

TEST_F(Battery, AddsTheBatteriesThatDischarge) {
  add("BAT0", "Discharging", "5000000");
  add("BAT1", "Discharging", "2000000");
  const auto meter = open();
  EXPECT_EQ(meter->info().name, "BAT0+BAT1");
  EXPECT_DOUBLE_EQ(meter->read().value(), 7);
  set("BAT1", "status", "Not charging");
  EXPECT_DOUBLE_EQ(meter->read().value(), 5);
}

TEST_F(Battery, SaysNothingOfTheLoadWhileItCharges) {
  add("BAT0", "Discharging", "8500000");
  const auto meter = open();
  for (const std::string status : {"Charging", "Full", "Not charging", "Unknown", ""}) {
    set("BAT0", "status", status);
    EXPECT_FALSE(meter->read()) << status;
  }
  set("BAT0", "status", "Discharging");
  EXPECT_DOUBLE_EQ(meter->read().value(), 8.5);
}

TEST_F(Battery, SaysNothingWhileOneOfTwoCharges) {
  add("BAT0", "Discharging", "5000000");
  add("BAT1", "Charging", "2000000");
  expect_refused({"BAT1 charges"});
}

TEST_F(Battery, IsRefusedWhileItDoesNotDischarge) {
  add("BAT0", "Charging", "8500000");
  expect_refused({"energy.meter: battery", "BAT0 charges", "unplug the charger"});
  set("BAT0", "status", "Full");
  expect_refused({"no battery discharges", "unplug the charger"});
}

TEST_F(Battery, IsNoChargerAndNoMouse) {
  set("AC", "type", "Mains");
  add("hidpp_battery_0", "Discharging", "100000");
  set("hidpp_battery_0", "scope", "Device");
  expect_refused({"no battery in"});
}

TEST_F(Battery, ReadsNothingFromGarbage) {
  add("BAT0", "Discharging", "8500000");
  const auto meter = open();
  set("BAT0", "power_now", "N/A");
  EXPECT_FALSE(meter->read());
  sysfs_.remove("class/power_supply/BAT0/power_now");
  EXPECT_FALSE(meter->read());
}

}  // namespace
}  // namespace edgeprune::energy
