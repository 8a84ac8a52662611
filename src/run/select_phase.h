#pragma once
// The phase select: Algorithm 1, phase 2.

#include "run_context.h"
#include "run_passes.h"

namespace edgeprune::run {

/// The selection: selection.npy and its manifest. The run enters the phase train.
void run_select_phase(RunContext& context, RunPasses& passes);

}  // namespace edgeprune::run
