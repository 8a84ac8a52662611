#pragma once
// The phase train: Algorithm 1, phase 3.

#include "run_context.h"
#include "run_passes.h"

namespace edgeprune::run {

/// Training on the selection, the model and the summary. The run is done.
void run_train_phase(RunContext& context, RunPasses& passes);

}  // namespace edgeprune::run
