#pragma once
// A run under way: the network being trained, what was gathered, how far it is; saved to
// checkpoints and continued from them.

#include "edgeprune/budget/usage_tracker.h"
#include "edgeprune/run/checkpoint.h"
#include "edgeprune/select/sampler.h"
#include "edgeprune/train/trainer.h"

#include "last_losses.h"
#include "run_scores.h"
#include "run_setup.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace edgeprune::run {

class RunProgress {
 public:
  /// `setup` and `spending` must outlive it. Starts a new run in memory; continue_from() replaces
  /// that.
  RunProgress(RunSetup& setup, nn::Model first_model, budget::UsageMeter& spending);

  std::optional<RunScores> scores;           // where the strategy warms up
  std::unique_ptr<select::Sampler> sampler;  // static strategies: once there is a selection
  std::optional<LastLosses> last_losses;     // where all samples stay stored
  train::Trainer trainer;
  RunState state;
  budget::UsageTracker account;

  /// What the run needs to know when it goes on with other bits than an uninterrupted one would
  /// have; "" where it does not. A data set or configuration that has changed is an Error of kind
  /// run_directory; a checkpoint that cannot be one of this run is an UnfitCheckpoint.
  [[nodiscard]] std::string continue_from(const LoadedCheckpoint& checkpoint);

  /// Returns what that took.
  core::Usage save();
  core::Usage save_if_due();
  /// Leaves a resumable run behind and throws an Error of kind interrupted.
  [[noreturn]] void interrupt();

  void enter(Phase phase);
  void begin_pass(std::uint32_t epoch);
  void count_step(const score::Observation& step, double sample_work);
  /// The pass under way, whose last step is made: a line of metrics.jsonl. `evaluation`: of an
  /// epoch.
  void record_pass(const EpochMetrics& evaluation = {});
  /// Of the last epoch, whose line is written already.
  void record_late_evaluation(const EpochMetrics& evaluation);

 private:
  using Clock = std::chrono::steady_clock;

  void require_unchanged(const RunState& saved) const;
  [[nodiscard]] std::vector<core::NamedArray> gathered(Phase phase);
  void write_metrics() const;

  RunSetup& setup_;
  Clock::time_point last_save_ = Clock::now();
};

}  // namespace edgeprune::run
