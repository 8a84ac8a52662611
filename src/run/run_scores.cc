#include "run_scores.h"

#include "edgeprune/core/error.h"

#include "strategy_choice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace edgeprune::run {
namespace {

void add_missing(std::vector<std::string>& columns, std::string_view column) {
  if (column.empty() || std::find(columns.begin(), columns.end(), column) != columns.end()) return;
  columns.emplace_back(column);
}

std::vector<std::string> needed_columns(const config::Config& config) {
  std::vector<std::string> columns;
  for (const select::Strategy* strategy : possible_strategies(config)) {
    if (!strategy->warms_up) continue;
    add_missing(columns, "loss");
    add_missing(columns, ranking_score(config, *strategy));
    add_missing(columns, strategy->other_column);
  }
  return columns;
}

// How often every sample is seen at least.
std::uint32_t visits_of_each(const config::Config& config, const RunPlan& plan) {
  if (config.score.mode == score::LossScoreMode::evaluations) {
    return static_cast<std::uint32_t>(
        evaluation_iterations(plan.warmup_iterations, config.score.evaluations).size());
  }
  return static_cast<std::uint32_t>(plan.scoring_samples / plan.num_samples);
}

// Quotas go around a strategy that selects once.
void require_quotas_fit(const config::Config& config) {
  const std::string& name = config.prune.strategy;
  if (config.prune.per_class == select::PerClass::none) return;
  if (name != "auto" && select::strategy_named(name).select != nullptr) return;
  throw core::Error(
      core::ErrorKind::config,
      fmt::format("prune.per_class is {} but the strategy {} takes no quotas; leave it out, or "
                  "take a strategy that selects once, such as random",
                  select::name_of(config.prune.per_class), name));
}

score::ScoreSize score_size(const config::Config& config, const RunPlan& plan,
                            std::uint32_t num_classes) {
  return {.num_samples = plan.num_samples,
          .num_classes = num_classes,
          .passes = std::max(1U, visits_of_each(config, plan)),
          .loss_mode = config.score.mode};
}

}  // namespace

std::string ranking_score(const config::Config& config, const select::Strategy& strategy) {
  if (config.prune.score.empty()) return std::string(strategy.score);
  (void)score::score_named(config.prune.score);
  if (!strategy.score.empty()) return config.prune.score;
  throw core::Error(
      core::ErrorKind::config,
      fmt::format("prune.score is \"{}\" but the strategy {} ranks by no score; leave "
                  "it out, or take a strategy that does, such as top or stratified",
                  config.prune.score, strategy.name));
}

config::Config with_resolved_columns(config::Config config) {
  require_quotas_fit(config);
  for (const std::string& column : config.score.columns) (void)score::score_named(column);
  for (const select::Strategy* strategy : possible_strategies(config)) {
    (void)ranking_score(config, *strategy);
  }
  for (const std::string& column : needed_columns(config)) {
    add_missing(config.score.columns, column);
  }
  return config;
}

void require_features(const config::Config& config, const nn::Network& network) {
  if (network.num_features() > 0) return;
  std::string_view reader;
  for (const select::Strategy* strategy : possible_strategies(config)) {
    if (strategy->needs_features) reader = strategy->name;
  }
  for (const std::string& column : config.score.columns) {
    if (score::score_named(column).needs.features) reader = column;
  }
  if (reader.empty()) return;
  throw core::Error(core::ErrorKind::config,
                    fmt::format("{} reads the features before the last linear layer, and this "
                                "network does not end in one; take a strategy or score without",
                                reader));
}

void require_columns(const config::Config& config) {
  for (const std::string& column : needed_columns(config)) {
    const auto& gathered = config.score.columns;
    if (std::find(gathered.begin(), gathered.end(), column) != gathered.end()) continue;
    throw core::Error(
        core::ErrorKind::config,
        fmt::format("prune.strategy {} needs the score {}, which this run's warm-up "
                    "did not gather (it has {}); start another run with --set "
                    "'score.columns=[\"{}\"]'",
                    config.prune.strategy, column, fmt::join(gathered, ", "), column));
  }
}

RunScores::RunScores(const config::Config& config, const RunPlan& plan, std::uint32_t num_classes)
    : table_(config.score.columns, score_size(config, plan, num_classes)),
      steps_score_(config.score.mode != score::LossScoreMode::evaluations) {
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
