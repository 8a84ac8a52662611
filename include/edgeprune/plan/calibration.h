#pragma once
// What a network's training takes on this machine, measured with the user's own data and batches,
// for a device profile (cost/device_profile.h).
//
//   const Calibration measured = calibrate(config, {.seconds = 10, .scratch = "runs/scratch"});
//   cost::DeviceProfile profile = profile_of(measured, "my-board");
//
// A step is made as a run makes it: batches as its loader makes them, the same precision, threads
// and memory mode. Passes at two batch sizes take turns, so that a machine that slows
// down slows both, and the median over the passes counts.

#include "edgeprune/config/resolved_config.h"
#include "edgeprune/cost/device_profile.h"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

namespace edgeprune::plan {

struct CalibrationOptions {
  double seconds = 10;            // about so long are steps and evaluations repeated
  std::filesystem::path scratch;  // a folder to write one checkpoint into: on the disk of the runs
  std::string date;               // YYYY-MM-DD, of the measurement
  /// Joules so far, by a meter of this machine; empty: no meter.
  std::function<double()> joules;
  std::string meter;                             // what that meter is, for the profile
  const std::atomic<bool>* stop = nullptr;       // as PipelineOptions::stop
  std::function<void(const std::string&)> tell;  // a line per thing measured; may be empty
};

struct Calibration {
  cost::NetworkTiming timing;
  double flops_per_second = 0;     // c(theta) by the measured seconds of a step of the larger batch
  double idle_watts = -1;          // before the first step; -1: no meter, or too coarse a one
  std::uint64_t memory_bytes = 0;  // of this machine
  std::string machine;             // its CPU and how many threads it offers
};
/// Errors as those of a run before its first step, and of kind interrupted.
[[nodiscard]] Calibration calibrate(const config::ResolvedConfig& config,
                                    const CalibrationOptions& options);

/// A profile of this machine with one timing.
[[nodiscard]] cost::DeviceProfile profile_of(const Calibration& measured, const std::string& name);

/// Adds the timing to a profile of the same machine; one for the same network, precision,
/// memory mode, threads and batch size is replaced. Another machine's profile is an Error of kind
/// config.
void add_to_profile(const Calibration& measured, cost::DeviceProfile& profile);

/// seconds = overhead + samples * per_sample.
struct StepLine {
  double overhead = 0;
  double per_sample = 0;
};
struct StepSeconds {
  std::uint32_t batch_size = 0;
  double seconds = 0;  // of a step
};
/// The line through two batch sizes, for a profile: its slope is above 0 and its overhead not
/// below. Where the smaller batch takes no less per sample, or no less in all (a measurement among
/// noise), or the smaller size is the same, it goes through the origin and the larger.
[[nodiscard]] StepLine step_line(const StepSeconds& smaller, const StepSeconds& larger);

}  // namespace edgeprune::plan
