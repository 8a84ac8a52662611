#pragma once
// What each pass over the samples came to: the lines of metrics.jsonl, as values.

#include "edgeprune/budget/run_usage.h"
#include "edgeprune/run/phase.h"
#include "edgeprune/train/trainer.h"

#include <cstdint>
#include <optional>
#include <span>

namespace edgeprune::run {

struct Means {
  double loss = 0;
  double accuracy = 0;  // a share in [0, 1]
};
/// Over the given positions of an evaluation.
[[nodiscard]] Means mean_over(const train::Evaluation& evaluation,
                              std::span<const std::uint32_t> samples);

/// Evaluated at the end of an epoch; empty where it was not.
struct EpochMetrics {
  std::optional<Means> kept;   // over S_k
  std::optional<Means> train;  // over D_k
  std::optional<Means> test;

  [[nodiscard]] bool is_evaluated() const { return train.has_value(); }
};

/// One pass: of the warm-up (phase score), or an epoch (phase train).
struct PassRecord {
  Phase phase = Phase::train;
  std::uint32_t epoch = 0;    // 1, 2, ...
  std::uint64_t step = 0;     // steps done within the phase
  std::uint32_t samples = 0;  // warm-up: N; epochs: those trained on
  double running_loss = 0;    // mean over the pass's steps, in training mode
  budget::RunUsage spent;     // so far
  // Epochs only.
  float learning_rate = 0;  // of the last step
  double spent_flops = 0;   // so far, evaluation included
  EpochMetrics evaluation;
  bool is_evaluated_late = false;  // after its line was written: the budget ended the run
};

}  // namespace edgeprune::run
