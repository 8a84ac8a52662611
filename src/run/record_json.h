#pragma once
// What several files of a run say alike.

#include "edgeprune/config/config.h"
#include "edgeprune/run/run_data.h"
#include "edgeprune/run/run_engine.h"
#include "edgeprune/run/run_memory.h"
#include "edgeprune/run/run_plan.h"
#include "edgeprune/run/run_state.h"

#include "strategy_choice.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>

namespace edgeprune::run {

/// Its keys stay in the order in which they were added.
using Json = nlohmann::ordered_json;

[[nodiscard]] Json dataset_json(const RunData& data);
[[nodiscard]] Json keep_ratio_json(const config::Config& config, const RunPlan& plan);
/// What `auto` settled on, and why; null where the configuration names its strategy.
[[nodiscard]] Json auto_json(const StrategyChoice& choice);
/// Null where the recipe is as given.
[[nodiscard]] Json recipe_json(const StrategyChoice& choice);
[[nodiscard]] Json predicted_ratios_json(const RunPlan& plan);

struct StoredBytes {
  double full = 0;                 // of all samples: as they are read, or (beside re-encoded ones)
                                   // the originals in one file
  double kept = 0;                 // of those that stay: predicted until they are re-encoded
  std::uint32_t jpeg_quality = 0;  // 0: no re-encoded images
};
[[nodiscard]] Json storage_json(const StoredBytes& bytes);
[[nodiscard]] Json engine_json(const Engine& engine);
[[nodiscard]] Json memory_json(const ChosenMemory& memory);

/// `learning_work`: RunUsage::learning_work, or a plan's.
[[nodiscard]] double flops(double learning_work, double forward_samples, const RunPlan& plan);

}  // namespace edgeprune::run
