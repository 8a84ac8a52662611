#pragma once
// What device.profile says of a run: its power, and what the run was to take.

#include "edgeprune/config/config.h"
#include "edgeprune/cost/device_profile.h"
#include "edgeprune/cost/run_cost.h"
#include "edgeprune/run/run_work.h"

#include "run_setup.h"

#include <optional>

namespace edgeprune::run {

/// Nothing where the configuration names none.
[[nodiscard]] std::optional<cost::DeviceProfile> device_of(const config::Config& config);

/// The section [energy], with the device's watts where it names none of its own.
[[nodiscard]] budget::MeterOptions with_power_of(const std::optional<cost::DeviceProfile>& device,
                                                 budget::MeterOptions energy);

/// What a plan does not know of its work.
[[nodiscard]] RunFacts facts_of(const RunSetup& setup);
/// Which timing of a device profile is for this run.
[[nodiscard]] cost::TimingRequest timing_request(const RunSetup& setup);

/// The timing for this run; null where there is no device, or none of it on the device.
[[nodiscard]] const cost::NetworkTiming* timing_of(
    const RunSetup& setup, const std::optional<cost::DeviceProfile>& device);

/// Of the run as planned; nothing without a device. A profile that knows neither a timing of this
/// network nor FLOP/s is an Error of kind config.
[[nodiscard]] std::optional<cost::RunCost> predicted_cost(
    const RunSetup& setup, const std::optional<cost::DeviceProfile>& device);

}  // namespace edgeprune::run
