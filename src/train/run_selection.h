#pragma once
// A run's selection: gathers what the strategy asks for and hands it over.

#include "edgeprune/train/config.h"
#include "edgeprune/train/run_data.h"
#include "edgeprune/train/run_plan.h"

#include "run_scores.h"
#include "strategy_choice.h"

#include <cstdint>
#include <vector>

namespace edgeprune::train {

struct SelectionTask {
  const Config& config;
  const StrategyChoice& choice;
  const RunPlan& plan;
  const data::Dataset& dataset;
  const RunScores* scores = nullptr;  // null: no warm-up
  core::ThreadPool* pool = nullptr;
  select::FeaturesOf features;
};

/// Kept indices, ascending, plan.num_kept of them.
[[nodiscard]] std::vector<std::uint32_t> make_selection(const SelectionTask& task);

/// What a sampler starts from.
[[nodiscard]] select::SelectionInput sampler_input(const Config& config, const RunPlan& plan,
                                                   const data::Dataset& dataset);

}  // namespace edgeprune::train
