#pragma once
// What a meter may say. Meters lie: a script prints 1e308, a driver all bits set. Such a reading is
// a gap, and named; so no sum of joules can overflow.

#include "edgeprune/energy/meter.h"

#include <string>

namespace edgeprune::energy {

/// No machine that edgeprune runs on draws more: of readings, and of settings in watts.
inline constexpr double kMostWatts = 100'000;
/// A counter that stands higher counts no joules: this is 300 years at kMostWatts.
inline constexpr double kMostCountedJoules = 1e15;
/// A meter that is further behind is of no use.
inline constexpr double kMostDelaySeconds = 3600;

/// Why a reading of such a meter makes no sense, "1e+308 W, more than 100000 W"; empty where it
/// does.
[[nodiscard]] std::string why_absurd(const MeterInfo& info, double reading);

}  // namespace edgeprune::energy
