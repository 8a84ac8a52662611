#pragma once
// What a run has used so far: samples, and seconds and joules by activity.

#include "edgeprune/core/usage.h"

#include <cstdint>

namespace edgeprune::budget {

/// Adds up over interruptions.
struct RunUsage {
  std::uint64_t learning_samples = 0;  // forward and backward, whatever their size
  /// Their work and the optimizer's, in samples at full size: the samples themselves where all are
  /// and the optimizer multiplies no matrices.
  double learning_work = 0;
  std::uint64_t scoring_forward_samples = 0;
  std::uint64_t evaluation_samples = 0;  // forward only
  /// Forward passes by which a budget measures what an evaluation takes. How many there are goes by
  /// the clock, so they are counted apart from the work that every run of a configuration does.
  std::uint64_t measuring_samples = 0;
  /// Joules by the counted meters; 0 where there are none.
  core::ByActivity<core::Usage> by_activity;
  double paused_seconds = 0;  // no part of the total
  /// Every joule was measured or modelled: no part of the run lacked a meter.
  bool is_metered = false;

  void record(core::Activity activity, const core::Usage& usage);
  [[nodiscard]] const core::Usage& of(core::Activity activity) const {
    return by_activity[activity];
  }
  /// Of the activities, pauses apart.
  [[nodiscard]] core::Usage total() const { return sum(by_activity); }
  [[nodiscard]] double total_seconds() const { return total().seconds; }
};

}  // namespace edgeprune::budget
