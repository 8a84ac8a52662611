#pragma once
// The files of a run that is resumed, against its checkpoint: what was damaged or removed meanwhile
// is written anew from it.

#include "run_context.h"

namespace edgeprune::run {

/// Everything that the phases so far have written: plan, scores, selection, metrics and decisions,
/// and of a finished run model and summary. Each file that is written anew is a notice. Of a
/// summary, what only the process that ended the run knew is kept where it can be read, and else
/// left out.
void restore_files(RunContext& context);

}  // namespace edgeprune::run
