#pragma once
// plan.json: what a run is going to do.

#include "edgeprune/config/config.h"
#include "edgeprune/nn/network.h"
#include "edgeprune/run/run_data.h"
#include "edgeprune/run/run_engine.h"
#include "edgeprune/run/run_memory.h"
#include "edgeprune/run/run_plan.h"
#include "edgeprune/run/run_state.h"

#include "record_json.h"
#include "strategy_choice.h"

#include <optional>
#include <string>

namespace edgeprune::run {

/// What a run is made of, as its files tell it.
struct PlanRecord {
  const config::Config& config;
  const StrategyChoice& choice;
  const RunPlan& plan;
  const RunData& data;
  const SampleSizes& sizes;
  const nn::Network& network;
  Engine engine;
  const ChosenMemory& memory;
};
/// `stored`: once the kept samples are re-encoded.
[[nodiscard]] StoredBytes stored_bytes(const PlanRecord& run,
                                       const std::optional<StoredSet>& stored);
[[nodiscard]] std::string plan_json(const PlanRecord& run);

}  // namespace edgeprune::run
