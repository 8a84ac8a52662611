#include "edgeprune/energy/plausible.h"

#include <fmt/format.h>

#include <cmath>

namespace edgeprune::energy {

std::string why_absurd(const MeterInfo& info, double reading) {
  const bool is_counter = info.method == Method::counter;
  const char* const unit = is_counter ? "J" : "W";
  const double most = is_counter ? kMostCountedJoules : kMostWatts;
  if (std::isnan(reading)) return fmt::format("{} {}, no number", reading, unit);
  if (reading < 0) return fmt::format("{} {}, less than nothing", reading, unit);
  if (reading > most) return fmt::format("{} {}, more than {} {}", reading, unit, most, unit);
  const bool wraps = is_counter && info.wrap_joules > 0;
  if (!wraps || reading <= info.wrap_joules) return {};
  return fmt::format("{} J, more than its range of {} J", reading, info.wrap_joules);
}

}  // namespace edgeprune::energy
