#pragma once
// A cost plan as one file that opens anywhere without a network: the table, and time, energy and
// storage drawn against the keep ratio.

#include "edgeprune/plan/cost_plan.h"
#include "edgeprune/plan/recommendation.h"

#include <string>
#include <string_view>

namespace edgeprune::plan {

/// With the error drawn too where a keep ratio was `recommended`; null: none was. `command` makes
/// the page again.
[[nodiscard]] std::string cost_plan_html(const CostPlan& plan, std::string_view command,
                                         const Recommended* recommended = nullptr);

}  // namespace edgeprune::plan
