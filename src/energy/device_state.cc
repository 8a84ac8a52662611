#include "edgeprune/energy/device_state.h"

#include "power_supply.h"
#include "sysfs.h"

#include <algorithm>
#include <string>

namespace edgeprune::energy {
namespace {

// `capacity`, else what is left of what fits, in watt-hours or in ampere-hours.
std::optional<double> charge_percent(const std::filesystem::path& battery) {
  const Reading capacity = read_count(battery / "capacity", 1);
  if (capacity.value && *capacity.value <= 100) return capacity.value;
  for (const std::string kind : {"energy", "charge"}) {
    const Reading now = read_count(battery / (kind + "_now"), 1);
    const Reading full = read_count(battery / (kind + "_full"), 1);
    if (now.value && full.value.value_or(0) > 0) {
      return std::min(100.0, 100 * *now.value / *full.value);
    }
  }
  return std::nullopt;
}

void read_batteries(const std::filesystem::path& sysfs, DeviceState& state) {
  double sum = 0;
  int count = 0;
  bool drains = false;
  for (const auto& battery : system_batteries(sysfs)) {
    const std::string status = read_line(battery / "status");
    drains |= status == "Discharging";
    state.is_charging |= status == "Charging" || status == "Full" || status == "Not charging";
    const std::optional<double> percent = charge_percent(battery);
    if (!percent) continue;
    sum += *percent;
    ++count;
  }
  state.is_charging &= !drains;
  if (count > 0) state.battery_percent = sum / count;
}

// Zones that are switched off report values such as -274000 or nothing.
std::optional<double> hottest_zone(const std::filesystem::path& sysfs) {
  std::optional<double> hottest;
  for (const auto& zone : entries_of(sysfs / "class/thermal", "thermal_zone")) {
    const Reading temperature = read_number(zone / "temp", 1e-3);
    if (!temperature.value || *temperature.value < -100 || *temperature.value > 200) continue;
    hottest = std::max(hottest.value_or(*temperature.value), *temperature.value);
  }
  return hottest;
}

}  // namespace

DeviceState read_device_state(const std::filesystem::path& sysfs) {
  DeviceState state;
  read_batteries(sysfs, state);
  state.temperature_celsius = hottest_zone(sysfs);
  return state;
}

}  // namespace edgeprune::energy
