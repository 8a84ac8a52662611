#pragma once
// The pipeline score -> select -> train of one device: Algorithm 1 and its controls, in a run
// directory, resumable at any moment with the same bits.
//
//   const config::ResolvedConfig config = config::resolve(config::read_config("train.toml"));
//   const RunDirectory run = prepare_run_directory(config, /*force=*/false);   // new_run.h
//   RunResult result = run_pipeline(run, {.events = &events});
//
// Strategies share this one loop; they differ in what a select::Strategy row says.

#include "edgeprune/config/resolved_config.h"
#include "edgeprune/run/pipeline_options.h"
#include "edgeprune/run/run_directory.h"
#include "edgeprune/run/run_result.h"

namespace edgeprune::run {

/// Runs, or continues, the run up to the goal. A run that lies there complete is not repeated: its
/// result is read back. A directory that was removed, moved or replaced meanwhile is an Error of
/// kind run_directory: what gets its name is not written to.
[[nodiscard]] RunResult run_pipeline(const RunDirectory& run, const PipelineOptions& options);
/// The same of the run in config.run.directory, under this configuration.
[[nodiscard]] RunResult run_pipeline(const config::ResolvedConfig& config,
                                     const PipelineOptions& options);

}  // namespace edgeprune::run
