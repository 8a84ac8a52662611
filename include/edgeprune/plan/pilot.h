#pragma once
// A few small runs that tell how the test error falls with the keep ratio, where no comparison has.
//
// DIR/keep-RATIO-HASH holds a run directory each. One that is complete is never repeated and one
// that was cut off goes on; the hash is that of its configuration.

#include "edgeprune/config/resolved_config.h"
#include "edgeprune/core/keep_ratio.h"
#include "edgeprune/cost/planner.h"
#include "edgeprune/run/events.h"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace edgeprune::plan {

struct PilotOptions {
  std::filesystem::path directory;
  std::vector<core::KeepRatio> keep_ratios = {core::KeepRatio::parse("0.1"),
                                              core::KeepRatio::parse("0.3"), core::KeepRatio()};
  std::uint32_t epochs = 0;  // 0: a third of the configured ones, at least 1
  const std::atomic<bool>* stop = nullptr;
  run::Events* events = nullptr;
  bool runs_commands = true;  // as PipelineOptions::runs_commands
};

/// The runs that a pilot makes: without budgets of time, energy and bytes, evaluated at their end
/// alone.
[[nodiscard]] std::vector<config::ResolvedConfig> pilot_runs(const config::ResolvedConfig& config,
                                                             const PilotOptions& options);

struct PilotResult {
  std::vector<cost::CurvePoint> curve;
  double seconds = 0;  // that the runs took, measured, those of earlier calls included
};
/// An Error of kind data without a test set; of kind interrupted when stopped: the same call goes
/// on.
[[nodiscard]] PilotResult run_pilot(const config::ResolvedConfig& config,
                                    const PilotOptions& options);

}  // namespace edgeprune::plan
