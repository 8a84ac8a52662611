#pragma once
// How the device fares: what a run pauses by.

#include <filesystem>
#include <optional>

namespace edgeprune::energy {

struct DeviceState {
  std::optional<double> battery_percent;  // mean over the machine's batteries
  bool is_charging = false;  // fed from outside: one charges, is full or is held, and none drains
  std::optional<double> temperature_celsius;  // of the hottest thermal zone
};

/// Of class/power_supply and class/thermal below `sysfs` ("/sys"). What cannot be read is left out.
/// Never throws.
[[nodiscard]] DeviceState read_device_state(const std::filesystem::path& sysfs);

}  // namespace edgeprune::energy
