#pragma once
// When a run waits: the section [pause] of its configuration against how the device fares.

#include "edgeprune/energy/device_state.h"
#include "edgeprune/train/config.h"

#include <optional>
#include <string>
#include <string_view>

namespace edgeprune::train {

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
[[nodiscard]] std::string reason_to_pause(const Config::Pause& rules,
                                          const energy::DeviceState& device, int minute_of_day,
                                          bool is_paused);

}  // namespace edgeprune::train
