#include "run_scores.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace edgeprune::run {
namespace {

// How often every sample is seen at least.
std::uint32_t visits_of_each(const config::Config& config, const RunPlan& plan) {
  if (config.score.mode == score::LossScoreMode::evaluations) {
    return static_cast<std::uint32_t>(
        evaluation_iterations(plan.warmup_iterations, config.score.evaluations).size());
  }
  return static_cast<std::uint32_t>(plan.scoring_samples / plan.num_samples);
}

score::ScoreSize score_size(const config::Config& config, const RunPlan& plan,
                            std::uint32_t num_classes) {
  return {.num_samples = plan.num_samples,
          .num_classes = num_classes,
          .passes = std::max(1U, visits_of_each(config, plan)),
          .loss_mode = config.score.mode};
}

// Told of before the table refuses it, because here is known which field makes a warm-up longer.
score::ScoreSize with_enough_passes(const config::Config& config, const score::ScoreSize& size) {
  for (const std::string& column : config.score.columns) {
    const score::ScoreKind& kind = config.catalogues.score(column, "score.columns");
    if (kind.has_enough_passes(size)) continue;
    throw core::Error(core::ErrorKind::config,
                      fmt::format("the score {} compares passes: it needs {} over the data and the "
                                  "warm-up makes {}; raise score.warmup_iterations",
                                  column, kind.min_passes, size.passes));
  }
  return size;
}

}  // namespace

void require_features(const config::Config& config, const nn::Network& network) {
  if (network.num_features() > 0) return;
  std::string_view reader;
  for (const select::Strategy* strategy : config::possible_strategies(config)) {
    if (strategy->needs_features) reader = strategy->name;
  }
  for (const std::string& column : config.score.columns) {
    if (config.catalogues.score(column, "score.columns").needs.features) reader = column;
  }
  if (reader.empty()) return;
  throw core::Error(core::ErrorKind::config,
                    fmt::format("{} reads the features before the last linear layer, and this "
                                "network does not end in one; take a strategy or score without",
                                reader));
}

void require_columns(const config::Config& config, const std::vector<std::string>& gathered) {
  for (const std::string& column : config::needed_columns(config)) {
    if (std::find(gathered.begin(), gathered.end(), column) != gathered.end()) continue;
    throw core::Error(
        core::ErrorKind::config,
        fmt::format("prune.strategy {} needs the score {}, which this run's warm-up "
                    "did not gather (it has {}); start another run that does, by score.columns",
                    config.prune.strategy, column, fmt::join(gathered, ", ")),
        {.reason = core::ErrorReason::new_run_needed,
         .setting = fmt::format("score.columns=[\"{}\"]", column)});
  }
}

RunScores::RunScores(const config::ResolvedConfig& config, const RunPlan& plan,
                     std::uint32_t num_classes)
    : table_(config->score.columns,
             with_enough_passes(*config, score_size(*config, plan, num_classes)),
             *config->catalogues.scores),
      steps_score_(config->score.mode != score::LossScoreMode::evaluations) {
  if (num_classes >= 2) {
    noise_.emplace(score::LabelNoiseOptions{.num_classes = num_classes,
                                            .num_observations = plan.scoring_samples});
  }
}

score::ScoreNeeds RunScores::needs_of_steps() const {
  score::ScoreNeeds needs = steps_score_ ? table_.needs() : score::ScoreNeeds();
  needs.logits = true;
  return needs;
}

score::LabelNoise RunScores::label_noise() const {
  return noise_ ? noise_->estimate() : score::LabelNoise();
}

void RunScores::observe(const score::Observation& batch) {
  if (steps_score_ || !batch.is_step) table_.observe(batch);
  if (batch.is_step && noise_) noise_->observe(batch);
}

std::vector<core::NamedArray> RunScores::state() {
  std::vector<core::NamedArray> arrays = table_.state();
  if (!noise_) return arrays;
  for (core::NamedArray& array : core::with_prefix("noise.", noise_->state())) {
    arrays.push_back(std::move(array));
  }
  return arrays;
}

}  // namespace edgeprune::run
