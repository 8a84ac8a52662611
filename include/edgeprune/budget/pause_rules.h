#pragma once
// When a run waits: rules against the battery and temperature of the device, and the time of day.

#include "edgeprune/energy/device_state.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace edgeprune::budget {

struct PauseRules {
  std::uint32_t battery_percent = 0;  // below it a run waits; 0: never
  double temperature_celsius = 0;     // above it; 0: never
  std::string allowed_hours;          // "22:00-06:00" local time: works only then; empty: always
  bool stops = false;                 // ends resumably instead of waiting
};

/// "22:00-06:00": from the first minute up to the second, over midnight where it is the smaller.
struct DailyHours {
  int from_minute = 0;  // of the day, in [0, 1440)
  int to_minute = 0;    // in [0, 1440]

  [[nodiscard]] bool contains(int minute) const;
};
/// Nothing for any other text, and where both are the same.
[[nodiscard]] std::optional<DailyHours> parse_daily_hours(std::string_view text);

/// Why the run should wait, in words; empty where it need not. A run that is paused waits until the
/// battery is 5 percent fuller and the device 5 degrees cooler than what made it pause.
[[nodiscard]] std::string reason_to_pause(const PauseRules& rules,
                                          const energy::DeviceState& device, int minute_of_day,
                                          bool is_paused);

}  // namespace edgeprune::budget
