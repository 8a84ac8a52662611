// Watts out of the batteries, while they feed the machine.
//
// Documentation/ABI/testing/sysfs-class-power of the Linux kernel: power_now in microwatts, else
// current_now (microamperes) times voltage_now (microvolts). Drivers disagree on the sign, so
// `status` says which way the power flows. All batteries together are one meter: a machine with two
// drains one after the other. While one charges, what flows says nothing about the load.

#include "power_supply.h"
#include "sources.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

namespace edgeprune::energy {
namespace {

// Fuel gauges and embedded controllers renew their readings every 1 to 10 s; nothing tells which.
constexpr double kGaugeUpdateSeconds = 10;

Reading discharge_watts(const std::filesystem::path& battery) {
  const Reading power = read_number(battery / "power_now", 1e-6);
  if (power.value) return {std::abs(*power.value), ""};
  const Reading current = read_number(battery / "current_now", 1e-6);
  if (!current.value) return current;
  const Reading voltage = read_number(battery / "voltage_now", 1e-6);
  if (!voltage.value) return voltage;
  return {std::abs(*current.value * *voltage.value), ""};
}

Reading total_watts(const std::vector<std::filesystem::path>& batteries) {
  double watts = 0;
  for (const auto& battery : batteries) {
    const std::string status = read_line(battery / "status");
    if (status == "Charging") {
      return unreadable(fmt::format("{} charges, which hides the load; unplug the charger",
                                    battery.filename().string()));
    }
    if (status != "Discharging") continue;
    const Reading one = discharge_watts(battery);
    if (!one.value) return one;
    watts += *one.value;
  }
  if (watts > 0) return {watts, ""};
  return unreadable("no battery discharges, so that none says what is drawn; unplug the charger");
}

std::string names_of(const std::vector<std::filesystem::path>& batteries) {
  std::vector<std::string> names;
  for (const auto& battery : batteries) names.push_back(battery.filename().string());
  return fmt::format("{}", fmt::join(names, "+"));
}

}  // namespace

std::vector<std::filesystem::path> system_batteries(const std::filesystem::path& sysfs) {
  std::vector<std::filesystem::path> batteries;
  for (const auto& supply : entries_of(sysfs / "class/power_supply")) {
    const bool is_battery = read_line(supply / "type") == "Battery";
    if (is_battery && read_line(supply / "scope") != "Device") batteries.push_back(supply);
  }
  return batteries;
}

std::vector<Candidate> look_at_battery(const MeterSearch& search) {
  const auto batteries = system_batteries(search.sysfs);
  MeterInfo info = {.source = Source::battery,
                    .name = names_of(batteries),
                    .scope = Scope::board,
                    .method = Method::integrated,
                    .delay_seconds = kGaugeUpdateSeconds};
  std::vector<Candidate> found;
  if (batteries.empty()) {
    found.push_back(unusable(
        info, fmt::format("no battery in {}", (search.sysfs / "class/power_supply").string())));
    return found;
  }
  info.path = batteries.front().string();
  found.push_back(try_meter(info, [batteries] { return total_watts(batteries); }));
  return found;
}

}  // namespace edgeprune::energy
