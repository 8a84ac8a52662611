#pragma once
// A cost plan for other programs. docs/cli.md lists the fields.

#include "edgeprune/plan/cost_plan.h"

#include <string>

namespace edgeprune::plan {

[[nodiscard]] std::string cost_plan_json(const CostPlan& plan);

}  // namespace edgeprune::plan
