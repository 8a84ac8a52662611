#pragma once
// What a run tells whoever watches it. The library prints nothing; the command line implements
// this.

#include "edgeprune/run/notice.h"
#include "edgeprune/run/phase.h"

#include <cstdint>
#include <string>

namespace edgeprune::run {

/// What one training epoch came to. Accuracies are shares in [0, 1], negative if not
/// evaluated this epoch.
struct EpochSummary {
  Phase phase = Phase::train;
  std::uint32_t epoch = 0;  // 1, 2, ...
  std::uint32_t epochs = 0;
  double running_loss = 0;  // mean over the epoch's samples, in training mode
  double kept_accuracy = -1;
  double test_accuracy = -1;
};

/// Called from the thread that runs, between steps. Every member has an empty default.
class Events {
 public:
  virtual ~Events() = default;
  virtual void on_phase(Phase, std::uint64_t /*total_steps*/) {}
  virtual void on_step(Phase, std::uint64_t /*step*/, std::uint64_t /*total_steps*/,
                       std::uint32_t /*batch_samples*/) {}
  virtual void on_epoch(const EpochSummary&) {}
  virtual void on_notice(const Notice&) {}
};

}  // namespace edgeprune::run
