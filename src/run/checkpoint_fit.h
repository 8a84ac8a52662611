#pragma once
// Whether a checkpoint is one of this run: what its hash cannot say, for a hash finds damage and no
// value that was never right. What a state says of itself is checked where it is read
// (run_state.h).

#include "edgeprune/core/error.h"
#include "edgeprune/core/named_array.h"
#include "edgeprune/run/checkpoint.h"

#include "run_setup.h"

#include <filesystem>
#include <string>
#include <vector>

namespace edgeprune::run {

/// The counts of a state against the run's plan. A count that cannot be is an UnfitCheckpoint.
void require_fit(const LoadedCheckpoint& checkpoint, const RunSetup& setup);

/// What scores and samplers were filled with: numbers, as many visits as there were steps, and of
/// every sample one once it is scored. Weights are not looked at: a loss that is not finite says
/// so in the next step.
void require_fit(const LoadedCheckpoint& checkpoint, const std::vector<core::NamedArray>& gathered);

}  // namespace edgeprune::run
