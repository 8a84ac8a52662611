#pragma once
// What device.profile says of a run: its power, and what the run was to take.

#include "edgeprune/cost/device_profile.h"
#include "edgeprune/cost/run_cost.h"
#include "edgeprune/train/config.h"

#include "run_setup.h"

#include <optional>

namespace edgeprune::train {

/// The section [energy], with the profile's watts where the configuration names none of its own.
[[nodiscard]] Config::Energy energy_of_device(const Config& config);

/// Which timing of a device profile is for this run.
[[nodiscard]] cost::TimingQuestion timing_question(const RunSetup& setup);

/// Of the run as planned; nothing without a profile. A profile that knows neither a timing of this
/// network nor FLOP/s is an Error of kind config.
[[nodiscard]] std::optional<cost::RunCost> predicted_cost(const RunSetup& setup);

}  // namespace edgeprune::train
