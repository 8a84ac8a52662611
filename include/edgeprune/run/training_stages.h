#pragma once
// How the steps of a training are shared out over sizes of the samples (train.resolutions,
// score.resolution), and what they cost. Work is counted in samples: one is forward and backward of
// a sample at full size.

#include "edgeprune/core/sample_shape.h"

#include <cstdint>
#include <vector>

namespace edgeprune::run {

/// The training at one size.
struct TrainingStage {
  core::SampleShape shape;
  double sample_work = 1;  // FLOPs of a sample over those of one at full size
  double share = 1;        // of the work of all training
  std::uint64_t end = 0;   // steps of the training when it is over
};

struct TrainingStages {
  TrainingStage warm_up;              // the warm-up's size (score.resolution)
  std::vector<TrainingStage> stages;  // at least one; the last is at full size
  double step_samples = 0;            // of a step, in the mean
  double update_work = 0;             // of one step of the optimizer

  [[nodiscard]] std::uint64_t num_steps() const { return stages.back().end; }
  [[nodiscard]] double step_work(const TrainingStage& stage) const {
    return step_samples * stage.sample_work + update_work;
  }
  /// Of the step at this position, 0 <= position: later than the last step is the last.
  [[nodiscard]] const TrainingStage& at(double position) const;
  /// The mean work of the steps from this position to the end, over that of a step at full size.
  [[nodiscard]] double mean_share_from(double position) const;
  /// Sets every stage's end so that the steps take no more than this work; at least one step.
  void share_out(double work);
};

}  // namespace edgeprune::run
