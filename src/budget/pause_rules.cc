#include "edgeprune/budget/pause_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace edgeprune::budget {
namespace {

constexpr double kFuller = 5;  // percent
constexpr double kCooler = 5;  // degrees
constexpr int kMinutesOfDay = 24 * 60;

// "06:30"; -1 for any other text.
int minute_of(std::string_view text) {
  int hour = -1;
  int minute = -1;
  if (text.size() != 5 || text[2] != ':') return -1;
  const char* begin = text.data();
  if (std::from_chars(begin, begin + 2, hour).ptr != begin + 2) return -1;
  if (std::from_chars(begin + 3, begin + 5, minute).ptr != begin + 5) return -1;
  if (hour < 0 || minute < 0 || minute > 59 || hour * 60 + minute > kMinutesOfDay) return -1;
  return hour * 60 + minute;
}

std::string battery_reason(const PauseRules& rules, const energy::DeviceState& device,
                           bool is_paused) {
  if (rules.battery_percent == 0 || !device.battery_percent || device.is_charging) return "";
  const double enough = std::min(rules.battery_percent + (is_paused ? kFuller : 0), 100.0);
  if (*device.battery_percent >= enough) return "";
  return fmt::format("the battery is at {:.0f} %, below {:.0f} %", *device.battery_percent, enough);
}

std::string heat_reason(const PauseRules& rules, const energy::DeviceState& device,
                        bool is_paused) {
  if (rules.temperature_celsius <= 0 || !device.temperature_celsius) return "";
  const double bearable = rules.temperature_celsius - (is_paused ? kCooler : 0);
  if (*device.temperature_celsius <= bearable) return "";
  return fmt::format("the device is at {:.0f} degrees, above {:.0f}", *device.temperature_celsius,
                     bearable);
}

}  // namespace

bool DailyHours::contains(int minute) const {
  if (from_minute < to_minute) return minute >= from_minute && minute < to_minute;
  return minute >= from_minute || minute < to_minute;
}

std::optional<DailyHours> parse_daily_hours(std::string_view text) {
  if (text.size() != 11 || text[5] != '-') return {};
  const DailyHours hours{minute_of(text.substr(0, 5)), minute_of(text.substr(6))};
  const bool is_valid = hours.from_minute >= 0 && hours.from_minute < kMinutesOfDay &&
                        hours.to_minute >= 0 && hours.from_minute != hours.to_minute;
  return is_valid ? std::optional(hours) : std::nullopt;
}

std::string reason_to_pause(const PauseRules& rules, const energy::DeviceState& device,
                            int minute_of_day, bool is_paused) {
  std::string reason = battery_reason(rules, device, is_paused);
  if (reason.empty()) reason = heat_reason(rules, device, is_paused);
  const auto hours = parse_daily_hours(rules.allowed_hours);
  if (reason.empty() && hours && !hours->contains(minute_of_day)) {
    reason = fmt::format("it is outside {}", rules.allowed_hours);
  }
  return reason;
}

}  // namespace edgeprune::budget
