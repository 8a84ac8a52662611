#pragma once
// A cost plan as fixed-width text of at most 100 columns: the table, what fits, and where the
// numbers come from.

#include "edgeprune/plan/cost_plan.h"

#include <string>

namespace edgeprune::plan {

[[nodiscard]] std::string cost_plan_table(const CostPlan& plan);

/// Joules of a PhaseCost for a table: "-" where they are not known.
[[nodiscard]] std::string joules_text(double joules);

}  // namespace edgeprune::plan
