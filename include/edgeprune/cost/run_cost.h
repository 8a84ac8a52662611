#pragma once
// Time, energy, storage and memory of a run, phase by phase, before it is made.
//
//   const RunCost cost = predict_run_cost(work, {.profile = profile, .timing = timing});
//   cost.total().seconds;

#include "edgeprune/core/usage.h"
#include "edgeprune/cost/device_profile.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace edgeprune::cost {

/// What a run does, in numbers that do not depend on the device.
struct RunWork {
  std::uint32_t num_samples = 0;  // N
  std::uint32_t num_kept = 0;     // M
  std::uint32_t num_stored = 0;   // samples that stay stored after selection
  std::uint32_t num_test = 0;
  std::uint64_t score_steps = 0;            // T_0
  double score_samples = 0;                 // forward and backward, as so many at full size
  std::uint64_t score_forward_samples = 0;  // features included
  std::uint64_t train_steps = 0;            // (7)
  double train_samples = 0;
  std::uint64_t full_samples = 0;        // E * N: training on everything, for the ratios; > 0
  std::uint64_t evaluation_samples = 0;  // forward
  double flops_per_sample = 0;           // c(theta)
  double forward_flops_per_sample = 0;
  double bytes_per_sample = 0;  // sigma
  double stored_bytes = 0;      // of the samples that stay; re-encoded, less than num_stored sigma
  std::uint64_t memory_bytes = 0;  // peak, predicted
};

struct PhaseCost {
  double seconds = 0;
  double joules = -1;  // -1: the profile knows no power
  double flops = 0;
};

struct RunCost {
  core::ByActivity<PhaseCost> by_activity;
  double stored_bytes = 0;       // after selection, (9)
  double peak_stored_bytes = 0;  // with all data, before it
  std::uint64_t memory_bytes = 0;
  double paper_ratio = 1;        // (27)
  double ratio_with_warmup = 1;  // (28) over full training
  std::string_view time_from;    // "timing": measured for this network; "flops": (8) with f_k

  [[nodiscard]] PhaseCost& of(core::Activity activity) { return by_activity[activity]; }
  [[nodiscard]] const PhaseCost& of(core::Activity activity) const { return by_activity[activity]; }
  [[nodiscard]] PhaseCost total() const;
};

struct CostModel {
  const DeviceProfile& profile;
  const NetworkTiming* timing = nullptr;  // null: (8), FLOPs over flops_per_second
};

/// Checkpoints that every run writes: at its start, before selection, before
/// training and at its end. Those that run.checkpoint_seconds adds are not predicted.
inline constexpr int kCheckpointsWritten = 4;

/// Seconds by the timing where there is one, else by (8): FLOPs over flops_per_second times
/// sustained_fraction, reading by storage_bytes_per_second, start and saving taken as nothing.
/// Selection goes by (25). Joules = watts times seconds, (8), with the timing's power before the
/// profile's; duty_cycle stretches seconds, at idle power while the device rests. Errors of kind
/// config name the profile's field that is missing: compute.flops_per_second without a timing, and
/// power.idle_watts with a duty share below 1 and a known power.
[[nodiscard]] RunCost predict_run_cost(const RunWork& work, const CostModel& model);

}  // namespace edgeprune::cost
