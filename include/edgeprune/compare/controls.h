#pragma once
// A run beside its controls: the same device and configuration under other strategies, so that
// "does it beat random?" is answered wherever a result is shown.
//
// Each control is a whole run of its own, in RUN/controls/NAME, with its own warm-up where it has
// one; controls.json in the run directory holds the table.

#include "edgeprune/compare/controls_table.h"
#include "edgeprune/run/pipeline.h"

#include <vector>

namespace edgeprune::compare {

/// Errors of kind config where run.controls names what is no strategy, or one without a selection
/// of its own; run_with_controls begins with it.
void require_controls(const config::Config& config);

/// Runs, or continues, the configured run and then config.run.controls in their order, each up to
/// its end. The first row is the configured strategy. Interruptions and errors are those of
/// run_pipeline; a second call continues where the first stopped.
[[nodiscard]] std::vector<ControlsRow> run_with_controls(const run::RunDirectory& run,
                                                         const run::PipelineOptions& options);
/// The same of the run in config.run.directory, under this configuration.
[[nodiscard]] std::vector<ControlsRow> run_with_controls(const config::ResolvedConfig& config,
                                                         const run::PipelineOptions& options);

}  // namespace edgeprune::compare
