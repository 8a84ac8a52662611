#pragma once
// The scores of a run's warm-up: the columns that its strategy needs and those asked for, gathered
// from the warm-up's batches, with an estimate of the share of wrong labels.

#include "edgeprune/config/config.h"
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

/// The score that this run's strategy ranks by; empty where it ranks by none. prune.score with such
/// a strategy is an Error of kind config.
[[nodiscard]] std::string ranking_score(const config::Config& config,
                                        const select::Strategy& strategy);

/// The configuration with every column that the strategy needs in score.columns. Errors of kind
/// config: a score or quotas for a strategy that does not take them, a score that there is not.
[[nodiscard]] config::Config with_resolved_columns(config::Config config);

/// An Error of kind config where the strategy or a score reads features and the network has none.
void require_features(const config::Config& config, const nn::Network& network);

/// An Error of kind config where a run that has warmed up lacks a column that its (new) strategy
/// needs.
void require_columns(const config::Config& config);

class RunScores {
 public:
  /// `config` with resolved columns. Scores that compare more passes than are planned are Errors of
  /// kind config.
  RunScores(const config::Config& config, const RunPlan& plan, std::uint32_t num_classes);

  /// Of each batch that is observed with `scores`, and without.
  [[nodiscard]] score::ScoreNeeds needs() const;
  [[nodiscard]] static score::ScoreNeeds needs_of_label_noise() { return {.logits = true}; }
  [[nodiscard]] score::ScoreTable& table() { return table_; }
  [[nodiscard]] const score::ScoreTable& table() const { return table_; }
  [[nodiscard]] LabelNoise label_noise() const;

  /// A step of the warm-up. Without `scores` it counts for the label noise alone.
  void observe_step(const score::Observation& batch, bool scores);

  /// One value per sample, turned so that high = hard.
  [[nodiscard]] std::vector<float> hardness(const std::string& column) const;

  [[nodiscard]] std::vector<GatheredArray> state();

 private:
  score::ScoreTable table_;
  std::optional<score::LabelNoiseEstimate> noise_;  // one class alone has no wrong labels
};

}  // namespace edgeprune::run
