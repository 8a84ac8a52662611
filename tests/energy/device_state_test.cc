#include "edgeprune/energy/device_state.h"

#include "fake_sysfs.h"

#include <gtest/gtest.h>

namespace edgeprune::energy {
namespace {

class StateOfDevice : public ::testing::Test {
 protected:
  void set(const std::string& file, const std::string& text) const {
    sysfs_.write("class/" + file, text);
  }
  void add_battery(const std::string& name, const std::string& status) const {
    set("power_supply/" + name + "/type", "Battery");
    set("power_supply/" + name + "/status", status);
  }
  [[nodiscard]] DeviceState read() const { return read_device_state(sysfs_ / ""); }
  testing::FakeSysfs sysfs_;
};

TEST_F(StateOfDevice, LeavesOutWhatIsNotThere) {
  EXPECT_FALSE(read().battery_percent);
  EXPECT_FALSE(read().is_charging);
  EXPECT_FALSE(read().temperature_celsius);
}

TEST_F(StateOfDevice, GivesTheMeanOfTheBatteries) {
  add_battery("BAT0", "Discharging");
  set("power_supply/BAT0/capacity", "80");
  EXPECT_EQ(read().battery_percent, 80);
  add_battery("BAT1", "Not charging");
  set("power_supply/BAT1/capacity", "60");
  EXPECT_EQ(read().battery_percent, 70);
  set("power_supply/BAT1/capacity", "garbage");
  EXPECT_EQ(read().battery_percent, 80);
}

TEST_F(StateOfDevice, WorksOutAChargeThatIsNotGivenInPercent) {
  add_battery("BAT0", "Discharging");
  set("power_supply/BAT0/charge_now", "1000000");
  set("power_supply/BAT0/charge_full", "4000000");
  EXPECT_EQ(read().battery_percent, 25);
  set("power_supply/BAT0/energy_now", "30000000");
  set("power_supply/BAT0/energy_full", "40000000");
  EXPECT_EQ(read().battery_percent, 75);
  set("power_supply/BAT0/energy_now", "50000000");  // fuller than full, as after a recalibration
  EXPECT_EQ(read().battery_percent, 100);
}

TEST_F(StateOfDevice, ChargesWhileNoBatteryDrains) {
  for (const std::string status : {"Charging", "Full", "Not charging"}) {
    add_battery("BAT0", status);
    EXPECT_TRUE(read().is_charging) << status;
  }
  add_battery("BAT1", "Discharging");
  EXPECT_FALSE(read().is_charging);
}

TEST_F(StateOfDevice, DoesNotLookAtTheBatteryOfAMouse) {
  add_battery("mouse", "Charging");
  set("power_supply/mouse/scope", "Device");
  set("power_supply/mouse/capacity", "5");
  EXPECT_FALSE(read().battery_percent);
  EXPECT_FALSE(read().is_charging);
}

TEST_F(StateOfDevice, GivesTheHottestZoneThatMakesSense) {
  set("thermal/thermal_zone0/temp", "48500");
  set("thermal/thermal_zone1/temp", "61250");
  set("thermal/thermal_zone2/temp", "-274000");
  set("thermal/thermal_zone3/temp", "999000");
  set("thermal/thermal_zone4/temp", "");
  set("thermal/cooling_device0/temp", "90000");
  EXPECT_EQ(read().temperature_celsius, 61.25);
}

}  // namespace
}  // namespace edgeprune::energy
