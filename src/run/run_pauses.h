#pragma once
// Pauses of a run, between two batches.

#include "edgeprune/budget/pause_watch.h"

#include "run_context.h"

#include <string>

namespace edgeprune::run {

class RunPauses {
 public:
  /// `context` must outlive it.
  explicit RunPauses(RunContext& context);

  /// Before each step: stops, or waits, where there is a reason to: an Error of kind interrupted or
  /// paused, with the run saved.
  void stop_or_pause();

 private:
  [[nodiscard]] std::string reason_to_pause();
  void pause(const std::string& reason);

  RunContext& context_;
  budget::PauseWatch watch_;
};

}  // namespace edgeprune::run
