#pragma once
// The keep ratio that the weighted objective (13)-(14) asks for, on one device or on several
// together, and how it is shown. The objective is module cost's.

#include "edgeprune/cost/planner.h"
#include "edgeprune/plan/cost_plan.h"
#include "edgeprune/plan/fleet_file.h"

#include <string>
#include <vector>

namespace edgeprune::plan {

struct RecommendationInput {
  const RunCosts& costs;
  cost::Weights weights;
  std::vector<cost::CurvePoint> curve;  // of every device alike
  std::vector<FleetDevice> fleet;       // empty: the device of `costs`, with its budgets
};
struct Recommended {
  cost::Weights weights;
  std::vector<cost::CurvePoint> curve;  // that the law was fitted to
  std::vector<cost::Recommendation> devices;
};
/// Errors of kind config as those of cost::recommend_keep_ratios.
[[nodiscard]] Recommended recommend(const RecommendationInput& input);

/// A row per device, the law the curve was fitted by, and how to read them.
[[nodiscard]] std::string recommendation_table(const Recommended& recommended);
/// {"lambda": ..., "curve": [...], "devices": [...]}
[[nodiscard]] std::string recommendation_json(const Recommended& recommended);

}  // namespace edgeprune::plan
