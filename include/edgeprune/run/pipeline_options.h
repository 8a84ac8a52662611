#pragma once
// How a run is carried out: what it stops at, whom it tells, what it measures itself by.

#include "edgeprune/budget/usage_meter.h"
#include "edgeprune/energy/device_state.h"
#include "edgeprune/run/events.h"
#include "edgeprune/run/phase.h"
#include "edgeprune/run/run_inputs.h"
#include "edgeprune/run/shared_data.h"

#include <atomic>
#include <functional>
#include <optional>

namespace edgeprune::run {

struct PipelineOptions {
  /// The phase to stop before: Phase::select scores only, Phase::done does everything. It is written
  /// into the run directory before anything else. Empty: what the run was last asked for.
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
  /// What is handed over in memory, in place of files; null: nothing. Not owned.
  const RunInputs* inputs = nullptr;
  /// Whether the run may execute what its configuration names (run/run_command.h).
  bool runs_commands = true;
  /// What the run measures itself by; null: this machine's clock and meters. Not owned.
  budget::UsageMeter* spending = nullptr;
  /// How the device fares; empty: as this machine says.
  std::function<energy::DeviceState()> device_state;
};

}  // namespace edgeprune::run
