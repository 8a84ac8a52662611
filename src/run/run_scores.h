#pragma once
// The scores of a run's warm-up: the columns that its strategy needs and those asked for, gathered
// from the warm-up's batches, with an estimate of the share of wrong labels.

#include "edgeprune/config/resolved_config.h"
#include "edgeprune/run/checkpoint.h"
#include "edgeprune/run/run_plan.h"
#include "edgeprune/score/label_noise.h"
#include "edgeprune/score/scores.h"
#include "edgeprune/select/strategy.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace edgeprune::run {

/// An Error of kind config where the strategy or a score reads features and the network has none.
void require_features(const config::Config& config, const nn::Network& network);

/// An Error of kind config where a run whose warm-up has gathered these columns lacks one that its
/// (new) strategy needs.
void require_columns(const config::Config& config, const std::vector<std::string>& gathered);

class RunScores {
 public:
  /// Scores that compare more passes than are planned are Errors of kind config.
  RunScores(const config::ResolvedConfig& config, const RunPlan& plan, std::uint32_t num_classes);

  /// Whether steps count for the scores: in every mode but `evaluations`.
  [[nodiscard]] bool steps_score() const { return steps_score_; }
  /// What observe() reads of the warm-up's steps, and of forward passes.
  [[nodiscard]] score::ScoreNeeds needs_of_steps() const;
  [[nodiscard]] score::ScoreNeeds needs_of_forward_passes() const { return table_.needs(); }

  /// Any batch of the warm-up. Steps count for the label noise and, where steps_score(), for the
  /// scores; forward passes count for the scores alone.
  void observe(const score::Observation& batch);

  /// Samples without a score so far.
  [[nodiscard]] std::vector<std::uint32_t> unseen() const { return table_.unseen(); }
  [[nodiscard]] score::LabelNoise label_noise() const;
  /// Every column, once every sample has been seen.
  [[nodiscard]] score::Scores finish() const { return table_.finish(); }

  [[nodiscard]] std::vector<core::NamedArray> state();

 private:
  score::ScoreTable table_;
  bool steps_score_;
  std::optional<score::LabelNoiseEstimate> noise_;  // one class alone has no wrong labels
};

}  // namespace edgeprune::run
