#pragma once
// selection.json: where a selection comes from.

#include "edgeprune/config/config.h"
#include "edgeprune/run/run_data.h"
#include "edgeprune/run/run_plan.h"
#include "edgeprune/select/manifest.h"

#include "strategy_choice.h"

namespace edgeprune::run {

[[nodiscard]] select::Manifest selection_manifest(const config::Config& config,
                                                  const StrategyChoice& choice, const RunPlan& plan,
                                                  const RunData& data);

}  // namespace edgeprune::run
