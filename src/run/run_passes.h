#pragma once
// Passes over samples, in any phase: training steps, batch by batch, and forward passes.

#include "edgeprune/core/batch_plan.h"
#include "edgeprune/data/loader.h"
#include "edgeprune/run/training_stages.h"
#include "edgeprune/score/scores.h"
#include "edgeprune/select/sampler.h"
#include "edgeprune/train/trainer.h"
#include "edgeprune/train/training_pass.h"

#include "run_context.h"
#include "run_pauses.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace edgeprune::run {

struct PassSteps {
  /// Asked before each step, with the batches of the pass.
  std::function<bool(std::uint32_t)> should_continue;
  score::ScoreNeeds observed;
  /// Sees each step.
  std::function<void(const score::Observation&)> on_step;
};

class RunPasses {
 public:
  /// `context` must outlive it.
  explicit RunPasses(RunContext& context) : context_(context), pauses_(context) {}

  /// The batches from the state's on, as long as should_continue says so. Returns how many the
  /// pass has.
  std::uint32_t train(const select::Pass& samples, const PassSteps& steps);

  /// Forward passes, whose cost the budget learns from.
  train::Evaluation evaluate(const data::Dataset& dataset, std::span<const std::uint32_t> samples,
                             const train::EvaluateOptions& options);

  /// For a budget, which has to know what its last evaluation will take.
  void measure_forward(std::uint32_t batches, int times);

 private:
  [[nodiscard]] core::BatchPlan batches_of(std::size_t num_samples) const;
  [[nodiscard]] std::uint32_t num_batches(const select::Pass& samples) const;
  [[nodiscard]] const TrainingStage& stage_of(std::uint32_t pass_batches,
                                              std::uint32_t ahead) const;
  [[nodiscard]] std::vector<data::SizeFrom> sizes_ahead(std::uint32_t pass_batches) const;
  [[nodiscard]] train::PassOptions pass_options(std::uint32_t pass_batches) const;
  [[nodiscard]] float learning_rate(std::uint32_t pass_batches) const;

  RunContext& context_;
  RunPauses pauses_;
};

}  // namespace edgeprune::run
