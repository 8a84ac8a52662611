#pragma once
// The pipeline score -> select -> train of one device: Algorithm 1 and its controls, in a run
// directory, resumable at any moment with the same bits.
//
//   const config::ResolvedConfig config = config::resolve(config::read_config("train.toml"));
//   prepare_run_directory(config, /*force=*/false);   // new_run.h
//   RunResult result = run_pipeline(config, {.events = &events});
//
// Strategies share this one loop; they differ in what a select::Strategy row says.

#include "edgeprune/budget/usage_meter.h"
#include "edgeprune/config/resolved_config.h"
#include "edgeprune/energy/device_state.h"
#include "edgeprune/run/events.h"
#include "edgeprune/run/phase.h"
#include "edgeprune/run/run_result.h"
#include "edgeprune/run/shared_data.h"

#include <atomic>
#include <functional>
#include <optional>

namespace edgeprune::run {

struct PipelineOptions {
  /// The phase to stop before: Phase::select scores only, Phase::done does everything. Empty: what
  /// the run was begun with, and everything for a new run.
  std::optional<Phase> goal;
  /// Set it (from a signal handler, say) and the run saves its state and throws an Error of kind
  /// interrupted at the next batch (a forward pass that scores finishes first). Not owned.
  const std::atomic<bool>* stop = nullptr;
  /// While it is set the run waits at the next batch, with a checkpoint. Not owned.
  const std::atomic<bool>* pause = nullptr;
  Events* events = nullptr;
  /// Where the run looks for its data first, for runs that share them; null: it opens its own. Not
  /// owned.
  SharedData* data = nullptr;
  /// What the run measures itself by; null: this machine's clock and meters. Not owned.
  budget::UsageMeter* spending = nullptr;
  /// How the device fares; empty: as this machine says.
  std::function<energy::DeviceState()> device_state;
};

/// Runs, or continues, the run in config.run.directory up to the goal. A run that lies there
/// complete is not repeated: its result is read back.
[[nodiscard]] RunResult run_pipeline(const config::ResolvedConfig& config,
                                     const PipelineOptions& options);

}  // namespace edgeprune::run
