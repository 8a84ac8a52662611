#pragma once
// The phase score: Algorithm 1, phase 1.

#include "run_context.h"
#include "run_passes.h"

namespace edgeprune::run {

/// The warm-up, and what it gathered: scores.npy. The run enters the phase select.
void run_score_phase(RunContext& context, RunPasses& passes);

}  // namespace edgeprune::run
