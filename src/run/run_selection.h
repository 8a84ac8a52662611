#pragma once
// A run's selection: gathers what the strategy asks for and hands it over.

#include "edgeprune/config/config.h"
#include "edgeprune/run/run_data.h"
#include "edgeprune/run/run_plan.h"

#include "run_scores.h"
#include "strategy_choice.h"

#include <cstdint>
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

/// What a sampler starts from.
[[nodiscard]] select::SelectionInput sampler_input(const config::Config& config,
                                                   const RunPlan& plan,
                                                   const data::Dataset& dataset);

}  // namespace edgeprune::run
