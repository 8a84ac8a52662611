#pragma once
// A run's selection: gathers what the strategy asks for and hands it over.

#include "edgeprune/config/config.h"
#include "edgeprune/run/run_data.h"
#include "edgeprune/run/run_plan.h"
#include "edgeprune/train/trainer.h"

#include "run_scores.h"
#include "strategy_choice.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace edgeprune::run {

struct SelectionTask {
  const config::Config& config;
  const StrategyChoice& choice;
  const RunPlan& plan;
  const data::Dataset& dataset;
  const score::Scores* scores = nullptr;  // null: no warm-up
  core::ThreadPool* pool = nullptr;
  select::FeaturesOf features;
};

/// Kept indices, ascending, plan.num_kept of them.
[[nodiscard]] std::vector<std::uint32_t> make_selection(const SelectionTask& task);

/// The features of so many samples, in the order in which `evaluate` shows them: it makes forward
/// passes that gather features and hands on each batch.
[[nodiscard]] select::FeatureMatrix gather_features(
    const nn::Network& network, std::size_t num_samples,
    const std::function<void(const train::EvaluateOptions&)>& evaluate);

/// What a sampler starts from.
[[nodiscard]] select::SelectionInput sampler_input(const config::Config& config,
                                                   const RunPlan& plan,
                                                   const data::Dataset& dataset);

}  // namespace edgeprune::run
