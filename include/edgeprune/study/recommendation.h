#pragma once
// The keep ratio that the weighted objective (13)-(14) asks for, on one device or on several
// together, and how it is shown. The objective is module cost's.

#include "edgeprune/cost/planner.h"
#include "edgeprune/study/cost_plan.h"
#include "edgeprune/study/fleet_file.h"

#include <span>
#include <string>
#include <vector>

namespace edgeprune::study {

struct RecommendationInput {
  const RunCosts& costs;
  cost::Weights weights;
  std::vector<cost::CurvePoint> curve;  // of every device alike
  std::vector<FleetDevice> fleet;       // empty: the device of `costs`, with its budgets
};
/// Errors of kind config as those of cost::recommend_keep_ratios.
[[nodiscard]] std::vector<cost::Recommendation> recommend(const RecommendationInput& input);

/// A row per device, the law the curve was fitted by, and how to read them.
[[nodiscard]] std::string recommendation_table(std::span<const cost::Recommendation> all,
                                               const cost::Weights& weights);
/// {"lambda": ..., "devices": [...]}
[[nodiscard]] std::string recommendation_json(std::span<const cost::Recommendation> all,
                                              const cost::Weights& weights);

}  // namespace edgeprune::study
